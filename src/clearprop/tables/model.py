"""Model: from a table of raw columns to predictions in the target's own terms.

A network alone cannot predict from a table: the columns have to become inputs just as they
did in training, and the outputs labels or numbers again. A Model keeps all of it, in one file.
"""

from __future__ import annotations

import inspect
import os
import time
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import Activation
from clearprop.checks.settings import count, flag, listed, number, takes
from clearprop.errors import (
    ArgumentError,
    NonFiniteError,
    TableWarning,
    TypeOfDataError,
    shown,
    unknown,
)
from clearprop.files.saved_functions import check_given
from clearprop.initializers import Initializer
from clearprop.interruption import Interrupt
from clearprop.network import Network
from clearprop.numerics.random import check_seed
from clearprop.optimizers import AdamW
from clearprop.tables.columns import Column, names_of, read_columns
from clearprop.tables.conventions import FEW
from clearprop.tables.encoding import Encoding, Unusual
from clearprop.tables.exports import ModelExports
from clearprop.tables.judgment import judge, make_report
from clearprop.tables.preparation import Prepared, prepare, rows_with_target
from clearprop.tables.report import NOT_JUDGED, Report
from clearprop.tables.saved_model import Parts, read_model, write_model
from clearprop.tables.scores import Scores, scores_of
from clearprop.tables.split import Split
from clearprop.tables.table_files import read_table
from clearprop.tables.target import Target, check_target_name, find_target
from clearprop.tables.text_tables import typed
from clearprop.training.train import train
from clearprop.training.watching.early_stopping import EarlyStopping
from clearprop.training.watching.history import History
from clearprop.training.watching.phase import Phase

Array = NDArray[Any]

UNREADABLE = ("missing", "error")

TRAINING = frozenset(inspect.signature(train).parameters) - {
    "network", "X", "y", "validation", "epochs", "seed", "sample_weight", "loss",
}  # fmt: skip
"""What `Model.fit` passes on."""


