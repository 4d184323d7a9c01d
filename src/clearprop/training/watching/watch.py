"""What happens between the epochs of a run: figures, early stopping, callbacks, the hand-over.

A run works on a network of its own (`work`), which may be of another precision than the
caller's; after each epoch the caller's network gets the parameters.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.cluster.shards import Part
from clearprop.cost import evaluate
from clearprop.errors import DivergenceError, NotFinite
from clearprop.network import Network
from clearprop.training.job import Job
from clearprop.training.shared import whole
from clearprop.training.streamed_rows import StreamedRows
from clearprop.training.watching.early_stopping import BestEpoch, StoppingRule
from clearprop.training.watching.epochs import Epoch, Epochs
from clearprop.training.watching.evaluation import evaluate_together
from clearprop.training.watching.history import History
from clearprop.training.watching.look_causes import explain_look
from clearprop.training.watching.metrics import Metric
from clearprop.training.watching.passes import look_through
from clearprop.training.watching.progress import Progress

Array = NDArray[Any]
Callback = Callable[[Epoch], object]


class Judge(Protocol):
    """Decides by the costs of epochs when a run ends, and how far it may go unseen."""

    @property
    def ahead(self) -> int:
        """How many epochs may be run before it has to look: none but the last can end the run."""
        ...

    def look(self, costs: Sequence[float], epoch: Epoch) -> bool:
        """Note the costs of epochs that are over, and the last of them; say if the run ends."""
        ...

    def state(self) -> dict[str, Array]:
        """Return what a checkpoint keeps of it."""
        ...

    def go_on(self, state: dict[str, Array], epochs: Epochs) -> None:
        """Be what `state` was taken of; `epochs` are those behind it."""
        ...


class Watch:
    """Looks at each epoch that is over, and leaves the caller's network in good order.

    Parameters
    ----------
    network : Network
        The caller's.
    job : Job
        With the network that is trained.
    held_out : Data, optional
        For validation.
    metrics, callbacks : sequence
    stopping : StoppingRule, optional
        Early stopping.
    best : BestEpoch
        Which it changes.
    show : Progress
    engine : str
        What computes figures.
    judge : Judge, optional
        Ends the run by its costs.
    history : History
        Which grows.
    seconds : float
        Since the run began, where it goes on.
    seen : ndarray, shape (n_parameters,), optional
        What `seen` was then.
    training : Data or StreamedRows, optional
        What metrics of training are of; None: the job's data.

    Attributes
    ----------
    seen : ndarray, shape (n_parameters,), or None
        The last parameters that were looked at, where a look may find fault with later ones.
    """

    def __init__(
        self,
        network: Network,
        job: Job,
        held_out: Data | StreamedRows | None,
        metrics: Sequence[Metric],
        callbacks: Sequence[Callback],
        stopping: StoppingRule | None,
        best: BestEpoch,
        show: Progress,
        engine: str,
        judge: Judge | None,
        history: History,
        seconds: float = 0.0,
        seen: Array | None = None,
        training: Data | StreamedRows | None = None,
    ) -> None:
        self.history = history
        self._engine, self._judge = engine, judge
        self._network, self._work = network, (work := job.network)
        self._training = job.data if training is None else training
        self._held_out = held_out
        self._job, self._members, self._part = job, job.members, job.part
        self._metrics, self._callbacks = metrics, callbacks
        self._stopping, self._best, self._show = stopping, best, show
        behind = history.epochs[-1].seconds if history.epochs else 0.0
        self._started = time.monotonic() - max(seconds, behind)
        narrower = network.dtype != work.dtype
        self.seen: Array | None = None
        if self.eventful or narrower:
            self.seen = work.parameters.copy() if seen is None else seen

    @property
    def _under_way(self) -> int:
        """The epoch that is looked at."""
        return len(self.history.epochs) + 1

    @property
    def eventful(self) -> bool:
        """Whether something has to happen after each epoch."""
        return bool(self._metrics or self._held_out or self._callbacks or self._stopping)

    @property
    def seconds(self) -> float:
        """Since the run began."""
        return time.monotonic() - self._started

    @property
    def figures(self) -> list[str]:
        """What each epoch has beside its cost; see `Epoch.figures`."""
        names = [metric.name for metric in self._metrics]
        if self._held_out is not None:
            names += ["validation_loss", *(f"validation_{name}" for name in names)]
        return names

    @property
    def epochs_ahead(self) -> int:
        """How many epochs may be run before they are looked at.

        A callback that has `epochs_ahead` is called after so many.
        """
        if self._metrics or self._held_out or self._stopping:
            return 1
        ahead = [getattr(callback, "epochs_ahead", 1) for callback in self._callbacks]
        if self._judge is not None:
            ahead.append(self._judge.ahead)
        return max(1, min(ahead, default=sys.maxsize))

    def after_epochs(self, costs: NDArray[np.float64], updates: NDArray[np.int64]) -> bool:
        """Look at epochs that are over: at the last one if the run is not `eventful`.

        Parameters
        ----------
        costs, updates : ndarray, shape (epochs,)
            The mean cost of each, and the updates made by its end.

        Returns
        -------
        bool
            Whether the run should end.

        Raises
        ------
        DivergenceError
            If the parameters give no finite loss; those of the last look are back.
        """
        epochs = self.history.epochs
        first = len(epochs) + 1
        epochs.extend(costs[:-1], updates[:-1], self.seconds, self._network)
        for number in self._show.due(first, len(epochs)):
            self._show.epoch(epochs[number - 1])
        return self._after_epoch(float(costs[-1]), int(updates[-1]), costs.tolist())

    def _after_epoch(self, cost: float, updates: int, costs: Sequence[float]) -> bool:
        """Look at the epoch that is over; `costs` are those of all that are, its own the last."""
        try:
            self._hand_over()
            training = self._look(self._training, self._part)[1] if self._metrics else {}
            loss, validation = self._look(self._held_out) if self._held_out else (None, {})
        except DivergenceError:
            if self.seen is not None:
                self._work.parameters[:] = self.seen
            raise
        number, seconds = self._under_way, self.seconds
        epoch = Epoch(number, updates, cost, loss, training, validation, seconds, self._network)
        self.history.epochs.append(epoch)
        self._show.epoch(epoch)
        if self._stopping is not None and self._stopping.look(epoch, self._best):
            self.history.stopped = "early stopping"
        if self._judge is not None and self._judge.look(costs, epoch):
            self.history.stopped = "judged"
        if self._call(epoch):
            self.history.stopped = "callback"
        if self.seen is not None:
            self.seen[:] = self._work.parameters
        return self.history.stopped != "completed"

    def close(self) -> None:
        """Hand the parameters over; with early stopping, the best epoch's."""
        with suppress(DivergenceError):  # the parameters of the epoch before stay
            self._hand_over()
        if self._best.parameters is not None:
            self._network.parameters[:] = self._best.parameters
            self.history.best_epoch = self._best.epoch

    def name_best(self, error: DivergenceError) -> None:
        """Where the best epoch's parameters are put back, let an error say so."""
        if self._best.parameters is not None:
            error.restored = f"epoch {self._best.epoch}, the best,"

    def go_on(self, check: Callable[[], None]) -> None:
        """Give the caller's network what it had, and tell callbacks of the epochs behind them.

        Where one of them raises, or `check` after them, the network has again what it came with.
        """
        before = self._network.parameters.copy()
        if self.seen is not None:
            with np.errstate(over="ignore"):
                self._network.parameters[:] = self.seen
        else:
            self._hand_over()
        epochs = self.history.epochs
        found = [getattr(callback, "after_resume", None) for callback in self._callbacks]
        tell = [told for told in found if told is not None]
        try:
            if tell:
                self._members.on_root(lambda: [told(epochs[:]) for told in tell])
                self._members.share(self._network.parameters)
            check()
        except BaseException:  # a log that is another's; Ctrl-C
            self._network.parameters[:] = before
            raise

    def _call(self, epoch: Epoch) -> bool:
        """Call every callback; return whether one says True. They may change parameters.

        Raises
        ------
        DivergenceError
            If they leave some that are not finite; those of before them come back.
        """
        if not self._callbacks:
            return False
        before = self._network.parameters.copy()
        answers = self._members.on_root(lambda: [callback(epoch) for callback in self._callbacks])
        ends = any(isinstance(one, bool | np.bool_) and one for one in answers or ())
        ends = self._members.from_root(ends)
        self._members.share(self._network.parameters)
        if (found := self._network.topology.not_finite()) is not None:
            raise DivergenceError(
                f"in epoch {epoch.epoch}",
                found._replace(text=f"{found} after a callback"),
                "the epoch's end",
                epoch=epoch.epoch,
            ).by(
                "callback",
                f"before the callbacks {found.quantity} was finite",
                "let callbacks write finite numbers",
            )
        if not np.array_equal(before, self._network.parameters):
            self._work.parameters[:] = self._network.parameters
        return bool(ends)

    def _hand_over(self) -> None:
        """Copy parameters into the caller's network, whose data type may be narrower."""
        with np.errstate(over="ignore"):
            narrow = self._work.parameters.astype(self._network.dtype, copy=False)
        if (found := self._network.topology.not_finite(narrow)) is not None:
            own = self._work.unflatten(self._work.parameters)[found.quantity]
            what = f"parameters are too large for the network's {narrow.dtype}"
            raise self._at_epoch_end(found._replace(text=what)).by(
                "dtype",
                f"{found.quantity} reaches {np.abs(own).max():.3g}, and {narrow.dtype} ends at "
                f"{np.finfo(narrow.dtype).max:.3g}",
                f"train network.astype({str(self._work.dtype)!r}), or with a smaller learning rate",
            )
        self._network.parameters[:] = narrow

    def _look(
        self, data: Data | StreamedRows, part: Part | None = None
    ) -> tuple[float, dict[str, float]]:
        """Return the loss and the metrics on data, of which this process may hold a part."""
        if isinstance(data, StreamedRows):
            loss, figures = look_through(data, self._work, self._metrics, self._engine)
        else:
            loss, output, y = evaluate_together(self._members, self._work, data, part, self._engine)
            figures = {}
        if not np.isfinite(loss):
            which = "validation" if data is self._held_out else "training"
            found = NotFinite(f"{which} loss", None, f"the loss of the {which} data is {loss}")
            error = self._at_epoch_end(found)
            if isinstance(data, StreamedRows) or isinstance(self._training, StreamedRows):
                raise error
            job = whole(self._job)
            if job is None:
                raise error
            raise explain_look(
                error, self._work, job.data, job.data if part is not None else data,
                lambda *of: evaluate(of[0], of[1], "reference")[0],
            )  # fmt: skip
        if isinstance(data, StreamedRows):
            return loss, figures
        figures = {m.name: m(y, output, self._work.loss) for m in self._metrics}
        return loss, figures

    def _at_epoch_end(self, found: NotFinite) -> DivergenceError:
        epoch = self._under_way
        return DivergenceError(f"in epoch {epoch}", found, "the epoch before", epoch=epoch)
