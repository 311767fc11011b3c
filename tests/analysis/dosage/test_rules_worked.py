"""Evenings worked out by hand: pings in, minutes out, every figure reckoned in the comment above it.

The hot spot is about 200 m wide. Positions are ten-millionths of a degree east and north of its south-west corner;
one metre is about 148 of them to the east, so that 1,500 are 10 m and 4,500 are 30 m.
"""

from dataclasses import replace
from datetime import time

import numpy as np
import pytest
from shapely.geometry import box

from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import with_bands
from analysis.dosage.local_days import date_of
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.tables import PingBatch
from analysis.dosage.trackers import tracker_days
from analysis.dosage.visits import day_extras, day_minutes, visits
from tests.analysis.dosage.piece_making import local_ms, pieces

WEST, SOUTH = -11_330_000, 526_350_000
WIDE, HIGH = 30_000, 18_000


def hot_spot(west=0, south=0, wide=WIDE, high=HIGH):
    corner = np.array([WEST + west, SOUTH + south])
    return box(*(corner / 1e7), *((corner + np.array([wide, high])) / 1e7))


HOT_SPOT = hot_spot()
INSIDE, OTHER_END, TEN_METRES_OUT, THIRTY_METRES_OUT, FAR = 15_000, 25_000, 31_500, 34_500, 100_000


def walk(start, *legs, every=10):
    """Pings (t_ms, east) from ``start`` (local text or ms): each leg (seconds, east) stands at ``east`` for so long."""
    t = local_ms(start) if isinstance(start, str) else start
    found = []
    for seconds, east in legs:
        found += [(t + 1000 * s, east) for s in (*range(0, seconds, every), seconds)]
        t += 1000 * (seconds + every)
    return found


