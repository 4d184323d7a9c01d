"""cp.explain: every number is recomputed from its own row's symbols by an evaluator that shares
nothing with it; gradients are held to PyTorch; bad input; networks that are not finite."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from itertools import count

import numpy as np
import pytest

import clearprop as cp
from cases import pairings
from clearprop.activations import ACTIVATIONS
from clearprop.explaining.derivation.expressions import Symbol, fits
from clearprop.explaining.derivation.formulas import slope_formulas
from clearprop.explaining.derivation.glyphs import CodeNames
from clearprop.explaining.derivation.plain_text import TEXT
from clearprop.losses import LOSSES
from evaluator import Evaluator, close

NOTE = [[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]]
W_NAMES = {
    "W1[0,0]": "w1", "W1[1,0]": "w2", "W1[0,1]": "w3", "W1[1,1]": "w4", "W2[0,0]": "w5",
    "W2[0,1]": "w6",
}  # fmt: skip


def note_network():
    return cp.Network.from_weights(NOTE, loss="squared_error")


class Book:
    """Looks names up in a record, in an optimizer's settings, and in rows read before."""

    def __init__(self, record, before=None):
        self.record = record
        self.known: dict[str, float] = dict(before or {})
        self.n = len(record.losses)

    def value(self, name: str) -> float:
        if name in self.known:
            return self.known[name]
        if name.startswith("∂"):
            return self.partial(name)
        base, _, row = name.partition("@")
        i = int(row) if row else 0
        if target := re.fullmatch(r"y\[(\d+)\]", base):
            return float(self.record.y[i, int(target[1])])
        if base == "omega":
            return float(self.record.omega[i])
        if base == "L" and (row or (self.n == 1 and not self.record.l2)):
            return float(self.record.losses[i])
        if base == "l2":
            return self.record.l2
        if base == "sum of W²":
            return sum(float((W**2).sum()) for W in self.record.network.weights)
        if base == "sum(y)":
            return float(self.record.y[i].sum())
        if layer := re.fullmatch(r"(log)?sumexp\(z(\d+)\)", base):
            z = self.record[f"z{layer[2]}"][i]
            with np.errstate(all="ignore"):
                return float(np.logaddexp.reduce(z) if layer[1] else np.exp(z).sum())
        if mask := re.fullmatch(r"mask(\d+)\[(\d+)\]", base):
            return float(self.record.masks[int(mask[1]) - 1][i, int(mask[2])])
        if base[:2] in ("dW", "db") and (row or (self.n == 1 and not self.record.l2)):
            j, *rest = (int(k) for k in re.findall(r"\d+", base.partition("[")[2]))
            layer = int(re.match(r"d[Wb](\d+)", base)[1])
            own = self.record.delta[layer - 1][i, j]
            return float(own * self.record.a[layer - 1][i, rest[0]] if rest else own)
        setting = getattr(self.record.network.loss, "settings", {}).get(
            {"threshold": "delta"}.get(base, base)
        )
        if setting is not None:
            return setting
        value = self.record[base]
        return float(value[i]) if np.ndim(value) else float(value)

    def partial(self, name: str) -> float:
        top, bottom = (part[1:] for part in name.split("/"))
        i = int(bottom.partition("@")[2] or top.partition("@")[2] or 0)
        (a, j), (b, k) = (self.place(part) for part in (top, bottom))
        if a == "L":
            return float(self.record[f"d{b}" if b[0] == "a" else f"delta{b[1:]}"][i, k[0]])
        layer = int(a[1:])
        if b[0] in "Wb":
            return float(self.record.a[layer - 1][i, k[1]]) if b[0] == "W" else 1.0
        if a[0] == "z":
            return float(self.record[f"W{layer}"][j[0], k[0]])
        f, z = self.record.network.activations[layer - 1], self.record[f"z{layer}"][i : i + 1]
        if f.name == "softmax":  # an entry of the Jacobian, by a backward pass from one output
            return float(f.backward(z, np.eye(z.shape[1])[j[0]][None])[0, k[0]])
        slope = float(f.backward(z, np.ones_like(z))[0, j[0]])
        masks = self.record.masks
        masked = bool(masks) and layer <= len(masks)
        return slope * float(masks[layer - 1][i, j[0]]) if masked else slope

    @staticmethod
    def place(name: str):
        head, _, index = name.partition("@")[0].partition("[")
        return head.replace("x", "a0"), [int(k) for k in re.findall(r"\d+", index)]

    def apply(self, function: str, x: float) -> float:
        plain = {
            "log": np.log, "exp": np.exp, "sign": np.sign,
            "Phi": lambda x: 0.5 * (1 + _erf(x / np.sqrt(2))),
            "phi": lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
        }  # fmt: skip
        with np.errstate(all="ignore"):
            if function in plain:
                return float(plain[function](x))
            own = {f.name: f for f in self.record.network.activations}
            f = own.get(function.rstrip("'")) or ACTIVATIONS[function.rstrip("'")]
            z = np.array([[x]])
            return float((f.backward(z, np.ones_like(z)) if "'" in function else f(z))[0, 0])


def _erf(x):
    from math import erf

    return erf(x)


def verify(derivation, record, before=None) -> int:
    """Recompute every row of a derivation; return how many were."""
    book, rows = Book(record, before), 0
    for equation in derivation:
        name = equation.name
        if isinstance(equation.left, Symbol) and re.match(r"(d?[Wbaxz]|delta|L\b)", name):
            assert equation.value == pytest.approx(book.value(name), rel=1e-12, abs=0), name
        terms = equation.to_dict().get("terms", [])
        for form in equation.forms:
            text = form_text(form)
            rest = [t for t in terms if t["symbols"].startswith("[")]
            if rest and "[" in text and " other " in text:
                book.known[rest[0]["symbols"]] = rest[0]["value"]
            found = Evaluator(text, book.value, book.apply).result()
            assert close(found, equation.value), (name, text, found, equation.value)
            rows += 1
        for term in terms:
            found = Evaluator(term["symbols"], book.value, book.apply).result()
            assert close(found, term["value"]), (name, term)
            put_in = Evaluator(term["numbers"], book.value, book.apply).result()
            assert close(put_in, term["value"], 1e-4), (name, term)
        if terms:
            total = sum(term["value"] for term in terms)
            scale = sum(abs(term["value"]) for term in terms)
            assert abs(total - equation.value) <= 1e-12 * scale + 1e-300, name
        if equation.forms and np.isfinite(equation.value):
            put_in = Evaluator(equation.numbers, book.value, book.apply).result()
            assert close(put_in, equation.value, 10.0 ** (2 - equation.digits)), (
                name,
                equation.numbers,
                equation.value,
            )
        if name.startswith("new ") or not re.match(r"(d?[Wbaxz]|delta|L\b|∂)", name):
            book.known[name] = equation.value  # later rows may speak of it
    return rows


def form_text(form) -> str:

    return TEXT.symbols(form, CodeNames())


