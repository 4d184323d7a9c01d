"""The compiled engine: the reference's numbers, the same bits at any cut and number of threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from sklearn.datasets import load_digits

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.checks.data import Data
from clearprop.engine import layout
from clearprop.engine.kernels import gradients as gradients_kernels
from clearprop.engine.kernels import plan as P
from clearprop.engine.kernels import product
from clearprop.engine.kernels.loading import function_at, load
from clearprop.engine.kernels.precision import FLOAT32, PRECISIONS
from clearprop.engine.runs import CompiledRun, rates_of
from clearprop.engine.settings import RunSettings
from clearprop.engine.threads import cores, run_together
from clearprop.errors import PairingError
from clearprop.losses import LOSSES
from clearprop.numerics.random import kept_units
from clearprop.training.batches import epoch_order
from clearprop.training.job import check_data, check_job
from command_line import invoke

PAIRS = []
for _loss in LOSSES:
    for _output in ACTIVATIONS:
        try:
            cp.Network([2, 3, 2], activations="tanh", output=_output, loss=_loss)
        except PairingError:
            continue
        PAIRS.append((_loss, _output))
OPTIMIZERS = {
    "sgd": cp.SGD(0.1, shrink=0.99),
    "momentum": cp.SGD(cp.cosine(0.1), momentum=0.9),
    "nesterov": cp.SGD(0.05, momentum=cp.constant(0.8), nesterov=True),
    "adam": cp.Adam(0.01),
    "adamw": cp.AdamW(0.01, decay=0.1),
    "rmsprop": cp.RMSprop(0.01),
    "rmsprop with momentum": cp.RMSprop(0.01, momentum=0.9),
    "rprop": cp.RProp(0.01),
}


def data(network, n, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, network.sizes[0])).astype(network.dtype)
    shape = (n, network.sizes[-1])
    y = {
        "labels": rng.integers(0, network.sizes[-1], n),
        "real": rng.normal(size=shape),
        "unit": rng.random(shape),
        "nonnegative": rng.poisson(2.0, shape),
    }[network.loss.targets]
    return X, y


def gradients(network, X, y, weights=None, l2=0.0, shards=1):
    """The compiled gradient of the full batch, and the reference's."""
    job = check_job(
        network.copy(), check_data(network, X, y, weights), batch_size=None, epochs=1,
        shuffle=False, l2=l2, dropout=0.0, shards=shards, seed=0,
    )  # fmt: skip
    run = CompiledRun(job.network.topology, job.data, job.settings, None, {}, 1)
    status, costs = run.advance(1, np.zeros((1, 2)))
    assert status == 0
    record = cp.backprop(network, X, y, sample_weight=weights, l2=l2)
    assert costs[0, 0] / costs[0, 1] == pytest.approx(float(record.loss), rel=1e-5)
    return run.gradient, record.gradient


def apart(a, b):
    return np.linalg.norm(a.astype(float) - b) / np.linalg.norm(b)


