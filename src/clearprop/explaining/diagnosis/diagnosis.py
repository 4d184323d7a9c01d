"""Diagnosis: figures of each layer on given data, and what is wrong, in plain words."""

from __future__ import annotations

import html
import textwrap
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import backprop
from clearprop.checks.settings import count
from clearprop.display.html_table import html_table
from clearprop.display.text_table import text_table
from clearprop.errors import ArgumentError, shown
from clearprop.explaining.diagnosis.finding import FEW, Finding
from clearprop.explaining.diagnosis.findings import findings_of
from clearprop.explaining.diagnosis.layer_figures import LayerFigures, ends, layer_figures
from clearprop.explaining.diagnosis.of_training import rate_findings
from clearprop.explaining.learning_rate import find_learning_rate
from clearprop.explaining.names import counted
from clearprop.explaining.rate_trial import ROWS, held_rows, try_rate
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network
from clearprop.optimizers import LBFGS, OPTIMIZERS, Optimizer, OptimizerName
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.record import Record
from clearprop.schedules import rate_at
from clearprop.training.job import check_data
from clearprop.training.steps import steps

Array = NDArray[Any]


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What `diagnose` found. True where nothing is wrong.

    Attributes
    ----------
    layers : tuple of LayerFigures
    findings : tuple of Finding
    rows : int

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 4, 1], activations="relu", output="identity", seed=0)
    >>> network["b1"] = -9.0
    >>> for finding in cp.diagnose(network, [[0, 1], [1, 0], [1, 1]], [0, 1, 1]).findings[:1]:
    ...     print(finding)
    dead units: layer 1: 4 of 4 relu units never fire on 3 rows; their biases lie at or below -9; \
