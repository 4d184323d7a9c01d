"""train, predict, evaluate, summary: what they write, print and refuse."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.files import whole_file
from command_line import invoke, refused, unmeasured
from example_tables import CARS, PENGUINS
from typed_tables import read_table


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    PENGUINS.to_csv("penguins.csv", index=False)
    return tmp_path


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with penguins.csv and a model of it."""
    folder = tmp_path_factory.mktemp("trained")
    PENGUINS.to_csv(folder / "penguins.csv", index=False)
    done = invoke("train", folder / "penguins.csv", "--target", "species", "--out", folder / "m.safetensors", "--epochs", 20)  # fmt: skip
    assert done.exit_code == 0, done.stderr
    return folder


TRAIN = ["train", "penguins.csv", "--target", "species", "--out", "m.safetensors", "--epochs", 1]


class TestTrain:
    def test_a_model_and_a_report(self, here):
        result = invoke("train", "penguins.csv", "--target", "species", "--epochs", 20)
        assert result.exit_code == 0
        assert "Model of 'species': classification" in result.stdout
        assert "logistic regression" in result.stdout
        assert "Next: clearprop predict penguins.safetensors FILE" in result.stdout
        assert cp.Model.load("penguins.safetensors").classes == ["Adelie", "Chinstrap", "Gentoo"]

    def test_every_option_reaches_the_model(self, here):
        result = invoke(
            "train", "penguins.csv", "--target", "sex", "--out", "m.safetensors", "--task", "classification",
            "--hidden", "7,5", "--activation", "tanh", "--epochs", 3, "--seed", 5, "--drop", "year", "--drop", "island",
            "--keep", "species", "--categorical", "flipper_length_mm", "--drop-missing-target", "--json",
        )  # fmt: skip
        assert result.exit_code == 0
        assert result.stderr == ""
        report = json.loads(result.stdout)
        assert report["model"] == "m.safetensors"
        assert report["rows"]["without target"] == 11
        assert set(report["dropped"]) == {"year", "island"}
        assert report["training"]["epochs"] <= 3
        model = cp.Model.load("m.safetensors")
        assert model.network.sizes[1:-1] == (7, 5)
        assert model.network.activations[0].name == "tanh"
        assert any(name.startswith("flipper_length_mm = ") for name in model.features)
        same = cp.Model.fit(
            "penguins.csv", "sex", hidden=(7, 5), activation="tanh", epochs=3, seed=5, drop=["year", "island"],
            categorical=["flipper_length_mm"], drop_missing_target=True, compare=False,
        )  # fmt: skip
        assert np.array_equal(model.network.parameters, same.network.parameters)

    def test_no_hidden_layer(self, here):
        assert (
            invoke(
                "train", "penguins.csv", "--target", "species", "--hidden", "", "--epochs", 2
            ).exit_code
            == 0
        )
        assert len(cp.Model.load("penguins.safetensors").network.sizes) == 2

    @pytest.mark.parametrize("ending", ["tsv", "parquet", "arrow", "jsonl"])
    def test_every_kind_of_file(self, ending, here):
        from clearprop.tables.table_files import write_table

        write_table(read_table("penguins.csv").to_dict(as_series=True), f"p.{ending}")
        invoke("train", f"p.{ending}", "--target", "species", "--epochs", 2)
        invoke("train", "penguins.csv", "--target", "species", "--epochs", 2)
        a, b = cp.Model.load("p.safetensors"), cp.Model.load("penguins.safetensors")
        assert np.array_equal(a.network.parameters, b.network.parameters)

    def test_an_output_that_exists_needs_force(self, here):
        Path("m.safetensors").write_text("precious")
        refused("m.safetensors exists already: choose another name, or use --force", *TRAIN)
        assert Path("m.safetensors").read_text() == "precious"
        assert invoke(*TRAIN, "--force").exit_code == 0
        cp.Model.load("m.safetensors")

    def test_the_output_is_checked_before_training(self, here, monkeypatch):
        monkeypatch.setattr(cp.Model, "fit", None)  # never called
        train = ["train", "penguins.csv", "--target", "species", "--out"]
        refused("there is no folder", *train, "no/such/m.safetensors")
        refused("is no name for a file", *train, here)
        Path("file").touch()
        refused("there is no folder", *train, "file/m.safetensors")

    def test_an_output_that_appears_meanwhile_is_not_replaced(self, here, monkeypatch):
        real = cp.Model.fit

        def slow(*arguments, **named):
            Path("m.safetensors").write_text("precious")
            return real(*arguments, **named)

        monkeypatch.setattr(cp.Model, "fit", slow)
        said = refused("m.safetensors exists already", *TRAIN)
        assert Path("m.safetensors").read_text() == "precious"
        assert (
            cp.Model.load(said.split("the model is in ")[1].split(" instead")[0]).target
            == "species"
        )

    def test_the_input_is_never_the_output(self, here):
        before = Path("penguins.csv").read_bytes()
        train = ["train", "penguins.csv", "--target", "species", "--force", "--epochs", 1, "--out"]
        refused("ends like a table", *train, "penguins.csv")
        os.link("penguins.csv", "linked")
        refused("the table itself", *train, "linked")
        assert invoke(*train, "m.safetensors").exit_code == 0
        for out in ("penguins.csv", "linked.csv"):
            if out == "linked.csv":
                os.link("penguins.csv", out)
            refused(
                "which is read", "predict", "m.safetensors", "penguins.csv", "--force", "--out", out
            )
        assert Path("penguins.csv").read_bytes() == before

    def test_a_read_only_folder(self, here, monkeypatch):
        monkeypatch.setattr(cp.Model, "fit", None)

        def refuse(
            *arguments, **named
        ):  # root may write anywhere, so the system is asked to say no
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(os, "open", refuse)
        refused("cannot write into", "train", "penguins.csv", "--target", "species")

    def test_a_folder_that_is_read_only(self, here):
        if os.name == "nt" or os.geteuid() == 0:
            pytest.skip("root may write into read-only folders")
        (here / "locked").mkdir()
        (here / "locked").chmod(stat.S_IRUSR | stat.S_IXUSR)
        refused(
            "Permission denied", "train", "penguins.csv", "--target", "species", "--out", "locked/m"
        )

    def test_a_disk_that_is_full_after_training(self, here, monkeypatch, tmp_path_factory):
        """The model goes where there is room, and the message says where."""
        if not Path("/proc/self/fd").exists():
            pytest.skip("which file a handle belongs to is read from /proc")
        refuge = tmp_path_factory.mktemp("refuge")
        monkeypatch.setattr("tempfile.tempdir", str(refuge))
        real = os.fsync

        def full(handle):
            if Path(f"/proc/self/fd/{handle}").readlink().is_relative_to(here):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            real(handle)

        monkeypatch.setattr(whole_file.os, "fsync", full)
        said = refused(
            "No space left", "train", "penguins.csv", "--target", "species", "--epochs", 1
        )
        where = Path(said.split("the model is in ")[1].split(" instead")[0])
        assert where.is_relative_to(refuge)
        assert cp.Model.load(where).target == "species"
        assert not list(here.glob("*.safetensors*"))

    def test_a_full_disk_everywhere(self, here):
        """A real limit: files may not grow beyond a kilobyte, so nothing can be saved."""
        pytest.importorskip("resource")
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024))"
        code = f"{limit}; from clearprop.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, "train", "penguins.csv", "--target", "species", "--epochs", "1", "--json"],
            capture_output=True, text=True, cwd=here, env=unmeasured(),
        )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr.startswith("clearprop: could not write")
        assert done.stderr.count("\n") == 1
        assert sorted(path.name for path in here.iterdir()) == ["penguins.csv"]

    def test_wrong_usage(self, here):
        for arguments in (
            ["train"],
            ["train", "penguins.csv"],
            ["train", "penguins.csv", "--target", "species", "--hidden", "a,b"],
            ["train", "penguins.csv", "--target", "species", "--hidden", "10,0"],
            ["train", "penguins.csv", "--target", "species", "--epochs", "0"],
            ["train", "penguins.csv", "--target", "species", "--activation", "rely"],
            ["train", "penguins.csv", "--target", "species", "--task", "guess"],
            ["train", "penguins.csv", "--target", "species", "--seed", "-1"],
            ["evaluate", "m.safetensors", "penguins.csv", "--plot", "picture.doc"],
        ):
            result = invoke(*arguments)
            assert result.exit_code == 2, arguments
            assert "Error" in result.stderr
        assert list(here.iterdir()) == [here / "penguins.csv"]

    def test_the_datas_faults(self, here):
        refused("did you mean 'species'?", "train", "penguins.csv", "--target", "specie")
        refused("'sex' is missing in 11 of 344 rows", "train", "penguins.csv", "--target", "sex")
        refused("there is no file nowhere.csv", "train", "nowhere.csv", "--target", "species")
        refused("known are .csv", "train", "penguins.xls", "--target", "species")
        Path("one.csv").write_text("a,y\n" + "1,x\n" * 20)
        refused("always x: there is nothing to learn", "train", "one.csv", "--target", "y")
        Path("few.csv").write_text("a,y\n" + "".join(f"{i},class {i}\n" for i in range(12)))
        refused(
            "12 different values in 12 rows, too many for classes",
            "train",
            "few.csv",
            "--target",
            "y",
        )
        assert not list(here.glob("*.safetensors"))


