"""L-BFGS as scikit-learn calls it: SciPy's, on the full batch, with its own stopping rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.optimize import _check_optimize_result

from clearprop.training.compiled import compiled_cost
from clearprop.training.job import Job
from clearprop.training.lbfgs import reference_cost


def minimize(
    job: Job,
    *,
    tolerance: float,
    max_iter: int,
    max_fun: int,
    threads: int | None,
    look: Callable[[float], None],
) -> tuple[int, float]:
    """Minimize the cost of the full batch; return the iterations and the cost.

    `look` gets the cost of each iteration, whose parameters the network then has.

    Warns
    -----
    ConvergenceWarning
        As scikit-learn words it, if the search ended before it converged.
    """
    from scipy.optimize import minimize as scipy_minimize

    network = job.network
    dense = isinstance(job.data.X, np.ndarray)
    cost = reference_cost(job)
    if dense:
        cost = compiled_cost(job, threads, cost)

    def at(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        network.parameters[:] = x
        value, gradient = cost(0)
        return value, gradient.astype(np.float64)

    def after_iteration(intermediate_result: Any) -> None:
        network.parameters[:] = intermediate_result.x
        look(float(intermediate_result.fun))

    result: Any = scipy_minimize(
        at, network.parameters.astype(np.float64), method="L-BFGS-B", jac=True,
        callback=after_iteration,
        options={"maxfun": max_fun, "maxiter": max_iter, "gtol": tolerance},
    )  # fmt: skip
    network.parameters[:] = result.x
    return int(_check_optimize_result("lbfgs", result, max_iter)), float(result.fun)
