"""The unconditional E-test of two Poisson rates, in both of its variants, with the interval that belongs to it."""

from __future__ import annotations

import math

from scipy import optimize

from analysis.evaluation.before_after.counts import (
    ESTIMAND,
    NO_CRIME,
    POISSON_ONLY,
    TwoCounts,
    Variance,
    e_test_checks,
    e_test_p,
)
from analysis.evaluation.calibration.table import quote
from analysis.evaluation.record import Refusal, ResultRecord

KEY = "e-test"
# Beyond this many events the table of outcomes is too large to search for an interval; the normal form is exact enough.
MAX_EVENTS = 20_000
SMOOTH_FROM = 200


def e_test(counts: TwoCounts, variance: Variance = "unpooled") -> ResultRecord | Refusal:
    """Unconditional E-test that two Poisson rates are equal, and the ratios that it does not reject.

    For H0: rate ratio (during / before) = r, T = (x1/t1 - r x0/t0) / sqrt(V) with V = x1/t1^2 + r^2 x0/t0^2 (unpooled: the
    paper's) or r (x0 + x1) / (t0 t1) (pooled: the score variance). p = P(|T(X0, X1)| >= |T observed|) with X0 and X1
    Poisson at the estimated common rate (x0 + x1) / (t0 + r t1). The interval holds every r with p > 0.05.

    Parameters
    ----------
    counts : TwoCounts
        Events and exposures in hot spot-days.
    variance : {"unpooled", "pooled"}
        Which statistic; they agree at r = 1 when the exposures are equal.

    Returns
    -------
    ResultRecord or Refusal
        Refusal when nothing was recorded in either window, or beyond 20,000 events.

    Notes
    -----
    How it can mislead: it knows Poisson noise only. Hot spot crime varies more, from month to month and from year to
    year, so a small p here is no finding.

    References
    ----------
    Krishnamoorthy, K. & Thomson, J. (2004). J Stat Planning and Inference 119, 23-35.

    Examples
    --------
    >>> round(e_test(TwoCounts(6, 2, 1.0, 1.0)).p, 4)
    0.1749
    """
    n = counts.before + counts.during
    if n == 0:
        return Refusal(ESTIMAND, NO_CRIME)
    if n > MAX_EVENTS:
        return Refusal(
            ESTIMAND, f"With more than {MAX_EVENTS:,} crimes the E-test is the score test; see rate ratio tests."
        )
    low, high = _interval(counts, variance)
    type1, coverage = quote(KEY)
    return ResultRecord(
        estimand=ESTIMAND, scale="ratio", estimate=counts.ratio, se=None, ci_low=low, ci_high=high, p=e_test_p(counts, variance), df=None,
        n_events=n, n_units=2, n_clusters=None, maryland_level=2, method_key=KEY, data_hash=counts.data_hash(),
        method=f"Unconditional E-test, {variance} variance; interval of the ratios it does not reject",
        limits=(POISSON_ONLY,), calibrated_type1=type1, calibrated_coverage=coverage,
        checks=e_test_checks(counts), observed=float(counts.during), unit="crimes",
    )  # fmt: skip


def _interval(counts: TwoCounts, variance: Variance) -> tuple[float, float]:
    """Ratios at which p crosses 0.05 on either side of the estimate; 0 or infinity where a count is 0."""
    middle = math.log(counts.ratio) if counts.during and counts.before else _stand_in(counts)
    spread = 1 / math.sqrt(max(counts.during, 0.5)) + 1 / math.sqrt(max(counts.before, 0.5))

    def beyond(log_ratio: float) -> float:
        return e_test_p(counts, variance, math.exp(log_ratio)) - 0.05

    def end(sign: int) -> float:
        inner, outer = middle, middle + sign * 2 * spread
        while beyond(outer) > 0 and abs(outer - middle) < 40:
            inner, outer = outer, outer + sign * spread
        if beyond(outer) > 0:
            return sign * math.inf  # with few events no ratio on this side is ever rejected
        if beyond(inner) <= 0:
            return outer
        # p is a step function of the ratio in small tables: bisection lands on the step. In large ones it is smooth.
        find = optimize.bisect if counts.before + counts.during < SMOOTH_FROM else optimize.brentq
        return float(find(beyond, inner, outer, xtol=1e-6))

    low = 0.0 if counts.during == 0 else math.exp(end(-1))
    high = math.inf if counts.before == 0 else math.exp(end(1))
    return low, high


def _stand_in(counts: TwoCounts) -> float:
    """A log ratio well inside the interval when one count is 0."""
    during, before = max(counts.during, 0.5), max(counts.before, 0.5)
    return math.log((during / counts.exposure_during) / (before / counts.exposure_before))
