"""Data where nothing happened, to measure how often an estimator says that something did.

First version: months (before/after) and days (patrol days). Every draw comes from one seeded generator.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.evaluation.before_after.drift import YearCount

Floats = npt.NDArray[np.float64]
CRIMES_PER_DAY = 0.109
DAYS_PER_MONTH = 365.25 / 12
LEVEL_SD = 0.45


def ar1(rng: np.random.Generator, length: int, sd: float, rho: float) -> Floats:
    """Stationary first-order autoregression: (length,) with standard deviation ``sd``, lag-1 correlation ``rho``."""
    shocks = rng.normal(size=length) * sd * np.sqrt(1 - rho**2)
    found = np.empty(length)
    found[0] = rng.normal() * sd
    for i in range(1, length):
        found[i] = rho * found[i - 1] + shocks[i]
    return found


@dataclass(frozen=True)
class MonthsDesign:
    """Places by month, no service effect: which confounders are at work."""

    chosen_for_a_bad_year: bool = False  # the 7 highest of 30 candidates on the last 12 months before
    national_change: float = 0.0  # log change of all crime when the service starts


def months_panel(rng: np.random.Generator, design: MonthsDesign) -> tuple[pd.DataFrame, list[YearCount]]:
    """48 months of 7 places: cells for ``before_after_ratio`` (12 + 12 months) and three earlier years.

    log rate = place level + place AR(1) (SD .35, rho .6) + city AR(1) (SD .08, rho .75) + season + national.
    """
    months, before = 48, 36
    common = ar1(rng, months, 0.08, 0.75) + 0.15 * np.sin(2 * np.pi * np.arange(months) / 12)
    common += np.where(np.arange(months) >= before, design.national_change, 0.0)
    levels = rng.normal(0, LEVEL_SD, 30)
    rates = np.stack([np.exp(level + ar1(rng, months, 0.35, 0.6) + common) for level in levels])
    counts = rng.poisson(CRIMES_PER_DAY * DAYS_PER_MONTH * rates)
    order = np.argsort(-counts[:, 24:before].sum(axis=1)) if design.chosen_for_a_bad_year else np.arange(30)
    chosen = counts[order[:7]]
    rows = [
        (
            f"H{place}",
            f"{2020 + t // 12}-{t % 12 + 1:02d}",
            "before" if t < before else "during",
            int(chosen[place, t]),
            DAYS_PER_MONTH,
        )
        for place in range(7)
        for t in range(24, months)
    ]
    cells = pd.DataFrame(rows, columns=["hot_spot", "month", "window", "crimes", "exposure_days"])
    return cells, [YearCount(int(chosen[:, t : t + 12].sum()), 7 * 365.25) for t in (0, 12, 24)]


@dataclass(frozen=True)
class DaysDesign:
    """7 hot spots x 329 days, no patrol effect."""

    shared_day_shock_moves_patrols: bool = False  # the confounder that no method here measures


def days_panel(rng: np.random.Generator, design: DaysDesign) -> pd.DataFrame:
    """Hot spot-days for ``patrol_days``: patrols depend on weekday, level and last week's crime.

    log rate = level + weekday + city-week AR(1) (SD .20, rho .7) + hot spot-week AR(1) (SD .35, rho .5)
    + day shock (SD .30); NB2 counts (alpha .5) at 0.109 crimes a hot spot-day.
    """
    places, days = 7, 336
    weeks = np.arange(days) // 7
    weekday = np.array([0, -0.05, -0.05, 0, 0.2, 0.3, 0.1])[np.arange(days) % 7]
    shock = rng.normal(0, 0.30, days)
    city = ar1(rng, days // 7, 0.20, 0.7)[weeks]
    start, frames = date(2023, 2, 6), []
    for place in range(places):
        level = rng.normal(0, LEVEL_SD)
        mean = CRIMES_PER_DAY * np.exp(level + weekday + city + ar1(rng, days // 7, 0.35, 0.5)[weeks] + shock)
        crimes = rng.poisson(mean * rng.gamma(2.0, 0.5, days))
        last_week = np.array([crimes[max(0, t - 7) : t].sum() for t in range(days)])
        lean = 0.3 + 0.4 * level + weekday + 0.3 * (last_week - last_week.mean())
        lean = lean + (2.0 * shock if design.shared_day_shock_moves_patrols else 0.0)
        patrol = rng.random(days) < 1 / (1 + np.exp(-lean))
        frames.append(
            pd.DataFrame(
                {
                    "hot_spot": f"H{place}",
                    "local_date": [start + timedelta(days=t) for t in range(days)],
                    "patrol": patrol,
                    "crimes": crimes,
                    "previous_7_days": last_week,
                }
            ).iloc[7:]
        )
    return pd.concat(frames, ignore_index=True)
