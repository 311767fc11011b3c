"""Pings to exact stretches of time inside polygons, for any number of pings and of overlapping polygons.

The path between two pings of one device and team is straight (in longitude and latitude) at constant speed, as in
``reference``; the boundary counts as inside.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from analysis.dosage.joining import by_device, ends_of_devices, tidy, touching
from analysis.dosage.layers import Area, check, colours
from analysis.dosage.runs import PINGS_IN_CACHE, NotInOrderError, Ready, pieces_in
from analysis.dosage.tables import Int32s, Located, Pieces, PingBatch
from analysis.dosage.tiles import STATE_SHIFT


class Boundaries:
    """Polygons in degrees, made ready where pings go and only there; cheap to send to another process.

    Raises
    ------
    ValueError : a polygon is not valid, is empty, or is something else.
    """

    def __init__(self, polygons: Sequence[Area]) -> None:
        check(polygons)
        self.polygons = list(polygons)
        self._ready: Ready | None = None
        self._layers: Int32s | None = None

    @property
    def count(self) -> int:
        return len(self.polygons)

    @property
    def ready(self) -> Ready:
        if self._ready is None:
            self._ready = Ready(self.polygons)
        return self._ready

    @property
    def layers(self) -> Int32s:
        """The layer of each polygon: two of one layer share no point."""
        if self._layers is None:
            self._layers = colours(self.polygons)
        return self._layers

    def __getstate__(self) -> list[bytes]:
        return [shapely.to_wkb(p) for p in self.polygons]

    def __setstate__(self, state: list[bytes]) -> None:
        self.polygons = list(shapely.from_wkb(state))
        self._ready = self._layers = None


def labels(lon_e7: Int32s, lat_e7: Int32s, boundaries: Boundaries) -> list[Int32s]:
    """The polygon each position is inside, or -1: one array of shape (n,) a layer of polygons that never overlap.

    The boundary is inside: equal to ``shapely.intersects_xy`` with the positions in degrees.
    """
    if not boundaries.count:
        return []
    ready, layers = boundaries.ready, boundaries.layers
    parts = [
        ready.grid.values(lon_e7[first : first + PINGS_IN_CACHE], lat_e7[first : first + PINGS_IN_CACHE])
        for first in range(0, len(lon_e7), PINGS_IN_CACHE)
    ]
    state = np.concatenate(parts or [np.empty(0, np.int32)]) >> STATE_SHIFT
    row, polygon = ready.states.expand(np.arange(len(ready.states)))
    found = []
    for layer in range(int(layers.max()) + 1):
        of_state = np.full(len(ready.states), -1, np.int32)
        some = layers[polygon] == layer
        of_state[row[some]] = polygon[some]
        found.append(of_state.take(state))
    return found


def locate(batch: PingBatch, boundaries: Boundaries) -> Located:
    """All pieces of presence of a batch; fastest where it is ordered by (device, t_ms)."""
    repeats = 0
    try:
        pieces = pieces_in(batch, boundaries.ready)
    except NotInOrderError:
        batch, repeats = tidy(batch)
        pieces = pieces_in(batch, boundaries.ready)
    first, last = ends_of_devices(batch)
    found = touching(Pieces.concatenate(pieces))
    return Located(found, batch.take(first), batch.take(last), len(batch), repeats, PingBatch.empty())


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
        """More pings. Fastest where they are ordered by (device, t_ms) and later than what came before."""
        if not len(batch):
            return
        if np.any(batch.device[1:] < batch.device[:-1]):
            batch = batch.take(by_device(batch.device))
        try:
            if self._feed_in_order(batch):
                return
        except NotInOrderError:
            pass
        batch, repeats = tidy(self._without_late(batch))
        self._repeats += repeats
        if len(batch) and not self._feed_in_order(batch):
            self._feed_in_order(self._with_repeated(batch))

    @property
    def late_count(self) -> int:
        """Late pings so far; who sees any can sort everything and start again."""
        return sum(len(batch) for batch in self._late)

    def drain(self) -> list[Pieces]:
        """Pieces found since the last call, which ``finish`` then leaves out; ``touching`` of all makes them whole."""
        found, self._pieces = self._pieces, [Pieces.empty()]
        return found

    def _feed_in_order(self, batch: PingBatch) -> bool:
        """False, and nothing done, where a device has a ping no later than its newest one."""
        first, last = ends_of_devices(batch)
        here = batch.device[first]
        again = [np.isin(b.device, here) for b in (self._closed, self._newest)]
        closed, newest = self._closed.take(again[0]), self._newest.take(again[1])
        at = np.minimum(np.searchsorted(here, newest.device), len(here) - 1)
        if np.any(batch.t_ms[first[at]] <= newest.t_ms):
            return False
        # The last step of a device waits with its newest ping; the steps from what was carried are located here.
        several = last > first
        waiting = last[several] - 1
        found = pieces_in(batch, self._boundaries.ready, waiting)
        seam, _ = tidy(PingBatch.concatenate([closed, newest, batch.take(first[several])]))
        self._pieces += found + pieces_in(seam, self._boundaries.ready)
        self._used += len(batch)
        begins, ends = ends_of_devices(seam)
        self._begin(seam.take(begins))
        single = ~np.isin(seam.device[ends], here[several])
        self._closed = _by_device(self._closed.take(~again[0]), seam.take(ends[single]), batch.take(waiting))
        self._newest = _by_device(self._newest.take(~again[1]), batch.take(last))
        return True

    def _begin(self, pings: PingBatch) -> None:
        """First pings of devices, where these are not known yet."""
        new = ~np.isin(pings.device, self._first.device)
        if new.any():
            self._first = _by_device(self._first, pings.take(new))

    def _with_repeated(self, batch: PingBatch) -> PingBatch:
        """The batch with the newest pings that it repeats, which so are no longer the newest; of two one is kept."""
        first, _ = ends_of_devices(batch)
        again = np.isin(self._newest.device, batch.device[first])
        at = np.searchsorted(batch.device[first], self._newest.device[again])
        again[again] = batch.t_ms[first[at]] == self._newest.t_ms[again]
        both, repeats = tidy(PingBatch.concatenate([self._newest.take(again), batch]))
        self._newest = self._newest.take(~again)
        self._repeats += repeats
        self._used -= repeats
        return both

    def _without_late(self, batch: PingBatch) -> PingBatch:
        """Without the pings that are earlier than their device's newest; the batch is ordered by device."""
        first, _ = ends_of_devices(batch)
        here = batch.device[first]
        newest = np.full(len(here), np.iinfo(np.int64).min)
        known = np.isin(here, self._newest.device)
        newest[known] = self._newest.t_ms[np.isin(self._newest.device, here)]
        late = batch.t_ms < np.repeat(newest, np.diff(np.append(first, len(batch))))
        if not late.any():
            return batch
        self._late.append(batch.take(late))
        return batch.take(~late)

    def finish(self) -> Located:
        found, _ = tidy(PingBatch.concatenate([self._closed, self._newest]))
        self._pieces += pieces_in(found, self._boundaries.ready)
        self._begin(self._newest)
        return Located(
            touching(Pieces.concatenate(self._pieces)),
            self._first,
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
        pieces += pieces_in(between, boundaries.ready)
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
