"""The page that the benchmarks write, with targets beside the figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clearprop.bench.cases import CASES
from clearprop.bench.rounds import threads_text
from clearprop.bench.summary import Summary
from clearprop.bench.systems import SYSTEMS, has

GEOMETRIC_MEAN = 2.0
"""The target: of the ratios of all cases but xor."""

TOLERANCE = 0.97
"""Two threads are "not slower" than one from here: rounds differ by as much."""

SEVERAL = 1.2
"""Busy cores, on average, from which more than one thread was at work."""


def page(found: Mapping[str, Any]) -> str:
    """Return a `document` as a page of Markdown."""
    cores, cases = found["cores"], found["cases"]
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    rounds = f"{found['rounds']} round{'s' if found['rounds'] != 1 else ''}"
    counts = "at 1 thread" if cores == 1 else f"at 1 thread / at {cores}"
    where = f"{found['processor']}, {cores} core{'s' if cores > 1 else ''}, {found['system']}"
    parts = [
        "# Training speed, side by side",
        f"Written by `python benchmarks/compare.py --write` on {found['date']}: {where}; Python "
        f"{found['python']}, {versions}. Medians over {rounds}, in which the systems take turns, "
        f"each in a fresh process that times calls for {found['seconds']:g} s, or one call. A "
        "ratio is the median of those within a round: the fastest peer's time over Clearprop's, "
        "each at its better number of threads.",
        "Microseconds a step " + counts + " (Clearprop: `threads=None`, which picks):",
        _speeds(cases, cores),
    ]
    if found["geometric_mean"] is not None:
        reached = found["geometric_mean"]
        mark = _mark(reached, GEOMETRIC_MEAN)
        parts.append(
            f"Geometric mean of the ratios without xor: {reached:.2f} (to reach: above "
            f"{GEOMETRIC_MEAN:g}, {mark})."
        )
    if found["not_installed"]:
        parts.append(f"Not installed: {', '.join(found['not_installed'])}.")
    once = [_seconds_an_epoch(name, cases[name]["summary"]) for name in cases if CASES[name].once]
    parts += [
        *once,
        "## Clearprop and the machine",
        "The fma limit is measured between the calls: as many independent chains of vector fmas as "
        "the registers hold, on the same number of cores. Memory is the peak above the data, the "
        "network's making included.",
        _limits(cases, cores),
        "## Before the first step",
        f"Seconds of compilation and warm-up in the first round, {counts}; not in the figures "
        "above. Clearprop's compiled code was in its cache.",
        _table(cases, cores, "warm_up", lambda value: f"{value:.2f}"),
        "## What is timed",
        *_conditions(found),
    ]
    return "\n\n".join(parts) + "\n"


def _rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _columns(cases: Mapping[str, Any]) -> list[str]:
    """Return the systems that any case has figures of."""
    keys = {key.split()[0] for case in cases.values() for key in case["summary"]["step"]}
    return [system for system in SYSTEMS if system in keys]


def figures(
    summary: Summary, what: str, system: str, cores: int, form: Callable[[float], str]
) -> str:
    """Return a system's figures at one thread and at all, as "1.2 / 0.8"; "-" for none."""
    keys = [f"{system} {n}" for n in sorted({1, cores})]
    cells = [form(summary[what][key]) if key in summary[what] else "-" for key in keys]
    return "-" if set(cells) == {"-"} else " / ".join(cells)


def microseconds(seconds: float) -> str:
    """Return seconds as microseconds, to three digits."""
    value = seconds * 1e6
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _speeds(cases: Mapping[str, Any], cores: int) -> str:
    systems = _columns(cases)
    head = ["case", *(SYSTEMS[s].title for s in systems), "fastest peer / Clearprop", "to reach"]
    rows = []
    for name, case in cases.items():
        summary, target = case["summary"], CASES[name].ratio
        cells = [figures(summary, "step", system, cores, microseconds) for system in systems]
        rows.append([name, *cells, *_against(summary["ratio"], target, "{:.2f}")])
    return _rows(head, rows)


