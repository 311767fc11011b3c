"""External sort: the whole sorted, whatever the batches, runs and ranges."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_access.loading.result import LoadRefused
from data_access.sorting import PING, ExternalSort, Workspace

KEYS = [("device", "t_ms"), ("team",)]


def some_records(seed: int, count: int, devices: int, span_ms: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = np.empty(count, PING)
    found["device"], found["team"] = rng.integers(0, devices, count), rng.integers(0, 40, count)
    found["t_ms"] = rng.integers(-span_ms, span_ms, count)
    found["lon_e7"], found["lat_e7"] = rng.integers(-(2**31), 2**31 - 1, (2, count))
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 3_000),
    st.sampled_from([1, 3, 200]),
    st.sampled_from([5, 10_000, 10**12]),
    st.sampled_from([1, 97, 1_000, 5_000]),
    st.sampled_from([1, 8, 300]),
    st.sampled_from(KEYS),
)
def test_ranges_one_after_the_other_are_the_whole_in_order(seed, count, devices, span, run_rows, range_rows, keys):
    whole = some_records(seed, count, devices, span)
    with Workspace() as space:
        sort = ExternalSort(space.new, PING, keys, max(run_rows, count // 20), range_rows)
        for start in range(0, count, 61):
            sort.add(whole[start : start + 61])
        ranges = list(sort.ranges())
    found = np.concatenate(ranges) if ranges else np.empty(0, PING)
    assert sorted(found.tolist()) == sorted(whole.tolist()), "no record is lost, doubled or changed"
    order = found[list(keys)].tolist()
    assert order == sorted(order)
    ends = [(a[list(keys)][-1].tolist(), b[list(keys)][0].tolist()) for a, b in pairwise(ranges)]
    assert all(before < after for before, after in ends), "records of one key come in one range"


def test_what_is_held_is_a_run_or_a_range_however_many_there_are():
    whole = some_records(1, 40_000, 5, 10**9)
    with Workspace() as space:
        sort = ExternalSort(space.new, PING, KEYS[0], 1_000, 1_000)
        for start in range(0, 40_000, 500):
            sort.add(whole[start : start + 500])
        assert max(len(one) for one in sort.ranges()) < 4_000


def test_few_records_need_no_folder(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    with Workspace() as space:
        sort = ExternalSort(space.new, PING, KEYS[0], 1_000, 100)
        sort.add(some_records(2, 999, 3, 1_000))
        assert [len(one) for one in sort.ranges()] == [999]
        with pytest.raises(LoadRefused, match="TMPDIR"):
            sort.add(some_records(2, 1_000, 3, 1_000))


def test_the_folder_goes_with_its_user():
    with Workspace() as space:
        path = space.new()
        path.write_text("run")
    assert not path.parent.exists()
