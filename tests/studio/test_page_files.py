"""What the page is made of: small, each part in use, and what others wrote with its license."""

from __future__ import annotations

import re

from clearprop.studio.pages import STATIC, VENDOR, modules, replay_page

BUDGET = 300_000
"""Bytes of all files together: of the source as it is read, as there is no build step."""


def test_the_page_is_small():
    assert sum(path.stat().st_size for path in STATIC.rglob("*") if path.is_file()) < BUDGET


def test_what_others_wrote_has_its_license():
    assert set(VENDOR.values()) == {"preact.mjs", "hooks.mjs"}, "both are Preact's"
    license_ = (STATIC / "vendor" / "preact.LICENSE").read_text(encoding="utf-8")
    assert "permission notice shall be included" in license_


def test_every_module_is_imported():
    known = modules()
    found: set[str] = set()
    waiting = ["studio/app"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            text = known[name].read_text(encoding="utf-8")
            waiting += re.findall(r'from ?"([\w/-]+)"', text)
    assert found == set(known)


def test_every_style_is_used():
    """A class of the style sheet stands in a module, or in HTML that the server writes."""
    style = re.sub(r"/\*.*?\*/", "", (STATIC / "style.css").read_text(encoding="utf-8"), flags=re.S)
    selectors = re.sub(r"[\w-]+:[^;{}]*;", "", style)
    classes = set(re.findall(r"\.([a-zA-Z][\w-]*)", selectors))
    sources = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]
    written = sorted(STATIC.parent.parent.joinpath("explaining").rglob("*.py"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources + written)
    # Names that are put together: class0, run1, is-right.
    made = re.compile("class[0-2]|run[0-5]|is-(right|wrong|not-determined)")
    unused = [one for one in classes if not re.search(rf"(?<![\w-]){one}(?![\w-])", text)]
    assert [one for one in sorted(unused) if not made.fullmatch(one)] == []
    assert "derivation-halves" in classes


def test_a_replay_has_no_infinity():
    """JSON has none: the page of a run that diverged could not be read."""
    page = replay_page("", {"title": "It diverged", "cost": float("inf")})
    assert '"cost":null}' in page


TEMPLATES = """async () => {
    const { html } = await import("studio/html"), { render } = await import("preact");
    const Part = ({ children, isOpen, words }) => html`<i data-open=${isOpen}>${words}|${children}</i>`;
    const more = { title: "a > b", "data-n": 0 };
    const found = html`
        <p class="one two" id=plain hidden ...${more} lang=${"en"}>text of
          two lines  <b>bold</b> and ${3}${" "}${false}${null}${["x", html`<br />`]}</p>
        <${Part} isOpen words=${html`<u>u</u>`}>inner <em>text</em><//>
        ${[1, 2].map((n) => html`<s key=${n}>${n}</s>`)}`;
    const box = document.createElement("div");
    render(found, box);
    return box.innerHTML;
}"""


def test_templates_are_read_as_html_is_written(page, studio):
    """In a browser: attributes, texts, what is spread, parts with children, several roots."""
    page.goto(f"{studio.address}#start")
    assert page.evaluate(TEMPLATES) == (
        '<p class="one two" id="plain" hidden="" title="a &gt; b" data-n="0" lang="en">text of\n'
        "          two lines  <b>bold</b> and 3 x<br></p>"
        '<i data-open="true"><u>u</u>|inner <em>text</em></i><s>1</s><s>2</s>'
    )
