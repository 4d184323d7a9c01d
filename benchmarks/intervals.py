"""Whether intervals hold what they say, though the rows that calibrate them stopped training too.

    python benchmarks/intervals.py --write   # forty minutes; INTERVALS.md

Conformal intervals take rows that the network has not seen; early stopping has, when it chose the
epoch that is best on them. Tables are drawn, `cp.Model.fit` learns from them, and its 90% intervals
are held to fresh rows: as they are, and as they would be if half of the validation rows were kept
for calibration alone.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import clearprop as cp
from clearprop.tables.intervals import calibrated

PAGE = Path(__file__).with_name("INTERVALS.md")
LEVEL, SHARE, FRESH = 0.9, 0.15, 4000
REPEATS = {50: 2000, 100: 1200, 200: 600, 500: 300, 1000: 160}
"""By the number of validation rows, how many tables."""
QUANTILES = (0.05, 0.5, 0.95)


def table(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """A target that is curved in two columns, spreads with a third, and has long tails."""
    X = rng.normal(size=(n, 5))
    y = np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] ** 2 + (0.3 + abs(X[:, 2])) * rng.standard_t(5, n)
    return pd.DataFrame(X, columns=list("abcde")).assign(y=y)


def once(m: int, quantiles: tuple[float, ...] | None, seed: int) -> list[float]:
    """Coverage and mean width, of all validation rows for both, and of a half for each."""
    rng = np.random.default_rng([m, seed])
    rows, fresh = table(round(m / SHARE), rng), table(FRESH, rng)
    settings = {"task": "regression", "test": 0, "compare": False, "seed": seed, "progress": False,
                "quantiles": quantiles, "threads": 1}  # fmt: skip
    whole = cp.Model.fit(rows, "y", validation=SHARE, **settings)
    less, apart = rows.iloc[m // 2 :], rows.iloc[: m // 2]
    half = cp.Model.fit(less, "y", validation=(m - m // 2) / len(less), **settings)
    half._calibration = calibrated(half.network, half.encode(apart), half.encode_target(apart))
    found = []
    for model in (whole, half):
        low, high = model.predict_interval(fresh, LEVEL).T
        found += [((low <= fresh.y) & (fresh.y <= high)).mean(), (high - low).mean()]
    return found


def line(m: int, quantiles: tuple[float, ...] | None, repeats: int) -> str:
    """A row of the page."""
    found = np.array([once(m, quantiles, seed) for seed in range(repeats)])
    mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(repeats)
    exact = np.ceil(round((m + 1) * LEVEL, 6)) / (m + 1)
    spread = found[:, 0].std()
    return (
        f"| {'quantiles' if quantiles else 'one number'} | {m:,} | {repeats:,} | {exact:.2%} "
        f"| {mean[0]:.2%} ± {error[0]:.2%} | {spread:.1%} | {mean[1]:.3f} "
        f"| {mean[2]:.2%} ± {error[2]:.2%} | {mean[3]:.3f} |"
    )


def main() -> None:
    """Print the page, and write it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    parser.add_argument("--repeats", type=float, default=1.0, help="a share of the tables")
    asked = parser.parse_args()
    lines = [
        "# Do intervals hold what they say?", "",
        "`python benchmarks/intervals.py --write` writes this page. Each line is so many drawn tables, of",
        "which `cp.Model.fit` puts 15% aside to stop training by, and its 90% intervals on 4,000 fresh rows",
        "of each: the mean coverage with its standard error, and the mean width. *Exact* is what coverage",
        "would be on average if nothing had looked at the validation rows, ceil(0.9 (m + 1)) / (m + 1).",
        "*Spread* is the standard deviation from table to table. *Half apart* stops by half of the rows and",
        "calibrates by the other half.", "",
        "| model | validation rows | tables | exact | coverage | spread | width | half apart | width |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    print(*lines, sep="\n", flush=True)
    for quantiles in (None, QUANTILES):
        for m, repeats in REPEATS.items():
            lines.append(line(m, quantiles, max(2, round(asked.repeats * repeats))))
            print(lines[-1], flush=True)
    if asked.write:
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
