"""The locks in requirements/ are what pyproject.toml asks for, on each Python that they are for."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PYTHONS = ("3.11", "3.12", "3.13")
LINUX = {
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
}
LOCKS = {
    "dev.txt": (["dev"], ["oracle", "supply"]),
    "build.txt": (["compile"], ["build", "linker"]),
}
"""The extras and the groups that each holds."""

PIN = re.compile(r"^(?P<pin>[\w.-]+==\S+)(?: ; (?P<marker>[^\\\n]+?))? \\\n", re.MULTILINE)


def text_of(lock: str) -> str:
    return (ROOT / "requirements" / lock).read_text(encoding="utf-8")


def environment(python: str, extra: str = "") -> dict[str, str]:
    versions = {"python_version": python, "python_full_version": f"{python}.5", "extra": extra}
    return {**default_environment(), **LINUX, **versions}


def pins(text: str, python: str) -> dict[str, str]:
    """Return the version of each package that is installed with this Python."""
    found = {}
    for match in PIN.finditer(text):
        one = Requirement(
            f"{match['pin']} ; {match['marker']}" if match["marker"] else match["pin"]
        )
        if one.marker is None or one.marker.evaluate(environment(python)):
            found[canonicalize_name(one.name)] = next(iter(one.specifier)).version
    return found


def asked(extras: list[str], groups: list[str], python: str) -> list[Requirement]:
    """Return what pyproject.toml asks for: the core, extras, and groups."""
    table = PROJECT["project"]
    found, todo = [], [*table["dependencies"]]
    todo += [one for name in extras for one in table["optional-dependencies"][name]]
    todo += [one for name in groups for one in PROJECT["dependency-groups"][name]]
    while todo:
        one = Requirement(todo.pop())
        if one.name == "clearprop":
            todo += [inner for name in one.extras for inner in table["optional-dependencies"][name]]
        elif one.marker is None or one.marker.evaluate(environment(python)):
            found.append(one)
    return found


def missed(text: str, extras: list[str], groups: list[str], python: str) -> list[str]:
    """Return the requirements that a lock does not meet."""
    locked = pins(text, python)
    return [
        str(one)
        for one in asked(extras, groups, python)
        if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"))
        or canonicalize_name(one.name) not in locked
    ]


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_each_requirement_is_met(lock, python):
    assert len(pins(text_of(lock), python)) > 15
    assert missed(text_of(lock), *LOCKS[lock], python) == []


def test_what_is_missed_is_found():
    text = text_of("dev.txt")
    older = re.sub(r"^numpy==[\d.]+", "numpy==1.26.0", text, flags=re.MULTILINE)
    without = re.sub(r"^pytest==.*(\n .*)*\n", "", text, flags=re.MULTILINE)
    assert missed(older, ["dev"], [], "3.12") == ["numpy>=2.0"]
    assert missed(without, ["dev"], [], "3.12") == [
        one
        for one in PROJECT["project"]["optional-dependencies"]["test"]
        if one.startswith("pytest>")
    ]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_has_hashes_and_no_place(lock):
    text = text_of(lock)
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) == len(PIN.findall(text)) > 15
    assert [one for one in entries if "--hash=sha256:" not in one] == []
    assert "://" not in text
    assert "index-url" not in text


def test_the_wheel_is_built_by_what_the_lock_holds():
    groups = PROJECT["dependency-groups"]
    assert PROJECT["build-system"]["requires"] == groups["build"]
    hook = (ROOT / "hatch_build.py").read_text(encoding="utf-8")
    for one in [*PROJECT["project"]["optional-dependencies"]["compile"], *groups["linker"]]:
        assert f'"{one}"' in hook
