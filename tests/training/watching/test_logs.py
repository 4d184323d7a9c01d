"""Logs: read back by those who will read them, while the run goes on, after a kill, on resume."""

from __future__ import annotations

import csv
import json
import math
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas
import polars
import pytest

import clearprop as cp
from watched_runs import NAMES, X, Y, small_network

TEXT = [cp.CSVLog, cp.JSONLinesLog]


def run(log, epochs=5, **settings):
    network = small_network()
    given = {"validation": 0.25, "metrics": ["accuracy"]} | settings
    return cp.train(network, X, Y, epochs=epochs, callbacks=[log], progress=False, **given)


def an_epoch(number, loss=0.5, **metrics):
    return cp.Epoch(number, 2 * number, loss, None, metrics, {}, 0.1, cp.Network([1, 1]))


def read(path) -> list[dict[str, float]]:
    """Every line of a log in text, as a dictionary of numbers."""
    text = Path(path).read_bytes().decode()
    if text.startswith("{"):
        return [json.loads(line) for line in text.splitlines()]
    return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(text.splitlines())]


@pytest.mark.parametrize("kind", TEXT)
def test_every_figure_is_read_back_as_it_was(tmp_path, kind):
    history = run(kind(tmp_path / "log"))
    rows = read(tmp_path / "log")
    assert rows == [epoch.row() for epoch in history.epochs]
    assert [list(row) for row in rows] == [NAMES] * 5


def test_data_frame_libraries_read_them(tmp_path):
    history = run(cp.CSVLog(tmp_path / "log.csv"))
    run(cp.JSONLinesLog(tmp_path / "log.jsonl"))
    for table in (
        pandas.read_csv(tmp_path / "log.csv"),
        pandas.read_json(tmp_path / "log.jsonl", lines=True),
        polars.read_csv(tmp_path / "log.csv"),
        polars.read_ndjson(tmp_path / "log.jsonl"),
    ):
        assert list(table.columns) == NAMES
        np.testing.assert_allclose(table["loss"].to_numpy(), history.loss, rtol=1e-9)
        assert table["epoch"].to_numpy().tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("kind", TEXT)
def test_an_epoch_can_be_read_as_soon_as_it_is_over(tmp_path, kind):
    seen = []
    network = cp.Network([2, 3], output="softmax")
    callbacks = [kind(tmp_path / "log"), lambda _: seen.append(len(read(tmp_path / "log")))]
    cp.train(network, X, Y, epochs=4, callbacks=callbacks, progress=False)
    assert seen == [1, 2, 3, 4]


