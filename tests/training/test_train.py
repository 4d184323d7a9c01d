from __future__ import annotations

import inspect
import math
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import clearprop as cp
from clearprop.numerics.random import kept_units


def blobs(n=60, seed=0):
    """Three classes in the plane that lines can separate."""
    r = np.random.default_rng(seed)
    y = r.integers(0, 3, n)
    return np.array([[0, 0], [3, 0], [0, 3]])[y] + 0.7 * r.standard_normal((n, 2)), y


def net(**settings):
    return cp.Network(
        [2, 6, 3],
        **{"activations": "tanh", "output": "softmax", "dtype": "float64", "seed": 1, **settings},
    )


X, Y = blobs()


@pytest.fixture(params=["compiled", "reference"], autouse=True)
def engine(request, monkeypatch):
    """Every test of this file runs on both engines."""
    monkeypatch.setitem(cp.train.__kwdefaults__, "engine", request.param)
    return request.param


def assert_same(engine, actual, desired):
    """To the bit on the reference; compiled sums go another way."""
    if engine == "reference":
        np.testing.assert_array_equal(actual, desired)
    else:
        assert np.linalg.norm(actual - desired) <= 1e-13 * np.linalg.norm(desired)


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


class TestDropout:
    def test_masks_are_the_streams_and_scale_what_they_keep(self):
        step = next(cp.steps(net(), X, Y, dropout=0.4, batch_size=9, seed=3))
        kept = kept_units(3, 6, 0.4, epoch=0, rows=step.rows, layer=1)
        (mask,) = step.record.masks
        np.testing.assert_array_equal(mask, kept / 0.6)
        np.testing.assert_array_equal(step.record["a1"], np.tanh(step.record["z1"]) * mask)
        assert (step.record["delta1"][~kept] == 0).all()

    def test_masks_differ_between_epochs_and_layers(self):
        network = cp.Network([2, 6, 6, 3], "tanh", output="softmax", dtype="float64")
        taken = list(cp.steps(network, X, Y, dropout=0.4, batch_size=None, epochs=2, seed=3))
        for epoch, step in enumerate(taken):
            for layer, mask in enumerate(step.record.masks, 1):
                kept = kept_units(3, 6, 0.4, epoch=epoch, rows=step.rows, layer=layer)
                np.testing.assert_array_equal(mask, kept / 0.6)
        masks = [mask[np.argsort(step.rows)] for step in taken for mask in step.record.masks]
        assert len({mask.tobytes() for mask in masks}) == 4

    def test_gradients_with_masks_against_differences(self):
        from clearprop.backprop import forward_and_backward
        from numeric import relative_error

        network = net()
        mask = kept_units(3, 6, 0.4, epoch=0, rows=np.arange(60), layer=1) / 0.6
        omega = np.full(60, 1 / 60)
        gradient = forward_and_backward(network, X, Y, omega, 0.0, (mask,)).gradient
        expected = np.empty_like(gradient)
        for i in range(network.n_parameters):
            costs = []
            for h in (1e-5, -1e-5):
                probe = network.copy()
                probe.parameters[i] += h
                costs.append(forward_and_backward(probe, X, Y, omega, 0.0, (mask,)).loss)
            expected[i] = (costs[0] - costs[1]) / 2e-5
        assert relative_error(gradient, expected) < 1e-6

    def test_prediction_and_validation_drop_nothing(self):
        network = net()
        history = cp.train(network, X, Y, dropout=0.5, epochs=1, validation=(X, Y))
        assert history.validation_loss[0] == pytest.approx(
            cp.backprop(network, X, Y)["L"], rel=1e-12
        )

    def test_a_network_without_hidden_layers_has_nothing_to_drop(self):
        a, b = (cp.Network([2, 3], output="softmax") for _ in range(2))
        cp.train(a, X, Y, dropout=0.5)
        cp.train(b, X, Y)
        np.testing.assert_array_equal(a.parameters, b.parameters)


