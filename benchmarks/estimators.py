"""Our estimators beside scikit-learn's own: scores on its five bundled data sets, and time.

    python benchmarks/estimators.py [SEEDS]      # 10 by default; writes benchmarks/ESTIMATORS.md

Scores: default settings but for standardized inputs (and targets of diabetes), each seed a split
of its own. Time: `fit` on digits with default settings, the two in turn in one process.
"""

from __future__ import annotations

import platform
import sys
import time
import warnings
from datetime import date
from pathlib import Path
from statistics import median

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.preprocessing import StandardScaler

from clearprop.bench.summary import processor
from clearprop.estimators import MLPClassifier, MLPRegressor

DATA = ("iris", "wine", "breast_cancer", "digits", "diabetes")
ROUNDS = 9
PAUSE = 0.5
"""Seconds before each fit: the threads of OpenBLAS turn for a while after the last product."""
PAGE = Path(__file__).with_name("ESTIMATORS.md")


def scores(name: str, seed: int) -> tuple[float, float]:
    """Test scores of ours and of scikit-learn's: accuracy, R2 for diabetes."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    regression = name == "diabetes"
    y = (y - y.mean()) / y.std() if regression else y
    X, X_test, y, y_test = train_test_split(
        X, y, random_state=seed, stratify=None if regression else y
    )
    scaler = StandardScaler().fit(X)
    makers = (MLPRegressor, TheirRegressor) if regression else (MLPClassifier, TheirClassifier)
    ours, theirs = (
        maker(random_state=seed).fit(scaler.transform(X), y).score(scaler.transform(X_test), y_test)
        for maker in makers
    )
    return ours, theirs


def standard_error(a: np.ndarray, b: np.ndarray) -> float:
    """The standard error of the difference of two means of independent samples."""
    return float(np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b)))


def times() -> list[tuple[float, float, float, float, float]]:
    """Of each round: seconds of ours, in float64, and of scikit-learn's; and ratios an epoch."""
    X, y = datasets.load_digits(return_X_y=True)
    MLPClassifier(max_iter=2).fit(X, y)  # compiles
    MLPClassifier(max_iter=2, precision="float64").fit(X, y)
    found = []
    for seed in range(ROUNDS):
        seconds, epochs = [], []
        for maker, extra in (
            (MLPClassifier, {}), (MLPClassifier, {"precision": "float64"}), (TheirClassifier, {}),
        ):  # fmt: skip
            time.sleep(PAUSE)
            started = time.perf_counter()
            fitted = maker(random_state=seed, **extra).fit(X, y)
            seconds.append(time.perf_counter() - started)
            epochs.append(fitted.n_iter_)
        ours, double, theirs = seconds
        found.append(
            (ours, double, theirs, theirs / ours, (theirs / epochs[2]) / (ours / epochs[0]))
        )
    return found


def main() -> None:
    """Measure, and write the page."""
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", RuntimeWarning)
    rows = []
    for name in DATA:
        ours, theirs = np.array([scores(name, seed) for seed in range(seeds)]).T
        apart = (ours - theirs).std(ddof=1) / np.sqrt(seeds)
        rows.append(
            f"| {name} | {ours.mean():.4f} | {theirs.mean():.4f} | {standard_error(ours, theirs):.4f} "
            f"| {(ours - theirs).mean():+.4f} ± {apart:.4f} |"
        )
        print(rows[-1], flush=True)
    ours, double, theirs, ratio, an_epoch = (
        median(column) for column in zip(*times(), strict=True)
    )
    text = f"""# The estimators beside scikit-learn's

Written by `python benchmarks/estimators.py {seeds}` on {date.today()}: {processor()}, Python
{platform.python_version()}, scikit-learn {sklearn.__version__}, NumPy {np.__version__}.

Scores on test parts, default settings, standardized inputs; {seeds} seeds, each a split of its own. Accuracy, R2 for
diabetes. The standard error is that of the difference of the means; the last column is ours minus scikit-learn's, seed
by seed.

| data set | ours | scikit-learn | standard error | difference, paired |
|---|---|---|---|---|
{chr(10).join(rows)}

`fit` on digits with default settings: ours {ours:.3f} s (in float64 {double:.3f} s), scikit-learn's {theirs:.3f} s: medians of {ROUNDS}
rounds, in which the three take turns, half a second apart. scikit-learn's time over ours, within a round: {ratio:.1f} for a fit, {an_epoch:.1f} for
an epoch of it, as runs end when the loss stops improving.
"""
    PAGE.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
