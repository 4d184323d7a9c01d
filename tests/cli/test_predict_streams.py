"""`predict` on files of any size: the values of tables in memory, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.tables import known_blocks
from clearprop.tables.blocks import text
from clearprop.tables.table_files import as_bytes
from command_line import invoke

N = 9_000


def table(n=N, seed=0):
    rng = np.random.default_rng(seed)
    frame = pl.DataFrame({f"x{k}": rng.normal(size=n).round(4) for k in range(3)})
    words = pl.Series(rng.choice(["a", "b", "c", "dé"], n))
    y = np.where(rng.random(n) < 0.3, "no", np.where(frame["x0"] > 0, "yes", "may be"))
    days = pl.Series(rng.integers(0, 999, n)).cast(pl.Date)
    return frame.with_columns(
        w=words, day=days, n=pl.Series(rng.integers(0, 99, n)), y=pl.Series(y)
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    few = {"epochs": 2, "compare": False, "progress": False, "hidden": 8}
    cp.Model.fit(table(900), "y", **few).save(folder / "class")
    cp.Model.fit(table(900), "x0", quantiles=[0.1, 0.5, 0.9], **few).save(folder / "number")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of its own, and blocks so small that a table has many."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(known_blocks, "ROWS", 4_096)
    monkeypatch.setattr(text, "CHUNK", 60_000)
    return tmp_path


def in_memory(model, frame, carry):
    """What `predict` writes with all options, from the methods of a model."""
    columns = {name: frame[name] for name in carry} | {"prediction": model.predict(frame)}
    if model.classes:
        shares = model.predict_proba(frame).T
        columns |= {f"probability_{c}": p for c, p in zip(model.classes, shares, strict=True)}
    columns["why"] = model.why(frame)
    shares = model.attributions(frame).T
    columns |= {f"adds_{name}": one for name, one in zip(model.columns, shares, strict=True)}
    if not model.classes:
        ends = model.predict_interval(frame, 0.8).T
        columns |= dict(zip(("lower", "upper"), ends, strict=True))
        found = model.predict_quantiles(frame).T
        columns |= {f"quantile_{q}": v for q, v in zip(model.quantiles, found, strict=True)}
    return columns


@pytest.mark.parametrize("name", ["class", "number"])
def test_all_options_give_the_bits_of_a_table_in_memory(models, here, name):
    frame = table(4_500, 1)
    model = cp.Model.load(models / name)
    columns = in_memory(model, frame, ["w", "day"])
    frame.write_parquet("t.parquet", row_group_size=1_000)
    frame.write_csv("t.csv")
    own = ["--probabilities"] if model.classes else ["--interval", "0.8", "--quantiles"]
    asked = ["--carry", "w", "--carry", "day", "--why", "--attributions", *own]
    for source, out in (("t.parquet", "o.csv"), ("t.csv", "o.csv"), ("t.parquet", "o.parquet")):
        done = invoke("predict", str(models / name), source, *asked, "--out", out, "--force")
        assert done.exit_code == 0, done.output
        if out == "o.parquet":
            assert pl.read_parquet(out).equals(pl.DataFrame(columns))
        else:
            assert Path(out).read_bytes() == as_bytes(columns, Path(out))


def test_every_kind_of_file_is_written(models, here):
    frame = table(N, 1)
    frame.write_csv("t.csv")
    model = cp.Model.load(models / "class")
    columns = {"w": frame["w"], "prediction": model.predict(frame)}
    for out in ("o.tsv", "o.csv.gz", "o.jsonl", "o.json", "o.arrow", "o.xlsx"):
        assert model.predict_to("t.csv", out, carry=["w"]) == N
        wanted = as_bytes(columns, Path(out))
        assert Path(out).read_bytes() == wanted or out in ("o.arrow", "o.xlsx")
    assert pl.read_ipc("o.arrow").equals(pl.DataFrame(columns))
    printed = invoke("predict", str(models / "class"), "t.csv", "--carry-all")
    lines = [line.rpartition(",")[0] for line in printed.stdout.splitlines()]
    assert lines == Path("t.csv").read_text().splitlines()


def test_how_a_file_is_cut_changes_no_byte(models, here):
    frame = table(N, 2)
    found = set()
    for k, size in enumerate((100, 1_000, 4_096, 5_000, N)):
        frame.write_parquet(f"{k}.parquet", row_group_size=size)
        rows = cp.Model.load(models / "class").predict_to(
            f"{k}.parquet", "o.parquet", probabilities=True
        )
        assert rows == N
        found.add(Path("o.parquet").read_bytes())
    assert len(found) == 1
    assert pl.scan_parquet("o.parquet").select(pl.len()).collect().item() == N


def test_streams_and_lazyframes(models, here):
    frame = table(N, 3)
    frame.write_csv("t.csv")
    for name in ("class", "number"):
        model = cp.Model.load(models / name)
        methods = [model.predict, model.predict_proba if model.classes else model.predict_quantiles]
        methods += [] if model.classes else [model.predict_interval]
        for method in methods:
            whole = method(frame)
            for source in (cp.stream("t.csv"), frame.lazy()):
                assert np.array_equal(method(source), whole)
    with pytest.raises(cp.ArgumentError, match="a stream of numbers"):
        model.predict(cp.stream(np.zeros((3, 1)), np.zeros(3)))
    with pytest.raises(cp.ArgumentError, match="give a path"):
        model.predict_to(frame, "o.csv")


def test_what_is_said_counts_all_rows(models, here):
    """As for a table in memory: cells, values unlike those of training, rows by their numbers."""
    frame = table(N, 4).with_columns(pl.col("x1").cast(pl.String))
    rows = np.arange(N)
    odd = pl.Series((rows == 5_000) | (rows > 8_990))
    frame = frame.with_columns(
        x1=pl.when(odd).then(pl.lit("tall")).otherwise("x1"),
        w=pl.when(pl.Series(rows > 4_000)).then(pl.lit("new")).otherwise("w"),
    )
    frame.write_csv("t.csv")
    done = invoke("predict", str(models / "class"), "t.csv", "--report", "--out", "o.csv")
    assert "'x1': 10 of 9,000 cells taken as missing, being no number: 'tall' in row 5000" in (
        done.stderr
    )
    assert "In 9,000 rows, values unlike" in done.stderr
    assert "4,999" in done.stderr
    error = invoke("predict", str(models / "class"), "t.csv", "--unreadable", "error")
    assert "'tall' in row 5000" in error.stderr
    frame = table(N, 4).with_columns(x1=pl.Series(np.where(rows == 7_000, np.inf, 1.0)))
    frame.write_parquet("t.parquet")
    refused = invoke("predict", str(models / "class"), "t.parquet", "--out", "p.csv")
    assert "column 'x1', row 7000 (from 0) is inf" in refused.stderr
    assert not Path("p.csv").exists()


def test_damage_leaves_the_old_file_or_is_skipped(models, here):
    frame = table(N, 5)
    frame.write_parquet("t.parquet", row_group_size=1_000, compression="zstd")
    from clearprop.tables.blocks.parquet import ParquetFile

    start = ParquetFile(Path("t.parquet"))._groups[6].chunks[0].start
    content = bytearray(Path("t.parquet").read_bytes())
    content[start : start + 40] = b"\xff" * 40
    Path("t.parquet").write_bytes(content)
    Path("o.csv").write_text("old")
    asked = ("predict", str(models / "class"), "t.parquet", "--out", "o.csv", "--force")
    done = invoke(*asked)
    assert done.exit_code == 1
    assert "t.parquet, row group 6 cannot be read as Parquet" in done.stderr
    assert Path("o.csv").read_text() == "old"
    assert {path.name for path in here.iterdir()} == {"t.parquet", "o.csv"}
    done = invoke(*asked, "--skip-bad")
    assert done.exit_code == 0
    assert "skipped 1 place (1,000 rows): t.parquet, row group 6" in done.stderr
    assert "8,000 predictions in o.csv" in done.stdout
    kept = pl.concat([frame[:6_000], frame[7_000:]])
    wanted = cp.Model.load(models / "class").predict(kept).tolist()
    assert pl.read_csv("o.csv")["prediction"].to_list() == wanted


PEAK = """
import sys
import clearprop as cp
from clearprop.tables import known_blocks
from clearprop.tables.blocks import text

known_blocks.ROWS, text.CHUNK = 16_384, 1 << 20  # else what allocators keep grows for long
model, source, out = sys.argv[1:]
cp.Model.load(model).predict_to(source, out, probabilities=True)
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux counts the peak")
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_memory_is_bounded(models, tmp_path, ending):
    peaks = []
    for times in (8, 24):  # what allocators keep has come to its end by the first
        path = tmp_path / f"t{times}.{ending}"
        frame = pl.concat([table(65_536, seed) for seed in range(times)])
        if ending == "csv":
            frame.write_csv(path)
        else:
            frame.write_parquet(path, row_group_size=65_536)
        done = subprocess.run(
            [sys.executable, "-c", PEAK, models / "class", path, tmp_path / f"o.{ending}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout))
    assert peaks[1] < 1.2 * peaks[0]
