"""Any value whatever for any setting: it works, or one line of an error class says what came."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.exceptions import ConvergenceWarning

import clearprop as cp
from absurd import VALUES
from absurd_calls import CALLS, TABLE, methods, within
from clearprop.cli import COMMANDS, main
from clearprop.errors import shown
from clearprop.estimators import MLPClassifier

LONGEST = 500
SECONDS = 300  # kernels may have to be compiled, on a busy machine
ROOM = 1 << 30


def _stop(*_):
    raise TimeoutError(f"no answer within {SECONDS} seconds")


@pytest.fixture
def bounds():
    """No call may hang, or take a gigabyte more than the process has."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM, hard))
    before = signal.signal(signal.SIGALRM, _stop)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _deliberate(error, of_estimator):
    """Whether an error is one that the package raises on purpose."""
    if isinstance(error, cp.ClearpropError):
        return True
    if not (of_estimator and isinstance(error, ValueError | TypeError)):
        return False
    last = traceback.extract_tb(error.__traceback__)[-1]
    return "clearprop" in Path(last.filename).parts and last.line.startswith("raise ")


def _fault(call, of_estimator):
    """Return what is wrong with the answer to a call, or None."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            call()
    except Exception as error:
        if not _deliberate(error, of_estimator):
            return f"{type(error).__name__}: {shown(error, 200)}"
        text = str(error)
        if "\n" in text or len(text) > LONGEST:
            return f"{len(text)} characters: {text[:100]!r}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def _faults(name, function, given, settings):
    """Return what is wrong with the answers to a call with each setting changed."""
    faults = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.filterwarnings("ignore", "Got `batch_size` less than 1 or larger")
        function(**given())  # which is right as it is
        for setting in settings:
            for value in VALUES:
                changed = given() | {setting: VALUES[value]}
                fault = _fault(lambda c=changed: function(**c), name.startswith("estimator"))
                if fault is not None:
                    faults[f"{name}: {setting}={value}"] = fault
    return faults


@pytest.mark.parametrize("name", CALLS)
def test_a_setting_works_or_is_refused_in_one_line(name, bounds, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not _faults(name, *CALLS[name])


def test_so_do_the_methods_of_what_calls_return(bounds, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not {k: v for name, call in methods().items() for k, v in _faults(name, *call).items()}


def test_so_does_what_stands_inside_a_setting(bounds, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert not {k: v for name, call in within().items() for k, v in _faults(name, *call).items()}


TEXTS = ("", "-1", "nan", "1" + "0" * 400, "9" * 5000, "x" * 100_000, "\udcff")
"""What a shell may hand over for an option."""

USED = {
    "train": ["t.csv", "--target", "y", "--hidden", "2", "--epochs", "1", "--json", "--force"],
    "predict": ["m.safetensors", "t.csv"],
    "evaluate": ["m.safetensors", "t.csv"],
    "export": ["m.safetensors", "--to", "c", "--force"],
    "explain": ["m.safetensors", "t.csv", "--row", "0"],
    "graph": ["m.safetensors", "t.csv"],
    "check": ["m.safetensors", "t.csv"],
    "diagnose": ["m.safetensors", "t.csv"],
    "find-lr": ["m.safetensors", "t.csv"],
}


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.name in USED], ids=lambda c: c.name)
def test_an_option_works_or_is_refused_in_one_line(command, bounds, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    TABLE.to_csv("t.csv", index=False)
    settings = {"compare": False, "hidden": 2, "epochs": 1, "progress": False}
    cp.Model.fit(TABLE, "y", task="regression", **settings).save("m.safetensors")
    for option in command.params:
        if option.param_type_name != "option" or option.is_flag:
            continue
        for text in TEXTS:
            arguments = [command.name, *USED[command.name], option.opts[0], text]
            result = CliRunner().invoke(main, arguments)
            assert result.exception is None or isinstance(result.exception, SystemExit), arguments
            if result.exit_code:
                said = result.stderr.splitlines()[-1]
                assert len(said) <= len("clearprop: ") + 2000, arguments
                assert result.exit_code == 2 or result.stderr.count("\n") == 1, arguments


class TestNumPyScalars:
    """They work wherever Python's numbers do, and give the same bits."""

    def run(self, optimizer, engine, **settings):
        network = cp.Network([2, 3, 2], output="softmax", seed=settings.pop("network_seed", 1))
        X = np.array([[0.0, 0.1], [0.3, 1.0], [1.0, 0.2]])
        cp.train(network, X, [0, 1, 1], optimizer=optimizer, engine=engine, **settings)
        return network.parameters

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    @pytest.mark.parametrize("kind", [np.float32, np.float64, np.longdouble])
    def test_the_same_bits(self, engine, kind):
        a, b, c = (float(kind(x)) for x in (0.125, 0.75, 0.001))
        expected = self.run(
            cp.Adam(a, beta1=b, epsilon=c), engine, epochs=3, batch_size=2, l2=c, shuffle=True,
            dropout=a, seed=2, shards=2, threads=1,
        )  # fmt: skip
        found = self.run(
            cp.Adam(kind(a), beta1=kind(b), epsilon=kind(c)), engine, network_seed=np.uint8(1),
            epochs=np.int64(3), batch_size=np.uint8(2), l2=kind(c), shuffle=np.bool_(True),
            dropout=kind(a), seed=np.uint64(2), shards=np.int8(2), threads=np.int16(1),
        )  # fmt: skip
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)

    @pytest.mark.parametrize("hidden", [np.int64(5), np.array([5]), [np.uint8(5)]])
    def test_hidden_layers_of_a_model(self, hidden):
        model = cp.Model.fit(
            TABLE, "y", task="regression", hidden=hidden, compare=False, epochs=1, progress=False
        )
        assert model.network.sizes == (2, 5, 1)

    def test_schedules_in_small_types(self):
        assert cp.step(0.5, every=np.uint8(2), factor=0.5)(10**6, 10**6) == 0.0
        assert cp.warmup_cosine(0.5, warmup=np.uint8(2))(10**6, 10**6) == 0.0
        assert cp.inverse_scaling(0.5, power=np.uint8(1))(10**6 - 1, 10**6) == 5e-7


