"""From GPS pings to minutes in hot spots: the simple version, against which any faster one is tested.

The path between two pings of one device is taken to be straight (in longitude and latitude, which over the
seconds between pings is straight on the ground too) and walked at constant speed. Inside time is then exact:
for a segment from ``p(0)`` at time ``t0`` to ``p(1)`` at ``t1`` and a polygon ``A``,

    inside = (t1 - t0) * length{ s in [0, 1] : p(s) in A },

with the entry and exit at the roots ``s`` where the segment meets the boundary, holes and parts included.
A segment longer than the gap rule is not credited at all: nobody knows where the person was.

Source of the definitions: DOSAGE in the project's notes; College of Policing words (visit, patrol-minutes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon, Polygon

from analysis.dosage.local_days import day_numbers, split_at_midnight
from analysis.dosage.tables import BASE_GAP_S, DEGREE, ENDS_INSIDE, LONG_STEP, STARTS_INSIDE, TRACKED, Pieces, PingBatch

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Area: TypeAlias = "Polygon | MultiPolygon"

MS_PER_MINUTE = 60_000.0
# Pieces that meet at a ping are one interval; a thousandth of a millisecond absorbs rounding only.
_TOUCHING_MS = 1e-3
_CELLS_AT_ONCE = 2_000_000


@dataclass(frozen=True)
class Rules:
    """Every rule is a setting, in seconds.

    gap_s : a longer silence between two pings of a device is not credited and ends its interval.
    reentry_s : a team back within this time is on the same visit; the time away is not counted as minutes.
    min_dwell_s : a visit counts only with at least this much inside time; shorter ones are "passed through",
        their minutes still count.
    off_duty_s : a longer silence is the tracker being off, not a lost signal.
    """

    gap_s: float = 300.0
    reentry_s: float = 120.0
    min_dwell_s: float = 180.0
    off_duty_s: float = 10_800.0


@dataclass(frozen=True)
class Pings:
    """Positions, all arrays of shape (n,), in any order.

    device, team : integer codes; a device code belongs to one tracker. t_utc_ms : milliseconds since 1970, UTC.
    lon, lat : degrees, in the polygons' coordinates.
    """

    device: Ints
    team: Ints
    t_utc_ms: Ints
    lon: Floats
    lat: Floats

    def __post_init__(self) -> None:
        shapes = {np.shape(getattr(self, f.name)) for f in fields(self)}
        if len(shapes) != 1 or len(next(iter(shapes))) != 1:
            raise ValueError(f"Pings: five arrays of one shape (n,) are needed, found shapes {sorted(shapes)}.")
        if not (np.isfinite(self.lon).all() and np.isfinite(self.lat).all()):
            raise ValueError("Pings: a longitude or latitude is not a number; reject such rows when loading.")

    def __len__(self) -> int:
        return len(self.t_utc_ms)

    def take(self, rows: NDArray[Any]) -> Pings:
        return Pings(self.device[rows], self.team[rows], self.t_utc_ms[rows], self.lon[rows], self.lat[rows])


@dataclass(frozen=True)
class Intervals:
    """Runs of one device inside one polygon on one local day; arrays of shape (n,).

    polygon : position in the list given. day : days since 1970 of the Europe/London date.
    t_in_ms, t_out_ms : exact crossing times in UTC milliseconds (float).
    """

    device: Ints
    team: Ints
    polygon: Ints
    day: Ints
    t_in_ms: Floats
    t_out_ms: Floats

    @property
    def minutes(self) -> Floats:
        return (self.t_out_ms - self.t_in_ms) / MS_PER_MINUTE


@dataclass(frozen=True)
class Visits:
    """Stays of one team in one polygon on one local day; arrays of shape (n,).

    patrol_minutes : inside time of one or more of the team's devices (union). person_minutes : summed over
    devices. Both hold inside time only: an excursion bridged by ``reentry_s`` joins the visit but adds none.
    """

    team: Ints
    polygon: Ints
    day: Ints
    t_in_ms: Floats
    t_out_ms: Floats
    patrol_minutes: Floats
    person_minutes: Floats
    counts_as_visit: NDArray[np.bool_]


def tidy(pings: Pings) -> tuple[Pings, int]:
    """Pings in order of device and time, each (device, time) once, and how many repeats were left out.

    Of repeats at different positions the first by team, longitude and latitude is kept, so that the order of
    rows in a file never changes a result.
    """
    order = np.lexsort((pings.lat, pings.lon, pings.team, pings.t_utc_ms, pings.device))
    found = pings.take(order)
    repeated = np.zeros(len(found), dtype=np.bool_)
    repeated[1:] = (np.diff(found.device) == 0) & (np.diff(found.t_utc_ms) == 0)
    return found.take(~repeated), int(repeated.sum())


def in_degrees(batch: PingBatch) -> Pings:
    """The same pings in this module's float types."""
    device, team = batch.device.astype(np.int64), batch.team.astype(np.int64)
    return Pings(device, team, batch.t_ms, batch.lon_e7 / DEGREE, batch.lat_e7 / DEGREE)


