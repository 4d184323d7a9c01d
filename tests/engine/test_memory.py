"""Memory under compiled code: nothing that is handed out can be moved, nothing is read beside."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import clearprop as cp
from clearprop.checks.data import Data
from clearprop.checks.memory import Borrowed
from clearprop.engine.runs import CompiledRun
from clearprop.engine.settings import RunSettings

X = np.random.default_rng(0).normal(size=(30, 4)).astype("float32")
Y = np.arange(30) % 3


def net():
    return cp.Network([4, 9, 3], "tanh", "softmax", seed=1)


def handed_out(network):
    """Every array that a network gives, and what leads from them to its memory."""
    arrays = [network.parameters, *network.weights, *network.biases, network["W1"]]
    arrays += [*network.unflatten(network.parameters).values(), network.topology.parameters]
    for array in arrays:
        while isinstance(array, np.ndarray):
            yield array
            array = array.base
        yield array


class TestWhatIsHandedOut:
    @pytest.mark.parametrize(
        "made",
        [
            lambda network: network,
            lambda network: network.copy(),
            lambda network: network.astype("float64"),
            copy.copy,
            copy.deepcopy,
            lambda network: pickle.loads(pickle.dumps(network)),
            lambda network: cp.Network.from_weights(
                network.weights, network.biases, "tanh", "softmax"
            ),
        ],
    )
    def test_owns_nothing_that_could_be_resized(self, made):
        network = made(net())
        rows = X.astype(network.dtype)
        expected = network.predict(rows)
        record = cp.backprop(network, rows, Y)
        found = [*handed_out(network), *handed_out(record.network)]
        views = [memory for memory in found if isinstance(memory, memoryview)]
        owners = [view.obj for view in views]
        for view in views:
            view.release()
        for array in found:
            if isinstance(array, np.ndarray):
                with pytest.raises(ValueError, match="does not own its data"):
                    array.resize(100_000, refcheck=False)
        for owner in owners:
            with pytest.raises(BufferError):
                owner.clear()
            with pytest.raises(BufferError):
                owner.extend(b"more")
        np.testing.assert_array_equal(network.predict(rows), expected)

    def test_nor_does_a_copy_of_its_topology(self):
        network = net()
        for made in (copy.deepcopy, lambda topology: pickle.loads(pickle.dumps(topology))):
            vector = made(network.topology).parameters
            np.testing.assert_array_equal(vector, network.parameters)
            assert not np.shares_memory(vector, network.parameters)
            with pytest.raises(ValueError, match="does not own its data"):
                vector.resize(3, refcheck=False)

    @pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")
    def test_its_type_and_shape_are_the_callers_own(self):
        network, expected = net(), net().predict(X)
        for array in handed_out(network):
            if isinstance(array, np.ndarray) and array.flags.c_contiguous:
                array.dtype = np.int16
                array.shape = (-1, 1)
                array.flags.writeable = False
        assert network.dtype == np.float32
        np.testing.assert_array_equal(network.predict(X), expected)
        network.parameters[:] = 0.5
        cp.train(network, X, Y, epochs=1)
        assert (network.parameters != 0.5).any()

    def test_an_array_lives_on_without_its_network(self):
        network = net()
        W, expected = network.weights[1], network.weights[1].copy()
        del network
        others = [net() for _ in range(9)]
        np.testing.assert_array_equal(W, expected)
        assert len(others) == 9

    def test_an_optimizer_of_the_users_own_gets_nothing_else(self):
        seen = []

        class Rough:
            def start(self, parameters):
                seen.append(parameters)
                return {}

            def update(self, parameters, gradient, state, now, is_weight):
                for array in (parameters, gradient):
                    with pytest.raises(ValueError, match="does not own its data"):
                        array.resize(7, refcheck=False)
                    with warnings.catch_warnings():  # deprecated by NumPy 2.5, and there
                        warnings.simplefilter("ignore", DeprecationWarning)
                        array.shape = (-1, 1)
                seen.append(gradient)

        network = net()
        cp.train(network, X, Y, optimizer=Rough(), epochs=2, progress=False)
        assert len(seen) == 3
        np.testing.assert_array_equal(network.parameters, net().parameters)
        with pytest.raises(ValueError, match="does not own its data"):
            seen[0].resize(7, refcheck=False)

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    @pytest.mark.parametrize("y", [Y, np.eye(3, dtype="float32")[Y]])
    def test_a_metric_gets_targets_of_its_own(self, y, engine):
        given = y.copy()

        def spoil(targets, output):
            targets[:] = 10**9  # as labels, places far from every array
            targets.resize(1, refcheck=False)
            return 0.0

        a, b = net(), net()
        for network, metrics in ((a, ["accuracy"]), (b, [spoil])):
            history = cp.train(
                network, X, given, epochs=3, validation=(X, given), metrics=metrics, engine=engine
            )
            assert len(history.validation_loss) == 3
        np.testing.assert_array_equal(a.parameters, b.parameters)
        np.testing.assert_array_equal(given, y)

    def test_a_step_gives_rows_of_its_own(self):
        a, b = net(), net()
        for step in cp.steps(a, X, Y, batch_size=8, epochs=2):
            step.rows[:] = 10**9
            step.rows.resize(1, refcheck=False)
        for _ in cp.steps(b, X, Y, batch_size=8, epochs=2):
            pass
        np.testing.assert_array_equal(a.parameters, b.parameters)

    def test_a_pickle_whose_parameters_are_too_few(self):
        state = net().__getstate__()
        for wrong in (np.zeros(1, "f4"), state["parameters"][:-1], state["parameters"][None]):
            network = cp.Network.__new__(cp.Network)
            with pytest.raises(cp.ArchitectureError, match="but its network has 75"):
                network.__setstate__({**state, "parameters": wrong})


class TestWhatIsBorrowed:
    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    @pytest.mark.parametrize("which", ["X", "y", "validation X", "validation y"])
    @pytest.mark.parametrize("view", [False, True])
    def test_data_that_are_resized_in_a_callback(self, which, view, engine):
        targets = np.eye(3, dtype="float32")[Y]
        given = {"X": X.copy(), "y": targets.copy()}
        given |= {f"validation {name}": array.copy() for name, array in given.items()}
        passed = [array[:] if view else array for array in given.values()]

        def shrink(epoch):
            given[which].resize((1, given[which].shape[1]), refcheck=False)

        network = net()
        settings = {"callbacks": shrink, "engine": engine, "progress": False, "batch_size": 8}
        with pytest.raises(cp.ShapeError, match=f"{which[-1]} was resized"):
            cp.train(network, *passed[:2], validation=tuple(passed[2:]), epochs=9, **settings)
        assert np.isfinite(network.parameters).all()
        if which == "X":
            after = net()
            cp.train(after, X, targets, epochs=1, batch_size=8, engine=engine, progress=False)
            np.testing.assert_array_equal(network.parameters, after.parameters)

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    @pytest.mark.parametrize("where", ["metric", "schedule", "optimizer", "L-BFGS"])
    def test_wherever_the_users_code_runs(self, where, engine):
        rows, calls = X.copy(), []

        def shrink(*_):
            calls.append(1)
            if len(calls) == 2:
                rows.resize((1, 4), refcheck=False)
            return 0.01

        class Own:
            def start(self, parameters):
                return {}

            def update(self, *_):
                shrink()

        rules = {"schedule": cp.SGD(shrink), "optimizer": Own(), "L-BFGS": "lbfgs"}
        with pytest.raises(cp.ShapeError, match="X was resized"):
            cp.train(
                net(), rows, Y, optimizer=rules.get(where, "sgd"), epochs=9, engine=engine,
                metrics=shrink if where == "metric" else (), progress=False,
                callbacks=shrink if where == "L-BFGS" else (), batch_size=8,
            )  # fmt: skip

    def test_labels_and_weights_are_the_runs_own(self):
        labels, weights = Y.copy(), np.ones(30)

        def spoil(epoch):
            labels[:] = 10**9
            weights[:] = np.nan
            for array in (labels, weights):
                array.resize(1, refcheck=False)

        for engine in ("compiled", "reference"):
            labels, weights = Y.copy(), np.ones(30)
            a, b = net(), net()
            cp.train(a, X, labels, sample_weight=weights, epochs=3, callbacks=spoil, engine=engine)
            cp.train(b, X, Y, sample_weight=np.ones(30), epochs=3, engine=engine)
            np.testing.assert_array_equal(a.parameters, b.parameters)

    def test_numbers_are_the_owners_to_change(self):
        rows, other = X.copy(), 2 * X
        a, b = net(), net()

        def double(epoch):
            rows[:] = other

        cp.train(a, rows, Y, epochs=2, callbacks=double)
        cp.train(b, X, Y, epochs=1)
        cp.train(b, other, Y, epochs=1)
        assert not np.array_equal(a.parameters, net().parameters)
        assert np.isfinite(b.parameters).all()

    @pytest.mark.filterwarnings("ignore:Setting the:DeprecationWarning")
    @pytest.mark.parametrize(
        "change",
        [
            lambda array: array.resize((2, 3), refcheck=False),
            lambda array: array.resize((6, 4), refcheck=False),
            lambda array: setattr(array, "shape", (4, 3)),
            lambda array: setattr(array, "dtype", np.int32),
            lambda array: array.__setstate__((1, (2, 4), array.dtype, False, bytes(32))),
        ],
    )
    def test_every_way_to_move_an_array_is_seen(self, change):
        array = np.ones((3, 4), np.float32)
        borrowed = Borrowed(X=array, rows=[1, 2])
        array *= 2
        borrowed.check()
        change(array)
        with pytest.raises(cp.ShapeError, match="X was resized"):
            borrowed.check()

    def test_arrays_that_are_not_aligned(self):
        def odd(array):
            raw = np.zeros(array.nbytes + 1, np.uint8)
            moved = raw[1:].view(array.dtype).reshape(array.shape)
            moved[:] = array
            assert not moved.flags.aligned
            return moved

        network, other, y = net(), net(), np.eye(3, dtype="float32")[Y]
        cp.train(network, X, y, epochs=2)
        cp.train(other, odd(X), odd(y), epochs=2)
        np.testing.assert_array_equal(network.parameters, other.parameters)
        np.testing.assert_array_equal(network.predict(odd(X)), network.predict(X))


class TestEveryEntry:
    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (Data(X[:, :3], Y), "X is no block of rows of 4"),
            (Data(X[:, ::-1], Y), "X is no block of rows of 4"),
            (Data(X[:0], Y[:0]), "X is no block of rows of 4"),
            (Data(X[0], Y), "X is no block of rows of 4"),
            (Data(X.astype("float64"), Y), "X is no block of rows of 4 numbers, float32"),
            (Data(X, Y[:-1]), "y is no block of 30 labels from 0 to 2"),
            (Data(X, Y + 1), "y is no block of 30 labels from 0 to 2"),
            (Data(X, Y - 1), "y is no block of 30 labels from 0 to 2"),
            (Data(X, Y.astype("int32")), "y is no block of 30 labels from 0 to 2"),
            (Data(X, X), "y is no block of 30 rows of 3"),
            (Data(X, np.eye(3)[Y]), "y is no block of 30 rows of 3"),
            (Data(X, Y, np.ones(29)), "30 rows, but weights have shape"),
        ],
    )
    def test_refuses_data_that_it_cannot_read(self, data, said):
        network, settings = net(), RunSettings(8, 1, shuffle=False)
        with pytest.raises(cp.ShapeError, match=said):
            CompiledRun(network.topology, data, settings, None, {}, 1)
        if data.weights is None:
            with pytest.raises(cp.ShapeError, match=said):
                network.predictor().losses(data.X, data.y)
        if said.startswith("X"):
            with pytest.raises(cp.ShapeError, match=said):
                network.predictor().outputs(data.X)

    def test_refuses_a_state_or_rates_of_another_size(self):
        network, settings = net(), RunSettings(8, 1, shuffle=False)
        rule = cp.SGD(0.1, momentum=0.9)
        good = np.zeros(network.n_parameters, np.float32)
        fixed = good.copy()
        fixed.flags.writeable = False
        for bad in (good[:-1], good.astype("float64"), np.zeros(2 * good.size, "f4")[::2], fixed):
            with pytest.raises(cp.ShapeError, match="the optimizer's velocity is not of this"):
                CompiledRun(network.topology, Data(X, Y), settings, rule, {"velocity": bad}, 1)
        state = {"velocity": good}
        run = CompiledRun(network.topology, Data(X, Y), settings, rule, state, 1)
        for batches, bad in ((2, (1, 2)), (2, (2, 1)), (2, (4,)), (-1, (0, 2))):
            with pytest.raises(cp.ShapeError, match=f"{batches} batches need rates"):
                run.advance(batches, np.zeros(bad))
        state["velocity"] = None  # the run has the array still
        run.advance(2, np.full((2, 2), 0.1))
        assert good.any()
        good.resize(1, refcheck=False)
        with pytest.raises(cp.ShapeError, match="the optimizer's velocity was resized"):
            run.advance(2, np.zeros((2, 2)))


class TestFunctionsOfTheUsersOwn:
    """Numba would let them reach beside the arrays that they are given."""

    @staticmethod
    def loss(name, beyond):
        """A squared error that does something else where there are more than three outputs."""

        def value(a, y):
            if a.size > 3 and beyond == "write":
                y[10**9] = 1.0
            extra = a[-(10**9)] if a.size > 3 and beyond == "read" else 0.0
            return ((a - y) ** 2).sum() / 2 + extra

        if beyond == "shape":
            return cp.Loss(name, value, lambda a, y: (a - y)[:3])
        return cp.Loss(name, value, lambda a, y: a - y)

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    @pytest.mark.parametrize(
        ("beyond", "said"),
        [
            ("read", "IndexError: index -1000000000 is out of bounds"),
            ("write", "IndexError: index 1000000000 is out of bounds"),
            ("shape", r"derivative\(a, y\) returned shape \(3,\) for a of shape \(2000,\)"),
        ],
    )
    def test_a_loss_that_reaches_too_far(self, beyond, said, engine):
        network = cp.Network([4, 2000], "identity", loss=self.loss(f"far {beyond}", beyond))
        with pytest.raises(cp.FunctionError, match=said):
            cp.train(network, X, np.zeros((30, 2000)), epochs=1, engine=engine)

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    def test_what_a_loss_writes_into_targets_is_lost(self, engine):
        def value(a, y):
            cost = ((a - y) ** 2).sum() / 2
            y[:] = 0
            return cost

        y = np.ones((30, 3), np.float32)
        network = cp.Network([4, 3], "identity", loss=cp.Loss("w", value, lambda a, y: a - y))
        history = cp.train(network, X, y, epochs=2, engine=engine, validation=(X, y))
        assert (y == 1).all()
        assert len(history.validation_loss) == 2
