"""A figure of matplotlib, measured."""

from __future__ import annotations

import io


def inside(figure) -> None:
    """Assert that nothing is cut off at the figure's edge."""
    figure.savefig(io.BytesIO())  # as a user would: canvas.draw() lays out nothing here
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert min(drawn.x0, drawn.y0) >= -0.02
    assert drawn.x1 <= width + 0.02
    assert drawn.y1 <= height + 0.02
