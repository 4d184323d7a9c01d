"""MLPClassifier and MLPRegressor on streams."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor
from clearprop.streams.stream import Stream
from stream_cases import Blocks, batches_of, rows

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, LABELS, W = rows()
X = X.astype(np.float64)
W = W + 0.5
NAMES = np.array(["ash", "birch", "cedar"])[LABELS]
Y = X[:, 0] - X[:, 1]
SETTINGS = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, "batch_size": 8}


def classifier(**settings):
    return MLPClassifier(**{**SETTINGS, **settings})


def regressor(**settings):
    return MLPRegressor(**{**SETTINGS, **settings})


def same(one, other):
    assert one.network_.parameters.tobytes() == other.network_.parameters.tobytes()
    assert one.loss_curve_ == other.loss_curve_
    assert (one.n_iter_, one.t_) == (other.n_iter_, other.t_)


@pytest.mark.parametrize(("make", "y"), [(classifier, NAMES), (regressor, Y)])
def test_a_window_that_holds_all_rows_gives_the_fit_of_arrays(make, y):
    whole = make(early_stopping=True).fit(X, y, W)
    same(make(early_stopping=True).fit(cp.stream(X, y, W)), whole)
    lbfgs = {"solver": "lbfgs"}
    same(make(**lbfgs).fit(cp.stream(batches_of(X, y))), make(**lbfgs).fit(X, y))


@pytest.mark.parametrize("weights", [None, W, W * 10.0 ** -np.arange(len(W))[::-1].clip(0, 6)])
@pytest.mark.parametrize(
    ("make", "y"), [(classifier, NAMES), (classifier, LABELS > 0), (regressor, Y)]
)
def test_small_windows_in_order_give_it_too(make, y, weights):
    parts = (X, y) if weights is None else (X, y, weights)
    settings = {"shuffle": False, "tol": 1e-9}
    whole = make(**settings).fit(X, y, weights)
    fitted = make(**settings).fit(cp.stream(*parts, window=40))
    assert fitted.network_.parameters.tobytes() == whole.network_.parameters.tobytes()
    assert fitted.loss_curve_ == pytest.approx(whole.loss_curve_, rel=1e-12)
    assert fitted.n_features_in_ == 5
    np.testing.assert_array_equal(fitted.predict(X), whole.predict(X))


def test_class_weights():
    for chosen in ("balanced", {"ash": 3.0, "cedar": 0.5}):
        settings = {"shuffle": False, "class_weight": chosen}
        whole = classifier(**settings).fit(X, NAMES)
        fitted = classifier(**settings).fit(cp.stream(X, NAMES, window=40))
        assert fitted.network_.parameters.tobytes() == whole.network_.parameters.tobytes()


def test_a_checkpoint_knows_class_weights(tmp_path):
    kept = {"checkpoint": tmp_path, "class_weight": {"ash": 3.0}}
    fitted = classifier(**kept).fit(cp.stream(X, NAMES, window=40))
    same(classifier(**kept, resume=True).fit(cp.stream(X, NAMES, window=40)), fitted)
    for other in ("balanced", {"ash": 2.0}, None):
        again = classifier(**(kept | {"class_weight": other}), resume=True)
        with pytest.raises(cp.CheckpointMismatchError, match="the stream differs in its class_wei"):
            again.fit(cp.stream(X, NAMES, window=40))


def test_several_labels_a_row():
    y = np.column_stack([LABELS > 0, X[:, 0] > 0]).astype(int)
    whole = classifier(shuffle=False).fit(X, y)
    fitted = classifier(shuffle=False).fit(cp.stream(X, y, window=40))
    assert fitted.network_.parameters.tobytes() == whole.network_.parameters.tobytes()
    with pytest.raises(cp.ArgumentError, match="'balanced' of several labels a row"):
        classifier(class_weight="balanced").fit(cp.stream(X, y, window=40))


def test_a_class_that_comes_late():
    order = np.argsort(LABELS, kind="stable")
    fitted = classifier().fit(cp.stream(X[order], NAMES[order], window=40))
    assert fitted.classes_.tolist() == ["ash", "birch", "cedar"]
    assert fitted.predict_proba(X).shape == (len(X), 3)


def test_it_learns_of_shuffled_windows_and_stops_early():
    X, y, _ = rows(3000, 2)
    y = (X[:, 0] + X[:, 1] > 0).astype(int)
    held = rows(300, 3)[0].astype(np.float64)
    fitted = classifier(max_iter=60, early_stopping=True, learning_rate_init=0.01).fit(
        cp.stream(X, y, window=500), X_val=held, y_val=(held[:, 0] + held[:, 1] > 0).astype(int)
    )
    assert fitted.best_validation_score_ > 0.97
    assert fitted.n_iter_ < 60


def test_it_goes_on_from_a_checkpoint(tmp_path):
    settings = {"checkpoint": tmp_path / "run", "resume": True}
    stream = Stream(Blocks((X, NAMES), [60, 60, 60, 23]), 40)
    classifier(**settings, max_iter=2).fit(stream)
    same(classifier(**settings).fit(stream), classifier().fit(stream))


@pytest.mark.parametrize(
    ("settings", "given", "message"),
    [
        ({"solver": "lbfgs"}, {}, "'lbfgs' takes all rows at once: use 'adam' or 'sgd', or a w"),
        ({"early_stopping": True}, {}, "give X_val and y_val, or a window of 203 rows"),
        ({}, {"y": NAMES}, "y of a stream is in the stream"),
        ({}, {"sample_weight": W}, "sample_weight of a stream is in the stream"),
    ],
    ids=str,
)
def test_what_is_refused(settings, given, message):
    with pytest.raises(cp.ArgumentError, match=message):
        classifier(**settings).fit(cp.stream(X, NAMES, window=40), **given)


def test_what_else_is_refused():
    with pytest.raises(cp.ArgumentError, match="partial_fit takes the rows of one call"):
        classifier().partial_fit(cp.stream(X, NAMES), NAMES, classes=["ash", "birch", "cedar"])
    with pytest.raises(cp.ArgumentError, match="a generator can be gone through once"):
        classifier().fit(cp.stream(batches_of(X, NAMES)()))
    with pytest.raises(cp.ArgumentError, match="no rows"):
        regressor().fit(cp.stream([]))
