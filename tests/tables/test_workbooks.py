"""Excel: which sheet, which types, and workbooks that would fill the memory."""

from __future__ import annotations

import datetime
import io
import re
import sys
import zipfile

import polars as pl
import pytest
import xlsxwriter

import clearprop as cp
from clearprop.tables import memory
from clearprop.tables.table_files import as_bytes, read_table, write_table

DAY, TIME = datetime.date(2024, 1, 2), datetime.datetime(2024, 1, 2, 3, 4, 5)
ROWS = [["name", "n", "x", "y"], ["Ann", 1, 1.5, True], ["Bob", 2, 2.25, False]]


def workbook(path, sheets, hidden=()):
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            if name in hidden:
                sheet.hide()
            for i, row in enumerate(rows):
                for j, value in enumerate(row):
                    if value is not None:
                        sheet.write(i, j, value)
    return path


class TestTypes:
    def test_of_cells(self, tmp_path):
        rows = [
            ["n", "x", "truth", "day", "at", "of day", "text", "mixed"],
            [1, 1.5, True, DAY, TIME, datetime.time(9, 12), " 007 ", 1.5],
            [2, 2.0, False, DAY, TIME, datetime.time(10, 0), "x", "many"],
        ]
        frame = read_table(workbook(tmp_path / "t.xlsx", {"S": rows})).frame
        assert frame.schema == {
            "n": pl.Int64, "x": pl.Float64, "truth": pl.Boolean, "day": pl.Date, "at": pl.Datetime("ms"),
            "of day": pl.Datetime("ms"), "text": pl.String, "mixed": pl.String,
        }  # fmt: skip
        assert frame.row(0) == (
            1,
            1.5,
            True,
            DAY,
            TIME,
            datetime.datetime(1900, 1, 1, 9, 12),
            " 007 ",
            "1.5",
        )
        assert frame["mixed"][1] == "many"

    def test_types_are_decided_over_all_rows(self, tmp_path):
        rows = [["a", "b"], *([i, i] for i in range(3000)), ["x", 0.5]]
        frame = read_table(workbook(tmp_path / "t.xlsx", {"S": rows})).frame
        assert frame.schema == {"a": pl.String, "b": pl.Float64}

    def test_empty_rows_and_columns_are_none(self, tmp_path):
        rows = [
            [],
            [],
            [None, "a", None, "b", ""],
            [None, 1, None, "x"],
            [],
            [None, 2, None, None],
            [],
        ]
        frame = read_table(workbook(tmp_path / "t.xlsx", {"S": rows})).frame
        assert frame.to_dict(as_series=False) == {"a": [1, 2], "b": ["x", None]}

    def test_names(self, tmp_path):
        rows = [["a", None, 2024], [1, 2, 3]]
        frame = read_table(workbook(tmp_path / "t.xlsx", {"S": rows})).frame
        assert frame.columns == ["a", "column 2", "2024"]
        with pytest.raises(cp.ColumnError, match="2 columns called 'a'"):
            read_table(workbook(tmp_path / "twice.xlsx", {"S": [["a", "a"], [1, 2]]}))

    def test_merged_cells_and_errors(self, tmp_path):
        with xlsxwriter.Workbook(tmp_path / "t.xlsx") as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, ["a", "b"])
            sheet.merge_range(1, 0, 2, 0, "m")
            sheet.write_formula(1, 1, "=1/0", None, "#DIV/0!")
            sheet.write(2, 1, 1.5)
        cells = read_table(tmp_path / "t.xlsx")
        assert cells.frame.rows() == [("m", None), (None, 1.5)]
        assert cells.notes == (
            f"{tmp_path}/t.xlsx has 1 cells with an error, such as #N/A: they are missing",
        )

    def test_text_stays_text_when_written(self, tmp_path):
        table = {
            "a": ["=1+1", "http://x.org", "007", "5"],
            "b": [0.1, float("nan"), float("inf"), None],
        }
        write_table(table, tmp_path / "t.xlsx")
        assert read_table(tmp_path / "t.xlsx").frame["a"].to_list() == table["a"]
        assert read_table(tmp_path / "t.xlsx").frame["b"].to_list() == [0.1, None, None, None]


