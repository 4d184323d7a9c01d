"""The reader's thread: how far ahead it is, what it raises, and that it ends."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from clearprop.errors import ArgumentError
from clearprop.streams.reader import Reader


@pytest.fixture(autouse=True)
def no_thread_left():
    yield
    assert not [one for one in threading.enumerate() if one.name == "clearprop-reader"]


def wait_for(true):
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.002)


def test_items_come_in_order_and_end():
    with Reader(iter("abc")) as reader:
        assert [reader.take() for _ in range(5)] == ["a", "b", "c", None, None]


@pytest.mark.parametrize("ahead", [1, 3])
def test_it_is_so_far_ahead_and_no_further(ahead):
    made = []

    def items():
        for number in range(10):
            made.append(number)
            yield number

    with Reader(items(), ahead) as reader:
        wait_for(lambda: len(made) == ahead)
        time.sleep(0.05)
        assert len(made) == ahead
        reader.take()
        wait_for(lambda: len(made) == ahead + 1)


def test_an_error_comes_where_its_item_would_have():
    def items():
        yield 1
        raise ZeroDivisionError("in row 7")

    with Reader(items(), 2) as reader:
        assert reader.take() == 1
        for _ in range(2):
            with pytest.raises(ZeroDivisionError, match="in row 7"):
                reader.take()


def test_what_is_gone_through_is_closed_in_the_thread():
    closed = []

    def items():
        try:
            while True:
                yield 1
        finally:
            closed.append(threading.current_thread().name)

    reader = Reader(items())
    reader.take()
    reader.close()
    assert closed == ["clearprop-reader"]
    reader.close()  # once more does nothing


def test_who_waits_may_give_up():
    held = threading.Event()

    def items():
        held.wait(60)
        yield 1

    with Reader(items()) as reader:
        asked = iter([False, True])
        assert reader.take(lambda: next(asked)) is None
        held.set()
        assert reader.take() == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_is_told_and_ends():
    with Reader(iter(range(3))) as reader:
        reader.take()
        child = os.fork()
        if child == 0:
            try:
                reader.take()
            except ArgumentError:
                reader.close()
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert reader.take() == 1
    assert sys.platform != "win32"
