"""Text tables with a first line that says the separator, JSON tables by columns: of other programs."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from clearprop.tables import memory
from clearprop.tables.blocks.files import TableFiles
from clearprop.tables.table_files import read_table

ROWS = [("1,5", "x"), ("2,5", "y z")]


def text(mark, start, end="\n"):
    lines = [mark.join(("a", "b")), *(mark.join(row) for row in ROWS)]
    return start + "".join(line + end for line in lines)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [";", "\t", "|"])
@pytest.mark.parametrize("start", ["sep={}", "SEP={}", '"sep={}"', "\ufeffsep={}", "sep={} "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_the_first_line_may_say_the_separator(start, mark, end, encoding, tmp_path):
    """As Excel takes it; it was the header, and the header a row."""
    path = tmp_path / "t.csv"
    path.write_bytes(text(mark, start.format(mark) + end, end).encode(encoding))
    cells = read_table(path)
    assert (cells.frame.columns, cells.frame.rows()) == (["a", "b"], ROWS)
    assert cells.separator == mark
    blocks = [block.frame for block in TableFiles(path).blocks()]
    assert [row for frame in blocks for row in frame.rows()] == ROWS


def test_what_it_says_counts_more_than_the_header(tmp_path):
    (tmp_path / "t.csv").write_text("sep=;\na,b,c;d\n1;2\n")
    frame = read_table(tmp_path / "t.csv").frame
    assert (frame.columns, frame.rows()) == (["a,b,c", "d"], [("1", "2")])


def test_lines_are_counted_with_it(tmp_path):
    (tmp_path / "t.csv").write_text("sep=;\na;b\n1;2;3\n")
    with pytest.raises(cp.TableFileError, match="line 3 has 3 fields, but the header has 2"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize("content", ["sep=,b\n1,2\n", "sep=\n1\n"])
def test_a_column_may_be_called_so(content, tmp_path):
    (tmp_path / "t.csv").write_text(content)
    assert read_table(tmp_path / "t.csv").frame.columns[0] == "sep="


TABLE = pd.DataFrame({"a": [1.5, None, 3.0], "b": ["x", "y", None], "c": [True, False, True]})


@pytest.mark.parametrize("orient", ["columns", "index", "split", "records"])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_json_as_pandas_writes_it(orient, indent, name, tmp_path):
    """All but records were one row of lists or objects, which was left out."""
    if name == "t.jsonl" and indent and orient == "records":
        pytest.skip("no lines of objects")
    TABLE.to_json(tmp_path / name, orient=orient, indent=indent)
    frame = read_table(tmp_path / name).frame
    assert frame.columns == list(TABLE.columns)
    assert frame.rows() == [(1.5, "x", True), (None, "y", False), (3.0, None, True)]


def test_json_by_columns(tmp_path):
    rng = np.random.default_rng(0)
    columns = {"x": rng.normal(size=60).round(3).tolist(), "y": ["u", "v", "w"] * 20}
    (tmp_path / "t.json").write_text(json.dumps(columns))
    path = tmp_path / "t.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    options = {"hidden": [3], "epochs": 2, "compare": False, "progress": False}
    model = cp.Model.fit(tmp_path / "t.json", "y", **options)
    assert model.report.inputs == {"x": "number"}
    np.testing.assert_array_equal(
        model.predict_proba(tmp_path / "t.json"),
        cp.Model.fit(path, "y", **options).predict_proba(path),
    )


@pytest.mark.parametrize(
    "row", ['{"a": 1, "b": "x"}', '{"a": 1, "b": [1, 2]}', '{"a": 1, "b": {"c": 1}}']
)
def test_one_row_is_a_row(row, tmp_path):
    (tmp_path / "t.json").write_text(row)
    frame = read_table(tmp_path / "t.json").frame
    assert (frame.columns, frame.height) == (["a", "b"], 1)


@pytest.mark.parametrize(
    "content",
    [
        '{"a": [1, 2], "b": [3]}',
        '{"data": [{"a": 1}, {"a": 2}]}',
        '{"a": {"0": 1, "1": 2}, "b": {"0": 1}}',
        '{"a": [[1], [2]], "b": [3, 4]}',
        '{"columns": ["a", "a"], "data": [[1, 2]]}',
        "{}",
    ],
)
def test_one_object_that_is_no_table_is_refused(content, tmp_path):
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(cp.TableFileError, match="neither a row nor columns of one length: give"):
        read_table(tmp_path / "t.json")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("content", ['[{{"a": 1}},\n{{"a": {}}}]', '{{"a": [1,\n{}]}}'])
def test_what_python_writes_and_json_has_not_is_named(content, word, tmp_path):
    (tmp_path / "t.json").write_text(content.format(word))
    with pytest.raises(
        cp.TableFileError, match=re.escape(f" has {word}, which JSON has not: write")
    ):
        read_table(tmp_path / "t.json")


def test_one_object_of_many_values_has_no_room(tmp_path, monkeypatch):
    (tmp_path / "t.json").write_text(json.dumps({"a": [0] * 100_000}))
    monkeypatch.setattr(memory, "memory", lambda: 10_000_000)
    monkeypatch.setattr(json, "loads", None)
    with pytest.raises(cp.TableFileError, match="has 1 rows of 100,000 columns"):
        read_table(tmp_path / "t.json")


def test_an_empty_name_is_no_folder(tmp_path, monkeypatch):
    """It was the folder that the program runs in: all its tables were learned from."""
    monkeypatch.chdir(tmp_path)
    TABLE.to_csv("t.csv", index=False)
    for source in ("", [""], ["t.csv", ""]):
        with pytest.raises(cp.FileMissingError, match="'' is no name for a file; the folder"):
            read_table(source)
    assert read_table(".").frame.height == 3
    for load in (cp.Network.load, cp.Model.load):
        with pytest.raises(cp.FileMissingError, match="^'' is no name for a file$"):
            load("")
