"""The sections of a derivation: forward, cost, chain rule, deltas, mean, meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import BuiltInActivation
from clearprop.cost import cost_of
from clearprop.explaining.derivation.expressions import (
    Expression,
    Number,
    Quotient,
    Rest,
    Sum,
    Symbol,
    minus,
    times,
)
from clearprop.explaining.derivation.formulas import is_a_minus_y
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.held import (
    is_frozen,
    shared_with,
)
from clearprop.explaining.derivation.neurons import Neurons, is_small
from clearprop.explaining.derivation.paths import count_of_paths, strongest_paths
from clearprop.explaining.derivation.record_symbols import RecordSymbols
from clearprop.explaining.derivation.shown_numbers import count_text
from clearprop.explaining.derivation.steps_of_pass import (
    a_step,
    cost_step,
    da_step,
    delta_step,
    denominator_step,
    fused_delta_steps,
    jacobian_steps,
    loss_step,
    mean_step,
    slope_step,
    z_step,
)
from clearprop.explaining.derivation.tree import Equation, Part
from clearprop.explaining.derivation.words import meaning

Array = NDArray[Any]

H = 1e-5
"""The step of the central difference, relative to the parameter's size where that is above 1."""


def forward_part(
    s: RecordSymbols,
    neurons: Neurons,
    *,
    to_z: bool = False,
    weight: tuple[int, int, int] | None = None,
) -> Part:
    """The forward pass of the neurons of each layer.

    `to_z` leaves out the last layer's a; `weight` (layer, j, i) is shown in its sum in any case.
    """
    equations: list[Equation] = []
    functions: dict[str, str] = {}
    for layer in sorted(neurons):
        if layer == 0 or not neurons[layer]:
            continue
        if not (to_z and layer == max(neurons)):
            functions |= dict.fromkeys(definition(s, layer), "")
        shown = sorted(neurons[layer])
        # Of a wide network, the strongest neuron of a layer stands for the others.
        summed = shown if is_small(s) else neurons[layer][:1]
        for j in summed:
            own = weight is not None and weight[:2] == (layer, j)
            equations.append(z_step(s, layer, j, weight[2] if weight and own else None))
        if to_z and layer == max(neurons):
            break
        if s.is_softmax(layer):
            equations.append(denominator_step(s, layer))
        equations += [a_step(s, layer, j) for j in shown]
    return Part("Forward", tuple(functions), tuple(equations))


def definition(s: RecordSymbols, layer: int) -> tuple[str, ...]:
    """Say what f_l is, unless its name says it."""
    f = s.f(layer)
    if isinstance(f, BuiltInActivation) and not f.equation.startswith(f.name):
        return (f"{f.name}(z) = {f.equation}",)
    return ()


def cost_part(s: RecordSymbols) -> Part:
    """The cost of the sample, and of the batch."""
    equations = [loss_step(s)]
    words = [f"{s.network.loss}: {getattr(s.network.loss, 'equation', 'your own loss')}"]
    words += _targets(s)
    if s.is_mean:
        equations.append(cost_step(s))
    if s.n > 1:
        even = np.ptp(s.record.omega) == 0
        share = f"1/{s.n:,}" if even else "its weight by the sum of weights"
        words.append(f"ω is a sample's share of the cost: {share}.")
    return Part("Cost", tuple(words), tuple(equations))


def _targets(s: RecordSymbols) -> list[str]:
    """Say what y is: of a class, 1 in one place and 0 elsewhere."""
    if s.network.loss.targets != "labels":
        return []
    y = s.record.y[s.sample]
    ones = np.flatnonzero(y == 1)
    if len(ones) == 1 and np.count_nonzero(y) == 1:
        return [f"y[{ones[0]}] is 1, for the class that is right; the others of y are 0."]
    return []


def output_part(s: RecordSymbols, names: Names, j: int) -> Part | None:
    """How delta^L comes about where loss and output have a common form, or by softmax."""
    z = names.text(s.z(s.last, j))
    if s.is_fused and not s.is_softmax(s.last):
        title = f"Output and loss in one: ∂L/∂{z}"
        words = (f"{s.network.loss} after {s.f(s.last)}: the slopes of both cancel.",)
        return Part(title, words, tuple(fused_delta_steps(s, j)))
    return jacobian_part(s, names, s.last, j) if s.is_softmax(s.last) else None


def jacobian_part(s: RecordSymbols, names: Names, layer: int, j: int) -> Part:
    """A column of softmax's Jacobian; of the output's, how a - y falls out of it."""
    words = ["∂a[k]/∂z[j] = a[k]·(1 - a[k]) where k = j, and -a[k]·a[j] elsewhere."]
    title = f"Softmax: the Jacobian's column for {names.text(s.z(layer, j))}"
    if layer == s.last and s.is_fused:
        if is_a_minus_y(s.network.loss, s.f(layer)):
            words.append(
                "∂L/∂a[k] = -y[k]/a[k], so that a[k] cancels, and what is left is a[j] - y[j]."
            )
        return Part(title, tuple(words), tuple(fused_delta_steps(s, j)))
    return Part(title, tuple(words), tuple(jacobian_steps(s, layer, j)))


