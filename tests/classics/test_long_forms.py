"""What the pages of the classics tell is what their scripts compute, and is traced to its source."""

from __future__ import annotations

import importlib
import json
import re

import family_trees
import mnist_in_a_minute
import nielsen_mnist
import numpy as np
import pytest
import symmetry
import vanishing_gradients
import xor_and_parity

from paths import EXAMPLES, ROOT

NAMES = sorted(
    path.stem
    for path in (EXAMPLES / "classics").glob("*.py")
    if "CLASSIC = " in path.read_text("utf-8")
)


def found(name: str) -> dict:
    path = ROOT / "docs" / "classics" / f"{name}.json"
    return json.loads(path.read_text("utf-8"))["found"]


class TestCounts:
    """Each page is of the long form, with as many starts as it says."""

    def test_symmetry(self):
        assert len(found("symmetry")["sweeps"]) == symmetry.STARTS == 1_000

    def test_family_trees(self):
        variants = found("family_trees")["variants"]
        assert list(variants) == list(family_trees.VARIANTS)
        assert {len(starts) for starts in variants.values()} == {family_trees.STARTS}

    def test_xor_and_parity(self):
        kept = found("xor_and_parity")
        settings = [(one["rate"], one["start"]) for one in kept["xor"]]
        assert settings == list(xor_and_parity.SETTINGS)
        assert {len(one["sweeps"]) for one in kept["xor"]} == {xor_and_parity.STARTS} == {1_000}
        assert len(kept["parity"]) == xor_and_parity.PARITIES

    def test_nielsen(self):
        kept = found("nielsen_mnist")
        for setting in nielsen_mnist.SETTINGS:
            runs = kept[setting.name]
            assert [one["seed"] for one in runs] == list(range(setting.seeds))
            assert {len(one["accuracy"]) for one in runs} == {nielsen_mnist.EPOCHS}
            assert setting.seeds >= 5

    def test_vanishing_gradients(self):
        kept = found("vanishing_gradients")
        assert {len(starts) for starts in kept["his"].values()} == {vanishing_gradients.STARTS}
        assert list(kept["deep"]) == list(vanishing_gradients.WAYS)

    def test_mnist_in_a_minute(self):
        kept = found("mnist_in_a_minute")
        tried = [{name: one[name] for name in ("hidden", "dropout", "batch", "rate")} for one in kept["tried"]]  # fmt: skip
        assert tried == mnist_in_a_minute.CANDIDATES
        assert max(one["seconds"] for one in [*kept["tried"], kept]) < 1.1 * 60


@pytest.mark.parametrize("name", ["million_points", "mnist_in_a_minute"])
def test_what_is_told_of_two_cores_was_measured_on_two(name):
    kept = json.loads((ROOT / "docs" / "classics" / f"{name}.json").read_text("utf-8"))
    assert kept["measured"]["cores"] == 2
    assert "two cores" in importlib.import_module(name).CLASSIC.question


@pytest.mark.parametrize("seed", [6, 999])
def test_symmetry_is_learned_after_as_many_sweeps_as_its_page_has(seed):
    assert symmetry.learn(seed)[1] == found("symmetry")["sweeps"][seed]


@pytest.mark.parametrize("place", range(4))
def test_xor_is_learned_after_as_many_sweeps_as_its_page_has(place):
    kept = found("xor_and_parity")["xor"][place]
    for seed in (0, 5):
        sweeps, _ = xor_and_parity.learn([2, 2, 1], seed, kept["rate"], kept["start"])
        assert sweeps == kept["sweeps"][seed]


def test_parity_is_learned_after_as_many_sweeps_as_its_page_has():
    kept = found("xor_and_parity")["parity"]
    learned = [seed for seed, sweeps in enumerate(kept) if sweeps is not None and sweeps < 500][:3]
    assert [xor_and_parity.learn([4, 4, 1], seed)[0] for seed in learned] == [
        kept[seed] for seed in learned
    ]


def test_family_trees_are_learned_as_the_paper_has_it():
    """Its settings by hand, in NumPy alone, over the change of epsilon and momentum."""
    held_out = np.random.default_rng(0).choice(104, 4, replace=False)
    X, Y = (np.delete(part, held_out, axis=0) for part in (family_trees.X, family_trees.Y))
    there = np.ones((12, 36))
    there[:6, 24:] = there[6:, :24] = 0
    begun = family_trees.start(0)
    parts = [np.array(begun[f"{kind}{layer}"]) for layer in range(1, 5) for kind in "Wb"]
    velocities = [np.zeros_like(part) for part in parts]
    for sweep in range(25):
        outputs = [X]
        for W, b in zip(parts[::2], parts[1::2], strict=True):
            outputs.append(1 / (1 + np.exp(-(outputs[-1] @ W.T + b))))
        wrong = outputs.pop() - Y
        delta = np.where(np.abs(wrong) > 0.2, wrong, 0) * (wrong + Y) * (1 - wrong - Y)
        gradients = []
        for W, below in zip(parts[-2::-2], outputs[::-1], strict=True):
            gradients = [delta.T @ below, delta.sum(axis=0), *gradients]
            delta = delta @ W * below * (1 - below)
        gradients[0] *= there
        epsilon, alpha = (0.005, 0.5) if sweep < 20 else (0.01, 0.9)
        for place, gradient in enumerate(gradients):
            velocities[place] = alpha * velocities[place] - epsilon * gradient
            parts[place] = 0.998 * (parts[place] + velocities[place])
    network, _ = family_trees.learn(0, sweeps=25)
    for layer in range(4):
        np.testing.assert_allclose(network[f"W{layer + 1}"], parts[2 * layer], rtol=1e-8)
        np.testing.assert_allclose(network[f"b{layer + 1}"], parts[2 * layer + 1], rtol=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_each_source_of_a_row_stands_in_full_on_its_page(name):
    classic = importlib.import_module(name).CLASSIC
    page = (ROOT / "docs" / "classics" / f"{name}.md").read_text("utf-8")
    listed = page.split("## Sources")[1].split("## To run it")[0]
    told = {part.strip() for row in classic.tell(found(name)) for part in row.source.split(";")}
    for source in filter(None, told):
        first = source.removeprefix("the ").split()[0]
        names = {"PDP": "Parallel Distributed Processing", "first": "notes", "second": "notes"}
        assert names.get(first, first) in listed, source
        for year in re.findall(r"\b(?:19|20)\d\d\b", source):
            assert year in listed, source
