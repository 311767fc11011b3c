"""Zero-inflated Poisson against statsmodels, its own likelihood and data of known truth."""

import numpy as np
import pytest
from scipy import stats
from scipy.optimize import approx_fprime
from statsmodels.discrete.count_model import ZeroInflatedPoisson
from statsmodels.tools.numdiff import approx_hess3

from analysis.evaluation.models.poisson import DidNotConverge, fit_poisson
from analysis.evaluation.models.zero_inflated import _Problem, fit_zero_inflated_poisson


def drawn(seed, n=600, wide=1.0):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=n) * wide])
    exposure = rng.uniform(0.5, 4, n)
    never = rng.random(n) < 1 / (1 + np.exp(-(-0.5 + 0.8 * x[:, 1] / wide)))
    return x, np.where(never, 0, rng.poisson(exposure * np.exp(0.5 + 0.4 * x[:, 1] / wide))), np.log(exposure)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_coefficients_errors_and_likelihood_equal_statsmodels(seed):
    x, y, offset = drawn(seed)
    ours = fit_zero_inflated_poisson(x, x, y, offset)
    model = ZeroInflatedPoisson(y, x, exog_infl=x, offset=offset)
    theirs = model.fit(disp=0, method="bfgs", maxiter=500, start_params=[*ours.zero, *ours.count])
    assert np.r_[ours.zero, ours.count] == pytest.approx(theirs.params, abs=2e-4)
    assert ours.loglik == pytest.approx(theirs.llf, abs=1e-5)
    # Its own closed form of the curvature is off by 1 to 2%; its likelihood is not.
    curvature = -approx_hess3(theirs.params, model.loglike)
    assert np.r_[ours.zero_se, ours.count_se] == pytest.approx(np.sqrt(np.diag(np.linalg.inv(curvature))), rel=1e-3)


def test_derivatives_are_the_derivatives_of_the_likelihood():
    x, y, offset = drawn(4, 80)
    problem, at = _Problem(x, x, y, offset), np.array([0.3, 0.2, -0.4, 0.6])
    assert problem.gradient(at) == pytest.approx(approx_fprime(at, problem.value, 1e-7), abs=1e-5)
    numeric = np.array([approx_fprime(at, lambda t, i=i: problem.gradient(t)[i], 1e-7) for i in range(4)])
    assert problem.hessian(at) == pytest.approx(numeric, abs=1e-5)


def test_likelihood_is_the_written_out_mixture_and_the_expected_zeros_are_the_seen():
    x, y, offset = drawn(5)
    fit = fit_zero_inflated_poisson(x, x, y, offset)
    some = (1 - fit.never) * stats.poisson.pmf(y, fit.mu)
    assert fit.loglik == pytest.approx(np.log(some + fit.never * (y == 0)).sum())
    assert (fit.never + (1 - fit.never) * np.exp(-fit.mu)).mean() == pytest.approx((y == 0).mean(), abs=0.02)
    assert fit.loglik > fit_poisson(x, y.astype(float), offset).loglik


def test_units_of_a_column_only_change_its_own_term():
    x, y, offset = drawn(6)
    one = fit_zero_inflated_poisson(x, x, y, offset)
    other = fit_zero_inflated_poisson(x * [1, 1000], x, y, offset)
    assert other.count == pytest.approx(one.count / [1, 1000], rel=1e-4)
    assert other.count_se == pytest.approx(one.count_se / [1, 1000], rel=1e-4)
    assert other.loglik == pytest.approx(one.loglik)


@pytest.mark.parametrize("y", [np.zeros(20), np.arange(1, 21.0)])
def test_counts_without_zeros_or_without_events_are_refused(y):
    one = np.ones((len(y), 1))
    with pytest.raises(DidNotConverge, match="rows without and rows with"):
        fit_zero_inflated_poisson(one, one, y)


def test_fewer_zeros_than_poisson_has_no_finite_fit():
    y = np.repeat([0.0, 1, 2, 3, 4], [1, 30, 60, 30, 10])
    one = np.ones((len(y), 1))
    with pytest.raises(DidNotConverge, match="zero"):
        fit_zero_inflated_poisson(one, one, y)
