"""The edges of many polygons as plain arrays, in canonical units (degrees x 10^7, as float64)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from analysis.dosage.arrays import AnyInts
from analysis.dosage.layers import Area
from analysis.dosage.tables import DEGREE, Floats, Int32s, Int64s

# A canonical unit is about 1 cm. Coordinates in degrees carry an error of 3e-7 units, so nearer than this to an edge
# the side says nothing and the polygon in degrees is asked. The line of a short edge is uncertain further off.
NEAR = 1e-5
_NEAR_OF_SHORT = 5e-3
# Long boundaries are looked at in parts.
_EDGES_IN_A_CHAIN = 6
# Sine of the least turn at a corner whose two lines are told apart.
_LEAST_TURN = 1e-3


@dataclass(frozen=True)
class Edges:
    """Boundary edges, arrays of shape (m,), those of one polygon together, its inside to the left of each.

    x, y, dx, dy : start and direction. a, b, c : ``a x + b y + c`` is the distance of (x, y) to the edge's line,
    positive inside. along : ``b x - a y + along`` is the position along the edge, from 0 to ``length``.
    near : a distance to the line that is too small to tell the side. polygon : whose edge it is. starts : shape (n + 1,), edges of polygon p are ``starts[p]:starts[p + 1]``.
    most_near : the largest ``near``. chains : shape (k + 1,), edges of chain j are ``chains[j]:chains[j + 1]``, a few
    consecutive ones of one polygon. bounds : west, south, east and north of each chain, shape (4, k).
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
    most_near: float
    chains: Int64s
    bounds: Floats

    def turn(self, first: AnyInts, second: AnyInts) -> Floats:
        """Where one edge ends as the other begins: the sine of the turn, positive for a corner that points outward.

        0 for two edges that share no corner, belong to two polygons or turn too little to tell.
        """
        # Edges are in order round their ring, so of two at a corner the second may come before the first.
        swap = (self.x[second] + self.dx[second] == self.x[first]) & (self.y[second] + self.dy[second] == self.y[first])
        one, other = np.where(swap, second, first), np.where(swap, first, second)
        meet = (self.x[one] + self.dx[one] == self.x[other]) & (self.y[one] + self.dy[one] == self.y[other])
        sine = self.a[one] * self.b[other] - self.b[one] * self.a[other]
        corner = meet & (self.polygon[one] == self.polygon[other]) & (np.abs(sine) > _LEAST_TURN)
        return np.where(corner, sine, 0.0)

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
        first = np.append(True, polygon[1:] != polygon[:-1])
        chains = np.flatnonzero(first | ((np.arange(len(x)) - starts[polygon]) % _EDGES_IN_A_CHAIN == 0))
        low = [np.minimum.reduceat(np.minimum(p, p + d), chains) for p, d in ((x, dx), (y, dy))]
        high = [np.maximum.reduceat(np.maximum(p, p + d), chains) for p, d in ((x, dx), (y, dy))]
        return cls(
            x, y, dx, dy, a, b, -(a * x + b * y), a * y - b * x, length, near, polygon, starts, float(near.max()),
            np.append(chains, len(x)), np.array(low + high),
        )  # fmt: skip
