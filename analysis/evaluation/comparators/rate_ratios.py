"""Ratio of rate ratios from four counts (relative incidence rate ratio): for comparison with other studies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.comparators.did import assumptions, limits, rates, sizes
from analysis.evaluation.comparators.panel import BASELINE_MONTHS, make_panel
from analysis.evaluation.comparators.phi import overdispersion
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values

ESTIMAND = "Recorded crime, during / before, relative to the comparators' total"
HALF = 0.5


@dataclass(frozen=True)
class Exposure:
    """Time (or people x time) behind the four counts."""

    treated_before: float = 1.0
    treated_during: float = 1.0
    control_before: float = 1.0
    control_during: float = 1.0


def relative_rate_ratio(
    treated: tuple[float, float],
    control: tuple[float, float],
    *,
    phi: float | tuple[float, float] = 1.0,
    exposure: Exposure | None = None,
    method_key: str = "rirr",
    **given: Any,
) -> ResultRecord | Refusal:
    """Relative incidence rate ratio of a 2 x 2 table of counts (Wilson).

    log RIRR = log(T1 / T0) - log(C1 / C0) (+ the log of the exposures); SE^2 = phi_T (1/T0 + 1/T1) + phi_C (1/C0 + 1/C1);
    normal reference. With a count of 0 half a crime is added to all four.

    Parameters
    ----------
    treated, control : (float, float)
        Crimes before and during.
    phi : float or (float, float)
        Overdispersion, >= 1: one for all, or of the treated and of the control counts.
    exposure : Exposure, optional
        Where the periods are not alike.

    Returns
    -------
    ResultRecord or Refusal
        Refusal when a place has no crime in either period, or a count is below 0.

    Notes
    -----
    How it can mislead: with phi = 1 it takes all that drifts between two places for chance, and when nothing happened
    a 5% test signals in 31-47% of simulated cases. phi widens it by month-to-month scatter, not by drift over years.

    References
    ----------
    Wilson, D. B. (2022). The relative incident rate ratio effect size for count-based impact evaluations. Journal of
    Quantitative Criminology 38, 323-341.

    Examples
    --------
    >>> record = relative_rate_ratio((50, 30), (60, 55))
    >>> f"{record.estimate:.4f} ({record.ci_low:.3f} to {record.ci_high:.3f})"
    '0.6545 (0.366 to 1.171)'
    """
    cells = [*map(float, treated), *map(float, control)]
    if min(cells) < 0 or not all(map(math.isfinite, cells)):
        return Refusal(ESTIMAND, "Each of the four counts has to be a number, 0 or more.")
    if cells[0] + cells[1] == 0 or cells[2] + cells[3] == 0:
        return Refusal(ESTIMAND, "A place without crime in either period says nothing about change.")
    half = min(cells) == 0
    a, b, c, d = (x + HALF if half else x for x in cells)
    e = exposure or Exposure()
    log_ratio = math.log(b / e.treated_during) - math.log(a / e.treated_before)
    log_ratio -= math.log(d / e.control_during) - math.log(c / e.control_before)
    pair = phi if isinstance(phi, tuple) else (phi, phi)
    se = math.sqrt(pair[0] * (1 / a + 1 / b) + pair[1] * (1 / c + 1 / d))
    words = "phi = 1" if max(pair) == 1 else f"phi = {pair[0]:.2f} (treated), {pair[1]:.2f} (comparators)"
    values: dict[str, Any] = {
        "observed": cells[1], "unit": "crimes",
        "estimand": ESTIMAND, "n_events": round(sum(cells)), "n_units": 4, "n_clusters": None, "maryland_level": 3,
        "method": f"Ratio of rate ratios from four totals, Poisson variance, {words}",
        "data_hash": hash_values(cells, [e.treated_before, e.treated_during, e.control_before, e.control_during]),
        "assumptions": assumptions(),
        "limits": ("Drift between places is left out, so the interval is narrower than the truth.",),
        "checks": (Check("half a crime added to each count (one was 0)", "yes" if half else "no", not half, needed="no"),),
    }  # fmt: skip
    return log_ratio_record(log_ratio=log_ratio, se=se, df=None, method_key=method_key, **{**values, **given})


def rirr(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    phi: float | tuple[float, float] | None = 1.0,
    method_key: str = "rirr",
    baseline_months: int | None = BASELINE_MONTHS,
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
) -> ResultRecord | Refusal:
    """Relative incidence rate ratio of the treated place against the comparators' total, Poisson variance (phi = 1).

    :func:`relative_rate_ratio` on the totals of both windows, over the months that every place has.

    Parameters
    ----------
    series, treated, first_month, baseline_months, last_before, last_month, comparators
        As in :func:`analysis.evaluation.comparators.did.did`.
    phi : float, (float, float) or None
        Overdispersion; None estimates it for each side (:func:`rirr_phi`).

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: see :func:`relative_rate_ratio`; a large comparator outweighs all others in the total.

    References
    ----------
    Wilson, D. B. (2022). Journal of Quantitative Criminology 38, 323-341.

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> record = rirr(example_series(9, ratio=0.7), "ours", "2023-01")
    >>> f"{record.estimate:.2f} ({record.ci_low:.2f} to {record.ci_high:.2f})"
    '0.64 (0.56 to 0.72)'
    """
    panel = make_panel(
        series, treated, first_month, baseline_months=baseline_months, last_before=last_before, last_month=last_month,
        comparators=comparators, estimand=ESTIMAND,
    )  # fmt: skip
    if isinstance(panel, Refusal):
        return panel
    panel = panel.complete()
    if not panel.before.any() or not panel.during.any():
        return Refusal(ESTIMAND, "A window holds no month that every place has.")
    counts, exposed = panel.counts, panel.exposure
    before, during = panel.before, panel.during
    if phi is None:
        both = (counts[:, panel.pre], exposed[:, panel.pre])
        phi = (overdispersion(both[0][0], both[1][0]), overdispersion(both[0][1:].sum(axis=0), both[1][1:].sum(axis=0)))
    return relative_rate_ratio(
        (float(counts[0, before].sum()), float(counts[0, during].sum())),
        (float(counts[1:, before].sum()), float(counts[1:, during].sum())),
        phi=phi,
        exposure=Exposure(
            *(float(exposed[rows, w].sum()) for rows in (slice(0, 1), slice(1, None)) for w in (before, during))
        ),
        method_key=method_key,
        limits=("Drift between places is left out, so the interval is narrower than the truth.", *limits(panel)),
        **rates(panel, method_key),
        **sizes(panel),
    )


def rirr_phi(series: pd.DataFrame, treated: str, first_month: Any, **options: Any) -> ResultRecord | Refusal:
    """Relative incidence rate ratio with overdispersion estimated from the months before, for each side by itself.

    As :func:`rirr` with phi of the treated place and of the comparators' total, each around its own 7-month mean
    (:func:`analysis.evaluation.comparators.phi.overdispersion`).

    Parameters
    ----------
    series, treated, first_month, **options
        As in :func:`rirr`.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: scatter from month to month is in it, drift between places over years is not, so it still
    signals too often when nothing happened.

    References
    ----------
    Wilson, D. B. (2022). Journal of Quantitative Criminology 38, 323-341.

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> rirr_phi(example_series(9, ratio=0.7), "ours", "2023-01").method_key
    'rirr-phi'
    """
    return rirr(series, treated, first_month, phi=None, method_key="rirr-phi", **options)
