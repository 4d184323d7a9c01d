"""What a page costs the run that it shows, and how quickly it answers.

    python benchmarks/studio.py [--write]      # ten minutes; --write: benchmarks/STUDIO.md

Training on one thread with nobody looking, with `cp.studio.Live` and no page, and with a page open in a
headless Chromium that follows it, the three in turns; of all rounds the least of each, as noise only adds.
Then first paint, and the time from a click or a dragged weight to the changed page, in the browser.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import clearprop as cp
from clearprop.bench.summary import processor

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from browser import browser
from studio_server import serving

ROUNDS = 6
PAGE = Path(__file__).with_name("STUDIO.md")
CASES = {
    "2-8-1, batch 10, 200 rows, 300,000 epochs": ((2, 8, 1), 200, 10, 300_000),
    "64-100-10, batch 32, 1,500 rows, 7,000 epochs": ((64, 100, 10), 1500, 32, 7000),
    "784-100-10, batch 64, 6,000 rows, 250 epochs": ((784, 100, 10), 6000, 64, 250),
}


def train(
    sizes: tuple[int, ...], rows: int, batch: int, epochs: int, callbacks: list[Any]
) -> float:
    """Return the seconds of a run."""
    rng = np.random.default_rng(0)
    X = rng.random((rows, sizes[0]), dtype=np.float32)
    y = rng.integers(0, max(sizes[-1], 2), rows)
    output = "softmax" if sizes[-1] > 1 else "sigmoid"
    network = cp.Network(sizes, "tanh", output, seed=0)
    started = time.perf_counter()
    cp.train(
        network, X, y, optimizer=cp.SGD(0.01), batch_size=batch, epochs=epochs, threads=1,
        progress=False, engine="compiled", callbacks=callbacks,
    )  # fmt: skip
    return time.perf_counter() - started


def throughput(running: Any) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield of each case how much longer it takes, looked at and not: least of all rounds by least."""
    for name, case in CASES.items():
        train(*case, [])
        seconds: dict[str, list[float]] = {way: [] for way in ("alone", "attached", "a page open")}
        for number in range(ROUNDS):
            ways = list(seconds)
            for way in ways[number % 3 :] + ways[: number % 3]:
                if way == "alone":
                    seconds[way].append(train(*case, []))
                    continue
                live = cp.studio.Live(port=0)
                if way == "a page open":
                    page = running.new_page(viewport={"width": 1280, "height": 800})
                    page.goto(live.address)
                    page.locator("main").wait_for()
                seconds[way].append(train(*case, [live]))
                if way == "a page open":
                    page.close()
                live.close()
        least = {way: min(found) for way, found in seconds.items()}
        yield name, {way: least[way] / least["alone"] for way in ("attached", "a page open")}


CHANGED = """async ([act, times]) => {
    const found = [];
    for (let i = 0; i < times; i++) {
        const main = document.querySelector("main");
        const before = performance.now();
        await new Promise((done) => {
            const seen = new MutationObserver(() => { seen.disconnect(); requestAnimationFrame(done); });
            seen.observe(main, { subtree: true, childList: true, characterData: true, attributes: true });
            (0, eval)(act)(i);
            setTimeout(() => { seen.disconnect(); done(); }, 3000);
        });
        found.push(performance.now() - before);
        await new Promise((done) => setTimeout(done, 60));
    }
    return found;
}"""


