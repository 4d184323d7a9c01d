"""The notes' three systems, as programs: they run, and what they print is right."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from paths import EXAMPLES

PROGRAMS = sorted(EXAMPLES.glob("*.py"))


def output_of(name: str) -> str:
    path = next(path for path in PROGRAMS if path.stem == name)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)],
        capture_output=True, text=True, encoding="utf-8", env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # On a busy machine a run may take the two seconds after which progress is shown.
    assert not [
        line
        for line in done.stderr.splitlines()
        if not line.startswith(("epoch ", "clearprop: compiling"))
    ]
    return done.stdout


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"[-+]?\d+\.\d+(?:e[-+]?\d+)?", text)]


def test_all_three_are_tested_here():
    assert [path.stem for path in PROGRAMS] == [
        "sigmoid_squared_error", "softmax_cross_entropy", "two_two_one",
    ]  # fmt: skip


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_they_are_short(path):
    assert len(path.read_text().splitlines()) < 100


def test_sigmoid_squared_error():
    out = output_of("sigmoid_squared_error")
    assert "W1 x + b1 = [W1 b1] (x, 1): True" in out
    updates = re.findall(r"Delta W2\[0,\d\] = (.*) \* (.*) \* (.*) = (.*)", out)
    assert len(updates) == 4
    for alpha, o, delta, change in updates:
        assert float(alpha) * float(o) * float(delta) == pytest.approx(float(change), abs=2e-6)
    with_layer, online, without = (numbers(line) for line in re.findall(r"  E = .*o = .*", out))
    for cost, *outputs in (with_layer, online):
        assert cost < 0.01
        np.testing.assert_allclose(outputs, [0, 1, 1, 0], atol=0.15)
    assert without == [0.125, 0.5, 0.5, 0.5, 0.5]
    rows = [numbers(line) for line in re.findall(r"says.*\[.*\]", out)]
    assert len(rows) == 4
    np.testing.assert_allclose(rows[0], rows[1], atol=2e-6)
    np.testing.assert_allclose(rows[2], rows[3], atol=2e-6)


def test_softmax_cross_entropy():
    out = output_of("softmax_cross_entropy")
    assert "-ln 0.8 = 0.2231" in out
    assert "-ln 0.1 = 2.3026" in out
    shapes = re.findall(r"(d\w+) = record\['\w+'\] +(\(.*\))", out)
    assert shapes == [
        ("dz3", "(150, 3)"), ("dW3", "(3, 4)"), ("dh2", "(150, 4)"), ("dz2", "(150, 4)"),
        ("dW2", "(4, 5)"), ("dh1", "(150, 5)"), ("dz1", "(150, 5)"), ("dW1", "(5, 4)"),
    ]  # fmt: skip
    assert "dz3 is p - y: True" in out
    assert "60,000 weights + 600 biases = 60,600 parameters" in out
    total, average, recorded = numbers(re.search(r"L_1 .*", out)[0])
    assert total / 150 == pytest.approx(average, abs=1e-6) == recorded
    assert "150.000 times the average's" in out
    moves = [
        (float(g), float(move), way)
        for g, move, way in re.findall(r"dL/db_\d = (\S+) +b_\d moves by (\S+) +(\w+)", out)
    ]
    assert [g for g, _, _ in moves] == [0.45, -0.30, 1.2, 0.20, 0.00, 0.55]
    for g, move, way in moves:
        assert move == pytest.approx(-0.1 * g)
        assert way == ("stays" if g == 0 else "down" if g > 0 else "up")
    assert int(re.search(r"(\d+)% of the flowers right", out)[1]) >= 95


def test_two_two_one():
    out = output_of("two_two_one")
    rows = re.findall(r"dE/dw(\d) = (\S+) +central difference (\S+)", out)
    assert [int(i) for i, _, _ in rows] == 3 * [1, 2, 3, 4, 5, 6]
    for _, ours, difference in rows:
        assert float(ours) == pytest.approx(float(difference), abs=2e-8)
        assert float(ours) != 0
    assert "= -0.339217 * 0.224149 * 0.5 * 0.242497 * 0.5 = -0.00460958" in out
    assert "dE/dw1 = delta1 x1 = -0.00460958" in out
