"""How expressions are written, in any notation: the walk over the tree, and the parentheses.

A notation (`plain_text`, `latex`, `mathml`) says how a symbol, a number or a fraction looks; what
stands in parentheses follows from the tree alone, and is decided here for all of them.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from typing import ClassVar

from clearprop.explaining.derivation.expressions import (
    Apply,
    Cases,
    Expression,
    Listed,
    Negative,
    Number,
    Partial,
    Power,
    Product,
    Quotient,
    Relation,
    Rest,
    Square,
    Sum,
    Symbol,
    is_plain,
    settled,
)
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.shown_numbers import count_text, number

TOTAL = re.compile("sum(_[a-z])?")
"""Functions that are sums: over an index, "sum_j", or over all."""

_SUM, _PRODUCT, _FACTOR, _POWER = range(4)
"""How tightly the place binds where an expression stands."""


def _is_total(e: Expression) -> bool:
    return isinstance(e, Apply) and TOTAL.fullmatch(e.function) is not None


class Writer(ABC):
    """A notation for expressions."""

    plus: ClassVar[str]
    minus: ClassVar[str]
    """Between two terms."""

    sign: ClassVar[str]
    """The minus of a single term."""

    dot: ClassVar[str]

    comma: ClassVar[str] = ", "
    """Between the arguments of a function."""

    is_typeset: ClassVar[bool] = True
    """Whether fractions are stacked, and powers of ten and indices raised."""

    @abstractmethod
    def number(self, value: float, digits: int = 6) -> str:
        """Return a number of so many significant digits."""

    @abstractmethod
    def symbol(self, symbol: Symbol, names: Names) -> str:
        """Return a symbol."""

    @abstractmethod
    def partial(self, partial: Partial, names: Names) -> str:
        """Return a partial derivative."""

    @abstractmethod
    def words(self, text: str) -> str:
        """Return plain words."""

    @abstractmethod
    def grouped(self, content: str, parentheses: bool) -> str:
        """Return what belongs together, in parentheses if they are needed."""

    @abstractmethod
    def function(self, name: str, argument: str) -> str:
        """Return a function of an argument: "sigmoid", "sigmoid'", "log", ..."""

    @abstractmethod
    def square(self, base: str) -> str:
        """Return a square."""

    @abstractmethod
    def power(self, base: str, exponent: str) -> str:
        """Return a power."""

    @abstractmethod
    def total(self, index: str, term: str) -> str:
        """Return a sum over an index, or over all where that is empty."""

    @abstractmethod
    def cases(self, pieces: list[tuple[str, str]], otherwise: str) -> str:
        """Return pieces with their conditions, and what holds otherwise."""

    @abstractmethod
    def relation(self, left: str, sign: str, right: str) -> str:
        """Return a comparison by a sign of Python's."""

    @abstractmethod
    def fraction(self, above: str, below: str) -> str:
        """Return one over the other."""

    def put_in(self, written: str, expression: Expression) -> str:
        """Return a number that stands for an expression, marked as its own where that is asked."""
        return written

    def symbols(self, expression: Expression, names: Names) -> str:
        """Return an expression in symbols."""
        return self._write(expression, names, _SUM, True)

    def numbers(self, expression: Expression, digits: int = 6) -> str:
        """Return an expression with numbers put in for its symbols; a factor is one number."""
        return self._numbers(expression, digits, _SUM, True)

    def terms(self, terms: tuple[Expression, ...], names: Names) -> list[str]:
        """Return the terms of a sum in symbols, each but the first with its sign."""
        first = self._write(terms[0], names, _PRODUCT if len(terms) > 1 else _SUM, True)
        return [
            first,
            *(sign + self._write(term, names, _PRODUCT) for sign, term in self._signed(terms[1:])),
        ]

    def _signed(self, terms: tuple[Expression, ...]) -> list[tuple[str, Expression]]:
        return [
            (self.minus, term.term) if isinstance(term, Negative) else (self.plus, term)
            for term in terms
        ]

    def _write(self, e: Expression, names: Names, place: int, first: bool = False) -> str:
        """Return an expression in symbols; `first` is where a minus needs no parentheses."""
        match e:
            case Number(value):
                return self.grouped(self.number(value), value < 0 and not first)
            case Symbol():
                return self.symbol(e, names)
            case Partial():
                return self.partial(e, names)
            case Rest(count, kind, _):
                return self.words(f"[{count_text(count)} other {kind}{'s' if count > 1 else ''}]")
            case Apply(function, argument, _) if _is_total(e):
                written = self.total(function[4:], self._write(argument, names, _PRODUCT))
                return self.grouped(written, place > _PRODUCT)
            case Apply(function, argument, _):
                return self.function(function, self._write(argument, names, _SUM, True))
            case Square(base):
                written = self._write(base, names, _POWER)
                raised = isinstance(base, Symbol) and names.glyph(base).is_raised
                has_scripts = self.is_typeset or names.has_scripts or written.startswith("∂")
                return self.square(self.grouped(written, raised and has_scripts))
            case Negative(term):
                written = self.sign + self._write(term, names, _PRODUCT)
                return self.grouped(written, place > _PRODUCT or not first)
            case Sum((term,)) | Product((term,)):
                return self._write(term, names, place, first)
            case Sum(terms):
                return self.grouped("".join(self.terms(terms, names)), place > _SUM)
            case Product(factors):
                written = self.dot.join(
                    self._write(factor, names, _PRODUCT if ends else _FACTOR, first and i == 0)
                    for i, factor in enumerate(factors)
                    for ends in (factor is factors[-1] and _is_total(factor),)
                )
                return self.grouped(written, place > _PRODUCT)
            case Quotient(top, bottom):
                inside, leads = (_SUM, True) if self.is_typeset else (_FACTOR, False)
                above = self._write(top, names, inside, leads or first)
                below = self._write(bottom, names, inside, leads)
                return self._quotient(above, below, place)
        return self._write_definition(e, names, place)

    def _write_definition(self, e: Expression, names: Names, place: int) -> str:
        """Return what only definitions have."""
        match e:
            case Power(base, exponent):
                plain = isinstance(base, Symbol) and not names.glyph(base).is_raised
                written = self._write(base, names, _POWER)
                above = self._write(exponent, names, _SUM if self.is_typeset else _POWER, True)
                misleads = not plain and not isinstance(base, Number | Sum | Product)
                return self.power(self.grouped(written, misleads), above)
            case Listed(items):
                return self.comma.join(self._write(item, names, _SUM, True) for item in items)
            case Relation(left, sign, right):
                sides = (self._write(side, names, _SUM, True) for side in (left, right))
                return self.relation(next(sides), sign, next(sides))
            case Cases():
                pieces = []
                rest: Expression = e
                while isinstance(rest, Cases):
                    there, where = rest.there, rest.condition
                    pieces.append(
                        (self._write(there, names, _SUM, True), self._write(where, names, _SUM))
                    )
                    rest = rest.elsewhere
                written = self.cases(pieces, self._write(rest, names, _SUM, True))
                return self.grouped(written, place > _SUM and not self.is_typeset)
        raise TypeError(f"{type(e).__name__} is no expression")

    @property
    def _raised(self) -> tuple[int, bool]:
        """The place of an exponent, and whether a minus may lead there."""
        return (_SUM, True) if self.is_typeset else (_POWER, False)

    def _numbers(self, e: Expression, digits: int, place: int, first: bool = False) -> str:
        """Return an expression with numbers put in; for `first`, see `_write`."""
        match e:
            case Apply(function, argument, _):
                put_in = self._numbers(settled(argument, digits), digits, _SUM, True)
                return self.function(function, put_in)
            case Square(base):
                return self.square(self._one(base, digits, _POWER))
            case Power(base, exponent):
                above = self._one(exponent, digits, *self._raised)
                below = self._one(base, digits, _POWER)
                return self.grouped(self.power(below, above), place >= _POWER)
            case Listed(items):
                return self.comma.join(self._numbers(i, digits, _SUM, True) for i in items)
            case Negative(term) if not isinstance(term, Symbol | Number | Rest):
                put_in = self.sign + self._numbers(term, digits, _PRODUCT)
                return self.grouped(put_in, place > _PRODUCT or not first)
            case Sum(terms):
                put_in = self._numbers(terms[0], digits, _PRODUCT, True) + "".join(
                    sign + self._numbers(term, digits, _PRODUCT)
                    for sign, term in self._signed(terms[1:])
                )
                return self.grouped(put_in, place > _SUM and len(terms) > 1)
            case Product(factors):
                put_in = self.dot.join(
                    self._numbers(factor, digits, _FACTOR)
                    if isinstance(factor, Square | Power) or is_plain(factor)
                    else self._one(factor, digits, _PRODUCT, first and i == 0)
                    for i, factor in enumerate(factors)
                )
                return self.grouped(put_in, place > _PRODUCT and len(factors) > 1)
            case Quotient(top, bottom):
                inside, leads = (_SUM, True) if self.is_typeset else (_FACTOR, False)
                above = self._numbers(settled(top, digits), digits, inside, leads or first)
                below = self._numbers(settled(bottom, digits), digits, inside, leads)
                return self._quotient(above, below, place)
        return self._one(e, digits, place, first)

    def _one(self, e: Expression, digits: int, place: int, first: bool = False) -> str:
        """Return one number, in parentheses where its minus or its power of ten would mislead."""
        value = e.value
        plain = number(value, digits)
        has_power = self.is_typeset and "e" in plain
        misleads = (plain.startswith("-") and not first) or (has_power and place > _PRODUCT)
        return self.put_in(self.grouped(self.number(value, digits), misleads), e)

    def _quotient(self, above: str, below: str, place: int) -> str:
        loosest = _POWER if self.is_typeset else _FACTOR
        return self.grouped(self.fraction(above, below), place >= loosest)
