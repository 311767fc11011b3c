"""Repeats, backward steps and jumps, found while a file streams by; what is remembered is bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.tables import DEGREE, PingBatch

JUMP_M_S = 50.0
METRES = 111_320.0 / DEGREE  # of one canonical unit of latitude
REMEMBERED = 1 << 22  # pings whose device and time are kept to tell repeats: 50 MB

Int64s = NDArray[np.int64]
Int32s = NDArray[np.int32]
Mask = NDArray[np.bool_]
_NEVER = -(1 << 62)
_LONG = 1 << 50  # stands for the time between the pings of two devices
_TIME_BITS = 43


def _keys(device: Int32s, t_ms: Int64s) -> Int64s:
    return (device.astype(np.int64) << _TIME_BITS) | t_ms


@dataclass
class Seen:
    """Device and time of the pings so far, at most ``most`` of them."""

    most: int | None
    untold: int = 0  # pings so far back that what was there is remembered no more
    _sorted: Int64s = field(default_factory=lambda: np.empty(0, np.int64))
    _waiting: list[tuple[Int32s, Int64s]] = field(default_factory=list)
    held: int = 0
    _forgot: bool = False

    def add(self, device: Int32s, t_ms: Int64s) -> None:
        self._waiting.append((device, t_ms))
        self.held += len(t_ms)
        if self.most is None or self.held <= self.most + self.most // 4:
            return
        self._forgot = True
        if not len(self._sorted):
            while self.held > self.most and len(self._waiting) > 1:
                self.held -= len(self._waiting.pop(0)[1])
            return
        self._merge()
        far = np.abs((self._sorted & ((1 << _TIME_BITS) - 1)) - int(np.median(t_ms)))
        near = np.argpartition(far, self.most - 1)[: self.most]
        self._sorted = np.sort(self._sorted[near])
        self.held = len(self._sorted)

    def _merge(self) -> None:
        if self._waiting:
            new = [_keys(device, t_ms) for device, t_ms in self._waiting]
            # Stable is timsort, which only merges what is in order already.
            self._sorted = np.sort(np.concatenate([self._sorted, *new]), kind="stable")
            self._waiting = []

    def has(self, device: Int32s, t_ms: Int64s) -> Mask:
        self._merge()
        keys = _keys(device, t_ms)
        at = np.minimum(np.searchsorted(self._sorted, keys), max(len(self._sorted) - 1, 0))
        found = self._sorted[at] == keys if len(self._sorted) else np.zeros(len(keys), bool)
        if self._forgot:
            self.untold += int((~found).sum())
        return found


class Order:
    """Follows every device: which pings repeat a time, step backward in the file, jump faster than 50 m/s.

    Jumps are looked for between neighbours in time: within a block, and between blocks where one continues another
    at either end. Arrays have a place per device code.
    """

    def __init__(self, remembered: int | None = REMEMBERED) -> None:
        self.seen = Seen(remembered)
        self.backward, self.forward, self.jumps, self.repeats = (np.zeros(0, np.int64) for _ in range(4))
        self._space: dict[str, NDArray[Any]] = {}
        self._previous = np.empty(0, np.int64)  # time of the one before in the file
        # The latest and the earliest ping: time, longitude, latitude.
        self._latest, self._earliest = np.empty((3, 0), np.int64), np.empty((3, 0), np.int64)

    def _grow(self, codes: int) -> None:
        more = codes - len(self._previous)
        if more <= 0:
            return
        more = max(more, len(self._previous))
        for name in ("backward", "forward", "jumps", "repeats"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(more, np.int64)))
        self._previous = np.append(self._previous, np.full(more, _NEVER))
        self._latest = np.append(self._latest, np.full((3, more), _NEVER), axis=1)
        self._earliest = np.append(self._earliest, np.full((3, more), -_NEVER), axis=1)

    def take(self, pings: PingBatch, distinct: int, codes: int) -> Mask | None:
        """Rows that repeat a device and time of an earlier row, or None.

        ``distinct``: devices of the batch; ``codes``: devices of the file so far.
        """
        if not len(pings):
            return None
        self._grow(codes)
        grouped, order, heads = _grouped(pings, distinct)
        steps = self._steps(grouped, heads)
        mine = grouped.device[heads]
        repeats = None
        if (not len(steps) or steps.min() > 0) and (grouped.t_ms[heads] > self._latest[0][mine]).all():
            known = self._previous[mine] != _NEVER
            self.forward[mine] += np.diff(np.append(heads, len(grouped))) - 1 + known
            self._previous[mine] = grouped.t_ms[np.append(heads[1:], len(grouped)) - 1]
        else:
            self._count_steps(grouped, heads)
            grouped, repeats = self._in_order(grouped)
            heads = np.append(0, _changes(grouped.device))
            steps = self._steps(grouped, heads)
        if len(grouped):
            self._count_jumps(grouped, heads, steps)
            self._remember(grouped, heads)
        if repeats is None:
            return None
        mask = np.zeros(len(pings), dtype=bool)
        mask[repeats if order is None else order[repeats]] = True
        return mask

    def _steps(self, grouped: PingBatch, heads: Int64s) -> Int64s:
        steps = self._differences("t", grouped.t_ms)
        steps[heads[1:] - 1] = _LONG
        return steps

    def _differences(self, name: str, values: NDArray[Any]) -> NDArray[Any]:
        """Of neighbours, in space that is used again: fresh memory for each block costs more than the differences."""
        count = max(len(values) - 1, 0)
        space = self._space.get(name)
        if space is None or len(space) < count:
            space = self._space[name] = np.empty(count, values.dtype)
        return np.subtract(values[1:], values[:-1], out=space[:count])

    def _count_steps(self, grouped: PingBatch, heads: Int64s) -> None:
        """Steps back and forth in the file's order."""
        steps = np.diff(grouped.t_ms, prepend=0)
        mine = grouped.device[heads]
        known = self._previous[mine] != _NEVER
        steps[heads] = np.where(known, grouped.t_ms[heads] - self._previous[mine], 0)
        count = len(self._previous)
        self.backward += np.bincount(grouped.device[steps < 0], minlength=count)
        self.forward += np.bincount(grouped.device[steps > 0], minlength=count)
        self._previous[mine] = grouped.t_ms[np.append(heads[1:], len(grouped)) - 1]

    def _in_order(self, grouped: PingBatch) -> tuple[PingBatch, Int64s | None]:
        """(pings by device and time without repeats, rows of ``grouped`` that are repeats)."""
        keys = _keys(grouped.device, grouped.t_ms)
        order = np.argsort(keys, kind="stable")  # of equal ones the first in the file stays
        keys = keys[order]
        again = np.append(False, keys[1:] == keys[:-1])
        device, t_ms = grouped.device[order], grouped.t_ms[order]
        among = ~again & (t_ms <= self._latest[0][device]) & (t_ms >= self._earliest[0][device])
        if among.any():
            again[among] = self.seen.has(device[among], t_ms[among])
        if again.any():
            self.repeats += np.bincount(device[again], minlength=len(self.repeats))
        return grouped.take(order[~again]), order[again] if again.any() else None

    def _count_jumps(self, pings: PingBatch, heads: Int64s, steps: Int64s) -> None:
        """``pings`` by device and time, without repeats; ``steps``: their milliseconds, _LONG between devices."""
        across, up = self._differences("lon", pings.lon_e7), self._differences("lat", pings.lat_e7)
        across = np.abs(across, out=across).view(np.uint32)
        across += np.abs(up, out=up).view(np.uint32)
        across[heads[1:] - 1] = 0
        # First bounds in whole numbers that no jump escapes: 4 units a millisecond are 45 m/s.
        if len(steps) and int(across.max()) > int(steps.min()) * 4:
            may = np.flatnonzero(across > steps * 4)
            jump = _too_fast(_places(pings, may), _places(pings, may + 1))
            self.jumps += np.bincount(pings.device[may[jump]], minlength=len(self.jumps))
        mine, tails = pings.device[heads], np.append(heads[1:], len(pings)) - 1
        later = pings.t_ms[heads] > self._latest[0][mine]
        self._count_between(mine[later], self._latest[:, mine[later]], _places(pings, heads[later]))
        sooner = pings.t_ms[tails] < self._earliest[0][mine]
        self._count_between(mine[sooner], _places(pings, tails[sooner]), self._earliest[:, mine[sooner]])

    def _count_between(self, device: Int32s, start: Int64s, end: Int64s) -> None:
        known = (start[0] != _NEVER) & (end[0] != -_NEVER)
        jump = _too_fast(start[:, known], end[:, known])
        self.jumps += np.bincount(device[known][jump], minlength=len(self.jumps))

    def _remember(self, pings: PingBatch, heads: Int64s) -> None:
        mine, tails = pings.device[heads], np.append(heads[1:], len(pings)) - 1
        later = pings.t_ms[tails] > self._latest[0][mine]
        self._latest[:, mine[later]] = _places(pings, tails[later])
        sooner = pings.t_ms[heads] < self._earliest[0][mine]
        self._earliest[:, mine[sooner]] = _places(pings, heads[sooner])
        self.seen.add(pings.device, pings.t_ms)


