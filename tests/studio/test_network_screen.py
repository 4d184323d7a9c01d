"""The drawing of the network in a browser: its numbers are those of `cp.backprop`, by phase."""

from __future__ import annotations

import re

import pytest

import clearprop as cp
from clearprop.studio.replay import write_replay
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from studio_pages import SETTLED

MAZUR = {
    "a2[0]": 0.75136507, "a2[1]": 0.772928465, "a1[0]": 0.593269992, "a1[1]": 0.596884378,
    "L": 0.298371109,
}  # fmt: skip
MAZUR_AFTER = {
    "W1[0,0]": 0.149780716, "W1[0,1]": 0.19956143, "W1[1,0]": 0.24975114, "W1[1,1]": 0.29950229,
    "W2[0,0]": 0.35891648, "W2[0,1]": 0.408666186, "W2[1,0]": 0.511301270, "W2[1,1]": 0.561370121,
}  # fmt: skip


def visit(page, studio, rest):
    page.goto(f"{studio.address}#network?{rest}")
    ready(page)


def ready(page):
    """Wait for the drawing of the very step that is looked at."""
    page.locator("main[data-ready=true] svg.network").wait_for()


def number(text):
    """A number as the page writes it."""
    return float(text.replace("−", "-"))


def said(page, name):
    """The number that the drawing shows under a name, after the name that a reader gives it."""
    return number(page.locator(f'[data-number="{name}"]').text_content().split()[-1])


def close(shown, right, digits=4):
    """Whether a number is the right one, as it is rounded."""
    return shown == pytest.approx(right, rel=0.51 * 10 ** (1 - digits), abs=1e-300)


def picture(page):
    """All that the drawing says."""
    return page.locator("svg.network [role=button]").evaluate_all(
        "all => all.map((one) => one.getAttribute('aria-label'))"
    )


def test_the_notes_network_shows_what_backprop_computes(page, studio):
    run = Run(Setup(data="note"))
    record = cp.backprop(run.problem.network, run.problem.X, run.problem.y)
    visit(page, studio, "data=note")
    for name in ("a1[0]", "a1[1]", "a2[0]"):
        assert close(said(page, name), record[name][0])
    assert close(said(page, "L"), float(record.losses[0]))
    for name in ("W1[0,0]", "W1[0,1]", "W1[1,0]", "W1[1,1]", "W2[0,0]", "W2[0,1]"):
        assert close(said(page, name), record[name], 3)
    page.get_by_role("button", name="Delta", exact=True).click()
    page.locator("[data-number='δ2[0]']").wait_for()
    for name in ("delta1[0]", "delta1[1]", "delta2[0]"):
        assert close(said(page, name.replace("delta", "δ")), record[name][0])
    page.get_by_role("button", name="Gradient", exact=True).click()
    page.locator(".caption", has_text="gradients of L").wait_for()
    for name in ("W1[0,0]", "W1[0,1]", "W1[1,0]", "W1[1,1]", "W2[0,0]", "W2[0,1]"):
        assert close(said(page, name), record[f"d{name}"], 3)
    assert page.locator("[data-number='W1[0,1]']").text_content().startswith("w3 ")


def test_mazurs_published_numbers(page, studio):
    visit(page, studio, "data=mazur")
    for name, right in MAZUR.items():
        assert close(said(page, name), right)
    visit(page, studio, "data=mazur&op=11&lens=weight")  # the update is made
    page.locator(".caption", has_text="after the update of step 0").wait_for()
    for name, right in MAZUR_AFTER.items():
        assert close(said(page, name), right, 3)
    page.get_by_role("button", name="Numbers as a table").click()
    row = page.get_by_role("row", name="W1[0,0]")
    assert close(number(row.get_by_role("cell").last.inner_text()), MAZUR_AFTER["W1[0,0]"], 6)


