"""Folders and files that nobody else can change: who owns them, who may write, where links lead."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from clearprop.errors import FileWriteError
from clearprop.files.own_files import make_own_folder, own_folder, read_own_file

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="owners and modes as POSIX has them"
)

SOMEBODY = 54321


@pytest.fixture
def top(tmp_path):
    """A folder of ours, three deep."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def give():
    """Give a file, or a link itself, to another user."""
    if os.geteuid() != 0:
        pytest.skip("only the superuser gives files away")
    return lambda path: os.lchown(path, SOMEBODY, SOMEBODY)


class TestFolder:
    def test_of_ours(self, top):
        assert own_folder(top / "a" / "b") == top / "a" / "b"

    def test_of_the_superuser(self):
        assert own_folder(Path("/usr")) == Path("/usr").resolve()

    @pytest.mark.parametrize("deep", ["a/b", "a", "."])
    @pytest.mark.parametrize("mode", [0o777, 0o757, 0o775])
    def test_that_others_can_write(self, top, deep, mode):
        (top / deep).chmod(mode)
        with pytest.raises(FileWriteError) as refused:
            own_folder(top / "a" / "b")
        assert str(refused.value) == f"{top / deep} can be written by others"

    def test_that_is_sticky(self, top):
        (top / "a").chmod(0o1777)  # as /tmp: what is there is safe from others
        assert own_folder(top / "a" / "b") == top / "a" / "b"
        with pytest.raises(FileWriteError, match="can be written by others"):
            own_folder(top / "a")  # who may add to it, may add what would be read

    @pytest.mark.parametrize("deep", ["a/b", "a", "."])
    def test_of_another_user(self, top, give, deep):
        give(top / deep)
        with pytest.raises(FileWriteError) as refused:
            own_folder(top / "a" / "b")
        assert str(refused.value) == f"{top / deep} belongs to another user"

    def test_behind_links(self, top):
        (top / "far").mkdir()
        (top / "a" / "relative").symlink_to("../far")
        (top / "absolute").symlink_to(top / "a" / "relative")
        for path in (top / "absolute", top / "a" / "b" / ".." / "relative", top / "a" / "relative"):
            assert own_folder(path) == top / "far"
        (top / "far").chmod(0o777)
        with pytest.raises(FileWriteError, match="far can be written by others"):
            own_folder(top / "absolute")

    def test_behind_a_link_that_others_can_replace(self, top):
        (top / "far").mkdir()
        (top / "a" / "link").symlink_to(top / "far")
        (top / "through").symlink_to(top / "a" / "link")
        (top / "a").chmod(0o777)
        for path in (top / "a" / "link", top / "through"):
            with pytest.raises(FileWriteError, match="/a can be written by others"):
                own_folder(path)

    def test_behind_a_link_of_another_user(self, top, give):
        (top / "link").symlink_to(top / "a" / "b")
        give(top / "link")
        with pytest.raises(FileWriteError, match="link belongs to another user"):
            own_folder(top / "link")

    def test_that_is_none(self, top):
        (top / "file").touch()
        with pytest.raises(FileWriteError, match="file is no folder"):
            own_folder(top / "file")
        with pytest.raises(FileNotFoundError):
            own_folder(top / "nothing")
        (top / "round").symlink_to("round")
        with pytest.raises(OSError, match="symbolic links"):
            own_folder(top / "round")


