"""Slips on the way back: in da^l and delta^l, above all in the derivative f'."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import ACTIVATIONS
from clearprop.explaining.checking.forward_slips import put
from clearprop.explaining.checking.stages import FROM_OUTPUTS, Operands, Slip, Stage
from clearprop.record import Record

Array = NDArray[Any]
Change = Callable[[Operands, float], None]

SIGN = "the sign is wrong"

N_TWICE = "divided by the number of samples twice"

_OF_A: dict[str, Callable[[Array], Array]] = {
    "sigmoid": lambda a: a * (1 - a),
    "tanh": lambda a: 1 - a**2,
    "exp": lambda a: a,
    "relu": lambda a: a > 0,
}
"""f'(z) in terms of a."""


def signed(stage: Stage) -> Slip:
    """Return the slip that turns the sign of a quantity."""
    return Slip("sign", stage, SIGN, "sign", put(value=lambda o: -o.value), late=True)


def da_slips(record: Record, layer: int) -> Iterator[Slip]:
    """Yield the slips in da^l."""
    stage = Stage("da", layer)
    if layer == len(record.delta):
        yield from _cost_slips(record, stage)
        return
    above = layer + 1
    W, n = record.network.weights[layer], record.delta[layer].shape
    if W.shape[0] == W.shape[1]:
        words = f"W{above} in place of its transpose on the way back"
        yield Slip("W.T back", stage, words, "W", put(W=lambda o: o.W.T))
        words = f"W{above} is left out on the way back"
        yield Slip("no W", stage, words, "W", put(value=lambda o: o.delta))
    words = f"W{above} is left out on the way back"
    shape = (n[0], W.shape[1])
    yield Slip(
        "no W", stage, words, "W",
        put(value=lambda o: np.broadcast_to(o.delta.sum(axis=1, keepdims=True), shape).copy()),
    )  # fmt: skip

    def updated(o: Operands, t: float) -> None:
        o.W = o.W - t * o.values[f"dW{above}"]

    words = f"W{above} is updated before da{layer} is computed with it (by a step of {{t:.4g}})"
    yield Slip("updated", stage, words, "W", updated, fitted=True)


def _cost_slips(record: Record, stage: Stage) -> Iterator[Slip]:
    """Yield the slips in the derivative of the cost for the outputs."""
    loss = record.network.loss.name
    yield signed(stage)
    yield _twice(record, stage)
    if loss != "squared_error":
        words = f"a{stage.layer} - y is the squared error's derivative, not that of {loss}"
        yield Slip("other loss", stage, words, "loss", put(value=lambda o: o.a - o.y))


def _twice(record: Record, stage: Stage) -> Slip:
    words = "twice as large"
    if record.network.loss.name == "squared_error":
        words = "twice as large: the half of the squared error is forgotten"
    return Slip("twice", stage, words, "half", put(value=lambda o: 2 * o.value), late=True)


def delta_slips(record: Record, layer: int) -> Iterator[Slip]:
    """Yield the slips in delta^l."""
    stage, f = Stage("delta", layer), record.network.activations[layer - 1]

    def slope(kind: str, words: str, **fields: Callable[[Operands], Any]) -> Slip:
        return Slip(kind, stage, f"{words} in delta{layer}", "slope", put(**fields))

    yield slope("no f'", "f' is missing", slope=lambda o: np.ones_like(o.da))
    yield slope("f'(a)", f"f' of a{layer} in place of z{layer}", z=lambda o: o.f(o.z))
    yield slope("f for f'", "f in place of f'", slope=lambda o: o.f(o.z))
    yield from _slopes(f.name, slope, layer)
    if layer < len(record.delta):
        words = f"relu's derivative of da{layer}, 1 where that is above 0,"
        yield slope("mask of da", words, slope=lambda o: o.da > 0)
    if layer <= len(record.masks):
        words = f"dropout's mask is left out in delta{layer}"
        yield Slip("no mask back", stage, words, "mask", put(mask=lambda o: None))
    if layer == len(record.delta):
        yield from _last_delta_slips(record, stage)
    if f.name in _OF_A:  # no slip: f' from an a of one's own
        derivative = _OF_A[f.name]
        change = put(slope=lambda o: derivative(o.a))
        yield Slip("own a", stage, "", "slope", change, free=True)
    if f.name == "softmax":
        change = put(value=lambda o: o.a * (o.da - (o.a * o.da).sum(axis=1, keepdims=True)))
        yield Slip("own a", stage, "", "slope", change, late=True, free=True)


