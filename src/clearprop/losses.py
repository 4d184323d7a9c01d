"""Loss functions: what one sample costs, summed over its outputs. Each is an entry of a table.

The cost of a batch is the weighted mean of these, so a loss has to be differentiable in
a, and to look at one sample at a time: the two conditions backpropagation rests on.

`value` and `derivative` take a (n, n_L) and y (n, n_L); they return L_i (n,) and dL_i/da
(n, n_L). Where an output activation has a form with the loss that is stable for every z
(softmax with cross-entropy, sigmoid with binary cross-entropy, exp and softplus with
Poisson), the pair stands under `fused`: L_i and delta^L from z and y, without a.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearprop.activations import (
    Activation,
    BuiltInActivation,
    check_formula,
    sigmoid,
    softmax,
    softplus,
)
from clearprop.checks.settings import count, number
from clearprop.errors import (
    ArchitectureError,
    ArgumentError,
    FunctionError,
    PairingError,
    missing_piece,
    said,
    shown,
    unknown,
)
from clearprop.numerics.derivative_check import check_loss_derivative
from clearprop.numerics.special import deviance, xlog1py, xlogy

Array = NDArray[Any]


class Fused(NamedTuple):
    """A loss and its output activation in one: from z and y, stable for every z."""

    value: Callable[[Array, Array], Array]
    delta: Callable[[Array, Array], Array]


@dataclass(frozen=True, eq=False, repr=False)
class Loss:
    """What one sample costs, and the derivative of that for the network's outputs.

    Parameters
    ----------
    name : str
        The name it is shown and saved under.
    value : callable
        ``value(a, y)`` on one sample's arrays of shape (n_L,): a number.
    derivative : callable
        ``derivative(a, y)``: dL/da, an array of shape (n_L,). When the loss is made, it is
        compared with central differences of `value` at many points.
    formula : str, optional
        What explanations show for it, as for `Activation`: "sum_j(log(cosh(a_j - y_j)))", where
        ``sum_j`` is a sum over j. None: the source of `value`, where that is one expression.
    outputs : int, optional
        n_L, where the loss is for networks with so many outputs alone, as one with a weight for
        each. None: for any number; it is tried with 1, 2 and 3.

    Raises
    ------
    DerivativeError
        If `derivative` is not the derivative of `value`; the message gives the worst point
        and both values.
    ArgumentError
        If the name is empty or a built-in loss's, or `outputs` is no number of outputs.

    Examples
    --------
    >>> import numpy as np
    >>> import clearprop as cp
    >>> log_cosh = cp.Loss(
    ...     "log_cosh",
    ...     lambda a, y: np.log(np.cosh(a - y)).sum(),
    ...     lambda a, y: np.tanh(a - y),
    ...     formula="sum_j(log(cosh(a_j - y_j)))",
    ... )
    >>> cp.Network([2, 3, 1], loss=log_cosh).loss
    log_cosh
    >>> weights = np.array([1.0, 5.0, 1.0])
    >>> weighted = cp.Loss(
    ...     "weighted",
    ...     lambda a, y: -(weights * y * np.log(a)).sum(),
    ...     lambda a, y: -weights * y / a,
    ...     outputs=3,
    ... )
    >>> cp.Network([2, 3], output="softmax", loss=weighted).loss
    weighted
    """

    name: str
    value: Callable[[Any, Any], Any]
    derivative: Callable[[Any, Any], Any]
    formula: str | None = field(default=None, kw_only=True)
    outputs: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check_formula(f"loss {shown(self.name)}", self.formula)
        if not isinstance(self.name, str) or not self.name:
            raise ArgumentError(f"a loss's name is a non-empty string, not {shown(self.name)}")
        if self.name in LOSSES:
            raise ArgumentError(f"{self.name!r} is a built-in loss; choose another name")
        if self.outputs is not None:
            outputs = count(f"loss {self.name!r}: outputs", self.outputs, 1)
            object.__setattr__(self, "outputs", outputs)  # of NumPy's, it would overflow
        check_loss_derivative(self.name, self.value, self.derivative, self.outputs)

    @property
    def targets(self) -> str:
        """Which y it takes: "real", "labels", "unit" for [0, 1], "nonnegative", or "shared".

        The last are real numbers too, of which one may stand for all outputs of its row.
        """
        return "real"

    def per_sample(self, z: Array, a: Array, y: Array, output: Activation) -> Array:
        """Return L_i for each sample, shape (n,)."""
        return self._each("value", self.value, a, y)

    def da(self, a: Array, y: Array) -> Array:
        """Return dL_i/da^L for each sample, shape (n, n_L)."""
        return self._each("derivative", self.derivative, a, y)

    def delta(self, z: Array, a: Array, y: Array, output: Activation) -> Array:
        """Return delta^L = J_f(z^L)^T dL_i/da^L for each sample, shape (n, n_L)."""
        return output.backward(z, self.da(a, y))

    def check_partner(self, output: Activation) -> None:
        """Raise `PairingError` if the loss makes no sense after this output activation."""

    def check_outputs(self, n: int) -> None:
        """Raise `ArchitectureError` if the loss is made for another number of outputs."""
        if self.outputs not in (None, n):
            raise ArchitectureError(
                f"{self!r} takes {self.outputs} output{'' if self.outputs == 1 else 's'}, but the "
                f"network has {n}"
            )

    def _each(self, what: str, function: Callable[[Any, Any], Any], a: Array, y: Array) -> Array:
        pairs = zip(a.copy(), y.copy(), strict=True)  # what the user writes there is the user's
        try:
            found = np.array([function(*pair) for pair in pairs], dtype=a.dtype)
        except Exception as error:  # the user's code may raise anything
            raise FunctionError(f"loss {self.name!r}: {what}(a, y) raised {said(error)}") from error
        shape = a.shape if what == "derivative" else a.shape[:1]
        if found.shape != shape:
            raise FunctionError(
                f"loss {self.name!r}: {what}(a, y) returned shape {found.shape[1:]} for a of shape "
                f"{a.shape[1:]}; it must be {shape[1:]}"
            )
        return found

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False, repr=False)
class BuiltInLoss(Loss):
    """An entry of the table, whose functions take whole batches.

    `takes` is the kind of y, `partners` the output activations it may follow (none: all) and
    `needs` why, `domain` the closed interval a has to lie in, `has_kinks` whether it is made of
    pieces, `settings` the numbers it was made with and `maker` what made it of them. A setting may
    have a number for each output; `outputs` is how many then.
    """

    equation: str
    source: str
    takes: str = "real"
    partners: frozenset[str] = frozenset()
    needs: str = "other outputs make no sense"
    domain: tuple[float, float] = (-math.inf, math.inf)
    fused: Mapping[str, Fused] = field(default_factory=dict)
    has_kinks: bool = False
    settings: Mapping[str, float | tuple[float, ...]] = field(default_factory=dict)
    maker: Callable[..., BuiltInLoss] | None = None

    def __post_init__(self) -> None:
        """A file could not say settings without a maker; the rest is the tests' to check."""
        if self.settings and self.maker is None:
            missing_piece(f"loss {self.name!r}", "maker", "its BuiltInLoss in losses.py")

    @property
    def targets(self) -> str:
        """Which y it takes."""
        return self.takes

    def per_sample(self, z: Array, a: Array, y: Array, output: Activation) -> Array:
        """Return L_i for each sample, shape (n,); by the fused form where there is one."""
        if output.name in self.fused:
            return np.asarray(self.fused[output.name].value(z, y), dtype=z.dtype)
        low, high = self.domain
        outside = a[(a.real < low) | (a.real > high)]
        if outside.size:
            raise FunctionError(
                f"{self.name} takes outputs in [{low:g}, {high:g}], but {output.name} gave "
                f"{outside[0]:.6g}"
            )
        return np.asarray(self.value(a, y), dtype=z.dtype)

    def da(self, a: Array, y: Array) -> Array:
        """Return dL_i/da^L for each sample, shape (n, n_L); infinite where a log is."""
        with np.errstate(all="ignore"):
            return np.asarray(self.derivative(a, y), dtype=a.dtype)

    def delta(self, z: Array, a: Array, y: Array, output: Activation) -> Array:
        """Return delta^L for each sample, shape (n, n_L); by the fused form where there is one."""
        if output.name in self.fused:
            return np.asarray(self.fused[output.name].delta(z, y), dtype=z.dtype)
        return output.backward(z, self.da(a, y))

    def check_partner(self, output: Activation) -> None:
        """Raise `PairingError` if the loss makes no sense after this output activation."""
        built_in = isinstance(output, BuiltInActivation)  # of others, their makers know the range
        if not self.partners or output.name in self.partners:
            return
        if built_in or self.targets == "labels":  # no one neuron knows of a sum of 1
            raise PairingError(
                f"{self.name} cannot follow {output.name}: {self.needs}; "
                f"use output={' or '.join(repr(name) for name in sorted(self.partners))}"
            )

    def __reduce__(self) -> tuple[Any, ...]:
        # A copy of a network has the very entry of the table.
        return (self.maker, tuple(self.settings.values())) if self.maker else (loss, (self.name,))

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={_written(value)}" for key, value in self.settings.items())
        return f"{self.name}({inside})" if inside else self.name


