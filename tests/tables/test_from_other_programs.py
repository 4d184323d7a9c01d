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
@pytest.mark.parametrize(
    "start",
    ["sep={}", "SEP={}", '"sep={}"', "\ufeffsep={}", "sep={} ", "sep={0}{0}{0}", '"sep={0}"{0}{0}'],
)
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


@pytest.mark.parametrize(
    "content", ["sep=,b\n1,2\n", "sep=\n1\n", "sep=,;\n1,2\n", "sep=,,b\n1,2,3\n"]
)
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


NAMES = {
    "range": None,
    "named": ["r", "s", "t"],
    "numbers": [3, 1, 2],
    "from 1": [1, 2, 3],
    "with -1": [-1, 0, 1],
    "with halves": [0.5, 1.0, 1.5],
    "years": ["2019", "2020", "2021"],
}


@pytest.mark.parametrize("orient", ["columns", "index", "split", "records"])
@pytest.mark.parametrize("columns", [*NAMES])
@pytest.mark.parametrize("index", [*NAMES])
def test_no_table_of_pandas_is_turned_in_silence(orient, index, columns, tmp_path):
    """Any object of objects was taken for one by columns, but rows by number with no such names."""
    table = pd.DataFrame([[1, "x", 2.5], [2, "y", 3.5], [3, "z", 4.5]])
    table = table.set_axis(NAMES[index] or table.index, axis=0)
    table = table.set_axis(NAMES[columns] or table.columns, axis=1)
    table.to_json(tmp_path / "t.json", orient=orient)
    keeps_levels = orient in ("columns", "index")
    if keeps_levels and (index == "range") == (columns == "range"):
        with pytest.raises(cp.TableFileError) as refused:
            read_table(tmp_path / "t.json")
        message = str(refused.value)
        assert 'cannot be told: write a list of rows, [{"a": 1, "b": 2}, ...]' in message
        assert 'pandas: orient="records"' in message
        assert "\n" not in message
        return
    if keeps_levels and columns == "range":  # byte for byte what the other form of its turned is
        table.T.to_json(
            tmp_path / "turned.json", orient={"columns": "index"}.get(orient, "columns")
        )
        assert (tmp_path / "turned.json").read_bytes() == (tmp_path / "t.json").read_bytes()
        table = table.T
    frame = read_table(tmp_path / "t.json").frame
    assert frame.columns == [str(name) for name in table.columns]
    assert [[as_number(cell) for cell in row] for row in frame.rows()] == [
        [as_number(cell) for cell in row] for row in table.to_numpy()
    ]


def as_number(cell):
    """Return a number that stands beside text, as text, as the number."""
    try:
        return float(cell)
    except ValueError:
        return cell


