"""Pings to exact stretches of time inside polygons, for any number of pings and of overlapping polygons.

The path between two pings of one device and team is straight (in longitude and latitude) at constant speed, as in
``reference``; the boundary counts as inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from analysis.dosage import reference
from analysis.dosage.joining import ends_of_devices, tidy, touching
from analysis.dosage.layers import Area, check, colours
from analysis.dosage.tables import (
    BASE_GAP_S,
    DEGREE,
    ENDS_INSIDE,
    LONG_STEP,
    STARTS_INSIDE,
    TRACKED,
    Int32s,
    Located,
    Pieces,
    PingBatch,
)


class Boundaries:
    """Polygons in degrees, made ready where pings go and only there; cheap to send to another process."""

    def __init__(self, polygons: Sequence[Area]) -> None:
        check(polygons)
        self.polygons = list(polygons)
        self._layers: Int32s | None = None

    @property
    def count(self) -> int:
        return len(self.polygons)

    @property
    def layers(self) -> Int32s:
        if self._layers is None:
            self._layers = colours(self.polygons)
        return self._layers

    def __getstate__(self) -> list[bytes]:
        return [shapely.to_wkb(p) for p in self.polygons]

    def __setstate__(self, state: list[bytes]) -> None:
        self.polygons = [shapely.from_wkb(p) for p in state]
        self._layers = None


def labels(lon_e7: Int32s, lat_e7: Int32s, boundaries: Boundaries) -> list[Int32s]:
    """The polygon each position is inside, or -1: one array of shape (n,) a layer of polygons that never overlap."""
    layers = boundaries.layers
    found = [np.full(len(lon_e7), -1, dtype=np.int32) for _ in range(int(layers.max(initial=-1)) + 1)]
    lon, lat = lon_e7 / DEGREE, lat_e7 / DEGREE
    for number, polygon in enumerate(boundaries.polygons):
        found[layers[number]][shapely.intersects_xy(polygon, lon, lat)] = number
    return found


def locate(batch: PingBatch, boundaries: Boundaries) -> Located:
    """All pieces of presence of a batch ordered by (device, t_ms)."""
    whole = Locator(boundaries)
    whole.feed(batch)
    return whole.finish()


class Locator:
    """``locate`` for pings that arrive in batches: same result, memory bounded by what is found."""

    def __init__(self, boundaries: Boundaries) -> None:
        self._boundaries = boundaries
        self._pieces = [Pieces.empty()]
        self._late = [PingBatch.empty()]
        self._first = PingBatch.empty()
        # The newest ping of a device waits until a later one comes: a repeat of it may still arrive.
        self._closed, self._newest = PingBatch.empty(), PingBatch.empty()
        self._used = self._repeats = 0

    def feed(self, batch: PingBatch) -> None:
        here = np.unique(batch.device)
        batch = self._without_late(batch)
        again = [np.isin(b.device, here) for b in (self._closed, self._newest)]
        carried = [self._closed.take(again[0]), self._newest.take(again[1])]
        found, repeats = tidy(PingBatch.concatenate([*carried, batch]))
        self._repeats += repeats
        self._used += len(batch) - repeats
        _, last = ends_of_devices(found)
        waiting = np.zeros(len(found), np.bool_)
        waiting[last] = True
        self._newest = _by_device(self._newest.take(~again[1]), found.take(last))
        self._take(found.take(~waiting), again[0])

    @property
    def late_count(self) -> int:
        """Late pings so far; who sees any can sort everything and start again."""
        return sum(len(batch) for batch in self._late)

    def _take(self, ready: PingBatch, replaced: NDArray[np.bool_]) -> None:
        first, last = ends_of_devices(ready)
        known = np.isin(ready.device[first], self._closed.device)
        self._first = _by_device(self._first, ready.take(first[~known]))
        self._closed = _by_device(self._closed.take(~replaced), ready.take(last))
        self._pieces.append(_pieces(ready, self._boundaries))

    def _without_late(self, batch: PingBatch) -> PingBatch:
        if not len(self._newest):
            return batch
        at = np.minimum(np.searchsorted(self._newest.device, batch.device), len(self._newest) - 1)
        late = (self._newest.device[at] == batch.device) & (batch.t_ms < self._newest.t_ms[at])
        if not late.any():
            return batch
        self._late.append(batch.take(late))
        return batch.take(~late)

    def finish(self) -> Located:
        found, _ = tidy(PingBatch.concatenate([self._closed, self._newest]))
        self._pieces.append(_pieces(found, self._boundaries))
        alone = ~np.isin(self._newest.device, self._closed.device)
        return Located(
            touching(Pieces.concatenate(self._pieces)),
            _by_device(self._first, self._newest.take(alone)),
            self._newest,
            self._used,
            self._repeats,
            PingBatch.concatenate(self._late),
        )


def join(parts: Sequence[Located], boundaries: Boundaries) -> Located:
    """Parts that follow each other in time as one: the steps between them located, touching pieces joined.

    Raises
    ------
    ValueError : a device of a later part starts before, or when, it ends in an earlier one.
    """
    pieces, late = [p.pieces for p in parts], [p.late for p in parts]
    first = last = PingBatch.empty()
    for part in parts:
        _, of_last, of_part = np.intersect1d(last.device, part.first.device, return_indices=True)
        if np.any(last.t_ms[of_last] >= part.first.t_ms[of_part]):
            raise ValueError("join: a part starts before the one before it ends; give parts in order of time.")
        between, _ = tidy(PingBatch.concatenate([last.take(of_last), part.first.take(of_part)]))
        pieces.append(_pieces(between, boundaries))
        first = _by_device(first, part.first.take(~np.isin(part.first.device, last.device)))
        last = _by_device(last.take(~np.isin(last.device, part.last.device)), part.last)
    return Located(
        touching(Pieces.concatenate(pieces)),
        first,
        last,
        sum(p.used for p in parts),
        sum(p.repeats for p in parts),
        PingBatch.concatenate(late),
    )


def _by_device(*parts: PingBatch) -> PingBatch:
    both = PingBatch.concatenate(parts)
    return both.take(np.argsort(both.device, kind="stable"))


def _pieces(batch: PingBatch, boundaries: Boundaries) -> Pieces:
    """Pieces of an ordered batch without repeats, a row for each segment and polygon, not joined."""
    same = (batch.device[1:] == batch.device[:-1]) & (batch.team[1:] == batch.team[:-1])
    start = np.flatnonzero(same)
    lon, lat = batch.lon_e7 / DEGREE, batch.lat_e7 / DEGREE
    pings = reference.Pings(np.arange(len(batch)), batch.team.astype(np.int64), batch.t_ms, lon, lat)
    rows = [reference._pieces(pings, start, p, n) for n, p in enumerate(boundaries.polygons)]
    if not rows:
        return Pieces.empty()
    row, _, polygon, t_in, t_out = np.vstack(rows)[:, :5].T
    step = row.astype(np.int64)
    t0, t1 = batch.t_ms[step].astype(np.float64), batch.t_ms[step + 1].astype(np.float64)
    long = t1 - t0 > BASE_GAP_S * 1000
    shapes = np.array(boundaries.polygons, dtype=object)[polygon.astype(np.int64)]
    ends = STARTS_INSIDE * shapely.intersects_xy(shapes, lon[step], lat[step])
    ends += ENDS_INSIDE * shapely.intersects_xy(shapes, lon[step + 1], lat[step + 1])
    return Pieces(
        batch.device[step],
        batch.team[step],
        polygon.astype(np.int32),
        t_in,
        t_out,
        np.where(long, LONG_STEP, TRACKED).astype(np.int8),
        np.where(long, t0, np.nan),
        np.where(long, t1, np.nan),
        np.where(long, ends, 0).astype(np.int8),
    )
