"""Harm read as if each day of it were a crime: the analysis that cries wolf, kept for comparison with other studies."""

from __future__ import annotations

import math

from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.record import Refusal, ResultRecord, hash_values

ESTIMAND = "Harm days, during / before, read as counts"
LIMITS = (
    "For comparison with other studies only: harm days are weights, not events, and this interval is far too narrow "
    "(it leaves out no change in about 95 of 100 simulated data sets without any effect).",
)


def harm_as_counts(
    harm_before: float, harm_during: float, exposure_before: float = 1.0, exposure_during: float = 1.0
) -> ResultRecord | Refusal:
    """Per cent change of a harm index with the Poisson interval that some studies print: for comparison only.

    log ratio = log(H1 / e1) - log(H0 / e0); SE = sqrt(1/H0 + 1/H1), as if every harm day had been counted by itself.

    Parameters
    ----------
    harm_before, harm_during : float
        Total harm in days, > 0.
    exposure_before, exposure_during : float
        Hot spot-days, > 0.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: always. One crime of 1,825 days counts as 1,825 independent events, so the interval is
    narrower than the data allow by a factor of about the root of the mean squared weight over the mean weight.

    References
    ----------
    Simulation in this project (see the calibration table); the portal never uses it for a claim.

    Examples
    --------
    >>> found = harm_as_counts(60314, 38421)
    >>> round(100 * (found.estimate - 1)), round(found.ci_high - found.ci_low, 3)
    (-36, 0.016)
    """
    if not (harm_before > 0 and harm_during > 0):
        return Refusal(ESTIMAND, "There is no harm in one of the windows, so the ratio has no finite estimate.")
    if not (exposure_before > 0 and exposure_during > 0):
        return Refusal(ESTIMAND, "A window has no hot spot-days.")
    return log_ratio_record(
        log_ratio=math.log(harm_during / exposure_during) - math.log(harm_before / exposure_before),
        se=math.sqrt(1 / harm_before + 1 / harm_during), df=None, method_key="harm-as-counts", estimand=ESTIMAND,
        n_events=round(harm_before + harm_during), n_units=2, n_clusters=None,
        method="Harm days as Poisson counts", maryland_level=2, limits=LIMITS,
        data_hash=hash_values([harm_before, harm_during, exposure_before, exposure_during]),
    )  # fmt: skip
