"""A model as a header in C: columns of numbers in, probabilities or a number out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from clearprop.export.c import header, network_lines, real_of
from clearprop.export.c_source import check_name, comment, number, text
from clearprop.export.layers import layers_of
from clearprop.export.numeric import NumericInput
from clearprop.tables.encoding import FARTHEST, Encoding
from clearprop.tables.intervals import quantiles_of
from clearprop.tables.numeric_inputs import numeric_inputs

if TYPE_CHECKING:
    from clearprop.network import Network
    from clearprop.tables.target import Target

_INVERSE = {"log": "exp", "log1p": "expm1"}
"""What C calls the way back from a target's transform."""


def as_c(network: Network, encoding: Encoding, target: Target, name: str) -> str:
    """Return the header of a model; see `Model.to_c`."""
    layers = layers_of(network.topology, "C")
    inputs = numeric_inputs(encoding, "C")
    check_name(name)
    real, quantiles = real_of(layers), quantiles_of(network.loss)
    lines = network_lines(layers, name, f"{name}_network")
    if target.classes:
        labels = ", ".join(text(str(one)) for one in target.classes)
        size = f"{name.upper()}_OUTPUTS"
        lines += ["", f"static const char *const {name}_classes[{size}] = {{{labels}}};"]
    lines += [
        "",
        f"static inline void {name}_predict(const double *x, double *y)",
        "{",
        f"    {real} inputs[{network.sizes[0]}], outputs[{network.sizes[-1]}];",
    ]
    if any(one.is_number for one in inputs):
        lines.append("    double v;")
    at = 0
    for place, one in enumerate(inputs):
        if one.is_number:
            lines.append(f"    v = {_standardized(one, place)};")
        for value in _values(one, place):
            lines.append(f"    inputs[{at}] = ({real}){value};")
            at += 1
    lines.append(f"    {name}_network(inputs, outputs);")
    if target.classes:
        lines += [
            f"    for (int j = 0; j < {len(target.classes)}; j++)",
            "        y[j] = (double)outputs[j];",
        ]
    else:
        scale, mean = _double(target.scale), _double(target.mean)

        def number(j: str) -> str:
            value = f"(double)outputs[{j}] * {scale} + {mean}"
            return f"{_INVERSE[target.transform]}({value})" if target.transform else value

        if quantiles:
            lines += [
                *_sorted_lines(real, len(quantiles)),
                f"    for (int j = 0; j < {len(quantiles)}; j++)",
                f"        y[j] = {number('j')};",
            ]
        else:
            lines.append(f"    y[0] = {number('0')};")
        if target.transform == "log1p":
            lines += [
                f"    for (int j = 0; j < {network.sizes[-1]}; j++)",
                "        if (y[j] < 0.0) y[j] = 0.0;",
            ]
    lines.append("}")
    about = _about(target, quantiles, inputs, name)
    return header(name, about, len(inputs), network.sizes[-1], lines)


def _sorted_lines(real: str, n: int) -> list[str]:
    """Return the lines that put outputs into ascending order."""
    return [
        f"    for (int j = 1; j < {n}; j++)",
        "        for (int k = j; k > 0 && outputs[k] < outputs[k - 1]; k--) {",
        f"            {real} larger = outputs[k - 1];",
        "            outputs[k - 1] = outputs[k];",
        "            outputs[k] = larger;",
        "        }",
    ]


def _about(
    target: Target, quantiles: tuple[float, ...], inputs: list[NumericInput], name: str
) -> list[str]:
    given = "in its own unit"
    if quantiles:
        given = f"its quantiles {', '.join(f'{q}' for q in quantiles)}, in its own unit"
    if target.classes:
        given = f"the probabilities of {name}_classes, in that order"
    lines = [
        f"Predicts {comment(target.column)}: y is {given}.",
        "x holds one row of the table, NAN where a value is missing:",
    ]
    for place, one in enumerate(inputs):
        truth = "" if one.is_number else ", 1 for true and 0 for false"
        lines.append(f"  x[{place}]  {comment(one.column)}{truth}")
    return lines


def _standardized(one: NumericInput, place: int) -> str:
    x, median, mean, scale = f"x[{place}]", *map(_double, (one.median, one.mean, one.scale))
    within = x
    if one.within is not None:
        low, high = map(_double, one.within)
        within = f"{x} < {low} ? {low} : {x} > {high} ? {high} : {x}"
    return f"(({_is_missing(one, x)} ? {median} : {within}) - {mean}) / {scale}"


def _is_missing(one: NumericInput, x: str) -> str:
    tests = [f"isnan({x})", *(f"{x} == {_double(value)}" for value in one.missing)]
    return " || ".join(tests) if len(tests) == 1 else f"({' || '.join(tests)})"


def _values(one: NumericInput, place: int) -> Iterator[str]:
    """Yield the inputs that x[place] becomes, with a number standardized as v."""
    x = f"x[{place}]"
    if one.is_number:
        far = _double(FARTHEST)
        yield f"(v < -{far} ? -{far} : v > {far} ? {far} : v)"
    for of_false, of_true in one.flags:
        # A missing value is neither true nor false.
        tests = [f"{x} == 0.0"] * of_false + [f"(!isnan({x}) && {x} != 0.0)"] * of_true
        yield f"({' || '.join(tests) or '0'})"
    if one.missing_flag:
        yield f"({_is_missing(one, x)} ? 1 : 0)"


def _double(value: float) -> str:
    """Return a number in double; a negative one in brackets."""
    written = number(np.float64(value))
    return f"({written})" if value < 0 else written
