"""An activation, a loss and an optimizer that Clearprop does not have, as CONTRIBUTING.md says.

Each is the entries of the tables that its guide lists, and nothing else.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pytest

from clearprop.activations import BuiltInActivation, sigmoid, softplus
from clearprop.checks.settings import number
from clearprop.engine.functions import Entry
from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels.intrinsics import fma, square_root
from clearprop.engine.kernels.optimizers import Rule
from clearprop.engine.kernels.pointers import get
from clearprop.explaining.derivation.expressions import (
    Apply,
    Negative,
    Number,
    Quotient,
    Square,
    Sum,
    Symbol,
    minus,
    times,
)
from clearprop.explaining.derivation.formulas import CostFormulas
from clearprop.explaining.derivation.tree import Equation
from clearprop.export.activations import EXPORTS, Exported
from clearprop.losses import BuiltInLoss
from clearprop.schedules import Rate, check_rate, rate_at

Table = tuple[str, str]
Pieces = dict[Table, dict[Any, Any]]
"""By module and table, the entries."""

ONE, TWO = Number(1.0), Number(2.0)


# mish: a = z tanh(softplus(z)), Misra, BMVC 2020.


def _mish(z):
    return z * np.tanh(softplus(z))


def _mish_derivative(z):
    t = np.tanh(softplus(z))
    return t + z * sigmoid(z) * (1.0 - t * t)


def _mish_kernel(e, real):
    tanh, softplus, sigmoid, one = e.tanh, e.softplus, e.sigmoid, real(1)

    def pair(z):
        t = tanh(softplus(z))
        return z * t, t + z * (sigmoid(z) * (one - t * t))

    return pair


def _mish_operators(graph, z, dtype):
    return graph.node("Mul", z, graph.node("Tanh", EXPORTS["softplus"].onnx(graph, z, dtype)))


def _mish_slope(z, a):
    soft = Apply("softplus", z, float(softplus(np.array(z.value))))
    t = Apply("tanh", soft, math.tanh(soft.value))
    s = Apply("sigmoid", z, float(sigmoid(np.array(z.value))))
    return [Sum((t, times(z, s, minus(ONE, Square(t)))))]


def activation(name: str = "mish") -> Pieces:
    entry = BuiltInActivation(
        name, _mish, _mish_derivative, "z tanh(log(1 + exp(z)))", (-0.309, math.inf),
        "Misra, BMVC 2020", like_relu=True,
    )  # fmt: skip
    in_c = """\
