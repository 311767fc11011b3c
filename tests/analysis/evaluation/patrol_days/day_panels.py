"""Panels of hot spot-days for the tests: made at random, with whatever is awkward."""

from __future__ import annotations

import numpy as np
import pandas as pd

START = pd.Timestamp("2023-02-06")  # a Monday


def panel_of(seed, spots=4, days=112, rate=0.5, effect=0.8, missing=0.0):
    """Hot spot-days with weekday and level differences; ``missing`` is the share of days that no tracker covers."""
    rng = np.random.default_rng(seed)
    frames = []
    kept = rng.random(days) >= missing
    for spot in range(spots):
        level, patrol = rate * np.exp(rng.normal(0, 0.45)), rng.random(days) < rng.uniform(0.3, 0.7)
        crimes = rng.poisson(level * np.where(patrol, effect, 1.0))
        minutes = np.where(patrol, rng.integers(1, 80, days), 0)
        planned = np.where(rng.random(days) < 0.8, np.where(patrol, 40, 15 * (rng.random(days) < 0.3)), 0)
        frames.append(
            pd.DataFrame(
                {
                    "hot_spot": f"H{spot}", "local_date": (START + pd.to_timedelta(np.arange(days), "D")).date,
                    "patrol": patrol.astype(int), "crimes": crimes, "harm_days": crimes * rng.exponential(100, days),
                    "patrol_minutes": minutes, "planned_minutes": planned.astype(float),
                    "previous_7_days": rng.poisson(3, days), "holiday": (rng.random(days) < 0.03).astype(int),
                    "earlier_crimes": rng.poisson(level, days), "later_crimes": rng.poisson(level, days),
                    "whole_day": crimes + rng.poisson(level, days), "crimes_by_start": crimes,
                    "patrol_1_day_ago": np.r_[np.nan, patrol[:-1]], "patrol_2_days_ago": np.r_[[np.nan] * 2, patrol[:-2]],
                    "patrol_tomorrow": np.r_[patrol[1:], np.nan],
                }
            )[kept]
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)
