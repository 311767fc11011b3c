"""External sort of pings: the whole sorted, whatever the batches, runs and ranges."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dosage.tables import PingBatch
from data_access.ping_sorting import ExternalSort


def pings(seed: int, count: int, devices: int, span_ms: int) -> PingBatch:
    rng = np.random.default_rng(seed)
    place = rng.integers(-(2**31), 2**31 - 1, (2, count)).astype(np.int32)
    device, team = rng.integers(0, devices, count).astype(np.int32), rng.integers(0, 3, count).astype(np.int32)
    return PingBatch(device, team, rng.integers(-span_ms, span_ms, count), *place)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 3_000),
    st.sampled_from([1, 3, 200]),
    st.sampled_from([5, 10_000, 10**12]),
    st.sampled_from([1, 97, 1_000, 5_000]),
    st.sampled_from([1, 8, 300]),
)
def test_ranges_one_after_the_other_are_the_whole_in_order(seed, count, devices, span_ms, run_rows, range_rows):
    whole = pings(seed, count, devices, span_ms)
    with tempfile.TemporaryDirectory() as folder:
        sort = ExternalSort(Path(folder), max(run_rows, count // 20), range_rows)
        for start in range(0, count, 61):
            sort.add(whole.take(slice(start, start + 61)))
        ranges = list(sort.sorted_batches())
    found = PingBatch.concatenate(ranges)
    assert len(found) == count
    assert sorted(rows(found)) == sorted(rows(whole)), "no ping is lost, doubled or changed"
    keys = list(zip(found.device.tolist(), found.t_ms.tolist(), strict=True))
    assert keys == sorted(keys)
    ends = [(keys_of(a)[-1], keys_of(b)[0]) for a, b in zip(ranges, ranges[1:], strict=False)]
    assert all(before < after for before, after in ends), "a ping and its repeats come in one range"


def test_memory_is_that_of_a_run_and_a_range():
    """What is held at one moment does not grow with the number of pings."""
    whole = pings(1, 40_000, 5, 10**9)
    with tempfile.TemporaryDirectory() as folder:
        sort = ExternalSort(Path(folder), 1_000, 1_000)
        for start in range(0, 40_000, 500):
            sort.add(whole.take(slice(start, start + 500)))
        assert max(len(batch) for batch in sort.sorted_batches()) < 4_000


def test_late_pings_are_counted_once_each():
    def batch(*times: int) -> PingBatch:
        n = len(times)
        return PingBatch(*np.zeros((2, n), np.int32), np.array(times, np.int64), *np.zeros((2, n), np.int32))

    with tempfile.TemporaryDirectory() as folder:
        sort = ExternalSort(Path(folder))
        for one in (batch(10, 20), batch(15, 30), batch(30, 29, 5), batch(31)):
            sort.add(one)
        assert sort.late == 3  # 15, 29 and 5; a repeat of the newest is not late


def rows(batch: PingBatch) -> list[tuple[int, ...]]:
    columns = (batch.device, batch.team, batch.t_ms, batch.lon_e7, batch.lat_e7)
    return list(zip(*(c.tolist() for c in columns), strict=True))


def keys_of(batch: PingBatch) -> list[tuple[int, int]]:
    return list(zip(batch.device.tolist(), batch.t_ms.tolist(), strict=True))
