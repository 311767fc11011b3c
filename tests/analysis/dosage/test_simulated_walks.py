"""The simulation is the ruler of the dosage engine, so its own truth is checked against independent means."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import shapely

from analysis.dosage.reference import Pings, Rules, device_intervals
from analysis.dosage.simulated_paths import paths, to_degrees, town, true_minutes
from analysis.dosage.simulation import FOOT, STYLES, Receiver, stream, walkers_for, walks
from analysis.dosage.tables import PingBatch

PERFECT = Receiver(noise_m=(0.0, 0.0), drift_m=(0.0, 0.0), silences_per_hour=0.0, jitter=0.0)


def _reference_minutes(batch: PingBatch, polygons: tuple[shapely.Polygon, ...]) -> dict[tuple[int, ...], float]:
    pings = Pings(
        batch.device.astype(np.int64), batch.team.astype(np.int64), batch.t_ms, batch.lon_e7 / 1e7, batch.lat_e7 / 1e7
    )
    found = device_intervals(pings, polygons, Rules(gap_s=3600))
    total: dict[tuple[int, ...], float] = {}
    for device, polygon, day, minutes in zip(found.device, found.polygon, found.day, found.minutes, strict=True):
        key = (int(device), int(polygon), int(day))
        total[key] = total.get(key, 0.0) + float(minutes)
    return total


def test_the_truth_is_what_the_reference_finds_on_the_corners_of_the_path() -> None:
    rng = np.random.default_rng(5)
    place = town(rng, 7)
    walked = paths(rng, place, np.arange(6), 8 * 3_600_000.0, FOOT)
    start = np.full(6, 1_780_000_000_000)  # 21:26 in London, so that shifts pass midnight
    path, polygon, day, minutes = true_minutes(place, walked, start)
    truth = dict(zip(zip(path.tolist(), polygon.tolist(), day.tolist(), strict=True), minutes.tolist(), strict=True))
    rows, columns = np.nonzero(np.diff(walked.t_ms, axis=1, append=np.inf) > 0)
    lon, lat = np.moveaxis(to_degrees(np.stack((walked.x, walked.y), axis=2))[rows, columns], -1, 0)
    t = (start[:, None] + walked.t_ms)[rows, columns].astype(np.int64)
    knots = Pings(rows.astype(np.int64), rows.astype(np.int64), t, lon, lat)
    found = device_intervals(knots, place.polygons, Rules(gap_s=1e9))
    by_hand: dict[tuple[int, ...], float] = {}
    for key in zip(found.device.tolist(), found.polygon.tolist(), found.day.tolist(), found.minutes, strict=True):
        by_hand[key[:3]] = by_hand.get(key[:3], 0.0) + float(key[3])
    assert len({d for _, _, d in by_hand}) == 2
    assert {k for k, m in by_hand.items() if m > 1e-6} == {k for k, m in truth.items() if m > 1e-6}
    assert all(truth[k] == pytest.approx(m, abs=1e-6) for k, m in by_hand.items() if m > 1e-6)


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES.keys())
def test_a_perfect_tracker_finds_the_truth(style) -> None:  # type: ignore[no-untyped-def]
    found = walks(3, 4, interval_s=1, style=style, receiver=PERFECT, shift_hours=4)
    minutes = _reference_minutes(found.batch, found.polygons)
    truth = found.truth
    for device, polygon, day, true in zip(truth.device, truth.polygon, truth.day, truth.minutes, strict=True):
        assert minutes.get((device, polygon, day), 0.0) == pytest.approx(true, abs=0.05)
    assert sum(minutes.values()) == pytest.approx(truth.minutes.sum(), rel=2e-4)


def test_walks_are_the_same_for_a_seed_and_their_chunks_are_devices_in_order() -> None:
    one, again, other = walks(8, 6, days=2), walks(8, 6, days=2), walks(9, 6, days=2)
    assert all(np.array_equal(getattr(one.batch, f.name), getattr(again.batch, f.name)) for f in fields(PingBatch))
    assert not np.array_equal(one.batch.lon_e7[:50], other.batch.lon_e7[:50])
    key = one.batch.device.astype(np.int64) * 10**14 + one.batch.t_ms
    assert (np.diff(key) > 0).all()
    chunks = list(stream(8, 60, interval_s=1, shift_hours=12))
    assert len(chunks) > 1
    whole = walks(8, 60, interval_s=1, shift_hours=12)
    assert np.array_equal(PingBatch.concatenate([c.batch for c in chunks]).lat_e7, whole.batch.lat_e7)
    assert sum(c.truth.minutes.sum() for c in chunks) == pytest.approx(whole.truth.minutes.sum())


def test_a_pair_walks_together_and_counts_once_for_its_team() -> None:
    found = walks(2, 4, pairs=1.0)
    assert sorted(set(zip(found.batch.device.tolist(), found.batch.team.tolist(), strict=True))) == [
        (0, 0),
        (1, 0),
        (2, 1),
        (3, 1),
    ]
    assert found.truth.by_team().minutes.sum() * 2 == pytest.approx(found.truth.minutes.sum())


def test_trackers_err_as_described() -> None:
    truth = walks(4, 30, receiver=PERFECT, style=FOOT)
    quiet = walks(4, 30, receiver=Receiver(drift_m=(0.0, 0.0), silences_per_hour=0.0, jitter=0.0))
    metres = (quiet.batch.lat_e7 - truth.batch.lat_e7) / 1e7 * 111_320
    spread = [metres[quiet.batch.device == d].std() for d in range(30)]
    assert min(spread) > 2.5
    assert max(spread) < 7
    lag = np.corrcoef(metres[:-1], metres[1:])[0, 1]
    assert 0.6 < lag < 0.95
    real = walks(4, 30)
    steps = np.diff(real.batch.t_ms)[np.diff(real.batch.device) == 0]
    assert np.median(steps) == pytest.approx(10_000, abs=100)
    assert (steps > 300_000).sum() > 20
    far = walks(4, 30, receiver=Receiver(silences_per_hour=0.0, jitter=0.0))
    assert np.abs(far.batch.lat_e7 - truth.batch.lat_e7).max() / 1e7 * 111_320 > 40


def test_any_size_can_be_asked_for() -> None:
    assert len(walks(1, walkers_for(200_000)).batch) == pytest.approx(200_000, rel=0.05)
    found = walks(1, 40, polygons=10_000, interval_s=60)
    assert len(found.polygons) == 10_000
    assert found.truth.polygon.max() > 5000
    tree = shapely.STRtree(found.polygons)
    assert len(tree.query(found.polygons, predicate="intersects")[0]) == 10_000
    with pytest.raises(ValueError, match="1 to 300 seconds"):
        walks(1, 2, interval_s=0.2)
