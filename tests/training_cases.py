"""Three classes in the plane, and a small network for them: what the tests of training share."""

from __future__ import annotations

import numpy as np

import clearprop as cp


def blobs(n=60, seed=0):
    """Three classes in the plane that lines can separate."""
    r = np.random.default_rng(seed)
    y = r.integers(0, 3, n)
    return np.array([[0, 0], [3, 0], [0, 3]])[y] + 0.7 * r.standard_normal((n, 2)), y


def net(**settings):
    return cp.Network(
        [2, 6, 3],
        **{"activations": "tanh", "output": "softmax", "dtype": "float64", "seed": 1, **settings},
    )


X, Y = blobs()


def assert_same(engine, actual, desired):
    """To the bit on the reference; compiled sums go another way."""
    if engine == "reference":
        np.testing.assert_array_equal(actual, desired)
    else:
        assert np.linalg.norm(actual - desired) <= 1e-13 * np.linalg.norm(desired)
