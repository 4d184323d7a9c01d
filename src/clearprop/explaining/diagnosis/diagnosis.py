"""Diagnosis: figures of each layer on given data, and what is wrong, in plain words."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.backprop import backprop
from clearprop.display.html_table import html_table
from clearprop.display.text_table import text_table
from clearprop.errors import ArgumentError
from clearprop.explaining.diagnosis.findings import FEW, Finding, findings_of
from clearprop.explaining.diagnosis.layer_figures import LayerFigures, ends, layer_figures
from clearprop.explaining.names import counted
from clearprop.losses import Loss, LossName
from clearprop.network import Network, check_network
from clearprop.optimizers import LBFGS, OPTIMIZERS, Optimizer, OptimizerName
from clearprop.optimizers import optimizer as resolve_optimizer
from clearprop.schedules import rate_at
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
    sample_weight: object = None,
    l2: float = 0.0,
) -> Diagnosis:
    """Look at every layer of a network on data, and say what is wrong, with evidence and a remedy.

    Parameters
    ----------
    network : Network
        Left as it is.
    X, y, loss, sample_weight, l2
        As for `backprop`; all rows go through at once.
    optimizer : str or Optimizer, optional
        One update of a copy is made with it, to see whether its learning rate fits.

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
    changes: list[Array] | None = None
    if optimizer is not None:
        rule = resolve_optimizer(optimizer)
        if isinstance(rule, LBFGS):
            raise ArgumentError("LBFGS finds its steps itself: diagnose without an optimizer")
        known = isinstance(rule, tuple(OPTIMIZERS.values()))
        rate: Any = getattr(rule, "learning_rate", None)
        rests = known and rate_at(rate, 0, 1) == 0.0  # a schedule's start
        if np.isfinite(record.loss) and np.isfinite(record.gradient).all() and not rests:
            double = network.astype(np.float64, loss=loss)
            run = steps(
                double, X, y, optimizer=rule, batch_size=None, epochs=1,
                sample_weight=sample_weight, l2=l2,
            )  # fmt: skip
            update = network.unflatten(next(run).update)
            changes = [update[f"W{at}"] for at in range(1, len(network.sizes))]
    layers = tuple(
        layer_figures(record, at, None if changes is None else changes[at - 1])
        for at in range(1, len(network.sizes))
    )
    return Diagnosis(layers, tuple(findings_of(record, layers)), len(record.losses))
