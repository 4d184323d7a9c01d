"""Settings files and expressions: what they mean, or one line that says why not.

The first byte of an input says which of the two it is, the others are the text.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import click

import clearprop as cp
from clearprop.cli import train_settings
from clearprop.cli.settings_file import read_settings, write_settings
from clearprop.cli.train import train
from clearprop.explaining.expression import parsing

from .folders import folder
from .names import inputs_of, mutate, run_form  # noqa: F401 - mutate is a target's
from .outcome import same, tried

MODULES = (
    "clearprop.cli.settings_file", "clearprop.cli.train_settings", "clearprop.cli.notation",
    "clearprop.explaining.expression.parsing", "clearprop.explaining.expression.program",
    "clearprop.errors",
)  # fmt: skip
"""Whose branches are counted."""


@cache
def _folder() -> Path:
    return folder()


def _settings(text: str) -> None:
    """Read a settings file; what it says is written to one that says the same."""
    path, again = _folder() / "settings.toml", _folder() / "again.toml"
    path.write_bytes(text.encode(errors="surrogateescape"))
    given = _read_settings(path)
    tried(lambda: train_settings.keywords(given), cp.ArgumentError, cp.UnknownNameError,
          click.UsageError)  # fmt: skip
    tried(lambda: write_settings(again, given), cp.ArgumentError)
    same(
        "settings written and read",
        train_settings.chosen(_read_settings(again)),
        train_settings.chosen(given),
    )


def _read_settings(path: Path) -> dict[str, Any]:
    """Return what the command would be given: each setting as its option types it."""
    context = click.Context(train)
    tried(lambda: read_settings(context, train.params[0], path), cp.ArgumentError,
          click.BadParameter)  # fmt: skip
    options = {one.name: one for one in train.params}
    found = context.default_map or {}
    return {
        one.keyword: options[one.keyword].type_cast_value(context, found[one.keyword])
        if one.keyword in found
        else None
        for one in train_settings.SETTINGS
    }


def _expression(text: str) -> None:
    """Read an expression; how it is written out means the same."""
    found = tried(lambda: parsing.read(text), cp.ArgumentError, cp.UnknownNameError)
    if len(found.text) <= parsing.LONGEST:
        same("an expression read again", parsing.read(found.text), found)


FORMS: tuple[Callable[[str], None], ...] = (_settings, _expression)
"""In the order that the first byte of an input counts: new ones come last."""

EXAMPLES: dict[Callable[[str], None], list[str]] = {
    _settings: ['target = "y"\nhidden = [3, 2]\nepochs = 5\n',
                'target = "y"\nloss = "huber(1)"\ndrop = ["a", "b"]\ncompare = false\n',
                'target = "y"\n[column]\nkm = "number, comma"\n[class-weight]\nyes = 2\n',
                'target = "y"\nbatch-size = "all"\ntest = 0.2\nmetric = ["accuracy"]\nseed = 3\n',
                'target = "é\\u007f"\nquantiles = "0.1,0.5"\nearly-stopping = 0\nl2 = 1e-3\n',
                'target = 1979-05-27\noptimizer = "adam(0.1)"\nschedule = "cosine"\n'],
    _expression: ["(a*b + c)**2", "sigmoid(w*x+b)", "log(1+exp(-x))/2", "max(a, -b)", "2if x"],
}  # fmt: skip


def run(data: bytes) -> str:
    """Read a text as what the first byte says; return what became of it."""
    return run_form(FORMS, data)


def seeds() -> list[bytes]:
    """Return examples of both."""
    return inputs_of(FORMS, EXAMPLES)
