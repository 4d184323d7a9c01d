"""The first screen in a browser: what is chosen stands in the address, and the run is of it."""

from __future__ import annotations

import re

import pytest

from clearprop.studio.program import program
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from paths import PENGUINS
from studio_server import ask

PASTED = "length,width,kind\n" + "".join(
    f"{n % 9 + 0.5},{n * 7 % 10},{'ab'[n % 2]}\n" for n in range(30)
)


@pytest.fixture
def refused(running):
    """A page on which the server refuses something, of which a browser's console tells."""
    opened = running.new_page(viewport={"width": 1280, "height": 800})
    yield opened
    opened.close()


def has(pair):
    """An address that has this pair."""
    return re.compile(rf"[?&]{pair}(&|$)")


def test_whoever_comes_for_the_first_time_sees_something_move(page, studio, expect):
    page.goto(studio.address)
    page.wait_for_url(re.compile(r"#network\?.*n=\d{2,}"))
    expect(page.locator(".about")).to_contain_text("A circle within a ring")


def test_who_wants_no_motion_gets_none(running, studio, expect):
    page = running.new_page(reduced_motion="reduce")
    page.goto(studio.address)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(page.locator(".about")).to_contain_text("A circle within a ring")
    assert not has(r"n=\d+").search(page.url)
    page.close()


def test_each_choice_stands_in_the_address(page, studio, expect):
    page.goto(f"{studio.address}#start?n=7")
    page.get_by_role("button", name="Two spirals").click()
    page.wait_for_url(has("data=spirals"))
    assert "n=7" not in page.url  # the run begins anew
    expect(page.get_by_label("Neurons of hidden layer 1")).to_have_value("8")  # the spirals' own
    page.get_by_role("button", name="+ a layer").click()
    page.wait_for_url(has("hidden=8,8,8"))
    page.get_by_label("One neuron fewer in hidden layer 2").click()
    page.wait_for_url(has("hidden=8,7,8"))
    page.get_by_label("Activation of hidden layer 3").select_option("relu")
    page.wait_for_url(has("activation=tanh,tanh,relu"))
    page.get_by_label("Output").select_option("softmax")
    page.get_by_label("Optimizer").select_option("adam")
    rate = page.get_by_label("Learning rate", exact=True).last
    expect(rate).to_have_value("0.001")
    rate.fill("0.02")
    rate.press("Enter")
    page.get_by_role("button", name="Another seed").click()
    page.wait_for_url(has("seed=1"))
    for pair in ("output=softmax", "optimizer=adam", "rate=0.02"):
        assert has(pair).search(page.url)
    expect(page.locator(".about")).to_contain_text("2-8-7-8-2")
    expect(page.locator(".about")).to_contain_text("Adam(learning_rate=0.02")
    page.go_back()
    page.wait_for_url(re.compile(r"^(?!.*seed=1)"))
    expect(page.get_by_label("Seed")).to_have_value("0")


def test_what_does_not_fit_is_not_offered_and_explained(page, studio, expect):
    page.goto(f"{studio.address}#start")
    loss = page.get_by_role("combobox", name="Loss")
    expect(loss).to_have_value("binary_cross_entropy")
    assert "cross_entropy" not in loss.locator("option").all_inner_texts()
    page.get_by_text("2 more, and why not").click()
    why = ask(studio, "choices")["losses"][1]["why"]
    expect(page.get_by_text(why)).to_be_visible()


def test_an_address_of_what_cannot_be_leaves_the_choices(refused, studio, expect):
    page = refused
    page.goto(f"{studio.address}#start?activation=tanh,relu,tanh")
    expect(page.locator(".error")).to_contain_text("activation names 3 for 2 hidden layers")
    page.get_by_role("button", name="Exclusive or").click()
    expect(page.locator(".about")).to_contain_text("Exclusive or")
    expect(page.locator(".error")).to_have_count(0)


def test_a_pasted_table(refused, studio, expect):
    page = refused
    page.goto(f"{studio.address}#start")
    page.get_by_role("button", name="Paste a table").click()
    page.get_by_label("Table as text").fill("a,b\n1\n")
    page.get_by_role("button", name="Take it").click()
    expect(page.locator(".own .error")).to_contain_text("line 2 has 1 fields")
    page.get_by_label("Table as text").fill(PASTED)
    page.get_by_role("button", name="Take it").click()
    page.wait_for_url(re.compile(r"[?&]data=inline:[\w-]+"))
    expect(page.get_by_label("What is predicted")).to_have_value("kind")
    expect(page.locator(".balance")).to_contain_text("a15b15")
    page.get_by_role("checkbox", name="width").uncheck()
    page.wait_for_url(has("columns=length"))
    expect(page.locator(".about")).to_contain_text("1-8-2")
    page.get_by_label("What is predicted").select_option("width")
    page.wait_for_url(has("target=width"))


def test_a_file_that_is_chosen(page, studio, expect):
    page.goto(f"{studio.address}#start")
    rows = PENGUINS.read_bytes() + b"Adelie,Dream,40.1,18.9,188.0,4300.0,male,2008\n" * 400
    file = {"name": "my penguins.csv", "mimeType": "text/csv", "buffer": rows}
    page.get_by_label("Table file").set_input_files(file)
    page.wait_for_url(re.compile(r"data=(table|inline):"))
    expect(page.get_by_label("What is predicted")).to_have_value("species")
    expect(page.locator(".columns")).to_contain_text("bill_length_mm")
    expect(page.get_by_label("What to know of the data")).to_contain_text(
        "the classes are lopsided"
    )


def test_the_run_as_a_program(page, studio, expect):
    page.goto(f"{studio.address}#network?data=moons&n=12")
    page.get_by_role("button", name="Copy as Python").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("up to step 12")
    assert dialog.locator("pre").text_content() == program(Run(Setup(data="moons")), 12)
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()


def test_by_keyboard_alone(page, studio, expect):
    page.goto(f"{studio.address}#start")
    expect(page.get_by_role("button", name="Two half moons")).to_be_visible()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('.sets')"):
            break
    while page.evaluate("document.activeElement.textContent") != "Two half moons":
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(has("data=moons"))
    assert page.evaluate("document.activeElement.textContent") == "Two half moons"
    expect(page.get_by_role("button", name="Two half moons")).to_have_attribute(
        "aria-pressed", "true"
    )


@pytest.mark.parametrize("width", [400, 1000, 1920])
def test_it_fits(page, studio, expect, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{studio.address}#start?data=penguins&hidden=8,4,12")
    expect(page.get_by_role("button", name="Watch it learn")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
