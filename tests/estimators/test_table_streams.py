"""TableClassifier and TableRegressor on streams: the numbers of the same table in memory."""

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError

import clearprop as cp
from clearprop.errors import ArgumentError, ColumnError
from clearprop.estimators import TableClassifier, TableRegressor
from framed_streams import framed, mixed

QUICK = {"hidden": [8], "epochs": 2, "random_state": 0}


def streamed(frame, target, window):
    stream = framed(frame, window)
    stream.target = target
    return stream


@pytest.mark.parametrize(
    ("kind", "target", "settings"),
    [
        (TableClassifier, "grade", {"class_weight": {"low": 2.0}}),
        (TableRegressor, "score", {"loss": "huber"}),
    ],
)
class TestBoth:
    def test_a_window_that_holds_all_gives_the_numbers_of_a_table(self, kind, target, settings):
        table = mixed(400)
        found = kind(**QUICK, **settings).fit(streamed(table, target, 400))
        same = kind(**QUICK, **settings).fit(table.drop(target), table[target])
        np.testing.assert_array_equal(
            found.model_.network.parameters, same.model_.network.parameters
        )
        assert found.loss_curve_ == same.loss_curve_
        assert found.feature_names_in_.tolist() == same.feature_names_in_.tolist()
        assert found.n_features_in_ == same.n_features_in_
        if kind is TableClassifier:
            assert found.classes_.tolist() == same.classes_.tolist()
        rows = table.drop(target)
        np.testing.assert_array_equal(found.predict(rows), same.predict(rows))

    def test_more_rows_are_streamed(self, kind, target, settings):
        table = mixed(1000)
        found = kind(**QUICK, **settings).fit(streamed(table, target, 300))
        assert found.model_.split is None
        assert found.score(table.drop(target), table[target]) > 0
        with pytest.raises(ValueError, match="feature"):
            found.predict(table.drop([target, "x"]))

    def test_what_does_not_go_with_a_stream(self, kind, target, settings):
        table = mixed(100)
        stream = streamed(table, target, 100)
        one = kind(**QUICK, **settings)
        with pytest.raises(ArgumentError, match="y of a stream is in the stream"):
            one.fit(stream, table[target])
        with pytest.raises(ArgumentError, match="sample_weight of a stream is in"):
            one.fit(stream, sample_weight=np.ones(100))
        with pytest.raises(ArgumentError, match="the stream names no target"):
            one.fit(streamed(table, None, 100))
        with pytest.raises(ArgumentError, match="the stream names no target"):
            one.fit(cp.stream(np.zeros((10, 2)), np.zeros(10)))
        with pytest.raises(ColumnError, match="no column 'prize'"):
            one.fit(streamed(table, "prize", 100))
        with pytest.raises(ValueError, match="requires y to be passed"):
            one.fit(table)
        with pytest.raises(NotFittedError):
            one.predict(table)
