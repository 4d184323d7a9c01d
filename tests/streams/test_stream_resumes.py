"""A run on a stream that is cut goes on to the same bits, in the middle of a window too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import clearprop as cp
from clearprop.streams.stream import Stream
from kept_runs import CutError, cut_after, outcome
from stream_cases import BATCH, Blocks, N, batches_of, net, rows

X, Y, W = rows()
LENGTHS = [30, 1, 50, 22, 40, 60]
EPOCH = -(-N // BATCH)
STREAMS = {
    "arrays": lambda window=40: cp.stream(X, Y, W, window=window),
    "blocks": lambda window=40: Stream(Blocks((X, Y, W), LENGTHS), window),
    "batches": lambda window=40: cp.stream(batches_of(X, Y, W), window=window),
}


def run(name="arrays", window=40, **settings):
    network = net()
    settings = {
        "epochs": 3, "batch_size": BATCH, "dropout": 0.2, "shards": 2, "progress": False,
        "metrics": "accuracy", **settings,
    }  # fmt: skip
    return network, cp.train(network, STREAMS[name](window), **settings)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("cut", [1, 5, 7, EPOCH - 1, EPOCH, EPOCH + 12, 2 * EPOCH + 5])
def test_wherever_it_is_cut(tmp_path, monkeypatch, engine, name, cut):
    """Windows have 5 batches: in them, between two, and at the end of an epoch."""
    whole = outcome(*run(name, engine=engine))
    kept = {"checkpoint": tmp_path / "run", "checkpoint_every": "1 steps", "engine": engine}
    with monkeypatch.context() as patched:
        cut_after(patched, cut)
        with pytest.raises(CutError):
            run(name, **kept)
    assert outcome(*run(name, **kept, resume=True)) == whole


def test_more_epochs_later(tmp_path):
    kept = {"checkpoint": tmp_path / "run"}
    run(epochs=1, **kept)
    assert outcome(*run(epochs=3, resume=True, **kept)) == outcome(*run(epochs=3))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"window": 80}, "window is 80, the run has 40"),
        (
            {"name": "blocks"},
            "the stream differs in its blocks .*, shape of X .not set, the run has .203, 5.., .* and 6 more: give",
        ),
        ({"seed": 1}, "seed is 1, the run has 0"),
    ],
    ids=str,
)
def test_another_stream_is_refused(tmp_path, change, said):
    run(checkpoint=tmp_path / "run", epochs=1)
    with pytest.raises(cp.CheckpointMismatchError, match=said):
        run(checkpoint=tmp_path / "run", resume=True, **change)


def test_other_numbers_are_refused(tmp_path):
    network = net()
    settings = {"checkpoint": tmp_path / "run", "batch_size": BATCH, "epochs": 2}
    cp.train(network, cp.stream(X, Y, window=40), **settings)
    for changed, said in (
        ((X + 1, Y), "the stream differs in its sample of X: give"),
        ((X, (Y + 1) % 3), "the stream differs in its sample of y: give"),
        ((X[:-1], Y[:-1]), r"stream has shape \(202, 5\), the run's has \(203, 5\); the stream "),
        ((X.astype("float64"), Y), 'differs in its type of X ."<f8", the run has "<f4"., '),
    ):
        with pytest.raises(cp.CheckpointMismatchError, match=said):
            cp.train(network, cp.stream(*changed, window=40), resume=True, **settings)


def test_other_weights_are_refused(tmp_path):
    settings = {"checkpoint": tmp_path / "run", "batch_size": BATCH, "epochs": 1}
    cp.train(net(), cp.stream(X, Y, W, window=40), **settings)
    for weights, said in (((W * 2,), "its sample of sample_weight: give"), ((), "its shape of sa")):
        with pytest.raises(cp.CheckpointMismatchError, match=f"the stream differs in {said}"):
            cp.train(net(), cp.stream(X, Y, *weights, window=40), resume=True, **settings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "b.csv"}, """the stream differs in its file names (["b.csv"], the run has ["a.csv"]): """),
        ({"seed": 1}, "the stream differs in its file contents: give"),
        ({"decimals": 9}, "the stream differs in its file sizes ([1"),
        ({"names": "vwxyzt"}, """differs in its file contents, columns (["v", "w", "x", "y", "z", "t"], """),
        ({"target": "f", "drop": "t"}, """columns (["a", "b", "c", "d", "e", "f"], the run has ["a", "b", "c", "d", "e", "t"]), target (["f"], the run has ["t"]): """),
        ({"skip_bad": True}, "the stream differs in its skip_bad (true, the run has false): give"),
        ({"window": 39}, "the stream differs in its rows of a block (2, the run has 5): give"),
    ],
    ids=str,
)  # fmt: skip
def test_which_part_of_a_streamed_table_differs(tmp_path, change, said):
    def fitted(name="a.csv", seed=0, decimals=4, names="abcdet", target="t", drop="f", **settings):
        rng = np.random.default_rng(seed)
        numbers = np.column_stack([rng.random((N, 5)).round(decimals), rng.integers(0, 3, N)])
        names = names.replace(drop, target)
        rows = [
            ",".join(f"{x:.{decimals}f}" for x in row[:5]) + f",{row[5]:.0f}" for row in numbers
        ]
        (tmp_path / name).write_text("\n".join([",".join(names), *rows]) + "\n")
        stream = cp.stream(tmp_path / name, target=target, **{"window": 80} | settings)
        cp.train(
            cp.Network([5, 3], output="softmax", seed=0), stream, epochs=1, batch_size=80,
            checkpoint=tmp_path / "run", resume=True, progress=False,
        )  # fmt: skip

    fitted()
    fitted()
    with pytest.raises(cp.CheckpointMismatchError) as raised:
        fitted(**change)
    assert said in str(raised.value)


KILLED = """
import os, signal, sys
import numpy as np
import clearprop as cp
network = cp.Network([5, 9, 6, 3], output="softmax", seed=1)
left = int(sys.argv[1])

def batches():
    global left
    X, Y = np.load("X.npy"), np.load("y.npy")
    for first in range(0, len(X), 17):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        yield X[first : first + 17], Y[first : first + 17]

cp.train(
    network, cp.stream(batches, window=40), batch_size=8, epochs=3, dropout=0.2, progress=False,
    checkpoint="run", checkpoint_every="1 steps", resume=True,
)
network.parameters.tofile("parameters")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no SIGKILL")
def test_a_killed_process(tmp_path):
    """Killed in the reader's thread, in the counting, and in the middle of epochs."""
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", Y)
    network = net()
    cp.train(
        network, cp.stream(batches_of(X, Y), window=40), batch_size=8, epochs=3, dropout=0.2
    )  # fmt: skip
    codes = []
    for left in (30, 33, 45, 1000):
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, str(left)], cwd=tmp_path, check=False,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
        codes.append(ended.returncode)
    assert codes == [-signal.SIGKILL] * 3 + [0]
    found = np.fromfile(Path(tmp_path) / "parameters", np.float32)
    assert found.tobytes() == network.parameters.tobytes()
