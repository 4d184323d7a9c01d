"""PDP, 1986: XOR and its local minima, parity, and what no network without hidden units learns.

D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning internal representations by error
propagation", chapter 8 of "Parallel Distributed Processing", volume 1, MIT Press 1986, pp. 318-362: "The
XOR problem" (pp. 330-334) and "Parity" (pp. 334-335). Rates, the momentum of 0.9 (p. 330) and the error
per pattern, 0.01, at which a run is over (Y. Chauvin's study, p. 333) are the chapter's. It does not say where
weights start, nor whether they change after each pattern: here after each sweep, by the sum of the
patterns' gradients, from uniform in +-0.3 (as in the paper of the same year) and in +-1.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import sources
from classic import Classic, Found, Row, main, spread
from matplotlib.figure import Figure

import clearprop as cp

STARTS, PARITIES, SHORT = 1000, 200, 3
MOST, LATER = 20_000, 200_000
"""Sweeps, and how many the runs get that have not learned XOR in the first."""
MOMENTUM = 0.9
ERROR = 0.01
SETTINGS = tuple((rate, limit) for rate in (0.25, 0.5) for limit in (0.3, 1.0))
"""Learning rates, and within what weights start."""
PUBLISHED_MEAN = 245
PUBLISHED_PARITY = 2_825
PDP = "PDP vol. 1 (1986), ch. 8"


def patterns(bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all patterns of so many bits, and their parity; of two bits, that is XOR."""
    X = np.array([[int(bit) for bit in f"{number:0{bits}b}"] for number in range(2**bits)], float)
    return X, X.sum(axis=1) % 2


