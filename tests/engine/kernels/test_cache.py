"""The cache of compiled kernels runs, and writes, nothing that others could have put there."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import signal
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from clearprop.engine.kernels import cache, compiler, loading
from clearprop.engine.kernels.precision import FLOAT32
from clearprop.errors import FileWriteError
from command_line import invoke

posix = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes as POSIX has them")

KERNEL = "random.order-float32"
COMPILED = ("compiled", b"what the compiler made\n\0")
PLANTED = ("planted", b"what an attacker made")
SOMEBODY = 12345


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A new, empty cache, of which the folder is there."""
    monkeypatch.setenv("CLEARPROP_CACHE", str(tmp_path / "cache"))
    cache.folder.cache_clear()
    assert cache.refusal() is None
    yield cache.folder()
    cache.folder.cache_clear()


@pytest.fixture
def run(monkeypatch, compiling):
    """Load a kernel as a new process does; what is placed in memory to be run, in place of it."""

    def load():
        cache._trusted.cache_clear()
        monkeypatch.setattr(loading, "_addresses", {})
        monkeypatch.setattr(loading, "_told", False)
        assert loading.load("random.order", FLOAT32) == 1
        return placed.pop()

    placed = []
    monkeypatch.setattr(compiler, "compile_function", lambda *_: COMPILED)
    monkeypatch.setattr(loading, "build", lambda *_: (None, None))
    monkeypatch.setattr(compiler, "place", lambda *code: placed.append(code) or 1)
    return load


def plant(folder, name=f"{KERNEL}.kernel"):
    """Write a whole file of code as an attacker would: its checksum is right."""
    rest = PLANTED[0].encode() + b"\n" + PLANTED[1]
    path = folder / name
    path.write_bytes(hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest)
    path.chmod(0o644)
    return path


def give(path):
    if os.geteuid() != 0:
        pytest.skip("only the superuser gives files away")
    os.lchown(path, SOMEBODY, SOMEBODY)


def test_what_is_ours_is_run(place, run, capsys):
    plant(place)
    assert run() == PLANTED  # so a plant that the tests below refuse would have run
    assert capsys.readouterr().err == ""


def test_what_is_compiled_is_kept(place, run, capsys):
    assert run() == COMPILED
    assert capsys.readouterr().err == "clearprop: compiling the engine for this machine, once\n"
    assert [path.name for path in place.iterdir()] == [f"{KERNEL}.kernel"]
    assert run() == COMPILED == cache.read(KERNEL)
    assert capsys.readouterr().err == ""


@posix
class TestPlanted:
    """In a folder that is ours, a file that is not: compiled anew, and replaced."""

    @staticmethod
    def is_replaced(place, run, capsys):
        assert run() == COMPILED
        assert capsys.readouterr().err == "clearprop: compiling the engine for this machine, once\n"
        found = (place / f"{KERNEL}.kernel").lstat()
        assert stat.S_ISREG(found.st_mode)
        assert (found.st_uid, found.st_mode & 0o022) == (os.geteuid(), 0)
        assert run() == COMPILED
        assert capsys.readouterr().err == ""

    @pytest.mark.parametrize("mode", [0o666, 0o664, 0o646])
    def test_a_file_that_others_can_write(self, place, run, capsys, mode):
        plant(place).chmod(mode)
        self.is_replaced(place, run, capsys)

    def test_a_file_of_another_user(self, place, run, capsys):
        give(plant(place))
        self.is_replaced(place, run, capsys)

    def test_a_link(self, place, run, capsys, tmp_path):
        planted = plant(tmp_path)
        before = planted.read_bytes()
        (place / planted.name).symlink_to(planted)
        self.is_replaced(place, run, capsys)
        assert planted.read_bytes() == before

    def test_a_hard_link(self, place, run, capsys, tmp_path):
        planted = plant(tmp_path)
        give(planted)
        before = planted.read_bytes()
        (place / planted.name).hardlink_to(planted)
        self.is_replaced(place, run, capsys)
        assert planted.read_bytes() == before

    def test_a_pipe(self, place, run, capsys):
        os.mkfifo(place / f"{KERNEL}.kernel", 0o600)
        self.is_replaced(place, run, capsys)

    @pytest.mark.parametrize("at", [0, 40, 64, 66, 80])
    def test_a_damaged_file(self, place, run, capsys, at):
        path = plant(place)
        content = bytearray(path.read_bytes())
        content[at] ^= 1  # in the checksum, at its end, in the symbol, in the code
        path.write_bytes(content)
        self.is_replaced(place, run, capsys)

    @pytest.mark.parametrize("length", [0, 10, 65, 70, -1])
    def test_a_truncated_file(self, place, run, capsys, length):
        path = plant(place)
        path.write_bytes(path.read_bytes()[:length])
        self.is_replaced(place, run, capsys)

    def test_another_name_than_a_file_can_have(self, place, run, capsys):
        (place / f"{KERNEL}.kernel").mkdir()
        assert run() == COMPILED
        assert (place / f"{KERNEL}.kernel").is_dir()


