"""Activation functions a = f(z): each is one entry of a table.

To add one, write its value and its derivative, add the entry, and the tests hold it to
central differences, to PyTorch and to every loss it may meet (CONTRIBUTING.md).

Values keep the data type of z: float32, float64, longdouble, and complex for the
complex-step check, where comparisons look at the real part.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, FunctionError, said, shown, unknown
from clearprop.numerics.derivative_check import check_scalar_derivative
from clearprop.numerics.special import gaussian, normal_ratio

Array = NDArray[Any]


LONGEST_FORMULA = 200
"""Characters of a formula that explanations show."""


def check_formula(of: str, formula: object) -> None:
    """Raise `ArgumentError` unless a formula is None or a text of one line."""
    if formula is None:
        return
    if not isinstance(formula, str) or not formula.strip() or not formula.isprintable():
        raise ArgumentError(f"{of}: formula is {shown(formula)}; it must be a text of one line")
    if len(formula) > LONGEST_FORMULA:
        raise ArgumentError(
            f"{of}: formula has {len(formula):,} characters; {LONGEST_FORMULA} are shown at most"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Activation:
    """An activation function a = f(z) and its derivative f'(z).

    Parameters
    ----------
    name : str
        The name it is shown and saved under.
    f : callable
        ``f(z)``: a number for a number.
    derivative : callable
        ``f'(z)``: a number for a number. When the activation is made, it is compared with
        central differences of `f` at many points from -8 to 8.
    formula : str, optional
        What explanations show for f(z): "z^3", "z if z > 0 else 0.1 * z". Written as in Python,
        with ^ for powers, it is set as mathematics; anything else is shown as it stands. None: the
        source of `f`, where that is one expression.

    Raises
    ------
    DerivativeError
        If `derivative` is not the derivative of `f`; the message gives the worst point and
        both values.

    Examples
    --------
    >>> import clearprop as cp
    >>> cube = cp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
    >>> network = cp.Network([2, 3, 1], activations=cube, output="identity")
    >>> network.activations
    (cube, identity)
    >>> cp.explain(network, [1, 2], [3], "a1[0]").parts[0].to_dict()["definitions"]
    ['cube(z) = z^3', "cube'(z) = 3 · z²"]
    >>> try:
    ...     cp.Activation("cube", lambda z: z**3, lambda z: 2 * z**2)
    ... except cp.DerivativeError as error:
    ...     print(str(error).partition(", worst")[0])
    activation 'cube': the derivative given is wrong
    """

    name: str
    f: Callable[[Any], Any]
    derivative: Callable[[Any], Any]
    formula: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        check_formula(f"activation {shown(self.name)}", self.formula)
        if not isinstance(self.name, str) or not self.name:
            raise ArgumentError(
                f"an activation's name is a non-empty string, not {shown(self.name)}"
            )
        if self.name in ACTIVATIONS:
            raise ArgumentError(f"{self.name!r} is a built-in activation; choose another name")
        check_scalar_derivative(self.name, self.f, self.derivative)

    @property
    def like_relu(self) -> bool:
        """Whether it grows with z on one side; `initializer="auto"` is he_uniform then."""
        return False

    @property
    def row_wise(self) -> bool:
        """Whether the outputs of a layer depend on one another, as softmax's do."""
        return False

    def __call__(self, z: Array) -> Array:
        """Return a = f(z), in the shape and data type of z."""
        return self._each("f", self.f, z)

    def backward(self, z: Array, da: Array) -> Array:
        """Return J_f(z)^T da, the gradient for z where da is the gradient for a = f(z).

        That is f'(z) * da for all but softmax.
        """
        return da * self._each("derivative", self.derivative, z)

    def _each(self, what: str, function: Callable[[Any], Any], z: Array) -> Array:
        number = None
        try:
            values = [function(number := item) for item in z.flat]
        except Exception as error:  # the user's code may raise anything
            raise FunctionError(
                f"activation {self.name!r}: {what}({number:.6g}) raised {said(error)}"
            ) from error
        return np.array(values, dtype=z.dtype).reshape(z.shape)

    def __repr__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False, repr=False)
