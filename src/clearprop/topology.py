"""The topology of a network: which sizes, activations and shapes make one."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from clearprop.activations import Activation
from clearprop.activations import activation as resolve_activation
from clearprop.errors import ArchitectureError, ArgumentError

Array = NDArray[Any]
ActivationSpec = str | Activation


def parameter_shapes(sizes: Sequence[int], has_biases: bool) -> dict[str, tuple[int, ...]]:
    """Return the shapes of W1, b1, W2, b2, ... by name, in the order of the flat vector."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (n_in, n_out) in enumerate(pairwise(sizes), 1):
        shapes[f"W{layer}"] = (n_out, n_in)
        if has_biases:
            shapes[f"b{layer}"] = (n_out,)
    return shapes


DTYPES = ("float32", "float64", "longdouble", "complex128", "clongdouble")
"""The data types a network may have; files hold the first two."""


def make_parameters(sizes: Sequence[int], has_biases: bool, dtype: DTypeLike) -> Array:
    """Return the flat vector of a network's parameters, all zero.

    Raises
    ------
    ArgumentError, ArchitectureError
        If no network has this type, or there is no memory for so many.
    """
    try:
        known = np.dtype(dtype) in [np.dtype(name) for name in DTYPES]
    except TypeError:
        known = False
    if not known:
        raise ArgumentError(f"dtype is {dtype!r}; a network is 'float32' or 'float64'")
    size = sum(map(prod, parameter_shapes(sizes, has_biases).values()))
    try:
        return np.zeros(size, dtype)
    except (MemoryError, ValueError):
        gigabytes = size * np.dtype(dtype).itemsize / 1e9
        raise ArchitectureError(
            f"{size:,} parameters need {gigabytes:,.0f} GB of memory, which there are not"
        ) from None


def arrays_of(symbol: str, given: Sequence[ArrayLike]) -> list[Array]:
    """Return what was given for W^1, W^2, ... or b^1, b^2, ... as arrays."""
    arrays = []
    for layer, item in enumerate(given, 1):
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
            f"sizes is {sizes!r}; it must list two or more whole numbers, inputs first, such as "
            "[784, 100, 10]"
        )
    for layer, size in enumerate(whole):
        if size < 1:
            raise ArchitectureError(
                f"layer {layer} has size {size} in {whole}; every layer needs 1 neuron or more"
            )
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
                f"activations is {activations!r}; give a name, a cp.Activation(...), or a list of "
                "one per layer"
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
