"""What functions are, shown in words and as mathematics; and one's own, by formula or source."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import clearprop as cp
from clearprop.activations import ACTIVATIONS
from clearprop.explaining.derivation.definitions import parsed
from clearprop.explaining.derivation.function_definitions import (
    HELPERS,
    of_activation,
    of_loss,
)
from clearprop.explaining.derivation.latex import LATEX
from clearprop.explaining.derivation.mathml import MATHML
from clearprop.explaining.derivation.plain_text import text_of
from clearprop.losses import LOSSES


def texts(definitions) -> list[str]:
    return [text_of(definition) for definition in definitions]


def body(definition):
    """Return the formula as a function of Python's, to compare with what it defines."""
    names = {name: getattr(np, name) for name in ("exp", "log", "tanh", "sqrt", "abs")}
    names |= {"max": np.maximum, "erf": math.erf, "π": math.pi}
    names |= {name: body(helper) for name, helper in HELPERS.items() if name in ("Phi",)
              and definition is not helper}  # fmt: skip
    source = definition.formula.replace("^", "**")
    return lambda value: eval(source, dict(names), {"z": value, "r": value})


class TestBuiltIn:
    @pytest.mark.parametrize("name", [name for name in ACTIVATIONS if name != "softmax"])
    def test_an_activation_is_what_its_formula_says(self, name):
        for definition in of_activation(ACTIVATIONS[name]):
            f = body(definition)
            for z in (-2.3, -0.4, 0.0, 0.7, 3.1):
                assert float(ACTIVATIONS[name](np.array([z]))[0]) == pytest.approx(f(z), abs=1e-12)

    @pytest.mark.parametrize("name", ["sigmoid", "softplus", "Phi", "phi", "sign"])
    def test_helpers_are_what_they_say(self, name):
        from mpmath import mp

        oracle = {
            "sigmoid": lambda z: 1 / (1 + mp.exp(-z)), "softplus": lambda z: mp.log(1 + mp.exp(z)),
            "Phi": mp.ncdf, "phi": mp.npdf, "sign": mp.sign,
        }[name]  # fmt: skip
        for z in (-1.5, 0.0, 0.8):
            assert body(HELPERS[name])(z) == pytest.approx(float(oracle(z)), abs=1e-12)

    @pytest.mark.parametrize("name", [*ACTIVATIONS, *LOSSES])
    def test_all_are_set_as_mathematics(self, name):
        found = of_activation(ACTIVATIONS[name]) if name in ACTIVATIONS else of_loss(LOSSES[name])
        for definition in found:
            latex, mathml = definition.written(LATEX), definition.written(MATHML)
            assert latex is not None
            assert latex.count("{") == latex.count("}")
            assert latex.count(r"\left") == latex.count(r"\right")
            root = ET.fromstring(f"<mrow>{mathml}</mrow>")
            assert {"mi", "mo"} <= {element.tag for element in root.iter()}

    def test_in_the_forms_of_a_derivation(self):
        network = cp.Network([2, 2, 1], "sigmoid", "identity", dtype="float64", seed=1)
        derivation = cp.explain(network, [0.5, 1.0], 1.0, "W1[0,0]")
        assert "\n  squared_error(a, y) = 0.5 · sum_j (a_j - y_j)²\n" in str(derivation)
        latex = derivation.to_latex()
        assert (
            r"$\displaystyle \sigma\left( z \right) = \frac{1}{1 + \exp\left( -z \right)}$\par"
            in latex
        )
        assert r"= 0.5 \cdot \sum_{j} \left( a_{j} - y_{j} \right)^{2}$" in latex
        html = derivation.to_html()
        assert "<munder><mo>∑</mo><mi>j</mi></munder>" in html
        assert "sum_j" not in html
        assert (
            derivation.to_dict()["parts"][0]["definitions"][0] == "sigmoid(z) = 1 / (1 + exp(-z))"
        )

    def test_a_formula_in_two_pieces_and_its_letters(self):
        (huber,) = of_loss(cp.huber(1.5))
        assert text_of(huber) == (
            "huber(a, y) = sum_j(0.5 · r² if |r| ≤ threshold else threshold · (|r| - 0.5 · threshold)), "
            "r = a_j - y_j, threshold = 1.5"
        )
        assert r"\begin{cases} 0.5 \cdot r^{2} & \text{if } \left| r \right| \le" in huber.written(
            LATEX
        )
        network = cp.Network([1, 1], "identity", loss=cp.huber(1.5), dtype="float64", seed=0)
        derivation = cp.explain(network, [1.0], 9.0, "L")
        assert derivation["L"].symbols.startswith("threshold · (|a1[0] - y[0]|")
        for form in (str(derivation), derivation.to_latex(), derivation.to_html()):
            assert "delta" not in form.replace("delta1", "")

    @pytest.mark.parametrize("output", ["softplus", "exp", "identity"])
    @pytest.mark.parametrize("name", sorted(set(ACTIVATIONS) - {"softmax"}))
    def test_every_function_that_is_shown_is_defined(self, name, output):
        """Of what few know by name: the slopes of gelu, tanh at its ends, costs of rates."""
        loss = "absolute_error" if output == "identity" else "poisson"
        network = cp.Network([2, 3, 1], name, output, loss=loss, dtype="float64", seed=2)
        for scale in (1.0, 60.0):
            derivation = cp.explain(network, [0.5 * scale, -1.0 * scale], [3.0], "W1[0,0]")
            text = str(derivation)
            defined = set(re.findall(r"^ +(\w+)\(\w+\) = ", text, re.M))
            used = set(re.findall(r"(?<![\w'])([A-Za-z]\w*)\((?!z\d*\) = )", text))
            known = {"exp", "log", "tanh", "max", "erf", "L", "sum", "poisson", "absolute_error"}
            assert not {f for f in used - defined - known if not f.startswith("sum_")}, text


