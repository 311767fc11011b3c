"""NHS Making Data Count rules: each on the edge where it begins to signal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.evaluation.monitoring.xmr import Signal, xmr

STEADY = [10.0, 12.0, 9.0, 11.0, 10.0, 12.0, 9.0, 11.0, 10.0, 12.0, 9.0, 11.0]


def test_ordinary_variation_is_common_cause():
    assert set(xmr(STEADY).signals) == {Signal.COMMON_CAUSE}
    assert not any(xmr(STEADY).flags)


def test_a_point_outside_the_limits_is_concern_above_and_improvement_below():
    for value, lower_is_better, expected in (
        (40, True, Signal.CONCERN),
        (-20, True, Signal.IMPROVEMENT),
        (40, False, Signal.IMPROVEMENT),
    ):
        chart = xmr([*STEADY, value], baseline=12, lower_is_better=lower_is_better)
        assert chart.latest is expected
        assert "outside the limits" in chart.reasons[-1]


def test_seven_on_one_side_signal_and_six_do_not():
    low = [9.9, 10.0, 9.8, 10.0, 9.9, 10.0, 9.8]
    assert xmr([*STEADY, *low[:5]], baseline=12).latest is Signal.COMMON_CAUSE
    chart = xmr([*STEADY[:-1], 12.0, *low], baseline=12)
    assert chart.latest is Signal.IMPROVEMENT
    assert chart.flags[12:] == (True,) * 7


def test_a_trend_needs_seven_points():
    base = [10.0, 20.0] * 6
    rise = [11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]
    assert xmr([*base, 20.0, *rise[:6]], baseline=12).latest is Signal.COMMON_CAUSE
    chart = xmr([*base, 20.0, *rise], baseline=12)
    assert chart.latest is Signal.CONCERN
    assert chart.flags[-7:] == (True,) * 7


def test_two_of_three_close_to_a_limit():
    chart = xmr([*STEADY, 14.9, 10.4, 14.9], baseline=12)
    assert chart.upper > 14.9
    assert chart.reasons[-1] == ("2 of 3 close to a limit",)
    assert chart.flags[-2] is False


def test_a_frozen_baseline_does_not_move_with_later_months():
    by_number, by_mask = (
        xmr([*STEADY, 99.0], baseline=12),
        xmr(np.array([*STEADY, 99.0]), baseline=np.array([True] * 12 + [False])),
    )
    assert (by_number.centre, by_number.upper) == (xmr(STEADY).centre, xmr(STEADY).upper)
    assert by_number == by_mask


def test_a_missing_month_is_not_a_zero():
    chart = xmr([*STEADY, float("nan"), 10.0], baseline=12)
    assert chart.signals[12] is Signal.COMMON_CAUSE
    assert chart.lower > 0
    with pytest.raises(ValueError, match="neighbouring"):
        xmr([5.0])


@given(st.lists(st.floats(0, 1e6), min_size=3, max_size=60))
def test_limits_lie_round_the_mean_and_every_point_has_one_signal(values):
    chart = xmr(values)
    assert chart.lower <= chart.centre <= chart.upper
    assert len(chart.signals) == len(chart.reasons) == len(values)
    assert all(
        bool(reason) == (signal is not Signal.COMMON_CAUSE)
        for signal, reason in zip(chart.signals, chart.reasons, strict=True)
    )
