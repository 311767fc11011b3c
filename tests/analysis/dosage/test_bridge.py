"""The bridge against its limits, against brute force, and as people would check it by hand."""

from __future__ import annotations

from datetime import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from analysis.dosage.bridge import Calibration, Rates, estimate, expected_inside, fit_rates
from analysis.dosage.local_days import date_of, midnight_ms
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.tables import DEGREE, PingBatch

SQUARE = box(-1.002, 51.999, -0.998, 52.001)  # about 270 m by 220 m
INSIDE, FAR = (-1.0, 52.0), (-0.95, 52.0)
IN_BAND = (-1.0, 52.00108)  # 9 m north of the edge
NEARBY = (-1.0, 52.0014)  # 45 m north
NOON = 1_780_000_000_000 // 86_400_000 * 86_400_000 + 12 * 3_600_000
MEASURED = Calibration(300.0, 1.5, 3.0, "test", 100, 0.0, 0.95)
ENDS = [(a, b) for a in (True, False) for b in (True, False)]


def _one(a: bool, b: bool, seconds: float, leaving: float, entering: float) -> tuple[float, float]:
    mean, variance = expected_inside(np.array([a]), np.array([b]), np.array([seconds]), Rates(leaving, entering, 0))
    return float(mean[0]), float(variance[0])


def _pings(rows: list[tuple[int, int, float, tuple[float, float]]]) -> PingBatch:
    """Rows (device, team, minutes after noon UTC, place)."""
    device, team, minute, place = zip(*rows, strict=True)
    lon, lat = (np.rint(np.array(axis) * DEGREE).astype(np.int32) for axis in zip(*place, strict=True))
    t = NOON + np.rint(np.array(minute) * 60_000).astype(np.int64)
    return PingBatch(np.array(device, np.int32), np.array(team, np.int32), t, lon, lat)


@settings(max_examples=300, deadline=None)
@given(
    st.booleans(),
    st.booleans(),
    st.floats(0.001, 1e5),
    st.floats(-12, 2),
    st.floats(-12, 2),
)
def test_time_inside_lies_between_nothing_and_all(a: bool, b: bool, seconds: float, l: float, m: float) -> None:  # noqa: E741
    mean, variance = _one(a, b, seconds, 10.0**l, 10.0**m)
    assert 0 <= mean <= seconds
    # No quantity between 0 and T varies more than T^2 / 4.
    assert 0 <= variance <= seconds**2 / 4 * (1 + 1e-6)


@pytest.mark.parametrize(("a", "b"), ENDS)
def test_a_chain_that_switches_all_the_time_spends_its_stationary_share_inside(a: bool, b: bool) -> None:
    mean, variance = _one(a, b, 300.0, 40.0, 10.0)
    assert mean / 300 == pytest.approx(0.2, abs=1e-3)
    assert variance < 300 * 0.1


@pytest.mark.parametrize(("a", "b", "share", "spread"), [(True, True, 1, 0), (False, False, 0, 0),
                                                         (True, False, 0.5, 1 / 12), (False, True, 0.5, 1 / 12)])  # fmt: skip
def test_a_chain_that_hardly_switches_stays_or_changes_at_any_moment(
    a: bool, b: bool, share: float, spread: float
) -> None:
    mean, variance = _one(a, b, 300.0, 1e-9, 2e-9)
    assert mean / 300 == pytest.approx(share, abs=1e-5)
    assert variance / 300**2 == pytest.approx(spread, abs=1e-5)


def test_the_formulas_meet_where_the_series_take_over() -> None:
    for a, b in ENDS:
        below, above = (_one(a, b, x * 1e-3 / 0.005, 0.002, 0.003) for x in (0.999, 1.001))
        assert below == pytest.approx(above, rel=0.01, abs=1e-10)


@pytest.mark.parametrize(("leaving", "entering"), [(1 / 400, 1 / 250), (1 / 60, 1 / 900)])
@pytest.mark.parametrize(("a", "b"), ENDS)
def test_brute_force_chains_agree_in_mean_and_variance(a: bool, b: bool, leaving: float, entering: float) -> None:
    rng, length, runs = np.random.default_rng(7), 300.0, 60_000
    inside = np.full(runs, a)
    clock, spent = np.zeros(runs), np.zeros(runs)
    while (clock < length).any():
        hold = rng.exponential(1 / np.where(inside, leaving, entering))
        until = np.minimum(clock + hold, length)
        spent += np.where(inside, until - clock, 0)
        inside = np.where((clock < length) & (clock + hold < length), ~inside, inside)
        clock = until
    kept = spent[inside == b]
    mean, variance = _one(a, b, length, leaving, entering)
    assert len(kept) > 500
    assert abs(kept.mean() - mean) < 4.5 * kept.std() / np.sqrt(len(kept)) + 1e-6
    assert kept.var() == pytest.approx(variance, rel=0.12, abs=1)


def test_fitting_finds_the_rates_of_the_chain() -> None:
    rng = np.random.default_rng(3)
    leaving, entering, t = 1 / 700, 1 / 300, rng.choice([240.0, 300.0, 360.0], 40_000)
    a = rng.uniform(size=len(t)) < 0.6
    share, r = entering / (leaving + entering), leaving + entering
    to_in = share + np.where(a, 1 - share, -share) * np.exp(-r * t)
    found = fit_rates(a, rng.uniform(size=len(t)) < to_in, t)
    assert (found.leaving, found.entering) == pytest.approx((leaving, entering), rel=0.05)
    assert found.pairs == 40_000


