"""check, diagnose, find-lr: what they print, draw and refuse, and how they exit."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.cli.find_lr import fresh
from clearprop.cli.output import as_json
from clearprop.cli.samples import note_network, rows_of
from clearprop.cli.sources import Table
from clearprop.explaining.checking import gradient_check
from command_line import invoke, refused
from paths import PENGUINS


@pytest.fixture
def wrong(monkeypatch):
    """Backpropagation as if it had a mistake in dW1[2,3]."""
    right = gradient_check.backprop

    def backprop(*arguments, **settings):
        record = right(*arguments, **settings)
        gradient = record.gradient.copy()
        record.network.unflatten(gradient)["W1"][2, 3] *= 2.001
        return replace(record, gradient=gradient)

    monkeypatch.setattr(gradient_check, "backprop", backprop)


class TestCheck:
    def test_a_right_gradient(self, model_file):
        result = invoke("check", model_file, PENGUINS)
        assert result.exit_code == 0
        assert f"{model_file}, on 32 of 344 rows of {PENGUINS}, evenly spaced\n" in result.stdout
        assert "Gradient check by complex step: passed" in result.stdout

    def test_the_rows_are_spread_over_the_table(self, model_file, monkeypatch):
        given = {}
        real = cp.check_gradients

        def seen(network, X, y, **settings):
            given.update(X=X, y=y)
            return real(network, X, y, **settings)

        monkeypatch.setattr(cp, "check_gradients", seen)
        assert invoke("check", model_file, PENGUINS, "--rows", 5).exit_code == 0
        _, X, y = rows_of(model_file, Table((PENGUINS,)))
        chosen = [0, 86, 172, 257, 343]
        np.testing.assert_array_equal(given["X"], X[chosen])
        np.testing.assert_array_equal(given["y"], y[chosen])
        assert len(set(given["y"])) == 3  # the table is sorted by species
        whole = invoke("check", model_file, PENGUINS, "--rows", 9999)
        assert "on 344 of 344 rows" in whole.stdout
        assert "evenly" not in whole.stdout
        assert len(given["X"]) == 344

    def test_a_wrong_gradient_exits_with_1_and_is_named(self, model_file, wrong):
        result = invoke("check", model_file, PENGUINS)
        assert result.exit_code == 1
        assert "1 of" in result.stdout
        assert "dW1[2,3]" in result.stdout
        assert "the gradient is wrong" in result.stdout
        result = invoke("check", model_file, PENGUINS, "--json")
        assert result.exit_code == 1
        figures = json.loads(result.stdout)
        assert figures["passed"] is False
        assert figures["outcome"] == "wrong"
        assert [one["name"] for one in figures["faults"]] == ["W1[2,3]"]
        assert figures["not_determined"] == []

    def test_at_a_kink_what_is_not_determined_is_no_fault(self, monkeypatch):
        network = cp.Network([2, 1], "relu", "relu", loss="squared_error", dtype="float64", seed=0)
        at = {"X": np.zeros((1, 2)), "y": np.ones((1, 1)), "names": {}}
        sample = note_network()._replace(network=network, **at)
        monkeypatch.setattr(sys.modules["clearprop.cli.check"], "note_network", lambda: sample)
        result = invoke("check")
        assert result.exit_code == 1
        assert "a smooth point near by would tell" in result.stdout
        result = invoke("check", "--json")
        assert result.exit_code == 1
        figures = json.loads(result.stdout)
        assert figures["outcome"] == "not determined"
        assert figures["note"] == ""
        assert figures["faults"] == []
        assert [one["name"] for one in figures["not_determined"]] == ["b1[0]"]

    def test_json(self, model_file):
        figures = json.loads(invoke("check", model_file, PENGUINS, "--json", "--rows", 4).stdout)
        network, X, y = rows_of(model_file, Table((PENGUINS,)))
        found = cp.check_gradients(network, X[[0, 114, 229, 343]], y[[0, 114, 229, 343]])
        assert figures["passed"] is True
        assert figures["method"] == "complex step"
        assert figures["rows"] == 4
        assert figures["parameters"] == network.n_parameters
        assert figures["worst"]["name"] == found.worst.name
        assert figures["worst"]["given"] == found.worst.given
        assert figures["worst"]["doubt"] == found.worst.doubt

    def test_the_network_of_the_note(self):
        result = invoke("check")
        assert result.exit_code == 0
        assert result.stdout.startswith("the 2-2-1 network of the note, one sample\n")
        assert "6 derivatives of 6 parameters" in result.stdout

    def test_a_model_without_a_table_is_wrong_usage(self, model_file):
        result = invoke("check", model_file)
        assert result.exit_code == 2
        assert "Missing argument 'FILE'" in result.stderr


class TestDiagnose:
    def test_figures_of_each_layer(self, model_file):
        result = invoke("diagnose", model_file, PENGUINS, "--optimizer", "adam")
        assert result.exit_code == 0
        network, X, y = rows_of(model_file, Table((PENGUINS,)))
        found = cp.diagnose(network, X, y, optimizer="adam")
        assert result.stdout == f"{model_file}, on {PENGUINS}\n{found!r}\n"

    def test_json(self, model_file):
        figures = json.loads(invoke("diagnose", model_file, PENGUINS, "--json").stdout)
        network, X, y = rows_of(model_file, Table((PENGUINS,)))
        found = cp.diagnose(network, X, y)
        assert figures["rows"] == 344
        assert [layer["units"] for layer in figures["layers"]] == [8, 6, 3]
        assert figures["layers"][0]["delta"] == found.layers[0].delta
        assert figures["layers"][0]["update"] is None
        assert [one["kind"] for one in figures["findings"]] == [one.kind for one in found.findings]

    def test_findings_are_advice_and_exit_with_0(self, model_file, tmp_path):
        dead = cp.Model.load(model_file)
        dead.network["W1"] *= 1000.0
        dead.save(tmp_path / "dead.safetensors")
        result = invoke("diagnose", tmp_path / "dead.safetensors", PENGUINS)
        assert result.exit_code == 0
        assert "- saturation: layer 1" in result.stdout
        figures = json.loads(
            invoke("diagnose", tmp_path / "dead.safetensors", PENGUINS, "--json").stdout
        )
        assert "saturation" in {one["kind"] for one in figures["findings"]}

    def test_figures_are_explained_and_a_broken_weight_is_named(self, model_file, tmp_path):
        result = invoke("diagnose", model_file, PENGUINS)
        assert "spread: standard deviation of a over the rows" in result.stdout
        broken = cp.Model.load(model_file)
        broken.network["W1[2,1]"] = np.nan
        broken.save(tmp_path / "nan.safetensors")
        result = invoke("diagnose", tmp_path / "nan.safetensors", PENGUINS)
        assert result.exit_code == 0
        assert "- not finite: W1[2,1] is nan" in result.stdout

    def test_l_bfgs_has_no_update_to_try(self, model_file):
        assert invoke("diagnose", model_file, PENGUINS, "--optimizer", "lbfgs").exit_code == 2


class TestFindLearningRate:
    def test_a_rate_from_fresh_weights(self, model_file):
        result = invoke("find-lr", model_file, PENGUINS, "--seed", 3)
        assert result.exit_code == 0
        network, X, y = rows_of(model_file, Table((PENGUINS,)))
        search = cp.find_learning_rate(fresh(network, 3), X, y, seed=3)
        assert repr(search) in result.stdout
        said = "(glorot_uniform, as Model.fit draws them for every activation; seed 3), on 344 rows"
        assert f"with fresh weights {said}" in result.stdout
        said = f"--optimizer adam --learning-rate {search.suggested:.2g} --batch-size 32"
        assert result.stdout.splitlines()[-1].endswith(said)

    def test_fresh_weights_are_those_that_training_begins_with(self):
        first = cp.Network([5, 4, 3], "relu", "softmax", initializer="glorot_uniform", seed=7)
        trained = first.copy()
        trained.parameters[:] += 1.0
        again = fresh(trained, 7)
        np.testing.assert_array_equal(again.parameters, first.parameters)
        assert [f.name for f in again.activations] == ["relu", "softmax"]
        assert (again.loss, again.dtype) == (first.loss, first.dtype)

    def test_a_model_of_relu_is_told_of_the_same_initializer(self, tmp_path):
        path = tmp_path / "relu.safetensors"
        fitted = cp.Model.fit(PENGUINS, "species", hidden=[8], activation="relu", epochs=1,
                              compare=False, progress=False, seed=5)  # fmt: skip
        fitted.save(path)
        begun = cp.Model.fit(PENGUINS, "species", hidden=[8], activation="relu", epochs=1,
                             optimizer=cp.SGD(1e-30), compare=False, progress=False, seed=5)  # fmt: skip
        np.testing.assert_allclose(
            fresh(fitted.network, 5).parameters, begun.network.parameters, atol=1e-20
        )
        said = invoke("find-lr", path, PENGUINS).stdout
        assert "as Model.fit draws them for every activation" in said

    def test_json_and_settings(self, model_file):
        result = invoke("find-lr", model_file, PENGUINS, "--json", "--optimizer", "sgd",
                        "--batch-size", 16, "--seed", 1)  # fmt: skip
        network, X, y = rows_of(model_file, Table((PENGUINS,)))
        search = cp.find_learning_rate(fresh(network, 1), X, y, optimizer="sgd", batch_size=16, seed=1)  # fmt: skip
        figures = json.loads(result.stdout)
        assert figures["suggested"] == search.suggested
        assert figures["losses"] == search.losses.tolist()
        assert (figures["optimizer"], figures["batch_size"], figures["seed"]) == ("sgd", 16, 1)

    def test_optimizers_that_find_their_steps_themselves(self, model_file):
        for name in ("lbfgs", "rprop"):
            result = invoke("find-lr", model_file, PENGUINS, "--optimizer", name)
            assert result.exit_code == 2
            assert "adam" in result.stderr

    def test_no_rate(self, model_file, monkeypatch):
        real = cp.find_learning_rate
        monkeypatch.setattr(
            cp, "find_learning_rate", lambda *a, **s: replace(real(*a, **s), suggested=None)
        )
        result = invoke("find-lr", model_file, PENGUINS)
        assert result.exit_code == 0
        assert "Learning rate: none" in result.stdout
        assert "Next" not in result.stdout


@pytest.mark.parametrize("command", ["check", "diagnose", "find-lr"])
class TestAll:
    def test_help_shows_an_example(self, command):
        result = invoke(command, "--help")
        assert result.exit_code == 0
        assert f"Example: clearprop {command} penguins.safetensors penguins.csv" in result.stdout

    @pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
    def test_pictures(self, command, ending, model_file, tmp_path):
        pytest.importorskip("matplotlib")
        picture = tmp_path / f"p.{ending}"
        assert invoke(command, model_file, PENGUINS, "--plot", picture).exit_code == 0
        magic = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
        assert picture.read_bytes().startswith(magic)
        refused("exists already", command, model_file, PENGUINS, "--plot", picture)
        assert invoke(command, model_file, PENGUINS, "--plot", picture, "--force").exit_code == 0

    def test_faults_of_the_data(self, command, model_file, tmp_path):
        refused("there is no file", command, model_file, tmp_path / "none.csv")
        refused("there is no file", command, tmp_path / "none", PENGUINS)
        lines = PENGUINS.read_text().splitlines()
        (tmp_path / "less.csv").write_text("\n".join(line.rpartition(",")[0] for line in lines))
        refused("'year'", command, model_file, tmp_path / "less.csv")
        lines[1] = lines[1].replace("Adelie", "")
        (tmp_path / "gap.csv").write_text("\n".join(lines))
        refused("missing in 1 of 344 rows", command, model_file, tmp_path / "gap.csv")
        done = invoke(command, model_file, tmp_path / "gap.csv", "--drop-missing-target")
        assert done.exit_code == 0
        assert "343" in done.stdout

    def test_wrong_usage(self, command, model_file):
        for more in (["--plot", "p.doc"], ["--what"], ["--seed", "-1"]):
            result = invoke(command, model_file, PENGUINS, *more)
            assert result.exit_code == 2
            assert "Error" in result.stderr


def test_json_has_no_nan():
    text = as_json({"a": [float("nan"), 1.5, (float("inf"), True)], "b": None})
    assert json.loads(text) == {"a": [None, 1.5, [None, True]], "b": None}


class TestWithoutArguments:
    """The commands take the 2-2-1 network of the note, on its sample."""

    def test_diagnose(self):
        note = note_network()
        result = invoke("diagnose", "--optimizer", "sgd")
        assert result.exit_code == 0
        assert result.stdout.startswith("the 2-2-1 network of the note, on one sample\n")
        found = cp.diagnose(note.network, note.X, note.y, optimizer="sgd")
        assert repr(found) in result.stdout
        assert json.loads(invoke("diagnose", "--json").stdout)["rows"] == 1

    def test_find_lr(self):
        note = note_network()
        result = invoke("find-lr", "--optimizer", "sgd")
        assert result.exit_code == 0
        assert result.stdout.startswith("the 2-2-1 network of the note, on one sample: sgd\n")
        found = cp.find_learning_rate(note.network, note.X, note.y, optimizer="sgd", batch_size=32)
        assert repr(found) in result.stdout
        assert "Next:" not in result.stdout  # there is no file to train on
        figures = json.loads(invoke("find-lr", "--json").stdout)
        assert figures["weights"] == "the note's"

    @pytest.mark.parametrize("command", ["explain", "graph", "check", "diagnose", "find-lr"])
    def test_every_command_that_the_docs_name(self, command):
        assert invoke(command).exit_code == 0


def test_the_rate_that_find_lr_suggests_can_be_diagnosed():
    assert "nothing is found to be wrong" in invoke("diagnose", "--optimizer", "sgd(0.1)").output
    found = invoke("diagnose", "--optimizer", "sgd(1e-9)").output
    assert "learning rate too small" in found
    misspelled = invoke("diagnose", "--optimizer", "sdg")
    assert misspelled.exit_code == 2
    assert "no optimizer is called 'sdg' (did you mean 'sgd'?)" in misspelled.stderr
