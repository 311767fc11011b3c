"""Comparators against published figures and statsmodels; edges; what must not depend on how the data are written."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from analysis.evaluation.comparators.did import did
from analysis.evaluation.comparators.example import example_series
from analysis.evaluation.comparators.groups import did_groups
from analysis.evaluation.comparators.phi import overdispersion
from analysis.evaluation.comparators.rate_ratios import relative_rate_ratio, rirr, rirr_phi
from analysis.evaluation.comparators.synthetic import sdid, synthetic_control
from analysis.evaluation.comparators.twfe import twfe
from analysis.evaluation.record import Refusal, ResultRecord
from tests.analysis.evaluation import cases

FIRST = "2023-01"
EVERY = (did, sdid, rirr, rirr_phi, twfe)


def test_minimum_wage_and_employment():
    of = cases.case("did_card_krueger")
    data = cases.csv("card_krueger.csv")
    found = did_groups(data, place="id", treated="nj", after="d", outcome="fte", unit="jobs")
    assert found.unbalanced == pytest.approx(of["expected"]["did"], abs=cases.tolerance(of, "did"))
    cases.check(of, {"did_balanced": found.balanced.estimate, "se_balanced": found.balanced.se})


def proposition_99() -> pd.DataFrame:
    data = cases.csv("california_prop99.csv")
    return data.rename(columns={"State": "place", "Year": "month", "PacksPerCapita": "crimes"})


def test_tobacco_tax():
    of = cases.case("prop99_did_sc")
    series = proposition_99()
    wide = series.pivot_table(index="place", columns="month", values="crimes")
    change = wide.loc[:, 1989:].mean(axis=1) - wide.loc[:, :1988].mean(axis=1)
    plain = did(series, "California", 1989, baseline_months=None, scale="difference", counts=False)
    assert plain.estimate == pytest.approx(change["California"] - change.drop("California").mean())
    mixed = synthetic_control(series, "California", 1989, scale="difference", counts=False, algorithm="frank-wolfe")
    cases.check(of, {"did": plain.estimate, "sc": mixed.estimate})


def test_wilsons_ratio_of_rate_ratios():
    of = cases.case("wilson_log_irr")
    treated, control = (tuple(of["inputs"][name]) for name in ("treated", "control"))
    found = relative_rate_ratio(treated, control)
    cases.check(of, {"irr": found.estimate, "log_irr": math.log(found.estimate)})
    assert found.se == pytest.approx(math.sqrt(sum(1 / n for n in (*treated, *control))))
    assert relative_rate_ratio(treated, control, phi=4.0).se == pytest.approx(2 * found.se)


def test_overdispersion_of_operation_restore_roosevelt():
    of = cases.case("roosevelt_violent")
    months = cases.csv("roosevelt_violent_monthly.csv")
    cases.check(of, {"phi": overdispersion(months.loc[months["month"] < 0, "treated"].to_numpy(float))})


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("model", ["poisson", "linear"])
def test_two_way_fixed_effects_as_statsmodels_fits_them(seed, model):
    import statsmodels.api as sm

    series = example_series(6, before=14, during=6, seed=seed)
    # A month of the service that the treated place lacks is in no window, so only others' months go missing here.
    gone = np.random.default_rng(seed).choice(series.index[series["place"] != "ours"], 9, replace=False)
    series = series.drop(index=gone).reset_index(drop=True)
    service = ((series["place"] == "ours") & (series["month"] >= FIRST)).astype(float)
    x = np.column_stack(
        [
            service,
            pd.get_dummies(series["place"]).to_numpy(float),
            pd.get_dummies(series["month"], drop_first=True).to_numpy(float),
        ]
    )
    y = series["crimes"].to_numpy(float)
    peer = sm.GLM(y, x, family=sm.families.Poisson()) if model == "poisson" else sm.OLS(y, x)
    groups = pd.factorize(series["place"])[0]
    # Ours corrects by G / (G - 1); statsmodels would also by (n - 1) / (n - k).
    fit = peer.fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False})
    found = twfe(series, "ours", FIRST, model=model)
    estimate = math.log(found.estimate) if model == "poisson" else found.estimate
    assert estimate == pytest.approx(fit.params[0], abs=1e-7)
    assert found.se == pytest.approx(fit.bse[0] * math.sqrt(7 / 6), rel=1e-5)


# --- edges ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", EVERY)
def test_no_comparators_is_a_refusal(estimator):
    found = estimator(example_series(0), "ours", FIRST)
    assert isinstance(found, Refusal)
    assert "no comparator" in found.reason


def test_one_comparator_has_no_spread_to_give_an_interval():
    assert isinstance(did(example_series(1), "ours", FIRST), Refusal)
    assert isinstance(sdid(example_series(1), "ours", FIRST), Refusal)


@pytest.mark.parametrize("estimator", EVERY)
def test_a_month_without_crime_is_a_count(estimator):
    series = example_series(9)
    series.loc[(series["place"] == "ours") & (series["month"] == "2022-05"), "crimes"] = 0
    found = estimator(series, "ours", FIRST)
    assert isinstance(found, ResultRecord)
    assert math.isfinite(found.se)


@pytest.mark.parametrize("estimator", EVERY)
def test_a_month_missing_in_one_place(estimator):
    series = example_series(9)
    whole = estimator(series, "ours", FIRST)
    short = estimator(series[(series["place"] != "city 03") | (series["month"] != "2022-05")], "ours", FIRST)
    assert isinstance(short, ResultRecord)
    # A month that is not loaded is not a month without crime: one of 48 in one of nine places hardly moves the answer.
    assert short.estimate == pytest.approx(whole.estimate, rel=0.03)
    assert short.data_hash != whole.data_hash


@pytest.mark.parametrize("estimator", EVERY)
def test_a_treated_place_without_crime_is_a_refusal(estimator):
    series = example_series(9)
    series.loc[series["place"] == "ours", "crimes"] = 0
    found = estimator(series, "ours", FIRST)
    assert isinstance(found, Refusal)
    assert "No crime was recorded in ours" in found.reason


def test_no_crime_during_alone_gives_a_wide_interval_not_a_crash():
    series = example_series(9, treated_rate=3.0)
    series.loc[(series["place"] == "ours") & (series["month"] >= FIRST), "crimes"] = 0
    found = did(series, "ours", FIRST)
    assert 0 < found.estimate < 0.3
    assert found.ci_low < found.estimate < found.ci_high
    assert any(check.passed is False and "ours" in str(check.value) for check in found.checks)


# --- what must not matter ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", EVERY)
@pytest.mark.parametrize("seed", [4, 5])
def test_the_order_of_rows_and_names_of_places_do_not_matter(estimator, seed):
    series = example_series(12, seed=seed)
    rng = np.random.default_rng(seed)
    names = sorted(set(series["place"]) - {"ours"})
    renamed = dict(zip(names, rng.permutation(names), strict=True))
    shuffled = series.sample(frac=1, random_state=seed).replace({"place": renamed})
    one, two = estimator(series, "ours", FIRST), estimator(shuffled, "ours", FIRST)
    assert (two.estimate, two.se) == pytest.approx((one.estimate, one.se), rel=1e-6)


@pytest.mark.parametrize("estimator", [did, twfe])
@pytest.mark.parametrize("times", [0.5, 30.0])
def test_the_unit_of_exposure_does_not_matter(estimator, times):
    series = example_series(7).assign(exposure=1.0)
    scaled = series.assign(exposure=np.where(series["place"] == "city 02", times, 1.0))
    one, two = estimator(series, "ours", FIRST), estimator(scaled, "ours", FIRST)
    assert (two.estimate, two.se) == pytest.approx((one.estimate, one.se), rel=1e-6)


def test_a_comparator_ten_times_as_large_counts_as_one_place():
    series = example_series(7)
    large = series.assign(crimes=np.where(series["place"] == "city 02", 10 * series["crimes"], series["crimes"]))
    assert did(large, "ours", FIRST).estimate == pytest.approx(did(series, "ours", FIRST).estimate, rel=1e-9)
