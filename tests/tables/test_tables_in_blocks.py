"""Tables in blocks: what is read a block at a time is what is read at once; what is damaged."""

from __future__ import annotations

import datetime
import gzip

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import clearprop as cp
from clearprop.errors import ClearpropError, ColumnError, FileMissingError, TableFileError
from clearprop.estimators import MLPRegressor
from clearprop.files import unchanged_file
from clearprop.tables.blocks import arrow, files, parquet, text
from clearprop.tables.blocks.files import TableFiles
from clearprop.tables.blocks.lazy import LazyTable
from clearprop.tables.blocks.skipped import Skipped
from clearprop.tables.table_files import read_table

N = 3_000


def frame(n=N, seed=0):
    rng = np.random.default_rng(seed)
    words = rng.choice(["a", "ü", 'say "b"', "c,d", "e\nf"], n)
    days = [datetime.date(2020, 1, 1) + datetime.timedelta(int(k)) for k in rng.integers(0, 99, n)]
    numbers = pl.Series(rng.normal(size=n))
    return pl.DataFrame({
        "x": numbers.set(pl.Series(rng.random(n) < 0.1), None),
        "k": rng.integers(0, 5, n), "w": words, "day": days, "yes": rng.random(n) < 0.5,
    }).with_columns(cat=pl.col("w").cast(pl.Categorical), many=pl.concat_list("k", "k"))  # fmt: skip


FLAT = frame().drop("many")


def arrow_stream(path, batch=700):
    table = FLAT.to_arrow()
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=batch)


def arrow_file(path):
    table = FLAT.drop("cat").to_arrow()
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=700)


WAYS = {
    "groups.parquet": lambda path: frame().write_parquet(path, row_group_size=700),
    "one.parquet": lambda path: FLAT.write_parquet(path),
    "plain.parquet": lambda path: FLAT.write_parquet(path, compression="uncompressed"),
    "polars.arrow": lambda path: frame().write_ipc(path, record_batch_size=700),
    "plain.arrow": lambda path: FLAT.drop("cat").write_ipc(path, record_batch_size=700),
    "zstd.feather": lambda path: frame().write_ipc(path, compression="zstd"),
    "pyarrow.ipc": arrow_file,
    "stream.arrow": arrow_stream,
    "t.csv": lambda path: FLAT.write_csv(path),
    "t.tsv": lambda path: FLAT.write_csv(path, separator="\t"),
    "crlf.csv": lambda path: FLAT.write_csv(path, line_terminator="\r\n"),
    "mac.csv": lambda path: FLAT.drop("w", "cat").write_csv(path, line_terminator="\r"),
    "t.csv.gz": lambda path: path.write_bytes(gzip.compress(FLAT.write_csv().encode())),
    "utf16.csv": lambda path: path.write_text(FLAT.write_csv(), encoding="utf-16"),
    "old.csv": lambda path: path.write_text(
        "a,b\n" + "1,x\n" * 2900 + "2,Zürich\n" * 9, encoding="windows-1252"
    ),
    "stray.csv": lambda path: path.write_text('a,b\n"1\n2",5" pipe\n' + '3,"q"\n' * 900),
    "t.jsonl": lambda path: FLAT.drop("day").write_ndjson(path),
}


@pytest.fixture
def small(monkeypatch):
    """Pieces so small that each file has many."""
    for module in (files, parquet, arrow):
        monkeypatch.setattr(module, "ROWS", 900)
    monkeypatch.setattr(text, "CHUNK", 5_000)


@pytest.mark.parametrize("name", WAYS)
def test_blocks_are_the_table(name, tmp_path, small):
    path = tmp_path / name
    WAYS[name](path)
    whole = read_table(path)
    source = TableFiles(path)
    blocks = list(source.blocks())
    assert pl.concat([one.frame for one in blocks]).equals(whole.frame)
    assert all(one.frame.schema == whole.frame.schema for one in blocks)
    assert [one.first for one in blocks] == np.cumsum([0, *(b.rows for b in blocks[:-1])]).tolist()
    assert (source.separator, source.typed) == (whole.separator, whole.typed)
    assert source.notes == list(whole.notes)
    if name not in ("t.jsonl", "one.parquet", "plain.parquet"):
        assert len(blocks) > 1
    if source.starts is None:
        assert source.rows is None
        return
    assert source.rows == whole.frame.height
    order = np.random.default_rng(0).permutation(len(blocks)).tolist()
    for one, number in zip(source.blocks(order), order, strict=True):
        assert one.first == source.starts[number] == blocks[number].first
        assert one.frame.equals(blocks[number].frame)


