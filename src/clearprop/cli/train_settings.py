"""The settings of `clearprop train`: one table, of which options and settings files are made.

Each is a keyword of `cp.Model.fit`, or of `cp.train` through it, but `learning_rate` and
`schedule`, which are parts of an optimizer. Defaults are Python's: what is not given is not
passed on.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import click

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.checks.settings import ENGINES, count, number
from clearprop.cli import notation
from clearprop.engine.threads import MOST_THREADS
from clearprop.errors import ArgumentError, ClearpropError, shown
from clearprop.tables.settings import BALANCED
from clearprop.tables.setup import OPTIMIZER
from clearprop.tables.target import TASKS, TRANSFORMS
from clearprop.training.checkpoints.cadence import read_cadence
from clearprop.training.watching.metrics import METRICS

HIDDEN_ACTIVATIONS = sorted(name for name, f in ACTIVATIONS.items() if not f.row_wise)


class Text(click.ParamType):  # type: ignore[type-arg]
    """A text that means what `read` makes of it; it stays text, as a settings file has it."""

    name = "text"

    def __init__(self, read: Callable[[str], Any]) -> None:
        self.read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text, or fail with what is wrong with it."""
        try:
            self.read(str(value))
        except ClearpropError as error:
            self.fail(str(error), param, ctx)
        return str(value)


def levels(text: str) -> tuple[float, ...]:
    """Return "0.05,0.5,0.95" as numbers, or raise `ArgumentError`."""
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ArgumentError(f"{text!r} is no list of quantiles such as 0.05,0.5,0.95") from None


@dataclass(frozen=True)
class Setting:
    """One setting.

    Attributes
    ----------
    keyword : str
        Of `cp.Model.fit`.
    help : str
    type : click.ParamType or None
        None: a flag.
    metavar : str or None
    option : str
        Without the dashes, also the key in a settings file; "" for that of the keyword.
    multiple : bool
        Whether it may be given several times.
    default : str
        In words; "" for that of `cp.Model.fit`.
    value : callable
        What `cp.Model.fit` takes, of what was typed.
    """

    keyword: str
    help: str
    type: click.ParamType[Any, Any] | None = click.STRING
    metavar: str | None = None
    option: str = ""
    multiple: bool = False
    default: str = ""
    value: Callable[[Any], Any] = lambda typed: typed

    @property
    def key(self) -> str:
        """What it is called in a settings file."""
        return self.option or self.keyword.replace("_", "-")

    def added(self, command: Callable[..., Any]) -> Callable[..., Any]:
        """Return the command with this option."""
        flag, default = f"--{self.key}", self.default
        if self.type is None:
            is_on = inspect.signature(cp.Model.fit).parameters.get(self.keyword)
            if self.keyword == "shuffle" or (is_on is not None and is_on.default is True):
                flag = f"--{self.key}/--no-{self.key}"
            return click.option(flag, self.keyword, is_flag=True, default=None, help=self.help)(
                command
            )
        given = inspect.signature(cp.Model.fit).parameters.get(self.keyword)
        if given is not None and isinstance(given.default, int | float | str) and not default:
            default = str(given.default)
        return click.option(
            flag,
            self.keyword,
            type=self.type,
            metavar=self.metavar,
            multiple=self.multiple,
            required=self.keyword == "target",
            help=self.help + (f" [default: {default}]" if default else ""),
        )(command)


def sizes(text: str) -> tuple[int, ...]:
    """Return "100,50" as (100, 50), and "" as ()."""
    try:
        found = tuple(int(part) for part in text.split(",")) if text.strip() else ()
    except ValueError:
        found = (0,)
    if any(size < 1 for size in found):
        raise ArgumentError(f"{shown(text)} is no list of layer sizes such as 100,50")
    return found


def part(name: str) -> Callable[[str], Any]:
    """Return what reads "0.2" as a share of the rows, and other texts as a path."""

    def read(text: str) -> Any:
        try:
            share = float(text)
        except ValueError:
            return text
        return number(name, share, low=0, high=0.5)

    return read


def batch_size(text: str) -> int | None:
    """Return "32" as 32, and "all" as None."""
    return None if text == "all" else _whole("batch-size", text, 1)


def patience(text: str) -> int | None:
    """Return "20" as 20, and "0" as None."""
    return _whole("early-stopping", text, 0) or None


def _whole(name: str, text: str, least: int) -> int:
    try:
        found = int(text)
    except ValueError:
        raise ArgumentError(f"{name} is {shown(text)}; it must be a whole number") from None
    return count(name, found, least)


def cadence(text: str) -> str:
    """Return "10 epochs" and "500 steps" as they are, or raise `ArgumentError`."""
    read_cadence(text)
    return text


