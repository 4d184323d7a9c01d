"""The steps of a pass, an equation each: z, a, cost, da, delta, gradient."""

from __future__ import annotations

import numpy as np

from clearprop.explaining.derivation.expressions import (
    Apply,
    Expression,
    Negative,
    Number,
    Partial,
    Product,
    Quotient,
    Symbol,
    alone,
    fits,
    folded,
    sum_of,
    times,
)
from clearprop.explaining.derivation.formulas import (
    branch,
    fused_delta_formulas,
    is_known_by_a,
    jacobian,
    loss_formulas,
    loss_slope_formulas,
    slope_formulas,
)
from clearprop.explaining.derivation.record_symbols import RecordSymbols, fold
from clearprop.explaining.derivation.softmax_steps import (
    jacobian_forms,
    jacobian_partial,
    jacobian_steps,
    log_of_sum,
    softmax_forms,
)
from clearprop.explaining.derivation.tree import Equation

FEW = 4
"""Outputs of a network whose terms are all written, those that are 0 too."""


def z_step(s: RecordSymbols, layer: int, j: int, keep: int | None = None) -> Equation:
    """z^l_j = sum_i W^l[j,i] a^(l-1)_i + b^l_j."""
    below = s.record.a[layer - 1][s.sample]
    with np.errstate(all="ignore"):
        contributions = s.network.weights[layer - 1][j] * below
    shown, rest = fold(contributions, s.largest, "term", keep)
    terms: list[Expression] = [times(s.W(layer, j, i), s.a(layer - 1, i)) for i in shown]
    if rest is not None:
        terms.append(rest)
    if s.network.has_biases:
        terms.append(s.b(layer, j))
    return Equation(s.z(layer, j), s.z(layer, j).value, (sum_of(terms),))


def a_step(s: RecordSymbols, layer: int, j: int) -> Equation:
    """a^l_j = f_l(z^l_j), times dropout's factor; an input is given."""
    a = s.a(layer, j)
    if layer == 0:
        return Equation(a, a.value, note="input")
    mask = s.mask(layer, j)
    if s.is_softmax(layer):
        forms = softmax_forms(s, layer, j)
    else:
        z = s.z(layer, j)
        with np.errstate(all="ignore"):
            value = float(s.f(layer)(np.array([[z.value]]))[0, 0])
        forms = [Apply(s.f(layer).name, z, value)]
    if mask is not None:
        forms = [times(form, mask) for form in forms]
    return Equation(a, a.value, tuple(forms[:1]), uses=uses_of_a(s, layer))


def loss_step(s: RecordSymbols) -> Equation:
    """L_i, the cost of the sample: a sum over the outputs."""
    found: list[Expression] = []
    lse = log_of_sum(s, s.last)
    for j in range(s.sizes[-1]):
        z, a, y = s.z(s.last, j), s.a(s.last, j), s.y(j)
        options = loss_formulas(s.network.loss, z, a, y, lse)
        # The first that is finite: 1 log 0 is infinite, the cost from z is not.
        option = next((o for o in options if np.isfinite(o.value)), None)
        if option is None:
            return Equation(s.loss(), s.loss().value, note=_of_loss(s))
        found.append(option)
    values = np.array([term.value for term in found])
    kept = [j for j, term in enumerate(found) if term.value or s.sizes[-1] <= FEW] or [0]
    shown, rest = fold(values[kept], s.largest, "term")
    form = alone(folded([found[kept[k]] for k in shown], rest))
    if not fits(form, s.loss().value):
        return Equation(s.loss(), s.loss().value, note=_of_loss(s))
    zeros = len(found) - len(kept)
    note = f"{zeros:,} other outputs have terms of 0" if zeros else ""
    if zeros == 1:
        note = "another output has a term of 0"
    return Equation(s.loss(), s.loss().value, (form,), note)


def _of_loss(s: RecordSymbols) -> str:
    return str(s.network.loss)


def cost_step(s: RecordSymbols) -> Equation:
    """L = sum_i omega_i L_i + (l2 / 2) sum of squared weights."""
    record = s.record
    with np.errstate(all="ignore"):
        contributions = record.omega * record.losses
    shown, rest = fold(contributions, s.largest, "sample")
    terms: list[Expression] = []
    for i in shown:
        own = RecordSymbols(record, i, s.largest)
        terms.append(times(own.omega(), own.loss()) if s.n > 1 else own.loss())
    if rest is not None:
        terms.append(rest)
    if record.l2:
        squares = sum(float((W**2).sum()) for W in s.network.weights)
        half = times(Number(0.5), s.l2(), Symbol("sum of W²", squares))
        terms.append(half)
    note = "the mean over the batch" if s.n > 1 else ""
    if record.l2:
        note += ", and the penalty" if note else "with the penalty"
    return Equation(s.cost(), s.cost().value, (sum_of(terms),), note=note)


