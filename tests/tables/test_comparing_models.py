"""Comparisons on simulated truths: how often a difference is claimed that is not there."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_rel

from clearprop.tables.comparison import Lead, compare_classes, compare_numbers, shown
from clearprop.tables.verdict import rows_in_words, verdict

RUNS = 300


def two(z):
    p = 1 / (1 + np.exp(-z))
    return np.column_stack([1 - p, p])


def many(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def classes_equally_good(rng, n, bias=0.0, boldness=1.0):
    """Two models that know as much, and err apart."""
    z = 1.5 * rng.normal(size=n) + bias
    y = (rng.random(n) < two(z)[:, 1]).astype(int)
    ours, theirs = (two(boldness * (z + rng.normal(size=n))) for _ in range(2))
    return compare_classes(y, ours, theirs)


def five_classes_equally_good(rng, n):
    z = 2 * rng.normal(size=(n, 5))
    y = (z + rng.gumbel(size=(n, 5))).argmax(axis=1)
    ours, theirs = (many(z + rng.normal(size=(n, 5))) for _ in range(2))
    return compare_classes(y, ours, theirs)


def numbers_equally_good(rng, n, heavy=False):
    y = rng.standard_t(3, n) if heavy else rng.normal(size=n)
    return compare_numbers(y, *rng.normal(size=(2, n)))


EQUAL = {
    "two classes": classes_equally_good,
    "a rare class": lambda rng, n: classes_equally_good(rng, n, bias=-2.0),
    "overconfident": lambda rng, n: classes_equally_good(rng, n, boldness=3.0),
    "five classes": five_classes_equally_good,
    "numbers": numbers_equally_good,
    "heavy tails": lambda rng, n: numbers_equally_good(rng, n, heavy=True),
}


@pytest.mark.parametrize("n", [30, 100, 600])
@pytest.mark.parametrize("name", EQUAL)
def test_of_models_that_are_equal_one_in_twenty_is_called_better_or_worse(name, n):
    rng = np.random.default_rng([n, len(name)])
    assert np.mean([bool(shown(EQUAL[name](rng, n))) for _ in range(RUNS)]) <= 0.05


def test_of_two_baselines_that_are_equal_as_well():
    rng = np.random.default_rng(0)
    false = 0
    for _ in range(RUNS):
        first, second = numbers_equally_good(rng, 100), numbers_equally_good(rng, 100)
        false += bool(shown({(i, s): lead for i, one in enumerate((first, second)) for s, lead in one.items()}))  # fmt: skip
    assert false / RUNS <= 0.05


@pytest.mark.parametrize("n", [36, 69, 300])
@pytest.mark.parametrize("share", [0.003, 0.01, 0.05])
def test_the_bolder_of_two_that_are_right_is_not_called_better(n, share):
    """Until it errs, its log loss is the lower in every row; in the long run it is the higher."""
    rng = np.random.default_rng(0)
    right = np.log((1 - share) / share)
    false = plain = 0
    for _ in range(RUNS):
        y = rng.integers(0, 2, n)
        called = np.where(rng.random(n) < share, -1, 1) * (2 * y - 1)
        apart = 0.3 * rng.normal(size=n)
        ours, theirs = two(called * (right + 2 + apart)), two(called * (right + apart))
        false += 1 in shown(compare_classes(y, ours, theirs)).values()
        losses = [-np.log(p[np.arange(n), y]) for p in (ours, theirs)]
        test = ttest_rel(*losses)
        plain += test.pvalue < 0.05 and test.statistic < 0
    assert false / RUNS <= 0.05
    if share * n < 1:
        assert plain / RUNS > 0.3  # what a t test alone would say


def better_by_far(rng, n):
    z = 2 * rng.normal(size=n)
    y = (rng.random(n) < two(z)[:, 1]).astype(int)
    return compare_classes(y, two(z), two(np.zeros(n)))


def test_what_is_better_is_found():
    rng = np.random.default_rng(0)
    assert np.mean([set(shown(better_by_far(rng, 100)).values()) == {1} for _ in range(RUNS)]) > 0.95  # fmt: skip
    y, noise = rng.normal(size=(2, 200))
    assert shown(compare_numbers(y, y + 0.5 * noise, 0 * y)) == {"R2": 1, "MAE": 1}
    assert shown(compare_numbers(y, 0 * y, y + 0.5 * noise)) == {"R2": -1, "MAE": -1}


def test_numbers_against_scipy():
    rng = np.random.default_rng(0)
    y, ours, theirs = rng.normal(size=(3, 50))
    leads = compare_numbers(y, ours, theirs)
    for name, power in (("R2", 2), ("MAE", 1)):
        expected = ttest_rel(np.abs(theirs - y) ** power, np.abs(ours - y) ** power)
        assert leads[name].p == pytest.approx(expected.pvalue)
    far = compare_numbers(1e200 * y, 1e200 * ours, 1e200 * theirs)
    assert far["R2"] == pytest.approx(leads["R2"])


def test_what_is_the_same_has_no_lead():
    p = two(np.linspace(-2, 2, 40))
    for leads in (
        compare_classes(np.arange(40) % 2, p, p),
        compare_numbers(np.arange(40.0), np.ones(40), np.ones(40)),
        compare_numbers(np.ones(40), np.ones(40), np.ones(40)),
    ):
        assert {(lead.mean, lead.p) for lead in leads.values()} == {(0.0, 1.0)}


def test_holm():
    """From the example of Holm's correction: 0.01, 0.04, 0.03 and 0.005 at 5%."""
    ps = {"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}
    assert set(shown({k: Lead(1.0, 1.0, p) for k, p in ps.items()})) == {"a", "d"}
    ps["c"] = 0.024
    assert set(shown({k: Lead(1.0, 1.0, p) for k, p in ps.items()})) == {"a", "b", "c", "d"}


def noise_of_classes(rng, n, share, wild):
    """A network that answers the share, and its own noise."""
    y = (rng.random(n) < share).astype(int)
    middle = np.log(share / (1 - share))
    ours, naive = two(middle + wild * rng.normal(size=n)), two(np.full(n, middle))
    return compare_classes(y, ours, naive)


def noise_of_numbers(rng, n, wild, skew):
    y = rng.normal(size=n)
    y = np.exp(y) if skew else y
    mean, median = (np.exp(0.5), 1.0) if skew else (0.0, 0.0)
    ours = mean + wild * (rng.normal(size=n) - 0.5)
    r2 = compare_numbers(y, ours, np.full(n, mean))["R2"]
    return {"R2": r2, "MAE": compare_numbers(y, ours, np.full(n, median))["MAE"]}


NOISE = {
    "half": lambda rng, n, wild: noise_of_classes(rng, n, 0.5, wild),
    "a tenth": lambda rng, n, wild: noise_of_classes(rng, n, 0.1, wild),
    "numbers": lambda rng, n, wild: noise_of_numbers(rng, n, wild, skew=False),
    "skew numbers": lambda rng, n, wild: noise_of_numbers(rng, n, wild, skew=True),
}


@pytest.mark.parametrize("wild", [0.05, 0.5])
@pytest.mark.parametrize("name", NOISE)
def test_of_noise_nothing_of_use_is_learned(name, wild):
    rng = np.random.default_rng(0)
    said = [verdict("x", NOISE[name](rng, 400, wild), {}, "400 rows") for _ in range(RUNS)]
    assert np.mean(["is better than" in one and "not shown" not in one for one in said]) <= 0.05
    assert np.mean(["nothing of use" in one for one in said]) > 0.9


@pytest.mark.parametrize("n", [40, 100, 400])
def test_of_use_is_never_called_of_none(n):
    """A quarter of the variance explained, as an estimate of 40 rows may or may not show."""
    rng = np.random.default_rng(0)
    said = []
    for _ in range(RUNS):
        signal = np.sqrt(1 / 3) * rng.normal(size=n)
        y = signal + rng.normal(size=n)
        leads = compare_numbers(y, signal, np.zeros(n))
        said.append(verdict("the mean", leads, {}, rows_in_words(n, {})))
    assert np.mean(["nothing of use" in one for one in said]) <= {40: 0.05, 100: 0.01, 400: 0}[n]
    if n == 400:
        assert np.mean(["This network is better" in one for one in said]) == 1
