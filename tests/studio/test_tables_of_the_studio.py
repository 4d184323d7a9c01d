"""Tables and models that are handed in: by the page, in an address, on the command line."""

from __future__ import annotations

import http.client
import json
import urllib.parse

import numpy as np
import pytest

import clearprop as cp
from clearprop.studio import handed
from clearprop.studio.handed import hand_in, handed_in, inline
from clearprop.studio.problems import problem_of
from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from paths import PENGUINS
from studio_server import ask, refusal

CSV = b"length,width,kind\n" + b"".join(
    b"%d.5,%d,%s\n" % (n, n * 7 % 10, b"ab"[n % 2 : n % 2 + 1]) for n in range(30)
)


def post(server, body, name="t.csv", **headers):
    """What the server answers to a table, and with which status."""
    place = urllib.parse.urlsplit(server.address)
    connection = http.client.HTTPConnection(place.hostname, place.port)
    own = {"Content-Type": "application/octet-stream", "X-Clearprop-Token": server.token}
    headers = own | {key.replace("_", "-"): value for key, value in headers.items()}
    connection.request("POST", f"/api/tables?name={urllib.parse.quote(name)}", body, headers)
    response = connection.getresponse()
    text = response.read()
    is_json = response.headers["Content-Type"] == "application/json"
    found = json.loads(text) if is_json else text.decode()
    connection.close()
    return response.status, found


def test_a_small_table_stands_in_the_address_itself(studio):
    status, found = post(studio, CSV)
    assert (status, found["columns"]) == (200, ["length", "width", "kind"])
    assert found["data"].startswith("inline:")
    assert handed_in(found["data"]).text.encode() == CSV
    about = ask(studio, "about", data=found["data"])
    assert (about["features"], about["classes"], about["target"]) == (
        ["length", "width"], ["a", "b"], "kind",
    )  # fmt: skip
    assert about["rows"] + about["held_rows"] == 30


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx", "arrow", "jsonl"])
def test_a_file_has_a_name_by_its_content(studio, tmp_path, ending):
    pl = pytest.importorskip("polars")
    rows = 700  # more than an address holds
    random = np.random.default_rng(0)
    columns = {"a": random.normal(size=rows), "b": random.normal(size=rows)}
    frame = pl.DataFrame(columns).with_columns(goal=pl.col("a") * 2 - pl.col("b"))
    cp.tables.table_files.write_table(frame.to_dict(), tmp_path / f"t.{ending}")
    content = (tmp_path / f"t.{ending}").read_bytes()
    status, found = post(studio, content, f"folder/My table.{ending}")
    assert (status, found["columns"]) == (200, ["a", "b", "goal"])
    assert found["data"] == post(studio, content, f"Another.{ending}")[1]["data"]
    about = ask(studio, "about", data=found["data"])
    assert (about["features"], about["classes"], about["loss"]) == (["a", "b"], [], "squared_error")


def test_the_rows_are_those_of_the_package(studio):
    address = hand_in("table", "p.csv", PENGUINS.read_bytes())
    problem = problem_of(Setup(data=address, target="species"))
    model = cp.Model.fit(PENGUINS, "species", validation=0.2, test=0, epochs=0, compare=False)
    table = cp.Model.read(model, PENGUINS)
    np.testing.assert_array_equal(problem.X, model.encode(table)[model.split.training])
    np.testing.assert_array_equal(problem.y, model.encode_target(table)[model.split.training])
    assert problem.features == model.features


class TestAPageElsewhere:
    def test_it_may_not_hand_anything_in(self, studio):
        """Its browser says where it comes from, and lets it send forms and text alone."""
        before = list(handed._files)
        place = urllib.parse.urlsplit(studio.address)
        for origin in ("http://evil.example", "null", f"http://{place.hostname}:1"):
            assert post(studio, CSV + b"9,9,a\n", Origin=origin)[0] == 403
        assert post(studio, CSV + b"9,9,a\n", X_Clearprop_Token="")[0] == 403
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            assert post(studio, CSV + b"9,9,a\n", Content_Type=kind)[0] == 415
        assert list(handed._files) == before
        assert post(studio, CSV, Origin=studio.origin)[0] == 200

    def test_another_name_of_this_machine_gets_nothing(self, studio):
        assert post(studio, CSV, Host="evil.example", Origin="http://evil.example")[0] == 400


