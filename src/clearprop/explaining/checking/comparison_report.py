"""What `compare_gradients` found: a table, the first fault, points, and hints in levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clearprop.checks.settings import number
from clearprop.display.html_table import html_table
from clearprop.display.text_table import text_table
from clearprop.errors import ArgumentError, ElementError, shown

LEVELS = (1, 2, 3)

PRAISE = "all is right"


@dataclass(frozen=True)
class ComparedQuantity:
    """One quantity: the caller's beside the record's.

    Attributes
    ----------
    name : str
        "W1" for dL/dW^1, "delta2", "z1[0]".
    label : str
        As it is shown: "dW1", "delta2", or the reader's own name.
    verdict : str
        "right"; "wrong": wrong from here on, whatever was wrong before; or "follows": as it has
        to be after an earlier slip, by the caller's own numbers.
    error : float
        The norm of the difference, as a share of the norm of the right numbers.
    worst : str
        The number that differs most.
    given, expected : float
        The caller's number there, and the right one.
    slip : str or None
        Of a wrong one: the slip or slips whose result it is, or the only place that is wrong. Of
        one that follows: the slip that it follows from. None where nothing is known.
    where : tuple of str
        The quantities in which the slips were made, or any of which may be wrong.
    mended : tuple of str
        How these are computed.
    """

    name: str
    label: str
    verdict: str
    error: float
    worst: str
    given: float
    expected: float
    slip: str | None
    where: tuple[str, ...] = ()
    mended: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether it is right."""
        return self.verdict == "right"

    @property
    def said(self) -> str:
        """The verdict in words."""
        if self.right:
            return "right"
        if self.verdict == "follows":
            return f"follows from: {self.slip}" if self.slip else "follows from the ones before"
        return f"wrong: {self.slip or 'no usual slip gives this'}"


