"""What dynamic programming saves: the chain rule written out for every weight, or with deltas kept.

Written out, dL_i/dW^l[j,i] is a sum over all paths from neuron j of layer l to the loss, each a
product

    dL_i/da_k^L  f_L'(z_k^L)  W^L[k,k']  f'(z_k'^(L-1))  ...  f'(z_j^l)  a_i^(l-1)

of 3 + 2 (L - l) factors. Backpropagation multiplies each delta once and uses it for every weight
below: delta^l = (W^(l+1))^T delta^(l+1) * f'(z^l), dW^l[j,i] = delta_j^l a_i^(l-1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import backprop
from clearprop.display.html_table import html_table
from clearprop.display.plotting import axes_for, tidy
from clearprop.display.text_table import text_table
from clearprop.errors import ArgumentError
from clearprop.explaining.titles import set_title
from clearprop.network import Network, check_network
from clearprop.record import Record

Array = NDArray[Any]

COUNTABLE = 2_000_000
"""Multiplications up to which the chains can be written out to be counted."""


@dataclass(frozen=True)
class LayerCost:
    """The multiplications of a layer's gradient, for one sample.

    Attributes
    ----------
    layer : int
    weights, biases : int
        How many parameters there are.
    paths : int
        From each neuron of the layer to the loss.
    written_out : int
        Every parameter's chain by itself.
    with_deltas : int
        delta^l from delta^(l+1), and the gradient from it.
    """

    layer: int
    weights: int
    biases: int
    paths: int
    written_out: int
    with_deltas: int


@dataclass(frozen=True, repr=False)
class ChainRuleCost:
    """The multiplications of one sample's gradient, by both ways.

    Attributes
    ----------
    layers : tuple of LayerCost
        From the last layer to the first, as backpropagation goes.

    Examples
    --------
    >>> import clearprop as cp
    >>> cost = cp.chain_rule_cost(cp.Network([4, 3, 2], output="identity"))
    >>> cost.count() == (cost.written_out, cost.with_deltas)
    True
    """

    network: Network
    layers: tuple[LayerCost, ...]

    @property
    def written_out(self) -> int:
        """Every parameter's chain by itself."""
        return sum(layer.written_out for layer in self.layers)

    @property
    def with_deltas(self) -> int:
        """Each delta computed once and used again."""
        return sum(layer.with_deltas for layer in self.layers)

    def count(self) -> tuple[int, int]:
        """Multiply both ways, on one sample, and return how many multiplications that took.

        Raises
        ------
        ArgumentError
            If the chains written out have over two million multiplications.
        """
        if self.written_out > COUNTABLE:
            raise ArgumentError(
                f"the chains take {self.written_out:,} multiplications, which nobody writes out; "
                f"count a network with {COUNTABLE:,} at most"
            )
        record = _some_record(self.network)
        return written_out(record)[1], with_deltas(record)[1]

    def _rows(self) -> list[list[str]]:
        rows = []
        for c in self.layers:
            saved = c.written_out / c.with_deltas if c.with_deltas else 1.0
            counts = (c.weights + c.biases, c.paths, c.written_out, c.with_deltas)
            rows.append([str(c.layer), *(f"{number:,}" for number in counts), f"{saved:,.1f}"])
        whole = self.written_out / self.with_deltas
        totals = [f"{self.written_out:,}", f"{self.with_deltas:,}", f"{whole:,.1f}"]
        return [*rows, ["all", f"{self.network.n_parameters:,}", "", *totals]]

    def _title(self) -> str:
        sizes = "-".join(map(str, self.network.sizes))
        return f"Multiplications for one sample's gradient of {sizes}"

    def __repr__(self) -> str:
        rows = [_HEAD, *self._rows()]
        lines = text_table(rows, right=range(len(_HEAD)))
        return "\n  ".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        return html_table(self._title(), _HEAD, self._rows(), right=range(1, len(_HEAD)))

    def plot(self, ax: Any = None) -> Any:
        """Draw both counts over the layers; the written-out one grows with every layer below.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            None: a new figure.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        MissingExtraError
            If matplotlib (the extra `plots`) is not installed.
        """
        figure, axis = axes_for(ax, (5.4, 3.6), "plot()")
        from matplotlib.ticker import MaxNLocator

        places = [layer.layer for layer in self.layers]
        drawn: list[float] = []
        for name, color, marker, style in (
            ("written_out", "#D55E00", "s", "--"),
            ("with_deltas", "#0072B2", "o", "-"),
        ):
            # Logarithms of whole numbers, as a count may be larger than any float.
            powers = [math.log10(getattr(layer, name)) for layer in self.layers]
            drawn += powers
            label = {"written_out": "chains written out", "with_deltas": "deltas kept"}[name]
            axis.plot(places, powers, color=color, marker=marker, ls=style, label=label)
        axis.set_xlabel("layer (backward from the output)")
        axis.set_ylabel("multiplications for one sample")
        if max(drawn) - min(drawn) < 2:  # few powers of ten, or none, lie between
            first, last = math.floor(min(drawn)), math.ceil(max(drawn))
            counts = [n * 10**power for power in range(first, last) for n in (1, 2, 5)]
            inside = [n for n in counts if min(drawn) - 0.2 < math.log10(n) < max(drawn) + 0.2]
            axis.set_yticks([math.log10(n) for n in inside], [f"{n:,}" for n in inside])
        else:
            axis.yaxis.set_major_formatter(lambda power, _: f"$10^{{{power:g}}}$")
            axis.yaxis.set_major_locator(MaxNLocator(integer=True))
        axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axis.invert_xaxis()
        set_title(axis, self._title())
        tidy(axis)
        axis.legend(frameon=False)
        return figure


