"""Days are Europe/London days: cut at local midnight, 23 and 25 hours long at the clock changes."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from analysis.dosage.local_days import date_of, day_numbers, midnight_ms, split_at_midnight
from analysis.dosage.reference import Pings, device_intervals, visits
from analysis.dosage.reference_trackers import tracker_days
from domain.periods import LONDON

SQUARE = box(0, 0, 10, 10)


def ms(text):
    """UTC milliseconds of a local time."""
    return int(datetime.fromisoformat(text).replace(tzinfo=LONDON).timestamp() * 1000)


def standing(first, last):
    """One device standing inside from ``first`` to ``last`` (UTC ms), a ping every five minutes."""
    t = np.append(np.arange(first, last, 300_000), last).astype(np.int64)
    one = np.ones(len(t), np.int64)
    return Pings(one, one, t, np.full(len(t), 5.0), np.full(len(t), 5.0))


@pytest.mark.parametrize(
    ("day", "minutes"),
    [(date(2023, 3, 26), 23 * 60), (date(2023, 10, 29), 25 * 60), (date(2023, 6, 1), 1440), (date(2023, 12, 1), 1440)],
)
def test_a_day_has_its_own_length(day, minutes):
    eve, after = midnight_ms(day) - 7_200_000, midnight_ms(day + timedelta(days=1)) + 3_600_000
    found = visits(device_intervals(standing(eve, after), [SQUARE]))
    assert [date_of(d) for d in found.day] == [day - timedelta(days=1), day, day + timedelta(days=1)]
    assert found.patrol_minutes.tolist() == pytest.approx([120, minutes, 60])


def test_summer_evening_belongs_to_the_local_day():
    # 23:30 UTC on 30 June is 00:30 on 1 July in London.
    found = visits(device_intervals(standing(ms("2023-06-30T23:50"), ms("2023-07-01T00:20")), [SQUARE]))
    assert [date_of(d) for d in found.day] == [date(2023, 6, 30), date(2023, 7, 1)]
    assert found.patrol_minutes.tolist() == pytest.approx([10, 20])
    assert found.t_out_ms[0] == found.t_in_ms[1] == ms("2023-07-01T00:00")


def test_a_stay_up_to_midnight_makes_no_empty_visit_after_it():
    found = visits(device_intervals(standing(ms("2023-01-10T23:30"), ms("2023-01-11T00:00")), [SQUARE]))
    assert found.patrol_minutes.tolist() == pytest.approx([30])


instants = st.integers(ms("2022-12-30T00:00"), ms("2024-01-03T00:00"))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(instants, st.integers(0, 5 * 86_400_000)), min_size=1, max_size=20))
def test_parts_add_up_and_each_lies_in_one_local_day(spans):
    start = np.array([s for s, _ in spans], float)
    end = start + np.array([length for _, length in spans], float)
    which, t_from, t_to = split_at_midnight(start, end)
    assert np.bincount(which, weights=t_to - t_from, minlength=len(spans)) == pytest.approx(end - start)
    for a, b in zip(t_from, t_to, strict=True):
        first = datetime.fromtimestamp(a / 1000, UTC).astimezone(LONDON).date()
        last = datetime.fromtimestamp(max(a, b - 1) / 1000, UTC).astimezone(LONDON).date()
        assert first == last


@settings(max_examples=200, deadline=None)
@given(st.lists(instants, min_size=1, max_size=30))
def test_day_numbers_are_those_of_the_calendar(times):
    found = [date_of(n) for n in day_numbers(np.array(times))]
    assert found == [datetime.fromtimestamp(t / 1000, UTC).astimezone(LONDON).date() for t in times]


@settings(max_examples=30, deadline=None)
@given(instants, st.integers(1, 60 * 60))
def test_days_add_up_to_the_whole(first, minutes):
    last = first + minutes * 60_000
    p = standing(first, last)
    intervals = device_intervals(p, [SQUARE])
    assert visits(intervals).patrol_minutes.sum() == pytest.approx(minutes)
    days = tracker_days(p, intervals)
    assert days.tracked_minutes.sum() == pytest.approx(minutes)
    assert days.inside_minutes.tolist() == pytest.approx(days.tracked_minutes.tolist())
