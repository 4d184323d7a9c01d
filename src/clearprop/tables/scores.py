"""Scores: how well predictions fit what came true, as figures, as a table, as a picture."""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.display.plotting import axes_for, tidy
from clearprop.errors import printable
from clearprop.tables.columns import Column
from clearprop.tables.ranking import average_precision, roc_auc
from clearprop.tables.row_losses import brier_losses, log_losses
from clearprop.tables.target import Target
from clearprop.tables.text import aligned, brief, cut

Array = NDArray[Any]

_MATRIX_CLASSES = 12
"""Classes whose confusion matrix still fits a terminal."""


class Scores(ABC):
    """How well a model does on rows whose target is known."""

    @property
    @abstractmethod
    def rows(self) -> int:
        """The rows that were judged."""

    @property
    @abstractmethod
    def figures(self) -> dict[str, float]:
        """The figures in one number each; NaN for one that is not defined on these rows."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON holds it."""

    @abstractmethod
    def plot(self, ax: Any = None) -> Any:
        """Draw what the figures sum up; return the matplotlib figure."""


@dataclass(frozen=True, repr=False)
class ClassScores(Scores):
    """Scores of a classification.

    Attributes
    ----------
    classes : tuple of str
        In the order of the rows and columns of `confusion`.
    confusion : ndarray of int, shape (K, K)
        ``confusion[i, j]`` counts the rows of class i that were called j.
    log_loss : float
        The mean of -log of the probability given to the true class, in nats.
    brier : float
        The mean squared error of the probabilities: of two classes that of the second, from 0 to
        1; of more the sum over the classes, from 0 to 2.
    auc : float or None
        Of two classes, the area under the ROC curve; NaN without rows of both. None of more.
    average_precision : float or None
        Of two classes, that of the second, the positive one; NaN without rows of it. None of
        more.
    """

    classes: tuple[str, ...]
    confusion: NDArray[np.int64]
    log_loss: float
    brier: float
    auc: float | None = None
    average_precision: float | None = None

    @property
    def rows(self) -> int:
        """The rows that were judged."""
        return int(self.confusion.sum())

    @property
    def accuracy(self) -> float:
        """The share of rows that were called right."""
        return float(self.confusion.trace() / self.rows)

    @property
    def recall(self) -> Array:
        """Of each class's rows, the share that was called so; NaN for a class without rows."""
        return _ratio(self.confusion.diagonal(), self.confusion.sum(axis=1))

    @property
    def precision(self) -> Array:
        """Of the rows called each class, the share that is it; NaN for one never called."""
        return _ratio(self.confusion.diagonal(), self.confusion.sum(axis=0))

    @property
    def f1(self) -> Array:
        """2 TP / (2 TP + FP + FN) of each class."""
        right = self.confusion.diagonal()
        return _ratio(2 * right, self.confusion.sum(axis=0) + self.confusion.sum(axis=1))

    @property
    def balanced_accuracy(self) -> float:
        """The mean recall of the classes that have rows."""
        return float(np.nanmean(self.recall))

    @property
    def figures(self) -> dict[str, float]:
        """Accuracy, balanced accuracy, log loss, Brier score; AUC and average precision of two."""
        figures = {
            "accuracy": self.accuracy,
            "balanced accuracy": self.balanced_accuracy,
            "log loss": self.log_loss,
            "Brier": self.brier,
        }
        if self.auc is not None and self.average_precision is not None:
            figures |= {"AUC": self.auc, "average precision": self.average_precision}
        return figures

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON holds it; what is not defined is null."""
        per_class = {
            name: {
                "rows": int(rows),
                "precision": _or_none(precision),
                "recall": _or_none(recall),
                "f1": _or_none(f1),
            }
            for name, rows, precision, recall, f1 in zip(
                self.classes,
                self.confusion.sum(axis=1),
                self.precision,
                self.recall,
                self.f1,
                strict=True,
            )
        }
        figures = {
            name.lower().replace(" ", "_"): _or_none(value) for name, value in self.figures.items()
        }
        positive = {} if self.auc is None else {"positive_class": self.classes[1]}
        return {
            "rows": self.rows,
            **figures,
            **positive,
            "classes": per_class,
            "confusion": self.confusion.tolist(),
        }

    def __repr__(self) -> str:
        counts = self.confusion.sum(axis=1)
        rows = [["class", "rows", "precision", "recall", "f1"]]
        for i, name in enumerate(self.classes):
            three = [_shown(a[i]) for a in (self.precision, self.recall, self.f1)]
            rows.append([name, f"{counts[i]:,}", *three])
        lines = _first_lines(self)
        if self.auc is not None:
            lines.append(about_positive(self.classes[1]))
        lines += ["", *aligned(rows), ""]
        if len(self.classes) <= _MATRIX_CLASSES:
            names = [cut(name, 16) for name in self.classes]
            matrix = [["", *names]]
            matrix += [
                [name, *(f"{count:,}" for count in line)]
                for name, line in zip(names, self.confusion, strict=True)
            ]
            lines += ["rows: what it is; columns: what it was called", *aligned(matrix)]
        else:
            lines += ["most often confused", *aligned(self._most_confused())]
        return "\n".join(lines)

    def _most_confused(self, most: int = 10) -> list[list[str]]:
        wrong = self.confusion - np.diag(self.confusion.diagonal())
        rows = [["it is", "called", "rows"]]
        for place in np.argsort(-wrong, axis=None, kind="stable")[:most]:
            i, j = np.unravel_index(place, wrong.shape)
            if wrong[i, j]:
                rows.append([self.classes[i], self.classes[j], f"{wrong[i, j]:,}"])
        return rows

    def plot(self, ax: Any = None) -> Any:
        """Draw the confusion matrix, each row as shares of its class.

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
        size = min(max(3.6, 1.6 + 0.55 * len(self.classes)), 14)
        figure, ax = axes_for(ax, (size + 1.2, size), "scores.plot()")
        shares = _ratio(self.confusion, self.confusion.sum(axis=1, keepdims=True))
        image = ax.imshow(np.nan_to_num(shares), cmap="Blues", vmin=0, vmax=1)
        places = np.arange(len(self.classes))
        long = max(map(len, self.classes)) > 4 or len(self.classes) > 12
        ax.set_xticks(places, self.classes, rotation=45 if long else 0,
                      ha="right" if long else "center", parse_math=False)  # fmt: skip
        ax.set_yticks(places, self.classes, parse_math=False)
        ax.set_xlabel("called")
        ax.set_ylabel("it is")
        ax.set_title(f"{self.rows:,} rows, accuracy {self.accuracy:.3f}", fontsize="medium")
        for i, j in np.ndindex(self.confusion.shape) if len(self.classes) <= 20 else ():
            if self.confusion[i, j]:
                color = "white" if shares[i, j] > 0.5 else "black"
                ax.text(j, i, f"{self.confusion[i, j]:,}", ha="center", va="center", color=color)
        figure.colorbar(image, ax=ax, label="share of the class's rows")
        return figure


