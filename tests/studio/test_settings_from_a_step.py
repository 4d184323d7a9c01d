"""Settings that hold from a step on: the steps before it stay, and those after it are right."""

from __future__ import annotations

import re

import numpy as np
import pytest

import clearprop as cp
from clearprop.errors import ArgumentError
from clearprop.studio.curves import curves
from clearprop.studio.known_runs import Runs
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from clearprop.studio.treatments import treatment

AT, N = 17, 40


def ran(**pairs):
    """A run of N steps."""
    run = Run(Setup(**{"data": "moons", "rows": 40, "optimizer": "sgd", **pairs}))
    assert run.reach(N, seconds=60) == N
    return run


def by_steps(run, rule, after=lambda network, n: None, **settings):
    """The losses by `cp.steps` alone; `after` may change the network after update n."""
    problem, network = run.problem, run.problem.network.copy()
    steps = cp.steps(
        network, problem.X.copy(), problem.y.copy(), optimizer=rule, batch_size=run.batch,
        epochs=run.setup.epochs, seed=run.setup.seed, **settings,
    )  # fmt: skip
    losses = []
    for n in range(N + 1):
        losses.append(float(next(steps).record.loss))
        after(network, n)
    return losses


@pytest.mark.parametrize("kind", [cp.SGD, cp.Adam, cp.RMSprop])
def test_a_rate_from_a_step_on_is_a_schedule_that_jumps_there(kind):
    """So what the optimizer keeps, its moments, goes on."""
    run = ran(optimizer=kind.__name__.lower(), rate=0.02, edit=f"{AT}:rate=0.3")
    jump = kind(lambda t, total: 0.3 if t >= AT else 0.02)
    assert run.losses == by_steps(run, jump)
    assert run.losses[: AT + 1] == ran(optimizer=kind.__name__.lower(), rate=0.02).losses[: AT + 1]


def test_a_momentum_from_a_step_on_begins_without_a_velocity():
    run = ran(edit=f"{AT}:momentum=0.9;30:momentum=0")
    rule = cp.SGD(  # of the first such step, the velocity is that step alone
        run.rule_at(0).learning_rate, momentum=lambda t, total: 0.9 if AT < t < 30 else 0.0
    )
    assert run.losses[:31] == by_steps(run, rule)[:31]
    assert [type(run.at(n).optimizer_state.get("velocity")) for n in (AT - 1, AT, 30)] == [
        type(None), np.ndarray, type(None),
    ]  # fmt: skip


def test_what_is_frozen_from_a_step_on_stays_as_it_is_then():
    held = {}

    def hold(network, n):
        if n == AT - 1:
            held.update({"b1": network["b1"].copy(), "W1[0,0]": network["W1[0,0]"]})
        if n >= AT:
            for name, value in held.items():
                network[name] = value

    run = ran(edit=f"{AT}:frozen=b1;{AT}:frozen=W1[0,0]")
    assert run.losses == by_steps(run, run.rule_at(0), hold)
    assert run.at(AT - 1).constraints is None
    assert run.at(AT).constraints.frozen_names == ("b1", "W1[0,0]")


def test_what_is_shared_from_a_step_on_has_the_value_of_the_first():
    run, before = ran(edit=f"{AT}:shared=W1[0,0]=W1[1,1]"), ran()
    first = before.network_at(AT)["W1[0,0]"]
    assert run.network_at(AT)["W1[1,1]"] == run.network_at(AT)["W1[0,0]"] == first
    assert (run.parameters_at(AT) == run.network_at(AT).parameters).all()
    later = run.network_at(N)
    assert later["W1[1,1]"] == later["W1[0,0]"] != first


def test_what_is_shared_already_is_shared_with_more_from_a_step_on():
    edit = f"{AT}:shared=W1[0,0]=W1[1,0];30:shared=W1[2,1]=W1[2,0];35:shared=W1[2,0]=W1[1,1]"
    run = ran(shared="W1[0,0]=W1[1,1]", edit=edit)
    found = {
        n: [run.network_at(n)[f"W1[{at}]"] for at in ("0,0", "1,1", "1,0", "2,1", "2,0")]
        for n in (AT - 1, AT, 30, 35, N)
    }
    assert [len({*values}) for values in found.values()] == [4, 3, 2, 1, 1]
    assert found[35][0] == run.at(34).record.network["W1[0,0]"] + run.at(34).update[0]


