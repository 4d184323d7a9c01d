"""ONNX: networks, models and scikit-learn pipelines; ONNX Runtime says what the files give."""

from __future__ import annotations

import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import clearprop as cp
from example_tables import PENGUINS
from export_tables import (
    KINDS,
    assert_near,
    crossing,
    cube,
    inputs,
    network,
    numeric_table,
    odd_rows,
    steep,
    wild_settings,
)

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

CLASSES = {"iris": load_iris, "wine": load_wine, "breast_cancer": load_breast_cancer, "digits": load_digits}  # fmt: skip
BUNDLED = CLASSES | {"diabetes": load_diabetes}


def run(proto, given) -> dict[str, np.ndarray]:
    """What ONNX Runtime makes of a model, by the names of its outputs; the file is checked too."""
    content = proto.SerializeToString()
    onnx.checker.check_model(content, full_check=True)
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_outputs()]
    return dict(zip(names, session.run(names, given), strict=True))


def raw(proto, table) -> dict[str, np.ndarray]:
    """A table's columns as the model takes them: numbers, or text that is "" where missing."""
    given = {}
    for one in proto.graph.input:
        column = table[one.name]
        if one.type.tensor_type.elem_type == onnx.TensorProto.STRING:
            text = ["" if pd.isna(value) else str(value) for value in column]
            given[one.name] = np.array(text, dtype=object)[:, None]
        else:
            given[one.name] = column.to_numpy(dtype=np.float64, na_value=np.nan)[:, None]
    return given


def bundled(name: str):
    """Standardized inputs, the target (numbers standardized too), and its names if any."""
    data = BUNDLED[name]()
    X, y = StandardScaler().fit_transform(data.data), data.target
    if name == "diabetes":
        return X, (y - y.mean()) / y.std(), None
    return X, y, [str(one) for one in data.target_names]


