"""Rules: from pieces of presence to the stays that count.

Only the pieces are read, never the pings, so that other rules are tried in the time it takes to sort the pieces.
The rules act in this order:

1. Steps up to ``gap_s`` count along the straight line between their two pings (the pieces themselves). A longer one
   up to ``gap_credit_s`` counts whole where it begins and ends in the same polygon; any other counts nothing.
2. Pieces of one device, team and polygon that meet in time become one.
3. An excursion, the time between two of them, is bridged and counts where it is no longer than ``reentry_s`` or never
   left the band around the polygon. Not bridged is an excursion on which the device came and went in another hot
   spot (or worked for another team): that time counts there, and no moment may count twice. A polygon that the
   device was in before or after the excursion as well overlaps this one, and takes nothing away.
4. Stays are cut at local midnight, then clipped to the shifts.

A rule of 0 is off.

Measured against the exact truth of ``simulation.walks`` (7 hot spots of about 200 m; 40 devices, 2 days, 5 seeds; by
style of patrol), bias of all person-minutes in per cent:

======== ======= ====== ====== ====== ====== ======= ==================================
style      5 s    10 s   30 s   60 s   120 s   300 s  PLAIN at 10 s
======== ======= ====== ====== ====== ====== ======= ==================================
foot      +0.8    0.0   -0.8   -1.6   -4.7   -28.1    -8.8
outreach  +1.3   +0.3   -0.6   -1.2   -2.0   -14.6   -10.4
brisk     +1.1   +0.7   -1.1   -4.0   -11.2  -54.8    -5.1
car       +4.7   +4.6   +3.2   +0.5   -5.6   -40.9    -3.8
======== ======= ====== ====== ====== ====== ======= ==================================

From a car, driving by within the band and coming back by the next street counts too much: halve the band. At 300 s
half of all steps are longer than a ``gap_s`` of 300 s: give such a tracker a gap of three intervals (foot -13.1,
outreach -5.5) or, better, the estimate of ``bridge``.

"A same-place silence is credited up to 15 minutes" could also mean that of a longer one the first 15 minutes count.
On foot at 10 s that moves the bias from -0.3 to -0.2, of outreach from 1.5 to 1.7 (3 seeds of 20 devices), less than
one seed from the next; so a longer silence, of which nobody knows most, counts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.local_days import day_numbers, shift_windows, split_at_midnight
from analysis.dosage.rules import Rules
from analysis.dosage.spans import TOUCHING_MS, Bools, changes, clip, places, totals
from analysis.dosage.tables import BASE_GAP_S, ENDS_INSIDE, LONG_STEP, STARTS_INSIDE, Floats, Int64s, Pieces

SEEN, SILENT, BRIDGED = 0, 1, 2
# Neighbours that share an edge are left and entered at one moment, reckoned twice; a stay of a few milliseconds
# elsewhere is that rounding and nothing more.
_SAME_MOMENT_MS = 1.0


@dataclass(frozen=True)
class Spans:
    """Stretches of one device in one polygon and how they are known; arrays of shape (n,), by (device, polygon, from).

    how : SEEN along the track, SILENT (a credited silence) or BRIDGED (a credited excursion).
    """

    device: Int64s
    team: Int64s
    polygon: Int64s
    t_from_ms: Floats
    t_to_ms: Floats
    how: Int64s

    def __len__(self) -> int:
        return len(self.t_from_ms)

    def take(self, rows: NDArray[Any]) -> Spans:
        return Spans(*(getattr(self, f.name)[rows] for f in fields(self)))

    def at(self, which: Int64s, t_from_ms: Floats, t_to_ms: Floats) -> Spans:
        """Parts of these spans: row ``which`` from one time to another."""
        found = self.take(which)
        return Spans(found.device, found.team, found.polygon, t_from_ms, t_to_ms, found.how)


@dataclass(frozen=True)
class Parts:
    """What stays are made of, end to end; arrays of shape (m,), ordered by (stay, from).

    stay : row of the stay. how : SEEN, SILENT or BRIDGED.
    """

    stay: Int64s
    t_from_ms: Floats
    t_to_ms: Floats
    how: Int64s


@dataclass(frozen=True)
class Stays:
    """Counted presence of one device in one polygon on one local day; arrays of shape (n,).

    Ordered by (device, polygon, t_in); stays of one device in one polygon never overlap.
    day : days since 1970 of the Europe/London date. t_in_ms, t_out_ms : UTC milliseconds (float).
    bridged_ms, silent_ms : of the stay, what excursions and silences were credited with.
    """

    device: Int64s
    team: Int64s
    polygon: Int64s
    day: Int64s
    t_in_ms: Floats
    t_out_ms: Floats
    bridged_ms: Floats
    silent_ms: Floats
    parts: Parts

    def __len__(self) -> int:
        return len(self.t_in_ms)

    @property
    def minutes(self) -> Floats:
        return (self.t_out_ms - self.t_in_ms) / 60_000.0

    def take(self, keep: Bools) -> Stays:
        """The stays chosen by a mask of shape (n,), with their parts."""
        keep = np.asarray(keep, dtype=np.bool_)
        kept = keep[self.parts.stay]
        number = np.cumsum(keep) - 1
        p = self.parts
        parts = Parts(number[p.stay[kept]], p.t_from_ms[kept], p.t_to_ms[kept], p.how[kept])
        columns = {f.name: getattr(self, f.name)[keep] for f in fields(self) if f.name != "parts"}
        return Stays(**columns, parts=parts)


def count(pieces: Pieces, polygons: int, rules: Rules) -> Stays:
    """Apply the rules to pieces.

    Parameters
    ----------
    pieces : of polygons 0 to ``polygons`` - 1 and, if there is a band rule, of their bands, ``polygons`` higher;
        ordered by (device, polygon, t_in), as a kernel gives them. Pieces of bands count nothing of their own.
    polygons : number of hot spots.
    rules : seconds and metres; the width of the bands was settled when the pieces were made.

    Raises
    ------
    ValueError : a gap rule below the longest tracked step, a polygon beyond the list, or a shift without length.

    Examples
    --------
    >>> from analysis.dosage.rules import PLAIN
    >>> len(count(Pieces.empty(), 7, PLAIN))
    0
    """
    check(pieces, polygons, rules)
    spans = presence(pieces, rules)
    inside = spans.take(spans.polygon < polygons)
    runs = joined(inside)
    near = spans.take(spans.polygon >= polygons) if rules.band_m > 0 else spans.take(np.empty(0, np.int64))
    bridges = _bridges(runs, joined(near), polygons, rules)
    return _stays(on_duty(_together(inside, bridges), rules))


def check(pieces: Pieces, polygons: int, rules: Rules) -> None:
    """Raise ValueError, in words, for rules or pieces that cannot be counted."""
    if rules.gap_s < BASE_GAP_S:
        raise ValueError(
            f"The gap rule is {rules.gap_s:g} s, but steps up to {BASE_GAP_S:g} s are one track already; "
            f"set it to {BASE_GAP_S:g} s or more."
        )
    if len(pieces) and not 0 <= int(pieces.polygon.min()) <= int(pieces.polygon.max()) < 2 * polygons:
        raise ValueError(
            f"Pieces name polygon {int(pieces.polygon.max())}, but there are {polygons} hot spots and their bands."
        )


def presence(pieces: Pieces, rules: Rules) -> Spans:
    """Rule 1: pieces as they count, bands included, in the pieces' order; silent steps whole and once."""
    step_ms = pieces.step_to_ms - pieces.step_from_ms
    long = pieces.kind == LONG_STEP
    walked = ~long | (step_ms <= rules.gap_s * 1000)
    silent = credited_silences(pieces, rules)
    same = ~changes(pieces.device, pieces.polygon)
    same[1:] &= pieces.step_from_ms[1:] == pieces.step_from_ms[:-1]
    rows = walked | (silent & ~same)
    t_from = np.where(silent, pieces.step_from_ms, pieces.t_in_ms)
    t_to = np.where(silent, pieces.step_to_ms, pieces.t_out_ms)
    at = np.flatnonzero(rows & (t_to > t_from))
    return spans_of(pieces.take(at), t_from[at], t_to[at], np.where(silent[at], SILENT, SEEN))


