"""What readers of the studio found: numbers of one run in another, and names that were code."""

from __future__ import annotations

import numpy as np

import clearprop as cp
from clearprop.studio.known_runs import Runs
from clearprop.studio.problems import Problem
from clearprop.studio.replay import replay_of
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup

X, Y = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), np.array([0.0, 1, 1, 0])


def own(features=("a", "b"), optimizer=None):
    network = cp.Network([2, 3, 1], "tanh", "sigmoid", dtype="float64", seed=4)
    return Problem(
        "Mine", network, X, Y, X[:0], Y[:0], list(features), [], "y",
        optimizer=optimizer or cp.SGD(0.5), batch=2,
    )  # fmt: skip


def test_altered_first_weights_are_of_that_run_alone():
    problem = own()
    before = problem.network.parameters.copy()
    run = Run(Setup(data="own", gain=0.0), own={"own": problem})
    assert not run.at(0).record["W1"].any()
    assert problem.network.parameters.tobytes() == before.tobytes()


def test_edits_of_one_step_in_another_order_are_another_run():
    runs = Runs()
    edits = "5:W1[0,0]=1.0", "5:W1[1,0]=2.0"
    pairs = {"data": "xor", "shared": "W1[0,0]=W1[1,0]"}
    first = runs.of(Setup(**pairs, edit=";".join(edits)))
    first.reach(20, seconds=60)
    second = runs.of(Setup(**pairs, edit=";".join(edits[::-1])))
    second.reach(20, seconds=60)
    alone = Run(Setup(**pairs, edit=";".join(edits[::-1])))
    alone.reach(20, seconds=60)
    assert second.losses == alone.losses != first.losses


def test_an_optimizer_that_was_handed_in_stays_as_it_is():
    rule = cp.RProp(0.02)
    assert Run(Setup(data="own"), own={"own": own(optimizer=rule)}).rule_at(0) == rule


def test_a_name_in_a_replay_is_no_code():
    run = Run(Setup(data="own"), own={"own": own(("<!--BODY--></script><img src=x>", "b"))})
    page = replay_of(run, 3, screens=["network"])
    assert "<img src=x>" not in page
    assert page.count("</script>") == replay_of(
        Run(Setup(data="xor")), 3, screens=["network"]
    ).count("</script>")


def test_weights_that_are_given_in_the_classroom_have_their_names(page, studio):
    """In a browser: of a wide layer, those that the step has."""
    from studio_server import ask

    pairs = {"data": "xor", "hidden": "30,3"}
    step = ask(studio, "step", n=3, **pairs)
    page.goto(f"{studio.address}#classroom?data=xor&hidden=30,3&n=3")
    page.get_by_text(f"W2[0,{step['shown'][1][2]}]").first.wait_for()
    text = page.locator(".given").inner_text()
    assert f"W2[0,{next(i for i in range(30) if i not in step['shown'][1])}] " not in text
