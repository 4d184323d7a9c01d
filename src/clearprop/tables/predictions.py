"""Predictions: what a model makes of the raw columns of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import flag, number
from clearprop.errors import ArgumentError, TableWarning, TypeOfDataError, unknown
from clearprop.network import Network
from clearprop.tables.block_sources import is_blocks, source_of
from clearprop.tables.blocks.framed import FramedTable
from clearprop.tables.columns import Column, names_of, read_columns
from clearprop.tables.encoding import Encoding, Unusual
from clearprop.tables.intervals import (
    Calibration,
    interval_ends,
    numbers_in_units,
    ordered,
    quantiles_of,
)
from clearprop.tables.known_blocks import KnownBlocks
from clearprop.tables.other_marks import OtherMarks
from clearprop.tables.outputs import KnownRows, in_units, raw_outputs
from clearprop.tables.partitions import by_partition
from clearprop.tables.preparation import rows_with_target
from clearprop.tables.scores import Scores, scores_of
from clearprop.tables.sources import Source, is_source
from clearprop.tables.table_files import Cells, read_table
from clearprop.tables.target import Target, check_target_name, find_target
from clearprop.tables.text import shortened
from clearprop.tables.text_tables import typed
from clearprop.warned import warn

Array = NDArray[Any]

UNREADABLE = ("missing", "error")


class ModelPredictions:
    """What a `Model` predicts, and how well."""

    network: Network
    _encoding: Encoding
    _target: Target
    _calibration: Calibration | None

    def read(self, path: Source, *, encoding: str | None = None, sheet: str | None = None) -> Any:
        """Return the table in a file or several; cells of text files stay text until they are used.

        Every method that takes a table takes the path too; reading once spares time where
        several are asked, and says what the text is in and which sheet is meant.

        Parameters
        ----------
        path : path, or list of paths
            As for `Model.fit`.
        encoding, sheet : str, optional
            As for `Model.fit`; a `TableWarning` says what was guessed.

        Returns
        -------
        polars.DataFrame
            Or, of text where polars is not installed, a `PlainTable`.

        Raises
        ------
        FileMissingError, TableFileError, ColumnError
            If the path leads to no table.
        ArgumentError
            If the encoding or the sheet is not known.
        """
        return self._as_read(read_table(path, encoding=encoding, sheet=sheet))

    def _as_read(self, cells: Cells) -> Any:
        """Return the table in a file as this model reads it, and say what was guessed."""
        for note in cells.notes:
            warn(note, TableWarning)
        if cells.separator and self._encoding.missing_words is None:
            texts = [one.column for one in self._encoding.inputs if one.kind == "category"]
            texts += [self.target] if self.classes else []
            return typed(cells.frame, texts, may_have_commas=cells.separator == ";")
        marks = OtherMarks(self._encoding, cells.separator)
        if marks.columns and len(cells.frame):
            marks.add(read_columns(cells.frame, marks.columns))
        for note in marks.notes():
            warn(note, TableWarning)
        return cells.frame

    @by_partition(lambda model: model.target)
    def predict(self, table: object, *, unreadable: str = "missing") -> Array:
        """Return the most probable class of each row, or the number, in the target's own unit.

        A model with quantiles gives the median.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path, or list of paths, or stream
            Raw columns, in any order; more than the model needs do no harm. A `cp.stream` of
            files, or a polars LazyFrame, is read some rows at a time, so that only what is
            returned has to fit into memory. A dask DataFrame, too.
        unreadable : {"missing", "error"}
            What a cell is that cannot be read as in training, such as "9.12" among times of day:
            a missing value, which a `TableWarning` counts and shows, or an error.

        Returns
        -------
        ndarray, shape (n,)
            Of the classes' own type, or float64. Of a dask DataFrame, a dask Series, lazily; of
            the other methods that predict, a dask DataFrame, whose columns have names.

        Raises
        ------
        FileMissingError, TableFileError
            If a path leads to no table.
        ColumnError
            If a column is missing.
        TypeOfDataError, NonFiniteDataError
            If a column holds dates where training had numbers, and the like, or infinity; or
            if a cell is unreadable and that is to be an error.
        """
        if is_blocks(table):
            return self._in_blocks(self.predict, table, unreadable)
        outputs = self._outputs(self._columns(table, unreadable))
        return np.array(self.classes)[outputs.argmax(axis=1)] if self.classes else outputs

    @by_partition(lambda model: model.classes)
    def predict_proba(self, table: object, *, unreadable: str = "missing") -> Array:
        """Return the probability of each class, in the order of `classes`.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path, or list of paths
        unreadable : {"missing", "error"}
            As for `predict`.

        Returns
        -------
        ndarray, float64, shape (n, K)
            Rows sum to 1.

        Raises
        ------
        ArgumentError
            If the model predicts a number.
        DataError
            As for `predict`.
        """
        if not self.classes:
            raise ArgumentError(f"{self.target!r} is a number, which has no classes: use predict")
        if is_blocks(table):
            return self._in_blocks(self.predict_proba, table, unreadable)
        return self._outputs(self._columns(table, unreadable))

    @by_partition(lambda model: list(model.quantiles))
    def predict_quantiles(self, table: object, *, unreadable: str = "missing") -> Array:
        """Return the quantiles of each row's target, ascending, in its own unit.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
        unreadable : {"missing", "error"}
            As for `predict`.

        Returns
        -------
        ndarray, float64, shape (n, q)
            In the order of `quantiles`; a row never descends.

        Raises
        ------
        ArgumentError
            If the model was trained without quantiles.
        DataError
            As for `predict`.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_diabetes
        >>> table = load_diabetes(as_frame=True, scaled=False).frame
        >>> model = cp.Model.fit(table, "target", quantiles=[0.1, 0.5, 0.9], compare=False)
        >>> model.quantiles, model.predict_quantiles(table).shape
        ((0.1, 0.5, 0.9), (442, 3))
        """
        if not self.quantiles:
            raise ArgumentError(
                f"the model of {self.target!r} gives no quantiles: train it with quantiles="
                "[0.05, 0.5, 0.95] (--quantiles 0.05,0.5,0.95)"
            )
        if is_blocks(table):
            return self._in_blocks(self.predict_quantiles, table, unreadable)
        outputs = self._raw(self._columns(table, unreadable))
        return numbers_in_units(self._target, ordered(self.network, outputs))

    @by_partition(lambda model: ("lower", "upper"))
    def predict_interval(
        self, table: object, level: float = 0.9, *, unreadable: str = "missing"
    ) -> Array:
        """Return, for each row, an interval that holds its target with a probability of `level`.

        That holds on average over rows like those of training, whatever the network has learned:
        its errors on the validation rows say how far the ends lie from its number, or from the
        quantiles nearest to them (split conformal calibration). It need not hold for each kind of
        row by itself.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
        level : float
            In (0, 1). A level of 0.9 takes 19 validation rows, 0.99 takes 199.
        unreadable : {"missing", "error"}
            As for `predict`.

        Returns
        -------
        ndarray, float64, shape (n, 2)
            The lower and the upper end, in the target's own unit; 0 or more where training takes
            numbers of 0 or more alone (the loss poisson, log1p).

        Raises
        ------
        ArgumentError
            If the model predicts classes, has no validation rows to calibrate by, or too few.
        DataError
            As for `predict`.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_diabetes
        >>> table = load_diabetes(as_frame=True, scaled=False).frame
        >>> model = cp.Model.fit(table, "target", compare=False)
        >>> lower, upper = model.predict_interval(table, 0.8).T
        >>> bool((lower < model.predict(table)).all()), len(upper)
        (True, 442)
        """
        level = number("level", level, low=0, high=1, open="low high")
        if self.classes:
            raise ArgumentError(
                f"{self.target!r} is a class, which has no interval: use predict_proba"
            )
        if self._calibration is None:
            raise ArgumentError(
                f"the model of {self.target!r} has no validation rows to calibrate intervals by: "
                "train it anew, with validation above 0"
            )
        if is_blocks(table):
            found = partial(self.predict_interval, level=level)
            return self._in_blocks(found, table, unreadable)
        outputs = self._raw(self._columns(table, unreadable))
        ends = interval_ends(self.network, self._calibration, outputs, level)
        return numbers_in_units(self._target, ends)

    def encode(self, table: object, *, unreadable: str = "missing") -> Array:
        """Return the inputs of the network for a table: of its dtype, shape (n, n_0).

        ``model.network.predict(model.encode(table))`` gives the probabilities, or the
        standardized numbers (quantiles as they come, not yet sorted); `features` names the columns.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path, or list of paths
        unreadable : {"missing", "error"}
            As for `predict`.

        Raises
        ------
        DataError
            As for `predict`.
        """
        return self._encoding.encode(self._columns(table, unreadable), self.network.dtype)

    def encode_target(self, table: object) -> Array:
        """Return what the network learns of a table's target column, shape (n,).

        Labels, the places in ``classes``; of a regression, numbers standardized as in training.
        With `encode`, a row can be explained:
        ``cp.explain(model.network, model.encode(table)[3], model.encode_target(table)[3])``.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path, or list of paths
            With the target column.

        Raises
        ------
        ColumnError, TargetError
            If the target is not there or missing in a row, or holds a class that training did
            not have.
        """
        read = self.read(table) if is_source(table) else table
        check_target_name(self.target, names_of(read))
        return self._target.encode(self._goal(read_columns(read, {self.target})))

    def evaluate(
        self, table: object, *, drop_missing_target: bool = False, unreadable: str = "missing"
    ) -> Scores:
        """Return how well the predictions for a table fit its target column.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path, or list of paths
            With the target column.
        drop_missing_target : bool
            Leave out rows whose target is missing, which are refused otherwise.
        unreadable : {"missing", "error"}
            As for `predict`.

        Returns
        -------
        ClassScores or NumberScores
            Printed, it is a page; ``.figures``, ``.to_dict()`` and ``.plot()``.

        Raises
        ------
        ColumnError, TargetError
            If the target is not there, or holds a class that training did not have.
        DataError
            As for `predict`.
        """
        if is_source(table):
            table = self.read(table)
        check_target_name(self.target, names_of(table))
        drop = flag("drop_missing_target", drop_missing_target)
        goal = self._goal(read_columns(table, {self.target}), drop)
        rows = rows_with_target(goal, drop)
        columns = {name: one.take(rows) for name, one in self._columns(table, unreadable).items()}
        return scores_of(self._target, goal.take(rows), self._outputs(columns), rows)

    def unusual(self, table: object) -> dict[str, Unusual]:
        """Return, by column, how many values are not like those the model learned from.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path, or list of paths
            As for `predict`.

        Returns
        -------
        dict of str to Unusual
            For each column used: ``missing``, ``out_of_range`` and ``new`` values.

        Raises
        ------
        DataError
            As for `predict`.
        """
        return self._encoding.unusual(self._columns(table, ""))

    @property
    def target(self) -> str:
        """The column that is predicted."""
        return self._target.column

    @property
    def task(self) -> str:
        """What the model does: "classification" or "regression"."""
        return self._target.task

    @property
    def target_transform(self) -> str | None:
        """What is learned of a number: "log", "log1p", or None for the number itself."""
        return self._target.transform or None

    @property
    def classes(self) -> list[str | int | float | bool]:
        """The classes, in the order of the network's outputs; empty for a regression."""
        return list(self._target.classes)

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The quantiles that `predict_quantiles` gives; empty without any."""
        return quantiles_of(self.network.loss)

    @property
    def columns(self) -> list[str]:
        """The columns of a table that predictions are made from."""
        return [one.column for one in self._encoding.inputs]

    @property
    def features(self) -> list[str]:
        """The name of each input of the network."""
        return self._encoding.features

    def _known_blocks(self, table: object, unreadable: str) -> KnownBlocks:
        """Return the rows of a source, some at a time, as training read them."""
        if unreadable not in UNREADABLE:
            unknown("unreadable", unreadable, UNREADABLE)
        source = source_of(table)
        as_read = source.as_read if isinstance(source, FramedTable) else None
        if self._encoding.missing_words is None and as_read is None and source.separator:
            names = shortened(names_of(source.head))
            raise ArgumentError(
                f"the model is of Clearprop 0.1.0, by which all rows of a text file decide how its "
                f"cells are read ({names}): give the path, which is read at once"
            )
        return KnownBlocks(self._encoding, source, unreadable, as_read)

    def _in_blocks(
        self, found: Callable[[KnownRows], Array], table: object, unreadable: str
    ) -> Array:
        """Return what is found for each block of a source's rows, one behind the other."""
        return np.concatenate([found(rows) for _, rows in self._known_blocks(table, unreadable)])

    def _columns(self, table: object, unreadable: str) -> KnownRows:
        """Return the columns as training read them; "" says nothing of unreadable cells.

        Where they are returned for a table, they may be given to any method in its place.
        """
        if not (isinstance(unreadable, str) and unreadable in ("", *UNREADABLE)):
            unknown("unreadable", unreadable, UNREADABLE)
        if isinstance(table, KnownRows):
            return table
        if is_source(table):
            table = self.read(table)
        self._encoding.check_names(names_of(table))
        return self._known(read_columns(table, self.columns), unreadable)

    def _known(self, raw: Mapping[str, Column], unreadable: str) -> KnownRows:
        """Return columns of a table as training read them."""
        columns, failed = self._encoding.read(raw)
        if failed and unreadable == "error":
            raise TypeOfDataError(f"{failed[0]}; mend them, or unreadable='missing'")
        for one in failed if unreadable else ():
            warn(str(one), TableWarning)
        return KnownRows(columns)

    def _goal(self, columns: Mapping[str, Column], leave_out: bool = False) -> Column:
        column = find_target(columns, self.target)
        words = self._encoding.words_for_missing
        goal, unreadable = self._target.read(column, words, leave_out=leave_out)
        if unreadable is not None:
            warn(f"target {unreadable}", TableWarning)
        return goal

    def _outputs(self, columns: Mapping[str, Column]) -> Array:
        return in_units(self.network, self._target, self._raw(columns))

    def _raw(self, columns: Mapping[str, Column]) -> Array:
        return raw_outputs(self.network, self._encoding, columns)
