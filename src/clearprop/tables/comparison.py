"""Comparison: by which scores one model is shown to be better than another, on the same rows.

Every score is a mean over the test rows, or nearly so (of AUC and average precision, the influence
of each row), so that two models are compared by one paired t test a score. As several
scores are looked at, and several models, Holm's correction keeps the chance of any false claim
at 5% (Scandinavian Journal of Statistics 6, 1979).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.tables.ranking import average_precision, roc_auc
from clearprop.tables.row_losses import brier_losses, log_losses

Array = NDArray[Any]

LEVEL = 0.05
"""The chance of a false claim."""

USEFUL = 0.1
"""A share of the naive loss: what surely takes off less is of no use."""


class Lead(NamedTuple):
    """How far ahead one model is of another by one score.

    Attributes
    ----------
    mean : float
        Positive: the first is better. Of a loss, as a share of the second's.
    error : float
        Its standard error.
    p : float
        The chance of such a lead or a larger one, to either side, if there is none.
    """

    mean: float
    error: float
    p: float


def compare_classes(labels: NDArray[np.int64], ours: Array, theirs: Array) -> dict[str, Lead]:
    """Return our lead by each score of probabilities, shape (n, K), for rows of known labels.

    The scores are log loss and Brier score; of two classes AUC and average precision too, and of
    more accuracy.
    """
    K = ours.shape[1]
    # What is known of two classes is known by the rows of the rarer one.
    least = min(np.bincount(labels, minlength=2)) if K == 2 else len(labels)
    leads = {}
    first, second = _losses(labels, ours), _losses(labels, theirs)
    we_err, they_err = _if_wrong(ours, theirs), _if_wrong(theirs, ours)
    for name in first:
        whole = second[name].mean() or 1.0
        difference = second[name] - first[name]
        ahead = difference.mean() > 0
        one_more = min(we_err[name], 0.0) if ahead else max(-they_err[name], 0.0)
        leads[name] = _lead(difference / whole, least, one_more / whole)
    if K == 2:
        positive = labels == 1
        for name, figure in (("AUC", roc_auc), ("average precision", average_precision)):
            (one, by_one), (other, by_other) = (figure(positive, p[:, 1]) for p in (ours, theirs))
            leads[name] = _lead(by_one - by_other + (one - other), least)
    return leads


def compare_numbers(true: Array, ours: Array, theirs: Array) -> dict[str, Lead]:
    """Return our lead by each score of predicted numbers, shape (n,): R2 and MAE."""
    one, other = np.abs(ours - true), np.abs(theirs - true)
    scale = max(one.max(), other.max()) or 1.0  # so that no square is too large
    leads = {}
    for name, power in (("R2", 2), ("MAE", 1)):
        first, second = (one / scale) ** power, (other / scale) ** power
        leads[name] = _lead((second - first) / (second.mean() or 1.0), len(true))
    return leads


def shown(leads: Mapping[Any, Lead]) -> dict[Any, int]:
    """Return the leads that are beyond chance: 1 for ahead, -1 for behind.

    By Holm's step-down correction: the smallest p is held to 5% over the number of leads, the next
    to 5% over one less, and so on until one fails.
    """
    found = {}
    for left, key in zip(
        range(len(leads), 0, -1), sorted(leads, key=lambda k: leads[k].p), strict=True
    ):
        if leads[key].p > LEVEL / left:
            break
        found[key] = 1 if leads[key].mean > 0 else -1
    return {key: found[key] for key in leads if key in found}


def at_most(lead: Lead) -> float:
    """Return the upper end of what a lead may be: 95% of such ends are above the true lead."""
    return lead.mean + 1.645 * lead.error


def _losses(labels: NDArray[np.int64], probabilities: Array) -> dict[str, Array]:
    """Return by score what each row costs."""
    losses = {
        "log loss": log_losses(labels, probabilities),
        "Brier": brier_losses(labels, probabilities),
    }
    if probabilities.shape[1] > 2:
        losses["accuracy"] = (probabilities.argmax(axis=1) != labels).astype(np.float64)
    return losses


def _if_wrong(ours: Array, theirs: Array) -> dict[str, float]:
    """Return our mean lead if our call were wrong in every row, and our second guess right."""
    rest = ours.copy()
    rest[np.arange(len(ours)), ours.argmax(axis=1)] = -1
    second = rest.argmax(axis=1)
    first, other = _losses(second, ours), _losses(second, theirs)
    return {name: float((other[name] - first[name]).mean()) for name in first}


def _lead(difference: Array, least: int, one_more: float | None = None) -> Lead:
    """Return the lead, by a paired t test with least - 1 degrees of freedom.

    `one_more` is a row that is added to the test, though not to the lead: of two models that are
    right in every row the bolder has the better log loss, and pays for it in rows still to come.
    """
    from scipy.special import stdtr  # scikit-learn brings it

    n = len(difference)
    mean, error = float(difference.mean()), _error(difference)
    tested = difference if one_more is None else np.append(difference, one_more)
    middle, spread = float(tested.mean()), _error(tested)
    if mean * middle <= 0 or n < 2 or least < 2:
        return Lead(mean, error, 1.0)
    t = abs(middle) / spread if spread > 1e-12 * abs(middle) else np.inf
    return Lead(mean, error, float(2 * stdtr(least - 1, -t)))


def _error(difference: Array) -> float:
    """Return the standard error of the mean."""
    n = len(difference)
    return float(difference.std(ddof=1) / np.sqrt(n)) if n > 1 else float("inf")
