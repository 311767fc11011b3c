"""The estimators against published examples (inputs, outputs and tolerances in ../shared/data/published_cases)."""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.evaluation.before_after.counts import TwoCounts, e_test_p, exact_conditional
from analysis.evaluation.harm.split import harm_split
from analysis.evaluation.models.poisson import cluster_covariance, fit_poisson
from analysis.evaluation.monitoring.xmr import xmr
from analysis.evaluation.patrol_days.model import patrol_days

CASES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "published_cases"
pytestmark = pytest.mark.skipif(
    not (CASES / "cases.json").exists(), reason="the published cases are not beside the repo"
)


@pytest.fixture(scope="module")
def cases():
    return {case["id"]: case for case in json.loads((CASES / "cases.json").read_text())}


def check(case, found):
    for name, value in found.items():
        tolerance = case["tolerance"][name] if isinstance(case["tolerance"], dict) else case["tolerance"]
        assert value == pytest.approx(case["expected"][name], abs=tolerance), name


def test_e_test_of_krishnamoorthy_and_thomson(cases):
    case = cases["etest_krishnamoorthy"]
    p = [e_test_p(TwoCounts(a, b, 1, 1), "unpooled") for a, b in case["inputs"]["pairs"]]
    check(case, {"p_0_3": p[0], "p_6_2": p[1]})


def test_doctors_and_smoking(cases):
    case = cases["stata_doctors_poisson"]
    data = pd.read_csv(CASES / case["inputs"]["data"])
    ages = pd.get_dummies(data["age"], drop_first=True).to_numpy(float)
    x = np.column_stack([data["smoke"], ages, np.ones(len(data))])
    fit = fit_poisson(x, data["y"].to_numpy(float), np.log(data["n"].to_numpy(float)))
    se = math.sqrt(fit.cov[0, 0])
    irr = math.exp(fit.coef[0])
    check(
        case,
        {
            "irr_smokes": irr,
            "se_irr": irr * se,
            "ci_low": irr * math.exp(-1.959964 * se),
            "ci_high": irr * math.exp(1.959964 * se),
            "loglik": fit.loglik,
        },
    )
    assert np.exp(fit.coef[1:5]) == pytest.approx(case["expected"]["irr_ages"], abs=case["tolerance"]["irr_ages"])


def test_ships_dispersion_and_coefficients(cases):
    case = cases["mccullagh_nelder_ships"]
    data = pd.read_csv(CASES / case["inputs"]["data"]).query("service > 0")
    dummies = [pd.get_dummies(data[name], drop_first=True).to_numpy(float) for name in ("type", "year", "period")]
    x = np.column_stack([np.ones(len(data)), *dummies])
    fit = fit_poisson(x, data["incidents"].to_numpy(float), np.log(data["service"].to_numpy(float)))
    assert fit.phi == pytest.approx(case["expected"]["dispersion"], abs=case["tolerance"]["dispersion"])
    assert fit.coef == pytest.approx(case["expected"]["coef"], abs=case["tolerance"]["coef"])


def test_slicing_time_adds_no_power(cases):
    case = cases["slicing_adds_no_power"]
    control, treated = case["inputs"]["control"], case["inputs"]["treated"]
    y = np.array(control + treated, float)
    group = np.repeat([0.0, 1.0], [len(control), len(treated)])
    sliced = fit_poisson(np.column_stack([group, np.ones(len(y))]), y)
    totals = fit_poisson(
        np.array([[0.0, 1.0], [1.0, 1.0]]),
        np.array([sum(control), sum(treated)], float),
        np.log([len(control), len(treated)]),
    )
    assert math.exp(sliced.coef[0]) == pytest.approx(case["expected"]["irr"], abs=case["tolerance"])
    assert totals.coef[0] == pytest.approx(sliced.coef[0], abs=case["tolerance"])
    assert totals.cov[0, 0] == pytest.approx(sliced.cov[0, 0], abs=case["tolerance"])


