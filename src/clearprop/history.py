"""History: what a training run leaves behind, epoch by epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clearprop.epochs import Epochs
from clearprop.errors import ArgumentError, missing_extra
from clearprop.plotting import tidy


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
        try:
            from matplotlib.figure import Figure
            from matplotlib.ticker import MaxNLocator
        except ImportError:
            missing_extra("matplotlib", "history.plot()", "plots")
        if not self.epochs:
            raise ArgumentError("the history has no epochs to plot")
        names = [] if ax is not None else list(self.metrics)
        if ax is None:
            width = 5.0 * (1 + len(names)) + 0.4
            figure = Figure(figsize=(width, 3.6), layout="constrained")
            axes = list(figure.subplots(1, 1 + len(names), squeeze=False)[0])
        else:
            figure, axes = ax.figure, [ax]
        curves = [("loss", self.loss, self.validation_loss)]
        curves += [(n, self.metrics[n], self.validation_metrics.get(n, [])) for n in names]
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
                f"{name} (mean per sample)" if name == "loss" else name.replace("_", " ")
            )
            axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            if len(numbers) == 1:
                axis.set_xlim(0, 2)
            tidy(axis)
            axis.legend(frameon=False)
        return figure

    def __repr__(self) -> str:
        if not self.epochs:
            return f"History of 0 epochs ({self.stopped})"
        last = self.epochs[-1]
        lines = [f"History of {last.epoch} epoch{'s' if last.epoch > 1 else ''} ({self.stopped})"]
        shown = [("last", last)]
        if self.best_epoch is not None:
            shown.append(("best", self.epochs[self.best_epoch - 1]))
        lines += [f"  {which}: {epoch.line()}" for which, epoch in shown]
        return "\n".join(lines)


def _columns(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    names = rows[0] if rows else {}
    return {name: [row[name] for row in rows] for name in names}
