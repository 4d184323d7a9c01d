"""Gradients of one's own, held to a record's: which are right, and what went wrong in the others.

A wrong gradient is compared with what the usual slips give: a derivative f' left out, a matrix
used in place of its transpose, a sum that was not divided by n, and so on. Where none fits, it is
said if a single number, row or column is all that is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clearprop import notation
from clearprop.activations import ACTIVATIONS
from clearprop.display.html_table import html_table
from clearprop.display.text_table import text_table
from clearprop.errors import ArgumentError, ElementError, ShapeError, TypeOfDataError, shown
from clearprop.explaining.names import element_of, own_name, read_names
from clearprop.record import Record

Array = NDArray[Any]

TOLERANCES = {2: 1e-2, 4: 1e-4, 8: 1e-7}
"""Accepted errors by the bytes of a number, relative to the norm of the right gradient."""


@dataclass(frozen=True)
class ComparedGradient:
    """One gradient: the caller's beside the record's.

    Attributes
    ----------
    name : str
        Of the parameters: "W1", "b2", or one of them, "W1[0,2]".
    right : bool
    error : float
        The norm of the difference, as a share of the norm of the right gradient.
    worst : str
        The parameter whose numbers differ most.
    given, expected : float
        The caller's number for it, and the right one.
    slip : str or None
        For a wrong gradient: the slip whose result it is, where one fits, or the only place
        that is wrong, or what is not finite.
    """

    name: str
    right: bool
    error: float
    worst: str
    given: float
    expected: float
    slip: str | None


@dataclass(frozen=True, repr=False)
class GradientComparison:
    """What `compare_gradients` found; true where every gradient is right.

    Attributes
    ----------
    gradients : tuple of ComparedGradient
        In the order that they were given in.
    names : mapping of str to str
        What the reader calls elements; gradients have the grammar's names all the same.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 1], output="identity", dtype="float64", seed=0)
    >>> record = cp.backprop(network, [[1.0, 2.0]], [0.5])
    >>> comparison = cp.compare_gradients(record, {"W1": -record["dW1"], "b1": record["db1"]})
    >>> comparison.passed, comparison["W1"].slip, comparison["b1"].right
    (False, 'the sign is wrong', True)
    """

    gradients: tuple[ComparedGradient, ...]
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether every gradient is right."""
        return all(gradient.right for gradient in self.gradients)

    def __bool__(self) -> bool:
        return self.passed

    def __getitem__(self, name: str) -> ComparedGradient:
        for gradient in self.gradients if isinstance(name, str) else ():
            if gradient.name in (name, element_of(name, self.names)):
                return gradient
        names = ", ".join(gradient.name for gradient in self.gradients)
        raise ElementError(f"{shown(name)} was not compared; {names} were")

    def _rows(self) -> list[list[str]]:
        rows = []
        for g in self.gradients:
            verdict = "right" if g.right else (g.slip or "wrong: no usual slip gives this")
            worst = own_name(g.worst, self.names)
            numbers = [f"{g.error:.1e}", worst, f"{g.given:.6g}", f"{g.expected:.6g}"]
            rows.append([f"d{own_name(g.name, self.names)}", *numbers, verdict])
        return rows

    def __repr__(self) -> str:
        wrong = sum(not gradient.right for gradient in self.gradients)
        title = (
            "every gradient is right" if not wrong else f"{wrong} of {len(self.gradients)} wrong"
        )
        rows = [_HEAD, *self._rows()]
        lines = text_table(rows)
        return "\n  ".join([f"Gradients compared: {title}", *lines])

    def _repr_html_(self) -> str:
        return html_table("Gradients compared", _HEAD, self._rows(), right=(1, 3, 4), wrap=(5,))


_HEAD = ["gradient", "error", "worst at", "yours", "right", "verdict"]


