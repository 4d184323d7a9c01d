"""Commands in processes of their own, which get signals."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from engine_runs import TELLING

SIGNALS = (signal.SIGINT, signal.SIGTERM)

COMMAND = """
import sys, time, clearprop_command
clearprop_command.handle_signals()
import clearprop as cp
def hang(*arguments, **named):
    print("ready", flush=True)
    time.sleep(60)
{patch}
sys.argv = ["clearprop", *sys.argv[1:]]
clearprop_command.main()
"""


def start(code: list[str], folder: Path, **environment: str) -> subprocess.Popen[str]:
    """Start Python on a command line, in a folder, with Ctrl-C as a terminal has it."""
    old = signal.signal(signal.SIGINT, signal.default_int_handler)  # else it may be ignored there
    try:
        return subprocess.Popen(
            [sys.executable, *code], cwd=folder, env=os.environ | environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, old)


def start_patched(patch: str, arguments: list[str], folder: Path) -> subprocess.Popen[str]:
    """Start the command, with some functions replaced: `hang` says "ready" and sleeps."""
    return start(["-c", COMMAND.format(patch=patch), *arguments], folder)


def wait_until_handled(process: subprocess.Popen[str]) -> None:
    """Wait until the process handles SIGTERM, the second of the two, or has ended."""
    status = Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        for line in status.read_text().splitlines():
            if line.startswith("SigCgt:") and int(line.split()[1], 16) >> signal.SIGTERM - 1 & 1:
                return
        time.sleep(0.002)


def without_phases(text: str) -> str:
    """Return what a command says but for phases and epochs, which a slow machine makes it say."""
    slow = r"^(the table is read and prepared|for comparison, .*|epoch +\d+/\d+  .* s)\n"
    return re.sub(slow, "", text, flags=re.M)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error.

    Without what only a slow machine is told, or one whose cache has no kernels yet.
    """
    with process:
        out, err = process.communicate(timeout=400)
    return process.returncode, out, without_phases(err).replace(TELLING, "")


def press(process: subprocess.Popen[str], number: int) -> tuple[int, str, str]:
    """Wait for "ready", send a signal, and return how the process ended."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    return ended(process)
