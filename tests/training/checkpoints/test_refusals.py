"""What is no run, or another run, is refused in one line that names it; nothing is changed."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

import clearprop as cp
from clearprop.training.checkpoints.identity import differences
from clearprop.training.streamed_rows import SHA
from kept_runs import CutError, Decay, N, arguments, begin, cut_after, outcome


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The folder of a run that was cut in its third epoch of five."""
    with monkeypatch.context() as patch:
        cut_after(patch, 30)
        with pytest.raises(CutError):
            begin(checkpoint=tmp_path, checkpoint_every="1 step")
    return tmp_path


def listing(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


GIVEN = arguments()
OTHER_X = GIVEN["X"].copy()
OTHER_X[40, 3] = np.nextafter(np.float32(OTHER_X[40, 3]), np.float32(9))
OTHER_Y = GIVEN["y"].copy()
OTHER_Y[0] = (OTHER_Y[0] + 1) % 3


def made_up_schedule(t, total):
    return 0.01


DIFFERENT = {
    "batch_size": ({"batch_size": 4}, "batch_size is 4, the run has 3"),
    "seed": ({"seed": 4}, "seed is 4, the run has 3"),
    "shuffle": ({"shuffle": False}, "shuffle is False, the run has True"),
    "l2": ({"l2": 0.1}, "l2 is 0.1, the run has 0"),
    "dropout": ({"dropout": 0.5}, "dropout is 0.5, the run has 0"),
    "shards": ({"shards": 2}, "shards is 2, the run has 1"),
    "rate": ({"optimizer": cp.Adam(0.01)}, "optimizer is Adam(learning_rate=0.01, beta1=0.9"),
    "schedule": (
        {"optimizer": cp.Adam(made_up_schedule)},
        "optimizer is Adam(learning_rate=test_refusals.made_up_schedule",
    ),
    "own optimizer": ({"optimizer": Decay()}, "optimizer is kept_runs.Decay(), the run has Adam("),
    "frozen": ({"frozen": ["b1[0]"]}, "frozen is (b1[0]), the run has ()"),
    "shared": ({"shared": [("b1[0]", "b1[1]")]}, "shared is ((b1[0], b1[1])), the run has ()"),
    "metrics": ({"metrics": ["accuracy"]}, "metrics is (accuracy), the run has ()"),
    "early stopping": (
        {"early_stopping": 3},
        "early_stopping is EarlyStopping(patience=3, monitor=None, min_delta=0, mode=None), "
        "the run has None",
    ),
    "precision": ({"precision": "float64"}, "precision is float64, the run has float32"),
    "dtype": ({"dtype": "float64", "precision": "float32"}, "network's dtype is float64, the run"),
    "engine": ({"engine": "reference"}, "engine is reference, the run has compiled"),
    "X": ({"X": OTHER_X}, "another: X holds other numbers: give"),
    "y": ({"y": OTHER_Y}, "another: y holds other numbers: give"),
    "rows": (
        {"X": GIVEN["X"][1:], "y": GIVEN["y"][1:]},
        "X has shape (40, 4), the run's has (41, 4); y has shape (40), the run's has (41)",
    ),
    "weights": ({"sample_weight": np.ones(N)}, "sample_weight is given, the run has none"),
    "validation": (
        {"validation": (GIVEN["X"], GIVEN["y"])},
        "validation X is given, the run has none; validation y is given, the run has none",
    ),
    "all at once": (
        {"batch_size": 5, "X": OTHER_X, "seed": 9},
        "batch_size is 5, the run has 3; seed is 9, the run has 3; X holds other numbers: give",
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_another_run_is_refused_by_name(name, kept):
    changed, said = DIFFERENT[name]
    before, given = listing(kept), arguments(**changed)
    network = cp.Network(
        [4, 6, 3], activations="tanh", output="softmax", seed=1, dtype=given.pop("dtype", "float32")
    )
    parameters = network.parameters.copy()
    with pytest.raises(cp.CheckpointMismatchError) as caught:
        cp.train(network, given.pop("X"), given.pop("y"), **given, checkpoint=kept, resume=True)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert isinstance(caught.value, cp.ArgumentError)
    assert np.array_equal(network.parameters, parameters)
    assert listing(kept) == before


def test_another_topology_is_refused(kept):
    given = arguments(checkpoint=kept, resume=True)
    X, y = given.pop("X"), given.pop("y")
    network = cp.Network([4, 5, 3], activations=["relu", "softmax"], biases=False)
    with pytest.raises(cp.CheckpointMismatchError) as caught:
        cp.train(network, X, y, **given)
    assert (
        "the network is 4-5-3, the run has 4-6-3; biases is False, the run has True; activations "
        "is (relu, softmax), the run has (tanh, softmax)"
    ) in str(caught.value)


def a_stream(shape=(9, 2), **parts):
    return {"settings": {}, "data": {"stream": {"shape": [*shape], "dtype": "<f4", "parts": parts}}}


def test_parts_in_which_streams_differ_are_named():
    known = {name: f"{name}{name}" for name in "abcdefg"}
    then = a_stream(**known)
    assert differences(a_stream(**known), then) == []
    for other, said in (
        ({"b": "1"}, "b (1, the run has bb)"),
        ({"h": "1"}, "h (1, the run has not set)"),
        ({"b": f"{SHA} 1", "d": "2"}, "b, d (2, the run has dd)"),
        (dict.fromkeys("abcdefg", f"{SHA} 1"), "a, b, c, d, e, and 2 more"),
        (dict.fromkeys("abcde", f"{SHA} 1"), "a, b, c, d, e"),
    ):
        assert differences(a_stream(**known | other), then) == [f"the stream differs in its {said}"]
    assert differences(a_stream((8, 2), **known), then) == [
        "stream has shape (8, 2), the run's has (9, 2)"
    ]
    assert differences(a_stream((8, 2), **known | {"b": "1"}), then) == [
        "stream has shape (8, 2), the run's has (9, 2)",
        "the stream differs in its b (1, the run has bb)",
    ]


def test_functions_of_one_s_own_go_by_their_names(tmp_path):
    def run(name, **more):
        bent = cp.Activation(name, lambda z: z, lambda z: 1.0 + 0 * z)
        network = cp.Network([4, 6, 3], activations=bent, output="softmax")
        given = arguments(engine="reference", epochs=1, **more)
        return cp.train(network, given.pop("X"), given.pop("y"), checkpoint=tmp_path, **given)

    run("bent")
    run("bent", resume=True)
    with pytest.raises(cp.CheckpointMismatchError, match="is \\(straight \\(of one's own\\), soft"):
        run("straight", resume=True)


def test_a_log_that_cannot_go_on_changes_nothing(kept, tmp_path):
    log = cp.CSVLog(tmp_path / "log.csv", if_exists="append")
    (tmp_path / "log.csv").write_text("another's\n")
    before, given = listing(kept), arguments(callbacks=log, checkpoint=kept, resume=True)
    network = cp.Network([4, 6, 3], activations="tanh", output="softmax", seed=1)
    parameters = network.parameters.copy()
    with pytest.raises(cp.FileWriteError, match="begins with .another's"):
        cp.train(network, given.pop("X"), given.pop("y"), **given)
    assert np.array_equal(network.parameters, parameters)
    assert listing(kept) == before


def test_settings_do_not_count_that_change_no_number(kept):
    whole = outcome(*begin())
    found = outcome(*begin(
        checkpoint=kept, resume=True, threads=2, callbacks=[lambda epoch: None], progress=False,
        checkpoint_every="2 epochs", first=3,
    ))  # fmt: skip
    assert found == whole


def scaled(t, total, table):
    return 0.01 * table[0]


def by_closure(rate):
    return lambda t, total: rate


class Steps:
    """A schedule that is an object."""

    def __init__(self, rates):
        self.rates = rates

    def __call__(self, t, total):
        return self.rates[0]

    def rate(self, t, total):
        return self.rates[0]


@pytest.mark.parametrize(
    "schedule",
    [
        lambda r: Steps([r, 0.1]), lambda r: Steps({"first": r, 0: r}),
        lambda r: Steps(np.array([r])), lambda r: Steps([r]).rate, lambda r: by_closure(r),
        lambda r: partial(scaled, table=[r]), lambda r: partial(scaled, table={0: r}),
        lambda r: partial(scaled, table=np.array([r])),
    ],
)  # fmt: skip
def test_what_a_schedule_of_one_s_own_was_given_is_seen(schedule, tmp_path):
    def run(rate, epochs):
        rule = cp.SGD(schedule(rate))
        return begin(optimizer=rule, epochs=epochs, checkpoint=tmp_path, resume=True)

    run(0.1, 1)
    run(0.1, 1)
    with pytest.raises(cp.CheckpointMismatchError, match="optimizer is SGD"):
        run(0.2, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"optimizer": cp.SGD(1, momentum=0)}, {"optimizer": cp.SGD(1.0, momentum=0.0)}),
        ({"optimizer": cp.SGD(np.float64(0.1))}, {"optimizer": cp.SGD(0.1)}),
        ({"optimizer": cp.SGD(partial(scaled, table=(1.0,)))},
         {"optimizer": cp.SGD(partial(scaled, table=(np.float64(1),)))}),
        ({"frozen": ["b1", "W2"]}, {"frozen": ["W2", "b1", "b1"]}),
        ({"l2": 0, "early_stopping": 3}, {"l2": 0.0, "early_stopping": cp.EarlyStopping(3, None)}),
        ({"batch_size": None}, {"batch_size": N}),
    ],
)  # fmt: skip
def test_one_run_said_in_two_ways(one, other, tmp_path):
    begin(**one, epochs=1, checkpoint=tmp_path)
    begin(**other, epochs=1, checkpoint=tmp_path, resume=True)


