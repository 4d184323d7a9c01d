"""The files that commands read and write: packed, several, pipes, workbooks, columns carried along."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import clearprop as cp
from clearprop.cli import main
from clearprop.tables.table_files import read_table, write_table
from command_line import invoke, refused
from example_tables import PENGUINS

TRAIN = ["--target", "species", "--epochs", "2"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a model, and penguins in files of several kinds."""
    folder = tmp_path_factory.mktemp("trained")
    table = pl.from_pandas(PENGUINS)
    write_table(table.to_dict(), folder / "penguins.csv")
    cp.Model.fit(folder / "penguins.csv", "species", epochs=2, compare=False, progress=False).save(
        folder / "m"
    )
    write_table(table.to_dict(), folder / "penguins.csv.gz")
    write_table(table.to_dict(), folder / "penguins.xlsx")
    (folder / "parts").mkdir()
    write_table(table[:100].to_dict(), folder / "parts" / "1.csv")
    write_table(table[100:].to_dict(), folder / "parts" / "2.csv.zst")
    return folder


@pytest.fixture
def here(trained, tmp_path, monkeypatch):
    """A folder of the test's own, with links to what was trained."""
    for one in trained.iterdir():
        (tmp_path / one.name).symlink_to(one)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def given(content, *arguments):
    """Run `clearprop` with bytes as standard input."""
    return CliRunner().invoke(main, list(map(str, arguments)), input=content)


class TestSources:
    @pytest.mark.parametrize(
        "files",
        [["penguins.csv.gz"], ["penguins.xlsx"], ["parts"], ["parts/1.csv", "parts/2.csv.zst"]],
    )
    def test_predictions_of_each(self, files, here):
        expected = invoke("predict", "m", "penguins.csv", "--probabilities")
        found = invoke("predict", "m", *files, "--probabilities")
        assert found.exit_code == 0
        assert found.stdout == expected.stdout
        assert found.stderr == ""
        for command in ("evaluate", "diagnose", "find-lr"):
            assert invoke(command, "m", *files).exit_code == 0

    @pytest.mark.parametrize("pack", [bytes, gzip.compress])
    def test_standard_input(self, pack, here):
        content = Path("penguins.csv").read_bytes()
        expected = invoke("predict", "m", "penguins.csv").stdout
        for out in ([], ["--out", "-"]):
            assert given(pack(content), "predict", "m", "-", *out).stdout == expected
        figures = given(content, "evaluate", "m", "-")
        assert figures.stdout == invoke("evaluate", "m", "penguins.csv").stdout
        assert (
            "344 rows of standard input"
            in given(content, "check", "m", "-", "--drop-missing-target").stdout
        )

    def test_training(self, here):
        for files, stem in (
            (["penguins.csv"], "penguins"),
            (["parts"], "parts"),
            (["parts/1.csv", "parts/2.csv.zst"], "1"),
        ):
            done = invoke("train", *files, "--target", "species", "--epochs", 1)
            assert done.exit_code == 0
            assert f"Saved in {stem}.safetensors" in done.stdout
        a, b, c = (
            cp.Model.load(f"{stem}.safetensors").network.parameters
            for stem in ("penguins", "parts", "1")
        )
        assert np.array_equal(a, b)
        assert np.array_equal(a, c)

    def test_training_from_standard_input_needs_a_name(self, here):
        content = Path("penguins.csv").read_bytes()
        failed = given(content, "train", "-", "--target", "species")
        assert failed.exit_code == 2
        assert "Standard input has no name: say --out MODEL." in failed.stderr
        done = given(
            content, "train", "-", "--target", "species", "--epochs", "1", "--out", "n.safetensors"
        )
        assert done.exit_code == 0

    def test_what_is_wrong(self, here):
        Path("other.csv").write_text("species\nAdelie\n")
        refused(
            "other.csv lacks the column 'island', which penguins.csv has",
            "predict",
            "m",
            "penguins.csv",
            "other.csv",
        )
        refused("penguins.csv is given twice", "predict", "m", "penguins.csv", "penguins.csv")
        refused(
            "penguins.xlsx has no sheet 'Data'", "predict", "m", "penguins.xlsx", "--sheet", "Data"
        )
        refused("encoding is 'klingon'", "predict", "m", "penguins.csv", "--encoding", "klingon")
        (here / "empty").mkdir()
        refused("is a folder without tables", "train", "empty", *TRAIN)
        unused = invoke("explain", "m", "--x", "1", "--y", "1", "--encoding", "utf-8")
        assert unused.exit_code == 2
        assert "are of FILE: give a table" in unused.stderr

    def test_the_table_itself_is_never_the_output(self, here):
        for out in ("parts/2.csv.zst", "parts/1.csv"):
            refused(
                "which is read",
                "predict",
                "m",
                "parts/1.csv",
                "parts/2.csv.zst",
                "--force",
                "--out",
                out,
            )
        refused("ends like a table", "train", "penguins.csv", *TRAIN, "--out", "m.csv.gz")


