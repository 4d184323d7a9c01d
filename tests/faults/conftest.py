"""One server of runs for all tests here, which are skipped where there is no shim."""

from __future__ import annotations

import pytest
from injection import shim
from injection.server import Server


@pytest.fixture(scope="session")
def server():
    reason = shim.why_not()
    if reason is not None:
        pytest.skip(reason)
    with Server() as one:
        yield one