class TestAgreement:
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize(("loss", "output"), PAIRS)
    @pytest.mark.parametrize("hidden", ACTIVATIONS)
    def test_gradients_of_every_activation_and_loss(self, hidden, loss, output, dtype):
        network = cp.Network(
            [5, 7, 9, 3], activations=hidden, output=output, loss=loss, dtype=dtype, seed=1
        )
        network.parameters[:] *= 0.3  # so that exp of exp stays finite
        ours, reference = gradients(network, *data(network, 37), l2=0.1)
        assert apart(ours, reference) < (1e-12 if dtype == "float64" else 1e-5)

    @pytest.mark.parametrize("sizes", [[1, 1], [3, 1, 2], [17, 33, 16, 8], [300, 600, 11]])
    @pytest.mark.parametrize("n", [1, 2, 15, 300, 700])
    def test_gradients_of_many_sizes(self, sizes, n):
        network = cp.Network(sizes, activations="tanh", output="identity", dtype="float64")
        weights = np.random.default_rng(3).random(n) * 1e200
        ours, reference = gradients(network, *data(network, n), weights)
        assert apart(ours, reference) < 1e-12

    @pytest.mark.parametrize("shards", [2, 3, 4, 5, 8, 9, 200])
    def test_gradients_of_shards_whose_samples_are_packed(self, shards):
        """The sums that wait for others lie below the samples, in one room."""
        network = cp.Network([300, 600, 11], "tanh", output="identity", dtype="float64", seed=1)
        X, y = data(network, 120)
        assert X.nbytes > layout.HALF_L2
        assert apart(*gradients(network, X, y, shards=shards)) < 1e-12

    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    @pytest.mark.parametrize("name", OPTIMIZERS)
    def test_updates(self, name, dtype):
        # One layer without hidden units: the gradients of both engines differ by rounding alone.
        networks = [cp.Network([4, 3], dtype=dtype, output="identity") for _ in range(2)]
        X, y = data(networks[0], 40)
        for network, engine in zip(networks, ("compiled", "reference"), strict=True):
            cp.train(
                network, X, y, optimizer=OPTIMIZERS[name], batch_size=8, epochs=3, l2=0.01,
                engine=engine,
            )  # fmt: skip
        tolerance = 1e-12 if dtype == "float64" else 1e-5
        assert apart(networks[0].parameters, networks[1].parameters) < tolerance

    @pytest.mark.parametrize("hidden", ["relu", "softmax"])
    def test_dropout_weights_and_shards(self, hidden):
        X, y = load_digits(return_X_y=True)
        parameters = []
        for engine in ("compiled", "reference"):
            network = cp.Network(
                [64, 30, 20, 10], activations=hidden, output="softmax", dtype="float64"
            )
            cp.train(
                network, X[:500] / 16, y[:500], epochs=2, dropout=0.4, shards=3, seed=2**64 - 1,
                sample_weight=np.arange(500) // 100, engine=engine,
            )  # fmt: skip
            parameters.append(network.parameters)
        assert apart(*parameters) < 1e-11

    def test_lbfgs_and_an_optimizer_of_ones_own(self):
        class Mine:
            def start(self, parameters):
                return {"sum": np.zeros_like(parameters)}

            def update(self, parameters, gradient, state, now, is_weight):
                state["sum"] += gradient
                parameters -= 0.1 / (1 + now.made) * state["sum"]

        for rule in (cp.LBFGS(), Mine()):
            found = []
            for engine in ("compiled", "reference"):
                network = cp.Network([2, 5, 1], activations="tanh", dtype="float64")
                X, y = data(network, 50)
                cp.train(network, X, y, optimizer=rule, epochs=5, engine=engine)
                found.append(network.parameters)
            assert apart(*found) < 1e-8

    def test_functions_of_ones_own(self):
        cube = cp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
        cosh = cp.Loss(
            "cosh", lambda a, y: np.log(np.cosh(a - y)).sum(), lambda a, y: np.tanh(a - y)
        )
        network = cp.Network(
            [3, 4, 2], activations=cube, output="identity", loss=cosh, dtype="float64"
        )
        assert apart(*gradients(network, *data(network, 30))) < 1e-12

    def test_accuracy_on_digits_is_the_same(self):
        X, y = load_digits(return_X_y=True)
        means = []
        for engine in ("compiled", "reference"):
            scores = []
            for seed in range(5):
                network = cp.Network([64, 40, 10], activations="relu", output="softmax", seed=seed)
                cp.train(network, X[:1300] / 16, y[:1300], epochs=20, seed=seed, engine=engine)
                scores.append((network.predict(X[1300:] / 16).argmax(axis=1) == y[1300:]).mean())
            means.append(np.mean(scores))
        assert means[0] == pytest.approx(means[1], abs=0.003)
        assert means[0] > 0.9


