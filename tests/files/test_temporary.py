"""Temporary files: short names, plain permissions, and none that stays."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import clearprop as cp
from clearprop.files import temporary
from clearprop.files.whole_file import check_can_write, write_whole

posix = pytest.mark.skipif(sys.platform == "win32", reason="as POSIX has it")

STOPPED = """
import os, sys, time
from clearprop.files import whole_file

def stop(handle):
    print("writing", flush=True)
    time.sleep(60)

whole_file.os.fsync = stop
whole_file.write_whole(sys.argv[1], b"x" * 1000)
"""


@pytest.fixture
def writing(tmp_path):
    """A process in the middle of a write to `tmp_path / "target"`."""
    with subprocess.Popen(
        [sys.executable, "-c", STOPPED, tmp_path / "target"], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"writing\n"
        yield process
        process.kill()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def temporaries(folder: Path) -> list[str]:
    return [name for name in names(folder) if name.startswith(temporary.PREFIX)]


@posix
def test_the_next_write_removes_what_a_killed_one_left(writing, tmp_path):
    write_whole(tmp_path / "a", b"1")
    assert len(temporaries(tmp_path)) == 1  # somebody still writes it
    writing.send_signal(signal.SIGKILL)
    writing.wait()
    assert len(temporaries(tmp_path)) == 1
    write_whole(tmp_path / "b", b"2")
    assert names(tmp_path) == ["a", "b"]


@posix
def test_so_does_a_check_that_a_file_could_be_written(writing, tmp_path):
    writing.kill()
    writing.wait()
    assert len(temporaries(tmp_path)) == 1
    check_can_write(tmp_path / "b", replace=False)
    assert names(tmp_path) == []


@posix
def test_a_stopped_writer_keeps_its_file(writing, tmp_path):
    writing.send_signal(signal.SIGSTOP)
    [name] = temporaries(tmp_path)
    long_ago = time.time() - 10 * 86_400
    os.utime(tmp_path / name, (long_ago, long_ago))
    write_whole(tmp_path / "a", b"1")
    assert temporaries(tmp_path) == [name]


@posix
def test_what_only_looks_like_ours_stays(tmp_path, monkeypatch):
    (tmp_path / f"{temporary.PREFIX}notes.txt").touch()
    (tmp_path / f"notes{temporary.SUFFIX}").touch()
    (tmp_path / "aim").write_text("kept")
    (tmp_path / f"{temporary.PREFIX}link{temporary.SUFFIX}").symlink_to(tmp_path / "aim")
    (tmp_path / f"{temporary.PREFIX}folder{temporary.SUFFIX}").mkdir()
    os.mkfifo(tmp_path / f"{temporary.PREFIX}pipe{temporary.SUFFIX}")
    before = names(tmp_path)
    write_whole(tmp_path / "a", b"1")
    assert names(tmp_path) == sorted([*before, "a"])
    (tmp_path / f"{temporary.PREFIX}other{temporary.SUFFIX}").touch()
    monkeypatch.setattr(temporary.os, "geteuid", lambda: 12345)  # somebody else's
    write_whole(tmp_path / "a", b"1")
    assert names(tmp_path) == sorted([*before, "a", f"{temporary.PREFIX}other{temporary.SUFFIX}"])


@posix
def test_without_locks_a_day_decides(tmp_path, monkeypatch):
    def no_locks(*arguments):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(temporary.fcntl, "flock", no_locks)
    stray = tmp_path / f"{temporary.PREFIX}0{temporary.SUFFIX}"
    stray.touch()
    write_whole(tmp_path / "a", b"1")
    assert stray.exists()
    long_ago = time.time() - 2 * 86_400
    os.utime(stray, (long_ago, long_ago))
    write_whole(tmp_path / "a", b"2")
    assert names(tmp_path) == ["a"]


@posix
def test_a_file_taken_for_a_stray_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    real, taken = temporary.fcntl.flock, []

    def flock(descriptor, how):
        if not taken:
            taken.extend(temporaries(tmp_path))
            (tmp_path / taken[0]).unlink()
        real(descriptor, how)

    monkeypatch.setattr(temporary.fcntl, "flock", flock)
    write_whole(tmp_path / "a", b"1")
    assert len(taken) == 1
    assert names(tmp_path) == ["a"]


@posix
def test_where_every_file_is_taken_there_is_an_end(tmp_path, monkeypatch):
    def taken(*arguments):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(temporary.fcntl, "flock", taken)
    with pytest.raises(cp.FileWriteError, match="each new file there is locked by somebody else"):
        write_whole(tmp_path / "a", b"1")
    assert names(tmp_path) == []


@posix
def test_a_process_that_shares_its_locks_leaves_its_own_files_alone(tmp_path, monkeypatch):
    """As on network drives where a lock is the whole process's."""
    monkeypatch.setattr(temporary.fcntl, "flock", lambda descriptor, how: None)
    with temporary.temporary_file(tmp_path, 0o600) as (_, path):
        write_whole(tmp_path / "a", b"1")
        assert path.exists()
    assert names(tmp_path) == ["a"]


