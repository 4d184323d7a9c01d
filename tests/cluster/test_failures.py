"""What becomes of a run when a rank is killed, stops, or fails."""

import os
import re
import time

import pytest

from clearprop.cluster.mpi import SILENCE
from clearprop.cluster.pulse import EVERY
from mpi_ranks import run

START = """
import os, signal, sys, time
import numpy as np
import clearprop as cp
from mpi_ranks import say
cluster = cp.cluster.mpi()
rng = np.random.default_rng(0)
X = rng.normal(size=(400, 6)).astype(np.float32)
y = (X[:, 0] > 0).astype(int)
network = cp.Network([6, 8, 2], "tanh", "softmax", seed=0)
settings = dict(epochs=3, batch_size=32, shards=4, cluster=cluster)
"""

ENDLESS = """
def unlucky(epoch):
    if cluster.rank == 0:
        say("begun")
    return False
class Metric:
    __name__ = "metric"
    def __call__(self, y, output):
        self.times = getattr(self, "times", 0) + 1
        if cluster.rank == 1 and self.times == 3:
            os.kill(os.getpid(), getattr(signal, SIGNAL))
        return 0.0
settings["epochs"] = 10_000_000
say(cluster.rank, "is", os.getpid())
cp.train(network, X, y, metrics=[Metric()], progress=False, **settings)
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV", "SIGSTOP"])
def test_a_rank_that_is_gone_ends_the_run_and_is_named(name, tmp_path):
    """Within ten seconds, where a machine stands still for none; `run` gives it minutes."""
    assert SILENCE + 4 * EVERY < 10
    start = START.replace("mpi()", f"mpi(silence={SILENCE})")
    ended = run(3, start + ENDLESS.replace("SIGNAL", repr(name)), tmp_path)
    assert ended.code != 0
    process = re.search(r"^1 is (\d+)", ended.out, re.MULTILINE)[1]
    [line] = [one for one in ended.err.splitlines() if one.startswith("clearprop: rank")]
    assert line.startswith(f"clearprop: rank 1 (process {process} on ")
    assert ("has given no sign of life" if name == "SIGSTOP" else "is gone") in line


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="a guard is started on Linux alone")
def test_a_run_that_ends_leaves_no_guard(tmp_path):
    program = (
        START
        + """
history = cp.train(network, X, y, **settings)
if cluster.rank == 0:
    say(*os.listdir(os.environ["TMPDIR"]))
"""
    )
    (tmp_path / "made").mkdir()
    ended = run(2, program, tmp_path, TMPDIR=str(tmp_path / "made"))
    assert (ended.code, "is gone" in ended.err) == (0, False), ended.err
    assert len(re.findall("clearprop-guard-", ended.out)) == 1
    for _ in range(600):
        if not list((tmp_path / "made").glob("clearprop-guard-*")):
            return
        time.sleep(0.1)
    pytest.fail("the guard's folder is left")


def test_a_rank_that_raises_ends_the_others_who_say_why(tmp_path):
    program = (
        START
        + """
def metric(y, output):
    if cluster.rank == 2 and len(y) == 400:
        raise RuntimeError("out of luck")
    return 0.0
try:
    cp.train(network, X, y, metrics=[metric], **settings)
except Exception as error:
    say(cluster.rank, type(error).__name__, error)
    sys.exit(1)
"""
    )
    ended = run(3, program, tmp_path)
    assert ended.code != 0
    said = sorted(line for line in ended.out.splitlines() if line and line[0] in "012")
    assert said == [
        "0 ClusterError rank 2 failed: RuntimeError: out of luck",
        "1 ClusterError rank 2 failed: RuntimeError: out of luck",
        "2 RuntimeError out of luck",
    ]
    assert "is gone" not in ended.err


def test_bad_rows_of_one_rank_are_named_by_their_place_in_all(tmp_path):
    program = (
        START
        + """
X[42, 3] = np.nan   # 42 % 4 is of shard 2: rank 1's
try:
    cp.train(network, X, y, **settings)
except cp.ClearpropError as error:
    say(cluster.rank, type(error).__name__, error)
history = cp.train(network, np.nan_to_num(X), y, **settings)   # and the program goes on
say(len(history.epochs))
"""
    )
    ended = run(2, program, tmp_path)
    assert ended.code == 0, ended.err
    text = "X at row 42, column 3 is nan; NaN and infinity are refused"
    assert sorted(ended.out.splitlines()) == [
        f"0 ClusterError rank 1: NonFiniteDataError: {text}",
        f"1 NonFiniteDataError {text}",
        "3",
        "3",
    ]


def test_a_callback_that_raises_does_so_on_rank_0_and_ends_all(tmp_path):
    program = (
        START
        + """
def callback(epoch):
    raise ValueError("no")
try:
    cp.train(network, X, y, callbacks=callback, **settings)
except Exception as error:
    say(cluster.rank, type(error).__name__, error)
"""
    )
    ended = run(2, program, tmp_path)
    assert ended.code == 0, ended.err
    assert sorted(ended.out.splitlines()) == [
        "0 ValueError no",
        "1 ClusterError rank 0: ValueError: no",
    ]


DIVERGES = """
import numpy as np, sys
import clearprop as cp
from mpi_ranks import say
cluster = cp.cluster.mpi() if sys.argv[1] == "ranks" else None
X = np.linspace(-1, 1, 60)[:, None] * np.ones((1, 4)) * 30
y = X.sum(1)
network = cp.Network([4, 6, 1], "relu", "identity", seed=0)
try:
    cp.train(network, X, y, optimizer=cp.SGD(SPEED), batch_size=8, shards=5, epochs=50,
             cluster=cluster, progress=False)
except cp.DivergenceError as error:
    say(error, error.step, error.layer, error.quantity, float(network.parameters.sum()))
"""


@pytest.mark.parametrize("speed", ["0.05", "1e30"])
def test_a_run_that_diverges_says_on_all_ranks_what_it_says_on_one(speed, tmp_path):
    program = DIVERGES.replace("SPEED", speed)
    alone = run(0, program, tmp_path, "alone")
    assert alone.out.count("\n") == 1, alone.err
    ended = run(3, program, tmp_path, "ranks")
    assert ended.code == 0, ended.err
    first, *others = ended.out.splitlines()
    assert others == [first, first]
    assert but_for_what_is_restored(first) == but_for_what_is_restored(alone.out.strip())


def but_for_what_is_restored(line):
    """Which step is restored depends on how many go into a call, and that on time measured."""
    return re.sub(r"parameters of [\w ]+ are", "parameters are", line).rpartition(" ")[0]
