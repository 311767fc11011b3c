"""Counting a few devices, teams and days at a time gives what counting everything at once gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dosage.counting import count
from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import with_bands
from analysis.dosage.rules import PLAIN, Rules
from analysis.dosage.visits import day_minutes, visits
from data_access.partitions import Found
from data_access.sorting import PIECE, Workspace, records
from data_access.streamed_counting import Totals, count_visits
from tests.tracks import SQUARES, wander

NIGHTS = Rules(shifts=((time(22), time(4)), (time(10), time(12))))


def table(found) -> list[tuple[float, ...]]:
    rows = zip(*(np.asarray(column).tolist() for column in vars(found).values()), strict=True)
    return sorted(tuple(round(value, 6) for value in row) for row in rows)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 3), st.sampled_from([Rules(), PLAIN, NIGHTS]),
    st.booleans(),
)  # fmt: skip
def test_a_few_at_a_time_or_all_at_once(seed, devices, teams, rules, hardly_any_memory):
    tracks = wander(seed, devices, 150, teams, step_s=240)
    # One tracker changes hands half way.
    handed_over = np.where((tracks.pings.device == 0) & (np.arange(len(tracks.pings)) > 70), 0, tracks.pings.team)
    pings = replace(tracks.pings, team=handed_over.astype(np.int32))
    located = locate(pings, Boundaries(with_bands(SQUARES, rules.band_m)))
    stays, plain = count(located.pieces, 3, rules), count(located.pieces, 3, PLAIN)
    totals = Totals(3)
    with Workspace() as space, pytest.MonkeyPatch.context() as patch:
        if hardly_any_memory:
            patch.setattr("data_access.sorting.PIECES_IN_MEMORY", 2)
            for module, name in (("partitions", "PIECES"), ("streamed_counting", "ROWS")):
                patch.setattr(f"data_access.{module}.{name}_A_RUN", 6)
                patch.setattr(f"data_access.{module}.{name}_A_RANGE", 3)
        kept = space.piece_file()
        kept.add([records(located.pieces, PIECE)])
        each = list(count_visits(Found(located, [], [], kept=kept), 3, rules, space, totals))
    whole = visits(stays, rules)
    assert sorted(row for one in each for row in table(one)) == table(whole)
    order = [(v.team[n], v.day[n], v.t_in_ms[n]) for v in each for n in range(len(v))]
    assert order == sorted(order)
    assert totals.visits.sum() == whole.counts_as_visit.sum()
    assert totals.visits.sum() + totals.passed_through.sum() == len(whole)
    for number in range(3):
        for minutes, before in ((day_minutes(stays), ""), (day_minutes(plain), "plain_")):
            mine = minutes.polygon == number
            for name in ("patrol_minutes", "person_minutes"):
                expected = getattr(minutes, name)[mine].sum()
                assert totals.minutes(number)[before + name] == pytest.approx(expected, abs=1e-6)
