"""Runs that are cut and go on, for the tests of checkpoints."""

from __future__ import annotations

import numpy as np

import clearprop as cp

N, BATCH = 41, 3
EPOCH_BATCHES = -(-N // BATCH)


class CutError(Exception):
    """What ends a run as a crash would: nothing is written after it."""


class Decay:
    """An optimizer of one's own, whose state is a count without axes."""

    def start(self, parameters):
        return {"updates": np.zeros(())}

    def update(self, parameters, gradient, state, now, is_weight):
        state["updates"] += 1
        parameters -= 0.1 / state["updates"] * gradient + 0.001 * now.made * is_weight * gradient


def arguments(**changed):
    """The network and the data and settings of a small run."""
    rng = np.random.default_rng(5)
    X, y = rng.normal(size=(N, 4)), rng.integers(0, 3, N)
    given = {"X": X, "y": y, "batch_size": BATCH, "epochs": 5, "progress": False, "seed": 3}
    return given | changed


def begin(**changed):
    """Train a fresh network, whose first weights are others if `first` says so."""
    first, dtype = changed.pop("first", 7), changed.pop("dtype", "float32")
    network = cp.Network(
        [4, 6, 3], activations="tanh", output="softmax", seed=first, dtype=dtype
    )  # fmt: skip
    given = arguments(**changed)
    return network, cp.train(network, given.pop("X"), given.pop("y"), **given)


def outcome(network, history):
    """All that has to be the same to the last bit."""
    rows = [{name: value for name, value in e.row().items() if name != "seconds"}
            for e in history.epochs]  # fmt: skip
    numbers = network.parameters.astype(np.float64)  # a long double has bytes that mean nothing
    return (
        numbers.tobytes(), [repr(row) for row in rows], history.stopped,
        history.best_epoch, history.engine, history.frozen, history.shared,
    )  # fmt: skip


def cut_after(monkeypatch, batches):
    """Let a run end after so many batches as by a crash, between two calls of an engine."""
    from clearprop.training.loop import Loop

    due = Loop._next_call

    def next_call(self, engine, left):
        done = engine.standing.batches
        if done >= batches:
            raise CutError
        return min(due(self, engine, left), batches - done)

    monkeypatch.setattr(Loop, "_next_call", next_call)
