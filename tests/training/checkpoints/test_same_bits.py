"""A run that is cut anywhere and goes on in another network ends with the same bits."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import clearprop as cp
from clearprop.files import model_file
from kept_runs import EPOCH_BATCHES, CutError, Decay, N, arguments, begin, cut_after, outcome

RULES = {
    "sgd": cp.SGD(0.05),
    "momentum": cp.SGD(0.05, momentum=0.9),
    "nesterov": cp.SGD(cp.cosine(0.05), momentum=0.9, nesterov=True, shrink=0.999),
    "momentum by schedule": cp.SGD(0.05, momentum=cp.constant(0.5)),
    "adam": cp.Adam(cp.exponential(0.02, 0.99)),
    "adamw": cp.AdamW(cp.warmup_cosine(0.01, 5), decay=0.1),
    "rmsprop": cp.RMSprop(cp.step(0.005, 10)),
    "rmsprop with momentum": cp.RMSprop(cp.inverse_scaling(0.005), momentum=0.5),
    "rprop": cp.RProp(0.005),
    "one's own": Decay(),
}
some_weights = np.zeros(N)
some_weights[[0, 3, 20]] = 1, 0.5, 2


def spread(y, output):
    return float(output.std())


SETTINGS = {
    "nothing else": {},
    "dropout and shards": {"dropout": 0.3, "shards": 3, "l2": 1e-3},
    "without shuffling": {"shuffle": False, "shards": 2},
    "batches without weight": {"sample_weight": some_weights},
    "frozen and shared": {"frozen": ["b1[0]"], "shared": [("b1[2]", "b1[3]")]},
    "validation and metrics": {"validation": 0.3, "metrics": ["accuracy", spread]},
    "early stopping": {"validation": 0.3, "early_stopping": 2, "optimizer": cp.SGD(1.0)},
    "one's best loss": {"early_stopping": cp.EarlyStopping(1, "loss", 0.5)},
    "validation with weights": {
        "validation": (np.eye(4), [0, 1, 2, 0], [1, 2, 3, 0.5]), "metrics": "accuracy",
    },
    "float64 of a float32 network": {"precision": "float64", "metrics": "accuracy"},
    "float32 of a float64 network": {"dtype": "float64", "precision": "float32"},
    "the best of a float32 network in float64": {"precision": "float64", "early_stopping": 9},
    "the best of a float64 network in float32": {
        "dtype": "float64", "precision": "float32", "early_stopping": 9,
    },
    "the best of a long double network": {
        "dtype": "longdouble", "precision": "float64", "early_stopping": 9,
    },
    "float64": {"dtype": "float64"},
    "weights of few digits": {"sample_weight": np.arange(1, N + 1) * 5e-324},
    "the full batch": {"batch_size": None, "epochs": 60},
    "online": {"batch_size": 1},
    "another loss": {"loss": "cross_entropy", "threads": 2},
}  # fmt: skip


def goes_on(monkeypatch, folder, places, **run):
    """CutError a run at each place, each time going on in another network; return the end of the last.

    The first weights of the others are other ones: a checkpoint's replace them.
    """
    whole = outcome(*begin(**run))
    for first, place in enumerate(places, 7):
        with monkeypatch.context() as patch:
            cut_after(patch, place)
            try:
                begin(**run, first=first, checkpoint=folder, checkpoint_every="5 steps",
                      resume=first > 7)  # fmt: skip
            except CutError:
                continue
            break  # it had stopped before
    assert outcome(*begin(**run, first=99, checkpoint=folder, resume=True)) == whole
    assert outcome(*begin(**run, first=98, checkpoint=folder, resume=True)) == whole  # finished


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("name", RULES)
def test_each_optimizer(name, engine, monkeypatch, tmp_path):
    goes_on(monkeypatch, tmp_path, [8, 24, 61], optimizer=RULES[name], engine=engine, dropout=0.2)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("name", SETTINGS)
def test_each_setting(name, engine, monkeypatch, tmp_path):
    goes_on(monkeypatch, tmp_path, [11, 45], engine=engine, **SETTINGS[name])


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize(
    "place",
    [0, 1, EPOCH_BATCHES - 1, EPOCH_BATCHES, EPOCH_BATCHES + 1, 5 * EPOCH_BATCHES - 1],
)
def test_each_place(place, engine, monkeypatch, tmp_path):
    run = {"validation": (np.eye(4), [0, 1, 2, 0]), "dropout": 0.2, "checkpoint_every": "1 step"}
    whole = outcome(*begin(engine=engine, **run, checkpoint=tmp_path / "whole"))
    cut_after(monkeypatch, place)
    folder = tmp_path / "kept"
    with pytest.raises(CutError):
        begin(engine=engine, **run, checkpoint=folder)
    newest = max(folder.glob("*.safetensors"))
    header = model_file.read_header(newest, "checkpoint")
    assert (header["batches"], header["epoch"]) == (place, place // EPOCH_BATCHES)
    monkeypatch.undo()
    assert outcome(*begin(engine=engine, **run, checkpoint=folder, resume=True, first=0)) == whole
    one, other = (arrays_of(max(f.glob("*.safetensors"))) for f in (folder, tmp_path / "whole"))
    assert {"parameters", "state.m", "state.v", "epochs.validation_loss"} < one.keys()
    assert one == other


def arrays_of(path):
    with model_file.opened(path, "checkpoint") as file:
        arrays = file.arrays()
    return {name: one.tobytes() for name, one in arrays.items() if "seconds" not in name}


def test_what_the_settings_mean_to_cover_is_covered():
    assert begin(**SETTINGS["early stopping"])[1].stopped == "early stopping"
    assert begin(**SETTINGS["one's best loss"])[1].stopped == "early stopping"
    _, history = begin(**SETTINGS["batches without weight"])
    assert history.epochs[-1].updates < 5 * EPOCH_BATCHES


def test_seconds_go_on(monkeypatch, tmp_path):
    cut_after(monkeypatch, 30)
    with pytest.raises(CutError):
        begin(checkpoint=tmp_path, checkpoint_every=1)
    monkeypatch.undo()
    _, history = begin(checkpoint=tmp_path, resume=True)
    seconds = [epoch.seconds for epoch in history.epochs]
    assert seconds == sorted(seconds)
    _, again = begin(checkpoint=tmp_path, resume=True)
    assert [epoch.seconds for epoch in again.epochs] == seconds


def test_between_looks_a_callback_has_the_parameters_of_the_last_one(monkeypatch, tmp_path):
    """As in the run that was cut; those of the checkpoint are of batches that nobody looked at."""

    class Noted:
        def __call__(self, epoch):
            self.network, self.last = epoch.network, epoch.network.parameters.copy()

        def after_resume(self, epochs):
            (self.found,) = {one.network.parameters.tobytes() for one in epochs}

    before, after = Noted(), Noted()
    with monkeypatch.context() as patch:
        cut_after(patch, 2 * EPOCH_BATCHES + 3)
        with pytest.raises(CutError):
            begin(checkpoint=tmp_path, checkpoint_every="1 step", callbacks=before)
    begin(checkpoint=tmp_path, resume=True, callbacks=after, first=1)
    assert after.found == before.last.tobytes()
    kept = arrays_of(tmp_path / f"checkpoint-{5 * EPOCH_BATCHES:012}.safetensors")
    assert kept["seen"] == after.last.tobytes()


def test_a_callback_s_changes_are_kept(monkeypatch, tmp_path):
    def halve(epoch):
        if epoch.epoch == 2:
            epoch.network.parameters[:] *= 0.5

    run = {"callbacks": [halve], "precision": "float64"}
    goes_on(monkeypatch, tmp_path, [30, 50], **run)


def test_a_new_process_goes_on_with_the_other_number_of_threads(tmp_path):
    given = arguments(epochs=6, dropout=0.2, validation=0.2, early_stopping=3)
    np.savez(tmp_path / "data.npz", X=given["X"], y=given["y"])
    script = """if True:
        import sys, numpy as np, clearprop as cp
        data = np.load(sys.argv[1] + "/data.npz")
        network = cp.Network([4, 6, 3], activations="tanh", output="softmax", seed=7)
        def end(epoch):
            if sys.argv[2] == "kill" and epoch.epoch == 4:
                import os, signal
                os.kill(os.getpid(), signal.SIGKILL)
        history = cp.train(
            network, data["X"], data["y"], batch_size=3, epochs=6, seed=3, dropout=0.2,
            validation=0.2, early_stopping=3, progress=False, callbacks=end,
            checkpoint=sys.argv[1] + "/kept", checkpoint_every="4 steps", resume=True,
            threads=int(sys.argv[3]),
        )
        print(network.parameters.tobytes().hex(), history.loss, history.stopped)
    """

    def run(how, threads):
        return subprocess.run(
            [sys.executable, "-c", script, tmp_path, how, threads],
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    assert run("kill", "1").returncode == -9
    network, history = begin(**{**given, "callbacks": None})
    ended = run("end", "2").stdout.split()
    assert ended[0] == network.parameters.tobytes().hex()
    assert " ".join(ended[1:]) == f"{history.loss} {history.stopped}"
