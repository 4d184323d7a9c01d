"""Clearprop, as it is timed: whole calls of `cp.train`, with all they check and set up."""

from __future__ import annotations

import clearprop as cp
from clearprop.bench.cases import Array, Case, Layers


class Clearprop:
    """A network, and calls of `cp.train`.

    Parameters
    ----------
    case : Case
    X, y : ndarray
    start : Layers
        Parameters that each call starts from.
    threads : int, optional
        None: as many as Clearprop finds to pay.
    """

    def __init__(self, case: Case, X: Array, y: Array, start: Layers, threads: int | None) -> None:
        self._case, self._X, self._y, self._threads = case, X, y, threads
        self._start = start
        self._optimizer: cp.SGD | cp.Adam = getattr(cp, case.optimizer)(case.rate)
        self._network = cp.Network(
            case.sizes, activations=case.hidden, output=case.output, loss=case.loss
        )
        self.epochs = case.epochs

    def warm_up(self) -> None:
        """Train on a few rows, which compiles what is not in the cache."""
        self.reset()
        self.train(self._case.warm_rows, 1)

    def reset(self) -> None:
        """Go back to the start."""
        for number, (W, b) in enumerate(self._start):
            self._network.weights[number][...] = W
            self._network.biases[number][...] = b

    def call(self) -> None:
        """Train on all rows."""
        self.train(self._case.rows, self.epochs)

    def train(self, rows: int, epochs: int) -> None:
        """Train on the first rows."""
        cp.train(
            self._network,
            self._X[:rows],
            self._y[:rows],
            optimizer=self._optimizer,
            batch_size=self._case.batch,
            epochs=epochs,
            shuffle=self._case.shuffle,
            threads=self._threads,
            progress=False,
        )

    def layers(self) -> Layers:
        """Return what was learned."""
        return list(zip(self._network.weights, self._network.biases, strict=True))
