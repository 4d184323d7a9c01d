"""An optimizer's step for one parameter, an equation for each thing that it keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.derivation.expressions import (
    Apply,
    Expression,
    Negative,
    Number,
    Quotient,
    Square,
    Sum,
    Symbol,
    minus,
    times,
)
from clearprop.explaining.derivation.tree import Equation
from clearprop.network import Network
from clearprop.optimizers import SGD, Adam, AdamW, Clock, Optimizer, RMSprop, RProp
from clearprop.schedules import rate_at

Array = NDArray[Any]

ONE = Number(1.0)


def updated(
    network: Network, gradient: Array, rule: Optimizer, before: Mapping[str, Array], now: Clock
) -> tuple[Array, dict[str, Array]]:
    """Return the parameters and the optimizer's state after one update, in float64."""
    parameters = network.parameters.copy()
    state = {name: array.astype(np.float64) for name, array in before.items()}
    with np.errstate(all="ignore"):
        rule.update(parameters, gradient, state, now, network.topology.is_weight())
    return parameters, state


class OneParameter:
    """The step that a rule makes of one parameter: W, its gradient g, and the rule's numbers.

    Parameters
    ----------
    rule : Optimizer
    now : Clock
    w, g : Symbol
        The parameter and its gradient.
    before, after : mapping of str to float
        The parameter's numbers in the optimizer's state.
    new : float
        The parameter after the step.
    """

    def __init__(
        self,
        rule: Optimizer,
        now: Clock,
        w: Symbol,
        g: Symbol,
        before: Mapping[str, float],
        after: Mapping[str, float],
        new: float,
    ) -> None:
        self.rule, self.now, self.w, self.g = rule, now, w, g
        self.before, self.after = before, after
        self.new = Symbol(f"new {w.name}", new)

    def steps(self) -> list[Equation]:
        """Return the equations, the last of which gives the parameter's new value."""
        rule = self.rule
        if isinstance(rule, SGD):
            return list(self._sgd(rule))
        if isinstance(rule, Adam):
            return list(self._adam(rule))
        if isinstance(rule, RMSprop):
            return list(self._rmsprop(rule))
        if isinstance(rule, RProp):
            return list(self._rprop(rule))
        change = Symbol("update", self.new.value - self.w.value)
        return [
            Equation(change, change.value, note=f"by {type(rule).__name__}"),
            self._result(Sum((self.w, change))),
        ]

    def _result(self, form: Expression) -> Equation:
        return Equation(self.new, self.new.value, (form,))

    def _rate(self) -> Symbol:
        rule: Any = self.rule
        return Symbol("eta", rate_at(rule.learning_rate, self.now.t, self.now.total))

    def _known(self, name: str, kept: str) -> tuple[Symbol, Symbol]:
        """Return a number of the state before and after the step."""
        return Symbol(f"{name}_before", self.before[kept]), Symbol(name, self.after[kept])

    def _sgd(self, rule: SGD) -> Iterator[Equation]:
        eta = self._rate()
        if "velocity" not in self.before:
            step: Expression = Negative(times(eta, self.g))
            update = Symbol("update", step.value)
            yield Equation(update, update.value, (step,))
            form: Expression = Sum((self.w, update))
        else:
            mu = Symbol("mu", rate_at(rule.momentum, self.now.t, self.now.total))
            v_before, v = self._known("v", "velocity")
            kept = minus(times(mu, v_before), times(eta, self.g))
            yield Equation(v, v.value, (kept,), note="velocity")
            form = Sum((self.w, v))
            if rule.nesterov:
                form = Sum((self.w, times(mu, v), Negative(times(eta, self.g))))
        if rule.shrink != 1 and self.w.name.startswith("W"):
            form = times(form, Symbol("shrink", rule.shrink))
        yield self._result(form)

    def _adam(self, rule: Adam) -> Iterator[Equation]:
        eta, t = self._rate(), self.now.made + 1
        beta1, beta2 = Symbol("beta1", rule.beta1), Symbol("beta2", rule.beta2)
        m_before, m = self._known("m", "m")
        v_before, v = self._known("v", "v")
        mean = Sum((times(beta1, m_before), times(minus(ONE, beta1), self.g)))
        yield Equation(m, m.value, (mean,), note="running mean of g")
        squares = Sum((times(beta2, v_before), times(minus(ONE, beta2), Square(self.g))))
        yield Equation(v, v.value, (squares,), note="running mean of g²")
        hats = []
        for name, kept, beta in (("m_hat", m, beta1), ("v_hat", v, beta2)):
            power = Symbol(f"{beta.name}^{t}", beta.value**t)
            form = Quotient(kept, minus(ONE, power))
            hats.append(Symbol(name, form.value))
            yield Equation(hats[-1], form.value, (form,), note="bias corrected")
        root = Apply("sqrt", hats[1], float(np.sqrt(hats[1].value)))
        step = Quotient(times(eta, hats[0]), Sum((root, Symbol("epsilon", rule.epsilon))))
        start: Expression = self.w
        if isinstance(rule, AdamW):
            start = times(self.w, minus(ONE, times(eta, Symbol("decay", rule.decay))))
        yield self._result(minus(start, step))

    def _rmsprop(self, rule: RMSprop) -> Iterator[Equation]:
        alpha = Symbol("alpha", rule.alpha)
        s_before, s = self._known("s", "square")
        mean = Sum((times(alpha, s_before), times(minus(ONE, alpha), Square(self.g))))
        yield Equation(s, s.value, (mean,), note="running mean of g²")
        root = Apply("sqrt", s, float(np.sqrt(s.value)))
        form = Quotient(self.g, Sum((root, Symbol("epsilon", rule.epsilon))))
        step = Symbol("step", form.value)
        yield Equation(step, step.value, (form,))
        if rule.momentum:
            v_before, v = self._known("v", "velocity")
            yield Equation(v, v.value, (Sum((times(Symbol("mu", rule.momentum), v_before), step)),))
            step = v
        yield self._result(minus(self.w, times(self._rate(), step)))

    def _rprop(self, rule: RProp) -> Iterator[Equation]:
        size_before, size = self._known("size", "size")
        agreement = np.sign(self.g.value) * np.sign(self.before["last"])
        if agreement == 0:
            form: Expression = size_before
            note = (
                "its first size" if not self.now.made else "as it was: it rested, or has no slope"
            )
        else:
            grown = agreement > 0
            factor = Symbol("grow", rule.grow) if grown else Symbol("cut", rule.cut)
            form = times(size_before, factor)
            note = "the sign of g stays: larger" if grown else "the sign of g changed: smaller"
        if form.value != size.value:
            form, note = size, f"{note}, within bounds"
        yield Equation(size, size.value, (form,) if form != size else (), note=note)
        if agreement < 0:
            yield Equation(self.new, self.new.value, (self.w,), note="it rests for a step")
            return
        sign = Apply("sign", self.g, float(np.sign(self.g.value)))
        yield self._result(minus(self.w, times(sign, size)))
