"""Vanishing gradients: how delta shrinks from layer to layer, and what stops it.

M. A. Nielsen, "Neural Networks and Deep Learning", Determination Press 2015, chapter 5
(http://neuralnetworksanddeeplearning.com/chap5.html), tells the norms of delta at the start of
784-30-...-30-10 on 1,000 images of MNIST. Why they shrink: S. Hochreiter, "Untersuchungen zu dynamischen
neuronalen Netzen", diploma thesis, TU Munich 1991; Y. Bengio, P. Simard, P. Frasconi, "Learning long-term
dependencies with gradient descent is difficult", IEEE Transactions on Neural Networks 5 (1994), 157-166.
What stops it: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural
networks", AISTATS 2010, Figures 7 and 9; K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers",
ICCV 2015, section 2.2 and Figure 3.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import mnist
import numpy as np
import sources
from classic import Classic, Found, Row, main
from matplotlib.figure import Figure

import clearprop as cp

STARTS, DEEP_STARTS, SHORT = 200, 10, 3
IMAGES = 1_000
DEPTHS = (2, 5, 10, 20)
PUBLISHED = {2: (0.07, 0.31), 3: (0.012, 0.060, 0.283), 4: (0.003, 0.017, 0.070, 0.285)}
"""||delta^l|| of the hidden layers, by how many there are."""
NIELSEN = "Nielsen 2015, ch. 5"
BEFORE, GLOROT, HE = (
    "Hochreiter 1991; Bengio et al. 1994",
    "Glorot and Bengio 2010",
    "He et al. 2015",
)
HIS = "sigmoid, normal(0, 1/sqrt(n))"
WAYS = {
    HIS: ("sigmoid", "his", "vanishes (in time, of recurrent networks)", BEFORE),
    "sigmoid, Glorot": (
        "sigmoid",
        "glorot_normal",
        "sigmoid is unsuited for deep networks",
        GLOROT,
    ),
    "tanh, Glorot": ("tanh", "glorot_normal", "holds", GLOROT),
    "relu, Glorot": ("relu", "glorot_normal", "30 layers do not learn (convolutions)", HE),
    "relu, He": ("relu", "he_normal", "holds; 30 layers learn (convolutions)", HE),
}
"""How a deep network begins: activation and initializer; and what was published of it."""


def start(hidden: int, activation: str, initializer: str, seed: int) -> cp.Network:
    """Return a network with so many hidden layers of 30, not yet trained."""
    sizes = [784, *[30] * hidden, 10]
    if initializer != "his":
        return cp.Network(
            sizes, activation, "softmax", initializer=initializer, seed=seed, dtype="float64"
        )
    # As in the book: weights with deviation 1/sqrt(n_in), biases with 1; cross-entropy on sigmoid outputs.
    biases = cp.initializers.normal(1.0)
    network = cp.Network(
        sizes, activation, "sigmoid", loss="binary_cross_entropy", initializer=biases, biases=biases,
        seed=seed, dtype="float64",
    )  # fmt: skip
    for layer, n_in in enumerate(sizes[:-1], start=1):
        network[f"W{layer}"] = network[f"W{layer}"] / np.sqrt(n_in)
    return network


def norms(network: cp.Network, X: np.ndarray, y: np.ndarray) -> list[float]:
    """Return ||dL/db^l|| of every layer: the mean of delta^l over the images."""
    record = cp.backprop(network, X, y)
    return [float(np.linalg.norm(record[f"db{layer}"])) for layer in range(1, len(network.sizes))]


def measure(short: bool, data: Path | None) -> Found:
    """Take the norms of many starts, of his networks and of deep ones."""
    digits = mnist.load(data)
    X, labels = digits.X[:IMAGES].astype(float), digits.y[:IMAGES]
    onehot = np.eye(10)[labels]
    starts, deep_starts = (SHORT, SHORT) if short else (STARTS, DEEP_STARTS)
    his = {
        str(hidden): [
            norms(start(hidden, "sigmoid", "his", seed), X, onehot)[:-1] for seed in range(starts)
        ]
        for hidden in PUBLISHED
    }
    deep: dict[str, dict[str, list[list[float]]]] = {}
    for name, (activation, initializer, *_) in WAYS.items():
        target = onehot if initializer == "his" else labels
        deep[name] = {
            str(hidden): [
                norms(start(hidden, activation, initializer, seed), X, target)
                for seed in range(deep_starts)
            ]
            for hidden in DEPTHS
        }
    return {"his": his, "deep": deep}


def share_left(found: Found, way: str) -> np.ndarray:
    """Return the first hidden layer's norm over the last's, of each start of the deepest network."""
    values = np.array(found["deep"][way][str(DEPTHS[-1])])
    return values[:, 0] / values[:, -2]


def tell(found: Found) -> list[Row]:
    """The figures beside the published ones."""
    rows = []
    for hidden, published in PUBLISHED.items():
        middle, low, high = np.quantile(found["his"][str(hidden)], [0.5, 0.05, 0.95], axis=0)
        rows.append(
            Row(
                f"norm of delta of the {hidden} hidden layers of 784-{'30-' * hidden}10",
                ", ".join(map(str, published)), NIELSEN,
                ", ".join(f"{m:.3f} ({a:.3f} to {b:.3f})" for m, a, b in zip(middle, low, high, strict=True)),
            )
        )  # fmt: skip
    for name, (_, _, words, source) in WAYS.items():
        left = share_left(found, name)
        rows.append(
            Row(
                f"{name}, {DEPTHS[-1]} hidden layers: the first one's over the last one's", words, source,
                f"{np.median(left):.2g} ({left.min():.2g} to {left.max():.2g})",
            )
        )  # fmt: skip
    return rows


def draw(found: Found) -> Figure:
    """The norms by layer, for each depth: medians of the starts."""
    figure, every = plt.subplots(1, len(WAYS), figsize=(12, 3.2), sharey=True)
    colors = plt.colormaps["viridis"](np.linspace(0.05, 0.85, len(DEPTHS)))
    for axes, (name, by_depth) in zip(every, found["deep"].items(), strict=True):
        for color, hidden in zip(colors, DEPTHS, strict=True):
            values = np.median(by_depth[str(hidden)], axis=0)[:-1]
            axes.plot(
                range(1, hidden + 1), values, marker=".", color=color, label=f"{hidden} hidden layers"
            )  # fmt: skip
        axes.set(xlabel="hidden layer", yscale="log")
        axes.set_title(name, fontsize=9)
    every[0].set_ylabel("norm of the mean delta")
    every[-1].legend(fontsize=7, loc="lower right")
    figure.tight_layout()
    return figure


def lesson(found: Found) -> str:
    """What one learns."""

    def factor(way: str) -> float:
        return float(np.median(share_left(found, way)) ** (-1 / (DEPTHS[-1] - 1)))

    inside = [
        low <= value <= high
        for hidden, published in PUBLISHED.items()
        for value, low, high in zip(
            published, *np.quantile(found["his"][str(hidden)], [0.05, 0.95], axis=0), strict=True
        )
    ]
    return (
        "delta^l is W^T delta^(l+1) times f'(z), and f'(z) of a sigmoid is 1/4 at most. With weights of deviation 1/sqrt(n), which leave a vector about as long as it is, "
        f"each layer divides delta by {factor(HIS):.1f} (Nielsen's start, with biases of deviation 1) or {factor('sigmoid, Glorot'):.1f} (biases of 0): through "
        f"{DEPTHS[-1]} layers nothing is left to learn from. tanh has slope 1 at 0. relu has slope 1 for half of its inputs and 0 for the others: with Glorot's start each layer "
        f"divides delta by {factor('relu, Glorot'):.2f}, about sqrt(2); He's weights are larger by just that. Of Nielsen's {len(inside)} numbers, each of one start, {sum(inside)} lie where nine of ten starts here do. "
        "`cp.diagnose` says of your own network whether deltas vanish, and what to do."
    )


CLASSIC = Classic(
    name="vanishing_gradients",
    title="Vanishing gradients: 2 to 20 layers",
    question=(
        "How large is the gradient that reaches the first layers, before anything is learned? Told is the norm of delta^l, averaged over 1,000 images of MNIST (which is "
        "dL/db^l), at the start of networks with hidden layers of 30, as in M. A. Nielsen, Neural Networks and Deep Learning (2015), [chapter 5](http://neuralnetworksanddeeplearning.com/chap5.html). His numbers are of one start each; here the median of "
        f"{STARTS}, with what 90% of them lie between. Then deeper networks by activation and initializer, {DEEP_STARTS} starts each (median, least and largest). Seeds from 0."
    ),
    measure=measure,
    tell=tell,
    draw=draw,
    lesson=lesson,
    sources=(
        sources.NIELSEN,
        sources.HOCHREITER,
        sources.BENGIO,
        sources.GLOROT,
        sources.HE,
        sources.MNIST,
    ),
    needs_data=True,
)

if __name__ == "__main__":
    sys.exit(main(CLASSIC))
