"""Derivations in the studio: those of `cp.explain`, their ways, and their checks."""

from __future__ import annotations

import re

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.derivations import derivation
from clearprop.studio.element_names import elements
from clearprop.studio.problems import Problem
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from clearprop.studio.ways import Way
from studio_server import ask, refusal

SETUPS = [
    {"data": "note"}, {"data": "mazur"}, {"data": "softmax"}, {"data": "softmax, squared error"},
    {"data": "float32"}, {"data": "note", "edit": "1:W1[0,1]=0.7;2:x[0,0]=0.9"}, {"data": "xor", "hidden": "3", "l2": 0.1},
]  # fmt: skip


def three_classes(loss, dtype="float64"):
    """Softmax over three classes, in batches of four rows."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(8, 2)), random.integers(0, 3, 8)
    network = cp.Network([2, 3, 3], "tanh", "softmax", loss=loss, seed=1, dtype=dtype)
    if loss == "squared_error":
        y = np.eye(3)[y]
    return Problem("three", network, X, y, X[:0], y[:0], ["p", "q"], ["A", "B", "C"], "k", batch=4)


OWN = {
    "softmax": three_classes("cross_entropy"),
    "softmax, squared error": three_classes("squared_error"),
    "float32": three_classes("cross_entropy", "float32"),
}


@pytest.fixture(autouse=True)
def _own(studio, monkeypatch):
    """The server knows the softmaxes, too."""
    monkeypatch.setattr(studio.app.state.runs, "own", OWN)


def run_of(pairs):
    return Run(Setup.read({key: str(value) for key, value in pairs.items()}), own=OWN)


def equations_of(parts):
    for part in parts:
        yield from part["equations"]
        yield from equations_of(part["parts"])


def elements_of(network):
    """One of each kind in each layer, and one of another index."""
    for layer, (n, m) in enumerate(zip(network.sizes[1:], network.sizes, strict=False), 1):
        yield from (f"W{layer}[0,0]", f"W{layer}[{n - 1},{m - 1}]")
        if network.has_biases:
            yield f"b{layer}[0]"
        yield from (f"{name}{layer}[{n - 1}]" for name in ("z", "a", "delta", "da"))
    yield from ("x[0]", "dx[1]", "L")


@pytest.mark.parametrize("pairs", SETUPS, ids=str)
def test_every_value_is_that_of_explain(studio, pairs):
    step = run_of(pairs).at(2)
    for of in elements_of(step.record.network):
        told = cp.explain(step=step, of=of, sample=0)
        found = list(equations_of(ask(studio, "derivation", n=2, of=of, **pairs)["parts"]))
        assert [e["name"] for e in found] == [equation.name for equation in told]
        assert [e["value"] for e in found] == [equation.value for equation in told]
        assert [tuple(e["depends_on"]) for e in found] == [e.depends_on for e in told]
        asked = cp.notation.parse(of)
        gradient = f"d{of}" if asked.symbol in ("W", "b") else of
        right = np.atleast_1d(step.record[gradient] if gradient != "L" else step.record.loss)[0]
        if not (of.startswith("da") and asked.layer == len(step.record.delta)):
            # Of the output, the record has no da; and all is explained in float64.
            close = 1e-6 if pairs["data"] == "float32" else 0
            assert told.value == pytest.approx(right, rel=close, abs=0)


@pytest.mark.parametrize("of", ["W1[0,0]", "a2[0]", "L", "pass"])
def test_what_is_shown_are_the_digits_of_explain(studio, of):
    """The numbers in the MathML are those of the derivation's own page, in the same order."""
    step = Run(Setup(data="note")).at(0)
    whole = cp.explain(step=step, of=None if of == "pass" else of, sample=0, names=NAMES).to_html()
    parts = ask(studio, "derivation", data="note", of=of)["parts"]
    shown = "".join(line["html"] for equation in equations_of(parts) for line in equation["lines"])
    numbers = re.findall("<mn>([^<]*)</mn>", shown)
    right = "".join(
        re.findall(r'<div class="right">.*?(?=<div class="equation">|</section>)', whole)
    )
    assert numbers == re.findall("<mn>([^<]*)</mn>", right)
    assert len(numbers) > 10


NAMES = Run(Setup(data="note")).problem.names


