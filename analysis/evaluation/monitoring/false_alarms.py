"""How often a chart signals when nothing has changed: simulated for its own number of points and size of counts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from analysis.evaluation.monitoring.xmr import LIMIT_MULTIPLE, RUN, SCREEN_MULTIPLE

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
RUNS = 2000
SEED = 2026
LARGE = 100.0


@dataclass(frozen=True)
class FalseAlarms:
    """``any_month``: share of charts with a signal in any month after the baseline; ``a_month``: share of those months."""

    any_month: float
    a_month: float
    months: int
    runs: int
    seed: int

    @property
    def monte_carlo_error(self) -> float:
        """Standard error of ``any_month`` from the number of runs."""
        return math.sqrt(self.any_month * (1 - self.any_month) / self.runs)


def false_alarms(
    points: int, baseline: int, *, mean: float = 30.0, phi: float = 1.0, rho: float = 0.0, runs: int = RUNS
) -> FalseAlarms:
    """False-alarm rate of an XmR chart with limits frozen on its first points, by seeded simulation.

    Counts are negative binomial with mean ``mean`` and variance ``phi`` x mean (Poisson at 1); ``rho`` is the correlation
    of one month with the next, put in through a normal copula. Nothing changes in any simulated series.

    Parameters
    ----------
    points, baseline : int
        Months on the chart, and those at its start that fix the limits (2 or more).
    mean, phi, rho : float
        Size of the counts (> 0), overdispersion (>= 1) and month-to-month correlation (0 to below 1).
    runs : int
        Simulated charts.

    Returns
    -------
    FalseAlarms

    Notes
    -----
    How it can mislead: a real series also has season and drift, which set the rules off more often than this rate says;
    a rate with ``rho`` above 0 shows how much more.

    Examples
    --------
    >>> rate = false_alarms(24, 12)
    >>> 0.1 < rate.any_month < 0.4 and rate.any_month < false_alarms(24, 12, rho=0.4).any_month
    True
    """
    # Rounded to two digits, so that next month's chart asks for the same simulation.
    rounded = (_two_digits(mean), _two_digits(max(1.0, phi)), round(min(max(rho, 0.0), 0.95), 1))
    return _simulated(points, min(baseline, points), *rounded, runs)


def _two_digits(value: float) -> float:
    return float(f"{max(value, 0.1):.2g}")


@lru_cache(maxsize=256)
def _simulated(points: int, baseline: int, mean: float, phi: float, rho: float, runs: int) -> FalseAlarms:
    series = _series(points, mean, phi, rho, runs)
    monitored = signals(series, baseline)[:, baseline:]
    months = monitored.shape[1]
    any_month = float(monitored.any(axis=1).mean()) if months else 0.0
    return FalseAlarms(any_month, float(monitored.mean()) if months else 0.0, months, runs, SEED)


def _series(points: int, mean: float, phi: float, rho: float, runs: int) -> Floats:
    rng = np.random.default_rng(SEED)
    noise = rng.standard_normal((runs, points))
    for t in range(1, points):
        noise[:, t] = rho * noise[:, t - 1] + math.sqrt(1 - rho**2) * noise[:, t]
    if mean > LARGE:
        # The rules see standardised months only, and counts of this size are normal to them.
        large: Floats = np.maximum(0.0, np.round(mean + math.sqrt(phi * mean) * noise))
        return large
    values = np.arange(math.ceil(mean + 12 * math.sqrt(phi * mean)) + 10)
    spread = stats.nbinom(mean / (phi - 1), 1 / phi) if phi > 1 else stats.poisson(mean)
    found: Floats = np.searchsorted(spread.cdf(values), special.ndtr(noise)).astype(np.float64)
    return found


def signals(x: Floats, baseline: int) -> Bools:
    """The rules of :func:`analysis.evaluation.monitoring.xmr.xmr` on many complete series at once: (runs, points) bools."""
    base = x[:, :baseline]
    centre = base.mean(axis=1, keepdims=True)
    ranges = np.abs(np.diff(base, axis=1))
    mean_range = ranges.mean(axis=1, keepdims=True)
    kept = ranges <= SCREEN_MULTIPLE * mean_range
    mean_range = (ranges * kept).sum(axis=1, keepdims=True) / kept.sum(axis=1, keepdims=True)
    found = np.zeros(x.shape, bool)
    for side in (1.0, -1.0):
        off = side * (x - centre)
        far = off > LIMIT_MULTIPLE * mean_range * 2 / 3
        found |= off > LIMIT_MULTIPLE * mean_range
        found |= _runs(off > 0, RUN)
        steps = np.concatenate([np.zeros((len(x), 1), bool), np.diff(off, axis=1) > 0], axis=1)
        trend = _runs(steps, RUN - 1)
        found |= trend | np.concatenate([trend[:, 1:] & ~trend[:, :-1], np.zeros((len(x), 1), bool)], axis=1)
        found |= _two_of_three(far)
    return found


def _runs(flags: Bools, least: int) -> Bools:
    if flags.shape[1] < least:
        return np.zeros(flags.shape, bool)
    whole: Bools = np.asarray(np.lib.stride_tricks.sliding_window_view(flags, least, axis=1).all(axis=-1))
    return _spread_back(whole, least, flags.shape[1])


def _two_of_three(far: Bools) -> Bools:
    if far.shape[1] < 3:
        return np.zeros(far.shape, bool)
    near = np.lib.stride_tricks.sliding_window_view(far, 3, axis=1)
    two: Bools = np.asarray(near.sum(axis=-1) >= 2)
    return _spread_back(two, 3, far.shape[1]) & far


def _spread_back(windows: Bools, length: int, points: int) -> Bools:
    """True at every point that belongs to a window marked True."""
    found = np.zeros((len(windows), points), bool)
    for offset in range(length):
        found[:, offset : offset + windows.shape[1]] |= windows
    return found
