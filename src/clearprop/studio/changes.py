"""Changes: what a reader has set before a step, of numbers, and of settings from there on.

    12:W1[0,0]=0.5   before step 12, counted from 0, this weight is 0.5
    40:rate=0.01     from step 40 on this is the learning rate
    40:frozen=b1     from step 40 on b1 stays as it is then, beside what is frozen already

Semicolons stand between them.
"""

from __future__ import annotations

from dataclasses import dataclass

from clearprop.checks.settings import count, number
from clearprop.errors import ArgumentError, shown

ADDED = ("frozen", "shared")
"""Settings to which a change adds; others it replaces."""

SETTINGS = ("rate", "momentum", "l2", "dropout", *ADDED)
"""Settings that may change while a run goes on."""

MOST_TURNS = 16
"""Steps at which settings may change."""


@dataclass(frozen=True)
class Change:
    """What is set before a step.

    Attributes
    ----------
    step : int
    name : str
        Of a number, "W1[0,0]", "x[3,0]", "y[3]"; or of a setting.
    value : float or str
        A str of a setting.
    """

    step: int
    name: str
    value: float | str


def read_changes(text: str) -> list[Change]:
    """Return changes by their steps, those of one step in their order.

    Raises
    ------
    ArgumentError
        If one is not written so.

    Examples
    --------
    >>> [change.name for change in read_changes("40:shared=b1[0]=b1[1];12:W1[0,0]=0.5")]
    ['W1[0,0]', 'shared']
    """
    found = sorted(
        (_change(part) for part in text.split(";") if part), key=lambda change: change.step
    )
    turns = {one.step for one in found if one.name in SETTINGS}
    if len(turns) > MOST_TURNS:
        raise ArgumentError(
            f"settings change at {len(turns)} steps; {MOST_TURNS} are possible: leave some out"
        )
    return found


def _change(part: str) -> Change:
    try:
        place, rest = part.split(":", 1)
        step = count("edit", int(place), 0)
        name, is_given, value = rest.partition("=")
        if is_given and name in SETTINGS:
            return Change(step, name, value)
        name, value = rest.rsplit("=", 1)
        if not name:
            raise ValueError
        return Change(step, name, number(name, float(value), low=-1e300))
    except ValueError as error:
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentError(f"the edit {shown(part)} is none; write it as 12:W1[0,0]=0.5") from None
