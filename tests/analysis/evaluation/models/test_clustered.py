"""Clustered covariances: against Petersen's test data, statsmodels and sums written out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.sandwich_covariance import cov_cluster, cov_cluster_2groups

from analysis.evaluation.models.clustered import TooFewClusters, clustered_covariance


def fitted(seed, n=200, groups=(9, 14)):
    rng = np.random.default_rng(seed)
    # Unequal sizes: low labels come up more often.
    ways = [(rng.random(n) ** 2 * g).astype(int) for g in groups]
    x = np.column_stack([np.ones(n), rng.normal(size=n) + rng.normal(size=groups[0])[ways[0]]])
    y = x @ [1.0, 0.5] + rng.normal(size=n) + rng.normal(size=groups[0])[ways[0]] + rng.normal(size=groups[1])[ways[1]]
    model = OLS(y, x).fit()
    return model, x * model.resid[:, None], np.linalg.inv(x.T @ x), ways


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_one_and_two_ways_equal_statsmodels(seed):
    model, scores, bread, ways = fitted(seed)
    ours = clustered_covariance(scores, bread, [ways[0]], correction="CR1S").covariance
    assert ours == pytest.approx(cov_cluster(model, ways[0]), rel=1e-9)
    theirs = cov_cluster_2groups(model, ways[0], ways[1])[0]
    both = clustered_covariance(scores, bread, ways, correction="CR1S")
    if not both.mended:
        assert both.covariance == pytest.approx(theirs, rel=1e-9)
    assert both.groups == (len(set(ways[0])), len(set(ways[1])))
    assert both.df == min(both.groups) - 1


def test_every_row_its_own_cluster_is_white_and_labels_may_be_anything():
    _, scores, bread, ways = fitted(1)
    white = bread @ (scores.T @ scores) @ bread
    alone = clustered_covariance(scores, bread, [np.arange(len(scores))], correction="CR0").covariance
    assert alone == pytest.approx(white)
    named = [f"week {g}" for g in ways[0]]
    as_objects = np.array(named, dtype=object)
    for labels in (named, as_objects, ways[0] * 7 - 3):
        found = clustered_covariance(scores, bread, [labels]).covariance
        assert found == pytest.approx(clustered_covariance(scores, bread, [ways[0]]).covariance)


def test_the_same_way_twice_is_one_way_and_three_ways_are_the_written_out_sum():
    _, scores, bread, ways = fitted(2)
    one = clustered_covariance(scores, bread, [ways[0]]).covariance
    assert clustered_covariance(scores, bread, [ways[0], ways[0]]).covariance == pytest.approx(one)
    third = np.arange(len(scores)) % 4

    def v(*labels):
        joined = ["/".join(map(str, row)) for row in zip(*labels, strict=True)]
        return clustered_covariance(scores, bread, [joined], correction="CR0").covariance

    a, b, c = *ways, third
    expected = v(a) + v(b) + v(c) - v(a, b) - v(a, c) - v(b, c) + v(a, b, c)
    found = clustered_covariance(scores, bread, [a, b, c], correction="CR0")
    assert found.mended or found.covariance == pytest.approx(expected)
    assert np.linalg.eigvalsh(found.covariance).min() >= -1e-12


def test_a_negative_variance_is_mended_and_said():
    scores = np.array([[1.0], [-1.0], [-1.0], [1.0]])  # sums to 0 along rows and along columns of a 2 x 2 table
    found = clustered_covariance(scores, np.eye(1), [[0, 0, 1, 1], [0, 1, 0, 1]], correction="CR0")
    assert found.mended
    assert found.covariance[0, 0] == 0


def test_one_cluster_is_refused():
    with pytest.raises(TooFewClusters, match="one cluster"):
        clustered_covariance(np.ones((3, 1)), np.eye(1), [["a", "a", "a"]])
