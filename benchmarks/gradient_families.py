"""Functions with their gradients by hand, for `gradient_cases`.

Each is written once for NumPy, PyTorch and JAX (`xp`), and its gradient once for NumPy. A test holds
the gradients to PyTorch's autograd in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Data = tuple[Array, ...]


@dataclass(frozen=True)
class Family:
    """A kind of function.

    Attributes
    ----------
    name, kind : str
        "smooth"; "kinks near" the point, by chance or on purpose; "kink at" the point itself;
        "ripples" far finer than the parameters.
    value : callable
        ``value(xp, x, *data)``, one number.
    slope : callable
        ``slope(x, *data)``, its gradient, (n,).
    make : callable
        ``make(rng, n)``: a point (n,) and the data.
    largest : int
        Parameters that it is still quick with.
    double : bool
        Whether it is one of float64 alone: float32 has not the digits for its ripples.
    """

    name: str
    kind: str
    value: Callable[..., Any]
    slope: Callable[..., Array]
    make: Callable[[np.random.Generator, int], tuple[Array, Data]]
    largest: int
    double: bool = False


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


def _near(make: Any, at: float) -> Any:
    """Put the first parameter 1e-1 to 1e-12 from a kink."""

    def made(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
        x, data = make(rng, n)
        x[0] = at + rng.choice([-1, 1]) * 10 ** -rng.uniform(1, 12)
        return x, data

    return made


def _near_margin(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    x, data = _on_margin(rng, n)
    x[0] += rng.choice([-1, 1]) * 10 ** -rng.uniform(1, 12)
    return x, data


def _many_sizes(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    sizes = 10 ** rng.uniform(-6, 6, n)
    return rng.normal(size=n) * sizes, (1 / sizes,)


def _at_the_minimum(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    """For half of the parameters; the other half of a quarter has no effect at all."""
    x, c = rng.normal(size=n), rng.uniform(0.5, 2, n)
    c[::4] = 0.0
    return x, (x + rng.normal(size=n) * (np.arange(n) % 2), c)


def _near_the_edge(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    return 10 ** rng.uniform(-4, 2, n), (rng.normal(size=n),)


def _log_sum_exp_slope(x: Array) -> Array:
    e = np.exp(x)
    return e / e.sum()


def _likelihood(xp: Any, x: Any, y: Any) -> Any:
    """Minus the logarithm of a normal distribution's: means, then logarithms of deviations."""
    mean, log = x[: len(y)], x[len(y) :]
    return (log + (y - mean) ** 2 * xp.exp(-2 * log) / 2).sum()


def _likelihood_slope(x: Array, y: Array) -> Array:
    mean, log = x[: len(y)], x[len(y) :]
    weight = np.exp(-2 * log)
    return np.concatenate([(mean - y) * weight, 1 - (y - mean) ** 2 * weight])


def _product_slope(x: Array) -> Array:
    tenth = x.dtype.type(0.1)
    return (1 + tenth * x).prod() * tenth / (1 + tenth * x)


def _maxima(xp: Any, x: Any) -> Any:
    return xp.maximum(x[:-1], x[1:]).sum()


def _maxima_slope(x: Array) -> Array:
    """Where two are equal, each has half, as in PyTorch."""
    slope, share = np.zeros_like(x), (1 + np.sign(x[:-1] - x[1:])) / 2
    slope[:-1] += share
    slope[1:] += 1 - share
    return slope


def _lasso(xp: Any, x: Any, X: Any, y: Any) -> Any:
    return ((X @ x - y) ** 2).mean() / 2 + 0.125 * xp.abs(x).sum()


def _lasso_slope(x: Array, X: Array, y: Array) -> Array:
    return X.T @ (X @ x - y) / y.dtype.type(len(y)) + x.dtype.type(0.125) * np.sign(x)