def random_case(seed: int):
    """A random network with data: every activation, loss, depth, with and without everything."""
    rng = np.random.default_rng(seed)
    pairs = pairings()
    output, loss = pairs[seed % len(pairs)]
    depth = int(rng.integers(1, 4))
    sizes = [int(rng.integers(1, 9)) for _ in range(depth)] + [int(rng.integers(1, 5))]
    if output == "softmax":
        sizes[-1] = max(2, sizes[-1])
    hidden = [str(rng.choice(list(ACTIVATIONS))) for _ in sizes[1:-1]]
    n = int(rng.choice([1, 1, 2, 9]))
    for attempt in count():
        network = cp.Network(
            sizes, [*hidden, output], loss=loss, biases=cp.uniform(0.5) if seed % 3 else False,
            initializer=cp.uniform(0.9), dtype="float64", seed=seed + 1000 * attempt,
        )  # fmt: skip
        X = rng.normal(size=(n, sizes[0]))
        if np.isfinite(network.predict(X)).all():
            break
    y = rng.random((n, sizes[-1]))
    kind = LOSSES[loss].targets
    if kind == "labels":
        y = y / y.sum(axis=1, keepdims=True) if seed % 2 else y.argmax(axis=1)
    elif kind == "unit":
        y = y if seed % 2 else y.round()
    elif kind == "nonnegative":
        y = np.floor(4 * y)
    else:
        y = 3 * y - 1
    weights = 0.1 + rng.random(n) if seed % 4 == 1 else None
    return network, X, y, weights, 0.01 if seed % 5 == 1 else 0.0, rng


def some_element(network, rng) -> str:
    layer = int(rng.integers(1, len(network.sizes)))
    j, i = (int(rng.integers(network.sizes[layer - k])) for k in (0, 1))
    options = [f"W{layer}[{j},{i}]", f"dW{layer}[{j},{i}]", f"z{layer}[{j}]", f"a{layer}[{j}]",
               f"delta{layer}[{j}]", f"da{layer}[{j}]", f"dx[{int(rng.integers(network.sizes[0]))}]",
               "L", f"W{layer}", f"delta{layer}", f"da{layer - 1}", f"z{layer}"]  # fmt: skip
    if network.has_biases:
        options += [f"b{layer}[{j}]", f"db{layer}"]
    return str(rng.choice(options))


OPTIMIZERS = [
    cp.SGD(0.1), cp.SGD(0.1, momentum=0.9), cp.SGD(0.1, momentum=0.8, nesterov=True, shrink=0.99),
    cp.Adam(0.01), cp.AdamW(0.01, decay=0.1), cp.RMSprop(0.01), cp.RMSprop(0.01, momentum=0.5),
    cp.RProp(),
]  # fmt: skip


def optimizer_numbers(rule, name: str, parameters=None, state=None, now=(0, 1, 0)) -> dict:
    """What the rows of an optimizer's step speak of."""
    numbers = {"g": 0.0}
    for key, symbol in (
        ("learning_rate", "eta"), ("momentum", "mu"), ("beta1", "beta1"), ("beta2", "beta2"),
        ("epsilon", "epsilon"), ("alpha", "alpha"), ("decay", "decay"), ("shrink", "shrink"),
        ("grow", "grow"), ("cut", "cut"),
    ):  # fmt: skip
        if hasattr(rule, key):
            value = getattr(rule, key)
            numbers[symbol] = value(*now[:2]) if callable(value) else value
    for beta in ("beta1", "beta2"):
        if hasattr(rule, beta):
            t = now[2] + 1
            numbers[f"{beta}^{t}"] = getattr(rule, beta) ** t
    begun = {"velocity": "v", "m": "m", "v": "v", "square": "s", "size": "size"}
    for key, symbol in begun.items():
        start = rule.learning_rate if key == "size" else 0.0
        if state is None or key in state:
            numbers[f"{symbol}_before"] = start if state is None else state[key]
    return numbers


@pytest.mark.parametrize("seed", range(200))
def test_every_row_follows_from_its_symbols(seed):
    network, X, y, weights, l2, rng = random_case(seed)
    record = cp.backprop(network, X, y, sample_weight=weights, l2=l2)
    largest = int(rng.integers(1, 7))
    rule = OPTIMIZERS[seed % len(OPTIMIZERS)]
    asked = [None, "W1[0,0]", *(some_element(network, rng) for _ in range(4))]
    for of in asked:
        derivation = cp.explain(
            network, X, y, of, sample_weight=weights, l2=l2, largest=largest, optimizer=rule
        )
        before = optimizer_numbers(rule, of or "")
        differences = {
            name: float(value)
            for name, value in moved_costs(derivation, network, X, y, weights, l2).items()
        }
        rows = verify(derivation, record, {**before, **differences})
        assert rows or of.startswith("x")
        assert max(map(len, str(derivation).splitlines())) <= 100


def moved_costs(derivation, network, X, y, weights, l2):
    """L(w + h) and L(w - h), by networks of our own whose weight is moved."""
    if derivation.of is None or derivation.of[:2] not in ("dW", "db"):
        return {}
    name = derivation.of[1:]
    h = 1e-5 * max(1.0, abs(float(network[name])))
    costs = {"h": h}
    for sign, step in (("+", h), ("-", -h)):
        moved = network.copy()
        moved[name] = network[name] + step
        costs[f"L({name} {sign} h)"] = cp.backprop(moved, X, y, sample_weight=weights, l2=l2).loss
    return costs


class TestTheNote:
    """The 2-2-1 network of the third note."""

    def test_the_chain_is_written_as_the_note_does(self):
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", names=W_NAMES)
        text = str(derivation)
        assert (
            "  ∂L/∂w1 = ∂L/∂a2[0] · ∂a2[0]/∂z2[0] · ∂z2[0]/∂a1[0] · ∂a1[0]/∂z1[0] · ∂z1[0]/∂w1\n"
            "         = (a2[0] - y[0]) · sigmoid'(z2[0]) · w5 · sigmoid'(z1[0]) · x[0]\n"
            "         = -0.339217 · 0.224149 · 0.5 · 0.242497 · 0.5\n"
            "         = -0.00460958\n"
        ) in text
        assert "∂L/∂w1          = delta1[0] · x[0] = -0.00921917 · 0.5 = -0.00460958" in text
        assert derivation["delta2[0]"].uses == 4  # w5, w6, and delta1 of both hidden neurons
        assert "raising w1 a little lowers the cost" in text

    def test_all_six_partial_derivatives(self):
        record = cp.backprop(note_network(), [[0.5, 1.0]], [1.0])
        for name in W_NAMES:
            derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, name)
            assert derivation.value == record[f"d{name}"]
            difference = derivation["difference"].value
            assert difference == pytest.approx(derivation.value, rel=1e-8)

    def test_the_whole_pass_goes_in_the_notes_order(self):
        network = cp.Network([3, 4, 4, 2], "sigmoid", output="softmax", dtype="float64", seed=1)
        derivation = cp.explain(network, [0.1, 0.2, 0.3], 1)
        forward, _, backward = derivation.parts
        heads = [part.title.split(" ")[0] for part in backward.parts]
        assert heads == [
            "delta3", "dW3", "db3", "da2", "delta2", "dW2", "db2", "da1", "delta1", "dW1", "db1",
        ]  # fmt: skip
        assert [p.title.split(" ")[0] for p in forward.parts] == [
            "z1",
            "a1",
            "z2",
            "a2",
            "z3",
            "a3",
        ]
        assert "dW2 = delta2ᵀ a1, shape (4, 4)" in str(derivation)
        assert "delta3 = a3 - y, shape (1, 2)" in str(derivation)
        names = {equation.name for equation in derivation}
        assert {f"dW2[{j},{i}]" for j in range(4) for i in range(4)} <= names


