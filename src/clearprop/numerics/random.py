"""Random numbers without a state: (seed, purpose, epoch, sample, layer, unit) -> number.

Every random number of Clearprop is a function of where it is used, not of how many were
drawn before it. So a run gives the same numbers wherever it is cut, on however many
threads or processes, and the compiled engine can draw the same ones in any order.

The function is Philox4x32-10: ten rounds of multiply and exclusive-or that turn a 128-bit
counter and a 64-bit key into four 32-bit words. The key is the seed; the counter is::

    word 0   unit // 4 (the unit's number inside its layer picks one of the four words)
    word 1   sample (the row's number in the data, or the stripe of a shuffle)
    word 2   epoch
    word 3   purpose + 16 * layer

Everything here uses integer arithmetic, +, -, *, / and sqrt of IEEE floats alone: the same
bits on every machine.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy
as 1, 2, 3", SC 2011.
"""

from __future__ import annotations

from enum import IntEnum
from operator import index
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.errors import ArgumentError, shown

_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_KEY_STEPS = 0x9E3779B9, 0xBB67AE85
_LOW = np.uint64(0xFFFFFFFF)
_32 = np.uint64(32)


EPOCHS = 2**32
"""Epochs that have random numbers of their own."""


class Purpose(IntEnum):
    """What a stream of numbers is for; streams of different purpose share no number."""

    WEIGHTS = 1
    BIASES = 2
    SHUFFLE = 3
    DROPOUT = 4
    VALIDATION = 5
    CHECK = 6
    TEST = 7
    BASELINES = 8
    IMPORTANCE = 9
    BLOCKS = 10
    WINDOWS = 11
    PARTS = 12
    SAMPLE = 13


def check_seed(seed: int) -> int:
    """Return `seed` as an int in [0, 2**64), or raise `ArgumentError`."""
    try:
        number = -1 if isinstance(seed, bool) else index(seed)
    except TypeError:
        number = -1
    if not 0 <= number < 2**64:
        raise ArgumentError(f"seed is {shown(seed)}; it must be an integer from 0 to 2**64 - 1")
    return number


def philox(seed: int, counter: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike]) -> NDArray[Any]:
    """Philox4x32-10 of a counter of four 32-bit words, which broadcast.

    Returns
    -------
    ndarray of uint64, shape (..., 4)
        Four 32-bit words for each counter.

    Examples
    --------
    >>> [f"{int(word):08x}" for word in philox(0, (0, 0, 0, 0))]
    ['6627e8d5', 'e169c58d', 'bc57ac4c', '9b00dbd8']
    """
    c0, c1, c2, c3 = np.broadcast_arrays(*(np.asarray(word, dtype=np.uint64) for word in counter))
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = _MULTIPLIERS[0] * c0, _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (
            (p1 >> _32) ^ c1 ^ np.uint64(k0),
            p1 & _LOW,
            (p0 >> _32) ^ c3 ^ np.uint64(k1),
            p0 & _LOW,
        )
        k0, k1 = (k0 + _KEY_STEPS[0]) & 0xFFFFFFFF, (k1 + _KEY_STEPS[1]) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=-1)


