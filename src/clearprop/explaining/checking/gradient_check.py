"""The gradient check: a gradient held to what the cost itself says.

Where every function is analytic, or made of such pieces that meet with one slope, the complex step
gives the derivative without any subtraction, dL/dtheta = Im L(theta + i h) / h; elsewhere central
differences do, see `clearprop.explaining.checking.differences`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.activations import BuiltInActivation
from clearprop.backprop import backprop
from clearprop.constraints import Constraints, Frozen, Shared, read_constraints
from clearprop.cost import cost_of
from clearprop.errors import ArgumentError, FunctionError, said, shown
from clearprop.explaining.checking.evaluation import Evaluation
from clearprop.explaining.checking.examination import Examination
from clearprop.explaining.checking.gradient_report import GradientCheck
from clearprop.explaining.checking.noise import DOUBLE
from clearprop.explaining.checking.rounding import floors
from clearprop.explaining.checking.structure import Structure, one_number
from clearprop.explaining.checking.surroundings import Surroundings
from clearprop.explaining.names import element_of, read_names
from clearprop.losses import BuiltInLoss, Loss, LossName
from clearprop.network import Network, check_network
from clearprop.numerics.random import check_seed
from clearprop.record import Record

Array = NDArray[Any]


def check_gradients(
    network: Network,
    X: object,
    y: object,
    *,
    loss: LossName | Loss | None = None,
    sample_weight: object = None,
    l2: float = 0.0,
    frozen: Frozen = (),
    shared: Shared = (),
    seed: int = 0,
    names: Mapping[str, str] | None = None,
) -> GradientCheck:
    """Hold backpropagation's gradient of a network on data to what the cost itself says.

    Parameters
    ----------
    network : Network
        Left as it is. float32 networks are checked in float64, where differences can tell.
    X, y, loss, sample_weight, l2
        As for `backprop`. Few rows suffice.
    frozen, shared
        As for `train`; one of `names` serves as well. What is frozen is not moved, and its
        gradient is 0. What is shared is moved together, and held to the sum of its gradients: that
        of the first of a group, which stands for all; of the others it is 0.
    seed : int
        For networks of more than 1,500 parameters, which are checked along random directions of
        each array, and at 24 parameters; a direction that is wrong is followed to the parameter.
    names : mapping of str to str, optional
        Names of the reader's own for elements, ``{"W1[0,0]": "w1"}``, which the check prints and
        takes: ``check.plot("w1")``.

    Returns
    -------
    GradientCheck
        True where every derivative is right. Each is right, wrong, or not determined, and of the
        last it says what would determine it; ``worst`` is a wrong one, if there are any.

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
    network, seed = check_network(network), check_seed(seed)
    given = read_names(names, network)
    double = network.astype(np.float64, loss=loss)

    def record_at(parameters: Array) -> Record:
        double.parameters[:] = parameters
        return backprop(double, X, y, sample_weight=sample_weight, l2=l2)

    def backprop_at(parameters: Array) -> Array:
        return record_at(parameters).gradient

    at = double.parameters.copy()
    record = record_at(at)
    cost, rounding = cost_of(record), _rounding(record)
    gradient_at: Callable[[Array], Array] = backprop_at
    constraints = read_constraints(
        double, frozen, shared, element=lambda name: element_of(name, given)
    )
    if constraints is not None:
        cost, gradient_at = _within(constraints, cost, backprop_at, at)
        rounding = np.where(constraints.free(), constraints.gradient(rounding), 0.0)
    shapes = {name: view.shape for name, view in double.unflatten(at).items()}
    around = Surroundings(Evaluation(cost, float), at, shapes, [DOUBLE] * len(shapes), seed)
    found = Examination(
        around,
        gradient_at(at),
        DOUBLE,
        gradient_at,
        cost if _is_analytic(double) else None,
        seed,
        rounding,
    ).result()
    return replace(found, names=given)


def _rounding(record: Record) -> Array:
    """Return how far off rounding may put each derivative of a record (n,)."""
    allowed, found = floors(record, own=True), np.zeros_like(record.gradient)
    for name, view in record.network.unflatten(found).items():
        view[...] = allowed[f"d{name}"]
    return found


def _within(
    constraints: Constraints,
    cost: Callable[[Array], Any],
    gradient: Callable[[Array], Array],
    at: Array,
) -> tuple[Callable[[Array], Any], Callable[[Array], Array]]:
    """Return cost and gradient as functions of what is free: the others follow."""
    bound = ~constraints.free()

    def held(parameters: Array) -> Array:
        moved = parameters.copy()
        constraints.hold(moved, at)
        return moved

    def free_gradient(parameters: Array) -> Array:
        given = constraints.gradient(gradient(held(parameters)))
        given[bound] = 0
        return given

    return lambda parameters: cost(held(parameters)), free_gradient


ONE_SLOPE = ("elu", "huber")
"""Functions whose pieces meet with one slope: a complex step gives it, on either side."""


def _is_analytic(network: Network) -> bool:
    """Whether a complex step gives every derivative: no piece meets another at a kink."""
    loss = network.loss
    return all(
        isinstance(f, BuiltInActivation) and (not f.kinks or f.name in ONE_SLOPE)
        for f in network.activations
    ) and (isinstance(loss, BuiltInLoss) and (not loss.has_kinks or loss.name in ONE_SLOPE))


Structured = ArrayLike | Mapping[str, ArrayLike]


def check_gradient_function(
    f: Callable[[Any], Any],
    gradient: Callable[[Any], Any] | Structured,
    parameters: Structured,
    *,
    seed: int = 0,
) -> GradientCheck:
    """Hold anybody's gradient to the function that it belongs to.

    Steps follow the size of each parameter and the noise of f, which is measured. At a kink (a relu
    at 0), and where the noise or the bends of f hide a derivative, it is not determined.

    Parameters
    ----------
    f : callable
        ``f(parameters)`` gives one number. It gets copies: tensors of PyTorch and arrays of JAX in
        their own type, all else in float64.
    gradient : callable or as `parameters`
        ``gradient(parameters)``, or what it gives at these parameters.
    parameters : array-like, or mapping of str to array-like
        Where to check; f and gradient get the same.
    seed : int
        For more than 1,500 parameters, see `check_gradients`.

    Returns
    -------
    GradientCheck
        True where every derivative is right, see `check_gradients`.

    Raises
    ------
    ArgumentError
        If f gives no single number.
    TypeOfDataError
        If parameters, gradient or f's value are no real numbers.
    ShapeError
        If the gradient is not shaped as the parameters.
    NonFiniteError
        If f is not finite at the parameters.
    FunctionError
        If f or the gradient raises at the parameters, or f near by what no edge of a domain
        accounts for.

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
    seed = check_seed(seed)
    if not callable(f):
        raise ArgumentError(f"f is {shown(f)}; it must be a function of the parameters")
    structure = Structure(parameters)

    def gradient_at(vector: Array) -> tuple[Array, int]:
        if not callable(gradient):
            return structure.flatten(gradient)
        try:
            value = gradient(structure.build(vector))
        except Exception as error:
            raise FunctionError(f"gradient raised {said(error)}") from error
        return structure.flatten(value)

    def cost(vector: Array) -> Any:
        return f(structure.build(vector))

    bits = [leaf.bits for leaf in structure.leaves]
    around = Surroundings(Evaluation(cost, one_number), structure.at, structure.shapes, bits, seed)
    given, bits_given = gradient_at(structure.at)
    again = (lambda vector: gradient_at(vector)[0]) if callable(gradient) else None
    return Examination(around, given, bits_given, again, None, seed).result()
