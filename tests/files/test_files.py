"""Model files that are damaged, foreign or cannot be written: one clear line, nothing lost."""

from __future__ import annotations

import errno
import json
import os
import pickle
import stat
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import clearprop as cp
from clearprop.files import whole_file


@pytest.fixture
def network():
    return cp.Network([3, 4, 2], output="softmax", seed=1)


@pytest.fixture
def path(network, tmp_path):
    network.save(tmp_path / "net.safetensors")
    return tmp_path / "net.safetensors"


def rewrite(path: Path, change) -> None:
    """Change a model's metadata and header, and write it back as safetensors."""
    with safetensors.safe_open(path, "numpy") as file:
        metadata = dict(file.metadata())
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    header = json.loads(metadata["header"])
    change(metadata, header, arrays)
    if "header" in metadata:
        metadata["header"] = json.dumps(header)
    metadata.pop("header_sha256", None)  # what it says is looked at, as in a file of 0.1.0
    path.write_bytes(safetensors.numpy.save(arrays, metadata))


def test_a_file_cut_anywhere_is_refused(path):
    whole = path.read_bytes()
    for length in [0, 1, 7, 8, 9, 100, len(whole) - 200, len(whole) - 1]:
        path.write_bytes(whole[:length])
        with pytest.raises(cp.ModelFileError, match="truncated or no model file"):
            cp.Network.load(path)


def test_any_bit_that_has_changed_is_seen(network, path):
    """In the header too, whose numbers say what the arrays mean."""
    changed, unseen = bytearray(path.read_bytes()), 0
    for place in range(len(changed)):
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            loaded = cp.Network.load(path)
        except cp.ModelFileError:
            pass
        else:  # the name of a digest, without which the rest is what it was
            unseen += 1
            assert repr(loaded) == repr(network)
            assert np.array_equal(loaded.parameters, network.parameters)
        changed[place] ^= 1 << place % 8
    assert unseen <= len("sha256" + "header_sha256")


def test_foreign_files_are_refused(path, tmp_path):
    for content in (b"hello", pickle.dumps({"W1": 1}), b"\x89PNG\r\n\x1a\n" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(cp.ModelFileError, match="no model file"):
            cp.Network.load(path)
    path.write_bytes(safetensors.numpy.save({"weight": np.ones(3)}, {"format": "pt"}))
    with pytest.raises(cp.ModelFileError, match="not a Clearprop network but 'pt'"):
        cp.Network.load(path)
    path.write_bytes(safetensors.numpy.save({"weight": np.ones(3)}))
    with pytest.raises(cp.ModelFileError, match="safetensors file of another program"):
        cp.Network.load(path)


def test_a_hostile_header_stays_one_short_line(path):
    for change in (
        lambda meta, header, arrays: meta.update(format_version="9" * 5000),
        lambda meta, header, arrays: meta.update(format="\x1b[31mred\nsecond line" + "x" * 5000),
    ):
        rewrite(path, change)
        with pytest.raises(cp.ModelFileError) as caught:
            cp.Network.load(path)
        text = str(caught.value)
        assert text.isprintable()
        assert len(text) < 300


def test_a_function_of_a_later_version_says_so(path):
    rewrite(path, lambda meta, header, arrays: header["activations"][0].update(name="zigzag"))
    with pytest.raises(
        cp.ModelFileError, match="'zigzag', which this Clearprop does not have: install"
    ):
        cp.Network.load(path)


def test_a_missing_file_and_a_folder(tmp_path):
    for nothing, message in ((tmp_path / "none", "there is no file"), (tmp_path, "is a folder")):
        with pytest.raises(FileNotFoundError, match=message) as caught:
            cp.Network.load(nothing)
        assert isinstance(caught.value, cp.FileMissingError)


def test_a_newer_format_says_so(path):
    rewrite(path, lambda meta, header, arrays: meta.update(format_version="2"))
    with pytest.raises(
        cp.ModelFileError, match="format version '2', but this Clearprop reads 1 to 1"
    ):
        cp.Network.load(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda meta, header, arrays: meta.pop("header"), "no readable header"),
        (lambda meta, header, arrays: header.update(loss={"name": "huber", "built_in": True,
                                                          "settings": {"delta": "x"}}),
         "describes no network"),
        (lambda meta, header, arrays: header.update(activations=[{"name": [], "built_in": 1}] * 2),
         "describes no network"),
        (lambda meta, header, arrays: meta.pop("format_version"), "format version ''"),
        (lambda meta, header, arrays: header.pop("sizes"), "describes no network"),
        (lambda meta, header, arrays: header.update(sizes=[3, -4, 2]), "describes no network"),
        (lambda meta, header, arrays: header.update(sizes=[10**9] * 3), r"should be .* of shape"),
        (lambda meta, header, arrays: header.update(sizes=[3, 4]), "unexpected array"),
        (lambda meta, header, arrays: header.update(dtype="float64"), "should be float64"),
        (lambda meta, header, arrays: header.update(loss={"name": "poisson", "built_in": True}),
         "describes no network .*poisson cannot follow softmax"),
        (lambda meta, header, arrays: header["activations"].pop(), "1 activation"),
        (lambda meta, header, arrays: arrays.pop("b1"), "has no array 'b1'"),
        (lambda meta, header, arrays: arrays.update(x=np.ones(1)), "unexpected array 'x'"),
        (lambda meta, header, arrays: arrays.update(W1=np.ones((3, 4), "f")), "\\(3, 4\\)"),
        (lambda meta, header, arrays: arrays.update(W1=np.ones((4, 3), "i8")), "is int64 of"),
    ],
)  # fmt: skip
def test_a_damaged_header_or_array_is_refused(path, change, message):
    rewrite(path, change)
    with pytest.raises(cp.ModelFileError, match=message):
        cp.Network.load(path)


