"""Model: from a table of raw columns to predictions in the target's own terms.

A network alone cannot predict from a table: the columns have to become inputs just as they
did in training, and the outputs labels or numbers again. A Model keeps all of it, in one file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from clearprop.activations import Activation, ActivationName
from clearprop.errors import TableWarning
from clearprop.files.saved_functions import check_given
from clearprop.initializers import Initializer, InitializerName
from clearprop.losses import Loss, LossName
from clearprop.network import Network
from clearprop.tables.conventions import FEW
from clearprop.tables.encoding import Encoding
from clearprop.tables.exports import ModelExports
from clearprop.tables.fitting import fit_model
from clearprop.tables.intervals import Calibration
from clearprop.tables.predicted_files import ModelFiles
from clearprop.tables.report import Report
from clearprop.tables.saved_model import Parts, read_model, write_model
from clearprop.tables.settings import check_settings
from clearprop.tables.split import Split
from clearprop.tables.target import Target
from clearprop.training.watching.history import History
from clearprop.warned import warn


class Model(ModelFiles, ModelExports):
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
    split : Split or None
        The numbers of the rows in ``split.training``, ``split.validation`` and ``split.test``, from
        0, in the table that was given, or in one that was given for a part; None after loading,
        and of a stream that its window does not hold.

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
        calibration: Calibration | None = None,
        split: Split | None = None,
    ) -> None:
        self.network = network
        self.report = report
        self.history = history
        self.split = split
        self._encoding = encoding
        self._target = target
        self._calibration = calibration

    @classmethod
    def fit(
        cls,
        table: object,
        target: str,
        *,
        encoding: str | None = None,
        sheet: str | None = None,
        hidden: Sequence[int] | int = (100, 50),
        quantiles: Sequence[float] | None = None,
        task: str | None = None,
        activation: ActivationName | Activation = "relu",
        initializer: InitializerName | Initializer = "glorot_uniform",
        drop: Collection[str] | None = (),
        keep: Collection[str] | None = (),
        categorical: Collection[str] | None = (),
        columns: Mapping[str, str] | None = None,
        missing_words: Collection[str] | None = None,
        unreadable: float = FEW,
        max_categories: int | None = None,
        drop_missing_target: bool = False,
        target_transform: str | None = None,
        validation: object = 0.15,
        test: object = 0.2,
        split_group: str | None = None,
        split_time: str | None = None,
        weight: str | None = None,
        class_weight: str | Mapping[Any, float] | None = None,
        loss: LossName | Loss | None = None,
        epochs: int = 200,
        compare: bool = True,
        seed: int = 0,
        verbose: bool = False,
        trained: Callable[[Model], object] | None = None,
        **training: Any,
    ) -> Model:
        """Train a network on a table.

        Parameters
        ----------
        table : pandas, polars or pyarrow table, or path, or list of paths, or Stream
            Raw columns; or what `cp.stream` returns of files, for more rows than memory holds (see
            docs/streams.md). A path is read by its ending: .csv, .tsv, .txt, .xlsx, .parquet,
            .arrow, .jsonl, .json, each also packed (.csv.gz, .csv.zst). A folder is all tables
            in it; several files are one table, and have the same columns. "-" is standard input.
        target : str
            The column to predict.
        encoding : str, optional
            What the text of the files is in, such as "windows-1250". None: UTF-8, or what a
            byte-order mark says; else windows-1252, if nothing speaks against it, with a note.
        sheet : str, optional
            Which sheet of a workbook; None: the first with a header.
        hidden : sequence of int
            The sizes of the hidden layers; one number for one layer, [] for none.
        quantiles : sequence of float, optional
            The quantiles of a number that the network learns, in place of its mean: ascending, in
            (0, 1), 0.5 among them, which `predict` gives. `predict_quantiles` gives all.
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
            Columns to use though nothing may be learned from them: identifiers, text (as
            categories), and those that are always the same. The report says of each that is
            dropped why, and what keeps it.
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
            A word that is a number, such as "-999", counts by its value in columns of numbers.
        unreadable : float
            The share of a column's cells that may be no numbers or dates in a column of such;
            they are missing values then, which a note counts. With more it is text.
        max_categories : int, optional
            How many values of a column have an input of their own at most, the one that all others
            share included. None: all that are in three rows or more, as long as the inputs of all
            rows take half a gigabyte or less, and 100 in any case; a note says which share one.
        drop_missing_target : bool
            Leave out rows whose target is missing, which are refused otherwise.
        target_transform : {"log", "log1p"}, optional
            Learn the logarithm of a number above 0, or that of 1 + a number of 0 or more.
            Predictions and scores are in the number's own unit; they are nearer to the median of
            what may be than to the mean.
        validation, test : float, table or path
            The shares of the rows, at most 0.5 each and 0.8 together, to stop training by and
            to test on; drawn by `seed`, from each class in proportion. 0: none. A table or path
            in place of a share has these rows itself, and is read as the training table is.
        split_group : str, optional
            A column by which rows are put aside whole: all rows of a value are in one part. It is
            no input, unless `keep` names it.
        split_time : str, optional
            A column of dates or numbers: the last rows by it are tested on, those before them
            stopped by. Rows of one time are in one part.
        weight : str, optional
            A column of numbers, 0 or more, by which rows count in training, in early stopping and
            in the baselines; it is no input. The scores count every test row once.
        class_weight : "balanced" or mapping of class to float, optional
            How much the rows of a class count, beside `weight`; 1 where a class is not named.
            "balanced": so that all classes count the same.
        loss : str or Loss, optional
            What a number is learned by: "squared_error" (None), "absolute_error", "huber",
            "quantile", "poisson", or an object such as ``cp.huber(0.5)``, in units of the target's
            standard deviation. "poisson" is for counts, 0 or more, and predicts above 0. Classes
            take "cross_entropy" alone.
        epochs : int
            At most. 0: the table is prepared, and the network stays as it was drawn.
        compare : bool
            Whether the report has baselines: the most frequent class, or mean and median, a
            linear model, and gradient boosting, all scikit-learn's; of more than 100,000 rows
            they learn from as many. Without scikit-learn (the extra `tables`) the report says that
            they are left out.
        seed : int
            For the rows put aside, the first weights and the order of rows.
        verbose : bool
            Print a line of each epoch on standard error, in place of a bar.
        trained : callable, optional
            Called with the model once it is trained, before baselines are tried, which may take
            longer: to save it, say.
        **training
            Anything else `clearprop.train` takes, in place of what fits the size of the table:
            ``optimizer``, ``batch_size``, ``l2``, ``dropout``, ``early_stopping``,
            ``threads``, ``callbacks``, ``progress``, ...

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
            If a file is none of text, and polars (the extra `tables`) is not installed.

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
        settings = check_settings(
            encoding=encoding, sheet=sheet, hidden=hidden, quantiles=quantiles, task=task,
            activation=activation, initializer=initializer, loss=loss, drop=drop, keep=keep,
            categorical=categorical, columns=columns, missing_words=missing_words,
            unreadable=unreadable, max_categories=max_categories,
            drop_missing_target=drop_missing_target, target_transform=target_transform,
            validation=validation, test=test, split_group=split_group, split_time=split_time,
            weight=weight, class_weight=class_weight, epochs=epochs, compare=compare, seed=seed,
        )  # fmt: skip
        return fit_model(
            cls,
            table,
            target,
            settings,
            verbose=verbose,
            trained=trained,
            training=training,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one safetensors file, whole or not at all.

        The file holds the network as `Network.save` does, and of the encoding the names,
        categories, medians, means, scales and ranges, and of a regression how far off it is on the
        validation rows: JSON and numbers, no code. A file that stands there is replaced.

        Raises
        ------
        FileWriteError
            If it cannot be written; what stood there stays.
        ModelFileError
            If no file may hold it, such as a class of more than 100,000 characters.
        """
        write_model(
            path,
            Parts(self.network, self._encoding, self._target, self.report, self._calibration),
        )

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
        network, encoding, target, report, calibration = read_model(path, activations)
        model = cls(network, encoding, target, report, None, calibration)
        if model._encoding.missing_words is None:
            warn(
                f"{path} is of Clearprop 0.1.0 and does not say how cells are read: each table "
                "decides, by all its rows; train it again, and save it anew",
                TableWarning,
            )
        return model

    def __repr__(self) -> str:
        sizes = "-".join(map(str, self.network.sizes))
        plural = "" if len(self.columns) == 1 else "s"
        return (
            f"Model of {self.target!r}: {self.task}, network {sizes} on {len(self.columns)} "
            f"column{plural}"
        )
