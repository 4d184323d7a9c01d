"""Why a run diverged: the cause that is named is the one that was put in, and its remedy helps.

Each run here has one thing wrong (some have two). It has to fail, alike in both engines; the cause
and the number in its evidence are those that were put in; and the same run with the remedy named
goes through to its end.
"""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

import clearprop as cp

R = np.random.default_rng(0)
X = R.normal(size=(60, 4))
Y = X @ [1.0, -2.0, 0.5, 3.0] + 0.1 * R.normal(size=60)
LABELS, BITS = R.integers(0, 3, 60), (R.random(60) < 0.5).astype(float)
COUNTS = R.poisson(3.0, 60).astype(float)
ENGINES = ("compiled", "reference")


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """However slow the machine is."""
    monkeypatch.setattr("clearprop.training.causes.SECONDS", 1e9)


def scaled(factor, *columns):
    wrong = X.copy()
    wrong[:, columns] *= factor
    return wrong


def standardized(rows):
    rows = rows / np.abs(rows).max(axis=0)
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def network(output="identity", activations="relu", n=1, dtype="float32", **more):
    return cp.Network([4, 8, n], activations, output, dtype=dtype, seed=1, **more)


def line(**more):
    return cp.Network([4, 1], "identity", seed=1, **more)


def deep():
    return cp.Network([4, 16, 16, 16, 1], "relu", "identity", seed=1)


def heavy(factor):
    net = network()
    net["W2"] *= np.float32(factor)
    return net


def one_weight(z):
    """A network whose output is e^z for the input 1: beyond float32 from z = 89 on."""
    net = cp.Network([1, 1], "exp", loss="absolute_error", biases=False, seed=1)
    net["W1"] = z
    return net


def sgd(rate, **more):
    return {"optimizer": cp.SGD(rate, **more)}


