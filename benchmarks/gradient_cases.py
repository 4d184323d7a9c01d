"""Functions with their gradients, right by hand, to hold gradient checks to.

Each is written once for NumPy, PyTorch and JAX (`xp`), and its gradient once for NumPy; both in
float64 or float32. A size s stretches the parameters: f(x / s), whose gradient is f'(x / s) / s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Data = tuple[Array, ...]

SIZES = (1e-12, 1e-8, 1e-4, 1.0, 1.0, 1.0, 1e4, 1e8, 1e12)


@dataclass(frozen=True)
class Family:
    """A kind of function.

    Attributes
    ----------
    name, kind : str
        "smooth"; "kinks near" the point by chance; "kink at" the point itself.
    value : callable
        ``value(xp, x, *data)``, one number.
    slope : callable
        ``slope(x, *data)``, its gradient, (n,).
    make : callable
        ``make(rng, n)``: a point (n,) and the data.
    largest : int
        Parameters that it is still quick with.
    """

    name: str
    kind: str
    value: Callable[..., Any]
    slope: Callable[..., Array]
    make: Callable[[np.random.Generator, int], tuple[Array, Data]]
    largest: int


@dataclass(frozen=True)
class Case:
    """A function, a point, and the right gradient there."""

    family: Family
    dtype: Any
    size: float
    x: Array
    data: Data
    seed: int

    @property
    def name(self) -> str:
        """What it is, in a line."""
        kind = np.dtype(self.dtype).name
        return (
            f"{self.family.name}, {kind}, n = {len(self.x):,}, size {self.size:g}, seed {self.seed}"
        )

    def f(self, x: Array) -> Any:
        """The function, computed in the case's type."""
        return self.family.value(np, x.astype(self.dtype) / self.dtype(self.size), *self.data)

    def gradient(self, x: Array) -> Array:
        """Its gradient, in the same type."""
        size = self.dtype(self.size)
        return self.family.slope(x.astype(self.dtype) / size, *self.data) / size