class TestPredict:
    def test_to_the_screen(self, trained):
        result = invoke(
            "predict", trained / "m.safetensors", trained / "penguins.csv", "--probabilities"
        )
        assert result.exit_code == 0
        assert result.stderr == ""
        table = pl.read_csv(result.stdout.encode())
        assert table.columns == [
            "prediction",
            "probability_Adelie",
            "probability_Chinstrap",
            "probability_Gentoo",
        ]
        model = cp.Model.load(trained / "m.safetensors")
        assert table["prediction"].to_list() == model.predict(PENGUINS).tolist()
        np.testing.assert_allclose(
            table[:, 1:].to_numpy(), model.predict_proba(PENGUINS), rtol=1e-12
        )

    @pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "arrow", "jsonl", "json"])
    def test_to_a_file(self, ending, trained, tmp_path):
        out = tmp_path / f"p.{ending}"
        predict = ["predict", trained / "m.safetensors", trained / "penguins.csv", "--out", out]
        assert invoke(*predict).stdout == f"344 predictions in {out}\n"
        assert read_table(out)["prediction"].value_counts().height == 3
        refused("exists already", *predict)
        assert invoke(*predict, "--force").exit_code == 0

    def test_why(self, trained):
        predict = ["predict", trained / "m.safetensors", trained / "penguins.csv"]
        table = pl.read_csv(invoke(*predict, "--why").stdout.encode())
        model = cp.Model.load(trained / "m.safetensors")
        assert table.columns == ["prediction", "why"]
        assert table["why"].to_list() == model.why(PENGUINS)
        table = pl.read_csv(invoke(*predict, "--attributions").stdout.encode())
        assert table.columns == ["prediction", *(f"adds_{name}" for name in model.columns)]
        np.testing.assert_allclose(table[:, 1:].to_numpy(), model.attributions(PENGUINS), rtol=1e-9)

    def test_a_report_of_odd_values(self, trained, tmp_path):
        odd = PENGUINS.head(3).assign(
            island=["Mars", "Dream", None], year=[2007, 3000, 2008], extra=1
        )
        odd.drop(columns=["species"]).to_csv(tmp_path / "odd.csv", index=False)
        result = invoke("predict", trained / "m.safetensors", tmp_path / "odd.csv", "--report")
        assert result.stdout.count("\n") == 4
        lines = {
            line.split()[0]: line.split()[1:]
            for line in result.stderr.splitlines()
            if line.startswith("  ")
        }
        assert lines["island"] == ["1", "-", "1"]
        assert lines["year"] == ["-", "1", "-"]
        assert "does not know, and leaves alone: extra" in result.stderr
        fine = invoke(
            "predict", trained / "m.safetensors", trained / "penguins.csv", "--report"
        ).stderr
        assert "In 344 rows, values unlike" in fine
        (tmp_path / "one.csv").write_text(
            "\n".join((trained / "penguins.csv").read_text().splitlines()[:2])
        )
        assert "All values of 1 row are like" in invoke("predict", trained / "m.safetensors", tmp_path / "one.csv", "--report").stderr  # fmt: skip

    def test_much_that_is_odd_is_told_without_being_asked(self, trained, tmp_path):
        PENGUINS.assign(island="Mars", body_mass_g=PENGUINS["body_mass_g"] / 1000).to_csv(
            tmp_path / "odd.csv"
        )
        result = invoke("predict", trained / "m.safetensors", tmp_path / "odd.csv")
        assert result.exit_code == 0
        assert (
            result.stderr
            == "Much of island, body_mass_g is unlike the rows the model learned from: see --report.\n"
        )

    def test_refused(self, trained, tmp_path):
        model = trained / "m.safetensors"
        refused("there is no file", "predict", tmp_path / "m", trained / "penguins.csv")
        refused("there is no file", "predict", model, tmp_path / "none.csv")
        refused(
            "ends with '.doc'",
            "predict",
            model,
            trained / "penguins.csv",
            "--out",
            tmp_path / "a.doc",
        )
        refused(
            "there is no folder",
            "predict",
            model,
            trained / "penguins.csv",
            "--out",
            tmp_path / "no/a.csv",
        )
        PENGUINS.drop(columns=["island", "year"]).to_csv(tmp_path / "less.csv")
        refused("lacks the columns 'island', 'year'", "predict", model, tmp_path / "less.csv")
        PENGUINS.assign(year="last").to_csv(tmp_path / "text.csv")
        refused(
            "'year': 344 of 344 cells taken as missing, being no number: 'last' in row 0",
            "predict",
            model,
            tmp_path / "text.csv",
            "--unreadable",
            "error",
        )

    def test_a_disk_that_is_full(self, trained, tmp_path, monkeypatch):
        out = tmp_path / "p.csv"
        out.write_text("old")

        def full(handle):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(whole_file.os, "fsync", full)
        predict = [
            "predict",
            trained / "m.safetensors",
            trained / "penguins.csv",
            "--out",
            out,
            "--force",
        ]
        refused("No space left on device; the file that was there is untouched", *predict)
        assert out.read_text() == "old"

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
    def test_standard_output_on_a_full_disk(self, trained):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "clearprop", "predict", "m.safetensors", "penguins.csv"],
                cwd=trained, stdout=full, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
        assert done.returncode == 1
        assert done.stderr == "clearprop: could not write the output: No space left on device\n"


