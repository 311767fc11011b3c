"""How small a change these data could show, and how many months it would take to show a given one."""

from __future__ import annotations

import math

from scipy import optimize, stats

# Longest service that is looked at: a need beyond it is said as "more than".
MOST_MONTHS = 600


def rate_ratio_se(
    events_reference: float, ratio: float, exposure_ratio: float = 1.0, *, phi: float = 1.0, drift: float = 0.0
) -> float:
    """SE of a log rate ratio: sqrt(phi (1 / E0 + 1 / E1) + drift^2), E1 = E0 x ratio x exposure ratio.

    Parameters
    ----------
    events_reference : float
        Expected events before (or on comparison days) E0, > 0.
    ratio : float
        Rate ratio supposed, > 0.
    exposure_ratio : float
        Exposure during / exposure before.
    phi : float
        Overdispersion, >= 1.
    drift : float
        SD of the log ratio between periods beyond chance, which more data do not lessen.

    Examples
    --------
    >>> round(rate_ratio_se(100, 1.0), 4)
    0.1414
    """
    if min(events_reference, ratio, exposure_ratio) <= 0:
        raise ValueError("Events, ratio and exposures must be above 0.")
    return math.sqrt(phi * (1 + 1 / (ratio * exposure_ratio)) / events_reference + drift**2)


def power_rate_ratio(
    events_reference: float,
    ratio: float,
    exposure_ratio: float = 1.0,
    *,
    phi: float = 1.0,
    clusters: int | None = None,
    between: float = 0.0,
    drift: float = 0.0,
    alpha: float = 0.05,
    sides: int = 2,
) -> float:
    """Power of a Wald test that a rate ratio is 1: how often such a change would be found.

    P(|Z + log(ratio) / SE| > z), SE^2 = phi (1 / E0 + 1 / E1) + between^2 (1 / c) + drift^2; with clusters z is a t
    quantile on c - 1 degrees of freedom and the power is from the noncentral t.

    Parameters
    ----------
    events_reference, ratio, exposure_ratio, phi, drift
        As in :func:`rate_ratio_se`.
    clusters : int, optional
        Independent clusters c (days, hot spots) that the error is counted over; 2 or more.
    between : float
        SD over clusters of the log ratio itself (hot spots that respond differently).
    alpha : float
        Of the test.
    sides : {1, 2}
        One-sided: towards fewer when ratio < 1, towards more when above.

    Returns
    -------
    float
        0 to 1.

    Notes
    -----
    How it can mislead: slicing time finer adds no power: only events, overdispersion and clusters enter. Power worked
    out from the effect that was found says nothing new; suppose an effect worth having.

    References
    ----------
    Gu, K., Ng, H. K. T., Tang, M. L. & Schucany, W. R. (2008). Testing the ratio of two Poisson rates. Biometrical J 50.
    Signorini, D. F. (1991). Sample size for Poisson regression. Biometrika 78, 446-450.

    Examples
    --------
    >>> round(power_rate_ratio(400, 0.75), 2)
    0.96
    >>> round(power_rate_ratio(400, 0.75, phi=2), 2)
    0.76
    """
    if clusters is not None and clusters < 2:
        raise ValueError("A test over clusters needs two of them or more.")
    se2 = rate_ratio_se(events_reference, ratio, exposure_ratio, phi=phi, drift=drift) ** 2
    se = math.sqrt(se2 + (between**2 / clusters if clusters else 0.0))
    shift = abs(math.log(ratio)) / se
    if clusters is None:
        z = float(stats.norm.isf(alpha / sides))
        return float(stats.norm.sf(z - shift) + (stats.norm.sf(z + shift) if sides == 2 else 0.0))
    df = clusters - 1
    t = float(stats.t.isf(alpha / sides, df))
    upper = float(stats.nct.sf(t, df, shift))
    return upper + (float(stats.nct.cdf(-t, df, shift)) if sides == 2 else 0.0)


def smallest_ratio(
    events_reference: float, exposure_ratio: float = 1.0, *, power: float = 0.8, **noise: float
) -> float:
    """Largest ratio below 1 (smallest fall) found with the given power; ``noise`` as in :func:`power_rate_ratio`.

    0 when even no crime at all would not be found so often.

    Examples
    --------
    >>> round(smallest_ratio(400), 2)
    0.81
    """

    def excess(log_ratio: float) -> float:
        return power_rate_ratio(events_reference, math.exp(log_ratio), exposure_ratio, **noise) - power  # type: ignore[arg-type]

    lows = [-0.01 * 1.15**k for k in range(60)]
    reached = next((low for low in lows if excess(low) >= 0), None)
    if reached is None:
        return 0.0
    return math.exp(float(optimize.brentq(excess, reached, -1e-9, xtol=1e-9)))


def months_needed(
    events_a_month: float,
    ratio: float,
    months_before: float | None = None,
    *,
    power: float = 0.8,
    phi: float = 1.0,
    drift: float = 0.0,
    alpha: float = 0.05,
    sides: int = 2,
) -> int | None:
    """Months of service until a change of this size is found with the given power; None when 600 are not enough.

    Parameters
    ----------
    events_a_month : float
        Before the service, in all hot spots together, > 0.
    ratio : float
        Change supposed, above 0 and not 1.
    months_before : float, optional
        Months in the "before" window; as many as during when None.
    power, phi, drift, alpha, sides
        As in :func:`power_rate_ratio`.

    Examples
    --------
    >>> months_needed(40, 0.8, 12), months_needed(40, 0.95, 12)
    (8, None)
    """
    if ratio == 1 or ratio <= 0:
        raise ValueError("A change must be supposed: a ratio above 0 other than 1.")

    def reached(months: int) -> bool:
        before = months_before or months
        found = power_rate_ratio(
            events_a_month * before, ratio, months / before, phi=phi, drift=drift, alpha=alpha, sides=sides
        )
        return found >= power

    if not reached(MOST_MONTHS):
        return None
    low, high = 0, MOST_MONTHS  # power rises with months, so halving finds the first that is enough
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


def clusters_needed(
    rate_reference: float,
    rate: float,
    exposure: float,
    *,
    variation: float = 0.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float:
    """Clusters an arm of a cluster-randomised comparison of two rates (Hayes and Bennett).

    c = 1 + (z_{alpha/2} + z_beta)^2 ((l0 + l1) / y + k^2 (l0^2 + l1^2)) / (l0 - l1)^2.

    Parameters
    ----------
    rate_reference, rate : float
        Events per unit of exposure, l0 and l1, not equal.
    exposure : float
        Exposure of one cluster y.
    variation : float
        Coefficient of variation k of the true rates between clusters of an arm.
    power, alpha
        Two-sided alpha.

    References
    ----------
    Hayes, R. J. & Bennett, S. (1999). Simple sample size calculation for cluster-randomized trials. Int J Epidemiology 28.

    Examples
    --------
    >>> round(clusters_needed(0.0148, 0.0104, 424, variation=0.25), 1)
    33.4
    """
    if rate == rate_reference or min(rate, rate_reference) < 0 or exposure <= 0:
        raise ValueError("Two different rates of 0 or more and an exposure above 0 are needed.")
    reach = float(stats.norm.isf(alpha / 2) + stats.norm.ppf(power))
    noise = (rate_reference + rate) / exposure + variation**2 * (rate_reference**2 + rate**2)
    return 1 + reach**2 * noise / (rate_reference - rate) ** 2