def _against(value: float | None, target: float | None, form: str) -> tuple[str, str]:
    """Return a figure and its target as two cells."""
    reached = "-" if value is None else form.format(value)
    if target is None:
        return reached, "-"
    aim = form.format(target)
    return reached, aim if value is None else f"{aim}, {_mark(value, target)}"


def _mark(value: float, target: float) -> str:
    return "met" if value >= target else "missed"


def _limits(cases: Mapping[str, Any], cores: int) -> str:
    head = ["case", "share of the fma limit, 1 thread", "to reach"]
    if cores > 1:
        head += [threads_text(cores), f"1 thread's time / {cores} threads'", "to reach"]
    rows = []
    for name, entry in cases.items():
        summary, case = entry["summary"], CASES[name]
        row = [name, *_against(summary["share"].get("1"), case.share, "{:.0%}")]
        if cores > 1:
            row.append(_against(summary["share"].get(str(cores)), None, "{:.0%}")[0])
            row += _speedup(summary, case.speedup)
        limit, memory = case.memory_limit / 2**20, summary["memory"]
        row.append("-" if memory is None else f"{memory / 2**20:.0f}")
        mark = "" if memory is None else f", {_mark(limit, memory / 2**20)}"
        rows.append([*row, f"{limit:.0f}{mark}"])
    return _rows([*head, "memory, MiB", "at most"], rows)


def _speedup(summary: Summary, target: float) -> tuple[str, str]:
    """Return how much faster all threads are than one, and what is asked, as two cells."""
    reached = summary["speedup"]
    if reached is None:
        return "-", "-"
    if target > 1:
        return _against(reached, target, "{:.2f}")
    if summary["busy"] < SEVERAL:
        return f"{reached:.2f}", "takes 1 thread"
    return f"{reached:.2f}", f"not slower, {_mark(reached, TOLERANCE)}"


def _table(cases: Mapping[str, Any], cores: int, what: str, form: Callable[[float], str]) -> str:
    systems = _columns(cases)
    rows = [
        [name, *(figures(case["summary"], what, system, cores, form) for system in systems)]
        for name, case in cases.items()
    ]
    return _rows(["case", *(SYSTEMS[system].title for system in systems)], rows)


def _seconds_an_epoch(name: str, summary: Summary) -> str:
    """Return a sentence on a case that was run once."""
    systems = [key.split()[0] for key in summary["epoch"]]
    words = [
        f"{SYSTEMS[system].title} {seconds:.2f} s"
        for system, seconds in zip(systems, summary["epoch"].values(), strict=True)
    ]
    return f"One epoch of {name} ({CASES[name]}) in memory, on all cores, once: {', '.join(words)}."


def _conditions(found: Mapping[str, Any]) -> list[str]:
    cases = found["cases"]
    data = "MNIST's rows" if found["mnist"] else "random numbers in the shape of MNIST's rows"
    lines = [f"- {name}: {CASES[name]}" for name in cases]
    left_out = [
        f"{SYSTEMS[system].title} for {', '.join(names)}"
        for system in SYSTEMS
        if (names := [name for name in cases if not has(system, CASES[name])])
    ]
    spreads = [
        (case["summary"]["cost_spread"], name)
        for name, case in cases.items()
        if case["summary"]["cost_spread"] is not None
    ]
    parts = [
        "\n".join(lines),
        "All start from the same weights, in float32, with the data in memory, and update by the "
        f"same rule. digits takes scikit-learn's digits; nielsen and mnist take {data}; the others "
        "random numbers. Clearprop is timed as whole calls of `cp.train`; PyTorch as a loop over "
        "`linear` layers, with fused optimizers and the rows put in order once an epoch; compiled, "
        "a whole step is one graph; JAX runs all epochs of a call in one scan over an order drawn "
        "beforehand; scikit-learn's `MLPClassifier` goes on from given weights. One thread means "
        "one core: the process is bound to it. The code is in "
        "[src/clearprop/bench/](../src/clearprop/bench).",
    ]
    if spreads:
        most, name = max(spreads)
        parts.append(
            "Costs after the same number of epochs, in orders of each system's own, differ from "
            f"Clearprop's by at most {most:.1%} ({name})."
        )
    if left_out:
        parts.append(f"Not compared: {'; '.join(left_out)}.")
    return parts
