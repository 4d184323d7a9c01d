"""Constraints: parameters that are frozen, and parameters that are shared.

The cost and backpropagation know nothing of them: `dL/dw_j` is what it is, each parameter by
itself, and the penalty counts the square of each. What an optimizer is given is

    g_j = 0                        where w_j is frozen
    g_j = sum_k dL/dw_k            over all w_k that w_j is shared with, itself among them

added in the order of the flat vector. After its update a frozen parameter is what it was before,
whatever the optimizer did, and shared ones have the value of the first of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop import notation
from clearprop.checks.settings import listed
from clearprop.errors import ArgumentError, ElementError, shown
from clearprop.network import Network
from clearprop.topology import Place, Topology

Array = NDArray[Any]
Places = NDArray[np.intp]

Frozen = Iterable[str] | str | None
"""Names of parameters that stay as they are."""

Shared = Iterable[Sequence[str]] | None
"""Groups of names of parameters that are one."""

MOST_NAMED = 4
"""Names that one line shows."""


@dataclass(frozen=True, eq=False, repr=False)
class Constraints:
    """Which parameters of a network are frozen, and which are shared.

    Attributes
    ----------
    frozen_names : tuple of str
        As they were named: "W1", "b1[0]".
    shared_names : tuple of tuple of str
        As they were named, a group each.
    frozen : ndarray of bool, shape (n_parameters,)
    members : ndarray of int, shape (m,)
        Where in the flat vector the shared parameters stand; those of a group in their order.
    groups : ndarray of int, shape (m,)
        The number of each one's group.
    firsts : ndarray of int, shape (number of groups,)
        Where the first of each group stands.
    """

    frozen_names: tuple[str, ...]
    shared_names: tuple[tuple[str, ...], ...]
    frozen: NDArray[np.bool_]
    members: Places
    groups: Places
    firsts: Places

    def gradient(self, gradient: Array) -> Array:
        """Return what an optimizer is given, shape (n_parameters,)."""
        given = gradient.copy()
        sums = np.zeros(len(self.firsts), gradient.dtype)
        with np.errstate(all="ignore"):  # what is not finite is found after the update
            np.add.at(sums, self.groups, gradient[self.members])  # one by one, in their order
        given[self.members] = sums[self.groups]
        given[self.frozen] = 0
        return given

    def hold(self, parameters: Array, before: Array) -> None:
        """Put parameters right after an update, in place; `before` are those before it."""
        self.join(parameters)
        np.copyto(parameters, before, where=self.frozen)

    def join(self, parameters: Array) -> None:
        """Give all of a group the value of its first, in place."""
        parameters[self.members] = parameters[self.firsts][self.groups]

    def free(self) -> NDArray[np.bool_]:
        """Return which parameters are left to choose: of a group, its first; (n_parameters,)."""
        free = ~self.frozen
        free[self.members] = False
        free[self.firsts] = True
        return free

    def group_at(self, place: int) -> list[int]:
        """Return the places of those that the parameter at a place is shared with, and its own.

        Of one that is not shared there are none.
        """
        found = self.groups[self.members == place]
        return [int(one) for one in self.members[self.groups == found[0]]] if len(found) else []

    def __str__(self) -> str:
        return constraints_in_words(self.frozen_names, self.shared_names)

    def __repr__(self) -> str:
        return f"Constraints({self})"


def constraints_in_words(frozen: Sequence[str], shared: Sequence[Sequence[str]]) -> str:
    """Return what is frozen and what is shared in a few words, empty where nothing is.

    Examples
    --------
    >>> constraints_in_words(["W2", "b2"], [("W1[0,0]", "W1[1,0]")])
    'frozen: W2, b2; shared: W1[0,0] = W1[1,0]'
    """
    said = []
    if frozen:
        said.append(f"frozen: {_few(frozen)}")
    if shared:
        said.append(f"shared: {_few([_few(names, ' = ') for names in shared])}")
    return "; ".join(said)


def read_constraints(
    network: Network,
    frozen: Frozen = (),
    shared: Shared = (),
    *,
    element: Callable[[str], str] = lambda name: name,
) -> Constraints | None:
    """Return the constraints that names give, or None where nothing is frozen or shared.

    `element` says which element a name of the reader's own stands for.

    Raises
    ------
    ElementError
        If a name is that of no parameter.
    ArgumentError
        If a group has fewer than two names, or its parameters differ in kind or shape, or in
        value; if a parameter is in two groups, or frozen and shared; or if all are frozen.
    """
    topology = network.topology
    places = {place.name: place for place in topology.places()}

    def read(name: Any, setting: str) -> _Named:
        return _read(element(name) if isinstance(name, str) else name, setting, network, places)

    held = [read(name, "frozen") for name in _given(frozen)]
    groups = [_read_group(group, read) for group in _given(shared)]
    if not held and not groups:
        return None
    mask = np.zeros(network.n_parameters, dtype=bool)
    for one in held:
        mask[one.first : one.end] = True
    members, numbers, firsts = _lay_out(groups)
    _check_once(members, mask, topology)
    if mask.all():
        raise ArgumentError("all parameters are frozen: nothing is left to train")
    names = tuple(tuple(one.name for one in group) for group in groups)
    found = Constraints(tuple(one.name for one in held), names, mask, members, numbers, firsts)
    _check_equal(found, network)
    return found


@dataclass(frozen=True)
class _Named:
    """What a name stands for: from `first` to before `end` in the flat vector."""

    name: str
    first: int
    end: int
    kind: tuple[str, tuple[int, ...]]


def _given(names: Any) -> list[Any]:
    return [] if names is None else listed(names)


def _read(name: Any, setting: str, network: Network, places: dict[str, Place]) -> _Named:
    symbol, layer, index = notation.find(name, network.sizes, network.has_biases, ("W", "b"))
    if symbol not in ("W", "b"):
        raise ElementError(
            f"{setting} names {name!r}, which is no parameter: those are {_few([*places])} and "
            "their elements"
        )
    place = places[f"{symbol}{layer}"]
    if not index:
        return _Named(place.name, place.start, place.end, (symbol, place.shape))
    at = place.at(index)
    written = f"{place.name}[{','.join(map(str, index))}]"
    return _Named(written, at, at + 1, (symbol, ()))


def _read_group(group: Any, read: Callable[[Any, str], _Named]) -> list[_Named]:
    """Return the named of a group, in the order of the flat vector."""
    names = [] if isinstance(group, str) else listed(group)
    if len(names) < 2:
        raise ArgumentError(
            f"shared has the group {shown(group)}; a group is two names or more, such as "
            '("W1[0,0]", "W1[1,0]")'
        )
    named = sorted((read(name, "shared") for name in names), key=lambda one: one.first)
    for one, other in pairwise(named):
        if one.kind[0] != other.kind[0]:
            raise ArgumentError(
                f"{one.name} and {other.name} cannot be shared: one is a weight, which a penalty "
                "counts, the other a bias"
            )
        if one.kind != other.kind:
            raise ArgumentError(
                f"{one.name} and {other.name} cannot be shared: their shapes are {one.kind[1]} "
                f"and {other.kind[1]}"
            )
    return named


def _lay_out(groups: list[list[_Named]]) -> tuple[Places, Places, Places]:
    """Return members, the number of each one's group, and the first of each group.

    Arrays are shared element by element: each element is a group.
    """
    members, numbers, firsts, count = [_NONE], [_NONE], [_NONE], 0
    for named in groups:
        size = named[0].end - named[0].first
        for one in named:
            members.append(np.arange(one.first, one.end, dtype=np.intp))
            numbers.append(np.arange(count, count + size, dtype=np.intp))
        firsts.append(members[-len(named)])
        count += size
    return np.concatenate(members), np.concatenate(numbers), np.concatenate(firsts)


_NONE = np.zeros(0, np.intp)


def _check_once(members: Places, frozen: NDArray[np.bool_], topology: Topology) -> None:
    ordered = np.sort(members)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        raise ArgumentError(
            f"shared has {topology.name_at(int(twice[0]))} twice: put all that it is shared with "
            "into one group"
        )
    both = members[frozen[members]]
    if len(both):
        raise ArgumentError(
            f"{topology.name_at(int(both[0]))} is frozen and shared: freeze all of its group "
            "without sharing them, or none"
        )


def _check_equal(constraints: Constraints, network: Network) -> None:
    """Raise unless shared parameters start as one."""
    values = network.parameters[constraints.members]
    first = network.parameters[constraints.firsts][constraints.groups]
    apart = np.flatnonzero((values != first) & ~(np.isnan(values) & np.isnan(first)))
    if len(apart):
        at = apart[0]
        place = constraints.firsts[constraints.groups[at]]
        one, other = (
            network.topology.name_at(int(each)) for each in (place, constraints.members[at])
        )
        raise ArgumentError(
            f"{one} and {other} are shared, but are {first[at]:g} and {values[at]:g}: set them to "
            f"one value first, network[{other!r}] = network[{one!r}]"
        )


def _few(texts: Sequence[str], between: str = ", ") -> str:
    more = len(texts) - MOST_NAMED
    listed_ones = between.join(texts[:MOST_NAMED])
    return f"{listed_ones}{between}{more:,} more" if more > 0 else listed_ones
