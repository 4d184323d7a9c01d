"""The bits of one process, at any number of ranks."""

import pytest

import mpi_cases
from mpi_ranks import Program

CASES = mpi_cases.__file__


@pytest.fixture(scope="module")
def of_one(tmp_path_factory):
    ended = Program(0, CASES, "alone", cwd=tmp_path_factory.mktemp("alone")).ended()
    assert ended.code == 0, ended.err
    assert len(ended.out.splitlines()) == len(mpi_cases.CASES)
    return ended.out


@pytest.mark.parametrize("ranks", [1, 2, 3, 4, 8])
def test_ranks_have_the_bits_of_one_process(ranks, of_one, tmp_path):
    ended = Program(ranks, CASES, "ranks", cwd=tmp_path).ended()
    assert ended.code == 0, ended.err
    assert ended.out == of_one