class TestBits:
    @pytest.mark.parametrize("shards", [1, 4])
    def test_threads_and_cuts_change_no_bit(self, shards):
        X, y = load_digits(return_X_y=True)
        X = (X / 16).astype(np.float32)
        found, outputs = [], []
        for threads, cut in ((1, None), (1, 1), (2, None), (3, 7), (8, 40)):
            network = cp.Network([64, 150, 300, 10], activations="sigmoid", output="softmax")
            rule = cp.Adam()
            settings = RunSettings(64, 3, True, l2=1e-4, dropout=0.2, shards=shards, seed=3)
            state = rule.start(network.parameters)
            run = CompiledRun(network.topology, Data(X, y), settings, rule, state, threads)
            total = 3 * run.epoch_batches
            while run.now < total:
                some = min(cut or total, total - run.now)
                run.advance(some, rates_of(rule, run.now, some, total))
            found.append(network.parameters)
            outputs.append(network.predictor().outputs(X, threads)[0])
        assert all(one.tobytes() == found[0].tobytes() for one in found)
        assert all(one.tobytes() == outputs[0].tobytes() for one in outputs)

    @pytest.mark.parametrize("sizes", [[5, 3, 2], [64, 100, 40, 10], [300, 33, 7]])
    def test_whether_a_step_is_fused_changes_no_bit(self, sizes, monkeypatch):
        found = []
        for fused, threads in ((True, 1), (True, 3), (False, 1), (False, 2)):
            monkeypatch.setattr(layout, "is_fused", lambda *_, fused=fused: fused)
            network = cp.Network(sizes, activations="tanh", output="softmax", seed=2)
            X, y = data(network, 333)
            cp.train(
                network,
                X,
                y,
                batch_size=300,
                epochs=2,
                l2=0.01,
                dropout=0.3,
                shards=2,
                threads=threads,
            )
            found.append(network.parameters.tobytes())
        assert len(set(found)) == 1

    def test_a_row_alone_has_the_bits_of_a_batch(self):
        network = cp.Network([30, 40, 5], activations="gelu", output="softmax")
        X, _ = data(network, 300)
        whole = network.predict(X)
        assert all(np.array_equal(network.predict(X[i : i + 1])[0], whole[i]) for i in range(300))