def reading(text: str) -> tuple[str, str]:
    """Return "km=number, comma" as ("km", "number, comma")."""
    name, equals, how = text.rpartition("=")
    if not (name and equals):
        raise ArgumentError(f"{shown(text)} is not of the form NAME=HOW, such as km=number")
    return name, how


def class_weight(text: str) -> tuple[str, float] | str:
    """Return "yes=2" as ("yes", 2.0), and "balanced" as it is."""
    if text == BALANCED:
        return text
    name, equals, weight = text.rpartition("=")
    try:
        found = float(weight)
    except ValueError:
        equals = ""
    if not (name and equals):
        raise ArgumentError(f"{shown(text)} is no 'balanced' and no CLASS=NUMBER, such as yes=2")
    return name, number(f"the weight of {shown(name)}", found, low=0)


def _class_weights(texts: tuple[str, ...]) -> Any:
    found = [class_weight(text) for text in texts]
    if BALANCED not in found:
        return dict(one for one in found if isinstance(one, tuple))
    if len(found) > 1:
        raise click.UsageError("--class-weight balanced stands alone, without weights of classes.")
    return BALANCED


_COLUMN: dict[str, Any] = {"metavar": "COLUMN"}
_COLUMNS: dict[str, Any] = {"metavar": "COLUMN", "multiple": True}

SETTINGS = (
    Setting("target", "The column to predict.", **_COLUMN),
    Setting("task", "What to predict.", click.Choice(TASKS), default="by the target's values"),
    Setting("hidden", 'Sizes of the hidden layers; "" for none.', Text(sizes), "SIZES",
            default="100,50", value=sizes),
    Setting("activation", "Of the hidden layers.", click.Choice(HIDDEN_ACTIVATIONS), "NAME"),
    Setting("initializer", "Draws the first weights.", Text(notation.initializer), "NAME",
            value=notation.initializer),
    Setting("loss", 'What is made small: for numbers also absolute_error, "huber(1)", '
            '"quantile(0.9)", poisson.', Text(notation.loss), "NAME",
            default="cross_entropy, or squared_error", value=notation.loss),
    Setting("quantiles", "The quantiles of a number to learn, such as 0.05,0.5,0.95, in place of "
            "its mean.", Text(levels), "LIST", value=levels),
    Setting("optimizer", 'sgd, adam, adamw, rmsprop, rprop, lbfgs, or such as "sgd(momentum=0.9)".',
            Text(notation.optimizer), "NAME", default="adamw(decay=0.5)"),
    Setting("learning_rate", "Of the optimizer, at the beginning.",
            click.FloatRange(0, min_open=True), "RATE", default="the optimizer's own"),
    Setting("schedule", 'How the rate goes on: cosine, "step(1000, 0.5)", "exponential(0.999)", '
            '"warmup_cosine(100)", inverse_scaling.',
            Text(lambda text: notation.schedule(text, 0.1)), "NAME", default="constant"),
    Setting("batch_size", "Rows of an update, or all.", Text(batch_size), "N",
            default="by the rows, 8 to 256", value=batch_size),
    Setting("epochs", "At most; training stops once the validation rows gain no more.",
            click.IntRange(1), "N"),
    Setting("early_stopping", "Epochs without gain that end training; 0 goes through all.",
            Text(patience), "N", default="20", value=patience),
    Setting("l2", "Adds N/2 times the sum of squared weights to the cost.", click.FloatRange(0),
            "N", default="0"),
    Setting("dropout", "The share of hidden activations left out in training.",
            click.FloatRange(0, 1, max_open=True), "SHARE", default="0"),
    Setting("shuffle", "Whether each epoch takes the rows in a new order.", None),
    Setting("metrics", "A figure to show of each epoch. Repeatable.", click.Choice(sorted(METRICS)),
            "NAME", option="metric", multiple=True),
    Setting("precision", "What training computes in.", click.Choice(("float32", "float64")),
            default="float32"),
    Setting("engine", "What computes.", click.Choice(ENGINES),
            default="compiled, where there are kernels for this processor or Numba is installed"),
    Setting("threads", "How many compute; the numbers are the same for any.",
            click.IntRange(1, MOST_THREADS), "N", default="as many as pay"),
    Setting("shards", "Stripes that rows are dealt to.", click.IntRange(1), "N", default="1"),
    Setting("accumulate", "Batches that make a step; their gradients are added up.",
            click.IntRange(1), "N", default="1"),
    Setting("checkpoint", "Write the run into a folder on its way, so that a crash loses little.",
            click.Path(), "FOLDER"),
    Setting("checkpoint_every", 'How often: "10 epochs", "500 steps", "60 seconds".',
            Text(cadence), "TEXT", default="60 seconds"),
    Setting("resume", "Go on from the newest checkpoint in the folder, if there is one.", None),
    Setting("seed", "For the rows put aside, first weights and shuffles.",
            click.IntRange(0, 2**64 - 1), "N"),
    Setting("validation", "A share of the rows, or a file, to stop training by.",
            Text(part("validation")), "SHARE|FILE", value=part("validation")),
    Setting("test", "A share of the rows, or a file, to test on.", Text(part("test")),
            "SHARE|FILE", value=part("test")),
    Setting("split_group", "Put all rows of a value aside together; no input then.", **_COLUMN),
    Setting("split_time", "Put the last rows by this column aside: dates or numbers.", **_COLUMN),
    Setting("weight", "How much each row counts in training; no input then.", **_COLUMN),
    Setting("class_weight", "How much a class's rows count: balanced, or CLASS=NUMBER. Repeatable.",
            Text(class_weight), "WEIGHT", multiple=True, value=_class_weights),
    Setting("target_transform", "Learn a number's logarithm; predictions are in its own unit.",
            click.Choice(tuple(TRANSFORMS))),
    Setting("drop", "Leave a column out. Repeatable.", **_COLUMNS),
    Setting("keep", "Use a column though nothing may be learned from it, such as an identifier. "
            "Repeatable.", **_COLUMNS),
    Setting("categorical", "Read a column of numbers as names of things. Repeatable.", **_COLUMNS),
    Setting("columns", 'How a column is read, such as "km=number, comma", "when=date, day first", '
            '"code=category". Repeatable.', Text(reading), "NAME=HOW", option="column",
            multiple=True, value=lambda texts: dict(map(reading, texts))),
    Setting("missing_words", "What stands for a missing value, beside empty cells. Repeatable.",
            metavar="WORD", multiple=True, default="NA, null, None, nan, ? and their like"),
    Setting("unreadable", "Cells that may be no numbers or dates in a column of such: missing "
            "values, with a note.", click.FloatRange(0, 0.5), "SHARE"),
    Setting("max_categories", "Values of a column with an input of their own.", click.IntRange(2),
            "N", default="as many as there is room for"),
    Setting("drop_missing_target", "Leave out rows without a target.", None),
    Setting("compare", "Whether baselines are tried.", None),
)  # fmt: skip
"""In the order of `clearprop train --help`."""

