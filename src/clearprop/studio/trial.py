"""A trial: a table that came by the page is first read by a process that may end, or be ended.

Tables of other kinds than text are read by machine code; what ends it ends the trial alone.
"""

from __future__ import annotations

import subprocess
import sys

from clearprop.errors import TableFileError, one_line
from clearprop.studio.handed import forget, handed_in, without_folder

SECONDS = 60.0


def try_to_read(address: str) -> None:
    """Read a table in a process of its own; what is refused there, is refused here once more.

    Raises
    ------
    TableFileError
        If the process ends, or takes too long. The file is then forgotten.
    """
    file = handed_in(address)
    command = [sys.executable, "-m", "clearprop.studio.trial_process", str(file.path)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=SECONDS)
        code, said = ended.returncode, ended.stderr.decode(errors="replace").splitlines()
        last = next((without_folder(one_line(line)) for line in reversed(said) if line.strip()), "")
        why = f"ends the process that reads it ({code}{f': {last}' if last else ''})"
    except subprocess.TimeoutExpired:
        code, why = 1, f"takes longer than {SECONDS:g} s to read"
    if code != 0:
        forget(address)
        raise TableFileError(f"{file.name} {why}: save it anew, or as CSV")