class Model(ModelExports):
    """A network, how a table becomes its inputs, and what its outputs mean.

    `Model.fit` and `Model.load` make one.

    Attributes
    ----------
    network : Network
        What was trained.
    report : Report
        What was decided about the table, and the scores on the test rows beside those of
        baselines. Printed, it is a page.
    history : History or None
        The epochs of training; None after loading.

    Examples
    --------
    >>> import clearprop as cp
    >>> import pandas as pd
    >>> from sklearn.datasets import load_iris
    >>> iris = load_iris(as_frame=True)
    >>> table = iris.data.assign(species=iris.target_names[iris.target])
    >>> model = cp.Model.fit(table, "species", seed=0)
    >>> model
    Model of 'species': classification, network 4-100-50-3 on 4 columns
    >>> flower = pd.DataFrame({
    ...     "petal length (cm)": [1.4], "petal width (cm)": [0.2],
    ...     "sepal length (cm)": [5.1], "sepal width (cm)": [3.5],
    ... })
    >>> model.predict(flower).tolist()
    ['setosa']
    """

    def __init__(
        self,
        network: Network,
        encoding: Encoding,
        target: Target,
        report: Report,
        history: History | None = None,
    ) -> None:
        self.network = network
        self.report = report
        self.history = history
        self._encoding = encoding
        self._target = target

    @classmethod
    def fit(
        cls,
        table: object,
        target: str,
        *,
        hidden: Sequence[int] | int = (100, 50),
        task: str | None = None,
        activation: str | Activation = "relu",
        initializer: str | Initializer = "glorot_uniform",
        drop: Collection[str] | None = (),
        keep: Collection[str] | None = (),
        categorical: Collection[str] | None = (),
        columns: Mapping[str, str] | None = None,
        missing_words: Collection[str] | None = None,
        unreadable: float = FEW,
        max_categories: int | None = None,
        drop_missing_target: bool = False,
        validation: float = 0.15,
        test: float = 0.2,
        epochs: int = 200,
        compare: bool = True,
        seed: int = 0,
        trained: Callable[[Model], object] | None = None,
        **training: Any,
    ) -> Model:
        """Train a network on a table.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
            Raw columns. A path is read by its ending: .csv, .tsv, .parquet, .arrow, .jsonl,
            .json.
        target : str
            The column to predict.
        hidden : sequence of int
            The sizes of the hidden layers; one number for one layer, [] for none.
        task : {"classification", "regression"}, optional
            None: text, booleans and whole numbers of at most 20 different values are classes,
            other numbers are predicted as numbers; the report says what was taken.
        activation : str or Activation
            Of the hidden layers.
        initializer : str or Initializer
            Draws the first weights.
        drop : collection of str
            Columns to leave out.
        keep : collection of str
            Columns to use though they look like identifiers.
        categorical : collection of str
            Columns of numbers that are names of things, such as codes.
        columns : mapping of str to str, optional
            How columns are read, where nothing or something else would be guessed: "number",
            "number, comma" (1.234,5), "number, point" (1,234.5), "date", "date, day first",
            "date, %d.%m.%Y" (a format of `clearprop.tables.dates.FORMATS`), "category",
            "boolean", or "text", which is left out.
        missing_words : collection of str, optional
            What stands for a missing value, beside empty cells and None, NaN and NaT. None: of a
            text file pandas's words (NA, N/A, null, None, nan, ...) and "?"; of a data frame, in
            columns of numbers and dates, the same; in others none, so that "None" is a label.
        unreadable : float
            The share of a column's cells that may be no numbers or dates in a column of such;
            they are missing values then, which a note counts. With more it is text.
        max_categories : int, optional
            How many values of a column have an input of their own at most, the one that all others
            share included. None: all that are in three rows or more, as long as the inputs of all
            rows take half a gigabyte or less, and 100 in any case; a note says which share one.
        drop_missing_target : bool
            Leave out rows whose target is missing, which are refused otherwise.
        validation, test : float
            The shares of the rows, at most 0.5 each and 0.8 together, to stop training by and
            to test on; drawn by `seed`, from each class in proportion. 0: none.
        epochs : int
            At most.
        compare : bool
            Whether the report has baselines: the most frequent class, or mean and median, a
            linear model, and gradient boosting, all scikit-learn's; of more than 100,000 rows
            they learn from as many.
        seed : int
            For the rows put aside, the first weights and the order of rows.
        trained : callable, optional
            Called with the model once it is trained, before baselines are tried, which may take
            longer: to save it, say.
        **training
            Anything else `clearprop.train` takes, in place of what fits the size of the table:
            ``optimizer``, ``batch_size``, ``l2``, ``dropout``, ``early_stopping``,
            ``callbacks``, ``progress``, ...

        Returns
        -------
        Model
            Ctrl-C ends training after the update under way, and baselines at once: the model is
            returned, and its report says what is missing.

        Raises
        ------
        FileMissingError, TableFileError
            If a path leads to no table.
        ColumnError, TargetError, ShapeError, DataError
            If the table lacks the target, or cannot be learned from; the message says why.
        ArgumentError
            If a setting is out of range, or names a column that is not there.
        MissingExtraError
            If scikit-learn or polars (the extra `tables`) is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> from sklearn.datasets import load_diabetes
        >>> table = load_diabetes(as_frame=True, scaled=False).frame
        >>> model = cp.Model.fit(
        ...     table, "target", hidden=[50], task="regression", activation="tanh",
        ...     drop=["s6"], keep=[], categorical=["sex"], drop_missing_target=True,
        ...     validation=0.1, test=0.25, epochs=100, compare=False, seed=1, l2=1e-4,
        ... )
        >>> model.network.sizes, model.report.rows["test"]
        ((10, 50, 1), 110)
        """
        seed = check_seed(seed)
        validation = number("validation", validation, low=0, high=0.5)
        test = number("test", test, low=0, high=0.5)
        if validation + test > 0.8:
            raise ArgumentError(
                f"validation and test take {validation + test:.0%} of the rows together; 80% is "
                "the most"
            )
        hidden = listed(hidden)
        drop_missing_target = flag("drop_missing_target", drop_missing_target)
        compare = flag("compare", compare)
        epochs = count("epochs", epochs, 1)
        if trained is not None and not takes(trained, 1):
            raise ArgumentError(f"trained is {shown(trained)}; give a function of the model")
        for name in set(training) - TRAINING:
            unknown("setting of training", name, TRAINING)
        progress = training.get("progress")
        progress = None if progress is None else flag("progress", progress)
        with Phase(progress, "the table is read and prepared"):
            ready = prepare(
                table,
                target,
                task=task,
                drop=drop,
                keep=keep,
                categorical=categorical,
                columns={} if columns is None else columns,
                missing_words=missing_words,
                unreadable=number("unreadable", unreadable, low=0, high=0.5),
                max_categories=None
                if max_categories is None
                else count("max_categories", max_categories, 2),
                drop_missing_target=drop_missing_target,
                validation=validation,
                test=test,
                seed=seed,
            )
        network = Network(
            [ready.X.shape[1], *hidden, len(ready.target.classes) or 1],
            activation,
            "softmax" if ready.target.classes else "identity",
            initializer=initializer,
            seed=seed,
        )
        split = ready.split
        settings = _settings(split) | {"epochs": epochs, "seed": seed} | training
        if len(split.validation):
            settings["validation"] = (ready.X[split.validation], ready.y[split.validation])
        if len(split.test):
            network.predictor()  # compiled now, while Ctrl-C loses nothing
        model = None
        try:
            with Interrupt() as stop:  # what is learned is not lost any more
                started = time.monotonic()
                X, y = ready.X[split.training], ready.y[split.training]
                history = train(network, X, y, **settings)
                seconds = time.monotonic() - started
                report = _report(ready, network, history, seconds, compare=False)
                model = cls(network, ready.encoding, ready.target, report, history)
                if trained is not None:
                    trained(model)
            if compare and len(split.test) and history.stopped != "interrupted":
                stop.obey()
                model.report = _report(
                    ready, network, history, seconds,
                    compare=True, seed=seed, progress=progress,
                )  # fmt: skip
        except KeyboardInterrupt:  # whoever waits no more gets the model
            if model is None:
                raise
            if compare and len(split.test) and history.stopped != "interrupted":
                model.report.notes.append(NOT_JUDGED)
        return model

    def read(self, path: str | os.PathLike[str]) -> Any:
        """Return the table in a file; the cells of a CSV or TSV stay text until they are used.

        Every method that takes a table takes the path too; reading once spares time where
        several are asked.

        Parameters
        ----------
        path : path

        Returns
        -------
        polars.DataFrame

        Raises
        ------
        FileMissingError, TableFileError, ColumnError
            If the path leads to no table.
        """
        frame, separator = read_table(path)
        if separator and self._encoding.missing_words is None:
            texts = [one.column for one in self._encoding.inputs if one.kind == "category"]
            texts += [self.target] if self.classes else []
            return typed(frame, texts, may_have_commas=separator == ";")
        return frame

    def predict(self, table: object, *, unreadable: str = "missing") -> Array:
        """Return the most probable class of each row, or the number, in the target's own unit.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
            Raw columns, in any order; more than the model needs do no harm.
        unreadable : {"missing", "error"}
            What a cell is that cannot be read as in training, such as "9.12" among times of day:
            a missing value, which a `TableWarning` counts and shows, or an error.

        Returns
        -------
        ndarray, shape (n,)
            Of the classes' own type, or float64.

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
        outputs = self._outputs(self._columns(table, unreadable))
        return np.array(self.classes)[outputs.argmax(axis=1)] if self.classes else outputs

    def predict_proba(self, table: object, *, unreadable: str = "missing") -> Array:
        """Return the probability of each class, in the order of `classes`.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
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
        return self._outputs(self._columns(table, unreadable))

    def encode(self, table: object, *, unreadable: str = "missing") -> Array:
        """Return the inputs of the network for a table: float64, shape (n, n_0).

        ``model.network.predict(model.encode(table))`` gives the probabilities, or the
        standardized numbers; `features` names the columns.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
        unreadable : {"missing", "error"}
            As for `predict`.

        Raises
        ------
        DataError
            As for `predict`.
        """
        return self._encoding.encode(self._columns(table, unreadable))

    def encode_target(self, table: object) -> Array:
        """Return what the network learns of a table's target column, shape (n,).

        Labels, the places in ``classes``; of a regression, numbers standardized as in training.
        With `encode`, a row can be explained:
        ``cp.explain(model.network, model.encode(table)[3], model.encode_target(table)[3])``.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
            With the target column.

        Raises
        ------
        ColumnError, TargetError
            If the target is not there or missing in a row, or holds a class that training did
            not have.
        """
        read = self.read(table) if isinstance(table, str | os.PathLike) else table
        check_target_name(self.target, names_of(read))
        return self._target.encode(self._goal(read_columns(read, {self.target})))

    def evaluate(
        self, table: object, *, drop_missing_target: bool = False, unreadable: str = "missing"
    ) -> Scores:
        """Return how well the predictions for a table fit its target column.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
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
        if isinstance(table, str | os.PathLike):
            table = self.read(table)
        check_target_name(self.target, names_of(table))
        goal = self._goal(read_columns(table, {self.target}))
        rows = rows_with_target(goal, flag("drop_missing_target", drop_missing_target))
        columns = {name: one.take(rows) for name, one in self._columns(table, unreadable).items()}
        return scores_of(self._target, goal.take(rows), self._outputs(columns))

    def unusual(self, table: object) -> dict[str, Unusual]:
        """Return, by column, how many values are not like those the model learned from.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path
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
    def classes(self) -> list[str | int | float | bool]:
        """The classes, in the order of the network's outputs; empty for a regression."""
        return list(self._target.classes)

    @property
    def columns(self) -> list[str]:
        """The columns of a table that predictions are made from."""
        return [one.column for one in self._encoding.inputs]

    @property
    def features(self) -> list[str]:
        """The name of each input of the network."""
        return self._encoding.features

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one safetensors file, whole or not at all.

        The file holds the network as `Network.save` does, and of the encoding the names,
        categories, medians, means, scales and ranges: JSON and numbers, no code. A file that
        stands there is replaced.

        Raises
        ------
        FileWriteError
            If it cannot be written; what stood there stays.
        ModelFileError
            If no file may hold it, such as a class of more than 100,000 characters.
        """
        write_model(path, Parts(self.network, self._encoding, self._target, self.report))

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        activations: Mapping[str, Activation] | None = None,
    ) -> Model:
        """Read a model from a file that `save` wrote; scikit-learn is not needed.

        The file is opened once and held to its SHA-256, as by `Network.load`. A model of 0.1.0
        predicts as it did: how cells are read, each table decides; a `TableWarning` says so.

        Parameters
        ----------
        path : path
        activations : mapping, optional
            The user-made activations that the file names, by name.

        Raises
        ------
        FileMissingError
            If there is no such file.
        ModelFileError
            If the file is truncated, damaged, of another program, or holds a network alone.
        """
        check_given(activations, "activations")
        model = cls(*read_model(path, activations))
        if model._encoding.missing_words is None:
            warnings.warn(
                f"{path} is of Clearprop 0.1.0 and does not say how cells are read: each table "
                "decides, by all its rows; train it again, and save it anew",
                TableWarning,
                stacklevel=2,
            )
        return model

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.network.sizes))
        plural = "" if len(self.columns) == 1 else "s"
        return (
            f"Model of {self.target!r}: {self.task}, network {sizes} on {len(self.columns)} "
            f"column{plural}"
        )

    def _columns(self, table: object, unreadable: str) -> dict[str, Column]:
        """Return the columns as training read them; "" says nothing of unreadable cells."""
        if not (isinstance(unreadable, str) and unreadable in ("", *UNREADABLE)):
            unknown("unreadable", unreadable, UNREADABLE)
        if isinstance(table, str | os.PathLike):
            table = self.read(table)
        self._encoding.check_names(names_of(table))
        columns, failed = self._encoding.read(read_columns(table, self.columns))
        if failed and unreadable == "error":
            raise TypeOfDataError(f"{failed[0]}; mend them, or unreadable='missing'")
        for one in failed if unreadable else ():
            warnings.warn(str(one), TableWarning, stacklevel=3)
        return columns

    def _goal(self, columns: Mapping[str, Column]) -> Column:
        column = find_target(columns, self.target)
        return self._target.read(column, self._encoding.words_for_missing)

    def _outputs(self, columns: Mapping[str, Column]) -> Array:
        return _meaning(self.network, self._target, self._encoding.encode(columns))


def _settings(split: Split) -> dict[str, Any]:
    """Return what training takes for a table of this size; see docs/decisions/0004."""
    n = len(split.training)
    return {
        "optimizer": AdamW(decay=0.5),
        "batch_size": int(np.clip(2 ** round(np.log2(n / 40)), 8, 256)),
        "early_stopping": EarlyStopping(20, min_delta=1e-4) if len(split.validation) else None,
    }


def _report(
    ready: Prepared,
    network: Network,
    history: History,
    seconds: float,
    *,
    compare: bool,
    seed: int = 0,
    progress: bool | None = False,
) -> Report:
    """Return the report of a trained network, whose scores stand beside baselines' or alone."""
    scores: dict[str, dict[str, float | None]] = {}
    said = ""
    if len(ready.split.test):
        outputs = _meaning(network, ready.target, ready.X[ready.split.test])
        scores, said = judge(ready, outputs, compare, seed, progress)
    return make_report(ready, network, history, seconds, scores, said)


def _meaning(network: Network, target: Target, X: Array) -> Array:
    """Return probabilities (n, K), or numbers in the target's unit (n,), as float64."""
    outputs = network.predict(X).astype(np.float64)
    if target.classes:
        return outputs / outputs.sum(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        numbers = outputs[:, 0] * target.scale + target.mean
    if not np.isfinite(numbers).all():
        raise NonFiniteError("the predictions are too large for float64: train the model again")
    return numbers
