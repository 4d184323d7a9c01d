"""Values, gradients and what is kept, held to PyTorch, mpmath, networks and central differences."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace

import mpmath
import numpy as np
import pytest

import clearprop as cp
from clearprop.explaining.expression.operations import FUNCTIONS, OPERATORS
from random_expressions import random_case

NOTE = "(sigmoid(w5*sigmoid(w1*x1 + w3*x2) + w6*sigmoid(w2*x1 + w4*x2)) - y)**2 / 2"
"""The cost of the note's 2-2-1 network."""

GIVEN = {"x1": 0.5, "x2": 1.0, "y": 1.0} | {f"w{i}": i / 10 for i in range(1, 7)}


def test_the_example_of_the_issue():
    e = cp.expression("(a*b + c)**2", a=2, b=-3, c=10)
    assert e.value == 16
    assert e.gradient == {"a": -24, "b": 16, "c": 8}
    assert [(n.name, n.formula, n.value, n.gradient) for n in e.nodes if n.kind != "number"] == [
        ("a", "", 2, -24), ("b", "", -3, 16), ("v1", "a · b", -6, 8), ("c", "", 10, 8),
        ("v2", "v1 + c", 4, 8), ("f", "v2²", 16, 1),
    ]  # fmt: skip


def torch_functions(torch):
    import torch.nn.functional as f

    simple = {name: getattr(torch, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "abs")}  # fmt: skip
    return simple | {
        "relu": f.relu, "leaky_relu": f.leaky_relu, "elu": f.elu, "gelu": f.gelu, "silu": f.silu,
        "softplus": lambda z: torch.nn.functional.softplus(z, threshold=1e9),
        "max": torch.maximum, "min": torch.minimum, "ln": torch.log,
    }  # fmt: skip


def test_random_expressions_beside_pytorch():
    torch = pytest.importorskip("torch")
    functions, compared = torch_functions(torch), 0

    def lifted(function):
        return lambda *z: function(*(torch.as_tensor(x, dtype=torch.float64) for x in z))

    scope = {name: lifted(function) for name, function in functions.items()}
    for seed in range(400):
        text, given = random_case(seed)
        tensors = {name: torch.tensor(v, dtype=torch.float64, requires_grad=True) for name, v in given.items()}  # fmt: skip
        try:
            e = cp.expression(text, **given)
        except cp.NonFiniteError:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out = eval(text, {"__builtins__": {}}, scope | tensors)
        out.backward()
        assert e.value == pytest.approx(out.item(), rel=1e-12, abs=1e-12), text
        size = max([1.0, *(abs(edge.gradient) for edge in e.edges if edge.gradient is not None)])
        for name, tensor in tensors.items():
            expected = 0.0 if tensor.grad is None else tensor.grad.item()
            assert e.gradient[name] == pytest.approx(expected, rel=1e-10, abs=1e-12 * size), text
        compared += 1
    assert compared > 300


MP = {
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)), "relu": lambda z: max(z, 0), "ln": mpmath.log,
    "leaky_relu": lambda z: z if z > 0 else z / 100, "elu": lambda z: z if z > 0 else mpmath.expm1(z),
    "gelu": lambda z: z * mpmath.ncdf(z), "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)), "abs": abs,
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, f in FUNCTIONS.items() if f.n == 1])
def test_every_function_beside_mpmath(name):
    function = MP.get(name) or getattr(mpmath, name)
    for a in (-7.3, -1.25, -0.1, 0.3, 1.75, 9.5):
        if a < 0 and name in ("log", "ln", "sqrt"):
            continue
        e = cp.expression(f"{name}(a)", a=a)
        with mpmath.workdps(40):
            value = function(mpmath.mpf(a))
            h = mpmath.mpf(10) ** -15
            slope = (function(a + h) - function(a - h)) / (2 * h)
        tolerance = 1e-9 if name == "leaky_relu" else 1e-13  # 0.01 is no number of float64
        assert e.value == pytest.approx(float(value), rel=tolerance)
        assert e.gradient["a"] == pytest.approx(float(slope), rel=max(tolerance, 1e-12))


def test_the_check_that_is_built_in():
    outcomes = []
    for seed in range(1000, 1012):
        text, given = random_case(seed, depth=3)
        outcomes.append(cp.expression(text, **given).check().outcome)
    assert "wrong" not in outcomes
    assert outcomes.count("right") >= 8  # some have kinks, or parts that cancel to their rounding


@pytest.mark.parametrize("name", ["+", "*", "/", "**", "sin", "sigmoid", "max"])
def test_a_wrong_slope_is_found(monkeypatch, name):
    table = OPERATORS if name in OPERATORS else FUNCTIONS
    right = table[name]
    wrong = replace(right, slopes=lambda *z: tuple(1.001 * s for s in right.slopes(*z)))
    monkeypatch.setitem(table, name, wrong)
    text = f"a {name} b" if name in OPERATORS else f"{name}(a{', b' * (right.n - 1)}) + b"
    assert cp.expression(text, a=0.7, b=1.3).check().outcome == "wrong"


