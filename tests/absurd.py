"""Values that no setting was made for; a few of them suit some."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd

import clearprop as cp


class _NoText:
    """An object that cannot even be shown."""

    def __repr__(self):
        raise RuntimeError("no text")


class _OddOptimizer:
    """One of the user's own, whose rate is not what the package's are."""

    learning_rate = "fast"
    momentum = None

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        parameters -= 0.1 * gradient


VALUES = {
    "odd optimizer": _OddOptimizer(),
    "None": None,
    "True": True,
    "False": False,
    "-1": -1,
    "0": 0,
    "1": 1,
    "0.5": 0.5,
    "5.0": 5.0,
    "nan": float("nan"),
    "inf": float("inf"),
    "1e308": 1e308,
    "5e-324": 5e-324,
    "10**400": 10**400,
    "-10**400": -(10**400),
    "10**5000": 10**5000,
    "2**63": 2**63,
    "2**64": 2**64,
    "1j": 1j,
    "''": "",
    "long text": "x" * 10**6,
    "surrogate": "\ud800",
    "null": "\0",
    "bytes": b"x",
    "[]": [],
    "{}": {},
    "[None]": [None],
    "['a', 'b']": ["a", "b"],
    "nested": [[], [1]],
    "object": object(),
    "no text": _NoText(),
    "lambda: None": lambda: None,
    "lambda *_: None": lambda *_, **__: None,
    "array 1-d": np.array([1, 2]),
    "array 0-d": np.array(1),
    "array of text": np.array(["adam", "sgd"]),
    "empty array": np.array([]),
    "float32 nan": np.float32("nan"),
    "float32": np.float32(0.5),
    "longdouble": np.longdouble("1e4000"),
    "int64": np.int64(3),
    "uint8": np.uint8(2),
    "bool_": np.bool_(True),
    "str_": np.str_("adam"),
    "class": cp.SGD,
    "int class": int,
    "Decimal": Decimal("0.5"),
    "Decimal nan": Decimal("snan"),
    "Fraction": Fraction(1, 2),
    "NA": pd.NA,
    "NaT": np.datetime64("NaT", "s"),
    "iterator": iter([1, 2]),
}