@pytest.mark.parametrize("kind", [*TEXT, cp.TensorBoardLog])
def test_a_log_stays_where_it_is_when_the_process_goes_elsewhere(kind, monkeypatch, tmp_path):
    for name in ("here", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    log = kind("log")
    monkeypatch.chdir(tmp_path / "elsewhere")
    run(log)
    assert log.written == tmp_path / "here" / "log"
    assert log.written.exists()
    assert not list((tmp_path / "elsewhere").iterdir())


KILLED = """
import os, signal, sys, numpy as np, clearprop as cp
X, Y = np.random.default_rng(0).random((40, 2)), np.arange(40) % 3
log = getattr(cp, sys.argv[1])(sys.argv[2])
def kill(epoch):
    if epoch.epoch == 3:
        os.kill(os.getpid(), signal.SIGKILL)
cp.train(cp.Network([2, 3], output="softmax"), X, Y, epochs=9, validation=0.2, callbacks=[log, kill])
"""


def killed(kind, path):
    done = subprocess.run([sys.executable, "-c", KILLED, kind, str(path)], capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
@pytest.mark.parametrize("kind", ["CSVLog", "JSONLinesLog"])
def test_a_kill_loses_no_epoch_that_is_over(tmp_path, kind):
    killed(kind, tmp_path / "log")
    assert [row["epoch"] for row in read(tmp_path / "log")] == [1, 2, 3]


@pytest.mark.parametrize("kind", TEXT)
def test_a_file_that_stands_there_is_refused_before_any_work(tmp_path, kind):
    path = tmp_path / "log"
    path.write_text("precious")
    with pytest.raises(cp.FileWriteError, match=r"log exists already: .* if_exists='append', 'r"):
        kind(path)
    assert path.read_text() == "precious"
    with pytest.raises(cp.ArgumentError, match="if_exists is 'yes'; it must be 'fail', 'append'"):
        kind(path, if_exists="yes")
    with pytest.raises(cp.FileWriteError, match="no folder"):
        kind(tmp_path / "nowhere" / "log")
    with pytest.raises(cp.FileWriteError, match="no name for a file"):
        kind(tmp_path)


@pytest.mark.parametrize("kind", TEXT)
def test_a_file_that_came_since_is_not_written_into(tmp_path, kind):
    log = kind(tmp_path / "log")
    (tmp_path / "log").write_text("precious")
    with pytest.raises(cp.FileWriteError, match="exists already"):
        log(an_epoch(1))
    assert (tmp_path / "log").read_text() == "precious"


@pytest.mark.parametrize("kind", TEXT)
def test_making_a_log_leaves_no_file(tmp_path, kind):
    kind(tmp_path / "log")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", TEXT)
def test_replace_keeps_the_old_file_until_there_is_something_new(tmp_path, kind):
    run(kind(tmp_path / "log"), epochs=3)
    before = (tmp_path / "log").read_bytes()
    log = kind(tmp_path / "log", if_exists="replace")
    assert (tmp_path / "log").read_bytes() == before
    run(log, epochs=2)
    assert [row["epoch"] for row in read(tmp_path / "log")] == [1, 2]


@pytest.mark.parametrize("kind", TEXT)
@pytest.mark.parametrize("again", [False, True])
def test_append_goes_on_below(tmp_path, kind, again):
    log = kind(tmp_path / "log")
    run(log, epochs=3)
    run(log if again else kind(tmp_path / "log", if_exists="append"), epochs=2)
    assert [row["epoch"] for row in read(tmp_path / "log")] == [1, 2, 3, 1, 2]


@pytest.mark.parametrize("kind", TEXT)
@pytest.mark.parametrize("torn", ["", '{"epoch": 8, "lo', "8,0.2"])
def test_a_resumed_run_writes_no_epoch_twice(tmp_path, kind, torn):
    path = tmp_path / "log"
    first = kind(path)
    for number in (1, 2, 3, 4, 5, 6, 7):
        first(an_epoch(number, loss=1.0))
    with path.open("a") as file:
        file.write(torn)
    second = kind(path, if_exists="append")
    for number in (6, 7, 8):
        second(an_epoch(number, loss=2.0))
    rows = read(path)
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [row["loss"] for row in rows] == [1.0] * 5 + [2.0] * 3
    assert [file.name for file in tmp_path.iterdir()] == ["log"]


@pytest.mark.parametrize("kind", TEXT)
def test_a_resumed_run_leaves_older_runs_alone(tmp_path, kind):
    log = kind(tmp_path / "log")
    for number in (1, 2, 3, 4, 1, 2, 3):
        log(an_epoch(number))
    kind(tmp_path / "log", if_exists="append")(an_epoch(2))
    assert [row["epoch"] for row in read(tmp_path / "log")] == [1, 2, 3, 4, 1, 2]


@pytest.mark.parametrize("kind", TEXT)
@pytest.mark.parametrize("content", [b"", b"epoch,lo", b'{"ep'])
def test_append_to_no_file_or_to_less_than_a_line(tmp_path, kind, content):
    path = tmp_path / "log"
    if content:
        path.write_bytes(content)
    log = kind(path, if_exists="append")
    log(an_epoch(4))
    path.unlink()
    log(an_epoch(5))
    log(an_epoch(6))
    assert [row["epoch"] for row in read(path)] == [5, 6]


def test_what_is_no_such_log_is_not_appended_to(tmp_path):
    path = tmp_path / "log"
    cp.CSVLog(path)(an_epoch(1))
    before = path.read_bytes()
    with pytest.raises(cp.FileWriteError, match=r"begins with 'epoch,loss,.* with 'epoch,loss,r2"):
        cp.CSVLog(path, if_exists="append")(an_epoch(2, r2=0.5))
    with pytest.raises(cp.FileWriteError, match="line 2 is none of this kind"):
        cp.JSONLinesLog(path, if_exists="append")(an_epoch(2))
    path.write_text('["epoch"]\n')
    with pytest.raises(cp.FileWriteError, match="line 1 is none of this kind"):
        cp.JSONLinesLog(path, if_exists="append")(an_epoch(2))
    path.write_bytes(before.partition(b"\n")[0] + b"\n\xff\xfe,1\n")
    with pytest.raises(cp.FileWriteError, match="line 2 is none of this kind"):
        cp.CSVLog(path, if_exists="append")(an_epoch(2))


def test_figures_that_are_not_finite(tmp_path):
    for kind in TEXT:
        log = kind(tmp_path / kind.__name__)
        log(an_epoch(1, odd=math.nan))
        log(an_epoch(2, odd=-math.inf))
    assert [row["odd"] for row in read(tmp_path / "JSONLinesLog")] == [None, None]
    table = pandas.read_csv(tmp_path / "CSVLog")
    np.testing.assert_array_equal(table["odd"], [math.nan, -math.inf])
    table = polars.read_csv(tmp_path / "CSVLog")
    np.testing.assert_array_equal(table["odd"].to_numpy(), [math.nan, -math.inf])


def test_names_of_metrics_are_quoted(tmp_path):
    def odd(y, output):
        return 1.0

    odd.__name__ = 'a,"b"\nc ü'
    for kind in TEXT:
        run(kind(tmp_path / kind.__name__), metrics=[odd], validation=None)
    with (tmp_path / "CSVLog").open(newline="", encoding="utf-8") as file:
        assert odd.__name__ in next(csv.reader(file))
    assert read(tmp_path / "JSONLinesLog")[0][odd.__name__] == 1.0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_full_disk_is_one_line(tmp_path):
    log = cp.CSVLog(tmp_path / "log")
    log(an_epoch(1))
    log.path = "/dev/full"
    with pytest.raises(cp.FileWriteError, match="could not write /dev/full: No space left"):
        log(an_epoch(2))


@pytest.mark.parametrize("kind", TEXT)
def test_logs_know_their_names_and_travel(tmp_path, kind):
    log = kind(str(tmp_path / "log"))
    assert repr(log) == f"{kind.__name__}(path={str(tmp_path / 'log')!r}, if_exists='fail')"
    log(an_epoch(1))
    pickle.loads(pickle.dumps(log))(an_epoch(2))
    assert [row["epoch"] for row in read(tmp_path / "log")] == [1, 2]


# TensorBoard.


def scalars(folder) -> dict[str, list[tuple[int, float]]]:
    """Every scalar that TensorBoard's own reader finds, as "run/tag": [(step, value), ...]."""
    multiplexer = pytest.importorskip(
        "tensorboard.backend.event_processing.plugin_event_multiplexer"
    )
    reader = multiplexer.EventMultiplexer().AddRunsFromDirectory(str(folder)).Reload()
    return {
        f"{run}/{tag}": [(e.step, e.tensor_proto.float_val[0]) for e in reader.Tensors(run, tag)]
        for run, found in reader.Runs().items()
        for tag in found["tensors"]
        if reader.SummaryMetadata(run, tag).plugin_data.plugin_name == "scalars"
    }


@pytest.fixture
def tensorboard():
    pytest.importorskip("tensorboardX")
    pytest.importorskip("tensorboard")


@pytest.mark.usefixtures("tensorboard")
def test_tensorboard_reads_every_figure(tmp_path):
    history = run(cp.TensorBoardLog(tmp_path / "runs" / "a"))
    found = scalars(tmp_path / "runs")
    expected = {
        "a/training/loss": history.loss,
        "a/validation/loss": history.validation_loss,
        "a/training/accuracy": history.metrics["accuracy"],
        "a/validation/accuracy": history.validation_metrics["accuracy"],
    }
    assert set(found) == set(expected)
    for name, values in expected.items():
        assert [step for step, _ in found[name]] == [1, 2, 3, 4, 5]
        np.testing.assert_array_equal([value for _, value in found[name]], np.float32(values))


@pytest.mark.usefixtures("tensorboard")
def test_tensorboard_follows_a_run_and_one_without_validation(tmp_path):
    seen = []
    callbacks = [
        cp.TensorBoardLog(tmp_path),
        lambda _: seen.append({k: len(v) for k, v in scalars(tmp_path).items()}),
    ]
    network = cp.Network([2, 3], output="softmax")
    cp.train(network, X, Y, epochs=3, callbacks=callbacks, progress=False)
    assert seen == [{"training/loss": n} for n in (1, 2, 3)]
    assert [p.name for p in tmp_path.iterdir()] == ["training"]


@pytest.mark.usefixtures("tensorboard")
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX's")
def test_a_kill_loses_no_event_and_a_resumed_run_shows_no_epoch_twice(tmp_path):
    killed("TensorBoardLog", tmp_path)
    assert [step for step, _ in scalars(tmp_path)["validation/loss"]] == [1, 2, 3]
    log = cp.TensorBoardLog(tmp_path, if_exists="append")
    for number in (3, 4):
        log(an_epoch(number, loss=7.0))
    training = scalars(tmp_path)["training/loss"]
    assert [step for step, _ in training] == [1, 2, 3, 4]
    assert [value for _, value in training[2:]] == [7.0, 7.0]


@pytest.mark.usefixtures("tensorboard")
def test_a_second_run_with_the_same_log_is_the_one_shown(tmp_path):
    log = cp.TensorBoardLog(tmp_path)
    for number in (1, 2, 3, 1, 2):
        log(an_epoch(number, loss=float(number)))
    assert scalars(tmp_path)["training/loss"] == [(1, 1.0), (2, 2.0)]


@pytest.mark.usefixtures("tensorboard")
def test_histograms_of_the_parameters(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run(cp.TensorBoardLog(tmp_path, histograms=2))
    reader = EventAccumulator(str(tmp_path / "training"), size_guidance={"histograms": 0})
    reader.Reload()
    tags = reader.Tags()["histograms"]
    assert tags == ["W1", "b1", "W2", "b2"]
    for tag, size in zip(tags, (12, 6, 18, 3), strict=True):
        found = reader.Histograms(tag)
        assert [event.step for event in found] == [2, 4]
        assert [event.histogram_value.num for event in found] == [size, size]


@pytest.mark.usefixtures("tensorboard")
def test_event_files_that_stand_there(tmp_path):
    run(cp.TensorBoardLog(tmp_path))
    (tmp_path / "training" / "note.txt").write_text("precious")
    with pytest.raises(cp.FileWriteError, match="has event files already: choose another name"):
        cp.TensorBoardLog(tmp_path)
    before = scalars(tmp_path)
    log = cp.TensorBoardLog(tmp_path, if_exists="replace")
    assert scalars(tmp_path) == before
    log(an_epoch(1, loss=3.0))
    assert scalars(tmp_path) == {"training/loss": [(1, 3.0)]}
    assert (tmp_path / "training" / "note.txt").read_text() == "precious"


@pytest.mark.usefixtures("tensorboard")
def test_what_tensorboard_logs_refuse(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(cp.FileWriteError, match="is a file, not a folder"):
        cp.TensorBoardLog(tmp_path / "file")
    with pytest.raises(cp.FileWriteError, match="could not write into .*: Not a directory"):
        cp.TensorBoardLog(tmp_path / "file" / "below")(an_epoch(1))
    with pytest.raises(cp.ArgumentError, match="histograms is -1"):
        cp.TensorBoardLog(tmp_path, histograms=-1)
    with pytest.raises(cp.ArgumentError, match="if_exists is None"):
        cp.TensorBoardLog(tmp_path, if_exists=None)


def test_without_tensorboardx_one_line_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(cp.MissingExtraError, match=r'pip install "clearprop\[tensorboard\]"'):
        cp.TensorBoardLog(tmp_path)


class TestACrash:
    """What a crash, or a disk that fails, left of a log that a run goes on with."""

    @pytest.mark.parametrize("kind", TEXT)
    @pytest.mark.parametrize("name", ["__call__", "after_resume"])
    def test_a_log_that_cannot_be_read_is_an_error_of_ours(self, tmp_path, monkeypatch, kind, name):
        run(kind(tmp_path / "log"))
        before = (tmp_path / "log").read_bytes()

        def fail(path):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(Path, "read_bytes", fail)
        log = kind(tmp_path / "log", if_exists="append")
        epochs = {"__call__": an_epoch(3), "after_resume": [an_epoch(1)]}
        with pytest.raises(cp.FileWriteError, match="as it cannot be read: Input/output error"):
            getattr(log, name)(epochs[name])
        monkeypatch.undo()
        assert (tmp_path / "log").read_bytes() == before

    def test_nor_can_event_files(self, tmp_path, monkeypatch):
        run(cp.TensorBoardLog(tmp_path))

        def fail(path):
            raise OSError(5, "Input/output error")

        monkeypatch.setattr(Path, "read_bytes", fail)
        with pytest.raises(cp.FileWriteError, match="as it cannot be read: Input/output error"):
            cp.TensorBoardLog(tmp_path, if_exists="append").after_resume([an_epoch(1)])

    @pytest.mark.parametrize("left", [b"", bytes(64), b"\7" * 64])
    def test_event_files_count_up_to_what_is_torn(self, tmp_path, left):
        history = run(cp.TensorBoardLog(tmp_path), epochs=3)
        for file in tmp_path.rglob("events*"):
            whole = file.read_bytes()
            file.write_bytes(whole[:-9] + left)  # of the last epoch
        cp.TensorBoardLog(tmp_path, if_exists="append").after_resume(list(history.epochs))
        newest = max((tmp_path / "training").glob("events*"), key=lambda file: file.name)
        from tensorboardX.proto.event_pb2 import Event

        from clearprop.training.watching.logs.tensorboard_log import _records

        steps = {Event.FromString(data).step for data in _records(newest.read_bytes())}
        assert steps == {0, 3}