class TestWatching:
    def test_validation_data_or_a_share(self):
        history = cp.train(
            net(), X, Y, epochs=3, validation=blobs(30, seed=1), metrics=["accuracy"]
        )
        assert len(history.validation_loss) == len(history.validation_metrics["accuracy"]) == 3
        a, b = net(), net()
        first = cp.train(a, X, Y, epochs=3, validation=0.25, seed=1)
        second = cp.train(b, X, Y, epochs=3, validation=0.25, seed=1)
        assert first.validation_loss == second.validation_loss
        assert len(cp.train(net(), X, Y, validation=0.999, epochs=1, metrics="accuracy").loss) == 1
        assert cp.train(net(), X, Y, epochs=1).validation_loss == []

    def test_a_share_trains_on_the_other_rows_alone(self):
        """Rows put aside may hold anything: the parameters do not answer to it."""
        from clearprop.numerics.random import Purpose, random_order

        aside = random_order(1, 60, Purpose.VALIDATION)[:15]
        spoiled = X.copy()
        spoiled[aside] += 100
        runs = []
        for data in (X, spoiled):
            network = net()
            cp.train(network, data, Y, validation=0.25, epochs=2, seed=1)
            runs.append(network.parameters)
        np.testing.assert_array_equal(*runs)

    def test_the_validation_loss_leaves_the_penalty_out(self):
        network = net()
        history = cp.train(network, X, Y, epochs=1, l2=0.5, validation=(X, Y))
        assert history.validation_loss[0] == pytest.approx(cp.backprop(network, X, Y)["L"])
        assert cp.backprop(network, X, Y, l2=0.5)["L"] > history.validation_loss[0] + 0.1

    def test_the_rows_put_aside_keep_their_weights(self):
        from clearprop.numerics.random import Purpose, random_order

        weights = np.random.default_rng(1).random(60) ** 4
        network = net()
        history = cp.train(
            network,
            X,
            Y,
            epochs=1,
            validation=0.25,
            seed=1,
            sample_weight=weights,
            metrics="accuracy",
        )
        aside = np.sort(random_order(1, 60, Purpose.VALIDATION)[:15])
        rest = np.setdiff1d(np.arange(60), aside)
        expected = cp.backprop(network, X[aside], Y[aside], sample_weight=weights[aside])["L"]
        assert history.validation_loss[0] == pytest.approx(expected, rel=1e-13)
        assert abs(cp.backprop(network, X[aside], Y[aside])["L"] - expected) > 1e-3
        right = network.predict(X).argmax(axis=1) == Y
        assert history.metrics["accuracy"][0] == right[rest].mean()
        assert history.validation_metrics["accuracy"][0] == right[aside].mean()
        assert right[rest].mean() != right[aside].mean()

    def test_metrics_against_scikit_learn(self):
        from sklearn import metrics

        r = np.random.default_rng(0)
        y = r.standard_normal((60, 2))
        network = cp.Network([2, 5, 2], dtype="float64")
        history = cp.train(
            network, X, y, epochs=1,
            metrics=["r2", "mean_absolute_error", "root_mean_squared_error", metrics.r2_score],
        )  # fmt: skip
        output = network.predict(X)
        expected = {
            "r2": metrics.r2_score(y, output),
            "mean_absolute_error": metrics.mean_absolute_error(y, output),
            "root_mean_squared_error": math.sqrt(metrics.mean_squared_error(y, output)),
            "r2_score": metrics.r2_score(y, output),
        }
        assert {k: v[0] for k, v in history.metrics.items()} == pytest.approx(expected, rel=1e-12)

    def test_accuracy_in_its_three_forms(self):
        from clearprop.losses import LOSSES
        from clearprop.training.watching.metrics import accuracy

        three = np.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1]])
        softmax, binary = LOSSES["cross_entropy"], LOSSES["binary_cross_entropy"]
        assert accuracy(np.array([1, 2]), three, softmax) == 0.5
        assert accuracy(np.eye(3)[[1, 0]], three, softmax) == 1.0
        assert accuracy(np.array([[0, 1, 0], [1, 1, 0]]), three, binary) == 0.5
        assert accuracy(np.array([[1.0], [0.0]]), three[:, 1:2], binary) == 1.0
        history = cp.train(
            cp.Network([2, 1], output="sigmoid"), X, Y > 0, metrics="accuracy", epochs=1
        )
        output = history.epochs[0].network.predict(X)[:, 0]
        assert history.metrics["accuracy"][0] == ((output > 0.5) == (Y > 0)).mean()
        with pytest.raises(cp.TargetError, match="targets 0 and 1"):
            cp.train(cp.Network([2, 1]), X, Y, metrics="accuracy", epochs=1)

    def test_metrics_that_cannot_be(self):
        with pytest.raises(cp.UnknownNameError, match=r"no metric.*accuracy, mean_abs"):
            cp.train(net(), X, Y, metrics=["acuracy"])
        with pytest.raises(cp.ArgumentError, match="same name"):
            cp.train(net(), X, Y, metrics=["accuracy", "accuracy"])
        with pytest.raises(cp.ArgumentError, match="use 'accuracy'"):
            cp.train(net(), X, Y, metrics=["r2"])


