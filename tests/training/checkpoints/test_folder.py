"""The folder: the newest whole file is taken, damage is told, and a failed write ends no run."""

from __future__ import annotations

import errno
import os
import shutil
import stat

import numpy as np
import pytest

import clearprop as cp
from clearprop.files import model_file
from clearprop.training.checkpoints import folder as folder_module
from kept_runs import CutError, begin, cut_after, outcome


def files(folder):
    return sorted(path.name for path in folder.glob("checkpoint-*"))


def cut_at(monkeypatch, batches, **run):
    with monkeypatch.context() as patch:
        cut_after(patch, batches)
        with pytest.raises(CutError):
            begin(**run)


def test_the_newest_three_stay_and_foreign_files_too(tmp_path):
    foreign = ["notes.txt", "checkpoint-1.safetensors", "checkpoint-000000000001.safetensors.bak",
               "old-checkpoint-000000000001.safetensors"]  # fmt: skip
    for name in foreign:
        (tmp_path / name).write_text("mine")
    begin(checkpoint=tmp_path, checkpoint_every="10 steps")
    ours = [f"checkpoint-0000000000{n}.safetensors" for n in (50, 60, 70)]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [*foreign, *ours, "checkpoint.lock"]
    )
    assert all((tmp_path / name).read_text() == "mine" for name in foreign)


@pytest.mark.skipif(os.name == "nt", reason="files have no such permissions there")
def test_all_files_are_ordinary_ones(tmp_path):
    mask = os.umask(0o002)
    try:
        begin(checkpoint=tmp_path, epochs=1)
    finally:
        os.umask(mask)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o664}
    assert "checkpoint.lock" in modes


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(bytes(path.stat().st_size)),
        lambda path: path.write_bytes(path.read_bytes()[:-9] + b"\1" + path.read_bytes()[-8:]),
        lambda path: path.write_bytes(
            path.read_bytes().replace(b'batches\\": 5', b'batches\\": 6')
        ),
        lambda path: cp.Network([1, 1]).save(path),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_damaged_files_are_passed_over_with_a_warning(damage, monkeypatch, tmp_path):
    cut_at(monkeypatch, 59, checkpoint=tmp_path, checkpoint_every="5 steps", dropout=0.2)
    newest, older, _ = sorted(tmp_path.glob("*.safetensors"), reverse=True)
    damage(newest)
    whole = outcome(*begin(dropout=0.2))
    with pytest.warns(cp.CheckpointWarning, match=newest.name) as caught:
        found = outcome(*begin(checkpoint=tmp_path, resume=True, dropout=0.2, first=1))
    assert found == whole
    assert len(caught) == 1
    assert f"the run goes on from {older.name}" in str(caught[0].message)


def test_a_file_with_the_name_of_another_is_passed_over(monkeypatch, tmp_path):
    """Or each run would go on from it again, however far the last one came."""
    cut_at(monkeypatch, 32, checkpoint=tmp_path, checkpoint_every="10 steps")
    later = tmp_path / "checkpoint-000000000099.safetensors"
    shutil.copy(tmp_path / "checkpoint-000000000010.safetensors", later)
    with pytest.warns(cp.CheckpointWarning, match="0099.safetensors is another checkpoint, renam"):
        found = outcome(*begin(checkpoint=tmp_path, resume=True))
    assert found == outcome(*begin())


def test_two_damaged_files_are_both_named(monkeypatch, tmp_path):
    cut_at(monkeypatch, 59, checkpoint=tmp_path, checkpoint_every="5 steps")
    newest, older, oldest = sorted(tmp_path.glob("*.safetensors"), reverse=True)
    newest.write_bytes(b"x")
    older.write_bytes(b"x")
    with pytest.warns(cp.CheckpointWarning) as caught:
        assert outcome(*begin(checkpoint=tmp_path, resume=True)) == outcome(*begin())
    said = [str(one.message) for one in caught]
    assert newest.name in said[0]
    assert older.name in said[1]
    assert all(oldest.name in line for line in said)


def test_where_all_are_damaged_nothing_begins(tmp_path):
    begin(checkpoint=tmp_path)
    for path in tmp_path.glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(
        cp.ModelFileError, match="no checkpoint in .* is whole .*: give another fol"
    ):
        begin(checkpoint=tmp_path, resume=True)


