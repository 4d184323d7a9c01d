"""The engine's elementary functions: 2 units in the last place, vectors, the same bits anywhere.

Every float32 is gone through by `python benchmarks/elementary.py`, which takes minutes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import mpmath as mp
import numpy as np
import pytest
from numba import njit

import elementary_fits
from clearprop.engine.kernels.coefficients import COEFFICIENTS
from clearprop.engine.kernels.elementary import Elementary
from elementary import REFERENCE, over, scalar, units_off, within

NAMES = Elementary._fields
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.625, 1.25, 88.0, 88.73, -87.4, -103.9, -104.1, 1e-45, -1e-45, 1e-38, 3e38]  # fmt: skip
EXACT = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "log1p": mp.log1p,
    "tanh": mp.tanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "atanh_less_x": lambda x: mp.atanh(x) - x if abs(x) > 1e-9 else x**3 / 3,
    "normal_ratio": lambda x: mp.erfc(x / mp.sqrt(2)) * mp.exp(x * x / 2) / 2,
    "small_share": lambda x: 1 / (1 + mp.exp(abs(x))),
    "tanh_gap": lambda x: 2 / (1 + mp.exp(2 * abs(x))),
    "gaussian": lambda x: mp.exp(-x * x / 2),
}
UNITS = {"atanh_less_x": 3, "normal_ratio": 3, "tanh_gap": 3}
"""How far off parts of other functions may be, where it is not 2."""


@pytest.mark.parametrize("key", COEFFICIENTS, ids=lambda key: f"{key[0]} {key[1]}")
def test_the_coefficients_are_those_of_the_fits(key):
    assert COEFFICIENTS[key] == tuple(elementary_fits.coefficients(*key))
    assert set(COEFFICIENTS) == set(elementary_fits.FITS)


@pytest.mark.parametrize("name", NAMES)
def test_float32_is_within_its_units(name):
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, 1_000_000, dtype=np.uint64).astype(np.uint32)
    near = np.concatenate([rng.normal(0, 3, 500_000), SPECIAL]).astype(np.float32)
    even = np.linspace(-41, 41, 300_000, dtype=np.float32)
    x = within(name, np.concatenate([bits.view(np.float32), near, even]))
    y = over(name, np.float32)(x)
    with np.errstate(all="ignore"):
        true = REFERENCE[name](x.astype(np.float64))
    assert np.array_equal(np.isnan(y), np.isnan(true))
    assert units_off(y, true).max() < UNITS.get(name, 2)


@pytest.mark.parametrize("name", NAMES)
def test_float64_is_within_its_units(name):
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(0, 1, 300), rng.normal(0, 20, 300), rng.uniform(-700, 700, 100), np.exp(rng.uniform(-700, 700, 100))])  # fmt: skip
    x = np.concatenate([x, rng.uniform(-1, 1, 300)])
    x = within(name, np.where(x < {"log": 0, "log1p": -1}.get(name, -np.inf), -x, x))
    y = over(name, np.float64)(x)
    for one, ours in zip(x.tolist(), y.tolist(), strict=True):
        with mp.workdps(60):
            true = EXACT[name](mp.mpf(one))
            if true > mp.mpf(np.finfo(float).max):
                assert ours == np.inf
                continue
            unit = mp.mpf(max(float(np.spacing(abs(float(true)))), 5e-324))
            assert abs(mp.mpf(ours) - true) / unit < UNITS.get(name, 2), one


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_ends_and_specials(name, dtype):
    y = over(name, dtype)(np.array([0.0, np.inf, -np.inf, np.nan], dtype))
    zero, plus, minus, nan = {
        "exp": (1, np.inf, 0, np.nan),
        "log": (-np.inf, np.inf, np.nan, np.nan),
        "tanh": (0, 1, -1, np.nan),
        "sigmoid": (0.5, 1, 0, np.nan),
        "softplus": (np.log(2), np.inf, 0, np.nan),
        "expm1": (0, np.inf, -1, np.nan),
        "log1p": (0, np.inf, np.nan, np.nan),
        "small_share": (0.5, 0, 0, np.nan),
        "tanh_gap": (1, 0, 0, np.nan),
        "atanh_less_x": (0, *y[1:3], np.nan),  # infinities are not what these are made for
        "normal_ratio": (0.5, *y[1:3], np.nan),
        "gaussian": (1, *y[1:3], np.nan),
    }[name]
    np.testing.assert_allclose(y, [zero, plus, minus, nan], rtol=np.finfo(dtype).eps)
    assert y.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_one_number_has_the_bits_of_a_vector(name, dtype):
    f = scalar(name, dtype)

    @njit(error_model="numpy")
    def one(x):
        return f(x)

    x = np.random.default_rng(2).normal(0, 5, 1000).astype(dtype)
    alone = np.array([one(value) for value in x], dtype)
    assert alone.tobytes() == over(name, dtype)(x).tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_loops_become_vectors(name, dtype):
    loop = over(name, dtype)
    loop(np.ones(8, dtype))
    code = "".join(loop.compiled.inspect_llvm().values())
    kind = "float" if dtype == np.float32 else "double"
    assert f" x {kind}> @llvm.fma.v" in code


def digest() -> str:
    """A digest of all functions over the same inputs."""
    rng = np.random.default_rng(3)
    found = hashlib.sha256()
    for dtype in (np.float32, np.float64):
        x = np.concatenate([rng.normal(0, 10, 3000), SPECIAL]).astype(dtype)
        for name in NAMES:
            y = over(name, dtype)(within(name, x))
            found.update(np.where(np.isnan(y), dtype(7), y).tobytes())
    return found.hexdigest()


def test_the_bits_do_not_depend_on_the_processor():
    """As compiled for a processor without AVX and fused instructions, where they are emulated."""
    import platform

    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("names a processor of x86-64")
    code = "import test_elementary; print(test_elementary.digest())"
    folders = [os.path.dirname(file) for file in (__file__, elementary_fits.__file__)]  # noqa: PTH120
    paths = os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])
    old = {**os.environ, "NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": "", "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", code], env=old, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest()


def test_reference_functions_are_exact_enough():
    """The float64 functions that float32 is held to are right to far less than its unit."""
    x = np.random.default_rng(4).normal(0, 3, 200)
    for name in NAMES:
        given = within(name, np.abs(x) if name.startswith("log") else x)
        with mp.workdps(40):
            true = [float(EXACT[name](mp.mpf(one))) for one in given.tolist()]
        np.testing.assert_allclose(REFERENCE[name](given), true, rtol=1e-13)
