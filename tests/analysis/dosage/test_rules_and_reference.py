"""From pings to minutes by the kernel and the rules, against the first, simple version."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from analysis.dosage import reference, reference_trackers
from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import with_bands
from analysis.dosage.reference_rules import stays_by_loops
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.tables import Pieces, PingBatch
from analysis.dosage.trackers import tracker_days
from analysis.dosage.visits import visits
from tests.analysis.dosage.piece_making import EVENINGS

# About 70 m by 110 m near 52 degrees north: a block, one that shares its eastern edge, one around a yard, one in two
# parts that lies over the first.
EAST, NORTH = -1.131, 52.635
SIDE = 0.001


def at(polygon):
    shape = [(EAST + x * SIDE, NORTH + y * SIDE) for x, y in polygon]
    return Polygon(shape)


POLYGONS = [
    at([(0, 0), (1, 0), (1, 1), (0, 1)]),
    at([(1, 0), (2, 0), (2, 1), (1, 1)]),
    at([(0, 1.2), (2, 1.2), (2, 3), (0, 3)]).difference(box(EAST + SIDE / 2, NORTH + 1.6 * SIDE, EAST + 1.5 * SIDE, NORTH + 2.4 * SIDE)),
    MultiPolygon([at([(0.5, 0.2), (0.9, 0.3), (0.6, 0.9)]), at([(-1, -1), (-0.5, -1), (-0.7, -0.1)])]),
]  # fmt: skip


@st.composite
def batches(draw):
    """Pings of up to three devices on one night, in any order, some repeated."""
    start = draw(st.sampled_from(EVENINGS))
    rows = []
    for device in range(draw(st.integers(1, 3))):
        t = start
        for _ in range(draw(st.integers(1, 25))):
            t += 1000 * draw(st.sampled_from([0, 5, 10, 30, 60, 61, 200, 300, 301, 800, 901, 11_000]))
            east, north = draw(st.integers(-15, 25)), draw(st.integers(-15, 35))
            rows.append((device, draw(st.integers(0, 9)) // 9, t, east, north))
    rows = draw(st.permutations(rows))
    device, team, t, east, north = (np.array(c, np.int64) for c in zip(*rows, strict=True))
    lon, lat = (np.round((origin + n * SIDE / 10) * 1e7) for origin, n in ((EAST, east), (NORTH, north)))
    whole = (c.astype(np.int32) for c in (device, team))
    return PingBatch(*whole, t, lon.astype(np.int32), lat.astype(np.int32))


def ordered(batch):
    return batch.take(np.lexsort((batch.t_ms, batch.device)))


@settings(max_examples=120, deadline=None)
@given(batches(), st.sampled_from([60.0, 300.0, 900.0]))
def test_plain_minutes_are_those_of_the_first_version(batch, gap_s):
    pings = reference.in_degrees(batch)
    expected = reference.device_intervals(pings, POLYGONS, reference.Rules(gap_s=gap_s))
    kept = np.lexsort((expected.t_in_ms, expected.polygon, expected.device))
    kept = kept[expected.minutes[kept] > 1e-6]
    for found in (locate(ordered(batch), Boundaries(POLYGONS)).pieces, reference.pieces_of(pings, POLYGONS)):
        stays = count(found, len(POLYGONS), replace(PLAIN, gap_s=gap_s))
        whole = stays.minutes > 1e-6
        for name in ("device", "team", "polygon", "day"):
            assert getattr(stays, name)[whole].tolist() == getattr(expected, name)[kept].tolist()
        for name in ("t_in_ms", "t_out_ms"):
            np.testing.assert_allclose(getattr(stays, name)[whole], getattr(expected, name)[kept], rtol=0, atol=0.01)


@settings(max_examples=60, deadline=None)
@given(batches())
def test_default_rules_on_the_kernels_pieces_are_those_of_the_loops(batch):
    areas = with_bands(POLYGONS, 20.0)
    found = locate(ordered(batch), Boundaries(areas)).pieces
    quick = count(found, len(POLYGONS), Rules())
    slow = stays_by_loops(reference.pieces_of(reference.in_degrees(batch), areas), len(POLYGONS), Rules())
    totals = np.zeros(len(POLYGONS))
    np.add.at(totals, [s.polygon for s in slow], [(s.end - s.start) / 60_000 for s in slow])
    assert np.bincount(quick.polygon, quick.minutes, len(POLYGONS)) == pytest.approx(totals, abs=1e-4)


@settings(max_examples=60, deadline=None)
@given(batches())
def test_plain_visits_are_those_of_the_first_version(batch):
    pings = reference.in_degrees(batch)
    expected = reference.visits(reference.device_intervals(pings, POLYGONS), reference.Rules(reentry_s=0))
    stays = count(locate(ordered(batch), Boundaries(POLYGONS)).pieces, len(POLYGONS), PLAIN)
    found = visits(stays, PLAIN)
    for name in ("patrol_minutes", "person_minutes"):
        got, wanted = (np.bincount(v.team * 100 + v.polygon, getattr(v, name), 200) for v in (found, expected))
        assert got == pytest.approx(wanted, abs=1e-6)


@settings(max_examples=120, deadline=None)
@given(batches(), st.sampled_from([60.0, 300.0]), st.sampled_from([600.0, 10_800.0]))
def test_tracker_days_are_those_of_the_first_version(batch, gap_s, off_duty_s):
    pings = reference.in_degrees(batch)
    simple = reference.Rules(gap_s=gap_s, off_duty_s=off_duty_s)
    expected = reference_trackers.tracker_days(pings, reference.device_intervals(pings, POLYGONS, simple), simple)
    # With bands among the pieces, which are inside nothing, and credits on, which a tracker does not get.
    found = tracker_days(
        batch,
        locate(ordered(batch), Boundaries(with_bands(POLYGONS, 20.0))).pieces,
        len(POLYGONS),
        Rules(gap_s=gap_s, off_duty_s=off_duty_s),
    )
    for name in ("device", "team", "day", "pings"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()
    for name in ("tracked_minutes", "inside_minutes", "gap_minutes", "median_interval_s"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=0, atol=1e-5)


def test_a_silence_between_two_corners_with_nothing_inside_still_counts_whole():
    # Two ends of a crescent: both inside, the straight line between them not. Ten minutes, begun and ended there.
    crescent = at([(0, 0), (3, 0), (3, 3), (2, 3), (2, 1), (1, 1), (1, 3), (0, 3)])
    lon = np.round((EAST + np.array([0.5, 0.5, 2.5, 2.5]) * SIDE) * 1e7).astype(np.int32)
    lat = np.full(4, round((NORTH + 2 * SIDE) * 1e7), np.int32)
    one, t = np.ones(4, np.int32), np.array([0, 60_000, 660_000, 720_000])
    found = locate(PingBatch(one, one, t, lon, lat), Boundaries([crescent])).pieces
    stays = count(found, 1, Rules())
    # The line is inside for half a block at either end, but the whole silence is one row and ten minutes.
    assert (stays.minutes.tolist(), stays.silent_ms.tolist()) == ([12.0], [600_000.0])


def test_a_tracker_with_one_ping_or_none():
    one = np.ones(1, np.int32)
    lone = PingBatch(one, one, np.array([1_676_376_000_000]), one, one)
    found = tracker_days(lone, Pieces.empty(), 1, Rules())
    assert (found.pings.tolist(), found.tracked_minutes.tolist(), found.gap_minutes.tolist()) == ([1], [0], [0])
    assert np.isnan(found.median_interval_s[0])
    assert len(tracker_days(PingBatch.empty(), Pieces.empty(), 1, Rules()).day) == 0
