"""The edges of many polygons as plain arrays, in canonical units (degrees x 10^7, as float64)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from analysis.dosage.layers import Area
from analysis.dosage.tables import DEGREE, Floats, Int32s, Int64s

# A canonical unit is about 1 cm. Coordinates in degrees carry an error of 3e-7 units, so nearer than this to an edge
# the side says nothing and the polygon in degrees is asked. The line of a short edge is uncertain further off.
NEAR = 1e-5
_NEAR_OF_SHORT = 5e-3


@dataclass(frozen=True)
class Edges:
    """Boundary edges, arrays of shape (m,), those of one polygon together, its inside to the left of each.

    x, y, dx, dy : start and direction. a, b, c : ``a x + b y + c`` is the distance of (x, y) to the edge's line,
    positive inside. along : ``b x - a y + along`` is the position along the edge, from 0 to ``length``.
    near : a distance to the line that is too small to tell the side. polygon : whose edge it is. starts : shape (n + 1,), edges of polygon p are ``starts[p]:starts[p + 1]``.
    """

    x: Floats
    y: Floats
    dx: Floats
    dy: Floats
    a: Floats
    b: Floats
    c: Floats
    along: Floats
    length: Floats
    near: Floats
    polygon: Int32s
    starts: Int64s

    @classmethod
    def of(cls, polygons: Sequence[Area]) -> Edges:
        parts, owner = shapely.get_parts(np.array(polygons, dtype=object), return_index=True)
        rings, part = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
        points, ring = shapely.get_coordinates(rings, return_index=True)
        same = (ring[1:] == ring[:-1]) & (points[1:] != points[:-1]).any(axis=1)
        at = np.flatnonzero(same)
        points *= DEGREE
        x, y = points[at].T
        dx, dy = (points[at + 1] - points[at]).T
        polygon = owner[part[ring[at]]].astype(np.int32)
        length = np.hypot(dx, dy)
        a, b = -dy / length, dx / length
        starts = np.searchsorted(polygon, np.arange(len(polygons) + 1))
        near = NEAR + _NEAR_OF_SHORT / length
        return cls(x, y, dx, dy, a, b, -(a * x + b * y), a * y - b * x, length, near, polygon, starts)


def spread(starts: Int64s, counts: Int64s) -> tuple[Int64s, Int64s]:
    """All positions of some ranges: (which range, position), each shape (sum of counts,).

    >>> [a.tolist() for a in spread(np.array([5, 9]), np.array([2, 1]))]
    [[0, 0, 1], [5, 6, 9]]
    """
    which = np.repeat(np.arange(len(counts)), counts)
    shift = starts - (np.cumsum(counts) - counts)
    return which, np.arange(len(which)) + shift[which]
