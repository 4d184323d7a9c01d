"""Answers about a run under way leave it the processors: BLAS works on one thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import clearprop as cp
from studio_server import ask
from watched_runs import X, Y, small_network

pytest.importorskip("uvicorn")
threadpoolctl = pytest.importorskip("threadpoolctl")

from clearprop.studio.answers import ANSWERS  # noqa: E402
from clearprop.studio.blas import one_blas_thread  # noqa: E402


def threads():
    """How many NumPy's BLAS has."""
    np.ones((2, 2)) @ np.ones((2, 2))
    [own] = [
        one for one in threadpoolctl.threadpool_info()
        if one["user_api"] == "blas" and "numpy" in one["filepath"]
    ]  # fmt: skip
    return own["num_threads"]


@pytest.fixture
def several():
    """How many threads BLAS has by itself; no thread of another test has the say in that."""
    clear = getattr(threadpoolctl.OpenBLASController, "clear_controlling_thread", None)
    if clear is not None:  # before 3.8, any thread had
        clear(force=True)
    if (count := threads()) == 1:
        pytest.skip("BLAS has one thread here")
    return count


def test_while_a_run_of_others_is_asked_about_and_no_longer(several, monkeypatch):
    live = cp.studio.Live(port=0)
    try:
        cp.train(small_network(), X, Y, epochs=1, progress=False, callbacks=[live])
        monkeypatch.setitem(ANSWERS, "about", lambda run, question: {"threads": threads()})
        assert ask(live._server, "about", data="live") == {"threads": 1}
        assert ask(live._server, "about", data="xor") == {
            "threads": several
        }  # which the page alone has
    finally:
        live.close()
    assert threads() == several


def test_answers_at_once_each_have_it_and_the_last_takes_it_back(several):
    def answer(_):
        found = []
        for _ in range(20):
            with one_blas_thread():
                found.append(threads())
        return found

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(answer, range(4)))
    assert found == [[1] * 20] * 4
    assert threads() == several


def test_an_answer_that_fails_takes_its_limit_back(several):
    with pytest.raises(ZeroDivisionError), one_blas_thread():
        1 / 0  # noqa: B018
    assert threads() == several
