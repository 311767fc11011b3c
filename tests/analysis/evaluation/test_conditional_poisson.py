"""The small Newton fits against statsmodels: a Poisson GLM with a dummy a stratum, clustered by day."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.evaluation.models.poisson import DidNotConverge, cluster_covariance, fit_conditional_poisson, fit_poisson
from analysis.evaluation.patrol_days.model import add_previous_7_days, day_counts, patrol_days
from analysis.evaluation.record import Refusal


def panel_of(seed, spots=4, days=84, rate=0.5, effect=0.8):
    rng = np.random.default_rng(seed)
    rows = []
    start = pd.Timestamp("2023-02-06")
    for spot in range(spots):
        level = rate * np.exp(rng.normal(0, 0.45))
        for day in range(days):
            patrol = bool(rng.random() < 0.5)
            crimes = rng.poisson(level * (effect if patrol else 1.0))
            rows.append((f"H{spot}", (start + pd.Timedelta(days=day)).date(), patrol, crimes))
    return pd.DataFrame(rows, columns=["hot_spot", "local_date", "patrol", "crimes"])


def statsmodels_answer(panel, covariates=()):
    days = pd.to_datetime(panel["local_date"])
    block = (days - days.min()).dt.days // 28
    stratum = panel["hot_spot"] + "|" + block.astype(str)
    alive = panel.groupby(stratum)["crimes"].transform("sum") > 0
    kept = panel[alive]
    x = pd.concat(
        [
            kept["patrol"].astype(float).rename("patrol"),
            kept[list(covariates)].astype(float),
            pd.get_dummies(days[alive].dt.day_of_week, prefix="w", drop_first=True).astype(float),
            pd.get_dummies(stratum[alive]).astype(float),
        ],
        axis=1,
    )
    clusters = pd.factorize(kept["local_date"])[0]
    fit = sm.GLM(kept["crimes"], x, family=sm.families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": clusters, "use_correction": False}, tol=1e-12
    )
    groups = clusters.max() + 1
    return fit.params["patrol"], fit.bse["patrol"] * np.sqrt(groups / (groups - 1))


@pytest.mark.parametrize("seed", range(8))
def test_coefficient_and_day_clustered_error_equal_statsmodels_with_dummies(seed):
    panel = panel_of(seed)
    ours = patrol_days(panel, covariates=())
    b, se = statsmodels_answer(panel)
    assert np.log(ours.estimate) == pytest.approx(b, abs=1e-7)
    assert ours.se == pytest.approx(se, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_crimes_in_the_previous_seven_days_enter_the_same_way(seed):
    panel = add_previous_7_days(panel_of(seed, days=91))
    ours = patrol_days(panel)
    b, se = statsmodels_answer(panel, ("previous_7_days",))
    assert np.log(ours.estimate) == pytest.approx(b, abs=1e-7)
    assert ours.se == pytest.approx(se, rel=1e-6)
    assert "previous 7 days" in ours.method


def test_the_previous_seven_days_leave_today_out():
    days = pd.date_range("2023-01-01", periods=10).date
    panel = pd.DataFrame(
        {"hot_spot": "A", "local_date": days, "patrol": False, "crimes": [1, 0, 0, 0, 0, 0, 0, 5, 0, 0]}
    )
    added = add_previous_7_days(panel)
    assert list(added["local_date"]) == list(days[7:])
    assert list(added["previous_7_days"]) == [1, 5, 5]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_fitted_totals_equal_observed_totals_in_every_stratum(seed):
    rng = np.random.default_rng(seed)
    strata = np.repeat(np.arange(5), 12)
    y, x = rng.poisson(2.0, 60).astype(float), rng.normal(size=(60, 2))
    fit = fit_conditional_poisson(x, y, strata)
    assert np.bincount(strata, weights=fit.mu) == pytest.approx(np.bincount(strata, weights=y), abs=1e-8)
    assert fit.scores.sum(axis=0) == pytest.approx(0, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_plain_poisson_equals_statsmodels(seed):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(40), rng.normal(size=(40, 2))])
    exposure = rng.uniform(0.2, 3.0, 40)
    y = rng.poisson(exposure * np.exp(0.5 + 0.4 * x[:, 1])).astype(float)
    ours = fit_poisson(x, y, np.log(exposure))
    theirs = sm.GLM(y, x, family=sm.families.Poisson(), exposure=exposure).fit(tol=1e-12)
    assert ours.coef == pytest.approx(theirs.params, abs=1e-6)
    assert ours.phi == pytest.approx(theirs.pearson_chi2 / theirs.df_resid, rel=1e-6)
    assert ours.loglik == pytest.approx(theirs.llf, rel=1e-8)


def test_one_row_a_cluster_is_the_heteroskedastic_sandwich():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(50, 2))
    covariance, groups = cluster_covariance(scores, np.eye(2), np.arange(50))
    assert groups == 50
    assert covariance == pytest.approx(scores.T @ scores * 50 / 49)


def test_terms_that_cannot_be_told_apart_are_refused_not_guessed():
    x = np.ones((10, 2))
    with pytest.raises(DidNotConverge, match="cannot be told apart"):
        fit_poisson(x, np.ones(10))


def test_no_days_without_patrol_is_refused_with_a_reason():
    result = patrol_days(panel_of(1).assign(patrol=True), covariates=())
    assert isinstance(result, Refusal)
    assert "both days with patrol and days without" in result.reason


def test_no_crime_at_all_is_refused_with_a_reason():
    result = patrol_days(panel_of(1).assign(crimes=0), covariates=())
    assert isinstance(result, Refusal)
    assert "No crime was recorded in the service window" in result.reason


def test_no_rows_is_refused_with_a_reason():
    result = patrol_days(panel_of(1).iloc[0:0], covariates=())
    assert isinstance(result, Refusal)
    assert "no hot spot-days" in result.reason


def test_crimes_all_on_one_side_have_no_finite_ratio():
    panel = panel_of(1)
    result = patrol_days(panel.assign(crimes=panel["crimes"].where(~panel["patrol"], 0)), covariates=())
    assert isinstance(result, Refusal)
    assert "days without patrol" in result.reason


def test_patrols_that_depend_on_weekday_alone_are_refused():
    panel = panel_of(1)
    weekday = pd.to_datetime(panel["local_date"]).dt.day_of_week
    result = patrol_days(panel.assign(patrol=weekday < 3), covariates=())
    assert isinstance(result, Refusal)
    assert "cannot be told apart" in result.reason


def test_strata_that_say_nothing_are_counted():
    panel = panel_of(2, spots=3)
    first, second = panel["hot_spot"] == "H0", panel["hot_spot"] == "H1"
    panel.loc[first, "crimes"] = 0
    panel.loc[second, "patrol"] = True
    result = patrol_days(panel, covariates=())
    assert result.check("strata (hot spot x 4 weeks)").value == 9
    assert result.check("strata without events, dropped").value == 3
    assert result.check("strata without both patrol and no-patrol days (no information on patrol)").value == 3
    assert result.n_units == 2 * 84
    assert result.df == 83


def test_a_hot_spot_without_crimes_changes_nothing():
    panel = panel_of(3)
    quiet = panel[panel["hot_spot"] == "H0"].assign(hot_spot="quiet", crimes=0)
    with_quiet = patrol_days(pd.concat([panel, quiet]), covariates=())
    alone = patrol_days(panel, covariates=())
    assert (with_quiet.estimate, with_quiet.se) == pytest.approx((alone.estimate, alone.se), rel=1e-9)


def test_the_raw_table_adds_up():
    panel = panel_of(4)
    counts = day_counts(panel)
    assert counts.patrol_days + counts.other_days == len(panel)
    assert counts.patrol_events + counts.other_events == panel["crimes"].sum()


def test_intervals_hold_their_stated_coverage_without_confounding():
    hits = 0
    for seed in range(200):
        record = patrol_days(panel_of(seed + 100, spots=5, days=112, effect=0.8), covariates=())
        hits += record.ci_low <= 0.8 <= record.ci_high
    assert 180 <= hits <= 199  # 95% of 200 is 190; four standard errors either way