class TestEarlyStopping:
    def test_stops_and_restores_the_best_parameters(self):
        """The scripted validation loss falls to epoch 4 and rises: patience 3 ends at epoch 7."""
        seen = []
        history = None

        def remember(epoch):
            seen.append(epoch.network.parameters.copy())

        network = net()
        target = np.full((60, 3), 1 / 3)  # the cost is least at even shares, which training leaves
        history = cp.train(
            network, X, Y, optimizer=cp.SGD(0.05), epochs=50, validation=(X, target),
            early_stopping=3, callbacks=remember,
        )  # fmt: skip
        best = int(np.argmin(history.validation_loss)) + 1
        assert history.stopped == "early stopping"
        assert history.best_epoch == best
        assert len(history.loss) == best + 3
        np.testing.assert_array_equal(network.parameters, seen[best - 1])

    def test_the_best_parameters_come_back_when_epochs_run_out_too(self):
        network = net()
        history = cp.train(network, X, Y, epochs=6, early_stopping=100, optimizer=cp.SGD(0.3))
        assert history.stopped == "completed"
        assert history.best_epoch == int(np.argmin(history.loss)) + 1

    @pytest.mark.parametrize(
        ("settings", "best"),
        [({"monitor": "score", "mode": "max"}, 2), ({"monitor": "score", "mode": "min"}, 4),
         ({"monitor": "score", "mode": "min", "min_delta": 5.0}, 1)],
    )  # fmt: skip
    def test_mode_and_min_delta(self, settings, best):
        values = iter([3.0, 5.0, 4.0, 1.0, 2.0])

        def score(y, output):
            return next(values)

        history = cp.train(
            net(), X, Y, epochs=5, metrics=[score], early_stopping=cp.EarlyStopping(**settings)
        )
        assert history.best_epoch == best

    def test_the_first_of_equals_is_the_best(self):
        values = iter([2.0, 1.0, 1.0, 1.0])

        def score(y, output):
            return next(values)

        stopping = cp.EarlyStopping(patience=2, monitor="score", mode="min")
        history = cp.train(net(), X, Y, epochs=9, metrics=[score], early_stopping=stopping)
        assert (history.best_epoch, len(history.loss)) == (2, 4)

    def test_the_best_parameters_come_back_after_a_divergence_too(self):
        seen = []
        rates = iter([0.01] * 20 + [1e30] * 100)
        network = net(activations="identity", output="identity", dtype="float32")
        with pytest.raises(cp.DivergenceError) as caught:
            cp.train(
                network, X, np.eye(3)[Y], optimizer=cp.SGD(lambda t, total: next(rates)), epochs=100,
                batch_size=30, early_stopping=50,
                callbacks=lambda epoch: seen.append(epoch.network.parameters.copy()),
            )  # fmt: skip
        history = caught.value.history
        assert "the parameters of epoch 10, the best, are restored: try" in str(caught.value)
        assert history.stopped == "diverged"
        assert history.best_epoch == int(np.argmin(history.loss)) + 1 == 10
        np.testing.assert_array_equal(network.parameters, seen[9])

    def test_metrics_of_the_table_know_which_way_is_better(self):
        history = cp.train(
            net(), X, Y, epochs=8, metrics=["accuracy"], validation=0.3,
            early_stopping=cp.EarlyStopping(monitor="validation_accuracy"),
        )  # fmt: skip
        assert history.best_epoch == int(np.argmax(history.validation_metrics["accuracy"])) + 1

    @pytest.mark.parametrize(
        ("spec", "message"),
        [
            (0, "early_stopping is 0"),
            (True, "early_stopping is True"),
            ("5", "early_stopping is '5'"),
            (2.5, "early_stopping is 2.5"),
            (cp.EarlyStopping(monitor="acc"), "cannot watch 'acc'; this run has loss$"),
            (cp.EarlyStopping(monitor="validation_loss"), "this run has loss"),
        ],
    )
    def test_what_cannot_be_watched(self, spec, message):
        with pytest.raises(cp.ArgumentError, match=message):
            cp.train(net(), X, Y, early_stopping=spec)

    def test_functions_of_ones_own_need_a_mode(self):
        def score(y, output):
            return 0.0

        with pytest.raises(cp.ArgumentError, match="say mode='min' or 'max'"):
            cp.train(net(), X, Y, metrics=[score], early_stopping=cp.EarlyStopping(monitor="score"))

    @pytest.mark.parametrize("settings", [{"min_delta": -1}, {"mode": "up"}, {"patience": True}])
    def test_settings_out_of_range(self, settings):
        with pytest.raises(cp.ArgumentError):
            cp.EarlyStopping(**settings)

    def test_a_figure_that_is_nan_is_said(self):
        def score(y, output):
            return np.nan

        with pytest.raises(
            cp.NonFiniteError, match="score is nan in epoch 1: early stopping cannot"
        ):
            cp.train(
                net(), X, Y, metrics=[score],
                early_stopping=cp.EarlyStopping(monitor="score", mode="max"),
            )  # fmt: skip


