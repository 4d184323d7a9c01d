"""Ids of tests: the same in every process, so that workers agree on them and a failure is found."""

from __future__ import annotations

import re


def test_no_id_holds_an_address(request):
    ids = [item.nodeid for item in request.session.items]
    assert not [name for name in ids if re.search("0x[0-9a-f]{6,}", name, re.IGNORECASE)]
