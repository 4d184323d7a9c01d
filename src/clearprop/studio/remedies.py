"""Remedies: what a finding advises, as changes of a setup, where a setup can say it."""

from __future__ import annotations

from collections.abc import Iterator

from clearprop.explaining.diagnosis.finding import Finding
from clearprop.initializers import initializer
from clearprop.studio.problems import Problem
from clearprop.studio.sets import DRAWN
from clearprop.studio.setup import Setup

Changes = dict[str, str]


def remedies(
    setup: Setup, problem: Problem, finding: Finding, rate: float | None
) -> list[dict[str, object]]:
    """Return what may be tried: in words, and as changes of the setup. None, if none is known.

    Parameters
    ----------
    setup : Setup
    problem : Problem
    finding : Finding
    rate : float or None
        What `find_learning_rate` suggests.
    """
    return [
        {"words": words, "changes": changes}
        for words, changes in _tried(setup, problem, finding, rate)
        if any(_changes(setup, name, value) for name, value in changes.items())
    ]


def _changes(setup: Setup, name: str, value: str) -> bool:
    """Whether a setup has another value: 0.0 is "0"."""
    own = getattr(setup, name)
    return bool(type(own)(value) != own)


def _tried(
    setup: Setup, problem: Problem, finding: Finding, rate: float | None
) -> Iterator[tuple[str, Changes]]:
    kind = finding.kind
    if kind.startswith("learning rate"):
        yield from _of_rate(problem, setup, rate, "large" in kind)
    elif kind == "momentum too large":
        yield "a momentum of 0.9", {"momentum": "0.9"}
    elif kind == "penalty too large":
        yield "no penalty", {"l2": "0"}
    elif kind in ("unscaled inputs", "outliers"):
        yield "standardized inputs", {"standardize": "1"}
    elif kind == "saturation" and finding.layer == len(problem.network.weights):
        yield (
            "binary cross-entropy after sigmoid",
            {"output": "sigmoid", "loss": "binary_cross_entropy"},
        )
    elif kind == "overfitting":
        yield "a penalty, l2 of 0.01", {"l2": "0.01"}
        if setup.data in DRAWN:
            rows = 4 * (setup.rows or DRAWN[setup.data].rows)
            yield f"{rows:,} rows", {"rows": str(rows)}
    elif kind in _OF_WEIGHTS:
        yield from _of_weights(setup, problem, finding)


_OF_WEIGHTS = (
    "dead units", "saturation", "symmetric units", "vanishing deltas", "exploding deltas",
    "weights too large",
)  # fmt: skip


def _of_rate(
    problem: Problem, setup: Setup, rate: float | None, large: bool
) -> Iterator[tuple[str, Changes]]:
    own = setup.rule(problem.optimizer)
    now = getattr(own, "learning_rate", None)
    if rate is None and isinstance(now, float):
        rate = now / 10 if large else now * 10
    if rate is not None:
        text = f"{rate:.2g}"
        yield f"a learning rate of {text}", {"rate": text}


def _of_weights(setup: Setup, problem: Problem, finding: Finding) -> Iterator[tuple[str, Changes]]:
    """Yield fresh weights, drawn by a law that fits, and what else a finding says."""
    if setup.data not in DRAWN and not setup.hidden:
        return  # the weights are given
    fresh = {"gain": "1.0", "bias": "0.0"}
    remedy = finding.remedy
    law = next((law for law in ("he_normal", "he_uniform", "glorot_uniform") if law in remedy), "")
    if "use relu" in remedy:
        yield f"relu with {law}", {**fresh, "activation": "relu", "initializer": law}
    elif law and _are_drawn_by(law, setup, problem):  # it is the steps that have led here
        for words, changes in _of_rate(problem, setup, None, True):
            yield f"{words}, as weights are drawn so already", changes
    elif law:
        yield f"weights drawn by {law}", {**fresh, "initializer": law}
    sizes = problem.network.sizes[1:-1]
    if "fewer layers" in remedy and len(sizes) > 2:
        yield "two hidden layers", {"hidden": ",".join(map(str, sizes[:2]))}


def _are_drawn_by(law: str, setup: Setup, problem: Problem) -> bool:
    """Whether all hidden layers begin as a remedy would have them."""
    own = {
        initializer(setup.initializer or "auto", one).name
        for one in problem.network.activations[:-1]
    }
    return own == {law} and not any(
        _changes(setup, name, value) for name, value in (("gain", "1.0"), ("bias", "0.0"))
    )