def test_interrupted_time_series_dispersion(cases):
    case = cases["its_sicily"]
    data = pd.read_csv(CASES / case["inputs"]["data"])
    turn = 2 * np.pi * data["time"] / 12
    waves = [f(k * turn) for k in (1, 2) for f in (np.sin, np.cos)]
    y, offset = data["aces"].to_numpy(float), np.log(data["stdpop"].to_numpy(float))
    base = [data["smokban"], data["time"] / 10, np.ones(len(data))]
    plain, seasonal = (fit_poisson(np.column_stack(c), y, offset) for c in (base, [*base, *waves]))
    found = {}
    for name, fit, phi in (("rr1", plain, 1.0), ("rr3", seasonal, seasonal.phi)):
        reach = 1.959964 * math.sqrt(phi * fit.cov[0, 0])
        found |= {name: math.exp(fit.coef[0]), f"{name}_low": math.exp(fit.coef[0] - reach)}
        found[f"{name}_high"] = math.exp(fit.coef[0] + reach)
    case = {**case, "tolerance": case["tolerance"]}
    check(case, found)


def test_cluster_robust_errors_of_petersen(cases):
    case = cases["petersen_cluster_se"]
    data = pd.read_csv(CASES / case["inputs"]["data"])
    x = np.column_stack([np.ones(len(data)), data["x"]])
    bread = np.linalg.inv(x.T @ x)
    coef = bread @ x.T @ data["y"].to_numpy()
    residual = data["y"].to_numpy() - x @ coef
    n, k = x.shape
    for name in ("firm", "year"):
        codes = pd.factorize(data[name])[0].astype(np.int64)
        covariance, _ = cluster_covariance(x * residual[:, None], bread, codes)
        # Petersen's factor has (N-1)/(N-k) besides G/(G-1).
        check(case, {f"se_{name}": math.sqrt(covariance[1, 1] * (n - 1) / (n - k))})


def test_xmr_limits_of_plot_the_dots(cases):
    case = cases["xmr_nhs_plotthedots"]
    result = xmr(case["inputs"]["values"])
    check(case, {"mean": result.centre, "upl": result.upper, "lpl": result.lower})
    unscreened = xmr(case["inputs"]["values"], screen=False)
    assert (unscreened.upper, unscreened.lower) == pytest.approx((6.95, -3.06), abs=0.006)


def test_the_practice_note_arithmetic(cases):
    before, during = cases["leicester_article"]["inputs"]["crimes"]
    record = exact_conditional(TwoCounts(before, during, 1, 1))
    assert (record.estimate - 1) * 100 == pytest.approx(cases["leicester_article"]["expected"]["pct_crime"], abs=0.5)
    assert (record.ci_low, record.ci_high) == pytest.approx((0.518, 0.708), abs=0.005)


def test_the_practice_note_read_harm_the_wrong_way(cases):
    crimes, harm = cases["leicester_article"]["inputs"]["crimes"], cases["leicester_article"]["inputs"]["harm"]
    split = harm_split(*([total / n] * n for n, total in zip(crimes, harm, strict=True)), 1, 1)
    assert split.total.estimate == pytest.approx(0.637, abs=0.0005)
    assert (split.severity_before, split.severity_during) == pytest.approx((145.0, 152.5), abs=0.05)
    assert split.severity.estimate == pytest.approx(1.052, abs=0.0005)


def test_patrol_days_on_the_fixture(cases):
    case = cases["patrol_day_fixture_a"]
    data = pd.read_csv(CASES / case["inputs"]["data"])
    panel = data.assign(hot_spot=data["hotspot"].astype(str), local_date=pd.to_datetime(data["date"]).dt.date)
    crime = patrol_days(panel, covariates=())
    harm = patrol_days(panel, outcome="harm", covariates=())
    check(
        case,
        {
            "beta": math.log(crime.estimate),
            "irr": crime.estimate,
            "se_model": crime.check("SE ignoring clustering").value,
            "se_cluster_day": crime.se,
            "harm_ratio": harm.estimate,
            "se_harm_cluster_day": harm.se,
        },
    )
