"""The benchmarks: every system does the same work, and what is measured is reported as it is."""

from __future__ import annotations

import dataclasses
import gzip
import json
import shutil
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import command_line
import readme_figures
from clearprop.bench import rounds as rounds_module
from clearprop.bench.cases import CASES, MNIST_FILES, Case, cost_of, data_of, start_of
from clearprop.bench.fma import FmaRate
from clearprop.bench.page import page
from clearprop.bench.rounds import compare
from clearprop.bench.summary import document, geometric_mean, summarize
from clearprop.bench.systems import SYSTEMS, has, is_installed, make

BENCH = sys.modules["clearprop.cli.bench"]

SMALL = [
    Case("a", (5, 7, 4), "relu", 50, 16, "Adam", 0.01, 2, shuffle=False),
    Case("b", (5, 7, 6, 4), "sigmoid", 48, 16, "SGD", 0.5, 3, shuffle=False),
    Case("c", (5, 7, 4), "sigmoid", 8, 8, "SGD", 0.5, 9, "sigmoid", "squared_error", shuffle=False),
]


def learned(system, case):
    X, y = data_of(case)
    made = make(system, case, X, y, start_of(case), 1)
    made.warm_up()
    for _ in range(2):  # the second call starts where the first did
        made.reset()
        made.call()
    return [array for layer in made.layers() for array in layer], cost_of(case, made.layers(), X, y)


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
@pytest.mark.parametrize("system", ["torch", "jax", "sklearn"])  # compiling takes half a minute
def test_systems_learn_the_same(system, case):
    pytest.importorskip(SYSTEMS[system].module)
    if not has(system, case):
        pytest.skip("scikit-learn has no squared error")
    (ours, our_cost), (theirs, their_cost) = learned("clearprop", case), learned(system, case)
    start = [array for layer in start_of(case) for array in layer]
    for a, b, before in zip(ours, theirs, start, strict=True):
        assert np.abs(a - before).max() > 1e-3
        np.testing.assert_allclose(a, b, atol=1e-4)  # scikit-learn's Adam adds epsilon elsewhere
    assert our_cost == pytest.approx(their_cost, rel=1e-4)


