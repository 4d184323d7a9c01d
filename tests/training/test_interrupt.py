"""Ctrl-C: a run ends after the update, and keeps what it learned."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import clearprop as cp
from training_cases import X, Y, net

pytestmark = pytest.mark.usefixtures("engine")


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
def tell(epoch):
    if epoch.epoch == 3:
        print("ready", flush=True)
history = cp.train(network, np.eye(2), [0, 1], epochs=10**9, callbacks=tell, progress=False)
print(history.stopped, len(history.loss) > 2, not np.array_equal(before, network.parameters))
"""
        process = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=400)
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