def _written(setting: float | tuple[float, ...]) -> str:
    if isinstance(setting, tuple):
        return f"({', '.join(map(_written, setting))}{',' if len(setting) == 1 else ''})"
    return f"{setting:g}"


def _squared_error(a: Array, y: Array) -> Array:
    r = a - y
    return (0.5 * r * r).sum(axis=-1)


def _squared_error_derivative(a: Array, y: Array) -> Array:
    return a - y


def _magnitude(r: Array) -> Array:
    return np.where(r.real > 0, r, -r)  # abs() that a complex step goes through


def _absolute_error(a: Array, y: Array) -> Array:
    return _magnitude(a - y).sum(axis=-1)


def _absolute_error_derivative(a: Array, y: Array) -> Array:
    return np.sign((a - y).real)


def _cross_entropy(a: Array, y: Array) -> Array:
    return -xlogy(y, a).sum(axis=-1)


def _cross_entropy_derivative(a: Array, y: Array) -> Array:
    return -_ratio(y, a)


def _ratio(y: Array, a: Array) -> Array:
    """Y / a, and 0 where y is 0, whatever a is: the derivative of 0 log a."""
    return y / np.where(y == 0, 1.0, a)


def _beside_the_largest(z: Array) -> tuple[Array, Array, Array]:
    """Return which z of each row is the largest, z less that, and the sum of all others' e^z."""
    largest = z.real.argmax(axis=-1, keepdims=True)
    shifted = z - np.take_along_axis(z, largest, axis=-1)  # -inf where they lie too far apart
    is_largest = np.arange(z.shape[-1]) == largest
    return is_largest, shifted, np.where(is_largest, 0.0, np.exp(shifted)).sum(-1, keepdims=True)


