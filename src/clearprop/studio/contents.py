"""Contents: what a replay holds of each screen, and in which order it is taken.

Each kind of answers has a share of the file. It is taken step by step: where the reader was, the
first step, the last one, the middle, the quarters, ..., until its share is full. What a kind holds
of a step it holds whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from clearprop.studio.element_names import WHOLE_PASS
from clearprop.studio.verdicts import DRAWN

SAMPLES = 8
"""Samples of a batch that can be followed, in the steps that are held whole."""

ELEMENTS, DERIVED, ROWS = 400, 240, 300
"""Elements of a step, those that are derived, and rows of the data, at most."""

CHOSEN = 12
"""Parameters of a network of which any may be an axis of the hill, at most."""

CHECKED = 2000
"""Parameters of which the gradient of a whole batch is checked, at most."""

Pairs = dict[str, Any]


class Place(NamedTuple):
    """A step, counted from 0, and a row of its batch."""

    n: int
    sample: int = 0


class Ask(NamedTuple):
    """A question, and other names of its element, by which it has the same answer."""

    name: str
    pairs: Pairs
    other: tuple[Pairs, ...] = ()


class Known(NamedTuple):
    """What the questions of a step rest on.

    Attributes
    ----------
    ask : callable
        Returns the answer to a question, name and pairs; of an error its words.
    about : dict
        What does not change while the run goes on.
    here : Place
        Where the reader was.
    """

    ask: Callable[[str, Pairs], Any]
    about: dict[str, Any]
    here: Place


@dataclass(frozen=True)
class Kind:
    """Answers that a replay holds at some of its steps.

    Attributes
    ----------
    name, words : str
    screen : str
        Where they are shown.
    bytes : int
        About how many they take of the file, packed, at most; the first place aside.
    places : int
        At how many places they are held, at most.
    asks : callable
        Yields the questions of a place.
    each_sample : bool
        Whether they are of a sample of the batch, and not of the step.
    questions : int
        How many are asked, at most, where each takes a while; the first place aside.
    """

    name: str
    words: str
    screen: str
    bytes: int
    places: int
    asks: Callable[[Known, Place], Iterable[Ask]]
    each_sample: bool = False
    questions: int = 1_000_000


def spread(numbers: list[int], here: int) -> list[int]:
    """Return numbers by how soon they are wanted: here, the ends, the middle, the quarters, ...

    Examples
    --------
    >>> spread([0, 1, 2, 3, 4, 5, 6, 7, 8], here=3)
    [3, 0, 8, 4, 2, 6, 1, 5, 7]
    """
    found, apart = [here, numbers[0], numbers[-1]], len(numbers) - 1
    while apart > 1:
        apart = -(-apart // 2)
        found += numbers[::apart]
    return list(dict.fromkeys(one for one in (*found, *numbers) if one in numbers))


def elements_of(step: dict[str, Any], has_biases: bool) -> list[str]:
    """Return the elements that a step is drawn with, neurons and inputs first."""
    shown = step["shown"]
    found = [f"x[{i}]" for i in shown[0]]
    found += [f"a{k}[{j}]" for k, layer in enumerate(shown[1:], 1) for j in layer]
    if has_biases:
        found += [f"b{k}[{j}]" for k, layer in enumerate(shown[1:], 1) for j in layer]
    found += [
        f"W{k}[{j},{i}]"
        for k, layer in enumerate(shown[1:], 1) for j in layer for i in shown[k - 1]
    ]  # fmt: skip
    return found


def _steps(known: Known, place: Place) -> Iterator[Ask]:
    yield Ask("step", {"n": place.n, "sample": place.sample})
    if place.sample == 0:
        yield Ask("python", {"n": place.n})


def _drawn(known: Known, place: Place) -> dict[str, Any]:
    found: dict[str, Any] = known.ask("step", {"n": place.n, "sample": place.sample})
    return found


def _elements(known: Known, place: Place) -> Iterator[Ask]:
    step = _drawn(known, place)
    targets = [f"y[{k}]" for k in range(len(step["y"]))]
    names = ["L", *targets, *elements_of(step, known.about["has_biases"])]
    for of in names[:ELEMENTS]:
        yield Ask("element", {"n": place.n, "sample": place.sample, "of": of})


def _derivations(known: Known, place: Place) -> Iterator[Ask]:
    step, has_biases = _drawn(known, place), known.about["has_biases"]
    named = elements_of(step, has_biases)
    own = {element: name for element, name in known.about["names"].items() if name != element}
    found = ["L", WHOLE_PASS]
    for layer in range(1, len(step["sizes"])):
        found += [f"W{layer}", *([f"b{layer}"] if has_biases else [])]
    for name in named:
        if name[0] == "a":
            found += [f"{symbol}{name[1:]}" for symbol in ("z", "a", "da", "delta")]
        elif name[0] == "x":
            found += [name, f"d{name}"]
    parameters = [name for name in named if name[0] in "Wb"]
    found += [*parameters, *(f"d{name}" for name in parameters)]
    at = {"n": place.n, "sample": place.sample}
    for of in found[:DERIVED]:
        other = ({"of": own[of], **at},) if of in own else ()
        yield Ask("derivation", {"of": of, **at}, other)
        yield Ask("derivative_check", {"of": of, **at}, other)
    if known.about["n_parameters"] <= CHECKED:
        yield Ask("batch_check", {"n": place.n})


def _data(known: Known, place: Place) -> Iterator[Ask]:
    n = place.n
    neurons = [
        f"a{k}[{j}]" for k, size in enumerate(known.about["sizes"][1:], 1) for j in range(size)
    ]
    yield Ask("decisions", {"n": n}, tuple({"n": n, "of": one} for one in _mapped(known, neurons)))
    if known.about["sizes"][0] > 2:
        yield Ask("decisions", {"n": n, "over": "pca"})
    for part in ({}, {"part": "held"}):
        yield Ask("verdicts", {"n": n, **part})
    yield Ask("pushes", {"n": n})
    if "edit" in known.about["setup"]:  # cells of the data may be set
        yield Ask("points", {"n": n})


def _mapped(known: Known, neurons: list[str]) -> list[str]:
    """Return the neurons that have a map without being asked for."""
    layers = known.ask("decisions", {"n": known.here.n})["layers"]
    names = {one["name"] for layer in layers for one in layer["maps"]}
    return [one for one in neurons if one in names]


def _rows(known: Known, place: Place) -> Iterator[Ask]:
    learned = min(known.about["rows"], DRAWN, ROWS)
    held = min(known.about["held_rows"], DRAWN, ROWS // 3)
    for row in (*map(str, range(learned)), *(f"h{i}" for i in range(held))):
        yield Ask("row", {"n": place.n, "row": row})


def _hills(known: Known, place: Place) -> Iterator[Ask]:
    yield Ask("hill", _plain(place))


def _plain(place: Place) -> Pairs:
    return {"n": place.n, "zoom": 0, "draw": 0}


def _hill_choices(known: Known, place: Place) -> Iterator[Ask]:
    """Yield what a reader may choose of a hill, each choice by itself."""
    plain = _plain(place)
    found = known.ask("hill", plain)
    if not isinstance(found, dict):
        return
    for rate in found["rates"]:
        yield Ask("hill", {**plain, "eta": _as_page(rate)})
    yield Ask("hill", {**plain, "on": "all"}, ({**plain, "plane": "weights"},))
    yield Ask("hill", {**plain, "on": "batch"})
    for zoom in (-2, -1, 1, 2):
        yield Ask("hill", {**plain, "zoom": zoom})
    for plane in ("path", "random"):
        yield Ask("hill", {**plain, "plane": plane})
    if known.about["n_parameters"] <= CHOSEN:
        for name in found["elements"]:
            yield Ask("hill", {**plain, "first": name})
            yield Ask("hill", {**plain, "second": name})


def _health(known: Known, place: Place) -> Iterator[Ask]:
    yield Ask("health", {"n": place.n})
    yield Ask("lab", {"n": place.n})


def _diagnoses(known: Known, place: Place) -> Iterator[Ask]:
    ask = Ask("diagnosis", {"n": place.n})
    yield ask
    found = known.ask(*ask[:2])
    for finding in found["findings"] if isinstance(found, dict) else ():
        for remedy in finding["remedies"]:
            changes = ",".join(f"{name}:{value}" for name, value in remedy["changes"].items())
            yield Ask("treatment", {"n": place.n, "vs": changes})


def _as_page(value: float) -> str:
    """Return a number as JavaScript writes it."""
    text = repr(float(value) + 0.0)  # a zero has no sign there
    digits, _, power = text.partition("e")
    size = int(power or 0)
    if -7 < size < 21:  # Python has a power below 1e-04 and from 1e+16 on
        return f"{Decimal(text):f}".removesuffix(".0")
    return f"{digits.removesuffix('.0')}e{size:+d}"


KINDS = (
    Kind("step", "steps", "network", 1_600_000, 10_000, _steps, each_sample=True),
    Kind("element", "elements", "network", 900_000, 400, _elements, each_sample=True),
    Kind("data", "decisions", "data", 1_100_000, 100, _data),
    Kind("row", "rows of the data", "data", 250_000, 40, _rows),
    Kind("derivation", "derivations", "derivation", 2_400_000, 4, _derivations, True, 1000),
    Kind("hill", "the hill", "hill", 350_000, 8, _hills),
    Kind("hill_choices", "choices of the hill", "hill", 250_000, 1, _hill_choices),
    Kind("health", "figures of the layers", "health", 150_000, 24, _health),
    Kind("diagnosis", "diagnoses", "health", 60_000, 2, _diagnoses),
)
"""In the order in which they are taken; the first one's places are those of all others."""

MOST_BYTES = 10_000_000
"""What a replay has, the page itself included, at most."""

SCREENS = ("network", "derivation", "hill", "data", "curves", "health")
"""The screens that a replay may hold."""
