"""Numeric inputs: a model's columns for consumers that know numbers alone: C and PyTorch."""

from __future__ import annotations

from clearprop.errors import ArgumentError
from clearprop.export.numeric import NumericInput
from clearprop.tables.cells import numbers_missing
from clearprop.tables.encoding import Encoding

WORDS = ("false", "true")


def numeric_inputs(encoding: Encoding, consumer: str) -> list[NumericInput]:
    """Return how columns of numbers, and of true and false, become inputs of the network.

    Raises
    ------
    ArgumentError
        If a column holds text or dates; the message says what to do.
    """
    found = []
    at = 0
    words = tuple(numbers_missing(encoding.words_for_missing))
    for one in encoding.inputs:
        if one.kind in ("category", "date"):
            what = "categories, which are text" if one.kind == "category" else "dates"
            raise ArgumentError(
                f"column {one.column!r} holds {what}, and {consumer} takes numbers: export "
                "model.network, whose inputs are those of model.encode(table)"
            )
        flags = [tuple(word == category for word in WORDS) for category in one.categories]
        if one.rare:
            flags.append(tuple(word not in one.categories for word in WORDS))
        statistics = {}
        if one.kind == "number":
            statistics = {
                name: float(encoding.statistics[name][at]) for name in ("median", "mean", "scale")
            }
            at += 1
        found.append(
            NumericInput(
                one.column,
                one.kind == "number",
                flags=tuple(flags),
                missing_flag=one.missing,
                missing=words if one.kind == "number" else (),
                within=one.within,
                **statistics,
            )
        )
    return found
