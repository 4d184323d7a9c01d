"""The numbers of one sample of a record, as symbols with their names."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import Activation
from clearprop.constraints import Constraints
from clearprop.errors import missing_piece
from clearprop.explaining.derivation.expressions import Apply, Rest, Symbol
from clearprop.explaining.names import element_name
from clearprop.record import Record

Array = NDArray[Any]


class RecordSymbols:
    """Symbols for one sample of a record; of parameters and their gradients, for the batch.

    Parameters
    ----------
    record : Record
        In float64.
    sample : int
        A row of the batch.
    largest : int
        How many terms of a sum are shown, and neurons of a layer.
    constraints : Constraints, optional
        What is frozen and shared.
    """

    def __init__(
        self, record: Record, sample: int, largest: int, constraints: Constraints | None = None
    ) -> None:
        self.record, self.sample, self.largest = record, sample, largest
        self.constraints = constraints
        self.network = record.network
        self.sizes = self.network.sizes
        self.last = len(self.sizes) - 1
        self.n = len(record.losses)

    @property
    def row(self) -> int | None:
        """The row that symbols carry: none where there is one sample alone."""
        return self.sample if self.n > 1 else None

    @property
    def is_mean(self) -> bool:
        """Whether the cost is more than that of one sample."""
        return self.n > 1 or self.record.l2 != 0

    def f(self, layer: int) -> Activation:
        """Return f_l."""
        return self.network.activations[layer - 1]

    def is_softmax(self, layer: int) -> bool:
        """Whether the outputs of a layer depend on one another, which softmax's alone do here.

        Raises
        ------
        MissingPieceError
            If those of another activation do.
        """
        f = self.f(layer)
        if f.row_wise and f.name != "softmax":
            where = "`jacobian` in explaining/derivation/formulas.py"
            missing_piece(f"activation {f.name!r}", "formula of its Jacobian", where)
        return f.row_wise

    @cached_property
    def is_fused(self) -> bool:
        """Whether delta^L comes from loss and output in one."""
        return self.f(self.last).name in getattr(self.network.loss, "fused", {})

    def W(self, layer: int, j: int, i: int) -> Symbol:
        """Return a weight."""
        return Symbol(f"W{layer}[{j},{i}]", float(self.network.weights[layer - 1][j, i]))

    def b(self, layer: int, j: int) -> Symbol:
        """Return a bias."""
        return Symbol(f"b{layer}[{j}]", float(self.network.biases[layer - 1][j]))

    def z(self, layer: int, j: int) -> Symbol:
        """Return a pre-activation."""
        value = float(self.record.z[layer - 1][self.sample, j])
        return Symbol(f"z{layer}[{j}]", value, self.row)

    def a(self, layer: int, j: int) -> Symbol:
        """Return an activation; of layer 0, an input."""
        value = float(self.record.a[layer][self.sample, j])
        return Symbol(element_name("a", layer, (j,)), value, self.row)

    def delta(self, layer: int, j: int) -> Symbol:
        """Return an error."""
        value = float(self.record.delta[layer - 1][self.sample, j])
        return Symbol(f"delta{layer}[{j}]", value, self.row)

    def da(self, layer: int, j: int) -> Symbol:
        """Return the gradient for an activation; of layer 0, for an input."""
        return Symbol(element_name("da", layer, (j,)), float(self.da_values(layer)[j]), self.row)

    def da_values(self, layer: int) -> Array:
        """Return dL_i/da^l of the sample."""
        return self._last_da if layer == self.last else self.record.da[layer][self.sample]

    @cached_property
    def _last_da(self) -> Array:
        rows = slice(self.sample, self.sample + 1)
        a, y = self.record.a[-1][rows], self.record.y[rows]
        return np.asarray(self.network.loss.da(a, y)[0])

    def y(self, j: int) -> Symbol:
        """Return a target."""
        return Symbol(f"y[{j}]", float(self.record.y[self.sample, j]), self.row)

    def mask(self, layer: int, j: int) -> Symbol | None:
        """Return dropout's factor on a hidden activation, if there is dropout."""
        if not self.record.masks or layer == self.last:
            return None
        value = float(self.record.masks[layer - 1][self.sample, j])
        return Symbol(f"mask{layer}[{j}]", value, self.row)

    def slope(self, layer: int, j: int) -> Apply:
        """Return f_l'(z), of an activation that acts on each z alone."""
        f = self.f(layer)
        return Apply(f"{f.name}'", self.z(layer, j), float(self._slopes(layer)[j]))

    def _slopes(self, layer: int) -> Array:
        if layer not in self._known_slopes:
            z = self.record.z[layer - 1][self.sample : self.sample + 1]
            with np.errstate(all="ignore"):
                self._known_slopes[layer] = self.f(layer).backward(z, np.ones_like(z))[0]
        return self._known_slopes[layer]

    @cached_property
    def _known_slopes(self) -> dict[int, Array]:
        return {}

    def slopes(self, layer: int) -> Array:
        """Return f_l'(z) of the sample for all neurons, times dropout's factors."""
        slopes = self._slopes(layer)
        if self.record.masks and layer < self.last:
            return np.asarray(slopes * self.record.masks[layer - 1][self.sample])
        return slopes

    def loss(self) -> Symbol:
        """Return L_i, which is L where there is nothing else."""
        value = float(self.record.losses[self.sample])
        return Symbol("L", value, self.sample if self.is_mean else None)

    def cost(self) -> Symbol:
        """Return L."""
        return Symbol("L", float(self.record.loss))

    def omega(self) -> Symbol:
        """Return the sample's share of the cost."""
        return Symbol("omega", float(self.record.omega[self.sample]), self.sample)

    def l2(self) -> Symbol:
        """Return the penalty's factor."""
        return Symbol("l2", self.record.l2)

    def parameter(self, symbol: str, layer: int, index: tuple[int, ...]) -> Symbol:
        """Return a weight or a bias."""
        return self.W(layer, *index) if symbol == "W" else self.b(layer, *index)

    def gradient(self, symbol: str, layer: int, index: tuple[int, ...]) -> Symbol:
        """Return dL/dW or dL/db."""
        name = element_name(f"d{symbol}", layer, index)
        return Symbol(name, float(self.record[name]))

    def own_gradient(self, symbol: str, layer: int, index: tuple[int, ...]) -> Symbol:
        """Return dL_i/dW or dL_i/db: that of the sample alone."""
        value = self.delta(layer, index[0]).value
        if symbol == "W":
            value *= self.a(layer - 1, index[1]).value
        row = self.sample if self.is_mean else None
        return Symbol(element_name(f"d{symbol}", layer, index), value, row)


def ranked(values: Array) -> Array:
    """Return places from the largest value in size to the smallest, NaN first."""
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    sizes = np.where(np.isnan(sizes), np.inf, sizes)
    return np.argsort(-sizes, kind="stable")


def fold(
    values: Array, largest: int, kind: str, keep: int | None = None
) -> tuple[list[int], Rest | None]:
    """Choose the terms of a sum that are shown, and put the others together.

    All are shown where there is at most one more than `largest`, in their order; else those
    that are largest in size, the largest first, and `keep` in any case.
    """
    if len(values) <= largest + 1:
        return list(range(len(values))), None
    order = ranked(values)
    if keep is not None and keep not in order[:largest]:
        order = np.concatenate([order[:largest], [keep], order[largest:][order[largest:] != keep]])
        largest += 1
    others = np.asarray(values)[order[largest:]]
    with np.errstate(all="ignore"):
        rest = Rest(len(others), kind, float(others.sum()))
    return [int(place) for place in order[:largest]], rest
