"""What somebody found who had a table of their own, and had read nothing of the studio."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import numpy as np
import pytest

from clearprop.errors import ArgumentError
from clearprop.studio.advice import advised, told
from clearprop.studio.answers import ANSWERS
from clearprop.studio.choices import choices
from clearprop.studio.handed import inline
from clearprop.studio.problems import problem_of
from clearprop.studio.program import program
from clearprop.studio.question import Question
from clearprop.studio.replay import replay_of
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from clearprop.studio.table_problems import kinds_of
from clearprop.studio.told import told_replay
from studio_pages import CUT, LAST

WEATHER = "Tag;Grad;Gäste\n" + "".join(
    f"{n % 28 + 1:02}.03.2024;{'k.A.' if n % 10 == 4 else f'{n % 17},{n % 7}'};{n % 13},5\n"
    for n in range(60)
)
DATA = inline(WEATHER.encode())


def column(setup, name):
    return next(one for one in choices(setup)["table"]["columns"] if one["name"] == name)


def test_what_a_report_advises_is_said_in_words_of_the_page():
    found = choices(Setup(data=DATA))
    grad = column(Setup(data=DATA), "Grad")
    assert (grad["used"], grad["advised"], grad["as"]) == (False, "number, comma", "")
    said = " ".join([grad["why"], *found["notes"]])
    assert "“Read Grad as number, comma” reads it as numbers" in said
    assert not re.search(r"columns=|keep=|--", said)


def test_a_column_is_read_as_advised_and_as_it_was_again():
    setup = Setup(data=DATA, columns="Tag,Grad:number")
    grad = column(setup, "Grad")
    assert (grad["used"], grad["as"], grad["what"]) == (True, "number", "number")
    assert grad["advised"] == "category", "the way back"
    assert choices(setup)["table"]["missing"]["Grad"] == 6
    assert "columns={'Grad': 'number'}" in program(Run(setup), 3)
    assert "Grad" in problem_of(setup).features


def test_names_with_a_colon_are_columns_as_well():
    assert kinds_of('"a, b:number",a:date', ["a, b", "a:date"]) == {"a, b": "number", "a:date": ""}
    with pytest.raises(ArgumentError, match="columns names 'c:number', which"):
        kinds_of("c:number", ["a"])


def test_other_columns_stay_as_the_report_has_them():
    text = "columns={'a': 'number'} (--column a=number) reads it; keep=['b'] (--keep b) keeps it"
    assert advised("b", [text]) == ""
    assert told("b", text).startswith(
        "columns={'a': 'number'} (--column a=number) reads it; a tick"
    )
    assert told("a", text).startswith("“Read a as number” reads it; keep=['b']")


@pytest.mark.parametrize("part", ["learned", "held"])
def test_residuals_of_a_table_are_told_of_both_parts(part):
    """Those put aside are a column of numbers, as those to learn from are for training."""
    run = Run(Setup(data="penguins", target="bill_length_mm"))
    found = ANSWERS["verdicts"](run, Question({"n": "20", "part": part}))
    data = run.data_at(20)
    X, y = (data.X, data.y) if part == "learned" else (run.problem.X_held, run.problem.y_held)
    said = run.network_at(20).predict(X).reshape(-1)
    off = said - y.reshape(-1)
    assert len(off) == {"learned": 274, "held": 68}[part] == found["rows"]
    np.testing.assert_allclose(found["residuals"], off, rtol=1e-12)
    np.testing.assert_allclose(found["metrics"]["r2"], 1 - (off**2).sum() / (y.var() * len(y)))
    assert found["root_mean_square"] == pytest.approx(np.sqrt((off**2).mean()))


def test_what_nobody_foresaw_in_a_replay_is_said(capsys):
    def make(told):
        raise IndexError("no such row")

    async def is_gone():
        return False

    async def lines():
        return [line async for line in told_replay(make, is_gone)]

    with ThreadPoolExecutor(1) as own:  # this one may have a browser's loop
        *_, last = own.submit(lambda: asyncio.run(lines())).result(60)
    assert "IndexError: no such row" in json.loads(last)["error"]
    assert "Traceback" in capsys.readouterr().err


def test_a_button_reads_a_column_as_advised(page, studio, expect):
    page.goto(f"{studio.address}#start?data={DATA}")
    page.get_by_role("button", name="Read Grad as number, comma").click()
    expect(page.get_by_label(re.compile("^Grad number, 6 missing"))).to_be_checked()
    page.wait_for_url(lambda url: 'columns=Tag,"Grad:number,+comma"' in unquote(url))
    page.get_by_label(re.compile("^Tag")).uncheck()
    page.wait_for_url(lambda url: 'columns="Grad:number,+comma"' in unquote(url))
    expect(page.get_by_label(re.compile("^Grad number, 6 missing"))).to_be_checked()


def test_the_last_number_is_revealed_as_well(page, studio, expect):
    page.goto(f"{studio.address}#classroom?data=note&part=predict")
    choice = page.get_by_label("Quantity")
    last = choice.locator("option").last.inner_text()
    choice.select_option(label=last)
    expect(page.get_by_text(f"What is {last}?")).to_be_visible()
    page.get_by_role("button", name="Reveal", exact=True).click()
    expect(page.locator(".shown").last.locator("li").last).to_contain_text(f"{last} = ")


def test_the_number_that_is_offered_to_be_changed_moves_the_map(page, studio, expect):
    """A weight of an input that is at its mean, which is 0, moves nothing."""
    page.goto(f"{studio.address}#data?data=penguins&n=50")
    across = page.get_by_label("across")
    expect(across).not_to_have_value("0")
    name = f"W1[0,{across.input_value()}]"
    expect(page.get_by_label("Element", exact=True)).to_have_value(re.compile(re.escape(name)))


@pytest.mark.parametrize(
    ("screen", "field", "typed", "address"),
    [
        ("start", "Learning rate", "0.02", "rate=0.02"),
        ("data", "before step", "0.5", r"edit=\d+:W1\[0,0\]=0.5"),
        ("network", "Element", "W1[0,1]", r"of=W1\[0,1\]"),
    ],
)
def test_what_is_typed_while_a_run_plays_is_not_taken_back(
    page, studio, expect, screen, field, typed, address
):
    """Each step that came put the old number back: on a first visit, no rate could be typed."""
    page.goto(f"{studio.address}#{screen}?play=1&n=3")
    into = page.locator(f"label:has-text({field!r}) >> input:not([type=range])").last
    into.click()
    into.select_text()
    for end in range(1, len(typed) + 1):
        page.keyboard.type(typed[end - 1])
        before = page.url
        page.wait_for_url(lambda url, before=before: url != before)  # another step is there
        if typed[end - 1] != ".":  # of "0.", a field for numbers says "0"
            expect(into).to_have_value(typed[:end])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"[?&]{address}(&|$)"))


def test_a_long_address_for_students_is_no_wall(page, studio):
    data = inline(("a,b\n" + "".join(f"{n * 7919 % 997},{n % 2}\n" for n in range(300))).encode())
    page.goto(f"{studio.address}#classroom?data={data}&part=teacher")
    link = page.locator(".links a").first
    link.wait_for()
    assert len(link.inner_text()) > 800, "it can be copied whole"
    assert link.bounding_box()["height"] < 100


def test_a_replay_of_a_table_is_saved_and_its_long_address_is_not_beyond_the_edge(
    running, tmp_path
):
    text = "a,b\n" + "".join(f"{n * 7919 % 997},{n * n % 31}.5\n" for n in range(300))
    run = Run(Setup(data=inline(text.encode()), hidden="2", share=0.2))
    screens = ["network", "hill", "data", "curves", "health"]
    (tmp_path / "replay.html").write_text(replay_of(run, 3, screens=screens), encoding="utf-8")
    for screen in screens:
        for width in (1280, 390):
            page = running.new_page(viewport={"width": width, "height": 800})
            page.goto(f"{(tmp_path / 'replay.html').as_uri()}#{screen}?n=0")
            page.locator("main[data-ready=true]").wait_for()
            page.locator(LAST.get(screen, "main")).first.wait_for()
            assert page.evaluate(CUT) == [], (screen, width)
            page.close()