def spans_of(pieces: Pieces, t_from_ms: Floats, t_to_ms: Floats, how: Int64s) -> Spans:
    device, team, polygon = (k.astype(np.int64) for k in (pieces.device, pieces.team, pieces.polygon))
    return Spans(device, team, polygon, t_from_ms, t_to_ms, how)


def credited_silences(pieces: Pieces, rules: Rules) -> Bools:
    """Rows of steps that count whole: longer than the gap, within the credit, both ends in the polygon."""
    step_ms = pieces.step_to_ms - pieces.step_from_ms
    both = pieces.ends == STARTS_INSIDE + ENDS_INSIDE
    found: Bools = (pieces.kind == LONG_STEP) & both & (step_ms > rules.gap_s * 1000)
    return found & (step_ms <= rules.gap_credit_s * 1000)


def joined(spans: Spans) -> Spans:
    """Rule 2: spans that meet in time as one."""
    first, last = _run_ends(spans)
    return spans.at(first, spans.t_from_ms[first], spans.t_to_ms[last])


def on_duty(spans: Spans, rules: Rules) -> Spans:
    """Rule 4: spans cut at local midnight and clipped to the shifts."""
    spans = spans.at(*split_at_midnight(spans.t_from_ms, spans.t_to_ms))
    if not rules.shifts or not len(spans):
        return spans
    opens, closes = shift_windows(rules.shifts, float(spans.t_from_ms.min()), float(spans.t_to_ms.max()))
    all_one = np.zeros(len(spans), np.int64)
    return spans.at(*clip(all_one, spans.t_from_ms, spans.t_to_ms, np.zeros(len(opens), np.int64), opens, closes))


