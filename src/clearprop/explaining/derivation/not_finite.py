"""Where numbers stop being finite: the first such step, and what leads to it."""

from __future__ import annotations

import numpy as np

from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.neurons import neurons_below, some_neurons
from clearprop.explaining.derivation.record_symbols import RecordSymbols
from clearprop.explaining.derivation.sections import cost_part, forward_part
from clearprop.explaining.derivation.shown_numbers import number
from clearprop.explaining.derivation.steps_of_pass import (
    a_step,
    cost_step,
    da_step,
    delta_step,
    loss_step,
    mean_step,
    z_step,
)
from clearprop.explaining.derivation.tree import Equation, Part
from clearprop.record import Record

Place = tuple[int | None, str, int, tuple[int, ...]]
"""A sample (None: of the whole batch), and a symbol, layer and index of the grammar."""

FORWARD, BACKWARD = ("z", "a"), ("da", "delta")


def first_non_finite(record: Record, asked: Place | None) -> Place:
    """Return the first number on the way to what was asked that is not finite.

    The order is that of computation. Only numbers that `asked` rests on are looked at: of its
    sample, in its own layer of its own neuron. None: the whole pass.
    """
    sample, symbol, layer, index = asked or (None, "", 0, ())
    alone = sample is not None and symbol in (*FORWARD, *BACKWARD)
    for name, at in _order(record):
        if asked is not None and name in ("dW", "db") and (name, at) != (symbol, layer):
            continue  # no number rests on another gradient
        array = record.losses[:, None] if name == "L" else record[f"{name}{at}"]
        found = np.argwhere(~np.isfinite(array))
        if name in ("dW", "db"):
            mine = [place for place in found if not index or tuple(place) == index]
            if len(mine):
                return None, name, at, tuple(int(i) for i in mine[0])
            continue
        if alone:
            found = found[found[:, 0] == sample]
        own_layer = at == layer and (name in FORWARD) == (symbol in FORWARD)
        if alone and index and own_layer and not record.network.activations[at - 1].row_wise:
            found = found[found[:, 1] == index[0]]
        if len(found):
            row, unit = found[0]
            return int(row), name, at, () if name == "L" else (int(unit),)
        if (name, at) == (symbol, layer):
            break
    return None, "L", 0, ()  # every cost is finite, but not their sum with the penalty


def _order(record: Record) -> list[tuple[str, int]]:
    last = len(record.delta)
    forward = [(name, layer) for layer in range(1, last + 1) for name in FORWARD]
    gradients = ("dW", "db") if record.network.has_biases else ("dW",)
    backward: list[tuple[str, int]] = []
    for layer in range(last, 0, -1):
        if layer < last:
            backward.append(("da", layer))
        backward += [("delta", layer), *((name, layer) for name in gradients)]
    return [*forward, ("L", 0), *backward, ("da", 0)]


def parts_up_to_first(
    s: RecordSymbols, names: Names, place: Place
) -> tuple[Equation, str, list[Part]]:
    """Return the step that is not finite, why if that is known, and the parts that lead to it."""
    sample, symbol, layer, index = place
    before: list[Part] = []
    why = ""
    if symbol == "z":
        equation, why = z_step(s, layer, index[0]), _culprit(s, names, layer, index[0])
        neurons = neurons_below(s, layer, index[0])
        del neurons[layer]
        before = [forward_part(s, neurons)]
    elif symbol == "a":
        equation = a_step(s, layer, index[0])
        before = [Part("Forward", (), (z_step(s, layer, index[0]),))]
    elif symbol == "L":
        equation = loss_step(s) if sample is not None else cost_step(s)
    else:
        outputs = some_neurons(s, s.record.a[-1][s.sample])
        before = [forward_part(s, {s.last: outputs}), cost_part(s, names)]
        if symbol in ("dW", "db"):
            equation = mean_step(s, symbol[1], layer, index)
        else:
            step = delta_step if symbol == "delta" else da_step
            equation = step(s, layer, index[0])
    return equation, why, before


def _culprit(s: RecordSymbols, names: Names, layer: int, j: int) -> str:
    """Name the parameter that is not finite itself, if one is."""
    wrong = np.flatnonzero(~np.isfinite(s.network.weights[layer - 1][j]))
    if wrong.size:
        w = s.W(layer, j, int(wrong[0]))
        return f"; {names.text(w)} is {number(w.value)}"
    if s.network.has_biases and not np.isfinite(s.b(layer, j).value):
        return f"; {names.text(s.b(layer, j))} is {number(s.b(layer, j).value)}"
    return "; its terms are too large for float64"
