"""A checkpoint that somebody made, with digests that are true, is gone on from or refused."""

from __future__ import annotations

import copy
import json
import random

import numpy as np
import pytest

import clearprop as cp
from clearprop.files import model_file
from kept_runs import CutError, begin, cut_after
from trust.fuzzing.mutation import HOSTILE, NUMBERS, change_json

RUN = {"validation": 0.3, "metrics": "accuracy", "early_stopping": 3}


def changed(header, arrays, r):
    """Return copies with one to three changes, of what can be written."""
    header, arrays = copy.deepcopy(header), {name: one.copy() for name, one in arrays.items()}
    for _ in range(r.choice([1, 1, 2, 3])):
        name = r.choice([*arrays])
        one, what = arrays[name], r.randrange(10)
        if what < 5:
            change_json(header, r)
        elif what == 5:
            header[r.choice([*header])] = copy.deepcopy(r.choice(HOSTILE))
        elif what == 6:
            del arrays[name]
        elif what == 7:
            arrays[name] = np.resize(one, r.choice([(0,), (1,), (3,), (2, 2), ()]))
        elif what == 8:
            with np.errstate(invalid="ignore"):
                arrays[name] = one.astype(r.choice(["float64", "int8", "float32", "bool"]))
        elif one.size:
            value = r.choice(NUMBERS)
            with np.errstate(over="ignore"):
                one.flat[r.randrange(one.size)] = value if one.dtype.kind == "f" else -1
    try:
        json.dumps(header, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, RecursionError):  # no writer could say it
        return None
    return header, arrays


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_changed_at_random(engine, monkeypatch, tmp_path):
    with monkeypatch.context() as patch:
        cut_after(patch, 20)
        with pytest.raises(CutError):
            begin(**RUN, engine=engine, checkpoint=tmp_path, checkpoint_every="1 step")
    newest = max(tmp_path.glob("*.safetensors"))
    with model_file.opened(newest, "checkpoint") as file:
        header, arrays = file.header, file.arrays()
    found, said = [], []
    for seed in range(100):
        made = changed(header, arrays, random.Random(seed))
        if made is None:
            continue
        for path in tmp_path.glob("*.safetensors"):
            path.unlink()
        model_file.write(newest, "checkpoint", *made)
        try:
            begin(**RUN, engine=engine, checkpoint=tmp_path, resume=True)
            found.append("gone on from")
        except cp.ClearpropError as error:
            found.append(type(error).__name__)
            said.append(str(error))
    assert not [one for one in said if "\n" in one]
    assert {"gone on from", "ModelFileError", "CheckpointMismatchError"} <= set(found)
    assert len(found) > 80
