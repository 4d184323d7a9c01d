"""The formulas of activations and losses: their values and derivatives, as expressions.

Each function returns the formulas that apply at a place (the branch of a relu, say), the
best known first; who shows one takes the first that gives the record's number.
"""

from __future__ import annotations

import math

import numpy as np

from clearprop.activations import Activation, BuiltInActivation, sigmoid, softplus
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
    times,
)
from clearprop.losses import BuiltInLoss, Loss

ONE = Number(1.0)


def slope_formulas(f: Activation, z: Symbol, a: Symbol | None) -> list[Expression]:
    """Return f'(z), by a where that is how it is known; `a` is None under dropout's mask."""
    if not isinstance(f, BuiltInActivation):
        return []
    own: Expression = Apply(f.name, z, _at(f, z.value)) if a is None else a
    match f.name:
        case "identity":
            return [ONE]
        case "sigmoid":
            mirrored = Apply("sigmoid", Negative(z), _sigmoid(-z.value))
            return [
                times(own, minus(ONE, own)),
                times(Apply("sigmoid", z, _sigmoid(z.value)), mirrored),
            ]
        case "tanh":
            return [minus(ONE, Square(own))]
        case "relu":
            return [Number(1.0 if z.value > 0 else 0.0)]
        case "leaky_relu":
            return [Number(1.0 if z.value > 0 else 0.01)]
        case "elu":
            return [ONE if z.value > 0 else Apply("exp", z, _exp(z.value))]
        case "gelu":
            cdf = Apply("Phi", z, 0.5 * math.erfc(-z.value / math.sqrt(2)))
            bell = math.exp(-0.5 * z.value * z.value) / math.sqrt(2 * math.pi)
            return [Sum((cdf, times(z, Apply("phi", z, bell))))]
        case "silu":
            mirrored = Apply("sigmoid", Negative(z), _sigmoid(-z.value))
            inner = Sum((ONE, times(z, mirrored)))
            return [times(Apply("sigmoid", z, _sigmoid(z.value)), inner)]
        case "softplus":
            return [Apply("sigmoid", z, _sigmoid(z.value))]
        case "exp":
            return [own]
    return []


def branch(f: Activation, z: float) -> str:
    """Say which side of a kink z lies on, for activations that have one."""
    if f.name in ("relu", "leaky_relu", "elu"):
        return "z > 0" if z > 0 else "z ≤ 0"
    return ""


def loss_formulas(loss: Loss, z: Symbol, a: Symbol, y: Symbol, lse: Symbol) -> list[Expression]:
    """Return what one output adds to the cost of a sample.

    `lse` is log(sum_k exp z_k), by which cross-entropy is known when a vanishes.
    """
    r = minus(a, y)
    match loss.name if isinstance(loss, BuiltInLoss) else "":
        case "squared_error":
            return [times(Number(0.5), Square(r))]
        case "cross_entropy":
            return [Negative(times(y, _log(a))), times(y, minus(lse, z)), Number(0.0)]
        case "binary_cross_entropy":
            return _binary(z, a, y)
        case "absolute_error":
            return [Apply("abs", r, abs(r.value))]
        case "huber":
            delta = loss_setting(loss, "delta")
            if abs(r.value) <= delta.value:
                return [times(Number(0.5), Square(r))]
            size = Apply("abs", r, abs(r.value))
            return [times(delta, minus(size, times(Number(0.5), delta)))]
        case "quantile":
            q = loss_setting(loss, "q")
            if y.value > a.value:
                return [times(q, minus(y, a))]
            return [times(minus(q, ONE), minus(y, a))]
        case "poisson":
            if y.value == 0:
                return [a]
            log = Apply("log", Quotient(y, a), _log_of(Quotient(y, a).value))
            from_z = times(y, minus(_log(y), z))
            return [Sum((a, Negative(y), times(y, log))), Sum((a, Negative(y), from_z))]
    return []


def _binary(z: Symbol, a: Symbol, y: Symbol) -> list[Expression]:
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


def loss_slope_formulas(loss: Loss, a: Symbol, y: Symbol) -> list[Expression]:
    """Return dL_i/da for one output."""
    r = minus(a, y)
    match loss.name if isinstance(loss, BuiltInLoss) else "":
        case "squared_error":
            return [r]
        case "cross_entropy":
            return [Number(0.0) if y.value == 0 else Negative(Quotient(y, a))]
        case "binary_cross_entropy":
            up, down = Quotient(minus(ONE, y), minus(ONE, a)), Negative(Quotient(y, a))
            if y.value == 1:
                return [down]
            return [up] if y.value == 0 else [Sum((up, down))]
        case "absolute_error":
            return [Apply("sign", r, float(np.sign(r.value)))]
        case "huber":
            delta = loss_setting(loss, "delta")
            if abs(r.value) <= delta.value:
                return [r]
            return [times(delta, Apply("sign", r, float(np.sign(r.value))))]
        case "quantile":
            q = loss_setting(loss, "q")
            if y.value > a.value:
                return [Negative(q)]
            return [minus(ONE, q) if y.value < a.value else Number(0.0)]
        case "poisson":
            return [minus(ONE, Quotient(y, a)) if y.value else ONE]
    return []


def fused_delta_formulas(
    loss: Loss, f: Activation, z: Symbol, a: Symbol, y: Symbol, total: Symbol
) -> list[Expression]:
    """Return delta^L where loss and output have a common form; `total` is the sum of y."""
    match (loss.name, f.name):
        case ("cross_entropy", "softmax"):
            return [minus(a, y), minus(times(a, total), y)]
        case ("binary_cross_entropy", "sigmoid") | ("poisson", "exp"):
            return [minus(a, y)]
        case ("poisson", "softplus"):
            ratio = Quotient(y, a)
            s = Apply("sigmoid", z, _sigmoid(z.value))
            return [times(s, minus(ONE, ratio)), minus(s, y)]
    return []


def loss_setting(loss: Loss, name: str) -> Symbol:
    """Return a number that a loss was made with, as a symbol."""
    assert isinstance(loss, BuiltInLoss)
    return Symbol(name if name != "delta" else "threshold", loss.settings[name])


def jacobian(row: Symbol, column: Symbol) -> Expression:
    """Return da_row/dz_column of softmax: a (1 - a) on the diagonal, -a a elsewhere."""
    if row == column:
        return Product((row, minus(ONE, row)))
    return Negative(Product((row, column)))


def _log(x: Expression) -> Apply:
    return Apply("log", x, _log_of(x.value))


def _log_of(x: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.log(x))


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
