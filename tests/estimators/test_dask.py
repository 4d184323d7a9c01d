"""Searches, scores and predictions on a cluster of Dask's: two processes of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import clearprop as cp
import dask_tasks
from clearprop.engine.threads import cores
from clearprop.estimators import MLPClassifier, MLPRegressor, TableRegressor, on_dask
from clearprop.workers import in_worker
from example_tables import CARS, PENGUINS

distributed = pytest.importorskip("distributed")

LOCAL = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0"}
LBFGS = {"solver": "lbfgs", "alpha": 1.0, "max_iter": 500, "random_state": 0}


@pytest.fixture(scope="module")
def _client():
    with (
        distributed.LocalCluster(n_workers=2, processes=True, **LOCAL) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture
def client(_client):
    """A client whose two workers answer: one that was killed is still listed for a while."""
    for _ in range(600):
        answers = _client.run(os.getpid, on_error="return").values()
        if sum(isinstance(answer, int) for answer in answers) == len(answers) == 2:
            return _client
        time.sleep(0.2)
    return pytest.fail("the cluster has no two workers")


def digits():
    X, y = load_digits(return_X_y=True)
    return X[:600] / 16, y[:600]


def same_search(one, other):
    np.testing.assert_array_equal(
        [one.cv_results_[f"split{k}_test_score"] for k in range(one.n_splits_)],
        [other.cv_results_[f"split{k}_test_score"] for k in range(one.n_splits_)],
    )
    assert one.best_params_ == other.best_params_
    networks = [search.best_estimator_.network_ for search in (one, other)]
    np.testing.assert_array_equal(*[network.parameters for network in networks])


class TestSearches:
    @pytest.mark.parametrize("own", [True, False], ids=["on_dask", "joblib alone"])
    def test_the_results_are_those_of_one_machine(self, client, own):
        X, y = digits()
        search = GridSearchCV(
            MLPClassifier(tol=1.0, n_iter_no_change=2, random_state=0),  # ends after three epochs
            {"alpha": [1e-4, 1e-2], "hidden_layer_sizes": [[20], [30, 20]]},
            cv=2,
        )
        with on_dask(client) if own else joblib.parallel_config("dask"):
            search.fit(X, y)
        here = GridSearchCV(search.estimator, search.param_grid, cv=2).fit(X, y)
        same_search(search, here)
        assert not any(client.run(dask_tasks.has_compiled).values())

    def test_scores_of_pipelines_and_tables(self, client):
        X, y = load_iris(return_X_y=True)
        pipeline = make_pipeline(StandardScaler(), MLPClassifier([10], **LBFGS))
        numbers = CARS[CARS["Miles_per_Gallon"].notna()]
        table = TableRegressor([10], epochs=3, random_state=0)
        for estimator, *data in (
            (pipeline, X, y),
            (MLPRegressor(hidden_layer_sizes=[10], **LBFGS), X[:, :3], X[:, 3]),
            (table, numbers.drop(columns="Miles_per_Gallon"), numbers["Miles_per_Gallon"]),
        ):
            with on_dask(client):
                there = cross_val_score(estimator, *data, cv=3)
            np.testing.assert_array_equal(there, cross_val_score(estimator, *data, cv=3))
        assert not any(client.run(dask_tasks.has_compiled).values())

    def test_a_worker_that_is_killed_costs_what_it_was_at(self, client, tmp_path):
        X, y = digits()
        grid = {"alpha": np.geomspace(1e-4, 1.0, 4).tolist(), "tol": [1.0]}
        settings = {"n_iter_no_change": 3, "random_state": 0}  # ends after four epochs
        killing = MLPClassifier([20], callbacks=[dask_tasks.Killing(tmp_path)], **settings)
        with on_dask(client):
            search = GridSearchCV(killing, grid, cv=3, refit=False, error_score="raise").fit(X, y)
        assert (tmp_path / "3").exists()
        begun = (tmp_path / "begun").read_text().split()
        assert 2 <= len(set(begun)) <= 3  # two workers, and the one in place of one
        assert 13 <= len(begun) <= 15  # what was lost: a fit, and results not yet fetched
        here = GridSearchCV(MLPClassifier([20], **settings), grid, cv=3, refit=False).fit(X, y)
        for k in range(3):
            name = f"split{k}_test_score"
            np.testing.assert_array_equal(search.cv_results_[name], here.cv_results_[name])

    def test_one_worker_with_one_thread_gets_them_as_well(self, tmp_path):
        """joblib alone sends nothing to it: where one of two was lost, fits ran here."""
        X, y = digits()
        counting = MLPClassifier(
            [10], tol=1.0, n_iter_no_change=2, callbacks=[dask_tasks.Counting(tmp_path)]
        )
        with (
            distributed.LocalCluster(n_workers=1, processes=True, **LOCAL) as cluster,
            distributed.Client(cluster) as client,
            on_dask(client),
        ):
            cross_val_score(counting, X, y, cv=2, error_score="raise")
        assert len((tmp_path / "begun").read_text().split()) == 2

    def test_an_error_comes_out_as_on_one_machine(self, client):
        X, y = digits()
        diverging = MLPClassifier([10], solver="sgd", learning_rate_init=1e30, random_state=0)
        said = []
        for split in StratifiedKFold(2).split(X, y):  # on a cluster, either may fail first
            with pytest.raises(ValueError, match="finite") as caught:
                cross_val_score(diverging, X, y, cv=[split], error_score="raise")
            said.append((caught.type, str(caught.value)))
        with on_dask(client), pytest.raises(ValueError, match="finite") as caught:
            cross_val_score(diverging, X, y, cv=2, error_score="raise")
        assert (caught.type, str(caught.value)) in said
        assert "\n" not in str(caught.value)

    def test_what_cannot_be_sent_is_refused(self, client):
        X, y = digits()
        estimator = MLPClassifier([10], callbacks=[dask_tasks.holding_a_lock()])
        with on_dask(client), pytest.raises(cp.errors.ArgumentError, match="lock") as caught:
            cross_val_score(estimator, X, y, cv=2)
        assert "\n" not in str(caught.value)

    def test_a_fit_that_kills_its_workers_is_an_error(self, client, tmp_path, monkeypatch):
        """joblib alone waits for ever: it was no fit that raised."""
        monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 0)
        X, y = digits()
        estimator = MLPClassifier([10], callbacks=[dask_tasks.Fatal(tmp_path)])
        with on_dask(client), pytest.raises(distributed.KilledWorker):
            cross_val_score(estimator, X, y, cv=2)

    def test_another_version_is_refused(self, client, monkeypatch):
        monkeypatch.setattr(cp, "__version__", "9.9")
        with (
            pytest.raises(cp.errors.ArgumentError, match=r"worker tcp:.* has '[0-9.a-z]+'.*9\.9"),
            on_dask(client),
        ):
            pass

    def test_a_client_that_was_closed(self):
        with distributed.Client(processes=False, n_workers=1, **LOCAL) as client:
            pass
        with pytest.raises(cp.errors.ArgumentError, match="client is closed"), on_dask(client):
            pass

    def test_a_worker_that_was_lost_just_now_is_none(self, client, monkeypatch):
        """The scheduler knows it for a moment, and cannot ask it for its version."""
        asked = client.run

        def run(*args, **settings):
            lost = distributed.comm.CommClosedError("in <TCP (closed) Scheduler Broadcast>")
            return {"tcp://127.0.0.1:1": lost, **asked(*args, **settings)}

        monkeypatch.setattr(client, "run", run)
        X, y = load_iris(return_X_y=True)
        with on_dask(client):
            assert len(cross_val_score(MLPClassifier(**LBFGS), X, y, cv=2)) == 2

    def test_what_is_no_client(self, monkeypatch):
        with pytest.raises(cp.errors.ArgumentError, match="client is a str"), on_dask("tcp://a:1"):
            pass

        def none():
            raise ValueError

        monkeypatch.setattr(distributed, "get_client", none)
        with pytest.raises(cp.errors.ArgumentError, match="no Dask client"), on_dask():
            pass


class TestWorkers:
    def test_a_task_has_one_thread_of_each_kind(self, client):
        for own, others in client.run(dask_tasks.thread_counts).values():
            assert (own, others) == (1, {1})

    @pytest.mark.usefixtures("client")  # whose nannies set OMP_NUM_THREADS while they start one
    def test_a_thread_of_this_process_that_works_for_dask(self, monkeypatch):
        """No nanny has set anything there; as many tasks as it has threads run at once."""
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        outside = cores()
        with distributed.Client(
            processes=False, n_workers=1, dashboard_address="127.0.0.1:0"
        ) as client:
            assert client.submit(cores).result() == 1
            assert client.submit(in_worker).result()
            assert cores() == outside
            assert not in_worker()
            monkeypatch.setenv("OMP_NUM_THREADS", str(outside))
            assert client.submit(cores, pure=False).result() == outside

    def test_nothing_is_drawn(self, client):
        assert dask_tasks.printed(None) != ""
        assert client.submit(dask_tasks.printed, None).result() == ""
        lines = client.submit(dask_tasks.printed, True).result()
        assert [line.split()[0] for line in lines.splitlines()] == ["epoch"] * 3
        assert "\x1b" not in lines
        for text in joblib.Parallel(2)(joblib.delayed(dask_tasks.printed)(None) for _ in "ab"):
            assert text == ""

    def test_predictions_of_partitions(self, client, model):
        dd = pytest.importorskip("dask.dataframe")
        table = dd.from_pandas(PENGUINS, npartitions=7)
        predicted = model.predict(table)
        np.testing.assert_array_equal(predicted.compute(), model.predict(PENGUINS))
        mapped = table.map_partitions(model.predict_proba)
        np.testing.assert_array_equal(mapped.compute(), model.predict_proba(PENGUINS))
        assert not any(client.run(dask_tasks.has_compiled).values())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")
def test_with_certificates_nobody_else_connects(tmp_path):
    """By the lines of docs/many-fits.md."""
    path = tmp_path / "dask.pem"
    usage = "keyUsage=critical,digitalSignature,keyEncipherment,keyCertSign"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=dask -addext {usage}"
    words = [*command.split(), "-keyout", path, "-out", tmp_path / "certificate"]
    subprocess.run(words, check=True, capture_output=True)
    path.write_text(path.read_text() + (tmp_path / "certificate").read_text())
    names = [f"tls_{who}_cert" for who in ("scheduler", "worker", "client")]
    security = distributed.Security(
        tls_ca_file=str(path), require_encryption=True, **dict.fromkeys(names, str(path))
    )
    X, y = load_iris(return_X_y=True)
    estimator = MLPClassifier([10], **LBFGS)
    with (
        distributed.LocalCluster(
            n_workers=2, processes=False, security=security, protocol="tls://", **LOCAL
        ) as cluster,
        distributed.Client(cluster, security=security) as client,
    ):
        assert client.scheduler.address.startswith("tls://")
        with on_dask(client):
            there = cross_val_score(estimator, X, y, cv=3)
        address = client.scheduler.address
        with pytest.raises((OSError, TypeError)):
            distributed.Client(address, timeout=2)
        with pytest.raises(OSError, match="tcp://"):
            distributed.Client(address.replace("tls", "tcp"), timeout=2)
    np.testing.assert_array_equal(there, cross_val_score(estimator, X, y, cv=3))
