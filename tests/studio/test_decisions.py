"""Maps of decisions, rows on them, and who pushes hardest: against NumPy and scikit-learn."""

from __future__ import annotations

import base64

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.answers import ANSWERS
from clearprop.studio.problems import Problem
from clearprop.studio.projection import principal_directions
from clearprop.studio.question import Question
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from studio_server import ask, refusal


def values_of(found, size):
    """The values of a map, from the lowest row up, and how far they are rounded."""
    levels = np.frombuffer(base64.b64decode(found["values"]), np.uint8).reshape(size)[::-1]
    spread = found["high"] - found["low"]
    return found["low"] + spread * levels / 255, spread / 255


def grid(found):
    first, second = (
        np.linspace(*found[name], count)
        for name, count in zip(("first", "second"), found["size"][::-1], strict=True)
    )
    return np.stack([one.ravel() for one in np.meshgrid(first, second)], axis=1)


def answer(run, name, **pairs):
    run.reach(pairs.get("n", 0), seconds=600)
    return ANSWERS[name](run, Question({key: str(value) for key, value in pairs.items()}))


def of_classes(n_inputs=4, classes=3, rows=60, held=20, seed=0, **settings):
    """A run of a problem of one's own."""
    random = np.random.default_rng(seed)
    X = random.normal(size=(rows + held, n_inputs)) * np.arange(1, n_inputs + 1)
    y = random.integers(0, classes, rows + held)
    network = cp.Network([n_inputs, 5, classes], "tanh", "softmax", seed=1, dtype="float64")
    problem = Problem(
        "own", network, X[:rows], y[:rows], X[rows:], y[rows:],
        [f"f{i}" for i in range(n_inputs)], [f"c{i}" for i in range(classes)], "y",
    )  # fmt: skip
    return Run(Setup(data="own", **settings), own={"own": problem})


def of_numbers(n_inputs=1):
    random = np.random.default_rng(3)
    X = random.normal(size=(50, n_inputs))
    y = X[:, 0] ** 2
    network = cp.Network([n_inputs, 4, 1], "tanh", "identity", loss="squared_error", seed=1)
    problem = Problem("own", network, X, y, X[:0], y[:0], ["a", "b"][:n_inputs], [], "y")
    return Run(Setup(data="own"), own={"own": problem})


def test_maps_are_predictions_on_the_grid(studio):
    found = ask(studio, "decisions", n=40, data="circles")
    network = Run(Setup(data="circles")).network_at(40)
    assert found["size"] == [60, 60]
    rows = grid(found)
    values, rounded = values_of(found["output"], found["size"])
    assert rounded > 1e-4  # there is a map
    assert np.abs(values.ravel() - network.predict(rows).ravel()).max() <= 0.51 * rounded
    record = cp.backprop(network, rows, np.zeros(len(rows)))
    for k, layer in enumerate(found["layers"], 1):
        assert [one["name"] for one in layer["maps"]] == [f"a{k}[{j}]" for j in range(layer["of"])]
        for j, one in enumerate(layer["maps"]):
            values, rounded = values_of(one, found["size"])
            right = record[f"a{k}"][:, j]
            assert np.abs(values.ravel() - right).max() <= 0.51 * rounded
            assert one["low"] == pytest.approx(right.min(), rel=1e-12)
            assert one["most"] == 1  # of tanh and of sigmoid


def test_the_line_is_where_the_output_is_a_half(studio):
    found = ask(studio, "decisions", n=400, data="moons", points=120)
    network = Run(Setup(data="moons")).network_at(400)
    line = np.concatenate([np.array(one) for one in found["output"]["lines"]])
    assert len(line) > 20
    assert np.abs(network.predict(line) - 0.5).max() < 0.02


