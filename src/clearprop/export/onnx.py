"""ONNX: a network as a graph of operators, which other runtimes compute.

Outputs are called as skl2onnx calls them: `label` and `probabilities`, or `variable`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from clearprop.errors import ArgumentError
from clearprop.export.layers import layers_of
from clearprop.export.onnx_graph import OwnGraph, class_array, write_proto
from clearprop.export.onnx_layers import add_label, add_layers, add_two_classes
from clearprop.topology import Topology


def to_onnx(
    network: Topology,
    path: str | os.PathLike[str] | None = None,
    classes: Sequence[Any] | None = None,
) -> Any:
    """Return a network as an ONNX model of opset 17, and write it to `path` if one is given.

    The input is called ``X``: (n, n_0), of the network's type. After softmax, or with `classes`,
    the outputs are ``label``, (n,), and ``probabilities``, (n, K); else one, ``variable``,
    (n, n_L), is a^L.

    Parameters
    ----------
    network : Topology
        In float32 or float64; its activations are built-in ones.
    path : path, optional
    classes : sequence of str, int, float or bool, optional
        In the order of the outputs; two for a single sigmoid, the second being what its output
        is the probability of. None: 0 to K-1 after softmax.

    Returns
    -------
    onnx.ModelProto

    Raises
    ------
    ArgumentError
        If an activation is the user's own, or classes do not fit the outputs.
    FileWriteError
        If the file cannot be written; what stood there stays.
    MissingExtraError
        If onnx (the extra `onnx`) is not installed.
    """
    graph = OwnGraph("network.to_onnx()")
    layers = layers_of(network, "ONNX")
    n_outputs, last = network.sizes[-1], layers[-1].activation
    if classes is None and last == "softmax":
        classes = range(n_outputs)
    graph.reserve("label", "probabilities", "variable")
    x = graph.input("X", network.dtype, network.sizes[0])
    a = add_layers(graph, layers, x, network.dtype)
    if classes is None:
        graph.output("variable", a, network.dtype, n_outputs)
    else:
        of_classes = class_array(classes)
        single = last == "sigmoid" and n_outputs == 1 and len(of_classes) == 2
        if not single and (last != "softmax" or n_outputs != len(of_classes)):
            raise ArgumentError(
                f"{len(of_classes)} classes do not fit {n_outputs} output(s) of {last}: give one "
                "per output of softmax, or two for a single sigmoid"
            )
        shares = add_two_classes(graph, a, network.dtype) if single else a
        graph.output("label", add_label(graph, shares, of_classes), of_classes.dtype, None)
        graph.output("probabilities", shares, network.dtype, len(of_classes))
    sizes = "-".join(map(str, network.sizes))
    proto = graph.model("network", f"Network {sizes}", {"loss": repr(network.loss)})
    return write_proto(proto, path)
