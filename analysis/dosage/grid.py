"""A lattice of small cells that knows the state of every position, built where positions are and only there.

Cells are ``coordinate >> shift``. A cell that no edge touches holds its state and its clearance: how many cells a step
may span without meeting a boundary. Other cells hold a record (:mod:`records`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from analysis.dosage.arrays import AnyInts, Growing, spread
from analysis.dosage.edges import Edges
from analysis.dosage.layers import Area
from analysis.dosage.records import Records
from analysis.dosage.states import States
from analysis.dosage.tables import DEGREE, Floats, Int32s, Int64s
from analysis.dosage.tiles import MARGIN, NEAR_REACH, REACH, SIDE, STATE_SHIFT, TILE_BITS, Local, Pairs, Zones, values

_CELLS_ACROSS_A_POLYGON = 32
_MIN_SHIFT, _MAX_SHIFT = 4, 14
_MAX_TILES = 1 << 22
# Of about 8 kB each. When there are more, all are forgotten: memory stays bounded for any number of polygons.
_MAX_BUILT = 16_000
_TILES_AT_ONCE = 128
# What is within so many cells of a zone, or half a block of a block, is listed for it.
_WIDE_REACH, _BLOCK_BITS = 6, (5, 6, 7, 8)


def _shift_for(low: Floats, high: Floats) -> int:
    """Cells of about a 32nd of the usual polygon; larger where the table of tiles would take too much memory."""
    sides = high - low
    usual = float(np.median(np.sqrt(sides.prod(axis=1)))) / _CELLS_ACROSS_A_POLYGON
    shift: int = int(np.clip(np.floor(np.log2(max(usual, 1.0))), _MIN_SHIFT, _MAX_SHIFT))
    across = high.max(axis=0) - low.min(axis=0)
    while True:
        tile = 2.0 ** (shift + TILE_BITS)
        if np.prod(across / tile + 4) <= _MAX_TILES:
            return shift
        shift += 1


class Grid:
    """The lattice over a set of polygons. shift : of its cells. near, wide, blocks : lists of what short, middling and
    long steps may meet."""

    def __init__(self, polygons: Sequence[Area], edges: Edges, states: States) -> None:
        self._edges, self._states = edges, states
        corners = shapely.bounds(np.array(polygons, dtype=object)) * DEGREE
        self._low, self._high = corners[:, :2], corners[:, 2:]
        self.shift = _shift_for(self._low, self._high)
        self._boxes = shapely.STRtree(shapely.box(*corners.T))
        self.blocks = [Blocks(bits, edges.bounds, self.shift) for bits in _BLOCK_BITS]
        self._chains: shapely.STRtree | None = None
        self.near, self.wide = Zones(NEAR_REACH), Zones(_WIDE_REACH)
        self._shapes = np.array(polygons, dtype=object)
        self._clear()

    def _clear(self) -> None:
        """A table of tiles, -1 where a polygon is near and the tile not yet built, with a rim of empty ones."""
        self.records = Records(self._shapes, self._edges, self._states)
        # In place: whoever is about to ask has hold of them.
        self.near.forget()
        self.wide.forget()
        self._values = Growing(np.int32, _MAX_BUILT * SIDE**2)
        nothing = np.empty(0, np.int64)
        self._add(Pairs(nothing, nothing, np.zeros((1, 2)), 2.0**self.shift))  # tile 0: nothing near
        low, high = _squares(self._low, self._high, self.shift, TILE_BITS, max(REACH, self.wide.reach))
        self._tiles = Table(low, high)
        self._slot = np.zeros(self._tiles.size, np.int32)
        self._slot[self._tiles.all_between(low, high)[1]] = -1

    def cells(self, lon_e7: Int32s, lat_e7: Int32s) -> Int32s:
        """The number of each position's cell; shape (n,). Builds what is not built."""
        x, y = lon_e7 >> self.shift, lat_e7 >> self.shift
        tile = self._tiles.number(x >> TILE_BITS, y >> TILE_BITS)
        slot = self._slot.take(tile)
        if len(slot) and slot.min() < 0:
            self._build(tile, slot)
            slot = self._slot.take(tile)
        slot <<= TILE_BITS
        y &= SIDE - 1
        slot |= y
        slot <<= TILE_BITS
        x &= SIDE - 1
        slot |= x
        return slot

    def values(self, lon_e7: Int32s, lat_e7: Int32s) -> Int32s:
        """state << STATE_SHIFT | CONVEX | clearance of each position; shape (n,)."""
        cell = self.cells(lon_e7, lat_e7)
        found: Int32s = self._values.all.take(cell)
        on = np.flatnonzero(found < 0)
        if len(on):
            record = found.take(on)
            np.invert(record, out=record)
            found[on] = self.records.values(record, lon_e7.take(on), lat_e7.take(on), STATE_SHIFT)
        return found

    def chains_meeting(self, west: Floats, south: Floats, east: Floats, north: Floats) -> tuple[Int64s, Int64s]:
        """(box, chain) for chains of edges whose bounds meet each box."""
        if self._chains is None:
            self._chains = shapely.STRtree(shapely.box(*self._edges.bounds))
        row, chain = self._chains.query(shapely.box(west, south, east, north))
        return row, chain

    @property
    def built(self) -> int:
        """Tiles in memory."""
        return len(self._values) >> 2 * TILE_BITS

    def _build(self, tile: Int32s, slot: Int32s) -> None:
        tiles = np.unique(tile[slot < 0]).astype(np.int64)
        if self.built > 1 and self.built + len(tiles) > _MAX_BUILT:
            self._clear()
            tiles = np.unique(tile[self._slot.take(tile) < 0]).astype(np.int64)
        cell = 2.0**self.shift
        around = max(REACH, self.wide.reach) * cell + MARGIN
        for first in range(0, len(tiles), _TILES_AT_ONCE):
            some = tiles[first : first + _TILES_AT_ONCE]
            corner = self._tiles.places(some) * (SIDE * cell)
            near, polygon = self._boxes.query(shapely.box(*(corner - around).T, *(corner + SIDE * cell + around).T))
            order = np.lexsort((polygon, near))
            self._slot[some] = self.built + np.arange(len(some))
            self._add(Pairs(near[order], polygon[order], corner, cell))

    def _add(self, pairs: Pairs) -> None:
        local = Local.of(pairs, self._edges, max(REACH, self.wide.reach) + 1.0)
        self.near.add(pairs, local)
        self.wide.add(pairs, local)
        found = values(pairs, local, len(self._values), self._edges, self._states, self.records, self.near)
        self._values.extend(found)


