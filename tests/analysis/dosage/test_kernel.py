"""The kernel against the simple version and against shapely, on whatever polygons and tracks come."""

import math
import pickle

import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Polygon, box

from analysis.dosage import grid
from analysis.dosage.kernel import Boundaries, Locator, join, labels, locate
from analysis.dosage.layers import colours, with_bands
from analysis.dosage.reference import in_degrees, pieces_of
from analysis.dosage.tables import LONG_STEP, TRACKED, PingBatch

NOON = 1_780_315_200_000
ORIGIN = (-10_000_000, 515_000_000)  # canonical units: 1 W, 51.5 N
COLUMNS = ("device", "team", "t_ms", "lon_e7", "lat_e7")


def batch(rows):
    """rows: (device, team, milliseconds after noon, x, y), x and y in canonical units from ORIGIN."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    device, team, t, x, y = (np.array(c, np.int64) for c in columns)
    found = PingBatch(
        device.astype(np.int32),
        team.astype(np.int32),
        NOON + t,
        (x + ORIGIN[0]).astype(np.int32),
        (y + ORIGIN[1]).astype(np.int32),
    )
    return found.take(np.lexsort((found.lat_e7, found.lon_e7, found.team, found.t_ms, found.device)))


def polygon(*rings):
    """Rings in canonical units from ORIGIN, the first the outer one."""
    outer, *holes = [[((x + ORIGIN[0]) / 1e7, (y + ORIGIN[1]) / 1e7) for x, y in ring] for ring in rings]
    return Polygon(outer, holes)


def square(x, y, side):
    return polygon([(x, y), (x + side, y), (x + side, y + side), (x, y + side)])


def star(x, y, radii):
    turn = 2 * math.pi / len(radii)
    return [(x + r * math.cos(i * turn), y + r * math.sin(i * turn)) for i, r in enumerate(radii)]


@st.composite
def areas(draw, scale):
    """A star with perhaps a hole or a second part; a sliver; a square of a lattice, which others may touch."""
    x, y = (draw(st.integers(-6, 6)) * scale for _ in "xy")
    kind = draw(st.sampled_from(["star", "whole star", "sliver", "square", "square", "corner"]))
    if kind == "square":
        return square(x, y, scale * draw(st.integers(1, 3)))
    if kind == "corner":
        return polygon([(x, y), (x + 3 * scale, y), (x + 3 * scale, y + 3 * scale), (x + scale, y + scale)])
    if kind == "sliver":
        width = draw(st.sampled_from([0.001, 1, 30])) * scale / 300
        return polygon([(x, y), (x + 5 * scale, y + 2 * scale), (x + 5 * scale, y + 2 * scale + width)])
    radii = draw(st.lists(st.floats(0.6, 3.0), min_size=6, max_size=11))
    rings = [star(x, y, [r * scale for r in radii])]
    if draw(st.booleans()):
        rings.append(star(x, y, [r * scale for r in draw(st.lists(st.floats(0.1, 0.4), min_size=3, max_size=6))]))
    if kind == "whole star":
        rings = [[(round(a), round(b)) for a, b in ring] for ring in rings]
    found = polygon(*rings)
    if draw(st.booleans()):
        found = MultiPolygon([found, square(x + 4 * scale, y, scale)])
    assume(found.is_valid)
    return found


@st.composite
def tracks(draw, scale, most=40):
    """Pings of a few devices and teams: some on the lattice the corners are on, some anywhere, some repeated."""
    lattice = st.integers(-8, 8).map(lambda v: v * scale)
    anywhere = st.integers(-8 * scale, 8 * scale)
    place = st.tuples(st.one_of(lattice, anywhere), st.one_of(lattice, anywhere))
    step_ms = st.sampled_from([0, 1, 900, 10_000, 10_000, 30_000, 60_000, 60_001, 200_000, 4_000_000])
    near = st.tuples(st.integers(-scale // 4, scale // 4), st.integers(-scale // 4, scale // 4))
    rows, at, moves = [], {}, draw(st.lists(st.tuples(st.integers(1, 3), step_ms, st.booleans()), max_size=most))
    for device, ms, far in moves:
        t, x, y = at.get(device, (0, 0, 0))
        x, y = draw(place) if far else tuple(a + d for a, d in zip((x, y), draw(near), strict=True))
        at[device] = (t + ms, x, y)
        rows.append((device, draw(st.sampled_from([1, 1, 1, 2])), t + ms, x, y))
    return rows


@st.composite
def scenes(draw, **track):
    scale = draw(st.sampled_from([40, 3000, 200_000]))
    count = draw(st.integers(1, 5))
    found = [draw(areas(scale)) for _ in range(count)]
    if draw(st.integers(0, 3)) == 0:
        found = with_bands(found, scale / 400)
    return found, draw(tracks(scale, **track))


def spans(pieces):
    """Times inside by (device, team, polygon), and of each long step by (device, polygon, step): lists of pairs."""
    tracked, long = {}, {}
    p = pieces
    rows = zip(
        p.device.tolist(), p.team.tolist(), p.polygon.tolist(), p.t_in_ms.tolist(), p.t_out_ms.tolist(),
        p.kind.tolist(), p.step_from_ms.tolist(), p.step_to_ms.tolist(), p.ends.tolist(), strict=True,
    )  # fmt: skip
    for device, team, number, t_in, t_out, kind, t_from, t_to, ends in rows:
        if kind == TRACKED:
            tracked.setdefault((device, team, number), []).append((t_in, t_out))
        elif t_out - t_in > 1e-3 or ends == 3:  # a corner touched for a moment may have a row or not
            long.setdefault((device, team, number, t_from, t_to, ends), []).append((t_in, t_out))
    return tracked, long


def apart_ms(one, other):
    """Milliseconds that are in one list of disjoint spans and not in the other."""
    turns = sorted([(t, 0, s) for a in one for t, s in zip(a, (1, -1), strict=True)]
                   + [(t, 1, s) for a in other for t, s in zip(a, (1, -1), strict=True)])  # fmt: skip
    depth, last, total = [0, 0], None, 0.0
    for t, which, turn in turns:
        if last is not None and depth[0] != depth[1]:
            total += t - last
        depth[which] += turn
        last = t
    return total


def assert_same(found, expected, within_ms=1.0):
    for one, other in zip(spans(found), spans(expected), strict=True):
        for key in one.keys() | other.keys():
            assert apart_ms(one.get(key, []), other.get(key, [])) < within_ms, key
    for key in spans(found)[1].keys() ^ spans(expected)[1].keys():
        raise AssertionError(f"a long step has a row in one and not in the other: {key}")


def assert_ordered(pieces):
    order = np.lexsort((pieces.t_in_ms, pieces.polygon, pieces.device))
    assert (np.diff(order) > 0).all()
    assert (pieces.t_out_ms >= pieces.t_in_ms).all()


@settings(max_examples=300, deadline=None)
@given(scenes())
def test_pieces_equal_the_simple_version(scene):
    polygons, rows = scene
    pings = batch(rows)
    found = locate(pings, Boundaries(polygons))
    assert_same(found.pieces, pieces_of(in_degrees(pings), polygons))
    assert_ordered(found.pieces)
    assert found.used + found.repeats == len(pings)
    assert len(found.late) == 0


@settings(max_examples=200, deadline=None)
@given(scenes(), st.integers(0, 2**32 - 1))
def test_labels_equal_shapely(scene, seed):
    polygons, rows = scene
    rng = np.random.default_rng(seed)
    pings = batch(rows)
    # And positions on and right beside edges, where rounding decides.
    corners = np.round(shapely.get_coordinates(polygons) * 1e7)
    share = rng.choice([0, 0.25, 0.5, 1, rng.random()], (200, 1))
    at = rng.integers(len(corners) - 1, size=200)
    beside = np.round(corners[at] * (1 - share) + corners[at + 1] * share) + rng.integers(-2, 3, (200, 2))
    lon = np.concatenate((pings.lon_e7, beside[:, 0].astype(np.int32)))
    lat = np.concatenate((pings.lat_e7, beside[:, 1].astype(np.int32)))
    found = labels(lon, lat, Boundaries(polygons))
    layers = colours(polygons)
    for number, area in enumerate(polygons):
        inside = found[layers[number]] == number
        assert inside.tolist() == shapely.intersects_xy(area, lon / 1e7, lat / 1e7).tolist()


def in_batches(rng, pings, boundaries, most):
    locator, first = Locator(boundaries), 0
    while first < len(pings):
        size = int(rng.integers(1, most + 1))
        locator.feed(pings.take(slice(first, first + size)))
        first += size
    return locator.finish()


def assert_same_located(found, expected):
    assert_same(found.pieces, expected.pieces, within_ms=1e-2)
    assert len(found.pieces) == len(expected.pieces)
    for name in COLUMNS:
        assert getattr(found.first, name).tolist() == getattr(expected.first, name).tolist()
        assert getattr(found.last, name).tolist() == getattr(expected.last, name).tolist()
    assert (found.used, found.repeats) == (expected.used, expected.repeats)


@settings(max_examples=100, deadline=None)
@given(scenes(most=60), st.integers(0, 2**32 - 1), st.sampled_from(["by device", "by time"]), st.integers(1, 20))
def test_streamed_in_any_batches_equals_whole(scene, seed, order, most):
    polygons, rows = scene
    boundaries = Boundaries(polygons)
    pings = batch(rows)
    whole = locate(pings, boundaries)
    if order == "by time":
        pings = pings.take(np.argsort(pings.t_ms, kind="stable"))
    found = in_batches(np.random.default_rng(seed), pings, boundaries, most)
    assert len(found.late) == 0
    assert_same_located(found, whole)


@settings(max_examples=100, deadline=None)
@given(scenes(most=60), st.integers(0, 2**32 - 1), st.integers(1, 20))
def test_late_pings_are_set_aside_and_the_rest_is_whole(scene, seed, most):
    polygons, rows = scene
    boundaries, rng = Boundaries(polygons), np.random.default_rng(seed)
    pings = batch(rows)
    found = in_batches(rng, pings.take(rng.permutation(len(pings))), boundaries, most)
    assert found.used + found.repeats + len(found.late) == len(pings)
    left = list(zip(*(getattr(pings, n).tolist() for n in COLUMNS), strict=True))
    for row in zip(*(getattr(found.late, n).tolist() for n in COLUMNS), strict=True):
        left.remove(row)
    kept = np.array(left, np.int64).reshape(-1, len(COLUMNS)).T
    rest = PingBatch(*(c.astype(getattr(pings, n).dtype) for c, n in zip(kept, COLUMNS, strict=True)))
    assert_same_located(found, locate(rest, boundaries))


@settings(max_examples=100, deadline=None)
@given(scenes(most=60), st.lists(st.integers(0, 8_000_000), max_size=4))
def test_joined_parts_equal_whole(scene, cuts):
    polygons, rows = scene
    boundaries = Boundaries(polygons)
    pings = batch(rows)
    part = np.searchsorted(sorted(cuts), pings.t_ms - NOON)
    parts = [locate(pings.take(part == n), boundaries) for n in range(len(cuts) + 1)]
    assert_same_located(join(parts, boundaries), locate(pings, boundaries))


def test_parts_out_of_order_are_refused():
    boundaries = Boundaries([square(0, 0, 1000)])
    early, late = (locate(batch([(1, 1, t, 0, 0), (1, 1, t + 1000, 5, 5)]), boundaries) for t in (0, 500))
    with pytest.raises(ValueError, match="order of time"):
        join([early, late], boundaries)


def test_a_day_of_walking_equals_the_simple_version():
    """Long enough to pass through several parts of the kernel's own batches."""
    rng = np.random.default_rng(3)
    n = 150_000
    polygons = with_bands([square(x * 40_000, y * 40_000, 20_000) for x in range(4) for y in range(4)], 20)
    x = np.cumsum(rng.normal(0, 900, n)) % 160_000
    y = np.cumsum(rng.normal(0, 900, n)) % 160_000
    t = np.cumsum(rng.choice([1000, 10_000, 59_999, 60_000, 60_001, 400_000], n, p=[0.2, 0.7, 0.03, 0.03, 0.03, 0.01]))
    device = np.repeat(np.arange(10), n // 10)
    pings = batch(list(zip(device.tolist(), device.tolist(), t.tolist(), x.astype(int), y.astype(int), strict=True)))
    found, expected = locate(pings, Boundaries(polygons)).pieces, pieces_of(in_degrees(pings), polygons)
    assert len(found) == len(expected) > 10_000
    for name in ("device", "team", "polygon", "kind", "ends"):
        assert np.array_equal(getattr(found, name), getattr(expected, name))
    for name in ("t_in_ms", "t_out_ms"):
        assert np.abs(getattr(found, name) - getattr(expected, name)).max() < 1


def county(corners):
    """A polygon some 20 km across with a ragged edge of many corners."""
    rng = np.random.default_rng(5)
    return polygon(star(0, 0, 1_000_000 + 200_000 * np.sin(np.arange(corners)) + rng.uniform(-2000, 2000, corners)))


def test_long_boundaries_at_every_speed_equal_the_simple_version():
    """Steps of metres to tens of kilometres, hot spots in a county: every way in which meetings are looked for."""
    rng = np.random.default_rng(7)
    polygons = [county(3000), *(square(x * 45_000, y * 45_000, 20_000) for x in range(-9, 9) for y in range(-9, 9))]
    n = 4000
    metres = 10 ** rng.uniform(0, 3.5, n)
    turn = rng.uniform(0, 2 * math.pi, n)
    x = np.cumsum(metres * 100 * np.cos(turn)) % 2_400_000 - 1_200_000
    y = np.cumsum(metres * 100 * np.sin(turn)) % 2_400_000 - 1_200_000
    t = np.cumsum(rng.choice([10_000, 60_000, 300_000], n, p=[0.6, 0.3, 0.1]))
    pings = batch(list(zip([1] * n, [1] * n, t.tolist(), x.astype(int), y.astype(int), strict=True)))
    found, expected = locate(pings, Boundaries(polygons)).pieces, pieces_of(in_degrees(pings), polygons)
    assert_same(found, expected)
    assert len(set(found.polygon.tolist())) > 200


def test_tiles_are_forgotten_and_built_again(monkeypatch):
    """Memory stays bounded however many polygons pings visit; what is found does not change."""
    rng = np.random.default_rng(11)
    polygons = [square(x * 40_000, y * 40_000, 20_000) for x in range(12) for y in range(12)]
    n = 120_000
    at = np.repeat(rng.integers(0, 440_000, (12, 2)), n // 12, axis=0) + np.cumsum(rng.normal(0, 300, (n, 2)), axis=0)
    device = np.repeat(np.arange(12), n // 12)
    t = np.arange(n) * 10_000
    pings = batch(list(zip(device.tolist(), device.tolist(), t.tolist(), *at.astype(int).T.tolist(), strict=True)))
    whole = Boundaries(polygons)
    expected = locate(pings, whole).pieces
    monkeypatch.setattr(grid, "_MAX_BUILT", whole.ready.grid.built // 2)
    bounded = Boundaries(polygons)
    found = locate(pings, bounded).pieces
    assert bounded.ready.grid.built <= whole.ready.grid.built // 2
    for name in ("device", "polygon", "t_in_ms", "t_out_ms"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()


def test_pings_in_any_order_are_put_in_order():
    polygons = [square(0, 0, 1000)]
    pings = batch([(1, 1, 0, -500, 500), (1, 1, 30_000, 500, 500), (2, 1, 5000, 500, 500), (2, 1, 9000, 600, 500)])
    backwards = pings.take(np.array([3, 1, 2, 0, 1]))
    found, expected = (locate(p, Boundaries(polygons)) for p in (backwards, pings))
    assert found.pieces.t_in_ms.tolist() == expected.pieces.t_in_ms.tolist() == [NOON + 15_000, NOON + 5000]
    assert (found.used, found.repeats) == (4, 1)


def test_a_step_through_the_whole_town_is_cut_at_every_hot_spot():
    polygons = [square(x * 3000, 0, 1000) for x in range(200)]
    pings = batch([(1, 1, 0, -500, 500), (1, 1, 60_000, 599_500, 500)])
    pieces = locate(pings, Boundaries(polygons)).pieces
    assert pieces.polygon.tolist() == list(range(200))
    assert np.allclose(pieces.t_out_ms - pieces.t_in_ms, 60_000 * 1000 / 600_000)
    assert (pieces.kind == TRACKED).all()


def test_round_the_world_and_back():
    """Differences of longitude beyond 2^31 must not wrap into short steps."""
    polygons = [box(-179.9, 10, -179.8, 10.1), box(179.8, 10, 179.9, 10.1), box(-0.05, 10, 0.05, 10.1)]
    lon = np.array([-1_798_500_000, 1_798_500_000, 0, -1_798_500_000], np.int32)
    one = np.ones(4, np.int32)
    pings = PingBatch(one, one, NOON + np.arange(4) * 50_000, lon, np.full(4, 100_500_000, np.int32))
    found = locate(pings, Boundaries(polygons)).pieces
    assert_same(found, pieces_of(in_degrees(pings), polygons))
    assert set(found.polygon.tolist()) == {0, 1, 2}


def test_a_long_step_keeps_a_row_for_each_stretch_with_its_ends():
    u_shape = polygon([(0, 0), (900, 0), (900, 900), (600, 900), (600, 300), (300, 300), (300, 900), (0, 900)])
    pings = batch([(1, 1, 0, 100, 600), (1, 1, 80_000, 800, 600)])
    pieces = locate(pings, Boundaries([u_shape])).pieces
    assert (pieces.kind == LONG_STEP).all()
    assert pieces.ends.tolist() == [3, 3]
    assert ((pieces.t_out_ms - pieces.t_in_ms) / 80_000 * 700).round(6).tolist() == [200, 200]
    assert (pieces.step_to_ms - pieces.step_from_ms).tolist() == [80_000, 80_000]


def test_boundaries_travel_to_another_process():
    polygons = [square(0, 0, 1000), MultiPolygon([square(5000, 0, 1000), square(9000, 0, 1000)])]
    used = Boundaries(polygons)
    pings = batch([(1, 1, 0, -500, 500), (1, 1, 50_000, 9_500, 500)])
    here = locate(pings, used).pieces
    sent = pickle.dumps(used)
    assert len(sent) < 2000
    there = locate(pings, pickle.loads(sent)).pieces
    assert there.t_in_ms.tolist() == here.t_in_ms.tolist()


def test_no_pings_and_no_polygons_are_values():
    assert len(locate(PingBatch.empty(), Boundaries([square(0, 0, 10)])).pieces) == 0
    nothing = locate(batch([(1, 1, 0, 0, 0), (1, 1, 5000, 3, 3)]), Boundaries([]))
    assert (len(nothing.pieces), nothing.used) == (0, 2)
    assert labels(np.zeros(3, np.int32), np.zeros(3, np.int32), Boundaries([])) == []


def test_what_is_wrong_with_a_polygon_is_said():
    bow = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    with pytest.raises(ValueError, match=r"polygons\[1\] is not valid: Self-intersection"):
        Boundaries([box(0, 0, 1, 1), bow])
    with pytest.raises(ValueError, match=r"polygons\[0\] is a Point"):
        Boundaries([shapely.Point(0, 0)])
    with pytest.raises(ValueError, match=r"polygons\[0\] is empty"):
        Boundaries([Polygon()])


def test_a_band_is_as_wide_as_asked_in_metres():
    """Against a ruler of another kind: great-circle distance on the mean sphere, good to 0.5%."""
    area = box(-3.01, 55.0, -3.0, 55.01)
    hot_spot, band = with_bands([area], 20)
    assert hot_spot is area
    west, south, _, _ = band.bounds
    metre = math.pi * 6_371_000 / 180
    assert (55.0 - south) * metre == pytest.approx(20, rel=5e-3)
    assert (-3.01 - west) * metre * math.cos(math.radians(55.005)) == pytest.approx(20, rel=5e-3)
    assert band.contains(area)
