"""Inputs by blocks of rows: the bits of scikit-learn's transformers, without their memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import clearprop as cp
from clearprop.tables import encoding as encoding_module
from clearprop.tables import fitted_encoding
from clearprop.tables.columns import Column, read_columns
from clearprop.tables.encoding import Input
from clearprop.tables.fitted_encoding import MIN_ROWS, fit_encoding
from clearprop.tables.outputs import in_units, raw_outputs
from clearprop.tables.target import Target

WORDS = tuple(f"v{k:02}" for k in range(60))


def columns_of(n, seed=0, missing=0.1):
    """Numbers of all sizes, dates, booleans and categories of any frequency."""
    rng = np.random.default_rng(seed)
    often = np.minimum((rng.pareto(1, n) * 3).astype(np.int32), len(WORDS) - 1)
    found = {
        "n": Column("n", "number", rng.normal(size=n)),
        "far": Column("far", "number", 10 ** rng.uniform(-8, 8, n)),
        "flat": Column("flat", "number", np.full(n, 1e9 + 0.1)),
        "c": Column("c", "text", often, WORDS),
        "b": Column("b", "boolean", rng.integers(0, 2, n).astype(np.int32), ("false", "true")),
        "d": Column("d", "date", np.datetime64("1999-01-01", "us") + rng.integers(0, 10**15, n)),
    }
    nothing = {"number": np.nan, "date": np.datetime64("NaT", "s")}
    for column in found.values():
        column.values[rng.random(n) < missing] = nothing.get(column.kind, -1)
    return found


INPUTS = [
    Input("n", "number"),
    Input("c", "category"),
    Input("far", "number"),
    Input("d", "date", parts=("years since 2000", "sine of the year", "cosine of the day")),
    Input("flat", "number"),
    Input("b", "boolean"),
]


def by_scikit_learn(inputs, learned, columns, most):
    """The inputs in float64, all rows at once."""
    values = [np.concatenate([one.values_of(rows[one.column]) for one in inputs]).T for rows in (learned, columns)]  # fmt: skip
    imputer = SimpleImputer(strategy="median", keep_empty_features=True)
    scaler = StandardScaler().fit(imputer.fit_transform(values[0]))
    filled = np.where(np.isnan(values[1]), imputer.statistics_, values[1])
    with np.errstate(over="ignore"):
        numbers = iter(np.clip((filled - scaler.mean_) / scaler.scale_, -1e6, 1e6).T)
    found = []
    for one in inputs:
        found += [next(numbers) for _ in one.values]
        if one.kind in ("category", "boolean"):
            encoder = OneHotEncoder(min_frequency=MIN_ROWS, max_categories=most, handle_unknown="infrequent_if_exist", sparse_output=False)  # fmt: skip
            texts = learned[one.column].texts()
            encoder.fit(texts[~learned[one.column].missing][:, None])
            texts = columns[one.column].texts()
            flags = encoder.transform(np.where(columns[one.column].missing, "v00", texts)[:, None])
            found += [np.where(columns[one.column].missing, 0, flag) for flag in flags.T]
        if learned[one.column].missing.any():
            found.append(columns[one.column].missing)
    return np.column_stack(found).astype(np.float64)


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@pytest.mark.parametrize("missing", [0, 0.2])
@pytest.mark.parametrize("most", [5, 61])
def test_the_bits_are_scikit_learns(missing, most, monkeypatch):
    columns = columns_of(10_003, missing=missing)
    learned = {name: one.take(np.arange(0, 10_003, 3)) for name, one in columns.items()}
    encoding = fit_encoding(INPUTS, learned, (), most)
    expected = by_scikit_learn(INPUTS, learned, columns, most)
    X = encoding.encode(columns)
    assert (X.dtype, X.flags.c_contiguous) == (np.float32, True)
    assert np.array_equal(X, expected.astype(np.float32))
    assert np.array_equal(encoding.encode(columns, np.float64), expected)
    monkeypatch.setattr(encoding_module, "BLOCK", 101)
    monkeypatch.setattr(fitted_encoding, "CELLS", 10_000)
    again = fit_encoding(INPUTS, learned, (), most)
    assert again.features == encoding.features
    for name, figures in encoding.statistics.items():
        np.testing.assert_array_equal(again.statistics[name], figures)
    assert np.array_equal(again.encode(columns), X)


@pytest.mark.parametrize("seed", range(20))
def test_rare_categories_are_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 30))
    counts = rng.integers(0, 7, k) + (np.arange(k) < 1)
    words = rng.permutation([f"w{i}" for i in range(k)]).tolist()
    column = Column("c", "text", rng.permutation(np.repeat(np.arange(k), counts)), words)
    for most in (2, 3, k // 2 + 2, k, k + 1):
        oracle = OneHotEncoder(min_frequency=MIN_ROWS, max_categories=most)
        oracle.fit(column.texts()[:, None])
        rare = oracle.infrequent_categories_[0]
        rare = [] if rare is None else rare.tolist()
        one = fit_encoding([Input("c", "category")], {"c": column}, (), most).inputs[0]
        assert one.rare_words == tuple(rare)
        assert one.categories == tuple(w for w in oracle.categories_[0] if w not in rare)


def peak(function):
    tracemalloc.start()
    try:
        made = function()
        return made, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory():
    """One matrix in float32 to train on, and none to predict with."""
    columns = columns_of(200_000)
    rng = np.random.default_rng(0)
    for k in range(3):
        values = rng.integers(0, len(WORDS), 200_000).astype(np.int32)
        columns[f"c{k}"] = Column(f"c{k}", "text", values, WORDS)
    inputs = [*INPUTS, *(Input(f"c{k}", "category") for k in range(3))]
    encoding, fitted = peak(lambda: fit_encoding(inputs, columns, (), 100))
    X, encoded = peak(lambda: encoding.encode(columns))
    assert X.shape[1] > 200
    assert encoded < 1.1 * X.nbytes
    network = cp.Network([X.shape[1], 5, 2], "relu", "softmax")
    target = Target("y", ("no", "yes"))
    shares, predicted = peak(
        lambda: in_units(network, target, raw_outputs(network, encoding, columns))
    )
    assert predicted < 0.15 * X.nbytes
    assert fitted < 0.5 * X.nbytes
    np.testing.assert_allclose(shares, network.predict(X), rtol=1e-6)


def test_a_row_alone_and_among_others():
    """Blocks end anywhere: the bits of a prediction do not depend on where."""
    rng = np.random.default_rng(0)
    n = encoding_module.BLOCK + 5
    table = pd.DataFrame({"x": rng.normal(size=n), "c": rng.choice(list("abc"), n)})
    table["y"] = np.where(table.x > 0, "yes", "no")
    model = cp.Model.fit(table, "y", epochs=1, compare=False)
    shares = model.predict_proba(table)
    for row in (0, n - 6, n - 5, n - 1):
        assert np.array_equal(model.predict_proba(table[row : row + 1])[0], shares[row])
    assert model.encode(table).dtype == model.network.dtype == np.float32


def test_thousands_of_columns():
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(300, 3000)))
    columns = read_columns(table)
    inputs = [Input(name, "number") for name in columns]
    X, used = peak(lambda: fit_encoding(inputs, columns, (), 100).encode(columns))
    assert used < 8 * X.nbytes  # float64 twice, and the statistics
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-6)
