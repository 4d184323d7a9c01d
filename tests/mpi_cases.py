"""What `test_same_bits_by_ranks` runs, alone and on many ranks: a line of digests for each case."""

import hashlib
import sys

import numpy as np

import clearprop as cp

rng = np.random.default_rng(0)
X = rng.normal(size=(500, 8))
y = (X[:, 0] + X[:, 1] > 0).astype(int)
w = rng.uniform(0, 2, 500)
w[::7] = 0
gaps = w.copy()
gaps[200:280] = 0  # whole batches that do not count, where rows are not shuffled


def halves(epoch):
    """Change parameters, and end the run."""
    epoch.network.parameters[:] *= np.float32(0.5)
    return epoch.epoch == 2


WIDE = {"hidden": (600, 300), "batch_size": 250}
"""Steps that are not fused."""

CASES = {
    "plain": {},
    "float64": {"dtype": "float64"},
    "looked at": {"validation": 0.2, "metrics": ["accuracy"], "l2": 1e-3, "dropout": 0.3},
    "weighted": {"sample_weight": w, "validation": 0.2, "metrics": ["accuracy"]},
    "passed over": {"sample_weight": gaps, "shuffle": False, "batch_size": 20},
    "micro-batches": {"batch_size": 16, "accumulate": 3},
    "micro-batches, weighted": {
        "batch_size": 16, "accumulate": 3, "shards": 9, "sample_weight": w,
    },
    "momentum": {"shards": 11, "optimizer": cp.SGD(0.1, momentum=0.9), "batch_size": 50},
    "batches smaller than shards": {"batch_size": 3, "epochs": 1},
    "wide": WIDE,
    "wide, dropped": WIDE | {"dropout": 0.2, "l2": 1e-4},
    "wide, micro-batches": WIDE | {"batch_size": 50, "accumulate": 4, "dtype": "float64"},
    "frozen": {"frozen": ["W1"], "optimizer": "rmsprop"},
    "shared": {"shared": [("W2[0,0]", "W2[1,0]")], "optimizer": "adamw"},
    "full batch": {"optimizer": "rprop", "batch_size": None},
    "not shuffled": {"shuffle": False, "optimizer": cp.SGD(cp.cosine(0.1))},
    "stopped early": {
        "validation": (X[:100], y[:100]), "early_stopping": 1, "epochs": 30,
        "optimizer": cp.SGD(3.0),
    },
    "precision": {"precision": "float64"},
    "callback": {"callbacks": halves},
    "two threads": WIDE | {"threads": 2},
}  # fmt: skip


def digest(array):
    """Return what stands for an array's bits."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def line(name, cluster, dtype="float32", hidden=(16, 16), **asked):
    """Train, and return digests of all that comes of it."""
    network = cp.Network([8, *hidden, 2], "tanh", "softmax", seed=1, dtype=dtype)
    network["W2[1,0]"] = network["W2[0,0]"]
    settings = {"epochs": 3, "batch_size": 64, "shards": 8} | asked
    history = cp.train(network, X, y, progress=False, cluster=cluster, **settings)
    figures = [history.loss, history.validation_loss, *history.metrics.values()]
    figures += history.validation_metrics.values()
    numbers = [digest(np.array(one, float)) for one in figures if one]
    return " ".join([name, digest(network.parameters), *numbers, history.stopped])


def main():
    """Print a line of each case, once."""
    cluster = cp.cluster.mpi() if sys.argv[1] == "ranks" else None
    for name, asked in CASES.items():
        found = line(name, cluster, **asked)
        lines = [found] if cluster is None else cluster.all(found)
        assert len(set(lines)) == 1, lines
        if cluster is None or cluster.rank == 0:
            print(found, flush=True)


if __name__ == "__main__":
    main()
