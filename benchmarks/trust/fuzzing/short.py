"""The short form: the corpus of the tests, and inputs like it by a mutator of our own."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from types import ModuleType

from . import model_files, names, tables, texts
from .corpus import read_corpus
from .mutation import LONG
from .outcome import judged

TARGETS: dict[str, ModuleType] = {
    "names": names,
    "texts": texts,
    "model_files": model_files,
    "tables": tables,
}

INPUTS = {"names": 6000, "texts": 1500, "model_files": 1200, "tables": 600}
"""How many are made of those of the corpus; a second or two a target."""

STEPS = 3
"""Changes, one after another, that an input goes through at most."""


def replayed(name: str) -> Iterator[tuple[str, str]]:
    """Yield of each input of the corpus what became of it, or what is wrong."""
    for data in read_corpus(name):
        yield _told(name, data)


def prolonged(name: str) -> Iterator[tuple[str, str]]:
    """Yield what became of long texts, each read as everything that a target reads texts as."""
    for form in range(len(getattr(TARGETS[name], "FORMS", ()))):
        for text in LONG:
            yield _told(name, bytes([form]) + text.encode())


def changed(name: str, inputs: int, seed: int) -> Iterator[tuple[str, str]]:
    """Yield of so many inputs at random what became of each, or what is wrong."""
    r = random.Random(f"{name} {seed}")
    corpus = read_corpus(name)
    for _ in range(inputs):
        data = r.choice(corpus)
        for _ in range(r.randint(1, STEPS)):
            data = TARGETS[name].mutate(data, r)
        yield _told(name, data)


def short(name: str, seed: int) -> tuple[Counter[str], list[str]]:
    """Return how often each outcome was seen, and the faults."""
    told = [*replayed(name), *prolonged(name), *changed(name, INPUTS[name], seed)]
    return Counter(outcome for outcome, _ in told if outcome), [fault for _, fault in told if fault]


def _told(name: str, data: bytes) -> tuple[str, str]:
    outcome, fault = judged(TARGETS[name].run, data)
    return outcome, fault and f"{name}: {fault} for {data[:300]!r}"
