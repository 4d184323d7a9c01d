"""cp.worksheet: a derivation with gaps to fill in, and the key to them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import count
from clearprop.errors import ArgumentError, shown
from clearprop.explaining.derivation.derivation import Derivation
from clearprop.explaining.derivation.explanation import explain
from clearprop.explaining.derivation.expressions import Number, Symbol, symbols_in
from clearprop.explaining.derivation.plain_text import TEXT
from clearprop.explaining.derivation.shown_numbers import number
from clearprop.explaining.derivation.tree import Equation, Part
from clearprop.network import Network, check_network

_DECIMAL = re.compile(r"\d\.\d|\de-\d")
"""A number that words tell of a result, and would give a gap away."""

_TOKEN = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")


@dataclass(frozen=True, repr=False)
class Worksheet:
    """A derivation with gaps, and its key: what `cp.worksheet` returns. Printed, it is text.

    Attributes
    ----------
    sheet : Derivation
        With gaps.
    solved : Derivation
        Without.
    answers : dict of str to float
        By code name, what belongs into the gaps, in their order: the first into gap (1).
    network : Network
        The one that is worked on; with a seed, it has numbers of its own.
    x : ndarray
        What is put into it.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 2, 1], "tanh", seed=1)
    >>> sheet = cp.worksheet(network, [0.5, 1.0], 1.0, of="W1[0,0]", blanks=["z1[0]"], seed=4)
    >>> "z1[0]" in sheet.answers, "______ (1)" in sheet.to_text(key=True)
    (True, False)
    """

    sheet: Derivation
    solved: Derivation
    answers: dict[str, float]
    network: Network
    x: NDArray[np.float64]

    def to_text(self, *, key: bool = False) -> str:
        """Return the sheet as text, or its key."""
        return self._of(key).to_text()

    def to_latex(self, *, key: bool = False) -> str:
        """Return the sheet as LaTeX, or its key."""
        return self._of(key).to_latex()

    def to_html(self, *, key: bool = False) -> str:
        """Return the sheet as a page in one file, or its key."""
        return self._of(key).to_html()

    def to_notebook(self, *, key: bool = False) -> str:
        """Return the sheet as a notebook (JSON), with a cell for the answers, or its key."""
        lines = [
            f"    {name!r}: {number(value) if key else None},  # ({k})"
            for k, (name, value) in enumerate(self.answers.items(), 1)
        ]
        cells = [
            _cell("markdown", f"```text\n{self.to_text(key=key)}\n```"),
            _cell("code", "\n".join(["answers = {", *lines, "}"])),
        ]
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        notebook = {
            "cells": [cell | {"id": f"cell-{i}"} for i, cell in enumerate(cells)],
            "metadata": {"kernelspec": kernel},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"

    def _of(self, key: bool) -> Derivation:
        if not key:
            return self.sheet
        shown_as = {e.name: TEXT.symbols(e.left, self.solved.names) for e in self.solved}
        answers = "; ".join(
            f"({k}) {shown_as[name]} = {number(value)}"
            for k, (name, value) in enumerate(self.answers.items(), 1)
        )
        return replace(self.solved, words=(f"Key: {answers}.", *self.solved.words))

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.sheet._repr_html_()


def _cell(kind: str, source: str) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": source}
    return cell if kind == "markdown" else cell | {"execution_count": None, "outputs": []}


def worksheet(
    network: Network,
    x: object,
    y: object,
    of: str | None = None,
    *,
    blanks: float | Sequence[str] = 0.5,
    seed: int | None = None,
    names: Mapping[str, str] | None = None,
    superscripts: str = "plain",
    one_based: bool = False,
) -> Worksheet:
    """Leave numbers out of a derivation, for a reader to fill in, and keep the key.

    Where a number is left out, it is left out wherever else it would stand, and so are the
    numbers put in that would give it away; the formulas stay.

    Parameters
    ----------
    network : Network
        Left as it is.
    x, y
        One sample or a batch, and its target, as for `cp.explain`.
    of : str, optional
        As for `cp.explain`: an element, or None for the whole pass.
    blanks : float or sequence of str
        The share of the results that are left out, above 0 and up to 1, or which: code names
        such as "z1[0]", or `names`.
    seed : int, optional
        Gives a reader numbers of their own: weights, biases and x are drawn anew between -1 and 1,
        with one decimal; y stays. It also draws which results are left out. None: the numbers are
        those given.
    names : mapping of str to str, optional
    superscripts : {"plain", "parentheses"}
    one_based : bool
        How the sheet is written, as for `cp.explain`; ``answers`` keep the grammar's names.

    Returns
    -------
    Worksheet
        ``to_text()``, ``to_latex()``, ``to_html()`` and ``to_notebook()`` write it, each with
        ``key=True`` the key; ``answers`` has the numbers that were left out.

    Raises
    ------
    ElementError
        If one of `blanks` is no equation of the derivation.
    ArgumentError
        If blanks or seed do not fit.
    Other errors
        As of `cp.explain`.

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network.from_weights([[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]])
    >>> sheet = cp.worksheet(network, [0.5, 1.0], 1.0, of="a2[0]", blanks=["z1[0]", "a2[0]"])
    >>> [f"{name} = {value:.4f}" for name, value in sheet.answers.items()]
    ['z1[0] = 0.3500', 'a2[0] = 0.6608']
    >>> print(str(sheet).splitlines()[14])
      z1[0] = W1[0,0] · x[0] + W1[0,1] · x[1] = ______ (1)
    """
    check_network(network)

    def derivation() -> Derivation:
        return explain(
            network, x, y, of, names=names, superscripts=superscripts, one_based=one_based
        )

    solved = derivation()
    rng = np.random.default_rng(0 if seed is None else count("seed", seed, 0))
    network = network.copy()
    if seed is not None:
        for parameters in (*network.weights, *network.biases):
            parameters[...] = _drawn(rng, parameters.shape)
        x = _drawn(rng, np.asarray(x).shape)
        solved = derivation()
    given = _given(solved)
    told = tuple(part for part in map(_without_difference, solved.parts) if part is not None)
    solved = replace(solved, parts=told)
    chosen = _chosen(solved, blanks, rng)
    gaps = {name: k for k, name in enumerate(chosen, 1)}
    values = {name: solved[name].value for name in chosen}
    hidden = _shown(solved, chosen)
    parts = (given, *(_gapped(part, gaps, hidden) for part in solved.parts))
    words = tuple(text for text in solved.words if not _DECIMAL.search(text))
    sheet = replace(solved, parts=parts, words=words)
    solved = replace(solved, parts=(given, *solved.parts))
    return Worksheet(sheet, solved, values, network, np.asarray(x, dtype=np.float64))


def _drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return numbers of one decimal between -1 and 1, none of which is 0."""
    return rng.integers(1, 11, shape) * rng.choice([-1, 1], shape) / 10


