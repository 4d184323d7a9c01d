"""History: what a training run leaves behind, epoch by epoch."""

from __future__ import annotations

import html
import importlib.util
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clearprop.checks.settings import choice
from clearprop.constraints import constraints_in_words
from clearprop.display.curves import curves_svg
from clearprop.display.plotting import check_axes, new_figure, tidy
from clearprop.errors import ArgumentError, MissingExtraError, missing_extra
from clearprop.training.watching.epochs import Epoch, Epochs

LIBRARIES = ("pandas", "polars", "pyarrow")
"""What `History.to_frame` can return tables of."""


@dataclass(repr=False)
class History:
    """The epochs of a run, and why it ended.

    Attributes
    ----------
    epochs : sequence of Epoch
    stopped : str
        "completed" (all epochs done), "early stopping", "callback", "interrupted" (Ctrl-C),
        "diverged" (in the history of a DivergenceError), or for L-BFGS "converged" and "line
        search failed".
    best_epoch : int or None
        With early stopping: the epoch (from 1) whose parameters the network has now.
    engine : {"compiled", "reference"}
        What computed the run.
    frozen : tuple of str
        The parameters that were frozen, as they were named.
    shared : tuple of tuple of str
        The groups of parameters that were shared.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 4, 1], activations="tanh", output="sigmoid", seed=3)
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> history = cp.train(network, X, y, optimizer=cp.Adam(0.1), epochs=60, metrics=["accuracy"])
    >>> len(history.loss), history.metrics["accuracy"][-1]
    (60, 1.0)
    """

    epochs: Epochs = field(default_factory=Epochs)
    stopped: str = "completed"
    best_epoch: int | None = None
    engine: str = "compiled"
    frozen: tuple[str, ...] = ()
    shared: tuple[tuple[str, ...], ...] = ()

    @property
    def loss(self) -> list[float]:
        """The training cost of each epoch; see `Epoch.loss`."""
        return self.epochs.losses()

    @property
    def validation_loss(self) -> list[float]:
        """The validation cost after each epoch; empty without validation data."""
        looked_at = self.epochs.looked_at()
        return [e.validation_loss for e in looked_at if e.validation_loss is not None]

    @property
    def metrics(self) -> dict[str, list[float]]:
        """Each metric on the training data, after each epoch."""
        return _columns([epoch.metrics for epoch in self.epochs.looked_at()])

    @property
    def validation_metrics(self) -> dict[str, list[float]]:
        """Each metric on the validation data, after each epoch."""
        return _columns([epoch.validation_metrics for epoch in self.epochs.looked_at()])

    def to_frame(self, library: str | None = None) -> Any:
        """Return the figures as a table, one epoch a row.

        The columns are epoch (from 1), loss, validation_loss where there is validation data, each
        metric, its ``validation_`` twin, updates (made since the run began) and seconds (since
        then). ``cp.CSVLog`` and ``cp.JSONLinesLog`` write the same.

        Parameters
        ----------
        library : {"pandas", "polars", "pyarrow"}, optional
            Whose data frame to return. None: pandas's if it is installed, else polars's.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            epoch and updates as int64, the others as float64.

        Raises
        ------
        ArgumentError
            If `library` is none of the three.
        MissingExtraError
            If it, or for None each of the first two, is not installed.

        Examples
        --------
        >>> import clearprop as cp
        >>> network = cp.Network([2, 2], output="softmax")
        >>> X, y = [[0, 1], [1, 0]], [0, 1]
        >>> history = cp.train(network, X, y, epochs=3, metrics=["accuracy"])
        >>> list(history.to_frame().columns)
        ['epoch', 'loss', 'accuracy', 'updates', 'seconds']
        """
        backend: Any = _check_library(library)
        import narwhals as nw  # here, because `import clearprop` should not wait for it

        rows = [epoch.row() for epoch in self.epochs]
        names = rows[0] if rows else ("epoch", "loss", "updates", "seconds")
        columns = {
            name: np.array(
                [row[name] for row in rows],
                np.int64 if name in ("epoch", "updates") else np.float64,
            )
            for name in names
        }
        return nw.from_dict(columns, backend=backend).to_native()

    def plot(self, ax: Any = None) -> Any:
        """Draw the loss of each epoch, with validation's beside it, and metrics to the right.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Where to draw the losses (metrics are then left out). None: a new figure.

        Returns
        -------
        matplotlib Figure
            A notebook shows it; elsewhere ``history.plot().savefig("loss.png")``. For a window,
            draw into axes of pyplot's: ``history.plot(plt.gca()); plt.show()``.

        Raises
        ------
        ArgumentError
            If the history has no epochs.
        MissingExtraError
            If matplotlib (the extra `plots`) is not installed.
        """
        if not self.epochs:
            raise ArgumentError("the history has no epochs to plot")
        curves = self._curves()
        if ax is None:
            figure = new_figure((5.0 * len(curves) + 0.4, 3.6), "history.plot()")
            axes = list(figure.subplots(1, len(curves), squeeze=False)[0])
        else:
            figure, axes, curves = check_axes(ax).figure, [ax], curves[:1]
        from matplotlib.ticker import MaxNLocator

        numbers = range(1, len(self.epochs) + 1)
        marker = "o" if len(numbers) < 2 else ""
        for axis, (name, training, validation) in zip(axes, curves, strict=True):
            axis.plot(numbers, training, color="#0072B2", marker=marker, label="training")
            if validation:
                axis.plot(
                    numbers, validation, color="#D55E00", ls="--", marker=marker, label="validation"
                )
            if self.best_epoch is not None:
                axis.axvline(self.best_epoch, color="0.6", lw=1, ls=":", label="best epoch")
            axis.set_xlabel("epoch")
            axis.set_ylabel(
                f"{name} (mean per sample)" if name == "loss" else name.replace("_", " "),
                parse_math=False,
            )
            axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            if len(numbers) == 1:
                axis.set_xlim(0, 2)
            tidy(axis)
            axis.legend(frameon=False)
        return figure

    def _curves(self) -> list[tuple[str, list[float], list[float]]]:
        """Return each figure's name and values on training data and on validation data."""
        metrics, validation = self.metrics, self.validation_metrics
        return [
            ("loss", self.loss, self.validation_loss),
            *((name, metrics[name], validation.get(name, [])) for name in metrics),
        ]

    def _title(self) -> str:
        n = len(self.epochs)
        held = constraints_in_words(self.frozen, self.shared)
        ended = f"{self.stopped}; {held}" if held else self.stopped
        return f"History of {n:,} epoch{'' if n == 1 else 's'} ({ended})"

    def _shown(self) -> list[tuple[str, Epoch]]:
        """Return the epochs that both representations tell of."""
        if not self.epochs:
            return []
        shown = [("last", self.epochs[-1])]
        if self.best_epoch is not None:
            shown.append(("best", self.epochs[self.best_epoch - 1]))
        return shown

    def __repr__(self) -> str:
        lines = [f"  {which}: {epoch.line()}" for which, epoch in self._shown()]
        return "\n".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        lines = [self._title(), *(f"{which}: {epoch.line()}" for which, epoch in self._shown())]
        words = "".join(
            f'<div style="white-space:pre-wrap">{html.escape(line)}</div>' for line in lines
        )
        pictures = [
            curves_svg(name, {"training": training, "validation": validation}, self.best_epoch)
            for name, training, validation in self._curves()
            if training
        ]
        return f"<div>{words}{''.join(pictures)}</div>"


def _check_library(library: str | None) -> str:
    """Return the library whose tables are wanted, or raise."""
    if library is None:
        installed = [name for name in LIBRARIES[:2] if importlib.util.find_spec(name)]
        if not installed:
            missing_extra("pandas or polars", "history.to_frame()", "tables")
        return installed[0]
    library = str(choice("library", library, LIBRARIES))
    if importlib.util.find_spec(library) is None:
        raise MissingExtraError(
            f"history.to_frame({library!r}) needs {library}, which is not installed: "
            f"pip install {library}"
        )
    return library


def _columns(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    names = rows[0] if rows else {}
    return {name: [row[name] for row in rows] for name in names}
