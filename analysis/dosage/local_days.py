"""Local calendar days (Europe/London) of UTC milliseconds, with the clock changes right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.periods import LONDON

_EPOCH = date(1970, 1, 1)


def midnight_ms(day: date) -> int:
    """UTC milliseconds at which the local ``day`` begins."""
    return int(datetime.combine(day, time(), LONDON).astimezone(UTC).timestamp() * 1000)


def _midnights(first_ms: float, last_ms: float) -> tuple[NDArray[np.int64], int]:
    """Local midnights around [first, last] and the day number (days since 1970) of the first of them."""
    start = datetime.fromtimestamp(first_ms / 1000, UTC).date() - timedelta(days=1)
    count = (datetime.fromtimestamp(last_ms / 1000, UTC).date() - start).days + 3
    found = [midnight_ms(start + timedelta(days=n)) for n in range(count)]
    return np.array(found, dtype=np.int64), (start - _EPOCH).days


def day_numbers(t_utc_ms: NDArray[Any]) -> NDArray[np.int64]:
    """Days since 1970 of the local date of each UTC millisecond; shape kept."""
    if t_utc_ms.size == 0:
        return np.empty(t_utc_ms.shape, dtype=np.int64)
    midnights, first = _midnights(float(t_utc_ms.min()), float(t_utc_ms.max()))
    return np.searchsorted(midnights, t_utc_ms, side="right").astype(np.int64) - 1 + first


def split_at_midnight(
    t_from_ms: NDArray[np.float64], t_to_ms: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Cut [from, to] at every local midnight inside it.

    Parameters: UTC milliseconds, shape (n,), from <= to. Returns (which, from, to), each of shape (m,), m >= n:
    ``which`` is the row a part comes from; parts of one row are in order and add up to it.
    """
    which = np.arange(len(t_from_ms), dtype=np.int64)
    if not len(which):
        return which, t_from_ms, t_to_ms
    midnights, _ = _midnights(float(t_from_ms.min()), float(t_to_ms.max()))
    # The first midnight after the start, and the number of midnights strictly before the end.
    after = np.searchsorted(midnights, t_from_ms, side="right")
    before = np.searchsorted(midnights, t_to_ms, side="left")
    parts = np.maximum(before - after, 0) + 1
    which = np.repeat(which, parts)
    place = np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)
    starts = np.where(place == 0, t_from_ms[which], midnights[np.minimum(after[which] + place - 1, len(midnights) - 1)])
    last = place == parts[which] - 1
    ends = np.where(last, t_to_ms[which], midnights[np.minimum(after[which] + place, len(midnights) - 1)])
    return which, starts.astype(np.float64), ends.astype(np.float64)


def clock_ms(day: date, clock: time, *, last: bool) -> int:
    """UTC milliseconds at which the clocks of the local ``day`` show ``clock``.

    When they show it twice, the first or the ``last`` time; when they jump over it, the moment of the jump.
    """
    local = datetime.combine(day, clock, LONDON).replace(fold=int(last))
    found = local.astimezone(UTC)
    if found.astimezone(LONDON).replace(tzinfo=None) != local.replace(tzinfo=None):
        found = datetime.combine(day, time(1), UTC)  # by law the clocks change at 1:00 UTC
    return int(found.timestamp() * 1000)


def shift_windows(
    shifts: Sequence[tuple[time, time]], first_ms: float, last_ms: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """When shifts run: (opens, closes) in UTC milliseconds, ordered, not overlapping, covering [first, last].

    shifts : local clock times from and to; "to" before "from" is a time of the next day. Where the clock shows a time
    twice, a shift begins the first and ends the last time, so that the repeated hour is on duty.

    Raises ValueError for a shift that ends when it begins.
    """
    for start, end in shifts:
        if start == end:
            raise ValueError(f"A shift from {start:%H:%M} to {end:%H:%M} has no length; give no shifts for no limit.")
    begin = datetime.fromtimestamp(first_ms / 1000, UTC).date() - timedelta(days=2)
    days = (datetime.fromtimestamp(last_ms / 1000, UTC).date() - begin).days + 2
    found: list[list[float]] = []
    windows = (
        (clock_ms(day, start, last=False), clock_ms(day + timedelta(days=end < start), end, last=True))
        for day in (begin + timedelta(days=n) for n in range(days))
        for start, end in shifts
    )
    for opens, closes in sorted(windows):
        if found and opens <= found[-1][1]:
            found[-1][1] = max(found[-1][1], closes)
        elif closes > opens:
            found.append([opens, closes])
    both = np.array(found, dtype=np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def date_of(day_number: int) -> date:
    return _EPOCH + timedelta(days=int(day_number))
