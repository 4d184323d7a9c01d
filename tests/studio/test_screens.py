"""The page in a browser: everything that is said comes from this machine, and it moves at once."""

from __future__ import annotations

import re


def test_the_page_moves(page, studio):
    page.goto(f"{studio.address}#network?data=xor&play=1")
    page.wait_for_url(re.compile(r"[?&]n=\d{2,}"))


def test_a_server_that_ends_and_comes_back(running):
    """The page says so, tries again, and goes on by itself."""
    from clearprop.studio.server import Server

    server = Server(0)
    server.start()
    page = running.new_page()
    page.goto(f"{server.address}#network?data=xor&n=3")
    page.get_by_text("Exclusive or").wait_for()
    port = int(server.origin.rsplit(":", 1)[1])
    server.close()
    page.get_by_role("button", name="One step on").click()
    page.get_by_role("alert").get_by_text("The studio does not answer").wait_for()
    again = Server(port, token=server.token)
    again.start()
    page.get_by_role("alert").wait_for(state="detached")
    page.close()
    again.close()


def test_a_page_of_a_server_that_has_ended(running, studio):
    page = running.new_page()
    page.goto(f"{studio.origin}/?token=old")
    page.get_by_text("open the address that it printed").wait_for()
    page.close()


def test_a_drawing_is_there_with_its_screen(page, studio, expect):
    """It waits for no measurement of its width, which a busy machine makes later."""
    page.add_init_script("ResizeObserver = class { observe() {} disconnect() {} }")
    page.goto(f"{studio.address}#network?data=spirals&hidden=3,2&n=3")
    expect(page.locator("svg.network text[data-number=L]")).to_be_visible()


def test_a_reload_shows_the_same(page, studio):
    page.goto(f"{studio.address}#network?data=spirals&hidden=3,2&seed=4&n=37&sample=2")
    page.locator("main[data-ready=true]").wait_for()
    before = page.locator("main").inner_text(), page.locator(".about").inner_text()
    page.reload()
    page.get_by_text("epoch 2, batch").wait_for()
    page.locator("main[data-ready=true]").wait_for()
    assert (page.locator("main").inner_text(), page.locator(".about").inner_text()) == before


def test_the_replay_is_saved(page, studio, running, tmp_path):
    page.goto(f"{studio.address}#network?data=note&epochs=3")
    with page.expect_download(timeout=120_000) as waiting:
        page.get_by_role("button", name="Save replay").click()
    waiting.value.save_as(tmp_path / "replay.html")
    replay = running.new_page()
    replay.goto((tmp_path / "replay.html").as_uri())
    replay.get_by_text("Replay: The notes' 2-2-1").wait_for()
    assert page.get_by_role("button", name="Save replay").is_visible()
    replay.close()


def test_saving_a_replay_says_how_far_it_is_and_can_be_stopped(page, studio):
    page.goto(f"{studio.address}#network?data=moons")
    page.get_by_role("button", name="Save replay").click()
    page.get_by_role("progressbar", name="Saved").wait_for()
    page.get_by_role("button", name="Stop saving").click()
    page.get_by_role("button", name="Save replay").wait_for()
