"""Orders in which days may change places: all of them where they are few, else a seeded draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations as orders

import numpy as np
import numpy.typing as npt

from analysis.evaluation.patrol_days.panel import Codes, Floats

MOST_ENUMERATED = 20_000
# Orders of a cell's days are listed once (6! = 720) and drawn by number; larger cells are shuffled.
MOST_LISTED = 6


@dataclass(frozen=True)
class Arrangements:
    """How days may change places: cells of days (row numbers) and the orders drawn for each.

    ``listed``: cells of one size with all their orders and the number drawn for each permutation (None: enumerate).
    ``shuffled``: larger cells with an explicit order a permutation.
    """

    cells: tuple[Codes, ...]
    count: int  # permutations, the observed order first
    exact: bool
    possible: float
    chosen: tuple[npt.NDArray[np.int32], ...]  # a cell: (count,) order numbers, or (count, m) orders

    @classmethod
    def of(cls, cells: Sequence[Codes], permutations: int, seed: int) -> Arrangements:
        cells = tuple(cells)
        possible = math.prod(math.factorial(len(cell)) for cell in cells) if len(cells) < 500 else math.inf
        if possible <= MOST_ENUMERATED:
            sizes = [math.factorial(len(cell)) for cell in cells]
            grid = np.indices(sizes).reshape(len(sizes), -1) if sizes else np.zeros((0, 1), int)
            return cls(cells, int(possible), True, float(possible), tuple(row.astype(np.int32) for row in grid))
        rng, chosen = np.random.default_rng(seed), []
        for cell in cells:
            m = len(cell)
            if m <= MOST_LISTED:
                drawn = rng.integers(0, math.factorial(m), permutations + 1, dtype=np.int32)
                drawn[0] = 0
            else:
                drawn = rng.random((permutations + 1, m)).argsort(axis=1).astype(np.int32)
                drawn[0] = np.arange(m)
            chosen.append(drawn)
        return cls(cells, permutations + 1, False, _as_float(possible), tuple(chosen))

    def totals(self, patrol: Floats, residual: Floats) -> tuple[Floats, float]:
        """(U of every permutation, its mean over all orders): U = sum over days of patrol vector . residual vector."""
        found, mean = np.zeros(self.count), 0.0
        for cell, drawn in zip(self.cells, self.chosen, strict=True):
            block = residual[cell] @ patrol[cell].T  # [day that stays, day whose patrols come]
            mean += float(block.sum()) / len(cell)
            if drawn.ndim == 1:
                found += _listed(block)[drawn]
            else:
                found += block[np.arange(len(cell)), drawn].sum(axis=1)
        return found, mean


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _listed(block: Floats) -> Floats:
    found: Floats = block[np.arange(len(block)), _orders(len(block))].sum(axis=1)
    return found


@cache
def _orders(m: int) -> npt.NDArray[np.int64]:
    """All orders of m days, the observed one first."""
    return np.array(list(orders(range(m))))
