"""The replay: every answer in it is the server's own, to the last digit, within a bound of size."""

from __future__ import annotations

import asyncio
import json
import math
import re
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from urllib.parse import parse_qsl, urlencode

import pytest

import clearprop as cp
from clearprop.cli.studio import _place as place_of_command
from clearprop.studio.answers import ANSWERS
from clearprop.studio.contents import KINDS, MOST_BYTES, SCREENS, Place, _as_page, spread
from clearprop.studio.packing import HOLE, PART, Packer, unpacked
from clearprop.studio.question import Question
from clearprop.studio.replay import places_of, replay_of, write_replay
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from clocks import set_clock
from command_line import invoke, refused

SHORT = {"data": "xor", "hidden": "2", "epochs": "1"}


def answers_of(page):
    return unpacked(re.search(r'id="answers">([^<]*)<', page)[1])


def head_of(page):
    return json.loads(re.search(r'id="replay">([^<]*)<', page)[1])


@pytest.fixture(scope="module")
def run():
    return Run(Setup.read(SHORT))


@pytest.fixture(scope="module")
def replay(run):
    return replay_of(run, 3, here=Place(5, 2))


@pytest.mark.parametrize(
    "answer",
    [
        {"name": "W1[0,1]", "value": -1.25e-17, "n": 3, "list": [0.1] * 200, "none": None, "on": True},
        {"html": "<mn>0.5</mn>" * 40, "words": f"marks {HOLE}12 {PART}7 of others", "é": "∂"},
        {"values": "QUJD" * 900 + "QQ==", "empty": [], "deep": [[[1, 2.5], {}], "2026-11-26"]},
        {"quote": 'a "b" \\ \n c', "big": 10**30, "tiny": 5e-324, "long": [{"a": k / 7} for k in range(99)]},
    ],
)  # fmt: skip
def test_packing_loses_nothing(answer):
    packer = Packer()
    packer.add("first?", {"other": [0.5]})
    packer.add("it?", answer)
    packer.add("again?", answer)
    packer.alias("alias?", "it?")
    found = unpacked(packer.packed())
    assert found["it?"] == found["again?"] == found["alias?"] == answer
    assert found["first?"] == {"other": [0.5]}


def test_what_is_not_finite_is_null_as_from_the_server():
    packer = Packer()
    packer.add("it?", {"costs": [math.inf, 1.0, math.nan], "cost": math.nan})
    assert unpacked(packer.packed())["it?"] == {"costs": [None, 1.0, None], "cost": None}


def test_what_answers_have_alike_is_kept_once():
    packer = Packer()
    for n in range(50):
        packer.add(f"it?n={n}", {"words": "the same " * 200, "value": n / 7})
    assert packer.grown() < 3000


def test_every_answer_is_the_servers(replay, studio):
    """Of each kind; a text is an error in the server's own words."""
    from studio_server import ask

    found = answers_of(replay)
    # Curves go as far as a run was made, and that of the replay was made to its end.
    ask(
        studio,
        "step",
        **SHORT,
        n=max(int(dict(parse_qsl(q.partition("?")[2])).get("n", 0)) for q in found),
    )
    names = {question.partition("?")[0] for question in found}
    assert names == {*ANSWERS} - {
        "elements", "rate_search", "predict", "grade", "sheet", "grade_sheet", "treatment",
    } | ({"treatment"} & names)  # fmt: skip
    for k, (question, answer) in enumerate(found.items()):
        name, _, pairs = question.partition("?")
        if name in ("derivation", "derivative_check", "element", "row", "hill") and k % 5:
            continue
        assert ask(studio, name, **SHORT, **dict(parse_qsl(pairs))) == answer, question


