"""The sections of an optimizer's step: of one parameter, or of all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.derivation.glyphs import Names
from clearprop.explaining.derivation.held import given_gradient, is_frozen, sum_step
from clearprop.explaining.derivation.neurons import is_small
from clearprop.explaining.derivation.optimizer_steps import OneParameter, updated
from clearprop.explaining.derivation.record_symbols import RecordSymbols, ranked
from clearprop.explaining.derivation.tree import Equation, Part
from clearprop.explaining.derivation.words import step_in_words
from clearprop.optimizers import Clock, Optimizer

Array = NDArray[Any]


class Update(NamedTuple):
    """An optimizer's step: the rule, its state before (empty: it begins), and the moment.

    `after` holds parameters and state after a step that was made; None: it is made here.
    """

    rule: Optimizer
    before: Mapping[str, Array]
    now: Clock
    after: tuple[Array, Mapping[str, Array]] | None = None


def update_part(
    s: RecordSymbols,
    names: Names,
    symbol: str,
    layer: int,
    index: tuple[int, ...],
    update: Update,
) -> Part:
    """The optimizer's step of one parameter."""
    step = _OneStep(s, update)
    numbers = step.of(symbol, layer, index)
    w = s.parameter(symbol, layer, index)
    words = step_in_words(names, w, numbers.new.value, step.name)
    return Part(step.title, (words,), tuple(step.steps(symbol, layer, index)))


def updates_part(s: RecordSymbols, names: Names, update: Update) -> Part:
    """The optimizer's step of all parameters, or of those that it moves most."""
    step = _OneStep(s, update)
    parts = []
    for name, change in s.network.unflatten(step.change).items():
        many = change.size > s.largest + 1 and not is_small(s)
        places = ranked(change.ravel())[: s.largest] if many else range(change.size)
        equations: list[Equation] = []
        for place in places:
            index = tuple(int(i) for i in np.unravel_index(int(place), change.shape))
            parameter = name[0], int(name[1:]), index
            equations += [*sum_step(s, *parameter), *step.steps(*parameter)]
        words = (f"The {len(places)} of {change.size:,} that move most.",) if many else ()
        parts.append(Part(names.array(name), words, tuple(equations)))
    return Part(step.title, (), (), tuple(parts))


class _OneStep:
    """An update of all parameters, of which single ones are told."""

    def __init__(self, s: RecordSymbols, update: Update) -> None:
        self._s = s
        self._rule, self._now = update.rule, update.now
        self._state = update.before or self._rule.start(s.network.parameters)
        self._parameters, self._after = update.after or updated(
            s.network, s.record.gradient, self._rule, self._state, self._now, s.constraints
        )

    @property
    def name(self) -> str:
        return type(self._rule).__name__

    @property
    def title(self) -> str:
        which = f"update {self._now.made + 1}" if self._now.made else "its first update"
        return f"The step of {self.name}, {which}"

    @property
    def change(self) -> Array:
        return np.asarray(self._parameters - self._s.network.parameters)

    def of(self, symbol: str, layer: int, index: tuple[int, ...]) -> OneParameter:
        """Return the step of one parameter."""

        def one(vector: Array) -> float:
            return float(self._s.network.unflatten(vector)[f"{symbol}{layer}"][index])

        before = {k: one(np.asarray(array, np.float64)) for k, array in self._state.items()}
        after = {key: one(array) for key, array in self._after.items()}
        w, g = (
            self._s.parameter(symbol, layer, index),
            given_gradient(self._s, symbol, layer, index),
        )
        new = one(self._parameters)
        return OneParameter(self._rule, self._now, w, g, before, after, new)

    def steps(self, symbol: str, layer: int, index: tuple[int, ...]) -> list[Equation]:
        """Return the equations of the step of one parameter."""
        one = self.of(symbol, layer, index)
        if is_frozen(self._s, symbol, layer, index):
            return [Equation(one.new, one.new.value, (one.w,), note="frozen")]
        return one.steps()
