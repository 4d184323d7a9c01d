"""The topology of a network: which sizes, activations and shapes make one, and where each lies.

All parameters stand in one flat vector: W1, b1, W2, b2, ... This file alone knows that order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from clearprop.activations import Activation, ActivationName
from clearprop.activations import activation as resolve_activation
from clearprop.checks.memory import fixed_zeros, handed_out
from clearprop.checks.settings import LARGEST, listed
from clearprop.errors import ArchitectureError, ArgumentError, NotFinite, shown
from clearprop.losses import Loss

Array = NDArray[Any]
ActivationSpec = ActivationName | Activation


class Place(NamedTuple):
    """Where in the flat vector a layer's W or b stands: from `start` to before `end`."""

    symbol: str
    layer: int
    start: int
    end: int
    shape: tuple[int, ...]

    @property
    def name(self) -> str:
        """In the notation: "W2"."""
        return f"{self.symbol}{self.layer}"

    def at(self, index: tuple[int, ...]) -> int:
        """Return where in the flat vector an element stands."""
        inside = 0
        for number, size in zip(index, self.shape, strict=True):
            inside = inside * size + number
        return self.start + inside


def places(sizes: Sequence[int], has_biases: bool) -> Iterator[Place]:
    """Yield the places of W1, b1, W2, b2, ..., in the order of the flat vector.

    Examples
    --------
    >>> for place in places([2, 3], has_biases=True):
    ...     print(place)
    Place(symbol='W', layer=1, start=0, end=6, shape=(3, 2))
    Place(symbol='b', layer=1, start=6, end=9, shape=(3,))
    """
    start = 0
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), 1):
        shapes: dict[str, tuple[int, ...]] = {"W": (n_out, n_in)}
        if has_biases:
            shapes["b"] = (n_out,)
        for symbol, shape in shapes.items():
            yield Place(symbol, layer, start, start + prod(shape), shape)
            start += prod(shape)


@dataclass(frozen=True)
class Topology:
    """Sizes and functions of a network, and the flat vector of its parameters.

    Attributes
    ----------
    sizes : tuple of int
        Neurons of each layer, the input first.
    activations : tuple of Activation
        One per layer of weights.
    loss : Loss
    has_biases : bool
    parameters : ndarray, shape (n_parameters,)
        W1, b1, W2, b2, ...; everything else is a view into it.
    """

    sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss
    has_biases: bool
    _vector: Array  # of `make_parameters`: compiled code keeps its address

    @property
    def parameters(self) -> Array:
        """The flat vector; each time as another array of the same memory, which cannot be moved."""
        return handed_out(self._vector)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The data type of the parameters."""
        return self._vector.dtype

    def __setstate__(self, state: dict[str, Any]) -> None:
        given = state["_vector"]  # owns its memory, as all arrays from a pickle or a deep copy
        vector = fixed_zeros(given.size, given.dtype)
        vector[:] = given
        self.__dict__.update(state | {"_vector": vector})

    @property
    def weights(self) -> tuple[Array, ...]:
        """W^1 to W^L, (n_out, n_in), as views into `parameters`."""
        return self.parts("W", self.parameters)

    @property
    def biases(self) -> tuple[Array, ...]:
        """b^1 to b^L, (n_out,), as views into `parameters`; empty without biases."""
        return self.parts("b", self.parameters)

    def places(self) -> Iterator[Place]:
        """Yield the places of W1, b1, W2, b2, ... in the flat vector."""
        return places(self.sizes, self.has_biases)

    def place_of(self, symbol: str, layer: int, index: tuple[int, ...]) -> int:
        """Return where in the flat vector a parameter stands."""
        found = next(one for one in self.places() if (one.symbol, one.layer) == (symbol, layer))
        return found.at(index)

    def name_at(self, place: int) -> str:
        """Return the name of the parameter at a place of the flat vector, such as "W1[0,2]"."""
        found = next(one for one in self.places() if place < one.end)
        index = np.unravel_index(place - found.start, found.shape)
        return f"{found.name}[{','.join(map(str, index))}]"

    def unflatten(self, vector: Array) -> dict[str, Array]:
        """Return views into a flat vector, or into each of many, by the names of their parts.

        Parameters
        ----------
        vector : ndarray, shape (..., n_parameters)
        """
        return {
            place.name: vector[..., place.start : place.end].reshape(
                *vector.shape[:-1], *place.shape
            )  # splits an axis: a view
            for place in self.places()
        }

    def parts(self, symbol: str, vector: Array) -> tuple[Array, ...]:
        """Return the views of all layers' "W", or "b", into a flat vector."""
        return tuple(view for name, view in self.unflatten(vector).items() if name[0] == symbol)

    def not_finite(self, vector: Array | None = None, prefix: str = "") -> NotFinite | None:
        """Return which parameter is not finite, such as "W2 holds nan", or None.

        Or which part of another flat vector; a gradient's have the `prefix` "d".
        """
        vector = self._vector if vector is None else vector
        if np.isfinite(vector).all():
            return None
        for place in self.places():
            part = vector[place.start : place.end]
            wrong = part[~np.isfinite(part)]
            if wrong.size:
                name = prefix + place.name
                return NotFinite(name, place.layer, f"{name} holds {wrong[0]}")
        return None

    def is_weight(self) -> NDArray[np.bool_]:
        """Return which of the parameters are weights, not biases; shape (n_parameters,)."""
        mask = np.zeros(self._vector.size, dtype=bool)
        for view in self.parts("W", mask):
            view[...] = True
        return mask