def test_a_header_that_promises_gigabytes_takes_no_memory(path):
    """sizes are compared with the arrays in the file before anything is allocated."""
    import tracemalloc

    rewrite(path, lambda meta, header, arrays: header.update(sizes=[30_000] * 3))
    tracemalloc.start()
    with pytest.raises(cp.ModelFileError):
        cp.Network.load(path)
    assert tracemalloc.get_traced_memory()[1] < 1e7
    tracemalloc.stop()
    path.write_bytes(struct.pack("<Q", 2**40) + b"{}")  # a header of a terabyte
    with pytest.raises(cp.ModelFileError):
        cp.Network.load(path)


@pytest.mark.parametrize("moment", ["write", "fsync", "replace", "open"])
def test_a_full_disk_leaves_the_old_file(network, path, monkeypatch, moment):
    old = path.read_bytes()

    def full(*arguments, **named):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if moment == "write":
        monkeypatch.setattr(whole_file.os, "fdopen", lambda *a: _FullFile(*a))
    elif moment == "replace":
        monkeypatch.setattr(Path, "replace", full)
    elif moment == "open":
        monkeypatch.setattr(whole_file.os, "open", full)
    else:
        monkeypatch.setattr(whole_file.os, "fsync", full)
    network.parameters[:] = 0
    with pytest.raises(cp.FileWriteError, match="No space left.*untouched") as caught:
        network.save(path)
    assert caught.value.errno == errno.ENOSPC
    assert path.read_bytes() == old
    assert list(path.parent.iterdir()) == [path]


class _FullFile:
    """A file on a full disk: takes half of what is written."""

    def __init__(self, handle, mode):
        self._file = open(handle, mode)  # noqa: SIM115, PTH123

    def write(self, content):
        self._file.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._file.close()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of processes are POSIX's")