# What is wrong: the network, X, y, settings; the cause; words of its evidence; what the remedy
# changes of the four, in the order (network, X, y, settings), None where it stays.
SLOWER = re.compile(r"try a learning rate of ([\d.e-]+)")
CASES = {
    "a rate of 10": (lambda: (network(), X, Y, sgd(10.0)), "learning rate", "the cost grew"),
    "a rate of 1 through four layers": (lambda: (deep(), X, Y, sgd(1.0)), "learning rate", "grew"),
    "a rate of 1e30": (lambda: (network(), X, Y, sgd(1e30)), "learning rate", "one update took"),
    "a line in float64": (
        lambda: (line(dtype="float64"), 3 * X, Y, sgd(0.5) | {"batch_size": 10, "epochs": 300}),
        "learning rate", "steps in a row, from 18.6 to",
    ),
    "momentum": (
        lambda: (line(), 2 * X, Y, sgd(0.7, momentum=0.8) | {"epochs": 300}), "learning rate", "grew",
    ),
    "nesterov": (
        lambda: (line(), 2 * X, Y, sgd(0.5, momentum=0.9, nesterov=True) | {"epochs": 300}),
        "learning rate", "grew in 31 steps",
    ),
    "adam": (
        lambda: (network("exp", loss="squared_error"), X, abs(Y), {"optimizer": cp.Adam(100.0)}),
        "learning rate", "a rate of 1 in place of 100",
    ),
    "adamw": (lambda: (network(), X, Y, {"optimizer": cp.AdamW(1e20)}), "learning rate", "1e+20"),
    "rmsprop": (lambda: (network(), X, Y, {"optimizer": cp.RMSprop(1e25)}), "learning rate", "1e+25"),
    "one row a batch": (
        lambda: (network(), 5 * X, Y, sgd(0.3) | {"batch_size": 1}), "learning rate", "grew",
    ),
    "a schedule": (
        lambda: (network(), X, Y, sgd(cp.cosine(20.0))), "learning rate", "a rate of 0.1 in place of 18.9101",
    ),
    "dropout": (lambda: (network(), X, Y, sgd(20.0) | {"dropout": 0.2}), "learning rate", "grew"),
    "sample weights": (
        lambda: (network(), X, Y, sgd(20.0) | {"sample_weight": np.arange(60.0)}),
        "learning rate", "grew",
    ),
    "a squared exp": (
        lambda: (network("exp", "tanh", loss="squared_error"), X, abs(Y), sgd(1.0)),
        "learning rate", "in one step",
    ),
    "poisson": (
        lambda: (network("exp", "tanh", loss="poisson"), X, COUNTS, sgd(5.0)), "learning rate", "grew",
    ),
    "a column of 1e6": (
        lambda: (network(), scaled(1e6, 2), Y, sgd(0.01)), "input", "x[2] reaches 3.11e+06, and",
    ),
    "a column of 1e12": (
        lambda: (network(), scaled(1e12, 3), Y, sgd(0.01)), "input", "x[3] reaches 3.07e+12, and",
    ),
    "a column of 1e37": (
        lambda: (network(), scaled(1e37, 1), Y, sgd(0.01)), "input", "x[1] reaches 2.2e+37, and",
    ),
    "a column of 1e200": (
        lambda: (network(dtype="float64"), scaled(1e200, 3), Y, sgd(0.01)), "input", "3.07e+200",
    ),
    "two columns": (
        lambda: (network(), scaled(1e8, 0, 3), Y, sgd(0.01)), "input",
        "x[3] reaches 3.07e+08, x[0] 2.33e+08, and with them",
    ),
    "two columns far apart": (
        lambda: (network(), scaled(1e6, 0) * [1, 1, 1, 1e12], Y, sgd(0.01)), "input",
        "x[3] reaches 3.07e+12, x[0] 2.33e+06, and",
    ),
    "all columns": (
        lambda: (network("exp", loss="poisson"), 1000 * X, COUNTS, sgd(0.01)), "input",
        "(and 1 more), and with them standardized",
    ),
    "a column, with adam": (
        lambda: (network("softmax", n=3), scaled(1e25, 3), LABELS, {"optimizer": "adam"}), "input",
        "x[3] reaches 3.07e+25",
    ),
    "a column, with rmsprop": (
        lambda: (network("softmax", n=3), scaled(1e25, 3), LABELS, {"optimizer": "rmsprop"}), "input",
        "x[3] reaches 3.07e+25",
    ),
    "targets of 1e20": (lambda: (network(), X, 1e20 * Y, sgd(0.01)), "target", "y[0] reaches 9.78e+20"),
    "targets of 1e6": (lambda: (network(), X, 1e6 * Y, sgd(0.05)), "target", "y[0] reaches 9.78e+06"),
    "targets, with l-bfgs": (
        lambda: (network(), X, 1e30 * Y, {"optimizer": "lbfgs"}), "target", "y[0] reaches 9.78e+30",
    ),
    "weights of 1e30": (lambda: (heavy(1e30), X, Y, sgd(0.01)), "weights", "W2 reaches 7.63e+29"),
    "l2 of 1e4": (lambda: (network(), X, Y, sgd(0.01) | {"l2": 1e4, "epochs": 200}), "l2", "is 100:"),
    "l2 of 1e300": (lambda: (network(), X, Y, sgd(0.01) | {"l2": 1e300}), "l2", "is 1e+298"),
    "a penalty beyond floats": (
        lambda: (network(dtype="float64"), X, Y, sgd(1e-309) | {"l2": 1.7e308}), "l2",
        "the penalty of the first weights is inf",
    ),
    "beyond float32": (
        lambda: (one_weight(89.0), [[1.0]], [0.0], sgd(1e-45) | {"epochs": 5}), "dtype",
        "a1 is 4.49e+38, and float32 ends at 3.4e+38",
    ),
}  # fmt: skip


def failed(make, engine="reference", **more):
    net, rows, y, settings = make()
    with pytest.raises(cp.DivergenceError) as caught:
        cp.train(net, rows, y, engine=engine, **settings, **more)
    assert np.isfinite(net.parameters).all()
    return caught.value


