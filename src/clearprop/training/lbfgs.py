"""L-BFGS on the full batch, by SciPy: an epoch is an iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError, DivergenceError, MissingExtraError, NotFinite
from clearprop.optimizers import LBFGS
from clearprop.record import where_not_finite
from clearprop.training.job import Job

Array = NDArray[Any]

Cost = Callable[[int], tuple[float, Array]]
"""The cost and its gradient at the network's parameters; it is told the iterations made."""


def minimize(
    job: Job,
    rule: LBFGS,
    cost: Cost,
    look: Callable[[float, int], bool],
    stops: Callable[[], bool],
) -> str | None:
    """Run up to so many iterations as the job has epochs; return why SciPy stopped earlier, if so.

    That is "converged" if the gradient fell below the tolerance, else "line search failed".
    SciPy drives the search, as its line search does not let itself be cut: the loop looks at each
    iteration by `look`, which gets the cost and the number of iterations and may end the run, and
    is asked at each point of the search whether it `stops`. Where a look changes the parameters,
    the search begins anew from them.
    """
    try:
        from scipy.optimize import minimize as scipy_minimize
    except ImportError:
        raise MissingExtraError(
            "optimizer 'lbfgs' needs SciPy, which is not installed: pip install scipy"
        ) from None
    epochs = job.settings.epochs
    search = _Search(job, cost, look, stops)
    while search.goes_on():
        search.moved = False
        try:
            result = scipy_minimize(
                search.cost,
                search.start(),
                jac=True,
                method="L-BFGS-B",
                callback=search.after_iteration,
                options={
                    "maxiter": epochs - search.iterations,
                    "maxcor": rule.memory,
                    "gtol": rule.tolerance,
                    "ftol": 0.0,
                    "maxfun": 20 * epochs + 100,
                },
            )
        except _Interrupted:
            break
        except MemoryError:
            raise ArgumentError(
                f"LBFGS: memory is {rule.memory}; so many steps of {job.network.n_parameters:,} "
                "parameters do not fit into memory: keep fewer"
            ) from None
        finally:
            job.network.parameters[:] = search.accepted
        if search.goes_on() and not search.moved:  # SciPy stopped of its own accord
            converged = np.abs(result.jac).max() <= rule.tolerance
            return "converged" if converged else "line search failed"
    return None


def reference_cost(job: Job) -> Cost:
    """Return what computes cost and gradient of the full batch by the reference."""
    rows = np.arange(job.n)

    def cost(iterations: int) -> tuple[float, Array]:
        record = job.record(rows, epoch=0)
        found = where_not_finite(record)
        if found is not None:
            raise lost(iterations, found)
        return float(record.loss), record.gradient

    return cost


def lost(iterations: int, found: NotFinite) -> DivergenceError:
    """Return the error of a search that met what is not finite."""
    number = iterations + 1
    where, restored = f"in epoch {number}", "the last iteration"
    return DivergenceError(where, found, restored, epoch=number, step=number)


class _Search:
    """What SciPy calls during a search: the cost at a point, and a look at each iteration.

    `accepted` holds the parameters of the last iteration; SciPy tries others in between. It knows
    those alone that are free: not the frozen, and of shared ones the first.
    """

    def __init__(
        self,
        job: Job,
        cost: Cost,
        look: Callable[[float, int], bool],
        stops: Callable[[], bool],
    ) -> None:
        self._job, self._cost, self._look, self._stops = job, cost, look, stops
        self._constraints, self._ended = job.constraints, False
        self._free = slice(None) if job.constraints is None else job.constraints.free()
        self.iterations = 0
        self.moved = False
        self.accepted = job.network.parameters.copy()

    def goes_on(self) -> bool:
        """Whether the run has iterations left and nobody has ended it."""
        return self.iterations < self._job.settings.epochs and not (self._ended or self._stops())

    def start(self) -> Array:
        """Return where to search from."""
        return self._job.network.parameters[self._free].astype(np.float64)

    def cost(self, x: Array) -> tuple[float, Array]:
        """Return the cost and its gradient at x."""
        if self._stops():
            raise _Interrupted
        self._move_to(x)
        cost, gradient = self._cost(self.iterations)
        if self._constraints is not None:
            gradient = self._constraints.gradient(gradient)
        return cost, gradient[self._free].astype(np.float64)

    def _move_to(self, x: Array) -> None:
        parameters = self._job.network.parameters
        parameters[self._free] = x
        if self._constraints is not None:
            self._constraints.join(parameters)

    def after_iteration(self, intermediate_result: Any) -> None:
        """Accept an iteration, let the run look at it, and stop SciPy if it has to."""
        parameters = self._job.network.parameters
        self._move_to(intermediate_result.x)
        self.accepted[:] = parameters
        self.iterations += 1
        self._ended = self._look(float(intermediate_result.fun), self.iterations)
        self.moved = not np.array_equal(self.accepted, parameters)
        self.accepted[:] = parameters
        if self.moved or not self.goes_on():
            raise StopIteration


class _Interrupted(Exception):  # noqa: N818 - carries no error, ends SciPy's search
    pass
