"""One input again, in a process of its own: `python -m fuzzing.replay TARGET FILE`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from .outcome import judged


def main() -> int:
    """Run an input; return 1, and say what is wrong, if it leads to a fault."""
    name, file = sys.argv[1:]
    module = importlib.import_module(f"fuzzing.{name}")
    _, fault = judged(module.run, Path(file).read_bytes())
    print(fault)
    return int(bool(fault))


if __name__ == "__main__":
    sys.exit(main())