def _changes(device: Int32s) -> Int64s:
    """Where another device follows one."""
    return np.flatnonzero(device[1:] != device[:-1]) + 1


def _grouped(pings: PingBatch, distinct: int) -> tuple[PingBatch, Int64s | None, Int64s]:
    """(pings with each device's together and else in the file's order, where they came from, where devices begin).

    None: they came so.
    """
    device = pings.device
    changes = _changes(device) if distinct > 1 else np.empty(0, np.int64)
    if len(changes) + 1 == distinct:
        return pings, None, np.append(0, changes)
    # numpy sorts 16 bits by radix, several times quicker than 32.
    order = np.argsort(device.astype(np.uint16) if device.max() < 1 << 16 else device, kind="stable")
    together = pings.take(order)
    return together, order, np.append(0, _changes(together.device))


def _places(pings: PingBatch, rows: Int64s) -> Int64s:
    return np.stack([pings.t_ms[rows], pings.lon_e7[rows].astype(np.int64), pings.lat_e7[rows].astype(np.int64)])


def _too_fast(start: Int64s, end: Int64s) -> Mask:
    """Steps of over 50 m/s on a sphere's tangent, good to a thousandth at the distances that matter."""
    across, up = (end[1] - start[1]).astype(float), (end[2] - start[2]).astype(float)
    whole = 360.0 * DEGREE
    across = np.abs(across)
    across = np.minimum(across, whole - across)
    across *= np.cos(np.radians((start[2] + end[2]) / (2 * DEGREE)))
    return np.hypot(across, up) * METRES > JUMP_M_S / 1000 * (end[0] - start[0])
