"""scikit-learn: its fitted MLPs as networks, networks as its MLPs; both predict the same."""

from __future__ import annotations

import datetime
import re
import sys
import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

import clearprop as cp
from export_tables import assert_near, cube, inputs

MLPS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}


def fitted(mlp, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return mlp.set_params(max_iter=8, random_state=0).fit(X, y)


def data(load):
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def without_address(value):
    """The id of a parameter, the same in every process."""
    return re.sub(" at 0x[0-9a-f]+", "", repr(value))


class TestFromSklearn:
    @pytest.mark.parametrize("load", [load_iris, load_wine, load_digits])
    @pytest.mark.parametrize("activation", MLPS)
    def test_classes(self, load, activation):
        X, y = data(load)
        mlp = fitted(MLPClassifier([9, 5], activation), X, y)
        net = cp.Network.from_sklearn(mlp)
        assert [f.name for f in net.activations] == [MLPS[activation]] * 2 + ["softmax"]
        assert net.loss.name == "cross_entropy"
        assert_near(net.predict(X), mlp.predict_proba(X), 1e-12)

    def test_two_classes(self):
        X, y = data(load_breast_cancer)
        mlp = fitted(MLPClassifier([9]), X, y)
        net = cp.Network.from_sklearn(mlp)
        assert (net.sizes, net.loss.name) == ((30, 9, 1), "binary_cross_entropy")
        assert_near(net.predict(X)[:, 0], mlp.predict_proba(X)[:, 1], 1e-12)

    def test_several_labels(self):
        X, y = data(load_iris)
        mlp = fitted(MLPClassifier([9]), X, np.c_[y == 0, y > 0, X[:, 0] > 0].astype(int))
        net = cp.Network.from_sklearn(mlp)
        assert net.activations[-1].name == "sigmoid"
        assert_near(net.predict(X), mlp.predict_proba(X), 1e-12)

    @pytest.mark.parametrize("outputs", [1, 2])
    def test_numbers(self, outputs):
        X, y = data(load_diabetes)
        mlp = fitted(MLPRegressor(hidden_layer_sizes=[9]), X, y if outputs == 1 else np.c_[y, -y])
        net = cp.Network.from_sklearn(mlp)
        assert net.loss.name == "squared_error"
        assert_near(net.predict(X), mlp.predict(X).reshape(len(X), outputs), 1e-12)

    def test_rates(self):
        X, y = data(load_diabetes)
        mlp = fitted(MLPRegressor(loss="poisson", hidden_layer_sizes=[9]), X, y)
        net = cp.Network.from_sklearn(mlp)
        assert (net.activations[-1].name, net.loss.name) == ("exp", "poisson")
        assert_near(net.predict(X)[:, 0], mlp.predict(X), 1e-12)

    def test_float32_is_kept_and_parameters_are_copied(self):
        X, y = data(load_iris)
        mlp = fitted(MLPClassifier([9]), X.astype("float32"), y)
        net = cp.Network.from_sklearn(mlp)
        assert net.dtype == "float32"
        assert_near(net.predict(X.astype("float32")), mlp.predict_proba(X.astype("float32")), 1e-6)
        kept = mlp.coefs_[0].copy()
        net.parameters[:] = 0
        assert np.array_equal(mlp.coefs_[0], kept)

    def test_refusals(self, monkeypatch):
        with pytest.raises(cp.ArgumentError, match="MLPClassifier is not fitted: call its fit"):
            cp.Network.from_sklearn(MLPClassifier())
        with pytest.raises(cp.ArgumentError, match="not a StandardScaler$"):
            cp.Network.from_sklearn(StandardScaler())
        ours = StandardScaler()
        ours.network_ = cp.Network([2, 1])
        with pytest.raises(cp.ArgumentError, match="its network_ is a network"):
            cp.Network.from_sklearn(ours)
        monkeypatch.setitem(sys.modules, "sklearn.neural_network", None)
        with pytest.raises(cp.MissingExtraError, match=r"from_sklearn.*clearprop\[tables\]"):
            cp.Network.from_sklearn(MLPClassifier())


class Halved(MLPClassifier):
    def predict_proba(self, X):
        return super().predict_proba(X) / 2


class Careful(MLPClassifier):
    """Its own way to choose among the probabilities, which are scikit-learn's."""

    def predict(self, X):
        return self.classes_[(self.predict_proba(X) > 0.9).argmax(1)]


class Rounded(MLPRegressor):
    def predict(self, X):
        return super().predict(X).round()


class TestFromOneThatWasChanged:
    @pytest.fixture
    def mlp(self):
        return fitted(MLPClassifier([9, 5]), *data(load_iris))

    def test_settings_that_predict_goes_by_are_followed(self, mlp):
        X, _ = data(load_iris)
        mlp.set_params(activation="tanh")
        mlp.coefs_[0] = mlp.coefs_[0] * 2
        mlp.out_activation_ = "logistic"
        net = cp.Network.from_sklearn(mlp)
        assert_near(net.predict(X), mlp.predict_proba(X), 1e-12)

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_not_finite(self, mlp, value):
        mlp.coefs_[1][2, 3] = value
        with pytest.raises(
            cp.NonFiniteError, match=rf"^coefs_\[1\] of the MLPClassifier is {value} at \[2, 3\]"
        ):
            cp.Network.from_sklearn(mlp)
        mlp.coefs_[1][2, 3] = 0
        mlp.intercepts_[2][1] = value
        with pytest.raises(
            cp.NonFiniteError, match=rf"^intercepts_\[2\] of the .* is {value} at \[1\]"
        ):
            cp.Network.from_sklearn(mlp)

    def test_another_way_to_predict(self, mlp):
        X, y = data(load_iris)
        for kind, name in ((Halved, "predict_proba"), (Rounded, "predict")):
            with pytest.raises(
                cp.ArgumentError, match=f"the {kind.__name__} has a {name} of its own"
            ):
                cp.Network.from_sklearn(fitted(kind(), X, y))
        careful = fitted(Careful(), X, y)
        assert_near(cp.Network.from_sklearn(careful).predict(X), careful.predict_proba(X), 1e-12)
        mlp.predict_proba = lambda X: X
        with pytest.raises(cp.ArgumentError, match="has a predict_proba of its own"):
            cp.Network.from_sklearn(mlp)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"n_layers_": 3}, "3 coefs_, 3 intercepts_ and n_layers_ of 3, which do not fit"),
            ({"n_outputs_": 1}, "n_outputs_ of 1, but its last coefs_ have 3"),
            ({"activation": "gelu"}, "activation='gelu', which scikit-learn does not compute"),
            ({"out_activation_": "sigmoid"}, "out_activation_='sigmoid', which scikit-learn"),
        ],
    )
    def test_attributes_that_do_not_fit(self, mlp, changes, message):
        vars(mlp).update(changes)
        with pytest.raises(cp.ArgumentError, match=message):
            cp.Network.from_sklearn(mlp)
        mlp.coefs_.pop()
        mlp.n_layers_ = 3
        with pytest.raises(cp.ArgumentError, match="2 coefs_, 3 intercepts_"):
            cp.Network.from_sklearn(mlp)


