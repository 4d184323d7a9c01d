"""Words: the texts of a column most of which are plain numbers.

To tell a million numbers apart takes longer than to read them, and each as a Python text takes more
memory than all else: so they stay polars', as often as they stand there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from clearprop.tables.numerals import COMMA, POINT, is_plain, numeral
from clearprop.tables.units import fits, size_of_number

if TYPE_CHECKING:
    import polars as pl

MANY = 100
"""From so many texts on, polars reads those that are plain numbers, if it is there."""

SAMPLE = 1000
"""Of more texts as many are looked at first, to spare the others what is in vain."""


@dataclass(frozen=True, eq=False)
class Words(Sequence[str]):
    """Plain numbers, as often as they stand in a column, and then its other texts, each once.

    Attributes
    ----------
    plain : polars.Series of str, n values
        Digits with or without the mark before decimals, a sign and an exponent; finite.
    mark : {".", ","}
    numbers : ndarray, float64, shape (n,)
        What they are.
    others : list of str
    """

    plain: pl.Series
    mark: str
    numbers: NDArray[np.float64]
    others: list[str]

    def __len__(self) -> int:
        return len(self.numbers) + len(self.others)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        n = len(self.numbers)
        at = int(at) + (len(self) if at < 0 else 0)
        return self.plain[at] if at < n else self.others[at - n]

    def __iter__(self) -> Iterator[str]:
        yield from self.plain.to_list()
        yield from self.others


def sampled(words: Sequence[str], counts: Sequence[int] | NDArray[np.int64]) -> list[str]:
    """Return the words of a thousand cells, as often as they stand there."""
    ends = np.cumsum(counts)
    some = np.linspace(1, ends[-1], SAMPLE) if len(ends) else ends
    return [words[at] for at in np.searchsorted(ends, some).tolist()]


def among(words: Sequence[str], wanted: Collection[str]) -> NDArray[np.bool_]:
    """Return which words are among those wanted, shape (n,)."""
    if not isinstance(words, Words):
        return np.array([word in wanted for word in words], dtype=bool)
    plain = np.zeros(len(words.numbers), dtype=bool)
    numerals = [word for word in wanted if is_plain(word.replace(COMMA, POINT))]
    if numerals:
        plain = words.plain.is_in(numerals).to_numpy()
    return np.concatenate([plain, among(words.others, wanted)])


def present(words: Sequence[str], wanted: Collection[str]) -> set[str]:
    """Return those wanted that are among the words, which may be a million numbers."""
    if not isinstance(words, Words):
        return set(wanted).intersection(words)
    numerals = [word for word in wanted if is_plain(word.replace(COMMA, POINT))]
    there: set[str] = set()
    if numerals:
        there.update(words.plain.filter(words.plain.is_in(numerals)).unique().to_list())
    return there | present(words.others, wanted)


def numbers_of(texts: Sequence[str], decimal: str, unit: str | None) -> NDArray[np.float64]:
    """Return the numbers that texts are, NaN where one is none or has another unit.

    Parameters
    ----------
    texts : sequence of str
    decimal : {".", ","}
    unit : str or None
        A text has this unit, or none if the unit is no number. None: any.
    """
    numbers = np.full(len(texts), np.nan)
    left: Any = range(len(texts))
    if isinstance(texts, Words):
        n = len(texts.numbers)
        known = np.ones(n, dtype=bool)
        if decimal != texts.mark:  # what has the mark means something else
            known = ~texts.plain.str.contains(texts.mark, literal=True).to_numpy()
        if unit and size_of_number(unit) is not None:
            known[:] = False
        numbers[:n][known] = texts.numbers[known]
        left = [*np.flatnonzero(~known).tolist(), *range(n, len(texts))]
    found: dict[str, float] = {}
    for place in left:
        text = texts[place]
        if text not in found:
            one = numeral(text, decimal)
            is_fit = one is not None and (unit is None or fits(one, unit))
            found[text] = one.value if one is not None and is_fit else np.nan
        numbers[place] = found[text]
    return numbers


def plain_numbers(texts: pl.Series, mark: str) -> NDArray[np.float64]:
    """Return the numbers that texts are, NaN where one is not plain, or missing, or not finite.

    polars reads as numbers what `numerals.PLAIN` allows, and the words nan, inf and infinity.
    """
    import polars

    if mark == COMMA:
        point = polars.lit(None, polars.String)
        each = polars.col("texts")
        texts = (
            polars.DataFrame({"texts": texts})
            .select(
                polars.when(each.str.contains(POINT, literal=True))
                .then(point)
                .otherwise(each.str.replace(COMMA, POINT, literal=True))
            )
            .to_series()
        )
    read = texts.cast(polars.Float64, strict=False).to_numpy()
    finite = np.isfinite(read)
    return read if finite.all() else np.where(finite, read, np.nan)


def mostly_plain(texts: pl.Series) -> tuple[NDArray[np.float64], str] | None:
    """Return the numbers of texts, NaN where one is none, and their mark; None if most are none.

    Parameters
    ----------
    texts : polars.Series of str
        Without blanks around them, and null where nothing is.
    """
    present = len(texts) - texts.null_count()
    if present < MANY:
        return None
    some = [texts.gather_every(len(texts) // SAMPLE)] if len(texts) > SAMPLE else []
    for sample in (*some, texts):
        numbers, mark = plain_numbers(sample, POINT), POINT
        there = len(sample) - sample.null_count()
        if (read := np.count_nonzero(~np.isnan(numbers))) < there:
            by_comma = plain_numbers(sample, COMMA)
            if (comma := np.count_nonzero(~np.isnan(by_comma))) > read:
                numbers, mark, read = by_comma, COMMA, comma
        if read <= there / 2:
            return None
    return numbers, mark
