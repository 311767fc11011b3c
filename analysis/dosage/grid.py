"""A lattice of small cells that knows the state of every position, built where positions are and only there.

Cells are ``coordinate >> shift``, 32 x 32 to a tile. A cell that no edge touches holds its state and its clearance:
how many cells a step may span without meeting a boundary. Other cells hold a record (:mod:`records`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from analysis.dosage.covering import clearance, insides, touched
from analysis.dosage.edges import Edges, spread
from analysis.dosage.layers import Area
from analysis.dosage.records import Growing, Records
from analysis.dosage.states import States
from analysis.dosage.tables import DEGREE, Floats, Int32s, Int64s

# A cell's value is state << CLEAR_BITS | clearance, or -1 - record.
CLEAR_BITS = 3
REACH = (1 << CLEAR_BITS) - 1
_TILE_BITS = 5
_SIDE = 1 << _TILE_BITS
# Edges are listed for zones of 4 x 4 cells and this many cells around; polygons for tiles and this many around.
_ZONE_BITS, ZONE_REACH, TILE_REACH = 2, 3, 16
_ZONES = _SIDE >> _ZONE_BITS
# An edge this near (canonical units) makes a cell a boundary cell; far above rounding, far below a cell.
_MARGIN = 1.0
_CELLS_ACROSS_A_POLYGON = 16
_MIN_SHIFT, _MAX_SHIFT = 4, 14
_MAX_TILES = 1 << 22
_TILES_AT_ONCE = 128


def _shift_for(bounds: Floats) -> int:
    """Cells of about a sixteenth of the usual polygon; larger where the table of tiles would not fit."""
    width, height = bounds[:, 2] - bounds[:, 0], bounds[:, 3] - bounds[:, 1]
    usual = float(np.median(np.sqrt(width * height))) / _CELLS_ACROSS_A_POLYGON
    shift = int(np.clip(np.floor(np.log2(max(usual, 1.0))), _MIN_SHIFT, _MAX_SHIFT))
    across = bounds[:, 2:].max(axis=0) - bounds[:, :2].min(axis=0)
    while np.prod(across / 2.0 ** (shift + _TILE_BITS) + 4) > _MAX_TILES:
        shift += 1
    return shift


class Grid:
    def __init__(self, polygons: Sequence[Area], edges: Edges, states: States) -> None:
        self._edges, self._states = edges, states
        self.records = Records(polygons, edges, states)
        shapes = np.array(polygons, dtype=object)
        self.bounds: Floats = shapely.bounds(shapes) * DEGREE
        self.shift = _shift_for(self.bounds)
        self._boxes = shapely.STRtree(shapely.box(*self.bounds.T))
        self._cells, self._zone_start, self._zone_count = Growing(np.int32), Growing(np.int64), Growing(np.int32)
        self.zone_edges, self.tile_polygons = Growing(np.int32), Growing(np.int32)
        self._list_start, self._list_count = Growing(np.int64), Growing(np.int32)
        self._add_empty()
        self._mark()

    def _add_empty(self) -> None:
        """Tile 0: nothing near."""
        self._cells.extend(np.full(_SIDE * _SIDE, REACH, np.int32))
        for room, count in ((self._zone_start, _ZONES**2), (self._zone_count, _ZONES**2)):
            room.extend(np.zeros(count, np.int64))
        self._list_start.extend(np.zeros(1, np.int64))
        self._list_count.extend(np.zeros(1, np.int32))

    def _mark(self) -> None:
        """A table of tiles, -1 where a polygon is near and the tile not yet built, with a rim of empty ones."""
        tile = 2.0 ** (self.shift + _TILE_BITS)
        around = (TILE_REACH + 1) * 2.0**self.shift
        low = np.floor((self.bounds[:, :2] - around) / tile).astype(np.int64)
        high = np.floor((self.bounds[:, 2:] + around) / tile).astype(np.int64)
        self._x, self._y = (low.min(axis=0) - 1).tolist()
        self._width, self._height = (high.max(axis=0) - low.min(axis=0) + 3).tolist()
        self._table = np.zeros((self._height, self._width), np.int32)
        which, row = spread(low[:, 1], high[:, 1] - low[:, 1] + 1)
        which, column = spread((row - self._y) * self._width + low[which, 0] - self._x, (high - low)[which, 0] + 1)
        self._table = self._table.ravel()
        self._table[column] = -1

    def cells(self, lon_e7: Int32s, lat_e7: Int32s) -> Int32s:
        """The number of each position's cell; shape (n,). Builds what is not built."""
        shift = self.shift
        x, y = lon_e7 >> shift, lat_e7 >> shift
        tile = self._tile(x >> _TILE_BITS, y >> _TILE_BITS)
        slot = self._table.take(tile)
        if len(slot) and slot.min() < 0:
            self._build(np.unique(tile[slot < 0]))
            slot = self._table.take(tile)
        slot <<= _TILE_BITS
        y &= _SIDE - 1
        slot |= y
        slot <<= _TILE_BITS
        x &= _SIDE - 1
        slot |= x
        return slot

    def _tile(self, x: Int32s, y: Int32s) -> Int32s:
        # Unsigned, what lies west or south of the table is far beyond it, so one comparison finds the rim.
        x -= self._x
        y -= self._y
        np.minimum(x.view(np.uint32), np.uint32(self._width - 1), out=x.view(np.uint32))
        np.minimum(y.view(np.uint32), np.uint32(self._height - 1), out=y.view(np.uint32))
        y *= self._width
        y += x
        return y

    def values(self, lon_e7: Int32s, lat_e7: Int32s) -> Int32s:
        """state << CLEAR_BITS | clearance of each position; shape (n,)."""
        cell = self.cells(lon_e7, lat_e7)
        found = self._cells.all.take(cell)
        on = np.flatnonzero(found < 0)
        if len(on):
            found[on] = self.records.states(-1 - found[on], lon_e7[on], lat_e7[on]) << CLEAR_BITS
        return found

    def edges_near(self, lon_e7: Int32s, lat_e7: Int32s) -> tuple[Int64s, Int32s]:
        """(position, edge) for edges within ZONE_REACH cells of each position, and some further ones."""
        cell = self.cells(lon_e7, lat_e7)
        zone = (cell >> 10 << 6) | (cell >> 4 & 0x38) | (cell >> 2 & 7)
        row, at = spread(self._zone_start.all.take(zone), self._zone_count.all.take(zone))
        return row, self.zone_edges.all.take(at)

    def polygons_near(self, lon_e7: Int32s, lat_e7: Int32s) -> tuple[Int64s, Int32s]:
        """(position, polygon) for polygons within TILE_REACH cells of each position, and some further ones."""
        tile = self.cells(lon_e7, lat_e7) >> 2 * _TILE_BITS
        row, at = spread(self._list_start.all.take(tile), self._list_count.all.take(tile))
        return row, self.tile_polygons.all.take(at)

    def polygons_meeting(self, boxes: Floats) -> tuple[Int64s, Int64s]:
        """(box, polygon) for polygons whose bounds meet each box (n, 4)."""
        row, polygon = self._boxes.query(shapely.box(*boxes.T))
        return row, polygon

    def _build(self, tiles: Int32s) -> None:
        for first in range(0, len(tiles), _TILES_AT_ONCE):
            self._build_some(tiles[first : first + _TILES_AT_ONCE].astype(np.int64))

    def _build_some(self, tiles: Int64s) -> None:
        cell = 2.0**self.shift
        y, x = np.divmod(tiles, self._width)
        corner = np.column_stack((x + self._x, y + self._y)) * (_SIDE * cell)
        around = TILE_REACH * cell + _MARGIN
        tile, polygon = self.polygons_meeting(np.hstack((corner - around, corner + _SIDE * cell + around)))
        order = np.lexsort((polygon, tile))
        tile, polygon = tile[order], polygon[order]
        counts = np.bincount(tile, minlength=len(tiles))
        self._list_start.extend(len(self.tile_polygons) + np.cumsum(counts) - counts)
        self._list_count.extend(counts)
        self.tile_polygons.extend(polygon)
        local = self._edges_of(tile, polygon, corner)
        boundary = self._cells_of(tiles, tile, polygon, corner, local)
        self._zones_of(len(tiles), tile, local)
        slot = len(self._cells) >> 2 * _TILE_BITS
        self._cells.extend(boundary.ravel())
        self._table[tiles] = slot + np.arange(len(tiles))

    def _edges_of(self, tile: Int64s, polygon: Int64s, corner: Floats) -> _Local:
        """Edges of the polygons near each tile, in cells from the tile's corner."""
        e, cell = self._edges, 2.0**self.shift
        pair, edge = spread(e.starts[polygon], e.starts[polygon + 1] - e.starts[polygon])
        x = (e.x[edge] - corner[tile[pair], 0]) / cell
        y = (e.y[edge] - corner[tile[pair], 1]) / cell
        # What lies east, or wholly north or south, touches nothing and flips no parity.
        dx, dy = e.dx[edge] / cell, e.dy[edge] / cell
        far = float(REACH + 1)
        keep = np.minimum(x, x + dx) < _SIDE + far
        keep &= (np.minimum(y, y + dy) < _SIDE + far) & (np.maximum(y, y + dy) > -far)
        some = np.flatnonzero(keep)
        return _Local(pair[some], edge[some], x[some], y[some], dx[some], dy[some])

    def _cells_of(self, tiles: Int64s, tile: Int64s, polygon: Int64s, corner: Floats, local: _Local) -> Int32s:
        """Values of the cells of new tiles, shape (t, 32, 32)."""
        cell, wide = 2.0**self.shift, _SIDE + 2 * REACH
        near = local.reaching(-REACH - 1.0)
        at, row, column = touched(near.x, near.y, near.dx, near.dy, -REACH, _SIDE + REACH, _MARGIN / cell)
        boundary = np.zeros((len(tiles), wide, wide), np.bool_)
        boundary[tile[near.pair[at]], row + REACH, column + REACH] = True
        # Off the middle, and by no round number: few boundaries pass through such a point.
        middle = 0.5 + 0.3718 / cell
        inside = insides(local.pair, len(tile), local.x, local.y, local.dx, local.dy, _SIDE, middle)
        key = np.zeros((len(tiles), _SIDE, _SIDE), np.uint64)
        some = np.flatnonzero(inside.any(axis=(1, 2)))
        np.add.at(key, tile[some], inside[some] * self._states.polygon_key[polygon[some], None, None])
        within = np.flatnonzero((row >= 0) & (row < _SIDE) & (column >= 0) & (column < _SIDE))
        at, square = at[within], row[within] * _SIDE + column[within]
        pair, edge = near.pair[at], near.edge[at]
        order = np.argsort(tile[pair] * _SIDE**2 + square, kind="stable")
        pair, edge, square = pair[order], edge[order], square[order]
        parity = inside.reshape(len(tile), _SIDE**2)[pair, square]
        flat = tile[pair] * _SIDE**2 + square
        self._without(key.reshape(-1), flat, polygon[pair], parity)

        def holding(number: int) -> tuple[int, ...]:
            t, c = divmod(number, _SIDE**2)
            members = set(polygon[(tile == t) & inside.reshape(len(tile), _SIDE**2)[:, c]].tolist())
            return tuple(members - set(polygon[pair[flat == number]].tolist()))

        state = self._states.numbers(key.ravel(), holding)
        clear = clearance(boundary, REACH).ravel()
        found: Int32s = (state << CLEAR_BITS | clear).astype(np.int32)
        if len(flat):
            cells, of = np.unique(flat, return_inverse=True)
            t, c = np.divmod(cells, _SIDE**2)
            y, x = np.divmod(c, _SIDE)
            x_e7, y_e7 = corner[t, 0] + (x + middle) * cell, corner[t, 1] + (y + middle) * cell
            found[cells] = -1 - self.records.add(of, edge, parity, state[cells], x_e7, y_e7)
        return found

    def _without(self, key: NDArray[np.uint64], flat: Int64s, polygon: Int64s, parity: NDArray[np.bool_]) -> None:
        """Take polygons with an edge in a cell out of the cell's key: the record adds them per position."""
        once = np.ones(len(flat), np.bool_)
        once[1:] = (flat[1:] != flat[:-1]) | (polygon[1:] != polygon[:-1])
        some = np.flatnonzero(once & parity)
        np.subtract.at(key, flat[some], self._states.polygon_key[polygon[some]])

    def _zones_of(self, tiles: int, tile: Int64s, local: _Local) -> None:
        size = 1 << _ZONE_BITS
        near = local.reaching(-ZONE_REACH - 1.0)
        margin = (ZONE_REACH + _MARGIN / 2.0**self.shift) / size
        at, row, column = touched(near.x / size, near.y / size, near.dx / size, near.dy / size, 0, _ZONES, margin)
        zone = (tile[near.pair[at]] * _ZONES + row) * _ZONES + column
        order = np.argsort(zone, kind="stable")
        counts = np.bincount(zone, minlength=tiles * _ZONES**2)
        self._zone_start.extend(len(self.zone_edges) + np.cumsum(counts) - counts)
        self._zone_count.extend(counts)
        self.zone_edges.extend(near.edge[at[order]])


class _Local:
    """Edges near tiles, in cells from the tile's corner; ``pair`` is the (tile, polygon) an edge is listed for."""

    def __init__(self, pair: Int64s, edge: Int64s, x: Floats, y: Floats, dx: Floats, dy: Floats) -> None:
        self.pair, self.edge, self.x, self.y, self.dx, self.dy = pair, edge, x, y, dx, dy

    def reaching(self, low: float) -> _Local:
        """Without the edges wholly west of ``low``."""
        some = np.flatnonzero(np.maximum(self.x, self.x + self.dx) > low)
        return _Local(*(a[some] for a in (self.pair, self.edge, self.x, self.y, self.dx, self.dy)))
