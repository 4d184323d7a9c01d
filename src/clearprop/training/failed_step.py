"""What a step that failed shows by itself: a user's function that is not finite, a log of 0."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from clearprop import optimizers
from clearprop.activations import BuiltInActivation
from clearprop.backprop import forward_and_backward
from clearprop.losses import BuiltInLoss
from clearprop.record import Record, where_not_finite
from clearprop.training.job import Job
from clearprop.training.reruns import Course

FAR = 1e3
"""Arguments this large are a run's fault before they are a function's."""


class Seen(NamedTuple):
    """What a function of the user's own gave, and whether its arguments were far out."""

    evidence: str
    remedy: str
    far: bool


def own_function(course: Course, job: Job, rule: Any) -> Seen | None:
    """Return which function of the user's own made the first number that is not finite, or None."""
    record = course.record
    if record is None:
        return None
    return _activation(record) or _loss(record) or _optimizer(course, record, job, rule)


def _activation(record: Record) -> Seen | None:
    for layer, f in enumerate(record.network.activations, 1):
        z, a = record.z[layer - 1], record.a[layer]
        wrong = np.argwhere(np.isfinite(z) & ~np.isfinite(a))
        if len(wrong):
            if isinstance(f, BuiltInActivation):
                return None
            row, unit = wrong[0]
            evidence = f"activation {f.name!r} gives {a[row, unit]} for z{layer}[{unit}] = "
            evidence += f"{z[row, unit]:.6g}"
            return Seen(evidence, "let it be finite there", _far(z[row]))
        if not np.isfinite(a).all():
            return None
        # Its derivative comes later, on the way back.
    for layer in range(len(record.delta) - 1, 0, -1):
        delta, above = record.delta[layer - 1], record.da[layer]
        wrong = np.argwhere(np.isfinite(above) & ~np.isfinite(delta))
        f = record.network.activations[layer - 1]
        if len(wrong) and not isinstance(f, BuiltInActivation):
            row, unit = wrong[0]
            z = record.z[layer - 1]
            evidence = (
                f"the derivative of activation {f.name!r} makes delta{layer}[{unit}] "
                f"{delta[row, unit]} at z{layer}[{unit}] = {z[row, unit]:.6g}"
            )
            return Seen(evidence, "let it be finite there", _far(z[row]))
    return None


def _loss(record: Record) -> Seen | None:
    loss, output = record.network.loss, record.a[-1]
    if isinstance(loss, BuiltInLoss) or not np.isfinite(output).all():
        return None
    wrong = np.flatnonzero(~np.isfinite(record.losses))
    what, gave = "value", record.losses
    if not len(wrong):
        what, gave = "derivative", loss.da(output, record.y)
        wrong = np.flatnonzero(~np.isfinite(gave).all(axis=1))
    if not len(wrong):
        return None
    row = wrong[0]
    y = record.y[row]
    given = np.atleast_1d(gave[row])
    bad = given[~np.isfinite(given)][0]
    evidence = (
        f"the {what} of loss {loss.name!r} is {bad} for the output {_short(output[row])} and "
    )
    evidence += f"the target {_short(y)}"
    return Seen(evidence, "let it be finite there", _far(output[row]) or _far(y))


def _optimizer(course: Course, record: Record, job: Job, rule: Any) -> Seen | None:
    """An update that is not finite, of a finite gradient."""
    failed = course.failed
    if failed is None or type(rule).__module__ == optimizers.__name__ or where_not_finite(record):
        return None
    if failed.quantity[0] not in "Wb":
        return None
    most = float(np.abs(record.gradient).max())
    name = type(rule).__name__
    evidence = f"optimizer {name} made {failed.quantity} so of a gradient of {most:.3g} at the most"
    return Seen(evidence, "let its update be finite", _far(record.gradient))


def log_of_zero(record: Record) -> str | None:
    """Return which output a built-in loss takes the log of 0 of, or None."""
    output, y = record.a[-1], record.y
    if not np.isfinite(output).all():
        return None
    slope = np.isfinite(record.network.loss.da(output, y))
    for row, unit in np.argwhere(~slope):
        if output[row, unit] in (0.0, 1.0):
            given = f"{abs(output[row, unit]):g} where the target is {y[row, unit]:g}"
            return (
                f"the output a{len(record.delta)}[{unit}] is {given}, so that "
                f"{record.network.loss.name} takes the log of 0"
            )
    return None


def beyond_float32(record: Record, quantity: str) -> str:
    """Return what a quantity is in float64, where that is more than float32 has."""
    network = record.network.astype(np.float64)
    arrays = [record.a[0], record.y, record.omega]
    X, y, omega = (array.astype(np.float64) for array in arrays)
    wide = forward_and_backward(network, X, y, omega, record.l2, record.masks)
    squared, _, part = quantity.rpartition(" of ")
    name = f"d{part}" if squared else quantity
    values = wide.losses if name == "L_i" else wide[name] if name in wide else np.zeros(1)
    most, ends = np.abs(values).max(), np.finfo(np.float32).max
    if squared:
        return (
            f"{name} reaches {most:.3g}, whose square is beyond float32, which ends at {ends:.2g}"
        )
    if not most > ends:
        return f"float32 ends at {ends:.2g}"
    return f"{name} is {most:.3g}, and float32 ends at {ends:.2g}"


def _far(values: Any) -> bool:
    return bool(np.abs(values).max() > FAR)


def _short(values: Any) -> str:
    return (
        f"{values[0]:.6g}"
        if len(values) == 1
        else f"({', '.join(f'{v:.4g}' for v in values[:3])}...)"
    )
