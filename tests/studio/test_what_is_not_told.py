"""Of what was planted no answer tells before a guess; and what is asked for can be worked out."""

from __future__ import annotations

import json

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.answers import ANSWERS
from clearprop.studio.choices import choices
from clearprop.studio.illnesses import ILLNESSES, illness_of
from clearprop.studio.question import Question
from clearprop.studio.replay import replay_of
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup

CODES = {
    one.name: next(code for code in map(str, range(1000)) if illness_of(code) is one)
    for one in ILLNESSES
}
PAIRS = {"of": "W1[0,0]", "answer": "1", "row": "0", "vs": "seed:1", "student": "1", "n": "2"}
HIDDEN = {
    "rolling": [0.999, "0.999", "SGD", "momentum="],
    "slow": [1e-4, "0.0001", "1e-04"],
    "strict": ["l2"],
    "fast": ["20.0", "rate: 20", "rate 20"],
}


def numbers_and_texts(found):
    if isinstance(found, dict):
        for name, value in found.items():
            if name not in ("rates", "by_rate"):  # of the hill's slider, the same for every run
                yield name
                yield from numbers_and_texts(value)
    elif isinstance(found, list | tuple):
        for value in found:
            yield from numbers_and_texts(value)
    else:
        yield found


def tells(found, hidden):
    return [
        one for one in numbers_and_texts(found) for what in hidden
        if (isinstance(what, str) and isinstance(one, str) and what in one)
        or (isinstance(one, float) and one == what)
    ]  # fmt: skip


@pytest.mark.parametrize("illness", HIDDEN)
def test_no_answer_names_it_before_there_is_a_guess(illness):
    setup = Setup.read({"data": "moons", "illness": CODES[illness], "optimizer": "adam"})
    run = Run(setup)
    assert run.reach(int(PAIRS["n"]), seconds=60) == 2  # or answers are of an earlier step
    refused = []
    for name in ANSWERS:
        if name == "lab":  # whose list has every illness's words
            continue
        pairs = {**PAIRS, "of": "delta2[0]" if name == "grade" else PAIRS["of"]}
        try:
            found = ANSWERS[name](run, Question(pairs))
        except cp.ClearpropError as error:
            refused.append((name, "guess first" in str(error)))
        else:
            assert tells(found, HIDDEN[illness]) == [], name
    hidden = {(name, True) for name in ("derivation", "python", "treatment", "rate_search")}
    assert set(refused) - {("grade_sheet", False)} == hidden
    assert tells(choices(setup)["network"], HIDDEN[illness]) == []
    lab = ANSWERS["lab"](run, Question(PAIRS))
    assert lab["verdict"] is None
    assert len({json.dumps(ANSWERS["lab"](Run(Setup(data="moons")), Question({"n": "0"}))
                           ["illnesses"]), json.dumps(lab["illnesses"])}) == 1  # fmt: skip


def test_all_of_them_are_told_with_a_guess_and_without_a_secret():
    pairs = {**PAIRS, "guess": "slow"}
    run = Run(Setup.read({"data": "moons", "illness": CODES["slow"]}))
    assert "0.0001" in ANSWERS["about"](run, Question(pairs))["optimizer"]
    assert ANSWERS["curves"](run, Question(pairs))["rates"][0] == 1e-4
    assert ANSWERS["hill"](run, Question(pairs))["plain"]["own"] == 1e-4
    assert "0.0001" in ANSWERS["python"](run, Question(pairs))["code"]
    plain = Run(Setup(data="moons"))
    assert ANSWERS["hill"](plain, Question(PAIRS))["plain"]["own"] == 0.1
    assert ANSWERS["hill"](plain, Question(PAIRS))["suggested"]
    line = ANSWERS["element"](plain, Question(PAIRS))["lines"][-2]
    assert line["words"] == "by SGD"


def test_a_guess_that_is_none_opens_nothing():
    run = Run(Setup.read({"data": "moons", "illness": CODES["slow"]}))
    assert ANSWERS["diagnosis"](run, Question({"guess": "no such"}))["waits"]


def test_a_replay_tells_nothing_either():
    run = Run(Setup.read({"data": "moons", "illness": CODES["rolling"]}))
    assert "0.999" not in replay_of(run, 3).split('id="replay">')[1].split("</script>")[0]


