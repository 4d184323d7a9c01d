"""What ails the weights, as deltas and outputs show: too large, too small, too many layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.diagnosis.finding import Finding
from clearprop.explaining.diagnosis.layer_figures import LayerFigures
from clearprop.initializers import Initializer
from clearprop.network import Network
from clearprop.record import Record

Array = NDArray[Any]

FADING = 1e-3
"""How much smaller delta^1 is than delta^L where deltas vanish; its inverse where they explode."""

OFF = 3.0
"""How many times larger or smaller than they are drawn weights are that are held for the cause."""

COSTLY = 5.0
"""How many times the cost of constant outputs a network costs whose weights are too large."""


def weight_findings(
    record: Record, layers: tuple[LayerFigures, ...], constant: float
) -> Iterator[Finding]:
    """Yield what is wrong with weights; `constant` is the cost of constant outputs."""
    first, last = layers[0], layers[-1]
    sizes = [_against_drawn(record.network, layer) for layer in range(1, len(layers) + 1)]
    ratio = first.delta / last.delta if len(layers) > 1 and last.delta else 1.0
    words = f"delta1 is {ratio:.1e} times delta{last.layer} (root mean squares)"
    if ratio == 0.0 and not all(W.any() for W in record.network.weights[1:]):
        return  # weights of 0 above: the first update moves them
    if ratio < FADING and len(first.dead) < first.units:
        yield _vanishing(record.network, words, sizes)
    elif ratio > 1 / FADING:
        cause = _off(record.network, sizes, large=True)
        yield Finding(
            "exploding deltas", None, words + cause, f"begin with smaller weights ({_law(record)})"
        )
    elif max(sizes) > OFF and float(record.loss) > COSTLY * constant > 0:
        yield Finding(
            "weights too large", int(np.argmax(sizes)) + 1,
            f"the cost is {float(record.loss):.3g}, where the same answer for every row costs "
            f"{constant:.3g}{_off(record.network, sizes, large=True)}",
            f"begin with smaller weights ({_law(record)})",
        )  # fmt: skip


def _vanishing(network: Network, words: str, sizes: list[float]) -> Finding:
    """Return a finding that names its cause: weights that are too small, or slopes of layers."""
    cause = _off(network, sizes, large=False)
    grows = all(f.like_relu for f in network.activations[:-1])
    law = "he_uniform" if grows else "glorot_uniform"
    if cause:
        return Finding(
            "vanishing deltas", None, words + cause, f"begin with larger weights ({law})"
        )
    remedy = "larger weights to begin with (he_uniform), or fewer layers"
    if not grows:
        remedy = "use relu with he_uniform, fewer layers, or larger weights to begin with"
    cause = f": {len(sizes)} layers, each of which takes from it"
    return Finding("vanishing deltas", None, words + cause, remedy)


def _law(record: Record) -> str:
    return "he_uniform" if record.network.activations[0].like_relu else "glorot_uniform"


def _against_drawn(network: Network, layer: int) -> float:
    """Return the root mean square of W^l, as a multiple of that which `auto` draws."""
    W = network.weights[layer - 1].astype(np.float64)
    name = "he_normal" if network.activations[layer - 1].like_relu else "glorot_normal"
    return float(np.sqrt((W**2).mean()) / Initializer(name).spread(W.shape[1], W.shape[0]))


def _off(network: Network, sizes: list[float], *, large: bool) -> str:
    """Return which layers' weights are far from what is drawn, or ""."""
    far = [s > OFF if large else 0 < s < 1 / OFF for s in sizes]
    if not any(far):
        return ""
    layers = [f"W{i}" for i, off in enumerate(far, 1) if off]
    worst = (max if large else min)(s for s, off in zip(sizes, far, strict=True) if off)
    names = layers[0] if len(layers) == 1 else f"{', '.join(layers[:-1])} and {layers[-1]}"
    verb = "is" if len(layers) == 1 else "are up to" if large else "are down to"
    return f": {names} {verb} {worst:.2g} times as large as weights are drawn"
