"""Mutants of a source file: each is one small change at one place, by the usual operators.

What is left alone: texts (so docstrings and the wording of messages), type annotations, what stands
inside f-strings and behind `raise`, and `isinstance`'s arguments.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BOUNDARY = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
OPPOSITE = {
    "<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "==",
    "is": "is not", "is not": "is", "in": "not in", "not in": "in",
}  # fmt: skip
ARITHMETIC = {
    "+": "-", "-": "+", "*": "/", "/": "*", "//": "/", "%": "*", "**": "*", "@": "*",
    "&": "|", "|": "&", "^": "|", "<<": ">>", ">>": "<<",
}  # fmt: skip
SYMBOLS = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%",
    ast.Pow: "**", ast.MatMult: "@", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^",
    ast.LShift: "<<", ast.RShift: ">>", ast.And: "and", ast.Or: "or",
}  # fmt: skip
UNTOUCHED = {"isinstance", "issubclass", "cast", "TypeVar", "warn"}
"""Functions whose arguments no mutant changes: types and words."""
SYMMETRIC = {"max", "min", "maximum", "minimum", "fmax", "fmin"}
"""Functions whose arguments no mutant swaps."""


@dataclass(frozen=True)
class Mutant:
    """One change: in `file`, the text from `start` to `end` becomes `new`."""

    file: str
    function: str
    line: int
    text: str
    """The line, without its indentation."""
    operator: str
    start: int
    end: int
    new: str
    nth: int = 0
    """Which of those of the same function, text and operator."""

    @property
    def key(self) -> str:
        """What it is called, whatever lines stand before it."""
        return f"{self.file} | {self.function} | {self.text} | {self.operator} | {self.nth}"

    def rank(self, seed: int) -> str:
        """Its place in the seeded order, which other mutants have no part in."""
        return hashlib.sha256(f"{seed} {self.key}".encode()).hexdigest()

    def applied(self, source: str) -> str:
        """Return the mutated source."""
        return source[: self.start] + self.new + source[self.end :]

    def digest(self, source: str) -> str:
        """Return a digest of the function, or the statement of a module, that it changes."""
        first, last = _around(source, self.line)
        lines = source.splitlines(keepends=True)
        before = sum(map(len, lines[: first - 1]))
        whole = "".join(lines[first - 1 : last]), self.start - before, self.end - before, self.new
        return hashlib.sha256(repr(whole).encode()).hexdigest()[:16]


def _around(source: str, line: int) -> tuple[int, int]:
    """Return the first and the last line of the outermost function, or the statement, of a line."""
    nodes: list[ast.stmt] = ast.parse(source).body
    while True:
        (node,) = (one for one in nodes if one.lineno <= line <= (one.end_lineno or 0))
        inner = isinstance(node, ast.ClassDef) and any(
            one.lineno <= line <= (one.end_lineno or 0) for one in node.body
        )
        if not inner:
            return node.lineno, node.end_lineno or 0
        nodes = node.body  # type: ignore[attr-defined]


def sample(root: Path, files: Iterable[str], size: int, seed: int) -> tuple[list[Mutant], int]:
    """Return a seeded sample of the mutants of files, and how many they are drawn from.

    Those with the lowest digests are taken: each mutant is as likely as any other, and a change
    of the code leaves most of a sample as it was.
    """
    found = [mutant for file in files for mutant in mutants(root, file)]
    return sorted(found, key=lambda one: one.rank(seed))[:size], len(found)


def mutants(root: Path, file: str) -> list[Mutant]:
    """Return every mutant of a file that compiles, in order."""
    source = (root / file).read_text(encoding="utf-8")
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for function, start, end, new, operator in sorted(_Sites(source).found, key=lambda s: s[1:]):
        line = source.count("\n", 0, start) + 1
        text = source.splitlines()[line - 1].strip()
        one = Mutant(
            file, function, line, text, operator, start, end, new, seen[function, text, operator]
        )
        seen[function, text, operator] += 1
        try:
            compile(one.applied(source), file, "exec")
        except SyntaxError:
            continue
        found.append(one)
    return found


Site = tuple[str, int, int, str, str]


class _Sites(ast.NodeVisitor):
    """Walks a source and collects (function, start, end, new text, operator)."""

    def __init__(self, source: str) -> None:
        self.source = source
        lines = source.splitlines(keepends=True)
        self.starts = [0]
        for line in lines:
            self.starts.append(self.starts[-1] + len(line))
        self.lines = lines
        self.found: list[Site] = []
        self.function: list[str] = []
        self.visit(ast.parse(source))

    # Places

    def at(self, line: int, column: int) -> int:
        """Return where a place of `ast`, which counts bytes, is in the text."""
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def words(self, node: ast.expr) -> str:
        start, end = self.span(node)
        return self.source[start:end]

    def add(self, start: int, end: int, new: str, operator: str) -> None:
        self.found.append((".".join(self.function), start, end, new, operator))

    def between(self, left: ast.expr, right: ast.expr, symbol: str) -> tuple[int, int]:
        """Return where the operator between two operands stands."""
        start, end = self.span(left)[1], self.span(right)[0]
        gap = re.sub(r"#[^\n]*", lambda c: " " * len(c[0]), self.source[start:end])
        match = re.search(re.escape(symbol).replace(r"\ ", r"\s+"), gap)
        assert match is not None, (symbol, gap)
        return start + match.start(), start + match.end()

    # What is walked

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.function.append(node.name)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        for one in node.body:
            self.visit(one)
        self.function.pop()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.function.append(node.name)
        for one in node.body:
            self.visit(one)
        self.function.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None and not self._is_type(node.value):
            self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        if any(isinstance(target, ast.Subscript | ast.Attribute) for target in node.targets):
            self.add(*self.span(node), "pass", "statement removed")
        if not self._is_type(node.value):
            self.generic_visit(node)

    @staticmethod
    def _is_type(node: ast.expr) -> bool:
        """Whether a value of the module is a type, such as ``Array = NDArray[Any]``."""
        names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
        return bool(names & {"Any", "Literal", "Callable"})

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Leave f-strings alone."""

    def visit_Raise(self, node: ast.Raise) -> None:
        self.add(*self.span(node), "pass", "statement removed")

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            self.add(*self.span(node), "pass", "statement removed")
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.add(*self.span(node), "pass", "statement removed")
        symbol = SYMBOLS[type(node.op)]
        place = self.between(node.target, node.value, symbol + "=")
        self.add(*place, ARITHMETIC[symbol] + "=", "arithmetic")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and self.words(node.value) != "None":
            self.add(*self.span(node.value), "None", "returns None")
        self.generic_visit(node)

    def visit_Break(self, node: ast.Break) -> None:
        self.add(*self.span(node), "continue", "break and continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        self.add(*self.span(node), "break", "break and continue")

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not (isinstance(node.op, ast.BitOr) and self._is_type(node)):
            symbol = SYMBOLS[type(node.op)]
            place = self.between(node.left, node.right, symbol)
            self.add(*place, ARITHMETIC[symbol], "arithmetic")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        start = self.span(node)[0]
        if not isinstance(node.op, ast.UAdd):
            operator = "not removed" if isinstance(node.op, ast.Not) else "sign removed"
            self.add(start, self.span(node.operand)[0], "", operator)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        symbol = SYMBOLS[type(node.op)]
        other = "or" if symbol == "and" else "and"
        for left, right in zip(node.values, node.values[1:], strict=False):
            self.add(*self.between(left, right, symbol), other, "and and or")
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        left = node.left
        for op, right in zip(node.ops, node.comparators, strict=True):
            symbol = SYMBOLS[type(op)]
            place = self.between(left, right, symbol)
            self.add(*place, OPPOSITE[symbol], "comparison negated")
            if symbol in BOUNDARY:
                self.add(*place, BOUNDARY[symbol], "boundary")
            left = right
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self.add(*self.span(node), repr(not value), "constant")
        elif isinstance(value, int):
            self.add(*self.span(node), f"{value + 1}", "constant + 1")
            self.add(*self.span(node), f"({value - 1})", "constant - 1")
        elif isinstance(value, float):
            self.add(*self.span(node), repr(2.0 * value or 1.0), "constant doubled")

    def visit_Call(self, node: ast.Call) -> None:
        name = self.words(node.func).rpartition(".")[2]
        if name in UNTOUCHED:
            return
        pair = [] if name in SYMMETRIC else node.args[:2]
        if len(pair) == 2 and not any(isinstance(one, ast.Starred) for one in pair):
            first, second = map(self.words, pair)
            if first != second:
                start, end = self.span(pair[0])[0], self.span(pair[1])[1]
                middle = self.source[self.span(pair[0])[1] : self.span(pair[1])[0]]
                self.add(start, end, second + middle + first, "arguments swapped")
        self.generic_visit(node)

    def visit_If(self, node: ast.If) -> None:
        if self.words(node.test) == "TYPE_CHECKING":
            return
        self._negate(node.test)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negate(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._negate(test)
        self.generic_visit(node)

    def _negate(self, test: ast.expr) -> None:
        """Negate a condition, but where negating its comparison or its `not` does just that."""
        single = isinstance(test, ast.Compare) and len(test.ops) == 1
        if not single and not isinstance(test, ast.UnaryOp | ast.Constant):
            start, end = self.span(test)
            self.add(start, end, f"(not ({self.source[start:end]}))", "condition negated")


def files_of(root: Path, patterns: Iterable[str]) -> Iterator[str]:
    """Return the files that are there, as paths from `root`."""
    for pattern in patterns:
        yield from (path.relative_to(root).as_posix() for path in sorted(root.glob(pattern)))
