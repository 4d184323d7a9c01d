"""Frozen and shared parameters, explained: what is summed up, what stays, and what is said."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from derivation_cases import OPTIMIZERS, optimizer_numbers
from derivation_rows import verify

SHARED = [("W1[2,1]", "W1[0,0]", "W2[1,4]"), ("b1[0]", "b1[3]")]
FROZEN = ["W2[0,0]", "b2"]


def net(seed=5, dtype="float64"):
    network = cp.Network(
        [3, 5, 2], "tanh", "softmax", biases="normal", dtype=dtype, seed=seed
    )  # fmt: skip
    for first, *others in SHARED:
        for other in others:
            network[other] = network[first]
    return network


def mazur():
    """The worked example of many a page: a bias for each layer, shared by its neurons."""
    return cp.Network.from_weights(
        [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45], [0.50, 0.55]]],
        [[0.35, 0.35], [0.60, 0.60]],
        loss="squared_error",
    )


BIASES = [("b1[0]", "b1[1]"), ("b2[0]", "b2[1]")]
INPUT, TARGET = [0.05, 0.10], [0.01, 0.99]


def number_of(network, vector, name):
    array, _, index = name.rstrip("]").partition("[")
    return float(network.unflatten(vector)[array][tuple(map(int, index.split(",")))])


@pytest.mark.parametrize("rule", OPTIMIZERS, ids=[repr(rule)[:40] for rule in OPTIMIZERS])
def test_a_step_within_constraints_is_explained_as_it_was_made(rule):
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(12, 3)), rng.integers(0, 2, 12)
    network = net()
    run = cp.steps(
        network, X, y, optimizer=rule, batch_size=4, l2=0.02, frozen=FROZEN, shared=SHARED
    )
    step = [next(run) for _ in range(4)][-1]
    for name in ("W1[0,0]", "W2[1,4]", "b1[3]", "W2[0,0]", "b2[1]", "W1[1,1]"):
        derivation = cp.explain(step=step, of=name)
        after = float(step.record.network[name]) + number_of(network, step.update, name)
        assert derivation[f"new {name}"].value == pytest.approx(after, rel=1e-14)
        state = {key: number_of(network, own, name) for key, own in step.state_before.items()}
        known = optimizer_numbers(rule, name, state=state, now=step.clock)
        given = step.constraints.gradient(step.record.gradient)
        known |= {"g": number_of(network, given, name)}
        for equation in derivation:
            if equation.name == "difference":
                up, down = equation.forms[0].top.terms
                known |= {up.name: up.value, down.term.name: down.term.value}
        known["h"] = 1e-5 * max(1.0, abs(float(step.record.network[name])))
        verify(derivation, step.record, known)


def test_the_sum_of_the_gradients_is_that_of_moving_all():
    derivation = cp.explain(mazur(), INPUT, TARGET, "b1[0]", shared=BIASES)
    (part,) = (part for part in derivation.parts if part.title == "A shared parameter")
    g, difference = part.equations
    record = cp.backprop(mazur(), [INPUT], [TARGET])
    assert g.symbols == "db1[0] + db1[1]"
    assert g.value == float(record["db1"].sum())
    assert difference.value == pytest.approx(g.value, rel=1e-6)
    assert derivation.value == float(record["db1[0]"]) != g.value
    assert part.words[0].startswith("b1[0] and b1[1] are one parameter, w: its gradient g is")
    text = str(derivation)
    assert "Shared: b1[0] = b1[1], b2[0] = b2[1]." in text
    assert "That is of this one alone: descent follows g, the sum." in " ".join(text.split())
    assert "Descent lowers" not in text


def test_without_constraints_nothing_is_said():
    text = str(cp.explain(mazur(), INPUT, TARGET, "b1[0]", optimizer="sgd"))
    assert "Descent lowers b1[0]." in " ".join(text.split())
    assert text == str(
        cp.explain(mazur(), INPUT, TARGET, "b1[0]", optimizer="sgd", frozen=None, shared=[])
    )
    assert "shared" not in text
    assert "frozen" not in text


def test_a_frozen_parameter_stays_and_says_so():
    derivation = cp.explain(
        mazur(), INPUT, TARGET, "W1[0,0]", optimizer=cp.AdamW(0.5), frozen=["W1[0,0]"]
    )
    assert derivation["new W1[0,0]"].value == 0.15
    assert derivation["g"].value == 0
    text = str(derivation)
    assert "W1[0,0] is frozen: an optimizer is given 0 for its gradient" in text
    assert "new W1[0,0] = W1[0,0] = 0.15   (frozen)" in text
    assert "No step follows it, as the parameter is frozen." in " ".join(text.split())


def test_the_whole_pass_ends_with_the_step_within_constraints():
    network, rule = mazur(), cp.SGD(0.5, momentum=0.9)
    settings = {"frozen": ["W2[0,1]"], "shared": BIASES}
    derivation = cp.explain(network, INPUT, TARGET, optimizer=rule, **settings)
    trained = network.copy()
    cp.train(trained, [INPUT], [TARGET], optimizer=rule, epochs=1, **settings)
    for name in ("W1[0,1]", "W2[0,1]", "b1[0]", "b1[1]", "b2[1]"):
        assert derivation[f"new {name}"].value == pytest.approx(trained[name], rel=1e-15)
    assert trained["W2[0,1]"] == 0.45


def test_float32_and_names_of_the_readers_own():
    network = net(dtype="float32")
    X, y = np.random.default_rng(0).normal(size=(6, 3)), [0, 1, 1, 0, 1, 0]
    step = next(cp.steps(network, X, y, optimizer="sgd", frozen=FROZEN, shared=SHARED))
    derivation = cp.explain(step=step, of="W1[2,1]", names={"W1[2,1]": "w", "b2": "beta"})
    moved = derivation["new W1[2,1]"].value - float(step.record.network["W1[2,1]"])
    change = number_of(network, step.update, "W1[2,1]")
    assert moved == pytest.approx(change, rel=1e-4)
    assert "Frozen: W2[0,0], beta; shared: W1[0,0] = w = W2[1,4], b1[0] = b1[3]." in (
        derivation.words
    )
    own = cp.explain(
        mazur(), INPUT, TARGET, "w1", names={"W1[0,0]": "w1", "b1": "b"}, frozen=["w1"],
        shared=[("b1[0]", "b1[1]")],
    )  # fmt: skip
    assert own.words == ("Frozen: w1; shared: b[0] = b[1].",)


def test_many_that_are_shared_are_folded_and_add_up():
    network = cp.Network([4, 6, 2], "tanh", "softmax", dtype="float64", seed=1)
    network["W1"] = 0.3
    names = [f"W1[{j},{i}]" for j in range(6) for i in range(4)]
    derivation = cp.explain(network, [0.1, 0.2, -0.3, 0.4], 1, "W1[2,3]", shared=[names], largest=3)
    terms = derivation["g"].terms
    assert len(terms) == 4
    assert sum(term.value for term in terms) == pytest.approx(derivation["g"].value, rel=1e-12)
    assert "W1[0,0], W1[0,1], W1[0,2] and 21 more are one parameter" in str(derivation)
    for text in (derivation.to_latex(), derivation.to_mathml(), derivation.to_html()):
        assert text


def test_a_step_brings_its_own_constraints():
    step = next(cp.steps(mazur(), [INPUT], [TARGET], shared=BIASES))
    for settings in ({"frozen": ["W1"]}, {"shared": BIASES}, {"frozen": np.array(["W1", "b1"])}):
        with pytest.raises(cp.ArgumentError, match="a step brings its own"):
            cp.explain(step=step, **settings)


def test_unknown_names_are_refused():
    with pytest.raises(cp.ElementError, match="no parameter"):
        cp.explain(mazur(), INPUT, TARGET, frozen=["delta1[0]"])
