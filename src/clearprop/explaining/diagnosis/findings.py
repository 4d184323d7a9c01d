"""Findings: what ails a network on given data, in plain words.

Causes come first, and what follows from them is not said again: where all units of a layer are
alike, or dead, or saturated, deltas vanish below it, and no advice about these would help.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.diagnosis.layer_figures import LayerFigures, ends, flat
from clearprop.explaining.names import counted
from clearprop.record import Record, where_not_finite

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

TARGET_SCALES = 30.0
"""How many times further than 1 targets that are numbers may spread, or lie from 0."""

WRONG_SHARE = 0.25
"""Outputs at a flat end, as a share, that are further from their targets than half the range."""

FEW = 20
"""Rows below which units that are silent by chance cannot be told from dead ones."""

LARGEST_UPDATE, SMALLEST_UPDATE = 0.2, 1e-6
"""Norm of an update of W^l, as a share of that of W^l."""

GOOD_UPDATES = 0.005, 0.05
"""What too small updates are to be raised to, and too large ones lowered to."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what, where, how it shows, and what to do.

    Attributes
    ----------
    kind : str
        "dead units", "saturation", "vanishing deltas", "exploding deltas", "symmetric units",
        "unscaled inputs", "constant inputs", "unscaled targets", "constant targets", "learning
        rate too large", "learning rate too small" or "not finite".
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


def findings_of(record: Record, layers: tuple[LayerFigures, ...]) -> list[Finding]:
    """Return what is wrong, causes first; what follows from one is not said again."""
    broken = _not_finite(record)
    if broken is not None:
        return [broken]
    data = [*_inputs(record.a[0].astype(np.float64)), *_targets(record)]
    kinds = {finding.kind for finding in data}
    unscaled = bool(kinds & {"unscaled inputs", "unscaled targets"})
    if "constant inputs" in kinds:  # a row that repeats says nothing of the units
        return [*data, *_updates(record, layers, unscaled)]
    units = [*_units(record, layers, scaled="unscaled inputs" not in kinds)]
    if "unscaled targets" not in kinds:
        units += _outputs(record)
    deltas = [] if units else [*_deltas(record, layers)]
    return [*data, *units, *deltas, *_updates(record, layers, unscaled)]


def _not_finite(record: Record) -> Finding | None:
    for name, view in record.network.unflatten(record.network.parameters).items():
        wild = np.argwhere(~np.isfinite(view))
        if len(wild):
            first = tuple(int(i) for i in wild[0])
            more = f", and {len(wild) - 1:,} more of {name}" if len(wild) > 1 else ""
            return Finding(
                "not finite", int(name[1:]),
                f"{name}[{','.join(map(str, first))}] is {view[first]}{more}",
                "draw the weights anew; if training made it, with a smaller learning rate",
            )  # fmt: skip
    where = where_not_finite(record)
    if where is None:
        return None
    return Finding(
        "not finite", None, where,
        "scale the inputs, or begin with smaller weights and a smaller learning rate",
    )  # fmt: skip


def _inputs(X: Array) -> Iterator[Finding]:
    spreads = X.std(axis=0)
    moving = spreads[spreads > 0]
    if not moving.size:
        if len(X) > 1:
            yield Finding(
                "constant inputs", None, f"all {len(X):,} rows have the same inputs",
                "nothing can be told apart: look at how X is made",
            )  # fmt: skip
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


def _targets(record: Record) -> Iterator[Finding]:
    y, n = record.y.astype(np.float64), len(record.y)
    kind = record.network.loss.targets
    if n >= FEW and (np.ptp(y, axis=0) == 0).all():
        if kind == "labels" and y[0].max() == 1:
            value = f"label {y[0].argmax()}"
        else:
            value = f"target {y[0, 0]:.6g}" if y.shape[1] == 1 else "the same targets"
        yield Finding(
            "constant targets", None, f"all {n:,} rows have {value}",
            "an output bias alone learns that: look at how y is made, or at how rows are chosen",
        )  # fmt: skip
    if kind not in ("real", "shared"):
        return
    spreads, means = y.std(axis=0), y.mean(axis=0)
    off = np.maximum(spreads, np.abs(means) / np.maximum(spreads, 1.0))
    j = int(off.argmax())
    if off[j] > TARGET_SCALES:
        yield Finding(
            "unscaled targets", None,
            f"y[{j}] has mean {means[j]:.3g} and standard deviation {spreads[j]:.2g}",
            "bring targets to mean 0 and standard deviation 1, and predictions back",
        )  # fmt: skip


