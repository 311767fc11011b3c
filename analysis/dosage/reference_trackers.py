"""What each tracker did on each local day, the simple version: what the quick ``trackers`` is tested against."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.local_days import day_numbers, split_at_midnight
from analysis.dosage.reference import MS_PER_MINUTE, Floats, Intervals, Ints, Pings, Rules, tidy
from analysis.dosage.trackers import TrackerDays

Key: TypeAlias = tuple[int, int, int]  # device, team, day
Totals: TypeAlias = dict[Key, list[float]]  # pings, tracked, inside and gap minutes


def tracker_days(pings: Pings, intervals: Intervals, rules: Rules | None = None) -> TrackerDays:
    """Pings, tracked, inside and gap minutes of each device and local day.

    Tracked: time between pings at most ``gap_s`` apart. Gap: silences from there up to ``off_duty_s``. Inside:
    union over polygons, so overlapping polygons are not counted twice. The median interval is over silences
    up to ``off_duty_s`` and belongs to the day of the earlier ping; a day with time but no ping has 0 pings.
    """
    rules = rules or Rules()
    found, _ = tidy(pings)
    step = np.diff(found.t_utc_ms)
    same = (np.diff(found.device) == 0) & (np.diff(found.team) == 0)
    on_duty = same & (step <= rules.off_duty_s * 1000)
    tracked = on_duty & (step <= rules.gap_s * 1000)
    day = day_numbers(found.t_utc_ms)
    totals: Totals = {}
    unit = np.column_stack((found.device, found.team))
    _add(totals, 0, unit, day, np.ones(len(found)))
    for column, rows in ((1, np.flatnonzero(tracked)), (3, np.flatnonzero(on_duty & ~tracked))):
        which, t_from, t_to = split_at_midnight(
            found.t_utc_ms[rows].astype(np.float64), found.t_utc_ms[rows + 1].astype(np.float64)
        )
        _add(totals, column, unit[rows[which]], day_numbers(t_from), (t_to - t_from) / MS_PER_MINUTE)
    for key, minutes in _union_minutes(intervals):
        totals.setdefault(key, [0.0] * 4)[2] += minutes
    return _tracker_table(totals, _medians(unit[:-1], day[:-1], step / 1000.0, on_duty))


def _add(totals: Totals, column: int, unit: Ints, day: Ints, amount: Floats) -> None:
    """Add ``amount`` by (device, team, day) into ``column`` of the totals."""
    keys, inverse = np.unique(np.column_stack((unit, day)), axis=0, return_inverse=True)
    sums = np.bincount(inverse.ravel(), weights=amount, minlength=len(keys))
    for (device, team, number), value in zip(keys.tolist(), sums.tolist(), strict=True):
        totals.setdefault((device, team, number), [0.0] * 4)[column] += value


def _union_minutes(intervals: Intervals) -> Iterator[tuple[Key, float]]:
    """Minutes inside any polygon by (device, team, day), as parts to be added up."""
    order = np.lexsort((intervals.t_in_ms, intervals.day, intervals.team, intervals.device))
    columns = (intervals.device, intervals.team, intervals.day, intervals.t_in_ms, intervals.t_out_ms)
    key: Key | None = None
    covered = 0.0
    for device, team, day, t_in, t_out in zip(*(c[order].tolist() for c in columns), strict=True):
        if key != (device, team, day):
            key, covered = (device, team, day), t_in
        yield (device, team, day), max(0.0, t_out - max(t_in, covered)) / MS_PER_MINUTE
        covered = max(covered, t_out)


def _medians(unit: Ints, day: Ints, step_s: Floats, on_duty: NDArray[np.bool_]) -> dict[Key, float]:
    keys = np.column_stack((unit, day))[on_duty]
    order = np.lexsort((keys[:, 2], keys[:, 1], keys[:, 0]))
    keys, steps = keys[order], step_s[on_duty][order]
    groups, first = np.unique(keys, axis=0, return_index=True)
    parts = np.split(steps, first[1:]) if len(groups) else []
    return {(d, t, n): float(np.median(part)) for (d, t, n), part in zip(groups.tolist(), parts, strict=True)}


def _tracker_table(totals: Totals, medians: dict[Key, float]) -> TrackerDays:
    keys = sorted(totals)
    table = np.array([totals[k] for k in keys], dtype=np.float64).reshape(-1, 4)
    device, team, day = np.array(keys, dtype=np.int64).reshape(-1, 3).T
    middle = np.array([medians.get(k, np.nan) for k in keys], dtype=np.float64)
    return TrackerDays(device, team, day, table[:, 0].astype(np.int64), table[:, 1], table[:, 2], table[:, 3], middle)
