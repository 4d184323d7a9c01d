"""A search of 24 fits: one after another, in joblib's two processes, on two workers of Dask's.

    python benchmarks/dask_fits.py --write      # writes benchmarks/DASK_FITS.md

What starts the workers is not in the times of the fits; rounds alternate, and medians are said.
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path
from statistics import median

import joblib
import numpy as np
from distributed import Client, LocalCluster
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from clearprop.estimators import MLPClassifier, on_dask

GRID = {"alpha": [1e-4, 1e-3, 1e-2, 1e-1], "hidden_layer_sizes": [[100], [200, 100]]}
ROUNDS = 3
WORDS = {"serial": "one after another", "loky": "joblib, loky, n_jobs=2", "dask": "Dask, 2 workers"}


def searched(how: str, client: Client | None = None) -> tuple[float, np.ndarray]:
    """Return the seconds of a search of 24 fits, and its scores."""
    X, y = load_digits(return_X_y=True)
    # The same work in every fit: no warning that 400 epochs are not enough, and none fewer.
    estimator = MLPClassifier(max_iter=400, tol=0.0, n_iter_no_change=400, random_state=0)
    search = GridSearchCV(estimator, GRID, cv=3, refit=False)
    ways = {
        "serial": lambda: joblib.parallel_config("sequential"),
        "loky": lambda: joblib.parallel_config("loky", n_jobs=2),
        "dask": lambda: on_dask(client),
    }
    started = time.perf_counter()
    with ways[how]():
        search.fit(X / 16, y)
    return time.perf_counter() - started, search.cv_results_["mean_test_score"]


def main() -> None:
    """Measure, and print the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true")
    warnings.simplefilter("ignore", ConvergenceWarning)
    started = time.perf_counter()
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster,
        Client(cluster) as client,
    ):
        start = time.perf_counter() - started
        client.run(warnings.simplefilter, "ignore", ConvergenceWarning)
        seconds: dict[str, list[float]] = {how: [] for how in WORDS}
        scores = []
        for _ in range(ROUNDS):
            for how in WORDS:
                took, found = searched(how, client)
                seconds[how].append(took)
                scores.append(found)
    same = all(np.array_equal(scores[0], other) for other in scores)
    lines = [
        "# A search on Dask",
        "",
        "24 fits of `MLPClassifier` on the digits (8 settings, 3 folds, 400 epochs each), by",
        "`python benchmarks/dask_fits.py --write`: medians of 3 alternating rounds on 2 cores. Starting the",
        f"two workers of Dask's took {start:.1f} s more, once. All scores are equal to the bit: {same}.",
        "",
        "| the fits run | seconds, median | least | most | times one after another |",
        "|---|---|---|---|---|",
    ]
    for how, words in WORDS.items():
        own = seconds[how]
        share = median(seconds["serial"]) / median(own)
        lines.append(
            f"| {words} | {median(own):.1f} | {min(own):.1f} | {max(own):.1f} | {share:.2f} |"
        )
    page = "\n".join(lines) + "\n"
    print(page)
    if parser.parse_args().write:
        (Path(__file__).parent / "DASK_FITS.md").write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
