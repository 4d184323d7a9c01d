"""`clearprop train --window`: tables larger than memory, of files."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from command_line import invoke, refused, unmeasured
from framed_streams import mixed

QUICK = ("--hidden", "8", "--epochs", "2", "--no-compare", "--quiet")


def write(table, path, rows=100):
    if path.suffix == ".parquet":
        table.write_parquet(path, row_group_size=rows)
    elif path.suffix == ".arrow":
        table.write_ipc(path, record_batch_size=rows)
    else:
        table.write_csv(path, separator=";" if "semi" in path.stem else ",")
    return path


def trained(path, out, *options):
    result = invoke("train", path, "--target", "grade", "--out", out, *QUICK, *options)
    assert result.exit_code == 0, result.output
    return cp.Model.load(out)


@pytest.mark.parametrize(
    "name", ["t.parquet", "t.arrow", "t.csv", "semicolons.csv", "t.csv.gz", "folder"]
)
class TestFiles:
    @pytest.fixture
    def path(self, name, tmp_path):
        table = mixed(900)
        if name == "folder":
            folder = tmp_path / name
            folder.mkdir()
            for part in range(3):
                write(table[part * 300 : part * 300 + 300], folder / f"part {part}.parquet")
            return folder
        if name.endswith(".gz"):
            import gzip

            path = tmp_path / name
            path.write_bytes(gzip.compress(table.write_csv().encode()))
            return path
        return write(table, tmp_path / name)

    def test_a_window_that_holds_all_gives_the_same_model(self, path, tmp_path):
        found = trained(path, tmp_path / "found.safetensors", "--window", "900")
        same = trained(path, tmp_path / "same.safetensors")
        np.testing.assert_array_equal(found.network.parameters, same.network.parameters)
        assert found._encoding.header() == same._encoding.header()
        reports = [{**one.report.to_dict(), "training": None} for one in (found, same)]
        assert reports[0] == reports[1]

    def test_a_smaller_one_streams(self, path, tmp_path):
        found = trained(path, tmp_path / "found.safetensors", "--window", "400")
        rows = found.report.rows
        assert sum(rows.values()) == 900
        assert rows["test"] == pytest.approx(180, abs=45)
        assert any("sample of 400" in note for note in found.report.notes)
        found.predict(path)


class TestBadRows:
    @pytest.fixture
    def damaged(self, tmp_path):
        """A Parquet file whose row group 4 of 9 is damaged."""
        path = write(mixed(900), tmp_path / "damaged.parquet")
        import pyarrow.parquet as pq

        chunk = pq.ParquetFile(path).metadata.row_group(4).column(1)
        content = bytearray(path.read_bytes())
        start = chunk.data_page_offset
        content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
        path.write_bytes(content)
        return path

    @pytest.mark.parametrize("window", [400, 900])
    def test_are_an_error_with_their_place(self, damaged, tmp_path, window):
        out = tmp_path / "model.safetensors"
        line = refused("row group 4", "train", damaged, "--target", "grade", "--out", out,
                       *QUICK, "--window", window)  # fmt: skip
        assert str(damaged) in line
        assert not out.exists()

    @pytest.mark.parametrize("window", [400, 900])
    def test_are_left_out_and_counted(self, damaged, tmp_path, window):
        out = tmp_path / "model.safetensors"
        model = trained(damaged, out, "--window", str(window), "--skip-bad")
        assert sum(model.report.rows.values()) == 800
        note = next(note for note in model.report.notes if "skipped" in note)
        assert "100 rows" in note
        assert "row group 4" in note

    def test_json_says_so(self, damaged, tmp_path):
        result = invoke("train", damaged, "--target", "grade", "--out", tmp_path / "m.safetensors",
                        *QUICK[:-1], "--json", "--window", "400", "--skip-bad")  # fmt: skip
        assert any("skipped" in note for note in json.loads(result.stdout)["notes"])


def test_skipping_is_of_streams(tmp_path):
    path = write(mixed(50), tmp_path / "t.csv")
    result = invoke("train", path, "--target", "grade", "--skip-bad")
    assert result.exit_code == 2
    assert "--skip-bad is of --window ROWS" in result.stderr


def test_what_does_not_go_with_a_small_window(tmp_path):
    path = write(mixed(200), tmp_path / "t.csv")
    arguments = ("train", path, "--target", "grade", "--out", tmp_path / "m.safetensors", *QUICK)
    grouped = ("--split-group", "rare")
    refused("takes all rows of a table at once", *arguments, "--window", "100", *grouped)
    assert invoke(*arguments, "--window", "200", *grouped).exit_code == 0


def test_a_table_that_memory_does_not_hold_is_told_of_windows(tmp_path, monkeypatch):
    path = write(mixed(200), tmp_path / "t.parquet")
    monkeypatch.setattr("clearprop.tables.memory.memory", lambda: 10_000)
    refused("clearprop train --window 1000000", "train", path, "--target", "grade")


def test_cp_stream_makes_the_same_model_of_a_lazy_frame_and_of_files(tmp_path):
    path = write(mixed(900), tmp_path / "t.parquet")
    settings = {"hidden": [8], "epochs": 2, "compare": False, "progress": False}
    files = cp.Model.fit(cp.stream(path, window=400, target="grade"), "grade", **settings)
    lazy = cp.Model.fit(cp.stream(pl.scan_parquet(path), window=400), "grade", **settings)
    assert lazy._encoding.header() == files._encoding.header()
    assert lazy.report.rows == files.report.rows
    assert lazy.split is None


MEMORY = """
import sys
import numpy as np
import clearprop as cp

def peak():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))

settings = dict(hidden=[8], epochs=1, compare=False, progress=False, threads=1, drop=["rare"])
model = cp.Model.fit(cp.stream(sys.argv[1], window=20_000), "grade", **settings)
assert sum(model.report.rows.values()) == int(sys.argv[2])
print(peak())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own accounting")
def test_memory_does_not_grow_with_the_rows(tmp_path):
    peaks = []
    part = mixed(50_000)
    for copies in (4, 16):  # with less, what allocators keep is not all there
        path = tmp_path / f"{copies}.parquet"
        pl.concat([part] * copies).write_parquet(path, row_group_size=10_000)
        done = subprocess.run(
            [sys.executable, "-c", MEMORY, path, str(50_000 * copies)],
            capture_output=True, text=True, check=False, env=unmeasured(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout.split()[-1]))
    assert peaks[1] < 1.2 * peaks[0], peaks