def compare_gradients(
    record: Record, theirs: Mapping[str, ArrayLike], *, names: Mapping[str, str] | None = None
) -> GradientComparison:
    """Say which gradients are right, and for a wrong one which slip it looks like.

    Parameters
    ----------
    record : Record
        Of `backprop`, with the same network, data, weights of samples and l2.
    theirs : mapping of str to array-like
        The caller's dL/dW^l or dL/db^l by the name of the parameters: ``{"W1": ..., "b1": ...}``
        ("dW1" means the same), shaped as these; or of single ones, ``{"W1[0,2]": ...}``.
    names : mapping of str to str, optional
        Names of the reader's own for elements, ``{"W1[0,0]": "w1"}``: keys of `theirs` may be
        such.

    Returns
    -------
    GradientComparison
        True where all are right, to 1e-7 of the gradient's norm in float64 (1e-4 in float32).

    Raises
    ------
    ElementError
        If a name is none of the network's parameters.
    ShapeError, TypeOfDataError
        If a gradient is neither shaped as its parameters nor as their transpose, or no numbers.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 3, 1], activations="sigmoid", dtype="float64", seed=0)
    >>> record = cp.backprop(network, [[0.5, 1.0], [1.5, -1.0]], [0, 1])
    >>> bool(cp.compare_gradients(record, {"W1": record["dW1"], "b2": record["db2"]}))
    True
    >>> cp.compare_gradients(record, {"W1": 2 * record["dW1"]})["W1"].slip
    'not divided by the number of samples'
    """
    if not isinstance(record, Record):
        raise ArgumentError(f"record is a {type(record).__name__}; give what cp.backprop returns")
    if not isinstance(theirs, Mapping):
        kind = type(theirs).__name__
        raise ArgumentError(f"theirs is a {kind}; give a mapping such as {{'W1': mine}}")
    if not theirs:
        raise ArgumentError("no gradients were given; give a mapping such as {'W1': mine}")
    given_names = read_names(names, record.network)
    elements = [
        (element_of(name, given_names) if isinstance(name, str) else name, value)
        for name, value in theirs.items()
    ]
    compared = [_Given(record, name, value) for name, value in elements]
    wrong = [given for given in compared if not given.right]
    fitting = {given.name: given.slips() for given in wrong}
    explained = Counter(slip for slips in fitting.values() for slip in slips)
    return GradientComparison(
        tuple(given.result(fitting.get(given.name, []), explained) for given in compared),
        given_names,
    )


class _Given:
    """One gradient of the caller's."""

    def __init__(self, record: Record, name: str, value: ArrayLike) -> None:
        text = name.strip() if isinstance(name, str) else ""
        self.name = text[1:] if text[:2] in ("dW", "db") else text
        self._record = record
        network = record.network
        element = notation.find(
            self.name if text else name, network.sizes, network.has_biases, ("W", "b", "dW", "db")
        )
        if element.symbol not in ("W", "b"):
            raise ElementError(
                f"{name!r}: gradients are compared for W1, b1, ... and their numbers"
            )
        self.expected = np.asarray(record[f"d{self.name}"])
        self.symbol, self.layer, self._index = element
        try:
            with np.errstate(over="ignore"):  # infinity is wrong
                self.value = np.asarray(value, dtype=np.result_type(self.expected, np.float64))
        except (TypeError, ValueError, OverflowError) as error:
            raise TypeOfDataError(f"the gradient of {self.name} is not made of numbers") from error
        self.transposed = False
        if self.value.shape != self.expected.shape:
            if self.value.shape != self.expected.T.shape:
                raise ShapeError(
                    f"the gradient of {self.name} must have shape {self.expected.shape}, but has "
                    f"shape {self.value.shape}"
                )
            self.value, self.transposed = self.value.T, True
        self.error = _apart(self.value, self.expected)
        self.right = not self.transposed and self.fits(self.expected)

    @property
    def _tolerance(self) -> float:
        return TOLERANCES.get(self._record.gradient.dtype.itemsize, TOLERANCES[8])

    def fits(self, candidate: Array) -> bool:
        """Whether the given gradient is this one."""
        return _apart(self.value, candidate) <= self._tolerance

    def slips(self) -> list[str]:
        """Return the slips that give this gradient."""
        if not np.isfinite(self.value).all():
            return []
        if self.transposed:
            return ["transposed"] if self.fits(self.expected) else []
        found = []
        if (
            self.value.ndim == 2
            and self.value.shape == self.expected.T.shape
            and self.fits(self.expected.T)
        ):
            found.append("transposed")
        for slip, candidate in _slips(self._record, self.symbol, self.layer):
            number = candidate[self._index] if self._index else candidate
            changed = _apart(number, self.expected) > 10 * self._tolerance
            if changed and self.fits(number) and slip not in found:
                found.append(slip)
        return found or self._penalty_of_ones_own()

    def _penalty_of_ones_own(self) -> list[str]:
        """Return the slip of a penalty of another strength, if that is what is over."""
        at = np.asarray(self._record[self.name], self.value.dtype)
        if at.size < 3 or not at.any():
            return []
        share = float(((self.value - self.expected) * at).sum() / (at**2).sum())
        if not self.fits(self.expected + share * at):
            return []
        l2 = (self._record.l2 if self.symbol == "W" else 0.0) + share
        has = f"{self._record.l2:.4g}" if self._record.l2 else "none"
        if self.symbol == "b":
            return [f"an l2 term of {l2:.4g} on biases, which have none"]
        return [f"an l2 term of {l2:.4g}; the record's l2 is {has}"]

    def _only_wrong(self) -> str | None:
        """Say where the gradient is wrong, if that is one place: a number, a row, a column."""
        wild = np.argwhere(~np.isfinite(self.value))
        if len(wild):
            first = tuple(int(i) for i in wild[0])
            more = f", and {len(wild) - 1:,} more" if len(wild) > 1 else ""
            return f"not finite: {self.value[first]} at {self._element(first)}{more}"
        if self.transposed or self.value.size < 2:
            return None
        place = self._worst()
        for axis, kind in ((None, ""), (0, "row"), (1, "column")):
            if axis is not None and (self.value.ndim < 2 or self.value.shape[axis] < 2):
                continue
            where: tuple[Any, ...] = place
            if axis is not None:
                where = tuple(place[i] if i == axis else slice(None) for i in (0, 1))
            mended = self.value.copy()
            mended[where] = self.expected[where]
            if _apart(mended, self.expected) <= self._tolerance:
                if axis is None:
                    others = self.value.size - 1
                    verb = "is" if others == 1 else "are"
                    return f"only {self._element(place)} differs; the other {others:,} {verb} right"
                return f"only {kind} {place[axis]} differs; the others are right"
        return None

    def _worst(self) -> tuple[int, ...]:
        """Return the place where the numbers differ most."""
        difference = np.abs(self.value - self.expected)
        difference = np.where(np.isnan(difference), np.inf, difference)
        place = np.unravel_index(int(difference.argmax()), difference.shape)
        return tuple(int(i) for i in place)

    def _element(self, place: tuple[int, ...]) -> str:
        return self.name if self._index else f"{self.name}[{','.join(map(str, place))}]"

    def result(self, slips: list[str], explained: Mapping[str, int]) -> ComparedGradient:
        """Return the comparison; of several slips, the one that explains most gradients."""
        place = self._worst()
        slip = max(slips, key=lambda slip: explained[slip]) if slips else None
        if slip is None and not self.right:
            slip = self._only_wrong()
        return ComparedGradient(
            self.name, self.right, self.error, self._element(place),
            float(self.value[place]), float(self.expected[place]), slip,
        )  # fmt: skip


