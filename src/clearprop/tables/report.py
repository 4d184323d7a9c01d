"""Report: what a model decided about a table, and its scores beside the baselines'."""

from __future__ import annotations

import html
import textwrap
from dataclasses import asdict, dataclass, field
from typing import Any

from clearprop.display.html_table import html_table
from clearprop.errors import printable
from clearprop.tables.scores import about_positive
from clearprop.tables.text import aligned, brief, shortened

_WIDTH = 80
_LISTED = 12
"""Columns that are told one by one."""

OURS = "this network"


NOT_JUDGED = "judging was interrupted: no baselines were tried"
"""A note where training had come to its end."""


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
        The figures on the test rows, of this network and of each baseline, as `Scores.figures`
        has them (a model of 0.1.0 has fewer); None where one is not defined; empty without test
        rows.
    verdict : str
        What the test rows show: how the network stands beside each baseline; empty without any.
    intervals : dict
        Of a regression: "level", the validation "rows" it is calibrated by, the share of test rows
        "held", its 95% interval "low" to "high", "mean_width". Empty without rows for it.
    quantiles : dict
        "below": by quantile, the share of test rows that are not above it; "crossed": the share of
        test rows whose quantiles were not in order before they were sorted. Empty without any.
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
    intervals: dict[str, Any] = field(default_factory=dict)
    quantiles: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON holds it."""
        return asdict(self)

    def __repr__(self) -> str:
        lines = [f"Model of {self.target!r}: {self.task} ({self.reason})", ""]
        for name, text in self._facts():
            first, *rest = _wrap(text, _WIDTH - 14) or [""]
            lines += [f"  {name:<10}  {first}", *(f"{'':14}{line}" for line in rest)]
        if self.scores:
            lines += ["", f"On {self.rows['test']:,} test rows, kept apart until now"]
            head, *rows = self._scores()
            lines += aligned([*_on_two_lines(head), *rows])
            lines += [f"  {line}" for line in self._about()]
            for text in self._said():
                lines += ["", *textwrap.wrap(text, _WIDTH)]
        return printable("\n".join(lines))

    def _repr_html_(self) -> str:
        title = f"Model of {self.target!r}: {self.task} ({self.reason})"
        table = html_table(title, [], self._facts(), wrap=[1])
        if self.scores:
            head, *rows = self._scores()
            title = f"On {self.rows['test']:,} test rows, kept apart until now"
            numbers = range(1, len(head))
            table += html_table(title, head, rows, right=numbers, wrap=numbers)
            for line in (*self._about(), *self._said()):
                table += f'<p style="max-width:48em">{html.escape(line)}</p>'
        return f'<div style="overflow-x:auto">{table}</div>'

    def _about(self) -> list[str]:
        """Return what to know of the figures."""
        of_two = "AUC" in next(iter(self.scores.values())) and len(self.classes) == 2
        return [about_positive(list(self.classes)[1])] if of_two else []

    def _said(self) -> list[str]:
        """Return what the test rows show, in words."""
        said = [self.verdict] if self.verdict else []
        n = f"{self.rows['test']:,} test rows"
        if one := self.intervals:
            said.append(
                f"{one['level']:.0%} intervals hold {one['held']:.1%} of {n} ({one['low']:.1%} to "
                f"{one['high']:.1%} within chance), mean width {brief(one['mean_width'])}. They "
                f"are calibrated by {one['rows']:,} validation rows."
            )
        if self.quantiles:
            below = self.quantiles["below"]
            shares = ", ".join(f"{share:.1%}" for share in below.values())
            said.append(
                f"Of {n}, {shares} are not above the quantiles {', '.join(below)}. In "
                f"{self.quantiles['crossed']:.1%} quantiles crossed before they were sorted."
            )
        return said

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
            reasons = [f"{name!r} {reason}" for name, reason in self.dropped.items()]
            facts += [("dropped", reason) for reason in reasons[:_LISTED]]
            more = list(self.dropped)[_LISTED:]
            if more:
                where = "each with its reason in --json and report.dropped"
                facts.append(("dropped", f"{len(more):,} more, {where}: {shortened(more)}"))
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


def _on_two_lines(head: list[str]) -> list[list[str]]:
    """Return the head of a table as lines, so that the figures of two classes fit in 80 columns."""
    long = [name.rpartition(" ") if len(name) > 9 else ("", "", name) for name in head]
    first, last = [one for one, _, _ in long], [one for _, _, one in long]
    return [first, last] if any(first) else [last]


def _wrap(text: str, width: int) -> list[str]:
    """Return lines of whole words: an option is not broken at its hyphens."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _list(items: list[str]) -> str:
    return shortened(items, most=_LISTED, between="; ")
