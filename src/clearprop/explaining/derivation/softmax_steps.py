"""Softmax in a derivation: its values, and the entries of its Jacobian."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.derivation.expressions import (
    Apply,
    Expression,
    Partial,
    Quotient,
    Symbol,
    alone,
    fits,
    folded,
    minus,
    sum_of,
    times,
)
from clearprop.explaining.derivation.formulas import jacobian
from clearprop.explaining.derivation.record_symbols import RecordSymbols, fold
from clearprop.explaining.derivation.shown_numbers import at_most
from clearprop.explaining.derivation.tree import Equation

Array = NDArray[Any]


def softmax_forms(s: RecordSymbols, layer: int, j: int) -> list[Expression]:
    """Return softmax's value, before dropout's mask: by its sum, or where that overflows not."""
    z, total = s.z(layer, j), sum_of_exponentials(s, layer)
    with np.errstate(all="ignore"):
        quotient = Quotient(Apply("exp", z, float(np.exp(z.value))), total)
        power = float(np.exp(z.value - log_of_sum(s, layer).value))
    shifted = Apply("exp", minus(z, log_of_sum(s, layer)), power)
    candidates: tuple[Expression, ...] = (quotient, shifted)
    if not np.isfinite(total.value):
        candidates = (shifted,)
    value = s.a(layer, j).value if s.mask(layer, j) is None else power
    return [form for form in candidates if fits(form, value)] or [shifted]


def sum_of_exponentials(s: RecordSymbols, layer: int) -> Symbol:
    """Return sum_k exp(z^l_k), softmax's denominator; infinite where that overflows."""
    with np.errstate(all="ignore"):
        value = float(np.exp(s.record.z[layer - 1][s.sample]).sum())
    return Symbol(f"sumexp(z{layer})", value, s.row)


def log_of_sum(s: RecordSymbols, layer: int) -> Symbol:
    """Return log sum_k exp(z^l_k), which does not overflow."""
    z = s.record.z[layer - 1][s.sample]
    with np.errstate(all="ignore"):
        shift = z.max()
        value = float(shift + np.log(np.exp(z - shift).sum()))
    return Symbol(f"logsumexp(z{layer})", value, s.row)


def denominator_step(s: RecordSymbols, layer: int) -> Equation:
    """sum_k exp(z_k), or its logarithm where a sum would overflow."""
    z = s.record.z[layer - 1][s.sample]
    total = sum_of_exponentials(s, layer)
    if not np.isfinite(total.value) or total.value == 0:
        log = log_of_sum(s, layer)
        return Equation(log, log.value, note="softmax's denominator, its logarithm")
    shown, rest = fold(np.exp(z), s.largest, "term")
    terms: list[Expression] = [Apply("exp", s.z(layer, k), float(np.exp(z[k]))) for k in shown]
    if rest is not None:
        terms.append(rest)
    return Equation(total, total.value, (sum_of(terms),), note="softmax's denominator")


def jacobian_column(s: RecordSymbols, layer: int, j: int) -> Array:
    """Return da^l_k/dz^l_j of softmax for all k; behind dropout's mask, times its factors."""
    p = s.f(layer)(s.record.z[layer - 1][s.sample : s.sample + 1])[0]
    column = p * ((np.arange(len(p)) == j) - p[j])
    masked = s.record.masks and layer < s.last
    return np.asarray(column * s.record.masks[layer - 1][s.sample] if masked else column)


def jacobian_entry(s: RecordSymbols, layer: int, k: int, j: int) -> Expression:
    """Return the formula of da^l_k/dz^l_j; behind a mask, a is not softmax's value."""
    mask = s.mask(layer, k)
    if mask is None:
        return jacobian(s.a(layer, k), s.a(layer, j))
    return times(mask, jacobian(softmax_forms(s, layer, k)[0], softmax_forms(s, layer, j)[0]))


def jacobian_partial(s: RecordSymbols, layer: int, k: int, j: int) -> Partial:
    """Return da^l_k/dz^l_j of softmax."""
    return Partial(s.a(layer, k), s.z(layer, j), jacobian_entry(s, layer, k, j).value)


def jacobian_forms(
    s: RecordSymbols, layer: int, j: int, by_entries: bool
) -> tuple[Expression, ...]:
    """Return delta^l_j = sum_k dL/da^l_k da^l_k/dz^l_j, the entries as symbols or written out."""
    shown, rest = _through(s, layer, j)
    entry = jacobian_partial if by_entries else jacobian_entry
    form = alone(folded([times(s.da(layer, k), entry(s, layer, k, j)) for k in shown], rest))
    # Where softmax is nearly one class, its terms may cancel to their rounding.
    return (form,) if fits(form, s.delta(layer, j).value) else ()


def entries_of_delta(s: RecordSymbols, layer: int, j: int) -> list[int]:
    """Return which entries of the Jacobian's column a softmax's delta is shown with."""
    return _through(s, layer, j)[0]


def _through(s: RecordSymbols, layer: int, j: int) -> tuple[list[int], Any]:
    with np.errstate(all="ignore"):
        contributions = s.da_values(layer) * jacobian_column(s, layer, j)
    return fold(contributions, s.largest, "term")


def jacobian_steps(s: RecordSymbols, layer: int, j: int, used: list[int]) -> list[Equation]:
    """The entries da^l_k/dz^l_j that are largest, and those that are used next."""
    steps = []
    for k in _entries_shown(s, layer, j, used):
        partial = jacobian_partial(s, layer, k, j)
        steps.append(Equation(partial, partial.value, (jacobian_entry(s, layer, k, j),)))
    return steps


def entries_left_out(s: RecordSymbols, layer: int, j: int, used: list[int]) -> tuple[str, ...]:
    """Say how many entries of the column are not shown, and how large they are."""
    column = np.abs(jacobian_column(s, layer, j))
    shown = _entries_shown(s, layer, j, used)
    others = np.delete(column, shown)
    if not others.size:
        return ()
    return (
        f"{len(shown)} of {len(column):,} entries are shown, the largest and those used next; the "
        f"others are at most {at_most(float(others.max()))} in size.",
    )


def _entries_shown(s: RecordSymbols, layer: int, j: int, used: list[int]) -> list[int]:
    shown, _ = fold(jacobian_column(s, layer, j), s.largest, "entry")
    return list(dict.fromkeys([*shown, *used, j]))