def torch_gradients(weights, biases, activations, loss, x, y):
    torch = pytest.importorskip("torch")
    W = [torch.tensor(w, dtype=torch.float64, requires_grad=True) for w in weights]
    b = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in biases]
    a = torch.tensor([x], dtype=torch.float64)
    for layer, w in enumerate(W):
        z = a @ w.T + (b[layer] if b else 0.0)
        a = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "softmax": lambda z: z}[
            activations[layer]
        ](z)
    if loss == "cross_entropy":
        cost = torch.nn.functional.cross_entropy(a, torch.tensor([y]))
    else:
        cost = 0.5 * ((a - torch.tensor([y], dtype=torch.float64)) ** 2).sum()
    cost.backward()
    found = {f"W{k}": w.grad.numpy() for k, w in enumerate(W, 1)}
    return found | {f"b{k}": v.grad.numpy() for k, v in enumerate(b, 1)}


@pytest.mark.parametrize(
    ("sizes", "activations", "loss", "y"),
    [
        ([2, 2, 1], ["sigmoid", "sigmoid"], "squared_error", [1.0]),
        ([2, 2, 2], ["sigmoid", "sigmoid"], "squared_error", [0.01, 0.99]),
        ([3, 4, 3], ["tanh", "softmax"], "cross_entropy", 2),
    ],
)
def test_gradients_are_pytorchs(sizes, activations, loss, y):
    biases = sizes != [2, 2, 1]
    network = cp.Network(
        sizes, activations, loss=loss, biases=cp.uniform(0.5) if biases else False,
        dtype="float64", seed=4,
    )  # fmt: skip
    x = [0.05, 0.1, -0.7][: sizes[0]]
    theirs = torch_gradients(network.weights, network.biases, activations, loss, x, y)
    for name, gradient in theirs.items():
        for index in np.ndindex(gradient.shape):
            element = f"{name}[{','.join(map(str, index))}]"
            derivation = cp.explain(network, x, y, element)
            assert derivation.value == pytest.approx(gradient[index], rel=1e-12, abs=1e-15)
            assert sum(1 for e in derivation if e.name == f"d{element}") == 2  # chain, and short


class TestFormulas:
    """A formula that does not give the number is not shown; so every one has to be looked for."""

    def test_every_activation_has_its_slope(self):

        for name, f in ACTIVATIONS.items():
            if name == "softmax":
                continue
            for z in (-2.3, -0.4, 0.6, 2.1):
                at = np.array([[z]])
                slope = float(f.backward(at, np.ones((1, 1)))[0, 0])
                zs, a = Symbol("z1[0]", z), Symbol("a1[0]", float(f(at)[0, 0]))
                for known in (a, None):
                    formulas = slope_formulas(f, zs, known)
                    assert formulas, name
                    assert all(fits(formula, slope) for formula in formulas), (name, z)

    @pytest.mark.parametrize(("output", "loss"), pairings())
    def test_every_loss_has_its_cost_and_slope(self, output, loss):
        network = cp.Network([3, 4, 3], "tanh", output, loss=loss, dtype="float64", seed=3)
        kind = LOSSES[loss].targets
        for y in ([0.2, 0.7, 0.1], [0.0, 1.0, 0.0]):
            if kind == "labels" and y[1] == 0.7:
                continue
            derivation = cp.explain(network, [0.3, -0.2, 0.9], y)
            for name in ("L", "delta2[0]", "delta2[1]"):
                assert derivation[name].forms, (name, y)
            if (output, loss) not in (("softmax", "cross_entropy"),):
                slopes = [e for e in derivation if e.name == "da2[1]"]
                assert slopes, derivation.keys()
                assert all(e.forms for e in slopes)

    def test_softmax_of_a_few_classes_has_all_terms(self):
        network = cp.Network([2, 3], output="softmax", dtype="float64", seed=0)
        derivation = cp.explain(network, [0.4, 0.1], 1, "delta1[0]")
        long = next(e for e in derivation if e.name == "delta1[0]" and len(e.forms) == 3)
        assert form_text(long.forms[0]) == (
            "∂L/∂a1[0] · ∂a1[0]/∂z1[0] + ∂L/∂a1[1] · ∂a1[1]/∂z1[0] + ∂L/∂a1[2] · ∂a1[2]/∂z1[0]"
        )
        assert form_text(long.forms[2]) == "a1[0] - y[0]"
        assert "y[1] is 1, for the class that is right; the others of y are 0." in str(derivation)
        assert derivation["L"].symbols.count("log(") == 3

    def test_where_curves_are_flat_another_formula_is_shown(self):
        network = cp.Network.from_weights([[[1.0]], [[1.0]]], loss="squared_error")
        derivation = cp.explain(network, [45.0], [0.0], "delta1[0]")
        slope = derivation["sigmoid'(z1[0])"]  # 1 - a is 0 in float64, the slope is not
        assert slope.symbols == "sigmoid(z1[0]) · sigmoid(-z1[0])"
        assert 0 < slope.value < 1e-18

    def test_logits_far_apart(self):
        network = cp.Network.from_weights([[[900.0], [-900.0]]], activations="softmax")
        for label in (0, 1):
            derivation = cp.explain(network, [1.0], label)
            record = cp.backprop(network, [[1.0]], [label])
            assert derivation["L"].value == record.loss
            verify(derivation, record)
        assert "logsumexp(z1)" in derivation["L"].symbols