def device_intervals(pings: Pings, polygons: Sequence[Area], rules: Rules | None = None) -> Intervals:
    """Times each device was inside each polygon, from exact crossings, split at local midnight.

    Parameters
    ----------
    pings : Pings, in any order; repeats are ignored.
    polygons : valid shapely polygons in the pings' coordinates; they may overlap. The boundary is inside.
    rules : the defaults if None.

    Returns
    -------
    Intervals ordered by device, polygon and time. Intervals of one device and polygon never overlap.

    Raises
    ------
    ValueError : a polygon is invalid or of another type.

    Examples
    --------
    >>> square = shapely.box(0, 0, 1, 1)
    >>> track = Pings(*(np.array(a) for a in ([7, 7], [1, 1], [0, 60_000], [-1.0, 1.0], [0.5, 0.5])))
    >>> device_intervals(track, [square]).minutes.round(6).tolist()
    [0.5]
    """
    rules = rules or Rules()
    _check(polygons)
    found, _ = tidy(pings)
    start = _credited_segments(found, rules)
    pieces = [_pieces(found, start, polygon, number) for number, polygon in enumerate(polygons)]
    if not pieces:
        return _interval_table(np.empty((0, 6)))
    return _interval_table(_by_day(_joined(np.vstack(pieces))))


def pieces_of(pings: Pings, polygons: Sequence[Area]) -> Pieces:
    """What a kernel is to find in the same pings: the pieces of every step, before any rule.

    Of the polygons given, hot spots and their bands alike. Arguments and errors as of ``device_intervals``.
    """
    _check(polygons)
    found, _ = tidy(pings)
    same = (np.diff(found.device) == 0) & (np.diff(found.team) == 0)
    long = same & (np.diff(found.t_utc_ms) > BASE_GAP_S * 1000)
    tracked, steps = np.flatnonzero(same & ~long), np.flatnonzero(long)
    parts = []
    for number, polygon in enumerate(polygons):
        parts.append(_piece_table(_joined(_pieces(found, tracked, polygon, number)), found, None, polygon))
        rows = _pieces(found, steps, polygon, number)
        # A step that begins and ends on the boundary with nothing inside between still has its row.
        bare = steps[~np.isin(steps, rows[:, 5])]
        ends = [shapely.intersects_xy(polygon, found.lon[bare + n], found.lat[bare + n]) for n in (0, 1)]
        bare = bare[ends[0] & ends[1]]
        t0 = found.t_utc_ms[bare]
        which = np.full(len(bare), number)
        more = np.column_stack((found.device[bare], found.team[bare], which, t0, t0, bare))
        rows = np.vstack((rows, more))
        parts.append(_piece_table(rows, found, rows[:, 5].astype(np.int64), polygon))
    pieces = Pieces.concatenate(parts)
    return pieces.take(np.lexsort((pieces.t_in_ms, pieces.polygon, pieces.device)))


def _piece_table(rows: Floats, found: Pings, step: Ints | None, polygon: Area) -> Pieces:
    device, team, number = rows[:, :3].astype(np.int32).T
    if step is None:
        kind = np.full(len(rows), TRACKED, np.int8)
        none = np.full(len(rows), np.nan)
        return Pieces(device, team, number, rows[:, 3], rows[:, 4], kind, none, none, np.zeros(len(rows), np.int8))
    starts, ends = (shapely.intersects_xy(polygon, found.lon[step + n], found.lat[step + n]) for n in (0, 1))
    bits = (STARTS_INSIDE * starts + ENDS_INSIDE * ends).astype(np.int8)
    t_from, t_to = (found.t_utc_ms[step + n].astype(np.float64) for n in (0, 1))
    return Pieces(
        device, team, number, rows[:, 3], rows[:, 4], np.full(len(rows), LONG_STEP, np.int8), t_from, t_to, bits
    )


