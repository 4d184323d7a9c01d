"""Exported headers as programs: built by gcc and g++, with every warning an error, and run."""

from __future__ import annotations

import ctypes
import shutil
import subprocess

import numpy as np
import pytest

STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
STRICTER = ["-Wconversion", "-Wdouble-promotion", "-Wshadow", "-Wundef"]

COMPILERS = {
    "C": ["gcc", "-std=c99", *STRICT, *STRICTER, "-Wstrict-prototypes"],
    "C++": ["g++", "-x", "c++", "-std=c++11", *STRICT, *STRICTER],
}

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")

LANGUAGES = [
    pytest.param(
        language,
        marks=pytest.mark.skipif(shutil.which(command[0]) is None, reason=f"needs {command[0]}"),
    )
    for language, command in COMPILERS.items()
]


def build(*arguments: object, cwd, language: str = "C") -> None:
    """Call a language's compiler; what it complains of is the failure."""
    command = [*COMPILERS[language], *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:3000]


def library(headers: dict[str, str], cwd, language: str = "C") -> ctypes.CDLL:
    """Build headers into one shared library, which has a function run_NAME for each."""
    includes, functions = "", ""
    for name, text in headers.items():
        (cwd / f"{name}.h").write_text(text)
        real = "double" if f"void {name}_predict(const double" in text else "float"
        includes += f'#include "{name}.h"\n'
        functions += (
            f"void run_{name}(const {real} *x, {real} *y, int n);\n"
            f"void run_{name}(const {real} *x, {real} *y, int n)\n{{\n"
            f"    for (int i = 0; i < n; i++)\n"
            f"        {name}_predict(x + i * {name.upper()}_INPUTS, y + i * {name.upper()}_OUTPUTS);\n}}\n"
        )
    return shared(includes, functions, cwd, language)


def shared(includes: str, functions: str, cwd, language: str) -> ctypes.CDLL:
    """Build functions into a shared library."""
    (cwd / "all.c").write_text(
        f'{includes}#ifdef __cplusplus\nextern "C" {{\n#endif\n'
        f"{functions}#ifdef __cplusplus\n}}\n#endif\n"
    )
    # Optimized, as some warnings come of that alone.
    build("-O1", "-shared", "-fPIC", "all.c", "-o", "all.so", "-lm", cwd=cwd, language=language)
    return ctypes.CDLL(str(cwd / "all.so"))


def run(built: ctypes.CDLL, name: str, X: np.ndarray, n_outputs: int) -> np.ndarray:
    """What a library's function of this name makes of rows."""
    X = np.ascontiguousarray(X)
    y = np.full((len(X), n_outputs), np.nan, X.dtype)
    built[f"run_{name}"](X.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p), len(X))  # fmt: skip
    return y
