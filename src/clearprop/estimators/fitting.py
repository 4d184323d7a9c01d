"""Fitting a network that has been made: by minibatches or by L-BFGS, on samples or on a batch more.

The functions here change the estimator that they are given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from clearprop.checks.data import Data, check_targets
from clearprop.checks.settings import LARGEST
from clearprop.cost import penalty
from clearprop.engine.settings import RunSettings
from clearprop.errors import DivergenceError, NonFiniteDataError, NonFiniteError
from clearprop.estimators.callbacks import FitCallbacks
from clearprop.estimators.lbfgs import minimize
from clearprop.estimators.own_callbacks import CountingOn, callbacks_of
from clearprop.estimators.samples import Samples
from clearprop.estimators.solver import SETTINGS, Solver
from clearprop.estimators.sparse import dense_rows
from clearprop.estimators.stopping import StoppingJudge, Watched, keep_books
from clearprop.network import Network
from clearprop.numerics.random import EPOCHS
from clearprop.optimizers import LBFGS
from clearprop.training.causes import explain
from clearprop.training.checkpoints.keeping import Keeping
from clearprop.training.engines import with_engine
from clearprop.training.job import Job
from clearprop.training.loop import Loop
from clearprop.training.reruns import Origin
from clearprop.training.standing import where_squares_overflow
from clearprop.training.watching.history import History
from clearprop.training.windows import Windows
from clearprop.warned import warn

Array = NDArray[Any]

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and "
    "need to be preprocessed."
)


def fit_stochastic(
    estimator: Any,
    training: Samples,
    held_out: Samples | None,
    incremental: bool,
    told: FitCallbacks | None,
    keeping: Keeping | None,
) -> None:
    """Fit by minibatches, for epochs until scikit-learn's rules stop; `incremental`, for one."""
    e, work = estimator, working(estimator)
    settings = run_settings(e, training.X.shape[0], incremental)
    job = Job(work, _data(e, training, work.dtype), settings)
    fit_job(e, job, held_out, incremental, told, keeping)


def run_settings(e: Any, n: int, incremental: bool = False) -> RunSettings:
    """Return the settings of a run on n rows; its seed is drawn."""
    return RunSettings(
        _batch_size(e, n), 1 if incremental else _epochs(e), bool(e.shuffle),
        l2=float(e.alpha), dropout=float(e.dropout),
        seed=int(e._random_state.randint(np.iinfo(np.int32).max)), accounting=e._accounting(),
    )  # fmt: skip


def fit_job(
    e: Any,
    job: Job,
    held_out: Samples | None,
    incremental: bool,
    told: FitCallbacks | None,
    keeping: Keeping | None,
    windows: Windows | None = None,
) -> None:
    """Fit on a job, whose data may be the `windows` of a stream."""
    work, watched = job.network, None
    if held_out is not None:
        watched = Watched(*held_out, _data(e, held_out, work.dtype, "_val"), work)
    e.n_iter_ = 0
    judge = StoppingJudge(e, job.rows, watched, told)
    history = _run(e, job, watched, judge, incremental, keeping, windows)
    stopped = history.stopped in ("judged", "callback")
    if history.stopped == "interrupted":
        warn("Training interrupted by user.")
    elif not incremental and not stopped and e.n_iter_ == e.max_iter:
        warn(
            f"Stochastic Optimizer: Maximum iterations ({e.max_iter}) reached and the "
            "optimization hasn't converged yet.",
            ConvergenceWarning,
        )
    if e.early_stopping and (not incremental or stopped):
        e.network_.parameters[:] = e._best
    if incremental and e.early_stopping:
        e.stopped_ = stopped


def begin_solver(estimator: Any, incremental: bool) -> None:
    """Make what updates go by: anew, or for one epoch more as far as settings allow."""
    keep_books(estimator)
    known = estimator.__dict__.get("_solver") if incremental else None
    estimator._solver = Solver.begin(estimator) if known is None else known.going_on(estimator)


def _run(
    e: Any,
    job: Job,
    watched: Watched | None,
    judge: StoppingJudge,
    incremental: bool,
    keeping: Keeping | None,
    windows: Windows | None,
) -> History:
    """Run the loop; what it raises becomes the ValueError that scikit-learn's users catch."""
    hooks = callbacks_of(e)
    before, seconds = (len(e.loss_curve_), e._seconds) if incremental else (0, 0.0)
    if before:
        hooks = [CountingOn(hook, before, seconds) for hook in hooks]
    sparse = not isinstance(job.data.X, np.ndarray)
    rule, standing = e._solver.rule, e._solver.standing_for(job.network.parameters)
    loop: Loop | None = None
    try:
        loop = with_engine("reference" if sparse else None, job.network, lambda engine: Loop(
            e.network_, job, rule, callbacks=hooks, judge=judge,
            held_out=None if watched is None else watched.data,
            engine=engine, threads=_threads(e), progress=bool(e.progress), standing=standing,
            columns=_columns(e), keeping=keeping, settings=_settings(e), windows=windows,
        ))  # fmt: skip
        history = loop.run()
    except NonFiniteError as error:
        state = standing.state if loop is None else loop.standing.state  # it may have gone on
        overflow = where_squares_overflow(rule, state, job.network)
        e._solver = Solver.begin(e)  # its state may hold what is not finite
        raise ValueError(_refusal(error, overflow is not None, job)) from error
    e._solver.state = loop.standing.state  # another where the run went on from a checkpoint
    if history.epochs:
        e._solver.updates = history.epochs[-1].updates
        e._seconds = seconds + history.epochs[-1].seconds
    return history


