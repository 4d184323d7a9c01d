"""What is known of all rows in bounded memory, against NumPy, scikit-learn and exact counts."""

from collections import Counter

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn import metrics
from sklearn.preprocessing import StandardScaler

from clearprop.tables.streamed.counts import Counts
from clearprop.tables.streamed.draws import TEST, TRAINING, VALIDATION, Parts
from clearprop.tables.streamed.moments import NONE, Moments
from clearprop.tables.streamed.sample import Sample, rank_error
from clearprop.tables.streamed.scores import ClassTally, NumberTally


class TestDraws:
    @pytest.mark.parametrize("first", [0, 1, 3, 4, 1001, 2**34 + 5])
    def test_a_row_has_its_part_from_wherever_one_looks(self, first):
        parts = Parts(7, 0.15, 0.2)
        whole = parts.of(first, 500)
        for start, n in ((0, 1), (1, 3), (2, 7), (17, 400)):
            np.testing.assert_array_equal(parts.of(first + start, n), whole[start : start + n])
        some = np.array([first + 499, first, first + 7])
        np.testing.assert_array_equal(parts.of_rows(some), whole[some - first])

    def test_shares_are_those_of_chance(self):
        n = 200_000
        counts = np.bincount(Parts(1, 0.15, 0.2).of(0, n), minlength=3)
        for part, share in ((TRAINING, 0.65), (VALIDATION, 0.15), (TEST, 0.2)):
            assert stats.binomtest(int(counts[part]), n, share).pvalue > 1e-4

    def test_a_seed_has_parts_of_its_own(self):
        one, other = (Parts(seed, 0.15, 0.2).of(0, 10_000) for seed in (0, 1))
        assert 0.4 < (one == other).mean() < 0.6  # 0.65^2 + 0.15^2 + 0.2^2 of independent ones

    def test_no_share_puts_nothing_aside(self):
        assert not Parts(0, 0.0, 0.0).of(0, 1000).any()


