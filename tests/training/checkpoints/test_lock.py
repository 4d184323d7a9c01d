"""One run of one process writes into a folder, whatever is forked from it or done to the folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import clearprop as cp
from clearprop.training.checkpoints.lock import LOCK, FolderLock
from kept_runs import begin, outcome

pytest.importorskip("fcntl")


def process(script, folder):
    """What a process prints, which runs until it closes its output."""
    started = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script), folder],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    lines = started.stdout.readline()
    started.stdout.close()
    return started, lines


@pytest.mark.parametrize("how", ["fork", "multiprocessing", "subprocess"])
def test_a_child_that_lives_on_keeps_no_lock(how, tmp_path):
    script = f"""
        import os, sys, time, subprocess, multiprocessing, clearprop as cp
        def child():
            if {how!r} == "fork":
                number = os.fork()
                if number == 0:
                    time.sleep(600)
                    os._exit(0)
            elif {how!r} == "subprocess":
                number = subprocess.Popen(["sleep", "600"], close_fds=False).pid
            else:
                fork = multiprocessing.get_context("fork")
                worker = fork.Process(target=time.sleep, args=(600,))
                worker.start()
                number = worker.pid
            return number
        def crash(epoch):
            print(child(), flush=True)
            os._exit(1)
        cp.train(cp.Network([1, 1]), [[1.0]], [1.0], checkpoint=sys.argv[1], callbacks=crash)
    """
    parent, said = process(script, tmp_path)
    try:
        assert parent.wait(400) == 1
        os.kill(int(said), 0)  # it lives
        history = cp.train(cp.Network([1, 1]), [[1.0]], [1.0], checkpoint=tmp_path, resume=True)
        assert history.stopped == "completed"
    finally:
        os.kill(int(said), signal.SIGKILL)


def test_the_run_keeps_its_lock_while_a_child_ends(tmp_path):
    script = """
        import os, sys, clearprop as cp
        from pathlib import Path
        from clearprop.training.checkpoints.lock import FolderLock
        place = Path(sys.argv[1])
        lock = FolderLock(place, place)
        child = os.fork()
        if child == 0:
            try:
                lock.check()
            except cp.FileWriteError as error:
                print(error, flush=True)
            lock.close()
            os._exit(7)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        lock.check()
        try:
            FolderLock(place, place)
        except cp.FileWriteError:
            os._exit(code)
    """
    parent, said = process(script, tmp_path)
    assert said.endswith("are those of the process that this one was forked from\n")
    assert parent.wait(400) == 7


def test_a_folder_that_was_moved_is_not_mixed_with_the_one_in_its_place(tmp_path):
    folder, moved = tmp_path / "kept", tmp_path / "moved"
    others = []

    def move(epoch):
        if epoch.epoch == 2:
            folder.rename(moved)
            begin(checkpoint=folder, epochs=1, seed=8)
            others.extend(listing(folder))

    with pytest.warns(cp.CheckpointWarning, match="no longer the folder that the run began in"):
        found = outcome(*begin(checkpoint=folder, checkpoint_every=1, callbacks=move))
    assert found == outcome(*begin())
    assert others == listing(folder)
    assert outcome(*begin(checkpoint=moved, resume=True)) == found


def listing(folder):
    return sorted((path.name, path.read_bytes()) for path in folder.iterdir())


def test_a_lock_that_was_removed_is_taken_anew(tmp_path):
    def remove(epoch):
        if epoch.epoch == 2:
            (tmp_path / LOCK).unlink()
        if epoch.epoch == 4:
            with pytest.raises(cp.FileWriteError, match="another run writes its checkpoints into"):
                begin(checkpoint=tmp_path, resume=True)

    begin(checkpoint=tmp_path, checkpoint_every=1, callbacks=remove)
    assert len([*tmp_path.glob("*.safetensors")]) == 3


def test_a_lock_that_is_taken_anew_leaves_no_file_open(tmp_path):
    lock = FolderLock(tmp_path, tmp_path)
    first = lock._file
    (tmp_path / LOCK).unlink()
    lock.check()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(first)
    lock.close()


def test_a_lock_that_another_run_has_taken_in_the_meantime(tmp_path):
    mine = FolderLock(tmp_path, Path("kept"))
    (tmp_path / LOCK).unlink()
    other = FolderLock(tmp_path, Path("kept"))
    with pytest.raises(cp.FileWriteError, match="kept is no longer the folder that the run began"):
        mine.check()
    other.close()
    mine.close()
    FolderLock(tmp_path, Path("kept")).close()
