"""Findings: what ails a network on given data, in plain words.

Causes come first, and what follows from them is not said: of inputs on another scale units
saturate, die, or cannot be trained at any rate, and no advice about these would help. Where units
are ill, the same network is looked at with scaled inputs; if they are well there, the inputs are
the cause.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import forward_and_backward
from clearprop.explaining.constant_outputs import constant_cost
from clearprop.explaining.diagnosis.finding import Finding
from clearprop.explaining.diagnosis.layer_figures import LayerFigures, layer_figures
from clearprop.explaining.diagnosis.of_both import relation_findings
from clearprop.explaining.diagnosis.of_inputs import REMEDY, describe, input_findings
from clearprop.explaining.diagnosis.of_targets import target_findings
from clearprop.explaining.diagnosis.of_training import overfitting_findings, penalty_findings
from clearprop.explaining.diagnosis.of_units import output_findings, unit_findings
from clearprop.explaining.diagnosis.of_weights import weight_findings
from clearprop.record import Record, where_not_finite

Array = NDArray[Any]

OF_DATA = {"constant inputs", "outliers", "unscaled inputs", "unscaled targets",
           "targets out of reach"}  # fmt: skip
"""What is wrong with data so that figures of weights and rates are those of the data."""

MODERATE = 2.0
"""Root mean square of a column below which its scale is held for no cause of ill units."""


def findings_of(
    record: Record, layers: tuple[LayerFigures, ...], held_out: Record | None = None
) -> tuple[list[Finding], bool]:
    """Return what is wrong, causes first, and whether a learning rate could be judged then."""
    broken = _not_finite(record)
    if broken is not None:
        return [broken], False
    X = record.a[0].astype(np.float64)
    data = [*input_findings(X), *target_findings(record)]
    if "constant inputs" in {finding.kind for finding in data}:
        return data, False  # a row that repeats says nothing of targets and units
    data += relation_findings(record, X)
    kinds = {finding.kind for finding in data}
    units = _units(record, layers, X, bool(kinds & {"unscaled inputs", "outliers"}))
    constant = constant_cost(record.network.loss, record.y, record.omega)
    deltas, training = [], [*penalty_findings(record, constant)]
    if held_out is not None:
        training += overfitting_findings(record, held_out, constant)
    if not kinds & OF_DATA and not units:
        units += output_findings(record)
        deltas = [] if units else [*weight_findings(record, layers, constant)]
    return [*data, *units, *deltas, *training], not (kinds & OF_DATA or units or deltas)


def _units(
    record: Record, layers: tuple[LayerFigures, ...], X: Array, unscaled: bool
) -> list[Finding]:
    """Return what ails the units, once inputs are scaled; and unscaled inputs, if they are why."""
    found = [*unit_findings(record, layers)]
    ill = [finding for finding in found if finding.kind != "symmetric units"]
    if not ill:
        return found
    spreads = X.std(axis=0)
    if not unscaled and np.sqrt((X**2).mean(axis=0)).max() < MODERATE:
        return found
    scaled = (X - X.mean(axis=0)) / np.where(spreads > 0, spreads, 1.0)
    again = forward_and_backward(
        record.network, scaled.astype(record.network.dtype), record.y, record.omega, record.l2, ()
    )
    figures = tuple(layer_figures(again, f.layer, None) for f in layers)
    left = [*unit_findings(again, figures)]
    if unscaled:
        return left
    if any(finding.kind in ("dead units", "saturation") for finding in left):
        return found
    off = np.maximum(np.abs(X.mean(axis=0)), spreads)
    cause = Finding(
        "unscaled inputs", None,
        f"{describe(X, int(off.argmax()))}; {ill[0].evidence}, which scaled inputs would mend",
        REMEDY,
    )  # fmt: skip
    return [cause, *left]


def _not_finite(record: Record) -> Finding | None:
    for name, view in record.network.unflatten(record.network.parameters).items():
        wild = np.argwhere(~np.isfinite(view))
        if len(wild):
            first = tuple(int(i) for i in wild[0])
            more = f", and {len(wild) - 1:,} more of {name}" if len(wild) > 1 else ""
            return Finding(
                "not finite", int(name[1:]),
                f"{name}[{','.join(map(str, first))}] is {view[first]}{more}",
                "draw the weights anew; if training made it, with a smaller learning rate",
            )  # fmt: skip
    where = where_not_finite(record)
    if where is None:
        return None
    return Finding(
        "not finite", None, str(where),
        "scale the inputs, or begin with smaller weights and a smaller learning rate",
    )  # fmt: skip
