"""The hill in a browser: its numbers are the server's, and it does by keyboard what it does."""

from __future__ import annotations

import re

import pytest

from studio_server import ask


def shown(value):
    """A number as the page writes it, with 4 digits."""
    if value and not 1e-3 <= abs(value) < 1e5:
        return f"{value:.2e}".replace("e-0", "e-").replace("-", "−")
    return f"{float(f'{value:.4g}'):g}".replace("-", "−")


def test_the_table_has_the_servers_numbers(page, studio, expect):
    found = ask(studio, "hill", n=40, data="note", eta=2)
    page.goto(f"{studio.address}#hill?data=note&n=40&eta=2")
    rows = page.locator("table.numbers tbody tr")
    expect(rows).to_have_count(4)
    here, gradient, step, plain = (rows.nth(k).locator("td") for k in range(4))
    expect(here.nth(3)).to_have_text(shown(found["here"]["cost"]))
    expect(gradient.nth(0)).to_have_text(shown(found["gradient"]["at"][0]))
    expect(step.nth(1)).to_have_text(shown(found["step"]["change"][1]))
    expect(plain.nth(4)).to_have_text(shown(found["plain"]["whole"]))
    expect(page.locator(".levels path")).to_have_count(len(found["levels"]))
    assert page.locator(".axes .name").all_text_contents() == found["names"]


def test_the_rate_is_moved_by_keyboard_and_stands_in_the_address(page, studio, expect):
    page.goto(f"{studio.address}#hill?data=note&n=5")
    slider = page.get_by_role("slider", name="Rate")
    expect(slider).to_have_attribute("aria-valuetext", "rate 0.5, the optimizer's own")
    slider.press("ArrowRight")
    page.wait_for_url(re.compile("eta=1(&|$)"))
    expect(page.locator(".rate output")).to_have_text("rate 1")


def test_the_cross_reads_the_cost_and_the_run_goes_on_from_there(page, studio, expect):
    found = ask(studio, "hill", n=5, data="note")
    page.goto(f"{studio.address}#hill?data=note&n=5")
    page.locator("svg.contours").press("ArrowRight")
    said = page.locator(".cross-words output")
    middle = len(found["first"]) // 2
    expect(said.nth(0)).to_have_text(shown(found["first"][middle + 1]))
    expect(said.nth(2)).to_have_text(shown(found["costs"][middle][middle + 1]))
    page.get_by_role("button", name="Go on from here").click()
    page.wait_for_url(re.compile(r"edit=5:"))
    cell = page.locator("table.numbers tbody tr").first.locator("td").first
    expect(cell).to_have_text(shown(found["first"][middle + 1]))


def test_another_run_is_drawn_beside_and_taken_away(page, studio, expect):
    page.goto(f"{studio.address}#hill?data=note&n=20")
    page.get_by_role("button", name="Adam, rate 0.01").click()
    page.wait_for_url(re.compile(r"vs=optimizer:adam,rate:0.01"))
    expect(page.locator(".runs li")).to_have_count(2)
    expect(page.locator(".paths path.line")).to_have_count(2)
    page.get_by_role("button", name="Without optimizer adam, rate 0.01").click()
    expect(page.locator(".runs li")).to_have_count(1)


def test_planes_zoom_and_turning(page, studio, expect):
    page.goto(f"{studio.address}#hill?data=note&n=20")
    page.get_by_role("combobox", name="Over").select_option("random")
    expect(page.locator(".axes .name").first).to_have_text("direction 1")
    page.get_by_role("button", name="Draw others").click()
    page.wait_for_url(re.compile("draw=1"))
    page.get_by_role("button", name="Look closer").click()
    page.wait_for_url(re.compile("zoom=1"))
    page.locator("canvas.surface").press("ArrowLeft")
    page.wait_for_url(re.compile("turn=50"))
    page.get_by_role("combobox", name="Over").select_option("weights")
    page.get_by_role("combobox", name="weight").select_option("W1[1,1]")
    expect(page.locator(".axes .name").first).to_have_text("w4")


@pytest.mark.parametrize("width", [360, 400, 1000, 1920])
def test_nothing_is_cut_off(page, studio, expect, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{studio.address}#hill?data=note&n=20&vs=rate:1.0")
    expect(page.locator("canvas.surface")).to_be_visible()
    expect(page.locator("table.numbers")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_plane_that_there_is_not_yet_is_told(running, studio, expect):
    page = running.new_page()  # of its own: its console tells of the refusal
    page.goto(f"{studio.address}#hill?data=note&n=0&plane=path")
    expect(page.locator(".hill .error")).to_contain_text("from its third step on")
    page.close()
