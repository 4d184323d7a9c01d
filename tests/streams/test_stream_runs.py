"""Runs on streams with all that a run may have, and what of it streams cannot have."""

from __future__ import annotations

import os
import re
import signal
import threading
from contextlib import contextmanager

import numpy as np
import pytest

import clearprop as cp
from clearprop.cost import evaluate
from clearprop.streams.stream import Stream
from clearprop.training.job import check_data
from clearprop.training.windows import Windows
from stream_cases import BATCH, Blocks, N, batches_of, net, rows

X, Y, W = rows()
OTHERS = rows(90, seed=1)


def run(stream, network=None, **settings):
    network = net() if network is None else network
    return network, cp.train(network, stream, **{"epochs": 2, "batch_size": BATCH, **settings})


@contextmanager
def pressed(waiting, held):
    """Ctrl-C once somebody waits, who gets what is waited for a little later."""

    def press():
        waiting.wait(60)
        os.kill(os.getpid(), signal.SIGINT)
        threading.Timer(3.0, held.set).start()

    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    thread = threading.Thread(target=press)
    thread.start()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, old)
        thread.join()


@pytest.fixture(autouse=True)
def no_thread_left():
    yield
    assert not [one for one in threading.enumerate() if one.name == "clearprop-reader"]


class TestWhatIsLookedAt:
    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    @pytest.mark.parametrize("validation", ["arrays", "stream that fits", "stream", "blocks"])
    def test_loss_and_metrics_are_those_of_all_rows(self, engine, validation):
        held = {
            "arrays": OTHERS, "stream that fits": cp.stream(*OTHERS),
            "stream": cp.stream(*OTHERS, window=16),
            "blocks": Stream(Blocks(OTHERS, [50, 40]), 16),
        }[validation]  # fmt: skip
        network, history = run(
            cp.stream(X, Y, W, window=32), net("float64"), validation=held, metrics="accuracy",
            engine=engine,
        )  # fmt: skip
        parts = [check_data(network, *data) for data in ((X, Y, W), OTHERS)]
        (_, output), (loss, held_output) = (evaluate(network, data, engine) for data in parts)
        assert history.validation_loss[-1] == pytest.approx(loss, rel=1e-12)
        for figures, given, labels in (
            (history.metrics, output, Y),
            (history.validation_metrics, held_output, OTHERS[1]),
        ):
            right = (given.argmax(axis=1) == labels).mean()
            assert figures["accuracy"][-1] == pytest.approx(right, abs=1e-15)

    def test_metrics_of_numbers(self):
        y = np.column_stack([X[:, 0] * 3 + 100, X[:, 1] - 7]) + 1e6  # far from 0
        names = ["r2", "mean_absolute_error", "root_mean_squared_error"]

        def figures(data, *more):
            network = cp.Network([5, 4, 2], "tanh", "identity", dtype="float64", seed=0)
            settings = {"optimizer": cp.SGD(1e-9), "shuffle": False, "epochs": 1, "metrics": names}
            return cp.train(network, data, *more, batch_size=BATCH, **settings).metrics

        streamed, whole = figures(cp.stream(X, y, window=16)), figures(X, y)
        for name in names:
            assert streamed[name] == pytest.approx(whole[name], rel=1e-9)

    def test_early_stopping_and_callbacks(self):
        seen = []
        network, history = run(
            cp.stream(X, Y, window=32), epochs=30, validation=OTHERS, early_stopping=2,
            callbacks=lambda epoch: seen.append(epoch.epoch),
        )  # fmt: skip
        assert history.stopped == "early stopping"
        assert seen == list(range(1, len(history.epochs) + 1))
        loss = evaluate(network, check_data(network, *OTHERS))[0]
        assert loss == pytest.approx(min(history.validation_loss), rel=1e-6)

    def test_a_schedule_knows_the_whole(self):
        asked = set()

        def rate(t, total):
            asked.add((t, total))
            return 0.1

        run(cp.stream(X, Y, window=32), optimizer=cp.SGD(rate), epochs=3)
        total = 3 * -(-N // BATCH)
        assert {t for t, _ in asked} == set(range(total))
        assert {given for _, given in asked} == {total}

    def test_before_run_is_told_of_some_rows(self):
        class Told:
            def before_run(self, beginning):
                self.beginning = beginning

            def __call__(self, epoch):
                return None

        told = Told()
        run(cp.stream(X, Y, window=16), callbacks=told, validation=cp.stream(*OTHERS, window=16))
        assert len(told.beginning.data.X)
        assert len(told.beginning.held_out.X)
        assert told.beginning.batch_size == BATCH

    def test_a_network_of_another_type(self):
        network, history = run(cp.stream(X, Y, window=32), precision="float64")
        assert network.dtype == np.float32
        assert len(history.loss) == 2

    def test_progress_of_a_generator(self, capsys):
        run(cp.stream(batches_of(X, Y)(), window=32), epochs=1, progress=True)
        assert "epoch 1/1" in capsys.readouterr().err


class TestRefused:
    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"optimizer": "lbfgs"}, f"L-BFGS takes all rows at once: give a window of {N} rows"),
            ({"batch_size": None}, f"all rows at once: give a window of {N} rows"),
            ({"validation": 0.2}, "cannot be put aside of a stream"),
            ({"validation": np.float32(0.2)}, "cannot be put aside of a stream"),
            ({"validation": cp.stream(batches_of(X, Y)())}, "validation is a generator, which"),
            ({"metrics": lambda y, a: 0.0}, "a function of all rows"),
            ({"sample_weight": W}, "sample_weight of a stream is in the stream"),
            ({"y": Y}, "y of a stream is in the stream"),
            ({"epochs": -1}, "epochs"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_of_small_windows(self, settings, message):
        network = net()
        before = network.parameters.copy()
        with pytest.raises(cp.ArgumentError, match=message):
            run(cp.stream(X, Y, window=32), network, **settings)
        assert np.array_equal(network.parameters, before)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"epochs": 2}, "epochs is 2, and a generator can be gone through once: give"),
            ({"metrics": "accuracy"}, "metrics of training rows needs more than one pass"),
            ({"checkpoint": "folder"}, "a checkpoint needs more than one pass"),
            ({"optimizer": cp.SGD(cp.cosine(0.1))}, "a schedule"),
        ],
        ids=lambda value: str(value)[:20],
    )
    def test_of_a_generator(self, settings, message):
        with pytest.raises(cp.ArgumentError, match=message):
            run(cp.stream(batches_of(X, Y)(), window=32), **{"epochs": 1, **settings})

    def test_steps_are_of_rows_in_memory(self):
        with pytest.raises(cp.ArgumentError, match=r"cp\.steps .* in memory.*cp\.train"):
            cp.steps(net(), cp.stream(X, Y))

    def test_no_y(self):
        with pytest.raises(cp.ArgumentError, match="y is missing"):
            cp.train(net(), X)


