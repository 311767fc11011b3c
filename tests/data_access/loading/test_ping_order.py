"""Repeats, backward steps and jumps against a plain count of the same rows, however the file is cut into blocks."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dosage.tables import PingBatch
from data_access.loading.pings.order import METRES, Order

START = 1_676_296_800_000
row = st.tuples(st.integers(0, 2), st.integers(0, 12), st.integers(-3, 3), st.integers(-3, 3))


def batch_of(rows) -> PingBatch:
    device = np.array([r[0] for r in rows], np.int32)
    t_ms = np.array([START + r[1] * 10_000 for r in rows], np.int64)
    lon = np.array([-11_300_000 + r[2] * 60_000 for r in rows], np.int32)
    lat = np.array([526_300_000 + r[3] * 40_000 for r in rows], np.int32)
    return PingBatch(device, np.zeros_like(device), t_ms, lon, lat)


def feed(order: Order, batch: PingBatch, at: int, to: int) -> np.ndarray:
    part = batch.take(slice(at, to))
    found = order.take(part, len(np.unique(part.device)), 3)
    return np.zeros(len(part), bool) if found is None else found


def counted(order: Order, name: str) -> list[int]:
    return getattr(order, name)[:3].tolist()


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(row, min_size=1, max_size=40), cuts=st.lists(st.integers(1, 39), max_size=4))
def test_repeats_and_backward_steps_are_those_of_a_plain_count(rows, cuts):
    batch = batch_of(rows)
    edges = sorted({0, len(rows), *(c for c in cuts if c < len(rows))})
    order = Order()
    found = np.concatenate([feed(order, batch, a, b) for a, b in pairwise(edges)])
    seen, last, repeats, backward = set(), {}, [], [0, 0, 0]
    for device, t, *_ in rows:
        repeats.append((device, t) in seen)
        seen.add((device, t))
        backward[device] += device in last and t < last[device]
        last[device] = t
    assert found.tolist() == repeats
    assert counted(order, "backward") == backward
    assert sum(counted(order, "repeats")) == sum(repeats)


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(row, min_size=1, max_size=40))
def test_jumps_are_those_of_a_plain_count_in_order_of_time(rows):
    batch, order = batch_of(rows), Order()
    feed(order, batch, 0, len(rows))
    expected = [0, 0, 0]
    for device in range(3):
        track = {}
        for i in np.flatnonzero(batch.device == device).tolist():
            track.setdefault(int(batch.t_ms[i]), i)
        there = [track[t] for t in sorted(track)]
        expected[device] = sum(speed(batch, a, b) > 50 for a, b in pairwise(there))
    assert counted(order, "jumps") == expected


def speed(batch: PingBatch, a: int, b: int) -> float:
    """Metres a second, on a plane that touches the Earth there."""
    up = (int(batch.lat_e7[b]) - int(batch.lat_e7[a])) * METRES
    across = (int(batch.lon_e7[b]) - int(batch.lon_e7[a])) * METRES * math.cos(math.radians(52.63))
    return math.hypot(across, up) / ((int(batch.t_ms[b]) - int(batch.t_ms[a])) / 1000)


@settings(max_examples=50, deadline=None)
@given(size=st.integers(1, 20), reverse=st.booleans())
def test_jumps_between_blocks_are_counted_whichever_way_the_file_runs(size, reverse):
    rows = [(0, i, 0, i % 2) for i in range(13)]  # 445 m every 10 s, and no more
    rows[5] = (0, 5, 0, 4)  # 1,800 m away: there and back
    batch, order = batch_of(rows[::-1] if reverse else rows), Order()
    for at in range(0, 13, size):
        feed(order, batch, at, min(at + size, 13))
    assert counted(order, "jumps")[0] == 2


def test_what_is_remembered_is_bounded_and_what_is_forgotten_is_counted():
    order, n = Order(remembered=1000), 20_000
    device, place = np.zeros(n, np.int32), np.full(n, 526_300_000, np.int32)
    batch = PingBatch(device, device, START + np.arange(n) * 1000, place - 600_000_000, place)
    for at in range(0, n, 500):
        assert not feed(order, batch, at, at + 500).any()
    assert feed(order, batch, n - 100, n).all(), "recent repeats are told"
    assert not feed(order, batch, 0, 100).any(), "those far back are not"
    assert order.seen.untold == 100, "and are counted"
    assert order.seen.held <= 1500
