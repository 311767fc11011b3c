"""The rules as plain loops over one stretch at a time: what the quick ``counting`` and ``visits`` are tested against.

Written from the definitions, not from the quick version: nothing is shared but the tables, the rules and the local
calendar.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from analysis.dosage.local_days import clock_ms, date_of, midnight_ms
from analysis.dosage.rules import Rules
from analysis.dosage.tables import LONG_STEP, Pieces
from domain.periods import LONDON

MEETS_MS = 1e-3
SAME_MOMENT_MS = 1.0


@dataclass(frozen=True)
class Stretch:
    """One device in one polygon from one moment to another (UTC ms); how: "seen", "silent" or "bridged"."""

    device: int
    team: int
    polygon: int
    start: float
    end: float
    how: str = "seen"

    @property
    def length(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Stay:
    device: int
    team: int
    polygon: int
    day: int
    parts: tuple[Stretch, ...]

    @property
    def start(self) -> float:
        return self.parts[0].start

    @property
    def end(self) -> float:
        return self.parts[-1].end

    def length_of(self, how: str) -> float:
        return sum(p.length for p in self.parts if p.how == how)


@dataclass(frozen=True)
class Visit:
    team: int
    polygon: int
    day: int
    start: float
    end: float
    patrol_ms: float
    person_ms: float
    bridged_ms: float
    silent_ms: float
    counts: bool


def stays_by_loops(pieces: Pieces, polygons: int, rules: Rules) -> list[Stay]:
    """As ``counting.count``, ordered by (device, polygon, start)."""
    present = _present(pieces, rules)
    inside = [s for s in present if s.polygon < polygons]
    runs = _runs(inside)
    bands = [r for r in _runs(present) if r.polygon >= polygons]
    for one, other in pairwise(runs):
        away = replace(one, start=one.end, end=other.start, how="bridged")
        same = (one.device, one.team, one.polygon) == (other.device, other.team, other.polygon)
        if same and _bridged(away, bands, polygons, rules) and not _went_elsewhere(away, runs):
            inside.append(away)
    inside.sort(key=lambda s: (s.device, s.polygon, s.start))
    stays: list[Stay] = []
    for stretch in inside:
        for day, part in on_duty_by_loops(stretch, rules):
            last = stays[-1] if stays else None
            key = (part.device, part.team, part.polygon, day)
            if last and (last.device, last.team, last.polygon, last.day) == key and part.start - last.end <= MEETS_MS:
                stays[-1] = replace(last, parts=(*last.parts, part))
            else:
                stays.append(Stay(*key, (part,)))
    return stays


def visits_by_loops(stays: list[Stay], rules: Rules) -> list[Visit]:
    """As ``visits.visits``: every moment between two ends is looked at by itself."""
    found: list[Visit] = []
    for team, polygon, day in sorted({(s.team, s.polygon, s.day) for s in stays}):
        parts = [p for s in stays if (s.team, s.polygon, s.day) == (team, polygon, day) for p in s.parts]
        moments = sorted({t for p in parts for t in (p.start, p.end)})
        current: Visit | None = None
        for start, end in pairwise(moments):
            there = [p.how for p in parts if p.start <= start and p.end >= end]
            if not there:
                continue
            if current is None or start - current.end > rules.reentry_s * 1000 + MEETS_MS:
                if current:
                    found.append(current)
                current = Visit(team, polygon, day, start, start, 0.0, 0.0, 0.0, 0.0, False)
            length = end - start
            current = replace(
                current,
                end=end,
                patrol_ms=current.patrol_ms + length,
                person_ms=current.person_ms + length * len(there),
                bridged_ms=current.bridged_ms + length * (set(there) == {"bridged"}),
                silent_ms=current.silent_ms + length * ("silent" in there and "seen" not in there),
            )
        if current:
            found.append(current)
    return [replace(v, counts=v.patrol_ms >= rules.min_dwell_s * 1000 - MEETS_MS) for v in found]


def _present(pieces: Pieces, rules: Rules) -> list[Stretch]:
    """What each piece counts for by itself."""
    found: list[Stretch] = []
    for n in range(len(pieces)):
        key = (int(pieces.device[n]), int(pieces.team[n]), int(pieces.polygon[n]))
        start, end = float(pieces.t_in_ms[n]), float(pieces.t_out_ms[n])
        if pieces.kind[n] == LONG_STEP:
            step_from, step_to = float(pieces.step_from_ms[n]), float(pieces.step_to_ms[n])
            if step_to - step_from > rules.gap_s * 1000:
                if pieces.ends[n] != 3 or step_to - step_from > rules.gap_credit_s * 1000:
                    continue
                whole = Stretch(*key, step_from, step_to, "silent")
                if whole not in found:
                    found.append(whole)
                continue
        if end > start:
            found.append(Stretch(*key, start, end))
    return sorted(found, key=lambda s: (s.device, s.polygon, s.start))


def _runs(stretches: list[Stretch]) -> list[Stretch]:
    found: list[Stretch] = []
    for s in stretches:
        last = found[-1] if found else None
        same = last and (last.device, last.team, last.polygon) == (s.device, s.team, s.polygon)
        if last and same and s.start - last.end <= MEETS_MS:
            found[-1] = replace(last, end=s.end)
        else:
            found.append(replace(s, how="seen"))
    return found


def _bridged(away: Stretch, bands: list[Stretch], polygons: int, rules: Rules) -> bool:
    if rules.reentry_s > 0 and away.length <= rules.reentry_s * 1000 + MEETS_MS:
        return True
    return rules.band_m > 0 and any(
        (b.device, b.team, b.polygon - polygons) == (away.device, away.team, away.polygon)
        and b.start <= away.start + MEETS_MS
        and b.end >= away.end - MEETS_MS
        for b in bands
    )


def _went_elsewhere(away: Stretch, runs: list[Stretch]) -> bool:
    """A stay in another hot spot, or for another team, that began and ended within the excursion."""
    return any(
        r.device == away.device
        and (r.polygon, r.team) != (away.polygon, away.team)
        and r.length > 2 * SAME_MOMENT_MS
        and r.start >= away.start - SAME_MOMENT_MS
        and r.end <= away.end + SAME_MOMENT_MS
        for r in runs
    )


def on_duty_by_loops(stretch: Stretch, rules: Rules) -> Iterator[tuple[int, Stretch]]:
    """The stretch by local day and shift: (day number, part)."""
    first = datetime.fromtimestamp(stretch.start / 1000, UTC).astimezone(LONDON).date()
    last = datetime.fromtimestamp(stretch.end / 1000, UTC).astimezone(LONDON).date()
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        opens, closes = float(midnight_ms(day)), float(midnight_ms(day + timedelta(days=1)))
        for on, off in _shifts(first, last, rules) if rules.shifts else [(opens, closes)]:
            start, end = max(stretch.start, opens, on), min(stretch.end, closes, off)
            if end > start:
                yield (day - date_of(0)).days, replace(stretch, start=start, end=end)


def _shifts(first: date, last: date, rules: Rules) -> list[tuple[float, float]]:
    """Shift windows that touch the days from first to last, shifts that overlap as one."""
    found: list[tuple[float, float]] = []
    for n in range(-1, (last - first).days + 2):
        day = first + timedelta(days=n)
        for begins, ends in rules.shifts:
            until = day if ends > begins else day + timedelta(days=1)
            found.append((clock_ms(day, begins, last=False), clock_ms(until, ends, last=True)))
    merged: list[tuple[float, float]] = []
    for on, off in sorted(found):
        if merged and on <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(off, merged[-1][1]))
        else:
            merged.append((on, off))
    return merged
