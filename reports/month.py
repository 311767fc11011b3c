"""The periods that a month's return prints: the month, the year to date, and both a year before."""

from __future__ import annotations

from datetime import date
from functools import cached_property

from domain.filters import Filters
from domain.periods import Period, add_months, financial_year, month_of, month_period


class OfMonth:
    """For what has a ``code`` and a ``month``: the contents' source, and the checks that look at them."""

    code: str
    month: str

    @cached_property
    def period(self) -> Period:
        return month_period(self.month)

    @cached_property
    def to_date(self) -> Period:
        """1 April to the end of the month."""
        start = self.period.start
        return Period(date(start.year - (start.month < 4), 4, 1), self.period.end)

    @property
    def financial_year(self) -> str:
        return financial_year(self.period.start)

    @property
    def last_year_month(self) -> str:
        return month_of(add_months(self.period.start, -12))

    @property
    def filters(self) -> Filters:
        return self.over(self.period)

    def over(self, period: Period) -> Filters:
        """All hot spots over ``period``."""
        return Filters(self.code, period)
