"""What a derivative means, in words: which way, how far, and why it is 0 where it is."""

from __future__ import annotations

from clearprop.explaining.derivation.expressions import Symbol
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.record_symbols import RecordSymbols
from clearprop.explaining.derivation.shown_numbers import number
from clearprop.explaining.derivation.zero_reasons import ZeroReasons


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
        why = ZeroReasons(s, names, symbol, layer, index)
        said = f"The slope is taken as 0, as {why.text}."
        if not why.is_at_kink:
            said = (
                f"The slope is 0: to first order, {w} does not change the cost here, as {why.text}."
            )
        return f"{said} {of_descent}" if of_descent else said
    sign, way, other = (
        ("positive", "raises", "lowers") if slope > 0 else ("negative", "lowers", "raises")
    )
    return (
        f"The slope is {sign}: raising {w} by a small h {way} the cost by about "
        f"{number(abs(slope), 3)} · h. {of_descent or f'Descent {other} {w}.'}"
    )


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
