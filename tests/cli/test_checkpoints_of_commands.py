"""`clearprop train` and `Model.fit` go on where they were killed or interrupted, to the same bits."""

from __future__ import annotations

import re
import signal
import sys
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from command_line import invoke, refused
from signals import SIGNALS, ended, start_patched

N = 120
TRAIN = ["train", "t.csv", "--target", "kind", "--hidden", "6", "--epochs", "12", "--no-compare"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    draw = np.random.default_rng(0)
    kind = draw.choice(["no", "yes"], N)
    table = pd.DataFrame({"a": draw.normal(size=N), "b": draw.choice(list("xyz"), N), "kind": kind})
    table["price"] = np.exp(draw.normal(size=N))
    table.to_csv("t.csv", index=False)
    return tmp_path


class CutError(Exception):
    """A crash."""


def crash(epoch):
    if epoch.epoch == 5:
        raise CutError


def same(one, other):
    np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
    assert one.report.scores == other.report.scores
    assert [row for row in repr(one.report).splitlines() if " s" not in row] == [
        row for row in repr(other.report).splitlines() if " s" not in row
    ]


@pytest.mark.parametrize("target", ["kind", "price"])
@pytest.mark.parametrize("own_validation", [False, True])
def test_model_fit_goes_on(target, own_validation, here):
    given = {"hidden": (6,), "epochs": 12, "compare": False, "progress": False, "dropout": 0.1}
    if own_validation:
        pd.read_csv("t.csv")[:30].to_csv("v.csv", index=False)
        given["validation"] = "v.csv"
    whole = cp.Model.fit("t.csv", target, **given)
    kept = {"checkpoint": "kept", "checkpoint_every": "3 steps", "resume": True}
    with pytest.raises(CutError):
        cp.Model.fit("t.csv", target, **given, **kept, callbacks=[crash])
    model = cp.Model.fit("t.csv", target, **given, **kept)
    same(model, whole)
    assert model.history.loss == whole.history.loss
    epochs = []
    same(cp.Model.fit("t.csv", target, **given, **kept, callbacks=epochs.append), whole)
    assert not epochs
    table = pd.read_csv("t.csv")
    table["a"] **= 3
    with pytest.raises(cp.CheckpointMismatchError, match="X holds other numbers"):
        cp.Model.fit(table, target, **given, **kept)


def test_the_command_refuses_what_python_does(here):
    refused("clearprop: --resume needs --checkpoint FOLDER, that of the run's", *TRAIN, "--resume")
    every = ["--checkpoint-every", "10 epochs"]
    refused("--checkpoint-every 10 epochs needs --checkpoint FOLDER", *TRAIN, *every)
    assert invoke(*TRAIN, "--checkpoint", "kept", "--quiet").exit_code == 0
    said = "holds a run already, with 12 of 12 epochs done (completed): --resume goes on from it"
    refused(said, *TRAIN, "--checkpoint", "kept", "--force")
    again = [*TRAIN, "--checkpoint", "kept", "--resume", "--force"]
    refused("is another: l2 is 0.5, the run has 0", *again, "--l2", "0.5")
    done = invoke(*again)
    assert done.exit_code == 0
    assert "clearprop: already finished: " in done.stderr
    assert "already finished" not in invoke(*again, "--quiet").stderr
    soon = invoke(*TRAIN, "--checkpoint", "other", "--checkpoint-every", "soon")
    assert soon.exit_code == 2
    assert "'soon'; give a number of epochs, or such as '10 epochs'" in soon.stderr


def test_a_run_that_goes_on_says_from_where(here, capfd):
    given = {"hidden": (6,), "epochs": 12, "compare": False, "checkpoint": "kept"}
    given |= {"checkpoint_every": "1 step", "resume": True}
    with pytest.raises(CutError):
        cp.Model.fit("t.csv", "kind", **given, callbacks=[crash])
    assert "goes on from" not in capfd.readouterr().err
    newest = max(Path("kept").glob("*.safetensors"))
    cp.Model.fit("t.csv", "kind", **given)
    said = capfd.readouterr().err
    assert re.search(
        rf"clearprop: goes on from .*{newest.name}: in epoch \d+ of 12, behind \d+ of its \d+ "
        r"batches\n",
        said,
    )


def test_a_damaged_checkpoint_is_a_note(here):
    kept = [*TRAIN, "--checkpoint", "kept", "--resume", "--force"]
    invoke(*kept, "--quiet")
    max(Path("kept").glob("*.safetensors")).write_bytes(b"damaged")
    done = invoke(*kept, "--quiet")
    assert done.exit_code == 0
    notes = [line for line in done.stderr.splitlines() if line.startswith("Note: ")]
    assert len(notes) == 1
    assert "the newest before it that is whole." in notes[0]
    assert "CheckpointWarning" not in done.stderr


def test_a_settings_file_has_them(here):
    Path("s.toml").write_text(
        'target = "kind"\nepochs = 3\ncompare = false\ncheckpoint = "kept"\nresume = true\n'
        "checkpoint-every = 2\n"
    )
    done = invoke("train", "t.csv", "--settings", "s.toml", "--save-settings", "again.toml")
    assert done.exit_code == 0, done.stderr
    assert tomllib.loads(Path("again.toml").read_text()) == {
        "target": "kind", "epochs": 3, "compare": False, "checkpoint": "kept", "resume": True,
        "checkpoint-every": "2",
    }  # fmt: skip
    done = invoke("train", "t.csv", "--settings", "again.toml", "--force")
    assert (done.exit_code, len(list(Path("kept").glob("*.safetensors")))) == (0, 3)


PATCH = """
import os, signal
import clearprop.tables.in_memory as M
train = M.train
def tell(epoch):
    if epoch.epoch == 5:
        {what}
def slow(*arguments, **named):
    return train(*arguments, **named | dict(callbacks=tell))
M.train = slow
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
class TestSignals:
    KEPT = (*TRAIN, "--checkpoint", "kept", "--checkpoint-every", "3 steps", "--resume")

    def whole(self):
        assert invoke(*TRAIN, "--out", "whole.safetensors", "--quiet").exit_code == 0
        return cp.Model.load("whole.safetensors")

    @pytest.mark.parametrize("number", SIGNALS)
    def test_an_interrupted_command_says_how_to_go_on(self, number, here):
        pressed = f"os.kill(os.getpid(), {int(number)})"
        code, out, err = ended(start_patched(PATCH.format(what=pressed), self.KEPT, here))
        assert (code, err.splitlines()[-1]) == (  # a slow machine shows progress before
            0,
            "clearprop: interrupted; the same command with --resume --force goes on from kept",
        )
        assert "Saved in t.safetensors" in out
        assert len(cp.Model.load("t.safetensors").predict("t.csv")) == N
        assert invoke(*self.KEPT, "--force", "--quiet").exit_code == 0
        same(cp.Model.load("t.safetensors"), self.whole())

    def test_a_killed_command_goes_on(self, here):
        kill = "os.kill(os.getpid(), signal.SIGKILL)"
        process = start_patched(PATCH.format(what=kill), self.KEPT, here)
        process.communicate(timeout=400)
        assert process.returncode == -signal.SIGKILL
        assert not Path("t.safetensors").exists()
        assert invoke(*self.KEPT, "--quiet").exit_code == 0
        same(cp.Model.load("t.safetensors"), self.whole())