def worked_out(network, record, given, questions):
    """Every question's value, from the numbers given and those asked before, by hand."""
    known = {f"x[{i}]": float(v) for i, v in enumerate(record.a[0][0])}
    known |= {one["name"]: one["value"] for one in given["numbers"]}
    known |= {f"a0[{i}]": float(v) for i, v in enumerate(record.a[0][0])}
    y, sizes = record.y[0], network.sizes
    for one in questions:
        name = one["name"]
        symbol = name.rstrip("]0123456789,[")
        if name == "L":
            a = np.array([[known[f"a{len(sizes) - 1}[{j}]"] for j in range(sizes[-1])]])
            z = record.z[-1]  # of which the loss of these outputs makes nothing else
            value = network.loss.per_sample(z, a, record.y, network.activations[-1])[0]
        else:
            layer = int(name[len(symbol) :].split("[")[0])
            j, *i = map(int, name.split("[")[1][:-1].split(","))
            f = network.activations[layer - 1]
            if symbol == "z":
                W = given["parameters"][f"W{layer}"]
                value = given["parameters"][f"b{layer}"][j] + sum(
                    W[j, k] * known[f"a{layer - 1}[{k}]"] for k in range(sizes[layer - 1])
                )
            elif symbol == "a":
                row = [known[f"z{layer}[{j}]"]]
                if f.name == "softmax":
                    row = [known[f"z{layer}[{k}]"] for k in range(sizes[layer])]
                value = f(np.array([row]))[0][j if len(row) > 1 else 0]
            elif symbol == "da":
                W = given["parameters"][f"W{layer + 1}"]
                value = sum(
                    W[k, j] * known[f"delta{layer + 1}[{k}]"] for k in range(sizes[layer + 1])
                )
            elif symbol == "delta" and layer == len(sizes) - 1:
                value = known[f"a{layer}[{j}]"] - y[j]
            elif symbol == "delta":
                value = known[f"da{layer}[{j}]"] * (1 - known[f"a{layer}[{j}]"] ** 2)
            elif symbol == "db":
                value = known[f"delta{layer}[{j}]"]
            else:
                value = known[f"delta{layer}[{j}]"] * known[f"a{layer - 1}[{i[0]}]"]
        assert value == pytest.approx(one["value"], rel=1e-9, abs=1e-12), name
        known[name] = value


class Only:
    """A matrix of which some rows and columns are given."""

    def __init__(self, array, rows, columns=None):
        self.array, self.rows, self.columns = array, set(rows), columns

    def __getitem__(self, at):
        j, i = at if isinstance(at, tuple) else (at, None)
        assert j in self.rows, f"row {j} is not given"
        assert i is None or i in self.columns, f"column {i} is not given"
        return self.array[at]


@pytest.mark.parametrize(
    ("data", "hidden"),
    [("moons", "4"), ("moons", "30"), ("moons", "30,3"), ("moons", "3,30"), ("digits", "16"),
     ("digits", "5"), ("penguins", "20,20")],
)  # fmt: skip
def test_what_is_asked_for_can_be_worked_out_from_what_is_given(data, hidden):
    run = Run(Setup(data=data, hidden=hidden))
    pairs = {"n": "3", "sample": "2"}
    run.reach(3, seconds=60)
    step = ANSWERS["step"](run, Question(pairs))
    found = ANSWERS["predict"](run, Question(pairs))
    made = run.at(3)
    network, record = made.record.network, made.record
    one = cp.backprop(network, record.a[0][2:3], np.argmax(record.y[2:3], axis=1)
                      if network.loss.targets == "labels" else record.y[2:3])  # fmt: skip
    shown = step["shown"]
    parameters = {}
    for layer in range(1, len(network.sizes)):
        parameters[f"W{layer}"] = Only(network[f"W{layer}"], shown[layer], shown[layer - 1])
        parameters[f"b{layer}"] = Only(network[f"b{layer}"], shown[layer])
    given = {"numbers": found["given"], "parameters": parameters}
    worked_out(network, one, given, found["questions"])
    names = [each["name"] for each in found["questions"]]
    assert len(set(names)) == len(names) > 10
    assert not set(names) & {each["name"] for each in found["given"]}
    if data == "moons" and hidden == "4":
        assert found["given"] == []
