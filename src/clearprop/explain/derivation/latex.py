"""Expressions as LaTeX: what amsmath, KaTeX, MathJax and matplotlib read."""

from __future__ import annotations

import re

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
from clearprop.explain.derivation.glyphs import GREEK, Glyph, Names
from clearprop.explain.derivation.plain_text import number, rest_text

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "∂": r"$\partial$", "·": r"$\cdot$", "≤": r"$\le$", "²": r"$^2$", "−": "-", "Σ": r"$\Sigma$",
    "δ": r"$\delta$", "η": r"$\eta$", "ω": r"$\omega$", "×": r"$\times$",
    "√": r"$\sqrt{\;}$", "ᵀ": r"$^{T}$", "[": "{[}", "]": "{]}",
    "<": "$<$", ">": "$>$", "|": "$|$", "→": r"$\rightarrow$",
}  # fmt: skip

_FUNCTIONS = {"sigmoid": r"\sigma", "exp": r"\exp", "log": r"\log", "tanh": r"\tanh",
              "Phi": r"\Phi", "phi": r"\varphi"}  # fmt: skip

_SUM, _PRODUCT, _FACTOR, _POWER = range(4)


def escaped(text: str) -> str:
    """Return a text for LaTeX's text mode."""
    return "".join(_SPECIAL.get(c, f"${_greek(c)}$" if c in GREEK else c) for c in text)


def latex_number(value: float, digits: int = 6) -> str:
    """Return a number: 1.5e-07 is written with a power of ten."""
    text = number(value, digits)
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
    if text.lstrip("-") == "inf":
        return text.replace("inf", r"\infty")
    return r"\mathrm{NaN}" if text == "nan" else text


def latex_symbol(glyph: Glyph) -> str:
    """Return a symbol with its scripts."""
    if glyph.derivative is not None:
        inner = latex_symbol(Glyph(glyph.base, glyph.above, glyph.below, glyph.mark))
        return rf"\frac{{\partial {latex_symbol(glyph.derivative)}}}{{\partial {inner}}}"
    if glyph.argument is not None:
        return rf"L({latex_symbol(glyph.argument)} {glyph.mark} h)"
    if glyph.mark.endswith("sumexp"):
        log = r"\log " if glyph.mark == "logsumexp" else ""
        return rf"{log}\sum_{{k}} \exp {latex_symbol(Glyph('z', glyph.above, 'k'))}"
    if glyph.mark == "squares":
        return rf"\sum {glyph.base}^{{2}}"
    base = _base(glyph.base)
    if glyph.mark == "hat":
        base = rf"\hat{{{base}}}"
    below, above = glyph.below, glyph.above
    if glyph.mark in ("new", "before"):
        above = f"{above}," if above else ""
        above += rf"\mathrm{{{glyph.mark}}}"
    base += rf"^{{{above}}}" if above else ""
    return base + (rf"_{{{below}}}" if below else "")


def _base(name: str) -> str:
    if name in GREEK:
        return _greek(name)
    if re.fullmatch(r"[A-Za-z]", name):
        return name
    return rf"\mathrm{{{name}}}" if re.fullmatch(r"[A-Za-z0-9]+", name) else _text(name)


def _text(words: str) -> str:
    return rf"\text{{{escaped(words)}}}"


def _greek(letter: str) -> str:
    return f"\\{GREEK[letter]}"


def latex(expression: Expression, names: Names) -> str:
    """Return an expression in symbols."""
    return _write(expression, names, _SUM, True)


def latex_numbers(expression: Expression, digits: int = 6) -> str:
    """Return an expression with numbers put in."""
    return _numbers(expression, digits, _SUM, True)


def _paren(text: str, wrapped: bool) -> str:
    return rf"\left( {text} \right)" if wrapped else text


