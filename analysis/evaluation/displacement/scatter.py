"""How much more a difference of areas wanders from month to month, and stays away, than chance alone would make it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MIN_MONTHS, MIN_WAVES = 8, 3


@dataclass(frozen=True)
class Scatter:
    """``phi``, 1 or more, multiplies a Poisson variance; ``df``: degrees of freedom of the t reference (None: normal)."""

    phi: float
    df: float | None
    months: int


def monthly_scatter(
    series: Sequence[tuple[Sequence[float] | Floats, float]],
    during: Sequence[bool] | npt.NDArray[np.bool_],
    exposure: Sequence[float] | Floats | None = None,
) -> Scatter:
    """Overdispersion of a weighted difference of areas, slow drift included.

    d_t = sum_j w_j (y_jt - e_t Y_j / E), with Y_j / E the rate of area j in the window (before or during) of month t:
    what the difference of areas does beside its step from one window to the other. Its long-run variance is
    L = (1 / nu) sum_{k=1..nu} [sqrt(2 / n) sum_t d_t cos(pi k (t - 1/2) / n)]^2, and phi = L / mean_t sum_j w_j^2 mu_jt,
    mu_jt = e_t Y_j / E; not below 1. t reference with nu = 0.4 n^(2/3) degrees of freedom, rounded up.

    Parameters
    ----------
    series : sequence of (counts (n,), weight)
        Areas with the weights that they have in the difference: 1 for the treated one, -1 / area for its control.
    during : (n,) bool
        Which months are in the "during" window; months in order of time.
    exposure : (n,) array, optional
        Days of each month inside its window.

    Returns
    -------
    Scatter
        phi 1 and no degrees of freedom with fewer than 8 months, where drift cannot be seen.

    Notes
    -----
    The plain phi (Pearson around a centred 7-month mean) takes drift over half a year and more for level; in the
    calibration a WDD times its root still cried wolf in about 17% of runs without any effect, with this one in 5%.
    How it can mislead: with two years of months, drift that takes longer than they last is not seen.

    References
    ----------
    Lazarus, E., Lewis, D. J., Stock, J. H. & Watson, M. W. (2018). HAR inference: recommendations for practice.
    Journal of Business & Economic Statistics 36, 541-559 (equal-weighted cosine estimator, nu = 0.4 n^(2/3)).

    Examples
    --------
    >>> steady = monthly_scatter([([9, 11] * 6, 1.0), ([11, 9] * 6, -1.0)], [False] * 6 + [True] * 6)
    >>> steady.phi, steady.df
    (1.0, 3.0)
    >>> wander = [5, 5, 6, 14, 15, 15, 15, 14, 6, 5, 5, 6]
    >>> round(monthly_scatter([(wander, 1.0)], [False] * 6 + [True] * 6).phi, 1)
    7.3
    """
    split = np.asarray(during, bool)
    n = len(split)
    exposed = np.ones(n) if exposure is None else np.asarray(exposure, float)
    if n < MIN_MONTHS or split.all() or not split.any() or (exposed <= 0).any():
        return Scatter(1.0, None, n)
    wave, chance = np.zeros(n), np.zeros(n)
    for counts, weight in series:
        y = np.asarray(counts, float)
        expected = np.zeros(n)
        for window in (split, ~split):
            expected[window] = exposed[window] * y[window].sum() / exposed[window].sum()
        wave += weight * (y - expected)
        chance += weight**2 * expected
    if chance.sum() <= 0:
        return Scatter(1.0, None, n)
    nu = max(MIN_WAVES, math.ceil(0.4 * n ** (2 / 3)))
    k, at = np.arange(1, nu + 1)[:, None], np.arange(n)[None, :] + 0.5
    projected = math.sqrt(2 / n) * np.cos(math.pi * k * at / n) @ wave
    return Scatter(max(1.0, float((projected**2).mean() / chance.mean())), float(nu), n)
