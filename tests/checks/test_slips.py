"""Ordinary slips at the keyboard: each gets one line of Clearprop's own, never a traceback's."""

from __future__ import annotations

import numpy as np
import pytest

import clearprop as cp

X, Y = np.eye(3), np.array([0, 1, 2])
NAN = float("nan")


def train(**settings):
    return cp.train(cp.Network([3, 3], output="softmax"), X, Y, **settings)


def _named(name):
    def metric(y, output):
        return 0.0

    metric.__name__ = name
    return metric


@pytest.mark.parametrize(
    ("slip", "message"),
    [
        (lambda: train(optimizer=cp.SGD), r"optimizer is the class SGD; write SGD\(\)"),
        (lambda: cp.Adam(cp.cosine), r"is cp.cosine itself; call it: cp.cosine\(0.1, ...\)"),
        (lambda: cp.SGD("0.1"), "SGD: learning_rate is '0.1'; it must be a number above 0"),
        (lambda: cp.SGD(None), "SGD: learning_rate is None"),
        (lambda: cp.SGD(True), "SGD: learning_rate is True"),
        (
            lambda: cp.SGD(0.1, momentum="a"),
            r"SGD: momentum is 'a'; it must be a number in \[0, 1\)",
        ),
        (lambda: cp.Adam(lambda t: 0.1), r"a schedule is called with \(t, total\)"),
        (
            lambda: train(optimizer=cp.SGD(lambda t, n: None)),
            "schedule's value at update 0 is None",
        ),
        (
            lambda: train(optimizer=cp.SGD(lambda t, n: -0.1)),
            "value at update 0 is -0.1; .* 0 or more",
        ),
        (lambda: train(optimizer=cp.SGD(lambda t, n: NAN)), "value at update 0 is nan"),
        (lambda: cp.cosine("a"), "initial is 'a'"),
        (lambda: cp.cosine(0.1, final=-1), "final is -1"),
        (lambda: cp.step(0.1, every=1.5), "every is 1.5; it must be a whole number of updates"),
        (lambda: cp.huber("a"), "huber's threshold is 'a'"),
        (lambda: cp.quantile(None), "quantile's q is None"),
        (lambda: cp.uniform(None), "limit is None"),
        (lambda: cp.EarlyStopping(None), "patience is None; it must be a number of epochs"),
        (lambda: train(l2=None), "l2 is None"),
        (lambda: train(l2="a"), "l2 is 'a'"),
        (lambda: train(dropout=None), "dropout is None"),
        (lambda: train(epochs="3"), "epochs is '3'"),
        (lambda: train(batch_size="3"), "batch_size is '3'"),
        (
            lambda: train(validation=[X, Y]),
            r"validation is a list; give \(X, y\), \(X, y, sample_weight\), or a share",
        ),
        (lambda: train(metrics=lambda y, a: "good"), "returned a str; it must be one number"),
        (lambda: train(metrics=lambda y, a: a), "returned a ndarray; it must be one number"),
        (
            lambda: train(metrics=[lambda y, a: 0, lambda y, a: 1]),
            "same name .* make them with def",
        ),
        (lambda: train(metrics=_named("loss")), "a metric is called 'loss'.*rename it"),
        (lambda: train(metrics=_named("validation_loss")), "called 'validation_loss'"),
        (lambda: cp.Network([3, 3]).predict({"a": "b" * 1000}), r"\{'a': 'bbb.*\.\.\., a dict"),
        (lambda: cp.Network([float("inf"), 2]), "whole numbers"),
        (lambda: cp.Network.from_weights([[[1.0]]], [["a"]]), "b1 must hold numbers"),
        (lambda: cp.backprop(cp.Network([3, 3], output="softmax"), X, Y + 0j), "y is complex"),
        (
            lambda: cp.train(X, Y, cp.Network([3, 3])),
            "first argument is a ndarray; give a cp.Network",
        ),
        (lambda: cp.backprop(X, Y, Y), "first argument is a ndarray"),
        (lambda: cp.steps(None, X, Y), "first argument is a NoneType"),
        (lambda: cp.Network([3, 3], loss=3), "loss is 3; it must be a name"),
        (lambda: cp.Network([3, 3], loss="mse"), "did you mean 'squared_error'"),
        (lambda: cp.Network([3, 3], "swish"), "did you mean 'silu'"),
        (lambda: cp.Network([3, 3], np.tanh), "give a name, a cp.Activation"),
        (lambda: cp.Network([3, 3], [None]), "an activation is None; it must be a name"),
        (lambda: cp.Network([3, True]), "whole numbers"),
        (lambda: cp.Network([3, 3], dtype="banana"), "dtype is 'banana'"),
        (lambda: cp.Network([3, 3], biases=None), "an initializer is None"),
        (lambda: cp.Network([3, 3], biases=cp.normal), "an initializer is <function normal"),
        (lambda: cp.Network([3, 3], biases=[1, 2]), "an initializer is "),
        (lambda: cp.Network([3, 3], initializer=cp.normal), "such as cp.normal"),
        (lambda: cp.Network([3, 3], initializer="xavier"), "did you mean 'glorot_uniform'"),
        (lambda: cp.Network([10**6] * 3), "2,000,002,000,000 parameters need 8,000 GB"),
        (lambda: cp.Network([10**12] * 2), "parameters need 4,000,000,000,004,000 GB"),
        (lambda: cp.Network.from_weights([[[1, 2], [3]]]), "W1 has rows of different lengths"),
        (lambda: cp.Network.from_weights([[[1, 2]]], [[[1], [2, 3]]]), "b1 has rows of different"),
        (lambda: cp.Network([3, 3])["W01"], "names no element"),
        (lambda: cp.Network([3, 3])["W\u0661"], "names no element"),
    ],
)
def test_one_line_says_what_and_what_to_do(slip, message):
    with pytest.raises(cp.ClearpropError, match=message) as caught:
        slip()
    assert "\n" not in str(caught.value)


def test_numbers_of_numpys_types_are_numbers():
    history = train(
        l2=np.float32(0.1), dropout=np.float64(0.0), epochs=np.int64(2), batch_size=np.int32(2),
        validation=np.float32(0.4), early_stopping=np.int64(3), precision=np.float64,
        optimizer=cp.SGD(np.float32(0.1)),
    )  # fmt: skip
    assert [epoch.updates for epoch in history.epochs] == [1, 2]  # two rows of three are left


def test_a_record_goes_into_a_dictionary():
    record = cp.backprop(cp.Network([3, 3], output="softmax"), X, Y)
    assert list(record) == ["a0", "z1", "a1", "delta1", "dW1", "db1", "da0", "L"]
    assert dict(record)["L"] == record.loss
    assert "dW1" in record
    assert "dW1[2,0]" in record
    assert "dW2" not in record
    assert 3 not in record
