"""Pairing planned visits with visits: one for one, nearest in time, none too far apart."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dosage.planned import WITHIN_MINUTES, paired

_TIMES = st.lists(st.integers(0, 1439).map(float), max_size=4)


def test_a_walk_through_does_not_take_the_place_of_the_visit() -> None:
    assert paired(np.array([1062.0]), np.array([848.0, 1062.0])).tolist() == [1]


def test_without_a_time_any_visit_of_the_day_will_do() -> None:
    assert sorted(paired(np.array([np.nan, 900.0]), np.array([905.0, 1300.0])).tolist()) == [0, 1]
    assert paired(np.array([np.nan]), np.array([])).tolist() == [-1]


def test_a_visit_hours_away_is_another_visit() -> None:
    assert paired(np.array([600.0]), np.array([600.0 + WITHIN_MINUTES])).tolist() == [0]
    assert paired(np.array([600.0]), np.array([601.0 + WITHIN_MINUTES])).tolist() == [-1]


@settings(max_examples=150, deadline=None)
@given(_TIMES, _TIMES)
def test_as_many_pairs_as_can_be_with_the_least_time_apart(plan: list[float], began: list[float]) -> None:
    found = paired(np.array(plan), np.array(began))
    used = [v for v in found if v >= 0]
    assert len(used) == len(set(used))
    apart = [abs(plan[p] - began[v]) for p, v in enumerate(found) if v >= 0]
    assert all(a <= WITHIN_MINUTES for a in apart)
    best = (0, 0.0)  # by trying every way of pairing
    for chosen in itertools.product([-1, *range(len(began))], repeat=len(plan)):
        visits = [v for v in chosen if v >= 0]
        gaps = [abs(plan[p] - began[v]) for p, v in enumerate(chosen) if v >= 0]
        if len(visits) == len(set(visits)) and all(g <= WITHIN_MINUTES for g in gaps):
            best = max(best, (len(gaps), -sum(gaps)))
    assert (len(apart), -sum(apart)) == best
