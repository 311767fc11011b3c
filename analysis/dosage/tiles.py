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
# A cell's value is state << CLEAR_BITS | clearance, or -1 - record.
CLEAR_BITS = 3
REACH = (1 << CLEAR_BITS) - 1
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
    """Edges by zones of 2^bits x 2^bits cells: those within ``reach`` cells of a zone."""

    def __init__(self, bits: int, reach: int) -> None:
        self.reach = reach
        self._bits, self._across = bits, TILE_BITS - bits
        self._start, self._count, self._edges = Growing(np.int64), Growing(np.int32), Growing(np.int32)
        # States whose part of the zone and its surroundings is convex, -1 for none.
        self._one, self._other = Growing(np.int32), Growing(np.int32)

    def add(self, pairs: Pairs, local: Local) -> None:
        size, across = 1 << self._bits, 1 << self._across
        near = local.reaching(self.reach + 1.0)
        margin = (self.reach + MARGIN / pairs.cell) / size
        at, row, column = touched(near.x / size, near.y / size, near.dx / size, near.dy / size, 0, across, margin)
        zone = (pairs.tile[near.pair[at]] * across + row) * across + column
        counts = np.bincount(zone, minlength=pairs.tiles * across**2)
        self._start.extend(len(self._edges) + np.cumsum(counts) - counts)
        self._count.extend(counts)
        self._edges.extend(near.edge[at[np.argsort(zone, kind="stable")]])

    def add_convex(self, state: Int64s, edges: Edges, states: States) -> None:
        """For the zones added last: the states whose places there are convex, as far as one edge or one corner goes.

        state : (t * 32 * 32,), of the cells, of boundary cells without the polygons that have an edge there.
        """
        across = 1 << self._across
        start, count = (room.all[len(self._one) :] for room in (self._start, self._count))
        some = np.flatnonzero((count == 1) | (count == 2))
        first, last = (self._edges.all[start[some] + n] for n in (0, count[some] - 1))
        tile, y, x = some // across**2, some // across % across, some % across
        cell = (tile * SIDE + (y << self._bits)) * SIDE + (x << self._bits)
        within, without = states.either(state[cell], edges.polygon[first].astype(np.int64))
        turn, one = edges.turn(first, last), count[some] == 1
        found = np.full((2, len(count)), -1, np.int32)
        found[0, some] = np.where(one | (turn > 0), within, -1)
        found[1, some] = np.where(one | (turn < 0), without, -1)
        self._one.extend(found[0])
        self._other.extend(found[1])

    def clear(self, cell: Int32s, state: AnyInts) -> Bools:
        """Whether a step about the middle ``cell``, both its ends in one state, certainly stays in it all the way."""
        zone = self._zone(cell)
        clear: Bools = self._one.all.take(zone) == state
        clear |= self._other.all.take(zone) == state
        clear |= self._count.all.take(zone) == 0
        return clear

    def _zone(self, cell: Int32s) -> Int32s:
        across = self._across
        mask = (1 << across) - 1
        zone = cell >> 2 * TILE_BITS
        zone <<= across
        zone |= cell >> TILE_BITS + self._bits & mask
        zone <<= across
        zone |= cell >> self._bits & mask
        return zone

    def edges_of(self, cell: Int32s) -> tuple[Int64s, Int32s]:
        """(position, edge) for the zone of each cell."""
        zone = self._zone(cell)
        start, count = self._start.all.take(zone), self._count.all.take(zone)
        # Most have one or two: no need to spread those.
        rows = [np.flatnonzero(count > n) for n in (0, 1)]
        more = np.flatnonzero(count > 2)
        row, at = spread(start[more] + 2, count[more] - 2)
        at = np.concatenate((start.take(rows[0]), start.take(rows[1]) + 1, at))
        return np.concatenate((*rows, more[row])), self._edges.all.take(at)


def values(pairs: Pairs, local: Local, states: States, records: Records) -> tuple[Int32s, Int64s]:
    """Values of the cells of new tiles, and their states without polygons that have an edge there: (t * 32 * 32,) each.

    Adds the records that boundary cells need.
    """
    near = local.reaching(REACH + 1.0)
    at, row, column = touched(near.x, near.y, near.dx, near.dy, -REACH, SIDE + REACH, MARGIN / pairs.cell)
    boundary = np.zeros((pairs.tiles, SIDE + 2 * REACH, SIDE + 2 * REACH), np.bool_)
    boundary[pairs.tile[near.pair[at]], row + REACH, column + REACH] = True
    # Off the middle, and by no round number: few boundaries pass through such a point.
    middle = 0.5 + 0.3718 / pairs.cell
    inside = insides(local.pair, len(pairs.tile), local.x, local.y, local.dx, local.dy, SIDE, middle)
    within = np.flatnonzero((row >= 0) & (row < SIDE) & (column >= 0) & (column < SIDE))
    at, square = at[within], row[within] * SIDE + column[within]
    order = np.argsort(pairs.tile[near.pair[at]] * SIDE**2 + square, kind="stable")
    pair, edge, square = near.pair[at][order], near.edge[at][order], square[order]
    flat, parity = pairs.tile[pair] * SIDE**2 + square, inside[pair, square]
    state = _states(pairs, inside, flat, pairs.polygon[pair], parity, states)
    found = (state << CLEAR_BITS | clearance(boundary, REACH).ravel()).astype(np.int32)
    new = np.flatnonzero(np.append(True, flat[1:] != flat[:-1])[: len(flat)])
    cells = flat[new]
    if len(cells):
        of = np.cumsum(np.append(0, flat[1:] != flat[:-1]))
        tile, y, x = cells // SIDE**2, cells // SIDE % SIDE, cells % SIDE
        place = pairs.corner[tile] + (np.column_stack((x, y)) + middle) * pairs.cell
        found[cells] = -1 - records.add(of, edge, parity, state[cells], place[:, 0], place[:, 1])
    return found, state


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
    return states.numbers(flat_key, _members(pairs, inside, flat, polygon))


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
