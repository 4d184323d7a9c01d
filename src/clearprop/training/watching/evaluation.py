"""Loss and outputs of data of which each process of a run computes a part."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.data import Data
from clearprop.cluster.members import Members, joined, rows_of_all
from clearprop.cluster.shards import Part
from clearprop.cost import compiled_losses, evaluate, loss_of, reference_losses
from clearprop.network import Network

Array = NDArray[Any]


def evaluate_together(
    members: Members, network: Network, data: Data, part: Part | None, engine: str
) -> tuple[float, Array, Array]:
    """Return the mean loss, the outputs (n, n_L) and the targets of all rows, on every rank.

    Parameters
    ----------
    members : Members
    network : Network
    data : Data
        This rank's rows where there is a `part`; else all rows, of which each rank computes some.
    part : Part, optional
    engine : str
    """
    if members.size == 1:
        loss, output = evaluate(network, data, engine)
        return loss, output, data.y
    data.check()
    if part is not None:
        losses, outputs = _of_all(members, network, data, lambda a: rows_of_all(members, part, a))
        y = rows_of_all(members, part, data.y)
        return loss_of(part.weights, losses, network.dtype), outputs, y
    n = len(data.X)
    cuts = [n * rank // members.size for rank in range(members.size + 1)]
    places = [np.arange(a, b) for a, b in itertools.pairwise(cuts)]
    own = slice(cuts[members.rank], cuts[members.rank + 1])
    share = Data(data.X[own], data.y[own])
    losses, outputs = _of_all(
        members, network, share, lambda a: joined(places, members.gathered(a), n)
    )
    return loss_of(data.weights, losses, network.dtype), outputs, data.y


def _of_all(members: Members, network: Network, data: Data, gather: Any) -> tuple[Array, Array]:
    """Return losses and outputs of all rows: the reference's on all ranks, if on any."""
    found = compiled_losses(network, data) if len(data.X) else _nothing(network)
    if not all(members.all(found is not None)):
        found = reference_losses(network, data)
    assert found is not None
    return gather(found[0]), gather(found[1])


def _nothing(network: Network) -> tuple[Array, Array]:
    return np.empty(0, network.dtype), np.empty((0, network.sizes[-1]), network.dtype)
