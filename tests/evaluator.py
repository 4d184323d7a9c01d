"""Evaluates the formulas that derivations print, from their text alone.

It shares nothing with clearprop.explaining: it reads "(a2[0] - y[0]) · sigmoid'(z2[0])" as anybody
would, looks every name up where the caller says, and computes. Each value comes with its
magnitude, the value that it would have if nothing canceled, to judge rounding by.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

TOKEN = re.compile(
    r"""\s*(?:
    (?P<rest>\[[\d,]+\ other\ \w+\])
    | (?P<partial>∂[^\s·()]+/∂[^\s·()]+)
    | (?P<special>L\([^()]*\ [+-]\ h\)|(?:log)?sumexp\(z\d+\)(?:@\d+)?|sum\(y\)(?:@\d+)?|sum\ of\ W²)
    | (?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?|inf|nan)
    | (?P<function>[A-Za-z_]\w*'?(?=\())
    | (?P<name>(?:new\ )?[^\W\d][^\W²]*(?:\[[\d,]+\])?(?:\^\d+)?(?:@\d+)?)
    | (?P<operator>[-+·/()²√|])
    )""",
    re.VERBOSE,
)


class Value(NamedTuple):
    value: float
    magnitude: float


Lookup = Callable[[str], float]


class Evaluator:
    """Reads one formula."""

    def __init__(self, text: str, lookup: Lookup, apply: Callable[[str, float], float]) -> None:
        self.text, self.lookup, self.apply = text, lookup, apply
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None or match.end() == at:
                raise AssertionError(f"cannot read {text[at:]!r} in {text!r}")
            assert match.lastgroup is not None
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at = 0

    def result(self) -> Value:
        value = self._sum()
        assert self.at == len(self.tokens), f"{self.tokens[self.at :]} is left of {self.text!r}"
        return value

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _take(self, expected: str = "") -> tuple[str, str]:
        token = self.tokens[self.at]
        assert not expected or token[1] == expected, (token, self.text)
        self.at += 1
        return token

    def _sum(self) -> Value:
        total = self._product()
        while self._peek() in ("+", "-"):
            sign = 1 if self._take()[1] == "+" else -1
            term = self._product()
            total = Value(total.value + sign * term.value, total.magnitude + term.magnitude)
        return total

    def _product(self) -> Value:
        if self._peek() == "-":
            self._take()
            value = self._product()
            return Value(-value.value, value.magnitude)
        result = self._factor()
        while self._peek() in ("·", "/"):
            operator = self._take()[1]
            factor = self._factor()
            with np.errstate(all="ignore"):
                if operator == "·":
                    result = Value(result.value * factor.value, result.magnitude * factor.magnitude)
                else:
                    quotient = float(np.float64(result.value) / np.float64(factor.value))
                    loss = factor.magnitude / abs(factor.value) if factor.value else math.inf
                    top = result.magnitude / abs(factor.value) if factor.value else math.inf
                    result = Value(quotient, top * loss)
        return result

    def _factor(self) -> Value:
        value = self._atom()
        if self._peek() == "²":
            self._take()
            value = Value(value.value * value.value, value.magnitude * value.magnitude)
        return value

    def _atom(self) -> Value:
        kind, text = self._take()
        if kind == "operator":
            if text == "(":
                value = self._sum()
                self._take(")")
                return value
            if text == "|":
                value = self._sum()
                self._take("|")
                return Value(abs(value.value), value.magnitude)
            if text == "√":
                self._take("(")
                value = self._sum()
                self._take(")")
                return Value(math.sqrt(value.value), math.sqrt(value.magnitude))
            if text == "-":
                value = self._atom()
                return Value(-value.value, value.magnitude)
            raise AssertionError(f"{text!r} in {self.text!r}")
        if kind == "number":
            return Value(float(text), abs(float(text)))
        if kind == "function":
            self._take("(")
            argument = self._sum()
            self._take(")")
            value = self.apply(text, argument.value)
            # An error of the argument by rounding may be carried on by the function.
            slack = 1 + argument.magnitude
            return Value(value, abs(value) * slack + slack * 1e-3)
        value = self.lookup(text)
        return Value(value, abs(value))


def close(found: Value, value: float, digits: float = 1e-11) -> bool:
    """Whether a formula gives a value, up to rounding."""
    if math.isnan(value) or math.isnan(found.value):
        return math.isnan(value) and math.isnan(found.value)
    if math.isinf(value) or math.isinf(found.value):
        return value == found.value
    return abs(found.value - value) <= digits * max(abs(value), found.magnitude) + 1e-300