class TestPaths:
    def network(self, sizes=(3, 5, 4, 3, 2), activations="tanh", seed=2):
        return cp.Network(
            list(sizes), activations, "identity", initializer=cp.normal(1.0),
            dtype="float64", seed=seed,
        )  # fmt: skip

    @pytest.mark.parametrize("hidden", ["tanh", "softmax"])
    def test_the_strongest_paths_are_those_of_all(self, hidden):
        """All paths by hand, against the few that are kept."""
        from itertools import product

        network = self.network((2, 3, 4, 2), hidden)
        X, y = np.array([[0.7, -1.2]]), np.array([[0.3, 0.1]])
        record = cp.backprop(network, X, y)
        W, z = network.weights, record.z

        def jacobian(layer):
            f = network.activations[layer - 1]
            rows = np.eye(network.sizes[layer])
            return np.array([f.backward(z[layer - 1], row[None])[0] for row in rows])

        J1, J2 = jacobian(1), jacobian(2)
        every = []
        for k, m, n, p, q in product(range(2), range(4), range(4), range(3), range(3)):
            if q != 1:  # z1[1] is where the weight leads
                continue
            size = record.delta[2][0, k] * W[2][k, m] * J2[m, n] * W[1][n, p] * J1[p, q] * X[0, 0]
            if hidden == "softmax" or (m == n and p == q):
                every.append(size)
        every.sort(key=lambda size: -abs(size))
        derivation = cp.explain(network, X, y, "W1[1,0]", largest=3)
        shown = next(e for e in derivation if e.name == "dW1[1,0]" and e.is_by_rows).to_dict()
        sizes = [t["value"] for t in shown["terms"] if "other" not in t["symbols"]]
        assert sizes == pytest.approx(every[:3], rel=1e-12)
        assert shown["terms"][-1]["symbols"] == f"[{len(every) - 3} other paths]"
        assert shown["terms"][-1]["value"] == pytest.approx(sum(every[3:]), rel=1e-9)
        assert f"{len(every)} paths lead from W1[1,0]" in str(derivation)

    def test_a_deep_network_fits_the_page(self):
        network = self.network([4, *[6] * 12, 2], "sigmoid")
        derivation = cp.explain(network, [0.1, 0.2, 0.3, 0.4], [0.0, 1.0], "W1[2,1]")
        record = cp.backprop(network, [[0.1, 0.2, 0.3, 0.4]], [[0.0, 1.0]])
        assert verify(derivation, record, {"h": 1e-5} | moved_costs(
            derivation, network, [[0.1, 0.2, 0.3, 0.4]], [[0.0, 1.0]], None, 0.0))  # fmt: skip
        assert max(map(len, str(derivation).splitlines())) <= 100

    def test_wide_layers_are_folded_and_add_up(self):
        rng = np.random.default_rng(0)
        network = cp.Network([300, 90, 10], "relu", "softmax", dtype="float64", seed=1)
        x = rng.normal(size=300)
        derivation = cp.explain(network, x, 4, "z1[7]", largest=5)
        (sum_,) = [e for e in derivation if e.name == "z1[7]"]
        terms = sum_.to_dict()["terms"]
        assert [t["symbols"] for t in terms][-2:] == ["[295 other terms]", "b1[7]"]
        contributions = network["W1"][7] * x
        largest = np.sort(np.abs(contributions))[::-1][:5]
        assert [abs(t["value"]) for t in terms[:5]] == pytest.approx(list(largest), rel=1e-14)
        assert sum(t["value"] for t in terms) == pytest.approx(sum_.value, rel=1e-12)
        assert [t["largest"] for t in terms] == [True, *[False] * 6]


class TestBatch:
    def test_the_samples_that_push_hardest_come_first(self):
        rng = np.random.default_rng(1)
        network = cp.Network([3, 4, 1], "tanh", "identity", dtype="float64", seed=0)
        X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
        record = cp.backprop(network, X, y)
        derivation = cp.explain(network, X, y, "W1[2,1]")
        shares = record["delta1[2]"] * X[:, 1] / 50
        order = np.argsort(-np.abs(shares))
        mean = [e for e in derivation if e.name == "dW1[2,1]"][-1].to_dict()
        rows = [t["symbols"] for t in mean["terms"]]
        assert [int(re.search(r"@(\d+)", row)[1]) for row in rows[:6]] == order[:6].tolist()
        assert rows[6] == "[44 other samples]"
        assert f"Sample {order[0]} is followed, which pushes hardest" in derivation.words[0]

    def test_a_sample_may_be_chosen(self):
        network = note_network()
        X, y = [[0.5, 1.0], [1.0, -1.0]], [1.0, 0.0]
        derivation = cp.explain(network, X, y, "z1[0]", sample=1)
        assert derivation.of == "z1[0]@1"
        assert derivation.value == cp.backprop(network, X, y)["z1[0]"][1]

    def test_one_sample_as_a_row_or_a_vector(self):
        network = note_network()
        one = str(cp.explain(network, [0.5, 1.0], 1.0, "W1[0,0]"))
        for x, y in (([[0.5, 1.0]], [1.0]), (np.array([0.5, 1.0]), [1.0]), ((0.5, 1.0), [[1.0]])):
            assert str(cp.explain(network, x, y, "W1[0,0]")) == one
        scalar = cp.Network.from_weights([[[2.0]]], activations="identity")
        assert cp.explain(scalar, 3.0, 1.0, "a1[0]").value == 6.0

    def test_shares_of_classes(self):
        network = cp.Network([2, 3], output="softmax", dtype="float64", seed=0)
        derivation = cp.explain(network, [0.4, 0.1], [0.2, 0.5, 0.3], "W1[0,0]")
        verify(
            derivation, cp.backprop(network, [[0.4, 0.1]], [[0.2, 0.5, 0.3]]),
            moved_costs(derivation, network, [[0.4, 0.1]], [[0.2, 0.5, 0.3]], None, 0.0),
        )  # fmt: skip


class TestZero:
    """A gradient of zero says that the parameter does not matter here, and why."""

    def words(self, network, x, y, of):
        return " ".join(cp.explain(network, x, y, of).parts[-1].words)

    def test_a_relu_that_does_not_fire(self):
        network = cp.Network.from_weights(
            [[[1.0]], [[1.0]]], [[-5.0], [0.0]], "relu", "identity", "squared_error"
        )
        assert "as delta1[0] is 0: relu is flat at z1[0]" in self.words(
            network, [1.0], [1.0], "W1[0,0]"
        )
        said = self.words(network, [1.0], [1.0], "W2[0,0]")
        assert "as a1[0], which W2[0,0] multiplies, is 0" in said

    def test_no_error(self):
        network = cp.Network.from_weights([[[2.0]]], activations="identity")
        assert "no error comes back" in self.words(network, [1.0], [2.0], "W1[0,0]")

    def test_samples_that_cancel(self):
        network = cp.Network.from_weights([[[0.0]]], activations="identity")
        said = self.words(network, [[1.0], [1.0]], [1.0, -1.0], "W1[0,0]")
        assert "what the samples contribute cancels" in said


