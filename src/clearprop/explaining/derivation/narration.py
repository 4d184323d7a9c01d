"""Narrates a record: which steps a number rests on, and in which order they are told."""

from __future__ import annotations

import numpy as np

from clearprop import notation
from clearprop.constraints import Constraints
from clearprop.explaining.chain_rule_cost import chain_rule_cost
from clearprop.explaining.derivation.arrays import array_part
from clearprop.explaining.derivation.derivation import Derivation
from clearprop.explaining.derivation.expressions import Symbol
from clearprop.explaining.derivation.function_definitions import with_helpers
from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.held import remark
from clearprop.explaining.derivation.held_part import held_part
from clearprop.explaining.derivation.neurons import (
    Neurons,
    all_if_small,
    is_small,
    neurons_above,
    neurons_below,
    some_neurons,
)
from clearprop.explaining.derivation.not_finite import Place, first_non_finite, parts_up_to_first
from clearprop.explaining.derivation.record_symbols import RecordSymbols
from clearprop.explaining.derivation.sections import (
    chain_part,
    cost_part,
    forward_part,
    kept_part,
    mean_part,
    meaning_part,
    softmax_parts,
)
from clearprop.explaining.derivation.shown_numbers import number
from clearprop.explaining.derivation.steps_of_pass import (
    a_step,
    da_step,
    hardest_sample,
    own_gradient_step,
)
from clearprop.explaining.derivation.tree import Part
from clearprop.explaining.derivation.update_sections import Update, update_part, updates_part
from clearprop.explaining.derivation.used_numbers import not_derived, numbers_used
from clearprop.explaining.names import element_name
from clearprop.record import Record

COSTLIEST = "which has the largest share of the cost"