class TestWhatIsNone:
    def test_in_one_line_without_a_path_of_this_machine(self, studio):
        cases = [
            (b"", "t.csv", "t.csv is empty"),
            (b"a,b\n", "t.csv", "has a header but no rows"),
            (b"PAR1", "t.parquet", "t.parquet"),
            (b"a,b\n1\n", "x.csv", "line 2 has 1 field"),
        ]
        for content, name, said in cases:
            status, found = post(studio, content, name)
            assert status == 400
            assert said in found["error"]
            assert "\n" not in found["error"]
            assert handed._folder.name not in found["error"]

    def test_a_file_that_is_too_large(self, studio, monkeypatch):
        monkeypatch.setattr("clearprop.studio.app.MOST_BYTES", 1 << 20)
        status, found = post(studio, b"a,b\n" + b"1,2\n" * (1 << 18) + b"1,2\n")
        assert (status, found["error"]) == (
            413, "the file is too large; the studio takes 1 MB: hand in a part of the table",
        )  # fmt: skip

    def test_an_address_of_a_table_that_is_gone(self, studio):
        assert "drop the file here again" in refusal(studio, "about", data="table:0123456789ab")
        assert "with its file again" in refusal(studio, "about", data="model:0123456789ab")
        for path in ("table:../../etc/passwd", "table:/etc/passwd"):  # no name leads to a file
            assert "not here any more" in refusal(studio, "about", data=path)

    @pytest.mark.parametrize("damage", ["", "!", "q9Cp5DLUMeIy1jHh", "AAAA"])
    def test_an_address_whose_table_is_damaged(self, studio, damage):
        assert "the table in this address is" in refusal(studio, "about", data=f"inline:{damage}")

    def test_a_bomb_in_an_address_is_not_unpacked(self):
        import base64
        import zlib

        packer = zlib.compressobj(9, wbits=-15)
        packed = packer.compress(b"a,b\n" + b"1,2\n" * 500_000) + packer.flush()
        written = base64.urlsafe_b64encode(packed).decode()
        assert len(written) < handed.INLINE
        with pytest.raises(cp.ArgumentError, match="damaged"):
            handed_in(f"inline:{written}")

    def test_too_many_rows(self, monkeypatch):
        monkeypatch.setattr("clearprop.studio.table_problems.MOST_ROWS", 20)
        with pytest.raises(cp.ShapeError, match=r"t.csv has 31 rows; the studio takes 20"):
            problem_of(Setup(data=hand_in("table", "t.csv", CSV + b"1,2,a\n")))


class TestAFileThatEndsItsReader:
    """By a program in the reader's place: a file that does so would be a fault of polars, to be mended."""

    LARGE = b"a,b\n" + b"".join(b"%d,%d\n" % (n * 7919 % 99991, n * n % 7907) for n in range(9000))

    @pytest.fixture
    def reader(self, tmp_path, monkeypatch):
        def stands(program):
            path = tmp_path / "reader"
            path.write_text(f"#!/bin/sh\n{program}\n")
            path.chmod(0o755)
            monkeypatch.setattr("clearprop.studio.trial.sys.executable", str(path))

        return stands

    @pytest.mark.parametrize(
        ("program", "seconds", "said"),
        [
            (
                "kill -ABRT $$",
                60,
                "t.csv ends the process that reads it (-6): save it anew, or as CSV",
            ),
            (
                "exec sleep 60",
                0.5,
                "t.csv takes longer than 0.5 s to read: save it anew, or as CSV",
            ),
        ],
    )
    def test_it_is_refused_and_forgotten_and_the_studio_goes_on(
        self, studio, reader, monkeypatch, program, seconds, said
    ):
        monkeypatch.setattr("clearprop.studio.trial.SECONDS", seconds)
        reader(program)
        before = set(handed._files)
        assert post(studio, self.LARGE) == (400, {"error": said, "kind": "TableFileError"})
        assert set(handed._files) <= before
        assert ask(studio, "about")["title"]

    def test_the_reader_reads(self, studio):
        status, found = post(studio, self.LARGE)
        assert (status, found["columns"]) == (200, ["a", "b"])
        status, found = post(studio, self.LARGE + b"1\n", "odd.csv")
        assert (status, found["error"].startswith("odd.csv line 9")) == (400, True)


class TestModels:
    @pytest.fixture
    def address(self, model_file):
        return hand_in("model", "m.safetensors", model_file.read_bytes())

    def test_a_run_begins_with_its_weights(self, address, model_file):
        problem = problem_of(Setup(data="penguins", weights=address))
        model = cp.Model.load(model_file)
        np.testing.assert_array_equal(problem.network.parameters, model.network.parameters)
        assert problem.features == model.features
        assert len(problem.X) + len(problem.X_held) == 344

    def test_without_a_table_inputs_are_drawn_which_is_said(self, address):
        problem = problem_of(Setup(data=address))
        assert "these rows are drawn, none of a table" in problem.notes[0]
        assert "bill_length_mm" in problem.notes[0]
        assert Run(Setup(data=address)).reach(20, seconds=60) == 20

    def test_it_says_what_the_network_is(self, address):
        with pytest.raises(cp.ArgumentError, match="m.safetensors says what the network is: leave"):
            problem_of(Setup(data="penguins", weights=address, hidden="3"))
        with pytest.raises(cp.ArgumentError, match="m.safetensors predicts 'species'"):
            problem_of(Setup(data="penguins", weights=address, target="sex"))

    def test_a_network_alone_whose_inputs_are_others(self, tmp_path):
        cp.Network([2, 3, 1]).save(tmp_path / "n.safetensors")
        content = (tmp_path / "n.safetensors").read_bytes()
        address = hand_in("model", "n.safetensors", content)
        with pytest.raises(cp.ShapeError, match="takes 2 inputs, but the table makes 15"):
            problem_of(Setup(data="penguins", weights=address))
        assert problem_of(Setup(data=address)).network.sizes == (2, 3, 1)


@pytest.mark.usefixtures("own_files")
def test_the_oldest_files_make_room():
    first = hand_in("table", "t.csv", b"a,b\n0,0\n")
    path = handed_in(first).path
    for n in range(handed.KEPT):
        hand_in("table", "t.csv", b"a,b\n1,%d\n" % n)
    assert not path.exists()
    with pytest.raises(cp.FileMissingError):
        handed_in(first)


def test_what_is_too_large_or_no_text_does_not_stand_in_an_address():
    random = np.random.default_rng(0).integers(0, 10**9, 2000)
    assert inline(b"a\n" + "\n".join(map(str, random)).encode()) is None
    assert inline(b"PAR1...") is None
    assert inline("ä,b\n".encode("latin-1")) is None
