"""Patrols: minutes, dose on the day, hours, gaps, coverage, overlap, plan."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access import patrols
from data_access.visit_rows import by_hour
from domain.scope import OutOfScope

FEB = ("2023-02-01", "2023-02-28")
JUNE = ("2023-06-01", "2023-06-30")


@pytest.fixture
def june(programme):
    """June 2023: 1st outreach 40 and 39 min and 2 min passing; police 15 min; nothing after the 10th."""
    with programme() as m:
        m.pings_load(date(2023, 6, 1), date(2023, 6, 30))
        m.visit("HS1", datetime(2023, 6, 1, 14, 0), 40)
        m.visit("HS1", datetime(2023, 6, 1, 15, 50), 39, persons=1)
        m.visit("HS2", datetime(2023, 6, 2, 14, 0), 2, counts=False)
        m.visit("HS2", datetime(2023, 6, 10, 21, 0), 15, provider="police-overtime")
        m.tracker_day(date(2023, 6, 1), "d1", tracked=100, inside=79, interval=10)
        m.tracker_day(date(2023, 6, 1), "d2", tracked=50, inside=40, interval=30)
        m.tracker_day(date(2023, 6, 10), "p1", provider="police-overtime", interval=60)


@pytest.mark.usefixtures("june")
def test_minutes_visits_and_dose(server, asked):
    row = patrols.patrol_table(server, asked(*JUNE)).iloc[0]
    assert (row.patrol_minutes, row.person_minutes, row.passed_through_minutes) == (94, 40 * 2 + 39 + 15 * 2, 2)
    assert (row.visits, row.visits_with_dose, row.visits_at_dose, row.median_visit_minutes) == (3, 3, 2, 39)


@pytest.mark.usefixtures("june")
def test_by_provider_and_hot_spot_with_zeros_where_nobody_went(server, asked):
    found = patrols.patrol_table(server, asked(*JUNE), ("provider", "hot_spot"))
    assert list(found["provider"].unique()) == ["outreach", "police-overtime"]
    assert list(found["patrol_minutes"]) == [79, 0, 0, 0, 15, 0]
    assert found["median_visit_minutes"].isna().sum() == 4
    assert list(found["hot_spot_name"][:3]) == ["Clock Tower", "Station", "Market"]
    one = patrols.patrol_table(server, asked(*JUNE), ("provider",), provider="outreach")
    assert list(one["patrol_minutes"]) == [79]


def test_each_visit_is_held_to_the_dose_planned_on_its_day(programme, server, asked):
    with programme() as m:
        m.pings_load(date(2022, 9, 1), date(2023, 2, 28))
        m.visit("HS1", datetime(2022, 9, 30, 14, 0), 60)  # before the first dated dose: none planned
        m.visit("HS1", datetime(2023, 2, 12, 14, 0), 20)  # 15 planned
        m.visit("HS1", datetime(2023, 2, 13, 14, 0), 20)  # 40 planned from this day
        m.visit("HS1", datetime(2023, 2, 14, 14, 0), 40 - 1e-9)  # milliseconds, not a shorter visit
    by_month = patrols.patrol_table(server, asked("2022-09-01", "2023-02-28"), ("month",)).set_index("month")
    assert list(by_month.loc["2022-09", ["visits", "visits_with_dose", "visits_at_dose"]]) == [1, 0, 0]
    assert list(by_month.loc["2023-02", ["visits", "visits_with_dose", "visits_at_dose"]]) == [3, 3, 2]
    lengths = patrols.visit_lengths(server, asked("2022-09-01", "2023-02-28"))
    assert list(lengths["planned_dose"].fillna(-1)) == [-1, 15, 40, 40]
    assert list(lengths["at_dose"]) == [False, True, False, True]


@pytest.mark.usefixtures("june")
def test_minutes_go_to_the_hours_they_fell_in_and_the_visit_to_its_first(server, asked):
    found = patrols.patrol_table(server, asked(*JUNE), ("weekday", "hour")).set_index(["weekday", "hour"])
    assert len(found) == 7 * 24
    thursday = found.loc[3]
    assert thursday.loc[14, "patrol_minutes"] == 40  # local time: 13:00 UTC
    assert thursday.loc[15, "patrol_minutes"] == pytest.approx(10)
    assert thursday.loc[16, "patrol_minutes"] == pytest.approx(29)
    assert list(thursday.loc[[15, 16], "visits"]) == [1, 0]


def test_hours_when_the_clocks_go_back(programme, server, asked):
    """29 Oct 2023: 00:30 to 01:30 GMT is two hours on the clock's face but 01:00 comes twice."""
    with programme() as m:
        m.pings_load(date(2023, 10, 1), date(2023, 10, 31))
        m.visit("HS1", datetime(2023, 10, 29, 0, 30), 120)
    found = patrols.patrol_table(server, asked("2023-10-29", "2023-10-29"), ("hour",)).set_index("hour")
    assert list(found.loc[[0, 1, 2], "patrol_minutes"]) == pytest.approx([30, 90, 0])


