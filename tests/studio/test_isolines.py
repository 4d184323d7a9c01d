"""Lines of equal height: where they lie, and that they are whole."""

from __future__ import annotations

import numpy as np
import pytest

from clearprop.studio.isolines import isolines

X, Y = np.linspace(-2, 2, 21), np.linspace(-2, 2, 25)


def test_on_a_plane_they_are_exact():
    heights = 3 * X[None] - 2 * Y[:, None] + 1
    [line] = isolines(X, Y, heights, 0.7)
    for a, b in line:
        assert 3 * a - 2 * b + 1 == pytest.approx(0.7, abs=1e-12)
    assert {-2.0, 2.0} & {abs(line[0][1]), abs(line[0][0])}  # from edge to edge
    assert {-2.0, 2.0} & {abs(line[-1][1]), abs(line[-1][0])}


@pytest.mark.parametrize("level", [0.31, 1.0, 2.6])
def test_around_a_hollow_one_closed_line(level):
    heights = X[None] ** 2 + Y[:, None] ** 2
    [line] = isolines(X, Y, heights, level)
    assert line[0] == line[-1]
    radii = np.hypot(*np.array(line).T)
    assert np.abs(radii - np.sqrt(level)).max() < 0.02
    turned = np.unwrap(np.arctan2(*np.array(line).T[::-1]))
    assert abs(turned[-1] - turned[0]) == pytest.approx(2 * np.pi)


@pytest.mark.parametrize("sign", [1, -1])
def test_at_a_saddle_the_lines_do_not_cross(sign):
    heights = sign * np.array([[1.0, -1.0], [-1.0, 1.0]])
    corners = np.array([0.0, 1.0])
    for level in (-0.1, 0.1):
        lines = isolines(corners, corners, heights, level)
        assert len(lines) == 2
        # What is on the side of the mean, 0, goes through the middle of the cell.
        above = level < 0
        for line in lines:
            cut = np.mean(line, axis=0) > 0.5
            corner = heights[int(cut[1]), int(cut[0])]
            assert (corner > level) != above


def test_cells_that_are_not_finite_are_left_out():
    heights = X[None] + 0 * Y[:, None]
    heights[10, 10] = np.nan
    lines = isolines(X, Y, heights, 0.05)
    assert len(lines) == 2
    assert all(np.isfinite(line).all() for line in lines)
    assert isolines(X, Y, np.full((25, 21), np.inf), 1.0) == []
    assert isolines(X, Y, heights, 99.0) == []


def test_against_contourpy():
    contourpy = pytest.importorskip("contourpy")
    heights = np.sin(2 * X[None]) * np.cos(1.5 * Y[:, None]) + 0.1 * X[None] * Y[:, None]
    generator = contourpy.contour_generator(X, Y, heights, name="serial")
    for level in (-0.5, 0.013, 0.4):
        ours = sorted(map(tuple, np.round(np.concatenate(isolines(X, Y, heights, level)), 9)))
        theirs = sorted(map(tuple, np.round(np.concatenate(generator.lines(level)), 9)))
        assert set(ours) == set(theirs)
