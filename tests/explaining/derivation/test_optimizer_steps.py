"""The step of an optimizer, explained as it was made."""

from __future__ import annotations

import re

import numpy as np
import pytest

import clearprop as cp
from derivation_cases import OPTIMIZERS, optimizer_numbers
from derivation_rows import verify
from the_note import NAMES, note_network


class TestStep:
    @pytest.mark.parametrize("rule", OPTIMIZERS, ids=[repr(rule)[:40] for rule in OPTIMIZERS])
    @pytest.mark.parametrize("dropout", [0.0, 0.4])
    def test_a_step_is_explained_as_it_was_made(self, rule, dropout):
        rng = np.random.default_rng(3)
        X, y = rng.normal(size=(12, 3)), rng.integers(0, 2, 12)
        network = cp.Network([3, 5, 2], "tanh", "softmax", dtype="float64", seed=5)
        run = cp.steps(network, X, y, optimizer=rule, batch_size=4, dropout=dropout, l2=0.02)
        for number, step in enumerate(run):
            if number < 3:
                continue
            for name in ("W1[2,1]", "b1[0]", "W2[1,4]"):
                derivation = cp.explain(step=step, of=name)
                after = step.record.network[name] + network.unflatten(step.update)[name[:2]][
                    tuple(int(i) for i in re.findall(r"\d+", name[2:]))
                ]  # fmt: skip
                assert derivation[f"new {name}"].value == pytest.approx(after, rel=1e-14)
                index = tuple(int(i) for i in re.findall(r"\d+", name[2:]))
                before = {
                    key: float(network.unflatten(array)[name[:2]][index])
                    for key, array in step.state_before.items()
                }
                known = optimizer_numbers(rule, name, state=before, now=step.clock)
                costs = {  # with the dropout of the step: taken from the row itself
                    e.forms[0].top.terms[0].name: e.forms[0].top.terms[0].value
                    for e in derivation
                    if e.name == "difference"
                }
                costs |= {
                    e.forms[0].top.terms[1].term.name: e.forms[0].top.terms[1].term.value
                    for e in derivation
                    if e.name == "difference"
                }
                h = 1e-5 * max(1.0, abs(float(step.record.network[name])))
                verify(derivation, step.record, {**known, **costs, "h": h})
                if derivation.value:
                    assert derivation["difference"].value == pytest.approx(
                        derivation.value, rel=1e-5, abs=1e-9
                    )
            break

    @pytest.mark.parametrize(
        "rule", [*OPTIMIZERS, cp.Adam(cp.cosine(0.1)), cp.SGD(0.1, momentum=cp.cosine(0.9))],
        ids=lambda rule: repr(rule)[:70],
    )  # fmt: skip
    def test_batches_that_are_passed_over_are_no_updates(self, rule):
        """Adam corrects by the updates made, not by the batches gone through; schedules do not."""
        rng = np.random.default_rng(3)
        X, y, weights = rng.normal(size=(10, 3)), rng.integers(0, 2, 10), np.ones(10)
        weights[[0, 1, 4, 5]] = 0  # of batches of two: the first and the third
        network = cp.Network([3, 5, 2], "tanh", "softmax", dtype="float64", seed=5)
        run = cp.steps(
            network,
            X,
            y,
            optimizer=rule,
            batch_size=2,
            shuffle=False,
            sample_weight=weights,
            epochs=2,
        )
        clocks = []
        for step in run:
            clocks.append((step.clock.t, step.clock.made))
            derivation = cp.explain(step=step, of="W1[2,1]")
            after = step.record.network["W1[2,1]"] + network.unflatten(step.update)["W1"][2, 1]
            assert derivation["new W1[2,1]"].value == pytest.approx(after, rel=1e-14)
            for equation in derivation:  # what each comes to, by the numbers put in
                for form in equation.forms:
                    assert form.value == pytest.approx(equation.value, rel=1e-9, abs=1e-15)
        assert clocks == [(1, 0), (3, 1), (4, 2), (6, 3), (8, 4), (9, 5)]

    def test_a_schedule_and_float32(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
        network = cp.Network([3, 4, 1], "tanh", "identity", seed=1)
        rule = cp.SGD(cp.cosine(0.1), momentum=0.9)
        run = cp.steps(network, X, y, optimizer=rule, batch_size=5)
        step = [next(run) for _ in range(6)][-1]
        derivation = cp.explain(step=step, of="W1[1,2]")
        change = float(network.unflatten(step.update)["W1"][1, 2])
        moved = derivation["new W1[1,2]"].value - float(step.record.network["W1[1,2]"])
        assert moved == pytest.approx(change, rel=1e-4)
        assert "The step of SGD, update 6" in str(derivation)
        assert "The network is float32; all is computed in float64." in derivation.words

    def test_the_first_step_of_an_optimizer(self):
        network = note_network()
        derivation = cp.explain(network, [0.5, 1.0], 1.0, "W1[0,0]", optimizer=cp.SGD(1.0))
        trained = network.copy()
        cp.train(trained, [[0.5, 1.0]], [1.0], optimizer=cp.SGD(1.0), epochs=1)
        assert derivation["new W1[0,0]"].value == pytest.approx(trained["W1[0,0]"], rel=1e-15)
        assert "SGD moves W1[0,0] up by 0.00460958, from 0.1 to 0.10461." in str(derivation)

    def test_the_whole_pass_ends_with_the_step(self):
        network = note_network()
        derivation = cp.explain(network, [0.5, 1.0], 1.0, optimizer=cp.SGD(0.5, momentum=0.9))
        trained = network.copy()
        cp.train(trained, [[0.5, 1.0]], [1.0], optimizer=cp.SGD(0.5, momentum=0.9), epochs=1)
        for name in NAMES:
            new = derivation[f"new {name}"].value
            assert new == pytest.approx(trained[name], rel=1e-15)
        wide = cp.Network([30, 20, 10], "relu", "softmax", seed=1)
        step = cp.explain(wide, np.ones(30), 3, optimizer="sgd").parts[-1]
        assert [part.title for part in step.parts] == ["W1", "b1", "W2", "b2"]
        assert step.parts[0].words == ("The 6 of 600 that move most.",)

    def test_an_optimizer_of_the_users_own(self):
        class Sign:
            def start(self, parameters):
                return {}

            def update(self, parameters, gradient, state, now, is_weight):
                parameters -= 0.1 * np.sign(gradient)

        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", optimizer=Sign())
        assert derivation["new W1[0,0]"].value == 0.2
        assert "Sign moves W1[0,0] up by 0.1" in str(derivation)

    def test_a_subclass_that_steps_otherwise_is_not_told_as_its_parent(self):
        class Halved(cp.Adam):
            def update(self, parameters, gradient, state, now, is_weight):
                super().update(parameters, gradient, state, now, is_weight)
                parameters += 0.0005 * np.sign(gradient)

        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", optimizer=Halved())
        assert derivation["new W1[0,0]"].value == pytest.approx(0.1005, rel=1e-6)
        assert derivation["update"].note == "by Halved"
        assert derivation["new W1[0,0]"].symbols == "W1[0,0] + update"

    def test_rprop_after_a_rest(self):
        X, y = np.array([[1.0]]), np.array([1.0])
        network = cp.Network.from_weights([[[0.0]]], activations="identity")
        run = cp.steps(network, X, y, optimizer=cp.RProp(1.5), batch_size=None, epochs=6)
        notes = [cp.explain(step=step, of="W1[0,0]")["size"].note for step in run]
        assert notes[0] == "its first size"
        assert notes[1] == "the sign of g changed: smaller"
        assert notes[2] == "as it was: it rested, or has no slope"
