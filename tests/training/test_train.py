"""cp.train and cp.steps: descent, step by step, on both engines; settings out of range."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import clearprop as cp
from training_cases import X, Y, assert_same, net

pytestmark = pytest.mark.usefixtures("engine")


class TestDescent:
    def test_full_batch_is_gradient_descent(self):
        network, by_hand = net(), net()
        history = cp.train(network, X, Y, optimizer=cp.SGD(0.5), batch_size=None, epochs=5)
        costs = []
        for _ in range(5):
            record = cp.backprop(by_hand, X, Y)
            costs.append(record["L"])
            by_hand.parameters[:] -= 0.5 * record.gradient
        # Rows come in another order, so sums differ in the last bits.
        np.testing.assert_allclose(network.parameters, by_hand.parameters, rtol=1e-11)
        np.testing.assert_allclose(history.loss, costs, rtol=1e-12)

    def test_online_descent_takes_one_row_at_a_time(self, engine):
        network, by_hand = net(), net()
        cp.train(network, X, Y, optimizer=cp.SGD(0.1), batch_size=1, epochs=1, shuffle=False)
        for i in range(len(X)):
            by_hand.parameters[:] -= 0.1 * cp.backprop(by_hand, X[i : i + 1], Y[i : i + 1]).gradient
        assert_same(engine, network.parameters, by_hand.parameters)

    def test_minibatches_with_weights_and_l2(self, engine):
        weights = np.random.default_rng(1).random(len(X))
        network, by_hand = net(), net()
        history = cp.train(
            network, X, Y, optimizer=cp.SGD(0.1), batch_size=16, epochs=1, shuffle=False,
            sample_weight=weights, l2=0.01,
        )  # fmt: skip
        total = 0.0
        for start in range(0, len(X), 16):  # 16, 16, 16, 12
            rows = slice(start, start + 16)
            record = cp.backprop(by_hand, X[rows], Y[rows], sample_weight=weights[rows], l2=0.01)
            total += weights[rows].sum() * record["L"]
            by_hand.parameters[:] -= 0.1 * record.gradient
        assert_same(engine, network.parameters, by_hand.parameters)
        assert history.loss[0] == pytest.approx(total / weights.sum(), rel=1e-13)

    def test_steps_and_train_make_the_same_updates(self, engine):
        settings = {
            "optimizer": cp.SGD(cp.cosine(0.3), momentum=0.9, nesterov=True, shrink=0.999),
            "batch_size": 7, "epochs": 3, "l2": 0.01, "dropout": 0.25, "seed": 5, "shards": 3,
            "sample_weight": np.arange(60.0), "loss": "squared_error",
        }  # fmt: skip
        y = np.eye(3)[Y]
        trained, stepped = net(), net()
        cp.train(trained, X, y, **settings)
        taken = list(cp.steps(stepped, X, y, **settings))
        assert_same(engine, trained.parameters, stepped.parameters)
        assert [step.number for step in taken] == list(range(1, 3 * 9 + 1))
        assert taken[-1].epoch == 3
        assert repr(taken[-1]).startswith("Step 27 (epoch 3, 4 rows): L = ")

    def test_seeds_reproduce_runs_and_change_them(self):
        def run(seed):
            network = net()
            cp.train(network, X, Y, epochs=2, dropout=0.2, seed=seed)
            return network.parameters

        np.testing.assert_array_equal(run(3), run(3))
        assert not np.array_equal(run(3), run(4))

    def test_shards_change_the_order_only(self):
        """Full batches hold the same rows whatever the shards; small ones do not."""
        runs = {}
        for shards in (1, 4):
            for batch_size in (None, 8):
                network = net()
                cp.train(network, X, Y, epochs=2, batch_size=batch_size, shards=shards)
                runs[shards, batch_size] = network.parameters
        np.testing.assert_allclose(runs[1, None], runs[4, None], rtol=1e-9)
        assert np.abs(runs[1, 8] - runs[4, 8]).max() > 1e-4

    def test_a_batch_without_weight_makes_no_update(self):
        weights = np.zeros(60)
        weights[[3, 40]] = 1
        network = net()
        taken = list(
            cp.steps(network, X, Y, batch_size=10, epochs=1, shuffle=False, sample_weight=weights)
        )
        assert [step.rows[0] for step in taken] == [0, 40]
        assert [step.number for step in taken] == [1, 2]
        history = cp.train(
            net(), X, Y, batch_size=10, epochs=3, shuffle=False, sample_weight=weights
        )
        assert [epoch.updates for epoch in history.epochs] == [2, 4, 6]

    def test_adams_first_step_is_its_first_however_many_batches_had_no_weight(self):
        moves = []
        for without in (0, 7):
            network = cp.Network([1, 1], biases=False, dtype="float64", initializer="zeros")
            n = without + 1
            weights = np.zeros(n)
            weights[-1] = 1
            cp.train(
                network, np.ones((n, 1)), np.ones(n), sample_weight=weights, epochs=1,
                batch_size=1, shuffle=False, optimizer=cp.Adam(0.01),
            )  # fmt: skip
            moves.append(float(network["W1[0,0]"]))
        assert moves[0] == moves[1] == pytest.approx(0.01)

    def test_schedules_reach_their_end_past_batches_without_weight(self, engine):
        seen = []

        def rate(t, total):
            seen.append((t, total))
            return 0.1

        weights = np.array([1.0, 0.0, 0.0, 1.0, 1.0])
        cp.train(
            net(), X[:5], Y[:5], optimizer=cp.SGD(rate), batch_size=2, epochs=2, shuffle=False,
            sample_weight=weights,
        )  # fmt: skip
        assert seen == [(t, 6) for t in range(6)]  # 5 rows in twos are 3 batches

        seen.clear()
        weights[:2] = 0  # the first batch of each epoch has no weight now
        cp.train(
            net(), X[:5], Y[:5], optimizer=cp.SGD(rate), batch_size=2, epochs=2, shuffle=False,
            sample_weight=weights,
        )  # fmt: skip
        passed_over = [(0, 6), (3, 6)]  # the compiled engine asks for all rates of a call before it
        expected = [(1, 6), (2, 6), (4, 6), (5, 6)]
        assert [at for at in seen if engine == "reference" or at not in passed_over] == expected

    def test_each_epoch_takes_the_rows_in_its_own_order(self):
        from clearprop.training.batches import epoch_order

        taken = list(cp.steps(net(), X, Y, batch_size=25, epochs=3, seed=5, shards=2))
        for epoch in range(3):
            rows = np.concatenate([step.rows for step in taken if step.epoch == epoch + 1])
            np.testing.assert_array_equal(rows, epoch_order(60, 2, True, 5, epoch))

    def test_more_shards_than_rows(self):
        network = net()
        cp.train(network, X[:10], Y[:10], shards=200_000, epochs=2)
        assert np.isfinite(network.parameters).all()

    @pytest.mark.parametrize("optimizer", [cp.SGD(0.1, shrink=0.5), cp.AdamW(0.1, decay=0.5)])
    def test_shrink_is_for_weights_and_adamws_decay_for_all(self, optimizer):
        """Zero inputs and targets already met: there is no gradient, only decay."""
        network = cp.Network([2, 2], dtype="float64", biases=cp.normal(1.0), seed=1)
        before = network.copy()
        y = np.tile(network["b1"], (4, 1))
        cp.train(network, np.zeros((4, 2)), y, optimizer=optimizer, epochs=1)
        shrunk = 0.5 if isinstance(optimizer, cp.SGD) else 1 - 0.1 * 0.5
        np.testing.assert_allclose(network["W1"], shrunk * before["W1"], rtol=1e-14)
        kept = 1.0 if isinstance(optimizer, cp.SGD) else shrunk
        np.testing.assert_allclose(network["b1"], kept * before["b1"], rtol=1e-14)

    def test_the_loss_of_a_run_is_not_the_networks(self):
        network = net()
        cp.train(network, X, np.eye(3)[Y], loss="squared_error", epochs=1)
        assert network.loss.name == "cross_entropy"

    def test_batches_larger_than_the_data_are_the_data(self):
        a, b = net(), net()
        cp.train(a, X, Y, batch_size=None, epochs=2)
        cp.train(b, X, Y, batch_size=10_000, epochs=2)
        np.testing.assert_array_equal(a.parameters, b.parameters)

    def test_no_epochs_change_nothing(self):
        network = net()
        before = network.parameters.copy()
        history = cp.train(network, X, Y, epochs=0)
        np.testing.assert_array_equal(network.parameters, before)
        assert history.loss == []
        assert repr(history) == "History of 0 epochs (completed)"


class TestPrecision:
    def test_the_network_keeps_its_own_type(self):
        network = net(dtype="float32")
        cp.train(network, X, Y, precision="float64", epochs=3)
        wide = net(dtype="float32").astype("float64")
        cp.train(wide, X, Y, epochs=3)
        assert network.dtype == np.float32
        np.testing.assert_array_equal(network.parameters, wide.parameters.astype("float32"))

    def test_float32_runs_end_near_float64_runs(self):
        networks = [net(dtype=dtype) for dtype in ("float32", "float64")]
        for network in networks:
            cp.train(network, X, Y, epochs=5)
        np.testing.assert_allclose(networks[0].parameters, networks[1].parameters, atol=1e-4)

    def test_the_compiled_engine_has_no_long_doubles(self):
        network = net(dtype="longdouble")
        with pytest.raises(cp.ArgumentError, match="in float32 or float64, not .*: give precision"):
            cp.train(network, X, Y, epochs=1, engine="compiled")
        cp.train(network, X, Y, epochs=1, engine="compiled", precision="float64")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 2.5}, "batch_size is 2.5"),
        ({"batch_size": True}, "batch_size is True"),
        ({"epochs": -1}, "epochs is -1"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"l2": -0.1}, "l2 is -0.1"),
        ({"dropout": 1.0}, "dropout is 1.0"),
        ({"dropout": -0.1}, "dropout is -0.1"),
        ({"shards": 0}, "shards is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_settings_out_of_range(settings, message):
    for call in (cp.train, cp.steps):
        with pytest.raises(cp.ArgumentError, match=message):
            call(net(), X, Y, **settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"validation": 0.0}, "validation is 0.0"),
        ({"validation": 1.0}, "validation is 1.0"),
        ({"validation": True}, "validation is True"),
        ({"validation": "all"}, r"sample_weight\), or a share"),
        ({"engine": "gpu"}, "engine is 'gpu'"),
        ({"precision": "float16"}, "precision is 'float16'"),
    ],
)
def test_settings_of_train_out_of_range(settings, message):
    with pytest.raises(cp.ArgumentError, match=message):
        cp.train(net(), X, Y, **settings)


def test_a_share_of_one_row_and_shares_without_weight():
    with pytest.raises(cp.ArgumentError, match="2 rows or more"):
        cp.train(net(), X[:1], Y[:1], validation=0.5)
    weights = np.zeros(60)
    weights[0] = 1
    with pytest.raises(cp.SampleWeightError, match="rows have weight zero"):
        cp.train(net(), X, Y, validation=0.5, sample_weight=weights)


def test_a_complex_network_is_not_trained():
    for call in (cp.train, cp.steps):
        with pytest.raises(cp.ArgumentError, match="complex"):
            call(net(dtype="complex128"), X, Y)
    with pytest.raises(cp.ArgumentError, match="complex"):
        cp.train(net(dtype="complex128"), X, Y, precision="float64")


def test_arguments_of_later_work_are_not_accepted_yet():
    accepted = set(inspect.signature(cp.train).parameters)
    assert accepted == {
        "network", "X", "y", "loss", "optimizer", "batch_size", "epochs", "shuffle",
        "sample_weight", "l2", "dropout", "validation", "metrics", "early_stopping", "callbacks",
        "seed", "engine", "precision", "threads", "shards", "progress", "frozen", "shared",
        "checkpoint", "checkpoint_every", "resume", "cluster", "accumulate",
    }  # fmt: skip


def test_the_loop_fits_on_a_screen():
    source = inspect.getsource(cp.train)
    body = source.rpartition('"""\n    if engine')[2]
    assert len(body.splitlines()) < 50


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("shards", [1, 3])
def test_a_full_batch_is_taken_as_it_lies(engine, shards):
    """Its order would change nothing but rounding, and takes longer to draw than the update."""
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2
    found = []
    for shuffle, batch in ((True, None), (False, None), (True, 60), (True, 59)):
        network = cp.Network([3, 4, 2], activations="tanh", output="softmax", seed=1)
        cp.train(network, X, y, batch_size=batch, shuffle=shuffle, shards=shards, dropout=0.2,
                 epochs=3, seed=4, engine=engine, progress=False)  # fmt: skip
        found.append(network.parameters.tobytes())
    assert found[0] == found[1] == found[2] != found[3]
