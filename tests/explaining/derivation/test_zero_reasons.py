"""The reasons that are given for a zero are read from the words, and checked against the record."""

from __future__ import annotations

import re
from collections import Counter
from typing import ClassVar

import numpy as np
import pytest

import clearprop as cp

KINKED = ("relu", "leaky_relu", "elu")
CLAUSE = re.compile(
    r"(.+?) for (?:([\d,]+) of (?:the others|([\d,]+) samples(?: that count)?)|the rest)(?:, | and |$)"
)


class Checked:
    """One sentence on a zero, held against the record."""

    def __init__(self, record, name: str, sentence: str) -> None:
        self.record, self.name = record, name
        self.layer, self.j, *rest = map(int, re.findall(r"\d+", name))
        self.i = rest[0] if rest else None
        self.counted = record.omega != 0
        self.delta = record[f"delta{self.layer}"][self.counted, self.j]
        self.a = record[f"a{self.layer - 1}"][self.counted][:, self.i or 0]
        if self.i is None:
            self.a = np.ones_like(self.delta)
        match = re.fullmatch(
            rf"The slope is (?:0: to first order, {re.escape(name)} does not change the cost here, "
            r"|(taken as 0), )as (.*)\.",
            sentence,
        )
        assert match, sentence
        self.at_kink, reason = bool(match[1]), match[2]
        assert not self.at_kink or self.some_kink(), sentence
        self.kinds: list[str] = []
        self.check(reason)

    def some_kink(self) -> bool:
        record = self.record
        found = (record.a[-1] == record.y).any() and record.network.loss.name in (
            "absolute_error", "quantile", "huber",
        )  # fmt: skip
        for f, z in zip(record.network.activations, record.z, strict=True):
            found |= f.name in KINKED and bool((z == 0).any())
        return found

    def check(self, reason: str) -> None:
        record = self.record
        if penalty := re.fullmatch(r"the penalty, (\S+), cancels what the data give", reason):
            own = record.l2 * record.network[self.name]
            assert float(penalty[1]) == pytest.approx(own, rel=1e-5)
            assert own != 0
            self.kinds.append("penalty")
            return
        if reason == "what the samples contribute cancels":
            assert (record.omega[self.counted] * self.delta * self.a).any()
            self.kinds.append("cancels")
            return
        every = r"(?: for every sample( that counts)?)?"
        zero = re.fullmatch(rf"(\S+), which \S+ multiplies, is 0{every}(, as dropout .*)?", reason)
        if zero:
            assert not self.a.any()
            assert bool(zero[2]) == (not self.counted.all() and len(self.counted) > 1)
            if zero[3]:
                assert not record.masks[self.layer - 2][self.counted, self.i].any()
            self.kinds.append("a")
            return
        delta = re.fullmatch(rf"delta{self.layer}\[{self.j}\] is 0{every}: (.*)", reason)
        if delta:
            assert not self.delta.any()
            reason = delta[2]
        left = np.ones(len(self.delta), dtype=bool)
        if not CLAUSE.search(reason):
            assert self.holds(reason).all(), reason
            return
        end = 0
        for clause in CLAUSE.finditer(reason):
            assert clause.start() == end
            end = clause.end()
            holds = self.holds(clause[1]) & left
            if clause[2]:
                assert int(clause[2].replace(",", "")) == holds.sum() > 0, reason
            else:
                assert holds.sum() == left.sum() > 0, reason
            if clause[3]:
                assert int(clause[3].replace(",", "")) == len(left)
            left &= ~holds
        assert end == len(reason)
        assert not left.any()

    def holds(self, cause: str) -> np.ndarray:
        """For which samples a cause is true, from the record alone."""
        record, layer, j = self.record, self.layer, self.j
        f = record.network.activations[layer - 1]
        z = record.z[layer - 1][self.counted]
        if cause == "dropout leaves this neuron out":
            self.kinds.append("dropout")
            return record.masks[layer - 1][self.counted, j] == 0
        if cause == "no error comes back to this neuron":
            self.kinds.append("error")
            fused = f.name in getattr(record.network.loss, "fused", {})
            if layer == len(record.z) and fused:
                return self.delta == 0
            da = record[f"da{layer}"][self.counted]
            return ~da.any(axis=1) if f.name == "softmax" else da[:, j] == 0
        if flat := re.fullmatch(r"(\w+) is flat at z(\d+)\[(\d+)\]", cause):
            assert flat.groups() == (f.name, str(layer), str(j))
            self.kinds.append("flat")
            if f.name == "softmax":
                return np.array([self.column_is_zero(f, row, j) for row in z])
            slopes = f.backward(z, np.ones_like(z))[:, j]
            return (slopes == 0) & ~((f.name in KINKED) & (z[:, j] == 0))
        if kink := re.fullmatch(r"(\w+) has a kink at z\d+\[\d+\] = 0, where .* to be 0", cause):
            assert kink[1] == f.name in KINKED
            self.kinds.append("kink")
            return z[:, j] == 0
        if re.fullmatch(r"a\d+\[\d+\], which \S+ multiplies, is 0|x\[\d+\], which .* is 0", cause):
            self.kinds.append("a too")
            return self.a == 0
        if cause == "the product of these slopes is too small for float64":
            self.kinds.append("small")
            with np.errstate(all="ignore"):
                product = np.abs(self.delta * self.a)
            da = record[f"da{layer}"][self.counted, j]
            slope = f.backward(z, np.ones_like(z))[:, j]
            return (
                (product == 0)
                & (self.a != 0)
                & ((self.delta != 0) | ((da * slope == 0) & (da != 0) & (slope != 0)))
            )
        if re.fullmatch(r"what comes back through softmax (cancels|is 0 or too small)", cause):
            self.kinds.append("softmax")
            return self.delta == 0
        raise AssertionError(f"unknown cause {cause!r}")

    @staticmethod
    def column_is_zero(softmax, row: np.ndarray, j: int) -> bool:
        """Whether no output of softmax has a slope by z_j, by a backward pass from each."""
        rows = np.tile(row, (len(row), 1))
        return not softmax.backward(rows, np.eye(len(row)))[:, j].any()


