"""Initializers: the weights and biases a network starts from.

Each is a rule for the spread of a uniform or normal distribution, from the number of
neurons below (fan_in = n_in) and above (fan_out = n_out) a layer of weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import Activation
from clearprop.checks.settings import number
from clearprop.errors import ArgumentError, shown, unknown
from clearprop.numerics.random import Purpose
from clearprop.numerics.random import normal as normal_numbers
from clearprop.numerics.random import uniform as uniform_numbers

Array = NDArray[Any]


@dataclass(frozen=True)
class Initializer:
    """A distribution and its spread per layer, by a name with settings."""

    name: str
    settings: tuple[tuple[str, float], ...] = ()

    @property
    def distribution(self) -> str:
        """Either "uniform", on [-spread, spread), or "normal", with spread as its deviation."""
        return "normal" if "normal" in self.name else "uniform"

    def spread(self, n_in: int, n_out: int) -> float:
        """Return the spread for a layer that joins n_in neurons to n_out."""
        return float(_SPREADS[self.name](n_in, n_out, **dict(self.settings)))

    def draw(self, shape: tuple[int, ...], purpose: Purpose, layer: int, seed: int) -> Array:
        """Return float64 numbers for layer `layer`: weights (n_out, n_in) or biases (n_out,).

        For biases, which join nothing below, fan_in counts as 1.
        """
        n_out, n_in = shape if len(shape) == 2 else (shape[0], 1)
        spread = self.spread(n_in, n_out)
        count = math.prod(shape)
        if spread == 0:
            return np.zeros(shape)
        if self.distribution == "normal":
            numbers = normal_numbers(seed, purpose, count, layer=layer)
            with np.errstate(over="ignore"):  # the network says so
                return np.asarray(spread * numbers).reshape(shape)
        numbers = uniform_numbers(seed, purpose, count, layer=layer)
        return np.asarray(spread * (2 * numbers - 1)).reshape(shape)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(f'{k}={v:g}' for k, v in self.settings)})"


_SPREADS: dict[str, Callable[..., float]] = {
    "zeros": lambda n_in, n_out: 0.0,
    "uniform": lambda n_in, n_out, limit: limit,
    "normal": lambda n_in, n_out, deviation: deviation,
    "glorot_uniform": lambda n_in, n_out: math.sqrt(6 / (n_in + n_out)),
    "glorot_normal": lambda n_in, n_out: math.sqrt(2 / (n_in + n_out)),
    "he_uniform": lambda n_in, n_out: math.sqrt(6 / n_in),
    "he_normal": lambda n_in, n_out: math.sqrt(2 / n_in),
}


def zeros() -> Initializer:
    """All zero. Right for biases; hidden neurons that start alike stay alike.

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.Network([2, 2, 1], initializer="zeros")["W1"]
    array([[0., 0.],
           [0., 0.]], dtype=float32)
    """
    return Initializer("zeros")


def uniform(limit: float = 0.5) -> Initializer:
    """Uniform on [-limit, limit).

    Examples
    --------
    >>> import clearprop as cp
    >>> bool(abs(cp.Network([2, 9, 1], initializer=cp.uniform(0.3)).parameters).max() < 0.3)
    True
    """
    return Initializer("uniform", (("limit", number("limit", limit, low=0)),))


def normal(deviation: float = 1.0) -> Initializer:
    """Normal with mean 0 and the given standard deviation.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 9, 1], initializer=cp.normal(0.1), biases=cp.normal(1.0))
    >>> bool(abs(network["W1"]).max() < 0.5 < abs(network["b1"]).max())
    True
    """
    return Initializer("normal", (("deviation", number("deviation", deviation, low=0)),))


def glorot_uniform() -> Initializer:
    """Uniform within sqrt(6 / (fan_in + fan_out)): keeps signals and deltas alike in size.

    Source: Glorot, Bengio, AISTATS 2010.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([6, 200], initializer="glorot_uniform", dtype="float64")
    >>> bool(abs(network["W1"]).max() < (6 / (6 + 200)) ** 0.5)
    True
    """
    return Initializer("glorot_uniform")


def glorot_normal() -> Initializer:
    """Normal with variance 2 / (fan_in + fan_out). Source: Glorot, Bengio, AISTATS 2010.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([6, 200], initializer="glorot_normal", dtype="float64")
    >>> round(float(network["W1"].std() ** 2 * (6 + 200) / 2), 1)
    1.0
    """
    return Initializer("glorot_normal")


def he_uniform() -> Initializer:
    """Uniform within sqrt(6 / fan_in), for relu, which halves a signal.

    Source: He, Zhang, Ren, Sun, ICCV 2015.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([6, 200], initializer="he_uniform", dtype="float64")
    >>> bool(0.95 < abs(network["W1"]).max() < 1)
    True
    """
    return Initializer("he_uniform")


def he_normal() -> Initializer:
    """Normal with variance 2 / fan_in. Source: He, Zhang, Ren, Sun, ICCV 2015.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([6, 200], initializer="he_normal", dtype="float64")
    >>> round(float(network["W1"].std() ** 2 * 6 / 2), 1)
    1.0
    """
    return Initializer("he_normal")


INITIALIZERS: dict[str, Callable[[], Initializer]] = {
    maker.__name__: maker
    for maker in (
        zeros,
        uniform,
        normal,
        glorot_uniform,
        glorot_normal,
        he_uniform,
        he_normal,
    )
}
"""The initializers by name, each made with its default settings."""

InitializerName: TypeAlias = Literal[
    "zeros", "uniform", "normal", "glorot_uniform", "glorot_normal", "he_uniform", "he_normal"
]
"""Their names, for type checkers."""


def initializer(spec: str | Initializer, activation: Activation) -> Initializer:
    """Return the initializer that `spec` means for a layer with this activation.

    "auto" is he_uniform for the relu family, else glorot_uniform.
    """
    if isinstance(spec, Initializer):
        return spec
    if isinstance(spec, str) and spec == "auto":
        return he_uniform() if activation.like_relu else glorot_uniform()
    return named_initializer(spec, [*INITIALIZERS, "auto"])


def bias_initializer(spec: bool | str | Initializer) -> Initializer | None:
    """Return what draws biases: zeros for True, None for False, else what `spec` means."""
    if isinstance(spec, bool | np.bool_):
        return zeros() if spec else None
    return spec if isinstance(spec, Initializer) else named_initializer(spec, INITIALIZERS)


def named_initializer(name: object, known: Iterable[str]) -> Initializer:
    """Return the initializer of that name."""
    if not isinstance(name, str):
        raise ArgumentError(
            f"an initializer is {shown(name)}; give a name or an object such as cp.normal(0.1)"
        )
    if name not in INITIALIZERS:
        unknown("initializer", name, known)
    return INITIALIZERS[name]()
