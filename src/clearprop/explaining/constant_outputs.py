"""What it costs to answer the same for every row: the scale that other costs are judged by."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import ACTIVATIONS
from clearprop.errors import FunctionError
from clearprop.losses import Loss

Array = NDArray[Any]


def constant_cost(loss: Loss, y: Array, omega: Array) -> float:
    """Return the cost where every output is the mean of its targets; NaN where there is none.

    Of constant outputs the mean costs least after squared error, the two cross-entropies and
    Poisson; the other losses have it within their size.

    Parameters
    ----------
    loss : Loss
    y : ndarray, shape (n, n_L)
        Labels as rows of 0 and 1.
    omega : ndarray, shape (n,)
        Each row's share of the cost.

    Examples
    --------
    >>> from clearprop.losses import LOSSES
    >>> y = np.array([[1.0], [2.0], [3.0]])
    >>> round(constant_cost(LOSSES["squared_error"], y, np.full(3, 1 / 3)), 4)  # half of 2/3
    0.3333
    """
    y = y.astype(np.float64)
    means = np.broadcast_to(omega @ y, y.shape)
    try:
        with np.errstate(all="ignore"):
            losses = loss.per_sample(means, means, y, ACTIVATIONS["identity"])
            return float(omega @ losses)
    except FunctionError:  # one's own loss may not take these outputs
        return float("nan")
