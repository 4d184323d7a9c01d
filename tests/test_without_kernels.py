"""Where neither Numba nor llvmlite nor threads exist, as in a browser (Pyodide), all else works."""

import os
import subprocess
import sys

import pytest

BARE = """
import _thread, os, platform, sys, threading

from importlib.machinery import PathFinder

MISSING = ("numba", "llvmlite", "fcntl", "resource")
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *more: None if name.partition(".")[0] in MISSING else find(name, *more)

def none(*args, **kwargs):
    raise RuntimeError("can't start new thread")

_thread.start_new_thread = threading._start_new_thread = threading.Thread.start = none
del os.geteuid
platform.machine = lambda: "wasm32"
"""

ALL = """
import numpy as np
import clearprop as cp

X, y = [[0.0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
network = cp.Network([2, 4, 1], activations="tanh", output="sigmoid", dtype="float64", seed=3)
history = cp.train(network, X, y, optimizer=cp.Adam(0.1), epochs=60, early_stopping=50)
assert history.engine == "reference", history.engine
assert history.loss[-1] < 0.1, history.loss[-1]
assert (network.predict(X).round()[:, 0] == y).all()
record = cp.backprop(network, X, y)
assert cp.check_gradients(network, X, y).passed
print(cp.explain(network, X[0], [0])["dW1[0,1]"])
print(cp.diagnose(network, X, y))
assert "<svg" in cp.computation_graph(network, X[0], [0])._repr_svg_()
assert len(list(cp.steps(network, X, y, epochs=2))) > 0
network.save("network.safetensors")
assert (cp.Network.load("network.safetensors").predict(X) == network.predict(X)).all()
try:
    cp.train(network, X, y, epochs=1, engine="compiled")
except cp.MissingExtraError as error:
    assert "clearprop[compile]" in str(error)
else:
    raise AssertionError("compiled without a compiler")
"""

ESTIMATORS = """
import numpy as np
from clearprop.estimators import MLPClassifier, MLPRegressor

X = np.random.default_rng(0).normal(size=(80, 3))
classes, numbers = X[:, 0] > 0, X[:, 0]
classifier = MLPClassifier((8,), max_iter=500, learning_rate_init=0.01, tol=1e-3, random_state=0).fit(X, classes)
assert classifier.score(X, classes) > 0.9, classifier.score(X, classes)
regressor = MLPRegressor(hidden_layer_sizes=(8,), max_iter=500, learning_rate_init=0.01, tol=1e-3, random_state=0).fit(X, numbers)
assert regressor.score(X, numbers) > 0.9, regressor.score(X, numbers)
"""


def run(program, folder):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", BARE + program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_networks_and_explanations_work(tmp_path):
    done = run(ALL, tmp_path)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stderr.splitlines() if "reference engine" in line]
    assert "wasm32" in line


def test_estimators_work(tmp_path):
    pytest.importorskip("sklearn")
    done = run("import sklearn.neural_network\n" + ESTIMATORS, tmp_path)
    assert done.returncode == 0, done.stderr
