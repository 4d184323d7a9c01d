"""What nobody foresaw ends one answer, not the studio; and which files a studio keeps."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.error
from pathlib import Path

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio import answers, handed
from clearprop.studio.handed import hand_in, handed_in
from clearprop.studio.problems import Problem
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from clearprop.tables.kinds import form_of
from command_line import refused
from studio_server import ask

pytest.importorskip("uvicorn")


def failure(server, name, **pairs):
    with pytest.raises(urllib.error.HTTPError) as error:
        ask(server, name, **pairs)
    return error.value.code, json.load(error.value)["error"]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "MemoryError"),
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (RecursionError("maximum recursion depth\nexceeded"), "RecursionError: maximum recursion"),
        (SystemExit(3), "SystemExit: 3"),
        (AssertionError("x" * 5000), "AssertionError: xxx"),
    ],
)
def test_it_is_said_in_a_line_and_told_whole_on_the_terminal(
    studio, monkeypatch, capfd, error, said
):
    def fails(run, question):
        raise error

    monkeypatch.setitem(answers.ANSWERS, "hill", fails)
    code, line = failure(studio, "hill", data="xor")
    assert code == 500
    assert line.startswith(f"the studio cannot answer this ({said}")
    assert "\n" not in line
    assert len(line) < 400
    told = capfd.readouterr().err
    assert "Traceback" in told
    assert "in fails" in told
    assert ask(studio, "about", data="xor")["title"]


def test_an_answer_that_is_no_json(studio, monkeypatch, capfd):
    monkeypatch.setitem(answers.ANSWERS, "hill", lambda run, question: {"array": np.ones(2)})
    assert failure(studio, "hill", data="xor")[0] == 500
    assert "TypeError" in capfd.readouterr().err


class Stumbles:
    """An optimizer that fails once, in the midst of an update."""

    def __init__(self):
        self.fails_at = 7

    def start(self, parameters):
        return {"velocity": np.zeros_like(parameters)}

    def update(self, parameters, gradient, state, clock, is_weight):
        state["velocity"] *= 0.9
        if clock.made == self.fails_at:
            self.fails_at = -1
            parameters += 1.0
            raise MemoryError
        state["velocity"] -= 0.1 * gradient
        parameters += state["velocity"]


def own(rule):
    problem = Run(Setup(data="xor")).problem
    return {"own": Problem(
        "own", problem.network.copy(), problem.X, problem.y, problem.X[:0], problem.y[:0],
        problem.features, [], "y", optimizer=rule, batch=10,
    )}  # fmt: skip


def test_a_run_that_failed_in_a_step_goes_on_with_the_right_numbers():
    run = Run(Setup(data="own"), own=own(Stumbles()))
    with pytest.raises(MemoryError):
        run.reach(30, seconds=60)
    run.reach(30, seconds=60)
    rule = Stumbles()
    rule.fails_at = -1
    right = Run(Setup(data="own"), own=own(rule))
    right.reach(30, seconds=60)
    assert run.losses == right.losses
    assert run.at(3).update.tobytes() == right.at(3).update.tobytes()


class TestOptimizersOfTheUsersOwn:
    def test_of_their_learning_rate_nothing_is_known(self):
        with pytest.raises(cp.ArgumentError, match="Stumbles is a class of your own.*schedule"):
            Run(Setup(data="own", schedule="cosine"), own=own(Stumbles()))
        with pytest.raises(cp.ArgumentError, match="Stumbles is a class of your own.*rate"):
            Run(Setup(data="own", rate=0.5), own=own(Stumbles()))

    @pytest.mark.parametrize("rate", [0.25, cp.cosine(0.25)])
    def test_that_are_dataclasses(self, rate):
        from dataclasses import dataclass

        from clearprop.schedules import rate_at

        @dataclass(frozen=True)
        class Plain:
            learning_rate: object = rate

            def start(self, parameters):
                return {}

            def update(self, parameters, gradient, state, clock, is_weight):
                parameters -= rate_at(self.learning_rate, clock.t, clock.total) * gradient

        setup = Setup(data="own", schedule="step")
        if not callable(rate):
            with pytest.raises(cp.ArgumentError, match="leave the schedule out"):
                Run(setup, own=own(Plain()))
            assert (
                Run(Setup(data="own", rate=0.5), own=own(Plain())).rule_at(0).learning_rate == 0.5
            )
            return
        run = Run(setup, own=own(Plain()))
        assert run.rule_at(0).learning_rate.initial == 0.25
        assert run.at(3).record.loss > 0

    def test_dataclasses_without_a_rate(self):
        from dataclasses import dataclass

        @dataclass
        class Other(Stumbles):
            step: float = 0.1
            fails_at: int = -1

        for pairs in ({"schedule": "cosine"}, {"rate": 0.5}):
            with pytest.raises(cp.ArgumentError, match="Other is a class of your own"):
                Run(Setup(data="own", **pairs), own=own(Other()))


@pytest.mark.usefixtures("own_files")
class TestFiles:
    def test_what_the_command_was_given_stays(self):
        model = hand_in("model", "m.safetensors", b"weights", called="/m.safetensors", stays=True)
        table = hand_in("table", "own.csv", b"a,b\n3,4\n", called="own.csv", stays=True)
        dropped = hand_in("table", "dropped.csv", b"a,b\n5,6\n")
        pasted = [handed.inline(b"a,b\n1,%d\n" % n) for n in range(40)]
        assert all(handed_in(one).path.exists() for one in pasted)
        for n in range(handed.KEPT - 1):
            hand_in("table", "t.csv", b"a,b\n2,%d\n" % n)
        for one in (model, table, dropped):
            assert handed_in(one).path.exists()
        assert len(handed._files) == handed.KEPT + 2
        hand_in("table", "t.csv", b"a,b\n7,8\n")
        hand_in("table", "own.csv", b"a,b\n3,4\n")  # dropped once more: it stays what it is
        assert handed_in(table).called == "own.csv"
        assert handed_in(table).stays
        assert handed_in(model).path.read_bytes() == b"weights"

    def test_what_is_handed_in_again_is_there_again(self):
        """Programs that clean up take files away that nobody has read for days."""
        address = hand_in("table", "t.csv", b"a,b\n1,2\n")
        path = handed_in(address).path
        folder = path.parent.parent
        for gone in (path, path.parent, folder):
            shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
            assert hand_in("table", "t.csv", b"a,b\n1,2\n") == address
            assert handed_in(address).path.read_bytes() == b"a,b\n1,2\n"
        if os.name == "posix":
            assert folder.stat().st_mode & 0o077 == 0  # tables are nobody else's to read

    @pytest.mark.parametrize("name", ["", ".", "..", "...", "t.", "a/.."])
    def test_a_name_of_dots_is_read_by_its_content(self, name):
        for content, ending in ((b"a,b\n1,2\n", ".csv"), (b"PAR1", ".parquet")):
            file = handed_in(hand_in("table", name, content))
            assert (file.path.name, Path(file.name).suffix) == (f"table{ending}", ending)

    @pytest.mark.parametrize(
        ("names", "addresses"),
        [
            (("t.csv", "of.May.csv", "t.été.csv", "t.parquet.csv"), 1),
            (("t.csv.gz", "t.tsv.gz", "t.csv.zst", "2.t.csv.gz"), 3),
        ],
    )
    def test_one_content_by_several_names_is_read_by_each(self, names, addresses):
        found = {name: hand_in("table", name, b"a,b\n1,2\n") for name in names}
        assert len({*found.values()}) == addresses
        for name, address in found.items():
            assert form_of(handed_in(address).path) == form_of(name)
            assert handed_in(address).path.read_bytes() == b"a,b\n1,2\n"

    @pytest.mark.parametrize(
        ("ends", "why"),
        [
            ("kill -ABRT $$", "-6"),
            ("echo 'Traceback:\nMemoryError' >&2; exit 1", "1: MemoryError"),
            ('echo "$3 broke" >&2; exit 1', "1: t.csv broke"),
        ],
    )
    def test_a_table_of_the_command_is_tried_in_a_process_of_its_own(
        self, tmp_path, monkeypatch, ends, why
    ):
        path = tmp_path / "reader"
        path.write_text(f"#!/bin/sh\n{ends}\n")
        path.chmod(0o755)
        monkeypatch.setattr("clearprop.studio.trial.sys.executable", str(path))
        monkeypatch.chdir(tmp_path)
        (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 30)
        refused(f"t.csv ends the process that reads it ({why})", "studio", "t.csv", "--no-browser")

    @pytest.mark.parametrize(
        ("error", "code"),
        [("cp.TableFileError('is none')", 0), ("MemoryError()", 1), ("OSError('gone')", 1)],
    )
    def test_a_trial_ends_well_where_one_line_is_all_there_is(self, error, code):
        """Whoever reads it next says that line; of all else the last line is said."""
        program = f"""
import runpy, sys
import clearprop as cp
from clearprop.tables import table_files
def read_table(path):
    raise {error}
table_files.read_table, sys.argv = read_table, ["trial", "t.csv"]
runpy.run_module("clearprop.studio.trial_process", run_name="__main__")
"""
        ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        assert ended.returncode == code
        last = ended.stderr.strip().rpartition("\n")[2]
        assert last.partition(":")[0] == (error.partition("(")[0] if code else "")

    def test_files_of_the_command_have_the_bounds_of_those_that_are_dropped(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(handed, "MOST_BYTES", 1000)
        monkeypatch.setattr(handed, "MODEL_BYTES", 2000)
        (tmp_path / "t.csv").write_text("a,b\n" + "1,2\n" * 300)
        (tmp_path / "m.safetensors").write_bytes(b"0" * 3000)
        refused("t.csv is too large: the studio takes", "studio", "t.csv", "--no-browser")
        refused("m.safetensors is too large", "studio", "m.safetensors", "--no-browser")
