r"""Text that a terminal may be given: names and values from files, without control characters.

A file may call a column "\x1b[2J", which clears the screen it is printed on.
"""

from __future__ import annotations

LONGEST = 2000
"""Characters that a message has at most."""

_BLANKS = str.maketrans("\n\r\t", "   ")
_END = 500


def printable(text: str) -> str:
    r"""Return text without control characters, lone surrogates and the like; line ends stay.

    Examples
    --------
    >>> printable("a\x1b[2Jb\n")
    'a�[2Jb\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


def one_line(text: str) -> str:
    r"""Return text as a message shows it: printable, on one line, the middle of a long one cut.

    Examples
    --------
    >>> one_line("no file\x07\nhere"), len(one_line("x" * 1_000_000))
    ('no file� here', 2000)
    """
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - _END - 5]} ... {text[-_END:]}"
    return printable(text.translate(_BLANKS))