_HEAD = ["layer", "parameters", "paths", "written out", "with deltas", "times saved"]


def chain_rule_cost(network: Network) -> ChainRuleCost:
    """Count the multiplications of the chain rule written out, and of backpropagation.

    For one sample, without penalty. Where softmax or sigmoid meets its own loss, delta^L = a - y
    takes none; softmax elsewhere takes a row of its Jacobian for each neuron.

    Parameters
    ----------
    network : Network

    Returns
    -------
    ChainRuleCost

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.chain_rule_cost(cp.Network([2, 2, 1], activations="sigmoid", loss="squared_error"))
    Multiplications for one sample's gradient of 2-2-1
      layer  parameters  paths  written out  with deltas  times saved
          2           3      1            5            3          1.7
          1           6      1           22            8          2.8
        all           9                  27           11          2.5
    """
    network = check_network(network)
    sizes, last = network.sizes, len(network.sizes) - 1
    rows = sizes[-1] if _is_row_wise(network) else 1  # terms of delta^L, written out
    found = []
    for layer in range(last, 0, -1):
        n_in, n_out = sizes[layer - 1], sizes[layer]
        paths = rows * prod(sizes[layer + 1 :])
        factors = 3 + 2 * (last - layer)
        biases = n_out if network.has_biases else 0
        chains = paths * (n_out * n_in * (factors - 1) + biases * (factors - 2))
        delta = _last_delta(network) if layer == last else n_out * sizes[layer + 1] + n_out
        found.append(LayerCost(layer, n_out * n_in, biases, paths, chains, delta + n_out * n_in))
    return ChainRuleCost(network, tuple(found))


def _is_row_wise(network: Network) -> bool:
    return network.activations[-1].row_wise


def _is_fused(network: Network) -> bool:
    return network.activations[-1].name in getattr(network.loss, "fused", {})


def _last_delta(network: Network) -> int:
    """The multiplications of delta^L."""
    if _is_fused(network):
        return 0
    return network.sizes[-1] ** (2 if _is_row_wise(network) else 1)


