"""What ails a network: figures of each layer on given data, and findings in plain words."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import backprop
from clearprop.errors import ArgumentError
from clearprop.html_table import html_table
from clearprop.losses import Loss
from clearprop.network import Network, check_network
from clearprop.optimizers import LBFGS, Optimizer
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.record import Record
from clearprop.steps import steps
from clearprop.text_table import text_table

Array = NDArray[Any]

DEAD_SHARE = 0.25
"""Dead units of a layer that are worth a word, as a share: of inputs that are never negative, a
tenth of fresh relu units may be dead."""

SATURATED_SHARE = 0.5
"""Values of a layer, as a share, whose slope is below a hundredth of the steepest."""

FADING = 1e-3
"""How much smaller delta^1 is than delta^L where deltas vanish; its inverse where they explode."""

SCALES = 100.0
"""How many times wider one input's spread may be than another's, or than 1."""

LARGEST_UPDATE, SMALLEST_UPDATE = 0.2, 1e-6
"""Norm of an update of W^l, as a share of that of W^l."""

_SLOPES = {"sigmoid": 0.25, "tanh": 1.0}
"""The steepest slopes of the activations that saturate on both sides."""


@dataclass(frozen=True)
class LayerFigures:
    """Figures of one layer, over all rows.

    Attributes
    ----------
    layer, units : int
    activation : str
    dead : tuple of int
        Units whose slope f'(z) is 0 on every row: nothing can change them.
    saturated : float
        Share of the activations on a flat part: f'(z) below a hundredth of the steepest slope.
        Sigmoid and tanh alone saturate; 0 for others.
    spread : float
        Standard deviation of a^l over the rows, the mean of the units.
    delta : float
        Root mean square of delta^l.
    gradient, weights : float
        Norms of dL/dW^l and W^l.
    update : float or None
        Norm of an update's change of W^l, as a share of the norm of W^l; with an optimizer.
    """

    layer: int
    units: int
    activation: str
    dead: tuple[int, ...]
    saturated: float
    spread: float
    delta: float
    gradient: float
    weights: float
    update: float | None


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what, where, how it shows, and what to do.

    Attributes
    ----------
    kind : str
        "dead units", "saturation", "vanishing deltas", "exploding deltas", "symmetric units",
        "unscaled inputs", "learning rate too large", "learning rate too small" or "not finite".
    layer : int or None
        None where it is not of one layer.
    evidence, remedy : str
    """

    kind: str
    layer: int | None
    evidence: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.evidence}; {self.remedy}"


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What `diagnose` found. True where nothing is wrong.

    Attributes
    ----------
    layers : tuple of LayerFigures
    findings : tuple of Finding
    rows : int

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 4, 1], activations="relu", output="identity", seed=0)
    >>> network["b1"] = -9.0
    >>> for finding in cp.diagnose(network, [[0, 1], [1, 0], [1, 1]], [0, 1, 1]).findings[:1]:
    ...     print(finding)
    dead units: layer 1: 4 of 4 relu units never fire on 3 rows; their biases lie at or below -9; \