def test_a_folder_that_holds_a_run_is_not_begun_in(kept):
    before = listing(kept)
    with pytest.raises(
        cp.ArgumentError, match=r"holds a run already, with 2 of 5 epochs done: resu"
    ):
        begin(checkpoint=kept)
    begin(checkpoint=kept, resume=True)
    with pytest.raises(
        cp.ArgumentError, match=r"with 5 of 5 epochs done \(completed\): resume=True"
    ):
        begin(checkpoint=kept)
    for path in kept.glob("*.safetensors"):
        path.write_bytes(b"damaged")
    with pytest.raises(cp.ArgumentError, match="holds a run already: resume=True goes on from it"):
        begin(checkpoint=kept)
    assert before.keys() != listing(kept).keys()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"resume": True}, "resume=True needs checkpoint"),
        ({"checkpoint_every": 3}, "checkpoint_every=3 needs checkpoint='FOLDER'"),
        ({"checkpoint": 3}, "checkpoint is 3; it must be a text, or a pathlib.Path"),
        ({"checkpoint": ""}, "no name for a folder"),
        ({"checkpoint": "a\0b"}, "could not make the folder"),
        ({"checkpoint": __file__}, "could not make the folder .*test_refusals"),
        ({"resume": "yes"}, "resume is 'yes'; it must be True or False"),
        ({"checkpoint_every": 0}, "checkpoint_every is 0; it must be a number of epochs, or"),
        ({"checkpoint_every": 2.5}, "checkpoint_every is 2.5; it must be a number of epochs, or"),
        ({"checkpoint_every": "soon"}, "checkpoint_every is 'soon'; give a number of epochs, or"),
        ({"checkpoint_every": "0 seconds"}, "must be a number above 0"),
        ({"checkpoint_every": "1.5 steps"}, "steps are whole numbers"),
        ({"checkpoint_every": "0 steps"}, "checkpoint_every, in steps, is 0; it must be a whole"),
        ({"checkpoint_every": "0"}, "checkpoint_every, in epochs, is 0; it must be a whole"),
        ({"checkpoint_every": f"{10**18} steps"}, "checkpoint_every, in steps, is"),
        ({"checkpoint_every": f"{10**30} steps"}, "checkpoint_every, in steps, is"),
        ({"checkpoint_every": "9" * 400 + " seconds"}, "must be a finite number"),
    ],
)  # fmt: skip
def test_settings_out_of_range(given, said, tmp_path):
    alone = given in ({"resume": True}, {"checkpoint_every": 3})
    with pytest.raises(cp.ClearpropError, match=said) as caught:
        begin(**given if alone else {"checkpoint": tmp_path / "new"} | given)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_l_bfgs_has_no_checkpoints(tmp_path):
    with pytest.raises(cp.ArgumentError, match="L-BFGS cannot be taken up again: its line search"):
        begin(optimizer="lbfgs", checkpoint=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_type_that_no_file_holds(tmp_path):
    with pytest.raises(
        cp.ArgumentError, match="a checkpoint holds float32 or float64, not float128|not longd"
    ):
        begin(dtype="longdouble", engine="reference", checkpoint=tmp_path / "new")


@pytest.mark.parametrize("state", [{"t": 0}, {"t": np.array(["a"])}, {"t": np.zeros(2, "c16")}])
def test_a_state_that_no_file_holds(state, tmp_path):
    class Odd(Decay):
        def start(self, parameters):
            return dict(state)

    with pytest.raises(cp.ArgumentError, match="state 't' is .*; a checkpoint holds arrays of num"):
        begin(optimizer=Odd(), checkpoint=tmp_path, engine="reference")


def test_two_runs_do_not_write_into_one_folder(tmp_path):
    pytest.importorskip("fcntl")
    said = []

    def another(epoch):
        for resume in (True, False):
            with pytest.raises(cp.FileWriteError, match="another run writes its checkpoints into"):
                begin(checkpoint=tmp_path, resume=resume)
        script = """if True:
            import sys, clearprop as cp
            try:
                cp.train(cp.Network([1, 1]), [[1.0]], [1.0], checkpoint=sys.argv[1], resume=True)
            except cp.FileWriteError as error:
                print(error)
        """
        said.append(subprocess.check_output([sys.executable, "-c", script, tmp_path], text=True))

    begin(checkpoint=tmp_path, epochs=1, callbacks=another)
    assert said[0].startswith("another run writes its checkpoints into")
    begin(checkpoint=tmp_path, epochs=1, resume=True)  # the lock is gone with the run


def test_a_folder_that_cannot_be_written_is_told_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    epochs = []
    with pytest.raises(cp.FileWriteError, match="could not make the folder"):
        begin(checkpoint=tmp_path / "file" / "new", callbacks=epochs.append)
    if os.name == "posix" and os.geteuid() != 0:
        tmp_path.chmod(0o500)
        with pytest.raises(cp.FileWriteError, match="cannot write"):
            begin(checkpoint=tmp_path, callbacks=epochs.append)
        tmp_path.chmod(0o700)
    assert not epochs
