"""How often gradient checks are right: of right gradients, and of ones with an error planted.

    python benchmarks/gradient_checks.py --write     # ten minutes; writes benchmarks/GRADIENT_CHECKS.md

Functions and their gradients are those of `gradient_families`, which a test holds to PyTorch's autograd;
networks' gradients are those of `cp.backprop`, which tests hold to PyTorch's as well.
"""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

import numpy as np
import torch

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from gradient_cases import Case, case_of, cases
from gradient_families import FAMILIES, Array
from gradient_page import page
from gradient_peers import OURS, SYSTEMS

ERRORS = 1e-2, 1e-3, 1e-4, 1e-5, 1e-6
ROUNDINGS = 100
"""Roundings of the cost that an error has to be worth before it is held to be above the precision."""

JAX_EVERY = 7
"""JAX compiles anew for every size: it gets one case in so many."""

LONGEST = 60.0
"""Seconds that a system may take for a check, as foreseen, before it is left out."""

ROUNDS = 3
COUNTS = [10**k for k in range(1, 7)]


@dataclass
class Findings:
    """What was counted.

    Attributes
    ----------
    right : Counter
        Of right gradients, by (kind, family, type, outcome).
    false_alarms : list of str
        The right gradients that Clearprop calls wrong.
    peers : Counter
        Of right gradients, by (system, kind, type, whether parameters are of size 1, outcome).
    planted : Counter
        By (type, kind, "one" or "all", error, whether it is above the precision, outcome).
    found : Counter
        Of errors above the precision in parameters of size 1 whose right gradient the system does
        not call wrong, by (system, type, "one" or "all", error, outcome).
    times : dict
        Seconds of the processor and errors found, or why there are none, by (system, parameters).
    """

    right: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    false_alarms: list[str] = field(default_factory=list)
    peers: Counter[tuple[str, str, str, bool, str]] = field(default_factory=Counter)
    planted: Counter[tuple[str, str, str, float, bool, str]] = field(default_factory=Counter)
    found: Counter[tuple[str, str, str, float, str]] = field(default_factory=Counter)
    times: dict[tuple[str, int], tuple[float, int] | str] = field(default_factory=dict)


def planted(case: Case, error: float, place: int | None) -> Callable[[Array], Array]:
    """Return a case's gradient times 1 + error, at one place or (None) at all."""

    def gradient(x: Array) -> Array:
        wrong = case.gradient(x)
        where = slice(None) if place is None else place
        wrong[where] *= case.dtype(1 + error)
        return wrong

    return gradient


def resolution(case: Case) -> Array:
    """Return the least relative error of each derivative that is above the precision.

    It changes dL = g_i x_i, what the cost changes by for a change of x_i by its own size, by as much
    as `ROUNDINGS` roundings of the cost and of its parts: eps (|L| + the norm of g x).
    """
    with np.errstate(all="ignore"):
        worth = np.abs(case.gradient(case.x).astype(np.float64) * case.x)
        cost = abs(float(case.f(case.x))) + float(np.linalg.norm(worth))
        return ROUNDINGS * float(np.finfo(case.dtype).eps) * cost / worth


