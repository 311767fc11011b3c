"""How far places wander from each other over half a year and more, which a scatter around a short moving mean cannot see."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MIN_MONTHS, MIN_PLACES, MIN_WAVES = 24, 4, 3


def slow_overdispersion(counts: Floats, exposure: Floats) -> Floats | None:
    """Overdispersion phi of each place over long waves, around what the other places did.

    With r_j the rate of place j over its mean, E_it = Y_i e_it c_it / sum_t e_it c_it for c_it the mean r_jt of the others,
    w_t = y_it - E_it: phi_i = (1 / nu) sum_{k=1..nu} [sqrt(2 / n) sum_t w_t cos(pi k (t - 1/2) / n)]^2 / mean_t E_it, with
    nu = 0.4 n^(2/3) rounded up. Chance alone gives 1; not floored.

    Parameters
    ----------
    counts, exposure : (P, T) arrays
        Months before the service in order of time; months that a place lacks (exposure 0) are left out for all.

    Returns
    -------
    (P,) array or None
        None with fewer than 24 such months, 4 places or a place without crime.

    Notes
    -----
    In the calibration a small treated place beside whole cities drifts more than they do: with the scatter around 7-month
    means alone a difference in differences with 20 comparators cried wolf in 10% of runs without effect, with the larger
    of the two in 7%. How it can mislead: it rests on a handful of waves, so it is rough.

    References
    ----------
    Lazarus, E., Lewis, D. J., Stock, J. H. & Watson, M. W. (2018). Journal of Business & Economic Statistics 36, 541-559.

    Examples
    --------
    >>> steady = np.full((5, 24), 20.0)
    >>> steady[0] += np.repeat([6.0, -6.0], 12)
    >>> found = slow_overdispersion(steady, np.ones((5, 24)))
    >>> bool(found[0] > 5), bool((found[1:] < 1).all())
    (True, True)
    """
    known = (exposure > 0).all(axis=0)
    y, e = counts[:, known], exposure[:, known]
    places, n = y.shape
    if n < MIN_MONTHS or places < MIN_PLACES or (y.sum(axis=1) <= 0).any():
        return None
    relative = (y / e) / (y / e).mean(axis=1, keepdims=True)
    common = (relative.sum(axis=0) - relative) / (places - 1)
    shares = e * common
    expected = y.sum(axis=1, keepdims=True) * shares / shares.sum(axis=1, keepdims=True)
    nu = max(MIN_WAVES, math.ceil(0.4 * n ** (2 / 3)))
    k, at = np.arange(1, nu + 1)[:, None], np.arange(n)[None, :] + 0.5
    projected = (y - expected) @ (math.sqrt(2 / n) * np.cos(math.pi * k * at / n)).T
    found: Floats = (projected**2).mean(axis=1) / expected.mean(axis=1)
    return found
