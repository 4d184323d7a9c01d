"""What a notebook shows, in a browser: the page that is served, or a replay without an address."""

from __future__ import annotations

import pytest

import clearprop as cp
from watched_runs import X, Y, small_network

pytest.importorskip("uvicorn")


@pytest.fixture
def live():
    watched = cp.studio.Live(port=0)
    cp.train(small_network(), X, Y, epochs=40, progress=False, callbacks=[watched])
    yield watched
    watched.close()


def test_a_run_that_was_watched_plays_without_its_server(running, live):
    shown = live._repr_html_()
    live.close()
    page, wrong = running.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_content(shown)
    frame = page.frame_locator("iframe")
    frame.get_by_text("Replay: A run under way").wait_for()
    frame.get_by_role("button", name="Curves").click()  # which asks for an entry of the history
    frame.locator(".uplot, .plot, figure").first.wait_for()
    frame.get_by_role("button", name="Network").click()
    frame.get_by_role("button", name="One operation on").click()
    frame.get_by_text("z1", exact=True).first.wait_for()
    page.close()
    assert wrong == []


def test_where_its_server_is_reached_the_page_is_shown(running, live):
    page = running.new_page()
    page.set_content(live._repr_html_())
    page.frame_locator("iframe").get_by_role("button", name="Health").wait_for()
    assert page.query_selector("iframe").get_attribute("src") == live.address
    page.close()


def test_before_a_run_there_is_nothing_to_play():
    watched = cp.studio.Live(port=0)
    shown = watched._repr_html_()
    watched.close()
    assert "which this browser does not reach" in shown
