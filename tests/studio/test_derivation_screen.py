"""The derivation in a browser: what is pointed at is lit on both sides, and the keyboard does."""

from __future__ import annotations

import re

import pytest

import clearprop as cp
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup

NOTE = "#derivation?data=note"


def opened(page, studio, address=NOTE):
    page.goto(f"{studio.address}{address}")
    page.wait_for_selector(".way svg")
    page.wait_for_selector(".check .verdict")
    return page


def of_address(page, of):
    page.wait_for_url(re.compile(rf"[?&]of={re.escape(of)}(&|$)"))
    page.wait_for_selector(f".way .chosen, .formulas :text-is('{of}')")


def lit(page, where, kind):
    """The things of the drawing, or of the formulas, that are of a class."""
    name = "data-name" if where == ".way" else "data-of"
    found = page.locator(f"{where} .{kind}[{name}]")
    return {one for text in found.evaluate_all(
        f"all => all.map(one => one.getAttribute('{name}'))") for one in text.split()}  # fmt: skip


def test_the_way_is_lit_in_the_drawing_and_in_the_formulas(page, studio):
    opened(page, studio, f"{NOTE}&of=W1[0,1]")
    way = {"W1[0,1]", "a1[0]", "W2[0,0]", "a2[0]", "L-a2[0]", "L"}
    assert lit(page, ".way", "lit") == way
    assert lit(page, ".formulas", "lit") == way
    opened(page, studio, f"{NOTE}&of=z1[1]")
    way = {"x[0]", "x[1]", "W1[1,0]", "W1[1,1]", "a1[1]"}
    page.wait_for_selector(".way .lit[data-name='x[0]']")  # that of before stands until it is there
    assert lit(page, ".way", "lit") == way
    assert lit(page, ".formulas", "lit") == way


def test_a_term_that_is_pointed_at_lights_its_edge_and_the_other_way_round(page, studio):
    opened(page, studio)
    page.locator(".formulas [data-of='W2[0,1]']").first.hover()
    page.wait_for_selector(".way .hot")
    assert lit(page, ".way", "hot") == {"W2[0,1]"}
    assert "w6 = 0.6" in page.locator(".pointed").inner_text()
    page.locator(".way [data-name='a1[1]']").hover()
    page.wait_for_selector(".formulas .hot[data-of='a1[1]']")
    every = page.locator(".formulas [data-of~='a1[1]']").count()
    assert page.locator(".formulas .hot").count() == every > 3
    # A partial derivative is of the edge between the two as a whole.
    page.locator(".formulas mrow[data-of='W2[0,0]']:has(mfrac) mo").first.hover()
    page.wait_for_selector(".way .hot[data-name='W2[0,0]']")


def test_the_numbers_shown_are_those_of_explain_and_of_the_record(page, studio):
    opened(page, studio, f"{NOTE}&of=W1[0,0]&n=3")
    step = Run(Setup(data="note")).at(3)
    page.wait_for_url(re.compile("n=3"))
    told = cp.explain(step=step, of="W1[0,0]", sample=0)
    page.wait_for_selector(f".check td[data-value='{told.value!r}']")
    page.wait_for_selector(f".check td[data-value='{told['difference'].value!r}']")
    last = page.locator(".formulas .equation", has=page.locator("code:text-is('delta2[0]')"))
    shown = last.last.locator(".line").last.inner_text().replace("\n", "").replace("−", "-")
    assert f"{told['delta2[0]'].value:.6g}" in shown
    drawn = page.locator(".way [data-name='a2[0]'] .number").text_content()
    assert float(drawn) == pytest.approx(float(step.record["a2[0]"][0]), rel=5e-4)
    assert "right" in page.locator(".check .verdict").inner_text()


def test_it_follows_a_run_that_is_played(page, studio):
    opened(page, studio, f"{NOTE}&play=1&speed=slow")
    page.wait_for_url(re.compile(r"[?&]n=[3-9]"))
    page.get_by_role("button", name="Pause").click()
    page.wait_for_url(lambda url: "play=1" not in url)  # it is written a moment later
    n = int(re.search(r"[?&]n=(\d+)", page.url)[1])
    told = cp.explain(step=Run(Setup(data="note")).at(n), of="W1[0,0]", sample=0)
    page.wait_for_selector(f".check td[data-value='{told.value!r}']")
    page.wait_for_selector(f".formulas [data-value='{told.value!r}']")


