"""clearprop graph: what it draws, writes and refuses."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import clearprop as cp
import command_line
from clearprop.cli.samples import note_network, rows_of, sample_of
from clearprop.cli.sources import Table
from clearprop.explaining.graph.parts import short
from graph_pictures import assert_dot, texts_of
from paths import PENGUINS
from the_note import NAMES

invoke = partial(command_line.invoke, "graph")


def refused(message: str, *arguments: object) -> None:
    command_line.refused(message, "graph", *arguments)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model, its network alone, and a table with a row that has no target."""
    polars = pytest.importorskip("polars")
    folder = tmp_path_factory.mktemp("graph")
    table = polars.read_csv(PENGUINS, null_values=["", "NA"])
    table = table.select("species", "bill_length_mm", "bill_depth_mm").drop_nulls()
    model = cp.Model.fit(table, "species", hidden=[4], epochs=3, compare=False)
    model.save(folder / "model.safetensors")
    model.network.save(folder / "network.safetensors")
    table = table.head(20).with_row_index()
    missing = polars.when(polars.col("index") != 3).then(polars.col("species")).alias("species")
    table.with_columns(missing).drop("index").write_csv(folder / "table.csv")
    return folder


class TestCommand:
    def test_without_arguments_it_draws_the_notes_network(self):
        done = invoke()
        assert done.exit_code == 0
        assert "w1 = 0.1  -0.00461" in texts_of(done.stdout)
        sample = note_network()
        assert sample.names == NAMES
        assert cp.backprop(*sample[:3])["L"] == pytest.approx(0.0575342, rel=1e-6)
        dot = invoke("--format", "dot")
        assert_dot(dot.stdout)

    def test_a_row_of_a_table(self, folder):
        model, table = folder / "model.safetensors", folder / "table.csv"
        done = invoke(model, table, "--row", 5)
        assert done.exit_code == 0
        loaded = cp.Model.load(model)
        X = loaded.encode(table)[5]
        drawn = texts_of(done.stdout)
        assert f"bill_length_mm = {short(float(X[0]))}" in drawn
        assert "y[0] = 1" in drawn
        assert "L = " + short(float(cp.backprop(loaded.network.astype("float64"), X[None], [0])["L"])) in drawn  # fmt: skip
        assert "Σ" not in invoke(model, table, "--folded").stdout

    def test_a_model_alone_gives_the_structure(self, folder):
        for name in ("model.safetensors", "network.safetensors"):
            done = invoke(folder / name)
            assert done.exit_code == 0
            assert "value, forward" not in done.stdout
            assert "W1[3,1]" in texts_of(done.stdout)

    def test_out(self, folder, tmp_path):
        for name, start in (("g.svg", "<svg"), ("g.dot", "digraph"), ("g.gv", "digraph")):
            done = invoke("--out", tmp_path / name)
            assert done.exit_code == 0
            assert (tmp_path / name).read_text("utf-8").startswith(start)
            assert done.stdout.endswith(f"in {tmp_path / name}\n")
        refused("g.svg exists already", "--out", tmp_path / "g.svg")
        assert invoke("--out", tmp_path / "g.svg", "--force").exit_code == 0
        assert invoke("--out", tmp_path / "g.png").exit_code == 2
        assert invoke("--out", tmp_path / "g.txt", "--format", "dot").exit_code == 0
        model = folder / "model.safetensors"
        before = model.read_bytes()
        refused("which is read", model, "--out", model, "--format", "svg", "--force")
        assert model.read_bytes() == before

    def test_what_is_refused(self, folder):
        model, table = folder / "model.safetensors", folder / "table.csv"
        network = folder / "network.safetensors"
        refused("has 20 rows, counted from 0 to 19", model, table, "--row", 20)
        refused("has no 'species' in row 3", model, table, "--row", 3)
        refused("holds a network alone", network, table)
        refused("there is no file", model, folder / "none.csv")
        refused("none.safetensors", folder / "none.safetensors")
        refused("truncated or no model file", table)
        assert invoke(model, "--row", 1).exit_code == 2
        assert invoke(model, table, "--row", -1).exit_code == 2
        assert invoke(model, table, "--format", "png").exit_code == 2

    def test_rows_for_other_commands(self, folder):
        model, table = folder / "model.safetensors", folder / "table.csv"
        with pytest.raises(cp.TargetError, match="missing in 1 of 20 rows"):
            rows_of(model, Table((table,)))
        network_, X, y = rows_of(model, Table((table,)), drop_missing_target=True)
        assert (X.shape, y.tolist()) == ((19, 2), [0] * 19)
        sample = sample_of(model, Table((table,)), 4)
        np.testing.assert_array_equal(sample.X[0], X[3])
        assert sample.features == ("bill_length_mm", "bill_depth_mm")
        assert network_.sizes == sample.network.sizes == (2, 4, 3)

    def test_help_shows_an_example(self):
        assert "Example: clearprop graph" in invoke("--help").stdout


def test_the_way_of_an_element_is_lit():
    for name in ("W1[0,1]", NAMES["W1[0,1]"]):
        done = invoke("--of", name)
        assert done.exit_code == 0
        assert f"lit: from {NAMES['W1[0,1]']} to the cost" in done.stdout
    refused("W7[0,1]", "--of", "W7[0,1]")
