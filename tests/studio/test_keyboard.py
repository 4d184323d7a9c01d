"""The page by the keyboard alone, in a browser: few stops for Tab, arrow keys within groups."""

from __future__ import annotations

import pytest

FOCUSED = "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"


def stops(page):
    """What Tab comes by, once round."""
    found = []
    while True:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            return found
        found.append(page.evaluate(FOCUSED).strip()[:40])
        assert len(found) < 60


@pytest.mark.parametrize(
    ("screen", "most"), [("network", 17), ("data", 22), ("derivation", 29), ("curves", 24)]
)
def test_tab_comes_by_few_stops(page, studio, screen, most):
    page.goto(f"{studio.address}#{screen}?data=circles&n=3")
    page.locator("main[data-ready=true]").wait_for()
    page.wait_for_load_state("networkidle")
    found = stops(page)
    assert found[0] == "To the screen"
    assert len(found) <= most, found


def test_to_the_screen(page, studio):
    page.goto(f"{studio.address}#network?data=circles&n=3")
    page.locator("main[data-ready=true]").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "MAIN"
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('main')")
    assert "#network?data=circles&n=3" in page.url


def test_arrow_keys_go_within_a_group(page, studio):
    page.goto(f"{studio.address}#network?data=circles&n=3")
    page.locator("main[data-ready=true]").wait_for()
    for _ in range(3):  # the skip link, the title, the screens
        page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED) == "Network"
    page.keyboard.press("ArrowRight")
    assert page.evaluate(FOCUSED) == "Derivation"
    page.keyboard.press("Home")
    assert page.evaluate(FOCUSED) == "Start"
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_url("**#classroom**")
    assert "n=3" in page.url, "within a group, arrow keys move nothing else"


def test_after_a_click_arrow_keys_move_the_run(page, studio):
    page.goto(f"{studio.address}#network?data=circles&n=3")
    page.get_by_role("button", name="One operation on").click()
    page.wait_for_url("**&op=0**")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**&op=1**")


def test_the_operation_looked_at_keeps_the_focus(page, studio):
    page.goto(f"{studio.address}#network?data=circles&n=3&op=2")
    page.locator("main[data-ready=true]").wait_for()
    page.locator(".operations [tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**&op=3**")
    page.locator(".operations [aria-current]:focus", has_text="a2").wait_for()