def _units(record: Record, layers: tuple[LayerFigures, ...], *, scaled: bool) -> Iterator[Finding]:
    """Yield what ails units: all alike, dead, saturated, or two alike.

    Above a layer whose units are all dead, every row is the same: what shows there follows.
    """
    alike = [f.layer for f in layers[:-1] if f.units > 1 and _distinct(record, f.layer) == 1]
    if alike:
        yield _all_alike(record, alike)
    for figures in layers:
        if figures.layer in alike:
            continue
        yield from _dead(record, figures, scaled)
        yield from _saturated(record, figures, scaled)
        twins = _twins(record, figures.layer)
        if twins and figures.layer < len(layers):
            yield Finding(
                "symmetric units", figures.layer,
                f"layer {figures.layer}: units {twins[0]} and {twins[1]} have the same weights, "
                "and will keep them",
                "draw the weights at random",
            )  # fmt: skip
        if len(figures.dead) == figures.units:
            return


def _all_alike(record: Record, layers: list[int]) -> Finding:
    zero = not any(record.network.weights[layer - 1].any() for layer in layers)
    one = len(layers) == 1
    names = f"layer {layers[0]}"
    if not one:
        names = f"layers {', '.join(map(str, layers[:-1]))} and {layers[-1]}"
    drawn = record.network.activations[layers[0] - 1].like_relu
    return Finding(
        "symmetric units", layers[0],
        f"{names}: all units{'' if one else ' of a layer'} have the same weights"
        f"{', 0,' if zero else ','} and will stay alike",
        f"draw the weights at random ({'he_uniform' if drawn else 'glorot_uniform'})",
    )  # fmt: skip


def _dead(record: Record, figures: LayerFigures, scaled: bool) -> Iterator[Finding]:
    """Yield units that never fire; those with two flat ends saturate instead."""
    layer, n, dead = figures.layer, len(record.losses), list(figures.dead)
    if ends(figures.activation) or len(dead) < max(DEAD_SHARE * figures.units, 1):
        return
    if n < FEW and (len(dead) < figures.units or len(dead) * n < 10):
        return  # by chance
    network = record.network
    evidence = (
        f"layer {layer}: {len(dead)} of {figures.units} {figures.activation} units never fire on "
        f"{counted(n, 'row')}"
    )
    remedy = (
        "draw the weights anew (he_normal), with biases at 0, or train with a smaller learning rate"
    )
    if network.has_biases:
        biases = network.biases[layer - 1][dead]
        without = (record.z[layer - 1][:, dead] - biases).max(axis=0)
        if biases.max() < 0 and (without > 0).any():
            evidence += f"; their biases lie at or below {biases.max():.2g}"
    if not scaled:
        remedy = "scale the inputs, then draw the weights anew (he_normal), with biases at 0"
    yield Finding("dead units", layer, evidence, remedy)


def _saturated(record: Record, figures: LayerFigures, scaled: bool) -> Iterator[Finding]:
    """Yield a hidden layer, or a good share of its units, at the flat ends of the curve."""
    layer, n = figures.layer, len(record.losses)
    if ends(figures.activation) is None or layer == len(record.delta):
        return
    stuck = _flat(record, layer).all(axis=0)
    share = f"layer {layer}: {figures.saturated:.0%} of its {figures.activation} activations lie"
    if figures.saturated >= SATURATED_SHARE:
        size = float(np.abs(record.z[layer - 1]).mean())
        evidence = f"{share} where the curve is flat (|z| is {size:.2g} on average)"
    elif n >= FEW and stuck.sum() >= max(DEAD_SHARE * figures.units, 1):
        size = float(np.abs(record.z[layer - 1][:, stuck]).mean())
        evidence = (
            f"layer {layer}: {stuck.sum()} of {figures.units} {figures.activation} units lie at a "
            f"flat end of the curve on all {n:,} rows (|z| is {size:.2g} on average)"
        )
    else:
        return
    remedy = "begin with smaller weights (glorot_uniform) and biases at 0, or scale the inputs"
    if not scaled:
        remedy = "scale the inputs, and begin with smaller weights (glorot_uniform)"
    yield Finding("saturation", layer, evidence, remedy)


def _flat(record: Record, layer: int) -> Array:
    """Return which activations lie where the slope is below a hundredth of the steepest."""
    f, z = record.network.activations[layer - 1], record.z[layer - 1]
    with np.errstate(all="ignore"):
        slopes = f.backward(z, np.ones_like(z))
    return flat(f.name, slopes)


