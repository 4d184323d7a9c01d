"""The hill: the cost of `cp.backprop` on a plane, and where steps lead upon it."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.courses import thinned
from clearprop.studio.hill import hill
from clearprop.studio.known_runs import Runs
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from studio_server import ask, refusal

PLANES = ["weights", "path", "random"]


def cost_with(run, n, values, rows=None, l2=0.0):
    """The cost at step n with some parameters at other values, by `cp.backprop` alone."""
    network, X, y = run.at(n).record.network.copy(), run.problem.X, run.problem.y
    for name, value in values.items():
        network[name] = value
    if rows is not None:
        X, y = X[rows], y[rows]
    return cp.backprop(network, X, y, l2=l2).loss


@pytest.mark.parametrize("on", ["all", "batch"])
@pytest.mark.parametrize("data", ["xor", "note", "mazur"])
def test_the_hill_over_two_weights_is_the_cost_there(studio, data, on):
    found = ask(studio, "hill", n=7, data=data, first="W1[1,0]", second="W2[0,1]", on=on, l2=0.01)
    run = Run(Setup(data=data, l2=0.01))
    rows = run.at(7).rows if on == "batch" else None
    assert found["chosen"] == ["W1[1,0]", "W2[0,1]"]
    for i, j in ((0, 0), (4, 30), (15, 15), (30, 2)):
        values = {"W1[1,0]": found["first"][i], "W2[0,1]": found["second"][j]}
        right = cost_with(run, 7, values, rows, 0.01)
        assert found["costs"][j][i] == pytest.approx(right, rel=1e-12)
    assert found["here"]["cost"] == pytest.approx(cost_with(run, 7, {}, rows, 0.01), rel=1e-12)
    network = run.at(7).record.network
    assert found["here"]["at"] == [network["W1[1,0]"], network["W2[0,1]"]]


def test_the_gradients_arrow_is_the_records_gradient(studio):
    found = ask(studio, "hill", n=30, data="moons", first="b1[2]", second="W2[0,1]", on="batch")
    record = Run(Setup(data="moons")).at(30).record
    np.testing.assert_allclose(
        found["gradient"]["at"], [record["db1"][2], record["dW2"][0, 1]], rtol=1e-12
    )
    assert found["gradient"]["length"] == pytest.approx(np.linalg.norm(record.gradient), rel=1e-12)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_steps_arrow_is_the_update_and_leads_to_the_next_step(studio, optimizer):
    setup = {"data": "moons", "optimizer": optimizer, "rate": 0.05}
    found = ask(studio, "hill", n=30, **setup, first="W1[0,0]", second="W1[3,1]")
    run = Run(Setup(**setup))
    update = run.problem.network.unflatten(run.at(30).update)["W1"]
    np.testing.assert_allclose(found["step"]["change"], [update[0, 0], update[3, 1]], rtol=1e-13)
    after = run.at(31).record.network["W1"]
    np.testing.assert_allclose(found["step"]["to"], [after[0, 0], after[3, 1]], rtol=1e-13)
    assert found["step"]["whole"] == pytest.approx(cost_with(run, 31, {}), rel=1e-12)
    on_plane = cost_with(run, 30, {"W1[0,0]": after[0, 0], "W1[3,1]": after[3, 1]})
    assert found["step"]["on_plane"] == pytest.approx(on_plane, rel=1e-12)


def test_a_plain_step_of_any_rate(studio):
    found = ask(studio, "hill", n=10, data="xor", eta=2.5)
    run = Run(Setup(data="xor"))
    network = run.at(10).record.network.copy()
    record = cp.backprop(network, run.problem.X, run.problem.y)
    network.parameters[:] -= 2.5 * record.gradient
    right = cp.backprop(network, run.problem.X, run.problem.y).loss
    assert found["plain"]["whole"] == pytest.approx(right, rel=1e-12)
    assert found["by_rate"][found["rates"].index(2.5)] == pytest.approx(right, rel=1e-12)
    np.testing.assert_allclose(
        found["plain"]["to"], [network[name] for name in found["chosen"]], rtol=1e-12
    )
    own = ask(
        studio,
        "hill",
        n=10,
        data="xor",
    )["plain"]
    assert own["rate"] == own["own"] == run.rule_at(0).learning_rate


def test_a_plain_step_leaves_what_is_frozen(studio):
    found = ask(studio, "hill", data="xor", n=10, eta=1, frozen="W1[0,0]", first="W1[0,0]",
                second="W1[1,1]")  # fmt: skip
    assert found["constrained"]
    assert found["plain"]["change"][0] == found["step"]["change"][0] == 0
    assert found["gradient"]["at"][0] != 0


@pytest.mark.parametrize("plane", PLANES)
def test_the_path_is_the_runs(studio, plane):
    found = ask(studio, "hill", n=40, data="note", plane=plane)
    run = Run(Setup(data="note"))
    path = np.array([run.network_at(n).parameters for n in thinned(40)])
    [ours] = found["paths"]
    assert ours["numbers"] == thinned(40)
    moved = np.diff(np.array(ours["points"]), axis=0)
    lengths = np.linalg.norm(moved, axis=1)
    assert (lengths <= np.linalg.norm(np.diff(path, axis=0), axis=1) * (1 + 1e-4)).all()
    if plane == "weights":
        values = [[run.network_at(n)[name] for name in found["chosen"]] for n in thinned(40)]
        np.testing.assert_allclose(ours["points"], values, rtol=1e-5)
        assert "4 parameters" in found["words"]
    np.testing.assert_allclose(ours["points"][-1], found["here"]["at"], atol=1e-5)
    assert ours["heights"][-1] == pytest.approx(found["here"]["cost"], rel=0.05)
    low, high = found["first"][0], found["first"][-1]
    assert low < min(a for a, _ in ours["points"]) <= max(a for a, _ in ours["points"]) < high


def test_the_main_directions_are_those_of_loss_surface(studio):
    found = ask(studio, "hill", n=60, data="moons", plane="path")
    run = Run(Setup(data="moons"))
    path = [run.network_at(n).parameters for n in thinned(60)]
    network = run.network_at(60)
    right = cp.loss_surface(network, run.problem.X, run.problem.y, path=path, points=3)
    np.testing.assert_allclose(found["paths"][0]["points"], right.path, atol=1e-4)
    np.testing.assert_allclose(found["gradient"]["at"], right.gradient, rtol=1e-6)


def test_random_directions_are_upright_and_of_length_1_and_by_their_seed(studio):
    one, again, other = (
        ask(studio, "hill", data="xor", n=3, plane="random", draw=draw) for draw in (0, 0, 1)
    )
    assert one["gradient"] == again["gradient"] != other["gradient"]
    assert one["gradient"]["on_plane"] < one["gradient"]["length"]


def test_the_lines_lie_on_their_level(studio):
    found = ask(
        studio,
        "hill",
        n=20,
        data="note",
    )
    run = Run(Setup(data="note"))
    assert len(found["levels"]) >= 8
    size = found["high"] - found["low"]
    for level in found["levels"]:
        for a, b in [point for line in level["lines"] for point in line][::9]:
            truly = cost_with(run, 20, dict(zip(found["chosen"], (a, b), strict=True)))
            assert truly == pytest.approx(level["cost"], abs=0.01 * size)


def test_several_runs_on_one_hill():
    runs = Runs()
    run = runs.of(Setup(data="moons"))
    run.reach(50, seconds=60)
    run.beside({"optimizer": "adam", "rate": "0.05"}).reach(50, seconds=60)
    found = hill(run, Question({"n": "50", "vs": "optimizer:adam,rate:0.05;seed:3"}))
    names = [path["name"] for path in found["paths"]]
    assert names == ["this run", "optimizer adam, rate 0.05", "seed 3"]
    other = Run(Setup(data="moons", optimizer="adam", rate=0.05))
    end = other.network_at(50)
    assert found["paths"][1]["cost"] == pytest.approx(
        cp.backprop(end, run.problem.X, run.problem.y).loss, rel=1e-12
    )
    np.testing.assert_allclose(
        found["paths"][1]["points"][-1], [end[name] for name in found["chosen"]], rtol=1e-5
    )


def test_a_hill_of_a_cell_that_a_reader_has_set():
    setup = Setup(data="xor", edit="5:x[3,0]=4.0;9:y[0]=0.5")
    for n, cell, target in ((4, None, None), (6, 4.0, None), (9, 4.0, 0.5)):
        run = Run(setup)
        run.reach(n, seconds=60)
        X, y = run.problem.X.copy(), run.problem.y.astype(float)
        if cell is not None:
            X[3, 0] = cell
        if target is not None:
            y[0] = target
        found = hill(run, Question({"n": str(n)}))
        right = cp.backprop(run.network_at(n), X, y).loss
        assert found["here"]["cost"] == pytest.approx(right, rel=1e-12)


def test_where_the_cost_is_not_finite(studio):
    setup = {"data": "xor", "activation": "relu", "output": "identity", "loss": "squared_error"}
    found = ask(studio, "hill", **setup, edit="0:W1[0,0]=1e120", first="W1[0,0]", second="W2[0,0]")
    costs = [cost for row in found["costs"] for cost in row]
    assert None in costs
    assert found["here"]["cost"] > 1e200
    assert found["plain"]["whole"] is None


def test_refusals_of_the_hill(studio):
    assert "W9" in refusal(studio, "hill", first="W9[0,0]")
    assert "both axes are" in refusal(studio, "hill", first="W1[0,0]", second="W1[0,0]")
    assert "third step" in refusal(studio, "hill", plane="path", n=0)
    assert "plane is 'x'" in refusal(studio, "hill", plane="x")
    assert "eta is 0" in refusal(studio, "hill", eta=0)
    assert "another network" in refusal(studio, "hill", n=3, vs="hidden:3,3")
    assert "'ratio' is no part of a setup" in refusal(studio, "hill", n=3, vs="ratio:3")
    assert "vs has 'adam'" in refusal(studio, "hill", n=3, vs="adam")
    assert "zoom" in refusal(studio, "hill", zoom=99)


def test_the_square_stays_where_it_is_while_a_run_goes_on_within():
    run = Run(Setup(data="xor"))
    run.reach(60, seconds=60)
    squares = {tuple(hill(run, Question({"n": str(n)}))["first"]) for n in (40, 47, 60)}
    assert len(squares) == 1
