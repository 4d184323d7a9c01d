"""A model's file: all of it comes back, and what is damaged is refused."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy

import clearprop as cp
from clearprop.files import model_file
from clearprop.tables.split import split_rows
from example_tables import CARS, PENGUINS


class TestFile:
    def test_all_of_it_comes_back(self, model, regression, tmp_path):
        for one, table in ((model, PENGUINS), (regression, CARS)):
            one.save(tmp_path / "m.safetensors")
            back = cp.Model.load(tmp_path / "m.safetensors")
            assert np.array_equal(back.predict(table), one.predict(table))
            assert back.report == one.report
            assert back.history is None
            assert (back.target, back.task, back.classes, back.columns, back.features) == (
                one.target, one.task, one.classes, one.columns, one.features
            )  # fmt: skip
            assert repr(back) == repr(one)

    def test_it_is_names_and_numbers(self, model, tmp_path):
        path = tmp_path / "m.safetensors"
        model.save(path)
        header = model_file.read_header(path, "model")
        assert set(header) == {"network", "inputs", "missing_words", "target", "report"}
        assert [one["column"] for one in header["inputs"]] == model.columns
        arrays = safetensors.numpy.load_file(path)
        assert set(arrays) == {"W1", "b1", "W2", "b2", "W3", "b3"} | {
            f"inputs.{name}" for name in ("median", "mean", "scale", "low", "high")
        }
        split = split_rows(344, model.encode_target(PENGUINS), 0.15, 0.2, 0)
        learned = PENGUINS.iloc[split.training]
        assert arrays["inputs.median"][1] == learned["bill_depth_mm"].median()
        assert arrays["inputs.high"][3] == learned["body_mass_g"].max()
        assert b"pickle" not in path.read_bytes()

    def test_a_regression_holds_its_errors_too(self, regression, tmp_path):
        path = tmp_path / "m.safetensors"
        regression.save(path)
        m = regression.report.rows["validation"]
        errors = np.array(model_file.read_header(path, "model")["calibration"])
        assert errors.shape == (m, 1)
        assert (np.diff(errors[:, 0]) >= 0).all()  # so that they say nothing of which row is which
        assert len(safetensors.numpy.load_file(path)) == 11  # as 0.1.0 knows them

    def test_loading_and_predicting_need_no_scikit_learn(self, model, tmp_path):
        model.save(tmp_path / "m.safetensors")
        PENGUINS.to_csv(tmp_path / "t.csv", index=False)
        code = (
            "import sys; sys.modules['sklearn'] = None; sys.modules['scipy'] = None\n"
            "import clearprop as cp\n"
            "model = cp.Model.load('m.safetensors')\n"
            "print(*model.predict('t.csv')[:2], model.evaluate('t.csv').rows)"
        )
        done = subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, capture_output=True, text=True)  # fmt: skip
        assert done.stderr == ""
        assert done.stdout == "Adelie Adelie 344\n"

    def test_network_and_model_files_are_told_apart(self, model, tmp_path):
        model.save(tmp_path / "model")
        model.network.save(tmp_path / "network")
        with pytest.raises(
            cp.ModelFileError, match="not a Clearprop network.*cp.Model.load reads it"
        ):
            cp.Network.load(tmp_path / "model")
        with pytest.raises(
            cp.ModelFileError, match="not a Clearprop model.*cp.Network.load reads it"
        ):
            cp.Model.load(tmp_path / "network")

    @pytest.mark.parametrize(
        "damage",
        [
            lambda h, a: h.pop("inputs"),
            lambda h, a: h["inputs"].pop(),
            lambda h, a: h["inputs"][0].update(kind="code"),
            lambda h, a: h["inputs"][0].update(kind="date", parts=["__import__"]),
            lambda h, a: h["target"].update(classes=["a", "b"]),
            lambda h, a: h["target"].update(classes=[["a"], ["b"], ["c"]]),
            lambda h, a: h["target"].update(classes=["a", "a", "b"]),
            lambda h, a: h["target"].update(classes="abc"),
            lambda h, a: h["target"].update(mean=[1, 2, 3]),
            lambda h, a: h["inputs"][0].update(parts=["years since 2000"]),
            lambda h, a: h["inputs"][0].update(categories=[1, 2, 3]),
            lambda h, a: h["inputs"][0]["reading"].update(date_format="%Q"),
            lambda h, a: h["inputs"][0]["reading"].update(decimal=";"),
            lambda h, a: h["inputs"][0]["reading"].update(unit=1),
            lambda h, a: h["inputs"][0].update(reading=3),
            lambda h, a: h.update(missing_words=["a", 1]),
            lambda h, a: h.update(missing_words="NA"),
            lambda h, a: h["target"].update(reading={"decimal": 1}),
            lambda h, a: h["inputs"][1].update(column="island"),
            lambda h, a: h["report"].update(rows=[]),
            lambda h, a: h["report"].update(rows={}),
            lambda h, a: h["report"].update(verdict=1),
            lambda h, a: h["network"].update(sizes=[15, 10**9, 3]),
            lambda h, a: h["report"].pop("rows"),
            lambda h, a: h["target"].update(scale=0),
            lambda h, a: h["target"].update(mean="x"),
            lambda h, a: a["inputs.scale"].fill(0),
            lambda h, a: a["inputs.median"].fill(np.nan),
            lambda h, a: a.pop("inputs.mean"),
            lambda h, a: a.update({"inputs.mean": a["inputs.mean"][:2]}),
            lambda h, a: a.update({"inputs.mean": a["inputs.mean"].astype("float32")}),
        ],
    )
    def test_damaged_files_are_refused(self, damage, model, tmp_path):
        path = tmp_path / "m.safetensors"
        model.save(path)
        header, arrays = model_file.read_header(path, "model"), safetensors.numpy.load_file(path)
        damage(header, arrays)
        model_file.write(path, "model", header, arrays)
        with pytest.raises(cp.ModelFileError) as caught:
            cp.Model.load(path)
        assert "\n" not in str(caught.value)

    def test_a_user_made_activation_is_asked_for(self, tmp_path):
        bent = cp.Activation(
            "bent", lambda z: np.sqrt(z * z + 1) - 1 + z, lambda z: z / np.sqrt(z * z + 1) + 1
        )
        table = pd.DataFrame({"x": np.linspace(0, 1, 30), "y": np.linspace(0, 1, 30) ** 2})
        model = cp.Model.fit(table, "y", activation=bent, epochs=2, compare=False)
        model.save(tmp_path / "m")
        with pytest.raises(cp.ModelFileError, match="bent"):
            cp.Model.load(tmp_path / "m")
        assert np.array_equal(cp.Model.load(tmp_path / "m", activations={"bent": bent}).predict(table), model.predict(table))  # fmt: skip
