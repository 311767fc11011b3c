"""Simulated patrols with the exact truth: what dosage is calibrated, tested and timed on.

Walkers visit hot spots, stroll and stand in and between them, go indoors, are called away by car, and take breaks.
Their trackers report every ``interval_s`` with a little jitter, with slowly varying error (3-6 m), a wander of 20 m
and more indoors, and silences. The truth comes from the path itself (:mod:`simulated_paths`), never from pings.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, timedelta

import numpy as np
from scipy.signal import lfilter
from shapely.geometry import Polygon

from analysis.dosage.local_days import midnight_ms
from analysis.dosage.simulated_paths import Bools, Paths, Style, Town, paths, to_degrees, town, true_minutes
from analysis.dosage.tables import DEGREE, Floats, Int32s, Int64s, PingBatch

FOOT = Style()
# The other styles are not used to set any constant: they are there to find out how far constants carry.
BRISK = Style(walk_mps=1.6, stops=3.0, stand_share=0.4, stand_s=60.0, indoor_share=0.1, response=0.14)
OUTREACH = Style(
    walk_mps=1.0, stops=7.0, stand_share=0.8, stand_s=200.0, indoor_share=0.4, indoor_s=600.0, response=0.0
)
CAR = Style(patrol=0.55, street=0.05, response=0.33, stops=2.0, stand_share=0.7, stand_s=240.0, indoor_share=0.05)
STYLES = {"foot": FOOT, "brisk": BRISK, "outreach": OUTREACH, "car": CAR}

_FIRST_DAY = date(2026, 6, 1)
_PINGS_AT_ONCE = 1_000_000
_NOISE_LASTS_S, _DRIFT_LASTS_S = 45.0, 150.0


@dataclass(frozen=True)
class Receiver:
    """How trackers err. noise_m : range of the error's standard deviation per axis, one value a device.

    drift_m : the same for the extra wander indoors. silences_per_hour, silence_s : how often the signal goes and
    for how long (median; long-tailed). jitter : of the ping times, as a share of the interval.
    """

    noise_m: tuple[float, float] = (3.0, 6.0)
    drift_m: tuple[float, float] = (15.0, 30.0)
    silences_per_hour: float = 0.5
    silence_s: float = 200.0
    jitter: float = 0.15


@dataclass(frozen=True)
class Truth:
    """True minutes by device, polygon and local day (days since 1970); arrays (n,). Devices of a team walk together."""

    device: Int32s
    team: Int32s
    polygon: Int32s
    day: Int32s
    minutes: Floats

    def by_team(self) -> Truth:
        """One row for each team, polygon and day: true patrol-minutes. ``device`` is the team's first."""
        key = np.stack((self.team, self.polygon, self.day))
        _, first = np.unique(key, axis=1, return_index=True)
        return Truth(*(getattr(self, f.name)[first] for f in fields(self)))


@dataclass(frozen=True)
class Walks:
    """batch : ordered by (device, t_ms). polygons : in degrees; polygon numbers of the truth are positions in it."""

    batch: PingBatch
    polygons: tuple[Polygon, ...]
    truth: Truth


def walks(
    seed: int,
    walkers: int = 20,
    *,
    days: int = 1,
    interval_s: float = 10.0,
    polygons: int = 7,
    pairs: float = 0.5,
    shift_hours: float = 8.0,
    style: Style = FOOT,
    receiver: Receiver | None = None,
) -> Walks:
    """Pings of ``walkers`` devices over ``days`` shifts each, with the truth.

    pairs : share of the devices that walk two to a team. interval_s : 1 to 300. The same arguments give the same
    walks. About 3,600 / interval_s pings an hour; 8 hours at 10 s are 2,900.

    Examples
    --------
    >>> found = walks(1, 2, interval_s=60)
    >>> len(found.polygons), bool(found.truth.minutes.sum() > 60)
    (7, True)
    """
    settings = (days, interval_s, polygons, pairs, shift_hours, style, receiver or Receiver())
    parts = list(_chunks(seed, walkers, *settings))
    return Walks(PingBatch.concatenate([p.batch for p in parts]), parts[0].polygons, _all([p.truth for p in parts]))