class TestNetwork:
    @pytest.mark.parametrize(("f", "dtype"), KINDS)
    def test_outputs_are_equal(self, f, dtype):
        net, X = network(f, dtype), inputs(dtype)
        found = list(run(net.to_onnx(), {"X": X}).values())[-1]
        assert found.dtype == dtype
        # In float64 ONNX Runtime has erf, which gelu is made of, as a cast from float32 alone.
        assert_near(found, net.predict(X), 1e-12 if dtype == "float64" and f != "gelu" else 1e-6)

    @pytest.mark.parametrize(("f", "dtype"), KINDS)
    def test_far_from_zero(self, f, dtype):
        net, X = steep(f, dtype)
        found = list(run(net.to_onnx(), {"X": X}).values())[-1]
        assert_near(found, net.predict(X), 1e-5)

    @pytest.mark.parametrize("f", ["elu", "softplus"])
    def test_what_is_small_keeps_its_digits(self, f):
        """In float64, where these are made of several operators."""
        net = cp.Network.from_weights([np.ones((1, 1))], [np.zeros(1)], activations=f)
        X = -np.concatenate([np.logspace(-300, 2.8, 200), np.linspace(0, 100, 200)])[:, None]
        found = list(run(net.to_onnx(), {"X": X}).values())[-1]
        np.testing.assert_allclose(found, net.predict(X), rtol=4e-15)

    def test_onnx_reads_it_as_onnx_runtime_does(self):
        from onnx.reference import ReferenceEvaluator

        for f in ("gelu", "softplus", "softmax"):
            net, X = network(f, biases=False), inputs()
            found = ReferenceEvaluator(net.to_onnx()).run(None, {"X": X})[-1]
            assert_near(found, net.predict(X), 1e-6)

    @pytest.mark.parametrize("name", CLASSES)
    def test_bundled_classes(self, name):
        X, y, names = bundled(name)
        net = cp.Network([X.shape[1], 16, len(names)], output="softmax", seed=1)
        cp.train(net, X, y, epochs=5)
        found = run(net.to_onnx(classes=names), {"X": X.astype("float32")})
        shares = net.predict(X)
        assert list(found) == ["label", "probabilities"]
        assert_near(found["probabilities"], shares, 1e-5)
        assert np.array_equal(found["label"], np.array(names, dtype=object)[shares.argmax(1)])
        assert np.array_equal(run(net.to_onnx(), {"X": X.astype("float32")})["label"], shares.argmax(1))  # fmt: skip

    def test_bundled_numbers(self):
        X, y, _ = bundled("diabetes")
        net = cp.Network([10, 16, 1], seed=1)
        cp.train(net, X, y, epochs=5)
        found = run(net.to_onnx(), {"X": X.astype("float32")})
        assert list(found) == ["variable"]
        assert_near(found["variable"], net.predict(X), 1e-5)

    def test_one_sigmoid_for_two_classes(self):
        X, y, names = bundled("breast_cancer")
        net = cp.Network([30, 8, 1], output="sigmoid", seed=1)
        cp.train(net, X, y, epochs=5)
        found = run(net.to_onnx(classes=names), {"X": X.astype("float32")})
        second = net.predict(X)[:, 0]
        assert_near(found["probabilities"], np.stack([1 - second, second], axis=1), 1e-5)
        assert np.array_equal(found["label"], np.where(second > 0.5, *names[::-1]))
        assert list(run(net.to_onnx(), {"X": X.astype("float32")})) == ["variable"]

    @pytest.mark.parametrize("classes", [[7, 3], [0.5, 1.5], [True, False], ["ja", "nein"]])
    def test_labels_are_of_the_classes_type(self, classes):
        net, X = cp.Network([7, 2], output="softmax", dtype="float64"), inputs()
        label = run(net.to_onnx(classes=classes), {"X": X})["label"]
        expected = np.array(classes)[net.predict(X).argmax(1)]
        assert label.dtype == (object if isinstance(classes[0], str) else expected.dtype)
        assert label.tolist() == expected.tolist()

    def test_what_the_file_says(self, tmp_path):
        net = cp.Network([4, 8, 3], output="softmax")
        (tmp_path / "n.onnx").write_text("something else")
        proto = net.to_onnx(tmp_path / "n.onnx")
        assert onnx.load(tmp_path / "n.onnx") == proto
        assert [(one.domain, one.version) for one in proto.opset_import] == [("", 17)]
        assert (proto.producer_name, proto.producer_version) == ("clearprop", version("clearprop"))
        assert proto.doc_string == "Network 4-8-3"
        assert [i.name for i in proto.graph.initializer] == ["W1", "b1", "W2", "b2"]
        W2 = onnx.numpy_helper.to_array(proto.graph.initializer[2])
        assert np.array_equal(W2, net["W2"])

    def test_refusals(self, tmp_path):
        with pytest.raises(cp.ArgumentError, match="layer 1 has an activation of your own, 'cube'"):
            cp.Network([2, 2, 1], cube(), "identity").to_onnx()
        three = cp.Network([2, 3], output="softmax")
        for classes in (["a", "b"], list("abcd")):
            with pytest.raises(cp.ArgumentError, match="classes do not fit 3 output.*of softmax"):
                three.to_onnx(classes=classes)
        with pytest.raises(cp.ArgumentError, match="do not fit 1 output.*of identity"):
            cp.Network([2, 1]).to_onnx(classes=["a", "b"])
        with pytest.raises(cp.ArgumentError, match="not a mixture"):
            three.to_onnx(classes=[None, "a", 1])
        for classes in ([[1], [2], [3]], [[1], [2, 3], 4]):
            with pytest.raises(cp.ArgumentError, match="give a list of one for each output"):
                three.to_onnx(classes=classes)
        with pytest.raises(cp.ArgumentError, match="a text in it is no Unicode"):
            three.to_onnx(classes=["a", "b", "\udcff"])
        with pytest.raises(cp.FileWriteError):
            three.to_onnx(tmp_path / "no" / "folder.onnx")

    def test_without_onnx(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "onnx", None)
        with pytest.raises(
            cp.MissingExtraError, match=r"to_onnx\(\) needs onnx.*clearprop\[onnx\]"
        ):
            cp.Network([2, 1]).to_onnx()

    def test_more_than_a_file_holds(self, monkeypatch):
        monkeypatch.setattr("clearprop.export.onnx_graph.LARGEST", 1000)
        with pytest.raises(cp.ArgumentError, match="an ONNX file ends at 2 GB"):
            cp.Network([20, 20]).to_onnx()


