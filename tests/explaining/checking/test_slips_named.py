"""Slips planted by hand: each is named, what is right is never called wrong, what is wrong never right."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import clearprop as cp
from planted_slips import EITHER_OR, KINDS, SLIPS, by_hand, case, words
from slips_named import GIVEN, changes, outcome, same

CASES = [case(kind, seed=0) for kind in range(len(KINDS))]


def classifier(sizes=(4, 5, 3), n=7):
    network = cp.Network(
        list(sizes), "tanh", "softmax", dtype="float64", seed=1, biases=cp.normal(0.3)
    )
    rng = np.random.default_rng(0)
    return network, rng.normal(size=(n, sizes[0])), rng.integers(0, sizes[-1], n)


def wrong(comparison):
    return {q.label: q.slip for q in comparison.quantities if q.verdict == "wrong"}


@pytest.mark.parametrize("given_", GIVEN)
@pytest.mark.parametrize("one", CASES, ids=lambda one: one.title)
def test_each_slip_alone_is_named(one, given_):
    record, planted = one.record, 0
    for slip in SLIPS:
        mine = changes(one, [slip], given_)
        if mine is None:
            continue
        planted += 1
        said = outcome(one, [slip], mine, record)
        # The last db of a softmax is 0 when summed over its neurons: no slip can be told of zeros.
        zeros = slip == "db over neurons too" and "softmax" in one.title
        allowed = {"named right", "no name"} if zeros else {"named right"}
        if given_ == "gradients only":  # where other slips give the same
            allowed.add("among others")
        assert said in allowed, (slip, said)
    assert planted > 25


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.title)
def test_pairs_are_named_or_it_is_said_that_they_are_not(one):
    record = one.record
    known = {slip: changes(one, [slip], "gradients only") for slip in SLIPS}
    pairs = [
        pair for pair in combinations([slip for slip, mine in known.items() if mine is not None], 2)
        if not any(set(pair) <= one_place for one_place in EITHER_OR)
    ]  # fmt: skip
    counts = dict.fromkeys(("named right", "among others", "one of two", "no name"), 0)
    for pair in pairs[3::37]:
        mine = changes(one, pair, "gradients only")
        if mine is not None and not any(same(mine, other) for other in known.values() if other):
            said = outcome(one, pair, mine, record)
            counts[said] = counts.get(said, 0) + 1
    named = counts["named right"] + counts["among others"]
    assert named >= 0.9 * sum(counts.values()), counts


def test_the_pass_by_hand_is_that_of_the_package():
    for one in CASES:
        mine, record = by_hand(one, ()), one.record
        for name, value in mine.items():
            if name != "y" and not (name.startswith("d") and one.l2 and name[1] == "b"):
                assert np.allclose(value, record[name], rtol=1e-9, atol=1e-12), name


SOFTMAX = {
    "transposed": "transposed",
    "n": "not divided by the number of samples",
    "no f'": "f' is missing in delta1",
    "f'(a)": "f' of a1 in place of z1 in delta1",
    "1 - z^2": "1 - z^2 in place of 1 - a^2 in delta1",
    "1 - a": "1 - a in place of 1 - a^2 in delta1",
    "1 + a^2": "1 + a^2 in place of 1 - a^2 in delta1",
    "z for a": "z1 in place of a1",
    "y - a": "the sign is wrong",
    "true class": "softmax's Jacobian by its diagonal alone in delta2, which is 0 but for the true class",
    "once more": "f' once more in delta2, where a2 - y is all",
    "no y": "y is not subtracted in delta2",
    "-y / a": "f' is missing in delta2",
    "batch softmax": "softmax over the samples in place of the outputs in a2",
    "updated": "W2 is updated before da1 is computed with it (by a step of 0.1)",
    "last db": "of the last sample alone",
    "db rows": "not summed over the samples",
    "db not averaged": "not divided by the number of samples",
    "db over neurons": "summed over the neurons as well",
    "y + 1": "the labels are off by one: class c is put at c + 1",
    "y - 1": "the labels are off by one: class c is put at c - 1",
    "n outputs": "divided by the number of outputs as well",
    "last": "of the last sample alone",
    "abs": "the absolute values: the sign is lost",
    "sign and n": "the sign is wrong, and not divided by the number of samples",
    "f' and n": "f' is missing in delta1, and not divided by the number of samples",
    "db of dW": "the sum of dW2 over its columns, not of delta2",
    "relu' of da": "relu's derivative of da1, 1 where that is above 0, in delta1",
}


def softmax_pass(network, X, y, slip):
    W1, b1, W2, b2 = (network[name] for name in ("W1", "b1", "W2", "b2"))
    n, Y = len(X), np.eye(len(b2))[y]
    z1 = X @ W1.T + b1
    a1 = np.tanh(z1)
    e = np.exp(a1 @ W2.T + b2)
    a2 = e / e.sum(0 if slip == "batch softmax" else 1, keepdims=slip != "batch softmax")
    Y = {"y + 1": np.roll(Y, 1, 1), "y - 1": np.roll(Y, -1, 1)}.get(slip, Y)
    d2 = {
        "y - a": Y - a2, "sign and n": Y - a2, "once more": (a2 - Y) * a2 * (1 - a2),
        "true class": np.where(Y == 1, a2 - 1, 0), "no y": a2, "-y / a": -Y / a2,
    }.get(slip, a2 - Y)  # fmt: skip
    da = d2 @ (W2 - 0.1 * d2.T @ a1 / n if slip == "updated" else W2)
    d1 = da * {
        "no f'": 1, "f' and n": 1, "f'(a)": 1 - np.tanh(a1) ** 2, "1 - z^2": 1 - z1**2,
        "1 - a": 1 - a1, "1 + a^2": 1 + a1**2,
    }.get(slip, 1 - a1**2)  # fmt: skip
    m = {"n": 1, "sign and n": 1, "f' and n": 1, "n outputs": n * len(b2)}.get(slip, n)
    g = {
        "W2": d2.T @ (z1 if slip == "z for a" else a1) / m, "b2": d2.sum(0) / m,
        "W1": d1.T @ X / m, "b1": d1.sum(0) / m,
    }  # fmt: skip
    if slip == "transposed":
        g |= {"W1": g["W1"].T, "W2": g["W2"].T}
    if slip == "last":
        g = {
            "W2": np.outer(d2[-1], a1[-1]),
            "b2": d2[-1],
            "W1": np.outer(d1[-1], X[-1]),
            "b1": d1[-1],
        }
    g |= {
        "last db": {"b1": d1[-1], "b2": d2[-1]}, "db rows": {"b1": d1, "b2": d2},
        "db not averaged": {"b1": d1.sum(0), "b2": d2.sum(0)}, "abs": {"W1": np.abs(g["W1"])},
        "db over neurons": {"b2": np.full(len(b2), d2.sum() / n)},
        "db of dW": {"b2": g["W2"].sum(1)}, "relu' of da": {"W1": (da * (da > 0)).T @ X / n},
    }.get(slip, {})  # fmt: skip
    return g


@pytest.mark.parametrize("slip", SOFTMAX)
def test_what_students_do_with_softmax(slip):
    network, X, y = classifier()
    record = cp.backprop(network, X, y)
    assert cp.compare_gradients(record, softmax_pass(network, X, y, None))
    comparison = cp.compare_gradients(record, softmax_pass(network, X, y, slip))
    assert SOFTMAX[slip] in wrong(comparison).values()
    others = set(wrong(comparison).values()) - {SOFTMAX[slip]}
    assert all(other in SOFTMAX[slip] for other in others) or slip == "db of dW"


def test_a_forgotten_half_is_not_a_missing_mean():
    network = cp.Network([3, 4, 2], ["tanh", "identity"], dtype="float64", seed=1)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    half = "twice as large: the half of the squared error is forgotten"
    for n in (1, 3, 5):
        record = cp.backprop(network, X[:n], y[:n])
        assert cp.compare_gradients(record, {"W1": 2 * record["dW1"]})["W1"].slip == half
    record = cp.backprop(network, X[:2], y[:2])  # nothing tells them apart
    slip = cp.compare_gradients(record, {"W1": 2 * record["dW1"]})["W1"].slip
    assert slip == f"either not divided by the number of samples, or {half}"
    mine = {"delta2": 2 * record["delta2"], "W1": 2 * record["dW1"]}
    comparison = cp.compare_gradients(record, mine)
    assert wrong(comparison) == {"delta2": half}
    assert comparison["W1"].verdict == "follows"
    network = cp.Network([3, 4, 2], ["tanh", "softmax"], dtype="float64", seed=1)
    record = cp.backprop(network, X, [0, 1, 0, 1, 1])
    assert cp.compare_gradients(record, {"W1": 2 * record["dW1"]})["W1"].slip == "twice as large"


def test_the_first_fault_is_told_from_what_follows():
    network, X, y = classifier(sizes=(4, 5, 5, 3))
    record = cp.backprop(network, X, y)
    mine = {name: record[name] for name in record if name != "L"}
    mine["delta2"] = record["da2"]  # f' is missing; all below is computed from it
    mine["dW2"] = mine["delta2"].T @ record["a1"] / 7
    mine["db2"] = mine["delta2"].mean(axis=0)
    mine["da1"] = mine["delta2"] @ network["W2"]
    mine["delta1"] = mine["da1"] * (1 - record["a1"] ** 2)
    mine["dW1"] = mine["delta1"].T @ X  # a second slip, of its own
    mine["db1"] = mine["delta1"].mean(axis=0)
    mine["da0"] = mine["delta1"] @ network["W1"]
    comparison = cp.compare_gradients(record, mine)
    verdicts = {q.label: q.verdict for q in comparison.quantities}
    assert wrong(comparison) == {
        "delta2": "f' is missing in delta2",
        "dW1": "not divided by the number of samples",
    }
    follows = {name for name, verdict in verdicts.items() if verdict == "follows"}
    assert follows == {"dW2", "db2", "da1", "delta1", "db1", "da0"}
    assert comparison.first.label == "delta2"
    assert comparison["dW2"].slip == "f' is missing in delta2"
    assert "follows from: f' is missing in delta2" in repr(comparison)
    assert comparison.score == (len(verdicts) - 2) / len(verdicts)


def test_what_no_slip_explains_is_taken_as_it_is_by_what_comes_after():
    network, X, y = classifier()
    record = cp.backprop(network, X, y)
    delta2 = record["delta2"] + np.random.default_rng(1).normal(size=(7, 3))
    mine = {"delta2": delta2, "W2": delta2.T @ record["a1"] / 7, "b1": record["db1"]}
    comparison = cp.compare_gradients(record, mine)
    assert [q.verdict for q in comparison.quantities] == ["wrong", "follows", "right"]
    assert comparison["delta2"].slip is None
    assert comparison["W2"].slip == "delta2"
    assert comparison.hint(2) == "delta2: no usual slip gives this; look at da2 or delta2"


def test_numbers_of_one_neuron_are_taken_alone():
    network, X, y = classifier(n=1)
    record = cp.backprop(network, X, y)
    mine = {f"z1[{j}]": record["z1"][0, j] for j in range(5)}
    mine["z1[2]"] = mine["z1[2]"] + 1
    comparison = cp.compare_gradients(record, mine)
    assert [q.right for q in comparison.quantities] == [True, True, False, True, True]
    own = record["a1"].copy()
    own[0, 2] = np.tanh(mine["z1[2]"])
    comparison = cp.compare_gradients(record, mine | {"a1": own[0]})  # one sample, as a vector
    assert comparison["a1"].verdict == "follows"
    assert comparison["a1"].slip == "z1"


def test_a_tolerance_takes_numbers_from_paper():
    network, X, y = classifier()
    record = cp.backprop(network, X, y)
    mine = {name: record[name].round(4) for name in record if name != "L"}
    comparison = cp.compare_gradients(record, mine)
    assert not comparison
    assert "tolerance=" in wrong(comparison)["dW1"]
    rows = repr(comparison).splitlines()[2:]
    assert all(row.split()[3] != row.split()[4] for row in rows if "wrong:" in row)
    assert cp.compare_gradients(record, mine, tolerance=1e-2)
    mine["W2"] = 7 * mine.pop("dW2")
    comparison = cp.compare_gradients(record, mine, tolerance=1e-2)
    assert wrong(comparison) == {"dW2": "not divided by the number of samples"}
    with pytest.raises(cp.ArgumentError, match="tolerance"):
        cp.compare_gradients(record, mine, tolerance=-1)


def test_one_wrong_shape_spoils_nothing_else():
    network, X, y = classifier()
    record = cp.backprop(network, X, y)
    mine = {
        "W1": record["dW1"], "b1": record["delta1"], "W2": np.zeros((2, 2)), "b2": [[1.0], [2.0, 3.0]],
        "delta2": record["delta2"].T, "z1": record["z1"][:3],
    }  # fmt: skip
    comparison = cp.compare_gradients(record, mine)
    assert wrong(comparison) == {
        "z1": "has shape (3, 5); it must have shape (7, 5)",
        "delta2": "transposed: samples are rows here",
        "dW2": "has shape (2, 2); it must have shape (3, 5)",
        "db2": "its rows are of different lengths",
        "db1": "not summed over the samples",
    }
    assert comparison["W1"].right
    thin = {"b1": record["db1"][:, None], "b2": record["db2"][None]}
    assert cp.compare_gradients(record, thin)


def test_names_of_the_readers_own():
    network, X, y = classifier()
    record = cp.backprop(network, X, y)
    names = {"W1[0,0]": "w1", "z1[2]": "net"}
    mine = {"w1": record["dW1[0,0]"], "net": -record["z1[2]"]}
    comparison = cp.compare_gradients(record, mine, names=names)
    assert comparison["w1"].right
    assert comparison["W1[0,0]"] is comparison["dW1[0,0]"] is comparison["w1"]
    assert wrong(comparison) == {"net": "the sign is wrong"}
    assert cp.compare_gradients(record, {"dw1": record["dW1[0,0]"]}, names=names)
    with pytest.raises(cp.ElementError, match="w2"):
        cp.compare_gradients(record, {"w2": 1.0}, names=names)
    with pytest.raises(cp.ElementError, match="your own names are w1, net"):
        cp.compare_gradients(record, {"w2": 1.0}, names=names)
    with pytest.raises(cp.ElementError, match="twice"):
        cp.compare_gradients(record, {"w1": 1.0, "W1[0,0]": 1.0}, names=names)


@pytest.mark.parametrize("name", ["∂L/∂w1", "dL/dw1", "dV", "V", "V[0,1]", "dnet", "∂L/∂net"])
def test_names_are_read_as_explain_reads_them(name):
    network, X, y = classifier()
    record = cp.backprop(network, X, y)
    names = {"W1[0,0]": "w1", "W2": "V", "z1": "net"}
    element = {"V": "dW2", "dV": "dW2", "V[0,1]": "dW2[0,1]"}.get(name)
    element = element or ("delta1" if "net" in name else "dW1[0,0]")
    assert cp.compare_gradients(record, {name: record[element]}, names=names).passed


def test_hints_in_levels():
    network, X, y = classifier()
    record = cp.backprop(network, X, y)
    comparison = cp.compare_gradients(record, softmax_pass(network, X, y, "no f'"))
    assert comparison.hint(1) == "dW1 is the first that is wrong; look at how delta1 is computed"
    assert comparison.hint(2) == "dW1: f' is missing in delta1"
    assert comparison.hint(3) == "dW1: delta1 = (delta2 @ W2) * (1 - a1**2)"
    right = cp.compare_gradients(record, {"W1": record["dW1"]})
    assert [right.hint(level) for level in (1, 2, 3)] == ["all is right"] * 3
    for level in (0, 4, True, "1", None):
        with pytest.raises(cp.ArgumentError, match="level"):
            comparison.hint(level)


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.title)
def test_a_mended_formula_gives_the_right_numbers(one):
    record, network = one.record, one.network
    known = {name: record[name] for name in record if name != "L"}
    known |= network.unflatten(network.parameters) | {"x": one.X, "np": np}
    known |= {"omega": record.omega, "y": record.y, "labels": one.y}
    rng = np.random.default_rng(0)
    for name in list(record):
        if name == "L" or name[-1] == "3":
            continue
        mine = {name: record[name] + rng.normal(size=record[name].shape)}
        formulas = cp.compare_gradients(record, mine)[name].mended
        assert formulas
        for text in formulas:
            left, right = text.split(" = ")
            if "derivative" not in right:
                assert np.allclose(eval(right, dict(known)), record[left]), text


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "exp"])
def test_a_mended_formula_is_right_with_dropout(activation):
    rng = np.random.default_rng(0)
    network = cp.Network([3, 4, 2], [activation, "softmax"], dtype="float64", seed=1)
    X, y = rng.normal(size=(8, 3)), rng.integers(0, 2, 8)
    record = next(iter(cp.steps(network, X, y, dropout=0.5, seed=1))).record
    known = {name: record[name] for name in record if name != "L"} | {"np": np, "a0": record["x"]}
    known |= record.network.unflatten(record.network.parameters) | {"mask1": record.masks[0]}
    for name in ("a1", "delta1", "dW1"):
        comparison = cp.compare_gradients(record, {name: record[name] + 1 + record[name] ** 2})
        for text in comparison[name].mended:
            left, right = text.split(" = ")
            if left in ("a1", "delta1", "dW1"):
                assert np.allclose(eval(right, dict(known)), record[left]), text


def test_for_an_autograder():
    network, X, y = classifier()
    record = cp.backprop(network, X, y)
    comparison = cp.compare_gradients(record, softmax_pass(network, X, y, "no f'"))
    assert [q.verdict for q in comparison.quantities] == ["right", "right", "wrong", "follows"]
    assert comparison.points(8) == 6.0
    assert comparison.points(8, carried=0.5) == 5.0
    with pytest.raises(AssertionError) as raised:
        comparison.assert_right()
    assert str(raised.value) == (
        "1 of 4 wrong, 1 follows from that: dW1 is the first that is wrong; look at how delta1 is computed"
    )
    with pytest.raises(AssertionError, match="f' is missing in delta1"):
        comparison.assert_right(hint=2)
    cp.compare_gradients(record, {"W1": record["dW1"]}).assert_right()
    result = json.loads(json.dumps(comparison.to_dict(most=8)))
    assert (result["score"], result["max_score"]) == (6.0, 8.0)
    assert result["score"] == sum(test["score"] for test in result["tests"])
    assert [test["status"] for test in result["tests"]] == ["passed", "passed", "failed", "failed"]
    assert "f'" not in json.dumps(result)  # what a hint of level 1 does not say
    assert "f' is missing" in json.dumps(comparison.to_dict(hint=2))
    for settings_ in ({"most": -1}, {"carried": 2}, {"hint": 9}):
        with pytest.raises(cp.ArgumentError):
            comparison.to_dict(**settings_)


@settings(max_examples=50)
@given(
    seed=st.integers(0, 10**6),
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=5),
    hidden=st.sampled_from(["tanh", "sigmoid", "relu", "softplus", "gelu"]),
    output=st.sampled_from(["softmax", "sigmoid", "identity"]),
    n=st.integers(1, 9),
    scale=st.sampled_from([1e-2, 1.0, 30.0]),
)
def test_right_is_never_called_wrong_and_wrong_never_right(seed, sizes, hidden, output, n, scale):
    if sizes[-1] == 1 and output == "softmax":
        output = "sigmoid"
    network = cp.Network(sizes, hidden, output, dtype="float64", seed=seed, biases=cp.normal(0.3))
    rng = np.random.default_rng(seed)
    X = scale * rng.normal(size=(n, sizes[0]))
    y = rng.integers(0, sizes[-1], n) if output == "softmax" else rng.random((n, sizes[-1]))
    record = cp.backprop(network, X, y)
    names = [name for name in record if name != "L"]
    mine = {
        name: record[name] for name in rng.permutation(names)[: rng.integers(1, len(names) + 1)]
    }
    again = cp.backprop(network, X[::-1], y[::-1])  # summed in another order
    mine |= {name: again[name] for name in mine if name[:2] in ("dW", "db")}
    assert cp.compare_gradients(record, mine)
    name = str(rng.choice(list(mine)))
    right = record[name]
    mine[name] = right + rng.normal(size=right.shape) * (np.abs(right).mean() + 1e-3)
    comparison = cp.compare_gradients(record, mine)
    verdicts = {q.label.replace("dx", "da0").replace("x", "a0"): q for q in comparison.quantities}
    assert not comparison
    assert verdicts[name].verdict == "wrong"
    if right.size >= 3 and verdicts[name].slip is not None:
        assert verdicts[name].slip.startswith(("only", "off", "the right")), verdicts[name].slip


def test_slopes_written_by_their_outputs_are_right_where_they_saturate():
    network = cp.Network([2, 3, 2], "sigmoid", loss="squared_error", dtype="float64", seed=0)
    network["W1"] *= 30
    network["W2"] *= 30
    X = np.random.default_rng(0).normal(size=(4, 2))
    record = cp.backprop(network, X, np.ones((4, 2)))
    a2, a1 = record["a2"], record["a1"]
    delta2 = (a2 - 1) * a2 * (1 - a2)
    delta1 = delta2 @ network["W2"] * a1 * (1 - a1)
    mine = {"delta2": delta2, "delta1": delta1, "W1": delta1.T @ X / 4, "W2": delta2.T @ a1 / 4}
    assert cp.compare_gradients(record, mine)


def test_every_planted_slip_has_words():
    assert len(SLIPS) >= 45
    for one in CASES:
        assert all(words(slip, one) for slip in SLIPS)


def test_what_follows_from_one_of_two_slips_is_said_to_follow_from_either():
    """Three samples and three outputs: what is divided by three is divided by either."""
    r = np.random.default_rng(0)
    network = cp.Network([4, 5, 3], ["tanh", "softmax"], dtype="float64", seed=1)
    record = cp.backprop(network, r.normal(size=(3, 4)), [0, 1, 2])
    comparison = cp.compare_gradients(record, {k: record[k] / 3 for k in ("dW2", "db2", "dW1")})
    either = (
        "either divided by the number of samples twice, or divided by the number of outputs as well"
    )
    assert [(q.verdict, q.slip) for q in comparison.quantities] == [
        ("wrong", either), ("follows", either), ("follows", either)
    ]  # fmt: skip
