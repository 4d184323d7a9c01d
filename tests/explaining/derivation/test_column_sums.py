"""Every column that is printed adds up to what is printed below it, read from the text alone."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp
from derivation_cases import random_case, some_element
from derivation_rows import Book
from evaluator import Evaluator, close
from printed_columns import (
    Column,
    check_column,
    columns_of_html,
    columns_of_latex,
    columns_of_mathml,
    columns_of_text,
)


def columns_of(derivation) -> list[Column]:
    """Read and add up the columns of all forms; return those of the text."""
    forms = [
        list(columns_of_text(str(derivation))),
        list(columns_of_text(derivation.to_text(60))),
        list(columns_of_latex(derivation.to_latex())),
        list(columns_of_mathml(derivation.to_mathml())),
        list(columns_of_html(derivation.to_html())),
    ]
    for form in forms:
        for column in form:
            check_column(column)
    by_rows = [e for e in derivation if e.is_by_rows]
    assert all(len(form) >= len(by_rows) for form in forms)
    return forms[0]


@pytest.mark.parametrize("seed", range(100))
def test_columns_add_up(seed):
    """500 derivations: random networks, losses, activations, weights, penalties, elements."""
    network, X, y, weights, l2, rng = random_case(seed)
    record = cp.backprop(network, X, y, sample_weight=weights, l2=l2)
    book = Book(record)
    for of in ("L", None, *(some_element(network, rng) for _ in range(3))):
        largest = int(rng.integers(1, 7))
        derivation = cp.explain(network, X, y, of, sample_weight=weights, l2=l2, largest=largest)
        for column in columns_of(derivation):
            for row in column.rows:  # and each row is right in itself
                if row.numbers:
                    found = Evaluator(row.numbers, book.value, book.apply).result()
                    assert close(found, float(row.value), 1e-4), row


@pytest.mark.parametrize("seed", range(10))
def test_columns_of_steps_add_up(seed):
    rng = np.random.default_rng(seed)
    network = cp.Network([5, 9, 8, 3], ["tanh", "relu", "softmax"], dtype="float64", seed=seed)
    X, y = rng.normal(size=(12, 5)), rng.integers(0, 3, 12)
    steps = cp.steps(network, X, y, batch_size=9, dropout=0.3, l2=0.01, seed=seed)
    found = 0
    for step in [next(steps), next(steps)]:
        for of in ("W1[0,0]", "b1[0]", "W2[7,8]", "delta2[1]", "da1[2]", None):
            found += len(columns_of(cp.explain(step=step, of=of, largest=1 + seed % 6)))
    assert found > 20


def test_a_subtracted_row_carries_its_sign():
    network = cp.Network([3, 4, 3], "tanh", "softmax", dtype="float64", seed=1)
    derivation = cp.explain(network, [0.1, -0.2, 0.7], 1, of="L", largest=2)
    assert "- y[1] · log(a2[1]) = -1 · log(0.455023) = 0.787408  ◂ largest" in str(derivation)
    network = cp.Network([2, 2, 5], "tanh", "sigmoid", dtype="float64", seed=1)
    derivation = cp.explain(network, [0.1, -0.2], [1, 0, 1, 0, 1.0], of="L")
    assert "- log(a2[0])     = -log(0.48463)      = 0.72437" in str(derivation)
    assert r"\quad -\log\left( a^{2}_{0} \right) = -\log\left( 0.48463" in derivation.to_latex()
