"""The runs that are killed and given faults: each starts, or goes on, in a process of its own.

    python -m injection.runs        # a server: a job a line on standard input, two lines back

The server has imported Clearprop and forks a process for each job, which saves the start. A job is
a JSON object: `case` (a name of `CASES`), `folder` (all files of the run are in it), `result` (a
path outside of it), `resume`, `plan` and `journal` (see shim.py), `plant` (a fault in Clearprop,
see planted.py), `at` (what happens to the folder in an epoch, see `_events`). Back come the
process's number, and how it ended.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.exceptions import ConvergenceWarning

import clearprop as cp
from clearprop.estimators import MLPClassifier
from injection import shim

Job = dict[str, Any]
CHECKPOINTS = "checkpoints"
LOG = "log.csv"
PENGUINS = Path(__file__).parents[3] / "examples" / "penguins.csv"


def digest(*parts: bytes) -> str:
    """Return the SHA-256 of all parts."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def of_history(history: cp.History) -> dict[str, Any]:
    """Return every figure of a history but the seconds, which must only grow."""
    rows = [epoch.row() for epoch in history.epochs]
    seconds = [row.pop("seconds") for row in rows]
    figures = np.array([list(row.values()) for row in rows]).tobytes()
    ended = repr((history.stopped, history.best_epoch, history.engine))
    return {
        "history": digest(figures, ended.encode()),
        "epochs": len(rows),
        "stopped": history.stopped,
        "seconds grow": all(a <= b for a, b in itertools.pairwise(seconds)),
    }


def of_log(path: Path) -> str:
    """Return a digest of a log's lines without their seconds."""
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    place = lines[0].index("seconds")
    return digest(repr([line[:place] + line[place + 1 :] for line in lines]).encode())


def _events(job: Job) -> list[Callable[[Any], None]]:
    """Return callbacks that do what a job says happens to its folder, once an epoch is over."""
    at, folder = job.get("at") or {}, Path(job["folder"])

    def happen(epoch: Any) -> None:
        what = at.get(str(epoch.epoch))
        if what == "folder removed":
            shutil.rmtree(folder / CHECKPOINTS)
        elif what == "folder replaced by a file":
            shutil.rmtree(folder / CHECKPOINTS)
            (folder / CHECKPOINTS).touch()
        elif what == "read-only":
            # Another mount in its place: files that are open keep one from becoming read-only.
            subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
            subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        elif what == "full":
            with suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
                while file.write(bytes(1024)):
                    pass
        elif what == "no more names":
            with suppress(OSError):
                for number in range(1000):
                    (folder / f"name-{number}").touch()
        elif what == "file size limit":
            _limit(resource.RLIMIT_FSIZE, 100)
        elif what == "no more open files":
            _limit(resource.RLIMIT_NOFILE, 3)
        elif what == "another user":
            (folder / CHECKPOINTS).chmod(0o700)
            os.seteuid(65534)

    return [happen] if at else []


def _limit(what: int, most: int | None) -> None:
    """Set a limit of this process; None: none but the system's."""
    hard = resource.getrlimit(what)[1]
    resource.setrlimit(what, (hard if most is None else most, hard))


def _undisturbed() -> None:
    """Lift what would hinder the look at what a run has come to."""
    shim.arm(Path("/nowhere"))
    _limit(resource.RLIMIT_FSIZE, None)
    _limit(resource.RLIMIT_NOFILE, None)
    os.seteuid(os.getuid())


def _data(kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20)
    X = rng.normal(size=(120, 6)).astype(kind)
    y = (X[:, :3] + rng.normal(size=(120, 3))).argmax(1)
    return X, y


def _trained(job: Job, engine: str, kind: str, every: str) -> dict[str, Any]:
    """Train with all that a checkpoint has to hold: dropout, early stopping, a schedule, a log."""
    X, y = _data(kind)
    network = cp.Network([6, 16, 8, 3], "tanh", output="softmax", dtype=kind, seed=1)
    folder = Path(job["folder"])
    log = folder / LOG
    history = cp.train(
        network, X[:90], y[:90],
        optimizer=cp.Adam(cp.step(0.01, 60, 0.9)), batch_size=16, epochs=job.get("epochs", 60),
        sample_weight=np.where(np.arange(90) % 7, 1.0, 0.5), l2=1e-4, dropout=0.2,
        validation=(X[90:], y[90:]), metrics=["accuracy"], early_stopping=15, seed=3,
        callbacks=[cp.CSVLog(log, if_exists="append"), *_events(job)], engine=engine, threads=1,
        progress=False, checkpoint=folder / CHECKPOINTS, checkpoint_every=every,
        resume=job["resume"],
    )  # fmt: skip
    _undisturbed()
    return of_history(history) | {
        "parameters": digest(network.parameters.tobytes()),
        "predictions": digest(network.predict(X).tobytes()),
        "log": of_log(log),
    }


def reference(job: Job) -> dict[str, Any]:
    """Train by the reference engine, in float64; a checkpoint every four steps."""
    return _trained(job, "reference", "float64", "4 steps")


def compiled(job: Job) -> dict[str, Any]:
    """Train by the compiled engine, in float32; a checkpoint every five steps."""
    return _trained(job, "compiled", "float32", "5 steps")


