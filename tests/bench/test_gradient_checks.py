"""The calibration of gradient checks: its gradients are right, and a short form of it.

All of it is `python benchmarks/gradient_checks.py`, in ten minutes.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("jax")

import gradient_checks  # noqa: E402
from gradient_cases import case_of, cases  # noqa: E402
from gradient_checks import Findings, networks, planted, resolution  # noqa: E402
from gradient_families import FAMILIES  # noqa: E402
from gradient_page import page  # noqa: E402
from gradient_peers import OURS, SYSTEMS  # noqa: E402

FAMILY = {family.name: family for family in FAMILIES}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
@pytest.mark.parametrize("n", [1, 7])
def test_gradients_by_hand_are_those_of_pytorch(family, n):
    case = case_of(family, np.float64, 1.0, n, seed=3)
    x = torch.from_numpy(case.x).requires_grad_()
    family.value(torch, x, *(torch.from_numpy(array) for array in case.data)).backward()
    right = case.gradient(case.x)
    np.testing.assert_allclose(right, x.grad, rtol=0, atol=1e-13 * np.linalg.norm(right))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_and_gradients_are_computed_in_the_type_that_is_said(dtype):
    for family in FAMILIES:
        case = case_of(family, dtype, 1e4, 5, seed=3)
        assert case.f(case.x).dtype == case.gradient(case.x).dtype == dtype, case.name


def test_cases_are_of_every_family_type_and_size():
    seen = Counter((case.family.name, case.dtype, case.size) for case in cases(2, 0))
    types = sum(1 if family.double else 2 for family in FAMILIES)
    assert len(seen) == types * 7
    assert set(seen.values()) == {2, 6}


def test_the_resolution_is_what_its_formula_says():
    case = case_of(FAMILY["cubes"], np.float32, 1.0, 1, seed=3)
    cost, worth = abs(case.f(case.x)), 3 * abs(case.f(case.x))  # x times 3 c x^2
    expected = 100 * 2.0**-23 * (cost + worth) / worth
    assert resolution(case) == pytest.approx([expected], rel=1e-5)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_tells_right_from_wrong_where_it_is_easy(system):
    case = case_of(FAMILY["quadratic"], np.float64, 1.0, 4, seed=0)
    assert SYSTEMS[system](case, case.gradient) == "right"
    assert SYSTEMS[system](case, planted(case, 0.5, None)) == "wrong"


def test_networks_are_of_both_types_and_all_losses():
    made = [network for _, network, _, _ in networks(14)]
    assert {str(network.dtype) for network in made} == {"float32", "float64"}
    assert len({network.loss.name for network in made}) == 7


def test_a_short_calibration(monkeypatch):
    """No right gradient is called wrong, no error above the precision of float64 right."""
    found = Findings()
    gradient_checks.judge_networks(found, 14)
    gradient_checks.judge_right(found, islice(cases(1, 0, seed=7), 0, None, 20))
    gradient_checks.judge_planted(found, islice(cases(1, 0, seed=8), 0, None, 100))
    gradient_checks.measure(found, [10], rounds=1)
    assert not found.false_alarms
    assert sum(found.right.values()) > 40
    ripples = [key for key in found.right if key[0] == "ripples"]
    assert ripples
    smooth = [key for key in found.right if key[0] == "smooth" and key[2] == "float64"]
    assert smooth
    assert {key[1] for key in smooth if key[3] != "right"} <= {"sines on 10^6"}
    double = [key for key in found.planted if key[0] == "float64" and key[4]]
    assert double
    assert "right" not in {key[5] for key in double}
    assert found.times[OURS, 10][1] == 1
    text = page(found)
    assert "0 are called wrong" in text
    assert "| Clearprop |" in text
    monkeypatch.setattr(gradient_checks, "LONGEST", 0.0)
    gradient_checks.measure(found, [100], rounds=1)
    assert found.times["check_grad", 100] == "over 0 s foreseen"
