"""L-BFGS on the full batch, by SciPy: an epoch is an iteration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.descent import where_not_finite
from clearprop.errors import DivergenceError, missing_extra
from clearprop.interrupt import Interrupt
from clearprop.job import Job
from clearprop.optimizers import LBFGS

Array = NDArray[Any]


def minimize(
    job: Job, settings: LBFGS, stop: Interrupt, on_epoch: Callable[[float, int], bool]
) -> str | None:
    """Run up to `job.epochs` iterations; return why SciPy stopped earlier, if it did.

    That is "converged" if the gradient fell below the tolerance, else "line search failed".
    `on_epoch` gets the cost and the number of iterations. Where it changes the parameters,
    the search begins anew from them.
    """
    try:
        from scipy.optimize import minimize as scipy_minimize
    except ImportError:
        missing_extra("SciPy", "optimizer 'lbfgs'", "tables")
    network, rows = job.network, np.arange(job.n)
    iterations = 0
    ended = changed = False
    accepted = network.parameters.copy()

    def cost(x: Array) -> tuple[float, Array]:
        network.parameters[:] = x
        record = job.record(rows, epoch=0)
        problem = where_not_finite(record)
        if problem is not None:
            network.parameters[:] = accepted
            raise DivergenceError(
                f"training diverged in epoch {iterations + 1}: {problem}",
                "the last iteration",
                "scale the inputs",
            )
        if stop.requested:
            raise _Interrupted
        return float(record.loss), record.gradient.astype(np.float64)

    def after_iteration(intermediate_result: Any) -> None:
        nonlocal iterations, ended, changed
        network.parameters[:] = intermediate_result.x
        before = network.parameters.copy()
        accepted[:] = before
        iterations += 1
        ended = on_epoch(float(intermediate_result.fun), iterations)
        changed = not np.array_equal(before, network.parameters)
        accepted[:] = network.parameters
        if ended or changed or stop.requested:
            raise StopIteration

    while iterations < job.epochs and not ended:
        changed = False
        options = {
            "maxiter": job.epochs - iterations,
            "maxcor": settings.memory,
            "gtol": settings.tolerance,
            "ftol": 0.0,
            "maxfun": 20 * job.epochs + 100,
        }
        try:
            result = scipy_minimize(
                cost,
                network.parameters.astype(np.float64),
                jac=True,
                method="L-BFGS-B",
                callback=after_iteration,
                options=options,
            )
        except _Interrupted:
            break
        finally:
            network.parameters[:] = accepted
        if not changed:
            break
    if iterations >= job.epochs or ended or stop.requested:
        return None
    return "converged" if np.abs(result.jac).max() <= settings.tolerance else "line search failed"


class _Interrupted(Exception):  # noqa: N818 - carries no error, ends SciPy's search
    pass
