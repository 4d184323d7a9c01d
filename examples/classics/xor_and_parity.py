"""PDP, 1986: XOR and its local minima, parity, and what no network without hidden units learns.

D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning internal representations by error
propagation", chapter 8 of "Parallel Distributed Processing", volume 1, MIT Press 1986: "The XOR
problem" and "Parity". The learning rate is 0.5, as there. What is not said there is our choice: weights
change after each sweep, by the sum of the patterns' gradients; momentum 0.9; start uniform in +-1.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from classic import Classic, Found, Row, main, spread
from matplotlib.figure import Figure

import clearprop as cp

STARTS, PARITIES, SHORT = 1000, 200, 5
SWEEPS, PARITY_SWEEPS = 20_000, 20_000
EVERY = 5
PUBLISHED_PARITY = 2_825
PDP = "PDP vol. 1 (1986), ch. 8"


def patterns(bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all patterns of so many bits, and their parity; of two bits, that is XOR."""
    X = np.array([[int(bit) for bit in f"{number:0{bits}b}"] for number in range(2**bits)], float)
    return X, X.sum(axis=1) % 2


class Solved:
    """Stops a run when every output is within 0.4 of its target."""

    epochs_ahead = EVERY

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.X, self.y = X, y
        self.sweeps: int | None = None

    def __call__(self, epoch: cp.Epoch) -> bool:
        if (np.abs(epoch.network.predict(self.X)[:, 0] - self.y) < 0.4).all():
            self.sweeps = epoch.epoch
        return self.sweeps is not None


def learn(sizes: list[int], seed: int, sweeps: int) -> tuple[int | None, list[float]]:
    """Return after how many sweeps parity was learned, None for never, and the outputs in the end.

    The rate is 0.5 on the sum of the patterns' gradients: Clearprop's cost is their mean.
    """
    X, y = patterns(sizes[0])
    start = cp.initializers.uniform(1.0)
    network = cp.Network(
        sizes, "sigmoid", loss="squared_error", initializer=start, biases=start, dtype="float64",
        seed=seed,
    )  # fmt: skip
    solved = Solved(X, y)
    cp.train(
        network, X, y, optimizer=cp.SGD(0.5 * len(X), momentum=0.9), batch_size=None,
        epochs=sweeps, callbacks=[solved], threads=1, progress=False,
    )  # fmt: skip
    return solved.sweeps, network.predict(X)[:, 0].tolist()


def measure(short: bool, data: Path | None) -> Found:
    """Learn XOR with and without hidden units, and the parity of four bits, from many starts."""
    starts, parities = (SHORT, SHORT) if short else (STARTS, PARITIES)
    xor = [learn([2, 2, 1], seed, SWEEPS) for seed in range(starts)]
    stuck = [outputs for sweeps, outputs in xor if sweeps is None]
    flat = [learn([2, 1], seed, 5_000)[1] for seed in range(SHORT)]
    parity = [learn([4, 4, 1], seed, PARITY_SWEEPS)[0] for seed in range(parities)]
    return {"xor": [sweeps for sweeps, _ in xor], "stuck": stuck, "flat": flat, "parity": parity}


def kinds(stuck: list[list[float]]) -> Counter[str]:
    """Count ends of runs that did not learn by their outputs, sorted: two of each are alike."""
    return Counter(" ".join(f"{abs(value):.1f}" for value in sorted(out)) for out in stuck)


def tell(found: Found) -> list[Row]:
    """The figures beside the published ones."""
    xor = [sweeps for sweeps in found["xor"] if sweeps is not None]
    parity = [sweeps for sweeps in found["parity"] if sweeps is not None]
    off = np.abs(np.array(found["flat"]) - 0.5).max()
    return [
        Row("XOR, 2-2-1: sweeps until learned", "no number", PDP, spread(xor)),
        Row(
            f"XOR: starts that end in a local minimum ({SWEEPS:,} sweeps)", "there are some", PDP,
            f"{len(found['stuck'])} of {len(found['xor']):,}",
        ),
        Row(
            "XOR without a hidden layer, 2-1", "cannot be learned", f"{PDP}; the first note",
            f"every output ends within {off:.0e} of 0.5",
        ),
        Row(
            "parity of 4 bits, 4-4-1: presentations of the pattern set", f"{PUBLISHED_PARITY:,} (one run)",
            f"{PDP}, Parity", spread(parity),
        ),
        Row(
            f"parity: starts that have not learned it in {PARITY_SWEEPS:,}", "not said", f"{PDP}, Parity",
            f"{len(found['parity']) - len(parity)} of {len(found['parity']):,}",
        ),
    ]  # fmt: skip


def draw(found: Found) -> Figure:
    """The sweeps of XOR and of parity, and where the others end."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(10, 3.2))
    for axes, name, title in ((left, "xor", "XOR, 2-2-1"), (middle, "parity", "parity, 4-4-1")):
        solved = [sweeps for sweeps in found[name] if sweeps is not None]
        axes.hist(solved, bins=np.geomspace(min(solved), max(solved) + 1, 30), color="#7a9cc6")
        axes.set(xscale="log", xlabel="sweeps until learned", ylabel="starts", title=title)
    middle.axvline(PUBLISHED_PARITY, color="#d55e00", label=f"published: {PUBLISHED_PARITY:,}")
    middle.legend(fontsize=8)
    ends = kinds(found["stuck"]).most_common(5) or [("none", 0)]
    right.barh([name for name, _ in ends][::-1], [n for _, n in ends][::-1], color="#d55e00")
    right.set(xlabel="starts", title="XOR not learned: the four outputs")
    right.tick_params(axis="y", labelsize=8)
    figure.tight_layout()
    return figure


def lesson(found: Found) -> str:
    """What one learns."""
    ends = kinds(found["stuck"]).most_common(2)
    words = "; ".join(f"{name} ({count} times)" for name, count in ends) or "none"
    return (
        "Without hidden units the best that can be done for XOR is 0.5 everywhere: each input alone says "
        "nothing, and the gradients of all four patterns cancel. With two hidden units it is learned from "
        "most starts and not from all: a run can end where two patterns are right and two are at 0.5, "
        f"where nothing moves any more (the outputs then, sorted: {words}). "
        "Parity, where every single bit "
        "changes the answer, takes a tenth of the published time or ten times as long, by its start; and from "
        "many starts it is not learned at all."
    )


CLASSIC = Classic(
    name="xor_and_parity",
    title="XOR and parity: what hidden units are for, and where learning ends too early",
    question=(
        "XOR is 1 where the two inputs differ; the parity of four bits is 1 where an odd number of them is 1. 2-2-1 (and 2-1) "
        "for XOR from 1,000 starts, 4-4-1 for parity from 200; sigmoid, learning rate 0.5 as published. The "
        "chapter leaves open how weights change and where they start: here after each sweep, by the sum of the patterns' gradients with "
        "momentum 0.9, from uniform in ±1. A run is over when every output is within 0.4 of its target; that "
        "is looked at every five sweeps, up to 20,000."
    ),
    measure=measure,
    tell=tell,
    draw=draw,
    lesson=lesson,
)

if __name__ == "__main__":
    sys.exit(main(CLASSIC))
