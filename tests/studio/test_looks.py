"""Every screen in a browser, at three sizes, light and dark: nothing is cut, and all can use it."""

from __future__ import annotations

import pytest

from studio_pages import CUT, SCREENS, SIZES, shown


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_cut_and_all_can_use_it(running, studio, screen, size, scheme):
    """By axe-core, which finds what a screen reader, or a weak eye, cannot read."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with shown(running, studio.address, screen, size, scheme) as page:
        assert page.evaluate(CUT) == []
        found = axe.Axe().run(page).response["violations"]
    serious = [
        (one["id"], one["help"], [node["html"][:200] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_what_is_cut_or_pale_is_seen(running, studio):
    """The checks see faults that are planted."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with shown(running, studio.address, "network", "390", "light") as page:
        page.evaluate(
            "document.querySelector('main').innerHTML += '<p style=\"width:900px\">wide</p>'"
        )
        assert page.evaluate(CUT)
        page.evaluate("document.querySelector('.about').style.color = '#ddd'")
        page.evaluate("document.querySelector('input[type=range]').removeAttribute('aria-label')")
        found = {one["id"] for one in axe.Axe().run(page).response["violations"]}
        assert found >= {"color-contrast", "label"}
