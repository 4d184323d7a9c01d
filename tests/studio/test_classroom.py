"""Answers of students: what is right, which slip is named, and hints that give no answer away."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest

import clearprop as cp
from studio_server import ask, refusal
from the_note import NAMES, note_network

NOTE = {"data": "note", "edit": "0:x[0,0]=0.7"}  # 0.5 is half of it all, so that slips are alike


@pytest.fixture(scope="module")
def record():
    return cp.backprop(note_network().astype("float64"), [[0.7, 1.0]], [1.0])


def right(record, name):
    return float(np.ravel(record[name])[0])


def test_everything_that_is_asked_for_can_be_answered(studio, record):
    questions = ask(studio, "predict", **NOTE)["questions"]
    names = [one["name"] for one in questions]
    assert names[:3] == ["z1[0]", "z1[1]", "a1[0]"]
    assert set(names) >= {"L", "delta2[0]", "dW2[0,1]", "da1[0]", "delta1[1]", "dW1[1,0]"}
    assert [one["place"] for one in questions] == sorted(one["place"] for one in questions)
    for name, one in zip(names, questions, strict=True):
        assert one["value"] == right(record, name)
        answer = float(f"{right(record, name):.4g}")
        assert ask(studio, "grade", of=name, answer=answer, **NOTE)["right"], name
        assert not ask(studio, "grade", of=name, answer=answer + 0.1, **NOTE)["right"], name


@pytest.mark.parametrize(
    ("of", "slip", "named"),
    [
        ("delta2[0]", lambda r: r["a2[0]"] - 1.0, "f'"),
        ("delta2[0]", lambda r: -r["delta2[0]"], "sign"),
        ("da1[1]", lambda r: r["delta2[0]"], "W2"),
        ("delta1[0]", lambda r: r["da1[0]"], "f'"),
    ],
)
def test_slips_are_named(studio, record, of, slip, named):
    answer = float(np.ravel(slip(record))[0])
    found = ask(studio, "grade", of=of, answer=answer, **NOTE)
    assert not found["right"]
    assert named in (found["slip"] or found["said"])


def test_hints_come_in_levels_and_give_nothing_away(studio, record):
    answer = float(np.ravel(record["a2[0]"] - 1.0)[0])
    hints = [
        ask(studio, "grade", of="delta2[0]", answer=answer, level=level, **NOTE)["hint"]
        for level in (0, 1, 2, 3)
    ]
    assert hints[0] is None
    assert len(set(hints[1:])) == 3
    assert f"{right(record, 'delta2[0]'):.3f}".lstrip("-") not in json.dumps(hints)


def test_what_follows_from_an_earlier_slip(studio, record):
    wrong = float(np.ravel(record["a2[0]"] - 1.0)[0])
    carried = wrong * right(record, "a1[0]")
    found = ask(studio, "grade", of="dW2[0,0]", answer=carried, given=f"delta2[0]={wrong}", **NOTE)
    assert found["said"].startswith("follows")


def test_a_sample_of_a_batch_has_gradients_of_its_own_loss(studio):
    step = ask(studio, "step", data="circles", n=9, sample=4)
    delta, a = step["delta"][-1][0], step["a"][-2][1]
    assert ask(studio, "grade", of="dW3[0,1]", answer=delta * a, data="circles", n=9, sample=4)[
        "right"
    ]


class TestSheets:
    def test_each_student_has_numbers_of_their_own(self, studio):
        one, two = (ask(studio, "sheet", student=k, **NOTE) for k in (1, 2))
        assert one["html"] != two["html"]
        assert one == ask(studio, "sheet", student=1, **NOTE)
        assert "______" in one["html"]

    def test_answers_are_those_of_the_key(self, studio):
        key = cp.worksheet(
            note_network().astype("float64"), [0.5, 1.0], 1.0, blanks=0.5, seed=3, names=NAMES
        )
        found = ask(studio, "sheet", student=3, **NOTE)
        assert [gap["name"] for gap in found["gaps"]] == list(key.answers)
        for name, value in key.answers.items():
            assert ask(studio, "grade_sheet", student=3, of=name, answer=f"{value:.5g}", **NOTE)[
                "right"
            ], name
            wrong = ask(studio, "grade_sheet", student=3, of=name, answer=value + 1, **NOTE)
            assert not wrong["right"]

    def test_refused(self, studio):
        assert "take fewer neurons" in refusal(studio, "sheet", data="xor", hidden="100")
        assert "the sheet has no gap 'q'" in refusal(
            studio, "grade_sheet", of="q", answer=1, **NOTE
        )


class TestPage:
    """In a browser, by the keyboard alone."""

    def test_a_slip_then_hints_then_right(self, page, studio, record, tmp_path):
        page.goto(f"{studio.address}#classroom?data=note&edit=0:x[0,0]=0.7&q=7&student=4")
        field = page.get_by_label("What is delta2[0]?")
        field.fill(f"{right(record, 'a2[0]') - 1:.4f}")
        field.press("Enter")
        page.get_by_text("f' is missing").wait_for()
        page.get_by_role("button", name="Hint 1 of 3").press("Enter")
        page.get_by_role("button", name="Hint 2 of 3").press("Enter")
        page.get_by_role("button", name="Hint 3 of 3").press("Enter")
        page.get_by_role("button", name="Hint 3 of 3").wait_for(state="detached")
        field.fill(f"{right(record, 'delta2[0]'):.4f}".replace(".", ","))
        field.press("Enter")
        page.get_by_text("✓ Right").wait_for()
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Save as CSV").press("Enter")
        lines = list(csv.DictReader(io.StringIO(waiting.value.path().read_text())))
        assert [(line["student"], line["quantity"], line["right"]) for line in lines] == [
            ("4", "delta2[0]", "false"), ("4", "delta2[0]", "true"),
        ]  # fmt: skip
        assert lines[1]["hints"] == "3"
        page.reload()
        page.get_by_text("2 answers, 1 right").wait_for()
        page.get_by_role("button", name="Delete").click()
        page.get_by_role("button", name="Yes, delete them").click()
        page.get_by_text("2 answers").wait_for(state="detached")

    def test_what_is_not_shown_yet(self, page, studio):
        page.goto(f"{studio.address}#classroom?data=note&q=0")
        page.get_by_label("What is z1[0]?").wait_for()
        assert page.get_by_text("z1[0] = 0.4").count() == 0
        assert page.get_by_text("L =").count() == 0
        page.get_by_role("button", name="Reveal", exact=True).click()
        page.get_by_text("z1[0] = 0.35").wait_for()

    def test_what_a_teacher_hides(self, page, studio):
        page.goto(f"{studio.address}#classroom?data=note&part=teacher")
        page.get_by_label("the screen Network").check()
        page.get_by_role("link", name="#classroom").first.click()
        page.get_by_label("What is z1[0]?").wait_for()
        assert page.get_by_role("button", name="Network").count() == 0
        assert page.get_by_role("button", name="For the teacher").count() == 0

    def test_a_sheet_is_answered(self, page, studio):
        page.goto(f"{studio.address}#classroom?data=note&part=sheet&student=3&blanks=0.4")
        gap = ask(studio, "sheet", data="note", student=3, blanks=0.4)["gaps"][0]
        value = cp.worksheet(
            note_network().astype("float64"), [0.5, 1.0], 1.0, blanks=0.4, seed=3, names=NAMES
        ).answers[gap["name"]]
        field = page.get_by_label(f"(1) {gap['name']}")
        field.fill(f"{value:.5g}")
        field.press("Enter")
        page.get_by_text("✓ Right").wait_for()

    @pytest.mark.parametrize("part", ["predict", "sheet", "teacher"])
    @pytest.mark.parametrize("width", [400, 1000])
    def test_nothing_is_wider_than_the_page(self, page, studio, part, width):
        page.set_viewport_size({"width": width, "height": 800})
        page.goto(f"{studio.address}#classroom?data=note&part={part}")
        page.locator(".classroom section").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_refused(studio):
    assert (
        refusal(studio, "grade", of="delta2[0]", answer="", **NOTE)
        == "answer is ''; it must be a number"
    )
    assert "'delta9[0]'" in refusal(studio, "grade", of="delta9[0]", answer=1, **NOTE)
    assert "hints have levels" in refusal(
        studio, "grade", of="delta2[0]", answer=1, level=9, **NOTE
    )
