"""The page in a browser: everything that is said comes from this machine, and it moves at once."""

from __future__ import annotations

import re


def test_the_page_moves(page, studio):
    page.goto(f"{studio.address}#network?data=xor&play=1")
    page.wait_for_url(re.compile(r"[?&]n=\d{2,}"))