def planted(seed: int):
    """A random network and batch with zeros planted in weights, inputs, errors and slopes."""
    rng = np.random.default_rng(seed)
    depth = int(rng.integers(1, 4))
    sizes = [int(rng.integers(1, 6)) for _ in range(depth + 1)]
    hidden = [
        str(rng.choice(["relu", "relu", "tanh", "sigmoid", "elu", "leaky_relu", "softmax"]))
        for _ in sizes[1:-1]
    ]
    sizes[1:-1] = [max(2, k) if f == "softmax" else k for k, f in zip(sizes[1:-1], hidden, strict=True)]  # fmt: skip
    output, loss = [
        ("identity", "squared_error"), ("identity", "absolute_error"), ("relu", "squared_error"),
        ("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy"),
        ("softmax", "squared_error"), ("identity", cp.quantile(0.5)), ("identity", cp.huber(0.5)),
    ][seed % 8]  # fmt: skip
    if output == "softmax":
        sizes[-1] += 1
    network = cp.Network(
        sizes, [*hidden, output], loss=loss, dtype="float64", seed=seed,
        biases=cp.uniform(0.5) if seed % 3 else False,
    )  # fmt: skip
    for layer, W in enumerate(network.weights, 1):
        kind = rng.integers(0, 5)
        W[rng.random(W.shape) < [0, 0.4, 0.4, 0.8, 0][kind]] = 0.0
        if kind == 4 and seed % 4 == 0:
            W *= 1000.0  # saturates
        if kind == 2 and network.has_biases:
            network.biases[layer - 1][:] -= 3.0  # puts relus to sleep
    n = int(rng.choice([1, 2, 3, 5]))
    X = rng.normal(size=(n, sizes[0])).round(1)
    X[rng.random(X.shape) < 0.3] = 0.0
    y = rng.normal(size=(n, sizes[-1]))
    if loss == "binary_cross_entropy":
        y = rng.integers(0, 2, y.shape).astype(float)
    elif loss == "cross_entropy":
        y = rng.integers(0, sizes[-1], n)
    elif output != "softmax" or seed % 2:
        right = rng.random(n) < 0.5
        y[right] = network.predict(X)[right]
    weights = rng.integers(0, 3, n).astype(float) if seed % 5 == 0 else None
    if weights is not None and not weights.any():
        weights[0] = 1.0
    return network, X, y, weights, 0.1 if seed % 7 == 0 else 0.0, rng


