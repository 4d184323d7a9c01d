"""The stages of a pass, one after another: what each takes, and what it gives.

z^1, a^1, ... z^L, a^L, then the targets y, da^L, delta^L, dW^L, db^L, da^(L-1), ... da^0. A slip
changes what one stage takes, or what it gives; all later stages take what is found there. So a
pass with slips is computed here as the right one is, stage by stage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.record import Record

Array = NDArray[Any]
Values = Mapping[str, Array]

FROM_OUTPUTS = ("softmax", "sigmoid", "exp")
"""Output activations whose fused loss has the delta a - y."""


class Stage(NamedTuple):
    """One quantity of a pass: "z", "a", "y", "da", "delta", "dW" or "db" of a layer."""

    symbol: str
    layer: int

    @property
    def name(self) -> str:
        """In the notation: "delta2"; "y" has no layer."""
        return "y" if self.symbol == "y" else f"{self.symbol}{self.layer}"


class Operands(SimpleNamespace):
    """What a stage computes with; a slip changes one of these, or `value` once it is there."""

    record: Record
    values: Values
    value: Any


@dataclass(frozen=True, eq=False)
class Slip:
    """One small change of the right computation.

    Attributes
    ----------
    kind : str
        What is one and the same slip, wherever it is made.
    stage : Stage
        Where.
    words : str
        As it is told.
    part : str
        What of the stage it changes; two slips cannot change the same.
    change : callable
        ``change(operands, t)``, in place.
    late : bool
        Whether it changes the value that the stage gives.
    fitted : bool
        Whether t is a number of the caller's that has to be found, as a learning rate.
    unlike : tuple of float
        Numbers t with which it is a slip of another name, or none.
    free : bool
        Whether it is no slip, but another right way to go on from a value that is not the record's.
    hidden_words : str
        As it is told where its stage is not given; empty: as `words`.
    needs : str
        The kind of an earlier slip without which this makes no sense.
    """

    kind: str
    stage: Stage
    words: str
    part: str
    change: Callable[[Operands, float], None]
    late: bool = False
    fitted: bool = False
    unlike: tuple[float, ...] = ()
    free: bool = False
    hidden_words: str = ""
    needs: str = ""


def stages_of(record: Record) -> list[Stage]:
    """Return the stages in the order of computation."""
    L = len(record.delta)
    found = [Stage("a", 0)]
    for layer in range(1, L + 1):
        found += [Stage("z", layer), Stage("a", layer)]
    found += [Stage("y", L), Stage("da", L)]
    for layer in range(L, 0, -1):
        found += [Stage("delta", layer), Stage("dW", layer)]
        if record.network.has_biases:
            found.append(Stage("db", layer))
        found.append(Stage("da", layer - 1))
    return found


def parameters(record: Record) -> dict[str, Array]:
    """Return W^1, b^1, ... by their names: what a pass begins with."""
    return record.network.unflatten(record.network.parameters)


def computed(
    stage: Stage, values: Values, record: Record, slips: Sequence[Slip] = (), t: float = 1.0
) -> Array:
    """Return what a stage gives for these values of the earlier ones, with slips in it."""
    operands = _OPERANDS[stage.symbol](stage.layer, values, record)
    operands.record, operands.values, operands.value = record, values, None
    for slip in slips:
        if not slip.late:
            slip.change(operands, t)
    if operands.value is None:
        operands.value = _VALUES[stage.symbol](operands)
    for slip in slips:
        if slip.late:
            slip.change(operands, t)
    return np.asarray(operands.value)


def _of_z(layer: int, values: Values, record: Record) -> Operands:
    return Operands(a=values[f"a{layer - 1}"], W=values[f"W{layer}"], b=values.get(f"b{layer}"))


def _z(o: Operands) -> Array:
    z = o.a @ o.W.T
    return z if o.b is None else z + o.b


def _of_a(layer: int, values: Values, record: Record) -> Operands:
    if layer == 0:
        return Operands(z=record.a[0], f=lambda x: x, mask=None)
    z, f = values[f"z{layer}"], record.network.activations[layer - 1]
    return Operands(z=z, f=f, mask=_mask(record, layer))


def _a(o: Operands) -> Array:
    a = o.f(o.z)
    return a if o.mask is None else a * o.mask


def _of_y(layer: int, values: Values, record: Record) -> Operands:
    return Operands(y=record.y)


def _of_da(layer: int, values: Values, record: Record) -> Operands:
    if layer == len(record.delta):
        return Operands(a=values[f"a{layer}"], y=values["y"], W=None)
    return Operands(delta=values[f"delta{layer + 1}"], W=values[f"W{layer + 1}"])


def _da(o: Operands) -> Array:
    if o.W is None:
        return o.record.network.loss.da(o.a, o.y)
    return o.delta @ o.W


def _of_delta(layer: int, values: Values, record: Record) -> Operands:
    return Operands(
        layer=layer, z=values[f"z{layer}"], a=values[f"a{layer}"], da=values[f"da{layer}"],
        y=values["y"], f=record.network.activations[layer - 1], mask=_mask(record, layer),
        slope=None,
    )  # fmt: skip


def _delta(o: Operands) -> Array:
    da = o.da if o.mask is None else o.da * o.mask
    if o.slope is not None:
        return da * o.slope
    loss = o.record.network.loss
    last = o.layer == len(o.record.delta)
    if last and o.f.name in getattr(loss, "fused", ()) and _same(o.da, loss.da(o.a, o.y)):
        if _same(o.a, o.f(o.z)):
            return loss.delta(o.z, o.a, o.y, o.f)
        if o.f.name in FROM_OUTPUTS:
            mass = o.y.sum(axis=-1, keepdims=True) if o.f.name == "softmax" else 1.0
            return o.a * mass - o.y
    return o.f.backward(o.z, da)


def _of_gradient(layer: int, values: Values, record: Record) -> Operands:
    W = values[f"W{layer}"]
    return Operands(
        layer=layer, delta=values[f"delta{layer}"], below=values[f"a{layer - 1}"],
        share=record.omega, W=W, penalty=record.l2 * W,
    )  # fmt: skip


def _dW(o: Operands) -> Array:
    return (o.share[:, None] * o.delta).T @ o.below + o.penalty


def _db(o: Operands) -> Array:
    return (o.share[:, None] * o.delta).sum(axis=0)


def _mask(record: Record, layer: int) -> Array | None:
    return record.masks[layer - 1] if layer <= len(record.masks) else None


def _same(a: Array, b: Array) -> bool:
    return bool(np.array_equal(a, b, equal_nan=True))


_OPERANDS: dict[str, Callable[[int, Values, Record], Operands]] = {
    "z": _of_z, "a": _of_a, "y": _of_y, "da": _of_da, "delta": _of_delta,
    "dW": _of_gradient, "db": _of_gradient,
}  # fmt: skip
_VALUES: dict[str, Callable[[Operands], Array]] = {
    "z": _z, "a": _a, "y": lambda o: o.y, "da": _da, "delta": _delta, "dW": _dW, "db": _db,
}  # fmt: skip
