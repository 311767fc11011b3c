"""Repeats, backward steps and jumps, found while a file streams by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.tables import DEGREE, PingBatch
from data_access.loading.pings.seen import REMEMBERED, Int32s, Int64s, Mask, Pair, Seen, keys_of

JUMP_M_S = 50.0
METRES = 111_320.0 / DEGREE  # of one canonical unit of latitude
# No jump escapes this bound in whole numbers: 4 units a millisecond are 45 m/s.
_UNITS = 4
_NEVER = 1 << 58
_LONG = 1 << 50  # stands for the time between the pings of two devices


class _Ends(NamedTuple):
    """A ping of each device code; time ``_NEVER`` (or less than none) where there was none."""

    t: Int64s
    x: Int64s
    y: Int64s

    def longer(self, more: int, never: int) -> _Ends:
        none = np.zeros(more, np.int64)
        return _Ends(np.append(self.t, none + never), np.append(self.x, none), np.append(self.y, none))

    def put(self, device: Int32s, pings: PingBatch, rows: Int64s) -> None:
        self.t[device], self.x[device], self.y[device] = pings.t_ms[rows], pings.lon_e7[rows], pings.lat_e7[rows]


class Order:
    """Follows every device: which pings repeat a time, step backward in the file, jump faster than 50 m/s.

    Jumps are looked for between neighbours in time: within a block, and between blocks where one continues another
    at either end. Arrays have a place per device code.
    """

    def __init__(
        self,
        remembered: int | None = REMEMBERED,
        again: Callable[[int], Iterable[Pair]] | None = None,
        watch: bool = True,
    ) -> None:
        self._watch = watch
        self.seen = Seen(remembered, again)
        self.backward, self.forward, self.jumps, self.repeats = (np.zeros(0, np.int64) for _ in range(4))
        self._space: dict[str, NDArray[Any]] = {}
        self._previous = np.empty(0, np.int64)  # time of the one before in the file
        none = np.empty(0, np.int64)
        self._latest, self._earliest = _Ends(none, none, none), _Ends(none, none, none)

    def _grow(self, codes: int) -> None:
        more = codes - len(self._previous)
        if more <= 0:
            return
        more = max(more, len(self._previous))
        for name in ("backward", "forward", "jumps", "repeats"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(more, np.int64)))
        self._previous = np.append(self._previous, np.full(more, -_NEVER))
        self._latest, self._earliest = self._latest.longer(more, -_NEVER), self._earliest.longer(more, _NEVER)

    def take(self, pings: PingBatch, distinct: int, codes: int) -> Mask | None:
        """Rows that repeat a device and time of an earlier row, or None; called once for each block.

        ``distinct``: devices of the block; ``codes``: devices of the file so far.
        """
        if not self._watch:
            return None
        if not len(pings):
            self.seen.add(pings.device, pings.t_ms)
            return None
        self._grow(codes)
        grouped, order, heads = _grouped(pings, distinct)
        steps = self._steps(grouped, heads)
        mine = grouped.device[heads]
        if (len(steps) and steps.min() <= 0) or (grouped.t_ms[heads] <= self._latest.t[mine]).any():
            return self._take_unsorted(grouped, order, heads, len(pings))
        self._count_jumps(grouped, heads, steps)
        edges = np.append(heads, len(grouped))
        tails = edges[1:] - 1
        known = self._previous[mine] != -_NEVER
        self.forward[mine] += edges[1:] - heads - 1 + known
        self._previous[mine] = grouped.t_ms[tails]
        self._count_between(mine, self._latest, grouped, heads)
        self._latest.put(mine, grouped, tails)
        if not known.all():
            self._earliest.put(mine[~known], grouped, heads[~known])
        self.seen.add(grouped.device, grouped.t_ms)
        return None

    def _take_unsorted(self, grouped: PingBatch, order: Int64s | None, heads: Int64s, count: int) -> Mask | None:
        self._count_steps(grouped, heads)
        grouped, repeats = self._in_order(grouped)
        if len(grouped):
            heads = np.append(0, _changes(grouped.device))
            tails = np.append(heads[1:], len(grouped)) - 1
            self._count_jumps(grouped, heads, self._steps(grouped, heads))
            mine = grouped.device[heads]
            later = grouped.t_ms[heads] > self._latest.t[mine]
            self._count_between(mine[later], self._latest, grouped, heads[later])
            sooner = grouped.t_ms[tails] < self._earliest.t[mine]
            self._count_between(mine[sooner], self._earliest, grouped, tails[sooner])
            later, sooner = grouped.t_ms[tails] > self._latest.t[mine], grouped.t_ms[heads] < self._earliest.t[mine]
            self._latest.put(mine[later], grouped, tails[later])
            self._earliest.put(mine[sooner], grouped, heads[sooner])
        self.seen.add(grouped.device, grouped.t_ms)
        if repeats is None:
            return None
        mask = np.zeros(count, dtype=bool)
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
        known = self._previous[mine] != -_NEVER
        steps[heads] = np.where(known, grouped.t_ms[heads] - self._previous[mine], 0)
        count = len(self._previous)
        self.backward += np.bincount(grouped.device[steps < 0], minlength=count)
        self.forward += np.bincount(grouped.device[steps > 0], minlength=count)
        self._previous[mine] = grouped.t_ms[np.append(heads[1:], len(grouped)) - 1]

    def _in_order(self, grouped: PingBatch) -> tuple[PingBatch, Int64s | None]:
        """(pings by device and time without repeats, rows of ``grouped`` that are repeats)."""
        keys = keys_of(grouped.device, grouped.t_ms)
        order = np.argsort(keys, kind="stable")  # of equal ones the first in the file stays
        keys = keys[order]
        again = np.append(False, keys[1:] == keys[:-1])
        device, t_ms = grouped.device[order], grouped.t_ms[order]
        among = ~again & (t_ms <= self._latest.t[device]) & (t_ms >= self._earliest.t[device])
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
        if not len(steps) or int(across.max()) <= int(steps.min()) * _UNITS:
            return
        may = np.flatnonzero(across > steps * _UNITS)
        if len(may):
            x, y = pings.lon_e7.astype(np.int64), pings.lat_e7.astype(np.int64)
            jump = _too_fast(x[may], y[may], x[may + 1], y[may + 1], steps[may])
            self.jumps += np.bincount(pings.device[may[jump]], minlength=len(self.jumps))

    def _count_between(self, device: Int32s, ends: _Ends, pings: PingBatch, rows: Int64s) -> None:
        """Jumps between what was the end of these devices and the pings that continue it."""
        x, y = ends.x[device], ends.y[device]
        steps = np.abs(pings.t_ms[rows] - ends.t[device])  # of devices that had none: longer than any jump
        far = np.abs(pings.lon_e7[rows] - x) + np.abs(pings.lat_e7[rows] - y) > steps * _UNITS
        if far.any():
            rows = rows[far]
            jump = _too_fast(x[far], y[far], pings.lon_e7[rows], pings.lat_e7[rows], steps[far])
            self.jumps += np.bincount(device[far][jump], minlength=len(self.jumps))


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
    device = device[order]
    # The team is not looked at here.
    together = PingBatch(device, device, pings.t_ms[order], pings.lon_e7[order], pings.lat_e7[order])
    return together, order, np.append(0, _changes(together.device))


def _too_fast(x: Int64s, y: Int64s, x_to: Any, y_to: Any, steps: Int64s) -> Mask:
    """Steps of over 50 m/s on a sphere's tangent, good to a thousandth at the distances that matter."""
    across = np.abs((x_to - x).astype(float))
    across = np.minimum(across, 360.0 * DEGREE - across)
    across *= np.cos(np.radians((y + y_to) / (2 * DEGREE)))
    return np.asarray(np.hypot(across, y_to - y) * METRES > JUMP_M_S / 1000 * steps)
