"""When in the week crime gathers: the run of days and hours that stands out most, and whether chance would do as much.

A scan statistic (Kulldorff 1997, A spatial scan statistic, Communications in Statistics 26) over the 168 hours of a
week. Choosing the fullest window makes any window look full, so the choice itself is part of the comparison: the
largest log likelihood ratio is held against the largest ones of as many crimes spread evenly at random.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOURS_A_WEEK = 168
LENGTHS = (2, 3, 4)  # hours of a patrol window
DAY_RUNS = (1, 2, 3, 4, 5, 7)  # days in a row on which it is kept
FEWEST = 5  # crimes; with fewer no window is named
FEW = 30  # crimes; with fewer the window is called a weak guide
_ROUNDS = 499
_SEED = 20230213


@dataclass(frozen=True)
class BestWindow:
    """``days`` days from ``first_day`` (0 = Monday), each from ``from_hour`` for ``hours`` hours, past midnight too.

    crimes : inside the window, of ``total``. expected : if crimes were spread evenly over the hours looked at.
    p_value : share of even spreads whose fullest window stands out as much or more; at least 1 / (rounds + 1).
    """

    first_day: int
    days: int
    from_hour: int
    hours: int
    crimes: int
    total: int
    expected: float
    p_value: float

    @property
    def clear(self) -> bool:
        """More than chance, with one window of all tried allowed for."""
        return self.p_value <= 0.05

    def mask(self) -> NDArray[np.bool_]:
        """(7, 24): the hours of the week inside the window."""
        found = np.zeros(HOURS_A_WEEK, np.bool_)
        for day in range(self.days):
            start = ((self.first_day + day) % 7) * 24 + self.from_hour
            found[(start + np.arange(self.hours)) % HOURS_A_WEEK] = True
        return found.reshape(7, 24)


@lru_cache(maxsize=1)
def _windows() -> tuple[list[tuple[int, int, int, int]], Floats]:
    """Every (first day, days, from hour, hours) and its hours as rows of zeros and ones, (windows, 168)."""
    keys = [
        (first, days, hour, hours)
        for days in DAY_RUNS
        for first in range(7 if days < 7 else 1)
        for hour in range(24)
        for hours in LENGTHS
    ]
    rows = [BestWindow(*key, 0, 0, 0.0, 1.0).mask().ravel() for key in keys]
    return keys, np.array(rows, dtype=np.float64)


@lru_cache(maxsize=16)
def _allowed(within: bytes) -> Floats:
    """The windows that lie wholly in the hours looked at, (windows,) of True and False as 1 and 0."""
    _, masks = _windows()
    outside = 1.0 - np.frombuffer(within, np.bool_).astype(np.float64)
    found: Floats = (masks @ outside == 0).astype(np.float64)
    return found


def _ratios(counts: Floats, within: bytes) -> Floats:
    """Log likelihood ratio of each window, (rounds, windows), from counts (rounds, 168); 0 where it is not fuller.

    ``c log(c / e) + (n - c) log((n - c) / (n - e))`` for ``c`` crimes of ``n`` where ``e`` are expected.
    """
    _, masks = _windows()
    inside = counts @ masks.T
    n = counts.sum(axis=1, keepdims=True)
    expected = n * masks.sum(axis=1) / np.frombuffer(within, np.bool_).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(inside > 0, inside * np.log(inside / expected), 0.0)
        rest = np.where(n > inside, (n - inside) * np.log((n - inside) / (n - expected)), 0.0)
    found: Floats = np.where((inside > expected) & (_allowed(within) > 0), first + rest, 0.0)
    return found


@lru_cache(maxsize=256)
def _by_chance(total: int, within: bytes) -> Floats:
    """The largest ratio of each of ``_ROUNDS`` even spreads of ``total`` crimes; the same every time."""
    hours = np.frombuffer(within, np.bool_)
    rng = np.random.default_rng([_SEED, total])
    drawn = rng.multinomial(total, hours / hours.sum(), size=_ROUNDS).astype(np.float64)
    return np.concatenate([_ratios(some, within).max(axis=1) for some in np.array_split(drawn, 10)])


def best_window(counts: NDArray[np.int64], within: NDArray[np.bool_] | None = None) -> BestWindow | None:
    """The window in which crime stands out most; None with fewer than FEWEST crimes, or where none stands out at all.

    ``counts``: crimes by weekday and hour, shape (7, 24), Monday first. ``within``: the hours looked at, same shape
    (a team's shift); crimes at other hours are left out, windows that reach other hours are not tried, and an even
    spread is one over these hours. Raises ValueError on another shape.

    Examples
    --------
    >>> week = np.zeros((7, 24), np.int64)
    >>> week[4:6, 20:24] = 6
    >>> found = best_window(week)
    >>> found.first_day, found.days, found.from_hour, found.hours, found.crimes, found.clear
    (4, 2, 20, 4, 48, True)
    """
    if counts.shape != (7, 24):
        raise ValueError(f"best_window: counts of shape (7, 24) are needed, found {counts.shape}.")
    looked_at = np.ones((7, 24), np.bool_) if within is None else within
    counts = np.where(looked_at, counts, 0)
    total, hours = int(counts.sum()), looked_at.tobytes()
    if total < FEWEST:
        return None
    ratios = _ratios(counts.reshape(1, -1).astype(np.float64), hours)[0]
    keys, masks = _windows()
    best = int(ratios.argmax())
    if not ratios[best] > 0:
        return None
    by_chance = _by_chance(total, hours)
    p_value = (1 + int((by_chance >= ratios[best] - 1e-9).sum())) / (_ROUNDS + 1)
    crimes = round(float(counts.ravel() @ masks[best]))
    expected = total * float(masks[best].sum()) / float(looked_at.sum())
    return BestWindow(*keys[best], crimes, total, expected, p_value)