static inline {real} {name}_mish({real} z)
{{
    return z * tanh{f}((z > {zero} ? z : {zero}) + log1p{f}(exp{f}(-fabs{f}(z))));
}}""".replace("mish", name)
    return {
        ("clearprop.activations", "ACTIVATIONS"): {name: entry},
        ("clearprop.engine.kernels.activations", "PAIRS"): {name: _mish_kernel},
        ("clearprop.export.activations", "EXPORTS"): {
            name: Exported(in_c, _mish_operators, lambda nn: nn.Mish())
        },
        ("clearprop.explaining.derivation.formulas", "SLOPES"): {name: _mish_slope},
    }


# log_cosh: L_i = sum_j log cosh(a_j - y_j), as r + log(1 + e^-2r) - log 2, even in r.


def _log_cosh(a, y):
    r = a - y
    return (softplus(2 * r) - r - math.log(2)).sum(axis=-1)


def _log_cosh_derivative(a, y):
    return np.tanh(a - y)


def _log_cosh_kernel(e, real):
    softplus, tanh, two, log_2 = e.softplus, e.tanh, real(2), real(math.log(2))

    def pair(a, y, p, q):
        r = a - y
        return softplus(two * r) - r - log_2, tanh(r)

    return pair


def _log_cosh_formula(loss, z, a, y, lse):
    r = minus(a, y)
    soft = Apply("softplus", times(TWO, r), float(softplus(np.array(2 * r.value))))
    return [Sum((soft, Negative(r), Negative(Apply("log", TWO, math.log(2)))))]


def _log_cosh_slope(loss, a, y):
    r = minus(a, y)
    return [Apply("tanh", r, math.tanh(r.value))]


def loss(name: str = "log_cosh") -> Pieces:
    entry = BuiltInLoss(
        name, _log_cosh, _log_cosh_derivative, equation="sum_j(log(cosh(a_j - y_j)))",
        source="a smooth absolute error",
    )  # fmt: skip
    return {
        ("clearprop.losses", "LOSSES"): {name: entry},
        ("clearprop.engine.kernels.losses", "PAIRS"): {name: _log_cosh_kernel},
        ("clearprop.explaining.derivation.formulas", "COSTS"): {
            name: CostFormulas(_log_cosh_formula, _log_cosh_slope)
        },
    }


# AdaGrad: s += g^2, w -= eta g / (sqrt(s) + epsilon), Duchi, Hazan, Singer, JMLR 12 (2011).


@dataclass(frozen=True)
class AdaGrad:
    """As PyTorch writes it."""

    learning_rate: Rate = 0.01
    epsilon: float = 1e-10

    squares: ClassVar[str] = "square"

    def __post_init__(self):
        check_rate("AdaGrad: learning_rate", self.learning_rate)
        number("AdaGrad: epsilon", self.epsilon, low=0, open="low")

    def start(self, parameters):
        return {"square": np.zeros_like(parameters)}

    def update(self, parameters, gradient, state, now, is_weight):
        state["square"] += gradient * gradient
        rate = rate_at(self.learning_rate, now.t, now.total)
        parameters -= rate * (gradient / (np.sqrt(state["square"]) + self.epsilon))


def _adagrad_rule(real):
    def settings(update):
        return real(get(update, P.U_RATE)), real(get(update, P.U_S0))

    def step(w, g, square, second, settings):
        rate, epsilon = settings
        square = fma(g, g, square)
        return w - rate * (g / (square_root(square) + epsilon)), square, second

    return Rule(1, settings, step)


def _adagrad_steps(rule, one):
    s_before, s = one.known("s", "square")
    yield Equation(s, s.value, (Sum((s_before, Square(one.g))),), note="sum of g²")
    root = Apply("sqrt", s, math.sqrt(s.value))
    step = Quotient(one.g, Sum((root, Symbol("epsilon", rule.epsilon))))
    yield one.result(minus(one.w, times(one.rate(), step)))


def optimizer(name: str = "adagrad", made: type = AdaGrad) -> Pieces:
    def choose(rule):
        settings = rule.epsilon, 0.0, 0.0, 0.0
        return name, settings, settings

    return {
        ("clearprop.optimizers", "OPTIMIZERS"): {name: made},
        ("clearprop.engine.kernels.optimizers", "RULES"): {name: _adagrad_rule},
        ("clearprop.engine.functions", "OPTIMIZERS"): {made: Entry((name,), choose)},
        ("clearprop.explaining.derivation.optimizer_steps", "STEPS"): {made: _adagrad_steps},
        ("clearprop", "__all__"): {made.__name__: made},
    }


PIECES = {"An activation": activation, "A loss": loss, "An optimizer": optimizer}
"""By the guide's headings."""


@contextmanager
def added(*pieces: Pieces, but: Table | None = None) -> Iterator[None]:
    """Clearprop with these entries in its tables, but for those of one table."""
    with pytest.MonkeyPatch.context() as patch:
        for (module, name), entries in (item for one in pieces for item in one.items()):
            if (module, name) == but:
                continue
            there = importlib.import_module(module)
            for key, entry in entries.items():
                if name == "__all__":
                    patch.setattr(there, name, [*getattr(there, name), key])
                    patch.setattr(there, key, entry, raising=False)
                else:
                    assert key not in getattr(there, name)
                    patch.setitem(getattr(there, name), key, entry)
        yield


def fused(pieces: Pieces, output: str) -> Pieces:
    """The loss again, with a form in common with an output that its kernels do not have."""
    from clearprop.losses import Fused

    table = ("clearprop.losses", "LOSSES")
    ((name, entry),) = pieces[table].items()
    form = Fused(entry.value, entry.derivative)
    return pieces | {table: {name: replace(entry, fused={output: form})}}
