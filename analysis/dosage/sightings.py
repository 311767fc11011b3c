"""Steps between two pings near a polygon, and whether each end is inside: what the bridge is fitted to and sums over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from analysis.dosage.layers import Area, check, metres_per_degree
from analysis.dosage.spans import Bools, changes
from analysis.dosage.tables import DEGREE, Floats, Int64s, PingBatch

# A step is near a polygon when either end is inside or within this distance: wide enough for the entries and exits
# between two pings, narrow enough that time far away does not water down the rates.
NEAR_M = 100.0
_IN, _BAND, _NEAR = 2, 1, 0
_AT_ONCE = 200_000


@dataclass(frozen=True)
class Sightings:
    """Pings inside or near polygons: arrays (n,). ping : row of the batch. place : inside, in the band or near."""

    ping: Int64s
    polygon: Int64s
    place: Int64s


@dataclass(frozen=True)
class Steps:
    """Steps with an end near a polygon; arrays (n,). ping : row of the batch of the first of the two pings.

    start_in, end_in : whether the ends count as inside. Times: UTC milliseconds.
    """

    ping: Int64s
    polygon: Int64s
    t_from_ms: Int64s
    t_to_ms: Int64s
    start_in: Bools
    end_in: Bools

    @property
    def seconds(self) -> Floats:
        return np.asarray((self.t_to_ms - self.t_from_ms) / 1000.0, dtype=np.float64)


def sightings(batch: PingBatch, polygons: Sequence[Area], band_m: float, near_m: float = NEAR_M) -> Sightings:
    """Every ping with every polygon it is inside, within ``band_m`` of, or within ``near_m`` of; metres on the ground.

    Inside is decided in degrees, as everywhere; the boundary is inside. Distances are on a plane at the polygons'
    middle latitude: right to a few parts in a thousand over a force.
    """
    check(polygons)
    if not len(batch) or not len(polygons):
        return Sightings(*(np.empty(0, np.int64) for _ in range(3)))
    shapes = np.array(polygons, dtype=object)
    _, south, _, north = shapely.total_bounds(shapes)
    scale = np.array([float(s) for s in metres_per_degree(np.asarray((south + north) / 2))])
    flat = shapely.transform(shapes, lambda c: c * scale)
    tree = shapely.STRtree(flat)
    shapely.prepare(shapes)
    found = [_some(batch, rows, shapes, flat, tree, scale, band_m, max(near_m, band_m)) for rows in _rows(len(batch))]
    return Sightings(*(np.concatenate(part) for part in zip(*found, strict=True)))


def _rows(count: int) -> list[Int64s]:
    return [np.arange(first, min(count, first + _AT_ONCE)) for first in range(0, count, _AT_ONCE)]


def _some(
    batch: PingBatch, rows: Int64s, shapes: NDArray[Any], flat: NDArray[Any], tree: shapely.STRtree, scale: Floats,
    band_m: float, near_m: float,
) -> tuple[Int64s, Int64s, Int64s]:  # fmt: skip
    lon, lat = batch.lon_e7[rows] / DEGREE, batch.lat_e7[rows] / DEGREE
    points = shapely.points(lon * scale[0], lat * scale[1])
    at, polygon = tree.query(points, predicate="dwithin", distance=near_m)
    inside = shapely.intersects_xy(shapes[polygon], lon[at], lat[at])
    band = (shapely.distance(points[at], flat[polygon]) <= band_m) & (band_m > 0)
    return rows[at], polygon.astype(np.int64), np.where(inside, _IN, np.where(band, _BAND, _NEAR))


def steps(batch: PingBatch, unit: NDArray[Any], seen: Sightings, polygons: int, off_duty_s: float) -> Steps:
    """Steps of each ``unit``'s pings, merged in order of time, with an end near a polygon.

    unit : shape (n,), codes of what is taken as one walker: a device, or a team whose devices walk together.
    A silence longer than ``off_duty_s`` is no step. Pings of the band between two pings inside, with nothing farther
    out in between, count as inside: the hysteresis rule, as far as sparse pings can follow it.
    """
    order = np.lexsort((batch.device, batch.t_ms, unit))
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    t = batch.t_ms[order]
    follows = ~changes(unit[order])
    follows[1:] &= np.diff(t) <= off_duty_s * 1000

    key = seen.polygon * (len(t) + 1) + position[seen.ping]
    by_key = np.argsort(key)
    key, place = key[by_key], seen.place[by_key]
    inside = _hysteresis(key, place, follows[position[seen.ping][by_key]])

    starts = np.unique(np.concatenate((key, key - 1)))
    at = starts % (len(t) + 1)
    known = at < len(t) - 1
    known[known] = follows[at[known] + 1]
    starts, at = starts[known], at[known]
    both = [_looked_up(key, inside, k) for k in (starts, starts + 1)]
    return Steps(order[at], starts // (len(t) + 1), t[at], t[at + 1], both[0], both[1])


def _hysteresis(key: Int64s, place: Int64s, follows: Bools) -> Bools:
    """Inside, or in a run of band pings with an inside ping right before and right after."""
    if not len(key):
        return np.empty(0, np.bool_)
    linked = follows & ~changes(key - np.arange(len(key)))
    first = np.flatnonzero(~linked | changes(place))
    last = np.append(first[1:], len(key)) - 1
    before = linked[first] & (place[first - 1] == _IN)
    after_row = np.minimum(last + 1, len(key) - 1)
    after = (last + 1 < len(key)) & linked[after_row] & (place[after_row] == _IN)
    bridged = (place[first] == _BAND) & before & after
    return np.asarray((place == _IN) | np.repeat(bridged, last - first + 1), dtype=np.bool_)


def _looked_up(key: Int64s, value: Bools, wanted: Int64s) -> Bools:
    if not len(key):
        return np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
    return np.asarray((key[at] == wanted) & value[at], dtype=np.bool_)
