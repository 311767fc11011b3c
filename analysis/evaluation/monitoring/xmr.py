"""XmR (individuals and moving range) chart with the NHS Making Data Count rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

LIMIT_MULTIPLE = 2.66  # 3 / d2 with d2 = 1.128 for ranges of two
SCREEN_MULTIPLE = 3.267  # D4 for ranges of two
RUN = 7


class Signal(StrEnum):
    COMMON_CAUSE = "common cause"
    IMPROVEMENT = "improvement"
    CONCERN = "concern"


@dataclass(frozen=True)
class XmR:
    """Centre and limits in the units of the values; one signal and one tuple of reasons a point.

    ``lower`` is not cut at 0: a chart of counts draws max(0, lower).
    """

    centre: float
    lower: float
    upper: float
    signals: tuple[Signal, ...]
    reasons: tuple[tuple[str, ...], ...]

    @property
    def flags(self) -> tuple[bool, ...]:
        """True where the point shows a special cause, whichever way."""
        return tuple(signal is not Signal.COMMON_CAUSE for signal in self.signals)

    @property
    def latest(self) -> Signal:
        """The signal of the last point, as the monthly return asks."""
        return self.signals[-1]


Values = Sequence[float] | npt.NDArray[np.float64]
Baseline = int | Sequence[bool] | npt.NDArray[np.bool_] | None


def xmr(values: Values, *, lower_is_better: bool = True, baseline: Baseline = None, screen: bool = True) -> XmR:
    """Limits and special-cause signals of a series.

    centre = mean; limits = centre -/+ 2.66 x mean moving range, where moving ranges above 3.267 x their mean
    are screened out once. Signals: a point outside the limits; 7 or more in a row on one side of the centre;
    7 or more points in a row all rising or all falling; 2 of 3 beyond two thirds of a limit on one side.

    Parameters
    ----------
    values : sequence of float
        Equally spaced, oldest first; counts or rates; NaN where missing.
    lower_is_better : bool
        Whether a low special cause is an improvement.
    baseline : int or (n,) bools, optional
        Which points fix centre and limits (frozen): the first so many, or those marked True; all when None.
    screen : bool
        Screen large moving ranges, as NHSRplotthedots does by default.

    Raises
    ------
    ValueError
        With fewer than 2 neighbouring points in the baseline.

    Returns
    -------
    XmR

    Notes
    -----
    How it can mislead: four rules on many months find something by chance alone (``false_alarms`` says how often), and
    season or slow drift sets them off without any service. A signal says that the months differ, never why.

    References
    ----------
    NHS England, Making Data Count; NHSRplotthedots vignette "Deviations".
    Provost, L. & Murray, S. (2011). The Health Care Data Guide. Jossey-Bass.

    Examples
    --------
    >>> chart = xmr([30, 28, 33, 31, 29, 32, 30, 31, 12], baseline=8)
    >>> chart.centre, round(chart.lower, 2), chart.latest.value
    (30.5, 24.04, 'improvement')
    """
    x = np.asarray(values, float)
    # A missing month breaks a run and gives no moving range, and so does a month left out of the baseline.
    base = np.where(baseline_mask(len(x), baseline), x, np.nan)
    ranges = np.abs(np.diff(base))
    ranges = ranges[np.isfinite(ranges)]
    if not len(ranges):
        raise ValueError("An XmR chart needs at least two neighbouring points in its baseline.")
    mean_range = float(ranges.mean())
    if screen and mean_range > 0:
        mean_range = float(ranges[ranges <= SCREEN_MULTIPLE * mean_range].mean())
    centre = float(np.nanmean(base))
    lower, upper = centre - LIMIT_MULTIPLE * mean_range, centre + LIMIT_MULTIPLE * mean_range
    high, low = _reasons(x, centre, lower, upper)
    signals, reasons = [], []
    for h, w, value in zip(high, low, x, strict=True):
        signals.append(_signal(bool(h), bool(w), value > centre, lower_is_better))
        reasons.append(tuple(dict.fromkeys(h + w)))
    return XmR(centre, lower, upper, tuple(signals), tuple(reasons))


def baseline_mask(n: int, baseline: Baseline) -> npt.NDArray[np.bool_]:
    """Which of ``n`` points fix centre and limits."""
    if baseline is None:
        return np.ones(n, bool)
    if isinstance(baseline, int):
        return np.arange(n) < baseline
    chosen: npt.NDArray[np.bool_] = np.asarray(baseline, bool)
    return chosen


def _signal(high: bool, low: bool, above: bool, lower_is_better: bool) -> Signal:
    if not high and not low:
        return Signal.COMMON_CAUSE
    # Both at once (a falling run above the centre): the side of the centre decides.
    is_high = above if high and low else high
    return Signal.CONCERN if is_high == lower_is_better else Signal.IMPROVEMENT


def _reasons(
    x: npt.NDArray[np.float64], centre: float, lower: float, upper: float
) -> tuple[list[list[str]], list[list[str]]]:
    high: list[list[str]] = [[] for _ in x]
    low: list[list[str]] = [[] for _ in x]
    rises = np.append(False, np.diff(x) > 0)
    falls = np.append(False, np.diff(x) < 0)
    two_thirds_up, two_thirds_down = centre + (upper - centre) * 2 / 3, centre - (centre - lower) * 2 / 3
    for into, outside, side, steps, far in (
        (high, x > upper, x > centre, rises, x > two_thirds_up),
        (low, x < lower, x < centre, falls, x < two_thirds_down),
    ):
        _mark(into, outside, "outside the limits")
        _mark(into, _in_runs(side, RUN), f"{RUN} or more in a row on one side of the mean")
        _mark(into, _trend(steps), f"{RUN} or more in a row moving one way")
        _mark(into, _two_of_three(far), "2 of 3 close to a limit")
    return high, low


def _mark(into: list[list[str]], flags: npt.NDArray[np.bool_], reason: str) -> None:
    for index in np.flatnonzero(flags):
        into[int(index)].append(reason)


def _in_runs(flags: npt.NDArray[np.bool_], least: int) -> npt.NDArray[np.bool_]:
    """True where ``flags`` is True and belongs to a run of at least ``least``."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    found = np.zeros(len(flags), bool)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start >= least:
            found[start:stop] = True
    return found


