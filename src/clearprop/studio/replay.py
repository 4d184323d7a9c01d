"""Replay: what the server says of a run, within a page that plays by itself from a file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from clearprop.files.whole_file import write_whole
from clearprop.studio.answers import ANSWERS
from clearprop.studio.pages import replay_page
from clearprop.studio.question import Question
from clearprop.studio.runs import Run

WHOLE_STEPS = 20
"""The first steps, of which every sample can be followed."""

SAMPLES = 8


def write_replay(path: str | os.PathLike[str], run: Run, steps: int) -> None:
    """Write the replay of a run to a file, whole or not at all.

    Raises
    ------
    FileWriteError
        If it cannot be written.
    """
    write_whole(path, replay_of(run, steps).encode())


def replay_of(run: Run, steps: int) -> str:
    """Return a page that holds so many steps of a run at most."""
    places = _places(steps, run.total - 1)
    reached = run.reach(places[-1], seconds=60.0)
    kept = [n for n in places if n <= reached]
    answers = {_text(name, pairs): _answer(run, name, pairs) for name, pairs in _asked(run, kept)}
    return replay_page(answers, kept, run.problem.title)


def _places(steps: int, last: int) -> list[int]:
    """Return which steps up to `last` are held: the first ones, then with gaps that grow."""
    found = list(range(min(steps, WHOLE_STEPS)))
    gap = 1.0
    while len(found) < steps and found[-1] < last:
        found.append(max(found[-1] + 1, round(found[-1] + gap)))
        gap *= 1.05
    return found


def _asked(run: Run, kept: list[int]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what the page asks on its way through the steps that are held."""
    yield "about", {}
    yield "curves", {}
    for n in kept:
        samples = min(SAMPLES, run.batch) if n < WHOLE_STEPS else 1
        for sample in range(samples):
            yield "step", {"n": n, "sample": sample}


def _answer(run: Run, name: str, pairs: dict[str, Any]) -> Any:
    return ANSWERS[name](run, Question({key: str(value) for key, value in pairs.items()}))


def _text(name: str, pairs: dict[str, Any]) -> str:
    """Return a question as the page writes it: see `query` in source.js."""
    return f"{name}?{urlencode(sorted(pairs.items()))}"
