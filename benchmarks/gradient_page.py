"""The page of `gradient_checks.py`: what was counted, as tables."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from clearprop.bench.summary import processor
from gradient_peers import OURS, SHARE, SYSTEMS

if TYPE_CHECKING:
    from gradient_checks import Findings

PACKAGES = "clearprop", "numpy", "scipy", "torch", "jax"
TYPES = "float64", "float32"


def page(found: Findings) -> str:
    """Return the page."""
    return "\n".join(
        [*_head(found), *_right(found), *_planted(found), *_peers(found), *_times(found)]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *rows]
    return ["", *(f"| {' | '.join(map(str, line))} |" for line in lines), ""]


def _total(counts: Counter[Any], **wanted: object) -> int:
    """Sum what has these at these places of its key, as in place_0="smooth"."""
    at = {int(name.rpartition("_")[2]): value for name, value in wanted.items()}
    return sum(n for key, n in counts.items() if all(key[i] == value for i, value in at.items()))


def _share(part: int, of: int) -> str:
    return f"{part:,} ({100 * part / of:.1f}%)" if of else "-"


def _power(error: float) -> str:
    return f"{error:.0e}".replace("e-0", "e-")


def _head(found: Findings) -> list[str]:
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    total, wrong = sum(found.right.values()), len(found.false_alarms)
    smooth = {"place_0": "smooth", "place_2": "float64"}
    open_ = _total(found.right, **smooth, place_3="not determined")
    hidden = found.right["smooth", "sines on 10^6", "float64", "not determined"]
    alarms = [f"  - {name}" for name in found.false_alarms]
    return [
        "# Gradient checks, calibrated",
        "",
        f"Written by `python benchmarks/gradient_checks.py --write` on {date.today()}: {processor()}, one core,",
        f"{platform.system()}; Python {platform.python_version()}, {versions}.",
        "",
        f"- Of {total:,} right gradients, {wrong:,} {'is' if wrong == 1 else 'are'} called wrong by `cp.check_gradient_function` and "
        "`cp.check_gradients`.",
        *alarms,
        f"- On smooth functions in float64, {_share(open_, _total(found.right, **smooth))} of the right "
        f"ones are not determined; {_share(hidden, open_)} of these are sines on top of 10^6, whose rounding hides them.",
        "",
        "Functions are those of `benchmarks/gradient_families.py`: 1 to 100 parameters (and 10^3 to 10^6 where that is "
        "quick), of sizes from 1e-12 to 1e12, f and its gradient both computed in the type named. Gradients are written "
        "by hand; a test holds them to PyTorch's autograd in float64. Networks are of every activation and loss, and their "
        "gradient `cp.backprop`'s, which tests hold to PyTorch's.",
    ]  # fmt: skip


def _right(found: Findings) -> list[str]:
    rows = []
    for kind, family in dict.fromkeys(key[:2] for key in found.right):
        for dtype in TYPES:
            of = {"place_0": kind, "place_1": family, "place_2": dtype}
            said = [
                _total(found.right, **of, place_3=outcome)
                for outcome in ("right", "wrong", "not determined")
            ]
            rows.append([kind, family, dtype, sum(said), *said])
    for kind in dict.fromkeys(key[0] for key in found.right):
        for dtype in TYPES:
            some = [row for row in rows if row[0] == kind and row[2] == dtype]
            sums = [sum(row[column] for row in some) for column in range(3, 7)]
            rows.append([f"**{kind}**", "**all**", dtype, *sums])
    head = [
        "kind",
        "family",
        "type",
        "right gradients",
        "said right",
        "called wrong",
        "not determined",
    ]
    return [
        "",
        "## Right gradients",
        "",
        "At a kink there is no derivative: no number between the slopes on its sides is right, or wrong. Where only the "
        "second derivative jumps (huber, elu) there is one. Near a kink, and in float32, a derivative is determined where "
        "the steps that stay on one side, or on one slope, are worth more than the rounding of the cost.",
        *_table(head, rows),
    ]  # fmt: skip


def _planted(found: Findings) -> list[str]:
    from gradient_checks import ROUNDINGS

    rows = []
    for key in dict.fromkeys(key[:4] for key in sorted(found.planted, key=_order)):
        of = {f"place_{i}": value for i, value in enumerate(key)}
        cells: list[object] = []
        for above in (True, False):
            n = _total(found.planted, **of, place_4=above)
            cells.append(f"{n:,}")
            for outcome in ("wrong", "right", "not determined"):
                part = _total(found.planted, **of, place_4=above, place_5=outcome)
                cells.append(_share(part, n) if above else f"{part:,}" if n else "-")
        dtype, kind, where, error = key
        rows.append([dtype, kind, where, _power(error), *cells])
    head = ["type", "functions", "in", "error", "above", "found", "missed", "not determined",
            "below", "found", "missed", "not determined"]  # fmt: skip
    return [
        "## Errors that were planted",
        "",
        "One derivative that is not 0, or all, times 1 + error; parameters of all sizes. An error is above what the type's "
        "precision can resolve where",
        "",
        f"    error |g_i x_i| >= {ROUNDINGS} eps (|L| + norm of (g_1 x_1, g_2 x_2, ...))",
        "",
        f"with eps = 2.2e-16 or 1.2e-7: what the cost L changes by for a change of x_i by its own size is then off by "
        f"{ROUNDINGS} roundings of L and of its parts. For an error in all, i is the derivative for which that is most. "
        "The rule was fixed before anything was counted; it knows nothing of kinks or of how fast a function bends. "
        "Missed is an error in a gradient that is called right: in float32, derivatives of less than a tenth of the "
        "steepest are held to a hundredth of that tenth, and 1e-5 is accepted as a difference that is none. None are "
        "planted at kinks.",
        *_table(head, rows),
    ]  # fmt: skip


def _order(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return (TYPES.index(key[0]), key[1] != "smooth", key[2] != "one", -key[3])


def _peers(found: Findings) -> list[str]:
    from gradient_checks import ERRORS, JAX_EVERY

    rows = []
    for dtype in TYPES:
        for system in SYSTEMS:
            cells = []
            for kind, of_size_1 in (("smooth", True), ("smooth", False), ("kinks near", True)):
                of = {"place_0": system, "place_1": kind, "place_2": dtype, "place_3": of_size_1}
                n = _total(found.peers, **of)
                cells += [f"{n:,}", _share(_total(found.peers, **of, place_4="wrong"), n)]
            rows.append([dtype, system, *cells])
    head = ["type", "system", "smooth, size 1", "called wrong", "smooth, other sizes", "called wrong",
            "kinks near, size 1", "called wrong"]  # fmt: skip
    finds = []
    for dtype in TYPES:
        for where in ("one", "all"):
            for system in SYSTEMS:
                told = []
                for error in ERRORS:
                    of = {"place_0": system, "place_1": dtype, "place_2": where, "place_3": error}
                    part = _total(found.found, **of, place_4="wrong")
                    n = _total(found.found, **of)
                    told.append(f"{part:,} of {n:,}" if n else "-")
                finds.append([dtype, where, system, *told])
    return [
        "## Beside others",
        "",
        "The same functions and gradients, at everybody's defaults: `torch.autograd.gradcheck`, slow and with "
        "`fast_mode=True`; `jax.test_util.check_grads` in reverse mode, order 1; `scipy.optimize.check_grad`, which gives a "
        f"distance and no verdict: wrong is one above {_power(SHARE)} of the gradient's norm. Each has the function in its own "
        f"library. JAX gets one case in {JAX_EVERY}, as it compiles for every size; cases of more than 300 parameters are "
        "Clearprop's alone. Others' defaults (absolute steps; float64 in PyTorch) are made for parameters of about 1 in "
        "float64.",
        "",
        "Right gradients:",
        *_table(head, rows),
        "Errors above the precision that are found, in parameters of size 1. Counted for each system are functions whose "
        "right gradient it does not call wrong:",
        *_table(["type", "in", "system", *map(_power, ERRORS)], finds),
    ]  # fmt: skip


def _times(found: Findings) -> list[str]:
    from gradient_checks import ROUNDS

    counts = sorted({n for _, n in found.times})
    rows = []
    for system in SYSTEMS:
        cells = []
        for n in counts:
            timed = found.times[system, n]
            cells.append(timed if isinstance(timed, str) else f"{_seconds(timed[0])}, {timed[1]}")
        rows.append([system, *cells])
    return [
        "## Times",
        "",
        f"One check of a right gradient of sum(sin(c x)) in float64, by the number of parameters: medians of {ROUNDS} rounds in "
        f"which the systems take turns, in seconds of the processor; and of {ROUNDS} gradients with an error of 1e-2 in one entry, how many are found. "
        f"Up to 1,500 parameters {OURS} checks every one, then directions of each array and some parameters, and follows "
        "what is off. Slow gradcheck and check_grad call f for every parameter.",
        *_table(["system", *(f"{n:,}" for n in counts)], rows),
    ]  # fmt: skip


def _seconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