def test_what_is_lit_is_said(studio):
    for of, said in (
        ("W1[0,0]", "all ways from w1 to the cost"), ("delta1[1]", "all ways from z1[1] to the"),
        ("a2[0]", "what a2[0] rests on"), ("L", "from the input to the cost"),
    ):  # fmt: skip
        assert said in ask(studio, "derivation", data="note", of=of)["lit"]


def test_names_of_ones_own_and_how_they_are_written(studio):
    def first(**how):
        found = ask(studio, "derivation", data="note", of="w1", **how)
        assert found["of"] == "dW1[0,0]"
        return found["parts"][0]["equations"][0]

    assert "<mi>w</mi>" in first()["lines"][0]["html"]
    assert "<mi>w</mi>" not in first(names="code")["lines"][0]["html"]
    assert "<mtext>(1)</mtext>" in first(superscripts="parentheses")["left"]
    assert "<mtext>1</mtext>" in first(one_based=1)["left"]


def test_a_legend_says_which_columns_the_formulas_call_by_their_places(studio):
    pairs = {"data": "penguins", "n": 3, "of": "W1[0,1]", "largest": 60}
    found = ask(studio, "derivation", **pairs)
    long = ["bill_length_mm is missing", "flipper_length_mm is missing"]
    assert found["legend"] == [["x[4]", long[0]], ["x[8]", long[1]]]
    every = ask(studio, "derivation", **pairs, names="code")["legend"]
    assert len(every) == 15
    assert ["x[1]", "island = Dream"] in every
    assert ask(studio, "derivation", data="xor", of="W1[0,1]", names="code")["legend"] == []


# Lit: the oracle is the computation graph, whose edges are walked.


def lit_by_the_graph(network, of):
    """The things of the drawing on the ways from an element to the cost, or back to the input."""
    graph = cp.computation_graph(network, detailed=True)
    symbol, layer, index = cp.notation.parse(of)
    start = {"delta": "z", "da": "a", "dW": "W", "db": "b"}.get(symbol, symbol)
    start = (
        f"x[{index[0]}]" if (start, layer) == ("a", 0) else f"{start}{layer}{of[of.find('[') :]}"
    )
    ahead, behind = {}, {}
    for edge in graph.edges:
        ahead.setdefault(edge.source, []).append(edge.target)
        behind.setdefault(edge.target, []).append(edge.source)
    reached, waiting = {start}, [start]
    while waiting:
        new = (behind if symbol in ("z", "a") else ahead).get(waiting.pop(), [])
        waiting += [name for name in new if name not in reached]
        reached.update(new)
    lit = set()
    for name in reached:
        if "*" in name:
            lit.add(name.partition("*")[0])
        elif name[0] in "WbyxL":
            lit.add(name)
        elif name[0] in "az" and "[" in name:
            lit.add(f"a{name[1:]}")
    last = len(network.sizes) - 1
    lit |= {
        f"L-a{last}[{k}]"
        for k in range(network.sizes[-1])
        if f"a{last}[{k}]" in reached and "L" in reached
    }
    return lit


NETWORKS = [
    cp.Network([2, 2, 1], seed=0), cp.Network([2, 3, 3, 2], "relu", "softmax", seed=1),
    cp.Network([2, 3, 2, 2], ["tanh", "softmax", "identity"], loss="squared_error", seed=2),
    cp.Network([3, 2], biases=False, seed=0),
]  # fmt: skip


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: str(network.sizes))
def test_what_is_lit_is_what_lies_on_the_ways(network):
    sizes, biased = network.sizes, network.has_biases
    things = [f"x[{i}]" for i in range(sizes[0])] + ["L"]
    for layer in range(1, len(sizes)):
        things += [f"{s}{layer}[{j}]" for j in range(sizes[layer]) for s in ("a", *"b" * biased)]
        things += [
            f"W{layer}[{j},{i}]" for j in range(sizes[layer]) for i in range(sizes[layer - 1])
        ]
    things += [f"y[{k}]" for k in range(sizes[-1])]
    things += [f"L-a{len(sizes) - 1}[{k}]" for k in range(sizes[-1])]
    tried = 0
    for of in elements_of(network):
        if of == "L":
            continue
        way = Way.of(of, network)
        assert {thing for thing in things if way.holds(thing)} == lit_by_the_graph(network, of), of
        tried += 1
    assert tried > 6


