"""Numerals: which text is a number, with a decimal point or comma, a currency or another unit."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

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


def is_plain(text: str) -> bool:
    """Whether a text is a number with a point, without a sign of currency, thousands or percent."""
    return _PLAIN.fullmatch(text) is not None


def has_leading_zero(text: str) -> bool:
    """Whether a text is digits that begin with a zero: a name, such as 007, not a number."""
    return _LEADING_ZERO.fullmatch(text) is not None
