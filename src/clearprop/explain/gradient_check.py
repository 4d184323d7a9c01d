"""The gradient check: a gradient held to what the cost itself says.

Where every function is analytic, the complex step gives the derivative without any
subtraction, dL/dtheta = Im L(theta + i h) / h; elsewhere central differences do, see
`clearprop.explain.differences`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop.activations import BuiltInActivation
from clearprop.backprop import backprop
from clearprop.checks import number
from clearprop.data import as_rows, check_inputs, check_sample_weight, check_targets, mean_weights
from clearprop.errors import ArgumentError, NonFiniteError, ShapeError, missing_extra
from clearprop.explain.differences import Ladder, ladder
from clearprop.forward import forward
from clearprop.html_table import html_table
from clearprop.losses import BuiltInLoss, Loss
from clearprop.network import Network, check_network

Array = NDArray[Any]
Cost = Callable[[Array], Any]

FULL = 1500
"""Parameters up to which every one is checked by itself."""

SOME = 24
"""Parameters of a larger network that are checked by themselves: half of them the steepest."""

DIRECTIONS = 3
"""Random directions of each array of a larger network."""

TOLERANCES = {"complex step": 1e-10, "central differences": 1e-6}

ANALYTIC_ACTIVATIONS = frozenset(
    {"identity", "sigmoid", "tanh", "gelu", "silu", "softplus", "exp", "softmax"}
)
ANALYTIC_LOSSES = frozenset({"squared_error", "cross_entropy", "binary_cross_entropy", "poisson"})

MEANINGS = {
    "right": "",
    "kink": "the cost has a kink here; the gradient lies between its two sides",
    "truncation": "the steps are too coarse to tell; no fault is seen",
    "round-off": "the cost is rounded too coarsely to tell; no fault is seen",
    "fault": "the gradient is wrong",
}


@dataclass(frozen=True)
class CheckedDerivative:
    """One parameter, or a direction among those of an array.

    Attributes
    ----------
    name : str
        ``W2[1,3]``, or ``W2, direction 1``.
    given, numerical : float
        The derivative to be checked, and what the cost says.
    error : float
        Their distance, relative to the larger of them or a thousandth of the steepest.
    verdict : str
        "right"; "kink", "truncation" and "round-off" (no fault is seen); or "fault".
    """

    name: str
    given: float
    numerical: float
    error: float
    verdict: str

    @property
    def passed(self) -> bool:
        """Whether this is no fault."""
        return self.verdict != "fault"


@dataclass(frozen=True, repr=False)
class GradientCheck:
    """What a gradient check found; true where no fault was found.

    Attributes
    ----------
    derivatives : tuple of CheckedDerivative
        All that were checked.
    method : str
        "complex step" or "central differences".
    n_parameters : int

    Examples
    --------
    >>> import clearprop as cp
    >>> check = cp.check_gradient_function(lambda x: x[0] * x[1], [3.0, 1.0], [2.0, 3.0])
    >>> bool(check), check.worst.name, check.worst.given, round(check.worst.numerical, 6)
    (False, 'x[1]', 1.0, 2.0)
    """

    derivatives: tuple[CheckedDerivative, ...]
    method: str
    n_parameters: int
    _ladder: Callable[[str], Ladder] = field(compare=False)

    @property
    def passed(self) -> bool:
        """Whether no fault was found."""
        return all(derivative.passed for derivative in self.derivatives)

    @property
    def worst(self) -> CheckedDerivative:
        """The one that is off most: a fault, if there is one; a parameter before a direction."""
        return max(
            self.derivatives, key=lambda d: (not d.passed, ", direction" not in d.name, d.error)
        )

    def __bool__(self) -> bool:
        return self.passed

    def ladder(self, name: str | None = None) -> Ladder:
        """Return central differences of a parameter over all steps; None: of the worst one."""
        return self._ladder(self.worst.name if name is None else name)

    def plot(self, name: str | None = None, ax: Any = None) -> Any:
        """Draw the error of central differences against the step, for the worst parameter.

        A right gradient gives a valley: truncation to its right, round-off to its left. For a wrong
        one, the curve stays up.

        Parameters
        ----------
        name : str, optional
            Another parameter.
        ax : matplotlib Axes, optional
            None: a new figure.

        Returns
        -------
        matplotlib Figure

        Raises
        ------
        MissingExtraError
            If matplotlib (the extra `plots`) is not installed.
        """
        try:
            from matplotlib.figure import Figure
        except ImportError:
            missing_extra("matplotlib", "plot()", "plots")
        name = self.worst.name if name is None else name
        given = next((d.given for d in self.derivatives if d.name == name), None)
        if given is None:
            raise ArgumentError(f"{name!r} was not checked")
        rungs = self.ladder(name)
        figure = Figure(figsize=(5.4, 3.6), layout="constrained") if ax is None else ax.figure
        axis = figure.subplots() if ax is None else ax
        scale = max(abs(given), float(np.abs(rungs.differences).min()), 1e-300)
        errors = np.maximum(np.abs(rungs.differences - given) / scale, 1e-17)
        axis.loglog(rungs.steps, errors, color="#0072B2", marker="o")
        axis.axhline(TOLERANCES["central differences"], color="0.5", ls=":", lw=1)
        axis.set_xlabel("step h")
        axis.set_ylabel("relative error of the difference")
        axis.set_title(f"d{name} = {given:.6g}", fontsize=10)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
        return figure

    def _rows(self, count: int = 5) -> list[list[str]]:
        ranked = sorted(self.derivatives, key=lambda d: (d.passed, -d.error))
        return [
            [f"d{d.name}", f"{d.given:.9g}", f"{d.numerical:.9g}", f"{d.error:.1e}", d.verdict]
            for d in ranked[:count]
        ]

    def _title(self) -> str:
        faults = sum(not d.passed for d in self.derivatives)
        found = f"{faults} of {len(self.derivatives)} derivatives are wrong" if faults else "passed"
        return (
            f"Gradient check by {self.method}: {found} ({len(self.derivatives):,} derivatives of "
            f"{self.n_parameters:,} parameters)"
        )

    def __repr__(self) -> str:
        rows = [_HEAD, *self._rows()]
        widths = [max(len(row[i]) for row in rows) for i in range(len(_HEAD))]
        lines = [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        meaning = MEANINGS[self.worst.verdict]
        if meaning:
            lines.append(f"d{self.worst.name}: {meaning}")
        return "\n  ".join([self._title(), *lines])

    def _repr_html_(self) -> str:
        return html_table(self._title(), _HEAD, self._rows(), right=(1, 2, 3))


_HEAD = ["derivative", "given", "numerical", "error", "verdict"]


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
    X = check_inputs(X, network.sizes[0], np.dtype(np.float64))
    y = check_targets(y, len(X), network.sizes[-1], double.loss.targets, np.dtype(np.float64))
    target = as_rows(y, network.sizes[-1], np.dtype(np.float64))
    omega = mean_weights(check_sample_weight(sample_weight, len(X)), len(X), np.dtype(np.float64))
    penalty = number("l2", l2, low=0)

    def cost(parameters: Array) -> Any:
        work = double.astype(parameters.dtype)
        work.parameters[:] = parameters
        with np.errstate(all="ignore"):
            z, a = forward(work.weights, work.biases, work.activations, X.astype(work.dtype))
            losses = work.loss.per_sample(z[-1], a[-1], target, work.activations[-1])
            squares = sum((W**2).sum() for W in work.weights) if penalty else 0.0
            return (omega * losses).sum() + 0.5 * penalty * squares

    names = [
        f"{name}[{','.join(map(str, place))}]"
        for name, view in double.unflatten(double.parameters).items()
        for place in np.ndindex(view.shape)
    ]
    bounds = np.cumsum([0, *(v.size for v in double.unflatten(double.parameters).values())])
    arrays = {
        name: np.arange(start, stop)
        for name, start, stop in zip(
            double.unflatten(double.parameters), bounds, bounds[1:], strict=False
        )
    }
    examination = _Examination(
        cost, record.gradient, double.parameters.copy(), names, arrays, _is_analytic(double), seed
    )
    return examination.result()


def _is_analytic(network: Network) -> bool:
    functions = network.activations
    smooth = all(
        isinstance(f, BuiltInActivation) and f.name in ANALYTIC_ACTIVATIONS for f in functions
    )
    loss = network.loss
    return smooth and isinstance(loss, BuiltInLoss) and loss.name in ANALYTIC_LOSSES


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
    given: Any = gradient
    if isinstance(parameters, Mapping):
        shapes = {str(name): np.asarray(array, np.float64) for name, array in parameters.items()}
    else:
        shapes = {"x": np.asarray(parameters, np.float64)}

    def structured(vector: Array) -> Any:
        pieces, start = {}, 0
        for name, array in shapes.items():
            pieces[name] = vector[start : start + array.size].reshape(array.shape).copy()
            start += array.size
        return pieces if isinstance(parameters, Mapping) else pieces["x"]

    def cost(vector: Array) -> float:
        value = np.asarray(f(structured(vector)))
        if value.size != 1:
            raise ArgumentError(f"f must give one number, but gave shape {value.shape}")
        return float(value.reshape(()))

    at = np.concatenate([array.ravel() for array in shapes.values()])
    if callable(given):
        given = given(structured(at))
    if not isinstance(parameters, Mapping):
        given = {"x": given}
    parts, arrays, names, start = [], {}, [], 0
    for name, array in shapes.items():
        if name not in given:
            raise ShapeError(f"the gradient has nothing for {name!r}")
        part = np.asarray(given[name], np.float64)
        if part.shape != array.shape:
            raise ShapeError(
                f"the gradient of {name!r} must have shape {array.shape}, but has {part.shape}"
            )
        parts.append(part.ravel())
        arrays[name] = np.arange(start, start + array.size)
        start += array.size
        names += [
            f"{name}[{','.join(map(str, place))}]" if place else name
            for place in np.ndindex(array.shape)
        ]
    return _Examination(cost, np.concatenate(parts), at, names, arrays, False, seed).result()


class _Examination:
    """A gradient at a point, and the cost around it."""

    def __init__(
        self,
        cost: Cost,
        given: Array,
        at: Array,
        names: list[str],
        arrays: Mapping[str, Array],
        analytic: bool,
        seed: int,
    ) -> None:
        self._cost, self._given, self._at = cost, given, at
        self._names, self._arrays = names, arrays
        self._places = {name: place for place, name in enumerate(names)}
        self._rng = np.random.default_rng(seed)
        self._method = "complex step" if analytic else "central differences"
        self._directions: dict[str, Array] = {}
        middle = cost(at)
        if not np.isfinite(middle):
            raise NonFiniteError(f"the cost is {middle} here: there is no gradient to check")
        self._steepest = float(np.abs(given[np.isfinite(given)]).max(initial=0.0))

    def result(self) -> GradientCheck:
        """Check every parameter, or directions and some parameters."""
        if len(self._at) <= FULL:
            found = [self._parameter(place) for place in range(len(self._at))]
        else:
            found = self._by_directions()
        return GradientCheck(tuple(found), self._method, len(self._at), self._ladder_of)

    def _by_directions(self) -> list[CheckedDerivative]:
        found = []
        for name, places in self._arrays.items():
            for turn in range(DIRECTIONS):
                along = np.zeros_like(self._at)
                along[places] = self._rng.normal(size=len(places)) / np.sqrt(len(places))
                label = f"{name}, direction {turn + 1}"
                self._directions[label] = along
                checked = self._along(label, along)
                found.append(checked)
                if not checked.passed:
                    found.append(self._parameter(self._followed(along, places)))
        steep = np.argsort(-np.abs(self._given), kind="stable")[: SOME // 2]
        others = self._rng.choice(len(self._at), SOME // 2, replace=False)
        chosen = dict.fromkeys([*steep.tolist(), *others.tolist()])
        have = {derivative.name for derivative in found}
        return found + [self._parameter(i) for i in chosen if self._names[i] not in have]

    def _followed(self, along: Array, places: Array) -> int:
        """Return the parameter at fault on a direction: of each half, the one that is off more."""
        while len(places) > 1:
            halves = np.array_split(places, 2)
            off = []
            for half in halves:
                part = np.zeros_like(along)
                part[half] = along[half]
                off.append(abs(self._numerical(part) - float(self._given @ part)))
            places = halves[int(np.argmax(off))]
        return int(places[0])

    def _line(self, along: Array) -> Callable[[float], float]:
        return lambda h: float(np.real(self._cost(self._at + h * along)))

    def _numerical(self, along: Array) -> float:
        if self._method == "complex step":
            return float(np.imag(self._cost(self._at + 1e-30j * along)) / 1e-30)
        return ladder(self._line(along)).best[0]

    def _ladder_of(self, name: str) -> Ladder:
        if name in self._directions:
            return ladder(self._line(self._directions[name]))
        place = self._places[name]
        return ladder(self._line(self._unit(place)), abs(float(self._at[place])))

    def _unit(self, place: int) -> Array:
        along = np.zeros_like(self._at)
        along[place] = 1.0
        return along

    def _parameter(self, place: int) -> CheckedDerivative:
        size = abs(float(self._at[place]))
        return self._along(self._names[place], self._unit(place), size)

    def _along(self, name: str, along: Array, size: float = 1.0) -> CheckedDerivative:
        given = float((self._given[along != 0] * along[along != 0]).sum())
        if self._method == "complex step":
            numerical = self._numerical(along)
            error = self._error(given, numerical)
            verdict = "right" if error <= TOLERANCES[self._method] else "fault"
            return CheckedDerivative(name, given, numerical, error, verdict)
        rungs = ladder(self._line(along), size)
        numerical = rungs.nearest(given)
        error = self._error(given, numerical)
        verdict = "right" if error <= TOLERANCES[self._method] else self._judge(rungs, given)
        if verdict == "fault":
            numerical = rungs.best[0]
            error = self._error(given, numerical)
        return CheckedDerivative(name, given, numerical, error, verdict)

    def _judge(self, rungs: Ladder, given: float) -> str:
        """Say why a derivative and its differences are apart."""
        if not np.isfinite(given):
            return "fault"
        best, doubt, limit = rungs.best
        sides = rungs.sides()
        if sides is not None:
            slack = 10 * doubt + 1e-4 * abs(sides[1] - sides[0])
            return "kink" if min(sides) - slack <= given <= max(sides) + slack else "fault"
        return limit if abs(given - best) <= 3 * doubt else "fault"

    def _error(self, given: float, numerical: float) -> float:
        if not (np.isfinite(given) and np.isfinite(numerical)):
            return float("inf")
        scale = max(abs(given), abs(numerical), 1e-3 * self._steepest)
        return abs(given - numerical) / scale if scale else 0.0
