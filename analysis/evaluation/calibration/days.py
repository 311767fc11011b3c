"""Days of hot spots with patrols that go where and when crime is expected."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analysis.evaluation.calibration.world import Floats, World, ar1, harm_of

DAYS = 329  # 47 weeks
_BURN_IN = 7  # the week before, whose crimes the first patrols answer
_START = date(2023, 2, 6)
_WEEKDAY = np.array([0, -0.05, -0.05, 0, 0.2, 0.3, 0.1])
_CAP = 365.0
PLANNED = np.array([15.0, 30.0, 45.0, 60.0])


@dataclass(frozen=True)
class DaysDesign:
    """What patrols do (log ratios; 0: nothing) and what confounds them beyond weekday, level and last week's crime."""

    effect: float = 0.0  # of a patrol in the service window of its day
    effect_per_10_minutes: float = 0.0
    shock: bool = False  # an event that nobody recorded moves patrols and crime on the same day
    days: int = DAYS


def days_panel(rng: np.random.Generator, design: DaysDesign | None = None, world: World | None = None) -> pd.DataFrame:
    """Hot spot-days with the columns of :data:`analysis.evaluation.inputs.DAYS`.

    log rate = level + weekday + city-week AR(1) + hot spot-week AR(1) + day shock + effect x patrol; NB2 counts.
    logit P(patrol) = .3 + .4 level + weekday + .3 (last week's crimes - expected) [+ 2 x day shock].
    """
    design, world = design or DaysDesign(), world or World()
    places, days = world.hot_spots, design.days + _BURN_IN
    weeks = np.arange(days) // 7
    level = rng.normal(0, world.level_sd, places)
    shock = rng.normal(0, world.day_sd, days)
    weekday = _WEEKDAY[np.arange(days) % 7]
    city = ar1(rng, int(weeks[-1]) + 1, world.city_week_sd, world.city_week_rho)[0]
    local = ar1(rng, int(weeks[-1]) + 1, world.place_week_sd, world.place_week_rho, places)
    log_rate = (city[weeks] + weekday + shock)[None, :] + level[:, None] + local[:, weeks]
    rate = world.crimes_per_day * np.exp(log_rate)
    if world.nb_alpha > 0:
        rate = rate * rng.gamma(1 / world.nb_alpha, world.nb_alpha, rate.shape)
    lean = 0.3 + 0.4 * level[:, None] + weekday[None, :] + (2.0 * shock[None, :] if design.shock else 0.0)
    expected = 7 * world.crimes_per_day * np.exp(level + 0.5 * (world.day_sd**2))
    crimes, patrol, minutes, planned, last_week = _played(rng, design, rate, lean, expected)
    return _frame(rng, places, days, rate, crimes, patrol, minutes, planned, last_week)


def _played(
    rng: np.random.Generator, design: DaysDesign, rate: Floats, lean: Floats, expected: Floats
) -> tuple[np.ndarray, Floats, Floats, Floats, Floats]:
    """Day after day, because today's patrol answers last week's crime, which patrols may have moved."""
    places, days = rate.shape
    uniform, done = rng.random((places, days)), rng.beta(6, 2, (places, days))
    planned = PLANNED[np.minimum((rng.random((places, days)) * 4).astype(int), 3)]
    crimes = np.zeros((places, days), dtype=np.int64)
    patrol, last_week = np.zeros((places, days)), np.zeros((places, days))
    for t in range(days):
        last_week[:, t] = crimes[:, max(0, t - 7) : t].sum(axis=1)
        lean_now = lean[:, t] + 0.3 * (last_week[:, t] - expected)
        patrol[:, t] = uniform[:, t] < 1 / (1 + np.exp(-lean_now))
        dose = patrol[:, t] * planned[:, t] * done[:, t] / 10
        effect = design.effect * patrol[:, t] + design.effect_per_10_minutes * dose
        crimes[:, t] = rng.poisson(rate[:, t] * np.exp(effect))
    return crimes, patrol, patrol * planned * done, patrol * planned, last_week


def _frame(
    rng: np.random.Generator,
    places: int,
    days: int,
    rate: Floats,
    crimes: np.ndarray,
    patrol: Floats,
    minutes: Floats,
    planned: Floats,
    last_week: Floats,
) -> pd.DataFrame:
    earlier, later = rng.poisson(rate), rng.poisson(0.5 * rate)
    state = rng.bit_generator.state
    harm = harm_of(rng, crimes)
    rng.bit_generator.state = state  # the same draws again, so that the capped harm is of the same crimes
    capped = harm_of(rng, crimes, _CAP)
    ahead = np.concatenate([patrol[:, 1:], np.full((places, 1), np.nan)], axis=1)
    columns = {
        "crimes": crimes, "crimes_by_start": crimes, "later_crimes": later, "earlier_crimes": earlier,
        "whole_day": crimes + earlier + later, "previous_7_days": last_week, "harm_days": harm,
        "harm_capped_days": capped, "patrol": patrol > 0, "patrol_minutes": minutes, "planned_minutes": planned,
        "patrol_1_day_ago": _ago(patrol, 1), "patrol_2_days_ago": _ago(patrol, 2), "patrol_tomorrow": ahead,
    }  # fmt: skip
    kept = {name: values[:, _BURN_IN:].ravel() for name, values in columns.items()}
    dates = [_START + timedelta(days=t) for t in range(_BURN_IN, days)]
    frame = pd.DataFrame(
        {"hot_spot": np.repeat([f"H{p + 1}" for p in range(places)], days - _BURN_IN), "local_date": dates * places}
        | kept
    )
    return frame.assign(holiday=0.0)


def _ago(patrol: Floats, days: int) -> Floats:
    shifted = np.full_like(patrol, np.nan)
    shifted[:, days:] = patrol[:, :-days]
    return shifted
