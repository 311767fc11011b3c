"""Sums over stretches of time in groups, without a loop: sorting, cutting, and how many cover each moment.

A group is an integer (a team in a hot spot on a day, a device); times are UTC milliseconds. Times stay as they are
given: shifting groups apart to search them in one axis would cost digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.tables import Floats, Int64s

Bools: TypeAlias = NDArray[np.bool_]

MS_PER_MINUTE = 60_000.0
# Crossing times carry rounding of about a quarter of a microsecond; stretches nearer than this meet.
TOUCHING_MS = 1e-3


def changes(*keys: NDArray[Any]) -> Bools:
    """Where rows, ordered by ``keys``, begin another group than the row before."""
    found = np.ones(len(keys[0]), dtype=np.bool_)
    if len(found) > 1:
        found[1:] = False
        for key in keys:
            found[1:] |= key[1:] != key[:-1]
    return found


def groups(*keys: NDArray[Any]) -> tuple[Int64s, Int64s]:
    """Number the distinct combinations of keys in their order: (number of each row, one row of each number)."""
    order = np.lexsort(keys[::-1])
    new = changes(*(key[order] for key in keys))
    number = np.empty(len(order), dtype=np.int64)
    number[order] = np.cumsum(new) - 1
    return number, order[new]


def totals(number: Int64s, amount: Floats, count: int) -> Floats:
    """Sums of ``amount`` by group number, 0 to ``count`` - 1."""
    return np.bincount(number, weights=amount, minlength=count).astype(np.float64)


def places(group: Int64s, t_ms: Floats, at_group: Int64s, at_ms: Floats, *, after_equal: bool) -> Int64s:
    """``numpy.searchsorted`` on pairs: where (at_group, at_ms) goes among rows ordered by (group, t_ms).

    ``after_equal``: after rows equal to it, else before them.
    """
    is_row = np.concatenate((np.ones(len(t_ms), np.int8), np.zeros(len(at_ms), np.int8)))
    tie = 1 - is_row if after_equal else is_row
    order = np.lexsort((tie, np.concatenate((t_ms, at_ms)), np.concatenate((group, at_group))))
    before = np.empty(len(order), dtype=np.int64)
    before[order] = np.cumsum(is_row[order])
    return before[len(t_ms) :]


def clip(
    group: Int64s, t_from_ms: Floats, t_to_ms: Floats, window_group: Int64s, window_from: Floats, window_to: Floats
) -> tuple[Int64s, Floats, Floats]:
    """The parts of each stretch inside the windows of its group: (row it comes from, from, to), in order.

    Windows of one group do not overlap, and all are ordered by (group, from). Parts without length are left out.
    """
    first = places(window_group, window_to, group, t_from_ms, after_equal=True)
    last = places(window_group, window_from, group, t_to_ms, after_equal=False)
    parts = np.maximum(last - first, 0)
    which = np.repeat(np.arange(len(group)), parts)
    window = first[which] + np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)
    start = np.maximum(t_from_ms[which], window_from[window])
    end = np.minimum(t_to_ms[which], window_to[window])
    some = end > start
    return which[some], start[some], end[some]


@dataclass(frozen=True)
class Cover:
    """Time cut wherever a stretch begins or ends; arrays of shape (n,), ordered by (group, from).

    layers : int64 (k, n), how many stretches of each layer cover the moment.
    """

    group: Int64s
    t_from_ms: Floats
    t_to_ms: Floats
    layers: Int64s

    @property
    def length_ms(self) -> Floats:
        return self.t_to_ms - self.t_from_ms


def cover(group: Int64s, t_from_ms: Floats, t_to_ms: Floats, layer: Int64s, count: int) -> Cover:
    """Count, for each moment of each group, the stretches of each of ``count`` layers that cover it.

    Moments that nothing covers are left out. Time: one sort of 2 n ends.
    """
    ends = np.concatenate((t_from_ms, t_to_ms))
    both = np.concatenate((group, group))
    order = np.lexsort((ends, both))
    t, of = ends[order], both[order]
    change = np.concatenate((np.ones(len(group), np.int64), np.full(len(group), -1, np.int64)))[order]
    which = np.concatenate((layer, layer))[order]
    # Every stretch ends in its own group, so running totals are nought where a group begins.
    layers = np.array([np.cumsum(np.where(which == n, change, 0)) for n in range(count)]).reshape(count, len(t))
    some = np.zeros(len(t), dtype=np.bool_)
    some[:-1] = (t[1:] > t[:-1]) & (layers[:, :-1] > 0).any(axis=0)
    at = np.flatnonzero(some)
    return Cover(of[at], t[at], t[at + 1], layers[:, at])


def outside(group: Int64s, t_from_ms: Floats, t_to_ms: Floats, count: int) -> tuple[Int64s, Floats, Floats]:
    """The time of groups 0 to ``count`` - 1 that no stretch covers, without beginning or end: windows for ``clip``."""
    found = cover(group, t_from_ms, t_to_ms, np.zeros(len(group), np.int64), 1)
    every = np.arange(count)
    of = np.concatenate((every, found.group))
    free_from = np.concatenate((np.full(count, -np.inf), found.t_to_ms))
    order = np.lexsort((free_from, of))
    of, free_from = of[order], free_from[order]
    starts = np.concatenate((found.t_from_ms, np.full(count, np.inf)))
    free_to = starts[np.lexsort((starts, np.concatenate((found.group, every))))]
    some = free_to > free_from
    return of[some], free_from[some], free_to[some]
