"""Whether intervals hold what they say, though the rows that calibrate them chose the epoch too.

    python benchmarks/intervals.py --write   # ten minutes; INTERVALS.md

Conformal intervals take rows that the network has not seen; early stopping has, when it chose the
epoch that is best on them. Tables are drawn, `cp.Model.fit` learns from them, and its intervals are
held to fresh rows. Beside it stands a network of another table of the same kind, which has never seen
the rows that calibrate it: its coverage is known exactly, on average, and goes up and down with the
first one's, so that their difference says more than either.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import clearprop as cp
from clearprop.tables import intervals
from clearprop.tables.split import split_rows

PAGE = Path(__file__).with_name("INTERVALS.md")
SHARE, FRESH = 0.15, 4000
LEVELS = (0.9, 0.5, 0.95)
QUANTILES = (0.05, 0.5, 0.95)
HALVED = 20
"""Tables of which a network is stopped by half of the validation rows."""
HEAD = """\
# Whether intervals hold what they say

Written by `python benchmarks/intervals.py --write`. Of each of so many drawn tables `cp.Model.fit` puts 15%
aside to stop training by; its intervals, calibrated by the same rows, are held to 4,000 fresh rows. Coverage
is the mean over the tables with its standard error, by the difference to a network that has not seen
the rows that calibrate it, whose mean coverage is known: ceil(level (m + 1)) / (m + 1). *Plain* takes the
error of that rank, as if nothing had looked at the rows; the intervals of a model take the next larger one.
*Spread* is the standard deviation of the coverage from table to table. *Half apart* is how much wider
intervals are, on 20 of the tables, if a half of the rows stops and the other calibrates, by the plain rank.

| table | model | validation rows | tables | 90%, plain | 90% | 50% | 95% | spread of 90% | half apart |
|---|---|---|---|---|---|---|---|---|---|
"""


def curved(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """A target that is curved in two columns, spreads with a third, and has long tails."""
    X = rng.normal(size=(n, 5))
    y = np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] ** 2 + (0.3 + abs(X[:, 2])) * rng.standard_t(5, n)
    return pd.DataFrame(X).assign(y=y)


def noise(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """A target of which five columns say nothing."""
    return pd.DataFrame(rng.normal(size=(n, 5))).assign(y=rng.normal(size=n))


def wide(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """A target that is linear in twenty columns, with noise."""
    X = rng.normal(size=(n, 20))
    return pd.DataFrame(X).assign(y=X @ np.linspace(-1, 1, 20) + 2 * rng.normal(size=n))


TABLES = {
    curved: {50: 300, 100: 150, 200: 80, 1000: 20},
    noise: {50: 150, 200: 50},
    wide: {50: 150, 200: 50},
}
"""By the number of validation rows, how many of each."""


def fitted(rows: pd.DataFrame, share: float, seed: int, quantiles: Any) -> cp.Model:
    """A model on one thread, without a test."""
    return cp.Model.fit(
        rows, "y", task="regression", validation=share, test=0, compare=False, seed=seed,
        progress=False, quantiles=quantiles, threads=1,
    )  # fmt: skip


def calibrate(model: cp.Model, rows: pd.DataFrame) -> None:
    """Let other rows calibrate the intervals."""
    model._calibration = intervals.calibrated(
        model.network, model.encode(rows), model.encode_target(rows)
    )


def held(model: cp.Model, fresh: pd.DataFrame, level: float, rows: int) -> tuple[float, float]:
    """The coverage and the mean width on fresh rows, with so many rows beyond the plain rank."""
    known, intervals.CHOSEN_BY = intervals.CHOSEN_BY, rows
    low, high = model.predict_interval(fresh, level).T
    intervals.CHOSEN_BY = known
    return ((low <= fresh.y) & (fresh.y <= high)).mean(), (high - low).mean()


def once(draw: Any, m: int, quantiles: Any, seed: int) -> list[float]:
    """What is added to the plain coverage that is known, by each column; coverage; width, halved."""
    rng = np.random.default_rng([m, seed])
    n = round(m / SHARE)
    rows, others, fresh = draw(n, rng), draw(n, rng), draw(FRESH, rng)
    ours, unseen = (fitted(one, SHARE, seed, quantiles) for one in (rows, others))
    calibrate(unseen, rows.iloc[split_rows(n, None, SHARE, 0, seed).validation])
    plain, width = held(ours, fresh, LEVELS[0], 0)
    found = [plain - held(unseen, fresh, LEVELS[0], 0)[0]]
    for level in LEVELS:
        found.append(held(ours, fresh, level, 1)[0] - held(unseen, fresh, level, 0)[0])
    wider = np.nan
    if seed < HALVED:
        less, apart = rows.iloc[m // 2 :], rows.iloc[: m // 2]
        half = fitted(less, (m - m // 2) / len(less), seed, quantiles)
        calibrate(half, apart)
        wider = held(half, fresh, LEVELS[0], 0)[1] / width
    return [*found, plain, wider]


def line(draw: Any, m: int, quantiles: Any, repeats: int) -> str:
    """A row of the page."""
    found = np.array([once(draw, m, quantiles, seed) for seed in range(repeats)])
    errors = found.std(axis=0, ddof=1) / np.sqrt(repeats)
    cells = []
    for column, level in enumerate([LEVELS[0], *LEVELS]):
        exact = np.ceil(round((m + 1) * level, 6)) / (m + 1)
        cells.append(f"{100 * (exact + found[:, column].mean()):.1f} ± {100 * errors[column]:.1f}%")
    name, model = draw.__name__, "quantiles" if quantiles else "one number"
    spread, wider = found[:, 4].std(), np.nanmean(found[:, 5]) - 1
    return f"| {name} | {model} | {m:,} | {repeats} | {' | '.join(cells)} | {spread:.1%} | {wider:+.0%} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    asked = parser.parse_args()
    page = HEAD
    print(page, end="", flush=True)
    for draw, sizes in TABLES.items():
        for m, repeats in sizes.items():
            for quantiles in (None, QUANTILES):
                page += line(draw, m, quantiles, repeats) + "\n"
                print(page.splitlines()[-1], flush=True)
    if asked.write:
        PAGE.write_text(page, encoding="utf-8")
