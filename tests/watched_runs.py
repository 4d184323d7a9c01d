"""Data, a network and the names of figures that the tests of watching share."""

from __future__ import annotations

import numpy as np

import clearprop as cp

X, Y = np.random.default_rng(0).random((40, 2)), np.arange(40) % 3
NAMES = [
    "epoch", "loss", "validation_loss", "accuracy", "validation_accuracy", "updates", "seconds",
]  # fmt: skip


def small_network() -> cp.Network:
    return cp.Network([2, 6, 3], output="softmax", seed=1)


def every_epoch(monkeypatch):
    """Let every epoch be told of and kept, however quickly they come, or unevenly."""
    from clearprop.studio import live

    monkeypatch.setattr(live.LiveRun, "_gap", lambda run, size: 0.0)
    monkeypatch.setattr(live, "UNSEEN", 0.0)