def remedied(error, net, rows, y, settings):
    """The run as the error says it should be."""
    if error.cause == "input":
        rows = standardized(rows)
    if error.cause == "target" or "scale y" in error.remedy:
        y = y / np.abs(y).max()
    if error.cause == "weights":
        net = network()
    if error.cause == "l2":
        settings |= {"l2": float(error.remedy.removeprefix("try l2="))}
    if error.cause == "dtype":
        assert error.remedy == "compute in float64 (precision='float64')"
        settings |= {"precision": "float64"}
    if found := SLOWER.search(error.remedy):
        rule = settings["optimizer"]
        settings |= {"optimizer": cp.SGD(float(found[1]), *rule_rest(rule)) if isinstance(rule, cp.SGD)
                     else type(rule)(float(found[1]))}  # fmt: skip
    return net, rows, y, settings


def rule_rest(rule):
    return rule.momentum, rule.nesterov


@pytest.mark.parametrize("case", CASES)
class TestCauses:
    def test_the_cause_is_what_was_put_in_and_the_remedy_helps(self, case):
        make, cause, words = CASES[case]
        error = failed(make)
        assert error.cause == cause
        assert words in error.evidence
        assert str(error).endswith(f"{error.evidence}: {error.remedy}")
        assert "\n" not in str(error)
        net, rows, y, settings = remedied(error, *make())
        history = cp.train(net, rows, y, **settings)
        assert history.stopped in ("completed", "converged", "line search failed")
        assert np.isfinite(history.loss).all()

    def test_both_engines_say_the_same(self, case):
        errors = [failed(CASES[case][0], engine) for engine in ENGINES]
        names = ("epoch", "step", "layer", "quantity", "cause", "evidence", "remedy", "where")
        compiled, reference = ({name: getattr(one, name) for name in names} for one in errors)
        assert compiled == reference
        assert str(compiled["epoch"]) in str(errors[0])


class TestWhere:
    def test_epoch_step_layer_and_quantity(self):
        error = failed(lambda: (deep(), X, Y, sgd(1.0)))
        assert (error.epoch, error.step, error.layer, error.quantity) == (3, 5, 2, "z2")
        assert "in epoch 3, step 5: z2[" in str(error)

    def test_a_cost_has_no_layer(self):
        error = failed(lambda: (network(), X, Y, sgd(10.0)))
        assert (error.layer, error.quantity) == (None, "L_i")
        assert "L_i[0] is inf for row 2 of its batch" in str(error)

    @pytest.mark.parametrize("engine", ENGINES)
    def test_a_gradient(self, engine):
        error = failed(CASES["l2 of 1e300"][0], engine)
        assert (error.layer, error.quantity) == (1, "dW1")

    @pytest.mark.parametrize("engine", ENGINES)
    def test_an_array_of_the_optimizer(self, engine):
        error = failed(CASES["a column, with rmsprop"][0], engine)
        assert (error.epoch, error.step) == (1, 1)  # also where it is noticed epochs later
        assert (error.layer, error.quantity) == (1, "square of W1")

    @pytest.mark.parametrize("engine", ENGINES)
    def test_a_parameter(self, engine):
        net = cp.Network([2, 1], dtype="float32", seed=1)
        with pytest.raises(cp.DivergenceError, match="W1 holds (-)?inf after the update") as caught:
            cp.train(net, 1e30 * X[:, :2], Y, optimizer=cp.SGD(1e30), loss="absolute_error",
                     engine=engine)  # fmt: skip
        assert (caught.value.layer, caught.value.quantity) == (1, "W1")

    def test_it_is_pickled_whole(self):
        error = failed(lambda: (deep(), X, Y, sgd(1.0)))
        again = pickle.loads(pickle.dumps(error))
        assert str(again) == str(error)
        assert (again.step, again.cause, again.layer) == (error.step, error.cause, error.layer)


