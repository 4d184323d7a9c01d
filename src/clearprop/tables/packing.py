"""Packed files: gzip and Zstandard, unpacked no further than there is memory."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

from clearprop.errors import ClearpropError, TableFileError, missing_extra
from clearprop.tables.memory import read_within


def unpack(file: IO[bytes], packing: str, path: Path, taken: int = 0) -> bytes:
    """Return what is in a file packed by "gzip" or "zstd"; `taken` as for `check_room`.

    Raises
    ------
    TableFileError
        If it is truncated, damaged, or holds more than a table may take.
    MissingExtraError
        If nothing that knows Zstandard is installed.
    """
    with unpacked(file, packing, path) as stream:
        return read_within(stream, path, taken, " unpacked")


@contextmanager
def unpacked(file: IO[bytes], packing: str, path: Path) -> Iterator[Any]:
    """Give what is in a packed file to be read, as a stream; reading it raises as `unpack` does.

    Raises
    ------
    TableFileError
        If it is truncated or damaged.
    MissingExtraError
        If nothing that knows Zstandard is installed.
    """
    damaged: tuple[type[Exception], ...] = (OSError, zlib.error)  # BadGzipFile is an OSError
    opened: Any
    if packing == "gzip":
        opened = gzip.GzipFile(fileobj=file, mode="rb")
    else:
        zstd = _zstd(f"reading {path.name}")
        opened = zstd.ZstdFile(file, "rb")
        damaged = (OSError, zstd.ZstdError)
    try:
        yield opened
    except EOFError:
        raise TableFileError(
            f"{path} is truncated: it ends at byte {file.tell():,}, and its {packing} goes on; get "
            "it anew"
        ) from None
    except damaged as error:
        if isinstance(error, ClearpropError):
            raise
        raise TableFileError(f"{path} cannot be unpacked by {packing}: {error}") from None


def pack(content: bytes, packing: str, path: Path) -> bytes:
    """Return bytes packed by "gzip" or "zstd", or as they are where that is "".

    Raises
    ------
    MissingExtraError
        If nothing that knows Zstandard is installed.
    """
    packer = packer_of(packing, path)
    return packer.compress(content) + packer.flush()


class Packer(Protocol):
    """Packs bytes, some at a time."""

    def compress(self, content: bytes, /) -> bytes:
        """Return what may be written by now."""
        ...

    def flush(self) -> bytes:
        """Return the rest."""
        ...


class _Unpacked:
    """Bytes as they are."""

    def compress(self, content: bytes) -> bytes:
        return content

    def flush(self) -> bytes:
        return b""


def packer_of(packing: str, path: Path) -> Packer:
    """Return what packs by "gzip" or "zstd", or leaves bytes as they are where that is "".

    The same content gives the same bytes, in whatever parts it comes.

    Raises
    ------
    MissingExtraError
        If nothing that knows Zstandard is installed.
    """
    if not packing:
        return _Unpacked()
    if packing == "gzip":
        return zlib.compressobj(9, wbits=31)  # no time is in its header
    zstd = _zstd(f"writing {path.name}")
    checked = {zstd.CompressionParameter.checksum_flag: 1}  # as gzip is
    packer: Packer = zstd.ZstdCompressor(options=checked)
    return packer


def check_packing(packing: str, path: Path) -> None:
    """Raise `MissingExtraError` if `pack` would: for use before long work."""
    if packing == "zstd":
        _zstd(f"writing {path.name}")


def _zstd(feature: str) -> Any:
    """Return Python's own module, which 3.14 has, or its backport."""
    try:
        from compression import zstd
    except ImportError:
        try:
            from backports import zstd
        except ImportError:
            missing_extra("backports.zstd", feature, "tables")
    return zstd