class TestStep:
    @pytest.mark.parametrize("rule", OPTIMIZERS, ids=[repr(rule)[:40] for rule in OPTIMIZERS])
    @pytest.mark.parametrize("dropout", [0.0, 0.4])
    def test_a_step_is_explained_as_it_was_made(self, rule, dropout):
        rng = np.random.default_rng(3)
        X, y = rng.normal(size=(12, 3)), rng.integers(0, 2, 12)
        network = cp.Network([3, 5, 2], "tanh", "softmax", dtype="float64", seed=5)
        run = cp.steps(network, X, y, optimizer=rule, batch_size=4, dropout=dropout, l2=0.02)
        for number, step in enumerate(run):
            if number < 3:
                continue
            for name in ("W1[2,1]", "b1[0]", "W2[1,4]"):
                derivation = cp.explain(step=step, of=name)
                after = step.record.network[name] + network.unflatten(step.update)[name[:2]][
                    tuple(int(i) for i in re.findall(r"\d+", name[2:]))
                ]  # fmt: skip
                assert derivation[f"new {name}"].value == pytest.approx(after, rel=1e-14)
                index = tuple(int(i) for i in re.findall(r"\d+", name[2:]))
                before = {
                    key: float(network.unflatten(array)[name[:2]][index])
                    for key, array in step.state_before.items()
                }
                known = optimizer_numbers(rule, name, state=before, now=step.clock)
                costs = {  # with the dropout of the step: taken from the row itself
                    e.forms[0].top.terms[0].name: e.forms[0].top.terms[0].value
                    for e in derivation
                    if e.name == "difference"
                }
                costs |= {
                    e.forms[0].top.terms[1].term.name: e.forms[0].top.terms[1].term.value
                    for e in derivation
                    if e.name == "difference"
                }
                h = 1e-5 * max(1.0, abs(float(step.record.network[name])))
                verify(derivation, step.record, {**known, **costs, "h": h})
                if derivation.value:
                    assert derivation["difference"].value == pytest.approx(
                        derivation.value, rel=1e-5, abs=1e-9
                    )
            break

    def test_a_schedule_and_float32(self):
        rng = np.random.default_rng(0)
        X, y = rng.normal(size=(20, 3)), rng.normal(size=20)
        network = cp.Network([3, 4, 1], "tanh", "identity", seed=1)
        rule = cp.SGD(cp.cosine(0.1), momentum=0.9)
        run = cp.steps(network, X, y, optimizer=rule, batch_size=5)
        step = [next(run) for _ in range(6)][-1]
        derivation = cp.explain(step=step, of="W1[1,2]")
        change = float(network.unflatten(step.update)["W1"][1, 2])
        moved = derivation["new W1[1,2]"].value - float(step.record.network["W1[1,2]"])
        assert moved == pytest.approx(change, rel=1e-4)
        assert "The step of SGD, update 6" in str(derivation)
        assert "The network is float32; all is computed in float64." in derivation.words

    def test_the_first_step_of_an_optimizer(self):
        network = note_network()
        derivation = cp.explain(network, [0.5, 1.0], 1.0, "W1[0,0]", optimizer=cp.SGD(1.0))
        trained = network.copy()
        cp.train(trained, [[0.5, 1.0]], [1.0], optimizer=cp.SGD(1.0), epochs=1)
        assert derivation["new W1[0,0]"].value == pytest.approx(trained["W1[0,0]"], rel=1e-15)
        assert "SGD moves W1[0,0] up by 0.00460958, from 0.1 to 0.10461." in str(derivation)

    def test_the_whole_pass_ends_with_the_step(self):
        network = note_network()
        derivation = cp.explain(network, [0.5, 1.0], 1.0, optimizer=cp.SGD(0.5, momentum=0.9))
        trained = network.copy()
        cp.train(trained, [[0.5, 1.0]], [1.0], optimizer=cp.SGD(0.5, momentum=0.9), epochs=1)
        for name in W_NAMES:
            new = derivation[f"new {name}"].value
            assert new == pytest.approx(trained[name], rel=1e-15)
        wide = cp.Network([30, 20, 10], "relu", "softmax", seed=1)
        step = cp.explain(wide, np.ones(30), 3, optimizer="sgd").parts[-1]
        assert [part.title for part in step.parts] == ["W1", "b1", "W2", "b2"]
        assert step.parts[0].words == ("The 6 of 600 that move most.",)

    def test_an_optimizer_of_the_users_own(self):
        class Sign:
            def start(self, parameters):
                return {}

            def update(self, parameters, gradient, state, now, is_weight):
                parameters -= 0.1 * np.sign(gradient)

        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", optimizer=Sign())
        assert derivation["new W1[0,0]"].value == 0.2
        assert "Sign moves W1[0,0] up by 0.1" in str(derivation)


class TestFunctionsOfTheUsers:
    def test_they_are_shown_by_their_values(self):
        cube = cp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2)
        quartic = cp.Loss(
            "quartic", lambda a, y: ((a - y) ** 4).sum(), lambda a, y: 4 * (a - y) ** 3
        )
        network = cp.Network([2, 3, 2], cube, "identity", loss=quartic, dtype="float64", seed=1)
        X, y = [[0.4, -0.9]], [[0.1, 0.2]]
        derivation = cp.explain(network, X, y, "W1[1,0]")
        verify(derivation, cp.backprop(network, X, y),
               moved_costs(derivation, network, X, y, None, 0.0))  # fmt: skip
        assert derivation["cube'(z1[1])"].forms == ()
        assert derivation["a1[1]"].symbols == "cube(z1[1])"


