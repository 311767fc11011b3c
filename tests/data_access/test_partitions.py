"""Pings cut into files in any way, located anywhere: the answer is that of the whole, to the millisecond."""

from __future__ import annotations

import multiprocessing
import pickle
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.dosage.kernel import Boundaries, locate
from analysis.dosage.layers import with_bands
from data_access.loading.result import LoadRefused
from data_access.partitions import Found, locate_part, packed, run
from data_access.ping_sources import Part, Reading, parts_of
from tests.tracks import SQUARES, Tracks, wander, write_store


def boundaries() -> Boundaries:
    return Boundaries(with_bands(SQUARES, 20))


def table(found: Found) -> list[tuple[object, ...]]:
    """Pieces with names instead of codes, in an order of their own; times to the millisecond."""
    pieces = found.located.pieces
    columns = [getattr(pieces, f.name).tolist() for f in fields(pieces)]
    rows = []
    for device, team, polygon, t_in, t_out, kind, start, end, ends in zip(*columns, strict=True):
        moments = [None if t != t else round(t) for t in (t_in, t_out, start, end)]
        rows.append((found.devices[device], found.teams[team], polygon, *moments, kind, ends))
    return sorted(rows, key=str)


def of_whole(tracks: Tracks) -> list[tuple[object, ...]]:
    pings = tracks.pings
    in_order = pings.take(np.lexsort((pings.t_ms, pings.device)))
    return table(Found(locate(in_order, boundaries()), tracks.devices, tracks.teams))


def check(found: Found, tracks: Tracks) -> None:
    assert table(found) == of_whole(tracks)
    assert found.read == len(tracks.pings) == found.located.used + found.located.repeats + found.rejected.total()
    assert len(found.located.late) == 0


def use_the_disk(patch: pytest.MonkeyPatch) -> None:
    """What would be kept in memory while it is little goes to temporary files."""
    patch.setattr("data_access.sorting.PIECES_IN_MEMORY", 3)
    for name, rows in (
        ("PINGS_TOGETHER", 30),
        ("PINGS_A_RUN", 40),
        ("PINGS_A_RANGE", 15),
        ("PIECES_A_RUN", 7),
        ("PIECES_A_RANGE", 4),
    ):
        patch.setattr(f"data_access.partitions.{name}", rows)


def cut(tracks: Tracks, pieces: list[np.ndarray], folder: Path) -> list[Part]:
    return parts_of([tracks.take(rows).write(folder / f"{n:03}.csv") for n, rows in enumerate(pieces) if len(rows)])


CUTS = ["days", "devices", "rows", "shuffled", "newest first", "overlapping"]


