"""What is the same has one text, what is not has two: by such texts a run knows its settings again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pytest

import clearprop as cp
from clearprop.training.checkpoints.described import described
from clearprop.training.checkpoints.identity import _LONGEST, _short


def scaled(t, total, table=None, *, factor=1):
    return factor


def closed(rate):
    return lambda t, total: rate


def by_default(rate):
    return lambda t, total, rate=rate: rate


def by_name_alone(rate):
    return lambda t, total, *, rate=rate: rate


class Schedule:
    """A schedule that is an object, and another's attribute."""

    def __init__(self, rate):
        self.rate = rate

    def __call__(self, t, total):
        return self.rate

    def at(self, t, total):
        return self.rate


class Log:
    """No function, but something with attributes."""

    def __init__(self, rate):
        self.rate = rate


class Holder:
    def __init__(self, rate, kind=Schedule):
        self.held = kind(rate)


@dataclass
class Settings:
    rate: float
    more: object = None


MADE = {
    "number": lambda r: r,
    "text": str,
    "list": lambda r: [r, 2],
    "list in a list": lambda r: [[r], 2],
    "set": lambda r: {r, 2.5},
    "mapping": lambda r: {"a": r},
    "key": lambda r: {r: "a"},
    "array": lambda r: np.array([1.0, r]),
    "array of objects": lambda r: np.array([r, None], object),
    "function with a cell": closed,
    "function with a default": by_default,
    "function with a keyword's default": by_name_alone,
    "partial": lambda r: partial(scaled, 1, r),
    "partial by name": lambda r: partial(scaled, table=[r]),
    "object": Schedule,
    "method": lambda r: Schedule(r).at,
    "object of an object": Holder,
    "dataclass": Settings,
    "dataclass in one": lambda r: Settings(1.0, Settings(r)),
    "of Clearprop": cp.SGD,
    "schedule of Clearprop": lambda r: cp.SGD(cp.step(r, 3)),
}


@pytest.mark.parametrize("name", MADE)
def test_what_was_given_is_seen(name):
    make = MADE[name]
    assert described(make(0.1)) == described(make(0.1))
    assert described(make(0.1)) != described(make(0.2))


def test_another_kind_shape_or_type_is_another():
    same = [
        scaled, Schedule, Schedule.at, Schedule(0.1), Holder(0.1), Settings(0.1), "0.2", 0.1, None,
        True, 2, [2], [[2]], (2, 3), {2}, {2: 3}, partial(scaled), partial(scaled, 0.1),
        partial(scaled, table=0.1), closed(0.1), by_default(0.1), by_name_alone(0.1),
        np.zeros(4), np.zeros((2, 2)), np.zeros(4, "f4"), np.zeros(4, "i8"), cp.SGD, cp.SGD(0.1),
        cp.Adam(0.1),
    ]  # fmt: skip
    texts = list(map(described, same))
    assert len({*texts}) == len(texts)


def test_what_is_the_same_in_other_words():
    for one, other in (
        (1, 1.0), (np.float32(0.5), 0.5), (np.int64(3), 3), (np.bool_(True), True),
        ([1, 2], (1, 2)), ({"a": 1, "b": 2}, {"b": 2, "a": 1}), ({1.5, "b", 3}, {3, 1.5, "b"}),
        (np.arange(6.0)[::2], np.array([0.0, 2.0, 4.0])), (frozenset("ab"), {"a", "b"}),
    ):  # fmt: skip
        assert described(one) == described(other)


def test_numbers_are_whole_while_they_are_exact():
    assert [described(2.0**53 - 1), described(1 - 2.0**53)] == [f"{2**53 - 1}", f"{1 - 2**53}"]
    assert [described(2.0**53), described(-(2.0**53))] == [f"{2**53}.0", f"-{2**53}.0"]
    assert [described(one) for one in (1e300, -0.0, np.nan, -np.inf)] == [
        "1e+300", "0", "nan", "-inf"
    ]  # fmt: skip


def test_what_is_there_is_said():
    name = f"{__name__.rpartition('.')[2]}."
    assert described(scaled) == f"{name}scaled(default 0=None, factor=1)"
    assert described(partial(scaled)) == f"partial({name}scaled(default 0=None, factor=1))"
    assert described(partial(Schedule, 1, rate=2)) == f"partial({name}Schedule, 1, rate=2)"
    assert described(Schedule(0.5)) == f"{name}Schedule(rate=0.5)"
    assert described(Schedule(0.5).at) == f"{name}Schedule.at of {name}Schedule(rate=0.5)"
    assert described(len) == "builtins.len"
    assert described({"b": [True], "a": {}}) == "{a: {}, b: (True)}"


def test_of_objects_that_are_no_functions_in_attributes_the_class_is_said():
    name = f"{__name__.rpartition('.')[2]}."
    assert described(Log(0.5)) == f"{name}Log(rate=0.5)"
    assert described(Holder(0.5, Log)) == f"{name}Holder(held={name}Log())"
    assert described(Holder(0.5)) == f"{name}Holder(held={name}Schedule(rate=0.5))"
    assert described(cp.Network([1, 1])) == "Network()"  # of ours, too


def test_what_holds_itself_has_an_end():
    chain = [1]
    chain.append(chain)
    assert described(chain) == "(1, ...)"
    one = Schedule(0.5)
    one.rate = one
    assert described(one).endswith("Schedule(rate=...)")
    twice = [2]
    assert described([twice, twice]) == "((2), (2))"  # beside itself is not within


def test_an_empty_cell():
    def uses():
        return later

    assert described(uses).endswith("uses(later=None)")
    later = 3
    assert described(uses).endswith("uses(later=3)")


def test_long_texts_are_cut_and_still_differ():
    for length in (_LONGEST - 1, _LONGEST):
        assert _short("a" * length) == "a" * length
    long, other = _short("a" * (_LONGEST + 1)), _short("a" * _LONGEST + "b")
    assert len(long) <= _LONGEST
    assert long != other
    assert long.startswith("a" * 100)
