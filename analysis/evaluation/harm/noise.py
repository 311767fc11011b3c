"""What the count part of a before/after harm split takes from the before/after comparison of crimes."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.evaluation.before_after.drift import YearCount, YearDrift, year_drift
from analysis.evaluation.before_after.ratio import PHI, before_after_ratio
from analysis.evaluation.inputs import Inputs
from analysis.evaluation.record import ResultRecord

MAX_YEARS = 10


@dataclass(frozen=True)
class CountNoise:
    """``phi`` between hot spot-months and ``drift`` between years, both of counts."""

    phi: float
    drift: YearDrift


def count_noise(inputs: Inputs) -> CountNoise:
    """Overdispersion and year-on-year drift of the number of crimes in the hot spots."""
    years = earlier_years(inputs)
    found = before_after_ratio(inputs.cells, years)
    check = found.check(PHI) if isinstance(found, ResultRecord) else None
    phi = float(check.value) if check and isinstance(check.value, float) else 1.0
    return CountNoise(phi, year_drift(years, phi))


def earlier_years(inputs: Inputs) -> list[YearCount]:
    """The "before" window and the same months of earlier years, as far back as all are loaded; oldest first.

    A month that lies in the window in part counts by its share of days.
    """
    window = inputs.cells[inputs.cells["window"] == "before"]
    if window.empty or inputs.months.empty:
        return []
    spots = window["hot_spot"].nunique()
    days = window.groupby("month")["exposure_days"].first()
    loaded = inputs.months.groupby("month")[["crimes", "exposure_days"]].sum()
    found = [YearCount(int(window["crimes"].sum()), float(days.sum() * spots))]
    for back in range(1, MAX_YEARS):
        months = [f"{int(month[:4]) - back}{month[4:]}" for month in days.index]
        if not set(months) <= set(loaded.index):
            break
        part = loaded.loc[months]
        share = days.to_numpy() * spots / part["exposure_days"].to_numpy()
        found.append(YearCount(round(float((part["crimes"] * share).sum())), float(days.sum() * spots)))
    return found[::-1]