@posix
class TestRefused:
    """In a folder that others can reach: compiled, and nothing is read, written or left there."""

    @staticmethod
    def is_refused(place, run, capsys, reason):
        before = sorted(place.parent.parent.rglob("*"))
        assert run() == COMPILED
        assert capsys.readouterr().err == (
            f"clearprop: compiling the engine for this machine, once; not kept: {reason}, "
            "see CLEARPROP_CACHE\n"
        )
        assert sorted(place.parent.parent.rglob("*")) == before
        assert run() == COMPILED
        done = invoke("warm-up")
        assert done.exit_code == 1
        assert reason in done.stderr
        assert len(done.stderr.splitlines()) == 1

    @pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775, 0o757])
    def test_it_can_be_written(self, place, run, capsys, mode):
        plant(place)
        place.chmod(mode)
        self.is_refused(place, run, capsys, f"{place} can be written by others")

    @pytest.mark.parametrize("above", [0, 1])
    def test_what_is_above_it_can_be_written(self, place, run, capsys, above):
        plant(place)
        place.parents[above].chmod(0o777)
        reason = f"{place.parents[above]} can be written by others"
        self.is_refused(place, run, capsys, reason)

    def test_what_is_above_it_is_sticky(self, place, run):
        plant(place)
        place.parents[1].chmod(0o1777)
        assert run() == PLANTED

    @pytest.mark.parametrize("above", [0, 1])
    def test_it_belongs_to_another_user(self, place, run, capsys, above):
        path = (place, place.parent)[above]
        plant(place)
        give(path)
        self.is_refused(place, run, capsys, f"{path} belongs to another user")

    def test_a_link_of_another_user(self, place, run, capsys, tmp_path):
        place.rename(tmp_path / "elsewhere")
        plant(tmp_path / "elsewhere")
        place.symlink_to(tmp_path / "elsewhere")
        give(place)
        self.is_refused(place, run, capsys, f"{place} belongs to another user")

    def test_a_link_of_ours_to_what_others_can_write(self, place, run, capsys, tmp_path):
        place.rename(tmp_path / "elsewhere")
        plant(tmp_path / "elsewhere")
        place.symlink_to(tmp_path / "elsewhere")
        assert run() == PLANTED
        (tmp_path / "elsewhere").chmod(0o777)
        self.is_refused(place, run, capsys, f"{tmp_path / 'elsewhere'} can be written by others")

    def test_a_file_is_in_the_way(self, place, run, capsys):
        place.rmdir()
        place.touch()
        self.is_refused(place, run, capsys, f"{place} is no folder")

    def test_nothing_is_made_where_others_write(self, place, run, capsys):
        place.rmdir()
        place.parent.rmdir()
        place.parents[1].chmod(0o777)
        self.is_refused(place, run, capsys, f"{place.parents[1]} can be written by others")


