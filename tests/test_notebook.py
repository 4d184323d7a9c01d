"""What a notebook shows: a real kernel runs one, and its outputs are looked at."""

from __future__ import annotations

import base64
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import numpy as np
import pytest

import clearprop as cp
import notebooks
from clearprop.display.curves import curves_svg
from clearprop.training.watching import notebook_bar, progress
from clocks import set_clock

CELLS = {
    "data": """
import numpy as np, time, clearprop as cp
X, y = np.random.default_rng(0).random((200, 2)), np.arange(200) % 3
network = cp.Network([2, 4, 3], output="softmax", seed=1)
""",
    "train": """
history = cp.train(network, X, y, epochs=300, validation=0.2, metrics=["accuracy"],
                   callbacks=lambda epoch: time.sleep(0.002), progress=True)
""",
    "quiet": 'cp.train(network, X, y, epochs=2, progress=False).stopped',
    "short": """
from clearprop.training.watching import progress
progress.PATIENCE = 600.0  # this machine may stand still for two seconds
cp.train(network, X, y, epochs=2).stopped
""",
    "stopped": """
cp.train(network, X, y, epochs=1000, early_stopping=3, validation=0.2, progress=True).stopped
""",
    "history": "history",
    "network": "network",
    "record": "cp.backprop(network, X[:5], y[:5])",
    "derivation": 'cp.explain(network, X[:1], y[:1], of="dW1[0,1]")',
    "graph": "cp.computation_graph(network, X[:1], y[:1])",
    "weights": "cp.plot_weights(network)",
    "losses": "history.plot()",
    "hill": 'cp.loss_surface(network, X, y, "W1[0,0]", "W1[0,1]", points=3).plot()',
    "boundary": "cp.plot_boundary(network, X, y)",
    "moving": "cp.animate(cp.steps(network, X, y, epochs=1), frames=2)",
    "pyplot": "import matplotlib.pyplot as plt",
    "with pyplot": "cp.plot_weights(network)",
}  # fmt: skip


@pytest.fixture(scope="module")
def shown():
    """The outputs of each cell."""
    for library in ("nbclient", "nbformat", "ipykernel"):
        pytest.importorskip(library)
    notebook = notebooks.executed(notebooks.of_cells([*CELLS.values()]))
    return dict(zip(CELLS, notebooks.outputs_of(notebook), strict=True))


def the_html(outputs) -> str:
    (output,) = outputs
    assert output["output_type"] == "execute_result"
    assert output["data"]["text/plain"]
    return "".join(output["data"]["text/html"])


def test_progress_is_one_output_without_escape_codes(shown):
    (bar,) = shown["train"]
    assert bar["output_type"] == "display_data"
    html, text = bar["data"]["text/html"], bar["data"]["text/plain"]
    assert '<progress value="1.0000" max="1"' in html
    assert re.fullmatch(
        r"100%  \d:\d\d taken  300/300  loss 1\.\d{4} \(val 1\.\d{4}\)  accuracy .*", text
    )
    assert "\x1b" not in html + text
    assert "\n" not in html + text
    assert len(html) < 500


def test_runs_that_are_short_or_told_to_be_quiet_show_none(shown):
    for name in ("quiet", "short"):
        (output,) = shown[name]
        assert output["data"]["text/plain"] == "'completed'"


def test_a_run_that_stops_early_leaves_its_last_epoch(shown):
    bar, answer = shown["stopped"]
    assert answer["data"]["text/plain"] == "'early stopping'"
    share, number = re.fullmatch(
        r" *(\d+)%  \d:\d\d taken  +(\d+)/1000  loss .*", bar["data"]["text/plain"]
    ).groups()
    assert int(share) == pytest.approx(int(number) / 10, abs=0.6)


def test_a_history_shows_its_curves(shown):
    html = the_html(shown["history"])
    root = ElementTree.fromstring(html)
    pictures = root.findall(".//{http://www.w3.org/2000/svg}svg")
    words = [
        [e.text for e in picture.iter("{http://www.w3.org/2000/svg}text")] for picture in pictures
    ]
    assert len(pictures) == 2
    for texts, name in zip(words, ("loss (mean per sample)", "accuracy"), strict=True):
        assert {"epoch", "training", "validation", name, "1", "100", "300"} <= set(texts)
    assert "History of 300 epochs (completed)" in html