@given(st.lists(
    st.tuples(st.datetimes(datetime(2023, 3, 1), datetime(2023, 11, 30)), st.floats(0.01, 600), st.floats(0.1, 1)),
    min_size=1, max_size=20,
))  # fmt: skip
def test_cutting_at_the_hours_loses_no_minute(visits):
    frame = pd.DataFrame({
        "entered_at": [v[0] for v in visits], "left_at": [v[0] + timedelta(minutes=v[1]) for v in visits],
        "patrol_minutes": [v[1] * v[2] for v in visits], "person_minutes": [v[1] * 2 for v in visits],
        "passed_through_minutes": 0.0, "visits": 1, "visits_with_dose": 1, "visits_at_dose": 0,
    })  # fmt: skip
    pieces = by_hour(frame)
    for column in ("patrol_minutes", "person_minutes", "visits"):
        assert pieces[column].sum() == pytest.approx(frame[column].sum())
    first = pieces[pieces["visits"] == 1]["hour"]
    local = [v[0].replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/London")).hour for v in visits]
    assert list(first) == local


@pytest.mark.usefixtures("june")
def test_days_without_tracker_files_are_missing_not_zero(server, asked):
    found = patrols.patrol_table(server, asked("2023-06-01", "2023-07-31"), ("month",))
    assert found["patrol_minutes"].iloc[0] == 94
    assert pd.isna(found["patrol_minutes"].iloc[1])
    assert "No tracker files are loaded for Jul 2023." in found.attrs["notes"]


@pytest.mark.usefixtures("june")
def test_weeks_start_on_monday(server, asked):
    found = patrols.patrol_table(server, asked("2023-06-01", "2023-06-12"), ("week",))
    assert list(found["week"]) == [date(2023, 5, 29), date(2023, 6, 5), date(2023, 6, 12)]
    assert list(found["visits"]) == [2, 1, 0]


@pytest.mark.usefixtures("june")
def test_days_since_last_patrol_are_flagged_from_four(server):
    found = patrols.days_since_last_patrol(server, "TEST", date(2023, 6, 13)).set_index("hot_spot")
    assert list(found["last_patrol"]) == [date(2023, 6, 1), date(2023, 6, 10), None]
    assert list(found["days"].fillna(-1)) == [12, 3, -1]
    assert list(found["flag"]) == [True, False, True]
    later = patrols.days_since_last_patrol(server, "TEST", datetime(2023, 6, 14, 9)).set_index("hot_spot")
    assert bool(later.loc["HS2", "flag"])


@pytest.mark.usefixtures("june")
def test_longest_gaps_and_coverage(server, asked):
    gaps = patrols.longest_gaps(server, asked(*JUNE)).set_index("hot_spot")
    assert tuple(gaps.loc["HS1", ["gap_days", "gap_from", "gap_to"]]) == (29, date(2023, 6, 2), date(2023, 6, 30))
    assert tuple(gaps.loc["HS2", ["gap_days", "gap_from", "gap_to"]]) == (20, date(2023, 6, 11), date(2023, 6, 30))
    assert gaps.loc["HS3", "gap_days"] == 30
    found = patrols.coverage(server, asked(*JUNE))
    assert (found.patrolled, found.hot_spot_days) == (2, 90)
    outside = patrols.coverage(server, asked("2024-06-01", "2024-06-30"))
    assert outside.share is None


def test_overlap_counts_only_different_providers_and_each_minute_once(programme, server, asked):
    with programme() as m:
        m.pings_load(date(2023, 6, 1), date(2023, 6, 30))
        m.visit("HS1", datetime(2023, 6, 1, 14, 0), 40)
        m.visit("HS1", datetime(2023, 6, 1, 14, 10), 40, team="B")  # the same provider: no overlap
        m.visit("HS1", datetime(2023, 6, 1, 14, 30), 15, provider="police-overtime")
        m.visit("HS2", datetime(2023, 6, 1, 14, 30), 5, provider="police-overtime")  # another place
    found = patrols.provider_overlap(server, asked(*JUNE))
    assert found.minutes == pytest.approx(15)
    assert found.share == pytest.approx(15 / 100)


@pytest.mark.usefixtures("june")
def test_tracker_quality(server, asked):
    found = patrols.tracker_quality(server, asked(*JUNE)).set_index("provider")
    outreach = found.loc["outreach"]
    assert (outreach.devices, outreach.tracked_minutes, outreach.inside_minutes) == (2, 150, 119)
    assert (outreach.unallocated_minutes, outreach.median_interval_s) == (31, 20)


def test_plan_sums_keep_sources_apart(programme, server, asked):
    day = date(2023, 2, 14)
    with programme() as m:
        m.plan(
            [
                {"spot": "HS1", "day": day, "abstracted_minutes": 10.0, "abstraction_reason": " arrest "},
                {"spot": "HS1", "day": day, "planned_minutes": 20.0, "planned_persons": 1, "extended_minutes": 5.0},
                {"spot": "HS2", "day": day, "abstracted_minutes": 40.0, "abstraction_reason": "arrest"},
                {"spot": "HS2", "day": day, "provider": "police-overtime", "planned_minutes": 15.0,
                 "self_reported_minutes": 12.0, "abstracted_minutes": 3.0},
            ],
            period=(date(2023, 2, 1), date(2023, 2, 28)),
        )  # fmt: skip
    found = patrols.plan_table(server, asked(*FEB), ("provider",)).set_index("provider")
    outreach = found.loc["outreach"]
    assert (outreach.planned_minutes, outreach.planned_person_minutes, outreach.planned_visits) == (100, 180, 3)
    assert (outreach.abstracted_minutes, outreach.extended_minutes) == (50, 5)
    assert pd.isna(outreach.self_reported_minutes)
    assert found.loc["police-overtime", "self_reported_minutes"] == 12
    lost = patrols.abstractions(server, asked(*FEB))
    assert list(lost.itertuples(index=False, name=None)) == [
        ("arrest", "outreach", 50.0, 2), ("no reason recorded", "police-overtime", 3.0, 1),
    ]  # fmt: skip


@pytest.mark.usefixtures("june")
def test_who_may_see_what(stranger, funder, asked):
    for query in (patrols.patrol_table, patrols.plan_table, patrols.abstractions, patrols.coverage,
                  patrols.provider_overlap, patrols.tracker_quality, patrols.visit_lengths, patrols.longest_gaps):  # fmt: skip
        with pytest.raises(OutOfScope):
            query(stranger, asked(*JUNE))
    for dim in ("local_date", "week", "hour", "weekday"):
        with pytest.raises(OutOfScope, match="day-level"):
            patrols.patrol_table(funder, asked(*JUNE), (dim,))
    with pytest.raises(OutOfScope, match="day-level"):
        patrols.plan_table(funder, asked(*JUNE), ("local_date",))
    for query in (patrols.visit_lengths, patrols.longest_gaps):
        with pytest.raises(OutOfScope, match="day-level"):
            query(funder, asked(*JUNE))
    with pytest.raises(OutOfScope, match="day-level"):
        patrols.days_since_last_patrol(funder, "TEST", date(2023, 6, 30))
    own = patrols.patrol_table(funder, asked("2023-06-10", "2023-06-10"))
    assert pd.isna(own.loc[0, "patrol_minutes"])
    assert own.loc[0, "suppressed_visits"], "three visits in the whole month"
