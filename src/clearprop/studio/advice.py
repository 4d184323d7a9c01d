"""What a report advises about columns, in words of the page: a button, or a tick."""

from __future__ import annotations

from collections.abc import Iterable

from clearprop.tables.text import setting


def advised(name: str, texts: Iterable[str]) -> str:
    """Return what texts of a report advise to read a column as, or "".

    Examples
    --------
    >>> advised("zip", ["...; columns={'zip': 'category'} reads it as categories"])
    'category'
    """
    for text in texts:
        _, told, rest = text.partition(f"columns={{{name!r}: '")
        if told:
            return rest.partition("'")[0]
    return ""


def told(name: str, text: str) -> str:
    """Return a text of a report, without what stands for a program to write.

    Examples
    --------
    >>> told("id", "looks like an identifier; keep=['id'] (--keep id) keeps it")
    'looks like an identifier; a tick keeps it'
    >>> told("zip", "...; columns={'zip': 'category'} reads it as categories")
    '...; “Read zip as category” reads it as categories'
    """
    text = text.replace(setting("keep", name), "a tick")
    if kind := advised(name, [text]):
        button = f"“Read {name} as {kind}”"
        text = text.replace(setting("columns", name, kind), button)
        text = text.replace(f"columns={{{name!r}: {kind!r}}}", button)
    return text
