"""The compiled engine beside other processes and threads: after a fork, in workers, at one cache.

What is run, and compared to the last bit, stands in `engine_runs.py`.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest

import clearprop as cp
from engine_runs import answer, bits, digest, predicted, python, rows, trained


@pytest.fixture(scope="module")
def alone():
    """The bits of a run on one thread, with nothing else going on."""
    return bits()


def train_on(X, y, seed):
    """Train on arrays that came from elsewhere, and return the bits, and whether X is writable."""
    network = cp.Network([X.shape[1], 9, 3], activations="tanh", output="softmax", seed=seed)
    cp.train(network, X, y, epochs=2, seed=seed, threads=2, progress=False, engine="compiled")
    return digest(network.parameters, network.predict(X)), X.flags.writeable


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
class TestFork:
    MAY_FORK = (
        "-W",
        "ignore:This process:DeprecationWarning",
    )  # Python 3.12 warns of BLAS' threads

    def run(self, code):
        return answer(python(code, options=self.MAY_FORK), compiles=None).split()

    def test_both_go_on(self, alone):
        code = """if True:
            import os
            from engine_runs import bits, digest, rows, trained
            network, found = trained(threads=2)
            X, _ = rows(300)
            print(found, digest(network.predict(X)), flush=True)
            for _ in range(2):  # the second time with another child behind it
                child = os.fork()
                if child == 0:
                    print(bits(threads=1), bits(threads=2), digest(network.predict(X)), flush=True)
                    os._exit(0)
                assert os.waitpid(child, 0)[1] == 0
                print(bits(threads=2), digest(network.predict(X)), flush=True)
            """
        network, found = trained()
        predicted = digest(network.predict(rows(300)[0]))
        assert found == alone
        once = [alone, alone, predicted, alone, predicted]
        assert self.run(code) == [alone, predicted, *once, *once]

    def test_while_another_thread_predicts(self, alone):
        code = """if True:
            import os, threading
            from engine_runs import bits, digest, rows, trained
            network, _ = trained()
            X, _ = rows(3000)
            stop = threading.Event()
            def work():
                while not stop.is_set():
                    network.predict(X)
            worker = threading.Thread(target=work)
            worker.start()
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    print(bits(threads=2), digest(network.predict(X)), flush=True)
                    os._exit(0)
                assert os.waitpid(child, 0)[1] == 0
            stop.set()
            worker.join()
            """
        predicted = digest(trained()[0].predict(rows(3000)[0]))
        assert self.run(code) == [alone, predicted] * 5

    def test_while_another_thread_compiles_a_kernel(self, tmp_path):
        code = """if True:
            import os, signal, threading
            from clearprop.engine.kernels import compiler, loading
            from clearprop.engine.kernels.precision import FLOAT32
            signal.alarm(400)
            compiling, go_on = threading.Event(), threading.Event()
            compile_function = compiler.compile_function
            def slowly(*arguments):
                compiling.set()
                go_on.wait()
                return compile_function(*arguments)
            compiler.compile_function = slowly
            worker = threading.Thread(target=loading.load, args=("random.order", FLOAT32))
            worker.start()
            compiling.wait()
            later = threading.Timer(0.5, go_on.set)  # a fork may wait for that, or not
            later.start()
            child = os.fork()
            if child == 0:  # where the thread that was compiling does not exist
                signal.alarm(400)
                compiler.compile_function = compile_function
                print(loading.load("random.order", FLOAT32) != 0, flush=True)
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            for thread in (later, worker):
                thread.join()
            """
        process = python(code, {"CLEARPROP_CACHE": str(tmp_path)}, options=self.MAY_FORK)
        assert answer(process, compiles=True) == "True\n"

    def test_a_pool_of_processes(self, alone):
        code = """if True:
            import multiprocessing
            from engine_runs import bits
            print(bits(threads=2))
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print(*pool.starmap(bits, [("float32", 1, threads) for threads in (1, 2, 3)]))
                pool.close()
                pool.join()
            """
        assert self.run(code) == [alone] * 4


class TestOtherProcesses:
    def test_spawn(self, alone):
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            found = pool.starmap(bits, [("float32", 1, threads) for threads in (1, 2, 3)])
            pool.close()
            pool.join()
        assert found == [alone] * 3

    def test_workers_of_joblib(self):
        rng = np.random.default_rng(5)
        X, y = rng.normal(size=(400, 30)).astype("f"), rng.integers(0, 3, 400)
        here = [train_on(X, y, seed)[0] for seed in range(4)]
        try:
            with joblib.Parallel(n_jobs=2, backend="loky", max_nbytes=1000) as parallel:
                there = parallel(joblib.delayed(train_on)(X, y, seed) for seed in range(4))
        finally:
            joblib.externals.loky.get_reusable_executor().shutdown(wait=True)
        assert [found for found, _ in there] == here
        assert len(set(here)) == 4
        assert not any(writeable for _, writeable in there)  # the rows lay in a file that is shared


class TestThreads:
    def test_several_train_and_predict_at_once(self):
        many, _ = rows(700)
        shared, _ = trained()
        parts = [many[start : start + 70 * (start + 1)] for start in range(4)]
        alone_seeds = [bits(seed=seed) for seed in range(4)]
        alone_parts = [digest(shared.predict(part)) for part in parts]
        together = threading.Barrier(8)

        def train(seed):
            together.wait()
            return {bits(threads=1 + (seed + turn) % 3, seed=seed) for turn in range(5)}

        def predict(part):
            together.wait()
            return {digest(shared.predict(part)) for _ in range(200)}

        with ThreadPoolExecutor(8) as pool:
            training = [pool.submit(train, seed) for seed in range(4)]
            predicting = [pool.submit(predict, part) for part in parts]
        assert [task.result() for task in training] == [{one} for one in alone_seeds]
        assert [task.result() for task in predicting] == [{one} for one in alone_parts]
        assert len({*alone_seeds, *alone_parts}) == 8

    @pytest.mark.parametrize("shards", [1, 4])
    @pytest.mark.parametrize("dtype", ["float32", "float64"])
    def test_more_than_there_are_cores(self, dtype, shards):
        threads = max(8, 2 * os.cpu_count())
        assert bits(dtype, shards, threads) == bits(dtype, shards)

    @pytest.mark.parametrize("granted", [0, 1, 2])
    def test_a_system_that_starts_no_more(self, monkeypatch, granted, alone):
        started, refused = [], []
        start = threading.Thread.start

        def start_some(thread):
            if len(started) == granted:
                refused.append(thread)
                raise RuntimeError("can't start new thread")
            started.append(thread)
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_some)
        assert bits(threads=4) == alone
        assert len(started) == granted
        assert refused

    @pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="nothing binds to a core here")
    @pytest.mark.parametrize("bound", [True, False])
    def test_one_core_gets_one_thread(self, bound):
        code = f"""if True:
            import os, threading
            import numpy as np
            import clearprop as cp
            from clearprop.engine.threads import cores
            if {bound}:
                os.sched_setaffinity(0, {{min(os.sched_getaffinity(0))}})
            start, started = threading.Thread.start, []
            def count(thread):
                if thread.name != "clearprop-aside":  # which loads the engine
                    started.append(thread)
                start(thread)
            threading.Thread.start = count
            network = cp.Network([300, 500, 10], activations="relu", output="softmax")
            X = np.random.default_rng(0).random((512, 300), np.float32)
            cp.train(network, X, np.arange(512) % 10, batch_size=256, epochs=1, progress=False)
            print(cores(), len(started) > 0)
            """
        cores, several = answer(python(code), compiles=None).split()
        if bound:
            assert (cores, several) == ("1", "False")
        else:
            assert several == str(int(cores) > 1)


OTHER = "0123456789abcdef01234567"
RUN = "import engine_runs; print(engine_runs.predicted(threads=2))"


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A cache that two processes, which started together, have filled, and what they found."""
    cache = tmp_path_factory.mktemp("cache")
    (cache / OTHER).mkdir()
    for name in ("forward.run-float32.kernel", "forward.run-float32.kernel.1.part"):
        (cache / OTHER / name).write_bytes(b"of another version")
    processes = [python(RUN, {"CLEARPROP_CACHE": str(cache)}) for _ in range(2)]
    return cache, [answer(process, compiles=None).strip() for process in processes]


