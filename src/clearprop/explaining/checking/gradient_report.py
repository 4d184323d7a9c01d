"""What a gradient check found: a table, the worst parameter, and its error against the step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clearprop.display.html_table import html_table
from clearprop.display.plotting import axes_for, tidy
from clearprop.display.text_table import text_table
from clearprop.errors import ArgumentError, shown
from clearprop.explaining.checking.differences import Ladder
from clearprop.explaining.names import counted, element_of, own_name


@dataclass(frozen=True)
class CheckedDerivative:
    """One parameter, or a direction among those of an array.

    Attributes
    ----------
    name : str
        ``W2[1,3]``, or ``W2, direction 1``.
    given, numerical : float
        The derivative to be checked, and what the cost says, whatever was given.
    error : float
        Their distance, relative to the larger of them or a share of the steepest of its array (a
        hundredth in float64, a tenth in float32).
    verdict : str
        "right"; "fault"; or what keeps either from being said: "kink", "truncation", "round-off",
        "ripples", "steps", "gradient" (its own rounding), "edge" (of the domain), "state".
    doubt : float
        How far `numerical` may be off.
    reason : str
        What is wrong, or what would determine it; empty where all is right.
    """

    name: str
    given: float
    numerical: float
    error: float
    verdict: str
    doubt: float
    reason: str = ""

    @property
    def outcome(self) -> str:
        """The verdict in short: "right", "wrong" or "not determined"."""
        return {"right": "right", "fault": "wrong"}.get(self.verdict, "not determined")

    @property
    def passed(self) -> bool:
        """Whether it is right."""
        return self.verdict == "right"


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """What a gradient check found; true where all is right.

    Attributes
    ----------
    derivatives : tuple of CheckedDerivative
        All that were checked, each once.
    method : str
        "complex step" or "central differences".
    n_parameters : int
    computed_in : str
        "float64", or the lesser type that the cost or the gradient is computed in, as measured.
    note : str
        What the whole check suffers from, as of a function that has two values at one point.
    names : mapping of str to str
        What the reader calls elements; derivatives have the grammar's names all the same.

    Examples
    --------
    >>> import clearprop as cp
    >>> check = cp.check_gradient_function(lambda x: x[0] * x[1], [3.0, 1.0], [2.0, 3.0])
    >>> bool(check), check.worst.name, check.worst.given, round(check.worst.numerical, 6)
    (False, 'x[1]', 1.0, 2.0)
    """

    derivatives: tuple[CheckedDerivative, ...]
    method: str
    n_parameters: int
    computed_in: str
    _ladder: Callable[[str], Ladder] = field(compare=False, repr=False)
    note: str = ""
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """What is said of the whole: "right" where all are, "wrong" where one is, or neither."""
        outcomes = {derivative.outcome for derivative in self.derivatives}
        if self.note:
            outcomes.add("not determined")
        return next(o for o in ("wrong", "not determined", "right") if o in outcomes)

    @property
    def passed(self) -> bool:
        """Whether the gradient is right: not wrong, and not undetermined."""
        return self.outcome == "right"

    @property
    def worst(self) -> CheckedDerivative:
        """The first in this order: wrong, not determined; parameters, directions; off most."""
        return min(self.derivatives, key=_rank)

    def __bool__(self) -> bool:
        return self.passed

    def ladder(self, name: str | None = None) -> Ladder:
        """Return central differences of a parameter over all steps; None: of the worst one."""
        return self._ladder(self._checked(name).name)

    def _checked(self, name: str | None) -> CheckedDerivative:
        asked = element_of(name, self.names) if isinstance(name, str) else name
        for derivative in self.derivatives if isinstance(name, str) else ():
            if derivative.name in (name, asked):
                return derivative
        if name is not None:
            raise ArgumentError(f"{shown(name)} was not checked")
        return self.worst

    def _called(self, derivative: CheckedDerivative) -> str:
        return own_name(derivative.name, self.names)

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Draw how far central differences lie from the gradient, by step, for the worst parameter.

        A right gradient gives a valley: truncation to its right, round-off to its left. For a wrong
        one, the curve stays up. What the check goes by lies lower than single differences: the
        complex step, or differences extrapolated to h = 0.

        Parameters
        ----------
        name : str, optional
            Another parameter.
        ax : matplotlib Axes, optional
            None: a new figure.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        MissingExtraError
            If matplotlib (the extra `plots`) is not installed.
        """
        checked = self._checked(name)
        name = checked.name
        given, rungs = checked.given, self.ladder(name)
        figure, axis = axes_for(ax, (5.4, 3.6), "plot()")
        if not len(rungs.steps):
            raise ArgumentError(f"there are no differences to draw for {name!r}")
        scale = max(abs(given), float(np.abs(rungs.differences).min()), 1e-300)
        errors = np.maximum(np.abs(rungs.differences - given) / scale, 1e-17)
        axis.loglog(rungs.steps, errors, color="#0072B2", marker="o", label="central differences")
        judged = max(abs(checked.numerical - given) / scale, 1e-17)
        by = "complex step" if self.method == "complex step" else "extrapolated to h = 0"
        label = f"{by}, by which it is {'wrong' if checked.verdict == 'fault' else 'right'}"
        if checked.verdict not in ("right", "fault"):
            label = f"{by} ({checked.verdict})"
        axis.axhline(judged, color="#D55E00", ls="--", lw=1.2, label=label)
        axis.set_xlabel("step h")
        axis.set_ylabel("relative distance from the gradient")
        axis.set_title(f"d{self._called(checked)} = {given:.6g}", fontsize=10)
        low, high = axis.get_ylim()
        low = min(low, high / 1e3)
        axis.set_ylim(low, high * (high / low) ** 0.25)  # room for the legend
        axis.legend(frameon=False, loc="upper center", fontsize="small")
        tidy(axis)
        return figure

    def _rows(self, count: int = 5) -> list[list[str]]:
        return [
            [
                f"d{self._called(d)}", f"{d.given:.9g}", f"{d.numerical:.9g}", f"{d.doubt:.0e}",
                f"{d.error:.1e}", d.verdict,
            ]
            for d in sorted(self.derivatives, key=_rank)[:count]
        ]  # fmt: skip

    def _title(self) -> str:
        n, of = len(self.derivatives), counted(self.n_parameters, "parameter")
        counts = Counter(d.outcome for d in self.derivatives)
        wrong, open_ = counts["wrong"], counts["not determined"]
        checked, also = counted(n, "derivative"), f", {open_:,} not determined" if open_ else ""
        if wrong:
            verb = "is" if wrong == 1 else "are"
            found, said = f"{wrong:,} of {checked} {verb} wrong{also}", checked
        else:
            found = "passed" if self.passed else "not determined"
            said = f"{open_:,} of {checked}" if open_ else checked
        coarse = "" if self.computed_in == "float64" else f", in {self.computed_in}"
        return f"Gradient check by {self.method}{coarse}: {found} ({said} of {of})"

    def _remarks(self) -> list[str]:
        """The note, and for each verdict but right the first derivative that has it."""
        remarks = [self.note] if self.note else []
        seen: Counter[str] = Counter(d.verdict for d in self.derivatives)
        for d in sorted(self.derivatives, key=_rank):
            others = seen.pop(d.verdict, 0) - 1
            if others >= 0 and d.reason:
                more = f" ({counted(others, 'other')} likewise)" if others else ""
                remarks.append(f"d{self._called(d)}: {d.reason}{more}")
        return remarks

    def __repr__(self) -> str:
        lines = text_table([_HEAD, *self._rows()])
        return "\n  ".join([self._title(), *lines, *self._remarks()])

    def _repr_html_(self) -> str:
        title = "; ".join([self._title(), *self._remarks()])
        return html_table(title, _HEAD, self._rows(), right=(1, 2, 3, 4))


def _rank(d: CheckedDerivative) -> tuple[Any, ...]:
    order = ("wrong", "not determined", "right").index(d.outcome)
    return (order, ", direction" in d.name, -d.error if d.error == d.error else 0.0)


_HEAD = ["derivative", "given", "numerical", "+-", "error", "verdict"]
