"""Tables that are wide, hostile or out of bounds: read right, or refused before it hurts."""

from __future__ import annotations

import datetime
import io
import os
import random
import subprocess
import sys
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import clearprop as cp
from clearprop.cli import main
from clearprop.tables import memory, text_tables
from clearprop.tables.columns import in_words_of
from clearprop.tables.numerals import is_plain, numeral
from typed_tables import read_table

FIT = {"hidden": [3], "epochs": 2, "compare": False, "progress": False}


def save(tmp_path, content, name="data.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path) -> str:
    with pytest.raises(cp.TableFileError) as caught:
        read_table(path)
    assert str(caught.value).isprintable()
    return str(caught.value)


class TestWideHeaders:
    """The csv module takes 131,072 characters in a field, which is a limit of fields."""

    @pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("gap", ["", "0"], ids=["by csv", "by polars"])
    def test_many_names(self, mark, gap, tmp_path):
        names = [f"ENSG{i:011d}" for i in range(10_000)]
        row = [str(i % 5) for i in range(9_999)]
        lines = [names, [*row, "1"], [*row, gap or ""]]
        path = save(tmp_path, "\n".join(mark.join(line) for line in lines))
        frame = read_table(path)
        assert frame.columns == names
        assert frame.shape == (2, 10_000)
        assert frame[names[4]].to_list() == [4, 4]
        assert frame[names[-1]].to_list() == [1, 0 if gap else None]

    def test_quoted_names(self, tmp_path):
        names = [f"gene {i:06d}, of mice" for i in range(8_000)]
        text = ",".join(f'"{name}"' for name in names) + "\n" + ",".join(["1"] * 8_000) + "\n"
        assert read_table(save(tmp_path, text)).columns == names

    def test_a_name_that_is_too_long(self, tmp_path):
        path = save(tmp_path, "\n\n" + "x" * 131_073 + "\n1\n")
        assert "line 3 cannot be read: it has a column name of more than 131,072" in refusal(path)

    def test_the_limit_of_the_process_is_left_alone(self, tmp_path, monkeypatch):
        """It is the whole process's, as the umask is: other threads read by it."""
        import csv

        def limit(new=None):
            assert new is None
            return 131_072

        monkeypatch.setattr(csv, "field_size_limit", limit)
        refusal(save(tmp_path, "x" * 131_073 + "\n1\n"))


def test_lines_are_split_as_python_splits_them():
    r = random.Random(0)
    for _ in range(3000):
        text = "".join(r.choice('a\r\n",') for _ in range(r.randrange(12)))
        assert list(text_tables.lines_of(text)) == list(io.StringIO(text, newline=""))


class TestQuotes:
    @pytest.mark.parametrize(
        "text", ['a,b\n1,2\n3,"{}\n4,5\n', 'a,"{}', 'a,b\n1,2\n"3,{}\n"4,5\n"'], ids=["cell", "name", "three"]
    )  # fmt: skip
    def test_a_long_line_with_an_open_quote(self, text, tmp_path):
        """Found in one go, with no more memory than a few copies of the file."""
        path = save(tmp_path, text.format("x" * 20_000_000))
        tracemalloc.start()
        message = refusal(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert "a quote that is not closed?" in message
        assert peak < 4 * 20e6
        where = "line 1" if text.startswith('a,"') else "line 3"
        assert f"{where} cannot be read" in message

    def test_many_lines_behind_an_open_quote(self, tmp_path):
        path = save(tmp_path, 'a,b\n1,2\n3,"' + "x,y\n" * 200_000)
        assert "lines 3 to " in refusal(path)

    def test_an_odd_number_of_quotes_may_be_right(self, tmp_path):
        text = 'size,n\n5" pipe,1\nplain,2\n"quoted, so",3\n'
        assert read_table(save(tmp_path, text)).rows() == [
            ('5" pipe', 1), ("plain", 2), ("quoted, so", 3)
        ]  # fmt: skip

    def test_a_long_cell_is_read(self, tmp_path):
        text = 'a,b\n"' + "x" * 200_000 + '",1\ny,2\n'
        assert read_table(save(tmp_path, text))["a"].str.len_chars().to_list() == [200_000, 1]


class TestDigits:
    """Digits are 0 to 9, by every door; others are letters."""

    @pytest.mark.parametrize("word", ["１２", "٣", "৪", "²", "1２", "１.5", "1e１", "½", "Ⅻ"])
    def test_they_are_text_in_files_and_frames(self, word, tmp_path):
        assert numeral(word, ".") is None
        assert numeral(word, ",") is None
        assert not is_plain(word)
        values = [*map(str, range(1, 20)), word]
        lines = "".join(f"{value},{i % 2}\n" for i, value in enumerate(values))
        frame = read_table(save(tmp_path, f"a,y\n{lines}"))
        assert frame["a"].to_list() == values
        semicolons = read_table(save(tmp_path, f"a;b\n1,5;{word},5\n2,5;1.000\n"))
        assert semicolons["b"].dtype == pl.String
        pandas = pd.DataFrame({"a": values, "y": frame["y"].to_list()})
        for table in (frame, pandas):
            report = cp.Model.fit(table, "y", keep=["a"], **FIT).report
            assert report.inputs == {"a": "number"}
            assert (
                f"'a': 1 of 20 cells taken as missing, being no number: {word!r}" in report.notes[0]
            )

    def test_the_command(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        lines = [f"{n},{'uv'[n % 2]}\n" for n in [*range(13, 23)] * 4]
        save(tmp_path, "a,y\n１２,u\n" + "".join(lines))
        done = CliRunner().invoke(main, ["train", "data.csv", "--target", "y", "--epochs", "1"])
        assert done.exit_code == 0, done.output
        assert "'１２' in row 0" in " ".join(done.stdout.split())

    def test_a_category_is_known_by_numerals_alone(self):
        assert in_words_of(["12", "10"], ["12.0", "1e1", "１２", "1_0"]) == [
            "12",
            "10",
            "１２",
            "1_0",
        ]

    def test_categories_of_such_digits_become_onnx(self):
        table = pd.DataFrame({"c": ["²", "5²", "--5", "１２", "007", "-3"] * 10, "x": range(60)})
        table["y"] = ["p", "q"] * 30
        model = cp.Model.fit(table, "y", drop=["x"], **FIT)
        [encoder] = [node for node in model.to_onnx().graph.node if node.op_type == "LabelEncoder"]
        [keys] = [one.strings for one in encoder.attribute if one.name == "keys_strings"]
        assert {key.decode() for key in keys if key.endswith(b".0")} == {"-3.0"}


class TestRoom:
    """Rows and bytes are known before anything is decoded."""

    def bomb(self, path, rows=3_000_000, **columns):
        """Write a file of kilobytes with so many rows."""
        made = columns or {"a": pa.nulls(rows, pa.int64()).fill_null(0)}
        pq.write_table(pa.table(made), path, compression="zstd")
        return path

    def test_a_parquet_of_many_rows(self, tmp_path, monkeypatch):
        path = self.bomb(tmp_path / "bomb.parquet")
        assert path.stat().st_size < 100_000
        monkeypatch.setattr(memory, "memory", lambda: 90_000_000)
        monkeypatch.setattr(pl, "read_parquet", None)  # which would decode
        message = refusal(path)
        assert "has 3,000,000 rows of 1 column, which would take 0.0 GB" in message
        assert "a table may take 0.0 GB here" in message

    def test_the_process_is_not_aborted(self, tmp_path):
        """In a process of its own, whose memory the system limits."""
        if sys.platform == "win32":
            pytest.skip("limits of processes are POSIX's")
        zeros = pa.nulls(100_000_000, pa.int8()).fill_null(0)
        path = self.bomb(tmp_path / "bomb.parquet", a=zeros, b=zeros, c=zeros)
        code = (
            "import resource, sys\n"
            "resource.setrlimit(resource.RLIMIT_AS, (4_000_000_000, 4_000_000_000))\n"
            "from clearprop.tables.table_files import read_table\n"
            "try: read_table(sys.argv[1])\n"
            "except Exception as error: print(type(error).__name__, error)"
        )
        done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "100,000,000 rows of 3 columns, which would take 4.8 GB of memory" in done.stdout
        assert "a table may take 2.0 GB here" in done.stdout
        assert done.stdout.startswith("TableFileError")

    @pytest.mark.parametrize("name", ["t.arrow", "t.parquet"])
    def test_a_text_that_all_rows_share(self, name, tmp_path, monkeypatch):
        """A file of kilobytes, a table of megabytes, and a gigabyte of Python's texts."""
        table = pl.DataFrame(
            {"a": pl.repeat("x" * 100_000, 10_000, eager=True), "b": range(10_000)}
        )
        write = table.write_ipc if name == "t.arrow" else table.write_parquet
        if name == "t.arrow":
            write(tmp_path / name, compression="zstd")
        else:
            write(tmp_path / name)
        monkeypatch.setattr(memory, "memory", lambda: 1_000_000_000)
        assert "would take 1.0 GB of memory; a table may take 0.5 GB" in refusal(tmp_path / name)

    def test_a_compressed_arrow_file(self, tmp_path, monkeypatch):
        buffer = io.BytesIO()
        pl.DataFrame({"a": pl.zeros(1_000_000, eager=True)}).write_ipc(buffer, compression="zstd")
        path = save(tmp_path, buffer.getvalue(), "t.arrow")
        assert path.stat().st_size < 100_000
        monkeypatch.setattr(memory, "memory", lambda: 30_000_000)
        monkeypatch.setattr(pl, "read_ipc", None)
        assert "has 1,000,000 rows of 1 column," in refusal(path)

    @pytest.mark.parametrize("listed", [False, True])
    def test_json_whose_rows_have_columns_of_their_own(self, listed, tmp_path, monkeypatch):
        rows = [f'{{"k{i}": 1, "\\"{i}": 2}}' for i in range(3_000)]
        text = f"[{','.join(rows)}]" if listed else "\n".join(rows)
        path = save(tmp_path, text, "t.json")
        monkeypatch.setattr(memory, "memory", lambda: 500_000_000)
        monkeypatch.setattr(pl, "read_json" if listed else "read_ndjson", None)
        assert "has 3,000 rows of 6,000 columns" in refusal(path)

    def test_whatever_has_room_is_read(self, tmp_path, monkeypatch):
        """All types; and one byte less is too little."""
        n = 1000
        table = pl.DataFrame(
            {
                "a": range(n),
                "l": [[i, 2] for i in range(n)],
                "s": ["x", None] * (n // 2),
                "d": [datetime.date(2024, 1, 1)] * n,
            }
        ).with_columns(pl.col("s").cast(pl.Categorical).alias("c"), pl.lit(None).alias("n"))
        taken = n * (
            4 * memory.NUMBER + 2 * memory.TEXT + 1
        )  # a letter in half of each text column
        for name, write in (("t.parquet", table.write_parquet), ("t.arrow", table.write_ipc)):
            write(tmp_path / name)
            monkeypatch.setattr(memory, "memory", lambda: 2 * taken)
            assert read_table(tmp_path / name).rows() == table.rows()
            monkeypatch.setattr(memory, "memory", lambda: 2 * taken - 2)
            assert "1,000 rows of 6 columns" in refusal(tmp_path / name)

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows does not say")
    def test_what_may_be_used(self, tmp_path, monkeypatch):
        whole = memory.memory()
        assert 1e8 < whole <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        (tmp_path / "memory.max").write_text("max\n")
        monkeypatch.setattr(memory, "_GROUPS", tmp_path)
        assert memory.memory() >= whole
        (tmp_path / "memory.max").write_text("123456789\n")
        assert memory.memory() == 123_456_789


class TestNoFiles:
    @pytest.mark.skipif(sys.platform == "win32", reason="pipes and devices are POSIX's")
    def test_pipes_and_links_to_devices(self, tmp_path):
        os.mkfifo(tmp_path / "pipe.csv")
        (tmp_path / "zero.csv").symlink_to("/dev/zero")
        (tmp_path / "null.parquet").symlink_to("/dev/null")
        (tmp_path / "loop.csv").symlink_to("loop.csv")
        assert "pipe.csv is a pipe: give a file" in refusal(tmp_path / "pipe.csv")
        for name in ("zero.csv", "null.parquet"):
            assert f"{name} is a device or a socket: give a file" in refusal(tmp_path / name)
        assert "loop.csv cannot be read: Too many levels" in refusal(tmp_path / "loop.csv")

    def test_a_link_to_a_table_is_read(self, tmp_path):
        path = save(tmp_path, "a\n1\n", "real.csv")
        (tmp_path / "link.csv").symlink_to(path)
        assert read_table(tmp_path / "link.csv").rows() == [(1,)]

    def test_a_wrong_ending_is_not_read(self, tmp_path, monkeypatch):
        with (tmp_path / "huge.xls").open("wb") as file:
            file.truncate(10**12)
        assert "known are .csv" in refusal(tmp_path / "huge.xls")

    def test_a_file_larger_than_memory(self, tmp_path, monkeypatch):
        with (tmp_path / "huge.csv").open("wb") as file:
            file.truncate(2**43)
        message = refusal(tmp_path / "huge.csv")
        assert "huge.csv has 8,796.1 GB, and a table may take" in message


class TestTargets:
    def test_whole_numbers_that_float_cannot_tell_apart_stay_floats(self, tmp_path):
        x = np.linspace(-1, 1, 40)
        table = pd.DataFrame({"x": x, "y": np.where(x > 0, 1e20, 2e20)})
        model = cp.Model.fit(table, "y", task="classification", **FIT)
        assert model.classes == [1e20, 2e20]
        assert model.predict(table).dtype == np.float64
        model.save(tmp_path / "m")
        table.to_csv(tmp_path / "t.csv", index=False)
        found = CliRunner().invoke(main, ["predict", str(tmp_path / "m"), str(tmp_path / "t.csv")])
        assert found.exit_code == 0, found.output
        assert cp.Model.load(tmp_path / "m").classes == [1e20, 2e20]

    def test_a_class_that_ends_with_a_zero_character(self):
        table = pd.DataFrame({"x": range(40), "y": ["a", "a\0"] * 20})
        with pytest.raises(cp.TargetError, match=r"holds 'a\\x00', a text with a zero character"):
            cp.Model.fit(table, "y", **FIT)

    def test_half_a_surrogate_pair_is_refused_before_training(self):
        table = pd.DataFrame(
            {"x": range(40), "c": ["é", "b"] * 20, "y": ["a", "b"] * 20}, dtype=object
        )
        cp.Model.fit(table, "y", **FIT)
        for name in ("c", "y"):
            odd = table.copy()
            odd.loc[3, name] = "half \ud800"
            with pytest.raises(
                cp.TypeOfDataError, match=r"'half \\ud800', which is no Unicode text"
            ):
                cp.Model.fit(odd, "y", **FIT)

    def test_predictions_beyond_a_double(self):
        x = np.linspace(-1, 1, 40)
        model = cp.Model.fit(pd.DataFrame({"x": x, "y": x * 1e150}), "y", **FIT)
        model.network["b2"][:] = 1e38
        model._target = type(model._target)("y", (), 1e308, 1e300)
        with pytest.raises(cp.NonFiniteError, match="predictions are too large for float64"):
            model.predict(pd.DataFrame({"x": x}))

    def test_a_number_far_outside_training_is_clipped_without_a_warning(self):
        x = np.linspace(-1, 1, 40)
        model = cp.Model.fit(pd.DataFrame({"x": x * 1e-9, "y": x}), "y", **FIT)
        far = model.encode(pd.DataFrame({"x": [1e308, -1e308]}))
        assert far.ravel().tolist() == [1e6, -1e6]
