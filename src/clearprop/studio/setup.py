"""A setup: everything that decides the numbers of a run, as the text of an address.

The address of a page of the studio holds it, as pairs of names and texts:
``data=circles&hidden=4,2&activation=tanh&rate=0.1&seed=0&edit=12:W1[0,0]=0.5``. The same setup
gives the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from clearprop.checks.settings import choice, count, number
from clearprop.constraints import Shared
from clearprop.errors import ArgumentError, shown
from clearprop.optimizers import SGD, Adam, AdamW, Optimizer, RMSprop, RProp
from clearprop.studio.changes import ADDED, Change, read_changes
from clearprop.studio.illnesses import illness_of
from clearprop.studio.schedule import takes_rate

PRECISIONS = ("float64", "float32")
OPTIMIZERS: dict[str, Any] = {
    "sgd": SGD, "adam": Adam, "adamw": AdamW, "rmsprop": RMSprop, "rprop": RProp,
}  # fmt: skip
SCHEDULES = ("cosine", "step", "exponential", "warmup_cosine")
MOST_ROWS = 100_000
MOST_UNITS = 4096


@dataclass(frozen=True)
class Setup:
    """What a run is made of. Empty texts stand for what the data has by itself.

    Attributes
    ----------
    data : str
        A set of `clearprop.studio.problems`, or what `clearprop.studio.handed` calls a table or a
        model.
    target : str
        The column that is predicted, of a table.
    columns : str
        The columns that are inputs, with commas between, and quotes around a name that has one;
        empty: all others. "zip:category" is read as `columns` of `Model.fit` says.
    rows : int
        Of a set that is drawn.
    noise : float
        Of a set that is drawn: its standard deviation, in units of the set's size.
    share : float
        Of the rows, put aside for validation.
    weights : str
        "model:" and the name of a model file that was handed in: the run begins with its weights.
    hidden : str
        The sizes of the hidden layers, "4,2"; "none" for none.
    activation : str
        Of the hidden layers: one name, or one for each, with commas between.
    output, loss, initializer : str
    optimizer : str
    rate : float
        The learning rate; of a schedule, the largest.
    schedule : str
        What the learning rate does over the run, of `SCHEDULES`; "": nothing.
    momentum : float
        Of SGD.
    batch : int
        Rows of a batch; 0: all rows.
    epochs : int
        Of the whole run, which schedules count by.
    l2, dropout : float
    seed : int
        For drawn data, the rows put aside, the first weights, the order of rows, and dropout.
    precision : {"float64", "float32"}
    scale : float
        What the inputs are multiplied by.
    standardize : int
        1: then each input has mean 0 and standard deviation 1 over the rows to learn from.
    shuffled : float
        Of the rows, whose targets change places.
    gain : float
        What the first weights are multiplied by.
    bias : float
        What the biases of hidden layers are at first, if not 0.
    illness : str
        A code under which an illness of `clearprop.studio.illnesses` is planted.
    frozen : str
        Parameters that stay as they are, with semicolons between: "W1[0,0];b1".
    shared : str
        Parameters that are one, "W1[0,0]=W1[1,1]", with semicolons between such groups.
    edit : str
        What a reader has set, "12:W1[0,0]=0.5;40:frozen=b1", as `clearprop.studio.changes` reads
        it. A cell of the data is "x[3,0]", row and column, or "y[3]" ("y[3,1]").
    """

    data: str = "circles"
    target: str = ""
    columns: str = ""
    rows: int = 0
    noise: float = 0.1
    share: float = 0.2
    weights: str = ""
    hidden: str = ""
    activation: str = ""
    output: str = ""
    loss: str = ""
    initializer: str = ""
    optimizer: str = ""
    rate: float = 0.0
    schedule: str = ""
    momentum: float = 0.0
    batch: int = -1
    epochs: int = 1000
    l2: float = 0.0
    dropout: float = 0.0
    seed: int = 0
    precision: str = "float64"
    scale: float = 1.0
    standardize: int = 0
    shuffled: float = 0.0
    gain: float = 1.0
    bias: float = 0.0
    illness: str = ""
    frozen: str = ""
    shared: str = ""
    edit: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Setup:
        """Return the setup in the pairs of an address; pairs of other names are left.

        Raises
        ------
        ArgumentError
            If a text is no number where one is needed, or is out of range.
        """
        found: dict[str, Any] = {}
        if code := given.get("illness"):
            given = {**given, **illness_of(code).pairs}
        for field in fields(cls):
            if (text := given.get(field.name)) is None:
                continue
            found[field.name] = _read(field.name, text, field.type)
        setup = cls(**found)
        setup.check()
        return setup

    def changed(self, changes: Mapping[str, str]) -> Setup:
        """Return the setup with these pairs instead; an illness then stands in it openly.

        Raises
        ------
        ArgumentError
            If a name is no part of a setup, or a text does not fit.
        """
        known = [field.name for field in fields(self)]
        for name in changes:
            if name not in known:
                raise ArgumentError(f"{shown(name)} is no part of a setup; those are {known}")
        return Setup.read({**replace(self, illness="").pairs(), **changes})

    def check(self) -> None:
        """Raise `ArgumentError` if a number is out of range."""
        count("rows", self.rows, 0, most=MOST_ROWS)
        number("noise", self.noise, low=0, high=1)
        number("share", self.share, low=0, high=0.8)
        number("rate", self.rate, low=0, high=1e6)
        number("momentum", self.momentum, low=0, high=1, open="high")
        count("batch", self.batch, -1, "a number of rows")
        count("epochs", self.epochs, 1, most=10_000_000)
        number("l2", self.l2, low=0)
        number("dropout", self.dropout, low=0, high=1, open="high")
        count("seed", self.seed, 0)
        number("scale", self.scale, low=-1e6, high=1e6)
        count("standardize", self.standardize, 0, most=1)
        number("shuffled", self.shuffled, low=0, high=1)
        number("gain", self.gain, low=0, high=1e6)
        number("bias", self.bias, low=-1e6, high=1e6)
        choice("precision", self.precision, PRECISIONS)
        choice("schedule", self.schedule, ("", *SCHEDULES))
        choice("optimizer", self.optimizer or "sgd", list(OPTIMIZERS))
        self.sizes()
        if turns := self.turns():
            self.at(turns[-1]).check()

    def pairs(self) -> dict[str, str]:
        """Return the pairs that an address needs: those that are not as they are by themselves.

        Not those that an illness has made so: its code stands for them.
        """
        own = Setup()
        hidden = illness_of(self.illness).pairs if self.illness else {}
        return {
            field.name: _written(value)
            for field in fields(self)
            if (value := getattr(self, field.name)) != getattr(own, field.name)
            and field.name not in hidden
        }

    def sizes(self) -> list[int] | None:
        """Return the sizes of the hidden layers, or None where the data has its own."""
        if not self.hidden:
            return None
        if self.hidden == "none":
            return []
        try:
            found = [int(part) for part in self.hidden.split(",")]
        except ValueError:
            raise ArgumentError(
                f"hidden is {shown(self.hidden)}; give sizes with commas between, such as 4,2"
            ) from None
        return [count("hidden", size, 1, "a number of neurons", MOST_UNITS) for size in found]

    def rule(self, default: Optimizer) -> Optimizer:
        """Return the optimizer, or the data's own where none is asked for."""
        kind = OPTIMIZERS[self.optimizer] if self.optimizer else type(default)
        given: dict[str, Any] = {}
        if self.rate and kind is not RProp:
            given["learning_rate"] = self.rate
        if kind is SGD and self.momentum:
            given["momentum"] = self.momentum
        rule: Any = default if kind is type(default) else kind()
        if given and not takes_rate(rule):
            raise ArgumentError(f"{kind.__name__} is a class of your own: leave the rate out")
        made: Optimizer = replace(rule, **given) if given else rule
        return made

    def changes(self) -> list[Change]:
        """Return what a reader has set, by its steps."""
        return read_changes(self.edit)

    def edits(self) -> list[tuple[int, str, float]]:
        """Return which numbers a reader has set: before which step, which, to what."""
        return [
            (one.step, one.name, one.value)
            for one in self.changes()
            if not isinstance(one.value, str)
        ]

    def turns(self) -> list[int]:
        """Return the steps from which other settings hold."""
        return sorted({one.step for one in self.changes() if isinstance(one.value, str)})

    def at(self, n: int) -> Setup:
        """Return the setup whose settings hold at step `n`, of which nothing else is set.

        Examples
        --------
        >>> setup = Setup(frozen="b1", edit="40:rate=0.01;40:frozen=b2")
        >>> setup.at(39).frozen, setup.at(40).frozen, setup.at(40).rate
        ('b1', 'b1;b2', 0.01)
        """
        found: dict[str, Any] = {}
        kinds = {field.name: field.type for field in fields(self)}
        for one in self.changes():
            if one.step > n or not isinstance(one.value, str):
                continue
            if one.name in ADDED:
                before = found.get(one.name, getattr(self, one.name))
                found[one.name] = ";".join(part for part in (before, one.value) if part)
                if one.name == "shared":
                    found[one.name] = _joined(found[one.name])
            else:
                found[one.name] = _read(one.name, one.value, kinds[one.name])
        return replace(self, **found, edit="")

    def frozen_names(self) -> list[str]:
        """Return what is frozen."""
        return [part for part in self.frozen.split(";") if part]

    def shared_groups(self) -> Shared:
        """Return what is shared, a tuple of names a group."""
        return [tuple(part.split("=")) for part in self.shared.split(";") if part]


def _joined(text: str) -> str:
    """Return groups of which those that have a parameter in common are one."""
    groups: list[list[str]] = []
    for part in text.split(";"):
        names = part.split("=")
        touched = [one for one in groups if not {*one}.isdisjoint(names)]
        groups = [one for one in groups if one not in touched]
        groups.append(list(dict.fromkeys([*(name for one in touched for name in one), *names])))
    return ";".join("=".join(one) for one in groups)


def _read(name: str, text: str, kind: Any) -> Any:
    if kind == "str":
        return text
    try:
        return int(text) if kind == "int" else float(text)
    except ValueError:
        what = "a whole number" if kind == "int" else "a number"
        raise ArgumentError(f"{name} is {shown(text)}; it must be {what}") from None


def _written(value: object) -> str:
    return repr(value) if isinstance(value, float) else str(value)
