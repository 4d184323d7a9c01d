"""Sizes that files declare, beside pyarrow's reading of them, and tables that are refused by them."""

import io

import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest

import clearprop as cp
from clearprop.tables import memory, table_files
from clearprop.tables.declared_sizes import declared_size
from clearprop.tables.table_files import read_table

ROWS = 1_000
TABLE = pl.DataFrame(
    {
        "whole": range(ROWS),
        "text": ["x" * 10] * ROWS,
        "list": [[1, 2, 3]] * ROWS,
        "struct": [{"a": 1.5, "b": None}] * ROWS,
        "truth": [True, None] * (ROWS // 2),
        "category": pl.Series(["u", "v"] * (ROWS // 2), dtype=pl.Categorical),
    }
)


def of_polars(compression):
    buffer = io.BytesIO()
    TABLE.write_parquet(buffer, compression=compression, row_group_size=300)
    return buffer.getvalue()


def of_pyarrow(compression):
    buffer = io.BytesIO()
    pq.write_table(TABLE.to_arrow(), buffer, compression=compression, row_group_size=300)
    return buffer.getvalue()


@pytest.mark.parametrize("compression", ["zstd", "snappy", "NONE"])
@pytest.mark.parametrize("write", [of_polars, of_pyarrow])
def test_parquet_as_pyarrow_reads_it(write, compression):
    if write is of_polars and compression == "NONE":
        compression = "uncompressed"
    content = write(compression)
    said = pq.ParquetFile(io.BytesIO(content)).metadata
    groups = [said.row_group(i) for i in range(said.num_row_groups)]
    columns = [group.column(j) for group in groups for j in range(said.num_columns)]
    assert len(groups) >= 3
    assert declared_size(content, "Parquet") == (
        sum(column.num_values for column in columns),
        sum(column.total_uncompressed_size for column in columns),
    )


@pytest.mark.parametrize("compression", ["zstd", "lz4"])
def test_arrow_compressed_declares_what_it_is_uncompressed(compression):
    sizes = []
    for one in (compression, "uncompressed"):
        buffer = io.BytesIO()
        pyarrow.feather.write_feather(TABLE.to_arrow(), buffer, compression=one, chunksize=300)
        sizes.append(declared_size(buffer.getvalue(), "Arrow"))
    packed, plain = sizes
    assert packed.values == plain.values >= 9 * ROWS
    assert packed.size == pytest.approx(plain.size, rel=0.05)  # which has gaps, up to 64 bytes


@pytest.mark.parametrize("kind", ["Parquet", "Arrow"])
def test_damage_is_a_value_error(kind):
    buffer = io.BytesIO()
    (TABLE.write_parquet if kind == "Parquet" else TABLE.write_ipc)(buffer)
    content = bytearray(buffer.getvalue())
    for place in range(len(content) - 2_000, len(content)):
        damaged = content.copy()
        damaged[place] ^= 0xFF
        try:
            declared_size(bytes(damaged), kind)
        except ValueError:
            continue
    with pytest.raises(ValueError, match="damaged"):
        declared_size(bytes(2), kind)


class TestPages:
    """Pages say how many values they have, for which polars takes memory before it reads them."""

    def damaged(self, version, values):
        """A file of 100 rows, whose page of data says that it has so many values."""
        buffer = io.BytesIO()
        table = pa.table({"a": pa.array([*range(100)], pa.int64())})
        pq.write_table(
            table, buffer, use_dictionary=False, data_page_version=version, compression="NONE",
            write_statistics=False,
        )  # fmt: skip
        content = bytearray(buffer.getvalue())
        # Thrift's compact protocol: field 1 of the page's own header, 100 in zigzag; one byte more
        # or less would move all that lies behind.
        at = content.index(b"\x15\xc8\x01", 4)
        assert at < 40
        zigzag = values << 1 ^ values >> 63
        content[at + 1 : at + 3] = zigzag & 127 | 128, zigzag >> 7
        return bytes(content)

    @pytest.mark.parametrize("version", ["1.0", "2.0"])
    @pytest.mark.parametrize("values", [-1, -11, -8192, 101, 8000])
    def test_a_page_that_has_more_values_than_its_column(self, version, values, tmp_path):
        (tmp_path / "t.parquet").write_bytes(self.damaged(version, values))
        with pytest.raises(cp.TableFileError, match="page says of its size is damaged") as caught:
            read_table(tmp_path / "t.parquet")
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("version", ["1.0", "2.0"])
    def test_the_same_bytes_with_the_right_number_are_read(self, version, tmp_path):
        (tmp_path / "t.parquet").write_bytes(self.damaged(version, 100))
        assert read_table(tmp_path / "t.parquet")[0].height == 100

    @pytest.mark.parametrize("version", ["1.0", "2.0"])
    @pytest.mark.parametrize("dictionary", [True, False])
    @pytest.mark.parametrize("compression", ["NONE", "snappy", "gzip", "zstd"])
    def test_files_of_many_small_pages(self, compression, dictionary, version):
        buffer = io.BytesIO()
        pq.write_table(
            TABLE.to_arrow(), buffer, use_dictionary=dictionary, data_page_version=version,
            compression=compression, data_page_size=64, write_batch_size=7,
            dictionary_pagesize_limit=64, write_page_index=True,
        )  # fmt: skip
        assert declared_size(buffer.getvalue(), "Parquet").values >= 6 * ROWS


class TestRefused:
    """Kilobytes that would be gigabytes: refused before they are decoded."""

    def refusal(self, monkeypatch, path):
        assert path.stat().st_size < 200_000
        monkeypatch.setattr(memory, "memory", lambda: 100_000_000)
        for name in ("read_parquet", "read_ipc", "read_csv", "read_ndjson"):
            monkeypatch.setattr(pl, name, None)  # which would decode
        with pytest.raises(cp.TableFileError, match="of memory; a table may take 0.1 GB") as caught:
            read_table(path)
        return str(caught.value)

    @pytest.mark.parametrize(
        "column",
        [
            pa.ListArray.from_arrays([0, 5_000_000], pa.nulls(5_000_000, pa.int8()).fill_null(0)),
            pa.array([["x" * 40_000_000]]),
            pa.array(["x" * 40_000_000]),
            pa.array([b"x" * 40_000_000]),
        ],
        ids=["list", "list of text", "text", "binary"],
    )
    @pytest.mark.parametrize("ending", ["parquet", "arrow"])
    def test_one_row(self, ending, column, tmp_path, monkeypatch):
        table, path = pa.table({"a": column}), tmp_path / f"t.{ending}"
        if ending == "parquet":
            pq.write_table(table, path, compression="zstd", use_dictionary=False)
        else:
            pyarrow.feather.write_feather(table, str(path), compression="zstd")
        assert "has 1 row of 1 column," in self.refusal(monkeypatch, path)

    def test_a_structure_of_many_fields(self, tmp_path, monkeypatch):
        fields = {f"f{i}": pa.nulls(20_000, pa.int64()) for i in range(200)}
        column = pa.StructArray.from_arrays([*fields.values()], [*fields])
        pq.write_table(pa.table({"a": column}), tmp_path / "t.parquet", compression="zstd")
        assert "has 20,000 rows of 1 column," in self.refusal(monkeypatch, tmp_path / "t.parquet")

    def test_a_csv_of_many_columns(self, tmp_path, monkeypatch):
        path = tmp_path / "t.csv"
        path.write_text("," * 50_000 + "\n" + "," * 50_000 + "\n")
        assert "of 50,001 columns" in self.refusal(monkeypatch, path)

    def test_objects_in_lines_of_json(self, tmp_path, monkeypatch):
        path = tmp_path / "t.jsonl"
        inner = ",".join(f'{{"k{i}":1}}' for i in range(3_000))
        path.write_text(f'{{"a":[{inner}],"y":1}}\n')
        assert "would take 1.3 GB" in self.refusal(monkeypatch, path)


@pytest.mark.parametrize("name", ["t.parquet", "t.arrow"])
@pytest.mark.parametrize("dtype", [pl.Categorical(), pl.Enum(["x" * 100_000, "y"])])
def test_a_category_that_all_rows_share(dtype, name, tmp_path, monkeypatch):
    """Once a row, when they are Python's texts."""
    table = pl.DataFrame({"a": pl.Series(["x" * 100_000, "y"] * 10_000, dtype=dtype)})
    (table.write_parquet if name == "t.parquet" else table.write_ipc)(tmp_path / name)
    monkeypatch.setattr(memory, "memory", lambda: 1_000_000_000)
    with pytest.raises(cp.TableFileError, match=r"take 1.0 GB of memory; a table may take 0.5 GB"):
        read_table(tmp_path / name)


def test_texts_are_counted_where_they_stand():
    assert table_files._text_bytes(pl.Series(["ä", None, "bcd"])) == 5
    repeated = pl.Series(["ä", None, "bcd", "bcd"], dtype=pl.Categorical)
    assert table_files._text_bytes(repeated) == 8
    assert table_files._text_bytes(pl.Series([1, 2])) == 0
