"""The section of a parameter that is frozen or shared."""

from __future__ import annotations

from clearprop.explaining.derivation.expressions import Symbol
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.held import (
    Index,
    given_gradient,
    is_frozen,
    shared_with,
    sum_step,
)
from clearprop.explaining.derivation.record_symbols import RecordSymbols
from clearprop.explaining.derivation.sections import difference_step
from clearprop.explaining.derivation.tree import Equation, Part


def held_part(s: RecordSymbols, names: Names, symbol: str, layer: int, index: Index) -> list[Part]:
    """What freezing or sharing makes of a parameter's gradient; none where it is neither."""
    if is_frozen(s, symbol, layer, index):
        w, g = (
            names.text(s.parameter(symbol, layer, index)),
            given_gradient(s, symbol, layer, index),
        )
        words = f"{w} is frozen: an optimizer is given 0 for its gradient, and no step moves it."
        return [Part("A frozen parameter", (words,), (Equation(g, g.value, note="frozen"),))]
    places = shared_with(s, symbol, layer, index)
    if not places:
        return []
    name_at = s.network.topology.name_at
    own = [names.text(Symbol(name_at(place), 0.0)) for place in places[: s.largest]]
    more = len(places) - len(own)
    listed = f"{', '.join(own)} and {more:,} more" if more else " and ".join(own)
    words = (
        f"{listed} are one parameter, w: its gradient g is the sum of theirs. The difference "
        "beside it moves all of them."
    )
    equations = (*sum_step(s, symbol, layer, index), difference_step(s, "w", places))
    return [Part("A shared parameter", (words,), equations)]
