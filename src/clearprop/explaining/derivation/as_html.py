"""A derivation as MathML and HTML: words, and the equations of each part; no script."""

from __future__ import annotations

import html

from clearprop.explaining.derivation.as_text import tail_of, term_count
from clearprop.explaining.derivation.definitions import Definition
from clearprop.explaining.derivation.expressions import Negative, Number, Rest, Sum, Symbol
from clearprop.explaining.derivation.glyphs import Glyph, Names
from clearprop.explaining.derivation.html_lines import equation_html, line_html
from clearprop.explaining.derivation.lit import way_to_the_cost
from clearprop.explaining.derivation.mathml import MATHML, MathML, operator, words
from clearprop.explaining.derivation.plain_text import text_of
from clearprop.explaining.derivation.tree import Equation, Part, Tree

WIDE = 90
"""Characters of a formula and its numbers, as text, that are written on one line."""

_NAMESPACE = 'xmlns="http://www.w3.org/1998/Math/MathML"'
_LEFT, _RIGHT = 'style="text-align:left"', 'style="text-align:right"'

_STYLE = """
.clearprop-derivation { font: 15px/1.5 system-ui, sans-serif; padding: 0.5em 1em;
  max-width: 75em; container-type: inline-size; overflow-wrap: anywhere }
.clearprop-derivation h1 { font-size: 1.25em } .clearprop-derivation h2 { font-size: 1.05em;
  margin: 1.2em 0 0.2em; border-bottom: 1px solid rgba(128,128,128,0.4) }
.clearprop-derivation h3 { font-size: 0.95em; margin: 0.8em 0 0.2em; opacity: 0.8 }
.clearprop-derivation p { margin: 0.2em 0 } .clearprop-derivation math { font-size: 1.1em }
.clearprop-derivation .equations { display: grid; grid-template-columns: auto auto 1fr;
  gap: 0.35em 0.6em; align-items: first baseline; margin: 0.4em 0 }
.clearprop-derivation .equation { display: contents }
.clearprop-derivation .left { text-align: right; white-space: nowrap }
.clearprop-derivation .line { padding: 0.1em 0.2em }
.clearprop-derivation .line > span { display: inline-block; max-width: 100%; padding: 0.12em 0 }
.clearprop-derivation p > span { display: inline-block; max-width: 100% }
.clearprop-derivation code { background: none; color: inherit; opacity: 0.7;
  font: 0.8em ui-monospace, monospace } .clearprop-derivation .note { color: #2383BE }
.clearprop-derivation .largest { background: rgba(255,176,0,0.2) }
.clearprop-derivation .lit { background: rgba(160,80,224,0.3) }
@container (max-width: 640px) {
  .clearprop-derivation p math { font-size: 0.95em }
  .clearprop-derivation .equations { display: block }
  .clearprop-derivation .equation { display: block; margin: 0.6em 0 }
  .clearprop-derivation .left { display: inline-block; margin-left: 0.6em }
  .clearprop-derivation .right { margin-left: 1em } }
"""
"""Words take the color of what is around them, and the others stand out from white and from black,
so that a derivation can be read in a notebook's light and dark theme."""


def page_of(derivation: Tree) -> str:
    """Return a page in one file."""
    title = html.escape(derivation.title)
    return (
        '<!DOCTYPE html>\n<html lang="en" style="color-scheme:light dark"><head>'
        f'<meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>\n'
        f"<body>{body_of(derivation)}</body></html>\n"
    )


def body_of(derivation: Tree) -> str:
    """Return the derivation for a notebook, with its styles."""
    pieces = [
        f"<style>{_STYLE}</style>",
        f"<h1>{prose_html(derivation.title, derivation.names)}</h1>",
    ]
    pieces += [f"<p>{prose_html(sentence, derivation.names)}</p>" for sentence in derivation.words]
    lit = way_to_the_cost(derivation)
    if lit is not None:
        start = prose_html(lit.start, derivation.names)
        pieces.append(f"<p>The way from {start} to the cost is lit.</p>")
    sections = "".join(_section(part, derivation.names, 2) for part in derivation.parts)
    pieces.append(sections if lit is None else lit.marked(sections))
    return f'<div class="clearprop-derivation">{"".join(pieces)}</div>'


def _section(part: Part, names: Names, level: int) -> str:
    tag = f"h{min(level, 3)}"
    pieces = [f"<{tag}>{prose_html(part.title, names)}</{tag}>"]
    pieces += [f"<p>{definition_html(definition)}</p>" for definition in part.definitions]
    pieces += [f"<p>{prose_html(sentence, names)}</p>" for sentence in part.words]
    if part.equations:
        rows = "".join(equation_html(*lines_of(e, names)) for e in part.equations)
        pieces.append(f'<div class="equations">{rows}</div>')
    pieces += [_section(child, names, level + 1) for child in part.parts]
    return f"<section>{''.join(pieces)}</section>"


