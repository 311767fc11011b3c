"""Rows of one block: which are still good, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from data_access.loading.pings.batches import Reject
from data_access.loading.table import CELL_LIMIT

Mask = NDArray[np.bool_]


class Ledger:
    def __init__(self, count: int) -> None:
        self.good: Mask = np.ones(count, dtype=bool)
        self._why: dict[int, tuple[str, str]] = {}

    def __len__(self) -> int:
        return len(self.good)

    def reject(self, where: Mask, field: str, reason: str | Callable[[int], str]) -> None:
        """Reject rows; one already rejected keeps its first reason."""
        for row in np.flatnonzero(where & self.good).tolist():
            self._why[row] = (field, reason if isinstance(reason, str) else reason(row))
        self.good &= ~where

    def reject_cells(self, where: Mask, field: str, reason: str, cells: list[str]) -> None:
        """``{cell}`` in the reason becomes the row's own text."""
        empty = reason.replace("“{cell}”", "An empty cell")

        def said(row: int) -> str:
            cell = cells[row].strip()
            return reason.replace("{cell}", cell[:CELL_LIMIT]) if cell else empty

        self.reject(where, field, said)

    def rejects(self, numbers: NDArray[np.int64], raw: Callable[[int], str]) -> list[Reject]:
        return [
            Reject(int(numbers[row]), field[:80], reason[:300], raw(row))
            for row, (field, reason) in sorted(self._why.items())
        ]
