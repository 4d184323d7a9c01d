"""Exact formulas, with 50 digits, of every activation, every loss and their derivatives.

What is computed is held to them by *relative* error, everywhere a number can be: at 0 and -0, at
kinks and beside them, at subnormal numbers, and far out, where results become subnormal and
vanish. A bound is a number of units in the last place of the exact result, or the one distance
of subnormal numbers where that is more. Where a result is a difference of terms that meet, such as the
derivative of silu near -1.28, the bound grows as the terms do beside the result, and not more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf, workdps

Terms = tuple[Any, ...]
"""Numbers whose sum is a result: one, but where terms may meet."""


class Exact(NamedTuple):
    """A function and its derivative, of (z,) for activations and of (a or z, y) for losses."""

    value: Callable[..., Terms]
    slope: Callable[..., Terms]


def small_share(z: Any) -> Any:
    """sigmoid(-|z|)."""
    e = mp.exp(-abs(z))
    return e / (1 + e)


def sigmoid(z: Any) -> Any:
    return small_share(z) if z < 0 else 1 / (1 + mp.exp(-z))


def softplus(z: Any) -> Any:
    return max(z, 0) + log1p(mp.exp(-abs(z)))


def log1p(x: Any) -> Any:
    return x * (1 - x / 2) if abs(x) < mpf(10) ** -30 else mp.log(1 + x)


def normal(z: Any) -> Any:
    """The density of the normal distribution."""
    return mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi)


def cumulative(z: Any) -> Any:
    """The normal distribution; far out by the first terms of its expansion."""
    if z < -1000:
        return normal(z) / -z * (1 - z**-2 + 3 * z**-4 - 15 * z**-6)
    return mp.erfc(-z / mp.sqrt(2)) / 2 if z < 1000 else mpf(1)


def expm1(z: Any) -> Any:
    return z * (1 + z / 2) if abs(z) < mpf(10) ** -30 else mp.exp(z) - 1


def tanh_slope(z: Any) -> Any:
    e = mp.exp(-2 * abs(z))
    return 4 * e / (1 + e) ** 2


ACTIVATIONS: dict[str, Exact] = {
    "identity": Exact(lambda z: (z,), lambda z: (mpf(1),)),
    "sigmoid": Exact(lambda z: (sigmoid(z),), lambda z: (small_share(z) * sigmoid(abs(z)),)),
    "tanh": Exact(lambda z: (mp.sign(z) * -expm1(-2 * abs(z)) / (1 + mp.exp(-2 * abs(z))),),
                  lambda z: (tanh_slope(z),)),
    "relu": Exact(lambda z: (max(z, 0),), lambda z: (mpf(z > 0),)),
    "leaky_relu": Exact(lambda z: (z if z > 0 else z / 100,),
                        lambda z: (mpf(1) if z > 0 else mpf(1) / 100,)),
    "elu": Exact(lambda z: (z if z > 0 else expm1(z),), lambda z: (mp.exp(min(z, 0)),)),
    "gelu": Exact(lambda z: (z * cumulative(z),), lambda z: (cumulative(z), z * normal(z))),
    "silu": Exact(lambda z: (z * sigmoid(z),),
                  lambda z: (sigmoid(z), z * small_share(z) * sigmoid(abs(z)))),
    "softplus": Exact(lambda z: (softplus(z),), lambda z: (sigmoid(z),)),
    "exp": Exact(lambda z: (mp.exp(z),), lambda z: (mp.exp(z),)),
}  # fmt: skip


def huber(delta: float) -> Exact:
    d = mpf(delta)
    return Exact(
        lambda a, y: ((a - y) ** 2 / 2 if abs(a - y) <= d else d * (abs(a - y) - d / 2),),
        lambda a, y: (max(-d, min(d, a - y)),),
    )


def quantile(q: float) -> Exact:
    p = mpf(q)
    return Exact(
        lambda a, y: (max(p * (y - a), (p - 1) * (y - a)),),
        lambda a, y: (-p if y > a else (1 - p if y < a else mpf(0)),),
    )


def binary(a: Any, y: Any) -> Terms:
    yes = -y * mp.log(a) if y else mpf(0)
    return (yes - ((1 - y) * log1p(-a) if y != 1 else 0),)


def binary_slope(a: Any, y: Any) -> Terms:
    if y in (0, 1):
        return (-1 / a if y else 1 / (1 - a),)
    return ((a - y) / (a * (1 - a)),)  # exact numbers are given: a - y loses nothing


def binary_of_sigmoid(z: Any, y: Any) -> Terms:
    return (y * softplus(-z) + (1 - y) * softplus(z),)


def binary_delta(z: Any, y: Any) -> Terms:
    return (-sigmoid(-z),) if y == 1 else (sigmoid(z), -y)  # a label is no rounded number


def poisson(a: Any, y: Any) -> Terms:
    with workdps(100):  # where the cost is tiny, it is so of its terms' square
        return (mp.fsum(deviance(a, y)),)


def deviance(rate: Any, y: Any) -> Terms:
    """Half a Poisson deviance; that a rate is rounded, which z gives, counts for what is left."""
    return (rate - y, y * mp.log(y / rate)) if y else (rate,)


def poisson_of_exp(z: Any, y: Any) -> Terms:
    with workdps(400 if abs(z) < 1e-30 else 100):  # so that what a sum of 1 rounds off is less
        return (mp.exp(z) - y, y * (mp.log(y) - z)) if y else (mp.exp(z),)


def poisson_of_softplus(z: Any, y: Any) -> Terms:
    return deviance(softplus(z), y)


def softplus_delta(z: Any, y: Any) -> Terms:
    return sigmoid(z), -y * sigmoid(z) / softplus(z)


LOSSES: dict[str, Exact] = {
    "squared_error": Exact(lambda a, y: ((a - y) ** 2 / 2,), lambda a, y: (a - y,)),
    "absolute_error": Exact(lambda a, y: (abs(a - y),), lambda a, y: (mp.sign(a - y),)),
    "huber": huber(0.75),
    "quantile": quantile(0.875),
    "binary_cross_entropy": Exact(binary, binary_slope),
    "binary_cross_entropy-sigmoid": Exact(binary_of_sigmoid, binary_delta),
    "poisson": Exact(poisson, lambda a, y: ((a - y) / a if y else mpf(1),)),
    "poisson-exp": Exact(poisson_of_exp, lambda z, y: (mp.exp(z), -y)),
    "poisson-softplus": Exact(poisson_of_softplus, softplus_delta),
}  # fmt: skip
"""By the loss's name; and, of z in place of a, with the output activation's behind."""

SETTINGS = {"huber": 0.75, "quantile": 0.875}
TARGETS = {
    "real": (0.0, 1.0, -2.5, 1e-3),
    "unit": (0.0, 1.0, 0.5, 0.3, 2.0**-20, 1 - 2.0**-20),
    "nonnegative": (0.0, 1.0, 2.0, 7.0, 1000.0, 0.25, 1e6),
}


def softmax(z: Sequence[float]) -> list[Any]:
    e = [mp.exp(mpf(x) - max(z)) for x in z]
    return [x / mp.fsum(e) for x in e]


def cross_entropy(z: Sequence[float], y: Sequence[float]) -> Terms:
    largest = z.index(max(z))
    others = mp.fsum(mp.exp(mpf(x) - max(z)) for j, x in enumerate(z) if j != largest)
    return tuple(mpf(t) * (log1p(others) + max(z) - x) for x, t in zip(z, y, strict=True) if t)


def cross_entropy_delta(z: Sequence[float], y: Sequence[float]) -> list[Terms]:
    a = softmax(z)
    if sorted(y)[-2:] == [0, 1]:  # a label is no rounded number
        others = [mp.fsum(a[:j] + a[j + 1 :]) for j in range(len(z))]
        return [(-others[j],) if t else (a[j],) for j, t in enumerate(y)]
    return [(x * mp.fsum(map(mpf, y)), -mpf(t)) for x, t in zip(a, y, strict=True)]


def softmax_product(z: Sequence[float], s: Sequence[float]) -> list[Terms]:
    """J^T s = a_j sum_k a_k (s_j - s_k).

    Of s no more than 1 apart, so that what was rounded off a subnormal a does not grow.
    """
    a = softmax(z)
    return [
        tuple(x * w * (mpf(v) - mpf(u)) for w, u in zip(a, s, strict=True))
        for x, v in zip(a, s, strict=True)
    ]


ROWS = [  # differences are exact, in float32 too
    [0.0, -8.0, -16.5, 0.0],
    [20.0, 0.0, -3.0, 1.5],
    [-10.0, -110.0, -100.5, -10.125],
    [-1e4, -1e4, -9950.0, -9000.0],
    [0.0, -90.0, -103.0, -95.0],
    [0.0, -700.0, -740.0, -744.0],
    [2.0**-30, 0.0, 1.0, 0.25],
    [40.0, 0.0, 0.0, 0.0],
    [0.5, 0.25, 17.0, 16.0, -3.0] * 4,
    [float(j * j) / 8 for j in range(19)],
]


@cache
def points(dtype: Any) -> np.ndarray:
    """Where activations, and losses that take z, are looked at."""
    form = np.finfo(dtype)
    least, tiny, largest = (float(x) for x in (form.smallest_subnormal, form.tiny, form.max))
    vanishing = 1 - np.log(least)  # e^-z is 0 from there on,
    root = np.sqrt(2 * vanishing)  # and e^(-z^2 / 2) from here
    kinks = np.array([1 / 3, 0.625, 0.75, 1, 1.25, 2, 20, 36], dtype)
    sizes = np.concatenate([
        np.arange(1, 8) * least, [tiny - least, tiny + least, largest],
        2.0 ** np.arange(np.log2(least), np.log2(largest), 5), 1e-3 * 10 ** np.linspace(0, 3, 31),
        np.linspace(0, 20, 201)[1:], np.linspace(17, 40, 93),
        np.linspace(0.74, 0.76, 41), np.linspace(1.26, 1.29, 41),  # gelu' and silu' cross zero
        np.linspace(0.9, 1.05, 200) * root, np.linspace(0.8, 1.03, 200) * vanishing,
        np.linspace(0.8, 1.03, 100) * vanishing / 2,
        kinks, np.nextafter(kinks, dtype(0)), np.nextafter(kinks, dtype(9)),
    ]).astype(dtype)  # fmt: skip
    sizes = np.unique(sizes)
    return np.concatenate([-sizes, np.zeros(2, dtype) * [-1, 1], sizes]).astype(dtype)


@cache
def pairs(name: str, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """The a, or z, and y at which a loss is looked at."""
    kind = "real"
    if name.startswith(("binary", "poisson")):
        kind = "unit" if name.startswith("binary") else "nonnegative"
    found = []
    for y in np.array(TARGETS[kind], dtype):
        beyond = 1.2 * np.sqrt(np.finfo(dtype).max)  # its square overflows, and half of it does not
        a = np.concatenate([points(dtype)[::3], [-beyond, beyond]])
        beside = y * (1 + np.array([2.0**-k for k in range(1, 53, 3)])) if y else np.zeros(1)
        if "-" in name:
            with np.errstate(all="ignore"):
                beside = np.log(beside)  # where the derivative crosses zero, or not far from there
        a = np.concatenate([a, beside, 2 * y - beside])
        if name == "binary_cross_entropy":
            a = np.concatenate([a[(a >= 0) & (a <= 1)], 1 - a[(a >= 0) & (a <= 1)]])
        if name == "poisson":
            a = a[a >= 0]
        a = np.unique(a[np.isfinite(a)].astype(dtype))
        found.append((a, np.full(len(a), y)))
    return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))


@cache
def exact(table: str, name: str, part: str, dtype: Any) -> list[Terms | None]:
    """The terms at all points; None where there is no number, as in log 0."""
    of = getattr((ACTIVATIONS if table == "activations" else LOSSES)[name], part)
    inputs = [points(dtype)] if table == "activations" else pairs(name, dtype)
    found: list[Terms | None] = []
    with workdps(50):
        for given in zip(*(x.tolist() for x in inputs), strict=True):
            try:
                found.append(of(*map(mpf, given)))
            except (ZeroDivisionError, ValueError):
                found.append(None)
    return found


def units_off(found: np.ndarray, terms: Sequence[Terms | None]) -> np.ndarray:
    """How many units in the last place numbers are off, divided by how much their terms meet.

    Subnormal results lie further apart than such a unit; to be off by no more than their one
    distance is to be off by no more than 1.
    """
    form = np.finfo(found.dtype)
    digits, largest = form.nmant + 1, mpf(float(form.max))
    distance = mpf(float(form.smallest_subnormal))
    off = []
    with workdps(50):
        for number, some in zip(found.tolist(), terms, strict=True):
            if some is None:
                off.append(0.0 if not np.isfinite(number) else np.inf)
                continue
            true = mp.fsum(some)
            if not np.isfinite(number) or true == 0:
                beyond = number == mp.sign(true) * mp.inf and abs(true) > largest
                off.append(0.0 if beyond or number == true else np.inf)
                continue
            wrong = abs(number - true) / max(1, mp.fsum(map(abs, some)) / abs(true))
            units = wrong / mpf(2) ** (int(mp.mag(true)) - digits)
            off.append(float(min(units, wrong / distance) if wrong <= distance else units))
    return np.array(off)


def hold(
    found: np.ndarray, terms: Sequence[Terms | None], units: float, *inputs: np.ndarray
) -> None:
    """Assert that no number is off by more than so many units; else say the worst place."""
    off = units_off(found, terms)
    worst = off.argmax()
    assert off[worst] <= units, ([float(x[worst]) for x in inputs], float(found[worst]))
