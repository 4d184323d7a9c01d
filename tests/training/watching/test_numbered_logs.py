"""Logs that give each run a file of its own, and their clones, which scikit-learn's searches make."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from sklearn.base import clone

import clearprop as cp
from clearprop.training.watching.logs.existing import numbered

TEXT = [cp.CSVLog, cp.JSONLinesLog]


def an_epoch(number, loss=0.5):
    return cp.Epoch(number, 2 * number, loss, None, {}, {}, 0.1, cp.Network([1, 1]))


def lines(path):
    rows = Path(path).read_text().splitlines()
    return [row for row in rows if not row.startswith("epoch")]


@pytest.mark.parametrize("kind", TEXT)
class TestNumbers:
    def test_each_run_has_a_file(self, tmp_path, kind):
        path = tmp_path / "run.log"
        for _ in range(2):  # by two logs, each of two runs
            log = kind(path, if_exists="number")
            for number in (1, 2, 1, 2, 3):
                log(an_epoch(number))
        names = ["run.log", "run-2.log", "run-3.log", "run-4.log"]
        assert [len(lines(tmp_path / name)) for name in names] == [2, 3, 2, 3]
        assert log.written == tmp_path / "run-4.log"
        assert log.path == path
        assert len(list(tmp_path.iterdir())) == 4

    def test_a_file_that_stands_there_stays_as_it_was(self, tmp_path, kind):
        (tmp_path / "run.log").write_text("precious")
        kind(tmp_path / "run.log", if_exists="number")(an_epoch(1))
        assert (tmp_path / "run.log").read_text() == "precious"
        assert len(lines(tmp_path / "run-2.log")) == 1

    def test_there_may_be_many(self, tmp_path, kind):
        for number in range(1, 1500):
            numbered(tmp_path / "run.log", number).touch()
        log = kind(tmp_path / "run.log", if_exists="number")
        log(an_epoch(1))
        assert log.written.name == "run-1500.log"

    def test_a_resumed_run_writes_no_epoch_twice(self, tmp_path, kind):
        log = kind(tmp_path / "run.log", if_exists="number")
        for number in (1, 2, 3, 2, 3, 4):
            log(an_epoch(number))
        assert len(lines(tmp_path / "run.log")) == 4
        assert len(list(tmp_path.iterdir())) == 1

    def test_it_travels(self, tmp_path, kind):
        kind(tmp_path / "run.log")(an_epoch(1))
        log = kind(tmp_path / "run.log", if_exists="number")
        log(an_epoch(1))
        back = pickle.loads(pickle.dumps(log))
        back(an_epoch(2))
        assert len(lines(tmp_path / "run-2.log")) == 2

    def test_what_cannot_be_written_is_one_line(self, tmp_path, kind):
        log = kind(tmp_path / "run.log", if_exists="number")
        log.path = tmp_path / "nowhere" / "run.log"
        with pytest.raises(cp.FileWriteError, match="could not write .*run.log: No such file"):
            log(an_epoch(1))


@pytest.mark.parametrize("kind", TEXT)
class TestClones:
    def test_a_clone_has_written_nothing(self, tmp_path, kind):
        log = kind(tmp_path / "run.log")
        log(an_epoch(1))
        log(an_epoch(2))
        for other in (clone(log, safe=False), clone([log], safe=False)[0]):
            other(an_epoch(1))
            assert lines(other.written) == lines(log.written)[:1]
            assert other.written != log.written
        log(an_epoch(3))
        assert len(lines(log.written)) == 3

    @pytest.mark.parametrize(("choice", "left"), [("append", 4), ("replace", 2)])
    def test_other_choices_stay(self, tmp_path, kind, choice, left):
        log = kind(tmp_path / "run.log", if_exists=choice)
        for _ in range(2):
            other = clone(log, safe=False)
            other(an_epoch(1))
            other(an_epoch(2))
        assert len(lines(tmp_path / "run.log")) == left


class TestTensorBoard:
    @pytest.fixture(autouse=True)
    def needs(self):
        pytest.importorskip("tensorboardX")

    def test_each_run_has_a_folder(self, tmp_path):
        folder = tmp_path / "runs" / "wide"
        for _ in range(2):
            log = cp.TensorBoardLog(folder, if_exists="number")
            for number in (1, 2, 1):
                log(an_epoch(number))
        assert sorted(found.name for found in folder.parent.iterdir()) == [
            "wide", "wide-2", "wide-3", "wide-4",
        ]  # fmt: skip
        for found in folder.parent.iterdir():
            assert len(list((found / "training").iterdir())) == 1
        assert log.written.name == "wide-4"

    def test_clones(self, tmp_path):
        log = cp.TensorBoardLog(tmp_path / "wide")
        log(an_epoch(1))
        other = clone(log, safe=False)
        other(an_epoch(1))
        assert (log.written.name, other.written.name) == ("wide", "wide-2")

    def test_event_files_that_came_since_are_refused(self, tmp_path):
        log, other = (cp.TensorBoardLog(tmp_path) for _ in range(2))
        log(an_epoch(1))
        with pytest.raises(cp.FileWriteError, match="has event files already"):
            other(an_epoch(1))
        log(an_epoch(2))

    def test_a_folder_that_cannot_be_made_is_one_line(self, tmp_path):
        (tmp_path / "file").write_text("")
        log = cp.TensorBoardLog(tmp_path / "file" / "below", if_exists="number")
        with pytest.raises(cp.FileWriteError, match="could not write into .*: Not a directory"):
            log(an_epoch(1))


def test_names():
    assert numbered("a/run.tar.gz", 3) == Path("a/run.tar-3.gz")
    assert numbered("run", 2) == Path("run-2")
    assert numbered("run.csv", 1) == Path("run.csv")
