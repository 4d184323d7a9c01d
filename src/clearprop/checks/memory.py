"""Memory that compiled code is given by address: handed out so that it stays, or borrowed.

`ndarray.resize` moves the memory of an array that owns it, in place, and under every address that
was taken of it. So parameters and gradients lie in a bytearray, which refuses to be resized while
an array looks into it, and are handed out as arrays that own nothing. What belongs to a caller,
such as X, can be resized all the same: before each use it is compared with what it was.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from clearprop.errors import ShapeError

Array = NDArray[Any]


def fixed_zeros(count: int, dtype: DTypeLike) -> Array:
    """Return zeros, shape (count,), in memory that can be neither moved nor resized.

    Examples
    --------
    >>> fixed_zeros(3, "float32").resize(9)
    Traceback (most recent call last):
        ...
    ValueError: cannot resize this array: it does not own its data
    """
    return np.frombuffer(bytearray(count * np.dtype(dtype).itemsize), dtype)


def handed_out(fixed: Array) -> Array:
    """Return an array of the same memory as one of `fixed_zeros`, which leads to no other array.

    Whoever sets its shape or type changes this one alone.
    """
    return np.frombuffer(fixed.base.obj, fixed.dtype)  # type: ignore[union-attr]


def is_block(array: Array, dtype: DTypeLike, *shape: int) -> bool:
    """Whether an array is one block of memory, row after row, of this type and shape."""
    flags = array.flags
    return array.dtype == dtype and array.shape == shape and flags.c_contiguous and flags.aligned


class Borrowed:
    """Arrays that others hold too, and whose memory is used later on.

    Theirs to change are the numbers. `check` is called before each use.

    Parameters
    ----------
    **arrays : ndarray
        By what a message calls them. What is no array is not looked at.
    """

    def __init__(self, **arrays: object) -> None:
        self._seen = [
            (name, array, owner := _owner(array), _form(array, owner), _address(owner))
            for name, array in arrays.items()
            if isinstance(array, np.ndarray)
        ]

    def check(self) -> None:
        """Raise `ShapeError` if an array has another size, shape or type, or lies elsewhere."""
        for name, array, owner, form, address in self._seen:
            now = (
                array.shape,
                array.strides,
                array.dtype,
                owner.nbytes,
            )
            if now != form or owner.__array_interface__["data"][0] != address:
                raise ShapeError(
                    f"{name} was resized, or got another shape or type, while it was in use: "
                    "make a copy, and change that"
                )


def _owner(array: Array) -> Array:
    """Return the array whose memory this one looks into: who resizes that moves both."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _form(array: Array, owner: Array) -> tuple[object, ...]:
    return array.shape, array.strides, array.dtype, owner.nbytes


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