@pytest.mark.parametrize("data", ["note", "circles"])
def test_operations_on_and_back_give_the_same_pictures(page, studio, data):
    visit(page, studio, f"data={data}&op=0&n=1")
    count = len(Run(Setup(data=data)).problem.network.sizes) * 3
    seen = []
    for way in ("on", "back"):
        there = []
        for _ in range(count):
            there.append(picture(page))
            place = page.locator(".place").text_content()
            page.get_by_role("button", name=f"One operation {way}").click()
            page.locator(".place", has_not_text=place).wait_for()
        seen.append(there)
    assert seen[0][1:] == seen[1][:0:-1]
    assert any("not yet computed" in one for one in seen[0][0])


def test_what_is_not_yet_computed_has_no_number(page, studio):
    visit(page, studio, "data=note&op=1&lens=activation")  # a1 is made
    assert page.locator("[data-number='a1[0]']").text_content() == "0.5866"
    assert page.locator("[data-number='a2[0]']").text_content() == "·"
    assert page.locator("[data-number='L']").text_content() == "·"
    assert "a2[0], y: not yet computed" in picture(page)
    assert "a1[0]: 0.586618, forward, step 0" in picture(page)
    assert "W1[1,0], w2: 0.2, before the update of step 0" in picture(page)
    assert "L =" not in page.locator(".place").inner_text()


