"""Laney u' chart: rates from unequal exposures, with limits that know that rates vary more than chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.evaluation.monitoring.xmr import Baseline, baseline_mask

Floats = npt.NDArray[np.float64]
D2 = 1.128  # mean moving range of two / standard deviation


@dataclass(frozen=True)
class LaneyU:
    """Rates with limits that widen where exposure is small.

    ``sigma_z`` is the spread of the standardised rates: 1 is chance alone, above 1 more than chance. ``lower`` is cut at 0.
    """

    rates: tuple[float, ...]
    centre: float
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    sigma_z: float
    outside: tuple[int, ...]  # -1 below the lower limit, 1 above the upper, 0 between


def laney_u(
    counts: Sequence[float] | Floats,
    exposures: Sequence[float] | Floats,
    *,
    baseline: Baseline = None,
    adjusted: bool = True,
) -> LaneyU:
    """u' chart: centre u = total count / total exposure; limits u -/+ 3 sigma_z sqrt(u / n_i).

    z_i = (u_i - u) / sqrt(u / n_i); sigma_z = mean |z_i - z_{i-1}| / 1.128. With sigma_z = 1 it is the plain u chart.

    Parameters
    ----------
    counts, exposures : (n,) sequences
        Events and what they came from (hot spot-days, say), oldest first; NaN where not known. A period without
        exposure is not known either.
    baseline : int or (n,) bools, optional
        Which periods fix centre and limits: the first so many, or those marked True; all when None.
    adjusted : bool
        False for the plain u chart, which takes counts as Poisson.

    Returns
    -------
    LaneyU

    Raises
    ------
    ValueError
        Without two neighbouring known periods, or without any event, in the baseline.

    Notes
    -----
    How it can mislead: only points outside the limits count here, runs are left to the XmR chart. A sigma_z from few
    periods is itself uncertain, and one below 1 narrows the limits.

    References
    ----------
    Laney, D. B. (2002). Improved control charts for attributes. Quality Engineering 14, 531-537.

    Examples
    --------
    >>> chart = laney_u([30, 22, 41, 25, 35, 60], [310, 280, 310, 300, 310, 300], baseline=5)
    >>> round(chart.centre, 4), round(chart.sigma_z, 2), chart.outside
    (0.1013, 1.81, (0, 0, 0, 0, 0, 0))
    """
    y, n = np.asarray(counts, float), np.asarray(exposures, float)
    known = np.isfinite(y) & np.isfinite(n) & (n > 0)
    base = baseline_mask(len(y), baseline) & known
    if y[base].sum() <= 0:
        raise ValueError("A u chart needs at least one event in its baseline.")
    centre = float(y[base].sum() / n[base].sum())
    rates = np.where(known, y / np.where(known, n, 1.0), np.nan)
    sd = np.sqrt(centre / np.where(known, n, np.nan))
    z = np.where(base, (rates - centre) / sd, np.nan)
    ranges = np.abs(np.diff(z))
    ranges = ranges[np.isfinite(ranges)]
    if not len(ranges):
        raise ValueError("A u chart needs at least two neighbouring known periods in its baseline.")
    sigma_z = float(ranges.mean() / D2)
    reach = 3 * (sigma_z if adjusted else 1.0) * sd
    low, high = np.maximum(0.0, centre - reach), centre + reach
    outside = np.where(rates > high, 1, np.where(rates < low, -1, 0))
    return LaneyU(
        tuple(rates.tolist()), centre, tuple(low.tolist()), tuple(high.tolist()), sigma_z, tuple(outside.tolist())
    )