def test_a_penalty_and_dropout_from_a_step_on():
    run = ran(edit=f"{AT}:l2=0.5;{AT}:dropout=0.5")
    before, step = run.at(AT - 1), run.at(AT)
    assert not before.record.masks
    assert step.record.masks
    network, data = step.record.network, run.data_at(AT)
    plain = cp.backprop(network, data.X[before.rows], data.y[before.rows], l2=0.5)
    of_penalty = sum(float((W**2).sum()) for W in network.weights) / 4
    assert plain.loss - plain.losses.mean() == pytest.approx(of_penalty)
    assert step.record.loss - step.record.losses.mean() == pytest.approx(of_penalty)


@pytest.mark.parametrize("edit", [
    f"{AT}:rate=0.3;{AT}:frozen=b1;25:shared=W1[0,0]=W1[1,1];{AT}:W1[0,0]=0.3;30:x[0,0]=2",
    f"0:frozen=b1;{AT}:momentum=0.9;{AT + 1}:rate=0.3",
])  # fmt: skip
def test_steps_are_the_same_in_whatever_order_they_are_asked_for(edit):
    run = ran(edit=edit)
    right = [run.at(n).update.tobytes() for n in range(N)]
    alone = Run(run.setup)
    for n in (N - 1, AT, AT - 1, AT, 0, 24, 25, 30, AT + 1, 29, N - 1, 1):
        assert alone.at(n).update.tobytes() == right[n]
    assert alone.losses[:N] == run.losses[:N]


def test_from_step_0_on_is_from_the_beginning():
    assert ran(edit="0:frozen=b1;0:rate=0.3").losses == ran(frozen="b1", rate=0.3).losses


def test_the_steps_before_are_taken_over_from_the_run_that_it_parts_from():
    runs = Runs()
    pairs = {"data": "moons", "rows": 40}
    runs.of(Setup(**pairs)).reach(N, seconds=60)
    other = runs.of(Setup(**pairs, edit=f"{AT}:rate=0.3"))
    assert len(other.losses) == AT
    other.reach(N, seconds=60)
    third = runs.of(Setup(**pairs, edit=f"{AT}:rate=0.3;30:frozen=b1"))
    assert len(third.losses) == 30


def test_rates_are_those_of_their_steps():
    run = ran(edit=f"{AT}:rate=0.3", rate=0.1, epochs=1000)
    found = curves(run, Question({"n": "2000", "buckets": "10"}))
    while found["n"] < 2000:
        found = curves(run, Question({"n": "2000", "buckets": "10"}))
    rates = dict(zip(found["rate_places"], found["rates"], strict=True))
    assert (rates[0], rates[AT - 1], rates[AT], rates[2000]) == (0.1, 0.1, 0.3, 0.3)


def test_a_remedy_from_a_step_on_is_told_from_one_from_the_beginning():
    run = ran(rate=0.001)
    pairs = {"n": str(AT), "vs": "rate:0.5"}
    whole, later = (treatment(run, Question(pairs | more)) for more in ({}, {"since": str(AT)}))
    assert later["setup"]["edit"] == f"{AT}:rate=0.5"
    assert "edit" not in whole["setup"]
    before = sum(n <= AT for n in later["numbers"])
    assert later["with"]["costs"][:before] == later["without"]["costs"][:before]
    assert whole["with"]["costs"][1] != whole["without"]["costs"][1]
    assert later["may_turn"]
    assert later["steps"] == AT + 200
    assert later["verdict"]["better"] == "with"
    once_more = treatment(run.beside(later["setup"]), Question(pairs | {"vs": "rate:0.2"}))
    assert "edit" not in once_more["setup"], "one from the beginning takes the place of it"
    assert not treatment(run, Question(pairs | {"vs": "hidden:3"}))["may_turn"]
    with pytest.raises(ArgumentError, match="hidden holds for a whole run"):
        treatment(run, Question(pairs | {"vs": "hidden:3", "since": "3"}))


def test_a_remedy_from_a_step_on_leaves_what_was_tried_before_it():
    run = ran(edit="5:rate=0.5;30:rate=0.01;30:W1[0,0]=1")
    found = treatment(run, Question({"n": str(AT), "vs": "rate:0.2", "since": str(AT)}))
    assert found["setup"]["edit"] == f"5:rate=0.5;30:W1[0,0]=1;{AT}:rate=0.2"
    before = sum(n <= AT for n in found["numbers"])
    assert found["with"]["costs"][:before] == found["without"]["costs"][:before]