def zeros_of(record) -> list[str]:
    network = record.network
    names = [
        f"W{k}[{j},{i}]" for k, W in enumerate(network.weights, 1) for j, i in np.ndindex(W.shape)
    ]
    if network.has_biases:
        names += [f"b{k}[{j}]" for k, b in enumerate(network.biases, 1) for j in range(len(b))]
    return [name for name in names if record[f"d{name}"] == 0]


def sentence_of(derivation) -> str:
    return next(words for words in derivation.parts[-1].words if words.startswith("The slope is"))


class TestReasons:
    seen: ClassVar[Counter] = Counter()

    @pytest.mark.parametrize("seed", range(240))
    def test_reasons_are_true(self, seed):
        network, X, y, weights, l2, rng = planted(seed)
        record = cp.backprop(network, X, y, sample_weight=weights, l2=l2)
        names = zeros_of(record)
        for name in rng.permutation(names)[:12]:
            name = str(name)
            derivation = cp.explain(network, X, y, name, sample_weight=weights, l2=l2)
            checked = Checked(record, name, sentence_of(derivation))
            self.seen.update(checked.kinds)
            self.seen.update(["several"] if len(checked.kinds) > 1 else [])
            if not checked.at_kink:  # the cost does not change, to first order, on either side
                for h in (1e-9, -1e-9):
                    moved = network.copy()
                    moved[name] = network[name] + h
                    there = cp.backprop(moved, X, y, sample_weight=weights, l2=l2).loss
                    assert abs(there - record.loss) / 1e-9 < 1e-2 * (1 + abs(record.loss)), name

    @pytest.mark.parametrize("seed", range(40))
    def test_reasons_are_true_under_dropout(self, seed):
        network, X, y, _, _, rng = planted(4 * seed + 1)
        if len(network.sizes) < 3:
            return
        for step in cp.steps(network, X, y, dropout=0.5, seed=seed, epochs=2, batch_size=3):
            for name in rng.permutation(zeros_of(step.record))[:8]:
                sentence = sentence_of(cp.explain(step=step, of=str(name)))
                self.seen.update(Checked(step.record, str(name), sentence).kinds)

    def test_every_kind_of_reason_was_met(self):
        if sum(self.seen.values()) < 1000:
            pytest.skip("the tests above were not all run")
        wanted = {"a", "a too", "flat", "kink", "error", "dropout", "cancels", "several"}
        assert wanted <= set(self.seen), self.seen


def test_some_rows_are_flat_and_no_error_comes_back_on_others():
    network = cp.Network.from_weights(
        [[[1.0]], [[1.0]]], activations=["relu", "identity"], loss="squared_error"
    )
    said = sentence_of(cp.explain(network, [[-1.0], [2.0]], [1.0, 2.0], of="W1[0,0]"))
    assert said.endswith(
        "as delta1[0] is 0 for every sample: relu is flat at z1[0] for 1 of 2 samples and no "
        "error comes back to this neuron for the rest."
    )


def test_the_penalty_cancels():
    network = cp.Network.from_weights([[[1.0]]], activations=["identity"], loss="squared_error")
    derivation = cp.explain(network, [1.0], [1.5], of="W1[0,0]", l2=0.5)
    said = sentence_of(derivation)
    assert said.endswith("as the penalty, 0.5, cancels what the data give.")
    Checked(cp.backprop(network, [[1.0]], [[1.5]], l2=0.5), "W1[0,0]", said)


def test_a_kink_is_no_flat_place():
    network = cp.Network.from_weights([[[0.0]], [[1.0]]], activations=["relu", "identity"])
    said = sentence_of(cp.explain(network, [1.0], [5.0], of="W1[0,0]"))
    assert said == (
        "The slope is taken as 0, as delta1[0] is 0: relu has a kink at z1[0] = 0, where its "
        "slope is taken to be 0."
    )
