"""The classics: their short forms run, and their pages say what was measured."""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import json
import os
import struct
import subprocess
import sys
from dataclasses import astuple

import classic
import family_trees
import mnist
import numpy as np
import pytest
import symmetry
import xor_and_parity
from matplotlib import pyplot

import clearprop as cp
from clearprop.errors import DataError
from clearprop.training import loop
from clocks import set_clock
from paths import EXAMPLES, ROOT

FOLDER = EXAMPLES / "classics"
NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if "CLASSIC = " in path.read_text("utf-8"))
PAGES = ROOT / "docs" / "classics"
MOST = 150_000
"""Bytes of a picture."""


def of(name: str) -> classic.Classic:
    return importlib.import_module(name).CLASSIC


def write_idx(path, array: np.ndarray) -> None:
    """Write a file as MNIST's are: a magic number with the type and how many axes, and their lengths."""
    header = struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    path.write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes(), 1))


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A folder of MNIST's shape: scikit-learn's digits, enlarged."""
    from sklearn.datasets import load_digits

    small, labels = load_digits(return_X_y=True)
    small = np.pad(small.reshape(-1, 8, 8) * 15, [(0, 0), (3, 3), (3, 3)]).repeat(2, 1).repeat(2, 2)
    folder = tmp_path_factory.mktemp("mnist")
    many = np.resize(np.arange(len(labels)), 6_000)
    for part, rows in (("train", many), ("t10k", many[:500])):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", small[rows])
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", labels[rows])
    return folder


@pytest.fixture(scope="module")
def every():
    """The program that runs them all, as a module."""
    spec = importlib.util.spec_from_file_location("all_classics", FOLDER / "__main__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments], capture_output=True, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONUTF8": "1"},
    )  # fmt: skip


def test_one_command_runs_all_short_forms_and_writes_nothing(images):
    before = {path: path.stat().st_mtime_ns for path in PAGES.iterdir()}
    done = run(str(FOLDER), "--short", "--data", str(images))
    assert done.returncode == 0, done.stderr
    said = [
        line
        for line in done.stderr.splitlines()
        if not line.startswith(("epoch ", "clearprop: compiling"))
    ]
    assert said == []
    titles = [of(name).title for name in NAMES]
    assert len(titles) == 7
    assert [title for title in titles if title not in done.stdout] == []
    assert {path: path.stat().st_mtime_ns for path in PAGES.iterdir()} == before


def test_a_classic_that_fails_is_told(tmp_path):
    done = run(str(FOLDER / "nielsen_mnist.py"), "--short", "--data", str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"nielsen_mnist: {tmp_path} has no train-images-idx3-ubyte, nor train-images-idx3-ubyte.gz; "
        "--data takes the folder of MNIST's four files\n"
    )


def test_all_of_them_fail_if_one_does(every, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(every, "classics", lambda: [of("nielsen_mnist")])
    monkeypatch.setattr(sys, "argv", ["classics", "--short", "--data", str(tmp_path)])
    assert every.main() == 1
    assert capfd.readouterr().err.endswith("\nfailed: nielsen_mnist\n")


def test_a_spread_of_nothing():
    assert classic.spread([]) == "none"


class TestPages:
    @pytest.mark.parametrize("name", NAMES)
    def test_a_page_says_what_its_json_has(self, name):
        kept = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
        assert (PAGES / f"{name}.md").read_text("utf-8") == classic.page(of(name), kept)
        assert kept["measured"]["seconds"] > 0

    @pytest.mark.parametrize("name", NAMES)
    def test_what_is_published_has_a_source(self, name):
        kept = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
        rows = of(name).tell(kept["found"])
        assert [row.what for row in rows if row.published and not row.source] == []
        assert [row.what for row in rows if not row.measured] == []
        assert any(row.published for row in rows)
        assert "|" not in "".join(cell for row in rows for cell in astuple(row))

    @pytest.mark.parametrize("name", NAMES)
    def test_a_picture_is_there_and_small(self, name):
        assert 5_000 < (PAGES / f"{name}.png").stat().st_size < MOST
        kept = json.loads((PAGES / f"{name}.json").read_text("utf-8"))
        pyplot.close(of(name).draw(kept["found"]))

    def test_the_index_is_of_these_pages(self, every):
        assert (PAGES / "README.md").read_text("utf-8") == every.index()
        assert sorted(every.NAMES) == NAMES

    @pytest.fixture
    def elsewhere(self, tmp_path, monkeypatch):
        monkeypatch.setattr(classic, "PAGES", tmp_path)
        monkeypatch.setattr(sys, "argv", ["symmetry.py", "--again"])
        return tmp_path

    def test_a_page_is_made_again_from_its_json(self, elsewhere):
        kept = (PAGES / "symmetry.json").read_bytes()
        (elsewhere / "symmetry.json").write_bytes(kept)
        assert classic.main(symmetry.CLASSIC) == 0
        pyplot.close("all")
        assert sorted(path.name for path in elsewhere.iterdir()) == [
            "symmetry.json", "symmetry.md", "symmetry.png",
        ]  # fmt: skip
        for name in ("symmetry.json", "symmetry.md"):
            assert (elsewhere / name).read_bytes() == (PAGES / name).read_bytes()

    def test_without_a_json_nothing_is_made(self, elsewhere, capsys):
        assert classic.main(symmetry.CLASSIC) == 1
        assert capsys.readouterr().err == (
            f"symmetry: there is no {elsewhere / 'symmetry.json'}; --write measures it\n"
        )
        assert list(elsewhere.iterdir()) == []

    def test_a_page_whose_writing_fails_is_as_it_was(self, tmp_path, monkeypatch):
        page = tmp_path / "page.md"
        page.write_text("before")
        monkeypatch.setattr(type(page), "write_bytes", lambda path, content: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            classic.whole(page, b"after")
        assert page.read_text() == "before"


class TestMnist:
    def test_files_are_read_as_they_are(self, images):
        digits = mnist.load(images)
        assert (digits.X.shape, digits.X_test.shape, digits.X.dtype) == (
            (6_000, 784),
            (500, 784),
            np.float32,
        )
        assert (digits.X.min(), digits.X.max()) == (0.0, np.float32(240 / 255))
        assert np.bincount(digits.y).min() > 500

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\0\0\x08\x03",
            gzip.compress(b"\0\0\x08\x03\0\0\0\x09")[:-5],
            b"\0\0\x08\x01\0\0\0\x09abc",
        ],
        ids=["empty", "without a shape", "packed and cut", "too few"],
    )
    def test_what_is_no_such_file_is_refused_in_a_line(self, images, tmp_path, content):
        for path in images.iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes())
        (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(content)
        with pytest.raises(
            DataError, match=r"train-labels-idx1-ubyte\.gz is no file of MNIST's"
        ) as caught:
            mnist.load(tmp_path)
        assert "\n" not in str(caught.value)


class TestProblems:
    def test_family_trees_have_104_facts_of_112_answers(self):
        assert family_trees.X.shape == (104, 36)
        assert family_trees.Y.shape == (104, 24)
        assert family_trees.Y.sum() == 112

    @pytest.mark.parametrize(
        ("person", "relation", "answers"),
        [
            ("Colin", "aunt", {"Margaret", "Jennifer"}),
            ("Colin", "uncle", {"Arthur", "Charles"}),
            ("Charlotte", "brother", {"Colin"}),
            ("Margaret", "nephew", {"Colin"}),
            ("Sophia", "mother", {"Lucia"}),
            ("Maria", "son", {"Emilio"}),
            ("Francesca", "daughter", {"Angela"}),
        ],
    )
    def test_what_is_known_of_the_families(self, person, relation, answers):
        asked = np.zeros(36)
        asked[family_trees.PEOPLE.index(person)] = asked[
            24 + family_trees.RELATIONS.index(relation)
        ] = 1
        (row,) = np.flatnonzero((asked == family_trees.X).all(axis=1))
        assert {
            family_trees.PEOPLE[place] for place in np.flatnonzero(family_trees.Y[row])
        } == answers

    def test_weights_that_do_not_exist_stay_zero(self):
        network, _ = family_trees.learn(0, sweeps=25)
        assert all(network[name] == 0 for name in family_trees.ABSENT)
        assert len(family_trees.ABSENT) == 6 * 12 + 6 * 24
        assert (network["W1"][:6, :24] != 0).all()

    def test_eight_of_64_strings_are_symmetric(self):
        assert symmetry.y.sum() == 8
        assert (
            symmetry.X[symmetry.y == 1][:, 0].tolist() == symmetry.X[symmetry.y == 1][:, 5].tolist()
        )

    def test_what_mirrored_weights_are(self):
        network = cp.Network([6, 2, 1], "sigmoid", seed=0)
        network["W1"] = [[2, -8, 4, -4, 8, -2], [-1, 4, -2, 2, -4, 1]]
        assert symmetry.mirrored(network) == (0, [1, 2, 4])
        network["W1"][1, 5] = 2
        off, _ = symmetry.mirrored(network)
        assert off == 1 / 8

    def test_symmetry_is_learned_after_the_first_sweep_that_leaves_all_right(self):
        X, y = symmetry.X, symmetry.y[:, None]
        begun = symmetry.start(6)
        (W1, W2), (b1, b2) = map(np.array, begun.weights), map(np.array, begun.biases)
        velocities, by_hand = [np.zeros_like(part) for part in (W1, b1, W2, b2)], 0
        while True:
            hidden = 1 / (1 + np.exp(-(X @ W1.T + b1)))
            output = 1 / (1 + np.exp(-(hidden @ W2.T + b2)))
            if (np.abs(output - y) < 0.5).all():
                break
            last = (output - y) * output * (1 - output)
            first = last @ W2 * hidden * (1 - hidden)
            gradients = first.T @ X, first.sum(0), last.T @ hidden, last.sum(0)
            for velocity, gradient in zip(velocities, gradients, strict=True):
                velocity *= 0.9
                velocity -= 0.1 * gradient
            W1, b1, W2, b2 = map(np.add, (W1, b1, W2, b2), velocities)
            by_hand += 1
        network, sweeps = symmetry.learn(6)
        assert sweeps == by_hand
        np.testing.assert_allclose(network["W1"], W1, rtol=1e-6)

    @pytest.mark.parametrize("busy", [1e-9, 1e-4, 10.0])
    @pytest.mark.parametrize("how", [{}, {"threads": 2}, {"engine": "reference"}], ids=str)
    def test_counts_of_sweeps_do_not_depend_on_how_busy_the_machine_is(
        self, busy, how, monkeypatch
    ):
        alone = symmetry.learn(6), xor_and_parity.learn([2, 2, 1], 3)
        random, now, train = np.random.default_rng(0), [0.0], cp.train

        def clock() -> float:
            now[0] += random.exponential(busy)
            return now[0]

        set_clock(monkeypatch, clock, loop)
        monkeypatch.setattr(cp, "train", lambda *of, **told: train(*of, **told | how))
        beside = symmetry.learn(6), xor_and_parity.learn([2, 2, 1], 3)
        assert [count for _, count in (alone[0], beside[0])] == [473] * 2
        assert alone[1][0] == beside[1][0]

    def test_both_readings_of_the_second_epsilon_are_told(self):
        kept = json.loads((PAGES / "family_trees.json").read_text("utf-8"))
        told = {row.what: row.source for row in family_trees.tell(kept["found"])}
        assert list(told) == list(family_trees.VARIANTS)
        assert [name for name, source in told.items() if source] == list(family_trees.PRINTED)

    def test_weights_and_biases_shrink_after_each_sweep(self):
        bias = cp.initializers.uniform(1.0)
        network = cp.Network([3, 4, 2], "sigmoid", biases=bias, dtype="float64", seed=0)
        before = network.parameters.copy()
        steady = cp.SGD(1e-300)
        shrink = family_trees.Shrink(0.25)
        cp.train(
            network, np.eye(3), np.eye(3)[:, :2], optimizer=steady, epochs=2, callbacks=[shrink]
        )
        assert (before != 0).all()
        np.testing.assert_allclose(network.parameters, 0.75**2 * before, rtol=1e-12)

    def test_without_a_hidden_layer_xor_stays_at_a_half(self):
        sweeps, outputs = xor_and_parity.learn([2, 1], 3, sweeps=2_000)
        assert sweeps is None
        assert np.abs(np.array(outputs) - 0.5).max() < 1e-6

    def test_xor_is_learned_after_so_many_sweeps_and_not_before(self):
        sweeps, outputs = xor_and_parity.learn([2, 2, 1], 0)
        assert np.abs(np.array(outputs) - [0, 1, 1, 0]).max() < 0.15
        X, y = xor_and_parity.patterns(2)
        start = cp.initializers.uniform(1.0)
        for count, is_learned in ((sweeps, True), (sweeps - 1, False)):
            network = cp.Network(
                [2, 2, 1], "sigmoid", loss="squared_error", initializer=start, biases=start,
                dtype="float64", seed=0,
            )  # fmt: skip
            by_hand = {"optimizer": cp.SGD(2.0, momentum=0.9), "batch_size": None}
            for _ in cp.steps(network, X, y, epochs=count, **by_hand):
                pass
            assert (cp.backprop(network, X, y).loss < 0.01) == is_learned

    def test_ends_that_are_alike_are_counted_together(self):
        stuck = [[0.01, 0.98, 0.5, 0.5], [0.5, 0.5, 0.03, 1], [0.7, 0.7, 0, 0.7]]
        assert xor_and_parity.kinds(stuck) == {"0.0 0.5 0.5 1.0": 2, "0.0 0.7 0.7 0.7": 1}

    def test_parity_of_four_bits(self):
        X, y = xor_and_parity.patterns(4)
        assert X.shape == (16, 4)
        assert y.tolist() == [bin(number).count("1") % 2 for number in range(16)]
