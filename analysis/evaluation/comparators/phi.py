"""How much more a single series of counts scatters than chance alone would make it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
WINDOW = 7
MIN_MONTHS = WINDOW


def overdispersion(series: Sequence[float] | Floats, exposure: Sequence[float] | Floats | None = None) -> float:
    """Overdispersion phi of one series of counts, around its own centred 7-month mean.

    phi = sum_t (y_t - m_t)^2 / m_t / (n x 6/7), not below 1; m_t is the mean of the months within 3 of month t (fewer at
    the ends of the series), n the number of months. Each month is 1/7 of its own mean, which is why the degrees of
    freedom are n x 6/7. A slow drift follows the mean and is not counted.

    Parameters
    ----------
    series : (n,) array
        Counts (or any amounts >= 0) in order of time; NaN where a month is not known (left out).
    exposure : (n,) array, optional
        What each count came from (days, say), when months are not alike; m_t is then the mean rate x exposure.

    Returns
    -------
    float
        phi, 1 or more; 1 when fewer than 7 months are known, where scatter cannot be told from level.

    Notes
    -----
    How it can mislead: drift and season slower than about half a year are taken for level, so phi says nothing about
    how far a place wanders from others over years. With few crimes a month phi itself is uncertain.

    References
    ----------
    Wheeler, A. P. (2026). Drawing contiguous control areas for the WDD test.
    McCullagh, P. & Nelder, J. A. (1989). Generalized Linear Models, 2nd ed., section 4.5 (Pearson's estimate).

    Examples
    --------
    >>> overdispersion([12, 12, 12, 12, 12, 12, 12, 12])
    1.0
    >>> round(overdispersion([2, 25, 3, 30, 1, 22, 4, 28, 2, 31]), 1)
    14.9
    """
    counts = np.asarray(series, float)
    exposed = np.ones(len(counts)) if exposure is None else np.asarray(exposure, float)
    known = np.isfinite(counts) & (exposed > 0)
    if known.sum() < MIN_MONTHS:
        return 1.0
    level = _around(np.where(known, counts, 0.0)) / np.maximum(_around(np.where(known, exposed, 0.0)), 1e-300)
    expected = level * exposed
    used = known & (expected > 0)
    if not used.any():
        return 1.0
    chi2 = float(((counts[used] - expected[used]) ** 2 / expected[used]).sum())
    found = chi2 / (float(known.sum()) * (WINDOW - 1) / WINDOW)
    return max(1.0, found) if math.isfinite(found) else 1.0


def _around(values: Floats) -> Floats:
    """Sum of each value and those within 3 steps of it that exist."""
    reach = WINDOW // 2
    total: Floats = np.convolve(values, np.ones(WINDOW))[reach : reach + len(values)]
    return total
