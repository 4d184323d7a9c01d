"""Settings files: the settings of `clearprop train` as TOML, read and written.

A key is an option's name without dashes; what an option takes several times is a list. Options
of the command line win.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from clearprop.cli.train_settings import SETTINGS, Setting, chosen, sizes
from clearprop.errors import ArgumentError, nearest, shown
from clearprop.files.regular_file import open_regular
from clearprop.files.whole_file import write_whole

LARGEST = 1 << 20
"""Bytes of a settings file at most."""


def read_settings(context: click.Context, option: click.Parameter, path: Path | None) -> None:
    """Let what a file says be what options are without being given.

    Raises
    ------
    FileMissingError, ArgumentError
        If there is no file of settings.
    click.BadParameter
        If it holds an unknown key, or a value that the option would not take.
    """
    if path is None:
        return
    with open_regular(path, ArgumentError) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ArgumentError(f"{path} is larger than a settings file may be, {LARGEST:,} bytes")
    try:
        said = tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise ArgumentError(f"{path} is not TOML: {error}") from None
    known = {one.key: one for one in SETTINGS}
    options = {one.name: one for one in context.command.params}
    found = {}
    for key, value in said.items():
        if key not in known:
            near = nearest(key, known)
            hint = f" (did you mean {near}?)" if near else ""
            raise click.BadParameter(f"{path} sets {shown(key)}, which is no setting{hint}.")
        setting = known[key]
        try:
            found[setting.keyword] = typed = _typed(setting, value)
            options[setting.keyword].type_cast_value(context, typed)
        except (click.BadParameter, ArgumentError) as error:
            said_of_it = error.message if isinstance(error, click.BadParameter) else str(error)
            raise click.BadParameter(f"{path}, {key}: {said_of_it}") from None
    context.default_map = found


def _typed(setting: Setting, value: Any) -> Any:
    """Return a value as it would be typed."""
    if setting.type is None:
        if not isinstance(value, bool):
            raise ArgumentError(f"{shown(value)} is neither true nor false")
        return value
    if isinstance(value, dict) and setting.multiple:
        value = [f"{name}={_text(one)}" for name, one in value.items()]
    if setting.multiple:
        return [_text(one) for one in (value if isinstance(value, list) else [value])]
    if isinstance(value, list) and setting.keyword == "hidden":
        return ",".join(map(_text, value))
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ArgumentError(f"{shown(value)} is not one value")
    if isinstance(value, bool):
        return str(value).lower()
    try:
        return str(value)
    except ValueError:  # Python writes out no whole number of so many digits
        raise ArgumentError(f"{shown(value)} is larger than any setting") from None


def write_settings(path: Path, typed: Mapping[str, Any]) -> None:
    """Write the settings that were given, by option or by file, so that `read_settings` has them.

    Raises
    ------
    FileWriteError
        If the file cannot be written.
    ArgumentError
        If a text has no bytes in UTF-8.
    """
    given = chosen(typed)
    lines = [
        f"{one.key} = {toml(_listed(one, given[one.keyword]))}\n"
        for one in SETTINGS
        if one.keyword in given
    ]
    try:
        content = "".join(lines).encode()
    except UnicodeEncodeError:
        raise ArgumentError(
            "a setting holds what is no Unicode text: no file can hold it"
        ) from None
    write_whole(path, content)


def _listed(setting: Setting, value: Any) -> Any:
    """Return a value as one would write it: sizes of layers in a list, numbers without quotes."""
    if setting.keyword == "hidden":
        return list(sizes(value))
    if setting.keyword in ("batch_size", "early_stopping", "validation", "test"):
        for number in (int, float):
            with suppress(ValueError):
                return number(value)
    return value


def toml(value: Any) -> str:
    """Return a text, number, truth value, or list of these, as TOML has it."""
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):  # JSON leaves one character as it is that TOML does not
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
