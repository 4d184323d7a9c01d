"""Properties that hold for any network and any data (hypothesis looks for what breaks them)."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import clearprop as cp
from cases import pairings
from clearprop.activations import ACTIVATIONS
from clearprop.losses import LOSSES
from numeric import central_differences, relative_error

steady = settings(derandomize=True, max_examples=60)

numbers = st.floats(-3, 3, width=32)
seeds = st.integers(0, 2**64 - 1)


few = st.integers(1, 9)


@st.composite
def problems(draw, rows=few, inputs=numbers):
    """A network of any sizes from 1, with data and weights that fit it."""
    f, loss = draw(st.sampled_from(pairings()))
    n_out = draw(st.integers(1, 4))
    if f == "softmax":
        n_out = max(n_out, 2)
    sizes = [*draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)), n_out]
    single = 1 in sizes[1:-1]  # a softmax over one neuron is refused
    hidden = draw(st.sampled_from(sorted(set(ACTIVATIONS) - ({"softmax"} if single else set()))))
    network = cp.Network(
        sizes, hidden, output=f, loss=loss, biases=draw(st.booleans()), dtype="float64",
        seed=draw(seeds),
    )  # fmt: skip
    n = draw(rows)
    X = draw(arrays("float64", (n, sizes[0]), elements=inputs))
    kind = LOSSES[loss].targets
    if kind == "labels":
        y = draw(arrays("int64", n, elements=st.integers(0, n_out - 1)))
    else:
        low = {"real": -3, "unit": 0, "nonnegative": 0}[kind]
        high = 1 if kind == "unit" else 3
        y = draw(arrays("float64", (n, n_out), elements=st.floats(low, high, width=32)))
    weights = draw(st.none() | arrays("float64", n, elements=st.floats(0.125, 4, width=32)))
    return network, X, y, weights


@steady
@given(problems())
def test_the_gradient_predicts_the_change_of_the_cost(problem):
    """Along a random direction, where both one-sided slopes agree (away from kinks)."""
    network, X, y, weights = problem
    record = cp.backprop(network, X, y, sample_weight=weights)
    assert np.isfinite(record.gradient).all()
    direction = np.sin(1 + np.arange(network.n_parameters))
    h = 1e-6

    def cost(step):
        probe = network.copy()
        probe.parameters[:] += step * direction
        return cp.backprop(probe, X, y, sample_weight=weights)["L"]

    here, above, below = cost(0.0), cost(h), cost(-h)
    right, left = (above - here) / h, (here - below) / h
    slope = float(record.gradient @ direction)
    scale = 1 + abs(here) + np.abs(record.gradient).sum() * 10
    assert min(left, right) - 1e-4 * scale <= slope <= max(left, right) + 1e-4 * scale


@steady
@given(problems(rows=st.integers(2, 9)))
def test_a_batch_is_the_weighted_mean_of_its_samples(problem):
    network, X, y, weights = problem
    whole = cp.backprop(network, X, y, sample_weight=weights)
    w = np.ones(len(X)) if weights is None else weights
    parts = [cp.backprop(network, X[i : i + 1], y[i : i + 1]).gradient for i in range(len(X))]
    mean = np.average(parts, axis=0, weights=w)
    np.testing.assert_allclose(
        whole.gradient, mean, rtol=1e-9, atol=1e-12 * (1 + np.abs(mean).max())
    )


@steady
@given(problems(), st.integers(1, 12), st.integers(1, 5), st.booleans())
def test_training_goes_through_with_any_batch_size(problem, batch_size, shards, shuffle):
    """Shorter last batches, one sample, classes missing from a batch: all parameters finite."""
    network, X, y, weights = problem
    taken = list(
        cp.steps(network, X, y, sample_weight=weights, batch_size=batch_size, epochs=2,
                 shards=shards, shuffle=shuffle, optimizer=cp.Adam(0.01))
    )  # fmt: skip
    assert np.isfinite(network.parameters).all()
    for epoch in (1, 2):
        rows = np.concatenate([step.rows for step in taken if step.epoch == epoch])
        np.testing.assert_array_equal(np.sort(rows), np.arange(len(X)))
    sizes = {len(step.rows) for step in taken[: len(taken) // 2 - 1]}
    assert sizes <= {min(batch_size, len(X))}


@steady
@given(problems(inputs=st.floats(-1e6, 1e6, width=32)))
def test_extreme_inputs_give_finite_numbers_or_one_clear_error(problem):
    network, X, y, _ = problem
    before = network.parameters.copy()
    message = ""
    try:
        cp.train(network, X, y, epochs=1, batch_size=None)
    except cp.DivergenceError as error:
        message = str(error)
        np.testing.assert_array_equal(network.parameters, before)
    assert message == "" or "parameters of the last finite step are restored" in message
    assert np.isfinite(network.parameters).all()


@steady
@given(problems())
def test_zero_weights_are_a_network_like_any_other(problem):
    network, X, y, weights = problem
    network.parameters[:] = 0
    record = cp.backprop(network, X, y, sample_weight=weights)
    assert np.isfinite(record.gradient).all()
    assert (record["z1"] == 0).all()
    for layer in range(1, len(network.weights)):  # no error passes a matrix of zeros
        assert not record[f"delta{layer}"].any()
        assert not record[f"dW{layer}"].any()
    assert record[f"delta{len(network.weights)}"].shape[0] == len(X)


@steady
@given(problems(), st.floats(0.1, 10))
def test_the_scale_of_weights_does_not_matter(problem, factor):
    network, X, y, weights = problem
    w = np.ones(len(X)) if weights is None else weights
    a, b = (cp.backprop(network, X, y, sample_weight=v) for v in (w, factor * w))
    np.testing.assert_allclose(a.gradient, b.gradient, rtol=1e-9, atol=1e-12)


@steady
@given(problems())
def test_files_give_back_every_bit(tmp_path_factory, problem):
    network, X, _, _ = problem
    path = tmp_path_factory.mktemp("files") / "n.safetensors"
    network.save(path)
    loaded = cp.Network.load(path)
    np.testing.assert_array_equal(loaded.parameters, network.parameters)
    np.testing.assert_array_equal(loaded.predict(X), network.predict(X))


@steady
@given(st.integers(2, 5), st.data())
def test_a_class_missing_from_the_data_is_no_error(n_classes, data):
    X = data.draw(arrays("float64", (6, 2), elements=numbers))
    network = cp.Network([2, 3, n_classes], "tanh", output="softmax", dtype="float64", seed=1)
    y = np.zeros(6, dtype=int)
    record = cp.backprop(network, X, y)
    assert relative_error(record.gradient, central_differences(network, X, y)) < 1e-5
    cp.train(network, X, y, epochs=1, metrics="accuracy", batch_size=2)
