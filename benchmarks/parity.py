"""Scores beside scikit-learn's MLP, with the same settings, on its five bundled data sets.

    python benchmarks/parity.py [SEEDS]      # 20 by default; writes benchmarks/PARITY.md

Each seed is a split of its own. Ours runs twice: from the weights scikit-learn draws, so that
only the order of the rows differs, and from our own.
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


def ours(name: str, seed: int, same_start: bool) -> float:
    """The test score of Clearprop with scikit-learn's settings."""
    X, X_test, y, y_test = split(name, seed)
    n_out = 1 if name == "diabetes" else len(np.unique(y))
    output = "identity" if name == "diabetes" else "sigmoid" if n_out == 2 else "softmax"
    network = cp.Network([X.shape[1], HIDDEN, 1 if n_out == 2 else n_out], output=output, seed=seed)
    if same_start:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            start = sklearn_model(name, seed, max_iter=1, learning_rate_init=1e-300).fit(X, y)
        for layer, (W, b) in enumerate(zip(start.coefs_, start.intercepts_, strict=True), 1):
            network[f"W{layer}"], network[f"b{layer}"] = W.T, b
    # scikit-learn divides its penalty by the number of samples in the batch.
    cp.train(network, X, y, batch_size=BATCH, epochs=EPOCHS[name], l2=ALPHA / BATCH, seed=seed)
    a = network.predict(X_test)
    if name == "diabetes":
        return r2_score(y_test, a[:, 0])
    labels = a[:, 0] > 0.5 if n_out == 2 else a.argmax(axis=1)
    return float((labels == y_test).mean())


def compare(a: list[float], b: list[float]) -> tuple[float, float, float]:
    """Both means, and the standard error of their difference."""
    pair = np.array([a, b])
    return *pair.mean(axis=1), float(np.sqrt(pair.var(axis=1, ddof=1).sum() / len(a)))


def main(seeds: int) -> None:
    """Measure, print and write the table."""
    lines = [
        "# Scores beside scikit-learn's MLP",
        "",
        f"Written by `python benchmarks/parity.py {seeds}` on {date.today()}: "
        f"{seeds} seeds, each a split of its own; {HIDDEN} relu units, Adam, batch {BATCH}, alpha "
        f"{ALPHA:g}; Clearprop {cp.__version__} (reference engine, float32), scikit-learn "
        f"{sklearn.__version__}, NumPy {np.__version__}, Python {platform.python_version()}. "
        "Accuracy on the test part, R2 for diabetes; the standard error is that of the difference "
        "of the two means beside it.",
        "",
        "| data set | scikit-learn | ours, same first weights | standard error | ours, own "
        "first weights | standard error |",
        "|---|---|---|---|---|---|",
    ]
    for name in EPOCHS:
        reference = [theirs(name, seed) for seed in range(seeds)]
        cells = [name]
        for same_start in (True, False):
            scores = [ours(name, seed, same_start) for seed in range(seeds)]
            mean, expected, error = compare(scores, reference)
            if same_start:
                cells.append(f"{expected:.4f}")
            cells += [f"{mean:.4f}", f"{error:.4f}"]
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    (Path(__file__).parent / "PARITY.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
