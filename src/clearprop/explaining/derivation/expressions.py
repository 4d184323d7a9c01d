"""Expressions: what an equation says in symbols, with a value at every place of it.

A formula is kept as a small tree, from which text, LaTeX and MathML are written alike. Each
node has its `value` in float64, so that the numbers put in are those of the symbols.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

PRECISE = 9
"""Digits from which on sums that cancel are written out."""


@dataclass(frozen=True)
class Number:
    """A number that the formula itself has, such as the 1 of 1 - a."""

    value: float


@dataclass(frozen=True)
class Symbol:
    """A named number: an element of the grammar ("W2[1,3]"), or one beside it ("y[0]", "eta").

    `sample` is the row of the batch that it belongs to, None where there is one row alone or
    the number is of no row.
    """

    name: str
    value: float
    sample: int | None = None

    @property
    def code(self) -> str:
        """The name, with the row: "delta2[1]@3"."""
        return self.name if self.sample is None else f"{self.name}@{self.sample}"


@dataclass(frozen=True)
class Partial:
    """A partial derivative as Leibniz writes it: of one symbol, by another."""

    of: Symbol
    by: Symbol
    value: float

    @property
    def code(self) -> str:
        """Such as "∂a2[0]/∂z2[0]"."""
        return f"∂{self.of.code}/∂{self.by.code}"


@dataclass(frozen=True)
class Apply:
    """A function of one argument: "sigmoid", "sigmoid'", "log", ..."""

    function: str
    argument: Expression
    value: float


@dataclass(frozen=True)
class Negative:
    """Minus something."""

    term: Expression

    @property
    def value(self) -> float:
        """The value."""
        return -self.term.value


@dataclass(frozen=True)
class Sum:
    """A sum; a `Negative` among its terms is subtracted."""

    terms: tuple[Expression, ...]

    @property
    def value(self) -> float:
        """The value."""
        return float(sum(term.value for term in self.terms))


@dataclass(frozen=True)
class Product:
    """A product."""

    factors: tuple[Expression, ...]

    @property
    def value(self) -> float:
        """The value."""
        result = 1.0
        for factor in self.factors:
            result *= factor.value
        return result


@dataclass(frozen=True)
class Quotient:
    """One expression over another."""

    top: Expression
    bottom: Expression

    @property
    def value(self) -> float:
        """The value; infinite or NaN where the bottom is 0."""
        with np.errstate(all="ignore"):
            return float(np.divide(self.top.value, self.bottom.value))


@dataclass(frozen=True)
class Square:
    """The square of something."""

    base: Expression

    @property
    def value(self) -> float:
        """The value."""
        return self.base.value * self.base.value


@dataclass(frozen=True)
class Rest:
    """What a folded sum leaves out: so many terms of a kind, and what they add up to."""

    count: int
    kind: str
    value: float


@dataclass(frozen=True)
class Power:
    """A power."""

    base: Expression
    exponent: Expression
    value: float = np.nan


@dataclass(frozen=True)
class Listed:
    """Several arguments of a function, such as max(z, 0)."""

    items: tuple[Expression, ...]
    value: float = np.nan


@dataclass(frozen=True)
class Relation:
    """A condition such as z > 0, or an equation; of definitions."""

    left: Expression
    sign: str
    right: Expression
    value: float = np.nan


@dataclass(frozen=True)
class Cases:
    """One expression where a condition holds, and another elsewhere; of definitions."""

    condition: Expression
    there: Expression
    elsewhere: Expression
    value: float = np.nan


Expression = (
    Number | Symbol | Partial | Apply | Negative | Sum | Product | Quotient | Square | Rest
    | Power | Listed | Relation | Cases
)  # fmt: skip


def parts(expression: Expression) -> tuple[Expression, ...]:
    """Return what an expression is directly made of."""
    match expression:
        case Sum(terms):
            return terms
        case Product(factors):
            return factors
        case Apply(_, argument, _):
            return (argument,)
        case Negative(term):
            return (term,)
        case Quotient(top, bottom):
            return (top, bottom)
        case Square(base):
            return (base,)
        case Power(base, exponent, _):
            return (base, exponent)
        case Listed(items, _):
            return items
    return ()


def symbols_in(expression: Expression) -> Iterator[Symbol]:
    """Yield the symbols of an expression, in order, as often as they occur."""
    match expression:
        case Symbol():
            yield expression
        case Partial(of, by, _):
            yield of
            yield by
        case _:
            for part in parts(expression):
                yield from symbols_in(part)


def is_plain(expression: Expression) -> bool:
    """Whether an expression is a function whose argument is worth showing: log, exp, not f'."""
    return isinstance(expression, Apply) and not expression.function.endswith("'")


def rounded(expression: Expression, digits: int) -> float:
    """Return what a formula gives with the numbers that are put in, of so many digits."""

    def cut(value: float) -> float:
        return float(f"{value:.{digits}g}")

    match expression:
        case Sum(terms):
            return float(sum(rounded(term, digits) for term in terms))
        case Product(factors):
            result = 1.0
            for factor in factors:
                result *= cut(factor.value)
            return result
        case Negative(term):
            return -rounded(term, digits)
        case Square(base):
            return cut(base.value) ** 2 if abs(base.value) < 1e150 else expression.value
        case Power(base, exponent, _):
            with np.errstate(all="ignore"):
                return float(np.power(cut(base.value), cut(exponent.value)))
        case Quotient(top, bottom):
            below = rounded(bottom, digits)
            return rounded(top, digits) / below if below else np.inf
    return cut(expression.value)


def settled(expression: Expression, digits: int) -> Expression:
    """Return a sum that cancels as the one number that it is: 1 - a for an a near 1."""
    if isinstance(expression, Sum) and digits < PRECISE:
        sizes = sum(abs(term.value) for term in expression.terms)
        if abs(expression.value) < 1e-3 * sizes:
            return Number(expression.value)
    return expression


def minus(left: Expression, right: Expression) -> Sum:
    """Return left - right."""
    return Sum((left, Negative(right)))


def times(*factors: Expression) -> Product:
    """Return a product."""
    return Product(factors)


def folded(terms: list[Expression], rest: Rest | None) -> Sum:
    """Return a sum of the terms shown and the rest, if something was left out."""
    return Sum((*terms, rest) if rest is not None else tuple(terms))


def sum_of(terms: list[Expression]) -> Expression:
    """Return a sum, or its only term."""
    return terms[0] if len(terms) == 1 and not isinstance(terms[0], Rest) else Sum(tuple(terms))


def alone(expression: Expression) -> Expression:
    """Return the only term of a sum, or factor of a product, that has one."""
    match expression:
        case Sum((term,)) | Product((term,)):
            return term
    return expression


def fits(expression: Expression, value: float) -> bool:
    """Whether a formula gives a number, to nine digits.

    Formulas of textbooks lose digits where curves are flat: 1 - a for an a near 1. There
    another one, or none, has to be shown.
    """
    if np.isnan(value):
        return bool(np.isnan(expression.value))
    return bool(expression.value == value or abs(expression.value - value) <= 1e-9 * abs(value))
