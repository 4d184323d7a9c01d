"""Layers: what every export reads of a network, and what none can take along."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import BuiltInActivation
from clearprop.errors import ArgumentError, NonFiniteError
from clearprop.topology import Topology

Array = NDArray[Any]


class Layer(NamedTuple):
    """One layer of weights: a = f(W x + b).

    Attributes
    ----------
    W : ndarray, float32 or float64, shape (n_out, n_in)
    b : ndarray, shape (n_out,), or None
        None: the network has no biases.
    activation : str
        The name of a built-in activation.
    """

    W: Array
    b: Array | None
    activation: str


def layers_of(network: Topology, consumer: str) -> list[Layer]:
    """Return the layers of a network for `consumer`, whose name the messages give.

    Raises
    ------
    ArgumentError
        If an activation is the user's own, or the data type is neither float32 nor float64.
    NonFiniteError
        If a parameter is NaN or infinite.

    Examples
    --------
    >>> import clearprop as cp
    >>> [first, second] = layers_of(cp.Network([4, 8, 3], output="softmax"), "ONNX")
    >>> first.W.shape, first.activation, second.activation
    ((8, 4), 'relu', 'softmax')
    """
    if network.dtype not in (np.float32, np.float64):
        raise ArgumentError(
            f"{consumer} takes a network in float32 or float64, not {network.dtype}: export "
            "network.astype('float64')"
        )
    if not np.isfinite(network.parameters).all():
        raise NonFiniteError("the network has parameters that are not finite: train it again")
    for number, f in enumerate(network.activations, 1):
        if not isinstance(f, BuiltInActivation):
            raise ArgumentError(
                f"layer {number} has an activation of your own, {f.name!r}, which is Python code "
                f"that cannot be written for {consumer}: only built-in ones are exported"
            )
    biases = network.biases or (None,) * len(network.weights)
    return [
        Layer(W, b, f.name)
        for W, b, f in zip(network.weights, biases, network.activations, strict=True)
    ]


def check_finite(numbers: Array, name: str) -> None:
    """Raise `NonFiniteError` if one of the numbers that `name` holds is NaN or infinite.

    Examples
    --------
    >>> import numpy as np
    >>> check_finite(np.array([0.5, np.inf]), "the bias")
    Traceback (most recent call last):
        ...
    clearprop.errors.NonFiniteError: the bias is inf at [1]; a network is made of finite numbers
    """
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        place = ", ".join(map(str, bad[0]))
        raise NonFiniteError(
            f"{name} is {numbers[tuple(bad[0])]} at [{place}]; a network is made of finite numbers"
        )


def version() -> str:
    """Return Clearprop's version, which exported files name."""
    from importlib import metadata

    return metadata.version("clearprop")
