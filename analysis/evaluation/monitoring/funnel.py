"""Funnel plots: which places differ from the rest by more than their small numbers explain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
# Share of the places at each end pulled in before phi is estimated, so that an outlier does not widen its own limits.
WINSORISED = 0.10
LEVELS = (0.95, 0.998)


@dataclass(frozen=True)
class Funnel:
    """Each place's observed / expected, its z allowing for overdispersion, and limits at 95% and 99.8%.

    ``limits``: level -> (lower, upper) of observed / expected for each place; chance alone, widened by sqrt(phi).
    """

    ratios: tuple[float, ...]
    z: tuple[float, ...]
    phi: float
    limits: dict[float, tuple[tuple[float, ...], tuple[float, ...]]]

    @property
    def outside(self) -> tuple[bool, ...]:
        """Beyond the 99.8% limits."""
        low, high = self.limits[LEVELS[1]]
        return tuple(bool(r < a or r > b) for r, a, b in zip(self.ratios, low, high, strict=True))


def funnel(
    observed: Sequence[float] | Floats, expected: Sequence[float] | Floats, *, overdispersed: bool = True
) -> Funnel:
    """Observed / expected by place with exact Poisson limits, widened where places scatter more than chance.

    Limits are Poisson quantiles at the expected count, interpolated between whole counts (Spiegelhalter 2005, A.1.1).
    phi = mean of winsorised z^2, z = 2 (sqrt(O) - sqrt(E)); where phi > 1 distances from 1 are multiplied by sqrt(phi).

    Parameters
    ----------
    observed : (n,) sequence
        Events in each place.
    expected : (n,) sequence
        Events each would have at the common rate, > 0.
    overdispersed : bool
        False for exact limits alone. Fewer than 5 places always give exact limits: phi cannot be told from them.

    Returns
    -------
    Funnel

    Notes
    -----
    How it can mislead: with many places some lie outside a 95% limit by chance; and the places were not chosen at random,
    so "different" is a reason to look, not a finding about the service there.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24, 1185-1202.

    Examples
    --------
    >>> found = funnel([12, 30, 8, 22], [14.0, 18.0, 16.0, 24.0])
    >>> found.phi, found.outside
    (1.0, (False, False, False, False))
    """
    o, e = _checked(observed, expected)
    z = 2 * (np.sqrt(o) - np.sqrt(e))
    return _with_limits(o / e, z, overdispersed, lambda p: _between(stats.poisson, p, e) / e)


def funnel_shares(
    events: Sequence[float] | Floats,
    totals: Sequence[float] | Floats,
    share: float | Sequence[float] | Floats,
    *,
    overdispersed: bool = True,
) -> Funnel:
    """The funnel of before and during: how far each place's odds of an event being "during" lie from the common odds.

    Given its total n, a place's later count is binomial(n, s) when it changed like all others, so that the noise of both
    counts is in the limits. ``ratios`` are (x / (n - x)) / (s / (1 - s)): the place's change over the common change.

    Parameters
    ----------
    events, totals : (n,) sequences
        Later count and the sum of both counts, > 0, of each place.
    share : float or (n,) sequence
        Share s under the common change, strictly between 0 and 1; one a place where their exposures differ.
    overdispersed : bool
        As in :func:`funnel`.

    Returns
    -------
    Funnel

    Notes
    -----
    How it can mislead: a place that was chosen for a bad year falls by itself, and so lies low in the funnel; and with
    many places some lie outside a 95% limit by chance. "Different" is a reason to look, not a finding.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24, 1185-1202.

    Examples
    --------
    >>> found = funnel_shares([10, 12, 3], [30, 31, 28], 25 / 89)
    >>> [round(r, 2) for r in found.ratios]
    [1.28, 1.62, 0.31]
    """
    x, n = _checked(events, totals)
    s = np.broadcast_to(np.asarray(share, float), x.shape)
    if np.any((s <= 0) | (s >= 1)):
        raise ValueError("The common share must lie between 0 and 1.")
    # Arcsine keeps z near standard normal for small counts, as the square root does for Poisson.
    z = 2 * np.sqrt(n) * (np.arcsin(np.sqrt(np.minimum(x / n, 1.0))) - np.arcsin(np.sqrt(s)))
    return _with_limits(
        _odds(x / n) / _odds(s),
        z,
        overdispersed,
        lambda p: _odds(np.clip(_between(stats.binom, p, n, s) / n, 0.0, 1.0)) / _odds(s),
    )


def _checked(first: Sequence[float] | Floats, second: Sequence[float] | Floats) -> tuple[Floats, Floats]:
    a, b = np.asarray(first, float), np.asarray(second, float)
    if len(a) != len(b) or not len(a) or np.any(a < 0) or np.any(b <= 0):
        raise ValueError("A funnel needs counts of 0 or more and an expectation above 0 for each place.")
    return a, b


def _odds(share: Floats) -> Floats:
    with np.errstate(divide="ignore"):
        found: Floats = share / (1 - share)
    return found


def _between(family: Any, p: float, *shape: Any) -> Floats:
    """Quantile of a count, moved between whole counts so that exactly ``p`` lies below it."""
    r = family.ppf(p, *shape)
    over, at = family.cdf(r, *shape) - p, family.pmf(r, *shape)
    found: Floats = np.maximum(0.0, r - np.where(at > 0, over / np.where(at > 0, at, 1.0), 0.0))
    return found


def _with_limits(ratios: Floats, z: Floats, overdispersed: bool, quantile: Any) -> Funnel:
    phi = overdispersion_of(z) if overdispersed and len(z) >= 5 else 1.0
    limits = {}
    for level in LEVELS:
        low, high = quantile((1 - level) / 2), quantile((1 + level) / 2)
        # On the log scale, so that a widened lower limit cannot pass 0.
        with np.errstate(divide="ignore"):
            low, high = (np.exp(np.log(edge) * math.sqrt(phi)) for edge in (low, high))
        limits[level] = (tuple(low.tolist()), tuple(high.tolist()))
    return Funnel(tuple(ratios.tolist()), tuple((z / math.sqrt(phi)).tolist()), phi, limits)


def overdispersion_of(z: Sequence[float] | Floats) -> float:
    """phi = mean of z^2 after the outermost 10% at each end are pulled in; never below 1."""
    values = np.asarray(z, float)
    low, high = np.quantile(values, [WINSORISED, 1 - WINSORISED])
    return max(1.0, float((np.clip(values, low, high) ** 2).mean()))
