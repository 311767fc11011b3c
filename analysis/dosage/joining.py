"""Pieces of presence that touch become one: within a batch, between batches, between days."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.dosage.tables import TRACKED, Int32s, Int64s, Pieces, PingBatch

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
    grouped = batch.take(by_device(batch.device))
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


def by_device(device: Int32s) -> Int64s:
    """Rows by device, otherwise as they are."""
    # numpy sorts 16 bits by radix, several times quicker than 32.
    few = len(device) and device.min() >= 0 and device.max() < 1 << 16
    return np.argsort(device.astype(np.uint16) if few else device, kind="stable")


def touching(pieces: Pieces) -> Pieces:
    """Tracked pieces of one device, team and polygon that meet in time joined; by (device, polygon, t_in_ms)."""
    p = pieces.take(_order(pieces))
    # A long step's row never lies between two pieces that touch: its device was on no track meanwhile.
    joined = (p.device[1:] == p.device[:-1]) & (p.polygon[1:] == p.polygon[:-1]) & (p.team[1:] == p.team[:-1])
    joined &= (p.kind[1:] == TRACKED) & (p.kind[:-1] == TRACKED)
    joined &= p.t_in_ms[1:] - p.t_out_ms[:-1] <= TOUCHING_MS
    if not joined.any():
        return p
    first, last = np.flatnonzero(np.append(True, ~joined)), np.flatnonzero(np.append(~joined, True))
    return replace(p.take(first), t_out_ms=p.t_out_ms[last])


def _order(pieces: Pieces) -> Int64s:
    """By device, polygon and time. Most pieces of a device and polygon come in order of time already."""
    group = pieces.device.astype(np.int64) * (int(pieces.polygon.max(initial=0)) + 1) + pieces.polygon
    order: Int64s = np.argsort(group, kind="stable")
    t_in, group = pieces.t_in_ms[order], group[order]
    new = group[1:] != group[:-1]
    if np.all(new | (t_in[1:] >= t_in[:-1])):
        return order
    # One whole number to sort by, where it fits, is several times quicker than two columns.
    rank, since = np.cumsum(np.append(0, new)), (t_in - t_in.min()) * 1024
    if int(rank[-1] + 1) * (int(since.max()) + 1) >= 1 << 62:
        return np.lexsort((pieces.t_in_ms, pieces.polygon, pieces.device))
    again: Int64s = order[np.argsort(rank * (int(since.max()) + 1) + since.astype(np.int64), kind="stable")]
    return again


def ends_of_devices(batch: PingBatch) -> tuple[Int64s, Int64s]:
    """Rows of the first and the last ping of each device, of a batch ordered by device."""
    if not len(batch):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    change = np.flatnonzero(batch.device[1:] != batch.device[:-1])
    return np.append(0, change + 1), np.append(change, len(batch) - 1)