@dataclass(frozen=True, repr=False)
class GradientComparison:
    """What `compare_gradients` found; true where everything is right.

    Attributes
    ----------
    quantities : tuple of ComparedQuantity
        In the order of computation, so that the first fault stands first.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 1], output="identity", dtype="float64", seed=0)
    >>> record = cp.backprop(network, [[1.0, 2.0]], [0.5])
    >>> comparison = cp.compare_gradients(record, {"W1": -record["dW1"], "b1": record["db1"]})
    >>> comparison.passed, comparison["W1"].slip, comparison["b1"].right
    (False, 'the sign is wrong', True)
    >>> comparison.score, comparison.points(4)
    (0.5, 2.0)
    >>> comparison.hint(3)
    'dW1: dW1 = delta1.T @ a0'
    """

    quantities: tuple[ComparedQuantity, ...]

    @property
    def gradients(self) -> tuple[ComparedQuantity, ...]:
        """The quantities that are gradients of weights and biases."""
        return tuple(q for q in self.quantities if q.name[0] in "Wb")

    @property
    def passed(self) -> bool:
        """Whether everything is right."""
        return all(quantity.right for quantity in self.quantities)

    @property
    def first(self) -> ComparedQuantity | None:
        """The first quantity that is wrong and does not follow from an earlier slip, or None."""
        return next((q for q in self.quantities if q.verdict == "wrong"), None)

    @property
    def score(self) -> float:
        """The share of the quantities that are right, or follow from an earlier slip."""
        return self.points(1.0)

    def __bool__(self) -> bool:
        return self.passed

    def __getitem__(self, name: str) -> ComparedQuantity:
        for quantity in self.quantities if isinstance(name, str) else ():
            known = {quantity.name, quantity.label}
            if quantity.name[0] in "Wb":  # with or without the d
                known |= {f"d{one}" for one in known} | {quantity.label.removeprefix("d")}
            if name in known:
                return quantity
        names = ", ".join(quantity.name for quantity in self.quantities)
        raise ElementError(f"{shown(name)} was not compared; {names} were")

    def points(self, most: float = 1.0, carried: float = 1.0) -> float:
        """Return the points earned, of so many for all; each quantity counts the same.

        Parameters
        ----------
        most : float
            What everything right earns.
        carried : float
            The share that a quantity earns which follows from an earlier slip, 0 to 1. 1: one slip
            costs one quantity (error carried forward).

        Raises
        ------
        ArgumentError
            If one of them is no such number.
        """
        most = number("most", most, low=0)
        worth = {"right": 1.0, "follows": number("carried", carried, low=0, high=1), "wrong": 0.0}
        earned = sum(worth[quantity.verdict] for quantity in self.quantities)
        return most * earned / len(self.quantities)

    def hint(self, level: int) -> str:
        """Return a hint at the first fault, in one line, without a right number.

        Parameters
        ----------
        level : int
            1: where to look. 2: what kind of slip it is. 3: the formula, mended.

        Raises
        ------
        ArgumentError
            If there is no such level.
        """
        if type(level) is not int or level not in LEVELS:
            raise ArgumentError(f"level is {shown(level)}; hints have levels 1, 2 and 3")
        first = self.first
        if first is None:
            return PRAISE
        where = " or ".join(first.where) or first.label
        if level == 1:
            hidden = "" if where == first.label else f"; look at how {where} is computed"
            return f"{first.label} is the first that is wrong{hidden}"
        if level == 2:
            slip = first.slip or f"no usual slip gives this; look at {where}"
            return f"{first.label}: {slip}"
        return f"{first.label}: {'; '.join(first.mended)}"

    def assert_right(self, hint: int = 1) -> None:
        """Raise `AssertionError`, whose text is one line, if anything is wrong.

        Parameters
        ----------
        hint : int
            The level of the hint that the line ends in, as in `hint`.

        Raises
        ------
        AssertionError
            If anything is wrong: how many quantities are, and a hint at the first fault.
        ArgumentError
            If there is no such level.
        """
        text = self.hint(hint)
        if not self.passed:
            raise AssertionError(f"{self._title()}: {text}")

    def to_dict(self, most: float = 1.0, carried: float = 1.0, hint: int = 1) -> dict[str, Any]:
        """Return the result for an autograder, made of what JSON has.

        Parameters
        ----------
        most, carried : float
            As in `points`.
        hint : int
            The level of the hint, as in `hint`; from level 2 on, each quantity tells its slip.

        Returns
        -------
        dict
            "score", "max_score", "output" (the hint) and "tests", one for each quantity, with
            "name", "score", "max_score", "status" ("passed" or "failed") and "output": the names
            that Gradescope's results.json has.

        Raises
        ------
        ArgumentError
            If a setting is outside its range.
        """
        each = number("most", most, low=0) / len(self.quantities)
        output = self.hint(hint)
        worth = {"right": 1.0, "follows": number("carried", carried, low=0, high=1), "wrong": 0.0}
        tests = [
            {
                "name": q.label,
                "score": each * worth[q.verdict],
                "max_score": each,
                "status": "passed" if q.right else "failed",
                "output": q.said if hint > 1 else _PLAIN[q.verdict],
            }
            for q in self.quantities
        ]
        score = self.points(most, carried)
        return {"score": score, "max_score": float(most), "output": output, "tests": tests}

    def _title(self) -> str:
        wrong = sum(q.verdict == "wrong" for q in self.quantities)
        follow = sum(q.verdict == "follows" for q in self.quantities)
        verb = "follows" if follow == 1 else "follow"
        after = f", {follow} {verb} from that" if follow else ""
        return f"{wrong} of {len(self.quantities)} wrong{after}"

    def _rows(self) -> list[list[str]]:
        rows = []
        for q in self.quantities:
            numbers = f"{q.given:.6g}", f"{q.expected:.6g}"
            if not q.right:
                numbers = _apart(q.given, q.expected)
            rows.append([q.label, f"{q.error:.1e}", q.worst, *numbers, q.said])
        return rows

    def __repr__(self) -> str:
        title = "everything is right" if self.passed else self._title()
        lines = text_table([_HEAD, *self._rows()])
        return "\n  ".join([f"Compared: {title}", *lines])

    def _repr_html_(self) -> str:
        title = "everything is right" if self.passed else self._title()
        return html_table(f"Compared: {title}", _HEAD, self._rows(), right=(1, 3, 4), wrap=(5,))


_HEAD = ["quantity", "error", "worst at", "yours", "right", "verdict"]

_PLAIN: Mapping[str, str] = {
    "right": "right",
    "wrong": "wrong",
    "follows": "follows from an earlier slip",
}


def _apart(given: float, expected: float) -> tuple[str, str]:
    """Return two numbers with so many digits that different ones look different."""
    texts = f"{given:.6g}", f"{expected:.6g}"
    for digits in range(7, 18):
        if given == expected or texts[0] != texts[1]:
            break
        texts = f"{given:.{digits}g}", f"{expected:.{digits}g}"
    return texts