def _run_ends(spans: Spans, *more: Int64s) -> tuple[Int64s, Int64s]:
    """First and last row of each run of spans that meet, of one device, polygon, team and ``more``."""
    new = changes(spans.device, spans.polygon, spans.team, *more)
    new[1:] |= spans.t_from_ms[1:] - spans.t_to_ms[:-1] > TOUCHING_MS
    first = np.flatnonzero(new)
    return first, np.append(first[1:], len(spans))[: len(first)] - 1


def _bridges(runs: Spans, near: Spans, polygons: int, rules: Rules) -> Spans:
    """Rule 3: the excursions between consecutive runs that are credited."""
    gone = np.flatnonzero(~changes(runs.device, runs.polygon, runs.team)[1:])
    left, back = runs.t_to_ms[gone], runs.t_from_ms[gone + 1]
    wanted = back - left <= rules.reentry_s * 1000 + TOUCHING_MS if rules.reentry_s > 0 else np.zeros(len(gone), bool)
    wanted |= _within_band(runs.take(gone), left, back, near, polygons)
    gone, left, back = gone[wanted], left[wanted], back[wanted]
    kept = ~_elsewhere(runs, runs.device[gone], left, back)
    gone, left, back = gone[kept], left[kept], back[kept]
    r = runs.take(gone)
    return Spans(r.device, r.team, r.polygon, left, back, np.full(len(gone), BRIDGED))


def _within_band(gone: Spans, left: Floats, back: Floats, near: Spans, polygons: int) -> Bools:
    """Whether one run of the device in the polygon's band spans the whole excursion."""
    if not len(near):
        return np.zeros(len(left), np.bool_)
    key = near.device * polygons + near.polygon - polygons
    at = places(key, near.t_from_ms, gone.device * polygons + gone.polygon, left + TOUCHING_MS, after_equal=True) - 1
    found = near.take(np.maximum(at, 0))
    # Of the same team too: a run in the band that holds the moment of leaving is of the team that left.
    same = (at >= 0) & (found.device == gone.device) & (found.polygon - polygons == gone.polygon)
    return np.asarray(same & (found.t_to_ms >= back - TOUCHING_MS), dtype=np.bool_)


def _elsewhere(runs: Spans, device: Int64s, left: Floats, back: Floats) -> Bools:
    """Whether the device came and went somewhere else during the excursion.

    Its own runs before and after never count: they begin before ``left`` or end after ``back`` by more than the
    tolerance, because runs of up to twice the tolerance are left out.
    """
    some = runs.t_to_ms - runs.t_from_ms > 2 * _SAME_MOMENT_MS
    some_device, t_in, t_out = runs.device[some], runs.t_from_ms[some], runs.t_to_ms[some]
    order = np.lexsort((t_in, some_device))
    some_device, t_in, t_out = some_device[order], t_in[order], t_out[order]
    at = places(some_device, t_in, device, left - _SAME_MOMENT_MS, after_equal=False)
    # Of all that began after leaving, the one that ended first: ranks, so that devices are kept apart exactly.
    by_out = np.lexsort((t_out, some_device))
    rank = np.empty(len(t_out), np.int64)
    rank[by_out] = np.arange(len(t_out))
    soonest = np.minimum.accumulate(rank[::-1])[::-1]
    found = np.zeros(len(left), np.bool_)
    some_after = np.flatnonzero(at < len(t_out))
    ends = by_out[soonest[at[some_after]]]
    found[some_after] = (some_device[ends] == device[some_after]) & (t_out[ends] <= back[some_after] + _SAME_MOMENT_MS)
    return found


def _together(inside: Spans, bridges: Spans) -> Spans:
    both = [np.concatenate((getattr(inside, f.name), getattr(bridges, f.name))) for f in fields(Spans)]
    found = Spans(*both)
    return found.take(np.lexsort((found.t_from_ms, found.polygon, found.device)))


def _stays(spans: Spans) -> Stays:
    day = day_numbers(spans.t_from_ms)
    first, last = _run_ends(spans, day)
    stay = np.repeat(np.arange(len(first)), last - first + 1)
    length = spans.t_to_ms - spans.t_from_ms
    bridged, silent = (totals(stay, np.where(spans.how == how, length, 0.0), len(first)) for how in (BRIDGED, SILENT))
    parts = Parts(stay, spans.t_from_ms, spans.t_to_ms, spans.how)
    s = spans.take(first)
    return Stays(s.device, s.team, s.polygon, day[first], s.t_from_ms, spans.t_to_ms[last], bridged, silent, parts)
