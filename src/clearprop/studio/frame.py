"""A frame for notebooks: the page that is served, or the replay where it cannot be reached."""

from __future__ import annotations

import html
import json
import secrets

from clearprop.studio.replay import replay_of
from clearprop.studio.runs import Run

HEIGHT = 760

STEPS, SCREENS = 40, ("network", "curves")
"""What the replay of a notebook holds: one of all screens takes half a minute, for each cell."""

SCRIPT = """(() => {
	for (const box of document.querySelectorAll('[data-studio="MARK"]')) {
		const [words, frame] = box.children, address = new URL(ADDRESS);
		const scheme = getComputedStyle(box).colorScheme;
		box.removeAttribute("data-studio");
		words.hidden = true;
		frame.addEventListener("load", () => {  // a viewer's policy may let no replay run
			if (!frame.srcdoc || frame.contentDocument.querySelector("header, p")) return;
			words.hidden = false;
			frame.hidden = true;
		});
		if (scheme === "dark" || scheme === "light") {
			address.searchParams.set("scheme", scheme);
			frame.srcdoc = frame.srcdoc.replace("<html", `<html style="color-scheme: ${scheme}"`);
		}
		fetch(new URL(`/api/here${address.search}`, address)).then(({ ok }) => {
			if (!ok) return;
			frame.removeAttribute("srcdoc");
			frame.src = address;
		}, () => {});
	}
})();"""
"""Runs wherever the notebook puts it. The token tells whose page is at the address now: another
program may have the port. The page has the colors of the notebook's own theme."""


def frame(address: str, run: Run | None) -> str:
    """Return HTML that shows a page in a frame.

    Where no script runs, as in a notebook that is not trusted, and where the viewer lets no replay
    run, words say where the page is.

    Parameters
    ----------
    address : str
        Of the page, on the machine of the notebook's kernel. The reader's browser tries it: where
        it runs on the same machine, the page is shown.
    run : Run, optional
        Whose replay is shown where it does not; None: words that say so.
    """
    mark, shown = secrets.token_hex(8), html.escape(address)
    held = (
        "<p style='font:16px system-ui'>The studio runs on the machine of the notebook's kernel, "
        f"at {shown}, which this browser does not reach.</p>"
        if run is None
        else replay_of(run, STEPS, screens=SCREENS)
    )
    style = f"width:100%;height:{HEIGHT}px;border:1px solid #8888;border-radius:6px"
    script = SCRIPT.replace("MARK", mark).replace("ADDRESS", json.dumps(address))
    return (
        f'<div data-studio="{mark}"><p>Clearprop studio: it is shown here once the notebook is '
        "trusted, if its viewer lets it run. On the machine of the kernel, while that runs: "
        f'<a href="{shown}">{shown}</a></p>'
        f'<iframe title="Clearprop studio" style="{style}" allow="clipboard-write" '
        f'srcdoc="{html.escape(held)}"></iframe></div><script>{script}</script>'
    )
