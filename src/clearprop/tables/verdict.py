"""Verdict: what the scores on the test rows show, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clearprop.tables.comparison import USEFUL, Lead, at_most, shown
from clearprop.tables.text import cut

FEW_ROWS = 30
"""With fewer test rows a mean says little."""

FEW_OF_A_CLASS = 5
"""With fewer rows of one of two classes neither does a rank."""


def few(rows: int, classes: Mapping[str, int]) -> str:
    """Return the verdict where the test rows are too few for one, or "".

    Parameters
    ----------
    rows : int
        Test rows.
    classes : mapping of str to int
        The test rows of each class.
    """
    if rows < FEW_ROWS:
        which = f"{rows} test row{'' if rows == 1 else 's'}"
    elif len(classes) == 2 and min(classes.values()) < FEW_OF_A_CLASS:
        name, count = min(classes.items(), key=lambda item: item[1])
        which = f"{count} test row{'' if count == 1 else 's'} of class {cut(name)}"
    else:
        return ""
    return (
        f"Of {which} nothing follows about which of these is better: with more rows the figures "
        "mean more."
    )


def rows_in_words(rows: int, classes: Mapping[str, int]) -> str:
    """Return how many test rows there are, and how many of the rarer of two classes."""
    name, count = min(classes.items(), key=lambda item: item[1], default=("", 0))
    if len(classes) != 2 or count > rows / 10:
        return f"{rows:,} rows"
    return f"{rows:,} rows, {count:,} of them of class {cut(name)}"


def verdict(
    naive: str,
    over_naive: Mapping[str, Lead],
    others: Mapping[str, Mapping[str, Lead]],
    on: str,
) -> str:
    """Return in words how the network stands beside the baselines.

    Parameters
    ----------
    naive : str
        What the naive baseline always answers.
    over_naive : mapping of str to Lead
        By score, how far ahead of it the network is; the main score first.
    others : mapping of str to mapping of str to Lead
        Of each other baseline, the same.
    on : str
        The test rows, in words, as `rows_in_words` says it.
    """
    over = shown(over_naive)
    better, worse = _by(over, 1), _by(over, -1)
    said = [_over_naive(naive, over_naive, better, worse, on)]
    beside = shown({(name, s): lead for name, leads in others.items() for s, lead in leads.items()})
    alike: dict[tuple[str, ...], list[str]] = {}
    for name in others:
        found = {score: sign for (one, score), sign in beside.items() if one == name}
        # What is not better than no knowledge at all is ahead of nothing.
        standing = _beside(_by(found, 1) if better else [], _by(found, -1))
        alike.setdefault(standing, []).append(name)
    unknown = alike.pop(("", ""), [])
    said += [f"It is {before} {_listed(names)} {by}." for (before, by), names in alike.items()]
    if unknown and better:
        said.append(f"A difference from {_listed(unknown, 'or')} is not shown on {on}.")
    return " ".join(said)


def _over_naive(
    naive: str, leads: Mapping[str, Lead], better: list[str], worse: list[str], on: str
) -> str:
    always = f"always answering {naive}"
    main, lead = next(iter(leads.items()))
    if better:
        but = f", but worse by {_listed(worse)}" if worse else ""
        return f"This network is better than {always} by {_listed(better)}{but}."
    if worse:
        return (
            f"This network is worse than {always} by {_listed(worse)}, and better by no score: it "
            "has learned nothing of use."
        )
    if at_most(lead) < USEFUL:
        loss = "squared error" if main == "R2" else main
        return (
            f"By no score is this network shown to be better than {always}, on {on}, and its "
            f"{loss} is less than a tenth lower: it has learned nothing of use."
        )
    return (
        f"That this network is better than {always} is not shown, by any score, on {on}: with "
        "more rows it may be, or not."
    )


def _beside(ahead: list[str], behind: list[str]) -> tuple[str, str]:
    """Return the words before and after a baseline's name; none if no difference is shown."""
    if ahead:
        but = f", but behind by {_listed(behind)}" if behind else ""
        return "ahead of", f"by {_listed(ahead)}{but}"
    if behind:
        return "behind", f"by {_listed(behind)}: prefer that here, or try other settings"
    return "", ""


def _by(found: Mapping[str, int], sign: int) -> list[str]:
    return [score for score, one in found.items() if one == sign]


def _listed(names: Iterable[str], last: str = "and") -> str:
    *first, end = names
    return f"{', '.join(first)} {last} {end}" if first else end
