"""Small counts outside the operational roles: 1 to 4 become [c], and so does what would give them away.

One fixed family of tables is released, the same whatever is asked: totals by month, each month's counts by place
(and, apart, by offence group), and the evaluation windows. Longer periods are sums of released cells and are hidden
when any of their cells is, so they tell nothing new, and no two requests can be subtracted to more than the family
holds. In each row (a month or a window, whose total is public):

- counts of 1 to 4 are hidden;
- a reader knows that a hidden count is at least 1 (true zeros stay), so hidden counts must exceed their number by
  ``WIDTH``: the next smallest is hidden until they do, and in the end the row's zeros too;
- a window less the whole months inside it leaves some days; where those days hold 1 to 4, or leave hidden months too
  little room, more months are hidden.

Known to remain: in a month of a handful of crimes at two or three places that a window cuts, the window's own visible
counts can bound the month's hidden ones closely enough to tell a count of 1 to 4 (found by search over made-up
families of near-empty months).

Places by groups, and harm by place and month, are not released at all: a month's harm of one crime names its offence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

SUPPRESS_BELOW = 5  # counts of 1 to 4 are hidden
WIDTH = 5  # by how much hidden counts together exceed their number: each could be any of so many values


@dataclass(frozen=True)
class Window:
    """A released period that is not made of whole months.

    ``counts``: one a column; ``inside``: rows (months) wholly in it; ``members``: the windows it is made of.
    """

    counts: np.ndarray
    inside: tuple[int, ...]
    members: tuple[int, ...]


@dataclass(frozen=True)
class Hidden:
    """What may not be seen: cells (months x columns), month totals, window cells (windows x columns), window totals."""

    cells: np.ndarray
    totals: np.ndarray
    windows: np.ndarray
    window_totals: np.ndarray


def small(counts: np.ndarray) -> np.ndarray:
    return (counts > 0) & (counts < SUPPRESS_BELOW)


def hide(cells: np.ndarray, windows: Sequence[Window]) -> Hidden:
    """What to hide in ``cells`` (months x columns) and in ``windows`` (those with one member, in order, are released).

    A window made of two others (adjacent ones) only constrains: whoever knows both knows their sum.
    """
    released = [w for w in windows if len(w.members) == 1]
    held = np.array([w.counts for w in released]).reshape(len(released), cells.shape[1])
    totals, window_totals = small(cells.sum(axis=1)), small(held.sum(axis=1))
    _hide_small_rests(cells.sum(axis=1), held.sum(axis=1), windows, window_totals)
    hidden, window_hidden = small(cells), small(held)
    window_hidden[window_totals] |= held[window_totals] > 0
    before = -1
    while before != (before := int(hidden.sum() + window_hidden.sum())):
        for counts, mask in ((cells, hidden), (held, window_hidden)):
            for row, flags in zip(counts, mask, strict=True):
                _widen(row, flags)
        for window in windows:
            for column in range(cells.shape[1]):
                _link(cells[:, column], hidden[:, column], window, column, window_hidden)
    return Hidden(hidden, totals, window_hidden, window_totals)


def _widen(counts: np.ndarray, flags: np.ndarray) -> None:
    """Hide the smallest visible counts of a row until the hidden ones have room; its zeros when none is left."""
    # One hidden count alone is its row's public total less the others, however large it is.
    while flags.any() and (flags.sum() == 1 or counts[flags].sum() - flags.sum() < WIDTH) and not flags.all():
        candidates = np.flatnonzero(~flags & (counts > 0))
        if len(candidates) == 0:
            flags[:] = True
            return
        flags[candidates[counts[candidates].argmin()]] = True


def _link(counts: np.ndarray, flags: np.ndarray, window: Window, column: int, window_hidden: np.ndarray) -> None:
    """Window less visible months inside it: leave the days over, and the hidden months, enough room."""
    inside = np.array(window.inside, dtype=int)
    while len(inside) and not window_hidden[list(window.members), column].any():
        unseen = inside[flags[inside]]
        left = window.counts[column] - counts[inside].sum() + counts[unseen].sum()
        # Nothing left says that every hidden month is 0 there, and a hidden zero was hidden for its row's sake.
        if left - len(unseen) >= WIDTH if len(unseen) else left == 0 or left >= SUPPRESS_BELOW:
            return
        candidates = inside[~flags[inside] & (counts[inside] > 0)]
        if len(candidates) == 0:
            window_hidden[window.members[0], column] = True
            return
        flags[candidates[counts[candidates].argmin()]] = True


def _hide_small_rests(
    month_totals: np.ndarray, totals: np.ndarray, windows: Sequence[Window], flags: np.ndarray
) -> None:
    """A window's total is hidden where, less the public months inside it, it would leave 1 to 4."""
    for window in windows:
        rest = window.counts.sum() - month_totals[list(window.inside)].sum()
        if 0 < rest < SUPPRESS_BELOW and not flags[list(window.members)].any():
            flags[window.members[0]] = True
