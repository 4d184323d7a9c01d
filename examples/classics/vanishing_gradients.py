"""Vanishing gradients: how delta shrinks from layer to layer, and what stops it.

M. A. Nielsen, "Neural Networks and Deep Learning", 2015, chapter 5
(http://neuralnetworksanddeeplearning.com/chap5.html), tells the norms of delta at the start of
784-30-...-30-10 on 1,000 images of MNIST. Why they shrink: S. Hochreiter, diploma thesis, TU Munich 1991;
Y. Bengio, P. Simard, P. Frasconi, IEEE Transactions on Neural Networks 5 (1994), 157-166. What stops it:
X. Glorot, Y. Bengio, AISTATS 2010; K. He et al., ICCV 2015.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import mnist
import numpy as np
from classic import Classic, Found, Row, main
from matplotlib.figure import Figure

import clearprop as cp

STARTS, SHORT = 200, 3
IMAGES = 1_000
DEPTHS = (2, 5, 10, 20)
PUBLISHED = {2: (0.07, 0.31), 3: (0.012, 0.060, 0.283), 4: (0.003, 0.017, 0.070, 0.285)}
"""||delta^l|| of the hidden layers, by how many there are."""
NIELSEN = "Nielsen 2015, ch. 5"
WAYS = {
    "sigmoid, normal(0, 1/sqrt(n))": ("sigmoid", "his"),
    "sigmoid, Glorot": ("sigmoid", "glorot_normal"),
    "tanh, Glorot": ("tanh", "glorot_normal"),
    "relu, He": ("relu", "he_normal"),
}


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
    starts = SHORT if short else STARTS
    his = {
        str(hidden): [
            norms(start(hidden, "sigmoid", "his", seed), X, onehot)[:-1] for seed in range(starts)
        ]
        for hidden in PUBLISHED
    }
    deep = {}
    for name, (activation, initializer) in WAYS.items():
        target = onehot if initializer == "his" else labels
        deep[name] = {
            str(hidden): np.median(
                [
                    norms(start(hidden, activation, initializer, seed), X, target)
                    for seed in range(max(3, starts // 20))
                ],
                axis=0,
            ).tolist()
            for hidden in DEPTHS
        }
    return {"his": his, "deep": deep}


def tell(found: Found) -> list[Row]:
    """The figures beside the published ones."""
    rows = []
    for hidden, published in PUBLISHED.items():
        middle, low, high = np.quantile(found["his"][str(hidden)], [0.5, 0.05, 0.95], axis=0)
        rows.append(
            Row(
                f"delta of the {hidden} hidden layers of 784-{'30-' * hidden}10, at the start",
                ", ".join(map(str, published)), NIELSEN,
                ", ".join(f"{m:.3f} ({a:.3f} to {b:.3f})" for m, a, b in zip(middle, low, high, strict=True)),
            )
        )  # fmt: skip
    deepest = str(DEPTHS[-1])
    sources = (
        "Hochreiter 1991; Bengio et al. 1994",
        "Glorot and Bengio 2010",
        "Glorot and Bengio 2010",
        "He et al. 2015",
    )
    said = (
        "vanishes (in time, of recurrent networks)",
        "sigmoid is unsuited for deep networks",
        "holds",
        "holds",
    )
    for name, source, words in zip(WAYS, sources, said, strict=True):
        values = found["deep"][name][deepest]
        rows.append(
            Row(f"{name}: first hidden layer's delta over the last's, {deepest} hidden layers", words, source, f"{values[0] / values[-2]:.2g}")
        )  # fmt: skip
    return rows


def draw(found: Found) -> Figure:
    """The norms by layer, for each depth."""
    figure, every = plt.subplots(1, len(WAYS), figsize=(11, 3.2), sharey=True)
    colors = plt.colormaps["viridis"](np.linspace(0.05, 0.85, len(DEPTHS)))
    for axes, (name, by_depth) in zip(every, found["deep"].items(), strict=True):
        for color, hidden in zip(colors, DEPTHS, strict=True):
            values = by_depth[str(hidden)]
            axes.plot(
                range(1, len(values) + 1),
                values,
                marker=".",
                color=color,
                label=f"{hidden} hidden layers",
            )
        axes.set(title=name, xlabel="layer", yscale="log")
        axes.title.set_fontsize(9)
    every[0].set_ylabel("norm of the mean delta")
    every[-1].legend(fontsize=7, loc="lower right")
    figure.tight_layout()
    return figure


def lesson(found: Found) -> str:
    """What one learns."""
    deepest = str(DEPTHS[-1])
    values = found["deep"]["sigmoid, normal(0, 1/sqrt(n))"][deepest]
    factor = (values[-2] / values[0]) ** (1 / (DEPTHS[-1] - 1))
    return (
        "delta^l is delta^(l+1) times W^T and f'(z), and f'(z) of a sigmoid is 1/4 at most: with weights of deviation 1/sqrt(n) "
        f"each layer divides delta by about {factor:.0f}, which through {deepest} layers leaves nothing to learn from. Weights that keep the "
        "forward pass's variance do not help a sigmoid, whose slope they cannot change; tanh has slope 1 at 0, and relu slope 1 on half of its inputs, "
        "for which He's start makes up. `cp.diagnose` says the same of your own network, by name."
    )


CLASSIC = Classic(
    name="vanishing_gradients",
    title="Vanishing gradients: 2 to 20 layers",
    question=(
        "How large is the gradient that reaches the first layers, before anything is learned? The norm of delta^l, averaged over 1,000 images of MNIST (which is "
        "dL/db^l), of hidden layers of 30, at the start. The numbers of M. A. Nielsen, Neural Networks and Deep Learning (2015), [chapter 5](http://neuralnetworksanddeeplearning.com/chap5.html), are of one start each; here 200, with what 90% of them lie between. Deeper networks: medians of 10 starts."
    ),
    measure=measure,
    tell=tell,
    draw=draw,
    lesson=lesson,
    needs_data=True,
)

if __name__ == "__main__":
    sys.exit(main(CLASSIC))