class Narrator:
    """Tells how the numbers of a record come about.

    Parameters
    ----------
    record : Record
        In float64.
    names : Names
    largest : int
        How many terms, paths, samples and neurons are shown.
    sample : int or None
        The row that is followed.
    update : Update or None
    dtype : str
        Of the network that is explained.
    constraints : Constraints, optional
        What is frozen and shared.
    """

    def __init__(
        self,
        record: Record,
        names: Names,
        largest: int,
        sample: int | None,
        update: Update | None,
        dtype: str,
        constraints: Constraints | None = None,
    ) -> None:
        self.record, self.names, self.largest = record, names, largest
        self.sample, self.update, self.dtype = sample, update, dtype
        self.constraints = constraints

    def derivation(self, of: str | None) -> Derivation:
        """Return the derivation of an element, or of the whole pass."""
        if of is None:
            return self._whole_pass()
        symbol, layer, index = notation.parse(of)
        if symbol in ("W", "b"):
            symbol = f"d{symbol}"
        if symbol == "L":
            return self._of_cost()
        if not index:
            return self._of_array(symbol, layer)
        if symbol in ("dW", "db"):
            return self._of_gradient(symbol[1], layer, index)
        if symbol in ("z", "a"):
            return self._of_forward(symbol, layer, index[0])
        return self._of_backward(symbol, layer, index[0])

    def _of_gradient(self, symbol: str, layer: int, index: tuple[int, ...]) -> Derivation:
        s, why = self._followed(), COSTLIEST
        if self.sample is None:
            hardest = hardest_sample(s, symbol, layer, index)
            s = self._symbols(hardest)
            pushes = s.omega().value * s.own_gradient(symbol, layer, index).value
            why = "which pushes hardest" if pushes else "as none pushes"
        gradient = s.gradient(symbol, layer, index)
        title = self._title(
            f"d{self.names.cost}/d{self.names.text(s.parameter(symbol, layer, index))}"
        )
        if not np.isfinite(gradient.value):
            return self._up_to_first(gradient.name, title, (None, f"d{symbol}", layer, index))
        above = neurons_above(s, layer, index[0])
        needed: Neurons = dict(above)
        if symbol == "W" and layer > 1:
            needed[layer - 1] = [index[1]]
        # The outputs that the cost is computed from, as far as y tells them from the others.
        right = np.flatnonzero(s.record.y[s.sample])
        if s.network.loss.targets == "labels" and len(right) <= self.largest:
            needed[s.last] = [*needed[s.last], *(set(map(int, right)) - set(needed[s.last]))]
        own = own_gradient_step(s, symbol, layer, index)
        weight = (layer, index[0], index[1]) if symbol == "W" else None
        parts = [
            cost_part(s, self.names),
            *softmax_parts(s, self.names, above),
            chain_part(s, self.names, symbol, layer, index),
            kept_part(s, above, layer, own),
        ]
        if s.is_mean:
            parts.append(mean_part(s, symbol, layer, index))
        parts += held_part(s, self.names, symbol, layer, index)
        if self.update is not None:
            parts.append(update_part(s, self.names, symbol, layer, index, self.update))
        parts.insert(0, forward_part(s, all_if_small(s, needed), weight=weight, later=parts))
        parts.append(meaning_part(s, self.names, symbol, layer, index))
        return self._put(s, gradient.name, title, self._remarks(s, why), parts)

    def _of_forward(self, symbol: str, layer: int, j: int) -> Derivation:
        s = self._followed()
        target = s.z(layer, j) if symbol == "z" else s.a(layer, j)
        title, remarks = self._title(self.names.text(target)), self._remarks(s, COSTLIEST)
        if not np.isfinite(target.value):
            return self._up_to_first(target.code, title, (s.sample, symbol, layer, (j,)))
        if layer == 0:
            part = Part("Input", ("It is given.",), (a_step(s, 0, j),))
            return self._put(s, target.code, title, remarks, [part])
        neurons = neurons_below(s, layer, j)
        if is_small(s):
            neurons |= {h: list(range(s.sizes[h])) for h in range(1, layer)}
        forward = forward_part(s, neurons, to_z=symbol == "z")
        return self._put(s, target.code, title, remarks, [forward])

    def _of_backward(self, symbol: str, layer: int, j: int) -> Derivation:
        s = self._followed()
        target = s.delta(layer, j) if symbol == "delta" else s.da(layer, j)
        title, remarks = self._title(self.names.text(target)), self._remarks(s, COSTLIEST)
        slope_of_cost = symbol == "da" and layer == s.last  # may be infinite: no delta rests on it
        if not (slope_of_cost or np.isfinite(target.value)):
            return self._up_to_first(target.code, title, (s.sample, symbol, layer, (j,)))
        above = neurons_above(s, layer, j)
        needed = all_if_small(s, dict(above))
        if symbol == "da" and layer == s.last:
            told = [Part("The slope of the cost", (), (da_step(s, layer, j),))]
        else:
            end, down_to = None, layer
            if symbol == "da":
                end, down_to = da_step(s, layer, j), layer + 1
                del above[layer]
            told = [*softmax_parts(s, self.names, above), kept_part(s, above, down_to, end)]
        parts = [cost_part(s, self.names), *told]
        parts.insert(0, forward_part(s, needed, later=parts))
        return self._put(s, target.code, title, remarks, parts)

    def _of_cost(self) -> Derivation:
        s, title = self._followed(), self._title(self.names.cost)
        if not np.isfinite(s.cost().value):
            return self._up_to_first("L", title, (None, "L", 0, ()))
        outputs = some_neurons(s, s.record.delta[-1][s.sample])
        cost = cost_part(s, self.names)
        parts = [forward_part(s, all_if_small(s, {s.last: outputs}), later=[cost]), cost]
        return self._put(s, "L", title, self._remarks(s, COSTLIEST), parts)

    def _of_array(self, symbol: str, layer: int) -> Derivation:
        s, name = self._followed(), element_name(symbol, layer, ())
        title = self._title(f"{self.names.array(name)}, shape {self.record[name].shape},")
        array = self.record[name]
        slope_of_cost = symbol == "da" and layer == s.last
        alone = symbol not in ("dW", "db")
        if not (slope_of_cost or np.isfinite(array[s.sample] if alone else array).all()):
            return self._up_to_first(name, title, (s.sample if alone else None, symbol, layer, ()))
        part = array_part(s, self.names, symbol, layer)
        before: list[Part] = []
        if symbol not in ("z", "a"):
            outputs = some_neurons(s, s.record.delta[-1][s.sample])
            cost = cost_part(s, self.names)
            needed = all_if_small(s, {s.last: outputs})
            before = [forward_part(s, needed, later=[cost, part]), cost]
        return self._put(s, None, title, self._remarks(s, COSTLIEST), [*before, part])

    def _whole_pass(self) -> Derivation:
        s, title = self._followed(), self._title("The whole pass")
        if not (np.isfinite(self.record.loss) and np.isfinite(self.record.gradient).all()):
            return self._up_to_first(None, title, None)
        order = [("z", layer) for layer in range(1, s.last + 1)]
        forward = [(name, layer) for _, layer in order for name in ("z", "a")]
        backward = [] if s.is_fused else [("da", s.last)]
        for layer in range(s.last, 0, -1):
            backward += [("delta", layer), ("dW", layer)]
            if s.network.has_biases:
                backward.append(("db", layer))
            if layer > 1:
                backward.append(("da", layer - 1))
        cost = chain_rule_cost(s.network)
        saved = (
            f"Written out, the chains of all parameters take {cost.written_out:,} "
            f"multiplications a sample; with the deltas kept, {cost.with_deltas:,}."
        )
        cost_of_sample = cost_part(s, self.names)
        back = self._arrays(s, backward, [])
        there = self._arrays(s, forward, [cost_of_sample, *back])
        parts = [
            Part("Forward", (), (), there),
            cost_of_sample,
            Part("Backward, from the output to the input", (saved,), (), back),
        ]
        if self.update is not None:
            parts.append(updates_part(s, self.names, self.update))
        return self._put(s, None, title, self._remarks(s, COSTLIEST), parts)

    def _arrays(
        self, s: RecordSymbols, arrays: list[tuple[str, int]], later: list[Part]
    ) -> tuple[Part, ...]:
        """Tell arrays in order, each with the elements that those after it use."""
        told: list[Part] = []
        for symbol, layer in reversed(arrays):
            used = numbers_used((e for part in (*told, *later) for e in part), s.row)
            told.insert(0, array_part(s, self.names, symbol, layer, used.get((symbol, layer), ())))
        return tuple(told)

    def _up_to_first(self, of: str | None, title: str, asked: Place | None) -> Derivation:
        place = first_non_finite(self.record, asked)
        s = self._symbols(place[0] or 0)
        equation, why, before = parts_up_to_first(s, self.names, place)
        words = (
            f"{self._called(of) if of else 'The pass'} cannot be followed to its end: "
            f"{self._called(equation.name)} is "
            f"{number(equation.value)}, the first number on the way that is not finite{why}.",
        )
        parts = [*before, Part("The first number that is not finite", (), (equation,))]
        return self._put(s, equation.name, title, words, parts)

    def _symbols(self, sample: int) -> RecordSymbols:
        return RecordSymbols(self.record, sample, self.largest, self.constraints)

    def _followed(self) -> RecordSymbols:
        """Return the symbols of the sample asked for, or of the one with the largest cost."""
        if self.sample is not None:
            return self._symbols(self.sample)
        costs = self.record.omega * self.record.losses
        return self._symbols(int(np.where(np.isnan(costs), np.inf, costs).argmax()))

    def _title(self, what: str) -> str:
        sizes, n = "-".join(map(str, self.record.network.sizes)), len(self.record.losses)
        samples = "one sample" if n == 1 else f"a batch of {n:,} samples"
        return f"{what} of a {sizes} network with {self.record.network.loss}, for {samples}"

    def _remarks(self, s: RecordSymbols, why: str) -> tuple[str, ...]:
        said = []
        if s.n > 1:
            chosen = f", {why}" if self.sample is None else ""
            n = self.names.count(s.sample)
            above = "" if self.names.parentheses else f", in mathematics ({n}) above,"
            said.append(f"Sample {n} is followed{chosen}; @{n}{above} marks its numbers.")
        if self.dtype != "float64":
            said.append(f"The network is {self.dtype}; all is computed in float64.")
        if self.constraints is not None:
            said.append(remark(s, self.names))
        if self.names.has_scripts:
            said.append(self._numbering(s))
        return tuple(said)

    def _numbering(self, s: RecordSymbols) -> str:
        """Say how what is shown is named in code."""
        a = element_name("a", s.last, (0,))
        counted = ", which counts neurons and samples from 0" if self.names.one_based else ""
        return f"{self.names.text(Symbol(a, 0.0))} is {a} in code{counted}."

    def _called(self, code: str) -> str:
        """Return what an equation's code name is shown as."""
        name, _, row = code.partition("@")
        if code.startswith("∂") or "(" in code:
            return code
        return self.names.text(Symbol(name, 0.0, int(row) if row else None))

    def _put(
        self,
        s: RecordSymbols,
        of: str | None,
        title: str,
        words: tuple[str, ...],
        parts: list[Part],
    ) -> Derivation:
        told = tuple(part for part in parts if part.equations or part.parts)
        odd = next((e for part in told for e in part if not np.isfinite(e.value)), None)
        words = (*words, *not_derived((e for part in told for e in part), self.names, s.row))
        if odd is not None and odd.name != of:
            said = f"{self._called(odd.name)} is {number(odd.value)}, which goes no further."
            words = (*words, said)
        return Derivation(of, title, words, with_helpers(told), self.names)