def test_of_several_classes_the_largest_output():
    run = of_classes()
    found = answer(run, "decisions", n=30, over="1,2", points=25)
    rows = np.repeat(run.problem.X.mean(axis=0)[None], 625, axis=0)
    rows[:, 1:3] = grid(found)
    output = run.network_at(30).predict(rows)
    largest = np.frombuffer(base64.b64decode(found["output"]["largest"]), np.uint8)
    assert largest.reshape(25, 25)[::-1].ravel().tolist() == output.argmax(axis=1).tolist()
    assert found["words"] == "the other 2 inputs at their means"
    assert found["names"] == ["f1", "f2"]


def test_about_a_row():
    run = of_classes()
    found = answer(run, "decisions", n=3, about=7, over="0,1", points=9)
    rows = np.repeat(run.problem.X[7][None], 81, axis=0)
    rows[:, :2] = grid(found)
    values, rounded = values_of(found["layers"][1]["maps"][2], (9, 9))
    right = run.network_at(3).predict(rows)[:, 2]
    assert np.abs(values.ravel() - right).max() <= 0.51 * rounded
    assert "row 7's" in found["words"]


def test_pca_is_scikit_learns():
    decomposition = pytest.importorskip("sklearn.decomposition")
    run = of_classes(n_inputs=6)
    X = run.problem.X
    right = decomposition.PCA(2).fit(X)
    directions, shares = principal_directions(X)
    signs = np.sign((directions * right.components_).sum(axis=1))
    np.testing.assert_allclose(directions * signs[:, None], right.components_, atol=1e-10)
    np.testing.assert_allclose(shares, right.explained_variance_ratio_, rtol=1e-10)
    found = answer(run, "points", over="pca")
    np.testing.assert_allclose(
        np.array(found["learned"]["places"]) * signs, right.transform(X), atol=1e-8
    )
    held = np.array(found["held"]["places"]) * signs
    np.testing.assert_allclose(held, right.transform(run.problem.X_held), atol=1e-8)
    maps = answer(run, "decisions", n=5, over="pca", points=12)
    assert "projection" in maps["words"]
    assert maps["shares"] == pytest.approx(right.explained_variance_ratio_)
    output = run.network_at(5).predict(right.inverse_transform(grid(maps) * signs))
    largest = np.frombuffer(base64.b64decode(maps["output"]["largest"]), np.uint8)
    assert largest.reshape(12, 12)[::-1].ravel().tolist() == output.argmax(axis=1).tolist()


def test_of_one_input_a_line():
    run = of_numbers()
    found = answer(run, "decisions", n=20)
    assert found["kind"] == "line"
    values, rounded = values_of(found["output"], found["size"])
    x = np.linspace(*found["first"], 240)[:, None]
    assert found["size"] == [1, 240]
    right = run.network_at(20).predict(x).ravel()
    assert np.abs(values.ravel() - right).max() <= 0.51 * rounded + 1e-6
    assert np.shape(answer(run, "points")["learned"]["places"]) == (50, 1)


def test_of_a_wide_layer_the_neuron_that_is_asked_for(studio):
    found = ask(studio, "decisions", data="xor", hidden="40", n=2, of="a1[33]", points=8)
    names = [one["name"] for one in found["layers"][0]["maps"]]
    assert len(names) == 17
    assert names[-1] == "a1[33]"


@pytest.mark.parametrize("part", ["learned", "held"])
def test_confusion_is_scikit_learns(part):
    metrics = pytest.importorskip("sklearn.metrics")
    run = of_classes()
    found = answer(run, "verdicts", n=50, part=part)
    X, y = (
        (run.problem.X, run.problem.y) if part == "learned"
        else (run.problem.X_held, run.problem.y_held)
    )  # fmt: skip
    called = run.network_at(50).predict(X).argmax(axis=1)
    assert found["confusion"] == metrics.confusion_matrix(y, called, labels=[0, 1, 2]).tolist()
    shares = metrics.confusion_matrix(y, called, labels=[0, 1, 2], normalize="true")
    np.testing.assert_allclose(found["confusion_shares"], shares)
    assert found["metrics"]["accuracy"] == metrics.accuracy_score(y, called)
    assert found[part]["said"] == called.tolist()
    assert found[part]["wrong"] == np.flatnonzero(called != y).tolist()


