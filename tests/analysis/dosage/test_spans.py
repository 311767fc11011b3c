"""Sums over stretches of time against looking at every moment."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dosage.spans import changes, clip, cover, groups, outside, places

# Small whole numbers, so that ends often coincide.
spans = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 20), st.integers(1, 8)).map(lambda s: (s[0], s[1], s[1] + s[2])),
    max_size=25,
)
MOMENTS = [t + 0.5 for t in range(-2, 32)]


def columns(rows):
    group, start, end = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(group, np.int64), np.array(start, float), np.array(end, float)


def covered(rows, group, moment):
    return sum(g == group and a < moment < b for g, a, b in rows)


@settings(max_examples=200, deadline=None)
@given(spans, spans)
def test_cover_counts_each_moment_of_each_layer(one, other):
    group, start, end = columns(one + other)
    found = cover(group, start, end, np.repeat([0, 1], [len(one), len(other)]), 2)
    for g in range(4):
        for moment in MOMENTS:
            at = (found.group == g) & (found.t_from_ms < moment) & (found.t_to_ms > moment)
            assert at.sum() <= 1
            assert found.layers[:, at].sum(axis=1).tolist() == [covered(one, g, moment), covered(other, g, moment)]


@settings(max_examples=200, deadline=None)
@given(spans, spans)
def test_what_is_left_is_in_a_stretch_and_in_no_busy_time(some, busy):
    windows = outside(*columns(busy), 4)
    which, start, end = clip(*columns(some), *windows)
    assert (np.diff(which) >= 0).all()
    left = [(w, a, b) for w, a, b in zip(which.tolist(), start, end, strict=True)]
    for row, (group, a, b) in enumerate(some):
        for moment in MOMENTS:
            wanted = a < moment < b and not covered(busy, group, moment)
            assert covered(left, row, moment) == wanted


pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 6)), max_size=20)


@settings(max_examples=200, deadline=None)
@given(pairs, pairs)
def test_places_are_those_of_pairs_in_order(rows, asked):
    rows.sort()
    columns = [np.array([r[n] for r in part], float if n else np.int64) for part in (rows, asked) for n in (0, 1)]
    before, after = (places(*columns, after_equal=side).tolist() for side in (False, True))
    assert before == [sum(r < q for r in rows) for q in asked]
    assert after == [sum(r <= q for r in rows) for q in asked]


@settings(max_examples=100, deadline=None)
@given(pairs)
def test_groups_number_the_pairs_in_order(rows):
    one, other = (np.array([r[n] for r in rows], np.int64) for n in (0, 1))
    number, first = groups(one, other)
    kinds = sorted(set(rows))
    assert [kinds[n] for n in number] == rows
    assert [rows[n] for n in first] == kinds
    assert changes(np.array([r[0] for r in sorted(rows)])).sum() == len({r[0] for r in rows})
