"""Mutants: what is changed, what is left alone, and that a run tells a killer from a passing test."""

from __future__ import annotations

import faulthandler
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks" / "trust"))

import mutant_populations
import mutant_runs
import mutant_sites
import mutant_tests
import mutants
from mutant_sites import Mutant

SOURCE = '''"""A text: 1 < 2."""

Array = NDArray[Any] | None


def share(n: int, of: float = 0.5, é: bool = True) -> float | None:
    """Return n + 1."""
    if n < 0 or not of:
        raise ValueError(f"{n + 1} is below", 7)
    total = 0
    for k in range(max(n, of), 3):
        total += k  # 1 + 1
        if k is not n: continue
    return (total
            + 1) if isinstance(n, int) else -of
'''


@pytest.fixture(autouse=True)
def no_watch_over_time():
    """What ends a test that hangs is a thread, which a fork has not and would wait for."""
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def found(tmp_path):
    (tmp_path / "a.py").write_text(SOURCE)
    return mutant_sites.mutants(tmp_path, "a.py")


def changes(found):
    return [(m.line, m.operator, SOURCE[m.start : m.end], m.new) for m in found]


def test_every_change_of_a_source(found):
    assert changes(found) == [
        (6, "constant doubled", "0.5", "1.0"),
        (6, "constant", "True", "False"),
        (8, "condition negated", "n < 0 or not of", "(not (n < 0 or not of))"),
        (8, "boundary", "<", "<="),
        (8, "comparison negated", "<", ">="),
        (8, "constant - 1", "0", "(-1)"),
        (8, "constant + 1", "0", "1"),
        (8, "and and or", "or", "and"),
        (8, "not removed", "not ", ""),
        (9, "statement removed", 'raise ValueError(f"{n + 1} is below", 7)', "pass"),
        (10, "constant - 1", "0", "(-1)"),
        (10, "constant + 1", "0", "1"),
        (11, "arguments swapped", "max(n, of), 3", "3, max(n, of)"),
        (11, "constant - 1", "3", "(2)"),
        (11, "constant + 1", "3", "4"),
        (12, "statement removed", "total += k", "pass"),
        (12, "arithmetic", "+=", "-="),
        (13, "comparison negated", "is not", "is"),
        (13, "break and continue", "continue", "break"),
        (14, "returns None", "(total\n            + 1) if isinstance(n, int) else -of", "None"),
        (15, "arithmetic", "+", "-"),
        (15, "constant - 1", "1", "(0)"),
        (15, "constant + 1", "1", "2"),
        (15, "condition negated", "isinstance(n, int)", "(not (isinstance(n, int)))"),
        (15, "sign removed", "-", ""),
    ]


def test_each_has_a_name_of_its_own_that_lines_above_do_not_change(found, tmp_path):
    keys = [one.key for one in found]
    assert len(set(keys)) == len(keys)
    (tmp_path / "a.py").write_text(SOURCE.replace("Array =", "\n\nArray ="))
    assert [one.key for one in mutant_sites.mutants(tmp_path, "a.py")] == keys


def test_what_is_known_holds_while_a_function_is_the_same(found):
    """Or a statement of the module, or a method of a class."""
    changed = SOURCE.replace("total = 0", "total = 1").replace(
        "Array =", "OTHER = 1 < 3\n\nArray ="
    )
    assert {one.digest(SOURCE) for one in found}.isdisjoint(digests(changed))
    other = "OTHER = 1\n"
    assert {one.digest(SOURCE) for one in found} == digests(other + SOURCE) - digests(other)
    assert len({one.digest(SOURCE) for one in found}) == len(found)
    methods = "class A:\n    size = 1\n\n    def f(self):\n        return {}\n\n    def g(self):\n        return 2\n"
    kept = digests(methods.format(3)) & digests(methods.format(4))
    assert len(kept) == 2 + 3  # of size, and of g


def digests(source):
    return {
        Mutant("a.py", function, source.count("\n", 0, start) + 1, "", operator, start, end, new)
        .digest(source)
        for function, start, end, new, operator in mutant_sites._Sites(source).found
    }  # fmt: skip


def test_a_sample_keeps_its_members_when_others_are_added(found, tmp_path):
    few, of = mutant_sites.sample(tmp_path, ["a.py"], 99, seed=3)
    assert of == len(found) == len(few)
    (tmp_path / "b.py").write_text(SOURCE)
    more, _ = mutant_sites.sample(tmp_path, ["a.py", "b.py"], 18, seed=3)
    ranks = [one.rank(3) for one in more]
    assert ranks == sorted(ranks)
    kept = [one for one in more if one.file == "a.py"]
    assert kept == few[: len(kept)]
    assert few != mutant_sites.sample(tmp_path, ["a.py"], 99, seed=4)[0]


