"""Which trackers were seen at which times: asked only of pings that come late, so made only when one does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

REMEMBERED = 1 << 22  # pings, of 12 bytes
MOST_DEVICES = 1 << 21
_TIME_BITS = 42  # milliseconds until 2109

Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]
Mask = NDArray[np.bool_]
Pair = tuple[Int32s, Int64s]


def keys_of(device: Int32s, t_ms: Int64s) -> Int64s:
    """One number for device and time, in their order."""
    return (device.astype(np.int64) << _TIME_BITS) | t_ms


@dataclass
class Seen:
    """Device and time of the pings so far, at most about ``most`` of them (None: all).

    ``again`` reads the first so many blocks of the file once more, which costs nothing as long as no ping is late;
    None where the file cannot be read twice, so that everything is kept from the start.
    """

    most: int | None
    again: Callable[[int], Iterable[Pair]] | None = None
    untold: int = 0  # late pings that were compared with some of those before only
    held: int = 0
    _blocks: int = 0
    _kept: bool = False
    _forgot: bool = False
    _sorted: Int64s = field(default_factory=lambda: np.empty(0, np.int64))
    _waiting: list[Pair] = field(default_factory=list)

    def add(self, device: Int32s, t_ms: Int64s) -> None:
        """The pings of the next block; of a block without any, empty arrays."""
        self._blocks += 1
        if self._kept or self.again is None:
            self._keep(device, t_ms)

    def _keep(self, device: Int32s, t_ms: Int64s) -> None:
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
        self._sorted = np.sort(self._sorted[np.argpartition(far, self.most - 1)[: self.most]])
        self.held = len(self._sorted)

    def _merge(self) -> None:
        if self._waiting:
            new = [keys_of(device, t_ms) for device, t_ms in self._waiting]
            # Stable is timsort, which only merges what is in order already.
            self._sorted = np.sort(np.concatenate([self._sorted, *new]), kind="stable")
            self._waiting = []

    def has(self, device: Int32s, t_ms: Int64s) -> Mask:
        """Which of these were seen in a block before."""
        if not self._kept and self.again is not None:
            self._kept = True
            for pair in self.again(self._blocks):
                self._keep(*pair)
        self._merge()
        keys = keys_of(device, t_ms)
        if not len(self._sorted):
            return np.zeros(len(keys), dtype=bool)
        found = self._sorted[np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)] == keys
        if self._forgot:
            self.untold += int((~found).sum())
        return np.asarray(found)