def pings(*tracks):
    """tracks: (device, team, [(t_ms, east), ...])"""
    rows = sorted((d, round(t), team, x) for d, team, track in tracks for t, x in track)
    device, t, team, east = (np.array(c, np.int64) for c in zip(*rows, strict=True))
    north = np.full(len(t), SOUTH + HIGH // 2)
    return PingBatch(*(c.astype(np.int32) for c in (device, team)), t, *(
        c.astype(np.int32) for c in (WEST + east, north)))  # fmt: skip


def evening(batch, *polygons, rules=None):
    """(visits, stays, pieces) of a batch."""
    rules = rules or Rules()
    polygons = polygons or (HOT_SPOT,)
    found = locate(batch, Boundaries(with_bands(polygons, rules.band_m))).pieces
    stays = count(found, len(polygons), rules)
    return visits(stays, rules), stays, found


def minutes(batch, *polygons, rules=None):
    return [round(m, 3) for m in evening(batch, *polygons, rules=rules)[0].patrol_minutes.tolist()]


def days(found):
    return [date_of(d).isoformat() for d in found.day]


def test_a_stay_across_the_repeated_hour_has_that_hour_twice():
    # 29 October 2023: 00:30 BST is 23:30 UTC of the 28th, 02:30 GMT is 02:30 UTC. Three hours, one local day.
    track = walk("2023-10-29T00:30", (3 * 3600, INSIDE), every=60)
    assert track[-1][0] == local_ms("2023-10-29T02:30")
    found, *_ = evening(pings((1, 1, track)))
    assert days(found) == ["2023-10-29"]
    assert found.patrol_minutes.tolist() == pytest.approx([180])


def test_a_stay_across_the_missing_hour_lacks_it():
    # 26 March 2023: 00:30 GMT is 00:30 UTC, 02:30 BST is 01:30 UTC. One hour.
    track = walk("2023-03-26T00:30", (3600, INSIDE), every=60)
    assert track[-1][0] == local_ms("2023-03-26T02:30")
    found, *_ = evening(pings((1, 1, track)))
    assert (days(found), found.patrol_minutes.tolist()) == (["2023-03-26"], pytest.approx([60]))


def test_two_visits_at_the_same_clock_time_of_the_repeated_hour_stay_two():
    # 01:10 to 01:20 BST and 01:10 to 01:20 GMT are an hour apart: 10 and 10 minutes, not one visit of 10.
    both = [walk(local_ms("2023-10-29T01:10", fold), (600, INSIDE)) for fold in (0, 1)]
    found, *_ = evening(pings((1, 1, both[0] + both[1])))
    assert found.patrol_minutes.tolist() == pytest.approx([10, 10])
    assert (found.t_in_ms[1] - found.t_in_ms[0]) / 60_000 == pytest.approx(60)


def test_a_visit_over_midnight_is_two_each_with_its_own_dwell():
    # 23:58 to 00:04: two minutes on the 14th, under the dwell of three; four on the 15th, a visit.
    # In June local midnight is 23:00 UTC.
    found, *_ = evening(pings((1, 1, walk("2023-06-14T23:58", (360, INSIDE)))))
    assert days(found) == ["2023-06-14", "2023-06-15"]
    assert found.patrol_minutes.tolist() == pytest.approx([2, 4])
    assert found.counts_as_visit.tolist() == [False, True]
    assert found.t_out_ms[0] == found.t_in_ms[1] == local_ms("2023-06-15T00:00")


def test_an_excursion_over_midnight_is_credited_on_each_side():
    # Inside 23:50 to 23:59:20, out at a crossing 5 s later, far away until 00:00:40, in 5 s later; the straight step
    # from 15,000 to 45,000 crosses the edge at 30,000 half-way. Away 23:59:25 to 00:00:35: 35 s before midnight.
    track = walk("2023-06-14T23:50", (560, INSIDE), (60, 45_000), (600, INSIDE))
    found, stays, _ = evening(pings((1, 1, track)))
    assert found.patrol_minutes.tolist() == pytest.approx([10, 1240 / 60 - 10])
    assert (found.bridged_minutes * 60).tolist() == pytest.approx([35, 35])
    assert (stays.bridged_ms / 1000).tolist() == pytest.approx([35, 35])


def test_a_pair_is_patrol_minutes_once_and_person_minutes_twice():
    # 20:00 to 20:20 and 20:05 to 20:30: someone there for 30 minutes; 20 + 25 person-minutes.
    one, other = walk("2023-06-14T20:00", (1200, INSIDE)), walk("2023-06-14T20:05", (1500, OTHER_END))
    found, *_ = evening(pings((1, 1, one), (2, 1, other)))
    assert (found.patrol_minutes.tolist(), found.person_minutes.tolist()) == (pytest.approx([30]), pytest.approx([45]))


def test_a_pair_that_splits_up_patrols_two_hot_spots_at_once():
    # Both in A from 20:00. One stays until 20:30; the other leaves at 20:15, from 25,000 to 105,000 in 10 s: out of A
    # (30,000) after 5/80 of it, 0.625 s; into B (100,000) after 75/80, 9.375 s; stands there for ten minutes.
    # A: 30 patrol-minutes, 30 + 15 min 0.625 s person. B: ten minutes and 0.625 s, of both kinds.
    stays = walk("2023-06-14T20:00", (1800, INSIDE))
    leaves = walk("2023-06-14T20:00", (900, OTHER_END), (600, 105_000))
    found, *_ = evening(pings((1, 1, stays), (2, 1, leaves)), HOT_SPOT, hot_spot(west=100_000))
    assert found.polygon.tolist() == [0, 1]
    assert (found.patrol_minutes * 60).tolist() == pytest.approx([1800, 600.625])
    assert (found.person_minutes * 60).tolist() == pytest.approx([1800 + 900.625, 600.625])


def test_a_silence_of_one_is_no_silence_of_the_pair():
    # Device 1 is silent 20:05 to 20:15 and credited with it; device 2 is seen until 20:12. Of the team's 20 minutes
    # only 20:12 to 20:15 rest on the silence. Person-minutes 20 + 12.
    silent = walk("2023-06-14T20:00", (300, INSIDE)) + walk("2023-06-14T20:15", (300, INSIDE))
    found, stays, _ = evening(pings((1, 1, silent), (2, 1, walk("2023-06-14T20:00", (720, INSIDE)))))
    assert (found.patrol_minutes.tolist(), found.person_minutes.tolist()) == (pytest.approx([20]), pytest.approx([32]))
    assert found.silent_minutes.tolist() == pytest.approx([3])
    assert stays.silent_ms.sum() == 600_000


def test_one_of_a_pair_leaving_before_the_other_comes_is_one_visit():
    # Device 1 until 20:10:00, device 2 from 20:11:30: nobody there for 90 s, no more than the re-entry rule.
    # Nobody's excursion, so nothing is credited: 10 + 10 minutes in a visit of 21.5.
    rows = walk("2023-06-14T20:00", (600, INSIDE)), walk(local_ms("2023-06-14T20:11") + 30_000, (600, INSIDE))
    found, *_ = evening(pings((1, 1, rows[0]), (2, 1, rows[1])))
    assert found.patrol_minutes.tolist() == pytest.approx([20])
    assert (found.t_out_ms - found.t_in_ms)[0] / 60_000 == pytest.approx(21.5)
    apart, *_ = evening(pings((1, 1, rows[0]), (2, 1, rows[1])), rules=Rules(reentry_s=80))
    assert apart.patrol_minutes.tolist() == pytest.approx([10, 10])


def test_two_providers_in_one_hot_spot_each_have_their_minutes():
    # Outreach 20:00 to 20:30, police 20:20 to 20:50: 30 each, though the hot spot saw patrols for 50 minutes.
    # Each drew its own boundary: the police's is 5,000 wider, so 10 s of outreach further east are police ground too.
    outreach, police = walk("2023-06-14T20:00", (1800, INSIDE)), walk("2023-06-14T20:20", (1800, 32_500))
    found, *_ = evening(pings((1, 1, outreach), (2, 2, police)), HOT_SPOT, hot_spot(wide=WIDE + 5_000), rules=PLAIN)
    assert list(zip(found.team.tolist(), found.polygon.tolist(), strict=True)) == [(1, 0), (1, 1), (2, 1)]
    assert found.patrol_minutes.tolist() == pytest.approx([30, 30, 30])
    same, *_ = evening(pings((1, 1, outreach), (2, 2, walk("2023-06-14T20:20", (1800, INSIDE)))))
    assert (same.team.tolist(), same.patrol_minutes.tolist()) == ([1, 2], pytest.approx([30, 30]))


def test_one_device_shared_between_teams_counts_for_who_carried_it():
    # Team 1 from 12:00 to 12:20. Team 2 takes the tracker over inside: its first ping is at 12:20:10, and the ten
    # seconds between belong to nobody. Then until 12:30:10. Team 1 has it again from 12:30:20, for five minutes.
    first, second = walk("2023-06-14T12:00", (1200, INSIDE)), walk(local_ms("2023-06-14T12:20") + 10_000, (600, INSIDE))
    third = walk(local_ms("2023-06-14T12:30") + 20_000, (300, INSIDE))
    batch = pings((7, 1, first), (7, 2, second), (7, 1, third))
    found, _, located = evening(batch)
    assert found.team.tolist() == [1, 1, 2]
    assert found.patrol_minutes.tolist() == pytest.approx([20, 5, 10])
    held = tracker_days(batch, located, 1, Rules())
    assert (held.team.tolist(), held.tracked_minutes.tolist()) == ([1, 2], pytest.approx([25, 10]))
    assert held.inside_minutes.tolist() == pytest.approx([25, 10])


def test_nothing_is_bridged_over_time_worked_for_another_team():
    # Team 1 leaves at 100 s and is back at 190 s, which 120 s would bridge; but from 130 to 160 s it was team 2's.
    t = local_ms("2023-06-14T12:00")
    shared = [(7, 1, 0, t, t + 100_000), (7, 2, 0, t + 130_000, t + 160_000), (7, 1, 0, t + 190_000, t + 290_000)]
    assert count(pieces(shared), 1, Rules()).bridged_ms.sum() == 0
    assert count(pieces([shared[0], shared[2]]), 1, Rules()).bridged_ms.sum() == 90_000


def test_drift_within_the_band_is_bridged_and_further_out_is_not():
    # Ten minutes at 28,500, one step of 10 s to 31,500 (10 m out): crossing half-way. Five minutes there, back.
    # Away 5 + 300 + 5 s = 310 s, far more than 120, but within 20 m throughout: all 600 + 10 + 300 + 10 + 600 s count.
    track = walk("2023-06-14T20:00", (600, 28_500), (300, TEN_METRES_OUT), (600, 28_500))
    found, *_ = evening(pings((1, 1, track)))
    assert (found.patrol_minutes * 60).tolist() == pytest.approx([1520])
    assert (found.bridged_minutes * 60).tolist() == pytest.approx([310])
    # Without the band rule: 605 s on each side, two visits.
    bare, *_ = evening(pings((1, 1, track)), rules=replace(Rules(), band_m=0))
    assert (bare.patrol_minutes * 60).tolist() == pytest.approx([605, 605])
    # 30 m out: from 28,500 to 34,500 the edge comes after a quarter, 2.5 s.
    far = walk("2023-06-14T20:00", (600, 28_500), (300, THIRTY_METRES_OUT), (600, 28_500))
    assert (evening(pings((1, 1, far)))[0].patrol_minutes * 60).tolist() == pytest.approx([602.5, 602.5])


def test_time_just_outside_that_no_return_bridges_is_near_not_counted():
    # Ten minutes inside, then five minutes 10 m out and gone: 605 s count; the half step and five minutes are near,
    # and of the step from 31,500 to 101,500 what lies within 20 m.
    track = walk("2023-06-14T20:00", (600, 28_500), (300, TEN_METRES_OUT), (60, 101_500))
    found, stays, located = evening(pings((1, 1, track)))
    assert (found.patrol_minutes * 60).tolist() == pytest.approx([605])
    extras = day_extras(located, 1, stays, Rules())
    # The band ends 20 m out, at about 32,950: another 1,450 of the 70,000 of that 10 s step, 0.2 s.
    assert (extras.near_minutes * 60).tolist() == pytest.approx([305.2], abs=0.05)
    assert extras.uncredited_silence_minutes.tolist() == [0]


@pytest.mark.parametrize(("stand", "visits_s"), [(110, [1330]), (120, [605, 605])])
def test_a_short_way_off_is_bridged_however_far(stand, visits_s):
    # To 45,000 (100 m out) and back: the edge is half-way of each 10 s step, so away for ``stand`` + 10 s.
    # 120 s away: all 600 + 10 + 110 + 10 + 600 s count. 130 s away: two visits of 605 s.
    track = walk("2023-06-14T20:00", (600, INSIDE), (stand, 45_000), (600, INSIDE))
    found, *_ = evening(pings((1, 1, track)))
    assert (found.patrol_minutes * 60).tolist() == pytest.approx(visits_s)


def test_a_silence_that_begins_and_ends_inside_counts_up_to_a_quarter_of_an_hour():
    def with_silence(seconds, back_at=INSIDE):
        first = walk("2023-06-14T20:00", (300, INSIDE))
        return pings((1, 1, first + walk(first[-1][0] + 1000 * seconds, (300, back_at))))

    # Ten minutes of silence: 5 + 10 + 5 = 20, of which 10 silent, one visit.
    found, *_ = evening(with_silence(600))
    assert (found.patrol_minutes.tolist(), found.silent_minutes.tolist()) == (pytest.approx([20]), pytest.approx([10]))
    assert minutes(with_silence(900)) == [25]
    # A second more than 15 minutes: 5 and 5, two visits, and the silence is said to have been left out.
    found, stays, located = evening(with_silence(901))
    assert found.patrol_minutes.tolist() == pytest.approx([5, 5])
    extras = day_extras(located, 1, stays, Rules())
    assert (extras.uncredited_silence_minutes * 60).tolist() == pytest.approx([901])
    # Ten minutes of silence that end elsewhere credit nothing: nobody knows when they left.
    found, stays, located = evening(with_silence(600, FAR))
    assert found.patrol_minutes.tolist() == pytest.approx([5])
    assert day_extras(located, 1, stays, Rules()).uncredited_silence_minutes.tolist() == pytest.approx([10])
    # Four minutes are no silence yet: a straight line from 15,000 to 45,000, half of it inside.
    assert minutes(with_silence(240, 45_000)) == [7]
    # Without the credit rule, 5 and 5. Three hours and more: the tracker was off, and nothing is said of it.
    assert minutes(with_silence(600), rules=replace(Rules(), gap_credit_s=0)) == [5, 5]
    found, stays, located = evening(with_silence(3 * 3600 + 1))
    assert len(day_extras(located, 1, stays, Rules()).day) == 0


def test_presence_outside_the_shift_does_not_count():
    # There 21:30 to 02:30; the shift is 22:00 to 02:00. Two hours on the 14th, two on the 15th.
    night = replace(Rules(), shifts=((time(22), time(2)),))
    found, *_ = evening(pings((1, 1, walk("2023-06-14T21:30", (5 * 3600, INSIDE), every=60))), rules=night)
    assert days(found) == ["2023-06-14", "2023-06-15"]
    assert found.patrol_minutes.tolist() == pytest.approx([120, 120])
    # Two shifts that meet at 23:00 are no reason for two visits.
    shifts = ((time(22), time(23)), (time(23), time(2)))
    found, *_ = evening(
        pings((1, 1, walk("2023-06-14T21:30", (5 * 3600, INSIDE), every=60))), rules=replace(Rules(), shifts=shifts)
    )
    assert found.patrol_minutes.tolist() == pytest.approx([120, 120])


@pytest.mark.parametrize(("eve", "after_midnight"), [("2023-10-28", 180), ("2023-03-25", 60), ("2023-06-14", 120)])
def test_a_night_shift_is_an_hour_longer_or_shorter_when_the_clocks_change(eve, after_midnight):
    # 22:00 to 02:00 by the clock: two hours before midnight, and after it three, one or two.
    night = replace(Rules(), shifts=((time(22), time(2)),))
    found, *_ = evening(pings((1, 1, walk(f"{eve}T21:00", (8 * 3600, INSIDE), every=60))), rules=night)
    assert found.patrol_minutes.tolist() == pytest.approx([120, after_midnight])


def test_a_shift_that_begins_or_ends_in_the_repeated_hour_has_all_of_it():
    # 29 October 2023: 01:30 comes twice, at 00:30 and 01:30 UTC. To 01:30: until the second, from 23:00 UTC (local
    # midnight) 150 minutes. From 01:30: from the first, to 03:00 UTC 150 minutes.
    track = pings((1, 1, walk("2023-10-29T00:00", (4 * 3600, INSIDE), every=60)))
    early, late = (replace(Rules(), shifts=(s,)) for s in ((time(0), time(1, 30)), (time(1, 30), time(3))))
    assert (minutes(track, rules=early), minutes(track, rules=late)) == ([150], [150])


def test_a_shift_that_begins_or_ends_in_the_missing_hour_does_so_at_the_jump():
    # 26 March 2023: 01:00 GMT is followed by 02:00 BST. From 01:30: from the jump, so 02:00 to 03:00 BST is 60 minutes.
    track = pings((1, 1, walk("2023-03-26T00:00", (3 * 3600, INSIDE), every=60)))
    late, early = (replace(Rules(), shifts=(s,)) for s in ((time(1, 30), time(3)), (time(0, 15), time(1, 30))))
    assert (minutes(track, rules=late), minutes(track, rules=early)) == ([60], [45])


def test_an_excursion_into_the_neighbour_is_counted_there_and_nowhere_else():
    # A and B share the edge at 30,000. Ten minutes at 25,000 in A, a minute at 35,000 in B, ten minutes in A.
    # Each step of 10 s crosses half-way. A: 605 + 605 s in one visit, nothing bridged though B is in A's band for
    # 34 m and 70 s are under 120. B: 5 + 60 + 5 = 70 s. Together 1,280 s, as long as it all took.
    batch = pings((1, 1, walk("2023-06-14T20:00", (600, 25_000), (60, 35_000), (600, 25_000))))
    found, stays, _ = evening(batch, HOT_SPOT, hot_spot(west=WIDE))
    assert found.polygon.tolist() == [0, 1]
    assert (found.patrol_minutes * 60).tolist() == pytest.approx([1210, 70])
    assert stays.bridged_ms.sum() == 0
    assert stays.minutes.sum() * 60 == pytest.approx(1280)


def test_a_street_between_two_hot_spots_is_nobodys_when_crossed_and_ones_own_when_one_turns_back():
    # B begins 2,000 (13 m) east of A. Crossing from 29,000 to 33,000 in 10 s: 2.5 s in A, 5 s street, 2.5 s in B.
    # A, B, A with a minute each: every street crossing leads elsewhere. 60 + 2.5, 2.5 + 60 + 2.5, 2.5 + 60.
    there = [(60, 29_000), (60, 33_000), (60, 29_000)]
    areas = HOT_SPOT, hot_spot(west=32_000)
    found, stays, _ = evening(pings((1, 1, walk("2023-06-14T20:00", *there))), *areas)
    assert stays.bridged_ms.sum() == 0
    assert (found.patrol_minutes * 60).tolist() == pytest.approx([125, 65])
    # Into the street (31,000) and back to A: 5 + 60 + 5 s bridged to A, none to B.
    found, stays, _ = evening(pings((1, 1, walk("2023-06-14T20:00", (60, 29_000), (60, 31_000), (60, 29_000)))), *areas)
    assert (found.polygon.tolist(), (found.bridged_minutes * 60).tolist()) == ([0], pytest.approx([70]))


def test_a_polygon_that_overlaps_takes_no_bridge_away():
    # The police drew the same hot spot 5,000 wider. At 31,500, 10 m out of A and still in B, for five minutes:
    # A is bridged by its band as if B were not there (310 s, see above); B has it all.
    batch = pings((1, 1, walk("2023-06-14T20:00", (600, 28_500), (300, TEN_METRES_OUT), (600, 28_500))))
    found, *_ = evening(batch, HOT_SPOT, hot_spot(wide=WIDE + 5_000))
    assert (found.patrol_minutes * 60).tolist() == pytest.approx([1520, 1520])
    assert (found.bridged_minutes * 60).tolist() == pytest.approx([310, 0])


def test_another_devices_visit_elsewhere_takes_no_bridge_away():
    # Device 1 is away from 0 for 60 s; device 2 spends ten seconds of them in hot spot 1.
    t = local_ms("2023-06-14T20:00")
    mine = [(1, 1, 0, t, t + 100_000), (1, 1, 0, t + 160_000, t + 260_000)]
    assert count(pieces([*mine, (2, 1, 1, t + 120_000, t + 130_000)]), 2, Rules()).bridged_ms.sum() == 60_000
    assert count(pieces([*mine, (1, 1, 1, t + 120_000, t + 130_000)]), 2, Rules()).bridged_ms.sum() == 0


def test_the_plain_figure_has_no_rule_but_the_gap():
    # Drift (310 s) and a short way off (120 s) are not there, a silence of six minutes splits.
    track = walk("2023-06-14T20:00", (600, 28_500), (300, TEN_METRES_OUT), (600, 28_500))
    track += walk(track[-1][0] + 360_000, (120, INSIDE))
    found, stays, _ = evening(pings((1, 1, track)), rules=PLAIN)
    assert (found.patrol_minutes * 60).tolist() == pytest.approx([605, 605, 120])
    assert found.counts_as_visit.all()
    assert stays.bridged_ms.sum() == stays.silent_ms.sum() == 0
    days_found = day_minutes(stays)
    assert (days_found.patrol_minutes * 60).tolist() == pytest.approx([1330])


def test_rules_that_cannot_be_are_refused_with_a_sentence():
    some = pieces([(1, 1, 0, 0.0, 1000.0)])
    with pytest.raises(ValueError, match="The gap rule is 30 s"):
        count(some, 1, Rules(gap_s=30))
    with pytest.raises(ValueError, match="from 09:00 to 09:00 has no length"):
        count(some, 1, Rules(shifts=((time(9), time(9)),)))
    with pytest.raises(ValueError, match="name polygon 2, but there are 1 hot spots"):
        count(pieces([(1, 1, 2, 0.0, 1000.0)]), 1, Rules())
