"""Data of every library, and bad input: one line that says what, where and what to do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

import clearprop as cp


@pytest.fixture
def network():
    return cp.Network([3, 2], output="softmax", dtype="float64", seed=1)


X = np.arange(12.0).reshape(4, 3) / 10
Y = np.array([0, 1, 1, 0])


def assert_refused(network, error, message, X=X, y=Y, **cost):
    """The same refusal from backprop and from train, and nothing is changed by either."""
    before = network.parameters.copy()
    for call in (cp.backprop, cp.train, cp.steps):
        with pytest.raises(error, match=message) as caught:
            call(network, X, y, **cost)
        assert "\n" not in str(caught.value)
        assert isinstance(caught.value, cp.DataError | cp.ArgumentError)
    np.testing.assert_array_equal(network.parameters, before)


class TestInputs:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: X.tolist(),
            lambda: tuple(map(tuple, X)),
            lambda: X.astype("float32").astype("float64"),
            lambda: np.asfortranarray(X),
            lambda: X[::-1][::-1],
            lambda: pd.DataFrame(X, columns=list("abc")),
            lambda: pl.DataFrame(X, schema=list("abc")),
            lambda: pa.table(pd.DataFrame(X, columns=list("abc"))),
            lambda: memoryview(X),
            lambda: _Arraylike(X),
            lambda: np.ma.masked_array(X),
        ],
    )
    def test_arrays_and_tables_give_the_same_numbers(self, network, make):
        np.testing.assert_allclose(network.predict(make()), network.predict(X), rtol=1e-6)

    @pytest.mark.parametrize("names", [None, [0, "b", 2.5], ["b", "a", "c"]])
    def test_pandas_columns_of_any_name(self, network, names):
        table = pd.DataFrame(X, columns=names)
        np.testing.assert_array_equal(network.predict(table), network.predict(X))
        rows = cp.backprop(network, table, pd.DataFrame(np.eye(2)[Y]))
        np.testing.assert_array_equal(rows.gradient, cp.backprop(network, X, Y).gradient)

    def test_columns_of_the_same_name_are_assert_refused(self, network):
        assert_refused(network, cp.ShapeError, "two columns of the same name",
                X=pd.DataFrame(X, columns=["a", "b", "a"]))  # fmt: skip

    def test_what_another_librarys_array_raises_is_one_line(self, network):
        class Stubborn:
            def __array__(self, dtype=None, copy=None):
                raise RuntimeError("detach me first\nthen call numpy()")

        assert_refused(
            network,
            cp.TypeOfDataError,
            "cannot be read as an array: detach me first$",
            X=Stubborn(),
        )

    def test_a_record_is_no_door_to_the_callers_data(self, network):
        own, shares = X.copy(), np.eye(2)[Y]
        record = cp.backprop(network, own, shares)
        record["a0"][:] = 0
        record.y[:] = 0
        np.testing.assert_array_equal(own, X)
        np.testing.assert_array_equal(shares, np.eye(2)[Y])

    @pytest.mark.parametrize("library", [pd, pl])
    def test_targets_and_weights_as_columns(self, network, library):
        y, w = library.Series(Y), library.Series([1.0, 2.0, 3.0, 4.0])
        record = cp.backprop(network, X, y, sample_weight=w)
        expected = cp.backprop(network, X, Y, sample_weight=[1.0, 2.0, 3.0, 4.0])
        np.testing.assert_array_equal(record.gradient, expected.gradient)

    def test_a_column_of_integers_and_booleans(self):
        network = cp.Network([2, 1], dtype="float64")
        table = pd.DataFrame({"a": [1, 2], "b": [True, False]})
        np.testing.assert_array_equal(
            network.predict(table), network.predict([[1.0, 1.0], [2.0, 0.0]])
        )

    @pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
    def test_nan_and_infinity_name_row_and_column(self, network, bad):
        spoiled = X.copy()
        spoiled[2, 1] = bad
        assert_refused(network, cp.NonFiniteDataError, rf"X at row 2, column 1 is {bad}", X=spoiled)
        table = pd.DataFrame(spoiled, columns=["height", "width", "depth"])
        with pytest.raises(cp.NonFiniteDataError, match=r"column 'width'|column 1 \('width'\)"):
            network.predict(table)

    def test_the_row_is_right_far_into_long_data(self, network):
        long = np.zeros((1_000_000, 3))
        long[700_001, 2] = np.nan
        with pytest.raises(cp.NonFiniteDataError, match="row 700001, column 2"):
            network.predict(long)

    def test_missing_values_of_tables(self, network):
        table = pl.DataFrame({"a": [1.0, None], "b": [1.0, 2.0], "c": [None, None]})
        with pytest.raises(cp.NonFiniteDataError, match="X is missing at row 1, column 'a'"):
            network.predict(table)
        with pytest.raises(cp.NonFiniteDataError, match="y has 1 missing"):
            cp.backprop(network, X, pl.Series([0, 1, None, 0]))
        masked = np.ma.masked_array(X, mask=X > 1)
        assert_refused(network, cp.NonFiniteDataError, "masked", X=masked)

    def test_numbers_too_large_for_float32(self):
        network = cp.Network([3, 2])
        big = X.copy()
        big[1, 2] = 1e300
        with pytest.raises(
            cp.NonFiniteDataError, match=r"row 1, column 2 is 1e\+300, too large for fl"
        ):
            network.predict(big)

    @pytest.mark.parametrize(
        ("bad", "error", "message"),
        [
            (X[:, :2], cp.ShapeError, "2 columns, but the network takes 3"),
            (X[0], cp.ShapeError, r"shape \(3,\): one sample is X\[None, :\]"),
            (X[None], cp.ShapeError, r"\(1, 4, 3\): pictures become rows by X.reshape\(len\(X\), -1\)"),
            (np.float64(3), cp.ShapeError, r"has shape \(\)"),
            (X[:0], cp.ShapeError, "no rows"),
            ([[1, 2, 3], [1, 2]], cp.ShapeError, "rows of different lengths"),
            ([["a", "b", "c"]] * 4, cp.TypeOfDataError, "holds text such as 'a'"),
            ([[1, 2, None]] * 4, cp.TypeOfDataError, r"None, a NoneType, at \[0, 2\]"),
            (X.astype(object), cp.TypeOfDataError, "objects: pass an array of a numeric dtype"),
            (np.zeros((4, 3), "M8[s]"), cp.TypeOfDataError, "dates or times"),
            (X + 1j, cp.TypeOfDataError, "X is complex, but the network is float64"),
            (scipy.sparse.csr_array(X), cp.TypeOfDataError, r"sparse.*X.toarray\(\)"),
            (None, cp.TypeOfDataError, "None, a NoneType"),
            (pd.DataFrame({"a": [1.0] * 4, "b": ["x"] * 4, "c": [1] * 4}), cp.TypeOfDataError,
             "X's column 'b' holds String, not numbers"),
            (pl.DataFrame({"a": [1.0] * 4}), cp.ShapeError, "1 columns"),
            (pl.DataFrame(), cp.ShapeError, "no columns"),
        ],
    )  # fmt: skip
    def test_other_things_that_are_no_inputs(self, network, bad, error, message):
        assert_refused(network, error, message, X=bad)

    def test_nothing_passed_in_is_changed(self, network):
        X0, y0, w0 = X.copy(), Y.copy(), np.ones(4)
        X1, y1, w1 = X0.copy(), y0.copy(), w0.copy()
        for array in (X1, y1, w1):
            array.flags.writeable = False
        cp.train(network, X1, y1, sample_weight=w1, epochs=3, validation=0.3, dropout=0.2)
        for now, then in ((X1, X0), (y1, y0), (w1, w0)):
            np.testing.assert_array_equal(now, then)


class _Arraylike:
    def __init__(self, array):
        self._array = array

    def __array__(self, dtype=None, copy=None):
        return np.array(self._array, dtype=dtype)


class TestTargets:
    @pytest.mark.parametrize(
        ("y", "error", "message"),
        [
            (Y[:3], cp.ShapeError, "X has 4 rows, but y has 3"),
            ([0, 1, 2, 0], cp.TargetError, r"y\[2\] is 2, but the network has 2 outputs: .* 0..1$"),
            ([0, -1, 2, 0], cp.TargetError, r"y\[1\] is -1.*and 1 more label"),
            ([0, 0.5, 1, 0], cp.TargetError, r"y\[1\] is 0.5, but labels are integers 0..1"),
            ([0, np.nan, 1, 0], cp.TargetError, r"y\[1\] is nan, but labels"),
            (["a", "b", "a", "b"], cp.TypeOfDataError, "text such as 'a'"),
            (np.ones((4, 3)) / 3, cp.ShapeError, r"shape \(4, 3\)$"),
            ([[0.5, 0.5], [1, 0], [0.9, 0.2], [1, 1]], cp.TargetError,
             r"y row 2 sums to 1.1, .*and 1 more row"),
            ([[1.5, -0.5]] * 4, cp.TargetError, "row 0, column 0 is 1.5, .* from 0 to 1"),
            ([[np.nan, 1]] * 4, cp.NonFiniteDataError, "y at row 0, column 0 is nan"),
            (3, cp.ShapeError, r"has shape \(\)"),
        ],
    )  # fmt: skip
    def test_labels_that_do_not_fit(self, network, y, error, message):
        assert_refused(network, error, message, y=y)

    @pytest.mark.parametrize(
        "y", [Y, Y[:, None], Y.tolist(), Y.astype(float), Y.astype(bool), Y.astype("uint8"), np.eye(2)[Y],
              np.eye(2, dtype=int)[Y], np.eye(2, dtype="float32")[Y]]
    )  # fmt: skip
    def test_labels_in_every_form(self, network, y):
        expected = cp.backprop(network, X, Y)
        np.testing.assert_array_equal(cp.backprop(network, X, y).gradient, expected.gradient)

    def test_one_output_takes_a_flat_y(self):
        network = cp.Network([3, 1], dtype="float64")
        flat, column = np.arange(4.0), np.arange(4.0)[:, None]
        np.testing.assert_array_equal(
            cp.backprop(network, X, flat).gradient, cp.backprop(network, X, column).gradient
        )
        assert_refused(
            network, cp.ShapeError, r"must have shape \(4, 1\) or \(4,\)", y=np.ones((4, 2))
        )

    def test_labels_for_a_loss_that_takes_rows(self):
        network = cp.Network([3, 5], activations="sigmoid", loss="squared_error")
        assert_refused(network, cp.ShapeError, r"labels become rows by np.eye\(5\)\[y\]")
        for y in (
            [-1, 0, 1, 2],
            [0, 1, 2, 5],
            [True, False, True, False],
        ):  # of which it makes none
            assert_refused(network, cp.ShapeError, r"has shape \(4,\)$", y=np.array(y))

    def test_domains_of_losses(self):
        assert_refused(
            cp.Network([3, 1], output="sigmoid"),
            cp.TargetError, "row 1, column 0 is 2, .* from 0 to 1$", y=[0, 2, 1, 0],
        )  # fmt: skip
        assert_refused(
            cp.Network([3, 1], output="exp", loss="poisson"),
            cp.TargetError, "row 3, column 0 is -1, .* 0 or more", y=[0, 2, 1, -1],
        )  # fmt: skip

    def test_validation_data_are_checked_too(self, network):
        with pytest.raises(cp.ShapeError, match="validation X has 2 columns"):
            cp.train(network, X, Y, validation=(X[:, :2], Y))
        with pytest.raises(cp.TargetError, match=r"validation y\[0\] is 7"):
            cp.train(network, X, Y, validation=(X, Y + 7))


class TestSampleWeights:
    @pytest.mark.parametrize(
        ("weights", "error", "message"),
        [
            ([1, 2, 3], cp.ShapeError, r"must have shape \(4,\), but has shape \(3,\)"),
            ([[1, 2, 3, 4]], cp.ShapeError, r"shape \(1, 4\)"),
            (
                [1, -2, -3, 4],
                cp.SampleWeightError,
                r"sample_weight\[1\] is -2; .*and 1 more weight",
            ),
            ([0, 0, 0, 0], cp.SampleWeightError, "all zero"),
            ([1e308, 1e308, 1, 1], cp.SampleWeightError, "sum of sample_weight is infinite"),
            ([1, np.nan, 1, 1], cp.NonFiniteDataError, "sample_weight at row 1"),
            (["a"] * 4, cp.TypeOfDataError, "text"),
        ],
    )
    def test_weights_that_do_not_fit(self, network, weights, error, message):
        assert_refused(network, error, message, sample_weight=weights)

    def test_whole_weights_count_like_repeated_rows(self, network):
        weights = [1, 3, 0, 2]
        rows = np.repeat(np.arange(4), weights)
        np.testing.assert_allclose(
            cp.backprop(network, X, Y, sample_weight=weights).gradient,
            cp.backprop(network, X[rows], Y[rows]).gradient,
            rtol=1e-13,
        )