def test_the_drawing_and_the_formulas_are_lit_alike(studio):
    found = ask(studio, "derivation", data="circles", n=1, of="W2[1,2]")
    drawn = found["drawing"]
    things = [one for layer in drawn["layers"] for one in layer["neurons"]]
    things += drawn["edges"] + drawn["biases"] + drawn["ends"] + drawn["targets"]
    lit = {one["name"]: one["lit"] for one in [*things, drawn["cost"]]}
    assert {name for name, on in lit.items() if on} == {
        "W2[1,2]", "a2[1]", "W3[0,1]", "a3[0]", "L-a3[0]", "L",
    }  # fmt: skip
    marked = "".join(
        e["left"] + "".join(line["html"] for line in e["lines"])
        for e in equations_of(found["parts"])
    )
    seen = re.findall(r'data-of="([^"]*)"( class="lit")?', marked)
    assert len({of for of, _ in seen}) > 12
    for of, on in seen:
        assert bool(on) == all(lit[one] for one in of.split()), of


def test_the_drawing_has_the_numbers_of_the_record(studio):
    record = Run(Setup(data="circles")).at(4).record
    drawn = ask(studio, "derivation", data="circles", n=4, of="b1[0]", sample=3)["drawing"]
    for one in drawn["edges"] + drawn["biases"]:
        assert one["value"] == float(record[one["name"]])
        assert one["gradient"] == float(record[f"d{one['name']}"])
    for layer, shown in enumerate(drawn["layers"]):
        assert [one["value"] for one in shown["neurons"]] == record.a[layer][3].tolist()
        pushes = record.delta[layer - 1] if layer else record.da[0]
        assert [one["gradient"] for one in shown["neurons"]] == pushes[3].tolist()
    assert drawn["cost"]["value"] == float(record.losses[3])


def test_of_wide_layers_the_neurons_that_are_spoken_of_are_drawn(studio):
    found = ask(studio, "derivation", data="xor", hidden="300", n=3, of="W1[299,1]")
    hidden = found["drawing"]["layers"][1]
    assert "a1[299]" in [one["name"] for one in hidden["neurons"]]
    assert len(hidden["neurons"]) + hidden["others"] == 300
    assert len(hidden["neurons"]) <= 12


# Checks.


@pytest.mark.parametrize("pairs", SETUPS, ids=str)
def test_the_check_is_that_of_explain(studio, pairs):
    step = run_of(pairs).at(2)
    for of in elements_of(step.record.network):
        found = ask(studio, "derivative_check", n=2, of=of, **pairs)
        if of == "L":
            assert found["checked"] is None
            continue
        # The cost of an output whose y is 0 is flat up to a = 0, beyond which there is none.
        is_flat = found["analytic"] == found["difference"] == 0 and "inside the" in found["words"]
        assert found["outcome"] == "right" or is_flat, (of, found)
        assert found["error"] < 1e-6
        if of[0] in "Wb":
            told = cp.explain(step=step, of=of, sample=0)
            assert found["difference"] == told["difference"].value
            assert found["analytic"] == told.value
        elif of.startswith(("delta", "dx")) and pairs["data"] != "float32":
            assert found["analytic"] == step.record[of][0]


def test_a_kink_is_called_so(studio):
    """A relu at 0: the two sides have slopes of their own, and no difference is the derivative."""
    zero = "0:W1[0,0]=0;0:W1[0,1]=0;0:b1[0]=0"
    pairs = {"data": "xor", "hidden": "2", "activation": "relu", "edit": zero}
    for of in ("z1[0]", "b1[0]"):
        found = ask(studio, "derivative_check", of=of, **pairs)
        assert (found["outcome"], found["verdict"]) == ("not determined", "kink")
        assert found["analytic"] != pytest.approx(found["difference"], rel=0.1)
        assert "kink" in found["words"]


def test_what_rounding_hides_is_said_so(studio):
    pairs = {"data": "note", "edit": "0:W2[0,0]=1e-6"}
    found = ask(studio, "derivative_check", of="W1[0,0]", **pairs)
    assert (found["outcome"], found["verdict"]) == ("not determined", "round-off")
    assert "off by about" in found["words"]


def test_a_step_that_is_too_coarse_is_said_so(studio):
    """A large input bends the cost within h: one difference is off, extrapolated ones are not."""
    pairs = {"data": "note", "edit": "0:x[0,0]=20000;0:W1[0,0]=1e-5"}
    found = ask(studio, "derivative_check", of="W1[0,0]", **pairs)
    assert found["outcome"] == "right"
    assert found["difference_error"] > 1e-4
    assert "another number" in found["words"]


