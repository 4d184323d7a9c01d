"""What files can have run: nothing. Python's own audit events tell.

Whatever Python compiles, executes, imports, opens or starts, it tells an audit hook (PEP 578) first.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import clearprop as cp
from paths import EXAMPLES

SOURCE = Path(cp.__file__).parent

FORBIDDEN = (
    "compile", "exec", "code.__new__", "marshal.", "pickle.", "import", "ctypes.dlopen", "ctypes.call", "subprocess.",
    "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.startfile", "os.system", "pty.",
    "os.remove", "os.rename", "os.mkdir", "os.chmod", "shutil.", "socket.", "urllib.", "http.",
    "webbrowser.", "ftplib.", "smtplib.",
)  # fmt: skip
"""How events begin that reading a file may not raise."""

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

WATCHED = """
import json, sys
import clearprop as cp
from clearprop.errors import ClearpropError

kind, first, second = sys.argv[1:]
read = {"network": cp.Network.load, "model": cp.Model.load}[kind]

def use(path):
    try:
        loaded = read(path)
        str(loaded)
        if kind == "network":
            loaded.predict([[0.0] * 2])
    except ClearpropError as error:
        str(error)

use(first)  # what is imported at first use, and kept
use(first[: -len("safetensors")] + "missing")
seen, on = [], True

def hook(event, arguments):
    if on:
        what = list(map(str, arguments[:3])) if event in ("open", "import") else []
        seen.append([event, *what])

sys.addaudithook(hook)
use(second)
on = False
print(json.dumps(seen))
"""


def events(kind: str, first: Path, second: Path) -> list[list[str]]:
    """Return what Python says is done while the second file is read, after the first was."""
    command = [sys.executable, "-c", WATCHED, kind, str(first), str(second)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def wrong(seen: list[list[str]], path: Path) -> list[list[str]]:
    """Return the events that reading this file has no reason for."""
    return [
        event
        for event in seen
        if event[0].startswith(FORBIDDEN)
        or (event[0] == "open" and (event[1] != str(path) or int(event[3]) & WRITING))
    ]


@pytest.fixture
def network(tmp_path):
    path = tmp_path / "network.safetensors"
    cp.Network([2, 3, 1], activations="tanh", output="sigmoid", seed=0).save(path)
    return path


def changed(path: Path, old: bytes, new: bytes) -> Path:
    """Write a file beside one in which bytes are others, of the same number."""
    assert len(old) == len(new)
    content = path.read_bytes()
    assert old in content
    to = path.with_name("changed.safetensors")
    to.write_bytes(content.replace(old, new))
    return to


class TestAModelFile:
    def test_a_network(self, network, tmp_path):
        again = tmp_path / "again.safetensors"
        again.write_bytes(network.read_bytes())
        seen = events("network", network, again)
        assert any(event[:2] == ["open", str(again)] for event in seen)
        assert not wrong(seen, again)

    def test_a_model(self, tmp_path):
        first, again = tmp_path / "model.safetensors", tmp_path / "again.safetensors"
        table = pl.DataFrame({"a": [1.5, 2.0, 3.0, 4.0] * 10, "b": ["x", "y", "x", "y"] * 10})
        model = cp.Model.fit(table, target="b", epochs=1, hidden=[2], progress=False)
        model.save(first)
        again.write_bytes(first.read_bytes())
        assert not wrong(events("model", first, again), again)

    @pytest.mark.parametrize("name", [b"eval", b"os.s", b"\\u00"])
    def test_a_name_that_means_something_in_python(self, network, name):
        path = changed(network, b"tanh", name)
        assert not wrong(events("network", network, path), path)

    @pytest.mark.parametrize(
        "content",
        [
            b"cos\nsystem\n(S'true'\ntR.",  # a pickle that starts a program
            b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
            b"PK\x03\x04" + bytes(60),  # PyTorch's files are archives with a pickle inside
            b"\x08" + bytes(7) + b"{} {} {}",
        ],
    )
    def test_other_peoples_formats(self, network, tmp_path, content):
        path = tmp_path / "changed.safetensors"
        path.write_bytes(content)
        assert not wrong(events("network", network, path), path)

    @pytest.mark.parametrize(
        "planted", ["import wave", "exec('1')", "__import__('os').system('true')", "open(first)"]
    )
    def test_the_hook_sees_what_is_planted(self, network, planted, monkeypatch):
        program = WATCHED.replace("use(second)\n", f"use(second)\n{planted}\n")
        monkeypatch.setattr(sys.modules[__name__], "WATCHED", program)
        path = changed(network, b"tanh", b"relu")
        assert wrong(events("network", network, path), path)


MAY = {
    "engine/kernels/pointers.py": {"exec"},  # of a text that holds names of ours alone
    "engine/build.py": {"subprocess"},  # compiler and linker, when Clearprop is built
    "bench/rounds.py": {"subprocess"},  # `clearprop bench`
    "cli/studio.py": {"webbrowser", "urllib"},  # it opens its page, and reads an address
    "cluster/guard.py": {"subprocess"},  # which looks whether an MPI run's processes are there
    "estimators/dask_backend.py": {"joblib"},  # whose way to Dask it is; nothing is read from files
    "estimators/on_dask.py": {"joblib"},  # a search is sent to workers that the user has started
    "files/saved_functions.py": {"cloudpickle", "pickle"},  # `dumps` alone: what cannot be sent
    "studio/trial.py": {"subprocess"},  # a table is read in a process that may end
    "studio/page.py": {"webbrowser", "urllib"},  # cp.studio.open, which writes an address
    "studio/replay.py": {"urllib"},  # which writes questions as addresses
    "studio/server.py": {"socket"},  # which it serves to this machine alone
    "training/watching/logs/tensorboard_log.py": {"socket"},  # the machine's name, as files have it
}
"""Where the package does what a hostile file would like done, and why."""

DANGEROUS = {
    "eval", "exec", "compile", "pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "socket",
    "subprocess", "urllib", "http", "ftplib", "requests", "webbrowser", "runpy", "code", "system",
    "popen", "multiprocessing",
}  # fmt: skip


def dangerous(source: str) -> set[str]:
    """Return what a module calls or imports that runs code, starts programs or opens connections."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found.add(node.func.id)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
            found.add(node.attr)
    return found & DANGEROUS


def test_the_package_has_few_places_where_anything_is_run():
    found = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if here := dangerous(path.read_text(encoding="utf-8")):
            found[path.relative_to(SOURCE).as_posix()] = here
    assert found == MAY


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from urllib.request import urlopen",
        "eval('1')",
        "import os\nos.system('')",
    ],
)
def test_such_a_place_is_found(source):
    assert dangerous(source)


def test_a_settings_file_is_read_as_toml_alone():
    text = (SOURCE / "cli" / "settings_file.py").read_text(encoding="utf-8")
    assert "tomllib.loads" in text
    assert not dangerous(text)


def test_examples_have_no_start_of_other_programs():
    for path in EXAMPLES.rglob("*.py"):
        assert not dangerous(path.read_text(encoding="utf-8")), path
