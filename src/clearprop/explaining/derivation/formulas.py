"""The formulas of activations and losses: their values and derivatives, as expressions.

Each function returns the formulas that apply at a place (the branch of a relu, say), the
best known first; who shows one takes the first that gives the record's number.

A new activation is one entry of `SLOPES`, a new loss one of `COSTS`. Functions of the user's own
have none: their numbers are shown as they are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from clearprop.activations import Activation, BuiltInActivation, sigmoid, softplus
from clearprop.errors import missing_piece
from clearprop.explaining.derivation.expressions import (
    Apply,
    Expression,
    Negative,
    Number,
    Product,
    Quotient,
    Square,
    Sum,
    Symbol,
    minus,
    symbols_in,
    times,
)
from clearprop.losses import BuiltInLoss, Loss

_HERE = "explaining/derivation/formulas.py"

ONE = Number(1.0)

Formulas = list[Expression]


def _sigmoid_slope(z: Symbol, a: Expression) -> Formulas:
    mirrored = Apply("sigmoid", Negative(z), _sigmoid(-z.value))
    return [times(a, minus(ONE, a)), times(_sigmoid_of(z), mirrored)]


def _tanh_slope(z: Symbol, a: Expression) -> Formulas:
    twice, minus_twice = times(Number(2.0), z), times(Number(-2.0), z)
    above = Apply("sigmoid", twice, _sigmoid(twice.value))
    below = Apply("sigmoid", minus_twice, _sigmoid(minus_twice.value))
    return [minus(ONE, Square(a)), times(Number(4.0), above, below)]


def _gelu_slope(z: Symbol, a: Expression) -> Formulas:
    cdf = Apply("Phi", z, 0.5 * math.erfc(-z.value / math.sqrt(2)))
    bell = math.exp(-0.5 * z.value * z.value) / math.sqrt(2 * math.pi)
    return [Sum((cdf, times(z, Apply("phi", z, bell))))]


def _silu_slope(z: Symbol, a: Expression) -> Formulas:
    mirrored = Apply("sigmoid", Negative(z), _sigmoid(-z.value))
    return [times(_sigmoid_of(z), Sum((ONE, times(z, mirrored))))]


SLOPES: dict[str, Callable[[Symbol, Expression], Formulas]] = {
    "identity": lambda z, a: [ONE],
    "sigmoid": _sigmoid_slope,
    "tanh": _tanh_slope,
    "relu": lambda z, a: [Number(1.0 if z.value > 0 else 0.0)],
    "leaky_relu": lambda z, a: [Number(1.0 if z.value > 0 else 0.01)],
    "elu": lambda z, a: [ONE if z.value > 0 else Apply("exp", z, _exp(z.value))],
    "gelu": _gelu_slope,
    "silu": _silu_slope,
    "softplus": lambda z, a: [_sigmoid_of(z)],
    "exp": lambda z, a: [a],
}
"""By an activation's name, f'(z) from z and a = f(z)."""


def slope_formulas(f: Activation, z: Symbol, a: Symbol | None) -> Formulas:
    """Return f'(z), by a where that is how it is known; `a` is None under dropout's mask.

    Raises
    ------
    MissingPieceError
        If f is built in and has no entry in `SLOPES`.
    """
    if not isinstance(f, BuiltInActivation) or f.row_wise:
        return []
    if f.name not in SLOPES:
        missing_piece(f"activation {f.name!r}", "formula of its slope", f"SLOPES in {_HERE}")
    return SLOPES[f.name](z, Apply(f.name, z, _at(f, z.value)) if a is None else a)


def is_known_by_a(f: Activation) -> bool:
    """Whether the slope is computed from the activation's value."""
    z, a = Symbol("z", 0.0), Symbol("a", _at(f, 0.0))
    return any(a in symbols_in(formula) for formula in slope_formulas(f, z, a))


def branch(f: Activation, z: float) -> str:
    """Say between which kinks z lies, for activations that have some: "z ≤ 0"."""
    kinks = getattr(f, "kinks", ())
    if z in kinks:
        left, at, right = f.derivative(np.nextafter([z, z, z], [-np.inf, z, np.inf]))
        if left != right:
            side = "left" if at == left else "right"
            return f"z = {z:g}, a kink: the slope on its {side} is taken"
    below = [f"{kink:g} < " for kink in kinks if z > kink]
    above = [f" ≤ {kink:g}" for kink in kinks if not z > kink]
    if below and not above:
        return f"z > {max(kinks):g}"
    return "".join([*below[-1:], "z", *above[:1]]) if kinks else ""