def test_the_network_of_the_note():
    """The same numbers as its record: a delta is what comes back to a z."""
    e = cp.expression(NOTE, **GIVEN)
    weights = [[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]]
    network = cp.Network.from_weights(weights, loss="squared_error")
    record = cp.backprop(network, [[0.5, 1.0]], [1.0])
    assert e.value == pytest.approx(record["L"], rel=1e-14)
    places = {"w1": "dW1[0,0]", "w2": "dW1[1,0]", "w3": "dW1[0,1]", "w4": "dW1[1,1]",
              "w5": "dW2[0,0]", "w6": "dW2[0,1]", "x1": "dx[0]", "x2": "dx[1]"}  # fmt: skip
    for name, element in places.items():
        assert e.gradient[name] == pytest.approx(np.ravel(record[element])[0], rel=1e-12)
    by_formula = {node.formula: node for node in e.nodes}
    z1 = by_formula["v1 + v2"]
    assert (z1.value, z1.gradient) == pytest.approx((record["z1"][0, 0], record["delta1"][0, 0]))
    # w1 is derived along the note's one path, from output to input: five factors, and the
    # multiplications and sums by which this goes step by step, whose slopes are 1 and w5.
    equation = e.explain("w1")["∂f/∂w1"]
    assert equation.value == pytest.approx(-0.00460958, abs=5e-9)
    assert e.gradient["w5"] == pytest.approx(-0.0446036, abs=5e-8)


def test_what_stands_twice_is_computed_once():
    e = cp.expression("sigmoid(a*b) * (1 - sigmoid(a*b))", a=0.3, b=-2)
    formulas = [node.formula for node in e.nodes if node.formula]
    assert formulas == ["a · b", "sigmoid(v1)", "1 - v2", "v2 · v3"]
    assert sum(edge.source == "v2" for edge in e.edges) == 2
    back = [edge.gradient for edge in e.edges if edge.source == "v2"]
    assert sum(back) == e["v2"].gradient
    derivation = e.explain()
    # v2: once each in v3 and f, once in the slope by v3, twice in its own slope.
    assert derivation["v2"].uses == 5
    assert "v2 goes 2 ways to f" in derivation["∂f/∂v2"].note
    assert "Used more than once: v2." in str(derivation)


@pytest.mark.parametrize(
    ("text", "written_out", "with_kept"),
    [
        ("a*b", 0, 0),  # slopes of f itself
        ("(a*b + c)**2", 5, 4),  # two chains of three, one of two; four edges above f's own
        ("a*a", 0, 0),
        ("sin(a)*cos(a)", 2, 2),
        ("sin(sin(a)*b) + exp(sin(a)*b)", 10, 5),  # b: two of three; a: two of four
    ],
)
def test_the_multiplications_that_keeping_saves(text, written_out, with_kept):
    names = {"a": 0.5, "b": 2.0, "c": 1.0}
    e = cp.expression(text, **{name: v for name, v in names.items() if name in text.replace("cos", "")})  # fmt: skip
    assert (e.written_out, e.with_kept) == (written_out, with_kept)


def test_kinks_are_named_and_none_is_right():
    e = cp.expression("max(a, b)", a=1, b=1)
    assert e.gradient == {"a": 0.5, "b": 0.5}
    assert e.check().outcome == "not determined"
    assert "kink" in str(e.explain())
    assert (
        cp.expression("relu(a)", a=0).gradient == cp.expression("abs(a)", a=0).gradient == {"a": 0}
    )
    assert "kink" not in str(cp.expression("relu(a)", a=0.5).explain())


def test_edges_of_domains():
    assert cp.expression("a**2", a=0).gradient == {"a": 0}
    assert cp.expression("a**1", a=0).gradient == {"a": 1}
    assert cp.expression("a**0", a=0).gradient == {"a": 0}
    assert cp.expression("a**b", a=0, b=2).gradient == {"a": 0, "b": 0}
    assert cp.expression("a**-3", a=-2).gradient["a"] == pytest.approx(-3 / 16)
    assert cp.expression("sigmoid(a)", a=-800).gradient["a"] == 0
    assert cp.expression("a / b", a=1, b=1e200).gradient["b"] == 0


def test_names_that_the_package_would_take():
    e = cp.expression("f*v1 + a1*h", f=1, v1=2, a1=3, h=4)
    assert [n.name for n in e.nodes if n.kind == "operation"] == ["u1", "u2", "g"]
    assert "(g(h + ε) - g(h - ε)) / (2 · ε)" in str(e.explain("h"))


