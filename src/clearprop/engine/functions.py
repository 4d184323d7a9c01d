"""Which kernel computes an activation, a loss or an optimizer, and with which settings."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import ACTIVATIONS, Activation, BuiltInActivation
from clearprop.engine.kernels.compiler import load
from clearprop.engine.kernels.precision import Precision
from clearprop.engine.user_made import activation_kernels, loss_kernel
from clearprop.losses import LOSSES, BuiltInLoss, Loss
from clearprop.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, RProp, UncorrectedAdam


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
    """
    if not isinstance(function, BuiltInActivation):
        return ActivationKernels(*activation_kernels(function, precision), 0)
    name = f"activations.{function.name}"
    jacobian = load(f"{name}-jacobian", precision) if function.jacobian_product is not None else 0
    return ActivationKernels(load(name, precision), load(f"{name}-value", precision), jacobian)


class LossKernel(NamedTuple):
    """A loss's address and settings; `takes_z` where it is fused with the output activation."""

    address: int
    settings: NDArray[np.float64]
    takes_z: bool


def loss_of(loss: Loss, output: Activation, labels: bool, precision: Precision) -> LossKernel:
    """Return the kernel of a loss that follows an output activation.

    Raises
    ------
    CompilationError
        If it is the user's own and Numba cannot compile it.
    """
    settings = np.zeros(2)
    if not isinstance(loss, BuiltInLoss):
        return LossKernel(loss_kernel(loss, precision), settings, False)
    if loss.name == "huber":
        settings[0] = loss.settings["delta"]
    elif loss.name == "quantile":
        settings[:] = loss.settings["q"], loss.settings["q"] - 1
    fused = output.name in loss.fused and isinstance(output, BuiltInActivation)
    name = f"{loss.name}-{output.name}" if fused else loss.name
    if loss.name == "cross_entropy":
        name += "-labels" if labels else "-shares"
    return LossKernel(load(f"losses.{name}", precision), settings, fused)


class OptimizerKernel(NamedTuple):
    """An optimizer's address, its four settings for weights and for biases, and what it wants."""

    address: int
    settings: tuple[float, float, float, float]
    bias_settings: tuple[float, float, float, float]
    corrected: bool


def optimizer_of(rule: Optimizer | None, precision: Precision) -> OptimizerKernel | None:
    """Return the kernel of an optimizer; None for one of the user's own.

    Without an optimizer, the kernel that keeps the gradient and changes nothing.
    """
    kind: Any = type(rule)
    none = (0.0, 0.0, 0.0, 0.0)
    name, settings, bias_settings = "keep", none, none
    if isinstance(rule, SGD) and kind is SGD:
        name = "nesterov" if rule.nesterov else ("momentum" if rule.momentum != 0 else "sgd")
        settings, bias_settings = (rule.shrink, 0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)
    elif isinstance(rule, Adam) and kind in (Adam, AdamW, UncorrectedAdam):
        decay = rule.decay if isinstance(rule, AdamW) else 0.0
        name, settings = "adam", (rule.beta1, rule.beta2, rule.epsilon, decay)
        bias_settings = settings
    elif isinstance(rule, RMSprop) and kind is RMSprop:
        name = "rmsprop_momentum" if rule.momentum else "rmsprop"
        settings = bias_settings = (rule.alpha, rule.epsilon, 0.0, 0.0)
    elif isinstance(rule, RProp) and kind is RProp:
        name, settings = "rprop", (rule.cut, rule.grow, rule.smallest, rule.largest)
        bias_settings = settings
    elif rule is not None:
        return None
    return OptimizerKernel(
        load(f"optimizers.{name}", precision), settings, bias_settings, kind in (Adam, AdamW)
    )


KERNELS = (
    "training.run",
    "forward.run",
    "product.block",
    "packing.rows",
    "packing.columns",
    "random.order",
    "random.dropout",
    *(f"activations.{name}" for name in ACTIVATIONS),
    *(f"activations.{name}-value" for name in ACTIVATIONS),
    "activations.softmax-jacobian",
    *(f"losses.{name}" for name in LOSSES if name != "cross_entropy"),
    *(f"losses.{loss.name}-{output}" for loss in LOSSES.values() for output in loss.fused
      if loss.name != "cross_entropy"),
    "losses.cross_entropy-softmax-labels",
    "losses.cross_entropy-softmax-shares",
    *(f"optimizers.{name}" for name in (
        "sgd", "momentum", "nesterov", "adam", "rmsprop", "rmsprop_momentum", "rprop", "keep"
    )),
)  # fmt: skip
"""Every kernel of the engine."""