class TestNames:
    def test_they_are_used_everywhere(self):
        names = {**W_NAMES, "a2[0]": "ŷ", "z2[0]": "z3", "y[0]": "target", "x[0]": "x_1"}
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", names=names)
        text = str(derivation)
        assert "(ŷ - target) · sigmoid'(z3) · w5 · sigmoid'(z1[0]) · x_1" in text
        assert "W1[0,0]" not in text
        assert "∂L/∂ŷ · ∂ŷ/∂z3 · ∂z3/∂a1[0]" in text
        assert r"\frac{\partial L}{\partial w_{1}}" in derivation.to_latex()
        assert (
            'data-name="W1[0,0]"><msub><mi>w</mi><mtext>1</mtext></msub>' in derivation.to_mathml()
        )
        assert derivation["dW1[0,0]"].symbols == "delta1[0] · x[0]"  # code names for programs

    def test_the_cost_and_whole_arrays(self):
        names = {"L": "E", "delta2": "dz2", "a2[0]": "a3", "W1[0,0]": "w1"}
        text = str(cp.explain(note_network(), [0.5, 1.0], 1.0, "w1", names=names))
        assert text.startswith("dE/dw1 of")
        assert "∂E/∂w1 = ∂E/∂a3 · ∂a3/∂z2[0] · " in text
        assert "dz2[0]          = (a3 - y[0]) · sigmoid'(z2[0])" in text
        assert "(E(w1 + h) - E(w1 - h)) / (2 · h)" in text
        assert "L" not in text.replace("ReLU", "")
        whole = cp.explain(note_network(), [0.5, 1.0], 1.0, names={"delta2": "dz2"})
        assert "dz2 = da2 * sigmoid'(z2), shape (1, 1)" in str(whole)
        assert (
            r"\frac{\partial E}{\partial w_{1}}"
            in cp.explain(note_network(), [0.5, 1.0], 1.0, "w1", names=names).to_latex()
        )

    def test_an_input_without_a_name_is_not_taken_for_one_with(self):
        names = {"x[0]": "x1"}
        latex = cp.explain(note_network(), [0.5, 1.0], 1.0, "z1[0]", names=names).to_latex()
        assert r"\mathrm{x1}" in latex
        assert "x_{1}" in latex  # x[1], which has no name of its own
        both = {"x[0]": "x1", "x[1]": "x2"}
        latex = cp.explain(note_network(), [0.5, 1.0], 1.0, "z1[0]", names=both).to_latex()
        assert r"W^{1}_{0,0} \cdot x_{1} + W^{1}_{0,1} \cdot x_{2}" in latex

    def test_scripts_and_hats(self):
        names = {"z1[0]": "z_1^(2)", "a2[0]": "ŷ", "W2[0,0]": "w_5"}
        latex = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", names=names).to_latex()
        for written in ("z^{(2)}_{1}", r"\hat{y}", "w_{5}"):
            assert written in latex

    @pytest.mark.parametrize(
        ("names", "error", "words"),
        [
            ({"W3[0,0]": "w"}, cp.ElementError, "W1 to W2"),
            ({"nonsense": "w"}, cp.ElementError, "names no element"),
            ({"W1[0,0]": "W1[0,1]"}, cp.ArgumentError, "the name of another"),
            ({"x[0]": "y[0]"}, cp.ArgumentError, "the name of another"),
            ({"y[1]": "t"}, cp.ElementError, "the targets are y[0] to y[0]"),
            ({"W1[0,0]": " "}, cp.ArgumentError, "a text of one line"),
            ({"W1[0,0]": 3}, cp.ArgumentError, "a text of one line"),
            ({"W1[0,0]": "a\nb"}, cp.ArgumentError, "a text of one line"),
            ({"W1[0,0]": "q\x00"}, cp.ArgumentError, "a text of one line"),
            ({"x[0]": "a", "a0[0]": "b"}, cp.ArgumentError, "x[0] twice"),
            ({"W1[0,0]": 25 * "w"}, cp.ArgumentError, "24 at most"),
            (["w1"], cp.ArgumentError, "give a mapping"),
            ({"W1[0,0]": "w", "W1[0,1]": "w"}, cp.ArgumentError, "the same name"),
        ],
    )
    def test_bad_ones(self, names, error, words):
        with pytest.raises(error, match=re.escape(words)):
            cp.explain(note_network(), [0.5, 1.0], 1.0, "L", names=names)


BAD = [
    ({"of": "W3[0,0]"}, cp.ElementError, "W1 to W2"),
    ({"of": "W1[2,0]"}, cp.ElementError, "[0..1, 0..1]"),
    ({"of": "b1[0]"}, cp.ElementError, "no biases"),
    ({"of": "weights"}, cp.ElementError, "names no element"),
    ({"x": [0.5]}, cp.ShapeError, "x has 1 numbers, but the network takes 2"),
    ({"x": [0.5, 1.0, 2.0]}, cp.ShapeError, "x has 3 numbers"),
    ({"x": [[0.5, 1.0, 2.0]]}, cp.ShapeError, "3 columns"),
    ({"x": [np.nan, 1.0]}, cp.NonFiniteDataError, "row 0, column 0"),
    ({"x": ["a", "b"]}, cp.TypeOfDataError, "X"),
    ({"y": [1.0, 2.0, 3.0]}, cp.ShapeError, "y"),
    ({"x": None}, cp.ArgumentError, "x is missing"),
    ({"y": None}, cp.ArgumentError, "y is missing"),
    ({"network": None}, cp.ArgumentError, "give a network"),
    ({"network": "net"}, cp.ArgumentError, "Network"),
    ({"sample": 1}, cp.ArgumentError, "samples 0 to 0"),
    ({"sample": -1}, cp.ArgumentError, "sample"),
    ({"largest": 0}, cp.ArgumentError, "largest"),
    ({"optimizer": "lbfgs"}, cp.ArgumentError, "no single steps"),
    ({"optimizer": "sdg"}, cp.UnknownNameError, "did you mean"),
    ({"l2": -1.0}, cp.ArgumentError, "l2"),
    ({"loss": "cross_entropy"}, cp.PairingError, "cannot follow"),
    ({"step": "step"}, cp.ArgumentError, "brings its own"),
]


@pytest.mark.parametrize(("change", "error", "words"), BAD, ids=[str(b[0])[:40] for b in BAD])
def test_bad_input(change, error, words):
    arguments = {"network": note_network(), "x": [0.5, 1.0], "y": 1.0} | change
    with pytest.raises(error, match=re.escape(words)) as caught:
        cp.explain(**arguments)
    assert "\n" not in str(caught.value)


def test_a_step_alone():
    with pytest.raises(cp.ArgumentError, match="give what cp.steps yields"):
        cp.explain(step="step")


class TestNotFinite:
    def explained(self, network, x, y, of=None, **settings):
        derivation = cp.explain(network, x, y, of, **settings)
        for write in (str, cp.Derivation.to_latex, cp.Derivation.to_html, cp.Derivation.to_mathml):
            assert write(derivation)
        json.dumps(derivation.to_dict())
        return derivation

    def test_a_weight(self):
        network = cp.Network([3, 4, 4, 2], "tanh", "softmax", dtype="float64", seed=0)
        network["W2[1,3]"] = np.nan
        for of in (None, "W1[0,0]", "L", "delta1[0]", "a3[0]", "dW2", "z2[1]"):
            derivation = self.explained(network, [0.1, 0.2, 0.3], 1, of)
            assert (
                "z2[1] is nan, the first number on the way that is not finite; W2[1,3] is nan"
                in (derivation.words[0])
            )
            assert derivation.parts[-1].equations[-1].name == "z2[1]"
            assert np.isnan(derivation["z2[1]"].value)
            finite = [e.value for e in derivation if e.name != "z2[1]"]
            assert finite
            assert np.isfinite(finite).all()

    def test_what_is_finite_is_explained_as_ever(self):
        network = cp.Network([3, 4, 4, 2], "tanh", "softmax", dtype="float64", seed=0)
        network["W2[1,3]"] = np.nan
        derivation = self.explained(network, [0.1, 0.2, 0.3], 1, "z2[0]")
        assert np.isfinite(derivation.value)

    def test_a_bias_and_an_overflow(self):
        network = cp.Network([2, 2, 1], "exp", "identity", dtype="float64", seed=0)
        network["b1[1]"] = 1000.0
        derivation = self.explained(network, [0.1, 0.2], [1.0], "W1[0,0]")
        assert "a1[1] is inf" in derivation.words[0]
        network["b1[1]"] = np.inf
        assert "b1[1] is inf" in self.explained(network, [0.1, 0.2], [1.0]).words[0]

    def test_a_cost(self):
        network = cp.Network.from_weights([[[1e200]]], activations="identity")
        derivation = self.explained(network, [1.0], [0.0], "W1[0,0]")
        assert np.isfinite(derivation.value)  # the cost overflows, the gradient does not
        assert "L is inf" in self.explained(network, [1.0], [0.0], "L").words[0]

    def test_a_delta(self):
        network = cp.Network.from_weights(
            [[[1.0]], [[1e308], [1e308]]], activations="identity", loss="absolute_error"
        )
        derivation = self.explained(network, [1e-5], [0.0, 0.0], "W1[0,0]")
        assert derivation.parts[-1].equations[-1].name == "da1[0]"

    def test_one_sample_of_a_batch(self):
        network = cp.Network([1, 2, 1], "exp", "identity", dtype="float64", seed=0)
        X = [[0.0], [5000.0], [1.0]]
        derivation = self.explained(network, X, [0.0, 0.0, 0.0], "W2[0,0]")
        assert "@1 is" in derivation.words[0]
        assert np.isfinite(cp.explain(network, X, [0.0] * 3, "a2[0]", sample=0).value)


