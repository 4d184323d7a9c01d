"""`mpiexec -n 2 clearprop train`: one display, one model, the numbers of one process."""

import csv

import numpy as np
import pytest

import clearprop as cp
from mpi_ranks import Program

COMMAND = (
    "-m",
    "clearprop",
    "train",
    "table.csv",
    "--target",
    "y",
    "--epochs",
    "4",
    "--shards",
    "4",
)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    with (tmp_path / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "c", "y"])
        writer.writerows([*row, "yes" if row[0] > row[1] else "no"] for row in X.round(4).tolist())
    return tmp_path


def test_ranks_train_the_model_of_one_process(folder):
    alone = Program(0, *COMMAND, "--out", "alone.safetensors", cwd=folder).ended()
    assert alone.code == 0, alone.err
    ranks = Program(
        2, *COMMAND, "--out", "ranks.safetensors", "--timeline", "times", "--verbose", cwd=folder
    ).ended()
    assert ranks.code == 0, ranks.err
    assert ranks.out.count("Saved in ranks.safetensors") == 1
    assert ranks.err.count("epoch 4/4") == 1
    one, other = (cp.Model.load(folder / f"{name}.safetensors") for name in ("alone", "ranks"))
    assert np.array_equal(one.network.parameters, other.network.parameters)
    assert one.report.scores == other.report.scores
    for rank in (0, 1):
        lines = (folder / "times" / f"rank-{rank}.csv").read_text().splitlines()
        assert lines[0] == "step,compute,exchange,wait"
        assert len(lines) > 4
        assert all(float(number) >= 0 for number in lines[1].split(","))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--shards", "1"), "2 ranks need --shards 2 or more"),
        (("--target", "z"), "no column 'z'"),
        (("--optimizer", "lbfgs"), "L-BFGS runs in one process"),
        (("--window", "50"), "2 ranks train on rows in memory, and the stream's window does not"),
    ],
)
def test_errors_are_said_once(more, said, folder):
    ended = Program(2, *COMMAND, *more, cwd=folder).ended()
    assert ended.code == 1
    assert ended.err.count(said) == 1, ended.err


def test_a_timeline_of_one_process_is_refused(folder):
    ended = Program(0, *COMMAND, "--timeline", "times", cwd=folder).ended()
    assert ended.code == 2
    assert "--timeline is for a run over several processes" in ended.err
