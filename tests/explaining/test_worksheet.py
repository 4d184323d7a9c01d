"""cp.worksheet: gaps that nothing on the sheet gives away, and a key that is right."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

import clearprop as cp
from the_note import NAMES, note_network

SHEETS = [
    ([2, 2, 1], "sigmoid", "identity", "squared_error", "W1[0,0]"),
    ([3, 4, 3], "tanh", "softmax", "cross_entropy", None),
    ([3, 3, 2], "relu", "sigmoid", "binary_cross_entropy", "delta1[1]"),
    ([12, 9, 8], "softplus", "identity", "absolute_error", "W1[3,2]"),
]


def sheet_of(case: int, seed: int | None, blanks=0.4) -> cp.Worksheet:
    sizes, hidden, output, loss, of = SHEETS[case]
    network = cp.Network(sizes, hidden, output, loss=loss, dtype="float64", seed=1)
    y = 1 if loss == "cross_entropy" else np.ones(sizes[-1])
    return cp.worksheet(network, np.linspace(-1, 0.7, sizes[0]), y, of, blanks=blanks, seed=seed)


def numbers_of(text: str) -> set[str]:
    found = re.findall(r"\d+\.\d+(?:e[+-]\d+)?", text)
    return {f"{float(token):.6g}" for token in found}


@pytest.mark.parametrize("seed", [None, 1, 2, 3])
@pytest.mark.parametrize("case", range(len(SHEETS)))
def test_no_gap_is_given_away(case, seed):
    worksheet = sheet_of(case, seed)
    assert worksheet.answers
    given, _, rest = worksheet.to_text().partition("\nForward")
    answers = {f"{abs(value):.6g}" for value in worksheet.answers.values()} - {"0", "1"}
    assert not answers & numbers_of(rest)
    for k, (name, value) in enumerate(worksheet.answers.items(), 1):
        assert f"______ ({k})" in worksheet.to_text()
        assert rf"\underline{{\hspace{{5em}}}}\;({k})" in worksheet.to_latex()
        assert f"______ ({k})" in worksheet.to_html()
        assert f"({k}) {name} = {value:.6g}".replace("-0;", "0;") in " ".join(
            worksheet.to_text(key=True).split()
        )
    body = re.sub(r"(?s)<style>.*?</style>", "", worksheet.to_html()).partition(">Forward<")[2]
    assert not answers & numbers_of(re.sub(r"<[^>]*>", " ", body))
    latex = worksheet.to_latex().partition("Forward")[2]
    assert not answers & numbers_of(latex)
    for form in (worksheet.to_text, worksheet.to_latex, worksheet.to_html):
        assert "______" not in form(key=True)
        assert "underline" not in form(key=True)
    assert "______" not in given


@pytest.mark.parametrize("case", range(len(SHEETS)))
def test_the_key_is_what_backprop_computes(case):
    worksheet = sheet_of(case, 5, blanks=1.0)
    y = [1] if case == 1 else np.ones((1, SHEETS[case][0][-1]))
    record = cp.backprop(worksheet.network, worksheet.x[None], y)
    checked = 0
    for name, value in worksheet.answers.items():
        if re.fullmatch(r"(z|a|da|delta|dW|db)\d\[[\d,]+\]|L", name):
            assert value == pytest.approx(float(np.ravel(record[name])[0]), rel=1e-12)
            checked += 1
    assert checked > 5


def test_all_that_is_needed_is_given():
    """Every number of a formula is given above, or computed in the sheet."""
    for case in range(len(SHEETS)):
        known = set()
        for equation in sheet_of(case, 4).sheet:
            known.add(equation.name)
        for equation in sheet_of(case, 4).sheet:
            names = {n for n in equation.depends_on if not n.startswith("∂")}
            assert names <= known | {n for n in names if n.startswith("q")}, (case, equation)


def test_every_seed_has_numbers_of_its_own():
    network = note_network()
    before = network.parameters.copy()
    sheets = [cp.worksheet(network, [0.5, 1.0], 1.0, "W1[0,0]", seed=seed) for seed in range(20)]
    again = cp.worksheet(network, [0.5, 1.0], 1.0, "W1[0,0]", seed=3)
    assert str(again) == str(sheets[3])
    assert len({str(sheet) for sheet in sheets}) == 20
    assert np.array_equal(network.parameters, before)
    for sheet in sheets:
        assert np.array_equal(sheet.x, sheet.x.round(1))
        assert (np.abs(sheet.network.parameters) <= 1).all()
    plain = cp.worksheet(network, [0.5, 1.0], 1.0, "W1[0,0]")
    assert np.array_equal(plain.network.parameters, before)
    assert plain.x.tolist() == [0.5, 1.0]


def test_gaps_by_name():
    worksheet = cp.worksheet(
        note_network(), [0.5, 1.0], 1.0, "w1", blanks=["z1[0]", "dW1[0,0]"], names=NAMES
    )
    assert next(iter(worksheet.answers)) == "z1[0]"
    assert worksheet.answers["z1[0]"] == 0.35
    assert "z1[0] = w1 · x[0] + w3 · x[1] = ______ (1)" in str(worksheet)
    assert "0.00460958" not in str(worksheet)


def test_functions_are_defined_on_the_sheet_too():
    network = note_network()
    for of in ("W1[0,0]", None):
        sheet = cp.worksheet(network, [0.5, 1.0], 1.0, of, seed=1)
        for text in (sheet.to_text(), sheet.to_text(key=True)):
            assert "sigmoid(z) = 1 / (1 + exp(-z))" in text
            assert "squared_error(a, y) = 0.5 · sum_j (a_j - y_j)²" in text


def test_the_key_has_the_names_of_the_sheet():
    sheet = cp.worksheet(note_network(), [0.5, 1.0], 1.0, "w1", blanks=["w1"], names=NAMES)
    assert "∂L/∂w1          = delta1[0] · x[0] = ______ (1)" in str(sheet)
    assert "Key: (1) ∂L/∂w1 = -0.00460958." in sheet.to_text(key=True)
    assert list(sheet.answers) == ["dW1[0,0]"]


def test_it_is_written_as_books_do():
    sheet = cp.worksheet(
        note_network(), [0.5, 1.0], 1.0, "z1[0]", superscripts="parentheses", one_based=True
    )
    assert "z_1^(1) = W_{1,1}^(1) · x_1 + W_{1,2}^(1) · x_2 = ______ (1)" in str(sheet)
    assert "Key: (1) z_1^(1) = 0.35." in sheet.to_text(key=True)
    assert list(sheet.answers) == ["z1[0]"]
    with pytest.raises(cp.ArgumentError, match="superscripts"):
        cp.worksheet(note_network(), [0.5, 1.0], 1.0, superscripts="romans")


def test_a_notebook():
    nbformat = pytest.importorskip("nbformat")
    for key in (False, True):
        worksheet = sheet_of(0, 2)
        notebook = nbformat.reads(worksheet.to_notebook(key=key), as_version=4)
        nbformat.validate(notebook)
        found: dict = {}
        exec(notebook.cells[1].source, found)
        assert list(found["answers"]) == list(worksheet.answers)
        if key:
            for name, value in found["answers"].items():
                assert value == pytest.approx(worksheet.answers[name], rel=1e-5)
        else:
            assert set(found["answers"].values()) == {None}
        assert json.loads(worksheet.to_notebook())["nbformat"] == 4


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"blanks": 0}, "blanks"), ({"blanks": 1.5}, "blanks"), ({"blanks": True}, "blanks"),
        ({"blanks": []}, "blanks"), ({"blanks": "z1[0]"}, "blanks"), ({"blanks": ["z9[0]"]}, "z9"), ({"blanks": ["x[0]"]}, "no equation"),
        ({"seed": -1}, "seed"), ({"seed": 1.5}, "seed"), ({"of": "x[0]"}, "nothing is computed"),
        ({"network": "n"}, "Network"), ({"x": [1.0]}, "1 number"),
    ],
)  # fmt: skip
def test_bad_input(change, error):
    arguments = {"network": note_network(), "x": [0.5, 1.0], "y": 1.0, "of": "W1[0,0]"} | change
    with pytest.raises(cp.ClearpropError, match=error) as caught:
        cp.worksheet(**arguments)
    assert "\n" not in str(caught.value)
