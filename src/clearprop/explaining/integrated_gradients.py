"""Integrated gradients: what each input adds to an output, on the way from a baseline.

On the straight line from a baseline x' to x, an output F changes by the integral of its gradient:

    F(x) - F(x') = sum_j A_j        A_j = (x_j - x'_j) integral_0^1 dF/dx_j(x' + t (x - x')) dt

Source: Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", ICML 2017.

The gradient is dL_i/da^0 = (W^1)^T delta^1 of `backprop`, with F in the place of the cost. As W^1
is the same everywhere, delta^1 is integrated, and multiplied once. The integral is taken by the
midpoint rule on intervals of t. What F itself does from one end of an interval to the other is
known, so the error of each is too: those with more than their share of it are halved until the
sum is right. So kinks (relu) and steep places are found wherever they lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ConvergenceError, NonFiniteError
from clearprop.forward import forward
from clearprop.losses import BuiltInLoss, Fused
from clearprop.network import Network

Array = NDArray[Any]

TOLERANCE = 1e-3
"""How far attributions may sum to something else than the difference, as a share of it."""

TINY = 1e-2
"""A difference that is smaller than this share of all attributions counts as this share."""

WIDEST = 1 / 8
"""Of the intervals, at the end."""

MOST = 1 << 14
"""Intervals of a row."""

NARROWEST = 2.0**-50
"""Where F jumps, halving would never end."""

_NUMBERS = 1 << 17
"""Numbers of an array that are computed at once."""


def _odds(z: Array, y: Array) -> tuple[Array, Array]:
    """Return the log of the sum of e^z of the classes that y does not mark, and their shares."""
    others = np.where(y == 1, -np.inf, z)
    largest = others.max(axis=1, keepdims=True)
    powers = np.exp(others - largest)
    total = powers.sum(axis=1, keepdims=True)
    return (largest + np.log(total))[:, 0], powers / total


def _log_odds(z: Array, y: Array) -> Array:
    return (z * y).sum(axis=1) - _odds(z, y)[0]


def _log_odds_slope(z: Array, y: Array) -> Array:
    return y - _odds(z, y)[1]


def _log_odds_of_shares(a: Array, y: Array) -> Array:
    share = (a * y).sum(axis=1)
    return np.log(share / (1 - share))


def _slope_for_shares(a: Array, y: Array) -> Array:
    return y / (a * (1 - a))


LOG_ODDS = BuiltInLoss(
    "log_odds",
    _log_odds_of_shares,
    _slope_for_shares,
    equation="log(p / (1 - p)), p = sum_j y_j a_j",
    source="z_c - log(sum of e^z_j over j that are not c), finite where p is 1",
    takes="labels",
    partners=frozenset({"softmax"}),
    fused={"softmax": Fused(_log_odds, _log_odds_slope)},
)
"""What a class's probability is in log-odds; y marks the class."""

OUTPUT = BuiltInLoss(
    "output",
    lambda a, y: (a * y).sum(axis=1),
    lambda a, y: y,
    equation="sum_j y_j a_j",
    source="the definition",
)
"""The output that y marks."""


@dataclass(frozen=True)
class PathIntegrals:
    """Attributions of n rows.

    Attributes
    ----------
    parts : ndarray, shape (n, n_blocks)
        Of the inputs of each block together.
    first, last : ndarray, shape (n,)
        F of the baseline and of the row.
    steps : ndarray of int, shape (n,)
        The intervals that it took.
    """

    parts: Array
    first: Array
    last: Array
    steps: NDArray[np.int64]


class _Intervals(NamedTuple):
    """Pieces of the way from the baseline to the rows: in the order of rows, then of t."""

    row: NDArray[np.int64]
    left: Array
    width: Array
    low: Array
    """F at the left end."""
    high: Array
    """F at the right end."""


def integrate(
    network: Network, baseline: Array, X: Array, y: Array, blocks: Sequence[slice]
) -> PathIntegrals:
    """Return the integrated gradients of the rows of X, summed over blocks of inputs.

    Parameters
    ----------
    network : Network
        In float64, whose loss is what is attributed: `LOG_ODDS` or `OUTPUT`.
    baseline : ndarray, shape (n_0,)
    X : ndarray, shape (n, n_0)
    y : ndarray, shape (n, n_L)
        1 at the output that is attributed, 0 elsewhere.
    blocks : sequence of slice
        Of the inputs; together they are all.

    Raises
    ------
    NonFiniteError
        If an output of the network leaves float64.
    ConvergenceError
        If 16,384 intervals of a row do not suffice, or F jumps.
    """
    rows = np.arange(len(X))
    at = _Path(network, baseline, X, y, blocks)
    first, last = at.values(rows, np.zeros(len(X))), at.values(rows, np.ones(len(X)))
    if not np.isfinite([first, last]).all():
        raise NonFiniteError("the network's outputs are too large for float64: train it again")
    found, taken = np.empty((len(X), len(blocks))), np.empty(len(X), dtype=np.int64)
    now = _Intervals(rows, np.zeros(len(X)), np.ones(len(X)), first, last)
    middle, gain, delta = at.middles(now)
    while rows.size:
        starts = np.searchsorted(now.row, rows)
        taken[rows] = steps = np.diff(starts, append=len(now.row))
        found[rows] = parts = at.parts(rows, np.add.reduceat(delta, starts))
        owner = np.repeat(np.arange(len(rows)), steps)
        error = now.high - now.low - gain
        halved = _too_rough(now.width, owner, error, parts, steps, first[rows], last[rows])
        stuck = owner[halved & ((steps > MOST)[owner] | (now.width < NARROWEST))]
        if stuck.size:
            row = stuck[0]
            raise ConvergenceError(
                f"the attributions of row {rows[row]} (from 0) sum to {parts[row].sum():.6g} after "
                f"{steps[row]:,} steps, but its output differs from the baseline's by "
                f"{(last - first)[rows[row]]:.6g}: the network is too rough between them; give a "
                "baseline that is nearer"
            )
        goes_on = np.bincount(owner, halved) > 0
        rows = rows[goes_on]
        now, source, fresh = _halve(now, middle, halved, goes_on[owner])
        middle, gain, delta = middle[source], gain[source], delta[source]
        new = _Intervals(*(one[fresh] for one in now))
        middle[fresh], gain[fresh], delta[fresh] = at.middles(new)
    return PathIntegrals(found, first, last, taken)


