"""Units that are numbers themselves: 0.5 million, 1.5 Cr, 3万元.

Such a unit is left out only where all numbers of a column have it: 300000 beside 0.5 million is
no 300000 million. `m` and the like are numbers only beside 300k.
"""

from __future__ import annotations

import re
from functools import cache

from clearprop.tables.numerals import Numeral

_WORDS = {
    12.0: "dozen dozens",
    1e2: "hundred hundreds hundert сотен",
    1e3: "thousand thousands thsd ths tsd tausend tys tysięcy tis tisíc tusen duizend mila milliers"
    " тыс тысяч тис",
    1e5: "lakh lakhs lac lacs",
    1e6: "million millions mln mlns mio mn millionen millón millon millones milhão milhões"
    " milione milioni milion milionów milionů miljoen miljoner milyon млн миллион миллионов",
    1e7: "crore crores crs",
    1e9: "bn bln billion billions mrd mld mlrd mrds milliarde milliarden milliard milliards"
    " miliardo miliardi miliard miliardów miljard miljarder milyar млрд миллиард миллиардов",
    1e12: "trillion trillions trn трлн",
    0.0: "mil mill mille",  # a thousand in one language, a million in another
}
_NUMBERS = {word: size for size, words in _WORDS.items() for word in words.split()}
_SIGNS = {"": 1.0, "十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "萬": 1e4, "만": 1e4,
          "億": 1e8, "亿": 1e8, "억": 1e8}  # fmt: skip
_SIGN = re.compile("([十百千]?)([万萬만億亿억])|(千)(?![克米瓦卡赫焦帕伏安字])()")  # 千克 is kg

_LIKE_TIMES = {"m": 1e6, "mm": 1e6, "b": 1e9, "t": 1e12, "tn": 1e12, "cr": 1e7, "crs": 1e7}
_LIKE_TIMES_AS_IS = {"L": 1e5, "G": 1e9}  # l and g are liters and grams


def _word(unit: str) -> str:
    """Return a unit without a currency in front of it, and without a point behind it."""
    return unit.rpartition(" ")[2].rstrip(".")


@cache
def size_of_number(unit: str) -> float | None:
    """Return what a unit that is always a number is, 0 where that differs; else None.

    Examples
    --------
    >>> size_of_number("Mln."), size_of_number("₹ lac"), size_of_number("mil")
    (1000000.0, 100000.0, 0.0)
    >>> size_of_number("千"), size_of_number("万元"), size_of_number("千万円")
    (1000.0, 10000.0, 10000000.0)
    >>> size_of_number("kg"), size_of_number("m"), size_of_number("千克")
    (None, None, None)
    """
    word = _word(unit)
    sign = _SIGN.match(word)
    if sign is None:
        return _NUMBERS.get(word.lower())
    return _SIGNS[sign[1] or sign[3] or ""] * _SIGNS[sign[2] or ""]


@cache
def size_beside_times(unit: str) -> float | None:
    """Return what a unit is beside numbers such as 300k, or None: 0.5m is no half meter there."""
    word = _word(unit)
    as_is = _LIKE_TIMES_AS_IS.get(word, _LIKE_TIMES.get(word.lower()))
    return size_of_number(unit) if as_is is None else as_is


def fits(found: Numeral, unit: str) -> bool:
    """Whether a number may stand in a column of a unit: it has that, or none and needs none."""
    if found.unit or not unit:
        return found.unit == unit
    size = size_beside_times(unit) if found.times else size_of_number(unit)
    return size is None