def contents(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


class TestCache:
    def test_processes_that_start_together(self, filled):
        cache, found = filled
        assert found == [predicted()] * 2
        (folder,) = (path for path in cache.iterdir() if path.name != OTHER)
        assert {path.suffix for path in folder.iterdir()} == {".kernel"}

    def test_another_version_is_left_alone(self, filled):
        other = filled[0] / OTHER
        names = {"forward.run-float32.kernel", "forward.run-float32.kernel.1.part"}
        assert {path.name for path in other.iterdir()} == names
        assert {path.read_bytes() for path in other.iterdir()} == {b"of another version"}

    def test_three_processes_and_their_threads_meet_at_every_kernel(self, tmp_path):
        code = """if True:
            import os, time
            from concurrent.futures import ThreadPoolExecutor
            from pathlib import Path
            from clearprop.engine.kernels.cache import folder
            from clearprop.engine.kernels.loading import load
            from clearprop.engine.kernels.precision import FLOAT32
            names = ["random.order", "random.dropout", "losses.huber", "activations.relu"]
            for number, name in enumerate(names):
                mark = Path(os.environ["CLEARPROP_CACHE"]) / f"{number}-{os.getpid()}"
                mark.write_text("")
                while len(list(mark.parent.glob(f"{number}-*"))) < 3:
                    time.sleep(0.001)
                with ThreadPoolExecutor(2) as pool:
                    first, second = pool.map(load, [name] * 2, [FLOAT32] * 2)
                    assert first == second != 0
            print(*sorted(path.name for path in folder().iterdir() if path.suffix != ".part"))
            """
        settings = {"CLEARPROP_CACHE": str(tmp_path)}
        processes = [python(code, settings) for _ in range(3)]
        kernels = ["activations.relu", "losses.huber", "random.dropout", "random.order"]
        for process in processes:
            assert answer(process, compiles=True).split() == [
                f"{k}-float32.kernel" for k in kernels
            ]
        assert not list(tmp_path.rglob("*.part"))

    @pytest.mark.parametrize("full", [True, False])
    def test_a_folder_that_is_read_only(self, filled, full, tmp_path):
        cache = tmp_path / "cache"
        if full:
            shutil.copytree(filled[0], cache)
        else:
            cache.mkdir()
        for folder in (*cache.glob("*/"), cache):
            folder.chmod(0o555)
        before = contents(cache)
        code = f"""if True:
            from engine_runs import heed_permissions, predicted
            from clearprop.engine.kernels.cache import folder
            from clearprop.engine.kernels.loading import load
            from clearprop.engine.kernels.precision import FLOAT32
            heed_permissions()
            try:
                (folder() if {full} else folder().parent).joinpath("file").write_text("")
            except OSError:
                print(predicted(threads=2) if {full} else load("random.order", FLOAT32) != 0)
            else:
                print("writable")
            """
        process = python(code, {"CLEARPROP_CACHE": str(cache)})
        out, errors = process.communicate()
        for folder in (cache, *cache.glob("*/")):
            folder.chmod(0o755)
        assert process.returncode == 0, errors
        if out == "writable\n":
            pytest.skip("this user may write to a folder that is read-only")
        assert out.strip() == (predicted() if full else "True")
        assert (errors == "") == full
        assert full or "not kept: " in errors
        assert contents(cache) == before
