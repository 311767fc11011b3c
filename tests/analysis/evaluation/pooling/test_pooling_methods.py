"""Meta-analysis against statsmodels, adjusted p-values by their properties, power against simulation, costs."""

import math

import numpy as np
import pytest

from analysis.evaluation.before_after.counts import TwoCounts, exact_conditional
from analysis.evaluation.building import difference_record, log_ratio_record
from analysis.evaluation.pooling.economics import cost_interval_words, cost_per_fewer, fewer_than_expected
from analysis.evaluation.pooling.meta import pool, pooled_record
from analysis.evaluation.pooling.multiplicity import benjamini_hochberg, bonferroni, holm
from analysis.evaluation.pooling.power import months_needed, power_rate_ratio, smallest_ratio
from analysis.evaluation.record import Refusal


def sites(seed, k=8):
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.1, k)
    return rng.normal(-0.2, np.sqrt(v + 0.4)), v


@pytest.mark.parametrize("seed", range(6))
def test_pooling_agrees_with_statsmodels(seed):
    combine_effects = pytest.importorskip("statsmodels.stats.meta_analysis").combine_effects
    y, v = sites(seed)
    theirs, ours = combine_effects(y, v, method_re="dl"), pool(y, v)
    assert (ours.estimate, ours.se, ours.tau2, ours.q) == pytest.approx(
        (theirs.mean_effect_re, theirs.sd_eff_w_re, theirs.tau2, theirs.q), abs=1e-8
    )
    knha = pool(y, v, hartung_knapp=True)
    assert knha.se == pytest.approx(theirs.sd_eff_w_re_hksj, abs=1e-8)


@pytest.mark.parametrize("seed", range(6))
def test_reml_solves_its_score_equation(seed):
    y, v = sites(seed)
    found = pool(y, v, between="reml")
    w = 1 / (v + found.tau2)
    mu = w @ y / w.sum()
    # Derivative of the restricted likelihood in tau^2: zero inside, not rising at the boundary 0.
    score = -w.sum() + (w**2).sum() / w.sum() + w**2 @ (y - mu) ** 2
    assert abs(score) < 1e-3 * w.sum() if found.tau2 > 0 else score <= 1e-9


def test_alike_sites_pool_as_one_effect_and_one_site_is_itself():
    y, v = [-0.3, -0.3, -0.3], [0.02, 0.05, 0.03]
    assert pool(y, v).tau2 == pool(y, v, between="reml").tau2 == 0.0
    assert pool(y, v).estimate == pytest.approx(-0.3)
    alone = pool([-0.4], [0.04])
    assert (alone.estimate, alone.se, alone.prediction) == (pytest.approx(-0.4), pytest.approx(0.2), None)
    with pytest.raises(ValueError, match="variance above 0"):
        pool([0.1, 0.2], [0.1, 0.0])


def ratio_record(log_ratio, se=0.1, **more):
    given = {
        "estimand": "e",
        "n_events": 50,
        "n_units": 5,
        "n_clusters": None,
        "method": "m",
        "maryland_level": 3,
        "data_hash": "h",
    }
    return log_ratio_record(log_ratio=log_ratio, se=se, df=None, method_key="did", **{**given, **more})


def test_records_of_forces_are_pooled_at_their_lowest_level():
    found = pooled_record([ratio_record(-0.2), ratio_record(-0.4, maryland_level=2), ratio_record(-0.3)])
    assert found.maryland_level == 2
    assert found.n_events == 150
    assert math.exp(-0.4) < found.estimate < math.exp(-0.2)
    assert found.check("95% prediction interval").value.startswith("0.")


def test_what_cannot_be_pooled_is_refused():
    apart = difference_record(
        difference=-3, se=1, df=None, method_key="wdd", unit="crimes", estimand="e", n_events=5, n_units=2,
        n_clusters=None, method="m", maryland_level=3, data_hash="h",
    )  # fmt: skip
    assert isinstance(pooled_record([ratio_record(-0.2), apart]), Refusal)
    assert isinstance(pooled_record([ratio_record(-0.2)]), Refusal)
    # A place without crime during the service has no finite log ratio and is left out.
    no_crime = exact_conditional(TwoCounts(5, 0, 1, 1))
    assert isinstance(pooled_record([ratio_record(-0.2), no_crime]), Refusal)