DTYPES = ("float32", "float64", "longdouble", "complex128", "clongdouble")
"""The data types a network may have; files hold the first two."""


def make_parameters(sizes: Sequence[int], has_biases: bool, dtype: DTypeLike) -> Array:
    """Return the flat vector of a network's parameters, all zero, in memory that stays.

    Raises
    ------
    ArgumentError, ArchitectureError
        If no network has this type, or there is no memory for so many.
    """
    try:
        known = np.dtype(dtype) in [np.dtype(name) for name in DTYPES]
    except Exception:  # NumPy asks an object for its dtype, and shows what it refuses
        known = False
    if not known:
        raise ArgumentError(f"dtype is {shown(dtype)}; a network is 'float32' or 'float64'")
    size = max(place.end for place in places(sizes, has_biases))
    try:
        return fixed_zeros(size, dtype)
    except (MemoryError, OverflowError):
        gigabytes = size * np.dtype(dtype).itemsize / 1e9
        raise ArchitectureError(
            f"{size:,} parameters need {gigabytes:,.0f} GB of memory, which there are not"
        ) from None


def arrays_of(symbol: str, given: Sequence[ArrayLike]) -> list[Array]:
    """Return what was given for W^1, W^2, ... or b^1, b^2, ... as arrays."""
    arrays = []
    for layer, item in enumerate(listed(given), 1):
        try:
            arrays.append(np.asarray(item))
        except ValueError:
            raise ArchitectureError(f"{symbol}{layer} has rows of different lengths") from None
    return arrays


def check_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes as ints; two or more, each 1 or more."""
    try:
        whole = [int(size) for size in sizes]
        exact = all(a == b and not isinstance(b, bool) for a, b in zip(whole, sizes, strict=True))
    except (TypeError, ValueError, OverflowError):
        whole, exact = [], False
    if not exact or len(whole) < 2:
        raise ArchitectureError(
            f"sizes is {shown(sizes)}; it must list two or more whole numbers, inputs first, "
            "such as [784, 100, 10]"
        )
    for layer, size in enumerate(whole):
        if not 1 <= size <= LARGEST:
            has = f"layer {layer} has size {shown(size)} in {shown(sizes)}"
            if size > LARGEST:
                raise ArchitectureError(f"{has}; no memory holds more than {LARGEST:,} neurons")
            raise ArchitectureError(f"{has}; every layer needs 1 neuron or more")
    return tuple(whole)


def check_activations(
    activations: ActivationSpec | Sequence[ActivationSpec],
    output: ActivationSpec | None,
    sizes: Sequence[int],
) -> tuple[Activation, ...]:
    """Return one activation per layer of weights; `output` replaces the last."""
    n_layers = len(sizes) - 1
    if isinstance(activations, str | Activation):
        chosen = [activations] * n_layers
    else:
        try:
            chosen = list(activations)
        except TypeError:
            raise ArchitectureError(
                f"activations is {shown(activations)}; give a name, a cp.Activation(...), or a "
                "list of one per layer"
            ) from None
    if len(chosen) != n_layers:
        raise ArchitectureError(
            f"{len(chosen)} activation(s) were given, but the network has {n_layers} layer(s) of "
            "weights: give one per layer, or a single one for all"
        )
    if output is not None:
        chosen[-1] = output
    functions = tuple(resolve_activation(item) for item in chosen)
    for layer, (f, size) in enumerate(zip(functions, sizes[1:], strict=True), 1):
        if f.name == "softmax" and size == 1:
            raise ArchitectureError(
                f"layer {layer} is a softmax over one neuron, which is 1 whatever the input: use "
                "'sigmoid' for two classes, or one output per class"
            )
    return functions


def sizes_of_weights(W: list[Array], b: list[Array] | None) -> list[int]:
    """Return the sizes of the network that these weights and biases make."""
    if not W:
        raise ArchitectureError("weights is empty; give W1 to WL")
    for layer, matrix in enumerate(W, 1):
        if matrix.ndim != 2 or matrix.dtype.kind not in "biufc":
            raise ArchitectureError(
                f"W{layer} must be a matrix of numbers (n_out, n_in), but has shape {matrix.shape}"
            )
        if layer > 1 and matrix.shape[1] != W[layer - 2].shape[0]:
            raise ArchitectureError(
                f"W{layer} has {matrix.shape[1]} columns, but W{layer - 1} has "
                f"{W[layer - 2].shape[0]} rows: weights have shape (n_out, n_in)"
            )
    if b is not None:
        if len(b) != len(W):
            raise ArchitectureError(f"{len(W)} weights were given, but {len(b)} biases")
        for layer, (matrix, vector) in enumerate(zip(W, b, strict=True), 1):
            if vector.dtype.kind not in "biufc":
                raise ArchitectureError(f"b{layer} must hold numbers, but holds {vector.dtype}")
            if vector.shape != (matrix.shape[0],):
                raise ArchitectureError(
                    f"b{layer} must have shape ({matrix.shape[0]},), but has {vector.shape}"
                )
    return [W[0].shape[1], *(matrix.shape[0] for matrix in W)]
