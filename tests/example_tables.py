"""Tables that many tests learn from."""

from __future__ import annotations

from real_tables import TABLES

PENGUINS = TABLES["penguins"].load()
CARS = TABLES["cars"].load()
