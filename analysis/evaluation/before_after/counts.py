"""Two counts with their exposures: the exact interval, a yardstick beside the default model.

Both know Poisson noise only. Hot spot crime varies more than that, so these intervals are too narrow
and these p-values too small for a claim; they are shown so that the default can be judged against them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.evaluation.calibration.table import quote
from analysis.evaluation.distributions import beta_quantile, binomial_up_to, poisson_mass
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values

KEY = "exact-conditional"
ESTIMAND = "Recorded crime, during / before (Poisson noise only)"
Floats = npt.NDArray[np.float64]
Variance = Literal["unpooled", "pooled"]
E_TEST_NAMES: dict[Variance, str] = {
    "unpooled": "E-test p, unpooled variance (Krishnamoorthy & Thomson 2004)",
    "pooled": "E-test p, pooled variance (as in common software)",
}
_E_TEST_MEANING = "Chance of so large a difference from Poisson noise alone, which is less than crime has."
# 4 standard deviations of a Poisson leave 6e-5 outside; 8 leave less than double precision keeps.
_REACH_SD = 8.0
NO_CRIME = "No crime was recorded in either window, so there is no ratio to estimate."
POISSON_ONLY = (
    "Crimes are taken as independent and as coming at a constant rate within each window (Poisson). They are "
    "not, so this interval is too narrow; it shows the least uncertainty there can be."
)


@dataclass(frozen=True)
class TwoCounts:
    """Events and exposure (hot spot-days) before and during; exposures > 0, counts >= 0."""

    before: int
    during: int
    exposure_before: float
    exposure_during: float

    def __post_init__(self) -> None:
        if min(self.before, self.during) < 0 or min(self.exposure_before, self.exposure_during) <= 0:
            raise ValueError("Counts must be 0 or more and exposures more than 0.")

    @property
    def ratio(self) -> float:
        """Rate during / rate before; infinite when nothing was recorded before."""
        if self.before == 0:
            return math.inf
        return (self.during / self.exposure_during) / (self.before / self.exposure_before)

    def data_hash(self) -> str:
        return hash_values([self.before, self.during, self.exposure_before, self.exposure_during])


def exact_conditional(counts: TwoCounts) -> ResultRecord | Refusal:
    """Ratio of two Poisson rates with the exact conditional (Clopper-Pearson) 95% interval.

    Given the total n = before + during, ``during`` is Binomial(n, s) with
    s = r t1 / (r t1 + t0), r the rate ratio, t0 and t1 the exposures. Clopper-Pearson limits of s turn
    into limits of r = s t0 / ((1 - s) t1). The p-value is central: twice the smaller binomial tail.

    Parameters
    ----------
    counts : TwoCounts
        Events and exposures in hot spot-days.

    Returns
    -------
    ResultRecord or Refusal
        Refusal when nothing was recorded in either window.

    Notes
    -----
    How it can mislead: crime varies more than Poisson, so it calls ordinary years a change (36% of the time in the
    simulated design); an interval that excludes 1 here is no finding.

    References
    ----------
    Przyborowski, J. & Wilenski, H. (1940). Biometrika 31, 313-323.
    Clopper, C. & Pearson, E. S. (1934). Biometrika 26, 404-413.

    Examples
    --------
    >>> found = exact_conditional(TwoCounts(416, 252, 1.0, 1.0))
    >>> round(found.estimate, 3), round(found.ci_low, 3), round(found.ci_high, 3)
    (0.606, 0.516, 0.71)
    """
    n = counts.before + counts.during
    if n == 0:
        return Refusal(ESTIMAND, NO_CRIME)
    odds = counts.exposure_during / counts.exposure_before
    low = float(beta_quantile(0.025, counts.during, counts.before + 1)) if counts.during else 0.0
    high = float(beta_quantile(0.975, counts.during + 1, counts.before)) if counts.before else 1.0
    null = odds / (1 + odds)
    # P(K >= k) as P(n - K <= n - k): a difference from 1 would lose its digits.
    tail = min(binomial_up_to(counts.during, n, null), binomial_up_to(counts.before, n, 1 - null))
    type1, coverage = quote(KEY)
    return ResultRecord(
        estimand=ESTIMAND,
        scale="ratio",
        estimate=counts.ratio,
        observed=float(counts.during),
        unit="crimes",
        se=None,
        ci_low=_odds(low) / odds,
        ci_high=_odds(high) / odds,
        p=min(1.0, 2 * float(tail)),
        df=None,
        n_events=n,
        n_units=2,
        n_clusters=None,
        method="Exact conditional interval (Clopper-Pearson on the binomial share); central p",
        maryland_level=2,
        data_hash=counts.data_hash(),
        limits=(POISSON_ONLY,),
        checks=e_test_checks(counts),
        method_key=KEY,
        calibrated_type1=type1,
        calibrated_coverage=coverage,
    )


def _odds(share: float) -> float:
    return math.inf if share >= 1 else share / (1 - share)


def e_test_checks(counts: TwoCounts) -> tuple[Check, ...]:
    """Both variants of the E-test p by name."""
    return tuple(
        Check(name, e_test_p(counts, kind), None, meaning=_E_TEST_MEANING) for kind, name in E_TEST_NAMES.items()
    )


def e_test_p(counts: TwoCounts, variance: Variance, ratio: float = 1.0) -> float:
    """Two-sided p of the E-test that during / before is ``ratio`` (> 0); formula in :func:`analysis.evaluation.before_after.etest.e_test`."""
    t0, t1 = counts.exposure_before, counts.exposure_during
    rate = (counts.before + counts.during) / (t0 + ratio * t1)
    if rate == 0:
        return 1.0
    x0, p0 = _poisson_range(rate * t0)
    x1, p1 = _poisson_range(rate * ratio * t1)
    seen = abs(_statistic(np.array([float(counts.before)]), float(counts.during), t0, t1, ratio, variance)[0])
    total = 0.0
    for value, weight in zip(x1, p1, strict=True):
        extreme = np.abs(_statistic(x0, float(value), t0, t1, ratio, variance)) >= seen * (1 - 1e-12)
        total += float(weight * p0[extreme].sum())
    return min(1.0, total)


def _poisson_range(mean: float) -> tuple[Floats, Floats]:
    reach = _REACH_SD * math.sqrt(mean) + 20
    values = np.arange(max(0, math.floor(mean - reach)), math.ceil(mean + reach) + 1, dtype=float)
    return values, np.asarray(poisson_mass(values, mean), float)


def _statistic(x0: Floats, x1: float, t0: float, t1: float, ratio: float, variance: Variance) -> Floats:
    at_rates, at_null = x1 / t1**2 + ratio**2 * x0 / t0**2, ratio * (x0 + x1) / (t0 * t1)
    spread = at_rates if variance == "unpooled" else at_null
    # No events at all: no difference and no variance; the statistic is 0, never "extreme" by division.
    safe = np.where(spread > 0, spread, 1.0)
    found: Floats = (x1 / t1 - ratio * x0 / t0) / np.sqrt(safe)
    return found
