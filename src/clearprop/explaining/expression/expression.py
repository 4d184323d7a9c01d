"""cp.expression: a small expression of numbers, explained as a network is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from clearprop.checks.settings import number as checked_number
from clearprop.display.text_table import text_table
from clearprop.errors import (
    ArgumentError,
    ElementError,
    NonFiniteError,
    UnknownNameError,
    nearest,
    shown,
)
from clearprop.explaining.checking.gradient_check import check_gradient_function
from clearprop.explaining.checking.gradient_report import GradientCheck
from clearprop.explaining.derivation.as_html import body_of
from clearprop.explaining.derivation.derivation import Derivation
from clearprop.explaining.derivation.plain_text import TEXT
from clearprop.explaining.derivation.shown_numbers import number
from clearprop.explaining.expression.operations import FUNCTIONS
from clearprop.explaining.expression.parsing import EXAMPLE, read
from clearprop.explaining.expression.picture import ExpressionPicture
from clearprop.explaining.expression.program import Program
from clearprop.explaining.expression.telling import OwnNames, Telling
from clearprop.explaining.graph.dot import dot_text
from clearprop.explaining.graph.parts import Edge, Node
from clearprop.explaining.graph.picture import fitted

LONGEST = 80
"""Letters of the expression above its picture."""


@dataclass(frozen=True, eq=False, repr=False)
class Expression:
    """An expression with its values and gradients: what `cp.expression` returns.

    Printed, it is a table of all numbers; a notebook shows its graph and its derivation.

    Attributes
    ----------
    text : str
        The expression, as it was read.
    nodes : tuple of Node
        In the order of the computation: inputs, numbers, operations "v1", "v2", ..., and "f",
        the whole. ``e["a"].value`` and ``e["a"].gradient`` are numbers of one.
    edges : tuple of Edge
        What goes from one node to another, and what comes back along this edge alone.

    Examples
    --------
    >>> import clearprop as cp
    >>> e = cp.expression("(a*b + c)**2", a=2, b=-3, c=10)
    >>> e.value, e.gradient
    (16.0, {'a': -24.0, 'b': 16.0, 'c': 8.0})
    >>> e["v1"].formula, e["v1"].value, e["v1"].gradient
    ('a · b', -6.0, 8.0)
    """

    text: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    _telling: Telling

    @property
    def value(self) -> float:
        """The value of the whole expression."""
        return self._telling.values[-1]

    @property
    def gradient(self) -> dict[str, float]:
        """The derivative of the whole by each input, by the inputs' names."""
        program, back = self._telling.program, self._telling.gradients
        found = ((program.steps[i].name, back[i]) for i in program.inputs)
        return {name: gradient for name, gradient in found if gradient is not None}

    @property
    def written_out(self) -> int:
        """Multiplications of slopes, if the chain of every path is written out by itself."""
        return self._telling.multiplications()[0]

    @property
    def with_kept(self) -> int:
        """Multiplications of slopes, if each gradient is computed once and used again."""
        return self._telling.multiplications()[1]

    def __getitem__(self, name: str) -> Node:
        """Return a node by its name: an input, "v1", or "f".

        Raises
        ------
        ElementError
            If there is no such node.
        """
        return self.nodes[self._place(name)]

    def _place(self, name: object) -> int:
        names = [step.name for step in self._telling.program.steps]
        if isinstance(name, str) and name.strip() in names:
            return names.index(name.strip())
        raise ElementError(
            f"{shown(name)} is no node of {shown(self.text)}; there are: {', '.join(names)}"
        )

    def explain(self, of: str | None = None) -> Derivation:
        """Derive the value and all gradients, or one gradient by the chain rule.

        Parameters
        ----------
        of : str, optional
            An input or another node: its gradient is derived, over every path that leads from it
            to the whole, and again with what is kept. None: values forward, gradients backward.

        Returns
        -------
        Derivation
            Text, LaTeX, MathML or HTML, as `cp.explain` returns for networks.

        Raises
        ------
        ElementError
            If there is no such node, or it is a number that does not vary.

        Examples
        --------
        >>> import clearprop as cp
        >>> derivation = cp.expression("a*b + a", a=3, b=4).explain("a")
        >>> derivation.value
        5.0
        >>> print(derivation["f"].numbers)
        12 + 3
        """
        with np.errstate(all="ignore"):
            if of is None:
                return self._telling.derivation(None)
            place = self._place(of)
            if self.nodes[place].gradient is None:
                raise ElementError(f"{of} has no gradient: no input goes into it")
            return self._telling.derivation(place)

    def check(self) -> GradientCheck:
        """Hold the gradients to central differences, see `cp.check_gradient_function`.

        Examples
        --------
        >>> import clearprop as cp
        >>> bool(cp.expression("exp(a) / b", a=0.5, b=2).check())
        True
        """
        program, given = self._telling.program, self._telling.given

        def values_at(parameters: Mapping[str, Any]) -> list[float]:
            return program.forward({name: float(parameters[name]) for name in given})

        def gradient_at(parameters: Mapping[str, Any]) -> dict[str, float | None]:
            gradients, _ = program.backward(values_at(parameters))
            return {program.steps[i].name: gradients[i] for i in program.inputs}

        return check_gradient_function(lambda p: values_at(p)[-1], gradient_at, given)

    def svg(self) -> str:
        """Return the graph as a self-contained SVG document: values forward, gradients backward."""
        return ExpressionPicture(*self._drawn(), self._title(fitted(self.text, LONGEST))).svg()

    def dot(self) -> str:
        """Return the graph in DOT, which Graphviz and other programs lay out."""
        return dot_text(*self._drawn(), self._title(fitted(self.text, LONGEST)))

    def _drawn(self) -> tuple[list[Node], list[Edge]]:
        """Return what is drawn: numbers of the text stand in the formulas already."""
        nodes = [node for node in self.nodes if node.kind != "number"]
        names = {node.name for node in nodes}
        return nodes, [edge for edge in self.edges if edge.source in names]

    def _title(self, text: str) -> str:
        return f"{self.nodes[-1].name} = {text} = {number(self.value)}"

    def __repr__(self) -> str:
        rows = [["node", "formula", "value", "gradient"]]
        for node in self.nodes:
            if node.kind != "number":
                back = "" if node.gradient is None else number(float(node.gradient))  # type: ignore[arg-type]
                value = number(float(node.value))  # type: ignore[arg-type]
                rows.append([node.name, node.formula, value, back])
        return "\n".join(
            [self._title(self.text), *("  " + line for line in text_table(rows, (2, 3)))]
        )

    def _repr_html_(self) -> str:
        return f"<div>{self.svg()}{body_of(self.explain())}</div>"


