"""clearprop export: what it writes, prints and refuses; the consumers read the files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import clearprop as cp
import command_line
from export_tables import assert_near, cube, numbers_of, numeric_table

invoke = partial(command_line.invoke, "export")


def refused(message: str, *arguments: object) -> None:
    command_line.refused(message, "export", *arguments)


TABLE = numeric_table().drop(columns="price")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    model = cp.Model.fit(TABLE, "kind", hidden=[6], epochs=5, compare=False)
    model.save(folder / "sizes.safetensors")
    cp.Network([4, 8, 3], "exp", "softmax").save(folder / "net.safetensors")
    colored = TABLE.assign(color=list("rgb") * 50)
    cp.Model.fit(colored, "kind", hidden=[2], epochs=1, compare=False).save(folder / "text.safetensors")  # fmt: skip
    return folder


@pytest.fixture
def here(saved, tmp_path, monkeypatch):
    for path in saved.iterdir():
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)


X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


class TestOnnx:
    @pytest.fixture(autouse=True)
    def runtime(self, here):
        pytest.importorskip("onnx")
        self.runtime = pytest.importorskip("onnxruntime")

    def test_a_model(self):
        result = invoke("sizes.safetensors", "--to", "onnx")
        assert result.exit_code == 0
        assert result.stdout == (
            "sizes.onnx\n  size (cm), time, owned, tested, rare -> label, probabilities; opset 17\n"
        )
        model, session = (
            cp.Model.load("sizes.safetensors"),
            self.runtime.InferenceSession("sizes.onnx"),
        )
        given = {
            one.name: (
                TABLE[[one.name]].fillna("").astype(str).to_numpy(dtype=object)
                if one.type == "tensor(string)" else TABLE[[one.name]].to_numpy(dtype=float)
            )
            for one in session.get_inputs()
        }  # fmt: skip
        label, shares = session.run(None, given)
        assert label.tolist() == model.predict(TABLE).tolist()
        assert_near(shares, model.predict_proba(TABLE), 1e-5)

    def test_a_network(self):
        result = invoke("net.safetensors", "--to", "onnx", "--out", "other.onnx")
        assert result.stdout == "other.onnx\n  X -> label, probabilities; opset 17\n"
        found = self.runtime.InferenceSession("other.onnx").run(["probabilities"], {"X": X})[0]
        assert_near(found, cp.Network.load("net.safetensors").predict(X), 1e-5)

    def test_text_is_taken(self):
        assert invoke("text.safetensors", "--to", "onnx").exit_code == 0


class TestC:
    def test_a_model(self, here):
        result = invoke("sizes.safetensors", "--to", "c")
        assert result.exit_code == 0
        assert result.stdout == "sizes.h\n  void sizes_predict(const double *x, double *y); link with -lm\n"  # fmt: skip
        assert Path("sizes.h").read_text() == cp.Model.load("sizes.safetensors").to_c("sizes")

    def test_a_network(self, here):
        result = invoke("net.safetensors", "--to", "c", "--out", "2nd try.h")
        assert result.stdout == "2nd try.h\n  void net_2nd_try_predict(const float *x, float *y); link with -lm\n"  # fmt: skip
        if shutil.which("gcc"):
            done = subprocess.run(["gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "2nd try.h"])  # fmt: skip
            assert done.returncode == 0

    def test_text_is_refused(self, here):
        refused("column 'color' holds categories, which are text, and C takes numbers", "text.safetensors", "--to", "c")  # fmt: skip
        assert not Path("text.h").exists()


class TestTorch:
    @pytest.fixture(autouse=True)
    def torch(self, here):
        self.torch = pytest.importorskip("torch")

    def test_a_model(self):
        result = invoke("sizes.safetensors", "--to", "torch")
        assert result.exit_code == 0
        assert result.stdout == 'sizes.pt2\n  torch.export.load("sizes.pt2").module() takes float64 rows of 5 numbers\n'  # fmt: skip
        model = cp.Model.load("sizes.safetensors")
        module = self.torch.export.load("sizes.pt2").module()
        for rows in (TABLE, TABLE.head(1)):
            found = module(self.torch.from_numpy(numbers_of(model, rows))).detach().numpy()
            assert_near(found, model.predict_proba(rows), 1e-6)

    def test_a_network(self):
        assert invoke("net.safetensors", "--to", "torch").exit_code == 0
        module = self.torch.export.load("net.pt2").module()
        found = module(self.torch.from_numpy(X)).detach().numpy()
        assert_near(found, cp.Network.load("net.safetensors").predict(X), 1e-6)

    def test_the_file_needs_no_clearprop(self):
        invoke("net.safetensors", "--to", "torch")
        code = (
            "import sys; sys.modules['clearprop'] = None\n"
            "import torch; print(*torch.export.load('net.pt2').module()(torch.zeros(3, 4)).shape)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.stdout == "3 3\n", done.stderr

    def test_text_is_refused(self):
        refused("column 'color' holds categories", "text.safetensors", "--to", "torch")


class TestRefusals:
    def test_a_file_that_stands_there(self, here):
        Path("net.h").write_text("precious")
        refused("net.h exists already: choose another name, or use --force", "net.safetensors", "--to", "c")  # fmt: skip
        assert Path("net.h").read_text() == "precious"
        assert invoke("net.safetensors", "--to", "c", "--force").exit_code == 0
        assert "net_predict" in Path("net.h").read_text()

    def test_the_model_itself(self, here):
        refused("--out is net.safetensors, which is read", "net.safetensors", "--to", "c", "--out", "net.safetensors", "--force")  # fmt: skip
        assert cp.Network.load("net.safetensors").sizes == (4, 8, 3)

    def test_no_folder(self, here):
        refused("there is no folder", "net.safetensors", "--to", "c", "--out", "no/net.h")

    def test_no_model(self, here):
        refused("there is no file nothing", "nothing", "--to", "c")
        Path("text").write_text("text")
        refused("truncated or no model file", "text", "--to", "c")

    def test_functions_of_ones_own(self, here):
        cp.Network([2, 2, 1], cube(), "identity").save("cube.safetensors")
        refused("uses a function of its maker's own, 'cube'", "cube.safetensors", "--to", "c")

    @pytest.mark.parametrize(("consumer", "module", "extra"), [("onnx", "onnx", "onnx"), ("torch", "torch", "torch")])  # fmt: skip
    def test_a_library_that_is_not_there(self, consumer, module, extra, here, monkeypatch):
        monkeypatch.setitem(sys.modules, module, None)
        refused(f'pip install "clearprop[{extra}]"', "net.safetensors", "--to", consumer)
        assert not list(Path().glob("net.[op]*"))

    @pytest.mark.parametrize("arguments", [[], ["net.safetensors"], ["net.safetensors", "--to", "java"], ["--to", "c"]])  # fmt: skip
    def test_wrong_usage(self, arguments, here):
        assert invoke(*arguments).exit_code == 2

    def test_help_shows_an_example(self):
        result = invoke("--help")
        assert result.exit_code == 0
        assert "Example: clearprop export penguins.safetensors --to onnx" in result.stdout