def test_a_large_group_is_read_in_parts(tmp_path, monkeypatch):
    """The pages of each column begin at rows of their own."""
    table = FLAT.with_columns(t=pl.datetime(2020, 1, 1, time_zone="UTC"), none=pl.lit(None))
    table.write_parquet(tmp_path / "t.parquet", data_page_size=500)
    monkeypatch.setattr(parquet, "LARGE", 40_000)
    blocks = list(TableFiles(tmp_path / "t.parquet").blocks())
    assert len(blocks) > 5
    assert blocks[1].where.endswith(f"row group 0, its rows {blocks[1].first:,} to "
                                    f"{blocks[1].first + blocks[1].rows - 1:,}")  # fmt: skip
    whole = read_table(tmp_path / "t.parquet").frame
    assert pl.concat([one.frame for one in blocks]).equals(whole)
    assert blocks[2].frame.schema == whole.schema


def test_passes_that_go_on_at_once_do_not_mix_their_batches(tmp_path, monkeypatch):
    n = 10_000
    table = pa.table({"x": np.arange(2 * n, dtype="float64")})
    with pa.ipc.new_file(tmp_path / "t.arrow", table.schema) as writer:
        writer.write_table(table, max_chunksize=n)
    monkeypatch.setattr(arrow, "ROWS", 900)
    source = TableFiles(tmp_path / "t.arrow", window=n)
    theirs = ("a batch of another pass", pl.DataFrame({"x": [-1.0] * n}))
    # Whatever a pass puts there, another replaces at once.
    monkeypatch.setattr(
        arrow.ArrowFile, "_kept", property(lambda _: theirs, lambda *_: None), raising=False
    )
    for block in source.blocks():
        assert block.frame["x"].to_list() == list(range(block.first, block.first + block.rows))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"a": [1, 2]}, {"a": [0.5]}),
        ({"a": ["x"]}, {"a": pl.Series(["y"], dtype=pl.Categorical)}),
        ({"a": pl.Series([1], dtype=pl.Int8), "b": ["x"]}, {"b": ["y"], "a": [2]}),
        ({"a": [datetime.date(2020, 1, 1)]}, {"a": [datetime.datetime(2021, 1, 1, 5)]}),
        ({"a": pl.Series([None], dtype=pl.Null)}, {"a": [1]}),
    ],
)
def test_files_of_one_table_have_one_type(first, second, tmp_path):
    pl.DataFrame(first).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame(second).write_parquet(tmp_path / "2.parquet")
    whole = read_table(tmp_path).frame
    for source in (tmp_path, f"{tmp_path}/*.parquet"):
        frames = [one.frame for one in TableFiles(source).blocks()]
        assert pl.concat(frames).equals(whole)
        assert {str(one.schema) for one in frames} == {str(whole.schema)}


def test_files_that_are_not_of_one_table(tmp_path):
    pl.DataFrame({"a": [2**60]}).write_parquet(tmp_path / "1.parquet")
    pl.DataFrame({"a": [0.5]}).write_parquet(tmp_path / "2.parquet")
    with pytest.raises(ColumnError, match="1.parquet has whole numbers beyond"):
        list(TableFiles(tmp_path).blocks())
    pl.DataFrame({"a": ["x"]}).write_parquet(tmp_path / "3.parquet")
    with pytest.raises(ColumnError, match="has text in column 'a'"):
        TableFiles(tmp_path)
    with pytest.raises(FileMissingError, match="there is no file"):
        TableFiles(tmp_path / "x*.csv")


def outcome(path, skip_bad):
    """The rows that are read, or the error in one line."""
    try:
        source = TableFiles(path, skip_bad=skip_bad)
        frames = [one.frame for one in source.blocks()]
    except ClearpropError as error:
        wrong = error
    else:
        return pl.concat(frames), source.skipped
    assert "\n" not in str(wrong)
    assert str(path) in str(wrong)
    return None, wrong


@pytest.mark.parametrize("name", ["groups.parquet", "pyarrow.ipc", "plain.arrow", "stream.arrow",
                                  "t.csv.gz"])  # fmt: skip
