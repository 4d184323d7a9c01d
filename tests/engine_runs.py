"""Short runs of the compiled engine, as digests of all their bits, here and in other processes."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import clearprop as cp

SIZES = (20, 300, 11, 17, 5)  # a chain longer than a block of k, and edges of every tile
KINDS = ("tanh", "gelu", "relu", "softmax")
TELLING = "clearprop: compiling the engine for this machine, once\n"
"""What a process says that has to compile."""

HANGS = 600
"""Seconds after which a process that should have ended long ago is given up."""


def digest(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def rows(n: int, dtype: str = "float32") -> tuple[np.ndarray, np.ndarray]:
    """Rows and labels for `SIZES`."""
    X = np.random.default_rng(0).normal(size=(n, SIZES[0])).astype(dtype)
    return X, np.arange(n) % SIZES[-1]


def trained(
    dtype: str = "float32", shards: int = 1, threads: int | None = 1, seed: int = 0
) -> tuple[cp.Network, str]:
    """A network after three epochs, and the digest of its parameters, costs and predictions."""
    network = cp.Network(SIZES, activations=KINDS, dtype=dtype, initializer="he_normal", seed=seed)
    X, y = rows(150, dtype)
    history = cp.train(
        network, X, y, batch_size=32, epochs=3, shards=shards, dropout=0.2, l2=1e-3, seed=seed,
        threads=threads, progress=False, engine="compiled",
    )  # fmt: skip
    return network, digest(network.parameters, np.array(history.loss), network.predict(X))


def predicted(threads: int | None = 1) -> str:
    """The digest of what a network predicts without training, which takes few kernels."""
    network = cp.Network(SIZES, activations=KINDS, initializer="he_normal")
    return digest(network.predictor().outputs(rows(150)[0], threads)[0])


def bits(dtype: str = "float32", shards: int = 1, threads: int | None = 1, seed: int = 0) -> str:
    """The digest of `trained`."""
    return trained(dtype, shards, threads, seed)[1]


def python(
    code: str, environment: Mapping[str, str] | None = None, *, options: tuple[str, ...] = ()
) -> subprocess.Popen[str]:
    """Start Python on a program that may import the tests' modules; a warning is an error.

    A cache of its own is for what it compiles: then no library is used.
    """
    own = {"CLEARPROP_KERNELS": "compile"} if "CLEARPROP_CACHE" in (environment or {}) else {}
    here = Path(__file__).parent
    paths = [str(here), str(here / "engine"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable, "-W", "error", *options, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), **own, **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(process: subprocess.Popen[str], compiles: bool | None = False) -> str:
    """What a process prints; it has to end well, and to say no more than it should."""
    try:
        out, errors = process.communicate(timeout=HANGS)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 0, errors
    if compiles is None:  # it may have to
        errors = errors.removeprefix(TELLING)
    assert errors == (TELLING if compiles else "")
    return out


def heed_permissions() -> None:
    """On Linux, give up the superuser's right to read and write whatever the permissions are."""
    if sys.platform == "linux":
        c_library = ctypes.CDLL(None, use_errno=True)
        version_3 = ctypes.create_string_buffer(struct.pack("Ii", 0x20080522, 0))
        held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; low and high
        if c_library.capget(version_3, held) == 0:
            held[0] &= ~(1 << 1 | 1 << 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            c_library.capset(version_3, held)


def report(dtype: str) -> None:
    """Print what a process finds for a data type, by what code, and for what processor."""
    from clearprop.engine.kernels.cache import folder
    from clearprop.engine.kernels.machine import vector_bytes

    bits_of = {shards: bits(dtype, shards, threads=2) for shards in (1, 4)}
    kept = folder() / f"training.run-{dtype}.kernel"
    found = {
        "bits": bits_of,
        "vector": vector_bytes(),
        "NumPy": numpy_uses(),
        "code": hashlib.sha256(kept.read_bytes()).hexdigest() if kept.exists() else "built ahead",
    }
    print(json.dumps(found))


def numpy_uses() -> list[str]:
    """What NumPy has found this processor to have, beyond what it always needs."""
    return np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