def agree(model: cp.Model, table) -> None:
    """ONNX Runtime and the model predict the same from raw columns."""
    proto = model.to_onnx()
    assert [one.name for one in proto.graph.input] == model.columns
    found = run(proto, raw(proto, table))
    if model.classes:
        shares = model.predict_proba(table)
        assert list(found) == ["label", "probabilities"]
        assert_near(found["probabilities"], shares, 1e-5)
        assert found["label"].tolist() == model.predict(table).tolist()
    else:
        assert list(found) == ["variable"]
        assert_near(found["variable"][:, 0], model.predict(table), 1e-5)


class TestModel:
    @pytest.mark.parametrize("name", BUNDLED)
    def test_bundled(self, name):
        data = BUNDLED[name](as_frame=True)
        table = data.data.copy()
        table["goal"] = data.target if name == "diabetes" else data.target_names[data.target]
        agree(cp.Model.fit(table, "goal", hidden=[16], epochs=5, compare=False), table)

    def test_text_and_missing_values(self):
        model = cp.Model.fit(PENGUINS, "species", hidden=[16], epochs=5, compare=False)
        agree(model, PENGUINS)
        odd = PENGUINS.head(6).assign(
            island=["Mars", None, "Dream", "?", "", "dream"],
            sex=[None, "female", "NA", "x", "male", "nan"],
            body_mass_g=[1e30, None, 4000, 0, -1e30, 1],
        )
        agree(model, odd)

    @pytest.mark.parametrize("wild", [False, True])
    @pytest.mark.parametrize("target", ["price", "kind"])
    def test_true_and_false(self, target, wild):
        table = numeric_table(wild=wild)
        table = table.drop(columns={"price", "kind"} - {target})
        model = cp.Model.fit(
            table, target, hidden=[6], epochs=5, compare=False, **wild_settings(wild)
        )
        agree(model, table)
        agree(model, odd_rows(table))
        words = ["yes", "No", "TRUE", "f", "1", "0", "maybe", "NULL"]
        odd = table.head(8).assign(owned=words, tested=words, rare=words[::-1])
        with pytest.warns(cp.TableWarning, match="no true or false: 'maybe'"):
            agree(model, odd)

    def test_codes(self):
        """Numbers that are names: as text, and as pandas writes them where some are missing."""
        rng = np.random.default_rng(0)
        table = pd.DataFrame({"code": rng.choice([3, -7, 10], 90), "x": rng.normal(size=90)})
        table["y"] = table["x"] * table["code"]
        model = cp.Model.fit(table, "y", hidden=[4], categorical=["code"], epochs=2, compare=False)
        assert model.features[0].startswith("code = ")
        agree(model, table)
        floats = table.assign(code=table["code"].where(table.index % 5 != 0))
        assert str(floats["code"][1]).endswith(".0")
        agree(model, floats)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_quantiles_ascend(self, dtype):
        model, table = crossing(dtype)
        proto = model.to_onnx()
        onnx.checker.check_model(proto, full_check=True)
        found = run(proto, raw(proto, table))["variable"]
        assert_near(found, model.predict_quantiles(table), 1e-5)

    def test_rare_values_and_float64(self):
        rng = np.random.default_rng(0)
        table = pd.DataFrame({"c": rng.choice(list("abc"), 90), "x": rng.normal(size=90)})
        table.loc[3, "c"] = "once"
        table["y"] = np.arange(90) % 3 == 0
        model = cp.Model.fit(table, "y", hidden=[4], epochs=2, compare=False, test=0, validation=0)
        assert "c is rare or new" in model.features
        odd = table.head(3).assign(c=["once", "never", "a"])
        agree(model, odd)
        model.network = model.network.astype("float64")
        proto = model.to_onnx()
        found = run(proto, raw(proto, odd))
        assert found["label"].dtype == bool
        # Inputs are rounded to float32 on the way, as they are where a network is in float32.
        assert_near(found["probabilities"], model.predict_proba(odd), 1e-6)

    def test_what_the_file_says(self, tmp_path):
        model = cp.Model.fit(PENGUINS, "species", hidden=[4], epochs=1, compare=False)
        proto = model.to_onnx(tmp_path / "m.onnx")
        assert onnx.load(tmp_path / "m.onnx") == proto
        assert {one.domain: one.version for one in proto.opset_import} == {"": 17, "ai.onnx.ml": 3}
        assert proto.doc_string == "Predicts 'species': classification"
        assert model.to_onnx().SerializeToString() == proto.SerializeToString()

    def test_refusals(self):
        table = numeric_table().drop(columns="kind")
        dated = table.assign(day=np.datetime64("2024-01-01") + np.arange(150))
        with pytest.raises(cp.ArgumentError, match=r"column 'day' holds dates.*drop=\['day'\]"):
            cp.Model.fit(dated, "price", hidden=[2], epochs=1, compare=False).to_onnx()
        named = table.rename(columns={"time": "variable"})
        with pytest.raises(cp.ArgumentError, match="a column 'variable', as an output is to be"):
            cp.Model.fit(named, "price", hidden=[2], epochs=1, compare=False).to_onnx()


