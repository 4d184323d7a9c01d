"""Optimizers: how a gradient becomes a change of the parameters.

An optimizer object holds settings only and never changes; the state of a run (velocity,
moments) is a dictionary of arrays that belongs to the run: `start` makes it, `update`
changes it and the parameters in place. All arrays are flat, in the order of
`network.parameters`, and keep the network's data type.

In the equations w is a parameter, g its gradient, eta the learning rate at update t,
counted from 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count, flag, number, plain
from clearprop.errors import ArgumentError, shown, unknown
from clearprop.schedules import Rate, check_rate, rate_at

Array = NDArray[Any]
State = dict[str, Array]


class Clock(NamedTuple):
    """Where in a run an update stands."""

    t: int
    """Batches before this one: what a schedule goes by."""
    total: int
    """Batches of the whole run, for schedules that end with it."""
    made: int
    """Updates made before this one: fewer than t where batches without weight were passed over."""


class Optimizer(Protocol):
    """What every optimizer but LBFGS offers."""

    def start(self, parameters: Array) -> State:
        """Return the state of a run that has made no update yet."""
        ...

    def update(
        self, parameters: Array, gradient: Array, state: State, now: Clock, is_weight: Array
    ) -> None:
        """Change `parameters` and `state` in place; `is_weight` tells weights from biases."""
        ...


@dataclass(frozen=True)
class SGD:
    """Gradient descent, with momentum if wanted: v = mu v - eta g, then w += v.

    Parameters
    ----------
    learning_rate : float or schedule
        eta, by which a gradient is multiplied.
    momentum : float or schedule
        mu in [0, 1): the share of the last step that is taken again.
    nesterov : bool
        Step by ``mu v - eta g`` with the new v: the gradient as if looked up ahead.
    shrink : float
        Multiplies the weights, never the biases, after each step: weight decay of
        ``1 - eta lambda`` in one number. 1 leaves them.

    Notes
    -----
    At a constant rate these are PyTorch's steps, whose velocity is ours divided by -eta.
    Sources: Rumelhart, Hinton, Williams, Nature 323 (1986); Sutskever, Martens, Dahl, Hinton,
    ICML 2013.

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.SGD(0.1, momentum=0.9)
    SGD(learning_rate=0.1, momentum=0.9, nesterov=False, shrink=1.0)
    """

    learning_rate: Rate = 0.01
    momentum: Rate = 0.0
    nesterov: bool = False
    shrink: float = 1.0

    def __post_init__(self) -> None:
        plain(self)
        check_rate("SGD: learning_rate", self.learning_rate)
        if callable(self.momentum):
            check_rate("SGD: momentum", self.momentum)
        else:
            number("SGD: momentum", self.momentum, low=0, high=1, open="high")
        if flag("SGD: nesterov", self.nesterov) and self.momentum == 0:
            raise ArgumentError("SGD: nesterov needs a momentum above 0")
        number("SGD: shrink", self.shrink, low=0, high=1, open="low")

    def start(self, parameters: Array) -> State:
        """Return a velocity of zero, or nothing where there is no momentum."""
        return {"velocity": np.zeros_like(parameters)} if self.momentum != 0 else {}

    def update(
        self, parameters: Array, gradient: Array, state: State, now: Clock, is_weight: Array
    ) -> None:
        """Take one step, in place."""
        step = -rate_at(self.learning_rate, now.t, now.total) * gradient
        if state:
            mu = rate_at(self.momentum, now.t, now.total, high=1.0)
            velocity = state["velocity"]
            velocity *= mu
            velocity += step
            step = step + mu * velocity if self.nesterov else velocity
        parameters += step
        if self.shrink != 1:
            parameters[is_weight] *= self.shrink


@dataclass(frozen=True)
class Adam:
    """Adam: steps of even size, from running means of g and of g squared.

    m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;
    w -= eta (m / (1 - beta1^(t+1))) / (sqrt(v / (1 - beta2^(t+1))) + epsilon)

    Parameters
    ----------
    learning_rate : float or schedule
        eta: about the size of a step of each parameter.
    beta1, beta2 : float
        How much of the running means is kept, in [0, 1).
    epsilon : float
        Added to the root, so that a parameter without gradient stays.

    Notes
    -----
    As PyTorch writes it. Source: Kingma, Ba, ICLR 2015.

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.Adam(cp.cosine(0.003))
    Adam(learning_rate=cosine(initial=0.003, steps=None, final=0.0), beta1=0.9, beta2=0.999, \
epsilon=1e-08)
    """

    learning_rate: Rate = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    squares: ClassVar[str] = "v"
    """Where in the state the squares are: where they are infinite, a parameter moves no more."""

    def __post_init__(self) -> None:
        plain(self)
        name = type(self).__name__
        check_rate(f"{name}: learning_rate", self.learning_rate)
        number(f"{name}: beta1", self.beta1, low=0, high=1, open="high")
        number(f"{name}: beta2", self.beta2, low=0, high=1, open="high")
        number(f"{name}: epsilon", self.epsilon, low=0, open="low")

    def start(self, parameters: Array) -> State:
        """Return moments of zero."""
        return {"m": np.zeros_like(parameters), "v": np.zeros_like(parameters)}

    def update(
        self, parameters: Array, gradient: Array, state: State, now: Clock, is_weight: Array
    ) -> None:
        """Take one step, in place."""
        m, v = state["m"], state["v"]
        m += (1 - self.beta1) * (gradient - m)
        v *= self.beta2
        v += (1 - self.beta2) * gradient * gradient
        root = np.sqrt(v) / math.sqrt(1 - self.beta2 ** (now.made + 1)) + self.epsilon
        rate = rate_at(self.learning_rate, now.t, now.total) / (1 - self.beta1 ** (now.made + 1))
        parameters -= rate * (m / root)


@dataclass(frozen=True)
class UncorrectedAdam(Adam):
    """Adam without corrections of its own, for those who put them into the learning rate.

    w -= eta m / (sqrt(v) + epsilon), as scikit-learn's multilayer perceptron has it; its rate is
    eta sqrt(1 - beta2^(t+1)) / (1 - beta1^(t+1)), and epsilon is added to the uncorrected root.
    """

    def update(
        self, parameters: Array, gradient: Array, state: State, now: Clock, is_weight: Array
    ) -> None:
        """Take one step, in place."""
        m, v = state["m"], state["v"]
        m += (1 - self.beta1) * (gradient - m)
        v *= self.beta2
        v += (1 - self.beta2) * gradient * gradient
        rate = rate_at(self.learning_rate, now.t, now.total)
        parameters -= rate * (m / (np.sqrt(v) + self.epsilon))


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decay that does not pass through the moments: w *= 1 - eta decay, then Adam.

    Parameters
    ----------
    learning_rate, beta1, beta2, epsilon
        As for `Adam`.
    decay : float
        lambda: the share of each parameter that is taken away, times eta. As in PyTorch it
        applies to weights and biases alike; `l2` of `train` is for weights alone.

    Notes
    -----
    As PyTorch writes it. Source: Loshchilov, Hutter, ICLR 2019.

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.AdamW(decay=0.05).decay
    0.05
    """

    decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        number("AdamW: decay", self.decay, low=0)

    def update(
        self, parameters: Array, gradient: Array, state: State, now: Clock, is_weight: Array
    ) -> None:
        """Take one step, in place."""
        parameters *= 1 - rate_at(self.learning_rate, now.t, now.total) * self.decay
        super().update(parameters, gradient, state, now, is_weight)


