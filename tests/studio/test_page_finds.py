"""What readers of the page stumbled on, in a browser."""

from __future__ import annotations

import re

from studio_server import ask


def test_a_layer_is_added_to_the_sets_own(page, studio, expect):
    """Until the choices of a set are there, those of the set before cannot be taken."""
    page.goto(f"{studio.address}#start?data=xor")
    right, held = page.locator(".start .right"), []
    expect(right.get_by_label("Neurons of hidden layer 1")).to_be_visible()
    page.route(re.compile(r"/api/choices\?.*data=penguins"), lambda route: held.append(route))
    page.get_by_role("button", name="Penguins of three species").click()
    expect(right).to_have_attribute("inert", "")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(right).not_to_have_attribute("inert", "")
    page.get_by_role("button", name="+ a layer").click()
    own = ask(studio, "choices", data="penguins")["network"]["hidden"]
    wanted = ",".join(map(str, [*own, own[-1]]))
    page.wait_for_url(re.compile(rf"hidden={wanted}(&|$)"))


def test_outputs_have_the_names_of_their_classes(page, studio, expect):
    page.goto(f"{studio.address}#classroom?data=penguins&part=predict&n=2")
    expect(page.locator(".given")).to_contain_text("y[0] (Adelie)")
    expect(page.locator(".given")).to_contain_text("y[2] (Gentoo)")


def test_a_weight_is_changed_where_its_boundary_is_seen(page, studio, expect):
    page.goto(f"{studio.address}#data?data=circles&n=20&of=W1[0,1]")
    change = page.locator(".data-change")
    change.get_by_role("spinbutton").fill("2.5")
    change.get_by_role("spinbutton").press("Enter")
    page.wait_for_url("**edit=20:W1[0,1]=2.5**")
    found = ask(studio, "decisions", data="circles", n=20, edit="20:W1[0,1]=2.5")["output"]
    label = f"from {found['low']:.4g} to {found['high']:.4g}"
    expect(page.locator(".data-map canvas")).to_have_attribute("aria-label", re.compile(label))
    change.get_by_role("button", name="Undo").click()
    page.wait_for_url(lambda url: "edit" not in url)


def test_formulas_call_inputs_by_their_features(page, studio, expect):
    page.goto(f"{studio.address}#derivation?data=penguins&n=2&of=dW1[0,0]")
    formulas = page.locator(".formulas")
    name = ask(studio, "about", data="penguins")["features"][0].replace(" = ", ":")
    expect(formulas).to_contain_text(name)
    page.get_by_label(f"names such as “{name}”").uncheck()
    expect(formulas).not_to_contain_text(name)


def test_a_replay_that_is_being_saved_says_so(page, studio, expect):
    page.goto(f"{studio.address}#network?data=note")
    held = []
    page.route("**/api/replay?**", lambda route: held.append(route))
    page.get_by_role("button", name="Save replay").click()
    expect(page.locator(".save [role=status]")).to_have_text("Saving …")
    while not held:
        page.wait_for_timeout(20)
    with page.expect_download() as waiting:
        held[0].fulfill(body='{"done": 1, "words": "all"}\n<!doctype html>')
    assert waiting.value.suggested_filename == "clearprop-replay.html"
    expect(page.locator(".save [role=status]")).to_have_text("Saved.")


def test_what_a_run_has_reached_is_its_own(page, studio, expect):
    page.goto(f"{studio.address}#network?data=note&rate=0.4&n=537")  # another's run may be longer
    expect(page.locator(".reached")).to_have_text("step 537 of 537 reached")
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator(".sets button", has_text="Mazur").click()
    expect(page.locator(".about")).to_contain_text("Mazur")
    page.locator("main[data-ready=true]").wait_for()
    last = ask(studio, "step", n=0, data="mazur")["reached"] - 1  # other tests may have gone on
    assert last != 537
    expect(page.locator(".reached")).to_have_text(f"step 0 of {last} reached")


def test_names_that_begin_or_end_alike_are_told_apart(page, studio, expect):
    page.goto(f"{studio.address}#network?data=penguins")
    expect(page.locator("svg text.name.start").first).to_be_visible()
    names = page.locator("svg text.name.start").all_text_contents()
    assert len(set(names)) == len(names)
