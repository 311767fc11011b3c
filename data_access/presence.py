"""Presence day by day: how long since the last patrol, longest gaps, coverage, providers at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

import pandas as pd
from sqlalchemy import func, select

from data_access import schema
from data_access.disclosure import SUPPRESS_BELOW
from data_access.reading import Opened, chosen_areas, finished, note_gaps, opened, pings_covered
from data_access.released_patrols import is_protected, months_over, patrol_period
from data_access.visit_rows import visit_rows
from domain.filters import Filters
from domain.periods import Period
from domain.roles import Permission
from domain.scope import Scope

FLAG_DAYS = 4  # days since the last patrol at which a hot spot is flagged

_visit = schema.visit.c


def days_since_last_patrol(scope: Scope, code: str, as_at: date | datetime) -> pd.DataFrame:
    """[hot_spot, hot_spot_name, last_patrol (date or None), days (missing if never), flag (4 days or more, or never)]."""
    day = as_at.date() if isinstance(as_at, datetime) else as_at
    with opened(scope, code, Permission.VIEW_PATROLS, Permission.SEE_DAYS) as o:
        rows = o.conn.execute(
            select(_visit.area_id, func.max(_visit.local_date))
            .where(_visit.programme_id == o.programme_id, _visit.local_date <= day, _visit.counts_as_visit)
            .group_by(_visit.area_id)
        )
        last = {row[0]: row[1] for row in rows}
        areas = o.areas()
        found = [last.get(int(i)) for i in areas["id"]]
        days = [float((day - d).days) if d else float("nan") for d in found]
        frame = pd.DataFrame({"hot_spot": areas["code"], "hot_spot_name": areas["name"]})
        frame["last_patrol"] = pd.Series(found, dtype=object)
        frame["days"] = days
        frame["flag"] = [not d < FLAG_DAYS for d in days]
        return finished(frame, o)


def _patrolled_days(o: Opened, period: Period, areas: pd.DataFrame) -> pd.DataFrame:
    """[area_id, local_date] of every hot spot-day with a visit."""
    return o.frame(
        select(_visit.area_id, _visit.local_date)
        .where(
            _visit.programme_id == o.programme_id,
            _visit.area_id.in_([int(i) for i in areas["id"]]),
            _visit.local_date.between(period.start, period.end),
            _visit.counts_as_visit,
        )
        .distinct()
    )


def longest_gaps(scope: Scope, filters: Filters) -> pd.DataFrame:
    """Longest run of whole days without a patrol: [hot_spot, hot_spot_name, gap_days, gap_from, gap_to].

    Counted between the first and last day that tracker files cover; 0 days and None where there was no gap.
    """
    with opened(scope, filters.programme, Permission.VIEW_PATROLS, Permission.SEE_DAYS) as o:
        areas = chosen_areas(o, filters)
        span = pings_covered(o).clip(filters.period)
        rows = []
        found = _patrolled_days(o, filters.period, areas)
        for area in areas.itertuples():
            days = sorted(found.loc[found["area_id"] == area.id, "local_date"])
            rows.append((area.code, area.name, *_longest_gap(days, span)))
        note_gaps(o, pings_covered(o), filters.period, "tracker files")
        columns = ["hot_spot", "hot_spot_name", "gap_days", "gap_from", "gap_to"]
        return finished(pd.DataFrame(rows, columns=columns), o, filters.period)


def _longest_gap(days: list[date], span: Period | None) -> tuple[float, date | None, date | None]:
    if span is None:
        return float("nan"), None, None
    one = timedelta(days=1)
    edges = [span.start - one, *days, span.end + one]
    gap, start = max(((b - a).days - 1, a) for a, b in pairwise(edges))
    return (float(gap), start + one, start + timedelta(days=gap)) if gap > 0 else (0.0, None, None)


@dataclass(frozen=True)
class Coverage:
    """Hot spot-days with any patrol over hot spot-days that tracker files cover."""

    patrolled: int
    hot_spot_days: int
    hidden: bool = False  # the share would tell a small count to this viewer

    @property
    def share(self) -> float | None:
        return self.patrolled / self.hot_spot_days if self.hot_spot_days and not self.hidden else None


def coverage(scope: Scope, filters: Filters) -> Coverage:
    with opened(scope, filters.programme, Permission.VIEW_OVERVIEW) as o:
        period = patrol_period(o, filters.period)
        cover, areas = pings_covered(o), chosen_areas(o, filters)
        if is_protected(o):
            cover = months_over(cover)
        days = [day for day in period.each_day() if cover.has_day(day)]
        active = 0
        for area in areas.itertuples():
            active += sum(_active(area.active_from, area.active_to, day) for day in days)
        patrolled = len(_patrolled_days(o, period, areas))
        return Coverage(patrolled, active, hidden=is_protected(o) and 0 < patrolled < SUPPRESS_BELOW)


def _active(start: date | None, end: date | None, day: date) -> bool:
    return not (start and day < start) and not (end and day > end)


@dataclass(frozen=True)
class Overlap:
    """Minutes in which two or more providers were in the same hot spot at once, and their share."""

    minutes: float
    patrol_minutes: float  # of all providers

    @property
    def share(self) -> float | None:
        return self.minutes / self.patrol_minutes if self.patrol_minutes else None


def provider_overlap(scope: Scope, filters: Filters) -> Overlap:
    with opened(scope, filters.programme, Permission.VIEW_PATROLS) as o:
        period = patrol_period(o, filters.period)
        visits = visit_rows(o, period, chosen_areas(o, filters), None)
        visits = visits[visits["visits"] == 1]
        minutes = sum(_shared_minutes(group) for _, group in visits.groupby("area_id"))
        return Overlap(float(minutes), float(visits["patrol_minutes"].sum()))


def _shared_minutes(visits: pd.DataFrame) -> float:
    """Sweep over entries and exits: time during which more than one provider has someone present."""
    events = [(row.entered_at, 1, row.provider) for row in visits.itertuples()]
    events += [(row.left_at, -1, row.provider) for row in visits.itertuples()]
    present: dict[str, int] = {}
    shared, since = 0.0, None
    for moment, step, provider in sorted(events, key=lambda e: e[0]):
        if since is not None and sum(n > 0 for n in present.values()) > 1:
            shared += (moment - since).total_seconds() / 60
        present[provider] = present.get(provider, 0) + step
        since = moment
    return shared
