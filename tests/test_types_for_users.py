"""What a type checker sees of the public interface: types that are known, names that are right."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import get_args

import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS, ActivationName
from clearprop.initializers import INITIALIZERS, InitializerName
from clearprop.losses import LOSSES, LossName
from clearprop.optimizers import OPTIMIZERS, OptimizerName

pytest.importorskip("mypy")

HEAD = """
import numpy as np
import clearprop as cp
from clearprop.estimators import MLPClassifier, MLPRegressor

X, y = np.zeros((4, 2)), np.array([0, 1, 0, 1])
network = cp.Network([2, 3, 2], activations=["relu", "softmax"], loss="cross_entropy", seed=0)
record = cp.backprop(network, X, y)
history = cp.train(network, X, y, optimizer="adam", engine="reference")
"""


def check(folder, lines):
    """Return the lines that mypy's strictest mode prints, without file and line number."""
    program = folder / "program.py"
    program.write_text(dedent(HEAD) + "\n".join(lines) + "\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--no-error-summary",
         "--cache-dir", str(folder / "cache"), "--no-color-output", str(program)],
        capture_output=True, text=True, cwd=folder, check=False,
        env=os.environ | {"MYPYPATH": str(Path(cp.__file__).parents[1])},
    )  # fmt: skip
    assert done.stderr == ""
    return [line.partition(": ")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        (ActivationName, ACTIVATIONS),
        (LossName, LOSSES),
        (OptimizerName, OPTIMIZERS),
        (InitializerName, INITIALIZERS),
    ],
)
def test_every_name_is_known_to_type_checkers(name, table):
    assert get_args(name) == tuple(table)


def test_types_and_names(tmp_path):
    array = "numpy.ndarray[tuple[Any, ...], numpy.dtype[Any]]"
    seen = {
        'network["W1"]': array,
        'record["dW1"]': array,
        "record.loss": "numpy.floating[Any]",
        'history.metrics["accuracy"]': "list[float]",
        "history.engine": "str",
        "MLPClassifier().fit(X, y)": "clearprop.estimators.classifier.MLPClassifier",
        "MLPClassifier().partial_fit(X, y)": "clearprop.estimators.classifier.MLPClassifier",
        "MLPRegressor().fit(X, y).predict(X)": array,
        "network.predict(X)": array,
    }
    wrong = {
        'cp.train(network, X, y, optimizer="adma")': "'adma'",
        'cp.train(network, X, y, engine="fast")': "'fast'",
        'cp.Network([2, 3], activations="rleu")': "'rleu'",
        'cp.Network([2, 3], loss="crossentropy")': "'crossentropy'",
        'cp.Network([2, 3], initializer="xavier")': "'xavier'",
        'MLPClassifier(solver="adma")': "'adma'",
    }
    said = check(tmp_path, [*(f"reveal_type({one})" for one in seen), *wrong])
    assert said[: len(seen)] == [f'note: Revealed type is "{kind}"' for kind in seen.values()]
    errors = said[len(seen) :]
    assert len(errors) == len(wrong)
    for error, word in zip(errors, wrong.values(), strict=True):
        assert error.startswith("error: Argument ")
        assert word in error
