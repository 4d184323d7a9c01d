"""Packed files, several files of one shape, folders of them, and standard input."""

from __future__ import annotations

import datetime
import gzip
import io
import sys
from pathlib import Path

import polars as pl
import pytest

import clearprop as cp
from clearprop.tables import memory
from clearprop.tables.packing import pack
from clearprop.tables.table_files import read_table, write_table

CSV = b"a,b\n1,x\n2,y\n"
ROWS = [("1", "x"), ("2", "y")]


def save(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


class TestPacked:
    @pytest.mark.parametrize("name", ["t.csv.gz", "t.csv.zst", "T.CSV.GZ"])
    def test_members_behind_one_another(self, name, tmp_path):
        packing = "zstd" if "zst" in name else "gzip"
        parts = pack(CSV[:5], packing, Path(name)) + pack(CSV[5:], packing, Path(name))
        assert read_table(save(tmp_path / name, parts)).frame.rows() == ROWS

    @pytest.mark.parametrize(("ending", "packing"), [("gz", "gzip"), ("zst", "zstd")])
    def test_what_is_wrong(self, ending, packing, tmp_path):
        path = tmp_path / f"t.csv.{ending}"
        whole = pack(CSV * 50, packing, path)
        for content, message in (
            (
                whole[:-9],
                f"t.csv.{ending} is truncated: it ends at byte {len(whole) - 9}, and its "
                f"{packing} goes on; get it anew",
            ),
            (CSV, f"t.csv.{ending} cannot be unpacked by {packing}: "),
            (
                whole[:20] + b"\xff\x00\xff" + whole[23:],
                f"t.csv.{ending} cannot be unpacked by {packing}: ",
            ),
            (pack(b"", packing, path), f"t.csv.{ending} is empty"),
            (pack(b"PAR1....PAR1", packing, path), "is not CSV but Parquet"),
        ):
            with pytest.raises(cp.TableFileError, match=message) as caught:
                read_table(save(path, content))
            assert "\n" not in str(caught.value)

    @pytest.mark.parametrize(("ending", "packing"), [("gz", "gzip"), ("zst", "zstd")])
    def test_bombs_are_unpacked_no_further_than_there_is_room(
        self, ending, packing, tmp_path, monkeypatch
    ):
        path = save(
            tmp_path / f"t.csv.{ending}", pack(b"a\n" + bytes(50_000_000), packing, Path("t"))
        )
        assert path.stat().st_size < 100_000
        monkeypatch.setattr(memory, "memory", lambda: 20_000_000)
        with pytest.raises(
            cp.TableFileError,
            match="has more than 0.0 GB unpacked, and a table may take 0.0 GB here",
        ):
            read_table(path)

    def test_a_packed_file_is_the_same_for_the_same_table(self, tmp_path):
        for name in ("a.csv.gz", "a.csv.zst"):
            contents = []
            for _ in range(2):
                write_table({"a": [1, 2]}, tmp_path / name)
                contents.append((tmp_path / name).read_bytes())
            assert contents[0] == contents[1]

    def test_without_the_extra(self, tmp_path, monkeypatch):
        path = save(tmp_path / "t.csv.zst", pack(CSV, "zstd", Path("t")))
        monkeypatch.setitem(sys.modules, "compression", None)
        monkeypatch.setitem(sys.modules, "backports", None)
        with pytest.raises(
            cp.MissingExtraError, match=r"t.csv.zst needs backports.zstd.*clearprop\[tables\]"
        ):
            read_table(path)


class TestText:
    @pytest.mark.parametrize(
        ("mark", "word"), [("\t", "tabs"), (";", "semicolons"), (",", "commas"), ("|", "bars")]
    )
    def test_what_is_between_the_fields_of_a_txt(self, mark, word, tmp_path):
        cells = read_table(save(tmp_path / "t.txt", CSV.decode().replace(",", mark)))
        assert cells.frame.rows() == ROWS
        assert cells.separator == mark
        assert cells.notes == (
            f"{tmp_path}/t.txt has {word} between fields, as its first line has",
        )

    def test_one_column(self, tmp_path):
        cells = read_table(save(tmp_path / "t.txt", "a\n1\n"))
        assert cells.notes == (f"{tmp_path}/t.txt has one column, as its first line has",)


class TestSeveral:
    def test_columns_in_another_order(self, tmp_path):
        a, b = (
            save(tmp_path / "a.csv", CSV),
            save(tmp_path / "b.csv.gz", gzip.compress(b"b,a\nz,3\n")),
        )
        assert read_table([a, b]).frame.rows() == [*ROWS, ("3", "z")]
        assert read_table((b, str(a))).frame.rows() == [("z", "3"), ("x", "1"), ("y", "2")]

    def test_a_folder_by_name(self, tmp_path):
        for name, row in (
            ("b.csv", "2,y"),
            ("a.csv", "1,x"),
            (".c.csv", "9,z"),
            ("_SUCCESS", ""),
            ("notes.md", ""),
        ):
            save(tmp_path / name, f"a,b\n{row}\n")
        (tmp_path / "deeper").mkdir()
        cells = read_table(tmp_path)
        assert cells.frame.rows() == ROWS
        assert cells.notes == (f"{tmp_path}: deeper, notes.md left alone, as no file of a table",)

    def test_a_folder_without_tables(self, tmp_path):
        save(tmp_path / "notes.md", "x")
        with pytest.raises(cp.TableFileError, match="is a folder without tables"):
            read_table(tmp_path)

    def test_a_part_without_rows(self, tmp_path):
        a, b = save(tmp_path / "a.csv", "a,b\n"), save(tmp_path / "b.csv", CSV)
        assert read_table([a, b]).frame.rows() == ROWS
        with pytest.raises(cp.TableFileError, match="a.csv has a header but no rows"):
            read_table([a])

    @pytest.mark.parametrize(
        ("content", "message", "error"),
        [
            (b"a\n1\n", "b.csv lacks the column 'b', which .*a.csv has", cp.ColumnError),
            (b"a,b,c\n1,2,3\n", "a.csv lacks the column 'c', which .*b.csv has", cp.ColumnError),
            (
                b"a;b\n1;2\n",
                "b.csv has semicolons between fields, and .*a.csv has not",
                cp.TableFileError,
            ),
            (b"", "b.csv is empty", cp.TableFileError),
        ],
    )
    def test_another_shape(self, content, message, error, tmp_path):
        files = [save(tmp_path / "a.csv", CSV), save(tmp_path / "b.csv", content)]
        with pytest.raises(error, match=message) as caught:
            read_table(files)
        assert "\n" not in str(caught.value)

    def test_one_twice(self, tmp_path):
        path = save(tmp_path / "a.csv", CSV)
        (tmp_path / "link.csv").symlink_to(path)
        with pytest.raises(
            cp.ArgumentError, match="link.csv is given twice: its rows would count twice"
        ):
            read_table([path, tmp_path / "link.csv"])

    def test_text_beside_types(self, tmp_path):
        write_table({"a": [1], "b": ["x"]}, tmp_path / "b.parquet")
        with pytest.raises(cp.TableFileError, match=r"a.csv is text, and .*b.parquet has types"):
            read_table([save(tmp_path / "a.csv", CSV), tmp_path / "b.parquet"])

    def test_the_cells_of_all_decide_how_they_are_read(self, tmp_path):
        """A German file whose own numbers could be read two ways."""
        a = save(tmp_path / "a.csv", "km;y\n" + "".join(f"1.{i:03};{i % 2}\n" for i in range(20)))
        b = save(tmp_path / "b.csv", "km;y\n" + "".join(f"{i},5;{i % 2}\n" for i in range(20)))
        model = cp.Model.fit([a, b], "y", epochs=1, compare=False, progress=False)
        assert model.encode([a, b]).shape == (40, 1)
        [km] = model._encoding.inputs
        assert km.reading.decimal == ","

    def test_notes_on_many_files_are_counted(self, tmp_path):
        for i in range(20):
            save(tmp_path / f"{i:02}.txt", CSV)
        *told, last = read_table(tmp_path).notes
        assert len(told) == 8
        assert last == "12 more notes, on other files, are left out"

    def test_memory_is_that_of_all_files(self, tmp_path, monkeypatch):
        files = [save(tmp_path / f"{i}.csv", b"a\n" + b"1234567\n" * 50_000) for i in range(4)]
        monkeypatch.setattr(memory, "memory", lambda: 2_500_000)
        assert read_table(files[:2]).frame.height == 100_000
        with pytest.raises(
            cp.TableFileError, match="3.csv has 0.0 GB beside 0.0 GB of the files before it"
        ):
            read_table(files)


class TestTypes:
    """What columns of several files with types become."""

    def read(self, tmp_path, *series):
        for i, one in enumerate(series):
            pl.DataFrame({"a": one, "b": range(len(one))}).write_parquet(tmp_path / f"{i}.parquet")
        return read_table([tmp_path / f"{i}.parquet" for i in range(len(series))]).frame["a"]

    @pytest.mark.parametrize(
        ("one", "other", "dtype"),
        [
            (pl.Series([1], dtype=pl.Int64), pl.Series([0.5]), pl.Float64),
            (pl.Series([1], dtype=pl.Int8), pl.Series([300], dtype=pl.Int16), pl.Int16),
            (pl.Series([1], dtype=pl.UInt64), pl.Series([-1], dtype=pl.Int64), pl.Float64),
            (pl.Series(["x"]), pl.Series(["y"], dtype=pl.Categorical), pl.String),
            (
                pl.Series(["x"], dtype=pl.Enum(["x"])),
                pl.Series(["y"], dtype=pl.Enum(["y"])),
                pl.String,
            ),
            (pl.Series([None], dtype=pl.Null), pl.Series([1]), pl.Int64),
            (
                pl.Series([datetime.date(2024, 1, 1)]),
                pl.Series([datetime.datetime(2024, 1, 1, 5)]),
                pl.Datetime("us"),
            ),
        ],
    )
    def test_a_type_that_takes_both(self, one, other, dtype, tmp_path):
        for pair in ((one, other), (other, one)):
            found = self.read(tmp_path, *pair)
            assert found.dtype == dtype
            assert found.to_list() == [
                dt(v) if dtype == pl.Datetime("us") else v for s in pair for v in s
            ]

    @pytest.mark.parametrize(
        ("one", "other", "message"),
        [
            (
                pl.Series([1]),
                pl.Series(["x"]),
                "1.parquet has text in column 'a', and .*0.parquet has numbers",
            ),
            (
                pl.Series([True]),
                pl.Series([1]),
                "has numbers in column 'a', and .*has true or false",
            ),
            (pl.Series([2**60]), pl.Series([0.5]), r"0.parquet has whole numbers beyond 2\*\*53"),
            (
                pl.Series([2**60], dtype=pl.UInt64),
                pl.Series([-1]),
                r"0.parquet has whole numbers beyond 2\*\*53",
            ),
            (pl.Series([[1]]), pl.Series([1]), "has numbers in column 'a', and .*List"),
        ],
    )
    def test_types_that_none_takes(self, one, other, message, tmp_path):
        with pytest.raises(cp.ColumnError, match=message):
            self.read(tmp_path, one, other)

    def test_dates_with_and_without_a_zone(self, tmp_path):
        day = pl.Series([datetime.datetime(2024, 1, 1)])
        with pytest.raises(cp.ColumnError, match="column 'a' is Datetime.* in files of one table"):
            self.read(tmp_path, day, day.dt.replace_time_zone("UTC"))


def dt(value):
    return (
        value
        if isinstance(value, datetime.datetime)
        else datetime.datetime(value.year, value.month, value.day)
    )


class TestInput:
    def give(self, monkeypatch, content):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        return read_table("-")

    @pytest.mark.parametrize("packing", ["", "gzip", "zstd"])
    @pytest.mark.parametrize(
        "kind", ["t.csv", "t.tsv", "t.parquet", "t.arrow", "t.json", "t.jsonl", "t.xlsx"]
    )
    def test_what_it_is_its_first_bytes_say(self, kind, packing, tmp_path, monkeypatch):
        write_table({"a": [1, 2], "b": ["x", "y"]}, tmp_path / kind)
        cells = self.give(monkeypatch, pack((tmp_path / kind).read_bytes(), packing, Path("t")))
        assert [(str(a), b) for a, b in cells.frame.rows()] == ROWS
        assert cells.notes == ()

    def test_beside_files(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV)))
        assert read_table([save(tmp_path / "a.csv", CSV), Path("-")]).frame.rows() == ROWS * 2

    def test_what_is_wrong(self, monkeypatch):
        for content, message in ((b"", "standard input is empty"), (b"a\n1,2\n", "standard input line 2"),
                                 (b"%PDF", "standard input is not CSV but a PDF"),
                                 (gzip.compress(CSV)[:-9], "standard input is truncated")):  # fmt: skip
            with pytest.raises(cp.TableFileError, match=message):
                self.give(monkeypatch, content)
        with pytest.raises(
            cp.ArgumentError, match="standard input is given twice|- is given twice"
        ):
            read_table(["-", "-"])
        monkeypatch.setattr(sys, "stdin", None)
        with pytest.raises(cp.TableFileError, match="standard input is closed"):
            read_table("-")

    def test_it_is_read_no_further_than_there_is_room(self, monkeypatch):
        class Endless(io.RawIOBase):
            read_so_far = 0

            def readable(self):
                return True

            def readinto(self, buffer):
                self.read_so_far += len(buffer)
                assert self.read_so_far < 100_000_000
                buffer[:] = b"1\n" * (len(buffer) // 2) + b"1" * (len(buffer) % 2)
                return len(buffer)

        monkeypatch.setattr(memory, "memory", lambda: 20_000_000)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
        with pytest.raises(
            cp.TableFileError, match="standard input has more than 0.0 GB, and a table may take"
        ):
            read_table("-")


def test_a_frame_has_no_encoding():
    with pytest.raises(cp.ArgumentError, match="encoding is 'utf-8', but the table is no file"):
        cp.Model.fit(pl.DataFrame({"a": [1]}), "a", encoding="utf-8")
    with pytest.raises(cp.ArgumentError, match="sheet is 'A', but the table is no file"):
        cp.Model.fit(pl.DataFrame({"a": [1]}), "a", sheet="A")
