"""A frame for notebooks: the page that is served, or the replay where it cannot be reached."""

from __future__ import annotations

import html
import json

HEIGHT = 760


def frame(address: str, replay: str = "") -> str:
    """Return HTML that shows a page in a frame.

    Parameters
    ----------
    address : str
        Of the page, on the machine of the notebook's kernel. The reader's browser tries it: where
        it runs on the same machine, the page is shown.
    replay : str
        A page that is shown where it does not; empty: words that say so.
    """
    held = replay or (
        "<p style='font:16px system-ui'>The studio runs on the machine of the notebook's kernel, "
        f"at {html.escape(address)}, which this browser does not reach.</p>"
    )
    style = f"width:100%;height:{HEIGHT}px;border:1px solid #8888;border-radius:6px"
    return (
        f'<iframe title="Clearprop studio" style="{style}" srcdoc="{html.escape(held)}"></iframe>'
        "<script>(() => { const frame = document.currentScript.previousElementSibling;"
        f"const address = {json.dumps(address)};"
        'fetch(new URL("/static/style.css", address), {mode: "no-cors"}).then(() => {'
        'frame.removeAttribute("srcdoc"); frame.src = address; }, () => {}); })();</script>'
    )