def _write(e: Expression, names: Names, place: int, first: bool = False) -> str:
    match e:
        case Number(value):
            return _paren(latex_number(value), value < 0 and not first)
        case Symbol():
            return latex_symbol(names.glyph(e))
        case Partial(of, by, _):
            top, bottom = latex_symbol(names.glyph(of)), latex_symbol(names.glyph(by))
            return rf"\frac{{\partial {top}}}{{\partial {bottom}}}"
        case Rest():
            return _text(rest_text(e))
        case Apply(function, argument, _):
            return _function(function, _write(argument, names, _SUM, True))
        case Square(base):
            written = _write(base, names, _POWER)
            raised = isinstance(base, Symbol) and names.glyph(base).is_raised
            return f"{_paren(written, raised)}^{{2}}"
        case Negative(term):
            return _paren(f"-{_write(term, names, _PRODUCT)}", place > _SUM or not first)
        case Sum(terms):
            return _paren("".join(latex_terms(terms, names)), place > _SUM and len(terms) > 1)
        case Product(factors):
            texts = [_write(f, names, _FACTOR, first and i == 0) for i, f in enumerate(factors)]
            return _paren(r" \cdot ".join(texts), place > _PRODUCT and len(factors) > 1)
        case Quotient(top, bottom):
            above, below = _write(top, names, _SUM, True), _write(bottom, names, _SUM, True)
            return _paren(rf"\frac{{{above}}}{{{below}}}", place == _POWER)


def latex_terms(terms: tuple[Expression, ...], names: Names) -> list[str]:
    """Return the terms of a sum, each but the first with its sign."""
    texts = [_write(terms[0], names, _PRODUCT if len(terms) > 1 else _SUM, True)]
    for term in terms[1:]:
        if isinstance(term, Negative):
            texts.append(f" - {_write(term.term, names, _PRODUCT)}")
        else:
            texts.append(f" + {_write(term, names, _PRODUCT)}")
    return texts


def latex_term_numbers(terms: tuple[Expression, ...], digits: int) -> list[str]:
    """Return the terms of a sum with numbers put in, each but the first with its sign."""
    texts = [_numbers(terms[0], digits, _PRODUCT, True)]
    for term in terms[1:]:
        if isinstance(term, Negative):
            texts.append(f" - {_numbers(term.term, digits, _PRODUCT)}")
        else:
            texts.append(f" + {_numbers(term, digits, _PRODUCT)}")
    return texts


def _numbers(e: Expression, digits: int, place: int, first: bool = False) -> str:
    def one(value: float, alone: bool) -> str:
        text = latex_number(value, digits)
        return _paren(
            text, (text.startswith("-") and not alone) or (r"\cdot" in text and place > 1)
        )

    match e:
        case Apply(function, argument, _):
            return _function(function, _numbers(settled(argument, digits), digits, _SUM, True))
        case Square(base):
            text = latex_number(base.value, digits)
            return f"{_paren(text, text.startswith('-') or 'cdot' in text)}^{{2}}"
        case Negative(term):
            if isinstance(term, Symbol | Number | Rest):
                return one(-term.value, first)
            return _paren(f"-{_numbers(term, digits, _PRODUCT)}", place > _SUM or not first)
        case Sum(terms):
            text = "".join(latex_term_numbers(terms, digits))
            return _paren(text, place > _SUM and len(terms) > 1)
        case Product(factors):
            texts = []
            for i, factor in enumerate(factors):
                if isinstance(factor, Square) or is_plain(factor):
                    texts.append(_numbers(factor, digits, _FACTOR))
                    continue
                text = latex_number(factor.value, digits)
                alone = first and i == 0
                texts.append(_paren(text, text.startswith("-") and not alone))
            return _paren(r" \cdot ".join(texts), place > _PRODUCT and len(factors) > 1)
        case Quotient(top, bottom):
            above, below = (
                _numbers(settled(part, digits), digits, _SUM, True) for part in (top, bottom)
            )
            return _paren(rf"\frac{{{above}}}{{{below}}}", place == _POWER)
    return one(e.value, first)


def _function(name: str, argument: str) -> str:
    if name == "abs":
        return rf"\left| {argument} \right|"
    if name == "sqrt":
        return rf"\sqrt{{{argument}}}"
    plain, slope = (name[:-1], "'") if name.endswith("'") else (name, "")
    written = _FUNCTIONS.get(plain)
    if written is None:
        usual = re.fullmatch(r"[A-Za-z0-9_]+", plain)
        written = rf"\operatorname{{{escaped(plain)}}}" if usual else _text(plain)
    return rf"{written}{slope}\left( {argument} \right)"
