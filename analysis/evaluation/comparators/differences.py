"""The weighted displacement difference with comparators as the control: counts fewer, not per cent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from analysis.evaluation.comparators.did import limits
from analysis.evaluation.comparators.panel import BASELINE_MONTHS, make_panel
from analysis.evaluation.comparators.phi import overdispersion
from analysis.evaluation.displacement.areas import TwoPeriods
from analysis.evaluation.displacement.wdd import wdd
from analysis.evaluation.record import Check, Refusal, ResultRecord

ESTIMAND = "Crimes during the service less those expected from the comparators' change"


def wdd_comparators(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    scaled: bool = True,
    phi: float | None = None,
    baseline_months: int | None = BASELINE_MONTHS,
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
) -> ResultRecord | Refusal:
    """Weighted displacement difference against the comparators' total, its error times the root of phi.

    WDD = (T1 - r T0) - s (C1 - r C0): crimes of the treated place (T) and of all comparators together (C), before (0)
    and during (1); r = months during / months before; s = T / C over all months before the service, which brings the
    comparators to the treated place's level (their total changes by far more crimes than hot spots could). Variance = phi (T1 + r^2 T0 + s^2 (C1 + r^2 C0)).

    Parameters
    ----------
    series, treated, first_month, baseline_months, last_before, last_month, comparators
        As in :func:`analysis.evaluation.comparators.did.did`; months that every place has.
    scaled : bool
        False: s = 1, for a control area of the same size.
    phi : float, optional
        Default: overdispersion of the treated place before the service.

    Returns
    -------
    ResultRecord or Refusal
        Crimes over the months of the service; below 0 means fewer than expected.

    Notes
    -----
    How it can mislead: phi holds scatter from month to month, not how far places drift apart over years, and s is taken
    as known; the interval is narrower than that of difference in differences.

    References
    ----------
    Wheeler, A. P. & Ratcliffe, J. H. (2018). Crime Science 7, 11.
    Wheeler, A. P. (2026). Drawing contiguous control areas for the WDD test.

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> record = wdd_comparators(example_series(9, ratio=0.7), "ours", "2023-01")
    >>> f"{record.estimate:.0f} ({record.ci_low:.0f} to {record.ci_high:.0f})"
    '-175 (-225 to -125)'
    """
    panel = make_panel(
        series, treated, first_month, baseline_months=baseline_months, last_before=last_before, last_month=last_month,
        comparators=comparators, estimand=ESTIMAND,
    )  # fmt: skip
    if isinstance(panel, Refusal):
        return panel
    panel = panel.complete()
    windows = (panel.before, panel.during)
    own = [float(panel.counts[0, w].sum()) for w in windows]
    other = [float(panel.counts[1:, w].sum()) for w in windows]
    times = [float(panel.exposure[0, w].sum()) for w in windows]
    if min(times) == 0:
        return Refusal(ESTIMAND, "A window holds no month that every place has.")
    levels = float(panel.counts[0, panel.pre].sum()), float(panel.counts[1:, panel.pre].sum())
    if scaled and min(levels) == 0:
        return Refusal(
            ESTIMAND, "Without crime before the service the comparators cannot be brought to the same level."
        )
    found_phi = overdispersion(panel.counts[0, panel.pre], panel.exposure[0, panel.pre]) if phi is None else phi
    size, back = (levels[1] / levels[0] if scaled else 1.0), times[0] / times[1]
    record = wdd(
        TwoPeriods(own[0], own[1], time_before=back),
        TwoPeriods(other[0], other[1], time_before=back, area=size),
        phi=found_phi,
        method_key="wdd-comparators",
    )
    if isinstance(record, Refusal):
        return record
    scale = Check("comparators' level, times the treated place's", size, None, meaning="Their change is divided by it.")
    return replace(
        record,
        estimand=ESTIMAND,
        n_units=int(panel.before.sum() + panel.during.sum()) * len(panel.places),
        n_clusters=None,
        data_hash=panel.data_hash(),
        limits=(*record.limits, *limits(panel)),
        checks=(*record.checks, scale),
    )