@contextmanager
def shown(running: Any, address: str) -> Iterator[Any]:
    """Open a page whose numbers are there."""
    context = running.new_context(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    page = context.new_page()
    page.goto(address)
    page.locator("main[data-ready=true]").wait_for()
    yield page
    context.close()


def answers(running: Any) -> dict[str, float]:
    """Return milliseconds: of the first paint, of an operation, of a dragged weight."""
    found = {}
    with serving() as server:
        paints = []
        for _ in range(5):
            with shown(running, server.address) as page:
                paints.append(
                    page.evaluate(
                        "performance.getEntriesByName('first-contentful-paint')[0].startTime"
                    )
                )
        found["first paint of a first visit"] = median(paints)
        click = "() => document.querySelector('button[aria-label=\"One {} on\"]').click()"
        for name, address in (
            ("2-4-2-1", "#network?data=circles&n=5"),
            ("784-100-10", "#network?data=own&n=2&op=0"),
        ):
            if "own" in address:
                server.app.state.runs.own["own"] = own_problem((784, 100, 10), 1000)
            with shown(running, server.address + address) as page:
                for what in ("operation", "phase", "step"):
                    times = page.evaluate(CHANGED, [click.format(what), 15])
                    found[f"{name}: one {what} on"] = median(times)
    return found


DRAGGED = """async ([seconds, top]) => {
    const drawing = document.querySelector("svg.network");
    const number = () => drawing.querySelector("text[data-number=L]").textContent;
    const begun = performance.now();
    let frames = 0, changes = 0, before = number();
    while (performance.now() - begun < 1000 * seconds) {
        const clientY = top + 60 * Math.sin(frames / 20);
        drawing.dispatchEvent(new PointerEvent("pointermove", { clientY, bubbles: true }));
        await new Promise(requestAnimationFrame);
        frames += 1;
        if (number() !== before) changes += 1;
        before = number();
    }
    return [frames, changes].map((count) => (1000 * count) / (performance.now() - begun));
}"""


def dragging(running: Any, seconds: float = 4.0) -> tuple[float, float]:
    """Return frames a second while a weight of 4-8-3 is dragged, and changes of the loss."""
    with serving() as server:
        server.app.state.runs.own["own"] = own_problem((4, 8, 3), 150)
        with shown(running, f"{server.address}#network?data=own&n=20&of=W1[0,0]") as page:
            edge = page.locator("[data-of='W1[0,0]'] .reach")
            box = edge.bounding_box()
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            page.evaluate(DRAGGED, [0.5, y])
            frames, changes = page.evaluate(DRAGGED, [seconds, y])
            page.mouse.up()
    return frames, changes


def own_problem(sizes: tuple[int, ...], rows: int) -> Any:
    """Return a problem of a shape, of drawn rows."""
    from clearprop.studio.problems import Problem

    rng = np.random.default_rng(0)
    X, y = rng.random((rows, sizes[0])), rng.integers(0, sizes[-1], rows)
    network = cp.Network(sizes, "relu", "softmax", dtype="float64", seed=0)
    names = [f"input {i}" for i in range(sizes[0])]
    classes = [str(k) for k in range(sizes[-1])]
    return Problem("Drawn rows", network, X, y, X[:0], y[:0], names, classes, "class", batch=32)


def main() -> None:
    """Measure, print, and write the page if asked to."""
    lines = [
        "| training on one thread | attached, no page | a page open |",
        "|---|---|---|",
    ]
    with browser() as running:
        for name, ratios in throughput(running):
            lines.append(
                f"| {name} | " + " | ".join(f"{ratio:.3f}" for ratio in ratios.values()) + " |"
            )
            print(lines[-1], flush=True)
        lines += ["", "| in the browser | milliseconds |", "|---|---|"]
        for name, milliseconds in answers(running).items():
            lines.append(f"| {name} | {milliseconds:.0f} |")
            print(lines[-1], flush=True)
        frames, changes = dragging(running)
        lines += ["", "| a weight of 4-8-3 is dragged | a second |", "|---|---|"]
        lines += [f"| frames | {frames:.0f} |", f"| of these with another loss | {changes:.0f} |"]
        print(*lines[-2:], sep="\n", flush=True)
    if "--write" in sys.argv:
        head = (
            "# What the studio costs, and how quickly it answers\n\nWritten by `python benchmarks/studio.py --write` "
            f"on {date.today()}, {processor()}, 2 cores, headless Chromium on the same machine. Times are ratios to "
            f"the run with nobody looking, the least of {ROUNDS} rounds in turns of each.\n\n"
        )
        PAGE.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
