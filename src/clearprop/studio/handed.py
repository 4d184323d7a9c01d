"""What was handed in: tables and models, by digests of their content, which addresses name.

    table:1f6c0a9b2d4e   a file that was dropped on the page, or named on the command line
    model:...            a model file, named on the command line
    inline:...           a small table, packed into the address itself

A name in an address never leads to a file of the machine: only what was handed in has one. Files
lie in a folder of this process, as they were, and are read there by the package's own reader.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import tempfile
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from clearprop.errors import ArgumentError, FileMissingError, TableFileError, one_line, printable
from clearprop.tables.kinds import PACKINGS, is_empty, is_table_name, kind_in

MOST_BYTES = 32 << 20
"""What a file that is handed in to the page may have."""

INLINE = 4000
"""Characters of a table that is packed into an address."""

INLINE_BYTES = 64_000
"""What such a table may have, unpacked."""

MODEL_BYTES = 64 << 20
"""What a model file may have: more parameters than that, no run has room for."""

KEPT = 16
"""Files that are kept beside those of the command: tables in addresses, which can be unpacked
anew, go first, then the one asked for longest ago."""

_ENDINGS = {"CSV": ".csv", "Parquet": ".parquet", "Arrow": ".arrow", "JSON": ".json"}


@dataclass(frozen=True)
class Handed:
    """A file that was handed in.

    Attributes
    ----------
    path : Path
        Where this process keeps it.
    called : str
        What it was called by whoever handed it in: a path, or the name that the page had.
    text : str
        Of a table in an address, the table itself; "" otherwise.
    stays : bool
        Whether it is kept as long as the process: what the command was given.
    """

    path: Path
    called: str
    text: str = ""
    stays: bool = False

    @property
    def name(self) -> str:
        """Its name without folders, in one line: it stands in a comment of programs."""
        return one_line(Path(self.called).name)


_folder = tempfile.TemporaryDirectory(prefix="clearprop-studio-", ignore_cleanup_errors=True)
_files: OrderedDict[str, Handed] = OrderedDict()
_lock = Lock()


def hand_in(kind: str, name: str, content: bytes, *, called: str = "", stays: bool = False) -> str:
    r"""Keep a file, and return what an address calls it: "table:1f6c0a9b2d4e".

    Parameters
    ----------
    kind : {"table", "model"}
    name : str
        Its endings say what kind of table it is; without any, its first bytes do.
    content : bytes
    called : str, optional
        What programs call it, such as a path; the name by itself.
    stays : bool
        Whether no other file pushes it out.

    Examples
    --------
    >>> address = hand_in("table", "t.csv", b"x,y\n1,2\n")
    >>> address, handed_in(address).name
    ('table:ace314e2c368', 't.csv')
    """
    return _keep(kind, name, content, called=called, stays=stays)[0]


def _keep(
    kind: str, name: str, content: bytes, *, called: str = "", text: str = "", stays: bool = False
) -> tuple[str, Handed]:
    """Keep a file, and return what an address calls it, and the file."""
    name = printable(Path(name.replace("\\", "/")).name)[-100:]
    if kind == "table" and not is_table_name(name):
        stem = Path(name).stem.strip(".")  # of dots alone, an ending is none
        name = f"{stem or 'table'}{_ENDINGS.get(kind_in(content), '.csv')}"
    endings = _endings(name)
    digest = hashlib.sha256(endings.encode() + b"\0" + content).hexdigest()[:12]
    address = f"{kind}:{digest}"
    with _lock:
        folder = Path(_folder.name)
        folder.mkdir(mode=0o700, exist_ok=True)  # who cleans up may have taken it away
        place = folder / digest
        place.mkdir(exist_ok=True)
        path = place / f"table{endings}"  # which every file system takes
        before = _files.get(address)
        if before is None or not path.exists():
            path.write_bytes(content)
        if before is not None and (before.stays or not before.text):
            text = ""  # it was handed in as a file: that is how it is kept
            stays = stays or before.stays
            called = before.called if before.stays else called
        _files[address] = file = Handed(path, called or name, text, stays)
        _files.move_to_end(address)
        _drop(address)
    return address, file


def _drop(newest: str) -> None:
    """Let files go that are too many, but those that stay, and the newest."""
    may_go = [one for one, file in _files.items() if not file.stays and one != newest]
    may_go.sort(key=lambda one: not _files[one].text)
    for one in may_go[: max(len(may_go) + 1 - KEPT, 0)]:
        _files.pop(one).path.unlink(missing_ok=True)


def take(name: str, content: bytes) -> str:
    """Return what an address calls a table that came by the page: itself, where it is small.

    Raises
    ------
    TableFileError
        If it is empty.
    """
    if is_empty(content):
        raise TableFileError(f"{printable(name) or 'the table'} is empty")
    return inline(content) or hand_in("table", name, content)


def handed_in(address: str) -> Handed:
    """Return the file that an address names.

    Raises
    ------
    FileMissingError
        If it was not handed in to this process, or too many were since.
    ArgumentError, TableFileError
        If a table in an address is none.
    """
    if address.startswith("inline:"):
        text = _unpacked(address.removeprefix("inline:"))
        file = _keep("table", "table.csv", text.encode(), text=text)[1]
        return Handed(file.path, "table.csv", text)
    with _lock:
        if (found := _files.get(address)) is not None:
            _files.move_to_end(address)
            return found
    kind = address.partition(":")[0]
    how = "drop the file here again" if kind == "table" else "start the studio with its file again"
    raise FileMissingError(f"the {kind} of this address is not here any more: {how}")


def forget(address: str) -> None:
    """Forget a file."""
    with _lock:
        if (file := _files.pop(address, None)) is not None:
            file.path.unlink(missing_ok=True)


def inline(content: bytes) -> str | None:
    r"""Return an address that holds a table whole, or None where it is too large, or no text.

    Examples
    --------
    >>> address = inline(b"x,y\n1,2\n3,4\n")
    >>> address, handed_in(address).text
    ('inline:q9Cp5DLUMeIy1jHhAgA', 'x,y\n1,2\n3,4\n')
    """
    if len(content) > INLINE_BYTES or kind_in(content) != "CSV":
        return None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(text.encode()) + packer.flush()
    written = base64.urlsafe_b64encode(packed).decode().rstrip("=")
    return f"inline:{written}" if len(written) <= INLINE else None


def _unpacked(written: str) -> str:
    """Return the table in an address; no more is unpacked than such a table may have."""
    if len(written) > INLINE:
        raise ArgumentError(f"a table in an address has {INLINE:,} characters at most")
    try:
        packed = base64.b64decode(
            written + "=" * (-len(written) % 4), altchars=b"-_", validate=True
        )
        unpacker = zlib.decompressobj(wbits=-15)
        content = unpacker.decompress(packed, INLINE_BYTES + 1)
        if len(content) > INLINE_BYTES or not unpacker.eof:
            raise ValueError
        text = content.decode()
    except (ValueError, binascii.Error, zlib.error):
        raise ArgumentError("the table in this address is damaged: paste it again") from None
    if is_empty(content):
        raise TableFileError("the table in this address is empty")
    return text


def without_folder(said: str) -> str:
    """Return words in which files that were handed in are called what they were called."""
    for file in [*_files.values()]:
        said = said.replace(str(file.path), file.called)
    return said


def _endings(name: str) -> str:
    """Return the endings of a name that say what a file is: two, where it is packed."""
    endings = Path(name).suffixes
    is_packed = Path(name).suffix.lower() in PACKINGS
    return "".join(endings[-2 if is_packed else -1 :])
