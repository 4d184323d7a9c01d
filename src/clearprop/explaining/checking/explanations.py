"""One way in which what a caller gives may have come about: the slips, and what they make of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from numpy.typing import NDArray

from clearprop.explaining.checking.stages import Slip

Array = NDArray[Any]

UNEXPLAINED = 3
"""What a quantity that no slip gives costs, in slips."""

WIDEST = 16
"""Explanations that are followed side by side."""


class Made(NamedTuple):
    """A slip that was made, with its number where it has one."""

    slip: Slip
    t: float = 1.0

    @property
    def words(self) -> str:
        """As it is told."""
        return self.slip.words.format(t=self.t) if self.slip.fitted else self.slip.words


@dataclass(frozen=True)
class Explanation:
    """One way in which all that was given so far may have come about.

    Attributes
    ----------
    values : mapping of str to ndarray
        Of the stages, as the caller has them.
    added : mapping of str to tuple of Made
        The slips that were needed for a quantity.
    open : mapping of str to ndarray
        What would have been right where no slip gives what the caller has.
    """

    values: Mapping[str, Array] = field(default_factory=dict)
    added: Mapping[str, tuple[Made, ...]] = field(default_factory=dict)
    open: Mapping[str, Array] = field(default_factory=dict)

    @property
    def made(self) -> list[Made]:
        """All slips."""
        return [made for found in self.added.values() for made in found]

    @property
    def cost(self) -> tuple[int, int]:
        """How many different slips there are, then at how many places."""
        slips = [made.slip for made in self.made if not made.slip.free]
        return len({slip.kind for slip in slips}) + UNEXPLAINED * len(self.open), len(slips)

    @property
    def told(self) -> frozenset[str]:
        """What is said, so that the same slips at other places are the same explanation."""
        return frozenset([*(made.slip.words for made in self.made), *self.open])


def shortest(found: list[Explanation]) -> list[Explanation]:
    """Return the explanations that are followed: the shortest, each once."""
    kept: dict[Any, Explanation] = {}
    for one in sorted(found, key=lambda one: one.cost):
        places = frozenset((made.slip.stage, made.slip.words) for made in one.made)
        kept.setdefault((places, frozenset(one.open)), one)
    return list(kept.values())[:WIDEST]
