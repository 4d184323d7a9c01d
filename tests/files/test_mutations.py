"""Whatever loads does everything; whatever does not is refused in one short line.

Files are changed at random, in their bytes and in what their JSON says. CLEARPROP_MUTATIONS says how
many of each kind are tried: 300, or more for a longer look.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import clearprop as cp
from clearprop.cli import main

MANY = int(os.environ.get("CLEARPROP_MUTATIONS", "300"))
OLD = Path(__file__).parent / "written_by_0_1_0"

HOSTILE = [
    None, True, False, 0, -1, 1, 2, 3, 7.5, -0.0, 10**18, 10**30, 10**400, 1e308, -1e308, 5e-324,
    float("nan"), float("inf"), "", " ", "x", "softmax", "relu", "identity", "number", "category",
    "boolean", "date", "%H:%M", "years since 2000", "float32", "float64", "another type", "test",
    "size", "true", "\x1b[2J\x07", "\x9b31m", "\x7f", "two\nlines", "zero\0", "half \ud800",
    "\u202edne", "*/ int x; /*", "label", "probabilities", "<b>&amp;", "é" * 300, "x" * 150_000,
    [], {}, [[]], [1], ["a", "b"], {"a": 1}, {"a": {"b": None}}, ["a"] * 2000,
]  # fmt: skip
for _ in range(300):
    HOSTILE[-1] = [HOSTILE[-1]]  # deep


class Parts:
    """A file taken apart: what its JSON says, and its numbers."""

    def __init__(self, path: Path) -> None:
        whole = path.read_bytes()
        end = 8 + int.from_bytes(whole[:8], "little")
        self.described = json.loads(whole[8:end])
        self.metadata = self.described.pop("__metadata__")
        self.header = json.loads(self.metadata["header"])
        self.numbers = bytearray(whole[end:])

    def write(self, path: Path, *, digest: bool = True) -> None:
        metadata = self.metadata
        if "header" in metadata:
            metadata = metadata | {"header": json.dumps(self.header)}
        if digest:
            metadata.pop("header_sha256", None)
            metadata = metadata | {"sha256": hashlib.sha256(self.numbers).hexdigest()}
        text = json.dumps({"__metadata__": metadata, **self.described}).encode()
        path.write_bytes(len(text).to_bytes(8, "little") + text + self.numbers)


def places(value, path=()):
    """Yield where values stand in JSON, as paths of keys and indices."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield (*path, key)
        if isinstance(value[key], dict | list):
            yield from places(value[key], (*path, key))


def change_json(value, r: random.Random) -> None:
    """Change one value in a tree of dictionaries and lists."""
    found = list(places(value))
    if not found:
        return
    *way, last = r.choice(found)
    parent = value
    for key in way:
        parent = parent[key]
    what = r.randrange(6)
    if what == 0:
        del parent[last]
    elif what == 1 and isinstance(parent, list):
        parent.insert(last, copy.deepcopy(parent[last]))
    elif what == 2 and isinstance(parent, dict):
        parent[str(r.choice(HOSTILE))] = parent.pop(last)  # under another name
    elif what == 3 and isinstance(parent[last], int | float):
        parent[last] = r.choice([parent[last] + 1, -parent[last], parent[last] * 1000, 2])
    else:
        parent[last] = copy.deepcopy(r.choice(HOSTILE))


