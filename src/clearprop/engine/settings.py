"""Settings of a run: how it goes through its data, and how costs are counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Accounting:
    """How costs are counted. The defaults are Clearprop's; scikit-learn's differ in each.

    Attributes
    ----------
    l2_by_batch : bool
        Whether the penalty is divided by each batch's sum of weights.
    mean_by_rows : bool
        Whether an epoch's cost is the mean of its batches' by their numbers of rows; else by
        their sums of weights.
    outputs : int
        By how many outputs the cost of data is divided where it is reported.
    """

    l2_by_batch: bool = False
    mean_by_rows: bool = False
    outputs: int = 1


@dataclass(frozen=True)
class RunSettings:
    """How a run goes through its data; see `clearprop.training.train.train` for each.

    Attributes
    ----------
    batch_size, epochs : int
    shuffle : bool
    l2, dropout : float
    shards, seed : int
    accounting : Accounting
    micro_batch : int, optional
        The rows of a batch that are gone through together; None: all.
    """

    batch_size: int
    epochs: int
    shuffle: bool
    l2: float = 0.0
    dropout: float = 0.0
    shards: int = 1
    seed: int = 0
    accounting: Accounting = Accounting()
    micro_batch: int | None = None

    def draws_order(self, n: int) -> bool:
        """Whether each epoch takes n rows in a new order; one batch is taken as it lies."""
        return self.shuffle and self.batch_size < n
