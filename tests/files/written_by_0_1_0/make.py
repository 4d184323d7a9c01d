"""What wrote the files beside this one: run with Clearprop 0.1.0, and with no later version."""

import json
from pathlib import Path

import numpy as np
import polars as pl

import clearprop as cp

HERE = Path(__file__).parent
X = [[0.5, -1.0, 2.0], [3.0, 0.25, -0.125]]
TABLE = {
    "size": [1.5, None, 30.0],
    "color": ["red", "blue", "violet"],
    "day": ["2024-01-31", "2024-06-01", "2025-01-01"],
    "old": [True, False, True],
}


def main() -> None:
    assert cp.__version__ == "0.1.0"
    network = cp.Network([3, 4, 2], "tanh", output="softmax", dtype="float64", seed=3)
    network.save(HERE / "network.safetensors")
    n = 60
    table = pl.DataFrame(
        {
            "size": [None if i % 7 == 0 else i / 4 for i in range(n)],
            "color": [("red", "blue", "green")[i % 3] for i in range(n)],
            "day": [f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(n)],
            "old": [i % 2 == 0 for i in range(n)],
            "kind": [("small", "large")[i // 30] for i in range(n)],
        }
    )
    model = cp.Model.fit(table, "kind", hidden=[3], epochs=20, seed=1, progress=False)
    model.save(HERE / "model.safetensors")
    answers = {
        "network": network.predict(np.array(X)).tolist(),
        "model": model.predict_proba(pl.DataFrame(TABLE)).tolist(),
    }
    (HERE / "answers.json").write_text(json.dumps(answers, indent=1) + "\n")


if __name__ == "__main__":
    main()
