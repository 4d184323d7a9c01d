"""Pages in a headless Chromium, for tests that measure what a reader sees."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


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
        yield running
        running.close()


@contextmanager
def page_of(running, content: str, width: int, scheme: str = "light") -> Iterator[object]:
    """A page of this content, so many pixels wide, in a light or dark scheme."""
    page = running.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.set_content(content)
    yield page
    page.close()
