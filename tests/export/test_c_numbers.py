"""C: every shape from one neuron on, every number a network may hold, and names."""

from __future__ import annotations

import ctypes
from itertools import product

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from c_programs import LANGUAGES, library, run, shared
from clearprop.export.c_source import number
from export_tables import KINDS, TOLERANCE, assert_near, numbers_of

SHAPES = [
    *product([1, 2, 3], repeat=2), (1, 1, 1), (1, 4, 1), (3, 1, 2), (2, 3, 1), (1, 17, 1),
    (1, 2, 1, 1),
]  # fmt: skip


def every_shape() -> dict[str, cp.Network]:
    """Each shape with each activation in each type; every other one without biases."""
    made = {}
    for turn, ((f, dtype), sizes) in enumerate(product(KINDS, SHAPES)):
        name = "_".join(map(str, [f, dtype, *sizes]))
        made[name] = _network(sizes, f, dtype, biases=turn % 2 == 0)
    return made


def _network(sizes, f: str, dtype: str, biases: bool) -> cp.Network:
    # A softmax has two neurons or more.
    functions = ["identity" if f == "softmax" and n == 1 else f for n in sizes[1:]]
    return cp.Network(
        sizes, functions, biases=cp.uniform(0.5) if biases else False, dtype=dtype, seed=5
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shape(language, tmp_path):
    networks = every_shape()
    built = library({name: net.to_c(name) for name, net in networks.items()}, tmp_path, language)
    for name, net in networks.items():
        X = np.random.default_rng(0).normal(size=(9, net.sizes[0])).astype(net.dtype)
        found = run(built, name, X, net.sizes[-1])
        assert_near(found, net.predict(X), TOLERANCE[net.dtype.name])


def special(dtype: str) -> np.ndarray:
    """Numbers at the ends of a type, whole ones, and two thousand whose bits are drawn."""
    info = np.finfo(dtype)
    named = [0.0, -0.0, 1, -1, 10, 1e16, 16777216, 123456789, 1e30, -1e-30, 0.1, 1 / 3, 1e-4, 1e-5]
    ends = [info.max, info.min, info.tiny, -info.tiny, info.smallest_subnormal]
    ends += [-info.smallest_subnormal, info.tiny / 2, info.eps, 1 + info.eps, 1 - info.epsneg]
    bits = np.random.default_rng(2).bytes(2000 * info.bits // 8)
    drawn = np.frombuffer(bits, dtype)
    subnormal = np.arange(1, 3000, 7) ** 2 * info.smallest_subnormal
    found = np.concatenate([np.array([*named, *ends], dtype), drawn, subnormal.astype(dtype)])
    return found[np.isfinite(found)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_comes_back_bit_by_bit(language, tmp_path):
    includes, functions, expected = "", "", {}
    for dtype, real in (("float32", "float"), ("float64", "double")):
        # As a row, as a column and as biases: each is written in a way of its own.
        values = special(dtype)
        made = {
            f"row_{real}": cp.Network.from_weights([values[None]], activations="identity"),
            f"column_{real}": cp.Network.from_weights(
                [values[:, None]], [values], activations="identity"
            ),
        }
        for name, net in made.items():
            (tmp_path / f"{name}.h").write_text(net.to_c(name))
            includes += f'#include "{name}.h"\n'
            for array in ("W1", "b1") if net.has_biases else ("W1",):
                first = f"{name}_{array}[0]" + ("[0]" if array == "W1" else "")
                function = f"const {real} *get_{name}_{array}(void)"
                functions += f"{function};\n{function} {{ return &{first}; }}\n"
                expected[f"get_{name}_{array}"] = values
    built = shared(includes, functions, tmp_path, language)
    for name, values in expected.items():
        address = getattr(built, name)
        address.restype = ctypes.c_void_p
        assert ctypes.string_at(address(), values.nbytes) == values.tobytes(), name


class TestNumber:
    def test_it_is_no_whole_number_which_takes_no_f(self):
        for value, written in ((1, "1.0f"), (-0.0, "-0.0f"), (16777216, "16777216.0f"), (1e30, "1e+30f"), (1e-45, "1e-45f")):  # fmt: skip
            assert number(np.float32(value)) == written
        assert number(np.float64(1e22)) == "1e+22"

    def test_what_numpy_prints_is_another_matter(self):
        """Its settings shorten numbers: a header that goes by them holds other weights."""
        net = cp.Network([3, 5, 2], seed=1, dtype="float64")
        expected = net.to_c(), net.astype("float32").to_c()
        for settings in ({"legacy": "1.13"}, {"precision": 2, "suppress": True}, {"floatmode": "fixed", "precision": 3}):  # fmt: skip
            with np.printoptions(**settings):
                assert (net.to_c(), net.astype("float32").to_c()) == expected


NAMES = [
    "auto_", "class", "new", "template", "bool", "true", "asm", "typeof", "nullptr", "NULL", "and",
    "exp", "isnan", "NAN", "INFINITY", "M_PI", "HUGE_VAL", "fabsf", "math", "FP", "FLT", "errno",
    "main", "linux", "x", "y", "z", "v", "e", "n", "i", "j", "a1", "sum", "largest", "inputs",
    "Nets", "NET2", "net_", "net_W1", "net_predict", "E1", "y0", "gamma",
]  # fmt: skip
"""Prefixes that are something in C, in C++, in <math.h> or inside the functions."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_that_are_something_in_c(language, tmp_path):
    """All in one program."""
    # A sigmoid and a softmax have names inside their functions.
    nets = {name: cp.Network([2, 3, 2], "sigmoid", "softmax", seed=k) for k, name in enumerate(NAMES)}  # fmt: skip
    built = library({name: net.to_c(name) for name, net in nets.items()}, tmp_path, language)
    X = np.array([[0.5, -2]], "float32")
    for name, net in nets.items():
        assert_near(run(built, name, X, 2), net.predict(X), 1e-6)


class TestModel:
    @pytest.mark.parametrize("language", LANGUAGES)
    def test_one_column(self, language, tmp_path):
        """Of numbers, or of true and false; two classes, or a number; one neuron in between."""
        rng = np.random.default_rng(0)
        x = rng.normal(size=60)
        missing = np.where(rng.random(60) < 0.2, np.nan, x)
        columns = {"plain": x, "missing": missing, "truth": x > 0, "tiny": x * 1e-310, "large": x * 1e140}  # fmt: skip
        targets = {"pair": np.where(x > 0.2, "yes", "no"), "value": 3 * x - 1, "small": x * 1e-300}
        models = {}
        for (name, column), (task, target), hidden in product(columns.items(), targets.items(), [[], [1], [2]]):  # fmt: skip
            table = pd.DataFrame({name: column, "y": target})
            models[f"{name}_{task}_{len(models)}"] = (
                table,
                cp.Model.fit(
                    table, "y", hidden=hidden, epochs=1, compare=False, progress=False, test=0
                ),
            )
        headers = {name: model.to_c(name) for name, (_, model) in models.items()}
        built = library(headers, tmp_path, language)
        for name, (table, model) in models.items():
            found = run(built, name, numbers_of(model, table), 2 if model.classes else 1)
            expected = (
                model.predict_proba(table) if model.classes else model.predict(table)[:, None]
            )
            assert_near(found, expected, 1e-6)
