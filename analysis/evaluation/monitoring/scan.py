"""Is the busiest stretch of time busier than the busiest stretch usually is? Naus's scan statistic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import gammaln

# Configurations that an exact enumeration may take before it is refused.
MOST_CONFIGURATIONS = 200_000


@dataclass(frozen=True)
class BusiestStretch:
    """Most events in any run of ``length`` periods, where it starts, and how often chance alone gives as many."""

    count: float
    start: int
    length: int
    expected: float
    p: float
    how: str


def naus_scan(count: int, expected: float, windows: float) -> float:
    """Chance of some window holding ``count`` or more events of a Poisson process, wherever the window starts.

    P = 1 - Q2 (Q3 / Q2)^(L - 2), L = length of the record / length of the window; Q2 and Q3, the chances of no such
    window in two and three windows' length, have closed forms (Naus 1982, theorem 1).

    Parameters
    ----------
    count : int
        Events in the busiest window, 1 or more.
    expected : float
        Mean events in one window, > 0.
    windows : float
        Length of the record over the length of the window, 2 or more.

    Returns
    -------
    float
        Chance; compare with 0.05 only when the window's length was fixed beforehand.

    Notes
    -----
    How it can mislead: it takes events as independent and the rate as constant. Crime has season, drift and repeat
    victims, so this chance is too small; multiply the expectation by what the season would give before believing it.

    References
    ----------
    Naus, J. I. (1982). Approximations for distributions of scan statistics. JASA 77, 177-183.
    Aberdein, J. & Spiegelhalter, D. (2013). Have London's roads become more dangerous for cyclists? Significance 10(6).

    Examples
    --------
    Six deaths of cyclists in two weeks, where 0.6 are expected, in eight years:

    >>> round(naus_scan(6, 0.6, 208), 3)
    0.039
    """
    if count < 1 or expected <= 0 or windows < 2:
        raise ValueError("A scan needs a count of 1 or more, some expected events and a record of two windows or more.")
    if count == 1:
        return -math.expm1(-expected * windows)
    q2, q3 = _q2(count, expected), _q3(count, expected)
    if q2 <= 0:
        return 1.0
    ratio = min(1.0, max(0.0, q3 / q2))
    return float(min(1.0, max(0.0, 1 - q2 * ratio ** (windows - 2))))


def _pmf(n: Any, mean: float) -> Any:
    return stats.poisson.pmf(n, mean)


def _cdf(n: Any, mean: float) -> Any:
    return stats.poisson.cdf(n, mean)


def _q2(k: int, m: float) -> float:
    p = _pmf(k, m)
    found = _cdf(k - 1, m) ** 2 - (k - 1) * p * _pmf(k - 2, m) - (k - 1 - m) * p * _cdf(k - 3, m)
    return float(found)


def _q3(k: int, m: float) -> float:
    p, f = _pmf(k, m), _cdf(np.arange(k - 5, k), m)  # f[i] = F(k - 5 + i)
    a1 = 2 * p * f[4] * ((k - 1) * f[3] - m * f[2])
    a2 = 0.5 * p**2 * ((k - 1) * (k - 2) * f[2] - 2 * (k - 2) * m * f[1] + m**2 * f[0])
    r = np.arange(1, k)
    a3 = (_pmf(2 * k - r, m) * _cdf(r - 1, m) ** 2).sum()
    r = np.arange(2, k)
    a4 = (_pmf(2 * k - r, m) * _pmf(r, m) * ((r - 1) * _cdf(r - 2, m) - m * _cdf(r - 3, m))).sum()
    return float(f[4] ** 3 - a1 + a2 + a3 - a4)


def naus_scan_given_total(count: int, total: int, share: float) -> float:
    """Chance that some window of a share w of the record holds ``count`` of ``total`` events placed at random.

    (k / w - N - 1) b(k) + 2 G(k), b and G the binomial(N, w) probability of exactly and at least k: exact when k > N / 2
    and w <= 1/2 (Naus 1965), else an approximation that is good while the chance is small (Wallenstein and Neff 1987).

    Parameters
    ----------
    count, total : int
        k and N, 2 <= k <= N.
    share : float
        Window length / record length w, above 0 and at most 1/2.

    Notes
    -----
    How it can mislead: as :func:`naus_scan`; events are taken as independent and equally likely at any time.

    References
    ----------
    Naus, J. I. (1965). The distribution of the size of the maximum cluster of points on a line. JASA 60, 532-538.
    Wallenstein, S. & Neff, N. (1987). An approximation for the distribution of the scan statistic. Stat Med 6, 197-207.

    Examples
    --------
    Two events within a tenth of the record, of two in all: 1 - (1 - w)^2.

    >>> round(naus_scan_given_total(2, 2, 0.1), 6)
    0.19
    """
    if not (2 <= count <= total and 0 < share <= 0.5):
        raise ValueError("A conditional scan needs 2 <= count <= total and a window of at most half of the record.")
    exactly = float(stats.binom.pmf(count, total, share))
    found = (count / share - total - 1) * exactly + 2 * float(stats.binom.sf(count - 1, total, share))
    return min(1.0, max(0.0, found))


def naus_scan_exact(count: int, total: int, windows: int) -> float:
    """The same chance exactly, for a window of 1 / L of the record, L a whole number.

    1 - N! L^-N sum over (n_1..n_L), each n_i < k and adding up to N, of det(1 / c_ij!), with
    c_ij = (j - i) k - (n_i + ... + n_{j-1}) + n_i for i < j and (j - i) k + (n_j + ... + n_i) for i >= j.

    Parameters
    ----------
    count, total : int
        k and N, 2 <= k <= N.
    windows : int
        L, 2 or more.

    Raises
    ------
    ValueError
        When there are more than 200,000 ways to spread the events: use the approximations there.

    References
    ----------
    Naus, J. I. (1966). Some probabilities, expectations and variances for the size of largest clusters. JASA 61.

    Examples
    --------
    >>> round(naus_scan_exact(2, 2, 2), 6)
    0.75
    >>> abs(naus_scan_exact(4, 6, 5) - naus_scan_given_total(4, 6, 0.2)) < 1e-9
    True
    """
    if not (2 <= count <= total and windows >= 2):
        raise ValueError("An exact scan needs 2 <= count <= total and two windows or more.")
    if total > windows * (count - 1):
        return 1.0  # some window must hold that many
    if math.comb(total + windows - 1, windows - 1) > MOST_CONFIGURATIONS:
        raise ValueError("There are too many ways to spread these events for an exact answer; use an approximation.")
    none = sum(_determinant(n, count) for n in _spread(total, windows, count - 1))
    scale = math.exp(float(gammaln(total + 1)) - total * math.log(windows))
    return float(min(1.0, max(0.0, 1 - scale * none)))


def _spread(total: int, windows: int, most: int) -> Iterator[list[int]]:
    if windows == 1:
        if total <= most:
            yield [total]
        return
    for first in range(max(0, total - most * (windows - 1)), min(most, total) + 1):
        for rest in _spread(total - first, windows - 1, most):
            yield [first, *rest]


def _determinant(n: Sequence[int], k: int) -> float:
    size = len(n)
    matrix = np.zeros((size, size))
    for i in range(size):
        for j in range(size):
            c = (j - i) * k - sum(n[i:j]) + n[i] if i < j else (j - i) * k + sum(n[j : i + 1])
            matrix[i, j] = math.exp(-math.lgamma(c + 1)) if c >= 0 else 0.0
    return float(np.linalg.det(matrix))


def busiest_stretch(
    counts: Sequence[float] | npt.NDArray[np.float64], length: int, expected: float | None = None
) -> BusiestStretch | None:
    """The run of ``length`` neighbouring periods with most events, and how often chance gives as many.

    Parameters
    ----------
    counts : (n,) sequence
        Events a period; NaN where not known: no stretch reaches over it.
    length : int
        Periods in a window, fixed beforehand.
    expected : float, optional
        Mean events a period, from a baseline; the mean of the known periods unless given.

    Returns
    -------
    BusiestStretch or None
        None when no stretch is fully known, the record is shorter than two windows, or nothing happened.

    Examples
    --------
    >>> found = busiest_stretch([1, 0, 1, 0, 5, 4, 0, 1, 0, 0, 1, 0], 2)
    >>> found.start, found.count, round(found.p, 3)
    (4, 9.0, 0.012)
    """
    y = np.asarray(counts, float)
    known = int(np.isfinite(y).sum())
    if length < 1 or known < 2 * length:
        return None
    sums = np.convolve(y, np.ones(length), "valid")
    mean = float(np.nanmean(y)) if expected is None else expected
    if not np.isfinite(sums).any() or mean <= 0 or np.nanmax(sums) < 1:
        return None
    start = int(np.nanargmax(sums))
    most = float(sums[start])
    p = naus_scan(math.floor(most), mean * length, known / length)
    return BusiestStretch(most, start, length, mean * length, p, "Naus 1982, window sliding freely")
