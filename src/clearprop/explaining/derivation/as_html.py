"""A derivation as MathML and HTML: words, a table of equations a part; no script."""

from __future__ import annotations

import html

from clearprop.explaining.derivation.as_text import tail_of, term_count
from clearprop.explaining.derivation.expressions import Negative, Number, Rest, Sum, Symbol
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.mathml import MATHML, operator, words
from clearprop.explaining.derivation.tree import Equation, Part, Tree

WIDE = 90
"""Characters of a formula and its numbers, as text, that are written on one line."""

_NAMESPACE = 'xmlns="http://www.w3.org/1998/Math/MathML"'
_LEFT, _RIGHT = 'style="text-align:left"', 'style="text-align:right"'

_STYLE = """
.clearprop-derivation { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
  padding: 0.5em 1em; max-width: 75em; overflow-x: auto }
.clearprop-derivation h1 { font-size: 1.25em } .clearprop-derivation h2 { font-size: 1.05em;
  margin: 1.2em 0 0.2em; border-bottom: 1px solid #ddd }
.clearprop-derivation h3 { font-size: 0.95em; margin: 0.8em 0 0.2em; color: #444 }
.clearprop-derivation p { margin: 0.2em 0 } .clearprop-derivation math { font-size: 1.1em }
.clearprop-derivation mtd { padding: 0.2em 0.3em }
.clearprop-derivation mtr.first > mtd { padding-top: 0.5em }
.clearprop-derivation .code { color: #767676;
  font: 0.8em ui-monospace, monospace } .clearprop-derivation .note { color: #0060a0 }
.clearprop-derivation .largest { background: #fff3d6 }
"""


def page_of(derivation: Tree) -> str:
    """Return a page in one file."""
    title = html.escape(derivation.title)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>\n'
        f"<body>{body_of(derivation)}</body></html>\n"
    )


def body_of(derivation: Tree) -> str:
    """Return the derivation for a notebook, with its styles."""
    pieces = [f"<style>{_STYLE}</style>", f"<h1>{html.escape(derivation.title)}</h1>"]
    pieces += [f"<p>{html.escape(sentence)}</p>" for sentence in derivation.words]
    pieces += [_section(part, derivation.names, 2) for part in derivation.parts]
    return f'<div class="clearprop-derivation">{"".join(pieces)}</div>'


def _section(part: Part, names: Names, level: int) -> str:
    tag = f"h{min(level, 3)}"
    pieces = [f"<{tag}>{html.escape(part.title)}</{tag}>"]
    pieces += [f"<p>{html.escape(sentence)}</p>" for sentence in part.words]
    if part.equations:
        pieces.append(_math("".join(_rows(e, names) for e in part.equations)))
    pieces += [_section(child, names, level + 1) for child in part.parts]
    return f"<section>{''.join(pieces)}</section>"


def mathml_of(derivation: Tree) -> str:
    """Return one ``<math>`` element for all equations, with titles and words of the parts."""

    def said(text: str) -> str:
        return f'<mtr><mtd columnspan="3" {_LEFT}>{words(text)}</mtd></mtr>'

    rows = [said(sentence) for sentence in derivation.words]

    def add(part: Part) -> None:
        rows.extend(said(text) for text in (part.title, *part.words))
        rows.extend(_rows(equation, derivation.names) for equation in part.equations)
        for child in part.parts:
            add(child)

    for part in derivation.parts:
        add(part)
    return _math("".join(rows))


def _math(rows: str) -> str:
    return (
        f'<math {_NAMESPACE} display="block" style="display:block;text-align:left">'
        f'<mtable displaystyle="true" columnalign="left right left" style="margin:0">'
        f"{rows}</mtable></math>"
    )


def _cell(content: str, style: str = _LEFT, marked: bool = False) -> str:
    marked_class = ' class="largest"' if marked else ""
    return f"<mtd {style}{marked_class}><mrow>{content}</mrow></mtd>"


def _rows(equation: Equation, names: Names) -> str:
    """Return the rows of one equation: code name, left side, and a right side a row."""
    code = f'<mtext class="code">{html.escape(equation.name)}</mtext>'
    tail = tail_of(equation).strip()
    note = f'<mspace width="1em"/><mtext class="note">{html.escape(tail)}</mtext>' if tail else ""
    digits = equation.shown_digits
    value = MATHML.number(equation.value, equation.known)
    if equation.gap:
        value = words(f"______ ({equation.gap})")
    equal = operator("=")
    lines: list[tuple[str, bool]] = [
        (f"{equal}{MATHML.symbols(form, names)}", False) for form in equation.forms[:-1]
    ]
    if equation.is_by_rows or len(equation.terms) > 4:
        last = equation.forms[-1]
        assert isinstance(last, Sum)
        lines.append((f"{equal}{words(f'the sum of {term_count(equation)}')}", False))
        lines += _term_lines(equation, last, names)
        lines.append((f"{equal}{value}{note}", False))
    elif equation.shows_numbers:
        last = equation.forms[-1]
        written = f"{equal}{MATHML.symbols(last, names)}"
        put_in = f"{equal}{MATHML.numbers(last, digits)}{equal}{value}{note}"
        if len(equation.symbols) + len(equation.numbers) > WIDE:
            lines += [(written, False), (put_in, False)]
        else:
            lines.append((written + put_in, False))
    elif equation.forms:
        written = MATHML.symbols(equation.forms[-1], names)
        is_number = isinstance(equation.forms[-1], Number)
        shown = f"{equal}{written}" + ("" if is_number else f"{equal}{value}")
        lines.append((f"{shown}{note}", False))
    else:
        lines.append((f"{equal}{value}{note}", False))
    rows = []
    for i, (content, marked) in enumerate(lines):
        first = (code, MATHML.symbols(equation.left, names)) if i == 0 else ("", "")
        cells = _cell(first[0]) + _cell(first[1], _RIGHT) + _cell(content, _LEFT, marked)
        rows.append(f'<mtr class="first">{cells}</mtr>' if i == 0 else f"<mtr>{cells}</mtr>")
    return "".join(rows)


def _term_lines(equation: Equation, last: Sum, names: Names) -> list[tuple[str, bool]]:
    """Return a line for each term of a sum, and whether it is the largest."""
    written = MATHML.terms(last.terms, names)
    lines = []
    for i, term in enumerate(last.terms):
        sign = operator("+") if i == 0 and not isinstance(term, Negative) else ""
        before = f'<mspace width="1em"/>{sign}'
        # Numbers and value carry the sign, so that the values add up to what stands below them.
        value = f"{operator('=')}{MATHML.number(term.value, equation.shown_digits)}"
        put_in = f"{operator('=')}{MATHML.numbers(term, equation.shown_digits)}"
        plain = isinstance(term, Rest | Symbol)
        largest = i == equation.largest
        mark = '<mspace width="1em"/><mtext class="note">largest</mtext>' if largest else ""
        lines.append((f"{before}{written[i]}{'' if plain else put_in}{value}{mark}", largest))
    return lines