class Classifier(ClassifierMixin, BaseEstimator):
    """Stands for any estimator that keeps its network in network_."""

    def fit(self, X, y):
        X = np.asarray(X)
        self.n_features_in_ = X.shape[1]
        self.classes_ = np.arange(y.shape[1]) if y.ndim == 2 else np.unique(y)
        n = 1 if len(self.classes_) == 2 and y.ndim == 1 else len(self.classes_)
        output = "sigmoid" if n == 1 or y.ndim == 2 else "softmax"
        self.network_ = cp.Network([X.shape[1], 16, n], output=output, dtype=X.dtype, seed=1)
        target = y if y.ndim == 2 else np.searchsorted(self.classes_, y)
        cp.train(self.network_, X, target, epochs=5)
        return self

    def predict_proba(self, X):
        a = self.network_.predict(X)
        return np.hstack([1 - a, a]) if a.shape[1] == 1 else a

    def predict(self, X):
        shares = self.predict_proba(X)
        if self.network_.loss.name == "binary_cross_entropy" and self.network_.sizes[-1] > 1:
            return (shares > 0.5).astype(int)
        return self.classes_[shares.argmax(1)]


class Regressor(RegressorMixin, BaseEstimator):
    """As above, for numbers."""

    def fit(self, X, y):
        X = np.asarray(X)
        self.n_features_in_ = X.shape[1]
        self.network_ = cp.Network([X.shape[1], 16, y.size // len(y)], dtype=X.dtype, seed=1)
        cp.train(self.network_, X, y, epochs=5)
        return self

    def predict(self, X):
        a = self.network_.predict(X)
        return a[:, 0] if a.shape[1] == 1 else a


class TestPipeline:
    @pytest.fixture(autouse=True)
    def registered(self):
        pytest.importorskip("skl2onnx")
        from clearprop.export.skl2onnx import register

        register(Classifier, Regressor)

    def convert(self, pipeline, X, **options):
        from skl2onnx import to_onnx

        if isinstance(pipeline[-1], Classifier):
            options = {id(pipeline): {"zipmap": False, **options}}
        return to_onnx(pipeline, X[:1], options=options or None)

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("name", CLASSES)
    def test_bundled_classes(self, name, dtype):
        data = CLASSES[name]()
        X = data.data.astype(dtype)
        for y in (data.target, data.target_names[data.target]):
            pipeline = make_pipeline(StandardScaler(), Classifier()).fit(X, y)
            found = run(self.convert(pipeline, X), {"X": X})
            assert list(found) == ["label", "probabilities"]
            assert_near(found["probabilities"], pipeline.predict_proba(X), 1e-5)
            assert found["label"].tolist() == pipeline.predict(X).tolist()

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_bundled_numbers(self, dtype):
        X, y = load_diabetes(return_X_y=True)
        X = X.astype(dtype)
        for target in (y / 100, np.stack([y, -y], axis=1) / 100):
            pipeline = make_pipeline(MinMaxScaler(), Regressor()).fit(X, target)
            found = run(self.convert(pipeline, X), {"X": X})
            assert list(found) == ["variable"]
            assert_near(found["variable"].reshape(target.shape), pipeline.predict(X), 1e-5)

    @pytest.mark.parametrize("name", BUNDLED)
    def test_our_own_estimators(self, name):
        from clearprop.estimators import MLPClassifier, MLPRegressor
        from clearprop.export.skl2onnx import register

        register(MLPClassifier, MLPRegressor)
        X, y = BUNDLED[name](return_X_y=True)
        own = {"hidden_layer_sizes": [16], "max_iter": 300, "tol": 0.1, "random_state": 0}
        mlp = (MLPRegressor if name == "diabetes" else MLPClassifier)(**own)
        pipeline = make_pipeline(StandardScaler(), mlp).fit(X, y / 100 if name == "diabetes" else y)
        options = {} if name == "diabetes" else {id(pipeline): {"zipmap": False}}
        from skl2onnx import to_onnx

        found = run(to_onnx(pipeline, X[:1], options=options), {"X": X})
        if name == "diabetes":
            assert_near(found["variable"][:, 0], pipeline.predict(X), 1e-5)
        else:
            assert_near(found["probabilities"], pipeline.predict_proba(X), 1e-5)
            assert np.array_equal(found["label"], pipeline.predict(X))

    def test_several_labels(self):
        X, y = load_iris(return_X_y=True)
        labels = np.stack([y == 0, y > 0, X[:, 0] > 6], axis=1).astype(int)
        pipeline = make_pipeline(StandardScaler(), Classifier()).fit(X, labels)
        found = run(self.convert(pipeline, X), {"X": X})
        assert_near(found["probabilities"], pipeline.predict_proba(X), 1e-5)
        assert np.array_equal(found["label"], pipeline.predict(X))

    def test_outputs_are_those_of_scikit_learns_own(self):
        from skl2onnx import to_onnx
        from sklearn.neural_network import MLPClassifier

        X, y = load_iris(return_X_y=True)
        theirs = MLPClassifier([4], solver="lbfgs", max_iter=1000, tol=1).fit(X, y)
        for options in ({}, {"zipmap": False}, {"zipmap": "columns"}, {"zipmap": False, "output_class_labels": True}, {"nocl": True}):  # fmt: skip
            shown = [
                [(o.name, o.type) for o in to_onnx(one, X[:1], options={id(one): options}).graph.output]
                for one in (theirs, Classifier().fit(X, y))
            ]  # fmt: skip
            assert shown[0] == shown[1]

    def test_true_and_false_come_as_whole_numbers(self):
        X, y = load_breast_cancer(return_X_y=True)
        pipeline = make_pipeline(StandardScaler(), Classifier()).fit(X, y == 1)
        label = run(self.convert(pipeline, X), {"X": X})["label"]
        assert label.dtype == np.int64
        assert np.array_equal(label, pipeline.predict(X))

    def test_refusals(self, monkeypatch):
        from clearprop.export.skl2onnx import register

        X, y = load_iris(return_X_y=True)
        pipeline = make_pipeline(StandardScaler(), Classifier()).fit(X, y + 0.5)
        with pytest.raises(cp.ArgumentError, match="numbers with decimals, which skl2onnx has no"):
            self.convert(pipeline, X)
        pipeline = make_pipeline(StandardScaler(), Classifier()).fit(X, y)
        pipeline[-1].classes_ = pipeline[-1].classes_[:1]
        with pytest.raises(
            cp.ArgumentError, match="has seen one class alone, 0: fit it to data of"
        ):
            self.convert(pipeline, X)
        pipeline = make_pipeline(StandardScaler(), Classifier()).fit(X, y)
        for outputs, kind in ((3, "tanh"), (1, "identity")):
            pipeline[-1].network_ = cp.Network([4, outputs], output=kind)
            with pytest.raises(cp.ArgumentError, match=f"outputs are {kind}, which are no prob"):
                self.convert(pipeline, X)
        with pytest.raises(cp.ArgumentError, match="StandardScaler is neither a classifier nor"):
            register(StandardScaler)
        monkeypatch.setitem(sys.modules, "skl2onnx", None)
        with pytest.raises(cp.MissingExtraError, match=r"skl2onnx.*clearprop\[onnx\]"):
            register(Classifier)
