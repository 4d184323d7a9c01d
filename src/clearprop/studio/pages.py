"""The page: one template, for the server and for a file that stands by itself.

The modules of the page import each other by bare names ("studio/state", "preact"), which an import
map leads to addresses of the server, or to the modules themselves, written into the page.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from clearprop.studio.finite import to_json

STATIC = Path(__file__).with_name("static")
VENDOR = {"preact": "preact.mjs", "preact/hooks": "hooks.mjs"}

ALONE = (
    "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
"""The policy of a replay, which has all that it needs within."""


def modules() -> dict[str, Path]:
    """Return the file of each module by the name under which it is imported."""
    own = {
        f"studio/{path.relative_to(STATIC).with_suffix('').as_posix()}": path
        for path in sorted(STATIC.rglob("*.js"))
        if "vendor" not in path.parts
    }
    return {name: STATIC / "vendor" / file for name, file in VENDOR.items()} | own


def served_page() -> tuple[str, str]:
    """Return the page as the server gives it, and its content security policy."""
    places = {
        name: f"/static/{path.relative_to(STATIC).as_posix()}" for name, path in modules().items()
    }
    imports = json.dumps({"imports": places})
    digest = base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    page = _page(
        imports,
        '<link rel="stylesheet" href="/static/style.css">',
        '<script type="module" src="/static/app.js"></script>',
    )
    policy = (
        f"default-src 'self'; script-src 'self' 'sha256-{digest}'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; base-uri 'none'; "
        "form-action 'none'; object-src 'none'"
    )
    return page, policy


def replay_page(packed: str, held: dict[str, object]) -> str:
    """Return a page that stands by itself: the modules, and what the server said, are within.

    A policy in the page forbids it to ask anything of anybody.

    Parameters
    ----------
    packed : str
        What was said, by question: "step?n=3&sample=0" (in the order of the alphabet, and
        without the setup, which is one). Of `packing.Packer.packed`.
    held : dict
        What the page has to know before: title, setup, line (that opens the run in the studio),
        screens, and held, the steps and their samples by kind of answers.
    """
    places = {name: _as_address(path) for name, path in modules().items()}
    head = to_json(held).replace("<", "\\u003c")
    return _page(
        json.dumps({"imports": places}),
        f"<style>{_text('style.css')}</style>\n"
        f'<script type="application/json" id="replay">{head}</script>\n'
        f'<script type="text/plain" id="answers">{packed}</script>',
        '<script type="module">import "studio/app";</script>',
        f'<meta http-equiv="Content-Security-Policy" content="{ALONE}">\n',
    )


def _page(imports: str, head: str, body: str, policy: str = "") -> str:
    template = _text("index.html")
    template = template.replace("<title>", f"{policy}<title>", 1)
    for mark, text in (("IMPORTS", imports), ("HEAD", head), ("BODY", body)):
        template = template.replace(f"<!--{mark}-->", text)
    return template


def _text(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _as_address(path: Path) -> str:
    return "data:text/javascript;base64," + base64.b64encode(path.read_bytes()).decode()