def _settings(e: Any) -> dict[str, Any]:
    """Return what a run goes by that neither job nor rule nor data tell."""
    asked = [name for name in SETTINGS if name != "optimizer"] if e.optimizer is None else []
    names = [*asked, "tol", "n_iter_no_change", "early_stopping", "scoring"]
    return {name: getattr(e, name) for name in names}


def _refusal(error: NonFiniteError, squares: bool, job: Job) -> str:
    """Return what is said of a run that has diverged, in one line."""
    found = error.problem if isinstance(error, DivergenceError) else str(error)
    weights, dtype = job.data.weights, job.network.dtype
    if weights is not None and float(np.mean(weights)) < job.settings.l2:
        # As in scikit-learn, the penalty is divided by the sum of the weights.
        return (
            f"{found}: the weights of samples, {np.mean(weights):.2g} on average, are so small "
            "that the penalty alpha is all that counts: scale them up to about 1"
        )
    if isinstance(error, DivergenceError):
        found += f": {error.why}"
    if getattr(error, "cause", None) is None and dtype == np.float32:
        found += "; precision='float64' reaches further"
    return found if squares else f"{NOT_FINITE} ({found})"


def _columns(e: Any) -> list[str] | None:
    names = getattr(e, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def fit_lbfgs(estimator: Any, training: Samples) -> None:
    """Fit by L-BFGS, on all samples at once."""
    e, n = estimator, training.X.shape[0]
    settings = RunSettings(
        n, _epochs(e), shuffle=False, l2=float(e.alpha),
        accounting=replace(e._accounting(), outputs=1),
    )  # fmt: skip
    job = Job(e.network_, _data(e, training, e.network_.dtype), settings)
    if not hasattr(e, "loss_curve_"):
        e.loss_curve_ = []
    e.n_iter_ = 0

    def reported(loss: float) -> float:
        """Return a loss as scikit-learn has it, with the penalty whole and a mean over outputs."""
        own = float(penalty(e.network_.weights, e.alpha)) / n
        return (loss - own) / e._reported_outputs() + own

    def look(loss: float) -> None:
        """Note an iteration; the network has its parameters."""
        e.n_iter_ += 1
        e.loss_curve_.append(reported(loss))
        if e.verbose:
            print(f"Iteration {e.n_iter_}, loss = {e.loss_curve_[-1]:.8f}")  # noqa: T201

    origin = Origin(e.network_.parameters.copy())
    try:
        e.n_iter_, loss = minimize(
            job, tolerance=e.tol, max_iter=_epochs(e), max_fun=min(int(e.max_fun), LARGEST),
            threads=_threads(e), look=look,
        )  # fmt: skip
    except NonFiniteError as error:
        if isinstance(error, DivergenceError):
            explain(error, job, LBFGS(tolerance=float(e.tol)), origin, _columns(e))
        raise ValueError(_refusal(error, False, job)) from error
    e.loss_ = reported(loss)


def working(e: Any) -> Network:
    """Return the network that is trained: a narrower copy, unless float64 is asked for."""
    network: Network = e.network_
    narrow = e.precision is None and network.dtype == np.float64
    precision = np.dtype("float32") if narrow else np.dtype(e.precision or "float32")
    return network if precision == network.dtype else network.astype(precision)


def _epochs(e: Any) -> int:
    """Return the most epochs; beyond those that have random numbers nobody sees the end."""
    return min(int(e.max_iter), EPOCHS)


def _threads(e: Any) -> int | None:
    return None if e.threads is None else int(e.threads)


def _batch_size(e: Any, n: int) -> int:
    """Return how many samples a batch has: 200 by default, or all if there are fewer."""
    if isinstance(e.batch_size, str):
        return min(200, n)
    size = int(e.batch_size)
    if size > n:
        warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped")
    return min(size, n)


def _data(e: Any, samples: Samples, dtype: np.dtype[Any], of: str = "") -> Data:
    """Return samples as the engine takes them; `of` is appended to names in messages."""
    network, (X, y, weights) = e.network_, samples
    try:
        targets = check_targets(
            e._targets(y), X.shape[0], network.sizes[-1], network.loss.targets, dtype, f"y{of}"
        )
        rows = dense_rows(X, dtype, f"X{of}")
    except NonFiniteDataError as error:  # finite, as scikit-learn has checked, but too large
        raise NonFiniteDataError(f"{error} (precision='float64')") from None
    return Data(rows, targets, None if weights is None else np.array(weights, np.float64))