def _softmax_cross_entropy(z: Array, y: Array) -> Array:
    _, shifted, others = _beside_the_largest(z)
    return np.where(y == 0, 0.0, y * (np.log1p(others) - shifted)).sum(axis=-1)  # 0 log 0 = 0


def _softmax_minus_y(z: Array, y: Array) -> Array:
    is_largest, _, others = _beside_the_largest(z)
    # The sum is 1 but for the rounding of the rows that were passed in.
    mass = y.sum(axis=-1, keepdims=True)
    lacking = -others / (1.0 + others)  # the largest share less 1
    return np.where(is_largest, lacking * mass + (mass - y), softmax(z) * mass - y)


def _binary_cross_entropy(a: Array, y: Array) -> Array:
    return -(xlogy(y, a) + xlog1py(1 - y, -a)).sum(axis=-1)


def _binary_cross_entropy_derivative(a: Array, y: Array) -> Array:
    # (1 - y) / (1 - a) - y / a, whose terms would meet
    return np.where(y == 0, 1 / (1 - a), np.where(y == 1, -1 / a, (a - y) / (a * (1 - a))))


def _sigmoid_binary_cross_entropy(z: Array, y: Array) -> Array:
    return (y * softplus(-z) + (1 - y) * softplus(z)).sum(axis=-1)


def _sigmoid_minus_y(z: Array, y: Array) -> Array:
    return np.where(z.real > 0, (1 - y) - sigmoid(-z), sigmoid(z) - y)


def _log_ratio(log_rate: Array, y: Array) -> Array:
    """Return log(rate / y); nobody looks at it where y is 0."""
    return log_rate - np.log(np.where(y == 0, 1.0, y))


# Between these, log(a / y) keeps the digits that log a - log y would lose where a is near y;
# beyond, the quotient may be subnormal or infinite, and the logarithms lie far apart.
_RATIOS = (2.0**-80, 2.0**80)


def _poisson(a: Array, y: Array) -> Array:
    known = (a != 0) & (y != 0)
    log_a = np.where(a == 0, -math.inf, np.log(np.where(a == 0, 1.0, a)))
    ratio = np.where(known, a, 1.0) / np.where(known, y, 1.0)
    known &= (ratio.real > _RATIOS[0]) & (ratio.real < _RATIOS[1])
    log_ratio = np.where(known, np.log(np.where(known, ratio, 1.0)), _log_ratio(log_a, y))
    return deviance(a, log_ratio, y).sum(axis=-1)