class BuiltInActivation(Activation):
    """An entry of the table, whose functions take whole arrays.

    `outputs` is the interval that f maps to, `kinks` the places where its pieces meet. Softmax,
    whose outputs depend on each other, has a `jacobian_product` (z, da) -> J_f(z)^T da in place
    of an elementwise derivative.
    """

    equation: str
    outputs: tuple[float, float]
    source: str
    like_relu: bool = False
    kinks: tuple[float, ...] = ()
    jacobian_product: Callable[[Array, Array], Array] | None = None

    def __post_init__(self) -> None:
        """Nothing to check here: the tests hold every entry to outside oracles."""

    @property
    def row_wise(self) -> bool:
        """Whether the outputs of a layer depend on one another."""
        return self.jacobian_product is not None

    def __call__(self, z: Array) -> Array:
        """Return a = f(z), in the shape and data type of z."""
        return np.asarray(self.f(z), dtype=z.dtype)

    def backward(self, z: Array, da: Array) -> Array:
        """Return J_f(z)^T da; f'(z) * da for all but softmax."""
        if self.jacobian_product is not None:
            return self.jacobian_product(z, da)
        return da * np.asarray(self.derivative(z), dtype=z.dtype)

    def __reduce__(self) -> tuple[Any, ...]:
        return activation, (self.name,)  # a copy of a network has the very entry of the table


def _identity(z: Array) -> Array:
    return z.copy()


def _one(z: Array) -> Array:
    return np.ones_like(z)


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + e^-z), without overflow on either side."""
    e = np.exp(np.where(z.real > 0, -z, z))  # e^-|z|
    return np.where(z.real > 0, 1.0, e) / (1.0 + e)


def _sigmoid_derivative(z: Array) -> Array:
    return sigmoid(z) * sigmoid(-z)  # a (1 - a), without cancellation where a is near 1


def _tanh_derivative(z: Array) -> Array:
    e = np.exp(np.where(z.real > 0, -z, z))
    root = 2.0 * e / (1.0 + e * e)  # 1 / cosh(z)
    return root * root


def _relu(z: Array) -> Array:
    return np.where(z.real <= 0, 0.0, z)  # so written, NaN stays NaN


def _relu_derivative(z: Array) -> Array:
    return np.where(z.real > 0, 1.0, 0.0)


def _leaky_relu(z: Array) -> Array:
    return np.where(z.real > 0, z, 0.01 * z)


def _leaky_relu_derivative(z: Array) -> Array:
    return np.where(z.real > 0, 1.0, 0.01)


def _elu(z: Array) -> Array:
    return np.where(z.real > 0, z, np.expm1(np.where(z.real > 0, 0.0, z)))


def _elu_derivative(z: Array) -> Array:
    return np.exp(np.where(z.real > 0, 0.0, z))


def _size(z: Array, far: float) -> Array:
    """|z|, but at most `far`."""
    size = np.where(z.real > 0, z, -z)
    return np.where(size.real > far, far, size)


# Of both functions, f(z) - f(-z) = z: what they are at -|z|, where they vanish, says it all.


def _gelu(z: Array) -> Array:
    z = _wide(z)
    size = _size(z, 1000.0)
    ratio = size * normal_ratio(size)
    left = gaussian(size, np.where(z.real > 0, ratio, -ratio))
    return np.where(z.real > 0, z - left, left)


def _gelu_derivative(z: Array) -> Array:
    size = _size(_wide(z), 1000.0)
    left = gaussian(size, normal_ratio(size) - size / math.sqrt(2 * math.pi))
    return np.where(z.real > 0, 1.0 - left, left)


def _wide(z: Array) -> Array:
    """Return z with float64's digits at least, which so many operations need."""
    return z.astype(np.result_type(z, np.float64))


def _share(size: Array, factor: Array) -> Array:
    """Return factor sigmoid(-size), rounded once where that is subnormal."""
    root = np.exp(-0.5 * size)
    return factor * root / (1.0 + root * root) * root


def _silu(z: Array) -> Array:
    size = _size(z, 20000.0)
    left = _share(size, np.where(z.real > 0, size, -size))
    return np.where(z.real > 0, z - left, left)


def _silu_derivative(z: Array) -> Array:
    size = _size(z, 20000.0)
    left = _share(size, 1.0 - size * sigmoid(size))
    return np.where(z.real > 0, 1.0 - left, left)


def softplus(z: Array) -> Array:
    """Return log(1 + e^z) as max(z, 0) + log(1 + e^-|z|)."""
    positive = z.real > 0
    return np.where(positive, z, 0.0) + _log1p(np.exp(np.where(positive, -z, z)))


