"""The length of a run that goes on: it may grow, where no number that is made would be another."""

from __future__ import annotations

import dataclasses
from typing import Any

from clearprop.optimizers import OPTIMIZERS, Optimizer, UncorrectedAdam
from clearprop.schedules import constant, cosine, exponential, inverse_scaling, step, warmup_cosine
from clearprop.training.job import Job


def length_refused(job: Job, rule: Optimizer, batches: int, epochs: int) -> str | None:
    """Return in words why a run cannot have its number of epochs now, or None.

    Parameters
    ----------
    job : Job
        With the epochs that are asked for.
    rule : Optimizer
    batches : int
        Of the run that are done.
    epochs : int
        That the run was to have.
    """
    now = job.settings.epochs
    if job.total < batches:
        return f"epochs is {now}, the run is in epoch {-(-batches // job.epoch_batches)}"
    if now == epochs:
        return None
    why = _goes_by_length(rule, batches, (epochs * job.epoch_batches, job.total))
    if why is None:
        return None
    return f"epochs is {now}, the run has {epochs}, by which {why}: its numbers would be others"


def _goes_by_length(rule: Optimizer, batches: int, totals: tuple[int, int]) -> str | None:
    """Return what of an optimizer is another in runs of two lengths, over their first batches."""
    if type(rule) not in (*OPTIMIZERS.values(), UncorrectedAdam):
        return None if batches == 0 else "an optimizer of one's own may go"
    settings: Any = rule
    for field in dataclasses.fields(settings):
        rate = getattr(rule, field.name)
        if callable(rate) and not _knows_no_length(rate):
            one, other = totals
            if any(rate(t, one) != rate(t, other) for t in range(batches)):
                return f"the schedule of its {field.name} goes"
    return None


def _knows_no_length(rate: Any) -> bool:
    if isinstance(rate, cosine | warmup_cosine):
        return rate.steps is not None
    return isinstance(rate, constant | step | exponential | inverse_scaling)
