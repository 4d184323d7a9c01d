"""Scores of a stream's test rows, in bounded memory: what each block adds is summed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.tables.row_losses import brier_losses, log_losses
from clearprop.tables.scores import ClassScores
from clearprop.tables.streamed.moments import NONE, Moments

Array = NDArray[Any]

BINS = 1 << 16
"""Of the log odds of the positive class, by which ranks are counted."""

_WIDEST = 40.0
"""Log odds beyond which probabilities count the same."""


class ClassTally:
    """Scores of probabilities.

    Parameters
    ----------
    classes : sequence of str
    """

    def __init__(self, classes: list[str]) -> None:
        K = len(classes)
        self._classes = tuple(classes)
        self._confusion = np.zeros((K, K), dtype=np.int64)
        self._log, self._brier = NONE, NONE
        self._ranks = np.zeros((2, BINS), dtype=np.int64)

    def add(self, labels: NDArray[np.int64], probabilities: Array) -> None:
        """Judge a block's rows: probabilities of shape (n, K)."""
        K = len(self._classes)
        pairs = labels * K + probabilities.argmax(axis=1)
        self._confusion += np.bincount(pairs, minlength=K * K).reshape(K, K)
        self._log += Moments.of(log_losses(labels, probabilities))
        self._brier += Moments.of(brier_losses(labels, probabilities))
        if K == 2:
            bins = _bins(probabilities)
            for label in (0, 1):
                self._ranks[label] += np.bincount(bins[labels == label], minlength=BINS)

    @property
    def n(self) -> int:
        """How many rows were judged."""
        return int(self._confusion.sum())

    @property
    def figures(self) -> dict[str, float]:
        """As `ClassScores` has them."""
        auc = precision = None
        if len(self._classes) == 2:
            auc, precision, _ = self._ranked()
        scores = ClassScores(
            self._classes, self._confusion, self._log.mean, self._brier.mean, auc, precision
        )
        return scores.figures

    def said(self) -> str:
        """Say how exact ranks are."""
        if len(self._classes) != 2:
            return ""
        return (
            f"AUC is counted in {BINS:,} bins of the log odds: it is within "
            f"{self._ranked()[2]:.1g}."
        )

    def _ranked(self) -> tuple[float, float, float]:
        """Return AUC and average precision, with rows of a bin as ties, and how far AUC may be."""
        negative, positive = self._ranks.astype(np.float64)
        n_positive, n_negative = positive.sum(), negative.sum()
        if not n_positive:
            return float("nan"), float("nan"), 0.0
        found, called = np.cumsum(positive[::-1]), np.cumsum((positive + negative)[::-1])
        precision = np.divide(found, called, out=np.zeros(BINS), where=called > 0)
        average = float(positive[::-1] @ precision / n_positive)
        if not n_negative:
            return float("nan"), average, 0.0
        pairs = n_positive * n_negative
        below = np.cumsum(negative) - negative / 2
        ties = float(positive @ negative)
        return float(positive @ below / pairs), average, ties / 2 / pairs


def _bins(probabilities: Array) -> NDArray[np.int64]:
    """Return the bin of each row's log odds of the second class."""
    with np.errstate(divide="ignore"):
        odds = np.log(probabilities[:, 1]) - np.log(probabilities[:, 0])
    share = (np.clip(odds, -_WIDEST, _WIDEST) + _WIDEST) / (2 * _WIDEST)
    return np.minimum((share * BINS).astype(np.int64), BINS - 1)


class NumberTally:
    """Scores of numbers, in the target's own unit."""

    def __init__(self) -> None:
        self._true, self._squares, self._absolute = NONE, NONE, NONE
        self._low, self._high = np.inf, -np.inf

    def add(self, true: Array, predicted: Array) -> None:
        """Judge a block's rows, shape (n,)."""
        errors = predicted - true
        self._true += Moments.of(true)
        self._squares += Moments.of(errors**2)
        self._absolute += Moments.of(np.abs(errors))
        self._low = min(self._low, float(true.min()))
        self._high = max(self._high, float(true.max()))

    @property
    def n(self) -> int:
        """How many rows were judged."""
        return round(self._true.weight)

    @property
    def figures(self) -> dict[str, float]:
        """As `NumberScores` has them."""
        spread = self._true.variance
        same = self._low == self._high or not spread
        return {
            "R2": float("nan") if same else 1 - self._squares.mean / spread,
            "RMSE": float(np.sqrt(self._squares.mean)),
            "MAE": self._absolute.mean,
        }

    def said(self) -> str:
        """Say how exact ranks are: there are none."""
        return ""