def without_text(latex: str) -> str:
    r"""Put a letter in place of each \text{...}, which matplotlib reads by rules of its own."""
    while (start := latex.find(r"\text{")) >= 0:
        depth, end = 1, start + len(r"\text{")
        while depth:
            escaped = latex[end] == "\\"
            depth += 0 if escaped else {"{": 1, "}": -1}.get(latex[end], 0)
            end += 2 if escaped else 1
        latex = f"{latex[:start]}t{latex[end:]}"
    return latex


class TestForms:
    """The forms that a derivation is written in."""

    def derivations(self):
        rng = np.random.default_rng(0)
        n3 = cp.Network([3, 4, 3], "tanh", "softmax", dtype="float64", seed=1)
        wide = cp.Network([30, 20, 10], "relu", "softmax", seed=1)
        gelu = cp.Network([2, 3, 3, 2], ["gelu", "silu", "softmax"], loss="squared_error", seed=2)
        rates = cp.Network([2, 3, 1], "elu", "exp", loss="poisson", seed=2)
        odd = {"W1[0,0]": "50%_of & {x}#$^~\\", "b1[0]": "größe", "x[0]": "θ_2"}
        names = {"names": odd}
        yield cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", names=W_NAMES)
        yield cp.explain(n3, [0.1, 0.2, 0.3], 1, optimizer="adam")
        yield cp.explain(n3, rng.normal(size=(9, 3)), rng.integers(0, 3, 9), "W1[0,0]",
                         l2=0.01, optimizer=cp.AdamW(0.1), **names)  # fmt: skip
        yield cp.explain(wide, rng.normal(size=30), 3, "W1[3,4]", optimizer="rprop")
        yield cp.explain(wide, rng.normal(size=(50, 30)), [0] * 50)
        yield cp.explain(gelu, [0.5, -1.0], [1.0, 0.0], "W1[0,0]", optimizer="rmsprop", **names)
        yield cp.explain(rates, [0.5, -1.0], [3.0], "b1[0]", **names)
        yield cp.explain(rates, [0.5, -1.0], [3.0], "x[0]")

    def test_text(self):
        for derivation in self.derivations():
            lines = str(derivation).splitlines()
            assert max(map(len, lines)) <= 100
            assert not any(line != line.rstrip() for line in lines)
            assert repr(derivation) == str(derivation)
            assert max(map(len, derivation.to_text(72).splitlines())) <= 84

    def test_latex_is_read_by_a_strict_parser(self):
        """Every line of an align is parsed by matplotlib, which knows no leniency."""
        from matplotlib.mathtext import MathTextParser

        parser = MathTextParser("path")
        lines = 0
        for derivation in self.derivations():
            latex = derivation.to_latex()
            assert latex.count(r"\begin{align*}") == latex.count(r"\end{align*}") > 0
            assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
            for block in re.findall(r"\\begin{align\*}\n(.*?)\n\\end{align\*}", latex, re.DOTALL):
                for line in block.split(" \\\\\n"):
                    assert line.count("&") - line.count(r"\&") == 1
                    bare = re.sub(r" \\tag\*{\\texttt{.*}}$", "", line).replace(" &", " ", 1)
                    bare = bare.removeprefix("&")
                    parser.parse(f"${without_text(bare)}$")
                    lines += 1
            outside = re.sub(r"\\begin{align\*}.*?\\end{align\*}", "", latex, flags=re.DOTALL)
            assert outside.replace("\\usepackage", "").isascii() or "größe" in outside
        assert lines > 300

    def test_mathml_is_valid(self):
        counts = {"mfrac": 2, "msub": 2, "msup": 2, "msubsup": 3, "mover": 2, "munder": 2}
        known = {
            "math", "mtable", "mtr", "mtd", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msqrt",
            *counts,
        }  # fmt: skip
        leaves = {"mi", "mn", "mo", "mtext", "mspace"}
        for derivation in self.derivations():
            root = ET.fromstring(derivation.to_mathml())
            assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"
            for element in root.iter():
                tag = element.tag.partition("}")[2]
                assert tag in known, tag
                if tag in counts:
                    assert len(element) == counts[tag], tag
                if tag in leaves:
                    assert len(element) == 0
                else:
                    assert not (element.text or "").strip(), (tag, element.text)
                assert not (element.tail or "").strip()
                if tag == "mtr":
                    assert all(child.tag.endswith("mtd") for child in element)
            codes = {e.get("data-name") for e in root.iter() if e.get("data-name")}
            asked = {s for e in derivation for s in e.depends_on}
            assert asked <= codes | {"∂"} or all(code in codes for code in asked)

    def test_html_is_one_file_without_script(self):
        for derivation in self.derivations():
            page = derivation.to_html()
            ET.fromstring(page.partition("\n")[2].replace("<meta charset=\"utf-8\">", "").replace(
                '<meta name="viewport" content="width=device-width, initial-scale=1">', ""))  # fmt: skip
            assert "<script" not in page
            assert "src=" not in page
            assert set(re.findall(r"https?://[^\"' ]+", page)) == {
                "http://www.w3.org/1998/Math/MathML"
            }
            assert derivation._repr_html_() in page

    def test_dictionary(self):
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]")
        found = json.loads(json.dumps(derivation.to_dict()))
        assert found["of"] == "dW1[0,0]"
        forward = found["parts"][0]["equations"][0]
        assert forward == {
            "name": "z1[0]",
            "symbols": "W1[0,0] · x[0] + W1[0,1] · x[1]",
            "numbers": "0.1 · 0.5 + 0.3 · 1",
            "value": 0.35,
            "depends_on": ["W1[0,0]", "x[0]", "W1[0,1]", "x[1]"],
        }

    def test_asking_a_derivation(self):
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "delta1[0]")
        assert derivation["delta1[0]"].depends_on == ("da1[0]", "z1[0]")
        with pytest.raises(cp.ElementError, match="there are: z1"):
            derivation["delta7[0]"]
        with pytest.raises(cp.ElementError, match="a whole pass was explained"):
            _ = cp.explain(note_network(), [0.5, 1.0], 1.0).value

    def test_nothing_that_is_passed_in_is_changed(self):
        network, x = note_network(), np.array([0.5, 1.0])
        before = network.parameters.copy()
        cp.explain(network, x, 1.0, "W1[0,0]", optimizer="adam")
        assert np.array_equal(network.parameters, before)
        assert x.tolist() == [0.5, 1.0]


