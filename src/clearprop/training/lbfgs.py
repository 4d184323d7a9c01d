"""L-BFGS on the full batch, by SciPy: an epoch is an iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import DivergenceError, missing_extra
from clearprop.optimizers import LBFGS
from clearprop.training.interrupt import Interrupt
from clearprop.training.job import Job
from clearprop.training.reference import where_not_finite

Array = NDArray[Any]

Cost = Callable[[int], tuple[float, Array]]
"""The cost and its gradient at the network's parameters; it is told the iterations made."""


def minimize(
    job: Job,
    settings: LBFGS,
    cost: Cost,
    stop: Interrupt,
    on_step: Callable[[int], None],
    on_epoch: Callable[[float, int], bool],
) -> str | None:
    """Run up to `job.epochs` iterations; return why SciPy stopped earlier, if it did.

    That is "converged" if the gradient fell below the tolerance, else "line search failed".
    `on_epoch` gets the cost and the number of iterations, and may end the run. Where it
    changes the parameters, the search begins anew from them.
    """
    try:
        from scipy.optimize import minimize as scipy_minimize
    except ImportError:
        missing_extra("SciPy", "optimizer 'lbfgs'", "tables")
    search = _Search(job, cost, stop, on_step, on_epoch)
    while search.goes_on():
        search.moved = False
        try:
            result = scipy_minimize(
                search.cost,
                job.network.parameters.astype(np.float64),
                jac=True,
                method="L-BFGS-B",
                callback=search.after_iteration,
                options={
                    "maxiter": job.epochs - search.iterations,
                    "maxcor": settings.memory,
                    "gtol": settings.tolerance,
                    "ftol": 0.0,
                    "maxfun": 20 * job.epochs + 100,
                },
            )
        except _Interrupted:
            break
        finally:
            job.network.parameters[:] = search.accepted
        if search.goes_on() and not search.moved:  # SciPy stopped of its own accord
            converged = np.abs(result.jac).max() <= settings.tolerance
            return "converged" if converged else "line search failed"
    return None


def reference_cost(job: Job) -> Cost:
    """Return what computes cost and gradient of the full batch by the reference."""
    rows = np.arange(job.n)

    def cost(iterations: int) -> tuple[float, Array]:
        record = job.record(rows, epoch=0)
        problem = where_not_finite(record)
        if problem is not None:
            raise lost(iterations, problem)
        return float(record.loss), record.gradient

    return cost


def lost(iterations: int, problem: str) -> DivergenceError:
    """Return the error of a search that met what is not finite."""
    return DivergenceError(
        f"training diverged in epoch {iterations + 1}: {problem}",
        "the last iteration",
        "scale the inputs",
    )


class _Search:
    """What SciPy calls during a search: the cost at a point, and a look at each iteration.

    `accepted` holds the parameters of the last iteration; SciPy tries others in between.
    """

    def __init__(
        self,
        job: Job,
        cost: Cost,
        stop: Interrupt,
        on_step: Callable[[int], None],
        on_epoch: Callable[[float, int], bool],
    ) -> None:
        self._job, self._cost, self._stop = job, cost, stop
        self._on_step, self._on_epoch = on_step, on_epoch
        self._ended = False
        self.iterations = 0
        self.moved = False
        self.accepted = job.network.parameters.copy()

    def goes_on(self) -> bool:
        """Whether the run has iterations left and nobody has ended it."""
        return self.iterations < self._job.epochs and not (self._ended or self._stop.requested)

    def cost(self, x: Array) -> tuple[float, Array]:
        """Return the cost and its gradient at x."""
        if self._stop.requested:
            raise _Interrupted
        self._job.network.parameters[:] = x
        cost, gradient = self._cost(self.iterations)
        return cost, gradient.astype(np.float64)

    def after_iteration(self, intermediate_result: Any) -> None:
        """Accept an iteration, let the run look at it, and stop SciPy if it has to."""
        parameters = self._job.network.parameters
        parameters[:] = intermediate_result.x
        self.accepted[:] = parameters
        self.iterations += 1
        self._on_step(self.iterations)
        self._ended = self._on_epoch(float(intermediate_result.fun), self.iterations)
        self.moved = not np.array_equal(self.accepted, parameters)
        self.accepted[:] = parameters
        if self.moved or not self.goes_on():
            raise StopIteration


class _Interrupted(Exception):  # noqa: N818 - carries no error, ends SciPy's search
    pass
