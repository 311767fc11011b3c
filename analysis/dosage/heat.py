"""Where minutes fell inside a hot spot: the time between pings, shared along straight lines over square cells.

Same path as everywhere in dosage (straight, at constant speed, no step longer than the gap rule), so the cells of a
hot spot add up to its plain minutes summed over devices. A cell says nothing of who was there or in what order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from analysis.dosage.reference import crossings_with_edges, edges_of
from analysis.dosage.rules import PLAIN
from analysis.dosage.tables import DEGREE, Floats, Int64s, PingBatch

Area: TypeAlias = "Polygon | MultiPolygon"

CELL_M = 25.0
METRES_PER_DEGREE = 111_195.0  # of latitude, on a sphere with the earth's mean radius
MAX_CELLS = 10_000  # of one hot spot: a ward gets larger cells rather than a picture nobody can read
_MS_PER_MINUTE = 60_000.0
_NUMBERS_AT_ONCE = 1_000_000


@dataclass(frozen=True)
class Heat:
    """Device-minutes by cell.

    minutes : (rows, columns), row 0 in the south, column 0 in the west; 0 where nobody was.
    west, south : degrees, of the corner of cell (0, 0). cell_m : side of a cell in metres.
    cell_lon, cell_lat : the same side in degrees.
    """

    minutes: Floats
    west: float
    south: float
    cell_m: float
    cell_lon: float
    cell_lat: float

    @property
    def total_minutes(self) -> float:
        return float(self.minutes.sum())

    def cells_for_share(self, share: float) -> int:
        """The fewest cells that together hold ``share`` of the minutes; 0 where there are none."""
        held = np.sort(self.minutes[self.minutes > 0])[::-1].cumsum()
        return int(np.searchsorted(held, share * held[-1] * (1 - 1e-12)) + 1) if len(held) else 0


def heat(
    batch: PingBatch,
    polygon: Area,
    *,
    cell_m: float = CELL_M,
    gap_s: float = PLAIN.gap_s,
    between: tuple[float, float] | None = None,
) -> Heat:
    """Minutes of all devices in each cell of a grid over ``polygon``, only the time inside it.

    Parameters
    ----------
    batch : pings in any order.
    polygon : degrees. The boundary is inside.
    cell_m : side of a cell, metres; doubled until the grid has at most MAX_CELLS cells.
    gap_s : a longer step between two pings is not credited.
    between : UTC milliseconds; only the time from the first to the second counts.

    A step from ``p(0)`` to ``p(1)`` that takes ``T`` is cut where it meets the boundary and the lines of the grid;
    each part ``[s, s']`` gives ``(s' - s) T`` to the cell its middle lies in, if that middle lies inside.

    Raises ValueError when the polygon is empty or ``cell_m`` is not above 0.
    """
    if polygon.is_empty or not cell_m > 0:
        raise ValueError("heat: a polygon with an area and a cell side above 0 m are needed.")
    west, south, east, north = polygon.bounds
    scale = np.cos(np.radians((south + north) / 2))
    while True:
        cell_lat = cell_m / METRES_PER_DEGREE
        cell_lon = cell_lat / scale
        columns = max(1, int(np.ceil((east - west) / cell_lon)))
        rows = max(1, int(np.ceil((north - south) / cell_lat)))
        if columns * rows <= MAX_CELLS:
            break
        cell_m *= 2
    # From here on one cell is one unit, so the lines of the grid are the whole numbers.
    corner, size = np.array([west, south]), np.array([cell_lon, cell_lat])
    in_cells = shapely.transform(polygon, lambda points: (points - corner) / size)
    ends, t_from, t_to = _steps(batch, gap_s)
    ends = (ends / DEGREE - np.tile(corner, 2)) / np.tile(size, 2)
    minutes = np.zeros(rows * columns)
    for some in _chunks(ends, in_cells):
        cell, found = _shared(ends[some], t_from[some], t_to[some], in_cells, (rows, columns), between)
        minutes += np.bincount(cell, found, minlength=rows * columns)
    return Heat(minutes.reshape(rows, columns), west, south, cell_m, float(cell_lon), cell_lat)


def _steps(batch: PingBatch, gap_s: float) -> tuple[Floats, Floats, Floats]:
    """Steps between neighbouring pings of one device and team: ends (n, 4) in canonical units, times in ms."""
    found = batch.take(np.lexsort((batch.lat_e7, batch.lon_e7, batch.team, batch.t_ms, batch.device)))
    # Of two pings of one device at one moment the first is kept, as in the reference.
    repeated = np.zeros(len(found), np.bool_)
    repeated[1:] = (np.diff(found.device) == 0) & (np.diff(found.t_ms) == 0)
    found = found.take(~repeated)
    same = (np.diff(found.device) == 0) & (np.diff(found.team) == 0)
    first = np.flatnonzero(same & (np.diff(found.t_ms) <= gap_s * 1000))
    place = np.column_stack((found.lon_e7, found.lat_e7)).astype(np.float64)
    ends = np.hstack((place[first], place[first + 1]))
    return ends, found.t_ms[first].astype(np.float64), found.t_ms[first + 1].astype(np.float64)


def _chunks(ends: Floats, polygon: Area) -> list[Int64s]:
    """Rows of the steps that come near the polygon, so many at a time that memory stays bounded."""
    west, south, east, north = polygon.bounds
    near = (np.minimum(ends[:, 0], ends[:, 2]) <= east) & (np.maximum(ends[:, 0], ends[:, 2]) >= west)
    near &= (np.minimum(ends[:, 1], ends[:, 3]) <= north) & (np.maximum(ends[:, 1], ends[:, 3]) >= south)
    rows = np.flatnonzero(near)
    lines = shapely.get_num_coordinates(polygon) + int(east - west) + int(north - south) + 4
    each = max(1, _NUMBERS_AT_ONCE // lines)
    return [rows[i : i + each] for i in range(0, len(rows), each)]


def _shared(
    ends: Floats, t_from: Floats, t_to: Floats, polygon: Area, shape: tuple[int, int],
    between: tuple[float, float] | None,
) -> tuple[Int64s, Floats]:  # fmt: skip
    """Cell number and minutes of every part of every step that lies inside."""
    limits = np.array(between if between else (-np.inf, np.inf))
    took = (t_to - t_from)[:, None]
    with np.errstate(invalid="ignore"):
        in_time = np.clip((limits - t_from[:, None]) / took, 0.0, 1.0)
    cuts = np.hstack((np.zeros_like(took), _edge_cuts(ends, polygon), _grid_cuts(ends, shape), in_time, took * 0 + 1))
    cuts.sort(axis=1)
    share = np.diff(cuts, axis=1)
    row, column = np.nonzero(share > 0)
    middle = (cuts[row, column] + cuts[row, column + 1]) / 2
    x = ends[row, 0] + middle * (ends[row, 2] - ends[row, 0])
    y = ends[row, 1] + middle * (ends[row, 3] - ends[row, 1])
    at = t_from[row] + middle * took[row, 0]
    shapely.prepare(polygon)
    inside = shapely.intersects_xy(polygon, x, y) & (at >= limits[0]) & (at <= limits[1])
    # The far sides of the grid belong to the last row and column.
    i = np.clip(np.floor(y[inside]), 0, shape[0] - 1).astype(np.int64)
    j = np.clip(np.floor(x[inside]), 0, shape[1] - 1).astype(np.int64)
    minutes = share[row, column][inside] * took[row[inside], 0] / _MS_PER_MINUTE
    return i * shape[1] + j, minutes


def _edge_cuts(ends: Floats, polygon: Area) -> Floats:
    """Shares of each step (n, 4) where it meets an edge of the polygon; 0 where it meets none. Shape (n, edges)."""
    shares, meets = crossings_with_edges(ends, edges_of(polygon))
    return np.where(meets, shares, 0.0)


def _grid_cuts(ends: Floats, shape: tuple[int, int]) -> Floats:
    """Shares of each step (n, 4) where it meets a line of the grid; 0 where it meets none."""
    found = []
    for axis, lines in ((0, shape[1]), (1, shape[0])):
        start, way = ends[:, axis, None], (ends[:, axis + 2] - ends[:, axis])[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            s: NDArray[np.float64] = (np.arange(lines + 1, dtype=np.float64) - start) / way
        found.append(np.where((s > 0) & (s < 1), s, 0.0))
    return np.hstack(found)
