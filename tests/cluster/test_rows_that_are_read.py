"""A rank reads the rows of its shards, and few others."""

import mmap

import numpy as np
import polars as pl
import pytest

import clearprop as cp
import clearprop.tables.in_memory as in_memory
from clearprop.cluster.members import Alone
from clearprop.training.held import SAMPLE, _are_same, _sample, held_rows
from clearprop.training.made_rows import MadeRows


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


def test_of_a_table_a_rank_encodes_its_own_rows_and_compares_all(monkeypatch):
    n, given = 1000, []

    class TrainedError(Exception):
        pass

    def train(network, X, y, **_):
        given.append((network, X, y))
        raise TrainedError

    monkeypatch.setattr(in_memory, "train", train)
    rng = np.random.default_rng(0)
    table = pl.DataFrame({
        "k": rng.normal(size=n), "w": rng.choice([*"abc"], n), "y": rng.choice([*"pq"], n),
        "d": np.datetime64("2024-01-01", "us") + rng.integers(0, 10**15, n),
    })  # fmt: skip
    for cluster in (None, OneOfThree()):
        with pytest.raises(TrainedError):
            cp.Model.fit(table, "y", cluster=cluster, seed=0)
    (_, X, _), (network, made, y) = given
    assert isinstance(made, MadeRows)
    assert (len(made), *made.shape, made.dtype) == (len(X), *X.shape, X.dtype)
    assert np.asarray(made).tobytes() == X.tobytes()
    for some in (slice(3, 90, 7), slice(None, None, -1), slice(0), np.array([5, 5, 2])):
        assert made[some].tobytes() == X[some].tobytes()
    assert _sample({"X": made}) == _sample({"X": X})
    asked = []
    make = made._make
    monkeypatch.setattr(made, "_make", lambda rows: asked.append(rows) or make(rows))
    held = held_rows(OneOfThree(), network, made, y, None, None, 3, 0, 10, 1)
    own = np.arange(1, len(X), 3)
    assert held.data.X.tobytes() == X[own].tobytes()
    assert np.array_equal(asked[0], own)
    assert sum(map(len, asked)) == len(own) + len(X) + SAMPLE
    assert max(map(len, asked[1:])) <= 4096


def test_lists_are_read_whole_and_dealt():
    network = cp.Network([1, 1], "identity", dtype="float64")
    held = held_rows(
        OneOfThree(), network, [[1.0], [2.0], [3.0]], [1, 2, 3], None, None, 3, 0, 10, 1
    )
    assert held.data.X.tolist() == [[2.0]]
    assert held_rows(Alone(), network, [[1.0]], [1.0], None, None, 3, 0, 10, 1) is None
