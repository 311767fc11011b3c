"""Calendar arithmetic and the way numbers are written."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import formats
from domain.periods import Period, add_months, financial_year, month_end, month_period, parse_month, year_before


@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.integers(-600, 600))
def test_adding_months_and_taking_them_away_returns(day: date, count: int) -> None:
    first = day.replace(day=1)
    assert add_months(add_months(first, count), -count) == first


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(0, 800))
def test_monthly_costs_split_over_a_period_and_its_rest_add_up(start: date, length: int) -> None:
    period = Period(start, date.fromordinal(start.toordinal() + length))
    shares = {m: period.share_of_month(m) for m in period.months()}
    assert sum(shares[m] * month_end(parse_month(m)).day for m in shares) == pytest.approx(period.days)
    assert all(0 < s <= 1 for s in shares.values())


def test_a_year_before_whole_months_keeps_whole_months_over_a_leap_day() -> None:
    assert Period(date(2024, 2, 1), date(2024, 2, 29)).year_before() == month_period("2023-02")
    assert year_before(date(2024, 2, 29)) == date(2023, 2, 28)


def test_a_year_before_other_periods_keeps_days_and_weekdays() -> None:
    period = Period(date(2023, 2, 13), date(2024, 1, 7))
    earlier = period.year_before()
    assert (earlier.days, earlier.start.weekday()) == (period.days, period.start.weekday())


@pytest.mark.parametrize("text", ["2023-13", "2023", "23-01", "", "0000-01", "2023-1"])
def test_what_is_not_a_month_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="is not a month; write it as YYYY-MM"):
        parse_month(text)


def test_the_financial_year_starts_in_april() -> None:
    assert (financial_year(date(2024, 3, 31)), financial_year(date(2024, 4, 1))) == ("2023-24", "2024-25")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (formats.number(1234.5), "1,234"), (formats.number(-3), "−3"), (formats.number(0.2), "[low]"), (formats.number(0), "0"),
        (formats.number(None), "[x]"), (formats.number(float("nan")), "[x]"), (formats.number(float("inf")), "no upper limit"),
        (formats.pounds(2.284, 2), "£2.28"), (formats.pounds(-1500), "−£1,500"), (formats.percent(0.325, 1), "32.5%"),
        (formats.signed_percent(-0.394), "−39%"), (formats.signed_percent(0.05), "+5%"), (formats.month("2023-02"), "Feb 2023"),
        (formats.period(Period(date(2023, 2, 1), date(2024, 1, 31))), "Feb 2023 to Jan 2024"), (formats.day(date(2023, 2, 12)), "12 Feb 2023"),
        (formats.joined(["a", "b", "c"]), "a, b and c"), (formats.local_time(datetime(2023, 7, 1, 12, 0)), "1 Jul 2023, 13:00"),
    ],
)  # fmt: skip
def test_readers_see(written: str, expected: str) -> None:
    assert written == expected