def _log1p(x: Array) -> Array:
    """Return log(1 + x), of which NumPy has no real part to the last bit where x is complex."""
    if x.dtype.kind != "c":
        return np.log1p(x)
    real = 0.5 * np.log1p(x.real * (2.0 + x.real) + x.imag * x.imag)
    return np.asarray(real + 1j * np.arctan2(x.imag, 1.0 + x.real))


def softmax(z: Array) -> Array:
    """Return e^z_j / sum_k e^z_k over the last axis, shifted by the largest z."""
    e = np.exp(z - z.real.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _softmax_jacobian_product(z: Array, da: Array) -> Array:
    # da_j/dz_k = a_j (1 - a_j) where j = k, -a_j a_k elsewhere
    a = softmax(z)
    largest = a.real.argmax(axis=-1, keepdims=True)
    da = da - np.take_along_axis(da, largest, axis=-1)  # so that nothing cancels where it is 1
    return np.asarray(a * (da - (a * da).sum(axis=-1, keepdims=True)))


def _no_elementwise_derivative(z: Array) -> Array:
    raise TypeError("softmax has a Jacobian, not an elementwise derivative: use backward(z, da)")


_INF = math.inf

ACTIVATIONS: dict[str, BuiltInActivation] = {
    entry.name: entry
    for entry in (
        BuiltInActivation("identity", _identity, _one, "z", (-_INF, _INF), "the linear neuron"),
        BuiltInActivation(
            "sigmoid", sigmoid, _sigmoid_derivative, "1 / (1 + exp(-z))", (0, 1),
            "Rumelhart, Hinton, Williams, Nature 323 (1986)",
        ),
        BuiltInActivation(
            "tanh", np.tanh, _tanh_derivative, "tanh(z)", (-1, 1),
            "LeCun et al., Efficient BackProp (1998)",
        ),
        BuiltInActivation(
            "relu", _relu, _relu_derivative, "max(z, 0); f'(0) = 0", (0, _INF),
            "Nair, Hinton, ICML 2010", like_relu=True, kinks=(0.0,),
        ),
        BuiltInActivation(
            "leaky_relu", _leaky_relu, _leaky_relu_derivative, "z if z > 0 else 0.01 * z",
            (-_INF, _INF), "Maas, Hannun, Ng, ICML 2013", like_relu=True, kinks=(0.0,),
        ),
        BuiltInActivation(
            "elu", _elu, _elu_derivative, "z if z > 0 else exp(z) - 1", (-1, _INF),
            "Clevert, Unterthiner, Hochreiter, ICLR 2016", like_relu=True, kinks=(0.0,),
        ),
        BuiltInActivation(
            "gelu", _gelu, _gelu_derivative, "z * Phi(z)",
            (-0.17, _INF), "Hendrycks, Gimpel, arXiv:1606.08415 (2016)", like_relu=True,
        ),
        BuiltInActivation(
            "silu", _silu, _silu_derivative, "z / (1 + exp(-z))", (-0.2785, _INF),
            "Elfwing, Uchibe, Doya, Neural Networks 107 (2018)", like_relu=True,
        ),
        BuiltInActivation(
            "softplus", softplus, sigmoid, "log(1 + exp(z))", (0, _INF),
            "Dugas et al., NeurIPS 2000", like_relu=True,
        ),
        BuiltInActivation("exp", np.exp, np.exp, "exp(z)", (0, _INF), "the log link of a rate"),
        BuiltInActivation(
            "softmax", softmax, _no_elementwise_derivative, "exp(z_j) / sum_k(exp(z_k))", (0, 1),
            "Bridle, Neurocomputing (1990)", jacobian_product=_softmax_jacobian_product,
        ),
    )
}  # fmt: skip
"""The built-in activations by name."""

ActivationName: TypeAlias = Literal[
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "leaky_relu",
    "elu",
    "gelu",
    "silu",
    "softplus",
    "exp",
    "softmax",
]
"""Their names, for type checkers."""


def activation(spec: str | Activation) -> Activation:
    """Return the activation that `spec` names, or `spec` itself if it is one.

    Raises
    ------
    UnknownNameError
        If no activation has that name; the message lists those that exist.
    """
    if isinstance(spec, Activation):
        return spec
    if not isinstance(spec, str):
        raise ArgumentError(
            f"an activation is {shown(spec)}; it must be a name or a cp.Activation(...)"
        )
    if spec not in ACTIVATIONS:
        unknown("activation", spec, ACTIVATIONS)
    return ACTIVATIONS[spec]
