"""Model files that 0.1.0 wrote load and predict as they did there, and one line says what to do.

`predictions.json` is what 0.1.0 predicted (make.py, in a comment of the commit that added it).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import clearprop as cp
from command_line import invoke
from example_tables import PENGUINS

FOLDER = Path(__file__).with_name("models_of_0_1_0")
PREDICTIONS = json.loads((FOLDER / "predictions.json").read_text())
SAYS = "is of Clearprop 0.1.0 and does not say how cells are read.*train it again"


def load(name):
    with pytest.warns(cp.TableWarning, match=SAYS) as caught:
        model = cp.Model.load(FOLDER / name)
    assert len(caught) == 1
    return model


@pytest.mark.parametrize("name", ["new_a.csv", "new_b.csv"])
def test_each_file_decides_as_it_did(name):
    """The same car has two prices: what newer models are for."""
    predicted = load("cars.safetensors").predict(FOLDER / name)
    np.testing.assert_allclose(predicted, PREDICTIONS[name], rtol=1e-6)
    assert abs(PREDICTIONS["new_a.csv"][0] - PREDICTIONS["new_b.csv"][0]) > 10_000


def test_numbers_categories_and_what_is_missing(tmp_path):
    model = load("penguins.safetensors")
    PENGUINS.to_csv(tmp_path / "p.csv", index=False)
    for table in (PENGUINS, tmp_path / "p.csv"):
        found = model.predict_proba(table)[::40]
        np.testing.assert_allclose(found, PREDICTIONS["penguins"], rtol=1e-6)


def test_saved_again_it_stays_what_it_is(tmp_path):
    load("cars.safetensors").save(tmp_path / "m")
    with pytest.warns(cp.TableWarning, match=SAYS):
        again = cp.Model.load(tmp_path / "m")
    np.testing.assert_allclose(again.predict(FOLDER / "new_b.csv"), PREDICTIONS["new_b.csv"], rtol=1e-6)  # fmt: skip


def test_the_command_says_it_in_one_line():
    done = invoke("predict", str(FOLDER / "cars.safetensors"), str(FOLDER / "new_b.csv"))
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("Note: ")]
    assert "0.1.0" in line


def test_explained_from_the_first_category_by_name():
    """The file has medians, and does not say which category is the most frequent."""
    model = load("penguins.safetensors")
    first = {name: sorted(set(PENGUINS[name].dropna()))[0] for name in ("island", "sex")}
    with pytest.warns(cp.TableWarning, match="which value of 'island', 'sex' is the most frequent"):
        found = model.explain(PENGUINS.iloc[200])
    assert {name: found.parts[name].baseline for name in first} == first
    total = sum(part.attribution for part in found.parts.values())
    assert total == pytest.approx(found.value - found.baseline_value, rel=1e-3)
    assert model.importance(PENGUINS, repeats=1).rows == len(PENGUINS)
