"""Small array tools of the kernel."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from analysis.dosage.tables import Int32s, Int64s

AnyInts: TypeAlias = "Int32s | Int64s"
Bools: TypeAlias = NDArray[np.bool_]


def spread(starts: AnyInts, counts: AnyInts) -> tuple[Int64s, Int64s]:
    """All positions of some ranges: (which range, position), each shape (sum of counts,).

    >>> [a.tolist() for a in spread(np.array([5, 9]), np.array([2, 1]))]
    [[0, 0, 1], [5, 6, 9]]
    """
    total = np.cumsum(counts, dtype=np.int64)
    shift = starts - total
    shift += counts
    position = np.repeat(shift, counts)
    position += np.arange(len(position))
    return np.repeat(np.arange(len(counts)), counts), position


def distinct(keys: Int64s) -> Int64s:
    """The different keys, ascending. (numpy 2.4's ``unique`` hashes, several times slower than this.)"""
    found: Int64s = np.sort(keys)
    return found.compress(np.append(True, found[1:] != found[:-1])[: len(found)])


def among(keys: Int64s, others: Int64s) -> Bools:
    """Which keys are among others."""
    if not len(others):
        return np.zeros(len(keys), np.bool_)
    others = np.sort(others)
    found: Bools = others.take(np.searchsorted(others, keys), mode="clip") == keys
    return found


class Growing:
    """An array that is appended to; ``all`` is what there is so far."""

    def __init__(self, dtype: DTypeLike, room: int = 1 << 20) -> None:
        # Room that nothing has been written to takes no memory; copying into larger room takes time.
        self._room: NDArray[Any] = np.empty(room, dtype)
        self.all = self._room[:0]

    def extend(self, values: NDArray[Any]) -> None:
        used, now = len(self.all), len(self.all) + len(values)
        if now > len(self._room):
            room = np.empty(max(now, 2 * len(self._room)), self._room.dtype)
            room[:used] = self.all
            self._room = room
        self._room[used:now] = values
        self.all = self._room[:now]

    def __len__(self) -> int:
        return len(self.all)
