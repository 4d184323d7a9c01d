"""Attributions: what each column of a row adds to its prediction, as table and as picture."""

from __future__ import annotations

import html
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.display.bars import DOWN, UP, bars_with_names
from clearprop.display.html_table import html_table
from clearprop.errors import printable
from clearprop.tables.columns import Column
from clearprop.tables.text import aligned, cut

Array = NDArray[Any]
Value = str | float | None

TOLD = 20
"""Columns that a page or a picture shows; the others together."""

_WIDTH = 80


class Part(NamedTuple):
    """A column's share in a prediction.

    Attributes
    ----------
    value, baseline : str, float or None
        What the column holds in the row and in the baseline row; None: missing.
    attribution : float
        What it adds.
    """

    value: Value
    baseline: Value
    attribution: float


@dataclass(frozen=True, repr=False)
class Attributions:
    """Why a row is predicted as it is: the share of each column, from a baseline row on.

    Attributes
    ----------
    target : str
    prediction : str, int, float or bool
        The class, or the number in the target's unit.
    probability : float or None
        Of the class; None for a number.
    value, baseline_value : float
        For the row and for the baseline row: the log-odds of the predicted class, log(p / (1 - p)),
        or the number.
    parts : dict of str to Part
        By column, the largest first. The attributions sum to ``value - baseline_value``, within
        a thousandth of it.
    about : str
        What the baseline row is.
    steps : int
        In which the gradient was integrated.
    """

    target: str
    prediction: str | int | float | bool
    probability: float | None
    value: float
    baseline_value: float
    parts: dict[str, Part]
    about: str
    steps: int

    @property
    def unit(self) -> str:
        """What the attributions are shares of: the predicted class's log-odds, or the target."""
        return self.target if self.probability is None else f"log-odds of {self.prediction}"

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON holds it."""
        return {
            "target": self.target,
            "prediction": self.prediction,
            "probability": self.probability,
            "unit": self.unit,
            "value": self.value,
            "baseline_value": self.baseline_value,
            "columns": {name: part._asdict() for name, part in self.parts.items()},
            "baseline": self.about,
            "steps": self.steps,
        }

    def __repr__(self) -> str:
        rows = [[cut(text) for text in row[:3]] + row[3:] for row in self._rows()]
        lines = [self._title(), *textwrap.wrap(self._words(), _WIDTH), "", *aligned(rows)]
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        words = html.escape(self._words())
        table = html_table(self._title(), head, rows, right=range(1, len(head)))
        return f'<div style="overflow-x:auto">{table}<p style="max-width:48em">{words}</p></div>'

    def _title(self) -> str:
        if self.probability is None:
            return f"{self.target!r} is predicted as {shown(float(self.prediction))}"
        return (
            f"{self.target!r} is predicted as {cut(str(self.prediction))}, with a probability of "
            f"{self.probability:.4g}"
        )

    def _words(self) -> str:
        n = _decimals([self.value, self.baseline_value])
        ours, theirs = (f"{v:,.{n}f}" for v in (self.value, self.baseline_value))
        is_class = self.probability is not None
        what = (
            f"Its log-odds are {ours}, and {theirs}" if is_class else f"It is {ours}, and {theirs}"
        )
        return f"{what} for the baseline row, {self.about}; each column adds to the difference:"

    def _rows(self) -> list[list[str]]:
        told = self._told()
        decimals = _decimals([part.attribution for _, part in told])
        rows = [["column", "this row", "baseline", "adds"]]
        for name, part in told:
            both = (shown(part.value), shown(part.baseline)) if name in self.parts else ("", "")
            rows.append([name, *both, signed(part.attribution, decimals)])
        total = sum(part.attribution for part in self.parts.values())
        return [*rows, ["all together", "", "", signed(total, decimals)]]

    def _told(self) -> list[tuple[str, Part]]:
        """Return the largest parts, and the sum of the others as one."""
        parts = list(self.parts.items())
        if len(parts) <= TOLD + 1:
            return parts
        rest = sum(part.attribution for _, part in parts[TOLD:])
        return [*parts[:TOLD], (f"{len(parts) - TOLD:,} other columns", Part("", "", rest))]

    def plot(self, ax: Any = None) -> Any:
        """Draw how the columns lead from the baseline's value to the row's, the largest first.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw. None: a new figure.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        MissingExtraError
            If matplotlib (the extra `plots`) is not installed.
        """
        told = self._told()
        names = [
            f"{name} = {shown(part.value)}" if name in self.parts else name for name, part in told
        ]
        figure, ax = bars_with_names(ax, names, "model.explain(row).plot()")
        sizes = np.array([part.attribution for _, part in told])
        starts = self.baseline_value + np.cumsum(sizes) - sizes
        places = np.arange(len(sizes))
        ax.barh(places, sizes, left=starts, height=0.62, color=np.where(sizes < 0, DOWN, UP))
        for place, (start, size) in enumerate(zip(starts, sizes, strict=True)):
            end = start + size
            if place + 1 < len(sizes):
                ax.plot([end, end], [place, place + 1], color="0.6", lw=0.8, zorder=0)
            ax.annotate(
                signed(size, _decimals(sizes)), (max(start, end), place), (4, 0),
                textcoords="offset points", va="center", fontsize="small",
            )  # fmt: skip
        for x, style in ((self.baseline_value, ":"), (self.value, "--")):
            ax.axvline(x, color="0.6", lw=1, ls=style, zorder=0)
        ax.margins(x=0.15)
        n = _decimals([self.value, self.baseline_value])
        ax.set_xlabel(
            f"{cut(self.unit, 60)}: from {self.baseline_value:,.{n}f} (baseline row) to "
            f"{self.value:,.{n}f}", parse_math=False,
        )  # fmt: skip
        ax.set_title(self._title(), fontsize="medium", parse_math=False, loc="left")
        return figure


def value_of(column: Column, row: int = 0) -> Value:
    """Return a cell of a column as `Encoding.read` gives it: a number, a text, or None."""
    if column.missing[row]:
        return None
    if column.kind == "number":
        return float(column.values[row])
    if column.kind == "date":
        moment = column.values[row]
        whole = moment == moment.astype("datetime64[D]")
        return str(moment.astype("datetime64[D]" if whole else "datetime64[s]"))
    return str(column.words[column.values[row]])


def shown(value: Value) -> str:
    """Return a cell as it is shown."""
    if value is None:
        return "missing"
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def signed(size: float, decimals: int) -> str:
    """Return an attribution with its sign; 0 is what a column adds that is like the baseline's."""
    return f"{size:+,.{decimals}f}" if size else "0"


def why(values: Mapping[str, Value], sizes: Sequence[float], most: int = 3) -> str:
    """Return the columns that add most in one line: "bill_length_mm 39.1 (+5.10); ..."."""
    decimals = _decimals(sizes)
    names = list(values)
    order = sorted(range(len(sizes)), key=lambda k: -abs(sizes[k]))[:most]
    return "; ".join(
        f"{names[k]} {shown(values[names[k]])} ({signed(sizes[k], decimals)})"
        for k in order
        if sizes[k]
    )


def _decimals(sizes: Sequence[float] | Array) -> int:
    """Return the decimals with which the largest has three digits."""
    largest = max((abs(float(size)) for size in sizes), default=0.0)
    return int(np.clip(2 - math.floor(math.log10(largest)), 0, 15)) if largest else 0
