"""A made-up set of places by month with a known change, for the examples of method pages and for tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

FIRST_MONTH = "2023-01"  # of the service in the example


def example_series(
    comparators: int = 9,
    *,
    ratio: float = 0.7,
    before: int = 36,
    during: int = 12,
    treated_rate: float = 40.0,
    rate: float = 120.0,
    drift_sd: float = 0.05,
    seed: int = 1,
) -> pd.DataFrame:
    """Poisson counts of place "ours" and "city 01", "city 02", ...: a shared season, each place its own year-on-year drift.

    Parameters
    ----------
    comparators : int
        Number of places besides "ours".
    ratio : float
        True ratio of "ours" from 2023-01 on, beyond what the comparators do; 1 is no change.
    before, during : int
        Months before and from 2023-01.
    treated_rate, rate : float
        Crimes a month in "ours" and in the middling comparator.
    drift_sd : float
        SD of each place's own log change from before to during.
    seed : int

    Returns
    -------
    DataFrame
        ``place``, ``month`` (YYYY-MM), ``crimes``.

    Examples
    --------
    >>> example_series(2).groupby("place").size().to_dict()
    {'city 01': 48, 'city 02': 48, 'ours': 48}
    """
    rng = np.random.default_rng(seed)
    time = np.arange(-before, during)
    months = [f"{2023 + t // 12}-{t % 12 + 1:02d}" for t in time.tolist()]
    shared = 0.15 * np.sin(2 * np.pi * time / 12) - 0.05 * (time >= 0)
    frames = []
    for number in range(comparators + 1):
        level = treated_rate if number == 0 else rate * np.exp(rng.normal(0, 0.3))
        change = rng.normal(0, drift_sd) + (np.log(ratio) if number == 0 else 0.0)
        crimes = rng.poisson(level * np.exp(shared + change * (time >= 0)))
        name = "ours" if number == 0 else f"city {number:02d}"
        frames.append(pd.DataFrame({"place": name, "month": months, "crimes": crimes}))
    return pd.concat(frames, ignore_index=True)
