"""The package as a whole: its names, what importing it costs, and what installing it brings."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tempfile
from importlib import metadata

import polars
import pytest

import clearprop as cp
from clearprop.cluster.failures import Failures


@pytest.mark.parametrize("name", cp.__all__)
def test_every_public_name_is_documented(name):
    thing = getattr(cp, name)
    text = inspect.getdoc(thing)
    assert text
    assert text.splitlines()[0].endswith((".", ":"))
    if inspect.isclass(thing) and issubclass(thing, Exception):
        assert issubclass(thing, cp.ClearpropError | UserWarning)
    elif name not in ("Epoch", "Step"):  # made by Clearprop, shown where they come from
        assert ">>> " in text, f"{name} has no example"
        if callable(thing) and inspect.signature(thing).parameters and inspect.isfunction(thing):
            for parameter in inspect.signature(thing).parameters:
                assert re.search(rf"\b{parameter}\b", text), f"{name} does not mention {parameter}"


def test_nothing_public_is_left_out_of_all():
    names = {name for name in dir(cp) if not name.startswith("_")}
    public = {name for name in names if not inspect.ismodule(getattr(cp, name))}
    assert public == set(cp.__all__)


def test_importing_brings_no_extra_and_nothing_that_can_wait():
    code = "import sys, clearprop; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {
        "click", "rich", "narwhals", "sklearn", "scipy", "matplotlib", "pandas", "polars",
        "pyarrow", "torch", "numba", "llvmlite",
    }  # fmt: skip


def test_the_core_stays_small():
    """Clearprop and all it needs, as installed, with Python's bytecode."""
    seen: set[str] = set()
    waiting = ["clearprop"]
    total = 0
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # needed by other Pythons only
            continue
        for requirement in distribution.requires or []:
            if "extra ==" not in requirement and "sys_platform ==" not in requirement:
                waiting.append(re.match(r"[\w.-]+", requirement)[0].lower())
        for file in distribution.files or []:
            path = file.locate()
            total += path.stat().st_size if path.is_file() else 0
    assert {"numpy", "safetensors", "narwhals", "rich", "click"} <= seen
    assert 10e6 < total < 110e6


def test_core_requirements_are_the_designs():
    requires = metadata.requires("clearprop")
    core = {re.match(r"[\w-]+", line)[0] for line in requires if "extra ==" not in line}
    assert core <= {"numpy", "safetensors", "narwhals", "click", "rich"}
    extras = set(metadata.metadata("clearprop").get_all("Provides-Extra"))
    assert {"compile", "tables", "excel", "plots", "onnx", "tensorboard", "torch"} <= extras


def _without(module, call):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module, None)
        call()


NET = cp.Network([2, 2], output="softmax")
UNCOMPILABLE = cp.Activation("f", lambda z: sorted({z: z}.items(), key=str)[0][1], lambda z: 1.0)


def _hear_of_another():
    """Wait in a run, one of whose processes has failed."""
    note = b"whole ValueError: no luck"

    class News:
        rank, size, left = 0, 2, 1
        BYTE = ANY_SOURCE = ANY_TAG = None

        def Iprobe(self, *_):
            self.left -= 1
            return self.left == 0

        def Recv(self, raw, source):
            raw[:] = list(note)

        def Status(self):
            return self

        def Get_count(self, _):
            return len(note)

        def Get_source(self):
            return 1

    Failures(News(), News()).hear()


PROVOKED = {
    "ArchitectureError": lambda: cp.Network([2, 0]),
    "ArgumentError": lambda: cp.Adam(-1),
    "CheckpointMismatchError": lambda: _go_on_as_another(),
    "ClusterError": lambda: _hear_of_another(),
    "ColumnError": lambda: cp.Model.fit(polars.DataFrame({"a": [1]}), "b"),
    "CompilationError": lambda: cp.train(
        cp.Network([1, 1], activations=UNCOMPILABLE),
        [[1.0]],
        [1.0],
        engine="compiled",
    ),
    "ConvergenceError": lambda: _jump().explain({"a": 15}, baseline={"a": -15}),
    "DerivativeError": lambda: cp.Activation("f", lambda z: z, lambda z: 2.0),
    "DivergenceError": lambda: cp.train(
        cp.Network([1, 1]), [[1e3]], [1.0], optimizer=cp.SGD(1e30), epochs=9
    ),
    "ElementError": lambda: NET["W7"],
    "FileMissingError": lambda: cp.Network.load("nowhere.safetensors"),
    "FileWriteError": lambda: NET.save("no/such/folder/n"),
    "FunctionError": lambda: cp.backprop(
        NET, [[0, 0]], [[0, 1]], loss=cp.Loss("once", _once(), lambda a, y: a - y)
    ),
    "MissingExtraError": lambda: _without(
        "scipy.optimize", lambda: cp.train(NET.copy(), [[0, 0]], [1], optimizer="lbfgs")
    ),
    "ModelFileError": lambda: cp.Network.load(__file__),
    "NonFiniteDataError": lambda: NET.predict([[float("nan"), 0]]),
    "NonFiniteError": lambda: cp.Network.from_weights([[[1e300]]], None, "exp").predict([[1.0]]),
    "PairingError": lambda: cp.Network([2, 2], "relu", loss="poisson"),
    "SampleWeightError": lambda: cp.backprop(NET, [[0, 0]], [1], sample_weight=[-1]),
    "ShapeError": lambda: NET.predict([[0]]),
    "TableFileError": lambda: cp.Model.fit(__file__, "y"),
    "TargetError": lambda: cp.backprop(NET, [[0, 0]], [5]),
    "TypeOfDataError": lambda: NET.predict([["a", "b"]]),
    "UnknownNameError": lambda: cp.Network([2, 2], "rely"),
}


def _go_on_as_another():
    with tempfile.TemporaryDirectory() as folder:
        for rows in ([[0, 1]], [[1, 1]]):
            cp.train(NET.copy(), rows, [1], checkpoint=folder, resume=True)


def _jump():
    """A model whose only neuron is 0 up to some place, and then 1."""
    activation = cp.Activation("jump", lambda z: float(z > 0.12345678), lambda z: 0.0)
    table = polars.DataFrame({"a": range(-20, 20), "y": [k / 7 for k in range(40)]})
    model = cp.Model.fit(table, "y", compare=False, progress=False, epochs=1)
    model.network = cp.Network.from_weights([[[10.0]]], None, activation)
    return model


def _once():
    """A cost that works while it is checked, and fails on networks' types afterwards."""

    def value(a, y):
        if a.dtype == "float32":
            raise RuntimeError("not for float32")
        return 0.5 * ((a - y) ** 2).sum()

    return value


def test_every_error_class_is_provoked():
    errors = {name for name in cp.__all__ if name.endswith("Error")}
    assert errors == set(PROVOKED) | {"ClearpropError", "DataError"}  # which are bases only


@pytest.mark.parametrize("name", PROVOKED)
def test_an_error_is_of_its_class_and_one_line(name):
    with pytest.raises(cp.ClearpropError) as caught:
        PROVOKED[name]()
    assert type(caught.value) is getattr(cp, name)
    assert "\n" not in str(caught.value)
