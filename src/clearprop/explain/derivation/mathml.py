"""Expressions as MathML, which browsers show without a script.

Each symbol carries its code name: ``<mrow data-name="W2[1,3]">``.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

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
from clearprop.explain.derivation.glyphs import Glyph, Names
from clearprop.explain.derivation.plain_text import number, rest_text

_SUM, _PRODUCT, _FACTOR, _POWER = range(4)

_FUNCTIONS = {"sigmoid": "σ", "Phi": "Φ", "phi": "φ"}


def operator(text: str) -> str:
    """Return an operator: +, =, ..."""
    return f"<mo>{escape(text.replace('-', '−'))}</mo>"


def words(text: str) -> str:
    """Return plain words."""
    return f"<mtext>{escape(text)}</mtext>"


def mathml_number(value: float, digits: int = 6) -> str:
    """Return a number: 1.5e-07 is written with a power of ten."""
    text = number(abs(value), digits)
    minus = operator("-") if value < 0 and text != "0" else ""
    if "e" in text:
        mantissa, exponent = text.split("e")
        power = f"<msup><mn>10</mn><mn>{str(int(exponent)).replace('-', '−')}</mn></msup>"
        written = f"<mn>{mantissa}</mn>{operator('·')}{power}"
    else:
        written = f"<mn>{text.replace('inf', '∞').replace('nan', 'NaN')}</mn>"
    return f"<mrow>{minus}{written}</mrow>" if minus or "e" in text else written


def mathml_symbol(glyph: Glyph, code: str) -> str:
    """Return a symbol with its scripts and its code name."""
    return f"<mrow data-name={quoteattr(code)}>{_scripted(glyph)}</mrow>"


def _scripted(glyph: Glyph) -> str:
    if glyph.derivative is not None:
        inner = _scripted(Glyph(glyph.base, glyph.above, glyph.below, glyph.mark))
        return _partial(_scripted(glyph.derivative), inner)
    if glyph.argument is not None:
        inner = f"{_scripted(glyph.argument)}{operator(glyph.mark)}<mi>h</mi>"
        return f"<mrow><mi>L</mi><mo>(</mo>{inner}<mo>)</mo></mrow>"
    if glyph.mark.endswith("sumexp"):
        log = "<mi>log</mi>" if glyph.mark == "logsumexp" else ""
        total = "<munder><mo>∑</mo><mi>k</mi></munder><mi>exp</mi><mspace width='0.17em'/>"
        return f"<mrow>{log}{total}{_scripted(Glyph('z', glyph.above, 'k'))}</mrow>"
    if glyph.mark == "squares":
        return f"<mo>∑</mo><msup><mi>{escape(glyph.base)}</mi><mn>2</mn></msup>"
    base = f"<mi>{escape(glyph.base)}</mi>"
    above = glyph.above
    if glyph.mark == "hat":
        base = f"<mover>{base}<mo>^</mo></mover>"
    elif glyph.mark:
        above = f"{above},{glyph.mark}" if above else glyph.mark
    below, above = (
        f"<mtext>{escape(text)}</mtext>" if text else "" for text in (glyph.below, above)
    )
    if below and above:
        return f"<msubsup>{base}{below}{above}</msubsup>"
    if below:
        return f"<msub>{base}{below}</msub>"
    return f"<msup>{base}{above}</msup>" if above else base


def _partial(top: str, bottom: str) -> str:
    return f"<mfrac><mrow><mo>∂</mo>{top}</mrow><mrow><mo>∂</mo>{bottom}</mrow></mfrac>"


def mathml(expression: Expression, names: Names) -> str:
    """Return an expression in symbols, as the content of an element."""
    return _write(expression, names, _SUM, True)


def mathml_numbers(expression: Expression, digits: int = 6) -> str:
    """Return an expression with numbers put in, as the content of an element."""
    return _numbers(expression, digits, _SUM, True)


def _paren(content: str, wrapped: bool) -> str:
    if wrapped:
        return f"<mrow><mo>(</mo>{content}<mo>)</mo></mrow>"
    return f"<mrow>{content}</mrow>"


def _write(e: Expression, names: Names, place: int, first: bool = False) -> str:
    match e:
        case Number(value):
            return _paren(mathml_number(value), value < 0 and not first)
        case Symbol():
            return mathml_symbol(names.glyph(e), e.code)
        case Partial(of, by, _):
            top, bottom = _write(of, names, _SUM), _write(by, names, _SUM)
            return _partial(top, bottom)
        case Rest():
            return words(rest_text(e))
        case Apply(function, argument, _):
            return _function(function, _write(argument, names, _SUM, True))
        case Square(base):
            raised = isinstance(base, Symbol) and names.glyph(base).is_raised
            return f"<msup>{_paren(_write(base, names, _POWER), raised)}<mn>2</mn></msup>"
        case Negative(term):
            text = f"{operator('-')}{_write(term, names, _PRODUCT)}"
            return _paren(text, place > _SUM or not first)
        case Sum(terms):
            return _paren("".join(mathml_terms(terms, names)), place > _SUM and len(terms) > 1)
        case Product(factors):
            texts = [_write(f, names, _FACTOR, first and i == 0) for i, f in enumerate(factors)]
            return _paren(operator("·").join(texts), place > _PRODUCT and len(factors) > 1)
        case Quotient(top, bottom):
            above, below = _write(top, names, _SUM, True), _write(bottom, names, _SUM, True)
            fraction = f"<mfrac>{_paren(above, False)}{_paren(below, False)}</mfrac>"
            return _paren(fraction, place == _POWER)


def mathml_terms(terms: tuple[Expression, ...], names: Names) -> list[str]:
    """Return the terms of a sum, each but the first with its sign."""
    texts = [_write(terms[0], names, _PRODUCT if len(terms) > 1 else _SUM, True)]
    for term in terms[1:]:
        if isinstance(term, Negative):
            texts.append(f"{operator('-')}{_write(term.term, names, _PRODUCT)}")
        else:
            texts.append(f"{operator('+')}{_write(term, names, _PRODUCT)}")
    return texts


def mathml_term_numbers(terms: tuple[Expression, ...], digits: int) -> list[str]:
    """Return the terms of a sum with numbers put in, each but the first with its sign."""
    texts = [_numbers(terms[0], digits, _PRODUCT, True)]
    for term in terms[1:]:
        if isinstance(term, Negative):
            texts.append(f"{operator('-')}{_numbers(term.term, digits, _PRODUCT)}")
        else:
            texts.append(f"{operator('+')}{_numbers(term, digits, _PRODUCT)}")
    return texts


def _numbers(e: Expression, digits: int, place: int, first: bool = False) -> str:
    def one(value: float, alone: bool) -> str:
        powered = "e" in number(value, digits) and place > _PRODUCT
        return _paren(mathml_number(value, digits), (value < 0 and not alone) or powered)

    match e:
        case Apply(function, argument, _):
            return _function(function, _numbers(settled(argument, digits), digits, _SUM, True))
        case Square(base):
            wrapped = base.value < 0 or "e" in number(base.value, digits)
            inner = _paren(mathml_number(base.value, digits), wrapped)
            return f"<msup>{inner}<mn>2</mn></msup>"
        case Negative(term):
            if isinstance(term, Symbol | Number | Rest):
                return one(-term.value, first)
            text = f"{operator('-')}{_numbers(term, digits, _PRODUCT)}"
            return _paren(text, place > _SUM or not first)
        case Sum(terms):
            text = "".join(mathml_term_numbers(terms, digits))
            return _paren(text, place > _SUM and len(terms) > 1)
        case Product(factors):
            texts = []
            for i, factor in enumerate(factors):
                if isinstance(factor, Square) or is_plain(factor):
                    texts.append(_numbers(factor, digits, _FACTOR))
                    continue
                wrapped = factor.value < 0 and not (first and i == 0)
                texts.append(_paren(mathml_number(factor.value, digits), wrapped))
            return _paren(operator("·").join(texts), place > _PRODUCT and len(factors) > 1)
        case Quotient(top, bottom):
            above, below = (
                _numbers(settled(part, digits), digits, _SUM, True) for part in (top, bottom)
            )
            fraction = f"<mfrac>{_paren(above, False)}{_paren(below, False)}</mfrac>"
            return _paren(fraction, place == _POWER)
    return one(e.value, first)


def _function(name: str, argument: str) -> str:
    if name == "abs":
        return f"<mrow><mo>|</mo>{argument}<mo>|</mo></mrow>"
    if name == "sqrt":
        return f"<msqrt>{argument}</msqrt>"
    plain, slope = (name[:-1], operator("′")) if name.endswith("'") else (name, "")
    written = f"<mi>{escape(_FUNCTIONS.get(plain, plain))}</mi>"
    if slope:
        written = f"<msup>{written}{slope}</msup>"
    return f"<mrow>{written}<mo>(</mo>{argument}<mo>)</mo></mrow>"
