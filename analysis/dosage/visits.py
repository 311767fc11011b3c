"""From counted stays of devices to visits and minutes of teams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.dosage.counting import (
    BRIDGED,
    SEEN,
    SILENT,
    Spans,
    Stays,
    check,
    credited_silences,
    joined,
    on_duty,
    presence,
    spans_of,
)  # fmt: skip
from analysis.dosage.local_days import day_numbers
from analysis.dosage.rules import Rules
from analysis.dosage.spans import (
    MS_PER_MINUTE,
    TOUCHING_MS,
    Bools,
    Cover,
    changes,
    clip,
    cover,
    groups,
    outside,
    totals,
)
from analysis.dosage.tables import LONG_STEP, Floats, Int64s, Pieces


@dataclass(frozen=True)
class Visits:
    """Visits of one team to one polygon on one local day; arrays of shape (n,), by (team, polygon, day, t_in).

    patrol_minutes : with one or more of the team's devices counted there (union). person_minutes : summed over them.
    bridged_minutes, silent_minutes : of the patrol-minutes, those that rest on a credited excursion or silence alone,
        no device of the team having been seen inside.
    counts_as_visit : at least the minimum dwell; shorter ones are "passed through". A stay over midnight is a visit
        on each day, each with its own dwell.
    """

    team: Int64s
    polygon: Int64s
    day: Int64s
    t_in_ms: Floats
    t_out_ms: Floats
    patrol_minutes: Floats
    person_minutes: Floats
    bridged_minutes: Floats
    silent_minutes: Floats
    counts_as_visit: Bools

    def __len__(self) -> int:
        return len(self.t_in_ms)


@dataclass(frozen=True)
class DayMinutes:
    """Minutes of one team in one polygon on one local day; arrays of shape (n,), in that order."""

    team: Int64s
    polygon: Int64s
    day: Int64s
    patrol_minutes: Floats
    person_minutes: Floats


@dataclass(frozen=True)
class DayExtras:
    """What just missed counting, of one team, polygon and local day; arrays of shape (n,), in that order.

    near_minutes : someone of the team within the band around the polygon, in no hot spot, and no one counted inside.
    uncredited_silence_minutes : a tracker of the team silent, having gone silent or come back inside the polygon,
        the silence neither credited nor so long that the tracker was off, and no one counted inside.
    """

    team: Int64s
    polygon: Int64s
    day: Int64s
    near_minutes: Floats
    uncredited_silence_minutes: Floats


def visits(stays: Stays, rules: Rules) -> Visits:
    """Join the stays of a team's devices into visits.

    Time with nobody there of at most ``reentry_s`` parts no visit (one of a pair leaves, the other comes), but adds
    no minutes: what an excursion is credited with was settled by ``count``. Days are kept apart.
    """
    found, keys = _team_presence(stays)
    new = changes(found.group)
    new[1:] |= found.t_from_ms[1:] - found.t_to_ms[:-1] > rules.reentry_s * 1000 + TOUCHING_MS
    first = np.flatnonzero(new)
    last = np.append(first[1:], len(new))[: len(first)] - 1
    visit = np.cumsum(new) - 1
    minutes = found.length_ms / MS_PER_MINUTE

    seen, silent = found.layers[SEEN] > 0, found.layers[SILENT] > 0
    patrol = totals(visit, minutes, len(first))
    row = keys[found.group[first]]
    return Visits(
        stays.team[row], stays.polygon[row], stays.day[row], found.t_from_ms[first], found.t_to_ms[last],
        patrol, totals(visit, minutes * found.layers.sum(axis=0), len(first)),
        totals(visit, np.where(seen | silent, 0.0, minutes), len(first)),
        totals(visit, np.where(silent & ~seen, minutes, 0.0), len(first)),
        # A thousandth of a millisecond below the rule is the rule: crossing times are rounded.
        patrol * MS_PER_MINUTE >= rules.min_dwell_s * 1000 - TOUCHING_MS,
    )  # fmt: skip


def day_minutes(stays: Stays) -> DayMinutes:
    """Patrol- and person-minutes of each team, polygon and local day, passing through included."""
    found, keys = _team_presence(stays)
    minutes = found.length_ms / MS_PER_MINUTE
    patrol = totals(found.group, minutes, len(keys))
    person = totals(found.group, minutes * found.layers.sum(axis=0), len(keys))
    return DayMinutes(stays.team[keys], stays.polygon[keys], stays.day[keys], patrol, person)


def _team_presence(stays: Stays) -> tuple[Cover, Int64s]:
    """How the team is known to be there, moment by moment, by (team, polygon, day), and one stay of each group."""
    group, keys = groups(stays.team, stays.polygon, stays.day)
    p = stays.parts
    return cover(group[p.stay], p.t_from_ms, p.t_to_ms, p.how, BRIDGED + 1), keys


def day_extras(pieces: Pieces, polygons: int, stays: Stays, rules: Rules) -> DayExtras:
    """Minutes near and minutes of silence that ``count(pieces, polygons, rules)``, given as ``stays``, left out.

    Both are patrol-minutes (union over the team's devices), cut at midnight and clipped to the shifts as stays are.
    """
    check(pieces, polygons, rules)
    near = _in_no_hot_spot(_near(pieces, polygons, rules), stays)
    silent = on_duty(_silences(pieces, polygons, rules), rules)
    layers = (stays.t_in_ms, stays.t_out_ms), (near.t_from_ms, near.t_to_ms), (silent.t_from_ms, silent.t_to_ms)
    columns = [np.concatenate([getattr(s, name) for s in (stays, near, silent)]) for name in ("team", "polygon")]
    day = np.concatenate((stays.day, day_numbers(near.t_from_ms), day_numbers(silent.t_from_ms)))
    group, keys = groups(*columns, day)
    layer = np.repeat(np.arange(3), [len(a) for a, _ in layers])
    t_from, t_to = (np.concatenate([ends[n] for ends in layers]) for n in (0, 1))
    found = cover(group, t_from, t_to, layer, 3)
    free = np.where(found.layers[0] > 0, 0.0, found.length_ms / MS_PER_MINUTE)
    near_min, silent_min = (totals(found.group, free * (found.layers[n] > 0), len(keys)) for n in (1, 2))
    some = (near_min > 0) | (silent_min > 0)
    row = keys[some]
    return DayExtras(columns[0][row], columns[1][row], day[row], near_min[some], silent_min[some])


def _near(pieces: Pieces, polygons: int, rules: Rules) -> Spans:
    """Seen in bands, as spans near their polygons; the polygons themselves included."""
    found = presence(pieces.take(pieces.polygon >= polygons), rules)
    found = found.take((found.how == SEEN) & (rules.band_m > 0))
    found = Spans(found.device, found.team, found.polygon - polygons, found.t_from_ms, found.t_to_ms, found.how)
    return on_duty(joined(found), rules)


def _in_no_hot_spot(near: Spans, stays: Stays) -> Spans:
    """Spans without the time at which the device itself was counted in any polygon."""
    device, keys = groups(np.concatenate((near.device, stays.device)))
    mine, theirs = device[: len(near)], device[len(near) :]
    return near.at(
        *clip(mine, near.t_from_ms, near.t_to_ms, *outside(theirs, stays.t_in_ms, stays.t_out_ms, len(keys)))
    )


def _silences(pieces: Pieces, polygons: int, rules: Rules) -> Spans:
    """Whole steps with an end in a polygon, too long to count there and too short for a tracker that was off."""
    step_ms = pieces.step_to_ms - pieces.step_from_ms
    chosen = (pieces.kind == LONG_STEP) & (pieces.polygon < polygons) & (pieces.ends > 0)
    chosen &= (step_ms > rules.gap_s * 1000) & (step_ms <= rules.off_duty_s * 1000)
    p = pieces.take(chosen & ~credited_silences(pieces, rules))
    return spans_of(p, p.step_from_ms, p.step_to_ms, np.full(len(p), SILENT))
