"""The body of a user's own function, as its source has it; nothing is run."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

LONGEST = 200
"""Characters of a body that is shown."""


def called(function: Callable[..., Any]) -> str:
    """Return the name of a function, "" where it has none that could be written: a lambda."""
    name = getattr(function, "__name__", "")
    return name if isinstance(name, str) and name.isidentifier() else ""


def body_of(function: Callable[..., Any], arguments: tuple[str, ...]) -> tuple[str, str] | None:
    """Return the expression that a function returns, with its arguments called so.

    And the names that it uses, apart by "; ": "r = a - y". None where there is no source (of
    compiled code, of code that was typed at a prompt), or it is more than that: loops, say.

    Examples
    --------
    >>> body_of(lambda x: 3 * x**2, ("z",))
    ('3 * z ** 2', '')
    >>> body_of(abs, ("z",)) is None
    True
    """
    if not isinstance(function, FunctionType):
        return None
    node = _node_of(function.__code__)
    read = None if node is None else _read(node)
    if node is None or read is None or len(node.args.args) != len(arguments):
        return None
    expression, names = read
    renamed = {old.arg: new for old, new in zip(node.args.args, arguments, strict=True)}
    walked = [inner for part in (expression, *names.values()) for inner in ast.walk(part)]
    others = {n.id for n in walked if isinstance(n, ast.Name)} - set(renamed)
    if (others | set(names)) & set(arguments):  # two things would get one name
        renamed = {}
    write = _Renamed(renamed).visit
    said = "; ".join(f"{name} = {ast.unparse(write(value))}" for name, value in names.items())
    written = ast.unparse(write(expression))
    return (written, said) if len(written) + len(said) <= LONGEST else None


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        """Return the name that an argument gets."""
        return ast.Name(self._names.get(node.id, node.id), node.ctx)


_Function = ast.Lambda | ast.FunctionDef


def _node_of(code: CodeType) -> _Function | None:
    """Return the function in its file's syntax tree: the one that this code was compiled from."""
    lines = linecache.getlines(code.co_filename)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = [node for node in _functions(tree) if _is_from(code, node)]
    return found[0] if len(found) == 1 else None


def _functions(tree: ast.AST) -> Iterator[_Function]:
    for node in ast.walk(tree):
        if isinstance(node, _Function):
            yield node


def _is_from(code: CodeType, node: _Function) -> bool:
    """Whether code is that of a function: its place and its names, lest the file was changed."""
    names = [argument.arg for argument in node.args.args]
    if list(code.co_varnames[: code.co_argcount]) != names:
        return False
    inside = [node.body] if isinstance(node, ast.Lambda) else node.body
    walked = [n for part in inside for n in ast.walk(part)]
    used = {n.id for n in walked if isinstance(n, ast.Name)}
    if not used <= {*code.co_varnames, *code.co_names, *code.co_freevars, *code.co_cellvars}:
        return False
    places = {
        (line, column)
        for line, _, column, _ in code.co_positions()
        if line is not None and column is not None
    }
    return any(
        (getattr(n, "lineno", None), getattr(n, "col_offset", None)) in places for n in walked
    ) and _within(code, node)


def _within(code: CodeType, node: _Function) -> bool:
    """Whether all places of the code lie between the function's first and last."""
    start, end = (node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0)
    first = code.co_firstlineno
    for line, _, column, _ in code.co_positions():
        inside = line is None or column is None or (line, column) == (first, 0)
        if not inside and not start <= (line or 0, column or 0) <= end:
            return False
    return True


def _read(node: _Function) -> tuple[ast.expr, dict[str, ast.expr]] | None:
    """Return the one expression that a function is, and the names that are set on the way."""
    if isinstance(node, ast.Lambda):
        return node.body, {}
    names: dict[str, ast.expr] = {}
    body = [s for s in node.body if not (isinstance(s, ast.Expr) and _is_text(s.value))]
    while body and isinstance(body[0], ast.Assign):
        match body.pop(0):
            case ast.Assign([ast.Name(name)], value) if name not in names:
                names[name] = value
            case _:
                return None
    returned = _returned(body)
    return None if returned is None else (returned, names)


def _is_text(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _returned(body: list[ast.stmt]) -> ast.expr | None:
    """Return what statements return, as one expression: with "if" between, where they have it."""
    match body:
        case [ast.Return(value)]:
            return value
        case [ast.If(condition, there, elsewhere), *rest]:
            first, second = _returned(there), _returned(elsewhere or rest)
            if first is not None and second is not None:
                return ast.IfExp(condition, first, second)
    return None
