"""Pushes: how hard each sample of a batch pushes the parameters, and whether with the others.

The gradient of a sample is delta_i (a_i)^T at each layer. Its length is |delta_i| |a_i|, and its
product with another matrix G is delta_i^T G a_i: neither needs the gradient written down.
(Goodfellow, "Efficient per-example gradient computations", 2015, arXiv:1510.01799.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.record import Record
from clearprop.studio.question import Question
from clearprop.studio.runs import SLICE, Run

Array = NDArray[Any]

SHOWN = 12
"""Samples that are shown, those that push hardest."""


def pushes(run: Run, question: Question) -> dict[str, Any]:
    """Return the samples of step n's batch that push hardest, hardest first.

    For each: its row, its place in the batch, the length of its own gradient (times its weight, of
    mean 1, where samples have some), its share of all lengths, the cosine between its gradient and
    the batch's, and |delta| by layer.
    """
    n = run.reach(question.whole("n", 0), SLICE)
    step = run.at(n)
    record = step.record
    norms, products = lengths(record)
    length = float(np.linalg.norm(record.gradient))
    order = np.argsort(-norms, kind="stable")[:SHOWN]
    total = float(norms.sum())
    sizes = [np.linalg.norm(one, axis=1) for one in record.delta]
    return {
        "n": n,
        "batch": len(norms),
        "gradient": length,
        "samples": [
            {
                "sample": int(i),
                "row": int(step.rows[i]),
                "norm": float(norms[i]),
                "share": float(norms[i] / total) if total > 0 else 0.0,
                "cosine": float(products[i] / (norms[i] * length))
                if norms[i] > 0 and length > 0
                else None,
                "deltas": [float(one[i]) for one in sizes],
                "loss": float(record.losses[i]),
            }
            for i in order
        ],
    }


def lengths(record: Record) -> tuple[Array, Array]:
    """Return the length of each sample's own gradient, and its product with the batch's."""
    n = len(record.losses)
    squares, products = np.zeros(n), np.zeros(n)
    biases = record.db or [None] * len(record.dW)
    with np.errstate(all="ignore"):
        for layer, (delta, G, g) in enumerate(zip(record.delta, record.dW, biases, strict=True)):
            d, a = delta.astype(np.float64), record.a[layer].astype(np.float64)
            own = (a**2).sum(axis=1) + (0 if g is None else 1)
            squares += (d**2).sum(axis=1) * own
            products += ((d @ G) * a).sum(axis=1) + (0 if g is None else d @ g)
        shares = n * record.omega if np.ptp(record.omega) else np.ones(n)  # where weights differ
        return shares * np.sqrt(squares), shares * products
