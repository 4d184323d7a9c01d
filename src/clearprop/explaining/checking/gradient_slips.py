"""Slips in dW^l and db^l: the mean over the samples, the operands, the shape, the penalty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from clearprop.explaining.checking.delta_slips import N_TWICE, SIGN, delta_slips, signed
from clearprop.explaining.checking.forward_slips import put
from clearprop.explaining.checking.stages import Operands, Slip, Stage, computed
from clearprop.record import Record

TRANSPOSED = "transposed"


def gradient_slips(record: Record, symbol: str, layer: int) -> Iterator[Slip]:
    """Yield the slips in dW^l or db^l."""
    stage = Stage(symbol, layer)
    yield from _shares(record, stage)
    yield signed(stage)
    words = "the absolute values: the sign is lost"
    yield Slip("abs", stage, words, "sign", put(value=lambda o: np.abs(o.value)), late=True)
    if record.l2:
        yield Slip("sign", stage, SIGN, "sign", put(delta=lambda o: -o.delta))
    yield from _other_deltas(record, stage)
    if symbol == "dW":
        yield from _other_operands(record, stage)
        rows, columns = record.network.weights[layer - 1].shape
        if rows == columns:  # where not, the shape tells
            transposed = put(value=lambda o: o.value.T)
            yield Slip("transposed", stage, TRANSPOSED, "shape", transposed, late=True)
    else:
        yield from _sums(record, stage)
    yield from _penalties(record, stage)


def _shares(record: Record, stage: Stage) -> Iterator[Slip]:
    """Yield the slips in what each sample counts for."""
    n, outputs = len(record.losses), record.y.shape[1]

    def share(kind: str, words: str, function: Callable[[Operands], Any]) -> Slip:
        return Slip(kind, stage, words, "share", put(share=function))

    if n > 1:
        if np.ptp(record.omega):
            words = "the weights of samples are ignored"
            even = put(share=lambda o: np.full_like(o.share, 1 / n))
            yield Slip("even", stage, words, "weights", even)
        words = "not divided by the number of samples"
        yield share("n", words, lambda o: o.share * n)
        yield share("n twice", N_TWICE, lambda o: o.share / n)
        if record.l2 and stage.symbol == "dW":  # the penalty too
            whole = put(value=lambda o: o.value * n)
            yield Slip("n", stage, words, "share", whole, late=True)
            whole = put(value=lambda o: o.value / n)
            yield Slip("n twice", stage, N_TWICE, "share", whole, late=True)
        if n > 2:
            words = "divided by n - 1 in place of n"
            yield share("n - 1", words, lambda o: o.share * n / (n - 1))
        for i, which in ((0, "first"), (n - 1, "last")):
            alone = (np.arange(n) == i).astype(record.omega.dtype)
            words = f"of the {which} sample alone"
            yield share(words, words, lambda o, alone=alone: alone)  # type: ignore[misc]
    if outputs > 1:
        words = "divided by the number of outputs as well"
        many = put(delta=lambda o: o.delta / outputs)
        yield Slip("outputs", stage, words, "outputs", many)
    free = put(share=lambda o: np.ones_like(o.share))
    yield Slip("mean before", stage, "", "share", free, free=True, needs="n twice")


def _other_deltas(record: Record, stage: Stage) -> Iterator[Slip]:
    """Yield the slips in the delta that is used here, and nowhere else."""
    layer, own = stage.layer, record.delta[stage.layer - 1]
    for other, delta in enumerate(record.delta, 1):
        if other > layer and delta.shape == own.shape:
            words = f"delta{other} in place of delta{layer}"
            change = put(delta=lambda o, at=other: o.values[f"delta{at}"])  # type: ignore[misc]
            yield Slip("other delta", stage, words, "delta", change)
        if other < layer and delta.shape == own.shape:
            words = f"delta{other} in place of delta{layer}"
            change = put(delta=lambda o, at=other: _later_delta(o, at))  # type: ignore[misc]
            yield Slip("other delta", stage, words, "delta", change)
    for slip in delta_slips(record, layer):
        if not slip.free and slip.part == "slope":

            def change(o: Operands, t: float, slip: Slip = slip) -> None:
                o.delta = computed(slip.stage, o.values, o.record, [slip])

            yield Slip(slip.kind, stage, slip.words, "delta", change)


def _later_delta(o: Operands, layer: int) -> Any:
    """Return the delta of a layer below, which follows from those that are known."""
    values, at = dict(o.values), o.layer
    while at > layer:
        at -= 1
        for stage in (Stage("da", at), Stage("delta", at)):
            values[stage.name] = computed(stage, values, o.record)
    return values[f"delta{layer}"]


def _other_operands(record: Record, stage: Stage) -> Iterator[Slip]:
    """Yield the arrays that dW^l may have been multiplied with in place of a^(l-1)."""
    layer, sizes = stage.layer, record.network.sizes

    def below(words: str, name: str) -> Slip:
        change = put(below=lambda o: o.values[name])
        return Slip(words[0] + " for a", stage, words, "below", change)

    for other in range(len(sizes)):
        if other != layer - 1 and sizes[other] == sizes[layer - 1]:
            yield below(f"a{other} in place of a{layer - 1}", f"a{other}")
    if layer > 1:
        yield below(f"z{layer - 1} in place of a{layer - 1}", f"z{layer - 1}")


def _sums(record: Record, stage: Stage) -> Iterator[Slip]:
    """Yield the slips in the sum that db^l is."""

    def total(kind: str, words: str, function: Callable[[Operands], Any]) -> Slip:
        return Slip(kind, stage, words, "sum", put(value=function))

    if len(record.losses) > 1:
        words = "not summed over the samples"
        yield total("not summed", words, lambda o: o.share[:, None] * o.delta)
        yield total("not summed", words, lambda o: o.delta)
    if record.delta[stage.layer - 1].shape[1] > 1:
        words = "summed over the neurons as well"
        yield total(
            "neurons too", words,
            lambda o: np.full(o.delta.shape[1], (o.share[:, None] * o.delta).sum()),
        )  # fmt: skip
        words = "summed over the neurons in place of the samples"
        yield total("neurons", words, lambda o: o.share * o.delta.sum(axis=1))
        yield total("neurons", words, lambda o: o.delta.sum(axis=1))
    words = f"the sum of dW{stage.layer} over its columns, not of delta{stage.layer}"
    yield total("of dW", words, lambda o: o.values[f"dW{o.layer}"].sum(axis=1))


def _penalties(record: Record, stage: Stage) -> Iterator[Slip]:
    """Yield the slips in the penalty: left out, doubled, of another strength, put on biases."""
    l2 = record.l2
    if stage.symbol == "dW":
        if l2:
            for kind, words, factor in (
                ("no l2", "the l2 term is forgotten", 0.0),
                ("l2 twice", "the l2 term is doubled (its half belongs to the cost)", 2.0),
                ("-l2", "the l2 term has the wrong sign", -1.0),
            ):
                change = put(penalty=lambda o, factor=factor: factor * l2 * o.W)  # type: ignore[misc]
                yield Slip(kind, stage, words, "penalty", change)

        def strength(o: Operands, t: float) -> None:
            o.penalty = t * o.W

        has = f"{l2:.4g}" if l2 else "none"
        words = f"an l2 term of {{t:.4g}}; the record's l2 is {has}"
        others = (0.0, l2, 2 * l2, -l2)
        yield Slip("l2", stage, words, "penalty", strength, fitted=True, unlike=others)
        return
    b = record.network.biases[stage.layer - 1]
    if l2:
        words = "an l2 term on biases, which have none"
        on = put(value=lambda o: o.value + l2 * b)
        yield Slip("l2 on b", stage, words, "penalty", on, late=True)

    def on_biases(o: Operands, t: float) -> None:
        o.value = o.value + t * b

    words = "an l2 term of {t:.4g} on biases, which have none"
    if b.any():
        yield Slip(
            "l2 on b", stage, words, "penalty", on_biases, late=True, fitted=True, unlike=(l2,)
        )  # fmt: skip
