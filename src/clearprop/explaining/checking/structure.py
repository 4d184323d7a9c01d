"""Parameters as a caller holds them: one array, several by name or in a list, of any library.

NumPy arrays, numbers and lists of numbers are float64 in f; tensors of PyTorch and arrays of JAX
stay what they are. Neither library is imported here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, ShapeError, TypeOfDataError, shown
from clearprop.explaining.checking.noise import BRAIN, DOUBLE, HALF, SINGLE

Array = NDArray[Any]

BITS = {"float32": SINGLE, "float16": HALF, "bfloat16": BRAIN}


class Leaf(NamedTuple):
    """One array of the parameters: its name, its numbers, and what makes others of its kind."""

    name: str
    numbers: Array
    made: Callable[[Array], Any]
    bits: int


class Branch(NamedTuple):
    """A mapping or a list: its keys, what it holds, and what makes another from a list of these."""

    path: str
    keys: list[Any]
    holds: list[Branch | Leaf]
    made: Callable[[list[Any]], Any]
    is_mapping: bool


class Structure:
    """Parameters as one vector, and back.

    Raises
    ------
    ArgumentError
        If there are none, or two have one name.
    TypeOfDataError
        If some are no real numbers.
    """

    def __init__(self, parameters: Any) -> None:
        self._tree = _tree(parameters, "")
        self.leaves = list(_leaves(self._tree))
        self.shapes = {leaf.name: leaf.numbers.shape for leaf in self.leaves}
        if len(self.shapes) < len(self.leaves):
            names = [leaf.name for leaf in self.leaves]
            twice = next(name for name in names if names.count(name) > 1)
            raise ArgumentError(f"two parameters are called {twice!r}: give them other names")
        self.at = np.concatenate([np.zeros(0), *(leaf.numbers.ravel() for leaf in self.leaves)])
        if not self.at.size:
            raise ArgumentError("there are no parameters to check")

    def build(self, vector: Array) -> Any:
        """Return new parameters, structured as those given."""
        ends = np.cumsum([leaf.numbers.size for leaf in self.leaves])
        pieces = np.split(vector, ends[:-1])
        arrays = (
            leaf.made(piece.reshape(leaf.numbers.shape).copy())
            for leaf, piece in zip(self.leaves, pieces, strict=True)
        )
        return _built(self._tree, arrays)

    def flatten(self, gradient: Any) -> tuple[Array, int]:
        """Return a gradient as one vector, and the fewest bits of its arrays.

        Raises
        ------
        ArgumentError, ShapeError, TypeOfDataError
            If it is not structured or shaped as the parameters, or no real numbers.
        """
        parts, bits = zip(*_matched(self._tree, gradient), strict=True)
        return np.concatenate(parts), min(bits)


def one_number(value: Any) -> float:
    """Return what a function of the caller's gave.

    Raises
    ------
    ArgumentError
        If it is not one.
    TypeOfDataError
        If it is no real number.
    """
    try:
        array = numbers(value, "f's value")
    except TypeOfDataError:
        raise TypeOfDataError(
            f"f must give one real number, but gave a {type(value).__name__}: {shown(value, 40)}"
        ) from None
    if array.size != 1:
        raise ArgumentError(f"f must give one number, but gave shape {array.shape}")
    return float(array.reshape(()))


def numbers(value: Any, what: str) -> Array:
    """Return what any library calls numbers, in float64.

    Raises
    ------
    TypeOfDataError
        If it is text, None, complex, or ragged.
    """
    if value is None:
        raise TypeOfDataError(f"{what} is None; give zeros where f does not depend on a parameter")
    try:
        array = np.asarray(_plain(value))
        if array.dtype.kind == "O" and not any(item is None for item in array.ravel()):
            array = array.astype(np.float64)
        if array.dtype.kind in "biuf" or array.dtype.name == "bfloat16":
            with np.errstate(over="ignore"):  # infinity is refused by who asks
                return array.astype(np.float64)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise TypeOfDataError(f"{what} is not made of numbers") from error
    if array.dtype.kind == "c":
        raise TypeOfDataError(
            f"{what} is complex: give real and imaginary parts as parameters of their own"
        )
    raise TypeOfDataError(f"{what} is not made of numbers")


def _is_torch(value: Any) -> bool:
    return hasattr(value, "detach") and hasattr(value, "new_tensor")


def _is_jax(value: Any) -> bool:
    library = type(value).__module__.partition(".")[0]
    return library in ("jax", "jaxlib") and hasattr(value, "dtype")


def _plain(value: Any) -> Any:
    """Return numbers that NumPy takes: of PyTorch, without a graph, on the processor."""
    if _is_torch(value):
        value = value.detach().cpu()
        return value.numpy() if value.is_complex() else value.double().numpy()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _bits(value: Any) -> int:
    """Return the bits of numbers by the name of their type: those of float64 for lists."""
    if isinstance(value, list | tuple):
        return min((_bits(item) for item in value), default=DOUBLE)
    return BITS.get(str(getattr(value, "dtype", "")).rpartition(".")[2], DOUBLE)


def _holds_arrays(value: Any) -> bool:
    """Whether a list is one of several arrays, and not itself an array written out."""
    if not isinstance(value, list | tuple) or not value:
        return False
    if any(_is_torch(item) or _is_jax(item) or isinstance(item, Mapping) for item in value):
        return True
    try:
        np.asarray(value, np.float64)
    except ValueError:  # of unequal shapes, or text
        return not any(isinstance(item, str) for item in value)
    except TypeError:
        return any(_holds_arrays(item) for item in value)
    return False


def _tree(value: Any, path: str) -> Branch | Leaf:
    if isinstance(value, Mapping):
        keys, made = list(value), lambda items: dict(zip(keys, items, strict=True))
    elif _holds_arrays(value):
        keys, made = list(range(len(value))), _of_list(value)
    else:
        return _leaf(value, path or "x")
    start = path + "." if path else "" if isinstance(value, Mapping) else "x"
    holds = [_tree(value[key], f"{start}{key}") for key in keys]
    return Branch(path, keys, holds, made, isinstance(value, Mapping))


def _leaf(value: Any, name: str) -> Leaf:
    array = numbers(value, f"parameter {name!r}")
    if _is_torch(value):
        return Leaf(name, array, _of_torch(value), _bits(value))
    if _is_jax(value):
        return Leaf(name, array, _of_jax(value), _bits(value))
    return Leaf(name, array, lambda piece: piece, DOUBLE)


def _of_list(like: Any) -> Callable[[list[Any]], Any]:
    if hasattr(like, "_fields"):  # a named tuple
        return lambda items: type(like)(*items)
    return tuple if isinstance(like, tuple) else list


def _of_torch(like: Any) -> Callable[[Array], Any]:
    """Return what makes tensors of the type and place of this one, leaves of their own graph."""
    kind = like.dtype if like.is_floating_point() else like.double().dtype

    def made(piece: Array) -> Any:
        tensor = like.detach().new_tensor(piece, dtype=kind)
        return tensor.requires_grad_(like.requires_grad)

    return made


def _of_jax(like: Any) -> Callable[[Array], Any]:
    jax = sys.modules["jax"]
    kind = like.dtype if "float" in str(like.dtype) else None
    return lambda piece: jax.numpy.asarray(piece, dtype=kind)


def _leaves(tree: Branch | Leaf) -> Iterator[Leaf]:
    if isinstance(tree, Leaf):
        yield tree
    else:
        for held in tree.holds:
            yield from _leaves(held)


def _built(tree: Branch | Leaf, arrays: Iterator[Any]) -> Any:
    if isinstance(tree, Leaf):
        return next(arrays)
    return tree.made([_built(held, arrays) for held in tree.holds])


def _matched(tree: Branch | Leaf, gradient: Any) -> Iterator[tuple[Array, int]]:
    """Yield the arrays of a gradient in the order of the parameters, and their bits."""
    if isinstance(tree, Leaf):
        value = numbers(gradient, f"the gradient of {tree.name!r}")
        if value.shape != tree.numbers.shape:
            raise ShapeError(
                f"the gradient of {tree.name!r} must have shape {tree.numbers.shape}, but has "
                f"{value.shape}"
            )
        yield value.ravel(), _bits(gradient)
        return
    kind = type(gradient).__name__
    of = f" of {tree.path!r}" if tree.path else ""
    if tree.is_mapping:
        if not isinstance(gradient, Mapping):
            raise ArgumentError(
                f"the gradient{of} must be a mapping as the parameters are, but is a {kind}"
            )
        missing = [key for key in tree.keys if key not in gradient]
        if missing:
            raise ShapeError(f"the gradient{of} has nothing for {missing[0]!r}")
        more = [key for key in gradient if key not in tree.keys]
        if more:
            raise ShapeError(
                f"the gradient{of} has {shown(more[0])}, which is none of the parameters: check it "
                "with them, or leave it out"
            )
    elif not isinstance(gradient, list | tuple) or len(gradient) != len(tree.keys):
        raise ArgumentError(
            f"the gradient{of} must be a list of {len(tree.keys)} as the parameters are, but is a "
            f"{kind}" + (f" of {len(gradient)}" if isinstance(gradient, list | tuple) else "")
        )
    for key, held in zip(tree.keys, tree.holds, strict=True):
        yield from _matched(held, gradient[key])