def steep(x):
    """One's own function, with a docstring and two ways out."""
    if x > 0:
        return x
    return 0.25 * x


def half_square(p, t):
    r = p - t
    return (r * r).sum() / 2


def looped(a, y):
    out = np.zeros_like(a)
    for j in range(len(a)):
        out[j] = a[j] - y[j]
    return out


class TestOnesOwn:
    def test_by_the_source(self):
        k = 3.0
        for made, expected in (
            (cp.Activation("cube", lambda z: z**3, lambda z: 3 * z**2), ["cube(z) = z^3", "cube'(z) = 3 · z²"]),
            (cp.Activation("steep", steep, lambda u: 1.0 if u > 0 else 0.25),
             ["steep(z) = z if z > 0 else 0.25 · z", "steep'(z) = 1 if z > 0 else 0.25"]),
            (cp.Activation("line", lambda x: x * k, lambda x: k), ["line(z) = z · k", "line'(z) = k"]),
            (cp.Activation("soft", lambda x: np.log(1 + np.exp(x)), lambda x: 1 / (1 + math.exp(-x))),
             ["soft(z) = log(1 + exp(z))", "soft'(z) = 1 / (1 + exp(-z))"]),
            (cp.Activation("th", np.tanh, lambda z: 1 - np.tanh(z) ** 2), ["th(z) = tanh(z)", "th'(z) = 1 - tanh(z)²"]),
        ):  # fmt: skip
            assert texts(of_activation(made)) == expected
        loss = cp.Loss("half", half_square, looped)
        assert texts(of_loss(loss)) == [
            "half(a, y) = (sum r · r) / 2, r = a - y", "half'(a, y) = looped(a, y)",
        ]  # fmt: skip

    def test_by_the_formula(self):
        loss = cp.Loss(
            "log_cosh", lambda a, y: np.log(np.cosh(a - y)).sum(), lambda a, y: np.tanh(a - y),
            formula="sum_j(log(cosh(a_j - y_j)))",
        )  # fmt: skip
        network = cp.Network([2, 2], "identity", loss=loss, dtype="float64", seed=0)
        derivation = cp.explain(network, [1.0, 2.0], [0.0, 1.0], "L")
        assert "log_cosh(a, y) = sum_j log(cosh(a_j - y_j))\n" in str(derivation)
        assert (
            r"\sum_{j} \log\left( \operatorname{cosh}\left( a_{j} - y_{j} \right) \right)"
            in derivation.to_latex()
        )

    def test_words_that_are_no_formula_are_shown_as_they_stand(self):
        odd = cp.Activation(
            "odd", lambda z: z**3, lambda z: 3 * z**2, formula="z³, of <course> & a_{1}"
        )
        assert parsed(odd.formula) is None
        network = cp.Network([1, 1], odd, loss="squared_error", dtype="float64", seed=0)
        derivation = cp.explain(network, [1.0], 0.0, "a1[0]")
        assert "odd(z) = z³, of <course> & a_{1}" in str(derivation)
        assert r"odd(z) = z³, of $<$course$>$ \& a\_\{1\}" in derivation.to_latex()
        assert "odd(z) = z³, of &lt;course&gt; &amp; a_{1}" in derivation.to_html()

    def test_where_there_is_no_source(self):
        there: dict = {"np": np}
        exec("f = lambda z: z**3\ng = lambda z: 3 * z**2", there)
        assert of_activation(cp.Activation("hidden", there["f"], there["g"])) == ()
        exec("v = lambda a, y: ((a - y)**4).sum()\nd = lambda a, y: 4 * (a - y)**3", there)
        loss = cp.Loss("hidden", there["v"], there["d"])
        network = cp.Network([1, 1], "identity", loss=loss, dtype="float64", seed=0)
        assert "hidden is a loss of your own; formula= shows what it is." in str(
            cp.explain(network, [1.0], 0.0, "L")
        )

    def test_of_a_file_that_was_changed_nothing_false_is_said(self, tmp_path):
        path = tmp_path / "mine.py"
        path.write_text("f = lambda z: z * scale\ng = lambda z: scale\nscale = 2.0\n")
        there: dict = {}
        exec(compile(path.read_text(), str(path), "exec"), there)
        path.write_text("f = lambda z: z * other\ng = lambda z: other\nscale = 2.0\n")
        assert of_activation(cp.Activation("mine", there["f"], there["g"])) == ()

    def test_two_on_a_line_are_told_apart(self):
        first, second = lambda z: z, lambda z: z * 1.0
        made = (
            cp.Activation("two", second, lambda z: 1.0),
            cp.Activation("one", first, lambda q: 1.0),
        )
        assert [texts(of_activation(f))[0] for f in made] == ["two(z) = z · 1", "one(z) = z"]

    @pytest.mark.parametrize("formula", [3, "", " ", "a\nb", "z" * 201, b"z", ["z"], "z\x00"])
    def test_bad_formulas(self, formula):
        with pytest.raises(cp.ArgumentError, match="activation 'c': formula (is|has) "):
            cp.Activation("c", lambda z: z, lambda z: 1.0, formula=formula)
        with pytest.raises(cp.ArgumentError, match="loss 'c': formula"):
            cp.Loss("c", half_square, looped, formula=formula)

    @pytest.mark.parametrize(
        "formula",
        ["__import__('os')", "open(1)[0]", "z if", "a.b", "[1, 2]", "lambda: 1", "f(x=1)", "z @ z",
         "(" * 300 + "z" + ")" * 300, "1_", "f()", "True", "'a'"],
    )  # fmt: skip
    def test_nothing_is_run_and_nothing_raises(self, formula):
        assert parsed(formula) is None


