"""The screens of data and of curves in a browser: what they show is what the server says."""

from __future__ import annotations

import re
from urllib.parse import parse_qs

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from studio_pages import SETTLED
from studio_server import ask


def numbers(text):
    """The numbers in a text of the page."""
    found = re.findall(r"-?\d[\d,]*\.?\d*(?:e-?\d+)?", text.replace("−", "-"))
    return [float(one.replace(",", "")) for one in found]


def place(page, *names):
    """The pairs of the page's address, once it has those of these names."""
    for name in names:
        page.wait_for_url(re.compile(rf"#.*[?&]{name}="))
    return {
        name: values[0] for name, values in parse_qs(page.url.split("#")[1].split("?")[1]).items()
    }


def opened(page, studio, address, expect, what):
    page.goto(f"{studio.address}#{address}")
    expect(page.locator(what).first).to_be_visible()
    page.locator("main[data-ready=true]").wait_for()
    return page


def test_the_map_is_what_the_network_says(page, studio, expect):
    found = ask(studio, "decisions", n=200, data="moons")
    opened(page, studio, "data?data=moons&n=200", expect, ".data-map canvas")
    expect(page.locator(".data-plane small")).to_have_text("step 200")
    page.evaluate(SETTLED)
    pixels = page.evaluate(
        "() => { const c = document.querySelector('.data-map canvas');"
        "return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]; }"
    )
    image = np.array(pixels).reshape(60, 60, 4)[::-1]
    grid = np.stack(
        np.meshgrid(np.linspace(*found["first"], 60), np.linspace(*found["second"], 60))
    )
    said = Run(Setup(data="moons")).network_at(200).predict(grid.reshape(2, -1).T).reshape(60, 60)
    is_sure = np.abs(said - 0.5) > 0.01
    assert ((image[..., 0] > image[..., 2]) == (said > 0.5))[is_sure].all()  # orange: above
    strong, weak = (image[..., 3][one].mean() for one in (np.abs(said - 0.5) > 0.3, ~is_sure))
    assert strong > 3 * weak
    caption = page.locator(".data-map figcaption p").inner_text()
    assert numbers(caption)[2:4] == pytest.approx([said.min(), said.max()], rel=1e-2)
    maps = page.locator(".neuron b")
    assert maps.all_inner_texts() == [*(f"a1[{j}]" for j in range(6)), "a2[0]"]
    page.locator(".neuron", has_text="a1[4]").click()
    expect(page.locator(".data-map figcaption")).to_contain_text("a1[4]")
    assert place(page, "map")["map"] == "a1[4]"
    page.get_by_role("button", name="Show the decision").click()
    expect(page.locator(".data-map figcaption")).to_contain_text("a2[0]")


def test_a_row_that_is_clicked_is_followed(page, studio, expect):
    opened(page, studio, "data?data=moons&n=7", expect, "[data-row='31']")
    page.evaluate(SETTLED)  # nothing is moved by what is still to come
    box = page.locator("[data-row='31']").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    row = int(page.evaluate(  # of points that overlap, the upper one
        "([x, y]) => document.elementFromPoint(x, y).dataset.row", list(middle)
    ))  # fmt: skip
    page.mouse.move(*middle)
    expect(page.locator(".row-panel h3")).to_have_text(f"Row {row}")
    page.mouse.click(*middle)
    expect(page.locator(".row-panel h3")).to_have_text(f"Row {row}, followed")
    pairs = place(page, "row")
    run = Run(Setup(data="moons"))
    n, sample = int(pairs["n"]), int(pairs.get("sample", 0))
    assert pairs["row"] == str(row)
    assert run.at(n).rows[sample] == row
    assert n == next(k for k in range(7, 100) if row in run.at(k).rows)
    expect(page.locator(".row-panel")).to_contain_text("In this batch".lower())
    cells = page.locator(".row-panel td").all_inner_texts()
    assert numbers(cells[0])[0] == pytest.approx(run.problem.X[row, 0], rel=1e-3)
    assert numbers(cells[1])[0] == pytest.approx(run.problem.X[row, 1], rel=1e-3)
    page.get_by_role("button", name="In the network").click()
    expect(page.locator("nav [aria-current=page]")).to_have_text("Network")
    page.wait_for_url(re.compile("#network"))
    assert place(page, "n")["n"] == str(n)


def test_rows_by_the_keyboard(page, studio, expect):
    opened(page, studio, "data?data=xor", expect, ".data-map svg[role=slider]")
    page.locator(".data-map svg[role=slider]").focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".row-panel h3")).to_have_text("Row 2")
    page.keyboard.press("End")
    expect(page.locator(".row-panel")).to_contain_text("no batch holds it")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator(".row-panel h3")).to_have_text("Row 0, followed")
    pairs = place(page, "row")
    assert Run(Setup(data="xor")).at(int(pairs["n"])).rows[int(pairs.get("sample", 0))] == 0


