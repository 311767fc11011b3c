"""Days with patrol against days without, in the same hot spot and the same four weeks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from analysis.evaluation.calibration.table import PATROL_DAYS, measured
from analysis.evaluation.models.poisson import (
    ConditionalFit,
    DidNotConverge,
    cluster_covariance,
    fit_conditional_poisson,
)
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values, mde80

BLOCK_DAYS = 28
MIN_CLUSTERS = 30
MIN_EVENTS = 20
STRATA = "strata (hot spot x 4 weeks)"
NO_EVENTS = "strata without events, dropped"
NO_VARIATION = "strata without both patrol and no-patrol days (no information on patrol)"


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


def patrol_days(
    panel: pd.DataFrame,
    *,
    outcome: str = "crimes",
    covariates: tuple[str, ...] = ("previous_7_days",),
    estimand: str = "Crimes in the service window, patrol days / no-patrol days",
) -> ResultRecord | Refusal:
    """Conditional (fixed-effects) Poisson ratio, patrol days / other days, clustered by day.

    log E[y] = hot spot x 4-week level + b x patrol + weekday + covariates; levels removed by conditioning on
    stratum totals. SE: CR1 sandwich over days, factor G/(G-1); t(G-1). With harm days as ``outcome`` the same
    estimator is Poisson pseudo-likelihood (PPML).

    Parameters
    ----------
    panel : DataFrame
        One row a hot spot and local day: ``hot_spot`` (str), ``local_date`` (date), ``patrol`` (bool), the
        outcome (>= 0) and each covariate (finite numbers). Four-week blocks start at the first date.
    outcome : str
        Column counted. Default: crimes inside the service window.
    covariates : tuple of str
        Further columns; terms that cannot be told apart within strata are left out and said so.
    estimand : str
        Words for the record.

    Returns
    -------
    ResultRecord or Refusal
        Refusal when there is no patrol variation, nothing happened, or all events lie on one side.

    References
    ----------
    Hausman, Hall & Griliches (1984). Econometrica 52, 909-938. Correia, Guimaraes & Zylkin (2020), Stata J 20.
    Cameron & Miller (2015). J Human Resources 50, 317-372 (CR1).
    """
    prepared = _prepare(panel, outcome)
    checks = prepared.checks()
    reason = prepared.reason_to_refuse()
    if reason:
        return Refusal(estimand, reason, checks)
    x, names, left_out = _design(prepared.rows, prepared.strata, covariates)
    if "patrol" not in names:
        return Refusal(estimand, "Patrol days cannot be told apart from the other terms of the model.", checks)
    y = prepared.rows[outcome].to_numpy(float)
    clusters = pd.factorize(prepared.rows["local_date"])[0].astype(np.int64)
    if clusters.max() < 1:
        return Refusal(estimand, "All events fall on one day, so uncertainty cannot be estimated.", checks)
    try:
        fit = fit_conditional_poisson(x, y, prepared.strata)
    except DidNotConverge as error:
        return Refusal(estimand, str(error), checks)
    return _record(fit, clusters, prepared, estimand, outcome, names, left_out)


@dataclass(frozen=True)
class _Prepared:
    """Rows of strata with events, their stratum numbers, and what was dropped."""

    rows: pd.DataFrame
    strata: npt.NDArray[np.int64]
    total: int
    no_events: int
    no_variation: int
    informative_events: tuple[float, float]  # (patrol days, other days), in strata that have both

    def checks(self) -> tuple[Check, ...]:
        return (
            Check(STRATA, float(self.total), None, meaning="Days are compared only inside one place and four weeks."),
            Check(NO_EVENTS, float(self.no_events), None, meaning="Four weeks without a crime say nothing either way."),
            Check(
                NO_VARIATION,
                float(self.no_variation),
                self.no_variation < self.most_without_variation,
                needed=f"under {self.most_without_variation:g}: half of those with events",
                meaning="Where patrols came every day or never, there is nothing to compare.",
            ),
        )

    @property
    def most_without_variation(self) -> float:
        return max(1, self.total - self.no_events) / 2

    def reason_to_refuse(self) -> str:
        with_patrol, without = self.informative_events
        if self.total == 0:
            return "There are no hot spot-days to compare."
        if self.total == self.no_events:
            return "No crime was recorded in the service window on any of these days."
        if self.no_events + self.no_variation >= self.total:
            return "No hot spot has both days with patrol and days without within the same four weeks."
        if with_patrol == 0 or without == 0:
            side = "without" if with_patrol == 0 else "with"
            return f"Every crime that can be compared fell on days {side} patrol, so the ratio has no finite estimate."
        return ""


def _prepare(panel: pd.DataFrame, outcome: str) -> _Prepared:
    days = pd.to_datetime(panel["local_date"])
    block = (days - days.min()).dt.days // BLOCK_DAYS
    key = panel["hot_spot"].astype(str) + "|" + block.astype(str)
    patrol = panel["patrol"].astype(bool)
    by = pd.DataFrame({"key": key, "patrol": patrol, "y": panel[outcome].astype(float)})
    groups = by.groupby("key")
    events, share = groups["y"].sum(), groups["patrol"].mean()
    alive = events > 0
    varies = alive & (share > 0) & (share < 1)
    informative = by[by["key"].isin(varies[varies].index)]
    kept = by["key"].isin(alive[alive].index)
    rows = panel[kept].reset_index(drop=True)
    return _Prepared(
        rows,
        pd.factorize(by["key"][kept])[0].astype(np.int64),
        len(events),
        int((~alive).sum()),
        int((alive & ~varies).sum()),
        (
            float(informative.loc[informative["patrol"], "y"].sum()),
            float(informative.loc[~informative["patrol"], "y"].sum()),
        ),
    )


def _design(
    rows: pd.DataFrame, strata: npt.NDArray[np.int64], covariates: tuple[str, ...]
) -> tuple[npt.NDArray[np.float64], list[str], list[str]]:
    """Columns that vary within strata and add something, patrol last to enter so that it proves its own variation."""
    weekday = pd.to_datetime(rows["local_date"]).dt.day_of_week
    wanted = {f"weekday {n}": (weekday == n).to_numpy(float) for n in range(1, 7)}
    wanted |= {name: rows[name].to_numpy(float) for name in covariates}
    wanted["patrol"] = rows["patrol"].to_numpy(float)
    size = np.bincount(strata)
    kept: list[str] = []
    columns: list[npt.NDArray[np.float64]] = []
    left_out: list[str] = []
    for name, column in wanted.items():
        within = column - (np.bincount(strata, weights=column) / size)[strata]
        trial = np.stack([*columns, within], axis=1) if columns else within[:, None]
        scale = np.linalg.norm(trial, axis=0)
        if scale[-1] < 1e-9 or np.linalg.matrix_rank(trial / np.maximum(scale, 1e-12), tol=1e-7) < trial.shape[1]:
            left_out.append(name)
            continue
        columns.append(within)
        kept.append(name)
    x: npt.NDArray[np.float64] = (
        np.array([wanted[name] for name in kept], dtype=np.float64).reshape(len(kept), len(rows)).T
    )
    return x, kept, left_out


def _record(
    fit: ConditionalFit,
    clusters: npt.NDArray[np.int64],
    prepared: _Prepared,
    estimand: str,
    outcome: str,
    names: list[str],
    left_out: list[str],
) -> ResultRecord | Refusal:
    at = names.index("patrol")
    terms = ", ".join(dict.fromkeys("weekday" if n.startswith("weekday") else n.replace("_", " ") for n in names))
    covariance, groups = cluster_covariance(fit.scores, fit.cov_model, clusters)
    b, se = float(fit.coef[at]), math.sqrt(max(0.0, float(covariance[at, at])))
    if se == 0:
        return Refusal(estimand, "The days do not differ enough to estimate uncertainty.", prepared.checks())
    df = float(groups - 1)
    q = float(stats.t.ppf(0.975, df))
    y = prepared.rows[outcome].to_numpy(float)
    events = round(float(y.sum()))
    # Measured for the default model only; another outcome or set of terms has no rate to quote.
    quoted = measured(PATROL_DAYS) if outcome == "crimes" and "previous_7_days" in names else None
    return ResultRecord(
        estimand=estimand,
        scale="ratio",
        estimate=math.exp(b),
        se=se,
        ci_low=math.exp(b - q * se),
        ci_high=math.exp(b + q * se),
        p=float(2 * stats.t.sf(abs(b) / se, df)),
        df=df,
        n_events=events,
        n_units=len(y),
        n_clusters=groups,
        method=f"Conditional (fixed-effects) Poisson in hot spot x 4-week strata: {terms}; CR1 clustered by day",
        maryland_level=3,
        data_hash=hash_values(
            prepared.rows["hot_spot"].astype(str),
            prepared.rows["local_date"].astype(str),
            prepared.rows["patrol"].astype(float),
            y,
        ),
        assumptions=(
            "within a hot spot's four weeks, after weekday and the last week's crime, patrol days are like other days",
            "nothing moved both patrols and crime on the same day (an event, weather, a holiday)",
            "a patrol does not change crime on the following days in the same hot spot",
        ),
        limits=("Days were not drawn at random.",),
        checks=(
            *prepared.checks(),
            *_fit_checks(events, groups, math.sqrt(float(fit.cov_model[at, at])), left_out),
        ),
        mde80=mde80(se),
        calibrated_type1=quoted.type1 if quoted else None,
        calibrated_coverage=quoted.coverage if quoted else None,
    )


def _fit_checks(events: int, groups: int, model_se: float, left_out: list[str]) -> tuple[Check, ...]:
    return (
        Check(
            "events",
            float(events),
            events >= MIN_EVENTS,
            needed=f"{MIN_EVENTS} or more",
            meaning="Crimes in the service window that the estimate rests on.",
        ),
        Check(
            "days (clusters)",
            float(groups),
            groups >= MIN_CLUSTERS,
            needed=f"{MIN_CLUSTERS} or more",
            meaning="Crimes of one day go together, so uncertainty is counted over days; few days understate it.",
        ),
        Check(
            "SE ignoring clustering",
            model_se,
            None,
            meaning="The standard error if crimes of one day had nothing in common; for comparison.",
        ),
        Check(
            "terms left out, not distinguishable",
            ", ".join(left_out) or "none",
            not left_out,
            needed="none",
            meaning="A term left out is not adjusted for.",
        ),
    )
