"""Replay: what the server says of a run, within a page that plays by itself from a file."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from clearprop.checks.settings import choice
from clearprop.errors import ArgumentError, ClearpropError, shown
from clearprop.files.whole_file import write_whole
from clearprop.studio.answers import ANSWERS
from clearprop.studio.contents import KINDS, SAMPLES, SCREENS, Kind, Known, Place, spread
from clearprop.studio.handed import handed_in, without_folder
from clearprop.studio.packing import Packer
from clearprop.studio.pages import replay_page
from clearprop.studio.question import Question
from clearprop.studio.runs import Run

WHOLE_STEPS = 20
"""The first steps, of which samples can be followed."""

SECONDS = 10.0
"""For which the run goes on towards its end, at most, before it is written."""

SLICE = 0.2

BEGINNING = Place(0)

Told = Callable[[float, str], None]
"""Is told the share that is done, and what is done now; what it raises ends the work."""


def _untold(done: float, words: str) -> None:
    del done, words


def write_replay(
    path: str | os.PathLike[str], run: Run, steps: int, *, screens: Sequence[str] | None = None,
    here: Place = BEGINNING, told: Told = _untold,
) -> None:  # fmt: skip
    """Write the replay of a run to a file, whole or not at all.

    Raises
    ------
    FileWriteError
        If it cannot be written.
    """
    write_whole(path, replay_of(run, steps, screens=screens, here=here, told=told).encode())


def replay_of(
    run: Run, steps: int, *, screens: Sequence[str] | None = None, here: Place = BEGINNING,
    told: Told = _untold,
) -> str:  # fmt: skip
    """Return a page that holds so many steps of a run at most.

    Parameters
    ----------
    run : Run
    steps : int
    screens : sequence of str, optional
        Of `SCREENS`; None: all.
    here : Place
        Where the reader is: it is held in any case, by every kind of answers.
    told : callable
        Is told of the progress, a share from 0 to 1 and a few words; what it raises ends the work.
    """
    wanted = _wanted(screens)
    last = _go_on(run, here.n, told)
    here = Place(min(here.n, last), here.sample)
    made = _Replay(run, here, told)
    held = {
        kind.name: made.take(kind, made.places(kind, sorted({*places_of(steps, last), here.n})))
        for kind in KINDS
        if kind.name == "step" or kind.screen in wanted
    }
    return replay_page(made.packer.packed(), {
        "title": run.problem.title, "setup": run.setup.pairs(), "line": _line(run),
        "screens": wanted, "held": held,
    })  # fmt: skip


def _wanted(screens: Sequence[str] | None) -> list[str]:
    """Return the screens that are held, in the order of the page."""
    if screens is None:
        return list(SCREENS)
    if isinstance(screens, str) or not isinstance(screens, Sequence) or not screens:
        raise ArgumentError(
            f"screens is {shown(screens)}; give a list of some of {', '.join(SCREENS)}"
        )
    found = [choice("screens", one, SCREENS) for one in screens]
    return [one for one in SCREENS if one in found]


def _go_on(run: Run, here: int, told: Told) -> int:
    """Go on towards the end of a run, for a while; return the step that is reached."""
    reached = run.reach(here, SLICE)
    while reached < min(here, run.total - 1) and run.failed is None:
        reached = run.reach(here, SLICE)
        told(0.0, f"step {reached:,} of the run")
    for k in range(round(SECONDS / SLICE)):
        told(0.1 * k * SLICE / SECONDS, f"step {reached:,} of the run")
        reached = run.reach(run.total - 1, SLICE)
        if reached == run.total - 1 or run.failed is not None:
            break
    return reached


def places_of(steps: int, last: int) -> list[int]:
    """Return which steps up to `last` are held: the first ones, then with gaps that grow.

    Examples
    --------
    >>> places_of(5, 3), places_of(24, 100)[-5:]
    ([0, 1, 2, 3], [19, 20, 24, 39, 100])
    """
    if last < steps:
        return list(range(last + 1))
    first = min(steps - 1, WHOLE_STEPS)
    if first == 0:
        return [last]
    low, high = 1.0, 1e6
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (low, middle) if _gaps(first, steps, middle)[-1] >= last else (middle, high)
    return [*range(first), *_gaps(first, steps, high)[:-1], last]


def _gaps(first: int, steps: int, growth: float) -> list[int]:
    """Return the steps after the first ones, each gap so many times the one before."""
    found, at, gap = [], float(first - 1), 1.0
    for _ in range(steps - first):
        at += gap
        gap *= growth
        found.append(round(min(at, 1e15)))
    return found


class _Replay:
    """Takes the answers that a replay holds."""

    def __init__(self, run: Run, here: Place, told: Told) -> None:
        self.packer = Packer()
        self._run, self._here, self._told = run, here, told
        self._last: tuple[str, Any] = ("", None)
        self._samples: dict[int, int] = {}
        self._known = Known(self._answer, self._answer("about", {}), here)
        for name in ("about", "curves", "points"):
            self._add(name, {})
        if self._known.about["sizes"][0] > 2:
            self._add("points", {"over": "pca"})

    def places(self, kind: Kind, kept: list[int]) -> list[Place]:
        """Return the places of a kind, by how soon they are wanted."""
        if kind.name != "step":
            kept = sorted(self._samples)
        order = spread(kept, self._here.n)
        found = [Place(n) for n in order]
        if kind.each_sample:
            first = [
                Place(n, sample)
                for n in order if n < WHOLE_STEPS or n == self._here.n
                for sample in range(1, self._samples_of(kind, n))
            ]  # fmt: skip
            found += first
            if self._here.sample and self._here in first:
                found.insert(1, self._here)
        return list(dict.fromkeys(found))

    def _samples_of(self, kind: Kind, n: int) -> int:
        if kind.name != "step":
            return self._samples[n]
        about = self._known.about
        is_last = n % about["steps_of_epoch"] == about["steps_of_epoch"] - 1
        left = about["rows"] - about["batch"] * (about["steps_of_epoch"] - 1)
        return min(SAMPLES, about["batch"], *([left] if is_last else []))

    def take(self, kind: Kind, places: Iterable[Place]) -> list[list[int]]:
        """Take the answers of a kind; return the steps that it is held at, with their samples."""
        used = size = asked = count = 0
        held: dict[int, set[int]] = {}
        for at, place in enumerate(places):
            is_full = used + size > kind.bytes or asked + count > kind.questions
            if at == kind.places or (at and is_full):
                break
            count = 0
            for ask in kind.asks(self._known, place):
                share = max(used / kind.bytes, at / kind.places)
                done = (KINDS.index(kind) + min(share, 1.0)) / len(KINDS)
                self._told(0.1 + 0.9 * done, f"{kind.words}, step {place.n:,}")
                self._add(ask.name, ask.pairs)
                count += 1
                for other in ask.other:
                    self.packer.alias(_text(ask.name, other), _text(ask.name, ask.pairs))
            size = self.packer.grown()
            asked += count
            used += size
            held.setdefault(place.n, set()).add(place.sample)
        if kind.name == "step":
            self._samples = {n: _run_of(samples) for n, samples in held.items()}
        return [
            [n, _run_of(held[n]) if kind.each_sample else self._samples[n]] for n in sorted(held)
        ]

    def _add(self, name: str, pairs: dict[str, Any]) -> None:
        self.packer.add(_text(name, pairs), self._answer(name, pairs))

    def _answer(self, name: str, pairs: dict[str, Any]) -> Any:
        """Return what the server says, of an error its words; the last answer is kept."""
        text = _text(name, pairs)
        if self._last[0] == text:
            return self._last[1]
        question = Question({key: str(value) for key, value in pairs.items()})
        try:
            found: Any = ANSWERS[name](self._run, question)
        except ClearpropError as error:
            if name in ("about", "step", "curves"):  # without which there is nothing to see
                raise
            found = without_folder(str(error))
        self._last = (text, found)
        return found


def _run_of(samples: set[int]) -> int:
    """Return how many samples there are from the first on without a gap."""
    return next(k for k in range(len(samples) + 1) if k not in samples)


def _text(name: str, pairs: dict[str, Any]) -> str:
    """Return a question as the page writes it: see `query` in source.js."""
    return f"{name}?{urlencode(sorted(pairs.items()))}"


def _line(run: Run) -> str:
    """Return the command that opens the run in the studio, but for its place; "": none does."""
    setup, files = run.setup, []
    if setup.data in ("own", "live"):
        return ""
    for address in (setup.data, setup.weights):
        if address.startswith(("table:", "model:")):
            try:
                files.append(shlex.quote(handed_in(address).name))
            except ClearpropError:
                files.append("FILE")
    return " ".join(["clearprop", "studio", *files, "--at"])
