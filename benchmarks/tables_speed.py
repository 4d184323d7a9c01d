"""Time and memory of `cp.Model` on large tables, beside scikit-learn's pipelines and LightGBM.

    python benchmarks/tables_speed.py [ROWS ...]   # all by default, which writes benchmarks/TABLES.md

Tables of 17 columns (12 numbers with five decimals, categories of 3, 8, 40 and 500 values, a date),
168 inputs of a network, as CSV. Each measurement has a process of its own, with one thread, and at
most four minutes; LightGBM is measured where it is installed. All takes a quarter of an hour.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

import clearprop as cp
from clearprop.bench.summary import processor

ROWS = (10_000, 100_000, 1_000_000, 2_000_000)
LIMIT = 240
"""Seconds that a measurement may take."""
CATEGORIES = {"c0": 3, "c1": 8, "c2": 40, "c3": 500}
PAGE = Path(__file__).with_name("TABLES.md")
BEGINS = "\n## Large tables: time and memory\n"
"""Where this script's part of the page begins; what stands before it is benchmarks/tables.py's."""
ONE_THREAD = ("OMP", "OPENBLAS", "MKL", "NUMBA", "POLARS")


def write(path: Path, n: int, seed: int) -> None:
    """Write a table of n rows."""
    import polars

    rng = np.random.default_rng(seed)
    table: dict[str, Any] = {f"n{i}": rng.normal(size=n).round(5) for i in range(12)}
    for name, k in CATEGORIES.items():
        table[name] = np.array([f"v{q}" for q in range(k)])[rng.integers(0, k, n)]
    days = rng.integers(0, 1500, n).astype("timedelta64[D]")
    table["when"] = (np.datetime64("2020-01-01") + days).astype(str)
    z = table["n0"] * table["n1"] + np.sin(2 * table["n2"]) + (table["c0"] == "v1")
    table["y"] = np.where(z + 0.5 * rng.normal(size=n) > 0.5, "yes", "no")
    polars.DataFrame(table).write_csv(path)


class Clearprop:
    """`cp.Model`, from the path of a file; what it fits without baselines."""

    def fit(self, path: Path) -> dict[str, float]:
        """Fit, and return the seconds that training took, and all before it."""
        started = time.perf_counter()
        self.model = cp.Model.fit(path, "y", compare=False, progress=False, threads=1)
        whole = time.perf_counter() - started
        training = self.model.report.training["seconds"]
        return {"read and prepare": whole - training, "train": training}

    def predict(self, path: Path) -> np.ndarray:
        """Return the probability of "yes"."""
        return self.model.predict_proba(path)[:, 1]


class Pipeline:
    """A pandas frame, and a scikit-learn pipeline or gradient boosting on it."""

    def __init__(self, make: Callable[[], Any], as_categories: bool) -> None:
        self._make, self._as_categories = make, as_categories

    def _read(self, path: Path) -> tuple[Any, Any]:
        import pandas as pd

        table = pd.read_csv(path)
        when = pd.to_datetime(table.pop("when"))
        turn = 2 * np.pi * np.column_stack([when.dt.day_of_year / 365.25, when.dt.day_of_week / 7])
        table["year"] = when.dt.year + when.dt.day_of_year / 365.25
        for i, name in enumerate(("year", "week")):
            table[f"sine of {name}"], table[f"cosine of {name}"] = np.sin(turn[:, i]), np.cos(turn[:, i])  # fmt: skip
        if self._as_categories:
            table = table.astype(dict.fromkeys(CATEGORIES, "category"))
        return table.drop(columns="y"), (table["y"] == "yes").to_numpy().astype(int)

    def fit(self, path: Path) -> dict[str, float]:
        """Fit, and return the seconds of reading and of all else."""
        started = time.perf_counter()
        X, y = self._read(path)
        read = time.perf_counter() - started
        self.model = self._make().fit(X, y)
        return {"read and prepare": read, "train": time.perf_counter() - started - read}

    def predict(self, path: Path) -> np.ndarray:
        """Return the probability of "yes"."""
        return self.model.predict_proba(self._read(path)[0])[:, 1]


def on_inputs(model: Callable[[], Any]) -> Callable[[], Any]:
    """A pipeline of standardized numbers and a sparse input for each category."""

    def make() -> Any:
        from sklearn.compose import make_column_selector, make_column_transformer
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import OneHotEncoder, StandardScaler

        steps = make_column_transformer(
            (StandardScaler(), make_column_selector(dtype_include="number")),
            (OneHotEncoder(handle_unknown="ignore"), list(CATEGORIES)),
        )
        return make_pipeline(steps, model())

    return make


def mlp() -> Any:
    """scikit-learn's network, with the hidden layers and the stopping of ours."""
    from sklearn.neural_network import MLPClassifier

    return MLPClassifier((100, 50), batch_size=256, early_stopping=True, random_state=0)