@pytest.mark.parametrize("cell", ["weights", "losses", "hill", "boundary", "with pyplot"])
def test_a_figure_shows_itself_with_and_without_pyplot(shown, cell):
    """No cell says %matplotlib inline."""
    (output,) = shown[cell]
    assert base64.b64decode(output["data"]["image/png"]).startswith(b"\x89PNG")


def test_a_figure_is_as_sharp_as_screens_are(shown):
    (output,) = shown["weights"]
    picture = base64.b64decode(output["data"]["image/png"])
    width, height = struct.unpack(">II", picture[16:24])
    size = output["metadata"]["image/png"]
    assert (width, height) == pytest.approx((2 * size["width"], 2 * size["height"]), abs=2)
    assert size["width"] < 1000


def test_an_animation_moves(shown):
    assert '<img alt="Training of a 2-4-3 network' in the_html(shown["moving"])
    assert "data:image/gif;base64," in the_html(shown["moving"])


@pytest.mark.parametrize(
    ("cell", "parts"),
    [
        ("network", ["<table>", "Network 2-4-3", "softmax"]),
        ("record", ["<table>", "Record of 5 samples", "delta2 (5, 3)"]),
        ("derivation", ["<math", "clearprop-derivation"]),
    ],
)
def test_the_others_show_themselves_as_html(shown, cell, parts):
    html = the_html(shown[cell])
    assert [part for part in parts if part not in html] == []


def test_a_graph_shows_its_picture(shown):
    (output,) = shown["graph"]
    assert "<svg" in output["data"].get("image/svg+xml", output["data"].get("text/html", ""))


# Curves, without a notebook.


def points(svg: str) -> list[list[tuple[float, float]]]:
    """The points of each curve, read back from the drawing."""
    root = ElementTree.fromstring(svg)
    paths = [e.get("d") for e in root.iter("{http://www.w3.org/2000/svg}path")]
    return [
        [tuple(map(float, pair)) for pair in re.findall(r"[ML]([\d.-]+) ([\d.-]+)", path)]
        for path in paths
    ]


def test_curves_lie_where_their_values_are():
    values = [4.0, 1.0, 0.5, 2.0]
    training, validation = points(curves_svg("loss", {"training": values, "validation": [0.0] * 4}))
    floor = validation[0][1]
    unit = (floor - training[0][1]) / 4.0
    assert unit > 10  # up is less, in a drawing
    heights = [(floor - y) / unit for _, y in training]
    np.testing.assert_allclose(heights, values, atol=0.1 / unit)
    steps = np.diff([x for x, _ in training])
    np.testing.assert_allclose(steps, steps[0], atol=0.11)


def test_a_long_run_keeps_its_spikes_in_a_small_picture():
    values = np.linspace(1.0, 0.9, 200_000)
    values[123_456], values[77_777] = 9.0, -9.0
    svg = curves_svg("loss", {"training": values})
    assert len(svg) < 40_000
    (curve,) = points(svg)
    heights = [y for _, y in curve]
    assert heights.count(min(heights)) == heights.count(max(heights)) == 1
    assert max(heights) - min(heights) > 0.8 * 168  # of the axes' height
    assert sorted(x for x, _ in curve) == [x for x, _ in curve]


@pytest.mark.parametrize(
    "values",
    [
        [1.0],
        [3.0, 3.0],
        [0.0, 0.0],
        [float("nan")] * 3,
        [1.0, float("nan"), float("inf"), 2.0],
        [1e308, -1e308],
        [5e-324, 1e-323],
        [-1e-7, 1e-7],
        list(range(7)),
    ],
)
def test_any_values_make_a_picture(values):
    svg = curves_svg("m<&>", {"training": values, "validation": values}, marked=1)
    for curve in points(svg):
        assert len(curve) == np.isfinite(values).sum()
        assert all(0 <= x <= 380 and 0 <= y <= 240 for x, y in curve)
    assert "nan" not in svg
    assert "inf" not in svg