def _apart(a: Array, b: Array) -> float:
    """Return the norm of the difference, as a share of the norm of b."""
    size = float(np.linalg.norm(b))
    distance = float(np.linalg.norm(np.asarray(a) - b))
    if not np.isfinite(distance):
        return float("inf")
    return distance / size if size else (0.0 if distance == 0.0 else float("inf"))


def _slips(record: Record, symbol: str, layer: int) -> Iterator[tuple[str, Array]]:
    """Yield the usual slips, and what each gives for dW^l or db^l."""
    yield from _factors(record, symbol, layer)
    yield from _penalties(record, symbol, layer)

    def gradient(delta: Array, below: Array | None = None) -> Array:
        return _gradient(record, symbol, layer, delta, below)

    last = len(record.delta)
    for at in range(layer, last + 1):
        for slip, delta in _wrong_deltas(record, at):
            yield slip, gradient(_carried(record, at, delta, layer))
    for at in range(layer + 1, last + 1):
        W = record.network.weights[at - 1]
        if W.shape[0] == W.shape[1]:
            da = record.delta[at - 1] @ W.T
            delta = _through(record, at - 1, da)
            slip = f"W{at} in place of its transpose on the way back"
            yield slip, gradient(_carried(record, at - 1, delta, layer))
        for da in _without_weights(record, at):
            delta = _through(record, at - 1, da)
            yield (
                f"W{at} is left out on the way back",
                gradient(_carried(record, at - 1, delta, layer)),
            )
    yield from _mixed_up(record, symbol, layer, gradient)


def _factors(record: Record, symbol: str, layer: int) -> Iterator[tuple[str, Array]]:
    """Wrong by a factor: the sign, the number of samples, the half of the squared error."""
    name, n = f"d{symbol}{layer}", len(record.losses)
    data = record[name] - _penalty(record, symbol, layer)
    for slip, factor in (
        ("the sign is wrong", -1.0),
        ("not divided by the number of samples", float(n)),
        ("divided by the number of samples twice", 1.0 / n),
        ("twice as large (the half of the squared error forgotten?)", 2.0),
        ("half as large", 0.5),
    ):
        if factor != 1.0:
            yield slip, factor * data + _penalty(record, symbol, layer)
            yield slip, factor * record[name]