class TestWhatGoesWrong:
    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    def test_a_bad_number_is_placed(self, engine):
        bad = X.copy()
        bad[150, 2] = np.nan
        network = net()
        for stream, where in (
            (cp.stream(bad, Y, window=64), r"in rows 148 to 151 of X, counted from 0 there: X at "
             r"row 2, column 2 is nan"),
            (cp.stream(batches_of(bad, Y), window=64), r"in batch 8, .*: X at row 14, column 2"),
        ):  # fmt: skip
            with pytest.raises(cp.NonFiniteDataError, match=where):
                run(stream, network, engine=engine, shuffle=False)
        assert np.isfinite(network.parameters).all()

    def test_a_bad_block_keeps_its_name_and_the_parameters_are_good(self):
        network = net()
        before = network.parameters.copy()
        stream = Stream(Blocks((X, Y), [60, 60, 60, 23], fails_at=2), 64)
        with pytest.raises(cp.TableFileError, match="shop.parquet, row group 2: it is cut short"):
            run(stream, network, shuffle=False)
        assert not np.array_equal(network.parameters, before)
        assert np.isfinite(network.parameters).all()

    def test_an_error_of_the_users_own_comes_whole(self):
        def batches():
            yield X, Y
            if threading.current_thread() is not threading.main_thread():
                raise LookupError("the shop is closed")

        with pytest.raises(LookupError, match="the shop is closed"):
            run(cp.stream(batches, window=64))

    def test_labels_that_the_network_has_not(self):
        labels = Y.copy()
        labels[150] = 3
        with pytest.raises(cp.TargetError, match=r"in rows .*: y\[\d\] is 3"):
            run(cp.stream(X, labels, window=64))

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    def test_divergence_says_why(self, engine):
        network = net()
        with pytest.raises(cp.DivergenceError) as caught:
            run(
                cp.stream(X, Y, window=64), network, optimizer=cp.SGD(1e20), engine=engine,
                epochs=5, shuffle=False,
            )  # fmt: skip
        assert np.isfinite(network.parameters).all()
        assert caught.value.step
        assert caught.value.cause == "learning rate"
        through = re.search(r"goes through (\d+) step", caught.value.evidence)
        assert 1 <= int(through[1]) <= 8  # those of the window: others are not in memory

    def test_ctrl_c_while_a_window_is_waited_for(self):
        waiting = threading.Event()
        held = threading.Event()

        def batches():
            yield X, Y
            if threading.current_thread() is not threading.main_thread():
                waiting.set()
                held.wait(60)
                yield X, Y

        with pressed(waiting, held):
            history = run(cp.stream(batches, window=N - 3))[1]
        assert history.stopped == "interrupted"
        assert history.epochs == []

    @pytest.mark.parametrize(("now", "said"), [(1, "has 90 now"), (3, "has more now")])
    def test_validation_rows_that_are_not_as_many_as_before(self, now, said):
        passes = []

        def batches():
            passes.append(1)
            for _ in range(now if len(passes) == 4 else 2):
                yield OTHERS

        with pytest.raises(cp.ShapeError, match=f"the validation stream had 180 rows and {said}"):
            run(cp.stream(X, Y), validation=cp.stream(batches, window=100), epochs=9)
        assert len(passes) == 4

    def test_a_generator_that_ends_in_its_first_window_takes_the_memory_of_one(self, monkeypatch):
        taken = []
        room = Windows._room
        monkeypatch.setattr(Windows, "_room", lambda self: taken.append(1) or room(self))
        for window, rooms in ((2 * N, 1), (N // 3, 2)):
            taken.clear()
            run(cp.stream(batches_of(X, Y)(), window=window), epochs=1)
            assert len(taken) == rooms

    def test_ctrl_c_ends_a_pass_over_validation_rows_that_come_slowly(self):
        waiting, held = threading.Event(), threading.Event()
        passes = []

        def batches():
            passes.append(1)
            yield X, Y
            if len(passes) == 3:
                waiting.set()
                held.wait(60)
                yield X, Y

        with pressed(waiting, held):
            history = run(cp.stream(X, Y), validation=cp.stream(batches, window=N - 3), epochs=9)[1]
        assert (history.stopped, len(history.epochs)) == ("interrupted", 1)
