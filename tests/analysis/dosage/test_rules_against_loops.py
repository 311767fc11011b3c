"""The quick rules equal plain loops on random pieces; and what no rule may do, whatever the pieces."""

from dataclasses import replace
from datetime import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dosage.counting import count
from analysis.dosage.reference_rules import Stretch, on_duty_by_loops, stays_by_loops, visits_by_loops
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.tables import Pieces
from analysis.dosage.visits import day_extras, day_minutes, visits
from tests.analysis.dosage.piece_making import random_pieces

POLYGONS = 3
SHIFTS = [
    (),
    ((time(22), time(2)),),
    ((time(0, 30), time(1, 30)), (time(1, 15), time(23, 45))),
    ((time(23), time(0)), (time(4), time(5))),
]
rules = st.builds(
    Rules,
    gap_s=st.sampled_from([60.0, 120.0, 300.0, 900.0]),
    gap_credit_s=st.sampled_from([0.0, 300.0, 900.0, 6000.0]),
    band_m=st.sampled_from([0.0, 20.0]),
    reentry_s=st.sampled_from([0.0, 60.0, 120.0, 1200.0]),
    min_dwell_s=st.sampled_from([0.0, 180.0]),
    shifts=st.sampled_from(SHIFTS),
)


@settings(max_examples=400, deadline=None)
@given(random_pieces(POLYGONS), rules)
def test_stays_and_visits_are_those_of_the_loops(found, rule):
    stays, expected = count(found, POLYGONS, rule), stays_by_loops(found, POLYGONS, rule)
    columns = (stays.device, stays.team, stays.polygon, stays.day)
    assert list(zip(*(c.tolist() for c in columns), strict=True)) == [
        (s.device, s.team, s.polygon, s.day) for s in expected
    ]
    for got, wanted in (
        (stays.t_in_ms, [s.start for s in expected]),
        (stays.t_out_ms, [s.end for s in expected]),
        (stays.bridged_ms, [s.length_of("bridged") for s in expected]),
        (stays.silent_ms, [s.length_of("silent") for s in expected]),
    ):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-2)
    _same_visits(visits(stays, rule), visits_by_loops(expected, rule))


def _same_visits(found, expected):
    keys = zip(found.team.tolist(), found.polygon.tolist(), found.day.tolist(), strict=True)
    assert list(keys) == [(v.team, v.polygon, v.day) for v in expected]
    assert found.counts_as_visit.tolist() == [v.counts for v in expected]
    for got, wanted in (
        (found.t_in_ms, [v.start for v in expected]),
        (found.t_out_ms, [v.end for v in expected]),
        (found.patrol_minutes * 60_000, [v.patrol_ms for v in expected]),
        (found.person_minutes * 60_000, [v.person_ms for v in expected]),
        (found.bridged_minutes * 60_000, [v.bridged_ms for v in expected]),
        (found.silent_minutes * 60_000, [v.silent_ms for v in expected]),
    ):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-2)


@settings(max_examples=200, deadline=None)
@given(random_pieces(POLYGONS, overlapping=False), rules)
def test_no_moment_of_a_device_counts_twice_where_hot_spots_lie_apart(found, rule):
    stays = count(found, POLYGONS, rule)
    order = np.lexsort((stays.t_in_ms, stays.device))
    device, t_in, t_out = stays.device[order], stays.t_in_ms[order], stays.t_out_ms[order]
    same = device[1:] == device[:-1]
    assert (t_in[1:] - t_out[:-1])[same].min(initial=0.0) >= -1e-2


@settings(max_examples=150, deadline=None)
@given(random_pieces(POLYGONS), rules)
def test_totals_agree_however_they_are_added(found, rule):
    stays = count(found, POLYGONS, rule)
    seen, days = visits(stays, rule), day_minutes(stays)
    assert seen.patrol_minutes.sum() == pytest.approx(days.patrol_minutes.sum())
    assert seen.person_minutes.sum() == pytest.approx(days.person_minutes.sum())
    assert days.person_minutes.sum() == pytest.approx(stays.minutes.sum())
    assert (seen.bridged_minutes + seen.silent_minutes <= seen.patrol_minutes + 1e-9).all()
    assert (seen.patrol_minutes <= seen.person_minutes + 1e-9).all()
    assert (seen.patrol_minutes <= (seen.t_out_ms - seen.t_in_ms) / 60_000 + 1e-9).all()


