"""How exactly a function is computed: the type it computes in, and the noise of its values.

Noise is what is left of values close together when a cubic is taken away (compare Moré and Wild,
SIAM Journal on Scientific Computing 33 (2011), who take differences). It is measured along
directions that move every parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.explaining.checking.differences import Line, Noise

Array = NDArray[Any]

DOUBLE, SINGLE, HALF, BRAIN = 53, 24, 11, 8
"""The bits of a number's significand: float64, float32, float16, bfloat16."""

TYPES = {DOUBLE: "float64", SINGLE: "float32", HALF: "float16", BRAIN: "bfloat16"}

PLACES = np.arange(1.0, 9.0)
POWERS = np.vander(PLACES / PLACES[-1], 4)

SPACINGS = {
    DOUBLE: (2.0**-36, 2.0**-22),
    SINGLE: (2.0**-19, 2.0**-15),
    HALF: (2.0**-7, 2.0**-5),
    BRAIN: (2.0**-5, 2.0**-4),
}
"""Of the places, as shares of the parameters' sizes: some steps of the numbers at least."""

DEVIATIONS = 5.0
"""How many standard deviations a value may be off by, as the smaller of two estimates has them."""


def rounded(numbers: Any, bits: int) -> Any:
    """Return numbers with a significand of so many bits."""
    if bits >= DOUBLE:
        return numbers
    significand, exponent = np.frexp(numbers)
    return np.ldexp(np.rint(np.ldexp(significand, bits)), exponent - bits)


def bits_of_values(values: Iterable[float]) -> int:
    """Return the fewest bits that finite values fit in; those of float64 where all are equal."""
    finite = np.array([value for value in values if np.isfinite(value)])
    if finite.size == 0 or np.ptp(finite) == 0:
        return DOUBLE
    fitting = (bits for bits in (BRAIN, HALF, SINGLE) if (rounded(finite, bits) == finite).all())
    return next(fitting, DOUBLE)


def bits_of_inputs(cost: Callable[[Array], float], at: Array, seed: int) -> int:
    """Return the bits that a function rounds its parameters to, by what it does not tell apart.

    Of fewer bits than float32 has, its values must be as well; and where they change, a parameter
    must be rounded to another number.
    """
    rng = np.random.default_rng(seed)
    here = cost(at)
    for bits in (BRAIN, HALF, SINGLE):
        coarse = rounded(at, bits)
        turns = rng.uniform(0.5, 1, (2, len(at))) * rng.choice([-1, 1], (2, len(at)))
        if any(cost(coarse * (1 + 2.0 ** -(bits + 3) * turn)) != here for turn in turns):
            continue
        beyond = [cost(coarse * (1 + 2.0 ** -(bits - 4) * turn)) for turn in turns]
        apart = [turn for turn, value in zip(turns, beyond, strict=True) if value != here]
        if not apart or (bits < SINGLE and bits_of_values([here, *beyond]) > bits):
            continue
        if _changes_where_rounded(cost, coarse, coarse * (1 + 2.0 ** -(bits - 4) * apart[0]), bits):
            return bits
    return DOUBLE


def _changes_where_rounded(
    cost: Callable[[Array], float], low: Array, high: Array, bits: int
) -> bool:
    """Whether a function that differs at two points changes between numbers of so many bits.

    Steps of its own, as those of `np.round`, lie elsewhere.
    """
    here = cost(low)
    for _ in range(DOUBLE - bits):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(middle) == here else (low, middle)
    return bool((rounded(low, bits) != rounded(high, bits)).any())


def scatter(values: Sequence[float]) -> float:
    """Return the standard deviation of values at `PLACES` from a cubic; NaN if one is missing."""
    with np.errstate(over="ignore"):
        seen = np.asarray(values) - np.mean(values)
    if not np.isfinite(seen).all():
        return float("nan")
    largest = float(np.abs(seen).max()) or 1.0  # squares of shares neither overflow nor vanish
    shares = seen / largest
    rest = shares - POWERS @ np.linalg.lstsq(POWERS, shares, rcond=None)[0]
    return largest * float(np.sqrt((rest**2).sum() / (len(PLACES) - POWERS.shape[1])))


def noise_along(lines: Sequence[Line], bits: int, middle: float) -> tuple[Noise, float]:
    """Return the noise along lines in generic directions, and the size of the slope.

    Of the scatters at two spacings the larger counts, as steps of a staircase show at wide ones
    alone; of the two sides the smaller, as a kink spoils one; of the lines, their mean.
    """
    seen, found, slopes = [middle], [], []
    for line in lines:
        sides = []
        for sign in (1, -1):
            scatters = []
            for wanted in SPACINGS[bits]:
                spacing, costs = _values(line, sign * wanted)
                seen.extend(costs)
                scatters.append(scatter(costs))
                slopes.append(abs((costs[-1] - middle) / (spacing * PLACES[-1])))
            sides.append(max(scatters) if np.isfinite(scatters).all() else np.inf)
        found.append(min(sides))
    eps = 2.0 ** (1 - bits_of_values(seen))
    finite = [each for each in found if np.isfinite(each)]
    level = DEVIATIONS * float(np.mean(finite)) if finite else 0.0
    coarse = min(bits, SINGLE)
    if set(seen) == {middle} == {rounded(middle, coarse)}:  # the rounding of a lesser type may be
        level = 2.0 ** (1 - coarse) * abs(middle)  # all that makes them equal
    slopes = [each for each in slopes if np.isfinite(each)]
    return Noise(level, eps), float(np.median(slopes)) if slopes else 0.0


def _values(line: Line, spacing: float) -> tuple[float, list[float]]:
    """Return costs at places of such a spacing, or of a wider one if few of them differ."""
    while True:
        costs = [line(spacing * place)[1] for place in PLACES]
        if len(set(costs)) > len(costs) // 2 or 16 * abs(spacing) * PLACES[-1] > 1:
            return spacing, costs
        spacing *= 16