class TestTwoThingsAtOnce:
    def test_inputs_and_the_rate(self):
        def make():
            return network(), scaled(1e6, 2), Y, sgd(10.0)

        error = failed(make)
        assert error.cause == "input"
        assert "x[2] reaches 3.11e+06" in error.evidence
        assert "a rate of 0.1 in place of 10" in error.evidence
        net, rows, y, settings = remedied(error, *make())
        assert np.isfinite(cp.train(net, rows, y, **settings).loss).all()
        with pytest.raises(cp.DivergenceError):  # neither alone
            cp.train(network(), standardized(rows), Y, **sgd(10.0))

    def test_inputs_and_targets(self):
        def make():
            return network(), scaled(1e6, 2), 1e6 * Y, sgd(0.01)

        error = failed(make)
        assert error.cause == "input"
        assert "x[2] reaches 3.11e+06, and y[0] reaches 9.78e+06" in error.evidence
        net, rows, y, settings = remedied(error, *make())
        assert np.isfinite(cp.train(net, rows, y, **settings).loss).all()

    def test_float64_is_a_remedy_of_inputs_too(self):
        make = CASES["a column, with adam"][0]
        assert failed(make).remedy.endswith("or compute in float64 (precision='float64')")
        net, rows, y, settings = make()
        assert np.isfinite(cp.train(net, rows, y, precision="float64", **settings).loss).all()

    def test_float64_is_not_named_where_it_does_not_help(self):
        assert "float64" not in failed(CASES["a column of 1e6"][0]).remedy


def test_a_run_of_a_step_is_said_to_be_repeated():
    """And goes through by 200 steps: those after the first would fail of what made weights large."""
    net = network()
    net.parameters[:] *= 1e30
    with pytest.raises(cp.DivergenceError) as caught:
        cp.train(net, X, Y, epochs=1, batch_size=len(X), optimizer=cp.SGD(0.01))
    assert caught.value.cause == "weights"
    assert "draws them the same run, repeated, goes through 200 steps" in caught.value.evidence


class TestEarlierRuns:
    """Calls that go on from each other, as of `partial_fit`: weights are what they made of them."""

    @pytest.mark.parametrize(
        ("cause", "rows", "y", "rate", "l2", "remedy"),
        [
            ("input", scaled(1e4, 2), Y, 0.01, 0.0, "begin anew, and standardize it "),
            ("target", X, 1e5 * Y, 0.01, 0.0, "begin anew, and scale y to about 1"),
            ("learning rate", X, Y, 5.0, 0.0, "begin anew, and try a learning rate of 0."),
            ("l2", X, Y, 0.01, 1e5, "begin anew, and try l2=1"),
        ],
    )
    def test_what_made_the_weights_large_is_named(self, cause, rows, y, rate, l2, remedy):
        net = network()
        settings = {"epochs": 1, "batch_size": len(rows), "l2": l2, "optimizer": cp.SGD(rate)}

        def go_on():
            for _ in range(1000):
                cp.train(net, rows, y, **settings)

        with pytest.raises(cp.DivergenceError) as caught:
            go_on()
        error = caught.value
        assert (error.cause, error.step) == (cause, 1)
        assert re.match(r"[Wb]\d reaches \S+ before the first update", error.evidence)
        assert "and new weights, the same run, repeated, goes through 200 steps" in error.evidence
        assert error.remedy.startswith(remedy)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("batch_size", [None, 2500])
def test_of_large_batches_some_rows_are_made_again(engine, batch_size):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6000, 4)) * [1, 1, 1e9, 1]
    settings = sgd(0.01) | {"batch_size": batch_size, "epochs": 30}
    error = failed(lambda: (network(), rows, rng.normal(size=6000), settings), engine)
    assert error.cause == "input"
    assert "x[2] reaches" in error.evidence
    assert "the same run goes through" in error.evidence
    assert error.epoch == (error.step - 1) // (1 if batch_size is None else 3) + 1