def stream(
    seed: int,
    walkers: int,
    *,
    days: int = 1,
    interval_s: float = 10.0,
    polygons: int = 7,
    pairs: float = 0.5,
    shift_hours: float = 8.0,
    style: Style = FOOT,
    receiver: Receiver | None = None,
) -> Iterator[Walks]:
    """The same walks in chunks of about a million pings, whole devices at a time: memory stays bounded."""
    return _chunks(seed, walkers, days, interval_s, polygons, pairs, shift_hours, style, receiver or Receiver())


def walkers_for(pings: int, *, days: int = 1, interval_s: float = 10.0, shift_hours: float = 8.0) -> int:
    """How many walkers send about ``pings`` pings (3% more than asked for, to make up for silences)."""
    return max(2, int(np.ceil(pings * 1.06 / (days * (shift_hours * 3600 / interval_s + 1)))))


def _chunks(
    seed: int, walkers: int, days: int, interval_s: float, polygons: int, pairs: float, shift_hours: float,
    style: Style, receiver: Receiver,
) -> Iterator[Walks]:  # fmt: skip
    if not (walkers >= 1 and days >= 1 and polygons >= 1 and 1 <= interval_s <= 300):
        raise ValueError("walks: at least one walker, day and polygon, and an interval of 1 to 300 seconds are needed.")
    place = town(np.random.default_rng([seed, 0]), polygons)
    ticks = int(shift_hours * 3600 / interval_s)
    paired = 2 * int(pairs * walkers / 2)
    at_once = max(2, _PINGS_AT_ONCE // (ticks * days) // 2 * 2)
    for first in range(0, walkers, at_once):
        rng = np.random.default_rng([seed, 1 + first])
        device = np.arange(first, min(walkers, first + at_once))
        team = np.where(device < paired, device // 2, device - paired // 2)
        yield _chunk(rng, place, device, team, days, interval_s, ticks, style, receiver)


def _chunk(
    rng: np.random.Generator, place: Town, device: Int64s, team: Int64s, days: int, interval_s: float, ticks: int,
    style: Style, receiver: Receiver,
) -> Walks:  # fmt: skip
    """Tracks are (device, day); those of one team and day share a path."""
    teams, of_team = np.unique(team, return_inverse=True)
    beats = np.repeat(rng.integers(len(place.centre), size=len(teams)), days)
    length_ms = ticks * interval_s * 1000
    walked = paths(rng, place, beats, length_ms, style)
    midnight = np.array([midnight_ms(_FIRST_DAY + timedelta(days=n)) for n in range(days)], dtype=np.int64)
    start = np.tile(midnight, len(teams)) + rng.integers(7 * 3600, 20 * 3600, size=len(beats)) * 1000
    path = (of_team[:, None] * days + np.arange(days)).ravel()
    batch = _pings(
        rng, walked, start, path, np.repeat(device, days), np.repeat(team, days), interval_s, ticks, receiver
    )
    in_path, polygon, day, minutes = true_minutes(place, walked, start)
    return Walks(batch, place.polygons, _truth(in_path // days, polygon, day, minutes, of_team, device, team))


def _truth(
    row: Int64s, polygon: Int64s, day: Int64s, minutes: Floats, of_team: Int64s, device: Int64s, team: Int64s
) -> Truth:
    """The truth of a team, given to each of its devices."""
    same = of_team[:, None] == row[None, :]
    who, what = np.nonzero(same)
    d, t, p, n = (c.astype(np.int32) for c in (device[who], team[who], polygon[what], day[what]))
    return Truth(d, t, p, n, minutes[what])


def _pings(
    rng: np.random.Generator, walked: Paths, start: Int64s, path: Int64s, device: Int64s, team: Int64s,
    interval_s: float, ticks: int, receiver: Receiver,
) -> PingBatch:  # fmt: skip
    shape = (len(path), ticks + 1)
    t = np.arange(ticks + 1) * (interval_s * 1000.0) + np.zeros((len(path), 1))
    # The first and the last ping keep their time: the truth is that of the time between them.
    t[:, 1:-1] += rng.uniform(-1, 1, (len(path), ticks - 1)) * (min(receiver.jitter, 0.45) * interval_s * 1000)
    t = np.round(t)
    leg = _legs(walked.t_ms[path], t)
    rows = path[:, None]
    from_ms, to_ms = walked.t_ms[rows, leg], walked.t_ms[rows, leg + 1]
    share = (t - from_ms) / np.maximum(to_ms - from_ms, 1.0)
    inside = walked.indoors[rows, leg]
    kept = _heard(rng, shape, interval_s, receiver)
    e7 = []
    for axis, (true, origin) in enumerate(((walked.x, 0), (walked.y, 1))):
        metres = true[rows, leg] + share * (true[rows, leg + 1] - true[rows, leg])
        metres += _error(rng, shape, interval_s, _NOISE_LASTS_S, receiver.noise_m)
        metres += _error(rng, shape, interval_s, _DRIFT_LASTS_S, receiver.drift_m) * inside
        plane = np.zeros((*shape, 2))
        plane[..., axis] = metres
        e7.append(np.rint(to_degrees(plane)[..., origin] * DEGREE).astype(np.int32)[kept])
    counts = kept.sum(axis=1)
    t_ms = (start[path][:, None] + t.astype(np.int64))[kept]
    return PingBatch(np.repeat(device, counts).astype(np.int32), np.repeat(team, counts).astype(np.int32), t_ms, *e7)


def _legs(knots: Floats, t: Floats) -> Int64s:
    """For times (tracks, pings), the leg of ``knots`` (tracks, legs + 1) each falls in; both ascend along a row."""
    found = np.empty(t.shape, np.int64)
    for row in range(len(t)):
        found[row] = np.searchsorted(knots[row], t[row], side="right") - 1
    return np.clip(found, 0, knots.shape[1] - 2)


def _error(
    rng: np.random.Generator, shape: tuple[int, int], interval_s: float, lasts_s: float, spread_m: tuple[float, float]
) -> Floats:
    """First-order autoregressive error in metres; correlation falls to 1/e in ``lasts_s``."""
    keep = float(np.exp(-interval_s / lasts_s))
    shock = rng.standard_normal(shape, dtype=np.float32) * np.float32(np.sqrt(1 - keep * keep))
    shock[:, 0] /= np.float32(np.sqrt(1 - keep * keep))
    spread = rng.uniform(*spread_m, (shape[0], 1))
    return np.asarray(lfilter([1.0], [1.0, -keep], shock, axis=1) * spread, dtype=np.float64)


def _heard(rng: np.random.Generator, shape: tuple[int, int], interval_s: float, receiver: Receiver) -> Bools:
    """Which pings arrive: all but those in silences. The first and last of a track always do."""
    tracks, pings = shape
    hours = pings * interval_s / 3600
    count = rng.poisson(receiver.silences_per_hour * hours, tracks)
    row = np.repeat(np.arange(tracks), count)
    begin = rng.integers(1, max(2, pings - 1), len(row))
    last = np.ceil(receiver.silence_s * np.exp(rng.normal(0, 0.9, len(row))) / interval_s).astype(np.int64)
    edge = np.zeros((tracks, pings + 1), np.int32)
    np.add.at(edge, (row, begin), 1)
    np.add.at(edge, (row, np.minimum(begin + last, pings - 1)), -1)
    heard = np.asarray(np.cumsum(edge[:, :-1], axis=1) == 0)
    heard[:, [0, -1]] = True
    return heard


def _all(parts: list[Truth]) -> Truth:
    return Truth(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Truth)))