def test_the_whole_gradient_is_checked(studio):
    found = ask(studio, "batch_check", data="circles", n=3)
    assert (found["outcome"], found["derivatives"]) == ("right", 25)
    assert found["method"] == "complex step"
    assert ask(studio, "batch_check", data="softmax")["outcome"] == "right"


def test_a_slope_without_end_is_said_to_be(studio):
    """Softmax gives the right class 0: the loss, from z, is finite, its slope by a is not."""
    pairs = {"data": "softmax", "edit": "0:b2[0]=-2000;0:b2[1]=-2000;0:b2[2]=0"}
    sample = int(np.argmax(run_of(pairs).at(0).record.y[:, :2].any(axis=1)))
    k = int(run_of(pairs).at(0).record.y[sample].argmax())
    found = ask(studio, "derivation", of=f"da2[{k}]", sample=sample, **pairs)
    assert next(reversed(list(equations_of(found["parts"]))))["value"] == "-inf"
    said = refusal(studio, "derivative_check", of=f"da2[{k}]", sample=sample, **pairs)
    assert said == "the cost is inf here: there is no gradient to check"


# Elements.


def names_of(found):
    return [one["of"] for one in found["elements"]]


def test_elements_are_found_by_the_beginning_of_their_names(studio):
    assert names_of(ask(studio, "elements", data="note", q="w1"))[0] == "W1[0,0]"
    assert "W1[1,1]" in names_of(ask(studio, "elements", data="note", q="W1[1"))
    assert names_of(ask(studio, "elements", data="note", q="W1[1,1]")) == ["W1[1,1]"]
    assert "delta2[0]" in names_of(ask(studio, "elements", data="note", q="del"))
    assert "dx[1]" in names_of(ask(studio, "elements", data="note", q="x2"))
    assert "L" in names_of(ask(studio, "elements", data="note", q="loss"))
    assert names_of(ask(studio, "elements", data="note", q="zebra")) == []
    for of in names_of(ask(studio, "elements", data="note")):
        ask(studio, "derivation", data="note", of=of)


def test_forms(studio):
    run = Run(Setup(data="mazur"))
    names = {"x[0]": "i1", "x[1]": "i2"} | run.problem.names  # as he calls the inputs
    told = cp.explain(step=run.at(0), of="b1[1]", sample=0, names=names)
    for form, text in (("latex", told.to_latex()), ("text", told.to_text())):
        assert ask(studio, "derivation", data="mazur", of="b1[1]", form=form)["text"] == text


def test_refusals(studio):
    assert "did you mean 'W1[0,1]'" in refusal(studio, "derivation", data="note", of="w1[0][1]")
    assert "largest is 0" in refusal(studio, "derivation", data="note", largest=0)
    assert "form is 'word'" in refusal(studio, "derivation", data="note", form="word")
    assert "superscripts" in refusal(studio, "derivation", data="note", superscripts="roman")


@pytest.fixture(scope="module")
def digits():
    """A network of the size of digits, 784-100-10, on drawn rows."""
    random = np.random.default_rng(0)
    X, y = random.random((20, 784)), random.integers(0, 10, 20)
    network = cp.Network([784, 100, 10], "relu", "softmax", seed=0)
    features = [f"pixel {i}" for i in range(784)]
    problem = Problem("digits", network, X, y, X[:0], y[:0], features, list("0123456789"), "digit")
    return Run(Setup(data="own"), own={"own": problem})


@pytest.mark.parametrize("of", ["W1[5,3]", "delta1[5]", "b2[1]", "a2[3]", "pass", "W1", "delta2"])
def test_of_784_inputs_it_stays_short(digits, of):
    """Sums are folded, and so are layers: a page holds it."""
    found = derivation(digits, Question({"of": of, "n": "1"}))
    assert found["equations"] < 160
    assert len(str(found)) < 600_000
    assert all(len(layer["neurons"]) <= 12 for layer in found["drawing"]["layers"])
    more = derivation(digits, Question({"of": of, "n": "1", "largest": "1000"}))
    assert found["equations"] <= more["equations"] < 250


def test_a_pixel_is_found(digits):
    found = elements(digits, Question({"q": "pixel 300"}))
    assert names_of(found)[:2] == ["dx[300]", "W1[0,300]"]
    assert "W1[99,783]" in names_of(elements(digits, Question({"q": "W1[99,78"})))
