"""clearprop explain: what it prints, writes and refuses, and how it exits."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from functools import partial

import pytest

import clearprop as cp
import command_line
from paths import PENGUINS

invoke = partial(command_line.invoke, "explain")


def refused(message: str, *arguments: object) -> None:
    command_line.refused(message, "explain", *arguments)


def test_without_arguments_the_network_of_the_note():
    text = invoke().output
    assert text.startswith("The whole pass of a 2-2-1 network with squared_error, for one sample\n")
    for line in (
        "z1[0] = w1 · x1 + w3 · x2 = 0.1 · 0.5 + 0.3 · 1 = 0.35",
        "z2[0] = w5 · a1[0] + w6 · a1[1] = 0.5 · 0.586618 + 0.6 · 0.622459 = 0.666784",
        "L = 0.5 · (a2[0] - y)² = 0.5 · (-0.339217)² = 0.0575342",
        "∂L/∂w5 = delta2[0] · a1[0] = -0.0760352 · 0.586618 = -0.0446036",
        "∂L/∂w1 = delta1[0] · x1 = -0.00921917 · 0.5 = -0.00460958",
    ):
        assert line in text


def test_one_weight_by_the_notes_name_and_its_step():
    text = invoke("--of", "w1", "--optimizer", "sgd").output
    assert text == invoke("--of", "W1[0,0]", "--optimizer", "sgd").output
    assert "= (a2[0] - y) · sigmoid'(z2[0]) · w5 · sigmoid'(z1[0]) · x1" in text
    assert "SGD moves w1 up by 4.60958e-05, from 0.1 to 0.100046." in text
    text = invoke("--of", "w1", "--optimizer", "sgd(1)").output
    assert "SGD moves w1 up by 0.00460958, from 0.1 to 0.10461." in text


def test_a_row_of_a_table(model_file):
    result = invoke(model_file, PENGUINS, "--row", 3, "--of", "W2[1,3]", "--largest", 2)
    loaded = cp.Model.load(model_file)
    X = loaded.encode(loaded.read(PENGUINS))[3:4]
    record = cp.backprop(loaded.network.astype("float64"), X, [0])
    assert "The numbers are those of row 3 of" in result.output
    assert "x[14]: year" in result.output.replace("\n", " ")
    assert f"= {record['dW2[1,3]']:.6g}" in result.output
    assert max(map(len, result.output.splitlines())) <= 100


def test_a_network_and_a_sample_of_ones_own(tmp_path):
    network = cp.Network([3, 4, 2], "tanh", "softmax", dtype="float64", seed=1)
    network.save(tmp_path / "net.safetensors")
    text = invoke(tmp_path / "net.safetensors", "--x", "0.1,-0.2,0.7", "--y", "1").output
    record = cp.backprop(network, [[0.1, -0.2, 0.7]], [1])
    assert f"= {record['delta2'][0, 0]:.6g} " in text
    numbers = cp.Network([2, 2], "identity", dtype="float64", seed=1)
    numbers.save(tmp_path / "numbers.safetensors")
    text = invoke(tmp_path / "numbers.safetensors", "--x", "1,2", "--y", "3,4", "--of", "L").output
    assert f"= {cp.backprop(numbers, [[1, 2]], [[3, 4]]).loss:.6g}" in text
    assert "w1 · x[0]" in invoke("--x", "1,2", "--y", "0.5").output  # the note's network


def test_what_inputs_and_outputs_are(model_file):
    text = " ".join(invoke(model_file, PENGUINS, "--row", 3, "--of", "W1[1,3]").output.split())
    assert "Outputs: probabilities, a3[0] of Adelie, a3[1] of Chinstrap, a3[2] of Gentoo." in text


def test_the_ending_says_the_format(tmp_path):
    for ending, begin in ((".html", "<!DOCTYPE"), (".tex", "% needs"), (".json", "{"), (".mml", "<math"),
                          (".txt", "The whole pass")):  # fmt: skip
        path = tmp_path / f"pass{ending}"
        invoke("--out", path)
        assert path.read_text(encoding="utf-8").startswith(begin)


@pytest.mark.parametrize("kind", ["latex", "mathml", "html", "json"])
def test_formats(kind, tmp_path):
    printed = invoke("--format", kind, "--of", "w2").output
    path = tmp_path / "out"
    said = invoke("--format", kind, "--of", "w2", "--out", path).output
    assert path.read_text(encoding="utf-8") == printed
    assert str(path) in said
    if kind == "json":
        assert json.loads(printed)["of"] == "dW1[1,0]"
    elif kind == "mathml":
        assert ET.fromstring(printed).tag.endswith("math")
    elif kind == "latex":
        assert r"\begin{align*}" in printed
    else:
        assert printed.startswith("<!DOCTYPE html>")
    refused("exists already", "--format", kind, "--out", path)
    assert invoke("--format", kind, "--out", path, "--force").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--of", "W3[0,0]"], "W1 to W2"),
        (["--of", "w7"], "names no element"),
        (["--x", "1,2,3", "--y", "1"], "3 columns"),
        (["MODEL", "FILE", "--row", "100000"], "there is no row 100000"),
        (["nowhere.safetensors", "FILE"], "nowhere.safetensors"),
        (["MODEL", "nowhere.csv"], "nowhere.csv"),
        (["MODEL", "FILE", "--of", "z1[99]"], "run over [0..7]"),
    ],
)
def test_what_is_at_fault_is_said_in_one_line(model_file, arguments, words):
    paths = {"MODEL": model_file, "FILE": PENGUINS}
    refused(words, *(paths.get(argument, argument) for argument in arguments))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--x", "1,2"],
        ["--x", "1,b", "--y", "1"],
        ["MODEL", "FILE", "--x", "1", "--y", "1"],
        ["--row", "1"],
        ["--row", "-1"],
        ["MODEL"],
        ["--format", "pdf"],
        ["--optimizer", "lbfgs"],
    ],
)
def test_wrong_usage(model_file, arguments):
    result = invoke(*({"MODEL": model_file}.get(argument, argument) for argument in arguments))
    assert result.exit_code == 2


def test_a_model_is_not_overwritten(model_file):
    refused("which is read", model_file, PENGUINS, "--out", model_file, "--force")
    assert cp.Model.load(model_file)
