"""Other marks: numbers that a model reads one way, and the text file it is given may mean another.

A model reads "1.234" as training did. Where a file has no decimals, only what stands between its
fields hints at what it means; what training would have read otherwise in it is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from clearprop.tables.columns import Column
from clearprop.tables.look import look_at
from clearprop.tables.numerals import COMMA, MARKS, MISSING, POINT, numeral
from clearprop.tables.text import cut

if TYPE_CHECKING:
    from clearprop.tables.encoding import Encoding


def usual_mark(separator: str) -> str:
    """Return the mark before decimals where no number says: a comma beside semicolons.

    Examples
    --------
    >>> usual_mark(";"), usual_mark(","), usual_mark("")
    (',', '.', '.')
    """
    return COMMA if separator == ";" else POINT


class OtherMarks:
    """The numbers of a text file that may be meant otherwise than a model reads them.

    Parameters
    ----------
    encoding : Encoding
    separator : str
        What stands between the file's fields; "" where it is no text.
    """

    def __init__(self, encoding: Encoding, separator: str) -> None:
        self._separator = separator
        self._usual = usual_mark(separator)
        told = separator and encoding.missing_words is not None
        inputs = [one for one in encoding.inputs if told and one.kind == "number"]
        self._marks = {one.column: one.reading.decimal for one in inputs}
        self._marks = {name: mark for name, mark in self._marks.items() if mark != self._usual}
        self._missing = {*encoding.words_for_missing, *MISSING}
        self._shown = 0
        self._examples: dict[str, str] = {}

    @property
    def columns(self) -> Collection[str]:
        """Those to look at: what the model reads as training on this file would not."""
        return self._marks.keys()

    def add(self, columns: Mapping[str, Column]) -> None:
        """Look at some rows of the file."""
        for name, mark in self._marks.items():
            column = columns.get(name)
            if column is None or column.kind != "text":
                continue
            look = look_at(column, self._missing)
            by_mark = dict(zip(MARKS, (look.point, look.comma), strict=True))
            self._shown += by_mark[mark] - by_mark[self._usual]
            if look.example:
                self._examples.setdefault(name, look.example)

    def notes(self) -> list[str]:
        """Return a note if some numbers may be meant otherwise, and no others show how."""
        if not self._examples or self._shown > 0:
            return []
        name, example = next(iter(self._examples.items()))
        mark = self._marks[name]
        read, other = (numeral(example, one) for one in (mark, self._usual))
        assert read is not None
        assert other is not None
        words = {POINT: "point", COMMA: "comma"}
        others = len(self._examples) - 1
        more = f", and {others} other column{'s' * (others > 1)} likewise" if others else ""
        return [
            f"{name!r} is read with a decimal {words[mark]}, as in training, {cut(example)!r} as "
            f"{read.value:.10g}{more}; between the fields stands {self._separator!r}, and it could "
            f"be {other.value:.10g}: if so, write the file with decimal {words[mark]}s"
        ]