@pytest.mark.parametrize("seed", range(5))
def test_adjusted_p_values_keep_their_order(seed):
    p = np.random.default_rng(seed).uniform(size=12) ** 2
    order = np.argsort(p)
    for adjusted in (holm(p), benjamini_hochberg(p)):
        assert (np.diff(adjusted[order]) >= -1e-15).all()
        assert (adjusted >= p - 1e-15).all()
    assert (holm(p) <= bonferroni(p) + 1e-15).all()
    assert (benjamini_hochberg(p) <= holm(p) + 1e-15).all()


def test_a_test_that_was_not_made_is_not_counted():
    with_gap, without = holm([0.01, float("nan"), 0.04]), holm([0.01, 0.04])
    assert np.isnan(with_gap[1])
    assert with_gap[[0, 2]].tolist() == without.tolist()
    assert len(holm([])) == len(benjamini_hochberg([])) == 0
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm([1.2])


def test_holm_holds_the_family_error():
    p = np.random.default_rng(8).uniform(size=(4000, 6))
    assert np.mean([(holm(row) < 0.05).any() for row in p]) == pytest.approx(0.05, abs=0.012)


def test_power_matches_simulated_tests():
    rng, events = np.random.default_rng(9), 200
    before, during = rng.poisson(events, 40_000), rng.poisson(events * 0.75, 40_000)
    z = np.log(during / before) / np.sqrt(1 / before + 1 / during)
    assert power_rate_ratio(events, 0.75) == pytest.approx((np.abs(z) > 1.96).mean(), abs=0.015)
    assert power_rate_ratio(events, 1.0) == pytest.approx(0.05, abs=1e-9)


def test_power_falls_with_noise_and_rises_with_events():
    assert power_rate_ratio(200, 0.8, phi=2) < power_rate_ratio(200, 0.8) < power_rate_ratio(400, 0.8)
    assert (
        power_rate_ratio(200, 0.8, clusters=4) < power_rate_ratio(200, 0.8, clusters=200) < power_rate_ratio(200, 0.8)
    )
    assert power_rate_ratio(200, smallest_ratio(200, phi=1.5), phi=1.5) == pytest.approx(0.8, abs=1e-6)
    assert smallest_ratio(1) == 0.0


def test_months_needed_is_the_first_that_is_enough():
    months = months_needed(30, 0.75, 12, phi=1.5)
    powers = [power_rate_ratio(360, 0.75, m / 12, phi=1.5) for m in (months - 1, months)]
    assert powers[0] < 0.8 <= powers[1]
    assert months_needed(30, 0.9, 12, drift=0.2) is None


def test_cost_of_a_clear_change_has_both_ends():
    change = fewer_than_expected(exact_conditional(TwoCounts(416, 252, 1, 1)), 252)
    found = cost_per_fewer(164_000, change)
    assert found.estimate == pytest.approx(1000)
    assert found.ci_low == pytest.approx(164_000 / change.high)
    assert found.ci_high == pytest.approx(164_000 / change.low)
    assert "no upper limit" not in cost_interval_words(found)


def test_cost_of_a_change_that_may_be_none_has_no_upper_limit():
    change = fewer_than_expected(exact_conditional(TwoCounts(40, 35, 1, 1)), 35)
    found = cost_per_fewer(10_000, change)
    assert found.ci_high == math.inf
    assert cost_interval_words(found).endswith("no upper limit")
    assert not found.checks[1].passed
    assert found.to_json()


def test_no_crime_fewer_and_no_spend_are_refused():
    more = fewer_than_expected(exact_conditional(TwoCounts(30, 45, 1, 1)), 45)
    refused = cost_per_fewer(10_000, more)
    assert isinstance(refused, Refusal)
    assert "nothing to divide" in refused.reason
    assert isinstance(cost_per_fewer(0, more), Refusal)


def test_no_crime_at_all_during_the_service_has_no_cost():
    change = fewer_than_expected(exact_conditional(TwoCounts(8, 0, 1, 1)), 0)
    refused = cost_per_fewer(1_000, change)
    assert isinstance(refused, Refusal)
    assert "cannot be told" in refused.reason