def words(
    seed: int, purpose: Purpose, n: int, *, epoch: int = 0, sample: ArrayLike = 0, layer: int = 0
) -> NDArray[Any]:
    """Return the 32-bit words of units 0..n-1, as uint64 of shape (*shape of sample, n)."""
    blocks = np.arange((n + 3) // 4, dtype=np.uint64)
    samples = np.asarray(sample, dtype=np.uint64)[..., None]
    drawn = philox(seed, (blocks, samples, epoch, int(purpose) + 16 * layer))
    return drawn.reshape(*drawn.shape[:-2], -1)[..., :n]


def uniform(seed: int, purpose: Purpose, n: int, *, layer: int = 0) -> NDArray[Any]:
    """Return n float64 numbers in [0, 1), each with 53 random bits (two words)."""
    high, low = words(seed, purpose, 2 * n, layer=layer).reshape(n, 2).T
    bits = ((high >> np.uint64(5)) << np.uint64(26)) + (low >> np.uint64(6))
    return bits.astype(np.float64) * 2.0**-53


def normal(seed: int, purpose: Purpose, n: int, *, layer: int = 0) -> NDArray[Any]:
    """Return n standard normal float64 numbers, by inversion of `uniform`."""
    return normal_quantile(np.maximum(uniform(seed, purpose, n, layer=layer), 2.0**-54))  # not at 0


def permutation(seed: int, n: int, *, epoch: int, stripe: int = 0) -> NDArray[np.int64]:
    """Return the numbers 0..n-1 in the order of epoch `epoch`: sorted by 64-bit random keys."""
    return _order(words(seed, Purpose.SHUFFLE, 2 * n, epoch=epoch, sample=stripe))


def random_order(seed: int, n: int, purpose: Purpose, *, epoch: int = 0) -> NDArray[np.int64]:
    """Return the numbers 0..n-1 in the order in which rows are taken for this purpose."""
    return _order(words(seed, purpose, 2 * n, epoch=epoch))


def _order(pairs: NDArray[Any]) -> NDArray[np.int64]:
    high, low = pairs.reshape(-1, 2).T
    return np.argsort((high << _32) | low, kind="stable")


def window_seed(seed: int, window: int) -> int:
    """Return the seed by which a window of a stream is shuffled, and its units are dropped.

    The first window's is the run's own: where it holds all rows, its numbers are those of a run
    whose rows are in memory. Others have 64 bits drawn by it, so that no two share a shuffle.

    Examples
    --------
    >>> window_seed(7, 0), window_seed(7, 1) != window_seed(7, 2)
    (7, True)
    """
    if window == 0:
        return seed
    high, low = words(seed, Purpose.WINDOWS, 2, sample=window)
    return int(high) << 32 | int(low)


def kept_units(
    seed: int, n: int, rate: float, *, epoch: int, rows: NDArray[Any], layer: int
) -> NDArray[np.bool_]:
    """Return which of a layer's n units dropout keeps, for each row: shape (rows, n).

    A unit is dropped where its 32-bit word is below ``int(rate * 2**32)``.
    """
    drawn = words(seed, Purpose.DROPOUT, n, epoch=epoch, sample=rows, layer=layer)
    return drawn >= np.uint64(int(rate * 2**32))


def normal_quantile(p: NDArray[Any]) -> NDArray[Any]:
    """Return the standard normal quantile of probabilities in (0, 1), to about 1e-15.

    Source: M. J. Wichura, "Algorithm AS 241: the percentage points of the normal
    distribution", Applied Statistics 37 (1988), routine PPND16.
    """
    q = p - 0.5
    central = np.abs(q) <= 0.425
    r = 0.180625 - q * q
    middle = q * _ratio(r, _CENTRAL)
    tail = np.where(central, 0.25, np.where(q < 0, p, 1.0 - p))
    r = np.sqrt(-_log(tail))
    outer = np.where(r <= 5.0, _ratio(r - 1.6, _TAIL), _ratio(r - 5.0, _FAR_TAIL))
    return np.where(central, middle, np.where(q < 0, -outer, outer))


def _log(x: NDArray[Any]) -> NDArray[Any]:
    """Natural logarithm from + - * / alone, so that no math library decides the last bit."""
    fraction, exponent = np.frexp(x)  # fraction in [0.5, 1)
    low = fraction < np.sqrt(0.5)
    fraction, exponent = np.where(low, 2 * fraction, fraction), exponent - low
    s = (fraction - 1) / (fraction + 1)  # log f = 2 (s + s^3/3 + s^5/5 + ...), |s| < 0.172
    square = s * s
    series = np.zeros_like(s)
    for odd in range(21, 0, -2):
        series = series * square + 1.0 / odd
    return exponent * 0.6931471805599453 + 2 * s * series


def _ratio(r: NDArray[Any], table: tuple[tuple[float, ...], tuple[float, ...]]) -> NDArray[Any]:
    top, bottom = np.zeros_like(r), np.zeros_like(r)
    for a, b in zip(*table, strict=True):
        top, bottom = top * r + a, bottom * r + b
    return top / bottom


_CENTRAL = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4,
     4.5921953931549871457e4, 1.3731693765509461125e4, 1.9715909503065514427e3,
     1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4,
     2.1213794301586595867e4, 5.3941960214247511077e3, 6.8718700749205790830e2,
     4.2313330701600911252e1, 1.0),
)  # fmt: skip
_TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
     4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
     2.05319162663775882187e0, 1.0),
)  # fmt: skip
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
     5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0),
)  # fmt: skip
