"""Which kernel computes an activation, a loss or an optimizer, and with which settings.

A new activation or loss is found by its name, and a new optimizer is one entry of `OPTIMIZERS`.
A loss whose kernel takes other numbers than its settings, in their order, has an entry in
`LOSS_SETTINGS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import ACTIVATIONS, Activation, BuiltInActivation
from clearprop.checks.settings import listed
from clearprop.engine.kernels.loading import load
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.user_made import activation_kernels, loss_kernel
from clearprop.errors import missing_piece
from clearprop.losses import LOSSES, BuiltInLoss, Loss
from clearprop.optimizers import OPTIMIZERS as BUILT_IN
from clearprop.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, RProp, UncorrectedAdam
from clearprop.topology import Topology


class ActivationKernels(NamedTuple):
    """Addresses: of the loop with the derivative, the one without, the Jacobian's product or 0."""

    training: int
    value: int
    jacobian: int


def activation_of(function: Activation, precision: Precision) -> ActivationKernels:
    """Return the kernels of an activation.

    Raises
    ------
    CompilationError
        If it is the user's own and Numba cannot compile it.
    MissingPieceError
        If it is built in and has no kernel.
    """
    if not isinstance(function, BuiltInActivation):
        return ActivationKernels(*activation_kernels(function, precision), 0)
    addresses = [load(name, precision) for name in _activation_names(function)]
    return ActivationKernels(*addresses, *[0] * (3 - len(addresses)))


def _activation_names(function: BuiltInActivation) -> list[str]:
    """Return its kernels' names, in the order of `ActivationKernels`."""
    name = f"activations.{function.name}"
    jacobian = [f"{name}-jacobian"] if function.jacobian_product is not None else []
    return [name, f"{name}-value", *jacobian]


class LossKernel(NamedTuple):
    """A loss's address and settings; `takes_z` where it is fused with the output activation."""

    address: int
    settings: NDArray[np.float64]
    takes_z: bool


Settings = Mapping[str, float | tuple[float, ...]]

LOSS_SETTINGS: dict[str, Callable[[Settings], tuple[float, ...]]] = {
    "quantile": lambda settings: tuple(s for q in listed(settings["q"]) for s in (q, q - 1)),
}
"""The two numbers that a loss's kernel is told where they are not its settings as they stand; two
for each output, if its settings are numbers for each."""

EACH = ("quantile",)
"""The losses whose settings may be numbers for each output: they have a second kernel."""


def loss_of(loss: Loss, output: Activation, labels: bool, precision: Precision) -> LossKernel:
    """Return the kernel of a loss that follows an output activation.

    Raises
    ------
    CompilationError
        If it is the user's own and Numba cannot compile it.
    MissingPieceError
        If it is built in and has no kernel, or is fused with that output and has none for it.
    """
    if not isinstance(loss, BuiltInLoss):
        return LossKernel(loss_kernel(loss, precision), np.zeros(2), False)
    settings = np.zeros(2 * (loss.outputs or 1))
    told: tuple[Any, ...] = tuple(loss.settings.values())
    if loss.name in LOSS_SETTINGS:
        told = LOSS_SETTINGS[loss.name](loss.settings)
    elif len(told) > len(settings):
        missing_piece(
            f"loss {loss.name!r}",
            "two numbers for its kernel",
            "LOSS_SETTINGS in engine/functions.py",
        )
    settings[: len(told)] = told
    fused = isinstance(output, BuiltInActivation) and output.name in loss.fused
    name = _loss_name(loss, output.name if fused else None, labels)
    return LossKernel(load(name, precision), settings, fused)


def _loss_name(loss: BuiltInLoss, output: str | None, labels: bool) -> str:
    """Return its kernel's name; `output` where it is fused with that."""
    name = f"losses.{loss.name}" if output is None else f"losses.{loss.name}-{output}"
    if loss.targets == "labels":
        name += "-labels" if labels else "-shares"
    return f"{name}-each" if loss.outputs is not None else name


def _loss_names(loss: BuiltInLoss) -> list[str]:
    """Return the names of all its kernels; one that takes labels has fused ones only."""
    if loss.targets == "labels":
        return [
            _loss_name(loss, output, labels) for output in loss.fused for labels in (True, False)
        ]
    names = [_loss_name(loss, output, False) for output in (None, *loss.fused)]
    return [*names, f"{names[0]}-each"] if loss.name in EACH else names


