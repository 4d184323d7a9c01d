"""Ranking: how well scores order two classes, exactly, with ties counted as ties are.

Each figure comes with what every row adds to it, from which follows how sure it is.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def roc_auc(positive: NDArray[np.bool_], scores: Array) -> tuple[float, Array]:
    """Return the area under the ROC curve, and the influence of each row on it.

    Parameters
    ----------
    positive : ndarray of bool, shape (n,)
        The true class.
    scores : ndarray, shape (n,)
        Higher for what is taken for positive.

    Returns
    -------
    float
        The share of pairs, of a positive and a negative row, that the scores order rightly; a tie
        is half a pair. NaN without rows of both classes.
    ndarray, shape (n,)
        The derivative by the row's weight, times n; sums to 0. Its mean square over n is the
        variance of DeLong, DeLong and Clarke-Pearson (Biometrics 44, 1988), but for n - 1.
    """
    n, n_positive = len(scores), int(positive.sum())
    n_negative = n - n_positive
    if not (n_positive and n_negative):
        return float("nan"), np.zeros(n)
    _, group = np.unique(scores, return_inverse=True)
    positives = np.bincount(group, positive)
    negatives = np.bincount(group) - positives
    below = np.cumsum(negatives) - negatives / 2  # a tie is half below
    above = n_positive - np.cumsum(positives) + positives / 2
    share = np.where(positive, below[group] / n_negative, above[group] / n_positive)
    auc = float(share[positive].mean())
    return auc, (share - auc) * np.where(positive, n / n_positive, n / n_negative)


def average_precision(positive: NDArray[np.bool_], scores: Array) -> tuple[float, Array]:
    """Return the average precision, and the influence of each row on it.

    Parameters
    ----------
    positive : ndarray of bool, shape (n,)
        The true class.
    scores : ndarray, shape (n,)
        Higher for what is taken for positive.

    Returns
    -------
    float
        The mean over the positive rows of the precision among rows with their score or a higher
        one. NaN without a positive row.
    ndarray, shape (n,)
        The derivative by the row's weight, times n; sums to 0.
    """
    n, n_positive = len(scores), int(positive.sum())
    if not n_positive:
        return float("nan"), np.zeros(n)
    _, group = np.unique(-scores, return_inverse=True)  # the highest first
    positives = np.bincount(group, positive)
    found, called = np.cumsum(positives), np.cumsum(np.bincount(group))
    precision = found / called
    value = float((positives * precision).sum() / n_positive)
    # A row counts in its own precision, and in that of all positive rows that rank no higher.
    as_called = np.cumsum((positives * precision / called)[::-1])[::-1]
    as_found = np.cumsum((positives / called)[::-1])[::-1]
    own = np.where(positive, precision[group] + as_found[group] - value, 0.0)
    return value, (own - as_called[group]) * (n / n_positive)
