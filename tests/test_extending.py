"""A new activation, loss and optimizer, made by CONTRIBUTING's guide, go through everything."""

from __future__ import annotations

import pickle
from importlib.util import find_spec

import numpy as np
import pytest

import clearprop as cp
import extension
from c_programs import library, needs_gcc, run
from clearprop.activations import ACTIVATIONS
from clearprop.losses import LOSSES
from derivation_cases import moved_costs, optimizer_numbers
from derivation_rows import verify
from oracles import pytorch

CASES = {
    "activation": {"activations": "mish"},
    "loss": {"activations": "tanh", "output": "identity", "loss": "log_cosh"},
    "optimizer": {"activations": "tanh", "output": "identity"},
    "all": {"activations": "mish", "loss": "log_cosh"},
}

needs_torch = pytest.mark.skipif(not find_spec("torch"), reason="needs PyTorch")


@pytest.fixture(scope="class")
def extended(own_cache):
    """Clearprop with all three."""
    with extension.added(*(make() for make in extension.PIECES.values())):
        yield


def rule_of(case):
    return cp.AdaGrad(0.05) if case in ("optimizer", "all") else cp.SGD(0.05)


def network_of(case, dtype="float64"):
    return cp.Network([3, 5, 2], **CASES[case], biases=cp.uniform(0.5), dtype=dtype, seed=1)


def data(n=24):
    rng = np.random.default_rng(7)
    return rng.normal(size=(n, 3)), rng.normal(size=(n, 2))


@pytest.fixture(params=CASES)
def case(request):
    return request.param


