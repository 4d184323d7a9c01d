"""What is refused before the first step, and how it is said."""

import pytest

import clearprop as cp
from clearprop.cluster.launcher import launched
from clearprop.training.held import check_cluster
from mpi_ranks import run

PROGRAM = """
import numpy as np
import clearprop as cp
from mpi_ranks import say
cluster = cp.cluster.mpi()
odd = cluster.rank == 1
rng = np.random.default_rng(0)
X = rng.normal(size=(100, 3))
y = X.sum(1)
network = cp.Network([3, 4, 1], "tanh", "identity", seed=0)
settings = dict(epochs=1, batch_size=10, shards=4, cluster=cluster, progress=False)
CHANGE
try:
    cp.train(network, X, y, **settings)
    say("trained")
except cp.ClearpropError as error:
    say(type(error).__name__, error)
"""

OTHERS = "ArgumentError not all ranks were given what rank 0 was: rank 1: "


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("X = X + odd", OTHERS + "X differs"),
        ("X[2, 2] += odd", OTHERS + "X differs"),  # one that no sample of rows has
        ("y[2] += odd", OTHERS + "y differs"),
        ("X, y = X[:100 - odd], y[:100 - odd]",
         OTHERS + "X's shape is (99, 3), not (100, 3), X differs, y's shape is (99,), not (100,), "
         "y differs"),
        ("settings['batch_size'] += int(odd)", OTHERS + "batch_size is 11, not 10"),
        ("settings['epochs'] += int(odd)", OTHERS + "epochs is 2, not 1"),
        ("settings['optimizer'] = 'sgd' if odd else 'adam'", OTHERS + "optimizer is SGD"),
        ("network['b1'] += odd", OTHERS + "the network's parameters differs"),
        ("settings['sample_weight'] = np.ones(100) + odd * np.arange(100)",
         OTHERS + "sample_weight differs"),
        ("from clearprop.training.checkpoints import identity\n"
         "identity.version = lambda name: f'9.{cluster.rank}'", OTHERS + "Clearprop is 9.1, not 9.0"),
        ("settings['shards'] = 1",
         "ArgumentError 2 ranks need shards=2 or more, of which each owns some: shards is 1"),
        ("X, y = X[:1], y[:1]",
         "ArgumentError 2 ranks need shards=2 or more, of which each owns some: there are 1 rows"),
        ("settings['optimizer'] = 'lbfgs'", "ArgumentError L-BFGS runs in one process"),
        ("settings['engine'] = 'reference'", "ArgumentError engine='reference' runs in one process"),
        ("X, y = cp.stream(X, y, window=20), None",
         "ArgumentError 2 ranks train on rows in memory, and the stream's window does not hold all of "
         "them: give a window of 100 rows, which holds all of them, or train in one process"),
        ("settings['validation'] = cp.stream(X, y, window=20)",
         "ArgumentError 2 ranks train on rows in memory, and the validation stream's window does not "
         "hold all of them: give a window of 100 rows"),
    ],
)  # fmt: skip
def test_ranks_that_do_not_fit(change, said, tmp_path):
    ended = run(2, PROGRAM.replace("CHANGE", change), tmp_path)
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith(said) for line in lines), lines


def test_a_stream_that_its_window_holds_is_data_in_memory(tmp_path):
    change = """
aside = rng.normal(size=(20, 3))
settings["validation"] = aside, aside.sum(1)
other = network.copy()
cp.train(other, X, y, **settings)
settings["validation"] = cp.stream(*settings["validation"], window=20)
X, y = cp.stream(X, y, window=100), None
cp.train(network, X, **settings)
assert network.parameters.tobytes() == other.parameters.tobytes()
"""
    ended = run(2, PROGRAM.replace("CHANGE", change), tmp_path)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == ["trained", "trained"]


def test_a_setting_out_of_range_on_one_rank(tmp_path):
    ended = run(2, PROGRAM.replace("CHANGE", "settings['l2'] = -1.0 if odd else 0.0"), tmp_path)
    assert "rank 1 failed: ArgumentError: l2 is -1" in ended.out
    assert "\nArgumentError l2 is -1" in "\n" + ended.out


def test_what_a_failure_leaves_under_way_keeps_its_arrays(tmp_path):
    """MPI writes what still comes to where it was told."""
    program = """
import gc
import sys
import numpy as np
import clearprop as cp
from clearprop.cluster.exchange import Exchange
from mpi_ranks import say
cluster = cp.cluster.mpi()
X = np.random.default_rng(0).normal(size=(100, 3))
def fails(self, status, costs):
    raise ValueError("mine")
if cluster.rank == 1:
    Exchange.finish = fails
try:
    cp.train(cp.Network([3, 4, 1], seed=0), X, X[:, 0], shards=2, cluster=cluster, progress=False)
except (cp.ClusterError, ValueError) as error:
    text = str(error)
gc.collect()
if cluster.rank == 0:
    kept = sys.modules["clearprop.cluster.mpi"]._TORN
    say(text, "Request" in {type(one).__name__ for one in kept})
"""
    ended = run(2, program, tmp_path)
    # Behind it stands what the launcher says, where it sees one rank gone before the other.
    assert ended.out.splitlines()[0] == "rank 1 failed: ValueError: mine True"


def test_more_clusters_than_mpi_has_room_for(tmp_path):
    program = """
import clearprop as cp
from mpi_ranks import say
try:
    kept = [cp.cluster.mpi() for _ in range(1_000)]
except cp.ClearpropError as error:
    say(type(error).__name__, error)
"""
    ended = run(2, program, tmp_path)
    lines = ended.out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("ClusterError MPI has no room for another") for line in lines)
    assert all("make one" in line for line in lines)


def test_what_is_no_cluster():
    network = cp.Network([1, 1], "identity")
    with pytest.raises(cp.ArgumentError, match=r"cluster is 4; give cp.cluster.mpi\(\), or None"):
        cp.train(network, [[1.0]], [1.0], cluster=4)
    with pytest.raises(cp.ArgumentError, match="silence"):
        cp.cluster.mpi(silence=0)
    with pytest.raises(cp.ArgumentError, match="communicator is 3"):
        cp.cluster.mpi(3)
    assert check_cluster(None, None, None).size == 1


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"PMI_RANK": "2", "PMI_SIZE": "4"}, (2, 4)),
        ({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "8"}, (0, 8)),
        ({"PMIX_RANK": "3", "SLURM_NTASKS": "16"}, (3, 16)),
        ({"SLURM_NTASKS": "16"}, (0, 1)),
        ({"PMI_RANK": "x", "PMI_SIZE": "4"}, (0, 1)),
    ],
)
def test_who_was_launched_is_read_from_the_environment(found, expected, monkeypatch):
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    assert launched() == expected
