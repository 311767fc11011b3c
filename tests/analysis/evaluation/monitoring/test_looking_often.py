"""Bounds for several looks, the running WDD and the scan, against simulation and each other."""

import numpy as np
import pytest

from analysis.evaluation.monitoring.running import CROSSED, running_in_bounds
from analysis.evaluation.monitoring.scan import busiest_stretch, naus_scan, naus_scan_exact, naus_scan_given_total
from analysis.evaluation.monitoring.spending import FARTHEST, crossing_chances, spending_bounds
from analysis.evaluation.record import Refusal

UNEVEN = [0.1, 0.35, 0.4, 0.8, 1.0]


@pytest.mark.parametrize("kind", ["obrien-fleming", "pocock", "power", "hwang-shih-decani"])
@pytest.mark.parametrize("sides", [1, 2])
def test_all_looks_together_spend_alpha(kind, sides):
    bounds = spending_bounds(UNEVEN, alpha=0.05, kind=kind, sides=sides)
    assert bounds.spent[-1] == pytest.approx(0.05, abs=1e-9)
    assert sum(crossing_chances(UNEVEN, bounds.z, sides=sides)) == pytest.approx(0.05, abs=1e-6)
    assert list(bounds.spent) == sorted(bounds.spent)


def test_bounds_hold_in_simulated_looks():
    rng, bounds = np.random.default_rng(11), spending_bounds(UNEVEN, kind="pocock")
    steps = rng.standard_normal((200_000, 5)) * np.sqrt(np.diff([0.0, *UNEVEN]))
    z = np.cumsum(steps, axis=1) / np.sqrt(UNEVEN)
    assert (np.abs(z) >= bounds.z).any(axis=1).mean() == pytest.approx(0.05, abs=0.002)


def test_one_look_is_the_ordinary_test():
    assert spending_bounds([1.0]).z[0] == pytest.approx(1.959964, abs=1e-5)
    assert crossing_chances([1.0], [1.959964], drift=2.8016)[0] == pytest.approx(0.80, abs=1e-3)


def test_a_look_with_nothing_to_spend_cannot_signal():
    assert spending_bounds([0.01, 1.0]).z[0] == FARTHEST


@pytest.mark.parametrize("times", [[], [0.5, 0.5], [0.0, 1.0], [0.6, 0.4]])
def test_times_that_do_not_rise_are_refused(times):
    with pytest.raises(ValueError, match="rise"):
        spending_bounds(times)


def test_running_intervals_are_as_wide_as_their_bounds():
    found = running_in_bounds([30, 28, 33], [20, 22], [60, 61, 58], [59, 63], planned=6, control_area=2.0, phi=1.5)
    looks = found.looks
    assert (looks["high"] - looks["estimate"]).tolist() == pytest.approx((looks["bound"] * looks["se"]).tolist())
    assert looks["time"].is_monotonic_increasing
    assert looks["time"].iloc[-1] < 1
    assert found.latest.ci_low == looks["low"].iloc[-1]


def test_a_single_planned_look_has_the_ordinary_bound():
    found = running_in_bounds([30] * 6, [20], [60] * 6, [60], planned=1, control_area=2.0)
    assert found.looks["bound"].tolist() == pytest.approx([1.959964], abs=1e-5)
    assert found.looks["time"].tolist() == [1.0]


def test_noise_that_was_estimated_pushes_the_bound_out():
    args = ([30] * 6, [20] * 6, [60] * 6, [60] * 6)
    known, estimated = (running_in_bounds(*args, planned=6, control_area=2.0, df=df) for df in (None, 4.0))
    assert estimated.looks["bound"].iloc[-1] > known.looks["bound"].iloc[-1] + 0.5
    assert known.latest.check(CROSSED).value == "yes"
    assert estimated.latest.check(CROSSED).value == "yes" or estimated.latest.ci_high >= 0


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (([], [3], [], [5]), "before"),
        (([3], [], [5], []), "No month of the service"),
        (([3, 4], [2, float("nan")], [5, 5], [5, 5]), "missing"),
        (([0], [0], [0], [0]), "No crime"),
    ],
)
def test_what_cannot_be_run_is_refused(parts, said):
    found = running_in_bounds(*parts, planned=3)
    assert isinstance(found, Refusal)
    assert said in found.reason


def test_scan_approximations_against_random_points():
    rng = np.random.default_rng(3)
    points = np.sort(rng.random((60_000, 6)), axis=1)
    for count in (3, 4):
        simulated = (points[:, count - 1 :] - points[:, : 7 - count] <= 0.2).any(axis=1).mean()
        assert naus_scan_exact(count, 6, 5) == pytest.approx(simulated, abs=0.008)
    assert naus_scan_given_total(4, 6, 0.2) == pytest.approx(naus_scan_exact(4, 6, 5), abs=1e-9)


def test_scan_falls_with_the_count_and_rises_with_the_record():
    falling = [naus_scan(k, 2.0, 20) for k in range(1, 15)]
    assert falling == sorted(falling, reverse=True)
    assert naus_scan(7, 2.0, 40) > naus_scan(7, 2.0, 20)


def test_no_stretch_reaches_over_a_month_that_is_missing():
    gap = float("nan")
    found = busiest_stretch([1, 1, 9, gap, 9, 2, 4, 4, 1, 1], 2)
    assert (found.start, found.count) == (4, 11.0)
    assert busiest_stretch([5, gap, 5, gap, 5, gap, 5], 2) is None
    assert busiest_stretch([0] * 12, 3) is None