draw the weights anew (he_normal), with biases at 0, or train with a smaller learning rate
    """

    layers: tuple[LayerFigures, ...]
    findings: tuple[Finding, ...]
    rows: int

    def __bool__(self) -> bool:
        return not self.findings

    def _table(self) -> list[list[str]]:
        return [
            [
                str(f.layer), f.activation, str(f.units), str(len(f.dead)), f"{f.saturated:.0%}",
                f"{f.spread:.2g}", f"{f.delta:.2g}", f"{f.gradient:.2g}",
                "" if f.update is None else f"{f.update:.1e}",
            ]
            for f in self.layers
        ]  # fmt: skip

    def _title(self) -> str:
        few = ""
        silent = any(f.dead and ends(f.activation) is None for f in self.layers)
        if silent and self.rows < FEW and all(f.kind != "dead units" for f in self.findings):
            few = f", too few to tell dead units from silent ones ({FEW} would do)"
        return f"Diagnosis on {counted(self.rows, 'row')}{few}"

    def _legend(self) -> str:
        tried = any(figures.update is not None for figures in self.layers)
        return _LEGEND + (_LEGEND_UPDATE if tried else "")

    def __repr__(self) -> str:
        rows = [_HEAD, *self._table()]
        lines = text_table(rows)
        legend = textwrap.wrap(self._legend(), 96)
        found = [
            textwrap.fill(f"- {finding}", 96, subsequent_indent="    ") for finding in self.findings
        ] or ["nothing is found to be wrong"]
        return "\n  ".join([self._title(), *lines, *legend, *found])

    def _repr_html_(self) -> str:
        table = html_table(self._title(), _HEAD, self._table())
        words = [[str(finding)] for finding in self.findings] or [["nothing is found to be wrong"]]
        legend = f'<p style="margin:4px 0">{html.escape(self._legend())}</p>'
        return table + legend + html_table("Findings", [], words, wrap=(0,))


_HEAD = ["layer", "activation", "units", "dead", "saturated", "spread", "delta", "|dW|", "update"]

_LEGEND = (
    "spread: standard deviation of a over the rows; delta: root mean square of dL/dz; |dW|: norm"
)
_LEGEND_UPDATE = "; update: change of W in one update, as a share of the norm of W"


def diagnose(
    network: Network,
    X: object,
    y: object,
    *,
    loss: LossName | Loss | None = None,
    optimizer: OptimizerName | Optimizer | None = None,
    batch_size: int | None = None,
    validation: tuple[object, object] | None = None,
    sample_weight: object = None,
    l2: float = 0.0,
) -> Diagnosis:
    """Look at a network on data, and say what is wrong, with evidence, the cause and a remedy.

    It looks at the columns of X, at the targets, at what one tells of the other, at the units,
    weights and deltas of each layer, at the penalty, and at the learning rate. What follows from a
    cause that was found is not said.

    Parameters
    ----------
    network : Network
        Left as it is.
    X, y, loss, sample_weight, l2
        As for `backprop`; all rows go through at once.
    optimizer : str or Optimizer, optional
        Copies are trained with it for 30 updates, on 1,000 of the rows at most, and beside that at
        smaller or larger rates, to see whether its learning rate and momentum fit. What
        `find_learning_rate` suggests for the same rows and batches is not called too large.
    batch_size : int, optional
        The rows of these updates; None: all.
    validation : (X, y), optional
        Rows that the network was not trained on, to see whether it is overfitted.

    Returns
    -------
    Diagnosis
        True where nothing was found.

    Raises
    ------
    DataError, ArgumentError, UnknownNameError, PairingError
        If something that was passed in does not fit.

    Examples
    --------
    >>> import numpy as np
    >>> import clearprop as cp
    >>> X = np.random.default_rng(0).normal(size=(200, 5))
    >>> network = cp.Network([5, 20, 2], activations="relu", output="softmax", seed=1)
    >>> bool(cp.diagnose(network, X, (X[:, 0] > 0).astype(int), optimizer="adam"))
    True
    """
    network = check_network(network)
    record = backprop(network, X, y, loss=loss, sample_weight=sample_weight, l2=l2)
    batch_size = None if batch_size is None else count("batch_size", batch_size, 1)
    held_out = _held_out(record.network, validation)
    rule = None if optimizer is None else resolve_optimizer(optimizer)
    if isinstance(rule, LBFGS):
        raise ArgumentError("LBFGS finds its steps itself: diagnose without an optimizer")
    finite = bool(np.isfinite(record.loss) and np.isfinite(record.gradient).all())
    changes = _changes(record.network, X, y, rule, sample_weight, l2) if rule and finite else None
    layers = tuple(
        layer_figures(record, at, None if changes is None else changes[at - 1])
        for at in range(1, len(network.sizes))
    )
    findings, judged = findings_of(record, layers, held_out)
    if rule is not None and judged:
        findings += _of_rate(record, layers, rule, (X, y, sample_weight), batch_size)
    return Diagnosis(layers, tuple(findings), len(record.losses))


def _held_out(network: Network, validation: object) -> Record | None:
    if validation is None:
        return None
    if not isinstance(validation, tuple) or len(validation) != 2:
        raise ArgumentError(f"validation is {shown(validation)}; give (X, y)")
    return backprop(network, *validation)


def _changes(
    network: Network, X: object, y: object, rule: Any, sample_weight: object, l2: float
) -> list[Array] | None:
    """Return what an update would change each W by; None where a schedule begins with a rest."""
    rate: Any = getattr(rule, "learning_rate", None)
    if isinstance(rule, tuple(OPTIMIZERS.values())) and rate_at(rate, 0, 1) == 0.0:
        return None
    run = steps(
        network.astype(np.float64), X, y, optimizer=rule, batch_size=None, epochs=1,
        sample_weight=sample_weight, l2=l2,
    )  # fmt: skip
    update = network.unflatten(next(run).update)
    return [update[f"W{at}"] for at in range(1, len(network.sizes))]


def _of_rate(
    record: Record,
    layers: tuple[LayerFigures, ...],
    rule: Any,
    rows: tuple[object, object, object],
    batch_size: int | None,
) -> list[Finding]:
    """Return what is wrong with the rate; what is suggested is found on the rows of the trial."""
    network, l2 = record.network, record.l2
    data = held_rows(check_data(network, *rows), 0, ROWS)

    def suggested() -> float | None:
        with suppress(ArgumentError):  # RProp has no rate to look for
            return find_learning_rate(
                network, data.X, data.y, optimizer=rule, batch_size=batch_size,
                sample_weight=data.weights, l2=l2,
            ).suggested  # fmt: skip
        return None

    def attempt(tried: Any) -> Any:
        return try_rate(network, data, tried, batch_size=batch_size, l2=l2, seed=0)

    return [*rate_findings(record, layers, rule, attempt, suggested)]
