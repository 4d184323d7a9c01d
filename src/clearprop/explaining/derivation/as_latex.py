"""A derivation as LaTeX: titles and words as text, an align* for the equations of each part."""

from __future__ import annotations

from clearprop.explaining.derivation.as_text import tail_of, term_count
from clearprop.explaining.derivation.definitions import Definition
from clearprop.explaining.derivation.expressions import (
    Expression,
    Negative,
    Product,
    Rest,
    Sum,
    Symbol,
)
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.latex import LATEX, escaped, prose
from clearprop.explaining.derivation.plain_text import TEXT, text_of
from clearprop.explaining.derivation.tree import Equation, Part, Tree

LONG = 4
"""Terms of a sum that are written on one line."""

SHORT = 52
"""Characters of a formula and its numbers, as text, that are written on one line."""

WIDE = 45
"""Characters of a term, as text, whose numbers are written on a line of their own."""

FACTORS = 7
"""Factors of a product on a line."""


def latex_of(derivation: Tree) -> str:
    """Return the whole derivation."""
    lines = [
        "% needs \\usepackage{amsmath}",
        r"\begingroup\allowdisplaybreaks",
        rf"\noindent\textbf{{{prose(derivation.title, derivation.names)}}}\par",
    ]
    lines += _sentences(derivation.words, derivation.names)
    for part in derivation.parts:
        lines += _part(part, derivation.names, 0)
    return "\n".join([*lines, r"\endgroup"]) + "\n"


def _sentences(words: tuple[str, ...], names: Names) -> list[str]:
    return [rf"{prose(sentence, names)}\par" for sentence in words]


def _part(part: Part, names: Names, depth: int) -> list[str]:
    style = "textbf" if depth == 0 else "textit"
    lines = ["", rf"\medskip\noindent\{style}{{{prose(part.title, names)}}}\par"]
    lines += [_definition(definition) for definition in part.definitions]
    lines += _sentences(part.words, names)
    if part.equations:
        rows = [row for equation in part.equations for row in _rows(equation, names)]
        lines += [r"\begin{align*}", " \\\\\n".join(rows), r"\end{align*}"]
    for child in part.parts:
        lines += _part(child, names, depth + 1)
    return lines


def _definition(definition: Definition) -> str:
    written = definition.written(LATEX)
    if written is None:
        return rf"{escaped(text_of(definition))}\par"
    remarks = (
        escaped(said) if equation is None else f"${equation}$"
        for said, equation in definition.remarks(LATEX)
    )
    return ", ".join((rf"$\displaystyle {written}$", *remarks)) + r"\par"


def _rows(equation: Equation, names: Names) -> list[str]:
    """Return the lines of one equation; the last carries its code name."""
    pieces: list[str] = []
    for form in equation.forms[:-1]:
        pieces += _broken(form, names)
    value = f"= {LATEX.number(equation.value, equation.known)}"
    if equation.gap:
        value = rf"= \underline{{\hspace{{5em}}}}\;({equation.gap})"
    if equation.is_by_rows or len(equation.terms) > LONG:
        heading = rf"= \text{{the sum of {escaped(term_count(equation))}}}"
        pieces += [heading, *_term_lines(equation, names), value]
    elif equation.forms:
        last = equation.forms[-1]
        written = _broken(last, names)
        if equation.shows_numbers:
            written.append(f"= {LATEX.numbers(last, equation.shown_digits)}")
        if written[-1] != value:
            written.append(value)
        short = len(equation.symbols) + len(equation.numbers) <= SHORT
        pieces += [" ".join(written)] if short else written
    else:
        pieces.append(value)
    tail = tail_of(equation).strip()
    if tail:
        pieces[-1] += rf" \quad \text{{{escaped(tail)}}}"
    pieces[-1] += rf" \tag*{{\texttt{{{escaped(equation.name)}}}}}"
    left = LATEX.symbols(equation.left, names)
    return [f"{left} &{pieces[0]}", *(f"&{piece}" for piece in pieces[1:])]


def _term_lines(equation: Equation, names: Names) -> list[str]:
    """Return a line for each term of a sum, with its numbers and its value."""
    lines = []
    for i, (term, written) in enumerate(
        zip(equation.terms, LATEX.terms(equation.terms, names), strict=True)
    ):
        # Numbers and value carry the sign, so that the values add up to what stands below them.
        value = LATEX.number(term.value, equation.shown_digits)
        put_in = LATEX.numbers(term, equation.shown_digits)
        numbers = "" if isinstance(term, Rest | Symbol) else f" = {put_in}"
        first = i == 0 and not isinstance(term, Negative)
        before = r"\quad + " if first else r"\quad "
        mark = r" \quad \text{(largest)}" if i == equation.largest else ""
        if len(TEXT.symbols(term, names)) > WIDE:
            lines += [f"{before}{written}", rf"\qquad{numbers} = {value}{mark}"]
        else:
            lines.append(f"{before}{written}{numbers} = {value}{mark}")
    return lines


def _broken(form: Expression, names: Names) -> list[str]:
    """Return "= form", cut into lines where it is a long product."""
    if isinstance(form, Product) and len(form.factors) > FACTORS:
        factors = [
            rf"\left( {LATEX.symbols(f, names)} \right)"
            if isinstance(f, Sum)
            else LATEX.symbols(f, names)
            for f in form.factors
        ]
        lines = [
            r" \cdot ".join(factors[at : at + FACTORS]) for at in range(0, len(factors), FACTORS)
        ]
        return [f"= {lines[0]}", *(rf"\quad \cdot {line}" for line in lines[1:])]
    return [f"= {LATEX.symbols(form, names)}"]
