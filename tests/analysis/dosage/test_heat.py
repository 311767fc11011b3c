"""Heat: minutes fall where the straight path lies, and the cells add up to the plain minutes."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon

from analysis.dosage.heat import METRES_PER_DEGREE, Heat, heat
from analysis.dosage.reference import Pings, Rules, device_intervals
from analysis.dosage.tables import PingBatch

LON, LAT = -1.13, 52.63
EAST = 1 / (METRES_PER_DEGREE * np.cos(np.radians(LAT)))  # degrees of longitude in a metre
NORTH = 1 / METRES_PER_DEGREE


def metres(*points: tuple[float, float]) -> Polygon:
    return Polygon([(LON + x * EAST, LAT + y * NORTH) for x, y in points])


def batch(rows: list[tuple[int, float, float, float]], teams: list[int] | None = None) -> PingBatch:
    """Rows (device, second, metres east, metres north)."""
    device, t, x, y = (np.array(c) for c in zip(*rows, strict=True))
    return PingBatch(
        device.astype(np.int32), np.array(teams or [0] * len(rows), np.int32), (t * 1000).astype(np.int64),
        np.rint((LON + x * EAST) * 1e7).astype(np.int32), np.rint((LAT + y * NORTH) * 1e7).astype(np.int32),
    )  # fmt: skip


SQUARE = metres((0, 0), (100, 0), (100, 100), (0, 100))


def near(found: Heat, minutes: float) -> bool:
    return found.total_minutes == pytest.approx(minutes, abs=1e-6)


def test_a_walk_along_a_row_gives_each_cell_its_quarter() -> None:
    found = heat(batch([(1, 0, -100, 10), (1, 240, 100, 10)]), SQUARE)
    assert found.minutes.shape == (4, 4)
    assert found.minutes[0] == pytest.approx([0.5, 0.5, 0.5, 0.5], abs=1e-4)
    assert found.minutes[1:].sum() == 0


def test_standing_still_is_time_in_one_cell_and_outside_none() -> None:
    found = heat(batch([(1, 0, 60, 60), (1, 120, 60, 60), (2, 0, -5, 60), (2, 120, -5, 60)]), SQUARE)
    assert found.minutes[2, 2] == pytest.approx(2.0)
    assert near(found, 2.0)
    assert found.cells_for_share(0.5) == 1


def test_two_devices_add_up_and_a_silence_a_change_of_team_or_of_device_gives_nothing() -> None:
    standing = [(1, 0, 50, 50), (1, 60, 50, 50), (2, 0, 50, 50), (2, 60, 50, 50)]
    assert near(heat(batch(standing), SQUARE), 2.0)
    assert near(heat(batch([(1, 0, 50, 50), (1, 301, 50, 50)]), SQUARE), 0.0)
    assert near(heat(batch([(1, 0, 50, 50), (1, 300, 50, 50)]), SQUARE), 5.0)
    assert near(heat(batch([(1, 0, 50, 50), (1, 60, 50, 50)], [0, 1]), SQUARE), 0.0)


def test_only_the_asked_time_counts() -> None:
    found = heat(batch([(1, 0, 50, 50), (1, 200, 50, 50)]), SQUARE, between=(60_000, 90_000))
    assert near(found, 0.5)


def test_no_pings_give_an_empty_grid_and_an_empty_polygon_is_refused() -> None:
    found = heat(PingBatch.empty(), SQUARE)
    assert found.total_minutes == 0
    assert found.cells_for_share(0.5) == 0
    with pytest.raises(ValueError, match="polygon with an area"):
        heat(PingBatch.empty(), Polygon())


def test_a_ward_gets_larger_cells_instead_of_a_million() -> None:
    found = heat(PingBatch.empty(), metres((0, 0), (9000, 0), (9000, 9000), (0, 9000)))
    assert found.cell_m == 100
    assert found.minutes.size <= 10_000


@st.composite
def _shapes(draw: st.DrawFn) -> Polygon:
    kind = draw(st.sampled_from(["square", "hole", "parts", "star", "sliver"]))
    if kind == "square":
        return SQUARE
    if kind == "hole":
        return SQUARE - metres((20, 20), (70, 20), (70, 60), (20, 60))
    if kind == "parts":
        return shapely.union_all([SQUARE, metres((130, 10), (180, 10), (180, 90))])
    if kind == "sliver":
        return metres((0, 0), (200, 1), (200, 2))
    radii = draw(st.lists(st.floats(15, 120), min_size=5, max_size=12))
    angle = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return metres(*[(60 + r * np.cos(a), 60 + r * np.sin(a)) for r, a in zip(radii, angle, strict=True)])


_PINGS = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(0, 4000), st.integers(-60, 240).map(float), st.integers(-60, 200).map(float)
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=150, deadline=None)
@given(_shapes(), _PINGS, st.sampled_from([10.0, 25.0, 60.0]))
def test_cells_add_up_to_the_plain_minutes_of_the_reference(
    polygon: Polygon, rows: list[tuple[int, int, float, float]], cell_m: float
) -> None:
    pings = batch(rows)
    found = heat(pings, polygon, cell_m=cell_m)
    plain = device_intervals(
        Pings(
            pings.device.astype(np.int64), pings.team.astype(np.int64), pings.t_ms,
            pings.lon_e7 / 1e7, pings.lat_e7 / 1e7,
        ),
        [polygon],
        Rules(gap_s=300.0),
    )  # fmt: skip
    assert found.total_minutes == pytest.approx(plain.minutes.sum(), abs=1e-5)
    assert (found.minutes >= 0).all()
    outside = [
        (r, c)
        for r, c in zip(*np.nonzero(found.minutes), strict=True)
        if not polygon.intersects(
            shapely.box(
                found.west + (c - 1e-6) * found.cell_lon, found.south + (r - 1e-6) * found.cell_lat,
                found.west + (c + 1 + 1e-6) * found.cell_lon, found.south + (r + 1 + 1e-6) * found.cell_lat,
            )
        )
    ]  # fmt: skip
    assert outside == [], "a cell that the hot spot does not reach holds minutes"


@settings(max_examples=30, deadline=None)
@given(_PINGS, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[tuple[int, int, float, float]], random) -> None:
    mixed = list(rows)
    random.shuffle(mixed)
    assert np.allclose(heat(batch(rows), SQUARE).minutes, heat(batch(mixed), SQUARE).minutes)
