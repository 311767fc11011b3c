"""Before and during the service without comparison areas: the default description of change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.before_after.adjusting import adjustment
from analysis.evaluation.before_after.drift import (
    MIN_YEARS,
    PRIOR_SCALE,
    YearCount,
    YearDrift,
    drift_interval,
    year_drift,
)
from analysis.evaluation.building import log_ratio_record
from analysis.evaluation.calibration.table import quote
from analysis.evaluation.models.poisson import DidNotConverge, PoissonFit, fit_poisson
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values
from domain import formats

Floats = npt.NDArray[np.float64]
KEY = "before-after"
ESTIMAND = "Recorded crime, during / before, same hot spots"
PHI = "overdispersion phi (Pearson chi2/df, floor 1)"
BETWEEN_YEARS = "ordinary year-on-year change (SD of the log ratio, beyond chance)"
SEASON = "season (month of year) adjusted"
YEARS_USED = "years of crime up to the service, the “before” window being the last"
EMPTY_SPOTS = "hot spots without any crime, left out"
NO_CONTROL = "comparison area"
MIN_RESIDUAL_DF = 10


@dataclass(frozen=True)
class _Fitted:
    """The quasi-Poisson fit: ``log_ratio``, sampling ``variance``, ``df``, ``phi``; season adjusted or why not."""

    log_ratio: float
    variance: float
    df: float
    phi: float
    season: bool
    why_not: str


def before_after_ratio(
    cells: pd.DataFrame,
    earlier_years: Sequence[YearCount] = (),
    candidates: pd.DataFrame | None = None,
    *,
    selection: tuple[str, str] | None = None,
    prior_scale: float = PRIOR_SCALE,
) -> ResultRecord | Refusal:
    """Quasi-Poisson ratio of recorded crime during / before on hot spot x month, with honest noise.

    log E[crimes] = hot spot + month of year (when the data allow it) + b x during + log(exposure days);
    ratio = exp(b). With candidate places the count before is replaced by what these places had to expect given all
    candidates, exp(b) / R with R from :func:`analysis.evaluation.before_after.rtm.regression_to_mean`. Variance on the log
    scale: phi x Poisson variance, plus that of log R, plus drift between years
    (:mod:`analysis.evaluation.before_after.drift`), whose size is averaged over its posterior.

    Parameters
    ----------
    cells : DataFrame
        One row a hot spot, month and window: ``hot_spot`` (str), ``month`` (YYYY-MM), ``window`` ("before" or
        "during"), ``crimes`` (int), ``exposure_days`` (float > 0; days of the month inside the window).
    earlier_years : sequence of YearCount
        Windows of the same length before the service, oldest first, the "before" window last.
    candidates : DataFrame, optional
        ``place``, ``month``, ``crimes``: every place that could have been chosen, the hot spots under their own names
        included. Months after the "before" window are not used.
    selection : (str, str), optional
        First and last month on whose counts the places were chosen. Where it lies wholly outside the "before" window
        choosing cannot have inflated that window, and nothing is adjusted. Default: it overlaps.
    prior_scale : float
        Median of the prior of the drift between years (SD of a log change); error rates are quoted for the default alone.

    Returns
    -------
    ResultRecord or Refusal
        Maryland level 2: no comparison area, so nothing about cause.

    Notes
    -----
    How it can mislead: a fall that all places shared looks the same as one in these places only (with a fall of 8%
    everywhere it signals more often than 5%). Without candidates it also holds the return to normal of places chosen
    for a bad year. The size of ordinary drift rests on a prior where few years are loaded.

    References
    ----------
    McCullagh, P. & Nelder, J. A. (1989). Generalized Linear Models, 2nd ed., section 6.2 (overdispersion).
    Hauer, E. (1997). Observational Before-After Studies in Road Safety, ch. 11 (empirical Bayes).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(h, f"{y}-{m:02d}", w, n, 30.4) for h, a, b in (("A", 12, 8), ("B", 20, 13))
    ...         for y, w, n in ((2022, "before", a), (2023, "during", b)) for m in range(1, 13)]
    >>> cells = pd.DataFrame(rows, columns=["hot_spot", "month", "window", "crimes", "exposure_days"])
    >>> found = before_after_ratio(cells)
    >>> round(found.estimate, 3), found.maryland_level
    (0.656, 2)
    """
    used = cells[cells["exposure_days"] > 0].dropna(subset=["crimes"])
    reason = _reason_to_refuse(used)
    if reason:
        return Refusal(ESTIMAND, reason)
    by_spot = used.groupby("hot_spot")["crimes"].sum()
    # A hot spot without a crime in either window fits perfectly at rate 0 and says nothing about the ratio.
    kept = used[used["hot_spot"].isin(by_spot[by_spot > 0].index)]
    try:
        fitted = _fit(kept)
    except DidNotConverge as error:
        return Refusal(ESTIMAND, str(error))
    adjusted = adjustment(kept, candidates, selection)
    years, source = adjusted.years_for(earlier_years)
    drift = year_drift(years, fitted.phi, prior_scale)
    log_ratio, sampling = fitted.log_ratio - adjusted.log_ratio, fitted.variance + adjusted.se**2
    low, high, p, se = drift_interval(log_ratio, sampling, fitted.df, drift)
    # Measured with three earlier years; with fewer nothing may be quoted.
    row = f"{KEY}:candidates" if adjusted.done else KEY
    type1, coverage = quote(row) if drift.estimated and prior_scale == PRIOR_SCALE else (None, None)
    checks = _checks(fitted, drift, len(years), source, int((by_spot == 0).sum()), prior_scale)
    return log_ratio_record(
        log_ratio=log_ratio, se=se, df=fitted.df, ci_low=low, ci_high=high, p=p, method_key=KEY, estimand=ESTIMAND,
        n_events=int(kept["crimes"].sum()), n_units=len(kept), n_clusters=None, maryland_level=2,
        method=_method(fitted.season, adjusted.done, drift.estimated),
        data_hash=hash_values(*(kept[name] for name in ("hot_spot", "month", "window", "crimes", "exposure_days"))),
        assumptions=(*_assumptions(drift), *adjusted.assumptions),
        limits=(*_limits(fitted, drift), *adjusted.limits), checks=(*checks, *adjusted.checks),
        calibrated_type1=type1, calibrated_coverage=coverage, unit="crimes",
        observed=float(kept.loc[kept["window"] == "during", "crimes"].sum()),
    )  # fmt: skip


def _method(season: bool, adjusted: bool, estimated: bool) -> str:
    return (
        "Quasi-Poisson on hot spot x month: hot spot effects, "
        + ("month of year, " if season else "")
        + "log exposure; "
        + ("count before by empirical Bayes over candidate places; " if adjusted else "")
        + ("overdispersion and drift between years" if estimated else "overdispersion and assumed drift")
    )


def _reason_to_refuse(cells: pd.DataFrame) -> str:
    totals = cells.groupby("window")["crimes"].sum()
    for window in ("before", "during"):
        if window not in totals.index:
            return f"The data hold no months in the “{window}” window."
        if totals[window] == 0:
            return f"No crime was recorded in the “{window}” window, so the ratio has no finite estimate."
    return ""


def _fit(cells: pd.DataFrame) -> _Fitted:
    """With season when it can be told apart from the window, else without; and why not."""
    spots = pd.get_dummies(cells["hot_spot"]).to_numpy(float)
    during = (cells["window"] == "during").to_numpy(float)[:, None]
    y, offset = cells["crimes"].to_numpy(float), np.log(cells["exposure_days"].to_numpy(float))
    plain = np.hstack([during, spots])
    calendar = cells["month"].str[-2:]
    seasonal = np.hstack([plain, pd.get_dummies(calendar).to_numpy(float)[:, 1:]])
    why = _why_no_season(cells, calendar, seasonal)
    fit: PoissonFit = fit_poisson(plain if why else seasonal, y, offset)
    phi = max(1.0, fit.phi) if math.isfinite(fit.phi) else 1.0
    return _Fitted(float(fit.coef[0]), phi * float(fit.cov[0, 0]), float(max(1, fit.df)), phi, not why, why)


def _why_no_season(cells: pd.DataFrame, calendar: pd.Series, seasonal: Floats) -> str:
    during = cells["window"] == "during"
    shared = set(calendar[during]) & set(calendar[~during])
    if not shared or np.linalg.matrix_rank(seasonal) < seasonal.shape[1]:
        return "the two windows share no calendar month, so season cannot be told apart from the change"
    if len(cells) - seasonal.shape[1] < MIN_RESIDUAL_DF:
        return "there are too few hot spot-months to estimate a term for each month of the year"
    # A calendar month without a crime in either window would send its term to minus infinity.
    if (cells.groupby(calendar)["crimes"].sum() == 0).any():
        return "at least one calendar month has no recorded crime"
    return ""


def _checks(
    fitted: _Fitted, drift: YearDrift, years: int, source: str, empty_spots: int, prior_scale: float
) -> tuple[Check, ...]:
    usual = formats.percent(math.expm1(drift.sd))
    if drift.estimated:
        said = f"One year differs from the next by about {usual} without any service{source}; the interval is widened by it."
    else:
        said = (
            f"Assumed, not estimated: half of the prior lies below {formats.percent(math.expm1(prior_scale))}, but it has a long "
            "tail, which makes the figure itself large; the interval is widened by the whole of it."
        )
    return (
        Check(
            PHI,
            fitted.phi,
            None,
            meaning="1 is the scatter of pure chance between months; above 1 the interval is widened.",
        ),
        Check(
            BETWEEN_YEARS,
            drift.sd,
            None,
            meaning=said,
        ),
        Check(
            YEARS_USED,
            float(years),
            drift.estimated,
            needed=f"{MIN_YEARS} or more, each with crimes",
            meaning="Fewer cannot show how much one year ordinarily differs from the next.",
        ),
        Check(
            SEASON,
            "yes" if fitted.season else f"no: {fitted.why_not}",
            fitted.season,
            needed="yes",
            meaning="Keeps the time of year from looking like a change.",
        ),
        Check(EMPTY_SPOTS, float(empty_spots), None, meaning="A place without crime says nothing about change."),
        Check(
            NO_CONTROL,
            "none",
            False,
            needed="one or more",
            meaning="Without one, whatever else changed between the windows is part of the result.",
        ),
    )


def _assumptions(drift: YearDrift) -> tuple[str, ...]:
    found = ["crimes were recorded in the same way in both windows"]
    if drift.estimated:
        found.append(
            "the years before the service, lockdowns included, show how much one year ordinarily differs from the next"
        )
    else:
        found.append("one year ordinarily differs from the next by a few per cent, as the method sets it beforehand")
    return tuple(found)


def _limits(fitted: _Fitted, drift: YearDrift) -> tuple[str, ...]:
    found = ["There is no comparison area: anything else that changed between the windows is part of the ratio."]
    if not fitted.season:
        found.append(f"Not adjusted for season: {fitted.why_not}.")
    if not drift.estimated:
        found.append(
            f"Ordinary change from year to year is assumed, not estimated: fewer than {MIN_YEARS} earlier years with "
            "crimes are loaded."
        )
    return tuple(found)