@dataclass(frozen=True)
class RMSprop:
    """Steps divided by the root of a running mean of g squared.

    s = alpha s + (1 - alpha) g^2;  v = mu v + g / (sqrt(s) + epsilon);  w -= eta v

    Parameters
    ----------
    learning_rate : float or schedule
        eta.
    alpha : float
        How much of the running mean is kept, in [0, 1).
    epsilon : float
        Added to the root.
    momentum : float
        mu in [0, 1).

    Notes
    -----
    As PyTorch writes it. Source: Hinton, Neural Networks for Machine Learning, lecture 6e (2012).

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.RMSprop(0.01, momentum=0.9).alpha
    0.99
    """

    learning_rate: Rate = 0.01
    alpha: float = 0.99
    epsilon: float = 1e-8
    momentum: float = 0.0

    squares: ClassVar[str] = "square"
    """As Adam's."""

    def __post_init__(self) -> None:
        plain(self)
        check_rate("RMSprop: learning_rate", self.learning_rate)
        number("RMSprop: alpha", self.alpha, low=0, high=1, open="high")
        number("RMSprop: momentum", self.momentum, low=0, high=1, open="high")
        number("RMSprop: epsilon", self.epsilon, low=0, open="low")

    def start(self, parameters: Array) -> State:
        """Return a mean square of zero, and a velocity where there is momentum."""
        state = {"square": np.zeros_like(parameters)}
        if self.momentum:
            state["velocity"] = np.zeros_like(parameters)
        return state

    def update(
        self, parameters: Array, gradient: Array, state: State, now: Clock, is_weight: Array
    ) -> None:
        """Take one step, in place."""
        square = state["square"]
        square *= self.alpha
        square += (1 - self.alpha) * gradient * gradient
        step = gradient / (np.sqrt(square) + self.epsilon)
        if self.momentum:
            velocity = state["velocity"]
            velocity *= self.momentum
            velocity += step
            step = velocity
        parameters -= rate_at(self.learning_rate, now.t, now.total) * step