class TestEvaluate:
    def test_classes(self, trained, tmp_path):
        result = invoke("evaluate", trained / "m.safetensors", trained / "penguins.csv")
        assert "344 rows: accuracy" in result.stdout
        assert "columns: what it was called" in result.stdout
        figures = json.loads(
            invoke("evaluate", trained / "m.safetensors", trained / "penguins.csv", "--json").stdout
        )
        model = cp.Model.load(trained / "m.safetensors")
        assert figures == json.loads(json.dumps(model.evaluate(PENGUINS).to_dict()))

    def test_importance(self, trained):
        evaluate = ["evaluate", trained / "m.safetensors", trained / "penguins.csv"]
        evaluate += ["--importance", "--seed", 3]
        found = cp.Model.load(trained / "m.safetensors").importance(PENGUINS, seed=3)
        assert invoke(*evaluate).stdout.endswith(f"\n\n{found!r}\n")
        told = json.loads(invoke(*evaluate, "--json").stdout)["importance"]
        assert told == json.loads(json.dumps(found.to_dict()))

    def test_numbers_and_missing_targets(self, tmp_path):
        table = CARS.copy()
        table.loc[:3, "Miles_per_Gallon"] = None
        table.to_csv(tmp_path / "cars.csv", index=False)
        done = invoke("train", tmp_path / "cars.csv", "--target", "Miles_per_Gallon", "--epochs", 5, "--drop-missing-target", "--out", tmp_path / "m")  # fmt: skip
        assert done.exit_code == 0
        evaluate = ["evaluate", tmp_path / "m", tmp_path / "cars.csv"]
        refused("missing in 4 of 398 rows", *evaluate)
        shown = invoke(*evaluate, "--drop-missing-target").stdout
        assert "394 rows: R2" in shown
        assert "furthest off" in shown

    @pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
    def test_plots(self, ending, trained, tmp_path):
        picture = tmp_path / f"matrix.{ending}"
        evaluate = [
            "evaluate",
            trained / "m.safetensors",
            trained / "penguins.csv",
            "--plot",
            picture,
        ]
        assert invoke(*evaluate).exit_code == 0
        magic = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
        assert picture.read_bytes().startswith(magic)
        refused("exists already", *evaluate)


