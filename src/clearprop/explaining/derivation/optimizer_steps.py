"""An optimizer's step for one parameter, an equation for each thing that it keeps.

A new optimizer is one entry of `STEPS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.constraints import Constraints
from clearprop.errors import missing_piece
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
from clearprop.optimizers import OPTIMIZERS, SGD, Adam, AdamW, Clock, Optimizer, RMSprop, RProp
from clearprop.schedules import rate_at

Array = NDArray[Any]

ONE = Number(1.0)


def updated(
    network: Network,
    gradient: Array,
    rule: Optimizer,
    before: Mapping[str, Array],
    now: Clock,
    constraints: Constraints | None,
) -> tuple[Array, dict[str, Array]]:
    """Return the parameters and the optimizer's state after one update, in float64."""
    parameters = network.parameters.copy()
    if constraints is not None:
        gradient = constraints.gradient(gradient)
    state = {name: array.astype(np.float64) for name, array in before.items()}
    with np.errstate(all="ignore"):
        rule.update(parameters, gradient, state, now, network.topology.is_weight())
    if constraints is not None:
        constraints.hold(parameters, network.parameters)
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
        """Return the equations, the last of which gives the parameter's new value.

        Raises
        ------
        MissingPieceError
            If the rule is built in and has no entry in `STEPS`.
        """
        kind = type(self.rule)
        if kind in STEPS:
            return list(STEPS[kind](self.rule, self))
        if kind in OPTIMIZERS.values():
            where = "STEPS in explaining/derivation/optimizer_steps.py"
            missing_piece(f"optimizer {kind.__name__}", "equations of its step", where)
        change = Symbol("update", self.new.value - self.w.value)
        return [
            Equation(change, change.value, note=f"by {kind.__name__}"),
            self.result(Sum((self.w, change))),
        ]

    def result(self, form: Expression) -> Equation:
        """Return the equation of the parameter's new value."""
        return Equation(self.new, self.new.value, (form,))

    def rate(self) -> Symbol:
        """Return the learning rate of this step."""
        rule: Any = self.rule
        return Symbol("eta", rate_at(rule.learning_rate, self.now.t, self.now.total))

    def known(self, name: str, kept: str) -> tuple[Symbol, Symbol]:
        """Return a number of the state before and after the step."""
        return Symbol(f"{name}_before", self.before[kept]), Symbol(name, self.after[kept])


def _sgd(rule: SGD, one: OneParameter) -> Iterator[Equation]:
    eta = one.rate()
    if "velocity" not in one.before:
        step: Expression = Negative(times(eta, one.g))
        update = Symbol("update", step.value)
        yield Equation(update, update.value, (step,))
        form: Expression = Sum((one.w, update))
    else:
        mu = Symbol("mu", rate_at(rule.momentum, one.now.t, one.now.total))
        v_before, v = one.known("v", "velocity")
        kept = minus(times(mu, v_before), times(eta, one.g))
        yield Equation(v, v.value, (kept,), note="velocity")
        form = Sum((one.w, v))
        if rule.nesterov:
            form = Sum((one.w, times(mu, v), Negative(times(eta, one.g))))
    if rule.shrink != 1 and one.w.name.startswith("W"):
        form = times(form, Symbol("shrink", rule.shrink))
    yield one.result(form)


def _adam(rule: Adam, one: OneParameter) -> Iterator[Equation]:
    eta, t = one.rate(), one.now.made + 1
    beta1, beta2 = Symbol("beta1", rule.beta1), Symbol("beta2", rule.beta2)
    m_before, m = one.known("m", "m")
    v_before, v = one.known("v", "v")
    mean = Sum((times(beta1, m_before), times(minus(ONE, beta1), one.g)))
    yield Equation(m, m.value, (mean,), note="running mean of the gradient")
    squares = Sum((times(beta2, v_before), times(minus(ONE, beta2), Square(one.g))))
    yield Equation(v, v.value, (squares,), note="running mean of its square")
    hats = []
    for name, kept, beta in (("m_hat", m, beta1), ("v_hat", v, beta2)):
        power = Symbol(f"{beta.name}^{t}", beta.value**t)
        form = Quotient(kept, minus(ONE, power))
        hats.append(Symbol(name, form.value))
        yield Equation(hats[-1], form.value, (form,), note="bias corrected")
    root = Apply("sqrt", hats[1], float(np.sqrt(hats[1].value)))
    step = Quotient(times(eta, hats[0]), Sum((root, Symbol("epsilon", rule.epsilon))))
    start: Expression = one.w
    if isinstance(rule, AdamW):
        start = times(one.w, minus(ONE, times(eta, Symbol("decay", rule.decay))))
    yield one.result(minus(start, step))


def _rmsprop(rule: RMSprop, one: OneParameter) -> Iterator[Equation]:
    alpha = Symbol("alpha", rule.alpha)
    s_before, s = one.known("s", "square")
    mean = Sum((times(alpha, s_before), times(minus(ONE, alpha), Square(one.g))))
    yield Equation(s, s.value, (mean,), note="running mean of the gradient's square")
    root = Apply("sqrt", s, float(np.sqrt(s.value)))
    form = Quotient(one.g, Sum((root, Symbol("epsilon", rule.epsilon))))
    step = Symbol("step", form.value)
    yield Equation(step, step.value, (form,))
    if rule.momentum:
        v_before, v = one.known("v", "velocity")
        yield Equation(v, v.value, (Sum((times(Symbol("mu", rule.momentum), v_before), step)),))
        step = v
    yield one.result(minus(one.w, times(one.rate(), step)))


def _rprop(rule: RProp, one: OneParameter) -> Iterator[Equation]:
    size_before, size = one.known("size", "size")
    agreement = np.sign(one.g.value) * np.sign(one.before["last"])
    if agreement == 0:
        form: Expression = size_before
        note = "its first size" if not one.now.made else "as it was: it rested, or has no slope"
    else:
        grown = agreement > 0
        factor = Symbol("grow", rule.grow) if grown else Symbol("cut", rule.cut)
        form = times(size_before, factor)
        note = "the sign of g stays: larger" if grown else "the sign of g changed: smaller"
    if form.value != size.value:
        form, note = size, f"{note}, within bounds"
    yield Equation(size, size.value, (form,) if form != size else (), note=note)
    if agreement < 0:
        yield Equation(one.new, one.new.value, (one.w,), note="it rests for a step")
        return
    sign = Apply("sign", one.g, float(np.sign(one.g.value)))
    yield one.result(minus(one.w, times(sign, size)))


STEPS: dict[type, Callable[[Any, OneParameter], Iterator[Equation]]] = {
    SGD: _sgd,
    Adam: _adam,
    AdamW: _adam,
    RMSprop: _rmsprop,
    RProp: _rprop,
}
"""By an optimizer's class, the equations of its step."""