def visits(intervals: Intervals, rules: Rules | None = None) -> Visits:
    """Join the intervals of a team's devices into visits and total their minutes.

    Two stretches with someone of the team inside are one visit when the time with nobody inside is at most
    ``reentry_s``. Days are kept apart: a stay over midnight is two visits. ``counts_as_visit`` asks for
    ``min_dwell_s`` of inside time.
    """
    rules = rules or Rules()
    keys = (intervals.t_out_ms, intervals.t_in_ms, intervals.day, intervals.polygon, intervals.team)
    order = np.lexsort(keys)
    columns = (intervals.team, intervals.polygon, intervals.day, intervals.t_in_ms, intervals.t_out_ms)
    stays: list[list[float]] = []
    for team, polygon, day, t_in, t_out in zip(*(c[order].tolist() for c in columns), strict=True):
        last = stays[-1] if stays else None
        if last is None or last[:3] != [team, polygon, day] or t_in - last[4] > rules.reentry_s * 1000:
            stays.append([team, polygon, day, t_in, t_out, t_out - t_in, t_out - t_in])
            continue
        last[5] += max(0.0, t_out - max(t_in, last[4]))
        last[6] += t_out - t_in
        last[4] = max(last[4], t_out)
    table = np.array(stays, dtype=np.float64).reshape(-1, 7)
    team_i, polygon_i, day_i = table[:, :3].astype(np.int64).T
    return Visits(
        team_i,
        polygon_i,
        day_i,
        table[:, 3],
        table[:, 4],
        table[:, 5] / MS_PER_MINUTE,
        table[:, 6] / MS_PER_MINUTE,
        table[:, 5] >= rules.min_dwell_s * 1000,
    )


def _check(polygons: Sequence[Area]) -> None:
    for number, polygon in enumerate(polygons):
        if not isinstance(polygon, Polygon | MultiPolygon):
            raise ValueError(f"polygons[{number}] is a {type(polygon).__name__}; a polygon is needed.")
        if not polygon.is_valid:
            raise ValueError(f"polygons[{number}] is not valid: {shapely.is_valid_reason(polygon)}.")


def _credited_segments(found: Pings, rules: Rules) -> Ints:
    """Index of the first ping of each segment within one device and team and no longer than the gap."""
    same = (np.diff(found.device) == 0) & (np.diff(found.team) == 0)
    return np.flatnonzero(same & (np.diff(found.t_utc_ms) <= rules.gap_s * 1000))


def _pieces(found: Pings, start: Ints, polygon: Area, number: int) -> Floats:
    """Rows (device, team, polygon, t_in, t_out, segment), one for each stretch of a segment inside ``polygon``."""
    x0, y0, x1, y1 = found.lon[start], found.lat[start], found.lon[start + 1], found.lat[start + 1]
    if polygon.is_empty:
        return np.empty((0, 6))
    west, south, east, north = polygon.bounds
    near = (np.minimum(x0, x1) <= east) & (np.maximum(x0, x1) >= west)
    near &= (np.minimum(y0, y1) <= north) & (np.maximum(y0, y1) >= south)
    start, ends = start[near], np.column_stack((x0, y0, x1, y1))[near]
    shapely.prepare(polygon)
    inside_0 = shapely.intersects_xy(polygon, ends[:, 0], ends[:, 1])
    inside_1 = shapely.intersects_xy(polygon, ends[:, 2], ends[:, 3])
    boundary = polygon.boundary
    shapely.prepare(boundary)
    # Both ends outside may still clip a corner, and both inside may leave in between: ask the boundary.
    crossing = shapely.intersects(boundary, shapely.linestrings(ends.reshape(-1, 2, 2))) | (inside_0 != inside_1)
    whole = np.flatnonzero(inside_0 & ~crossing)
    cut = np.flatnonzero(crossing)
    row, share_0, share_1 = _shares_inside(ends[cut], polygon)
    segment = start[np.concatenate((whole, cut[row]))]
    t0 = found.t_utc_ms[segment].astype(np.float64)
    step = found.t_utc_ms[segment + 1] - t0
    share_from = np.concatenate((np.zeros(len(whole)), share_0))
    share_to = np.concatenate((np.ones(len(whole)), share_1))
    return np.column_stack(
        (
            found.device[segment],
            found.team[segment],
            np.full(len(segment), number),
            t0 + share_from * step,
            t0 + share_to * step,
            segment,
        )
    )


