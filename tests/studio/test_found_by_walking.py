"""What somebody found who walked through the studio with a table of their own."""

from __future__ import annotations

import csv
import re

import numpy as np
import pytest

from clearprop.example_data.penguins import PENGUINS
from clearprop.studio.answers import ANSWERS
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup


def answer(name, setup, **pairs):
    return ANSWERS[name](Run(Setup(**setup)), Question(pairs))


@pytest.fixture(scope="module")
def column():
    """A column of the penguins' table, without what is missing."""
    with PENGUINS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return lambda name: [float(row[name]) for row in rows if row[name]]


def test_a_number_is_said_as_the_table_has_it(column):
    found = answer("row", {"data": "penguins"}, row="7", n="0")
    i = next(k for k, name in enumerate(found["features"]) if name.startswith("body_mass_g ("))
    said = re.fullmatch(r"body_mass_g \((\d+) unscaled\)", found["features"][i])
    assert float(said[1]) in column("body_mass_g")
    values = np.array(column("body_mass_g"))
    assert abs((float(said[1]) - values.mean()) / values.std() - found["values"][i]) < 0.1
    assert "sex = male" in found["features"], "which is not scaled"
    line = answer("element", {"data": "penguins"}, of=f"x[{i}]", n="0")["lines"][0]
    said = re.fullmatch(r"row \d+ of the data: (\d+) unscaled", line["words"])
    assert float(said[1]) in column("body_mass_g")


def test_a_target_is_said_as_the_table_has_it(column):
    setup = {"data": "penguins", "target": "bill_length_mm"}
    found = answer("row", setup, row="7", n="0")
    said = re.fullmatch(r"bill_length_mm \(([\d.]+) unscaled\)", found["target"])
    assert float(said[1]) in column("bill_length_mm")
    assert found["unscaled"].endswith(" unscaled")
    assert answer("decisions", setup, n="0")["output"]["center"] == 0, "and no rounding of it"


def test_the_edges_of_a_map_are_said_as_the_table_has_them(column):
    found = answer("decisions", {"data": "penguins"}, n="0")
    for name in found["names"]:
        low, high = re.search(
            rf"{name} from ([\d.]+) to ([\d.]+) unscaled", found["words"]
        ).groups()
        assert float(low) < min(column(name)) < max(column(name)) < float(high)
    assert "edges" not in answer("decisions", {"data": "penguins"}, n="0", over="pca")["words"]


def test_numbers_that_were_changed_are_said_to_be_nothing_else():
    for setup in ({"data": "xor"}, {"data": "penguins", "scale": 50.0}):
        assert " unscaled" not in str(answer("row", setup, row="7", n="0"))
