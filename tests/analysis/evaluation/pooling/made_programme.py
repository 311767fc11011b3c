"""A made programme as the evaluation's inputs: hot spots, bands, comparators, patrol days and spend, seeded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from analysis.evaluation.inputs import Inputs
from domain.periods import Period, month_period

BEFORE = Period(date(2022, 1, 1), date(2022, 12, 31))
DURING = Period(date(2023, 1, 1), date(2023, 12, 31))
MONTHS = Period(date(2019, 1, 1), date(2023, 12, 31)).months()


def made_inputs(*, spots: int = 4, rate: float = 8.0, ratio: float = 1.0, seed: int = 1, **changes: object) -> Inputs:
    """Crimes by month ~ Poisson(rate) in each hot spot, times ``ratio`` from 2023 on; ``changes`` replace fields."""
    rng = np.random.default_rng(seed)
    rows = []
    for spot in range(1, spots + 1):
        for month in MONTHS:
            crimes = int(rng.poisson(rate * (ratio if month >= "2023-01" else 1.0)))
            rows.append((f"HS{spot}", month, crimes, 100.0 * crimes, float(month_period(month).days)))
    months = pd.DataFrame(rows, columns=["hot_spot", "month", "crimes", "harm_days", "exposure_days"])
    found = Inputs(
        programme_code="MADE", area_name="Made city", area_word="hot spots", resolution="day", before=BEFORE,
        during=DURING, live_from=date(2023, 1, 1), provisional_from=date(2023, 12, 4), months=months, cells=cells_of(months),
        bands=_bands(months, rng), places=_places(rng), days=_days(spots, rng), scored=_scored(months),
        spend=pd.DataFrame({
            "provider": ["a", "b"], "kind": ["partner", "police dedicated"], "spend_gbp": [60_000.0, 40_000.0],
            "patrol_minutes": [30_000.0, 15_000.0],
        }),
    )  # fmt: skip
    return replace(found, **changes)  # type: ignore[arg-type]


def cells_of(months: pd.DataFrame) -> pd.DataFrame:
    """CELLS of the two windows from MONTHS."""
    windowed = months[months["month"] >= "2022-01"]
    return windowed.assign(window=np.where(windowed["month"] >= "2023-01", "during", "before"))[
        ["hot_spot", "month", "window", "crimes", "exposure_days"]
    ].reset_index(drop=True)


def _bands(months: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    inside = months[months["month"] >= "2022-01"].groupby("month")["crimes"].sum()
    rows = []
    for month, crimes in inside.items():
        window, days = "during" if month >= "2023-01" else "before", float(month_period(month).days)
        rows.append(("inside", month, window, int(crimes), 0.0, days))
        rows += [(band, month, window, int(rng.poisson(60)), 0.0, days) for band in ("300-500", "beyond")]
    return pd.DataFrame(rows, columns=["band", "month", "window", "crimes", "harm_days", "exposure_days"])


def _places(rng: np.random.Generator) -> pd.DataFrame:
    rows = [(f"City {n}", month, int(rng.poisson(40)), "comparator") for n in range(1, 7) for month in MONTHS]
    return pd.DataFrame(rows, columns=["place", "month", "crimes", "role"])


def _days(spots: int, rng: np.random.Generator) -> pd.DataFrame:
    rows = []
    for spot in range(1, spots + 1):
        for back in range(160):
            day = date(2023, 7, 1) + timedelta(days=back)
            crimes = float(rng.poisson(0.4))
            rows.append((f"HS{spot}", day, crimes, crimes, crimes + rng.poisson(0.3), float(rng.poisson(3)), 100 * crimes, bool(rng.random() < 0.5)))  # fmt: skip
    names = [
        "hot_spot",
        "local_date",
        "crimes",
        "crimes_by_start",
        "whole_day",
        "previous_7_days",
        "harm_days",
        "patrol",
    ]
    return pd.DataFrame(rows, columns=names)


def _scored(months: pd.DataFrame) -> pd.DataFrame:
    windowed = months[months["month"] >= "2022-01"]
    weights = [5.0, 20.0, 400.0]
    rows = [
        ("during" if row.month >= "2023-01" else "before", row.hot_spot, None, weights[n % 3])
        for row in windowed.itertuples()
        for n in range(row.crimes)
    ]
    return pd.DataFrame(rows, columns=["window", "hot_spot", "week", "harm_days"])
