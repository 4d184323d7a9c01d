"""Precisions: which types kernels compute with, and what the engine asks of them."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from clearprop.engine.kernels.machine import vector_bytes
from clearprop.engine.kernels.precision import FLOAT32, FLOAT64, PRECISIONS, precision_of


@pytest.mark.parametrize(
    ("dtype", "precision"),
    [("float32", FLOAT32), (np.float64, FLOAT64), (np.dtype("f8"), FLOAT64)],
)
def test_a_type_has_its_precision(dtype, precision):
    assert precision_of(dtype) is precision
    assert np.dtype(precision.storage) == np.dtype(dtype)
    assert precision.itemsize == np.dtype(dtype).itemsize
    assert precision.lanes * precision.itemsize == vector_bytes()
    assert precision.panel_width == 2 * precision.lanes


@pytest.mark.parametrize("dtype", ["float16", "complex128", "int64"])
def test_another_type_has_none(dtype):
    with pytest.raises(
        cp.ArgumentError,
        match=f"^the compiled engine has no kernels for {dtype}: use float32 or float64$",
    ):
        precision_of(dtype)


def test_each_is_found_by_its_name():
    assert PRECISIONS == {"float32": FLOAT32, "float64": FLOAT64}
