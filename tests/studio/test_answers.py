"""What the server says: the numbers of `cp.backprop`, and refusals in one line."""

from __future__ import annotations

import http.client
import urllib.parse

import numpy as np
import pytest

from clearprop.studio.runs import Run
from clearprop.studio.setup import Setup
from studio_server import ask, refusal

REPLAY = "/api/replay?epochs=1&steps=1&screens=curves"


@pytest.mark.parametrize("data", ["spirals", "note", "mazur"])
def test_a_step_is_a_record(studio, data):
    found = ask(studio, "step", data=data, n=5, sample=0)
    step = Run(Setup(data=data)).at(5)
    record = step.record
    assert found["n"] == 5
    assert found["batch"] == step.rows.tolist()
    assert found["cost"] == record.loss
    for name in ("a", "z", "delta", "da"):
        assert found[name] == [one[0].tolist() for one in getattr(record, name)]
    for name, part in record.network.unflatten(record.gradient).items():
        assert found["gradient"][name] == part.tolist()
        assert found["parameters"][name] == record.network[name].tolist()
    after = Run(Setup(data=data)).at(6).record.network
    for name, part in found["after"].items():
        np.testing.assert_allclose(part, after[name], rtol=1e-15)


def test_of_a_wide_layer_those_that_push_hardest(studio):
    found = ask(studio, "step", data="xor", hidden="40", n=3, also="1:0,39")
    pushes = np.abs(found["delta"][0])
    assert set(found["shown"][1]) >= {0, 39, *np.argsort(-pushes)[:8].tolist()}
    assert len(found["a"][1]) == 40
    assert np.shape(found["parameters"]["W1"]) == (len(found["shown"][1]), 2)


def test_about(studio):
    found = ask(studio, "about", data="circles")
    assert found["sizes"] == [2, 4, 2, 1]
    assert found["rows"] + found["held_rows"] == 200
    assert found["operations"][0]["formula"] == "z1 = W1 x + b1"
    assert found["total"] == 1000 * found["steps_of_epoch"]


def test_refusals(studio):
    assert "did you mean 'circles'" in refusal(studio, "about", data="circle")
    assert "n is 'x'" in refusal(studio, "step", n="x")
    assert "W9" in refusal(studio, "step", n=3, edit="2:W9[0,0]=1")


def test_another_name_gets_nothing(studio):
    """Nor who has no token, nor another page of this browser."""
    place = urllib.parse.urlsplit(studio.address)
    own = {"Host": place.netloc, "X-Clearprop-Token": studio.token}
    for other, status in (
        ({}, 200),
        ({"Host": "evil.example"}, 400),
        ({"X-Clearprop-Token": "guessed"}, 403),
        ({"X-Clearprop-Token": ""}, 403),
        ({"Origin": f"http://{place.netloc}"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ):
        for path in ("/api/about", "/api/step?n=1", REPLAY, "/", "/api/events"):
            if path == "/api/events" and status == 200:
                continue  # which goes on
            connection = http.client.HTTPConnection(place.hostname, place.port)
            connection.request("GET", path, headers=own | other)
            assert connection.getresponse().status == status, (other, path)
            connection.close()


def test_a_notebook_may_ask_whether_it_is_here_but_no_more(studio):
    """Of any origin, by the token: the answer is empty."""
    place = urllib.parse.urlsplit(studio.address)
    for path, status, may_read in (
        (f"/api/here?token={studio.token}", 200, "*"),
        ("/api/here?token=guessed", 403, None),
        ("/api/here", 403, None),
        (f"/api/about?token={studio.token}", 403, None),
    ):
        connection = http.client.HTTPConnection(place.hostname, place.port)
        connection.request("GET", path, headers={"Origin": "https://notebook.example"})
        found = connection.getresponse()
        assert found.status == status
        assert found.getheader("Access-Control-Allow-Origin") == may_read
        assert status == 403 or found.read() == b""
        connection.close()


def test_nothing_but_the_page_is_read_from_disk(studio):
    place = urllib.parse.urlsplit(studio.address)
    for path in (
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/etc/passwd",
    ):
        connection = http.client.HTTPConnection(place.hostname, place.port)
        connection.request("GET", path, headers={"X-Clearprop-Token": studio.token})
        assert connection.getresponse().status == 404, path
        connection.close()
