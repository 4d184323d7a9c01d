"""The package as a whole: its names, what importing it costs, and what installing it brings."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import metadata

import pytest

import clearprop as cp


@pytest.mark.parametrize("name", cp.__all__)
def test_every_public_name_is_documented(name):
    thing = getattr(cp, name)
    text = inspect.getdoc(thing)
    assert text
    assert text.splitlines()[0].endswith((".", ":"))
    if inspect.isclass(thing) and issubclass(thing, Exception):
        assert issubclass(thing, cp.ClearpropError)
    elif name not in ("Epoch", "Step"):  # made by Clearprop, shown where they come from
        assert ">>> " in text, f"{name} has no example"
        if callable(thing) and inspect.signature(thing).parameters and inspect.isfunction(thing):
            for parameter in inspect.signature(thing).parameters:
                assert re.search(rf"\b{parameter}\b", text), f"{name} does not mention {parameter}"


def test_nothing_public_is_left_out_of_all():
    public = {
        name for name in vars(cp)
        if not name.startswith("_") and not inspect.ismodule(getattr(cp, name))
    }  # fmt: skip
    assert public == set(cp.__all__)


def test_importing_brings_no_extra_and_nothing_that_can_wait():
    code = "import sys, clearprop; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {
        "click", "rich", "narwhals", "sklearn", "scipy", "matplotlib", "pandas", "polars",
        "pyarrow", "torch", "numba",
    }  # fmt: skip


def test_the_core_stays_small():
    """Clearprop and all it needs, as installed: 300 MB is the promise."""
    seen: set[str] = set()
    waiting = ["clearprop"]
    total = 0
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # needed by other Pythons only
            continue
        for requirement in distribution.requires or []:
            if "extra ==" not in requirement and "sys_platform ==" not in requirement:
                waiting.append(re.match(r"[\w.-]+", requirement)[0].lower())
        for file in distribution.files or []:
            path = file.locate()
            total += path.stat().st_size if path.is_file() else 0
    assert {"numpy", "safetensors", "narwhals", "rich", "click"} <= seen
    assert 10e6 < total < 300e6


def test_core_requirements_are_the_designs():
    requires = metadata.requires("clearprop")
    core = {re.match(r"[\w-]+", line)[0] for line in requires if "extra ==" not in line}
    assert core <= {"numpy", "numba", "safetensors", "narwhals", "click", "rich"}
    extras = set(metadata.metadata("clearprop").get_all("Provides-Extra"))
    assert {"tables", "plots", "onnx", "tensorboard", "studio", "cluster", "torch"} <= extras


@pytest.mark.parametrize(
    "name", [name for name in cp.__all__ if name.endswith("Error") and name != "ClearpropError"]
)
def test_every_error_class_is_raised_somewhere(name):
    """A class nobody raises is a promise nobody keeps; DataError is the base of five."""
    from pathlib import Path

    source = "".join(path.read_text() for path in Path(cp.__file__).parent.rglob("*.py"))
    raised = re.search(rf"raise {name}\b", source) or re.search(rf"class \w+\({name}", source)
    assert raised