def _normal(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    return rng.normal(size=n), (rng.uniform(0.5, 2, n),)


def _positive(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    return rng.uniform(0.1, 3, n), (rng.normal(size=n),)


def _matrix(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    A = rng.normal(size=(n, n))
    return rng.normal(size=n), (A @ A.T / n, rng.normal(size=n))


def _rows(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    X = rng.normal(size=(3 * n, n)) / np.sqrt(n)
    return rng.normal(size=n), (X, rng.choice([-1.0, 1.0], 3 * n))


def _quadratic_slope(x: Array, A: Array, b: Array) -> Array:
    return A @ x + b


def _rosenbrock(xp: Any, x: Any) -> Any:
    a, b = x[:-1], x[1:]
    return ((1 - a) ** 2 + 100 * (b - a * a) ** 2).sum()


def _rosenbrock_slope(x: Array) -> Array:
    a, b = x[:-1], x[1:]
    slope = np.zeros_like(x)
    slope[:-1] += -2 * (1 - a) - 400 * a * (b - a * a)
    slope[1:] += 200 * (b - a * a)
    return slope


def _logistic_slope(x: Array, X: Array, y: Array) -> Array:
    return -(X.T @ (y / (1 + np.exp(y * (X @ x))))) / y.dtype.type(len(y))


def _bell_slope(x: Array, c: Array) -> Array:
    return -c * x * np.exp(-(c * x * x).mean() / 2) / x.dtype.type(len(x))


def _hinge_slope(x: Array, X: Array, y: Array) -> Array:
    return -(X.T @ (y * (y * (X @ x) < 1))) / y.dtype.type(len(y))


HIDDEN, FEATURES = 4, 3


def _network(rng: np.random.Generator, n: int, zeros: bool = False) -> tuple[Array, Data]:
    """W (4, 3), b (4,) and v (4,) in a row; n is the number of samples."""
    X, y = rng.normal(size=(n, FEATURES)), rng.normal(size=n)
    x = rng.normal(size=HIDDEN * FEATURES + 2 * HIDDEN)
    if zeros:
        X[: max(1, n // 4)] = 0.0
        x[HIDDEN * FEATURES : -HIDDEN] = 0.0
    return x, (X, y)


def _layers(x: Any) -> tuple[Any, Any, Any]:
    cut = HIDDEN * FEATURES
    return x[:cut].reshape(HIDDEN, FEATURES), x[cut : cut + HIDDEN], x[cut + HIDDEN :]


def _of_network(act: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def value(xp: Any, x: Any, X: Any, y: Any) -> Any:
        W, b, v = _layers(x)
        return ((act(xp, X @ W.T + b) @ v - y) ** 2).mean() / 2

    return value


def _slope_of_network(
    act: Callable[[Any, Any], Any], derivative: Callable[[Array], Array]
) -> Callable[..., Array]:
    def slope(x: Array, X: Array, y: Array) -> Array:
        W, b, v = _layers(x)
        z = X @ W.T + b
        a = act(np, z)
        error = (a @ v - y) / y.dtype.type(len(y))
        delta = np.outer(error, v) * derivative(z)
        return np.concatenate([(delta.T @ X).ravel(), delta.sum(0), a.T @ error])

    return slope


def _relu(xp: Any, z: Any) -> Any:
    return xp.where(z > 0, z, 0 * z)


def _elu(xp: Any, z: Any) -> Any:
    return xp.where(z > 0, z, xp.exp(xp.where(z > 0, 0 * z, z)) - 1)


def _elu_slope(z: Array) -> Array:
    return np.where(z > 0, np.ones_like(z), np.exp(np.where(z > 0, 0 * z, z)))


def _huber(xp: Any, x: Any, c: Any) -> Any:
    far = xp.abs(x) > 1
    return (c * xp.where(far, xp.abs(x) - 0.5, x * x / 2)).sum()


def _huber_slope(x: Array, c: Array) -> Array:
    return c * np.where(np.abs(x) > 1, np.sign(x), x)


def _kinked(make: Any, at: float) -> Any:
    """Put the first parameter on the kink."""

    def made(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
        x, data = make(rng, n)
        x[0] = at
        return x, data

    return made


def _on_margin(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    x, (X, y) = _rows(rng, n)
    x = np.ones(n)
    X[0], y[0] = np.eye(1, n)[0], 1.0
    return x, (X, y)


def _tanh(xp: Any, z: Any) -> Any:
    return xp.tanh(z)


MANY = 10**6
FAMILIES = (
    Family("sines", "smooth", lambda xp, x, c: xp.sin(c * x).sum(),
           lambda x, c: c * np.cos(c * x), _normal, MANY),
    Family("logarithms", "smooth", lambda xp, x, c: (c * xp.log(x)).sum(),
           lambda x, c: c / x, _positive, MANY),
    Family("cubes", "smooth", lambda xp, x, c: (c * x * x * x).mean(),
           lambda x, c: 3 * c * x * x / x.dtype.type(len(x)), _normal, MANY),
    Family("quadratic", "smooth", lambda xp, x, A, b: x @ (A @ x) / 2 + b @ x,
           _quadratic_slope, _matrix, 300),
    Family("rosenbrock", "smooth", _rosenbrock, _rosenbrock_slope,
           lambda rng, n: (rng.normal(size=n + 1), ()), 10_000),
    Family("logistic regression", "smooth",
           lambda xp, x, X, y: xp.log(1 + xp.exp(-y * (X @ x))).mean(),
           _logistic_slope, _rows, 300),
    Family("bell", "smooth", lambda xp, x, c: xp.exp(-(c * x * x).mean() / 2),
           _bell_slope, _normal, 10_000),
    Family("tanh network", "smooth", _of_network(_tanh),
           _slope_of_network(_tanh, lambda z: 1 - np.tanh(z) ** 2), _network, 300),
    Family("relu network", "kinks near", _of_network(_relu),
           _slope_of_network(_relu, lambda z: (z > 0).astype(z.dtype)), _network, 300),
    Family("elu network", "kinks near", _of_network(_elu), _slope_of_network(_elu, _elu_slope),
           _network, 300),
    Family("absolute", "kinks near", lambda xp, x, c: (c * xp.abs(x)).sum(),
           lambda x, c: c * np.sign(x), _normal, MANY),
    Family("huber", "kinks near", _huber, _huber_slope, _normal, MANY),
    Family("hinge", "kinks near", lambda xp, x, X, y: _relu(xp, 1 - y * (X @ x)).mean(),
           _hinge_slope, _rows, 300),
    Family("absolute at 0", "kink at", lambda xp, x, c: (c * xp.abs(x)).sum(),
           lambda x, c: c * np.sign(x), _kinked(_normal, 0.0), 300),
    Family("huber at its threshold", "kink at", _huber, _huber_slope, _kinked(_normal, 1.0), 300),
    Family("hinge at the margin", "kink at",
           lambda xp, x, X, y: _relu(xp, 1 - y * (X @ x)).mean(), _hinge_slope, _on_margin, 300),
    Family("relu network, rows of zeros", "kink at", _of_network(_relu),
           _slope_of_network(_relu, lambda z: (z > 0).astype(z.dtype)),
           lambda rng, n: _network(rng, n, zeros=True), 300),
    Family("elu network, rows of zeros", "kink at", _of_network(_elu),
           _slope_of_network(_elu, _elu_slope),
           lambda rng, n: _network(rng, n, zeros=True), 300),
)  # fmt: skip


def case(family: Family, dtype: Any, size: float, n: int, seed: int) -> Case:
    """Return the case of a family with so many parameters (of networks: samples)."""
    x, data = family.make(np.random.default_rng(seed), n)
    data = tuple(array.astype(dtype) for array in data)
    # A product with a size is rounded, which may lift a point off its kink: take it as it is.
    return Case(family, dtype, size, (x.astype(dtype) * dtype(size)).astype(np.float64), data, seed)


def cases(repeats: int, largest: int, seed: int = 0) -> Iterator[Case]:
    """Yield cases of every family, type and size, with 1 to 100 parameters, and some with more."""
    for number, family in enumerate(FAMILIES):
        for dtype in (np.float64, np.float32):
            rng = np.random.default_rng((seed, number, np.dtype(dtype).itemsize))
            for _ in range(repeats):
                for size in SIZES:
                    n = int(np.exp(rng.uniform(0, np.log(100))))
                    yield case(family, dtype, size, n, int(rng.integers(2**31)))
            n = 1000
            while n <= min(largest, family.largest):
                yield case(family, dtype, 1.0, n, int(rng.integers(2**31)))
                n *= 10
