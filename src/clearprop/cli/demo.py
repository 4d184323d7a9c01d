"""`clearprop demo`: a network learns to read handwriting, and shows one of its gradients."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

import clearprop as cp
from clearprop.cli import options, signals
from clearprop.cli.file_path import FilePath
from clearprop.cli.output import echo
from clearprop.errors import FileWriteError
from clearprop.example_data.digits import Digits, load_digits
from clearprop.interruption import Interrupt

Array = NDArray[Any]


@dataclass(frozen=True)
class Gradient:
    """One weight's gradient for one sample, by backpropagation and by a central difference."""

    weight: str
    delta: float
    a: float
    output: float
    target: float
    product: float
    difference: float


@click.command(epilog="Example: clearprop demo --out digits.safetensors")
@options.seed("For weights, shuffles and the split.")
@click.option("--epochs", default=30, show_default=True, type=click.IntRange(1))
@click.option("--out", type=FilePath(dir_okay=False),
              help="Keep the trained network in this file, which must not exist yet.")  # fmt: skip
@options.json_wanted("the results")
def demo(seed: int, epochs: int, out: Path | None, json_wanted: bool) -> None:
    """Train on scanned digits, and show one gradient with its numbers.

    Takes a few seconds. The network is saved, loaded and used; then one weight's gradient is
    written out as delta times activation, beside a central difference.
    """
    if out is not None:
        _check_free(out)
    digits = load_digits(seed)
    network = cp.Network([64, 100, 10], activations="relu", output="softmax", seed=seed)
    if not json_wanted:
        _say_what_is_learned(digits, network)
    started = time.perf_counter()
    with Interrupt() as stop:
        history = cp.train(
            network,
            digits.X,
            digits.y,
            optimizer=cp.Adam(cp.cosine(0.003)),
            epochs=epochs,
            seed=seed,
            metrics=["accuracy"],
            progress=not json_wanted,
        )
        seconds = time.perf_counter() - started
        loaded, size = save_and_load(network, out)
        if out is not None:
            signals.saved(f"the network is saved in {out}")
    stop.obey()
    output = loaded.predict(digits.X_test)
    accuracy = float((output.argmax(axis=1) == digits.y_test).mean())
    logistic = logistic_regression(digits)
    row = hardest(output, digits.y_test)
    gradient = largest_gradient(loaded, digits.X_test[row], digits.y_test[row])
    if json_wanted:
        results = {
            "test_accuracy": accuracy,
            "logistic_regression_accuracy": logistic,
            "epochs": len(history.loss),
            "seconds": round(seconds, 3),
            "parameters": network.n_parameters,
            "predictions_equal_after_loading": bool(
                np.array_equal(output, network.predict(digits.X_test))
            ),
            "gradient": gradient.__dict__,
        }
        echo(json.dumps(results, indent=2))
        return
    _say_how_well(accuracy, logistic, seconds, len(history.loss))
    _say_what_was_saved(network, output, digits.X_test, size, out)
    _show_the_hardest(digits, output, row)
    _explain(gradient, int(digits.y_test[row]))


def logistic_regression(digits: Digits) -> float | None:
    """Return the test accuracy of scikit-learn's logistic regression; None without scikit-learn."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError:
        return None
    model = LogisticRegression(max_iter=1000).fit(digits.X, digits.y)
    return float(model.score(digits.X_test, digits.y_test))


def save_and_load(network: cp.Network, out: Path | None) -> tuple[cp.Network, int]:
    """Return the network as it comes back from a file, and the file's size in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = out or Path(folder) / "digits.safetensors"
        network.save(path)
        return cp.Network.load(path), path.stat().st_size


def hardest(output: Array, y: Array) -> int:
    """Return the row to whose true class the network gives the least probability."""
    return int(output[np.arange(len(y)), y].argmin())


def largest_gradient(network: cp.Network, x: Array, label: int) -> Gradient:
    """Return the largest gradient of the output layer's weights for one sample, in float64."""
    network = network.astype("float64")
    record = cp.backprop(network, x[None], np.array([label]))
    j, i = np.unravel_index(np.abs(record["dW2"]).argmax(), record["dW2"].shape)
    name, h = f"W2[{j},{i}]", 1e-5
    weight = network[name]
    costs = []
    for moved in (weight + h, weight - h):
        network[name] = moved
        costs.append(cp.backprop(network, x[None], np.array([label]))["L"])
    return Gradient(
        weight=name,
        delta=float(record["delta2"][0, j]),
        a=float(record["a1"][0, i]),
        output=float(record["a2"][0, j]),
        target=float(record.y[0, j]),
        product=float(record["dW2"][j, i]),
        difference=float((costs[0] - costs[1]) / (2 * h)),
    )