class TestSummary:
    def test_a_model(self, trained):
        result = invoke("summary", trained / "m.safetensors")
        assert "Model of 'species'" in result.stdout
        assert "Network 15-100-50-3" in result.stdout
        summary = json.loads(invoke("summary", trained / "m.safetensors", "--json").stdout)
        assert len(summary["features"]) == 15
        assert summary["scores"]["this network"]["accuracy"] > 0.9

    def test_a_network_alone(self, tmp_path):
        cp.Network([2, 3, 1]).save(tmp_path / "n")
        assert "Network 2-3-1" in invoke("summary", tmp_path / "n").stdout
        assert json.loads(invoke("summary", tmp_path / "n", "--json").stdout)["sizes"] == [2, 3, 1]

    def test_no_model(self, tmp_path):
        (tmp_path / "x").write_text("x")
        refused("no model file", "summary", tmp_path / "x")
        refused("there is no file", "summary", tmp_path / "y")


@pytest.mark.parametrize("command", ["demo", "train", "predict", "evaluate", "summary"])
def test_help_shows_an_example(command):
    result = invoke(command, "--help")
    assert result.exit_code == 0
    assert f"Example: clearprop {command}" in result.stdout


def test_help_starts_fast_without_the_libraries_of_tables():
    code = "import sys; from clearprop.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"polars", "sklearn", "narwhals", "matplotlib"} & set(done.stdout.split())