def _trend(steps: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Seven points in a row make six steps; the point the trend starts from belongs to it."""
    run = _in_runs(steps, RUN - 1)
    found: npt.NDArray[np.bool_] = run | np.append(run[1:] & ~run[:-1], False)
    return found


def _two_of_three(far: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    found = np.zeros(len(far), bool)
    for end in range(2, len(far)):
        window = slice(end - 2, end + 1)
        if far[window].sum() >= 2:
            found[window] |= far[window]
    return found


class Assurance(StrEnum):
    """Whether ordinary variation alone keeps on the right side of a target."""

    NO_TARGET = "no target set"
    PASSES = "meets the target every month"
    FAILS = "misses the target every month"
    HIT_AND_MISS = "meets or misses the target by chance"


def assurance(chart: XmR, target: float | None, *, lower_is_better: bool = True) -> Assurance:
    """Target against the limits: outside both limits it is met (or missed) every month, between them by chance.

    Parameters
    ----------
    chart : XmR
    target : float or None
        In the units of the values; meeting it means being at or below it when lower is better.
    lower_is_better : bool

    Examples
    --------
    >>> assurance(xmr([30, 28, 33, 31, 29, 32]), 20).value
    'misses the target every month'
    """
    if target is None:
        return Assurance.NO_TARGET
    if chart.lower <= target <= chart.upper:
        return Assurance.HIT_AND_MISS
    return Assurance.PASSES if (target > chart.upper) == lower_is_better else Assurance.FAILS


def limits_are_meaningful(result: XmR) -> bool:
    """False when every value was the same: limits of zero width would signal any later change."""
    return math.isfinite(result.upper) and result.upper > result.lower
