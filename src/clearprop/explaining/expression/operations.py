"""What an expression is made of: each operation is one entry of a table.

An entry has the operation's value, its slope by each argument, and how both are written. To
add one, write the entry; the tests hold it to central differences and to PyTorch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clearprop.activations import ACTIVATIONS, BuiltInActivation
from clearprop.explaining.derivation.expressions import (
    Apply,
    Expression,
    Listed,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Square,
    Sum,
    Symbol,
    fits,
    minus,
    times,
)
from clearprop.explaining.derivation.formulas import slope_formulas

ONE, ZERO = Number(1.0), Number(0.0)

Term = Symbol | Number
"""An argument as it is written: by its name, or the number that it is."""


@dataclass(frozen=True)
class Operation:
    """One entry of the table.

    `value` and `slopes` compute in float64, and give what is not finite where there is nothing
    else. `written` is the formula of the value, `slope_forms` lists for each argument the
    formulas of the slope, the best known first, of which one that fits the number is shown.
    """

    value: Callable[..., float]
    slopes: Callable[..., tuple[float, ...]]
    """Of the arguments and then the value."""
    written: Callable[[tuple[Term, ...], float], Expression]
    slope_forms: Callable[[tuple[Term, ...], Symbol], tuple[list[Expression], ...]]
    n: int = 1
    domain: str = ""
    """What the argument of a function has to be."""


def slope_form(operation: Operation, arguments: tuple[Term, ...], out: Symbol, place: int,
               slope: float) -> Expression:  # fmt: skip
    """Return the slope by one argument as it is written: a formula that gives just this number."""
    forms = operation.slope_forms(arguments, out)[place]
    return next((form for form in forms if fits(form, slope)), Number(slope))


def _power_slopes(a: float, b: float, out: float) -> tuple[float, float]:
    by_base = b * _power(a, b - 1) if b else 0.0
    by_exponent = 0.0 if a == 0 < b else out * _of(np.log, a)
    return by_base, by_exponent


def _power_forms(terms: tuple[Term, ...], out: Symbol) -> tuple[list[Expression], ...]:
    a, b = terms
    log = Apply("log", a, _of(np.log, a.value))
    if isinstance(b, Number):
        lower = {2.0: a, 1.0: ONE}.get(b.value, _raised(a, Number(b.value - 1)))
        by_base: list[Expression] = [times(b, lower) if b.value != 1 else ONE]
    else:
        by_base = [times(b, _raised(a, minus(b, ONE)))]
    return [*by_base, ZERO], [times(out, log), ZERO]


def _square_or_power(terms: tuple[Term, ...], value: float) -> Expression:
    a, b = terms
    return Square(a) if b == Number(2.0) else Power(a, b, value)


def _raised(base: Expression, exponent: Expression) -> Power:
    return Power(base, exponent, _power(base.value, exponent.value))


def _larger_slopes(a: float, b: float, out: float) -> tuple[float, float]:
    return (0.5, 0.5) if a == b else (1.0, 0.0) if out == a else (0.0, 1.0)


def _of(function: Callable[..., object], *values: float) -> float:
    with np.errstate(all="ignore"):
        return float(function(*map(np.float64, values)))  # type: ignore[arg-type]


def _power(a: float, b: float) -> float:
    return _of(np.power, a, b)


def _function(
    name: str, value: Callable[..., object], slope: Callable[[float, float], float],
    forms: Callable[[Term, Symbol], list[Expression]], domain: str = "",
) -> Operation:  # fmt: skip
    return Operation(
        lambda a: _of(value, a),
        lambda a, out: (slope(a, out),),
        lambda terms, out: Apply(name, terms[0], out),
        lambda terms, out: (forms(terms[0], out),),
        domain=domain,
    )


def _larger(name: str, value: Callable[..., object]) -> Operation:
    return Operation(
        lambda a, b: _of(value, a, b),
        _larger_slopes,
        lambda terms, out: Apply(name, Listed(terms), out),
        lambda terms, out: ([ONE, ZERO, Number(0.5)], [ONE, ZERO, Number(0.5)]),
        n=2,
    )


def _activation(f: BuiltInActivation) -> Operation:
    """Return the operation of one of the activations, with the formulas that derivations have."""

    def forms(z: Term, out: Symbol) -> list[Expression]:
        symbol = z if isinstance(z, Symbol) else Symbol("z", z.value)
        return slope_formulas(f, symbol, out) if symbol is z else []

    return _function(
        f.name,
        lambda z: f.f(np.array(z)),
        lambda z, out: _of(f.derivative, z),
        forms,
    )


def _over(top: float, bottom: float) -> float:
    return _of(np.divide, top, bottom)


OPERATORS: dict[str, Operation] = {
    "+": Operation(
        lambda a, b: a + b,
        lambda a, b, out: (1.0, 1.0),
        lambda terms, out: Sum(terms),
        lambda terms, out: ([ONE], [ONE]),
        n=2,
    ),
    "-": Operation(
        lambda a, b: a - b,
        lambda a, b, out: (1.0, -1.0),
        lambda terms, out: minus(*terms),
        lambda terms, out: ([ONE], [Number(-1.0)]),
        n=2,
    ),
    "negative": Operation(
        lambda a: -a,
        lambda a, out: (-1.0,),
        lambda terms, out: Negative(terms[0]),
        lambda terms, out: ([Number(-1.0)],),
    ),
    "*": Operation(
        lambda a, b: a * b,
        lambda a, b, out: (b, a),
        lambda terms, out: Product(terms),
        lambda terms, out: ([terms[1]], [terms[0]]),
        n=2,
    ),
    "/": Operation(
        _over,
        lambda a, b, out: (_over(1.0, b), -_over(out, b)),
        lambda terms, out: Quotient(*terms),
        lambda terms, out: (
            [Quotient(ONE, terms[1])],
            [Negative(Quotient(terms[0], Square(terms[1]))), Negative(Quotient(out, terms[1]))],
        ),
        n=2,
    ),
    "**": Operation(_power, _power_slopes, _square_or_power, _power_forms, n=2),
}
"""By the sign that stands between the arguments."""

FUNCTIONS: dict[str, Operation] = {
    name: _activation(f)
    for name, f in ACTIVATIONS.items()
    if not f.row_wise and name != "identity"
} | {
    "log": _function(
        "log", np.log, lambda a, out: _over(1.0, a), lambda a, out: [Quotient(ONE, a)],
        "a number above 0",
    ),
    "sqrt": _function(
        "sqrt", np.sqrt, lambda a, out: _over(0.5, out),
        lambda a, out: [Quotient(ONE, times(Number(2.0), out))], "a number of 0 or more",
    ),
    "sin": _function(
        "sin", np.sin, lambda a, out: _of(np.cos, a),
        lambda a, out: [Apply("cos", a, _of(np.cos, a.value))],
    ),
    "cos": _function(
        "cos", np.cos, lambda a, out: -_of(np.sin, a),
        lambda a, out: [Negative(Apply("sin", a, _of(np.sin, a.value)))],
    ),
    "abs": _function(
        "abs", np.abs, lambda a, out: _of(np.sign, a),
        lambda a, out: [Number(_of(np.sign, a.value))],
    ),
    "max": _larger("max", np.maximum),
    "min": _larger("min", np.minimum),
}  # fmt: skip
"""By name: the package's activations, and what else formulas need."""

FUNCTIONS["ln"] = FUNCTIONS["log"]


def kink(name: str, arguments: tuple[float, ...]) -> bool:
    """Whether the slopes differ on both sides of this place, so that none is the one."""
    f = ACTIVATIONS.get(name)
    if f is not None:
        # An elu's slope is 1 on both sides, though its pieces meet there.
        return name in ("relu", "leaky_relu") and arguments[0] in f.kinks
    if name in ("max", "min"):
        return arguments[0] == arguments[1]
    return name == "abs" and arguments[0] == 0
