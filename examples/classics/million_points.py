"""The second note's example at its own scale: 60,600 parameters, a million points, and their hill.

100 inputs, five hidden layers of 100 and 100 outputs have 6 * 10,000 weights and 600 biases. The note
says that so many numbers are found by going downhill on the total cost; here is how long that takes, and
the hill. The timing is that of ``clearprop bench million``: every system in a process of its own, from the
same weights, on the same data.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import sources
from classic import Classic, Found, Row, main
from matplotlib.figure import Figure

import clearprop as cp
from clearprop.bench.cases import CASES
from clearprop.bench.rounds import compare
from clearprop.bench.systems import SYSTEMS, is_installed

ROUNDS, SHORT_CASE = 3, "deep100"
SIZES = [100] * 7
HILL_ROWS, HILL_EPOCHS = 2_000, 40


def timed(short: bool) -> dict[str, list[float]]:
    """Return seconds of an epoch of each system that is here, on all cores, in each round."""
    case = CASES[SHORT_CASE if short else "million"]
    systems = (
        ["clearprop"]
        if short
        else [name for name in ("clearprop", "torch", "jax") if is_installed(name)]
    )
    seconds: dict[str, list[float]] = {}
    for _ in range(1 if short else ROUNDS):
        (turn,) = compare(case, systems, 1, 0.01)
        for system in systems:
            most = max((key for key in turn if key.startswith(f"{system} ")), default=None)
            if most is not None:
                seconds.setdefault(SYSTEMS[system].title, []).append(turn[most]["epoch"])
    return seconds


def hill(points: int) -> tuple[dict[str, list], str]:
    """Return the cost over the two directions along which a run moved most, and what one says of it."""
    rng = np.random.default_rng(0)
    X = rng.random((HILL_ROWS, 100), np.float32)
    y = np.sort(X, axis=1)  # something to learn: the inputs in order
    network = cp.Network(SIZES, "tanh", "sigmoid", loss="squared_error", seed=0)
    path = [network.parameters.copy()]
    cp.train(
        network, X, y, epochs=HILL_EPOCHS, batch_size=100, progress=False,
        callbacks=[lambda epoch: path.append(epoch.network.parameters.copy()) and None],
    )  # fmt: skip
    surface = cp.loss_surface(network, X[:500], y[:500], path=path, points=points)
    kept = {
        "first": surface.first.tolist(),
        "second": surface.second.tolist(),
        "losses": surface.losses.tolist(),
        "path": surface.path.tolist(),
    }
    return kept, repr(surface)


def measure(short: bool, data: Path | None) -> Found:
    """Time an epoch of a million points beside the others, and compute the hill."""
    surface, words = hill(5 if short else 41)
    network = cp.Network(SIZES, "sigmoid", seed=0)
    return {
        "parameters": network.n_parameters,
        "seconds": timed(short),
        "hill": surface,
        "words": words,
    }


def tell(found: Found) -> list[Row]:
    """The figures beside the published ones."""
    rows = [Row("parameters", "60,600", "the second note", f"{found['parameters']:,}")]
    ours = np.median(found["seconds"]["Clearprop"])
    for title, seconds in found["seconds"].items():
        middle = float(np.median(seconds))
        times = "" if title == "Clearprop" else f", {middle / ours:.1f} times Clearprop's"
        rows.append(
            Row(f"{title}: seconds for an epoch, batches of 256", "not said", "the second note", f"{middle:.2f} ({min(seconds):.2f} to {max(seconds):.2f}){times}")
        )  # fmt: skip
    return rows


def heights(kept: Found) -> np.ndarray:
    """Return how high the hill is under each point of the way, between its four neighbors."""
    first, second, losses = (np.array(kept[name]) for name in ("first", "second", "losses"))
    across, along = np.array(kept["path"]).T
    by_row = np.array([np.interp(across, first, row) for row in losses])
    return np.array(
        [np.interp(y, second, column) for y, column in zip(along, by_row.T, strict=True)]
    )


def draw(found: Found) -> Figure:
    """The hill with the run's path, and the seconds."""
    figure, (hill_axes, bars) = plt.subplots(1, 2, figsize=(9, 3.8))
    kept = found["hill"]
    losses = np.array(kept["losses"])
    levels = np.geomspace(losses.min(), losses.max(), 24)
    filled = hill_axes.contourf(
        kept["first"], kept["second"], losses, levels, norm="log", cmap="viridis"
    )
    figure.colorbar(filled, ax=hill_axes, label="cost", ticks=[0.05, 0.2, 1, 5], format="%g")
    across, along = np.array(kept["path"]).T
    hill_axes.plot(across, along, color="#d55e00", marker=".", label="the run, epoch by epoch")
    hill_axes.set_title(
        "the hill from above, along the two\ndirections in which a run moved most", fontsize=9
    )
    hill_axes.set(xlabel="first direction", ylabel="second direction")
    hill_axes.legend(fontsize=7)
    titles = list(found["seconds"])[::-1]
    shown = bars.barh(
        titles, [float(np.median(found["seconds"][title])) for title in titles], color="#7a9cc6"
    )
    bars.bar_label(shown, fmt="%.2f", padding=3)
    bars.margins(x=0.15)
    bars.set(xlabel="seconds for a million points", title="one epoch, all cores")
    figure.tight_layout()
    return figure


def lesson(found: Found) -> str:
    """What one learns."""
    seconds = float(np.median(found["seconds"]["Clearprop"]))
    way = heights(found["hill"])
    high, second, low = way[0], way[1], way[-1]
    return (
        "A cost of 60,600 parameters cannot be drawn, and need not be: each step needs its slope alone. Differences would need 60,600 more forward passes for that; "
        f"backpropagation has all of it in one pass back. So a million points take {seconds:.1f} seconds on two cores. What can be drawn is a slice: along the two directions in "
        f"which a run of {len(found['hill']['path']) - 1} epochs moves most, the cost falls from {high:.2f} to {low:.2f}, {100 * (high - second) / (high - low):.0f}% of it in the first epoch."
    )


CLASSIC = Classic(
    name="million_points",
    title="A million points: the second note's network at its own scale",
    question=(
        "The second note (what of it is checked: [docs/notes.md](../notes.md)) counts the parameters of a network of 100 inputs, five hidden layers of 100 and 100 outputs, calls that a complex problem, and speaks of the cost as a hill. How "
        "long is an epoch over a million points? Random data, hidden layers of sigmoid, softmax with cross-entropy, SGD, batches of 256, float32, two cores; every system in a process of its own, "
        "in turns. The hill is that of a network of the same size that can learn something: the inputs in order, from 2,000 rows, by tanh, sigmoid outputs, squared error and Adam, 40 epochs."
    ),
    measure=measure,
    tell=tell,
    draw=draw,
    lesson=lesson,
    sources=(sources.NOTES,),
)

if __name__ == "__main__":
    sys.exit(main(CLASSIC))
