"""Clearprop: backpropagation in the clear.

Train feed-forward neural networks, and see, check and explain every number on the way::

    import clearprop as cp

    network = cp.Network([64, 100, 10], activations="relu", output="softmax")
    history = cp.train(network, X, y, epochs=20, validation=0.1, metrics=["accuracy"])
    record = cp.backprop(network, X[:32], y[:32])
    record["delta2"], record["dW2[1,3]"], record["L"]

The notation is the table of docs/notation.md: W2[1,3], b2[1], z2[1], a1[3], delta2[1].
"""

import clearprop_command  # noqa: F401 - signals are handled from here in `python -m clearprop`

# isort: split

import importlib as _importlib
import typing as _typing

from clearprop.activations import Activation
from clearprop.backprop import backprop
from clearprop.errors import (
    ArchitectureError,
    ArgumentError,
    CheckpointMismatchError,
    CheckpointWarning,
    ClearpropError,
    ClusterError,
    ColumnError,
    CompilationError,
    ConvergenceError,
    DataError,
    DerivativeError,
    DivergenceError,
    ElementError,
    FileMissingError,
    FileWriteError,
    FunctionError,
    MissingExtraError,
    ModelFileError,
    NonFiniteDataError,
    NonFiniteError,
    PairingError,
    SampleWeightError,
    ShapeError,
    TableFileError,
    TableWarning,
    TargetError,
    TypeOfDataError,
    UnknownNameError,
)
from clearprop.initializers import (
    glorot_normal,
    glorot_uniform,
    he_normal,
    he_uniform,
    normal,
    uniform,
    zeros,
)
from clearprop.losses import Loss, huber, quantile
from clearprop.network import Network
from clearprop.optimizers import LBFGS, SGD, Adam, AdamW, RMSprop, RProp
from clearprop.record import Record
from clearprop.schedules import (
    constant,
    cosine,
    exponential,
    inverse_scaling,
    step,
    warmup_cosine,
)
from clearprop.streams.stream import Stream
from clearprop.training.steps import Step, steps
from clearprop.training.train import train
from clearprop.training.watching.early_stopping import EarlyStopping
from clearprop.training.watching.epochs import Epoch
from clearprop.training.watching.history import History
from clearprop.training.watching.logs.csv_log import CSVLog
from clearprop.training.watching.logs.json_lines_log import JSONLinesLog
from clearprop.training.watching.logs.tensorboard_log import TensorBoardLog

if _typing.TYPE_CHECKING:
    from clearprop import cluster as cluster
    from clearprop import studio as studio
    from clearprop.explaining.chain_rule_cost import ChainRuleCost, chain_rule_cost
    from clearprop.explaining.checking.comparison import compare_gradients
    from clearprop.explaining.checking.comparison_report import GradientComparison
    from clearprop.explaining.checking.gradient_check import (
        check_gradient_function,
        check_gradients,
    )
    from clearprop.explaining.checking.gradient_report import GradientCheck
    from clearprop.explaining.derivation.derivation import Derivation
    from clearprop.explaining.derivation.explanation import explain
    from clearprop.explaining.diagnosis.diagnosis import Diagnosis, diagnose
    from clearprop.explaining.expression.expression import Expression, expression
    from clearprop.explaining.graph.computation_graph import ComputationGraph, computation_graph
    from clearprop.explaining.learning_rate import LearningRateSearch, find_learning_rate
    from clearprop.explaining.per_sample import PerSampleGradients, per_sample_gradients
    from clearprop.explaining.plots.animation import Animation, animate
    from clearprop.explaining.plots.boundary import plot_boundary
    from clearprop.explaining.plots.gradient_flow import plot_gradient_flow
    from clearprop.explaining.plots.hinton import plot_weights
    from clearprop.explaining.plots.loss_surface import LossSurface, loss_surface
    from clearprop.explaining.worksheet import Worksheet, worksheet
    from clearprop.tables.model import Model
    from clearprop.tables.table_streams import stream

_LATER = {
    "explaining.chain_rule_cost": ("ChainRuleCost", "chain_rule_cost"),
    "explaining.checking.comparison": ("compare_gradients",),
    "explaining.checking.comparison_report": ("GradientComparison",),
    "explaining.checking.gradient_check": ("check_gradient_function", "check_gradients"),
    "explaining.checking.gradient_report": ("GradientCheck",),
    "explaining.derivation.derivation": ("Derivation",),
    "explaining.derivation.explanation": ("explain",),
    "explaining.diagnosis.diagnosis": ("Diagnosis", "diagnose"),
    "explaining.expression.expression": ("Expression", "expression"),
    "explaining.graph.computation_graph": ("ComputationGraph", "computation_graph"),
    "explaining.learning_rate": ("LearningRateSearch", "find_learning_rate"),
    "explaining.per_sample": ("PerSampleGradients", "per_sample_gradients"),
    "explaining.plots.animation": ("Animation", "animate"),
    "explaining.plots.boundary": ("plot_boundary",),
    "explaining.plots.gradient_flow": ("plot_gradient_flow",),
    "explaining.plots.hinton": ("plot_weights",),
    "explaining.plots.loss_surface": ("LossSurface", "loss_surface"),
    "explaining.worksheet": ("Worksheet", "worksheet"),
    "tables.model": ("Model",),
    "tables.table_streams": ("stream",),
}
"""What is imported when it is first asked for: a training run needs none of it."""


def __getattr__(name: str) -> _typing.Any:
    if name in ("cluster", "studio"):
        return _importlib.import_module(f"clearprop.{name}")
    for module, names in _LATER.items():
        if name in names:
            found = getattr(_importlib.import_module(f"clearprop.{module}"), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__version__ = "0.1.0"

__all__ = [
    "LBFGS",
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "Animation",
    "ArchitectureError",
    "ArgumentError",
    "CSVLog",
    "ChainRuleCost",
    "CheckpointMismatchError",
    "CheckpointWarning",
    "ClearpropError",
    "ClusterError",
    "ColumnError",
    "CompilationError",
    "ComputationGraph",
    "ConvergenceError",
    "DataError",
    "Derivation",
    "DerivativeError",
    "Diagnosis",
    "DivergenceError",
    "EarlyStopping",
    "ElementError",
    "Epoch",
    "Expression",
    "FileMissingError",
    "FileWriteError",
    "FunctionError",
    "GradientCheck",
    "GradientComparison",
    "History",
    "JSONLinesLog",
    "LearningRateSearch",
    "Loss",
    "LossSurface",
    "MissingExtraError",
    "Model",
    "ModelFileError",
    "Network",
    "NonFiniteDataError",
    "NonFiniteError",
    "PairingError",
    "PerSampleGradients",
    "RMSprop",
    "RProp",
    "Record",
    "SampleWeightError",
    "ShapeError",
    "Step",
    "Stream",
    "TableFileError",
    "TableWarning",
    "TargetError",
    "TensorBoardLog",
    "TypeOfDataError",
    "UnknownNameError",
    "Worksheet",
    "animate",
    "backprop",
    "chain_rule_cost",
    "check_gradient_function",
    "check_gradients",
    "compare_gradients",
    "computation_graph",
    "constant",
    "cosine",
    "diagnose",
    "explain",
    "exponential",
    "expression",
    "find_learning_rate",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "huber",
    "inverse_scaling",
    "loss_surface",
    "normal",
    "per_sample_gradients",
    "plot_boundary",
    "plot_gradient_flow",
    "plot_weights",
    "quantile",
    "step",
    "steps",
    "stream",
    "train",
    "uniform",
    "warmup_cosine",
    "worksheet",
    "zeros",
]
