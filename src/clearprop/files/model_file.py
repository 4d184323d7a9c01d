"""Model files: safetensors with JSON metadata, written whole or not at all, read in one go.

A file holds named arrays and one JSON text that says what they are, under a format name
and a format version, with a digest of the arrays' bytes. Nothing in it is code: no pickle, no
import by name.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
from numpy.typing import NDArray

from clearprop.errors import FileMissingError, ModelFileError
from clearprop.files.layout import (
    Entry,
    Layout,
    entries_of,
    header_bytes,
    lay_out,
    parse_json,
    read_layout,
    values_allowed,
)
from clearprop.files.regular_file import open_regular
from clearprop.files.whole_file import write_whole

Array = NDArray[Any]
Header = dict[str, Any]
PathLike = str | os.PathLike[str]

VERSION = 1
"""The newest format version that this code writes and reads."""

DIGEST = "sha256"
"""What the digest of all arrays' bytes, in their order, is called; files of 0.1.0 have none."""

HEADER_DIGEST = "header_sha256"
"""And that of what the file says of them, and of its JSON; earlier files have none."""


def write(
    path: PathLike,
    kind: str,
    header: Header,
    arrays: Mapping[str, Array],
    *,
    read_back: bool = False,
) -> None:
    """Write arrays and a header to `path`, replacing a file that stands there in one step.

    Parameters
    ----------
    path : path
        Where to; the folder must exist.
    kind : str
        What the file is, such as "network".
    header : dict
        What JSON can hold.
    arrays : mapping of str to ndarray
        float32, float64 or integer arrays.
    read_back : bool
        Whether what is written has to be read back, before a file that stands there is replaced.

    Raises
    ------
    FileWriteError
        If it cannot be written (no such folder, no right, disk full); the old file stays.
    ModelFileError
        If no file may hold it: the header has infinity, NaN, a lone surrogate, or is beyond what
        a reader takes (100 MB); or it is not what is read back.
    """
    try:
        described, numbers = lay_out(arrays)
        text = json.dumps(header, allow_nan=False)
        metadata = {
            "format": f"clearprop.{kind}",
            "format_version": str(VERSION),
            "header": text,
            DIGEST: hashlib.sha256(numbers).hexdigest(),
            HEADER_DIGEST: _header_digest(entries_of(described), text),
        }
        start = header_bytes(described, metadata)
        size = len(start) + len(numbers)
        _header_of(read_layout(io.BytesIO(start), size), size)  # what is written can be read
    except (safetensors.SafetensorError, ValueError) as error:
        raise ModelFileError(f"the {kind} does not fit a file: {error}") from None

    def check(written: Path) -> None:
        try:
            with opened(written, kind) as file:
                file.verify()
        except (ModelFileError, FileMissingError) as error:
            raise ModelFileError(
                f"{path} is not written, as what is read back is not what was: {error}"
            ) from error

    write_whole(path, start, numbers, check=check if read_back else None)


def read_kind(path: PathLike) -> str:
    """Return what the file at `path` is ("network", "model"), or "" for another program's.

    Raises
    ------
    FileMissingError, ModelFileError
        As `opened`.
    """
    with _reading(path) as file:
        name = _layout_of(path, file, _size_of(file)).metadata.get("format", "")
    return name.removeprefix("clearprop.") if name in _READERS else ""


def read_header(path: PathLike, kind: str) -> Header:
    """Return the header of the file at `path`, having read no array.

    Raises
    ------
    FileMissingError, ModelFileError
        As `opened`.
    """
    with opened(path, kind) as file:
        return file.header


def holds(dtype: np.dtype[Any]) -> bool:
    """Whether a file can hold arrays of this type."""
    return dtype.isnative and dtype.name in _TYPES.values()


