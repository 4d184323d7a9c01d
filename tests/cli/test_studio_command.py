"""`clearprop studio`: its address at once, files that are good or one line, and how it ends."""

from __future__ import annotations

import json
import re
import socket
import sys
import urllib.parse
import urllib.request

import pytest

import clearprop as cp
from command_line import invoke, refused
from paths import PENGUINS
from signals import SIGNALS, ended, start

pytest.importorskip("uvicorn")
COMMAND = ["-m", "clearprop", "studio", "--no-browser"]


def address_of(process):
    """The address that a studio prints, which is there as soon as it is served."""
    line = process.stdout.readline()
    found = re.fullmatch(
        r"Studio: (http://127\.0\.0\.1:\d+/)(\?token=[\w-]+)(#\S+)?  \(Ctrl-C ends it\)\n", line
    )
    assert found, line + (process.stderr.read() if process.poll() is not None else "")
    return found[1], found[2], found[3] or ""


def about(address, token, place):
    """What the server says of what its own address shows."""
    pairs = urllib.parse.parse_qsl(place.partition("?")[2])
    with urllib.request.urlopen(
        f"{address}api/about{token}&{urllib.parse.urlencode(pairs)}"
    ) as found:
        return json.load(found)


@pytest.mark.parametrize("number", SIGNALS)
def test_it_prints_its_address_serves_and_ends_by_a_signal(tmp_path, number):
    process = start(COMMAND, tmp_path)
    address, token, place = address_of(process)
    with urllib.request.urlopen(address + token) as page:
        assert b"<title>" in page.read()
    assert about(address, token, place)["title"] == "A circle within a ring"
    process.send_signal(number)
    code, out, err = ended(process)
    assert (code, out, err) == (128 + number, "", "clearprop: interrupted\n")


@pytest.mark.parametrize("given", ["table", "model", "both", "network"])
def test_files(tmp_path, model_file, given):
    cp.Network([15, 4, 3], "tanh", "softmax").save(tmp_path / "n.safetensors")
    files = {
        "table": [PENGUINS], "model": [model_file], "both": [model_file, PENGUINS],
        "network": [tmp_path / "n.safetensors"],
    }[given]  # fmt: skip
    process = start([*COMMAND, *map(str, files)], tmp_path)
    found = about(*address_of(process))
    process.terminate()
    ended(process)
    own = {"table": [15, 8, 3], "network": [15, 4, 3]}
    assert found["sizes"] == own.get(given, [15, 8, 6, 3])


class TestRefused:
    def test_files_that_are_none(self, tmp_path, monkeypatch, model_file):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "empty.csv").write_text("")
        (tmp_path / "notes.md").write_text("a\n")
        (tmp_path / "other.safetensors").write_bytes(b"no")
        (tmp_path / "few.csv").write_text("a,b\n1,2\n")
        refused("there is no file none.csv", "studio", "none.csv")
        refused("empty.csv is empty", "studio", "empty.csv")
        refused("notes.md ends with '.md'", "studio", "notes.md")
        refused("other.safetensors", "studio", "other.safetensors")
        refused("the table has 1 row with a target; a model takes 5 or more", "studio", "few.csv")
        refused("is a folder", "studio", tmp_path)
        refused("lacks", "studio", "few.csv", model_file)

    def test_two_of_a_kind(self, model_file):
        found = invoke("studio", PENGUINS, PENGUINS)
        assert found.exit_code == 2
        assert "Two tables are given" in found.stderr
        found = invoke("studio", model_file, model_file)
        assert "Two models are given" in found.stderr

    def test_a_port_that_is_taken(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            refused(f"port {port} is taken", "studio", "--port", port, "--no-browser")

    @pytest.mark.parametrize("library", ["uvicorn", "starlette", "threadpoolctl"])
    def test_without_the_extra(self, monkeypatch, library):
        for name in [one for one in sys.modules if one.split(".")[0] == library]:
            monkeypatch.delitem(sys.modules, name)
        importers = ("clearprop.studio.app", "clearprop.studio.blas")
        for name in [one for one in sys.modules if one in importers]:
            monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, library, None)
        refused('pip install "clearprop[studio]"', "studio", "--no-browser")