class TestEncodings:
    def test_a_guess_is_said(self, here):
        text = PENGUINS.assign(island=PENGUINS["island"].replace("Dream", "Träume")).to_csv(
            index=False
        )
        Path("old.csv").write_bytes(text.encode("cp1252"))
        done = invoke("train", "old.csv", *TRAIN)
        assert done.exit_code == 0
        assert "old.csv is not UTF-8 and is read as windows-1252" in " ".join(done.stdout.split())
        assert "island = Träume" in cp.Model.load("old.safetensors").features
        predicted = invoke("predict", "old.safetensors", "old.csv")
        assert predicted.stderr.startswith(
            "Note: old.csv is not UTF-8 and is read as windows-1252, line "
        )
        assert "with 'Träume'" in predicted.stderr
        said = invoke("predict", "old.safetensors", "old.csv", "--encoding", "windows-1252")
        assert (said.stderr, said.stdout) == ("", predicted.stdout)

    def test_no_guess_is_an_error_that_names_the_option(self, here):
        text = PENGUINS.assign(island=PENGUINS["island"].replace("Dream", "Остров")).to_csv(
            index=False
        )
        Path("old.csv").write_bytes(text.encode("cp1251"))
        refused(
            ": say what it is by encoding= (--encoding): windows-1252", "train", "old.csv", *TRAIN
        )
        assert invoke("train", "old.csv", *TRAIN, "--encoding", "windows-1251").exit_code == 0
        assert "island = Остров" in cp.Model.load("old.safetensors").features


class TestOutput:
    @pytest.mark.parametrize(
        "name", ["p.csv.gz", "p.csv.zst", "p.xlsx", "p.txt", "p.parquet", "p.jsonl.gz"]
    )
    def test_every_kind(self, name, here):
        assert invoke("predict", "m", "penguins.csv", "--out", name).exit_code == 0
        expected = cp.Model.load("m").predict("penguins.csv")
        assert read_table(name).frame["prediction"].to_list() == expected.tolist()

    def test_what_cannot_be_written_is_said_first(self, here, monkeypatch):
        monkeypatch.setattr(cp.Model, "load", None)  # never called
        refused("known are .csv", "predict", "m", "penguins.csv", "--out", "p.xls")
        for module, name in (("xlsxwriter", "p.xlsx"), ("backports", "p.csv.zst")):
            monkeypatch.setitem(sys.modules, module, None)
            monkeypatch.setitem(sys.modules, "compression", None)
            refused(f"writing {name} needs", "predict", "m", "penguins.csv", "--out", name)


CELLS = ['" 039,1"', "39.10", "NA", '"say ""hi"""', "1e1", "", "007 "]