@pytest.fixture(scope="module")
def cars(tmp_path_factory):
    """A folder with cars.csv and a model that gives quantiles."""
    folder = tmp_path_factory.mktemp("cars")
    CARS.dropna(subset=["Miles_per_Gallon"]).to_csv(folder / "cars.csv", index=False)
    done = invoke(
        "train", folder / "cars.csv", "--target", "Miles_per_Gallon", "--out", folder / "m.safetensors", "--epochs", 20,
        "--quantiles", "0.05,0.5,0.95",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    assert "90% intervals hold" in done.stdout
    assert "are not above the quantiles 0.05, 0.5, 0.95." in " ".join(done.stdout.split())
    return folder


class TestQuantilesAndIntervals:
    def test_columns(self, cars):
        done = invoke("predict", cars / "m.safetensors", cars / "cars.csv", "--out", cars / "out.csv",
                      "--interval", 0.8, "--quantiles", "--force")  # fmt: skip
        assert done.exit_code == 0, done.stderr
        found = read_table(cars / "out.csv")
        model = cp.Model.load(cars / "m.safetensors")
        assert found.columns == [
            "prediction", "lower", "upper", "quantile_0.05", "quantile_0.5", "quantile_0.95",
        ]  # fmt: skip
        ends = model.predict_interval(cars / "cars.csv", 0.8)
        assert np.array_equal(found[["lower", "upper"]].to_numpy(), ends)
        assert np.array_equal(found["quantile_0.5"], found["prediction"])
        assert np.array_equal(found[:, 3:].to_numpy(), model.predict_quantiles(cars / "cars.csv"))

    def test_the_report_says_it_again(self, cars):
        told = json.loads(invoke("summary", cars / "m.safetensors", "--json").stdout)
        assert told["intervals"]["level"] == 0.9
        assert list(told["quantiles"]["below"]) == ["0.05", "0.5", "0.95"]

    @pytest.mark.parametrize(
        "command", ["explain", "graph", "check", "diagnose", "find-lr", "evaluate"]
    )
    def test_other_commands_take_the_model(self, command, cars):
        done = invoke(command, cars / "m.safetensors", cars / "cars.csv",
                      *(["--row", 0] if command in ("explain", "graph") else []))  # fmt: skip
        assert done.exit_code == 0, done.stderr
        if command == "explain":
            said = " ".join(done.stdout.split())
            assert "quantiles of Miles_per_Gallon, a3[0] of 0.05, a3[1] of 0.5" in said

    def test_refusals(self, cars, trained):
        refused("validation rows or more", "predict", cars / "m.safetensors", cars / "cars.csv", "--interval", 0.999)  # fmt: skip
        model, table = trained / "m.safetensors", trained / "penguins.csv"
        refused("is a class, which has no interval", "predict", model, table, "--interval", 0.9)
        refused("gives no quantiles: train it with", "predict", model, table, "--quantiles")
        refused("0.5 is to be among them", "train", cars / "cars.csv", "--target", "Miles_per_Gallon",
                "--quantiles", "0.1,0.9", "--out", cars / "n.safetensors")  # fmt: skip

    @pytest.mark.parametrize("given", ["", "a", "0.1;0.5"])
    def test_what_is_no_list(self, given, cars):
        done = invoke("train", cars / "cars.csv", "--target", "Horsepower", "--quantiles", given)
        assert done.exit_code == 2
        assert "is no list of quantiles such as 0.05,0.5,0.95" in done.stderr

    @pytest.mark.parametrize("level", [0, 1, 90])
    def test_levels_that_are_none(self, level, cars):
        done = invoke("predict", cars / "m.safetensors", cars / "cars.csv", "--interval", level)
        assert done.exit_code == 2
        assert "--interval" in done.stderr


class TestMemory:
    @pytest.mark.parametrize("why", ["", "Unable to allocate 3.2 GiB\nfor an array"])
    def test_too_little_of_it_ends_a_command_in_one_line(self, why, trained, monkeypatch):
        def fit(*_, **__):
            raise MemoryError(why)

        monkeypatch.chdir(trained)
        monkeypatch.setattr(cp.Model, "fit", fit)
        said = refused("the memory does not suffice", *TRAIN, "--force")
        assert said.endswith(
            "take fewer rows or columns, or shorter cells, or end other programs\n"
        )
