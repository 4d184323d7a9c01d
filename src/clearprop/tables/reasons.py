"""Reasons: what matters in the predictions of a model, and in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count, flag
from clearprop.errors import ShapeError, TableWarning
from clearprop.explaining.integrated_gradients import (
    LOG_ODDS,
    OUTPUT,
    PathIntegrals,
    integrate,
)
from clearprop.numerics.random import check_seed
from clearprop.tables.attribution import Attributions, Part, value_of, why
from clearprop.tables.baseline_row import baseline_row
from clearprop.tables.columns import Column, columns_of_row, names_of, read_columns
from clearprop.tables.encoding import BLOCK
from clearprop.tables.importance import Importance, permutation_importance
from clearprop.tables.outputs import in_units
from clearprop.tables.predictions import ModelPredictions
from clearprop.tables.preparation import rows_with_target
from clearprop.tables.sources import is_source
from clearprop.tables.target import check_target_name
from clearprop.tables.text import shortened
from clearprop.training.watching.phase import Phase
from clearprop.warned import warn

Array = NDArray[Any]

_AT_ONCE = 25_000
"""Rows that are attributed together, times the neurons of the first layer, at most.

They are a power of two, and as many as are encoded together or fewer: so a table that is read in
blocks has the same rows together, and the same bits, as one that is read at once."""


class ModelReasons(ModelPredictions):
    """What a `Model` predicts, how well, and why."""

    def importance(
        self,
        table: object,
        *,
        repeats: int = 5,
        seed: int = 0,
        drop_missing_target: bool = False,
        progress: bool | None = None,
    ) -> Importance:
        """Return how much the score of predictions depends on each column of a table.

        One column at a time is shuffled among the rows, all its inputs together; what the score
        loses by it is its importance (permutation importance). The score is the log loss of
        classes, in nats, and R2 of numbers. The 95% interval is for other rows of the same
        kind: it comes from the rows' own influences, of what each loses by another's value and of
        what others lose by its own. A column whose interval contains 0 is not shown to matter.

        Of columns that say much the same each seems to matter little, as the others are still
        there: leave them out together, and train again, to see what they are worth. Rows that the
        model was trained on flatter what it has learned by heart.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
            With the target column, and 10 rows or more.
        repeats : int
            How often each column is shuffled.
        seed : int
            For the orders, which are the same for all columns.
        drop_missing_target : bool
            Leave out rows whose target is missing, which are refused otherwise.
        progress : bool, optional
            Whether a line on standard error says what is done. None: where it takes two seconds.

        Returns
        -------
        Importance
            Printed, it is a page; ``.columns``, ``.to_dict()`` and ``.plot()``.

        Raises
        ------
        ColumnError, TargetError, DataError
            As for `evaluate`; or if a target that is a number is always the same.
        ShapeError
            If there are fewer than 10 rows.
        ArgumentError
            If `repeats` or `seed` is out of range.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_wine
        >>> wine = load_wine(as_frame=True).frame[["proline", "hue", "ash", "target"]]
        >>> model = cp.Model.fit(wine, "target", compare=False, progress=False)
        >>> found = model.importance(wine, repeats=3, seed=1, drop_missing_target=True)
        >>> list(found.columns)[0], found.columns["proline"].low > 0.5
        ('proline', True)
        """
        repeats = count("repeats", repeats, 1, most=1000)
        seed = check_seed(seed)
        progress = _checked(progress)
        if is_source(table):
            table = self.read(table)
        check_target_name(self.target, names_of(table))
        drop = flag("drop_missing_target", drop_missing_target)
        goal = self._goal(read_columns(table, {self.target}), drop)
        rows = rows_with_target(goal, drop)
        columns = {name: one.take(rows) for name, one in self._columns(table, "missing").items()}
        X = self._encoding.encode(columns, self.network.dtype)
        blocks = dict(zip(self.columns, self._encoding.places, strict=True))
        with Phase(progress, f"columns are shuffled, {len(blocks):,} in all"):
            return permutation_importance(
                lambda inputs: in_units(
                    self.network, self._target, self.network.predict(inputs).astype(np.float64)
                ),
                self._target, goal.take(rows), X, blocks, repeats, seed,
            )  # fmt: skip

    def explain(self, row: object, *, baseline: object = None) -> Attributions:
        """Return what each column of one row adds to its prediction.

        From a baseline row on: the log-odds of the class that is predicted, log(p / (1 - p)), or
        the number, changes by the sum of what the columns add (integrated gradients, in
        float64). As many steps are taken as the sum needs to be right within a thousandth of the
        difference, or within a hundred-thousandth of all attributions, where these cancel. A
        column that is as in the baseline row adds 0.

        Parameters
        ----------
        row : one row of a table, mapping or Series
            ``table[3:4]``, ``table.iloc[3]``, ``{"bill_length_mm": 39.1, ...}``, or the path of
            a file with one row; more columns than the model needs do no harm.
        baseline : one row, optional
            What it is explained from. None: the medians of numbers, the most frequent categories
            and the middle dates of the training rows. (A file of 0.1.0 has only the
            medians: the first category by name is taken, and a `TableWarning` says so.)

        Returns
        -------
        Attributions
            Printed, it is a page; ``.parts``, ``.to_dict()`` and ``.plot()``.

        Raises
        ------
        ShapeError
            If there are more rows than one.
        ColumnError
            If a column is missing.
        DataError
            As for `predict`.
        ConvergenceError
            If the network is too rough between the rows, as only one of your own can be.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_wine
        >>> wine = load_wine(as_frame=True).frame[["proline", "hue", "ash", "target"]]
        >>> model = cp.Model.fit(wine, "target", compare=False, progress=False)
        >>> why = model.explain({"proline": 1400.0, "hue": 1.0, "ash": 2.36})
        >>> why.prediction, list(why.parts)[0], why.parts["proline"].attribution > 1
        (0, 'proline', True)
        >>> row = wine[70:71]
        >>> other = model.explain(row, baseline=wine.iloc[3])
        >>> total = sum(part.attribution for part in other.parts.values())
        >>> abs(total - (other.value - other.baseline_value)) < 1e-3 * abs(total)
        True
        """
        columns = self._row(row, "row")
        start, about = self._baseline(baseline)
        outputs = self._outputs(columns)
        found = self._integrate(columns, start, outputs)
        label = int(outputs[0].argmax()) if self.classes else 0
        sizes = found.parts[0].tolist()
        values = zip(columns.values(), start.values(), sizes, strict=True)
        parts = [Part(value_of(ours), value_of(theirs), size) for ours, theirs, size in values]
        named = sorted(zip(columns, parts, strict=True), key=lambda one: -abs(one[1].attribution))
        return Attributions(
            self.target,
            self.classes[label] if self.classes else float(outputs[0]),
            float(outputs[0, label]) if self.classes else None,
            float(found.last[0]),
            float(found.first[0]),
            dict(named),
            about,
            int(found.steps[0]),
            self._target.transform,
        )

    def attributions(
        self, table: object, *, baseline: object = None, progress: bool | None = None
    ) -> Array:
        """Return what each column of each row adds to its prediction, as `explain` has it.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
        baseline : one row, optional
            As for `explain`.
        progress : bool, optional
            As for `importance`.

        Returns
        -------
        ndarray, float64, shape (n, n_columns)
            In the order of `columns`: in log-odds of the class that is predicted for the row, or
            in the target's unit, or in its logarithm where that is learned.

        Raises
        ------
        DataError, ConvergenceError
            As for `explain`.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_wine
        >>> wine = load_wine(as_frame=True).frame[["proline", "hue", "ash", "target"]]
        >>> model = cp.Model.fit(wine, "target", compare=False, progress=False)
        >>> model.attributions(wine, baseline=wine[:1]).shape
        (178, 3)
        """
        columns = self._columns(table, "missing")
        return self._attributions(columns, self._baseline(baseline)[0], progress)

    def why(
        self,
        table: object,
        *,
        most: int = 3,
        baseline: object = None,
        progress: bool | None = None,
    ) -> list[str]:
        """Return in words what adds most to the prediction of each row, a line for each.

        Of a target that is learned as its logarithm these are shares of that: "(log +0.31)".

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
        most : int
            Columns that are named, the largest first; those that add nothing are not.
        baseline : one row, optional
            As for `explain`.
        progress : bool, optional
            As for `importance`.

        Raises
        ------
        ArgumentError
            If `most` is no number of columns.
        DataError, ConvergenceError
            As for `explain`.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_wine
        >>> wine = load_wine(as_frame=True).frame[["proline", "hue", "ash", "target"]]
        >>> model = cp.Model.fit(wine, "target", compare=False, progress=False)
        >>> lines = model.why(wine, most=1, baseline={"proline": 600, "hue": 0.9, "ash": 2.3})
        >>> lines[0].split(" (+")[0]
        'proline 1065'
        """
        most = count("most", most, 1)
        columns = self._columns(table, "missing")
        start, _ = self._baseline(baseline)
        sizes = self._attributions(columns, start, progress)
        return why(columns, sizes, most, self._target.transform)

    def _attributions(
        self, columns: Mapping[str, Column], start: Mapping[str, Column], progress: bool | None
    ) -> Array:
        n = len(next(iter(columns.values())).values)
        found = np.empty((n, len(columns)))
        at_once = 1 << (min(BLOCK, max(1, _AT_ONCE // self.network.sizes[1])).bit_length() - 1)
        with Phase(_checked(progress), f"predictions are explained, {n:,} in all"):
            for first in range(0, n, at_once):
                rows = np.arange(first, min(first + at_once, n))
                some = {name: one.take(rows) for name, one in columns.items()}
                found[rows] = self._integrate(some, start, self._outputs(some)).parts
        return found

    def _integrate(
        self, columns: Mapping[str, Column], start: Mapping[str, Column], outputs: Array
    ) -> PathIntegrals:
        """Return the attributions of rows, in the unit that they are told in."""
        is_class = bool(self.classes)
        network = self.network.astype("float64", loss=LOG_ODDS if is_class else OUTPUT)
        X, x = (
            self._encoding.encode(columns, np.float64),
            self._encoding.encode(start, np.float64)[0],
        )
        y = np.zeros((len(X), network.sizes[-1]))
        told: Any = outputs.argmax(axis=1) if is_class else 0
        if len(self.quantiles) > 1:  # the output that is the median, once a row is in order
            order = np.argsort(self._raw(columns), axis=1, kind="stable")
            told = order[:, self.quantiles.index(0.5)]
        y[np.arange(len(X)), told] = 1
        found = integrate(network, x, X, y, self._encoding.places)
        if is_class:
            return found
        scale, mean = self._target.scale, self._target.mean
        first, last = found.first * scale + mean, found.last * scale + mean
        return PathIntegrals(found.parts * scale, first, last, found.steps)

    def _baseline(self, given: object) -> tuple[dict[str, Column], str]:
        """Return the row that is explained from, and what it is."""
        if given is not None:
            return self._row(given, "baseline"), "which was given"
        start, unknown = baseline_row(self._encoding)
        if unknown:
            warn(
                f"the model's file does not say which value of {shortened(map(repr, unknown))} is "
                "the most frequent, and the baseline row has the first by name: give baseline, or "
                "train the model again",
                TableWarning,
            )
        return start, "the medians and most frequent values of the training rows"

    def _row(self, row: object, name: str) -> dict[str, Column]:
        """Return the columns of one row, however it is given."""
        is_series = hasattr(row, "to_frame") and hasattr(row, "items")
        if is_series or isinstance(row, Mapping):
            raw = columns_of_row(row.items())  # type: ignore[attr-defined]
            self._encoding.check_names(raw)
            return self._known(raw, "missing")
        columns = self._columns(row, "missing")
        n = len(next(iter(columns.values())).values)
        if n > 1:
            raise ShapeError(
                f"{name} is a table of {n:,} rows; give one, such as table[3:4] or a mapping "
                "(model.attributions takes many)"
            )
        return columns


def _checked(progress: object) -> bool | None:
    return None if progress is None else flag("progress", progress)
