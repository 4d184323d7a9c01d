"""Report: what a model decided about a table, and its scores beside the baselines'."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from clearprop.display.html_table import html_table
from clearprop.errors import printable
from clearprop.tables.text import aligned, brief, shortened

_WIDTH = 80
_LISTED = 12
"""Columns that are told one by one."""

OURS = "this network"

NOT_JUDGED = "judging was interrupted: no baselines were tried"
"""A note where training had come to its end."""

FEW_ROWS = 30
"""With fewer test rows, two standard errors say nothing."""


@dataclass(frozen=True, repr=False)
class Report:
    """What `Model.fit` decided, and how good the model is.

    Attributes
    ----------
    target, task, reason : str
        What is predicted, as what, and why so.
    classes : dict of str to int
        The rows of each class; empty for a regression.
    rows : dict of str to int
        "training", "validation", "test", and "without target" (left out).
    inputs : dict of str to str
        Of each column that is used, what it became.
    dropped : dict of str to str
        Of each column that is not used, why.
    missing : dict of str to int
        Of each column that is used, its missing values, if it has any.
    notes : list of str
        What to know beside.
    training : dict
        "epochs", "best_epoch", "stopped", "seconds".
    network : str
        Its layers and size.
    scores : dict of str to dict of str to float or None
        The figures on the test rows, of this network and of each baseline; None where one is
        not defined; empty without test rows.
    verdict : str
        How the network stands beside the best baseline.
    """

    target: str
    task: str
    reason: str
    classes: dict[str, int]
    rows: dict[str, int]
    inputs: dict[str, str]
    dropped: dict[str, str]
    missing: dict[str, int]
    notes: list[str]
    training: dict[str, Any]
    network: str
    scores: dict[str, dict[str, float | None]]
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        return asdict(self)

    def __repr__(self) -> str:
        lines = [f"Model of {self.target!r}: {self.task} ({self.reason})", ""]
        for name, text in self._facts():
            first, *rest = textwrap.wrap(text, _WIDTH - 14, break_long_words=False) or [""]
            lines += [f"  {name:<10}  {first}", *(f"{'':14}{line}" for line in rest)]
        if self.scores:
            lines += ["", f"On {self.rows['test']:,} test rows, kept apart until now"]
            lines += [*aligned(self._scores()), "", *textwrap.wrap(self.verdict, _WIDTH)]
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        title = f"Model of {self.target!r}: {self.task} ({self.reason})"
        table = html_table(title, [], self._facts(), wrap=[1])
        if self.scores:
            head, *rows = self._scores()
            title = f"On {self.rows['test']:,} test rows, kept apart until now"
            table += html_table(title, head, rows, right=range(1, len(head)))
            table += f'<p style="max-width:48em">{html.escape(self.verdict)}</p>'
        return table

    def _scores(self) -> list[list[str]]:
        names = list(next(iter(self.scores.values())))
        rows = [["", *names]]
        for model, figures in self.scores.items():
            rows.append([model, *(brief(figures[name]) for name in names)])
        return rows

    def _facts(self) -> list[tuple[str, str]]:
        rows = self.rows
        parts = [f"{rows['training']:,} to learn from"]
        parts += [f"{rows['validation']:,} to stop by"] if rows["validation"] else []
        parts += [f"{rows['test']:,} to test on"] if rows["test"] else []
        parts += (
            [f"{rows['without target']:,} left out, without a target"]
            if rows["without target"]
            else []
        )
        facts = [("rows", ", ".join(parts))]
        if self.classes:
            counts = [f"{name} ({count:,})" for name, count in self.classes.items()]
            facts.append(("classes", _list(counts)))
        facts += self._inputs()
        if self.missing:
            counts = [f"{name} ({count:,})" for name, count in self.missing.items()]
            facts.append(("missing", _list(counts)))
        if self.dropped:
            reasons = [f"{name} ({reason})" for name, reason in self.dropped.items()]
            facts.append(("dropped", _list(reasons)))
        facts.append(("network", self.network))
        t = self.training
        how = f"{t['seconds']:.1f} s ({t['stopped']})"
        if t["best_epoch"] is None:
            facts.append(("training", f"{t['epochs']} epochs; {how}"))
        else:
            kept = f"epoch {t['best_epoch']} of {t['epochs']} is kept, the best on the validation"
            facts.append(("training", f"{kept} rows; {how}"))
        if t["best_epoch"] == t["epochs"] and t["stopped"] == "completed":
            facts.append(("note", "the last epoch was the best: more epochs may be better still"))
        if t["stopped"] == "interrupted":
            facts.append(("note", "training was interrupted: no baselines were tried"))
        facts += [("note", note) for note in self.notes]
        return facts

    def _inputs(self) -> list[tuple[str, str]]:
        """Return the columns by what they became, numbers by name alone."""
        kinds: dict[str, list[str]] = {"numbers": [], "booleans": [], "categories": [], "dates": []}
        for name, what in self.inputs.items():
            if what in ("number", "boolean"):
                kinds[f"{what}s"].append(name)
            elif what.startswith("date"):
                kinds["dates"].append(f"{name} ({what.removeprefix('date, ')})")
            else:
                kinds["categories"].append(f"{name} ({what.replace(' categories', '')})")
        return [(kind, _list(names)) for kind, names in kinds.items() if names]


def _list(items: list[str]) -> str:
    return shortened(items, most=_LISTED, between="; ")


def verdict(
    scores: Mapping[str, Mapping[str, float | None]],
    leads: Mapping[str, tuple[float, float]],
    rows: int,
) -> str:
    """Return in words how the network stands beside the best of the baselines.

    Parameters
    ----------
    scores : mapping of str to mapping of str to float or None
        The figures of each model; the first figure is the main one, of which more is better.
    leads : mapping of str to (float, float)
        Of each baseline, by how much our score per row is better, and the standard error.
    rows : int
        Test rows.
    """
    if rows < FEW_ROWS:
        return (
            f"Of {rows} test rows nothing follows about which of these is better: with more rows "
            "the figures mean more."
        )
    figure = next(iter(scores[OURS]))
    known = {name: value for name in leads if (value := scores[name][figure]) is not None}
    ours = scores[OURS][figure]
    if ours is None or not known:
        return "The target is the same in all test rows: nothing can be compared."
    naive, *_ = leads
    if naive in known and leads[naive][0] <= 2 * leads[naive][1]:
        return (
            f"This network is not better than always answering the {naive}, beyond what chance "
            f"makes ({figure} {brief(ours)}, {brief(known[naive])}): it has learned nothing of use."
        )
    best = max(known, key=lambda name: known[name])
    ahead, error = leads[best]
    compared = f"({figure} {brief(ours)}, {brief(known[best])})"
    if abs(ahead) <= 2 * error or ahead == 0:
        return (
            f"Beside the best baseline, {best} {compared}, the difference is within what chance "
            "makes of so few rows (two standard errors)."
        )
    if ahead > 0:
        return f"This network is ahead of the best baseline, {best} {compared}."
    return (
        f"This network is behind {best} {compared}, by more than chance explains: prefer that "
        "here, or try other settings."
    )
