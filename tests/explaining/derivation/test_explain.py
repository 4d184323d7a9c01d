"""cp.explain: every number is recomputed from its own row's symbols by an evaluator that shares
nothing with it; gradients are held to PyTorch; bad input."""

from __future__ import annotations

import re

import numpy as np
import pytest

import clearprop as cp
from derivation_cases import OPTIMIZERS, moved_costs, optimizer_numbers, random_case, some_element
from derivation_rows import verify
from the_note import NAMES, note_network


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


class TestTheNote:
    """The 2-2-1 network of the third note."""

    def test_the_chain_is_written_as_the_note_does(self):
        derivation = cp.explain(note_network(), [0.5, 1.0], 1.0, "W1[0,0]", names=NAMES)
        text = str(derivation)
        assert (
            "  ∂L/∂w1 = ∂L/∂a2[0] · ∂a2[0]/∂z2[0] · ∂z2[0]/∂a1[0] · ∂a1[0]/∂z1[0] · ∂z1[0]/∂w1\n"
            "         = (a2[0] - y[0]) · sigmoid'(z2[0]) · w5 · sigmoid'(z1[0]) · x[0]\n"
            "         = -0.339217 · 0.224149 · 0.5 · 0.242497 · 0.5\n"
            "         = -0.00460958\n"
        ) in text
        assert "∂L/∂w1          = delta1[0] · x[0] = -0.00921917 · 0.5 = -0.00460958" in text
        assert derivation["delta2[0]"].uses == 4  # w5, w6, and delta1 of both hidden neurons
        assert "raising w1 by a small h lowers the cost by about 0.00461 · h" in text

    def test_all_six_partial_derivatives(self):
        record = cp.backprop(note_network(), [[0.5, 1.0]], [1.0])
        for name in NAMES:
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

    def test_nobody_pushes(self):
        network = cp.Network.from_weights([[[2.0]]], activations="identity")
        derivation = cp.explain(network, [[1.0], [2.0]], [2.0, 4.0], "W1[0,0]")
        assert "Sample 0 is followed, as none pushes" in derivation.words[0]


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


@pytest.mark.parametrize(
    ("x", "y"),
    [([[1, 2], [3]], [1, 2]), ([1, [3]], [1]), ([1, 2], [[1], [2, 3]]), ([1, 2], [])],
)
def test_rows_of_different_lengths(x, y):
    with pytest.raises(cp.ClearpropError) as caught:
        cp.explain(note_network(), x, y)
    assert "\n" not in str(caught.value)


def test_a_step_alone():
    with pytest.raises(cp.ArgumentError, match="give what cp.steps yields"):
        cp.explain(step="step")


def test_nothing_that_is_passed_in_is_changed():
    network, x = note_network(), np.array([0.5, 1.0])
    before = network.parameters.copy()
    cp.explain(network, x, 1.0, "W1[0,0]", optimizer="adam")
    assert np.array_equal(network.parameters, before)
    assert x.tolist() == [0.5, 1.0]
