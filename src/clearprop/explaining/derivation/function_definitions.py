"""Which functions a derivation defines: activations, losses, and what these are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from clearprop.activations import ACTIVATIONS, Activation, BuiltInActivation
from clearprop.explaining.derivation.definitions import Definition, parsed
from clearprop.explaining.derivation.expressions import Apply, Expression, parts
from clearprop.explaining.derivation.function_source import body_of, called
from clearprop.explaining.derivation.tree import Part
from clearprop.losses import BuiltInLoss, Loss


def of_activation(f: Activation) -> tuple[Definition, ...]:
    """Return what f is, unless its name says it; of one's own, f and f'."""
    if isinstance(f, BuiltInActivation):
        formula, _, remark = f.equation.partition("; ")
        own = formula.startswith(f"{f.name}(")
        return () if own else (Definition(f"{f.name}({_letter(formula)})", formula, remark),)
    return _of_own(f.name, ("z",), f.formula, f.f, f.derivative)


def _letter(formula: str) -> str:
    return "z_j" if "z_j" in formula else "z"


def of_loss(loss: Loss) -> tuple[Definition, ...]:
    """Return what a loss costs one sample; of one's own, its slope too."""
    if isinstance(loss, BuiltInLoss):
        formula, _, remark = loss.equation.partition("; ")
        given = [f"{name} = {value}" for name, value in loss.settings.items()]
        remarks = "; ".join(filter(None, (remark, *given)))
        return (Definition(f"{loss.name}(a, y)", formula, remarks),)
    return _of_own(loss.name, ("a", "y"), loss.formula, loss.value, loss.derivative)


def _of_own(
    name: str,
    arguments: tuple[str, ...],
    formula: str | None,
    function: Callable[..., Any],
    derivative: Callable[..., Any],
) -> tuple[Definition, ...]:
    """Return what a function of one's own is, and its derivative; not of what nobody can say."""
    inside = f"({', '.join(arguments)})"
    found = []
    for left, given, source in ((name, formula, function), (f"{name}'", None, derivative)):
        body = (given, "") if given is not None else body_of(source, arguments)
        if body is None and called(source):
            body = f"{called(source)}{inside}", ""
        if body is not None:
            found.append(Definition(f"{left}{inside}", *body, is_own=True))
    return tuple(found)


HELPERS = {
    "sigmoid": Definition("sigmoid(z)", ACTIVATIONS["sigmoid"].equation),
    "softplus": Definition("softplus(z)", ACTIVATIONS["softplus"].equation),
    "Phi": Definition("Phi(z)", "0.5 * (1 + erf(z / sqrt(2)))", "the normal distribution function"),
    "phi": Definition("phi(z)", "exp(-0.5 * z^2) / sqrt(2 * π)", "its density"),
    "sign": Definition("sign(r)", "1 if r > 0 else (-1 if r < 0 else 0)"),
}
"""Functions that formulas of slopes and costs are made of, and that few know by name."""


def with_helpers(told: Iterable[Part]) -> tuple[Part, ...]:
    """Return parts with the definition of each helper where it occurs first."""
    known: set[str] = set()
    return tuple(_with_helpers(part, known) for part in told)


def _with_helpers(part: Part, known: set[str]) -> Part:
    known |= {definition.left.partition("(")[0] for definition in part.definitions}
    used = dict.fromkeys(
        name
        for source in (
            *(parsed(d.formula) for d in part.definitions if not d.is_own),
            *(form for equation in part.equations for form in equation.forms),
        )
        if source is not None
        for name in _functions_in(source)
    )
    new = [name for name in used if name in HELPERS and name not in known]
    known |= set(new)
    definitions = (*part.definitions, *(HELPERS[name] for name in new))
    children = tuple(_with_helpers(child, known) for child in part.parts)
    return replace(part, definitions=definitions, parts=children)


def _functions_in(expression: Expression) -> Iterable[str]:
    if isinstance(expression, Apply):
        yield expression.function
    for part in parts(expression):
        yield from _functions_in(part)
