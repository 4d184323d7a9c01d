"""What documents show is what their code prints, and the README's commands are two."""

from __future__ import annotations

import re

import pytest

import documents
from paths import ROOT

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    if "```python" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("page", PAGES)
def test_a_document_prints_what_it_says(page, tmp_path):
    text = (ROOT / page).read_text(encoding="utf-8")
    compared = 0
    with documents.folder_of_examples(tmp_path):  # examples read and save files
        for match, piece in documents.run(text):
            if piece.said is None:
                continue
            if "command" in match.groupdict():
                same = documents.alike(piece.said, piece.printed)
            else:
                same = piece.said == piece.printed
            assert same, f"{page}, line {piece.line}: {piece.code}\n{piece.printed}"
            compared += bool(piece.said.strip())
    assert compared


def test_every_page_with_code_is_run():
    pages = (
        "README.md",
        "docs/notes.md",
        "docs/notation.md",
        "docs/functions.md",
        "docs/tables.md",
        "docs/engine.md",
        "docs/seeing.md",
        "docs/scikit-learn.md",
        "docs/exports.md",
        "docs/checkpoints.md",
        "docs/streams.md",
        "docs/many-fits.md",
        "docs/scaling.md",
    )
    assert set(pages) <= set(PAGES)


def test_a_wrong_output_would_be_seen():
    block = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n"
    page = f"{block}\n| a | call | prints |\n| a | `1 / 3` | `0.3` |\n"
    pieces = [piece for _, piece in documents.run(page)]
    assert [(p.said, p.printed) for p in pieces] == [("3\n", "2\n"), ("0.3", "0.333333")]
    assert documents.renewed(page) == page.replace("3\n```", "2\n```").replace(
        "`0.3`", "`0.333333`"
    )


def test_commands_may_differ_in_the_last_digits_and_in_nothing_else():
    said = "accuracy 0.9710 (epoch 43 of 63; 0.8 s (early stopping))\n"
    assert documents.alike(said, "accuracy  0.9712 (epoch 51 of 71; 1.2 s (early stopping))\n")
    assert not documents.alike(said, said.replace("accuracy", "precision"))
    assert not documents.alike(said, said.replace("0.9710", "0.8110"))
    assert not documents.alike(said, said.replace("0.9710", "1 0.9710"))


def test_the_first_block_of_the_readme_is_two_commands():
    block = re.search(r"```\w*\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    first, second = block.splitlines()
    assert first.endswith("clearprop demo")
    assert second.endswith("python -m pytest -n 2")


def test_links_inside_the_project_lead_somewhere():
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\((?!http)([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_formula_of_the_notes_is_there():
    """The right column is full: each row of docs/notes.md prints something."""
    text = (ROOT / "docs/notes.md").read_text(encoding="utf-8")
    rows = list(documents.ROW.finditer(text))
    assert len(rows) >= 50
    assert all(row["output"] for row in rows)
    for step in ("dz^3", "dW^3", "dh^2", "dz^2", "dW^2", "dh^1", "dz^1", "dW^1"):
        assert f". ${step}$" in text
