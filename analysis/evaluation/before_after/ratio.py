"""Before and during the service without comparison areas: the default description of change."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.evaluation.before_after.drift import MIN_YEARS, YearCount, YearDrift, drift_interval, year_drift
from analysis.evaluation.calibration.table import BEFORE_AFTER, measured
from analysis.evaluation.models.poisson import DidNotConverge, PoissonFit, fit_poisson
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values, mde80
from domain import formats

ESTIMAND = "Recorded crime, during / before, same hot spots"
PHI = "overdispersion phi (Pearson chi2/df, floor 1)"
BETWEEN_YEARS = "ordinary year-on-year change (SD of the log ratio, beyond chance)"
SEASON = "season (month of year) adjusted"
YEARS_USED = "years of crime up to the service, the “before” window being the last"
EMPTY_SPOTS = "hot spots without any crime, left out"
NO_CONTROL = "comparison area"
MIN_RESIDUAL_DF = 10


def before_after_ratio(cells: pd.DataFrame, earlier_years: Sequence[YearCount] = ()) -> ResultRecord | Refusal:
    """Quasi-Poisson ratio of recorded crime during / before on hot spot x month, with honest noise.

    log E[crimes] = hot spot + month of year (when the data allow it) + b x during + log(exposure days);
    ratio = exp(b); its error is phi x Poisson variance plus drift between years (analysis.evaluation.before_after.drift).

    Parameters
    ----------
    cells : DataFrame
        One row a hot spot, month and window: ``hot_spot`` (str), ``month`` (YYYY-MM), ``window`` ("before" or
        "during"), ``crimes`` (int), ``exposure_days`` (float > 0; days of the month inside the window).
    earlier_years : sequence of YearCount
        Windows of the same length before the service, oldest first, the "before" window last.

    Returns
    -------
    ResultRecord or Refusal
        Maryland level 2: no comparison area, so nothing about cause.

    References
    ----------
    McCullagh, P. & Nelder, J. A. (1989). Generalized Linear Models, 2nd ed., section 6.2 (overdispersion).
    """
    used = cells[cells["exposure_days"] > 0]
    reason = _reason_to_refuse(used)
    if reason:
        return Refusal(ESTIMAND, reason)
    by_spot = used.groupby("hot_spot")["crimes"].sum()
    # A hot spot without a crime in either window fits perfectly at rate 0 and says nothing about the ratio.
    used = used[used["hot_spot"].isin(by_spot[by_spot > 0].index)]
    try:
        fit, season, why_not = _fit(used)
    except DidNotConverge as error:
        return Refusal(ESTIMAND, str(error))
    phi = max(1.0, fit.phi) if math.isfinite(fit.phi) else 1.0
    drift = year_drift(earlier_years, phi)
    # Measured with three earlier years; with fewer nothing may be quoted.
    quoted = measured(BEFORE_AFTER) if drift.estimated else None
    df = float(max(1, fit.df))
    low, high, p, se = drift_interval(float(fit.coef[0]), phi * float(fit.cov[0, 0]), df, drift)
    return ResultRecord(
        estimand=ESTIMAND,
        scale="ratio",
        estimate=math.exp(float(fit.coef[0])),
        se=se,
        ci_low=low,
        ci_high=high,
        p=p,
        df=df,
        n_events=int(used["crimes"].sum()),
        n_units=len(used),
        n_clusters=None,
        method="Quasi-Poisson on hot spot x month: hot spot effects, "
        + ("month of year, " if season else "")
        + "log exposure; "
        + ("overdispersion and drift between years" if drift.estimated else "overdispersion and assumed drift"),
        maryland_level=2,
        data_hash=hash_values(*(used[name] for name in ("hot_spot", "month", "window", "crimes", "exposure_days"))),
        assumptions=_assumptions(drift),
        limits=_limits(season, why_not, drift),
        checks=_checks(phi, drift, len(earlier_years), season, why_not, int((by_spot == 0).sum())),
        mde80=mde80(se),
        calibrated_type1=quoted.type1 if quoted else None,
        calibrated_coverage=quoted.coverage if quoted else None,
    )


def _reason_to_refuse(cells: pd.DataFrame) -> str:
    totals = cells.groupby("window")["crimes"].sum()
    for window in ("before", "during"):
        if window not in totals.index:
            return f"The data hold no months in the “{window}” window."
        if totals[window] == 0:
            return f"No crime was recorded in the “{window}” window, so the ratio has no finite estimate."
    return ""


def _fit(cells: pd.DataFrame) -> tuple[PoissonFit, bool, str]:
    """The fit with season when it can be told apart from the window, else without; and why not."""
    spots = pd.get_dummies(cells["hot_spot"]).to_numpy(float)
    during = (cells["window"] == "during").to_numpy(float)[:, None]
    y, offset = cells["crimes"].to_numpy(float), np.log(cells["exposure_days"].to_numpy(float))
    plain = np.hstack([during, spots])
    calendar = cells["month"].str[-2:]
    # A calendar month without a crime in either window would send its term to minus infinity.
    empty = cells.groupby(calendar)["crimes"].transform("sum").to_numpy() == 0
    months = pd.get_dummies(calendar).to_numpy(float)[:, 1:]
    seasonal = np.hstack([plain, months])
    shared = set(calendar[during[:, 0] == 1]) & set(calendar[during[:, 0] == 0])
    if not shared or np.linalg.matrix_rank(seasonal) < seasonal.shape[1]:
        why = "the two windows share no calendar month, so season cannot be told apart from the change"
    elif len(y) - seasonal.shape[1] < MIN_RESIDUAL_DF:
        why = "there are too few hot spot-months to estimate a term for each month of the year"
    elif empty.any():
        why = "at least one calendar month has no recorded crime"
    else:
        return fit_poisson(seasonal, y, offset), True, ""
    return fit_poisson(plain, y, offset), False, why


def _checks(
    phi: float, drift: YearDrift, years: int, season: bool, why_not: str, empty_spots: int
) -> tuple[Check, ...]:
    usual = math.expm1(drift.sd)
    return (
        Check(
            PHI, phi, None, meaning="1 is the scatter of pure chance between months; above 1 the interval is widened."
        ),
        Check(
            BETWEEN_YEARS,
            drift.sd,
            None,
            meaning=f"One year differs from the next by about {formats.percent(usual)} without any service; the interval "
            "is widened by it.",
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
            "yes" if season else f"no: {why_not}",
            season,
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


def _limits(season: bool, why_not: str, drift: YearDrift) -> tuple[str, ...]:
    found = [
        "There is no comparison area: anything else that changed between the windows is part of the ratio.",
        "Not adjusted for regression to the mean: places chosen because crime was high tend to fall by themselves.",
    ]
    if not season:
        found.append(f"Not adjusted for season: {why_not}.")
    if not drift.estimated:
        found.append(
            f"Ordinary change from year to year is assumed, not estimated: fewer than {MIN_YEARS} earlier years with "
            "crimes are loaded."
        )
    return tuple(found)
