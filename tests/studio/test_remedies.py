"""Remedies: what the words of a finding are as changes of a setup."""

from __future__ import annotations

import pytest

from clearprop.explaining.diagnosis.finding import Finding
from clearprop.studio.problems import problem_of
from clearprop.studio.remedies import remedies
from clearprop.studio.setup import Setup


def tried(kind, remedy="", layer=1, **settings):
    setup = Setup(**{"data": "moons", **settings})
    found = remedies(setup, problem_of(setup), Finding(kind, layer, "seen", remedy), None)
    return [(one["words"], one["changes"]) for one in found]


@pytest.mark.parametrize(
    ("kind", "settings", "changes"),
    [
        ("learning rate too large", {"optimizer": "sgd", "rate": 0.5}, {"rate": "0.05"}),
        ("learning rate too small", {"optimizer": "sgd", "rate": 0.5}, {"rate": "5"}),
        ("momentum too large", {"optimizer": "sgd", "momentum": 0.99}, {"momentum": "0.9"}),
        ("penalty too large", {"l2": 1.0}, {"l2": "0"}),
        ("unscaled inputs", {}, {"standardize": "1"}),
    ],
)
def test_one_change(kind, settings, changes):
    assert [found for _, found in tried(kind, **settings)] == [changes]


def test_a_rate_that_was_found_goes_before_a_tenth():
    finding, setup = Finding("learning rate too large", None, "seen", ""), Setup(data="moons")
    found = remedies(setup, problem_of(setup), finding, 0.0123)
    found = [(one["words"], one["changes"]) for one in found]
    assert found == [("a learning rate of 0.012", {"rate": "0.012"})]


def test_the_rate_of_a_schedule_is_its_largest():
    [(_, changes)] = tried("learning rate too large", optimizer="sgd", rate=0.2, schedule="cosine")
    assert changes == {"rate": "0.02"}


def test_a_setup_that_has_it_is_not_told_so():
    assert tried("penalty too large", l2=0.0) == []
    assert tried("something else") == []


def test_overfitting_gets_a_penalty_and_more_rows():
    penalty, rows = tried("overfitting", rows=40)
    assert penalty == ("a penalty, l2 of 0.01", {"l2": "0.01"})
    assert rows == ("160 rows", {"rows": "160"})


@pytest.mark.parametrize(
    ("remedy", "changes"),
    [
        ("draw weights by he_normal", {"initializer": "he_normal"}),
        ("use relu with he_uniform", {"activation": "relu", "initializer": "he_uniform"}),
    ],
)
def test_fresh_weights_by_a_law(remedy, changes):
    ((words, found),) = tried("vanishing deltas", remedy, activation="sigmoid")
    assert found.items() >= changes.items()
    assert changes["initializer"] in words


def test_weights_that_are_drawn_so_are_not_drawn_so_again():
    """It would be the same run: what has led there is the steps."""
    remedy = "begin with smaller weights (glorot_uniform) and biases at 0"
    [(words, changes)] = tried("saturation", remedy, rate=30.0)
    assert words == "a learning rate of 3, as weights are drawn so already"
    assert changes == {"rate": "3"}
    for other in ({"gain": 5.0}, {"bias": -2.0}, {"initializer": "normal"}):
        [(_, changes)] = tried("saturation", remedy, rate=30.0, **other)
        assert changes["initializer"] == "glorot_uniform"


def test_fewer_layers_of_many():
    ((words, found),) = tried("exploding deltas", "take fewer layers", hidden="8,8,8,8")
    assert (words, found) == ("two hidden layers", {"hidden": "8,8"})
    assert tried("exploding deltas", "take fewer layers", hidden="8,8") == []


def test_weights_that_are_given_are_not_drawn_again():
    assert tried("dead units", "draw weights by he_normal", data="note", hidden="") == []