def expression(text: str, /, **values: float) -> Expression:
    """Compute a small expression of numbers, and derive its value and its gradients.

    It is read as Python writes it, and made of names, numbers, ``+ - * / **``, parentheses, and
    the functions abs, cos, elu, exp, gelu, leaky_relu, log (or ln), max, min, relu, sigmoid, silu,
    sin, softplus, sqrt and tanh. A part that stands twice is computed once. Where a kink leaves
    the choice, the slope is that of the package's activations, 0 for abs, and half for each of
    two that are equal under max or min.

    Parameters
    ----------
    text : str
        Such as ``"(a*b + c)**2"``. At most 1,000 characters, and 100 operations.
    **values : float
        A number for each name in the text.

    Returns
    -------
    Expression
        ``e.value``, ``e.gradient``, ``e["a"].gradient``; ``e.explain()`` derives all,
        ``e.explain("a")`` one gradient; ``e.svg()`` draws the graph; ``e.check()`` compares with
        central differences.

    Raises
    ------
    ArgumentError
        If the text is no such expression, or a value is no finite number.
    UnknownNameError
        If a name has no value, a value's name is not in the text, or a function is not known.
    NonFiniteError
        If a number on the way is not finite: a division by 0, the log of 0, an overflow.

    Examples
    --------
    >>> import clearprop as cp
    >>> e = cp.expression("(a*b + c)**2", a=2, b=-3, c=10)
    >>> e
    f = (a * b + c) ** 2 = 16
      node  formula  value  gradient
      a                  2       -24
      b                 -3        16
      v1    a · b       -6         8
      c                 10         8
      v2    v1 + c       4         8
      f     v2²         16         1
    >>> cp.expression("a / (b - c)", a=1, b=2, c=2)
    Traceback (most recent call last):
        ...
    clearprop.errors.NonFiniteError: f = a / v1 divides by 0: v1 = b - c is 0
    """
    program = read(text)
    given = _given(program, values)
    computed = program.forward(given)
    _check_values(program, given, computed)
    gradients, edges = program.backward(computed)
    telling = Telling(program, given, computed, gradients, edges)
    _check_slopes(telling)
    return Expression(program.text, _nodes(telling), _edges(telling), telling)