def change_numbers(numbers: bytearray, r: random.Random) -> None:
    width = r.choice([4, 8])
    value = r.choice([np.nan, np.inf, 0.0, -1.0, 1e38, 1e-40, 3.4e38, 1e300, 5e-324])
    with np.errstate(over="ignore"):
        word = np.array(value, f"<f{width}").tobytes()
    at = r.randrange(len(numbers) // width) * width
    numbers[at : at + width] = word


def mutated(path: Path, out: Path, seed: int) -> None:
    """Write a file that is like the one at `path` but for one to three changes."""
    r = random.Random(seed)
    parts = Parts(path)
    how = r.random()
    for _ in range(r.choice([1, 1, 2, 3])):
        if how < 0.6:
            change_json(parts.header, r)
        elif how < 0.7:
            change_json(parts.described, r)
        elif how < 0.75:
            change_json(parts.metadata, r)
        elif how < 0.9:
            change_numbers(parts.numbers, r)
    if how < 0.9:
        parts.write(out, digest=r.random() < 0.9)
        return
    whole = bytearray(path.read_bytes())
    for _ in range(r.choice([1, 1, 2, 8])):
        whole[r.randrange(len(whole))] = r.randrange(256)
    out.write_bytes(whole[: r.choice([len(whole), r.randrange(len(whole))])])


def run(*arguments: object) -> str:
    """Return what a command prints, of which a terminal has nothing to fear."""
    result = CliRunner().invoke(main, [str(a) for a in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    documents = arguments[0] == "predict"  # which a program reads, byte for byte
    for line in [*("" if documents else result.stdout).split("\n"), *result.stderr.split("\n")]:
        assert line.isprintable()
    if result.exit_code:
        (line,) = [x for x in result.stderr.splitlines() if not x.startswith("Note: ")]
        assert len(result.stderr) < 4200
        assert line.startswith("clearprop: ")
        assert "finite" in result.stderr or "too large" in result.stderr
    return result.stdout


def allowed(act, *errors: type[Exception]) -> None:
    """Do it; numbers may be too large to compute with, and some exports take no such model."""
    try:
        act()
    except (cp.NonFiniteError, *errors) as error:
        text = str(error)
        assert text.isprintable()
        assert len(text) <= 2000


def refusal(act) -> str:
    with pytest.raises(cp.ModelFileError) as caught:
        act()
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) <= 2000
    return text


def do_everything(made: type, path: Path, table: pl.DataFrame) -> bool:
    """Use the file at `path` in every way; return whether it loads."""
    try:
        loaded = made.load(path)
    except cp.ModelFileError:
        refusal(lambda: made.load(path))
        run_refused(path)
        return False
    assert loaded._repr_html_() if made is cp.Network else loaded.report._repr_html_()
    assert run("summary", path)
    told = run("summary", path, "--json")
    assert json.loads(told, parse_constant=pytest.fail)
    again = path.with_name("again")
    loaded.save(again)
    back = made.load(again)
    assert repr(back) == repr(loaded)
    mine, other = (one if made is cp.Network else one.network for one in (loaded, back))
    assert mine.parameters.tobytes() == other.parameters.tobytes()
    if made is cp.Network:
        allowed(lambda: loaded.predict(np.ones((2, loaded.sizes[0]))))
    else:
        assert loaded.report == back.report
        use_on(loaded, path, table)
    allowed(lambda: loaded.to_c(), cp.ArgumentError)
    allowed(lambda: loaded.to_onnx(), cp.ArgumentError)
    return True


def run_refused(path: Path) -> None:
    result = CliRunner().invoke(main, ["summary", str(path)])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr[:-1].isprintable()


def use_on(model: cp.Model, path: Path, table: pl.DataFrame) -> None:
    """Predict rows of a table that has the model's columns."""
    kinds = {one.column: one.kind for one in model._encoding.inputs}
    like = {"number": "size", "category": "color", "boolean": "old", "date": "day"}
    table = table.with_columns(pl.col("day").str.to_date())  # whatever text dates were in training
    mine = pl.DataFrame({name: table[like[kind]] for name, kind in kinds.items()})
    if not kinds:
        return
    allowed(lambda: set_of_predictions(model, mine))
    model.unusual(mine)
    file = path.with_name("table.parquet")
    mine.write_parquet(file)
    run("predict", path, file, "--report")


def set_of_predictions(model: cp.Model, table: pl.DataFrame) -> None:
    found = model.predict(table).tolist()
    assert len(found) == len(table)
    assert not model.classes or set(found) <= set(model.classes)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A file of each kind, with every kind of input, and a table for the models."""
    folder = tmp_path_factory.mktemp("whole")
    n = 40
    table = pl.DataFrame(
        {
            "size": [None if i % 7 == 0 else i / 4 for i in range(n)],
            "color": [("red", "blue", "true")[i % 3] for i in range(n)],
            "day": [f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(n)],
            "old": [i % 2 == 0 for i in range(n)],
            "price": [i * 1.5 for i in range(n)],
        }
    )
    fit = {"hidden": [3], "epochs": 3, "compare": False, "progress": False}
    cp.Model.fit(table, "price", **fit).save(folder / "regression")
    numbers = table.select("size", "old", kind=pl.col("price") > 20)
    cp.Model.fit(numbers, "kind", **fit).save(folder / "numbers")
    cp.Network([3, 4, 2], "silu", "identity", loss=cp.huber(2.0)).save(folder / "huber")
    cp.Network([2, 1], output="sigmoid", biases=False, dtype="float64").save(folder / "bare")
    paths = {
        "regression": folder / "regression",
        "numbers": folder / "numbers",
        "huber": folder / "huber",
        "bare": folder / "bare",
        "old model": OLD / "model.safetensors",
        "old network": OLD / "network.safetensors",
    }
    return paths, table


@pytest.mark.filterwarnings("error", "ignore::clearprop.errors.TableWarning")
@pytest.mark.parametrize("kind", ["regression", "numbers", "huber", "bare", "old model", "old network"])  # fmt: skip
def test_files_changed_at_random(kind, files, tmp_path):
    paths, table = files
    made = cp.Network if kind in ("huber", "bare", "old network") else cp.Model
    loads = 0
    for seed in range(MANY):
        try:
            mutated(paths[kind], tmp_path / "f", seed)
            loads += do_everything(made, tmp_path / "f", table)
        except BaseException as error:
            error.add_note(f"of {kind!r}, changed with seed {seed}")
            raise
    assert 0.02 * MANY < loads < 0.9 * MANY
