"""No name from a file, a table or a shell reaches a terminal with control characters in it."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import clearprop as cp
from clearprop.cli import main
from clearprop.errors import ClearpropError, NotFinite
from clearprop.files import model_file
from clearprop.tables.scores import class_scores

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\u202e"
CLI = Path(main.callback.__code__.co_filename).parent


def run(*arguments: object):
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def harmless(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A table whose name, columns, categories and classes hold control characters, and its model."""
    folder = tmp_path_factory.mktemp(f"of{EVIL}")
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    table = pl.DataFrame(
        {
            f"x{EVIL}": x,
            f"c{EVIL}": [f"{letter}{EVIL}" for letter in rng.choice(list("ab"), 60)],
            f"y{EVIL}": [f"{'no' if one < 0 else 'yes'}{EVIL}" for one in x],
        }
    )
    table.write_parquet(folder / f"t{EVIL}.parquet")
    model = cp.Model.fit(table, f"y{EVIL}", hidden=[3], epochs=3, compare=False, progress=False)
    model.save(folder / f"m{EVIL}.safetensors")
    return folder, folder / f"m{EVIL}.safetensors", folder / f"t{EVIL}.parquet"


@pytest.mark.parametrize(
    "command", ["summary", "evaluate", "check", "diagnose", "find-lr", "explain", "graph"]
)
def test_what_commands_print(command, hostile, tmp_path):
    _, model, table = hostile
    row = ["--row", 3] if command in ("explain", "graph") else []
    out = ["--out", tmp_path / f"out{EVIL}.svg"] if command == "graph" else []
    given = [model] if command == "summary" else [model, table]
    result = run(command, *given, *row, *out)
    assert result.exit_code in (0, 1), result.stderr
    assert result.stdout
    assert harmless(result.stdout)
    assert harmless(result.stderr)


def test_json_keeps_every_character(hostile):
    _, model, _ = hostile
    told = run("summary", model, "--json").stdout
    assert told.isascii()
    assert harmless(told)
    assert json.loads(told)["target"] == f"y{EVIL}"


def test_training_and_exports(hostile, tmp_path):
    _, model, table = hostile
    done = run("train", table, "--target", f"y{EVIL}", "--out", tmp_path / f"m{EVIL}", "--hidden", 3, "--epochs", 1)  # fmt: skip
    made = run("export", model, "--to", "onnx", "--out", tmp_path / f"m{EVIL}.onnx")
    for result in (done, made):
        assert result.exit_code == 0
        assert "m\N{REPLACEMENT CHARACTER}" in result.stdout
        assert harmless(result.stdout)
        assert harmless(result.stderr)


class TestPredictions:
    def test_a_program_gets_them_as_they_are(self, hostile):
        _, model, table = hostile
        found = CliRunner().invoke(main, ["predict", str(model), str(table)]).stdout_bytes
        assert f"no{EVIL}".encode() in found

    def test_a_terminal_does_not(self, hostile, monkeypatch):
        _, model, table = hostile
        terminal = type("Terminal", (), {"isatty": lambda self: True})
        monkeypatch.setattr("clearprop.cli.output.sys", type("S", (), {"stdout": terminal()}))
        found = run("predict", model, table, "--probabilities").stdout
        assert "no\N{REPLACEMENT CHARACTER}" in found
        assert harmless(found)

    def test_what_is_unusual(self, hostile, tmp_path):
        _, model, table = hostile
        odd = pl.read_parquet(table.read_bytes()).with_columns(pl.lit(1).alias(f"new{EVIL}"))
        odd.with_columns(pl.col(f"x{EVIL}") * 1e3).write_parquet(tmp_path / "odd.parquet")
        said = run("predict", model, tmp_path / "odd.parquet", "--report").stderr
        assert "new\N{REPLACEMENT CHARACTER}" in said
        assert harmless(said)


class TestErrors:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["summary", f"no{EVIL}"],
            ["predict", f"no{EVIL}", f"no{EVIL}.csv"],
            ["train", f"no{EVIL}.csv", "--target", "y"],
            ["train", "no.csv", "--target", "y", "--out", f"no{EVIL}/m"],
            ["summary", "a", f"b{EVIL}"],
            [f"no{EVIL}"],
            ["train", "no.csv", "--target", "y", "--hidden", EVIL],
            ["train", "no.csv", f"--{EVIL}"],
            ["summary", "half \udc80"],
        ],
    )
    def test_one_line_a_terminal_may_have(self, arguments):
        result = run(*arguments)
        assert result.exit_code in (1, 2)
        assert harmless(result.stderr)
        assert "\N{REPLACEMENT CHARACTER}" in result.stderr or "\\x1b" in result.stderr

    def test_a_header_is_not_echoed(self, tmp_path):
        """The file that says what type its numbers have, in a way that renames the window."""
        network = cp.Network([3, 2])
        header = {"sizes": [3, 2], "activations": [{"name": "identity", "built_in": True}],
                  "loss": {"name": "squared_error", "built_in": True}, "biases": True,
                  "dtype": f"{EVIL}float32"}  # fmt: skip
        model_file.write(tmp_path / "n", "network", header, network.unflatten(network.parameters))
        result = run("summary", tmp_path / "n")
        assert result.exit_code == 1
        assert result.stderr.count("\n") == 1
        assert harmless(result.stderr)
        with pytest.raises(cp.ModelFileError) as caught:
            cp.Network.load(tmp_path / "n")
        assert str(caught.value).isprintable()

    def test_every_class_of_errors_is_made_printable(self):
        def made(error: type, first: str, second: str, third: str) -> ClearpropError:
            if not issubclass(error, cp.DivergenceError):
                return error(first, second, third)
            return error(first, NotFinite(second, None, second), third).by("input", second, third)

        def all_of(one: type) -> list[type]:
            return [one, *(more for sub in one.__subclasses__() for more in all_of(sub))]

        for error in all_of(ClearpropError):
            told = str(made(error, f"a{EVIL}\nb", f"c{EVIL}\nd", f"e{EVIL}\nf"))
            assert told.isprintable(), error
            assert len(str(made(error, "x" * 10_000_000, "x" * 10_000_000, "x"))) <= 2000

    def test_a_long_message_keeps_its_beginning_and_its_end(self):
        told = str(ClearpropError(f"what {'x' * 5000} what to do"))
        assert told.startswith("what xxx")
        assert told.endswith("xxx what to do")
        assert len(told) == 2000


def test_scores_in_a_console():
    labels = np.array([0, 1, 1])
    shares = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    told = repr(class_scores([f"a{EVIL}\n", f"b{EVIL}"], labels, shares))
    assert harmless(told)
    plain = repr(class_scores(["a" + "-" * (len(EVIL) + 1), "b" + "-" * len(EVIL)], labels, shares))
    assert told.count("\n") == plain.count("\n")


def test_commands_print_by_one_function():
    """So that the next command does as well."""
    for path in CLI.glob("*.py"):
        found = re.findall(
            r"click\.echo\(|(?<!\.)\bprint\(|std(?:out|err)\.write", path.read_text("utf-8")
        )
        assert not found or path.name == "output.py", path


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal of its own")
def test_on_a_terminal(hostile):
    """All of it, through a terminal of the system's."""
    import subprocess

    _, model, table = hostile
    ours, theirs = os.openpty()
    code = "from clearprop.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, "predict", model, table], stdout=theirs, stderr=theirs)  # fmt: skip
    os.close(theirs)
    told = os.read(ours, 1 << 20).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "prediction" in told
    assert harmless(told.replace("\r\n", "\n"))
