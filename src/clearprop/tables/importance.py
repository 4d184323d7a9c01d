"""Importance: how much worse predictions are where a column's values are shuffled among the rows.

A row i that gets the value of row j costs h(i, j) more than it did. The loss is the mean of h over
rows i and j, of which each repeat takes every row once on either side. A row then counts twice: by
what it loses with others' values, and by what others lose with its own. The standard error is that
of the mean of these sums over the rows, so that it holds for other rows of the same kind, and it
has the chance of the shuffling in it.

Source: Breiman, "Random forests", Machine Learning 45 (2001); the error is that of a two-sample
U-statistic by Hoeffding's projection (Annals of Mathematical Statistics 19, 1948).
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.display.bars import DIM, THICK, UP, bars_with_names
from clearprop.display.html_table import html_table
from clearprop.errors import ShapeError, TargetError, printable
from clearprop.numerics.random import Purpose, normal_quantile, random_order
from clearprop.tables.columns import Column
from clearprop.tables.row_losses import log_losses
from clearprop.tables.target import Target
from clearprop.tables.text import aligned, brief, cut, shortened

Array = NDArray[Any]

LEAST_ROWS = 10
"""Fewer say nothing about others."""

_WIDTH = 80
_DRAWN = 16


class Lost(NamedTuple):
    """What the score loses without a column.

    Attributes
    ----------
    mean : float
        Positive: the score is worse.
    low, high : float
        The ends of a 95% interval.
    """

    mean: float
    low: float
    high: float

    @property
    def is_shown(self) -> bool:
        """Whether the interval lies to one side of 0."""
        return not self.low <= 0 <= self.high


@dataclass(frozen=True, repr=False)
class Importance:
    """How much a model's score depends on each column.

    Attributes
    ----------
    target, score : str
        The score is "log loss", in nats, or "R2".
    value : float
        The score with all columns as they are.
    rows, repeats : int
    columns : dict of str to Lost
        The most important first.
    """

    target: str
    score: str
    value: float
    rows: int
    repeats: int
    columns: dict[str, Lost]

    @property
    def not_shown(self) -> list[str]:
        """The columns whose interval contains 0."""
        return [name for name, lost in self.columns.items() if not lost.is_shown]

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON holds it."""
        return {
            "target": self.target,
            "score": self.score,
            "value": self.value,
            "rows": self.rows,
            "repeats": self.repeats,
            "columns": {name: lost._asdict() for name, lost in self.columns.items()},
            "not_shown": self.not_shown,
        }

    def __repr__(self) -> str:
        rows = [[cut(name, 60), *rest] for name, *rest in self._rows()]
        lines = [*textwrap.wrap(self._title(), _WIDTH), "", *aligned(rows)]
        lines += ["", *textwrap.wrap(self._words(), _WIDTH)] if self.not_shown else []
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        head, *rows = self._rows()
        table = html_table(self._title(), head, rows, right=range(1, len(head)))
        words = html.escape(self._words()) if self.not_shown else ""
        return f'<div style="overflow-x:auto">{table}<p style="max-width:48em">{words}</p></div>'

    def _title(self) -> str:
        times = "once" if self.repeats == 1 else f"{self.repeats} times"
        worse = "rises above" if self.score == "log loss" else "falls below"
        return (
            f"How far the {self.score} of {self.target!r} {worse} {brief(self.value)} where a "
            f"column is shuffled ({self.rows:,} rows, {times})"
        )

    def _words(self) -> str:
        return f"Not shown to matter on {self.rows:,} rows: {shortened(self.not_shown, 12, '; ')}."

    def _rows(self) -> list[list[str]]:
        rows = [["column", f"{self.score} lost", "95% interval"]]
        for name, lost in self.columns.items():
            rows.append([name, brief(lost.mean), f"{brief(lost.low)} to {brief(lost.high)}"])
        return rows

    def plot(self, ax: Any = None) -> Any:
        """Draw what is lost without each of the 16 most important columns, with its interval.

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
        drawn = dict(list(self.columns.items())[:_DRAWN])
        shown = [lost.is_shown for lost in drawn.values()]
        more = len(self.columns) - len(drawn)
        title = f"{self.rows:,} rows, {self.score} {brief(self.value)}"
        title += "" if all(shown) else "; gray: not shown to matter"
        title += f"; {more:,} columns that matter less are left out" if more else ""
        figure, ax, places = bars_with_names(
            ax, list(drawn), title, "model.importance(table).plot()"
        )
        means, lows, highs = np.array(list(drawn.values())).T
        ax.barh(places, means, height=THICK, color=np.where(shown, UP, DIM))
        ax.errorbar(means, places, xerr=[means - lows, highs - means], fmt="none",
                    ecolor="0.6", capsize=2.5, lw=1.2)  # fmt: skip
        ax.axvline(0, color="0.6", lw=1)
        ax.set_xlabel(f"{self.score} lost where it is shuffled, with a 95% interval")
        return figure


def permutation_importance(
    outputs: Callable[[Array], Array],
    target: Target,
    goal: Column,
    X: Array,
    blocks: Mapping[str, slice],
    repeats: int,
    seed: int,
) -> Importance:
    """Return what the score of predictions loses where a column's inputs are shuffled.

    Parameters
    ----------
    outputs : callable
        Probabilities (n, K), or numbers (n,), of inputs (n, n_0).
    target : Target
    goal : Column
        What is true.
    X : ndarray, shape (n, n_0)
        The inputs; changed, and as it was in the end.
    blocks : mapping of str to slice
        The places of each column's inputs.
    repeats, seed : int

    Raises
    ------
    ShapeError
        If there are fewer than 10 rows.
    TargetError
        If the target is a number that is always the same, so that there is no R2.
    """
    n = len(X)
    if n < LEAST_ROWS:
        raise ShapeError(f"importance takes {LEAST_ROWS} rows or more, not {n}")
    losses = _losses_of(target, goal)
    before = losses(outputs(X))
    orders = [random_order(seed, n, Purpose.IMPORTANCE, epoch=r) for r in range(repeats)]
    weight = _weight(target, goal)
    found = {}
    for name, block in blocks.items():
        kept = X[:, block].copy()
        counted = np.zeros(n)  # what each row loses, and what others lose by it
        for order in orders:
            X[:, block] = kept[order]
            lost = losses(outputs(X)) - before
            counted += lost
            counted[order] += lost
        X[:, block] = kept
        found[name] = _lost(counted / repeats, weight)
    score = float(before.mean())
    columns = dict(sorted(found.items(), key=lambda one: -one[1].mean))
    is_class = bool(target.classes)
    return Importance(
        target.column,
        "log loss" if is_class else "R2",
        score if is_class else 1 - score,
        n,
        repeats,
        columns,
    )


def _losses_of(target: Target, goal: Column) -> Callable[[Array], Array]:
    """Return the function that gives what each row's prediction costs."""
    if target.classes:
        labels = target.labels(goal)
        return lambda probabilities: log_losses(labels, probabilities)
    true = target.numbers(goal)
    spread = true.std()
    if spread == 0 or np.ptp(true) == 0:  # by rounding, the deviation of equal numbers may not be 0
        raise TargetError(
            f"target {target.column!r} is always {true[0]:g} in these rows: there is no R2 to lose"
        )
    return lambda numbers: ((numbers - true) / spread) ** 2


def _weight(target: Target, goal: Column) -> Array | float:
    """Return what a row adds to the bottom of the score: of R2 its share in the variance."""
    if target.classes:
        return 1.0
    true = target.numbers(goal)
    return ((true - true.mean()) / true.std()) ** 2


def _lost(counted: Array, weight: Array | float) -> Lost:
    """Return the mean loss and its interval; `counted` has each row on either side."""
    mean = float(counted.mean() / 2)
    n = len(counted)
    influence = counted - 2 * mean - mean * (weight - 1)
    error = float(np.sqrt((influence**2).sum() / (n - 1) / n))
    reach = _t(n - 1) * error
    return Lost(mean, mean - reach, mean + reach)


def _t(freedom: int) -> float:
    """Return the 97.5% quantile of Student's t, to a thousandth from 9 degrees of freedom on.

    Source: Abramowitz and Stegun, "Handbook of mathematical functions" (1964), 26.7.5.
    """
    x = float(normal_quantile(np.array([0.975]))[0])
    first, second = (x**3 + x) / 4, (5 * x**5 + 16 * x**3 + 3 * x) / 96
    third = (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / 384
    return x + first / freedom + second / freedom**2 + third / freedom**3
