"""A real server of the studio, and questions to it, for tests."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

import pytest


@contextmanager
def serving():
    from clearprop.studio.server import Server

    server = Server(0)
    server.start()
    yield server
    server.close()


def ask(server, name, **pairs):
    """What the server says to a question, as the page asks it, once the run has come to its step.

    Of a step that is not reached within a second an answer is of the one that is.
    """
    if isinstance(pairs.get("n"), int):
        while (step := _said(server, "step", pairs))["n"] < pairs["n"] and not step["ended"]:
            pass
    return _said(server, name, pairs)


def _said(server, name, pairs):
    address = f"{server.origin}/api/{name}?{urllib.parse.urlencode(pairs)}"
    asked = urllib.request.Request(address, headers={"X-Clearprop-Token": server.token})
    with urllib.request.urlopen(asked) as response:
        return json.load(response)


def refusal(server, name, **pairs):
    """The words with which the server refuses a question."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(server, name, **pairs)
    assert refused.value.code == 400
    return json.load(refused.value)["error"]
