"""What a rank of a cluster holds of the data, and whether all ranks were given the same.

A rank reads the rows of its shards alone, where X and y are arrays, such as memory maps, of which
a few rows of all are compared; what lies in memory, or is made of that, is compared whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from mmap import mmap
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data, check_sample_weight
from clearprop.checks.settings import count, number
from clearprop.cluster.members import ALONE, Alone, Members
from clearprop.cluster.mpi import MPI
from clearprop.cluster.shards import Part
from clearprop.errors import ArgumentError, ClearpropError, SampleWeightError, shown
from clearprop.network import Network
from clearprop.numerics.random import Purpose, check_seed, random_order
from clearprop.optimizers import LBFGS, Optimizer
from clearprop.streams.stream import Stream
from clearprop.training.checkpoints.identity import digest, settings_of
from clearprop.training.job import Job, check_data
from clearprop.training.made_rows import MadeRows
from clearprop.training.streamed import give_a_window, rows_given, rows_held_out
from clearprop.training.streamed_rows import StreamedRows

Array = NDArray[Any]
P = ParamSpec("P")
R = TypeVar("R")

SAMPLE = 64
"""Rows of a memory map that all ranks read, to see whether they have the same."""


def clustered(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function that takes `cluster` tell the other ranks where it fails."""

    @wraps(function)
    def call(*args: P.args, **settings: P.kwargs) -> R:
        with members_of(settings.get("cluster")).run():
            return function(*args, **settings)

    return call


def check_cluster(cluster: Any, rule: Any, engine: str | None) -> Members:
    """Return the processes of a run.

    Raises
    ------
    ArgumentError
        If `cluster` is none, or what is to run over it cannot.
    """
    members = members_of(cluster)
    if members.size > 1 and isinstance(rule, LBFGS):
        raise ArgumentError(
            "L-BFGS runs in one process, as SciPy does its line search: leave cluster out, or take "
            "another optimizer"
        )
    if members.size > 1 and engine == "reference":
        raise ArgumentError(
            "engine='reference' runs in one process: leave cluster out, or take engine='compiled'"
        )
    return members


def members_of(cluster: Any) -> Members:
    """Return the processes that `cluster` stands for, or raise `ArgumentError`."""
    if cluster is None:
        return ALONE
    if isinstance(cluster, MPI | Alone):
        members: Members = cluster
        return members
    raise ArgumentError(f"cluster is {shown(cluster)}; give cp.cluster.mpi(), or None")


@dataclass(frozen=True)
class Held:
    """The rows of a rank.

    Attributes
    ----------
    members : Members
    data : Data
        Its training rows, without weights, which `part` has of all.
    n : int
        Rows that all were given, with those for validation.
    part : Part
    held_out : Data or None
        Of a validation share, or that was given: whole on every rank.
    sample : dict of str to str
        What is to be the same on all ranks.
    """

    members: Members
    data: Data
    n: int
    part: Part
    held_out: Data | None
    sample: dict[str, str]

    def given_to(self, job: Job) -> tuple[Job, Data | None]:
        """Return the job on these rows, and those for validation."""
        settings = job.settings
        settings = replace(settings, batch_size=min(settings.batch_size, self.part.n))
        job = replace(job, data=self.data, settings=settings, members=self.members, part=self.part)
        return job, self.held_out


def held_rows(
    members: Members,
    network: Network,
    X: Any,
    y: Any,
    weights: Any,
    validation: Any,
    shards: Any,
    seed: Any,
    batch_size: Any,
    accumulate: Any,
) -> Held | None:
    """Return what a rank holds; None for a process alone.

    Raises
    ------
    ArgumentError
        If there are fewer shards, or rows, than ranks; or a stream that no window holds.
    DataError
        If the rows of this rank do not fit.
    ClusterError
        If those of another do not.
    """
    if members.size == 1:
        return None
    shards, seed = count("shards", shards, 1), check_seed(seed)
    if not _is_by_rows(X, y, network):
        given = (network, X, y, weights, batch_size, accumulate)
        checked = in_memory(members.together(lambda: rows_given(*given)), members.size)
        X, y, weights = checked.X, checked.y, checked.weights
    n = len(X)
    kept, aside = _divided(n, validation, seed)
    if min(shards, len(kept)) < members.size:
        short = f"shards is {shards}" if shards < members.size else f"there are {len(kept)} rows"
        raise ArgumentError(
            f"{members.size} ranks need shards={members.size} or more, of which each owns some: "
            f"{short}"
        )
    omega = check_sample_weight(weights, n)
    part = Part.of(members.rank, members.size, len(kept), min(n, shards))
    own = kept[part.rows]

    def read(rows: NDArray[np.int64]) -> Data:
        try:
            return check_data(network, np.asarray(X[rows]), np.asarray(y[rows]))
        except ClearpropError:
            check_data(network, X, y)  # of all rows: its message counts them as they were given
            raise

    data = members.together(lambda: read(own))
    held_out = None
    if len(aside):
        held_out = members.together(lambda: read(aside))
    elif validation is not None:
        held_out = _given(members, network, validation)
    if omega is not None:
        part = replace(part, weights=omega[kept])
        for name, rows in (("training", kept), ("validation", aside)):
            if len(rows) and not omega[rows].any():
                raise SampleWeightError(
                    f"all {name} rows have weight zero: choose another share or seed"
                )
        if len(aside) and held_out is not None:
            held_out = Data(held_out.X, held_out.y, omega[aside])
    sample = _sample({"X": X, "y": y})
    for name, array in (("sample_weight", omega), *_arrays("validation ", held_out)):
        sample[name] = "none" if array is None else digest(array)
    return Held(members, data, n, part, held_out, sample)