def epochs(job: Job) -> dict[str, Any]:
    """Train by the compiled engine, in float64; a checkpoint every second epoch."""
    return _trained(job, "compiled", "float64", "2 epochs")


def seconds(job: Job) -> dict[str, Any]:
    """Train by the compiled engine; a checkpoint every hundredth of a second, in any step."""
    return _trained(job, "compiled", "float32", "0.01 seconds")


def model(job: Job) -> dict[str, Any]:
    """Fit a table; a checkpoint every ten steps."""
    folder = Path(job["folder"])
    table = pl.read_csv(PENGUINS, null_values="NA")
    log = folder / LOG
    fitted = cp.Model.fit(
        table, "species", hidden=[16, 8], epochs=job.get("epochs", 30), batch_size=8, dropout=0.1,
        compare=False, seed=2, engine="compiled", threads=1, progress=False,
        callbacks=[cp.CSVLog(log, if_exists="append"), *_events(job)],
        checkpoint=folder / CHECKPOINTS, checkpoint_every="10 steps", resume=job["resume"],
    )  # fmt: skip
    _undisturbed()
    return of_history(fitted.history) | of_model(fitted, table) | {"log": of_log(log)}


def of_model(model: cp.Model, table: pl.DataFrame) -> dict[str, Any]:
    """Return digests of a model, of what it predicts and of what its report says."""
    said = re.sub(r"\d+\.\d s\b", "", str(model.report))
    return {
        "parameters": digest(model.network.parameters.tobytes()),
        "predictions": digest(np.asarray(model.predict_proba(table)).tobytes()),
        "report": digest(said.encode()),
    }


def estimator(job: Job) -> dict[str, Any]:
    """Fit as scikit-learn does, which stops by rules of its own; a checkpoint every seven steps."""
    X, y = _data("float64")
    folder = Path(job["folder"])
    log = folder / LOG
    fitted = MLPClassifier(
        (16, 8), batch_size=16, max_iter=job.get("epochs", 60), early_stopping=True,
        n_iter_no_change=25, random_state=4, learning_rate_init=0.005,
        callbacks=[cp.CSVLog(log, if_exists="append"), *_events(job)],
        checkpoint=folder / CHECKPOINTS, checkpoint_every="7 steps", resume=job["resume"],
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=ConvergenceWarning)
        fitted.fit(X, y)
    _undisturbed()
    books = (fitted.n_iter_, fitted.loss_curve_, fitted.best_loss_, fitted.validation_scores_)
    return {
        "parameters": digest(*(array.tobytes() for array in fitted.coefs_ + fitted.intercepts_)),
        "predictions": digest(fitted.predict_proba(X).tobytes()),
        "history": digest(repr((books, fitted.best_validation_score_, fitted.t_)).encode()),
        "epochs": fitted.n_iter_,
        "log": of_log(log),
    }


def saved(job: Job) -> dict[str, Any]:
    """Save a network, then another in its place."""
    path = Path(job["folder"], "network.safetensors")
    for seed in (1, 2):
        cp.Network([6, 16, 3], seed=seed).save(path)
        shim.mark(f"saved {seed}")
    return {"parameters": digest(cp.Network.load(path).parameters.tobytes())}


CASES: dict[str, Callable[[Job], dict[str, Any]]] = {
    "reference": reference,
    "compiled": compiled,
    "epochs": epochs,
    "seconds": seconds,
    "model": model,
    "estimator": estimator,
    "saved": saved,
}


def outcome(job: Job) -> dict[str, Any]:
    """Return what a case gives, or the error that ended it, and the warnings on the way."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = {"outcome": "done"} | CASES[job["case"]](job)
        except BaseException as error:
            found = {
                "outcome": "error",
                "class": type(error).__name__,
                "named": isinstance(error, cp.ClearpropError),
                "text": str(error),
                "where": [
                    f"{f.filename[-40:]}:{f.lineno}"
                    for f in traceback.extract_tb(error.__traceback__)
                ],
            }
    _undisturbed()
    return found | {"warnings": [[one.category.__name__, str(one.message)] for one in caught]}


def _child(job: Job) -> None:
    said = os.open(f"{job['result']}.said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    if job.get("plant"):
        from injection import planted

        planted.PLANTS[job["plant"]]()
    journal = job.get("journal")
    shim.arm(job["folder"], plan=job.get("plan", ""), journal=journal and Path(journal))
    found = outcome(job)
    Path(job["result"]).write_text(json.dumps(found))


def _warm_up() -> None:
    """Load what every job needs, so that none is killed or fails while it loads that."""
    for kind in ("float32", "float64"):
        X, y = _data(kind)
        network = cp.Network([6, 4, 3], "tanh", output="softmax", dtype=kind)
        for engine in ("reference", "compiled"):
            cp.train(network, X, y, epochs=1, engine=engine, threads=1, progress=False, dropout=0.1)


def serve() -> None:
    """Carry out jobs until standard input ends."""
    _warm_up()
    print("ready", flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                _child(job)
                code = 0
            finally:
                os._exit(code)
        print(child, flush=True)
        print(os.waitpid(child, 0)[1], flush=True)


if __name__ == "__main__":
    serve()
