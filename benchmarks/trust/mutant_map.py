"""Which tests run which lines: a pytest plugin, with coverage.py underneath.

    CLEARPROP_MAP=map.json CLEARPROP_MAP_OF=a.py:b.py pytest -p mutant_map TESTS

writes, of the sources that are named, the tests that run each line, and the seconds of each test.
What a fixture of a module or a session runs counts for every test that uses it.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

_cover = coverage.Coverage(
    data_file=None, config_file=False, include=os.environ["CLEARPROP_MAP_OF"].split(":")
)
_seconds: dict[str, float] = defaultdict(float)
_failed: set[str] = set()
_used: dict[str, list[str]] = {}
_cover.start()


def _fixture(definition: Any) -> str:
    return f"fixture {definition.baseid}::{definition.argname}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Count what a test runs for it."""
    _cover.switch_context(item.nodeid)
    known = getattr(item, "_fixtureinfo", None)
    _used[item.nodeid] = [
        _fixture(one)
        for all_of_name in (known.name2fixturedefs.values() if known else ())
        for one in all_of_name
        if one.scope != "function"
    ]
    result = yield
    _cover.switch_context("")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: Any) -> Iterator[Any]:
    """Count what a fixture of several tests runs for the fixture."""
    if fixturedef.scope == "function":
        return (yield)
    _cover.switch_context(_fixture(fixturedef))
    try:
        return (yield)
    finally:  # back to the test, or the wider fixture, that asked for it
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
        _cover.switch_context(test)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up a test's seconds."""
    if report.failed or report.skipped:
        _failed.add(report.nodeid)  # it tells nothing of a mutant
    _seconds[report.nodeid] += report.duration


def pytest_sessionfinish() -> None:
    """Write what was seen."""
    _cover.stop()
    data = _cover.get_data()
    users = defaultdict(list)
    for test, fixtures in _used.items():
        for one in fixtures:
            users[one].append(test)
    lines: dict[str, dict[int, list[str]]] = {}
    for path in data.measured_files():
        lines[path] = {}
        for line, contexts in data.contexts_by_lineno(path).items():
            tests = {test for one in contexts for test in users.get(one, [one]) if test}
            lines[path][line] = sorted(tests)
    passed = {test: round(seconds, 3) for test, seconds in _seconds.items() if test not in _failed}
    written = {"seconds": passed, "lines": lines}
    Path(os.environ["CLEARPROP_MAP"]).write_text(json.dumps(written))
