"""Reading and writing table files: every kind, and every way a file can be wrong."""

from __future__ import annotations

import sys

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import clearprop as cp
from clearprop.tables.numerals import MISSING
from clearprop.tables.table_files import write_table
from typed_tables import read_table

TABLE = pl.DataFrame(
    {"name": ["Ann", "Bob", None], "age": [31, None, 27], "height": [1.62, 1.85, None], "member": [True, None, False]}
)  # fmt: skip


def save(tmp_path, content, name="data.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet", "t.pq", "t.arrow", "t.feather", "t.ipc", "t.jsonl", "t.ndjson", "t.json", "T.CSV", "t.txt", "t.xlsx", "t.csv.gz", "t.tsv.zst", "t.parquet.gz", "t.jsonl.zst", "t.xlsx.gz"])  # fmt: skip
def test_every_kind_comes_back(name, tmp_path):
    write_table(TABLE.to_dict(as_series=True), tmp_path / name)
    back = read_table(tmp_path / name)
    assert back.columns == TABLE.columns
    assert back.rows() == TABLE.rows()
    assert list(back.schema.dtypes()) == [pl.String, pl.Int64, pl.Float64, pl.Boolean]


def test_json_of_both_shapes(tmp_path):
    array = save(tmp_path, '[{"a": 1, "b": "x"}, {"a": 2.5}]', "a.json")
    lines = save(tmp_path, '{"a": 1, "b": "x"}\n{"a": 2.5}\n', "b.json")
    assert read_table(array).rows() == read_table(lines).rows() == [(1.0, "x"), (2.5, None)]