def test_a_column_is_called_by_its_name():
    pd = pytest.importorskip("pandas")
    table = pd.DataFrame(scaled(1e12, 3), columns=["age", "size", "rooms", "income"])
    for call in (cp.train, lambda *a, **k: list(cp.steps(*a, **k))):
        with pytest.raises(cp.DivergenceError, match="'income' reaches 3.07e.12") as caught:
            call(network(), table, Y, optimizer=cp.SGD(0.01))
        assert caught.value.cause == "input"


class TestFunctionsOfOnesOwn:
    @staticmethod
    def loss(bound=50.0, value=np.nan):
        return cp.Loss(
            "short", lambda a, y: np.square(a - y).sum() if np.all(np.abs(a) < bound) else value,
            lambda a, y: 2 * (a - y), formula="sum_j((a_j - y_j)^2)",
        )  # fmt: skip

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    def test_a_loss(self, value):
        error = failed(
            lambda: (network(loss=self.loss(value=value)), X, 60 * Y, sgd(0.003) | {"epochs": 99})
        )
        assert error.cause == "own function"
        found = re.search(
            rf"the value of loss 'short' is {value} for the output ([-\d.]+) and", str(error)
        )
        assert abs(float(found[1])) >= 50
        assert error.quantity == "L_i"

    def test_a_loss_that_grows_with_the_run_is_not_to_blame(self):
        error = failed(lambda: (network(loss=self.loss(1e30, np.inf)), X, Y, sgd(10.0)))
        assert error.cause == "learning rate"

    def test_the_derivative_of_a_loss(self):
        steep = cp.Loss(
            "steep", lambda a, y: np.square(a - y).sum(),
            lambda a, y: 2 * (a - y) if np.all(np.abs(a) < 50) else np.full_like(a, np.inf),
            formula="sum_j((a_j - y_j)^2)",
        )  # fmt: skip
        error = failed(lambda: (network(loss=steep), X, 60 * Y, sgd(0.003) | {"epochs": 99}))
        assert (error.cause, error.quantity) == ("own function", "delta2")
        assert re.search(
            r"the derivative of loss 'steep' is inf for the output -?[5-9]\d\.", str(error)
        )

    def test_the_derivative_of_an_activation(self):
        cusp = cp.Activation("cusp", lambda z: 0.1 * z, lambda z: 0.1 if abs(z) < 30 else np.nan)
        error = failed(lambda: (network(activations=cusp), 20 * X, Y, sgd(1e-6)))
        assert (error.cause, error.layer, error.quantity) == ("own function", 1, "delta1")
        z = re.search(
            r"the derivative of activation 'cusp' makes delta1\[\d\] nan at z1\[\d\] = (\S+):",
            str(error),
        )
        assert abs(float(z[1])) >= 30

    def test_an_activation(self):
        root = cp.Activation("root", lambda z: np.sqrt(z + 30), lambda z: 0.5 / np.sqrt(z + 30))
        net = network(activations=root)
        with np.errstate(all="ignore"):
            error = failed(lambda: (net, 20 * X, Y, sgd(1e-6)))
        assert error.cause == "own function"
        assert (error.layer, error.quantity) == (1, "a1")
        z = float(re.search(r"activation 'root' gives nan for z1\[\d\] = (\S+):", str(error))[1])
        assert z < -30

    def test_an_optimizer(self):
        class Wild(cp.SGD):
            def update(self, parameters, gradient, state, now, is_weight):
                super().update(parameters, gradient, state, now, is_weight)
                if now.t == 5:
                    parameters[1] = np.inf

        for engine in ENGINES:
            error = failed(lambda: (network(), X, Y, {"optimizer": Wild(0.01)}), engine)
            assert error.cause == "own function"
            assert (error.step, error.quantity) == (6, "W1")
            assert "optimizer Wild made W1 so of a gradient of" in error.evidence

    def test_a_callback(self):
        def spoil(epoch):
            epoch.network["W2"] = np.nan

        error = failed(lambda: (network(), X, Y, sgd(0.01) | {"callbacks": spoil}))
        assert (error.cause, error.epoch, error.layer, error.quantity) == ("callback", 1, 2, "W2")


