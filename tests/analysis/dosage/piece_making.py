"""Pieces made by hand or at random for the tests of the rules, without any geometry."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from hypothesis import strategies as st

from analysis.dosage.tables import BASE_GAP_S, LONG_STEP, TRACKED, Pieces
from domain.periods import LONDON

NAN = float("nan")


def local_ms(text, fold=0):
    """UTC milliseconds of a local time; fold 1 is the second of two."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON, fold=fold).timestamp() * 1000


def pieces(rows):
    """rows: (device, team, polygon, t_in_ms, t_out_ms[, step_from_ms, step_to_ms, ends]), sorted as a kernel does."""
    full = sorted((*r, NAN, NAN, 0) if len(r) == 5 else tuple(r) for r in rows)
    full = sorted(full, key=lambda r: (r[0], r[2], r[3]))
    device, team, polygon, t_in, t_out, step_from, step_to, ends = zip(*full, strict=True) if full else ((),) * 8
    kind = [TRACKED if f != f else LONG_STEP for f in step_from]
    whole = [np.array(c, np.int32) for c in (device, team, polygon)]
    times = [np.array(c, np.float64) for c in (t_in, t_out)]
    steps = [np.array(c, np.float64) for c in (step_from, step_to)]
    return Pieces(*whole, *times, np.array(kind, np.int8), *steps, np.array(ends, np.int8))


STEPS_S = [1, 20, 20, 30, 60, 60, 61, 61, 100, 119, 120, 121, 240, 299, 300, 301, 600, 899, 900, 901, 5_000, 12_000]
# Evenings before a clock change, a new year and an ordinary midnight.
EVENINGS = [local_ms(t) for t in ("2023-03-25T22:30", "2023-10-28T23:10", "2023-12-31T22:00", "2023-06-14T21:00")]


@st.composite
def random_pieces(draw, polygons=3, overlapping=True):
    """What a kernel could find for some devices that walk in and out of ``polygons`` and their bands.

    Each ping is in some polygons, in the bands of those at least; on a step a polygon is left or entered at a random
    share, left and entered again, or clipped. A device may change team between pings. Unless ``overlapping``, a
    moment is in one polygon at most.
    """
    rows = []
    start = draw(st.sampled_from(EVENINGS))
    for device in range(draw(st.integers(1, 3))):
        t, team = start + 1000 * draw(st.integers(0, 600)), draw(st.integers(1, 2))
        for_team, here = team, _places(draw, polygons, overlapping)
        for step_s in draw(st.lists(st.sampled_from(STEPS_S), min_size=1, max_size=25)):
            to, there = t + step_s * 1000.0, _places(draw, polygons, overlapping)
            if for_team == team:
                rows += _step(draw, device, team, t, to, here, there, polygons, overlapping)
            t, here, for_team = to, there, team
            if draw(st.integers(0, 11)) == 0:
                team = 3 - team
    return pieces(_touching(rows))


def _places(draw, polygons, overlapping):
    most = polygons if overlapping else 1
    inside = set(draw(st.lists(st.integers(0, polygons - 1), max_size=most)))
    near = set(draw(st.lists(st.integers(0, polygons - 1), max_size=2)))
    return inside | {p + polygons for p in inside | near}


def _step(draw, device, team, t, to, here, there, polygons, overlapping):
    """Rows of one step. Shares are eighths, so that one polygon is entered at the moment another is left."""
    length = to - t
    long = (t, to) if length > BASE_GAP_S * 1000 else (NAN, NAN)
    cut = draw(st.integers(1, 7)) / 8
    found = []
    for p in sorted(here | there):
        ends = (p in here) + 2 * (p in there)
        shares = {1: [(0, cut)], 2: [(cut, 1)], 3: [(0, 1)]}[ends]
        if ends == 3 and draw(st.integers(0, 5)) == 0:
            shares = [(0, cut / 2), (cut, 1)]
        bits = ends if long[0] == t else 0
        found += [(device, team, p, t + a * length, t + b * length, *long, bits) for a, b in shares]
    p = draw(st.integers(0, 6 * polygons))
    free = p not in here | there and (overlapping or not (here | there) & set(range(polygons)))
    if p < 2 * polygons and free:
        found.append((device, team, p, t + length * cut / 2, t + length * cut, *long, 0))
        if p < polygons and p + polygons not in here | there:
            found.append((device, team, p + polygons, t + length * cut / 4, t + length * cut, *long, 0))
    return found


def _touching(rows):
    """Tracked rows that meet joined, as a kernel joins them."""
    found = []
    for row in sorted(rows, key=lambda r: (r[0], r[2], r[3])):
        last = found[-1] if found else None
        tracked = row[5] != row[5]
        if last and tracked and last[5] != last[5] and last[:3] == row[:3] and last[4] == row[3]:
            found[-1] = (*last[:4], row[4], *last[5:])
        else:
            found.append(row)
    return found
