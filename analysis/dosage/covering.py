"""Which squares of a lattice edges touch, and which side of the boundary the middle of a square is on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.arrays import Bools, spread
from analysis.dosage.tables import Floats, Int64s


def touched(
    x: Floats, y: Floats, dx: Floats, dy: Floats, low: int, high: int, margin: float
) -> tuple[Int64s, Int64s, Int64s]:
    """Unit squares that edges come within ``margin`` of: rows (edge, row, column), edges in order.

    x, y, dx, dy : edges in units of the lattice, shape (m,). Squares from ``low`` to ``high`` - 1 on both axes are
    looked at. A square is listed if and only if the edge meets it widened by ``margin`` on every side.
    """
    y_min, y_max = np.minimum(y, y + dy), np.maximum(y, y + dy)
    first = np.maximum(np.floor(y_min - margin), low).astype(np.int64)
    last = np.minimum(np.floor(y_max + margin), high - 1).astype(np.int64)
    edge, row = spread(first, np.maximum(last - first + 1, 0))
    x, dx, y, dy = x[edge], dx[edge], y[edge], dy[edge]
    # The part of the edge within the widened row, as shares of the edge.
    flat = dy == 0
    slope = np.where(flat, 1.0, dy)
    one, other = (row - margin - y) / slope, (row + 1 + margin - y) / slope
    share_0 = np.where(flat, 0.0, np.clip(np.minimum(one, other), 0.0, 1.0))
    share_1 = np.where(flat, 1.0, np.clip(np.maximum(one, other), 0.0, 1.0))
    x_0, x_1 = x + share_0 * dx, x + share_1 * dx
    first = np.maximum(np.floor(np.minimum(x_0, x_1) - margin), low).astype(np.int64)
    last = np.minimum(np.floor(np.maximum(x_0, x_1) + margin), high - 1).astype(np.int64)
    which, column = spread(first, np.maximum(last - first + 1, 0))
    return edge[which], row[which], column


def insides(
    group: Int64s, groups: int, x: Floats, y: Floats, dx: Floats, dy: Floats, side: int, middle: float
) -> Bools:
    """Even-odd at the middles (column + middle, row + middle) of side x side unit squares, for groups of edges.

    Shape (groups, side * side). The result at a middle within rounding of an edge is not to be relied on.
    """
    first = np.maximum(np.ceil(np.minimum(y, y + dy) - middle), 0).astype(np.int64)
    after = np.minimum(np.ceil(np.maximum(y, y + dy) - middle), side).astype(np.int64)
    edge, row = spread(first, np.maximum(after - first, 0))
    meets = x[edge] + (row + middle - y[edge]) / dy[edge] * dx[edge]
    column = np.clip(np.ceil(meets - middle), 0, side).astype(np.int64)
    flat = (group[edge] * side + row) * (side + 1) + column
    flips = np.bincount(flat, minlength=groups * side * (side + 1)).reshape(groups, side, side + 1)
    return (np.cumsum(flips[:, :, :side], axis=2) & 1).astype(np.bool_).reshape(groups, side * side)


def clearance(boundary: Bools, reach: int) -> NDArray[np.int32]:
    """For squares in the middle of (t, side + 2 reach, side + 2 reach): steps of a king, up to ``reach``, that stay
    off the boundary squares whichever way they go; 0 on and beside the boundary. Shape (t, side, side)."""
    found = np.zeros([boundary.shape[0]] + [boundary.shape[1] - 2 * reach] * 2, dtype=np.int32)
    near = boundary.view(np.uint8)
    for step in range(1, reach + 1):
        near = near[:, :, :-2] | near[:, :, 1:-1] | near[:, :, 2:]
        near = near[:, :-2] | near[:, 1:-1] | near[:, 2:]
        rim = reach - step
        found += near[:, rim : near.shape[1] - rim, rim : near.shape[2] - rim] == 0
    return found