@pytest.mark.usefixtures("extended")
class TestUsedEverywhere:
    @pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
    def test_both_engines_train_and_predict_alike(self, case, dtype, tolerance):
        X, y = data(50)
        found = []
        for engine in ("compiled", "reference"):
            network = network_of(case, dtype)
            history = cp.train(
                network, X, y, optimizer=rule_of(case), epochs=4, batch_size=16, l2=0.01,
                dropout=0.2, sample_weight=1 + np.arange(50) % 3, engine=engine, progress=False,
            )  # fmt: skip
            assert history.loss[-1] < history.loss[0]
            assert network.predict(X).dtype == dtype
            found.append(
                [network.parameters, np.array(history.loss), network.predict(X),
                 network.predict(X, engine="reference")]
            )  # fmt: skip
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(found[0][2], found[0][3], rtol=tolerance, atol=tolerance)

    def test_names_stand_for_them(self):
        X, y = data()
        network = cp.Network([3, 5, 1], activations=["mish", "identity"], loss="log_cosh")
        assert repr(network.activations[0]) == "mish"
        assert network.loss is LOSSES["log_cosh"]
        auto, he = (
            cp.Network([3, 5], activations="mish", initializer=i) for i in ("auto", "he_uniform")
        )
        np.testing.assert_array_equal(auto.parameters, he.parameters)
        history = cp.train(network, X, y[:, :1], optimizer="adagrad", epochs=2, progress=False)
        assert history.loss[-1] < history.loss[0]

    @pytest.mark.parametrize("of", [None, "W1[0,2]", "delta1[1]", "a2[0]", "L", "W2", "delta2"])
    def test_every_row_of_an_explanation_is_right(self, case, of):
        network, rule, (X, y) = network_of(case), rule_of(case), data(3)
        derivation = cp.explain(
            network, X, y, of, optimizer=rule if of is None or of[0] == "W" else None
        )
        record = cp.backprop(network, X, y)
        known = optimizer_numbers(rule, of or "")
        known |= moved_costs(derivation, network, X, y, None, 0.0)
        if of != "W2":
            assert verify(derivation, record, known) > 3
        text, latex, mathml = (
            str(derivation), derivation.to_latex(), derivation.to_mathml() + derivation.to_html(),
        )  # fmt: skip
        if case in ("activation", "all") and of != "L":
            assert all("mish" in written for written in (text, latex, mathml))

    def test_an_explanation_has_the_formulas(self):
        derivation = cp.explain(network_of("all"), [0.3, -0.2, 0.9], [0.2, 0.7], "W1[0,2]")
        names = ("mish'(z1[0])", "da2[0]", "L", "a1[0]", "delta1[0]")
        assert all(derivation[name].forms for name in names)
        assert derivation["mish'(z1[0])"].symbols == (
            "tanh(softplus(z1[0])) + z1[0] · sigmoid(z1[0]) · (1 - tanh(softplus(z1[0]))²)"
        )
        assert derivation["da2[0]"].symbols == "tanh(a2[0] - y[0])"

    def test_steps_are_explained_as_they_were_made(self, case):
        network, rule, (X, y) = network_of(case), rule_of(case), data()
        trained = network.copy()
        cp.train(trained, X, y, optimizer=rule, epochs=1, batch_size=8, progress=False)
        for step in cp.steps(network, X, y, optimizer=rule, batch_size=8, epochs=1):
            derivation = cp.explain(step=step, of="W1[2,1]")
            change = network.unflatten(step.update)["W1"][2, 1]
            before = {k: network.unflatten(v)["W1"][2, 1] for k, v in step.state_before.items()}
            known = optimizer_numbers(rule, "W1[2,1]", state=before, now=step.clock)
            x, targets = X[step.rows], y[step.rows]
            known |= moved_costs(derivation, step.record.network, x, targets, None, 0.0)
            assert verify(derivation, step.record, known) > 3
            new = derivation["new W1[2,1]"]
            assert new.value - step.record.network["W1[2,1]"] == pytest.approx(change, rel=1e-9)
            assert new.forms
        np.testing.assert_allclose(network.parameters, trained.parameters, rtol=1e-12, atol=1e-14)

    def test_the_gradient_is_checked_by_the_complex_step(self, case):
        network, (X, y) = network_of(case), data(4)
        check = cp.check_gradients(network, X, y)
        assert check.passed, check
        assert check.method == "complex step"
        record = cp.backprop(network, X, y)
        assert cp.compare_gradients(record, {"W1": record["dW1"]})
        rows = cp.per_sample_gradients(network, X, y).array
        for row, x, target in zip(rows, X, y, strict=True):
            alone = cp.backprop(network, [x], [target]).gradient
            np.testing.assert_allclose(row, alone, rtol=1e-12, atol=1e-15)

    def test_diagnosis_graph_cost_and_learning_rate(self, case):
        network, rule, (X, y) = network_of(case), rule_of(case), data(60)
        diagnosis = cp.diagnose(network, X, y, optimizer=rule)
        beyond = ["targets out of reach"] if CASES[case].get("output") is None else []
        assert [f.kind for f in diagnosis.findings] == beyond, diagnosis  # mish ends at -0.31
        assert [f.activation for f in diagnosis.layers] == [str(f) for f in network.activations]
        graph = cp.computation_graph(network, X[0], y[0])
        assert str(network.activations[0]) in graph.svg()
        assert cp.chain_rule_cost(network)
        found = cp.find_learning_rate(network, X, y, optimizer=rule, batch_size=None)
        assert found.suggested is not None, found

    def test_save_load_and_copy(self, case, tmp_path):
        network, (X, _) = network_of(case, "float32"), data()
        network.save(tmp_path / "net.safetensors")
        for again in (
            cp.Network.load(tmp_path / "net.safetensors"), pickle.loads(pickle.dumps(network)),
        ):  # fmt: skip
            assert again.activations == network.activations
            assert again.loss is network.loss
            np.testing.assert_array_equal(again.predict(X), network.predict(X))

    def test_kernels_are_compiled_once(self, own_cache):
        X, y = data()
        cp.train(network_of("all"), X, y, optimizer="adagrad", epochs=1, progress=False)
        kept = {path.name for path in own_cache.iterdir()}
        for name in ("activations.mish", "losses.log_cosh", "optimizers.adagrad"):
            assert f"{name}-float64.kernel" in kept

    def test_estimators_take_them(self):
        from clearprop.estimators import MLPRegressor

        X, y = data(60)
        mlp = MLPRegressor(
            hidden_layer_sizes=[6], activation=ACTIVATIONS["mish"], loss=LOSSES["log_cosh"], optimizer="adagrad",
            learning_rate_init=0.1, max_iter=20, tol=10, n_iter_no_change=2, random_state=0,
        ).fit(X, y)  # fmt: skip
        assert mlp.loss_curve_[-1] < mlp.loss_curve_[0]
        assert str(mlp.network_.loss) == "log_cosh"