def learn(
    sizes: list[int], seed: int, rate: float = 0.5, limit: float = 1.0, sweeps: int = MOST
) -> tuple[int | None, list[float]]:
    """Return after how many sweeps parity was learned, None for never, and the outputs in the end.

    The rate is on the sum of the patterns' gradients: Clearprop's cost is their mean. A run of all
    sweeps is made only where a tenth of them, which it repeats to the bit, did not do.
    """
    X, y = patterns(sizes[0])
    start = cp.initializers.uniform(limit)
    for most in (sweeps // 10, sweeps):
        network = cp.Network(
            sizes, "sigmoid", loss="squared_error", initializer=start, biases=start, dtype="float64",
            seed=seed,
        )  # fmt: skip
        history = cp.train(
            network, X, y, optimizer=cp.SGD(rate * len(X), momentum=MOMENTUM), batch_size=None,
            epochs=most, threads=1, progress=False,
        )  # fmt: skip
        below = np.flatnonzero(np.array(history.loss) < ERROR)  # before the sweep of its place
        if len(below):
            break
    outputs = network.predict(X)[:, 0].tolist()
    return (int(below[0]) if len(below) else None), outputs


def measure(short: bool, data: Path | None) -> Found:
    """Learn XOR with and without hidden units, and the parity of four bits, from many starts."""
    starts, parities = (SHORT, SHORT) if short else (STARTS, PARITIES)
    xor, stuck = [], []
    for rate, limit in SETTINGS:
        runs = [learn([2, 2, 1], seed, rate, limit) for seed in range(starts)]
        sweeps = [count for count, _ in runs]
        late = [seed for seed, count in enumerate(sweeps) if count is None]
        later = [learn([2, 2, 1], seed, rate, limit, LATER)[0] for seed in late]
        xor.append({"rate": rate, "start": limit, "sweeps": sweeps, "later": later})
        stuck += [runs[seed][1] for seed in late]
    flat = [learn([2, 1], seed, sweeps=5_000)[1] for seed in range(SHORT)]
    parity = [learn([4, 4, 1], seed)[0] for seed in range(parities)]
    return {"xor": xor, "stuck": stuck, "flat": flat, "parity": parity}


def kinds(stuck: list[list[float]]) -> Counter[str]:
    """Count ends of runs that did not learn by their outputs, sorted: two of each are alike."""
    return Counter(" ".join(f"{abs(value):.1f}" for value in sorted(out)) for out in stuck)


def learned(sweeps: list[int | None]) -> list[int]:
    """Return the sweeps of the runs that learned."""
    return [count for count in sweeps if count is not None]


def tell(found: Found) -> list[Row]:
    """The figures beside the published ones."""
    parity = learned(found["parity"])
    off = max(np.abs(np.array(found["flat"]) - 0.5).max(), 1e-15)
    starts = len(found["xor"][0]["sweeps"])
    means = [
        f"{np.mean(learned(one['sweeps'])):,.0f} from ±{one['start']:g} (median {np.median(learned(one['sweeps'])):,.0f})"
        for one in found["xor"] if one["rate"] == SETTINGS[0][0]
    ]  # fmt: skip
    ends = [
        f"{starts - len(learned(one['sweeps']))} (rate {one['rate']:g}, from ±{one['start']:g})"
        for one in found["xor"]
    ]
    return [
        Row(
            f"XOR, 2-2-1: runs that have not learned it in {MOST:,} sweeps",
            "2 of hundreds of runs, in local minima (both 2-2-1; of the others not said)", f"{PDP}, pp. 331-332", f"of {starts:,} each: {', '.join(ends)}",
        ),
        Row(
            f"… of these, have learned it in {LATER:,}", "a rate of 0.5 or more escapes (of one run)", f"{PDP}, p. 332, note",
            ", ".join(
                f"{len(learned(one['later']))} of {len(one['later'])} (rate {one['rate']:g}, from ±{one['start']:g})"
                for one in found["xor"]
            ),
        ),
        Row(
            "the others, rate 0.25: presentations of the pattern set, mean",
            f"about {PUBLISHED_MEAN} (of patterns or of the set: not said)", f"{PDP}, p. 333 (Chauvin)", "; ".join(means),
        ),
        Row(
            "XOR without a hidden layer, 2-1", "cannot be learned", f"{PDP}, pp. 318-321; the first note",
            f"every output of {len(found['flat'])} starts ends within {off:.0e} of 0.5",
        ),
        Row(
            "parity of 4 bits, 4-4-1, rate 0.5: presentations of the pattern set",
            f"{PUBLISHED_PARITY:,} (one run)", f"{PDP}, p. 335", spread(parity),
        ),
        Row(
            f"parity: starts that have not learned it in {MOST:,}", "not said", f"{PDP}, p. 335",
            f"{len(found['parity']) - len(parity)} of {len(found['parity']):,}",
        ),
    ]  # fmt: skip


def draw(found: Found) -> Figure:
    """Sweeps of XOR and of parity, and where the others end."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.2))
    for one in found["xor"]:
        sweeps = np.sort(learned(one["sweeps"]))
        left.plot(
            sweeps, 100 * np.arange(1, len(sweeps) + 1) / len(one["sweeps"]),
            color="#0072b2" if one["start"] < 1 else "#d55e00",
            linestyle="-" if one["rate"] < 0.5 else "--",
            label=f"rate {one['rate']:g}, start ±{one['start']:g}",
        )  # fmt: skip
    left.set(
        xscale="log",
        xlabel="sweeps",
        ylabel="starts that have learned, %",
        ylim=(0, 101),
        title="XOR, 2-2-1",
    )
    left.legend(fontsize=7)
    solved = learned(found["parity"])
    middle.hist(solved, bins=np.geomspace(min(solved), max(solved) + 1, 30), color="#7a9cc6")
    middle.axvline(PUBLISHED_PARITY, color="#d55e00", label=f"published: {PUBLISHED_PARITY:,}")
    middle.set(xscale="log", xlabel="sweeps until learned", ylabel="starts", title="parity, 4-4-1")
    middle.legend(fontsize=7)
    ends = kinds(found["stuck"]).most_common(5) or [("none", 0)]
    right.barh([name for name, _ in ends][::-1], [n for _, n in ends][::-1], color="#7a9cc6")
    right.set(xlabel="runs", title="XOR not learned: outputs")
    right.tick_params(axis="y", labelsize=8)
    figure.tight_layout()
    return figure


def lesson(found: Found) -> str:
    """What one learns."""
    ends = kinds(found["stuck"])
    words = "; ".join(f"{name} ({count} times)" for name, count in ends.most_common(2)) or "none"
    shares = {
        limit: 100 * np.mean([
            count is None for one in found["xor"] if one["start"] == limit for count in one["sweeps"]
        ])
        for _, limit in SETTINGS
    }  # fmt: skip
    parity = [len(learned(found["parity"])), len(found["parity"])]
    late = [count for one in found["xor"] for count in one["later"]]
    by_rate = {
        rate: sum(len(one["later"]) for one in found["xor"] if one["rate"] == rate) for rate, _ in SETTINGS
    }  # fmt: skip
    at_rates = ", ".join(f"{count} at {rate:g}" for rate, count in by_rate.items())
    times = np.array(learned(found["parity"])) / PUBLISHED_PARITY
    soon, late_in = int((times < 0.5).sum()), int((times > 2).sum())
    last = int((times * PUBLISHED_PARITY > 0.75 * MOST).sum())
    return (
        "Without hidden units the best that can be done for XOR is 0.5 everywhere: each input alone says "
        "nothing, and the gradients of all four patterns cancel. With two hidden units it is learned from "
        f"most starts and not from all: a run can stay where two patterns are right and two are at 0.5 (the outputs after {MOST:,} sweeps, sorted: {words}). "
        f"With {LATER:,} sweeps {len(learned(late))} of these {len(late)} runs learn it after all. The chapter speaks of local minima; "
        "L. G. C. Hamey (XOR has no local minima, Neural Networks 11 (1998), 669-681) proves that the error of 2-2-1 has none at finite weights: "
        f"what holds these runs is flat. The larger rate, with which the chapter's own run gets away, did not help here ({at_rates}). "
        f"How often it happens depends on the start: {shares[0.3]:.0f}% of runs from ±0.3, "
        f"and {shares[1.0]:.0f}% from ±1, which in return are quicker where they learn. So the chapter's two of hundreds says as much of "
        "its starts and networks as of XOR. "
        f"Parity, where every single bit changes the answer, is learned from {parity[0]} of {parity[1]} starts: by {soon} in less than half of the sweeps "
        f"published, by {late_in} in more than twice as many, and by {len(times) - soon - late_in} in between. {last} learned in the last "
        f"quarter of the {MOST:,} sweeps: some of the others may have been given up too soon."
    )


CLASSIC = Classic(
    name="xor_and_parity",
    title="XOR and parity: what hidden units are for, and where learning ends too early",
    question=(
        "From the chapter of D. E. Rumelhart, G. E. Hinton and R. J. Williams on backpropagation in Parallel Distributed Processing (PDP), 1986. XOR is 1 where the two inputs differ; the parity of four bits is 1 where an odd number of them is 1. 2-2-1 (and 2-1) "
        f"for XOR from {STARTS:,} starts at each of two rates and two sizes of start, 4-4-1 for parity from {PARITIES}; sigmoid, momentum 0.9. A run is over when half the "
        f"squared error is below {ERROR} in the mean of the patterns, and given up after {MOST:,} sweeps. The chapter leaves open where weights start "
        "and whether they change after each pattern: here after each sweep, by the sum of the patterns' gradients, from uniform in ±0.3 and ±1 "
        "(parity: ±1), seeds from 0. The chapter's 558 sweeps for XOR are of one hidden unit with direct connections beside it, which is no network of layers, and not run here."
    ),
    measure=measure,
    tell=tell,
    draw=draw,
    lesson=lesson,
    sources=(sources.PDP, sources.HAMEY, sources.NOTES),
)

if __name__ == "__main__":
    sys.exit(main(CLASSIC))
