"""Small counts outside the operational roles: 1 to 4 become [c], and so does what would give them away.

A table is protected together with its margins (totals by month, by hot spot, by group and overall), because
pages show those beside it. In every line of cells and its total:

- a lone hidden cell could be had by subtraction, so the next smallest non-zero cell is hidden too;
- hidden cells that together make 1 to 4 would give a small count, so another is hidden;
- in two-way tables a hidden cell that block subtraction would pin down (one on no closed path of hidden
  cells: a bridge of the row-column graph) gets company as well.

True zeros stay visible. Limit: tables of different, overlapping periods are protected one by one, so two
periods that differ by one month can still be subtracted; outside the operational roles periods are whole months.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from domain.roles import Permission
from domain.scope import Scope

SUPPRESS_BELOW = 5  # counts of 1 to 4 are hidden


def with_totals(counts: np.ndarray) -> np.ndarray:
    """The cells and, at the last index of every axis, their totals."""
    for axis in range(counts.ndim):
        counts = np.concatenate([counts, counts.sum(axis=axis, keepdims=True)], axis=axis)
    return counts


def hidden_cells(counts: np.ndarray) -> np.ndarray:
    """Which entries of ``with_totals(counts)`` a reader without leave for small counts may not see."""
    full = with_totals(counts)
    hidden = (full > 0) & (full < SUPPRESS_BELOW)
    while _hide_in_lines(full, hidden) or _hide_beside_bridges(full, hidden):
        pass
    return hidden


def _hide_in_lines(full: np.ndarray, hidden: np.ndarray) -> bool:
    changed = False
    for axis in range(full.ndim):
        lines = np.moveaxis(full, axis, -1).reshape(-1, full.shape[axis])
        mask = np.moveaxis(hidden, axis, -1).reshape(-1, full.shape[axis])  # may be a copy: written back below
        while (bad := _exposed(lines, mask)).any():
            _hide_next(lines, mask, np.flatnonzero(bad))
            changed = True
        moved = np.moveaxis(full, axis, -1).shape
        hidden[...] = np.moveaxis(mask.reshape(moved), -1, axis)
    return changed


def _exposed(lines: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Lines whose visible entries give a hidden one, or a small sum of hidden ones."""
    number = mask.sum(axis=1)
    cells, total_visible = mask[:, :-1], ~mask[:, -1]
    hidden_sum = np.where(cells, lines[:, :-1], 0).sum(axis=1)
    small = total_visible & (number > 0) & (hidden_sum < SUPPRESS_BELOW)
    return (number == 1) | small


def _hide_next(lines: np.ndarray, mask: np.ndarray, rows: np.ndarray) -> None:
    """Hide the smallest visible non-zero cell of each row; its total only when no such cell is left."""
    candidates = np.where(mask[rows] | (lines[rows] == 0), np.inf, lines[rows].astype(float))
    last = candidates[:, -1].copy()
    candidates[:, -1] = np.inf
    chosen = candidates.argmin(axis=1)
    none_left = np.isinf(candidates.min(axis=1))
    chosen[none_left & np.isfinite(last)] = lines.shape[1] - 1
    mask[rows, chosen] = True


def _hide_beside_bridges(full: np.ndarray, hidden: np.ndarray) -> bool:
    """Protect every two-way face (other axes at their totals) against block subtraction."""
    changed = False
    for kept in combinations(range(full.ndim), 2):
        index = tuple(slice(None) if axis in kept else -1 for axis in range(full.ndim))
        face, mask = full[index], hidden[index].copy()
        for row, column in _bridges(mask):
            choices = [(face[row, j], (row, j)) for j in range(face.shape[1]) if not mask[row, j] and face[row, j] > 0]
            choices += [(face[i, column], (i, column)) for i in range(face.shape[0]) if not mask[i, column]]
            choices = [c for c in choices if c[0] > 0]
            if choices:
                mask[min(choices)[1]] = True
                changed = True
        hidden[index] |= mask
    return changed


def _bridges(mask: np.ndarray) -> list[tuple[int, int]]:
    """Entries on no closed path of hidden entries (rows and columns are nodes, hidden entries edges)."""
    rows = mask.shape[0]
    links: list[list[int]] = [[] for _ in range(sum(mask.shape))]
    for i, j in np.argwhere(mask):
        links[i].append(rows + j)
        links[rows + j].append(i)
    seen, low, found = {}, {}, []
    for root in range(len(links)):
        if root in seen or not links[root]:
            continue
        stack = [(root, -1, iter(links[root]))]
        seen[root] = low[root] = len(seen)
        while stack:
            node, parent, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                if parent >= 0:
                    low[parent] = min(low[parent], low[node])
                    if low[node] > seen[parent]:
                        found.append((min(node, parent), max(node, parent) - rows))
            elif following not in seen:
                seen[following] = low[following] = len(seen)
                stack.append((following, node, iter(links[following])))
            elif following != parent:
                low[node] = min(low[node], seen[following])
    return found