def test_a_limit_of_the_system_itself_leaves_the_old_file(network, path):
    """No stand-in: the operating system refuses to write past 4 KiB."""
    old = path.read_bytes()
    code = f"""
import resource, signal
import clearprop as cp
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    cp.Network([100, 100]).save({str(path)!r})
except cp.FileWriteError as error:
    print(error)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "could not write" in found.stdout
    assert path.read_bytes() == old
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be synced there")
def test_file_and_folder_are_synced_and_a_folder_that_cannot_be_is_no_fault(
    network, path, monkeypatch
):
    synced = []
    real = os.fsync

    def spy(handle):
        synced.append(stat.S_ISDIR(os.fstat(handle).st_mode))
        if synced[-1]:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        real(handle)

    monkeypatch.setattr(whole_file.os, "fsync", spy)
    network.parameters[:] = 3
    network.save(path)
    assert synced == [False, True]
    assert (cp.Network.load(path).parameters == 3).all()


@pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be synced there")
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_disk_that_fails_as_the_folder_is_synced_is_told(network, path, monkeypatch, number):
    real = os.fsync

    def fail(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        real(handle)

    monkeypatch.setattr(whole_file.os, "fsync", fail)
    network.parameters[:] = 3
    with pytest.raises(
        cp.FileWriteError, match="is written, but its folder could not be synced"
    ) as caught:
        network.save(path)
    assert caught.value.errno == number
    assert (cp.Network.load(path).parameters == 3).all()  # it is there, and said to be


@pytest.mark.skipif(
    sys.platform == "win32", reason="files are closed before they are renamed there"
)
def test_what_closing_says_of_a_file_that_is_synced_is_no_fault(network, path, monkeypatch):
    real = os.fdopen

    def opened(handle, mode):
        file = real(handle, mode)
        close = file.close

        class Closes:
            def __getattr__(self, name):
                return getattr(file, name)

            def __enter__(self):
                return self

            def __exit__(self, *error):
                close()

            def close(self):
                close()
                raise OSError(errno.EIO, os.strerror(errno.EIO))

        return Closes()

    monkeypatch.setattr(whole_file.os, "fdopen", opened)
    network.parameters[:] = 3
    network.save(path)
    assert (cp.Network.load(path).parameters == 3).all()


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_a_place_that_cannot_be_looked_at_is_no_bad_name(network, path, monkeypatch, number):
    def fail(path, **named):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "stat", fail)
    with pytest.raises(cp.FileWriteError, match="^could not write .*: .*(error|denied)$") as caught:
        network.save(path)
    assert caught.value.errno == number


def test_nor_is_a_folder_that_cannot_be_looked_at_a_missing_one(path, monkeypatch):
    def fail(path):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "is_dir", fail)
    with pytest.raises(cp.FileWriteError, match="^cannot write into .*: Input/output error$"):
        whole_file.check_can_write(path, replace=True)


class TestMakeFolder:
    @pytest.mark.skipif(sys.platform == "win32", reason="folders cannot be synced there")
    def test_each_is_synced_in_the_one_that_holds_it(self, tmp_path, monkeypatch):
        synced = []
        real = os.fsync

        def spy(handle):
            synced.append(os.fstat(handle).st_ino)
            real(handle)

        monkeypatch.setattr(whole_file.os, "fsync", spy)
        whole_file.make_folder(tmp_path / "a" / "b")
        assert synced == [tmp_path.stat().st_ino, (tmp_path / "a").stat().st_ino]
        whole_file.make_folder(tmp_path / "a" / "b")
        assert len(synced) == 2
        assert (tmp_path / "a" / "b").is_dir()

    @pytest.mark.parametrize("name", ["n.clearprop/x", "n.clearprop", "a\0b", "a" * 300])
    def test_what_cannot_be_made_is_told(self, name, path):
        with pytest.raises(cp.FileWriteError, match="could not make the folder") as caught:
            whole_file.make_folder(path.parent / name.replace("n.clearprop", path.name))
        assert str(caught.value).isprintable()
        assert list(path.parent.iterdir()) == [path]


def test_ctrl_c_leaves_nothing_behind(network, path, monkeypatch):
    old = path.read_bytes()

    def press(handle):
        raise KeyboardInterrupt

    monkeypatch.setattr(whole_file.os, "fsync", press)
    with pytest.raises(KeyboardInterrupt):
        network.save(path)
    assert path.read_bytes() == old
    assert list(path.parent.iterdir()) == [path]


def test_a_header_that_nests_without_end_is_refused(network, path):
    deep = {"format": "clearprop.network", "format_version": "1", "header": "[" * 200_000}
    path.write_bytes(safetensors.numpy.save({"W1": np.ones(1)}, deep))
    with pytest.raises(cp.ModelFileError, match="no readable header"):
        cp.Network.load(path)


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_stays_a_link(network, path):
    link = path.parent / "link.safetensors"
    link.symlink_to(path)
    network.parameters[:] = 7
    network.save(link)
    assert link.is_symlink()
    assert (cp.Network.load(path).parameters == 7).all()


def test_a_folder_that_does_not_exist(network, tmp_path):
    with pytest.raises(cp.FileWriteError, match="No such file") as caught:
        network.save(tmp_path / "none" / "net.safetensors")
    assert "untouched" not in str(caught.value)
    for name in ("", tmp_path):
        with pytest.raises(cp.FileWriteError, match="is no name for a file"):
            network.save(name)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
def test_permissions_are_those_of_an_ordinary_file(network, path):
    plain = path.parent / "plain"
    plain.touch()
    assert path.stat().st_mode == plain.stat().st_mode
    path.chmod(0o640)
    network.save(path)
    assert path.stat().st_mode & 0o777 == 0o640
