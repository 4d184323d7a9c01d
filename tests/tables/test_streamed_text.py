"""Streams of text, as CSV has it: each row is encoded as the model encodes it afterwards."""

import numpy as np
import polars as pl
import pytest

import clearprop as cp
from clearprop.tables.streamed.draws import TRAINING, Parts
from framed_streams import framed

N, WINDOW = 2000, 500


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    code, price = rng.integers(1, 9, N), rng.normal(1500, 300, N)
    day = np.datetime64("2022-01-01") + rng.integers(0, 500, N).astype("timedelta64[D]")
    truth = rng.random(N) < 0.4
    return pl.DataFrame(
        {
            "price": [f"{v:,.2f}".translate(str.maketrans(",.", ".,")) + " €" for v in price],
            "code": [f"{c}.0" if k % 3 else str(c) for k, c in enumerate(code)],
            "day": [d.strftime("%d.%m.%Y") for d in day.tolist()],
            "is_new": np.where(truth, "true", "FALSE"),
            "name": [" padded " if k % 7 == 0 else f"n{k % 5}" for k in range(N)],
            "gap": ["" if k % 4 == 0 else "NA" if k % 9 == 0 else f"{k % 11}" for k in range(N)],
            "y": [f"{v:.3f}".replace(".", ",") for v in price / 1000 + truth + code / 10],
        }
    )


def test_rows_are_what_the_model_makes_of_them(table, monkeypatch):
    blocks = []

    def look(network, stream, **given):
        blocks.extend(stream.source.blocks())
        return cp.train(network, stream, **given)

    monkeypatch.setattr("clearprop.tables.streamed.streamed.train", look)
    stream = framed(table, WINDOW, 170, typed=False, separator=";")
    model = cp.Model.fit(
        stream, "y", categorical=["code"], hidden=[4], epochs=1, compare=False, progress=False
    )
    assert model.report.inputs == {
        "price": "number", "code": "8 categories", "day": "date, 5 numbers", "is_new": "boolean",
        "name": "6 categories", "gap": "number",
    }  # fmt: skip
    part = Parts(0, 0.15, 0.2).of(0, N)
    learned = table[np.flatnonzero(part == TRAINING)]
    X = np.concatenate([block.X for block in blocks])
    np.testing.assert_array_equal(X, model.encode(learned))
    y = np.concatenate([block.y for block in blocks])
    numbers = np.array([float(word.replace(",", ".")) for word in learned["y"]])
    np.testing.assert_allclose(y, (numbers - numbers.mean()) / numbers.std(), atol=1e-12)
    assert any("decimal" in note or "€" in note for note in model.report.notes)


def test_the_same_text_in_memory_is_read_alike(table):
    settings = {"hidden": [4], "epochs": 1, "compare": False, "progress": False}
    small = framed(table, WINDOW, 170, typed=False, separator=";")
    large = framed(table, N, 170, typed=False, separator=";")
    found, same = (
        cp.Model.fit(one, "y", categorical=["code"], **settings) for one in (small, large)
    )
    for one, other in zip(found._encoding.inputs, same._encoding.inputs, strict=True):
        assert (one.column, one.kind, one.reading, one.categories, one.missing, one.parts) == (
            other.column, other.kind, other.reading, other.categories, other.missing, other.parts
        )  # fmt: skip
    ours, theirs = found._encoding.statistics, same._encoding.statistics
    far = np.abs(ours["mean"] - theirs["mean"]) / theirs["scale"]
    assert (far < 6 / np.sqrt(0.65 * N)).all()  # of other rows to learn from: of chance alone