@dataclass(frozen=True, repr=False)
class NumberScores(Scores):
    """Scores of a regression, in the target's own unit.

    Attributes
    ----------
    target : str
    true, predicted : ndarray, shape (n,)
    places : ndarray of int, shape (n,), or None
        The number of each row in the table, where some of its rows are left out.
    """

    target: str
    true: Array
    predicted: Array
    places: NDArray[np.int64] | None = None

    @property
    def rows(self) -> int:
        """The rows that were judged."""
        return len(self.true)

    @property
    def r2(self) -> float:
        """1 - sum of squared errors / sum of squares about the mean; NaN if all are the same."""
        if np.ptp(self.true) == 0:  # their mean may be another number, by rounding
            return float("nan")
        spread = ((self.true - self.true.mean()) ** 2).sum()
        return float(1 - (self.errors**2).sum() / spread) if spread else float("nan")

    @property
    def errors(self) -> Array:
        """Predicted minus true, shape (n,)."""
        return self.predicted - self.true

    @property
    def root_mean_squared_error(self) -> float:
        """The square root of the mean squared error."""
        return float(np.sqrt((self.errors**2).mean()))

    @property
    def mean_absolute_error(self) -> float:
        """The mean of the absolute errors."""
        return float(np.abs(self.errors).mean())

    @property
    def figures(self) -> dict[str, float]:
        """R2, RMSE and MAE."""
        return {
            "R2": self.r2,
            "RMSE": self.root_mean_squared_error,
            "MAE": self.mean_absolute_error,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON holds them; what is not defined is null."""
        return {
            "rows": self.rows,
            **{name.lower(): _or_none(value) for name, value in self.figures.items()},
        }

    def __repr__(self) -> str:
        worst = np.argsort(-np.abs(self.errors), kind="stable")[:5]
        places = np.arange(self.rows) if self.places is None else self.places
        table = [["row", "true", "predicted", "error"]]
        table += [
            [
                str(places[i]),
                f"{self.true[i]:.5g}",
                f"{self.predicted[i]:.5g}",
                f"{self.errors[i]:+.4g}",
            ]
            for i in worst
        ]
        return "\n".join([*_first_lines(self), "", "furthest off", *aligned(table)])

    def plot(self, ax: Any = None) -> Any:
        """Draw predicted over true values, with the line where they are the same.

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
        figure, ax = axes_for(ax, (5.0, 4.6), "scores.plot()")
        ends = [
            min(self.true.min(), self.predicted.min()),
            max(self.true.max(), self.predicted.max()),
        ]
        ax.plot(ends, ends, color="0.6", lw=1, zorder=1)
        alpha = float(np.clip(300 / self.rows, 0.1, 0.8))
        ax.scatter(self.true, self.predicted, s=14, color="#0072B2", alpha=alpha, lw=0, zorder=2)
        ax.set_xlabel(f"{self.target}, true", parse_math=False)
        ax.set_ylabel(f"{self.target}, predicted", parse_math=False)
        ax.set_title(f"{self.rows:,} rows, R2 {self.r2:.3f}", fontsize="medium")
        tidy(ax)
        return figure


def class_scores(
    classes: Sequence[object], labels: NDArray[np.int64], probabilities: Array
) -> ClassScores:
    """Return the scores of probabilities, shape (n, K), for rows of known labels."""
    K = len(classes)
    called = probabilities.argmax(axis=1)
    confusion = np.bincount(labels * K + called, minlength=K * K).reshape(K, K)
    log_loss = float(log_losses(labels, probabilities).mean())
    brier = float(brier_losses(labels, probabilities).mean())
    auc = precision = None
    if K == 2:
        positive, given = labels == 1, probabilities[:, 1]
        auc, precision = roc_auc(positive, given)[0], average_precision(positive, given)[0]
    names = tuple(map(str, classes))
    return ClassScores(names, confusion, log_loss, brier, auc, precision)


def scores_of(
    target: Target, goal: Column, outputs: Array, places: NDArray[np.int64] | None = None
) -> Scores:
    """Return the scores of probabilities (n, K) or numbers (n,) for the true values `goal`.

    `places` are the numbers of their rows in the table, if some are left out.
    """
    if target.classes:
        return class_scores(target.classes, target.labels(goal), outputs)
    return NumberScores(target.column, target.numbers(goal), outputs, places)


def about_positive(name: str) -> str:
    """Return which of two classes average precision is of."""
    shown = printable(cut(name)).replace("\n", " ")
    return f"positive class, of AUC and average precision: {shown}"


def _first_lines(scores: Scores) -> list[str]:
    """Return the rows and figures; a figure's words and number stay on one line."""
    hard = "\N{NO-BREAK SPACE}"
    told = [f"{name} {brief(value)}".replace(" ", hard) for name, value in scores.figures.items()]
    before = f"{scores.rows:,} rows: "
    lines = textwrap.wrap(before + "  ".join(told), 80, subsequent_indent=" " * len(before))
    return [line.replace(hard, " ") for line in lines]


def _ratio(top: Array, bottom: Array) -> Array:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(bottom > 0, top / bottom, np.nan)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _shown(value: float) -> str:
    return "-" if np.isnan(value) else f"{value:.3f}"
