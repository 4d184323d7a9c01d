"""Reads the text of an expression: names, numbers, operators and functions, nothing else.

The text is parsed by Python's own `ast`, and what comes out is looked at node by node; nothing
is ever evaluated as Python.
"""

from __future__ import annotations

import ast
import itertools
import math
import warnings

from clearprop.errors import ArgumentError, UnknownNameError, nearest, shown
from clearprop.explaining.expression.operations import FUNCTIONS
from clearprop.explaining.expression.program import Program, Step

LONGEST = 1000
"""Characters of an expression."""

OPERATIONS = 100
"""Operations of an expression: more are nothing to be looked at one by one."""

EXAMPLE = "(a*b + c)**2"

_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**",
}  # fmt: skip


def read(text: object) -> Program:
    """Return the steps of an expression.

    Raises
    ------
    ArgumentError
        If the text is none, too long, or has anything but names, numbers, operators and functions.
    UnknownNameError
        If a function is not known.
    """
    if not isinstance(text, str) or not text.strip():
        raise ArgumentError(
            f"the expression is {shown(text)}; it must be a text such as {EXAMPLE!r}"
        )
    if len(text) > LONGEST:
        raise ArgumentError(f"the expression has {len(text):,} characters; it may have {LONGEST:,}")
    try:
        return _Reader().program(_tree(text))
    except RecursionError as error:
        raise ArgumentError("the expression is nested too deeply to be read") from error


_PRINTED = {"·": "*", "×": "*", "−": "-", "²": "**2", "³": "**3", "√": "sqrt(...)"}
"""Signs of mathematics, as derivations print them, and what Python has for them."""


def _tree(text: str) -> ast.expr:
    for sign, written in _PRINTED.items():
        if sign in text:
            raise ArgumentError(f"{shown(text)} has a {sign}: write {written}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's of "2if", which is refused anyway
            return ast.parse(text.strip(), mode="eval").body
    except SyntaxError as error:
        raise ArgumentError(
            f"the expression cannot be read: {error.msg} in {shown(text)}"
        ) from error
    except (ValueError, MemoryError) as error:  # a null character, or too many parentheses
        raise ArgumentError(f"the expression cannot be read: {shown(text)}") from error


class _Reader:
    """Collects steps, and gives one that is there already where a part stands again."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._places: dict[tuple[object, ...], int] = {}

    def program(self, tree: ast.expr) -> Program:
        last = self._step(tree)
        text = ast.unparse(tree)
        operations = sum(bool(step.operation) for step in self.steps)
        if not any(step.varies for step in self.steps):
            raise ArgumentError(f"{shown(text)} has no names: there is nothing to derive it by")
        if not operations:
            raise ArgumentError(f"{shown(text)} computes nothing; give one such as {EXAMPLE!r}")
        if operations > OPERATIONS:
            raise ArgumentError(
                f"the expression has {operations:,} operations; it may have {OPERATIONS}: a "
                "network is explained by cp.explain"
            )
        assert last == len(self.steps) - 1  # everything else goes into it
        return Program(text, tuple(_named(self.steps)))

    def _step(self, e: ast.expr) -> int:
        match e:
            case ast.Name(id=name):
                if name in FUNCTIONS:
                    raise ArgumentError(f"{name} is a function: write {name}(...)")
                return self._put((name,), Step(name))
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                return self._number(value)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._step(operand)
            case ast.UnaryOp(
                op=ast.USub(), operand=ast.Constant(value=int() | float() as value)
            ) if not isinstance(value, bool):
                return self._number(-value)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._operation("negative", [operand])
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _SIGNS:
                return self._operation(_SIGNS[type(op)], [left, right])
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(name, arguments)
        raise ArgumentError(_refused(e))

    def _call(self, name: str, arguments: list[ast.expr]) -> int:
        if name not in FUNCTIONS:
            near = nearest(name, FUNCTIONS)
            hint = f" (did you mean {near!r}?)" if near else ""
            raise UnknownNameError(
                f"no function is called {name!r}{hint}; there are: {', '.join(sorted(FUNCTIONS))}; "
                "a product takes a *"
            )
        n = FUNCTIONS[name].n
        if len(arguments) != n:
            raise ArgumentError(
                f"{name} takes {n} number{'s' if n > 1 else ''}, and has {len(arguments)} here"
            )
        return self._operation("log" if name == "ln" else name, arguments)

    def _operation(self, name: str, arguments: list[ast.expr]) -> int:
        places = tuple(self._step(argument) for argument in arguments)
        varies = any(self.steps[place].varies for place in places)
        return self._put((name, *places), Step("", name, places, varies=varies))

    def _number(self, value: int | float) -> int:
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise ArgumentError(f"the number {shown(value)} is too large for float64")
        name = repr(number).removesuffix(".0")
        return self._put(("", number), Step(name, number=number, varies=False))

    def _put(self, key: tuple[object, ...], step: Step) -> int:
        if key not in self._places:
            self._places[key] = len(self.steps)
            self.steps.append(step)
        return self._places[key]


def _named(steps: list[Step]) -> list[Step]:
    """Give names to the operations: v1, v2, ... and f, or others where the inputs have these."""
    taken = {step.name for step in steps}
    n = sum(bool(step.operation) for step in steps) - 1
    letters = itertools.chain("vuw", (f"v{i}_" for i in itertools.count()))
    letter = next(
        letter for letter in letters if not taken & {f"{letter}{i}" for i in range(1, n + 1)}
    )
    names = itertools.chain("fgF", (f"f{i}" for i in itertools.count()))
    last = next(name for name in names if name not in taken)
    numbers = iter(range(1, n + 1))
    named = [
        Step(f"{letter}{next(numbers)}", s.operation, s.arguments, varies=s.varies)
        if s.operation
        else s
        for s in steps[:-1]
    ]
    end = steps[-1]
    return [*named, Step(last, end.operation, end.arguments, varies=end.varies)]


def _refused(e: ast.expr) -> str:
    """Say what may not stand in an expression, and what was meant, where that is clear."""
    text = shown(ast.unparse(e))
    match e:
        case ast.BinOp(op=ast.BitXor()):
            return f"{text} has a ^, which is no power in Python: write **"
        case ast.Call(func=ast.Attribute(attr=name)) if name in FUNCTIONS:
            return f"{text} is called by its module: write {name}(...)"
        case ast.Call(func=ast.Constant() | ast.BinOp()):
            return f"{text} multiplies without a sign: write a * between"
        case ast.Call():
            return f"{text} has an argument with a name: write f(a)"
    return (
        f"{text} is no part of an expression; these are names, numbers, + - * / ** and functions: "
        f"{', '.join(sorted(FUNCTIONS))}"
    )
