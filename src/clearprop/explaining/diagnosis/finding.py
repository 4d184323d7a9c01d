"""A finding: one thing that is wrong, in plain words."""

from __future__ import annotations

from dataclasses import dataclass

FEW = 20
"""Rows below which what happens by chance cannot be told from what ails a network."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: what, where, how it shows, and what to do.

    Attributes
    ----------
    kind : str
        Of the inputs: "constant inputs", "constant input", "duplicate inputs", "outliers",
        "unscaled inputs". Of the targets: "constant targets", "unscaled targets", "targets out of
        reach", "classes as numbers", "imbalanced classes", "absent class". Of both: "leakage",
        "unrelated targets". Of units: "dead units", "saturation", "symmetric units". Of weights
        and deltas: "vanishing deltas", "exploding deltas", "weights too large". Of training:
        "learning rate too large", "learning rate too small", "momentum too large", "penalty too
        large", "overfitting". And "not finite".
    layer : int or None
        None where it is not of one layer.
    evidence, remedy : str
    """

    kind: str
    layer: int | None
    evidence: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.evidence}; {self.remedy}"
