"""Noise-free paths of simulated patrols and the exact minutes they spend in hot spots.

A path is a polyline in time: straight legs at constant speed and stands of zero length, in metres on a plane. The
plane maps to degrees by one linear scale, so a straight leg is straight in degrees too and the true minutes follow
from where each leg meets each boundary, with nothing sampled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry import Polygon

from analysis.dosage.local_days import day_numbers, split_at_midnight
from analysis.dosage.tables import Floats, Int64s

Bools = NDArray[np.bool_]

ORIGIN_LON, ORIGIN_LAT = -1.13, 52.63
METRES_PER_DEGREE = 111_320.0
_SCALE = np.array([METRES_PER_DEGREE * np.cos(np.radians(ORIGIN_LAT)), METRES_PER_DEGREE])
_SPACING_M = 450.0  # one hot spot in each square of this side, wholly inside it
_CORNERS = 12
_NEAR = 5  # hot spots of one beat
_WAYPOINTS = 8  # at most, in one episode
_PATROL, _STREET, _RESPONSE, _BREAK = range(4)


@dataclass(frozen=True)
class Style:
    """How patrols of one kind move; times in seconds, speeds in metres a second.

    patrol, street, response, rest : relative frequency of episodes: a visit to a hot spot, walking the streets
        between, a drive to an incident anywhere, a break indoors at the base.
    stops : mean number of waypoints of a visit. stand_share : share of waypoints where they stand, for
        ``stand_s`` on average. indoor_share : share of those stands that are indoors, where they last ``indoor_s``.
    reach : how far waypoints of a visit spread, as a share of the hot spot's radius; above 1 they step outside.
    """

    patrol: float = 0.70
    street: float = 0.14
    response: float = 0.09
    rest: float = 0.07
    walk_mps: float = 1.25
    drive_mps: float = 9.0
    stops: float = 5.0
    stand_share: float = 0.6
    stand_s: float = 100.0
    indoor_share: float = 0.35
    indoor_s: float = 420.0
    reach: float = 1.06


@dataclass(frozen=True)
class Town:
    """Hot spots about 200 m across. corners : (n, 12, 2) metres. polygons : the same in degrees. near : (n, k)."""

    centre: Floats
    corners: Floats
    polygons: tuple[Polygon, ...]
    near: Int64s


@dataclass(frozen=True)
class Paths:
    """Legs of each path, arrays (paths, legs + 1): times in ms from the path's start; x, y in metres.

    indoors : (paths, legs), whether the walker is in a building during the leg.
    """

    t_ms: Floats
    x: Floats
    y: Floats
    indoors: Bools


def town(rng: np.random.Generator, count: int) -> Town:
    """``count`` hot spots that do not overlap: 12-cornered, irregular, some of them hollow on a side."""
    side = int(np.ceil(np.sqrt(count)))
    place = np.stack(np.divmod(np.arange(count), side), axis=1)[:, ::-1]
    centre = place * _SPACING_M + rng.uniform(-50, 50, (count, 2))
    angle = (np.arange(_CORNERS) + rng.uniform(-0.35, 0.35, (count, _CORNERS))) * (2 * np.pi / _CORNERS)
    radius = rng.uniform(90, 115, (count, 1)) * rng.uniform(0.75, 1.2, (count, _CORNERS))
    corners = centre[:, None, :] + radius[:, :, None] * np.stack((np.cos(angle), np.sin(angle)), axis=2)
    # Through whole ten-millionths and back: the true boundary is the one that is given out.
    degrees = np.round(to_degrees(corners), 7)
    exact = (degrees - (ORIGIN_LON, ORIGIN_LAT)) * _SCALE
    _, near = cKDTree(centre).query(centre, k=min(_NEAR, count))
    return Town(centre, exact, tuple(shapely.polygons(degrees)), np.reshape(near, (count, -1)).astype(np.int64))


def to_degrees(xy: Floats) -> Floats:
    """Metres on the plane, shape (..., 2), to longitude and latitude."""
    return cast(Floats, xy / _SCALE + (ORIGIN_LON, ORIGIN_LAT))


def paths(rng: np.random.Generator, place: Town, beats: Int64s, length_ms: float, style: Style) -> Paths:
    """One path for each beat (the number of its home hot spot), of ``length_ms``, from the base and back to it."""
    count, episodes = len(beats), max(4, int(length_ms / 60_000 / 6))
    weights = np.array([style.patrol, style.street, style.response, style.rest])
    kind = rng.choice(4, p=weights / weights.sum(), size=(count, episodes))
    spot = place.near[beats[:, None], rng.integers(place.near.shape[1], size=kind.shape)]
    base = place.centre[beats] + _SPACING_M / 2
    xy, active = _waypoints(rng, place, kind, spot, base, style)
    stand_s, indoors = _stands(rng, kind, active, style)
    speed = np.clip(rng.normal(style.walk_mps, 0.2, active.shape), 0.6, None)
    speed[kind == _RESPONSE] = (style.drive_mps * rng.uniform(0.7, 1.6, kind.shape))[kind == _RESPONSE][:, None]
    flat = (count, episodes * _WAYPOINTS)
    return _timed(xy.reshape(*flat, 2), stand_s.reshape(flat), indoors.reshape(flat), speed.reshape(flat), base,
                  length_ms, style)  # fmt: skip


def _waypoints(
    rng: np.random.Generator, place: Town, kind: Int64s, spot: Int64s, base: Floats, style: Style
) -> tuple[Floats, Bools]:
    """Places to go, (paths, episodes, waypoints, 2), and which of them are used; unused ones repeat the last used."""
    shape = (*kind.shape, _WAYPOINTS)
    stops = np.where(kind == _PATROL, rng.poisson(style.stops - 1, kind.shape) + 1, 1)
    stops = np.where(kind == _STREET, rng.integers(1, 4, kind.shape), np.minimum(stops, _WAYPOINTS))
    corner = rng.integers(_CORNERS, size=shape)
    home = place.centre[spot][:, :, None, :]
    # A random point of a triangle of centre and edge, so that waypoints follow the shape of the hot spot.
    first, second = place.corners[spot[..., None], corner], place.corners[spot[..., None], (corner + 1) % _CORNERS]
    along, out = rng.uniform(size=shape)[..., None], np.sqrt(rng.uniform(size=shape))[..., None] * style.reach
    xy = home + out * ((1 - along) * first + along * second - home)
    angle, far = rng.uniform(0, 2 * np.pi, shape), rng.uniform(120, 330, shape)
    away = np.stack((np.cos(angle), np.sin(angle)), axis=-1)
    xy = np.where((kind == _STREET)[..., None, None], home + away * far[..., None], xy)
    xy = np.where((kind == _RESPONSE)[..., None, None], home + away * (far * 3)[..., None], xy)
    xy = np.where((kind == _BREAK)[..., None, None], base[:, None, None, :], xy)
    used = np.minimum(np.arange(_WAYPOINTS), stops[..., None] - 1)
    active = np.arange(_WAYPOINTS) < stops[..., None]
    return np.take_along_axis(xy, used[..., None], axis=2), active


def _stands(rng: np.random.Generator, kind: Int64s, active: Bools, style: Style) -> tuple[Floats, Bools]:
    """Seconds stood at each waypoint and whether indoors, (paths, episodes, waypoints)."""
    stands = rng.uniform(size=active.shape) < style.stand_share
    indoors = stands & (rng.uniform(size=active.shape) < style.indoor_share)
    stand_s = np.where(indoors, style.indoor_s, style.stand_s) * rng.gamma(2, 0.5, active.shape) * stands
    incident = (kind == _RESPONSE)[..., None]
    stand_s = np.where(incident, 420 * rng.gamma(1.5, 1 / 1.5, active.shape), stand_s)
    rest = (kind == _BREAK)[..., None]
    stand_s = np.where(rest, rng.uniform(900, 2400, active.shape), stand_s)
    return stand_s * active, (indoors | rest) & active


def _timed(
    xy: Floats, stand_s: Floats, indoors: Bools, speed: Floats, base: Floats, length_ms: float, style: Style
) -> Paths:
    """Arrival and departure at each waypoint; from the first that cannot be finished in time, back to base."""
    before = np.concatenate((base[:, None, :], xy[:, :-1]), axis=1)
    distance = np.hypot(*np.moveaxis(xy - before, -1, 0))
    pace = np.where(distance > 600, np.maximum(speed, style.drive_mps), speed)
    leave_ms = np.round(np.cumsum(distance / pace + stand_s, axis=1) * 1000)
    done = leave_ms < length_ms - 900_000
    xy = np.where(done[..., None], xy, base[:, None, :])
    arrive_ms = np.round(leave_ms - stand_s * 1000)
    # The way back: drive it, then stand at base until the end.
    back = ~done & np.concatenate((np.ones((len(xy), 1), np.bool_), done[:, :-1]), axis=1)
    last_ms = np.where(done, leave_ms, 0).max(axis=1)
    way_ms = np.round(np.hypot(*np.moveaxis(base - _last(xy, done, base), -1, 0)) / style.drive_mps * 1000)
    arrive_ms = np.where(back, (last_ms + way_ms)[:, None], np.where(done, arrive_ms, length_ms))
    leave_ms = np.where(done, leave_ms, length_ms)
    count = len(xy)
    t = np.stack((arrive_ms, leave_ms), axis=2).reshape(count, -1)
    t = np.minimum(np.concatenate((np.zeros((count, 1)), t, np.full((count, 1), length_ms)), axis=1), length_ms)
    twice = np.repeat(xy, 2, axis=1)
    all_xy = np.concatenate((base[:, None, :], twice, base[:, None, :]), axis=1)
    during = np.zeros((count, t.shape[1] - 1), np.bool_)
    during[:, 1:-1:2] = indoors & done
    return Paths(t, all_xy[..., 0], all_xy[..., 1], during)


def _last(xy: Floats, done: Bools, base: Floats) -> Floats:
    """Where each path is when its last finished waypoint is left; the base if there was none."""
    count = done.sum(axis=1)
    return np.where((count > 0)[:, None], xy[np.arange(len(xy)), np.maximum(count - 1, 0)], base)


def true_minutes(place: Town, walked: Paths, start_ms: Int64s) -> tuple[Int64s, Int64s, Int64s, Floats]:
    """Minutes inside by path, polygon and local day, exactly: arrays (path, polygon, day, minutes).

    start_ms : UTC milliseconds at which each path begins.
    """
    t = start_ms[:, None] + walked.t_ms
    rows, columns = np.nonzero(np.diff(t, axis=1) > 0)
    t_from, t_to = t[rows, columns], t[rows, columns + 1]
    which, cut_from, cut_to = split_at_midnight(t_from, t_to)
    share = (np.stack((cut_from, cut_to)) - t_from[which]) / (t_to - t_from)[which]
    path, column = rows[which], columns[which]
    x = walked.x[path, column] + share * (walked.x[path, column + 1] - walked.x[path, column])
    y = walked.y[path, column] + share * (walked.y[path, column + 1] - walked.y[path, column])
    leg, polygon, inside = _shares_inside(place, x, y)
    minutes = inside * (cut_to - cut_from)[leg] / 60_000
    key = np.stack((path[leg], polygon, day_numbers(cut_from)[leg]))[:, minutes > 0]
    found, row = np.unique(key, axis=1, return_inverse=True)
    total = np.bincount(row.ravel(), weights=minutes[minutes > 0], minlength=found.shape[1])
    return found[0], found[1], found[2], np.asarray(total, dtype=np.float64)


def _shares_inside(place: Town, x: Floats, y: Floats) -> tuple[Int64s, Int64s, Floats]:
    """Legs with x, y of shape (2, n): (leg, polygon, share of the leg inside) for each pair that may meet.

    Every corner test is even-odd, so along the sorted crossings of a leg inside and outside alternate.
    """
    boxes = shapely.box(x.min(axis=0), y.min(axis=0), x.max(axis=0), y.max(axis=0))
    leg, polygon = shapely.STRtree(shapely.polygons(place.corners)).query(boxes)
    shares = [_share(place.corners[p], x[:, n], y[:, n]) for n, p in _blocks(leg, polygon)]
    return leg, polygon, np.concatenate(shares) if shares else np.empty(0)


def _blocks(leg: Int64s, polygon: Int64s) -> list[tuple[Int64s, Int64s]]:
    parts = max(1, len(leg) // 50_000)
    return list(zip(np.array_split(leg, parts), np.array_split(polygon, parts), strict=True))


def _share(corners: Floats, x: Floats, y: Floats) -> Floats:
    ends = np.roll(corners, -1, axis=1)
    (ax, ay), (bx, by) = np.moveaxis(corners, -1, 0), np.moveaxis(ends, -1, 0)
    px, py = x[0][:, None], y[0][:, None]
    dx, dy = x[1][:, None] - px, y[1][:, None] - py
    spans = (ay > py) != (by > py)
    with np.errstate(divide="ignore", invalid="ignore"):
        starts_inside = (spans & (px < ax + (py - ay) / (by - ay) * (bx - ax))).sum(axis=1) % 2 == 1
        cross = dx * (by - ay) - dy * (bx - ax)
        s = ((ax - px) * (by - ay) - (ay - py) * (bx - ax)) / cross
        u = ((ax - px) * dy - (ay - py) * dx) / cross
        s = np.sort(np.where((s > 0) & (s < 1) & (u >= 0) & (u < 1), s, 1.0), axis=1)
    outside_first = (s[:, 1::2] - s[:, 0::2]).sum(axis=1)
    return cast(Floats, np.where(starts_inside, 1 - outside_first, outside_first))