def test_a_header_that_describes_no_run_is_told(tmp_path):
    begin(checkpoint=tmp_path)
    newest = max(tmp_path.glob("*.safetensors"))
    with model_file.opened(newest, "checkpoint") as file:
        header, arrays = file.header, file.arrays()

    def refused(header, arrays):
        model_file.write(newest, "checkpoint", header, arrays)
        with pytest.raises(cp.ModelFileError, match="describes no run|names no run"):
            begin(checkpoint=tmp_path, resume=True)

    for name in header.keys() - {"epoch", "batches"}:  # for messages alone; as the file's name
        for value in (None, -1, "x", [], {"m": [3]}):
            if value != header[name]:
                refused(header | {name: value}, arrays)
        refused({key: value for key, value in header.items() if key != name}, arrays)
    for name in arrays:
        wrong = {} if name in ("seconds", "best_value") else {name: np.zeros(2, "int8")}
        refused(header, {key: one for key, one in arrays.items() if key != name} | wrong)
    loss = arrays["epochs.loss"]
    for wrong in (loss.astype("float32"), loss[:, None]):
        refused(header, arrays | {"epochs.loss": wrong})


def of_epochs(change):
    """Return a change of all columns of the epochs."""
    return lambda header, arrays: arrays.update(
        {name: change(one) for name, one in arrays.items() if name.startswith("epochs.")}
    )


@pytest.mark.parametrize(
    "change",
    [
        of_epochs(lambda column: column[:-1]),
        of_epochs(lambda column: np.append(column, column[-1:])),
        lambda header, arrays: header.update(best_epoch=6),
        lambda header, arrays: header.update(best_epoch=0),
        lambda header, arrays: arrays.pop("best"),
    ],
    ids=["one less", "one more", "a best one to come", "parameters of none", "without parameters"],
)
def test_epochs_that_are_not_those_of_the_batches(change, tmp_path):
    run = {"early_stopping": cp.EarlyStopping(9, "loss"), "checkpoint": tmp_path}
    begin(**run)
    newest = max(tmp_path.glob("*.safetensors"))
    with model_file.opened(newest, "checkpoint") as file:
        header, arrays = file.header, file.arrays()
    assert 0 < header["best_epoch"] <= header["epoch"] == 5
    change(header, arrays)
    model_file.write(newest, "checkpoint", header, arrays)
    with pytest.raises(cp.ModelFileError, match="its epochs are not those of its batches"):
        begin(**run, resume=True)


def test_a_file_of_another_kind_says_what_reads_it(tmp_path):
    begin(checkpoint=tmp_path)
    newest = max(tmp_path.glob("*.safetensors"))
    with pytest.raises(cp.ModelFileError, match="checkpoint': cp.train.*resume=True\\) reads it"):
        cp.Network.load(newest)


def failing(monkeypatch, fails):
    """Let the writes fail of which `fails` says so by their number, with a full disk."""
    write, count = model_file.write, iter(range(1000))

    def fail(path, *parts, **how):
        if fails(next(count)):
            raise cp.FileWriteError(
                errno.ENOSPC, f"could not write {path}: No space left on device"
            )
        return write(path, *parts, **how)

    monkeypatch.setattr(folder_module.model_file, "write", fail)


def test_a_first_write_that_fails_ends_the_run_before_it_begins(monkeypatch, tmp_path):
    failing(monkeypatch, lambda n: True)
    epochs = []
    with pytest.raises(cp.FileWriteError, match="No space left on device"):
        begin(checkpoint=tmp_path, callbacks=epochs.append)
    assert not epochs


def test_a_later_write_that_fails_is_warned_of_once_and_tried_again(monkeypatch, tmp_path):
    failing(monkeypatch, lambda n: 2 <= n <= 4)
    with pytest.warns(cp.CheckpointWarning) as caught:
        found = outcome(*begin(checkpoint=tmp_path, checkpoint_every="10 steps"))
    assert found == outcome(*begin())
    (warning,) = caught
    assert "no checkpoint was written: could not write" in str(warning.message)
    assert "a resume would go on from checkpoint-000000000010.safetensors; it is tried" in str(
        warning.message
    )
    assert files(tmp_path)[-1] == "checkpoint-000000000070.safetensors"


