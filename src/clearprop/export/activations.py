"""Activations as other programs have them: a function in C, ONNX operators, a PyTorch module.

A new activation is one entry of `EXPORTS`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import missing_piece
from clearprop.export.onnx_graph import Graph

Array = NDArray[Any]
Operators = Callable[[Graph, str, Any], str]


class Exported(NamedTuple):
    """An activation elsewhere.

    `c` defines ``{name}_f`` in C99 for an f of ours: of a number, or, where a layer's outputs
    depend on one another, of the layer's z and their count. {real} is float or double, and {f},
    {zero} and {one} are the suffix of the functions of <math.h>, and of numbers, 0 and 1.
    `onnx` (graph, z, dtype) adds operators, and returns the name of a. `torch` makes the module
    from ``torch.nn``.
    """

    c: str
    onnx: Operators
    torch: Callable[[Any], Any]


def _operator(name: str, **attributes: Any) -> Operators:
    """Return what adds one operator."""
    return lambda graph, z, dtype: graph.node(name, z, **attributes)


def _in_float32(name: str, in_float64: Operators, **attributes: Any) -> Operators:
    """Return what adds an operator that ONNX Runtime has in float32 alone, and others elsewhere."""
    plain = _operator(name, **attributes)

    def add(graph: Graph, z: str, dtype: Any) -> str:
        return (in_float64 if dtype == np.float64 else plain)(graph, z, dtype)

    return add


def _number(graph: Graph, value: float, dtype: Any) -> str:
    return graph.constant(np.array(value, dtype))


def _leaky_relu(graph: Graph, z: str, dtype: Any) -> str:
    return graph.node("Max", z, graph.node("Mul", z, _number(graph, 0.01, dtype)))


def _elu(graph: Graph, z: str, dtype: Any) -> str:
    """max(z, 0) + tanh(b / 2) (exp(b) + 1), b = min(z, 0): exp(b) - 1, which would cancel."""
    zero, half, one = (_number(graph, value, dtype) for value in (0.0, 0.5, 1.0))
    b = graph.node("Min", z, zero)
    near = graph.node("Tanh", graph.node("Mul", b, half))
    below = graph.node("Mul", near, graph.node("Add", graph.node("Exp", b), one))
    return graph.node("Add", graph.node("Max", z, zero), below)


def _gelu(graph: Graph, z: str, dtype: Any) -> str:
    """Z (1 + erf(z / sqrt 2)) / 2; the operator Gelu is of a newer opset.

    ONNX has no erfc: where z is far below 0, the sum cancels.
    """
    inner = graph.node("Mul", z, _number(graph, math.sqrt(0.5), dtype))
    if dtype == np.float64:  # ONNX Runtime has erf in float32 alone
        inner = graph.node("Cast", inner, to=_FLOAT)
        erf = graph.node("Cast", graph.node("Erf", inner), to=_DOUBLE)
    else:
        erf = graph.node("Erf", inner)
    twice = graph.node("Mul", z, graph.node("Add", erf, _number(graph, 1.0, dtype)))
    return graph.node("Mul", twice, _number(graph, 0.5, dtype))


def _silu(graph: Graph, z: str, dtype: Any) -> str:
    sigmoid = graph.node("Sigmoid", z)
    if dtype == np.float32:
        return graph.node("Mul", z, sigmoid)
    # ONNX Runtime before 1.31 takes the product for an operator that it has in float32 alone.
    return graph.node("Neg", graph.node("Mul", graph.node("Neg", z), sigmoid))


def _softplus(graph: Graph, z: str, dtype: Any) -> str:
    """max(z, 0) + log(1 + e), e = exp(-|z|): with u = 1 + e, rounded, that is log(u) e / (u - 1).

    Source: Goldberg, "What every computer scientist should know about floating-point arithmetic",
    ACM Computing Surveys 23 (1991), theorem 4.
    """
    one = _number(graph, 1.0, dtype)
    e = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    u = graph.node("Add", e, one)
    share = graph.node("Div", e, graph.node("Sub", u, one))
    log = graph.node("Mul", graph.node("Log", u), share)
    tail = graph.node("Where", graph.node("Equal", u, one), e, log)
    return graph.node("Add", graph.node("Max", z, _number(graph, 0.0, dtype)), tail)


_FLOAT, _DOUBLE = 1, 11
"""TensorProto.FLOAT and .DOUBLE, as the standard numbers them."""

_STRAIGHT = 50.0
"""From here on log(1 + e^z) is z in float64; PyTorch's own threshold, 20, is off by 2e-9."""


