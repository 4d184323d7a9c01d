"""A rank reads the rows of its shards, and few others."""

import mmap

import numpy as np
import pytest

import clearprop as cp
from clearprop.cluster.members import Alone
from clearprop.training.held import SAMPLE, _are_same, _sample, held_rows


class OneOfThree(Alone):
    rank, size = 1, 3


class Watched(np.ndarray):
    """An array that notes which rows are taken."""

    read: list

    def __array_finalize__(self, of):
        self.read = getattr(of, "read", None) or []

    def __getitem__(self, rows):
        if isinstance(rows, np.ndarray):
            self.read.append(np.array(rows))
        return super().__getitem__(rows)


@pytest.mark.parametrize("validation", [None, 0.1])
def test_rows_that_are_read(validation):
    network = cp.Network([4, 1], "identity", dtype="float64")
    X = np.random.default_rng(0).normal(size=(3000, 4)).view(Watched)
    held = held_rows(OneOfThree(), network, X, np.arange(3000.0), None, validation, 6, 0, 10, 1)
    read = np.unique(np.concatenate(X.read))
    aside = 0 if validation is None else 300
    assert len(read) <= (3000 - aside) / 3 + aside + SAMPLE
    assert held.part.first == 2
    assert held.part.own == 2
    assert len(held.data.X) == (3000 - aside) / 3
    if validation is None:
        assert np.array_equal(held.data.X, np.asarray(X)[np.isin(np.arange(3000) % 6, [2, 3])])


def test_of_a_memory_map_some_rows_are_compared_else_all(tmp_path):
    X = np.arange(2000.0).reshape(1000, 2)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    with (tmp_path / "X.npy").open("rb") as file:
        raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    held = np.frombuffer(raw, offset=len(raw) - X.nbytes).reshape(1000, 2)
    changed = X.copy()
    changed[3] += 1.0  # none of the 64
    whole = _sample({"X": X})["X"]
    assert _sample({"X": np.hstack([X, X])[:, 2:]})["X"] == whole
    assert not _are_same(_sample({"X": changed})["X"], whole)
    for some in (mapped, np.asarray(mapped), held):
        said = _sample({"X": some})["X"]
        assert len(said) < len(whole)
        assert _are_same(said, whole)
        assert not _are_same(said, _sample({"X": X + 1.0})["X"])


def test_tables_are_read_whole_and_dealt():
    network = cp.Network([1, 1], "identity", dtype="float64")
    held = held_rows(
        OneOfThree(), network, [[1.0], [2.0], [3.0]], [1, 2, 3], None, None, 3, 0, 10, 1
    )
    assert held.data.X.tolist() == [[2.0]]
    assert held_rows(Alone(), network, [[1.0]], [1.0], None, None, 3, 0, 10, 1) is None
