"""What a derivative means, in words: which way, how far, and why it is 0 where it is."""

from __future__ import annotations

import numpy as np

from clearprop.explain.derivation.expressions import Symbol
from clearprop.explain.derivation.glyphs import Names
from clearprop.explain.derivation.plain_text import number
from clearprop.explain.derivation.record_symbols import RecordSymbols


def meaning(s: RecordSymbols, names: Names, symbol: str, layer: int, index: tuple[int, ...]) -> str:
    """Say what dL/dW or dL/db says of the parameter."""
    parameter = s.parameter(symbol, layer, index)
    slope = s.gradient(symbol, layer, index).value
    w = names.text(parameter)
    if slope == 0:
        why = _why_zero(s, names, symbol, layer, index)
        return f"The slope is 0: a small change of {w} does not change the cost here, as {why}."
    sign, way, other = (
        ("positive", "raises", "lowers") if slope > 0 else ("negative", "lowers", "raises")
    )
    return (
        f"The slope is {sign}: raising {w} a little {way} the cost, by about "
        f"{number(abs(slope), 3)} for each unit. Descent {other} {w}."
    )


def _why_zero(
    s: RecordSymbols, names: Names, symbol: str, layer: int, index: tuple[int, ...]
) -> str:
    record, j = s.record, index[0]
    every = "" if s.n == 1 else " for every sample"
    if symbol == "W" and not record.a[layer - 1][:, index[1]].any():
        below = Symbol(s.a(layer - 1, index[1]).name, 0.0)
        w = names.text(s.parameter(symbol, layer, index))
        return f"{names.text(below)}, which {w} multiplies, is 0{every}"
    if not record.delta[layer - 1][:, j].any():
        delta = Symbol(s.delta(layer, j).name, 0.0)
        text = f"{names.text(delta)} is 0{every}"
        if layer < s.last and not s.is_softmax(layer):
            z = record.z[layer - 1]
            with np.errstate(all="ignore"):
                slopes = s.f(layer).backward(z, np.ones_like(z))
            if not slopes[:, j].any():
                return f"{text}: {s.f(layer).name} is flat at {names.text(_z(s, layer, j))}"
        return f"{text}: no error comes back to this neuron"
    return "what the samples contribute cancels"


def _z(s: RecordSymbols, layer: int, j: int) -> Symbol:
    return Symbol(s.z(layer, j).name, 0.0)


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
