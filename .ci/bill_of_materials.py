"""Completes a list of what comes along with Clearprop, and checks it.

    python .ci/bill_of_materials.py LIST.json COMPLETED.cdx.json

Added is Clearprop's version, which cyclonedx-py does not find. The result has to be valid
CycloneDX, and every license one of `ALLOWED`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

ALLOWED = frozenset(
    [
        "0BSD",
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CC0-1.0",
        "MIT",
        "MIT-CMU",
        "PSF-2.0",
        "Python-2.0",
        "Zlib",
    ]
)
"""Licenses that ask for no more than their text: SPDX's names."""

EXCEPTIONS = frozenset({"LLVM-exception"})
"""What grants more than a license does."""

IN_WORDS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
}
"""Trove classifiers, and the license that each stands for."""

STATED_ELSEWHERE = {"protobuf": "BSD-3-Clause"}
"""Packages whose metadata state no license, and what their LICENSE is."""


def licenses(component: dict[str, Any]) -> list[str]:
    """Return the licenses of a component, as SPDX expressions; words that are none as they are."""
    found = []
    for entry in component.get("licenses", []):
        one = entry.get("license", {})
        stated = entry.get("expression") or one.get("id") or one.get("name", "")
        found.append(IN_WORDS.get(stated, stated))
    if not found and component["name"] in STATED_ELSEWHERE:
        found.append(STATED_ELSEWHERE[component["name"]])
    return found


def is_allowed(expression: str) -> bool:
    """Whether an SPDX expression asks for no more than licenses that are allowed.

    Of licenses joined by OR one has to be allowed, of those joined by AND each.
    """
    if re.search(r"[()]", expression):
        return False  # none has some today; whoever meets the first one writes it out
    return any(
        all(_is_known(one) for one in choice.split(" AND ")) for choice in expression.split(" OR ")
    )


def _is_known(license_: str) -> bool:
    name, _, exception = license_.strip().partition(" WITH ")
    return name in ALLOWED and (not exception or exception in EXCEPTIONS)


def refused(bill: dict[str, Any]) -> list[str]:
    """Return the components whose license is unknown or not allowed, each with what it states."""
    return [
        f"{component['name']} {component['version']}: {' and '.join(found) or 'no license'}"
        for component in bill["components"]
        if not (found := licenses(component)) or not all(map(is_allowed, found))
    ]


def version() -> str:
    """Return Clearprop's version."""
    source = Path(__file__).parents[1] / "src" / "clearprop" / "__init__.py"
    found = re.search(
        r'^__version__ = "([^"]+)"$', source.read_text(encoding="utf-8"), re.MULTILINE
    )
    if found is None:
        raise SystemExit(f"{source} states no __version__")
    return found[1]


def main() -> int:
    """Complete and check the list; return 1 if something is wrong with it."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    source, to = map(Path, sys.argv[1:])
    bill = json.loads(source.read_text(encoding="utf-8"))
    root = bill["metadata"]["component"]
    root["version"] = version()
    root["purl"] = f"pkg:pypi/clearprop@{root['version']}"
    text = json.dumps(bill, indent=2, sort_keys=True) + "\n"
    wrong = [f"not allowed: {one}" for one in refused(bill)]
    if invalid := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        wrong.append(f"not CycloneDX 1.6: {invalid}")
    for one in wrong:
        print(f"{to.name}: {one}", file=sys.stderr)
    if wrong:
        return 1
    to.write_text(text, encoding="utf-8")
    print(f"{to}: clearprop {root['version']} and {len(bill['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
