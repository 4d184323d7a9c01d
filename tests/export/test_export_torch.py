"""PyTorch: networks and models as nn.Sequential, and back; PyTorch itself says what they give."""

from __future__ import annotations

import copy
import doctest
import sys

import numpy as np
import pytest

import clearprop as cp
from export_tables import (
    KINDS,
    TOLERANCE,
    assert_near,
    crossing,
    cube,
    inputs,
    network,
    numbers_of,
    numeric_table,
    odd_rows,
    steep,
    wild_settings,
)

torch = pytest.importorskip("torch")
nn = torch.nn


def outputs(module, X) -> np.ndarray:
    with torch.no_grad():
        return module(torch.from_numpy(X)).numpy()


class TestToTorch:
    @pytest.mark.parametrize(("f", "dtype"), KINDS)
    def test_predictions_are_equal(self, f, dtype):
        net, X = network(f, dtype), inputs(dtype)
        found = outputs(net.to_torch(), X)
        assert found.dtype == dtype
        assert_near(found, net.predict(X), TOLERANCE[dtype])

    @pytest.mark.parametrize(("f", "dtype"), KINDS)
    def test_far_from_zero(self, f, dtype):
        net, X = steep(f, dtype)
        assert_near(outputs(net.to_torch(), X), net.predict(X), TOLERANCE[dtype])

    def test_the_modules(self):
        made = network("gelu", biases=False).to_torch()
        assert [type(one).__name__ for one in made] == ["Linear", "GELU", "Linear", "Tanh", "Linear", "GELU"]  # fmt: skip
        assert all(one.bias is None for one in made if isinstance(one, nn.Linear))

    def test_gradients_are_those_of_backprop(self):
        net, X = network("gelu"), inputs()
        y = np.random.default_rng(1).normal(size=(50, 4))
        made = net.to_torch()
        (0.5 * ((made(torch.from_numpy(X)) - torch.from_numpy(y)) ** 2).sum(1).mean()).backward()
        record = cp.backprop(net, X, y)
        theirs = [p.grad.numpy().ravel() for p in made.parameters()]
        np.testing.assert_allclose(np.concatenate(theirs), record.gradient, rtol=1e-10, atol=1e-14)

    def test_nothing_else_changes(self):
        """Neither PyTorch's random numbers, nor the network when its copy is trained."""
        net = network("relu")
        before, state = net.parameters.copy(), torch.get_rng_state()
        made = net.to_torch()
        assert torch.equal(torch.get_rng_state(), state)
        with torch.no_grad():
            for p in made.parameters():
                p.zero_()
        assert np.array_equal(net.parameters, before)

    def test_it_is_a_module_like_others(self):
        made = network("exp", "float32").to_torch()
        twin = copy.deepcopy(made)
        twin.load_state_dict(made.state_dict())
        X = inputs("float32")
        assert np.array_equal(outputs(twin, X), outputs(made, X))
        assert "Exp()" in repr(made)

    def test_refusals(self):
        with pytest.raises(cp.ArgumentError, match="layer 1 has an activation of your own, 'cube'"):
            cp.Network([2, 2, 1], cube(), "identity").to_torch()
        with pytest.raises(cp.ArgumentError, match="float32 or float64, not complex128"):
            network("tanh", "complex128").to_torch()
        broken = network("tanh")
        broken["W1[0,0]"] = np.nan
        with pytest.raises(cp.NonFiniteError, match="not finite"):
            broken.to_torch()

    @pytest.mark.parametrize("call", [lambda: network("tanh").to_torch(), lambda: cp.Network.from_torch(None)])  # fmt: skip
    def test_without_pytorch(self, call, monkeypatch):
        monkeypatch.setitem(sys.modules, "torch", None)
        with pytest.raises(cp.MissingExtraError, match=r"needs PyTorch.*clearprop\[torch\]"):
            call()


