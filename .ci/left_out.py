"""A plugin of pytest: writes each test, and each file of tests, that is skipped to $LEFT_OUT."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

# Taken out of the environment: neither pytest-xdist's workers nor what a test starts are to write.
_left_out = os.environ.pop("LEFT_OUT", None)
for _name in ("PYTEST_ADDOPTS", "PYTHONPATH"):
    os.environ.pop(_name, None)


def _note(report: Any) -> None:
    if _left_out and report.skipped:
        with Path(_left_out).open("a", encoding="utf-8") as file:
            file.write(f"{report.nodeid}\n")


pytest_runtest_logreport = pytest_collectreport = _note
