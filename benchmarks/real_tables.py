"""Real tables that installable packages ship: the tests train on them, a benchmark compares on them.

palmerpenguins, vega_datasets and scikit-lego bring mixed types, missing values, dates and classes
that are far from balanced; scikit-learn's bundled sets are numbers, some of them many.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pandas as pd


class RealTable(NamedTuple):
    """A table, what to predict from it, and what makes it worth a try."""

    load: Callable[[], pd.DataFrame]
    target: str
    task: str
    kind: str


def _penguins() -> pd.DataFrame:
    import palmerpenguins

    return palmerpenguins.load_penguins()


def _vega(name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        import vega_datasets  # its own reader uses what pandas no longer likes

        path = Path(vega_datasets.__file__).parent / "_data" / name
        return pd.read_json(path) if path.suffix == ".json" else pd.read_csv(path)

    return load


def _cars() -> pd.DataFrame:
    return _vega("cars.json")().dropna(subset=["Miles_per_Gallon"]).reset_index(drop=True)


def _lego(name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        from sklego import datasets

        return getattr(datasets, f"load_{name}")(as_frame=True)

    return load


def _sklearn(name: str) -> Callable[[], pd.DataFrame]:
    def load() -> pd.DataFrame:
        from sklearn import datasets

        return getattr(datasets, f"load_{name}")(as_frame=True).frame

    return load


C, R = "classification", "regression"
TABLES = {
    "penguins": RealTable(_penguins, "species", C, "mixed types, missing values"),
    "hearts": RealTable(_lego("hearts"), "target", C, "mixed types, few rows"),
    "arrests": RealTable(_lego("arrests"), "released", C, "mostly categories, 83% one class"),
    "weather": RealTable(_vega("seattle-weather.csv"), "weather", C, "dates, classes of 49% to 2%"),
    "wine": RealTable(_sklearn("wine"), "target", C, "numbers, few rows"),
    "breast cancer": RealTable(_sklearn("breast_cancer"), "target", C, "30 numbers"),
    "digits": RealTable(_sklearn("digits"), "target", C, "wide: 64 pixels, 10 classes"),
    "cars": RealTable(_cars, "Miles_per_Gallon", R, "mixed types, missing values, dates, names"),
    "abalone": RealTable(_lego("abalone"), "rings", R, "a category and numbers"),
    "temperatures": RealTable(_vega("sf-temps.csv"), "temp", R, "a date and time alone"),
    "diabetes": RealTable(_sklearn("diabetes"), "target", R, "numbers, much noise"),
}
