"""A run that was killed goes on at another number of ranks, to the bits of one undisturbed."""

import pytest

from mpi_ranks import run

PROGRAM = """
import os, signal, sys
import numpy as np
import clearprop as cp
from mpi_cases import digest
from mpi_ranks import say
how, resume = sys.argv[1:3]
cluster = cp.cluster.mpi() if how == "ranks" else None
rng = np.random.default_rng(0)
X = rng.normal(size=(300, 5))
y = (X[:, 0] > 0).astype(int)
network = cp.Network([5, 16, 2], "tanh", "softmax", seed=0)
calls = []  # no state of the metric, of which checkpoints would hold nothing
def killer(y, output):
    calls.append(1)
    if "kill" in sys.argv and len(calls) == 5 and cluster.rank == cluster.size - 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return float(output[:, 0].mean())
history = cp.train(
    network, X, y, epochs=6, batch_size=32, shards=6, cluster=cluster, validation=0.2,
    metrics=[killer], early_stopping=50, dropout=0.1, sample_weight=rng.uniform(0.5, 2, 300),
    checkpoint="folder" if resume != "never" else None, resume=resume == "resume",
    checkpoint_every="7 steps" if resume != "never" else None, progress=False,
)
found = digest(network.parameters), digest(np.array(history.metrics["killer"])), history.stopped
lines = [found] if cluster is None else cluster.all(found)
if cluster is None or cluster.rank == 0:
    say(*found, len({str(list(line)) for line in lines}))
    with open("times", "w") as file:
        file.write(str(len(calls)))
"""


def times(folder):
    """How often the last run's metric was asked for: a run that goes on does not begin again."""
    return int((folder / "times").read_text())


@pytest.mark.parametrize(("first", "then"), [(3, 2), (2, 0), (2, 4)])
def test_a_killed_run_goes_on_at_another_number_of_ranks(first, then, tmp_path):
    undisturbed = run(0, PROGRAM, tmp_path, "alone", "never")
    assert undisturbed.out.endswith("completed 1\n"), undisturbed.err
    whole = times(tmp_path)
    killed = run(first, PROGRAM, tmp_path, "ranks", "begin", "kill")
    assert killed.code != 0
    assert len(list((tmp_path / "folder").glob("*.safetensors"))) >= 1
    resumed = run(then, PROGRAM, tmp_path, "ranks" if then else "alone", "resume")
    assert resumed.out == undisturbed.out, resumed.err
    assert 0 < times(tmp_path) < whole


def test_a_run_of_one_process_goes_on_with_ranks_and_a_second_is_refused(tmp_path):
    whole = run(0, PROGRAM, tmp_path, "alone", "begin")
    again = run(2, PROGRAM, tmp_path, "ranks", "resume")  # finished: nothing is trained
    assert again.out == whole.out, again.err
    assert times(tmp_path) == 0
    refused = run(2, PROGRAM, tmp_path, "ranks", "begin")
    assert refused.code != 0
    assert "ArgumentError" in refused.err
    assert "rank 0: ArgumentError" in refused.err