def networks(count: int, seed: int = 0) -> Iterator[tuple[str, cp.Network, Array, Array]]:
    """Yield networks of any activation and loss, in both types, with rows and targets."""
    losses = {"squared_error": "identity", "absolute_error": "identity", "huber": "identity",
              "quantile": "identity", "poisson": "softplus", "cross_entropy": "softmax",
              "binary_cross_entropy": "sigmoid"}  # fmt: skip
    rng = np.random.default_rng(seed)
    activations = sorted(set(ACTIVATIONS) - {"softmax"})
    for number in range(count):
        loss = list(losses)[number % len(losses)]
        hidden = activations[number // len(losses) % len(activations)]
        n_out = {"cross_entropy": 3, "binary_cross_entropy": 1}.get(loss, 2)
        sizes = [4, *rng.integers(1, 7, rng.integers(1, 4)).tolist(), n_out]
        network = cp.Network(sizes, hidden, losses[loss], loss=loss,
                             dtype=("float32", "float64")[number % 2], seed=number)  # fmt: skip
        n = int(rng.integers(1, 40))
        X = rng.normal(size=(n, 4)) * 10.0 ** rng.choice([-6, -3, 0, 0, 0, 1])
        if number % 3 == 0:
            X *= rng.random((n, 4)) < 0.3  # and rows of zeros, where relu has its kink
        labels, counts = rng.integers(0, 2 + (n_out == 3), n), rng.poisson(2.0, (n, n_out))
        targets = rng.normal(size=(n, n_out)) if loss != "poisson" else counts.astype(float)
        yield hidden, network, X, labels if "entropy" in loss else targets


def judge_networks(found: Findings, count: int) -> None:
    """Count what `cp.check_gradients` says of backpropagation's own gradients."""
    for number, (hidden, network, X, y) in enumerate(networks(count)):
        try:
            outcome = cp.check_gradients(network, X, y).outcome
        except cp.NonFiniteError:  # exp of exp: there is no cost, and no gradient
            continue
        kinks = hidden in ("relu", "leaky_relu", "elu")
        family = "with kinks" if kinks else "of smooth activations"
        found.right["networks, check_gradients", family, str(network.dtype), outcome] += 1
        if outcome == "wrong":
            what = f"{'-'.join(map(str, network.sizes))}, {hidden}, {network.loss}, {network.dtype}"
            found.false_alarms.append(f"network {number}: {what}, |x| up to {np.abs(X).max():.1e}")


def judge_right(found: Findings, chosen: Iterable[Case]) -> None:
    """Count what is said of right gradients."""
    for number, case in enumerate(chosen):
        family, kind = case.family, np.dtype(case.dtype).name
        for system in asked(case, number):
            outcome = SYSTEMS[system](case, case.gradient)
            found.peers[system, family.kind, kind, case.size == 1, outcome] += 1
            if system == OURS:
                found.right[family.kind, family.name, kind, outcome] += 1
                if outcome == "wrong":
                    found.false_alarms.append(case.name)


def asked(case: Case, number: int) -> list[str]:
    """Return the systems that get a case: all, but JAX one in some, and few large ones."""
    if len(case.x) > 300:
        return [OURS]
    return [name for name in SYSTEMS if name != "check_grads" or number % JAX_EVERY == 0]


def judge_planted(found: Findings, chosen: Iterable[Case], seed: int = 0) -> None:
    """Count what is said of gradients with errors, in one entry that is not 0 or in all."""
    rng = np.random.default_rng(seed)
    for number, case in enumerate(chosen):
        nonzero = np.flatnonzero(case.gradient(case.x))
        if case.family.kind == "kink at" or not nonzero.size:
            continue
        kind, least = np.dtype(case.dtype).name, resolution(case)
        systems = asked(case, number) if case.size == 1 else [OURS]
        systems = [name for name in systems if SYSTEMS[name](case, case.gradient) != "wrong"]
        for error in ERRORS:
            one = int(rng.choice(nonzero))
            for where, place in (("one", one), ("all", None)):
                above = error >= (least.min() if place is None else least[place])
                wrong = planted(case, error, place)
                for system in systems:
                    outcome = SYSTEMS[system](case, wrong)
                    if system == OURS:
                        key = kind, case.family.kind, where, error, bool(above), outcome
                        found.planted[key] += 1
                    if above and case.size == 1:
                        found.found[system, kind, where, error, outcome] += 1


def measure(found: Findings, counts: Iterable[int], rounds: int = ROUNDS) -> None:
    """Time the checks of sines in float64, in turns, and see if they find 1e-2 in one entry."""
    for n in counts:
        timed = case_of(FAMILIES[0], np.float64, 1.0, n, seed=n)
        seconds: dict[str, list[float]] = {name: [] for name in SYSTEMS}
        finds: Counter[str] = Counter()
        rng = np.random.default_rng(n)
        for turn in range(rounds):
            wrong = planted(timed, 1e-2, int(rng.integers(n)))
            for system, judge in SYSTEMS.items():
                if why := left_out(found, system, n):
                    found.times[system, n] = why
                    continue
                if turn == 0 and system == "check_grads":
                    judge(timed, timed.gradient)  # which compiles once
                started = time.process_time()
                passes = judge(timed, timed.gradient) == "right"
                seconds[system].append(time.process_time() - started)
                finds[system] += passes and judge(timed, wrong) == "wrong"
        for system, taken in seconds.items():
            if taken:
                found.times[system, n] = median(taken), finds[system]
        print(n, {name: found.times[name, n] for name in SYSTEMS}, flush=True)


def left_out(found: Findings, system: str, n: int) -> str:
    """Return why a system is not timed: a call a parameter, each ten times as long as before."""
    before = found.times.get((system, n // 10))
    if isinstance(before, str):
        return before
    if before and system in ("gradcheck, slow", "check_grad") and 100 * before[0] > LONGEST:
        return f"over {LONGEST:.0f} s foreseen"
    return ""


def main() -> None:
    """Count, time, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write GRADIENT_CHECKS.md")
    parser.add_argument("--repeats", type=int, default=4, help="right cases of each kind and size")
    parser.add_argument("--largest", type=int, default=COUNTS[-1], help="parameters at most")
    given = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    torch.set_num_threads(1)
    found, started = Findings(), time.perf_counter()
    few = islice(cases(max(1, given.repeats // 4), 100, seed=1), 0, None, 2)
    for what in (
        partial(judge_networks, found, 100 * given.repeats),
        partial(judge_right, found, cases(given.repeats, given.largest)),
        partial(judge_planted, found, few),
        partial(measure, found, [n for n in COUNTS if n <= given.largest]),
    ):
        what()
        print(f"{what.func.__name__}: {time.perf_counter() - started:.0f} s", flush=True)
    text = page(found)
    print(text)
    if given.write:
        Path(__file__).with_name("GRADIENT_CHECKS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