class TestPrivateGroup:
    """Of a user alone, as Debian and Fedora make one for each: its members' right to write is his."""

    @pytest.fixture(autouse=True)
    def someone(self, top, monkeypatch):
        import grp
        import pwd

        self.owner = SimpleNamespace(pw_name="ann", pw_gid=SOMEBODY)
        self.group = SimpleNamespace(gr_name="ann", gr_gid=SOMEBODY, gr_mem=[])
        monkeypatch.setattr(pwd, "getpwuid", lambda uid: self.owner)
        monkeypatch.setattr(grp, "getgrgid", lambda gid: self.group)
        if os.geteuid() != 0:
            pytest.skip("only the superuser gives a folder any group")
        os.chown(top / "a", -1, SOMEBODY)
        (top / "a").chmod(0o775)
        self.folder = top / "a" / "b"

    def test_is_private(self):
        assert own_folder(self.folder) == self.folder
        self.group.gr_mem = ["ann"]
        assert own_folder(self.folder.parent) == self.folder.parent

    def test_has_other_members(self):
        self.group.gr_mem = ["ann", "bob"]
        self.is_refused()

    def test_has_another_name(self):
        self.group.gr_name = "users"
        self.is_refused()

    def test_is_not_the_owners_own(self):
        self.owner.pw_gid = 100
        self.is_refused()

    def test_others_than_the_group(self):
        self.folder.parent.chmod(0o777)
        self.is_refused()

    def test_is_that_of_many_containers(self):
        os.chown(self.folder.parent, -1, 0)
        self.owner.pw_gid = self.group.gr_gid = 0
        self.is_refused()

    def test_is_unknown(self, monkeypatch):
        import grp

        monkeypatch.setattr(grp, "getgrgid", {}.__getitem__)
        self.is_refused()

    def is_refused(self):
        with pytest.raises(FileWriteError, match="can be written by others"):
            own_folder(self.folder)


class TestMaking:
    @pytest.mark.parametrize(("umask", "mode"), [(0, 0o755), (0o022, 0o755), (0o077, 0o700)])
    def test_permissions(self, top, umask, mode):
        before = os.umask(umask)
        try:
            make_own_folder(top / "new" / "one")
        finally:
            os.umask(before)
        assert {(top / name).stat().st_mode & 0o7777 for name in ("new", "new/one")} == {mode}
        assert own_folder(top / "new" / "one") == top / "new" / "one"
        make_own_folder(top / "new" / "one")

    def test_none_where_others_write(self, top):
        (top / "a").chmod(0o777)
        with pytest.raises(FileWriteError, match="can be written by others"):
            make_own_folder(top / "a" / "new" / "one")
        assert [path.name for path in (top / "a").iterdir()] == ["b"]

    def test_in_a_sticky_one(self, top):
        (top / "a").chmod(0o1777)
        make_own_folder(top / "a" / "new")
        assert own_folder(top / "a" / "new") == top / "a" / "new"


class TestFile:
    @pytest.fixture
    def file(self, top):
        (top / "file").write_bytes(b"code")
        (top / "file").chmod(0o644)
        return top / "file"

    def test_of_ours(self, file):
        assert read_own_file(file) == b"code"

    @pytest.mark.parametrize("mode", [0o646, 0o664, 0o602])
    def test_that_others_can_write(self, file, mode):
        file.chmod(mode)
        with pytest.raises(FileWriteError, match="can be written by others"):
            read_own_file(file)

    def test_of_another_user(self, file, give):
        give(file)
        with pytest.raises(FileWriteError, match="belongs to another user"):
            read_own_file(file)

    def test_another_name_for_that_of_another_user(self, file, give):
        give(file)
        (file.parent / "hard").hardlink_to(file)
        with pytest.raises(FileWriteError, match="belongs to another user"):
            read_own_file(file.parent / "hard")

    def test_behind_a_link(self, file):
        (file.parent / "link").symlink_to(file)
        with pytest.raises(OSError, match="link"):
            read_own_file(file.parent / "link")

    def test_that_is_none(self, top):
        with pytest.raises(FileWriteError, match="no regular file"):
            read_own_file(top / "a")
        with pytest.raises(FileNotFoundError):
            read_own_file(top / "nothing")
        held = []
        for one in Path("/dev/fd").iterdir():
            with suppress(OSError):  # another thread may have closed it by now
                held.append(one.readlink())
        assert not [path for path in held if path.is_relative_to(top)]  # none stays open

    def test_a_pipe_is_not_waited_for(self, top):
        os.mkfifo(top / "pipe", 0o600)
        code = (
            "import sys\nfrom pathlib import Path\n"
            "from clearprop.files.own_files import read_own_file\n"
            "read_own_file(Path(sys.argv[1]))"
        )
        command = [sys.executable, "-c", code, top / "pipe"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=400)
        assert "pipe is no regular file" in done.stderr