def _given(solved: Derivation) -> Part:
    """Return what the derivation starts from: inputs, targets, parameters, and what is not told."""
    derived = {equation.name for equation in solved}
    found: dict[str, Equation] = {}
    for equation in solved:
        if equation.name in ("difference", "path") or not equation.forms:
            if equation.note == "input":
                found[equation.name] = equation
            continue
        for form in equation.forms:
            for symbol in symbols_in(form):
                if symbol.code not in derived:
                    found[symbol.code] = Equation(symbol, symbol.value)
    return Part("Given", (), tuple(found.values()))


def _without_difference(part: Part) -> Part | None:
    """Return a part without the central difference, which gives the gradient away."""
    kept = replace(part, equations=tuple(e for e in part.equations if e.name != "difference"))
    return kept if kept.equations or kept.parts else None


def _shown(solved: Derivation, names: Sequence[str]) -> set[str]:
    """Return how the values of results are written, but for 0 and 1, which say nothing."""
    return {number(abs(solved[name].value)) for name in names} - {"0", "1"}


def _chosen(solved: Derivation, blanks: object, rng: np.random.Generator) -> list[str]:
    """Return the code names of the results that are left out, in the order of the derivation.

    A result that is written like one of them is left out, too.
    """
    made = [e for e in solved if e.forms and not isinstance(e.forms[-1], Number | Symbol)]
    order = list(dict.fromkeys(equation.name for equation in made))
    if isinstance(blanks, list | tuple) and blanks and all(isinstance(b, str) for b in blanks):
        picked = {solved[name].name for name in blanks}
    else:
        share = blanks if isinstance(blanks, int | float) and not isinstance(blanks, bool) else 0
        if not 0 < share <= 1:
            raise ArgumentError(
                f"blanks is {shown(blanks)}; give a share above 0 and up to 1, or names of results"
            )
        if not order:
            raise ArgumentError("nothing is computed here that could be left out: ask for another")
        places = rng.choice(len(order), max(1, round(share * len(order))), replace=False)
        picked = {order[place] for place in places}
    alike = _shown(solved, sorted(picked))
    names = [e.name for e in solved if e.forms and number(abs(e.value)) in alike]
    return [name for name in dict.fromkeys(e.name for e in solved) if name in picked.union(names)]


def _gapped(part: Part, gaps: Mapping[str, int], hidden: set[str]) -> Part:
    """Return a part with gaps, without the numbers and words that would give them away."""

    def of(equation: Equation) -> Equation:
        told = {equation.numbers, number(equation.value)}
        told |= {number(term.value, equation.shown_digits) for term in equation.terms}
        tokens = {number(float(token)) for text in told for token in _TOKEN.findall(text)}
        gap = gaps.get(equation.name, 0)
        uses = bool(set(equation.depends_on) & set(gaps))
        hides = bool(gap or uses or tokens & hidden)
        forms = equation.forms
        if gap and forms and isinstance(forms[-1], Number):
            forms = ()  # the formula is the number itself: a slope of 1
        return replace(equation, forms=forms, gap=gap, hides_numbers=hides)

    return replace(
        part,
        words=tuple(text for text in part.words if not _DECIMAL.search(text)),
        equations=tuple(of(equation) for equation in part.equations),
        parts=tuple(_gapped(child, gaps, hidden) for child in part.parts),
    )
