"""Building the kernels ahead: what is said where a step of it fails, and which linker is taken."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from clearprop.engine import build
from clearprop.engine.kernels import machine
from clearprop.errors import CompilationError

LEVEL = machine.LEVELS[0]

linux = pytest.mark.skipif(sys.platform != "linux", reason="libraries were linked on Linux alone")


def linker(folder, script):
    path = folder / "linker"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


@linux
class TestLinking:
    def test_by_the_compiler_that_the_environment_names(self, monkeypatch, tmp_path):
        monkeypatch.setenv("CC", linker(tmp_path, f'echo "$@" > {tmp_path}/said'))
        build._link([tmp_path / "a.o", tmp_path / "b.o"], tmp_path / "kernels.so")
        said = (tmp_path / "said").read_text().split()
        assert said[-4:] == [
            "-o", *(str(tmp_path / name) for name in ("kernels.so", "a.o", "b.o"))
        ]  # fmt: skip
        assert "-shared" in said

    @pytest.mark.parametrize(
        ("script", "why"),
        [("echo first >&2; echo 'a.o: no such symbol' >&2; exit 1", "a.o: no such symbol"),
         ("exit 3", "linker failed")],
    )  # fmt: skip
    def test_the_linker_s_last_line_is_the_reason(self, script, why, monkeypatch, tmp_path):
        monkeypatch.setenv("CC", linker(tmp_path, script))
        with pytest.raises(CompilationError, match=f"the kernels cannot be linked: .*{why}$"):
            build._link([], tmp_path / "kernels.so")

    def test_the_package_s_where_the_system_has_none(self, monkeypatch):
        monkeypatch.delenv("CC", raising=False)
        monkeypatch.setattr(build.shutil, "which", lambda _: None)
        monkeypatch.setattr(build, "find_spec", lambda _: object())
        assert [command[-2:] for command in build._linkers()] == [["ziglang", "cc"]]


class TestCompiling:
    def test_the_compiler_s_last_line_is_the_reason(self, tmp_path):
        with pytest.raises(CompilationError, match=f"kernels of {LEVEL.name} cannot be compiled: "):
            build._compile_apart(LEVEL, str(tmp_path), ["float32", "no such kernel"])

    def test_a_process_that_says_nothing(self, monkeypatch, tmp_path):
        monkeypatch.setattr(
            build.subprocess, "run", lambda *_, **__: SimpleNamespace(returncode=-9, stderr="")
        )
        with pytest.raises(CompilationError, match="it ended without a word"):
            build._compile_apart(LEVEL, str(tmp_path), ["float32", "training.run"])

    def test_objects_are_named_by_their_symbols(self, tmp_path):
        build.compile_objects("float32", ["random.order"], tmp_path)
        [path] = tmp_path.iterdir()
        assert path.name == f"{build.symbol_of('random.order', build.PRECISIONS['float32'])}.o"
        assert path.read_bytes()[:4] in (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\x64\x86\x00\x00")


class TestCommand:
    def run(self, monkeypatch, *arguments):
        monkeypatch.setattr(sys, "argv", ["build", *map(str, arguments)])
        return build.main()

    def test_the_libraries_that_were_built_are_named(self, monkeypatch, tmp_path, capsys):
        built = []

        def fake(level, precisions, folder):
            built.append((level, precisions))
            path = folder / level.name
            path.write_bytes(b"x" * 2500)
            return path

        monkeypatch.setattr(build, "build_library", fake)
        monkeypatch.setattr(build, "levels", lambda: [LEVEL])
        assert self.run(monkeypatch, "--out", tmp_path, "--precision", "float64") == 0
        assert built == [(LEVEL, ["float64"])]
        assert capsys.readouterr().out == f"{tmp_path / LEVEL.name} (2 kB)\n"

    def test_nothing_for_this_processor(self, monkeypatch, tmp_path, capsys):
        monkeypatch.setattr(build, "level", lambda: None)
        assert self.run(monkeypatch, "--out", tmp_path, "--here") == 1
        assert "no kernels are built ahead" in capsys.readouterr().err

    def test_a_failure_is_one_line(self, monkeypatch, tmp_path, capsys):
        def fails(*_):
            raise CompilationError("the kernels cannot be linked: why")

        monkeypatch.setattr(build, "build_library", fails)
        monkeypatch.setattr(build, "levels", lambda: [LEVEL])
        assert self.run(monkeypatch, "--out", tmp_path) == 1
        assert capsys.readouterr().err == "the kernels cannot be linked: why\n"

    def test_objects_are_compiled_by_a_process_of_their_own(self, monkeypatch, tmp_path):
        assert self.run(monkeypatch, "--out", tmp_path, "--objects", "float32", "random.order") == 0
        assert len(list(tmp_path.glob("*.o"))) == 1


@linux
def test_a_library_that_cannot_be_loaded_is_not_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "_compile_apart", lambda *_: None)
    monkeypatch.setattr(build, "_link", lambda _, path: path.write_bytes(b"no library"))
    with pytest.raises(CompilationError, match="was linked, but cannot be loaded"):
        build.build_library(LEVEL, ["float32"], tmp_path)
    assert list(tmp_path.iterdir()) == []
