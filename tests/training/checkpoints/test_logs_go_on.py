"""Logs have each epoch once after a run has gone on, wherever the crash left them."""

from __future__ import annotations

import json

import pytest

import clearprop as cp
from kept_runs import CutError, begin, cut_after

RUN = {"validation": 0.3, "metrics": ["accuracy"], "dropout": 0.2}
BATCHES = -(-29 // 3)  # an epoch's, of the rows that are trained on


def rows(path):
    lines = path.read_text().splitlines()
    if path.suffix == ".jsonl":
        return [{k: v for k, v in json.loads(line).items() if k != "seconds"} for line in lines]
    return [line.rpartition(",")[0] for line in lines]


def whole_log(kind, folder, **run):
    path = folder / f"whole.{kind}"
    begin(**RUN | run, callbacks=log(path))
    return rows(path)


def log(path, if_exists="append"):
    return {".csv": cp.CSVLog, ".jsonl": cp.JSONLinesLog}[path.suffix](path, if_exists=if_exists)


def killed(monkeypatch, path, folder, epochs, every, if_exists="append"):
    """Leave the log after so many epochs, and the newest checkpoint before."""
    with monkeypatch.context() as patch:
        cut_after(patch, epochs * BATCHES + 1)
        with pytest.raises(CutError):
            begin(**RUN, checkpoint=folder, checkpoint_every=every, callbacks=log(path, if_exists))


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("every", ["1 step", 1, 2, "3 epochs", "1000 seconds"])
def test_a_log_ahead_of_the_checkpoint(kind, every, monkeypatch, tmp_path):
    path = tmp_path / f"log.{kind}"
    killed(monkeypatch, path, tmp_path / "kept", 3, every)
    assert len(rows(path)) == 3 + (kind == "csv")
    begin(**RUN, checkpoint=tmp_path / "kept", resume=True, callbacks=log(path))
    assert rows(path) == whole_log(kind, tmp_path)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("kept", [0, 0.5, 1, 1.5, 2.5, 3, None])
def test_a_log_behind_the_checkpoint(kind, kept, monkeypatch, tmp_path):
    """A power cut may lose lines that were written; half a line may be left."""
    path = tmp_path / f"log.{kind}"
    killed(monkeypatch, path, tmp_path / "kept", 3, "1 step")
    lines = path.read_bytes().splitlines(keepends=True)
    if kept is None:
        path.unlink()
    else:
        whole = int(kept)
        half = lines[whole][:9] if kept > whole else b""
        path.write_bytes(b"".join(lines[:whole]) + half)
    begin(**RUN, checkpoint=tmp_path / "kept", resume=True, callbacks=log(path))
    assert rows(path) == whole_log(kind, tmp_path)


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("every", ["1 step", "1000 seconds"])
def test_lines_of_other_runs_stay(kind, every, monkeypatch, tmp_path):
    path = tmp_path / f"log.{kind}"
    begin(**RUN, seed=8, callbacks=log(path))
    others = rows(path)
    killed(monkeypatch, path, tmp_path / "kept", 3, every)
    begin(**RUN, checkpoint=tmp_path / "kept", resume=True, callbacks=log(path))
    own = whole_log(kind, tmp_path)
    assert rows(path) == others + own[kind == "csv" :]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
@pytest.mark.parametrize("if_exists", ["fail", "replace", "number"])
@pytest.mark.parametrize("every", ["1 step", "1000 seconds"])
def test_a_log_that_does_not_append_is_whole_too(kind, if_exists, every, monkeypatch, tmp_path):
    path = tmp_path / f"log.{kind}"
    killed(monkeypatch, path, tmp_path / "kept", 3, every, if_exists)
    if if_exists == "fail":
        with pytest.raises(cp.FileWriteError, match="exists already"):
            log(path, if_exists)
        path.unlink()
    again = log(path, if_exists)
    begin(**RUN, checkpoint=tmp_path / "kept", resume=True, callbacks=again)
    assert rows(again.written) == whole_log(kind, tmp_path)
    assert (again.written != path) == (if_exists == "number")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_a_finished_run_mends_its_log(kind, tmp_path):
    path = tmp_path / f"log.{kind}"
    begin(**RUN, checkpoint=tmp_path / "kept", callbacks=log(path))
    path.write_bytes(path.read_bytes()[:-30])
    begin(**RUN, checkpoint=tmp_path / "kept", resume=True, callbacks=log(path))
    assert rows(path) == whole_log(kind, tmp_path)


def test_a_log_of_another_kind_is_left_alone(monkeypatch, tmp_path):
    path = tmp_path / "log.csv"
    killed(monkeypatch, path, tmp_path / "kept", 3, "1 step")
    for content in (b"a,b\n1,2\n", path.read_bytes().splitlines(keepends=True)[0] + b"x,y\n"):
        path.write_bytes(content)
        with pytest.raises(cp.FileWriteError, match="choose another name"):
            begin(**RUN, checkpoint=tmp_path / "kept", resume=True, callbacks=log(path))
        assert path.read_bytes() == content


def steps(folder):
    """What TensorBoard shows of a folder."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    reader = accumulator.EventAccumulator(str(folder), size_guidance={"scalars": 0})
    reader.Reload()
    return {
        tag: [(e.step, e.value) for e in reader.Scalars(tag)] for tag in reader.Tags()["scalars"]
    }


@pytest.mark.parametrize("every", ["1 step", 2, "1000 seconds"])
@pytest.mark.parametrize("lost", [0, 100, 1000, None])
def test_tensorboard_shows_each_epoch_once(every, lost, monkeypatch, tmp_path):
    pytest.importorskip("tensorboardX")

    def board(name="log"):
        return cp.TensorBoardLog(tmp_path / name, if_exists="append")

    with monkeypatch.context() as patch:
        cut_after(patch, 3 * BATCHES + 1)
        with pytest.raises(CutError):
            begin(**RUN, checkpoint=tmp_path / "kept", checkpoint_every=every, callbacks=board())
    for file in (tmp_path / "log").rglob("events*"):
        if lost is None:
            file.unlink()
        else:
            file.write_bytes(file.read_bytes()[: file.stat().st_size - lost])
    begin(**RUN, checkpoint=tmp_path / "kept", resume=True, callbacks=board())
    begin(**RUN, callbacks=board("whole"))
    for part in ("training", "validation"):
        shown = steps(tmp_path / "log" / part)
        assert shown == steps(tmp_path / "whole" / part)
        assert [step for step, _ in shown["loss"]] == [1, 2, 3, 4, 5]