class TestParts:
    @pytest.mark.parametrize("batch", [1, 3, 10, 32, 64, 200, 1000])
    @pytest.mark.parametrize("threads", [1, 2, 3, 8])
    def test_blocks_of_rows_end_at_one_time(self, batch, threads):
        rows = layout.cut_rows(batch, threads)
        assert 1 <= rows <= batch
        if batch >= 12 * threads:
            blocks = [min(rows, batch - top) for top in range(0, batch, rows)]
            dealt = [len(blocks) * member // threads for member in range(threads + 1)]
            longest = max(sum(blocks[a:b]) for a, b in pairwise(dealt))
            assert longest <= 1.3 * batch / threads + 4

    @pytest.mark.parametrize("name", PRECISIONS)
    def test_panels_have_room(self, name):
        precision = PRECISIONS[name]
        lane, width = precision.lanes, precision.panel_width
        for n_in, n_out in ((1, 1), (255, 31), (256, 32), (257, 33), (784, 30), (513, 100)):
            whole = layout.padded(n_out, width)
            assert layout.panels_forward(n_in, n_out, precision) >= (n_in + 1) * whole
            blocks = -(-n_in // 256)
            assert layout.panels_forward(n_in, n_out, precision) <= (n_in + blocks * lane) * whole
            assert layout.panels_backward(n_in, n_out, precision) == n_out * layout.padded(
                n_in, width
            )

    def test_many_threads_claim_every_part_once(self):
        """Runs of 40 steps on 8 threads, whose numbers would differ if a part were lost."""
        found = []
        for threads in (1, 8):
            network = cp.Network([40, 70, 30, 4], activations="relu", output="softmax", seed=1)
            X, y = data(network, 500)
            cp.train(network, X, y, batch_size=50, epochs=4, threads=threads)
            found.append(network.parameters.tobytes())
        assert found[0] == found[1]


class TestTeam:
    def network(self):
        return cp.Network([30, 50, 4], activations="tanh", output="softmax", seed=4)

    def test_one_predictor_with_changing_numbers_of_threads(self):
        network = self.network()
        X, _ = data(network, 900)
        expected = self.network().predictor().outputs(X, 1)[0]
        predictor = network.predictor()
        for threads in (2, 1, 3, 1, 8, 2, 1):
            for n in (900, 1):
                output, fine = predictor.outputs(X[:n], threads)
                assert fine
                np.testing.assert_array_equal(output, expected[:n])

    def test_ctrl_c_before_the_gate_leaves_no_thread_behind(self, monkeypatch):
        network = self.network()
        X, _ = data(network, 5000)
        predictor = network.predictor()
        expected = predictor.outputs(X, 1)[0]
        started = []

        def interrupted(helper):
            start(helper)
            started.append(helper)
            if len(started) == 2:
                raise KeyboardInterrupt

        start, before = threading.Thread.start, set(threading.enumerate())
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", interrupted)
            with pytest.raises(KeyboardInterrupt):
                predictor.outputs(X, 3)
        left = set(threading.enumerate()) - before  # a server of other tests may have been there
        assert not [t for t in left if t.name.startswith("clearprop-")]
        np.testing.assert_array_equal(predictor.outputs(X, 2)[0], expected)

    @pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
    @pytest.mark.parametrize("threads", [2, 3, 5])
    @pytest.mark.parametrize("times", [1, 3])
    @pytest.mark.parametrize("where", ["in the work of the first", "in the wait for the others"])
    def test_ctrl_c_while_helpers_work_waits_for_them(self, threads, times, where):
        """Python counts a thread whose join was interrupted as ended; it goes on, though."""
        team, ended, begun = np.zeros(P.team_size(threads), np.int64), [], threading.Event()

        class SomePlan(dict):
            address, arrays = 0, {"team": team}

        def work(address, number):
            if number == 0:
                team[P.GATE] = 1
                begun.set()
                if where == "in the work of the first":
                    raise KeyboardInterrupt  # as a signal does between two instructions
                return
            begun.wait()
            if number == 1:
                for _ in range(times):
                    os.kill(os.getpid(), signal.SIGINT)
                    time.sleep(0.1)
            time.sleep(0.1 * number)
            ended.append(number)

        old = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                run_together(work, SomePlan(), threads)
            assert sorted(ended) == list(range(1, threads))
        finally:
            signal.signal(signal.SIGINT, old)

    def test_fewer_threads_than_asked_for(self, monkeypatch):
        network = self.network()
        X, y = data(network, 300)
        found = []
        for refused in (None, 1, 2):
            start, started = threading.Thread.start, []

            def some(helper, start=start, started=started, refused=refused):
                started.append(helper)
                if len(started) == refused:
                    raise RuntimeError("can't start new thread")
                start(helper)

            with monkeypatch.context() as patch:
                patch.setattr(threading.Thread, "start", some)
                network = self.network()
                cp.train(network, X, y, epochs=2, threads=4)
            found.append(network.parameters.tobytes())
        assert len(set(found)) == 1

    def test_a_loss_that_raises_on_some_rows_is_no_number(self):
        def value(a, y):
            if y[0] > 5:
                raise ValueError("too far")
            return ((a - y) ** 2).sum()

        loss = cp.Loss("picky", value, lambda a, y: 2 * (a - y))
        network = cp.Network([2, 3, 1], activations="tanh", output="identity", loss=loss)
        X, y = data(network, 40)
        y[17] = 9.0
        with pytest.raises(cp.FunctionError):
            cp.train(network, X[:10], y[:10], epochs=1, validation=(X, y))

    def test_tiny_weights_of_samples(self):
        found = []
        for engine in ("compiled", "reference"):
            network = cp.Network([3, 4, 1], activations="tanh", output="identity", seed=1)
            X, y = data(network, 7)
            weights = [1.0, 1e-39, 1e-42, 3e-60, 1e-300, 1e-320, 1.0]
            cp.train(
                network, X, y, sample_weight=weights, batch_size=1, epochs=3, optimizer=cp.SGD(0.1),
                engine=engine,
            )  # fmt: skip
            found.append(network.parameters)
        assert apart(*found) < 1e-5

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    @pytest.mark.parametrize("unit", [1e-300, 1e-310, 5e-324])
    def test_weights_of_few_digits_cost_none_of_the_loss(self, engine, unit):
        """Sums of weights and costs have as few: 0.9173 in place of 0.9154."""
        network = cp.Network([3, 4, 1], "tanh", "identity", dtype="float64", seed=1)
        X, y = data(network, 15)
        weights = np.arange(1, 16)
        settings = {"batch_size": 4, "epochs": 2, "optimizer": "sgd", "engine": engine}
        losses = []
        for scale in (1.0, unit):
            held_out = cp.stream(X, y, sample_weight=weights * scale, window=4)
            history = cp.train(
                network.copy(), X, y, sample_weight=weights * scale, validation=held_out, **settings
            )
            losses.append([*history.loss, *history.validation_loss])
        np.testing.assert_allclose(losses[1], losses[0], rtol=1e-12)

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    @pytest.mark.parametrize("scales", [(1, 1e-310, 1), (1e-310, 1, 1e-310), (1e-300, 1e-310, 1)])
    def test_windows_of_weights_far_apart(self, engine, scales):
        """As the same rows in memory."""
        network = cp.Network([3, 4, 1], "tanh", "identity", dtype="float64", seed=1)
        X, y = data(network, 60)
        weights = np.repeat(scales, 20)
        settings = {"batch_size": 5, "epochs": 2, "shuffle": False, "engine": engine}
        streamed = cp.stream(X, y, sample_weight=weights, window=10)
        losses = cp.train(network.copy(), streamed, **settings).loss
        expected = cp.train(network.copy(), X, y, sample_weight=weights, **settings).loss
        np.testing.assert_allclose(losses, expected, rtol=1e-9)


class TestRandom:
    @pytest.mark.parametrize("n", [1, 2, 3, 5, 17, 1000, 4097])
    @pytest.mark.parametrize("shards", [1, 2, 3, 8])
    def test_an_epochs_order(self, n, shards):
        draw = function_at(load("random.order", FLOAT32), 7)
        order, room = np.zeros(n, np.int64), np.zeros(4 * n + 2, np.int64)
        for seed, epoch in ((0, 0), (2**64 - 1, 3)):
            signed = seed - 2**64 if seed >= 2**63 else seed
            draw(n, shards, 1, signed, epoch, order.ctypes.data, room.ctypes.data)
            expected = epoch_order(n, shards, True, seed, epoch)
            np.testing.assert_array_equal(order, expected)

    def test_dropout(self):
        drop = function_at(load("random.dropout", FLOAT32), 11)
        a, d, room = np.ones(50, np.float32), np.ones(50, np.float32), np.zeros(60, np.int64)
        factor = np.array([2.0])
        addresses = [array.ctypes.data for array in (factor, a, d, room)]
        drop(8, 50, 7, 2, 5, 11, int(0.3 * 2**32), *addresses)
        kept = kept_units(11, 58, 0.3, epoch=5, rows=np.array([7]), layer=2)[0, 8:]
        np.testing.assert_array_equal(a, 2.0 * kept)
        np.testing.assert_array_equal(d, a)


class TestStart:
    def test_a_warm_start_needs_no_numba(self):
        script = (
            "import sys, clearprop as cp\n"
            "n = cp.Network([2, 3, 1]); cp.train(n, [[0, 1], [1, 0]], [0, 1], progress=False)\n"
            "n.predict([[0, 1]]); print('numba' in sys.modules)"
        )
        for _ in range(2):  # the first run may have to compile
            done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        assert done.stdout == "False\n"
        assert not done.stderr

    def test_a_cache_that_cannot_be_written_or_is_damaged(self, tmp_path):
        from clearprop.engine.kernels import cache as kept

        script = (
            "from clearprop.engine.kernels.cache import folder\n"
            "from clearprop.engine.kernels.loading import load, function_at\n"
            "from clearprop.engine.kernels.precision import FLOAT32\n"
            "import numpy as np\n"
            "order, room = np.zeros(5, np.int64), np.zeros(22, np.int64)\n"
            "f = function_at(load('random.order', FLOAT32), 7)\n"
            "f(5, 1, 0, 0, 0, order.ctypes.data, room.ctypes.data)\n"
            "print(order.tolist(), folder())"
        )
        (tmp_path / "file").write_text("")
        for cache in (tmp_path / "file", tmp_path / "new" / "folder"):
            environment = os.environ | {
                "CLEARPROP_CACHE": str(cache),
                "CLEARPROP_KERNELS": "compile",
            }
            command = [sys.executable, "-c", script]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
            assert done.stdout.startswith("[0, 1, 2, 3, 4] ")
            assert done.stderr.startswith("clearprop: compiling the engine for this machine, once")
            assert len(done.stderr.splitlines()) == 1
            assert ("not kept: " in done.stderr) == (cache.name == "file")
        (kernel,) = cache.glob("*/random.order-float32.kernel")
        kernel.write_bytes(kernel.read_bytes()[:-9])
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.stdout.startswith("[0, 1, 2, 3, 4] ")
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert not done.stderr
        assert kept.folder().name == kernel.parent.name

    def test_constants_that_stand_twice_agree(self):
        assert layout.K_BLOCK == product.BLOCK
        assert layout.TILE_ROWS == gradients_kernels.TILE_ROWS

    def test_threads_have_something_to_do(self):
        assert layout.most_threads([784, 30, 10], 10, FLOAT32) == 1  # all rows of W1 are one panel
        assert layout.most_threads([100] * 7, 64, FLOAT32) > 8
        assert layout.most_threads([1000, 2000, 10], 10, FLOAT32) > 100

    def test_joblib_says_how_many_cores_there_are(self, monkeypatch):
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        free = cores()
        assert 1 <= free <= os.cpu_count()
        for text, expected in (("1", 1), ("1,4", 1), ("0", free), ("all", free), ("999", free)):
            monkeypatch.setenv("OMP_NUM_THREADS", text)
            assert cores() == expected

    def test_warm_up_knows_every_kernel(self, tmp_path, monkeypatch, compiling):
        from clearprop.cli import warm_up
        from clearprop.engine import functions

        module = sys.modules["clearprop.cli.warm_up"]
        loaded = []
        monkeypatch.setattr(module, "load", lambda *key: loaded.append(key))
        monkeypatch.setattr(module.cache, "read", lambda kernel: ("symbol", b"code"))
        done = invoke("warm-up", "--precision", "both")
        assert done.exit_code == 0, done.output
        assert len(loaded) == len(set(loaded)) == 2 * len(functions.KERNELS)
        assert warm_up.name == "warm-up"
        asked = set()
        monkeypatch.setattr(functions, "load", lambda name, _: asked.add(name) or 1)
        for loss, output in PAIRS:
            entry = ACTIVATIONS[output]
            functions.activation_of(entry, FLOAT32)
            for labels in (True, False):
                functions.loss_of(LOSSES[loss], entry, labels, FLOAT32)
        for rule in (None, *OPTIMIZERS.values()):
            functions.optimizer_of(rule, FLOAT32)
        assert asked <= set(functions.KERNELS)

    def test_warm_up_says_where_it_cannot_write(self, tmp_path):
        (tmp_path / "file").write_text("")
        done = subprocess.run(
            [sys.executable, "-m", "clearprop", "warm-up"],
            env=os.environ
            | {"CLEARPROP_CACHE": str(tmp_path / "file"), "CLEARPROP_KERNELS": "compile"},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert "CLEARPROP_CACHE" in done.stderr
