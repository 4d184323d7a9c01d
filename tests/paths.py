"""Where things lie in the repository."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
CHANGELOG = ROOT / "CHANGELOG.md"
PENGUINS = EXAMPLES / "penguins.csv"