def _is_by_rows(X: Any, y: Any, network: Network) -> bool:
    """Whether rows can be taken from both as they are."""
    arrays = all(
        isinstance(a, np.ndarray | MadeRows) and not isinstance(a, np.ma.MaskedArray)
        for a in (X, y)
    )
    return bool(
        arrays
        and X.ndim == 2
        and X.shape[1] == network.sizes[0]
        and 0 < len(X) == (len(y) if y.ndim else 0)
    )


def _divided(n: int, validation: Any, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows to train on and those put aside, as `clearprop.training.job.split` does."""
    if validation is None or not isinstance(validation, int | float | np.integer | np.floating):
        return np.arange(n), np.arange(0)
    share = number("validation", validation, low=0, high=1, open="low high")
    if n < 2:
        raise ArgumentError("a validation share needs 2 rows or more")
    drawn = random_order(seed, n, Purpose.VALIDATION)
    aside = min(max(round(share * n), 1), n - 1)
    return np.sort(drawn[aside:]), np.sort(drawn[:aside])


def in_memory(rows: Data | StreamedRows, ranks: int, of: str = "") -> Data:
    """Return the rows of a stream that a window holds.

    Raises
    ------
    ArgumentError
        If none does.
    """
    if isinstance(rows, StreamedRows):
        raise one_process_streams(ranks, give_a_window(rows), of)
    return rows


def one_process_streams(ranks: int, instead: str, of: str = "") -> ArgumentError:
    """Return what is said of a stream that no window holds, given to a cluster."""
    return ArgumentError(
        f"{ranks} ranks train on rows in memory, and the {of}stream's window does not hold all of "
        f"them: {instead}, or train in one process"
    )


def _given(members: Members, network: Network, validation: Any) -> Data:
    if isinstance(validation, Stream):
        rows = members.together(lambda: rows_held_out(network, validation))
        return in_memory(rows, members.size, "validation ")
    if not (isinstance(validation, tuple) and len(validation) in (2, 3)):
        raise ArgumentError(
            f"validation is {shown(validation)}; give (X, y), (X, y, sample_weight), or a share "
            "such as 0.2; or a stream"
        )
    X, y, weights = validation if len(validation) == 3 else (*validation, None)
    return check_data(network, X, y, weights, of="validation ")


def _arrays(of: str, data: Data | None) -> list[tuple[str, Array | None]]:
    if data is None:
        return []
    return [(f"{of}X", data.X), (f"{of}y", data.y), (f"{of}sample_weight", data.weights)]


def _sample(of: Mapping[str, Array]) -> dict[str, str]:
    """Return shape, type and digests of each array: of some rows, and of all if it is in memory."""
    said = {}
    for name, array in of.items():
        said[f"{name}'s shape"] = str(array.shape)
        said[f"{name}'s type"] = array.dtype.name
        rows = np.unique(np.linspace(0, len(array) - 1, SAMPLE).astype(np.int64))
        some = digest(np.asarray(array[rows]))
        said[name] = f"{some}/{digest(array) if _lies_in_memory(array) else ''}"
    return said


def _are_same(one: str, other: str) -> bool:
    """Whether what two ranks say of an array agrees: all of it only if both have looked at all."""
    (some, _, whole), (others, _, its) = one.partition("/"), other.partition("/")
    return some == others and (whole == its or not (whole and its))


def _lies_in_memory(array: object) -> bool:
    """Whether nothing has to be read for it: it is an array, and a view of nothing but arrays."""
    while isinstance(array, np.ndarray):
        if type(array) is not np.ndarray:
            return False
        array = array.base
    return not isinstance(array.obj if isinstance(array, memoryview) else array, mmap)


def refuse_other_ranks(
    job: Job, held: Held, network: Network, rule: Optimizer, more: Mapping[str, object]
) -> None:
    """Raise `ArgumentError` where ranks differ, on all of them; it names what, and where."""
    mine = settings_of(network, job, rule, "compiled", {"epochs": job.settings.epochs, **more})
    numbers = {**held.sample, "the network's parameters": digest(network.parameters)}
    everyone = job.members.all([mine, numbers])
    said = []
    for rank, (settings, arrays) in enumerate(everyone):
        differ = [
            f"{name} is {settings.get(name, 'not set')}, not {everyone[0][0].get(name, 'not set')}"
            for name in {**everyone[0][0], **settings}
            if settings.get(name) != everyone[0][0].get(name)
        ]
        for name in {**everyone[0][1], **arrays}:
            here, there = arrays.get(name, "none"), everyone[0][1].get(name, "none")
            if not _are_same(here, there):
                short = "'s " in name and "parameters" not in name
                differ.append(f"{name} is {here}, not {there}" if short else f"{name} differs")
        if differ:
            said.append(f"rank {rank}: {', '.join(differ)}")
    if said:
        raise ArgumentError(f"not all ranks were given what rank 0 was: {'; '.join(said)}")