def test_residuals():
    metrics = pytest.importorskip("sklearn.metrics")
    run = of_numbers(2)
    found = answer(run, "verdicts", n=30)
    X, y = run.problem.X, run.problem.y
    said = run.network_at(30).predict(X).ravel()
    np.testing.assert_allclose(found["residuals"], said - y, atol=1e-6)
    right = metrics.root_mean_squared_error(y, said)
    assert found["root_mean_square"] == pytest.approx(right, rel=1e-5)
    assert found["metrics"]["r2"] == pytest.approx(metrics.r2_score(y, said), rel=1e-4)
    assert answer(run, "verdicts", n=30, part="held")["rows"] == 0


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_pushes_are_the_norms_of_each_samples_gradient(dropout):
    run = of_classes(batch=16, dropout=dropout)
    found = answer(run, "pushes", n=9)
    step = run.at(9)
    record = step.record
    if not dropout:
        y = record.y.argmax(axis=1)
        own = cp.per_sample_gradients(record.network, record.a[0], y).array
    else:  # each sample through backprop's own pass is another dropout: delta a^T, written down
        parts = [
            np.concatenate([(d[:, :, None] * a[:, None]).reshape(len(d), -1), d], axis=1)
            for d, a in zip(record.delta, record.a[:-1], strict=True)
        ]
        own = np.concatenate(parts, axis=1)
    norms = np.linalg.norm(own, axis=1)
    order = np.argsort(-norms)[:12]
    assert [one["sample"] for one in found["samples"]] == order.tolist()
    assert [one["row"] for one in found["samples"]] == step.rows[order].tolist()
    np.testing.assert_allclose([one["norm"] for one in found["samples"]], norms[order], rtol=1e-12)
    shares = norms[order] / norms.sum()
    np.testing.assert_allclose([one["share"] for one in found["samples"]], shares, rtol=1e-12)
    cosines = own[order] @ record.gradient / norms[order] / np.linalg.norm(record.gradient)
    np.testing.assert_allclose([one["cosine"] for one in found["samples"]], cosines, atol=1e-12)


def test_a_row_and_the_next_batch_that_holds_it(studio):
    run = Run(Setup(data="moons"))
    for row, n in ((0, 0), (17, 5), (159, 40)):
        found = ask(studio, "row", n=n, data="moons", row=row)
        after, sample = found["next"]["n"], found["next"]["sample"]
        assert run.at(after).rows[sample] == row
        assert not any(row in run.at(k).rows for k in range(n, after))
        assert found["values"] == run.problem.X[row].tolist()
        assert found["y"] == run.problem.y[row]
        assert found["output"] == run.network_at(n).predict(run.problem.X[row : row + 1])[0]
    held = ask(studio, "row", data="moons", row="h3", n=0)
    assert held["next"] is None
    assert held["values"] == run.problem.X_held[3].tolist()


def test_cells_that_a_reader_has_set(studio):
    setup = {"data": "moons", "edit": "3:x[5,0]=0.75;3:y[5]=1"}
    before, after = (ask(studio, "points", n=n, **setup)["learned"] for n in (2, 3))
    assert before["places"][5][0] != 0.75
    assert after["places"][5][0] == 0.75
    assert after["targets"][5] == 1


def test_refusals(studio):
    assert "two inputs" in refusal(studio, "decisions", over="1,1")
    assert "over is 'x'" in refusal(studio, "decisions", over="x")
    assert "points is 1" in refusal(studio, "decisions", points=1)
    assert "row is 'h99999'" in refusal(studio, "row", row="h99999")
    assert "part is 'all'" in refusal(studio, "verdicts", part="all")
    assert "name a neuron" in refusal(studio, "decisions", of="a1[x]")