def _poisson_derivative(a: Array, y: Array) -> Array:
    return np.where(y == 0, 1.0, (a - y) / a)


def _exp_poisson(z: Array, y: Array) -> Array:
    return deviance(np.exp(z), _log_ratio(z, y), y).sum(axis=-1)


def _exp_minus_y(z: Array, y: Array) -> Array:
    return np.exp(z) - y


# Far below 0, softplus(z) and its derivative are both e^z: their ratio is 1 and log softplus
# is z, to the last bit of a double from z = -36 on.
_SOFTPLUS_IS_EXP = -36.0


def _softplus_poisson(z: Array, y: Array) -> Array:
    far = z.real < _SOFTPLUS_IS_EXP
    log_rate = np.where(far, z, np.log(softplus(np.where(far, 0.0, z))))
    return deviance(softplus(z), _log_ratio(log_rate, y), y).sum(axis=-1)


def _softplus_poisson_delta(z: Array, y: Array) -> Array:
    far = z.real < _SOFTPLUS_IS_EXP
    near = np.where(far, 0.0, z)
    ratio = np.where(far, 1.0, sigmoid(near) / softplus(near))
    return sigmoid(z) - y * ratio


def huber(threshold: float = 1.0) -> BuiltInLoss:
    """Huber's loss: squared error where |a - y| <= threshold, and a line beyond.

    L_i = sum_j (r^2 / 2 if |r| <= threshold else threshold (|r| - threshold / 2)), r = a_j - y_j.
    Source: Huber, Annals of Mathematical Statistics 35 (1964).

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.Network([2, 3, 1], output="identity", loss=cp.huber(1.5)).loss
    huber(threshold=1.5)
    """
    threshold = number("huber's threshold", threshold, low=0, open="low")

    def value(a: Array, y: Array) -> Array:
        size = _magnitude(a - y)
        inside = size.real <= threshold
        near = np.where(inside, size, 0.0)  # far away, its square may overflow
        far = threshold * (size - 0.5 * threshold)
        return np.where(inside, 0.5 * near * near, far).sum(axis=-1)

    def derivative(a: Array, y: Array) -> Array:
        r = a - y
        return np.where(_magnitude(r).real <= threshold, r, threshold * np.sign(r.real))

    return BuiltInLoss(
        "huber",
        value,
        derivative,
        equation="sum_j(0.5 * r^2 if abs(r) <= threshold else threshold * "
        "(abs(r) - 0.5 * threshold)); r = a_j - y_j",
        source="Huber, Annals of Mathematical Statistics 35 (1964)",
        has_kinks=True,
        settings={"threshold": threshold},
        maker=huber,
    )


def quantile(q: float | Sequence[float] = 0.5) -> BuiltInLoss:
    """The pinball loss, which is least at the q-th quantile of y.

    L_i = sum_j max(q (y_j - a_j), (q - 1) (y_j - a_j)); of several q, one for each output, q_j.
    A network learns several quantiles of one target so: y may be (n,) or (n, 1) then, and
    stands for all outputs. They may cross; sorted they do not, and cost no more.
    Source: Koenker, Bassett, Econometrica 46 (1978).

    Parameters
    ----------
    q : float or sequence of float
        Each in (0, 1).

    Raises
    ------
    ArgumentError
        If it is none, or no number is given. A network of another number of outputs than there
        are q raises `ArchitectureError`.

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.Network([2, 3, 1], output="identity", loss=cp.quantile(0.9)).loss
    quantile(q=0.9)
    >>> network = cp.Network([2, 3, 3], output="identity", loss=cp.quantile([0.05, 0.5, 0.95]))
    >>> network.loss, cp.backprop(network, [[0.5, -1.0]], [2.0]).y.tolist()
    (quantile(q=(0.05, 0.5, 0.95)), [[2.0, 2.0, 2.0]])
    """
    several = isinstance(q, list | tuple) or (isinstance(q, np.ndarray) and q.ndim > 0)
    given: Any = q if several else [q]
    levels = tuple(
        number(f"quantile's q{f'[{j}]' * several}", one, low=0, high=1, open="low high")
        for j, one in enumerate(given)
    )
    if not levels:
        raise ArgumentError("quantile's q holds no number; give one for each output")

    def weights(r: Array) -> tuple[Array, Array]:
        """Return what r > 0 and r < 0 are multiplied by, in its type."""
        return np.array(levels, r.real.dtype), np.array([p - 1 for p in levels], r.real.dtype)

    def value(a: Array, y: Array) -> Array:
        r = y - a
        above, below = weights(r)
        return np.where(r.real > 0, above * r, below * r).sum(axis=-1)

    def derivative(a: Array, y: Array) -> Array:
        r = (y - a).real
        above, below = weights(r)
        return np.where(r > 0, -above, np.where(r < 0, -below, 0.0))

    equation = "sum_j(max(q * (y_j - a_j), (q - 1) * (y_j - a_j)))"
    return BuiltInLoss(
        "quantile",
        value,
        derivative,
        equation=equation.replace("q ", "q_j ") if several else equation,
        source="Koenker, Bassett, Econometrica 46 (1978)",
        takes="shared" if several else "real",
        has_kinks=True,
        settings={"q": levels if several else levels[0]},
        maker=quantile,
        outputs=len(levels) if several else None,
    )


