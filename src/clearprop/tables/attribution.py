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

from clearprop.display.bars import DOWN, THICK, UP, bars_with_names
from clearprop.display.html_table import html_table
from clearprop.errors import printable
from clearprop.tables.columns import Column
from clearprop.tables.text import aligned, cut

Array = NDArray[Any]
Value = str | float | None

TOLD, DRAWN = 24, 12
"""Columns that a page and a picture show; the others together."""

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
        or the number, or its logarithm where that is learned.
    parts : dict of str to Part
        By column, the largest first. The attributions sum to ``value - baseline_value``, within
        a thousandth of it.
    about : str
        What the baseline row is.
    steps : int
        In which the gradient was integrated.
    transform : str
        "log" or "log1p", of a target that is learned so: what values and attributions are of.
    """

    target: str
    prediction: str | int | float | bool
    probability: float | None
    value: float
    baseline_value: float
    parts: dict[str, Part]
    about: str
    steps: int
    transform: str = ""

    @property
    def unit(self) -> str:
        """What the attributions are shares of: the predicted class's log-odds, or the target.

        Of a target that is learned as its logarithm, that.
        """
        if self.probability is None:
            return f"{self.transform}({self.target})" if self.transform else self.target
        return f"log-odds of {self.prediction}"

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
        rows = [[cut(row[0], 60), *(cut(text, 24) for text in row[1:])] for row in self._rows()]
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
            f"{self.target!r} is predicted as {cut(str(self.prediction))} "
            f"(probability {self.probability:.4g})"
        )

    def _words(self) -> str:
        n = _decimals([self.value, self.baseline_value])
        ours, theirs = (f"{v:,.{n}f}" for v in (self.value, self.baseline_value))
        is_class = self.probability is not None
        what = f"It is {ours}, and {theirs}"
        if is_class:
            what = f"Its log-odds are {ours}, and {theirs}"
        elif self.transform:
            what = f"Its {self.transform} is {ours}, and {theirs}"
        return f"{what} for the baseline row, {self.about}; each column adds to the difference:"

    def _rows(self) -> list[list[str]]:
        told = self._told(TOLD)
        decimals = _decimals([part.attribution for _, part in told])
        rows = [["column", "this row", "baseline", "adds"]]
        for name, part in told:
            both = (shown(part.value), shown(part.baseline)) if name in self.parts else ("", "")
            rows.append([name, *both, signed(part.attribution, decimals)])
        total = sum(part.attribution for part in self.parts.values())
        return [*rows, ["all together", "", "", signed(total, decimals)]]

    def _told(self, most: int) -> list[tuple[str, Part]]:
        """Return the largest parts, and the sum of the others as one."""
        parts = list(self.parts.items())
        if len(parts) <= most + 1:
            return parts
        rest = sum(part.attribution for _, part in parts[most:])
        return [*parts[:most], (f"{len(parts) - most:,} other columns", Part("", "", rest))]

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
        told = self._told(DRAWN)
        names = [
            f"{name} = {shown(part.value)}" if name in self.parts else name for name, part in told
        ]
        figure, ax, places = bars_with_names(ax, names, self._title(), "model.explain(row).plot()")
        sizes = np.array([part.attribution for _, part in told])
        ends = self.baseline_value + np.cumsum(sizes)
        starts = np.append(self.baseline_value, ends[:-1])
        ax.barh(places, sizes, left=starts, height=THICK, color=np.where(sizes < 0, DOWN, UP))
        for x, style in ((self.baseline_value, ":"), (self.value, "--")):
            ax.axvline(x, color="0.6", lw=1, ls=style, zorder=0)
        ax.vlines(ends[:-1], places[:-1], places[1:], color="0.6", lw=0.8, zorder=0)
        paper = {"facecolor": ax.get_facecolor(), "edgecolor": "none", "pad": 0.6}
        for place, size, right in zip(places, sizes, np.maximum(starts, ends), strict=True):
            ax.annotate(
                signed(size, _decimals(sizes)), (right, place), (4, 0),
                textcoords="offset points", va="center", fontsize="small", bbox=paper,
            )  # fmt: skip
        low, high = min(starts.min(), ends.min()), max(starts.max(), ends.max())
        room = (high - low) or 1.0
        ax.set_xlim(low - 0.06 * room, high + 0.16 * room)
        n = _decimals([self.value, self.baseline_value])
        label = (
            f"{printable(cut(self.unit, 40))}: from {self.baseline_value:,.{n}f} (baseline row) to "
            f"{self.value:,.{n}f}"
        )
        ax.set_xlabel(textwrap.fill(label, 56), parse_math=False)
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


def why(columns: Mapping[str, Column], sizes: Array, most: int, transform: str = "") -> list[str]:
    """Return in a line for each row what adds most: "bill_length_mm 39.1 (+5.10); ...".

    Of a target that is learned as its logarithm, that is said: "(log +0.31)".
    """
    unit = f"{transform} " if transform else ""
    names = list(columns)
    largest = np.argsort(-np.abs(sizes), axis=1, kind="stable")[:, :most].tolist()
    lines = []
    for row, order in enumerate(largest):
        decimals = _decimals(sizes[row, order])
        lines.append(
            "; ".join(
                f"{names[k]} {shown(value_of(columns[names[k]], row))} "
                f"({unit}{signed(sizes[row, k], decimals)})"
                for k in order
                if sizes[row, k]
            )
        )
    return lines


def _decimals(sizes: Sequence[float] | Array) -> int:
    """Return the decimals with which the largest has three digits."""
    largest = max((abs(float(size)) for size in sizes), default=0.0)
    return int(np.clip(2 - math.floor(math.log10(largest)), 0, 15)) if largest else 0
