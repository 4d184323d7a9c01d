"""Changes of numbers put into a copy of the kernels: the recorded bits have to tell each.

Every change is one that a person may make and hold for harmless: another order of a sum, another
rounding, another counter. What a change does not touch is not compiled again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from clearprop.engine.kernels import cache

ROOT = Path(__file__).parents[2]
KERNELS = Path("clearprop") / "engine" / "kernels"
TOLD, IN_DOUBLE = "float32,", "float64,"
"""The runs that are asked: those over every option, and of a heavy penalty, in one type. Sums of costs are of float64: of
numbers of float32 they are exact, in whatever order."""

HANGS = 1800


class Change(NamedTuple):
    """A text in a file of the kernels, what stands there in its place, and which kernels have it."""

    what: str
    file: str
    old: str
    new: str
    kernels: tuple[str, ...]
    told: str = TOLD


STEP = ("training.run",)
CHANGES = (
    Change("Nesterov's velocity by a fused multiply-add", "optimizers.py",
           "velocity = mu * velocity + change", "velocity = fma(mu, velocity, change)",
           ("optimizers",)),
    Change("Adam's second moment without one", "optimizers.py",
           "v = fma(old_2, v, new_2 * g * g)", "v = old_2 * v + new_2 * g * g", ("optimizers",)),
    Change("RMSprop: the rate divided first", "optimizers.py",
           "w - rate * (g / (square_root(square) + epsilon))",
           "w - rate / (square_root(square) + epsilon) * g", ("optimizers",)),
    Change("dropout's counter one further", "random.py",
           "philox(uint64(first // 4 + block), c1", "philox(uint64(first // 4 + block + 1), c1",
           ("random",)),
    Change("an order's keys with their halves exchanged", "random.py",
           "(words[0] << _HALF) | words[1]", "(words[1] << _HALF) | words[0]", ("random",)),
    Change("sums of rows in eight chains", "rows.py",
           "CHAINS = 16", "CHAINS = 8", ("losses.cross_entropy", "activations.softmax")),
    Change("products without fused multiply-adds", "tile.py",
           "sums[i, v] = builder.call(fma, [factor, row[v], chains[i, v]])",
           "sums[i, v] = builder.fadd(builder.fmul(factor, row[v]), chains[i, v])", ("product",)),
    Change("binary cross-entropy: its slope divided twice", "losses.py",
           "small = small_share(z, one)\n        return softplus(-size) + wrong * size",
           "small = one - one / (one + e.exp(-size))\n        return softplus(-size) + wrong * size",
           ("losses.binary",)),
    Change("sigmoid' by another formula", "activations.py",
           "(large if z > zero else small), small * large",
           "(large if z > zero else small), small - small * small", ("activations.sigmoid",)),
    Change("the loss of a row summed from its end", "losses.py",
           "value, slope = pair(get(a, j), get(y, j), first, second)",
           "j = n - 1 - j\n                value, slope = pair(get(a, j), get(y, j), first, second)",
           ("losses",)),
    Change("stripes of a batch in another order", "batch.py",
           "first = (shard - place) % shards", "first = (shards - 1 - shard - place) % shards", STEP),
    Change("shards added one by one, not in a tree", "gradients.py",
           "held > 1 and (done % 2 == 0 or shard + 1 == shards)", "held > 1", STEP),
    Change("the penalty's four chains joined in turn", "batch.py",
           "(s0 + s1) + (s2 + s3)", "((s0 + s1) + s2) + s3", STEP, IN_DOUBLE),
    Change("a batch's cost summed without shards", "batch.py",
           "                part += value\n            cost += part", "                cost += value", STEP, IN_DOUBLE),
)  # fmt: skip


def measure(long: bool, seed: int) -> dict[str, Any]:
    """Make each change, the quick ones alone unless it is the long form."""
    changed, said = run(ROOT / "src", {}, TOLD)  # it also compiles what the changes leave
    failures = [f"no change: {said or f'{changed} runs tell'}"] if changed or said else []
    found = []
    for change in CHANGES:
        if not long and change.kernels == STEP:  # it takes a minute to compile
            continue
        runs, said = told(change)
        found.append({"change": change.what, "runs": runs})
        if not runs:
            failures.append(f"{change.what}: {said or 'no run tells'}")
    return {"changes": found, "failures": failures}


def told(change: Change) -> tuple[int, str]:
    """How many of the recorded runs tell of a change; and what was said where none could be run."""
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "src"
        shutil.copytree(
            ROOT / "src", source, ignore=shutil.ignore_patterns("prebuilt", "__pycache__")
        )
        file = source / KERNELS / change.file
        text = file.read_text(encoding="utf-8")
        if text.count(change.old) != 1:
            return 0, f"{change.file} has its text {text.count(change.old)} times"
        file.write_text(text.replace(change.old, change.new), encoding="utf-8")
        begin = (
            f"import sys; sys.path[:0] = {[str(ROOT / 'benchmarks' / 'trust')]}; import changed_numbers"
            f"; changed_numbers.take_over({str(cache.folder())!r}, {change.kernels!r}); "
        )
        return run(source, {"CLEARPROP_CACHE": f"{scratch}/cache"}, change.told, begin)


def run(source: Path, more: dict[str, str], told: str, begin: str = "") -> tuple[int, str]:
    """How many recorded runs change with these sources, compiled; and what was said of an error."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(source), str(ROOT / "tests")]),
        "CLEARPROP_KERNELS": "compile",
    }
    code = (
        f"{begin}import json; from oracles import bits; "
        f"print(json.dumps(bits.changed(bits.recorded(), {told!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment | more, capture_output=True, text=True,
        timeout=HANGS, check=False,
    )  # fmt: skip
    if done.returncode:
        return 0, done.stderr.strip().splitlines()[-1]
    return len(json.loads(done.stdout)), ""


def take_over(from_folder: str, but: tuple[str, ...]) -> None:
    """Fill this process's cache with kernels that have not changed."""
    to = cache.folder()
    to.mkdir(mode=0o755, parents=True)
    for kernel in Path(from_folder).glob("*.kernel"):
        if not kernel.name.startswith(but):
            shutil.copy(kernel, to)


def section(figures: dict[str, Any]) -> str:
    """What docs/trust.md says."""
    lines = "\n".join(f"| {one['change']} | {one['runs']} |" for one in figures["changes"])
    return f"""## Changes of numbers

The bits of runs over every kernel, and over every two levels of every two options, are recorded and
compared by a test. {len(figures["changes"])} changes of numbers were put into a copy of the kernels;
{len(figures["failures"])} of them went unseen.

| A change of the kernels | Runs that tell, of those over every option in one type |
| --- | ---: |
{lines}
"""