class TestSample:
    @staticmethod
    def drawn(n, size, step, seed=0):
        sample = Sample(size, seed)
        for first in range(0, n, step):
            sample.add(pl.DataFrame({"x": np.arange(first, min(n, first + step))}), first)
        return sample.frame()

    def test_it_is_the_same_in_whatever_blocks_rows_come(self):
        frame, rows = self.drawn(10_000, 500, 17)
        other, others = self.drawn(10_000, 500, 3000)
        assert len(rows) == 500 == len(frame)
        np.testing.assert_array_equal(rows, others)
        assert frame.equals(other)
        np.testing.assert_array_equal(frame["x"].to_numpy(), rows)  # ascending, each its own
        assert (np.diff(rows) > 0).all()

    def test_of_few_rows_it_is_all(self):
        frame, rows = self.drawn(300, 500, 100)
        np.testing.assert_array_equal(rows, np.arange(300))
        assert len(frame) == 300

    def test_each_row_is_as_likely(self):
        _, rows = self.drawn(100_000, 5000, 1000)
        counts = np.bincount(rows // 10_000, minlength=10)
        assert stats.chisquare(counts).pvalue > 1e-4

    def test_quantiles_are_within_the_error_that_is_said(self):
        far = 0
        for seed in range(40):
            _, rows = self.drawn(20_000, 1000, 5000, seed)
            ranks = np.quantile(rows, np.linspace(0.01, 0.99, 99)) / 20_000
            far += np.abs(ranks - np.linspace(0.01, 0.99, 99)).max() > rank_error(1000)
        assert far <= 3  # 1 of 100 may be

    def test_memory_is_that_of_twice_the_sample_and_a_block(self):
        sample = Sample(100, 0)
        most = 0
        for first in range(0, 50_000, 50):
            sample.add(pl.DataFrame({"x": np.zeros(50)}), first)
            most = max(most, sum(map(len, sample._frames)))
        assert 100 < most <= 250


class TestMoments:
    @pytest.mark.parametrize("offset", [0.0, 1e6, -1e9])
    def test_they_are_numpys(self, offset):
        values = np.random.default_rng(0).normal(size=10_001) + offset
        found = NONE
        for part in np.array_split(values, 37):
            found += Moments.of(part)
        assert found.weight == len(values)
        assert found.mean == pytest.approx(values.mean(), rel=1e-14)
        assert found.deviation == pytest.approx(values.std(), rel=1e-6 if offset < 0 else 1e-9)
        scaler = StandardScaler().fit(values[:, None])
        assert found.scale == pytest.approx(scaler.scale_[0], rel=1e-6)

    def test_weights_count_as_rows_do(self):
        rng = np.random.default_rng(1)
        values, weights = rng.normal(size=1000), rng.integers(0, 4, 1000).astype(float)
        found = NONE
        for some in np.array_split(np.arange(1000), 9):
            found += Moments.of(values[some], weights[some])
        repeated = np.repeat(values, weights.astype(int))
        assert found.weight == len(repeated)
        assert found.mean == pytest.approx(repeated.mean())
        assert found.deviation == pytest.approx(repeated.std())

    def test_a_constant_but_for_rounding_has_scale_1(self):
        values = np.full(1000, 0.1) + np.spacing(0.1) * np.resize([0, 1], 1000)
        found = NONE
        for part in np.array_split(values, 10):
            found += Moments.of(part)
        assert found.scale == 1.0 == StandardScaler().fit(values[:, None]).scale_[0]

    def test_nothing_adds_nothing(self):
        found = Moments.of(np.array([3.0, 5.0]))
        assert NONE + found == found == found + NONE
        assert found + Moments.of_one(7.0, 0) == found


class TestCounts:
    def test_they_are_exact_while_there_is_room(self):
        words = np.random.default_rng(0).zipf(1.3, 5000).clip(max=900).astype(str)
        counts = Counts(1000)
        for part in np.array_split(words, 13):
            counts.add(*np.unique(part, return_counts=True))
        assert counts.of == Counter(words.tolist())
        assert (counts.n, counts.error) == (5000, 0)

    def test_of_more_none_is_farther_off_than_is_said(self):
        words = np.random.default_rng(0).zipf(1.2, 50_000).clip(max=10**6).astype(str)
        counts = Counts(100)
        for part in np.array_split(words, 97):
            counts.add(*np.unique(part, return_counts=True))
            assert len(counts.of) <= 100
        exact = Counter(words.tolist())
        assert len(exact) > 1000
        assert 0 < counts.error <= 50_000 / 101  # as Misra and Gries have it
        for word, count in exact.items():
            assert 0 <= count - counts.of.get(word, 0) <= counts.error


class TestScores:
    @pytest.mark.parametrize("K", [2, 3])
    def test_of_classes_they_are_scikit_learns(self, K):
        rng = np.random.default_rng(0)
        labels = rng.integers(0, K, 3000)
        logits = rng.normal(size=(3000, K)) * 2
        logits[np.arange(3000), labels] += 1.5
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        tally = ClassTally([f"c{k}" for k in range(K)])
        for some in np.array_split(np.arange(3000), 11):
            tally.add(labels[some], p[some])
        found = tally.figures
        assert tally.n == 3000
        assert found["accuracy"] == pytest.approx(metrics.accuracy_score(labels, p.argmax(1)))
        balanced = metrics.balanced_accuracy_score(labels, p.argmax(1))
        assert found["balanced accuracy"] == pytest.approx(balanced)
        assert found["log loss"] == pytest.approx(metrics.log_loss(labels, p))
        if K > 2:
            assert "AUC" not in found
            return
        assert found["Brier"] == pytest.approx(metrics.brier_score_loss(labels, p[:, 1]))
        auc, precision = (
            of(labels, p[:, 1]) for of in (metrics.roc_auc_score, metrics.average_precision_score)
        )
        said = float(tally.said().split()[-1].rstrip("."))
        assert abs(found["AUC"] - auc) <= 2 * said
        assert found["AUC"] == pytest.approx(auc, abs=1e-5)
        assert found["average precision"] == pytest.approx(precision, abs=1e-4)

    def test_ranks_that_are_ties_within_a_bin_are_said(self):
        tally = ClassTally(["a", "b"])
        p = np.array([1 - 1e-30, 1e-30]), np.array([1 - 1e-31, 1e-31])
        tally.add(np.array([0, 1]), np.stack(p))
        assert tally.figures["AUC"] == 0.5
        assert tally.said().endswith("within 0.5.")

    def test_one_class_alone_has_no_ranks(self):
        tally = ClassTally(["a", "b"])
        tally.add(np.zeros(3, dtype=np.int64), np.full((3, 2), 0.5))
        assert np.isnan(tally.figures["AUC"])
        assert np.isnan(tally.figures["average precision"])

    def test_of_numbers_they_are_scikit_learns(self):
        rng = np.random.default_rng(0)
        true = rng.normal(size=2000) + 1e5
        predicted = true + rng.normal(size=2000) * 0.3
        tally = NumberTally()
        for some in np.array_split(np.arange(2000), 7):
            tally.add(true[some], predicted[some])
        assert tally.n == 2000
        assert tally.figures == pytest.approx({
            "R2": metrics.r2_score(true, predicted),
            "RMSE": metrics.root_mean_squared_error(true, predicted),
            "MAE": metrics.mean_absolute_error(true, predicted),
        })  # fmt: skip

    def test_the_same_number_in_all_rows_has_no_r2(self):
        tally = NumberTally()
        for _ in range(3):
            tally.add(np.full(10, 0.1), np.zeros(10))
        assert np.isnan(tally.figures["R2"])
