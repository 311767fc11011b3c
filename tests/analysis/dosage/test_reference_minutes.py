"""Minutes inside polygons against independent reckonings, and what no order or addition may change."""

import itertools
import math

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Polygon, box

from analysis.dosage.reference import Pings, Rules, device_intervals, tidy, visits
from analysis.dosage.reference_trackers import tracker_days

NOON = 1_676_376_000_000  # 14 February 2023, 12:00 UTC


def pings(rows):
    """rows: (device, team, seconds after noon, x, y)"""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    device, team, seconds, x, y = columns
    t = np.array([NOON + round(s * 1000) for s in seconds], np.int64)
    return Pings(np.array(device, np.int64), np.array(team, np.int64), t, np.array(x, float), np.array(y, float))


def ring(centre, radii):
    step = 2 * math.pi / len(radii)
    return [(centre[0] + r * math.cos(i * step), centre[1] + r * math.sin(i * step)) for i, r in enumerate(radii)]


radii = st.lists(st.floats(3.0, 10.0), min_size=3, max_size=9)


@st.composite
def polygons(draw):
    """A star-shaped polygon, perhaps with a hole, perhaps with a second part."""
    outer = ring((0, 0), draw(radii))
    holes = [ring((0, 0), draw(st.lists(st.floats(0.2, 0.9), min_size=3, max_size=6)))] if draw(st.booleans()) else []
    found = Polygon(outer, holes)
    if draw(st.booleans()):
        found = MultiPolygon([found, Polygon(ring((24, 3), draw(radii)))])
    # Six and more corners: any radii give a valid star; with three or four a hole may poke out.
    assume(found.is_valid)
    return found


places = st.floats(-14, 36, allow_nan=False).map(lambda v: round(v, 3))
fixes = st.tuples(
    st.integers(1, 3), st.integers(0, 3000).map(lambda s: s / 2), places, st.floats(-14, 14).map(lambda v: round(v, 3))
)
tracks = st.lists(fixes, min_size=2, max_size=40, unique_by=lambda f: (f[0], f[1]))


def as_pings(track, teams=lambda device: 1):
    return pings([(d, teams(d), s, x, y) for d, s, x, y in track])


def by_shapely(track, polygon, gap_s):
    """Seconds by device: each segment's share of length in the polygon, as GEOS intersects it."""
    totals = {}
    ordered = sorted(track)
    for (d0, s0, x0, y0), (d1, s1, x1, y1) in itertools.pairwise(ordered):
        if d0 != d1 or s1 - s0 > gap_s:
            continue
        line = LineString([(x0, y0), (x1, y1)])
        if line.length == 0:
            share = float(polygon.intersects(shapely.Point(x0, y0)))
        else:
            share = line.intersection(polygon).length / line.length
        totals[d0] = totals.get(d0, 0.0) + share * (s1 - s0)
    return totals


@settings(max_examples=150, deadline=None)
@given(tracks, polygons(), st.sampled_from([30.0, 300.0, 5000.0]))
def test_minutes_equal_the_share_of_each_segment(track, polygon, gap_s):
    found = device_intervals(as_pings(track), [polygon], Rules(gap_s=gap_s))
    expected = by_shapely(track, polygon, gap_s)
    for device in {d for d, *_ in track}:
        minutes = found.minutes[found.device == device].sum()
        assert minutes * 60 == pytest.approx(expected.get(device, 0.0), abs=2e-3)


@settings(max_examples=60, deadline=None)
@given(tracks, polygons())
def test_union_and_sum_of_minutes_against_dense_sampling(track, polygon):
    """Presence looked at every half second, by position, with none of the kernel's geometry."""
    rules = Rules(gap_s=600)
    found = visits(device_intervals(as_pings(track), [polygon], rules), rules)
    seconds = np.arange(0.25, 1500, 0.5)
    present = np.zeros((4, len(seconds)), bool)
    ordered = sorted(track)
    for (d0, s0, x0, y0), (d1, s1, x1, y1) in itertools.pairwise(ordered):
        if d0 == d1 and s1 - s0 <= 600:
            at = (seconds > s0) & (seconds < s1)
            share = (seconds[at] - s0) / (s1 - s0)
            present[d0, at] = shapely.intersects_xy(polygon, x0 + share * (x1 - x0), y0 + share * (y1 - y0))
    # A crossing is off by up to one sample, and between two samples a segment may clip a corner unseen.
    slack = 0.5 * (np.diff(present, axis=1).sum() + 2 * len(track))
    assert found.person_minutes.sum() * 60 == pytest.approx(present.sum() * 0.5, abs=slack)
    assert found.patrol_minutes.sum() * 60 == pytest.approx(present.any(axis=0).sum() * 0.5, abs=slack)


