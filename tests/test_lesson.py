"""The lesson in examples/: it runs, prints what it says, and checks what it computes."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

import lesson
from paths import EXAMPLES

pytestmark = pytest.mark.usefixtures("jupyter")

NAME = "one_step_on_your_csv.ipynb"


@pytest.fixture(scope="module")
def jupyter():
    for library in ("nbclient", "nbformat", "ipykernel"):
        pytest.importorskip(library)


@pytest.fixture
def notebook():
    return json.loads((EXAMPLES / NAME).read_text(encoding="utf-8"))


def code(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def replaced(notebook, old, new):
    """The notebook with a text of one of its cells replaced."""
    changed, found = copy.deepcopy(notebook), 0
    for cell in code(changed):
        source = "".join(cell["source"])
        found += source.count(old)
        cell["source"] = source.replace(old, new)
    assert found == 1, f"{old!r} stands {found} times"
    return changed


def test_its_outputs_are_those_that_are_stored(notebook, tmp_path):
    now = lesson.executed(notebook, tmp_path)
    said, printed = lesson.printed(notebook), lesson.printed(now)
    assert sum(map(bool, said)) >= 9
    for old, new in zip(said, printed, strict=True):
        assert lesson.alike(old, new), f"{old}\n{new}"
    kinds = {kind for cell in code(notebook) for o in cell["outputs"] for kind in o.get("data", ())}
    assert {"image/svg+xml", "text/html"} <= kinds
    assert all(cell["outputs"] == [] or cell["execution_count"] for cell in code(notebook))


def test_every_cell_that_computes_is_checked(notebook):
    """A cell that prints numbers has asserts beside them."""
    for cell in code(notebook):
        source = "".join(cell["source"])
        assert "print(" not in source or "assert " in source, source


@pytest.mark.parametrize("first", ["yes", "no"])
def test_another_table(notebook, tmp_path, first):
    rng = np.random.default_rng(3)
    rows = [f"{first},3.25,1200"]
    rows += [
        f"{rng.choice(['yes', 'no'])},{rng.normal():.3f},{rng.uniform(1e3, 1e4):.0f}"
        for _ in range(30)
    ]
    rows[7], rows[9], rows[11] = "yes,,5000", "no,1.5,?", "no,1.5"
    (tmp_path / "own.csv").write_text("\n".join(["passed,hours,steps", *rows]), encoding="utf-8")
    own = replaced(notebook, 'FILE = "penguins.csv"', 'FILE = "own.csv"')
    own = replaced(own, '["bill_length_mm", "flipper_length_mm"]', '["hours", "steps"]')
    own = replaced(own, 'TARGET, YES = "species", "Adelie"', 'TARGET, YES = "passed", "yes"')
    printed = lesson.printed(lesson.executed(own, tmp_path))
    assert "31 rows, of which 28 have both numbers" in printed[1]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("delta1 = da1 * a1 * (1 - a1)", "delta1 = da1"),
        (
            "mean, deviation = raw.mean(axis=0), raw.std(axis=0)",
            "mean, deviation = raw.min(axis=0), raw.std(axis=0)",
        ),
        ("weights[name] - rate * gradients[name]", "weights[name] + rate * gradients[name]"),
    ],
)
def test_a_slip_stops_the_lesson(notebook, tmp_path, right, wrong):
    with pytest.raises(AssertionError, match="AssertionError"):
        lesson.executed(replaced(notebook, right, wrong), tmp_path)


def test_a_wrong_print_would_be_seen():
    assert lesson.alike("a1 [0.397964 0.300643]", "a1 [0.397964 0.300643]")
    assert not lesson.alike("a1 [0.397964 0.300643]", "a1 [0.397964 0.310643]")
    assert not lesson.alike("a1 [0.397964]", "a2 [0.397964]")
    assert not lesson.alike("x -0.3", "x 0.3")
