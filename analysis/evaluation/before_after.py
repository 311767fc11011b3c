"""Before and during the service without comparison areas: the default description of change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.evaluation.poisson import DidNotConverge, PoissonFit, fit_poisson
from analysis.evaluation.record import Check, Refusal, ResultRecord, hash_values, log_interval, mde80

ESTIMAND = "Recorded crime, during / before, same hot spots"
PHI = "overdispersion phi (Pearson chi2/df, floor 1)"
BETWEEN_YEARS = "between-year variance of the log ratio"
SEASON = "season (month of year) adjusted"
NO_CONTROL = "comparison area"
MIN_YEARS = 3
MIN_RESIDUAL_DF = 10


@dataclass(frozen=True)
class YearCount:
    """One earlier year (or window of the same length): events and exposure in hot spot-days."""

    events: int
    exposure: float


@dataclass(frozen=True)
class BetweenYears:
    """``variance`` of a year-on-year log change beyond phi x Poisson noise, from ``df`` changes."""

    variance: float
    df: int


def between_year_variance(years: Sequence[YearCount], phi: float) -> BetweenYears | None:
    """How much one year differs from the next with no service at work.

    d_k = log(rate_{k+1} / rate_k) over successive earlier years;
    variance = max(0, mean(d_k^2) - phi mean(1/n_k + 1/n_{k+1})). The changes are not centred, so a steady
    trend counts as drift: a before/after comparison cannot tell it from an effect.

    Parameters
    ----------
    years : sequence of YearCount
        Oldest first, the "before" window last; no service in any of them.
    phi : float
        Overdispersion, >= 1.

    Returns
    -------
    BetweenYears or None
        None with fewer than 3 years or a year without events.

    Notes
    -----
    Method of moments, as in the DerSimonian-Laird between-study variance.
    """
    if len(years) < MIN_YEARS or min(year.events for year in years) == 0:
        return None
    events = np.array([year.events for year in years], float)
    change = np.diff(np.log(events / np.array([year.exposure for year in years], float)))
    noise = phi * (1 / events[:-1] + 1 / events[1:])
    return BetweenYears(max(0.0, float((change**2).mean() - noise.mean())), len(change))


def satterthwaite(*parts: tuple[float, float]) -> float:
    """Degrees of freedom of a sum of variances ``(variance, df)``: (sum v)^2 / sum(v^2 / df).

    References
    ----------
    Satterthwaite, F. E. (1946). Biometrics Bulletin 2, 110-114.
    """
    total = sum(variance for variance, _ in parts)
    return total**2 / sum(variance**2 / df for variance, df in parts if variance > 0)


def before_after_ratio(cells: pd.DataFrame, earlier_years: Sequence[YearCount] = ()) -> ResultRecord | Refusal:
    """Quasi-Poisson ratio of recorded crime during / before on hot spot x month, with honest noise.

    log E[crimes] = hot spot + month of year (when the data allow it) + b x during + log(exposure days);
    ratio = exp(b); SE^2 = phi x Poisson variance + between-year variance; t with Satterthwaite df.

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
    sampling = phi * float(fit.cov[0, 0])
    between = between_year_variance(earlier_years, phi)
    extra = between.variance if between else 0.0
    se = math.sqrt(sampling + extra)
    residual_df = float(max(1, fit.df))
    df = satterthwaite((sampling, residual_df), (extra, float(between.df))) if between else residual_df
    low, high, p = log_interval(float(fit.coef[0]), se, df)
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
        + ("overdispersion and between-year component" if between else "overdispersion only"),
        maryland_level=2,
        data_hash=hash_values(*(used[name] for name in ("hot_spot", "month", "window", "crimes", "exposure_days"))),
        assumptions=_assumptions(season, why_not, between),
        checks=(
            Check(PHI, phi, None),
            Check(BETWEEN_YEARS, between.variance if between else None, between is not None),
            Check("earlier years used", float(len(earlier_years)), len(earlier_years) >= MIN_YEARS),
            Check(SEASON, "yes" if season else f"no: {why_not}", season),
            Check("hot spots without any crime, left out", float((by_spot == 0).sum()), None),
            Check(NO_CONTROL, "none", False),
        ),
        mde80=mde80(se),
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


def _assumptions(season: bool, why_not: str, between: BetweenYears | None) -> tuple[str, ...]:
    found = [
        "There is no comparison area: anything else that changed between the windows is part of the ratio.",
        "Not adjusted for regression to the mean: places chosen because crime was high tend to fall by themselves.",
        "Recording practice was the same in both windows.",
    ]
    if not season:
        found.append(f"Not adjusted for season: {why_not}.")
    if between is None:
        found.append(
            f"Ordinary change from year to year could not be estimated (fewer than {MIN_YEARS} earlier years with "
            "crimes), so the interval is too narrow."
        )
    return tuple(found)