class TestReviewed:
    """What reviews found, each with what was wrong."""

    def test_an_infinite_slope_of_the_cost_stops_nothing(self):
        network = cp.Network.from_weights(
            [[[1000.0]]], activations="sigmoid", loss="binary_cross_entropy"
        )
        for of in ("delta1", "delta1[0]", "W1[0,0]", "da1", "da1[0]", "L"):
            derivation = cp.explain(network, [1.0], [0.0], of)
            assert "cannot be followed" not in " ".join(derivation.words), of
        assert "da1[0] is inf, which goes no further" in str(
            cp.explain(network, [1.0], [0.0], "da1")
        )

    def test_the_numbers_put_in_give_the_value_where_terms_cancel(self):
        network = cp.Network.from_weights(
            [[[15.0]]], activations="sigmoid", loss="binary_cross_entropy"
        )
        derivation = cp.explain(network, [1.0], [0.0], "W1[0,0]")
        assert derivation["L"].numbers == "-log(3.05902e-07)"
        for equation in derivation:
            if equation.forms and equation.name != "difference":
                put_in = Evaluator(equation.numbers, float, lambda f, x: Book.apply(BOOK, f, x))
                assert put_in.result().value == pytest.approx(equation.value, rel=2e-3)

    def test_only_what_is_on_the_way_is_blamed(self):
        network = cp.Network([2, 2, 1], "tanh", "identity", dtype="float64", seed=0)
        network["W1[0,0]"] = network["W1[1,0]"] = np.nan
        assert "z1[1] is nan" in cp.explain(network, [1, 2], 1.0, "z1[1]").words[0]
        words = cp.explain(network, [[1, 2], [3, 4]], [1.0, 2.0], "a1[1]", sample=1).words[0]
        assert "z1[1]@1 is nan" in words

    def test_why_a_slope_is_zero(self):
        def words(network, x, y, of="W1[0,0]", **settings):
            return " ".join(cp.explain(network, x, y, of, **settings).parts[-1].words)

        relu = cp.Network.from_weights([[[1.0]]], [[-5.0]], "relu", loss="squared_error")
        assert "relu is flat at z1[0]" in words(relu, [1.0], [3.0])
        line = cp.Network.from_weights([[[2.0]]], activations="identity")
        assert "is 0 for every sample that counts: no error comes back" in words(
            line, [[1.0], [3.0]], [2.0, 1.0], sample_weight=[1, 0]
        )
        one = cp.Network.from_weights([[[1.0]]], activations="identity")
        assert "the penalty, 1, cancels what the data give" in words(one, [1.0], [2.0], l2=1.0)
        tiny = cp.Network.from_weights([[[1e-200]]], activations="identity")
        assert "too small for float64" in words(tiny, [1e-200], [1e-200])

    def test_dropout_is_named(self):
        network = cp.Network([3, 8, 1], "tanh", "identity", dtype="float64", seed=0)
        step = next(cp.steps(network, [[1.0, 2.0, 3.0]], [1.0], dropout=0.5))
        off = int(np.flatnonzero(step.record.masks[0][0] == 0)[0])
        words = " ".join(cp.explain(step=step, of=f"W1[{off},0]").parts[-1].words)
        assert f"delta1[{off}] is 0: dropout leaves this neuron out" in words
        words = " ".join(cp.explain(step=step, of=f"W2[0,{off}]").parts[-1].words)
        assert "is 0, as dropout has put it there" in words

    def test_nobody_pushes(self):
        network = cp.Network.from_weights([[[2.0]]], activations="identity")
        derivation = cp.explain(network, [[1.0], [2.0]], [2.0, 4.0], "W1[0,0]")
        assert "Sample 0 is followed, as none pushes" in derivation.words[0]

    def test_rprop_after_a_rest(self):
        X, y = np.array([[1.0]]), np.array([1.0])
        network = cp.Network.from_weights([[[0.0]]], activations="identity")
        run = cp.steps(network, X, y, optimizer=cp.RProp(1.5), batch_size=None, epochs=6)
        notes = [cp.explain(step=step, of="W1[0,0]")["size"].note for step in run]
        assert notes[0] == "its first size"
        assert notes[1] == "the sign of g changed: smaller"
        assert notes[2] == "as it was: it rested, or has no slope"

    @pytest.mark.parametrize(
        ("x", "y"),
        [([[1, 2], [3]], [1, 2]), ([1, [3]], [1]), ([1, 2], [[1], [2, 3]]), ([1, 2], [])],
    )
    def test_rows_of_different_lengths(self, x, y):
        with pytest.raises(cp.ClearpropError) as caught:
            cp.explain(note_network(), x, y)
        assert "\n" not in str(caught.value)

    @pytest.mark.parametrize("width", [0, -1, "a", 3.5])
    def test_widths(self, width):
        with pytest.raises(cp.ArgumentError, match="width"):
            cp.explain(note_network(), [0.5, 1.0], 1.0).to_text(width)

    def test_counts_without_end(self):
        network = cp.Network([10, *[20] * 50, 3], "tanh", "softmax", dtype="float64", seed=0)
        derivation = cp.explain(network, np.ones(10), 1, "W1[0,0]")
        assert max(map(len, str(derivation).splitlines())) <= 100
        assert "1.69e+64 paths lead" in str(derivation)

    def test_a_weight_of_a_wide_layer_is_seen_in_its_sum(self):
        network = cp.Network([300, 40, 10], "relu", "softmax", dtype="float64", seed=0)
        derivation = cp.explain(network, np.ones(300), 3, "W1[7,200]")
        assert "W1[7,200] · x[200]" in derivation["z1[7]"].symbols
        assert "[293 other terms]" in derivation["z1[7]"].symbols
        assert derivation["a2[3]"].forms  # what the cost is computed from

    def test_hidden_softmax_that_is_nearly_one_class(self):
        network = cp.Network.from_weights(
            [[[60.0], [0.0]], [[300.0, 200.0]]], activations=["softmax", "identity"]
        )
        derivation = cp.explain(network, [1.0], [0.0], "delta1[1]")
        record = cp.backprop(network, [[1.0]], [0.0])
        for equation in derivation:
            for form in equation.forms:
                found = Evaluator(form_text(form), Book(record).value, Book(record).apply).result()
                assert close(found, equation.value, 1e-9)


class _Any:
    class record:  # noqa: N801
        class network:  # noqa: N801
            activations = tuple(ACTIVATIONS.values())


BOOK = _Any()
