"""The chain rule written out: every path from a parameter to the cost is a product of slopes.

dL_i/dW^l[j,i] is the sum over all paths from neuron j of layer l to the outputs. There are
as many as products of layer sizes, so only the strongest are written; they are found layer by
layer, keeping the strongest few that reach each neuron.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.derivation.expressions import (
    Expression,
    Number,
    Partial,
    Product,
    Symbol,
    fits,
)
from clearprop.explaining.derivation.formulas import (
    fused_delta_formulas,
    loss_slope_formulas,
)
from clearprop.explaining.derivation.record_symbols import RecordSymbols, ranked
from clearprop.explaining.derivation.softmax_steps import jacobian_column, jacobian_entry

Array = NDArray[Any]

BLOCK = 128
"""Neurons whose incoming paths are ranked together, to spare memory."""

Route = tuple[tuple[int, int], ...]
"""Of each layer from the last down, the neuron of a and that of z; they differ in softmax."""


@dataclass(frozen=True)
class Path:
    """One path: the partial derivatives in Leibniz's writing, and the factors these are."""

    partials: Product
    factors: Product

    @property
    def value(self) -> float:
        """What the path contributes to the derivative of the sample's cost."""
        return self.factors.value


def count_of_paths(s: RecordSymbols, layer: int) -> int:
    """Return how many paths lead from a neuron's z^l to the cost."""
    count = 1
    for h in range(layer, s.last + 1):
        if h > layer:
            count *= s.sizes[h]
        if h < s.last and s.is_softmax(h):
            count *= s.sizes[h]
    return count


def strongest_paths(
    s: RecordSymbols, symbol: str, layer: int, index: tuple[int, ...], keep: int
) -> list[Path]:
    """Return the paths that contribute most to dL_i/dW or dL_i/db, the largest first."""
    routes = _routes(s, layer, index[0], keep)
    paths = [_path(s, symbol, layer, index, route) for route in routes]
    return [paths[place] for place in ranked(np.array([path.value for path in paths]))]


def _routes(s: RecordSymbols, layer: int, j: int, keep: int) -> list[Route]:
    """Return the strongest routes from z^l_j to the output."""
    only = [j] if layer == s.last else range(s.sizes[-1])
    products = np.array([[s.record.delta[-1][s.sample, k]] for k in only])
    routes: list[list[Route]] = [[((k, k),)] for k in only]
    for h in range(s.last - 1, layer - 1, -1):
        W = s.network.weights[h]
        alone = h == layer and not s.is_softmax(h)
        columns = [j] if alone else list(range(s.sizes[h]))
        products, reached = _strongest(products, W[:, columns], keep)
        ahead = [
            [(*routes[k][r], (columns[m], columns[m])) for k, r in places]
            for m, places in enumerate(reached)
        ]
        if s.is_softmax(h):
            into = [j] if h == layer else list(range(s.sizes[h]))
            J = np.stack([jacobian_column(s, h, n) for n in into], axis=1)
            products, through = _strongest(products, J, keep)
            ahead = [
                [(*ahead[m][r][:-1], (m, into[n])) for m, r in places]
                for n, places in enumerate(through)
            ]
        else:
            with np.errstate(all="ignore"):
                products = products * s.slopes(h)[columns][:, None]
        routes = ahead
    return routes[0]


def _strongest(products: Array, W: Array, keep: int) -> tuple[Array, list[list[tuple[int, int]]]]:
    """Carry products (n, r) through a matrix (n, m); keep the largest few that reach each m."""
    n, r = products.shape
    best, reached = [], []
    for start in range(0, W.shape[1], BLOCK):
        block = W[:, start : start + BLOCK]
        with np.errstate(all="ignore"):
            carried = (products[:, :, None] * block[:, None, :]).reshape(n * r, -1)
        sizes = np.where(np.isnan(carried), np.inf, np.abs(carried))
        count = min(keep, n * r)
        order = (
            np.argsort(-sizes, axis=0, kind="stable")[:count]
            if n * r <= 512
            else (np.argpartition(-sizes, count - 1, axis=0)[:count])
        )
        best.append(np.take_along_axis(carried, order, axis=0).T)
        reached += [[(int(at) // r, int(at) % r) for at in column] for column in order.T]
    return np.concatenate(best), reached


def _path(s: RecordSymbols, symbol: str, layer: int, index: tuple[int, ...], route: Route) -> Path:
    partials, factors = _at_output(s, route[0][1])
    for h, (a_at, z_at) in zip(range(s.last - 1, layer - 1, -1), route[1:], strict=True):
        above = route[s.last - 1 - h][1]
        weight = s.W(h + 1, above, a_at)
        partials.append(Partial(s.z(h + 1, above), s.a(h, a_at), weight.value))
        factors.append(weight)
        if s.is_softmax(h):
            entry = jacobian_entry(s, h, a_at, z_at)
            partials.append(Partial(s.a(h, a_at), s.z(h, z_at), entry.value))
            factors.append(entry)
            continue
        slope, mask = s.slope(h, z_at), s.mask(h, z_at)
        size = slope.value if mask is None else slope.value * mask.value
        partials.append(Partial(s.a(h, a_at), s.z(h, z_at), size))
        factors += [slope] if mask is None else [mask, slope]
    parameter = s.parameter(symbol, layer, index)
    below: Expression = s.a(layer - 1, index[1]) if symbol == "W" else Number(1.0)
    partials.append(Partial(s.z(layer, index[0]), parameter, below.value))
    factors.append(below)
    return Path(Product(tuple(partials)), Product(tuple(factors)))


def _at_output(s: RecordSymbols, k: int) -> tuple[list[Expression], list[Expression]]:
    """Return the first factors: dL/da^L and f', or dL/dz^L where the two come as one."""
    L, delta = s.last, s.delta(s.last, k)
    if s.is_fused or s.is_softmax(L):
        total = Symbol("sum(y)", float(s.record.y[s.sample].sum()), s.row)
        options = (
            fused_delta_formulas(s.network.loss, s.f(L), s.z(L, k), s.a(L, k), s.y(k), total)
            if s.is_fused else []
        )  # fmt: skip
        first = next((option for option in options if fits(option, delta.value)), delta)
        return [Partial(s.loss(), s.z(L, k), delta.value)], [first]
    da, slope = s.da(L, k), s.slope(L, k)
    options = loss_slope_formulas(s.network.loss, s.a(L, k), s.y(k))
    first = next((option for option in options if fits(option, da.value)), da)
    partials: list[Expression] = [
        Partial(s.loss(), s.a(L, k), da.value), Partial(s.a(L, k), s.z(L, k), slope.value)
    ]  # fmt: skip
    return partials, [first, slope]
