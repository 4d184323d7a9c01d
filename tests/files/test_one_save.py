"""A load gives one save's header with the same save's numbers, or refuses the file."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from itertools import count
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import safetensors

import clearprop as cp
from clearprop.files import model_file

OLD = Path(__file__).parent / "written_by_0_1_0"

pytestmark = pytest.mark.filterwarnings("ignore:.*is of Clearprop 0.1.0")
ANSWERS = json.loads((OLD / "answers.json").read_text())
X = np.array([[0.5, -1.0, 2.0], [3.0, 0.25, -0.125]])
TABLE = pl.DataFrame(
    {
        "size": [1.5, None, 30.0],
        "color": ["red", "blue", "violet"],
        "day": ["2024-01-31", "2024-06-01", "2025-01-01"],
        "old": [True, False, True],
    }
)


def fitted(seed: int, labels: str) -> cp.Model:
    rng = np.random.default_rng(seed)
    table = pl.DataFrame({"c": rng.choice(list("ab"), 40), "x": rng.normal(size=40)})
    goal = table.with_columns(y=pl.Series([labels[c == "a"] for c in table["c"]]))
    return cp.Model.fit(goal, "y", hidden=[3], epochs=3, compare=False, progress=False, seed=seed)


@pytest.fixture
def two_networks():
    return cp.Network([3, 4, 2], "relu", seed=1), cp.Network([3, 4, 2], "tanh", seed=2)


class TestReplacedWhileItIsRead:
    """Another process replaces the file once its header is read: the load is of the first file."""

    def replaced(self, monkeypatch, path, other):
        real = model_file.SavedFile.check

        def check(file, expected):
            other.save(path)
            real(file, expected)

        monkeypatch.setattr(model_file.SavedFile, "check", check)

    def test_a_network(self, two_networks, tmp_path, monkeypatch):
        first, second = two_networks
        first.save(tmp_path / "n")
        self.replaced(monkeypatch, tmp_path / "n", second)
        loaded = cp.Network.load(tmp_path / "n")
        assert loaded.activations == first.activations
        assert np.array_equal(loaded.parameters, first.parameters)

    def test_a_model(self, tmp_path, monkeypatch):
        first, second = fitted(1, "ny"), fitted(2, "+-")
        first.save(tmp_path / "m")
        self.replaced(monkeypatch, tmp_path / "m", second)
        loaded = cp.Model.load(tmp_path / "m")
        assert loaded.classes == first.classes
        assert np.array_equal(loaded.network.parameters, first.network.parameters)
        assert cp.Model.load(tmp_path / "m").classes == second.classes

    def test_a_file_that_is_written_over_in_place(self, tmp_path, monkeypatch):
        """As cp does it, which keeps the file and changes its bytes."""
        first, second = (cp.Network([200, 200, 1], seed=seed) for seed in (1, 2))
        first.save(tmp_path / "n")
        second.save(tmp_path / "other")
        real = model_file.SavedFile.check

        def check(file, expected):
            (tmp_path / "n").write_bytes((tmp_path / "other").read_bytes())
            real(file, expected)

        monkeypatch.setattr(model_file.SavedFile, "check", check)
        with pytest.raises(cp.ModelFileError, match="holds other numbers than were saved"):
            cp.Network.load(tmp_path / "n")


def test_loads_beside_a_process_that_saves(two_networks, tmp_path):
    first, second = two_networks
    path = tmp_path / "n"
    first.save(path)
    second.save(tmp_path / "second")
    code = (
        "import sys, clearprop as cp\n"
        "one, two = (cp.Network.load(path) for path in sys.argv[1:])\n"
        "print('ready', flush=True)\n"
        "while True: two.save(sys.argv[1]); one.save(sys.argv[1])\n"
    )
    saver = subprocess.Popen(
        [sys.executable, "-c", code, path, tmp_path / "second"], stdout=subprocess.PIPE
    )
    try:
        assert saver.stdout.readline() == b"ready\n"
        found = set()
        for turn in count(1):
            assert saver.poll() is None, "it has ended"
            loaded = cp.Network.load(path)
            mine = first if loaded.activations == first.activations else second
            assert np.array_equal(loaded.parameters, mine.parameters)
            found.add(loaded.activations[0].name)
            if turn >= 2000 and found == {"relu", "tanh"}:  # the other process may stand still
                break
    finally:
        saver.kill()
        saver.wait()
        saver.stdout.close()


class TestDigest:
    def test_it_is_that_of_the_bytes_after_the_header(self, two_networks, tmp_path):
        two_networks[0].save(tmp_path / "n")
        whole = (tmp_path / "n").read_bytes()
        numbers = whole[8 + int.from_bytes(whole[:8], "little") :]
        assert len(numbers) == 4 * two_networks[0].n_parameters
        with safetensors.safe_open(tmp_path / "n", "numpy") as file:
            assert file.metadata()["sha256"] == hashlib.sha256(numbers).hexdigest()

    @pytest.mark.parametrize("kind", ["network", "model"])
    def test_every_changed_byte_of_the_numbers_is_found(self, kind, tmp_path):
        one = cp.Network([2, 3, 1]) if kind == "network" else fitted(1, "ny")
        one.save(tmp_path / "f")
        whole = (tmp_path / "f").read_bytes()
        for place in range(8 + int.from_bytes(whole[:8], "little"), len(whole)):
            changed = bytearray(whole)
            changed[place] ^= 1
            (tmp_path / "f").write_bytes(changed)
            with pytest.raises(cp.ModelFileError, match="holds other numbers than were saved"):
                type(one).load(tmp_path / "f")

    def test_the_safetensors_library_reads_what_is_written(self, tmp_path):
        network = cp.Network([30, 20, 11], dtype="float64", seed=3)
        network.save(tmp_path / "n")
        arrays = safetensors.numpy.load_file(tmp_path / "n")
        assert arrays.keys() == {"W1", "b1", "W2", "b2"}
        assert all(np.array_equal(arrays[name], network[name]) for name in arrays)


class TestFilesOf010:
    def test_a_network(self):
        network = cp.Network.load(OLD / "network.safetensors")
        assert network.sizes == (3, 4, 2)
        np.testing.assert_allclose(network.predict(X), ANSWERS["network"], rtol=1e-12)

    def test_a_model(self):
        model = cp.Model.load(OLD / "model.safetensors")
        assert model.classes == ["large", "small"]
        np.testing.assert_allclose(model.predict_proba(TABLE), ANSWERS["model"], rtol=1e-5)

    @pytest.mark.parametrize("kind", ["network", "model"])
    def test_they_are_saved_again_with_a_digest(self, kind, tmp_path):
        made = {"network": cp.Network, "model": cp.Model}[kind]
        made.load(OLD / f"{kind}.safetensors").save(tmp_path / "again")
        for path, has_one in ((OLD / f"{kind}.safetensors", False), (tmp_path / "again", True)):
            with safetensors.safe_open(path, "numpy") as file:
                assert ("sha256" in file.metadata()) == has_one
        assert repr(made.load(tmp_path / "again")) == repr(made.load(OLD / f"{kind}.safetensors"))