class TestCarry:
    def table(self):
        """Return lines whose cells are odd, which predictions can be made from all the same."""
        header, row = Path("penguins.csv").read_text().splitlines()[:2]
        return [f"id,{header},odd", *(f"{i:03},{row},{cell}" for i, cell in enumerate(CELLS))]

    def test_cells_stand_as_they_stood(self, here):
        lines = self.table()
        Path("odd.csv").write_text("\n".join(lines) + "\n")
        plain = invoke("predict", "m", "odd.csv").stdout.splitlines()
        done = invoke(
            "predict", "m", "odd.csv", "--carry", "odd", "--carry", "id"
        ).stdout.splitlines()
        assert done[0] == "odd,id,prediction"
        assert done[1:] == [
            f"{cell},{i:03},{p}" for i, (cell, p) in enumerate(zip(CELLS, plain[1:], strict=True))
        ]
        whole = invoke("predict", "m", "odd.csv", "--carry-all").stdout.splitlines()
        assert whole == [f"{line},{p}" for line, p in zip(lines, plain, strict=True)]

    def test_types_stay(self, here):
        table = pl.from_pandas(PENGUINS).with_row_index("id").with_columns(at=pl.date(2024, 1, 1))
        write_table(table.to_dict(), "t.parquet")
        assert (
            invoke("predict", "m", "t.parquet", "--carry-all", "--out", "p.parquet").exit_code == 0
        )
        assert pl.read_parquet("p.parquet").drop("prediction").equals(table)

    def test_names(self, here):
        refused(
            "--carry names 'yeer', which the table does not have (did you mean 'year'?)",
            "predict",
            "m",
            "penguins.csv",
            "--carry",
            "yeer",
        )
        table = pl.from_pandas(PENGUINS).with_columns(prediction=pl.lit("x"))
        write_table(table.to_dict(), "t.csv")
        for carry in (["--carry", "prediction"], ["--carry-all"]):
            refused(
                "the table has a column 'prediction', as the predictions do",
                "predict",
                "m",
                "t.csv",
                *carry,
            )
        assert invoke("predict", "m", "t.csv", "--carry", "year").exit_code == 0
        both = invoke("predict", "m", "t.csv", "--carry", "year", "--carry-all")
        assert both.exit_code == 2
        assert "--carry-all has all columns: leave --carry out." in both.stderr

    def test_what_a_csv_cannot_hold(self, here):
        table = pl.from_pandas(PENGUINS).with_columns(many=pl.lit([1, 2]))
        write_table(table.to_dict(), "t.parquet")
        refused("cannot be written as CSV", "predict", "m", "t.parquet", "--carry", "many")
        assert (
            invoke("predict", "m", "t.parquet", "--carry", "many", "--out", "p.parquet").exit_code
            == 0
        )

    def test_a_model_of_0_1_0_carries_cells_as_they_stood(self, tmp_path):
        """It types the cells of a file before it reads them."""
        folder = Path(__file__).parents[1] / "tables" / "models_of_0_1_0"
        model = next(folder.glob("*.safetensors"))
        loaded = cp.Model.load
        with pytest.warns(cp.TableWarning):
            columns = loaded(model).columns
        lines = [",".join([*columns, "id"]), ",".join([*("" for _ in columns), "007"])]
        (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
        done = invoke("predict", model, tmp_path / "t.csv", "--carry", "id")
        assert done.exit_code == 0, done.stderr
        assert done.stdout.splitlines()[1].startswith("007,")


@pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell")
def test_a_real_pipe(here):
    clearprop = f"{sys.executable} -m clearprop"
    command = f"gzip -dc penguins.csv.gz | {clearprop} predict m - --carry year > out.csv"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (
        Path("out.csv").read_text()
        == invoke("predict", "m", "penguins.csv", "--carry", "year").stdout
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model of quantiles of a logarithm, and a table."""
    folder = tmp_path_factory.mktemp("all")
    table = PENGUINS.dropna(subset="body_mass_g").head(120).assign(id=range(120))
    table.to_csv(folder / "t.csv", index=False)
    made = cp.Model.fit(
        table.drop(columns="id"), "body_mass_g", quantiles=[0.1, 0.5, 0.9], hidden=[5],
        target_transform="log", validation=0.3, epochs=3, compare=False, progress=False,
    )  # fmt: skip
    made.save(folder / "m")
    return folder


class TestAllThatPredictionsCanHave:
    OPTIONS = ("--why", "--attributions", "--interval", "0.8", "--quantiles", "--carry", "sex",
               "--carry", "id")  # fmt: skip

    @pytest.mark.parametrize("kind", ["csv.gz", "tsv.zst", "xlsx", "parquet", "arrow", "jsonl"])
    @pytest.mark.parametrize("piped", [False, True])
    def test_at_once_is_as_in_python(self, kind, piped, folder, tmp_path):
        path, out = folder / "t.csv", tmp_path / f"out.{kind}"
        content = path.read_bytes() if piped else b""
        rows = "-" if piped else path
        done = given(content, "predict", folder / "m", rows, *self.OPTIONS, "--out", out)
        assert done.exit_code == 0, done.output
        model, found = cp.Model.load(folder / "m"), read_table(out).frame
        table = pl.read_csv(path, infer_schema=False)
        made = [f"adds_{name}" for name in model.columns]
        names = ["quantile_0.1", "quantile_0.5", "quantile_0.9"]
        assert found.columns == [
            "sex", "id", "prediction", "why", *made, "lower", "upper", *names
        ]  # fmt: skip
        assert found["id"].cast(pl.Int64).to_list() == list(range(120))
        assert found["why"].to_list() == model.why(table)
        for columns, expected in (
            (["prediction"], model.predict(table)[:, None]),
            (made, model.attributions(table)),
            (["lower", "upper"], model.predict_interval(table, 0.8)),
            (names, model.predict_quantiles(table)),
        ):
            numbers = found.select(pl.col(columns).cast(pl.Float64)).to_numpy()
            np.testing.assert_allclose(numbers, expected, rtol=1e-12)

    @pytest.mark.parametrize("name", ["prediction", "why", "adds_sex", "lower", "quantile_0.5"])
    def test_a_carried_column_of_the_same_name_is_refused(self, name, folder, tmp_path):
        table = pl.read_csv(folder / "t.csv").rename({"id": name})
        table.write_csv(tmp_path / "t.csv")
        options = [name if one == "id" else one for one in self.OPTIONS]
        message = f"the table has a column '{name}', as the predictions do"
        refused(message, "predict", folder / "m", tmp_path / "t.csv", *options)


@pytest.mark.parametrize(
    "command",
    [
        ("train", "", *TRAIN),
        ("train", "penguins.csv", *TRAIN, "--out", ""),
        ("predict", "", "penguins.csv"),
        ("predict", "m", ""),
        ("predict", "m", "penguins.csv", "--out", ""),
        ("evaluate", "m", "penguins.csv", "--plot", ""),
        ("summary", ""),
        ("export", "m", "--out", ""),
        ("check", "", "penguins.csv"),
        ("explain", ""),
    ],
)
def test_an_empty_name_is_wrong_usage(command, here):
    """As an unset variable of a shell gives it: it was the folder that the command runs in."""
    result = invoke(*command)
    assert result.exit_code == 2
    assert "'' is no name for a file (is a variable empty?)" in result.stderr
    assert "Traceback" not in result.stderr