def test_threads_that_write_into_one_folder_leave_each_other_alone(tmp_path):
    problems = []

    def write(number):
        try:
            for _ in range(50):
                write_whole(tmp_path / f"{number}", bytes([number]) * 100)
        except cp.FileWriteError as error:
            problems.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert names(tmp_path) == ["0", "1", "2", "3"]


@posix
class TestPermissions:
    def test_the_umask_is_never_touched(self, tmp_path, monkeypatch):
        monkeypatch.setattr(os, "umask", None)
        write_whole(tmp_path / "a", b"1")
        write_whole(tmp_path / "a", b"2")

    @pytest.mark.parametrize("mask", [0o077, 0o022, 0o027, 0o000])
    def test_a_new_file_has_what_the_umask_leaves(self, mask, tmp_path):
        code = (
            f"import os, sys; os.umask({mask})\n"
            "from clearprop.files.whole_file import write_whole\n"
            "write_whole(sys.argv[1], b'1')"
        )
        subprocess.run([sys.executable, "-c", code, tmp_path / "a"], check=True)
        assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~mask

    def test_what_is_to_replace_a_file_is_the_owners_alone(self, tmp_path, monkeypatch):
        write_whole(tmp_path / "a", b"1")
        (tmp_path / "a").chmod(0o600)
        seen = []
        real = os.fsync

        def look(handle):
            seen.append(os.fstat(handle).st_mode & 0o777)
            real(handle)

        monkeypatch.setattr(os, "fsync", look)
        write_whole(tmp_path / "a", b"2")
        assert seen[0] == 0o600
        assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127], ids=["ascii", "utf-8"])
def test_the_longest_names_there_are(name, tmp_path):
    network = cp.Network([2, 1], seed=1)
    network.save(tmp_path / name)
    network.save(tmp_path / name)
    assert np.array_equal(cp.Network.load(tmp_path / name).parameters, network.parameters)
    assert names(tmp_path) == [name]


@posix
@pytest.mark.parametrize("name", ["n" * 256, "a\0b", "loop"])
def test_a_name_that_no_file_can_have(name, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for refused in (
        lambda: cp.Network([2, 1]).save(tmp_path / name),
        lambda: check_can_write(tmp_path / name, replace=True),
    ):
        with pytest.raises(cp.FileWriteError, match="is no name for a file: ") as caught:
            refused()
        assert str(caught.value).isprintable()
    with pytest.raises(cp.ModelFileError, match="cannot be read: ") as refusal:
        cp.Network.load(tmp_path / name)
    assert str(refusal.value).isprintable()


@posix
def test_pipes_and_devices_stay_what_they_are(tmp_path):
    """Written by root, a model would take the place of /dev/null."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("pipe", "zero"):
        with pytest.raises(cp.FileWriteError, match="is no regular file"):
            cp.Network([2, 1]).save(tmp_path / name)
        with pytest.raises(cp.FileWriteError, match="is no regular file"):
            check_can_write(tmp_path / name, replace=True)
    with pytest.raises(cp.ModelFileError, match="pipe is a pipe: give a file"):
        cp.Network.load(tmp_path / "pipe")
    with pytest.raises(cp.ModelFileError, match="zero is a device or a socket: give a file"):
        cp.Model.load(tmp_path / "zero")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
