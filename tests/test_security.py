"""SECURITY.md promises only what a test holds."""

from __future__ import annotations

import ast
import re

import pytest

from paths import ROOT

PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)*)`")


def has(path: str, names: list[str]) -> bool:
    """Whether a file of tests has a class or function of this name, and one in it, and so on."""
    file = ROOT / path
    if not file.exists():
        return False
    inside, name = ast.parse(file.read_text(encoding="utf-8")).body, ""
    for name in names:
        kinds = ast.ClassDef | ast.FunctionDef
        found = [node for node in inside if isinstance(node, kinds) and node.name == name]
        if not found:
            return False
        inside = found[0].body
    return not name or name.lower().startswith("test")


def section(title: str) -> str:
    """Return what stands below a heading."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def test_every_test_that_is_named_exists():
    named = NAMED.findall(PAGE)
    assert len(named) > 20
    assert [path + names for path, names in named if not has(path, names.split("::")[1:])] == []


def test_every_promise_names_a_test():
    promises = re.split(r"\n(?=- )", section("What is promised"))[1:]
    assert len(promises) > 15
    assert [one for one in promises if not NAMED.search(one.split("\n\n")[0])] == []


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("tests/test_no_such_file.py", []),
        ("tests/test_security.py", ["test_no_such_test"]),
        ("tests/test_what_is_run.py", ["TestAModelFile", "test_no_such_test"]),
        ("tests/test_what_is_run.py", ["events"]),
    ],
)
def test_a_test_that_does_not_exist_is_missed(path, names):
    assert not has(path, names)


def test_commands_that_are_named_exist():
    assert [name for name in re.findall(r"`(\.ci/\w+)", PAGE) if not (ROOT / name).exists()] == []
