"""Which state a position in a boundary cell has.

Half a plane where one edge passes, two where a corner lies, even-odd where more goes on; and within rounding of an
edge the polygon itself is asked.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely
from numpy.typing import NDArray

from analysis.dosage.arrays import Bools, Growing, spread
from analysis.dosage.edges import NEAR, Edges
from analysis.dosage.states import States
from analysis.dosage.tables import DEGREE, Floats, Int32s, Int64s


class Records:
    """What boundary cells hold: the edges in the cell, of one polygon or several."""

    def __init__(self, shapes: NDArray[np.object_], edges: Edges, states: States) -> None:
        self._shapes = shapes
        self._edges, self._states = edges, states
        # The line of the first edge, and the values on either side; a line of nothing where more goes on.
        self._a, self._b, self._c = Growing(np.float64), Growing(np.float64), Growing(np.float64)
        self._inside, self._outside, self._base = Growing(np.int32), Growing(np.int32), Growing(np.int32)
        # Corners: the second edge (0 for none), and 1 where both sides must hold, -1 where one is enough.
        self._second, self._turn = Growing(np.int32), Growing(np.int8)
        # The polygons of a record, whether each holds the cell's middle, and their edges in the cell.
        self._group, self._groups = Growing(np.int64), Growing(np.int64)
        self._polygon, self._parity = Growing(np.int32), Growing(np.bool_)
        self._edge, self._edges_of = Growing(np.int64), Growing(np.int64)
        self._edge_list = Growing(np.int32)
        self._x, self._y = Growing(np.float64), Growing(np.float64)

    def add(
        self,
        cell: Int64s,
        edge: Int64s,
        parity: Bools,
        base: Int64s,
        value: Callable[[Int64s], Int64s],
        x: Floats,
        y: Floats,
    ) -> Int64s:
        """Records of cells, one each; returns their numbers.

        cell, edge, parity : shape (m,), ordered by cell and polygon: an edge in the cell (0..n-1) and whether its
        polygon holds the cell's middle. base : shape (n,), the state of the cell without these polygons.
        value : gives the values of positions in the cells, given their states.
        x, y : shape (n,), the cell's middle.
        """
        number = len(self._a) + np.arange(len(base))
        polygon = self._edges.polygon[edge].astype(np.int64)
        starts = np.searchsorted(cell, np.arange(len(base)))
        self._add_lines(starts, np.diff(np.append(starts, len(cell))), edge, polygon, base, value)
        group = np.flatnonzero(np.append(True, (cell[1:] != cell[:-1]) | (polygon[1:] != polygon[:-1])))
        self._group.extend(len(self._polygon) + np.searchsorted(cell[group], np.arange(len(base))))
        self._groups.extend(np.bincount(cell[group], minlength=len(base)))
        self._edge.extend(len(self._edge_list) + group)
        self._edges_of.extend(np.diff(np.append(group, len(cell))))
        self._polygon.extend(polygon[group])
        self._parity.extend(parity[group])
        self._edge_list.extend(edge)
        self._x.extend(x)
        self._y.extend(y)
        return number

    def _add_lines(
        self,
        starts: Int64s,
        counts: Int64s,
        edge: Int64s,
        polygon: Int64s,
        base: Int64s,
        value: Callable[[Int64s], Int64s],
    ) -> None:
        e, first, second = self._edges, edge[starts], edge[np.minimum(starts + 1, len(edge) - 1)]
        turn = np.where(counts == 2, e.turn(first, second), 0.0)
        corner = turn != 0
        plain = (counts == 1) | corner
        for room, values in ((self._a, e.a), (self._b, e.b), (self._c, e.c)):
            room.extend(np.where(plain, values[first], 0.0))
        self._second.extend(second)
        self._turn.extend(np.sign(turn))
        inside = base.copy()
        inside[plain] = self._states.with_polygon(base[plain], polygon[starts[plain]])
        self._inside.extend(value(inside))
        self._outside.extend(value(base))
        self._base.extend(base)

    def values(self, record: Int32s, lon_e7: Int32s, lat_e7: Int32s, shift: int) -> Int32s:
        """The value of each position, given the record of its cell: state << shift and more; shape (n,)."""
        side = self._a.all.take(record)
        side *= lon_e7
        side += self._b.all.take(record) * lat_e7
        side += self._c.all.take(record)
        turn = self._turn.all.take(record)
        corner = np.flatnonzero(turn)
        if len(corner):
            second, turn = self._second.all.take(record[corner]), turn[corner]
            e = self._edges
            other = e.a[second] * lon_e7[corner] + e.b[second] * lat_e7[corner] + e.c[second]
            side[corner] = turn * np.minimum(turn * side[corner], turn * other)
        found = np.where(side > 0, self._inside.all.take(record), self._outside.all.take(record))
        np.abs(side, out=side)
        hard = np.flatnonzero(side < NEAR)
        if len(hard):
            found[hard] = self._several(record[hard], lon_e7[hard], lat_e7[hard]) << shift
        return found

    def _several(self, record: Int32s, lon_e7: Int32s, lat_e7: Int32s) -> Int64s:
        """Polygon by polygon: parity of the middle, and of the edges met on the way there."""
        ping, group = spread(self._group.all[record], self._groups.all[record])
        row, at = spread(self._edge.all[group], self._edges_of.all[group])
        edge, of = self._edge_list.all[at], ping[row]
        flips, near = self._meets(edge, lon_e7[of], lat_e7[of], self._x.all[record[of]], self._y.all[record[of]])
        first = np.searchsorted(row, np.arange(len(group)))
        inside = self._parity.all[group] ^ (np.add.reduceat(flips, first) & 1).astype(np.bool_)
        unsure = np.flatnonzero(np.logical_or.reduceat(near, first))
        if len(unsure):
            who = ping[unsure]
            shapes = self._shapes[self._polygon.all[group[unsure]]]
            inside[unsure] = shapely.intersects_xy(shapes, lon_e7[who] / DEGREE, lat_e7[who] / DEGREE)
        state = self._base.all[record].astype(np.int64)
        turn = np.arange(len(group)) - np.searchsorted(ping, ping)
        for number in range(int(turn.max(initial=-1)) + 1):
            some = np.flatnonzero(inside & (turn == number))
            state[ping[some]] = self._states.with_polygon(
                state[ping[some]], self._polygon.all[group[some]].astype(np.int64)
            )
        return state

    def _meets(
        self, edge: Int32s, lon_e7: Int32s, lat_e7: Int32s, x: Floats, y: Floats
    ) -> tuple[NDArray[np.int8], Bools]:
        """How often an edge meets the way from the position east or west to ``x``, then north or south to ``y``.

        Ends of edges count to one side (half-open), so two edges that share a corner on the way meet it once or
        twice, never half. Second result: the way bends or ends too near the edge's line to be sure.
        """
        e = self._edges
        a, b, c, x0, y0 = e.a[edge], e.b[edge], e.c[edge], e.x[edge], e.y[edge]
        x1, y1 = x0 + e.dx[edge], y0 + e.dy[edge]
        here = a * lon_e7 + b * lat_e7 + c
        turn = a * x + b * lat_e7 + c
        there = a * x + b * y + c
        level = ((y0 <= lat_e7) != (y1 <= lat_e7)) & ((here > 0) != (turn > 0))
        upright = ((x0 <= x) != (x1 <= x)) & ((turn > 0) != (there > 0))
        nearest = np.minimum(np.minimum(np.abs(here), np.abs(turn)), np.abs(there))
        return level.astype(np.int8) + upright, nearest < e.near[edge]
