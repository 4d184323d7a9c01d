"""A problem: a network with its first weights, and the rows that it is to learn from."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clearprop.errors import ArgumentError
from clearprop.network import Network
from clearprop.optimizers import SGD, Optimizer
from clearprop.studio.room import check_room
from clearprop.studio.setup import Setup

Array = NDArray[Any]


class Scale(NamedTuple):
    """How a column of numbers was scaled."""

    mean: float
    deviation: float
    missing: int | None = None
    """The input that is 1 where the column had no value."""


@dataclass(frozen=True)
class Problem:
    """A network with fresh weights, and what it is to learn.

    Attributes
    ----------
    title : str
    network : Network
    X, y : ndarray
        The rows to learn from, as `cp.backprop` takes them.
    X_held, y_held : ndarray
        The rows put aside for validation; none, if there are no such.
    features : list of str
        What each input is.
    classes : list of str
        What each output, or each side of a single one, is; empty for numbers.
    target : str
    names : dict of str to str
        What a reader calls elements: ``{"W1[0,0]": "w1"}``.
    optimizer : Optimizer
        Where the setup names none.
    batch : int
        Rows of a batch, where the setup says nothing.
    notes : list of str
        What is to be said of the data.
    code : list of str
        Lines of Python that make `network`, `X`, `y`, and where there are rows put aside,
        `X_held` and `y_held`.
    scales : dict of int to Scale
        How an input was scaled, by its place, where it was.
    target_scale : Scale, optional
        How the target was.
    """

    title: str
    network: Network
    X: Array
    y: Array
    X_held: Array
    y_held: Array
    features: list[str]
    classes: list[str]
    target: str
    names: dict[str, str] = field(default_factory=dict)
    optimizer: Optimizer = field(default_factory=lambda: SGD(0.1))
    batch: int = 10
    notes: list[str] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    scales: dict[int, Scale] = field(default_factory=dict)
    target_scale: Scale | None = None

    def unscaled(self, i: int | None, value: float, digits: int = 6) -> str:
        """Return what a scaled input was before, or with None the target; "" of one that was not.

        To so many digits of the deviation: a year and a price are told apart from their neighbors.

        Examples
        --------
        >>> age = Problem("", Network([1, 1], "tanh"), *[np.ones((1, 1))] * 4, ["age"], [], "y",
        ...               scales={0: Scale(40.0, 10.0)})
        >>> age.unscaled(0, 0.7), age.unscaled(None, 0.7)
        ('47 unscaled', '')
        """
        scale = self.target_scale if i is None else self.scales.get(i)
        if not scale:
            return ""
        places = digits - 1 - math.floor(math.log10(scale.deviation))
        rounded = round(value * scale.deviation + scale.mean, places)
        return f"{rounded + 0.0:.15g} unscaled".replace("-", "−", 1)

    def unscaled_of(self, row: NDArray[np.floating], i: int) -> str:
        """Return what an input of a row was before, or that it was missing."""
        found, scale = self.unscaled(i, float(row[i])), self.scales.get(i)
        if scale and scale.missing is not None and row[scale.missing] > 0:
            return f"missing in the table; {found.split()[0]} stands in"
        return found

    @property
    def has_labels(self) -> bool:
        """Whether a row's target is one number, the class."""
        is_one = self.y.ndim == 1 or self.y.shape[1] == 1
        return self.network.loss.targets == "labels" and is_one


@dataclass(frozen=True)
class Own:
    """What a problem's network is by itself, where the setup says nothing.

    Attributes
    ----------
    hidden : tuple of int
    activation, output : str
    loss, initializer : str
        "": the one that fits the output, or the activation.
    """

    hidden: tuple[int, ...]
    activation: str
    output: str
    loss: str = ""
    initializer: str = ""


def outputs_of(setup: Setup, own: Own, n_classes: int) -> int:
    """Return how many outputs tell classes apart: two need one, unless softmax divides them."""
    return 1 if n_classes == 2 and (setup.output or own.output) != "softmax" else n_classes


def network_of(setup: Setup, inputs: int, outputs: int, own: Own) -> tuple[Network, str]:
    """Return a network with fresh weights, by the setup where it says something, and its code."""
    sizes = setup.sizes()
    layers = list(own.hidden) if sizes is None else sizes
    last: Any = setup.output or own.output
    names = activations_of(setup, own.activation, len(layers), last)
    given: dict[str, Any] = {}
    if loss := setup.loss or own.loss:
        given["loss"] = loss
    if initializer := setup.initializer or own.initializer:
        given["initializer"] = initializer
    given |= {"seed": setup.seed, "dtype": setup.precision}
    all_sizes = [inputs, *layers, outputs]
    check_room(all_sizes, setup.precision)
    network = Network(all_sizes, names, last, **given)
    settings = ", ".join(f"{name}={python(value)}" for name, value in given.items())
    code = f"cp.Network({all_sizes}, {python(names)}, {python(last)}, {settings})"
    return network, f"network = {code}"


def activations_of(setup: Setup, own: str, layers: int, last: str) -> Any:
    """Return the hidden layers' activation, or a list of all layers' where each has its own.

    Raises
    ------
    ArgumentError
        If there are several, and not one for each hidden layer.
    """
    names = (setup.activation or own).split(",")
    if len(names) == 1:
        return names[0]
    if len(names) != layers:
        raise ArgumentError(
            f"activation names {len(names)} for {layers} hidden layers: give one, or one for each"
        )
    return [*names, last]


def targets_of(network: Network, labels: Array) -> tuple[Array, str]:
    """Return what a network learns of labels, and the code that makes it of `y`; "" for none.

    Labels themselves, or for a loss that takes numbers a 1 in the column of each row's class.
    """
    n = network.sizes[-1]
    if network.loss.targets == "labels" or n == 1:
        return labels, ""
    return np.eye(n)[labels], f"np.eye({n})[y]"


def python(value: Any) -> str:
    r"""Return a value as a program has it: texts between double quotes.

    Examples
    --------
    >>> python(["tanh", "relu"]), python(0.5), python('say "a"')
    ('["tanh", "relu"]', '0.5', '"say \\"a\\""')
    """
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(map(python, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(python, value))}{',' * (len(value) == 1)})"
    return repr(value)