def _exp_module(nn: Any) -> Any:
    from clearprop.export.torch_modules import Exp

    return Exp()


EXPORTS: dict[str, Exported] = {
    "sigmoid": Exported(
        """\
static inline {real} {name}_sigmoid({real} z)
{{
    const {real} e = exp{f}(-fabs{f}(z)); /* so that nothing overflows */
    return (z > {zero} ? {one} : e) / ({one} + e);
}}""",
        _operator("Sigmoid"),
        lambda nn: nn.Sigmoid(),
    ),
    "tanh": Exported(
        "static inline {real} {name}_tanh({real} z) {{ return tanh{f}(z); }}",
        _operator("Tanh"),
        lambda nn: nn.Tanh(),
    ),
    "relu": Exported(
        "static inline {real} {name}_relu({real} z) {{ return z <= {zero} ? {zero} : z; }}",
        _operator("Relu"),
        lambda nn: nn.ReLU(),
    ),
    "leaky_relu": Exported(
        """\
static inline {real} {name}_leaky_relu({real} z) {{ return z > {zero} ? z : 0.01{f} * z; }}""",
        _in_float32("LeakyRelu", _leaky_relu, alpha=0.01),
        lambda nn: nn.LeakyReLU(0.01),
    ),
    "elu": Exported(
        "static inline {real} {name}_elu({real} z) {{ return z > {zero} ? z : expm1{f}(z); }}",
        _in_float32("Elu", _elu, alpha=1.0),
        lambda nn: nn.ELU(),
    ),
    "gelu": Exported(
        """\
static inline {real} {name}_gelu({real} z)
{{
    return 0.5{f} * z * erfc{f}(-z * 0.7071067811865476{f}); /* 1 / sqrt(2) */
}}""",
        _gelu,
        lambda nn: nn.GELU(),
    ),
    "silu": Exported(
        """\
static inline {real} {name}_silu({real} z)
{{
    const {real} e = exp{f}(-fabs{f}(z)); /* so that nothing overflows */
    return z * (z > {zero} ? {one} : e) / ({one} + e);
}}""",
        _silu,
        lambda nn: nn.SiLU(),
    ),
    "softplus": Exported(
        """\
static inline {real} {name}_softplus({real} z)
{{
    return (z > {zero} ? z : {zero}) + log1p{f}(exp{f}(-fabs{f}(z)));
}}""",
        _in_float32("Softplus", _softplus),
        lambda nn: nn.Softplus(threshold=_STRAIGHT),
    ),
    "exp": Exported(
        "static inline {real} {name}_exp({real} z) {{ return exp{f}(z); }}",
        _operator("Exp"),
        _exp_module,
    ),
    "softmax": Exported(
        """\
static inline void {name}_softmax({real} *z, int n)
{{
    {real} largest = z[0], sum = {zero};
    for (int j = 1; j < n; j++)
        largest = z[j] > largest ? z[j] : largest;
    for (int j = 0; j < n; j++)
        sum += z[j] = exp{f}(z[j] - largest);
    for (int j = 0; j < n; j++)
        z[j] /= sum;
}}""",
        _operator("Softmax", axis=1),
        lambda nn: nn.Softmax(dim=-1),
    ),
}
"""By the name of a built-in activation; identity is nothing at all elsewhere."""


def exported(name: str) -> Exported:
    """Return how other programs have a built-in activation other than identity.

    Raises
    ------
    MissingPieceError
        If no table holds it.
    """
    if name not in EXPORTS:
        missing_piece(
            f"activation {name!r}", "form for exports", "EXPORTS in export/activations.py"
        )
    return EXPORTS[name]
