"""What is in a checkpoint: all that decides how a run goes on, as named arrays and JSON.

Numbers that may be NaN or infinite, and all that has to keep its bits, are arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, ModelFileError
from clearprop.files.model_file import holds
from clearprop.network import Network
from clearprop.training.checkpoints.folder import Found
from clearprop.training.job import Job
from clearprop.training.standing import Standing
from clearprop.training.watching.early_stopping import BestEpoch
from clearprop.training.watching.epochs import Epoch, Epochs

ENDINGS = ("", "completed", "interrupted", "early stopping", "judged", "callback")
"""Why a run that has a checkpoint may have stopped; the first is in the middle of it."""

Array = NDArray[Any]
T = TypeVar("T")


@dataclass
class Contents:
    """A run as a checkpoint holds it.

    Attributes
    ----------
    standing : Standing
    epochs : Epochs
        Those behind it.
    seconds : float
        Since the run began.
    seen : ndarray, shape (n_parameters,), optional
        The parameters of the last look, where a look may find fault with later ones.
    judge : dict of str to ndarray
        What a judge goes on from.
    epochs_asked : int
        How many the run was to have.
    stopped : str
        Why the run ended; empty in the middle of it.
    """

    standing: Standing
    epochs: Epochs
    seconds: float
    seen: Array | None
    judge: dict[str, Array]
    epochs_asked: int
    stopped: str


def pack(contents: Contents) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the header and the arrays of a file.

    Raises
    ------
    ArgumentError
        If an optimizer of the user's own keeps what no file holds.
    """
    standing, best = contents.standing, contents.standing.best
    if not holds(standing.parameters.dtype):
        raise ArgumentError(
            f"a checkpoint holds float32 or float64, not {standing.parameters.dtype}: give "
            "precision='float64'"
        )
    arrays = {
        "parameters": standing.parameters,
        "sums": standing.sums,
        "seconds": np.array([contents.seconds]),
        "best_value": np.array([best.value], np.float64),
    }
    if best.parameters is not None:  # of the caller's network: none has more digits than its run
        arrays["best"] = best.parameters.astype(standing.parameters.dtype, copy=False)
    if contents.seen is not None:
        arrays["seen"] = contents.seen
    for name, array in standing.state.items():
        if not isinstance(array, np.ndarray) or not holds(array.dtype):
            kind = array.dtype if isinstance(array, np.ndarray) else type(array).__name__
            raise ArgumentError(
                f"the optimizer's state {name!r} is {kind}; a checkpoint holds arrays of numbers"
            )
        arrays[f"state.{name}"] = array
    arrays |= {f"epochs.{name}": column for name, column in contents.epochs.columns().items()}
    arrays |= {f"judge.{name}": array for name, array in contents.judge.items()}
    header = {
        "epoch": standing.epoch,
        "batches": standing.batches,
        "updates": standing.updates,
        "best_epoch": best.epoch,
        "epochs": contents.epochs_asked,
        "stopped": contents.stopped,
        "state": {name: list(array.shape) for name, array in standing.state.items()},
    }
    return header, arrays


def unpack(found: Found, job: Job, network: Network, figures: Sequence[str]) -> Contents:
    """Return what a checkpoint of this job holds.

    Parameters
    ----------
    found : Found
    job : Job
    network : Network
        The caller's, of which the epochs are.
    figures : sequence of str
        What each epoch has beside its cost: "validation_loss", metrics and their twins.

    Raises
    ------
    ModelFileError
        If the file describes no run of this job.
    """
    try:
        return _unpack(found, job, network, figures)
    except MemoryError:  # is no damage
        raise
    except Exception as error:  # whatever a damaged header leads to
        raise damaged(found, error) from None


def damaged(found: Found, why: Exception) -> ModelFileError:
    """Return the error of a file that is whole, and describes no run."""
    return ModelFileError(f"{found.path} describes no run ({why}): it is damaged")


def _unpack(found: Found, job: Job, network: Network, figures: Sequence[str]) -> Contents:
    header, arrays = found.header, found.arrays
    batches, updates = _whole(header["batches"]), _whole(header["updates"])
    epoch, done = divmod(batches, job.epoch_batches)
    size = job.network.parameters.shape
    vectors = [arrays[name] for name in ("parameters", "best", "seen") if name in arrays]
    if any(one.shape != size or one.dtype != job.network.dtype for one in vectors):
        raise ValueError("its parameters are those of another network")
    if arrays["sums"].shape != (2,) or arrays["sums"].dtype != np.float64:
        raise ValueError("its sums are none")
    best = BestEpoch(_whole(header["best_epoch"]), float(arrays["best_value"][0]))
    if "best" in arrays:
        best.parameters = arrays["best"].astype(network.dtype, copy=False)
    standing = Standing(
        arrays["parameters"],
        {name: arrays[f"state.{name}"].reshape(shape) for name, shape in header["state"].items()},
        epoch=epoch, place=done * job.settings.batch_size, batches=batches, updates=updates,
        sums=arrays["sums"], best=best,
    )  # fmt: skip
    names = (*BASIC, *figures) if epoch else BASIC
    epochs = _epochs({name: arrays[f"epochs.{name}"] for name in names}, network)
    if len(epochs) != epoch or best.epoch > epoch or (best.epoch > 0) != ("best" in arrays):
        raise ValueError("its epochs are not those of its batches")
    return Contents(
        standing, epochs, float(arrays["seconds"][0]), arrays.get("seen"),
        _behind("judge.", arrays), _whole(header["epochs"]), _ending(header["stopped"]),
    )  # fmt: skip


def _behind(prefix: str, named: dict[str, T]) -> dict[str, T]:
    return {name[len(prefix) :]: one for name, one in named.items() if name.startswith(prefix)}


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**62:
        raise ValueError(f"{value!r} is no number of batches, updates or epochs")
    return value


def _ending(value: Any) -> str:
    if value not in ENDINGS:
        raise ValueError(f"{value!r} is no reason why a run stops")
    return str(value)


BASIC = ("loss", "updates", "seconds")
"""What every epoch has; see `Epochs.columns`."""


def _epochs(columns: dict[str, Array], network: Network) -> Epochs:
    """Return epochs of their columns, of which `Epochs.columns` made these."""
    epochs = Epochs()
    length = len(columns["loss"])
    if any(
        column.shape != (length,) or column.dtype != (np.int64 if name == "updates" else float)
        for name, column in columns.items()
    ):
        raise ValueError("its epochs are no columns of one length")
    if columns.keys() == set(BASIC):
        epochs.extend(columns["loss"], columns["updates"], columns["seconds"], network)
        return epochs
    names = list(columns)
    for number, row in enumerate(zip(*(c.tolist() for c in columns.values()), strict=True), 1):
        figures: dict[str, Any] = dict(zip(names, row, strict=True))
        loss, updates, seconds = (figures.pop(name) for name in BASIC)
        validation_loss = figures.pop("validation_loss", None)
        twins = _behind("validation_", figures)
        metrics = {name: v for name, v in figures.items() if not name.startswith("validation_")}
        epochs.append(
            Epoch(number, updates, loss, validation_loss, metrics, twins, seconds, network)
        )
    return epochs