# --- frames -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProtectedCube:
    """Counts by every dimension with their totals, hidden once, so that all tables cut from it agree."""

    dims: tuple[str, ...]
    levels: Mapping[str, list[Any]]
    values: Mapping[str, np.ndarray]
    hidden: Mapping[str, np.ndarray]

    @classmethod
    def build(
        cls,
        frame: pd.DataFrame,
        levels: Mapping[str, list[Any]],
        count_columns: Sequence[str],
        following: Mapping[str, str],
    ) -> ProtectedCube:
        """``following``: column -> the count whose hidden cells it shares (harm_days -> crimes)."""
        dims = tuple(levels)
        shape = tuple(len(levels[d]) for d in dims)
        places = tuple(pd.Index(levels[d]).get_indexer(frame[d]) for d in dims)
        values = {}
        for column in (*count_columns, *following):
            values[column] = with_totals(_cells(frame[column], shape, places))
        inside = tuple(slice(0, -1) for _ in dims)
        hidden = {c: hidden_cells(values[c][inside]) for c in count_columns}
        hidden |= {c: hidden[source] for c, source in following.items()}
        return cls(dims, levels, values, hidden)

    def table(self, by: Sequence[str], chosen: Mapping[str, Sequence[Any]]) -> pd.DataFrame:
        """[*by, columns, suppressed]; a sum over ``chosen`` levels is hidden when any of its cells is."""
        kept = [d for d in self.dims if d in by or d in chosen]
        index = tuple(slice(0, -1) if d in kept else -1 for d in self.dims)
        names = [list(self.levels[d]) for d in kept]
        keys = pd.MultiIndex.from_product(names, names=kept) if kept else pd.RangeIndex(1)
        frame = pd.DataFrame(index=keys)
        for column, values in self.values.items():
            frame[column] = np.where(self.hidden[column][index], np.nan, values[index]).reshape(-1)
        frame = frame.reset_index(drop=not kept)
        for dim, wanted in chosen.items():
            frame = frame[frame[dim].isin(list(wanted))]
        columns = list(self.values)
        if not by:
            frame = frame[columns].sum(skipna=False, min_count=0).to_frame().T
        elif set(by) != set(kept):
            keys = [frame[d] for d in by]
            unseen = frame[columns].isna().groupby(keys, sort=False).any()
            frame = frame.groupby(keys, sort=False)[columns].sum().mask(unseen).reset_index()
        frame = frame[[*by, *columns]].reset_index(drop=True)
        frame["suppressed"] = frame[columns].isna().any(axis=1)
        return frame


def _cells(column: pd.Series, shape: tuple[int, ...], places: tuple[np.ndarray, ...]) -> np.ndarray:
    numbers = column.fillna(0).to_numpy(dtype=float)
    if not shape:
        return np.asarray(numbers.sum())
    cells = np.zeros(shape)
    np.add.at(cells, places, numbers)
    return cells


def protect(
    frame: pd.DataFrame,
    count_columns: Sequence[str],
    by: Sequence[str],
    scope: Scope,
    *,
    following: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """The frame with hidden counts as NaN and a boolean column ``suppressed``; unchanged for operational roles.

    ``following`` names columns that would betray a count (harm_days -> crimes) and are hidden with it.
    """
    frame = frame.copy()
    if scope.may(Permission.SEE_SMALL_COUNTS):
        frame["suppressed"] = False
        return frame
    following = following or {}
    levels = {d: list(pd.unique(frame[d])) for d in by}
    places = tuple(pd.Index(levels[d]).get_indexer(frame[d]) for d in by)
    suppressed = np.zeros(len(frame), dtype=bool)
    for column in count_columns:
        cells = _cells(frame[column], tuple(len(levels[d]) for d in by), places)
        hidden = hidden_cells(cells)[tuple(slice(0, -1) for _ in by)]
        gone = np.broadcast_to(hidden[places] if by else hidden, len(frame))
        suppressed |= gone
        for also in (column, *(c for c, source in following.items() if source == column)):
            frame[also] = frame[also].where(~gone).astype(float)
    frame["suppressed"] = suppressed
    return frame
