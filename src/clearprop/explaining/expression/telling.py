"""Tells how the value and the gradients of an expression come about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from clearprop.explaining.derivation.derivation import Derivation
from clearprop.explaining.derivation.expressions import (
    Expression,
    Number,
    Partial,
    Product,
    Quotient,
    Rest,
    Sum,
    Symbol,
    minus,
    parts,
    times,
)
from clearprop.explaining.derivation.glyphs import GREEK, Glyph, Names
from clearprop.explaining.derivation.shown_numbers import number
from clearprop.explaining.derivation.tree import Equation, Part
from clearprop.explaining.expression.operations import Term, kink, slope_form
from clearprop.explaining.expression.program import Back, Program

PATHS = 6
"""Paths that are written one by one; the smaller ones are put together."""

H = 1e-5
"""The step of a central difference, for an input of size 1 or less."""

_LETTERS = {command: letter for letter, command in GREEK.items()} | {
    "epsilon": "ε", "phi": "φ",
}  # fmt: skip


class OwnNames(Names):
    """Writes the names of an expression: all are the reader's own, "w1" with the 1 below."""

    def own(self, name: str) -> str | None:
        """Return nothing: names stand for themselves here."""
        return None

    def text(self, symbol: Symbol) -> str:
        """Return the name as it is in the expression."""
        return symbol.name

    def glyph(self, symbol: Symbol) -> Glyph:
        """Return the name as mathematics writes it: alpha as α."""
        return self._own_glyph(_LETTERS.get(symbol.name, symbol.name))


