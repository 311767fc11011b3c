"""Charts whose limits are worked out anew from a month that a person named, with the reason they gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.evaluation.monitoring.xmr import Values, XmR, xmr

# Limits from fewer points than a year of months would follow the season of those months.
BASELINE_POINTS = 12


@dataclass(frozen=True)
class Rebase:
    """New limits from ``month`` (YYYY-MM) on, decided on ``decided`` (ISO date) for ``reason``."""

    month: str
    reason: str
    decided: str = ""


@dataclass(frozen=True)
class Stretch:
    """Points ``start`` to ``stop`` (exclusive) under one set of limits; ``reason`` is "" for the first."""

    start: int
    stop: int
    chart: XmR
    reason: str


def xmr_rebased(
    values: Values, months: Sequence[str], rebases: Sequence[Rebase] = (), *, baseline: int = BASELINE_POINTS
) -> tuple[Stretch, ...]:
    """One XmR chart, or several end to end where limits were set anew by hand.

    No rule reaches over a re-base: a run before it does not count after it. Each stretch after the first freezes its
    own first ``BASELINE_POINTS`` points.

    Parameters
    ----------
    values : (n,) sequence
        Oldest first; NaN where a month is missing.
    months : (n,) sequence of str
        YYYY-MM of each value.
    rebases : sequence of Rebase
        In any order; those outside the months, and those that leave fewer than 2 neighbouring points, are left out.
    baseline : int
        Points at the start that fix the first limits.

    Returns
    -------
    tuple of Stretch
        In order, covering every point.

    Raises
    ------
    ValueError
        When the first stretch has fewer than two neighbouring points in its baseline.

    Examples
    --------
    >>> months = [f"2024-{m:02d}" for m in range(1, 13)]
    >>> counts = [30, 28, 33, 31, 29, 32, 15, 14, 17, 16, 13, 15]
    >>> [(s.start, round(s.chart.centre, 1)) for s in xmr_rebased(counts, months, [Rebase("2024-07", "new recording")])]
    [(0, 30.5), (6, 15.0)]
    """
    x = np.asarray(values, float)
    cuts: list[tuple[int, str]] = [(0, "")]
    for rebase in sorted(rebases, key=lambda r: r.month):
        at = next((i for i, month in enumerate(months) if month >= rebase.month), None)
        if at is not None and at > cuts[-1][0] and _two_neighbours(x[cuts[-1][0] : at]) and _two_neighbours(x[at:]):
            cuts.append((at, rebase.reason))
    found = []
    for (start, reason), stop in zip(cuts, [at for at, _ in cuts[1:]] + [len(x)], strict=True):
        base = baseline if start == 0 else BASELINE_POINTS
        found.append(Stretch(start, stop, xmr(x[start:stop], baseline=base), reason))
    return tuple(found)


def _two_neighbours(x: np.ndarray) -> bool:
    return bool(np.isfinite(np.diff(x[:BASELINE_POINTS])).any())
