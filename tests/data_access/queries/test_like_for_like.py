"""Providers whose trackers differ are compared by estimates with their range, and a reader is told."""

from __future__ import annotations

import math
from datetime import date, datetime

import pytest

from data_access import costs, counted

JAN = ("2024-01-01", "2024-01-31")


def _patrols(m) -> None:
    """£200 for 100 minutes of outreach by the rules, £300 for 90 of overtime."""
    m.pings_load(date(2024, 1, 1), date(2024, 1, 31))
    m.visit("HS1", datetime(2024, 1, 10, 14, 0), 100)
    m.visit("HS1", datetime(2024, 1, 10, 21, 0), 90, provider="police-overtime")
    m.costs([("2024-01", "outreach", "partner provider", "spend", 200.0),
             ("2024-01", "police-overtime", "police overtime", "spend", 300.0)])  # fmt: skip
    m.dose_day("HS1", date(2024, 1, 10), 95, 104)  # 4 of the 104 are passing through


def test_dense_trackers_are_compared_by_the_minutes_everybody_sees(programme, server, asked):
    with programme() as m:
        _patrols(m)
        m.dose_day("HS1", date(2024, 1, 10), 88, 90, provider="police-overtime")
    found = costs.cost_by_provider(server, asked(*JAN)).set_index("provider")
    assert found.loc["outreach", "like_for_like_rate_gbp"] == found.loc["outreach", "cost_per_patrol_minute_gbp"] == 2.0
    assert not found["estimated"].any()
    assert not costs.has_estimates(server, asked(*JAN))
    (compared,) = costs.rate_comparison(server, asked(*JAN)).to_dict("records")
    assert compared["percent_cheaper"] == pytest.approx(1 - 2 / (300 / 90))
    assert math.isnan(compared["percent_cheaper_low"])


def test_sparse_radios_are_compared_by_their_estimate_with_its_range(programme, server, asked):
    with programme() as m:
        _patrols(m)
        # 100 estimated where the rules found 90; sd 5 minutes, and a bias of 1% in the calibration.
        m.dose_day("HS1", date(2024, 1, 10), 80, 90, provider="police-overtime", interval=300, estimate=100,
                   variance=25, calibration_id=m.calibration(bias=-0.01))  # fmt: skip
        m.tracker_day(date(2024, 1, 10), "radio", provider="police-overtime", interval=300)
    frame = costs.cost_by_provider(server, asked(*JAN))
    police = frame.set_index("provider").loc["police-overtime"]
    half = 1.959964 * 5 + 1
    assert police.cost_per_patrol_minute_gbp == pytest.approx(300 / 90)  # by the rules, as everywhere else
    assert police.like_for_like_rate_gbp == pytest.approx(3.0)
    assert police.like_for_like_rate_low_gbp == pytest.approx(300 / (100 + half))
    assert police.like_for_like_rate_high_gbp == pytest.approx(300 / (100 - half))
    assert any("estimate with its range" in note for note in frame.attrs["notes"])
    # Outreach then counts all its time inside, as the estimate does: 104 minutes.
    (compared,) = costs.rate_comparison(server, asked(*JAN)).to_dict("records")
    rate = 200 / 104
    assert compared["percent_cheaper"] == pytest.approx(1 - rate / 3)
    assert compared["percent_cheaper_low"] == pytest.approx(1 - rate / (300 / (100 + half)))
    assert compared["percent_cheaper_high"] == pytest.approx(1 - rate / (300 / (100 - half)))
    assert compared["percent_cheaper_low"] < compared["percent_cheaper"] < compared["percent_cheaper_high"]
    # What the 104 minutes would have cost at the overtime rate, at either end of it, less the £200 they did cost.
    assert compared["delivery_cost_avoided_gbp"] == pytest.approx(104 * 3 - 200)
    assert compared["delivery_cost_avoided_low_gbp"] == pytest.approx(104 * 300 / (100 + half) - 200)
    assert compared["delivery_cost_avoided_high_gbp"] == pytest.approx(104 * 300 / (100 - half) - 200)


def test_the_same_minutes_in_three_ways(programme, manager, asked):
    with programme() as m:
        m.dose_day("HS1", date(2024, 1, 10), 80, 90)
        m.dose_day(
            "HS2", date(2024, 1, 11), 10, 12, interval=300, estimate=15, variance=16, calibration_id=m.calibration()
        )
        m.tracker_day(date(2024, 1, 10), "d1", interval=30)
    both = counted.minutes_by_method(manager, asked(*JAN)).iloc[0]
    assert (both.plain_patrol_minutes, both.rule_patrol_minutes, both.estimated_patrol_minutes) == (90, 102, 105)
    assert both.estimated_high - both.estimated_patrol_minutes == pytest.approx(1.959964 * 4)
    one = counted.minutes_by_method(manager, asked(*JAN, "HS1")).iloc[0]
    assert one.rule_patrol_minutes == 90
    assert math.isnan(one.estimated_patrol_minutes)
    assert one.basis == counted.BY_RULES


def test_what_a_tracker_dropped_is_told_by_its_own_interval(programme, manager, asked):
    with programme() as m:
        # 60 tracked and 15 lost minutes at one position a minute would be 76 positions; 57 came.
        m.tracker_day(date(2024, 1, 10), "d1", pings=57, tracked=60, gap=15, interval=60)
    device = counted.devices(manager, asked(*JAN)).iloc[0]
    assert (device.days, device.pings, device.interval_s) == (1, 57, 60)
    assert device.uptime == pytest.approx(0.8)
    assert device.dropped_share == pytest.approx(1 - 57 / 76)
    assert device.sparse_months == 0


def test_a_tracker_that_was_slow_for_a_month_is_told_apart_from_one_that_drops(programme, manager, asked):
    """Eight dense days must not hide a sparse month, nor that month's interval be taken for lost positions."""
    with programme() as m:
        for day in range(1, 9):
            m.tracker_day(date(2024, 1, day), "d1", pings=61, tracked=60, gap=0, interval=60)
        for day in range(1, 4):
            m.tracker_day(date(2024, 2, day), "d1", pings=13, tracked=60, gap=0, interval=300)
    device = counted.devices(manager, asked("2024-01-01", "2024-02-29")).iloc[0]
    assert (device.interval_s, device.sparse_months) == (60, 1)
    assert device.dropped_share == pytest.approx(0)
