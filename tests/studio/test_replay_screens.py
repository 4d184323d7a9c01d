"""A replay in a browser, from a file, without a network: what the served page shows, and no more."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager

import pytest

from clearprop.cli.studio import _place as place_of_command
from clearprop.studio.contents import Place
from clearprop.studio.replay import write_replay
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from studio_pages import CUT

PAIRS = "data=xor&hidden=2&epochs=1"
SHOWN = {
    "network": [".caption", ".drawing svg", ".panel h2", ".panel .lines", ".place"],
    "derivation": [".formulas", ".check", ".way"],
    "hill": [
        ".hill .words",
        ".hill .numbers",
        ".hill .scale",
        ".hill .rate output",
        ".hill .runs ul",
    ],
    "data": [".data-map figcaption", ".neuron-layers", ".data-fit", ".data-pushes", ".data-row"],
    "curves": ["[aria-labelledby=curves-loss] table", "[aria-labelledby=curves-metric] table"],
    "health": [".layers", ".findings"],
}
"""What has the numbers of each screen."""

HELD = {screen: [0, 1, 5, 15] for screen in SHOWN} | {"derivation": [0, 5, 15]}
"""Steps; a derivation is held of another sample of step 5 instead."""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("replay") / "replay.html"
    run = Run(Setup(data="xor", hidden="2", epochs=1))
    write_replay(path, run, 3, here=Place(5, 2))
    return path


@contextmanager
def opened(running, file, place, width=1280, scheme="light"):
    """A page of the file, without a network; what goes wrong in it, or leaves it, fails the test."""
    context = running.new_context(
        offline=True, color_scheme=scheme, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    wrong, asked = [], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri() + place)
    yield page
    context.close()
    assert wrong == []
    assert {url for url in asked if not url.startswith(("data:", "blob:"))} == {file.as_uri()}


WAITS = re.compile("being examined|being measured|Checking|on its way|Point at a row|are wanted")


def numbers_of(page, screen):
    """The texts of what has the numbers, and every map's picture; None while any is on its way."""
    texts = [page.locator(part).all_text_contents() for part in SHOWN[screen]]
    if not all(texts) or WAITS.search(str(texts)) or page.locator(".is-old").count():
        return None
    return texts, page.locator("canvas[role=img]").evaluate_all(
        "all => all.map((one) => one.toDataURL())"
    )


@pytest.mark.parametrize("n", [0, 5, 15])
@pytest.mark.parametrize("screen", SHOWN)
def test_it_shows_what_the_server_says(page, studio, running, file, screen, n):
    """The same address has the same numbers."""
    more = {"network": "&of=W1[1,0]&op=3", "derivation": "&of=W1[1,0]", "data": "&row=h3"}
    place = f"#{screen}?{PAIRS}&n={n}{more.get(screen, '')}"
    page.goto(f"{studio.address}{place}")
    with opened(running, file, place) as replay:
        for one in (replay, page):
            one.locator("main[data-ready=true]").wait_for()
        ends = time.monotonic() + 60
        while True:
            shown, right = numbers_of(replay, screen), numbers_of(page, screen)
            if screen == "health" and n == 15 and shown and right:  # whose diagnosis is not held
                assert "Not in this replay" in shown[0].pop()[0]
                right[0].pop()
            if (shown is not None and shown == right) or time.monotonic() > ends:
                break
            page.wait_for_timeout(100)
    assert shown is not None
    assert shown == right
    assert any(re.search(r"\d", text) for part in shown[0] for text in part)


@pytest.mark.parametrize("screen", SHOWN)
def test_the_timeline_goes_through_what_is_held(running, file, screen):
    """By keys alone, on to the end and back; nothing is missing on the way."""
    held = HELD[screen]
    way = [(".", n) for n in [*held[1:], held[-1]]] + [(",", n) for n in [*held[-2::-1], 0]]
    with opened(running, file, f"#{screen}?n=0") as page:
        page.locator("main[data-ready=true]").wait_for()
        for key, n in way:
            page.keyboard.press(key)
            page.locator(".reached", has_text=f"step {n} of").wait_for()
            page.locator("main[data-ready=true]").wait_for()
            texts = page.locator(".error").all_inner_texts()
            assert [one for one in texts if "Not in" in one and screen != "health"] == []


