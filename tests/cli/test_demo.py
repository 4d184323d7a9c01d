from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn import datasets

import clearprop as cp
from clearprop.cli.demo import draw, largest_gradient
from clearprop.example_data.digits import load_digits
from command_line import invoke


@pytest.fixture(scope="module")
def shown():
    result = invoke("demo")
    assert result.exit_code == 0
    return result


def test_the_network_reads_and_beats_logistic_regression(shown):
    network, logistic = (float(value) for value in re.findall(r"([\d.]+)% right", shown.stdout))
    assert network >= 96
    assert network > logistic > 90
    assert "the same answers to the last bit" in shown.stdout


def test_progress_is_shown(shown):
    lines = [line for line in shown.stderr.splitlines() if line.startswith("epoch ")]
    assert len(lines) >= 10
    assert lines[-1].startswith("epoch 30/30  loss ")


def test_the_gradient_is_delta_times_activation_beside_a_difference(shown):
    line = re.search(
        r"= \(([\d.]+) - ([01])\) \* ([\d.]+)\n +=? *= ([-+.\d]+) +by backprop", shown.stdout
    )
    output, target, a, product = map(float, line.groups())
    difference = float(re.search(r"= ([-+.\d]+) +by \(L\(w \+ h\)", shown.stdout)[1])
    assert (output - target) * a == pytest.approx(product, rel=1e-6)
    assert difference == pytest.approx(product, rel=1e-6)
    agreement = float(re.search(r"agree within (\S+) of", shown.stdout)[1])
    assert agreement < 1e-6


def test_no_line_is_wider_than_eighty_characters(shown):
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_json_for_machines():
    result = invoke("demo", "--json", "--epochs", "30")
    results = json.loads(result.stdout)
    assert result.stderr == ""
    assert results["test_accuracy"] >= 0.96
    assert results["predictions_equal_after_loading"] is True
    assert results["gradient"]["product"] == pytest.approx(
        results["gradient"]["difference"], rel=1e-6
    )


@pytest.mark.parametrize("seed", ["1", "2", "18446744073709551615"])
def test_other_seeds_learn_too(seed):
    assert json.loads(invoke("demo", "--json", "--seed", seed).stdout)["test_accuracy"] >= 0.96


def test_out_keeps_the_network(tmp_path):
    path = tmp_path / "digits.safetensors"
    result = invoke("demo", "--epochs", "1", "--out", str(path))
    assert result.exit_code == 0
    assert cp.Network.load(path).sizes == (64, 100, 10)
    before = path.read_bytes()
    again = invoke("demo", "--out", str(path))
    assert again.exit_code == 1
    assert again.output == f"clearprop: {path} exists already: choose another name\n"
    assert path.read_bytes() == before
    nowhere = invoke("demo", "--out", str(tmp_path / "none" / "n"))
    assert nowhere.exit_code == 1
    assert "there is no folder" in nowhere.output


def test_the_explanation_is_that_of_the_sample():
    network = cp.Network([64, 100, 10], output="softmax", seed=1)
    x = np.random.default_rng(0).random(64)
    gradient = largest_gradient(network, x, 3)
    record = cp.backprop(network.astype("float64"), x[None], [3])
    assert abs(gradient.product) == np.abs(record["dW2"]).max()
    assert record[f"d{gradient.weight}"] == gradient.product == gradient.delta * gradient.a


def test_pixels_become_shades():
    pixels = np.zeros(64)
    pixels[0], pixels[9] = 1.0, 0.5
    lines = draw(pixels)
    assert lines[0] == "██" + 14 * " "
    assert lines[1] == "  ▒▒" + 12 * " "


def test_a_console_that_cannot_show_blocks():
    code = "from clearprop.cli import main; main(['demo', '--epochs', '2'])"
    done = subprocess.run(
        [sys.executable, "-X", "utf8=0", "-c", code], capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"##" in done.stdout


def test_without_scikit_learn_nothing_is_beside_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    result = invoke("demo")
    assert result.exit_code == 0
    assert result.stdout.count("% right") == 1
    assert 'tried beside it with pip install "clearprop[tables]"' in result.stdout
    assert json.loads(invoke("demo", "--json").stdout)["logistic_regression_accuracy"] is None


def test_the_digits_are_scikit_learns_each_in_one_part():
    X, y = datasets.load_digits(return_X_y=True)
    digits = load_digits(5)
    assert len(digits.y_test) == pytest.approx(len(y) / 4, abs=5)
    assert np.bincount(digits.y_test) == pytest.approx(np.bincount(y) / 4, abs=0.5)
    found = np.column_stack(
        [np.concatenate([digits.X, digits.X_test]) * 16, np.concatenate([digits.y, digits.y_test])]
    )
    expected = np.column_stack([X, y])
    assert sorted(map(tuple, found)) == sorted(map(tuple, expected))
    assert not np.array_equal(digits.y_test, load_digits(6).y_test)


@pytest.mark.parametrize("arguments", [["demo", "--seed", "-1"], ["demo", "--what"], ["dance"]])
def test_wrong_usage_is_exit_code_2(arguments):
    assert invoke(*arguments).exit_code == 2


def test_help_shows_an_example_and_the_version_is_the_packages():
    assert "clearprop demo --out digits.safetensors" in invoke("demo", "--help").stdout
    assert "clearprop demo" in invoke("--help").stdout
    assert invoke("--version").stdout == f"clearprop, version {cp.__version__}\n"


def test_python_dash_m():
    done = subprocess.run(
        [sys.executable, "-m", "clearprop", "--version"], capture_output=True, text=True, check=True
    )
    assert cp.__version__ in done.stdout