def _slopes(name: str, slope: Callable[..., Slip], layer: int) -> Iterator[Slip]:
    """Yield wrong formulas for the derivative of sigmoid, tanh and relu."""
    sigmoid, tanh = ACTIVATIONS["sigmoid"], ACTIVATIONS["tanh"]
    if name == "sigmoid":
        words = "z (1 - z) in place of a (1 - a)"
        yield slope("z for a in f'", words, slope=lambda o: o.z * (1 - o.z))
        yield slope("1 - a", "1 - a in place of a (1 - a)", slope=lambda o: 1 - o.f(o.z))
        words = "tanh' in place of sigmoid'"
        yield slope("tanh for sigmoid", words, slope=lambda o: 1 - o.f(o.z) ** 2)
        yield slope("tanh for sigmoid", words, slope=lambda o: 1 - tanh(o.z) ** 2)
    if name == "tanh":
        words = "1 - z^2 in place of 1 - a^2"
        yield slope("z for a in f'", words, slope=lambda o: 1 - o.z**2)
        yield slope("1 - a", "1 - a in place of 1 - a^2", slope=lambda o: 1 - o.f(o.z))
        yield slope("1 + a^2", "1 + a^2 in place of 1 - a^2", slope=lambda o: 1 + o.f(o.z) ** 2)
        words = "sigmoid' in place of tanh'"
        yield slope("sigmoid for tanh", words, slope=lambda o: o.f(o.z) * (1 - o.f(o.z)))
        yield slope("sigmoid for tanh", words, slope=lambda o: sigmoid(o.z) * (1 - sigmoid(o.z)))
    if name == "relu":
        yield slope("z < 0", "f' is 1 where z < 0, not where z > 0,", slope=lambda o: o.z < 0)


def _last_delta_slips(record: Record, stage: Stage) -> Iterator[Slip]:
    """Yield the slips in delta^L: of the cost, of softmax, and of forms that hold f' already."""
    network, L = record.network, stage.layer
    f, loss = network.activations[-1].name, network.loss
    fused = f in getattr(loss, "fused", ())
    yield signed(stage)
    yield _twice(record, stage)
    half = put(value=lambda o: o.value / 2)
    yield Slip("half", stage, "half as large", "half", half, late=True)
    words = f"delta{L} is divided by the number of samples (it is per sample; the mean is dW's)"
    share = put(value=lambda o: o.record.omega[:, None] * o.value)
    if len(record.losses) > 1:
        yield Slip("n twice", stage, words, "share", share, late=True, hidden_words=N_TWICE)
    if record.y.shape[1] > 1:
        many = put(value=lambda o: o.value / o.y.shape[1])
        words = "divided by the number of outputs as well"
        yield Slip("outputs", stage, words, "outputs", many, late=True)

    def whole(kind: str, words: str, function: Callable[[Operands], Any]) -> Slip:
        return Slip(kind, stage, words, "slope", put(value=function))

    if (fused and f in FROM_OUTPUTS) or loss.name == "squared_error":
        words = f"z{L} - y in place of a{L} - y in delta{L}"
        yield whole("z - y", words, lambda o: o.z - o.y)
        yield whole("no y", f"y is not subtracted in delta{L}", lambda o: _without_y(o, fused))
    if fused and f in FROM_OUTPUTS:
        words = f"f' once more in delta{L}, where a{L} - y is all"
        yield whole("f' once more", words, _once_more)
    if f == "softmax":
        words = f"softmax's Jacobian by its diagonal alone in delta{L}"
        if loss.name == "cross_entropy":  # whose derivative is 0 for all other classes
            words += ", which is 0 but for the true class"
        yield whole("diagonal", words, lambda o: o.da * o.a * (1 - o.a))
    if loss.name != "squared_error" and f != "sigmoid":
        words = f"a{L} - y is the squared error's derivative, not that of {loss.name}"
        yield Slip("other loss", stage, words, "loss", put(da=lambda o: o.a - o.y))


def _without_y(o: Operands, fused: bool) -> Array:
    return o.a if fused else o.f.backward(o.z, o.a)


def _once_more(o: Operands) -> Array:
    slope = o.a if o.f.name == "exp" else o.a * (1 - o.a)
    mass = o.y.sum(axis=-1, keepdims=True) if o.f.name == "softmax" else 1.0
    return (o.a * mass - o.y) * slope