@settings(max_examples=150, deadline=None)
@given(random_pieces(POLYGONS), rules)
def test_each_rule_off_counts_no_more(found, rule):
    whole = day_minutes(count(found, POLYGONS, rule)).person_minutes.sum()
    for off in ({"gap_credit_s": 0.0}, {"band_m": 0.0}, {"reentry_s": 0.0}):
        assert day_minutes(count(found, POLYGONS, replace(rule, **off))).person_minutes.sum() <= whole + 1e-6
    unlimited = day_minutes(count(found, POLYGONS, replace(rule, shifts=())))
    assert unlimited.person_minutes.sum() >= whole - 1e-6
    plain = day_minutes(count(found, POLYGONS, replace(PLAIN, gap_s=rule.gap_s, shifts=rule.shifts)))
    assert plain.person_minutes.sum() <= whole + 1e-6


@settings(max_examples=100, deadline=None)
@given(random_pieces(POLYGONS), rules, st.data())
def test_stays_of_some_days_are_the_same_stays(found, rule, data):
    stays = count(found, POLYGONS, rule)
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(stays), max_size=len(stays))), bool)
    some = stays.take(keep)
    assert some.t_in_ms.tolist() == stays.t_in_ms[keep].tolist()
    lengths = np.bincount(some.parts.stay, weights=some.parts.t_to_ms - some.parts.t_from_ms, minlength=len(some))
    assert lengths == pytest.approx(some.t_out_ms - some.t_in_ms, abs=1e-2)


@settings(max_examples=150, deadline=None)
@given(random_pieces(POLYGONS), rules)
def test_what_just_missed_counting_moment_by_moment(found, rule):
    stays = count(found, POLYGONS, rule)
    extras = day_extras(found, POLYGONS, stays, rule)
    columns = (extras.team, extras.polygon, extras.day, extras.near_minutes, extras.uncredited_silence_minutes)
    got = {(t, p, d): (near, silent) for t, p, d, near, silent in zip(*columns, strict=True)}
    expected = _extras_by_loops(found, rule)
    assert got.keys() == expected.keys()
    for key, minutes in expected.items():
        assert got[key] == pytest.approx(minutes, abs=1e-6)


def _extras_by_loops(found, rule):
    counted = stays_by_loops(found, POLYGONS, rule)
    near, silent = set(), set()
    columns = (found.device, found.team, found.polygon, found.t_in_ms, found.t_out_ms)
    steps = (found.step_from_ms, found.step_to_ms, found.ends)
    for device, team, polygon, t_in, t_out, step_from, step_to, ends in zip(*columns, *steps, strict=True):
        step_s = (step_to - step_from) / 1000
        if polygon >= POLYGONS and rule.band_m and not step_s > rule.gap_s and t_out > t_in:
            near.add(Stretch(device, team, polygon - POLYGONS, t_in, t_out))
        credited = ends == 3 and step_s <= rule.gap_credit_s
        if polygon < POLYGONS and ends and rule.gap_s < step_s <= rule.off_duty_s and not credited:
            silent.add(Stretch(device, team, polygon, step_from, step_to))
    totals = {}
    for column, stretches in enumerate((near, silent)):
        parts = [(day, part) for s in stretches for day, part in on_duty_by_loops(s, rule)]
        for key in {(p.team, p.polygon, day) for day, p in parts}:
            mine = [p for day, p in parts if (p.team, p.polygon, day) == key]
            ends = sorted({t for s in [*mine, *counted] for t in (s.start, s.end)})
            free = [0.0]
            for a, b in pairwise(ends):
                busy = {s.device for s in counted if s.start <= a and s.end >= b} if column == 0 else set()
                there = any(s.start <= a and s.end >= b and s.device not in busy for s in mine)
                inside = any((s.team, s.polygon) == key[:2] and s.start <= a and s.end >= b for s in counted)
                free.append((b - a) / 60_000 if there and not inside else 0.0)
            if sum(free) > 0:
                totals.setdefault(key, [0.0, 0.0])[column] = sum(free)
    return totals


def test_nothing_makes_nothing():
    stays = count(Pieces.empty(), 7, Rules(shifts=((time(9), time(17)),)))
    assert len(stays) == len(visits(stays, Rules())) == len(day_minutes(stays).day) == 0
    assert len(day_extras(Pieces.empty(), 7, stays, Rules()).day) == 0
