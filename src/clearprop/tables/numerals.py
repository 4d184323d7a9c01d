"""Numerals: which text is a number, with a decimal point or comma, a currency or another unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

MISSING = frozenset(
    ("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
     "<NA>", "?", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null")
)  # fmt: skip
"""What stands for a missing value: pandas's list, and the question mark that old data sets use."""

POINT, COMMA = MARKS = ".", ","
"""The marks before decimals."""

_SPACES = "  \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"[1:]
_MONEY = "$€£¥₹₽₩₺₫₴₪₦฿"
_MINUS = "\N{MINUS SIGN}"
_CODE = "AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|INR|JPY|KRW|MXN|NOK|NZD|PLN|SEK|TRY|USD|ZAR"
_UNIT = rf"[%‰{_MONEY}]|°?[^\W\d_][^\s\d.,;:+-]{{0,9}}[0-9²³]?\.?|°"

PLAIN = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""Digits with a point and an exponent; no words such as nan, no underscores, no other digits
than 0 to 9: what "\\d" is differs from one library to the next."""

_PLAIN = re.compile(PLAIN, re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.I | re.ASCII)
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+", re.ASCII)

MANY = 1000
"""From so many different texts on, polars reads the plain ones, if it is there."""


class Numeral(NamedTuple):
    """A number as text.

    Attributes
    ----------
    value : float
    unit : str
        Its currency, percent sign or unit; "" for none.
    marks : str
        Those between thousands and before decimals, as far as it has them.
    """

    value: float
    unit: str
    marks: str


@cache
def _pattern(decimal: str) -> re.Pattern[str]:
    between = [COMMA if decimal == POINT else POINT, *_SPACES, "'", "’"]
    point = re.escape(decimal)
    grouped = "|".join(f"[1-9][0-9]{{0,2}}(?:{re.escape(mark)}[0-9]{{3}})+" for mark in between)
    return re.compile(
        rf"(?P<sign>[+{_MINUS}-]?)(?:(?P<before>[{_MONEY}]|{_CODE})[{_SPACES}]?)?(?P<sign_2>[+{_MINUS}-]?)"
        rf"(?P<whole>{grouped}|[0-9]*)(?P<decimals>{point}[0-9]*)?(?P<exponent>[eE][+-]?[0-9]+)?"
        rf"(?:[{_SPACES}]?(?P<after>{_UNIT}))?"
    )


def numeral(text: str, decimal: str) -> Numeral | None:
    """Return the number that a text is, or None.

    Parameters
    ----------
    text : str
    decimal : {".", ","}
        The mark before decimals. The other one, spaces and apostrophes may stand between
        thousands.

    Examples
    --------
    >>> numeral("$1,234.50", "."), numeral("1.234,50 EUR", ",")
    (Numeral(value=1234.5, unit='$', marks=',.'), Numeral(value=1234.5, unit='EUR', marks='.,'))
    >>> numeral("12 kg", ".").unit, numeral("1,2", "."), numeral("007 agents", ".")
    ('kg', None, None)
    """
    if _INFINITE.fullmatch(text):
        return Numeral(float(text), "", "")
    found = _pattern(decimal).fullmatch(text)
    if found is None:
        return None
    sign, sign_2, whole, decimals = found.group("sign", "sign_2", "whole", "decimals")
    digits = re.sub(r"[^0-9]", "", whole)
    rest = (decimals or "")[1:]
    if not digits + rest or (sign and sign_2):
        return None
    before, after = found["before"] or "", found["after"] or ""
    if after and _LEADING_ZERO.fullmatch(digits):
        return None
    minus = "-" if (sign or sign_2) in ("-", _MINUS) and (sign or sign_2) else ""
    value = float(f"{minus}{digits or '0'}.{rest}{found['exponent'] or ''}")
    marks = re.sub(r"[0-9]", "", whole)[:1] + (decimals or "")[:1]
    return Numeral(value, f"{before} {after}".strip(), marks)


def numbers_of(texts: Sequence[str], decimal: str, unit: str | None) -> NDArray[np.float64]:
    """Return the numbers that texts are, NaN where one is none or has another unit.

    Parameters
    ----------
    texts : sequence of str
    decimal : {".", ","}
    unit : str or None
        A text has this unit, or none at all. None: any.
    """
    numbers = np.full(len(texts), np.nan)
    left: Any = range(len(texts))
    if len(texts) >= MANY:
        left = _read_plain(texts, decimal, numbers)
    for place in left:
        found = numeral(texts[place], decimal)
        if found is not None and (unit is None or found.unit in ("", unit)):
            numbers[place] = found.value
    return numbers


def _read_plain(texts: Sequence[str], decimal: str, numbers: NDArray[np.float64]) -> Sequence[int]:
    """Fill in the numbers of texts that are plain; return the places of the others."""
    try:
        import polars
    except ImportError:
        return range(len(texts))
    each = polars.Series(texts, dtype=polars.String)
    if decimal == COMMA:
        each = polars.select(
            polars.when(each.str.contains(POINT, literal=True))
            .then(polars.lit("text"))
            .otherwise(each.str.replace(COMMA, POINT, literal=True))
        ).to_series()
    plain = each.str.contains(rf"^{PLAIN}$")
    read = polars.select(polars.when(plain).then(each)).to_series().cast(polars.Float64)
    numbers[:] = read.to_numpy()
    return np.flatnonzero(~plain.to_numpy()).tolist()


def is_plain(text: str) -> bool:
    """Whether a text is a number with a point, without a sign of currency, thousands or percent."""
    return _PLAIN.fullmatch(text) is not None


def has_leading_zero(text: str) -> bool:
    """Whether a text is digits that begin with a zero: a name, such as 007, not a number."""
    return _LEADING_ZERO.fullmatch(text) is not None
