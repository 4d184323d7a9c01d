"""Names of the reader's own, everywhere that a name is taken; and which names are offered."""

from __future__ import annotations

import re

import numpy as np
import pytest

import clearprop as cp
from command_line import invoke, refused
from the_note import NAMES, note_network

X, Y = [[0.5, 1.0]], [1.0]
OWN = {**NAMES, "L": "E", "delta1": "e", "x[0]": "x1", "z2[0]": "z3", "b1": "c"}


def with_biases() -> cp.Network:
    weights = [[[0.1, 0.3], [0.2, 0.4]], [[0.5, 0.6]]]
    return cp.Network.from_weights(weights, [[0.1, 0.2], [0.3]], loss="squared_error")


class TestDerivations:
    @pytest.mark.parametrize(
        ("asked", "element"),
        [
            ("w1", "dW1[0,0]"),  # as in of=: a parameter is asked for its gradient
            ("W1[0,0]", "dW1[0,0]"),
            ("dw1", "dW1[0,0]"),
            ("dE/dw1", "dW1[0,0]"),
            ("∂E/∂w1", "dW1[0,0]"),  # as it is printed
            ("E", "L"),
            ("e[0]", "delta1[0]"),
            ("z3", "z2[0]"),
            ("dz3", "delta2[0]"),
            ("sigmoid'(z3)", "sigmoid'(z2[0])"),
            ("new w1", "new W1[0,0]"),
        ],
    )
    def test_an_equation_is_asked_by_them(self, asked, element):
        derivation = cp.explain(with_biases(), X[0], 1.0, "w1", names=OWN, optimizer="sgd")
        assert derivation[asked].name == element
        assert derivation[asked] is derivation[element]

    @pytest.mark.parametrize(
        ("of", "element"),
        [("w5", "dW2[0,0]"), ("dw5", "dW2[0,0]"), ("c[1]", "db1[1]"), ("e[1]", "delta1[1]"),
         ("∂E/∂c[0]", "db1[0]"), ("x1", "x[0]"), ("dx1", "dx[0]")],
    )  # fmt: skip
    def test_of_takes_them(self, of, element):
        assert cp.explain(with_biases(), X[0], 1.0, of, names=OWN).of == element

    def test_a_whole_array_is_titled_by_its_own(self):
        derivation = cp.explain(with_biases(), X[0], 1.0, "e", names=OWN)
        assert derivation.title.startswith("e, shape (1, 2), of a 2-2-1 network")


def test_checks_and_comparisons_take_and_print_them():
    network = with_biases()
    check = cp.check_gradients(network, X, Y, names=OWN)
    assert check
    assert {"  dw1 ", "  dc[1] "} <= set(re.findall(r"  d\S+ ", _whole(check)))
    assert check.ladder("w1").steps.tolist() == check.ladder("W1[0,0]").steps.tolist()
    assert check.worst.name in network_names(network)
    record = cp.backprop(network, X, Y)
    theirs = {"w1": record["dW1[0,0]"], "dw2": -record["dW1[1,0]"], "c": record["db1"]}
    compared = cp.compare_gradients(record, theirs, names=OWN)
    assert [g.name for g in compared.gradients] == ["W1[0,0]", "W1[1,0]", "b1"]
    assert compared["w1"].right
    assert compared["w2"] is compared["W1[1,0]"]
    assert not compared["w2"].right
    assert "\n  dw2 " in repr(compared)
    assert "W1[1,0]" not in repr(compared)


def test_a_graph_takes_them_as_others_do():
    network = with_biases()
    graph = cp.computation_graph(network, X[0], 1.0, names=OWN, of="c[1]")
    assert graph.of == "b1[1]"
    with pytest.raises(cp.ElementError, match="your own names are"):
        cp.computation_graph(network, X[0], 1.0, names=OWN, of="q")


def _whole(check: cp.GradientCheck) -> str:
    return "\n".join("  ".join(row) for row in check._rows(count=99)).replace("\n", "\n  ") + " "


