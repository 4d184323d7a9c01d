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
from scipy import special

import elementary_fits
from clearprop.engine.kernels.coefficients import COEFFICIENTS
from clearprop.engine.kernels.elementary import Elementary, of_type
from elementary import REFERENCE, over, units_off

NAMES = Elementary._fields
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 0.625, 1.25, 88.0, 88.73, -87.4, -103.9, -104.1, 1e-45, -1e-45, 1e-38, 3e38]  # fmt: skip
EXACT = {
    "exp": mp.exp,
    "log": mp.log,
    "tanh": mp.tanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "erf": mp.erf,
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "expm1": mp.expm1,
}


@pytest.mark.parametrize("key", COEFFICIENTS, ids=lambda key: f"{key[0]} {key[1]}")
def test_the_coefficients_are_those_of_the_fits(key):
    assert COEFFICIENTS[key] == tuple(elementary_fits.coefficients(*key))
    assert set(COEFFICIENTS) == set(elementary_fits.FITS)


@pytest.mark.parametrize("name", NAMES)
def test_float32_is_within_two_units(name):
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2**32, 1_000_000, dtype=np.uint64).astype(np.uint32)
    near = np.concatenate([rng.normal(0, 3, 500_000), SPECIAL]).astype(np.float32)
    x = np.concatenate([bits.view(np.float32), near])
    y = over(name, np.float32)(x)
    with np.errstate(all="ignore"):
        true = REFERENCE[name](x.astype(np.float64))
    assert np.array_equal(np.isnan(y), np.isnan(true))
    assert units_off(y, true).max() < 2


@pytest.mark.parametrize("name", NAMES)
def test_float64_is_within_two_units(name):
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(0, 1, 300), rng.normal(0, 20, 300), rng.uniform(-700, 700, 100), np.exp(rng.uniform(-700, 700, 100))])  # fmt: skip
    x = np.abs(x) if name == "log" else x
    y = over(name, np.float64)(x)
    for one, ours in zip(x.tolist(), y.tolist(), strict=True):
        with mp.workdps(60):
            true = EXACT[name](mp.mpf(one))
            if true > mp.mpf(np.finfo(float).max):
                assert ours == np.inf
                continue
            unit = mp.mpf(max(float(np.spacing(abs(float(true)))), 5e-324))
            assert abs(mp.mpf(ours) - true) / unit < 2, one


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_ends_and_specials(name, dtype):
    y = over(name, dtype)(np.array([0.0, np.inf, -np.inf, np.nan], dtype))
    zero, plus, minus, nan = {
        "exp": (1, np.inf, 0, np.nan),
        "log": (-np.inf, np.inf, np.nan, np.nan),
        "tanh": (0, 1, -1, np.nan),
        "sigmoid": (0.5, 1, 0, np.nan),
        "erf": (0, 1, -1, np.nan),
        "softplus": (np.log(2), np.inf, 0, np.nan),
        "expm1": (0, np.inf, -1, np.nan),
    }[name]
    np.testing.assert_allclose(y, [zero, plus, minus, nan], rtol=np.finfo(dtype).eps)
    assert y.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NAMES)
def test_one_number_has_the_bits_of_a_vector(name, dtype):
    f = getattr(of_type(dtype), name)

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
            y = over(name, dtype)(x)
            found.update(np.where(np.isnan(y), dtype(7), y).tobytes())
    return found.hexdigest()


def test_the_bits_do_not_depend_on_the_processor():
    """As compiled for a processor without AVX and fused instructions, where they are emulated."""
    import platform

    if platform.machine().lower() not in ("x86_64", "amd64"):
        pytest.skip("names a processor of x86-64")
    code = "import test_elementary; print(test_elementary.digest())"
    paths = os.pathsep.join([os.path.dirname(__file__), os.path.dirname(elementary_fits.__file__)])  # noqa: PTH120
    old = {**os.environ, "NUMBA_CPU_NAME": "nehalem", "NUMBA_CPU_FEATURES": "", "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", code], env=old, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == digest()


def test_reference_functions_are_exact_enough():
    """The float64 functions that float32 is held to are right to far less than its unit."""
    x = np.random.default_rng(4).normal(0, 3, 200)
    for name in NAMES:
        given = np.abs(x) if name == "log" else x
        true = [float(EXACT[name](mp.mpf(one))) for one in given.tolist()]
        np.testing.assert_allclose(REFERENCE[name](given), true, rtol=1e-13)
    assert REFERENCE["erf"] is special.erf