class TestLogsOfZero:
    @pytest.mark.parametrize("engine", ENGINES)
    def test_saturated_outputs_and_the_remedy(self, engine, own_cache):
        own = cp.Activation(
            "own_sigmoid",
            lambda z: 1 / (1 + np.exp(-z)),
            lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
        )

        def make(output=own):
            return line_of(output, loss="binary_cross_entropy"), 100 * X, BITS, sgd(0.01)

        def line_of(output, **more):
            return cp.Network([4, 1], output, seed=1, **more)

        with np.errstate(all="ignore"):
            error = failed(make, engine)
        assert error.cause == "log of 0"
        assert "the output a1[0] is 1 where the target is 0, so that binary_cross_entropy" in str(
            error
        )
        assert "output='sigmoid'" in error.remedy
        net, rows, y, settings = make("sigmoid")
        assert np.isfinite(cp.train(net, rows, y, **settings).loss).all()


class TestLooks:
    """After an epoch, at validation data."""

    @pytest.mark.parametrize("engine", ENGINES)
    def test_a_column_that_training_has_not_seen_so_large(self, engine):
        net = network("exp", loss="squared_error")
        held_out = scaled(1e4, 2)[:9], abs(Y[:9])
        with pytest.raises(cp.DivergenceError) as caught:
            cp.train(net, X, abs(Y), validation=held_out, optimizer=cp.SGD(1e-4), engine=engine)
        error = caught.value
        assert (error.cause, error.epoch, error.step) == ("input", 1, None)
        assert error.quantity == "validation loss"
        most = np.abs(held_out[0][:, 2]).max()
        assert f"x[2] reaches {most:.3g} where training has 3.11 at the most" in error.evidence
        inside = np.clip(held_out[0], -3.11, 3.11), held_out[1]
        net = network("exp", loss="squared_error")
        cp.train(net, X, abs(Y), validation=inside, optimizer=cp.SGD(1e-4), engine=engine)

    def test_beyond_float32(self):
        net = cp.Network([1, 1], output="exp", loss="squared_error", biases=False, seed=0)
        net["W1"] = 5.0
        rows, held_out = [[-1.0], [9.0]], ([[10.0]], [0.0])
        with pytest.raises(cp.DivergenceError) as caught:
            cp.train(
                net,
                rows,
                [0.0, np.exp(45.0)],
                validation=held_out,
                optimizer=cp.SGD(1e-45),
                epochs=1,
            )
        assert caught.value.cause == "dtype"
        cp.train(net, rows, [0.0, np.exp(45.0)], validation=held_out, optimizer=cp.SGD(1e-45),
                 precision="float64", epochs=1)  # fmt: skip

    def test_parameters_too_large_for_the_network(self):
        net = cp.Network([1, 1], "identity", biases=False, seed=1)
        settings = {"optimizer": cp.SGD(1e6), "epochs": 9, "precision": "float64"}
        with pytest.raises(cp.DivergenceError) as caught:
            cp.train(net, [[1e-3]], [1e38], **settings)
        error = caught.value
        assert (error.cause, error.layer, error.quantity) == ("dtype", 1, "W1")
        assert float(re.search(r"W1 reaches (\S+),", error.evidence)[1]) > 3.4e38
        cp.train(net.astype("float64"), [[1e-3]], [1e38], **settings)


