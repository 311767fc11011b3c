"""Regression models against published examples."""

import math

import numpy as np
import pandas as pd
import pytest

from analysis.evaluation.models.linear import fit_ols
from analysis.evaluation.models.poisson import fit_poisson
from analysis.evaluation.models.zero_inflated import fit_zero_inflated_poisson
from tests.analysis.evaluation.cases import case, check, csv, tolerance

Z = 1.959963984540054


def dummies(column):
    return pd.get_dummies(column, drop_first=True).to_numpy(float)


def test_doctors_and_smoking():
    of = case("stata_doctors_poisson")
    data = csv(of["inputs"]["data"])
    x = np.column_stack([data["smoke"], dummies(data["age"]), np.ones(len(data))])
    fit = fit_poisson(x, data["y"].to_numpy(float), np.log(data["n"].to_numpy(float)))
    irr, se = math.exp(fit.coef[0]), math.sqrt(fit.cov[0, 0])
    low, high = irr * math.exp(-Z * se), irr * math.exp(Z * se)
    check(of, {"irr_smokes": irr, "se_irr": irr * se, "ci_low": low, "ci_high": high, "loglik": fit.loglik})
    check(of, {"irr_ages": np.exp(fit.coef[1:5])})


def test_ships_dispersion_coefficients_and_quasi_errors():
    of = case("mccullagh_nelder_ships")
    data = csv(of["inputs"]["data"]).query("service > 0")
    x = np.column_stack([np.ones(len(data)), *(dummies(data[name]) for name in ("type", "year", "period"))])
    fit = fit_poisson(x, data["incidents"].to_numpy(float), np.log(data["service"].to_numpy(float)))
    check(of, {"dispersion": fit.phi, "coef": fit.coef})
    quasi = [0.283, 0.231, 0.428, 0.378, 0.307, 0.195, 0.221, 0.303, 0.154]
    assert np.sqrt(np.diag(fit.quasi())) == pytest.approx(quasi, abs=0.0006)


def test_publications_of_biochemists():
    of = case("long_zip_biochemists")
    data = csv(of["inputs"]["data"])
    women, married = data["fem"] == "Women", data["mar"] == "Married"
    x = np.column_stack([np.ones(len(data)), women, married, data["kid5"], data["phd"], data["ment"]]).astype(float)
    fit = fit_zero_inflated_poisson(x, x, data["art"].to_numpy(float))
    check(of, {"count_intercept": fit.count[0], "count_women": fit.count[1], "count_ment": fit.count[5]})
    check(of, {"zero_ment": fit.zero[5], "zero_kid5": fit.zero[3], "loglik": fit.loglik})


def test_slicing_time_adds_no_power():
    of = case("slicing_adds_no_power")
    control, treated = of["inputs"]["control"], of["inputs"]["treated"]
    group = np.repeat([0.0, 1.0], [len(control), len(treated)])
    sliced = fit_poisson(np.column_stack([group, np.ones(len(group))]), np.array(control + treated, float))
    sums = np.array([sum(control), sum(treated)], float)
    totals = fit_poisson(np.array([[0.0, 1.0], [1.0, 1.0]]), sums, np.log([len(control), len(treated)]))
    check(of, {"irr": math.exp(sliced.coef[0])})
    assert totals.coef[0] == pytest.approx(sliced.coef[0], abs=tolerance(of, "same_estimate"))
    assert totals.cov[0, 0] == pytest.approx(sliced.cov[0, 0], abs=tolerance(of, "same_se"))


def test_newey_west_on_investment():
    of = case("newey_west_greene")
    data = csv(of["inputs"]["data"])
    if "RealInv" not in data:
        deflator = data["Price"] / 100
        data = data.assign(RealInv=data["Investment"] / deflator, RealGNP=data["GNP"] / deflator)
        data["RealInt"] = data["Interest"] - data["Price"].pct_change() * 100
    data = data[["RealInv", "RealGNP", "RealInt"]].dropna()
    x = np.column_stack([np.ones(len(data)), data["RealGNP"], data["RealInt"]])
    fit = fit_ols(x, data["RealInv"].to_numpy(float))
    check(of, {"coef": fit.coef, "se_ols": np.sqrt(np.diag(fit.classical()))})
    check(of, {"se_nw": np.sqrt(np.diag(fit.newey_west(of["inputs"]["lags"])))})


def test_petersens_test_data():
    of = case("petersen_cluster_se")
    data = csv(of["inputs"]["data"])
    fit = fit_ols(np.column_stack([np.ones(len(data)), data["x"]]), data["y"].to_numpy(float))
    firm, year = data["firm"].to_numpy(), data["year"].to_numpy()
    covariances = {
        "se_ols": fit.classical(), "se_white": fit.white(), "se_firm": fit.clustered([firm]),
        "se_year": fit.clustered([year]), "se_twoway": fit.clustered([firm, year]),
    }  # fmt: skip
    check(of, {"coef": fit.coef[1], **{name: math.sqrt(v[1, 1]) for name, v in covariances.items()}})
