"""A matplotlib figure that shows itself in a notebook, with or without pyplot.

IPython knows how to show figures once pyplot's inline backend is set up; figures made without
pyplot would be shown as words. This one brings its picture. It imports matplotlib, so it is itself
imported where a figure is made.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

PIXELS = 2
"""Pixels of the picture for one of the page: what a sharp screen has."""

PAGE = 90.0
"""Pixels of a page for an inch of the figure."""


class ShownFigure(Figure):
    """A `matplotlib.figure.Figure`, in all else."""

    def _repr_png_(self) -> tuple[bytes, dict[str, Any]]:
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=PAGE * PIXELS)
        width, height = (round(PAGE * inches) for inches in self.get_size_inches())
        return picture.getvalue(), {"width": width, "height": height}
