"""Which numbers the equations of a derivation use, and which of these it does not derive."""

from __future__ import annotations

import re
from collections.abc import Iterable

from clearprop.explaining.derivation.expressions import Expression, Partial, Symbol, parts
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.shown_numbers import count_text
from clearprop.explaining.derivation.tree import Equation

_COMPUTED = re.compile(r"(z|a|da|delta|dW|db)(\d+)\[([\d,]+)\]")
"""Symbols that a pass computes; inputs, targets and parameters are given."""

Used = dict[tuple[str, int], set[int]]
"""By symbol and layer, the neurons whose number is used."""


def numbers_used(equations: Iterable[Equation], row: int | None) -> Used:
    """Return the z, a, da and delta of a sample that equations put in, for each layer."""
    found: Used = {}
    for equation in equations:
        for form in equation.forms:
            for symbol in _put_in(form):
                match = _COMPUTED.fullmatch(symbol.name)
                if match and match[1] not in ("dW", "db") and _is_of(symbol, row):
                    found.setdefault((match[1], int(match[2])), set()).add(int(match[3]))
    return found


def not_derived(equations: Iterable[Equation], names: Names, row: int | None) -> tuple[str, ...]:
    """Say how many numbers are used that no equation derives, by their arrays."""
    equations = list(equations)
    derived = {equation.name for equation in equations}
    missing: dict[str, str] = {}
    for equation in equations:
        for form in equation.forms:
            for symbol in _put_in(form):
                match = _COMPUTED.fullmatch(symbol.name)
                if match and _is_of(symbol, row) and symbol.code not in derived:
                    missing[symbol.code] = f"{match[1]}{match[2]}"
    arrays = list(missing.values())
    if not arrays:
        return ()
    counts = ", ".join(
        f"{count_text(arrays.count(array))} of {names.array(array)}"
        for array in dict.fromkeys(arrays)
    )
    return (f"Numbers that are used and not derived here: {counts}.",)


def _is_of(symbol: Symbol, row: int | None) -> bool:
    """Whether a symbol is of the sample that is followed, or of the whole batch."""
    return symbol.sample in (row, None)


def _put_in(expression: Expression) -> Iterable[Symbol]:
    """Yield the symbols whose numbers are put in: a partial derivative is a number itself."""
    match expression:
        case Symbol():
            yield expression
        case Partial():
            return
        case _:
            for part in parts(expression):
                yield from _put_in(part)
