"""What the logs in text have in common: a file that grows by one line an epoch.

The file is opened, written and closed for every line. So whoever looks sees every epoch that is
over, a crash of the program loses none, and there is nothing to close when the run ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from clearprop.checks.settings import check_path
from clearprop.errors import FileWriteError
from clearprop.files.whole_file import check_can_write, write_whole
from clearprop.training.watching.epochs import Epoch
from clearprop.training.watching.logs.existing import (
    PathLike,
    check_if_exists,
    for_a_clone,
    meant_from,
    numbered,
    refuse,
    unreadable,
)


@dataclass(eq=False)
class TextLog:
    """A log of one line an epoch, below a header if the format has one.

    A format says how a row becomes a line (`_line`), which epoch a line is of (`_epoch_of`),
    and what the file begins with (`_header`).
    """

    path: PathLike
    if_exists: str = field(default="fail", kw_only=True)
    _from: Path = field(init=False, repr=False)
    _last: int | None = field(default=None, init=False, repr=False)
    _number: int = field(default=1, init=False, repr=False)
    _anew: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        check_path(self.path)
        check_if_exists(self.if_exists)
        check_can_write(self.path, replace=True)
        self._from = meant_from(self.path)
        if self.if_exists == "fail" and Path(self.path).exists():
            refuse(Path(self.path), "exists already")

    @property
    def written(self) -> Path:
        """The file that is written: `path` from the root, or with "number" that with a number."""
        return numbered(self._from / self.path, self._number)

    def __sklearn_clone__(self) -> TextLog:
        """Return a log that has written nothing: what an estimator's clone gets."""
        return replace(self, if_exists=for_a_clone(self.if_exists))

    def __call__(self, epoch: Epoch) -> None:
        """Add a line. `train` calls this after every epoch."""
        row = epoch.row()
        begins = self._last is None
        mode = "a"
        if begins and self.if_exists == "replace":
            mode = "w"
        elif begins and self.if_exists == "fail":
            mode = "x"  # a file that came since the log was made is not written into either
        elif self.if_exists == "number" and (begins or epoch.epoch == 1):
            self._number, mode = 1, "x"
        elif begins or epoch.epoch - 1 != self._last:
            self._prepare(row)
        self._write([row], mode)
        self._last = epoch.epoch

    def after_resume(self, epochs: Sequence[Epoch]) -> None:
        """Have a line of each epoch that a run has behind it, and none of later ones.

        `train` calls this where a run goes on from a checkpoint: a crash may have left the log
        ahead of that, or behind. With "append", lines of other runs before this one stay.
        """
        rows = [epoch.row() for epoch in epochs]
        if not rows:
            self._anew = True
            return
        if self.if_exists in ("fail", "number"):
            self._number = 1
            self._write(rows, "x")
        else:
            lines = self._read(rows[0]) if self.if_exists == "append" else []
            lines = self._of_others(lines, rows[0]) or [self._header(rows[0]).encode()]
            write_whole(self.written, *lines, "".join(map(self._line, rows)).encode())
        self._last = len(rows)

    def _write(self, rows: Sequence[dict[str, float]], mode: str) -> None:
        text = "".join(map(self._line, rows))
        while True:
            try:
                with self.written.open(mode, encoding="utf-8", newline="") as file:
                    start = self._header(rows[0]) if file.tell() == 0 else ""
                    file.write(start + text)
                return
            except FileExistsError:
                if self.if_exists != "number":
                    refuse(self.written, "exists already")
                self._number += 1  # no other run writes into a file that is made here
            except OSError as error:
                raise FileWriteError(
                    error.errno, f"could not write {self.written}: {error.strerror or error}"
                ) from error

    def _prepare(self, row: dict[str, float]) -> None:
        """Make the file ready for a run that begins, or goes on, with this row.

        If the run goes on at an epoch that the file has already (it was resumed at an older
        checkpoint), that epoch and those after it go.
        """
        content = self._content()
        lines = self._read(row)
        if self._anew and row["epoch"] == 1:
            lines = self._of_others(lines, row)
        while row["epoch"] > 1 and len(lines) > self._first(row):
            if self._number_of(lines, len(lines) - 1) < row["epoch"]:
                break
            lines.pop()
        kept = b"".join(lines)
        if kept != content:
            write_whole(self.written, kept)

    def _read(self, row: dict[str, float]) -> list[bytes]:
        """Return the lines of the file, but one that a crash left half written."""
        path = self.written
        lines = self._content().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()
        head = self._header(row).encode()
        if lines and head and lines[0] != head:
            found = lines[0].decode(errors="replace").strip()
            raise FileWriteError(
                f"{path} begins with {found[:200]!r}, but this run's log with "
                f"{head.decode().strip()!r}: choose another name"
            )
        return lines

    def _content(self) -> bytes:
        """Return what is in the file; nothing where there is none."""
        try:
            return self.written.read_bytes()
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise unreadable(self.written, error) from error

    def _of_others(self, lines: list[bytes], row: dict[str, float]) -> list[bytes]:
        """Return the lines before those of the run that begins with a row, if it is the last.

        The same run makes the same figures; the seconds, which stand last, are others.
        """
        begun = self._line(row).encode().rpartition(b",")[0]
        for at in reversed(range(self._first(row), len(lines))):
            if self._number_of(lines, at) == 1:
                return lines[:at] if lines[at].rpartition(b",")[0] == begun else lines
        return lines

    def _number_of(self, lines: list[bytes], at: int) -> int:
        try:
            return self._epoch_of(lines[at].decode())
        except (ValueError, KeyError, TypeError):
            raise FileWriteError(
                f"{self.written} line {at + 1} is none of this kind of log: choose another name"
            ) from None

    def _first(self, row: dict[str, float]) -> int:
        return 1 if self._header(row) else 0

    def _header(self, row: dict[str, float]) -> str:
        return ""

    def _line(self, row: dict[str, float]) -> str:
        raise NotImplementedError

    def _epoch_of(self, line: str) -> int:
        raise NotImplementedError
