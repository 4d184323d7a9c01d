"""`cp.Model` beside scikit-learn's MLP in a hand-written pipeline, on real tables.

    python benchmarks/tables.py [TABLE ...]      # all by default, which writes benchmarks/TABLES.md

Five-fold cross-validation, stratified for classes, the same folds for all. Both networks have
hidden layers of 100 and 50 relu units. `cp.Model` takes the raw table with no setting but
`test=0`, as the fold is the test; the pipeline is what a careful user of scikit-learn would
write for that table: the columns that say nothing left out, dates made numbers by hand.
"""

from __future__ import annotations

import platform
import sys
import time
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from threadpoolctl import threadpool_limits

import clearprop as cp
from real_tables import TABLES, RealTable
from tables_speed import BEGINS

FOLDS = 5
NO_USE = {"cars": ["Name"]}
"""Columns a careful user leaves out."""
DATES = {"cars": ["Year"], "weather": ["date"], "temperatures": ["date"]}


def date_numbers(frame: pd.DataFrame) -> np.ndarray:
    """Years, and the circles of year, week and day, of a column of dates."""
    when = pd.to_datetime(frame.iloc[:, 0])
    turns = (
        when.dt.day_of_year / 365.25,
        when.dt.day_of_week / 7,
        (when.dt.hour + when.dt.minute / 60) / 24,
    )
    columns = [when.dt.year + when.dt.day_of_year / 365.25]
    for turn in turns:
        columns += [np.sin(2 * np.pi * turn), np.cos(2 * np.pi * turn)]
    return np.column_stack(columns)


def pipeline(name: str, table: pd.DataFrame, model: object) -> object:
    """A scikit-learn pipeline for a table."""
    dates = DATES.get(name, [])
    left = table.drop(columns=[*NO_USE.get(name, []), *dates])
    numbers = left.select_dtypes("number").columns
    others = left.columns.difference(numbers)
    steps = make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler()), numbers),
        (OneHotEncoder(handle_unknown="ignore"), others),
        *((make_pipeline(FunctionTransformer(date_numbers), StandardScaler()), [d]) for d in dates),
        sparse_threshold=0,
    )  # fmt: skip
    return make_pipeline(steps, model)


def theirs(name: str, real: RealTable, table: pd.DataFrame, kind: str, seed: int) -> object:
    """A model of scikit-learn for this task; of numbers, with the target standardized."""
    regression = real.task == "regression"
    if kind == "linear":
        model = Ridge() if regression else LogisticRegression(max_iter=1000)
    elif kind == "boosting":
        maker = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
        model = maker(random_state=seed)
    else:
        maker = MLPRegressor if regression else MLPClassifier
        stopping = {"early_stopping": True} if kind == "mlp stopping early" else {}
        model = maker(hidden_layer_sizes=(100, 50), random_state=seed, **stopping)
    whole = pipeline(name, table, model)
    if regression:
        return TransformedTargetRegressor(whole, transformer=StandardScaler())
    return whole


def compare(name: str) -> dict[str, list[float]]:
    """The score of each model in each fold, and the seconds both networks took."""
    real = TABLES[name]
    table = real.load()
    X, y = table.drop(columns=real.target), table[real.target]
    split = StratifiedKFold if real.task == "classification" else KFold
    score = accuracy_score if real.task == "classification" else r2_score
    found: dict[str, list[float]] = {}
    for seed, (rows, aside) in enumerate(split(FOLDS, shuffle=True, random_state=0).split(X, y)):
        learned, judged = table.iloc[rows].reset_index(drop=True), X.iloc[aside]
        started = time.perf_counter()
        model = cp.Model.fit(
            learned, real.target, task=real.task, test=0, compare=False, seed=seed, progress=False
        )
        found.setdefault("our seconds", []).append(time.perf_counter() - started)
        found.setdefault("ours", []).append(score(y.iloc[aside], model.predict(judged)))
        for kind in ("mlp", "mlp stopping early", "linear", "boosting"):
            started = time.perf_counter()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                fitted = theirs(name, real, X, kind, seed).fit(X.iloc[rows], y.iloc[rows])
            if kind == "mlp":
                found.setdefault("their seconds", []).append(time.perf_counter() - started)
            found.setdefault(kind, []).append(score(y.iloc[aside], fitted.predict(judged)))
    return found


