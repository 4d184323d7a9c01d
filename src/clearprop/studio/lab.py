"""The illness lab: somebody plants, somebody guesses, and the diagnosis confirms, or does not."""

from __future__ import annotations

from typing import Any

from clearprop.errors import ArgumentError, shown
from clearprop.studio.health import diagnosed
from clearprop.studio.illnesses import ILLNESSES, Illness, illness_of, named
from clearprop.studio.question import Question
from clearprop.studio.runs import Run


def lab(run: Run, question: Question) -> dict[str, Any]:
    """Return what may be planted, and once there is a guess, what was.

    Raises
    ------
    ArgumentError
        If the guess is none of the illnesses.
    """
    n = run.reach(question.whole("n", 0))
    found: dict[str, Any] = {
        "n": n,
        "illnesses": [{"name": one.name, "title": one.title, "sign": one.sign}
                      for one in ILLNESSES],
        "planted": bool(run.setup.illness),
        "verdict": None,
    }  # fmt: skip
    guess = question.text("guess")
    if not run.setup.illness or not guess:
        return found
    if named(guess) is None:
        raise ArgumentError(f"guess is {shown(guess)}; it is none of the lab's illnesses")
    illness = illness_of(run.setup.illness)
    return found | {"verdict": _verdict(run, n, illness, guess)}


def _verdict(run: Run, n: int, illness: Illness, guess: str) -> dict[str, Any]:
    now = _said(run, n, illness)
    at_first = _said(run, 0, illness) if n and now["confirmed"] != "first" else None
    return {
        "right": guess == illness.name,
        "name": illness.name,
        "title": illness.title,
        "sign": illness.sign,
        "pairs": illness.pairs,
        "setup": run.setup.changed({}).pairs(),
        "kind": illness.kind,
        "now": now,
        "at_first": at_first,
    }


def _said(run: Run, n: int, illness: Illness) -> dict[str, Any]:
    """Return what the diagnosis finds at a step, and whether it names the illness."""
    found = [one.kind for one in diagnosed(run, n).findings]
    return {"found": found, "confirmed": _confirmed(illness.kind, found)}


def _confirmed(kind: str, found: list[str]) -> str:
    """Return how the diagnosis names the illness: "first", "also", or "not"."""
    if not kind:
        return "not" if found else "first"
    return "first" if found[:1] == [kind] else "also" if kind in found else "not"
