"""Elements: every number of one weight, bias, neuron, input, target, or of L, by phase.

W, b          value, product, this sample's part, gradient, update, value after it
a neuron      what comes in, z, a, what comes back, da, delta
x, y, L       value, and the gradient for it
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from clearprop import notation
from clearprop.errors import ElementError, shown
from clearprop.studio.operations import operations
from clearprop.studio.runs import Run
from clearprop.studio.scales import nice
from clearprop.training.steps import Step

TERMS = 12
"""Terms of a sum that are given one by one, the largest; the others as one."""


@dataclass(frozen=True)
class Line:
    """One number of an element.

    Attributes
    ----------
    name : str
        In the notation, or how it comes about: "dW1[0,1]", "delta1[0] * x[1]".
    words : str
    value : float
    phase : str
        That makes it; empty for what stands before the step.
    op : int
        The operation that makes it, -1 for what stands before the step.
    per : {"step", "sample", "batch"}
        What it is of: the parameters' step, one sample, or the mean of the batch.
    """

    name: str
    words: str
    value: float
    phase: str
    op: int
    per: str


class _Numbers:
    """The numbers of one step for one sample."""

    def __init__(self, run: Run, step: Step, sample: int, is_told: bool) -> None:
        self.run, self.step, self.sample = run, step, sample
        self.rule = type(step.optimizer).__name__ if is_told else "the optimizer"
        self.record = step.record
        self.network = step.record.network
        self.last = len(self.network.activations)
        self._made = {
            name: (op, one.phase)
            for op, one in enumerate(operations(self.network))
            for name in one.makes
            if one.phase != "update"
        }

    def line(self, name: str, words: str, value: Any, made: str = "", per: str = "sample") -> Line:
        """Return a line; `made` is the array that its operation makes."""
        op, phase = self._made.get(made, (-1, ""))
        return Line(name, words, float(value), phase, op, per)

    def after(self, layer: int, name: str, words: str, value: Any) -> Line:
        """Return a line of the update of a layer."""
        ops = operations(self.network)
        first = next(op for op, one in enumerate(ops) if one.phase == "update")
        return Line(name, words, float(value), "update", first + layer - 1, "step")

    def of(self, symbol: str, layer: int, i: int) -> float:
        """Return z, a, delta, ... of a neuron for the sample."""
        return float(self.record[f"{symbol}{layer}[{i}]"][self.sample])


def element(run: Run, n: int, sample: int, name: str, *, is_told: bool = True) -> dict[str, Any]:
    """Return the numbers of an element at step `n`.

    Parameters
    ----------
    run : Run
    n : int
        A step that the run has reached.
    sample : int
        Which row of the batch.
    name : str
        "W1[0,1]", "b1[0]", "a1[2]" (the neuron), "x[0]", "y[0]", "L".
    is_told : bool
        Whether the optimizer is named.

    Returns
    -------
    dict
        of, kind, lines, sums (how z and da come about, term by term), and where the element can
        be set: cell, value, low, high, whole (whether it is a label).

    Raises
    ------
    ElementError
        If there is no such element, or it is an array.
    """
    step = run.at(n)
    numbers = _Numbers(run, step, sample, is_told)
    if name.startswith("y"):
        found = _target(numbers, name)
    else:
        symbol, layer, index = notation.find(name, step.record.network.sizes,
                                             step.record.network.has_biases)  # fmt: skip
        wanted = {"W": 2, "dW": 2, "L": 0}.get(symbol, 1)
        if len(index) != wanted or min(index, default=0) < 0:
            raise ElementError(f"{shown(name)} is no single element; name one, such as W1[0,0]")
        if symbol == "L":
            found = _loss(numbers)
        elif symbol in ("W", "dW"):
            found = _weight(numbers, layer, *index)
        elif symbol in ("b", "db"):
            found = _bias(numbers, layer, *index)
        elif layer == 0:
            found = _input(numbers, *index)
        else:
            found = _neuron(numbers, layer, *index)
    lines = [asdict(line) for line in found.pop("lines")]
    return {"sums": [], "incoming": None} | found | {"lines": lines}


def _below(layer: int, i: int) -> str:
    return f"a{layer}[{i}]" if layer else f"x[{i}]"


def _weight(numbers: _Numbers, layer: int, j: int, i: int) -> dict[str, Any]:
    name, below = f"W{layer}[{j},{i}]", _below(layer - 1, i)
    value, x = float(numbers.network[name]), numbers.of("a", layer - 1, i)
    delta = numbers.of("delta", layer, j)
    lines = [
        numbers.line(name, "before the update", value, per="step"),
        numbers.line(f"{name} * {below}", f"its part of z{layer}[{j}]", value * x, f"z{layer}"),
        numbers.line(
            f"delta{layer}[{j}] * {below}", "this sample's gradient", delta * x, f"dW{layer}"
        ),
    ]
    found = _parameter(numbers, name, layer, lines)
    return found | {"kind": "weight", "incoming": _incoming(numbers, layer, j)}


def _bias(numbers: _Numbers, layer: int, j: int) -> dict[str, Any]:
    name = f"b{layer}[{j}]"
    lines = [
        numbers.line(name, "before the update", numbers.network[name], per="step"),
        numbers.line(
            f"delta{layer}[{j}]", "this sample's gradient", numbers.of("delta", layer, j),
            f"db{layer}",
        ),
    ]  # fmt: skip
    found = _parameter(numbers, name, layer, lines)
    return found | {"kind": "bias", "incoming": _incoming(numbers, layer, j)}


def _parameter(numbers: _Numbers, name: str, layer: int, lines: list[Line]) -> dict[str, Any]:
    """Return what weights and biases have alike: gradient, update, and what binds them."""
    run, step, network = numbers.run, numbers.step, numbers.network
    array, index = name.split("[")[0], tuple(map(int, name.split("[")[1][:-1].split(",")))
    place = network.topology.place_of(array[0], layer, index)
    gradient, rows = numbers.record.gradient, len(step.rows)
    said = "gradient of L" if rows == 1 else f"gradient of L, over {rows} rows"
    lines.append(numbers.line(f"d{name}", said, gradient[place], f"d{array}", "batch"))
    held, frozen_by, shared_with = step.constraints, "", []
    if held is not None:
        given = held.gradient(gradient)[place]
        if given != gradient[place]:
            lines.append(
                numbers.after(layer, "g", "given to the optimizer: frozen or shared", given)
            )
        if held.frozen[place]:
            frozen_by = next(one for one in held.frozen_names if one in (name, array))
        shared_with = [
            network.topology.name_at(one) for one in held.group_at(place) if one != place
        ]
    is_own = isinstance(run, Run)  # else a step is an epoch that another program made
    words = f"by {numbers.rule}" if is_own else "until the next epoch kept"
    lines += [
        numbers.after(layer, f"{name} changes by", words, step.update[place]),
        numbers.after(layer, name, "after the update", network.parameters[place]
                      + step.update[place]),
    ]  # fmt: skip
    value = float(network.parameters[place])
    reach = max(1.0, nice(2 * np.abs(run.problem.network.parameters).max()))
    return {
        "of": name, "lines": lines, "frozen_by": frozen_by, "shared_with": shared_with,
        "cell": name, "value": value, "low": min(-reach, value), "high": max(reach, value),
    }  # fmt: skip


def _neuron(numbers: _Numbers, layer: int, j: int) -> dict[str, Any]:
    at, activation = f"[{j}]", numbers.network.activations[layer - 1].name
    lines = [
        numbers.line(f"z{layer}{at}", "weighted sum", numbers.of("z", layer, j), f"z{layer}"),
        numbers.line(f"a{layer}{at}", activation, numbers.of("a", layer, j), f"a{layer}"),
    ]
    if layer < numbers.last:
        if masks := numbers.record.masks:
            mask = masks[layer - 1][numbers.sample, j]
            words = "dropout: switched off" if mask == 0 else "dropout: kept, and made larger"
            lines.insert(1, numbers.line(f"mask{layer}{at}", words, mask, f"a{layer}"))
        da = numbers.of("da", layer, j)
        lines.append(numbers.line(f"da{layer}{at}", "comes back", da, f"da{layer}"))
    delta = numbers.of("delta", layer, j)
    lines.append(numbers.line(f"delta{layer}{at}", "dL_i/dz", delta, f"delta{layer}"))
    return {
        "of": f"a{layer}{at}", "kind": "neuron", "lines": lines, "sums": _sums(numbers, layer, j),
        "incoming": _incoming(numbers, layer, j),
    }  # fmt: skip


def _sums(numbers: _Numbers, layer: int, j: int) -> list[dict[str, Any]]:
    """Return how z of a neuron comes about, and da, term by term."""
    record, sample, network = numbers.record, numbers.sample, numbers.network
    weights, came = network.weights[layer - 1][j], record.a[layer - 1][sample]
    terms = [
        (f"W{layer}[{j},{i}]", _below(layer - 1, i), weights[i], came[i], weights[i] * came[i])
        for i in _largest(weights * came)
    ]
    forward = numbers.line(f"z{layer}[{j}]", "", numbers.of("z", layer, j), f"z{layer}")
    found = [_sum(forward, terms, len(came), weights @ came)]
    if network.has_biases:
        found[0]["bias"] = {"name": f"b{layer}[{j}]", "value": float(network.biases[layer - 1][j])}
    if layer < numbers.last:
        weights, back = network.weights[layer][:, j], record.delta[layer][sample]
        terms = [
            (f"W{layer + 1}[{k},{j}]", f"delta{layer + 1}[{k}]", weights[k], back[k],
             weights[k] * back[k])
            for k in _largest(weights * back)
        ]  # fmt: skip
        backward = numbers.line(f"da{layer}[{j}]", "", numbers.of("da", layer, j), f"da{layer}")
        found.append(_sum(backward, terms, len(back), weights @ back))
    return found


def _incoming(numbers: _Numbers, layer: int, j: int) -> dict[str, Any]:
    """Return all weights into a neuron, for the strip of the layer below."""
    network, step = numbers.network, numbers.step
    rows = {
        "weight": network.parameters,
        "gradient": numbers.record.gradient,
        "update": step.update,
        "after": network.parameters + step.update,
    }
    name = f"W{layer}"
    found = {what: network.unflatten(one)[name][j] for what, one in rows.items()}
    return {"layer": layer, "neuron": j} | {
        what: row.astype(float).tolist() for what, row in found.items()
    }


def _largest(products: Any) -> list[int]:
    order = np.argsort(-np.abs(products), kind="stable")[:TERMS]
    return sorted(int(i) for i in order)


def _sum(line: Line, terms: Iterable[tuple[Any, ...]], n: int, whole: Any) -> dict[str, Any]:
    rows = [
        {"weight": w, "other": o, "weight_value": float(wv), "value": float(v), "product": float(p)}
        for w, o, wv, v, p in terms
    ]
    rest = float(whole) - sum(row["product"] for row in rows)
    return asdict(line) | {"terms": rows, "rest": rest if n > TERMS else 0.0}


def _input(numbers: _Numbers, i: int) -> dict[str, Any]:
    row, column = int(numbers.step.rows[numbers.sample]), numbers.run.problem.X[:, i]
    value = numbers.of("a", 0, i)
    before = numbers.run.problem.unscaled_of(numbers.record.a[0][numbers.sample], i)
    lines = [
        numbers.line(f"x[{i}]", _row(row, before), value),
        numbers.line(f"dx[{i}]", "gradient of L_i for it", numbers.of("da", 0, i), "delta1"),
    ]
    low, high = float(column.min()), float(column.max())
    room = max(0.25 * (high - low), 1.0 if low == high else 0.0)
    return {
        "of": f"x[{i}]", "kind": "input", "lines": lines, "cell": f"x[{row},{i}]", "value": value,
        "low": min(low - room, value), "high": max(high + room, value),
    }  # fmt: skip


def _row(row: int, before: str) -> str:
    return f"row {row} of the data{before and f': {before}'}"


def _target(numbers: _Numbers, name: str) -> dict[str, Any]:
    record, run, last = numbers.record, numbers.run, numbers.last
    try:
        j = int(name.removeprefix("y[").removesuffix("]"))
        if j < 0:
            raise IndexError
        target = float(record.y[numbers.sample, j])
    except (ValueError, IndexError):
        raise ElementError(
            f"there is no target {shown(name)}: targets are y[0] to y[{record.y.shape[1] - 1}]"
        ) from None
    row = int(numbers.step.rows[numbers.sample])
    lines = [
        numbers.line(f"y[{j}]", _row(row, run.problem.unscaled(None, target)), target),
        numbers.line(f"a{last}[{j}]", "what the network says", numbers.of("a", last, j),
                     f"a{last}"),
        numbers.line(f"delta{last}[{j}]", "dL_i/dz", numbers.of("delta", last, j),
                     f"delta{last}"),
    ]  # fmt: skip
    found: dict[str, Any] = {"of": f"y[{j}]", "kind": "target", "lines": lines}
    if run.problem.has_labels:
        value, low, high = float(np.argmax(record.y[numbers.sample])), 0.0, record.y.shape[1] - 1.0
        return found | {
            "cell": f"y[{row}]", "value": value, "low": low, "high": high, "whole": True
        }  # fmt: skip
    kind = numbers.network.loss.targets
    low, high = (0.0, 1.0) if kind in ("unit", "labels") else _range(run.problem.y)
    return found | {
        "cell": f"y[{row},{j}]", "value": target,
        "low": min(low, target), "high": max(high, target),
    }  # fmt: skip


def _range(y: Any) -> tuple[float, float]:
    low, high = float(np.min(y)), float(np.max(y))
    room = max(0.25 * (high - low), 1.0 if low == high else 0.0)
    return low - room, high + room


def _loss(numbers: _Numbers) -> dict[str, Any]:
    record, rows = numbers.record, len(numbers.step.rows)
    row = int(numbers.step.rows[numbers.sample])
    mean = "mean" if np.ptp(record.omega) == 0 else "mean by weights"
    lines = [
        numbers.line("L_i", f"of row {row}", record.losses[numbers.sample], "L"),
        numbers.line("L", f"{mean} of {rows} rows" if rows > 1 else "of this row", record.loss, "L",
                     "batch"),
    ]  # fmt: skip
    if record.l2:
        lines[-1] = numbers.line("L", f"{mean}, and the penalty", record.loss, "L", "batch")
    return {"of": "L", "kind": "loss", "lines": lines}
