"""Runs of the engine whose arrays all lie between pages that nobody may touch.

    python guard_pages.py end 50     # 50 random runs; arrays end where the page after them begins

A read or a write beside an array ends the process by SIGSEGV. "start": arrays begin right after a
page.
"""

from __future__ import annotations

import ctypes
import faulthandler
import mmap
import sys

import numpy as np

import clearprop as cp
from clearprop import topology
from clearprop.engine import layout, prediction, runs
from clearprop.training import compiled
from clearprop.training.standing import Standing

PAGE = mmap.PAGESIZE
LIBC = ctypes.CDLL(None, use_errno=True)
at_end = True


def guarded(count, dtype):
    """Zeros right before a page without access, or right after one."""
    size = int(count) * np.dtype(dtype).itemsize
    body = max(-(-size // PAGE), 1) * PAGE
    whole = np.frombuffer(mmap.mmap(-1, body + 2 * PAGE), np.uint8)
    for page in (whole.ctypes.data, whole.ctypes.data + PAGE + body):
        if LIBC.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(PAGE), 0):
            raise OSError(ctypes.get_errno(), "mprotect")
    start = PAGE + body - size if at_end else PAGE
    return whole[start : start + size].view(dtype)


def copy_of(array):
    array = np.asarray(array)
    copy = guarded(array.size, array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def install():
    """Put every array of the engine between such pages: its own, borrowed ones, and outputs.

    What `one` passes in lies there already.
    """
    for module in (layout, prediction):
        module.aligned_zeros = guarded
    for module in (topology, runs):
        module.fixed_zeros = guarded
        module.handed_out = lambda array: array[:]

    real_padded = layout.padded
    # Memory of threads is one array, cut at whole pages: here it ends where the last one's does.
    layout.padded = lambda count, step: (
        real_padded(count - layout.LINE_BYTES, 8) if step == 4096 else real_padded(count, step)
    )
    prediction.padded = lambda count, step: real_padded(count, 8 if step == 4096 else step)

    def give(plan, slot, name, array):
        array = plan.arrays[name] = copy_of(array) if array.base is None else array
        plan[slot] = array.ctypes.data
        return array

    layout.Plan.give = give

    def begin(rule, network):
        state = rule.start(network.parameters)
        return Standing(network.parameters, {name: copy_of(a) for name, a in state.items()})

    compiled.begin = begin
    prediction.np = Guarded()


class Guarded:
    """NumPy, whose `empty` is guarded."""

    def __getattr__(self, name):
        return getattr(np, name)

    @staticmethod
    def empty(shape, dtype):
        return guarded(np.prod(shape), dtype).reshape(shape)


class Plain:
    """An optimizer of one's own, which gets its gradient from compiled code."""

    def start(self, parameters):
        return {}

    def update(self, parameters, gradient, state, now, is_weight):
        parameters -= 0.01 * gradient


RULES = (
    cp.SGD(0.01), cp.SGD(0.01, momentum=0.9), cp.SGD(0.01, momentum=0.9, nesterov=True), cp.Adam(),
    cp.AdamW(), cp.RMSprop(), cp.RMSprop(momentum=0.5), cp.RProp(1e-3), cp.LBFGS(), Plain(),
)  # fmt: skip
ENDS = (
    ("softmax", "cross_entropy"), ("softmax", "squared_error"), ("identity", "huber"),
    ("identity", "squared_error"), ("sigmoid", "binary_cross_entropy"), ("exp", "poisson"),
)  # fmt: skip
HIDDEN = ("relu", "tanh", "gelu", "softmax", "leaky_relu", "sigmoid")


def one(rng):
    """Train a random network on random data, with validation, and predict."""
    pick = lambda options: options[rng.integers(len(options))]  # noqa: E731
    dtype, (output, loss) = pick(("float32", "float64")), pick(ENDS)
    widths = (*range(2, 40), 64, 128, 257, 300)
    sizes = [int(pick(widths)) for _ in range(rng.integers(2, 5))]
    hidden = [str(pick(HIDDEN)) for _ in sizes[1:]]
    network = cp.Network(sizes, hidden, output, loss, biases=bool(rng.integers(2)), dtype=dtype)
    n, n_out = int(rng.integers(1, 120)), sizes[-1]
    X = copy_of(rng.normal(size=(n, sizes[0])).astype(dtype))
    y = rng.random((n, n_out))
    if loss == "cross_entropy":
        y = rng.integers(0, n_out, n) if rng.integers(2) else y / y.sum(axis=1, keepdims=True)
    rule, weights = pick(RULES), rng.random(n) + 0.1
    cp.train(
        network, X, y, optimizer=rule, epochs=2, batch_size=int(rng.integers(1, n + 1)),
        shuffle=bool(rng.integers(2)), shards=int(pick((1, 1, 2, 3, 8, 200))),
        threads=int(pick((1, 1, 2, 3))), l2=float(pick((0, 1e-3))),
        dropout=0.0 if isinstance(rule, cp.LBFGS) else float(pick((0, 0.3))),
        sample_weight=weights if rng.integers(2) else None, validation=(X, y), progress=False,
    )  # fmt: skip
    network.predict(X)
    network.predict(X[: int(rng.integers(1, n + 1))])


if __name__ == "__main__":
    faulthandler.enable()
    at_end = sys.argv[1] == "end"
    install()
    for seed in range(int(sys.argv[2])):
        one(np.random.default_rng([seed, at_end]))
    beside = guarded(3, "float64")
    if len(sys.argv) > 3:  # the planted fault: one number beside an array
        step = 8 * 3 if at_end else -8
        print(ctypes.c_double.from_address(beside.ctypes.data + step).value)
    print(f"{sys.argv[2]} runs")
