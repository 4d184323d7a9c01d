"""Names of the user's own are shown as they are: what stands between two dollars is no formula."""

from __future__ import annotations

import io

import numpy as np
import pytest

import clearprop as cp
from clearprop.tables.scores import ClassScores, NumberScores

NAME = "a $\\frac$ b"
"""As a formula it is wrong, and matplotlib raises."""


def classes():
    confusion = np.array([[3, 1], [1, 3]])
    return ClassScores((NAME, "$5 to $10"), confusion, 0.1, 0.1).plot()


def numbers():
    return NumberScores(NAME, np.arange(3.0), np.ones(3)).plot()


def metrics():
    def own(y, a):
        return 0.5

    own.__name__ = NAME
    network = cp.Network([2, 2], output="softmax")
    return cp.train(network, np.eye(2), [0, 1], metrics=[own], epochs=2, progress=False).plot()


@pytest.mark.parametrize("layers", [3, 12])
def test_activations(layers):
    activation = cp.Activation(NAME, lambda z: 2 * z, lambda z: 2.0)
    network = cp.Network([2] * layers, activations=activation, output="identity")
    figure = cp.plot_gradient_flow(cp.backprop(network, np.eye(2), np.eye(2)))
    figure.savefig(io.BytesIO())


@pytest.mark.parametrize("plot", [classes, numbers, metrics])
def test_others(plot):
    figure = plot()
    figure.savefig(io.BytesIO())
    texts = [
        t.get_text() for ax in figure.axes for t in ax.get_xticklabels() + ax.get_yticklabels()
    ]
    texts += [text for ax in figure.axes for text in (ax.get_xlabel(), ax.get_ylabel())]
    assert any(NAME in text for text in texts)
