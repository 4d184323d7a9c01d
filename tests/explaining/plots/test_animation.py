"""Training as a moving picture."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest

import clearprop as cp

pytest.importorskip("matplotlib")
Image = pytest.importorskip("PIL.Image")

X = np.random.default_rng(0).normal(size=(24, 2))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def steps(sizes=(2, 3, 1), n=24, epochs=5, **settings):
    rows = np.random.default_rng(1).normal(size=(n, sizes[0]))
    net = cp.Network(list(sizes), "tanh", "sigmoid" if sizes[-1] == 1 else "softmax", seed=1)
    return net, rows, cp.steps(net, rows, np.arange(n) % 2, batch_size=8, epochs=epochs, **settings)


def test_frames_are_spread_over_the_run_evenly():
    _, _, run = steps(epochs=20)
    moving = cp.animate(run, frames=5)
    assert len(moving.losses) == 60
    assert len(moving.frames) == 5
    assert moving.updates[0] == 0
    assert moving.updates[-1] == 60
    gaps = np.diff(moving.updates)
    assert gaps.max() <= 1.5 * gaps.min()
    _, _, again = steps(epochs=20)
    assert moving.losses == pytest.approx([float(step.record.loss) for step in again])


@pytest.mark.parametrize("sizes", [(2, 2, 1), (4, 5, 3), (784, 100, 10)])
def test_a_gif_and_a_page(tmp_path, sizes):
    _, _, run = steps(sizes, epochs=2)
    moving = cp.animate(run, frames=3, per_second=4)
    moving.save(tmp_path / "a.gif")
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 3
        assert gif.info["duration"] == 250
        assert gif.size == Image.open(io.BytesIO(moving.frames[0])).size
    moving.save(str(tmp_path / "a.html"))
    page = (tmp_path / "a.html").read_text()
    assert len(set(re.findall(r"data:image/png;base64,[A-Za-z0-9+/=]+", page))) == 3
    assert not re.search(r"https?://", page)
    assert '<img alt="Training of a' in moving._repr_html_()
    assert "data:image/gif" in moving._repr_html_()


def test_a_frame_changes_as_the_network_learns():
    _, _, run = steps(epochs=20, optimizer=cp.SGD(1.0))
    frames = cp.animate(run, frames=4).frames
    assert len(set(frames)) == 4


def test_what_is_no_run_is_refused(tmp_path):
    for given, words in ((iter(()), "no steps"), (7, "what cp.steps returned"), ([7], "holds 7")):
        with pytest.raises(cp.ArgumentError, match=words):
            cp.animate(given)
    for settings in ({"frames": 1}, {"frames": 2.5}, {"per_second": 0}):
        with pytest.raises(cp.ArgumentError, match=next(iter(settings))):
            cp.animate(steps()[2], **settings)
    moving = cp.animate(steps(epochs=1)[2], frames=2)
    with pytest.raises(cp.ArgumentError, match=r"\.gif or \.html"):
        moving.save(tmp_path / "a.png")
    with pytest.raises(cp.FileWriteError):
        moving.save(tmp_path / "none" / "a.gif")
