"""GPS pings of every shift: a walk through the day's visits, with the noise and gaps real trackers have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache

import numpy as np
from scipy.signal import lfilter

from demo.calendar import stream
from demo.places import BASES, METRES_PER_DEGREE_LAT, METRES_PER_DEGREE_LON, points_in, polygons
from demo.schedule import WALK_M_PER_MINUTE, Shift
from domain.periods import LONDON

ORIGIN = (-1.1315, 52.6355)
INTERVAL_S = {"outreach": 30, "police-dedicated": 60, "police-overtime": 60}
NOISE_M = {"outreach": (3.5, 5.5), "police-dedicated": (4.0, 6.5), "police-overtime": (4.0, 6.5)}
GAPS_A_SHIFT = {"outreach": 1.6, "police-dedicated": 1.2, "police-overtime": 1.0}
ONE_TRACKER_FAILS = 0.03
# From the boundary to where a patrol first stands, minutes: part of the visit, walked on the way in and out.
EDGE = 1.3


@dataclass(frozen=True)
class Track:
    """Pings of one device on one shift: UTC seconds and degrees as the file has them."""

    provider: str
    team: str
    device: str
    t_utc_s: np.ndarray
    lon: np.ndarray
    lat: np.ndarray


def _metres(lon_lat: tuple[float, float] | np.ndarray) -> np.ndarray:
    return (np.asarray(lon_lat) - ORIGIN) * (METRES_PER_DEGREE_LON, METRES_PER_DEGREE_LAT)


@cache
def _standing_points(seed: int) -> tuple[np.ndarray, ...]:
    """Points of each hot spot where a patrol walks and stands, in metres from the origin."""
    rng = stream(seed, "standing points")
    return tuple(_metres(points_in(p, 300, rng, 9.0)) for p in polygons())


def _walk_inside(points: np.ndarray, start: float, minutes: float, rng: np.random.Generator) -> list[tuple]:
    """Way points (minute, x, y): a stroll of some three minutes a stretch, standing for part of each."""
    stops = max(2, round(minutes / 3.0))
    chosen = points[rng.integers(len(points), size=stops)]
    leave = start + np.sort(np.append(rng.uniform(0, minutes, stops - 1), minutes))
    path = []
    for (x, y), since, until in zip(chosen, np.append(start, leave[:-1]), leave, strict=True):
        path += [(since + 0.5 * (until - since), x, y), (until, x, y)]
    path[0] = (start, *path[0][1:])
    return path


def _way(shift: Shift, points: tuple[np.ndarray, ...], rng: np.random.Generator) -> np.ndarray:
    """The team's way through its shift, rows (minute of the day, x, y)."""
    base = tuple(_metres(BASES[shift.provider]))
    way: list[tuple] = [(shift.start, *base)]
    for visit in shift.visits:
        if not visit.minutes:
            continue
        inside = _walk_inside(points[visit.place], visit.start + EDGE, max(1.0, visit.minutes - 2 * EDGE), rng)
        spare = visit.start - way[-1][0]
        there = 1.3 * np.hypot(*np.subtract(base, inside[0][1:])) / WALK_M_PER_MINUTE
        back = 1.3 * np.hypot(*np.subtract(base, way[-1][1:])) / WALK_M_PER_MINUTE
        if spare > there + back + 2:  # time to go by the base: the start, a break, an abstracted visit
            way += [(way[-1][0] + back, *base), (visit.start - there, *base)]
        way += inside
    back = 1.3 * np.hypot(*np.subtract(base, way[-1][1:])) / WALK_M_PER_MINUTE
    way += [(way[-1][0] + back, *base), (max(shift.end, way[-1][0] + back + 1), *base)]
    return np.array(way, float)


def _wander(count: int, spread_m: float, memory: float, rng: np.random.Generator) -> np.ndarray:
    """Noise (count, 2) that forgets slowly: one fix is off in the same direction as the one before."""
    white = rng.normal(0, spread_m * np.sqrt(1 - memory**2), (count, 2))
    white[:1] *= 1 / np.sqrt(1 - memory**2)
    return lfilter([1.0], [1.0, -memory], white, axis=0)


def _fix_times(shift: Shift, rng: np.random.Generator) -> np.ndarray:
    """Seconds from local midnight of each fix, with lost signal taken out."""
    step = INTERVAL_S[shift.provider]
    first = shift.start * 60 + rng.integers(0, 4 * step)
    count = int((shift.end * 60 - first) // step)
    at = first + step * np.arange(count) + rng.integers(-2, 3, count)
    keep = rng.random(count) > 0.01
    for _ in range(rng.poisson(GAPS_A_SHIFT[shift.provider])):
        since = rng.uniform(first, shift.end * 60)
        keep &= (at < since) | (at > since + np.clip(rng.exponential(5.0), 1, 32) * 60)
    return at[keep]


def _fixes(shift: Shift, way: np.ndarray, apart_m: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    at = _fix_times(shift, rng)
    position = np.column_stack([np.interp(at / 60, way[:, 0], way[:, i]) for i in (1, 2)])
    position += _wander(len(at), rng.uniform(*NOISE_M[shift.provider]), 0.75, rng)
    if apart_m:  # the second of a pair walks beside the first
        position += _wander(len(at), apart_m, 0.95, rng)
    drift = np.zeros(len(at), bool)  # indoors, between tall buildings
    for _ in range(rng.poisson(1.5)):
        since = rng.uniform(shift.start, shift.end) * 60
        drift |= (at > since) & (at < since + rng.uniform(3, 8) * 60)
    position += drift[:, None] * _wander(len(at), 22.0, 0.85, rng)
    return at, position


def tracks(seed: int, shifts: list[Shift]) -> Iterator[Track]:
    """Every device's pings of every shift that took place with a working tracker, in order of shifts."""
    rng, points = stream(seed, "tracks"), _standing_points(seed)
    for shift in shifts:
        if shift.lost or shift.tracker_failed:
            continue
        way = _way(shift, points, rng)
        # UTC of the shift's first minute; no shift runs through the hour of a clock change.
        begin = datetime.combine(shift.day, time(), LONDON) + timedelta(minutes=shift.start)
        offset = int(begin.timestamp()) - round(shift.start * 60)
        working = [n for n in range(len(shift.devices)) if n == 0 or rng.random() > ONE_TRACKER_FAILS]
        for number in working:
            at, position = _fixes(shift, way, 5.0 * number, rng)
            degrees = ORIGIN + position / (METRES_PER_DEGREE_LON, METRES_PER_DEGREE_LAT)
            lon, lat = np.round(degrees, 6).T
            yield Track(shift.provider, shift.team, shift.devices[number], offset + at.astype(np.int64), lon, lat)