@pytest.mark.usefixtures("extended")
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-12)])
class TestExports:
    """Of a new activation, hidden and as output; the loss and the optimizer leave no trace in one."""

    def test_onnx_runtime(self, dtype, tolerance):
        pytest.importorskip("onnx")
        runtime = pytest.importorskip("onnxruntime")
        network, X = network_of("all", dtype), data()[0].astype(dtype)
        content = network.to_onnx().SerializeToString()
        session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"X": X})
        assert found.dtype == dtype
        np.testing.assert_allclose(found, network.predict(X), rtol=tolerance, atol=tolerance)

    @needs_gcc
    def test_c(self, dtype, tolerance, tmp_path):
        network, X = network_of("all", dtype), data()[0].astype(dtype)
        built = library({"net": network.to_c()}, tmp_path)
        found = run(built, "net", X, 2)
        np.testing.assert_allclose(found, network.predict(X), rtol=tolerance, atol=tolerance)

    @needs_torch
    def test_pytorch_there_and_back(self, dtype, tolerance):
        import torch

        network, X = network_of("all", dtype), data()[0].astype(dtype)
        module = network.to_torch()
        with torch.no_grad():
            found = module(torch.from_numpy(X)).numpy()
        np.testing.assert_allclose(found, network.predict(X), rtol=tolerance, atol=tolerance)
        back = cp.Network.from_torch(module, loss="log_cosh")
        assert back.activations == network.activations
        np.testing.assert_array_equal(back.parameters, network.parameters)

    def test_scikit_learn_has_none(self, dtype, tolerance):
        with pytest.raises(cp.ArgumentError, match="scikit-learn's MLP has no mish"):
            network_of("all", dtype).to_sklearn()


@pytest.mark.usefixtures("extended")
@needs_torch
class TestAgainstPyTorch:
    """Its own mish, its own log cosh, its own AdaGrad and its autograd."""

    def test_cost_and_gradient(self):
        import torch

        network, (X, y) = network_of("all"), data(9)
        tensors = [torch.tensor(p, requires_grad=True) for p in (*network.weights, *network.biases)]
        a = torch.tensor(X)
        for W, b in zip(tensors[:2], tensors[2:], strict=True):
            a = torch.nn.functional.mish(a @ W.T + b)
        cost = torch.log(torch.cosh(a - torch.tensor(y))).sum(dim=1).mean()
        cost.backward()
        record = cp.backprop(network, X, y)
        assert record.loss == pytest.approx(cost.item(), rel=1e-13)
        for found, tensor in zip((*record.dW, *record.db), tensors, strict=True):
            np.testing.assert_allclose(found, tensor.grad.numpy(), rtol=1e-12, atol=1e-15)

    def test_twenty_updates(self):
        import torch

        start, gradients = pytorch.update_inputs()
        p = torch.nn.Parameter(torch.tensor(start))
        theirs, rule, ours = torch.optim.Adagrad([p], lr=0.1), cp.AdaGrad(0.1), start.copy()
        state = rule.start(ours)
        for t, gradient in enumerate(gradients):
            p.grad = torch.tensor(gradient)
            theirs.step()
            clock = cp.optimizers.Clock(t, 20, t)
            rule.update(ours, gradient.copy(), state, clock, np.ones(len(ours), bool))
        np.testing.assert_allclose(ours, p.detach().numpy(), rtol=1e-13)
