"""Baseline inputs: a table as scikit-learn's models like it best, not as the network gets it.

So no baseline is held back by the network's encoding: all of its categories are told apart, however
rare, and gradient boosting gets columns as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.numerics.random import Purpose, random_order
from clearprop.tables.cells import words_as_known
from clearprop.tables.columns import Column
from clearprop.tables.encoding import KINDS_OF_CATEGORY, Encoding, Input

Array = NDArray[Any]
Columns = Mapping[str, Column]

NATIVE = 255
"""Categories that scikit-learn's gradient boosting tells apart by itself."""

FOLDS = 5
"""Parts of the rows, each of which gets the mean targets of categories in the other parts."""

DENSITY = 0.25
"""The share of numbers that are not 0 from which on a matrix is dense."""


@dataclass(frozen=True)
class BaselineInputs:
    """The inputs of some kind of baseline, of the rows to learn from and to test on.

    Attributes
    ----------
    learned, tested : ndarray or scipy.sparse.csr_array, float64, shape (n, k), (m, k)
    categorical : tuple of int
        The columns that hold codes of at most `NATIVE` categories.
    targeted : tuple of int
        Those that hold codes of more.
    """

    learned: Any
    tested: Any
    categorical: tuple[int, ...] = ()
    targeted: tuple[int, ...] = ()


def for_none(encoding: Encoding, learned: Columns, tested: Columns) -> BaselineInputs:
    """Return a column of zeros, for models that know no inputs."""
    n, m = (len(rows[encoding.inputs[0].column].values) for rows in (learned, tested))
    return BaselineInputs(np.zeros((n, 1)), np.zeros((m, 1)))


def for_boosting(encoding: Encoding, learned: Columns, tested: Columns) -> BaselineInputs:
    """Return a column each of numbers and codes, NaN where missing or new; dates as their parts."""
    parts: tuple[list[Array], list[Array]] = [], []
    categorical: list[int] = []
    targeted: list[int] = []
    for one in encoding.inputs:
        both = learned[one.column], tested[one.column]
        if one.kind in KINDS_OF_CATEGORY:
            code_of_word, k = _codes(one, both[0])
            (targeted if k > NATIVE else categorical).append(len(parts[0]))
            for part, column in zip(parts, both, strict=True):
                part.append(code_of_word[column.values])
        else:
            for part, column in zip(parts, both, strict=True):
                part.extend(one.values_of(column))
    X, X_test = map(np.column_stack, parts)
    return BaselineInputs(X, X_test, tuple(categorical), tuple(targeted))


def with_mean_targets(
    inputs: BaselineInputs, y: Array, n_classes: int, seed: int
) -> BaselineInputs:
    """Return inputs in which mean targets stand for codes of too many categories, behind the rest.

    They are scikit-learn's TargetEncoder's, which shrinks those of few rows. A row that is learned
    from gets those of other rows, so that its own target does not show.
    """
    from sklearn.preprocessing import TargetEncoder

    if not inputs.targeted:
        return inputs
    codes, places = inputs.learned[:, inputs.targeted], list(inputs.targeted)
    left = [place for place in range(inputs.learned.shape[1]) if place not in places]
    order = random_order(seed, len(y), Purpose.BASELINES)
    kind = "continuous"
    if n_classes:  # each class in turn, so that none is in one part alone
        order = order[np.argsort(y[order], kind="stable")]
        kind = "binary" if len(np.unique(y)) == 2 else "multiclass"
    encoder = TargetEncoder(target_type=kind)
    means = encoder.fit(codes, y).transform(inputs.tested[:, places])
    of_others = np.empty((len(y), means.shape[1]))
    for first in range(FOLDS):
        fold = np.zeros(len(y), dtype=bool)
        fold[order[first::FOLDS]] = True
        of_others[fold] = encoder.fit(codes[~fold], y[~fold]).transform(codes[fold])
    return BaselineInputs(
        np.column_stack([inputs.learned[:, left], of_others]),
        np.column_stack([inputs.tested[:, left], means]),
        tuple(left.index(place) for place in inputs.categorical),
    )


def for_linear(encoding: Encoding, learned: Columns, tested: Columns) -> BaselineInputs:
    """Return standardized numbers and flags of missing values, and an input for each category."""
    from scipy import sparse  # scikit-learn brings it

    bare = tuple(replace(one, categories=(), rare=0, rare_words=()) for one in encoding.inputs)
    numbers = replace(encoding, inputs=bare)
    parts = [[sparse.csr_array(numbers.encode(rows, np.float64))] for rows in (learned, tested)]
    for one in encoding.inputs:
        if one.kind in KINDS_OF_CATEGORY:
            code_of_word, k = _codes(one, learned[one.column])
            for part, columns in zip(parts, (learned, tested), strict=True):
                codes = code_of_word[columns[one.column].values]
                rows = np.flatnonzero(~np.isnan(codes))
                places = rows, codes[rows].astype(np.int64)
                shape = len(codes), k
                part.append(sparse.csr_array((np.ones(len(rows)), places), shape=shape))
    found = [sparse.hstack(part, format="csr") for part in parts]
    n, k = found[0].shape
    if found[0].nnz > DENSITY * n * k:
        found = [one.toarray() for one in found]
    return BaselineInputs(*found)


def _codes(one: Input, learned: Column) -> tuple[Array, int]:
    """Return the code of each word, NaN of one that is not there and behind them; how many."""
    words = words_as_known(learned, one.kind, ())
    there = sorted({word for word, n in zip(words, learned.counts(), strict=True) if n})
    code = {word: float(i) for i, word in enumerate(there)}
    return np.array([*(code.get(word, np.nan) for word in words), np.nan]), len(there)
