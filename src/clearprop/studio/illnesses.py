"""Illnesses that a setup can plant, and the code under which one is planted in secret.

What a code means can be found out by asking for it alone: the address does not tell.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b


@dataclass(frozen=True)
class Illness:
    """What ails a run, and the pairs of a setup that make it so.

    Attributes
    ----------
    name, title : str
    kind : str
        The finding of `cp.diagnose` that is right; "" for none.
    pairs : dict of str to str
    sign : str
        How it shows, in a sentence.
    """

    name: str
    title: str
    kind: str
    pairs: dict[str, str] = field(default_factory=dict)
    sign: str = ""


def _deep(size: int, layers: int) -> str:
    return ",".join([str(size)] * layers)


ILLNESSES = (
    Illness("none", "None: it is healthy", "",
            sign="deltas of all layers are of a size, and the cost falls"),
    Illness("fast", "Learning rate too large", "learning rate too large", {"rate": "20.0"},
            "the cost jumps, and updates are as large as the weights"),
    Illness("slow", "Learning rate too small", "learning rate too small", {"rate": "0.0001"},
            "the cost hardly moves, and updates are a tiny share of the weights"),
    Illness("rolling", "Momentum too large", "momentum too large",
            {"optimizer": "sgd", "rate": "0.1", "momentum": "0.999"},
            "the cost falls, and then rolls past the valley and up again"),
    Illness("strict", "Penalty (l2) too large", "penalty too large", {"l2": "1.0"},
            "weights shrink towards 0, and the outputs are the same for every row"),
    Illness("wild", "Weights too large", "weights too large",
            {"activation": "relu", "hidden": "16", "gain": "100.0"},
            "the cost begins far above that of a constant answer"),
    Illness("zero", "Weights all 0", "symmetric units", {"gain": "0.0"},
            "units of a layer are alike, and stay alike"),
    Illness("dead", "Dead relu units", "dead units",
            {"activation": "relu", "hidden": "8", "bias": "-9.0"},
            "units are 0 on every row, and so are their deltas and gradients"),
    Illness("flat", "Saturated units", "saturation",
            {"activation": "sigmoid", "hidden": "8", "gain": "60.0"},
            "activations lie where the curve is flat, so that deltas below are small"),
    Illness("vanishing", "Vanishing deltas: deep, of sigmoids", "vanishing deltas",
            {"activation": "sigmoid", "hidden": _deep(10, 8)},
            "each layer's gradient is a fraction of that of the layer above"),
    Illness("exploding", "Exploding deltas: deep, with large weights", "exploding deltas",
            {"activation": "leaky_relu", "hidden": _deep(10, 6), "gain": "8.0"},
            "each layer's gradient is a multiple of that of the layer above"),
    Illness("unscaled", "Inputs that are not scaled", "unscaled inputs", {"scale": "50.0"},
            "the first layer's units saturate, and its gradient is large"),
    Illness("shuffled", "Labels that were shuffled", "unrelated targets", {"shuffled": "1.0"},
            "the cost stays near that of a constant answer, though nothing else looks wrong"),
    Illness("overfitted", "Overfitting: large, and few noisy rows", "overfitting",
            {"rows": "200", "noise": "0.6", "share": "0.5", "hidden": "40,40",
             "activation": "tanh", "optimizer": "adam", "rate": "0.02"},
            "the cost falls on, while that of the rows put aside rises: after a thousand steps"),
)  # fmt: skip


def named(name: str) -> Illness | None:
    """Return an illness by its name."""
    return next((one for one in ILLNESSES if one.name == name), None)


def illness_of(code: str) -> Illness:
    """Return the illness that a code stands for; every text stands for one."""
    digest = blake2b(code.encode(), digest_size=8).digest()
    return ILLNESSES[int.from_bytes(digest, "big") % len(ILLNESSES)]
