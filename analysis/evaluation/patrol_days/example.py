"""A small panel of made-up hot spot-days for the examples of the docstrings."""

from __future__ import annotations

import numpy as np
import pandas as pd


def example_panel() -> pd.DataFrame:
    """4 hot spots x 168 days, patrols on half of them at random, 30% fewer crimes on those; always the same."""
    rng, days, frames = np.random.default_rng(7), 168, []
    for spot in "ABCD":
        patrol = rng.random(days) < 0.5
        minutes = np.where(patrol, rng.integers(5, 70, days), 0)
        frame = pd.DataFrame({"hot_spot": spot, "local_date": pd.date_range("2023-02-06", periods=days)})
        frames.append(
            frame.assign(
                patrol=patrol.astype(int), patrol_minutes=minutes,
                planned_minutes=np.where(patrol | (rng.random(days) < 0.2), 40.0, 0.0),
                crimes=rng.poisson(np.where(patrol, 0.35, 0.5)), earlier_crimes=rng.poisson(0.4, days),
                later_crimes=rng.poisson(0.3, days), previous_7_days=rng.poisson(5, days),
                patrol_1_day_ago=np.r_[np.nan, patrol[:-1]], patrol_2_days_ago=np.r_[np.nan, np.nan, patrol[:-2]],
                patrol_tomorrow=np.r_[patrol[1:], np.nan],
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)
