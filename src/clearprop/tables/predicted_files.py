"""Predictions for tables of any size, written to a file some rows at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from clearprop.tables.attribution import why
from clearprop.tables.block_sources import source_of
from clearprop.tables.carried import Carried
from clearprop.tables.known_blocks import Blocks, KnownBlocks
from clearprop.tables.outputs import KnownRows
from clearprop.tables.reasons import ModelReasons
from clearprop.tables.writing import table_writer

Columns = dict[str, Any]

_NAMED = 3
"""Columns that a reason in words names at most."""


class Wanted(NamedTuple):
    """What stands beside the predictions.

    Attributes
    ----------
    carry : sequence of str, optional
        Columns of the table before them; None: all.
    probabilities, why, attributions, quantiles : bool
    interval : float, optional
        The level of an interval.
    """

    carry: Sequence[str] | None = ()
    probabilities: bool = False
    why: bool = False
    attributions: bool = False
    interval: float | None = None
    quantiles: bool = False


class ModelFiles(ModelReasons):
    """What a `Model` predicts, why, and that written to files."""

    def predict_to(
        self,
        table: object,
        path: str | os.PathLike[str],
        *,
        carry: Sequence[str] | None = (),
        probabilities: bool = False,
        why: bool = False,
        attributions: bool = False,
        interval: float | None = None,
        quantiles: bool = False,
        unreadable: str = "missing",
    ) -> int:
        """Write the prediction of each row to a file, some rows at a time, in their order.

        So neither the table nor the predictions have to fit into memory. The file is there whole in
        the end, or not at all. ``clearprop predict`` does the same.

        Parameters
        ----------
        table : path, list of paths, stream, or polars LazyFrame
            As for `predict`; ``cp.stream(path, skip_bad=True)`` goes on behind what is damaged.
        path : path
            Its ending says what is written: .csv, .tsv, .txt, .jsonl and .parquet as they come;
            .arrow, .json and .xlsx are kept in memory until the end.
        carry : sequence of str, optional
            Columns of the table that stand before the prediction; None: all.
        probabilities : bool
            Add a column for each class.
        why : bool
            Add a column that says which columns add most, as `why` does.
        attributions : bool
            Add a column for each column: what it adds.
        interval : float, optional
            Add lower and upper ends, as `predict_interval` does at this level.
        quantiles : bool
            Add a column for each quantile learned.
        unreadable : {"missing", "error"}
            As for `predict`.

        Returns
        -------
        int
            The rows that were written.

        Raises
        ------
        FileWriteError
            If the file cannot be written; what stood there stays.
        ArgumentError
            If the model does not give what is asked for, or `carry` names no column of the table.
        FileMissingError, TableFileError, DataError
            As `predict` does.

        Examples
        --------
        >>> import clearprop as cp
        >>> import polars as pl
        >>> from sklearn.datasets import load_wine
        >>> wine = load_wine(as_frame=True).frame[["proline", "hue", "ash", "target"]]
        >>> model = cp.Model.fit(wine, "target", compare=False, progress=False)
        >>> pl.from_pandas(wine).write_parquet("wine.parquet")
        >>> model.predict_to("wine.parquet", "predicted.parquet", carry=["hue"])
        178
        >>> pl.read_parquet("predicted.parquet").columns
        ['hue', 'prediction']
        """
        wanted = Wanted(carry, probabilities, why, attributions, interval, quantiles)
        source = source_of(table)
        rows = self._known_blocks(source, unreadable)
        with table_writer(path) as file:
            self._predict_into(rows, source, wanted, file.add)
            return file.rows

    def _predict_into(
        self,
        rows: KnownBlocks,
        source: Blocks,
        wanted: Wanted,
        add: Callable[[Columns], object],
    ) -> None:
        """Give the columns of each block to `add`."""
        make = self._maker(wanted)
        carried = Carried(wanted.carry, source.head, self._made(wanted))
        carried.look(source.blocks())
        for frame, block in rows:
            add(carried.of(frame) | make(block))

    def _made(self, wanted: Wanted) -> list[str]:
        """Return the names of the columns that the model makes."""
        names = ["prediction"]
        if wanted.probabilities:
            names += [f"probability_{one}" for one in self.classes]
        names += ["why"] * wanted.why
        if wanted.attributions:
            names += [f"adds_{name}" for name in self.columns]
        if wanted.interval is not None:
            names += ["lower", "upper"]
        if wanted.quantiles:
            names += [f"quantile_{one}" for one in self.quantiles]
        return names

    def _maker(self, wanted: Wanted) -> Callable[[KnownRows], Columns]:
        """Return what makes the columns of `_made` for rows that are read."""
        names = self._made(wanted)
        explained = wanted.why or wanted.attributions
        start = self._baseline(None)[0] if explained else {}

        def make(rows: KnownRows) -> Columns:
            found: list[Any] = [self.predict(rows)]
            if wanted.probabilities:
                found += [*self.predict_proba(rows).T]
            if explained:
                sizes = self._attributions(rows, start, progress=False)
            if wanted.why:
                found.append(why(rows, sizes, _NAMED, self._target.transform))
            if wanted.attributions:
                found += [*sizes.T]
            if wanted.interval is not None:
                found += [*self.predict_interval(rows, wanted.interval).T]
            if wanted.quantiles:
                found += [*self.predict_quantiles(rows).T]
            return dict(zip(names, found, strict=True))

        return make