def test_what_cannot_go_well_is_refused_before_anything_is_changed():
    def score(y, output):
        return 0.0

    network = net()
    before = network.parameters.copy()
    for settings, error in (
        ({"early_stopping": cp.EarlyStopping(monitor="val_loss")}, cp.ArgumentError),
        (
            {"early_stopping": cp.EarlyStopping(monitor="score"), "metrics": [score]},
            cp.ArgumentError,
        ),
        ({"metrics": ["r2"]}, cp.ArgumentError),
        ({"metrics": "accuracy", "loss": "squared_error"}, cp.DataError),
        ({"metrics": [3]}, cp.ArgumentError),
        ({"callbacks": [3]}, cp.ArgumentError),
        ({"callbacks": 3}, cp.ArgumentError),
        ({"metrics": 3}, cp.ArgumentError),
    ):
        with pytest.raises(error):
            cp.train(network, X, Y, **settings)
        np.testing.assert_array_equal(network.parameters, before)
    one = cp.Network([2, 1], seed=1)
    before = one.parameters.copy()
    with pytest.raises(cp.TargetError, match="targets 0 and 1"):
        cp.train(one, X, Y + 0.5, metrics="accuracy")
    with pytest.raises(cp.TargetError, match="targets 0 and 1"):
        cp.train(one, X, Y > 0, metrics="accuracy", validation=(X, 3.0 * Y))
    np.testing.assert_array_equal(one.parameters, before)


