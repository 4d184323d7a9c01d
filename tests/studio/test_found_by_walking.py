"""What somebody found who walked through the studio with a table of their own."""

from __future__ import annotations

import csv
import re
from dataclasses import replace

import numpy as np
import pytest

import clearprop as cp
from clearprop.example_data.penguins import PENGUINS
from clearprop.studio.answers import ANSWERS
from clearprop.studio.handed import hand_in
from clearprop.studio.problem import Scale
from clearprop.studio.question import Question
from clearprop.studio.replay import replay_of
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from studio_pages import SETTLED
from studio_server import ask

ALIKE = (
    "measured one of the year,measured two of the year,kind\n" + "1,2,a\n3,1,b\n2,5,a\n4,4,b\n" * 5
)

DROP = """text => {
    const data = new DataTransfer();
    data.items.add(new File([text], "own.csv", { type: "text/csv" }));
    for (const kind of ["dragover", "drop"])
        document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


def answer(name, setup, **pairs):
    return ANSWERS[name](Run(Setup(**setup)), Question(pairs))


@pytest.fixture(scope="module")
def column():
    """A column of the penguins' table, without what is missing."""
    with PENGUINS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return lambda name: [float(row[name]) for row in rows if row[name]]


def test_a_number_is_said_as_the_table_has_it(column):
    found = answer("row", {"data": "penguins"}, row="7", n="0")
    i = next(k for k, name in enumerate(found["features"]) if name.startswith("body_mass_g ("))
    said = re.fullmatch(r"body_mass_g \((\d+) unscaled\)", found["features"][i])
    assert float(said[1]) in column("body_mass_g")
    values = np.array(column("body_mass_g"))
    assert abs((float(said[1]) - values.mean()) / values.std() - found["values"][i]) < 0.1
    assert "sex = male" in found["features"], "which is not scaled"
    line = answer("element", {"data": "penguins"}, of=f"x[{i}]", n="0")["lines"][0]
    said = re.fullmatch(r"row \d+ of the data: (\d+) unscaled", line["words"])
    assert float(said[1]) in column("body_mass_g")


def test_a_target_is_said_as_the_table_has_it(column):
    setup = {"data": "penguins", "target": "bill_length_mm"}
    found = answer("row", setup, row="7", n="0")
    said = re.fullmatch(r"bill_length_mm \(([\d.]+) unscaled\)", found["target"])
    assert float(said[1]) in column("bill_length_mm")
    assert found["unscaled"].endswith(" unscaled")
    assert answer("decisions", setup, n="0")["output"]["center"] == 0, "and no rounding of it"


def test_the_edges_of_a_map_are_said_as_the_table_has_them(column):
    found = answer("decisions", {"data": "penguins"}, n="0")
    for name in found["names"]:
        low, high = re.search(
            rf"{name} from ([\d.]+) to ([\d.]+) unscaled", found["words"]
        ).groups()
        assert float(low) < min(column(name)) < max(column(name)) < float(high)
    assert "edges" not in answer("decisions", {"data": "penguins"}, n="0", over="pca")["words"]


def test_years_and_prices_are_said_by_how_far_they_lie_apart():
    problem = replace(
        Run(Setup(data="xor")).problem, scales={0: Scale(2002.5, 1.7), 1: Scale(1.5e6, 10.0, 0)}
    )
    assert problem.unscaled(0, (2000 - 2002.5) / 1.7, 3) == "2000 unscaled"
    assert problem.unscaled(1, 1.0, 3) == "1500010 unscaled"
    assert problem.unscaled(1, -1.0, 3) == "1499990 unscaled"
    assert problem.unscaled_of(np.array([0.0, 1.0]), 1) == "1500010 unscaled"
    assert problem.unscaled_of(np.array([1.0, 0.0]), 1) == "missing in the table; 1500000 stands in"


def test_what_is_missing_in_a_row_is_said_to_be(column):
    with PENGUINS.open(encoding="utf-8") as file:
        missing = sum(not row["body_mass_g"] for row in csv.DictReader(file))
    rows = [
        answer("row", {"data": "penguins", "share": 0.0}, row=str(i), n="0") for i in range(344)
    ]
    said = [next(f for f in row["features"] if f.startswith("body_mass_g (")) for row in rows]
    gaps = [f for f in said if "missing in the table; " in f]
    assert len(gaps) == missing > 0
    typical = np.median(column("body_mass_g"))
    assert gaps[0] == f"body_mass_g (missing in the table; {typical:g} stands in)"


def test_numbers_that_were_changed_are_said_to_be_nothing_else():
    for setup in ({"data": "xor"}, {"data": "penguins", "scale": 50.0}):
        assert " unscaled" not in str(answer("row", setup, row="7", n="0"))


def test_a_program_prints_the_step_and_says_which():
    code = answer("python", {"data": "note"}, n="3")["code"]
    assert "step 3 of the studio\n" in code.split("print(step)")[1]


def test_a_file_is_dropped_on_any_screen(page, studio, expect):
    page.goto(f"{studio.address}#network?data=xor")
    page.locator("main[data-ready=true]").wait_for()
    page.evaluate(DROP, ALIKE)
    page.wait_for_url(re.compile("#start.data=(inline|table):"))
    expect(page.locator(".columns")).to_contain_text("measured two of the year")
    expect(page.locator("body.over")).to_have_count(0)