class TestText:
    def test_types_are_decided_over_all_rows(self, tmp_path):
        rows = "\n".join(f"{i},{i}" for i in range(20_000))
        frame = read_table(save(tmp_path, f"a,b\n{rows}\n1,many\n"))
        assert frame.schema == {"a": pl.Int64, "b": pl.String}
        assert frame["b"][-1] == "many"

    @pytest.mark.parametrize("word", sorted(MISSING))
    def test_missing_values(self, word, tmp_path):
        frame = read_table(save(tmp_path, f"a,b,c\n1,{word},x\n2,3.5,y\n"))
        assert frame.schema == {"a": pl.Int64, "b": pl.Float64, "c": pl.String}
        assert frame["b"].to_list() == [None, 3.5]

    def test_codes_stay_text(self, tmp_path):
        path = save(tmp_path, "zip,n,f\n01234,0,0.5\n94110,10,00.5\n")
        assert read_table(path).schema == {"zip": pl.String, "n": pl.Int64, "f": pl.String}
        assert read_table(path, as_text=["n"])["n"].to_list() == ["0", "10"]

    def test_spaces_and_booleans(self, tmp_path):
        frame = read_table(save(tmp_path, "a , b\n 1 ,True\n 2,false \n"))
        assert frame.to_dict(as_series=False) == {"a": [1, 2], "b": [True, False]}

    def test_semicolons_and_decimal_commas(self, tmp_path):
        frame = read_table(save(tmp_path, 'a;b;c\n1,5;x;"1;2"\n-2,25;y;z\n'))
        assert frame.to_dict(as_series=False) == {
            "a": [1.5, -2.25],
            "b": ["x", "y"],
            "c": ["1;2", "z"],
        }

    def test_decimal_commas_with_points_between_thousands(self, tmp_path):
        frame = read_table(save(tmp_path, "a;b;c\n1.234;0,5;1.2.2024\n999;-1.234,25;3.2.2024\n"))
        assert frame.to_dict(as_series=False) == {
            "a": [1234, 999],
            "b": [0.5, -1234.25],
            "c": ["1.2.2024", "3.2.2024"],
        }
        plain = read_table(save(tmp_path, "a;b\n1.234;2\n999;3\n"))  # no decimal comma anywhere
        assert plain["a"].to_list() == [1.234, 999]

    def test_separators_inside_quotes_do_not_count(self, tmp_path):
        frame = read_table(save(tmp_path, '"Weight (kg, approx, adult)";y\n1,5;2\n'))
        assert frame.rows() == [(1.5, 2)]
        assert read_table(save(tmp_path, '"a;b;c",y\n1,2\n')).columns == ["a;b;c", "y"]

    @pytest.mark.parametrize(
        ("text", "rows"),
        [("x^2,y\n1,2\n3,4\n", [(1, 2), (3, 4)]), ("x^2\n1\n3\n", [(1,), (3,)])],
    )
    def test_a_name_that_begins_as_zlib_streams_do(self, text, rows, tmp_path):
        """polars unpacked it: OSError, corrupt deflate stream."""
        frame = read_table(save(tmp_path, text))
        assert frame.columns[0] == "x^2"
        assert frame.rows() == rows

    def test_line_ends_of_old_macs(self, tmp_path):
        assert read_table(save(tmp_path, "a,b\r1,2\r3,4\r")).rows() == [(1, 2), (3, 4)]

    def test_quotes_may_hold_commas_quotes_and_lines(self, tmp_path):
        expected = [("x,y", 1), ('say "hi"', 2), ("two\nlines", 3)]
        text = 'a,b\n"x,y",1\n"say ""hi""",2\n"two\nlines",3\n'
        assert read_table(save(tmp_path, text)).rows() == expected
        gap = read_table(save(tmp_path, text + "z,\n"))  # read by the csv module
        assert gap.rows() == [*expected, ("z", None)]

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("last", ["1", ""])
    def test_blank_lines_are_no_rows(self, end, last, tmp_path):
        text = end.join(["", "a,b", "1,2", "", f"3,{last}", "", ""])
        expected = [(1, 2), (3, int(last) if last else None)]
        assert read_table(save(tmp_path, text)).rows() == expected

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    def test_encodings_with_a_mark(self, encoding, tmp_path):
        frame = read_table(save(tmp_path, "größe,ort\n1,Zürich\n".encode(encoding)))
        assert frame.to_dict(as_series=False) == {"größe": [1], "ort": ["Zürich"]}

    def test_a_column_without_a_name_is_called_by_its_place(self, tmp_path):
        assert read_table(save(tmp_path, ",a\n0,x\n1,y\n")).columns == ["column 1", "a"]

    @given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8), min_size=3, max_size=3), min_size=1, max_size=8))  # fmt: skip
    def test_what_polars_writes_comes_back(self, rows):
        import tempfile
        from pathlib import Path

        frame = pl.DataFrame([[f"x{v}" for v in row] for row in rows], orient="row", schema=["a", "b", "c"])  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "t.csv"
            write_table(frame.to_dict(as_series=True), path)
            stripped = [tuple(v.strip() for v in row) for row in frame.rows()]
            assert read_table(path, as_text=frame.columns).rows() == stripped

    def test_both_readers_agree(self, tmp_path):
        """The rows before a gap in the last column are the same with and without the gap."""
        rng = np.random.default_rng(0)
        lines = [f'{i},"t,{i}",{rng.normal():.3f}' for i in range(500)]
        text = "\n".join(["a,b,c", *lines])
        fast, slow = read_table(save(tmp_path, text)), read_table(save(tmp_path, f"{text}\n1,z,"))
        assert fast.rows() == slow.rows()[:-1]

    @pytest.mark.parametrize(
        ("header", "mark", "names"),
        [
            ('id,"name; alias; other"', ",", ["id", "name; alias; other"]),
            ('"a;b;c",d', ",", ["a;b;c", "d"]),
            ('d;"a,b,c"', ";", ["d", "a,b,c"]),
            ('d,"a;;\n;b"', ",", ["d", "a;;\n;b"]),
            ('"a ""x;y;z""",b', ",", ['a "x;y;z"', "b"]),
            ('5" pipe;6" pipe', ";", ['5" pipe', '6" pipe']),
        ],
    )
    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_marks_in_a_quoted_name_separate_nothing(self, header, mark, names, end, tmp_path):
        frame = read_table(save(tmp_path, f"{header}{end}1{mark}2{end}"))
        assert frame.columns == names
        assert frame.rows() == [(1, 2)]

    @pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.txt"])
    @pytest.mark.parametrize(
        "names", [("a;b;c", "d"), ("d", "y;1"), ("x|y|z", "a\tb\tc"), ("a,b,c", "d;e;f;g")]
    )
    def test_a_name_with_marks_comes_back(self, names, name, tmp_path):
        write_table(dict(zip(names, ([1], [2]), strict=True)), tmp_path / name)
        frame = read_table(tmp_path / name)
        assert frame.columns == list(names)
        assert frame.rows() == [(1, 2)]