class TestCallbacks:
    def test_they_see_each_epoch_and_stop_by_true_alone(self):
        seen = []

        def stop_at_three(epoch):
            seen.append((epoch.epoch, epoch.updates))
            return epoch.epoch == 3

        history = cp.train(net(), X, Y, epochs=10, callbacks=[lambda epoch: 1, stop_at_three])
        assert seen == [(1, 2), (2, 4), (3, 6)]
        assert history.stopped == "callback"

    def test_numpys_true_stops_too_and_none_is_no_callback(self):
        history = cp.train(net(), X, Y, callbacks=lambda epoch: np.bool_(epoch.epoch == 2))
        assert history.stopped == "callback"
        assert len(history.loss) == 2
        assert cp.train(net(), X, Y, callbacks=None, metrics=None).stopped == "completed"

    def test_they_may_change_the_parameters(self):
        def clip(epoch):
            epoch.network.parameters.clip(-0.1, 0.1, out=epoch.network.parameters)

        for optimizer in ("adam", "lbfgs"):
            for precision in (None, "float32"):
                network = net()
                history = cp.train(
                    network,
                    X,
                    Y,
                    epochs=4,
                    callbacks=clip,
                    optimizer=optimizer,
                    precision=precision,
                )
                assert np.abs(network.parameters).max() <= 0.1 + 1e-8
                assert len(history.loss) == 4

    def test_an_error_in_one_is_passed_on_and_the_network_keeps_what_it_learned(self):
        network = net()
        before = network.parameters.copy()

        def fail(epoch):
            raise RuntimeError("mine")

        with pytest.raises(RuntimeError, match="mine"):
            cp.train(network, X, Y, callbacks=fail)
        assert not np.array_equal(network.parameters, before)


class TestLBFGS:
    def test_finds_the_logistic_regression(self):
        from sklearn.linear_model import LogisticRegression

        network = cp.Network([2, 3], output="softmax", dtype="float64")
        history = cp.train(network, X, Y, optimizer=cp.LBFGS(tolerance=1e-9), l2=1 / 60, epochs=500)
        assert history.stopped == "converged"
        assert all(b <= a for a, b in zip(history.loss, history.loss[1:], strict=False))
        model = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(X, Y)
        # Softmax leaves a constant over classes free: the penalty fixes it for weights.
        np.testing.assert_allclose(network["W1"], model.coef_, atol=1e-5)
        np.testing.assert_allclose(network.predict(X), model.predict_proba(X), atol=1e-6)

    def test_stops_at_the_epochs_given_and_shows_each(self):
        history = cp.train(net(), X, Y, optimizer="lbfgs", epochs=4)
        assert [epoch.updates for epoch in history.epochs] == [1, 2, 3, 4]
        assert history.stopped == "completed"

    def test_takes_weights_and_early_stopping(self):
        network = net()
        weights = np.arange(60)
        history = cp.train(
            network, X, Y, optimizer="lbfgs", epochs=30, sample_weight=weights, early_stopping=5
        )
        assert history.best_epoch == int(np.argmin(history.loss)) + 1
        cost = cp.backprop(network, X, Y, sample_weight=weights)["L"]
        assert cost == pytest.approx(min(history.loss), rel=1e-12)

    def test_a_search_that_fails_is_not_called_converged(self):
        """An absolute error has a kink at its minimum, where no line search comes to rest."""
        r = np.random.default_rng(1)
        network = cp.Network([3, 8, 1], "relu", output="identity", loss="absolute_error", seed=1)
        X, y = 100 * r.standard_normal((50, 3)), r.standard_normal(50)
        history = cp.train(network, X, y, optimizer="lbfgs", epochs=5000)
        assert history.stopped == "line search failed"
        assert np.abs(cp.backprop(network, X, y).gradient).max() > 1e-5

    def test_memory_shapes_the_steps(self):
        runs = []
        for memory in (1, 20):
            network = net()
            cp.train(network, X, Y, optimizer=cp.LBFGS(memory=memory), epochs=12)
            runs.append(network.parameters)
        assert np.abs(runs[0] - runs[1]).max() > 1e-6

    def test_what_it_does_not_take(self):
        with pytest.raises(cp.ArgumentError, match="leave dropout out"):
            cp.train(net(), X, Y, optimizer="lbfgs", dropout=0.1)
        with pytest.raises(cp.ArgumentError, match="L-BFGS does not make"):
            cp.steps(net(), X, Y, optimizer="lbfgs")

    def test_without_scipy_one_line_names_the_extra(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "scipy.optimize", None)
        with pytest.raises(
            cp.MissingExtraError, match=r'needs SciPy.*pip install "clearprop\[tables\]"'
        ):
            cp.train(net(), X, Y, optimizer="lbfgs")


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


