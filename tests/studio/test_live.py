"""A run that is watched while it goes on, and a page of one's own network."""

from __future__ import annotations

import json
import urllib.request

import numpy as np
import pytest

import clearprop as cp
from studio_server import ask
from watched_runs import X, Y, every_epoch, small_network

pytest.importorskip("uvicorn")


@pytest.fixture
def live():
    watched = cp.studio.Live(port=0)
    yield watched
    watched.close()


def test_the_numbers_of_training_are_those_without_it(live, monkeypatch):
    every_epoch(monkeypatch)
    watched, alone = small_network(), small_network()
    seen = []
    cp.train(watched, X, Y, epochs=6, validation=0.25, seed=3, progress=False,
             callbacks=[live, lambda epoch: seen.append(epoch.network.copy())])  # fmt: skip
    history = cp.train(alone, X, Y, epochs=6, validation=0.25, seed=3, progress=False)
    assert watched.parameters.tobytes() == alone.parameters.tobytes()
    found = ask(live._server, "curves", data="live")
    assert [one["loss"] for one in found["epochs"]] == [one.loss for one in history.epochs]
    assert [one["validation_loss"] for one in found["epochs"]] == [
        one.validation_loss for one in history.epochs
    ]
    for n in range(1, 6):
        step = ask(live._server, "step", data="live", n=n, sample=1)
        before, after = seen[n - 1], seen[n]
        assert step["parameters"]["W1"] == before["W1"].tolist()
        np.testing.assert_allclose(step["after"]["W1"], after["W1"], rtol=1e-6)
        run = live.run.problem
        record = cp.backprop(before, run.X[step["batch"]], run.y[step["batch"]])
        assert step["delta"][-1] == record.delta[-1][1].tolist()
        assert step["gradient"]["W1"] == record.dW[0].tolist()


def test_it_says_where_it_is_when_the_run_begins(live, capsys):
    assert capsys.readouterr().err == ""
    cp.train(small_network(), X, Y, epochs=1, progress=False, callbacks=[live])
    assert capsys.readouterr().err == f"Studio: {live.address}\n"


def test_it_can_be_asked_while_the_run_goes_on(live, monkeypatch):
    every_epoch(monkeypatch)
    found = []
    cp.train(
        small_network(), X, Y, epochs=4, progress=False,
        callbacks=[live, lambda _: found.append(ask(live._server, "about", data="live")["total"])],
    )  # fmt: skip
    assert found == [1, 2, 3, 4]


def test_another_run_takes_its_place(live, monkeypatch):
    every_epoch(monkeypatch)
    for epochs in (4, 2):
        cp.train(small_network(), X, Y, epochs=epochs, progress=False, callbacks=[live])
        assert ask(live._server, "about", data="live")["total"] == epochs


def test_epochs_in_quick_succession_are_not_all_kept_but_the_last_is(live):
    history = cp.train(small_network(), X, Y, epochs=2000, progress=False, callbacks=[live],
                       engine="compiled")  # fmt: skip
    assert len(history.epochs) == 2000
    assert live.run.total < 500
    assert live.run._kept[-1].epoch == 2000
    right = cp.train(small_network(), X, Y, epochs=2000, progress=False, engine="compiled")
    assert history.epochs.losses() == right.epochs.losses()


def test_before_it_begins(live):
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(live._server, "about", data="live")
    assert json.load(refused.value)["error"] == "no run has begun: give this callback to cp.train"


def test_a_port_that_is_taken(live):
    port = int(live.address.split(":")[2].split("/")[0])
    with pytest.raises(cp.ArgumentError, match=f"port {port} is taken; give another, or none"):
        cp.studio.Live(port=port)


class TestPage:
    @pytest.fixture
    def own(self):
        network = cp.Network([2, 3, 1], "tanh", "sigmoid", seed=4)
        corners, xor = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), [0, 1, 1, 0]
        made = cp.studio.open(network, corners, xor, optimizer=cp.Adam(0.1), batch_size=2,
                              epochs=30, seed=5, features=["left", "right"], port=0)  # fmt: skip
        made.steps = list(cp.steps(network, corners, xor, optimizer=cp.Adam(0.1), batch_size=2, epochs=30, seed=5))  # fmt: skip
        yield made
        made.close()

    def test_its_steps_are_those_of_steps(self, own):
        pairs = own._setup.pairs()
        assert ask(own._server, "about", **pairs)["features"] == ["left", "right"]
        assert ask(own._server, "about", **pairs)["total"] == 60
        for n in (59, 0, 30):
            found = ask(own._server, "step", n=n, **pairs)
            right = own.steps[n]
            assert found["batch"] == right.rows.tolist()
            assert found["cost"] == right.record.loss
            assert found["gradient"]["W1"] == right.record.dW[0].tolist()

    def test_a_notebook_shows_it_or_the_replay(self, own):
        shown = own._repr_html_()
        assert f'"{own.address}"' in shown
        assert "srcdoc=" in shown
        assert "&lt;script" in shown

    def test_refused(self):
        network = cp.Network([2, 3, 1])
        with pytest.raises(cp.ArgumentError, match="L-BFGS"):
            cp.studio.open(network, [[0, 1]], [1], optimizer="lbfgs")
        with pytest.raises(cp.ArgumentError, match="there are 1 features for 2 inputs"):
            cp.studio.open(network, [[0, 1]], [1], features=["a"])
        with pytest.raises(cp.ShapeError):
            cp.studio.open(network, [[0, 1, 2]], [1])


def test_a_page_follows_a_run(page, studio, live, monkeypatch):
    """In a browser: while it stands at the last step, and no longer once somebody looks back."""
    every_epoch(monkeypatch)
    monkeypatch.setattr(studio.app.state.runs, "live", live.run)
    cp.train(small_network(), X, Y, epochs=1, progress=False, callbacks=[live])
    page.goto(live.address.replace(live._server.address, studio.address))
    cp.train(small_network(), X, Y, epochs=3, progress=False, callbacks=[live])
    page.wait_for_url("**n=2")
    cp.train(small_network(), X, Y, epochs=9, progress=False, callbacks=[live])
    page.wait_for_url("**n=8")
    page.get_by_role("button", name="One step back").click()
    page.wait_for_url("**n=7")


def test_a_replay_plays_from_a_file(running, tmp_path):
    """In a browser, without a server: the same numbers, and nothing is asked of anybody."""
    network = cp.Network([2, 3, 1], "tanh", "sigmoid", seed=4)
    corners, xor = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]]), [0, 1, 1, 0]
    made = cp.studio.open(network, corners, xor, batch_size=4, epochs=300, port=0)
    made.save(tmp_path / "replay.html", steps=40, screens=["network", "curves"])
    made.close()
    page = running.new_page()
    wrong, asked = [], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "replay.html").as_uri() + "#network?n=7")
    page.get_by_role("button", name="One step on").click()
    page.wait_for_url("**n=8**")
    page.get_by_role("button", name="One step back").click()
    page.get_by_role("button", name="One step back").click()
    page.wait_for_url("**n=6**")
    page.goto((tmp_path / "replay.html").as_uri() + "#network?n=31")
    page.get_by_role("button", name="One step on").click()
    page.get_by_text("Replay: Your network").wait_for()
    assert wrong == []
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [
        (tmp_path / "replay.html").as_uri()
    ]
    page.close()