@settings(max_examples=60, deadline=None)
@given(tracks, polygons(), st.randoms(use_true_random=False))
def test_order_and_repeats_of_rows_change_nothing(track, polygon, random):
    shuffled = track + track[:5]
    random.shuffle(shuffled)
    one, other = (visits(device_intervals(as_pings(t), [polygon])) for t in (track, shuffled))
    for name in ("t_in_ms", "t_out_ms", "patrol_minutes", "person_minutes", "counts_as_visit"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


@settings(max_examples=60, deadline=None)
@given(tracks, polygons())
def test_another_device_never_lowers_patrol_minutes(track, polygon):
    fewer = [f for f in track if f[0] != 3]
    assume(len(fewer) >= 2)
    less, more = (visits(device_intervals(as_pings(t), [polygon])) for t in (fewer, track))
    assert more.patrol_minutes.sum() >= less.patrol_minutes.sum() - 1e-9
    assert (more.patrol_minutes <= more.person_minutes + 1e-9).all()
    devices = 3
    assert (more.person_minutes <= devices * more.patrol_minutes + 1e-9).all()


@settings(max_examples=60, deadline=None)
@given(tracks, polygons(), st.floats(0, 600), st.floats(0, 600))
def test_reentry_joins_visits_but_makes_no_minutes(track, polygon, a, b):
    short, long = sorted((a, b))
    intervals = device_intervals(as_pings(track), [polygon])
    few, many = visits(intervals, Rules(reentry_s=long)), visits(intervals, Rules(reentry_s=short))
    assert len(few.team) <= len(many.team)
    assert few.patrol_minutes.sum() == pytest.approx(many.patrol_minutes.sum())
    stay = (few.t_out_ms - few.t_in_ms) / 60_000
    assert (few.patrol_minutes <= stay + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(tracks, polygons())
def test_tracker_totals_agree_with_the_intervals(track, polygon):
    p = as_pings(track)
    intervals = device_intervals(p, [polygon, polygon])  # the same ground twice is still one inside
    days = tracker_days(p, intervals)
    assert days.pings.sum() == len(track)
    assert days.inside_minutes.sum() * 2 == pytest.approx(intervals.minutes.sum())
    assert (days.inside_minutes <= days.tracked_minutes + 1e-9).all()
    ends = {}
    for device, seconds, *_ in track:
        low, high = ends.get(device, (seconds, seconds))
        ends[device] = (min(low, seconds), max(high, seconds))
    assert (days.tracked_minutes + days.gap_minutes).sum() == pytest.approx(
        sum(high - low for low, high in ends.values()) / 60
    )


SQUARE = box(0, 0, 10, 10)


def test_both_ends_outside_still_clip_a_corner():
    # From (-1, 9) to (1, 11): only touches the corner point; from (-1, 8) to (3, 12): inside for 1/4.
    clipped = device_intervals(pings([(1, 1, 0, -1, 8), (1, 1, 100, 3, 12)]), [SQUARE])
    assert clipped.minutes.sum() * 60 == pytest.approx(25)
    assert clipped.t_in_ms[0] == NOON + 25_000
    assert device_intervals(pings([(1, 1, 0, -1, 9), (1, 1, 100, 1, 11)]), [SQUARE]).minutes.sum() == 0


def test_a_courtyard_is_not_inside():
    ring_road = Polygon(SQUARE.exterior.coords, [box(4, 4, 6, 6).exterior.coords])
    through = device_intervals(pings([(1, 1, 0, -5, 5), (1, 1, 200, 15, 5)]), [ring_road])
    assert ((through.t_in_ms - NOON) / 1000).tolist() == pytest.approx([50, 110])
    assert ((through.t_out_ms - NOON) / 1000).tolist() == pytest.approx([90, 150])


def test_a_walk_along_the_edge_is_inside():
    along = device_intervals(pings([(1, 1, 0, -5, 0), (1, 1, 100, 15, 0)]), [SQUARE])
    assert along.minutes.sum() * 60 == pytest.approx(50)


def test_silence_longer_than_the_gap_is_not_credited():
    track = pings([(1, 1, 0, 5, 5), (1, 1, 300, 5, 5), (1, 1, 601, 5, 5), (1, 1, 661, 5, 5)])
    found = device_intervals(track, [SQUARE])
    assert found.minutes.tolist() == [5.0, 1.0]
    days = tracker_days(track, found)
    assert (days.tracked_minutes[0], days.gap_minutes[0]) == pytest.approx((6.0, 301 / 60))
    assert days.median_interval_s[0] == 300


def test_hours_of_silence_are_off_duty_not_lost_signal():
    track = pings([(1, 1, 0, 5, 5), (1, 1, 60, 5, 5), (1, 1, 60 + 10_801, 5, 5), (1, 1, 120 + 10_801, 5, 5)])
    assert tracker_days(track, device_intervals(track, [SQUARE])).gap_minutes[0] == 0


def test_a_pair_makes_one_visit_of_patrol_minutes_and_two_of_person_minutes():
    rows = [(1, 1, s, 5, 5) for s in (0, 300, 600)] + [(2, 1, s, 6, 6) for s in (120, 420, 720)]
    found = visits(device_intervals(pings(rows), [SQUARE]))
    assert len(found.team) == 1
    assert (found.patrol_minutes[0], found.person_minutes[0]) == pytest.approx((12, 20))


def test_two_teams_at_once_are_two_visits():
    rows = [(1, 1, s, 5, 5) for s in (0, 300)] + [(2, 2, s, 6, 6) for s in (0, 300)]
    found = visits(device_intervals(pings(rows), [SQUARE]))
    assert found.team.tolist() == [1, 2]
    assert found.patrol_minutes.tolist() == [5, 5]


def outing(outside_s):
    """4 minutes inside, ``outside_s`` out of the square's east side and back, 4 minutes inside."""
    half = outside_s / 2
    return pings([
        (1, 1, 0, 10, 5), (1, 1, 240, 10, 5), (1, 1, 240 + half, 12, 5),
        (1, 1, 240 + outside_s, 10, 5), (1, 1, 480 + outside_s, 10, 5),
    ])  # fmt: skip


def test_a_short_excursion_is_bridged_and_not_counted():
    found = visits(device_intervals(outing(120), [SQUARE]))
    assert found.patrol_minutes.tolist() == pytest.approx([8.0])
    assert (found.t_out_ms - found.t_in_ms)[0] == 600_000
    assert visits(device_intervals(outing(122), [SQUARE])).patrol_minutes.tolist() == pytest.approx([4.0, 4.0])


@pytest.mark.parametrize(("seconds", "counts"), [(179, False), (180, True)])
def test_a_stay_under_the_minimum_dwell_is_passed_through_with_its_minutes(seconds, counts):
    found = visits(device_intervals(pings([(1, 1, 0, 5, 5), (1, 1, seconds, 5, 5)]), [SQUARE]))
    assert found.counts_as_visit.tolist() == [counts]
    assert found.patrol_minutes[0] * 60 == seconds


def test_repeats_are_counted_once_whatever_their_place():
    rows = [(1, 1, 0, 5, 5), (1, 1, 0, 5, 5), (1, 1, 0, 50, 5), (1, 1, 60, 5, 5)]
    assert tidy(pings(rows))[1] == 2
    assert device_intervals(pings(rows), [SQUARE]).minutes.sum() == 1


def test_no_pings_no_polygons_one_ping():
    assert len(device_intervals(pings([]), [SQUARE]).day) == 0
    assert len(device_intervals(pings([(1, 1, 0, 5, 5)]), [SQUARE]).day) == 0
    none = device_intervals(pings([(1, 1, 0, 5, 5), (1, 1, 60, 5, 5)]), [])
    assert len(visits(none).day) == 0
    lone = pings([(1, 1, 0, 5, 5)])
    days = tracker_days(lone, device_intervals(lone, [SQUARE]))
    assert days.pings.tolist() == [1]
    assert np.isnan(days.median_interval_s[0])


def test_what_cannot_be_used_is_refused_with_a_sentence():
    bow_tie = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    with pytest.raises(ValueError, match=r"polygons\[0\] is not valid"):
        device_intervals(pings([(1, 1, 0, 5, 5)]), [bow_tie])
    with pytest.raises(ValueError, match="is not a number"):
        pings([(1, 1, 0, float("nan"), 5)])
    with pytest.raises(ValueError, match="one shape"):
        Pings(np.zeros(2, int), np.zeros(1, int), np.zeros(2, int), np.zeros(2), np.zeros(2))