def _too_rough(
    width: Array,
    owner: NDArray[np.int64],
    error: Array,
    parts: Array,
    steps: NDArray[np.int64],
    first: Array,
    last: Array,
) -> NDArray[np.bool_]:
    """Return which intervals are to be halved: none of rows whose sum is right."""
    difference = np.abs(last - first)
    allowed = TOLERANCE * np.maximum(difference, TINY * np.abs(parts).sum(axis=1))
    allowed += 1e-12 * (np.abs(first) + np.abs(last))  # the rounding of F
    # Errors may cancel by chance: so their root of the sum of squares is to be small, too.
    wrong = np.abs(last - first - parts.sum(axis=1)) > allowed
    wrong |= np.sqrt(np.bincount(owner, error**2)) > allowed
    share = np.where(wrong, allowed / steps, np.inf)
    return np.asarray((width > WIDEST) | (np.abs(error) > share[owner]))


def _halve(
    now: _Intervals, middle: Array, halved: NDArray[np.bool_], kept: NDArray[np.bool_]
) -> tuple[_Intervals, NDArray[np.int64], NDArray[np.bool_]]:
    """Return those kept, some of them halved, where each comes from, and which are new."""
    source = np.repeat(np.arange(len(halved)), kept * (1 + halved))
    fresh = halved[source]
    is_second = np.append(False, source[1:] == source[:-1])[: len(source)]
    is_first = fresh & ~is_second
    width = np.where(fresh, now.width[source] / 2, now.width[source])
    left = now.left[source] + np.where(is_second, width, 0.0)
    low = np.where(is_second, middle[source], now.low[source])
    high = np.where(is_first, middle[source], now.high[source])
    return _Intervals(now.row[source], left, width, low, high), source, fresh


class _Path:
    """The way from the baseline to the rows, and the network on it: z^1 is linear in t."""

    def __init__(
        self, network: Network, baseline: Array, X: Array, y: Array, blocks: Sequence[slice]
    ) -> None:
        self._network = network
        self._way = X - baseline
        self._start = baseline @ network.weights[0].T
        if network.has_biases:
            self._start += network.biases[0]
        self._along = self._way @ network.weights[0].T  # dz^1/dt
        self._y = y
        self._blocks = blocks
        self._at_once = max(1, _NUMBERS // max(network.sizes[1:]))

    def values(self, rows: NDArray[np.int64], t: Array) -> Array:
        """Return F at places t of the ways to these rows, shape (n,)."""
        nothing = np.zeros(len(rows))
        return self.middles(_Intervals(rows, t, nothing, nothing, nothing))[0]

    def middles(self, some: _Intervals) -> tuple[Array, Array, Array]:
        """Return F in the middle of intervals, and what it and delta^1 add on them.

        Of shapes (n,), (n,) and (n, n_1).
        """
        n = len(some.row)
        values, gains, deltas = np.empty(n), np.empty(n), np.empty((n, len(self._start)))
        for start in range(0, n, self._at_once):
            block = slice(start, start + self._at_once)
            rows, width = some.row[block], some.width[block, None]
            along = self._along[rows]
            z = self._start + (some.left[block, None] + width / 2) * along
            values[block], delta = _with_delta(self._network, z, self._y[rows])
            deltas[block] = delta * width
            gains[block] = np.einsum("ij,ij->i", deltas[block], along)
        return values, gains, deltas

    def parts(self, rows: NDArray[np.int64], deltas: Array) -> Array:
        """Return the attributions, by block, of delta^1 integrated over the ways, (n, n_1)."""
        inputs = deltas @ self._network.weights[0] * self._way[rows]
        parts = np.stack([inputs[:, block].sum(axis=1) for block in self._blocks], axis=1)
        return np.asarray(parts + 0.0)  # 0, and not -0


def _with_delta(network: Network, z: Array, y: Array) -> tuple[Array, Array]:
    """Return L_i and delta^1 for z^1, (n,) and (n, n_1): `backprop` without what is for weights."""
    weights = network.weights
    first, *rest = network.activations
    later, a = forward(weights[1:], network.biases[1:], rest, first(z))
    zs = z, *later
    output = zs[-1], a[-1], y, network.activations[-1]
    with np.errstate(all="ignore"):  # what is not finite is found and named
        values, delta = network.loss.per_sample(*output), network.loss.delta(*output)
        for k in range(len(later), 0, -1):
            delta = network.activations[k - 1].backward(zs[k - 1], delta @ weights[k])
    return values, delta
