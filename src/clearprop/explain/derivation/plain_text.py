"""Expressions as text: "(a2[0] - y[0]) · sigmoid'(z2[0])", and the same with numbers put in."""

from __future__ import annotations

from decimal import Decimal

from clearprop.explain.derivation.expressions import (
    Apply,
    Expression,
    Negative,
    Number,
    Partial,
    Product,
    Quotient,
    Rest,
    Square,
    Sum,
    Symbol,
    is_plain,
    settled,
)
from clearprop.explain.derivation.glyphs import Names

_SUM, _PRODUCT, _FACTOR, _POWER = range(4)
"""How tightly the place binds where an expression stands."""


LARGE = 10**12
"""Counts from which on powers of ten are written."""


def number(value: float, digits: int = 6) -> str:
    """Return a number as it is shown: six significant digits."""
    text = f"{value:.{digits}g}"
    return "0" if text == "-0" else text


def symbols(expression: Expression, names: Names) -> str:
    """Return an expression in symbols."""
    return _write(expression, names, _SUM, first=True)


def numbers(expression: Expression, digits: int = 6) -> str:
    """Return an expression with numbers put in for its symbols; a factor is one number."""
    return _numbers(expression, digits, _SUM, first=True)


def count_text(count: int) -> str:
    """Return a whole number: 1,234, or 1.69e+64 where there is no end to digits."""
    return f"{count:,}" if count < LARGE else f"{Decimal(count):.2e}"


def rest_text(rest: Rest) -> str:
    """Return what a folded sum says of the terms that are not shown."""
    return f"[{count_text(rest.count)} other {rest.kind}{'s' if rest.count > 1 else ''}]"


def _inside(text: str, wrapped: bool) -> str:
    return f"({text})" if wrapped else text


def _write(e: Expression, names: Names, place: int, first: bool = False) -> str:
    match e:
        case Number(value):
            return _inside(number(value, 17), value < 0 and not first)
        case Symbol():
            return names.text(e)
        case Partial():
            return names.partial(e)
        case Rest():
            return rest_text(e)
        case Apply(function, argument, _):
            return _function(function, _write(argument, names, _SUM, first=True))
        case Square(base):
            return f"{_write(base, names, _POWER)}²"
        case Negative(term):
            return _inside(f"-{_write(term, names, _PRODUCT)}", place > _SUM or not first)
        case Sum(terms):
            text = _write(terms[0], names, _PRODUCT if len(terms) > 1 else place, first=True)
            for term in terms[1:]:
                if isinstance(term, Negative):
                    text += f" - {_write(term.term, names, _PRODUCT)}"
                else:
                    text += f" + {_write(term, names, _PRODUCT)}"
            return _inside(text, place > _SUM and len(terms) > 1)
        case Product(factors):
            texts = [_write(f, names, _FACTOR, first=first and i == 0)
                     for i, f in enumerate(factors)]  # fmt: skip
            return _inside(" · ".join(texts), place > _PRODUCT and len(factors) > 1)
        case Quotient(top, bottom):
            text = f"{_write(top, names, _FACTOR, first)} / {_write(bottom, names, _FACTOR)}"
            return _inside(text, place > _PRODUCT)


def _numbers(e: Expression, digits: int, place: int, first: bool = False) -> str:
    def one(value: float) -> str:
        text = number(value, digits)
        return _inside(text, text.startswith("-") and not (first and place < _POWER))

    match e:
        case Apply(function, argument, _):
            return _function(
                function, _numbers(settled(argument, digits), digits, _SUM, first=True)
            )
        case Square(base):
            inner = number(base.value, digits)
            return f"{_inside(inner, inner.startswith('-'))}²"
        case Negative(term):
            if isinstance(term, Symbol | Number | Rest):
                return one(-term.value)
            text = f"-{_numbers(term, digits, _PRODUCT)}"
            return _inside(text, place > _SUM or not first)
        case Sum(terms):
            text = _numbers(terms[0], digits, _PRODUCT, first=True)
            for term in terms[1:]:
                if isinstance(term, Negative):
                    text += f" - {_numbers(term.term, digits, _PRODUCT)}"
                else:
                    text += f" + {_numbers(term, digits, _PRODUCT)}"
            return _inside(text, place > _SUM and len(terms) > 1)
        case Product(factors):
            texts = []
            for i, factor in enumerate(factors):
                if isinstance(factor, Square) or is_plain(factor):
                    texts.append(_numbers(factor, digits, _FACTOR))
                    continue
                text = number(factor.value, digits)
                texts.append(_inside(text, text.startswith("-") and not (first and i == 0)))
            return _inside(" · ".join(texts), place > _PRODUCT and len(factors) > 1)
        case Quotient(top, bottom):
            above, below = (settled(part, digits) for part in (top, bottom))
            text = f"{_numbers(above, digits, _FACTOR, first)} / {_numbers(below, digits, _FACTOR)}"
            return _inside(text, place > _PRODUCT)
    return one(e.value)


def _function(name: str, argument: str) -> str:
    if name == "abs":
        return f"|{argument}|"
    if name == "sqrt":
        return f"√({argument})"
    return f"{name}({argument})"
