"""Nielsen's networks on MNIST: 784-30-10 and 784-100-10.

M. A. Nielsen, "Neural Networks and Deep Learning", Determination Press 2015, chapters 1 and 3
(http://neuralnetworksanddeeplearning.com/chap1.html, .../chap3.html): sigmoid units, batches of 10,
30 epochs over the first 50,000 images, weights and biases drawn from a normal distribution of deviation 1.
Chapter 1 has the quadratic cost and learning rate 3.0; its numbers are the best epoch of the best of three
runs, and it says that some runs of the larger network are "quite a bit worse". Chapter 3 has
cross-entropy and learning rate 0.5, then L2 with lambda 5, which over 50,000 images is Clearprop's l2 = 1e-4.
"""

from __future__ import annotations

import itertools
import sys
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import mnist
import numpy as np
import sources
from classic import Classic, Found, Row, main
from matplotlib.figure import Figure

import clearprop as cp

EPOCHS, BATCHES, LOOKED_AT = 30, 10, 5_000
"""BATCHES: the first ones, after which outputs are looked at, too; LOOKED_AT: on so many images."""
WHEN = ("start", "batches", "epoch", "end")
"""When outputs are looked at."""
ASLEEP = 0.5
"""A class is asleep while its output stays below this for every one of its images."""


@dataclass(frozen=True)
class Setting:
    """One of his networks, what he published of it, and where; and how many seeds it has here."""

    name: str
    hidden: int
    cost: str
    rate: float
    l2: float
    seeds: int
    percent: float
    of: str
    chapter: int
    said: str = "not said"
    """Of runs that are worse."""


WORSE = "some runs are quite a bit worse"
SETTINGS = [
    Setting("784-30-10, quadratic cost", 30, "squared_error", 3.0, 0.0, 10, 95.42, "test, best of three runs", 1),
    Setting("784-100-10, quadratic cost", 100, "squared_error", 3.0, 0.0, 10, 96.59, "test, best of three runs", 1, WORSE),
    Setting("784-100-10, cross-entropy", 100, "binary_cross_entropy", 0.5, 0.0, 5, 96.82, "test", 3),
    Setting("784-100-10, cross-entropy, L2", 100, "binary_cross_entropy", 0.5, 1e-4, 5, 97.92, "validation", 3),
]  # fmt: skip


class Watch:
    """Notes after each epoch how many other images are right, and which classes are asleep."""

    def __init__(self, X: np.ndarray, y: np.ndarray) -> None:
        self.X, self.y = X, y
        self.accuracy: list[float] = []
        self.asleep: list[list[int]] = []

    def __call__(self, epoch: cp.Epoch) -> None:
        outputs = epoch.network.predict(self.X)
        self.accuracy.append(float((outputs.argmax(axis=1) == self.y).mean()))
        self.asleep.append(asleep(outputs, self.y))


def asleep(outputs: np.ndarray, y: np.ndarray) -> list[int]:
    """Return the classes whose output is low for all of their images."""
    return [digit for digit in range(10) if outputs[y == digit, digit].max() < ASLEEP]


def own(network: cp.Network, X: np.ndarray, y: np.ndarray) -> dict[str, list[float]]:
    """Return each output's mean z, and mean |delta|, over the images of its own class."""
    record = cp.backprop(network, X, one_hot(y))
    z, size = record["z2"], np.abs(record["delta2"])
    return {
        "z": [round(float(z[y == digit, digit].mean()), 2) for digit in range(10)],
        "delta": [float(f"{size[y == digit, digit].mean():.2e}") for digit in range(10)],
    }


def one_hot(y: np.ndarray) -> np.ndarray:
    """Return a row for each label."""
    return np.eye(10, dtype=np.float32)[y]


def start(setting: Setting, seed: int) -> cp.Network:
    """Return his network before anything is learned."""
    normal = cp.initializers.normal(1.0)
    sizes = [784, setting.hidden, 10]
    return cp.Network(
        sizes, "sigmoid", loss=setting.cost, initializer=normal, biases=normal, seed=seed
    )


def settings_of(setting: Setting, seed: int) -> dict[str, Any]:
    """Return what a run is told."""
    return {
        "optimizer": cp.SGD(setting.rate), "batch_size": 10, "l2": setting.l2, "seed": seed,
    }  # fmt: skip