LOSSES: dict[str, BuiltInLoss] = {
    entry.name: entry
    for entry in (
        BuiltInLoss(
            "squared_error",
            _squared_error,
            _squared_error_derivative,
            equation="0.5 * sum_j((a_j - y_j)^2)",
            source="Rumelhart, Hinton, Williams, Nature 323 (1986)",
        ),
        BuiltInLoss(
            "cross_entropy",
            _cross_entropy,
            _cross_entropy_derivative,
            equation="-sum_j(y_j * log(a_j))",
            source="Bridle, Neurocomputing (1990)",
            takes="labels",
            partners=frozenset({"softmax"}),
            needs="it takes probabilities that sum to 1",
            domain=(0.0, 1.0),
            fused={"softmax": Fused(_softmax_cross_entropy, _softmax_minus_y)},
        ),
        BuiltInLoss(
            "binary_cross_entropy",
            _binary_cross_entropy,
            _binary_cross_entropy_derivative,
            equation="-sum_j(y_j * log(a_j) + (1 - y_j) * log(1 - a_j))",
            source="Bishop, Neural Networks for Pattern Recognition (1995), 6.7",
            takes="unit",
            partners=frozenset({"sigmoid"}),
            needs="it takes a probability for each output",
            domain=(0.0, 1.0),
            fused={"sigmoid": Fused(_sigmoid_binary_cross_entropy, _sigmoid_minus_y)},
        ),
        BuiltInLoss(
            "absolute_error",
            _absolute_error,
            _absolute_error_derivative,
            equation="sum_j(abs(a_j - y_j))",
            source="Laplace's choice: least at the median",
            has_kinks=True,
        ),
        huber(),
        quantile(),
        BuiltInLoss(
            "poisson",
            _poisson,
            _poisson_derivative,
            equation="sum_j(a_j - y_j + y_j * log(y_j / a_j)); half the Poisson deviance",
            source="McCullagh, Nelder, Generalized Linear Models (1989), 2.3",
            takes="nonnegative",
            partners=frozenset({"exp", "softplus"}),
            needs="it takes a rate, which may be any positive number and nothing else",
            domain=(0.0, math.inf),
            fused={
                "exp": Fused(_exp_poisson, _exp_minus_y),
                "softplus": Fused(_softplus_poisson, _softplus_poisson_delta),
            },
        ),
    )
}
"""The built-in losses by name; huber and quantile with their default settings."""

LossName: TypeAlias = Literal[
    "squared_error",
    "cross_entropy",
    "binary_cross_entropy",
    "absolute_error",
    "huber",
    "quantile",
    "poisson",
]
"""Their names, for type checkers."""


def loss(spec: str | Loss) -> Loss:
    """Return the loss that `spec` names, or `spec` itself if it is one.

    Raises
    ------
    UnknownNameError
        If no loss has that name; the message lists those that exist.
    """
    if isinstance(spec, Loss):
        return spec
    if not isinstance(spec, str):
        raise ArgumentError(f"loss is {shown(spec)}; it must be a name or a cp.Loss(...)")
    if spec not in LOSSES:
        unknown("loss", spec, LOSSES)
    return LOSSES[spec]


def loss_after(output: Activation) -> Loss:
    """Return the loss that belongs to an output activation unless another is named."""
    natural = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}
    return LOSSES[natural.get(output.name, "squared_error")]
