"""What goes on from one call of `fit` or `partial_fit` to the next: the optimizer and its state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.optimizers import LBFGS, SGD, State, UncorrectedAdam
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.schedules import power
from clearprop.training.standing import Standing

Array = NDArray[Any]

SMALLEST_RATE = 1e-6
"""The rate at which "adaptive" gives up, and by what it divides: as in scikit-learn."""

CUT = 5.0

RATE = ("solver", "learning_rate", "learning_rate_init", "power_t")
"""The settings that a rate follows from."""

SETTINGS = (*RATE, "momentum", "nesterovs_momentum", "beta_1", "beta_2", "epsilon", "optimizer")


def makes_updates(estimator: Any) -> bool:
    """Say that an estimator's solver goes update by update, or raise `AttributeError`."""
    if estimator.solver == "lbfgs" and estimator.optimizer is None:
        raise AttributeError(
            "partial_fit is only available for stochastic optimizers. "
            f"{estimator.solver} is not stochastic."
        )
    return True


@dataclass
class Solver:
    """An optimizer by scikit-learn's rules, with its state.

    Attributes
    ----------
    rate : float
        The learning rate now; of sgd, what the schedule has made of it.
    updates : int
        Made so far: Adam's bias corrections go by it.
    state : dict of str to ndarray
        Velocity or moments.
    """

    settings: dict[str, Any]
    rate: float
    updates: int = 0
    state: State = field(default_factory=dict)

    @classmethod
    def begin(cls, estimator: Any) -> Solver:
        """Return the solver of an estimator that has made no update."""
        settings = {name: getattr(estimator, name) for name in SETTINGS}
        solver = cls(settings, float(estimator.learning_rate_init))
        _ = solver.rule  # raises where there is none of this name
        return solver

    def going_on(self, estimator: Any) -> Solver:
        """Return the solver of the settings of now, with the state so far if it is of the kind.

        What a schedule has made of the rate stays, unless the rate or its schedule was changed.
        """
        new = Solver.begin(estimator)
        if type(new.rule) is not type(self.rule):
            return new
        new.updates, new.state = self.updates, self.state
        if all(new.settings[name] == self.settings[name] for name in RATE):
            new.rate = self.rate
        elif estimator.t_:
            new.epoch_ends(estimator.t_)
        return new

    @property
    def rule(self) -> Any:
        """The optimizer, whose rates are those of this solver."""
        s = self.settings
        if s["optimizer"] is not None:
            rule: Any = resolve_optimizer(s["optimizer"])
            if isinstance(rule, LBFGS):
                raise ValueError("L-BFGS makes no single updates: use solver='lbfgs'")
            if isinstance(s["optimizer"], str):
                rule = replace(rule, learning_rate=float(s["learning_rate_init"]))
            later = {
                name: _Later(getattr(rule, name), self.updates)
                for name in ("learning_rate", "momentum")
                if self.updates and callable(getattr(rule, name, None))
            }
            return replace(rule, **later) if later else rule
        if s["solver"] == "adam":
            return UncorrectedAdam(self._adam_rate, s["beta_1"], s["beta_2"], s["epsilon"])
        momentum = s["momentum"]
        nesterov = bool(s["nesterovs_momentum"]) and momentum > 0
        # 1 is a momentum that scikit-learn takes, and a schedule that ours takes.
        held: Any = _Constant(1.0) if momentum == 1 else float(momentum)
        return SGD(self._sgd_rate, momentum=held, nesterov=nesterov)

    def _sgd_rate(self, t: int, total: int) -> float:
        return self.rate

    def _adam_rate(self, t: int, total: int) -> float:
        s, made = self.settings, self.updates + t + 1
        correction = np.sqrt(1 - s["beta_2"] ** made) / (1 - s["beta_1"] ** made)
        return float(s["learning_rate_init"] * correction)

    def state_for(self, parameters: Array) -> State:
        """Return the state for these parameters: begun, or that of the updates before.

        Another data type is converted to, and what cannot be written into is copied.
        """
        fresh = self.rule.start(parameters)
        if self.state.keys() != fresh.keys():
            self.state = fresh
        for name, array in fresh.items():
            own = np.require(self.state[name], array.dtype, ["C", "W"])
            self.state[name] = own if own.shape == array.shape else array
        return self.state

    def standing_for(self, parameters: Array) -> Standing:
        """Return the standing of a run that begins at these parameters, after other updates."""
        return Standing(parameters, self.state_for(parameters), updates=self.updates)

    def epoch_ends(self, samples_seen: int) -> None:
        """Let "invscaling" lower the rate."""
        s = self.settings
        if s["solver"] == "sgd" and s["learning_rate"] == "invscaling":
            self.rate = float(s["learning_rate_init"]) / power(samples_seen + 1, s["power_t"])

    def stops(self, message: str, verbose: bool) -> bool:
        """Decide what a cost that no longer improves means: the end, or a smaller rate."""
        s = self.settings
        if s["solver"] != "sgd" or s["learning_rate"] != "adaptive":
            if verbose:
                print(message + " Stopping.")  # noqa: T201 - as scikit-learn says it
            return True
        if self.rate <= SMALLEST_RATE:
            if verbose:
                print(message + " Learning rate too small. Stopping.")  # noqa: T201
            return True
        self.rate /= CUT
        if verbose:
            print(f"{message} Setting learning rate to {self.rate:f}")  # noqa: T201
        return False


@dataclass(frozen=True)
class _Later:
    """A schedule of updates that go on after others."""

    schedule: Any
    made: int

    def __call__(self, t: int, total: int) -> float:
        return float(self.schedule(t + self.made, total + self.made))


@dataclass(frozen=True)
class _Constant:
    value: float

    def __call__(self, t: int, total: int) -> float:
        return self.value
