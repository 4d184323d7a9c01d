"""Names that somebody types: what they mean, or one line that says why not.

Names of elements and the reader's own for them, of what is frozen and shared, notation such as
"sgd(momentum=0.9)", readings of columns, options, cells. The first byte of an input says what is read,
the others are the text.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable
from typing import Any

import numpy as np

import clearprop as cp
from clearprop import notation
from clearprop.cli import notation as typed
from clearprop.cli import train_settings
from clearprop.constraints import read_constraints
from clearprop.explaining.names import element_name, find_element, own_name, read_names
from clearprop.tables import conventions, dates
from clearprop.tables.kinds import form_of
from clearprop.tables.numerals import MARKS, numeral

from .mutation import change_bytes
from .outcome import Fault, Refused, same, tried

MODULES = (
    "clearprop.notation", "clearprop.constraints", "clearprop.record", "clearprop.errors",
    "clearprop.explaining.names", "clearprop.checks",
    "clearprop.cli.notation", "clearprop.cli.train_settings",
    "clearprop.tables.conventions", "clearprop.tables.dates", "clearprop.tables.kinds",
    "clearprop.tables.numerals", "clearprop.optimizers", "clearprop.schedules", "clearprop.losses",
    "clearprop.initializers", "clearprop.activations", "clearprop.topology",
)  # fmt: skip
"""Whose branches are counted."""

NETWORK = cp.Network([3, 4, 2], "tanh", output="softmax", dtype="float64", seed=1)
BARE = cp.Network([2, 1], output="identity", biases=False, seed=1)
EQUAL = cp.Network([2, 2, 1], output="identity", initializer="zeros", seed=1)
RECORD = cp.backprop(NETWORK, [[0.1, 0.2, 0.3], [1, 2, 3]], [1, 0])
OWN = {"W1[0,0]": "w1", "W2": "V", "z1[0]": "z_1", "L": "E", "x[1]": "age", "b1": "β"}
GIVEN = read_names(OWN, NETWORK)


def _element(text: str) -> None:
    """Read a name of a network; what it means has a name that means the same."""
    found = tried(lambda: NETWORK[text], cp.ElementError)
    element = notation.parse(text)
    same("an element by its other name", found.tolist(), NETWORK[element_name(*element)].tolist())


def _bare(text: str) -> None:
    tried(lambda: BARE[text], cp.ElementError)


def _set(text: str) -> None:
    tried(lambda: BARE.__setitem__(text, 0.5), cp.ElementError)
    same("an element that was set", set(np.ravel(BARE[text]).tolist()), {0.5})
    BARE.parameters[:] = 1


def _record(text: str) -> None:
    found = tried(lambda: RECORD[text], cp.ElementError)
    name = element_name(*notation.parse(text))
    same("an element by its other name", found.tolist(), RECORD[name].tolist())
    same("whether it is there", text in RECORD, True)


def _own(text: str) -> None:
    element = tried(lambda: find_element(text, NETWORK, GIVEN), cp.ElementError)
    called = own_name(element_name(*element), GIVEN)
    same("an element by the reader's name", find_element(called, NETWORK, GIVEN), element)


def _key(text: str) -> None:
    tried(lambda: read_names({text: "w"}, NETWORK), cp.ElementError)


def _called(text: str) -> None:
    given = tried(lambda: read_names({"W1[0,0]": text, "W2": "V"}, NETWORK), cp.ArgumentError)
    if len(set(given.values())) == len(given):
        same("a name of one's own", find_element(text, NETWORK, given).indices, (0, 0))


def _frozen(text: str) -> None:
    names = text.split(";")
    found = tried(lambda: read_constraints(NETWORK, names), cp.ElementError, cp.ArgumentError)
    if found is None:
        raise Fault("names that freeze nothing")
    again = read_constraints(NETWORK, found.frozen_names)
    same("what is frozen", str(again), str(found))
    same("which are frozen", again.frozen.tolist() if again else None, found.frozen.tolist())


def _shared(text: str) -> None:
    groups = [group.split("=") for group in text.split(";")]
    found = tried(lambda: read_constraints(EQUAL, None, groups), cp.ElementError, cp.ArgumentError)
    if found is None:
        raise Fault("groups that share nothing")
    again = read_constraints(EQUAL, None, found.shared_names)
    same("what is shared", str(again), str(found))


def _both(text: str) -> None:
    frozen, _, shared = text.partition("/")
    groups = [group.split("=") for group in shared.split(";")]
    tried(
        lambda: read_constraints(EQUAL, frozen.split(";"), groups),
        cp.ElementError,
        cp.ArgumentError,
    )


_OF_NOTATION = (cp.ArgumentError, cp.UnknownNameError)


def _optimizer(text: str) -> None:
    found = tried(lambda: typed.optimizer(text), *_OF_NOTATION)
    same("an optimizer typed again", typed.optimizer(text), found)
    repr(found)


def _steps(text: str) -> None:
    tried(lambda: typed.optimizer_of_steps(text), *_OF_NOTATION)


def _loss(text: str) -> None:
    repr(tried(lambda: typed.loss(text), *_OF_NOTATION))


def _initializer(text: str) -> None:
    repr(tried(lambda: typed.initializer(text), *_OF_NOTATION))


def _schedule(text: str) -> None:
    found = tried(lambda: typed.schedule(text, 0.1), *_OF_NOTATION)
    repr(found)


def _optimizer_of(text: str) -> None:
    optimizer, _, schedule = text.partition("/")
    tried(lambda: train_settings.optimizer_of(optimizer, 0.1, schedule or None), *_OF_NOTATION)


def _wish(text: str) -> None:
    tried(lambda: conventions.wish("km", text), cp.ArgumentError)
    tried(lambda: conventions.wish(text, "no such"), cp.ArgumentError)


def _functions(text: str) -> None:
    tried(lambda: cp.Network([1, 2], text), cp.UnknownNameError, cp.PairingError,
          cp.ArchitectureError)  # fmt: skip


def _output(text: str) -> None:
    output, _, loss = text.partition("/")
    tried(lambda: cp.Network([1, 2], output=output, loss=loss or None), cp.UnknownNameError,
          cp.PairingError)  # fmt: skip


def _ending(text: str) -> None:
    tried(lambda: form_of(text), cp.TableFileError)


def _number(text: str) -> None:
    """Read a cell as a number: one of float64, or none."""
    for mark in MARKS:
        found = numeral(text, mark)
        if found is not None:
            float(found.value)


def _date(text: str) -> None:
    """Read a cell as a date in one of the formats, or look for its own."""
    at = zlib.crc32(text.encode(errors="replace")) % (len(dates.FORMATS) + 1)
    if at < len(dates.FORMATS):
        dates.parse([text], dates.FORMATS[at])
    else:
        dates.find_format([text, text], [1, 1], 0)


OPTIONS: tuple[Callable[[str], Any], ...] = (
    train_settings.sizes, train_settings.part("test"), train_settings.batch_size,
    train_settings.patience, train_settings.reading, train_settings.class_weight,
    train_settings.levels,
)  # fmt: skip


def _options(text: str) -> None:
    """Read what one of the options of `clearprop train` takes."""
    read = OPTIONS[zlib.crc32(text.encode(errors="replace")) % len(OPTIONS)]
    tried(lambda: read(text), cp.ArgumentError)


FORMS: tuple[Callable[[str], None], ...] = (
    _element, _record, _set, _own, _key, _called, _frozen, _shared, _optimizer, _steps, _loss,
    _initializer, _schedule, _optimizer_of, _wish, _functions, _output, _ending, _number, _date, _options, _bare, _both,
)  # fmt: skip
"""In the order that the first byte of an input counts: new ones come last."""

EXAMPLES: dict[Callable[[str], None], list[str]] = {
    _element: ["W1[0,1]", "b2", "W2[ -1 , 0 ]", "w1[0][1]", "x"],
    _record: ["dW2[0,1]", "delta1[3]", "dx[2]", "L", "da2", "dL/dz1"],
    _set: ["W1[0,1]", "W1"],
    _own: ["w1", "dw1", "∂E/∂w1", "V[0,1]", "dE/dV", "dz_1", "dage", "β[2]"],
    _key: ["W1[0,0]", "y[1]", "x[0]"],
    _called: ["w_{11}", "dW1", "L"],
    _frozen: ["W1;b2[0]", "W1;b1;W2;b2", "W1[3,2]"],
    _shared: ["W1[0,0]=W1[1,0]", "W1[0,0]=W1[1,1];b1[0]=b1[1]", "b1=b1"],
    _optimizer: ["adam(0.1)", "sgd(momentum=0.9)", "sgd(0.1, nesterov=true, momentum=.5)", "lbfgs",
                 "adamw(decay=0.5)", "rmsprop(1e-3)", "rprop"],
    _steps: ["adam", "lbfgs(10)"],
    _loss: ["huber(0.5)", "quantile(0.9)", "poisson", "mse", "quantile(0.1,0.5)"],
    _initializer: ["he_normal", "uniform(0.1)", "auto", "normal(0, 1)"],
    _schedule: ["cosine", "step(100, 0.5)", "warmup_cosine(10)", "exponential(.999)", "cosine(100)",
                "inverse_scaling(power=.5)"],
    _optimizer_of: ["adam/cosine", "sgd(0.1)/step(3,0.5)", "lbfgs/"],
    _wish: ["number, comma", "date, %d/%m/%Y", "category", "date, day first", "text"],
    _functions: ["relu", "swish", "softmax"],
    _output: ["sigmoid/bce", "softmax/cross_entropy", "identity/mse"],
    _ending: ["a.csv", "x.CSV.gz", ".parquet", "a.b.zst"],
    _number: ["1,234.5", "1.234,5 €", "-3e5", "50%", "1 234", "(5)", "$1.2k", "٣", "1_0", "1/2"],
    _date: ["2024-02-29", "31/12/2024 23:59", "1.2.2024", "Jan 5, 2024", "2024-01-01T00:00:00Z"],
    _options: ["100,50", "0.2", "all", "20", "km=number, comma", "yes=2", "balanced", "0.1,0.5"],
    _bare: ["b1", "W1[0,1]", "dW1"],
    _both: ["W1/b1[0]=b1[1]", "b1/W1[0,0]=W1[0,1]"],
}  # fmt: skip


def run(data: bytes) -> str:
    """Read a text as what the first byte says; return what became of it."""
    return run_form(FORMS, data)


def run_form(forms: tuple[Callable[[str], None], ...], data: bytes) -> str:
    """Read a text in one of several forms, which the first byte says."""
    if not data:
        return "nothing"
    act = forms[data[0] % len(forms)]
    text = data[1:].decode(errors="surrogateescape")
    what = act.__name__[1:].replace("_", " ")
    try:
        act(text)
    except Refused:
        return f"{what} refused"
    return f"{what} read"


def mutate(data: bytes, r: random.Random, others: Any = None) -> bytes:
    """Return an input that is like another but for a few changes."""
    return (others or (lambda content: change_bytes(content, r)))(data)


def seeds() -> list[bytes]:
    """Return examples of everything that is read."""
    return inputs_of(FORMS, EXAMPLES)


def inputs_of(forms: Any, examples: Any) -> list[bytes]:
    """Return texts as inputs: the first byte says what they are read as."""
    return [
        bytes([forms.index(act)]) + text.encode()
        for act, texts in examples.items()
        for text in texts
    ]