def test_a_symbol_leads_to_its_own_derivation_and_back(page, studio):
    opened(page, studio)
    page.locator(".formulas [data-to='delta2[0]']").first.click()
    of_address(page, "delta2[0]")
    page.wait_for_selector(".trail >> text=w1")
    page.locator(".way [data-name='W2[0,1]'] .hit").click()
    of_address(page, "W2[0,1]")
    assert page.locator(".trail button").all_inner_texts() == ["w1", "delta2[0]"]
    page.locator(".trail button").first.click()
    of_address(page, "W1[0,0]")
    page.go_back()
    of_address(page, "W2[0,1]")


def test_by_the_keyboard_alone(page, studio):
    opened(page, studio)
    field = page.get_by_role("combobox", name="Element")
    field.focus()
    field.fill("w6")
    page.wait_for_selector("#chooser-list li >> text=W2[0,1]")
    field.press("Enter")
    of_address(page, "W2[0,1]")
    page.wait_for_selector(".way .chosen[data-name='W2[0,1]']")
    term = page.locator(".formulas [tabindex='0']")
    term.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".way .hot[data-name='W1[0,1]'], .way .hot[data-name='x[0]']")
    page.keyboard.press("ArrowDown")
    to = page.evaluate("document.activeElement.getAttribute('data-to')")
    page.keyboard.press("Enter")
    of_address(page, to)
    page.locator(".way [tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_selector(".way .hot")
    name = page.evaluate("document.activeElement.getAttribute('data-name')")
    assert lit(page, ".way", "hot") == {name}
    page.keyboard.press("Enter")
    page.wait_for_selector(f".way .chosen[data-name='{name}']")
    page.wait_for_url(lambda url: f"of={to}" not in url)


def test_how_it_is_written(page, studio):
    opened(page, studio)
    code = page.locator(".formulas .left").first
    assert "(1)" not in code.inner_text()
    page.get_by_label("names such as “w1”").uncheck()
    page.wait_for_selector("article h2:has-text('W1[0,0]')")
    page.get_by_label("Layers").select_option("parentheses")
    page.wait_for_selector(".formulas .left >> text='(1)'")
    page.get_by_role("button", name="Check the whole gradient").click()
    page.wait_for_selector(".batch >> text=complex step")


@pytest.mark.parametrize("width", [400, 1000])
@pytest.mark.parametrize("address", [f"{NOTE}&of=W1[1,0]", "#derivation?data=circles&of=b1[2]&n=4"])
def test_nothing_is_cut(page, studio, address, width):
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, studio, address)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    right = page.locator(".formulas math").evaluate_all(
        "all => Math.max(...all.map(one => one.getBoundingClientRect().right))"
    )
    sizes = page.locator(".formulas .line math").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(r => [r.width, r.height])"
    )
    assert right <= width
    assert len(sizes) > 20
    assert min(min(size) for size in sizes) > 4


def test_copied_as_latex(page, studio, running):
    opened(page, studio, f"{NOTE}&of=a2[0]")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy as LaTeX").click()
    page.wait_for_selector(".copies >> text=Copied as LaTeX.")
    told = cp.explain(step=Run(Setup(data="note")).at(0), of="a2[0]", sample=0, names=NAMES)
    assert page.evaluate("navigator.clipboard.readText()") == told.to_latex()


def test_columns_have_their_names_in_the_drawing_and_in_the_legend(page, studio):
    opened(page, studio, "#derivation?data=penguins&n=3&of=W1[0,1]&names=code")
    assert "x[1]: island = Dream" in page.locator("article").inner_text()
    for thing, said in (
        ("W1[0,1]", "W1[0,1] (from island = Dream) = "), ("x[1]", "x[1] (island = Dream) = "),
    ):  # fmt: skip
        page.locator(f".way [data-name='{thing}']").focus()
        page.wait_for_selector(f".way .hot[data-name='{thing}']")
        assert page.locator(".pointed").inner_text().startswith(said)


NAMES = Run(Setup(data="note")).problem.names


def test_what_is_no_element_is_said_in_one_line(running, studio):
    page = running.new_page()  # a refusal stands in the console, too
    page.goto(f"{studio.address}{NOTE}&of=W7[0,0]")
    page.wait_for_selector(".derivation .error >> text=W7")
    assert page.get_by_role("combobox", name="Element").is_visible()
    page.close()
