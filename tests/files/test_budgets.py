"""A model file takes about as much memory as it has bytes, whatever it says."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest

import clearprop as cp
from clearprop.files import layout
from clearprop.tables.encoding import STATISTICS, Encoding, Input
from clearprop.tables.report import Report
from clearprop.tables.saved_model import LONGEST, Parts, write_model
from clearprop.tables.target import Target


def peak_of(act) -> int:
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def file_of(header: str, path, kind="network", described=None) -> int:
    """Write a file with this header and one weight; return its size."""
    metadata = {"format": f"clearprop.{kind}", "format_version": "1", "header": header}
    one = {"W1": {"dtype": "F32", "shape": [1, 1], "data_offsets": [0, 4]}}
    path.write_bytes(layout.header_bytes(described or one, metadata) + bytes(4))
    return path.stat().st_size


FULL = {
    "lists": '{"sizes":[' + "[]," * 400_000 + "1]}",
    "sizes": '{"sizes":[' + "1," * 600_000 + '1],"biases":true,"dtype":"float32","activations":[]}',
    "objects": '{"a":[' + '{"a":1},' * 150_000 + "1]}",
    "texts": '{"a":[' + '"ab",' * 300_000 + "1]}",
    "one long text": '{"dtype":"\U0001f600' + "x" * 2_000_000 + '"}',
    "no text": '{"a":' + '"' * 1_000_000,
    "deep": "[" * 1_000_000,
    "within the budget": '{"sizes":[' + "1,          " * 120_000 + '1],"biases":true}',
    "objects within the budget": '{"a":[' + ('{"a":1},' + " " * 20) * 80_000 + "1]}",
}


@pytest.mark.parametrize("kind", ["network", "model"])
@pytest.mark.parametrize("what", FULL)
def test_json_that_grows_when_it_is_read(what, kind, tmp_path):
    size = file_of(FULL[what], tmp_path / "f", kind)
    made = {"network": cp.Network, "model": cp.Model}[kind]
    found = []

    def load():
        with pytest.raises(cp.ModelFileError) as caught:
            made.load(tmp_path / "f")
        found.append(str(caught.value))

    assert peak_of(load) < 20 * size + 5e6
    assert len(found[0]) <= 2000


def test_array_entries_without_end(tmp_path):
    entries = {
        f"W{i}": {"dtype": "F32", "shape": [], "data_offsets": [0, 0]} for i in range(50_000)
    }
    entries["W1"]["data_offsets"] = [0, 4]
    file_of("{}", tmp_path / "f", described=entries)
    with pytest.raises(
        cp.ModelFileError, match=r"truncated or no model file \(more than .* values"
    ):
        cp.Network.load(tmp_path / "f")


def test_a_header_of_a_gigabyte_is_not_read(tmp_path):
    with (tmp_path / "f").open("wb") as file:
        file.write((10**9).to_bytes(8, "little"))
        file.truncate(10**9 + 8)
    with pytest.raises(cp.ModelFileError, match="a header of 1,000,000,000 bytes; the most is"):
        assert peak_of(lambda: cp.Network.load(tmp_path / "f")) < 1e6


def test_layers(tmp_path, monkeypatch):
    cp.Network([1] * 7).save(tmp_path / "six")
    monkeypatch.setattr("clearprop.network.MAX_LAYERS", 5)
    for act in (lambda: cp.Network.load(tmp_path / "six"), lambda: cp.Network([1] * 7).save("six")):
        with pytest.raises(cp.ModelFileError, match="has 5 layers at most, not 6"):
            act()
    cp.Network([1] * 6).save(tmp_path / "five")
    assert len(cp.Network.load(tmp_path / "five").sizes) == 6


def test_a_large_network_is_in_memory_once(tmp_path):
    network = cp.Network([1000, 2000, 1000], seed=1)
    network.save(tmp_path / "n")
    size = (tmp_path / "n").stat().st_size
    assert size > 16e6
    assert peak_of(lambda: cp.Network.load(tmp_path / "n")) < 1.1 * size


def parts_of(inputs: tuple[Input, ...]) -> Parts:
    n_values = sum(len(one.values) for one in inputs)
    encoding = Encoding(inputs, {name: np.ones(n_values) for name in STATISTICS}, ())
    network = cp.Network([len(encoding.features), 1, 1])
    rows = dict.fromkeys(("training", "validation", "test", "without target"), 1)
    training = {"epochs": 1, "best_epoch": None, "stopped": "completed", "seconds": 0.1}
    became = {one.column: one.kind for one in inputs}
    report = Report("y", "regression", "", {}, rows, became, {}, {}, [], training, "", {}, "")
    return Parts(network, encoding, Target("y"), report)


@pytest.mark.parametrize(
    "inputs",
    [
        tuple(Input(f"{i:x}", "number") for i in range(20_000)),
        tuple(Input(f"{i:x}", "boolean", ("false", "true")) for i in range(5_000)),
        tuple(
            Input(f"{i:x}", "category", tuple(f"[{low}, {low + 1})" for low in range(50)))
            for i in range(1_000)
        ),
        tuple(Input(f"[{i},,,,,[]{{}}]", "number") for i in range(5_000)),
        tuple(Input(f"{i:x}", "category", tuple("abcdefghij")) for i in range(5_000)),
    ],
    ids=["numbers", "booleans", "intervals", "names full of marks", "short categories"],
)
def test_wide_models_are_within_the_budget(inputs, tmp_path):
    write_model(tmp_path / "m", parts_of(inputs))
    assert cp.Model.load(tmp_path / "m").columns == [one.column for one in inputs]


def test_a_name_that_is_too_long_is_not_saved(tmp_path):
    (tmp_path / "m").write_text("old")
    write_model(tmp_path / "ok", parts_of((Input("x" * LONGEST, "number"),)))
    assert cp.Model.load(tmp_path / "ok").columns == ["x" * LONGEST]
    with pytest.raises(cp.ModelFileError, match=r"xxx\.\.\.' has 100,001 characters"):
        write_model(tmp_path / "m", parts_of((Input("x" * (LONGEST + 1), "number"),)))
    assert (tmp_path / "m").read_text() == "old"


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), "half \ud800"])
def test_what_no_json_holds_is_not_saved(odd, tmp_path):
    parts = parts_of((Input("x", "number"),))
    parts.report.training["stopped" if isinstance(odd, str) else "seconds"] = odd
    with pytest.raises(cp.ModelFileError, match="the model does not fit a file: "):
        write_model(tmp_path / "m", parts)
    assert not (tmp_path / "m").exists()


def test_numbers_beyond_a_double_are_refused(tmp_path):
    write_model(tmp_path / "m", parts_of((Input("x", "number"),)))
    whole = (tmp_path / "m").read_bytes()
    end = 8 + int.from_bytes(whole[:8], "little")
    described = json.loads(whole[8:end])
    metadata = described.pop("__metadata__")
    del metadata["header_sha256"]
    metadata["header"] = metadata["header"].replace('"scale": 1.0', '"scale": 1e999')
    (tmp_path / "m").write_bytes(layout.header_bytes(described, metadata) + whole[end:])
    with pytest.raises(cp.ModelFileError, match="no readable header .*Out of range float"):
        cp.Model.load(tmp_path / "m")
