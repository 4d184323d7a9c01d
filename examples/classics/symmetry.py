"""Rumelhart, Hinton and Williams, 1986: is a string of six bits symmetric about its middle?

D. E. Rumelhart, G. E. Hinton, R. J. Williams, "Learning representations by back-propagating errors",
Nature 323 (1986), 533-536: Figure 1 and the text beside it. A 6-2-1 network of sigmoid units sees all
64 patterns in a sweep; weights start uniform in +-0.3, epsilon 0.1 on the sum over the patterns
(so 6.4 on Clearprop's mean), momentum 0.9.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import sources
from classic import Classic, Found, Row, main, spread
from matplotlib.figure import Figure

import clearprop as cp

STARTS, SHORT = 1000, 10
MOST = 60_000
PUBLISHED = 1_425
FIGURE = "Nature 323 (1986), p. 534, Figure 1"

X = np.array([[int(bit) for bit in f"{number:06b}"] for number in range(64)], float)
y = (X[:, ::-1] == X).all(axis=1).astype(float)


class Solved:
    """Stops a run after the first sweep that leaves every output within 0.5 of its target."""

    def __init__(self) -> None:
        self.sweeps: int | None = None

    def __call__(self, epoch: cp.Epoch) -> bool:
        if (np.abs(epoch.network.predict(X)[:, 0] - y) < 0.5).all():
            self.sweeps = epoch.epoch
        return self.sweeps is not None


def start(seed: int) -> cp.Network:
    """Return a network that has learned nothing yet."""
    begin = cp.initializers.uniform(0.3)
    return cp.Network(
        [6, 2, 1], "sigmoid", loss="squared_error", initializer=begin, biases=begin,
        dtype="float64", seed=seed,
    )  # fmt: skip


def learn(seed: int) -> tuple[cp.Network, int | None]:
    """Return a network trained from one start, and after how many sweeps it had learned; None: never."""
    network, solved = start(seed), Solved()
    cp.train(
        network, X, y, optimizer=cp.SGD(6.4, momentum=0.9), batch_size=None, epochs=MOST,
        callbacks=[solved], threads=1, progress=False,
    )  # fmt: skip
    return network, solved.sweeps


def mirrored(network: cp.Network) -> tuple[float, list[float]]:
    """Return how far mirrored weights are from equal and opposite, and their sizes' ratio.

    The first as a part of the largest weight; the second ascending, the smallest as 1.
    """
    W = network["W1"]
    left, right = W[:, :3], W[:, :2:-1]
    sizes = np.sort(np.abs(left - right).mean(axis=0) / 2)
    return float(np.abs(left + right).max() / np.abs(W).max()), (sizes / sizes[0]).tolist()


def measure(short: bool, data: Path | None) -> Found:
    """Learn from many starts."""
    sweeps, apart, ratios, twins, first = [], [], [], [], None
    for seed in range(SHORT if short else STARTS):
        network, count = learn(seed)
        sweeps.append(count)
        if count is None:
            continue
        off, ratio = mirrored(network)
        apart.append(off)
        ratios.append(ratio)
        twins.append(float(np.corrcoef(network["W1"])[0, 1]))
        if first is None:
            first = [network[name].tolist() for name in ("W1", "b1", "W2", "b2")]
    return {"sweeps": sweeps, "apart": apart, "ratios": ratios, "twins": twins, "first": first}


def tell(found: Found) -> list[Row]:
    """The figures beside the published ones."""
    solved = [count for count in found["sweeps"] if count is not None]
    below = np.mean([count <= PUBLISHED for count in solved])
    far = [f"{100 * value:.1f}%" for value in np.quantile(found["apart"], [0.5, 0.95])]
    alike = np.quantile(found["twins"], [0.5, 0.95])
    ratio = ":".join(f"{value:.1f}" for value in np.median(found["ratios"], axis=0))
    return [
        Row(
            "sweeps until all 64 are right", f"{PUBLISHED:,} (one run)", FIGURE,
            f"{spread(solved)}; {PUBLISHED:,} or fewer: {100 * below:.0f}%",
        ),
        Row(
            f"starts that have not learned it in {MOST:,} sweeps", "not said", FIGURE,
            f"{len(found['sweeps']) - len(solved)} of {len(found['sweeps']):,}",
        ),
        Row(
            "mirrored weights are equal and opposite", "yes", FIGURE,
            f"to {far[0]} of the largest weight (median; 95%: {far[1]})",
        ),
        Row(
            "both hidden units have the same weights, with opposite signs", "yes", FIGURE,
            f"correlation {alike[0]:.5f} (median; 95% of starts: {alike[1]:.5f} or less)",
        ),
        Row("sizes of the weights", "1:2:4", FIGURE, f"{ratio} (median, when first solved)"),
    ]  # fmt: skip


def draw(found: Found) -> Figure:
    """The weights of the first start as a Hinton diagram, and the sweeps of all."""
    figure, (hinton, histogram) = plt.subplots(1, 2, figsize=(9, 3.4), width_ratios=[1.2, 1])
    W1, b1, W2, b2 = (np.array(values) for values in found["first"])
    largest = max(np.abs(array).max() for array in (W1, b1, W2, b2))
    for row, (weights, bias, out) in enumerate(zip(W1, b1, W2[0], strict=True)):
        for column, value in enumerate([*weights, bias, out]):
            x, y = column + (column >= 6) * 0.5 + (column >= 7) * 0.5, -1.5 * row
            side = np.sqrt(abs(value) / largest)
            color = "#0072b2" if value < 0 else "#d55e00"
            hinton.add_patch(plt.Rectangle((x - side / 2, y - side / 2), side, side, color=color))
            hinton.text(x, y - 0.75, f"{value:.1f}", ha="center", fontsize=8)
    places = [*range(6), 6.5, 8]
    hinton.set_xticks(places, [*(f"x{k + 1}" for k in range(6)), "bias", "to output"], fontsize=8)
    hinton.set_yticks([0, -1.5], ["hidden 1", "hidden 2"], fontsize=8)
    hinton.set(xlim=(-0.7, 8.8), ylim=(-2.5, 0.7), aspect="equal")
    hinton.set_title(
        "weights of one solution\n(area: size; orange above 0, blue below)", fontsize=9
    )
    solved = [count for count in found["sweeps"] if count is not None]
    histogram.hist(solved, bins=np.geomspace(min(solved), max(solved), 30), color="#7a9cc6")
    histogram.axvline(PUBLISHED, color="#d55e00", label=f"published: {PUBLISHED:,}")
    histogram.axvline(np.median(solved), color="#333", linestyle="--", label="median")
    histogram.set(xscale="log", xlabel="sweeps until solved", ylabel="starts", title="all starts")
    histogram.legend(fontsize=8)
    figure.tight_layout()
    return figure


def lesson(found: Found) -> str:
    """What one learns."""
    return (
        "Two hidden units are enough, as the network finds a code nobody gave it: weights on the two "
        "sides of the middle cancel for a symmetric string, and as their sizes are about 1:2:4, for no "
        "other. So a symmetric string leaves both hidden units off, by their biases; any other turns one of "
        "the two on, as their weights have opposite signs; and the output is on where both are off. The one published number is one draw of a "
        "distribution over two orders of magnitude: a single run says little about how long learning "
        "takes."
    )


CLASSIC = Classic(
    name="symmetry",
    title="Symmetry: the first hidden units that explained themselves",
    question=(
        "D. E. Rumelhart, G. E. Hinton and R. J. Williams, who made backpropagation known in 1986, asked: is a "
        "string of six bits symmetric about its middle? No single input says anything, so hidden "
        "units are needed. 6-2-1, sigmoid, all 64 patterns a sweep, epsilon 0.1 on the sum of the "
        "patterns' gradients (a learning rate of 6.4 on their mean), momentum 0.9, start uniform in "
        f"±0.3; {STARTS:,} starts, seeds from 0. A run is over after the first sweep that leaves every output on "
        "the right side of 0.5; what ended the published run is not said."
    ),
    measure=measure,
    tell=tell,
    draw=draw,
    lesson=lesson,
    sources=(sources.NATURE,),
)

if __name__ == "__main__":
    sys.exit(main(CLASSIC))