def test_a_truncated_file(name, tmp_path, small):
    """At any place it is an error; with skip_bad, what is there is a beginning of the table."""
    path = tmp_path / name
    WAYS[name](path)
    whole, content = read_table(path).frame, path.read_bytes()
    rows = []
    for size in [*range(1, 80, 7), *np.linspace(80, len(content) - 12, 40).astype(int).tolist()]:
        path.write_bytes(content[:size])
        assert isinstance(outcome(path, False)[1], ClearpropError), size
        found, skipped = outcome(path, True)
        if found is not None:
            assert found.equals(whole[: found.height])
            assert "truncated" in str(skipped), size
            rows.append(found.height)
    assert (max(rows, default=0) > 0) == (name != "groups.parquet")  # it says at its end what it is
    path.write_bytes(content)
    assert outcome(path, True)[0].equals(whole)


@pytest.mark.parametrize("name", ["groups.parquet", "one.parquet", "pyarrow.ipc", "polars.arrow",
                                  "stream.arrow", "zstd.feather"])  # fmt: skip
@pytest.mark.parametrize("seed", range(15))
def test_flipped_bytes(name, seed, tmp_path, small, capfd):
    """They are found, or change values alone: never more, and nothing else is raised."""
    path = tmp_path / name
    WAYS[name](path)
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(8, len(content), int(rng.integers(1, 30))):
        content[at] ^= 1 << int(rng.integers(8))
    path.write_bytes(content)
    strict, _ = outcome(path, False)
    found, skipped = outcome(path, True)
    if strict is not None:
        assert found is not None
        assert not skipped
    elif found is not None:
        assert skipped
        assert str(skipped.first[0]) in str(skipped)
    capfd.readouterr()  # a panic of polars says more there


@pytest.mark.parametrize("name", ["groups.parquet", "plain.arrow", "pyarrow.ipc", "t.csv"])
@pytest.mark.parametrize("skip_bad", [False, True])
def test_a_file_that_is_replaced_while_it_is_read(name, skip_bad, tmp_path, small):
    """By one of the same size too, whose rows would be taken for others: nothing is skipped then."""
    path, other = tmp_path / name, tmp_path / f"other_{name}"
    WAYS[name](path)
    other.write_bytes(path.read_bytes())
    table = TableFiles(path, skip_bad=skip_bad)
    assert table.rows == N
    other.replace(path)
    for numbers in (None, [0]):
        with pytest.raises(TableFileError, match=f"{name} was changed or replaced since it was"):
            list(table.blocks(numbers))
    assert sum(one.rows for one in TableFiles(path).blocks()) == N


def test_a_text_that_is_replaced_while_it_is_read(tmp_path, small, monkeypatch):
    """It is seen by what is read, too, where a system does not say when a file was written."""
    monkeypatch.setattr(unchanged_file, "mark_of", lambda found: ())
    path = tmp_path / "t.csv"
    lines = ["k,v", *(f"{k},{k / 8:.3f}" for k in range(N))]
    path.write_text("\n".join(lines))
    table = TableFiles(path)
    last = len(table.starts) - 1
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.truncate(size - 2)  # the last number is another then, and a number still
    with pytest.raises(TableFileError, match=r"t.csv is truncated: it ends at byte .* replaced\?"):
        list(table.blocks([last]))
    path.write_text("\n".join(lines).replace("7,0.875\n8,1.000\n", f"7,{'1' * 13}\n"))
    with pytest.raises(TableFileError, match=r"t.csv, lines 2 to .* rows, and had .* replaced"):
        list(table.blocks([0]))


def test_a_bad_group_is_named_and_skipped(tmp_path, small):
    path = tmp_path / "t.parquet"
    FLAT.write_parquet(path, row_group_size=300, compression="zstd")
    groups = TableFiles(path)._files[0]._groups
    content = bytearray(path.read_bytes())
    start = groups[4].chunks[0].start
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(TableFileError, match=r"t.parquet, row group 4 cannot be read as Parquet"):
        list(TableFiles(path).blocks())
    source = TableFiles(path, skip_bad=True)
    kept = pl.concat([FLAT[:1200], FLAT[1500:]])
    assert pl.concat([one.frame for one in source.blocks()]).equals(kept)
    assert (source.skipped.places, source.skipped.rows) == (1, 300)
    assert str(source.skipped).startswith(f"skipped 1 place (300 rows): {path}, row group 4 cannot")
    assert source.rows == kept.height  # numbered through
    back = list(source.blocks(range(len(source.starts))))
    assert pl.concat([one.frame for one in back]).equals(kept)


