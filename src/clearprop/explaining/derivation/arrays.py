"""Whole arrays of a pass: the equation with shapes, and their elements, or the largest of them."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.derivation.formulas import is_a_minus_y
from clearprop.explaining.derivation.function_definitions import of_activation
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.neurons import is_small
from clearprop.explaining.derivation.record_symbols import RecordSymbols, fold
from clearprop.explaining.derivation.sections import jacobian_part, output_part
from clearprop.explaining.derivation.shown_numbers import at_most
from clearprop.explaining.derivation.softmax_steps import denominator_step
from clearprop.explaining.derivation.steps_of_pass import (
    a_step,
    da_step,
    delta_step,
    mean_step,
    own_gradient_step,
    slope_step,
    z_step,
)
from clearprop.explaining.derivation.tree import Equation, Part
from clearprop.explaining.names import element_name

Array = NDArray[np.float64]


def array_part(
    s: RecordSymbols, names: Names, symbol: str, layer: int, used: Collection[int] = ()
) -> Part:
    """One array: its equation with shapes, and its elements, or the largest of them.

    Of elements that are told in a line, those in `used` are told too, which later steps use.
    """
    name = element_name(symbol, layer, ())
    rule = _rule(s, names, symbol, layer)
    title = f"{names.array(name)} = {rule}, shape {s.record[name].shape}"
    words: tuple[str, ...] = ()
    equations: list[Equation] = []
    if symbol in ("dW", "db"):
        gradient = s.record[name]
        if is_small(s):
            chosen = list(range(gradient.size))
        else:
            chosen, words = _chosen(s, gradient.ravel(), "elements")
        step_of = mean_step if s.is_mean else own_gradient_step
        for place in chosen:
            index = tuple(int(i) for i in np.unravel_index(place, gradient.shape))
            equations.append(step_of(s, symbol[1], layer, index))
        return Part(title, words, tuple(equations))
    is_sum = symbol == "z" or (symbol == "da" and layer < s.last)
    chosen, words = _chosen(s, _values(s, symbol, layer), "neurons", () if is_sum else used)
    definitions = of_activation(s.f(layer)) if symbol == "a" and layer else ()
    if symbol == "a" and layer and s.is_softmax(layer):
        equations.append(denominator_step(s, layer))
    columns = chosen if len(chosen) <= 4 else chosen[:1]
    for j in chosen:
        equations += _element(s, symbol, layer, j, j in columns)
    parts: tuple[Part, ...] = ()
    if symbol == "delta":
        if layer == s.last:
            found = [output_part(s, names, j) for j in columns]
            parts = tuple(part for part in found if part is not None)
        elif s.is_softmax(layer):
            parts = tuple(jacobian_part(s, names, layer, j) for j in columns)
    return Part(title, words, tuple(equations), parts, definitions)


def _values(s: RecordSymbols, symbol: str, layer: int) -> Array:
    if symbol == "da":
        return s.da_values(layer)
    arrays = {"z": s.record.z, "a": s.record.a, "delta": s.record.delta}[symbol]
    return np.asarray(arrays[layer if symbol == "a" else layer - 1][s.sample])


def _element(s: RecordSymbols, symbol: str, layer: int, j: int, by_entries: bool) -> list[Equation]:
    if symbol == "z":
        return [z_step(s, layer, j)]
    if symbol == "a":
        return [a_step(s, layer, j)]
    if symbol == "da":
        return [da_step(s, layer, j)]
    fused = layer == s.last and s.is_fused
    if fused or s.is_softmax(layer):
        return [delta_step(s, layer, j, by_entries)]
    return [slope_step(s, layer, j), delta_step(s, layer, j)]


def _chosen(
    s: RecordSymbols, values: Array, kind: str, used: Collection[int] = ()
) -> tuple[list[int], tuple[str, ...]]:
    shown, rest = fold(values, s.largest, kind)
    if rest is None:
        return shown, ()
    more = sorted(set(used) - set(shown))
    others = np.abs(np.delete(values, shown + more))
    if not others.size:
        return sorted(shown + more), ()
    which = f"The {len(shown)} largest of {len(values):,} {kind}"
    if more:
        which = f"The {len(shown)} largest of {len(values):,} {kind}, and {len(more)} used later"
    return shown + more, (
        f"{which}; the others are at most {at_most(float(others.max()))} in size.",
    )


def _rule(s: RecordSymbols, names: Names, symbol: str, layer: int) -> str:
    """Return how a whole array is computed, as matrices."""
    loss, array = s.network.loss, names.array
    below, W, b = array(element_name("a", layer - 1, ())), array(f"W{layer}"), array(f"b{layer}")
    z, a, da, delta = (array(f"{name}{layer}") for name in ("z", "a", "da", "delta"))
    if symbol == "z":
        return f"{below} {W}ᵀ" + (f" + {b}" if s.network.has_biases else "")
    if symbol == "a":
        return f"{s.f(layer).name}({z})" if layer else "the input"
    if symbol == "da":
        if layer == s.last:
            return f"the slope of {loss}"
        return f"{array(f'delta{layer + 1}')} {array(f'W{layer + 1}')}"
    if symbol == "delta":
        if layer == s.last and s.is_fused and is_a_minus_y(loss, s.f(layer)):
            return f"{a} - y"
        if s.is_softmax(layer):
            return f"J({z})ᵀ {da}"
        return f"{da} * {s.f(layer).name}'({z})"
    share = f"(ω * {delta})" if s.n > 1 else delta
    if symbol == "db":
        return f"{share} summed over samples" if s.n > 1 else share
    return f"{share}ᵀ {below}" + (f" + l2 {W}" if s.record.l2 else "")
