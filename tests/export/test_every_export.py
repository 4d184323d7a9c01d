"""Every export of random settings gives what the estimator predicts, or is refused with the reason.

CLEARPROP_TEST_SETTINGS=2000 goes through so many of them.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections import Counter

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import clearprop as cp
from c_programs import library, run
from clearprop.estimators import MLPClassifier, register_with_skl2onnx
from export_settings import Setting, setting
from export_tables import assert_near

try:
    import torch
except ImportError:
    torch = None
onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

N = int(os.environ.get("CLEARPROP_TEST_SETTINGS", "240"))
BATCH = 120
"""Settings a test goes through, so that their C is compiled in one go."""

FEWEST = 0.6
"""Of all exports, how many are to succeed: a test in which all refuse would show nothing."""

TOLERANCE = {"float32": 2e-5, "float64": 1e-11}


def onnx_outputs(proto, X) -> dict:
    settings = runtime.SessionOptions()
    settings.intra_op_num_threads = 1  # starting more takes longer than these networks do
    session = runtime.InferenceSession(proto.SerializeToString(), settings, providers=["CPUExecutionProvider"])  # fmt: skip
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, {"X": X}), strict=True))


def tolerance_of(s: Setting, *, onnx: bool = False, computed: str | None = None) -> float:
    dtype = computed or s.network.dtype.name
    if onnx and any(f.name == "gelu" for f in s.network.activations):
        dtype = "float32"  # ONNX Runtime has erf in float32 alone
    return TOLERANCE[dtype]


def assert_labels(found, expected, shares, tolerance: float) -> None:
    """Labels are equal wherever the two most probable classes are not as good as even."""
    first, second = np.sort(shares, axis=1)[:, :-3:-1].T
    clear = first - second > 10 * tolerance
    assert np.array_equal(np.asarray(found)[clear], np.asarray(expected)[clear])


def from_onnx(s: Setting) -> None:
    classes = s.estimator.classes_ if s.kind == "classes" else None
    found = onnx_outputs(s.network.to_onnx(classes=classes), s.X.astype(s.network.dtype))
    tolerance = tolerance_of(s, onnx=True)
    if s.kind == "classes":
        assert_near(found["probabilities"], s.expected, tolerance)
        assert_labels(found["label"], s.estimator.predict(s.X), s.expected, tolerance)
    else:
        assert_near(list(found.values())[-1], s.expected, tolerance)


def from_onnx_without_classes(s: Setting) -> None:
    found = onnx_outputs(s.network.to_onnx(), s.X.astype(s.network.dtype))
    assert_near(s.shares(list(found.values())[-1]), s.expected, tolerance_of(s, onnx=True))


def from_skl2onnx(s: Setting) -> None:
    """Bare or in a pipeline, with the options that skl2onnx has for classifiers."""
    from skl2onnx import to_onnx

    rng = np.random.default_rng(s.number)
    fitted = s.estimator
    scaler = [None, StandardScaler, MinMaxScaler][rng.integers(3)]
    X = s.X
    if scaler is not None and X.dtype != np.int64:
        fitted = make_pipeline(scaler().fit(X), s.estimator)
    options = {}
    if s.kind != "numbers":
        options = [{"zipmap": False}, {}, {"zipmap": "columns"}, {"zipmap": False, "nocl": True}][
            rng.choice(4, p=[0.6, 0.2, 0.1, 0.1])
        ]
        # ONNX Runtime's ZipMap takes no float64, scikit-learn's own included.
        if s.kind == "labels" or (X.dtype == np.float64 and not options):
            options = {"zipmap": False}
    opset = [None, 13, 15, 18][rng.choice(4, p=[0.7, 0.1, 0.1, 0.1])]
    proto = to_onnx(fitted, X[:1], options={id(fitted): options} if options else None, target_opset=opset)  # fmt: skip
    found = list(onnx_outputs(proto, X).values())
    computed = "float64" if X.dtype == np.float64 else "float32"
    tolerance = tolerance_of(s, onnx=True, computed=computed)
    if scaler is not None:
        tolerance = max(tolerance, 1e-6)
    if s.kind == "numbers":
        assert_near(found[0], fitted.predict(X).reshape(found[0].shape), tolerance)
        return
    expected = fitted.predict_proba(X)
    if options.get("zipmap") == "columns":
        shares = np.stack(found[1:], axis=1)
    elif not options:
        shares = np.array([[row[one] for one in s.estimator.classes_] for row in found[1]])
    else:
        shares = found[1]
    assert_near(shares, expected, tolerance)
    label = fitted.predict(X)
    if options.get("nocl"):
        label = np.searchsorted(s.estimator.classes_, label)
    if s.kind == "classes":
        assert_labels(found[0], label, expected, tolerance)
        assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    else:
        clear = np.abs(expected - 0.5) > 10 * tolerance
        assert np.array_equal(found[0][clear], label[clear])


def from_torch(s: Setting) -> None:
    made = s.network.to_torch()
    with torch.no_grad():
        a = made(torch.from_numpy(s.X.astype(s.network.dtype))).numpy()
    assert_near(s.shares(a), s.expected, tolerance_of(s))
    back = cp.Network.from_torch(made, s.network.loss)
    assert np.array_equal(back.parameters, s.network.parameters)
    assert back.activations == s.network.activations


def from_sklearn(s: Setting) -> None:
    classes = s.estimator.classes_ if s.kind == "classes" else None
    mlp = s.network.to_sklearn(classes=classes)
    X = s.X.astype(s.network.dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        if not hasattr(mlp, "predict_proba"):
            found = mlp.predict(X).reshape(len(X), -1)
        else:
            found = mlp.predict_proba(X)
            if s.network.sizes[-1] == 1 and s.kind != "classes":
                found = found[:, 1:]
    assert_near(found, s.expected, tolerance_of(s))
    if s.kind == "classes":
        assert_labels(mlp.predict(X), s.estimator.predict(s.X), s.expected, tolerance_of(s))
    elif s.kind == "labels":
        clear = (np.abs(s.expected - 0.5) > 1e-4).all(axis=1)
        assert np.array_equal(mlp.predict(X)[clear], s.estimator.predict(s.X)[clear])
    back = cp.Network.from_sklearn(mlp).predict(X)
    if back.shape == s.network.predict(X).shape and s.kind != "classes":
        assert_near(back, s.network.predict(X), tolerance_of(s))


EXPORTS = {
    "onnx": from_onnx,
    "onnx without classes": from_onnx_without_classes,
    "skl2onnx": from_skl2onnx,
    "scikit-learn": from_sklearn,
}
if torch is not None:
    EXPORTS["torch"] = from_torch


def may_refuse(s: Setting, export: str) -> str | None:
    """The message of the refusal that this export is to answer a setting with; None: it is to succeed."""
    if s.is_own:
        return "activation of your own, 'cube'"
    several = s.kind == "classes" and s.output == "sigmoid" and s.network.sizes[-1] > 1
    if export == "onnx" and several:
        return "classes do not fit"
    if export == "scikit-learn":
        hidden = {f.name for f in s.network.activations[:-1]}
        if hidden - {"identity", "sigmoid", "tanh", "relu"}:
            return "scikit-learn's MLP has no "
        if len(hidden) > 1:
            return "in scikit-learn's MLP all are the same"
        if s.output not in ("softmax", "sigmoid", "identity", "exp"):
            return "scikit-learn's MLP has no output of"
        if several:
            return "labels a row, which scikit-learn numbers"
    return None


@pytest.mark.parametrize("start", range(0, N, BATCH))
def test_every_export_is_the_estimator_or_refuses(start, tmp_path):
    register_with_skl2onnx()
    counts: Counter[str] = Counter()
    headers, of_c = {}, {}
    for number in range(start, min(start + BATCH, N)):
        s = setting(number)
        for export, compare in EXPORTS.items():
            if export == "skl2onnx" and s.estimator is None:
                continue
            refusal = may_refuse(s, export)
            try:
                if refusal is not None:
                    with pytest.raises(cp.ArgumentError, match=refusal):
                        compare(s)
                else:
                    compare(s)
            except BaseException as error:
                error.add_note(f"export {export}, {s}")
                raise
            counts[export, refusal is None] += 1
        if s.is_own:
            with pytest.raises(cp.ArgumentError, match="activation of your own, 'cube'"):
                s.network.to_c()
        else:
            headers[f"net{number}"] = s.network.to_c(f"net{number}")
            of_c[f"net{number}"] = s
    succeeded = sum(n for (_, done), n in counts.items() if done)
    assert succeeded > FEWEST * counts.total(), counts
    if shutil.which("gcc"):
        built = library(headers, tmp_path)
        for name, s in of_c.items():
            a = run(built, name, s.X.astype(s.network.dtype), s.network.sizes[-1])
            assert_near(s.shares(a), s.expected, tolerance_of(s))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_against_all_where_every_output_is_zero(dtype):
    """So far away that each sigmoid underflows, skl2onnx's probabilities sum to one as well."""
    from skl2onnx import to_onnx

    register_with_skl2onnx()
    X = np.eye(3, dtype=dtype)
    mlp = MLPClassifier((), max_iter=1, tol=10, output_activation="logistic")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mlp.fit(X, ["a", "b", "c"])
    mlp.network_.parameters[:] = 0
    mlp.network_["W1"] = np.eye(3)
    far = np.array([-1e4, -1e3, -200, -95, -50, -1, 0, 50, 1e4])
    X = np.stack(np.meshgrid(far, far, far), axis=-1).reshape(-1, 3).astype(dtype)
    proto = to_onnx(mlp, X[:1], options={id(mlp): {"zipmap": False}})
    label, shares = onnx_outputs(proto, X).values()
    assert np.abs(shares.sum(axis=1) - 1).max() < 1e-6
    exact = -np.logaddexp(0, -X.astype("float64"))
    exact = np.exp(exact - exact.max(axis=1, keepdims=True))
    exact /= exact.sum(axis=1, keepdims=True)
    tolerance = 2e-5 if dtype == "float32" else 1e-12
    assert_near(shares, exact, tolerance)
    sure = (
        mlp.network_.predict(X).sum(axis=1) > 1e-35
    )  # beyond, float32 has few digits, and then none
    assert sure.sum() > 500
    assert_near(shares[sure], mlp.predict_proba(X[sure]), tolerance)
    assert_labels(label[sure], mlp.predict(X[sure]), exact[sure], tolerance)