def network_names(network: cp.Network) -> set[str]:
    return {
        f"{name}[{','.join(map(str, place))}]"
        for name, view in network.unflatten(network.parameters).items()
        for place in np.ndindex(view.shape)
    }


def test_surfaces_and_graphs_take_them():
    network = with_biases()
    surface = cp.loss_surface(network, X, Y, "w1", "c[0]", names=OWN, points=3)
    plain = cp.loss_surface(network, X, Y, "W1[0,0]", "b1[0]", points=3)
    assert surface.names == ("w1", "c[0]")
    assert surface.losses.tolist() == plain.losses.tolist()
    graph = cp.computation_graph(network, X[0], 1.0, names=OWN)
    assert graph["w1"] is graph["W1[0,0]"]
    assert graph["c[1]"] is graph["b1[1]"]
    assert "c[1]" in graph.svg()
    assert "b1[1]" not in re.sub("<title>.*?</title>", "", graph.svg())


def test_the_command_line_takes_and_prints_them():
    assert "\n  dw2 " in invoke("check").stdout
    assert invoke("explain", "--of", "dw5").stdout.startswith("dL/dw5 of a 2-2-1 network")


class TestWhatIsOffered:
    """ "Did you mean" never offers what does not exist."""

    @pytest.mark.parametrize(
        ("asked", "meant"),
        [
            ("w1[0][1]", "W1[0,1]"), ("h1[0]", "a1[0]"), ("dz2", "delta2"), ("dL/dz1[1]", "delta1[1]"),
            ("dL/dw1[0,0]", "dW1[0,0]"), ("dh1", "da1"), ("w2", "W2"),
        ],
    )  # fmt: skip
    def test_what_was_meant(self, asked, meant):
        record = cp.backprop(note_network(), X, Y)
        with pytest.raises(cp.ElementError, match=re.escape(f"(did you mean {meant!r}?)")):
            record[asked]
        record[meant]  # is there

    @pytest.mark.parametrize("asked", ["w7", "h3", "w1[2][0]", "dz4", "w1[0][-1]", "b1", "q"])
    def test_nothing_where_there_is_none(self, asked):
        record = cp.backprop(note_network(), X, Y)
        for ask in (
            lambda: record[asked],
            lambda: note_network()[asked],
            lambda: cp.explain(note_network(), X[0], 1.0, asked, names=NAMES),
            lambda: cp.computation_graph(note_network())[asked],
            lambda: cp.per_sample_gradients(note_network(), X, Y)[asked],
            lambda: cp.compare_gradients(record, {asked: 0.0}),
            lambda: cp.loss_surface(note_network(), X, Y, asked, "W1[0,0]"),
        ):
            with pytest.raises(cp.ElementError) as caught:
                ask()
            assert "did you mean" not in str(caught.value)

    def test_only_what_the_asker_takes(self):
        """A network has no gradients, and the gradients of samples no weights."""
        for ask in (
            lambda: note_network()["dw1"],
            lambda: note_network()["h1"],
            lambda: cp.per_sample_gradients(note_network(), X, Y)["w1"],
        ):
            with pytest.raises(cp.ElementError) as caught:
                ask()
            assert "did you mean" not in str(caught.value)

    @pytest.mark.parametrize("asked", [3000 * "d", 800 * "dE/d" + "w1", "ddw1", "dE[/dV"])
    def test_what_was_asked_is_quoted(self, asked):
        names = {**OWN, "W2": "V"}
        del names["W2[0,0]"], names["W2[0,1]"]
        with pytest.raises(cp.ElementError, match=rf"^'{re.escape(asked[:50])}.* names no element"):
            cp.explain(with_biases(), X[0], 1.0, asked, names=names)

    def test_own_names_are_listed(self):
        refused("your own names are w1, w2, w3, w4, w5, w6, x1, x2", "explain", "--of", "w7")
        many = {f"W1[{j},0]": f"w{j}" for j in range(13)}
        with pytest.raises(cp.ElementError, match=r"names are w0, .*, w11, \.\.\.$"):
            cp.explain(cp.Network([1, 13]), [1.0], [0.0] * 13, "v", names=many)