def test_gaps_stay_gaps():
    svg = curves_svg("loss", {"training": [1.0, 2.0, float("nan"), 3.0, 4.0]})
    (path,) = re.findall(r'<path d="([^"]*)"', svg)
    assert path.count("M") == 2


def test_axes_have_round_numbers():
    def numbers(values):
        root = ElementTree.fromstring(curves_svg("loss", {"training": values}))
        return [e.text for e in root.iter("{http://www.w3.org/2000/svg}text")]

    assert numbers([0.13, 0.91])[:6] == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    assert numbers([-3.0] + [4.0] * 49)[:11] == [
        "−4", "−2", "0", "2", "4", "1", "10", "20", "30", "40", "50",
    ]  # fmt: skip


def test_histories_of_few_epochs_show_themselves():
    assert "History of 0 epochs (completed)" in cp.History()._repr_html_()
    history = cp.train(cp.Network([1, 1]), [[1.0]], [2.0], epochs=1, progress=False)
    ElementTree.fromstring(history._repr_html_())


# The bar, without a kernel.


def test_nothing_is_imported_to_find_out():
    code = (
        "import sys, clearprop as cp\n"
        "cp.train(cp.Network([1, 1]), [[1.0]], [2.0], epochs=1, progress=True)\n"
        "assert not any(name.startswith('IPython') for name in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_ipython_on_a_terminal_is_no_notebook(monkeypatch):
    place = "IPython.core.getipython"
    for shell, answer in [
        (None, False),
        (SimpleNamespace(), False),
        (SimpleNamespace(kernel=object()), True),
    ]:
        module = SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, place, module)
        assert notebook_bar.in_notebook() is answer


def test_the_time_that_is_left(monkeypatch):
    shown, now = [], [100.0]
    display = SimpleNamespace(
        display=lambda data, **_: SimpleNamespace(update=lambda data, **_: shown.append(data))
    )
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    set_clock(monkeypatch, lambda: now[0], notebook_bar)
    bar = notebook_bar.NotebookBar()
    bar.draw(0.0, "first", over=False)
    for passed, share, over in ((30, 0.0, False), (30, 0.25, False), (3000, 0.25, False),
                                (80, 0.5, False), (125, 1.0, True)):  # fmt: skip
        now[0] = 100.0 + passed
        bar.draw(share, "loss", over=over)
    assert [one["text/plain"] for one in shown] == [
        "  0%  -:-- left   loss",
        " 25%  1:30 left   loss",
        " 25%  2:30:00 left   loss",
        " 50%  1:20 left   loss",
        "100%  2:05 taken  loss",
    ]


def test_a_run_that_fails_unseen_shows_no_bar(monkeypatch):
    drawn = []

    def fail(epoch):
        progress.PATIENCE = 0.0  # time passes
        raise ValueError("mine")

    monkeypatch.setattr(progress, "PATIENCE", progress.PATIENCE)
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    monkeypatch.setattr(
        notebook_bar.NotebookBar, "draw", lambda self, *given, over: drawn.append(over)
    )
    with pytest.raises(ValueError, match="mine"):
        cp.train(cp.Network([1, 1]), [[1.0]], [2.0], epochs=3, callbacks=fail)
    assert drawn == []
    cp.train(cp.Network([1, 1]), [[1.0]], [2.0], epochs=3, progress=True)
    assert drawn == [False, True]


def test_a_long_name_beside_curves_is_wrapped():
    name = "the share of rows that a person would have called right"
    root = ElementTree.fromstring(curves_svg(name, {"training": [1.0, 2.0]}))
    texts = {e.text: e for e in root.iter("{http://www.w3.org/2000/svg}text")}
    lines = [text for text in texts if text in name]
    assert " ".join(lines) == name
    assert max(map(len, lines)) <= 26
    places = [float(texts[line].get("x")) for line in lines]
    assert places == sorted(set(places))
    number = float(texts["2.0"].get("x"))
    assert number - 7 * len("2.0") > max(places)