def test_what_the_timeline_and_the_elements_lead_to_is_held(run, replay):
    head, found = head_of(replay), answers_of(replay)
    assert [n for n, _ in head["held"]["step"]] == [0, 1, 5, 15]
    for kind in KINDS:
        assert 5 in [n for n, _ in head["held"][kind.name]]
    asked = lambda name, **pairs: found[f"{name}?{urlencode(sorted(pairs.items()))}"]  # noqa: E731
    for n, samples in head["held"]["step"]:
        assert samples >= 1
        for sample in range(samples):
            step = asked("step", n=n, sample=sample)
            assert step["sample"] == sample
    for n, samples in head["held"]["element"]:
        for sample in range(samples):
            for of in ("W1[1,0]", "b2[0]", "a2[0]", "x[1]", "y[0]", "L"):
                assert asked("element", n=n, sample=sample, of=of)["of"] == of
    for n, samples in head["held"]["derivation"]:
        for sample in range(samples):
            for of in ("W1[1,0]", "pass", "L"):
                told = json.dumps(asked("derivation", n=n, sample=sample, of=of))
                for to in {*re.findall(r'data-to=\\"([^"\\]+)', told)}:
                    assert asked("derivation", n=n, sample=sample, of=to)["asked"] == to
    for n, _ in head["held"]["data"]:
        layers = asked("decisions", n=n)["layers"]
        for one in (one for layer in layers for one in layer["maps"]):
            assert asked("decisions", n=n, of=one["name"]) == asked("decisions", n=n)
    for rate in asked("hill", n=5, zoom=0, draw=0)["rates"]:
        assert asked("hill", n=5, zoom=0, draw=0, eta=_as_page(rate))["plain"]["rate"] == rate
    for n, _ in head["held"]["row"]:
        assert asked("row", n=n, row="159")["index"] == 159
        assert asked("row", n=n, row="h39")["part"] == "held"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.5, "0.5"), (1e-05, "0.00001"), (1.5e-06, "0.0000015"), (1e-07, "1e-7"),
     (1e16, "10000000000000000"), (1.5e20, "150000000000000000000"), (1e21, "1e+21"),
     (2.5e21, "2.5e+21"), (5000.0, "5000"), (-0.0, "0"), (-1.5e-06, "-0.0000015"), (-1e16, "-10000000000000000")],
)  # fmt: skip
def test_numbers_are_written_as_javascript_writes_them(value, text):
    assert _as_page(value) == text


def test_no_number_is_rounded(run, replay):
    step = answers_of(replay)["step?n=5&sample=0"]
    assert step["cost"] == float(run.at(5).record.loss)
    assert step["gradient"]["W1"] == run.at(5).record.dW[0].tolist()


@pytest.mark.parametrize(
    ("steps", "last"), [(1, 0), (1, 9), (3, 15), (40, 39), (40, 40), (200, 16000)]
)
def test_places(steps, last):
    found = places_of(steps, last)
    assert len(found) == min(steps, last + 1)
    assert found[-1] == last
    assert found == sorted({*found})
    gaps = [b - a for a, b in pairwise(found)]
    assert all(a <= b + 1 for a, b in pairwise(gaps[:-1]))
    assert spread(found, found[-1])[0] == last
    assert sorted(spread(found, 0)) == found


def test_the_shares_of_a_file_are_within_its_bound():
    """In base 64, with the page itself, which a test of its size holds under 400 KB."""
    assert sum(kind.bytes for kind in KINDS) * 4 / 3 + 5e5 < MOST_BYTES
    assert {kind.screen for kind in KINDS} == {*SCREENS} - {"curves"}