def line(name: str, found: dict[str, list[float]]) -> str:
    """A row of the results."""
    real = TABLES[name]
    rows, columns = real.load().shape
    means = {key: float(np.mean(values)) for key, values in found.items()}
    difference = np.array(found["ours"]) - found["mlp"]
    error = difference.std(ddof=1) / np.sqrt(FOLDS)
    return (
        f"| {name} | {'R2' if real.task == 'regression' else 'accuracy'} | {means['ours']:.4f} | "
        f"{means['mlp']:.4f} | {difference.mean():+.4f} ± {error:.4f} | "
        f"{means['mlp stopping early']:.4f} | {means['linear']:.4f} | {means['boosting']:.4f} | "
        f"{means['their seconds'] / means['our seconds']:.1f} | {rows} x {columns - 1}: {real.kind} |"
    )


def main(names: list[str]) -> None:
    """Compare on the tables named, and write the results of all."""
    lines, means = [], []
    with threadpool_limits(1):
        for name in names or TABLES:
            found = compare(name)
            lines.append(line(name, found))
            difference = np.array(found["ours"]) - found["mlp"]
            mean = {key: np.mean(values) for key, values in found.items()}
            means.append(mean | {"error": difference.std(ddof=1) / np.sqrt(FOLDS)})
            print(lines[-1], flush=True)
    if names:
        return
    leads = {
        kind: np.array([m["ours"] - m[kind] for m in means])
        for kind in ("mlp", "mlp stopping early", "linear", "boosting")
    }
    beyond = sum(abs(m["ours"] - m["mlp"]) > 2 * m["error"] for m in means if m["ours"] > m["mlp"])
    summary = "\n".join(
        f"| {kind} | {lead.mean():+.4f} | {np.median(lead):+.4f} | {(lead > 0).sum()} of {len(lead)} |"
        for kind, lead in leads.items()
    )
    text = f"""# Real tables, beside scikit-learn's MLP

Written by `python benchmarks/tables.py` on {date.today()}: {FOLDS}-fold cross-validation, the same
folds for all; Clearprop {cp.__version__} (compiled engine), scikit-learn {sklearn.__version__}, NumPy {np.__version__},
Python {platform.python_version()}, one thread each. Means over the folds: accuracy for classes, R2 for numbers.

`cp.Model` gets the raw table, the task and a seed; the fold is its test. scikit-learn's MLP has the same
hidden layers, its own defaults otherwise, and a pipeline written by hand for each table. Beside it
the same MLP with `early_stopping=True`, the linear model (logistic or ridge regression) and histogram
gradient boosting. "Difference" is ours minus the MLP, with the standard error over the folds, which
share rows, so that it is rather too small. "Time" is the MLP pipeline's, in units of ours.

| ours minus | mean | median | ahead on |
|---|---|---|---|
{summary}

The mean mixes accuracies and R2, and leans on the noisy tables, where an MLP that neither stops early
nor is regularized overfits; the median is what to expect. Ahead of the MLP by more than two standard
errors: {beyond} tables. The defaults were chosen on other tables
([DEFAULTS.md](DEFAULTS.md), [decision 4](../docs/decisions/0004-what-a-model-decides.md)), though that glorot_uniform is worth a
try had shown on scikit-learn's own sets ([PARITY.md](PARITY.md)).

| table | score | cp.Model | MLP | difference | MLP, early stop | linear | boosting | time | rows x columns |
|---|---|---|---|---|---|---|---|---|---|
"""
    page = Path(__file__).with_name("TABLES.md")
    _, begins, speed = page.read_text(encoding="utf-8").partition(BEGINS)
    page.write_text(text + "\n".join(lines) + "\n" + begins + speed, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