class TestToSklearn:
    @pytest.mark.parametrize("activation", MLPS.values())
    @pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-12), ("float32", 1e-6)])
    def test_classes(self, activation, dtype, tolerance):
        net, X = cp.Network([7, 9, 5, 3], activation, "softmax", dtype=dtype), inputs(dtype)
        mlp = net.to_sklearn(classes=["x", "z", "y"])
        assert mlp.classes_.tolist() == ["x", "y", "z"]
        assert_near(mlp.predict_proba(X), net.predict(X)[:, [0, 2, 1]], tolerance)
        assert (
            mlp.predict(X).tolist() == np.array(["x", "z", "y"])[net.predict(X).argmax(1)].tolist()
        )
        assert net.to_sklearn().classes_.tolist() == [0, 1, 2]

    @pytest.mark.parametrize("classes", [None, ["no", "yes"], ["yes", "no"], [True, False]])
    @pytest.mark.parametrize("output", ["sigmoid", "softmax"])
    def test_two_classes(self, output, classes):
        net = cp.Network([7, 5, 1 if output == "sigmoid" else 2], "tanh", output, dtype="float64")
        X = inputs()
        shares = net.predict(X)
        shares = np.c_[1 - shares, shares] if output == "sigmoid" else shares
        mlp = net.to_sklearn(classes=classes)
        names = np.array([0, 1] if classes is None else classes)
        order = np.argsort(names)
        assert mlp.classes_.tolist() == sorted(names.tolist())
        assert_near(mlp.predict_proba(X), shares[:, order], 1e-12)
        assert np.array_equal(mlp.predict(X), names[shares.argmax(1)])

    @pytest.mark.parametrize(
        "classes",
        [
            np.array(["b", "a", "c"], object), (3, 1, 2), np.array([3, 1, 2], np.uint8),
            [2.0, 0.0, 1.0], [np.str_("b"), "a", "c"], ["", "a ", "a"], [-1, 2.0, 5], iter("bac"),
            np.array(["2020-01-02", "2020-01-01", "2020-01-03"], "datetime64[D]"),
        ],
        ids=without_address,
    )  # fmt: skip
    def test_classes_that_scikit_learn_takes(self, classes):
        net, X = cp.Network([7, 4, 3], "tanh", "softmax", dtype="float64"), inputs()
        names = list(classes)
        mlp = net.to_sklearn(classes=iter(names) if isinstance(classes, Iterator) else classes)
        assert mlp.predict(X).tolist() == np.array(names)[net.predict(X).argmax(1)].tolist()
        mlp.partial_fit(X, np.array(names)[[0] * len(X)])

    @pytest.mark.parametrize(
        "classes",
        [
            [None, "a", "b"], ["a", 1, "b"], ["a", np.nan, "b"], [True, False, None], [1, True, 0],
            [1 + 2j, 2, 3], [b"a", b"b", b"c"], [("a",), ("b",), ("c",)], [[1, 2], [3, 4], [5, 6]],
            [datetime.date(2020, 1, day) for day in (1, 2, 3)], [object(), object(), object()],
        ],
        ids=without_address,
    )  # fmt: skip
    def test_classes_of_no_kind_or_of_several(self, classes):
        self.assert_refused(classes, "all of one kind, not")

    @pytest.mark.parametrize("classes", [[0.5, 1.5, 2.5], [np.nan, 1.0, 2.0], [np.inf, 1.0, 2.0],
                                         [1, 2**70, 3], [2**63, -1, 0], [1e300, 1.0, 0.0]], ids=repr)  # fmt: skip
    def test_numbers_that_are_no_classes(self, classes):
        self.assert_refused(classes, "are to be whole, of 64 bits")

    @pytest.mark.parametrize(
        "classes", ["abc", b"abc", {"a", "b", "c"}, {"a": 1, "b": 2, "c": 3}, 5]
    )
    def test_classes_without_an_order(self, classes):
        self.assert_refused(classes, "in the order of the outputs")

    @pytest.mark.parametrize(
        "classes", [[1, 2, 2], ["a", "b"], [], list("abcd"), [1, 1.0, 2]], ids=repr
    )
    def test_too_few_classes(self, classes):
        self.assert_refused(classes, "3 different ones, in the order of the outputs")

    @staticmethod
    def assert_refused(classes, message):
        with pytest.raises(cp.ArgumentError, match=message) as caught:
            cp.Network([7, 4, 3], output="softmax").to_sklearn(classes=classes)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(
        "classes", [[None, "a"], ["a", 1], [0.5, 1.5], [("a",), ("b",)]], ids=repr
    )
    @pytest.mark.parametrize(("output", "n"), [("softmax", 2), ("sigmoid", 1)])
    def test_two_odd_classes(self, output, n, classes):
        with pytest.raises(cp.ArgumentError, match="classes .*are to be"):
            cp.Network([7, 4, n], output=output).to_sklearn(classes=classes)

    def test_several_labels(self):
        net, X = cp.Network([7, 5, 3], "relu", "sigmoid", dtype="float64"), inputs()
        mlp = net.to_sklearn()
        assert_near(mlp.predict_proba(X), net.predict(X), 1e-12)
        assert np.array_equal(mlp.predict(X), (net.predict(X) > 0.5).astype(int))

    @pytest.mark.parametrize("output", ["identity", "exp"])
    @pytest.mark.parametrize("n", [1, 3])
    def test_numbers(self, n, output):
        net, X = cp.Network([7, 5, n], "relu", output, dtype="float64"), inputs()
        found = net.to_sklearn().predict(X)
        assert_near(found, net.predict(X)[:, 0] if n == 1 else net.predict(X), 1e-12)

    @pytest.mark.parametrize("sizes", [[7, 3], [7, 4, 3]])
    def test_there_and_back(self, sizes):
        for biases in (True, False):
            net = cp.Network(sizes, "tanh", "softmax", biases=biases, dtype="float64")
            back = cp.Network.from_sklearn(net.to_sklearn())
            assert back.activations == net.activations
            assert back.loss is net.loss
            assert_near(back.predict(inputs()), net.predict(inputs()), 1e-15)

    def test_from_theirs_and_back(self):
        X, y = data(load_wine)
        mlp = fitted(MLPClassifier([9], "tanh"), X, y)
        back = cp.Network.from_sklearn(mlp).to_sklearn()
        assert np.array_equal(back.predict_proba(X), mlp.predict_proba(X))

    def test_training_goes_on_as_if_it_had_seen_nothing(self):
        X, y = data(load_wine)
        net = cp.Network([13, 6, 3], "relu", "softmax", dtype="float64")
        mlp = net.to_sklearn().set_params(random_state=0)
        assert (mlp.n_iter_, mlp.t_, mlp.loss_curve_) == (0, 0, [])
        mlp.partial_fit(X, y)  # all rows are one batch, and Adam's first step is the rate
        assert np.abs(mlp.coefs_[0].T - net["W1"]).max() == pytest.approx(0.001, rel=1e-4)
        for _ in range(29):
            mlp.partial_fit(X, y)
        assert mlp.t_ == 30 * len(X)
        assert len(mlp.loss_curve_) == 30
        assert (np.diff(mlp.loss_curve_) < 0).all()

    def test_random_numbers_are_left_alone(self):
        state = np.random.get_state()[1].copy()  # noqa: NPY002 - scikit-learn draws from these
        cp.Network([2, 2, 2], output="softmax").to_sklearn()
        assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002

    @pytest.mark.parametrize(
        ("make", "classes", "message"),
        [
            (lambda: cp.Network([2, 2, 2, 1], ["relu", "tanh", "identity"]), None, "relu and tanh; in scikit-learn's MLP all are the same"),
            (lambda: cp.Network([2, 2, 1], "gelu", "identity"), None, "has no gelu: its hidden layers are identity, sigmoid, tanh, relu"),
            (lambda: cp.Network([2, 1], "tanh"), None, "no output of tanh"),
            (lambda: cp.Network([2, 2, 1], cube(), "identity"), None, "activation of your own, 'cube'"),
            (lambda: cp.Network([2, 1]), [1, 2], "output is identity has no classes"),
            (lambda: cp.Network([2, 3], output="sigmoid"), ["a", "b", "c"], "3 labels a row"),
            (lambda: cp.Network([2, 3], output="softmax"), ["a", "b"], "to be 3 different ones"),
            (lambda: cp.Network([2, 3], output="softmax"), ["a", "b", "a"], "to be 3 different ones"),
            (lambda: cp.Network([2, 3], output="softmax", dtype="longdouble"), None, "float32 or float64"),
        ],
    )  # fmt: skip
    def test_refusals(self, make, classes, message):
        with pytest.raises(cp.ArgumentError, match=message):
            make().to_sklearn(classes=classes)