class TestRefused:
    """What was taken once, and led to nonsense."""

    def train(self, **settings):
        network = cp.Network([2, 2], output="softmax")
        return cp.train(network, np.zeros((9, 2)), np.zeros(9, int), progress=False, **settings)

    @pytest.mark.parametrize(
        ("call", "says"),
        [
            (
                lambda t: cp.SGD(10**400),
                "is a whole number of 401 digits; it must be a finite number above 0",
            ),
            (lambda t: t(l2=-(10**400)), "l2 is a negative whole number of 401 digits"),
            (
                lambda t: cp.Network([10**400, 1]),
                "layer 0 has size a whole number of 401 digits .*; no memory holds",
            ),
            (lambda t: t(shards=10**30), "shards is 1000000000000000000000000000000; it must be"),
            (lambda t: t(threads=10**9), "threads is 1000000000; .* 1 to 1,024"),
            (lambda t: t(epochs=2**63), "epochs is 9223372036854775808; .* 0 to 4,294,967,296"),
            (lambda t: t(seed=True), "seed is True; it must be an integer"),
            (lambda t: cp.Network([1, 1], seed=False), "seed is False"),
            (lambda t: t(shuffle="no"), "shuffle is 'no'; it must be True or False"),
            (lambda t: t(callbacks=lambda: None), "a callback is .*; it must be a function of the"),
            (lambda t: t(metrics=lambda y: 0.0), r"a metric is .*; give a name or a function of"),
            (lambda t: t(metrics=np.array(1)), r"a metric is array\(1\)"),
            (lambda t: cp.LBFGS(memory=10**9), "LBFGS: memory is 1000000000; .* 1 to 1,000"),
            (lambda t: cp.EarlyStopping(monitor=["loss"]), r"monitor is \['loss'\]; it must be a"),
            (lambda t: cp.Network([2, 2], initializer=cp.uniform(1e308)), "too large for float32"),
        ],
    )
    def test_in_words(self, call, says):
        with pytest.raises((cp.ArgumentError, cp.ArchitectureError), match=says):
            call(self.train)

    @pytest.mark.parametrize("engine", ["compiled", "reference"])
    def test_a_momentum_beyond_one(self, engine):
        rule = cp.SGD(0.1, momentum=lambda t, total: 5.0)
        with pytest.raises(cp.ArgumentError, match=r"value at update 0 is 5.0; .* in \[0, 1\]"):
            self.train(optimizer=rule, engine=engine)

    def test_memory_that_is_not_there(self, monkeypatch):
        def none(*_, **__):
            raise MemoryError

        monkeypatch.setattr("scipy.optimize.minimize", none)
        with pytest.raises(cp.ArgumentError, match="memory is 7; so many steps of 6 parameters"):
            self.train(optimizer=cp.LBFGS(memory=7))

    def test_settings_of_a_class_that_derives_from_an_estimator(self):
        class Own(MLPClassifier):
            def __init__(self, own=1, hidden_layer_sizes=2):
                super().__init__(hidden_layer_sizes=hidden_layer_sizes)
                self.own = own

        with pytest.raises(ValueError, match="'hidden_layer_sizes' parameter of Own must be"):
            Own(own="anything", hidden_layer_sizes="2").fit([[0.0], [1.0]], [0, 1])

    def test_a_schedule_that_overflows(self):
        assert cp.exponential(1.0, 5.0)(10**6, 10**6) == np.inf
        rule = cp.SGD(cp.exponential(1e-200, 1e200))
        with pytest.raises(cp.ArgumentError, match="schedule's value at update 2 is inf"):
            self.train(optimizer=rule, epochs=3)
        assert cp.cosine(0.1, final=1e308)(0, 10) >= 0  # and not -inf