def test_a_last_write_that_fails_loses_no_result(monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        failing(patch, lambda n: n >= 6)
        with pytest.warns(
            cp.CheckpointWarning, match="would go on from checkpoint-000000000050.safe"
        ):
            assert outcome(*begin(checkpoint=tmp_path, checkpoint_every="10 steps")) == outcome(
                *begin()
            )
    assert outcome(*begin(checkpoint=tmp_path, resume=True)) == outcome(*begin())


def test_a_folder_that_is_read_only_by_now_is_told_before_the_run_goes_on(monkeypatch, tmp_path):
    cut_at(monkeypatch, 30, checkpoint=tmp_path, checkpoint_every="10 steps")
    before, epochs = files(tmp_path), []

    def refuse(folder, permissions):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr("clearprop.files.whole_file.temporary_file", refuse)
        with pytest.raises(cp.FileWriteError, match="cannot write into .*: Read-only file system"):
            begin(checkpoint=tmp_path, resume=True, callbacks=epochs.append)
    assert (files(tmp_path), epochs) == (before, [])
    assert outcome(*begin(checkpoint=tmp_path, resume=True)) == outcome(*begin())


def test_a_folder_that_is_removed_ends_no_run(tmp_path):
    def remove(epoch):
        if epoch.epoch == 2:
            shutil.rmtree(tmp_path / "kept")

    with pytest.warns(cp.CheckpointWarning) as caught:
        begin(checkpoint=tmp_path / "kept", checkpoint_every=1, callbacks=remove)
    assert len(caught) == 2  # when it is seen, and at the end
    assert all("a resume would go on from nothing" in str(one.message) for one in caught)


def test_a_relative_folder_stays_where_it_is(monkeypatch, tmp_path):
    (tmp_path / "elsewhere" / "kept").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    run = {"callbacks": lambda epoch: os.chdir(tmp_path / "elsewhere")}
    begin(checkpoint="kept", checkpoint_every=1, **run)
    assert files(tmp_path / "kept") == [f"checkpoint-{n:012}.safetensors" for n in (42, 56, 70)]
    assert files(tmp_path / "elsewhere" / "kept") == []


@pytest.mark.skipif(os.name == "nt", reason="a current folder cannot be removed there")
def test_a_current_folder_that_is_gone(monkeypatch, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(cp.FileWriteError, match="kept.* is nowhere: the current folder is gone"):
        begin(checkpoint="kept")
    assert begin(checkpoint=tmp_path / "kept")[1].stopped == "completed"


def test_what_is_not_read_back_is_no_checkpoint(monkeypatch, tmp_path):
    """A good file of the same batches stays: it is looked at before it takes a name."""
    begin(checkpoint=tmp_path, epochs=2)
    whole = outcome(*begin(epochs=3))
    opened, seen = model_file.opened, []

    def flip(path, kind):
        if path.suffix == ".part":
            seen.append(path)
            if len(seen) < 3:
                content = bytearray(path.read_bytes())
                content[-3] ^= 1
                path.write_bytes(content)
        return opened(path, kind)

    monkeypatch.setattr(model_file, "opened", flip)
    with pytest.warns(cp.CheckpointWarning, match="what is read back is not what was: .*SHA-256"):
        found = outcome(*begin(
            checkpoint=tmp_path, checkpoint_every="5 steps", epochs=3, resume=True
        ))  # fmt: skip
    assert found == whole
    assert files(tmp_path) == [f"checkpoint-{n:012}.safetensors" for n in (28, 40, 42)]
    monkeypatch.undo()
    assert outcome(*begin(checkpoint=tmp_path, epochs=3, resume=True)) == whole


def test_a_folder_that_cannot_be_listed(monkeypatch, tmp_path):
    begin(checkpoint=tmp_path)

    def denied(self):
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(folder_module.Path, "iterdir", denied)
        with pytest.raises(cp.ModelFileError, match="cannot be listed: Permission denied"):
            begin(checkpoint=tmp_path, resume=True)


@pytest.mark.parametrize("state", [np.zeros(3), np.zeros((2, 2), "float32")])
def test_an_optimizer_s_state_that_belongs_to_no_such_run_is_told(state, tmp_path):
    """And not as a setting that the caller has wrong."""
    begin(checkpoint=tmp_path)
    newest = max(tmp_path.glob("*.safetensors"))
    with model_file.opened(newest, "checkpoint") as file:
        header, arrays = file.header, file.arrays()
    header["state"]["m"], arrays["state.m"] = list(state.shape), state
    model_file.write(newest, "checkpoint", header, arrays)
    with pytest.raises(cp.ModelFileError, match="describes no run .*'m' does not belong to this"):
        begin(checkpoint=tmp_path, resume=True)
