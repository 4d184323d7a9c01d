"""When a checkpoint is due."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from clearprop.training.checkpoints import cadence as cadence_module
from clearprop.training.checkpoints.cadence import DEFAULT, read_cadence
from clocks import set_clock
from kept_runs import EPOCH_BATCHES, begin


@pytest.mark.parametrize(
    ("spec", "every", "unit"),
    [
        (1, 1, "epoch"), (3, 3, "epoch"), (np.int64(3), 3, "epoch"), ("3", 3, "epoch"), ("1 epoch", 1, "epoch"),
        ("10 epochs", 10, "epoch"), ("500steps", 500, "step"), (" 1 step ", 1, "step"),
        (f"{10**18 - 1} steps", 10**18 - 1, "step"), ("60 seconds", 60, "second"), ("0.5 second", 0.5, "second"), (DEFAULT, 60, "second"),
    ],
)  # fmt: skip
def test_what_is_read(spec, every, unit):
    found = read_cadence(spec)
    assert (found.every, found.unit) == (every, unit)


def test_batches_until_it_is_due(monkeypatch):
    now = [0.0]
    set_clock(monkeypatch, lambda: now[0], cadence_module)
    steps, epochs, seconds = (read_cadence(one) for one in ("7 steps", "2 epochs", "0.05 seconds"))
    assert [steps.ahead(n, 10) for n in (0, 6, 7)] == [7, 1, 7]
    assert [steps.due(n, 10) for n in (6, 7, 8)] == [False, True, False]
    assert [epochs.ahead(n, 10) for n in (0, 19, 20)] == [20, 1, 20]
    assert [epochs.due(n, 10) for n in (10, 20)] == [False, True]
    seconds.begin()
    assert seconds.ahead(3, 10) == sys.maxsize
    assert not seconds.due(3, 10)
    now[0] = 0.06
    assert seconds.due(3, 10)
    seconds.begin()
    assert not seconds.due(3, 10)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize(
    ("every", "places"),
    [
        ("11 steps", range(0, 70, 11)),
        (2, [0, 2 * EPOCH_BATCHES, 4 * EPOCH_BATCHES]),
        ("1 epoch", range(0, 70, EPOCH_BATCHES)),
        ("3600 seconds", [0]),
        (None, [0]),
    ],
)
def test_a_run_is_written_there_and_at_its_ends(every, places, engine, monkeypatch, tmp_path):
    from clearprop.training.checkpoints.folder import CheckpointFolder

    written, write = [], CheckpointFolder.write

    def note(self, batches, header, arrays):
        written.append((batches, header["stopped"]))
        write(self, batches, header, arrays)

    monkeypatch.setattr(CheckpointFolder, "write", note)
    begin(checkpoint=tmp_path, checkpoint_every=every, engine=engine)
    assert written == [*((place, "") for place in places), (5 * EPOCH_BATCHES, "completed")]


def test_seconds_are_kept_to(monkeypatch, tmp_path):
    now = iter(range(10_000))
    set_clock(monkeypatch, lambda: float(next(now)), cadence_module)  # each look is a second later
    cadence = read_cadence("3 seconds")
    cadence.begin()
    assert [cadence.due(batches, 10) for batches in range(1, 5)] == [False, False, True, True]
    cadence.begin()
    assert not cadence.due(9, 10)
    monkeypatch.undo()
    begin(checkpoint=tmp_path, checkpoint_every="0.000001 seconds", callbacks=lambda epoch: None)
    newest = sorted(path.name for path in tmp_path.glob("*.safetensors"))
    assert newest == [f"checkpoint-{n:012}.safetensors" for n in (42, 56, 70)]