def run(setting: Setting, data: mnist.Digits, seed: int, short: bool) -> dict[str, Any]:
    """Train one network, and return what came of it after each epoch, and of its outputs."""
    learned_from = len(data.X) * 5 // 6
    rows, epochs = (2_000, 2) if short else (learned_from, EPOCHS)
    X, y = data.X[:rows], data.y[:rows]
    validation = data.X[learned_from:], data.y[learned_from:]
    other = validation if setting.of == "validation" else (data.X_test, data.y_test)
    looked_at = X[:LOOKED_AT], y[:LOOKED_AT]
    network, told = start(setting, seed), settings_of(setting, seed)
    outputs = {"start": own(network, *looked_at)}
    begun = start(setting, seed)
    for _ in itertools.islice(cp.steps(begun, X, one_hot(y), **told), BATCHES):
        pass
    outputs["batches"] = own(begun, *looked_at)
    watch = Watch(*other)

    def first_epoch(epoch: cp.Epoch) -> None:
        if epoch.epoch == 1:
            outputs["epoch"] = own(epoch.network, *looked_at)

    cp.train(
        network, X, one_hot(y), **told, epochs=epochs, callbacks=[watch, first_epoch], threads=1, progress=False,
    )  # fmt: skip
    outputs["end"] = own(network, *looked_at)
    return {"seed": seed, "accuracy": watch.accuracy, "asleep": watch.asleep, "outputs": outputs}


def measure(short: bool, data: Path | None) -> Found:
    """Train each network from several seeds."""
    digits = mnist.load(data)
    return {
        setting.name: [
            run(setting, digits, seed, short) for seed in range(1 if short else setting.seeds)
        ]
        for setting in SETTINGS
    }


def best_of_three(values: np.ndarray) -> float:
    """Return the mean, over all choices of three of these runs, of the best of the three.

    >>> best_of_three(np.array([4.0, 1.0, 2.0, 3.0]))
    3.75
    """
    n = len(values)
    # The value with so many others below it is the best of a choice with any two of them.
    chosen = [comb(worse, 2) for worse in range(n)]
    return float(np.sort(values) @ chosen / comb(n, 3))


def tell(found: Found) -> list[Row]:
    """The figures beside the published ones."""
    rows = []
    for setting in SETTINGS:
        runs = found[setting.name]
        source = f"Nielsen 2015, ch. {setting.chapter}"
        best = 100 * np.array([max(one["accuracy"]) for one in runs])
        last = 100 * np.array([one["accuracy"][-1] for one in runs])
        three = ""
        if "three" in setting.of and len(runs) >= 3:
            three = f"; best of three runs {best_of_three(best):.2f}%"
        rows.append(
            Row(
                f"{setting.name}: best epoch", f"{setting.percent}% ({setting.of})", source,
                f"median {np.median(best):.2f}% ({best.min():.2f} to {best.max():.2f}; runs: {len(runs)}){three}; "
                f"last epoch {np.median(last):.2f}%",
            )
        )  # fmt: skip
        last_asleep = [one["asleep"][-1] for one in runs]
        which = "; ".join(", ".join(map(str, digits)) for digits in last_asleep if digits)
        once = sum(any(one["asleep"]) for one in runs)
        rows += [
            Row(
                "… runs that end with a class asleep", setting.said, source,
                f"{sum(map(bool, last_asleep))} of {len(runs)}{f' (digits {which})' if which else ''}; "
                f"with one asleep after some epoch, {once}",
            ),
            Row(
                f"… mean z of an output on its class, at the start, after {BATCHES} batches, 1 epoch, all epochs (median)",
                "", "", apart(runs, "z", WHEN, "{:.1f}"),
            ),
            Row("… mean size of its delta there after 1 epoch (median)", "", "", apart(runs, "delta", ("epoch",), "{:.0e}")),
        ]  # fmt: skip
    return rows


def ends(runs: list[Found], what: str, when: str, asleep: bool) -> np.ndarray:
    """Return a figure of all outputs that are asleep in the end, or of all others."""
    return np.array([
        one["outputs"][when][what][digit]
        for one in runs for digit in range(10) if (digit in one["asleep"][-1]) == asleep
    ])  # fmt: skip


def apart(runs: list[Found], what: str, moments: tuple[str, ...], form: str) -> str:
    """Tell a figure of the outputs that are awake in the end, and of those asleep."""
    told = []
    for name, asleep in (("awake in the end", False), ("asleep", True)):
        values = [ends(runs, what, when, asleep) for when in moments]
        if len(values[0]):
            told.append(f"{name}: {', '.join(form.format(np.median(some)) for some in values)}")
    return "; ".join(told)


