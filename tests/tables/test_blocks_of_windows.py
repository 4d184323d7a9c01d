"""Blocks of tables suit their window, however small; passes over one table do not disturb others."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import clearprop as cp
from clearprop.tables.blocks import text
from clearprop.tables.blocks.files import TableFiles
from clearprop.tables.table_files import read_table
from clearprop.training.job import check_job
from clearprop.training.streamed_rows import StreamedRows
from clearprop.training.windows import Windows

N, WINDOW = 20_000, 1_600


def table():
    rng = np.random.default_rng(0)
    return pl.DataFrame({"row": np.arange(N), "x": rng.normal(size=N)})


def arrow_stream(path):
    rows = table().to_arrow()
    with pa.ipc.new_stream(path, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=50)


WAYS = {
    "t.parquet": lambda path: table().write_parquet(path, row_group_size=50),
    "t.arrow": arrow_stream,
    "t.csv": lambda path: table().write_csv(path),
    "t.jsonl": lambda path: table().write_ndjson(path),
}


def windows_of(stream):
    """The rows of each window of two epochs, by their numbers."""
    network = cp.Network([1, 1], "identity", loss="squared_error", seed=0)
    streamed = StreamedRows(stream.numbers(), network)
    job = check_job(
        network, streamed.head, batch_size=32, epochs=2, l2=0.0, dropout=0.0, shards=1, seed=0,
        rows=streamed.rows, shuffle=True,
    )  # fmt: skip
    windows = Windows(streamed, job, stream.window)
    numbers = range(-(-N // stream.window))
    try:
        for epoch in range(2):
            found = []
            for number in numbers:  # whose memory the next but one takes
                data = windows.at(epoch, number, lambda: False)
                found.append(set(data.X[:, 0].astype(int).tolist()))
            yield found
    finally:
        windows.close()


@pytest.mark.parametrize("name", WAYS)
def test_small_windows_have_other_rows_in_each_epoch(name, tmp_path):
    WAYS[name](tmp_path / name)
    stream = cp.stream(tmp_path / name, window=WINDOW, target="x")
    first, second = windows_of(stream)
    for epoch in (first, second):
        assert set.union(*epoch) == set(range(N))
    most = max(len(one & other) for one in first for other in second)
    assert most < WINDOW * 0.9
    assert np.diff(stream.source.starts).max() <= WINDOW // 2


@pytest.mark.parametrize("window", [10, 2_000, None])
def test_rows_longer_than_what_is_read_at_once(window, tmp_path, monkeypatch):
    """Of a header, and of cells of many lines."""
    rng = np.random.default_rng(0)
    names = [f"a column with a name of its own, number {k}" for k in range(900)]
    rows = rng.integers(0, 10, (300, 900)).astype(str)
    long = "one line,\r\nand another, " + "x" * 500 + "\n"
    rows[::7, 0] = "short"
    frame = pl.DataFrame(rows, schema=names, orient="row")
    cells = pl.Series([long * 60 if k % 50 == 9 else 'a "b"' for k in range(300)])
    frame = frame.with_columns(cells.alias(names[5]))
    monkeypatch.setattr(text, "_LEAST", 1_000)
    for ending in ("\n", "\r\n"):
        path = tmp_path / "t.csv"
        frame.write_csv(path, line_terminator=ending, include_bom=True)
        blocks = list(TableFiles(path, window=window).blocks())
        assert pl.concat([one.frame for one in blocks]).equals(read_table(path).frame)
        assert (len(blocks) > 1) == (window is not None)


def test_a_quote_that_nobody_closes_is_found_in_time(tmp_path, monkeypatch):
    """What waits for the end of a row is not gone through for each part that is read."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1,2\n" * 2_000 + '1,"2\n' + "1,2\n" * 100_000)
    calls = []
    whole = text.complete_lines
    monkeypatch.setattr(text, "complete_lines", lambda *given: calls.append(1) or whole(*given))
    monkeypatch.setattr(text, "_LEAST", 1_000)
    with pytest.raises(cp.TableFileError, match="lines 2002 to.*quote that is not closed"):
        list(TableFiles(path, window=16).blocks())
    assert len(calls) < 60


def bad_group(path):
    """Write a table whose row group 3 cannot be read."""
    table().write_parquet(path, row_group_size=1_000)
    content = bytearray(path.read_bytes())
    start = TableFiles(path)._files[0]._groups[3].chunks[0].start
    content[start : start + 60] = b"\xff" * 60
    path.write_bytes(content)


def test_each_pass_counts_what_it_skips(tmp_path):
    bad_group(tmp_path / "t.parquet")
    source = TableFiles(tmp_path / "t.parquet", skip_bad=True, window=WINDOW)
    assert source.rows == N - 1_000
    one, other = source.blocks(), source.blocks()
    for _ in range(6):
        next(one)
        next(other)
    assert source.skipped.places == 1
    next(source.blocks())  # what nobody goes on with counts nothing
    assert (source.skipped.places, source.skipped.rows) == (1, 1_000)
    for left in (one, other):
        list(left)
        assert (source.skipped.places, source.skipped.rows) == (1, 1_000)


def test_the_report_counts_what_is_skipped_once(tmp_path):
    bad_group(tmp_path / "t.parquet")
    stream = cp.stream(tmp_path / "t.parquet", window=4_000, skip_bad=True)
    model = cp.Model.fit(stream, "x", keep=["row"], epochs=2, compare=False, progress=False, seed=0)
    [note] = [note for note in model.report.notes if "skipped" in note]
    assert note.startswith("skipped 1 place (1,000 rows): ")
    assert sum(model.report.rows.values()) == N - 1_000


def test_a_checkpoint_knows_the_size_of_blocks(tmp_path):
    table().write_parquet(tmp_path / "t.parquet", row_group_size=50)
    one, same, other = (
        TableFiles(tmp_path / "t.parquet", window=window).identity() for window in (800, 800, 1600)
    )
    assert one == same != other


@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_a_checkpoint_knows_beginning_middle_and_end_of_a_file(place, tmp_path):
    path = tmp_path / "t.csv"
    text = b"k,v\n" + b"1,2\n" * 100_000
    path.write_bytes(text)
    known = TableFiles(path).identity()
    at = 4 + 4 * round(place * 99_999)
    path.write_bytes(text[:at] + b"3" + text[at + 1 :])
    assert TableFiles(path).identity() != known
