"""Fixtures that several files share; one file for all folders, as pytest takes modules by name."""

from __future__ import annotations

import inspect
import os
import re
import shutil
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

import clearprop as cp
from paths import PENGUINS

# What tests share asserts as they do: a failure shows what was there.
shared = {one.stem for one in Path(__file__).parent.glob("*.py")} - sys.modules.keys()
pytest.register_assert_rewrite(*shared)

# OpenMP's threads, of scikit-learn and PyTorch, wait asleep: where others have the cores as well,
# those that spin took 27 times as long. It is read when the first of them starts.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

try:
    from hypothesis import HealthCheck, settings
except ImportError:  # of .ci/core's tests, none draws examples
    pass
else:  # what a busy machine disturbs is no failure, and everything that is drawn has a seed
    settings.register_profile(
        "any machine", deadline=None, derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
    )  # fmt: skip
    settings.register_profile(
        "others", settings.get_profile("any machine"), derandomize=False, print_blob=True
    )
    settings.load_profile("any machine")


def pytest_configure(config):
    """A test that ends its process ends the run, which names it.

    pytest-xdist would begin its file again in another process and, if that is the last, wait for
    good.
    """
    if getattr(config.option, "maxworkerrestart", "none given") is None:
        config.option.maxworkerrestart = "0"


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_make_scheduler(config, log):
    """A file's tests stay in one process, in the order drawn: what they share is made once."""
    from xdist.scheduler import LoadFileScheduling

    config.option.loadscopereorder = False  # else the files with most tests go first
    return LoadFileScheduling(config, log)


def pytest_sessionfinish():
    """Under `.ci/coverage`, a process that is slow to end is killed before it has written."""
    coverage = sys.modules.get("coverage")
    if coverage is not None and (running := coverage.Coverage.current()) is not None:
        running.save()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call():
    """No test sets everybody's clock (see `clocks`)."""
    clocks = time.monotonic, time.perf_counter, time.time
    found = yield
    assert clocks == (time.monotonic, time.perf_counter, time.time)
    return found


@pytest.fixture(autouse=True)
def _ctrl_c():
    """Ctrl-C is Python's own in every test, though a job in the background starts with it ignored.

    And no test leaves a handler to others.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    other = signal.getsignal(signal.SIGTERM)
    yield
    left = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert left == [signal.default_int_handler, other]


@pytest.fixture(scope="session", autouse=True)
def _told():
    """No busy machine makes a test's work that which is told of, or given up, as it takes long."""
    from clearprop.studio import telling, trial
    from clearprop.training import causes
    from clearprop.training.watching import phase, progress

    assert phase.PATIENCE == progress.PATIENCE == telling.PATIENCE == 2  # those of a replay stay
    with pytest.MonkeyPatch.context() as patch:
        for module in (phase, progress):
            patch.setattr(module, "PATIENCE", 600.0)
        for module in (trial, causes):
            patch.setattr(module, "SECONDS", 600.0)
        yield


@pytest.fixture(params=["compiled", "reference"])
def engine(request, monkeypatch):
    """The engine of `cp.train`: a test that uses it runs on both."""
    monkeypatch.setitem(inspect.unwrap(cp.train).__kwdefaults__, "engine", request.param)
    return request.param


@pytest.fixture(scope="session")
def model():
    """A model of the species of penguins."""
    import example_tables

    return cp.Model.fit(example_tables.PENGUINS, "species", epochs=30, seed=0)


@pytest.fixture(scope="session")
def regression():
    """A model of how far cars go."""
    import example_tables

    return cp.Model.fit(example_tables.CARS, "Miles_per_Gallon", epochs=30, seed=0)


@pytest.fixture(scope="session")
def model_file(tmp_path_factory):
    """The file of a small model of the penguins in examples/."""
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    cp.Model.fit(PENGUINS, "species", hidden=[8, 6], activation="tanh", epochs=5, compare=False,
                 progress=False).save(path)  # fmt: skip
    return path


@pytest.fixture
def compiling(monkeypatch):
    """Nothing was built ahead, here and in processes that are started."""
    from clearprop.engine.kernels import library

    monkeypatch.setattr(library, "address", lambda *_: None)
    monkeypatch.setenv("CLEARPROP_KERNELS", "compile")


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory):
    """Kernels of functions that no source has are kept apart, as another test's may be others."""
    from clearprop.engine.kernels import cache, loading

    shared, root = cache.folder(), tmp_path_factory.mktemp("cache")
    if shared.exists():
        shutil.copytree(shared, root / shared.name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLEARPROP_CACHE", str(root))
        patch.setattr(loading, "_addresses", dict(loading._addresses))
        cache.folder.cache_clear()
        yield root / shared.name
    cache.folder.cache_clear()
    assert not any(re.search("mish|log_cosh|adagrad|unfinished", str(p)) for p in shared.glob("*"))


@pytest.fixture(scope="session")
def studio():
    """A server of the studio, on a port that is free."""
    pytest.importorskip("uvicorn")
    from studio_server import serving

    with serving() as server:
        yield server


@pytest.fixture
def own_files(monkeypatch, tmp_path):
    """What is handed in to the studio is this test's alone: of others' files, some stay."""
    from clearprop.studio import handed

    monkeypatch.setattr(handed, "_files", type(handed._files)())
    monkeypatch.setattr(handed, "_folder", SimpleNamespace(name=str(tmp_path / "handed")))


@pytest.fixture(scope="session")
def running():
    """A headless Chromium."""
    from browser import browser

    with browser() as found:
        yield found


@pytest.fixture(scope="session")
def expect():
    """Playwright's, which waits longer than by itself."""
    from browser import PATIENCE

    found = pytest.importorskip("playwright.sync_api").expect
    found.set_options(timeout=PATIENCE)
    return found


@pytest.fixture
def page(running, studio):
    """A page of it; what goes wrong in it, and what it asks of others, fails the test.

    Its content security policy lets no `wait_for_function` in: wait by `expect` and `wait_for_url`.
    """
    opened = running.new_page(viewport={"width": 1280, "height": 800})
    wrong, asked = [], []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    opened.on("request", lambda request: asked.append(request.url))
    yield opened
    opened.close()
    assert wrong == []
    assert all(url.startswith((studio.origin, "data:", "blob:")) for url in asked)
