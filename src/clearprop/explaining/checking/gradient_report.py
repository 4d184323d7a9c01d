"""What a gradient check found: a table, the worst parameter, and its error against the step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clearprop.display.html_table import html_table
from clearprop.display.plotting import axes_for, tidy
from clearprop.display.text_table import text_table
from clearprop.errors import ArgumentError
from clearprop.explaining.checking.differences import Ladder
from clearprop.explaining.names import counted

TOLERANCES = {"complex step": 1e-10, "central differences": 1e-9}
"""Accepted errors, relative to the derivative or a thousandth of the steepest; of differences,
what they may be off by themselves is accepted as well."""

MEANINGS = {
    "right": "",
    "kink": "the cost has a kink here; the gradient lies between its two sides",
    "truncation": "the steps are too coarse to tell; no fault is seen",
    "round-off": "the cost is rounded too coarsely to tell; no fault is seen",
    "fault": "the gradient is wrong",
}


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
        Their distance, relative to the larger of them or a thousandth of the steepest.
    verdict : str
        "right"; "kink", "truncation" and "round-off" (no fault is seen); or "fault".
    doubt : float
        How far `numerical` may be off.
    """

    name: str
    given: float
    numerical: float
    error: float
    verdict: str
    doubt: float

    @property
    def passed(self) -> bool:
        """Whether this is no fault."""
        return self.verdict != "fault"


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """What a gradient check found; true where no fault was found.

    Attributes
    ----------
    derivatives : tuple of CheckedDerivative
        All that were checked.
    method : str
        "complex step" or "central differences".
    n_parameters : int

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
    _ladder: Callable[[str], Ladder] = field(compare=False)

    @property
    def passed(self) -> bool:
        """Whether no fault was found."""
        return all(derivative.passed for derivative in self.derivatives)

    @property
    def worst(self) -> CheckedDerivative:
        """The one that is off most: a fault, if there is one; a parameter before a direction."""
        return max(
            self.derivatives, key=lambda d: (not d.passed, ", direction" not in d.name, d.error)
        )

    def __bool__(self) -> bool:
        return self.passed

    def ladder(self, name: str | None = None) -> Ladder:
        """Return central differences of a parameter over all steps; None: of the worst one."""
        return self._ladder(self.worst.name if name is None else name)

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
        name = self.worst.name if name is None else name
        checked = next((d for d in self.derivatives if d.name == name), None)
        if checked is None:
            raise ArgumentError(f"{name!r} was not checked")
        given, rungs = checked.given, self.ladder(name)
        figure, axis = axes_for(ax, (5.4, 3.6), "plot()")
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
        axis.set_title(f"d{name} = {given:.6g}", fontsize=10)
        low, high = axis.get_ylim()
        low = min(low, high / 1e3)
        axis.set_ylim(low, high * (high / low) ** 0.25)  # room for the legend
        axis.legend(frameon=False, loc="upper center", fontsize="small")
        tidy(axis)
        return figure

    def _rows(self, count: int = 5) -> list[list[str]]:
        ranked = sorted(self.derivatives, key=lambda d: (d.passed, -d.error))
        return [
            [
                f"d{d.name}", f"{d.given:.9g}", f"{d.numerical:.9g}", f"{d.doubt:.0e}",
                f"{d.error:.1e}", d.verdict,
            ]
            for d in ranked[:count]
        ]  # fmt: skip

    def _title(self) -> str:
        faults, n = sum(not d.passed for d in self.derivatives), len(self.derivatives)
        verb = "is" if faults == 1 else "are"
        found = f"{faults} of {counted(n, 'derivative')} {verb} wrong" if faults else "passed"
        of = counted(self.n_parameters, "parameter")
        return f"Gradient check by {self.method}: {found} ({counted(n, 'derivative')} of {of})"

    def __repr__(self) -> str:
        rows = [_HEAD, *self._rows()]
        lines = text_table(rows)
        meaning = MEANINGS[self.worst.verdict]
        if not np.isfinite(self.worst.given):
            meaning = f"the gradient is {self.worst.given}"
        if meaning:
            lines.append(f"d{self.worst.name}: {meaning}")
        return "\n  ".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        return html_table(self._title(), _HEAD, self._rows(), right=(1, 2, 3, 4))


_HEAD = ["derivative", "given", "numerical", "+-", "error", "verdict"]
