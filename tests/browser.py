"""Pages in a headless Chromium, for tests that measure what a reader sees."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


PATIENCE = 120_000
"""Milliseconds for what is waited for: others may have the cores for a while."""


def chromium() -> str | None:
    """Where Chromium is, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def browser() -> Iterator[object]:
    """A browser; the test is skipped where none is installed."""
    driver = pytest.importorskip("playwright.sync_api")
    where = chromium()
    if where is None:
        pytest.skip("no Chromium is installed")
    with driver.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=where, args=QUIET)
        running.new_page = _patient(running.new_page)
        running.new_context = _patient(running.new_context)
        yield running
        running.close()


def _patient(make: Callable[..., object]) -> Callable[..., object]:
    def made(**settings: object) -> object:
        found = make(**settings)
        found.set_default_timeout(PATIENCE)
        return found

    return made


@contextmanager
def page_of(running, content: str, width: int, scheme: str = "light") -> Iterator[object]:
    """A page of this content, so many pixels wide, in a light or dark scheme."""
    page = running.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_content(content)
    yield page
    page.close()