def _outputs(record: Record) -> Iterator[Finding]:
    """Yield outputs at a flat end that are wrong, where the loss keeps f' in delta^L."""
    last, loss = len(record.delta), record.network.loss
    name = record.network.activations[-1].name
    bounds = ends(name)
    if bounds is None or name in getattr(loss, "fused", {}):
        return
    low, high = bounds
    wrong = _flat(record, last) & (np.abs(record.a[-1] - record.y) > (high - low) / 2)
    share = float(wrong.mean())
    if share < WRONG_SHARE or record.y.min() < low or record.y.max() > high:
        return
    remedy = "use sigmoid and binary_cross_entropy, whose delta is a - y, with targets 0 and 1"
    if name == "sigmoid":
        remedy = "use binary_cross_entropy, whose delta is a - y"
    yield Finding(
        "saturation", last,
        f"layer {last}: {share:.0%} of the outputs are saturated and wrong, and {loss.name} makes "
        f"their deltas small: f'(z) is nearly 0 there",
        remedy,
    )  # fmt: skip


def _rows_of(record: Record, layer: int) -> Array:
    """Return what goes into and out of each unit of a layer, a row each."""
    network = record.network
    columns = [network.weights[layer - 1]]
    if network.has_biases:
        columns.append(network.biases[layer - 1][:, None])
    if layer < len(record.delta):
        columns.append(network.weights[layer].T)
    return np.ascontiguousarray(np.hstack(columns)) + 0.0  # -0 and 0 are the same


def _distinct(record: Record, layer: int) -> int:
    return len({row.tobytes() for row in _rows_of(record, layer)})


def _twins(record: Record, layer: int) -> tuple[int, int] | None:
    """Two units that compute the same, and get the same delta."""
    first: dict[bytes, int] = {}
    for j, row in enumerate(_rows_of(record, layer)):
        twin = first.setdefault(row.tobytes(), j)
        if twin != j:
            return twin, j
    return None


def _deltas(record: Record, layers: tuple[LayerFigures, ...]) -> Iterator[Finding]:
    first, last = layers[0], layers[-1]
    if len(layers) < 2 or last.delta == 0.0:
        return
    ratio = first.delta / last.delta
    words = f"delta1 is {ratio:.1e} times delta{last.layer} (root mean squares)"
    if ratio == 0.0 and not all(W.any() for W in record.network.weights[1:]):
        return  # weights of 0 above: the first update moves them
    if ratio < FADING and len(first.dead) < first.units:
        grows = all(f.like_relu for f in record.network.activations[:-1])
        remedy = "larger weights to begin with (he_uniform), or fewer layers"
        if not grows:
            remedy = "use relu with he_uniform, fewer layers, or larger weights to begin with"
        yield Finding("vanishing deltas", None, words, remedy)
    elif ratio > 1 / FADING:
        yield Finding(
            "exploding deltas", None, words, "begin with smaller weights (glorot_uniform)"
        )


def _updates(record: Record, layers: tuple[LayerFigures, ...], unscaled: bool) -> Iterator[Finding]:
    shares = [(f.update, f.layer) for f in layers if f.update is not None]
    if not shares:
        return
    largest, at = max(shares)
    low, high = GOOD_UPDATES
    if largest > LARGEST_UPDATE:
        remedy = (
            f"divide the learning rate by about {_about(largest / high)}, or ask "
            "cp.find_learning_rate"
        )
        if unscaled:
            remedy = "scale the data first, then look again"
        yield Finding(
            "learning rate too large", at,
            f"layer {at}: one update changes the weights by {largest:,.0%} of their norm"
            if largest < 100
            else f"layer {at}: one update changes the weights by {largest:.1e} times their norm",
            remedy,
        )  # fmt: skip
    elif 0 < largest < SMALLEST_UPDATE:
        evidence = (
            f"no layer's weights change by more than {largest:.1e} of their norm in an update"
        )
        if largest < np.finfo(record.network.dtype).eps / 2:
            evidence += f", which rounding to {record.network.dtype} loses"
        yield Finding(
            "learning rate too small", at, evidence,
            f"multiply the learning rate by about {_about(low / largest)}, or ask "
            "cp.find_learning_rate",
        )  # fmt: skip


def _about(factor: float) -> str:
    """Return a number to one digit: 300, 2,000, 4e+07."""
    rounded = float(f"{factor:.0e}")
    return f"{rounded:,.0f}" if rounded < 1e6 else f"{rounded:.0e}"