class TestNoCauseWithoutEvidence:
    def test_a_run_that_does_not_fail_again(self):
        calls = []

        class Once(cp.SGD):
            def update(self, parameters, gradient, state, now, is_weight):
                calls.append(now.t)
                parameters[0] = np.nan if len(calls) == 7 else parameters[0]

        error = failed(lambda: (network(), X, Y, {"optimizer": Once(0.01)}))
        assert error.cause is None
        assert (error.evidence, error.remedy) == ("", "")
        assert str(error).endswith("no cause was found (the run could not be made to fail again)")

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_what_nothing_that_is_tried_helps(self, dtype):
        class Wild(NoRate):
            def update(self, parameters, gradient, state, now, is_weight):
                parameters *= -(10.0**6)

        error = failed(lambda: (network(dtype=dtype), X, Y, {"optimizer": Wild(), "epochs": 99}))
        assert error.cause is None
        tried = " (tried, and none alone helps: dtype)" if dtype == "float32" else ""
        assert str(error).endswith(f"restored: no cause was found{tried}")

    @pytest.mark.parametrize("engine", ENGINES)
    @pytest.mark.parametrize("rate", [0.4, 0.45])
    def test_a_run_too_long_to_be_made_again_is_made_again_from_its_end(self, engine, rate):
        def make(rate=rate):
            settings = sgd(rate) | {"batch_size": None, "epochs": 1200, "progress": False}
            return line(dtype="float64"), 2 * X, Y, settings

        error = failed(make, engine)
        assert error.step > 500
        assert error.cause == "learning rate"
        assert "from the parameters that are restored" in error.evidence
        net, rows, y, settings = remedied(error, *make())
        assert cp.train(net, rows, y, **settings).loss[-1] < 0.01

    def test_a_users_function_that_raises_in_the_run_made_again(self):
        calls = []

        def value(a, y):
            calls.append(1)
            if len(calls) > LIMIT:
                raise RuntimeError("no more")
            return np.square(a - y).sum()

        LIMIT = 10**9
        loss = cp.Loss("tired", value, lambda a, y: 2 * (a - y))
        LIMIT = len(calls) + 30 * 4  # not one more than the run itself takes
        error = failed(lambda: (network(loss=loss), X, Y, sgd(10.0)))
        assert error.cause is None


class NoRate:
    """An optimizer of one's own, without a learning rate."""

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        parameters -= 0.01 * gradient


class TestNothingIsLookedForInVain:
    def test_not_in_a_run_that_goes_through(self, monkeypatch):
        def never(*_):
            raise AssertionError

        monkeypatch.setattr("clearprop.training.loop.explain", never)
        monkeypatch.setattr("clearprop.training.steps.explain", never)
        cp.train(network(), X, Y, epochs=2)
        list(cp.steps(network(), X, Y, epochs=1))

    def test_not_where_rates_are_tried_until_they_diverge(self, monkeypatch):
        def never(*_):
            raise AssertionError

        monkeypatch.setattr("clearprop.training.steps.explain", never)
        assert cp.find_learning_rate(network(), X, Y, largest=1e6, optimizer="sgd").diverged
        cp.diagnose(network(), X, Y, optimizer=cp.SGD(100.0))

    def test_ctrl_c_while_it_is_looked_for_leaves_the_error(self, monkeypatch):
        def wait(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("clearprop.training.causes.run_again", wait)
        assert failed(lambda: (network(), X, Y, sgd(10.0))).cause is None

    def test_it_is_not_looked_for_for_long(self, monkeypatch):
        monkeypatch.setattr("clearprop.training.causes.SECONDS", 0.0)
        error = failed(lambda: (network(), X, Y, sgd(10.0)))
        assert error.cause is None
        assert str(error).endswith("no cause was found (it was looked for 0 seconds)")

    def test_data_and_network_stay_as_they_are(self):
        rows, y = scaled(1e6, 2), Y.copy()
        kept = rows.copy()
        failed(lambda: (network(), rows, y, sgd(0.01)))
        np.testing.assert_array_equal(rows, kept)
        np.testing.assert_array_equal(y, Y)


def test_of_a_large_network_few_steps_are_made_again(monkeypatch):
    def failure():
        with pytest.raises(cp.DivergenceError) as caught:
            cp.train(network(), X, Y, optimizer=cp.SGD(1e6), epochs=5, progress=False)
        return caught.value

    monkeypatch.setattr("clearprop.training.reruns.WORK", 1.0)
    found = failure()
    assert found.cause == "learning rate"
    assert "the same run goes through 3 steps" in str(found)
    monkeypatch.setattr("clearprop.training.reruns.MOST_WORK", 1.0)
    assert str(failure()).endswith(
        "no cause was found (the network is too large for the run to be made again)"
    )