def test_a_share_is_not_exceeded(monkeypatch):
    """Of a wide network: fewer places are held, none in part."""
    from clearprop.studio import replay as module

    kinds = [kind for kind in KINDS if kind.name in ("step", "element", "row")]
    small = [kind.__class__(**{**kind.__dict__, "bytes": kind.bytes // 6}) for kind in kinds]
    monkeypatch.setattr(module, "KINDS", tuple(small))
    page = replay_of(Run(Setup(data="digits", hidden="100", epochs=2)), 60)
    packed = re.search(r'id="answers">([^<]*)<', page)[1]
    assert len(packed) < sum(kind.bytes for kind in small) * 4 / 3
    held = head_of(page)["held"]
    assert 1 < len(held["element"]) < len(held["step"]) <= 60


def test_what_goes_in_is_chosen(run, tmp_path):
    page = replay_of(run, 2, screens=["network", "curves"])
    assert set(head_of(page)["held"]) == {"step", "element"}
    assert not any(question.startswith(("derivation", "hill")) for question in answers_of(page))
    with pytest.raises(cp.ArgumentError, match="screens"):
        replay_of(run, 2, screens=["start"])
    for none in ([], "hill", 5):
        with pytest.raises(cp.ArgumentError, match="give a list of some of network, derivation"):
            replay_of(run, 2, screens=none)


def test_a_run_that_diverges_is_held_as_far_as_it_goes():
    run = Run(Setup(data="xor", optimizer="sgd", rate=1e6, activation="relu", output="identity",
                    loss="squared_error"))  # fmt: skip
    run.reach(10**6, 30)
    assert run.failed is not None
    page = replay_of(run, 5, screens=["network"])
    n, _ = head_of(page)["held"]["step"][-1]
    assert n == len(run.losses) - 1
    assert answers_of(page)[f"step?n={n}&sample=0"]["failed"] == str(run.failed)


def test_one_who_has_enough_ends_it(run, tmp_path):
    """As Ctrl-C does: nothing is written."""

    def told(done, words):
        if words.startswith("decisions"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_replay(tmp_path / "replay.html", run, 3, told=told)
    assert list(tmp_path.iterdir()) == []


def test_progress_grows_to_the_end(run):
    said = []
    replay_of(
        run, 2, screens=["network", "data"], told=lambda done, words: said.append((done, words))
    )
    shares = [done for done, _ in said]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.2 < shares[-1] <= 1
    assert any(words == "elements, step 15" for _, words in said)


def test_lines_say_how_far_it_is(capsys, monkeypatch):
    from clearprop.studio import telling

    now = [0.0]
    set_clock(monkeypatch, lambda: now[0], telling)
    none, always, never = telling.Telling(None), telling.Telling(True), telling.Telling(False)
    for one in (none, always, never):
        one(0.5, "steps, step 3")
    now[0] = 2.5
    for one in (none, never):
        one(0.75, "rows, step 4")
    assert capsys.readouterr().err == "Replay: 50%, steps, step 3\nReplay: 75%, rows, step 4\n"


class TestOfTheServer:
    def get(self, studio, **pairs):
        address = f"{studio.origin}/api/replay?{urlencode({**SHORT, **pairs})}"
        asked = urllib.request.Request(address, headers={"X-Clearprop-Token": studio.token})
        with urllib.request.urlopen(asked) as response:
            return response.read().decode()

    def test_lines_come_before_the_page(self, studio):
        few = {"steps": 2, "screens": "network,data", "n": 3}
        lines, last, page = self.get(studio, told=1, **few).partition('{"done": 1, "words": ""}\n')
        assert last
        assert all(json.loads(line)["done"] < 1 for line in lines.splitlines())
        assert page == self.get(studio, **few)
        assert [n for n, _ in head_of(page)["held"]["element"]] == [0, 3, 15]

    def test_an_error_is_a_line(self, studio):
        last = self.get(studio, told=1, screens="nothing").splitlines()[-1]
        assert "screens" in json.loads(last)["error"]

    def test_it_ends_with_its_reader(self):
        from clearprop.studio.told import told_replay

        begun, ended = threading.Event(), threading.Event()

        def make(told):
            try:
                for k in range(10**9):
                    begun.set()
                    told(k / 10**9, "steps")
                    ended.wait(0.001)
            except Exception:
                ended.set()
                raise

        async def is_gone():
            return begun.is_set()

        async def read():
            return [line async for line in told_replay(make, is_gone)]

        with ThreadPoolExecutor(1) as own:  # this one may have a browser's loop
            lines = own.submit(lambda: asyncio.run(read())).result(60)
        assert all(json.loads(line)["done"] < 1 for line in lines)
        assert ended.wait(60)


class TestOnTheCommandLine:
    def test_a_replay_is_written(self, tmp_path, run):
        path = tmp_path / "r.html"
        at = "#network?data=xor&hidden=2&epochs=1&n=5"
        done = invoke("studio", "--at", at, "--replay", path)
        assert done.stdout.startswith(f"Wrote {path} (")
        page = path.read_text()
        assert head_of(page)["setup"] == SHORT
        right = ANSWERS["derivation"](run, Question({"n": "5", "of": "W1[1,0]"}))
        found = answers_of(page)["derivation?n=5&of=W1%5B1%2C0%5D&sample=0"]
        assert found == json.loads(json.dumps(right))
        refused("exists already", "studio", "--at", at, "--replay", path)

    def test_a_place_of_ones_own_table(self, tmp_path):
        path = tmp_path / "t.csv"
        path.write_text("x,y\n" + "".join(f"{k * 7 % 40}.5,{k % 2}\n" for k in range(40)))
        place = place_of_command((path,), "#hill?n=3&first=W1[0,0]")
        assert re.fullmatch(r"#hill\?data=table:\w+&n=3&first=W1\[0,0\]", place)
        assert re.fullmatch(r"#start\?data=table:\w+&play=1", place_of_command((path,)))

    def test_an_address_that_is_none(self):
        refused("begins with #", "studio", "--at", "hill")
        refused("rate is", "studio", "--at", "#hill?rate=x")


def test_a_page_of_ones_own_is_saved_with_a_choice(tmp_path):
    network = cp.Network([2, 2, 1], "tanh", "sigmoid", seed=1)
    made = cp.studio.open(network, [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], batch_size=4,
                          epochs=5, port=0)  # fmt: skip
    made.save(tmp_path / "replay.html", screens=["data"], progress=False)
    made.close()
    head = head_of((tmp_path / "replay.html").read_text())
    assert head["screens"] == ["data"]
    assert head["line"] == ""
