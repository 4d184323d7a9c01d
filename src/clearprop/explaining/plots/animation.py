"""Training as a moving picture: the cost, and what the network says or holds, update by update."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clearprop.checks.settings import check_path, count
from clearprop.display.plotting import new_figure, tidy
from clearprop.errors import ArgumentError, shown
from clearprop.explaining.plane import Plane, values_of
from clearprop.explaining.plots.boundary import DRAWN, draw_output
from clearprop.explaining.titles import set_title, what_of
from clearprop.files.whole_file import PathLike, write_whole
from clearprop.network import Network
from clearprop.training.steps import Step

Array = NDArray[Any]

LAYERS = 3
"""Layers whose weights are drawn, of a network that has not two inputs."""

_PAGE = """<!DOCTYPE html>
<html lang="en" style="color-scheme:light dark"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title></head>
<body style="font:15px system-ui,sans-serif;max-width:60em;margin:1em auto;padding:0 1em">
<img alt="{title}" style="max-width:100%" src="{first}">
<p><button>pause</button> <input type="range" min="0" max="{last}" value="0" aria-label="frame"
style="width:70%"></p>
<script>
const frames = {frames}, picture = document.querySelector("img");
const range = document.querySelector("input"), button = document.querySelector("button");
let playing = true;
function show(k) {{ range.value = k; picture.src = frames[k]; }}
function stop(is) {{ playing = !is; button.textContent = is ? "play" : "pause"; }}
range.oninput = () => {{ stop(true); show(+range.value); }};
button.onclick = () => stop(playing);
setInterval(() => {{ if (playing) show((+range.value + 1) % frames.length); }}, {pause});
</script></body></html>
"""


@dataclass(frozen=True, repr=False)
class Animation:
    """Frames of a run of training: what `cp.animate` returns. In a notebook it moves.

    Attributes
    ----------
    updates : tuple of int
        Which update each frame shows the network before; the last frame is after all of them.
    losses : ndarray, shape (updates of the run,)
        The cost of each batch.
    frames : tuple of bytes
        The pictures, as PNG.
    per_second : int
    title : str

    Examples
    --------
    >>> import clearprop as cp
    >>> network = cp.Network([2, 3, 2], output="softmax", seed=1)
    >>> moving = cp.animate(cp.steps(network, [[0, 1], [1, 0]], [0, 1], epochs=6), frames=3)
    >>> moving.updates, moving.losses.shape, moving.to_gif()[:3]
    ((0, 3, 6), (6,), b'GIF')
    """

    updates: tuple[int, ...]
    losses: NDArray[np.float64]
    frames: tuple[bytes, ...]
    per_second: int
    title: str

    def save(self, path: PathLike) -> None:
        """Write it to a file: a GIF, or a page with a slider.

        Parameters
        ----------
        path : str or path
            Ends with ``.gif`` or ``.html``.

        Raises
        ------
        ArgumentError
            If it ends otherwise.
        FileWriteError
            If it cannot be written.
        """
        ending = Path(check_path(path)).suffix.lower()
        if ending not in (".gif", ".html"):
            raise ArgumentError(f"path is {shown(str(path))}; end it with .gif or .html")
        write_whole(path, self.to_gif() if ending == ".gif" else self.to_html().encode())

    def to_gif(self) -> bytes:
        """Return a GIF, which stands still for a second on its last frame."""
        from PIL import Image

        first, *others = (Image.open(io.BytesIO(frame)).convert("RGB") for frame in self.frames)
        pause = 1000 // self.per_second
        pauses = [pause] * len(others) + [max(1000, pause)]
        written = io.BytesIO()
        first.save(
            written, format="GIF", save_all=True, append_images=others, duration=pauses, loop=0
        )
        return written.getvalue()

    def to_html(self) -> str:
        """Return a page in one file, with a slider and a short script."""
        frames = [_inline(frame, "png") for frame in self.frames]
        return _PAGE.format(
            title=self.title, first=frames[0], last=len(frames) - 1, frames=frames,
            pause=1000 // self.per_second,
        )  # fmt: skip

    def __repr__(self) -> str:
        return f"{self.title}: {len(self.frames)} frames of {len(self.losses):,} updates"

    def _repr_html_(self) -> str:
        picture = _inline(self.to_gif(), "gif")
        return f'<img alt="{self.title}" style="max-width:100%" src="{picture}">'


def animate(steps: Iterable[Step], *, frames: int = 40, per_second: int = 8) -> Animation:
    """Draw a run of training as a moving picture.

    On the left the cost of each batch. On the right, of a network with two inputs, what it gives
    over the plane of its inputs, with the samples that the run has used; of other networks, the
    weights of the first three layers.

    Parameters
    ----------
    steps : iterable of Step
        What `cp.steps` gives; all of it is run through.
    frames : int
        How many pictures at most, from 2 to 1,000; they are spread over the run evenly.
    per_second : int
        How fast they follow each other, from 1 to 50.

    Returns
    -------
    Animation
        A notebook shows it; ``.save("training.gif")`` or ``.save("training.html")`` writes it.

    Raises
    ------
    ArgumentError
        If there are no steps, or what comes is none.
    MissingExtraError
        If matplotlib (the extra `plots`) is not installed.

    Examples
    --------
    >>> import clearprop as cp
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> network = cp.Network([2, 3, 1], activations="tanh", output="sigmoid", seed=1)
    >>> cp.animate(cp.steps(network, X, y, epochs=20), frames=3)
    Training of a 2-3-1 network with binary_cross_entropy, on 4 samples: 3 frames of 20 updates
    """
    frames = count("frames", frames, 2, most=1000)
    per_second = count("per_second", per_second, 1, most=50)
    run = _Run(steps, frames)
    return Animation(
        tuple(number for number, _ in run.kept), np.array(run.losses),
        tuple(_pictures(run)), per_second, f"Training of a {what_of(run.network, len(run.X))}",
    )  # fmt: skip


class _Run:
    """The costs of a run, its parameters at times spread over it evenly, and its samples."""

    def __init__(self, steps: object, frames: int) -> None:
        try:
            given = iter(steps)  # type: ignore[call-overload]  # checked here
        except TypeError:
            raise ArgumentError(f"steps is {shown(steps)}; give what cp.steps returned") from None
        self.losses: list[float] = []
        kept: list[tuple[int, Array]] = []
        rows: dict[int, tuple[Array, Array]] = {}
        stride, step = 1, None
        for step in given:
            if not isinstance(step, Step):
                raise ArgumentError(f"steps holds {shown(step)}; give what cp.steps returned")
            if len(self.losses) % stride == 0:
                kept.append((len(self.losses), step.record.network.parameters))
            if len(kept) >= 4 * frames:
                kept, stride = kept[::2], 2 * stride  # so that a long run takes little memory
            self.losses.append(float(step.record.loss))
            for row, x, y in zip(step.rows.tolist(), step.record.a[0], step.record.y, strict=True):
                rows.setdefault(row, (x, y))
        if step is None:
            raise ArgumentError("there are no steps to animate")
        self.network: Network = step.record.network.astype(np.float64)
        end = step.record.network.parameters + step.update
        wanted = np.linspace(0, len(self.losses), frames)[:-1]
        there = np.array([number for number, _ in kept])
        places = np.unique(np.abs(there - wanted[:, None]).argmin(axis=1))
        self.kept = [*(kept[place] for place in places), (len(self.losses), end)]
        self.X = np.array([x for x, _ in rows.values()], np.float64)
        self.y = np.array([y for _, y in rows.values()], np.float64)


def _pictures(run: _Run) -> Iterator[bytes]:
    """Yield a picture for each set of parameters that was kept."""
    network, plane = run.network, None
    if network.sizes[0] == 2:
        plane = Plane.through(run.X, (0, 1))
    largest = max(float(np.abs(parameters).max()) for _, parameters in run.kept) or 1.0
    for number, parameters in run.kept:
        network.parameters[:] = parameters
        figure = new_figure((8.4, 4.0), "animate")
        left, right = figure.subfigures(1, 2)
        _draw_costs(left.subplots(), run, number)
        if plane is not None:
            axis = right.subplots()
            a = values_of(network, plane.rows)[1][-1]
            draw_output(axis, network, plane, a, run.X[:DRAWN], run.y[:DRAWN])
            set_title(axis, f"after {number:,} updates")
        else:
            _draw_weights(right, network, largest, number)
        picture = io.BytesIO()
        figure.savefig(picture, format="png", dpi=100)
        yield picture.getvalue()


def _draw_costs(axis: Any, run: _Run, number: int) -> None:
    updates = np.arange(1, len(run.losses) + 1)
    axis.plot(updates, run.losses, color="0.8", lw=1)
    axis.plot(updates[:number], run.losses[:number], color="#0072B2", lw=1.5)
    at = min(number, len(run.losses) - 1)
    axis.plot(updates[at], run.losses[at], color="#D55E00", marker="o")
    axis.set_xlabel("update")
    axis.set_ylabel("cost of the batch (mean per sample)")
    words = what_of(run.network, len(run.X)).partition(", ")
    set_title(axis, words[0], words[2])
    tidy(axis)


def _draw_weights(part: Any, network: Network, largest: float, number: int) -> None:
    """Draw the weights of the first layers as images, on one scale for the whole run."""
    from matplotlib.colors import LinearSegmentedColormap

    signs = LinearSegmentedColormap.from_list("signs", ["#D55E00", "white", "#0072B2"])
    shown_layers = network.weights[:LAYERS]
    axes = np.atleast_1d(part.subplots(len(shown_layers), 1))
    image = None
    for k, (axis, W) in enumerate(zip(axes, shown_layers, strict=True), 1):
        image = axis.imshow(W, cmap=signs, vmin=-largest, vmax=largest, aspect="auto")
        axis.set_ylabel(f"W{k} {W.shape}", fontsize="small")
        axis.set_xticks([])
        axis.set_yticks([])
    set_title(axes[0], f"after {number:,} updates")
    part.colorbar(image, ax=list(axes), label="weight", format="%.3g")


def _inline(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
