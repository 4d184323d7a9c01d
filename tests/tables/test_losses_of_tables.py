"""Losses and transforms of a target: what is learned, and predictions in the target's own unit."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

import clearprop as cp
from c_programs import library, run
from clearprop.tables.split import split_rows
from clearprop.tables.target import TRANSFORMS

SETTINGS = [{"target_transform": "log"}, {"target_transform": "log1p"}, {"loss": "poisson"}]
LEVELS = [0.1, 0.5, 0.9]
QUICK = {"progress": False, "compare": False}


def _table(n=200, kind="price"):
    draw = np.random.default_rng(0)
    x = draw.normal(size=(n, 2))
    rate = np.exp(1 + x @ [0.8, -0.5])
    y = draw.poisson(rate) if kind == "count" else rate * np.exp(0.3 * draw.normal(size=n))
    return pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "y": y})


class TestTransform:
    @pytest.mark.parametrize("name", ["log", "log1p"])
    def test_is_a_model_of_the_logarithm(self, name, tmp_path):
        table = _table()
        forward, back = {
            "log": (np.log, np.exp),
            "log1p": (np.log1p, lambda z: np.maximum(np.expm1(z), 0)),
        }[name]
        one = cp.Model.fit(table, "y", target_transform=name, epochs=5, **QUICK)
        other = cp.Model.fit(table.assign(y=forward(table["y"])), "y", epochs=5, **QUICK)
        np.testing.assert_array_equal(one.network.parameters, other.network.parameters)
        np.testing.assert_allclose(one.predict(table), back(other.predict(table)), rtol=1e-12)
        np.testing.assert_allclose(one.encode_target(table), other.encode_target(
            table.assign(y=forward(table["y"]))
        ))  # fmt: skip
        one.save(tmp_path / "m")
        again = cp.Model.load(tmp_path / "m")
        np.testing.assert_array_equal(again.predict(table), one.predict(table))
        again.save(tmp_path / "n")
        assert (tmp_path / "n").read_bytes() == (tmp_path / "m").read_bytes()

    def test_scores_are_in_the_targets_unit(self):
        table = _table()
        model = cp.Model.fit(
            table, "y", target_transform="log", epochs=30, progress=False, test=table[150:]
        )
        scores = model.report.scores
        assert scores["this network"] == pytest.approx(model.evaluate(table[150:]).figures)
        from sklearn.dummy import DummyRegressor
        from sklearn.metrics import r2_score

        true = table["y"][150:]
        for name in ("mean", "median"):
            dummy = DummyRegressor(strategy=name).fit(table[["a"]], table["y"])
            expected = r2_score(true, dummy.predict(table[["a"]][150:]))
            assert scores[name]["R2"] == pytest.approx(expected, abs=1e-3)
        assert any("nearer to the median" in note for note in model.report.notes)

    @pytest.mark.parametrize(
        ("name", "value", "takes"), [("log", 0, "above 0"), ("log1p", -0.5, "0 or more")]
    )
    def test_the_row_that_has_none(self, name, value, takes):
        table = _table()
        table.loc[[0, 7], "y"] = [np.nan, value]
        message = rf"target 'y' is {value} in row 7 \(from 0\), but {name} takes numbers {takes}"
        with pytest.raises(cp.TargetError, match=message):
            cp.Model.fit(
                table, "y", target_transform=name, drop_missing_target=True, epochs=1, **QUICK
            )
        fine = table.drop(index=[0, 7])
        with pytest.raises(cp.TargetError, match=f"test: {message}"):
            cp.Model.fit(fine, "y", target_transform=name, drop_missing_target=True, test=table,
                         epochs=1, **QUICK)  # fmt: skip
        model = cp.Model.fit(fine, "y", target_transform=name, epochs=1, **QUICK)
        with pytest.raises(cp.TargetError, match="takes numbers"):
            model.encode_target(table[1:])

    @pytest.mark.parametrize(
        "settings",
        [*SETTINGS, *({"quantiles": LEVELS, "target_transform": name} for name in TRANSFORMS)],
        ids=str,
    )
    @pytest.mark.parametrize("lower", [0, 3])
    def test_exports_give_the_number_in_its_unit(self, settings, lower, tmp_path):
        table = _table(kind="count" if "loss" in settings else "price")
        model = cp.Model.fit(
            table, "y", task="regression", epochs=5, hidden=[5], **settings, **QUICK
        )
        model.network["b2"][:] -= lower  # so that a log1p may say less than 0
        X, expected = table[["a", "b"]].to_numpy().copy(), model.predict(table)[:, None]
        if model.quantiles:
            expected = model.predict_quantiles(table)
        if lower and model.target_transform == "log1p":
            assert (expected == 0).any()
        assert (expected >= 0).all()
        n = expected.shape[1]
        if shutil.which("gcc"):
            made = library({"net": model.to_c()}, tmp_path)
            np.testing.assert_allclose(run(made, "net", X, n), expected, rtol=1e-5, atol=1e-6)
        runtime = pytest.importorskip("onnxruntime")
        session = runtime.InferenceSession(
            model.to_onnx().SerializeToString(), providers=["CPUExecutionProvider"]
        )
        (found,) = session.run(["variable"], {"a": X[:, :1], "b": X[:, 1:]})
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        torch = pytest.importorskip("torch")
        with torch.no_grad():
            found = model.to_torch()(torch.from_numpy(X)).numpy()
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)

    @pytest.mark.parametrize("settings", SETTINGS, ids=str)
    def test_intervals_end_where_the_target_does(self, settings):
        """And hold as many rows as they would without."""
        table = _table(600, kind="count" if settings != SETTINGS[0] else "price")
        model = cp.Model.fit(
            table, "y", task="regression", epochs=20, hidden=[5], **settings, **QUICK
        )
        lower, upper = model.predict_interval(table).T
        assert (lower >= 0).all()
        assert (lower == 0).any() == (settings != SETTINGS[0])
        predicted = model.predict(table)
        assert ((lower <= predicted) & (predicted <= upper)).all()
        y = table["y"].to_numpy()
        assert ((lower <= y) & (y <= upper)).mean() > 0.85
        test = split_rows(len(table), None, 0.15, 0.2, 0).test
        told = model.report.intervals
        assert told["held"] == ((lower <= y) & (y <= upper))[test].mean()
        assert told["mean_width"] == pytest.approx((upper - lower)[test].mean())

    def test_refused(self):
        with pytest.raises(cp.ArgumentError, match="it must be 'log' or 'log1p', or None"):
            cp.Model.fit(_table(), "y", target_transform="sqrt", **QUICK)
        classes = _table().assign(y=["u", "v"] * 100)
        with pytest.raises(cp.ArgumentError, match="predicted as a class"):
            cp.Model.fit(classes, "y", target_transform="log", **QUICK)
        with pytest.raises(cp.ArgumentError, match="logarithm of its own"):
            cp.Model.fit(
                _table(kind="count"), "y", target_transform="log1p", loss="poisson",
                task="regression", **QUICK,
            )  # fmt: skip

    def test_old_readers_do_not_take_it_for_the_number(self, tmp_path):
        from clearprop.files import model_file

        cp.Model.fit(_table(), "y", target_transform="log", epochs=1, **QUICK).save(tmp_path / "m")
        with model_file.opened(tmp_path / "m", "model") as file:
            assert not {"mean", "scale"} & set(file.header["target"])


class TestLosses:
    def test_poisson_predicts_rates(self, tmp_path):
        table = _table(1000, "count")
        model = cp.Model.fit(
            table, "y", loss="poisson", task="regression", epochs=60, progress=False, hidden=[20]
        )
        assert model.network.activations[-1].name == "exp"
        predicted = model.predict(table)
        assert (predicted > 0).all()
        rate = np.exp(1 + table[["a", "b"]].to_numpy() @ [0.8, -0.5])
        assert np.corrcoef(predicted, rate)[0, 1] > 0.9
        assert predicted.mean() == pytest.approx(table["y"].mean(), rel=0.1)
        model.save(tmp_path / "m")
        np.testing.assert_array_equal(cp.Model.load(tmp_path / "m").predict(table), predicted)

    def test_a_quantile_and_an_absolute_error(self):
        table = _table(1500)
        for loss, share in ((cp.quantile(0.9), 0.9), ("absolute_error", 0.5), ("quantile", 0.5)):
            model = cp.Model.fit(table, "y", loss=loss, epochs=80, hidden=[20], **QUICK)
            below = (table["y"] < model.predict(table)).mean()
            assert below == pytest.approx(share, abs=0.06), loss

    def test_the_loss_of_the_run_and_of_the_file(self, tmp_path):
        model = cp.Model.fit(_table(), "y", loss=cp.huber(0.5), epochs=1, **QUICK)
        model.save(tmp_path / "m")
        assert repr(cp.Model.load(tmp_path / "m").network.loss) == "huber(threshold=0.5)"
        plain = cp.Model.fit(_table(), "y", epochs=1, **QUICK)
        named = cp.Model.fit(_table(), "y", loss="squared_error", epochs=1, **QUICK)
        np.testing.assert_array_equal(plain.network.parameters, named.network.parameters)
        assert not np.array_equal(plain.network.parameters, model.network.parameters)

    def test_refused(self):
        classes = _table().assign(y=["u", "v"] * 100)
        with pytest.raises(cp.ArgumentError, match="loss cross_entropy, not squared_error"):
            cp.Model.fit(classes, "y", loss="squared_error", **QUICK)
        assert cp.Model.fit(classes, "y", loss="cross_entropy", epochs=1, **QUICK).classes
        for name in ("cross_entropy", "binary_cross_entropy"):
            with pytest.raises(cp.ArgumentError, match=f"not learned with the loss {name}"):
                cp.Model.fit(_table(), "y", loss=name, **QUICK)
        negative = _table().assign(y=lambda t: t["y"] - 5)
        with pytest.raises(
            cp.TargetError, match=r"in row \d+ .from 0., but the loss poisson takes"
        ):
            cp.Model.fit(negative, "y", loss="poisson", **QUICK)
        with pytest.raises(cp.UnknownNameError, match="did you mean 'poisson'"):
            cp.Model.fit(_table(), "y", loss="poison", **QUICK)