def pieces_of(how: str, tracks: Tracks, rng: np.random.Generator) -> list[np.ndarray]:
    n = len(tracks.pings)
    by_time = np.argsort(tracks.pings.t_ms, kind="stable")
    if how == "days":
        return np.array_split(by_time, 4)
    if how == "devices":
        return [np.flatnonzero(tracks.pings.device == d) for d in range(len(tracks.devices))]
    if how == "newest first":
        return np.array_split(by_time[::-1], 3)
    if how == "overlapping":  # each export repeats the end of the one before
        first, second = np.array_split(by_time, 2)
        return [first, np.concatenate((first[-len(first) // 5 :], second))]
    return np.array_split(rng.permutation(n) if how == "shuffled" else np.arange(n), int(rng.integers(1, 5)))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(CUTS), st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(2, 150), st.booleans())
def test_any_cut_gives_the_whole(how, seed, devices, pings, hardly_any_memory):
    tracks, rng = wander(seed, devices, pings), np.random.default_rng(seed)
    pieces = pieces_of(how, tracks, rng)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        if hardly_any_memory:
            use_the_disk(patch)
        found = run(cut(tracks, pieces, Path(folder)), boundaries())
    given = sum(len(rows) for rows in pieces)
    assert table(found) == of_whole(tracks)
    assert found.read == given == found.located.used + found.located.repeats
    assert found.located.used == len(tracks.pings)


def test_late_pings_beyond_a_batch_are_sorted_in_and_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("data_access.partitions.PINGS_TOGETHER", 1)
    tracks = wander(3, 2, 300)
    rows = np.argsort(tracks.pings.t_ms)
    late = np.concatenate((rows[:10], rows[20:], rows[10:20]))
    # Each file is a batch of its own: of the second all ten are late.
    paths = [tracks.take(some).write(tmp_path / f"{n}.csv") for n, some in enumerate((late[:-10], late[-10:]))]
    as_one = locate_part(Part(tuple(map(str, paths))), Reading(), boundaries())
    check(as_one, tracks)
    assert as_one.late == 10
    in_order = locate_part(Part((str(tracks.take(rows).write(tmp_path / "in_order.csv")),)), Reading(), boundaries())
    assert (table(in_order), in_order.late) == (table(as_one), 0)


def test_one_core_a_pool_and_threads_agree_with_the_whole(tmp_path):
    tracks = wander(4, 5, 400)
    rng = np.random.default_rng(4)
    parts = cut(tracks, [*pieces_of("days", tracks, rng)], tmp_path)
    shuffled = cut(tracks, pieces_of("shuffled", tracks, rng), tmp_path / "shuffled")
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context) as pool, ThreadPoolExecutor(2) as threads:
        for executor in (None, pool, threads):
            check(run(parts, boundaries(), executor), tracks)
        alone, pooled = run(shuffled, boundaries()), run(shuffled, boundaries(), pool)
    check(pooled, tracks)
    assert pickle.dumps(pooled.located.pieces.t_in_ms) == pickle.dumps(alone.located.pieces.t_in_ms)
    assert (pooled.devices, pooled.teams) == (alone.devices, alone.teams)


def test_a_store_is_read_by_provider_and_day_in_parts_of_some_size(tmp_path):
    tracks = wander(5, 4, 600, step_s=600)
    folder = write_store(tracks, tmp_path / "pings" / "TEST-1")
    single = parts_of([folder], together=0)
    together = parts_of([tmp_path / "pings"])
    assert len(single) > 6
    assert len(together) == 2, "both providers' days fit into one part each"
    assert {p for part in single for p in part.paths} == {p for part in together for p in part.paths}
    for parts in (single, together):
        found = run(parts, boundaries())
        check(found, tracks)
    assert {provider for provider, _ in found.devices} == {"police", "outreach"}


def test_a_part_is_a_pure_function_of_what_can_be_sent(tmp_path):
    tracks = wander(6, 2, 100)
    part = parts_of([tracks.write(tmp_path / "a.csv")])[0]
    sent = pickle.loads(pickle.dumps((part, Reading(), packed(boundaries()))))
    found = pickle.loads(pickle.dumps(locate_part(*sent)))
    assert table(found) == of_whole(tracks)


def test_the_same_file_twice_is_read_once(tmp_path):
    tracks = wander(7, 1, 50)
    path = tracks.write(tmp_path / "a.csv")
    check(run(parts_of([path, path]), boundaries()), tracks)


def test_nothing_there_and_no_store_are_said(tmp_path):
    with pytest.raises(LoadRefused, match="no file"):
        parts_of([tmp_path / "none.csv"])
    with pytest.raises(LoadRefused, match=r"provider=…/date=…"):
        parts_of([tmp_path])


def test_a_damaged_file_of_a_store_is_named(tmp_path):
    folder = write_store(wander(8, 1, 50), tmp_path)
    path = next(folder.glob("**/*.parquet"))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(LoadRefused, match=path.name):
        run(parts_of([folder]), boundaries())


def test_no_room_for_sorting_says_what_to_do(tmp_path, monkeypatch):
    tracks = wander(9, 1, 200)
    path = tracks.take(np.arange(200)[::-1]).write(tmp_path / "back.csv")
    full = tmp_path / "not-a-folder"
    full.write_text("")
    monkeypatch.setattr(tempfile, "tempdir", str(full))
    use_the_disk(monkeypatch)
    with pytest.raises(LoadRefused, match="TMPDIR"):
        locate_part(Part((str(path),), sort=True), Reading(), boundaries())