@pytest.mark.parametrize("label", [True, False])
def test_labels_that_never_change_still_give_rates(label: bool) -> None:
    same = np.full(50, label)
    found = fit_rates(same, same, np.full(50, 300.0))
    assert 0 < found.leaving < 1
    assert 0 < found.entering < 1
    mean, _ = expected_inside(same, same, np.full(50, 300.0), found)
    assert mean.sum() / 15_000 == pytest.approx(float(label), abs=0.05)
    assert fit_rates(same[:0], same[:0], np.empty(0)).pairs == 0


def test_an_hour_inside_at_five_minute_pings_is_about_an_hour() -> None:
    batch = _pings([(1, 1, 0, FAR), *((1, 1, m, INSIDE) for m in range(5, 66, 5)), (1, 1, 70, FAR)])
    found = estimate(batch, [SQUARE], MEASURED)
    assert found.team.tolist() == [1]
    # Inside at 5 and at 65 past: an hour sure to within the excursions, and some of the ten minutes around it.
    assert 57 < found.expected_minutes[0] < 68
    assert found.low[0] < found.expected_minutes[0] < found.high[0] <= found.possible_minutes[0] == 70
    assert found.variance[0] == pytest.approx(1.5 * found.chain_variance[0] + 3)
    assert np.isnan(estimate(batch, [SQUARE], None).high).all()


def test_a_pair_is_one_patrol_and_two_persons() -> None:
    one = [(1, 1, m, INSIDE if 5 <= m <= 60 else FAR) for m in range(0, 70, 5)]
    alone, pair = (estimate(_pings(rows), [SQUARE], None) for rows in (one, [*one, *((2, *r[1:]) for r in one)]))
    assert pair.person_minutes[0] == pytest.approx(2 * pair.expected_minutes[0], rel=0.05)
    assert pair.expected_minutes[0] == pytest.approx(alone.expected_minutes[0], rel=0.05)


def test_a_team_apart_keeps_the_minutes_of_the_one_who_was_there() -> None:
    rows = [(1, 1, m, INSIDE) for m in range(0, 121, 5)] + [(2, 1, m + 2.5, FAR) for m in range(0, 120, 5)]
    found = estimate(_pings(rows), [SQUARE], None)
    assert found.expected_minutes[0] == pytest.approx(120, rel=0.03)


def test_off_duty_silences_and_other_teams_are_not_bridged() -> None:
    batch = _pings([(1, 1, 0, INSIDE), (1, 1, 5, INSIDE), (1, 1, 300, INSIDE), (1, 2, 305, INSIDE)])
    assert estimate(batch, [SQUARE], None, Rules(off_duty_s=10_800)).possible_minutes.tolist() == [5]
    assert estimate(batch, [SQUARE], None, Rules(off_duty_s=20_000)).possible_minutes.tolist() == [300]
    assert len(estimate(PingBatch.empty(), [SQUARE], MEASURED)) == 0
    assert len(estimate(_pings([(1, 1, 0, FAR), (1, 1, 5, FAR)]), [SQUARE], MEASURED)) == 0


def test_a_ping_that_drifts_into_the_band_counts_as_inside_only_between_pings_inside() -> None:
    def minutes(middle: tuple[float, float], rules: Rules) -> float:
        places = [FAR, INSIDE, INSIDE, middle, INSIDE, INSIDE, FAR]
        return float(estimate(_pings([(1, 1, 5 * n, p) for n, p in enumerate(places)]), [SQUARE], None, rules)
                     .expected_minutes[0])  # fmt: skip

    assert minutes(IN_BAND, Rules()) == pytest.approx(minutes(INSIDE, Rules()))
    assert minutes(IN_BAND, PLAIN) < minutes(INSIDE, PLAIN) - 3
    assert minutes(NEARBY, Rules()) < minutes(INSIDE, Rules()) - 3


def test_steps_are_cut_at_local_midnight_and_clipped_to_shifts() -> None:
    day = 20_600  # a summer day: London midnight is 23:00 UTC
    at = midnight_ms(date_of(day))
    t = at + np.arange(-30, 31, 5, dtype=np.int64) * 60_000
    one, lon, lat = (np.full(len(t), v, np.int32) for v in (1, round(-1.0 * DEGREE), 52 * DEGREE))
    batch = PingBatch(one, one, t, lon, lat)
    found = estimate(batch, [SQUARE], MEASURED)
    assert found.day.tolist() == [day - 1, day]
    assert found.possible_minutes.tolist() == [30, 30]
    assert found.expected_minutes[0] == pytest.approx(found.expected_minutes[1])
    late = estimate(batch, [SQUARE], MEASURED, Rules(shifts=((time(16), time(0, 10)),)))
    assert late.possible_minutes.tolist() == pytest.approx([30, 10])


def test_polygons_that_overlap_are_each_estimated_and_order_of_rows_does_not_matter() -> None:
    wider = Polygon([(-1.003, 51.998), (-0.997, 51.998), (-0.997, 52.002), (-1.003, 52.002)])
    rows = [(1, 1, 5 * n, INSIDE if n % 4 else NEARBY) for n in range(20)]
    batch = _pings(rows)
    found = estimate(batch, [SQUARE, wider], MEASURED)
    assert found.polygon.tolist() == [0, 1]
    assert found.expected_minutes[1] > found.expected_minutes[0]
    mixed = estimate(batch.take(np.random.default_rng(1).permutation(20)), [SQUARE, wider], MEASURED)
    assert mixed.expected_minutes == pytest.approx(found.expected_minutes)
