"""The command line, run in this process."""

from __future__ import annotations

import os

from click.testing import CliRunner, Result

from clearprop.cli import main


def invoke(*arguments: object) -> Result:
    """Run `clearprop` on arguments; what it raises, but for its exit, is raised here."""
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def unmeasured() -> dict[str, str]:
    """The environment of a process that can write nothing, not even what coverage.py measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def refused(message: str, *arguments: object) -> str:
    """Run what has to end in one line that holds the message and exit code 1; give the line."""
    result = invoke(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("clearprop: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr
    assert result.stdout == ""
    return result.stderr