class TestCases:
    def test_the_figures_of_a_case(self):
        case = CASES["digits"]
        assert case.steps == 9
        assert case.parameters == 64 * 100 + 100 + 100 * 10 + 10
        # forward and weight gradient of both layers, delta of the first: 2 a multiply-add
        assert case.flops == 1797 * 2 * (2 * (6400 + 1000) + 1000)
        assert case.memory_limit == 4 * (5 * 7510 + 200 * 174) + 100 * 2**20
        assert case.warm_rows == 3 * 200 + 1797 % 200

    @pytest.mark.parametrize("name", ["xor", "digits", "deep100"])
    def test_data_fit_the_network(self, name):
        case = CASES[name]
        X, y = data_of(case)
        assert X.shape == (case.rows, case.sizes[0])
        assert X.dtype == np.float32
        assert len(y) == case.rows
        assert set(np.unique(y)) <= set(range(max(case.sizes[-1], 2)))

    def test_without_scikit_learn_digits_are_random(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
        X, y = data_of(CASES["digits"])
        assert X.shape == (1797, 64)
        assert set(y) == set(range(10))

    def test_mnist_is_read_from_a_folder(self, tmp_path):
        pixels = np.arange(2 * 784) % 256
        for name, skip, numbers in zip(MNIST_FILES, (16, 8), (pixels, [7, 3]), strict=True):
            raw = bytes(skip) + np.array(numbers, np.uint8).tobytes()
            (tmp_path / name).write_bytes(gzip.compress(raw))
        X, y = data_of(CASES["nielsen"], tmp_path)
        np.testing.assert_allclose(X.ravel() * 255, pixels, rtol=1e-6)
        np.testing.assert_array_equal(y, np.eye(10)[[7, 3]])


@pytest.mark.parametrize("threads", [1, 2])
def test_the_fma_limit_is_that_of_a_processor(threads):
    assert 1e9 < FmaRate(threads).measure() < 1e13


def measured(step, **more):
    return {
        "step": step,
        "epoch": 9 * step,
        "epochs": 100,
        "warm_up": 0.5,
        "cost": 0.5,
        "busy": 1.9,
        **more,
    }


def canned():
    """Two rounds on two cores: JAX leads the first, compiled PyTorch the second."""
    return [
        {
            "clearprop 1": measured(4e-5, share=0.7),
            "clearprop 2": measured(2e-5, share=0.5),
            "compile 1": measured(9e-5),
            "jax 1": measured(8e-5, warm_up=2.0),
            "jax 2": measured(5e-5, cost=0.45),
            "memory": {"memory": 50 * 2**20},
        },
        {
            "clearprop 1": measured(3e-5, share=0.8),
            "clearprop 2": measured(6e-5, share=0.6),
            "compile 1": measured(6e-5, epochs=10, cost=3.0),
            "jax 1": measured(9e-5, warm_up=0.1),
        },
    ]


class TestSummary:
    def test_medians_and_ratios_within_a_round(self):
        summary = summarize(CASES["digits"], canned(), 2)
        assert list(summary["step"]) == [
            "clearprop 1",
            "clearprop 2",
            "compile 1",
            "jax 1",
            "jax 2",
        ]
        assert summary["step"]["jax 1"] == pytest.approx(8.5e-5)
        assert summary["ratio"] == pytest.approx((5 / 2 + 6 / 3) / 2)
        assert summary["speedup"] == pytest.approx((2 + 0.5) / 2)
        assert summary["share"] == pytest.approx({"1": 0.75, "2": 0.55})
        assert summary["fastest_peer"] == "jax 2"
        assert summary["busy"] == 1.9
        assert summary["memory"] == 50 * 2**20
        assert summary["warm_up"]["jax 1"] == 2.0
        assert summary["cost_spread"] == pytest.approx(0.1)  # of equal numbers of epochs

    def test_what_was_not_measured_is_none(self):
        alone = summarize(CASES["digits"], [{"clearprop 1": measured(1e-5, share=0.5)}], 1)
        assert alone["step"] == {"clearprop 1": 1e-5}
        assert [alone[key] for key in ("ratio", "speedup", "fastest_peer", "memory")] == [None] * 4
        nothing = summarize(CASES["digits"], [{}], 2)
        assert (nothing["step"], nothing["share"], nothing["ratio"]) == ({}, {}, None)
        others = summarize(CASES["digits"], [{"jax 1": measured(1e-5)}], 2)
        assert (others["share"], others["ratio"], others["fastest_peer"]) == ({}, None, "jax 1")

    def test_the_geometric_mean_leaves_xor_out(self):
        summaries = {"xor": {"ratio": 90.0}, "digits": {"ratio": 2.0}, "wide": {"ratio": 8.0}}
        summaries |= {"million": {"ratio": 90.0}, "mnist": {"ratio": None}}
        assert geometric_mean(summaries) == pytest.approx(4.0)
        assert geometric_mean({"xor": {"ratio": 1.0}}) is None


class TestPage:
    def test_figures_stand_beside_targets(self):
        million = [{"clearprop 2": measured(1e-3, share=0.5), "jax 2": measured(2e-3)}]
        text = page(document({"digits": canned(), "million": million}, 2, 1.0, mnist=True))
        assert "| digits | 35 / 40 | 75 / - | 85 / 50 | 2.25 | 3.00, missed |" in text
        assert "| digits | 75% | 60%, met | 55% | 1.25 | not slower, met | 50 | 100, met |" in text
        assert "Clearprop 0.01 s, JAX 0.02 s" in text
        assert "mean of the ratios without xor: 2.25 (to reach: above 2, met)" in text
        assert "MNIST's rows" in text
        assert "Medians over 2 rounds" in text

    @pytest.mark.parametrize(
        ("case", "speedup", "busy", "said"),
        [
            ("digits", 0.98, 1.9, "0.98 | not slower, met"),
            ("digits", 0.9, 1.9, "0.90 | not slower, missed"),
            ("digits", 0.9, 1.0, "0.90 | takes 1 thread"),
            ("mnist", 1.0, 1.0, "1.00 | 1.60, missed"),
            ("mnist", 1.7, 1.9, "1.70 | 1.60, met"),
        ],
    )
    def test_what_threads_bring(self, case, speedup, busy, said):
        turn = {
            "clearprop 1": measured(speedup, share=0.5),
            "clearprop 2": measured(1.0, share=0.5) | {"busy": busy},
        }
        assert f"| 50% | {said} |" in page(document({case: [turn]}, 2, 1.0, mnist=False))

    def test_a_peer_that_is_missing_is_named(self, monkeypatch):
        monkeypatch.setattr(
            "clearprop.bench.summary.is_installed", lambda system: system == "clearprop"
        )
        alone = [{"clearprop 1": measured(1e-5, share=0.5)}]
        found = json.loads(json.dumps(document({"xor": alone}, 1, 1.0, mnist=False)))
        text = page(found)
        assert "Not installed: PyTorch, PyTorch compiled, JAX, scikit-learn." in text
        assert "| xor | 10 | - | 1.00 |" in text
        assert "Geometric" not in text
        assert set(found["versions"]) == {"clearprop", "numpy", "numba"}


invoke = partial(command_line.invoke, "bench")


SAYS = f"print({json.dumps(measured(1e-5, share=0.5))!r})"
"""A program that says what was measured."""


def start_instead(monkeypatch, program):
    """Let other programs run in place of those that measure, by their commands."""

    class Process(subprocess.Popen):
        def __init__(self, command, **settings):
            super().__init__([sys.executable, "-c", program(command)], **settings)

    monkeypatch.setattr(subprocess, "Popen", Process)


class TestCommand:
    def test_a_real_run(self):
        result = invoke("digits", "--system", "clearprop", "--seconds", "0.01", "--json")
        assert result.exit_code == 0, result.output
        found = json.loads(result.stdout)
        (turn,) = found["cases"]["digits"]["rounds"]
        summary = found["cases"]["digits"]["summary"]
        assert set(turn) == {"memory", *summary["step"]}
        assert 0 < summary["share"]["1"] < 100  # of a peak that others may have disturbed
        assert summary["ratio"] is None
        assert 0 < turn["clearprop 1"]["cost"] < 0.2  # it has learned
        assert "digits: Clearprop, 1 thread\n" in result.stderr

    def test_the_table_fits_a_hundred_columns(self, monkeypatch):
        slow = {
            f"{system} {threads}": measured(0.1234567, share=0.123)
            for system in SYSTEMS
            for threads in (1, 2)
        }
        found = {"digits": canned(), "wide": [slow]}
        monkeypatch.setattr(BENCH, "compare", lambda case, *_, **__: found[case.name])
        monkeypatch.setattr(BENCH, "is_installed", lambda system: True)
        monkeypatch.setattr(BENCH, "cores", lambda: 2)
        monkeypatch.setattr(BENCH, "thread_counts", lambda: [1, 2])
        every = [argument for system in SYSTEMS for argument in ("--system", system)]
        result = invoke("digits", "wide", *every)
        assert result.exit_code == 0, result.output
        lines = result.stdout.splitlines()
        assert max(map(len, lines)) <= 100
        rows = [line.split() for line in lines]
        assert ["digits", "1", "35", "-", "75", "85", "-", "2.25", "75%"] in rows
        assert ["2", "40", "-", "-", "50", "-", "55%"] in rows
        assert ["wide", "1", *["123,457"] * 5, "1.00", "12%"] in rows

    def test_what_is_not_installed_is_left_out_and_said(self, monkeypatch):
        asked = []
        monkeypatch.setattr(BENCH, "is_installed", lambda system: system != "jax")
        monkeypatch.setattr(
            BENCH, "compare", lambda case, systems, *_, **__: asked.append(systems) or canned()
        )
        result = invoke("digits")
        assert asked == [["clearprop", "torch", "sklearn"]]
        assert "Not installed: JAX.\n" in result.stderr

    def test_a_process_that_fails_is_said_in_a_line(self, monkeypatch, capsys):
        fails = "import sys; sys.exit('a line\\nValueError: no')"
        start_instead(monkeypatch, lambda command: fails if "jax" in command else SAYS)
        monkeypatch.setattr(rounds_module, "cores", lambda: 1)
        (turn,) = compare(CASES["digits"], ["clearprop", "jax"], 1, 0.01)
        assert set(turn) == {"clearprop 1", "memory"}
        assert capsys.readouterr().err == "digits: JAX, 1 thread failed: ValueError: no\n"

    def test_it_ends_with_1_where_clearprop_failed(self, monkeypatch):
        monkeypatch.setattr(BENCH, "compare", lambda *_, **__: [{}])
        result = invoke("digits", "--system", "clearprop")
        assert result.exit_code == 1

    def test_what_lies_in_the_current_folder_is_not_run(self, monkeypatch, tmp_path, capsys):
        (tmp_path / "numpy.py").write_text("raise SystemExit('planted')")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(rounds_module, "cores", lambda: 1)
        (turn,) = compare(CASES["xor"], ["clearprop"], 1, 0.01)
        assert capsys.readouterr().err == ""
        assert "clearprop 1" in turn

    def test_a_real_failure_is_said_in_its_last_line(self, monkeypatch, capsys):
        entry = SYSTEMS["jax"]._replace(title="Nobody")
        monkeypatch.setitem(SYSTEMS, "nobody", entry)  # here, and not in the process that measures
        monkeypatch.setattr(rounds_module, "cores", lambda: 1)
        case = dataclasses.replace(CASES["digits"], peers=("nobody",))
        assert compare(case, ["nobody"], 1, 0.01) == [{}]
        assert capsys.readouterr().err == "digits: Nobody, 1 thread failed: KeyError: 'nobody'\n"

    def test_rounds_and_cases_that_run_once(self, monkeypatch):
        told = []
        start_instead(monkeypatch, lambda command: SAYS)
        monkeypatch.setattr(rounds_module, "cores", lambda: 3)
        assert len(compare(CASES["digits"], ["clearprop"], 2, 0.01, None, told.append)) == 2
        assert told[0] == "digits, round 1 of 2: Clearprop, 1 thread"
        assert told[-1] == "digits, round 2 of 2: Clearprop, 3 threads"
        (turn,) = compare(CASES["million"], ["clearprop", "compile", "sklearn", "jax"], 2, 0.01)
        assert set(turn) == {"clearprop 3", "jax 3", "memory"}

    @pytest.mark.parametrize(
        "arguments", [["nonsense"], ["digits", "--system", "keras"], ["--seconds", "0"]]
    )
    def test_wrong_usage(self, arguments):
        result = invoke(*arguments)
        assert result.exit_code == 2
        assert "Error: " in result.stderr

    def test_help_names_every_case_and_an_example(self):
        result = invoke("--help")
        assert all(name in result.stdout for name in CASES)
        assert "Example: clearprop bench " in result.stdout


class TestReadme:
    def test_its_figures_are_those_of_the_results(self):
        assert readme_figures.main(["--check"]) == 0

    def test_other_figures_are_found_and_written(self, tmp_path, monkeypatch):
        (tmp_path / "benchmarks").mkdir()
        shutil.copy(readme_figures.ROOT / "README.md", tmp_path)
        results = document({"digits": canned()}, 2, 1.0, mnist=False)
        (tmp_path / "benchmarks/results.json").write_text(json.dumps(results))
        monkeypatch.setattr(readme_figures, "ROOT", tmp_path)
        assert readme_figures.main(["--check"]) == 1
        assert readme_figures.main([]) == 0
        assert readme_figures.main(["--check"]) == 0
        text = (tmp_path / "README.md").read_text(encoding="utf-8")
        assert "| digits | 64-100-10 | 200, Adam | 35 | JAX | 50 | 2.25 |" in text


def test_a_system_is_made_for_each_entry():
    assert is_installed("clearprop")
    case = dataclasses.replace(SMALL[0], peers=("jax",))
    assert [system for system in SYSTEMS if has(system, case)] == ["clearprop", "jax"]
