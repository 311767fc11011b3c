"""Pieces of presence that touch become one: within a batch, between batches, between days."""

from __future__ import annotations

import numpy as np

from analysis.dosage.tables import TRACKED, Floats, Int32s, Int64s, Pieces, PingBatch

# Pieces that meet at a ping are one; a thousandth of a millisecond absorbs rounding only.
TOUCHING_MS = 1e-3


def tidy(batch: PingBatch) -> tuple[PingBatch, int]:
    """Pings ordered by (device, t), each (device, t) once, and how many repeats were left out.

    Of repeats at different positions the first by team, longitude and latitude is kept, so that the order of rows
    in a file never changes a result.
    """
    if _in_order(batch):
        return batch, 0
    # Most batches are in order of time, or of each device's time: putting devices together is enough, and quicker.
    grouped = batch.take(_by_device(batch.device))
    if _in_order(grouped):
        return grouped, 0
    batch = batch.take(np.lexsort((batch.lat_e7, batch.lon_e7, batch.team, batch.t_ms, batch.device)))
    repeated = np.zeros(len(batch), dtype=np.bool_)
    repeated[1:] = (batch.device[1:] == batch.device[:-1]) & (batch.t_ms[1:] == batch.t_ms[:-1])
    count = int(repeated.sum())
    return (batch.take(~repeated) if count else batch), count


def _in_order(batch: PingBatch) -> bool:
    same = batch.device[1:] == batch.device[:-1]
    step = batch.t_ms[1:] - batch.t_ms[:-1]
    return bool(np.all(np.where(same, step > 0, batch.device[1:] > batch.device[:-1])))


def _by_device(device: Int32s) -> Int64s:
    """Rows by device, otherwise as they are."""
    # numpy sorts 16 bits by radix, several times quicker than 32.
    few = len(device) and device.min() >= 0 and device.max() < 1 << 16
    return np.argsort(device.astype(np.uint16) if few else device, kind="stable")


def touching(pieces: Pieces) -> Pieces:
    """Tracked pieces of one device, team and polygon that meet in time joined; by (device, polygon, t_in_ms)."""
    tracked = np.flatnonzero(pieces.kind == TRACKED)
    order = np.lexsort((pieces.t_in_ms[tracked], pieces.polygon[tracked], pieces.team[tracked], pieces.device[tracked]))
    some = pieces.take(tracked[order])
    if len(some):
        starts = np.ones(len(some), dtype=np.bool_)
        starts[1:] = (
            (some.device[1:] != some.device[:-1])
            | (some.team[1:] != some.team[:-1])
            | (some.polygon[1:] != some.polygon[:-1])
            | (some.t_in_ms[1:] - some.t_out_ms[:-1] > TOUCHING_MS)
        )
        first = np.flatnonzero(starts)
        t_out = some.t_out_ms[np.append(first[1:], len(some)) - 1]
        some = with_t_out(some.take(first), t_out)
    both = Pieces.concatenate([some, pieces.take(np.flatnonzero(pieces.kind != TRACKED))])
    return both.take(np.lexsort((both.t_in_ms, both.polygon, both.device)))


def with_t_out(pieces: Pieces, t_out_ms: Floats) -> Pieces:
    p = pieces
    return Pieces(p.device, p.team, p.polygon, p.t_in_ms, t_out_ms, p.kind, p.step_from_ms, p.step_to_ms, p.ends)


def ends_of_devices(batch: PingBatch) -> tuple[Int64s, Int64s]:
    """Rows of the first and the last ping of each device, of a batch ordered by device."""
    if not len(batch):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    change = np.flatnonzero(batch.device[1:] != batch.device[:-1])
    return np.append(0, change + 1), np.append(change, len(batch) - 1)
