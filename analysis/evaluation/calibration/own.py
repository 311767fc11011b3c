"""Levels and drift of one programme, estimated from its own data, so that error rates can be measured in its world."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.evaluation.calibration.world import Floats, World
from analysis.evaluation.comparators.phi import overdispersion
from analysis.evaluation.inputs import Inputs

MIN_MONTHS, MIN_WEEKS, MIN_PLACES = 24, 20, 3
_MOST_RHO, _MOST_SD = 0.95, 1.5


@dataclass(frozen=True)
class OwnWorld:
    """``phi`` is the overdispersion of the hot spots' monthly total; ``notes`` say what could not be estimated and why."""

    world: World
    phi: float | None
    notes: tuple[str, ...]
    has_days: bool


def own_world(inputs: Inputs, default: World | None = None) -> OwnWorld:
    """Estimate what a programme's data allow; the rest stays as in the shipped table and is said.

    With r = count / (place mean x common mean of the period) - 1: the covariance of different places in the same
    period is the shared variance, that one period apart gives its correlation; covariances of a place with itself one
    and two periods apart, less the shared ones, give those of places; what is left at lag 0 beyond Poisson is
    the negative binomial's alpha. On the log scale variance = log(1 + covariance).

    Parameters
    ----------
    inputs : Inputs
        ``months`` before the service and ``days`` are used.
    default : World, optional
        Where a strength cannot be estimated.

    Notes
    -----
    How it can mislead: with few crimes these are rough (a city's drift over three years rests on three years); months
    before the service are used where there are enough, so that an effect is not taken for drift.
    """
    world, notes = default or World(), []
    months = _before_service(inputs)
    grid = _grid(months, "month", "crimes")
    phi = None
    if grid is None or grid.shape[1] < MIN_MONTHS or len(grid) < MIN_PLACES:
        notes.append(
            f"Drift between months is that of the shipped table: fewer than {MIN_MONTHS} months before the service or "
            f"fewer than {MIN_PLACES} hot spots with crimes are loaded."
        )
    else:
        phi = overdispersion(grid.sum(axis=0))
        city, city_rho, place, place_rho = _moments(grid, season=12)
        world = replace(
            world, city_month_sd=city, city_month_rho=city_rho, place_month_sd=place, place_month_rho=place_rho,
            level_sd=_level_sd(grid), hot_spots=len(grid),
        )  # fmt: skip
    days = _grid(inputs.days, "local_date", "crimes_by_start")
    has_days = days is not None and days.shape[1] >= 7 * MIN_WEEKS and len(days) >= MIN_PLACES
    if days is None or not has_days:
        notes.append(
            f"Methods that compare days are not measured again: fewer than {MIN_WEEKS} weeks of days or {MIN_PLACES} hot "
            "spots with crimes are loaded."
        )
    else:
        world = _with_days(world, days)
    return OwnWorld(world, phi, tuple(notes), has_days)


def _before_service(inputs: Inputs) -> pd.DataFrame:
    """Months that ended before the service, where they are enough; else all."""
    if inputs.live_from is None or inputs.months.empty:
        return inputs.months
    before = inputs.months[inputs.months["month"].astype(str) < inputs.live_from.strftime("%Y-%m")]
    return before if before["month"].nunique() >= MIN_MONTHS else inputs.months


def _grid(frame: pd.DataFrame, period: str, value: str) -> Floats | None:
    """(places, periods) of the places with crimes and the periods that all of them have."""
    if frame.empty or value not in frame:
        return None
    wide = frame.pivot_table(index="hot_spot", columns=period, values=value, aggfunc="sum").dropna(axis=1)
    wide = wide[wide.sum(axis=1) > 0]
    return None if wide.empty else wide.to_numpy(float)


def _residuals(grid: Floats, season: int) -> Floats:
    """r = count / expected - 1 with the level of each place and the common level of each phase of the season."""
    phase = np.arange(grid.shape[1]) % season
    common = grid.mean(axis=0)
    level = np.array([common[phase == p].mean() for p in phase])
    expected = grid.mean(axis=1, keepdims=True) * level[None, :] / max(common.mean(), 1e-12)
    residuals: Floats = grid / np.maximum(expected, 1e-12) - 1
    return residuals


def _moments(grid: Floats, season: int) -> tuple[float, float, float, float]:
    """SD and correlation of the shared and of the places' own drift on the log scale."""
    r = _residuals(grid, season)
    periods = grid.shape[1]
    # The season's and each place's own level took their share of the variance with them.
    shared = [_between(r, lag) * periods / (periods - season) for lag in (0, 1)]
    taken = float((r**2).mean()) / periods
    own = [_within(r, lag) - _between(r, lag) + taken for lag in (1, 2)]
    city = _sd(shared[0])
    city_rho = _rho(shared[1], shared[0])
    place_rho = _rho(own[1], own[0])
    place = _sd(own[0] / max(place_rho, 0.2)) if own[0] > 0 else 0.0
    return city, city_rho, place, place_rho


def _between(r: Floats, lag: int) -> float:
    """Mean product of different places ``lag`` periods apart."""
    early, late = r[:, : r.shape[1] - lag], r[:, lag:]
    total = float((early.sum(axis=0) * late.sum(axis=0)).sum() - (early * late).sum())
    return float(total / (len(r) * (len(r) - 1) * early.shape[1]))


def _within(r: Floats, lag: int) -> float:
    early, late = r[:, : r.shape[1] - lag], r[:, lag:]
    return float((early * late).mean())


def _sd(covariance: float) -> float:
    return min(_MOST_SD, math.sqrt(math.log1p(max(0.0, covariance))))


def _rho(later: float, earlier: float) -> float:
    return float(np.clip(later / earlier, 0.0, _MOST_RHO)) if earlier > 0 else 0.0


def _level_sd(grid: Floats) -> float:
    """SD of log levels between places, counting noise taken off."""
    total = grid.sum(axis=1)
    variance = float(np.log(total).var(ddof=1)) - float((1 / total).mean())
    return math.sqrt(max(0.0, variance))


def _with_days(world: World, days: Floats) -> World:
    whole = days.shape[1] // 7 * 7
    weeks = days[:, :whole].reshape(len(days), -1, 7).sum(axis=2)
    city, city_rho, place, place_rho = _moments(weeks, season=1)
    r = _residuals(days, season=7)
    day = max(0.0, _between(r, 0) - math.expm1(city**2))
    expected = days.mean()
    beyond_poisson = float((r**2).mean()) - float((1 / np.maximum(days.mean(axis=1), 1e-12)).mean())
    alpha = max(0.0, beyond_poisson - day - math.expm1(city**2) - math.expm1(place**2))
    return replace(
        world, crimes_per_day=float(expected / math.exp(world.level_sd**2 / 2)), city_week_sd=city,
        city_week_rho=city_rho, place_week_sd=place, place_week_rho=place_rho, day_sd=_sd(day),
        nb_alpha=min(alpha, 5.0), hot_spots=len(days),
    )  # fmt: skip
