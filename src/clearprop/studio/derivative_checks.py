"""Checks of derivatives: what backpropagation gives, beside what the cost itself says.

A weight or bias is moved for the whole batch, as `cp.explain` moves it; z, a and x for the sample
that is followed, whose own cost is looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop import notation
from clearprop.activations import ACTIVATIONS
from clearprop.cost import cost_of
from clearprop.errors import FunctionError
from clearprop.explaining.checking.gradient_check import check_gradient_function, check_gradients
from clearprop.explaining.checking.gradient_report import CheckedDerivative
from clearprop.explaining.derivation.explanation import record_of_step
from clearprop.explaining.derivation.sections import H
from clearprop.explaining.names import element_name
from clearprop.forward import forward
from clearprop.record import Record
from clearprop.studio.derivations import asked_for, place_of
from clearprop.studio.question import Question
from clearprop.studio.runs import Run

Array = NDArray[Any]

GRADIENTS = {"W": "dW", "b": "db", "z": "delta", "a": "da"}
AT_MOST = 1e-4
"""Of a single central difference: the error, relative to the derivative, that is expected."""


def derivative_check(run: Run, question: Question) -> dict[str, Any]:
    """Return a derivative by backpropagation, and by central differences of the cost.

    The single difference is that of `cp.explain`; the verdict is that of
    `cp.check_gradient_function`, whose differences are extrapolated to a step of 0.
    """
    n, made, sample = place_of(run, question)
    of = asked_for(question, made.record.network, run.problem.names)
    nothing = {"n": n, "sample": sample, "of": of, "checked": None}
    if of is None or of == "L":
        return nothing
    symbol, layer, index = notation.parse(of)
    if not index:
        return nothing
    moved = {"dW": "W", "db": "b", "da": "a", "delta": "z"}.get(symbol, symbol)
    record = record_of_step(made)
    name = element_name(moved, layer, index)
    if moved in "Wb":
        at, cost = _by_parameter(record, moved, layer, index)
        analytic = float(record[element_name(GRADIENTS[moved], layer, index)])
    else:
        at, cost = _by_neuron(record, sample, moved, layer, index[0])
        analytic = _of_neuron(record, sample, moved, layer, index[0])
    h = H * max(1.0, abs(at))
    up, down = cost(at + h), cost(at - h)
    difference = (up - down) / (2.0 * h)
    check = check_gradient_function(lambda w: cost(float(w[0])), [analytic], [at])
    ladder = check.ladder()
    return {
        "n": n,
        "sample": sample,
        "of": of,
        "checked": name,
        "gradient": element_name(GRADIENTS[moved], layer, index),
        "whole_batch": moved in "Wb" and len(record.losses) > 1,
        "at": at,
        "analytic": _plain(analytic),
        "h": h,
        "up": _plain(up),
        "down": _plain(down),
        "difference": _plain(difference),
        "difference_error": _plain(_apart(analytic, difference)),
        "extrapolated": _plain(check.worst.numerical),
        "doubt": _plain(check.worst.doubt),
        "error": _plain(check.worst.error),
        "outcome": check.worst.outcome,
        "verdict": check.worst.verdict,
        "words": _words(check.worst, name, _apart(analytic, difference)),
        "steps": [_plain(float(step)) for step in ladder.steps],
        "errors": [_plain(_apart(analytic, float(each))) for each in ladder.differences],
    }


def batch_check(run: Run, question: Question) -> dict[str, Any]:
    """Return what `cp.check_gradients` says of the whole gradient of the batch."""
    n, made, _ = place_of(run, question)
    record = record_of_step(made)
    labels = record.network.loss.targets == "labels"
    y = record.y.argmax(axis=1) if labels else record.y
    check = check_gradients(
        record.network, record.a[0], y, sample_weight=record.omega, l2=record.l2
    )
    worst = check.worst
    return {
        "n": n,
        "outcome": check.outcome,
        "verdict": worst.verdict,
        "method": check.method,
        "derivatives": len(check.derivatives),
        "parameters": check.n_parameters,
        "worst": worst.name,
        "error": _plain(worst.error),
        "note": check.note or worst.reason,
        "masks": bool(record.masks),
    }


def _by_parameter(
    record: Record, symbol: str, layer: int, index: tuple[int, ...]
) -> tuple[float, Callable[[float], float]]:
    """Return where a parameter stands, and the batch's cost by it."""
    network, whole = record.network, cost_of(record)
    place = network.topology.place_of(symbol, layer, index)

    def cost(value: float) -> float:
        moved = network.parameters.copy()
        moved[place] = value
        return float(whole(moved))

    return float(network.parameters[place]), cost


def _by_neuron(
    record: Record, sample: int, symbol: str, layer: int, j: int
) -> tuple[float, Callable[[float], float]]:
    """Return where z, a or x of a sample stands, and that sample's own cost by it."""
    network, one = record.network, slice(sample, sample + 1)
    weights, biases = network.weights[layer:], network.biases[layer:]
    functions, masks = network.activations[layer:], [m[one] for m in record.masks[layer:]]
    last = len(network.activations)
    start = (record.z[layer - 1] if symbol == "z" else record.a[layer])[one]

    y, f, loss = record.y[one], network.activations[-1], network.loss

    def cost(value: float) -> float:
        a = start.copy()
        a[0, j] = value
        with np.errstate(all="ignore"):
            if layer == last:
                # Of a alone, whatever the loss makes of z where it is fused with the output.
                by = (a, f(a), y, f) if symbol == "z" else (a, a, y, ACTIVATIONS["identity"])
                try:
                    return float(loss.per_sample(*by)[0])
                except FunctionError:  # such an output lies outside of the loss's domain
                    return float("nan")
            if symbol == "z":
                a = network.activations[layer - 1](a)
                a = a * record.masks[layer - 1][one] if record.masks else a
            zs, outputs = forward(weights, biases, functions, a, masks)
            return float(loss.per_sample(zs[-1], outputs[-1], y, f)[0])

    return float(start[0, j]), cost


def _of_neuron(record: Record, sample: int, symbol: str, layer: int, j: int) -> float:
    """Return dL_i/dz or dL_i/da of a sample."""
    if symbol == "z":
        return float(record.delta[layer - 1][sample, j])
    if layer < len(record.network.activations):
        return float(record.da[layer][sample, j])
    one = slice(sample, sample + 1)
    return float(record.network.loss.da(record.a[-1][one], record.y[one])[0, j])


def _apart(given: float, found: float) -> float:
    """Return how far apart they are, relative to the larger of them."""
    size = max(abs(given), abs(found))
    return abs(given - found) / size if size else 0.0


def _words(check: CheckedDerivative, name: str, apart: float) -> str:
    """Say what the check comes to, and why a single difference is another number."""
    if check.outcome != "right":
        return check.reason.replace("f is ", "the cost is ").replace("x[0]", name)
    if apart > AT_MOST:
        return (
            "The single difference is another number, as its step is too coarse here or its two "
            "costs nearly cancel; extrapolated to a step of 0, differences agree."
        )
    return ""


def _plain(value: float) -> float | str:
    return value if np.isfinite(value) else str(value)