def test_dragging_a_weight_moves_all_that_follows(page, studio):
    visit(page, studio, "data=note")
    before = said(page, "L")
    page.evaluate(SETTLED)  # nothing is moved by what is still to come
    line = page.locator("[data-of='W2[0,0]'] .reach").bounding_box()
    x, y = line["x"] + line["width"] / 2, line["y"] + line["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for up in range(5, 105, 5):
        page.mouse.move(x, y - up)
    page.mouse.up()
    page.wait_for_url(re.compile(r"edit=0:W2\[0,0\]=1\.5"))
    page.locator("[data-number='W2[0,0]']", has_text="1.5").wait_for()
    ready(page)
    record = Run(Setup(data="note", edit="0:W2[0,0]=1.5")).at(0).record
    assert close(said(page, "L"), float(record.losses[0]))
    assert close(said(page, "a2[0]"), record["a2"][0, 0])
    assert said(page, "L") != before
    page.get_by_role("button", name="Undo 0:W2[0,0]=1.5").click()
    page.locator("[data-number='W2[0,0]']", has_text="0.5").wait_for()
    ready(page)
    assert said(page, "L") == before


def test_inputs_and_targets_are_set_in_the_row_that_is_looked_at(page, studio):
    run = Run(Setup(data="xor"))
    step = run.at(3)
    row = step.rows[2]
    visit(page, studio, "data=xor&n=3&sample=2&of=x[1]")
    field = page.get_by_label(f"x[{row},1] before step 3", exact=True)
    field.fill("0.125")
    field.press("Enter")
    page.locator("[data-number='x[1]']", has_text="0.125").wait_for()
    ready(page)
    record = Run(Setup(data="xor", edit=f"3:x[{row},1]=0.125")).at(3).record
    assert close(said(page, "a2[0]"), record["a2"][2, 0])
    assert close(said(page, "L"), float(record.losses[2]))


def test_an_edge_without_room_shows_its_number_under_the_pointer(page, studio):
    visit(page, studio, "data=spirals&n=2&lens=gradient")
    assert page.locator("[data-number^='W1']").count() == 0
    page.locator("[data-of='W1[7,1]'] .reach").dispatch_event("pointerover")
    label = page.locator(".edge-labels .near", has_text="dW1[7,1]").text_content()
    record = Run(Setup(data="spirals")).at(2).record
    assert close(number(label.split()[-1]), record["dW1[7,1]"], 3)


def test_freezing_and_sharing(page, studio):
    visit(page, studio, "data=mazur&n=3&of=W1[0,0]&lens=weight")
    page.locator("[data-number='W1[0,0]']", has_text=re.compile(r"0\.149")).wait_for()
    page.get_by_role("button", name="Freeze W1[0,0]").click()
    page.locator("[data-number='W1[0,0]']", has_text="w1 0.15").wait_for()
    ready(page)
    assert said(page, "W1[0,0]") == 0.15  # as it was at the start
    page.get_by_role("button", name="Unfreeze W1[0,0]").click()
    page.get_by_label("Share with").select_option("W1[1,1]")
    page.get_by_role("button", name="Share no more with W1[1,1]").wait_for()
    record = Run(Setup(data="mazur", shared="W1[0,0]=W1[1,1]")).at(3).record
    page.locator("[data-number='W1[1,1]']", has_text=re.compile(r"0\.1[45]")).wait_for()
    ready(page)
    assert said(page, "W1[0,0]") == said(page, "W1[1,1]")
    assert close(said(page, "W1[1,1]"), record["W1[1,1]"], 3)


def test_numbers_of_an_element_are_of_the_step_that_is_looked_at(page, studio, expect, monkeypatch):
    """Also where each answer comes one step nearer to it, as on a machine that is busy."""
    monkeypatch.setattr(Run.reach, "__defaults__", (0.0,))  # seconds for an answer
    visit(page, studio, "data=spirals&seed=8&n=30&of=W1[0,0]&lens=weight")
    before, after = (Run(Setup(data="spirals", seed=8)).network_at(n)["W1[0,0]"] for n in (0, 30))
    for value, comes in ((after, True), (before, False)):
        text = re.compile(re.escape(f"{abs(value):.6f}"[:6]))
        found = expect(page.locator(".panel .lines td.value").first)
        (found.to_have_text if comes else found.not_to_have_text)(text)


def test_the_keyboard_alone_goes_through_the_drawing(page, studio):
    visit(page, studio, "data=note")
    page.locator("svg.network [tabindex='0']").focus()
    focused = page.locator("svg.network :focus")
    for key, name in (
        ("ArrowDown", "x[1]"), ("ArrowUp", "x[0]"), ("ArrowRight", "W1[0,0]"),
        ("ArrowDown", "W1[0,1]"), ("ArrowRight", "a1[0]"), ("ArrowRight", "W2[0,0]"),
        ("ArrowRight", "a2[0]"), ("ArrowRight", "y[0]"), ("ArrowRight", "L"), ("ArrowLeft", "y[0]"),
        ("ArrowLeft", "a2[0]"), ("ArrowLeft", "W2[0,0]"),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert focused.get_attribute("data-of") == name
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="W2[0,0] w5").wait_for()
    page.keyboard.press("+")
    page.locator("[data-number='W2[0,0]']", has_text="0.51").wait_for()
    assert focused.get_attribute("data-of") == "W2[0,0]"
    assert page.locator("svg.network [tabindex='0']").count() == 1


def test_wide_layers_fold(page, studio):
    visit(page, studio, "data=xor&hidden=100&n=3")
    found = Run(Setup(data="xor", hidden="100")).at(3)
    largest = abs(found.record["delta1"][0]).argsort()[::-1][:8]
    names = {f"a1[{i}]" for i in largest}
    drawn = page.locator("svg.network .neuron").evaluate_all("all => all.map((a) => a.dataset.of)")
    assert {one for one in drawn if one.startswith("a1")} == names
    strip = page.locator(".strip .hit")
    assert page.locator(".strip text").text_content() == "a1: all 100"
    box = strip.bounding_box()  # 10 x 10 cells
    strip.click(position={"x": 0.35 * box["width"], "y": 0.45 * box["height"]})
    page.locator(".neuron[data-of='a1[43]']").wait_for()
    page.get_by_role("heading", name="a1[43]").wait_for()
    ready(page)
    assert close(said(page, "a1[43]"), found.record["a1"][0, 43], 3)


def test_values_travel_on_and_deltas_back(page, studio):
    page.emulate_media(reduced_motion="no-preference")
    visit(page, studio, "data=note&op=1")
    record = Run(Setup(data="note")).at(0).record
    tokens = page.locator(".travel text")
    assert tokens.count() == 0
    page.keyboard.press("ArrowRight")  # z2 = W2 a1
    tokens.first.wait_for(state="attached")
    shown = [number(one) for one in tokens.all_text_contents()]
    assert all(close(*pair, 3) for pair in zip(shown, record["a1"][0], strict=True))
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.locator(".place", has_text="dW2 = delta2 a1^T").wait_for()
    page.keyboard.press("ArrowRight")
    page.locator(".place", has_text="da1 = W2^T delta2").wait_for()
    page.locator(".travel text", has_text="−").first.wait_for(state="attached")
    shown = [number(one) for one in tokens.all_text_contents()]
    assert close(shown[0], record["delta2"][0, 0], 3)
    assert len(shown) == 2
    page.keyboard.press("ArrowLeft")
    page.locator(".place", has_text="dW2 = delta2 a1^T").wait_for()
    assert tokens.count() == 0
    page.emulate_media(reduced_motion="reduce")
    page.keyboard.press("ArrowRight")
    page.locator(".place", has_text="da1 = W2^T delta2").wait_for()
    assert tokens.count() == 0


def test_neurons_that_dropout_switches_off(page, studio):
    visit(page, studio, "data=spirals&dropout=0.5&n=2")
    masks = Run(Setup(data="spirals", dropout=0.5)).at(2).record.masks
    off = {f"a{layer}[{i}]" for layer, m in enumerate(masks, 1) for i in (m[0] == 0).nonzero()[0]}
    drawn = page.locator(".neuron.off").evaluate_all("all => all.map((one) => one.dataset.of)")
    assert set(drawn) == off


def test_a_replay_is_walked_through_from_a_file(running, tmp_path):
    run = Run(Setup(data="circles"))
    run.total = 5
    write_replay(tmp_path / "replay.html", run, 5, screens=["network"])
    page = running.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((tmp_path / "replay.html").as_uri() + "#network?op=2&of=W1[0,0]")
    for n in range(4):
        page.locator(".caption", has_text=f"step {n}").wait_for()
        assert close(said(page, "a1[1]"), run.at(n).record["a1"][0, 1])
        page.get_by_role("button", name="One step on").click()
    page.get_by_role("heading", name="W1[0,0]").wait_for()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Play", exact=True).wait_for()  # the end of what is held
    assert wrong == []
    page.close()


def test_a_table_for_those_who_do_not_see_the_drawing(page, studio):
    visit(page, studio, "data=circles&n=5")
    page.get_by_role("button", name="Numbers as a table").click()
    record = Run(Setup(data="circles")).at(5).record
    for layer, i in ((1, 3), (2, 0)):
        row = page.get_by_role("row", name=f"a{layer}[{i}]")
        row.wait_for()
        cells = row.get_by_role("cell").all_inner_texts()
        right = [record[f"{symbol}{layer}"][0, i] for symbol in ("z", "a", "da", "delta")]
        assert all(close(number(cell), one, 6) for cell, one in zip(cells[-4:], right, strict=True))


def test_names_of_inputs_have_the_room_that_there_is(page, studio):
    visit(page, studio, "data=circles&n=5")
    boxes = page.locator("svg.network .neuron .base").evaluate_all(
        "all => all.map((e) => e.getAttribute('width'))"
    )
    assert len(set(boxes)) == 1, "short names need no more"
    visit(page, studio, "data=penguins&n=5&lens=weight")
    names = page.locator("svg.network .neuron .name.start")
    for name in ("island = Torgersen", "body_mass_g is missing"):
        names.filter(has_text=re.compile(f"^{name}$")).wait_for()


@pytest.mark.parametrize("width", [400, 1000, 1920])
def test_the_page_is_as_wide_as_the_window(page, studio, width):
    page.set_viewport_size({"width": width, "height": 900})
    visit(page, studio, "data=circles&hidden=100,4&n=3&of=a1[3]")
    page.get_by_role("heading", name="a1[3]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
