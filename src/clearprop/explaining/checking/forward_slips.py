"""Slips on the way forward, and in the targets: a bias left out, another function, labels moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import ACTIVATIONS
from clearprop.explaining.checking.stages import Operands, Slip, Stage
from clearprop.record import Record

Array = NDArray[Any]

_TAKEN_FOR_EACH_OTHER = ("sigmoid", "tanh", "relu")


def put(**fields: Callable[[Operands], Any]) -> Callable[[Operands, float], None]:
    """Return the change that sets these operands, each computed from what they were."""

    def change(o: Operands, t: float) -> None:
        for name, function in fields.items():
            setattr(o, name, function(o))

    return change


def z_slips(record: Record, layer: int) -> Iterator[Slip]:
    """Yield the slips in z^l."""
    stage, W = Stage("z", layer), record.network.weights[layer - 1]
    if record.network.has_biases:
        words = f"b{layer} is left out in z{layer}"
        yield Slip("no b", stage, words, "b", put(b=lambda o: None))
        words = f"b{layer} is subtracted in z{layer}"
        yield Slip("-b", stage, words, "b", put(b=lambda o: -o.b))
    if W.shape[0] == W.shape[1]:
        words = f"W{layer} is transposed in z{layer}"
        yield Slip("W.T forward", stage, words, "W", put(W=lambda o: o.W.T))


def a_slips(record: Record, layer: int) -> Iterator[Slip]:
    """Yield the slips in a^l."""
    stage, f = Stage("a", layer), record.network.activations[layer - 1]

    def other(kind: str, words: str, function: Callable[[Array], Array]) -> Slip:
        return Slip(kind, stage, words, "f", put(f=lambda o: function))

    last = layer == len(record.delta)
    yield other(
        "no f at the output" if last else "no f", f"{f.name} is left out in a{layer}", lambda z: z
    )
    for name in _TAKEN_FOR_EACH_OTHER:
        if f.name != name and (f.name in _TAKEN_FOR_EACH_OTHER or name == "sigmoid"):
            words = f"{name} in place of {f.name} in a{layer}"
            yield other(f"{name} for {f.name}", words, ACTIVATIONS[name])
    if f.name == "sigmoid":
        words = f"exp(z{layer}) in place of exp(-z{layer}) in a{layer}"
        yield other("exp(z)", words, lambda z: ACTIVATIONS["sigmoid"](-z))
    if f.name == "softmax":
        words = f"softmax over the samples in place of the outputs in a{layer}"
        yield other("softmax over samples", words, lambda z: ACTIVATIONS["softmax"](z.T).T)
        words = f"exp(z{layer}) is not divided by its sum in a{layer}"
        yield other("no sum", words, np.exp)
    if layer <= len(record.masks):
        words = f"dropout's mask is left out in a{layer}"
        yield Slip("no mask", stage, words, "mask", put(mask=lambda o: None))


def y_slips(record: Record) -> Iterator[Slip]:
    """Yield the slips in the targets: labels that are counted from another number."""
    stage, outputs = Stage("y", len(record.delta)), record.y.shape[1]
    if record.network.loss.targets != "labels" or outputs < 2:
        return
    words = "the labels are off by one: class c is put at c + 1"
    if outputs == 2:
        words = "the labels are off by one: the two classes change places"
    yield Slip("c + 1", stage, words, "y", put(y=lambda o: np.roll(o.y, 1, axis=1)))
    if outputs > 2:
        words = "the labels are off by one: class c is put at c - 1"
        yield Slip("c - 1", stage, words, "y", put(y=lambda o: np.roll(o.y, -1, axis=1)))
