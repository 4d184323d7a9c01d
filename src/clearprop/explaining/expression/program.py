"""An expression as a list of steps, what they give forward, and what comes back.

A part that stands twice in the text is one step: it is computed once, and used twice. Backward,
each step's gradient is complete when all that use it have handed theirs down, so that the steps
are walked in reverse:

    df/da = sum over the steps s that use a of  df/ds  ds/da
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clearprop.explaining.expression.operations import FUNCTIONS, OPERATORS, Operation


@dataclass(frozen=True)
class Step:
    """An input, a number of the text, or an operation on earlier steps.

    Attributes
    ----------
    name : str
        "a" of an input, "v1" of an operation, "f" of the last; of a number its text.
    operation : str
        A key of the tables of operations; "" for an input or a number.
    arguments : tuple of int
        Places of the steps that it takes.
    number : float or None
        Of a number.
    varies : bool
        Whether an input goes into it: only then is there a slope.
    """

    name: str
    operation: str = ""
    arguments: tuple[int, ...] = ()
    number: float | None = None
    varies: bool = True


@dataclass(frozen=True)
class Back:
    """What one step hands back to one of its arguments: df/ds times the slope."""

    user: int
    place: int
    source: int
    slope: float
    gradient: float


@dataclass(frozen=True)
class Program:
    """The steps of an expression, each after those that it takes; the last is its value."""

    text: str
    steps: tuple[Step, ...]

    @property
    def inputs(self) -> tuple[int, ...]:
        """The places of the inputs, in the order of the text."""
        return tuple(i for i, s in enumerate(self.steps) if not s.operation and s.number is None)

    def operation(self, i: int) -> Operation:
        """Return the entry of the table that a step stands for."""
        name = self.steps[i].operation
        return OPERATORS[name] if name in OPERATORS else FUNCTIONS[name]

    def forward(
        self, given: Mapping[str, float], moved: tuple[int, float] | None = None
    ) -> list[float]:
        """Return the value of every step; infinite or NaN from where there is none.

        `moved` puts another value in the place of one step's.
        """
        values: list[float] = []
        for i, step in enumerate(self.steps):
            if moved is not None and moved[0] == i:
                values.append(moved[1])
            elif step.operation:
                values.append(self.operation(i).value(*(values[j] for j in step.arguments)))
            else:
                values.append(given[step.name] if step.number is None else step.number)
        return values

    def backward(self, values: Sequence[float]) -> tuple[list[float | None], list[Back]]:
        """Return df/d(each step), None where it does not vary, and what went along each edge."""
        gradients: list[float | None] = [0.0 if step.varies else None for step in self.steps]
        gradients[-1] = 1.0
        edges: list[Back] = []
        for i in range(len(self.steps) - 1, -1, -1):
            step, above = self.steps[i], gradients[i]
            if not step.operation or above is None:
                continue
            slopes = self.operation(i).slopes(*(values[j] for j in step.arguments), values[i])
            for place, (j, slope) in enumerate(zip(step.arguments, slopes, strict=True)):
                before = gradients[j]
                if before is not None:
                    edges.append(Back(i, place, j, slope, above * slope))
                    gradients[j] = before + above * slope
        return gradients, edges
