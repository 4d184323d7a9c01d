"""The sections of a derivation: forward, cost, chain rule, deltas, mean, meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.cost import cost_of
from clearprop.explaining.derivation.definitions import Definition
from clearprop.explaining.derivation.expressions import (
    Expression,
    Number,
    Quotient,
    Rest,
    Sum,
    Symbol,
    minus,
    rounded,
    times,
)
from clearprop.explaining.derivation.formulas import is_a_minus_y
from clearprop.explaining.derivation.function_definitions import of_activation, of_loss
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.held import (
    is_frozen,
    shared_with,
)
from clearprop.explaining.derivation.neurons import Neurons, is_small
from clearprop.explaining.derivation.paths import count_of_paths, strongest_paths
from clearprop.explaining.derivation.record_symbols import RecordSymbols
from clearprop.explaining.derivation.shown_numbers import EXACT, count_text
from clearprop.explaining.derivation.softmax_steps import (
    denominator_step,
    entries_left_out,
    entries_of_delta,
    jacobian_steps,
)
from clearprop.explaining.derivation.steps_of_pass import (
    a_step,
    cost_step,
    da_step,
    delta_step,
    fused_delta_steps,
    fused_targets,
    loss_step,
    mean_step,
    slope_step,
    z_step,
)
from clearprop.explaining.derivation.tree import Equation, Part
from clearprop.explaining.derivation.used_numbers import numbers_used
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
    later: Sequence[Part] = (),
) -> Part:
    """The forward pass of the neurons of each layer, and of those that later steps use.

    `to_z` leaves out the last layer's a; `weight` (layer, j, i) is shown in its sum in any case.
    """
    used = numbers_used((step for part in later for step in part), s.row)
    layers: list[list[Equation]] = []
    functions: dict[Definition, None] = {}
    for layer in range(s.last, 0, -1):
        told = neurons.get(layer, [])
        also = used.get(("a", layer), set()) | used.get(("z", layer), set())
        shown = sorted({*told, *also})
        if not shown:
            continue
        only_z = to_z and layer == max(neurons)
        # Of a wide network, the strongest neuron of a layer stands for the others.
        summed = sorted(told) if is_small(s) else told[:1]
        equations = []
        for j in summed:
            own = weight is not None and weight[:2] == (layer, j)
            equations.append(z_step(s, layer, j, weight[2] if weight and own else None))
        for key, more in numbers_used(equations, s.row).items():
            used.setdefault(key, set()).update(more)
        if not only_z:
            functions = dict.fromkeys(of_activation(s.f(layer))) | functions
            if s.is_softmax(layer):
                equations.append(denominator_step(s, layer))
            equations += [a_step(s, layer, j) for j in shown]
        layers.append(equations)
    steps = [step for equations in reversed(layers) for step in equations]
    return Part("Forward", (), tuple(steps), definitions=tuple(functions))


def cost_part(s: RecordSymbols, names: Names) -> Part:
    """The cost of the sample, and of the batch."""
    equations = [loss_step(s)]
    definitions = of_loss(s.network.loss)
    words = _targets(s, names)
    if not definitions:
        words.append(f"{s.network.loss} is a loss of your own; formula= shows what it is.")
    if s.is_mean:
        equations.append(cost_step(s))
    if s.n > 1:
        even = np.ptp(s.record.omega) == 0
        share = f"1/{s.n:,}" if even else "its weight by the sum of weights"
        words.append(f"ω is a sample's share of the cost: {share}.")
    return Part("Cost", tuple(words), tuple(equations), definitions=definitions)


def _targets(s: RecordSymbols, names: Names) -> list[str]:
    """Say what y is: of a class, 1 in one place and 0 elsewhere."""
    if s.network.loss.targets != "labels":
        return []
    y = s.record.y[s.sample]
    ones = np.flatnonzero(y == 1)
    if len(ones) == 1 and np.count_nonzero(y) == 1:
        right = names.text(Symbol(s.y(int(ones[0])).name, 1.0))
        return [f"{right} is 1, for the class that is right; the others of y are 0."]
    return []


def output_part(s: RecordSymbols, names: Names, j: int) -> Part | None:
    """How delta^L comes about where loss and output have a common form, or by softmax."""
    z = names.text(s.z(s.last, j))
    if s.is_fused and not s.is_softmax(s.last):
        title = f"Output and loss in one: ∂{names.cost}/∂{z}"
        words = (f"{s.network.loss} after {s.f(s.last)}: the slopes of both cancel.",)
        return Part(title, words, tuple(fused_delta_steps(s, j)))
    return jacobian_part(s, names, s.last, j) if s.is_softmax(s.last) else None


def jacobian_part(s: RecordSymbols, names: Names, layer: int, j: int) -> Part:
    """A column of softmax's Jacobian; of the output's, how a - y falls out of it."""
    a, y = ("a_{}", "y_{}") if names.has_scripts else ("a[{}]", "y[{}]")
    a_k, a_j, y_k, y_j, z_j = (
        *map(a.format, "kj"),
        *map(y.format, "kj"),
        a.format("j").replace("a", "z"),
    )
    words = [f"∂{a_k}/∂{z_j} = {a_k}·(1 - {a_k}) where k = j, and -{a_k}·{a_j} elsewhere."]
    title = f"Softmax: the Jacobian's column for {names.text(s.z(layer, j))}"
    if layer == s.last and s.is_fused:
        targets = fused_targets(s)
        words += entries_left_out(s, layer, j, targets)
        if is_a_minus_y(s.network.loss, s.f(layer)):
            words.append(
                f"∂{names.cost}/∂{a_k} = -{y_k}/{a_k}, so that {a_k} cancels, and what is left is "
                f"{a_j} - {y_j}."
            )
        if 0 < len(targets) < s.sizes[-1]:
            words.append(
                f"{s.sizes[-1] - len(targets):,} of the {s.sizes[-1]:,} ∂{names.cost}/∂{a_k} "
                f"are 0, as {y_k} is: these terms are left out."
            )
        return Part(title, tuple(words), tuple(fused_delta_steps(s, j)))
    used = entries_of_delta(s, layer, j)
    words += entries_left_out(s, layer, j, used)
    return Part(title, tuple(words), tuple(jacobian_steps(s, layer, j, used)))


def kept_part(s: RecordSymbols, neurons: Neurons, down_to: int, end: Equation | None) -> Part:
    """The deltas from the output down: each computed once, and used again; and the `end`."""
    used = numbers_used([end] if end is not None else [], s.row)
    layers: list[list[Equation]] = []
    for layer in range(down_to, s.last + 1):
        told = neurons[layer]
        equations: list[Equation] = []
        for j in sorted({*told, *used.get(("delta", layer), set())}):
            equations += _delta_steps(s, layer, j, j in told, j == told[0])
        slopes = used_slopes(s, layer, equations)
        equations = slopes + equations
        for key, more in numbers_used(equations, s.row).items():
            used.setdefault(key, set()).update(more)
        layers.append(equations)
    steps = [step for equations in reversed(layers) for step in equations]
    if end is not None:
        steps.append(end)
    words = ("A delta is computed once, and serves every weight and every neuron below it.",)
    return Part("With what is kept (dynamic programming)", words, tuple(steps))


def used_slopes(s: RecordSymbols, layer: int, equations: Sequence[Equation]) -> list[Equation]:
    """The slopes of the cost by outputs that steps use and do not show."""
    if layer < s.last:
        return []
    derived = {equation.name for equation in equations}
    wanted = sorted(numbers_used(equations, s.row).get(("da", layer), set()))
    return [da_step(s, layer, k) for k in wanted if s.da(layer, k).code not in derived]


def softmax_parts(s: RecordSymbols, names: Names, neurons: Neurons) -> list[Part]:
    """How the output's delta comes about, and that of each softmax below, from the output down."""
    parts = [output_part(s, names, neurons[s.last][0])]
    for layer in sorted(neurons, reverse=True):
        if 0 < layer < s.last and s.is_softmax(layer):
            parts.append(jacobian_part(s, names, layer, neurons[layer][0]))
    return [part for part in parts if part is not None]


