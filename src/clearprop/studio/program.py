"""The program: Python that makes the very numbers of a run, by `cp.steps`, up to a step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from clearprop.errors import ArgumentError
from clearprop.studio.problem import python
from clearprop.studio.runs import Run


def program(run: Run, n: int) -> str:
    """Return a program that reproduces a run up to step `n`, to the bit.

    It ends with `losses`, L of each step, `step`, what the page shows at step n, and `network`
    after that step's update.
    """
    network, problem = run.problem.network, run.problem
    if not problem.code:
        raise ArgumentError("this run is another program's own, which makes its network and data")
    if (turns := run.setup.turns()) and turns[0] <= n:
        raise ArgumentError(
            f"from step {turns[0]} on this run has other settings, and cp.steps has the same for a "
            "whole run: go back to a step before it for a program"
        )
    own = "\n".join(problem.code).split("\n")
    imports = [line for line in own if re.match("import |from ", line)]
    standard = [line for line in imports if "clearprop" not in line]
    ours = [line for line in imports if "clearprop" in line]
    body = "\n".join(line for line in own if line not in imports).rstrip("\n").split("\n")
    body = body if body[0] == "" else ["", *body]
    edits = [one for one in run.setup.edits() if one[0] <= n]
    steps = _steps(run, n)
    if any(name[0] in "xy" for _, name, _ in edits):
        body += ["", *_as_cells(run)]
    numpy = ["import numpy as np", ""] if "np." in "\n".join(body) else []
    parts = [*standard, *([""] if standard else []), *numpy, "import clearprop as cp", *ours]
    if problem.title:
        parts = [f"# {problem.title}, up to step {n} of the studio", *parts]
    lines = [
        *parts, *body, *_shared(run), "", *steps, "losses = []", f"for n in range({n + 1}):",
        *_edits(run, edits, str(network.dtype)),
        "    step = next(steps)",
        "    losses.append(step.record.loss)",
        "print(step)",
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
        "network", "X", "y", f"optimizer={_optimizer(run)}", f"batch_size={run.batch}",
        f"epochs={setup.epochs}", f"seed={setup.seed}", *more,
    ]  # fmt: skip
    return [
        "steps = cp.steps(",
        f"    {', '.join(arguments[:3])},",
        *(f"    {one}," for one in arguments[3:]),
        ")",
    ]


def _optimizer(run: Run) -> str:
    """Return the optimizer as it is written; its schedule is one of `cp` as well."""
    return re.sub(r"(?<![.\w])(\w+)\(", r"cp.\1(", repr(run.rule_at(0)))


def _as_cells(run: Run) -> list[str]:
    """Return lines after which X and y may be changed on the way: as arrays of the run's type."""
    network = run.problem.network
    dtype, outputs = python(str(network.dtype)), network.sizes[-1]
    lines = [f"X = np.array(X, {dtype})  # cells are set below"]
    if run.problem.has_labels:
        return [*lines, f"y = np.eye({outputs}, dtype={dtype})[y]"]
    return [*lines, f"y = np.array(y, {dtype}).reshape(-1, {outputs})"]


def _edits(run: Run, edits: list[tuple[int, str, float]], dtype: str) -> Iterator[str]:
    """Yield what a reader has set, before the step that they set it before."""
    network = run.problem.network
    is_label = run.problem.has_labels
    for n, some in groupby(edits, key=lambda one: one[0]):
        yield f"    if n == {n}:"
        for _, name, value in some:
            if name[0] == "x":
                yield f"        X{name[1:]} = {value!r}"
            elif name[0] == "y" and is_label:
                yield f"        y{name[1:]} = np.eye({network.sizes[-1]})[{int(value)}]"
            elif name[0] == "y":
                yield f"        y{name[1:]} = {value!r}"
            else:
                for one in _together(run, name):
                    yield f"        network[{python(one)}] = {value!r}"
