"""What the first screen is told: of every part, what may stand in its place, and why not."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.choices import choices
from clearprop.studio.handed import hand_in, inline
from clearprop.studio.problems import SETS, problem_of
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from paths import PENGUINS
from studio_server import ask


@pytest.mark.parametrize("data", ["circles", "penguins", "digits", "note", "mazur"])
@pytest.mark.parametrize("part", ["outputs", "losses"])
def test_what_is_offered_makes_a_run_and_what_is_not_says_why(data, part):
    setup, name = Setup(data=data), {"outputs": "output", "losses": "loss"}[part]
    found = choices(setup)
    for one in found[part]:
        asked = Setup(data=data, **{name: one["name"]})
        if one["why"]:
            with pytest.raises(cp.ClearpropError) as refused:
                Run(asked)
            if "layer" not in one["why"]:  # of which the small network tried has fewer
                assert str(refused.value) == one["why"]
        else:
            Run(asked).at(0)


def test_of_a_table(studio):
    content = PENGUINS.read_bytes().replace(b"\n", b",1\n").replace(b"year,1", b"year,one", 1)
    setup = {"data": hand_in("table", "p.csv", content), "target": "species"}
    table = ask(studio, "choices", **setup)["table"]
    model = cp.Model.fit(PENGUINS, "species", epochs=0, validation=0.2, test=0, compare=False)
    shown = {one["name"]: one["what"] for one in table["columns"] if one["used"]}
    assert shown == model.report.inputs
    assert table["missing"] == model.report.missing
    (one,) = [one for one in table["columns"] if not one["used"]]
    assert one["name"] == "one"
    assert "always" in one["why"]
    assert (table["target"], table["task"]) == ("species", "classification")
    chosen = ask(studio, "choices", **setup, columns="one,island")["table"]
    assert [each["name"] for each in chosen["columns"] if each["used"]] == ["island", "one"]


def test_class_balance_and_a_warning():
    text = "x,y\n" + "".join(
        f"{n * 7 % 50},{'rare' if n % 12 == 0 else 'often'}\n" for n in range(120)
    )
    found = choices(Setup(data=inline(text.encode())))
    assert found["classes"] == {"often": 110, "rare": 10}
    assert "'often' has 92% of the rows, and 'rare' 8.3%" in found["notes"][0]
    assert choices(Setup(data="moons"))["notes"] == []
    assert sum(choices(Setup(data="digits"))["classes"].values()) == 1797


def test_where_no_run_is_possible_the_rest_is_said_all_the_same(studio):
    found = ask(studio, "choices", data="circles", loss="cross_entropy")
    assert "cross_entropy cannot follow sigmoid" in found["error"]
    assert found["network"]["hidden"] == [4, 2]
    found = ask(studio, "choices", data=inline(b"a,b\n" + b"1,x\n" * 3))
    assert "3 rows" in found["error"]
    assert found["table"]["all"] == ["a", "b"]
    assert found["network"] is None


def test_names_with_commas_are_columns_as_well():
    text = '"a, b",c,y\n' + "".join(f"{n},{n % 7},{n % 3 * 1.5}\n" for n in range(30))
    problem = problem_of(Setup(data=inline(text.encode()), columns='"a, b"'))
    assert problem.features == ["a, b"]


def test_by_itself_a_column_that_is_called_so_is_predicted_or_the_last():
    rows = "".join(f"{n},{n % 3},{n * 0.5}\n" for n in range(30))
    assert problem_of(Setup(data=inline(b"a,Class,b\n" + rows.encode()))).target == "Class"
    assert problem_of(Setup(data=inline(b"a,c,b\n" + rows.encode()))).target == "b"


@pytest.mark.parametrize("data", SETS)
def test_every_set_begins_and_learns(data):
    run = Run(Setup(data=data))
    n = run.reach(3 * run.steps_of_epoch + 50, seconds=60)
    assert np.mean(run.losses[-5:]) < np.mean(run.losses[:5])
    assert n > 50


def test_fixed_networks_obey(studio):
    for data in ("note", "mazur"):
        about = ask(studio, "about", data=data, hidden="3,2", activation="tanh,relu")
        assert about["sizes"][:3] == [2, 3, 2]
        assert about["activations"][:2] == ["tanh", "relu"]
        assert about["names"] == {}  # those of the text are of its own layers
        kept = problem_of(Setup(data=data, activation="tanh"))
        assert kept.network["W1"][0, 0] == problem_of(Setup(data=data)).network["W1"][0, 0]


def test_as_many_activations_as_layers():
    with pytest.raises(cp.ArgumentError, match="activation names 2 for 3 hidden layers"):
        problem_of(Setup(hidden="2,2,2", activation="tanh,relu"))


def test_a_momentum_or_a_rate_alone_leave_the_optimizer_as_it_is_by_itself():
    own = problem_of(Setup(data="note")).optimizer
    assert Setup(data="note", momentum=0.5).rule(own) == cp.SGD(0.5, momentum=0.5)
    assert Setup(data="note", optimizer="sgd").rule(own) == own
    assert Setup(data="note", optimizer="adam").rule(own) == cp.Adam()


def test_the_pictures_of_the_sets(studio):
    found = {one["name"]: one for one in ask(studio, "sets")["sets"]}
    assert set(found) == set(SETS)
    for name in ("circles", "xor", "moons", "spirals", "penguins"):
        points = np.array(found[name]["points"])
        assert points.min() == 0
        assert points.max() == 1
        assert len(points) == len(found[name]["labels"])


def test_a_class_that_is_none_is_refused():
    run = Run(Setup(data="penguins", edit="2:y[0]=7"))
    with pytest.raises(cp.TargetError, match=r"y\[0\] is 7, but the network has 3 outputs"):
        run.at(3)