class TestSheets:
    def test_a_cover_and_hidden_sheets_are_not_read(self, tmp_path):
        sheets = {
            "Cover": [["Report of 2024"]],
            "Lists": [["a", "b"], [0, 0]],
            "Data": ROWS,
            "More": ROWS[:2],
        }
        path = workbook(tmp_path / "t.xlsx", sheets, hidden=["Lists"])
        cells = read_table(path)
        assert cells.frame.height == 2
        [note] = cells.notes
        assert note.endswith(
            "has 4 sheets, and 'Data' is read; sheet= (--sheet) says another: Cover, Lists, More"
        )

    def test_the_one_that_is_named(self, tmp_path):
        path = workbook(tmp_path / "t.xlsx", {"A": ROWS, "B": [["z"], [5]]})
        cells = read_table(path, sheet="B")
        assert cells.frame.rows() == [(5,)]
        assert cells.notes == ()
        with pytest.raises(
            cp.ArgumentError, match=r"has no sheet 'b' \(did you mean 'B'\?\); there are: A, B"
        ):
            read_table(path, sheet="b")

    def test_one_sheet_needs_no_note(self, tmp_path):
        assert read_table(workbook(tmp_path / "t.xlsx", {"A": ROWS})).notes == ()

    def test_titles_are_no_headers(self, tmp_path):
        for blank in ([], [[], []]):
            rows = [*blank, ["Report of 2024"], [], [None, "made by Ann"], *ROWS]
            path = workbook(tmp_path / "t.xlsx", {"A": rows})
            cells = read_table(path)
            assert cells.frame.columns == ROWS[0]
            assert cells.frame.rows() == [tuple(row) for row in ROWS[1:]]
            [note] = cells.notes
            assert note.endswith(
                f"row {len(blank) + 4} of sheet 'A' is its header, and what stands above it is left "
                "out: 'Report of 2024', 'made by Ann'"
            )

    def test_one_column(self, tmp_path):
        path = workbook(tmp_path / "t.xlsx", {"A": [[], ["a"], [1], [2]]})
        assert read_table(path).frame.to_dict(as_series=False) == {"a": [1, 2]}
        assert read_table(path).notes == ()

    def test_nothing_there(self, tmp_path):
        with pytest.raises(cp.TableFileError, match="has no cells in this sheet"):
            read_table(workbook(tmp_path / "t.xlsx", {"A": []}))
        with pytest.raises(cp.TableFileError, match="has a header but no rows"):
            read_table(workbook(tmp_path / "u.xlsx", {"A": ROWS[:1]}))

    @pytest.mark.parametrize("sheet", ["A", 3])
    def test_of_no_workbook(self, sheet, tmp_path):
        (tmp_path / "t.csv").write_text("a\n1\n")
        with pytest.raises(cp.ArgumentError, match="sheet is "):
            read_table(tmp_path / "t.csv", sheet=sheet)


def replaced(path, name, change, lie=False):
    """Write a workbook anew with one of its files changed."""
    with zipfile.ZipFile(path) as archive:
        files = {one.filename: archive.read(one) for one in archive.infolist()}
    files[name] = change(files[name])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for one, content in files.items():
            archive.writestr(one, content)
    if lie:  # of its size, where the directory at the end tells it
        content = bytearray(path.read_bytes())
        at = content.rindex(name.encode()) - 46
        assert content[at : at + 4] == b"PK\1\2"
        content[at + 24 : at + 28] = (100).to_bytes(4, "little")
        path.write_bytes(content)
    return path


