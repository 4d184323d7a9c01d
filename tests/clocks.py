"""A clock of a test's own for one module."""

from __future__ import annotations

from types import SimpleNamespace


def set_clock(monkeypatch, clock, module):
    """Have a module of ours read this clock.

    Everybody's `time` is left alone: a server or cluster in another thread of the process counts
    with it when to wake up next, and would sleep for good.
    """
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock, perf_counter=clock))
