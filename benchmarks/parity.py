"""Scores beside scikit-learn's MLP, with the same settings, on its five bundled data sets.

    python benchmarks/parity.py [SEEDS]      # 20 by default; writes benchmarks/PARITY.md

Each seed is a split of its own. Ours runs three times: from the very weights scikit-learn draws,
so that only the order of the rows differs; from weights of our own drawn by its rule,
glorot_uniform; and from our default, he_uniform.
"""

from __future__ import annotations

import platform
import sys
import warnings
from datetime import date
from pathlib import Path

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

import clearprop as cp

EPOCHS = {"iris": 200, "wine": 100, "breast_cancer": 100, "digits": 60, "diabetes": 200}
HIDDEN, BATCH, ALPHA = 50, 32, 1e-3


def split(name: str, seed: int) -> tuple[np.ndarray, ...]:
    """Standardized X, X_test, y, y_test of a bundled data set."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    regression = name == "diabetes"
    y = (y - y.mean()) / y.std() if regression else y
    parts = train_test_split(X, y, random_state=seed, stratify=None if regression else y)
    scaler = StandardScaler().fit(parts[0])
    return scaler.transform(parts[0]), scaler.transform(parts[1]), *parts[2:]


def sklearn_model(name: str, seed: int, **settings):
    """scikit-learn's MLP, which never stops early."""
    maker = MLPRegressor if name == "diabetes" else MLPClassifier
    settings = {"max_iter": EPOCHS[name], "n_iter_no_change": EPOCHS[name], **settings}
    return maker(
        hidden_layer_sizes=(HIDDEN,), batch_size=BATCH, alpha=ALPHA, random_state=seed, **settings
    )


def theirs(name: str, seed: int) -> float:
    """The test score of scikit-learn's MLP."""
    X, X_test, y, y_test = split(name, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return sklearn_model(name, seed).fit(X, y).score(X_test, y_test)


def ours(name: str, seed: int, start: str) -> float:
    """The test score of Clearprop; `start` is "same", or the name of an initializer."""
    X, X_test, y, y_test = split(name, seed)
    n_out = 1 if name == "diabetes" else len(np.unique(y))
    output = "identity" if name == "diabetes" else "sigmoid" if n_out == 2 else "softmax"
    network = cp.Network(
        [X.shape[1], HIDDEN, 1 if n_out == 2 else n_out],
        output=output,
        initializer="auto" if start == "same" else start,
        seed=seed,
    )
    if start == "same":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            theirs = sklearn_model(name, seed, max_iter=1, learning_rate_init=1e-300).fit(X, y)
        for layer, (W, b) in enumerate(zip(theirs.coefs_, theirs.intercepts_, strict=True), 1):
            network[f"W{layer}"], network[f"b{layer}"] = W.T, b
    # scikit-learn divides its penalty by the number of samples in the batch.
    cp.train(network, X, y, batch_size=BATCH, epochs=EPOCHS[name], l2=ALPHA / BATCH, seed=seed)
    a = network.predict(X_test)
    if name == "diabetes":
        return r2_score(y_test, a[:, 0])
    labels = a[:, 0] > 0.5 if n_out == 2 else a.argmax(axis=1)
    return float((labels == y_test).mean())


def standard_error(a: list[float], b: list[float]) -> float:
    """The standard error of the difference of two means."""
    return float(np.sqrt(np.var([a, b], axis=1, ddof=1).sum() / len(a)))


def paired(a: list[float], b: list[float]) -> str:
    """The mean of a - b with its standard error, seed by seed on the same splits."""
    difference = np.subtract(a, b)
    return f"{difference.mean():+.4f} ± {difference.std(ddof=1) / np.sqrt(len(a)):.4f}"


def main(seeds: int) -> None:
    """Measure, print and write the table."""
    lines = [
        "# Scores beside scikit-learn's MLP",
        "",
        f"Written by `python benchmarks/parity.py {seeds}` on {date.today()}: {seeds} seeds, each "
        f"a split of its own; {HIDDEN} relu units, Adam, batch {BATCH}, alpha {ALPHA:g}; Clearprop "
        f"{cp.__version__} (compiled engine, float32), scikit-learn {sklearn.__version__}, NumPy "
        f"{np.__version__}, Python {platform.python_version()}. Accuracy on the test part, R2 for "
        "diabetes.",
        "",
        "The first columns are means, with the standard error of the difference between the first "
        "two. The last three are ours minus scikit-learn's, seed by seed on the same splits, with "
        "the standard error of that: from scikit-learn's own first weights; from weights of ours "
        "by its rule, glorot_uniform; and from our default, he_uniform.",
        "",
        "| data set | scikit-learn | ours | standard error | same weights | glorot_uniform | "
        "he_uniform |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in EPOCHS:
        reference = [theirs(name, seed) for seed in range(seeds)]
        runs = [
            [ours(name, seed, start) for seed in range(seeds)]
            for start in ("same", "glorot_uniform", "he_uniform")
        ]
        means = [f"{np.mean(reference):.4f}", f"{np.mean(runs[0]):.4f}"]
        cells = [name, *means, f"{standard_error(runs[0], reference):.4f}"]
        cells += [paired(scores, reference) for scores in runs]
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    (Path(__file__).parent / "PARITY.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
