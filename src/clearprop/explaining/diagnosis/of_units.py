"""What ails units: all alike, dead, or at the flat ends of their curve."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.diagnosis.finding import FEW, Finding
from clearprop.explaining.diagnosis.layer_figures import LayerFigures, ends, flat
from clearprop.explaining.names import counted
from clearprop.record import Record

Array = NDArray[Any]

DEAD_SHARE = 0.25
"""Dead units of a layer that are worth a word, as a share: of inputs that are never negative, a
tenth of fresh relu units may be dead."""

SATURATED_SHARE = 0.5
"""Values of a layer, as a share, whose slope is below a hundredth of the steepest."""

WRONG_SHARE = 0.25
"""Outputs at a flat end, as a share, that are further from their targets than half the range."""


def unit_findings(record: Record, layers: tuple[LayerFigures, ...]) -> Iterator[Finding]:
    """Yield what ails units: all alike, dead, saturated, or two alike.

    Above a layer whose units are all dead, every row is the same: what shows there follows.
    """
    alike = [f.layer for f in layers[:-1] if f.units > 1 and _distinct(record, f.layer) == 1]
    if alike:
        yield _all_alike(record, alike)
    for figures in layers:
        if figures.layer in alike:
            continue
        yield from _dead(record, figures)
        yield from _saturated(record, figures)
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


def _dead(record: Record, figures: LayerFigures) -> Iterator[Finding]:
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
    yield Finding("dead units", layer, evidence, remedy)


def _saturated(record: Record, figures: LayerFigures) -> Iterator[Finding]:
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
    remedy = "begin with smaller weights (glorot_uniform) and biases at 0"
    yield Finding("saturation", layer, evidence, remedy)


def _flat(record: Record, layer: int) -> Array:
    """Return which activations lie where the slope is below a hundredth of the steepest."""
    f, z = record.network.activations[layer - 1], record.z[layer - 1]
    with np.errstate(all="ignore"):
        slopes = f.backward(z, np.ones_like(z))
    return flat(f.name, slopes)


def output_findings(record: Record) -> Iterator[Finding]:
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
