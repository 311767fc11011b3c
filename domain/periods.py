"""Periods of whole local days, and months written ``YYYY-MM``."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$")


def parse_month(text: str) -> date:
    """First day of ``YYYY-MM``; ValueError with a sentence when it is not a month."""
    match = _MONTH.match(text.strip())
    if not match or int(match[1]) < 1900:
        raise ValueError(f"“{text}” is not a month; write it as YYYY-MM, for example 2023-02.")
    return date(int(match[1]), int(match[2]), 1)


def month_of(day: date) -> str:
    return f"{day.year:04d}-{day.month:02d}"


def month_end(first: date) -> date:
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def add_months(first: date, count: int) -> date:
    index = first.year * 12 + first.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


def is_provisional(month: str, since: date | None) -> bool:
    """Whether records may still arrive for a day of ``month``: all of them may from ``since`` on."""
    return since is not None and month_end(parse_month(month)) >= since


def year_before(day: date) -> date:
    """The same calendar day a year earlier; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def financial_year(day: date) -> str:
    """UK financial year (April to March) as "2023-24"."""
    start = day.year if day.month >= 4 else day.year - 1
    return f"{start}-{(start + 1) % 100:02d}"


@dataclass(frozen=True, order=True)
class Period:
    """Both ends included."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"The period ends ({self.end}) before it starts ({self.start}).")

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def months(self) -> list[str]:
        """Every month the period touches."""
        found, first = [], self.start.replace(day=1)
        while first <= self.end:
            found.append(month_of(first))
            first = add_months(first, 1)
        return found

    def inner_months(self) -> list[str]:
        """Months wholly inside: a part month beside whole ones would read as a fall."""
        return [month for month in self.months() if self.share_of_month(month) == 1]

    def whole_months(self) -> bool:
        return self.start.day == 1 and self.end == month_end(self.end.replace(day=1))

    def share_of_month(self, month: str) -> float:
        """Days of ``month`` inside the period over days in the month (how monthly costs are split)."""
        first = parse_month(month)
        last = month_end(first)
        inside = (min(last, self.end) - max(first, self.start)).days + 1
        return max(0, inside) / last.day

    def year_before(self) -> Period:
        """The same months a year before when whole months; else the same number of days 52 weeks earlier."""
        if self.whole_months():
            start = year_before(self.start)
            return Period(start, month_end(year_before(self.end.replace(day=1))))
        return Period(self.start - timedelta(days=364), self.end - timedelta(days=364))

    def overlap_days(self, other: Period) -> int:
        return max(0, (min(self.end, other.end) - max(self.start, other.start)).days + 1)

    def each_day(self) -> Iterator[date]:
        for offset in range(self.days):
            yield self.start + timedelta(days=offset)


def month_period(month: str) -> Period:
    first = parse_month(month)
    return Period(first, month_end(first))
