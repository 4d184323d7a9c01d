"""Finished runs are recognized, and a run may grow where no number that is made would be another."""

from __future__ import annotations

from contextlib import suppress

import pytest

import clearprop as cp
from kept_runs import CutError, Decay, begin, cut_after, outcome


@pytest.mark.parametrize(
    "run",
    [
        {},
        {"validation": 0.3, "early_stopping": 2, "optimizer": cp.SGD(1.0)},
        {"callbacks": lambda epoch: epoch.epoch == 3},
    ],
)
def test_a_finished_run_trains_nothing(run, tmp_path, capsys):
    whole = outcome(*begin(**run, checkpoint=tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    epochs = []
    run |= {"callbacks": epochs.append, "progress": True}
    assert outcome(*begin(**run, checkpoint=tmp_path, resume=True, first=1)) == whole
    assert not epochs
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    said = capsys.readouterr().err
    done, stopped = len(whole[1]), whole[2]
    assert f"already finished: {done} of 5 epochs, {stopped}; nothing is trained\n" in said


def test_no_epochs_at_all(tmp_path):
    assert begin(epochs=0, checkpoint=tmp_path)[1].stopped == "completed"
    assert begin(epochs=0, checkpoint=tmp_path, resume=True)[1].stopped == "completed"
    assert outcome(*begin(epochs=2, checkpoint=tmp_path, resume=True)) == outcome(*begin(epochs=2))


@pytest.mark.parametrize("rate", [0.01, cp.step(0.01, 9), cp.cosine(0.01, 60), cp.constant(0.01)])
@pytest.mark.parametrize("place", [0, 30, None])
def test_epochs_may_grow_and_shrink(rate, place, monkeypatch, tmp_path):
    run = {"optimizer": cp.Adam(rate), "validation": 0.3, "early_stopping": 8}
    with monkeypatch.context() as patch:
        if place is not None:
            cut_after(patch, place)
        with suppress(CutError):
            begin(**run, checkpoint=tmp_path, checkpoint_every="1 step")
    done = 5 if place is None else 4
    for epochs in (done, 7, 9):
        found = outcome(*begin(**run, epochs=epochs, checkpoint=tmp_path, resume=True))
        if epochs == 5 or place is None or epochs > done:
            assert found == outcome(*begin(**run, epochs=epochs))
    with pytest.raises(cp.CheckpointMismatchError, match="epochs is 8, the run is in epoch 9"):
        begin(**run, epochs=8, checkpoint=tmp_path, resume=True)


def own_schedule(t, total):
    return 0.01 if t < 20 else 0.01 * t / total


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (cp.Adam(cp.cosine(0.01)), "by which the schedule of its learning_rate goes: its numbers"),
        (cp.SGD(cp.warmup_cosine(0.01, 3)), "the schedule of its learning_rate goes"),
        (cp.SGD(0.01, momentum=lambda t, total: t / total), "the schedule of its momentum goes"),
        (cp.RMSprop(own_schedule), "the schedule of its learning_rate goes"),
        (Decay(), "by which an optimizer of one's own may go"),
    ],
)
def test_a_run_whose_numbers_go_by_its_length_does_not_grow(rule, said, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        cut_after(patch, 30)
        with pytest.raises(CutError):
            begin(optimizer=rule, checkpoint=tmp_path, checkpoint_every="1 step")
    with pytest.raises(cp.CheckpointMismatchError, match=f"epochs is 6, the run has 5, .*{said}"):
        begin(optimizer=rule, epochs=6, checkpoint=tmp_path, resume=True)
    whole = outcome(*begin(optimizer=rule))
    assert outcome(*begin(optimizer=rule, checkpoint=tmp_path, resume=True)) == whole


@pytest.mark.parametrize("rule", [Decay(), cp.SGD(cp.cosine(0.05))])
def test_where_no_batch_is_done_any_run_may_grow(rule, monkeypatch, tmp_path):
    def cut(place, **run):
        with monkeypatch.context() as patch:
            cut_after(patch, place)
            with pytest.raises(CutError):
                begin(optimizer=rule, checkpoint=tmp_path, checkpoint_every="1 step", **run)

    cut(0)
    cut(2, epochs=6, resume=True)
    with pytest.raises(cp.CheckpointMismatchError, match="epochs is 7, the run has 6"):
        begin(optimizer=rule, epochs=7, checkpoint=tmp_path, resume=True)
    grown = outcome(*begin(optimizer=rule, epochs=6, checkpoint=tmp_path, resume=True))
    assert grown == outcome(*begin(optimizer=rule, epochs=6))


def test_a_schedule_whose_values_so_far_are_the_same_may_grow(monkeypatch, tmp_path):
    rule = cp.RMSprop(own_schedule)
    with monkeypatch.context() as patch:
        cut_after(patch, 15)
        with pytest.raises(CutError):
            begin(optimizer=rule, checkpoint=tmp_path, checkpoint_every="1 step")
    grown = outcome(*begin(optimizer=rule, epochs=6, checkpoint=tmp_path, resume=True))
    assert grown == outcome(*begin(optimizer=rule, epochs=6))


def test_an_interrupted_run_is_written_and_goes_on(monkeypatch, tmp_path):
    from clearprop.interruption import Interrupt

    ends = []

    def interrupt(epoch):
        if epoch.epoch == 2:
            ends[-1].requested = 2

    enter = Interrupt.__enter__

    def noted(self):
        ends.append(self)
        return enter(self)

    monkeypatch.setattr(Interrupt, "__enter__", noted)
    _, history = begin(checkpoint=tmp_path, callbacks=interrupt)
    assert (history.stopped, len(history.epochs)) == ("interrupted", 2)
    # in the same notebook, with the network that holds what was trained
    assert outcome(*begin(checkpoint=tmp_path, resume=True)) == outcome(*begin())


def test_nothing_is_written_where_a_run_diverges(tmp_path):
    run = {"optimizer": cp.SGD(1.0), "l2": 1e30}
    with pytest.raises(cp.DivergenceError):
        begin(**run, checkpoint=tmp_path)
    assert [path.stem for path in tmp_path.glob("*.safetensors")] == ["checkpoint-000000000000"]
    with pytest.raises(cp.DivergenceError):  # again, at the same place
        begin(**run, checkpoint=tmp_path, resume=True)
