"""Ranges that cover, constants that can be measured again, and a force's own trackers before the simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dosage.bridge import SPARSE_FROM_S, estimate
from analysis.dosage.bridge_calibration import (
    FLOOR_MIN2,
    MinutesByCell,
    calibrate,
    compare,
    covered,
    measure,
    shipped,
    simulated_cells,
    thin,
)
from analysis.dosage.shipped_calibration import MEASURED
from analysis.dosage.simulation import STYLES, walks
from analysis.dosage.tables import PingBatch


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5_000_000)), min_size=1, max_size=80, unique=True),
    st.sampled_from([30.0, 60.0, 300.0]),
    st.floats(0, 0.999),
)
def test_thinning_keeps_the_first_ping_of_each_window(
    rows: list[tuple[int, int]], seconds: float, phase: float
) -> None:
    device, t = (np.array(column) for column in zip(*rows, strict=True))
    i = device.astype(np.int32)
    found = thin(PingBatch(i, i, t.astype(np.int64), i, i), seconds, phase)
    first: dict[tuple[int, int], int] = {}
    for d, at in sorted(rows):
        first.setdefault((d, (at - int(phase * seconds * 1000)) // int(seconds * 1000)), at)
    kept = list(zip(found.device.tolist(), found.t_ms.tolist(), strict=True))
    assert kept == sorted((d, at) for (d, _), at in first.items())


def test_cells_without_an_estimate_are_compared_with_nothing() -> None:
    found = estimate(walks(1, 2, interval_s=60).batch, walks(1, 2).polygons, None)
    elsewhere = MinutesByCell(*(np.array([v], np.int64) for v in (99, 0, 1)), np.array([12.0]))
    cells = compare(found, elsewhere)
    assert cells.true.sum() == 12
    assert cells.expected.sum() == pytest.approx(found.expected_minutes.sum())
    assert cells.has.sum() == len(found)
    assert not covered(cells, shipped(300))[~cells.has].any()


def test_the_shipped_constants_come_out_again_within_chance() -> None:
    held, again = shipped(300), measure(300, seed=977, walkers=70)
    assert again.coverage == pytest.approx(held.coverage, abs=0.035)
    # Known to about one part in a hundred over 70 walkers; of two styles as far off on either side either may lead.
    assert abs(again.bias_share) == pytest.approx(abs(held.bias_share), abs=0.015)
    typical = np.array([4.0, 15.0, 40.0])
    widths = np.sqrt(again.variance(typical) / held.variance(typical))
    assert (widths > 0.75).all()
    assert (widths < 1.33).all()


@pytest.mark.parametrize("style", STYLES)
def test_shipped_ranges_cover_walks_they_were_not_made_from(style: str) -> None:
    cells = simulated_cells(STYLES[style], 300, 4401, 60)
    some = cells.take(cells.has)
    assert covered(some, shipped(300)).mean() >= 0.90
    assert abs(cells.bias_share) < 0.035
    bare = np.abs(some.true - some.expected) <= 1.96 * np.sqrt(some.chain_variance)
    assert bare.mean() < covered(some, shipped(300)).mean()
    # Visits so short that no ping came near: they are missed, and they are few.
    assert cells.true[~cells.has].sum() < 0.005 * cells.true.sum()


def test_a_force_with_dense_trackers_is_calibrated_by_them() -> None:
    own = walks(31, 120, days=1, interval_s=15)
    found = calibrate(own.batch, own.polygons, 300, seed=1)
    assert found.basis.startswith("this force's own dense trackers, thinned to one ping in 300 s")
    assert found.floor_min2 >= FLOOR_MIN2
    assert found.coverage >= 0.88
    assert str(found.cells) in found.basis
    assert abs(found.bias_share) < 0.06
    with pytest.raises(ValueError, match="Use the shipped calibration"):
        calibrate(own.batch.take(own.batch.device < 4), own.polygons, 300, seed=1)


def test_between_measured_intervals_constants_lie_between() -> None:
    at = {m.interval_s: m for m in MEASURED}
    between = shipped(200)
    for column in ("scale", "floor_min2", "coverage"):
        low, high = sorted((getattr(at[120.0], column), getattr(at[300.0], column)))
        assert low <= getattr(between, column) <= high
    assert between.interval_s == 200
    # Too high at 120 s and too low at 300 s does not make it right in between.
    assert at[120.0].bias_share * at[300.0].bias_share < 0
    assert all(abs(shipped(t).bias_share) >= abs(at[300.0].bias_share) for t in range(120, 301, 20))
    assert shipped(5).scale == at[30.0].scale
    assert shipped(5000).scale == at[600.0].scale
    assert "simulation" in between.basis
    assert min(at) <= SPARSE_FROM_S <= max(at)
