"""The steps by which a number comes about, as a tree that is written in many forms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from clearprop.errors import ElementError, shown
from clearprop.explaining.derivation.definitions import Definition
from clearprop.explaining.derivation.expressions import (
    Expression,
    Number,
    Partial,
    Rest,
    Sum,
    Symbol,
    rounded,
    symbols_in,
)
from clearprop.explaining.derivation.glyphs import CodeNames, Names
from clearprop.explaining.derivation.plain_text import TEXT, text_of
from clearprop.explaining.derivation.shown_numbers import EXACT
from clearprop.explaining.names import element_of

_CODE = CodeNames()
"""How steps are written for programs."""


@dataclass(frozen=True, repr=False)
class Equation:
    """One step: what is computed, by which formula, with which numbers.

    Attributes
    ----------
    left : Expression
        What is computed; mostly a symbol of the grammar.
    value : float
        Its value, as the record has it, in float64.
    forms : tuple of Expression
        Right-hand sides, all equal, the last the one that numbers are put into. None for a
        number that is given, or that no formula is known for.
    note : str
        Some words on it.
    uses : int
        How often the number is used in the whole pass, where it is kept to be used again.
    digits : int
        Significant digits of the numbers put in; more where these are close to each other.
    by_rows : bool
        Whether a sum is shown with a row for each term, however short it is.
    known : int
        Significant digits of the value that are shown: fewer where the others are lost.
    gap : int
        The number of the gap that stands in place of the value on a worksheet; 0: the value does.
    hides_numbers : bool
        Whether the numbers put in are left out, as they would give a gap away.
    """

    left: Expression
    value: float
    forms: tuple[Expression, ...] = ()
    note: str = ""
    uses: int = 0
    digits: int = 6
    by_rows: bool = False
    known: int = 6
    gap: int = 0
    hides_numbers: bool = False

    @property
    def name(self) -> str:
        """The code name of what is computed: "delta1[0]", in a batch "delta1[0]@3"."""
        if isinstance(self.left, Symbol | Partial):
            return self.left.code
        return TEXT.symbols(self.left, _CODE)

    @property
    def symbols(self) -> str:
        """The formula in the grammar's names; "" where there is none."""
        return TEXT.symbols(self.forms[-1], _CODE) if self.forms else ""

    @property
    def numbers(self) -> str:
        """The formula with numbers put in."""
        return TEXT.numbers(self.forms[-1], self.shown_digits) if self.forms else ""

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The code names of the numbers that go into it, each once."""
        found = (symbol.code for form in self.forms[-1:] for symbol in symbols_in(form))
        return tuple(dict.fromkeys(found))

    @property
    def terms(self) -> tuple[Expression, ...]:
        """The terms of a sum, where that is the last form."""
        last = self.forms[-1] if self.forms and not self.hides_numbers else None
        return last.terms if isinstance(last, Sum) else ()

    @property
    def shown_digits(self) -> int:
        """Digits of the numbers put in: as many as it takes for these to give the value."""
        if not self.forms or not np.isfinite(self.value):
            return self.digits
        return self._enough_digits or self.digits

    @property
    def is_rounding(self) -> bool:
        """Whether the terms cancel to their rounding: no digits of theirs give the value."""
        return bool(self.forms) and bool(np.isfinite(self.value)) and not self._enough_digits

    @property
    def _enough_digits(self) -> int:
        for digits in (*range(self.digits, 16, 3), EXACT):
            given = rounded(self.forms[-1], digits)
            if abs(given - self.value) <= 1e-3 * abs(self.value):
                return digits
        return 0

    @property
    def is_by_rows(self) -> bool:
        """Whether the sum has to be shown with a row for each term."""
        return len(self.terms) > 1 and (
            self.by_rows or any(isinstance(term, Rest) for term in self.terms)
        )

    @property
    def largest(self) -> int:
        """Which of the terms is largest in size, the rest aside; -1 where all are 0."""
        sizes = [0.0 if isinstance(t, Rest) else abs(t.value) for t in self.terms]
        return sizes.index(max(sizes)) if sizes and max(sizes) > 0 else -1

    @property
    def shows_numbers(self) -> bool:
        """Whether the numbers put in say more than the value does."""
        if self.hides_numbers or not self.forms:
            return False
        return not isinstance(self.forms[-1], Symbol | Number | Partial)

    def to_dict(self) -> dict[str, Any]:
        """Return the step as plain numbers and texts."""
        found: dict[str, Any] = {
            "name": self.name,
            "symbols": self.symbols,
            "numbers": self.numbers,
            "value": self.value,
            "depends_on": list(self.depends_on),
        }
        if len(self.forms) > 1:
            found["also"] = [TEXT.symbols(form, _CODE) for form in self.forms[:-1]]
        if self.note:
            found["note"] = self.note
        if self.uses:
            found["uses"] = self.uses
        if self.is_by_rows:
            found["terms"] = [
                {
                    "symbols": TEXT.symbols(term, _CODE),
                    "numbers": TEXT.numbers(term, self.shown_digits),
                    "value": term.value,
                    "largest": i == self.largest,
                }
                for i, term in enumerate(self.terms)
            ]
        return found

    def __repr__(self) -> str:
        formula = f" = {self.symbols}" if self.forms else ""
        return f"{self.name}{formula} = {self.value!r}"


@dataclass(frozen=True, repr=False)
class Part:
    """A stretch of a derivation: title, definitions, words, equations, and parts of its own."""

    title: str
    words: tuple[str, ...] = ()
    equations: tuple[Equation, ...] = ()
    parts: tuple[Part, ...] = ()
    definitions: tuple[Definition, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the part as plain numbers and texts."""
        found: dict[str, Any] = {"title": self.title}
        if self.definitions:
            found["definitions"] = [text_of(definition) for definition in self.definitions]
        if self.words:
            found["words"] = list(self.words)
        if self.equations:
            found["equations"] = [equation.to_dict() for equation in self.equations]
        if self.parts:
            found["parts"] = [part.to_dict() for part in self.parts]
        return found

    def __iter__(self) -> Iterator[Equation]:
        """Yield all equations, in order."""
        yield from self.equations
        for part in self.parts:
            yield from part

    def __repr__(self) -> str:
        return f"Part {self.title!r}: {sum(1 for _ in self)} equations"


