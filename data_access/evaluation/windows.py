"""When: the programme's windows as far as data cover them, and the hours of the service."""

from __future__ import annotations

from datetime import date, time, timedelta

import pandas as pd

from data_access.reading import Covered, whole_months
from domain.periods import Period, month_period
from domain.programme import Programme

NO_WINDOWS = (
    "This programme has no “before” and “during” windows in its settings, so there is nothing to compare. "
    "Add them under [evaluation] in the programme file and load it again."
)
NO_SERVICE_WINDOW = (
    "No provider in the programme's settings has shift times, so there is no service window to count crimes in. "
    "Add shift_from and shift_to to a provider and load the programme file again."
)
MONTH_ONLY = (
    "The crime data of this programme name only the month, so days with and without patrol cannot be compared. "
    "Load the force's dated extract (kind crimes) to make this comparison."
)


def service_window(programme: Programme) -> tuple[time, time] | None:
    """Shift of the service under evaluation: the first partner with shift times, else the first provider with them."""
    timed = [p for p in programme.providers if p.shift_from and p.shift_to and p.shift_from < p.shift_to]
    ordered = [p for p in timed if p.kind == "partner"] + timed
    if not ordered or ordered[0].shift_from is None or ordered[0].shift_to is None:
        return None
    return ordered[0].shift_from, ordered[0].shift_to


def service_minutes(programme: Programme) -> tuple[int, int] | None:
    """The same in minutes after local midnight."""
    window = service_window(programme)
    return (_minute(window[0]), _minute(window[1])) if window else None


def _minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def windows(programme: Programme) -> dict[str, Period]:
    """ "before" and "during", where both are set; whole months where the data name only the month."""
    if not (programme.before and programme.during):
        return {}
    found = {"before": programme.before.period, "during": programme.during.period}
    return {k: whole_months(p) for k, p in found.items()} if programme.resolution == "month" else found


def covered_days(cover: Covered, period: Period) -> set[date]:
    """Days of the period that data cover."""
    found: set[date] = set()
    for held in cover.periods:
        if held.overlap_days(period):
            part = Period(max(held.start, period.start), min(held.end, period.end))
            found.update(part.each_day())
    return found


def exposure(cover: Covered, period: Period) -> dict[str, float]:
    """Covered days of each month inside the period; months without any are left out."""
    days = pd.Series([f"{day:%Y-%m}" for day in covered_days(cover, period)], dtype=object)
    return {month: float(count) for month, count in sorted(days.value_counts().items())}


def whole_months_covered(cover: Covered) -> list[str]:
    """Every calendar month of which every day is covered, in order."""
    if not cover.periods:
        return []
    span = Period(min(p.start for p in cover.periods), max(p.end for p in cover.periods))
    held = exposure(cover, span)
    return [month for month, days in held.items() if days == month_period(month).days]


def provisional_from(programme: Programme, cover: Covered) -> date | None:
    """First day whose crimes may still change."""
    weeks = programme.provisional_weeks
    return cover.last_day - timedelta(weeks=weeks) if cover.last_day and weeks else None
