"""MathML whose symbols and numbers say what they are of, for a page that shows both.

``data-of`` holds what the thing is drawn as (see `drawn`), ``data-to`` the element whose own
derivation a symbol leads to, and what lies on the way that is lit is of class "lit".
"""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import quoteattr

from clearprop.explaining.derivation.drawn import (
    drawn_as,
    element_in,
    expression_drawn_as,
    partial_drawn_as,
)
from clearprop.explaining.derivation.expressions import Expression, Partial, Symbol
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.mathml import MathML


class LinkedMathML(MathML):
    """MathML with links between formulas and a drawing.

    Parameters
    ----------
    is_lit : callable
        Whether a thing of the drawing, by its name, is lit.

    Examples
    --------
    >>> writer = LinkedMathML({"W2[0,1]"}.__contains__)
    >>> writer.numbers(Symbol("W2[0,1]", 0.6))
    '<mrow data-of="W2[0,1]" class="lit"><mrow><mn>0.6</mn></mrow></mrow>'
    """

    def __init__(self, is_lit: Callable[[str], bool]) -> None:
        self._is_lit = is_lit

    def marks(self, symbol: Symbol) -> str:
        """Return what a symbol is drawn as, and where it leads."""
        to = element_in(symbol.code)
        return self._of(drawn_as(symbol.code)) + (f" data-to={quoteattr(to)}" if to else "")

    def partial(self, partial: Partial, names: Names) -> str:
        """Return a fraction that is of an edge as a whole."""
        written = super().partial(partial, names)
        return f"<mrow{self._of(partial_drawn_as(partial))}>{written}</mrow>"

    def put_in(self, written: str, expression: Expression) -> str:
        """Return a number that is of what it is put in for."""
        of = self._of(expression_drawn_as(expression))
        return f"<mrow{of}>{written}</mrow>" if of else written

    def _of(self, things: str) -> str:
        if not things:
            return ""
        lit = ' class="lit"' if all(map(self._is_lit, things.split())) else ""
        return f" data-of={quoteattr(things)}{lit}"
