"""What a power cut leaves of files: worked out from a journal of the calls that made them.

The rules are those that POSIX gives, which file systems keep or better. Of a file's bytes, only
those written before its last `fsync` are sure; later ones may be there, in part, or as zeros. Of a
folder's names, only changes before the folder's last `fsync` are sure; later ones (a new name, a
rename, a removal, a new folder) may be there or not, each for itself, in any order.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from injection.shim import Record

State = dict[str, bytes]
"""Path to content, of all files that a power cut leaves."""

_MOST = 6
"""Changes of names that are tried in all combinations; of more, each alone and all but each."""


@dataclass(eq=False)
class _File:
    content: bytearray = field(default_factory=bytearray)
    sure: bytes = b""
    may_be: dict[object, bytes] = field(default_factory=dict)
    """What was worked out of it since it changed: the same objects, which are compared fast."""


@dataclass(frozen=True)
class _Change:
    """Of names in one folder: `file` (None: a folder) is now `new`; `old` is gone."""

    old: str | None = None
    new: str | None = None
    file: _File | None = None


def _left(file: _File, content: Callable[[_File], bytes]) -> bytes:
    if content not in file.may_be:
        file.may_be[content] = content(file)
    return file.may_be[content]


def _as_written(file: _File) -> bytes:
    return bytes(file.content)


def _as_synced(file: _File) -> bytes:
    return file.sure


def _torn(file: _File) -> bytes:
    whole = bytes(file.content)
    if whole == file.sure:
        return whole
    half = (len(file.sure) + len(whole)) // 2 if whole[: len(file.sure)] == file.sure else 0
    return whole[: half or len(whole) // 2]


def _zeros(file: _File) -> bytes:
    whole = bytes(file.content)
    return whole if whole == file.sure else file.sure[: len(whole)].ljust(len(whole), b"\0")


CONTENTS: tuple[Callable[[_File], bytes], ...] = (_as_synced, _torn, _zeros, _as_written)
"""What may be there of bytes that were not synced."""


class Disk:
    """Files as calls leave them, and as a power cut would.

    Parameters
    ----------
    root : str
        The folder, which is sure to be there.
    before : mapping of str to bytes
        Files that were in it, synced, before the first call.
    """

    def __init__(self, root: str, before: Mapping[str, bytes] | None = None) -> None:
        self._root = root
        self._names: dict[str, _File] = {
            path: _File(bytearray(content), content) for path, content in (before or {}).items()
        }
        self._sure: dict[str, _File] = dict(self._names)
        self._folders = {root, *(_parent(path) for path in self._names)}
        self._sure_folders = set(self._folders)
        self._pending: list[_Change] = []
        self._open: dict[int, _File] = {}

    def names(self) -> list[str]:
        """Return the paths of the files that are there as long as the power is."""
        return sorted(self._names)

    def content(self, path: str) -> bytes:
        """Return what is in a file as long as the power is there."""
        return bytes(self._names[path].content)

    def take(self, record: Record) -> None:
        """Carry out a call."""
        if record.result < 0:
            return
        name = record.path
        if record.kind == "open":
            self._opened(record)
        elif record.kind == "write":
            content = self._changing(record)
            end = record.offset + len(record.data)
            content.extend(bytes(max(0, end - len(content))))
            content[record.offset : end] = record.data
        elif record.kind == "truncate":
            content = self._changing(record)
            del content[record.offset :]
            content.extend(bytes(record.offset - len(content)))
        elif record.kind == "sync":
            file = self._open[record.descriptor]
            file.sure = bytes(file.content)
            file.may_be.clear()
        elif record.kind == "sync-folder":
            self._sync_folder(name)
        elif record.kind == "close":
            self._open.pop(record.descriptor, None)
        elif record.kind == "mkdir":
            self._folders.add(name)
            self._pending.append(_Change(new=name))
        elif record.kind == "rename":
            file = self._names.pop(name)
            self._names[record.other] = file
            self._pending.append(_Change(name, record.other, file))
        elif record.kind == "unlink":
            self._names.pop(name, None)
            self._folders.discard(name)
            self._pending.append(_Change(old=name))

    def states(self) -> Iterator[State]:
        """Yield what a power cut may leave now; some states more than once."""
        for kept in self._kept():
            names, folders = dict(self._sure), set(self._sure_folders)
            for change, is_kept in zip(self._pending, kept, strict=True):
                if is_kept:
                    _apply(change, names, folders)
            reachable = {
                path: file for path, file in names.items() if self._reachable(path, folders)
            }
            for content in CONTENTS:
                yield {path: _left(file, content) for path, file in reachable.items()}

    def _kept(self) -> Iterator[tuple[bool, ...]]:
        n = len(self._pending)
        if n <= _MOST:
            yield from product((False, True), repeat=n)
            return
        for end in range(n + 1):  # as a file system that keeps the order
            yield tuple(i < end for i in range(n))
        for one in range(n):
            yield tuple(i == one for i in range(n))
            yield tuple(i != one for i in range(n))

    def _reachable(self, path: str, folders: set[str]) -> bool:
        above = [_parent(path)]
        while above[-1] != self._root:
            above.append(_parent(above[-1]))
        return all(folder in folders for folder in above)

    def _changing(self, record: Record) -> bytearray:
        file = self._open[record.descriptor]
        file.may_be.clear()
        return file.content

    def _opened(self, record: Record) -> None:
        name = record.path
        if name in self._folders:
            return
        file = self._names.get(name)
        if file is None:
            if not record.flags & os.O_CREAT:
                return
            file = self._names[name] = _File()
            self._pending.append(_Change(None, name, file))
        if record.flags & os.O_TRUNC:
            file.content.clear()
            file.may_be.clear()
        self._open[record.descriptor] = file

    def _sync_folder(self, folder: str) -> None:
        later = []
        for change in self._pending:
            if _parent(change.new or change.old or "") == folder:
                _apply(change, self._sure, self._sure_folders)
            else:
                later.append(change)
        self._pending = later


def _parent(path: str) -> str:
    return path.rpartition("/")[0]


def _apply(change: _Change, names: dict[str, _File], folders: set[str]) -> None:
    if change.old is not None:
        names.pop(change.old, None)
        folders.discard(change.old)
    if change.new is not None:
        if change.file is None:
            folders.add(change.new)
        else:
            names[change.new] = change.file
