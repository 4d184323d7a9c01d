"""Derivation: a tree of steps that can be printed, written down, and shown as a page."""

from __future__ import annotations

from dataclasses import dataclass

from clearprop.checks.settings import count
from clearprop.explaining.derivation.as_html import body_of, mathml_of, page_of
from clearprop.explaining.derivation.as_latex import latex_of
from clearprop.explaining.derivation.as_text import text_of
from clearprop.explaining.derivation.tree import Tree


@dataclass(frozen=True, repr=False)
class Derivation(Tree):
    """How a number of a network comes about: what `cp.explain` returns.

    Printed, it is text of at most 100 columns; a notebook shows it as a page.

    Attributes
    ----------
    of : str or None
        The element that was asked for; None for a whole pass.
    title : str
    words : tuple of str
        What is to be said of the whole.
    parts : tuple of Part
        The tree of steps. Iterating over a derivation yields all its equations, in order.
    names : Names
        How symbols are written.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network.from_weights([[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]])
    >>> derivation = cp.explain(network, [0.5, 1.0], 1.0, of="delta1[0]")
    >>> bool(derivation.value == cp.backprop(network, [[0.5, 1.0]], [1.0])["delta1[0]"][0])
    True
    >>> equation = derivation["da1[0]"]
    >>> equation.symbols, equation.numbers, equation.depends_on
    ('delta2[0] · W2[0,0]', '-0.339217 · 0.5', ('delta2[0]', 'W2[0,0]'))
    """

    def to_text(self, width: int = 100) -> str:
        """Return aligned text, of at most `width` columns where words and numbers allow."""
        return text_of(self, count("width", width, 40))

    def to_latex(self) -> str:
        """Return LaTeX for a document with the package amsmath."""
        return latex_of(self)

    def to_mathml(self) -> str:
        """Return one ``<math>`` element, with a row for each equation and sentence."""
        return mathml_of(self)

    def to_html(self) -> str:
        """Return a page in one file: words, MathML, styles, no script."""
        return page_of(self)

    def _repr_html_(self) -> str:
        return body_of(self)

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = __str__
