"""skl2onnx: our estimators as parts of a scikit-learn Pipeline that is exported whole.

How a converter is registered: https://onnx.ai/sklearn-onnx/auto_tutorial/plot_icustom_converter.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, missing_extra
from clearprop.export.layers import Layer, layers_of
from clearprop.export.onnx_layers import add_label, add_layers, add_shares, add_two_classes

Array = NDArray[Any]

_DOUBLE = 11
"""TensorProto.DOUBLE."""


def register(*estimators: type) -> None:
    """Teach skl2onnx to convert estimators that keep their network in ``network_``.

    Outputs are those that skl2onnx gives scikit-learn's own: ``label`` and ``probabilities`` of a
    classifier (``options={"zipmap": False}``), ``variable`` of a regressor. Like there, float64
    inputs are computed with in float64, and all others in float32; labels that are numbers or
    booleans come as int64.

    Parameters
    ----------
    *estimators : type
        Classes of scikit-learn classifiers, which have ``classes_`` too, and of regressors.

    Raises
    ------
    ArgumentError
        If a class is neither.
    MissingExtraError
        If skl2onnx (the extra `onnx`) is not installed.
    """
    try:
        from skl2onnx import update_registered_converter
    except ImportError:
        missing_extra("skl2onnx", "exporting a Pipeline", "onnx")
    from sklearn.base import ClassifierMixin, RegressorMixin

    for one in estimators:
        name = f"Clearprop{one.__name__}"
        if issubclass(one, ClassifierMixin):
            update_registered_converter(
                one,
                name,
                _classifier_shapes,
                _convert_classifier,
                options={
                    "zipmap": [True, False, "columns"],
                    "output_class_labels": [False, True],
                    "nocl": [True, False],
                },
            )
        elif issubclass(one, RegressorMixin):
            update_registered_converter(one, name, _regressor_shapes, _convert_regressor)
        else:
            raise ArgumentError(f"{one.__name__} is neither a classifier nor a regressor")


class _Conversion:
    """A `Graph` that writes to skl2onnx's container."""

    def __init__(self, scope: Any, container: Any) -> None:
        self._scope, self._container = scope, container

    def node(self, op: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = str(self._scope.get_unique_variable_name(op.lower()))
        self.node_to(name, op, *inputs, domain=domain, **attributes)
        return name

    def node_to(
        self, output: str, op: str, *inputs: str, domain: str = "", **attributes: Any
    ) -> None:
        operator = self._scope.get_unique_operator_name(op)
        self._container.add_node(
            op, list(inputs), [output], op_domain=domain, name=operator, **attributes
        )

    def constant(self, value: Array, name: str = "constant") -> str:
        from onnx import TensorProto, helper

        name = str(self._scope.get_unique_variable_name(name))
        content: Any = value.ravel()
        if value.dtype.kind == "O":
            kind, content = TensorProto.STRING, [one.encode() for one in content]
        else:
            kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        self._container.add_initializer(name, kind, list(value.shape), content)
        return name


def _forward(
    scope: Any, operator: Any, container: Any, layers: Sequence[Layer]
) -> tuple[_Conversion, str, Any]:
    """Add layers; return the graph, the name of the last one's outputs and the type."""
    from skl2onnx.common.data_types import guess_proto_type

    graph = _Conversion(scope, container)
    double = guess_proto_type(operator.inputs[0].type) == _DOUBLE
    dtype = np.dtype("float64" if double else "float32")
    x = graph.node("Cast", operator.inputs[0].full_name, to=_DOUBLE if double else 1)
    return graph, add_layers(graph, layers, x, dtype), dtype


def _convert_regressor(scope: Any, operator: Any, container: Any) -> None:
    layers = layers_of(operator.raw_operator.network_.topology, "ONNX")
    graph, a, _ = _forward(scope, operator, container, layers)
    graph.node_to(operator.outputs[0].full_name, "Identity", a)


def _convert_classifier(scope: Any, operator: Any, container: Any) -> None:
    estimator = operator.raw_operator
    *hidden, last = layers_of(estimator.network_.topology, "ONNX")
    several = _is_multilabel(estimator)
    if last.activation != "sigmoid" and (last.activation != "softmax" or several):
        raise ArgumentError(
            f"the estimator's outputs are {last.activation}, which are no probabilities: a "
            "classifier is exported with softmax or sigmoid"
        )
    one_against_all = not several and last.activation == "sigmoid" and len(last.W) > 1
    if one_against_all:
        last = last._replace(activation="identity")
    graph, shares, dtype = _forward(scope, operator, container, [*hidden, last])
    label, probabilities = (one.full_name for one in operator.outputs)
    if several:
        graph.node_to(probabilities, "Identity", shares)
        half = graph.constant(np.array(0.5, dtype))
        graph.node_to(label, "Cast", graph.node("Greater", shares, half), to=7)  # 7 is INT64
        return
    if one_against_all:
        shares = add_shares(graph, shares, dtype)
    elif len(last.W) == 1:
        shares = add_two_classes(graph, shares, dtype)
    graph.node_to(probabilities, "Identity", shares)
    chosen = add_label(graph, shares, _labels(estimator, scope))
    graph.node_to(label, "Identity", chosen)


def _labels(estimator: Any, scope: Any) -> Array:
    """Return the classes as skl2onnx gives them: text, or int64."""
    classes = np.asarray(estimator.classes_)
    if len(classes) == 1:
        raise ArgumentError(
            f"the estimator has seen one class alone, {classes.tolist()[0]!r}: fit it to data of "
            "two"
        )
    if scope.get_options(estimator, {"nocl": False})["nocl"]:
        return np.arange(len(classes))
    if classes.dtype.kind in "biuf":
        whole = classes.astype(np.int64)
        if not np.array_equal(whole, classes):
            raise ArgumentError(
                "the classes are numbers with decimals, which skl2onnx has no labels for: train "
                "with whole numbers or text"
            )
        return whole
    return np.array([str(one) for one in classes], dtype=object)


def _is_multilabel(estimator: Any) -> bool:
    """Whether a row may have several classes: as the estimator says, else by its outputs."""
    kind = getattr(getattr(estimator, "_label_binarizer", None), "y_type_", None)
    if kind is not None:
        return bool(kind == "multilabel-indicator")
    network = estimator.network_
    return bool(network.sizes[-1] > 1 and network.activations[-1].name != "softmax")


def _classifier_shapes(operator: Any) -> None:
    from skl2onnx.common.shape_calculator import calculate_linear_classifier_output_shapes

    calculate_linear_classifier_output_shapes(operator)
    if _is_multilabel(operator.raw_operator):
        rows = operator.inputs[0].get_first_dimension()
        operator.outputs[0].type.shape = [rows, len(operator.raw_operator.classes_)]


def _regressor_shapes(operator: Any) -> None:
    from skl2onnx.common.shape_calculator import calculate_linear_regressor_output_shapes

    calculate_linear_regressor_output_shapes(operator)
    rows = operator.inputs[0].get_first_dimension()  # it knows of one output alone
    operator.outputs[0].type.shape = [rows, operator.raw_operator.network_.sizes[-1]]
