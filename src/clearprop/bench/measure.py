"""One measurement, in a process of its own, which prints a line of JSON.

``python -m clearprop.bench.measure SYSTEM CASE THREADS CORES SECONDS [MNIST]``, where SYSTEM may
also be "memory". Who starts it sets the environment's numbers of threads.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from clearprop.bench.cases import CASES, Case, cost_of, data_of, start_of
from clearprop.bench.fma import FmaRate
from clearprop.bench.own import Clearprop
from clearprop.bench.systems import make


def time_steps(
    system: str, case: Case, threads: int, cores: int, seconds: float, mnist: Path | None
) -> dict[str, Any]:
    """Time calls for about so many seconds, one at least.

    Returns
    -------
    dict
        "step" and "epoch": seconds, the median over calls; "calls"; "busy": cores, on average;
        "epochs" of a call; "load" and "warm_up": seconds before the first; "cost" in the end;
        and of Clearprop "fma", the operations a second of the fma limit, measured between the
        calls, and "share" of it.
    """
    X, y = data_of(case, mnist)
    start = start_of(case)
    ours = system == "clearprop"
    started = time.perf_counter()
    # On all cores Clearprop takes as many threads as it finds to pay: what its users get.
    trained = make(system, case, X, y, start, None if ours and threads == cores > 1 else threads)
    loaded = time.perf_counter()
    trained.warm_up()
    warm = time.perf_counter()
    rate = FmaRate(threads) if ours else None
    rates = [rate.measure()] if rate else []
    calls: list[float] = []
    busy = 0.0
    while not calls or sum(calls) < seconds:
        trained.reset()
        before, busy_before = time.perf_counter(), time.process_time()
        trained.call()
        calls.append(time.perf_counter() - before)
        busy += time.process_time() - busy_before
        if rate:
            rates.append(rate.measure())
    epoch = float(np.median(calls)) / trained.epochs
    result = {
        "step": epoch / case.steps,
        "epoch": epoch,
        "calls": len(calls),
        "busy": busy / sum(calls),
        "epochs": trained.epochs,
        "load": loaded - started,
        "warm_up": warm - loaded,
        "cost": cost_of(case, trained.layers(), X, y),
    }
    if rates:
        result["fma"] = float(np.median(rates))
        result["share"] = case.flops / epoch / result["fma"]
    return result


def take_memory(case: Case, mnist: Path | None) -> dict[str, Any]:
    """Return the bytes that Clearprop takes at its peak above the data, on all cores.

    From making the network to the end of an epoch; None where Linux does not count.
    """
    X, y = data_of(case, mnist)
    before = _restart_peak()
    Clearprop(case, X, y, [], None).train(case.rows, 1)
    return {"memory": None if before is None else _status("VmHWM") - before}


def _restart_peak() -> int | None:
    """Return the bytes held now, and let the count of the peak begin at them."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        return _status("VmRSS")
    except OSError:
        return None


def _status(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"{name}:\s*(\d+)", status)
    assert found is not None
    return int(found[1]) * 1024


def _bind(threads: int) -> None:
    """Keep this process to so many cores, before libraries start threads that inherit it."""
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[-threads:])


def main() -> None:
    """Measure once."""
    system, name, threads, cores, seconds, *rest = sys.argv[1:]
    case, mnist = CASES[name], Path(rest[0]) if rest else None
    _bind(int(threads))
    if system == "memory":
        found: dict[str, Any] = take_memory(case, mnist)
    else:
        found = time_steps(system, case, int(threads), int(cores), float(seconds), mnist)
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
