"""Expressions as MathML, which browsers show without a script.

Each symbol carries its code name: ``<mrow data-name="W2[1,3]">``.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from clearprop.explaining.derivation.expressions import Partial, Symbol
from clearprop.explaining.derivation.glyphs import Glyph, Names
from clearprop.explaining.derivation.plain_text import RELATIONS
from clearprop.explaining.derivation.shown_numbers import number
from clearprop.explaining.derivation.writer import Writer

_FUNCTIONS = {"sigmoid": "σ", "Phi": "Φ", "phi": "φ"}


def operator(text: str) -> str:
    """Return an operator: +, =, ..."""
    return f"<mo>{escape(text.replace('-', '−'))}</mo>"


def words(text: str) -> str:
    """Return plain words."""
    return f"<mtext>{escape(text)}</mtext>"


def _scripted(glyph: Glyph) -> str:
    if glyph.derivative is not None:
        inner = _scripted(Glyph(glyph.base, glyph.above, glyph.below, glyph.mark))
        return _partial(_scripted(glyph.derivative), inner)
    if glyph.argument is not None:
        inner = f"{_scripted(glyph.argument)}{operator(glyph.mark)}<mi>h</mi>"
        return f"<mrow><mi>{escape(glyph.base)}</mi><mo>(</mo>{inner}<mo>)</mo></mrow>"
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


class MathML(Writer):
    """The content of a MathML element."""

    plus, minus, sign, dot, comma = (operator(text) for text in "+--·,")

    def number(self, value: float, digits: int = 6) -> str:
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

    def symbol(self, symbol: Symbol, names: Names) -> str:
        """Return a symbol with its scripts and its code name."""
        marks = f"data-name={quoteattr(symbol.code)}{self.marks(symbol)}"
        return f"<mrow {marks}>{_scripted(names.glyph(symbol))}</mrow>"

    def marks(self, symbol: Symbol) -> str:
        """Return more attributes of a symbol."""
        return ""

    def partial(self, partial: Partial, names: Names) -> str:
        """Return it as a fraction, as Leibniz writes it."""
        return _partial(self.symbol(partial.of, names), self.symbol(partial.by, names))

    def words(self, text: str) -> str:
        """Return plain words."""
        return words(text)

    def grouped(self, content: str, parentheses: bool) -> str:
        """Return a row, in parentheses if they are needed."""
        if parentheses:
            return f"<mrow><mo>(</mo>{content}<mo>)</mo></mrow>"
        return f"<mrow>{content}</mrow>"

    def function(self, name: str, argument: str) -> str:
        """Return a function under its usual sign: σ′."""
        if name == "abs":
            return f"<mrow><mo>|</mo>{argument}<mo>|</mo></mrow>"
        if name == "sqrt":
            return f"<msqrt>{argument}</msqrt>"
        plain, slope = (name[:-1], operator("′")) if name.endswith("'") else (name, "")
        written = f"<mi>{escape(_FUNCTIONS.get(plain, plain))}</mi>"
        if slope:
            written = f"<msup>{written}{slope}</msup>"
        return f"<mrow>{written}<mo>(</mo>{argument}<mo>)</mo></mrow>"

    def square(self, base: str) -> str:
        """Return a square."""
        return f"<msup>{base}<mn>2</mn></msup>"

    def power(self, base: str, exponent: str) -> str:
        """Return a power."""
        return f"<msup><mrow>{base}</mrow><mrow>{exponent}</mrow></msup>"

    def total(self, index: str, term: str) -> str:
        """Return a sum with its sign."""
        sign = "<mo>∑</mo>"
        over = f"<munder>{sign}<mi>{escape(index)}</mi></munder>" if index else sign
        return f"<mrow>{over}{term}</mrow>"

    def cases(self, pieces: list[tuple[str, str]], otherwise: str) -> str:
        """Return them behind a brace."""
        rows = [(piece, f"{words('if ')}{where}") for piece, where in pieces]
        rows.append((otherwise, words("otherwise")))
        cells = "".join(
            f"<mtr><mtd><mrow>{piece}</mrow></mtd><mtd><mrow>{where}</mrow></mtd></mtr>"
            for piece, where in rows
        )
        return f'<mrow><mo>{{</mo><mtable columnalign="left left">{cells}</mtable></mrow>'

    def relation(self, left: str, sign: str, right: str) -> str:
        """Return a comparison."""
        return f"{left}{operator(RELATIONS.get(sign, sign))}{right}"

    def fraction(self, above: str, below: str) -> str:
        """Return one over the other."""
        return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"


MATHML = MathML()
