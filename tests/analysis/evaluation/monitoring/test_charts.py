"""Charts: false-alarm rates, re-bases, Laney limits, funnel."""

import numpy as np
import pytest

from analysis.evaluation.monitoring.false_alarms import false_alarms, signals
from analysis.evaluation.monitoring.funnel import funnel, funnel_shares
from analysis.evaluation.monitoring.laney import laney_u
from analysis.evaluation.monitoring.rebase import Rebase, xmr_rebased
from analysis.evaluation.monitoring.xmr import Assurance, assurance, xmr


def test_the_fast_rules_are_the_charts_rules():
    rng = np.random.default_rng(5)
    series = rng.poisson(6, (200, 30)).astype(float) + (np.arange(30) // 6) * rng.integers(0, 2, (200, 1))
    for row, fast in zip(series, signals(series, 12), strict=True):
        assert tuple(fast) == xmr(row, baseline=12).flags


def test_false_alarms_are_seeded_and_grow_with_months_and_drift():
    first = false_alarms(24, 12)
    assert first == false_alarms(24, 12)
    assert first.months == 12
    assert first.any_month < false_alarms(48, 12).any_month
    assert first.any_month < false_alarms(24, 12, rho=0.5).any_month
    assert false_alarms(12, 12).any_month == 0.0


def test_a_run_does_not_reach_over_a_rebase():
    months = [f"{2022 + n // 12}-{n % 12 + 1:02d}" for n in range(24)]
    values = [30.0, 28, 33, 31, 29, 32, 30, 28, 33, 31, 29, 32, 15.0, 14, 17, 16, 13, 15, 16, 14, 15, 17, 13, 15]
    one, two = xmr_rebased(values, months), xmr_rebased(values, months, [Rebase("2023-01", "new recording rules")])
    assert any(one[0].chart.flags[12:])
    assert [s.start for s in two] == [0, 12]
    assert two[1].reason == "new recording rules"
    assert not any(two[1].chart.flags)


def test_a_rebase_outside_the_months_changes_nothing():
    months = [f"2022-{n:02d}" for n in range(1, 13)]
    values = np.arange(12.0) % 3
    assert len(xmr_rebased(values, months, [Rebase("2024-01", "late"), Rebase("2020-01", "early")])) == 1


def test_a_month_left_out_of_the_baseline_gives_no_moving_range():
    chosen = [True, True, False, True, True]
    assert xmr([10, 12, 99, 30, 32], baseline=chosen).upper == pytest.approx(21 + 2.66 * 2)


def test_laney_limits_widen_with_scatter_and_with_small_exposure():
    rng = np.random.default_rng(2)
    exposure = rng.uniform(200, 400, 60)
    calm = laney_u(rng.poisson(0.2 * exposure), exposure)
    wild = laney_u(rng.poisson(0.2 * exposure * rng.lognormal(0, 0.4, 60)), exposure)
    assert calm.sigma_z == pytest.approx(1.0, abs=0.4)
    assert wild.sigma_z > 1.5
    reach = np.array(calm.upper) - calm.centre
    assert reach * np.sqrt(exposure) == pytest.approx(reach[0] * np.sqrt(exposure[0]))


def test_laney_takes_a_gap_for_a_gap():
    chart = laney_u([20, float("nan"), 22, 19, 25, 21], [100, 100, 100, 0, 100, 100])
    assert np.isnan(chart.rates[1])
    assert np.isnan(chart.rates[3])
    assert chart.centre == pytest.approx(88 / 400)
    with pytest.raises(ValueError, match="event"):
        laney_u([0, 0, 0], [10, 10, 10])


def test_funnel_limits_are_exact_and_hold_at_their_level():
    rng = np.random.default_rng(4)
    expected = np.full(4000, 20.0)
    found = funnel(rng.poisson(expected), expected, overdispersed=False)
    low, high = (np.array(edge) for edge in found.limits[0.95])
    outside = (np.array(found.ratios) < low) | (np.array(found.ratios) > high)
    assert outside.mean() == pytest.approx(0.05, abs=0.015)


def test_funnel_widens_where_places_scatter():
    rng = np.random.default_rng(4)
    expected = rng.uniform(10, 80, 60)
    counts = rng.poisson(expected * rng.lognormal(0, 0.5, 60))
    plain, wide = funnel(counts, expected, overdispersed=False), funnel(counts, expected)
    assert wide.phi > 1.5
    assert sum(wide.outside) < sum(plain.outside)


def test_a_hot_spot_without_crime_in_one_window_has_its_place_in_the_funnel():
    found = funnel_shares([0, 10, 12], [9, 25, 27], 0.4)
    assert found.ratios[0] == 0.0
    assert found.limits[0.998][0][0] == 0.0


def test_assurance_reads_the_target_against_the_limits():
    chart = xmr([30, 28, 33, 31, 29, 32])
    assert assurance(chart, None) is Assurance.NO_TARGET
    assert assurance(chart, 30) is Assurance.HIT_AND_MISS
    assert assurance(chart, 60) is Assurance.PASSES
    assert assurance(chart, 5) is Assurance.FAILS
    assert assurance(chart, 5, lower_is_better=False) is Assurance.PASSES
