"""Ctrl-C in programs: noted or at once, in compiling too; the program's own handlers stay."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress

import numpy as np
import pytest

import clearprop as cp
from clearprop import interruption
from clearprop.interruption import SIGNALS, AtOnce, Interrupt, aside, interrupting
from example_tables import CARS
from signals import ended, start
from training_cases import X, Y, net

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")


@pytest.fixture(autouse=True)
def pythons_own_handler():
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, old)


def press(number=signal.SIGINT):
    os.kill(os.getpid(), number)


def press_and_wait(*arguments, **named):
    press()
    threading.Event().wait(5)


class TestInterrupt:
    def test_the_first_is_noted_the_second_interrupts(self):
        with Interrupt() as stop:
            press()
            assert stop.requested == signal.SIGINT
            with pytest.raises(KeyboardInterrupt):
                press_and_wait()
        with Interrupt() as stop:
            assert not stop.requested

    def test_one_within_another(self):
        with Interrupt() as outer:
            with Interrupt() as inner:
                press()
                assert inner.requested
                assert outer.requested
            with pytest.raises(KeyboardInterrupt), Interrupt():
                pytest.fail("it has been asked already")
            with pytest.raises(KeyboardInterrupt):
                outer.obey()
        with Interrupt() as outer:
            with Interrupt() as inner:
                pass
            press()
            assert (inner.requested, outer.requested) == (0, signal.SIGINT)

    def test_at_once_in_between(self):
        with Interrupt() as stop:
            with pytest.raises(KeyboardInterrupt), AtOnce():
                press_and_wait()
            assert not stop.requested
            press()
            assert stop.requested
        with AtOnce(), Interrupt() as stop:
            press()
            assert stop.requested

    def test_a_handler_of_sigterm_is_replaced_if_it_interrupts(self):
        def interrupt(number, frame):
            raise KeyboardInterrupt

        old = signal.signal(signal.SIGTERM, interrupt)
        interrupting.append(interrupt)
        try:
            with Interrupt() as stop:
                press(signal.SIGTERM)
                assert stop.requested == signal.SIGTERM
            assert signal.getsignal(signal.SIGTERM) is interrupt
        finally:
            interrupting.remove(interrupt)
            signal.signal(signal.SIGTERM, old)

    def test_a_handler_that_the_program_sets_meanwhile_stays(self):
        def own(number, frame):
            pass

        with Interrupt():
            signal.signal(signal.SIGINT, own)
        assert signal.signal(signal.SIGINT, signal.default_int_handler) is own

    def test_training_leaves_sigterm_to_the_program(self):
        seen = []
        before = signal.getsignal(signal.SIGTERM)
        cp.train(net(), X, Y, epochs=1, callbacks=lambda epoch: seen.append(signal.getsignal(signal.SIGTERM)))  # fmt: skip
        assert seen == [before]


def pressing(block, *moments):
    """Run a block; Ctrl-C comes before those of the steps of clearprop.interruption in it.

    Return how many steps there were: lines, and entries of functions.
    """
    steps, before = 0, sys.gettrace()

    def trace(frame, event, argument):
        nonlocal steps
        if frame.f_code.co_filename != interruption.__file__:
            return None
        if event in ("call", "line"):
            steps += 1
            if steps in moments:
                signal.raise_signal(signal.SIGINT)
        return trace

    sys.settrace(trace)
    try:
        block()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return steps


def alone():
    with Interrupt():
        pass


def one_within_another():
    with Interrupt(), Interrupt():
        pass


def at_once_within():
    with Interrupt():
        with AtOnce():
            pass
        with Interrupt():
            pass


def caught_within():
    with Interrupt():
        with suppress(KeyboardInterrupt), Interrupt():
            pass
        with Interrupt():
            pass


def is_noted():
    """Whether a first Ctrl-C in a run that begins now is noted, and breaks into nothing."""
    try:
        with Interrupt() as stop:
            press()
            return bool(stop.requested)
    except KeyboardInterrupt:
        return False


class TestAnyMoment:
    """Ctrl-C at any two moments, those included at which handlers are put in place and back."""

    @pytest.mark.parametrize("block", [alone, one_within_another, at_once_within, caught_within])
    def test_no_handler_is_left(self, block):
        old = signal.signal(signal.SIGTERM, signal.default_int_handler)  # which is replaced as well
        before = [signal.getsignal(number) for number in SIGNALS]
        try:
            steps = pressing(block)
            assert steps > 20
            for first in range(1, steps + 1):
                for second in range(first + 1, first + 20):
                    pressing(block, first, second)
                    after = [signal.getsignal(number) for number in SIGNALS]
                    assert after == before, f"Ctrl-C at {first} and {second}"
                    assert is_noted(), f"Ctrl-C at {first} and {second}"
        finally:
            signal.signal(signal.SIGTERM, old)


class TestAside:
    def test_results_and_errors_come_back(self):
        assert aside(lambda: 3) == 3
        with pytest.raises(ZeroDivisionError):
            aside(lambda: 1 / 0)

    def test_it_runs_in_another_thread_only_where_signals_come(self, monkeypatch):
        assert aside(threading.current_thread) is not threading.main_thread()
        found = []
        thread = threading.Thread(target=lambda: found.append(aside(threading.current_thread)))
        thread.start()
        thread.join()
        assert found == [thread]

        def no_more(thread):
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", no_more)
        assert aside(threading.current_thread) is threading.main_thread()

    @pytest.mark.parametrize("noted", [False, True])
    def test_ctrl_c_does_not_wait_for_it_nor_break_into_it(self, noted):
        go_on, done = threading.Event(), threading.Event()

        def work():
            press()
            assert go_on.wait(60)
            done.set()

        if noted:
            with Interrupt() as stop:
                with pytest.raises(KeyboardInterrupt):
                    aside(work)
                assert not stop.requested
        else:
            with pytest.raises(KeyboardInterrupt):
                aside(work)
        assert not done.is_set()
        go_on.set()
        assert done.wait(60)


class TestCompiling:
    def test_after_ctrl_c_the_same_process_compiles(self, tmp_path, compiling):
        code = """