REFUSED = [
    ("a/(b - c)", {"a": 1, "b": 2, "c": 2}, "f = a / v1 divides by 0: v1 = b - c is 0"),
    ("log(a) + 1", {"a": 0}, r"v1 = log\(a\) has no value: a is 0, and log takes a number above 0"),
    ("sqrt(a - 1)", {"a": 0.0}, "v1 = a - 1 is -1, and sqrt takes a number of 0 or more"),
    ("a**b", {"a": 0, "b": -1}, r"f = a\^b divides by 0: a is 0, and b is -1"),
    ("a**0.5", {"a": -2}, "a is -2, below 0, and the other is 0.5, no whole number"),
    ("exp(a)", {"a": 1000}, r"f = exp\(a\) is too large for float64"),
    ("b + sqrt(a)", {"a": 0, "b": 0}, r"v1 = √\(a\) has no finite slope by a, which is 0"),
    ("a**b", {"a": -2, "b": 2}, "no finite slope by b"),
    ("alpha*b", {"alfa": 1, "b": 1}, r"alpha has no value \(did you mean 'alfa'\?\)"),
    ("a + b", {"a": 1, "b": 1, "c": 1}, "'c' is not in the expression; its names are a, b"),
    ("a + b", {"a": 1, "b": "1"}, "b is '1'; it must be a finite number"),
    ("a + b", {"a": 1, "b": math.inf}, "b is inf; it must be a finite number"),
    ("sigmod(a)", {"a": 1}, r"no function is called 'sigmod' \(did you mean 'sigmoid'\?\)"),
    ("a^2", {"a": 1}, "which is no power in Python: write"),
    ("2(a + 1)", {"a": 1}, r"multiplies without a sign: write a \* between"),
    ("a(b)", {"a": 1, "b": 1}, r"no function is called 'a'.*a product takes a \*"),
    ("np.exp(a)", {"a": 1}, r"write exp\(\.\.\.\)"),
    ("max(a)", {"a": 1}, "max takes 2 numbers, and has 1 here"),
    ("exp + a", {"a": 1}, r"exp is a function: write exp\(\.\.\.\)"),
    ("a = 3", {"a": 1}, "cannot be read"),
    ("a·b", {"a": 1, "b": 2}, "has a ·: write \\*"),
    ("a²", {"a": 1}, "has a ²: write"),
    ("a − b", {"a": 1, "b": 2}, "has a −: write -"),
    ("a[0]", {"a": 1}, "is no part of an expression"),
    ("a < b", {}, "is no part of an expression"),
    ("True + a", {"a": 1}, "is no part of an expression"),
    ("lambda: a", {}, "is no part of an expression"),
    ("(b := a)", {}, "is no part of an expression"),
    ("__import__('os').system('true')", {}, "has an argument|no part|named|by its module"),
    ("a + '1'", {"a": 1}, "is no part of an expression"),
    ("a + 1e999", {"a": 1}, "is too large for float64"),
    ("3 + 2", {}, "has no names"),
    ("a", {"a": 1}, "computes nothing"),
    ("", {}, "it must be a text such as"),
    ("a\0", {"a": 1}, "cannot be read"),
    ("(" * 400 + "a" + ")" * 400, {"a": 1}, "cannot be read"),
    ("-" * 950 + "a", {"a": 1}, "nested too deeply|operations; it may have 100"),
    ("a+" * 200 + "b", {"a": 1, "b": 1}, "operations; it may have 100"),
    ("a" * 2000, {}, "2,000 characters"),
]


@pytest.mark.parametrize(("text", "given", "says"), REFUSED, ids=[str(i) for i in range(len(REFUSED))])  # fmt: skip
def test_what_is_refused(text, given, says):
    with pytest.raises(cp.ClearpropError, match=says) as caught:
        cp.expression(text, **given)
    assert "\n" not in str(caught.value)


def test_nodes_that_are_not_there():
    e = cp.expression("a*2 + 1/3", a=1)
    with pytest.raises(cp.ElementError, match="'c' is no node of 'a .* there are: a, 2, v1"):
        e["c"]
    with pytest.raises(cp.ElementError, match="v2 has no gradient: no input goes into it"):
        e.explain("v2")
    assert e["v2"].gradient is None
    assert e.explain("f").value == 1


def test_the_example_of_micrograd():
    """The expression of its README, written as one text; the numbers are those printed there."""
    c = "(a + b)"
    c = f"({c} + {c} + 1)"
    c = f"({c} + 1 + {c} - a)"
    d = "(a*b + b**3)"
    d = f"({d} + {d}*2 + relu(b + a))"
    d = f"({d} + 3*{d} + relu(b - a))"
    square = f"({c} - {d})**2"
    e = cp.expression(f"{square}/2 + 10/{square}", a=-4, b=2)
    assert round(e.value, 4) == 24.7041
    assert {name: round(slope, 4) for name, slope in e.gradient.items()} == {"a": 138.8338, "b": 645.5773}  # fmt: skip
    assert sum(node.kind == "operation" for node in e.nodes) < 30  # what stands twice is one
    assert e.written_out > 10 * e.with_kept
