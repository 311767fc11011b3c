"""Do more patrol minutes go with fewer crimes? The day model with minutes in place of "any patrol"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.distributions import f_above, t_above, t_quantile
from analysis.evaluation.patrol_days.model import Fitted, fit_days, patrol_days, record_of
from analysis.evaluation.patrol_days.panel import Floats, prepare, usable_conditions
from analysis.evaluation.record import Check, Refusal, ResultRecord

Result = ResultRecord | Refusal
MINUTES = "patrol_minutes"
PER = 10.0
# Lower ends in minutes: none, some, at least a planned police dose (15), at least a planned outreach dose (40).
EDGES = (1.0, 15.0, 40.0)
LEAST_DAYS = 10  # hot spot-days in a category, below which its ratio is not shown
LINEAR = "Crimes in the service window, for each 10 patrol minutes more"


def dosage_linear(
    panel: pd.DataFrame, *, minutes: str = MINUTES, per: float = PER, estimand: str = LINEAR,
    method_key: str = "dosage-linear", **options: Any,
) -> Result:  # fmt: skip
    """Crime for each 10 patrol minutes more in the service window, in the same hot spot and four weeks.

    log E[y_hd] = a_(h, four weeks) + b x minutes_hd / 10 + weekday + covariates; ratio = exp(b), clustered by day. Its p
    is the test of trend on minutes.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``, with patrol minutes (0 on days without patrol).
    minutes : str
        Column of minutes.
    per : float
        Minutes that one step of the ratio stands for.
    estimand, method_key, **options
        As in ``patrol_days``.

    Returns
    -------
    ResultRecord or Refusal

    Notes
    -----
    How it can mislead: a straight line on the log scale takes the first ten minutes for as much as the last ten; look at
    the categories and the curve. Patrols stay longer where something happens, which hides a benefit.

    References
    ----------
    Koper, C. S. (1995). Just enough police presence. Justice Quarterly 12(4), 649-672.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> found = dosage_linear(example_panel())
    >>> round(found.estimate, 2), found.method_key
    (0.94, 'dosage-linear')
    """
    if minutes not in panel or panel[minutes].isna().all():
        return Refusal(estimand, "No patrol minutes are known for these days.")
    days = panel.assign(minutes_in_steps=panel[minutes].astype(float) / per)
    result = patrol_days(
        days, treatment="minutes_in_steps", estimand=estimand, method_key=method_key, **options
    )  # fmt: skip
    if isinstance(result, Refusal) and "both days with patrol" in result.reason:
        return Refusal(estimand, "In no four weeks did a hot spot's minutes differ from day to day.", result.checks)
    return result


def dosage_itt(panel: pd.DataFrame, *, planned: str = "planned_minutes", **options: Any) -> Result:
    """Crime for each 10 planned minutes more, whatever was delivered (intention to treat).

    As ``dosage_linear``, with the planned minutes of the day.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``, with planned minutes; days without a loaded plan are left out.
    planned : str
        Column of planned minutes.
    **options
        As in ``patrol_days``.

    Returns
    -------
    ResultRecord or Refusal
        Refusal where the planned minutes never differ inside a hot spot's four weeks.

    Notes
    -----
    How it can mislead: plans that hardly vary tell little, and plans are made for days that are expected to be busy.

    References
    ----------
    Gupta, S. K. (2011). Perspectives in Clinical Research 2(3), 109-112.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> dosage_itt(example_panel()).estimand
    'Crimes in the service window, for each 10 planned minutes more'
    """
    estimand = "Crimes in the service window, for each 10 planned minutes more"
    if planned not in panel or panel[planned].isna().all():
        return Refusal(estimand, "No plan of patrols is loaded for these days.")
    return dosage_linear(panel, minutes=planned, **{"estimand": estimand, "method_key": "dosage-itt", **options})


def category_labels(edges: Sequence[float] = EDGES) -> tuple[str, ...]:
    """ "1-14", "15-39", "40+" minutes for the edges 1, 15, 40."""
    ends = [f"{low:g}–{high - 1:g}" for low, high in pairwise(edges)]
    return (*ends, f"{edges[-1]:g}+")


def dosage_categories(
    panel: pd.DataFrame, *, minutes: str = MINUTES, edges: Sequence[float] = EDGES, cluster: str = "day",
    covariates: Sequence[str] | None = None, strata: str = "4 weeks", outcome: str = "crimes", weekday: bool = True,
) -> dict[str, Result]:  # fmt: skip
    """Crime on days with 1-14, 15-39 and 40 or more patrol minutes, each against days with none.

    log E[y] = a + sum_k b_k x [minutes in category k] + weekday + covariates. "trend": the same with the category's
    number 0, 1, 2, 3 in place of the indicators; its p is the test of trend.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``, with patrol minutes.
    minutes : str
        Column of minutes; less than the first edge counts as none.
    edges : sequence of float
        Lower ends of the categories, increasing.
    cluster, covariates, strata, outcome, weekday
        As in ``patrol_days``.

    Returns
    -------
    dict of str to ResultRecord or Refusal
        One for each category, by its label, and "trend". A category of fewer than 10 hot spot-days is refused and
        its days left out.

    Notes
    -----
    How it can mislead: several ratios are looked at, so one of them may stand out by chance; read the trend.

    References
    ----------
    Greenland, S. (1995). Dose-response and trend analysis in epidemiology. Epidemiology 6(4), 356-365.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> list(dosage_categories(example_panel()))
    ['1–14', '15–39', '40+', 'trend']
    """
    labels = category_labels(edges)
    said = {
        label: f"Crimes in the service window, days with {label} patrol minutes / days with none" for label in labels
    }
    said["trend"] = "Crimes in the service window, for each step from none over " + ", ".join(labels)
    if minutes not in panel or panel[minutes].isna().all():
        return {key: Refusal(text, "No patrol minutes are known for these days.") for key, text in said.items()}
    level = np.digitize(panel[minutes].fillna(0).to_numpy(float), edges)
    sizes = np.bincount(level[panel[minutes].notna()], minlength=len(edges) + 1)
    kept = [k for k in range(1, len(edges) + 1) if sizes[k] >= LEAST_DAYS]
    days = panel.assign(dose_step=level.astype(float), **{f"dose_{k}": (level == k).astype(float) for k in kept})
    days = days[np.isin(level, [0, *kept]) & panel[minutes].notna().to_numpy()]
    extra = usable_conditions(panel) if covariates is None else tuple(covariates)
    given: dict[str, Any] = {"strata": strata, "weekday": weekday, "cluster": cluster, "outcome": outcome}
    found = _several(days, [f"dose_{k}" for k in kept], extra, **given) if kept else "No category holds enough days."
    results: dict[str, Result] = {}
    for k, label in enumerate(labels, start=1):
        name, few = f"dose_{k}", f"Only {sizes[k]} hot spot-days had {label} minutes; {LEAST_DAYS} are needed."
        if k not in kept or isinstance(found, str):
            results[label] = Refusal(said[label], few if k not in kept else str(found))
        else:
            results[label] = record_of(found, name, said[label], "dosage-categories", _days_check(sizes[k]))
    results["trend"] = patrol_days(
        days, treatment="dose_step", estimand=said["trend"], method_key="dosage-categories", covariates=extra, **given
    )
    return results


def _days_check(count: int) -> tuple[Check, ...]:
    return (Check("hot spot-days in the category", float(count), count >= 30, needed="30 or more",
                  meaning="A category with few days says little."),)  # fmt: skip


def _several(
    panel: pd.DataFrame, treatments: Sequence[str], covariates: Sequence[str], *, strata: str, weekday: bool,
    cluster: str, outcome: str,
) -> Fitted | str:  # fmt: skip
    prepared = prepare(panel, outcome, list(treatments), list(covariates), strata, weekday=weekday)
    reason = "" if len(prepared.y) else "No crime was recorded in the service window on any of these days."
    return reason or fit_days(
        prepared, treatments, covariates, weekday=weekday, cluster=cluster, asked="The doses"
    )  # fmt: skip


def spline_basis(x: Floats, knots: Sequence[float]) -> Floats:
    """Restricted cubic spline with three knots: (n, 2), the value itself and a term that is straight in both tails.

    s(x) = [(x - t1)+^3 - (x - t2)+^3 (t3 - t1)/(t3 - t2) + (x - t3)+^3 (t2 - t1)/(t3 - t2)] / (t3 - t1)^2 (Harrell 2015).
    """
    t1, t2, t3 = knots

    def cubed(t: float) -> Floats:
        return np.asarray(np.clip(x - t, 0, None) ** 3, np.float64)

    bent = cubed(t1) - cubed(t2) * (t3 - t1) / (t3 - t2) + cubed(t3) * (t2 - t1) / (t3 - t2)
    found: Floats = np.column_stack([x, bent / (t3 - t1) ** 2]).astype(np.float64)
    return found


def dosage_spline(
    panel: pd.DataFrame, *, minutes: str = MINUTES, knots: Sequence[float] | None = None, at: float = 40.0,
    cluster: str = "day", covariates: Sequence[str] | None = None, strata: str = "4 weeks", outcome: str = "crimes",
    weekday: bool = True,
) -> tuple[Result, pd.DataFrame]:  # fmt: skip
    """A smooth curve of crime over patrol minutes, and whether it bends: restricted cubic spline with three knots.

    log E[y] = a + b1 m + b2 s(m) + weekday + covariates; ratio at m against none = exp(b1 m + b2 s(m)), with its pointwise
    interval from the clustered covariance and t(days - 1). Overall test: F = b' V^-1 b / 2; bend: t of b2.

    Parameters
    ----------
    panel : DataFrame
        As in ``patrol_days``, with patrol minutes.
    minutes : str
        Column of minutes.
    knots : three floats, optional
        Minutes, increasing. None: the 10th, 50th and 90th percentile of days with patrol.
    at : float
        Minutes for which the record gives the ratio against none (cut to the 90th percentile).
    cluster, covariates, strata, outcome, weekday
        As in ``patrol_days``.

    Returns
    -------
    (ResultRecord or Refusal, DataFrame)
        The curve has ``minutes`` (0 to the 95th percentile of days with patrol), ``ratio``, ``low``, ``high``.

    Notes
    -----
    How it can mislead: beyond the middle of the data the curve is drawn by few days; the interval is for one point at a
    time, so the whole curve is less certain than its band looks.

    References
    ----------
    Harrell, F. E. (2015). Regression Modeling Strategies, 2nd ed., section 2.4.5.

    Examples
    --------
    >>> from analysis.evaluation.patrol_days.example import example_panel
    >>> record, curve = dosage_spline(example_panel())
    >>> curve.iloc[0].tolist()
    [0.0, 1.0, 1.0, 1.0]
    """
    estimand, nothing = (
        "Crimes in the service window, by a curve over patrol minutes",
        pd.DataFrame(columns=["minutes", "ratio", "low", "high"]),
    )
    given = panel[minutes].dropna().to_numpy(float) if minutes in panel else np.zeros(0)
    positive = given[given > 0]
    if len(positive) < LEAST_DAYS:
        return Refusal(
            estimand, f"Only {len(positive)} hot spot-days have patrol minutes; {LEAST_DAYS} are needed."
        ), nothing
    placed = tuple(np.quantile(positive, [0.1, 0.5, 0.9])) if knots is None else tuple(knots)
    if len(placed) != 3 or not placed[0] < placed[1] < placed[2]:
        return Refusal(estimand, "Visits are all of nearly one length, so no curve can be drawn."), nothing
    days = panel.dropna(subset=[minutes])
    basis = spline_basis(days[minutes].to_numpy(float), placed)
    days = days.assign(dose=basis[:, 0], dose_bend=basis[:, 1])
    extra = usable_conditions(panel) if covariates is None else tuple(covariates)
    found = _several(
        days, ["dose", "dose_bend"], extra, strata=strata, weekday=weekday, cluster=cluster, outcome=outcome
    )
    if isinstance(found, str):
        return Refusal(estimand, found), nothing
    point = min(at, float(np.quantile(positive, 0.9)))
    points = np.unique(np.r_[np.linspace(0, float(np.quantile(positive, 0.95)), 41), point])
    value, se = _along(found, spline_basis(points, placed))
    reach = se * float(t_quantile(0.975, found.df))
    curve = pd.DataFrame(
        {"minutes": points, "ratio": np.exp(value), "low": np.exp(value - reach), "high": np.exp(value + reach)}
    )
    index = int(np.searchsorted(points, point))
    return _spline_record(found, placed, point, float(value[index]), float(se[index])), curve


def _along(found: Fitted, basis: Floats) -> tuple[Floats, Floats]:
    """Log ratio against no minutes, and its standard error, at each row of the basis."""
    at = [found.names.index("dose"), found.names.index("dose_bend")]
    b, v = found.fit.coef[at], found.covariance[np.ix_(at, at)]
    return basis @ b, np.sqrt(np.clip(np.einsum("ij,jk,ik->i", basis, v, basis), 0, None))


def _spline_record(found: Fitted, knots: Sequence[float], point: float, value: float, se: float) -> ResultRecord:
    at = [found.names.index("dose"), found.names.index("dose_bend")]
    b, v = found.fit.coef[at], found.covariance[np.ix_(at, at)]
    overall = float(f_above(float(b @ np.linalg.solve(v, b)) / 2, 2, found.df))
    bend = float(2 * t_above(abs(b[1]) / math.sqrt(float(v[1, 1])), found.df))
    placed = ", ".join(f"{k:.0f}" for k in knots)
    checks = (
        Check("p, any relation with minutes (2 terms)", overall, None, meaning="Both terms of the curve at once."),
        Check("p, the curve bends", bend, None, meaning="Above 0.05 a straight line describes these data as well."),
        Check("knots, minutes", placed, None, meaning="Where the curve may bend."),
    )
    return log_ratio_record(
        log_ratio=value, se=se, df=found.df, method_key="dosage-spline",
        estimand=f"Crimes in the service window, {point:.0f} patrol minutes / none, on the curve",
        n_events=round(float(found.prepared.y.sum())), n_units=len(found.prepared.y), n_clusters=found.groups,
        method=f"Restricted cubic spline with knots at {placed} minutes in the day model: {found.terms()}; CR1 clustered by day",
        maryland_level=3, data_hash=found.prepared.digest("dose"), limits=("Days were not drawn at random.",),
        assumptions=("within a hot spot's four weeks the length of patrols does not follow what happens that day",),
        checks=checks,
    )  # fmt: skip
