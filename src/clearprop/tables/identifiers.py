"""Identifiers and text: columns that differ in nearly every row, of which nothing is learned.

Numbers that measure something differ in every row too, so that whole numbers alone are looked at,
and more than their being different has to speak for an identifier.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from clearprop.tables.columns import Column
from clearprop.tables.numerals import (
    MARKS,
    Numeral,
    has_leading_zero,
    is_money,
    is_plain,
    numeral,
)
from clearprop.tables.text import examples, setting
from clearprop.tables.units import fits
from clearprop.tables.values import EXACT

FEWEST = 20
"""So many different texts are categories, in whatever rows, unless each is another."""

LOOKED_AT = 1000
"""Texts that tell what a column of text is."""

_NAMED = re.compile(
    r"((^|[\W_])(id|uuid|guid|index|key|row|rownames|rowid|nr|no|phone|isbn|iban|ssn|ean)"
    r"|^column 1|^unnamed: 0)$",
    re.I,
)
_CAMEL = re.compile(r"[a-z]I[dD]$")

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_UNSPACED = re.compile("[\u0e00-\u0eff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]")
"""Letters of scripts without blanks between words: Thai, Lao, Chinese, Japanese (and Korean)."""

_MARKUP = "{[<"

_BYTE = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"
_NAME_OF_DIGITS = re.compile(rf"{_BYTE}(?:[.]{_BYTE}){{3}}|[+][0-9]{{1,3}}(?:\s[0-9]+)+")
"""Addresses of the internet and telephone numbers, whose digits may stand as in 1.234.567."""


def of_text(column: Column) -> str:
    """Return why a column of text is no categories, what it is, and how to keep it, or "".

    Parameters
    ----------
    column : Column
        Of words.
    """
    counts = column.counts()
    places = np.flatnonzero(counts)
    n, different = int(counts.sum()), len(places)
    if not (different > max(FEWEST, n / 2) or different == n > 10):
        return ""
    words = [column.words[place] for place in places[:LOOKED_AT]]
    seen = f"{different:,} different values in {n:,} rows, such as {examples(words)}"
    if how := as_numbers(words, column.name):
        mostly = "" if all(map(is_plain, words)) else "mostly "
        what = f"is text that is {mostly}numbers: {seen}"
    elif _is_prose(words):
        what = f"is text: {seen}"
    elif _is_code(words) or different == n:
        return f"looks like an identifier: {seen}; {setting('keep', column.name)} keeps it"
    else:
        what = f"has too many categories: {seen}"
    as_what = "numbers" if how else "categories"
    return f"{what}; {setting('columns', column.name, how or 'category')} reads it as {as_what}"


def as_numbers(words: Sequence[str], name: str) -> str:
    """Return as what to ask for a column whose texts are mostly numbers, or "".

    So for codes such as 007, telephone numbers and addresses of the internet, and what would be an
    identifier as a number.

    Parameters
    ----------
    words : sequence of str
        The different ones, or some.
    name : str
        The column's.

    Examples
    --------
    >>> as_numbers(["1,234.50", "$920", "none"], "x"), as_numbers(["8,5 %", "12,25 %", "low"], "x")
    ('number', 'number, comma')
    >>> as_numbers(["+49 170 555 123", "+49 171 555 456"], "x")
    ''
    """
    if any(has_leading_zero(word) or re.fullmatch("[0-9]{16,}", word) for word in words):
        return ""
    by_point, by_comma = ([_measure(word, mark) for word in words] for mark in MARKS)
    pairs = zip(by_point, by_comma, strict=True)
    is_comma = sum((one is None) - (other is None) for one, other in pairs) > 0
    numerals = [one for one in (by_comma if is_comma else by_point) if one is not None]
    units = Counter(one.unit for one in numerals if one.unit).most_common(1)
    unit, count = units[0] if units else ("", 0)
    numbers = np.array([one.value for one in numerals if fits(one, unit)])
    if 2 * len(numbers) <= len(words):
        return ""
    if 2 * count <= len(numbers) and of_numbers(Column(name, "number", numbers)):
        return ""
    return "number, comma" if is_comma else "number"


def _measure(word: str, decimal: str) -> Numeral | None:
    """Return the number that a text is, or None; also of names such as 12a, and telephone numbers.

    What has a unit that is no money and no percent sign shows by a blank or by marks that it is a
    number.
    """
    found = numeral(word, decimal)
    if found is None or _NAME_OF_DIGITS.fullmatch(word):
        return None
    is_told = " " in word or found.marks or found.unit in ("", "%", "‰") or is_money(found.unit)
    return found if is_told else None


def _is_prose(words: Sequence[str]) -> bool:
    """Whether most are words in a row, and not one text with other digits each time."""
    lengths = median(map(_n_words, words))
    return lengths >= 3 or (lengths >= 2 and not _is_numbered(words))


def _n_words(text: str) -> int:
    if text[0] in _MARKUP:
        return len(text)
    n = sum(_WORD.fullmatch(word.strip(".,;:!?()\"'„“”")) is not None for word in text.split())
    unspaced = len(_UNSPACED.findall(text))
    return n + unspaced // 4


def _is_numbered(words: Sequence[str]) -> bool:
    """Whether the texts are few but for their digits, as in INV-0001 and INV-0002."""
    return len({re.sub(r"[0-9]+", "0", word) for word in words}) <= len(words) / 10


def _is_code(words: Sequence[str]) -> bool:
    odd = sum(re.search(r"[0-9@/\\_]", word) is not None for word in words)
    return odd > len(words) / 2


def of_numbers(column: Column) -> str:
    """Return why a column of numbers names rows, and how to keep it, or ""."""
    some = column.values[:LOOKED_AT]
    if (some != np.floor(some))[~np.isnan(some)].any():
        return ""
    present = column.values[~column.missing]
    if len(present) <= 10 or not (present == np.floor(present)).all():
        return ""
    what = _what_numbers(present, column.name)
    return f"{what}; {setting('keep', column.name)} keeps it" if what else ""


def _what_numbers(present: NDArray[np.float64], name: str) -> str:
    n, low, high = len(present), float(present.min()), float(present.max())
    if low in (0, 1) and high == low + n - 1 and np.array_equal(present, np.arange(n) + low):
        return f"looks like a row number: {low:.0f} to {high:.0f}, in order"
    is_named = _NAMED.search(name) or _CAMEL.search(name)
    is_dense = _are_dense(n, low, high)
    is_counted = is_dense and bool((np.diff(present) > 0).all())  # in another order it is a rank
    # 1001 to 9999 may be any numbers, but not ten digits in all rows, from 2 to 9 in front: no
    # sums, nor seconds since 1970.
    digits = len(f"{low:.0f}") if low > 0 else 0
    is_dialed = n > FEWEST and 9 <= digits == len(f"{high:.0f}") and high > 2 * low
    is_inexact = low >= EXACT
    if not (is_named or is_counted or is_dialed or is_inexact):
        return ""
    different = len(np.unique(present))
    if different < n and not (is_named and different > max(FEWEST, n / 2)):
        return ""
    why = f"{different:,} different whole numbers in {n:,} rows, from {low:.0f} to {high:.0f}"
    if is_counted:
        why += ", in order, most of those between"
    elif is_named:
        why += ", and its name says so"
    elif is_dialed:
        why += f", all of {digits} digits"
    return f"looks like an identifier: {why}"


def _are_dense(n: int, low: float, high: float) -> bool:
    """Whether n different whole numbers are most of those between two, which are no years."""
    return n >= 50 and high - low < 1.5 * n and not 1700 <= low <= high <= 2100


def counts_rows(name: str, n: int, low: float, high: float) -> str:
    """Return why n whole numbers, ascending from row to row, count rows, or ""."""
    keeps = f"{setting('keep', name)} keeps it"
    if low in (0, 1) and high == low + n - 1:
        return f"looks like a row number: {low:.0f} to {high:.0f}, in order; {keeps}"
    if not _are_dense(n, low, high):
        return ""
    return (
        f"looks like an identifier: {n:,} different whole numbers in {n:,} rows, from {low:.0f} to "
        f"{high:.0f}, in order, most of those between; {keeps}"
    )
