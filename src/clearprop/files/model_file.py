"""Model files: safetensors with JSON metadata, written whole or not at all.

A file holds named arrays and one JSON text that says what they are, under a format name
and a format version. Nothing in it is code: no pickle, no import by name.

The layout of safetensors: https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from clearprop.errors import FileMissingError, ModelFileError
from clearprop.files.whole_file import write_whole

Array = NDArray[Any]
Header = dict[str, Any]

VERSION = 1
"""The newest format version that this code writes and reads."""


def write(
    path: str | os.PathLike[str], kind: str, header: Header, arrays: Mapping[str, Array]
) -> None:
    """Write arrays and a header to `path`, replacing a file that stands there in one step.

    Parameters
    ----------
    path : path
        Where to; the folder must exist.
    kind : str
        What the file is, such as "network".
    header : dict
        What JSON can hold; infinity and NaN are refused.
    arrays : mapping of str to ndarray
        float32, float64 or integer arrays.

    Raises
    ------
    FileWriteError
        If it cannot be written (no such folder, no right, disk full); the old file stays.
    ModelFileError
        If the names in it are longer than a safetensors file may hold (100 MB).
    """
    metadata = {
        "format": f"clearprop.{kind}",
        "format_version": str(VERSION),
        "header": json.dumps(header, allow_nan=False),
    }
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    try:
        content = safetensors.numpy.save(contiguous, metadata=metadata)
    except safetensors.SafetensorError as error:
        raise ModelFileError(f"the model does not fit a file: {error}") from None
    write_whole(path, content)


def read_kind(path: str | os.PathLike[str]) -> str:
    """Return what the file at `path` is ("network", "model"), or "" for another program's.

    Raises
    ------
    FileMissingError, ModelFileError
        As `read_header`.
    """
    with _open(path) as file:
        name = str((file.metadata() or {}).get("format", ""))
    return name.removeprefix("clearprop.") if name in _READERS else ""


def read_header(path: str | os.PathLike[str], kind: str) -> Header:
    """Return the header of the file at `path`, having read no array.

    Raises
    ------
    FileMissingError
        If there is no such file.
    ModelFileError
        If it is not a whole Clearprop file of this kind, or of a newer format.
    """
    with _open(path) as file:
        metadata = file.metadata() or {}
    if metadata.get("format") != f"clearprop.{kind}":
        found = metadata.get("format", "")[:60]
        what = repr(found) if found else "a safetensors file of another program"
        hint = f": {_READERS[found]} reads it" if found in _READERS else ""
        raise ModelFileError(f"{path} is not a Clearprop {kind} but {what}{hint}")
    version = metadata.get("format_version", "")[:20]
    if version not in [str(known) for known in range(1, VERSION + 1)]:
        raise ModelFileError(
            f"{path} has format version {version!r}, but this Clearprop reads 1 to {VERSION}: "
            "install a newer one"
        )
    try:
        header = json.loads(metadata["header"])
    except (KeyError, ValueError, RecursionError):
        header = None
    if not isinstance(header, dict):
        raise ModelFileError(f"{path} has no readable header: the file is damaged")
    return header


def read_arrays(
    path: str | os.PathLike[str], expected: Mapping[str, tuple[tuple[int, ...], str]]
) -> dict[str, Array]:
    """Return the arrays of the file at `path`, which must have just these names, shapes, types.

    The sizes are compared before any memory is taken.

    Raises
    ------
    ModelFileError
        If an array is missing, left over, or of another shape or type.
    """
    with _open(path) as file:
        names = set(file.keys())
        if names != set(expected):
            odd = sorted(names ^ set(expected))[0]
            problem = "has no array" if odd in expected else "has an unexpected array"
            raise ModelFileError(f"{path} {problem} {odd!r}: the file is damaged")
        for name, (shape, dtype) in expected.items():
            part = file.get_slice(name)
            found, found_type = (
                tuple(part.get_shape()),
                _TYPES.get(part.get_dtype(), "another type"),
            )
            if found != shape or found_type != dtype:
                raise ModelFileError(
                    f"{path}: array {name!r} should be {dtype} of shape {shape}, but is "
                    f"{found_type} of shape {found}: the file is damaged"
                )
        return {name: file.get_tensor(name) for name in expected}


_READERS = {"clearprop.network": "cp.Network.load", "clearprop.model": "cp.Model.load"}
_TYPES = {"F32": "float32", "F64": "float64"}


def _open(path: str | os.PathLike[str]) -> Any:
    if not Path(path).is_file():
        problem = f"{path} is a folder" if Path(path).is_dir() else f"there is no file {path}"
        raise FileMissingError(problem)
    try:
        return safetensors.safe_open(os.fspath(path), framework="numpy")
    except safetensors.SafetensorError as error:
        reason = str(error).replace("\n", " ")
        raise ModelFileError(f"{path} is truncated or no model file ({reason})") from None
