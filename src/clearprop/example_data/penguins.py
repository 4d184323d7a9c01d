"""Penguins, 344 of three species, in a table that lies beside this file.

A. M. Horst, A. P. Hill and K. B. Gorman, palmerpenguins (2020),
https://allisonhorst.github.io/palmerpenguins/, CC0.
"""

from __future__ import annotations

from pathlib import Path

PENGUINS = Path(__file__).with_name("penguins.csv")
"""The file, as in `examples/`."""
