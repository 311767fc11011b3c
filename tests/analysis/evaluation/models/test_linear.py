"""Least squares with its covariances, Poisson with its own: against statsmodels on random data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_linear_model import GLM
from statsmodels.regression.linear_model import OLS, WLS

from analysis.evaluation.models.linear import fit_ols, hac_covariance, usual_lags
from analysis.evaluation.models.poisson import DidNotConverge, fit_poisson

SEEDS = st.integers(0, 10_000)


def drawn(seed, n=80):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=n), np.cumsum(rng.normal(size=n))])
    return x, x @ [2.0, -1.0, 0.3] + rng.normal(size=n) * (1 + np.abs(x[:, 1])), rng


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_least_squares_and_every_white_error_equal_statsmodels(seed):
    x, y, _ = drawn(seed)
    ours, theirs = fit_ols(x, y), OLS(y, x).fit()
    assert ours.coef == pytest.approx(theirs.params, rel=1e-8)
    assert ours.classical() == pytest.approx(theirs.cov_params(), rel=1e-8)
    assert ours.r_squared == pytest.approx(theirs.rsquared)
    for kind in ("HC0", "HC1", "HC2", "HC3"):
        assert ours.white(kind) == pytest.approx(getattr(theirs, f"cov_{kind}"), rel=1e-8), kind


@settings(max_examples=15, deadline=None)
@given(SEEDS, st.integers(0, 9), st.booleans())
def test_newey_west_equals_statsmodels(seed, lags, small):
    x, y, _ = drawn(seed)
    theirs = OLS(y, x).fit(cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": small})
    assert fit_ols(x, y).newey_west(lags, small_sample=small) == pytest.approx(theirs.cov_params(), rel=1e-7)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_weights_equal_statsmodels(seed):
    x, y, rng = drawn(seed)
    weights = rng.uniform(0.2, 3, len(y))
    ours, theirs = fit_ols(x, y, weights), WLS(y, x, weights=weights).fit()
    assert ours.coef == pytest.approx(theirs.params, rel=1e-8)
    assert ours.classical() == pytest.approx(theirs.cov_params(), rel=1e-8)


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_poisson_with_offset_quasi_and_hac_errors_equals_statsmodels(seed):
    x, _, rng = drawn(seed)
    exposure = rng.uniform(0.1, 20, len(x))
    y = rng.poisson(exposure * np.exp(0.4 + 0.3 * x[:, 1]) * rng.gamma(2, 0.5, len(x))).astype(float)
    ours = fit_poisson(x, y, np.log(exposure))
    model = GLM(y, x, family=Poisson(), offset=np.log(exposure))
    plain, quasi = model.fit(tol=1e-12), model.fit(scale="X2", tol=1e-12)
    assert ours.coef == pytest.approx(plain.params, rel=1e-6, abs=1e-9)
    assert ours.loglik == pytest.approx(plain.llf)
    assert ours.quasi(floor=0) == pytest.approx(quasi.cov_params(), rel=1e-5)
    hac = model.fit(tol=1e-12, cov_type="HAC", cov_kwds={"maxlags": 4, "use_correction": False})
    assert hac_covariance(ours.scores(x, y), ours.cov, 4) == pytest.approx(hac.cov_params(), rel=1e-5)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.floats(1e-3, 1e3))
def test_errors_scale_with_the_unit_of_the_outcome(seed, unit):
    x, y, _ = drawn(seed)
    one, other = fit_ols(x, y), fit_ols(x, y * unit)
    for a, b in ((one.newey_west(3), other.newey_west(3)), (one.white("HC4"), other.white("HC4"))):
        assert b == pytest.approx(a * unit**2, rel=1e-7)


def test_quasi_floor():
    y = np.array([5.0, 5, 5, 5, 6, 5])
    fit = fit_poisson(np.ones((6, 1)), y)
    assert fit.phi < 1
    assert fit.quasi() == pytest.approx(fit.cov)
    assert fit.quasi(floor=0) == pytest.approx(fit.phi * fit.cov)


def test_terms_that_cannot_be_told_apart_are_said_so():
    x = np.ones((5, 2))
    with pytest.raises(DidNotConverge, match="told apart"):
        fit_ols(x, np.arange(5.0))


def test_usual_lags():
    assert [usual_lags(n) for n in (10, 36, 60, 100, 400)] == [2, 3, 3, 4, 5]
