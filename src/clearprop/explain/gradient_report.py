"""What a gradient check found: a table, the worst parameter, and its error against the step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clearprop.errors import ArgumentError
from clearprop.explain.differences import Ladder
from clearprop.html_table import html_table
from clearprop.plotting import axes_for, tidy
from clearprop.text_table import text_table

TOLERANCES = {"complex step": 1e-10, "central differences": 1e-6}
"""Accepted errors, relative to the derivative or a thousandth of the steepest."""

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
        The derivative to be checked, and what the cost says.
    error : float
        Their distance, relative to the larger of them or a thousandth of the steepest.
    verdict : str
        "right"; "kink", "truncation" and "round-off" (no fault is seen); or "fault".
    """

    name: str
    given: float
    numerical: float
    error: float
    verdict: str

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
        """Draw the error of central differences against the step, for the worst parameter.

        A right gradient gives a valley: truncation to its right, round-off to its left. For a wrong
        one, the curve stays up.

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
        given = next((d.given for d in self.derivatives if d.name == name), None)
        if given is None:
            raise ArgumentError(f"{name!r} was not checked")
        rungs = self.ladder(name)
        figure, axis = axes_for(ax, (5.4, 3.6), "plot()")
        scale = max(abs(given), float(np.abs(rungs.differences).min()), 1e-300)
        errors = np.maximum(np.abs(rungs.differences - given) / scale, 1e-17)
        axis.loglog(rungs.steps, errors, color="#0072B2", marker="o")
        tolerance = TOLERANCES["central differences"]
        axis.axhline(tolerance, color="0.5", ls=":", lw=1)
        axis.annotate(
            "accepted below", (0.5, tolerance), xycoords=("axes fraction", "data"), xytext=(0, 2),
            textcoords="offset points", ha="center", fontsize="small", color="0.4",
        )  # fmt: skip
        axis.set_xlabel("step h")
        axis.set_ylabel("relative error of the difference")
        axis.set_title(f"d{name} = {given:.6g}", fontsize=10)
        tidy(axis)
        return figure

    def _rows(self, count: int = 5) -> list[list[str]]:
        ranked = sorted(self.derivatives, key=lambda d: (d.passed, -d.error))
        return [
            [f"d{d.name}", f"{d.given:.9g}", f"{d.numerical:.9g}", f"{d.error:.1e}", d.verdict]
            for d in ranked[:count]
        ]

    def _title(self) -> str:
        faults = sum(not d.passed for d in self.derivatives)
        found = f"{faults} of {len(self.derivatives)} derivatives are wrong" if faults else "passed"
        return (
            f"Gradient check by {self.method}: {found} ({len(self.derivatives):,} derivatives of "
            f"{self.n_parameters:,} parameters)"
        )

    def __repr__(self) -> str:
        rows = [_HEAD, *self._rows()]
        lines = text_table(rows)
        meaning = MEANINGS[self.worst.verdict]
        if meaning:
            lines.append(f"d{self.worst.name}: {meaning}")
        return "\n  ".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        return html_table(self._title(), _HEAD, self._rows(), right=(1, 2, 3))


_HEAD = ["derivative", "given", "numerical", "error", "verdict"]
