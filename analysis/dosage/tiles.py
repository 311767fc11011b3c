"""Tiles of 32 x 32 cells: what is in each cell, and which edges are near it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.arrays import AnyInts, Bools, Growing, spread
from analysis.dosage.covering import clearance, insides, touched
from analysis.dosage.edges import Edges
from analysis.dosage.records import Records
from analysis.dosage.states import States
from analysis.dosage.tables import Floats, Int32s, Int64s

TILE_BITS = 5
SIDE = 1 << TILE_BITS
# A cell's value is state << STATE_SHIFT | CONVEX | clearance, or -1 - record.
STATE_SHIFT = 4
CONVEX, REACH = 8, 7
# Edges are listed for zones of 4 x 4 cells and this many cells around. Where a cell is marked CONVEX, all places of its
# state in there make a convex whole: a step no longer than that between two of them stays in the state.
NEAR_REACH = 3
_ZONE_BITS = 2
_ACROSS_BITS = TILE_BITS - _ZONE_BITS
_ZONES = 1 << _ACROSS_BITS
_ANY = -2
# An edge this near (canonical units) makes a cell a boundary cell; far above rounding, far below a cell.
MARGIN = 1.0


@dataclass(frozen=True)
class Pairs:
    """Polygons near new tiles, ordered by tile: arrays (k,). corner : (t, 2), each tile's south-west in units."""

    tile: Int64s
    polygon: Int64s
    corner: Floats
    cell: float

    @property
    def tiles(self) -> int:
        return len(self.corner)


@dataclass(frozen=True)
class Local:
    """Edges of pairs, shape (m,), in cells from the tile's corner."""

    pair: Int64s
    edge: Int64s
    x: Floats
    y: Floats
    dx: Floats
    dy: Floats

    @classmethod
    def of(cls, pairs: Pairs, edges: Edges, far: float) -> Local:
        """Edges but those that are over ``far`` cells east of the tile, or wholly north or south of that."""
        pair, edge = spread(edges.starts[pairs.polygon], np.diff(edges.starts)[pairs.polygon])
        x, y = (
            (v[edge] - pairs.corner[pairs.tile[pair], axis]) / pairs.cell for v, axis in ((edges.x, 0), (edges.y, 1))
        )
        found = cls(pair, edge, x, y, edges.dx[edge] / pairs.cell, edges.dy[edge] / pairs.cell)
        keep = np.minimum(x, x + found.dx) < SIDE + far
        keep &= (np.minimum(y, y + found.dy) < SIDE + far) & (np.maximum(y, y + found.dy) > -far)
        return found.take(np.flatnonzero(keep))

    def take(self, rows: Int64s) -> Local:
        return Local(self.pair[rows], self.edge[rows], self.x[rows], self.y[rows], self.dx[rows], self.dy[rows])

    def reaching(self, far: float) -> Local:
        """Edges no more than ``far`` cells off the tile, and some more."""
        low_x, low_y = np.minimum(self.x, self.x + self.dx), np.minimum(self.y, self.y + self.dy)
        keep = (low_x < SIDE + far) & (np.maximum(self.x, self.x + self.dx) > -far)
        keep &= (low_y < SIDE + far) & (np.maximum(self.y, self.y + self.dy) > -far)
        return self.take(np.flatnonzero(keep))


class Zones:
    """Edges by zones of 4 x 4 cells: those within ``reach`` cells of a zone."""

    def __init__(self, reach: int) -> None:
        self.reach = reach
        self.forget()

    def forget(self) -> None:
        self._start, self._count, self._edges = Growing(np.int64), Growing(np.int32), Growing(np.int32)
        # The state whose part of the zone and its surroundings is convex, or _ANY, or -1 for none.
        self._convex = Growing(np.int32)

    def add(self, pairs: Pairs, local: Local) -> None:
        near = local.reaching(self.reach + 1.0)
        size, margin = 1 << _ZONE_BITS, (self.reach + MARGIN / pairs.cell) / (1 << _ZONE_BITS)
        at, row, column = touched(near.x / size, near.y / size, near.dx / size, near.dy / size, 0, _ZONES, margin)
        zone = (pairs.tile[near.pair[at]] * _ZONES + row) * _ZONES + column
        counts = np.bincount(zone, minlength=pairs.tiles * _ZONES**2)
        self._start.extend(len(self._edges) + np.cumsum(counts) - counts)
        self._count.extend(counts)
        self._edges.extend(near.edge[at[np.argsort(zone, kind="stable")]])

    def add_convex(self, state: Int64s, edges: Edges, states: States) -> None:
        """For the zones added last: the states whose places there are convex.

        Any state's are where no edge lies, or one, or one each of two polygons: they are half-planes' common parts. At
        a corner they are on one side of it. state : (t * 32 * 32,), of the cells, of boundary cells without the
        polygons that have an edge there.
        """
        start, count = (room.all[len(self._convex) :] for room in (self._start, self._count))
        two = np.flatnonzero(count == 2)
        first, last = self._edges.all[start[two]], self._edges.all[start[two] + 1]
        easy = count < 2
        easy[two] = edges.polygon[first] != edges.polygon[last]
        turn = edges.turn(first, last)
        corner = np.flatnonzero(turn)
        some, turn = two[corner], turn[corner]
        tile, y, x = some // _ZONES**2, some // _ZONES % _ZONES, some % _ZONES
        cell = (tile * SIDE + (y << _ZONE_BITS)) * SIDE + (x << _ZONE_BITS)
        within, without = states.either(state[cell], edges.polygon[first[corner]].astype(np.int64))
        only = np.where(easy, _ANY, -1).astype(np.int32)
        only[some] = np.where(turn > 0, within, without)
        self._convex.extend(only)

    def convex(self, cell: AnyInts, state: AnyInts) -> Bools:
        """Whether all places of a state in the zone of the cell, and around it, make a convex whole."""
        only = self._convex.all.take(_zone(cell))
        found: Bools = only == state
        found |= only == _ANY
        return found

    def edges_of(self, cell: Int32s) -> tuple[Int64s, Int32s]:
        """(position, edge) for the zone of each cell."""
        zone = _zone(cell)
        start, count = self._start.all.take(zone), self._count.all.take(zone)
        # Most have one or two: no need to spread those.
        rows = [np.flatnonzero(count > n) for n in (0, 1)]
        more = np.flatnonzero(count > 2)
        row, at = spread(start[more] + 2, count[more] - 2)
        at = np.concatenate((start.take(rows[0]), start.take(rows[1]) + 1, at))
        return np.concatenate((*rows, more[row])), self._edges.all.take(at)


