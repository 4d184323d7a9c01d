"""The list of what comes along: licenses that ask for more than their text are refused."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

import clearprop as cp
from paths import ROOT


@pytest.fixture(scope="module")
def bills() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bill", ROOT / ".ci" / "bill_of_materials.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
        ("BSD-2-Clause AND Apache-2.0 WITH LLVM-exception", True),
        ("Apache-2.0 OR BSD-2-Clause", True),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only", False),
        ("MIT AND LGPL-2.1-or-later", False),
        ("MIT WITH Another-exception", False),
        ("MIT AND (GPL-3.0-only OR MIT)", False),
        ("Dual License", False),
        ("", False),
    ],
)
def test_an_expression(bills, expression, allowed):
    assert bills.is_allowed(expression) is allowed


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ([{"license": {"id": "MIT"}}], None),
        ([{"expression": "MIT OR Apache-2.0"}], None),
        ([{"license": {"name": "License :: OSI Approved :: BSD License"}}], None),
        ([{"license": {"id": "MIT"}}, {"license": {"id": "GPL-2.0-only"}}], "MIT and GPL-2.0-only"),
        ([{"license": {"name": "see the file"}}], "see the file"),
        ([], "no license"),
    ],
)
def test_a_component(bills, stated, said):
    bill = {"components": [{"name": "x", "version": "1", "licenses": stated}]}
    assert bills.refused(bill) == ([f"x 1: {said}"] if said else [])


def test_the_version_is_clearprops(bills):
    assert bills.version() == cp.__version__
