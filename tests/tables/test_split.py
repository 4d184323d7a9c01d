"""`Model.split`, and a table that is prepared and not trained on: the rows that a model learns from."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.tables.plain_table import PlainTable
from example_tables import CARS, PENGUINS

PREPARED = {"hidden": 3, "epochs": 0, "compare": False, "progress": False}


@pytest.mark.parametrize("target", ["species", "body_mass_g"])
def test_training_on_its_rows_by_hand_is_what_fit_does(target):
    """So that what `fit` decides of a table can be had without its training."""
    settings = {"batch_size": 16, "optimizer": cp.SGD(0.05), "early_stopping": None}
    table = PENGUINS.dropna(subset=[target]).reset_index(drop=True)
    ready = cp.Model.fit(table, target, seed=3, **PREPARED)
    learned, watched = (table.iloc[rows] for rows in (ready.split.training, ready.split.validation))
    cp.train(
        ready.network, ready.encode(learned), ready.encode_target(learned), epochs=4, seed=3,
        validation=(ready.encode(watched), ready.encode_target(watched)), progress=False, **settings,
    )  # fmt: skip
    fitted = cp.Model.fit(table, target, seed=3, **PREPARED | settings | {"epochs": 4})
    np.testing.assert_array_equal(ready.network.parameters, fitted.network.parameters)


def test_without_an_epoch_the_network_is_as_it_was_drawn():
    model = cp.Model.fit(PENGUINS, "species", seed=5, **PREPARED)
    drawn = cp.Network(
        [len(model.features), 3, 3], "relu", "softmax", initializer="glorot_uniform", seed=5
    )
    np.testing.assert_array_equal(model.network.parameters, drawn.parameters)
    assert len(model.history.epochs) == 0
    assert model.report.training["epochs"] == 0
    assert "best" not in repr(model.report)
    assert model.predict(PENGUINS).shape == (len(PENGUINS),)


def test_every_row_with_a_target_is_in_one_part_by_its_number_in_the_table():
    table = CARS.copy()
    table.loc[[0, 9, len(table) - 1], "Miles_per_Gallon"] = None
    gone = table["Miles_per_Gallon"].isna().to_numpy()
    model = cp.Model.fit(table, "Miles_per_Gallon", drop_missing_target=True, **PREPARED)
    split = model.split
    parts = np.concatenate([split.training, split.validation, split.test])
    assert sorted(parts) == np.flatnonzero(~gone).tolist()
    rows = model.report.rows
    assert [len(split.training), len(split.validation), len(split.test)] == [
        rows["training"], rows["validation"], rows["test"],
    ]  # fmt: skip


def test_rows_of_a_table_of_their_own_are_numbered_there():
    mixed = PENGUINS.sample(frac=1, random_state=0).reset_index(drop=True)
    own = mixed[250:].reset_index(drop=True)
    own.loc[[0, 7], "species"] = None
    model = cp.Model.fit(
        mixed[:250], "species", validation=own, test=0, drop_missing_target=True, **PREPARED
    )
    assert model.split.validation.tolist() == [n for n in range(len(own)) if n not in (0, 7)]
    assert model.split.training.tolist() == list(range(250))


def test_a_loaded_model_does_not_know_its_rows(tmp_path):
    model = cp.Model.fit(PENGUINS, "species", **PREPARED)
    model.save(tmp_path / "m.safetensors")
    loaded = cp.Model.load(tmp_path / "m.safetensors")
    assert loaded.split is None
    np.testing.assert_array_equal(loaded.network.parameters, model.network.parameters)


def test_rows_of_a_plain_table():
    table = PlainTable({"a": ["1", "2", "3"], "b": ["x", "", "z"]})
    found = table[np.array([2, 0])]
    assert (found["a"], found["b"], found.height) == (["3", "1"], ["z", "x"], 2)


def test_the_penguins_that_come_along_are_those_of_the_examples():
    from clearprop.example_data.penguins import PENGUINS as ALONG
    from paths import PENGUINS as EXAMPLE

    assert ALONG.read_bytes() == EXAMPLE.read_bytes()
