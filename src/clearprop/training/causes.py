"""Why a run diverged: what is suspected is taken away, one thing at a time, and the run made again.

First the run is made again as it was: it has to fail again. A cause is named where the same run
goes through without it: its steps made, its cost no higher than where it began. What can be seen
in the step that failed (a log of 0, a function of the user's own) needs no other run. Nothing here
is computed before a run has failed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from clearprop.activations import activation
from clearprop.cost import penalty
from clearprop.errors import ClearpropError, DivergenceError
from clearprop.losses import BuiltInLoss
from clearprop.network import Network
from clearprop.schedules import rate_at
from clearprop.training.column_sizes import in_words, reaches, standardized
from clearprop.training.failed_step import beyond_float32, log_of_zero, own_function
from clearprop.training.job import Job
from clearprop.training.reruns import (
    Course,
    Origin,
    Trial,
    repeated,
    run_again,
    smaller,
    steps_left,
    steps_within,
    with_data,
)

LARGE = 20.0
"""What inputs and targets reach that may be too large: standardized ones stay below."""

LARGE_WEIGHTS = 100.0
"""What weights reach that nobody draws."""

APART = 1e3
"""Columns this much smaller than the largest are looked at later."""

SECONDS = 10.0
"""After which no further suspicion is followed."""


class Suspicion(NamedTuple):
    """A cause, what it is seen by, what to do, and the run without it."""

    cause: str
    seen: str
    instead: str
    remedy: str
    trial: Trial


@dataclass(frozen=True)
class _Failure:
    """A run that failed again when it was made again."""

    trial: Trial
    course: Course
    columns: Sequence[str] | None
    begins: bool
    most: int
    """Steps to make again."""

    @property
    def job(self) -> Job:
        return self.trial.job


def explain(
    error: DivergenceError, job: Job, rule: Any, origin: Origin,
    columns: Sequence[str] | None = None,
) -> None:  # fmt: skip
    """Write into an error why a run diverged, if that is found.

    Parameters
    ----------
    error : DivergenceError
        Of an engine; where a step says more than the engine knew, `step` and `epoch` become its.
    job : Job
        Its network has the parameters that were restored.
    rule : Optimizer or LBFGS
    origin : Origin
        Where the run began.
    columns : sequence of str, optional
        The inputs' names.
    """
    try:
        _explain(error, job, rule, origin, columns)
    except (Exception, KeyboardInterrupt):  # code of the user's; whoever waits no more
        return  # the error that there is says enough


def _explain(
    error: DivergenceError, job: Job, rule: Any, origin: Origin, columns: Sequence[str] | None
) -> None:
    started = time.monotonic()
    if not steps_within(smaller(job)):
        error.tried = "the network is too large for the run to be made again"
        return
    failure = _fails_again(error, job, rule, origin, columns)
    if failure is None:
        error.tried = "the run could not be made to fail again"
        return
    seen = own_function(failure.course, failure.job, rule)
    if seen is not None and not seen.far:
        error.by("own function", seen.evidence, seen.remedy)
        return
    tried = []
    for suspicion in _suspicions(failure):
        if time.monotonic() - started > SECONDS:
            error.tried = f"it was looked for {SECONDS:.0f} seconds"
            return
        tried.append(suspicion.cause)
        if _goes_through(suspicion.trial, failure.most):
            error.by(suspicion.cause, *_said(suspicion, failure))
            return
    if seen is not None:
        error.by("own function", seen.evidence, seen.remedy)
    elif tried:
        error.tried = f"tried, and none alone helps: {', '.join(dict.fromkeys(tried))}"


def _fails_again(
    error: DivergenceError, job: Job, rule: Any, origin: Origin, columns: Sequence[str] | None
) -> _Failure | None:
    """Return the run as it failed again: from its beginning, or from what was restored, or not."""
    few = smaller(job)
    within, number = steps_within(few), error.step or 1
    restored = Origin(job.network.parameters.copy(), number - 1, origin.updates)
    if number - origin.batches <= within:
        trial = Trial(few, rule, origin)
        course = run_again(trial, within)
        failed, late = course.failed, error.where.startswith("by ")  # an engine may look later
        apart = number - ((failed.step or 1) if failed is not None else 0)
        same = apart >= 0 if late else abs(apart) <= max(1, number // 20)  # but for rounding
        if failed is not None and same:
            if late and few is job and failed.quantity == error.quantity:
                error.epoch, error.step, error.where = failed.epoch, failed.step, failed.where
            return _Failure(trial, course, columns, True, within)
    trial = Trial(few, rule, restored)
    course = run_again(trial, within)
    return _Failure(trial, course, columns, False, within) if course.fails else None


def _goes_through(trial: Trial, steps: int) -> bool:
    try:
        return run_again(trial, steps).goes_through
    except Exception:  # code of the user's, on other numbers
        return False


def _said(suspicion: Suspicion, failure: _Failure) -> tuple[str, str]:
    """Return the evidence and the remedy of a suspicion that was confirmed."""
    steps = min(failure.most, steps_left(suspicion.trial.job, suspicion.trial.origin))
    where = f"{steps:,} step{'s' if steps > 1 else ''}"
    its_own = steps_left(failure.job, failure.trial.origin)
    again = ", repeated," if steps > its_own else ""
    start = "" if failure.begins else ", from the parameters that are restored"
    evidence = f"{suspicion.instead} the same run{again} goes through {where}{start}"
    evidence = f"{suspicion.seen}, and {evidence}" if suspicion.seen else evidence
    remedy = suspicion.remedy
    narrow = failure.job.network.dtype == np.float32
    if narrow and suspicion.cause in ("input", "target"):
        wide = _in_float64(failure)
        if wide is not None and _goes_through(wide.trial, failure.most):
            remedy += f", or {wide.remedy}"
    return evidence, remedy


def _suspicions(failure: _Failure) -> Iterator[Suspicion]:
    """Yield what may be the cause, the likeliest first."""
    yield from _logs(failure)
    yield from _large_data(failure)
    if failure.begins and not failure.trial.origin.batches:
        yield from _large_weights(failure)
    yield from _large_penalty(failure)
    if failure.job.network.dtype == np.float32:
        wide = _in_float64(failure)
        if wide is not None:
            yield wide
    yield from _large_rate(failure)
    yield from _large_data_and_rate(failure)
    if failure.begins and not failure.trial.origin.batches:
        yield from _before_this_run(failure)


def _logs(failure: _Failure) -> Iterator[Suspicion]:
    """A log of 0 that the loss, computed together with its own output activation, has not."""
    network, record = failure.job.network, failure.course.record
    loss = network.loss
    if record is None or not isinstance(loss, BuiltInLoss) or not loss.fused:
        return
    seen = log_of_zero(record)
    for output in loss.fused if seen is not None else ():
        other = Network(
            network.sizes, network.activations, activation(output), loss, network.has_biases,
            dtype=network.dtype,
        )  # fmt: skip
        trial = replace(failure.trial, job=replace(failure.job, network=other))
        yield Suspicion(
            "log of 0", str(seen), f"with output={output!r}",
            f"use output={output!r}, which is computed together with {loss.name}", trial,
        )  # fmt: skip


def _standardized(failure: _Failure) -> Iterator[tuple[str, str, Trial]]:
    """Yield what inputs reach, which they are, and the run on them standardized."""
    data = failure.job.data
    sizes = reaches(data.X)
    large = np.flatnonzero(sizes > LARGE)
    far = large[sizes[large] * APART >= sizes.max()]
    for chosen in [far, large] if len(far) < len(large) else [large]:
        if len(chosen):
            which = "it" if len(chosen) == 1 else "them"
            words = in_words(sizes, chosen.tolist(), failure.columns, "x")
            trial = with_data(failure.trial, X=standardized(data.X, chosen.tolist()))
            yield words, which, trial


def _scaled_targets(failure: _Failure, trial: Trial) -> tuple[str, Trial] | None:
    """Return what targets reach, and a run on them standardized; of counts, divided by a mean."""
    kind, y = failure.job.network.loss.targets, failure.job.data.y
    if kind not in ("real", "shared", "nonnegative") or y.ndim != 2:
        return None
    sizes = reaches(y)
    chosen = np.flatnonzero(sizes > LARGE).tolist()
    if not chosen:
        return None
    made = standardized(y, chosen)
    if kind == "nonnegative":
        made = replace(made, center=np.zeros_like(made.center), spread=np.ones_like(made.spread))
    return in_words(sizes, chosen, None, "y"), with_data(trial, y=made[:])


def _large_data(failure: _Failure) -> Iterator[Suspicion]:
    inputs = list(_standardized(failure))
    for words, which, trial in inputs:
        yield Suspicion(
            "input", words, f"with {which} standardized",
            f"standardize {which} (subtract the mean, divide by the standard deviation)", trial,
        )  # fmt: skip
    targets = _scaled_targets(failure, failure.trial)
    if targets is not None:
        yield Suspicion(
            "target", targets[0], "with it scaled to about 1", "scale y to about 1", targets[1]
        )
    for words, which, trial in inputs[-1:] if targets is not None else ():
        both = _scaled_targets(failure, trial)
        assert both is not None  # as before
        yield Suspicion(
            "input", f"{words}, and {both[0]}", "with both scaled to about 1",
            f"standardize {which}, and scale y to about 1", both[1],
        )  # fmt: skip


def _large_weights(failure: _Failure) -> Iterator[Suspicion]:
    """Weights that nobody draws: others are drawn, by the seed 0."""
    network, origin = failure.job.network, failure.trial.origin
    parts = network.unflatten(origin.parameters)
    sizes = {name: float(np.abs(part).max()) for name, part in parts.items()}
    name = max(sizes, key=lambda one: sizes[one])
    if sizes[name] <= LARGE_WEIGHTS:
        return
    fresh = Network(
        network.sizes, network.activations, None, network.loss, network.has_biases,
        dtype=network.dtype,
    )  # fmt: skip
    trial = repeated(replace(failure.trial, origin=replace(origin, parameters=fresh.parameters)))
    yield Suspicion(
        "weights", f"{name} reaches {sizes[name]:.3g} before the first update",
        "with weights as cp.Network draws them", "begin with smaller weights", trial,
    )  # fmt: skip


def _before_this_run(failure: _Failure) -> Iterator[Suspicion]:
    """What made weights large in runs before, as of `partial_fit`: new ones fail by it as well."""
    for weights in _large_weights(failure):
        renewed = replace(failure, trial=weights.trial)
        for later in (_large_data, _large_penalty, _large_rate):
            for one in later(renewed):
                seen = one.seen if one.cause in ("input", "target", "l2") else ""
                yield one._replace(
                    seen=f"{weights.seen}, {seen}".removesuffix(", "),
                    instead=f"{one.instead}, and new weights,",
                    remedy=f"begin anew, and {one.remedy}",
                )


def _large_penalty(failure: _Failure) -> Iterator[Suspicion]:
    """A penalty whose step is longer than the weights, or whose cost is not finite."""
    job, rule = failure.job, failure.trial.rule
    l2, rate = job.settings.l2, _rate(failure) or 0.0
    weights = job.network.unflatten(failure.trial.origin.parameters)
    cost = penalty([part for name, part in weights.items() if name[0] == "W"], l2)
    step = rate * l2
    if not l2 or (step <= 1 and np.isfinite(cost)):
        return
    seen = f"learning rate times l2 is {step:.3g}: an update is longer than the weights"
    if not hasattr(rule, "learning_rate") or step <= 1:
        seen = f"the penalty of the first weights is {cost:.3g}"
    for smaller_l2 in _below(l2):
        settings = replace(job.settings, l2=smaller_l2)
        trial = replace(failure.trial, job=replace(job, settings=settings))
        yield Suspicion("l2", seen, f"with l2={smaller_l2:g} in place of {l2:g}",
                        f"try l2={smaller_l2:g}", trial)  # fmt: skip


def _in_float64(failure: _Failure) -> Suspicion | None:
    job, record, failed = failure.job, failure.course.record, failure.course.failed
    if record is None or failed is None:
        return None
    trial = replace(failure.trial, job=replace(job, network=job.network.astype(np.float64)))
    return Suspicion("dtype", beyond_float32(record, failed.quantity), "in float64",
                     "compute in float64 (precision='float64')", trial)  # fmt: skip


def _rate(failure: _Failure) -> float | None:
    """Return the learning rate where the run failed."""
    rule, job, failed = failure.trial.rule, failure.job, failure.course.failed
    rate = getattr(rule, "learning_rate", None)
    if rate is None:
        return None
    at = (failed.step or 1) - 1 if failed is not None else failure.trial.origin.batches
    return rate_at(rate, at, job.total)


def _large_rate(failure: _Failure) -> Iterator[Suspicion]:
    seen = _growth(failure.course.costs)
    for slower, rate, trial in _slower(failure, failure.trial):
        yield Suspicion(
            "learning rate", seen, f"with a rate of {slower:g} in place of {rate:g}",
            f"try a learning rate of {slower:g}", trial,
        )  # fmt: skip


def _large_data_and_rate(failure: _Failure) -> Iterator[Suspicion]:
    """Inputs, or targets, that are too large for any rate, at a rate that is so for others too."""
    for suspicion in _large_data(failure):
        for slower, rate, trial in _slower(failure, suspicion.trial):
            yield suspicion._replace(
                instead=f"{suspicion.instead}, and a rate of {slower:g} in place of {rate:g},",
                remedy=f"{suspicion.remedy}, and try a learning rate of {slower:g}",
                trial=trial,
            )


def _slower(failure: _Failure, trial: Trial) -> Iterator[tuple[float, float, Trial]]:
    """Yield smaller rates, the rate that they are in place of, and the run at them."""
    rate = _rate(failure)
    for slower in _below(rate) if rate else ():
        assert rate is not None
        changed = with_rate(trial.rule, slower / rate)
        if changed is not None:
            yield slower, rate, replace(trial, rule=changed)


def with_rate(rule: Any, factor: float) -> Any:
    """Return the optimizer with a multiple of its rate, or None where it has none to change."""
    rate: Any = getattr(rule, "learning_rate", None)
    try:
        if callable(rate):
            return replace(rule, learning_rate=lambda t, total: factor * rate(t, total))
        return replace(rule, learning_rate=factor * rate)
    except (ClearpropError, TypeError):
        return None


def _below(value: float) -> Iterator[float]:
    """Yield powers of ten below a number, from 1 at the most, seven of them."""
    first = min(np.ceil(np.log10(value)) - 1, 0)
    for down in range(7):
        yield float(f"1e{int(first) - down}")


def _growth(costs: Sequence[float]) -> str:
    """Return how the costs of the steps grew to their end, or nothing where they did not."""
    grew = 0
    while grew + 1 < len(costs) and costs[-grew - 2] < costs[-grew - 1]:
        grew += 1
    if grew > 2:
        span = f"from {costs[-grew - 1]:.3g} to {costs[-1]:.3g}"
        return f"the cost grew in {grew} steps in a row, {span}"
    least = min(costs, default=np.inf)
    if costs and costs[-1] > 10 * least:
        steps = len(costs) - 1 - costs.index(least)
        many = f"{steps} steps" if steps > 1 else "one step"
        return f"the cost grew from {least:.3g} to {costs[-1]:.3g} in {many}"
    return (
        f"one update took the cost from {costs[0]:.3g} beyond all numbers"
        if len(costs) == 1
        else ""
    )