def last_da_step(s: RecordSymbols, j: int) -> Equation:
    """dL_i/da^L_j, the slope of the loss."""
    da = s.da(s.last, j)
    options = loss_slope_formulas(s.network.loss, s.a(s.last, j), s.y(j))
    return Equation(da, da.value, _fitting(options, da.value))


def da_step(s: RecordSymbols, layer: int, i: int) -> Equation:
    """dL_i/da^l_i = sum_k delta^(l+1)_k W^(l+1)[k,i]: all paths through the layer above."""
    if layer == s.last:
        return last_da_step(s, i)
    with np.errstate(all="ignore"):
        contributions = s.record.delta[layer][s.sample] * s.network.weights[layer][:, i]
    shown, rest = fold(contributions, s.largest, "path")
    terms: list[Expression] = [times(s.delta(layer + 1, k), s.W(layer + 1, k, i)) for k in shown]
    da = s.da(layer, i)
    forms = [alone(folded(terms, rest))]
    if rest is None and len(shown) <= FEW and not s.is_softmax(layer + 1):
        by_chain = _by_chain(s, layer, i)
        if by_chain is not None:
            forms.insert(0, by_chain)
    return Equation(da, da.value, tuple(forms), by_rows=True)


def _by_chain(s: RecordSymbols, layer: int, i: int) -> Expression | None:
    """dL/da^l_i as Leibniz writes it: the slopes by the neurons above, times theirs by a^l_i."""
    above = layer + 1
    if above == s.last and s.is_fused:
        return None
    terms: list[Expression] = []
    for k in range(s.sizes[above]):
        a, z = s.a(above, k), s.z(above, k)
        mask = s.mask(above, k)
        size = s.slope(above, k).value * (1.0 if mask is None else mask.value)
        terms.append(
            times(
                Partial(s.loss(), a, s.da(above, k).value),
                Partial(a, z, size),
                Partial(z, s.a(layer, i), s.W(above, k, i).value),
            )
        )
    form = sum_of(terms)
    return form if fits(form, s.da(layer, i).value) else None


def slope_step(s: RecordSymbols, layer: int, j: int) -> Equation:
    """f_l'(z^l_j), by what is known of f."""
    slope = s.slope(layer, j)
    a = s.a(layer, j) if s.mask(layer, j) is None else None
    options = slope_formulas(s.f(layer), s.z(layer, j), a)
    return Equation(slope, slope.value, _fitting(options, slope.value),
                    note=branch(s.f(layer), s.z(layer, j).value))  # fmt: skip


def delta_step(s: RecordSymbols, layer: int, j: int, by_entries: bool = True) -> Equation:
    """delta^l_j = f_l'(z^l_j) dL_i/da^l_j; through softmax, a column of its Jacobian.

    `by_entries` is whether that column's entries are shown, and can be spoken of.
    """
    delta, uses = s.delta(layer, j), uses_of_delta(s, layer)
    if layer == s.last and s.is_fused:
        return Equation(delta, delta.value, _short_fused_form(s, j), uses=uses)
    if s.is_softmax(layer):
        forms_through = jacobian_forms(s, layer, j, by_entries)
        return Equation(delta, delta.value, forms_through, uses=uses)
    slope, mask = s.slope(layer, j), s.mask(layer, j)
    forms: list[Expression] = []
    if layer == s.last:
        da = last_da_step(s, j)
        first: Expression = da.forms[0] if da.forms else s.da(layer, j)
    else:
        first = s.da(layer, j)
    forms.append(times(first, slope) if mask is None else times(first, mask, slope))
    return Equation(delta, delta.value, tuple(forms), uses=uses)


def _short_fused_form(s: RecordSymbols, j: int) -> tuple[Expression, ...]:
    total = Symbol("sum(y)", float(s.record.y[s.sample].sum()), s.row)
    L = s.last
    short = fused_delta_formulas(s.network.loss, s.f(L), s.z(L, j), s.a(L, j), s.y(j), total)
    return _fitting(short, s.delta(L, j).value)


