"""Pooling and multiplicity against published numbers."""

import numpy as np

from analysis.evaluation.pooling.meta import pool
from analysis.evaluation.pooling.multiplicity import benjamini_hochberg, bonferroni, holm
from analysis.evaluation.pooling.power import clusters_needed, rate_ratio_se
from tests.analysis.evaluation.cases import case, check


def test_bcg_trials_pooled():
    found = case("pool_random_effects_bcg")
    a, b, c, d = np.array(found["inputs"]["tables"], float).T
    y, v = np.log(a / (a + b)) - np.log(c / (c + d)), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    dl, reml = pool(y, v), pool(y, v, between="reml")
    check(found, {"Q": dl.q, "tau2_dl": dl.tau2, "mu_dl": dl.estimate, "se_dl": dl.se})
    check(found, {"tau2_reml": reml.tau2, "mu_reml": reml.estimate, "se_reml": reml.se})
    # The same data with Knapp-Hartung errors in the documentation of metafor.
    knha = pool(y, v, between="reml", hartung_knapp=True)
    assert np.round([knha.se, knha.low, knha.high, knha.p], 4).tolist() == [0.1808, -1.1084, -0.3206, 0.0019]


def test_fifteen_p_values_of_benjamini_and_hochberg():
    found = case("benjamini_hochberg_1995")
    p, q = found["inputs"]["p"], found["inputs"]["q"]
    counts = {
        name: int((f(p) <= q).sum())
        for name, f in (("bh", benjamini_hochberg), ("holm", holm), ("bonferroni", bonferroni))
    }
    check(found, counts)


def test_slicing_time_adds_no_power():
    found = case("slicing_adds_no_power")
    totals = [sum(found["inputs"][name]) for name in ("control", "treated")]
    ratio = totals[1] / totals[0]
    check(found, {"irr": ratio})
    assert rate_ratio_se(totals[0], ratio) ** 2 == 1 / totals[0] + 1 / totals[1]


def test_clusters_by_the_formula_of_hayes_and_bennett():
    # (1.96 + 0.84)^2 ((0.0148 + 0.0104) / 424 + 0.25^2 (0.0148^2 + 0.0104^2)) / 0.0044^2 + 1, worked by hand.
    by_hand = 1 + 7.849 * (0.0252 / 424 + 0.0625 * (0.0148**2 + 0.0104**2)) / 0.0044**2
    assert abs(clusters_needed(0.0148, 0.0104, 424, variation=0.25) - by_hand) < 0.01
