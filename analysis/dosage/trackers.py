"""What each tracker did on each local day: pings, tracked time, time inside, signal lost."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.counting import SEEN, check, on_duty, presence
from analysis.dosage.local_days import day_numbers, split_at_midnight
from analysis.dosage.rules import Rules
from analysis.dosage.spans import MS_PER_MINUTE, changes, cover, groups, totals
from analysis.dosage.tables import Floats, Int64s, Pieces, PingBatch


@dataclass(frozen=True)
class TrackerDays:
    """What one device did for one team on one local day; arrays of shape (n,), in that order.

    Minutes; ``median_interval_s`` is nan where a day has no two pings.
    """

    device: Int64s
    team: Int64s
    day: Int64s
    pings: Int64s
    tracked_minutes: Floats
    inside_minutes: Floats
    gap_minutes: Floats
    median_interval_s: Floats


def tracker_days(batch: PingBatch, pieces: Pieces, polygons: int, rules: Rules) -> TrackerDays:
    """Pings, tracked, inside and gap minutes of each device, team and local day.

    Tracked: time between pings at most ``gap_s`` apart. Gap: longer silences up to ``off_duty_s``. Inside: tracked
    time in any of the polygons, seen and not credited by a rule, so that it is part of the tracked time; polygons
    that overlap are not counted twice. Shifts do not matter: this is what the tracker did, not what counts.
    The median interval is over silences up to ``off_duty_s`` and belongs to the day of the earlier ping.

    Parameters: ``batch`` in any order, of whole devices; repeats of a device's millisecond count once. ``pieces`` of
    the same pings.
    """
    check(pieces, polygons, rules)
    batch = _tidy(batch)
    step_ms = np.diff(batch.t_ms)
    same = ~changes(batch.device, batch.team)[1:] if len(batch) else np.zeros(0, np.bool_)
    known = same & (step_ms <= rules.off_duty_s * 1000)
    tracked = known & (step_ms <= rules.gap_s * 1000)
    day = day_numbers(batch.t_ms)
    run = np.flatnonzero(changes(batch.device, batch.team, day))
    length = np.diff(np.append(run, len(batch)))
    pings = _Part(batch.device[run], batch.team[run], day[run], length.astype(np.float64))
    of_ping = np.repeat(np.arange(len(run)), length)
    of_run, goes_on = of_ping[:-1], of_ping[1:] == of_ping[:-1]
    parts = [pings, _inside(pieces, polygons, rules)]
    for chosen in (tracked, known & ~tracked):
        minutes = totals(of_run, np.where(chosen & goes_on, step_ms, 0) / MS_PER_MINUTE, len(run))
        parts += [replace(pings, amount=minutes), _over_midnight(batch, chosen & ~goes_on)]
    group, (device, team, days) = _grouped(parts)
    count, inside, *minutes_of = (totals(g, p.amount, len(days)) for g, p in zip(group, parts, strict=True))
    middle = np.full(len(days), np.nan)
    number, value = _medians(group[0][of_run][known], step_ms[known])
    middle[number] = value / 1000.0
    in_track, silent = minutes_of[0] + minutes_of[1], minutes_of[2] + minutes_of[3]
    return TrackerDays(device, team, days, count.astype(np.int64), in_track, inside, silent, middle)


@dataclass(frozen=True)
class _Part:
    """Amounts by device, team and day, to be added up."""

    device: NDArray[np.signedinteger[Any]]
    team: NDArray[np.signedinteger[Any]]
    day: Int64s
    amount: Floats


def _grouped(parts: list[_Part]) -> tuple[list[Int64s], tuple[Int64s, Int64s, Int64s]]:
    """Number the (device, team, day) of all parts: numbers part by part, and what each number stands for."""
    device, team, day = (
        np.concatenate([getattr(p, name).astype(np.int64) for p in parts]) for name in ("device", "team", "day")
    )
    group, keys = groups(device, team, day)
    ends = np.cumsum([len(p.day) for p in parts])[:-1]
    return np.split(group, ends), (device[keys], team[keys], day[keys])


def _tidy(batch: PingBatch) -> PingBatch:
    """Ordered by (device, t_ms), each once; of repeats the lowest team, longitude and latitude, as a kernel keeps."""
    ahead = (np.diff(batch.device) > 0) | ((np.diff(batch.device) == 0) & (np.diff(batch.t_ms) > 0))
    if ahead.all():
        return batch
    batch = batch.take(np.lexsort((batch.lat_e7, batch.lon_e7, batch.team, batch.t_ms, batch.device)))
    return batch.take(changes(batch.device, batch.t_ms))


def _over_midnight(batch: PingBatch, chosen: NDArray[np.bool_]) -> _Part:
    """Minutes of the chosen steps, by local day."""
    at = np.flatnonzero(chosen)
    which, t_from, t_to = split_at_midnight(batch.t_ms[at].astype(np.float64), batch.t_ms[at + 1].astype(np.float64))
    row = at[which]
    return _Part(batch.device[row], batch.team[row], day_numbers(t_from), (t_to - t_from) / MS_PER_MINUTE)


def _inside(pieces: Pieces, polygons: int, rules: Rules) -> _Part:
    found = presence(pieces.take(pieces.polygon < polygons), rules)
    found = on_duty(found.take(found.how == SEEN), Rules())
    day = day_numbers(found.t_from_ms)
    group, keys = groups(found.device, found.team, day)
    union = cover(group, found.t_from_ms, found.t_to_ms, np.zeros(len(group), np.int64), 1)
    row = keys[union.group]
    return _Part(found.device[row], found.team[row], day[row], union.length_ms / MS_PER_MINUTE)


def _medians(group: Int64s, step_ms: Int64s) -> tuple[Int64s, Floats]:
    """(group, median) of each group that has steps. One sort of whole numbers: sorting pairs takes ten times as long."""
    width = int(step_ms.max(initial=0)) + 1
    group, step_ms = np.divmod(np.sort(group * width + step_ms), width)
    first = np.flatnonzero(changes(group))
    size = np.diff(np.append(first, len(group)))
    return group[first], (step_ms[first + (size - 1) // 2] + step_ms[first + size // 2]) / 2
