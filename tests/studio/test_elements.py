"""Every number of one element: those of `cp.backprop`, and where the element can be set."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop import ClearpropError
from clearprop.studio.elements import element
from clearprop.studio.problem import Own, network_of
from clearprop.studio.problems import FIXED, Problem
from clearprop.studio.runs import Run
from clearprop.studio.scales import nice
from clearprop.studio.setup import Setup
from studio_server import ask, refusal


@pytest.fixture
def labels(monkeypatch):
    """A problem whose targets are classes."""

    def make(setup):
        X, y = np.eye(3)[[0, 1, 2, 0]] + 0.1, np.array([0, 1, 2, 0])
        network, _ = network_of(setup, 3, 3, Own((2,), "tanh", "softmax"))
        return Problem("Classes", network, X, y, X[:0], y[:0], list("abc"), list("uvw"), "class")

    monkeypatch.setitem(FIXED, "labels", make)


def lines(run, of, n=3, sample=0):
    return {
        (line["name"], line["words"]): line["value"]
        for line in element(run, n, sample, of)["lines"]
    }


def test_a_weight_by_phase():
    run = Run(Setup(data="spirals", l2=0.01))
    step = run.at(3)
    record = step.record
    found = lines(run, "W2[1,5]", sample=4)
    assert found["W2[1,5]", "before the update"] == record["W2"][1, 5]
    assert found["W2[1,5] * a1[5]", "its part of z2[1]"] == record["W2"][1, 5] * record["a1"][4, 5]
    part = record["delta2"][4, 1] * record["a1"][4, 5]
    assert found["delta2[1] * a1[5]", "this sample's gradient"] == part
    assert found["dW2[1,5]", "gradient of L, over 10 rows"] == record["dW2[1,5]"]
    after = run.at(4).record["W2"][1, 5]
    assert found["W2[1,5]", "after the update"] == pytest.approx(after, rel=1e-15)


@pytest.mark.parametrize("of", ["a1[2]", "a2[0]", "a3[0]"])
def test_the_terms_of_a_neuron_are_its_sum(of):
    run = Run(Setup(data="spirals", hidden="30,5"))
    layer, j = int(of[1]), int(of[3])
    record = run.at(3).record
    forward, *backward = element(run, 3, 1, of)["sums"]
    said = sum(term["product"] for term in forward["terms"]) + forward["rest"]
    assert said + forward["bias"]["value"] == pytest.approx(record[f"z{layer}"][1, j], rel=1e-12)
    assert len(forward["terms"]) == min(12, record[f"a{layer - 1}"].shape[1])
    assert [one["name"] for one in backward] == ([f"da{layer}[{j}]"] if layer < 3 else [])
    for one in backward:
        said = sum(term["product"] for term in one["terms"]) + one["rest"]
        assert said == pytest.approx(record[f"da{layer}"][1, j], rel=1e-12)


def test_numbers_are_of_the_operation_that_makes_them(studio):
    operations = ask(studio, "about", data="circles")["operations"]
    found = ask(studio, "element", data="circles", n=2, of="W2[0,1]")
    for line, made in zip(found["lines"], ["", "z2", "dW2", "dW2", "W2", "W2"], strict=True):
        assert line["op"] == -1 if not made else made in operations[line["op"]]["makes"]
        assert line["phase"] == ("" if not made else operations[line["op"]]["phase"])


def test_frozen_and_shared_say_what_the_optimizer_is_given():
    run = Run(Setup(data="mazur", frozen="b1;W2[0,0]", shared="W1[0,0]=W1[1,1]"))
    found = element(run, 1, 0, "W2[0,0]")
    assert found["frozen_by"] == "W2[0,0]"
    assert element(run, 1, 0, "b1[1]")["frozen_by"] == "b1"
    given = "given to the optimizer: frozen or shared"
    assert lines(run, "W2[0,0]", 1)["g", given] == 0
    record = run.at(1).record
    assert element(run, 1, 0, "W1[1,1]")["shared_with"] == ["W1[0,0]"]
    both = record["dW1[0,0]"] + record["dW1[1,1]"]
    assert lines(run, "W1[1,1]", 1)["g", given] == both
    assert record["W1"][0, 0] == record["W1"][1, 1]


def test_those_that_are_shared_follow_what_is_set():
    run = Run(Setup(data="mazur", shared="W1=W2", edit="2:W2[0,1]=0.75"))
    record = run.at(2).record
    assert record["W1"][0, 1] == record["W2"][0, 1] == 0.75
    assert (run.at(5).record["W1"] == run.at(5).record["W2"]).all()


def test_a_label_is_set_as_such(labels):
    found = element(Run(Setup(data="labels", batch=4)), 0, 2, "y[1]")
    assert found["whole"] is True
    assert (found["low"], found["high"]) == (0, 2)
    row = int(found["cell"][2])
    run = Run(Setup(data="labels", batch=4, edit=f"1:y[{row}]=1"))
    step = run.at(1)
    assert step.record.y[step.rows.tolist().index(row)].tolist() == [0, 1, 0]
    for value, said in (("3", "label"), ("0.5", "whole number")):
        with pytest.raises(ClearpropError, match=said):
            Run(Setup(data="labels", edit=f"0:y[0]={value}")).at(0)


def test_a_cell_is_named_by_its_row_in_the_data():
    run = Run(Setup(data="moons"))
    step = run.at(7)
    found = element(run, 7, 3, "x[1]")
    assert found["cell"] == f"x[{step.rows[3]},1]"
    assert found["value"] == run.problem.X[step.rows[3], 1]
    assert found["low"] <= run.problem.X[:, 1].min() < run.problem.X[:, 1].max() <= found["high"]


def test_dropout_masks():
    run = Run(Setup(data="spirals", dropout=0.5))
    step = run.at(2)
    off = int(np.flatnonzero(step.record.masks[0][0] == 0)[0])
    assert lines(run, f"a1[{off}]", 2)[f"mask1[{off}]", "dropout: switched off"] == 0
    assert lines(run, f"a1[{off}]", 2)[f"a1[{off}]", "tanh"] == 0


def test_there_is_no_such_element(studio):
    for of, said in {
        "W9[0,0]": "'W9[0,0]'", "W1": "'W1' is no single element", "W1[0]": "'W1[0]'",
        "y[4]": "targets are y[0] to y[0]", "y[-1]": "no target", "": "''",
        "a1[-1]": "run over [0..1]", "W1[0,-1]": "W1[0,-1]",
    }.items():  # fmt: skip
        assert said in refusal(studio, "element", data="note", of=of)


def test_scales_end_at_round_numbers_beyond_all_that_is_shown(studio):
    assert [nice(one) for one in (1e-7, 0.11, 0.2, 3.0, 0.0, float("inf"))] == [
        1e-7, 0.2, 0.2, 5.0, 1.0, 1.0,
    ]  # fmt: skip
    found = ask(studio, "step", data="spirals", n=5)
    scales = found["scales"]
    assert scales["activation"] >= np.abs(np.concatenate(found["a"][1:])).max()
    assert scales["delta"] >= np.abs(np.concatenate(found["delta"])).max()
    for lens, what in (("weight", "parameters"), ("gradient", "gradient"), ("update", "update")):
        assert scales[lens] >= max(np.abs(part).max() for part in found[what].values())


def test_of_a_wide_layer_all_biases_and_all_weights_into_a_neuron(studio):
    pairs = {"data": "xor", "hidden": "40", "n": 3}
    record = Run(Setup(data="xor", hidden="40")).at(3).record
    found = ask(studio, "step", **pairs)
    assert found["biases"]["gradient"]["b1"] == record["db1"].tolist()
    assert list(found["biases"]["parameters"]) == ["b1"]
    incoming = ask(studio, "element", of="a2[0]", **pairs)["incoming"]
    assert (incoming["layer"], incoming["weight"]) == (2, record["W2"][0].tolist())


def test_a_step_says_whether_the_run_goes_on(studio):
    assert ask(studio, "step", data="note", n=3, epochs=5)["ended"] is False
    found = ask(studio, "step", data="note", n=99, epochs=5)
    assert (found["n"], found["ended"]) == (4, True)


def test_a_target_of_the_data_is_what_may_be_set():
    run = Run(Setup(data="moons"))
    found = element(run, 3, 2, "y[0]")
    step = run.at(3)
    row = int(step.rows[2])
    assert (found["kind"], found["of"]) == ("target", "y[0]")
    assert [line["value"] for line in found["lines"]] == [
        run.problem.y[row], step.record["a2"][2, 0], step.record["delta2"][2, 0]
    ]  # fmt: skip
    assert (found["cell"], found["value"]) == (f"y[{row},0]", run.problem.y[row])
    assert (found["low"], found["high"]) == (0.0, 1.0)


def test_a_target_that_is_any_number_has_room_on_either_side():
    run = Run(Setup(data="moons", output="identity", loss="squared_error"))
    found = element(run, 0, 0, "y[0]")
    assert (found["low"], found["high"]) == (-0.25, 1.25)


def test_a_label_is_set_whole(labels):
    run = Run(Setup(data="labels"))
    found = element(run, 1, 1, "y[2]")
    row = int(run.at(1).rows[1])
    assert (found["cell"], found["whole"]) == (f"y[{row}]", True)
    assert (found["value"], found["low"], found["high"]) == (run.problem.y[row], 0.0, 2.0)


@pytest.mark.parametrize(("l2", "words"), [(0.0, "mean of"), (0.1, "mean, and the penalty")])
def test_the_loss_of_a_sample_and_of_the_batch(l2, words):
    run = Run(Setup(data="moons", l2=l2))
    one, all_rows = element(run, 3, 2, "L")["lines"]
    record = run.at(3).record
    assert (one["value"], all_rows["value"]) == (record.losses[2], record.loss)
    assert all_rows["words"].startswith(words)


@pytest.mark.parametrize("of", ["W1", "a1[-1]", "dW1[0]", "L[0]"])
def test_what_is_no_single_element(of):
    with pytest.raises(ClearpropError):
        element(Run(Setup(data="moons")), 0, 0, of)
