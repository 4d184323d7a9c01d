"""A model as an ONNX graph: raw columns in, a label and probabilities or a number out."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from clearprop.errors import ArgumentError
from clearprop.export.layers import layers_of
from clearprop.export.onnx_graph import ML, OwnGraph, class_array, write_proto
from clearprop.export.onnx_layers import add_label, add_layers
from clearprop.tables.cells import BOOLEANS, numbers_missing
from clearprop.tables.encoding import FARTHEST, Encoding, Input
from clearprop.tables.intervals import quantiles_of

if TYPE_CHECKING:
    from clearprop.network import Network
    from clearprop.tables.target import Target

_FLOAT, _DOUBLE = 1, 11
"""TensorProto.FLOAT and .DOUBLE, as the standard numbers them."""

_NONE, _OTHER = -1, -2
"""Places of a missing value and of one that has no input, which no flag stands at."""


def as_onnx(
    network: Network, encoding: Encoding, target: Target, path: str | os.PathLike[str] | None
) -> Any:
    """Return the ModelProto of a model; see `Model.to_onnx`."""
    graph = OwnGraph("model.to_onnx()")
    layers = layers_of(network.topology, "ONNX")
    _check_columns(encoding)
    outputs = ("label", "probabilities") if target.classes else ("variable",)
    taken = [one.column for one in encoding.inputs if one.column in outputs]
    if taken:
        raise ArgumentError(
            f"the model has a column {taken[0]!r}, as an output is to be called: rename the column "
            "and train again"
        )
    graph.reserve(*outputs, *(one.column for one in encoding.inputs))
    parts = []
    at = 0
    for one in encoding.inputs:
        if one.kind == "number":
            numbers = {name: encoding.statistics[name][at] for name in ("median", "mean", "scale")}
            parts += _number(graph, one, numbers, numbers_missing(encoding.words_for_missing))
            at += 1
        else:
            parts += _flags(graph, one, encoding.missing_in(one))
    encoded = graph.node("Concat", *parts, axis=1)
    if network.dtype == np.float64:
        encoded = graph.node("Cast", encoded, to=_DOUBLE)
    a = add_layers(graph, layers, encoded, network.dtype)
    if target.classes:
        classes = class_array(target.classes)
        graph.output("label", add_label(graph, a, classes), classes.dtype, None)
        graph.output("probabilities", a, network.dtype, len(classes))
    else:
        if quantiles := quantiles_of(network.loss):
            k = graph.constant(np.array([len(quantiles)], np.int64), "quantiles")
            a = graph.node("TopK", a, k, unread=1, axis=1, largest=0)  # ascending
        wide = a if network.dtype == np.float64 else graph.node("Cast", a, to=_DOUBLE)
        scaled = graph.node("Mul", wide, graph.constant(np.array([target.scale]), "scale"))
        number = graph.node("Add", scaled, graph.constant(np.array([target.mean]), "mean"))
        if target.transform:
            number = graph.node("Exp", number)
        if target.transform == "log1p":
            number = graph.node("Sub", number, graph.constant(np.array([1.0]), "one"))
            number = graph.node("Max", number, graph.constant(np.array([0.0]), "least"))
        graph.output("variable", number, np.float64, network.sizes[-1])
    about = {"target": target.column, "task": target.task}
    proto = graph.model("model", f"Predicts {target.column!r}: {target.task}", about)
    return write_proto(proto, path)


def _check_columns(encoding: Encoding) -> None:
    for one in encoding.inputs:
        if one.kind == "date":
            raise ArgumentError(
                f"column {one.column!r} holds dates, which ONNX has no type for: train without it "
                f"(drop=[{one.column!r}]), or make numbers of it first"
            )


def _number(
    graph: OwnGraph, one: Input, numbers: dict[str, Any], words: Sequence[float]
) -> list[str]:
    """Add a column of numbers: (value - mean) / scale, and whether the value is missing."""
    x = graph.input(one.column, np.float64, 1)
    median, mean, scale, far = (
        graph.constant(np.array(value), name)
        for name, value in (*numbers.items(), ("farthest", FARTHEST))
    )
    missing = graph.node("IsNaN", x)
    for word in words:
        is_word = graph.node("Equal", x, graph.constant(np.array(word), "missing"))
        missing = graph.node("Or", missing, is_word)
    bounded = x
    if one.within is not None:
        low, high = (
            graph.constant(np.array(end), name)
            for name, end in zip(("low", "high"), one.within, strict=True)
        )
        bounded = graph.node("Clip", x, low, high)
    present = graph.node("Where", missing, median, bounded)
    standard = graph.node("Div", graph.node("Sub", present, mean), scale)
    within = graph.node("Clip", standard, graph.node("Neg", far), far)
    parts = [graph.node("Cast", within, to=_FLOAT)]
    if one.missing:
        parts.append(graph.node("Cast", missing, to=_FLOAT))
    return parts


def _flags(graph: OwnGraph, one: Input, missing_words: Collection[str]) -> list[str]:
    """Add a column of text: an input for each category, 1 where the value is that one."""
    x = graph.input(one.column, str, 1)
    if not one.flags:
        return []
    n = len(one.categories)
    places = dict.fromkeys(("", *missing_words), _NONE) | dict(_words_of(one))
    place = graph.node(
        "LabelEncoder",
        x,
        domain=ML,
        keys_strings=list(places),
        values_int64s=list(places.values()),
        default_int64=_NONE if one.is_truth else n if one.rare else _OTHER,
    )
    flags = [*range(n), *([n] if one.rare else []), *([_NONE] if one.missing else [])]
    equal = graph.node("Equal", place, graph.constant(np.array(flags, np.int64), "places"))
    return [graph.node("Cast", equal, to=_FLOAT)]


def _words_of(one: Input) -> Iterator[tuple[str, int]]:
    """Yield the texts that stand for a category, and its place."""
    place = {category: i for i, category in enumerate(one.categories)}
    if one.kind == "boolean":
        for word, meaning in BOOLEANS.items():
            for cased in product(*((letter, letter.upper()) for letter in word)):
                at = len(place) if one.rare else _OTHER
                yield "".join(cased), place.get(meaning, at)
        return
    yield from place.items()
    for category, i in place.items():
        # What a table calls 3 another may call 3.0, as pandas does where values are missing.
        other = f"{category}.0"
        if re.fullmatch(r"0|-?[1-9][0-9]*", category) and other not in place:
            yield other, i
