"""What a model's file may say: of each thing that could not be used later, a refusal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import clearprop as cp
from clearprop.files import layout
from clearprop.tables.encoding import Encoding

OLD = Path(__file__).parents[1] / "files" / "written_by_0_1_0" / "model.safetensors"

pytestmark = pytest.mark.filterwarnings("ignore:.*is of Clearprop 0.1.0")


def taken_apart():
    whole = OLD.read_bytes()
    end = 8 + int.from_bytes(whole[:8], "little")
    described = json.loads(whole[8:end])
    metadata = described.pop("__metadata__")
    return described, metadata, json.loads(metadata["header"]), whole[end:]


def load_changed(change, path: Path) -> cp.Model:
    described, metadata, header, numbers = taken_apart()
    change(header, described)
    metadata["header"] = json.dumps(header)
    path.write_bytes(layout.header_bytes(described, metadata) + numbers)
    return cp.Model.load(path)


def at(*way, value):
    """Return a change of the header: the value that stands at a path of keys."""

    def change(header, described):
        *parents, last = way
        for key in parents:
            header = header[key]
        header[last] = value

    change.__name__ = f"{'.'.join(map(str, way))}={str(value)[:20]!r}"
    return change


SIZE, COLOR, DAY, OLD_ONE = range(4)

REFUSED = [
    at("inputs", DAY, "parts", value=[]),
    at("inputs", DAY, "parts", value=["years since 2000"] * 2),
    at("inputs", DAY, "categories", value=["a"]),
    at("inputs", SIZE, "rare", value=1),
    at("inputs", COLOR, "rare", value=-1),
    at("inputs", COLOR, "rare", value=True),
    at("inputs", COLOR, "rare", value=2**63),
    at("inputs", COLOR, "categories", value=["a", "b", None]),
    at("inputs", COLOR, "column", value=" color"),
    at("inputs", COLOR, "column", value=""),
    at("inputs", OLD_ONE, "categories", value=["false", "no"]),
    at("inputs", OLD_ONE, "missing", value=0),
    at("inputs", SIZE, "within", value=[1.0, 1.0]),
    at("inputs", SIZE, "within", value=[0.0]),
    at("inputs", SIZE, "within", value=[0.0, float("inf")]),
    at("inputs", SIZE, "within", value=[0.0, "1"]),
    at("inputs", SIZE, "within", value=5),
    at("inputs", COLOR, "within", value=[0.0, 1.0]),
    at("inputs", SIZE, value=[]),
    at("inputs", value={}),
    at("inputs", SIZE, "typical", value="1"),
    at("inputs", COLOR, "typical", value=3),
    at("inputs", COLOR, "typical", value="x" * 100_001),
    at("inputs", DAY, "typical", value="yesterday"),
    at("inputs", DAY, "typical", value="NaT"),
    at("target", "classes", value=["a", "b\0"]),
    at("target", "classes", value=[True, 1]),
    at("target", "classes", value=[1, 2.5]),
    at("target", "classes", value=[10**400, 1]),
    at("target", "classes", value=[2**53, 2**53 + 1]),
    at("target", "column", value="y "),
    at("target", "scale", value=-1.0),
    at("target", "mean", value="0"),
    at("network", "activations", 1, "name", value="identity"),
    at("report", "classes", value={"a": "b"}),
    at("report", "rows", "test", value=-1),
    at("report", "rows", "more", value=1),
    at("report", "inputs", value={"a": 1}),
    at("report", "notes", value=[1]),
    at("report", "task", value="magic"),
    at("report", "training", "seconds", value=10**400),
    at("report", "training", "best_epoch", value="x"),
    at("report", "scores", value={"a": {"x": 1.0}, "b": {"y": 1.0}}),
    at("report", "scores", value={"a": {"x": "1"}}),
    at("report", "verdict", value="x" * 100_001),
    at("report", "intervals", value={"level": 0.9}),
    at("report", "intervals", value=[]),
    at("report", "quantiles", value={"below": {"0.5": 1.5}, "crossed": 0.0}),
    at("calibration", value=3),
    at("calibration", value=[]),
    at("calibration", value=[0.5, 0.5]),
    at("calibration", value=[[0.5]]),
    at("calibration", value=[[0.5, True]]),
    at("calibration", value=[[0.5, 10**400]]),
    at("calibration", value=[[0.5, 0.5]]),
]  # fmt: skip


@pytest.mark.parametrize("change", REFUSED, ids=lambda change: change.__name__)
def test_what_is_refused(change, tmp_path):
    with pytest.raises(cp.ModelFileError, match="describes no model|is damaged") as caught:
        load_changed(change, tmp_path / "m")
    assert str(caught.value).isprintable()


def test_what_is_not(tmp_path):
    """The file as it is, and what it may say besides."""
    for change in (
        lambda header, described: None,
        at("inputs", COLOR, "more", value=1),
        at("inputs", COLOR, "typical", value="any"),
        at("inputs", DAY, "typical", value="2024-12-31T12:00"),
        at("inputs", SIZE, "typical", value=None),
        at("more", value=1),
        at("report", "training", "best_epoch", value=None),
        at("report", "scores", value={}),
        at("target", "classes", value=[1, 2]),
        at("target", "classes", value=[False, True]),
    ):
        assert load_changed(change, tmp_path / "m").columns == ["size", "color", "day", "old"]
    whole = load_changed(at("target", "classes", value=[10**20, 2 * 10**20]), tmp_path / "m")
    assert whole.classes == [1e20, 2e20]


def test_a_report_of_0_1_0_has_three_figures():
    report = cp.Model.load(OLD).report
    assert list(report.scores["this network"]) == ["accuracy", "balanced accuracy", "log loss"]
    for page in (repr(report), report._repr_html_()):
        assert "0.5156" in page
        assert "AUC" not in page


def test_figures_of_two_classes_of_a_model_that_has_none(tmp_path):
    """Whatever is read can be shown."""
    scores = {"this network": {"AUC": 0.5}, "mean": {"AUC": None}}
    model = load_changed(at("report", "scores", value=scores), tmp_path / "m")
    assert "positive class" in repr(model.report)
    model = load_changed(lambda h, d: h["report"].update(scores=scores, classes={}), tmp_path / "m")
    assert "positive class" not in repr(model.report)


class TestParts:
    """Parts that fit each other in number, and still make no model, are not saved."""

    def test_classes_of_numbers_that_are_no_shares(self, tmp_path):
        model = cp.Model.load(OLD)
        model.network = cp.Network([*model.network.sizes], output="identity")
        with pytest.raises(cp.ModelFileError, match="of a network that ends with 'identity'"):
            model.save(tmp_path / "m")

    def test_a_date_without_parts(self, tmp_path):
        model = cp.Model.load(OLD)
        inputs = list(model._encoding.inputs)
        n = len(inputs[SIZE].values)
        inputs[DAY] = replace(inputs[DAY], parts=())
        numbers = {name: one[:n] for name, one in model._encoding.statistics.items()}
        model._encoding = Encoding(tuple(inputs), numbers)
        model.network = cp.Network([len(model.features), 3, 2], output="softmax")
        with pytest.raises(cp.ModelFileError, match="column 'day' is described in no known way"):
            model.save(tmp_path / "m")
        assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("data_offsets", [0, 1]),
        ("data_offsets", [8, 0]),
        ("data_offsets", [0]),
        ("data_offsets", [0.0, 8.0]),
        ("data_offsets", [-8, 0]),
        ("data_offsets", "08"),
        ("shape", [True, True]),
        ("shape", [-1]),
        ("shape", 1),
        ("dtype", 1),
        ("dtype", None),
    ],
)
@pytest.mark.parametrize("name", ["W1", "b1", "inputs.mean"])
def test_arrays_that_lie_wrong(place, value, name, tmp_path):
    with pytest.raises(cp.ModelFileError, match=r"truncated or no model file \(") as caught:
        load_changed(
            lambda header, described: described[name].update({place: value}), tmp_path / "m"
        )
    assert str(caught.value).isprintable()


def test_arrays_that_share_bytes_or_leave_some_out(tmp_path):
    def share(header, described):
        described["inputs.high"]["data_offsets"] = described["inputs.low"]["data_offsets"]

    def gap(header, described):
        one, other = sorted(described.values(), key=lambda entry: entry["data_offsets"])[:2]
        one["data_offsets"] = [one["data_offsets"][0], other["data_offsets"][0] - 4]

    for change in (share, gap):
        with pytest.raises(cp.ModelFileError, match="are not where the last array's end"):
            load_changed(change, tmp_path / "m")


@pytest.mark.parametrize("metadata", [1, [], {"format": 1}, {"format": None}, "text"])
def test_metadata_that_are_no_texts(metadata, tmp_path):
    described, _, _, numbers = taken_apart()
    (tmp_path / "m").write_bytes(layout.header_bytes(described, metadata) + numbers)
    with pytest.raises(cp.ModelFileError, match="its metadata are no texts"):
        cp.Model.load(tmp_path / "m")
