"""The page in a browser: everything that is said comes from this machine, and it moves at once."""

from __future__ import annotations

import pytest

from browser import browser


@pytest.fixture(scope="module")
def running():
    with browser() as found:
        yield found


@pytest.fixture
def page(running, studio):
    """A page; what goes wrong in it, and what it asks of others, fails the test."""
    opened = running.new_page(viewport={"width": 1280, "height": 800})
    wrong, asked = [], []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    opened.on("request", lambda request: asked.append(request.url))
    yield opened
    opened.close()
    assert wrong == []
    assert all(url.startswith((studio.address, "data:", "blob:")) for url in asked)


def test_the_page_moves(page, studio):
    page.goto(f"{studio.address}#network?data=xor&play=1")
    page.wait_for_function("Number(new URLSearchParams(location.hash.split('?')[1]).get('n')) > 20")
