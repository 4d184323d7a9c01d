"""Runs leave signals to the program as they found them, whatever way they end."""

from __future__ import annotations

import signal
import sys
import threading
import warnings

import pytest

import clearprop as cp
import command_line
from clearprop.interruption import Interrupt
from example_tables import CARS
from training_cases import X, Y, net

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


def interrupt(*_):
    signal.raise_signal(signal.SIGINT)


def twice(*_):
    interrupt()
    interrupt()


def fail(*_):
    raise ZeroDivisionError


def break_in(*_):
    raise KeyboardInterrupt


def leave(*_):
    raise SystemExit(3)


def stop(*_):
    return True


def another_run(*_):
    cp.train(net(), X, Y, epochs=2, callbacks=fail)


def another_thread(*_):
    thread = threading.Thread(target=lambda: cp.train(net(), X, Y, epochs=2, callbacks=stop))
    thread.start()
    thread.join()


WAYS = {
    "it is completed": (None, None),
    "a callback stops it": (stop, None),
    "Ctrl-C": (interrupt, None),
    "Ctrl-C twice": (twice, None),
    "a callback is broken into": (break_in, None),
    "an error of a callback": (fail, ZeroDivisionError),
    "a callback that ends the program": (leave, SystemExit),
    "an error in a run within it": (another_run, ZeroDivisionError),
    "a run in another thread meanwhile": (another_thread, None),
}


def fit_model(**settings):
    cp.Model.fit(CARS, "Miles_per_Gallon", hidden=[3], compare=False, progress=False, **settings)


def fit_estimator(**settings):
    pytest.importorskip("sklearn")
    from clearprop.estimators import MLPClassifier

    settings["max_iter"] = settings.pop("epochs")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of too few iterations, and of Ctrl-C
        MLPClassifier((3,), batch_size=2, **settings).fit(X, Y)


def train(**settings):
    cp.train(net(), X, Y, progress=False, **settings)


def by_reference(**settings):
    train(engine="reference", **settings)


def by_lbfgs(**settings):
    pytest.importorskip("scipy")
    train(optimizer="lbfgs", **settings)


@pytest.fixture(params=[signal.default_int_handler, signal.SIG_IGN, lambda number, frame: None])
def handlers(request):
    """What the program has, which has to be there in the end."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    old = [signal.signal(number, request.param) for number in numbers]
    yield
    assert [signal.getsignal(number) for number in numbers] == 2 * [request.param]
    for number, handler in zip(numbers, old, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("run", [train, by_reference, by_lbfgs, fit_model, fit_estimator])
@pytest.mark.parametrize("way", WAYS)
def test_a_run_ends(run, way):
    callback, error = WAYS[way]
    if error is None:
        run(epochs=3, callbacks=callback)
        return
    with pytest.raises(error):
        run(epochs=3, callbacks=callback)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("run", [train, by_reference, fit_model, fit_estimator])
def test_a_run_is_refused(run):
    with pytest.raises((ValueError, TypeError)):
        run(epochs=-1)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_run_diverges(engine):
    network = cp.Network([2, 3, 1], activations="exp", output="identity", seed=1)
    with pytest.raises(cp.DivergenceError):
        cp.train(network, X, Y, epochs=100, optimizer=cp.SGD(1e3), engine=engine)


@pytest.mark.usefixtures("handlers")
@pytest.mark.parametrize("arguments", ["--help", "demo --epochs 0", "demo --epochs 1 --json"])
def test_a_command(arguments):
    command_line.invoke(*arguments.split())


def test_a_generator_that_is_left_in_the_middle():
    def run():
        with Interrupt():
            yield

    left = run()
    next(left)
    with Interrupt():  # which ends after the one that it is in
        del left
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    with Interrupt() as stop:
        interrupt()
        assert stop.requested