class CostFormulas(NamedTuple):
    """What is known of a loss.

    `value` (loss, z, a, y, lse) is what one output adds to the cost of a sample, `slope`
    (loss, a, y) is dL_i/da, and `fused`, by the output's name, (z, a, y, total) is delta^L.
    """

    value: Callable[[Loss, Symbol, Symbol, Symbol, Symbol], Formulas]
    slope: Callable[[Loss, Symbol, Symbol], Formulas]
    fused: Mapping[str, Callable[[Symbol, Symbol, Symbol, Symbol], Formulas]] = {}


def _cross_entropy(loss: Loss, z: Symbol, a: Symbol, y: Symbol, lse: Symbol) -> Formulas:
    return [Negative(times(y, _log(a))), times(y, minus(lse, z)), Number(0.0)]


def _cross_entropy_slope(loss: Loss, a: Symbol, y: Symbol) -> Formulas:
    return [Number(0.0) if y.value == 0 else Negative(Quotient(y, a))]


def _binary(loss: Loss, z: Symbol, a: Symbol, y: Symbol, lse: Symbol) -> Formulas:
    other = minus(ONE, a)
    log_other = Apply("log", other, _log_of(other.value))
    minus_z = Negative(z)
    soft, soft_minus = (
        Apply("softplus", z, _softplus(z.value)),
        Apply("softplus", minus_z, _softplus(-z.value)),
    )
    if y.value == 1:
        return [Negative(_log(a)), soft_minus]
    if y.value == 0:
        return [Negative(log_other), soft]
    no = minus(ONE, y)
    return [
        Sum((Negative(times(y, _log(a))), Negative(times(no, log_other)))),
        Sum((times(y, soft_minus), times(no, soft))),
    ]


def _binary_slope(loss: Loss, a: Symbol, y: Symbol) -> Formulas:
    up, down = Quotient(minus(ONE, y), minus(ONE, a)), Negative(Quotient(y, a))
    if y.value == 1:
        return [down]
    if y.value == 0:
        return [up]
    return [Sum((up, down)), Quotient(minus(a, y), times(a, minus(ONE, a)))]


def _binary_of_sigmoid(z: Symbol, a: Symbol, y: Symbol, total: Symbol) -> Formulas:
    mirrored = Apply("sigmoid", Negative(z), _sigmoid(-z.value))
    return [minus(a, y), Negative(mirrored)] if y.value == 1 else [minus(a, y)]


def _absolute_error(loss: Loss, z: Symbol, a: Symbol, y: Symbol, lse: Symbol) -> Formulas:
    r = minus(a, y)
    return [Apply("abs", r, abs(r.value))]


def _huber(loss: Loss, z: Symbol, a: Symbol, y: Symbol, lse: Symbol) -> Formulas:
    r, threshold = minus(a, y), loss_setting(loss, "threshold")
    if abs(r.value) <= threshold.value:
        return [times(Number(0.5), Square(r))]
    size = Apply("abs", r, abs(r.value))
    return [times(threshold, minus(size, times(Number(0.5), threshold)))]


def _huber_slope(loss: Loss, a: Symbol, y: Symbol) -> Formulas:
    r, threshold = minus(a, y), loss_setting(loss, "threshold")
    return [r if abs(r.value) <= threshold.value else times(threshold, _sign(r))]


def _quantile(loss: Loss, z: Symbol, a: Symbol, y: Symbol, lse: Symbol) -> Formulas:
    q = loss_setting(loss, "q", y)
    return [times(q if y.value > a.value else minus(q, ONE), minus(y, a))]


def _quantile_slope(loss: Loss, a: Symbol, y: Symbol) -> Formulas:
    q = loss_setting(loss, "q", y)
    if y.value > a.value:
        return [Negative(q)]
    return [minus(ONE, q) if y.value < a.value else Number(0.0)]


def _poisson(loss: Loss, z: Symbol, a: Symbol, y: Symbol, lse: Symbol) -> Formulas:
    if y.value == 0:
        return [a]
    log = Apply("log", Quotient(y, a), _log_of(Quotient(y, a).value))
    from_z = times(y, minus(_log(y), z))
    return [Sum((a, Negative(y), times(y, log))), Sum((a, Negative(y), from_z))]


def _poisson_slope(loss: Loss, a: Symbol, y: Symbol) -> Formulas:
    return [minus(ONE, Quotient(y, a)), Quotient(minus(a, y), a)] if y.value else [ONE]


def _poisson_of_softplus(z: Symbol, a: Symbol, y: Symbol, total: Symbol) -> Formulas:
    s = _sigmoid_of(z)
    return [times(s, minus(ONE, Quotient(y, a))), minus(s, y)]