class TestRuns:
    """In a repository of one module and three tests."""

    @pytest.fixture
    def copy(self, tmp_path, monkeypatch):
        root = tmp_path / "root"
        for name in mutant_runs.COPIED:
            (root / name).mkdir(parents=True)
        package = root / "src" / "clearprop"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "a.py").write_text("def f(n):\n    while n < 3:\n        n += 1\n    return n\n")
        tests = (
            "from clearprop.a import f\n"
            "import subprocess, sys\n"
            "def test_weak(): f(0)\n"
            "def test_strong(): assert f(0) == 3\n"
            "def test_elsewhere():\n"
            "    code = 'from clearprop.a import f; assert f(5) == 5'\n"
            "    subprocess.run([sys.executable, '-c', code], check=True)\n"
        )
        (root / "tests" / "test_a.py").write_text(tests)
        (root / "pytest.ini").write_text("[pytest]\n")
        monkeypatch.setattr(mutant_runs, "ROOT", root)
        monkeypatch.setattr(mutant_runs, "SPARE", 100)
        (tmp_path / "work").mkdir()
        return mutant_runs.Copy(tmp_path / "work")

    def mutant(self, copy, operator, new):
        found = mutant_sites.mutants(copy.root / "src" / "clearprop", "a.py")
        return next(one for one in found if (one.operator, one.new) == (operator, new))

    @pytest.mark.parametrize(
        ("operator", "new", "test", "outcome"),
        [
            ("constant + 1", "4", "test_weak", "passed"),
            ("constant + 1", "4", "test_strong", "failed"),
            ("returns None", "None", "test_elsewhere", "failed"),
            ("statement removed", "pass", "test_weak", "time limit"),
        ],
    )
    def test_what_comes_of_a_mutant(self, copy, monkeypatch, operator, new, test, outcome):
        test = f"tests/test_a.py::{test}"
        assert copy.run(["tests/test_a.py"], 1) == ("passed", "tests/test_a.py::test_elsewhere")
        with copy.mutated(self.mutant(copy, operator, new)), monkeypatch.context() as patch:
            if outcome == "time limit":
                patch.setattr(mutant_runs, "SPARE", 3)
            assert copy.run([test], 0.1) == (outcome, test)
        assert copy.run([test], 1) == ("passed", test)

    def test_a_module_that_cannot_be_imported(self, copy):
        module = copy.root / "src" / "clearprop" / "a.py"
        module.write_text(module.read_text() + "1 / 0\n")
        outcome, where = copy.run(["tests/test_a.py"], 1)
        assert outcome == "cannot be imported"
        assert where.startswith("tests/test_a.py")

    def test_a_test_that_does_not_exist_is_no_killer(self, copy):
        assert copy.run(["tests/test_a.py", "-k", "nothing"], 1)[0] == "no tests"


def test_what_is_counted_and_said(tmp_path, monkeypatch):
    def one(file, nth, outcome):
        return {
            "key": f"{file} | f | x + 1 | arithmetic | {nth}",
            "outcome": outcome,
            "change": "+ -> -",
        }

    found = [one("a.py", nth, "failed") for nth in range(19)]
    found += [one("b.py", 0, "crash"), one("b.py", 1, "passed"), one("b.py", 2, "no tests")]
    reasons = tmp_path / "reasons.json"
    monkeypatch.setattr(mutants, "REASONS", reasons)
    counted = mutants.figures(found, 300)
    assert (counted["population"], counted["sample"], counted["killed"]) == (300, 22, 20)
    assert counted["files"] == {"a.py": [19, 19], "b.py": [3, 1]}
    assert counted["how"] == {"failed": 19, "crash": 1}
    assert [one.partition(":")[0] for one in counted["failures"]] == [
        "survived, and nobody says why", "survived, and nobody says why",
        "20 of 22 mutants killed, below 95%",
    ]  # fmt: skip
    same = {"changes nothing": True, "reason": "x is 0"}
    left = {"changes nothing": False, "reason": "the last bit"}
    reasons.write_text(json.dumps({found[20]["key"]: same, found[21]["key"]: left}))
    counted = mutants.figures(found, 300)
    assert counted["failures"] == []  # 20 of 21
    page = mutants.section(counted | {"kernels": counted})
    assert "| 300 | 22 | 20 (90.9%) | 1 | 1 |" in page
    assert "- b.py, f: `x + 1`, `+ -> -`: x is 0" in page


def test_every_mutated_file_has_its_tests():
    files = list(mutant_sites.files_of(mutant_runs.SOURCE, mutant_populations.SOURCES))
    assert len(files) >= 17
    for file in files:
        tests = mutant_populations.short_tests(file)
        assert all((mutant_runs.ROOT / one).exists() for one in tests)
    kernels = list(mutant_sites.files_of(mutant_runs.SOURCE, mutant_populations.KERNELS))
    assert len(kernels) == len(mutant_populations.KERNELS)
    named = [
        one for stages in mutant_populations.KERNEL_TESTS.values() for few in stages for one in few
    ]
    bits = {one.partition("[")[2][:-1] for one in named if "test_bits[" in one}
    recorded = json.loads((mutant_runs.ROOT / "tests" / "oracles" / "bits.json").read_text())
    assert bits <= recorded["kernels"].keys()
    assert all(
        (mutant_runs.ROOT / one.partition("::")[0]).exists()
        for one in named
        if one.startswith("tests/")
    )


def test_every_reason_is_of_a_mutant_that_there_is():
    known = json.loads(mutants.REASONS.read_text())
    files = {key.partition(" | ")[0] for key in known}
    keys = {one.key for file in files for one in mutant_sites.mutants(mutant_runs.SOURCE, file)}
    assert known.keys() <= keys
    assert all(one["reason"] and isinstance(one["changes nothing"], bool) for one in known.values())


def test_lines_keep_their_tests_where_others_change():
    before, after = "a\nb\nc\nb\nd\n", "new\na\nc\nb\nother\nd\n"
    assert mutant_tests.moved(before, after) == {1: 2, 3: 3, 4: 4, 5: 6}
    assert mutant_tests.moved(before, before) == {n: n for n in range(1, 6)}