def _plain(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    return rng.normal(size=n), ()


def _pairs(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    return rng.normal(size=n + 1), ()


def _tied(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    x = rng.normal(size=n + 1)
    x[1] = x[0]
    return x, ()


def _halves(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    return rng.normal(size=2 * n), (rng.normal(size=n),)


def _sparse(rng: np.random.Generator, n: int) -> tuple[Array, Data]:
    x, data = _rows(rng, n)
    x[::2] = 0.0
    return x, data


def _rippled(waves: float) -> Callable[[np.random.Generator, int], tuple[Array, Data]]:
    """Return what makes a point and the frequency of ripples."""
    return lambda rng, n: (rng.normal(size=n), (np.array(waves * rng.uniform(0.5, 2)),))


def _ripples(xp: Any, x: Any, w: Any) -> Any:
    return (xp.sin(w * x) / w + x).sum()


def _ripples_slope(x: Array, w: Array) -> Array:
    return np.cos(w * x) + 1


def _saw(xp: Any, x: Any, w: Any) -> Any:
    z = w * x
    return (xp.abs(z - xp.floor(z) - 0.5) / w + x).sum()


def _saw_slope(x: Array, w: Array) -> Array:
    z = w * x
    return np.sign(z - np.floor(z) - x.dtype.type(0.5)) + 1


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
           _pairs, 10_000),
    Family("logistic regression", "smooth",
           lambda xp, x, X, y: xp.log(1 + xp.exp(-y * (X @ x))).mean(),
           _logistic_slope, _rows, 300),
    Family("bell", "smooth", lambda xp, x, c: xp.exp(-(c * x * x).mean() / 2),
           _bell_slope, _normal, 10_000),
    Family("tanh network", "smooth", _of_network(_tanh),
           _slope_of_network(_tanh, lambda z: 1 - np.tanh(z) ** 2), _network, 300),
    Family("log-sum-exp", "smooth", lambda xp, x: xp.log(xp.exp(x).sum()),
           _log_sum_exp_slope, _plain, 10_000),
    Family("fast sines", "smooth", lambda xp, x, c: xp.sin(40 * c * x).sum(),
           lambda x, c: 40 * c * np.cos(40 * c * x), _normal, 10_000),
    Family("sines on 10^6", "smooth", lambda xp, x, c: 1e6 + xp.sin(c * x).sum(),
           lambda x, c: c * np.cos(c * x), _normal, 10_000),
    Family("parameters of many sizes", "smooth", lambda xp, x, w: xp.sin(w * x).sum(),
           lambda x, w: w * np.cos(w * x), _many_sizes, 10_000),
    Family("normal likelihood", "smooth", _likelihood, _likelihood_slope, _halves, 10_000),
    Family("products", "smooth", lambda xp, x: xp.prod(1 + 0.1 * x), _product_slope, _plain, 300),
    Family("powers", "smooth", lambda xp, x, c: (x**c).sum(),
           lambda x, c: c * x ** (c - 1), _positive, 10_000),
    Family("square roots near 0", "smooth", lambda xp, x, c: (c * xp.sqrt(x)).sum(),
           lambda x, c: c / (2 * np.sqrt(x)), _near_the_edge, 10_000),
    Family("squares at the minimum", "smooth", lambda xp, x, a, c: (c * (x - a) ** 2).sum(),
           lambda x, a, c: 2 * c * (x - a), _at_the_minimum, 10_000),
    Family("relu network", "kinks near", _of_network(_relu),
           _slope_of_network(_relu, lambda z: (z > 0).astype(z.dtype)), _network, 300),
    Family("elu network", "kinks near", _of_network(_elu), _slope_of_network(_elu, _elu_slope),
           _network, 300),
    Family("absolute", "kinks near", lambda xp, x, c: (c * xp.abs(x)).sum(),
           lambda x, c: c * np.sign(x), _normal, MANY),
    Family("huber", "kinks near", _huber, _huber_slope, _normal, MANY),
    Family("hinge", "kinks near", lambda xp, x, X, y: _relu(xp, 1 - y * (X @ x)).mean(),
           _hinge_slope, _rows, 300),
    Family("maxima", "kinks near", _maxima, _maxima_slope, _pairs, 10_000),
    Family("lasso", "kinks near", _lasso, _lasso_slope, _rows, 300),
    Family("absolute near 0", "kinks near", lambda xp, x, c: (c * xp.abs(x)).sum(),
           lambda x, c: c * np.sign(x), _near(_normal, 0.0), 300),
    Family("huber near its threshold", "kinks near", _huber, _huber_slope, _near(_normal, 1.0), 300),
    Family("hinge near the margin", "kinks near",
           lambda xp, x, X, y: _relu(xp, 1 - y * (X @ x)).mean(), _hinge_slope, _near_margin, 300),
    Family("absolute at 0", "kink at", lambda xp, x, c: (c * xp.abs(x)).sum(),
           lambda x, c: c * np.sign(x), _kinked(_normal, 0.0), 300),
    Family("huber at its threshold", "kink at", _huber, _huber_slope, _kinked(_normal, 1.0), 300),
    Family("hinge at the margin", "kink at",
           lambda xp, x, X, y: _relu(xp, 1 - y * (X @ x)).mean(), _hinge_slope, _on_margin, 300),
    Family("maxima, two equal", "kink at", _maxima, _maxima_slope, _tied, 300),
    Family("lasso, half of the weights 0", "kink at", _lasso, _lasso_slope, _sparse, 300),
    Family("relu network, rows of zeros", "kink at", _of_network(_relu),
           _slope_of_network(_relu, lambda z: (z > 0).astype(z.dtype)),
           lambda rng, n: _network(rng, n, zeros=True), 300),
    Family("elu network, rows of zeros", "kink at", _of_network(_elu),
           _slope_of_network(_elu, _elu_slope),
           lambda rng, n: _network(rng, n, zeros=True), 300),
    *(Family(f"sines of frequency {waves:.0e} on a slope", "ripples", _ripples, _ripples_slope,
             _rippled(waves), 300, True) for waves in (1e4, 1e6, 1e8, 1e10, 1e12)),
    *(Family(f"triangular waves of frequency {waves:.0e} on a slope", "ripples", _saw, _saw_slope,
             _rippled(waves), 300, True) for waves in (1e4, 1e8, 1e12)),
    *(Family(f"steps of {1 / waves:.0e}", "ripples",
             lambda xp, x, w: (xp.floor(w * x) / w + x * x).sum(), lambda x, w: 2 * x,
             _rippled(waves), 300, True) for waves in (1e2, 1e6, 1e10)),
)  # fmt: skip
