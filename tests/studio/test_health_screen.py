"""Health in a browser: its numbers are the server's; an illness is planted, guessed and treated."""

from __future__ import annotations

import re

import pytest

from clearprop.studio.illnesses import ILLNESSES, illness_of
from studio_server import ask


def shown(value):
    """A number as the page writes it, with 3 digits; none here is small or large."""
    return f"{float(f'{value:.3g}'):g}"


def code_of(name):
    return next(code for code in map(str, range(1000)) if illness_of(code).name == name)


def test_the_table_has_the_servers_numbers(page, studio, expect):
    found = ask(studio, "health", n=30, data="moons")
    page.goto(f"{studio.address}#health?data=moons&n=30")
    rows = page.locator("table.layers tbody tr")
    expect(rows).to_have_count(2)
    for k, layer in enumerate(found["layers"]):
        cells = rows.nth(k).locator("td")
        expect(cells.nth(0)).to_have_text(f"0 of {layer['units']}")
        expect(cells.nth(1)).to_have_text(f"{shown(100 * layer['saturated'])}%")
        for at, name in ((2, "spread"), (3, "delta"), (4, "gradient"), (5, "update")):
            expect(cells.nth(at)).to_have_text(shown(layer[name]))
    last = found["over_time"]["gradients"][1][-1]
    legend = page.locator(".plot").first.locator(".plot-legend li").nth(2)
    expect(legend).to_contain_text(f"layer 2 {last:.4g}")
    expect(page.locator(".findings .well")).to_have_text("Nothing is found to be wrong.")


def test_a_remedy_is_tried_beside_and_taken(page, studio, expect):
    page.goto(f"{studio.address}#health?data=moons&rows=60&n=0&activation=relu&hidden=8&bias=-9")
    expect(page.locator(".finding h3").first).to_have_text("dead units")
    page.get_by_role("button", name="Try this remedy").first.click()
    page.wait_for_url(re.compile("remedy="))
    expect(page.locator(".treatment .verdict")).to_contain_text("The remedy is better.")
    page.get_by_role("button", name="Go on with the remedy").click()
    page.wait_for_url(re.compile("initializer=he_normal"))
    assert "bias" not in page.url
    expect(page.locator(".findings .well")).to_be_visible()


def test_an_illness_is_planted_guessed_and_confirmed(page, studio, expect):
    page.goto(f"{studio.address}#health?data=moons&rows=60&hidden=4")
    page.get_by_role("button", name="Plant one, in secret").click()
    page.wait_for_url(re.compile("illness=[a-z2-9]{6}"))
    expect(page.locator(".findings")).to_contain_text("waits for your guess")
    page.goto(f"{studio.address}#health?data=moons&rows=60&hidden=4&illness={code_of('strict')}")
    expect(page.locator(".lab input[type=radio]")).to_have_count(len(ILLNESSES))
    page.get_by_label("Penalty (l2) too large").check()
    page.get_by_role("button", name="That is my guess").click()
    verdict = page.locator(".lab .verdict")
    expect(verdict).to_contain_text("Right.")
    expect(verdict).to_contain_text("the diagnosis confirms it: penalty too large")
    page.get_by_role("button", name="Open it, and treat it").click()
    page.wait_for_url(re.compile("l2=1.0"))
    assert "illness" not in page.url
    expect(page.locator(".finding h3").first).to_have_text("penalty too large")


@pytest.mark.parametrize("width", [360, 400, 1000, 1920])
def test_nothing_is_cut_off(page, studio, expect, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{studio.address}#health?data=moons&rows=60&n=10&gain=100&remedy=gain:1")
    expect(page.locator(".treatment .verdict")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize(
    "setup", ["gain=0", "gain=100&activation=relu&hidden=16", "activation=sigmoid&hidden=4,4,4"]
)
def test_norms_that_are_0_or_far_apart_are_drawn(page, studio, expect, setup):
    """A page error fails the test."""
    ask(studio, "health", n=40, **dict(pair.split("=") for pair in setup.split("&")))
    page.goto(f"{studio.address}#health?{setup}&n=40")
    expect(page.locator(".plot .axes")).to_have_count(2)
    expect(page.locator(".plot-legend").last).to_contain_text("step 40")
    paths = "all => all.map((path) => path.getAttribute('d')).join('')"
    assert "NaN" not in page.locator(".plot path").evaluate_all(paths)
