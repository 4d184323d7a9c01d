"""The 2-2-1 network of the third note, and its weights' names there."""

from __future__ import annotations

import clearprop as cp

NAMES = {
    "W1[0,0]": "w1", "W1[1,0]": "w2", "W1[0,1]": "w3", "W1[1,1]": "w4", "W2[0,0]": "w5",
    "W2[0,1]": "w6",
}  # fmt: skip


def note_network() -> cp.Network:
    weights = [[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]]
    return cp.Network.from_weights(weights, activations="sigmoid", loss="squared_error")
