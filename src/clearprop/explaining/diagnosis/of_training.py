"""What ails the settings of training: its rate, momentum and penalty; and what it led to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError
from clearprop.explaining.diagnosis.finding import FEW, Finding
from clearprop.explaining.diagnosis.layer_figures import LayerFigures
from clearprop.explaining.rate_trial import RateTrial
from clearprop.record import Record

Array = NDArray[Any]

USUAL_MOMENTUM = 0.9

LEARNED = 0.5
"""Share of the cost of constant outputs that a network has to be below to have learned anything."""

GAP = 0.25
"""By how much of that cost new rows cost more where a network is overfitted."""

SURE = 4.0
"""By how many standard errors they do."""


def rate_findings(
    record: Record, layers: tuple[LayerFigures, ...], rule: Any, attempt: Any, suggest: Any
) -> Iterator[Finding]:
    """Yield what is wrong with an optimizer's learning rate, or momentum.

    `attempt(rule)` is a `RateTrial` of an optimizer, `suggest()` what `find_learning_rate` finds.
    """
    trial = attempt(rule)
    if trial.verdict == "fits":
        return
    if trial.verdict == "too large":
        calmer = _with_usual_momentum(rule)
        if calmer is not None and attempt(calmer).verdict == "fits":
            yield Finding(
                "momentum too large", None,
                f"{_course(trial)}; with a momentum of {USUAL_MOMENTUM} the same rate does well",
                f"lower the momentum from {rule.momentum:g} to {USUAL_MOMENTUM}",
            )  # fmt: skip
            return
    rate = getattr(rule, "learning_rate", None)
    suggested = None if callable(rate) or rate is None else suggest()
    factor = (trial.times if suggested is None else suggested / rate) if rate is not None else 1.0
    large = trial.verdict == "too large"
    remedy = "use a smaller learning rate" if large else "use a larger learning rate"
    if large and factor < 1:
        remedy = f"divide the learning rate by about {_about(1 / factor)}"
    elif not large and factor > 1:
        remedy = f"multiply the learning rate by about {_about(factor)}"
    if suggested is not None:
        remedy += f", to the {suggested:.2g} that cp.find_learning_rate suggests"
    evidence = _course(trial)
    shares = [f.update for f in layers if f.update is not None]
    if not large and 0 < max(shares, default=0.0) < np.finfo(record.network.dtype).eps / 2:
        evidence += (
            f"; no layer's weights change by more than {max(shares):.1e} of their norm in an "
            f"update, which rounding to {record.network.dtype} loses"
        )
    yield Finding(f"learning rate {trial.verdict}", None, evidence, remedy)


def _course(trial: RateTrial) -> str:
    cost = f"{trial.cost:.4g}" if np.isfinite(trial.cost) else "not finite"
    words = f"in {trial.updates} updates the cost goes from {trial.start:.4g} to {cost}"
    if np.isfinite(trial.cost) and trial.peak > 1.5 * max(trial.start, trial.cost) > 0:
        words += f" (over {trial.peak:.4g})"
    if trial.times != 1 and np.isfinite(trial.other):
        words += f", and to {trial.other:.4g} at {_times(trial.times)} the rate"
    return words


def _times(factor: float) -> str:
    if factor < 1:
        return {10: "a tenth of", 100: "a hundredth of"}[round(1 / factor)]
    return f"{factor:,.0f} times"


def _with_usual_momentum(rule: Any) -> Any:
    momentum = getattr(rule, "momentum", None)
    if isinstance(momentum, int | float) and momentum > USUAL_MOMENTUM:
        with suppress(ArgumentError, TypeError):
            return replace(rule, momentum=USUAL_MOMENTUM)
    return None


def penalty_findings(record: Record, constant: float) -> Iterator[Finding]:
    """Yield a penalty that costs more than the data could give: it pays to have no weights."""
    data = float(record.omega @ record.losses.astype(np.float64))
    penalty = float(record.loss) - data
    if penalty > constant > 0:
        yield Finding(
            "penalty too large", None,
            f"with l2={record.l2:g} the weights cost {penalty:.3g}, more than the same answer for "
            f"every row does, {constant:.3g}: it pays to have none",
            f"lower l2 to about {_about(0.1 * record.l2 * constant / penalty)} or less",
        )  # fmt: skip


def overfitting_findings(record: Record, held_out: Record, constant: float) -> Iterator[Finding]:
    """Yield a network that has learned its rows, and not what they have in common with others."""
    ours, theirs = record.losses.astype(np.float64), held_out.losses.astype(np.float64)
    ours_mean, theirs_mean = float(record.omega @ ours), float(held_out.omega @ theirs)
    if len(theirs) < FEW or not ours_mean < LEARNED * constant:
        return
    error = np.hypot(theirs.std() / np.sqrt(len(theirs)), ours.std() / np.sqrt(len(ours)))
    if theirs_mean - ours_mean > max(GAP * constant, SURE * error):
        worse = f", and the same answer for every row {constant:.3g}" * (theirs_mean > constant)
        yield Finding(
            "overfitting", None,
            f"a row of X costs {ours_mean:.3g}, one of the validation rows "
            f"{theirs_mean:.3g}{worse}",
            "train on more rows, for fewer epochs (early_stopping), with fewer units or with l2",
        )  # fmt: skip


def _about(factor: float) -> str:
    """Return a number to one digit: 300, 2,000, 4e+07."""
    rounded = float(f"{factor:.0e}")
    return (
        f"{rounded:,.0f}"
        if 1 <= rounded < 1e6
        else f"{rounded:.0e}"
        if rounded < 1e-3 or (rounded >= 1e6)
        else f"{rounded:g}"
    )