def test_watch_it_learn_lets_it_learn(page, studio, expect):
    page.goto(f"{studio.address}#start?data=moons")
    page.get_by_role("button", name="Watch it learn").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.wait_for_url(re.compile(r"#network.*n=\d"))


def test_inputs_of_a_derivation_are_told_apart_within_their_boxes(page, studio, expect):
    page.goto(f"{studio.address}#start")
    file = {"name": "alike.csv", "mimeType": "text/csv", "buffer": ALIKE.encode()}
    page.get_by_label("Table file").set_input_files(file)
    expect(page.locator(".columns")).to_contain_text("measured two of the year")
    page.get_by_role("button", name="Derivation").click()
    names = page.locator(".thing.neuron[data-name^=x] text:not(.number)")
    expect(names).to_have_count(2)
    assert len(set(names.all_text_contents())) == 2
    for name in (*names.all(), *page.locator(".thing.neuron .number").all()):
        assert name.evaluate(
            "e => e.getBBox().width < e.parentNode.querySelector('rect').width.baseVal.value"
        )


def test_one_row_is_one_row(page, studio, expect):
    page.goto(f"{studio.address}#start?data=note")
    expect(page.locator(".start")).to_contain_text("1 row to learn from; 2 inputs.")
    page.goto(f"{studio.address}#health?data=note")
    expect(page.locator(".health caption").first).to_have_text("Layers at step 0, on 1 row")
    expect(page.get_by_role("heading", name="Diagnosis")).to_have_text(
        "Diagnosis at step 0, on 1 row"
    )


def test_a_confusion_of_ten_classes_is_whole(page, studio, expect):
    page.goto(f"{studio.address}#data?data=digits&n=2")
    table = page.locator(".confusion")
    expect(table.locator("tbody tr")).to_have_count(10)
    assert table.evaluate("e => e.parentNode.scrollWidth <= e.parentNode.clientWidth")


def test_what_is_given_shows_that_there_is_more(page, studio, expect):
    """A line is cut where the list goes on."""
    page.goto(f"{studio.address}#classroom?data=penguins&part=predict&n=2")
    given = page.locator(".given .shown")
    expect(given).to_contain_text("W1[0,0]")
    assert given.evaluate("""e => { const end = e.getBoundingClientRect().bottom;
        return [...e.children].some((one) => { const { top, bottom } = one.getBoundingClientRect();
            return top < end - 6 && bottom > end + 6; }); }""")


def test_a_name_as_an_example_stands_in_quotes(page, studio, expect):
    page.goto(f"{studio.address}#derivation?data=penguins&n=2&of=W1[0,0]")
    name = ask(studio, "derivation", data="penguins", n=2, of="W1[0,0]")["named"]
    expect(page.locator(".manner")).to_contain_text(f"names such as “{name}”")


def test_runs_of_other_layers_are_not_said_to_begin_alike(page, studio, expect):
    page.goto(f"{studio.address}#curves?data=xor&vs=hidden:3")
    expect(page.locator(".curves-runs .hint")).to_contain_text(
        "the same weights, if the network is the same"
    )


def test_the_layers_of_a_file_are_a_sentence(page, studio, expect, tmp_path):
    file = tmp_path / "small.safetensors"
    cp.Network([2, 3, 1], "relu", "sigmoid", seed=0).save(file)
    page.goto(f"{studio.address}#start?data={hand_in('model', file.name, file.read_bytes())}")
    expect(page.locator(".right")).to_contain_text("2-3-1, as the file has it: relu, sigmoid;")


def test_a_replay_says_in_sentences_that_it_has_no_lab(running, expect, tmp_path):
    file = tmp_path / "replay.html"
    file.write_text(replay_of(Run(Setup(data="note")), 2, screens=["health"]), encoding="utf-8")
    page = running.new_page()
    page.goto(f"{file.as_uri()}#health?n=0")
    expect(page.locator(".lab")).to_contain_text("is another run. To see it")
    page.close()


def test_students_are_told_to_drop_the_table_first(page, studio, expect):
    table = hand_in("table", "alike.csv", ALIKE.encode())
    page.goto(f"{studio.address}#classroom?part=teacher&data={table}")
    expect(page.locator(".teacher")).to_contain_text("once the same file was dropped there. Work")
    page.goto(f"{studio.address}#classroom?part=teacher&data=note")
    expect(page.locator(".about")).to_contain_text("The notes")
    expect(page.locator(".teacher")).to_contain_text("address that it prints. Work")


def test_plots_beside_each_other_begin_at_one_height(page, studio, expect):
    page.goto(f"{studio.address}#curves?data=xor")
    plots = page.locator(".curves .plot > svg")
    expect(plots).to_have_count(3)
    page.evaluate(SETTLED)
    cost, metric = (plots.nth(k).bounding_box() for k in range(2))
    assert cost["x"] != metric["x"], "they are beside each other"
    assert abs(cost["y"] - metric["y"]) < 1