class TestDivergence:
    @pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
    def test_names_where_and_restores_the_last_good_parameters(self, optimizer):
        network = cp.Network([2, 3, 1], activations="exp", output="identity", seed=1)
        rule = cp.SGD(1e3) if optimizer == "sgd" else "lbfgs"
        with pytest.raises(
            cp.DivergenceError, match=r"epoch \d+.*(z|a|L_i|delta)\d?\[\d\] is"
        ) as caught:
            cp.train(network, 50 * X, Y, optimizer=rule, epochs=100)
        assert "\n" not in str(caught.value)
        assert np.isfinite(network.parameters).all()
        assert isinstance(caught.value.history, cp.History)

    def test_the_last_good_parameters_have_a_finite_cost(self):
        network = net(activations="identity", output="identity", dtype="float32")
        with pytest.raises(cp.DivergenceError, match="step") as caught:
            cp.train(network, X, np.eye(3)[Y], optimizer=cp.SGD(10.0), epochs=100, batch_size=10)
        assert np.isfinite(cp.backprop(network, X, np.eye(3)[Y])["L"])
        assert len(caught.value.history.loss) < 100

    def test_an_update_that_overflows_names_the_parameter(self):
        network = cp.Network([2, 1], dtype="float32", seed=1)
        before = network.parameters.copy()
        with pytest.raises(cp.DivergenceError, match="W1 holds (-)?inf after the update"):
            cp.train(network, 1e30 * X, Y, optimizer=cp.SGD(1e30), loss="absolute_error")
        np.testing.assert_array_equal(network.parameters, before)

    def test_a_network_that_is_broken_already(self):
        network = net()
        network["W2[1,3]"] = np.nan
        for call in (cp.train, cp.steps):
            with pytest.raises(cp.NonFiniteError, match="cannot be trained: its W2 holds NaN"):
                call(network, X, Y)
        for f in ("relu", "leaky_relu", "elu", "gelu", "silu", "softplus", "tanh", "sigmoid"):
            broken = net(activations=f)
            broken["W1[1,0]"] = np.nan
            with pytest.raises(cp.NonFiniteError, match=r"z1\[1\] is nan for row 0"):
                broken.predict(X)

    def test_a_validation_loss_that_is_not_finite(self):
        network = cp.Network(
            [2, 1], output="exp", loss="squared_error", biases=False, dtype="float32"
        )
        network["W1"] = 1.0
        before = network.parameters.copy()
        with pytest.raises(
            cp.DivergenceError, match="is inf; the parameters of the epoch before"
        ) as e:
            cp.train(network, -abs(X), Y, validation=(1000 + X, Y), optimizer=cp.SGD(1e-6))
        assert e.value.history.stopped == "diverged"
        np.testing.assert_array_equal(network.parameters, before)

    def test_parameters_too_large_for_the_networks_own_type(self):
        network = cp.Network([1, 1], "identity", dtype="float32", biases=False, seed=1)
        before = network.parameters.copy()
        with pytest.raises(cp.DivergenceError, match="too large for the network's float32"):
            cp.train(
                network, [[1e-3]], [1e38], optimizer=cp.SGD(1e6), epochs=9, precision="float64"
            )
        assert np.isfinite(network.parameters).all()
        assert before.shape == network.parameters.shape

    def test_steps_restore_too(self):
        network = net(activations="identity", output="identity", dtype="float32")
        with pytest.raises(cp.DivergenceError):
            list(cp.steps(network, X, np.eye(3)[Y], optimizer=cp.SGD(10.0), epochs=100))
        assert np.isfinite(cp.backprop(network, X, np.eye(3)[Y])["L"])


@pytest.fixture
def pythons_own_handler():
    """Ctrl-C as a program at a terminal has it: jobs in the background start with it ignored."""
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, old)


