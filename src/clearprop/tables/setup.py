"""Setup: the network that a table and the settings ask for, and how it is trained."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from clearprop.activations import ActivationName
from clearprop.checks.settings import listed
from clearprop.network import Network
from clearprop.optimizers import AdamW
from clearprop.tables.encoding import Encoding
from clearprop.tables.intervals import is_rate
from clearprop.tables.settings import TableSettings
from clearprop.tables.target import Target
from clearprop.training.train import train
from clearprop.training.watching.early_stopping import EarlyStopping
from clearprop.training.watching.epochs import Epoch

TRAINING = frozenset(inspect.signature(train).parameters) - {
    "network", "X", "y", "validation", "epochs", "seed", "sample_weight", "loss",
}  # fmt: skip
"""What `Model.fit` passes on."""


OPTIMIZER = AdamW(decay=0.5)
"""What trains unless another is asked for; see docs/decisions/0004."""

MANY_ROWS = 100_000
"""Rows to learn from beyond which batches are larger, and an epoch without gain says more."""


def network_for(encoding: Encoding, target: Target, settings: TableSettings) -> Network:
    """Return the network that the table and the settings ask for, with fresh weights."""
    output: ActivationName
    output = "softmax" if target.classes else "exp" if is_rate(settings.loss) else "identity"
    n_outputs = len(target.classes) or len(settings.quantiles) or 1
    return Network(
        [len(encoding.features), *settings.hidden, n_outputs],
        settings.activation,
        output,
        loss=settings.loss,
        initializer=settings.initializer,
        seed=settings.seed,
    )


def training_for(
    n: int, stops: bool, settings: TableSettings, verbose: bool, asked: dict[str, Any]
) -> dict[str, Any]:
    """Return the settings of `train` for n rows to learn from.

    Parameters
    ----------
    n : int
    stops : bool
        Whether there are rows to stop by.
    settings : TableSettings
    verbose : bool
    asked : dict
        What somebody asks for in place of what fits the size.
    """
    given = _defaults(n, stops) | {"epochs": settings.epochs, "seed": settings.seed} | asked
    if verbose:
        callbacks = given.get("callbacks")
        hooks = [] if callbacks is None else listed(callbacks)
        given |= {"progress": False, "callbacks": [_printer(settings.epochs), *hooks]}
    return given


def _printer(epochs: int) -> Callable[[Epoch], None]:
    """Return a callback that prints a line of each epoch."""

    def show(epoch: Epoch) -> None:
        if sys.stderr is not None:  # a program without a console has none
            sys.stderr.write(f"{epoch.line(of=epochs)}\n")
            sys.stderr.flush()

    return show


def _defaults(n: int, stops: bool) -> dict[str, Any]:
    """Return what training takes for a table of this size; see docs/decisions/0004."""
    size, patience = int(np.clip(2 ** round(np.log2(n / 40)), 8, 256)), 20
    if n > MANY_ROWS:
        size, patience = 1024, 10
    stopping = EarlyStopping(patience, min_delta=1e-4) if stops else None
    return {"optimizer": OPTIMIZER, "batch_size": size, "early_stopping": stopping}
