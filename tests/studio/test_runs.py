"""Runs of the studio: the numbers of `cp.steps`, forwards and backwards."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.known_runs import Runs
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup

SETS = ["xor", "circles", "spirals", "moons", "note", "mazur"]


def by_steps(setup, n):
    """The first steps of a setup, by `cp.steps` alone."""
    run = Run(setup)
    problem, network = run.problem, run.problem.network.copy()
    steps = cp.steps(
        network, problem.X.copy(), problem.y.copy(), optimizer=run.rule_at(0), batch_size=run.batch,
        epochs=setup.epochs, seed=setup.seed, l2=setup.l2, dropout=setup.dropout,
    )  # fmt: skip
    for number in range(n):
        for at, name, value in setup.edits():
            if at == number:
                network[name] = value
        yield next(steps)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("data", SETS)
def test_every_step_is_that_of_steps_in_whatever_order_it_is_asked_for(data, optimizer):
    setup = Setup(data=data, optimizer=optimizer, rate=0.05, epochs=40, edit="7:W1[0,0]=0.25")
    right = list(by_steps(setup, 40))
    run = Run(setup)
    order = [0, 39, 38, 37, 3, 20, 8, 7, 6, 0, 39]
    for n in order:
        found = run.at(n)
        assert found.record.gradient.tobytes() == right[n].record.gradient.tobytes()
        assert found.update.tobytes() == right[n].update.tobytes()
        assert found.rows.tolist() == right[n].rows.tolist()
    assert run.losses == [float(step.record.loss) for step in right]


def test_a_run_longer_than_what_is_kept():
    run = Run(Setup(data="xor"))
    run.reach(3000, seconds=60)
    first = [run.at(n).update.tobytes() for n in (0, 1, 777, 1500, 2999)]
    again = [run.at(n).update.tobytes() for n in (2999, 1500, 777, 1, 0)]
    assert first == again[::-1]
    assert len(run._kept.standings) <= 512


def test_what_a_reader_sets_changes_what_follows_alone():
    runs = Runs()
    run = runs.of(Setup(data="moons"))
    run.reach(50, seconds=60)
    other = runs.of(Setup(data="moons", edit="30:W1[0,0]=2.0;40:x[3,1]=0.5;45:y[2]=0.25"))
    assert other.losses == run.losses[:30]  # taken over
    other.reach(50, seconds=60)
    assert other.at(30).record["W1"][0, 0] == 2.0
    assert other.losses[:30] == run.losses[:30]
    assert other.losses[30] != run.losses[30]
    assert run.at(30).record["W1"][0, 0] != 2.0
    assert other._stepper.job.data.X[3, 1] == 0.5
    other._go_to(35)  # back, before the cell was set
    assert other._stepper.job.data.X[3, 1] != 0.5
    alone = Run(Setup(data="moons", edit="30:W1[0,0]=2.0;40:x[3,1]=0.5;45:y[2]=0.25"))
    alone.reach(50, seconds=60)
    assert alone.losses == other.losses


def test_a_run_that_diverges_says_so_and_keeps_the_steps_before():
    setup = Setup(data="xor", activation="relu", output="identity", loss="squared_error", rate=1e6)
    run = Run(setup)
    last = run.reach(1000, seconds=60)
    assert 0 < last < 100
    with pytest.raises(cp.DivergenceError) as error:
        run.at(last + 1)
    assert str(error.value) == str(run.failed)
    assert f"step {last + 2}" in str(run.failed)
    assert np.isfinite(run.at(last).update).all()


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ({"rate": "fast"}, "rate is 'fast'; it must be a number"),
        ({"seed": "1.5"}, "seed is '1.5'; it must be a whole number"),
        ({"hidden": "4,x"}, "hidden is '4,x'; give sizes with commas between, such as 4,2"),
        ({"hidden": "5000"}, "hidden is 5000"),
        ({"edit": "W1[0,0]"}, "the edit 'W1[0,0]' is none; write it as 12:W1[0,0]=0.5"),
        ({"optimizer": "sdg"}, "optimizer is 'sdg'"),
        ({"precision": "float16"}, "precision is 'float16'"),
        ({"epochs": "0"}, "epochs is 0"),
    ],
)
def test_an_address_that_means_nothing(pairs, said):
    with pytest.raises(cp.ArgumentError) as error:
        Setup.read(pairs)
    assert said in str(error.value)


def test_an_address_holds_a_setup():
    setup = Setup(data="xor", hidden="4,2", rate=0.1, seed=3, edit="2:b1[0]=1.0")
    assert Setup.read(setup.pairs()) == setup
    assert Setup().pairs() == {}
