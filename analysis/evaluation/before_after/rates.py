"""Five large-sample tests of a rate ratio, and the plain percentage change: for comparison with other studies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from analysis.evaluation.before_after.counts import ESTIMAND, NO_CRIME, POISSON_ONLY, TwoCounts
from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.calibration.table import quote
from analysis.evaluation.distributions import normal_above, normal_quantile
from analysis.evaluation.record import Check, Refusal, ResultRecord

Alternative = Literal["two-sided", "larger", "smaller"]
KEY = "rate-ratio-tests"
NAIVE = "naive-change"
NAMES = {
    "wald": "Wald: variance at the two observed rates (W1)",
    "score": "score: variance under the null ratio (W2)",
    "log": "log ratio: variance at the two observed rates (W3)",
    "log_score": "log ratio: variance under the null ratio (W4)",
    "sqrt": "square roots of the counts (W5)",
}
_MEANING = "Large-sample test; Poisson noise only."


@dataclass(frozen=True)
class RateTest:
    """``z`` is 0 at the null ratio and above 0 when ``during`` is higher; None where a count of 0 leaves it undefined."""

    name: str
    z: float | None
    p: float | None


def rate_ratio_statistics(
    counts: TwoCounts, *, ratio0: float = 1.0, alternative: Alternative = "two-sided"
) -> dict[str, RateTest]:
    """The five statistics of Gu et al. for H0: rate during / rate before = ``ratio0``.

    With x0, x1 the counts before and during and d = ratio0 t1 / t0:
    W1 = (x1 - x0 d) / sqrt(x1 + x0 d^2); W2 = (x1 - x0 d) / sqrt((x0 + x1) d);
    W3 = log(x1 / (x0 d)) / sqrt(1/x1 + 1/x0); W4 = log(x1 / (x0 d)) / sqrt((2 + 1/d + d) / (x0 + x1));
    W5 = 2 (sqrt(x1 + 3/8) - sqrt((x0 + 3/8) d)) / sqrt(1 + d).

    Parameters
    ----------
    counts : TwoCounts
        Events and exposures, which may be unequal.
    ratio0 : float
        Null ratio, > 0; other than 1 for a margin that matters.
    alternative : {"two-sided", "larger", "smaller"}
        Whether the ratio during / before differs from, exceeds or lies below ``ratio0``.

    Returns
    -------
    dict of str to RateTest
        Keys "wald", "score", "log", "log_score", "sqrt".

    References
    ----------
    Gu, K., Ng, H. K. T., Tang, M. L. & Schucany, W. R. (2008). Testing the ratio of two Poisson rates. Biometrical
    Journal 50, 283-298.
    """
    x0, x1 = counts.before, counts.during
    d = ratio0 * counts.exposure_during / counts.exposure_before
    gap, total, both = x1 - x0 * d, x0 + x1, x0 > 0 and x1 > 0
    log_gap = math.log(x1 / (x0 * d)) if both else 0.0
    z: dict[str, float | None] = {
        "wald": gap / math.sqrt(x1 + x0 * d**2) if total else None,
        "score": gap / math.sqrt(total * d) if total else None,
        "log": log_gap / math.sqrt(1 / x1 + 1 / x0) if both else None,
        "log_score": log_gap / math.sqrt((2 + 1 / d + d) / total) if both else None,
        "sqrt": 2 * (math.sqrt(x1 + 0.375) - math.sqrt((x0 + 0.375) * d)) / math.sqrt(1 + d),
    }
    return {
        key: RateTest(NAMES[key], value, None if value is None else _p(value, alternative)) for key, value in z.items()
    }


def _p(z: float, alternative: Alternative) -> float:
    if alternative == "two-sided":
        return min(1.0, 2 * float(normal_above(abs(z))))
    return float(normal_above(z if alternative == "larger" else -z))


def rate_ratio_tests(
    counts: TwoCounts, *, ratio0: float = 1.0, alternative: Alternative = "two-sided"
) -> ResultRecord | Refusal:
    """Ratio of two Poisson rates: the score test and its interval, with four other large-sample tests beside it.

    The statistics W1 to W5 are those of :func:`rate_ratio_statistics`. The record's p is of the score test (W2), which
    keeps its size best of the five where the ratio is moderate; the interval holds the ratios with a two-sided W2 p above
    0.05, (x1 - x0 d)^2 = z^2 (x0 + x1) d solved for d.

    Parameters
    ----------
    counts : TwoCounts
        Events and exposures in hot spot-days.
    ratio0 : float
        Null ratio, > 0.
    alternative : {"two-sided", "larger", "smaller"}
        Of the p-values; the interval stays two-sided.

    Returns
    -------
    ResultRecord or Refusal
        Refusal when nothing was recorded in either window.

    Notes
    -----
    How it can mislead: all five know Poisson noise only, and five tests of the same two counts are not five findings.

    References
    ----------
    Gu, K., Ng, H. K. T., Tang, M. L. & Schucany, W. R. (2008). Biometrical Journal 50, 283-298.

    Examples
    --------
    >>> counts = TwoCounts(before=30, during=60, exposure_before=54308.7, exposure_during=51477.5)
    >>> found = rate_ratio_tests(counts, alternative="larger")
    >>> round(found.estimate, 4), round(found.p, 6)
    (2.11, 0.000316)
    """
    n = counts.before + counts.during
    if n == 0:
        return Refusal(ESTIMAND, NO_CRIME)
    tests = rate_ratio_statistics(counts, ratio0=ratio0, alternative=alternative)
    # d^2 x0^2 - d (2 x0 x1 + z^2 n) + x1^2 = 0
    z2, odds = float(normal_quantile(0.975)) ** 2, counts.exposure_during / counts.exposure_before
    middle = 2 * counts.before * counts.during + z2 * n
    root = math.sqrt(middle**2 - 4 * counts.before**2 * counts.during**2)
    high = (middle + root) / (2 * counts.before**2) / odds if counts.before else math.inf
    low = 2 * counts.during**2 / (middle + root) / odds  # the other root, without the loss of digits
    type1, coverage = quote(KEY)
    return ResultRecord(
        estimand=ESTIMAND, scale="ratio", estimate=counts.ratio, se=None, ci_low=low, ci_high=high, p=tests["score"].p,
        df=None, n_events=n, n_units=2, n_clusters=None, maryland_level=2, method_key=KEY, data_hash=counts.data_hash(),
        method="Score test of two Poisson rates and its interval; Wald, log and square-root tests beside it",
        limits=(POISSON_ONLY,), calibrated_type1=type1, calibrated_coverage=coverage,
        checks=tuple(_check(test) for test in tests.values()), observed=float(counts.during), unit="crimes",
    )  # fmt: skip


def _check(test: RateTest) -> Check:
    value = "not defined with a count of 0" if test.p is None else test.p
    return Check(f"p, {test.name}", value, None, meaning=_MEANING)


def naive_change(counts: TwoCounts) -> ResultRecord | Refusal:
    """Percentage change of two totals with the Poisson interval: what most reports of hot spot work print.

    log ratio = log((x1/t1) / (x0/t0)), SE = sqrt(1/x0 + 1/x1).

    Parameters
    ----------
    counts : TwoCounts
        Events and exposures in hot spot-days.

    Returns
    -------
    ResultRecord or Refusal
        Refusal where a count is 0: the exact interval can still be given.

    Notes
    -----
    How it can mislead: it leaves out overdispersion, season, drift between years and regression to the mean. In the
    simulated design it signals a change in 36% to 62% of runs in which nothing happened.

    References
    ----------
    Rothman, K. J., Greenland, S. & Lash, T. L. (2008). Modern Epidemiology, 3rd ed., ch. 14.

    Examples
    --------
    >>> found = naive_change(TwoCounts(416, 252, 1.0, 1.0))
    >>> round(100 * (found.estimate - 1)), round(found.ci_low, 3), round(found.ci_high, 3)
    (-39, 0.518, 0.708)
    """
    if counts.before == 0 or counts.during == 0:
        return Refusal(ESTIMAND, "A window without recorded crime has no plain percentage change with an interval.")
    return log_ratio_record(
        log_ratio=math.log(counts.ratio), se=math.sqrt(1 / counts.before + 1 / counts.during), df=None, method_key=NAIVE,
        estimand=ESTIMAND, n_events=counts.before + counts.during, n_units=2, n_clusters=None, maryland_level=2,
        method="Percentage change of two totals, Poisson interval", data_hash=counts.data_hash(), limits=(POISSON_ONLY,),
        observed=float(counts.during), unit="crimes",
    )  # fmt: skip
