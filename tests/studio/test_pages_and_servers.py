"""What pages in a browser ask of the server while a run goes on; many pages; servers that go."""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest

import clearprop as cp
from studio_pages import SETTLED
from watched_runs import X, Y, small_network

pytest.importorskip("uvicorn")

HIDE = """Object.defineProperty(document, "hidden", { get: () => window.isHidden ?? false });
    window.hide = (isHidden) => {
        window.isHidden = isHidden;
        document.dispatchEvent(new Event("visibilitychange"));
    };"""


class Growing:
    """A run under way that gets on by a step when it is told to."""

    def __init__(self):
        self.live = cp.studio.Live(port=0)
        cp.train(small_network(), X, Y, epochs=3, progress=False, callbacks=[self.live])

    def grow(self):
        kept = self.live.run._kept
        kept.append(kept[-1]._replace(epoch=kept[-1].epoch + 1))
        return self.live.run.total - 1


@pytest.fixture
def growing():
    found = Growing()
    yield found
    found.live.close()


@pytest.fixture
def pages(running):
    """Opens pages of one browser; what they ask is counted, by name."""
    context = running.new_context()
    context.add_init_script(HIDE)
    asked = Counter()
    context.on("request", lambda one: asked.update(re.findall(r"/api/(\w+)", one.url)))

    def opened(address):
        page = context.new_page()
        page.goto(address)
        page.locator("main[data-ready=true]").wait_for()
        return page

    yield opened, asked
    context.close()


def until(page, n):
    page.wait_for_url(re.compile(rf"[?&]n={n}(&|$)"))


@pytest.mark.parametrize(("screen", "lasting"), [("network", "about"), ("data", "points")])
def test_what_does_not_change_is_asked_once(growing, pages, screen, lasting):
    opened, asked = pages
    page = opened(growing.live.address.replace("#network", f"#{screen}"))
    for _ in range(4):
        until(page, growing.grow())
    page.locator("main[data-ready=true]").wait_for()
    assert asked[lasting] <= 2, "before the first announcement, and for the run that it tells of"
    assert asked["step"] >= 5


def test_who_is_slow_is_asked_seldom(growing, pages):
    """An answer that takes half a second is asked for anew no sooner than in ten."""
    opened, asked = pages
    page = opened(growing.live.address)
    until(page, growing.grow())
    page.route("**/api/step?**", lambda route: (page.wait_for_timeout(500), route.continue_()))
    before, begun = asked["step"], time.monotonic()
    for _ in range(12):
        growing.grow()
        page.wait_for_timeout(300)  # the server announces each
    assert asked["step"] - before <= 1 + (time.monotonic() - begun) // 10
    page.unroute_all(behavior="wait")


def test_a_hidden_page_asks_nothing(growing, pages):
    opened, asked = pages
    page = opened(growing.live.address)
    until(page, growing.grow())
    page.locator("main[data-ready=true]").wait_for()
    page.evaluate(SETTLED)
    page.evaluate("hide(true)")
    page.evaluate(SETTLED)
    before = Counter(asked)
    for _ in range(4):
        last = growing.grow()
        page.wait_for_timeout(300)
    assert asked == before
    page.evaluate("hide(false)")
    until(page, last)
    assert asked["events"] == before["events"] + 1


def test_play_stands_still_while_it_is_hidden(pages, studio):
    opened, asked = pages
    page = opened(f"{studio.address}#network?data=xor&play=1")
    page.wait_for_url(re.compile(r"[?&]n=\d{2,}"))
    page.evaluate("hide(true)")
    page.evaluate(SETTLED)  # what was under way
    before = asked["step"]
    page.wait_for_timeout(500)
    assert asked["step"] == before
    page.evaluate("hide(false)")
    while asked["step"] == before:
        page.wait_for_timeout(20)


def test_ten_pages_follow_one_run(growing, pages):
    """A browser has six connections to a server: one page hears, and tells the others."""
    opened, asked = pages
    all_of_them = [opened(growing.live.address) for _ in range(10)]
    last = growing.grow()
    for page in all_of_them:
        until(page, last)
    assert asked["events"] == 1
    all_of_them[0].close()  # another takes over
    last = growing.grow()
    for page in all_of_them[1:]:
        until(page, last)


def test_a_run_whose_program_ends(growing, pages):
    from clearprop.studio.server import Server

    opened, _ = pages
    page = opened(growing.live.address)
    server, run = growing.live._server, growing.live.run
    growing.live.close()
    page.get_by_role("alert").get_by_text("The program that trains does not answer").wait_for()
    again = Server(int(server.origin.rsplit(":", 1)[1]), token=server.token)
    again.app.state.runs.live = run
    again.start()
    page.get_by_role("alert").wait_for(state="detached")
    until(page, growing.grow())
    again.close()


@pytest.mark.parametrize("screen", ["data", "curves", "hill", "health", "derivation"])
def test_a_screen_goes_on_when_the_server_is_back(running, expect, screen):
    from clearprop.studio.server import Server

    server = Server(0)
    server.start()
    page = running.new_page()
    page.goto(f"{server.address}#{screen}?data=note&n=3")
    page.locator("main[data-ready=true]").wait_for()
    page.wait_for_load_state("networkidle")
    server.close()
    page.get_by_role("button", name="One step on").click()
    page.get_by_role("alert").first.wait_for()
    again = Server(int(server.origin.rsplit(":", 1)[1]), token=server.token)
    again.start()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.close()
    again.close()


def test_a_page_that_is_loaded_anew_in_mid_run(growing, pages):
    """It follows, if it stood at the last step; who looks back stays there, as who goes back does."""
    opened, _ = pages
    page = opened(growing.live.address)
    until(page, growing.grow())
    page.wait_for_timeout(300)  # the address is written
    page.reload()
    until(page, growing.grow())
    page.get_by_role("button", name="One step back").click()
    until(page, growing.live.run.total - 2)
    page.wait_for_timeout(300)
    at = growing.live.run.total - 2
    page.reload()
    page.locator("main[data-ready=true]").wait_for()
    growing.grow()
    page.get_by_text(f"step {at} of {growing.live.run.total - 1} reached").wait_for()
    page.get_by_role("button", name="Curves").click()
    page.go_back()
    growing.grow()
    page.get_by_text(f"step {at} of {growing.live.run.total - 1} reached").wait_for()


def test_a_sleep_of_the_browser(growing, pages):
    """What is announced meanwhile no page hears: once they are awake, they follow."""
    opened, _ = pages
    both = [opened(growing.live.address) for _ in range(2)]
    until(both[1], growing.grow())
    sleeping = [page.context.new_cdp_session(page) for page in both]
    for one in sleeping:
        one.send("Page.setWebLifecycleState", {"state": "frozen"})
    both[0].context.set_offline(True)
    growing.grow()
    both[0].context.set_offline(False)
    for one in sleeping:
        one.send("Page.setWebLifecycleState", {"state": "active"})
    last = growing.grow()
    for page in both:
        until(page, last)
        page.get_by_role("alert").wait_for(state="detached")
