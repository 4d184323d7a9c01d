"""Equations in HTML whose lines break where the page is narrow.

MathML has no line breaks: a formula in one ``<math>`` is cut, or pushes the page apart. So a line
is written in pieces, a ``<math>`` each, that begin with the operators where it may break: before
"=" rather than inside of what is equal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOKEN = re.compile(r"<[^>]+>|[^<]+")
_OPERATOR = re.compile(r"<mo>([=+−·])</mo>")
_INFIX = '<mo form="infix" lspace="0em" rspace="0.22em">'
"""In place of ``<mo>``: an operator that stands first is taken for a sign, and gets no space."""

_SPACE = '<mspace width="0.25em"/>'
"""Between an operator and words, which count as space themselves."""

WIDE = 44
"""Characters of a fraction that is written on one line, where it can be broken."""

_OPEN, _CLOSE = "<mo>(</mo>", "<mo>)</mo>"

_NOTE = re.compile(r'<mtext class="note">(.*)</mtext>')


def equation_html(code: str, left: str, lines: Sequence[tuple[str, bool]]) -> str:
    """Return an equation: its code name, its left side, and a right side a line.

    Parameters
    ----------
    code : str
        HTML.
    left : str
        MathML.
    lines : sequence of (str, bool)
        MathML, and whether the line is marked as the largest.
    """
    right = "".join(
        f'<div class="line{" largest" if marked else ""}">{line_html(content)}</div>'
        for content, marked in lines
    )
    return (
        f'<div class="equation"><code>{code}</code><div class="left">{math_html(left)}</div>'
        f'<div class="right">{right}</div></div>'
    )


def line_html(content: str) -> str:
    """Return a line: spans that break before "=", of pieces that break before other operators."""
    spans: list[list[str]] = [[]]
    for piece in _pieces(content):
        operator = _OPERATOR.match(piece)
        if operator and operator[1] == "=" and spans[-1]:
            spans.append([])
        note = _NOTE.fullmatch(piece)
        if note:
            spans.append([f'<span class="note">{note[1]}</span>'])
            continue
        if operator is not None:
            piece = _INFIX + piece[4:].replace("</mo><mtext>", f"</mo>{_SPACE}<mtext>", 1)
        spans[-1].append(math_html(piece))
    return " ".join(f"<span>{' '.join(span)}</span>" for span in spans if span)


def math_html(content: str) -> str:
    """Return MathML as an element of its own."""
    return f'<math displaystyle="true"><mrow>{content}</mrow></math>'


def _pieces(content: str) -> list[str]:
    """Divide a row before its operators; a sign belongs to what follows it."""
    pieces, has_begun = [""], False
    for element in _elements(content):
        if _NOTE.fullmatch(element):
            pieces += [element, ""]
            has_begun = False
            continue
        is_operator = _OPERATOR.fullmatch(element) is not None
        if is_operator and has_begun:
            pieces.append("")
            has_begun = False
        pieces[-1] += element
        has_begun = has_begun or not (is_operator or element.startswith("<mspace"))
    return [piece for piece in pieces if re.sub(r"<mspace[^>]*>", "", piece)]


def _elements(content: str) -> list[str]:
    """Return the elements of a row; those of rows in it that may be broken stand for these."""
    opened: list[str] = []
    for element in _split(content):
        within = _split(element[6:-7]) if element.startswith("<mrow>") else []
        if len(within) == 1:
            opened += _elements(within[0])
            continue
        inner = _elements(element[6:-7]) if within else []
        if element.startswith("<mfrac>") and len(re.sub("<[^>]*>", "", element)) > WIDE:
            above, below = (_elements(part) for part in _split(element[7:-8]))
            opened += [_OPEN, *above, _CLOSE, "<mo>/</mo>", _OPEN, *below, _CLOSE]
        else:
            opened += inner if _may_break(inner) else [element]
    return opened


def _split(content: str) -> list[str]:
    """Return the elements of a row as they stand."""
    found: list[str] = []
    depth = 0
    for token in _TOKEN.findall(content):
        if depth == 0:
            found.append("")
        found[-1] += token
        if token.startswith("</"):
            depth -= 1
        elif token.startswith("<") and not token.endswith("/>"):
            depth += 1
    return found


def _may_break(elements: list[str]) -> bool:
    """Whether a row is a plain sum or product: no sign, parentheses or power of ten."""
    whole = ("<mo>(</mo>", "<mo>|</mo>")
    return (
        len(elements) > 1
        and not elements[0].startswith("<mo>")
        and not any(e in whole or e.startswith("<msup><mn>10</mn>") for e in elements)
    )
