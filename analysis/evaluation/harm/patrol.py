"""Harm on patrol days against other days: total, how many crimes, how serious each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.models.poisson import DidNotConverge
from analysis.evaluation.patrol_days.model import Fitted, fit_days, patrol_days
from analysis.evaluation.patrol_days.panel import prepare, usable_conditions
from analysis.evaluation.patrol_days.randomisation import DRAWS, SEED, patrol_days_ri
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values

Floats = npt.NDArray[np.float64]
ESTIMAND = "Harm days in the service window, patrol days / other days"
COUNT = "Crimes in the service window, patrol days / other days"
SEVERITY = "Harm per crime in the service window, patrol days / other days"
HARMFUL = "hot spot-days with harm"
MIN_HARMFUL = 20
TOP_DAYS = "share of harm from the 3 most harmful hot spot-days"
TOP_LIMIT = 0.25
LIMITS = (
    "Few crimes carry most of the harm, so a handful of them can turn the result; see the estimates without them.",
)


def harm_ppml(
    panel: pd.DataFrame,
    *,
    outcome: str = "harm_days",
    crimes: str = "crimes",
    estimand: str = ESTIMAND,
    method_key: str = "harm-ppml",
    **options: Any,
) -> ResultRecord | Refusal:
    """Ratio of harm days on patrol days to other days: the patrol-day model as Poisson pseudo-likelihood (PPML).

    log E[harm_hd] = a_(h, four weeks) + b x patrol_hd + weekday + covariates. Harm days are amounts, not counts: the
    estimating equations ask only that this mean is right, and the CR1 sandwich over days gives the variance whatever
    the scatter of harm.

    Parameters
    ----------
    panel : DataFrame, one row a hot spot and local day
        As :func:`~analysis.evaluation.patrol_days.model.patrol_days` takes it, with ``outcome`` in days of harm >= 0.
    outcome : str
        "harm_days", or "harm_capped_days" where no crime counts more than 365.
    crimes : str
        Column of crimes, for the number of events of the record; may be absent.
    **options
        ``covariates``, ``strata``, ``cluster``, ``treatment``, ... of ``patrol_days``.

    Returns
    -------
    ResultRecord or Refusal
        Scale "ratio", below 1 means less harm on patrol days; Maryland level 3. Refusal without any harm weight.

    Notes
    -----
    How it can mislead: one rare grave crime moves it more than a hundred minor ones. Less harm may be fewer crimes, not
    less serious ones: :func:`harm_days_split` tells the two apart. Reading harm days as if they were counted crimes
    signals in 95 of 100 simulated data sets without any effect.

    References
    ----------
    Santos Silva, J. M. C. & Tenreyro, S. (2006). The log of gravity. Review of Economics and Statistics 88, 641-658.
    Sherman, L., Neyroud, P. W. & Neyroud, E. (2016). The Cambridge Crime Harm Index. Policing 10, 171-183.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2023-02-06", periods=56)
    >>> harm = np.where(np.arange(56) % 2, [10.0, 30.0] * 28, [40.0, 20.0] * 28)
    >>> panel = pd.DataFrame({"hot_spot": "A", "local_date": days, "patrol": np.arange(56) % 2, "harm_days": harm})
    >>> round(harm_ppml(panel, weekday=False).estimate, 2)
    0.75
    """
    reason = _no_harm(panel, outcome)
    if reason:
        return Refusal(estimand, reason)
    found = patrol_days(panel, outcome=outcome, estimand=estimand, method_key=method_key, **options)
    return _told(found, panel, outcome, crimes)


def _no_harm(panel: pd.DataFrame, outcome: str) -> str:
    if panel.empty:
        return "There are no hot spot-days to compare."
    if outcome not in panel or panel[outcome].isna().all() or not (panel[outcome] > 0).any():
        return "No crime in the service window has a harm weight."
    return ""


def _told(found: ResultRecord | Refusal, panel: pd.DataFrame, outcome: str, crimes: str) -> ResultRecord | Refusal:
    return found if isinstance(found, Refusal) else about_harm(found, panel, outcome, crimes)


def about_harm(found: ResultRecord, panel: pd.DataFrame, outcome: str, crimes: str = "crimes") -> ResultRecord:
    """A day record of harm as such: events are crimes, and checks say how few hot spot-days carry the harm."""
    harm = panel[outcome].dropna().to_numpy(float)
    harmful = int((harm > 0).sum())
    top = float(np.sort(harm)[-3:].sum() / harm.sum())
    kept = tuple(check for check in found.checks if check.name != "events")
    checks = (
        Check(
            HARMFUL, float(harmful), harmful >= MIN_HARMFUL, needed=f"{MIN_HARMFUL} or more",
            meaning="Hot spot-days with any weighted crime in the service window, which the estimate rests on.",
        ),
        Check(
            TOP_DAYS, top, top < TOP_LIMIT, needed=f"under {TOP_LIMIT:g}",
            meaning="Where three hot spot-days make much of the harm, one crime more or fewer would change the result.",
        ),
    )  # fmt: skip
    events = round(float(panel[crimes].sum())) if crimes in panel else harmful
    limits = dict.fromkeys((*found.limits, *LIMITS))
    return replace(found, n_events=events, checks=(*checks, *kept), limits=tuple(limits))


def harm_ri(
    panel: pd.DataFrame,
    *,
    outcome: str = "harm_days",
    crimes: str = "crimes",
    permutations: int = DRAWS,
    seed: int = SEED,
    estimand: str = ESTIMAND,
    **options: Any,
) -> ResultRecord | Refusal:
    """Harm on patrol days against other days, with p and interval from shuffling whole days instead of a formula.

    The statistic, the cells within which days change places and the inverted interval are those of
    :func:`~analysis.evaluation.patrol_days.randomisation.patrol_days_ri`, with harm days for crimes.

    Parameters
    ----------
    panel, outcome, crimes
        As in :func:`harm_ppml`.
    permutations, seed : int
        Random arrangements of days, and where they start.
    **options
        Of ``patrol_days_ri``.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: it asks whether patrols changed harm on any day at all, so a patrol that moves harm from some
    days to others is found as well; with few harmful days its p moves in steps.

    References
    ----------
    Fisher, R. A. (1935). The Design of Experiments. Rosenbaum, P. R. (2002). Covariance adjustment in randomized
    experiments and observational studies. Statistical Science 17, 286-327.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2023-02-06", periods=56)
    >>> harm = np.where(np.arange(56) % 2, [10.0, 30.0] * 28, [40.0, 20.0] * 28)
    >>> panel = pd.DataFrame({"hot_spot": "A", "local_date": days, "patrol": np.arange(56) % 2, "harm_days": harm})
    >>> harm_ri(panel, permutations=199, weekday=False, covariates=()).n_units
    56
    """
    reason = _no_harm(panel, outcome)
    if reason:
        return Refusal(estimand, reason)
    found = patrol_days_ri(
        panel, outcome=outcome, permutations=permutations, seed=seed, estimand=estimand, method_key="harm-ri", **options
    )
    return _told(found, panel, outcome, crimes)


@dataclass(frozen=True)
class HarmDays:
    """``total.estimate`` = ``count.estimate`` x ``severity.estimate``."""

    total: ResultRecord
    count: ResultRecord
    severity: ResultRecord


def harm_days_split(
    panel: pd.DataFrame,
    *,
    outcome: str = "harm_days",
    crimes: str = "crimes",
    covariates: Sequence[str] | None = None,
    strata: str = "4 weeks",
    treatment: str = "patrol",
    weekday: bool = True,
) -> HarmDays | Refusal:
    """Patrol days' harm ratio = ratio of crimes x ratio of harm per crime, from one model fitted to both.

    log severity ratio = b_harm - b_crimes. Its variance comes from the two models' day scores together: with
    u_d = bread_harm s_d(harm) - bread_crimes s_d(crimes), Var = G / (G - 1) x sum_d u_d^2 over the G days of either.

    Parameters
    ----------
    panel, outcome, crimes, covariates, strata, treatment, weekday
        As in :func:`harm_ppml`.

    Returns
    -------
    HarmDays or Refusal

    Notes
    -----
    How it can mislead: crimes without a harm weight are in the number and not in the harm. Severity is of crimes that
    were recorded; a grave crime that is recorded under another code changes it.

    References
    ----------
    Stefanski, L. A. & Boos, D. D. (2002). The calculus of M-estimation. American Statistician 56, 29-38.
    """
    reason = _no_harm(panel, outcome) or ("" if crimes in panel else "The number of crimes a day is not known.")
    extra = usable_conditions(panel) if covariates is None else tuple(covariates)
    if reason:
        return Refusal(SEVERITY, reason)
    fitted: list[Fitted] = []
    for column in (crimes, outcome):
        try:
            found = fit_days(
                prepare(panel, column, [treatment], extra, strata, weekday=weekday),
                (treatment,),
                extra,
                weekday=weekday,
            )
        except DidNotConverge as error:
            found = str(error)
        if isinstance(found, str):
            return Refusal(SEVERITY, found)
        fitted.append(found)
    count, harm = fitted
    influence = pd.DataFrame({"count": _by_day(count, treatment), "total": _by_day(harm, treatment)}).fillna(0.0)
    influence["severity"] = influence["total"] - influence["count"]
    groups = len(influence)
    logs = {"count": count.value(treatment), "total": harm.value(treatment)}
    logs["severity"] = logs["total"] - logs["count"]
    named = {"total": ESTIMAND, "count": COUNT, "severity": SEVERITY}
    digest = hash_values(panel["hot_spot"].astype(str), panel["local_date"].astype(str), panel[crimes], panel[outcome])
    records = {}
    for key, words in named.items():
        se = math.sqrt(groups / (groups - 1) * float((influence[key] ** 2).sum()))
        record = log_ratio_record(
            log_ratio=logs[key], se=se, df=float(groups - 1), method_key="harm-split", estimand=words,
            n_events=round(float(panel[crimes].sum())), n_units=len(panel), n_clusters=groups, maryland_level=3,
            method="Two conditional Poisson models on the same days, crimes and harm; CR1 of their scores by day",
            data_hash=digest, assumptions=("within a hot spot's four weeks patrol days are like other days",),
        )  # fmt: skip
        records[key] = about_harm(record, panel, outcome, crimes)
    return HarmDays(**records)


def _by_day(found: Fitted, treatment: str) -> pd.Series:
    """Influence of each day on the treatment's coefficient."""
    at = found.names.index(treatment)
    rows = found.fit.scores @ found.fit.cov_model[:, at]
    return pd.Series(rows).groupby(found.prepared.rows["local_date"].to_numpy()).sum()
