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
_DASHES = "\N{HYPHEN-MINUS}\N{EN DASH}\N{EM DASH}"
_CODE = "AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|INR|JPY|KRW|MXN|NOK|NZD|PLN|SEK|TRY|USD|ZAR"
_BEFORE = rf"[A-Z]{{0,3}}[{_MONEY}]|{_CODE}|S?Fr\.|Rs\.?|Rp\.?|kr\.?"
_UNIT = rf"[%‰{_MONEY}](?:/[^\W\d_]{{1,9}}[²³]?)?|°?[^\W\d_][^\s\d.,;:+-]{{0,9}}[0-9²³]?\.?|°"

TIMES = {"k": 1e3, "K": 1e3, "M": 1e6, "mn": 1e6, "bn": 1e9, "Tsd": 1e3, "Mio": 1e6, "Mrd": 1e9}
"""What a number may be multiplied by, in a word behind it: 1.2k, 3,5 Mio. €."""

PLAIN = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""Digits with a point and an exponent; no words such as nan, no underscores, no other digits
than 0 to 9: what "\\d" is differs from one library to the next."""

_PLAIN = re.compile(PLAIN, re.ASCII)
_INFINITE = re.compile(r"[+-]?inf(inity)?", re.I | re.ASCII)
_OF_DAY = r"([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
_DURATION = re.compile(rf"(-?)([0-9]+) days?,? \+?{_OF_DAY}", re.ASCII)
_ISO_DURATION = re.compile(
    r"(-?)P(?:([0-9]+)D)?(?:T(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)(?:\.([0-9]{1,9}))?S)?)?",
    re.ASCII,
)
_BEHIND = re.compile(rf"[0-9][{_MINUS}-]")
_DIGITS, _NO_DIGITS = re.compile("[0-9]"), re.compile("[^0-9]")
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
    times : str
        One of the `TIMES`, by which the value is multiplied, or "".
    """

    value: float
    unit: str
    marks: str
    times: str = ""


@cache
def _pattern(decimal: str) -> re.Pattern[str]:
    between = [COMMA if decimal == POINT else POINT, *_SPACES, "'", "’"]
    point = re.escape(decimal)
    groups = [f"[1-9][0-9]{{0,2}}(?:{re.escape(mark)}[0-9]{{3}})+" for mark in between]
    if decimal == POINT:  # as in India: 12,34,567
        groups.append("[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")
    return re.compile(
        rf"(?P<open>\()?(?P<sign>[+{_MINUS}-]?)(?:(?P<before>{_BEFORE})[{_SPACES}]?)?"
        rf"(?P<sign_2>[+{_MINUS}-]?)(?P<whole>{'|'.join(groups)}|[0-9]*)"
        rf"(?P<decimals>{point}(?:[{_DASHES}]{{1,2}}|[0-9]*))?(?P<exponent>[eE][+-]?[0-9]+)?"
        rf"(?P<behind>[{_MINUS}-](?![^\W\d_]))?"
        rf"(?:(?:[{_SPACES}]?(?P<word>Tsd|Mio|Mrd|mn|bn)\b\.?|(?P<letter>[kKM])(?![^\W_])))?"
        rf"(?:[{_SPACES}]?(?P<after>{_UNIT}))?(?(open)\))"
    )


def numeral(text: str, decimal: str) -> Numeral | None:
    """Return the number that a text is, or None.

    Parameters
    ----------
    text : str
    decimal : {".", ","}
        The mark before decimals. The other one, spaces and apostrophes may stand between
        thousands. A dash may stand for no decimals (12.-), parentheses for a minus, as
        accountants write it, or a minus behind decimals or marked thousands (12.50-, 1,234-).

    Examples
    --------
    >>> numeral("$1,234.50", ".")
    Numeral(value=1234.5, unit='$', marks=',.', times='')
    >>> numeral("1.234,50 EUR", ",")
    Numeral(value=1234.5, unit='EUR', marks='.,', times='')
    >>> numeral("12 kg", ".").unit, numeral("1,2", "."), numeral("007 agents", ".")
    ('kg', None, None)
    >>> numeral("12,34,567", ".").value, numeral("(1,200)", ".").value, numeral("1.2k", ".").value
    (1234567.0, -1200.0, 1200.0)
    """
    found = _pattern(decimal).fullmatch(text)
    if found is None:
        return _in_words(text)
    sign, sign_2, whole, decimals = found.group("sign", "sign_2", "whole", "decimals")
    digits = whole if whole.isdigit() else _NO_DIGITS.sub("", whole)
    rest = (decimals or "")[1:].strip(_DASHES)
    if not digits + rest:
        return _in_words(text)
    behind = found["behind"]  # 12.50-, 1.234-, as SAP writes it; 5- may be a mark, or a code
    if behind and not rest and (decimals or digits == whole):
        return None
    if sum(map(bool, (sign, sign_2, found["open"], behind))) > 1:
        return None
    before, after = found["before"] or "", found["after"] or ""
    times = found["word"] or found["letter"] or ""
    if (after or times) and _LEADING_ZERO.fullmatch(digits):
        return None
    if digits != whole and found["exponent"] and not decimals:
        return None  # 1.257e3 is no 1,257,000: who writes exponents groups no thousands
    minus = "-" if found["open"] or behind or (sign or sign_2) in ("-", _MINUS) else ""
    value = float(f"{minus}{digits or '0'}.{rest}{found['exponent'] or ''}")
    marks = ("" if digits == whole else _DIGITS.sub("", whole)[:1]) + (decimals or "")[:1]
    return Numeral(value * TIMES.get(times, 1.0), f"{before} {after}".strip(), marks, times)


def _in_words(text: str) -> Numeral | None:
    """Return infinity, or the seconds of a duration: 1 days 02:03:04, P1DT2H3M4S."""
    if _INFINITE.fullmatch(text):
        return Numeral(float(text), "", "")
    iso = _ISO_DURATION.fullmatch(text)
    found = iso or _DURATION.fullmatch(text)
    if found is None or not any(found.groups()[1:]):
        return None
    days, hours, minutes, seconds = (int(one or 0) for one in found.groups()[1:5])
    micro = 1_000_000 * (3600 * hours + 60 * minutes + seconds)
    micro += int((found[6] or "").ljust(6, "0")[:6])
    days *= 86_400_000_000
    sign = -1 if found[1] else 1  # pandas: -1 days +23:00:00 is an hour before
    return Numeral((sign * (days + micro) if iso else sign * days + micro) / 1e6, "", "")


def is_money(unit: str) -> bool:
    """Whether a unit is one of money, which may stand at a column's first number alone."""
    return re.fullmatch(f"(?:{_BEFORE})(?: .*)?|[{_MONEY}].*", unit) is not None


def is_plain(text: str) -> bool:
    """Whether a text is a number with a point, without a sign of currency, thousands or percent."""
    return _PLAIN.fullmatch(text) is not None


def has_minus_behind(text: str) -> bool:
    """Whether a text that is a number has its minus behind it: 12.50-."""
    return _BEHIND.search(text) is not None


def has_leading_zero(text: str) -> bool:
    """Whether a text is digits that begin with a zero: a name, such as 007, not a number."""
    return _LEADING_ZERO.fullmatch(text) is not None
