"""Tables and networks that the tests of exports share."""

from __future__ import annotations

import numpy as np
import pandas as pd

import clearprop as cp
from clearprop.activations import ACTIVATIONS

TOLERANCE = {"float32": 1e-6, "float64": 1e-12}

KINDS = [(f, dtype) for f in ACTIVATIONS for dtype in TOLERANCE]


def network(f: str, dtype: str = "float64", biases: bool = True) -> cp.Network:
    """A network with f in a hidden layer and as output."""
    return cp.Network(
        [7, 16, 9, 4], [f, "tanh", f], biases=cp.uniform(0.5) if biases else False, dtype=dtype, seed=3
    )  # fmt: skip


def inputs(dtype: str = "float64") -> np.ndarray:
    return np.random.default_rng(0).normal(size=(50, 7)).astype(dtype)


def assert_near(found, expected, tolerance: float) -> None:
    """Compare relative to numbers beyond 1, and absolutely below."""
    expected = np.asarray(expected, dtype=np.float64)
    error = np.abs(np.asarray(found, dtype=np.float64) - expected)
    assert np.shape(found) == expected.shape
    assert (error <= tolerance * np.maximum(1, np.abs(expected))).all(), error.max()


def steep(f: str, dtype: str) -> tuple[cp.Network, np.ndarray]:
    """A layer of f that sees z so large that only a careful formula does not overflow, and rows."""
    net = cp.Network.from_weights([np.eye(2, dtype=dtype)], activations=f)
    far = 80 if f == "exp" else 1000
    return net, np.linspace(-far, far, 4002).astype(dtype).reshape(-1, 2)


def cube() -> cp.Activation:
    return cp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2)


def numeric_table(*, wild: bool = False) -> pd.DataFrame:
    """Numbers, some missing, of very different sizes; true and false, some missing and some rare.

    With wild values, those beyond a range are taken into it; and -5 is a word for a missing value
    that `wild_settings` names.
    """
    rng = np.random.default_rng(1)
    n = 150
    table = pd.DataFrame(
        {
            "size (cm)": rng.normal(5, 2, n),
            "time": 1.7e9 + rng.normal(0, 1e4, n),
            "owned": rng.random(n) < 0.4,
            "tested": np.where(rng.random(n) < 0.2, None, rng.random(n) < 0.5),
            "rare": np.arange(n) % 100 == 3,
        }
    )
    table.loc[rng.random(n) < 0.2, "size (cm)"] = np.nan
    if wild:
        table.loc[[20, 21], "time"] = [1e15, -1e15]
        table.loc[::9, "size (cm)"] = -5
    score = table["size (cm)"].fillna(3) + 2 * table["owned"]
    return table.assign(
        price=1000 * score + rng.normal(0, 100, n), kind=np.where(score > 5, "large", "small")
    )


def wild_settings(wild: bool) -> dict[str, list[str]]:
    """What `cp.Model.fit` takes for such a table."""
    return {"missing_words": ["-5"]} if wild else {}


def odd_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Rows with values that training did not have, so large that float32 cancels in their sums."""
    table = table.head(4).copy()
    table["size (cm)"] = [1e30, -1e30, np.nan, 0]
    table["time"] = [np.nan, 0, 1.8e9, -5]
    return table.astype({"owned": object}).assign(owned=[None, True, False, None])


def numbers_of(model: cp.Model, table: pd.DataFrame) -> np.ndarray:
    """The columns as C and PyTorch take them."""
    return table[model.columns].astype(float).to_numpy()


def crossing(dtype: str) -> tuple[cp.Model, pd.DataFrame]:
    """A model whose network gives quantiles in all orders, and its table."""
    table = numeric_table().drop(columns="kind")
    model = cp.Model.fit(table, "price", quantiles=[0.1, 0.5, 0.9], hidden=[6], epochs=1, compare=False)  # fmt: skip
    model.network = model.network.astype(dtype)
    model.network["W2"] = np.random.default_rng(0).normal(0, 0.1, size=(3, 6))
    orders = {tuple(row) for row in model.network.predict(model.encode(table)).argsort(axis=1)}
    assert len(orders) > 2
    return model, table
