"""How minutes are counted: parts that add up to what Patrols shows, and a gap rule that the trackers outrun."""

from __future__ import annotations

import math
from datetime import date, datetime

import pytest

from data_access import counted, patrols

JAN = ("2024-01-01", "2024-01-31")


def test_visits_and_passing_through_add_up_to_the_minutes_by_the_rules(programme, manager, asked):
    with programme() as m:
        m.pings_load(date(2024, 1, 1), date(2024, 1, 31))
        m.visit("HS1", datetime(2024, 1, 10, 14, 0), 100)
        m.visit("HS1", datetime(2024, 1, 10, 18, 0), 2, counts=False)
        m.visit("HS2", datetime(2024, 1, 11, 14, 0), 1.5, counts=False)
        m.dose_day("HS1", date(2024, 1, 10), 95, 102)
        m.dose_day("HS2", date(2024, 1, 11), 1, 1.5)
    row = counted.minutes_by_method(manager, asked(*JAN)).iloc[0]
    assert (row.visit_minutes, row.passed_through_minutes) == (100, 3.5)
    assert row.visit_minutes + row.passed_through_minutes == pytest.approx(row.rule_patrol_minutes)
    shown = patrols.patrol_table(manager, asked(*JAN), ("provider",)).set_index("provider")
    assert shown.loc["outreach", "patrol_minutes"] == row.visit_minutes
    one = counted.minutes_by_method(manager, asked(*JAN, "HS2")).iloc[0]
    assert (one.visit_minutes, one.passed_through_minutes) == (0, 1.5)


@pytest.mark.parametrize(("interval", "needed"), [(300, 900), (95, None), (101, 303), (10, None)])
def test_a_gap_rule_shorter_than_three_intervals_of_a_sparse_tracker_is_told(
    programme, manager, asked, interval, needed
):
    with programme() as m:
        m.dose_day("HS1", date(2024, 1, 10), 80, 90)
        m.tracker_day(date(2024, 1, 10), "quick", interval=10)
        m.tracker_day(date(2024, 1, 10), "slow", interval=interval)
    row = counted.minutes_by_method(manager, asked(*JAN)).iloc[0]
    assert math.isnan(row.needed_gap_s) if needed is None else row.needed_gap_s == needed