def _squares(low: Floats, high: Floats, shift: int, bits: int, around: int) -> tuple[Int64s, Int64s]:
    """First and last square of 2^bits cells, (n, 2) each, that a polygon's bounds are within ``around`` cells of."""
    size, margin = 2.0 ** (shift + bits), (around + 1) * 2.0**shift
    return np.floor((low - margin) / size).astype(np.int64), np.floor((high + margin) / size).astype(np.int64)


class Blocks:
    """Chains of edges by blocks of 2^bits x 2^bits cells: those within ``reach``, half a block, of a block."""

    def __init__(self, bits: int, bounds: Floats, shift: int) -> None:
        self.reach, self._shift = 1 << bits - 1, shift + bits
        self._first, self._last = _squares(bounds[:2].T, bounds[2:].T, shift, bits, self.reach)
        self._table = Table(self._first, self._last)
        self._lists: tuple[Int32s, Int32s] | None = None

    def chains_of(self, lon_e7: Int32s, lat_e7: Int32s) -> tuple[Int64s, Int64s]:
        """(position, chain) for the block of each position."""
        if self._lists is None:
            self._lists = self._listed()
        starts, chains = self._lists
        block = self._table.number(lon_e7 >> self._shift, lat_e7 >> self._shift)
        start = starts.take(block)
        row, at = spread(start, starts.take(block + 1) - start)
        return row, chains.take(at).astype(np.int64)

    def _listed(self) -> tuple[Int32s, Int32s]:
        """Where each block's chains begin, and the chains block by block."""
        chain, block = self._table.all_between(self._first, self._last)
        counts = np.bincount(block, minlength=self._table.size)
        starts = np.append(0, np.cumsum(counts)).astype(np.int32)
        return starts, chain[np.argsort(block, kind="stable")].astype(np.int32)


class Table:
    """Numbers for the squares between some lowest and highest ones, with a rim around that stands for all others."""

    def __init__(self, low: Int64s, high: Int64s) -> None:
        self._x, self._y = (low.min(axis=0) - 1).tolist()
        self._width, self._height = (high.max(axis=0) - low.min(axis=0) + 3).tolist()

    @property
    def size(self) -> int:
        return int(self._width * self._height)

    def all_between(self, low: Int64s, high: Int64s) -> tuple[Int64s, Int64s]:
        """(range, number) of all squares of ranges (n, 2)."""
        of_row, row = spread(low[:, 1], high[:, 1] - low[:, 1] + 1)
        first = (row - self._y) * self._width + low[of_row, 0] - self._x
        of, number = spread(first, (high - low)[of_row, 0] + 1)
        return of_row[of], number

    def places(self, number: AnyInts) -> Floats:
        y, x = np.divmod(number.astype(np.int64), self._width)
        return np.column_stack((x + self._x, y + self._y)).astype(np.float64)

    def number(self, x: Int32s, y: Int32s) -> Int32s:
        """Writes over its arguments."""
        # Unsigned, what lies west or south of the table is far beyond it, so one comparison finds the rim.
        x -= self._x
        y -= self._y
        np.minimum(x.view(np.uint32), np.uint32(self._width - 1), out=x.view(np.uint32))
        np.minimum(y.view(np.uint32), np.uint32(self._height - 1), out=y.view(np.uint32))
        y *= self._width
        y += x
        return y
