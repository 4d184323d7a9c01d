"""What a run shows: plain lines where nobody watches a terminal, a bar where somebody does."""

from __future__ import annotations

import sys

import pytest

import clearprop as cp
from clearprop.training.watching import progress
from watched_runs import X, Y, small_network

BAR = """
import sys, numpy as np, clearprop as cp
X, Y = np.random.default_rng(0).random((400, 2)), np.arange(400) % 3
cp.train(cp.Network([2, 6, 3], output="softmax", seed=1), X, Y, epochs=30,
         progress=True, optimizer=sys.argv[1])
"""


def run(epochs, wanted, **settings):
    network = small_network()
    return cp.train(network, X, Y, epochs=epochs, progress=wanted, **settings)


def test_plain_lines_off_a_terminal(capsys):
    run(3, True)
    out, err = capsys.readouterr()
    assert out == ""
    lines = err.splitlines()
    assert len(lines) == 3
    assert lines[2].startswith("epoch 3/3  loss 1.")
    assert lines[2].endswith(" s")


@pytest.mark.parametrize("epochs", [20, 21, 1000])
def test_long_runs_print_twenty_lines_at_most(capsys, epochs):
    run(epochs, True)
    lines = capsys.readouterr().err.splitlines()
    assert 10 <= len(lines) <= 21
    assert lines[-1].startswith(f"epoch {epochs}/{epochs}")


def test_the_last_epoch_of_a_run_that_stops_early_is_printed(capsys):
    run(1000, True, callbacks=lambda epoch: epoch.epoch == 73)
    assert capsys.readouterr().err.splitlines()[-1].startswith("epoch   73/1000")


def test_short_runs_show_nothing_unasked_and_long_ones_do(capsys, monkeypatch):
    run(3, None)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    run(3, None)
    assert len(capsys.readouterr().err.splitlines()) == 3
    run(3, False)
    assert capsys.readouterr().err == ""


def test_a_program_without_a_console(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)
    assert len(run(3, True).loss) == 3


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX's")
def test_a_bar_on_a_terminal(optimizer):
    import os
    import pty
    import subprocess

    main, other = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", BAR, optimizer], stderr=other, stdout=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(other)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    out, _ = process.communicate(timeout=400)
    os.close(main)
    text = shown.decode()
    assert process.returncode == 0
    assert out == b""
    assert "━" in text
    assert "30/30  loss " in text
