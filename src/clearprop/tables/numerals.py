"""Numerals: which text is a number, which stands for none, in files and data frames alike."""

from __future__ import annotations

import re
from collections.abc import Iterable

MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
     "<NA>", "?", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null")
)  # fmt: skip
"""What stands for a missing value: pandas's list, and the question mark that old data sets use."""

PLAIN = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""Digits with a point and an exponent; no words such as nan, no underscores, no other digits
than 0 to 9: what "\\d" is differs from one library to the next."""

_PLAIN = re.compile(PLAIN, re.ASCII)
_DRESSED = re.compile(
    r"(?P<sign>[+-]?)\s?[$€£¥]?\s?(?P<digits>\d{1,3}(,\d{3})+|\d+)(?P<rest>\.\d*)?\s?[%$€£¥]?",
    re.ASCII,
)


def number_of(text: str | None) -> float | None:
    """Return the number that a text is, or None.

    A currency sign, commas between thousands and a percent sign are left out.

    Examples
    --------
    >>> number_of("-1.5e3"), number_of("$1,234.50"), number_of("15%"), number_of("1,2")
    (-1500.0, 1234.5, 15.0, None)
    """
    if text is None:
        return None
    if _PLAIN.fullmatch(text):
        return float(text)
    dressed = _DRESSED.fullmatch(text)
    if dressed is None:
        return None
    digits = dressed["digits"].replace(",", "")
    return float(f"{dressed['sign']}{digits}{dressed['rest'] or ''}")


def is_plain(text: str) -> bool:
    """Whether a text is a number without a sign of currency, thousands or percent."""
    return _PLAIN.fullmatch(text) is not None


def all_dressed(texts: Iterable[str | None]) -> bool:
    """Whether all texts that are there are numbers, and some have such signs."""
    present = {text for text in texts if text is not None}
    return (
        bool(present)
        and all(number_of(text) is not None for text in present)
        and not all(map(is_plain, present))
    )