@dataclass(frozen=True)
class Telling:
    """An expression with its numbers, of which derivations are made.

    `values`, `gradients` and `edges` are those of `Program.forward` and `Program.backward`.
    """

    program: Program
    given: dict[str, float]
    values: list[float]
    gradients: list[float | None]
    edges: list[Back]

    @property
    def out(self) -> Symbol:
        """The value of the whole expression."""
        return self.symbol(len(self.values) - 1)

    def symbol(self, i: int) -> Symbol:
        """Return a step as it is written where it has a name."""
        return Symbol(self.program.steps[i].name, self.values[i])

    def term(self, i: int) -> Term:
        """Return a step as it is written in formulas."""
        step = self.program.steps[i]
        return self.symbol(i) if step.number is None else Number(step.number)

    def gradient(self, i: int) -> Partial:
        """Return df/d(step)."""
        value = self.gradients[i]
        assert value is not None
        return Partial(self.out, self.symbol(i), value)

    def formula(self, i: int) -> Expression:
        """Return how a step is computed."""
        terms = tuple(map(self.term, self.program.steps[i].arguments))
        return self.program.operation(i).written(terms, self.values[i])

    @cached_property
    def users(self) -> dict[int, dict[int, list[Back]]]:
        """By step, the steps that it goes to, from the last to the first, each with its edges."""
        found: dict[int, dict[int, list[Back]]] = {}
        for edge in self.edges:
            found.setdefault(edge.source, {}).setdefault(edge.user, []).append(edge)
        return found

    def slope(self, edges: list[Back]) -> Expression:
        """Return d(user)/d(source); a step that takes the same one twice has two slopes."""
        forms = []
        for edge in edges:
            step = self.program.steps[edge.user]
            terms = tuple(map(self.term, step.arguments))
            out, operation = self.symbol(edge.user), self.program.operation(edge.user)
            forms.append(slope_form(operation, terms, out, edge.place, edge.slope))
        return forms[0] if len(forms) == 1 else Sum(tuple(forms))

    def leibniz(self, edges: list[Back]) -> Partial:
        """Return d(user)/d(source) as Leibniz writes it."""
        user, source = self.symbol(edges[0].user), self.symbol(edges[0].source)
        return Partial(user, source, sum(edge.slope for edge in edges))

    def derivation(self, of: int | None) -> Derivation:
        """Return the derivation of all, or of one step's gradient."""
        names, steps, out = OwnNames(), self.program.steps, self.out
        given = [f"{name} = {number(value)}" for name, value in self.given.items()]
        values = " and ".join(filter(None, [", ".join(given[:-1]), given[-1]]))
        what = f"{out.name} = {self.program.text}"
        if of is None:
            told = [i for i in range(len(steps) - 2, -1, -1) if steps[i].varies]
            kept = Part(f"Backward, from {out.name} to the inputs", self._saved(), self._back(told))
            behind: list[Part] = []
        else:
            above = self._above(of)
            told = [i for i in range(len(steps) - 2, -1, -1) if i in above]
            title = f"With what is kept, from {out.name} to {steps[of].name}"
            words = ("Each gradient is computed once, and serves all that is below it.",)
            kept = Part(title, words, self._back(told))
            behind = [self._meaning(of)]
            what = f"∂{out.name}/∂{steps[of].name} of {what}"
        forward = tuple(
            Equation(self.symbol(i), self.values[i], (self.formula(i),))
            for i, step in enumerate(steps) if step.operation
        )  # fmt: skip
        first = [] if of is None else [self._chain(of)]
        counts = Counter(
            code
            for equation in (*forward, *kept.equations)
            for code in _quantities(equation.forms[-1])
        )

        def counted(part: Part) -> Part:
            equations = (replace(e, uses=counts[e.name]) for e in part.equations)
            return replace(part, equations=tuple(equations))

        told_parts = (counted(Part("Forward", (), forward)), *first, counted(kept), *behind)
        name = out.name if of is None else self.gradient(of).code
        return Derivation(name, f"{what}, where {values}", (), told_parts, names)

    def _back(self, told: list[int]) -> tuple[Equation, ...]:
        """Return the equations of gradients, each after all that it is made of."""
        equations = []
        last = len(self.values) - 1
        for i in told:
            users = self.users[i]
            parts = [self._part(user, edges) for user, edges in users.items()]
            forms = [Sum(tuple(parts)) if len(parts) > 1 else parts[0]]
            if last not in users:
                chain = [times(self.gradient(u), self.leibniz(e)) for u, e in users.items()]
                forms.insert(0, Sum(tuple(chain)) if len(chain) > 1 else chain[0])
            left = self.gradient(i)
            note = self._why_added(i) if len(users) > 1 else ""
            kinks = [u for u in users if self._at_kink(u)]
            if kinks:
                note = f"{self.symbol(kinks[0]).name} has a kink here: this is one slope of several"
            equations.append(Equation(left, left.value, tuple(forms), note))
        return tuple(equations)

    def _part(self, user: int, edges: list[Back]) -> Expression:
        """Return what comes back from one user: its gradient times the slope."""
        slope = self.slope(edges)
        if user == len(self.values) - 1:
            return slope
        factors = slope.factors if isinstance(slope, Product) else (slope,)
        return times(self.gradient(user), *factors)

    def _why_added(self, i: int) -> str:
        name, n = self.symbol(i).name, len(self.users[i])
        return f"{name} goes {n} ways to {self.out.name}: what comes back is added"

    def _at_kink(self, i: int) -> bool:
        step = self.program.steps[i]
        return kink(step.operation, tuple(self.values[j] for j in step.arguments))

    def _saved(self) -> tuple[str, ...]:
        steps = self.program.steps
        lines = ["Each gradient is computed once, and serves all that is below it."]
        written, kept = self.multiplications()
        if written > kept:
            lines.append(
                f"Written out, the chains of the {len(self.program.inputs)} inputs take "
                f"{written:,} multiplications of slopes; with what is kept, {kept:,}."
            )
        twice = [i for i, s in enumerate(steps) if s.varies and len(self.users.get(i, ())) > 1]
        if twice:
            listed = ", ".join(self.symbol(i).name for i in twice)
            lines.append(
                f"Used more than once: {listed}. A small change there goes all these ways at once, "
                "and the changes that it makes add up; so do the gradients that come back."
            )
        return tuple(lines)

    def multiplications(self) -> tuple[int, int]:
        """Return how many slopes are multiplied: every path by itself, and with what is kept."""
        last = len(self.values) - 1
        paths, lengths = {last: 1}, {last: 0}  # of all paths to the end, number and total length
        for i in range(last - 1, -1, -1):
            users = self.users.get(i, {})
            paths[i] = sum(paths[u] for u in users)
            lengths[i] = sum(lengths[u] + paths[u] for u in users)
        written = sum(lengths[i] - paths[i] for i in self.program.inputs)
        kept = sum(u != last for users in self.users.values() for u in users)
        return written, kept

    def _above(self, of: int) -> set[int]:
        """Return the steps between one and the end, itself too."""
        found = {of}
        for i in range(of, len(self.values)):
            if i in found:
                found |= set(self.users.get(i, ()))
        return found

    def _paths(self, i: int) -> Iterator[list[list[Back]]]:
        """Yield the ways from a step to the end, from the end on."""
        if i == len(self.values) - 1:
            yield []
        for user, edges in self.users.get(i, {}).items():
            for path in self._paths(user):
                yield [*path, edges]

    def _chain(self, of: int) -> Part:
        name, out = self.symbol(of).name, self.out.name
        title = f"The chain rule, from {out} to {name}"
        left = self.gradient(of)
        paths = list(self._paths(of))
        if not paths[0]:
            return Part(title, (f"{name} is the whole expression.",), (Equation(left, 1.0, ()),))
        chains: list[Expression] = [_product(map(self.leibniz, path)) for path in paths]
        slopes: list[Expression] = [_product(map(self.slope, path)) for path in paths]
        forms: tuple[Expression, ...] = (slopes[0],)
        if len(paths) == 1:
            if len(paths[0]) > 1:
                forms = (chains[0], slopes[0])
            return Part(title, (), (Equation(left, left.value, forms),))
        words = (
            f"{len(paths)} paths lead from {name} to {out}. Each is a product of slopes; a small "
            f"change of {name} goes along all of them at once, so that the products are added.",
        )
        if len(paths) > PATHS + 1:
            order = sorted(range(len(paths)), key=lambda k: -abs(slopes[k].value))
            shown = sorted(order[:PATHS])
            rest = sum(slopes[k].value for k in order[PATHS:])
            folded = Rest(len(paths) - PATHS, "path", rest)
            slopes = [*(slopes[k] for k in shown), folded]
            forms = (Sum(tuple(slopes)),)
        else:
            forms = (Sum(tuple(slopes)),)
            if all(len(path) > 1 for path in paths):
                forms = (Sum(tuple(chains)), *forms)
        return Part(title, words, (Equation(left, left.value, forms, by_rows=True),))

    def _meaning(self, of: int) -> Part:
        name, out, slope = self.symbol(of).name, self.out.name, self.gradient(of).value
        title = "What it means, with a central difference beside it"
        if slope == 0:
            words = [f"The slope is 0: to first order, {name} does not change {out} here."]
        else:
            way = "rises" if slope > 0 else "falls"
            words = [
                f"Where {name} rises by a little, {out} {way} by {number(abs(slope), 3)} times as "
                "much."
            ]
        taken = {step.name for step in self.program.steps}
        step = next(letter for letter in ("h", "ε", "step") if letter not in taken)
        h = H * max(1.0, abs(self.values[of]))
        up, down = (
            Symbol(f"{out}({name} {sign} {step})", self.program.forward(self.given, (of, x))[-1])
            for sign, x in (("+", self.values[of] + h), ("-", self.values[of] - h))
        )
        form = Quotient(minus(up, down), times(Number(2.0), Symbol(step, h)))
        value = form.value
        if not np.isfinite(value):
            words.append(f"There is no central difference, as {out} has no value near by.")
            return Part(title, tuple(words))
        # The rounding of f makes a difference uncertain by eps f / h.
        doubt = 4e-16 * max(abs(up.value), abs(down.value)) / h
        if abs(value - slope) > 1e-4 * max(abs(value), abs(slope)) + 10 * doubt:
            words.append("The central difference is another number: a kink or a bend is near.")
        note = "its last digits are lost, as the two values nearly cancel"
        equation = Equation(
            Symbol("difference", value), value, (form,), digits=12,
            note=note if doubt > 1e-6 * abs(value) else "",
        )  # fmt: skip
        return Part(title, tuple(words), (equation,))


def _product(factors: Iterator[Expression]) -> Expression:
    flat = [f for factor in factors for f in _factors(factor)]
    return Product(tuple(flat)) if len(flat) > 1 else flat[0]


def _factors(expression: Expression) -> tuple[Expression, ...]:
    return expression.factors if isinstance(expression, Product) else (expression,)


def _quantities(expression: Expression) -> Iterator[str]:
    """Yield the code names of the numbers in a formula, as often as they stand there."""
    if isinstance(expression, Symbol | Partial):
        yield expression.code
    for part in parts(expression):
        yield from _quantities(part)
