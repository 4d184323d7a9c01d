"""Nielsen's networks on MNIST: 784-30-10 and 784-100-10.

M. A. Nielsen, "Neural Networks and Deep Learning", Determination Press 2015, chapters 1 and 3
(http://neuralnetworksanddeeplearning.com/chap1.html, .../chap3.html): sigmoid units, batches of 10, learning rate 3.0 with the quadratic cost, 30 epochs over the first
50,000 images; weights and biases drawn from a normal distribution of deviation 1. The numbers
of chapter 1 are the best epoch of the best of three runs, and it says that some runs of the larger network
are "quite a bit worse". Then cross-entropy with L2, learning rate 0.5, lambda 5, which over 50,000 images is Clearprop's l2 = 1e-4.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import mnist
import numpy as np
from classic import Classic, Found, Row, main
from matplotlib.figure import Figure

import clearprop as cp

SEEDS, EPOCHS = 5, 30
ASLEEP = 0.5
"""A class is asleep if its output stays below this for every one of its images."""


class Setting:
    """One of his networks, what he published of it, and where."""

    def __init__(
        self, name: str, hidden: int, cost: str, rate: float, l2: float, published: str, source: str
    ) -> None:
        self.name, self.hidden, self.cost, self.rate, self.l2 = name, hidden, cost, rate, l2
        self.published, self.source = published, source


SETTINGS = [
    Setting("784-30-10, quadratic cost", 30, "squared_error", 3.0, 0.0, "95.42% (test, best of three runs)", "Nielsen 2015, ch. 1"),
    Setting("784-100-10, quadratic cost", 100, "squared_error", 3.0, 0.0, "96.59% (test, best of three runs)", "Nielsen 2015, ch. 1"),
    Setting(
        "784-100-10, cross-entropy, L2", 100, "binary_cross_entropy", 0.5, 1e-4,
        "97.92% (validation)", "Nielsen 2015, ch. 3",
    ),
]  # fmt: skip


SAID = {"784-100-10, quadratic cost": "some runs are quite a bit worse"}


class Watch:
    """Notes the accuracy on other images after each epoch."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.X, self.y = X, y
        self.accuracy: list[float] = []

    def __call__(self, epoch: cp.Epoch) -> None:
        self.accuracy.append(float((epoch.network.predict(self.X).argmax(axis=1) == self.y).mean()))


def run(setting: Setting, data: mnist.Digits, seed: int, short: bool) -> dict[str, Any]:
    """Train one network, and return its accuracy after each epoch and the classes that sleep."""
    learned_from = len(data.X) * 5 // 6
    rows, epochs = (2_000, 2) if short else (learned_from, EPOCHS)
    X, y = data.X[:rows], data.y[:rows]
    validation = data.X[learned_from:], data.y[learned_from:]
    other = validation if setting.l2 else (data.X_test, data.y_test)
    normal = cp.initializers.normal(1.0)
    network = cp.Network(
        [784, setting.hidden, 10],
        "sigmoid",
        loss=setting.cost,
        initializer=normal,
        biases=normal,
        seed=seed,
    )
    watch = Watch(*other)
    cp.train(
        network, X, np.eye(10, dtype=np.float32)[y], optimizer=cp.SGD(setting.rate), batch_size=10,
        epochs=epochs, l2=setting.l2, callbacks=[watch], seed=seed, threads=1, progress=False,
    )  # fmt: skip
    outputs = network.predict(other[0])
    asleep = [digit for digit in range(10) if outputs[other[1] == digit, digit].max() < ASLEEP]
    return {"seed": seed, "accuracy": watch.accuracy, "asleep": asleep}


def measure(short: bool, data: Path | None) -> Found:
    """Train each network from several seeds."""
    digits = mnist.load(data)
    seeds = range(1 if short else SEEDS)
    return {
        setting.name: [run(setting, digits, seed, short) for seed in seeds] for setting in SETTINGS
    }


def tell(found: Found) -> list[Row]:
    """The figures beside the published ones."""
    rows = []
    for setting in SETTINGS:
        runs = found[setting.name]
        best = 100 * np.array([max(one["accuracy"]) for one in runs])
        last = 100 * np.array([one["accuracy"][-1] for one in runs])
        rows.append(
            Row(
                f"{setting.name}: best epoch", setting.published, setting.source,
                f"{best.mean():.2f}% (± {best.std():.2f}; {best.min():.2f} to {best.max():.2f}), last epoch {last.mean():.2f}%",
            )
        )  # fmt: skip
        asleep = [one["asleep"] for one in runs]
        which = "; ".join(", ".join(map(str, classes)) for classes in asleep if classes)
        rows.append(
            Row(
                "… runs with a class that never woke", SAID.get(setting.name, "not said"), setting.source,
                f"{sum(map(bool, asleep))} of {len(runs)}" + (f" (digits {which})" if which else ""),
            )
        )  # fmt: skip
    return rows


def draw(found: Found) -> Figure:
    """Accuracy by epoch of every run."""
    figure, every = plt.subplots(1, len(SETTINGS), figsize=(10, 3.2), sharey=True)
    for axes, setting in zip(every, SETTINGS, strict=True):
        for one in found[setting.name]:
            axes.plot(
                range(1, len(one["accuracy"]) + 1),
                100 * np.array(one["accuracy"]),
                color="#7a9cc6",
                linewidth=1,
            )
        published = float(setting.published.partition("%")[0])
        axes.axhline(published, color="#d55e00", linestyle="--", label=f"published: {published}%")
        axes.set(title=setting.name, xlabel="epoch")
        axes.legend(fontsize=8, loc="lower right")
    every[0].set_ylabel("right, %")
    every[0].set_ylim(80, 99)
    figure.tight_layout()
    return figure


def lesson(found: Found) -> str:
    """What one learns."""
    slept = sum(bool(one["asleep"]) for setting in SETTINGS[:2] for one in found[setting.name])
    runs = sum(len(found[setting.name]) for setting in SETTINGS[:2])
    return (
        "With the quadratic cost, delta of an output holds f'(z), which is next to nothing where a sigmoid is saturated, right or wrong. So an output can stay near 0 for "
        f"all images of its class: {slept} of {runs} runs with that cost end so, each without about a tenth of all images. The best of three runs hides it, and the book "
        "says in a footnote that some are worse. Cross-entropy, with which no f'(z) is left in the output's delta, came together with a smaller rate and L2 here; "
        "no class slept in those runs."
    )


CLASSIC = Classic(
    name="nielsen_mnist",
    title="Nielsen's networks: a book's numbers, and what the best of three hides",
    question=(
        "The networks with which many people first saw backpropagation read handwriting: M. A. Nielsen, Neural Networks and Deep Learning (2015), [chapter 1](http://neuralnetworksanddeeplearning.com/chap1.html) and [chapter 3](http://neuralnetworksanddeeplearning.com/chap3.html). 784-30-10 and 784-100-10, sigmoid, batches of 10, "
        "30 epochs over 50,000 images; learning rate 3.0 and the quadratic cost, then 0.5 and cross-entropy with L2 (lambda 5). "
        "Each from five seeds. As in the book, the best of all epochs is told, on 10,000 other images: that is a choice by the images it is told of."
    ),
    measure=measure,
    tell=tell,
    draw=draw,
    lesson=lesson,
    needs_data=True,
)

if __name__ == "__main__":
    sys.exit(main(CLASSIC))
