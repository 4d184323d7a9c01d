"""Networks and samples that the tests of computation graphs share."""

from __future__ import annotations

import numpy as np

import clearprop as cp
from clearprop.explaining.graph.computation_graph import ComputationGraph, computation_graph
from the_note import note_network


def network(sizes, seed=3, biases=True, **settings):
    biases = cp.normal(0.5) if biases else False
    return cp.Network(sizes, biases=biases, dtype="float64", seed=seed, **settings)


CASES = {
    "the note's": (note_network(), [0.5, 1.0], [1.0]),
    "biases": (network([2, 2, 2], activations="tanh", output="identity"), [0.5, -1.0], [1.0, 0.0]),
    "softmax": (network([3, 4, 3], output="softmax"), [0.5, -1.0, 2.0], 2),
    "shares": (network([2, 3], output="softmax"), [0.5, -1.0], [0.2, 0.3, 0.5]),
    "softmax, squared": (
        network([2, 3, 2], output="softmax", loss="squared_error", activations="tanh"),
        [0.5, -1.0],
        [1.0, 0.0],
    ),
    "relu, no biases": (network([3, 5, 1], biases=False), [[1.0, -2.0, 3.0]], 1.0),
    "sigmoid": (network([2, 3, 2, 1], activations="tanh", output="sigmoid"), [0.5, 1.0], [[1.0]]),
    "one weight": (network([1, 1], biases=False), 2.0, 1.0),
    "8-8-8": (network([8, 8, 8], output="softmax"), np.cos(np.arange(8)), 2),
}  # fmt: skip


PICTURES = {name: CASES[name] for name in CASES} | {
    "extremes": (network([2, 2, 1], biases=False), [1e-9, -1e150], -1.23456e150),
    "folded": (network([20, 12, 12, 3], output="softmax"), np.cos(np.arange(20.0)), 1),
    "deep": (network([2, 2, 2, 2, 2, 2], activations="tanh"), [0.1, 0.2], [0.3, 0.4]),
}


def graph_of(name: str, **settings) -> ComputationGraph:
    return computation_graph(*CASES[name], **{"detailed": True} | settings)
