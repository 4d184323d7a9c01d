"""What nobody vouches for is read, or refused in one line: inputs that were found, and others like them.

The files beside this one have the inputs, one a line in base64; `benchmarks/trust/fuzzing` says what
is done with them, and finds more with atheris.
"""

from __future__ import annotations

import random
from pathlib import Path

import click
import pytest

import clearprop as cp
from trust.fuzzing import GOALS, measure, section
from trust.fuzzing.campaign import run_rounds
from trust.fuzzing.corpus import read_corpus
from trust.fuzzing.mutation import Parts, change_model_file
from trust.fuzzing.outcome import Fault, Refused, judged, same, tried
from trust.fuzzing.short import INPUTS, changed, prolonged, replayed

TARGETS = list(GOALS)


@pytest.fixture(autouse=True)
def polars_may_panic(monkeypatch):
    monkeypatch.setenv("RUST_BACKTRACE", "0")


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_that_were_found(name):
    told = [*replayed(name)]
    assert [fault for _, fault in told if fault] == []
    if name == "model_files":
        outcomes = {outcome for outcome, _ in told}
        assert {"model loaded", "network loaded", "checkpoint loaded"} <= outcomes


@pytest.mark.parametrize("name", ["names", "texts"])
def test_long_texts(name):
    told = [*prolonged(name)]
    assert [fault for _, fault in told if fault] == []
    assert len(told) > 50


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_like_them(name):
    told = [*changed(name, INPUTS[name], seed=0)]
    assert [fault for _, fault in told if fault] == []
    outcomes = {outcome for outcome, _ in told}
    assert any(outcome.endswith("refused") for outcome in outcomes)
    assert any(outcome.endswith(("read", "loaded")) for outcome in outcomes)  # deep code is reached


def test_changed_model_files_mostly_have_the_digest_of_their_numbers(tmp_path):
    """Or none would get beyond the check of it."""
    r = random.Random(0)
    cp.Network([3, 2, 1]).save(tmp_path / "network")
    whole = (tmp_path / "network").read_bytes()
    right = loads = 0
    for _ in range(300):
        data = change_model_file(whole, r)
        try:
            parts = Parts(data)
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
        loads += 1
        right += parts.joined() == parts.joined(digest=False)
    assert loads > 200
    assert 0.6 * loads < right < loads


class TestFaults:
    """A fault that nothing would find is no fault that was looked for."""

    def test_an_error_of_another_class(self):
        with pytest.raises(KeyError):
            tried(lambda: {}["a"], cp.ElementError, KeyError.__base__)
        with pytest.raises(Refused):
            tried(lambda: cp.Network([1, 1], "no such"), cp.UnknownNameError)

    @pytest.mark.parametrize("text", ["", "two\nlines", "\x1b[2J", "x" * 2001, "half \ud800"])
    def test_a_text_that_is_not_one_line(self, text):
        def act():
            raise ValueError(text)

        with pytest.raises(Fault, match="ValueError says"):
            tried(act, ValueError)

    def test_an_error_of_a_command_is_as_it_is_printed(self):
        def act():
            raise click.BadParameter("two\nlines")

        with pytest.raises(Refused):
            tried(act, click.BadParameter)

    def test_what_is_not_the_same(self):
        same("a number", 1, 1)
        with pytest.raises(Fault, match="a number: '1' and '2'"):
            same("a number", 1, 2)

    def test_a_fault_is_named_with_its_place(self):
        outcome, fault = judged(lambda data: str(1 // 0), b"")
        assert outcome == ""
        assert fault.startswith("ZeroDivisionError at test_fuzzing.py:")
        assert judged(lambda data: "read", b"") == ("read", "")

    def test_what_is_slow_or_large(self, monkeypatch):
        monkeypatch.setattr("trust.fuzzing.outcome.SLOW", -1)
        assert judged(lambda data: "read", b"")[1].startswith("slow: ")
        monkeypatch.undo()
        monkeypatch.setattr("trust.fuzzing.outcome.GROWTH", -1)
        assert judged(lambda data: "read", b"")[1].startswith("memory: ")


class TestThePart:
    def test_without_atheris_the_short_form_is_run_and_says_so(self, monkeypatch, capsys):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        monkeypatch.setattr("trust.fuzzing.short.INPUTS", dict.fromkeys(TARGETS, 1))
        monkeypatch.setattr("trust.fuzzing.short.read_corpus", lambda name: read_corpus(name)[:9])
        figures = measure(long=True, seed=0)
        assert figures["failures"] == []
        assert "atheris is not installed" in capsys.readouterr().out
        assert figures["short"].keys() == GOALS.keys()
        assert "inputs changed at random" in section(figures)

    def test_a_campaign_goes_on_until_its_goals_are_reached(self, monkeypatch, tmp_path):
        asked = []

        def one_round(folder, name, runs, seconds, seed):
            asked.append((name, runs))
            with (folder / "rounds.jsonl").open("a") as file:
                file.write(f'{{"target": "{name}", "runs": {min(runs, 60)}}}\n')

        monkeypatch.setattr("trust.fuzzing.campaign.one_round", one_round)
        run_rounds(tmp_path, {"names": 100, "tables": 50}, 1000, seed=0)
        assert sorted(asked) == [("names", 40), ("names", 100), ("tables", 50)]
        run_rounds(tmp_path, {"names": 100}, 1000, seed=0)
        assert len(asked) == 3
        run_rounds(tmp_path, {"names": 1000}, 0, seed=0)  # no time
        assert len(asked) == 3


def test_the_corpus_is_small():
    files = [*Path(__file__).parent.glob("*.txt")]
    assert {file.stem for file in files} == GOALS.keys()
    assert sum(file.stat().st_size for file in files) < 300_000
