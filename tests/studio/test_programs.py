""" "Copy as Python": the program, run, makes the very numbers of the run."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.handed import hand_in, inline
from clearprop.studio.program import program
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from paths import PENGUINS
from studio_server import ask

STEPS = 30
PASTED = inline("name;länge;kind\n".encode() + b"".join(
    f"n{n};{n},{n * 7 % 10};{'ab'[n % 2]}\n".encode() for n in range(40)))  # fmt: skip
SETS = ["xor", "circles", "spirals", "moons", "digits", "penguins", "note", "mazur", PASTED]


def check(setup, n=STEPS):
    """Run the program of a setup, and compare its losses and parameters with the run's.

    What is frozen from a step on has an update in the program, which puts it back.
    """
    run = Run(setup)
    names = {}
    exec(program(run, n), names)
    assert run.reach(n, seconds=60) == n
    assert names["losses"] == run.losses[: n + 1]
    right = run.at(n).update
    is_free = (right != 0) | (":frozen" not in setup.edit)
    np.testing.assert_array_equal(names["step"].update[is_free], right[is_free])
    after = run.at(n).record.network.parameters + run.at(n).update
    np.testing.assert_array_equal(names["network"].parameters, after)
    for part in ("X", "y"):
        assert len(names[part]) == len(getattr(run.problem, part))
    if len(run.problem.X_held):
        np.testing.assert_array_equal(names["X_held"], run.problem.X_held)
        np.testing.assert_array_equal(names["y_held"], run.problem.y_held)
    return names


@pytest.mark.parametrize("data", SETS, ids=[*SETS[:-1], "pasted"])
def test_of_every_set(data, capsys):
    check(Setup(data=data))
    assert f"Step {STEPS + 1} " in capsys.readouterr().out


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop", "rprop"])
def test_of_every_optimizer(optimizer):
    momentum = 0.9 if optimizer == "sgd" else 0.0
    check(Setup(data="moons", optimizer=optimizer, momentum=momentum, rate=0.03, batch=7, seed=4))


@pytest.mark.parametrize("schedule", ["cosine", "step", "exponential", "warmup_cosine"])
def test_of_every_schedule(schedule):
    check(Setup(data="moons", schedule=schedule, rate=0.03, epochs=3))


@pytest.mark.parametrize("data", ["circles", "penguins", "mazur"])
def test_with_cells_and_weights_set_and_weights_frozen_and_shared(data):
    edit = "3:W1[0,0]=0.5;5:x[0,1]=-1.25;5:b2[0]=0.125;8:y[0]=1;12:W1[0,1]=2"
    names = check(
        Setup(data=data, edit=edit, frozen="W2[0,0]", shared="b1[0]=b1[1];W1[0,0]=W1[1,1]")
    )
    assert names["X"][0, 1] == -1.25


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop", "rprop"])
@pytest.mark.parametrize("schedule", ["", "step"])
def test_with_a_rate_and_what_is_frozen_from_a_step_on(optimizer, schedule):
    edit = "9:rate=0.3;20:rate=0.02;12:frozen=b1[0];12:W1[0,0]=0.5;20:frozen=W2;25:b1[0]=0.25"
    schedule = "" if optimizer == "rprop" else schedule
    names = check(Setup(data="moons", optimizer=optimizer, schedule=schedule, edit=edit, epochs=9))
    assert names["network"]["b1[0]"] == 0.25


def test_with_momentum_that_changes():
    edit = "5:momentum=0.9;12:momentum=0;15:momentum=0.5;16:momentum=0.6;20:momentum=0;20:rate=0.3"
    check(Setup(data="moons", optimizer="sgd", rate=0.03, edit=edit))
    check(Setup(data="moons", optimizer="sgd", momentum=0.5, edit=edit))


@pytest.mark.parametrize("edit", ["30:l2=0.1", "30:dropout=0.5", "30:shared=b1[0]=b1[1]"])
def test_what_holds_for_a_whole_run_is_refused_from_its_step_on(edit):
    check(Setup(data="xor", edit=edit), STEPS - 1)
    name = edit[3:].partition("=")[0]
    with pytest.raises(cp.ArgumentError, match=f"from step 30 on, {name} is .* go back to a step"):
        program(Run(Setup(data="xor", edit=edit)), STEPS)


@pytest.mark.parametrize(
    ("setup", "sizes"),
    [
        (Setup(data="xor", output="softmax"), (2, 4, 2)),
        (Setup(data="penguins", output="sigmoid", hidden="none"), (15, 3)),
        (Setup(data="penguins", target="body_mass_g", loss="huber"), (13, 8, 1)),
        (Setup(data="penguins", columns="island,year", share=0.0), (4, 8, 3)),
        (Setup(data="digits", output="tanh", loss="squared_error", rows=50), (64, 16, 10)),
        (Setup(data="note", hidden="3", activation="relu"), (2, 3, 1)),
        (Setup(data="mazur", activation="tanh", precision="float32"), (2, 2, 2)),
        (
            Setup(
                data="spirals", hidden="5,4", activation="tanh,relu", initializer="normal",
                l2=0.01, dropout=0.2, noise=0.3, rows=64, precision="float32",
            ),
            (2, 5, 4, 1),
        ),
    ],
)  # fmt: skip
def test_of_other_networks(setup, sizes):
    assert check(setup)["network"].sizes == sizes


def test_of_a_file_by_the_path_that_it_was_given_by():
    address = hand_in("table", "penguins.csv", PENGUINS.read_bytes(), called=str(PENGUINS))
    assert str(PENGUINS) in program(Run(Setup(data=address)), 0)
    check(Setup(data=address, target="sex"))  # missing in 11 rows, which are left out


def test_of_a_model_file(tmp_path, model_file):
    address = hand_in("model", "m.safetensors", model_file.read_bytes(), called=str(model_file))
    check(Setup(data="penguins", weights=address))
    check(Setup(data=address))
    network = cp.Network([2, 5, 1], "relu", "sigmoid", seed=1)
    network.save(tmp_path / "n.safetensors")
    alone = hand_in(
        "model", "n.safetensors", (tmp_path / "n.safetensors").read_bytes(),
        called=str(tmp_path / "n.safetensors"),
    )  # fmt: skip
    check(Setup(data=alone))


def test_the_server_says_it(studio):
    found = ask(studio, "python", data="xor", n=4)
    assert found == {"n": 4, "code": program(Run(Setup(data="xor")), 4)}
    assert "clearprop.studio" not in found["code"]
