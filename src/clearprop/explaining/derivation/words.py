"""What a derivative means, in words: which way, how far, and why it is 0 where it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.derivation.expressions import Symbol
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.record_symbols import RecordSymbols
from clearprop.explaining.derivation.shown_numbers import number


def meaning(
    s: RecordSymbols,
    names: Names,
    symbol: str,
    layer: int,
    index: tuple[int, ...],
    of_descent: str | None = None,
) -> str:
    """Say what dL/dW or dL/db says of the parameter; `of_descent` where descent goes otherwise."""
    parameter = s.parameter(symbol, layer, index)
    slope = s.gradient(symbol, layer, index).value
    w = names.text(parameter)
    if slope == 0:
        why = _why_zero(s, names, symbol, layer, index)
        said = f"The slope is 0: to first order, {w} does not change the cost here, as {why}."
        return f"{said} {of_descent}" if of_descent else said
    sign, way, other = (
        ("positive", "raises", "lowers") if slope > 0 else ("negative", "lowers", "raises")
    )
    return (
        f"The slope is {sign}: raising {w} a little {way} the cost, by about "
        f"{number(abs(slope), 3)} for each unit. {of_descent or f'Descent {other} {w}.'}"
    )


def _why_zero(
    s: RecordSymbols, names: Names, symbol: str, layer: int, index: tuple[int, ...]
) -> str:
    record, j = s.record, index[0]
    counted = record.omega != 0
    delta = record.delta[layer - 1][counted, j]
    a = record.a[layer - 1][counted, index[1]] if symbol == "W" else np.ones_like(delta)
    every = "" if s.n == 1 else " for every sample" + ("" if counted.all() else " that counts")
    w = names.text(s.parameter(symbol, layer, index))
    penalty = record.l2 * s.parameter(symbol, layer, index).value if symbol == "W" else 0.0
    if penalty:
        return f"the penalty, {number(penalty)}, cancels what the data give"
    if symbol == "W" and not a.any():
        below = names.text(Symbol(s.a(layer - 1, index[1]).name, 0.0))
        off = _is_off(s, layer - 1, index[1], counted)
        why = ", as dropout has put it there" if off else ""
        return f"{below}, which {w} multiplies, is 0{every}{why}"
    if not delta.any():
        text = f"{names.text(Symbol(s.delta(layer, j).name, 0.0))} is 0{every}"
        if _is_off(s, layer, j, counted):
            return f"{text}: dropout leaves this neuron out"
        if _is_flat(s, layer, j, counted):
            z = names.text(Symbol(s.z(layer, j).name, 0.0))
            return f"{text}: {s.f(layer).name} is flat at {z}"
        return f"{text}: no error comes back to this neuron"
    if not (delta * a).any():
        return "the product of these slopes is too small for float64"
    return "what the samples contribute cancels"


def _is_off(s: RecordSymbols, layer: int, j: int, counted: NDArray[np.bool_]) -> bool:
    """Whether dropout has set a neuron to 0 for all samples that count."""
    masks = s.record.masks
    return 0 < layer <= len(masks) and not masks[layer - 1][counted, j].any()


def _is_flat(s: RecordSymbols, layer: int, j: int, counted: NDArray[np.bool_]) -> bool:
    """Whether f' is 0 at z for all samples that count."""
    if s.is_softmax(layer) or (layer == s.last and s.is_fused):
        return False
    z = s.record.z[layer - 1][counted]
    return not s.f(layer).backward(z, np.ones_like(z))[:, j].any()


def step_in_words(names: Names, parameter: Symbol, new: float, rule: str) -> str:
    """Say which way a step goes, and how far."""
    change = new - parameter.value
    w = names.text(parameter)
    if change == 0:
        return f"{rule} leaves {w} where it is."
    way = "up" if change > 0 else "down"
    return (
        f"{rule} moves {w} {way} by {number(abs(change))}, from {number(parameter.value)} to "
        f"{number(new)}."
    )