def _zone(cell: AnyInts) -> AnyInts:
    zone = cell >> 2 * TILE_BITS
    zone <<= _ACROSS_BITS
    zone |= cell >> TILE_BITS + _ZONE_BITS & _ZONES - 1
    zone <<= _ACROSS_BITS
    zone |= cell >> _ZONE_BITS & _ZONES - 1
    return zone


def values(
    pairs: Pairs, local: Local, first: int, edges: Edges, states: States, records: Records, near: Zones
) -> Int32s:
    """Values of the cells of new tiles, shape (t * 32 * 32,); the first of these cells has the number ``first``.

    Adds the records that boundary cells need, and to ``near``, which has the new tiles already, what is convex.
    """
    some = local.reaching(REACH + 1.0)
    at, row, column = touched(some.x, some.y, some.dx, some.dy, -REACH, SIDE + REACH, MARGIN / pairs.cell)
    boundary = np.zeros((pairs.tiles, SIDE + 2 * REACH, SIDE + 2 * REACH), np.bool_)
    boundary[pairs.tile[some.pair[at]], row + REACH, column + REACH] = True
    # Off the middle, and by no round number: few boundaries pass through such a point.
    middle = 0.5 + 0.3718 / pairs.cell
    inside = insides(local.pair, len(pairs.tile), local.x, local.y, local.dx, local.dy, SIDE, middle)
    within = np.flatnonzero((row >= 0) & (row < SIDE) & (column >= 0) & (column < SIDE))
    at, square = at[within], row[within] * SIDE + column[within]
    order = np.argsort(pairs.tile[some.pair[at]] * SIDE**2 + square, kind="stable")
    pair, edge, square = some.pair[at][order], some.edge[at][order], square[order]
    flat, parity = pairs.tile[pair] * SIDE**2 + square, inside[pair, square]
    state = _states(pairs, inside, flat, pairs.polygon[pair], parity, states)
    near.add_convex(state, edges, states)
    convex = near.convex(np.arange(first, first + len(state)), state)
    found = (state << STATE_SHIFT | convex * CONVEX | clearance(boundary, REACH).ravel()).astype(np.int32)
    new = np.append(True, flat[1:] != flat[:-1])[: len(flat)]
    cells = flat[new]
    if len(cells):
        tile, y, x = cells // SIDE**2, cells // SIDE % SIDE, cells % SIDE
        place = pairs.corner[tile] + (np.column_stack((x, y)) + middle) * pairs.cell

        def value(state: Int64s) -> Int64s:
            return state << STATE_SHIFT | near.convex(first + cells, state) * CONVEX

        found[cells] = -1 - records.add(np.cumsum(new) - 1, edge, parity, state[cells], value, place[:, 0], place[:, 1])
    return found


def _states(pairs: Pairs, inside: Bools, flat: Int64s, polygon: AnyInts, parity: Bools, states: States) -> Int64s:
    """The state of each cell, shape (t * 32 * 32,), of boundary cells without the polygons that have an edge there.

    inside : (pairs, 32 * 32). flat, polygon, parity : of edges in cells, ordered by cell and polygon.
    """
    key = np.zeros((pairs.tiles, SIDE**2), np.uint64)
    some = np.flatnonzero(inside.any(axis=1))
    _add_rows(key, pairs.tile[some], inside[some] * states.polygon_key[pairs.polygon[some], None])
    once = np.append(True, (flat[1:] != flat[:-1]) | (polygon[1:] != polygon[:-1]))[: len(flat)]
    taken = np.flatnonzero(once & parity)
    flat_key = key.reshape(-1)
    np.subtract.at(flat_key, flat[taken], states.polygon_key[polygon[taken]])
    some = np.flatnonzero(flat_key)
    members = _members(pairs, inside, flat, polygon)
    found = np.zeros(len(flat_key), np.int64)
    found[some] = states.numbers(flat_key[some], lambda n: members(int(some[n])))
    return found


def _add_rows(table: NDArray[np.uint64], row: Int64s, values: NDArray[np.uint64]) -> None:
    """table[row] += values, for rows in order."""
    if len(row):
        first = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
        table[row[first]] = np.add.reduceat(values, first, axis=0)


def _members(pairs: Pairs, inside: Bools, flat: Int64s, polygon: AnyInts) -> Callable[[int], tuple[int, ...]]:
    def members(number: int) -> tuple[int, ...]:
        tile, square = divmod(number, SIDE**2)
        within = set(pairs.polygon[(pairs.tile == tile) & inside[:, square]].tolist())
        return tuple(within - set(polygon[flat == number].tolist()))

    return members
