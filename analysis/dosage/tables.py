"""The tables that dosage passes from step to step: pings in, pieces of presence between, results that join.

Canonical coordinates are whole ten-millionths of a degree (int32, about 1 cm): small, exact, and the same on disk
and in memory. Times are UTC milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Int8s = NDArray[np.int8]
Int32s = NDArray[np.int32]
Int64s = NDArray[np.int64]

DEGREE = 10_000_000  # canonical units in one degree
# Steps between two pings up to this long are "tracked" whatever the rules; longer ones stay rows of their own
# (LONG_STEP), so that every gap rule of this length or more can be applied to pieces without the pings.
BASE_GAP_S = 60.0

TRACKED, LONG_STEP = 0, 1
STARTS_INSIDE, ENDS_INSIDE = 1, 2


@dataclass(frozen=True)
class PingBatch:
    """Positions in canonical form, arrays of shape (n,).

    device, team : int32 codes of one dictionary; a device code belongs to one tracker of one provider.
    t_ms : int64. lon_e7, lat_e7 : int32, degrees x 10^7. A kernel wants them ordered by (device, t_ms).
    """

    device: Int32s
    team: Int32s
    t_ms: Int64s
    lon_e7: Int32s
    lat_e7: Int32s

    def __len__(self) -> int:
        return len(self.t_ms)

    def take(self, rows: NDArray[Any] | slice) -> PingBatch:
        return PingBatch(self.device[rows], self.team[rows], self.t_ms[rows], self.lon_e7[rows], self.lat_e7[rows])

    @classmethod
    def empty(cls) -> PingBatch:
        i = np.empty(0, np.int32)
        return cls(i, i, np.empty(0, np.int64), i, i)

    @classmethod
    def concatenate(cls, parts: Sequence[PingBatch]) -> PingBatch:
        if not parts:
            return cls.empty()
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@dataclass(frozen=True)
class Pieces:
    """Stretches of one device inside one polygon, before any rule; arrays of shape (n,).

    polygon : position in the list of polygons given.
    t_in_ms, t_out_ms : float64, exact crossing times. Tracked pieces that touch in time are one piece.
    kind : TRACKED, or LONG_STEP for the part inside the polygon of one step longer than BASE_GAP_S, taken as a
        straight line at constant speed.
    step_from_ms, step_to_ms : of a LONG_STEP, the times of its two pings; nan for TRACKED.
    ends : of a LONG_STEP, STARTS_INSIDE + ENDS_INSIDE bits for this polygon; 0 for TRACKED.
        A step with both ends inside always has a row, so a rule that credits such silences whole needs no pings.
    """

    device: Int32s
    team: Int32s
    polygon: Int32s
    t_in_ms: Floats
    t_out_ms: Floats
    kind: Int8s
    step_from_ms: Floats
    step_to_ms: Floats
    ends: Int8s

    def __len__(self) -> int:
        return len(self.t_in_ms)

    def take(self, rows: NDArray[Any] | slice) -> Pieces:
        return Pieces(*(getattr(self, f.name)[rows] for f in fields(self)))

    @classmethod
    def empty(cls) -> Pieces:
        i, f, b = np.empty(0, np.int32), np.empty(0, np.float64), np.empty(0, np.int8)
        return cls(i, i, i, f, f, b, f, f, b)

    @classmethod
    def concatenate(cls, parts: Sequence[Pieces]) -> Pieces:
        if not parts:
            return cls.empty()
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@dataclass(frozen=True)
class Located:
    """What a kernel found in one run of pings, and what joining it to its neighbours in time needs.

    pieces : ordered by (device, polygon, t_in_ms).
    first, last : the first and last ping of each device, ordered by device.
    used : pings that took part. repeats : pings left out because the device had one at that millisecond.
    late : pings earlier than one of the same device already taken; not in the pieces, never dropped silently.
    """

    pieces: Pieces
    first: PingBatch
    last: PingBatch
    used: int
    repeats: int
    late: PingBatch
