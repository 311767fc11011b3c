"""Sets of polygons as numbers: the state of a place is the set of polygons it is inside.

State 0 is outside everything, state p + 1 is inside polygon p alone; sets of several get numbers as they are met.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from analysis.dosage.arrays import AnyInts, spread
from analysis.dosage.tables import Int64s

Keys = NDArray[np.uint64]


class States:
    """Sets are found by the sum of one random 64-bit key per polygon; a clash has odds of 1 in 10^10 a million sets."""

    def __init__(self, polygons: int) -> None:
        rng = np.random.Generator(np.random.PCG64(20_260_601))
        self.polygon_key: Keys = rng.integers(1, 2**64, size=polygons, dtype=np.uint64, endpoint=False)
        self._flip = rng.integers(1, 2**64, size=polygons, dtype=np.uint64, endpoint=False)
        self._keys = np.concatenate((np.zeros(1, np.uint64), self.polygon_key))
        self._several: list[tuple[int, ...]] = []
        self._polygons = polygons
        self._index()

    def _index(self) -> None:
        self._order = np.argsort(self._keys)
        self._sorted = self._keys[self._order]
        several = [np.array(s, np.int64) for s in self._several]
        self._list = np.concatenate([np.arange(self._polygons), *several])
        self._count = np.array([0] + [1] * self._polygons + [len(s) for s in several])
        self._start = np.cumsum(self._count) - self._count
        # One key a state: by exclusive or, those of two states give those of the polygons in which they differ.
        self.flip_key = np.zeros(len(self._keys), np.uint64)
        row = np.repeat(np.arange(len(self._count)), self._count)
        np.bitwise_xor.at(self.flip_key, row, self._flip[self._list])

    def numbers(self, keys: Keys, members: Callable[[int], tuple[int, ...]]) -> Int64s:
        """State of each key; ``members(i)`` lists the set of ``keys[i]`` where it is new."""
        at = np.minimum(np.searchsorted(self._sorted, keys), len(self._sorted) - 1)
        unknown = np.flatnonzero(self._sorted[at] != keys)
        if len(unknown):
            new, first = np.unique(keys[unknown], return_index=True)
            self._several += [tuple(sorted(members(int(unknown[i])))) for i in first]
            self._keys = np.concatenate((self._keys, new))
            self._index()
            at = np.searchsorted(self._sorted, keys)
        return self._order[at]

    def with_polygon(self, state: Int64s, polygon: Int64s) -> Int64s:
        """States with one polygon more, which they do not hold yet."""
        keys = self._keys[state] + self.polygon_key[polygon]
        return self.numbers(keys, lambda i: (*self.members(int(state[i])), int(polygon[i])))

    def either(self, state: Int64s, polygon: Int64s) -> tuple[Int64s, Int64s]:
        """The states with and without a polygon that they may or may not hold."""
        row, member = self.expand(state)
        held = np.zeros(len(state), np.bool_)
        held[row[member == polygon[row]]] = True
        within, without = state.copy(), state.copy()
        within[~held] = self.with_polygon(state[~held], polygon[~held])
        fewer, gone = state[held], polygon[held]
        keys = self._keys[fewer] - self.polygon_key[gone]
        without[held] = self.numbers(keys, lambda i: tuple(set(self.members(int(fewer[i]))) - {int(gone[i])}))
        return within, without

    def members(self, state: int) -> tuple[int, ...]:
        return tuple(self._list[self._start[state] : self._start[state] + self._count[state]].tolist())

    def expand(self, state: AnyInts) -> tuple[Int64s, Int64s]:
        """(row, polygon) for every polygon of every row's state; rows in order, polygons ascending in each."""
        row, at = spread(self._start.take(state), self._count.take(state))
        return row, self._list.take(at)

    def __len__(self) -> int:
        return len(self._keys)