class TestFromTorch:
    @pytest.mark.parametrize(("f", "dtype"), KINDS)
    def test_there_and_back(self, f, dtype):
        for biases in (True, False):
            net = network(f, dtype, biases)
            back = cp.Network.from_torch(net.to_torch())
            assert back.dtype == dtype
            assert back.activations == net.activations
            assert back.has_biases == biases
            assert np.array_equal(back.parameters, net.parameters)

    def test_a_network_of_theirs(self):
        relu = nn.ReLU(inplace=True)  # at two places
        theirs = nn.Sequential(
            nn.Flatten(), nn.Linear(7, 6), relu, nn.Dropout(0.5),
            nn.Sequential(nn.Linear(6, 5, bias=False), relu, nn.Sequential(nn.Linear(5, 4), nn.Identity())),
            nn.Linear(4, 4), relu, nn.Linear(4, 3), nn.Softmax(dim=1),
        ).double().eval()  # fmt: skip
        net = cp.Network.from_torch(theirs)
        assert net.sizes == (7, 6, 5, 4, 4, 3)
        assert [f.name for f in net.activations] == ["relu", "relu", "identity", "relu", "softmax"]
        assert net.loss.name == "cross_entropy"
        assert not net["b2"].any()
        assert_near(net.predict(inputs()), outputs(theirs, inputs()), 1e-12)

    def test_softplus_has_a_straight_end_there(self):
        theirs = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Softplus()).double()
        with torch.no_grad():
            theirs[0].weight.copy_(torch.eye(2))
        _, X = steep("softplus", "float64")
        assert_near(cp.Network.from_torch(theirs).predict(X), outputs(theirs, X), 3e-9)

    def test_loss(self):
        theirs = nn.Sequential(nn.Linear(2, 1))
        assert cp.Network.from_torch(theirs).loss.name == "squared_error"
        assert cp.Network.from_torch(theirs, "huber").loss.name == "huber"
        with pytest.raises(cp.PairingError):
            cp.Network.from_torch(theirs, loss="cross_entropy")

    def test_parameters_are_copied(self):
        theirs = nn.Sequential(nn.Linear(2, 1))
        net = cp.Network.from_torch(theirs)
        kept = theirs[0].weight.detach().clone()
        net.parameters[:] = 0
        assert torch.equal(theirs[0].weight, kept)

    @pytest.mark.parametrize(
        ("modules", "message"),
        [
            ([nn.Conv1d(1, 1, 1)], r"module 0 is a Conv1d, which no network has; there are: Linear,"),
            ([nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))], r"module 0\.1 is a BatchNorm1d"),
            ([nn.Linear(2, 2), nn.LogSoftmax(1)], "LogSoftmax.*take Softmax: a network gives prob"),
            ([nn.Linear(2, 2), nn.LeakyReLU(0.2)], r"module 1 \(LeakyReLU\) has negative_slope=0.2"),
            ([nn.Linear(2, 2), nn.ELU(2.0)], "alpha=2.0"),
            ([nn.Linear(2, 2), nn.GELU("tanh")], "approximate='tanh'"),
            ([nn.Linear(2, 2), nn.Softplus(beta=2)], "beta=2"),
            ([nn.Linear(2, 2), nn.Softmax(0)], "dim=0"),
            ([nn.Linear(2, 2), nn.ReLU(), nn.Tanh()], r"module 2 \(Tanh\) follows no Linear"),
            ([nn.ReLU(), nn.Linear(2, 2)], r"module 0 \(ReLU\) follows no Linear"),
            ([nn.Linear(2, 2), nn.Flatten()], "module 1 is a Flatten"),
            ([nn.Linear(2, 2).half()], "float16; a network is float32 or float64"),
            ([nn.Identity()], "has no Linear module"),
            ([], "has no Linear module"),
        ],
    )  # fmt: skip
    def test_refusals(self, modules, message):
        with pytest.raises(cp.ArgumentError, match=message) as caught:
            cp.Network.from_torch(nn.Sequential(*modules))
        assert "\n" not in str(caught.value)

    def test_it_takes_a_sequential(self):
        with pytest.raises(cp.ArgumentError, match="takes an nn.Sequential, not a Linear"):
            cp.Network.from_torch(nn.Linear(2, 2))

        class Twice(nn.Sequential):
            def forward(self, x):
                return super().forward(super().forward(x))

        with pytest.raises(cp.ArgumentError, match="module 0 is a Twice"):
            cp.Network.from_torch(nn.Sequential(Twice(nn.Linear(2, 2))))
        with pytest.raises(cp.ArgumentError, match="not a Twice"):
            cp.Network.from_torch(Twice(nn.Linear(2, 2)))

    def test_modules_that_do_not_join(self):
        with pytest.raises(cp.ArchitectureError, match="W2 has 4 columns, but W1 has 3 rows"):
            cp.Network.from_torch(nn.Sequential(nn.Linear(2, 3), nn.Linear(4, 1)))


class TestModel:
    @pytest.mark.parametrize("wild", [False, True])
    @pytest.mark.parametrize("target", ["price", "kind"])
    def test_raw_columns_in(self, target, wild):
        table = numeric_table(wild=wild)
        model = cp.Model.fit(table.drop(columns={"price", "kind"} - {target}), target, hidden=[6], epochs=5, compare=False, **wild_settings(wild))  # fmt: skip
        assert "rare is rare or new" in model.features
        assert "tested is missing" in model.features
        made = model.to_torch()
        for rows, tolerance in ((table, 1e-6), (odd_rows(table), 1e-5)):
            found = outputs(made, numbers_of(model, rows))
            if target == "kind":
                assert_near(found, model.predict_proba(rows), tolerance)
            else:
                assert_near(found[:, 0], model.predict(rows), tolerance)

    def test_quantiles_ascend(self):
        model, table = crossing("float32")
        assert_near(outputs(model.to_torch(), numbers_of(model, table)), model.predict_quantiles(table), 1e-6)  # fmt: skip

    def test_text_and_dates_are_refused(self):
        table = numeric_table().drop(columns="kind").assign(day=np.datetime64("2024-01-01") + np.arange(150), color=list("rgb") * 50)  # fmt: skip
        for drop, message in (("day", "'color' holds categories"), ("color", "'day' holds dates")):
            model = cp.Model.fit(table.drop(columns=drop), "price", hidden=[2], epochs=1, compare=False)  # fmt: skip
            with pytest.raises(cp.ArgumentError, match=f"column {message}.*export model.network"):
                model.to_torch()


@pytest.mark.parametrize("method", [cp.Network.to_torch, cp.Network.from_torch, cp.Model.to_torch])
def test_the_examples_run(method):
    """They are skipped where the suite is run without PyTorch."""
    text = method.__doc__.replace("  # doctest: +SKIP", "")
    example = doctest.DocTestParser().get_doctest(text, {}, method.__name__, None, 0)
    assert len(example.examples) > 1
    assert doctest.DocTestRunner().run(example).failed == 0
