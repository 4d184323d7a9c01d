"""An ONNX graph in the making: nodes and constants, each under a name of its own.

The operators: https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, missing_extra, shown
from clearprop.export.layers import version
from clearprop.files.whole_file import write_whole

Array = NDArray[Any]

OPSET = 17
"""The version of the operators, of 2022, so that older runtimes read the files too."""

ML_OPSET = 3
"""The version of the operators for classical models, ai.onnx.ml."""

IR_VERSION = 8
"""The version of the file format that belongs to this opset."""

ML = "ai.onnx.ml"

LARGEST = 2_000_000_000
"""Bytes: a protobuf message, which an ONNX file is, ends at 2 GB."""


class Graph(Protocol):
    """What operators are written to: a file of our own, or a conversion by skl2onnx."""

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node with one output, whose name is returned."""

    def constant(self, value: Array, name: str = "constant") -> str:
        """Add an array of numbers or of text, and return its name."""


class OwnGraph:
    """A `Graph` that becomes a ModelProto.

    Raises
    ------
    MissingExtraError
        If onnx (the extra `onnx`) is not installed; `feature` is what needs it.
    """

    def __init__(self, feature: str) -> None:
        try:
            import onnx  # noqa: F401 - to know now
        except ImportError:
            missing_extra("onnx", feature, "onnx")
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []
        self._used: Counter[str] = Counter()
        self._reserved: set[str] = set()

    def input(self, name: str, dtype: Any, width: int) -> str:
        """Declare an input (n, width) of a NumPy type, `str` for text; return its name."""
        from onnx import helper

        self._reserved.add(name)
        self._inputs.append(helper.make_tensor_value_info(name, _element(dtype), ["n", width]))
        return name

    def output(self, name: str, source: str, dtype: Any, width: int | None) -> None:
        """Declare an output (n, width), or (n,) for None, that takes the values of `source`."""
        from onnx import helper

        shape: list[str | int | None] = ["n"] if width is None else ["n", width]
        self._outputs.append(helper.make_tensor_value_info(name, _element(dtype), shape))
        self._nodes.append(helper.make_node("Identity", [source], [name], name=f"to {name}"))

    def reserve(self, *names: str) -> None:
        """Keep names for outputs, so that nothing else is called so."""
        self._reserved.update(names)

    def node(
        self, op: str, *inputs: str, domain: str = "", unread: int = 0, **attributes: Any
    ) -> str:
        """Add a node, and return the name of its output; of more the others are `unread`."""
        from onnx import helper

        name = self._fresh(op.lower())
        outputs = [name, *(self._fresh("unread") for _ in range(unread))]
        node = helper.make_node(op, inputs, outputs, name=name, domain=domain, **attributes)
        self._nodes.append(node)
        return name

    def constant(self, value: Array, name: str = "constant") -> str:
        """Add an array of numbers or of text, and return its name."""
        from onnx import numpy_helper

        name = self._fresh(name)
        self._constants.append(numpy_helper.from_array(_plain(value), name))
        return name

    def _fresh(self, name: str) -> str:
        while True:
            self._used[name] += 1
            fresh = name if self._used[name] == 1 else f"{name}_{self._used[name]}"
            if fresh not in self._reserved:
                return fresh

    def model(self, name: str, says: str, about: Mapping[str, str]) -> Any:
        """Return the ModelProto; `about` are texts that it carries along."""
        from onnx import helper

        size = sum(one.ByteSize() for one in self._constants)
        if size > LARGEST:
            raise ArgumentError(
                f"the network has {size / 1e9:.1f} GB of parameters, and an ONNX file ends at 2 GB"
            )
        graph = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, self._constants, doc_string=says
        )
        opsets = [("", OPSET)]
        if any(node.domain == ML for node in self._nodes):
            opsets.append((ML, ML_OPSET))
        proto = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid(*one) for one in opsets],
            ir_version=IR_VERSION,
            producer_name="clearprop",
            producer_version=version(),
            doc_string=says,
        )
        helper.set_model_props(proto, dict(about))
        return proto


def write_proto(proto: Any, path: str | os.PathLike[str] | None) -> Any:
    """Write a ModelProto to a file, whole or not at all, unless `path` is None; return it."""
    if path is not None:
        write_whole(path, proto.SerializeToString())
    return proto


def class_array(classes: Sequence[Any]) -> Array:
    """Return classes as an array of int64, float64, bool or text."""
    try:
        array = np.asarray(classes)
    except ValueError:  # lists of different lengths
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise ArgumentError(f"classes is {shown(classes)}; give a list of one for each output")
    if array.dtype.kind in "iu":
        return array.astype(np.int64)
    if array.dtype.kind in "fb":
        return array.astype(np.float64) if array.dtype.kind == "f" else array
    if not all(isinstance(one, str) for one in array.tolist()):
        raise ArgumentError("classes are numbers, or texts, or True and False: not a mixture")
    try:
        "".join(array.tolist()).encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"classes is {shown(classes)}; a text in it is no Unicode") from None
    return array.astype(object)


def _plain(value: Array) -> Array:
    return value.astype(object) if value.dtype.kind == "U" else np.ascontiguousarray(value)


def _element(dtype: Any) -> int:
    from onnx import TensorProto, helper

    if dtype is str or np.dtype(dtype).kind in "OU":
        return TensorProto.STRING
    return int(helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