class TestRoom:
    """Kilobytes that would be gigabytes: refused before fastexcel sees them."""

    @pytest.fixture(autouse=True)
    def little_memory(self, monkeypatch):
        import fastexcel

        monkeypatch.setattr(memory, "memory", lambda: 40_000_000)
        monkeypatch.setattr(fastexcel, "read_excel", None)

    @pytest.mark.parametrize("lie", [False, True])
    def test_what_unpacks_to_more(self, lie, tmp_path):
        path = workbook(tmp_path / "t.xlsx", {"A": ROWS})
        sheet = "xl/worksheets/sheet1.xml"
        replaced(
            path,
            sheet,
            lambda xml: xml.replace(b"<sheetData>", b" " * 50_000_000 + b"<sheetData>"),
            lie,
        )
        assert path.stat().st_size < 200_000
        with pytest.raises(cp.TableFileError, match="has more than 0.0 GB unpacked"):
            read_table(path)

    @pytest.mark.parametrize(
        "far", [b'<c r="XFD1048576"><v>1</v></c>', b"<c r='xfd1048576' ><v>1</v></c>"]
    )
    def test_two_far_cells(self, far, tmp_path):
        path = workbook(tmp_path / "t.xlsx", {"A": ROWS})
        row = b'<row r="1048576">' + far + b"</row></sheetData>"
        replaced(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", row))
        with pytest.raises(
            cp.TableFileError, match="has 1,048,576 rows of 16,384 columns, which would take 1,7"
        ):
            read_table(path)

    def test_cells_without_names(self, tmp_path):
        path = workbook(tmp_path / "t.xlsx", {"A": ROWS})
        rows = b"<row/>" * 40_000 + b"<row>" + b"<c><v>1</v></c>" * 10_000 + b"</row></sheetData>"
        replaced(path, "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", rows))
        with pytest.raises(cp.TableFileError, match="has 40,00. rows of 10,00. columns"):
            read_table(path)

    def test_a_text_that_all_cells_share(self, tmp_path):
        rows = [["a", "b"], *([1, "x"] for _ in range(2_000))]
        path = workbook(tmp_path / "t.xlsx", {"A": rows})
        replaced(
            path,
            "xl/sharedStrings.xml",
            lambda xml: xml.replace(b"<t>x</t>", b"<t>" + b"x" * 30_000 + b"</t>"),
        )
        assert path.stat().st_size < 100_000
        with pytest.raises(
            cp.TableFileError, match="has 2,001 rows of 2 columns, which would take 0.1 GB"
        ):
            read_table(path)


def test_a_small_workbook_has_room(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "memory", lambda: 40_000_000)
    assert read_table(workbook(tmp_path / "t.xlsx", {"A": ROWS})).frame.height == 2


def test_cells_without_names_are_read(tmp_path):
    """As some programs write them."""
    path = workbook(tmp_path / "t.xlsx", {"A": ROWS})
    replaced(path, "xl/worksheets/sheet1.xml", lambda xml: re.sub(rb' r="[A-Z]*\d+"', b"", xml))
    assert read_table(path).frame.rows() == [("Ann", 1, 1.5, True), ("Bob", 2, 2.25, False)]


def test_damage_is_one_line(tmp_path):
    whole = workbook(tmp_path / "t.xlsx", {"A": ROWS}).read_bytes()
    for end in (100, len(whole) // 2, len(whole) - 30):
        (tmp_path / "t.xlsx").write_bytes(whole[:end])
        with pytest.raises(
            cp.TableFileError, match=r"t.xlsx (cannot be read as Excel|is not Excel)"
        ) as caught:
            read_table(tmp_path / "t.xlsx")
        assert "\n" not in str(caught.value)
    for at in range(30, len(whole), len(whole) // 60):
        content = bytearray(whole)
        content[at] ^= 0xFF
        (tmp_path / "t.xlsx").write_bytes(content)
        try:
            read_table(tmp_path / "t.xlsx")
        except cp.ClearpropError as error:
            assert "\n" not in str(error)  # noqa: PT017


def test_old_workbooks_are_refused(tmp_path):
    (tmp_path / "t.xlsx").write_bytes(b"\xd0\xcf\x11\xe0....")
    with pytest.raises(
        cp.TableFileError, match="is not Excel but an old or encrypted Excel workbook"
    ):
        read_table(tmp_path / "t.xlsx")


def test_what_no_sheet_holds():
    with pytest.raises(
        cp.TableFileError, match="cannot hold 1,048,576 rows of 1 columns: a sheet has"
    ):
        as_bytes({"a": pl.zeros(1_048_576, eager=True)}, tmp("t.xlsx"))


def tmp(name):
    from pathlib import Path

    return Path(name)


@pytest.mark.parametrize(("module", "call"), [("fastexcel", "read"), ("xlsxwriter", "write")])
def test_without_the_extra(module, call, tmp_path, monkeypatch):
    path = workbook(tmp_path / "t.xlsx", {"A": ROWS})
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(cp.MissingExtraError, match=r"t.xlsx needs .*clearprop\[excel\]"):
        read_table(path) if call == "read" else write_table({"a": [1]}, path)
    assert zipfile.is_zipfile(io.BytesIO(path.read_bytes()))
