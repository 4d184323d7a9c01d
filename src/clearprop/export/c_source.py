"""C source: numbers, names and texts as C99 writes them."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, shown

Array = NDArray[Any]

KEYWORDS = frozenset(
    ("auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else",
     "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long", "register",
     "restrict", "return", "short", "signed", "sizeof", "static", "struct", "switch", "typedef",
     "union", "unsigned", "void", "volatile", "while")
)  # fmt: skip

_WIDTH = 100


def check_name(name: str) -> str:
    """Return `name`, which functions and constants begin with, or raise `ArgumentError`."""
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name, re.ASCII):
        raise ArgumentError(
            f"name is {shown(name)}; a name in C is a letter, and letters, digits and underscores"
        )
    if name in KEYWORDS:
        raise ArgumentError(f"{name!r} is a keyword of C: choose another name")
    return name


def name_from(text: str) -> str:
    """Return the name in C that is most like a text, such as the name of a file.

    Examples
    --------
    >>> name_from("penguins"), name_from("2nd-try"), name_from("int")
    ('penguins', 'net_2nd_try', 'net_int')
    """
    name = re.sub(r"[^A-Za-z0-9_]", "_", text, flags=re.ASCII)
    return name if name[:1].isalpha() and name not in KEYWORDS else f"net_{name}"


def number(value: Any) -> str:
    """Return a float32 or float64 as C writes it: the shortest digits that give it back.

    Examples
    --------
    >>> number(np.float32(0.1)), number(np.float64(-2)), number(np.float32(1e-20))
    ('0.1f', '-2.0', '1e-20f')
    """
    # str(value) goes by np.set_printoptions, which may leave digits out.
    if value == 0 or 1e-4 <= abs(value) < 1e16:
        digits = np.format_float_positional(value, trim="0")  # "1f" would be no number in C
    else:
        digits = np.format_float_scientific(value, trim="-")
    return f"{digits}f" if value.dtype == np.float32 else digits


def array(name: str, values: Array) -> list[str]:
    """Return the lines of a constant vector or matrix."""
    kind = "float" if values.dtype == np.float32 else "double"
    shape = "".join(f"[{size}]" for size in values.shape)
    lines = [f"static const {kind} {name}{shape} = {{"]
    for row in np.atleast_2d(values):
        words = [number(one) for one in row]
        if values.ndim == 2:
            words[0] = "{" + words[0]
            words[-1] += "}"  # in a row of one, the same word
        lines += _filled([f"{word}," for word in words])
    return [*lines, "};"]


def _filled(words: list[str]) -> list[str]:
    """Return words in lines that are not too long; faster than textwrap, which parses them."""
    lines, line = [], "   "
    for word in words:
        if len(line) + len(word) >= _WIDTH:
            lines.append(line)
            line = "   "
        line += f" {word}"
    return [*lines, line]


def text(value: str) -> str:
    r"""Return a string literal in UTF-8, with nothing in it that C reads in its own way.

    Examples
    --------
    >>> print(text('a "b"'), text("100 €"), text("what??/"))
    "a \"b\"" "100 \342\202\254" "what\?\?/"
    """
    made = ""
    for byte in value.encode():
        one = chr(byte)
        if one in '\\"?':  # two question marks begin a trigraph
            made += f"\\{one}"
        elif 32 <= byte < 127:
            made += one
        else:
            made += f"\\{byte:03o}"
    return f'"{made}"'


def comment(value: str) -> str:
    """Return a text as a comment may hold it: quoted, and without an end of the comment."""
    return text(value).replace("*/", "* /").replace("/*", "/ *")
