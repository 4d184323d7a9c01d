"""Columns of a printed derivation, read from its text, LaTeX, MathML or HTML alone.

A column is a sum with a row for each term: what stands behind the last "=" of each row is to add
up to what stands below them.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
HEAD = re.compile(r"the sum of ([\d,]+) terms")
OTHERS = re.compile(r"\[([\d,]+) other \w+\]")


class Row(NamedTuple):
    """A term: its formula with sign, its numbers if they are printed, and its value."""

    symbols: str
    numbers: str
    value: str


class Column(NamedTuple):
    """A sum as it is printed: how many terms it says to have, its rows, and what is below."""

    terms: int
    rows: list[Row]
    total: str


def columns_of_text(text: str) -> Iterator[Column]:
    """Yield the columns of a derivation's text."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        head = re.search(r"^(.*)= the sum of ([\d,]+) terms$", line)
        if not head:
            continue
        margin = len(head[1])
        rows: list[str] = []
        for below in lines[at + 1 :]:
            if below.startswith(" " * margin + "= "):
                total = below[margin + 2 :].split()[0]
                yield Column(_count(head[2]), [_row(row) for row in rows], total)
                break
            if below[margin : margin + 4] in ("  + ", "  - "):
                rows.append(below.strip())
            else:
                rows[-1] += f" {below.strip()}"
        else:
            raise AssertionError(f"no total below {line!r}")


def columns_of_latex(latex: str) -> Iterator[Column]:
    """Yield the columns of a derivation's LaTeX."""
    for block in re.findall(r"\\begin{align\*}\n(.*?)\n\\end{align\*}", latex, re.DOTALL):
        lines = [_plain(line.split("&", 1)[1]) for line in block.split(" \\\\\n")]
        yield from _columns_of_lines(lines, r"\quad", r"\qquad")


def columns_of_mathml(page: str) -> Iterator[Column]:
    """Yield the columns of all <math> elements of a derivation's MathML."""
    for element in re.findall(r"<math.*?</math>", page, re.DOTALL):
        rows = ET.fromstring(element).iter("{http://www.w3.org/1998/Math/MathML}mtr")
        yield from _columns_of_lines([_flat(row[-1]).strip() for row in rows], "\t", "\n")


def columns_of_html(page: str) -> Iterator[Column]:
    """Yield the columns of a derivation's page, where every row is a line of its own."""
    lines = re.findall(r'<div class="line[^"]*">(.*?)</div>', page, re.DOTALL)
    flat = [_flat(ET.fromstring(f"<line>{line}</line>")).strip() for line in lines]
    yield from _columns_of_lines(flat, "", "\n")


def _columns_of_lines(lines: list[str], indent: str, further: str) -> Iterator[Column]:
    for at, line in enumerate(lines):
        head = HEAD.search(line)
        if not head:
            continue
        rows: list[str] = []
        for below in lines[at + 1 :]:
            if below.startswith(further):
                rows[-1] += f" {below.removeprefix(further)}"
            elif below.startswith("="):
                yield Column(_count(head[1]), [_row(r) for r in rows], _leading(below))
                break
            else:
                rows.append(below.replace(indent, "", 1).strip())
        else:
            raise AssertionError(f"no total below {line!r}")


def _leading(line: str) -> str:
    found = re.match(rf"= ?({NUMBER})", line)
    assert found, line
    return found[1]


def _row(text: str) -> Row:
    symbols, *numbers, value = re.sub(r"\W*(?:◂ )?\(?largest\)?$", "", text).split(" = ")
    assert re.fullmatch(NUMBER, value.strip()), text
    return Row(symbols.strip(), " ".join(numbers).strip(), value.strip())


def _count(text: str) -> int:
    return int(text.replace(",", ""))


def _plain(latex: str) -> str:
    """Return a line of LaTeX with its numbers as Python reads them."""
    line = re.sub(r" \\tag\*{.*}$", "", latex)
    line = re.sub(r"(\d) \\cdot 10\^{(-?\d+)}", r"\1e\2", line)
    return re.sub(r" \\quad \\text{\(largest\)}$", " largest", line)


def _flat(element: ET.Element) -> str:
    tag = element.tag.rpartition("}")[2]
    text = (element.text or "").replace("−", "-")
    if tag == "mspace":
        return ""
    if tag == "mo" and text in "=+-·/":
        return text if text == "-" else f" {text} "
    if tag == "msup" and (element[0].text, element[0].tag[-2:]) == ("10", "mn"):
        return f"10^{_flat(element[1])}"
    inside = text + "".join(map(_flat, element))
    inside = re.sub(r"(\d) · 10\^(-?\d+)", r"\1e\2", inside)
    return f" {inside}" if inside == "largest" else re.sub(r" +", " ", inside)


def half_unit(number: str, digits: int) -> Fraction:
    """Return what rounding to so many significant digits may have changed."""
    value = abs(Fraction(number))
    if value == 0:
        return Fraction(0)
    place = int(f"{float(value):e}".partition("e")[2])
    return Fraction(10) ** (place - digits + 1) / 2


def check_column(column: Column) -> None:
    """Add a column up as a reader would: every row is as exact as it is printed."""
    printed = [re.sub(r"e.*|\D", "", row.value).lstrip("0") for row in column.rows]
    digits = max(6, *map(len, printed))
    found = sum(Fraction(row.value) for row in column.rows)
    room = sum(half_unit(row.value, digits) for row in column.rows) + half_unit(column.total, 6)
    # Where 15 digits are printed, the record's own sum is rounded as coarsely.
    room += Fraction(1, 10**15) * sum(abs(Fraction(row.value)) for row in column.rows)
    assert abs(found - Fraction(column.total)) <= room, column
    others = [OTHERS.search(re.sub(r"\\text{|[{}]", "", row.symbols)) for row in column.rows]
    counted = sum(_count(other[1]) if other else 1 for other in others)
    assert counted == column.terms, column
