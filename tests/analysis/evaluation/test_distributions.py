"""Tails and quantiles say what scipy.stats says, over whatever an estimate may ask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from analysis.evaluation import distributions as d

statistics = st.floats(-40, 40)
freedom = st.floats(0.5, 5000)
shares = st.floats(1e-6, 1 - 1e-6)


def close(expected: object) -> object:
    return pytest.approx(np.asarray(expected, float), rel=1e-9, abs=1e-300)


@given(statistics)
def test_normal_tail(z):
    assert d.normal_above(z) == close(stats.norm.sf(z))
    assert d.log_normal_above(z) == close(stats.norm.logsf(z))


@given(statistics, st.floats(0.01, 50))
def test_normal_density(x, sd):
    assert d.log_normal_density(x, sd) == close(stats.norm.logpdf(x, scale=sd))


@given(statistics, freedom, shares)
def test_t(x, df, p):
    assert d.t_above(x, df) == close(stats.t.sf(x, df))
    assert d.t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-9, abs=1e-12)
    assert d.normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-12, abs=1e-15)


@given(st.floats(-5, 200), st.floats(1, 30), freedom)
def test_f_and_chi_squared(x, df, df2):
    assert d.f_above(x, df, df2) == pytest.approx(stats.f.sf(x, df, df2), rel=1e-8, abs=1e-200)
    assert d.chi2_above(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-9, abs=1e-300)


@given(st.integers(0, 3000), st.integers(0, 3000), shares)
def test_both_tails_of_a_binomial(k, rest, share):
    n = k + rest
    assert d.binomial_up_to(k, n, share) == pytest.approx(stats.binom.cdf(k, n, share), rel=1e-8, abs=1e-200)
    above = d.binomial_up_to(rest, n, 1 - share)
    assert above == pytest.approx(stats.binom.sf(k - 1, n, share), rel=1e-8, abs=1e-200)
    assert d.binomial_up_to(-1, n, share) == 0


@given(st.integers(0, 2000), st.integers(1, 2000), shares)
def test_beta_quantile(a, b, p):
    assert d.beta_quantile(p, a + 1, b) == pytest.approx(stats.beta.ppf(p, a + 1, b), rel=1e-9)


@given(st.integers(0, 5000), st.floats(0.01, 5000))
def test_poisson(k, mean):
    assert d.poisson_mass(k, mean) == pytest.approx(stats.poisson.pmf(k, mean), rel=1e-9, abs=1e-300)


@given(st.floats(0, 100), st.floats(0.001, 10))
def test_half_cauchy(x, scale):
    assert d.log_half_cauchy_density(x, scale) == close(stats.halfcauchy(scale=scale).logpdf(x))