COSTS: dict[str, CostFormulas] = {
    "squared_error": CostFormulas(
        lambda loss, z, a, y, lse: [times(Number(0.5), Square(minus(a, y)))],
        lambda loss, a, y: [minus(a, y)],
    ),
    "cross_entropy": CostFormulas(
        _cross_entropy,
        _cross_entropy_slope,
        {"softmax": lambda z, a, y, total: [minus(a, y), minus(times(a, total), y)]},
    ),
    "binary_cross_entropy": CostFormulas(_binary, _binary_slope, {"sigmoid": _binary_of_sigmoid}),
    "absolute_error": CostFormulas(_absolute_error, lambda loss, a, y: [_sign(minus(a, y))]),
    "huber": CostFormulas(_huber, _huber_slope),
    "quantile": CostFormulas(_quantile, _quantile_slope),
    "poisson": CostFormulas(
        _poisson,
        _poisson_slope,
        {"exp": lambda z, a, y, total: [minus(a, y)], "softplus": _poisson_of_softplus},
    ),
}
"""By a loss's name."""


def _formulas_of(loss: Loss) -> CostFormulas | None:
    if not isinstance(loss, BuiltInLoss):
        return None
    if loss.name not in COSTS:
        missing_piece(f"loss {loss.name!r}", "formulas", f"COSTS in {_HERE}")
    return COSTS[loss.name]


def loss_formulas(loss: Loss, z: Symbol, a: Symbol, y: Symbol, lse: Symbol) -> Formulas:
    """Return what one output adds to the cost of a sample.

    `lse` is log(sum_k exp z_k), by which cross-entropy is known when a vanishes.

    Raises
    ------
    MissingPieceError
        If the loss is built in and has no entry in `COSTS`.
    """
    known = _formulas_of(loss)
    return known.value(loss, z, a, y, lse) if known else []


def loss_slope_formulas(loss: Loss, a: Symbol, y: Symbol) -> Formulas:
    """Return dL_i/da for one output; raise `MissingPieceError` as `loss_formulas` does."""
    known = _formulas_of(loss)
    return known.slope(loss, a, y) if known else []


def fused_delta_formulas(
    loss: Loss, f: Activation, z: Symbol, a: Symbol, y: Symbol, total: Symbol
) -> Formulas:
    """Return delta^L where loss and output have a common form; `total` is the sum of y.

    Raises
    ------
    MissingPieceError
        If they have one, and the loss's entry in `COSTS` none for that output.
    """
    known = _formulas_of(loss)
    if known is None:
        return []
    if f.name not in known.fused:
        missing_piece(
            f"loss {loss.name!r}", f"formula of delta after {f.name}", f"COSTS in {_HERE}"
        )
    return known.fused[f.name](z, a, y, total)


def is_a_minus_y(loss: Loss, f: Activation) -> bool:
    """Whether delta^L is a - y, for a loss and an output that have a common form."""
    z, a, y, total = (Symbol(name, 0.5) for name in ("z", "a", "y", "total"))
    return fused_delta_formulas(loss, f, z, a, y, total)[:1] == [minus(a, y)]


def loss_setting(loss: Loss, name: str, y: Symbol | None = None) -> Symbol:
    """Return a number that a loss was made with, as a symbol; of several that of y's output."""
    assert isinstance(loss, BuiltInLoss)
    value = loss.settings[name]
    if isinstance(value, tuple):
        assert y is not None
        place = y.name.removeprefix("y")  # "[1]"
        return Symbol(f"{name}{place}", value[int(place[1:-1])])
    return Symbol(name, value)


def jacobian(row: Expression, column: Expression) -> Expression:
    """Return da_row/dz_column of softmax: a (1 - a) on the diagonal, -a a elsewhere."""
    if row == column:
        return Product((row, minus(ONE, row)))
    return Negative(Product((row, column)))


def _log(x: Expression) -> Apply:
    return Apply("log", x, _log_of(x.value))


def _log_of(x: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.log(x))


def _sign(r: Expression) -> Apply:
    return Apply("sign", r, float(np.sign(r.value)))


def _sigmoid_of(z: Symbol) -> Apply:
    return Apply("sigmoid", z, _sigmoid(z.value))


def _exp(x: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.exp(x))


def _sigmoid(z: float) -> float:
    with np.errstate(all="ignore"):
        return float(sigmoid(np.array(z)))


def _softplus(z: float) -> float:
    with np.errstate(all="ignore"):
        return float(softplus(np.array(z)))


def _at(f: Activation, z: float) -> float:
    with np.errstate(all="ignore"):
        return float(f(np.array([z]))[0])