WRONG = {
    "empty": (b"", "data.csv is empty", cp.TableFileError),
    "only spaces": (b" \n\n ", "data.csv is empty", cp.TableFileError),
    "only a mark": (b"\xef\xbb\xbf", "data.csv is empty", cp.TableFileError),
    "only line ends in UTF-16": ("\n\r\n".encode("utf-16"), "data.csv is empty", cp.TableFileError),
    "only marks and line ends": ("\n\ufeff\n".encode(), "data.csv is empty", cp.TableFileError),
    "text behind a quote": (b'a,b\n"1"2,3\n4,5\n', "line 2 cannot be read: ',' expected after '\"'", cp.TableFileError),
    "text behind a quoted name": (b'"a"b,c\n1,2\n', "line 1 cannot be read: ',' expected after '\"'", cp.TableFileError),
    "two quotes in front": (b'a,b\n""1,3\n4,5\n', "line 2 cannot be read: ',' expected after '\"'", cp.TableFileError),
    "header only": (b"a,b\n", "a header but no rows", cp.TableFileError),
    "too many fields": (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 fields, but the header has 2", cp.TableFileError),
    "too few fields": (b"a,b\n1,2\n3\n4,5\n", "line 3 has 1 fields, but the header has 2", cp.TableFileError),
    "duplicate names": (b"a,b,a\n1,2,3\n", r"2 columns called 'a' \(columns 1, 3\)", cp.ColumnError),
    "cyrillic": ("a,ort\n1,x\n2,Москва\n".encode("cp1251"), "not UTF-8: line 3 has the byte 0xCC, and 'Ìîñêâà', as windows-1252, is doubtful.*--encoding", cp.TableFileError),
    "utf-16 without mark": ("a,b\n1,2\n".encode("utf-16-le"), "line 1 has a zero byte.*--encoding utf-16-le", cp.TableFileError),
    "half utf-16": (b"\xff\xfea", "not UTF-16", cp.TableFileError),
    "parquet": (b"PAR1....PAR1", "not CSV but Parquet: rename it to end with .parquet", cp.TableFileError),
    "excel": (b"PK\x03\x04....xl/workbook.xml", "not CSV but Excel: rename it to end with .xlsx", cp.TableFileError),
    "zip": (b"PK\x03\x04....", "not CSV but a zip archive: save it as CSV", cp.TableFileError),
    "gzip": (b"\x1f\x8b....", "not CSV but gzip: rename it to end with .csv.gz", cp.TableFileError),
    "zstd": (b"\x28\xb5\x2f\xfd....", "not CSV but zstd: rename it to end with .csv.zst", cp.TableFileError),
    "web page": (b"<!DOCTYPE html><html>", "a web page", cp.TableFileError),
    "open quote": (b'a,b\n1,x\n2,"5 inch\n3,y\n4,z\n', "lines 3 to 5 cannot be read: .*a quote that is not closed", cp.TableFileError),
    "two stray quotes": (b'a,b\n1,x\n2,"5 inch\n3,y\n4,"z\n5,w\n', "cannot be read", cp.TableFileError),
    "no header": (b"0,0,0\n1,2,3\n", "3 columns called '0'.*is its first line a header", cp.ColumnError),
    "comment": (b"# made by hand\na,b\n1,2\n", "looks like a comment", cp.TableFileError),
    "late ragged line": (b"\n\n\na,b\n1,2\n3\n", "line 6 has 1 fields", cp.TableFileError),
    "json": (b'{"a": 1}\n', "not CSV but JSON", cp.TableFileError),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_text_file(case, tmp_path):
    content, message, error = WRONG[case]
    with pytest.raises(error, match=message) as caught:
        read_table(save(tmp_path, content))
    assert type(caught.value) is error
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.jsonl", "t.json"])
def test_text_in_a_file_of_another_kind(name, tmp_path):
    with pytest.raises(cp.TableFileError, match=f"{name} (is not|cannot be read as)") as caught:
        read_table(save(tmp_path, "a,b\n1,2\n", name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_a_truncated_file(name, tmp_path):
    write_table(TABLE.to_dict(as_series=True), tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(cp.TableFileError, match="cannot be read as") as caught:
        read_table(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_table_without_rows(tmp_path):
    write_table({"a": [], "b": []}, tmp_path / "t.parquet")
    with pytest.raises(cp.TableFileError, match="t.parquet has no rows"):
        read_table(tmp_path / "t.parquet")


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_damaged_bytes_are_refused_or_read(name, tmp_path):
    """polars panics on some, which is no Exception in Python."""
    rng = np.random.default_rng(0)
    write_table({"a": list(range(50)), "b": [f"word {i}" for i in range(50)]}, tmp_path / name)
    whole = np.frombuffer((tmp_path / name).read_bytes(), np.uint8)
    refused = []
    for _ in range(150):
        content = whole.copy()
        places = rng.integers(0, len(whole), rng.integers(1, 5))
        content[places] = rng.integers(0, 256, len(places))
        (tmp_path / name).write_bytes(content.tobytes())
        try:
            read_table(tmp_path / name)
        except cp.ClearpropError as error:
            refused.append(str(error))
    assert len(refused) > 20
    assert not any("\n" in message for message in refused)


def test_a_name_that_is_too_long(tmp_path):
    with pytest.raises(cp.ClearpropError, match="too long"):
        read_table(tmp_path / f"{'x' * 300}.csv")


def test_no_file(tmp_path):
    with pytest.raises(cp.FileMissingError, match="there is no file"):
        read_table(tmp_path / "no.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(cp.TableFileError, match=r"is a folder without tables \(.csv, "):
        read_table(tmp_path / "folder.csv")
    for name in ("data", "data.xls", "data.gz", "data.csv.bz2"):
        with pytest.raises(cp.TableFileError, match="known are .csv"):
            read_table(tmp_path / name)


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = save(tmp_path, "a\n1\n")

    def refuse(self, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(cp.TableFileError, match="cannot be read: Permission denied"):
        read_table(path)


def test_without_polars(tmp_path, monkeypatch):
    path = save(tmp_path, '{"a": 1}', "a.jsonl")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(cp.MissingExtraError, match=r"polars.*clearprop\[tables\]"):
        read_table(path)


def test_ten_thousand_columns(tmp_path):
    names = ",".join(f"c{i}" for i in range(10_000))
    row = ",".join(map(str, range(10_000)))
    frame = read_table(save(tmp_path, f"{names}\n{row}\n{row}\n"))
    assert frame.shape == (2, 10_000)
    assert frame["c9999"].to_list() == [9999, 9999]


def test_a_huge_field_is_named(tmp_path):
    with pytest.raises(cp.TableFileError, match="line 2 cannot be read: field larger"):
        read_table(save(tmp_path, "a,b\n" + "x" * 200_000 + ",\n"))
