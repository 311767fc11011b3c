"""Before and during: exact yardsticks, the default with its overdispersion and between-year component."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.rates import test_poisson_2indep as poisson_2indep

from analysis.evaluation.before_after.counts import TwoCounts, e_test_p, exact_conditional
from analysis.evaluation.before_after.drift import YearCount, drift_interval, year_drift
from analysis.evaluation.before_after.ratio import (
    BETWEEN_YEARS,
    NO_CONTROL,
    PHI,
    SEASON,
    YEARS_USED,
    before_after_ratio,
)
from analysis.evaluation.harm.split import harm_split
from analysis.evaluation.record import Refusal, ResultRecord, mde80, three_ways

COUNTS = st.integers(0, 400)
EXPOSURES = st.floats(0.5, 400)


def cells_of(seed=0, ratio=1.0, spots=5, months=12, first=1, rate=6.0, gap=12):
    rng = np.random.default_rng(seed)
    rows = []
    for window, start, factor in (("before", first, 1.0), ("during", first + gap, ratio)):
        for spot in range(spots):
            for k in range(months):
                month = start + k - 1
                season = 1 + 0.3 * math.sin(2 * math.pi * (month % 12) / 12)
                crimes = rng.poisson(rate * (1 + spot) * season * factor)
                rows.append((f"H{spot}", f"{2022 + month // 12}-{month % 12 + 1:02d}", window, crimes, 30.4))
    return pd.DataFrame(rows, columns=["hot_spot", "month", "window", "crimes", "exposure_days"])


@pytest.mark.parametrize(("variance", "method"), [("unpooled", "etest-wald"), ("pooled", "etest")])
@pytest.mark.parametrize("counts", [(416, 252, 1.0, 1.0), (60, 30, 514.8, 543.1), (6, 2, 1.0, 1.0), (9, 0, 2.0, 1.0)])
def test_e_test_equals_statsmodels(variance, method, counts):
    a, b, t0, t1 = counts
    theirs = poisson_2indep(b, t1, a, t0, method=method).pvalue
    assert e_test_p(TwoCounts(a, b, t0, t1), variance) == pytest.approx(theirs, abs=2e-6)


def test_both_e_tests_are_named_beside_the_exact_interval():
    record = exact_conditional(TwoCounts(60, 30, 1.0, 1.4))
    named = {check.name: check.value for check in record.checks}
    assert set(named) == {
        "E-test p, unpooled variance (Krishnamoorthy & Thomson 2004)",
        "E-test p, pooled variance (as in common software)",
    }
    assert len(set(named.values())) == 2


@settings(max_examples=60, deadline=None)
@given(COUNTS, COUNTS, EXPOSURES, EXPOSURES)
def test_exact_interval_holds_the_estimate_and_turns_round_with_the_windows(a, b, t0, t1):
    record = exact_conditional(TwoCounts(a, b, t0, t1))
    if a + b == 0:
        assert isinstance(record, Refusal)
        return
    assert record.ci_low <= record.estimate <= record.ci_high
    turned = exact_conditional(TwoCounts(b, a, t1, t0))
    if b and a:
        assert turned.ci_high == pytest.approx(1 / record.ci_low, rel=1e-9)
    assert turned.p == pytest.approx(record.p, rel=1e-6)
    assert (record.p < 0.05) == (record.ci_high < 1 or record.ci_low > 1) or abs(record.p - 0.05) < 1e-6


def test_nothing_recorded_before_gives_an_upper_end_without_limit():
    record = exact_conditional(TwoCounts(0, 4, 1, 1))
    assert math.isinf(record.ci_high)
    assert record.ci_low > 0
    assert '"ci_high": "Infinity"' in record.to_json()


def test_the_default_finds_the_ratio_and_says_it_has_no_control_area():
    record = before_after_ratio(cells_of(seed=3, ratio=0.6))
    assert record.estimate == pytest.approx(0.6, abs=0.06)
    assert record.ci_low < 0.6 < record.ci_high
    assert record.maryland_level == 2
    assert record.check(NO_CONTROL).passed is False
    assert any("no comparison area" in text for text in record.limits)
    assert record.df > 60
    assert record.mde80 == pytest.approx(math.exp(-2.8 * record.se))


def test_with_few_degrees_of_freedom_less_can_be_found():
    # The power of a t test at that effect, by simulation, is four in five; at 2.80 SE it is little over half.
    df, rng = 4, np.random.default_rng(1)
    z, s = rng.normal(size=200_000), np.sqrt(rng.chisquare(df, 200_000) / df)
    power = lambda effect: float((np.abs((z + effect) / s) > stats.t.ppf(0.975, df)).mean())  # noqa: E731
    assert power(-math.log(mde80(1.0, df=df))) == pytest.approx(0.8, abs=0.03)
    assert power(2.8) < 0.62
    assert mde80(1.0, df=200) == mde80(1.0) == pytest.approx(math.exp(-2.8))


def test_season_is_adjusted_only_when_it_can_be_told_apart():
    same_months = before_after_ratio(cells_of(seed=1))
    assert same_months.check(SEASON).passed is True
    no_shared = before_after_ratio(cells_of(seed=1, months=5, gap=6))
    assert no_shared.check(SEASON).passed is False
    assert any("share no calendar month" in text for text in no_shared.limits)
    one_place = before_after_ratio(cells_of(seed=1, spots=1, months=6))
    assert "too few hot spot-months" in one_place.check(SEASON).value


def test_season_keeps_a_summer_window_from_looking_like_a_change():
    """Twelve months before, the six highest months during: without the month terms this would read as a rise."""
    cells = pd.concat([cells_of(seed=s, spots=5, rate=30) for s in range(1)])
    high = cells[(cells["window"] == "before") | cells["month"].str[-2:].isin(["02", "03", "04", "05", "06"])]
    record = before_after_ratio(high)
    sums = high.groupby("window")[["crimes", "exposure_days"]].sum()
    crude = (sums.loc["during", "crimes"] / sums.loc["during", "exposure_days"]) / (
        sums.loc["before", "crimes"] / sums.loc["before", "exposure_days"]
    )
    assert crude > 1.1
    assert record.estimate == pytest.approx(1.0, abs=0.06)


def test_overdispersion_widens_and_is_never_below_one():
    quiet = before_after_ratio(cells_of(seed=5))
    assert quiet.check(PHI).value >= 1
    noisy = cells_of(seed=5)
    rng = np.random.default_rng(0)
    noisy["crimes"] = rng.poisson(noisy["crimes"] * rng.gamma(2, 0.5, len(noisy)))
    wide = before_after_ratio(noisy)
    assert wide.check(PHI).value > 2
    assert wide.se > 1.1 * quiet.se


def test_years_that_differ_widen_the_interval_and_steady_years_narrow_it():
    cells = cells_of(seed=2)
    steady = before_after_ratio(cells, [YearCount(5000, 1e4)] * 6)
    moving = before_after_ratio(cells, [YearCount(n, 1e4) for n in (5000, 7000, 4500, 6500)])
    alone = before_after_ratio(cells)
    assert steady.se < alone.se < moving.se
    assert moving.ci_high / moving.ci_low > 2 * steady.ci_high / steady.ci_low
    assert moving.check(BETWEEN_YEARS).value == pytest.approx(0.40, abs=0.1)


def test_too_few_earlier_years_leave_drift_assumed_and_said_so():
    alone = before_after_ratio(cells_of(seed=2), [YearCount(100, 1), YearCount(150, 1)])
    assert alone.check(YEARS_USED).passed is False
    assert any("assumed, not estimated" in text for text in alone.limits)
    assert alone.check(BETWEEN_YEARS).value == pytest.approx(year_drift([], 1.0).sd)
    assert not year_drift([YearCount(100, 1), YearCount(0, 1), YearCount(90, 1)], 1.0).estimated


def test_drift_is_learned_from_many_years():
    rng = np.random.default_rng(3)
    level = np.cumsum(rng.normal(0, 0.12, 60))
    years = [YearCount(int(rng.poisson(2000 * np.exp(x))), 1.0) for x in level]
    assert year_drift(years, 1.0).sd == pytest.approx(0.12, abs=0.03)


@given(st.floats(-2, 2), st.floats(1e-4, 0.3), st.sampled_from([None, 4.0, 40.0]))
def test_without_drift_the_interval_is_the_plain_one(b, sampling, df):
    low, high, p, se = drift_interval(b, sampling, df, None)
    reference = stats.norm if df is None else stats.t(df)
    assert math.log(high) == pytest.approx(b + reference.ppf(0.975) * math.sqrt(sampling), abs=1e-6)
    assert math.log(low) == pytest.approx(2 * b - math.log(high), abs=1e-9)
    assert p == pytest.approx(2 * reference.sf(abs(b) / se), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.floats(-2, 2), st.floats(0, 0.3), st.lists(st.integers(20, 2000), min_size=0, max_size=6))
def test_p_and_interval_tell_the_same_story(b, sampling, counts):
    drift = year_drift([YearCount(n, 1.0) for n in counts], 1.3)
    low, high, p, _ = drift_interval(b, sampling, 60.0, drift)
    assert low <= math.exp(b) <= high
    assert (p < 0.05) == (high < 1 or low > 1) or abs(p - 0.05) < 1e-6


def test_windows_without_crime_or_months_are_refused_with_a_reason():
    cells = cells_of()
    empty = cells.assign(crimes=cells["crimes"].where(cells["window"] == "before", 0))
    assert "during" in before_after_ratio(empty).reason
    assert "hold no months" in before_after_ratio(cells[cells["window"] == "before"]).reason


def test_a_hot_spot_without_any_crime_is_left_out_and_counted():
    cells = cells_of(seed=4)
    quiet = cells[cells["hot_spot"] == "H0"].assign(hot_spot="quiet", crimes=0)
    record = before_after_ratio(pd.concat([cells, quiet]))
    assert record.estimate == pytest.approx(before_after_ratio(cells).estimate)
    assert record.check("hot spots without any crime, left out").value == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.5, 5000), min_size=2, max_size=60), st.lists(st.floats(0.5, 5000), min_size=2, max_size=60))
def test_harm_is_count_times_severity(before, during):
    split = harm_split(before, during, 329.0, 320.0, phi=1.5)
    assert split.total.estimate == pytest.approx(split.count.estimate * split.severity.estimate, rel=1e-9)
    assert split.total.estimate == pytest.approx((sum(during) / 320) / (sum(before) / 329), rel=1e-9)
    assert split.total.se == pytest.approx(math.hypot(split.count.se, split.severity.se), rel=1e-9)


def test_unscored_crimes_are_counted_not_guessed():
    split = harm_split([10, 20, 30], [10, 20], 1, 1, not_scored=4)
    check = split.total.check("crimes without a harm weight, left out")
    assert (check.value, check.passed) == (4, False)


def test_harm_without_weights_is_refused():
    assert "Fewer than two crimes with a harm weight" in harm_split([], [5.0, 6.0], 1, 1).reason
    assert isinstance(harm_split([0.0, 0.0], [5.0, 6.0], 1, 1), Refusal)


def test_severity_interval_covers_the_truth_about_as_often_as_it_says():
    rng, hits = np.random.default_rng(7), 0
    for _ in range(300):
        before, during = rng.lognormal(4, 0.9, 400), rng.lognormal(4, 0.9, 250)
        severity = harm_split(before, during, 1, 1).severity
        hits += severity.ci_low <= 1 <= severity.ci_high
    assert 270 <= hits <= 298


def test_an_effect_is_said_three_ways_that_agree():
    record = exact_conditional(TwoCounts(416, 252, 1, 1))
    said = three_ways(record, 252)
    assert said.change == pytest.approx(-0.394, abs=0.001)
    assert said.events_fewer == pytest.approx(416 - 252)
    assert said.events_fewer_low == pytest.approx(252 * (1 / record.ci_high - 1))
    assert said.events_fewer_low < said.events_fewer < said.events_fewer_high


def test_a_record_survives_writing_and_reading_and_hashes_its_data():
    record = before_after_ratio(cells_of(seed=3), [YearCount(900, 1e4)] * 3)
    assert ResultRecord.from_dict(record.as_dict()) == record
    assert record.data_hash == before_after_ratio(cells_of(seed=3)).data_hash
    assert record.data_hash != before_after_ratio(cells_of(seed=4)).data_hash


@pytest.mark.parametrize("years", [[], [YearCount(100, 1), YearCount(150, 1), YearCount(120, 1)]])
def test_a_check_that_can_fail_says_what_it_takes_and_every_check_what_it_is_about(years):
    for check in before_after_ratio(cells_of(seed=2), years).checks:
        assert check.meaning.endswith("."), check
        assert bool(check.needed) == (check.passed is not None), check


def test_the_size_of_ordinary_change_is_no_check_but_the_number_of_years_is():
    wild = before_after_ratio(cells_of(seed=2), [YearCount(n, 1e4) for n in (5000, 9000, 4000)])
    assert wild.check(BETWEEN_YEARS).passed is None
    assert wild.check(YEARS_USED).value == 3
    assert wild.check(YEARS_USED).passed is True


def test_assumptions_are_clauses_and_limits_sentences():
    """Captions write "This assumes, and cannot check, that: ..." before the one and print the other as it is."""
    record = before_after_ratio(cells_of(seed=2))
    assert any("recorded in the same way" in clause for clause in record.assumptions)
    for clause in record.assumptions:
        assert clause[0].islower()
        assert clause[-1] != "."
    assert all(text.endswith(".") for text in record.limits)
    assert ResultRecord.from_dict(record.as_dict()) == record
