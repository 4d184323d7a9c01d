"""A training that diverges ends `clearprop train` in one line, with a rate that trains."""

from __future__ import annotations

import re

import numpy as np

from command_line import invoke, refused


def test_the_line_names_the_cause_and_its_remedy_trains(tmp_path):
    X = np.random.default_rng(0).normal(size=(120, 3))
    table = tmp_path / "t.csv"
    rows = [",".join(f"{v:.6f}" for v in (*row, row @ [1.0, -2.0, 0.5])) for row in X]
    table.write_text("\n".join(["a,b,c,y", *rows]) + "\n")
    out = tmp_path / "m.safetensors"
    given = ["train", table, "--target", "y", "--out", out, "--no-compare", "--epochs", 5, "--quiet",
             "--optimizer", "sgd", "--learning-rate"]  # fmt: skip
    line = refused("training diverged in epoch 1, step ", *given, 1e9)
    assert not out.exists()
    rate = re.search(r"the same run goes through \d+ steps: try a learning rate of (\S+)$", line)[1]
    assert invoke(*given, rate).exit_code == 0
    assert out.exists()
