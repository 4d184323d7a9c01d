"""Derivatives by numbers alone, independent of backpropagation."""

from __future__ import annotations

import numpy as np

import clearprop as cp


def central_differences(network: cp.Network, X, y, h: float = 1e-5, **cost) -> np.ndarray:
    """dL/d(parameters) by central differences of the cost: error about h^2 and eps / h."""
    gradient = np.empty_like(network.parameters)
    probe = network.copy()
    for i in range(probe.n_parameters):
        kept = probe.parameters[i]
        probe.parameters[i] = kept + h
        above = cp.backprop(probe, X, y, **cost)["L"]
        probe.parameters[i] = kept - h
        below = cp.backprop(probe, X, y, **cost)["L"]
        probe.parameters[i] = kept
        gradient[i] = (above - below) / (2 * h)
    return gradient


def complex_step(network: cp.Network, X, y, h: float = 1e-40, **cost) -> np.ndarray:
    """dL/d(parameters) as Im L(w + ih) / h: exact to rounding where L is analytic."""
    gradient = np.empty(network.n_parameters)
    probe = network.astype("complex128")
    for i in range(probe.n_parameters):
        probe.parameters[i] += 1j * h
        gradient[i] = cp.backprop(probe, X, y, **cost)["L"].imag / h
        probe.parameters[i] = probe.parameters[i].real
    return gradient


def relative_error(found: np.ndarray, expected: np.ndarray) -> float:
    """|found - expected| / |expected|, in the Euclidean norm."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))
