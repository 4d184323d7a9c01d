"""What functions are, as mathematics: "sigmoid(z) = 1 / (1 + exp(-z))".

A formula is text as Python writes it, with ^ for powers and sum_j(...) for a sum over j: the
`equation` of a built-in function, the `formula` that a user gave, or the body of the user's own
function. Nothing is run: it is read as a tree, and written like every other expression.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from clearprop.explaining.derivation.expressions import (
    Apply,
    Cases,
    Expression,
    Listed,
    Negative,
    Number,
    Power,
    Product,
    Quotient,
    Relation,
    Square,
    Sum,
    Symbol,
)
from clearprop.explaining.derivation.glyphs import Glyph, Names
from clearprop.explaining.derivation.writer import Writer

NAN = float("nan")


class _FormulaNames(Names):
    """Writes the letters of a formula: a_j with the j below."""

    def glyph(self, symbol: Symbol) -> Glyph:
        return self._own_glyph(symbol.name)


_NAMES = _FormulaNames()


@dataclass(frozen=True)
class Definition:
    """What a function is.

    Attributes
    ----------
    left : str
        What is defined: "sigmoid(z)".
    formula : str
        As Python writes it, with ^ for powers; what cannot be read so is shown as it stands.
    remark : str
        What is said behind it, apart by "; ": words, or equations such as "r = a_j - y_j".
    is_own : bool
        Whether it is a function of the user's own.
    """

    left: str
    formula: str
    remark: str = ""
    is_own: bool = False

    def written(self, writer: Writer) -> str | None:
        """Return left side and formula in a notation, or None if it cannot be read."""
        name, _, inside = self.left.partition("(")
        arguments = parsed(f"listed({inside}")
        right = parsed(self.formula)
        if not isinstance(arguments, Apply) or right is None:
            return None
        left = Apply(name, arguments.argument, NAN)
        return writer.symbols(Relation(left, "==", right), _NAMES)

    def remarks(self, writer: Writer) -> list[tuple[str, str | None]]:
        """Return each remark as it stands, and in a notation if it is an equation."""
        return [(said, _equation(said, writer)) for said in self.remark.split("; ") if said]


def _equation(said: str, writer: Writer) -> str | None:
    left, equals, right = (side.strip() for side in said.partition(" = "))
    sides = parsed(left), parsed(right)
    if not equals or sides[0] is None or sides[1] is None:
        return None
    return writer.symbols(Relation(sides[0], "==", sides[1]), _NAMES)


def parsed(formula: str) -> Expression | None:
    """Return the expression that a formula means, or None where it holds something else.

    Examples
    --------
    >>> from clearprop.explaining.derivation.plain_text import TEXT
    >>> for formula in ("0.5 * sum_j((a_j - y_j)^2)", "np.log(np.cosh(a - y)).sum()", "a[0]"):
    ...     found = parsed(formula)
    ...     print(None if found is None else TEXT.symbols(found, _NAMES))
    0.5 · sum_j (a_j - y_j)²
    sum log(cosh(a - y))
    None
    """
    try:
        return _read(ast.parse(formula.replace("^", "**").strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


_OF_MODULES = ("np", "numpy", "math", "jnp", "torch", "xp")
_OTHER_NAMES = {"maximum": "max", "minimum": "min", "absolute": "abs", "fabs": "abs"}
_METHODS = ("sum", "mean")
_UNCHANGED = ("float", "asarray", "array")
_SIGNS = {ast.Gt: ">", ast.Lt: "<", ast.GtE: ">=", ast.LtE: "<=", ast.Eq: "==", ast.NotEq: "!="}


def _read(node: ast.expr) -> Expression:
    """Return a node of Python's as an expression; raise `ValueError` where it is none."""
    match node:
        case ast.Constant(value) if isinstance(value, int | float) and value is not True:
            return Number(float(value))
        case ast.Name(name):
            return Symbol(name, NAN)
        case ast.Attribute(ast.Name(module), "pi" | "e" as name) if module in _OF_MODULES:
            return Symbol({"pi": "π"}.get(name, name), NAN)
        case ast.UnaryOp(ast.USub(), inner):
            term = _read(inner)
            return Number(-term.value) if isinstance(term, Number) else Negative(term)
        case ast.BinOp(left, operation, right):
            return _operation(_read(left), operation, _read(right))
        case ast.IfExp(condition, there, elsewhere):
            return Cases(_read(condition), _read(there), _read(elsewhere))
        case ast.Compare(left, [sign], [right]) if type(sign) in _SIGNS:
            return Relation(_read(left), _SIGNS[type(sign)], _read(right))
        case ast.Call(function, arguments, []):
            return _call(function, [_read(argument) for argument in arguments])
    raise ValueError


def _operation(left: Expression, operation: ast.operator, right: Expression) -> Expression:
    match operation:
        case ast.Add():
            return Sum((*_terms(left), *_terms(right)))
        case ast.Sub():
            return Sum((*_terms(left), Negative(right)))
        case ast.Mult():
            return Product((*_factors(left), *_factors(right)))
        case ast.Div():
            return Quotient(left, right)
        case ast.Pow():
            return Square(left) if right == Number(2.0) else Power(left, right)
    raise ValueError


def _terms(e: Expression) -> tuple[Expression, ...]:
    return e.terms if isinstance(e, Sum) else (e,)


def _factors(e: Expression) -> tuple[Expression, ...]:
    return e.factors if isinstance(e, Product) else (e,)


def _call(function: ast.expr, arguments: list[Expression]) -> Expression:
    match function:
        case ast.Name(name):
            pass
        case ast.Attribute(ast.Name(module), name) if module in _OF_MODULES:
            pass
        case ast.Attribute(of, name) if name in _METHODS and not arguments:
            arguments = [_read(of)]
        case _:
            raise ValueError
    if name in _UNCHANGED and len(arguments) == 1:
        return arguments[0]
    if name == "square" and len(arguments) == 1:
        return Square(arguments[0])
    if name in ("power", "pow") and len(arguments) == 2:
        return _operation(arguments[0], ast.Pow(), arguments[1])
    if name == "where" and len(arguments) == 3:
        condition, there, elsewhere = arguments
        return Cases(condition, there, elsewhere)
    if not arguments:
        raise ValueError
    inside = arguments[0] if len(arguments) == 1 else Listed(tuple(arguments))
    return Apply(_OTHER_NAMES.get(name, name), inside, NAN)