@pytest.mark.usefixtures("pythons_own_handler")
class TestInterrupt:
    def test_ctrl_c_ends_the_run_after_the_update(self):
        network = net()

        def press(epoch):
            if epoch.epoch == 3:
                os.kill(os.getpid(), signal.SIGINT)

        history = cp.train(network, X, Y, epochs=1000, callbacks=press)
        assert history.stopped == "interrupted"
        assert len(history.loss) == 3
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        fresh = net()
        cp.train(fresh, X, Y, epochs=3)
        np.testing.assert_array_equal(network.parameters, fresh.parameters)

    @pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
    def test_ctrl_c_where_the_run_ends_anyway_changes_no_reason(self, optimizer):
        def press(epoch):
            os.kill(os.getpid(), signal.SIGINT)

        def press_and_stop(epoch):
            press(epoch)
            return True

        for callback, epochs, reason in ((press, 1, "completed"), (press_and_stop, 5, "callback")):
            history = cp.train(net(), X, Y, epochs=epochs, callbacks=callback, optimizer=optimizer)
            assert history.stopped == reason

    @pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
    def test_ctrl_c_that_breaks_into_a_callback_keeps_the_epoch(self, optimizer):
        seen = []

        def broken_into(epoch):
            seen.append(epoch.network.parameters.copy())
            if epoch.epoch == 3:
                raise KeyboardInterrupt

        network = net()
        history = cp.train(network, X, Y, epochs=9, callbacks=broken_into, optimizer=optimizer)
        assert (history.stopped, len(history.loss)) == ("interrupted", 3)
        np.testing.assert_array_equal(network.parameters, seen[-1])

    @pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
    def test_in_a_program_the_results_are_kept_and_it_goes_on(self):
        code = """
import signal, numpy as np, clearprop as cp
signal.signal(signal.SIGINT, signal.default_int_handler)
network = cp.Network([2, 6, 3], output="softmax", seed=1)
before = network.parameters.copy()
print("ready", flush=True)
history = cp.train(network, np.eye(2), [0, 1], epochs=10**9, progress=False)
print(history.stopped, len(history.loss) > 0, not np.array_equal(before, network.parameters))
"""
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        threading.Event().wait(1.0)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert out == "interrupted True True\n"
        assert err == ""
        assert process.returncode == 0

    def test_lbfgs_too(self):
        def press(epoch):
            os.kill(os.getpid(), signal.SIGINT)

        history = cp.train(net(), X, Y, epochs=1000, callbacks=press, optimizer="lbfgs")
        assert history.stopped == "interrupted"
        assert len(history.loss) == 1

    def test_a_second_ctrl_c_ends_the_run_at_once_with_good_parameters(self):
        network = net()
        presses = []

        class Impatient(cp.SGD):
            def update(self, parameters, gradient, state, now, is_weight):
                super().update(parameters, gradient, state, now, is_weight)
                if now.t == 5:
                    parameters[0] = 1e9  # an update half done
                    presses.append(1)
                    os.kill(os.getpid(), signal.SIGINT)
                    os.kill(os.getpid(), signal.SIGINT)
                    threading.Event().wait(5)

        history = cp.train(network, X, Y, optimizer=Impatient(0.1), epochs=100)
        assert presses == [1]
        assert history.stopped == "interrupted"
        assert network.parameters[0] < 1e3

    def test_a_handler_of_the_programs_own_is_left_alone(self):
        calls = []
        old = signal.signal(signal.SIGINT, lambda *a: calls.append(1))
        try:
            cp.train(net(), X, Y, epochs=2, callbacks=lambda e: os.kill(os.getpid(), signal.SIGINT))
        finally:
            signal.signal(signal.SIGINT, old)
        assert calls == [1, 1]

    def test_works_outside_the_main_thread(self):
        histories = []
        thread = threading.Thread(target=lambda: histories.append(cp.train(net(), X, Y, epochs=2)))
        thread.start()
        thread.join()
        assert histories[0].stopped == "completed"


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
        ({"validation": "all"}, r"a pair \(X, y\) or a share"),
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
        "seed", "engine", "precision", "threads", "shards", "progress",
    }  # fmt: skip


def test_the_loop_fits_on_a_screen():
    source = inspect.getsource(cp.train)
    body = source.rpartition('"""\n    check_engine')[2]
    assert len(body.splitlines()) < 50