draw the weights anew (he_normal), with biases at 0, or train with a smaller learning rate
    """

    layers: tuple[LayerFigures, ...]
    findings: tuple[Finding, ...]
    rows: int

    def __bool__(self) -> bool:
        return not self.findings

    def _table(self) -> list[list[str]]:
        return [
            [
                str(f.layer), f.activation, str(f.units), str(len(f.dead)), f"{f.saturated:.0%}",
                f"{f.spread:.2g}", f"{f.delta:.2g}", f"{f.gradient:.2g}",
                "" if f.update is None else f"{f.update:.1e}",
            ]
            for f in self.layers
        ]  # fmt: skip

    def __repr__(self) -> str:
        rows = [_HEAD, *self._table()]
        lines = text_table(rows)
        found = [
            textwrap.fill(f"- {finding}", 96, subsequent_indent="    ") for finding in self.findings
        ] or ["nothing is found to be wrong"]
        return "\n  ".join([f"Diagnosis on {self.rows:,} rows", *lines, *found])

    def _repr_html_(self) -> str:
        table = html_table(f"Diagnosis on {self.rows:,} rows", _HEAD, self._table())
        words = [[str(finding)] for finding in self.findings] or [["nothing is found to be wrong"]]
        return table + html_table("Findings", [], words, wrap=(0,))


_HEAD = ["layer", "activation", "units", "dead", "saturated", "spread", "delta", "|dW|", "update"]


def diagnose(
    network: Network,
    X: object,
    y: object,
    *,
    loss: str | Loss | None = None,
    optimizer: str | Optimizer | None = None,
    sample_weight: object = None,
    l2: float = 0.0,
) -> Diagnosis:
    """Look at every layer of a network on data, and say what is wrong, with evidence and a remedy.

    Parameters
    ----------
    network : Network
        Left as it is.
    X, y, loss, sample_weight, l2
        As for `backprop`; all rows go through at once.
    optimizer : str or Optimizer, optional
        One update of a copy is made with it, to see whether its learning rate fits.

    Returns
    -------
    Diagnosis
        True where nothing was found.

    Raises
    ------
    DataError, ArgumentError, UnknownNameError, PairingError
        If something that was passed in does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import clearprop as cp
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> network = cp.Network([5, 20, 2], activations="relu", output="softmax", seed=1)
    >>> bool(cp.diagnose(network, X, (X[:, 0] > 0).astype(int), optimizer="adam"))
    True
    """
    network = check_network(network)
    record = backprop(network, X, y, loss=loss, sample_weight=sample_weight, l2=l2)
    changes: list[Array] | None = None
    if optimizer is not None:
        rule = resolve_optimizer(optimizer)
        if isinstance(rule, LBFGS):
            raise ArgumentError("LBFGS finds its steps itself: diagnose without an optimizer")
        if np.isfinite(record.loss) and np.isfinite(record.gradient).all():
            copy = network.copy()
            run = steps(
                copy, X, y, loss=loss, optimizer=rule, batch_size=None, epochs=1,
                sample_weight=sample_weight, l2=l2,
            )  # fmt: skip
            update = network.unflatten(next(run).update)
            changes = [update[f"W{at}"] for at in range(1, len(network.sizes))]
    layers = tuple(
        _figures(record, at, None if changes is None else changes[at - 1])
        for at in range(1, len(network.sizes))
    )
    findings = tuple(_findings(record, layers))
    return Diagnosis(layers, findings, len(record.losses))


def _norm(array: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(array.astype(np.float64)))


def _figures(record: Record, layer: int, change: Array | None) -> LayerFigures:
    network = record.network
    f, z, a = network.activations[layer - 1], record.z[layer - 1], record.a[layer]
    dead: tuple[int, ...] = ()
    saturated = 0.0
    with np.errstate(all="ignore"):
        if f.name != "softmax":
            slopes = f.backward(z, np.ones_like(z))
            dead = tuple(int(j) for j in np.flatnonzero((slopes == 0).all(axis=0)))
            if f.name in _SLOPES:
                saturated = float((np.abs(slopes) < 0.01 * _SLOPES[f.name]).mean())
        spread = float(a.astype(np.float64).std(axis=0).mean())
        delta = float(np.sqrt((record.delta[layer - 1].astype(np.float64) ** 2).mean()))
    weights = _norm(network.weights[layer - 1])
    share = None if change is None else _norm(change) / weights if weights else None
    return LayerFigures(
        layer, network.sizes[layer], f.name, dead, saturated, spread, delta,
        _norm(record.dW[layer - 1]), weights, share,
    )  # fmt: skip


def _findings(record: Record, layers: tuple[LayerFigures, ...]) -> Iterator[Finding]:
    numbers = [record.gradient, record.losses, *record.z]
    if not all(np.isfinite(array).all() for array in numbers):
        yield Finding(
            "not finite", None, "a pre-activation, a cost or the gradient is NaN or infinite",
            "scale the inputs, or begin with smaller weights and a smaller learning rate",
        )  # fmt: skip
        return
    yield from _inputs(record.a[0].astype(np.float64))
    for figures in layers:
        yield from _units(record, figures)
    yield from _deltas(layers)
    yield from _updates(layers)


def _inputs(X: Array) -> Iterator[Finding]:
    spreads = X.std(axis=0)
    moving = spreads[spreads > 0]
    if not moving.size:
        return
    widest, narrowest = int(spreads.argmax()), float(moving.min())
    far = np.flatnonzero((spreads > 0) & (np.abs(X.mean(axis=0)) > SCALES * np.maximum(spreads, 1)))
    evidence = None
    if spreads[widest] > SCALES:
        evidence = f"x[{widest}] has a standard deviation of {spreads[widest]:.3g}"
    elif spreads[widest] > SCALES * narrowest and spreads[widest] > 1:
        evidence = (
            f"the standard deviations of inputs lie between {narrowest:.2g} and "
            f"{spreads[widest]:.2g}"
        )
    elif far.size:
        j = int(far[0])
        evidence = f"x[{j}] lies around {X[:, j].mean():.3g}, far from 0"
    if evidence is not None:
        yield Finding(
            "unscaled inputs", None, evidence,
            "bring every column to mean 0 and standard deviation 1",
        )  # fmt: skip


def _units(record: Record, figures: LayerFigures) -> Iterator[Finding]:
    layer, n = figures.layer, len(record.losses)
    where, last = f"layer {layer}", figures.layer == len(record.delta)
    network = record.network
    if figures.dead and len(figures.dead) >= DEAD_SHARE * figures.units:
        evidence = (
            f"{where}: {len(figures.dead)} of {figures.units} {figures.activation} units never "
            f"fire on {n:,} rows"
        )
        if network.has_biases:
            highest = float(network.biases[layer - 1][list(figures.dead)].max())
            if highest < 0:
                evidence += f"; their biases lie at or below {highest:.2g}"
        yield Finding(
            "dead units", layer, evidence,
            "draw the weights anew (he_normal), with biases at 0, or train with a smaller "
            "learning rate",
        )  # fmt: skip
    if figures.saturated >= SATURATED_SHARE and not last:
        size = float(np.abs(record.z[layer - 1]).mean())
        yield Finding(
            "saturation", layer,
            f"{where}: {figures.saturated:.0%} of its {figures.activation} activations lie where "
            f"the curve is flat (|z| is {size:.2g} on average)",
            "begin with smaller weights (glorot_uniform), or scale the inputs",
        )  # fmt: skip
    twins = _twins(record, layer)
    if twins and not last:
        yield Finding(
            "symmetric units", layer,
            f"{where}: units {twins[0]} and {twins[1]} have the same weights, and will keep them",
            "draw the weights at random",
        )  # fmt: skip


def _twins(record: Record, layer: int) -> tuple[int, int] | None:
    """Two units that compute the same, and get the same delta."""
    network = record.network
    columns = [network.weights[layer - 1]]
    if network.has_biases:
        columns.append(network.biases[layer - 1][:, None])
    if layer < len(record.delta):
        columns.append(network.weights[layer].T)
    rows = np.ascontiguousarray(np.hstack(columns))
    first: dict[bytes, int] = {}
    for j, row in enumerate(rows):
        twin = first.setdefault((row + 0.0).tobytes(), j)  # -0 and 0 are the same
        if twin != j:
            return twin, j
    return None


def _deltas(layers: tuple[LayerFigures, ...]) -> Iterator[Finding]:
    first, last = layers[0], layers[-1]
    if len(layers) < 2 or last.delta == 0.0:
        return
    ratio = first.delta / last.delta
    words = f"delta1 is {ratio:.1e} times delta{last.layer} (root mean squares)"
    if ratio < FADING and len(first.dead) < first.units:
        yield Finding(
            "vanishing deltas", None, words,
            "use relu with he_uniform, fewer layers, or larger weights to begin with",
        )  # fmt: skip
    elif ratio > 1 / FADING:
        yield Finding(
            "exploding deltas", None, words, "begin with smaller weights (glorot_uniform)"
        )


def _updates(layers: tuple[LayerFigures, ...]) -> Iterator[Finding]:
    shares = [(f.update, f.layer) for f in layers if f.update is not None]
    if not shares:
        return
    largest, at = max(shares)
    if largest > LARGEST_UPDATE:
        yield Finding(
            "learning rate too large", at,
            f"layer {at}: one update changes the weights by {largest:.0%} of their norm",
            "divide the learning rate by 10, or ask cp.find_learning_rate",
        )  # fmt: skip
    elif 0 < largest < SMALLEST_UPDATE:
        yield Finding(
            "learning rate too small", at,
            f"no layer's weights change by more than {largest:.1e} of their norm in an update",
            "multiply the learning rate by 10 or more, or ask cp.find_learning_rate",
        )  # fmt: skip
