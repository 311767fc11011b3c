"""Days with patrol against days without, in the same hot spot and the same four weeks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.models.clustered import clustered_covariance
from analysis.evaluation.models.poisson import ConditionalFit, DidNotConverge, fit_conditional_poisson
from analysis.evaluation.patrol_days.panel import (
    Floats,
    Prepared,
    Variation,
    cluster_codes,
    independent_terms,
    prepare,
    usable_conditions,
)
from analysis.evaluation.record import Check, Refusal, ResultRecord

MIN_CLUSTERS = 30
MIN_EVENTS = 20
ESTIMAND = "Crimes in the service window, patrol days / no-patrol days"
ASSUMPTIONS = (
    "within a hot spot's four weeks, after weekday and the last week's crime, patrol days are like other days",
    "nothing moved both patrols and crime on the same day (an event, weather, a holiday)",
    "a patrol does not change crime on the following days in the same hot spot (the page of patrol days looks at that)",
)


@dataclass(frozen=True)
class DayCounts:
    """The raw table behind the model: hot spot-days and events by whether there was a patrol."""

    patrol_days: int
    patrol_events: float
    other_days: int
    other_events: float

    @property
    def crude_ratio(self) -> float | None:
        """Events a day with patrol / without, unadjusted: not for claims, for comparison."""
        if not (self.patrol_days and self.other_days and self.other_events):
            return None
        return (self.patrol_events / self.patrol_days) / (self.other_events / self.other_days)


def day_counts(panel: pd.DataFrame, outcome: str = "crimes") -> DayCounts:
    """Sum a panel (see :func:`patrol_days`) by patrol and no patrol."""
    with_patrol = panel["patrol"].astype(bool)
    return DayCounts(
        int(with_patrol.sum()),
        float(panel.loc[with_patrol, outcome].sum()),
        int((~with_patrol).sum()),
        float(panel.loc[~with_patrol, outcome].sum()),
    )


def add_previous_7_days(panel: pd.DataFrame, crimes: str = "crimes") -> pd.DataFrame:
    """Add ``previous_7_days``: crimes in the same hot spot on the 7 days before; the first 7 days drop out.

    Parameters
    ----------
    panel : DataFrame
        Every hot spot on every day once: ``hot_spot``, ``local_date``, ``crimes`` (any other columns kept).
    crimes : str
        Column to sum.
    """
    ordered = panel.sort_values(["hot_spot", "local_date"])
    rolled = ordered.groupby("hot_spot")[crimes].transform(lambda s: s.rolling(7, min_periods=7).sum().shift(1))
    return ordered.assign(previous_7_days=rolled).dropna(subset=["previous_7_days"]).reset_index(drop=True)


@dataclass(frozen=True)
class Fitted:
    """A fitted day model: coefficients by name with the clustered covariance that its records read."""

    prepared: Prepared
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    fit: ConditionalFit
    covariance: Floats
    groups: int | None  # clusters of the way with fewest; None: no clustering, Poisson variance

    @property
    def df(self) -> float | None:
        return None if self.groups is None else float(self.groups - 1)

    def value(self, name: str) -> float:
        return float(self.fit.coef[self.names.index(name)])

    def se(self, name: str) -> float:
        at = self.names.index(name)
        return math.sqrt(max(0.0, float(self.covariance[at, at])))

    def terms(self) -> str:
        """Terms in words, weekdays once."""
        words = ("weekday" if n.startswith("weekday") else n.replace("_", " ") for n in self.names)
        return ", ".join(dict.fromkeys(words))


def patrol_days(
    panel: pd.DataFrame,
    *,
    outcome: str = "crimes",
    covariates: Sequence[str] | None = None,
    strata: str = "4 weeks",
    cluster: str | Sequence[str] = "day",
    treatment: str = "patrol",
    weekday: bool = True,
    exposure: str | None = None,
    randomised: bool = False,
    estimand: str = ESTIMAND,
    method_key: str = "patrol-days",
) -> ResultRecord | Refusal:
    """Crime on patrol days against other days of the same hot spot and four weeks, adjusted, clustered by day.

    log E[y_hd] = a_(h, four weeks) + b x patrol_hd + weekday + covariates (+ log exposure); the levels a are removed by
    conditioning on the stratum totals. Ratio = exp(b). Variance: CR1 sandwich, B (sum_g s_g s_g') B x G / (G - 1) with
    s_g the summed scores of day g; interval from t(G - 1). With harm days as outcome the same estimator is Poisson
    pseudo-likelihood (PPML), which asks only that the mean is right.

    Parameters
    ----------
    panel : DataFrame, one row a hot spot and local day
        ``hot_spot`` (str), ``local_date`` (date), the treatment (0/1 or an amount), the outcome (>= 0, need not be
        whole) and each covariate (numbers). Rows with a value missing are left out and counted. Days may be missing.
    outcome : str
        Column counted. Default: crimes inside the service window.
    covariates : sequence of str, optional
        Further columns. None: those of previous_7_days, holiday, event, rain_mm and temperature_c that are loaded for
        nine days in ten. Terms that cannot be told apart within strata are left out and said so.
    strata : str
        "4 weeks", "week", "10 days" ...: hot spot x block of days from the first one; "none": hot spot alone;
        "pooled": no strata at all; or a column of the panel.
    cluster : str or sequence of str
        "day", "week", "hot spot", a column, or several (multi-way); "none": plain Poisson variance, normal reference.
    treatment : str
        Column whose ratio is wanted; an amount gives the ratio for one unit more.
    weekday : bool
        Whether weekdays have levels of their own.
    exposure : str, optional
        Column of exposures > 0 (hours, area); rows with 0 are left out.
    randomised : bool
        Days were drawn at random (Maryland level 5).
    estimand, method_key : str
        Words for the record, and the catalogue's key.

    Returns
    -------
    ResultRecord or Refusal
        On the ratio scale. Refusal when the treatment does not vary, nothing happened, all events lie on one side, or
        there are fewer than two clusters.

    Notes
    -----
    How it can mislead: a day on which something moved both patrols and crime (an event that was not loaded) biases
    it whatever the interval says; simulated, 13 to 42% false alarms. Blocks shorter than four weeks make patrols that
    follow crime look good. Fewer than 30 clusters understate the uncertainty.

    References
    ----------
    Hausman, J., Hall, B. H. & Griliches, Z. (1984). Econometrica 52(4), 909-938.
    Correia, S., Guimaraes, P. & Zylkin, T. (2020). Stata Journal 20(1), 95-115.
    Cameron, A. C. & Miller, D. L. (2015). J Human Resources 50(2), 317-372.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2023-02-06", periods=56)
    >>> panel = pd.DataFrame({"hot_spot": "A", "local_date": days, "patrol": np.arange(56) % 2})
    >>> found = patrol_days(panel.assign(crimes=2 - panel["patrol"]), weekday=False)
    >>> round(found.estimate, 3), found.n_clusters
    (0.5, 56)
    """
    extra = usable_conditions(panel) if covariates is None else tuple(covariates)
    prepared = prepare(panel, outcome, [treatment], extra, strata, weekday=weekday, exposure=exposure)
    variation = Variation.of(prepared, treatment)
    reason = variation.reason_to_refuse()
    found = reason or fit_days(
        prepared, (treatment,), extra, weekday=weekday, cluster=cluster, exposure=exposure, asked="Patrol days"
    )
    if isinstance(found, str):
        return Refusal(estimand, found, variation.checks())
    if found.se(treatment) == 0:
        return Refusal(estimand, "The days do not differ enough to estimate uncertainty.", variation.checks())
    return record_of(
        found, treatment, estimand, method_key, variation.checks(), cluster=cluster, level=5 if randomised else 3
    )


def fit_days(
    prepared: Prepared,
    treatments: Sequence[str],
    covariates: Sequence[str] = (),
    *,
    weekday: bool = True,
    cluster: str | Sequence[str] = "day",
    exposure: str | None = None,
    start: Floats | None = None,
    asked: str = "The treatment",
) -> Fitted | str:
    """Fit the day model; a reason in words where it cannot be fitted."""
    if not len(prepared.y):
        return "There are no hot spot-days with crime to compare."
    terms = dict(prepared.weekdays) if weekday else {}
    terms |= {name: prepared.column(name) for name in (*covariates, *treatments)}
    x, names, left_out = independent_terms(terms, prepared.strata)
    if not set(treatments) <= set(names):
        return f"{asked} cannot be told apart from the other terms of the model."
    offset = np.log(prepared.column(exposure)) if exposure else None
    clusters = () if cluster == "none" else (cluster,) if isinstance(cluster, str) else tuple(cluster)
    codes = [cluster_codes(prepared.rows, name) for name in clusters]
    for name, labels in zip(clusters, codes, strict=True):
        if labels.max() < 1:
            return f"All events fall in one {name}, so uncertainty cannot be estimated."
    try:
        fit = fit_conditional_poisson(
            x,
            prepared.y,
            prepared.strata,
            offset=offset,
            start=start if start is not None and len(start) == x.shape[1] else None,
        )
    except DidNotConverge as error:
        return str(error)
    if not codes:
        return Fitted(prepared, names, left_out, fit, fit.cov_model, None)
    clustered = clustered_covariance(fit.scores, fit.cov_model, codes)
    return Fitted(prepared, names, left_out, fit, clustered.covariance, min(clustered.groups))


def record_of(
    found: Fitted,
    name: str,
    estimand: str,
    method_key: str,
    checks: tuple[Check, ...],
    *,
    cluster: str | Sequence[str] = "day",
    level: int = 3,
    scale: float = 1.0,
) -> ResultRecord:
    """The record of one coefficient (times ``scale``) of a fitted day model."""
    events = round(float(found.prepared.y.sum()))
    by = cluster if isinstance(cluster, str) else " and ".join(cluster)
    variance = "Poisson variance, no clustering" if found.groups is None else f"CR1 clustered by {by}"
    inside = found.prepared.strata_words
    inside = "hot spot x 4-week" if inside == "hot spot x 4 weeks" else inside
    return log_ratio_record(
        log_ratio=found.value(name) * scale,
        se=found.se(name) * abs(scale),
        df=found.df,
        method_key=method_key,
        estimand=estimand,
        n_events=events,
        n_units=len(found.prepared.y),
        n_clusters=found.groups,
        method=f"Conditional (fixed-effects) Poisson in {inside} strata: {found.terms()}; {variance}",
        maryland_level=level,
        data_hash=found.prepared.digest(name),
        assumptions=ASSUMPTIONS if level < 5 else ASSUMPTIONS[2:],
        limits=() if level == 5 else ("Days were not drawn at random.",),
        checks=(*checks, *_fit_checks(found, name, events, by, scale)),
        **_observed(found, name),
    )


def _observed(found: Fitted, name: str) -> dict[str, Any]:
    """What was counted on patrol days; an amount or a day of another kind has none."""
    value = found.prepared.column(name)
    if name != "patrol" or not set(np.unique(value)) <= {0.0, 1.0}:
        return {}
    unit = "harm days" if found.prepared.outcome.startswith("harm") else "crimes"
    return {"observed": float(found.prepared.y[value > 0].sum()), "unit": unit}


def _fit_checks(found: Fitted, name: str, events: int, by: str, scale: float) -> tuple[Check, ...]:
    at = found.names.index(name)
    model_se = math.sqrt(float(found.fit.cov_model[at, at])) * abs(scale)
    groups = found.groups
    clusters = () if groups is None else (
        Check(
            f"{by}s (clusters)", float(groups), groups >= MIN_CLUSTERS, needed=f"{MIN_CLUSTERS} or more",
            meaning=f"Crimes of one {by} go together, so uncertainty is counted over {by}s; few of them understate it.",
        ),
    )  # fmt: skip
    return (
        Check(
            "events", float(events), events >= MIN_EVENTS, needed=f"{MIN_EVENTS} or more",
            meaning="Crimes in the service window that the estimate rests on.",
        ),
        *clusters,
        Check(
            "SE ignoring clustering", model_se, None,
            meaning="The standard error if crimes of one day had nothing in common; for comparison.",
        ),
        Check(
            "hot spot-days left out, a value is missing", float(found.prepared.missing), None,
            meaning="Hot spot-days on which the outcome, the patrol or a condition is not known.",
        ),
        Check(
            "hot spot-days under a condition on which no crime ever fell", float(found.prepared.settled.sum()), None,
            meaning="They say nothing about patrol and are left out (a holiday without any crime, for example).",
        ),
        Check(
            "terms left out, not distinguishable", ", ".join(found.left_out) or "none", not found.left_out,
            needed="none", meaning="A term left out is not adjusted for.",
        ),
    )  # fmt: skip