def _penalties(record: Record, symbol: str, layer: int) -> Iterator[tuple[str, Array]]:
    """The penalty left out, doubled, or put on biases as well."""
    if record.l2:
        array = record[f"{symbol}{layer}"]
        right = record[f"d{symbol}{layer}"]
        if symbol == "W":
            yield "the l2 term is forgotten", right - record.l2 * array
            yield "the l2 term is doubled (its half belongs to the cost)", right + record.l2 * array
            yield "the l2 term has the wrong sign", right - 2 * record.l2 * array
        else:
            yield "an l2 term on biases, which have none", right + record.l2 * array


def _without_weights(record: Record, at: int) -> Iterator[Array]:
    """Yield da^(l-1) as if delta^l were passed on as it is, or added up over the neurons."""
    delta, below = record.delta[at - 1], record.z[at - 2]
    if delta.shape == below.shape:
        yield delta
    yield np.broadcast_to(delta.sum(axis=1, keepdims=True), below.shape)


def _wrong_deltas(record: Record, at: int) -> Iterator[tuple[str, Array]]:
    """A delta of one layer whose derivative is missing, or was taken at the wrong place."""
    da, f = record[f"da{at}"], record.network.activations[at - 1]
    if at < len(record.delta) and record.masks:
        da = da * record.masks[at - 1]
    yield f"f' is missing in delta{at}", da
    with np.errstate(all="ignore"):
        yield f"f' of a{at} in place of z{at} in delta{at}", f.backward(record.a[at], da)
        yield from _other_slopes(record, at, da)


def _other_slopes(record: Record, at: int, da: Array) -> Iterator[tuple[str, Array]]:
    """The slopes of sigmoid and tanh taken for each other, or written with z in place of a."""
    f, z = record.network.activations[at - 1], record.z[at - 1]
    if f.name not in ("sigmoid", "tanh"):
        return
    a = f(z)  # record.a is masked by dropout
    if f.name == "sigmoid":
        other, of_other = "tanh", 1 - a**2
        yield f"z (1 - z) in place of a (1 - a) in delta{at}", da * z * (1 - z)
    else:
        other, of_other = "sigmoid", a * (1 - a)
        yield f"1 - z^2 in place of 1 - a^2 in delta{at}", da * (1 - z**2)
    slip = f"{other}' in place of {f.name}' in delta{at}"
    yield slip, da * of_other
    yield slip, ACTIVATIONS[other].backward(z, da)


def _mixed_up(
    record: Record, symbol: str, layer: int, gradient: Callable[..., Array]
) -> Iterator[tuple[str, Array]]:
    """Arrays of another layer, or of z in place of a; one sample; weights of samples ignored."""
    own, sizes = record.delta[layer - 1], record.network.sizes
    for other, delta in enumerate(record.delta, 1):
        if other != layer and delta.shape == own.shape:
            yield f"delta{other} in place of delta{layer}", gradient(delta)
    if symbol == "W":
        for other, a in enumerate(record.a):
            if other != layer - 1 and sizes[other] == sizes[layer - 1]:
                yield f"a{other} in place of a{layer - 1}", gradient(own, a)
        if layer > 1:
            yield f"z{layer - 1} in place of a{layer - 1}", gradient(own, record.z[layer - 2])
    n = len(record.losses)
    for i, which in ((0, "first"), (n - 1, "last")):
        alone = own * (np.arange(n) == i)[:, None] / record.omega[i] if record.omega[i] else own
        yield f"of the {which} sample alone", gradient(alone)
    even = own / np.where(record.omega, record.omega, 1)[:, None] / n
    yield "the weights of samples are ignored", gradient(even)


def _penalty(record: Record, symbol: str, layer: int) -> Any:
    return record.l2 * record[f"W{layer}"] if symbol == "W" else 0.0


def _gradient(record: Record, symbol: str, layer: int, delta: Array, below: Array | None) -> Array:
    """Return the gradient that this delta gives, and this activation below it."""
    shared = record.omega[:, None] * delta
    if symbol == "b":
        return np.asarray(shared.sum(axis=0))
    a = record.a[layer - 1] if below is None else below
    return np.asarray(shared.T @ a + _penalty(record, symbol, layer))


def _through(record: Record, layer: int, da: Array) -> Array:
    """Return delta^l for a dL_i/da^l."""
    passed = da * record.masks[layer - 1] if record.masks else da
    return record.network.activations[layer - 1].backward(record.z[layer - 1], passed)


def _carried(record: Record, layer: int, delta: Array, to: int) -> Array:
    """Return the delta of a layer below that follows from this one."""
    while layer > to:
        delta = _through(record, layer - 1, delta @ record.network.weights[layer - 1])
        layer -= 1
    return delta
