"""Exact tests of small experiments against published counts and enumeration by itertools."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from analysis.evaluation.patrol_days import permutation
from analysis.evaluation.patrol_days.permutation import label_test, sign_flip_test
from tests.analysis.evaluation.cases import case, check, csv


def test_fishers_maize_pairs():
    of = case("fisher_zeamays_permutation")
    for differences in (of["inputs"]["differences_eighths"], csv(of["inputs"]["data"])["diff"] * 8):
        found = sign_flip_test(differences)
        check(
            of,
            {
                "sum": found.statistic, "n_as_extreme": found.n_as_extreme, "n_total": found.n_total, "p": found.p,
                "p_t": found.p_t,
            },
        )  # fmt: skip


def test_the_interval_of_the_maize_pairs_just_holds_no_effect():
    found = sign_flip_test(csv("zeamays.csv")["diff"])
    # Fisher: about 5.3%, so an interval of 95% must hold 0, close to its end.
    assert -0.2 < found.ci_low < 0
    assert found.ci_high == pytest.approx(5.23 + 0.02, abs=0.2)


def test_the_lady_tasting_tea():
    cups = [1, 1, 1, 1, 0, 0, 0, 0]
    assert label_test(cups, [1, 1, 1, 1, 0, 0, 0, 0], alternative="greater").p == pytest.approx(1 / 70)
    # Three of four right: 17 of 70 arrangements are as good.
    three = label_test(cups, [1, 1, 1, 0, 1, 0, 0, 0], alternative="greater")
    assert (three.n_as_extreme, three.n_total) == (17, 70)
    assert label_test(cups, [1, 1, 1, 0, 1, 0, 0, 0]).p == pytest.approx(34 / 70)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=9))
def test_signs_equal_enumeration(differences):
    sums = [
        sum(s * d for s, d in zip(signs, differences, strict=True))
        for signs in itertools.product((1, -1), repeat=len(differences))
    ]
    found = sign_flip_test(differences)
    assert found.n_total == len(sums)
    assert found.n_as_extreme == sum(abs(s) >= abs(sum(differences)) for s in sums)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.booleans(), st.integers(0, 1)), min_size=2, max_size=9))
def test_labels_equal_enumeration_within_strata(rows):
    values, treated, strata = (np.array(part) for part in zip(*rows, strict=True))
    groups = [np.flatnonzero(strata == s) for s in np.unique(strata)]
    choices = [list(itertools.combinations(g, int(treated[g].sum()))) for g in groups]
    sums = [sum(values[i] for part in parts for i in part) for parts in itertools.product(*choices)]
    found = label_test(values, treated, strata=strata)
    observed, expected = values[treated].sum(), float(np.mean(sums))
    assert found.n_total == len(sums)
    assert found.expected == pytest.approx(expected)
    assert found.n_as_extreme == sum(abs(s - expected) >= abs(observed - expected) - 1e-9 for s in sums)


def test_zeros_and_ones_are_fishers_exact_test():
    values, treated = [1] * 7 + [0] * 8 + [1] * 2 + [0] * 9, [True] * 15 + [False] * 11
    ours = label_test(values, treated, alternative="greater")
    assert (ours.exact, ours.n_total) == (True, math.comb(26, 15))
    assert ours.p == pytest.approx(stats.fisher_exact([[7, 8], [2, 9]], alternative="greater").pvalue)


def test_counting_by_sums_equals_listing(monkeypatch):
    values, treated, strata = [3, 0, 1, 1, 2, 5, 0, 4], [1, 0, 1, 0, 1, 0, 0, 1], [0, 0, 0, 0, 1, 1, 1, 1]
    listed = label_test(values, treated, strata=strata)
    monkeypatch.setattr(permutation, "MOST_ENUMERATED", 1)
    assert label_test(values, treated, strata=strata) == listed


def test_many_pairs_and_many_units_are_drawn_with_a_seed():
    rng = np.random.default_rng(5)
    pairs = rng.normal(0.2, 1, 60)
    first, again = sign_flip_test(pairs, seed=3), sign_flip_test(pairs, seed=3)
    assert first == again
    assert (first.exact, first.n_total) == (False, 5000)
    assert first.p == pytest.approx(stats.ttest_1samp(pairs, 0).pvalue, abs=0.03)
    values, treated = rng.normal(size=80), np.arange(80) % 2 == 0
    drawn = label_test(values, treated)
    assert (drawn.exact, drawn.n_total) == (False, 5000)
    assert drawn.p == pytest.approx(stats.ttest_ind(values[treated], values[~treated]).pvalue, abs=0.03)


def test_too_few_pairs_give_an_interval_without_ends():
    found = sign_flip_test([1.0, 2.0, 3.0])
    assert found.p == 0.25
    assert (found.ci_low, found.ci_high) == (-math.inf, math.inf)


@pytest.mark.parametrize("bad", [[], [math.nan, 1.0]])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(ValueError, match="finite"):
        sign_flip_test(bad)
    with pytest.raises(ValueError, match="finite"):
        label_test(bad, [True] * len(bad))
