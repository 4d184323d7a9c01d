"""Health: the figures and findings of `cp.diagnose`, remedies that help, and the illness lab."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.courses import thinned
from clearprop.studio.illnesses import ILLNESSES, illness_of, named
from clearprop.studio.problems import problem_of
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from studio_server import ask, refusal

CODES = {
    one.name: next(code for code in map(str, range(1000)) if illness_of(code) is one)
    for one in ILLNESSES
}
SICK = [one for one in ILLNESSES if one.kind and one.name != "overfitted"]  # which takes a while


def diagnosed(run, n, **settings):
    """What `cp.diagnose` says of a run at step n."""
    problem = run.problem
    held = (problem.X_held, problem.y_held) if len(problem.X_held) else None
    return cp.diagnose(
        run.network_at(n), problem.X, problem.y, validation=held, l2=run.setup.l2, **settings
    )


@pytest.mark.parametrize("setup", [{"data": "moons"}, {"data": "circles", "l2": 0.01}])
def test_figures_are_those_of_diagnose(studio, setup):
    found = ask(studio, "health", n=20, **setup)
    run = Run(Setup(**setup))
    assert found["rows"] == found["all_rows"] == 160
    update = run.problem.network.unflatten(run.at(20).update)
    for ours, right in zip(found["layers"], diagnosed(run, 20).layers, strict=True):
        for name in ("layer", "units", "activation", "saturated", "spread", "delta", "gradient"):
            assert ours[name] == getattr(right, name)
        assert ours["dead"] == list(right.dead)
        W = run.network_at(20)[f"W{right.layer}"]
        share = np.linalg.norm(update[f"W{right.layer}"]) / np.linalg.norm(W)
        assert ours["update"] == pytest.approx(share, rel=1e-12)


def test_gradients_over_time_are_those_of_the_steps(studio):
    found = ask(studio, "health", n=150, data="moons")["over_time"]
    run = Run(Setup(data="moons"))
    assert found["numbers"] == thinned(150)
    for k, n in list(enumerate(found["numbers"]))[::13]:
        record, update = run.at(n).record, run.problem.network.unflatten(run.at(n).update)
        for layer in (0, 1):
            assert found["gradients"][layer][k] == np.linalg.norm(record.dW[layer])
            share = np.linalg.norm(update[f"W{layer + 1}"]) / np.linalg.norm(
                record.network.weights[layer]
            )
            assert found["updates"][layer][k] == pytest.approx(share, rel=1e-12)


def test_of_many_rows_some_are_looked_at(studio):
    found = ask(studio, "health", data="moons", rows=4000, n=1)
    assert (found["rows"], found["all_rows"]) == (1000, 3200)


def test_findings_are_those_of_diagnose(studio):
    found = ask(studio, "diagnosis", data="xor", rate=20, n=0)
    run = Run(Setup(data="xor", rate=20.0))
    right = diagnosed(run, 0, optimizer=run.rule_at(0), batch_size=run.batch).findings
    for ours, one in zip(found["findings"], right, strict=True):
        assert (ours["kind"], ours["layer"], ours["evidence"], ours["remedy"]) == (
            one.kind, one.layer, one.evidence, one.remedy,
        )  # fmt: skip
    [remedy] = found["findings"][0]["remedies"]
    assert f"to the {remedy['changes']['rate']} that" in found["findings"][0]["remedy"]


@pytest.mark.parametrize("illness", SICK, ids=[one.name for one in SICK])
def test_every_illness_is_confirmed_and_its_remedy_helps(studio, illness):
    """At the beginning; one that no setting is a remedy for says so."""
    rows = 200 if illness.name in ("rolling", "shuffled") else 100  # few rows cannot tell these
    secret = {"data": "moons", "rows": rows, "illness": CODES[illness.name]}
    verdict = ask(studio, "lab", **secret, n=0, guess=illness.name)["verdict"]
    assert verdict["right"]
    assert verdict["title"] == illness.title
    assert verdict["now"]["confirmed"] == "first"
    finding = ask(studio, "diagnosis", **verdict["setup"], n=0)["findings"][0]
    assert finding["kind"] == illness.kind
    if illness.name == "shuffled":
        assert finding["remedies"] == []
        return
    changes = finding["remedies"][0]["changes"]
    vs = ",".join(f"{name}:{value}" for name, value in changes.items())
    found = ask(studio, "treatment", **verdict["setup"], n=0, vs=vs)
    assert found["verdict"]["better"] == "with"
    remedied = Run(Setup.read({**verdict["setup"], **changes}))
    network, problem = remedied.network_at(found["steps"]), remedied.problem
    right = cp.backprop(network, problem.X, problem.y).loss
    assert found["with"]["costs"][-1] == pytest.approx(right, rel=1e-12)
    assert Setup.read(found["setup"]) == remedied.setup


def test_overfitting_is_confirmed_once_there_is_some_and_judged_by_rows_put_aside(studio):
    secret = {"data": "xor", "illness": CODES["overfitted"]}
    verdict = ask(studio, "lab", n=1000, **secret, guess="overfitted")["verdict"]
    assert verdict["right"]
    assert verdict["now"]["confirmed"] == "first"
    finding = ask(studio, "diagnosis", n=1000, **verdict["setup"])["findings"][0]
    assert finding["kind"] == "overfitting"
    treatment = {**verdict["setup"], "vs": "rows:800"}
    while (found := ask(studio, "treatment", **treatment, n=1000))["steps"] < 1001:
        pass  # of each run as much as is made in a quarter of a minute
    assert {"changes": {"rows": "800"}, "words": "800 rows"} in finding["remedies"]
    assert found["verdict"] == {"by": "the loss of the rows put aside", "better": "with"}
    for name, changes in (("without", {}), ("with", {"rows": "800"})):
        run = Run(Setup.read({**verdict["setup"], **changes}))
        problem = run.problem
        right = cp.backprop(run.network_at(found["steps"]), problem.X_held, problem.y_held).loss
        assert found[name]["held"] == pytest.approx(right, rel=1e-9)


def test_a_healthy_run_is_found_to_be_so(studio):
    found = ask(studio, "lab", data="moons", illness=CODES["none"], n=0, guess="fast")["verdict"]
    assert not found["right"]
    assert found["now"] == {"found": [], "confirmed": "first"}


def test_before_the_guess_nothing_tells(studio):
    secret = {"data": "moons", "illness": CODES["fast"]}
    about = ask(studio, "about", **secret)
    assert about["setup"] == secret
    assert "20" not in about["optimizer"]
    assert ask(studio, "diagnosis", **secret, n=0)["waits"]
    assert ask(studio, "lab", **secret, n=0)["verdict"] is None
    assert not ask(studio, "diagnosis", **secret, n=0, guess="slow")["waits"]


def test_what_is_planted_changes_the_run():
    setup = Setup.read({"data": "moons", "illness": CODES["fast"], "rate": "0.1"})
    assert Run(setup).rule_at(0).learning_rate == 20.0
    assert Setup.read(setup.pairs()) == setup
    opened = setup.changed({"seed": "3"})
    assert (opened.rate, opened.seed, opened.illness) == (20.0, 3, "")


def test_a_diagnosis_that_does_not_agree_is_told(studio):
    """After some steps at a rate too large, what it led to is found instead."""
    said = ask(studio, "lab", n=150, data="circles", illness=CODES["fast"], guess="fast")
    verdict = said["verdict"]
    assert verdict["now"]["confirmed"] == "not"
    assert verdict["now"]["found"]
    assert verdict["at_first"]["confirmed"] == "first"


def test_a_run_that_cannot_go_on_is_no_better(studio):
    setup = Setup.read({"data": "xor", **named("exploding").pairs}).pairs()
    found = ask(studio, "treatment", **setup, n=0, vs="gain:1")
    assert found["without"]["failed"]
    assert found["without"]["costs"][-1] is None
    assert found["verdict"] == {"by": "going on", "better": "with"}


def test_other_losses_are_compared_by_wrong_answers(studio):
    found = ask(studio, "treatment", data="xor", loss="squared_error", n=0,
                vs="loss:binary_cross_entropy")  # fmt: skip
    assert not found["same_loss"]
    assert found["verdict"]["by"] == "wrong answers"
    run = Run(Setup(data="xor", loss="squared_error"))
    outputs = cp.backprop(run.network_at(found["steps"]), run.problem.X, run.problem.y).a[-1][:, 0]
    assert found["without"]["right"] == np.mean((outputs > 0.5) == (run.problem.y == 1))


def test_refusals_of_the_lab(studio):
    said = refusal(studio, "lab", data="moons", illness=CODES["fast"], n=0, guess="flu")
    assert said == "guess is 'flu'; it is none of the lab's illnesses"
    assert "gain is -1" in refusal(studio, "about", gain=-1)
    assert "standardize is 2" in refusal(studio, "about", standardize=2)
    assert "'cure'" in refusal(studio, "treatment", n=0, vs="cure:1")


@pytest.mark.parametrize(
    "pairs",
    [{"scale": 50.0}, {"standardize": 1}, {"scale": 3.0, "standardize": 1}, {"shuffled": 0.5},
     {"gain": 8.0}, {"bias": -9.0}],
)  # fmt: skip
def test_alterations_and_their_code(pairs):
    plain, altered = problem_of(Setup(data="moons")), problem_of(Setup(data="moons", **pairs))
    names = {"np": np, "network": plain.network, "X": plain.X, "y": plain.y,
             "X_held": plain.X_held}  # fmt: skip
    before = plain.network.parameters.copy(), plain.X.copy(), plain.y.copy()
    exec("\n".join(altered.code[len(plain.code) :]), names)
    assert names["X"].tobytes() == altered.X.tobytes()
    assert names["X_held"].tobytes() == altered.X_held.tobytes()
    assert names["y"].tobytes() == altered.y.tobytes()
    assert names["network"].parameters.tobytes() == altered.network.parameters.tobytes()
    after = altered.network.parameters, altered.X, altered.y
    assert any((one != other).any() for one, other in zip(before, after, strict=True))
    if pairs.get("standardize"):
        np.testing.assert_allclose(altered.X.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(altered.X.std(axis=0), 1)
    if "shuffled" in pairs:
        assert sorted(altered.y) == sorted(plain.y)
