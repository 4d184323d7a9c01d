"""A notebook that used scikit-learn's MLP runs unchanged but for its import line."""

from __future__ import annotations

import pytest

import notebooks

for library in ("nbformat", "nbclient", "ipykernel"):
    pytest.importorskip(library)

THEIRS = "from sklearn.neural_network import MLPClassifier, MLPRegressor"
OURS = "from clearprop.estimators import MLPClassifier, MLPRegressor"

CELLS = [
    """
import warnings
import numpy as np
import pandas as pd
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_digits, load_iris, make_circles
from sklearn.exceptions import ConvergenceWarning
from sklearn.inspection import permutation_importance
from sklearn.metrics import classification_report, confusion_matrix
from sklearn.model_selection import (
    GridSearchCV, RandomizedSearchCV, cross_val_score, learning_curve, train_test_split,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
IMPORT
warnings.simplefilter("ignore", ConvergenceWarning)
results = {}
""",
    """
X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16, y, test_size=0.3, random_state=1)
mlp = MLPClassifier(
    hidden_layer_sizes=(40,), max_iter=8, alpha=1e-4, solver="sgd", verbose=10, random_state=1,
    learning_rate_init=0.2,
)
mlp.fit(X_train, y_train)
results["digits"] = mlp.score(X_test, y_test)
print(classification_report(y_test, mlp.predict(X_test)).splitlines()[-1][:12])
print(confusion_matrix(y_test, mlp.predict(X_test)).shape)
vmin, vmax = mlp.coefs_[0].min(), mlp.coefs_[0].max()
print([coef.T.reshape(-1, 8, 8).shape if i == 0 else coef.shape for i, coef in enumerate(mlp.coefs_)])
mlp
""",
    """
curves = {}
iris = load_iris()
scaled = MinMaxScaler().fit_transform(iris.data)
for settings in (
    {"solver": "sgd", "learning_rate": "constant", "momentum": 0, "learning_rate_init": 0.2},
    {"solver": "sgd", "learning_rate": "invscaling", "momentum": 0.9, "nesterovs_momentum": False,
     "learning_rate_init": 0.2},
    {"solver": "adam", "learning_rate_init": 0.01},
):
    mlp = MLPClassifier(random_state=0, max_iter=60, **settings).fit(scaled, iris.target)
    curves[str(settings)] = mlp.loss_curve_
print([len(curve) for curve in curves.values()])
results["iris"] = mlp.score(scaled, iris.target)
""",
    """
X, y = make_circles(noise=0.2, factor=0.5, random_state=1)
for alpha in np.logspace(-1, 1, 3):
    pipeline = make_pipeline(
        StandardScaler(),
        MLPClassifier(solver="lbfgs", alpha=alpha, random_state=1, max_iter=2000,
                      early_stopping=True, hidden_layer_sizes=[10, 10]),
    ).fit(X, y)
    grid = pipeline.predict_proba(np.random.default_rng(0).normal(size=(5, 2)))[:, 1]
results["circles"] = pipeline.score(X, y)
""",
    """
diabetes = load_diabetes(as_frame=True)
table = diabetes.data.assign(group=np.where(diabetes.data.bmi > 0, "high", "low"))
columns = make_column_transformer(
    (OneHotEncoder(), ["group"]), (StandardScaler(), list(diabetes.data.columns))
)
regressor = make_pipeline(
    columns, MLPRegressor(hidden_layer_sizes=(20,), max_iter=400, learning_rate_init=0.01,
                          early_stopping=True, random_state=3)
)
search = GridSearchCV(regressor, {"mlpregressor__alpha": [1e-3, 1.0]}, cv=3)
search.fit(table, diabetes.target)
best = search.best_estimator_[-1]
results["diabetes"] = search.best_score_
print(best.n_layers_, best.n_outputs_, best.out_activation_, len(best.validation_scores_) == best.n_iter_)
print(permutation_importance(search, table, diabetes.target, n_repeats=2).importances.shape)
""",
    """
mlp = MLPClassifier(random_state=0)
X, y = load_iris(return_X_y=True)
order = np.random.default_rng(0).permutation(150)
for batch in np.array_split(order, 10):
    mlp.partial_fit(X[batch], y[batch], classes=[0, 1, 2])
print(mlp.t_, mlp.n_iter_, mlp.get_params()["alpha"])
results["calibrated"] = CalibratedClassifierCV(
    MLPClassifier(max_iter=80, random_state=0), cv=3
).fit(X, y).score(X, y)
results["cross"] = cross_val_score(MLPClassifier(max_iter=80, random_state=0), X, y, cv=3).mean()
print(results)
""",
]


def run(line: str) -> tuple[list[str], dict[str, float]]:
    """What the cells print, and the scores, with this import line."""
    made = notebooks.of_cells([cell.replace("IMPORT", line) for cell in CELLS])
    cells = notebooks.outputs_of(notebooks.executed(made))
    printed = [
        output["text"]
        for cell in cells
        for output in cell
        if output["output_type"] == "stream" and output["name"] == "stdout"
    ]
    shown = [output for output in cells[1] if output["data"]]
    assert any("MLPClassifier" in output["data"]["text/html"] for output in shown)
    scores = eval(printed[-1].splitlines()[-1], {"np": __import__("numpy")})
    return printed, {name: float(score) for name, score in scores.items()}


def test_the_import_line_alone_is_changed():
    ours, our_scores = run(OURS)
    theirs, their_scores = run(THEIRS)
    assert our_scores.keys() == their_scores.keys()
    for name, score in their_scores.items():
        assert our_scores[name] >= score - 0.08, name  # the order of the rows is another

    def shape(texts: list[str]) -> list[str]:
        """The lines but for scores and losses."""
        lines = "".join(texts).splitlines()
        return [
            line for line in lines if not line.startswith(("Iteration", "{", "[6", "Validation"))
        ]

    assert shape(ours) == shape(theirs)