def _delta_steps(
    s: RecordSymbols, layer: int, j: int, by_da: bool, by_entries: bool
) -> list[Equation]:
    """A delta, and what it is made of; `by_da` is whether the sum over the layer above is told."""
    delta = delta_step(s, layer, j, by_entries)
    if layer == s.last and s.is_fused:
        return [delta]
    steps = [da_step(s, layer, j)] if by_da or layer == s.last else []
    if not s.is_softmax(layer):
        steps.append(slope_step(s, layer, j))
    return [*steps, delta]


def chain_part(
    s: RecordSymbols, names: Names, symbol: str, layer: int, index: tuple[int, ...]
) -> Part:
    """The chain rule written out, a product of slopes for each path."""
    own = s.own_gradient(symbol, layer, index)
    paths = strongest_paths(s, symbol, layer, index, s.largest + 1)
    n = count_of_paths(s, layer)
    whose = "" if not s.is_mean else f", for sample {names.count(s.sample)}"
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
    known = _known_digits(form.value, np.finfo(np.float64).eps * max(map(abs, costs)) / h)
    note = "" if known == 6 else "its other digits are lost, as the costs nearly cancel"
    if known == 0:
        known, note = 1, "no digit is certain: the costs are equal up to their rounding"
    enough = (
        n for n in (12, 15) if abs(rounded(form, n) - form.value) <= 10.0**-known * abs(form.value)
    )
    difference = Symbol("difference", form.value)
    digits = next(enough, EXACT)
    return Equation(difference, form.value, (form,), note, digits=digits, known=known)


def _known_digits(value: float, doubt: float) -> int:
    """Return how many of six digits a doubt leaves; all where there is nothing to lose."""
    if value == 0 or not np.isfinite(value):
        return 6
    with np.errstate(divide="ignore"):
        return int(np.clip(np.floor(np.log10(abs(value) / doubt)), 0, 6)) if doubt else 6