def kept_part(s: RecordSymbols, neurons: Neurons, down_to: int, end: Equation | None) -> Part:
    """The deltas from the output down: each computed once, and used again; and the `end`."""
    equations: list[Equation] = []
    for layer in range(s.last, down_to - 1, -1):
        for j in sorted(neurons[layer]):
            equations += _delta_steps(s, layer, j)
    if end is not None:
        equations.append(end)
    words = ("A delta is computed once, and serves every weight and every neuron below it.",)
    return Part("With what is kept (dynamic programming)", words, tuple(equations))


def softmax_parts(s: RecordSymbols, names: Names, neurons: Neurons) -> list[Part]:
    """How the output's delta comes about, and that of each softmax below, from the output down."""
    parts = [output_part(s, names, neurons[s.last][0])]
    for layer in sorted(neurons, reverse=True):
        if 0 < layer < s.last and s.is_softmax(layer):
            parts.append(jacobian_part(s, names, layer, neurons[layer][0]))
    return [part for part in parts if part is not None]


def _delta_steps(s: RecordSymbols, layer: int, j: int) -> list[Equation]:
    if layer == s.last and s.is_fused:
        return [delta_step(s, layer, j)]
    steps = [da_step(s, layer, j)]
    if not s.is_softmax(layer):
        steps.append(slope_step(s, layer, j))
    return [*steps, delta_step(s, layer, j)]


def chain_part(
    s: RecordSymbols, names: Names, symbol: str, layer: int, index: tuple[int, ...]
) -> Part:
    """The chain rule written out, a product of slopes for each path."""
    own = s.own_gradient(symbol, layer, index)
    paths = strongest_paths(s, symbol, layer, index, s.largest + 1)
    n = count_of_paths(s, layer)
    whose = "" if not s.is_mean else f", for sample {s.sample}"
    title = f"The chain rule, from the output to the input{whose}"
    if n == 1:
        (path,) = paths
        return Part(title, (), (Equation(own, own.value, (path.partials, path.factors)),))
    shown = paths if n <= s.largest + 1 else paths[: s.largest]
    terms: list[Expression] = [path.factors for path in shown]
    if n > len(shown):
        rest = own.value - sum(path.value for path in shown)
        if abs(rest) < 1e-13 * sum(abs(path.value) for path in shown):
            rest = 0.0  # the rounding of the others
        terms.append(Rest(n - len(shown), "path", rest))
    strongest = Symbol("path", paths[0].value)
    words = (f"{count_text(n)} paths lead from {names.text(s.parameter(symbol, layer, index))} to "
             "the cost, each a product of slopes. The strongest:",)  # fmt: skip
    equations = (
        Equation(strongest, strongest.value, (paths[0].partials, paths[0].factors)),
        Equation(own, own.value, (Sum(tuple(terms)),), by_rows=True),
    )
    return Part(title, words, equations)


def mean_part(s: RecordSymbols, symbol: str, layer: int, index: tuple[int, ...]) -> Part:
    """The mean over the batch, and the penalty."""
    words = []
    if s.n > 1:
        words.append(
            "Each sample pushes with its share ω of the cost; who pushes hardest is marked."
        )
    if s.record.l2 and symbol == "W":
        words.append("The penalty adds l2 times the weight.")
    title = "The mean over the batch" if s.n > 1 else "The sample's part, and the penalty"
    return Part(title, tuple(words), (mean_step(s, symbol, layer, index),))


def meaning_part(
    s: RecordSymbols, names: Names, symbol: str, layer: int, index: tuple[int, ...]
) -> Part:
    """What the gradient means in words, and a central difference."""
    words = [meaning(s, names, symbol, layer, index, _of_descent(s, symbol, layer, index))]
    gradient = s.gradient(symbol, layer, index).value
    place = s.network.topology.place_of(symbol, layer, index)
    difference = difference_step(s, s.parameter(symbol, layer, index).name, [place])
    apart = abs(difference.value - gradient)
    # Rounding of a cost of size L makes a difference uncertain by eps L / h.
    doubt = 1e-4 * max(abs(gradient), abs(difference.value)) + 1e-9 * abs(s.cost().value) + 1e-12
    if not np.isfinite(difference.value):
        words.append("The central difference is not finite, as the cost overflows nearby.")
    elif not apart <= doubt:
        words.append(
            "The central difference is another number: a kink (of a relu, say) lies nearby, "
            "or the cost is hardly computed so finely. Ask cp.check_gradients."
        )
    return Part("What it means, with a central difference beside it", tuple(words), (difference,))


def _of_descent(s: RecordSymbols, symbol: str, layer: int, index: tuple[int, ...]) -> str | None:
    """Say what descent does to a parameter that does not follow its own gradient; else None."""
    if is_frozen(s, symbol, layer, index):
        return "No step follows it, as the parameter is frozen."
    if shared_with(s, symbol, layer, index):
        return "That is of this one alone: descent follows g, the sum."
    return None


def difference_step(s: RecordSymbols, name: str, places: Sequence[int]) -> Equation:
    """The central difference for moving together what stands at these places, as one `name`."""
    w = float(s.network.parameters[places[0]])
    h = H * max(1.0, abs(w))
    cost = cost_of(s.record)
    moved = s.network.parameters.copy()
    costs = []
    for sign in (1, -1):
        moved[list(places)] = w + sign * h
        costs.append(float(cost(moved)))
    up, down = (
        Symbol(f"L({name} {sign} h)", value) for sign, value in zip("+-", costs, strict=True)
    )
    form = Quotient(minus(up, down), times(Number(2.0), Symbol("h", h)))
    return Equation(Symbol("difference", form.value), form.value, (form,), digits=12)
