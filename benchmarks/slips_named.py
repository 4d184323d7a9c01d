"""How many slips `cp.compare_gradients` names, alone and in pairs.

    python benchmarks/slips_named.py --write     # a minute; writes benchmarks/SLIPS_NAMED.md

Slips are planted in a pass written by hand, in `planted_slips`, which shares nothing with the package.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

import clearprop as cp
from planted_slips import EITHER_OR, KINDS, SLIPS, Array, Case, by_hand, case, words

SEEDS = 3
EVERY = {"gradients only": 1, "every quantity": 3}
"""Of the pairs, one in so many is planted."""

OUTCOMES = ("named right", "among others", "one of two", "no name", "a wrong name")
NO_SLIP = ("only ", "off by", "not finite", "has shape", "all of it", "no single slip", "any of")


def gradients(found: dict[str, Array]) -> dict[str, Array]:
    """Return what is given where only the gradients are."""
    return {name: value for name, value in found.items() if name[:2] in ("dW", "db")}


def everything(found: dict[str, Array]) -> dict[str, Array]:
    """Return what is given where all is."""
    return {name: value for name, value in found.items() if name != "a0"}


GIVEN = {"gradients only": gradients, "every quantity": everything}


def changes(one: Case, slips: Sequence[str], given: str) -> dict[str, Array] | None:
    """Return what is given with these slips, or None where that is right."""
    with np.errstate(all="ignore"):
        mine = GIVEN[given](by_hand(one, slips))
        right = GIVEN[given](by_hand(one, ()))
    return None if same(mine, right) else mine


def same(a: dict[str, Array], b: dict[str, Array]) -> bool:
    """Whether all quantities are the same but for rounding."""
    return all(
        a[name].shape == b[name].shape
        and np.linalg.norm(a[name] - b[name]) <= 1e-6 * np.linalg.norm(b[name]) + 1e-13
        for name in a
    )


def outcome(one: Case, slips: Sequence[str], mine: dict[str, Array], record: cp.Record) -> str:
    """Return how far the slips are named."""
    comparison = cp.compare_gradients(record, mine)
    sure, open_ = set(), set()
    unnamed = False
    for quantity in comparison.quantities:
        if quantity.verdict != "wrong":
            continue
        text = quantity.slip or ""
        if not text or text.startswith(NO_SLIP) or re.match(r"[-\d.e]+ times", text):
            unnamed = True
        elif text.startswith("either "):
            open_.add(tuple(re.split(r", or |, and ", text.removeprefix("either "))))
        else:
            sure.update(text.split(", and "))
    wanted = [words(slip, one) for slip in slips]
    if any(not any(word in phrase for word in wanted) for phrase in sure):
        return "a wrong name"
    if any(not any(word in phrase for phrase in phrases for word in wanted) for phrases in open_):
        return "a wrong name"
    told = [*sure, *(phrase for phrases in open_ for phrase in phrases)]
    missing = [word for word in wanted if not any(word in phrase for phrase in told)]
    if unnamed or missing:
        return "one of two" if len(slips) > 1 and len(missing) < 2 and told else "no name"
    return "among others" if open_ else "named right"


def singles(given: str) -> Iterator[tuple[str, str, str]]:
    """Yield each slip on each network where it changes something: network, slip, outcome."""
    for kind in range(len(KINDS)):
        for seed in range(SEEDS):
            one = case(kind, seed)
            record = one.record
            for slip in SLIPS:
                mine = changes(one, [slip], given)
                if mine is not None:
                    yield one.title, slip, outcome(one, [slip], mine, record)


def pairs(given: str, every: int) -> Iterator[tuple[str, tuple[str, str], str]]:
    """Yield each pair that does not hide: one whose numbers are those of no slip alone."""
    for kind in range(len(KINDS)):
        one = case(kind, 0)
        record = one.record
        alone = {slip: changes(one, [slip], given) for slip in SLIPS}
        known = {slip: mine for slip, mine in alone.items() if mine is not None}
        chosen = [
            pair for pair in combinations(known, 2)
            if not any(set(pair) <= one_place for one_place in EITHER_OR)
        ]  # fmt: skip
        for pair in chosen[::every]:
            mine = changes(one, pair, given)
            if mine is not None and not any(same(mine, other) for other in known.values()):
                yield one.title, pair, outcome(one, pair, mine, record)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["", *(f"| {' | '.join(map(str, line))} |" for line in lines), ""]


def _counts(found: Counter[str]) -> list[str]:
    total = sum(found.values())
    return [f"{total:,}", *(f"{found[name]:,}" if found[name] else "0" for name in OUTCOMES)]


def page() -> str:
    """Return the page."""
    lines = [
        "# Slips named",
        "",
        "Written by `python benchmarks/slips_named.py --write`. Slips are planted in a pass written by hand, of seven kinds of",
        f"networks: each alone with {SEEDS} seeds, and in pairs whose numbers are those of no slip alone (else one hides the other):",
        "every such pair where the gradients only are given, one in three where every z, a, da, delta and gradient is. A slip counts",
        "on a network where it changes something. Of slips for which there is one place, as the factor 1/n, no two are a pair.",
        "",
        "- **named right**: every slip that was made is told, and no other;",
        '- **among others**: told as one of several that give the same numbers ("either ... or");',
        "- **one of two**: one slip of the pair is told, for the other it is said that no usual slip gives it;",
        "- **no name**: it is said that no usual slip gives it, or in which place alone it is wrong;",
        "- **a wrong name**: a slip is told that was not made.",
    ]
    alone: dict[str, dict[str, Counter[str]]] = {}
    total: dict[tuple[str, str], Counter[str]] = {}
    missed: dict[str, Counter[tuple[str, str]]] = {}
    networks: dict[str, Counter[str]] = {}
    for given in GIVEN:
        for _, slip, said in singles(given):
            alone.setdefault(slip, {}).setdefault(given, Counter())[said] += 1
            total.setdefault((given, "alone"), Counter())[said] += 1
        for title, pair, said in pairs(given, EVERY[given]):
            total.setdefault((given, "in pairs"), Counter())[said] += 1
            if given == "gradients only":
                networks.setdefault(title, Counter())[said] += 1
            if said in ("no name", "a wrong name"):
                for slip in pair:
                    missed.setdefault(said, Counter())[(given, slip)] += 1
    rows = [[given, how, *_counts(found)] for (given, how), found in total.items()]
    lines += _table(["given", "slips", "planted", *OUTCOMES], rows)
    lines += ["## Each slip alone"]
    head = ["slip", *(f"{given}: named right, of" for given in GIVEN), "else"]
    rows = []
    for slip, counters in alone.items():
        cells, rest = [], []
        for given in GIVEN:
            found = counters.get(given, Counter())
            cells.append(f"{found['named right']} of {sum(found.values())}" if found else "-")
            rest += [f"{n} {name} ({given})" for name, n in found.items() if name != "named right"]
        rows.append([slip, *cells, "; ".join(rest)])
    lines += _table(head, rows)
    lines += ["## Pairs by network, gradients only"]
    rows = [[title, *_counts(found)] for title, found in networks.items()]
    lines += _table(["network", "pairs", *OUTCOMES], rows)
    lines += ["## Slips that are most often in a pair that is not named", ""]
    for said, found in missed.items():
        most = ", ".join(f"{slip} ({given}, {n})" for (given, slip), n in found.most_common(8))
        lines.append(f"- {said}: {most}.")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write benchmarks/SLIPS_NAMED.md")
    text = page()
    if parser.parse_args().write:
        Path(__file__).with_name("SLIPS_NAMED.md").write_text(text, encoding="utf-8")
    print(text)
