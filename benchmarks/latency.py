"""Microseconds from Python for the answer to one row, beside other libraries.

    python benchmarks/latency.py      # a minute; writes benchmarks/LATENCY.md; needs onnx, onnxruntime

The same weights in all, whose outputs are compared first; one core; the systems take turns over
several rounds.
"""

from __future__ import annotations

import itertools
import os
import platform
import time
import warnings
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path
from statistics import median

if hasattr(os, "sched_setaffinity"):  # before libraries start threads
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from sklearn.neural_network import MLPClassifier

import clearprop as cp
from clearprop.bench.summary import processor

SIZES = [(64, 100, 10), (784, 100, 10), (784, 512, 512, 10)]
ROUNDS = 15
SECONDS = 0.1
"""Of each system in a round."""

PACKAGES = "clearprop", "numpy", "onnxruntime", "scikit-learn", "torch"

Answer = Callable[[np.ndarray], np.ndarray]


def clearprop(network: cp.Network) -> Answer:
    """What users call."""
    return network.predict


def onnx_runtime(network: cp.Network) -> Answer:
    """A session on a graph of Gemm, Relu and Softmax."""
    nodes, held, name = [], [], "x"
    for layer, (W, b) in enumerate(zip(network.weights, network.biases, strict=True), 1):
        held += [numpy_helper.from_array(W, f"W{layer}"), numpy_helper.from_array(b, f"b{layer}")]
        inputs = [name, f"W{layer}", f"b{layer}"]
        nodes.append(helper.make_node("Gemm", inputs, [f"z{layer}"], transB=1))
        last = layer == len(network.weights)
        name = "y" if last else f"a{layer}"
        nodes.append(helper.make_node("Softmax" if last else "Relu", [f"z{layer}"], [name]))
    ends = [
        helper.make_tensor_value_info(end, TensorProto.FLOAT, ["n", size])
        for end, size in (("x", network.sizes[0]), ("y", network.sizes[-1]))
    ]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], held)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    return lambda x: session.run(None, {"x": x})[0]


def pytorch(network: cp.Network) -> Answer:
    """Modules, in inference mode."""
    torch.set_num_threads(1)
    modules: list[torch.nn.Module] = []
    for W, b in zip(network.weights, network.biases, strict=True):
        linear = torch.nn.Linear(*W.shape[::-1])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W))
            linear.bias.copy_(torch.from_numpy(b))
        modules += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*modules[:-1], torch.nn.Softmax(dim=1)).eval()

    def answer(x: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return model(torch.from_numpy(x)).numpy()

    return answer


def scikit_learn(network: cp.Network) -> Answer:
    """MLPClassifier.predict_proba."""
    sizes = network.sizes
    rng = np.random.default_rng(0)
    model = MLPClassifier(sizes[1:-1], max_iter=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        model.fit(rng.random((100, sizes[0]), np.float32), np.arange(100) % sizes[-1])
    model.coefs_ = [np.ascontiguousarray(W.T) for W in network.weights]
    model.intercepts_ = list(network.biases)
    return model.predict_proba


SYSTEMS = {
    "Clearprop": clearprop,
    "ONNX Runtime": onnx_runtime,
    "PyTorch": pytorch,
    "scikit-learn": scikit_learn,
}


def seconds_a_call(answer: Answer, rows: list[np.ndarray]) -> float:
    """The median over calls of about `SECONDS`, each with another row."""
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    for x in itertools.cycle(rows):
        started = time.perf_counter()
        answer(x)
        done = time.perf_counter()
        times.append(done - started)
        if done > end:
            return median(times)
    raise AssertionError("there are rows")


def compare(sizes: tuple[int, ...]) -> dict[str, list[float]]:
    """Seconds a call in each round, by system."""
    network = cp.Network(sizes, activations="relu", output="softmax", seed=1)
    rng = np.random.default_rng(2)
    rows = [rng.random((1, sizes[0]), np.float32) for _ in range(50)]
    answers = {name: make(network) for name, make in SYSTEMS.items()}
    for x in rows:
        for answer in answers.values():
            np.testing.assert_allclose(answer(x), network.predict(x), atol=1e-5)
    found: dict[str, list[float]] = {name: [] for name in answers}
    for _ in range(ROUNDS):
        for name, answer in answers.items():
            found[name].append(seconds_a_call(answer, rows))
    return found


def main() -> None:
    """Compare, and write the page."""
    lines = []
    for sizes in SIZES:
        found = compare(sizes)
        ours = found.pop("Clearprop")
        cells = ["-".join(map(str, sizes)), f"{median(ours) * 1e6:.1f}"]
        for times in found.values():
            ratio = median(theirs / own for theirs, own in zip(times, ours, strict=True))
            cells.append(f"{median(times) * 1e6:.1f} ({ratio:.1f})")
        lines.append(f"| {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    text = f"""# The answer to one row, side by side

Written by `python benchmarks/latency.py` on {date.today()}: {processor()}, one core, {platform.system()}; Python
{platform.python_version()}, {versions}. Microseconds of a call from Python with a float32
array of shape (1, n_0), relu, softmax in the end: `Network.predict`, `InferenceSession.run` (one thread), a PyTorch
`Sequential` in inference mode with the conversions from and to NumPy, `MLPClassifier.predict_proba`. Medians over
{ROUNDS} rounds of {SECONDS:g} s each, in which the systems take turns; in brackets the median of the ratios to Clearprop
within a round. Outputs agree to 1e-5.

| network | {" | ".join(SYSTEMS)} |
|---|{"---|" * len(SYSTEMS)}
"""
    Path(__file__).with_name("LATENCY.md").write_text(
        text + "\n".join(lines) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