class SavedFile:
    """A model file that is open: its header, and its arrays, read to where they shall be.

    Attributes
    ----------
    header : dict
        What the writer gave.
    """

    def __init__(self, path: PathLike, kind: str, file: io.BufferedReader) -> None:
        self._path, self._file = path, file
        size = _size_of(file)
        self._layout = _layout_of(path, file, size)
        _check_format(path, kind, self._layout.metadata)
        _check_header(path, self._layout)
        try:
            self.header = _header_of(self._layout, size)
        except ValueError as error:
            raise ModelFileError(
                f"{path} has no readable header ({error}): the file is damaged"
            ) from None

    def check(self, expected: Mapping[str, tuple[tuple[int, ...], str]]) -> None:
        """Raise `ModelFileError` unless the file has just these arrays, shapes and types.

        To be called before memory for the arrays is taken.
        """
        entries = self._layout.entries
        odd = min(entries.keys() ^ expected.keys(), default=None)
        if odd is not None:
            problem = "has no array" if odd in expected else "has an unexpected array"
            raise ModelFileError(f"{self._path} {problem} {odd!r}: the file is damaged")
        for name, (shape, dtype) in expected.items():
            entry = entries[name]
            found = _TYPES.get(entry.dtype, "another type")
            if entry.shape != shape or found != dtype:
                raise ModelFileError(
                    f"{self._path}: array {name!r} should be {dtype} of shape {shape}, but is "
                    f"{found} of shape {entry.shape}: the file is damaged"
                )

    def fill(self, arrays: Mapping[str, Array]) -> None:
        """Read all arrays into `arrays`, contiguous ones of the shapes and types checked before.

        Raises
        ------
        ModelFileError
            If the file ends early, or its bytes are not those that were written.
        """
        wanted = self._layout.metadata.get(DIGEST)
        digest = hashlib.sha256()
        for name, entry in self._layout.entries.items():
            raw = arrays[name].reshape(-1).view(np.uint8).data
            if raw.nbytes != entry.end - entry.start or self._file.readinto(raw) != raw.nbytes:
                raise ModelFileError(f"{self._path} is truncated: it ends within {name!r}")
            if wanted is not None:
                digest.update(raw)
        if wanted is not None:
            self._compare(digest.hexdigest())

    def arrays(self) -> dict[str, Array]:
        """Read all arrays, of the shapes and types that the file says; they are held to its size.

        Raises
        ------
        ModelFileError
            If it has no digests, or says what cannot be, or as `fill`.
        """
        self._check_digests()
        made = {}
        for name, entry in self._layout.entries.items():
            dtype = np.dtype(_TYPES.get(entry.dtype, "V0"))
            if math.prod(entry.shape) * dtype.itemsize != entry.end - entry.start:
                raise ModelFileError(
                    f"{self._path}: array {name!r} is no {entry.dtype} of shape {entry.shape}: the "
                    "file is damaged"
                )
            try:
                made[name] = np.empty(entry.shape, dtype)
            except ValueError as error:  # too many axes
                raise ModelFileError(
                    f"{self._path}: array {name!r} cannot be ({error}): the file is damaged"
                ) from None
        self.fill(made)
        return made

    def verify(self) -> None:
        """Read all bytes of the arrays, and keep none.

        Raises
        ------
        ModelFileError
            If they are not those that were written.
        """
        self._check_digests()
        digest = hashlib.sha256()
        while chunk := self._file.read(_CHUNK):
            digest.update(chunk)
        self._compare(digest.hexdigest())

    def _check_digests(self) -> None:
        for name in (DIGEST, HEADER_DIGEST):
            if name not in self._layout.metadata:
                raise ModelFileError(f"{self._path} has no {name}: the file is damaged")

    def _compare(self, digest: str) -> None:
        if digest != self._layout.metadata.get(DIGEST):
            raise ModelFileError(
                f"{self._path} holds other numbers than were saved (their SHA-256 differs): the "
                "file is damaged"
            )


@contextmanager
def opened(path: PathLike, kind: str) -> Iterator[SavedFile]:
    """Open the file at `path` once, for its header and its arrays: both are of one save.

    Raises
    ------
    FileMissingError
        If there is no such file.
    ModelFileError
        If it is not a whole Clearprop file of this kind, or of a newer format, or no regular file.
    """
    with _reading(path) as file:
        yield SavedFile(path, kind, file)


_READERS = {
    "clearprop.network": "cp.Network.load",
    "clearprop.model": "cp.Model.load",
    "clearprop.checkpoint": "cp.train(..., checkpoint=its folder, resume=True)",
}
_TYPES = {
    "F32": "float32", "F64": "float64", "F16": "float16", "BOOL": "bool",
    "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
    "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64",
}  # fmt: skip
_CHUNK = 1 << 20


@contextmanager
def _reading(path: PathLike) -> Iterator[io.BufferedReader]:
    file = open_regular(path, ModelFileError)
    try:
        yield file
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # what was read is read
            file.close()


def _size_of(file: io.BufferedReader) -> int:
    return os.fstat(file.fileno()).st_size


def _layout_of(path: PathLike, file: io.BufferedReader, size: int) -> Layout:
    try:
        return read_layout(file, size)
    except ValueError as error:
        raise ModelFileError(f"{path} is truncated or no model file ({error})") from None


def _check_format(path: PathLike, kind: str, metadata: Mapping[str, str]) -> None:
    found = metadata.get("format", "")[:60]
    if found != f"clearprop.{kind}":
        what = repr(found) if found else "a safetensors file of another program"
        hint = f": {_READERS[found]} reads it" if found in _READERS else ""
        raise ModelFileError(f"{path} is not a Clearprop {kind} but {what}{hint}")
    version = metadata.get("format_version", "")[:20]
    if version not in [str(known) for known in range(1, VERSION + 1)]:
        raise ModelFileError(
            f"{path} has format version {version!r}, but this Clearprop reads 1 to {VERSION}: "
            "install a newer one"
        )


def _header_digest(entries: Mapping[str, Entry], text: str) -> str:
    digest = hashlib.sha256()
    for name in sorted(entries):
        digest.update(json.dumps([name, *entries[name]]).encode())
    digest.update(text.encode())
    return digest.hexdigest()


def _check_header(path: PathLike, layout: Layout) -> None:
    wanted = layout.metadata.get(HEADER_DIGEST)
    text = layout.metadata.get("header", "")
    if wanted not in (None, _header_digest(layout.entries, text)):
        raise ModelFileError(
            f"{path} describes other numbers than were saved (its header's SHA-256 differs): the "
            "file is damaged"
        )


def _header_of(layout: Layout, size: int) -> Header:
    header = parse_json(layout.metadata.get("header", ""), values_allowed(size))
    if not isinstance(header, dict):
        raise ValueError("it is no object")
    return header