def prose_html(text: str, names: Names) -> str:
    """Return words, with the scripts of symbols below and above the line."""
    return "".join(
        html.escape(piece) if glyph is None else _with_scripts(glyph)
        for piece, glyph in names.in_prose(text)
    )


def _with_scripts(glyph: Glyph) -> str:
    scripts = (("sub", glyph.below), ("sup", glyph.above))
    return f"<i>{glyph.base}</i>" + "".join(
        f"<{tag}>{script}</{tag}>" for tag, script in scripts if script
    )


def definition_html(definition: Definition) -> str:
    """Return a definition, and the remarks on it."""
    written = definition.written(MATHML)
    if written is None:
        return html.escape(text_of(definition))
    remarks = (
        html.escape(said) if equation is None else f"<math><mrow>{equation}</mrow></math>"
        for said, equation in definition.remarks(MATHML)
    )
    return ", ".join((line_html(written), *remarks))


def mathml_of(derivation: Tree) -> str:
    """Return one ``<math>`` element for all equations, with titles and words of the parts."""

    def said(text: str) -> str:
        return f'<mtr><mtd columnspan="3" {_LEFT}>{words(text)}</mtd></mtr>'

    rows = [said(sentence) for sentence in derivation.words]

    def add(part: Part) -> None:
        rows.append(said(part.title))
        for definition in part.definitions:
            written = definition.written(MATHML) or words(text_of(definition))
            rows.append(f'<mtr><mtd columnspan="3" {_LEFT}><mrow>{written}</mrow></mtd></mtr>')
        rows.extend(said(text) for text in part.words)
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
    code, left, lines = lines_of(equation, names)
    rows = []
    for i, (content, marked) in enumerate(lines):
        first = (f'<mtext class="code">{code}</mtext>', left) if i == 0 else ("", "")
        cells = _cell(first[0]) + _cell(first[1], _RIGHT) + _cell(content, _LEFT, marked)
        rows.append(f'<mtr class="first">{cells}</mtr>' if i == 0 else f"<mtr>{cells}</mtr>")
    return "".join(rows)


def lines_of(
    equation: Equation, names: Names, writer: MathML = MATHML
) -> tuple[str, str, list[tuple[str, bool]]]:
    """Return an equation's code name, its left side, and its lines, each marked or not."""
    tail = tail_of(equation).strip()
    note = f'<mspace width="1em"/><mtext class="note">{html.escape(tail)}</mtext>' if tail else ""
    digits = equation.shown_digits
    value = writer.put_in(writer.number(equation.value, equation.known), equation.left)
    if equation.gap:
        value = words(f"______ ({equation.gap})")
    equal = operator("=")
    lines: list[tuple[str, bool]] = [
        (f"{equal}{writer.symbols(form, names)}", False) for form in equation.forms[:-1]
    ]
    if equation.is_by_rows or len(equation.terms) > 4:
        last = equation.forms[-1]
        assert isinstance(last, Sum)
        lines.append((f"{equal}{words(f'the sum of {term_count(equation)}')}", False))
        lines += _term_lines(equation, last, names, writer)
        lines.append((f"{equal}{value}{note}", False))
    elif equation.shows_numbers:
        last = equation.forms[-1]
        written = f"{equal}{writer.symbols(last, names)}"
        put_in = f"{equal}{writer.numbers(last, digits)}{equal}{value}{note}"
        if len(equation.symbols) + len(equation.numbers) > WIDE:
            lines += [(written, False), (put_in, False)]
        else:
            lines.append((written + put_in, False))
    elif equation.forms:
        written = writer.symbols(equation.forms[-1], names)
        is_number = isinstance(equation.forms[-1], Number)
        shown = f"{equal}{written}" + ("" if is_number else f"{equal}{value}")
        lines.append((f"{shown}{note}", False))
    else:
        lines.append((f"{equal}{value}{note}", False))
    return html.escape(equation.name), writer.symbols(equation.left, names), lines


def _term_lines(
    equation: Equation, last: Sum, names: Names, writer: MathML
) -> list[tuple[str, bool]]:
    """Return a line for each term of a sum, and whether it is the largest."""
    written = writer.terms(last.terms, names)
    lines = []
    for i, term in enumerate(last.terms):
        sign = operator("+") if i == 0 and not isinstance(term, Negative) else ""
        before = f'<mspace width="1em"/>{sign}'
        # Numbers and value carry the sign, so that the values add up to what stands below them.
        value = f"{operator('=')}{writer.number(term.value, equation.shown_digits)}"
        put_in = f"{operator('=')}{writer.numbers(term, equation.shown_digits)}"
        plain = isinstance(term, Rest | Symbol)
        largest = i == equation.largest
        mark = '<mspace width="1em"/><mtext class="note">largest</mtext>' if largest else ""
        lines.append((f"{before}{written[i]}{'' if plain else put_in}{value}{mark}", largest))
    return lines