@pytest.mark.parametrize(
    "content",
    [
        {"alice": {"age": 30, "name": "x"}, "bob": {"age": 40, "name": "y"}},
        {"user": {"age": 30, "name": "x"}},
        {"0": {"0": 1, "1": 2}, "1": {"0": 3, "1": 4}},
        {"1": {"a": 1, "b": 2}, "0": {"a": 3, "b": 4}},
        {"00": {"a": 1}, "1": {"a": 2}},
        {"0": {}, "1": {}},
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_an_object_of_objects_that_may_be_either_is_refused(content, indent, tmp_path):
    (tmp_path / "t.json").write_text(json.dumps(content, indent=indent))
    with pytest.raises(cp.TableFileError, match="are its columns cannot be told: write a list"):
        read_table(tmp_path / "t.json")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('"hello"', """it begins with '"hello"': give a list of rows"""),
        ("5", "it begins with '5': give"),
        ("-5.5e3", "it begins with '-5.5e3': give"),
        ("true", "it begins with 'true': give"),
        ("null", "it begins with 'null': give"),
        ("NaN", "it begins with 'NaN': give"),
        ('"a\\nb"\n5\n', "it begins with "),
        ("", "is empty"),
        (" \n", "is empty"),
        ("[]", "has no rows"),
        ("[{}]", "has no rows"),
        ("{}", "is one object, of nothing, and neither a row nor columns"),
        ('{"a": []}', "has no rows"),
        ('{"a": {}}', "has no rows"),
        ("[1,2]", "it begins with '[1,2]': give a list of rows"),
        ("[[1,2],[3,4]]", "it begins with '[[1,2],[3,4]]': give a list of rows"),
        ('["a"]\n["b"]\n', """it begins with '["a"]': give a list of rows"""),
    ],
)
@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_json_that_is_no_table_is_refused_in_a_line(content, said, name, tmp_path):
    """A scalar was an AttributeError."""
    (tmp_path / name).write_text(content)
    with pytest.raises(cp.TableFileError) as refused:
        read_table(tmp_path / name)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('{\n"a": [1,\n2,\n3,\nNaN]\n}', "line 5 has NaN, which"),
        ('\n\n[{"a": 1},\n {"a": NaN}]', "line 4 has NaN, which"),
        ('[{"a": 1},\r\n {"a":\r\n-Infinity}]', "line 3 has -Infinity, which"),
        ('[{"a": 1},\r {"a": NaN}]', "line 2 has NaN, which"),
        ('{"a": 1}\n{"a": 2}\n{"a": NaN}\n', "line 3 has NaN, which"),
        ('{"a": "x: NaN",\n"b":\n[NaN]}', "line 3 has NaN, which"),
        ('{"a": {"0": 1,\n"1": NaN}}', "line 2 has NaN, which"),
        ('[{"a": "\\": NaN"},\n{"a": NaN}]', "line 2 has NaN, which"),
        ('{"a": [1,\n1e400]}', "line 2 has 1e400, and no number is beyond 1.8e308"),
        ('[{"a": 1e308},\n{"a": -1e400}]', "line 2 has -1e400, and no number"),
        (f'{{"a": [1,\n{"9" * 5000}]}}', "line 2 has 99999999999999999..., and no number"),
    ],
)
def test_the_line_of_what_is_no_json_is_that_of_the_file(content, where, tmp_path):
    """It was that of the text as it was turned into rows, which is one line."""
    (tmp_path / "t.json").write_bytes(content.encode())
    with pytest.raises(cp.TableFileError, match=re.escape(f"; {where}")):
        read_table(tmp_path / "t.json")


@pytest.mark.parametrize(
    "content",
    [
        '[{"a": "x: NaN", "b": 1},\n {"a": 2,, "b": 3}]',
        '[{"a": "x, NaN, y", "b": 1},\n {"a": 2,, "b": 3}]',
        '[{"a: NaN, "b": 1}]',
        '[{"a": "x, "b": NaN}, {"a": "y"}]',
        '[{"a": NaNs}]',
        '[{"a": 1e308,, "b": 1e-400}]',
    ],
)
def test_what_may_be_in_a_text_is_not_blamed(content, tmp_path):
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(cp.TableFileError, match=r"t\.json cannot be read as JSON: ") as refused:
        read_table(tmp_path / "t.json")
    assert "; line" not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        '{"a": [1, 2], "b": [3, 4], "a": [5, 6]}',
        '{"b": {"0": 1, "0": 2}}',
        '{"a": 1, "b": 2, "a": 3}',
        '[{"a": 1, "b": 2}, {"a": 1, "b": 2, "a": 3}]',
        '[{"a": 1, "b": 2}, {"a": 1, "a": 3}, {"b": 2}]',
        '{"a": 1, "b": 2}\n{"a": null, "b": 2, "a": 3}\n',
        '[{"a": 1, "b": null, "b": null}]',
    ],
)
def test_a_key_that_stands_twice_in_an_object_is_refused(content, tmp_path):
    """Its first value was taken, by columns its last."""
    (tmp_path / "t.json").write_text(content)
    said = r"t\.json has an object with the key '(a|b|0)' twice, and which value counts cannot"
    with pytest.raises(cp.TableFileError, match=said):
        read_table(tmp_path / "t.json")


@pytest.mark.parametrize("mark", ["[]", "  "])
def test_a_key_may_stand_in_objects_one_in_another(mark, tmp_path):
    between = "," if mark == "[]" else "\n"
    rows = ['{"a": 1, "b": {"a": 1, "c": "\\"a\\": 2"}}', '{"a": null, "b": {"a": 2, "c": null}}']
    (tmp_path / "t.json").write_text(mark[0] + between.join(rows) + mark[1])
    assert read_table(tmp_path / "t.json").frame["a"].to_list() == [1, None]


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
    said = r"t\.json has one object of up to 100,000 values, which would take 0\.0 GB of memory; a"
    with pytest.raises(cp.TableFileError, match=said):
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