Four = tuple[float, float, float, float]


class OptimizerKernel(NamedTuple):
    """An optimizer's address, its four settings for weights and for biases, and what it wants."""

    address: int
    settings: Four
    bias_settings: Four
    corrected: bool


class Entry(NamedTuple):
    """An optimizer's kernels, and which of them an object wants, with which four settings.

    `choose` returns the kernel's name, and its settings for weights and for biases. `corrected`
    says that it takes Adam's corrections.
    """

    kernels: tuple[str, ...]
    choose: Callable[[Any], tuple[str, Four, Four]]
    corrected: bool = False


def _sgd(rule: SGD) -> tuple[str, Four, Four]:
    name = "nesterov" if rule.nesterov else ("momentum" if rule.momentum != 0 else "sgd")
    return name, (rule.shrink, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)


def _adam(rule: Adam) -> tuple[str, Four, Four]:
    decay = rule.decay if isinstance(rule, AdamW) else 0.0
    settings = rule.beta1, rule.beta2, rule.epsilon, decay
    return "adam", settings, settings


def _rmsprop(rule: RMSprop) -> tuple[str, Four, Four]:
    settings = rule.alpha, rule.epsilon, 0.0, 0.0
    return "rmsprop_momentum" if rule.momentum else "rmsprop", settings, settings


def _rprop(rule: RProp) -> tuple[str, Four, Four]:
    settings = rule.cut, rule.grow, rule.smallest, rule.largest
    return "rprop", settings, settings


def _keep(rule: None) -> tuple[str, Four, Four]:
    none = 0.0, 0.0, 0.0, 0.0
    return "keep", none, none


OPTIMIZERS: dict[type, Entry] = {
    SGD: Entry(("sgd", "momentum", "nesterov"), _sgd),
    Adam: Entry(("adam",), _adam, corrected=True),
    AdamW: Entry(("adam",), _adam, corrected=True),
    UncorrectedAdam: Entry(("adam",), _adam),
    RMSprop: Entry(("rmsprop", "rmsprop_momentum"), _rmsprop),
    RProp: Entry(("rprop",), _rprop),
    type(None): Entry(("keep",), _keep),
}
"""By the class; without an optimizer, what keeps the gradient and changes nothing."""


def optimizer_of(rule: Optimizer | None, precision: Precision) -> OptimizerKernel | None:
    """Return the kernel of an optimizer; None for one of the user's own.

    Without an optimizer, the kernel that keeps the gradient and changes nothing.

    Raises
    ------
    MissingPieceError
        If it is built in and has no kernel.
    """
    kind = type(rule)
    if kind not in OPTIMIZERS:
        if kind in BUILT_IN.values():
            missing_piece(
                f"optimizer {kind.__name__}", "kernel", "OPTIMIZERS in engine/functions.py"
            )
        return None
    _, choose, corrected = OPTIMIZERS[kind]
    name, settings, bias_settings = choose(rule)
    address = load(f"optimizers.{name}", precision)
    return OptimizerKernel(address, settings, bias_settings, corrected)


class Functions(NamedTuple):
    """What a run of a network is computed with; `optimizer` is None for one of the user's own."""

    loss: LossKernel
    activations: tuple[ActivationKernels, ...]
    optimizer: OptimizerKernel | None


def functions_of(
    topology: Topology, rule: Optimizer | None, labels: bool, precision: Precision
) -> Functions:
    """Return the kernels of a network's functions and of an optimizer.

    Raises
    ------
    CompilationError, MissingPieceError
        As for each of them.
    """
    return Functions(
        loss_of(topology.loss, topology.activations[-1], labels, precision),
        tuple(activation_of(function, precision) for function in topology.activations),
        optimizer_of(rule, precision),
    )


KERNELS = (
    "training.run",
    *(f"sharing.{part}" for part in ("begin", "deltas", "gradient", "backward", "update", "end")),
    "forward.run",
    "product.block",
    "packing.rows",
    "packing.columns",
    "random.order",
    "random.dropout",
    *(name for function in ACTIVATIONS.values() for name in _activation_names(function)),
    *(name for loss in LOSSES.values() for name in _loss_names(loss)),
    *dict.fromkeys(f"optimizers.{name}" for entry in OPTIMIZERS.values() for name in entry.kernels),
)
"""Every kernel of the engine."""
