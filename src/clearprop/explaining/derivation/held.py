"""What is frozen and shared: which parameters, and the gradients that an optimizer is given."""

from __future__ import annotations

from clearprop.constraints import constraints_in_words
from clearprop.explaining.derivation.expressions import Expression, Sum, Symbol
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.record_symbols import RecordSymbols, fold
from clearprop.explaining.derivation.tree import Equation

Index = tuple[int, ...]


def remark(s: RecordSymbols, names: Names) -> str:
    """Say what is frozen and shared in the whole network, empty where nothing is."""
    if s.constraints is None:
        return ""

    def own(name: str) -> str:
        return names.own(name) or name

    frozen = [own(name) for name in s.constraints.frozen_names]
    shared = [[own(name) for name in group] for group in s.constraints.shared_names]
    said = constraints_in_words(frozen, shared)
    return f"{said[0].upper()}{said[1:]}."


def is_frozen(s: RecordSymbols, symbol: str, layer: int, index: Index) -> bool:
    """Whether a parameter is frozen."""
    if s.constraints is None:
        return False
    return bool(s.constraints.frozen[s.network.topology.place_of(symbol, layer, index)])


def shared_with(s: RecordSymbols, symbol: str, layer: int, index: Index) -> list[int]:
    """Return the places of all that a parameter is shared with, itself among them, or none."""
    if s.constraints is None:
        return []
    return s.constraints.group_at(s.network.topology.place_of(symbol, layer, index))


def given_gradient(s: RecordSymbols, symbol: str, layer: int, index: Index) -> Symbol:
    """Return the gradient of a parameter as an optimizer is given it."""
    if is_frozen(s, symbol, layer, index):
        return Symbol("g", 0.0)
    places = shared_with(s, symbol, layer, index)
    if places:
        return Symbol("g", float(sum(s.record.gradient[place] for place in places)))
    return s.gradient(symbol, layer, index)


def sum_step(s: RecordSymbols, symbol: str, layer: int, index: Index) -> list[Equation]:
    """The sum g = sum_k dL/dw_k over all that a parameter is shared with; none where it is not."""
    places = shared_with(s, symbol, layer, index)
    if not places:
        return []
    g = given_gradient(s, symbol, layer, index)
    name_at = s.network.topology.name_at
    shares = s.record.gradient[places]
    shown, rest = fold(shares, s.largest, "parameter")
    terms: list[Expression] = [Symbol(f"d{name_at(places[i])}", float(shares[i])) for i in shown]
    if rest is not None:
        terms.append(rest)
    return [Equation(g, g.value, (Sum(tuple(terms)),), by_rows=True)]
