"""Every screen of the studio, at the sizes that are looked at; run as a program, it takes pictures.

python tests/studio_pages.py FOLDER            # of every screen, size and scheme
python tests/studio_pages.py docs/pictures studio   # those that docs/studio.md and README show
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path

SCREENS = {
    "start": "#start?data=penguins",
    "network": "#network?data=moons&hidden=4,2&n=40",
    "network of the note": "#network?data=note&n=3&op=6",
    "network of a wide layer": "#network?data=xor&hidden=100,14&n=5&of=W2[3,17]&lens=weight",
    "network bound": "#network?data=circles&n=20&op=11&of=b1[2]&frozen=W2;b1[1]&edit=20:b1[2]=0.5",
    "network as a table": "#network?data=mazur&op=6&table=1&of=a1[0]",
    "derivation": "#derivation?data=circles&n=20&of=W1[0,1]",
    "hill": "#hill?data=moons&n=60",
    "data": "#data?data=circles&n=200",
    "data of a table": "#data?data=penguins&n=50",
    "curves": "#curves?data=circles&n=300&vs=optimizer:adam,rate:0.01",
    "health": "#health?data=moons&n=50",
    "predict": "#classroom?data=note&part=predict&q=7",
    "sheet": "#classroom?data=note&part=sheet",
    "teacher": "#classroom?data=note&part=teacher",
}
"""By a name, the end of its address."""

LAST = {
    "derivation": ".check tbody td", "hill": ".contours", "data": ".pushes li", "curves": ".plot",
    "health": ".layers td", "predict": ".answering", "sheet": ".paper",
}  # fmt: skip
"""What of a screen is there last, by its first word: it asks for more than the step."""

SETTLED = "async () => (await import('studio/answers')).settled()"
"""Waits until all that a page has asked for is there, and drawn, of a run that is not played."""

SIZES = {"1280": (1280, 800), "1920": (1920, 1080), "390": (390, 844)}

SHOWN = ("network", "derivation", "data")
"""Those that documents show."""


CUT = """() => {
    const wide = document.documentElement.clientWidth, found = [];
    if (document.documentElement.scrollWidth > wide) found.push(["the page", wide]);
    const scrolls = (e) => e && (/auto|scroll/.test(getComputedStyle(e).overflowX) || scrolls(e.parentElement));
    for (const e of document.querySelectorAll("h1,h2,h3,p,button,label,select,input,output,legend,th,td,li")) {
        const box = e.getBoundingClientRect();
        if (box.width && (box.right > wide + 0.5 || box.left < -0.5) && !scrolls(e.parentElement)) found.push([e.textContent, box.right]);
    }
    for (const e of document.querySelectorAll("button,label,legend,h1,h2,h3"))
        if (e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).overflowX !== "visible")
            found.push([e.textContent, e.scrollWidth]);
    return found;
}"""
"""What is beyond the page's edge, but for what stands in a part that scrolls by itself."""


@contextmanager
def shown(running, address, screen, size, scheme):
    """A page of a screen, once its numbers are there."""
    width, height = SIZES[size]
    page = running.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(address + SCREENS[screen])
    page.locator("main[data-ready=true]").wait_for()
    page.locator(LAST.get(screen.split()[0], "main")).first.wait_for()
    yield page
    page.close()


def take(folder: Path, only=None) -> None:
    """Write a picture of every screen."""
    from browser import browser
    from studio_server import serving

    folder.mkdir(parents=True, exist_ok=True)
    with serving() as server, browser() as running:
        for screen in only or SCREENS:
            for size in SIZES if only is None else ["1280"]:
                for scheme in ("light", "dark"):
                    with shown(running, server.address, screen, size, scheme) as page:
                        name = (
                            f"{screen}-{size}-{scheme}"
                            if only is None
                            else f"studio-{screen}-{scheme}"
                        )
                        page.wait_for_load_state("networkidle")
                        page.screenshot(path=folder / f"{name.replace(' ', '-')}.png")


if __name__ == "__main__":
    take(Path(sys.argv[1]), SHOWN if sys.argv[2:] == ["studio"] else None)
