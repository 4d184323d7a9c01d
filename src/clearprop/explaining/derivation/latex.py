"""Expressions as LaTeX: what amsmath, KaTeX, MathJax and matplotlib read."""

from __future__ import annotations

import re

from clearprop.explaining.derivation.expressions import Partial, Symbol
from clearprop.explaining.derivation.glyphs import GREEK, Glyph, Names
from clearprop.explaining.derivation.shown_numbers import number
from clearprop.explaining.derivation.writer import Writer

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


def escaped(text: str) -> str:
    """Return a text for LaTeX's text mode."""
    return "".join(_SPECIAL.get(c, f"${_greek(c)}$" if c in GREEK else c) for c in text)


def _scripted(glyph: Glyph) -> str:
    """Return a symbol with its scripts."""
    if glyph.derivative is not None:
        inner = _scripted(Glyph(glyph.base, glyph.above, glyph.below, glyph.mark))
        return rf"\frac{{\partial {_scripted(glyph.derivative)}}}{{\partial {inner}}}"
    if glyph.argument is not None:
        return rf"L({_scripted(glyph.argument)} {glyph.mark} h)"
    if glyph.mark.endswith("sumexp"):
        log = r"\log " if glyph.mark == "logsumexp" else ""
        return rf"{log}\sum_{{k}} \exp {_scripted(Glyph('z', glyph.above, 'k'))}"
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


class LaTeX(Writer):
    """LaTeX's math mode."""

    plus, minus, sign, dot = " + ", " - ", "-", r" \cdot "

    def number(self, value: float, digits: int = 6) -> str:
        """Return a number: 1.5e-07 is written with a power of ten."""
        text = number(value, digits)
        if "e" in text:
            mantissa, exponent = text.split("e")
            return rf"{mantissa} \cdot 10^{{{int(exponent)}}}"
        if text.lstrip("-") == "inf":
            return text.replace("inf", r"\infty")
        return r"\mathrm{NaN}" if text == "nan" else text

    def symbol(self, symbol: Symbol, names: Names) -> str:
        """Return a symbol with its scripts."""
        return _scripted(names.glyph(symbol))

    def partial(self, partial: Partial, names: Names) -> str:
        """Return it as a fraction, as Leibniz writes it."""
        top, bottom = self.symbol(partial.of, names), self.symbol(partial.by, names)
        return self.fraction(rf"\partial {top}", rf"\partial {bottom}")

    def words(self, text: str) -> str:
        """Return them in text mode."""
        return _text(text)

    def grouped(self, content: str, parentheses: bool) -> str:
        """Return the content, in parentheses of its size if they are needed."""
        return rf"\left( {content} \right)" if parentheses else content

    def function(self, name: str, argument: str) -> str:
        """Return a function under its usual sign: σ', exp, ..."""
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

    def square(self, base: str) -> str:
        """Return a square."""
        return f"{base}^{{2}}"

    def power(self, base: str, exponent: str) -> str:
        """Return a power."""
        return f"{base}^{{{exponent}}}"

    def fraction(self, above: str, below: str) -> str:
        """Return one over the other."""
        return rf"\frac{{{above}}}{{{below}}}"


LATEX = LaTeX()