def _given(program: Program, values: Mapping[str, object]) -> dict[str, float]:
    names = [program.steps[i].name for i in program.inputs]
    for name in names:
        if name not in values:
            near = nearest(name, set(values) - set(names)) or nearest(name, FUNCTIONS)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise UnknownNameError(
                f"{name} has no value{hint}: give one for each of {', '.join(names)}, as in "
                f'cp.expression("{EXAMPLE}", a=2, b=-3, c=10)'
            )
    for name in values:
        if name not in names:
            near = nearest(name, names)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise UnknownNameError(
                f"{shown(name)} is not in the expression{hint}; its names are {', '.join(names)}"
            )
    return {name: _number(name, values[name]) for name in names}


def _number(name: str, value: object) -> float:
    try:
        return checked_number(name, value, low=-math.inf)
    except ArgumentError:
        raise ArgumentError(f"{name} is {shown(value)}; it must be a finite number") from None


def _check_values(program: Program, given: dict[str, float], values: list[float]) -> None:
    """Raise for the first value that is not finite, with the step that gives it."""
    place = next((i for i, value in enumerate(values) if not math.isfinite(value)), None)
    if place is None:
        return
    names, step = OwnNames(), program.steps[place]
    telling = Telling(program, given, values, [None] * len(values), [])

    def told(i: int) -> str:
        name, formula = program.steps[i].name, ""
        if program.steps[i].number is not None:
            return f"the other is {name}"
        if program.steps[i].operation:
            formula = f" = {TEXT.symbols(telling.formula(i), names)}"
        return f"{name}{formula} is {number(values[i])}"

    what = f"{step.name} = {TEXT.symbols(telling.formula(place), names)}"
    arguments = [values[j] for j in step.arguments]
    last = told(step.arguments[-1])
    domain = program.operation(place).domain
    if step.operation == "/" and arguments[1] == 0:
        raise NonFiniteError(f"{what} divides by 0: {last}")
    if step.operation == "**" and arguments[0] == 0:
        raise NonFiniteError(f"{what} divides by 0: {told(step.arguments[0])}, and {last}")
    if step.operation == "**" and arguments[0] < 0 and math.isnan(values[place]):
        raise NonFiniteError(
            f"{what} is no real number: {told(step.arguments[0])}, below 0, and {last}, "
            "no whole number"
        )
    if domain and not arguments[0] > 0:
        raise NonFiniteError(f"{what} has no value: {last}, and {step.operation} takes {domain}")
    raise NonFiniteError(f"{what} is too large for float64")


def _check_slopes(telling: Telling) -> None:
    """Raise for a gradient that is not finite, with the step where it is lost."""
    for edge in telling.edges:
        if not math.isfinite(edge.gradient):
            user, source = telling.symbol(edge.user), telling.symbol(edge.source)
            formula = TEXT.symbols(telling.formula(edge.user), OwnNames())
            raise NonFiniteError(
                f"{user.name} = {formula} has no finite slope by {source.name}, which is "
                f"{number(source.value)}: ∂{user.name}/∂{source.name} is {number(edge.slope)}"
            )


def _nodes(telling: Telling) -> tuple[Node, ...]:
    names, out, nodes = OwnNames(), telling.out.name, []
    for i, step in enumerate(telling.program.steps):
        kind = "operation" if step.operation else "input" if step.number is None else "number"
        formula = TEXT.symbols(telling.formula(i), names) if step.operation else ""
        nodes.append(
            Node(
                step.name, kind, step.name, formula, telling.values[i], telling.gradients[i],
                f"∂{out}/∂{step.name}",
            )
        )  # fmt: skip
    return tuple(nodes)


def _edges(telling: Telling) -> tuple[Edge, ...]:
    """Return an edge for each argument of each step, with what comes back along it."""
    steps = telling.program.steps
    back = {(edge.user, edge.place): edge.gradient for edge in telling.edges}
    return tuple(
        Edge(steps[j].name, step.name, telling.values[j], back.get((i, place)))
        for i, step in enumerate(steps)
        for place, j in enumerate(step.arguments)
    )