def test_confusion_and_pushes_are_the_servers(page, studio, expect):
    found = ask(studio, "verdicts", n=90, data="circles", part="held")
    opened(page, studio, "data?data=circles&n=90&part=held", expect, ".confusion td b")
    counts = [int(text) for text in page.locator(".confusion td b").all_inner_texts()]
    assert counts == np.ravel(found["confusion"]).tolist()
    expect(page.locator(".pushes li")).to_have_count(10)
    record = Run(Setup(data="circles")).at(90).record
    own = cp.per_sample_gradients(record.network, record.a[0], record.y).array
    norms = np.sort(np.linalg.norm(own, axis=1))[::-1]
    shown = [numbers(text)[1] for text in page.locator(".pushes li").all_inner_texts()]
    assert shown == pytest.approx(norms, rel=1e-2)
    page.locator(".pushes button").nth(1).click()
    expect(page.locator(".pushes button").nth(1)).to_have_attribute("aria-pressed", "true")
    second = ask(studio, "pushes", n=90, data="circles")["samples"][1]
    pairs = place(page, "row")
    assert int(pairs.get("sample", 0)) == second["sample"]
    assert pairs["row"] == str(second["row"])


def test_the_map_moves_while_the_run_plays(page, studio, expect):
    opened(page, studio, "data?data=xor&play=1", expect, ".data-map canvas")
    first = page.locator(".data-plane small").inner_text()
    expect(page.locator(".data-plane small")).not_to_have_text(first)
    page.locator("button.play").click()


def test_runs_are_compared(page, studio, expect):
    address = "curves?data=moons&seed=5&vs=rate:0.5"  # a run that no other test goes on with
    opened(page, studio, address, expect, ".runs tbody tr:nth-child(2) td")
    page.get_by_role("button", name="Other optimizers").click()
    rows = page.locator(".runs tbody tr")
    expect(rows).to_have_count(4)
    page.wait_for_url(re.compile("#.*optimizer:adam"))
    for k, change in enumerate(
        ({}, {"rate": 0.5}, {"optimizer": "adam"}, {"optimizer": "rmsprop"})
    ):
        run = Run(Setup(data="moons", seed=5, **change))
        run.reach(20 * run.steps_of_epoch - 1, seconds=600)
        last = run.epochs[19]
        best = min(one.validation_loss for one in run.epochs)
        for cell, cost in enumerate((last.loss, last.validation_loss, best)):
            expect(rows.nth(k).locator("td").nth(cell)).to_have_text(f"{cost:.4g}")
    page.get_by_role("button", name="Leave out rate 0.5").click()
    expect(rows).to_have_count(3)


def test_a_click_on_a_curve_goes_to_its_step(page, studio, expect):
    ask(studio, "curves", n=319, data="xor", seed=6)
    opened(page, studio, "curves?data=xor&seed=6", expect, ".plot .axes")
    expect(page.locator(".curves-length")).to_contain_text("320 of 16,000 steps are made.")
    page.evaluate(SETTLED)
    plot = page.locator(".plot > svg").first
    box = plot.locator(".axes line").first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, plot.bounding_box()["y"] + 20)
    pointed = page.locator(".plot-legend").first.locator("li").all_inner_texts()
    run = Run(Setup(data="xor", seed=6))
    run.reach(319, seconds=60)
    n = int(numbers(pointed[0])[0])
    assert abs(n - 160) < 2
    assert pointed[1] == f"each batch {run.losses[n]:.4g}"
    page.mouse.click(box["x"] + box["width"] / 2, plot.bounding_box()["y"] + 20)
    assert abs(int(place(page, "n")["n"]) - n) < 2
    page.locator("details summary").first.click()
    cells = page.locator("details td").all_inner_texts()
    assert numbers(cells[1])[0] == pytest.approx(run.epochs[0].loss, rel=1e-4)


def test_a_found_rate_is_used(page, studio, expect):
    opened(page, studio, "curves?data=circles", expect, ".finder button")
    page.get_by_role("button", name="Try rates, small to large").click()
    page.get_by_role("button", name="Use this rate").click()
    run = Run(Setup(data="circles"))
    found = cp.find_learning_rate(
        run.problem.network, run.problem.X, run.problem.y, optimizer=run.rule_at(0), batch_size=10
    )
    assert float(place(page, "rate")["rate"]) == found.suggested


@pytest.mark.parametrize("width", [400, 1000, 1920])
@pytest.mark.parametrize("screen", ["data", "curves"])
def test_nothing_is_wider_than_the_page(page, studio, expect, screen, width):
    page.set_viewport_size({"width": width, "height": 800})
    what = {"data": ".pushes li", "curves": ".runs tbody tr:nth-child(2) td"}[screen]
    opened(page, studio, f"{screen}?data=circles&n=20&vs=rate:0.5&row=3&finder=1", expect, what)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
