"""Expressions as text: "(a2[0] - y[0]) · sigmoid'(z2[0])", and the same with numbers put in."""

from __future__ import annotations

from clearprop.explaining.derivation.expressions import Partial, Symbol
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.shown_numbers import number
from clearprop.explaining.derivation.writer import Writer


class PlainText(Writer):
    """Text in a line, with the code names."""

    plus, minus, sign, dot = " + ", " - ", "-", " · "
    is_typeset = False

    def number(self, value: float, digits: int = 6) -> str:
        """Return a number: 1.5e-07."""
        return number(value, digits)

    def symbol(self, symbol: Symbol, names: Names) -> str:
        """Return its name: W2[1,3]."""
        return names.text(symbol)

    def partial(self, partial: Partial, names: Names) -> str:
        """Return ∂a2[0]/∂z2[0]."""
        return names.partial(partial)

    def words(self, text: str) -> str:
        """Return them as they are."""
        return text

    def grouped(self, content: str, parentheses: bool) -> str:
        """Return the content, in parentheses if they are needed."""
        return f"({content})" if parentheses else content

    def function(self, name: str, argument: str) -> str:
        """Return sigmoid'(z2[0]); |z| and √(z) as usual."""
        if name == "abs":
            return f"|{argument}|"
        if name == "sqrt":
            return f"√({argument})"
        return f"{name}({argument})"

    def square(self, base: str) -> str:
        """Return z1[0]²."""
        return f"{base}²"

    def power(self, base: str, exponent: str) -> str:
        """Return z^3."""
        return f"{base}^{exponent}"

    def fraction(self, above: str, below: str) -> str:
        """Return one over the other, in a line."""
        return f"{above} / {below}"


TEXT = PlainText()