def test_a_penalty_from_a_step_on_is_judged_by_the_rows_put_aside():
    run = ran(rate=0.1, edit="3:l2=0.001")
    for changes, judge in (("l2:0.01", "the rows put aside"), ("l2:0.0001", "cost")):
        found = treatment(run, Question({"n": str(AT), "vs": changes, "since": str(AT)}))
        assert judge in found["verdict"]["by"]


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (f"{AT}:rate=much", "rate is 'much'; it must be a number"),
        (f"{AT}:l2=-1", "l2"),
        (f"{AT}:frozen=W9", "W9"),
        (f"{AT}:frozen=b1;20:shared=b1[0]=b1[1]", "b1"),
        (";".join(f"{n}:l2={n}" for n in range(17)), "settings change at 17 steps"),
    ],
)
def test_what_cannot_be_is_refused_before_the_run(edit, said):
    with pytest.raises(cp.ClearpropError, match=re.escape(said)):
        Run(Setup.read({"data": "xor", "edit": edit}))


def test_each_change_of_settings_takes_memory():
    edit = ";".join(f"{n}:l2=0.1" for n in range(1, 17))
    once, often = Run(Setup(data="moons")), Run(Setup(data="moons", edit=edit))
    assert often.nbytes > 16 * (once.nbytes - once._kept.nbytes)
    wide = {"data": "moons", "hidden": "1300,1000"}
    Run(Setup(**wide))
    with pytest.raises(ArgumentError, match=r"take fewer .*, or change settings at fewer steps"):
        Run(Setup(**wide, edit=edit))


def test_freezing_from_the_step_that_is_looked_at(page, studio, expect):
    """In a browser: freeze, see it in the list and in the address, and take it back."""
    page.goto(f"{studio.address}#network?data=mazur&n=3&of=b1[0]")
    panel = page.locator(".panel")
    panel.get_by_label("Hold").select_option("from step 3 on")
    panel.get_by_role("button", name="Freeze b1[0]").click()
    expect(panel.locator(".changes")).to_contain_text("from step 3 on: b1[0] is frozen")
    page.wait_for_url(re.compile(r"edit=3:frozen=b1\[0\]"))
    expect(page.locator("svg.network .mark title")).to_have_text("frozen")
    page.keyboard.press(",")
    expect(panel.get_by_role("button", name="Unfreeze b1[0]")).to_have_count(0)
    page.keyboard.press(".")
    panel.get_by_role("button", name="Unfreeze b1[0]").click()
    expect(panel.locator(".changes")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("edit"))


def test_a_remedy_tried_from_a_step_on(page, studio, expect):
    """In a browser: beside the run from there, and gone on with."""
    page.goto(f"{studio.address}#health?data=moons&rows=60&n=10&rate=0.001&remedy=rate:0.5")
    page.get_by_role("button", name="Try it from step 10 on").click()
    expect(page.locator(".treatment .verdict")).to_contain_text("with the remedy from step 10 on")
    page.get_by_role("button", name="Go on with the remedy").click()
    page.wait_for_url(re.compile("edit=10:rate=0.5"))
    expect(page.locator(".treatment")).to_have_count(0)


def test_the_head_and_the_list_say_which_settings_hold(page, studio, expect):
    """In a browser: from their step on, and of two of one name the later."""
    edit = "60:rate=0.23;40:rate=0.5;40:frozen=b1;80:l2=0.1"
    page.goto(f"{studio.address}#network?data=xor&edit={edit}&n=40")
    about = page.locator(".about")
    expect(about).to_contain_text("SGD(learning_rate=0.1), rate=0.5 from step 40 on, 160 rows")
    expect(page.locator(".changes")).to_contain_text("from step 60 on: rate = 0.23")
    page.keyboard.press(",")
    expect(about).to_contain_text("SGD(learning_rate=0.1), 160 rows")
    page.goto(f"{studio.address}#network?data=xor&edit={edit}&n=70")
    expect(about).to_contain_text("SGD(learning_rate=0.1), rate=0.23 from step 60 on, 160 rows")


def test_the_program_goes_on_or_says_why_not(running, studio, expect):
    """In a browser: what cannot be a program is said in its place."""
    page = running.new_page()
    edit = "3:rate=0.23;3:frozen=b1[0];5:shared=W1[0,0]=W1[1,1]"
    page.goto(f"{studio.address}#network?data=xor&edit={edit}&n=4")
    page.get_by_role("button", name="Copy as Python").click()
    dialog = page.locator("dialog.program")
    expect(dialog).to_contain_text("0.23 if t >= 3 else 0.1")
    expect(dialog).to_contain_text('frozen.append("b1[0]")')
    dialog.get_by_role("button", name="Close").click()
    page.keyboard.press(".")
    expect(page.locator(".place")).to_contain_text("batch 6")
    page.get_by_role("button", name="Copy as Python").click()
    expect(dialog.get_by_role("alert")).to_contain_text("from step 5 on, shared is W1[0,0]=W1[1,1]")
    expect(dialog.get_by_role("button", name="Copy")).to_have_count(0)
    expect(dialog).not_to_contain_text("to the bit")
    page.close()
