"""Weights of crimes in the hours of the service: exact times, intervals, midnight and the clock changes."""

from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evaluation.patrol_days.aoristic import window_weights

SERVICE = (14 * 60, 20 * 60)


def rows(start, end, window=SERVICE):
    found = window_weights([start], [end], window)
    return {row.local_date.isoformat(): round(row.weight, 6) for row in found.itertuples()}


@pytest.mark.parametrize(
    ("start", "found"),
    [
        ("2023-01-10 14:00", {"2023-01-10": 1.0}),
        ("2023-01-10 13:59:59", {}),
        ("2023-01-10 19:59:59", {"2023-01-10": 1.0}),
        ("2023-01-10 20:00", {}),
        # British Summer Time: 13:00 UTC is 14:00 on the clock.
        ("2023-07-10 13:00", {"2023-07-10": 1.0}),
        ("2023-07-10 19:30", {}),
    ],
)
def test_one_known_time_counts_whole_or_not_at_all(start, found):
    assert rows(start, None) == found
    assert rows(start, start) == found


def test_an_interval_counts_by_its_share():
    assert rows("2023-01-10 12:00", "2023-01-10 16:00") == {"2023-01-10": 0.5}


def test_an_interval_over_midnight_reaches_into_both_days():
    assert rows("2023-01-10 18:00", "2023-01-11 18:00") == {
        "2023-01-10": round(2 / 24, 6),
        "2023-01-11": round(4 / 24, 6),
    }


def test_an_end_before_its_start_is_no_interval():
    assert rows("2023-01-10 15:00", "2023-01-09 15:00") == {"2023-01-10": 1.0}


def test_a_window_over_midnight_belongs_to_the_day_it_begins():
    late = (20 * 60, 26 * 60)
    assert rows("2023-01-11 01:30", None, late) == {"2023-01-10": 1.0}
    assert rows("2023-01-11 02:00", None, late) == {}
    assert rows("2023-01-10 21:00", "2023-01-11 03:00", late) == {"2023-01-10": round(5 / 6, 6)}


def test_the_night_in_march_has_one_hour_less():
    # 26 March 2023, 01:00 GMT became 02:00 BST: from midnight to 06:00 on the clock five hours passed.
    assert rows("2023-03-26 00:00", "2023-03-26 05:00", (0, 180)) == {"2023-03-26": 0.4}


def test_the_night_in_october_has_one_hour_more():
    # 29 October 2023: from 00:00 BST to 03:00 GMT four hours passed; 02:00 to 03:00 on the clock is the last of them.
    assert rows("2023-10-28 23:00", "2023-10-29 03:00", (120, 180)) == {"2023-10-29": 0.25}
    assert rows("2023-10-28 23:00", "2023-10-29 03:00", (0, 120)) == {"2023-10-29": 0.75}


def test_times_with_a_zone_are_turned_and_missing_ones_left_out():
    start = pd.Series(pd.to_datetime(["2023-07-10 14:00", None])).dt.tz_localize("Europe/London")
    found = window_weights(start, pd.Series([pd.NaT, pd.NaT]), SERVICE)
    assert found.to_dict("records") == [{"crime": 0, "local_date": date(2023, 7, 10), "weight": 1.0}]


def test_no_crimes_give_no_rows():
    found = window_weights([], [], SERVICE)
    assert found.empty
    assert list(found.columns) == ["crime", "local_date", "weight"]


@pytest.mark.parametrize("window", [(-1, 60), (60, 60), (0, 1441)])
def test_a_window_that_is_none_is_refused(window):
    with pytest.raises(ValueError, match="at most a day"):
        window_weights(["2023-01-10"], [None], window)


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(pd.Timestamp("2023-03-20").to_pydatetime(), pd.Timestamp("2023-11-05").to_pydatetime()),
    st.integers(0, 5 * 86_400),
    st.lists(st.integers(1, 1439), min_size=1, max_size=4, unique=True),
    st.integers(0, 1439),
)
def test_windows_that_share_out_the_day_share_out_the_crime(start, seconds, cuts, shift):
    end = start + pd.Timedelta(seconds=seconds)
    edges = [shift, *(shift + cut for cut in sorted(cuts)), shift + 1440]
    parts = [window_weights([start], [end], window) for window in pairwise(edges)]
    assert sum(part["weight"].sum() for part in parts) == pytest.approx(1.0)


def test_many_crimes_keep_their_positions():
    start = pd.date_range("2023-01-01 12:00", periods=500, freq="37min")
    end = start + pd.to_timedelta(np.arange(500) % 7, unit="h")
    whole = window_weights(start, end, SERVICE)
    one_by_one = pd.concat([window_weights([start[i]], [end[i]], SERVICE).assign(crime=i) for i in range(0, 500, 50)])
    some = whole[whole["crime"] % 50 == 0].reset_index(drop=True)
    assert some["weight"].to_numpy() == pytest.approx(one_by_one["weight"].to_numpy())
    assert list(some["crime"]) == list(one_by_one["crime"])