class TestWords:
    def test_a_kink_is_not_called_flat(self):
        relu = cp.Network.from_weights(
            [[[0.0]], [[1.0]]], None, "relu", "identity", "squared_error"
        )
        derivation = cp.explain(relu, [1.0], 2.0, "W1[0,0]")
        words = " ".join(derivation.parts[-1].words)
        assert "relu has a kink at z1[0] = 0, where its slope is taken to be 0" in words
        assert "flat" not in words
        assert derivation["relu'(z1[0])"].note == "z = 0, a kink: the slope on its left is taken"
        batch = cp.explain(relu, [[1.0], [-1.0]], [2.0, 2.0], "W1[0,0]")
        assert "flat" not in " ".join(batch.parts[-1].words)
        flat = cp.Network.from_weights(
            [[[-1.0]], [[1.0]]], None, "relu", "identity", "squared_error"
        )
        assert "relu is flat at z1[0]" in " ".join(
            cp.explain(flat, [1.0], 2.0, "W1[0,0]").parts[-1].words
        )

    def test_the_slope_says_one_thing(self):
        """By h, not by a whole unit, of which a slope says nothing."""
        network = cp.Network.from_weights([[[0.5]]], activations="identity")
        words = cp.explain(network, [1.0], 0.0, "W1[0,0]").parts[-1].words[0]
        assert words == (
            "The slope is positive: raising W1[0,0] by a small h raises the cost by about 0.5 · h. "
            "Descent lowers W1[0,0]."
        )


def test_a_file_of_an_earlier_version_has_hubers_threshold_as_delta(tmp_path):
    from clearprop.files.saved_functions import find_loss

    described = {"name": "huber", "built_in": True, "settings": {"delta": 0.5}}
    assert repr(find_loss(described, None, "m")) == "huber(threshold=0.5)"


class TestParsed:
    """What of Python's expressions is read as mathematics, and what is shown as it stands."""

    @pytest.mark.parametrize(
        ("formula", "shown"),
        [
            ("np.square(z) + 1", "z² + 1"),
            ("math.pow(z, 3)", "z^3"),
            ("np.asarray(z)", "z"),
            ("float(z) * np.pi", "z · π"),
            ("np.where(z > 0, z, 0)", "z if z > 0 else 0"),
            ("-(z + 1)", "-(z + 1)"),
            ("np.maximum(z, 0)", "max(z, 0)"),
        ],
    )
    def test_is_read(self, formula, shown):
        assert text_of_formula(formula) == shown

    @pytest.mark.parametrize(
        "formula", ["f()", "z // 2", "z % 2", "np.linalg.norm(z)", "f(z)(z)", "True", "a < z < b"]
    )
    def test_stands_as_it_is(self, formula):
        assert parsed(formula) is None


def text_of_formula(formula):
    """Return a formula as text, by the definition that an activation of one's own would have."""
    from clearprop.explaining.derivation.definitions import Definition

    return text_of(Definition("f(z)", formula)).removeprefix("f(z) = ")
