"""Record: every number of one forward and backward pass, by its name in the notation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from clearprop import notation
from clearprop.display.html_table import html_table
from clearprop.errors import ElementError, NotFinite
from clearprop.forward import first_non_finite, locate_non_finite
from clearprop.network import Network

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, repr=False)
class Record:
    """What `backprop` computed. ``record["delta2"]``, ``record["dW1[0,3]"]``, ``record["L"]``.

    Attributes
    ----------
    network : Network
        The network that was run.
    y : ndarray, shape (n, n_L)
        The targets as the loss used them (labels as rows of 0 and 1).
    omega : ndarray, shape (n,)
        Each sample's share of the cost, in double precision at least.
    l2 : float
        The factor of the penalty.
    masks : tuple of ndarray
        Dropout's factors on a^1 .. a^(L-1); empty without dropout.
    z : tuple of ndarray
        ``z[l - 1]`` is z^l, shape (n, n_l).
    a : tuple of ndarray
        ``a[l]`` is a^l, shape (n, n_l); ``a[0]`` is the input. With dropout, after its mask.
    losses : ndarray, shape (n,)
        L_i, the cost of each sample: data only.
    loss : NumPy scalar
        L = sum_i omega_i L_i + (l2/2) sum of squared weights, in double precision at least.
    delta : tuple of ndarray
        ``delta[l - 1]`` is delta^l = dL_i/dz^l, shape (n, n_l): per sample, not weighted, not
        divided by n.
    da : tuple of ndarray
        ``da[l]`` is dL_i/da^l for l < L, shape (n, n_l).
    gradient : ndarray, shape (n_parameters,)
        dL/d(parameters), in the order of ``network.parameters``.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([3, 4, 2], output="softmax", dtype="float64", seed=1)
    >>> record = cp.backprop(network, [[0.1, 0.2, 0.3]], [1])
    >>> record
    Record of 1 sample through 3-4-2, loss cross_entropy: L = 0.458088
      a0  (1, 3)  z1  (1, 4)  a1  (1, 4)  z2  (1, 2)  a2  (1, 2)
      delta2  (1, 2)  dW2  (2, 4)  db2  (2,)  da1  (1, 4)
      delta1  (1, 4)  dW1  (4, 3)  db1  (4,)  da0  (1, 3)
    >>> record["delta2"].shape, record["dW1[0,2]"].shape
    ((1, 2), ())
    """

    network: Network
    y: Array
    omega: Array
    l2: float
    masks: tuple[Array, ...]
    z: tuple[Array, ...]
    a: tuple[Array, ...]
    losses: Array
    loss: np.floating[Any]
    delta: tuple[Array, ...]
    da: tuple[Array, ...]
    gradient: Array

    @property
    def dW(self) -> tuple[Array, ...]:
        """dL/dW^1 to dL/dW^L, as views into `gradient`; shapes as the weights."""
        return self.network.topology.parts("W", self.gradient)

    @property
    def db(self) -> tuple[Array, ...]:
        """dL/db^1 to dL/db^L, as views into `gradient`; empty for a network without biases."""
        return self.network.topology.parts("b", self.gradient)

    @property
    def dx(self) -> Array:
        """dL_i/da^0, the gradient for the input, shape (n, n_0)."""
        return self.da[0]

    def __getitem__(self, name: str) -> Array:
        """Return an array or number by its name.

        An index picks a neuron of every sample: ``record["z2[1]"]`` has shape (n,), while
        ``record["dW2[1,3]"]`` is one number.

        Raises
        ------
        ElementError
            If nothing has that name; the message says what exists.
        """
        symbol, layer, index = notation.find(name, self.network.sizes, self.network.has_biases)
        if symbol == "L":
            return cast("Array", self.loss)  # a number, as an index into an array gives
        if symbol in ("W", "b"):
            return self.network[name]
        if symbol in ("dW", "db"):
            array = self.network.unflatten(self.gradient)[f"{symbol[1]}{layer}"]
            return array[index] if index else array
        if symbol == "da" and layer == len(self.delta):
            array = self.network.loss.da(self.a[-1], self.y)  # the fused losses step over it
        elif symbol in ("a", "da"):
            array = getattr(self, symbol)[layer]
        else:
            array = getattr(self, symbol)[layer - 1]
        return array[:, index[0]] if index else array

    def keys(self) -> list[str]:
        """Return the names of all arrays and of L, in the order of computation."""
        return [*(name for line in self._lines() for name in line), "L"]

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        try:
            self[str(name)]
        except ElementError:
            return False
        return True

    def _lines(self) -> list[list[str]]:
        """Return the names in the order of computation: forward, then each layer backward."""
        L = len(self.delta)
        forward = ["a0"] + [
            name for layer in range(1, L + 1) for name in (f"z{layer}", f"a{layer}")
        ]
        biased = self.network.has_biases
        backward = [
            [f"delta{k}", f"dW{k}"] + ([f"db{k}"] if biased else []) + [f"da{k - 1}"]
            for k in range(L, 0, -1)
        ]
        return [forward, *backward]

    def _title(self) -> str:
        n = len(self.losses)
        sizes = "-".join(map(str, self.network.sizes))
        return (
            f"Record of {n:,} sample{'s' if n != 1 else ''} through {sizes}, "
            f"loss {self.network.loss}: L = {self.loss:.6g}"
        )

    def __repr__(self) -> str:
        lines = ["  ".join(f"{name}  {self[name].shape}" for name in row) for row in self._lines()]
        return "\n  ".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        names = ["forward", *(f"layer {layer}, back" for layer in range(len(self.delta), 0, -1))]
        rows = [
            [name, *(f"{element} {self[element].shape}" for element in line)]
            for name, line in zip(names, self._lines(), strict=True)
        ]
        return html_table(self._title(), [], rows)


def where_not_finite(record: Record, of: str = "") -> NotFinite | None:
    """Return what is not finite in a record, the first in the order of computation, or None.

    `of` says whose row: " of its batch".
    """
    if np.isfinite(record.loss) and np.isfinite(record.gradient).all():
        return None
    found = first_non_finite(record.z, record.a, of=of)
    found = found or locate_non_finite("L_i", None, record.losses[:, None], of=of)
    for layer in range(len(record.delta), 0, -1):
        found = found or locate_non_finite(f"delta{layer}", layer, record.delta[layer - 1], of=of)
    if found is None and not np.isfinite(record.loss):
        of = "the l2 penalty" if record.l2 else "the mean of the L_i"
        found = NotFinite("L", None, f"L is {record.loss}, by {of}")
    return found or record.network.topology.not_finite(record.gradient, "d")
