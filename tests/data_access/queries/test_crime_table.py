"""Crimes: numbers against an independent count, true zeros, month-only data, scope."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pandas as pd
import pytest

from data_access.crimes import crime_placement, crime_table, weekly_counts
from data_access.reading import NoDayLevel, UnknownProgramme
from domain.filters import Filters
from domain.periods import Period
from domain.scope import OutOfScope

GROUPS = ("Violence", "Robbery", "Weapons")


def some_crimes(number: int = 400) -> list[dict]:
    chance = random.Random(7)
    rows = []
    for _ in range(number):
        day = date(2023, 1, 1) + timedelta(days=chance.randrange(120))
        rows.append({
            "day": day, "minute": chance.choice([None, chance.randrange(1440)]), "spot": chance.choice(["HS1", "HS2", None]),
            "group": chance.choice(GROUPS), "asb": chance.random() < 0.2,
            "harm": chance.choice([None, 1.0, 10.0, 365.0]),
        })  # fmt: skip
    return rows


def expected(rows: list[dict], start: date, end: date) -> pd.DataFrame:
    frame = pd.DataFrame(rows)
    frame = frame[frame["spot"].notna() & frame["day"].between(start, end)]
    crime = ~frame["asb"]
    frame["month"] = [f"{d:%Y-%m}" for d in frame["day"]]
    frame["weekday"] = [d.weekday() for d in frame["day"]]
    frame["crimes"], frame["asb_incidents"] = crime.astype(int), frame["asb"].astype(int)
    frame["not_scored"] = (crime & frame["harm"].isna()).astype(int)
    frame["harm_days"] = frame["harm"].where(crime, 0.0).fillna(0.0)
    return frame


@pytest.mark.parametrize(
    ("by", "keys"),
    [(("month",), ["month"]), (("month", "hot_spot"), ["month", "spot"]), (("weekday",), ["weekday"]),
     (("local_date", "hot_spot"), ["day", "spot"])],
)  # fmt: skip
def test_counts_agree_with_an_independent_count(programme, server, asked, by, keys):
    rows = some_crimes()
    with programme() as m:
        m.crimes(rows, period=(date(2023, 1, 1), date(2023, 4, 30)))
    found = crime_table(server, asked("2023-01-10", "2023-03-20"), by)
    wanted = (
        expected(rows, date(2023, 1, 10), date(2023, 3, 20))
        .groupby(keys)[["crimes", "harm_days", "not_scored", "asb_incidents"]]
        .sum()
    )
    for row in found.itertuples():
        key = tuple(getattr(row, d) for d in by)
        key = key if len(key) > 1 else key[0]
        there = (
            wanted.loc[key]
            if key in wanted.index
            else {"crimes": 0, "harm_days": 0, "not_scored": 0, "asb_incidents": 0}
        )
        assert (row.crimes, row.not_scored, row.asb_incidents) == (
            there["crimes"], there["not_scored"], there["asb_incidents"],
        )  # fmt: skip
        if row.crimes > row.not_scored or row.crimes == 0:
            assert row.harm_days == pytest.approx(there["harm_days"])
        else:
            assert pd.isna(row.harm_days)
    assert found["crimes"].sum() == wanted["crimes"].sum()


def test_every_cut_of_the_same_period_has_the_same_total(programme, server, asked):
    with programme() as m:
        m.crimes(some_crimes(), period=(date(2023, 1, 1), date(2023, 4, 30)))
    filters = asked("2023-01-01", "2023-04-30")
    total = crime_table(server, filters).iloc[0]
    assert total["crimes"] > 0
    for by in [("month",), ("hot_spot",), ("offence_group",), ("month", "offence_group"), ("week",), ("local_date",)]:
        assert crime_table(server, filters, by)["crimes"].sum() == total["crimes"]
    by_hour = crime_table(server, filters, ("weekday", "hour"))
    assert len(by_hour) == 7 * 24
    assert "have no time of day" in by_hour.attrs["notes"][0]


def test_a_hot_spot_and_a_month_without_crimes_are_true_zeros(programme, server, asked):
    with programme() as m:
        m.crimes([{"day": date(2023, 1, 5), "spot": "HS1", "harm": 10.0}], period=(date(2023, 1, 1), date(2023, 2, 28)))
    found = crime_table(server, asked("2023-01-01", "2023-02-28"), ("month", "hot_spot"))
    assert list(found["hot_spot"]) == ["HS1", "HS2", "HS3"] * 2
    assert list(found["hot_spot_name"][:2]) == ["Clock Tower", "Station"]
    assert list(found["crimes"]) == [1, 0, 0, 0, 0, 0]
    assert list(found["harm_days"]) == [10.0, 0, 0, 0, 0, 0]


def test_a_month_that_no_load_covers_is_missing_and_said_not_zero(programme, server, asked):
    with programme() as m:
        m.crimes([{"day": date(2023, 1, 5), "spot": "HS1"}], period=(date(2023, 1, 1), date(2023, 1, 31)))
    found = crime_table(server, asked("2023-01-01", "2023-02-28"), ("month",))
    assert found["crimes"].iloc[0] == 1
    assert pd.isna(found["crimes"].iloc[1])
    assert found.attrs["notes"] == ["No crimes are loaded for Feb 2023."]
    assert pd.isna(crime_table(server, asked("2023-06-01", "2023-06-30")).loc[0, "crimes"])


def test_minutes_of_day_keep_the_start_and_leave_the_end(programme, server, asked):
    with programme() as m:
        m.crimes(
            [{"day": date(2023, 1, 5), "minute": minute, "spot": "HS1"} for minute in (839, 840, 1199, 1200)],
            period=(date(2023, 1, 1), date(2023, 1, 31)),
        )
    found = crime_table(server, asked("2023-01-01", "2023-01-31"), minutes_of_day=(14 * 60, 20 * 60))
    assert found.loc[0, "crimes"] == 2


def test_one_offence_group_and_one_hot_spot(programme, server, asked):
    with programme() as m:
        m.crimes(
            [
                {"day": date(2023, 1, 5), "spot": "HS1", "group": "Robbery"},
                {"day": date(2023, 1, 5), "spot": "HS2", "group": "Robbery"},
                {"day": date(2023, 1, 5), "spot": "HS1", "group": "Weapons"},
            ],
            period=(date(2023, 1, 1), date(2023, 1, 31)),
        )
    filters = asked("2023-01-01", "2023-01-31", "HS1")
    assert crime_table(server, filters, offence_group="Robbery").loc[0, "crimes"] == 1
    assert list(crime_table(server, filters, ("hot_spot",))["hot_spot"]) == ["HS1"]


class TestMonthOnlyData:
    @pytest.fixture
    def month_only(self, programme):
        with programme(resolution="month") as m:
            m.crimes(
                [{"month": "2023-01", "spot": "HS1"}, {"month": "2023-02", "spot": "HS1"}],
                kind="police-uk", period=(date(2023, 1, 1), date(2023, 2, 28)),
            )  # fmt: skip

    @pytest.mark.parametrize("dim", ["local_date", "week", "hour", "weekday"])
    @pytest.mark.usefixtures("month_only")
    def test_no_day_level_figure(self, server, asked, dim):
        with pytest.raises(NoDayLevel, match="name only the month"):
            crime_table(server, asked("2023-01-01", "2023-02-28"), (dim,))

    @pytest.mark.usefixtures("month_only")
    def test_no_hours_of_the_day(self, server, asked):
        with pytest.raises(NoDayLevel):
            crime_table(server, asked("2023-01-01", "2023-02-28"), minutes_of_day=(0, 60))

    @pytest.mark.usefixtures("month_only")
    def test_part_months_are_widened_and_said(self, server, asked):
        found = crime_table(server, asked("2023-01-10", "2023-02-05"), ("month",))
        assert list(found["crimes"]) == [1, 1]
        assert found.attrs["period"] == Period(date(2023, 1, 1), date(2023, 2, 28))
        assert "Jan 2023 to Feb 2023 is shown instead of 10 Jan 2023 to 5 Feb 2023" in found.attrs["notes"][0]


def test_placement_accounts_for_every_record(programme, server):
    with programme() as m:
        m.crimes(
            [
                {"day": date(2023, 1, 5), "spot": "HS1"},
                {"day": date(2023, 1, 5), "spot": "HS1", "asb": True},
                {"day": date(2023, 1, 5), "spot": None},
                {"day": date(2023, 1, 5), "spot": None, "placement": "no coordinates"},
                {"day": date(2023, 2, 5), "spot": None},
            ]
        )
    found = crime_placement(server, "TEST", Period(date(2023, 1, 1), date(2023, 1, 31)))
    assert (found.inside, found.outside, found.no_coordinates, found.total) == (2, 1, 1, 4)


def test_weeks_say_how_many_of_their_days_are_inside(programme, server, asked):
    with programme() as m:
        m.crimes([{"day": date(2023, 1, 4), "spot": "HS1"}], period=(date(2023, 1, 1), date(2023, 1, 31)))
    found = weekly_counts(server, asked("2023-01-04", "2023-01-10"))
    assert list(found["week"]) == [date(2023, 1, 2), date(2023, 1, 9)]
    assert list(found["days"]) == [5, 2]
    assert list(found["crimes"]) == [1, 0]


def test_scope_is_checked_before_anything_is_read(programme, stranger, server, funder, asked):
    with programme() as m:
        m.crimes([{"day": date(2023, 1, 4), "spot": "HS1"}])
    filters = asked("2023-01-01", "2023-01-31")
    with pytest.raises(OutOfScope, match="does not include the programme"):
        crime_table(stranger, filters)
    for dim in ("local_date", "week", "hour", "weekday"):
        with pytest.raises(OutOfScope, match="day-level"):
            crime_table(funder, filters, (dim,))
    with pytest.raises(OutOfScope):
        crime_table(funder, filters, minutes_of_day=(0, 60))
    with pytest.raises(UnknownProgramme, match="NOWHERE"):
        crime_table(server, Filters("NOWHERE", filters.period))
    with pytest.raises(ValueError, match="choose each at most once"):
        crime_table(server, filters, ("month; drop table crime",))