import os, signal
from clearprop.activations import Activation
from clearprop.engine import user_made
from clearprop.engine.kernels import compiler, loading
from clearprop.engine.kernels.precision import FLOAT32
own = Activation("own", lambda z: z * z, lambda z: 2 * z)
really = compiler.compile_function
def pressed(*arguments, **named):
    os.kill(os.getpid(), signal.SIGINT)
    return really(*arguments, **named)
def interrupted(work):
    compiler.compile_function = pressed
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        compiler.compile_function = really
kernel = lambda: loading.load("activations.softmax", FLOAT32)
print(interrupted(kernel), kernel() > 0)
kernels = lambda: user_made.activation_kernels(own, FLOAT32)
print(interrupted(kernels), min(kernels()) > 0)
"""
        process = start(["-c", code], tmp_path, CLEARPROP_CACHE=str(tmp_path / "cache"))
        code, out, err = ended(process)
        assert (code, out) == (0, "True True\nTrue True\n"), err
        (kept,) = (tmp_path / "cache").glob("*/*")
        assert kept.name == "activations.softmax-float32.kernel"

    def test_ctrl_c_is_heard_where_a_run_compiles(self, monkeypatch, own_cache):
        """Evaluation on validation rows compiles its kernel while the run notes Ctrl-C only."""
        from clearprop.engine.kernels import loading

        go_on, really = threading.Event(), loading._load

        def slow(name, precision):
            if name == "forward.run":
                press()
                assert go_on.wait(60)
            return really(name, precision)

        monkeypatch.setattr(loading, "_addresses", {})
        monkeypatch.setattr(loading, "_load", slow)
        network = net()
        before = network.parameters.copy()
        history = cp.train(network, X, Y, epochs=9, validation=(X, Y))
        go_on.set()
        assert history.stopped == "interrupted"
        assert not np.array_equal(network.parameters, before)


class TestModel:
    FIT = (CARS, "Miles_per_Gallon")

    def test_ctrl_c_in_baselines_keeps_the_model(self, monkeypatch):
        from clearprop.tables import judgment

        monkeypatch.setattr(judgment, "baselines", press_and_wait)
        model = cp.Model.fit(*self.FIT, hidden=[4], epochs=2)
        assert model.report.training["stopped"] == "completed"
        assert model.report.notes[-1] == "judging was interrupted: no baselines were tried"
        assert list(model.report.scores) == ["this network"]
        assert len(model.predict(CARS)) == len(CARS)
        assert "judging was interrupted" in repr(model.report)

    def test_the_model_is_handed_over_before_baselines(self, monkeypatch):
        from clearprop.tables import judgment

        real, seen = judgment.baselines, []

        def baselines(*arguments):
            seen.append("baselines")
            return real(*arguments)

        monkeypatch.setattr(judgment, "baselines", baselines)

        def trained(model):
            seen.append((model, list(model.report.scores)))

        model = cp.Model.fit(*self.FIT, hidden=[4], epochs=2, trained=trained)
        assert seen == [(model, ["this network"]), "baselines"]
        assert "ridge regression" in model.report.scores
        same = cp.Model.fit(*self.FIT, hidden=[4], epochs=2)
        assert same.report.scores == model.report.scores

    @pytest.mark.parametrize("compare", [True, False])
    def test_ctrl_c_once_it_is_trained_breaks_into_nothing(self, compare, monkeypatch):
        from clearprop.tables import judgment

        monkeypatch.setattr(judgment, "baselines", lambda *_: pytest.fail("nobody waits for them"))
        steps = []

        def trained(model):
            press()
            steps.append("whole")

        model = cp.Model.fit(*self.FIT, hidden=[4], epochs=2, trained=trained, compare=compare)
        assert steps == ["whole"]
        said = ["judging was interrupted: no baselines were tried"] if compare else []
        assert model.report.notes[-1:] == said

    def test_ctrl_c_before_training_ends_in_nothing(self, monkeypatch):
        from clearprop.tables import in_memory

        monkeypatch.setattr(in_memory, "prepare", press_and_wait)
        with pytest.raises(KeyboardInterrupt):
            cp.Model.fit(*self.FIT)