@dataclass(frozen=True, repr=False)
class Tree:
    """A whole derivation, before anybody has written it; see `Derivation`."""

    of: str | None
    title: str
    words: tuple[str, ...]
    parts: tuple[Part, ...]
    names: Names

    def __iter__(self) -> Iterator[Equation]:
        for part in self.parts:
            yield from part

    def __getitem__(self, name: str) -> Equation:
        """Return the equation of a code name, a reader's, or one as it is printed.

        Of several the last; for a weight or bias, as in ``of=``, that of its gradient.
        """
        if isinstance(name, str):
            element = element_of(name, self.names.given)
            asked = {name, element}
            equations = list(self)
            for names in (asked, {f"d{element}"} if element[:1] in ("W", "b") else ()):
                for equation in reversed(equations):
                    if equation.name in names or TEXT.symbols(equation.left, self.names) in names:
                        return equation
        there = ", ".join(self.keys())
        raise ElementError(f"{shown(name)} has no equation in this derivation; there are: {there}")

    def keys(self) -> list[str]:
        """Return the code names of all equations, each once."""
        return list(dict.fromkeys(equation.name for equation in self))

    @property
    def value(self) -> float:
        """The value of the number that was asked for.

        Raises
        ------
        ElementError
            If an array, or a whole pass, was explained; its numbers are in the equations.
        """
        if self.of is None:
            raise ElementError(
                "an array or a whole pass was explained; ask an equation: derivation['L'].value"
            )
        return self[self.of].value

    def to_dict(self) -> dict[str, Any]:
        """Return the tree as plain numbers and texts, ready for JSON."""
        found: dict[str, Any] = {"of": self.of, "title": self.title}
        if self.words:
            found["words"] = list(self.words)
        found["parts"] = [part.to_dict() for part in self.parts]
        return found