def draw(found: Found) -> Figure:
    """Accuracy by epoch of every run."""
    figure, every = plt.subplots(1, len(SETTINGS), figsize=(11, 3.2), sharey=True)
    for axes, setting in zip(every, SETTINGS, strict=True):
        for one in sorted(found[setting.name], key=lambda one: not one["asleep"][-1]):
            axes.plot(
                range(1, len(one["accuracy"]) + 1), 100 * np.array(one["accuracy"]), linewidth=1,
                color="#b0413e" if one["asleep"][-1] else "#7a9cc6",
                label="a class asleep at the end" if one["asleep"][-1] else "all classes awake",
            )  # fmt: skip
        axes.axhline(setting.percent, color="black", linestyle="--", linewidth=1, label="published")
        axes.set(xlabel="epoch")
        axes.set_title(setting.name, fontsize=9)
        shown = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
        axes.legend(shown.values(), shown.keys(), fontsize=7, loc="lower right")
    every[0].set_ylabel("right, %")
    every[0].set_ylim(40, 99)
    figure.tight_layout()
    return figure


def lesson(found: Found) -> str:
    """What one learns."""
    small, large, entropy, _ = (found[setting.name] for setting in SETTINGS)

    def median(runs: list[Found], what: str, when: str, asleep: tuple[bool, ...]) -> float:
        return float(np.median(np.concatenate([ends(runs, what, when, one) for one in asleep])))

    pushed = [median(runs, "z", "batches", (True, False)) for runs in (large, small, entropy)]
    slopes = [1 / (2 + np.exp(z) + np.exp(-z)) for z in pushed]
    counts = [sum(len(one["asleep"][epoch]) for one in large) for epoch in (0, -1)]
    slept = any(one["asleep"][-1] for one in large)
    held = (
        f"What keeps them there: on its own images such an output has a mean |delta| of {median(large, 'delta', 'epoch', (True,)):.0e} after one epoch, where the others have "
        f"{median(large, 'delta', 'epoch', (False,)):.0e}. Where it began hardly tells: a mean z of {median(large, 'z', 'start', (True,)):.1f} against {median(large, 'z', 'start', (False,)):.1f}. "
        if slept
        else ""
    )
    return (
        "With the quadratic cost, delta of an output holds f'(z), which is 1/4 at most and next to nothing where the output is saturated, right or wrong. Nine of ten images want "
        f"an output to be 0, and {BATCHES} batches at a rate of 3.0 push it down to a mean z of {pushed[0]:.1f} with 100 hidden units and {pushed[1]:.1f} with 30 (medians; f'(z) there: {slopes[0]:.0e} and "
        f"{slopes[1]:.0e}): one step moves z by delta times a sum over all hidden units. From there not all come back for their own images: of {10 * len(large)} outputs of the larger network {counts[0]} were asleep "
        f"after one epoch and {counts[1]} in the end. {held}"
        "So the larger network, which can do more, does less from most starts, and the best of three runs hides it. Cross-entropy leaves no f'(z) in the output's "
        f"delta; from the same starts, with a rate of 0.5, z is {pushed[2]:.1f} after {BATCHES} batches, and {sum(any(one['asleep']) for one in entropy)} of {len(entropy)} runs had a class asleep after any epoch. "
        "How much of that is the cost and how much the rate was not measured."
    )


CLASSIC = Classic(
    name="nielsen_mnist",
    title="Nielsen's networks: a book's numbers, and what the best of three hides",
    question=(
        "The networks with which many people first saw backpropagation read handwriting: M. A. Nielsen, Neural Networks and Deep Learning (2015), "
        "[chapter 1](http://neuralnetworksanddeeplearning.com/chap1.html) and [chapter 3](http://neuralnetworksanddeeplearning.com/chap3.html). "
        "784-30-10 and 784-100-10, sigmoid, batches of 10, 30 epochs over 50,000 images; learning rate 3.0 and the quadratic cost, then 0.5 and cross-entropy, without L2 and with "
        "(lambda 5); weights and biases start from a normal distribution of deviation 1. Seeds from 0, the same for all. Told is the best of all epochs, on 10,000 other images, as in the book's first chapter: a choice by the images it is told "
        "of; the last epoch stands beside it. Best of three runs: the mean over all choices of three. A class is asleep while its output stays below 0.5 for every one of its images."
    ),
    measure=measure,
    tell=tell,
    draw=draw,
    lesson=lesson,
    sources=(sources.NIELSEN, sources.MNIST),
    needs_data=True,
)

if __name__ == "__main__":
    sys.exit(main(CLASSIC))