class _Tally:
    """Multiplies, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def times(self, *factors: Any) -> float:
        value = float(factors[0])
        for factor in factors[1:]:
            value *= float(factor)
            self.count += 1
        return value


def _some_record(network: Network) -> Record:
    """One sample through a float64 copy."""
    x = np.cos(np.arange(network.sizes[0]))[None, :]
    y: Array = np.zeros(1, np.int64)
    if network.loss.targets != "labels":
        y = np.full((1, network.sizes[-1]), 0.5)
    return backprop(network.astype(np.float64), x, y)


def _jacobian(record: Record, layer: int) -> Array:
    """da^l/dz^l, entry [k, j] for a_k and z_j; off the diagonal 0 for all but softmax."""
    n, z = record.network.sizes[layer], record.z[layer - 1]
    f = record.network.activations[layer - 1]
    return np.concatenate([f.backward(z, row[None, :]) for row in np.eye(n)])


def written_out(record: Record) -> tuple[Array, int]:
    """Return the gradient of one sample by every chain in full, and the multiplications it took."""
    network, tally = record.network, _Tally()
    sizes, last = network.sizes, len(network.sizes) - 1
    jacobians = [_jacobian(record, layer) for layer in range(1, last + 1)]
    outputs = record[f"da{last}"][0]
    gradient = np.zeros_like(record.gradient)
    views = network.unflatten(gradient)
    for layer in range(1, last + 1):
        for j in range(sizes[layer]):
            for chain in _chains(record, jacobians, outputs, layer, j):
                for i in range(sizes[layer - 1]):
                    views[f"W{layer}"][j, i] += tally.times(*chain, record.a[layer - 1][0, i])
                if network.has_biases:
                    views[f"b{layer}"][j] += tally.times(*chain)
    return gradient, tally.count


def _chains(
    record: Record, jacobians: list[Array], outputs: Array, layer: int, j: int
) -> list[list[float]]:
    """The factors of each path from the loss down to z_j^l."""
    sizes, last = record.network.sizes, len(record.network.sizes) - 1
    found = []
    for through in product(*(range(n) for n in sizes[layer + 1 :])):
        neurons = [j, *through]  # of layers l, ..., L
        below: list[float] = []
        for at in range(last, layer, -1):
            here, next_down = neurons[at - layer], neurons[at - layer - 1]
            below.append(float(record.network.weights[at - 1][here, next_down]))
            below.append(float(jacobians[at - 2][next_down, next_down]))
        final = neurons[-1]
        for k in range(sizes[-1]) if _is_row_wise(record.network) else (final,):
            found.append([float(outputs[k]), float(jacobians[-1][k, final]), *below])
    return found


def with_deltas(record: Record) -> tuple[Array, int]:
    """Return the gradient of one sample by deltas that are kept, and the multiplications."""
    network, tally = record.network, _Tally()
    sizes, last = network.sizes, len(network.sizes) - 1
    gradient = np.zeros_like(record.gradient)
    views = network.unflatten(gradient)
    delta = [float(d) for d in record.delta[-1][0]]
    if not _is_fused(network):
        outputs, jacobian = record[f"da{last}"][0], _jacobian(record, last)
        for j in range(sizes[-1]):
            terms = range(sizes[-1]) if _is_row_wise(network) else (j,)
            delta[j] = sum(tally.times(outputs[k], jacobian[k, j]) for k in terms)
    for layer in range(last, 0, -1):
        for j in range(sizes[layer]):
            for i in range(sizes[layer - 1]):
                views[f"W{layer}"][j, i] = tally.times(delta[j], record.a[layer - 1][0, i])
            if network.has_biases:
                views[f"b{layer}"][j] = delta[j]
        if layer > 1:
            W, jacobian = network.weights[layer - 1], _jacobian(record, layer - 1)
            sums = [
                sum(tally.times(W[j, i], delta[j]) for j in range(sizes[layer]))
                for i in range(sizes[layer - 1])
            ]
            delta = [tally.times(total, jacobian[i, i]) for i, total in enumerate(sums)]
    return gradient, tally.count