def edges_of(polygon: Area) -> Floats:
    """Boundary edges as rows (x0, y0, x1, y1), outer rings and holes of every part."""
    rings = shapely.get_rings(shapely.get_parts(polygon))
    found = []
    for ring in rings:
        points = shapely.get_coordinates(ring)
        found.append(np.column_stack((points[:-1], points[1:])))
    return np.vstack(found)


def _shares_inside(ends: Floats, polygon: Area) -> tuple[Ints, Floats, Floats]:
    """For segments (n, 4): row and the shares [from, to] of the segment that lie inside, one per stretch."""
    edges = edges_of(polygon)
    rows: list[Ints] = []
    shares: list[Floats] = []
    size = max(1, _CELLS_AT_ONCE // len(edges))
    for first in range(0, len(ends), size):
        some = ends[first : first + size]
        cuts = _cuts(some, edges)
        middle = (cuts[:, :-1] + cuts[:, 1:]) / 2
        x = some[:, :1] + middle * (some[:, 2:3] - some[:, :1])
        y = some[:, 1:2] + middle * (some[:, 3:4] - some[:, 1:2])
        inside = shapely.intersects_xy(polygon, x, y) & (cuts[:, 1:] > cuts[:, :-1])
        row, column = np.nonzero(inside)
        rows.append(row + first)
        shares.append(np.column_stack((cuts[row, column], cuts[row, column + 1])))
    if not rows:
        return np.empty(0, np.int64), np.empty(0), np.empty(0)
    both = np.vstack(shares)
    return np.concatenate(rows), both[:, 0], both[:, 1]


def crossings_with_edges(ends: Floats, edges: Floats) -> tuple[Floats, NDArray[np.bool_]]:
    """Shares at which segments (n, 4) meet edges (m, 4), and whether they do; both of shape (n, m).

    Segment ``p + s d`` meets edge ``q + u e`` at ``s = (q - p) x e / (d x e)``. Parallel edges give no cut of
    their own: their neighbours cut at the shared corners.
    """
    p_x, p_y = ends[:, 0, None], ends[:, 1, None]
    d_x, d_y = ends[:, 2, None] - p_x, ends[:, 3, None] - p_y
    e_x, e_y = edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1]
    r_x, r_y = edges[:, 0] - p_x, edges[:, 1] - p_y
    cross = d_x * e_y - d_y * e_x
    with np.errstate(divide="ignore", invalid="ignore"):
        s = (r_x * e_y - r_y * e_x) / cross
        u = (r_x * d_y - r_y * d_x) / cross
        # A corner hit may fall a rounding error outside both its edges; a needless cut changes nothing.
        return s, (s > 0) & (s < 1) & (u >= -1e-9) & (u <= 1 + 1e-9)


def _cuts(ends: Floats, edges: Floats) -> Floats:
    """Shares of each segment (n, 4) where it meets an edge (m, 4), ascending, from 0 to 1; padded with 1."""
    s, meets = crossings_with_edges(ends, edges)
    s = np.sort(np.where(meets, s, 1.0), axis=1)
    most = int(meets.sum(axis=1).max(initial=0))
    return np.hstack((np.zeros((len(s), 1)), s[:, :most], np.ones((len(s), 1))))


def _joined(pieces: Floats) -> Floats:
    """Join pieces of one device and polygon that meet in time; ordered by device, polygon, time."""
    pieces = pieces[np.lexsort((pieces[:, 4], pieces[:, 3], pieces[:, 2], pieces[:, 1], pieces[:, 0]))]
    if not len(pieces):
        return pieces
    starts = np.ones(len(pieces), dtype=np.bool_)
    starts[1:] = (np.diff(pieces[:, :3], axis=0) != 0).any(axis=1) | (pieces[1:, 3] - pieces[:-1, 4] > _TOUCHING_MS)
    first = np.flatnonzero(starts)
    found = pieces[first].copy()
    found[:, 4] = pieces[np.append(first[1:], len(pieces)) - 1, 4]
    return found


def _by_day(rows: Floats) -> Floats:
    which, t_in, t_out = split_at_midnight(rows[:, 3], rows[:, 4])
    return np.column_stack((rows[which, :3], t_in, t_out))


def _interval_table(rows: Floats) -> Intervals:
    device, team, polygon = rows[:, :3].astype(np.int64).T
    return Intervals(device, team, polygon, day_numbers(rows[:, 3]), rows[:, 3], rows[:, 4])