def test_lines_that_are_no_rows(tmp_path, small):
    path = tmp_path / "t.csv"
    lines = [f"{k},{k % 7}" for k in range(4000)]
    lines[1000] = "1,2,3"
    lines[3000] = '"a"b,1'
    path.write_text("a,b\n" + "\n".join(lines) + "\n")
    with pytest.raises(TableFileError, match=r"t.csv line 1002 has 3 fields"):
        list(TableFiles(path).blocks())
    source = TableFiles(path, skip_bad=True)
    rows = pl.concat([one.frame for one in source.blocks()])
    assert rows["a"].to_list() == [str(k) for k in range(4000) if k not in (1000, 3000)]
    assert "skipped 2 places (2 rows): " in str(source.skipped)
    assert "line 3002 cannot be read" in str(source.skipped)
    assert (source.rows, source.skipped.places) == (3998, 2)


def test_rows_behind_a_quote_that_nobody_closes_are_so_many_at_most(tmp_path, small):
    path = tmp_path / "t.csv"
    lines = [f"{k},{k % 7}" for k in range(4000)]
    lines[1000], lines[3900] = "1,2,3", '"1,2'
    path.write_text("a,b\n" + "\n".join(lines) + "\n")
    source = TableFiles(path, skip_bad=True)
    assert (source.rows, source.skipped.rows, source.skipped.most) == (3899, 2, 101)
    said = f"skipped 2 places (2 to 101 rows): {path} line 1002 has 3 fields"
    assert str(source.skipped).startswith(said)
    assert "; " + str(path) + " lines 3902 to 4001 cannot be read" in str(source.skipped)
    packed = tmp_path / "t.csv.gz"
    text = "a,b\n" + "".join(f"{k},{k}\n" for k in range(4000))
    packed.write_bytes(gzip.compress(text.encode())[:-50])
    source = TableFiles([path, packed], skip_bad=True)
    assert sum(one.rows for one in source.blocks()) > 3899
    assert str(source.skipped).startswith("skipped 3 places (at least 2 rows): ")


def test_a_count_that_goes_on_knows_what_nobody_could_count():
    before = Skipped()
    before.add("a.parquet is truncated")
    for goes_on, said in ((before, "a.parquet is truncated"), (Skipped(), "")):
        other = goes_on.copy()
        other.add("b.csv line 2 has 3 fields", 1, 1)
        start = "skipped 2 places (at least 1 row): " if said else "skipped 1 place (1 row): "
        assert str(other) == start + f"{said}; b.csv line 2 has 3 fields".removeprefix("; ")
    assert str(before) == "skipped 1 place: a.parquet is truncated"


def test_categories_at_the_end_of_a_truncated_file(tmp_path):
    path = tmp_path / "t.arrow"
    table = pl.DataFrame({"a": range(900), "c": pl.Series(["u", "v", "w"] * 300).cast(pl.Categorical)})  # fmt: skip
    table.write_ipc(path, record_batch_size=300)
    path.write_bytes(path.read_bytes()[:-3])
    source = TableFiles(path, skip_bad=True)
    with pytest.raises(
        TableFileError,
        match=r"batch 0 cannot be read: its categories stand at the end of the file, which is cut",
    ):
        list(source.blocks())


def test_a_bad_file_of_several(tmp_path):
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "1.parquet")
    (tmp_path / "2.parquet").write_bytes((tmp_path / "1.parquet").read_bytes()[:-9])
    with pytest.raises(TableFileError, match="2.parquet is truncated: it ends at byte"):
        TableFiles(tmp_path)
    source = TableFiles(tmp_path, skip_bad=True)
    assert source.rows == 1
    assert "2.parquet is truncated" in str(source.skipped)
    (tmp_path / "1.parquet").write_bytes(b"PAR1")
    with pytest.raises(TableFileError, match="none of 2 files can be read"):
        TableFiles(tmp_path, skip_bad=True)


