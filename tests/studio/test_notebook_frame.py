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
    assert frame.locator("nav button").all_inner_texts() == ["Network", "Curves"]
    frame.get_by_role("button", name="Curves").click()  # which asks for an entry of the history
    frame.locator(".uplot, .plot, figure").first.wait_for()
    frame.get_by_role("button", name="Network").click()
    frame.get_by_role("button", name="One operation on").click()
    frame.get_by_text("z1", exact=True).first.wait_for()
    page.close()
    assert wrong == []


def test_where_its_server_is_reached_the_page_is_shown(running, live):
    """Also in a notebook that came without TLS: in its frame, the browser has less than else."""
    page, wrong = running.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.set_content(live._repr_html_())
    frame = page.frame_locator("iframe")
    frame.locator("main[data-ready=true]").wait_for()
    assert page.query_selector("iframe").get_attribute("src") == live.address
    cp.train(small_network(), X, Y, epochs=2, progress=False, callbacks=[live])
    frame.get_by_text("epoch 2, batch 1").wait_for()
    page.close()
    assert wrong == []


def test_where_another_page_is_at_its_port_the_replay_is_shown(running, live):
    """As after the kernel has begun anew: the next studio has the first port that is free."""
    from clearprop.studio.server import Server

    shown, port = live._repr_html_(), int(live._server.origin.rsplit(":", 1)[1])
    live.close()
    other = Server(port)
    other.start()
    page = running.new_page()
    with page.expect_event("requestfailed", lambda asked: "/api/here?" in asked.url):
        page.set_content(shown)
    page.frame_locator("iframe").get_by_text("Replay: A run under way").wait_for()
    assert page.query_selector("iframe").get_attribute("src") is None
    page.close()
    other.close()


def test_a_viewer_that_runs_the_script_elsewhere(running, live):
    """As Visual Studio Code does, at the end of what a cell shows."""
    page = running.new_page()
    page.evaluate(
        """(shown) => {
            document.body.innerHTML = shown;
            const script = document.createElement("script");
            script.text = document.body.querySelector("script").text;
            document.body.append(script);
        }""",
        live._repr_html_(),
    )
    page.frame_locator("iframe").get_by_role("button", name="Health").wait_for()
    page.close()


@pytest.mark.parametrize(
    "policy",
    [
        # Of Visual Studio Code: neither the page nor the modules of a replay may run.
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        "connect-src https:; child-src https: data:",
        "script-src 'none'",  # of a notebook that is not trusted
    ],
)
def test_where_neither_may_run_words_say_where_the_page_is(running, live, policy):
    page = running.new_page()
    page.set_content(
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">{live._repr_html_()}'
    )
    page.get_by_role("link", name=live.address).wait_for()
    page.close()


@pytest.mark.parametrize("is_there", [True, False])
def test_it_has_the_colors_of_the_notebook(running, live, is_there):
    shown = live._repr_html_()
    if not is_there:
        live.close()
    for scheme, back in (("dark", "rgb(22, 24, 28)"), ("light", "rgb(255, 255, 255)")):
        page = running.new_page(color_scheme="light" if scheme == "dark" else "dark")
        page.set_content(f'<body style="color-scheme: {scheme}">{shown}</body>')
        frame = page.frame_locator("iframe")
        frame.locator("main[data-ready=true]").wait_for()
        assert frame.get_by_role("button", name="Health").count() == is_there
        found = frame.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor")
        assert found == back
        assert page.get_by_role("link", name=live.address).count() == 0
        page.close()


def test_before_a_run_there_is_nothing_to_play():
    watched = cp.studio.Live(port=0)
    shown = watched._repr_html_()
    watched.close()
    assert "which this browser does not reach" in shown