def fused_delta_steps(s: RecordSymbols, j: int) -> list[Equation]:
    """How a - y falls out of the slope of the loss and the Jacobian of the output."""
    L, a, delta = s.last, s.a(s.last, j), s.delta(s.last, j)
    long: list[Expression] = []
    if s.is_softmax(L):
        targets = fused_targets(s)
        before = jacobian_steps(s, L, j, targets)
        if targets:
            leibniz: list[Expression] = []
            put_in: list[Expression] = []
            for k in targets:
                a_k, y_k = s.a(L, k), s.y(k)
                leibniz.append(times(_dL_da(s, k), jacobian_partial(s, L, k, j)))
                put_in.append(times(Negative(Quotient(y_k, a_k)), jacobian(a_k, a)))
            long = [sum_of(leibniz), sum_of(put_in)]
    else:
        da, slope = last_da_step(s, j), slope_step(s, L, j)
        before = [da, slope]
        if da.forms and slope.forms:
            partial = Partial(a, s.z(L, j), slope.value)
            long = [times(_dL_da(s, j), partial), times(da.forms[0], slope.forms[0])]
    # Where a vanishes, y / a is infinite and these say nothing.
    long = [form for form in long if fits(form, delta.value)]
    short = _short_fused_form(s, j)
    if len(long) == 2:
        return [*before, Equation(delta, delta.value, (*long, *short))]
    return [*before, Equation(delta, delta.value, short)]


def fused_targets(s: RecordSymbols) -> list[int]:
    """Return the outputs whose slope of the cost is shown where softmax and loss are in one.

    Where y is 0, the slope is 0: of many outputs, those are left out. None: too many are left.
    """
    outputs = s.sizes[-1]
    targets = np.arange(outputs) if outputs <= FEW else np.flatnonzero(s.record.y[s.sample])
    return list(map(int, targets)) if len(targets) <= max(FEW, s.largest) else []


def _dL_da(s: RecordSymbols, k: int) -> Partial:
    return Partial(s.loss(), s.a(s.last, k), s.da(s.last, k).value)


def own_gradient_step(
    s: RecordSymbols, symbol: str, layer: int, index: tuple[int, ...]
) -> Equation:
    """dL_i/dW^l[j,i] = delta^l_j a^(l-1)_i, and dL_i/db^l_j = delta^l_j."""
    own = s.own_gradient(symbol, layer, index)
    delta = s.delta(layer, index[0])
    form = times(delta, s.a(layer - 1, index[1])) if symbol == "W" else delta
    return Equation(own, own.value, (form,))


def mean_step(s: RecordSymbols, symbol: str, layer: int, index: tuple[int, ...]) -> Equation:
    """dL/dW = sum_i omega_i delta_i a_i + l2 W, the samples that push hardest first."""
    record = s.record
    with np.errstate(all="ignore"):
        contributions = record.omega * record.delta[layer - 1][:, index[0]]
        if symbol == "W":
            contributions = contributions * record.a[layer - 1][:, index[1]]
    shown, rest = fold(contributions, s.largest, "sample")
    terms: list[Expression] = []
    for i in shown:
        own = RecordSymbols(record, i, s.largest)
        factors: list[Expression] = [own.delta(layer, index[0])]
        if s.n > 1:
            factors.insert(0, own.omega())
        if symbol == "W":
            factors.append(own.a(layer - 1, index[1]))
        terms.append(alone(Product(tuple(factors))))
    if rest is not None:
        terms.append(rest)
    if record.l2 and symbol == "W":
        terms.append(times(s.l2(), s.W(layer, *index)))
    gradient = s.gradient(symbol, layer, index)
    return Equation(gradient, gradient.value, (alone(sum_of(terms)),), by_rows=True)


def hardest_sample(s: RecordSymbols, symbol: str, layer: int, index: tuple[int, ...]) -> int:
    """Return the sample whose share of a gradient is largest in size."""
    record = s.record
    with np.errstate(all="ignore"):
        shares = record.omega * record.delta[layer - 1][:, index[0]]
        if symbol == "W":
            shares = shares * record.a[layer - 1][:, index[1]]
    sizes = np.abs(shares)
    return int(np.where(np.isnan(sizes), np.inf, sizes).argmax())


def uses_of_a(s: RecordSymbols, layer: int) -> int:
    """How often a^l_i is used: in every z and gradient of the layer above, and in its own f'."""
    by_slope = is_known_by_a(s.f(layer)) and not s.record.masks if layer else False
    return 2 * s.sizes[layer + 1] + by_slope if 0 < layer < s.last else 0


def uses_of_delta(s: RecordSymbols, layer: int) -> int:
    """How often delta^l_j is used: for its weights, its bias, and each neuron below."""
    below = s.sizes[layer - 1]
    return below + (below if layer > 1 else 0) + (1 if s.network.has_biases else 0)


def _fitting(options: list[Expression], value: float) -> tuple[Expression, ...]:
    """Return the first formula that gives the number, alone, or none."""
    return next(((option,) for option in options if fits(option, value)), ())