def test_nothing_in_it(tmp_path):
    pl.DataFrame({"a": []}).write_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("a,b\n")
    (tmp_path / "e.csv").write_text("\n \n")
    for name, said in (("t.parquet", "has no rows"), ("t.csv", "has a header but no rows"),
                       ("e.csv", "is empty")):  # fmt: skip
        for read in (read_table, lambda path: list(TableFiles(path).blocks())):
            with pytest.raises(TableFileError, match=f"{name} {said}"):
                read(tmp_path / name)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16", "utf-8-sig", None])
def test_a_mark_before_a_text_whose_encoding_is_said(encoding, tmp_path, small):
    text = FLAT.select("k", "w").write_csv()
    path = tmp_path / "t.csv"
    writes_it = encoding in ("utf-16", "utf-8-sig")
    path.write_bytes(f"{'' if writes_it else chr(0xFEFF)}{text}".encode(encoding or "utf-8"))
    table = TableFiles(path, encoding=encoding, window=2_000)
    rows = [row for block in table.blocks() for row in block.frame.rows()]
    assert rows == [(str(k), w) for k, w in FLAT.select("k", "w").rows()]
    if table.starts is not None:
        again = table.blocks(range(len(table.starts)))
        assert [row for block in again for row in block.frame.rows()] == rows


@pytest.mark.parametrize("bad", ["caf\xe9,\xc3\xa9", "M\xb3\xb3\xb3\xf0"])
def test_an_encoding_nobody_can_guess(bad, tmp_path, small):
    """What speaks against it may stand behind what was read by then."""
    path = tmp_path / "t.csv"
    rows = ["1,x"] * 3000
    rows[100], rows[2900] = "1,caf\xe9", f"1,{bad}".replace("\xe9,", "\xe9 ")
    path.write_bytes(("a,b\n" + "\n".join(rows)).encode("latin-1"))
    for read in (read_table, lambda path: list(TableFiles(path).blocks())):
        with pytest.raises(TableFileError, match="is not UTF-8: line"):
            read(path)


def test_a_lazyframe():
    lazy = frame(N).lazy().filter(pl.col("k") > 1)
    source = LazyTable(lazy)
    whole = lazy.collect()
    for _ in range(2):
        assert pl.concat([one.frame for one in source.blocks()]).equals(whole)
    bad = LazyTable(frame(9).lazy().with_columns(pl.col("w").cast(pl.Int64, strict=True)))
    with pytest.raises(TableFileError, match="the LazyFrame cannot be computed behind its first 0"):
        list(bad.blocks())
    with pytest.raises(cp.ShapeError, match="no rows"):
        list(LazyTable(lazy.filter(pl.col("k") > 99)).blocks())
    with pytest.raises(TableFileError, match="cannot be computed"):
        LazyTable(lazy.select("nothing"))


def whole_then_not(folder):
    """Write a table in two files, of which the first has whole numbers in its target alone."""
    folder.mkdir()
    x = np.random.default_rng(0).normal(size=(2, 300))
    parts = np.arange(300) % 5 * 1.0, x[1] * 2
    for name, one, y in zip("ab", x, parts, strict=True):
        pl.DataFrame({"x": one, "y": y}).write_parquet(folder / f"{name}.parquet")
        pl.DataFrame({"x": one, "y": y}).write_csv(folder / f"{name}.csv")
    return x.reshape(-1, 1), np.concatenate(parts)


@pytest.mark.parametrize("window", [100, 1000])
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_numbers_to_predict_that_are_whole_at_first(kind, window, tmp_path):
    X, y = whole_then_not(tmp_path / "t")
    streamed, known = (cp.Network([1, 1], "identity", seed=0) for _ in range(2))
    given = {"loss": "squared_error", "epochs": 2, "batch_size": 50, "shuffle": False}
    stream = cp.stream(str(tmp_path / "t" / f"*.{kind}"), target="y", window=window)
    cp.train(streamed, stream, **given)
    cp.train(known, X, y, **given)
    assert np.array_equal(streamed.parameters, known.parameters)
    labels = cp.Network([1, 5], output="softmax", seed=0)
    with pytest.raises(cp.DataError, match=rf"in .*b.{kind}.*but labels are integers"):
        cp.train(labels, stream, epochs=1)