class TestWriting:
    @posix
    @pytest.mark.parametrize(
        ("umask", "modes"), [(0, (0o755, 0o644)), (0o002, (0o755, 0o644)), (0o077, (0o700, 0o600))]
    )
    def test_permissions(self, place, umask, modes):
        place.rmdir()
        cache._trusted.cache_clear()
        before = os.umask(umask)
        try:
            cache.write(KERNEL, *COMPILED)
        finally:
            os.umask(before)
        paths = (place, place / f"{KERNEL}.kernel")
        assert tuple(path.stat().st_mode & 0o7777 for path in paths) == modes
        assert cache.read(KERNEL) == COMPILED

    @posix
    def test_a_link_at_the_temporary_name_is_not_followed(self, place, tmp_path, monkeypatch):
        names = []
        guessed = secrets.token_hex
        monkeypatch.setattr(secrets, "token_hex", lambda n: names.append(guessed(n)) or names[-1])
        cache.write(KERNEL, *COMPILED)
        cache.write(KERNEL, *COMPILED)
        assert len(set(names)) == 2
        precious = tmp_path / "precious"
        precious.write_text("precious")
        monkeypatch.setattr(secrets, "token_hex", lambda n: "0")
        (place / ".clearprop-0.part").symlink_to(precious)
        cache.write("another-float32", *COMPILED)
        assert precious.read_text() == "precious"
        assert cache.read("another-float32") is None

    @posix
    def test_who_reads_the_old_file_goes_on_reading_it(self, place):
        """Written in place, a kernel would be half one and half the other for who loads it now."""
        cache.write(KERNEL, *PLANTED)
        path = place / f"{KERNEL}.kernel"
        old = path.read_bytes()
        with path.open("rb") as reader:
            cache.write(KERNEL, *COMPILED)
            assert reader.read() == old
        assert cache.read(KERNEL) == COMPILED

    def test_a_write_that_fails_leaves_the_old_file(self, place, monkeypatch):
        cache.write(KERNEL, *PLANTED)

        def no_space(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", no_space)
            cache.write(KERNEL, *COMPILED)
        assert cache.read(KERNEL) == PLANTED
        cache.write(KERNEL, *COMPILED)
        assert cache.read(KERNEL) == COMPILED

    @posix
    def test_the_next_write_removes_what_a_killed_one_left(self, place):
        code = (
            "import os, signal\n"
            "from pathlib import Path\n"
            "from clearprop.engine.kernels import cache\n"
            "Path.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
            "cache.write('killed-float32', 'symbol', b'code')"
        )
        done = subprocess.run([sys.executable, "-c", code])
        assert done.returncode == -signal.SIGKILL
        (stray,) = place.iterdir()
        assert stray.suffix == ".part"
        cache.write(KERNEL, *COMPILED)
        assert [path.name for path in place.iterdir()] == [f"{KERNEL}.kernel"]

    def test_old_folders_are_removed(self, place):
        """All but the three that were written to last; what is not ours stays."""
        place.rmdir()
        cache._trusted.cache_clear()
        root, names = place.parent, [f"{n:024x}" for n in range(6)]
        for age, name in enumerate(names):
            (root / name).mkdir()
            (root / name / "random.order-float32.kernel").write_text("old")
            (root / name / ".clearprop-0.part").write_text("torn")
            if name == names[5]:
                (root / name / "notes.txt").write_text("precious")
            os.utime(root / name, (1e9 - age, 1e9 - age))
        (root / "own").mkdir()
        cache.write(KERNEL, *COMPILED)
        left = {path.name for path in root.iterdir()}
        assert left == {place.name, "own", *names[:3], names[5]}
        assert [path.name for path in (root / names[5]).iterdir()] == ["notes.txt"]
        assert len(list((root / names[0]).iterdir())) == 2

    def test_warm_up_says_what_was_not_kept(self, place, monkeypatch, compiling):
        module = sys.modules["clearprop.cli.warm_up"]
        monkeypatch.setattr(module, "load", lambda *_: None)  # the disk is full
        done = invoke("warm-up")
        assert done.exit_code == 1
        assert f"could not be kept in {place}" in done.stderr


@pytest.fixture
def no_settings(monkeypatch):
    """No variable says where the cache is."""
    for name in ("CLEARPROP_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.delenv(name, raising=False)
    cache.folder.cache_clear()
    yield monkeypatch
    cache.folder.cache_clear()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the variables are Linux's")
class TestWhere:
    def test_variables(self, no_settings, tmp_path):
        no_settings.setenv("HOME", str(tmp_path / "home"))
        assert cache.folder().parent == tmp_path / "home" / ".cache" / "clearprop"
        self.move(no_settings, "XDG_CACHE_HOME", tmp_path / "xdg")
        assert cache.folder().parent == tmp_path / "xdg" / "clearprop"
        self.move(no_settings, "CLEARPROP_CACHE", tmp_path / "chosen")
        assert cache.folder().parent == tmp_path / "chosen"

    @pytest.mark.parametrize("nowhere", ["", "relative", "./relative"])
    def test_relative_ones_are_ignored(self, no_settings, tmp_path, nowhere):
        import pwd

        entry = SimpleNamespace(pw_dir="/home/ann")
        no_settings.setattr(pwd, "getpwuid", lambda uid: entry)
        no_settings.setenv("HOME", str(tmp_path))
        self.move(no_settings, "XDG_CACHE_HOME", nowhere)
        assert cache.folder().parent == tmp_path / ".cache" / "clearprop"
        self.move(no_settings, "HOME", nowhere)
        assert cache.folder().parent == Path("/home/ann/.cache/clearprop")

    def test_a_relative_choice_is_from_here(self, no_settings, tmp_path):
        no_settings.chdir(tmp_path)
        self.move(no_settings, "CLEARPROP_CACHE", "chosen")
        assert cache.folder().parent == tmp_path / "chosen"
        no_settings.chdir("/")
        assert cache.folder().parent == tmp_path / "chosen"

    def test_here_is_gone(self, no_settings, tmp_path, run, capsys):
        (tmp_path / "gone").mkdir()
        no_settings.chdir(tmp_path / "gone")
        (tmp_path / "gone").rmdir()
        self.move(no_settings, "CLEARPROP_CACHE", "chosen")
        assert run() == COMPILED
        assert "; not kept: the current folder is gone, see" in capsys.readouterr().err

    @pytest.mark.parametrize("home", [None, "", "relative"])
    def test_nowhere(self, no_settings, run, capsys, home):
        import pwd

        no_settings.setattr(pwd, "getpwuid", {}.__getitem__)
        if home is not None:
            no_settings.setenv("HOME", home)
        for _ in range(2):
            assert run() == COMPILED
            assert capsys.readouterr().err == (
                "clearprop: compiling the engine for this machine, once; not kept: "
                "this user has no home folder, see CLEARPROP_CACHE\n"
            )
        with pytest.raises(FileWriteError, match="no home folder"):
            cache.folder()
        done = invoke("warm-up")
        assert done.exit_code == 1
        assert done.stderr == (
            "clearprop: compiled code cannot be kept: this user has no home folder; "
            "name another folder in the variable CLEARPROP_CACHE\n"
        )

    @staticmethod
    def move(patch, variable, value):
        patch.setenv(variable, str(value))
        cache.folder.cache_clear()


def test_where_there_are_no_owners(no_settings, tmp_path):
    no_settings.setenv("LOCALAPPDATA", str(tmp_path))
    no_settings.setattr(sys, "platform", "win32")
    for name in ("geteuid", "getuid", "O_NOFOLLOW", "O_NONBLOCK"):
        no_settings.delattr(os, name, raising=False)
    assert cache.refusal() is None
    cache.write(KERNEL, *COMPILED)
    assert cache.read(KERNEL) == COMPILED
    assert cache.folder().parent == tmp_path / "clearprop"