def logistic() -> Any:
    """Logistic regression."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000)


def boosting() -> Any:
    """scikit-learn's histogram gradient boosting, which tells 255 categories apart at most."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import TargetEncoder

    steps = make_column_transformer(
        (TargetEncoder(), ["c3"]), remainder="passthrough", verbose_feature_names_out=False
    ).set_output(transform="pandas")
    return make_pipeline(
        steps, HistGradientBoostingClassifier(categorical_features="from_dtype", random_state=0)
    )


def lightgbm() -> Any:
    """LightGBM, with its defaults."""
    from lightgbm import LGBMClassifier

    return LGBMClassifier(random_state=0, n_jobs=1, verbose=-1)


SYSTEMS: dict[str, Callable[[], Any]] = {
    "Clearprop": Clearprop,
    "scikit-learn MLP": lambda: Pipeline(on_inputs(mlp), as_categories=False),
    "logistic regression": lambda: Pipeline(on_inputs(logistic), as_categories=False),
    "HistGradientBoosting": lambda: Pipeline(boosting, as_categories=True),
    "LightGBM": lambda: Pipeline(lightgbm, as_categories=True),
}


def measure(name: str, path: Path, tested: Path) -> dict[str, float]:
    """Fit one system and predict with it, in this process."""
    import resource  # here, because Windows has none

    warnings.simplefilter("ignore")
    system = SYSTEMS[name]()
    found = system.fit(path)
    found["fit"] = sum(found.values())
    started = time.perf_counter()
    system.predict(path)
    found["predict"] = time.perf_counter() - started
    found["cpu"] = time.process_time()
    found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    p = np.clip(system.predict(tested), 1e-15, 1 - 1e-15)
    with tested.open() as rows:
        yes = np.array([row.rstrip().endswith(",yes") for row in rows][1:])
    found["log loss"] = float(-np.log(np.where(yes, p, 1 - p)).mean())
    return found


def in_a_process(name: str, path: Path, tested: Path) -> dict[str, float] | None:
    """Return what a process of its own measures; None if it takes too long, or fails."""
    settings = {f"{library}_NUM_THREADS": "1" for library in ONE_THREAD}
    settings["POLARS_MAX_THREADS"] = "1"
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--one", name, str(path), str(tested)],
            env=os.environ | settings, capture_output=True, text=True, timeout=LIMIT, check=True,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    except subprocess.CalledProcessError as error:
        print(error.stderr, file=sys.stderr)
        return None
    return json.loads(done.stdout.splitlines()[-1])


def line(n: int, name: str, found: dict[str, float] | None) -> str:
    """A row of the results."""
    keys = ("read and prepare", "train", "fit", "predict", "cpu")
    cells = ["-"] * 7
    if found is not None:
        cells = [f"{found[key]:.1f}" for key in keys]
        cells += [f"{found['peak']:.2f}", f"{found['log loss']:.4f}"]
    return f"| {n:,} | {name} | {' | '.join(cells)} |"


def main(sizes: list[int]) -> None:
    """Measure tables of these sizes, and write the results of all."""
    names = [n for n in SYSTEMS if n != "LightGBM" or importlib.util.find_spec("lightgbm")]
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        tested = Path(folder) / "tested.csv"
        write(tested, 50_000, seed=2)
        for n in sizes or ROWS:
            path = Path(folder) / f"{n}.csv"
            write(path, n, seed=1)
            for name in names:
                lines.append(line(n, name, in_a_process(name, path, tested)))
                print(lines[-1], flush=True)
            path.unlink()
    if sizes:
        return
    import sklearn

    text = f"""{BEGINS}
Written by `python benchmarks/tables_speed.py` on {date.today()}, on one thread of {processor()}:
Clearprop {cp.__version__}, scikit-learn {sklearn.__version__}, Python {platform.python_version()}; each in a process of its own.

CSV files of 17 columns: 12 numbers, categories of 3, 8, 40 and 500 values, and a date; 168 inputs of a network.
Clearprop takes the path, without baselines (`compare=False`); 65% of the rows are learned from, 15% watched, 20% tested
on. The others get a pandas frame with the date made numbers by hand, and learn from all rows (those that stop early put
a tenth aside). Seconds of wall clock; "cpu" is the whole process up to there, imports and compiling too; the peak of
resident memory in GB; log loss on 50,000 other rows. Other cores were not always idle, so that seconds are rather too
large. "-": more than {LIMIT // 60} minutes, or more memory than there is.

| rows | | read and prepare | train | fit | predict | cpu | peak | log loss |
|---|---|---|---|---|---|---|---|---|
"""
    first = PAGE.read_text(encoding="utf-8").partition(BEGINS)[0]
    PAGE.write_text(first + text + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))))
    else:
        main([int(n) for n in sys.argv[1:]])
