"""A plain HTML table for notebooks: its styles stand in the tags, as notebooks bring their own."""

from __future__ import annotations

import html
from collections.abc import Sequence


def html_table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int] = (),
    wrap: Sequence[int] = (),
) -> str:
    """Return a table with a title above it.

    The columns in `right` are aligned to the right; those in `wrap` break into lines.
    """

    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} style="text-align:{"right" if i in right else "left"};vertical-align:top;'
            f'white-space:{"normal" if i in wrap else "nowrap"};padding:2px 10px 2px 0">'
            f"{html.escape(text)}</{tag}>"
            for i, text in enumerate(row)
        )

    header = f"<thead><tr>{cells(head, 'th')}</tr></thead>" if head else ""
    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    caption = (
        '<caption style="caption-side:top;text-align:left;white-space:nowrap;padding:4px 0">'
        f"{html.escape(title)}</caption>"
    )
    return f"<table>{caption}{header}<tbody>{body}</tbody></table>"
