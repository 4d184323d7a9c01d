"""A derivation as text: aligned, at most 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from clearprop.explaining.derivation.expressions import Negative, Rest
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.plain_text import TEXT
from clearprop.explaining.derivation.plain_text import text_of as definition_text
from clearprop.explaining.derivation.shown_numbers import count_text, number
from clearprop.explaining.derivation.tree import Equation, Part, Tree

INDENT = 2


def text_of(derivation: Tree, width: int) -> str:
    """Return the whole derivation as text."""
    lines = textwrap.wrap(derivation.title, width)
    for sentence in derivation.words:
        lines += textwrap.wrap(sentence, width)
    for part in derivation.parts:
        lines += ["", *_part(part, derivation.names, width, 0)]
    return "\n".join(lines)


def _part(part: Part, names: Names, width: int, depth: int) -> list[str]:
    margin = " " * (INDENT * depth)
    inner = margin + " " * INDENT
    lines = textwrap.wrap(part.title, width, initial_indent=margin, subsequent_indent=inner)
    for sentence in (*map(definition_text, part.definitions), *part.words):
        lines += textwrap.wrap(sentence, width, initial_indent=inner, subsequent_indent=inner)
    lines += [
        (inner + line).rstrip() for line in _equations(part.equations, names, width - len(inner))
    ]
    for child in part.parts:
        lines += _part(child, names, width, depth + 1)
    return lines


@dataclass
class _Row:
    """An equation in cells: left, then what follows each "="."""

    equation: Equation
    left: str
    right: list[str]
    tail: str

    @property
    def cells(self) -> list[str]:
        return [self.left, *(f"= {cell}" for cell in self.right)]

    def line(self, widths: Sequence[int]) -> str:
        cells = [cell.ljust(width) for cell, width in zip(self.cells, widths, strict=True)]
        return " ".join([*cells, self.tail]).rstrip()


def _row(equation: Equation, names: Names) -> _Row:
    right = [TEXT.symbols(form, names) for form in equation.forms]
    if equation.shows_numbers:
        right.append(TEXT.numbers(equation.forms[-1], equation.shown_digits))
    value = f"______ ({equation.gap})" if equation.gap else number(equation.value, equation.known)
    if not right or right[-1] != value:
        right.append(value)
    return _Row(equation, TEXT.symbols(equation.left, names), right, tail_of(equation))


def tail_of(equation: Equation) -> str:
    """Return what is said behind the value."""
    said = [equation.note] if equation.note else []
    if equation.is_rounding:
        said.append("what is left of terms that cancel: their rounding")
    if equation.uses > 1:
        said.append(f"kept, used {equation.uses:,} times")
    return f"  ({'; '.join(said)})" if said else ""


def _equations(equations: Sequence[Equation], names: Names, width: int) -> list[str]:
    """Return the lines of equations; neighbors of the same kind are aligned."""
    rows = [_row(equation, names) for equation in equations]
    left = min(max((len(row.left) for row in rows), default=0), width // 3)
    # Of neurons that are alike, one whose sum takes several lines has the others follow.
    unfolded = {
        len(row.equation.terms) for row in rows
        if len(row.equation.terms) > 2 and not _on_one_line(row, left, width)
    }  # fmt: skip

    def short(row: _Row) -> bool:
        return len(row.equation.terms) not in unfolded and _on_one_line(row, left, width)

    lines: list[str] = []
    at = 0
    while at < len(rows):
        if not short(rows[at]):
            lines += _broken(rows[at], names, left, width)
            at += 1
            continue
        end = at + 1
        while end < len(rows) and short(rows[end]) and len(rows[end].right) == len(rows[at].right):
            end += 1
        lines += _aligned(rows[at:end], left, width)
        at = end
    return lines


def _on_one_line(row: _Row, left: int, width: int) -> bool:
    own = [max(left, len(row.left)), *(len(cell) for cell in row.cells[1:])]
    return not row.equation.is_by_rows and len(row.line(own)) <= width


def _aligned(rows: list[_Row], left: int, width: int) -> list[str]:
    """Align the cells of rows as far as they have room."""
    columns = list(zip(*(map(len, row.cells) for row in rows), strict=True))
    widths = [left, *(max(column) for column in columns[1:])]
    if all(len(row.line(widths)) <= width for row in rows):
        return [row.line(widths) for row in rows]
    return [row.line([left, *(len(cell) for cell in row.cells[1:])]) for row in rows]


def _broken(row: _Row, names: Names, left: int, width: int) -> list[str]:
    """Return an equation over several lines: one for each form, or for each term of a sum."""
    left = max(left, len(row.left))
    margin = " " * (left + 1)
    terms = len(row.equation.terms) > 2 or row.equation.is_by_rows
    forms = row.right[: len(row.equation.forms)]
    shown = [*forms[:-1], f"the sum of {term_count(row.equation)}"] if terms else row.right
    lines: list[str] = []
    for i, cell in enumerate(shown):
        before = f"{row.left.ljust(left)} = " if i == 0 else f"{margin}= "
        lines += _wrapped(cell, before, width)
    if terms:
        lines += _term_rows(row.equation, names, margin + "  ", width)
        value = number(row.equation.value, row.equation.known)
        lines.append(f"{margin}= {value}{row.tail}")
    elif len(lines[-1]) + len(row.tail) <= width:
        lines[-1] += row.tail
    else:
        lines.append(f"{margin}  {row.tail.strip()}")
    return lines


def term_count(equation: Equation) -> str:
    """Say how many terms a sum has, those that are folded too."""
    shown = sum(1 for term in equation.terms if not isinstance(term, Rest))
    others = sum(term.count for term in equation.terms if isinstance(term, Rest))
    return f"{count_text(shown + others)} terms"


def _term_rows(equation: Equation, names: Names, margin: str, width: int) -> list[str]:
    cells = []
    for i, term in enumerate(equation.terms):
        sign, inner = ("- ", term.term) if isinstance(term, Negative) else ("+ ", term)
        # Numbers and value carry the sign, so that the values add up to what stands below them.
        middle = "" if isinstance(term, Rest) else f"= {TEXT.numbers(term, equation.shown_digits)}"
        value = number(term.value, equation.shown_digits)
        if middle == f"= {value}":
            middle = ""
        mark = "  ◂ largest" if i == equation.largest else ""
        cells.append((sign + TEXT.symbols(inner, names), middle, f"= {value}", mark))
    first, second = (max(len(row[i]) for row in cells) for i in (0, 1))
    lines = []
    for symbol, middle, value, mark in cells:
        line = f"{margin}{symbol.ljust(first)} {middle.ljust(second)} {value}{mark}"
        if len(line) > width:
            line = f"{margin}{symbol} {middle} {value}{mark}"
        if len(line) > width:
            lines += _wrapped(symbol, margin, width)
            line = f"{margin}    {middle} {value}{mark}"
        if len(line) > width:
            lines += _wrapped(middle, margin + "    ", width)
            line = f"{margin}    {value}{mark}"
        lines.append(line.rstrip())
    return lines


def _wrapped(text: str, before: str, width: int) -> list[str]:
    """Break a long formula before its operators."""
    lines, line = [], before
    margin = " " * (len(before) + 2)
    for i, piece in enumerate(_pieces(text)):
        if i and len(line) + len(piece) > width:
            lines.append(line.rstrip())
            line = margin + piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()]


def _pieces(text: str) -> list[str]:
    """Cut a formula before each operator that stands in no parentheses."""
    words = text.split(" ")
    pieces, depth = [words[0]], _depth(words[0])
    for word in words[1:]:
        if word in ("·", "+", "-", "/") and depth == 0:
            pieces.append(f" {word}")
        else:
            pieces[-1] += f" {word}"
        depth += _depth(word)
    return pieces


def _depth(word: str) -> int:
    return word.count("(") - word.count(")")