def test_samples_are_gone_through(running, file):
    with opened(running, file, "#network?n=0&of=x[0]") as page:
        page.locator("main[data-ready=true]").wait_for()
        for _ in range(8):
            page.keyboard.press("]")
        page.locator(".place", has_text="batch 2 of 16, sample 0 of 0 to 9").wait_for()
        page.keyboard.press("[")
        page.locator(".place", has_text="batch 1 of 16, sample 7 of 0 to 9").wait_for()
        page.locator(".panel .lines").wait_for()


def test_each_element_that_is_drawn_has_its_numbers(running, file):
    with opened(running, file, "#network?n=5") as page:
        page.locator("main[data-ready=true]").wait_for()
        names = page.locator("[data-of]").evaluate_all("all => all.map((one) => one.dataset.of)")
        assert len(names) > 10
        for name in {*names}:
            page.locator(".go-to input").fill(name)
            page.keyboard.press("Enter")
            page.get_by_role("heading", name=re.compile(rf"^{re.escape(name)}( |$)")).wait_for()
        assert page.locator(".error").count() == 0


@pytest.mark.parametrize(
    "place",
    ["#network?n=3", "#derivation?n=3", "#derivation?n=5&largest=3", "#hill?n=5&zoom=5", "#data?n=5&over=pca",
     "#network?n=5&of=W9[0,0]", "#network?data=moons&n=5", "#classroom?n=5", "#start", "#data?n=5&row=h900"],
)  # fmt: skip
def test_what_is_not_in_it_is_said_with_the_line_that_opens_it(running, file, place):
    with opened(running, file, place) as page:
        said = page.locator(".error", has_text=re.compile("(N|n)ot in this replay")).first
        said.wait_for()
        line = re.search(r"run: clearprop studio --at '(#[^']*)'", said.inner_text())[1]
    address = place_of_command((), line)
    assert address.startswith(place.partition("?")[0] + "?")
    assert Run(Setup.read(dict(p.split("=", 1) for p in address.split("?")[1].split("&")))).total


def test_it_leads_to_the_steps_that_it_has(running, file):
    with opened(running, file, "#derivation?n=3") as page:
        page.get_by_role("button", name="on to step 5").click()
        page.locator(".formulas").wait_for()
        page.get_by_text("Replay: Exclusive or").click()
        page.get_by_text("Derivations and their checks").wait_for()


def test_dragging_says_that_nothing_is_changed(running, file):
    with opened(running, file, "#network?n=5") as page:
        page.locator("main[data-ready=true]").wait_for()
        before = page.locator(".drawing").inner_text()
        box = page.locator("[data-of='b1[0]']").first.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"], box["y"] - 60, steps=4)
        page.mouse.up()
        page.get_by_role("alert").get_by_text("can be looked at, not changed").wait_for()
        assert page.locator(".drawing").inner_text() == before
        page.keyboard.press(".")
        page.get_by_role("alert").wait_for(state="detached")


def test_the_program_of_a_run_is_in_it(running, file):
    with opened(running, file, "#network?n=5") as page:
        page.get_by_role("button", name="Copy as Python").click()
        page.get_by_text("up to step 5.").wait_for()
        assert "import clearprop as cp" in page.locator("dialog pre").inner_text()


@pytest.mark.parametrize("how", [(390, "dark"), (1280, "light")])
@pytest.mark.parametrize(
    "place", [*(f"#{one}?n=5" for one in SHOWN), "#derivation?n=3", "#classroom"]
)
def test_nothing_is_cut_and_all_can_use_it(running, file, place, how):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with opened(running, file, place, *how) as page:
        page.locator(".replay").wait_for()
        page.locator("main[data-ready=true], .error").first.wait_for()
        page.get_by_text("Replay: Exclusive or").click()
        assert page.evaluate(CUT) == []
        found = axe.Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
