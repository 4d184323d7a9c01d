"""The program: Python that makes the very numbers of a run, by `cp.steps`, up to a step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from clearprop.errors import ArgumentError
from clearprop.studio.changes import Change
from clearprop.studio.problem import python
from clearprop.studio.runs import Run

WHOLE = ("l2", "dropout", "shared")
"""Settings that `cp.steps` has for a whole run."""


def program(run: Run, n: int) -> str:
    """Return a program that reproduces a run up to step `n`, to the bit.

    It ends with `losses`, L of each step, `step`, what the page shows at step n, and `network`
    after that step's update. What is frozen from a step on is put back after each update.

    Raises
    ------
    ArgumentError
        If the run is not the studio's own, or if a setting changes on the way that `cp.steps` has
        for a whole run.
    """
    problem = run.problem
    if not problem.code:
        raise ArgumentError("this run is another program's own, which makes its network and data")
    changes = [one for one in run.setup.changes() if one.step <= n]
    for one in changes:
        if one.name in WHOLE:
            raise ArgumentError(
                f"from step {one.step} on, {one.name} is {one.value}, and cp.steps has one for a "
                "whole run: go back to a step before it for a program"
            )
    set_ = [one for one in changes if one.name == "frozen" or not isinstance(one.value, str)]
    freezes = any(one.name == "frozen" for one in set_)
    own = "\n".join(problem.code).split("\n")
    imports = [line for line in own if re.match("import |from ", line)]
    standard = [line for line in imports if "clearprop" not in line]
    ours = [line for line in imports if "clearprop" in line]
    body = "\n".join(line for line in own if line not in imports).rstrip("\n").split("\n")
    body = body if body[0] == "" else ["", *body]
    steps = _steps(run, n)
    if any(one.name[0] in "xy" for one in set_):
        body += ["", *_as_cells(run)]
    numpy = ["import numpy as np", ""] if freezes or "np." in "\n".join(body) else []
    parts = [*standard, *([""] if standard else []), *numpy, "import clearprop as cp", *ours]
    if problem.title:
        parts = [f"# {problem.title}, up to step {n} of the studio", *parts]
    lines = [
        *parts, *body, *_shared(run), "", *steps,
        "losses = []", *(["frozen = []"] if freezes else []), f"for n in range({n + 1}):",
        *_edits(run, set_),
        *(["    kept = {name: np.copy(network[name]) for name in frozen}"] if freezes else []),
        "    step = next(steps)",
        *([
            "    for name, value in kept.items():  # whatever the update is, it stays",
            "        network[name] = value",
        ] if freezes else []),
        "    losses.append(step.record.loss)",
        f"print(step)  # its number counts from 1: it is step {n} of the studio",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _shared(run: Run) -> list[str]:
    """Return lines after which those that are shared have one value, that of the first."""
    groups = run.setup.shared_groups() or ()
    return [
        f"network[{python(name)}] = network[{python(first)}]"
        for first, *others in groups for name in others
    ]  # fmt: skip


def _together(run: Run, name: str) -> list[str]:
    """Return the parameters that are set where one is: itself, and those that it is shared with."""
    groups = run.setup.shared_groups() or ()
    return next((list(group) for group in groups if name in group), [name])


def _steps(run: Run, n: int) -> list[str]:
    setup = run.setup
    given = {
        "l2": setup.l2, "dropout": setup.dropout, "frozen": setup.frozen_names(),
        "shared": list(setup.shared_groups() or ()),
    }  # fmt: skip
    more = [f"{name}={python(value)}" for name, value in given.items() if value]
    arguments = [
        "network", "X", "y", f"optimizer={_optimizer(run, n)}", f"batch_size={run.batch}",
        f"epochs={setup.epochs}", f"seed={setup.seed}", *more,
    ]  # fmt: skip
    return [
        "steps = cp.steps(",
        f"    {', '.join(arguments[:3])},",
        *(f"    {one}," for one in arguments[3:]),
        ")",
    ]


def _optimizer(run: Run, n: int) -> str:
    """Return the optimizer as it is written; its schedule is one of `cp` as well."""
    rules: list[tuple[int, Any]] = [
        (at, run.rule_at(at)) for at in sorted({0, *run.setup.turns()}) if at <= n
    ]
    rule = rules[0][1]
    text = repr(rule)
    for name in ("learning_rate", "momentum"):
        values = [(at, getattr(one, name)) for at, one in rules if hasattr(one, name)]
        if len({repr(value) for _, value in values}) > 1:
            text = text.replace(f"{name}={values[0][1]!r}", f"{name}={_changing(values, name)}", 1)
    return re.sub(r"(?<![.\w])([A-Za-z]\w*)\((?!t, total)", r"cp.\1(", text)


def _changing(values: list[tuple[int, Any]], name: str) -> str:
    """Return a schedule as it is written, which has each value from its step on."""
    text, before = "", values[0][1]
    for at, value in values:
        if repr(value) == repr(before) and text:
            continue
        # a velocity begins anew, of the step that is made first
        begins = at + 1 if name == "momentum" and before == 0 else at
        said = f"{value!r}(t, total)" if callable(value) else repr(value)
        text = f"{said} if t >= {begins} else {text}" if text else said
        before = value
    return f"lambda t, total: {text}"


def _as_cells(run: Run) -> list[str]:
    """Return lines after which X and y may be changed on the way: as arrays of the run's type."""
    network = run.problem.network
    dtype, outputs = python(str(network.dtype)), network.sizes[-1]
    lines = [f"X = np.array(X, {dtype})  # cells are set below"]
    if run.problem.has_labels:
        return [*lines, f"y = np.eye({outputs}, dtype={dtype})[y]"]
    return [*lines, f"y = np.array(y, {dtype}).reshape(-1, {outputs})"]


def _edits(run: Run, changes: list[Change]) -> Iterator[str]:
    """Yield what a reader has set or frozen, before the step that they set it before."""
    network = run.problem.network
    is_label = run.problem.has_labels
    for n, some in groupby(changes, key=lambda one: one.step):
        yield f"    if n == {n}:"
        for one in some:
            name, value = one.name, one.value
            if name == "frozen":
                yield f"        frozen.append({python(value)})"
            elif name[0] == "x":
                yield f"        X{name[1:]} = {value!r}"
            elif name[0] == "y" and is_label:
                yield f"        y{name[1:]} = np.eye({network.sizes[-1]})[{int(value)}]"
            elif name[0] == "y":
                yield f"        y{name[1:]} = {value!r}"
            else:
                for part in _together(run, name):
                    yield f"        network[{python(part)}] = {value!r}"
