"""The forward pass: z^l = W^l a^(l-1) + b^l, a^l = f_l(z^l), from the input to the output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import Activation
from clearprop.errors import NotFinite

Array = NDArray[Any]


def forward(
    weights: Sequence[Array],
    biases: Sequence[Array],
    activations: Sequence[Activation],
    X: Array,
    masks: Sequence[Array] = (),
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Return every z and every a for the rows of X.

    Parameters
    ----------
    weights, biases, activations
        W^l (n_l, n_(l-1)), b^l (n_l,) or none at all, and f_l, for l = 1..L.
    X : ndarray, shape (n, n_0)
    masks : sequence of ndarray, shape (n, n_l)
        Dropout's factors on a^1 .. a^(L-1), if there is dropout.

    Returns
    -------
    z : tuple of L arrays
        ``z[l - 1]`` is z^l, shape (n, n_l).
    a : tuple of L + 1 arrays
        ``a[l]`` is a^l, shape (n, n_l); ``a[0]`` is X.
    """
    z: list[Array] = []
    a = [X]
    with np.errstate(all="ignore"):  # what is not finite is found and named
        for layer, (W, f) in enumerate(zip(weights, activations, strict=True)):
            z.append(a[-1] @ W.T)
            if biases:
                z[-1] += biases[layer]
            a.append(f(z[-1]))
            if layer < len(masks):
                a[-1] = a[-1] * masks[layer]
    return tuple(z), tuple(a)


def first_non_finite(
    z: Sequence[Array], a: Sequence[Array], first_row: int = 0, of: str = ""
) -> NotFinite | None:
    """Return where a forward pass left its data type's range, such as "z2[1] is inf for row 3".

    `of` follows the row.
    """
    for layer, (z_l, a_l) in enumerate(zip(z, a[1:], strict=True), 1):
        for name, array in ((f"z{layer}", z_l), (f"a{layer}", a_l)):
            if (found := locate_non_finite(name, layer, array, first_row, of)) is not None:
                return found
    return None


def locate_non_finite(
    name: str, layer: int | None, array: Array, first_row: int = 0, of: str = ""
) -> NotFinite | None:
    """Return where an array (n, units) of samples is not finite, or None."""
    wrong = np.argwhere(~np.isfinite(array))
    if not wrong.size:
        return None
    row, unit = wrong[0]
    text = f"{name}[{unit}] is {array[row, unit]} for row {first_row + row}{of}"
    return NotFinite(name, layer, text)
