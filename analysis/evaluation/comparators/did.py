"""Difference in differences: the treated place's change less the average change of the comparators."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.building import difference_record, log_ratio_record
from analysis.evaluation.calibration.designs import NATIONAL, NATIONAL_8
from analysis.evaluation.calibration.table import quote
from analysis.evaluation.comparators.changes import Changes, changes_of
from analysis.evaluation.comparators.panel import BASELINE_MONTHS, Panel, make_panel
from analysis.evaluation.comparators.trend import pre_trend_check
from analysis.evaluation.record import Check, Refusal, ResultRecord

ESTIMAND = "Recorded crime, during / before, relative to the average comparator"
ESTIMAND_DIFFERENCE = "Change in the rate, during - before, less the comparators' average change"
USED = "comparators used"
SPREAD = "SD of change between comparators"
PHI = "overdispersion phi of the treated place (around its 7-month mean or over long waves, floor 1)"
EXTRA = "SD added because the treated place's counts are smaller"
BASELINE = "months in the baseline"
LEFT_OUT = "comparators left out"
ZERO = "places without crime in one window (half a crime added to both)"
ONE_COMPARATOR = (
    "There is one comparator. How far one place ordinarily drifts from another cannot be seen from one, so the difference "
    "has no interval. With three or more comparators it can be estimated."
)


FEW_COMPARATORS = 12  # the two situations measured have 8 and 20


def did(
    series: pd.DataFrame,
    treated: str,
    first_month: Any,
    *,
    baseline_months: int | None = BASELINE_MONTHS,
    last_before: Any = None,
    last_month: Any = None,
    comparators: tuple[str, ...] | None = None,
    scale: str = "ratio",
    counts: bool = True,
    unit: str = "crimes a month",
    method_key: str = "did",
) -> ResultRecord | Refusal:
    """Difference in differences on the log ratio of rates, with an interval that knows how far places drift apart.

    r_i = log(rate during / rate before) of place i; estimate = r_treated - mean_j r_j over the J comparators (each
    against the treated place over the months that both have).
    SE^2 = s^2 (1 + 1/J) + max(0, phi_t (1/B_t + 1/D_t) - mean_j phi_j (1/B_j + 1/D_j)), where s is the SD of r_j
    between comparators, B and D are crimes before and during and phi a place's overdispersion before the service
    (the larger of :func:`analysis.evaluation.comparators.phi.overdispersion` and
    :func:`analysis.evaluation.comparators.slow.slow_overdispersion`). s holds the comparators' own Poisson noise already;
    a treated place with fewer crimes has more, and the second term is the difference. Reference: t(J - 1).

    Parameters
    ----------
    series : DataFrame
        One row a place and month: ``place``, ``month`` (YYYY-MM, or any labels that sort in order of time), ``crimes``
        (>= 0) and, where periods or populations are not alike, ``exposure`` (> 0).
    treated : str
        The place with the service.
    first_month : label
        First month of the service.
    baseline_months : int or None
        Months before that make the baseline; None for all.
    last_before, last_month : label, optional
        Last month of the baseline (default: the month before ``first_month``) and of the service (default: the last).
    comparators : tuple of str, optional
        Default: every other place.
    scale : {"ratio", "difference"}
        Ratio of rates, or difference of rates a unit of exposure (a month).
    counts : bool
        False for an outcome that is not counted events: no Poisson noise is then added.
    unit : str
        Of a difference.
    method_key : str
        Under which the record is kept.

    Returns
    -------
    ResultRecord or Refusal
        Refusal with the point estimate among its checks for a single comparator.

    Notes
    -----
    How it can mislead: the comparators must be places that would have changed as the treated place did. If places were
    chosen for a bad year inside the baseline, part of their fall is a return to normal; the comparators do not have it.

    References
    ----------
    Card, D. & Krueger, A. B. (1994). American Economic Review 84(4), 772-793.
    Donald, S. G. & Lang, K. (2007). Review of Economics and Statistics 89(2), 221-233 (few groups, t reference).

    Examples
    --------
    >>> from analysis.evaluation.comparators.example import example_series
    >>> record = did(example_series(9, ratio=0.7), "ours", "2023-01")
    >>> f"{record.estimate:.2f} ({record.ci_low:.2f} to {record.ci_high:.2f}), df {record.df:.0f}"
    '0.63 (0.49 to 0.82), df 8'
    """
    estimand = ESTIMAND if scale == "ratio" else ESTIMAND_DIFFERENCE
    panel = make_panel(
        series, treated, first_month, baseline_months=baseline_months, last_before=last_before, last_month=last_month,
        comparators=comparators, estimand=estimand,
    )  # fmt: skip
    if isinstance(panel, Refusal):
        return panel
    return did_of(panel, scale=scale, counts=counts, unit=unit, method_key=method_key, baseline_months=baseline_months)


def did_of(
    panel: Panel,
    *,
    scale: str = "ratio",
    counts: bool = True,
    unit: str = "crimes a month",
    method_key: str = "did",
    baseline_months: int | None = BASELINE_MONTHS,
) -> ResultRecord | Refusal:
    """The same from a panel that is made already (multiverse, leave-one-out)."""
    ratio = scale == "ratio"
    phi = panel.phi() if counts else np.ones(len(panel.places))
    found = changes_of(panel, ratio=ratio, counts=counts, phi=phi)
    estimate, spread = float(found.gaps.mean()), found.spread
    checks = _checks(panel, found, float(phi[0]), counts=counts, baseline_months=baseline_months, ratio=ratio)
    if spread is None:
        value = math.exp(estimate) if ratio else estimate
        point = Check("point estimate", value, None, meaning="Without an interval it cannot be told from chance.")
        estimand = ESTIMAND if ratio else ESTIMAND_DIFFERENCE
        return Refusal(estimand, ONE_COMPARATOR, (point, *checks))
    given: dict[str, Any] = {
        "estimand": ESTIMAND if ratio else ESTIMAND_DIFFERENCE, "se": found.se(spread), "df": float(panel.comparators - 1),
        "method_key": method_key, "maryland_level": 3, "checks": checks, **sizes(panel),
        "method": "Difference in differences, mean over comparators; spread between comparators and the treated place's "
        "own noise; t(J - 1)",
        "assumptions": assumptions(), "limits": limits(panel, found),
    }  # fmt: skip
    if ratio:
        return log_ratio_record(
            log_ratio=estimate, **given, **rates(panel, method_key), **(observed(panel) if counts else {})
        )
    return difference_record(difference=estimate, unit=unit, **given)


def sizes(panel: Panel) -> dict[str, Any]:
    """What was analysed: events, place-months, places and the hash of the data."""
    used = (panel.before | panel.during)[None, :] & panel.known
    return {
        "n_events": round(float(panel.counts[used].sum())),
        "n_units": int(used.sum()),
        "n_clusters": len(panel.places),
        "data_hash": panel.data_hash(),
    }


def rates(panel: Panel, method_key: str) -> dict[str, Any]:
    """Error rates as measured with 8 comparators where there are few, else with 20."""
    where = NATIONAL_8 if panel.comparators <= FEW_COMPARATORS else NATIONAL
    type1, coverage = quote(method_key, where)
    return {"calibrated_type1": type1, "calibrated_coverage": coverage}


def observed(panel: Panel) -> dict[str, Any]:
    """Crimes of the treated place in the months compared, for saying a ratio in crimes."""
    return {"observed": float(panel.counts[0, panel.during & panel.known[0]].sum()), "unit": "crimes"}


def assumptions() -> tuple[str, ...]:
    return (
        "without the service the treated place would have changed as the comparators did on average",
        "nothing but the service began in the treated place alone at that time",
        "crimes were recorded in the same way in both windows, here as in the comparators",
    )


def limits(panel: Panel, found: Changes | None = None) -> tuple[str, ...]:
    said = [
        "Which places had the service was not decided by chance, so another difference between them may lie behind this.",
        "Comparators do not share the return to normal of places that were chosen for a bad year.",
    ]
    if panel.comparators < 4:
        said.append(f"With {panel.comparators} comparators the spread between them is itself very uncertain.")
    if found is not None and found.halved:
        said.append("Half a crime was added to both windows of each place that had none in one of them.")
    return tuple(said)


def _checks(
    panel: Panel, found: Changes, phi: float, *, counts: bool, baseline_months: int | None, ratio: bool
) -> tuple[Check, ...]:
    wanted = baseline_months or 1
    left = "; ".join(f"{place}: {why}" for place, why in panel.left_out) or "none"
    checks = [
        Check(
            USED, float(panel.comparators), panel.comparators >= 4, needed="4 or more",
            meaning="The fewer there are, the less is known of how far places drift apart.",
        ),
        Check(LEFT_OUT, left, None, meaning="Places that could not be used, each with the reason."),
        Check(
            BASELINE, float(panel.before.sum()), int(panel.before.sum()) >= wanted, needed=f"{wanted} or more",
            meaning="A long baseline rests less on one unusual year.",
        ),
    ]  # fmt: skip
    if found.spread is not None:
        words = "log ratio" if ratio else "difference of rates"
        checks.append(Check(SPREAD, found.spread, None, meaning=f"On the scale of the {words}."))
    if counts:
        checks += [
            Check(PHI, phi, None, meaning="1 is the scatter of pure chance; above 1 the interval is widened."),
            Check(
                EXTRA, math.sqrt(found.extra), None,
                meaning="0 when the treated place has as many crimes as the average comparator, or more.",
            ),
        ]  # fmt: skip
    if found.halved:
        checks.append(
            Check(ZERO, ", ".join(found.halved), False, needed="none", meaning="Such a ratio is a rough one.")
        )
    return (*checks, *pre_trend_check(panel, ratio=ratio))