def _check_free(out: Path) -> None:
    if out.exists():
        raise FileWriteError(f"{out} exists already: choose another name")
    if not out.parent.is_dir():
        raise FileWriteError(f"there is no folder {out.parent}: make it first")


def draw(pixels: Array) -> list[str]:
    """Return an 8 x 8 digit as eight lines, each pixel two characters wide."""
    shades = " ░▒▓█" if _shows("░▒▓█") else " .:*#"
    levels = np.round(pixels.reshape(8, 8) * (len(shades) - 1)).astype(int)
    return ["".join(2 * shades[level] for level in line) for line in levels]


def _shows(text: str) -> bool:
    """Whether standard output can write this text (a Windows console may not)."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def _beside(digits: list[Array]) -> str:
    return "\n".join("  ".join(lines) for lines in zip(*map(draw, digits), strict=True))


def _heading(text: str) -> None:
    echo()
    click.secho(text, bold=True)


def _say_what_is_learned(digits: Digits, network: cp.Network) -> None:
    _heading("A network learns to read handwriting")
    total = len(digits.y) + len(digits.y_test)
    echo(
        f"{total:,} scanned digits of 8 x 8 pixels: {len(digits.y):,} to learn from, "
        f"{len(digits.y_test)} to test on.\n"
    )
    echo(_beside([digits.X[digits.y == digit][0] for digit in (3, 5, 8, 9)]))
    echo(f"\n{network}\n")


def _say_how_well(accuracy: float, logistic: float | None, seconds: float, epochs: int) -> None:
    _heading("On digits it has never seen")
    plural = "s" if epochs > 1 else ""
    echo(f"  {accuracy:.1%} right   this network, {epochs} epoch{plural} in {seconds:.1f} s")
    if logistic is None:
        echo('  Logistic regression is tried beside it with pip install "clearprop[tables]".')
    else:
        echo(f"  {logistic:.1%} right   logistic regression (scikit-learn's)")


def _say_what_was_saved(
    network: cp.Network, output: Array, X_test: Array, size: int, out: Path | None
) -> None:
    same = np.array_equal(output, network.predict(X_test))
    answers = "the same answers to the last bit" if same else "OTHER ANSWERS, which is a fault"
    echo(f"\nSaved ({size / 1000:.0f} kB), loaded again, and asked again: {answers}.")
    if out is not None:
        echo(f"The network stays in {out}: cp.Network.load({str(out)!r})")


def _show_the_hardest(digits: Digits, output: Array, row: int) -> None:
    _heading("The digit it finds hardest")
    label, read = int(digits.y_test[row]), int(output[row].argmax())
    words = ["", f"It is a {label}; the network says:", ""]
    for digit in np.argsort(-output[row])[:4]:
        bar = ("█" if _shows("█") else "#") * round(20 * float(output[row, digit]))
        mark = "  <- right" if digit == label else "  <- its choice" if digit == read else ""
        words.append(f"  {digit}  {output[row, digit]:6.1%} {bar}{mark}")
    for line, text in zip(draw(digits.X_test[row]), [*words, *[""] * 8], strict=False):
        echo(f"{line}   {text}".rstrip())


def _explain(gradient: Gradient, label: int) -> None:
    _heading("What backpropagation says about one of its weights")
    name = gradient.weight
    j, i = name.removeprefix("W2[").removesuffix("]").split(",")
    agreement = abs(gradient.product - gradient.difference) / abs(gradient.product)
    falls = gradient.product < 0
    lines = [
        (f"dL/d{name}", f"delta2[{j}] * a1[{i}]", "an error times an activation"),
        ("", f"(q[{j}] - y[{j}]) * a1[{i}]", "softmax, cross-entropy: q - y"),
        ("", f"({gradient.output:.8f} - {gradient.target:.0f}) * {gradient.a:.8f}", ""),
        ("", f"{gradient.product:+.8f}", "by backpropagation"),
        ("", f"{gradient.difference:+.8f}", "by (L(w + h) - L(w - h)) / 2h"),
    ]
    echo(
        f'{name} joins neuron {i} of the hidden layer to the output for "{j}". For this {label}:\n'
    )
    for left, right, why in lines:
        echo(f"  {left:{len(name) + 4}} = {right:24} {why}".rstrip())
    echo(
        f"\nWith h = 0.00001 the two agree within {agreement:.0e} of their size. The cost of\n"
        f"this digit {'falls' if falls else 'rises'} as {name} grows, so gradient descent would "
        f"{'raise' if falls else 'lower'} it.\n\nEvery other number is as open:  "
        'cp.backprop(network, X, y)["delta1"]\n'
    )