@dataclass(frozen=True)
class RProp:
    """Steps from the sign of the gradient alone; meant for full batches.

    Each parameter has a step size of its own: times `grow` while the sign of its gradient
    stays, times `cut` where the sign changes (and the parameter rests for that update).

    Parameters
    ----------
    learning_rate : float
        The size of every first step.
    cut, grow : float
        eta- in (0, 1) and eta+ above 1.
    smallest, largest : float
        Bounds of the step sizes.

    Notes
    -----
    As PyTorch writes it (iRprop-). Source: Riedmiller, Braun, ICNN 1993; Igel, Hüsken,
    Neurocomputing 50 (2003).

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.RProp(0.1).grow
    1.2
    """

    learning_rate: float = 0.01
    cut: float = 0.5
    grow: float = 1.2
    smallest: float = 1e-6
    largest: float = 50.0

    def __post_init__(self) -> None:
        plain(self)
        number("RProp: learning_rate", self.learning_rate, low=0, open="low")
        number("RProp: cut", self.cut, low=0, high=1, open="low high")
        number("RProp: grow", self.grow, low=1, open="low")
        number("RProp: smallest", self.smallest, low=0, open="low")
        number("RProp: largest", self.largest, low=self.smallest)

    def start(self, parameters: Array) -> State:
        """Return the first step sizes, and a last gradient of zero."""
        first = min(self.learning_rate, float(np.finfo(parameters.dtype).max))
        return {
            "size": np.full_like(parameters, first),
            "last": np.zeros_like(parameters),
        }

    def update(
        self, parameters: Array, gradient: Array, state: State, now: Clock, is_weight: Array
    ) -> None:
        """Take one step, in place."""
        size, last = state["size"], state["last"]
        agreement = np.sign(gradient) * np.sign(last)
        size *= np.where(agreement > 0, self.grow, np.where(agreement < 0, self.cut, 1.0))
        np.clip(size, self.smallest, self.largest, out=size)
        last[:] = np.where(agreement < 0, 0.0, gradient)
        parameters -= np.sign(last) * size


MEMORY = 1000
"""Past steps that L-BFGS keeps at most: SciPy's work on them grows with their square."""


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS with a line search, by SciPy; always on the full batch.

    One epoch of a run is one iteration. It has no state that a step could show, so
    `cp.steps` does not take it; nor does it take dropout, whose cost changes at each call.

    Parameters
    ----------
    memory : int
        How many past steps shape the curvature, up to 1,000.
    tolerance : float
        The run ends where the largest part of the gradient falls below this.

    Notes
    -----
    Needs SciPy (``pip install scipy``). Source: Byrd, Lu, Nocedal, Zhu, SIAM Journal on
    Scientific Computing 16 (1995).

    Examples
    --------
    >>> import clearprop as cp
    >>> cp.LBFGS(memory=20)
    LBFGS(memory=20, tolerance=1e-05)
    """

    memory: int = 10
    tolerance: float = 1e-5

    def __post_init__(self) -> None:
        plain(self)
        count("LBFGS: memory", self.memory, 1, most=MEMORY)
        number("LBFGS: tolerance", self.tolerance, low=0)


OPTIMIZERS: dict[str, type[Optimizer] | type[LBFGS]] = {
    "sgd": SGD,
    "adam": Adam,
    "adamw": AdamW,
    "rmsprop": RMSprop,
    "rprop": RProp,
    "lbfgs": LBFGS,
}
"""The optimizers by name; a name stands for the default settings."""

OptimizerName: TypeAlias = Literal["sgd", "adam", "adamw", "rmsprop", "rprop", "lbfgs"]
"""Their names, for type checkers."""


def optimizer(spec: str | Optimizer | LBFGS) -> Optimizer | LBFGS:
    """Return the optimizer that `spec` names, or `spec` itself if it is one."""
    if isinstance(spec, str):
        if spec.lower() not in OPTIMIZERS:
            unknown("optimizer", spec, OPTIMIZERS)
        return OPTIMIZERS[spec.lower()]()
    if isinstance(spec, type):
        raise ArgumentError(f"optimizer is the class {spec.__name__}; write {spec.__name__}()")
    if isinstance(spec, LBFGS) or (hasattr(spec, "start") and hasattr(spec, "update")):
        return spec
    raise ArgumentError(
        f"optimizer is {shown(spec)}; it must be a name such as 'adam' or an object such as "
        "cp.Adam(0.01)"
    )
