"""Training as callers ask for it: what is passed in is checked, then the loop runs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np

from clearprop.checks.data import Data, column_names
from clearprop.checks.settings import EngineName, check_engine, choice, count, flag, listed, takes
from clearprop.cluster.members import Members
from clearprop.constraints import Frozen, Shared
from clearprop.engine.threads import MOST_THREADS
from clearprop.errors import ArgumentError, shown
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network
from clearprop.optimizers import LBFGS, Optimizer, OptimizerName
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.streams.stream import Stream
from clearprop.training.checkpoints.keeping import check_keeping
from clearprop.training.engines import with_engine
from clearprop.training.held import check_cluster, clustered, held_rows, refuse_other_ranks
from clearprop.training.job import Job, check_data, check_job, split
from clearprop.training.loop import Loop
from clearprop.training.streamed import check_streamed, rows_given, rows_held_out, windows_of
from clearprop.training.streamed_rows import StreamedRows
from clearprop.training.watching.beginning import Beginning
from clearprop.training.watching.early_stopping import (
    EarlyStopping,
    StoppingRule,
    resolve_early_stopping,
)
from clearprop.training.watching.history import History
from clearprop.training.watching.metrics import METRICS, Metric, MetricSpec, resolve_metrics
from clearprop.training.watching.watch import Callback
from clearprop.training.windows import UNKNOWN

Validation = float | tuple[object, object] | tuple[object, object, object] | Stream | None


@clustered
def train(
    network: Network,
    X: object,
    y: object = None,
    *,
    loss: LossName | Loss | None = None,
    optimizer: OptimizerName | Optimizer | LBFGS = "adam",
    batch_size: int | None = 32,
    epochs: int = 10,
    shuffle: bool = True,
    sample_weight: object = None,
    l2: float = 0.0,
    dropout: float = 0.0,
    frozen: Frozen = (),
    shared: Shared = (),
    validation: Validation = None,
    metrics: Iterable[MetricSpec] | MetricSpec | None = (),
    early_stopping: EarlyStopping | int | None = None,
    callbacks: Iterable[Callback] | Callback | None = (),
    seed: int = 0,
    engine: EngineName | None = None,
    precision: Literal["float32", "float64"] | None = None,
    threads: int | None = None,
    shards: int = 1,
    cluster: Members | None = None,
    accumulate: int = 1,
    progress: bool | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | str | None = None,
    resume: bool = False,
) -> History:
    """Train a network in place, and return the history of the run.

    Parameters
    ----------
    network : Network
        Its parameters are changed; nothing else that is passed in is.
    X : array-like or table, shape (n, n_0), or Stream
        One sample a row; or what `cp.stream` returns, for more rows than memory holds.
    y : array-like or table, shape (n, n_L)
        Targets; (n,) where n_L is 1, or integer labels (n,) for cross_entropy. Those of a stream
        are in it, as its weights are.
    loss : str or Loss, optional
        For this run, in place of the network's own.
    optimizer : str or optimizer
        "sgd", "adam", "adamw", "rmsprop", "rprop", "lbfgs", or an object such as
        ``cp.SGD(0.1, momentum=0.9)``. "lbfgs" always takes the full batch.
    batch_size : int or None
        Rows per update; the last batch of an epoch may be shorter. 1: online (stochastic)
        gradient descent. None: the full batch.
    epochs : int
        How often all rows are gone through, up to 2**32 times; for "lbfgs", how many iterations
        it may make.
    shuffle : bool
        Whether each epoch takes the rows in a new order. A full batch is taken as it lies: an
        order would change nothing but the rounding of its sums.
    sample_weight : array-like, shape (n,), optional
        Within a batch, sample i counts with omega_i = w_i / sum w. A batch whose weights are
        all zero has no cost and is passed over.
    l2 : float
        Adds (l2/2) times the sum of the squared weights, biases left out, to the cost.
    dropout : float
        The share of hidden activations, in [0, 1), that is set to zero in training; the
        kept ones are divided by 1 - dropout, so that prediction needs no change.
    frozen : iterable of str
        Weights and biases that stay as they are: ``["W1", "b2[0]"]``. Their gradient counts as 0.
    shared : iterable of groups of str
        Weights, or biases, that are one parameter: ``[("W1[0,0]", "W1[1,0]"), ("b1", "b2")]``.
        Whole arrays, of one shape, are shared element by element. Those of a group start with
        one value and keep one: each takes the step of the sum of their gradients. The penalty
        counts each.
    validation : (X, y), (X, y, sample_weight), Stream or float, optional
        Data to watch, or the share of the rows to put aside for that, drawn by `seed`; not of a
        stream, unless one window holds all of it.
    metrics : iterable of str or callable
        "accuracy", "r2", "mean_absolute_error", "root_mean_squared_error", or functions
        of (y, output). Computed on training and validation data after each epoch, without
        sample weights.
    early_stopping : int or EarlyStopping, optional
        A number is the patience in epochs. At the end, however it comes, the parameters
        of the best epoch are restored.
    callbacks : iterable of callable
        Each is called with every `Epoch`; it may change the network's parameters, and stops
        the run by returning True. One that has a method `before_run` is called there with what
        the run works on: its `network`, `data`, `held_out`, `optimizer`, `epochs`, `batch_size`,
        `l2`, `dropout`, `seed` and `columns`. One that has a method `after_resume` is called there
        with the epochs behind it, where a run goes on from a checkpoint.
    seed : int
        For shuffles, dropout, and the validation share.
    engine : {"compiled", "reference"}, optional
        What computes: compiled kernels, or NumPy as the specification has it. None: compiled
        kernels where there are some, or Numba is installed to make them; else the reference,
        which a line says. ``history.engine`` is what it was.
    precision : {"float32", "float64"}, optional
        What the run computes in. None: the network's data type. The network keeps its own.
    threads : int, optional
        How many the compiled engine uses, up to 1,024; the numbers are the same for any. None: as
        many as pay for the work of a step and as this process may use.
    shards : int
        The stripes that rows are dealt to; see `clearprop.training.batches`.
    cluster : optional
        ``cp.cluster.mpi()``: this process is one of several, which all call `train` with the same
        arguments, and get the same network and history: that of one process with as many `shards`,
        to the last bit. Each holds the rows of its shards alone; callbacks are called on rank 0.
        See docs/scaling.md.
    accumulate : int
        A step is made of so many batches of `batch_size` rows, one after the other, whose sums of
        gradients are added shard by shard: an update, or an exchange of a cluster, for all of them.
        It is the step of one batch of all their rows, in the memory of one of them.
    progress : bool, optional
        True: a bar on a terminal or in a notebook, plain lines elsewhere (on standard error, but
        for a notebook's bar). False: nothing.
        None: as True, for runs that take longer than two seconds.
    checkpoint : path, optional
        A folder, made where it is missing, into which the run is written on its way: before the
        first batch, when it is due, and at the end. See docs/checkpoints.md. Not for "lbfgs", nor
        for an optimizer whose updates change its own attributes, which no checkpoint holds.
    checkpoint_every : int or str, optional
        A number of epochs, or "10 epochs", "500 steps" (batches), "60 seconds", which None means.
    resume : bool
        True: the run goes on from the newest whole checkpoint in the folder to the same bits, or
        begins where there is none; a finished run is not trained. Data and settings have to be
        those of the run, but `threads`, `progress`, `callbacks` and `checkpoint_every`; `epochs`
        may grow. Functions of your own are compared by their names. False: a folder that holds a
        checkpoint is refused.

    Returns
    -------
    History
        Ctrl-C ends a run after the update (or the look at an epoch) under way; the history
        says "interrupted".

    Raises
    ------
    CheckpointMismatchError
        If the run to go on from is another; the message names all that differs.
    FileWriteError, ModelFileError
        If the first checkpoint cannot be written, or none in the folder is whole. A later one that
        cannot be written is a `CheckpointWarning`.
    ClusterError
        If another process of the cluster failed; the message says which, and why.
    DataError, ArgumentError, UnknownNameError, PairingError
        If something that was passed in does not fit; nothing is changed.
    ElementError
        If `frozen` or `shared` name what is no parameter.
    NonFiniteError
        If the network holds NaN before the first update, or early stopping meets one.
    DivergenceError
        If cost, gradient or parameters become NaN or infinite, or the squares of gradients
        that Adam and RMSprop keep: the last good parameters are restored. ``error.epoch``,
        ``step``, ``layer`` and ``quantity`` say where, ``cause``, ``evidence`` and ``remedy`` why
        and what to do; ``error.history`` holds the epochs until then.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([1, 1], activations="identity", dtype="float64", seed=0)
    >>> history = cp.train(
    ...     network, [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0],
    ...     optimizer=cp.SGD(0.3, momentum=0.5), batch_size=None, epochs=100,
    ... )
    >>> round(float(network["W1[0,0]"]), 6), round(float(network["b1[0]"]), 6)
    (2.0, 1.0)

    Two weights that are one, and a bias that stays:

    >>> network = cp.Network.from_weights([[[0.5, 0.5]]], [[0.0]], "identity")
    >>> history = cp.train(
    ...     network, [[1.0, 2.0], [0.0, 1.0]], [6.0, 2.0], optimizer=cp.SGD(0.1), batch_size=None,
    ...     epochs=100, shared=[("W1[0,0]", "W1[0,1]")], frozen=["b1"],
    ... )
    >>> network["W1"].round(6).tolist(), network["b1"].tolist()
    ([[2.0, 2.0]], [0.0])

    A run that is kept, and goes on:

    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> network = cp.Network([1, 1], activations="identity", dtype="float64", seed=0)
    >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0]
    >>> len(cp.train(network, X, y, epochs=2, checkpoint=folder, resume=True).epochs)
    2
    >>> len(cp.train(network, X, y, epochs=5, checkpoint=folder, resume=True).epochs)
    5
    """
    if engine is not None:
        check_engine(engine)
    threads = None if threads is None else count("threads", threads, 1, most=MOST_THREADS)
    progress = None if progress is None else flag("progress", progress)
    rule = resolve_optimizer(optimizer)
    watched = resolve_metrics(metrics)
    patience = resolve_early_stopping(early_stopping)
    hooks = _check_callbacks(callbacks)
    keeping = check_keeping(checkpoint, checkpoint_every, resume)
    work = check_network(network).astype(_check_precision(precision, network, engine), loss=loss)
    members = check_cluster(cluster, rule, engine)
    held = held_rows(
        members, work, X, y, sample_weight, validation, shards, seed, batch_size, accumulate
    )
    given = held.data if held else rows_given(work, X, y, sample_weight, batch_size, accumulate)
    streamed = given if isinstance(given, StreamedRows) else None
    job = check_job(
        work, given.head if isinstance(given, StreamedRows) else given, batch_size=batch_size,
        epochs=epochs, shuffle=shuffle, l2=l2, dropout=dropout, shards=shards, seed=seed,
        frozen=frozen, shared=shared, accumulate=accumulate, n=None if held is None else held.n,
        rows=None if streamed is None else streamed.rows or UNKNOWN,
    )  # fmt: skip
    windows = None
    if streamed is not None:
        check_streamed(streamed, rule, epochs, validation, watched, keeping is not None)
        windows = windows_of(X, streamed, job)
    if isinstance(rule, LBFGS) and dropout:
        raise ArgumentError("L-BFGS needs a cost that stays the same: leave dropout out")
    job, held_out = held.given_to(job) if held else _hold_out(job, validation)
    stopping = None if patience is None else StoppingRule(patience, watched, held_out is not None)
    held_head = held_out.head if isinstance(held_out, StreamedRows) else held_out
    _try_metrics(watched, [job.data, *([held_head] if held_head else [])], work)
    said = {"metrics": [metric.name for metric in watched], "early_stopping": patience}
    if held is not None and not isinstance(rule, LBFGS):
        engine = "compiled"
        refuse_other_ranks(job, held, network, rule, said | {
            "resume": resume, "checkpoint": keeping is not None, "callbacks": len(hooks),
        })  # fmt: skip
    names = X.numbers().names if isinstance(X, Stream) else column_names(X)
    loop = with_engine(engine, work, lambda chosen: Loop(
        network, job, rule, held_out=held_out, metrics=watched, callbacks=hooks, stopping=stopping,
        engine=chosen, threads=threads, progress=progress, columns=names, keeping=keeping,
        settings=said | ({} if windows is None else {"window": windows.size}), windows=windows,
    ))  # fmt: skip
    _tell_before_run(hooks, network, job, held_head, rule, names)
    return loop.run()


def _check_precision(precision: str | None, network: Network, engine: str | None) -> np.dtype[Any]:
    if precision is None or network.dtype.kind == "c":  # check_job refuses complex networks
        if engine == "compiled" and network.dtype == np.longdouble:
            raise ArgumentError(
                f"the compiled engine computes in float32 or float64, not {network.dtype}: give "
                "precision='float64' or engine='reference'"
            )
        return network.dtype
    if isinstance(precision, type | np.dtype) and precision in (np.float32, np.float64):
        return np.dtype(precision)
    return np.dtype(choice("precision", precision, ("float32", "float64"), or_none=True))


def _check_callbacks(callbacks: Iterable[Callback] | Callback | None) -> list[Callback]:
    if callbacks is None:
        return []
    hooks = [callbacks] if callable(callbacks) else listed(callbacks)
    for hook in hooks:
        if not takes(hook, 1):
            raise ArgumentError(f"a callback is {shown(hook)}; it must be a function of the epoch")
    return hooks


def _tell_before_run(
    hooks: Iterable[Callback],
    network: Network,
    job: Job,
    held_out: Data | None,
    rule: Optimizer | LBFGS,
    names: Sequence[str] | None,
) -> None:
    """Tell the callbacks that ask for it what the run works on; in a cluster, on rank 0."""
    told = [one.before_run for one in hooks if hasattr(one, "before_run")]
    if not told:
        return
    begins = Beginning(
        network.astype(network.dtype, loss=job.network.loss), job.data, held_out, rule,
        job.settings.epochs, min(job.settings.batch_size, job.rows), job.settings.l2,
        job.settings.dropout, job.settings.seed, names,
    )  # fmt: skip
    job.members.on_root(lambda: [tell(begins) for tell in told])


def _try_metrics(metrics: Iterable[Metric], parts: Iterable[Data], network: Network) -> None:
    """Call the built-in metrics on all targets once, so that one that cannot be ends no run."""
    for data in parts:
        zero = np.zeros((len(data.X), network.sizes[-1]))
        for metric in metrics:
            if metric in METRICS.values():
                metric(data.y, zero, network.loss)


def _hold_out(job: Job, validation: Validation) -> tuple[Job, Data | StreamedRows | None]:
    """Return the job without its validation rows, and these."""
    if validation is None:
        return job, None
    if isinstance(validation, Stream):
        return job, rows_held_out(job.network, validation)
    if isinstance(validation, tuple) and len(validation) in (2, 3):
        X, y, weights = validation if len(validation) == 3 else (*validation, None)
        return job, check_data(job.network, X, y, weights, of="validation ")
    if isinstance(validation, int | float | np.integer | np.floating):
        return split(job, validation)
    number = f" of {len(validation)}" if isinstance(validation, tuple) else ""
    raise ArgumentError(
        f"validation is a {type(validation).__name__}{number}; give (X, y), (X, y, sample_weight), "
        "or a share such as 0.2; or a stream"
    )