NOT_HERE = {
    "table": "the argument FILE",
    "encoding": "about the files: an option of every command that reads some",
    "sheet": "about the files: an option of every command that reads some",
    "trained": "a function; the command saves the model there",
    "verbose": "about what is printed: --verbose",
    "progress": "about what is printed: --quiet, --verbose",
    "callbacks": "functions",
    "training": "the settings of cp.train, one by one",
    "network": "made of the table",
    "X": "made of the table",
    "y": "made of the table",
    "sample_weight": "made of weight and class_weight",
    "frozen": "names parameters, whose places in a table's network are not known before",
    "shared": "names parameters, whose places in a table's network are not known before",
    "cluster": "what mpiexec, or srun, starts is one",
}
"""Keywords of `cp.Model.fit` and `cp.train` that are no settings of the command, and why."""


def train_settings(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the command with all settings as options."""
    for setting in reversed(SETTINGS):
        command = setting.added(command)
    return command


def keywords(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `cp.Model.fit` is given, of what was typed or stood in a settings file."""
    given = chosen(typed)
    parts = {name: given.pop(name, None) for name in ("optimizer", "learning_rate", "schedule")}
    found = {one.keyword: one.value(given[one.keyword]) for one in SETTINGS if one.keyword in given}
    if any(value is not None for value in parts.values()):
        found["optimizer"] = optimizer_of(**parts)
    return found


def chosen(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that were given at all, by keyword."""
    names = [one.keyword for one in SETTINGS]
    return {name: typed[name] for name in names if typed[name] not in (None, ())}


def optimizer_of(optimizer: str | None, learning_rate: float | None, schedule: str | None) -> Any:
    """Return the optimizer of these options.

    Raises
    ------
    ArgumentError
        If they do not go together.
    """
    found = OPTIMIZER if optimizer is None else notation.optimizer(optimizer)
    if learning_rate is None and schedule is None:
        return found
    if not hasattr(found, "learning_rate"):
        raise ArgumentError(f"{optimizer} finds its steps itself and takes no learning rate")
    rate: Any = found.learning_rate if learning_rate is None else learning_rate
    if schedule is not None:
        rate = notation.schedule(schedule, rate)
    return replace(found, learning_rate=rate)
