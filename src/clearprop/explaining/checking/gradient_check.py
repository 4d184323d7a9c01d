"""The gradient check: a gradient held to what the cost itself says.

Where every function is analytic, the complex step gives the derivative without any
subtraction, dL/dtheta = Im L(theta + i h) / h; elsewhere central differences do, see
`clearprop.explaining.checking.differences`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.activations import BuiltInActivation
from clearprop.backprop import backprop
from clearprop.cost import cost_of
from clearprop.errors import ArgumentError, ShapeError, TypeOfDataError
from clearprop.explaining.checking.examination import Examination
from clearprop.explaining.checking.gradient_report import GradientCheck
from clearprop.losses import BuiltInLoss, Loss
from clearprop.network import Network, check_network

Array = NDArray[Any]


def check_gradients(
    network: Network,
    X: object,
    y: object,
    *,
    loss: str | Loss | None = None,
    sample_weight: object = None,
    l2: float = 0.0,
    seed: int = 0,
) -> GradientCheck:
    """Hold backpropagation's gradient of a network on data to what the cost itself says.

    Parameters
    ----------
    network : Network
        Left as it is. float32 networks are checked in float64, where differences can tell.
    X, y, loss, sample_weight, l2
        As for `backprop`. Few rows suffice.
    seed : int
        For networks of more than 1,500 parameters, which are checked along random directions of
        each array, and at 24 parameters; a direction that is wrong is followed to the parameter.

    Returns
    -------
    GradientCheck
        True where no fault was found; ``worst`` names the parameter that is off most.

    Raises
    ------
    DataError, ArgumentError, PairingError
        As for `backprop`.
    NonFiniteError
        If the cost is not finite.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([3, 4, 2], activations="tanh", output="softmax", seed=1)
    >>> check = cp.check_gradients(network, [[0.1, -0.4, 0.3], [1.0, 0.2, 0.0]], [1, 0])
    >>> check.passed, check.method, check.worst.error < 1e-10
    (True, 'complex step', True)
    """
    network = check_network(network)
    double = network.astype(np.float64, loss=loss)
    record = backprop(double, X, y, sample_weight=sample_weight, l2=l2)

    shapes = {name: view.shape for name, view in double.unflatten(double.parameters).items()}
    at = double.parameters.copy()
    analytic = _is_analytic(double)
    return Examination(cost_of(record), record.gradient, at, shapes, analytic, seed).result()


def _is_analytic(network: Network) -> bool:
    smooth = all(isinstance(f, BuiltInActivation) and not f.kinks for f in network.activations)
    loss = network.loss
    return smooth and isinstance(loss, BuiltInLoss) and not loss.has_kinks


Structured = ArrayLike | Mapping[str, ArrayLike]


def check_gradient_function(
    f: Callable[[Any], Any],
    gradient: Callable[[Any], Any] | Structured,
    parameters: Structured,
    *,
    seed: int = 0,
) -> GradientCheck:
    """Hold anybody's gradient to the function that it belongs to.

    Parameters
    ----------
    f : callable
        ``f(parameters)`` gives one number. It gets float64 copies.
    gradient : callable or as `parameters`
        ``gradient(parameters)``, or what it gives at these parameters.
    parameters : array-like, or mapping of str to array-like
        Where to check; f and gradient get the same.
    seed : int
        For more than 1,500 parameters, see `check_gradients`.

    Returns
    -------
    GradientCheck

    Raises
    ------
    ArgumentError
        If f gives no single number.
    ShapeError
        If the gradient is not shaped as the parameters.
    NonFiniteError
        If f is not finite at the parameters.

    Examples
    --------
    >>> import clearprop as cp
    >>> bool(cp.check_gradient_function(lambda x: (x**2).sum(), lambda x: 2 * x, [1.0, -3.0]))
    True
    >>> check = cp.check_gradient_function(
    ...     lambda p: (p["W"] @ p["b"]).sum(), {"W": [[2.0, 1.0]], "b": [1.0, 0.0]},
    ...     {"W": [[1.0, 4.0]], "b": [2.0, 1.0]},
    ... )
    >>> check.passed, check.worst.name
    (False, 'b[1]')
    """
    named = parameters if isinstance(parameters, Mapping) else {"x": parameters}
    arrays = {str(name): _numbers(array, f"parameter {name!r}") for name, array in named.items()}
    at = np.concatenate([np.zeros(0), *(array.ravel() for array in arrays.values())])
    if not at.size:
        raise ArgumentError("there are no parameters to check")

    def structured(vector: Array) -> Any:
        pieces, start = {}, 0
        for name, array in arrays.items():
            pieces[name] = vector[start : start + array.size].reshape(array.shape).copy()
            start += array.size
        return pieces if isinstance(parameters, Mapping) else pieces["x"]

    def cost(vector: Array) -> float:
        return _one_number(f(structured(vector)))

    theirs: Any = gradient(structured(at)) if callable(gradient) else gradient
    if isinstance(parameters, Mapping) and not isinstance(theirs, Mapping):
        raise ArgumentError(
            f"the gradient must be a mapping as the parameters are, but is a "
            f"{type(theirs).__name__}"
        )
    named_theirs = theirs if isinstance(parameters, Mapping) else {"x": theirs}
    given = _given(named_theirs, arrays)
    coarse = [
        getattr(part, "dtype", None) in (np.float32, np.float16) for part in named_theirs.values()
    ]
    shapes = {name: array.shape for name, array in arrays.items()}
    return Examination(cost, given, at, shapes, False, seed, single=any(coarse)).result()


def _one_number(value: object) -> float:
    """Return what a function of the caller's gave."""
    try:
        array = np.asarray(value)
        size = array.size
        number = float(array.reshape(-1)[0]) if size == 1 and array.dtype.kind in "biufO" else None
    except (TypeError, ValueError):
        size, number = 1, None
    if size != 1:
        raise ArgumentError(f"f must give one number, but gave shape {array.shape}")
    if number is None:
        raise TypeOfDataError(
            f"f must give one number, but gave a {type(value).__name__}: {str(value)[:40]!r}"
        )
    return number


def _given(theirs: Mapping[str, ArrayLike], arrays: Mapping[str, Array]) -> Array:
    """Return the caller's gradient as one vector."""
    parts = []
    for name, array in arrays.items():
        if name not in theirs:
            raise ShapeError(f"the gradient has nothing for {name!r}")
        part = _numbers(theirs[name], f"the gradient of {name!r}")
        if part.shape != array.shape:
            raise ShapeError(
                f"the gradient of {name!r} must have shape {array.shape}, but has {part.shape}"
            )
        parts.append(part.ravel())
    return np.concatenate(parts)


def _numbers(array: ArrayLike, what: str) -> Array:
    try:
        return np.asarray(array, np.float64)
    except (TypeError, ValueError) as error:
        raise TypeOfDataError(f"{what} is not made of numbers") from error
