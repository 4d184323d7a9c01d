"""The timeline in a browser: every move on has one back, and play waits for what is shown."""

from __future__ import annotations

import re

import pytest

from clearprop.studio.operations import operations
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup


def visit(page, studio, rest):
    page.goto(f"{studio.address}#network?{rest}")
    page.locator(".network-screen .caption", has_text="step").wait_for()


def place(page):
    return page.locator(".timeline .place").inner_text()


def until(page, text):
    page.locator(".timeline .place", has_text=text).wait_for()


def test_every_operation_has_its_formula(page, studio):
    visit(page, studio, "data=circles")
    for operation in operations(Run(Setup(data="circles")).problem.network):
        page.get_by_role("button", name=f"{operation.words}: {operation.formula}").click()
        until(page, f"{operation.phase}, {operation.words}: {operation.formula}")


@pytest.mark.parametrize(
    ("move", "keys", "places"),
    [
        ("phase", ("Shift+ArrowLeft", "Shift+ArrowRight"), [
            "loss, loss", "dW1 = delta1 x^T", "W2 by dW2", "batch 1 of 1, sample 0 (row 0): forward",
        ]),
        ("sample", ("[", "]"), ["batch 4 of 16, sample 9 of 0 to 9", "batch 5 of 16, sample 0 of 0 to 9"]),
        ("step", (",", "."), ["batch 5 of 16", "batch 6 of 16"]),
        ("epoch", ("<", ">"), ["epoch 2, batch 1 of 16", "epoch 3, batch 1 of 16"]),
    ],
)  # fmt: skip
def test_moves_on_and_back(page, studio, move, keys, places):
    if move == "phase":
        visit(page, studio, "data=note&op=3")
        start = "a2 = sigmoid(z2)"
    else:
        at = {"sample": 3, "step": 3, "epoch": 0}[move]
        visit(page, studio, f"data=circles&n={at}&sample={8 if move == 'sample' else 0}")
        start = {"sample": "sample 8 of 0 to 9", "step": "batch 4 of 16", "epoch": "epoch 1, "}[
            move
        ]
    back, on = keys
    until(page, start)
    for by in (
        lambda way: page.keyboard.press(on if way == "on" else back),
        lambda way: page.get_by_role("button", name=f"One {move} {way}").click(),
    ):
        for text in places:
            by("on")
            until(page, text)
        for text in (*places[-2::-1], start):
            by("back")
            until(page, text)
        page.evaluate("document.activeElement.blur()")


def test_the_last_batch_of_an_epoch_has_the_rows_that_are_left(page, studio):
    visit(page, studio, "data=circles&batch=64&n=2")  # of 160 rows
    until(page, "sample 0 of 0 to 31")
    page.keyboard.press("]")
    until(page, "sample 1 of 0 to 31")
    visit(page, studio, "data=circles&batch=64&n=3")
    until(page, "sample 0 of 0 to 63")
    page.keyboard.press("[")
    until(page, "batch 3 of 3, sample 31 of 0 to 31")
    rows = Run(Setup(data="circles", batch=64)).at(2).rows
    until(page, f"(row {rows[31]})")


def test_play_waits_for_what_is_shown(page, studio):
    """No step is asked for before the one before it is there."""
    asked, told, ahead = [], [], []

    def is_step(url):
        return "/api/step" in url

    page.on("request", lambda r: is_step(r.url) and (
        asked.append(r.url), ahead.append(len(asked) - len(told))))  # fmt: skip
    page.on("requestfinished", lambda r: is_step(r.url) and told.append(r.url))
    page.on("requestfailed", lambda r: is_step(r.url) and told.append(r.url))
    visit(page, studio, "data=xor&play=1")
    page.wait_for_url(re.compile(r"[?&]n=\d{2,}"))
    page.get_by_role("button", name="Pause").click()
    steps = [int(re.search(r"[?&]n=(\d+)", url)[1]) for url in asked]
    assert steps == list(range(len(steps)))
    assert max(ahead) == 1


def test_play_ends_with_the_run(page, studio):
    for speed in ("faster", "fast"):
        visit(page, studio, f"data=note&epochs=3&speed={speed}&play=1")
        page.get_by_role("button", name="Play", exact=True).wait_for()
        until(page, "epoch 3, batch 1 of 1")


def test_a_step_far_away_is_computed_while_the_page_says_so(page, studio, monkeypatch):
    """Each answer is of the next step; the third is held until the page was seen to say so."""
    monkeypatch.setattr(Run.reach, "__defaults__", (0.0,))  # seconds for an answer
    asked, held = [], []

    def hold(route):
        asked.append(route)
        if len(asked) == 3:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/step?**", hold)
    visit(page, studio, "data=spirals&n=100&seed=7")
    page.locator(".reached", has_text="computing").wait_for()
    while not held:
        page.wait_for_timeout(20)
    monkeypatch.undo()
    held[0].continue_()
    page.locator(".reached", has_text="step 100 of 100 reached").wait_for()
    page.locator(".network-screen .caption", has_text="step 100").wait_for()


def test_beyond_the_end_is_the_end(page, studio):
    visit(page, studio, "data=note&epochs=5&n=100")
    until(page, "epoch 5, ")


def test_keys_are_listed(page, studio):
    visit(page, studio, "data=note")
    page.keyboard.press("?")
    page.locator(".key-list", has_text="one operation").wait_for()
    page.keyboard.press(" ")
    page.get_by_role("button", name="Pause").wait_for()
