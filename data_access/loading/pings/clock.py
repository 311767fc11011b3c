"""Local times without a zone into UTC: the hour that comes twice, the hour that never comes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

DAY_MS = 86_400_000
_EPOCH = datetime(1970, 1, 1)
# A tracker's own clock slips back by seconds, the hour that comes twice takes it back by most of an hour.
SLIP_MS = 120_000
NEAR_MS = 300_000  # as close to a neighbour whose hour is known

Int64s = NDArray[np.int64]
Mask = NDArray[np.bool_]


def _offset_ms(zone: ZoneInfo, local: datetime) -> int:
    offset = local.replace(tzinfo=zone).utcoffset() or timedelta()
    return int(offset.total_seconds() * 1000)


@lru_cache(maxsize=4096)
def _day(zone: ZoneInfo, day: int) -> tuple[int, int, int]:
    """(offset at the day's start, at its end, first UTC millisecond with the latter) of a local day since 1970."""
    start = _EPOCH + timedelta(days=day)
    before, after = _offset_ms(zone, start), _offset_ms(zone, start + timedelta(days=1))
    low, high = day * DAY_MS - before, (day + 1) * DAY_MS - after
    if before == after:
        return before, after, high
    while high - low > 1:
        middle = (low + high) // 2
        then = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=middle)
        offset = then.astimezone(zone).utcoffset() or timedelta()
        low, high = (middle, high) if int(offset.total_seconds() * 1000) == before else (low, middle)
    return before, after, high


@dataclass
class Clock:
    """Turns a file's local times into UTC, block after block.

    ``told`` and ``guessed`` count the pings of hours that come twice: whose pass the device's own order of pings
    tells, and those taken for the first pass because nothing tells.
    """

    zone: ZoneInfo
    told: int = 0
    guessed: int = 0
    # device -> (its last local time, whether that was second pass, or None if that was not in such an hour)
    _last: dict[int, tuple[int, bool | None]] = field(default_factory=dict)

    def mark(self) -> tuple[int, int, dict[int, tuple[int, bool | None]]]:
        """What :meth:`back_to` needs to take back what follows."""
        return self.told, self.guessed, dict(self._last)

    def back_to(self, mark: tuple[int, int, dict[int, tuple[int, bool | None]]]) -> None:
        self.told, self.guessed, self._last = mark

    def to_utc(self, local_ms: Int64s, device: NDArray[np.int32]) -> tuple[Int64s, Mask | None]:
        """(UTC, rows whose time never came or None); ``local_ms`` is of years that datetime knows."""
        if not len(local_ms):
            return local_ms, None
        first, last = int(local_ms.min()) // DAY_MS, int(local_ms.max()) // DAY_MS
        days = range(first, last + 1) if last - first < 400 else np.unique(local_ms // DAY_MS).tolist()
        table = [_day(self.zone, day) for day in days]
        if all(before == after == table[0][0] for before, after, _ in table):
            return local_ms - table[0][0], None
        return self._by_day(local_ms, device, np.array(days), np.array(table))

    def _by_day(
        self, local_ms: Int64s, device: NDArray[np.int32], days: Int64s, table: Int64s
    ) -> tuple[Int64s, Mask | None]:
        before, after, change = table[np.searchsorted(days, local_ms // DAY_MS)].T
        utc, later = local_ms - before, local_ms - after
        moved = before != after
        is_before, is_after = utc < change, later >= change
        missing = moved & ~is_before & ~is_after
        twice = moved & is_before & is_after
        utc = np.where(moved & ~is_before & is_after, later, utc)
        second = np.zeros(len(local_ms), dtype=bool)
        if twice.any():
            second = self._second_pass(local_ms, device, twice, np.abs(before - after))
            utc = np.where(second, later, utc)
        if moved.any():
            self._remember(device, local_ms, twice, second)
        return utc, missing if missing.any() else None

    def _second_pass(self, local_ms: Int64s, device: NDArray[np.int32], twice: Mask, length: Int64s) -> Mask:
        """Which rows of hours that come twice are of the second pass, device by device in the file's order."""
        second = np.zeros(len(local_ms), dtype=bool)
        for code in np.unique(device[twice]).tolist():
            rows = np.flatnonzero(device == code)
            at = np.flatnonzero(twice[rows])
            for run in np.split(at, np.flatnonzero(np.diff(at) > 1) + 1):
                second[rows[run]] = self._run(code, local_ms[rows], run, int(length[rows[run[0]]]))
        return second

    def _remember(self, device: NDArray[np.int32], local_ms: Int64s, twice: Mask, second: Mask) -> None:
        codes, back = np.unique(device[::-1], return_index=True)
        for code, row in zip(codes.tolist(), (len(device) - 1 - back).tolist(), strict=True):
            self._last[code] = (int(local_ms[row]), bool(second[row]) if twice[row] else None)

    def _run(self, code: int, local: Int64s, run: Int64s, length: int) -> Mask:
        """One device's neighbouring pings within one such hour."""
        times = local[run]
        steps = np.diff(times)
        newest_first = int((steps < 0).sum()) > int((steps > 0).sum())
        earlier = self._last.get(code) if run[0] == 0 else (int(local[run[0] - 1]), None)
        later = int(local[run[-1] + 1]) if run[-1] + 1 < len(local) else None
        if earlier and earlier[1] is not None and abs(int(times[0]) - earlier[0]) < length:  # on from the block before
            steps, begins = np.concatenate([[times[0] - earlier[0]], steps]), earlier[1]
            turned = _turns(steps, newest_first)
        else:
            turned = np.concatenate([[False], _turns(steps, newest_first)])
            if turned.any():
                begins = newest_first
            else:
                around = (later, earlier and earlier[0]) if newest_first else (earlier and earlier[0], later)
                begins = _pass_beside(times, *around)
        if begins is None:
            self.guessed += len(run)
            return np.zeros(len(run), dtype=bool)
        self.told += len(run)
        over = np.cumsum(turned) > 0
        return ~over & begins if newest_first else over | begins


def _turns(steps: Int64s, newest_first: bool) -> Mask:
    return steps > SLIP_MS if newest_first else steps < -SLIP_MS


def _pass_beside(times: Int64s, before: int | None, after: int | None) -> bool | None:
    """Second pass (True) or first, told by the device's pings just before or after the hour; None where neither tells."""
    follows = before is not None and 0 <= int(times.min()) - before <= NEAR_MS
    precedes = after is not None and 0 <= after - int(times.max()) <= NEAR_MS
    return precedes if follows != precedes else None