def test_whole_numbers_beyond_int64(tmp_path):
    pl.DataFrame({"x": [0.5, 1.5], "y": [1e19, 2.0]}).write_parquet(tmp_path / "t.parquet")
    [block] = cp.stream(tmp_path / "t.parquet", target="y").numbers().blocks()
    assert block.y.tolist() == [1e19, 2.0]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("window", [100, 1000])
def test_train_says_what_it_skips(window, tmp_path):
    whole_then_not(tmp_path / "t")
    bad = tmp_path / "t" / "b.parquet"
    bad.write_bytes(bad.read_bytes()[:-30])
    stream = cp.stream(str(tmp_path / "t" / "*.parquet"), target="y", window=window, skip_bad=True)
    network = cp.Network([1, 1], "identity", loss="squared_error", seed=0)
    with pytest.warns(cp.TableWarning, match="skipped 1 place: .*b.parquet is truncated"):
        cp.train(network, stream, epochs=1)
    estimator = MLPRegressor(max_iter=1, random_state=0)
    with pytest.warns(cp.TableWarning, match="skipped 1 place: .*b.parquet is truncated"):
        estimator.fit(stream)


@pytest.mark.parametrize("window", [64, 1_000])
@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
def test_integers_beyond_what_float64_tells_apart_are_numbers(name, window, tmp_path):
    """In one row of one block they are no reason to take the whole column for names."""
    table = pl.DataFrame({"x": np.arange(300) % 7, "big": np.arange(300) % 5, "y": np.zeros(300)})
    table[250, "big"] = 2**60 + 1
    path = tmp_path / name
    table.write_parquet(path) if name == "t.parquet" else table.write_ipc(path)
    blocks = [*cp.stream(path, target="y", window=window).numbers().blocks()]
    found = np.concatenate([block.X for block in blocks])
    np.testing.assert_array_equal(found, table["x", "big"].to_numpy().astype(np.float64))


@pytest.mark.parametrize("name", ["", " "])
def test_a_column_without_a_name_is_refused_as_in_memory(name, tmp_path):
    table = pl.DataFrame({"x": [0.5, 1.5], name: [1, 2], "y": [0, 1]})
    table.write_parquet(tmp_path / "t.parquet")
    for source in (tmp_path / "t.parquet", table.lazy()):
        with pytest.raises(ColumnError, match="column 2 of the table has no name: give it one"):
            cp.train(cp.Network([2, 1]), cp.stream(source, target="y"), epochs=1)
        for window in (3, 100):
            with pytest.raises(ColumnError, match="column 2 of the table has no name: give it one"):
                cp.Model.fit(cp.stream(source, window=window), "y", epochs=1, compare=False)


def test_a_column_that_no_model_needs_may_lack_a_name(tmp_path):
    """And has none where rows are carried."""
    table = pl.DataFrame({"x": np.arange(60) / 7, "y": np.arange(60) % 2})
    model = cp.Model.fit(table, "y", epochs=1, compare=False)
    wider = table.with_columns(pl.lit(5).alias(""))
    wider.write_parquet(tmp_path / "t.parquet", row_group_size=7)
    found = model.predict(cp.stream(tmp_path / "t.parquet"))
    np.testing.assert_array_equal(found, model.predict(table))
    [block, *_] = cp.stream(tmp_path / "t.parquet").source.blocks()
    assert block.frame.columns == ["x", "y", ""]


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_a_packed_text_that_is_cut_gives_whole_rows_alone(kind, tmp_path):
    """Also of a file that is shorter than what is read at once; a row that is cut is none."""
    from clearprop.tables.packing import pack

    path = tmp_path / f"t.csv.{kind}"
    rng = np.random.default_rng(0)
    table = pl.DataFrame(
        {"a": rng.integers(10**8, 10**9, 4000), "b": rng.integers(10**8, 10**9, 4000)}
    )
    content = pack(table.write_csv().encode(), {"gz": "gzip", "zst": "zstd"}[kind], path)
    path.write_bytes(content)
    whole = read_table(path).frame
    heights = []
    for share in (0.3, 0.5, 0.7, 0.9):
        path.write_bytes(content[: int(share * len(content))])
        found, skipped = outcome(path, True)
        if found is None:  # nothing of it could be unpacked
            continue
        assert found.equals(whole[: found.height])
        assert "truncated" in str(skipped)
        heights.append(found.height)
    assert heights == sorted(heights)
    if kind == "gz":
        assert heights[0] > 500
