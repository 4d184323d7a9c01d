"""A file without decimals is read as in training; where it may mean otherwise, that is said."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import clearprop as cp
from command_line import invoke

FIT = {"epochs": 1, "hidden": [3], "compare": False}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Return a model of a German file, and of one in English."""
    folder = tmp_path_factory.mktemp("marks")
    rng = np.random.default_rng(0)
    km, off = rng.integers(1000, 200_000, 200), rng.uniform(1, 15, 200).round(1)
    made = {}
    for name, sep, write in (
        ("german", ";", lambda a, b: (f"{a:,}".replace(",", "."), f"{b}".replace(".", ","))),
        ("english", ",", lambda a, b: (f"{a / 1000:.3f}", f"{b}")),
    ):
        pairs = zip(km.tolist(), off.tolist(), strict=True)
        rows = [(*write(a, b), f"{a % 97}") for a, b in pairs]
        path = folder / f"{name}.csv"
        path.write_text("\n".join(sep.join(row) for row in [("km", "off", "y"), *rows]) + "\n")
        made[name] = cp.Model.fit(path, "y", **FIT)
    return made


def told(read):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        read()
    return [str(one.message) for one in caught]


@pytest.mark.parametrize(
    ("model", "text", "said"),
    [
        (
            "english",
            "km;off\n150.000;5\n",
            "'km' is read with a decimal point, as in training, '150.000' as 150; between the fields "
            "stands ';', and it could be 150000: if so, write the file with decimal points",
        ),
        (
            "german",
            "km,off\n150.000,5\n",
            "'km' is read with a decimal comma, as in training, '150.000' as 150000; between the fields "
            "stands ',', and it could be 150: if so, write the file with decimal commas",
        ),
        (
            "german",
            'km,off\n"150,000","5,000"\n',
            "'km' is read with a decimal comma, as in training, '150,000' as 150, and 1 other column "
            "likewise; between the fields stands ',', and it could be 150000: if so, write the file "
            "with decimal commas",
        ),
        ("german", "km\toff\n150.000\t5,5\n", ""),  # another cell shows it
        ("german", "km;off\n150.000;5\n", ""),
        ("english", "km,off\n150.000,5\n", ""),
        ("english", "km;off\n150.000;5.5\n", ""),
        ("german", "km,off\n150000,5\n", ""),  # the same either way
    ],
)
def test_where_it_matters(models, model, text, said, tmp_path):
    path = tmp_path / "new.csv"
    path.write_text(text)
    path = path.rename(tmp_path / "new.tsv") if "\t" in text else path
    model = models[model]
    expected = [said] if said else []
    assert told(lambda: model.predict(path)) == expected
    assert told(lambda: model.read(path)) == expected
    assert told(lambda: model.predict(cp.stream(path))) == expected
    model.save(tmp_path / "m.safetensors")
    printed = invoke("predict", tmp_path / "m.safetensors", path).stderr
    assert printed.replace("\n", " ").count("as in training") == bool(said)


def test_a_table_in_memory_says_nothing(models):
    import pandas as pd

    frame = pd.DataFrame({"km": ["150.000"], "off": ["5"]})
    assert not told(lambda: models["german"].predict(frame))
