"""A backward pass of one's own, held to a record: what is right, and which slip the rest comes of.

What is given is compared with the record, and with what follows from the caller's own earlier
numbers. A search over small, named slips says where the first fault lies, and of what kind it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from clearprop.checks.settings import number
from clearprop.errors import ArgumentError, ElementError, shown
from clearprop.explaining.checking.answers import Answer
from clearprop.explaining.checking.comparison_report import ComparedQuantity, GradientComparison
from clearprop.explaining.checking.explanations import Explanation, Made
from clearprop.explaining.checking.gradient_slips import TRANSPOSED
from clearprop.explaining.checking.mended import formula
from clearprop.explaining.checking.only_wrong import only_wrong
from clearprop.explaining.checking.rounding import floors
from clearprop.explaining.checking.slip_search import Search
from clearprop.explaining.checking.stages import Stage, stages_of
from clearprop.explaining.names import read_names
from clearprop.record import Record

TOLERANCES = {2: 1e-2, 4: 1e-4, 8: 1e-7}
"""Accepted errors by the bytes of a number, relative to the norm of what is right."""

_MOST_TOLD = 3
"""Slips between which nothing decides that are told one by one."""


def compare_gradients(
    record: Record,
    theirs: Mapping[str, ArrayLike],
    tolerance: float | None = None,
    names: Mapping[str, str] | None = None,
) -> GradientComparison:
    """Say what is right in a backward pass of one's own, and which slip the rest comes of.

    Parameters
    ----------
    record : Record
        Of `backprop`, with the same network, data, weights of samples and l2.
    theirs : mapping of str to array-like
        The caller's numbers by their names, as many as there are: gradients ``{"W1": ..., "b1":
        ...}`` ("dW1" means the same), z, a, da and delta (``"delta2"``), whole arrays or single
        ones, ``{"W1[0,2]": ..., "z1[0]": ...}``. Shaped as in the record, one sample a row; axes
        of length 1 may be missing. What is given of the earlier quantities lets a fault be
        found where it was made.
    tolerance : float, optional
        The accepted error, relative to the norm of what is right. None: 1e-7 in float64 (1e-4 in
        float32). Numbers rounded to four digits take 1e-3.
    names : mapping of str to str, optional
        The reader's own names for elements, as in `explain`: ``{"W1[0,0]": "w1"}``.

    Returns
    -------
    GradientComparison
        True where all are right. A quantity is "right", "wrong" from here on, or "follows" from an
        earlier slip. A slip is named where nothing else of the slips known here, alone or in
        pairs, gives the same; where several do, all are told.

    Raises
    ------
    ElementError
        If a name is no element of the network.
    TypeOfDataError, ArgumentError
        If a value is not made of numbers, or the tolerance is none.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 3, 1], activations="sigmoid", dtype="float64", seed=0)
    >>> record = cp.backprop(network, [[0.5, 1.0], [1.5, -1.0], [0.2, 0.1]], [0, 1, 1])
    >>> bool(cp.compare_gradients(record, {"W1": record["dW1"], "b2": record["db2"]}))
    True
    >>> cp.compare_gradients(record, {"W1": 3 * record["dW1"]})["W1"].slip
    'not divided by the number of samples'
    >>> delta1 = record["delta2"] @ network["W2"]
    >>> mine = {"delta1": delta1, "W1": delta1.T @ record["x"] / 3}
    >>> comparison = cp.compare_gradients(record, mine)
    >>> [(quantity.label, quantity.verdict) for quantity in comparison.quantities]
    [('delta1', 'wrong'), ('dW1', 'follows')]
    >>> comparison.hint(2)
    "delta1: f' is missing in delta1"
    """
    answers = _answers(record, theirs, tolerance, names)
    search = Search(record, answers)
    found = search.explanations() if not all(a.right for a in answers) else [Explanation()]
    judge = _Judge(record, answers, found, search.limited)
    return GradientComparison(tuple(judge.result(answer) for answer in answers))


def _answers(
    record: Record, theirs: Mapping[str, ArrayLike], tolerance: float | None,
    names: Mapping[str, str] | None,
) -> list[Answer]:  # fmt: skip
    """Return what is given in the order of computation."""
    if not isinstance(record, Record):
        raise ArgumentError(f"record is a {type(record).__name__}; give what cp.backprop returns")
    if not isinstance(theirs, Mapping):
        kind = type(theirs).__name__
        raise ArgumentError(f"theirs is a {kind}; give a mapping such as {{'W1': mine}}")
    if not theirs:
        raise ArgumentError("nothing to compare was given; give a mapping such as {'W1': mine}")
    if tolerance is None:
        tolerance = TOLERANCES.get(record.gradient.dtype.itemsize, TOLERANCES[8])
    tolerance = number("tolerance", tolerance, low=0, high=0.1)
    given = read_names(names, record.network)
    allowed = floors(record)
    answers: dict[str, Answer] = {}
    for name, value in theirs.items():
        answer = Answer(record, name, value, given, tolerance, allowed)
        if answer.name in answers:
            raise ElementError(f"{shown(name)} is given twice: {answers[answer.name].given_as} too")
        answers[answer.name] = answer
    order = {stage: i for i, stage in enumerate(stages_of(record))}
    return sorted(answers.values(), key=lambda answer: order[answer.stage])


class _Judge:
    """The verdict on each quantity, by the shortest explanations of all."""

    def __init__(
        self, record: Record, answers: list[Answer], found: list[Explanation], limited: set[str]
    ) -> None:
        self._record, self._answers = record, answers
        self._found, self._limited = found, limited
        self._order = stages_of(record)

    def result(self, answer: Answer) -> ComparedQuantity:
        """Return what is said of one quantity."""
        best, name = self._found[0], answer.stage.name
        added = [one.added.get(name, ()) for one in self._found]
        slips = [[m for m in made if not m.slip.free] for made in added]
        sources = self._sources(answer, best)
        if answer.right or self._rounded(answer, best, slips[0], sources):
            return self._said(answer, "right", None, ())
        if name in best.open:
            where = self._hidden(answer.stage)
            if answer.fits(best.open[name]) and not answer.turned:
                return self._said(answer, "follows", self._origin(answer), sources)
            said = only_wrong(answer, answer.part(best.open[name]))
            if said is None and name in self._limited:
                said = "no single slip gives this; pairs of them are too many to try here"
            return self._said(answer, "wrong", said, where)
        if any(slips) or answer.turned:
            texts = list(dict.fromkeys(_joined(made, answer) for made in slips))
            where = tuple(dict.fromkeys(m.slip.stage for made in slips for m in made))
            return self._said(answer, "wrong", _either(texts), where or (answer.stage,))
        return self._said(answer, "follows", self._origin(answer), sources)

    def _rounded(
        self, answer: Answer, best: Explanation, slips: list[Made], sources: tuple[Stage, ...]
    ) -> bool:
        """Whether it follows from numbers that are all right, but for their rounding."""
        return not (slips or answer.turned or sources or answer.stage.name in best.open)

    def _sources(self, answer: Answer, best: Explanation) -> tuple[Stage, ...]:
        """Return the stages before this one that are wrong, and that it is computed from."""
        found = [m.slip.stage for m in best.made if not m.slip.free]
        found += [stage for stage in self._order if stage.name in best.open]
        place = self._order.index(answer.stage)
        own = answer.stage.symbol
        return tuple(
            stage for stage in dict.fromkeys(found)
            if self._order.index(stage) < place
            and (stage.symbol not in ("dW", "db") or (own == "da" and stage.symbol == "dW"))
        )  # fmt: skip

    def _origin(self, answer: Answer) -> str | None:
        """Return the slips that a quantity follows from, or the names of those it follows from."""
        texts = []
        for one in self._found:
            sources = self._sources(answer, one)
            slips = [m for m in one.made if m.slip.stage in sources and not m.slip.free]
            names = [stage.name for stage in sources if stage.name in one.open]
            texts.append(" and ".join([*dict.fromkeys(m.words for m in slips), *names]))
        told = [text for text in dict.fromkeys(texts) if text]
        return _either(told) if told else None

    def _hidden(self, stage: Stage) -> tuple[Stage, ...]:
        """Return the stages that may be at fault: this one and the hidden ones before it."""
        given = {answer.stage for answer in self._answers}
        found = [stage]
        for before in reversed(self._order[: self._order.index(stage)]):
            if before in given and before.symbol not in ("dW", "db"):
                break
            if before.symbol in ("da", "delta") and before not in given:
                found.insert(0, before)
        return tuple(found)

    def _said(
        self, answer: Answer, verdict: str, slip: str | None, where: tuple[Stage, ...]
    ) -> ComparedQuantity:
        place, given, expected = _worst(answer)
        return ComparedQuantity(
            answer.name, answer.label, verdict, answer.error, answer.element(place),
            given, expected, slip, tuple(stage.name for stage in where),
            tuple(formula(self._record, stage) for stage in where),
        )  # fmt: skip


def _joined(made: list[Made], answer: Answer) -> str:
    words = [*dict.fromkeys(m.words for m in made)]
    if answer.turned:
        per_sample = answer.stage.symbol not in ("dW", "db")
        words.insert(0, f"{TRANSPOSED}: samples are rows here" if per_sample else TRANSPOSED)
    return ", and ".join(words)


def _either(texts: list[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    if len(texts) > _MOST_TOLD:
        return f"any of {len(texts)} slips gives this, among them: {'; '.join(texts[:_MOST_TOLD])}"
    return "either " + ", or ".join(texts)


def _worst(answer: Answer) -> tuple[tuple[int, ...], float, float]:
    """Return the place where the numbers differ most, with both numbers."""
    if not answer.shape_fits:
        place: Any = (0,) * answer.expected.ndim
        return place, float("nan"), float(answer.expected[place])
    with np.errstate(all="ignore"):
        difference = np.abs(answer.value - answer.expected)
    difference = np.where(np.isnan(difference), np.inf, difference)
    found = np.unravel_index(int(difference.argmax()), difference.shape)
    place = tuple(int(i) for i in found)
    return place, float(answer.value[place]), float(answer.expected[place])
